"""The world's time: what phones, pushes and people wait for. A test freezes it, hurries it, jumps.

Two times pass in one process. Trio's is the machine's: it bounds how patiently we wait for a peer
that is real (a handshake, a write, a long poll, a disk), and nothing moves it. The world's is what
the emulation is about (keep-alives, back-off, bursts, budgets, expirations), and follows the
gateway's clock. The functions here are Trio's by the same names, on the world's time; where nobody
has said which clock that is (:func:`follow`), it is Trio's time itself: in scenarios, and in the
process of a lone device.

What is not waited for here is not moved: forgetting it costs a test its jump, and no peer its link.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

from worldtime.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Timers",
    "at_work",
    "current_time",
    "follow",
    "is_jumping",
    "move_on_after",
    "move_on_at",
    "sleep",
    "sleep_until",
    "stands_still",
]

_TIMERS: trio.lowlevel.RunVar[Timers | None] = trio.lowlevel.RunVar("the world's timers", None)


@contextmanager
def follow(timers: Timers) -> Iterator[None]:
    """Have everything in this run of Trio wait by these timers."""
    token = _TIMERS.set(timers)
    try:
        yield
    finally:
        _TIMERS.reset(token)


def current_time() -> float:
    """Seconds that only grow, from no particular beginning."""
    timers = _TIMERS.get()
    return trio.current_time() if timers is None else timers.current_time()


@contextmanager
def move_on_at(deadline: float) -> Iterator[trio.CancelScope]:
    """Cancel what is inside when :func:`current_time` reaches the deadline."""
    timers = _TIMERS.get()
    if timers is None:
        with trio.move_on_at(deadline) as scope:
            yield scope
    else:
        with trio.CancelScope() as scope, timers.until(deadline, scope):
            yield scope


@contextmanager
def move_on_after(seconds: float) -> Iterator[trio.CancelScope]:
    """Cancel what is inside after so many seconds."""
    with move_on_at(current_time() + seconds) as scope:
        yield scope


async def sleep_until(deadline: float) -> None:
    """Wait until :func:`current_time` reaches the deadline."""
    with move_on_at(deadline):
        await trio.sleep_forever()


async def sleep(seconds: float) -> None:
    """Wait so many seconds; none, or less, let the other tasks have their turn."""
    if seconds <= 0:
        await trio.lowlevel.checkpoint()
    else:
        await sleep_until(current_time() + seconds)


def stands_still() -> bool:
    """Whether nothing that waits here will come about, until somebody moves time or lets it run."""
    timers = _TIMERS.get()
    return timers is not None and timers.stands_still()


def is_jumping() -> bool:
    """Whether a test moves time ahead: then doing together what is nearly due together saves much.

    Each time at which something is due costs a millisecond of the test.
    """
    timers = _TIMERS.get()
    return timers is not None and timers.is_jumping


@contextmanager
def at_work() -> Iterator[None]:
    """While a thread works for the emulation: no jump of time passes over it."""
    timers = _TIMERS.get()
    if timers is None:
        yield
        return
    timers.at_work += 1
    try:
        yield
    finally:
        timers.at_work -= 1
