"""What apps in other processes owe the system for what they are sent."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
import trio

from devicesim.app import AppState
from devicesim.local_socket import duties
from devicesim.local_socket.app_connection import AppConnection, AppConnectionError
from devicesim.local_socket.frames import SocketFrames
from devicesim.runtime.calls import KILLED
from devicesim.runtime.handlers import BACKGROUND, VOIP, name_of
from protocol.notification import PushType
from tests.devicesim.scripted_gateway import push_to
from tests.io.door import Door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NEWS = "com.example.news"
CALLS = f"{NEWS}.voip"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with Door(tmp_path / "apsd.sock").open() as door:
        yield door


async def rings(door: Door, *, late: float = 0.0) -> None:
    """A VoIP push has come to the device."""
    sent_at = door.time - late
    token = door.phone.token(CALLS)
    await door.delivers(push_to(token, CALLS, b"{}", push_type=PushType.VOIP, sent_at=sent_at))


async def is_silent(door: Door) -> None:
    """The app takes a call and goes on to the next push."""
    async with AppConnection.open(door.path, NEWS, ["voip"]) as app:
        await rings(door)
        await anext(app)
        await anext(app)


def strikes(door: Door) -> int:
    return len(door.phone.state.apps.require(NEWS).unreported_calls)


async def test_an_app_that_reports_its_call_lives_on(door: Door) -> None:
    async with AppConnection.open(door.path, NEWS, ["voip"]) as app:
        await rings(door)
        await rings(door)
        for _ in range(2):
            await anext(app)
            assert (app.handler, app.must_report) == (VOIP, True)
            await app.report_call()
    assert strikes(door) == 0


async def test_an_app_that_goes_on_without_reporting_is_terminated(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(AppConnectionError, match="terminated the app: Killing app because"):
        await is_silent(door)
    assert KILLED in caplog.text
    assert strikes(door) == 1


async def test_so_is_one_that_neither_reports_nor_returns_within_seven_seconds(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert duties.CALL_SECONDS == 7
    monkeypatch.setattr(duties, "CALL_SECONDS", 0.01)
    stream = await trio.open_unix_socket(door.path)
    async with stream:
        frames = SocketFrames(stream)
        await frames.send({"say": "attach", "bundle_id": NEWS, "push_types": ["voip"]})
        await frames.receive()
        await rings(door)
        said = [await frames.receive(), await frames.receive()]
    assert [each and each["say"] for each in said] == ["push", "terminated"]
    assert strikes(door) == 1


async def test_a_late_call_need_not_be_reported(door: Door) -> None:
    async with AppConnection.open(door.path, NEWS, ["voip"]) as app:
        await rings(door, late=21)
        await anext(app)
        assert not app.must_report
    assert strikes(door) == 0


async def test_repeated_its_calls_are_dropped(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        with pytest.raises(AppConnectionError, match="terminated"):
            await is_silent(door)
    assert door.phone.state.apps.require(NEWS).is_voip_stopped
    with caplog.at_level(logging.WARNING):
        await rings(door)
    assert "will not be launched" in caplog.text
    assert len(door.phone.state.inbox) == 0


async def test_an_app_is_told_when_its_run_time_is_over(door: Door) -> None:
    over = trio.Event()
    async with AppConnection.open(door.path, NEWS, ["background", "alert"]) as app:
        app.on_time_over = over.set
        token = door.phone.token(NEWS)
        await door.delivers(push_to(token, NEWS, b"{}", push_type=PushType.BACKGROUND))
        await anext(app)
        assert app.handler == BACKGROUND
        while not over.is_set():
            await app._hear()
        await door.pushes(NEWS, b"an alert is nobody's duty")
        await anext(app)
        assert app.handler == ""


async def test_an_app_that_returns_in_time_is_told_nothing(door: Door) -> None:
    async with AppConnection.open(door.path, NEWS, ["background"]) as app:
        app.on_time_over = lambda: pytest.fail("it had returned")
        token = door.phone.token(NEWS)
        for _ in range(2):
            await door.delivers(push_to(token, NEWS, b"{}", push_type=PushType.BACKGROUND))
            await anext(app)
    await trio.sleep(0.1)


async def test_an_app_runs_while_it_is_attached(door: Door) -> None:
    async with AppConnection.open(door.path, NEWS):
        app = door.phone.state.apps.require(NEWS)
        assert app.state is AppState.BACKGROUND
    while door.socket.is_attached(NEWS):  # the daemon hears the goodbye a little later
        await trio.lowlevel.checkpoint()
    assert app.state is AppState.TERMINATED


async def test_nonsense_about_a_call_closes_the_connection(door: Door) -> None:
    stream = await trio.open_unix_socket(door.path)
    async with stream:
        frames = SocketFrames(stream)
        await frames.send({"say": "attach", "bundle_id": NEWS, "push_types": ["voip"]})
        await frames.receive()
        await frames.send({"say": "report-call", "message_id": "no id"})
        assert await frames.receive() is None


def test_every_push_type_has_a_name_for_what_it_calls() -> None:
    assert {each for each in PushType if not name_of(each)} == {PushType.ALERT}
