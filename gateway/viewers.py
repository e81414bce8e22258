"""Who follows what happens, each in a bounded queue: one that is too slow is dropped."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.records import Happening


class Viewers:
    """The viewers of a journal. What one does not want takes none of its room.

    Args:
        capacity: how many events a viewer may be behind before it is dropped.

    Attributes:
        dropped: how many were.
    """

    def __init__(self, capacity: int) -> None:
        self.dropped = 0
        self._capacity = capacity
        self._wants: dict[trio.MemorySendChannel[Happening], Callable[[Happening], bool]] = {}

    def __len__(self) -> int:
        return len(self._wants)

    @contextmanager
    def view(
        self, wanted: Callable[[Happening], bool]
    ) -> Iterator[trio.MemoryReceiveChannel[Happening]]:
        """Follow what is wanted. The channel ends when the viewer is too slow to keep up."""
        send: trio.MemorySendChannel[Happening]
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

    def tell(self, happening: Happening) -> None:
        """Something has happened. Never waits."""
        for viewer, wanted in tuple(self._wants.items()):
            if not wanted(happening):
                continue
            try:
                viewer.send_nowait(happening)
            except (trio.WouldBlock, trio.BrokenResourceError):
                self.dropped += 1
                self._wants.pop(viewer, None)
                viewer.close()
