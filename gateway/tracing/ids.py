"""How traces that begin here are named: as their push, so that who has one finds the other."""

from __future__ import annotations

from opentelemetry.sdk.trace.id_generator import RandomIdGenerator


class Ids(RandomIdGenerator):
    """Random ids, but for the next trace if it was named."""

    def __init__(self) -> None:
        self._next: str | None = None

    def name_next(self, trace_id: str) -> None:
        """Give the next trace this id, in hexadecimal; it is random as well."""
        self._next = trace_id

    def generate_trace_id(self) -> int:
        """The id of a new trace."""
        named, self._next = self._next, None
        return (int(named, 16) if named else 0) or super().generate_trace_id()
