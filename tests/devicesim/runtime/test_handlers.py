"""Every other push type reaches the code that a real app has for it; and the service extension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from devicesim.runtime.handlers import HANDLERS, IN_FOREGROUND, SERVICE_EXTENSION, TOKEN_CALLS
from protocol.notification import PushType
from tests.devicesim.an_app import NEWS, an_app
from tests.devicesim.town import Town

if TYPE_CHECKING:
    from pathlib import Path

    from trio.testing import MockClock

MUTABLE = {"alert": "Encrypted", "mutable-content": 1}


def test_every_push_type_has_a_handler_and_a_call_for_its_token() -> None:
    of_their_own = {PushType.ALERT, PushType.BACKGROUND, PushType.VOIP, PushType.LIVE_ACTIVITY}
    assert HANDLERS.keys() | of_their_own == set(PushType)
    assert TOKEN_CALLS.keys() == set(PushType)


@pytest.mark.parametrize("push_type", HANDLERS)
async def test_a_push_is_handed_to_the_handler_of_its_type(
    autojump_clock: MockClock, push_type: PushType
) -> None:
    handler = HANDLERS[push_type]
    async with an_app(autojump_clock) as app:
        await app.becomes("terminated")
        await app.hears(push_type)
        assert (app.last.presentation, app.last.handler) == ("delivered", handler.name)
        # An extension is a process of its own: the app is not launched for it.
        assert app.view.state == ("background" if handler.launches else "terminated")
        assert app.lived[-1] == handler.name


async def test_an_alert_in_the_foreground_is_the_apps_to_decide(autojump_clock: MockClock) -> None:
    async with an_app(autojump_clock) as app:
        await app.becomes("foreground")
        await app.hears(PushType.ALERT, {"alert": "Hi"})
        assert (app.last.presentation, app.last.handler) == ("delivered", IN_FOREGROUND)


async def test_a_live_activity_push_is_heard_as_the_content_of_the_activity(
    autojump_clock: MockClock,
) -> None:
    async with an_app(autojump_clock) as app:
        await app.hears(PushType.LIVE_ACTIVITY, {"event": "update"})
        assert app.last.handler == "Activity contentUpdates"


# -- the notification service extension ------------------------------------------------------------


async def test_an_alert_waits_for_its_service_extension(autojump_clock: MockClock) -> None:
    async with an_app(autojump_clock) as app:
        await app.town.host.patch_app(app.device, NEWS, extension_seconds=2.5)
        await app.hears(PushType.ALERT, MUTABLE)
        await trio.sleep(2.4)
        assert app.received == []
        await trio.sleep(0.2)
        assert (app.last.presentation, app.last.handler) == ("shown", SERVICE_EXTENSION)
        assert app.last.detail == "alert; its service extension took 2.5 s"


async def test_an_extension_that_takes_too_long_leaves_the_original_content(
    autojump_clock: MockClock,
) -> None:
    async with an_app(autojump_clock) as app:
        await app.town.host.patch_app(app.device, NEWS, extension_seconds=31)
        await app.hears(PushType.ALERT, MUTABLE)
        await trio.sleep(29.9)
        assert app.received == []
        await trio.sleep(0.2)
        assert app.last.presentation == "shown"
        assert "original content" in app.last.detail
        assert "serviceExtensionTimeWillExpire" in app.last.detail


@pytest.mark.parametrize(
    "aps",
    [{"alert": "Hi"}, {"sound": "x", "mutable-content": 1}, {"badge": 1, "mutable-content": 1}],
)
async def test_only_mutable_alerts_are_given_to_it(
    autojump_clock: MockClock, aps: dict[str, Any]
) -> None:
    async with an_app(autojump_clock) as app:
        await app.town.host.patch_app(app.device, NEWS, extension_seconds=2)
        await app.hears(PushType.ALERT, aps)
        assert (app.last.presentation, app.last.handler) == ("shown", "")


@pytest.mark.parametrize("permission", ["denied", "not-asked"])
async def test_it_is_not_run_for_what_nobody_will_see(
    autojump_clock: MockClock, permission: str
) -> None:
    async with an_app(autojump_clock) as app:
        await app.town.host.patch_app(app.device, NEWS, extension_seconds=2, permission=permission)
        await app.hears(PushType.ALERT, MUTABLE)
        assert SERVICE_EXTENSION not in app.lived
        assert len(app.received) == 1


async def test_a_restore_meanwhile_leaves_nothing_to_show(autojump_clock: MockClock) -> None:
    async with an_app(autojump_clock) as app:
        await app.town.host.patch_app(app.device, NEWS, extension_seconds=5)
        await app.hears(PushType.ALERT, MUTABLE)
        await app.town.host.restore(app.device)
        await trio.sleep(6)
        assert app.received == []


async def test_a_device_that_is_deleted_meanwhile_writes_nothing_any_more(
    mock_clock: MockClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # Not the clock that jumps by itself: it would, whenever a thread writes a file.
    async with an_app(mock_clock, tmp_path) as app:
        await app.town.host.patch_app(app.device, NEWS, extension_seconds=5)
        await app.hears(PushType.ALERT, MUTABLE)
        await app.town.host.delete_device(app.device)
        mock_clock.jump(6)
        await wait_all_tasks_blocked()
        assert [line.message for line in caplog.records if line.levelname == "ERROR"] == []


async def test_an_app_without_one_shows_the_original_at_once(autojump_clock: MockClock) -> None:
    async with an_app(autojump_clock) as app:
        await app.hears(PushType.ALERT, MUTABLE)
        assert (app.last.presentation, app.last.detail) == ("shown", "alert")


async def test_it_runs_beside_an_app_that_was_force_quit(autojump_clock: MockClock) -> None:
    async with an_app(autojump_clock) as app:
        await app.town.host.patch_app(app.device, NEWS, extension_seconds=0, state="force-quit")
        await app.hears(PushType.ALERT, MUTABLE)
        await trio.sleep(0.1)
        assert (app.last.presentation, app.last.handler) == ("shown", SERVICE_EXTENSION)
        assert app.view.state == "force-quit"


async def test_an_app_that_is_uninstalled_meanwhile_shows_nothing(
    autojump_clock: MockClock,
) -> None:
    async with an_app(autojump_clock) as app:
        await app.town.host.patch_app(app.device, NEWS, extension_seconds=5)
        await app.hears(PushType.ALERT, MUTABLE)
        await app.town.host.uninstall_app(app.device, NEWS)
        await app.town.host.install_app(app.device, NEWS)
        await trio.sleep(10)
        assert app.received == []


async def test_a_device_that_starts_again_meanwhile_shows_the_original(
    mock_clock: MockClock, tmp_path: Path
) -> None:
    async with an_app(mock_clock, tmp_path) as app:
        await app.town.host.patch_app(app.device, NEWS, extension_seconds=5)
        push = await app.hears(PushType.ALERT, MUTABLE)
        device = app.device
    async with Town(tmp_path).running() as town:
        await wait_all_tasks_blocked()
        [received] = town.host.notifications(device)
        assert (received.apns_id, received.presentation) == (push.apns_id, "shown")
        assert "original content" in received.detail
    async with Town(tmp_path).running() as town:
        await wait_all_tasks_blocked()
        assert town.host.notifications(device) == ()
