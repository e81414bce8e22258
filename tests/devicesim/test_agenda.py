"""What is due later, in one task."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import trio

from devicesim.agenda import Agenda
from devicesim.state.files import StateError

if TYPE_CHECKING:
    import pytest
    from trio.testing import MockClock


class Diary:
    """When what was done."""

    def __init__(self) -> None:
        self.done: list[tuple[float, str]] = []

    async def do(self, name: str) -> None:
        await trio.lowlevel.checkpoint()
        self.done.append((trio.current_time(), name))

    async def fail(self, error: Exception) -> None:
        await trio.lowlevel.checkpoint()
        raise error


async def test_things_are_done_at_their_time_and_in_the_order_they_were_put_down(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    del autojump_clock
    agenda, diary, began = Agenda(), Diary(), trio.current_time()
    agenda.after(5, partial(diary.do, "second"))
    nursery.start_soon(agenda.run)
    await trio.sleep(1)
    agenda.after(4, partial(diary.do, "third, of the same time"))
    agenda.after(0.5, partial(diary.do, "first: sooner than what it waited for"))
    await trio.sleep(10)
    assert [(at - began, name.partition(":")[0]) for at, name in diary.done] == [
        (1.5, "first"),
        (5, "second"),
        (5, "third, of the same time"),
    ]


async def test_what_fails_does_not_keep_the_others_from_their_time(
    autojump_clock: MockClock, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    del autojump_clock
    agenda, diary = Agenda(), Diary()
    nursery.start_soon(agenda.run)
    agenda.after(1, partial(diary.fail, StateError("the disk is full")))
    agenda.after(1, partial(diary.fail, ZeroDivisionError("a bug")))
    agenda.after(1, partial(diary.do, "still done"))
    await trio.sleep(2)
    assert [name for _, name in diary.done] == ["still done"]
    assert "the disk is full" in caplog.text
    assert "ZeroDivisionError" in caplog.text
