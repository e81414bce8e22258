"""Drawing again and again, and a look at the device of this process."""

from __future__ import annotations

import io
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio
from rich.console import Console

from apnsim.watch.glimpse import Glimpse
from apnsim.watch.own import OwnDevice
from apnsim.watch.tail import Tail
from apnsim.watch.terminal import MAX_SECONDS, MIN_SECONDS, show
from devicesim.live_activities.kit import ActivityKit
from devicesim.local_socket.listener import LocalSocket
from devicesim.notification_center import NotificationCenter
from devicesim.program import DeviceProgram
from tests.builders import NOW
from tests.devicesim.scripted_gateway import Phone, push_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from trio.testing import MockClock

NEWS = "com.example.news"


class Counted:
    """A source that counts how often it is looked at."""

    def __init__(self) -> None:
        self.looks = 0

    async def look(self) -> Glimpse:
        await trio.lowlevel.checkpoint()
        self.looks += 1
        return Glimpse(f"look {self.looks}", "d", NOW, [], [], [])


@asynccontextmanager
async def shown(source: Counted, tail: Tail) -> AsyncIterator[io.StringIO]:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=80, height=24, _environ={})
    async with trio.open_nursery() as nursery:
        nursery.start_soon(show, source, tail, console)
        yield written
        nursery.cancel_scope.cancel()


async def test_it_draws_twice_a_second_on_a_screen_of_its_own(
    autojump_clock: MockClock,  # noqa: ARG001
) -> None:
    source = Counted()
    async with shown(source, Tail()) as written:
        await trio.sleep(10 * MAX_SECONDS - MIN_SECONDS)
        assert source.looks == 10
        assert "look 10" in written.getvalue()
        assert written.getvalue().startswith("\x1b[?1049h")
    assert written.getvalue().endswith("\x1b[?1049l")


async def test_a_line_of_the_log_is_drawn_at_once_but_not_each_on_its_own(
    autojump_clock: MockClock,  # noqa: ARG001
) -> None:
    source, tail = Counted(), Tail()
    async with shown(source, tail) as written:
        await trio.sleep(2 * MIN_SECONDS)
        for number in range(100):
            tail.emit(logging.makeLogRecord({"msg": f"line {number}", "levelno": logging.INFO}))
        await trio.sleep(MIN_SECONDS / 2)
        assert source.looks == 2
        assert "line 99" in written.getvalue()


async def test_the_device_of_this_process_is_looked_at() -> None:
    async with Phone().running() as phone:
        state = phone.state
        center = NotificationCenter(state, lambda: NOW, lambda: True)
        kit = ActivityKit(state, lambda: NOW, announce=center.announce)
        door = LocalSocket(kit, center)
        await phone.daemon.wait_until_online()
        app = await phone.daemon.install(NEWS, ["alert"])
        push = push_to(phone.token(NEWS), NEWS, b'{"aps":{"alert":"Chess?","badge":2}}')
        assert door.deliver(app, push) is False
        state.keep(NEWS, push)
        seen = await OwnDevice(DeviceProgram(phone.daemon, door, center, kit)).look()
    assert (seen.name, seen.device_id) == ("Phone", "phone-1")
    [link] = seen.links
    assert (link.words, link.socket is None) == ("online, leads", False)
    assert seen.apps == [(NEWS, "not attached, 1 waiting")]
    assert seen.screen["badges"] == {NEWS: 2}
    [group] = seen.screen["lock_screen"]
    assert group["notifications"][0]["body"] == "Chess?"
