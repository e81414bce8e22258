"""What providers sent and what became of it, as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Unpack

from apnsim.client.expectations import query_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apnsim.client import Apnsim
    from apnsim.client.views import Filters


class Exporter:
    """Exports the journal of a gateway.

    Args:
        apnsim: the gateway to ask.
    """

    def __init__(self, apnsim: Apnsim) -> None:
        self._apnsim = apnsim

    def __call__(
        self,
        format: Literal["har", "jsonl"],  # noqa: A002
        **filters: Unpack[Filters],
    ) -> Iterator[bytes]:
        """The file, piece by piece, as it comes.

        Args:
            format: ``har`` (HAR 1.2) or ``jsonl`` (a push a line).
            filters: which pushes; what was refused belongs to them unless ``state`` is given.
        """
        with self._apnsim.streamed("export", {"format": format, **query_of(filters)}) as answer:
            yield from answer.iter_bytes()
