"""Calls in, batches out: the Trio side of the conversation with the store process.

A call costs its task one suspension and no other task a hop: it is appended to what is being
gathered, and the writer takes the lot as one frame while the former one is still being committed.
One reader, one writer. What waits is bounded by who waits: each call has one task behind it.
"""

from __future__ import annotations

from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING, Any

import outcome
import trio

from gateway.histogram import ANSWER_BOUNDS, Histogram
from gateway.store.sqlite import REFUSED
from gateway.store.store import OperationRefusedError, StoreUnavailableError
from gateway.store.wire import FrameReader, WireError, frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.store.availability import Availability
    from gateway.store.sqlite import Operation

MAX_IN_FLIGHT = 4
"""Batches sent and not answered, so that the process commits while we read and write."""
MAX_BATCH_WEIGHT = 64
"""Notifications in one batch, either way (a fetch counts its limit). Small ones keep both sides
busy, and the process puts what has arrived into one commit anyway. bench/store.py, 200 tasks: one
batch of everybody, 11,000/s; four of 64, 14,000/s, on two busy cores."""
RECEIVE_BYTES = 256 * 1024
SILENT_SECONDS = 3
"""After so long (and up to a second more) without an answer the process is stuck: node-apn and
kalyke give up after 5 s (clients.md 18)."""


class Call:
    """One operation and the task that waits for it (none once it was cancelled)."""

    __slots__ = ("operation", "task")

    def __init__(self, operation: Operation, task: trio.lowlevel.Task | None) -> None:
        self.operation = operation
        self.task = task

    @property
    def weight(self) -> int:
        """How many notifications it may carry."""
        return max(1, self.operation[4]) if self.operation[0] == "fetch" else 1

    def abandon(self, _raise_cancel: object) -> trio.lowlevel.Abort:
        """The task was cancelled: the operation goes on, its answer is dropped."""
        self.task = None
        return trio.lowlevel.Abort.SUCCEEDED

    def answer(self, value: object) -> None:
        """Give the task its answer."""
        if self.task is not None:
            trio.lowlevel.reschedule(self.task, outcome.Value(value))

    def fail(self, error: Exception) -> None:
        """Raise in the task; an answer that comes later is dropped."""
        if self.task is not None:
            trio.lowlevel.reschedule(self.task, outcome.Error(error))
            self.task = None


