"""Starting a store process and hearing its first words."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import trio

from gateway.store.store import StoreUnavailableError
from gateway.store.wire import FrameReader, WireError

START_SECONDS = 20.0
"""Importing takes 0.1 s, recovering a write-ahead log of 64 MiB some seconds on a slow disk."""
EXIT_SECONDS = 5.0

_PACKAGE_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class StoreCommand:
    """How to start the store process.

    Attributes:
        path: the database.
        node: names this gateway process; kept over restarts of the store process.
        max_bytes: how large the database may grow.
    """

    path: Path
    node: str
    max_bytes: int | None = None

    def arguments(self, descriptor: int) -> list[str]:
        """The command line.

        ``-P``: the folder in which the gateway was started may contain a ``gateway`` or a
        ``protocol`` of the user's own, which must not be taken for ours.
        """
        words = [sys.executable, "-P", "-m", "gateway.store.process"]
        words += ["--socket", str(descriptor), "--database", str(self.path.absolute())]
        words += ["--node", self.node]
        if self.max_bytes is not None:
            words += ["--max-bytes", str(self.max_bytes)]
        return words


@dataclass(slots=True)
class StoreProcess:
    """A store process that has opened its database, our end of the link, and what waits in it."""

    process: trio.Process
    stream: trio.SocketStream
    pending: int

    async def leave(self) -> str:
        """Close our end, which ends the process; kill it when it does not. Says how it ended."""
        return await _end(self.process, self.stream, EXIT_SECONDS)


async def launch(command: StoreCommand) -> StoreProcess:
    """Start a store process and wait until it has opened its database.

    Raises:
        StoreUnavailableError: it did not come up; says what to do.
    """
    ours, theirs = socket.socketpair()
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
    process: trio.Process | None = None
    try:
        with theirs:
            process = await _spawn(command, theirs.fileno())
        with trio.move_on_after(START_SECONDS):
            return StoreProcess(process, stream, await _first_words(stream))
        raise WireError(f"nothing was heard within {START_SECONDS:g} s")  # noqa: TRY301
    except (WireError, trio.BrokenResourceError, OSError) as error:
        how = await _end(process, stream, EXIT_SECONDS)
        raise StoreUnavailableError(f"the store process did not start ({how}): {error}") from None
    except BaseException:
        await _end(process, stream, 0)
        raise


async def _spawn(command: StoreCommand, descriptor: int) -> trio.Process:
    inherited = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(_PACKAGE_ROOT), *([inherited] if inherited else [])])
    return await trio.lowlevel.open_process(
        command.arguments(descriptor),
        stdin=subprocess.DEVNULL,
        pass_fds=(descriptor,),
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,  # Ctrl-C in the terminal is for the gateway
    )


async def _first_words(stream: trio.SocketStream) -> int:
    reader = FrameReader()
    while data := await stream.receive_some():
        for message in reader.feed(data):
            match message:
                case ("ready", int(pending)):
                    return pending
                case ("refused", str(why)):
                    raise StoreUnavailableError(why)
                case _:
                    raise WireError("it said something else than ready or refused")
    raise WireError("it said nothing")


async def _end(process: trio.Process | None, stream: trio.SocketStream, seconds: float) -> str:
    """Close our end, which ends the process; kill it when it does not. Says how it ended."""
    with trio.CancelScope(shield=True):
        await trio.aclose_forcefully(stream)
    if process is None:
        return "not run"
    with trio.CancelScope(shield=True):
        with trio.move_on_after(seconds):
            await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _ending(process.returncode)


def _ending(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        return f"killed by {signal.Signals(-returncode).name}"
    return f"exit code {returncode}"
