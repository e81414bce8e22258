"""How late the event loop is: what is due now has to wait until it gets to it."""

from __future__ import annotations

import threading
from time import perf_counter
from typing import TYPE_CHECKING

import trio

from gateway.histogram import ANSWER_BOUNDS, Histogram

if TYPE_CHECKING:
    from gateway.serve import Gateway

EVERY_SECONDS = 0.5


class LoopLag:
    """Asks the loop twice a second from a thread, which no clock of ours moves and no load delays.

    Attributes:
        seconds: how long it took to answer.
    """

    def __init__(self) -> None:
        self.seconds = Histogram(ANSWER_BOUNDS)

    async def run(
        self, _: Gateway, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Measure until cancelled; a companion of the gateway."""
        over = threading.Event()
        token = trio.lowlevel.current_trio_token()
        task_status.started()
        try:
            # Not of the usual threads: a jump of time waits for those to come to rest.
            limiter = trio.CapacityLimiter(1)
            await trio.to_thread.run_sync(
                self._ask, token, over, abandon_on_cancel=True, limiter=limiter
            )
        finally:
            over.set()

    def _ask(self, token: trio.lowlevel.TrioToken, over: threading.Event) -> None:
        while not over.wait(EVERY_SECONDS):
            try:
                token.run_sync_soon(self._answer, perf_counter())
            except trio.RunFinishedError:
                return

    def _answer(self, asked_at: float) -> None:
        self.seconds.observe(perf_counter() - asked_at)
