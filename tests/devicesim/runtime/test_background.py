"""Background pushes: which wake their app, which are held back, which are dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from devicesim.runtime.background_budget import BackgroundBudget
from devicesim.runtime.handlers import BACKGROUND
from devicesim.state.device_state import DeviceState
from protocol.identifiers import DeviceToken
from protocol.notification import PushType
from tests.devicesim.an_app import NEWS, WAKE_UP, an_app
from tests.devicesim.scripted_gateway import push_to
from tests.devicesim.town import Town, deliver

if TYPE_CHECKING:
    from pathlib import Path

    from trio.testing import MockClock


QUIET = PushType.BACKGROUND
HOUR = 3600.0


async def test_an_app_that_was_terminated_is_launched_for_thirty_seconds(
    autojump_clock: MockClock,
) -> None:
    async with an_app(autojump_clock) as app:
        await app.becomes("terminated")
        await app.hears(QUIET, WAKE_UP)
        heard = app.last
        assert (heard.presentation, heard.handler) == ("woken", BACKGROUND)
        assert (heard.app_state_before, heard.app_state_after) == ("terminated", "background")
        assert "launched for at most 30 s" in heard.detail
        await trio.sleep(29.9)
        assert app.view.state == "background"
        await trio.sleep(0.2)
        assert app.view.state == "suspended"


async def test_a_second_push_while_it_runs_gives_it_another_thirty_seconds(
    autojump_clock: MockClock,
) -> None:
    async with an_app(autojump_clock) as app:
        await app.becomes("suspended")
        await app.hears(QUIET, WAKE_UP)
        assert "resumed for at most 30 s" in app.last.detail
        await trio.sleep(20)
        await app.hears(QUIET, WAKE_UP)
        await trio.sleep(20)
        assert app.view.state == "background"
        await trio.sleep(11)
        assert app.view.state == "suspended"


async def test_what_a_person_has_left_running_is_not_suspended(autojump_clock: MockClock) -> None:
    async with an_app(autojump_clock) as app:
        await app.hears(QUIET, WAKE_UP)
        assert app.last.detail == "content-available: the app runs in the background"
        await app.becomes("suspended")
        await app.hears(QUIET, WAKE_UP)
        await app.becomes("foreground")
        await trio.sleep(60)
        assert app.view.state == "foreground"


async def test_an_app_that_was_force_quit_is_not_launched_until_a_person_opens_it(
    autojump_clock: MockClock,
) -> None:
    async with an_app(autojump_clock) as app:
        await app.becomes("force-quit")
        await app.hears(QUIET, WAKE_UP)
        assert (app.last.presentation, app.last.handler) == ("not-shown", "")
        assert "force-quit" in app.last.detail
        assert app.view.state == "force-quit"
        await app.becomes("foreground")
        assert len(app.received) == 1, "it was dropped, not held"
        await app.hears(QUIET, WAKE_UP)
        assert app.last.presentation == "woken"


@pytest.mark.parametrize("aps", [{}, {"content-available": 0}, {"content-available": True}])
async def test_one_without_content_available_wakes_nothing(
    autojump_clock: MockClock, aps: dict[str, object]
) -> None:
    async with an_app(autojump_clock) as app:
        await app.becomes("terminated")
        await app.hears(QUIET, aps)
        # JSON's true is 1 to NSNumber, too.
        expected = "woken" if aps.get("content-available") else "not-shown"
        assert app.last.presentation == expected


async def test_over_the_budget_only_the_newest_is_held_and_comes_when_the_hour_is_over(
    autojump_clock: MockClock,
) -> None:
    async with an_app(autojump_clock, background_pushes_per_hour=2) as app:
        pushes = [await app.hears(QUIET, WAKE_UP) for _ in range(5)]
        told = [(each.apns_id, each.presentation) for each in app.received]
        assert told == [
            (pushes[0].apns_id, "woken"),
            (pushes[1].apns_id, "woken"),
            (pushes[2].apns_id, "not-shown"),
            (pushes[3].apns_id, "not-shown"),
        ]
        assert "replaced by a newer" in app.last.detail
        assert app.view.background_push_held
        await app.town.passes(HOUR - 1)
        assert len(app.received) == 4
        await app.town.passes(1)
        await trio.sleep(1)
        assert (app.last.apns_id, app.last.presentation) == (pushes[4].apns_id, "woken")
        assert not app.view.background_push_held


async def test_a_person_who_opens_the_app_gives_it_what_was_held(autojump_clock: MockClock) -> None:
    async with an_app(autojump_clock, background_pushes_per_hour=1) as app:
        await app.hears(QUIET, WAKE_UP)
        held = await app.hears(QUIET, WAKE_UP)
        await app.becomes("foreground")
        assert (app.last.apns_id, app.last.presentation) == (held.apns_id, "woken")
        # In front nothing is launched, so nothing is spent either.
        await app.hears(QUIET, WAKE_UP)
        assert app.last.detail == "content-available: the app is in the foreground"


@pytest.mark.parametrize("state", ["force-quit", "terminated"])
async def test_what_was_held_is_lost_when_the_app_is_ended(
    autojump_clock: MockClock, state: str
) -> None:
    async with an_app(autojump_clock, background_pushes_per_hour=1) as app:
        await app.hears(QUIET, WAKE_UP)
        held = await app.hears(QUIET, WAKE_UP)
        await app.becomes(state)
        assert (app.last.apns_id, app.last.presentation) == (held.apns_id, "not-shown")
        await app.becomes("foreground")
        assert len(app.received) == 2


async def test_what_is_held_survives_a_restart_of_the_device(
    mock_clock: MockClock, tmp_path: Path
) -> None:
    async with an_app(mock_clock, tmp_path, background_pushes_per_hour=1) as app:
        await app.hears(QUIET, WAKE_UP)
        held = await app.hears(QUIET, WAKE_UP)
        device = app.device
    async with Town(tmp_path).running() as town:
        await wait_all_tasks_blocked()
        mock_clock.jump(1)
        await wait_all_tasks_blocked()
        # What was spent is forgotten with the process, so it comes at once.
        [received] = town.host.notifications(device)
        assert (received.apns_id, received.presentation) == (held.apns_id, "woken")
    async with Town(tmp_path).running() as town:
        mock_clock.jump(1)
        await wait_all_tasks_blocked()
        assert town.host.notifications(device) == ()


async def test_a_person_who_launches_an_app_that_was_not_running_gives_it_what_was_held(
    autojump_clock: MockClock,
) -> None:
    async with an_app(autojump_clock, background_pushes_per_hour=1) as app:
        await app.hears(QUIET, WAKE_UP)
        await app.becomes("terminated")
        held = await app.hears(QUIET, WAKE_UP)
        assert app.view.background_push_held
        await app.becomes("background")
        assert (app.last.apns_id, app.last.presentation) == (held.apns_id, "woken")
        await trio.sleep(60)
        assert app.view.state == "background", "a person has left it so"


async def test_after_a_restart_nobody_runs_for_a_push_any_more(
    mock_clock: MockClock, tmp_path: Path
) -> None:
    async with an_app(mock_clock, tmp_path) as app:
        await app.becomes("suspended")
        await app.hears(QUIET, WAKE_UP)
        await app.town.host.patch_app(app.device, NEWS, reports_calls=True)
        assert app.view.state == "background"
        device = app.device
    async with Town(tmp_path).running() as town:
        [kept] = town.host.get_device(device).apps
        assert kept.state == "suspended"


async def test_another_change_of_the_app_does_not_prolong_its_run(
    autojump_clock: MockClock,
) -> None:
    async with an_app(autojump_clock) as app:
        await app.becomes("suspended")
        await app.hears(QUIET, WAKE_UP)
        await app.town.host.patch_app(app.device, NEWS, reports_calls=False)
        await trio.sleep(31)
        assert app.view.state == "suspended"
        await app.hears(QUIET, WAKE_UP)
        await app.becomes("background")
        await trio.sleep(31)
        assert app.view.state == "background", "this a person wanted"


async def test_an_uninstalled_app_takes_what_was_held_along(autojump_clock: MockClock) -> None:
    async with an_app(autojump_clock, background_pushes_per_hour=1) as app:
        await app.hears(QUIET, WAKE_UP)
        await app.hears(QUIET, WAKE_UP)
        await app.town.host.uninstall_app(app.device, NEWS)
        await app.town.passes(HOUR)
        assert len(app.received) == 1


async def test_an_alert_with_content_available_runs_the_app_within_the_same_budget(
    autojump_clock: MockClock,
) -> None:
    both = {"alert": "Hi", **WAKE_UP}
    async with an_app(autojump_clock, background_pushes_per_hour=1) as app:
        await app.becomes("suspended")
        await app.hears(PushType.ALERT, both)
        assert (app.last.presentation, app.last.handler) == ("shown", BACKGROUND)
        assert app.last.app_state_after == "background"
        await app.hears(PushType.ALERT, both)
        assert (app.last.presentation, app.last.handler) == ("shown", "")
        assert "not woken, 1 within the hour" in app.last.detail
        await app.becomes("force-quit")
        await app.hears(PushType.ALERT, both)
        assert (app.last.presentation, app.view.state) == ("shown", "force-quit")


async def test_an_app_that_goes_while_another_one_is_handed_its_push_is_let_go(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = "com.example.chat"
    async with an_app(autojump_clock, background_pushes_per_hour=1) as app:
        host, name = app.town.host, "iPhone 1"
        view = await host.install_app(app.device, chat, ["background"])
        for _ in range(2):
            await app.hears(QUIET, WAKE_UP)
            token = DeviceToken.parse(view.tokens["background"])
            payload = b'{"aps":{"content-available":1}}'
            await deliver(app.town, name, push_to(token, chat, payload, push_type=QUIET))
        commit = DeviceState.commit

        async def slowly(state: DeviceState) -> None:
            if state.apps.get(chat) is not None:
                await host.uninstall_app(app.device, chat)
            await commit(state)

        monkeypatch.setattr(DeviceState, "commit", slowly)
        await app.town.passes(HOUR)
        await trio.sleep(1)
        told = [(each.topic, each.presentation) for each in app.received]
        assert told == [(NEWS, "woken"), (chat, "woken"), (NEWS, "woken")]


def test_the_budget_of_a_day_is_reset_with_the_day() -> None:
    midnight = 20_000 * 86_400.0
    budget = BackgroundBudget(per_hour=0, per_day=2, spent={})
    assert budget.spend(NEWS, midnight + 10) is None
    assert budget.spend(NEWS, midnight + 7200) is None
    assert budget.spend(NEWS, midnight + 86_399) == "2 today (background_pushes_per_day)"
    assert budget.spend("com.example.other", midnight + 86_399) is None
    assert budget.spend(NEWS, midnight + 86_400) is None


def test_what_was_spent_in_a_time_that_is_to_come_again_is_given_back() -> None:
    budget = BackgroundBudget(per_hour=1, per_day=0, spent={})
    answers = [budget.spend(NEWS, at) is None for at in (7200, 0, 1800, 3600)]
    assert answers == [True, True, False, True]
    assert budget.refilled_after(NEWS, 3600) == 3600
    assert BackgroundBudget(per_hour=0, per_day=1, spent={}).refilled_after(NEWS, 0) == 0


def test_a_budget_of_a_day_is_refilled_at_midnight() -> None:
    budget = BackgroundBudget(per_hour=3, per_day=1, spent={})
    assert budget.spend(NEWS, 86_400.0 + 3600) is None
    assert budget.refilled_after(NEWS, 86_400.0 + 7200) == 86_400 - 7200


def test_an_hour_slides() -> None:
    budget = BackgroundBudget(per_hour=2, per_day=0, spent={})
    answers = [budget.spend(NEWS, at) is None for at in (0, 1800, 3599, 3600, 3601, 5400)]
    assert answers == [True, True, False, True, False, True]