class Pump:
    """Gathers calls into batches, and gives each call its answer.

    It outlives conversations: what was gathered and not sent waits for the next one.

    Args:
        availability: hears of every failure.

    Attributes:
        answer_seconds: from a batch that is sent to its answer: a commit, and waiting for it.
    """

    def __init__(self, availability: Availability) -> None:
        self.pending = 0
        self.operations = 0
        self.transactions = 0
        self.answer_seconds = Histogram(ANSWER_BOUNDS)
        self._availability = availability
        self._former_transactions = 0
        self._gathering: deque[Call] = deque()
        self._in_flight: deque[Sequence[Call]] = deque()
        self._sent_at: deque[float] = deque()
        self._bell = trio.Event()
        self._refusal: str | None = None
        self._answers = 0
        self._is_ending = False

    async def perform(self, operation: Operation) -> Any:  # noqa: ANN401 - plain values
        """Have the store process do this.

        Raises:
            StoreUnavailableError: it could not be done, or nobody knows whether it was.
            OperationRefusedError: it made no sense.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._refusal is not None:
            await trio.lowlevel.checkpoint()  # whoever tries again at once leaves others a turn
            raise StoreUnavailableError(self._refusal)
        call = Call(operation, trio.lowlevel.current_task())
        self._gathering.append(call)
        self._bell.set()
        return await trio.lowlevel.wait_task_rescheduled(call.abandon)

    @property
    def is_busy(self) -> bool:
        """Whether a call waits for its answer."""
        return bool(self._gathering or self._in_flight)

    def refuse(self, why: str) -> None:
        """Fail what was gathered, and every call from now on."""
        self._refusal = why
        gathered, self._gathering = self._gathering, deque()
        for call in gathered:  # the outage was reported already, and a close is none
            call.fail(StoreUnavailableError(why))

    def lose(self, why: str) -> None:
        """The conversation broke off: nobody knows what became of what was sent."""
        sent, self._in_flight = self._in_flight, deque()
        self._sent_at.clear()
        for batch in sent:
            self._fail(batch, why)

    def end(self) -> None:
        """Have the conversation end once everything gathered was sent and answered."""
        self._is_ending = True
        self._bell.set()

    def resume(self, pending: int) -> None:
        """There is a process to talk to; so many notifications wait in it."""
        self._refusal = None
        self.pending = pending
        self._former_transactions = self.transactions

    async def converse(self, stream: trio.SocketStream) -> str:
        """Exchange batches for answers until the stream ends; says why it ended."""
        why = "it closed the conversation"
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write, stream)
                nursery.start_soon(self._watch)
                await self._read(stream)
                nursery.cancel_scope.cancel()
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # it died; the caller finds out of what
        except* WireError as errors:
            why = str(errors.exceptions[0])
        return why

    async def _write(self, stream: trio.SocketStream) -> None:
        while True:
            batch = self._next_batch()
            if batch:
                self._in_flight.append(batch)
                self._sent_at.append(perf_counter())
                await stream.send_all(frame([call.operation for call in batch]))
            elif self._is_ending and not self._in_flight:
                await stream.send_eof()
                return
            else:
                await self._bell.wait()
                self._bell = trio.Event()

    async def _watch(self) -> None:
        """Find out when the process lives and does not answer."""
        while True:
            answers = self._answers
            for _ in range(SILENT_SECONDS):
                await trio.sleep(1)  # one by one: a pause of this process counts as one second
                if not self._in_flight or self._answers != answers:
                    break
            else:
                self._give_up(f"the store process has not answered for {SILENT_SECONDS} s")

    def _give_up(self, why: str) -> None:
        """Fail what waits, and every call until the process answers; its answers stay in order."""
        for batch in self._in_flight:
            self._fail(batch, why)
        self.refuse(why)

    def _next_batch(self) -> Sequence[Call]:
        if len(self._in_flight) >= MAX_IN_FLIGHT:
            return ()
        gathering = self._gathering
        batch: list[Call] = []
        weight = 0
        while gathering and weight < MAX_BATCH_WEIGHT:
            call = gathering.popleft()
            batch.append(call)
            weight += call.weight
        return batch

    async def _read(self, stream: trio.SocketStream) -> None:
        reader = FrameReader()
        while data := await stream.receive_some(RECEIVE_BYTES):
            for message in reader.feed(data):
                self._hear(message)

    def _hear(self, message: object) -> None:
        self._answers += 1
        self._refusal = None
        match message:
            case ("done", tuple(results), tuple(failures), int(pending), int(transactions)):
                self.pending = pending
                self.transactions = self._former_transactions + transactions
                self._settle(results, failures)
            case ("outage", str(why)):
                self._fail(self._answered_batch(), why)
            case ("broken", str(why)):
                raise WireError(why)
            case _:
                raise WireError("an answer that is none")

    def _answered_batch(self) -> Sequence[Call]:
        if not self._in_flight:
            raise WireError("an answer to nothing")
        self._bell.set()
        self.answer_seconds.observe(perf_counter() - self._sent_at.popleft())
        return self._in_flight.popleft()

    def _settle(self, results: Sequence[Any], failures: Sequence[Any]) -> None:
        if not self._in_flight or len(self._in_flight[0]) != len(results):
            raise WireError("an answer to something else")
        failed = _by_index(failures)
        batch = self._answered_batch()
        self.operations += len(batch)
        for index, call in enumerate(batch):
            if index not in failed:
                self._answer(call, results[index])
            elif failed[index][0] == REFUSED:
                call.fail(OperationRefusedError(failed[index][1]))
            else:
                self._fail((call,), failed[index][1])

    def _answer(self, call: Call, result: Any) -> None:  # noqa: ANN401 - plain values
        call.answer(result)
        if call.task is None and call.operation[0] == "attach":
            # Nobody knows the fence: without this the device would count as present.
            self._gathering.append(Call(("detach", call.operation[1], result[0]), None))
            self._bell.set()

    def _fail(self, calls: Iterable[Call], why: str) -> None:
        for call in calls:
            self._availability.failed(why)
            call.fail(StoreUnavailableError(why))


def _by_index(failures: Sequence[Any]) -> dict[int, tuple[str, str]]:
    failed: dict[int, tuple[str, str]] = {}
    for failure in failures:
        match failure:
            case (int(index), str(kind), str(text)):
                failed[index] = (kind, text)
            case _:
                raise WireError("an answer that is none")
    return failed
