from __future__ import annotations

import trio
from trio.testing import wait_all_tasks_blocked

from gateway.courier.bell import Bell


async def test_many_rings_are_one_and_none_is_lost() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    await bell.wait()
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bell.wait)
            await wait_all_tasks_blocked()
            scope.cancel()
    assert scope.cancelled_caught
    bell.ring()
    await bell.wait()
