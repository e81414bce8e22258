"""Who waits until so many records are as wanted: by events, no polling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.records import Record


class Waiters:
    """Those who wait for records of a journal; true while there are any.

    Args:
        records: all there are, by number; what is not there any more does not count.
    """

    __slots__ = ("_looks", "_records")

    def __init__(self, records: Mapping[int, Record]) -> None:
        self._records = records
        self._looks: set[Callable[[Record], None]] = set()

    def __bool__(self) -> bool:
        return bool(self._looks)

    def tell(self, record: Record) -> None:
        """A record has changed."""
        for look in tuple(self._looks):
            look(record)

    async def wait_for(
        self, wanted: Callable[[Record], bool], *, count: int, seconds: float
    ) -> None:
        """Return when ``count`` records are wanted, or after ``seconds``.

        ``seconds`` may be infinite; none, a negative number, or "not a number" is no time at all.
        """
        matching = {number for number, record in self._records.items() if wanted(record)}
        enough = trio.Event()

        def look(record: Record) -> None:
            if wanted(record):
                matching.add(record.number)
            else:
                matching.discard(record.number)
            if len(matching) >= count:
                matching.intersection_update(self._records)  # a reset forgets what had matched
                if len(matching) >= count:
                    enough.set()

        if len(matching) >= count:
            return
        self._looks.add(look)
        try:
            with trio.move_on_after(max(0.0, seconds)):  # also for "not a number"
                await enough.wait()
        finally:
            self._looks.discard(look)
