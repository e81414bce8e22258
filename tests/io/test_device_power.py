"""The power of a device program, changed by its owner over the local socket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import trio

from apnsim.cli import main
from devicesim.local_socket.app_connection import AppConnection, AppConnectionError
from devicesim.local_socket.power import tell_power
from devicesim.local_socket.unix import private_unix_listener
from devicesim.state.files import StateError
from protocol.courier.messages import SetState
from protocol.notification import PushType
from tests.devicesim.scripted_gateway import push_to
from tests.io.door import Door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NEWS = "com.example.news"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with Door(tmp_path / "apsd.sock").open() as door:
        yield door


def heard(door: Door) -> SetState:
    """What the gateway has heard last of the person."""
    said: SetState = door.phone.gateway.all_heard(SetState)[-1]
    return said


async def test_its_owner_locks_and_wakes_it_and_the_gateway_knows(door: Door) -> None:
    told = await tell_power(door.path, power="locked")
    assert told == {
        "say": "power", "power": "locked", "assertion_policy": "full", "online": True,
    }  # fmt: skip
    assert heard(door) == SetState(is_active=False)
    assert (await tell_power(door.path, wake="cellular-call"))["power"] == "locked"
    assert heard(door) == SetState(is_active=True, interval_seconds=30)
    assert (await tell_power(door.path, wake="user"))["power"] == "awake"
    assert (await tell_power(door.path))["power"] == "awake"
    assert door.phone.state.extras["power"] == "awake"


async def test_a_push_that_alerts_wakes_it_though_no_app_is_attached(door: Door) -> None:
    async with AppConnection.open(door.path, NEWS, ["alert", "voip"]):
        pass
    await tell_power(door.path, power="locked")
    token = door.phone.token(f"{NEWS}.voip")
    await door.delivers(push_to(token, f"{NEWS}.voip", push_type=PushType.VOIP))
    assert heard(door) == SetState(is_active=True, interval_seconds=8)


async def test_what_it_cannot_be_is_refused(door: Door) -> None:
    with pytest.raises(AppConnectionError, match="'asleep' is not a valid Power"):
        await tell_power(door.path, power="asleep")
    with pytest.raises(AppConnectionError, match="no device daemon answers"):
        await tell_power(door.path.with_name("nobody"), power="locked")


async def test_what_cannot_be_written_down_is_said(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_: object) -> None:
        await trio.lowlevel.checkpoint()
        raise StateError("the disk is full")

    monkeypatch.setattr(type(door.phone.state), "save", fails)
    with pytest.raises(AppConnectionError, match="the disk is full"):
        await tell_power(door.path, power="locked")


async def test_a_daemon_that_goes_away_instead_of_answering_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "deaf.sock"
    with private_unix_listener(path) as listener:
        async with trio.open_nursery() as nursery:

            async def hang_up() -> None:
                async with await listener.accept() as stream:
                    await stream.receive_some()

            nursery.start_soon(hang_up)
            with pytest.raises(AppConnectionError, match="it went away"):
                await tell_power(path, power="locked")


async def test_the_command_says_how_it_is_then(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    async def apnsim(*arguments: str) -> int:
        command = ["power", "--socket", str(door.path), *arguments]
        return await trio.to_thread.run_sync(main, command)

    assert await apnsim("locked") == 0
    assert capsys.readouterr().out == "locked, assertion policy full, online\n"
    assert await apnsim("user", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "power": "awake", "assertion_policy": "full", "online": True,
    }  # fmt: skip
    assert await apnsim("--socket", str(door.path.with_name("nobody"))) == 1
    assert "no device daemon answers" in capsys.readouterr().err
