"""Both stores against a model of a few lines, over whatever Hypothesis thinks of."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trio
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.store.memory import MemoryStore
from gateway.store.sqlite import Database
from gateway.store.store import FencedError
from gateway.store.wire import row_of
from protocol.identifiers import DeviceId, Topic
from tests.builders import NOW, notification
from tests.examples_drawn import examples

if TYPE_CHECKING:
    from protocol.notification import Notification

DEVICES = st.sampled_from([DeviceId("phone"), DeviceId("tablet")])
TOPICS = st.sampled_from([Topic("a.b"), Topic("a.c"), Topic("a.d")])
SMALL = st.integers(0, 12)
WINDOWS = st.none() | SMALL

ACCEPTS = st.tuples(st.just("accept"), DEVICES, TOPICS, SMALL, SMALL, WINDOWS)
STEPS = st.one_of(
    ACCEPTS,
    ACCEPTS,
    ACCEPTS,
    st.tuples(st.just("attach"), DEVICES),
    st.tuples(st.just("detach"), DEVICES, SMALL),
    st.tuples(st.just("fetch"), DEVICES, SMALL, SMALL, st.integers(1, 4)),
    st.tuples(st.just("acknowledge"), DEVICES, st.lists(SMALL, max_size=4)),
    st.tuples(st.just("expire"), st.integers(1, 3)),
    st.tuples(st.just("wait"), SMALL),
    st.tuples(st.just("pending"), DEVICES),
    st.tuples(st.just("clear")),
)


@dataclass
class Model:
    """What the promises say, without any thought of speed."""

    waiting: list[tuple[int, DeviceId, Notification]] = field(default_factory=list)
    sessions: dict[DeviceId, int] = field(default_factory=dict)
    seen: dict[tuple[DeviceId, str], tuple[float, int, str]] = field(default_factory=dict)
    seq: int = 0
    fence: int = 0

    def remove(self, gone: list[tuple[int, DeviceId, Notification]]) -> list[str]:
        self.waiting = [entry for entry in self.waiting if entry not in gone]
        return [entry[2].unique_id for entry in gone]

    def of(self, device: DeviceId) -> list[tuple[int, DeviceId, Notification]]:
        return [entry for entry in self.waiting if entry[1] == device]

    def accept(self, device: DeviceId, push: Notification, since: float | None) -> object:
        is_present = device in self.sessions
        first = self.seen.get((device, push.apns_id))
        if since is not None and first is not None and first[0] >= since:
            return first[1], is_present, [], first[2]
        older = [
            entry
            for entry in self.of(device)
            if entry[2].topic == push.topic and not entry[2].has_expired(push.received_at)
        ]
        replaced = [] if is_present else self.remove(older)
        self.seq += 1
        self.waiting.append((self.seq, device, push))
        if since is not None:
            self.seen[device, push.apns_id] = (push.received_at, self.seq, push.unique_id)
        return self.seq, is_present, sorted(replaced), None

    def attach(self, device: DeviceId, now: float) -> object:
        self.fence += 1
        self.sessions[device] = self.fence
        expired = self.remove([entry for entry in self.of(device) if entry[2].has_expired(now)])
        newest = {entry[2].topic: entry for entry in self.of(device)}
        replaced = self.remove(
            [entry for entry in self.of(device) if entry is not newest[entry[2].topic]]
        )
        return self.fence, sorted(replaced), sorted(expired)

    def detach(self, device: DeviceId, fence: int) -> bool:
        return self.sessions.get(device) == fence and bool(self.sessions.pop(device))

    def fetch(self, device: DeviceId, fence: int, after: int, limit: int, now: float) -> object:
        if self.sessions.get(device) != fence:
            return None
        live = [entry for entry in self.of(device) if not entry[2].has_expired(now)]
        return [(entry[0], entry[2].unique_id) for entry in live if entry[0] > after][:limit]

    def acknowledge(self, device: DeviceId, seqs: list[int]) -> None:
        self.remove([entry for entry in self.of(device) if entry[0] in seqs])

    def expire(self, now: float, limit: int) -> object:
        due = [entry for entry in self.waiting if entry[2].has_expired(now)]
        due.sort(key=lambda entry: (entry[2].expires_at, entry[0]))
        return self.remove(due[:limit])

    def pending(self, device: DeviceId) -> object:
        return len(self.of(device)), len(self.waiting)

    def clear(self) -> None:
        self.waiting, self.sessions, self.seen = [], {}, {}


class Core:
    """The synchronous SQLite core, one operation per batch."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def do(self, *operation: Any) -> Any:  # noqa: ANN401
        outcome = self.database.apply([operation])
        assert not outcome.failures
        return outcome.results[0]

    async def accept(self, device: DeviceId, push: Notification, since: float | None) -> object:
        seq, is_present, replaced, first = self.do("accept", device, row_of(push), since)
        return seq, is_present, sorted(replaced), first

    async def attach(self, device: DeviceId, now: float) -> object:
        fence, replaced, expired = self.do("attach", device, now)
        return fence, sorted(replaced), sorted(expired)

    async def fetch(self, *arguments: Any) -> object:  # noqa: ANN401
        rows = self.do("fetch", *arguments)
        return None if rows is None else [row[:2] for row in rows]

    async def pending(self, device: DeviceId) -> object:
        assert self.do("pending", None) == self.database.pending
        return self.do("pending", device), self.do("pending", None)

    async def detach(self, device: DeviceId, fence: int) -> object:
        return self.do("detach", device, fence)

    async def acknowledge(self, device: DeviceId, seqs: list[int]) -> object:
        return self.do("acknowledge", device, seqs)

    async def expire(self, now: float, limit: int) -> object:
        return self.do("expire", now, limit)

    async def clear(self) -> object:
        return self.do("clear")


