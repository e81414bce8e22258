"""What is to be done later: in order of time, bounded, and not at all once nobody runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from gateway.courier.faults import Later

if TYPE_CHECKING:
    from trio.testing import MockClock


async def test_what_is_due_sooner_is_done_sooner(autojump_clock: MockClock) -> None:
    later, done = Later(), list[str]()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(later.run)
        for seconds, what in ((3, "late"), (1, "soon"), (30, "never")):
            later.do(seconds, lambda what=what: done.append(what))  # type: ignore[misc]
        await trio.sleep(10)
        nursery.cancel_scope.cancel()
    assert done == ["soon", "late"]
    assert autojump_clock.current_time() == trio.current_time()


async def test_what_is_too_much_is_done_at_once() -> None:
    later, done = Later(), list[int]()
    for number in range(1001):
        later.do(1, lambda number=number: done.append(number))  # type: ignore[misc]
    assert done == [1000]
