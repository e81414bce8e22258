"""What is done with, until the store has forgotten it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.store.store import Store
    from protocol.identifiers import DeviceId


class Receipts:
    """Acknowledgements on their way to the store: in batches, retried, never lost while we live.

    Until the store has forgotten a push it may still hand it out, to a fetch that looks back to
    the beginning; ``seq in receipts`` says not to send it again.
    """

    __slots__ = ("_device", "_done", "_durable", "_store", "_unsaid")

    def __init__(self, store: Store, device: DeviceId) -> None:
        self._store = store
        self._device = device
        self._unsaid: list[int] = []
        self._done: set[int] = set()
        self._durable: list[int] = []

    def __contains__(self, seq: int) -> bool:
        return seq in self._done

    def add(self, seq: int) -> None:
        """This push is done with; the store hears of it with the next flush."""
        self._unsaid.append(seq)
        self._done.add(seq)

    async def flush(self) -> None:
        """Tell the store, in one call.

        Raises:
            StoreUnavailableError: it did not listen; the next flush says it again.
        """
        seqs, self._unsaid = self._unsaid, []
        if not seqs:
            return
        try:
            await self._store.acknowledge(self._device, seqs)
        except BaseException:
            self._unsaid += seqs  # acknowledge() is idempotent
            raise
        self._durable += seqs

    def begin_fetch(self) -> None:
        """A fetch that begins now cannot see what is durably gone: no need to remember it."""
        self._done.difference_update(self._durable)
        self._durable.clear()
