"""What the journal has counted since the start; unlike its records, nothing of it is forgotten."""

from __future__ import annotations

from collections import Counter
from time import perf_counter
from typing import TYPE_CHECKING

from gateway.histogram import ANSWER_BOUNDS, DELIVERY_BOUNDS, Histogram
from gateway.records import State

if TYPE_CHECKING:
    from gateway.records import Record

ARRIVED = (
    State.DELIVERED,
    State.DELIVERED_FROM_STORAGE,
    State.BROADCAST_DELIVERED,
    State.PRESENTED,
)


class Tally:
    """The counts, and how long things took.

    Attributes:
        requests: that providers have made.
        reached: how often pushes reached each state.
        answers: by status and reason, which is empty for what was done.
        answer_seconds: from a whole request to its answer, real time; by whether it was accepted.
        arrival_seconds: from the request to each state of :data:`ARRIVED`, the gateway's time.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.reached = dict.fromkeys(State, 0)
        self.answers: Counter[tuple[int, str]] = Counter()
        self.answer_seconds = {known: Histogram(ANSWER_BOUNDS) for known in (True, False)}
        self.arrival_seconds = {state: Histogram(DELIVERY_BOUNDS) for state in ARRIVED}

    def answered(self, record: Record, *, is_accepted: bool) -> None:
        """A request has its answer: status and reason are on record."""
        record.answer_seconds = perf_counter() - record.begun
        self.answers[record.status, record.reason] += 1
        self.answer_seconds[is_accepted].observe(record.answer_seconds)

    def reach(self, record: Record, state: State, at: float) -> None:
        """A push reached a state at this time of the gateway's."""
        self.reached[state] += 1
        if (arrival := self.arrival_seconds.get(state)) is not None:
            arrival.observe(at - record.received_at)
