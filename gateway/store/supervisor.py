"""Keeping a store process running, under one gateway process.

When it dies it is started anew, at once and then with back-off. What was sent and not answered
fails, because nobody knows what became of it; later calls wait for the new process, at most
``PATIENCE_SECONDS`` from its death, then they fail at once until it is there.
"""

from __future__ import annotations

import itertools
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import trio

from gateway.store.launch import StoreCommand, StoreProcess, launch
from gateway.store.store import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.store.availability import Availability
    from gateway.store.pump import Pump

PATIENCE_SECONDS = 1.0
PROBE_SECONDS = 1.0
CLOSE_SECONDS = 10.0
MAX_BACK_OFF_SECONDS = 5.0
STEADY_SECONDS = 10.0
"""A process that has lived this long has earned an immediate restart."""

_log = logging.getLogger("gateway.store")


class Supervisor:
    """Keeps a store process running, one conversation after the other.

    Args:
        command: how to start it.
        pump: what talks to it.
        availability: hears of outages.
    """

    def __init__(self, command: StoreCommand, pump: Pump, availability: Availability) -> None:
        self.restarts = 0
        self.process: StoreProcess | None = None
        self._command = command
        self._pump = pump
        self._availability = availability
        self._closing = trio.Event()
        self._ended = trio.Event()
        self._scope = trio.CancelScope(shield=True)

    async def start(self) -> None:
        """Start the first process.

        Raises:
            StoreUnavailableError: it does not start.
        """
        self._adopt(await launch(self._command))

    def _adopt(self, process: StoreProcess) -> None:
        self.process = process
        self._pump.resume(process.pending)

    async def run(self) -> None:
        """Talk to the process that was started, and to its successors, until :meth:`close`.

        Shielded: calls of tasks that end in an orderly way must reach the disk although the
        scope around everything was cancelled already. ``close`` bounds it.
        """
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._probe)
                    await self._attend_all()
                    nursery.cancel_scope.cancel()
        finally:
            self._ended.set()

    async def close(self) -> None:
        """Let everything gathered be committed, then end the process. Bounded, shielded."""
        self._closing.set()
        self._pump.end()
        with trio.CancelScope(shield=True):
            with trio.move_on_after(CLOSE_SECONDS):
                await self._ended.wait()
            self._scope.cancel()
            await self._ended.wait()

    async def _attend_all(self) -> None:
        delays = _back_off()
        while self.process is not None:
            began = trio.current_time()
            await self._attend(self.process)
            if trio.current_time() - began > STEADY_SECONDS:
                delays = _back_off()
            await self._restart(delays)

    async def _attend(self, process: StoreProcess) -> None:
        why = "the gateway gave it up"
        try:
            why = await self._pump.converse(process.stream)
        finally:
            self.process = None
            how = await process.leave()
            if not self._closing.is_set() or process.process.returncode != 0:
                self._lost(f"the store process ended ({how}): {why}")

    def _lost(self, why: str) -> None:
        self._availability.failed(why)
        self._pump.lose(why)

    async def _probe(self) -> None:
        """During an outage, find out every second whether it is over."""
        while True:
            await self._availability.outage()
            await trio.sleep(PROBE_SECONDS)
            with suppress(StoreUnavailableError):
                await self._pump.perform(("probe",))
                self._availability.came_back()

    async def _restart(self, delays: Iterator[float]) -> None:
        """Start the next process, unless the store is being closed meanwhile."""
        process: StoreProcess | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._lose_patience)
            while process is None:
                with trio.move_on_after(next(delays)):
                    await self._closing.wait()
                if self._closing.is_set():
                    break
                process = await self._relaunch()
            nursery.cancel_scope.cancel()
        if process is not None:
            self.restarts += 1
            self._adopt(process)
            self._availability.came_back()

    async def _relaunch(self) -> StoreProcess | None:
        try:
            return await launch(self._command)
        except StoreUnavailableError as error:
            _log.error("store process not restarted: %s", error)
            return None

    async def _lose_patience(self) -> None:
        await trio.sleep(PATIENCE_SECONDS)
        self._pump.refuse("the store process is down and being restarted")


def _back_off() -> Iterator[float]:
    return itertools.chain((0.0, 0.1, 0.3, 1.0, 2.0), itertools.repeat(MAX_BACK_OFF_SECONDS))
