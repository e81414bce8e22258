"""``apnsim device --watch`` in a real terminal, from the first frame to the goodbye."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import sys
import termios
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio

from gateway.records import State
from tests.e2e.command import command
from tests.e2e.gateway_process import gateway_process
from tests.e2e.world import until, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LEAVES_THE_SCREEN = "\x1b[?1049l"


class Terminal:
    """A pseudo-terminal with a command in it, and all that was written to it."""

    def __init__(self, process: trio.Process, terminal: int) -> None:
        self.process = process
        self.written = ""
        self._terminal = terminal

    async def read(self) -> None:
        """Until the command is gone."""
        while True:
            await trio.lowlevel.wait_readable(self._terminal)
            try:
                data = os.read(self._terminal, 65536)
            except OSError:  # how Linux says that nobody is at the other end any more
                return
            if not data:
                return
            self.written += data.decode("utf-8", "replace")

    async def shows(self, text: str) -> None:
        await until(lambda: text in self.written or self.process.poll() is not None)
        assert text in self.written, self.written[-4000:]

    def resize(self, width: int, height: int) -> None:
        size = struct.pack("HHHH", height, width, 0, 0)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)
        self.written = ""


@asynccontextmanager
async def watching(*arguments: str, **environment: str) -> AsyncIterator[Terminal]:
    """``apnsim device --watch`` of 80 by 24; gone afterwards."""
    ours, theirs = pty.openpty()
    size = struct.pack("HHHH", 24, 80, 0, 0)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES")}
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "apnsim", "device", "--watch", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**clean, "TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    terminal = Terminal(process, ours)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(terminal.read)
            yield terminal
            nursery.cancel_scope.cancel()
    finally:
        with trio.CancelScope(shield=True, deadline=trio.current_time() + 5):
            if process.poll() is None:
                process.kill()
            await process.wait()
        os.close(ours)


async def test_a_device_shows_itself_follows_the_size_and_says_goodbye(tmp_path: Path) -> None:
    async with gateway_process(tmp_path) as gateway:
        where = ["--console-url", gateway.info["console_url"], "--state-dir", str(tmp_path / "p")]
        async with watching(*where, "--name", "Anna's phone") as terminal:
            await terminal.shows("ESTABLISHED apsd")
            await terminal.shows("online, leads")
            attached = ["--socket", str(tmp_path / "p" / "apps.sock"), "--json"]
            async with command(
                tmp_path, "app", "app", *attached, "--bundle-id", "com.example.app"
            ) as app:
                await app.says("\n")
                token = json.loads(app.lines[0])["token"]
                await terminal.shows("com.apple.apsd.peer[1]")
                provider = ["--url", gateway.info["provider_url"], "--data-dir", str(tmp_path)]
                pushed = ["--token", token, "--topic", "com.example.app", "--alert", "Chess?"]
                async with command(tmp_path, "send", "send", *provider, *pushed) as send:
                    assert await send.ends() == 0, send.said
                await terminal.shows("lock screen, lit")
                await terminal.shows("Chess?")
            terminal.resize(120, 40)
            await terminal.shows("─" * 118)
            terminal.process.send_signal(signal.SIGINT)
            assert await terminal.process.wait() == 0
            await terminal.shows("Anna's phone has said goodbye.")
            assert LEAVES_THE_SCREEN in terminal.written
            after = terminal.written.rpartition(LEAVES_THE_SCREEN)[2]
            assert "courier link closed" in after


async def test_a_virtual_device_is_watched_without_colours(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone("Bob")
        token = await here.install(phone)
        await here.devices.patch_device(phone, power="locked")
        where = ["--console-url", here.running.console_url, "--of", phone]
        async with watching(*where, NO_COLOR="1") as terminal:
            await terminal.shows("lock screen, dark")
            answer = await here.push(token, "Chess?")
            await here.reached(answer.headers["apns-id"], State.PRESENTED)
            await terminal.shows("lock screen, lit")
            await terminal.shows("Presented")
            terminal.process.send_signal(signal.SIGTERM)
            assert await terminal.process.wait() == 0
            await terminal.shows("the phone stays as it is")
            assert "\x1b[3" not in terminal.written, "no colours"
        assert here.devices.get_device(phone).online


async def test_without_the_view_the_log_may_have_the_columns_of_log_stream(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        where = ["--console-url", here.running.console_url, "--state-dir", str(tmp_path / "p")]
        async with command(tmp_path, "apsd", "device", *where, "--log-format", "apsd") as device:
            await device.says("[com.apple.apsd:courier] courier link established")
            assert await device.ends(signal.SIGINT) == 0
    assert device.lines[0].split() == ["Timestamp", "Thread", "Type", "Activity", "PID", "TTL"]
    assert all("apsd: [com.apple.apsd:" in line for line in device.lines[1:])


async def test_letters_that_the_terminal_does_not_have_end_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone("Zoë")
        where = ["--console-url", here.running.console_url, "--of", phone]
        async with watching(*where, PYTHONIOENCODING="ascii") as terminal:
            await terminal.shows("Zo?")
            terminal.process.send_signal(signal.SIGINT)
            assert await terminal.process.wait() == 0


async def test_without_a_terminal_it_says_so(tmp_path: Path) -> None:
    async with command(tmp_path, "watch", "device", "--watch") as device:
        assert await device.ends() == 2
    assert device.lines == [
        "apnsim device: --watch draws in a terminal, and standard output is none; without --watch"
        " the log goes to standard error, line by line"
    ]


async def test_a_terminal_that_can_only_print_lines_is_none(tmp_path: Path) -> None:
    async with watching("--state-dir", str(tmp_path / "p"), TERM="dumb") as terminal:
        assert await terminal.process.wait() == 2
        await terminal.shows("--watch draws in a terminal")


async def test_whom_to_watch_must_be_there_and_be_asked_for(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        url = here.running.console_url
        async with watching("--console-url", url, "--of", "nobody") as terminal:
            assert await terminal.process.wait() == 1
            await terminal.shows("404: no device 'nobody'")
    async with command(tmp_path, "of", "device", "--of", "somebody") as device:
        assert await device.ends() == 2
    assert "--of names whom to --watch" in device.said
