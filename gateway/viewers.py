"""Who follows what happens, each in a bounded queue: one that is too slow is dropped."""

from __future__ import annotations

import secrets
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import trio

from gateway.records import Forgotten, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.records import Happening

# What a viewer may have missed and still be told of, when it comes back.
REMEMBERED = 1000


class Told(NamedTuple):
    """Something that has happened, and its place among all that has, from 1 on."""

    place: int
    happening: Happening


class Viewers:
    """The viewers of a journal. What one does not want takes none of its room.

    Args:
        capacity: how many events a viewer may be behind before it is dropped.

    Attributes:
        dropped: how many were.
        epoch: names this life of the gateway; places of another one mean nothing here.
        place: of the newest event.
    """

    def __init__(self, capacity: int) -> None:
        self.dropped = 0
        self.epoch = secrets.token_hex(4)
        self.place = 0
        self._capacity = capacity
        self._recent: deque[Told] = deque()
        self._lost = 0
        self._wants: dict[trio.MemorySendChannel[Told], Callable[[Happening], bool]] = {}

    def __len__(self) -> int:
        return len(self._wants)

    @contextmanager
    def view(
        self, wanted: Callable[[Happening], bool]
    ) -> Iterator[trio.MemoryReceiveChannel[Told]]:
        """Follow what is wanted. The channel ends when the viewer is too slow to keep up."""
        send: trio.MemorySendChannel[Told]
        send, receive = trio.open_memory_channel(self._capacity)
        self._wants[send] = wanted
        try:
            with receive:
                yield receive
        finally:
            self._wants.pop(send, None)
            send.close()

    def dismiss(self) -> None:
        """End every channel: who follows has to look at everything anew."""
        for viewer in tuple(self._wants):
            viewer.close()
        self._wants.clear()
        self.place += 1
        self._lost = self.place
        self._recent.clear()

    def since(self, place: int) -> list[Told] | None:
        """What has happened after a place, of the same thing only the last; None: not known."""
        if not self._lost <= place <= self.place:
            return None
        last = {id(each.happening): each for each in self._recent if each.place > place}
        return sorted(last.values(), key=lambda each: each.place)

    def tell(self, happening: Happening) -> None:
        """Something has happened. Never waits."""
        self.place += 1
        told = Told(self.place, happening)
        self._remember(told)
        for viewer, wanted in tuple(self._wants.items()):
            if not wanted(happening):
                continue
            try:
                viewer.send_nowait(told)
            except (trio.WouldBlock, trio.BrokenResourceError):
                self.dropped += 1
                self._wants.pop(viewer, None)
                viewer.close()

    def _remember(self, told: Told) -> None:
        if isinstance(told.happening, Forgotten):
            self._forget(told.happening)
        while len(self._recent) >= REMEMBERED:
            self._lost = self._recent.popleft().place
        self._recent.append(told)

    def _forget(self, gone: Forgotten) -> None:
        """Of what the journal has no more, nobody is told later."""
        numbers = None if gone.numbers is None else frozenset(gone.numbers)
        self._recent = deque(
            told
            for told in self._recent
            if not isinstance(told.happening, Record)
            or (numbers is not None and told.happening.number not in numbers)
        )