class Memory:
    """The store in memory, with the answers of the core."""

    def __init__(self) -> None:
        self.store = MemoryStore()

    async def accept(self, device: DeviceId, push: Notification, since: float | None) -> object:
        answer = await self.store.accept(device, push, same_id_since=since)
        return answer.seq, answer.is_present, sorted(answer.replaced), answer.duplicate_of

    async def attach(self, device: DeviceId, now: float) -> object:
        answer = await self.store.attach(device, now=now)
        return answer.fence, sorted(answer.replaced), sorted(answer.expired)

    async def fetch(
        self, device: DeviceId, fence: int, after: int, limit: int, now: float
    ) -> object:
        try:
            found = await self.store.fetch(device, fence, after=after, limit=limit, now=now)
        except FencedError:
            return None
        return [(entry.seq, entry.notification.unique_id) for entry in found]

    async def pending(self, device: DeviceId) -> object:
        assert self.store.statistics().pending == await self.store.pending()
        return await self.store.pending(device), await self.store.pending()

    async def detach(self, device: DeviceId, fence: int) -> object:
        return await self.store.detach(device, fence)

    async def acknowledge(self, device: DeviceId, seqs: list[int]) -> object:
        return await self.store.acknowledge(device, seqs)

    async def expire(self, now: float, limit: int) -> object:
        return await self.store.expire(now=now, limit=limit)

    async def clear(self) -> object:
        return await self.store.clear()


def call(step: tuple[Any, ...], number: int, now: float) -> tuple[Any, ...]:
    """The verb and its arguments that a step stands for."""
    match step:
        case ("accept", device, topic, lifetime, name, window):
            push = notification(
                number,
                topic=topic,
                apns_id=notification(name).apns_id,
                received_at=now,
                expires_at=now + lifetime,
            )
            return "accept", device, push, None if window is None else now - window
        case ("attach", device):
            return "attach", device, now
        case ("fetch", device, fence, after, limit):
            return "fetch", device, fence, after, limit, now
        case ("expire", limit):
            return "expire", now, limit
        case _:
            return step


async def compare(steps: list[tuple[Any, ...]], database: Database) -> None:
    model, stores, now = Model(), (Core(database), Memory()), NOW
    for number, step in enumerate(steps):
        if step[0] == "wait":
            now += step[1]
            continue
        verb, *arguments = call(step, number + 100, now)
        expected = getattr(model, verb)(*arguments)
        for store in stores:
            assert await getattr(store, verb)(*arguments) == expected, (store, verb)


@settings(max_examples=examples(60))
@given(st.lists(STEPS, min_size=5, max_size=40))
@example(
    [
        ("attach", DeviceId("phone")),
        ("accept", DeviceId("phone"), Topic("a.b"), 3, 1, None),
        ("accept", DeviceId("phone"), Topic("a.b"), 9, 2, 5),
        ("accept", DeviceId("phone"), Topic("a.b"), 9, 2, 5),
        ("accept", DeviceId("phone"), Topic("a.c"), 9, 3, None),
        ("accept", DeviceId("phone"), Topic("a.b"), 9, 4, None),
        ("wait", 3),
        ("fetch", DeviceId("phone"), 1, 0, 4),
        ("attach", DeviceId("phone")),
        ("fetch", DeviceId("phone"), 1, 0, 4),
        ("fetch", DeviceId("phone"), 2, 2, 4),
        ("detach", DeviceId("phone"), 1),
        ("detach", DeviceId("phone"), 2),
        ("accept", DeviceId("phone"), Topic("a.b"), 9, 5, None),
        ("pending", DeviceId("phone")),
        ("wait", 12),
        ("expire", 2),
    ]
)
def test_both_stores_do_what_the_model_does(steps: list[tuple[Any, ...]]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Database(Path(folder) / "db", node="gateway")) as database,
    ):
        database.connection.execute("PRAGMA synchronous = OFF")
        trio.run(compare, steps, database)
