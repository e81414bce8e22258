"""VoIP pushes: a call must be reported, and what follows if it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from devicesim.runtime.calls import KILLED, NOT_LAUNCHED
from devicesim.runtime.handlers import VOIP
from protocol.notification import PushType
from tests.devicesim.an_app import NEWS, an_app
from tests.devicesim.town import Town

if TYPE_CHECKING:
    from pathlib import Path

    from trio.testing import MockClock

CALL = PushType.VOIP


@pytest.mark.parametrize("state", ["suspended", "terminated", "force-quit"])
async def test_a_call_launches_the_app_whatever_it_was_doing(
    autojump_clock: MockClock, state: str
) -> None:
    async with an_app(autojump_clock) as app:
        await app.becomes(state)
        await app.hears(CALL)
        assert (app.last.presentation, app.last.handler) == ("delivered", VOIP)
        assert (app.last.app_state_before, app.last.app_state_after) == (state, "background")
        assert "mustReport" in app.last.detail
        assert "it reported a call" in app.last.detail
        await trio.sleep(31)
        assert app.view.state == "suspended"


async def test_an_app_that_reports_no_call_is_killed_in_ios_own_words(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with an_app(autojump_clock) as app:
        await app.town.host.patch_app(app.device, NEWS, reports_calls=False)
        await app.hears(CALL)
        assert (app.last.presentation, app.view.state) == ("delivered", "terminated")
        assert app.last.detail.endswith(KILLED)
        assert KILLED in caplog.text
        assert app.lived[-2:] == ["terminated", VOIP]
        assert not app.view.voip_stopped


@pytest.mark.parametrize(("late", "is_killed"), [(20, True), (20.1, False)])
async def test_a_push_that_took_too_long_need_not_be_answered_by_a_call(
    autojump_clock: MockClock, late: float, is_killed: bool
) -> None:
    async with an_app(autojump_clock, late_call_seconds=20) as app:
        await app.town.host.patch_app(app.device, NEWS, reports_calls=False)
        await app.hears(CALL, late=late)
        assert (app.view.state == "terminated") is is_killed
        assert app.last.detail.startswith("mustReport" if is_killed else "need not report")


async def test_in_the_foreground_nothing_must_be_reported(autojump_clock: MockClock) -> None:
    async with an_app(autojump_clock) as app:
        await app.becomes("foreground")
        await app.town.host.patch_app(app.device, NEWS, reports_calls=False)
        await app.hears(CALL)
        assert (app.view.state, app.last.detail) == ("foreground", "need not report")


async def test_repeated_it_stops_the_voip_pushes_until_the_app_is_installed_anew(
    mock_clock: MockClock, tmp_path: Path
) -> None:
    async with an_app(mock_clock, tmp_path) as app:
        await app.town.host.patch_app(app.device, NEWS, reports_calls=False)
        for _ in range(3):
            await app.hears(CALL)
        assert app.view.voip_stopped
        await app.town.host.patch_app(app.device, NEWS, reports_calls=True)
        await app.hears(CALL)
        assert (app.last.presentation, app.last.detail) == ("not-shown", NOT_LAUNCHED)
        assert app.last.handler == ""
        # Other pushes still come, and so do calls while the app is in front.
        await app.hears(PushType.ALERT, {"alert": "missed call"})
        assert app.last.presentation == "shown"
        await app.becomes("foreground")
        await app.hears(CALL)
        assert app.last.presentation == "delivered"
        device = app.device
    async with Town(tmp_path).running() as town:
        [kept] = town.host.get_device(device).apps
        assert kept.voip_stopped, "a restart does not forgive"
        await town.host.uninstall_app(device, NEWS)
        assert not (await town.host.install_app(device, NEWS, ["voip"])).voip_stopped


async def test_failures_of_another_day_do_not_count(autojump_clock: MockClock) -> None:
    async with an_app(autojump_clock) as app:
        await app.town.host.patch_app(app.device, NEWS, reports_calls=False)
        for _ in range(4):
            await app.hears(CALL)
            app.town.time += 13 * 3600
        assert not app.view.voip_stopped


async def test_how_often_is_a_setting(autojump_clock: MockClock) -> None:
    async with an_app(autojump_clock, unreported_calls=0) as app:
        await app.town.host.patch_app(app.device, NEWS, reports_calls=False)
        for _ in range(5):
            await app.hears(CALL)
        assert not app.view.voip_stopped


async def test_a_killed_app_loses_the_background_push_that_was_held_for_it(
    autojump_clock: MockClock,
) -> None:
    async with an_app(autojump_clock, background_pushes_per_hour=1) as app:
        for _ in range(2):
            await app.hears(PushType.BACKGROUND, {"content-available": 1})
        assert app.view.background_push_held
        await app.town.host.patch_app(app.device, NEWS, reports_calls=False)
        await app.hears(CALL)
        assert not app.view.background_push_held
        assert "held back when the app was terminated" in [each.detail for each in app.received]
