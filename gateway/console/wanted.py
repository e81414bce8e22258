"""Which pushes somebody asks for, and in what another one differs from them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.console.views import is_in, payload_of
from gateway.faults.match import is_at
from gateway.records import LinkEvent, Record
from protocol.plain import json_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.console.rendering import Payload
    from gateway.records import Happening, State
    from gateway.routing.tenancy import Tenancy


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it was asked for.

    Attributes:
        filter: the name of the query parameter.
        wanted: what it asked for.
        found: what there is instead; None: nothing.
    """

    filter: str
    wanted: str
    found: str | None


@dataclass(frozen=True, slots=True)
class PayloadWish:
    """A value in the payload, such as ``aps.alert.title=Goal*``; ``*`` = whatever it is.

    The path and the pattern are those of fault rules (``match.payload``). A text is compared as a
    pattern; ``3``, ``true`` and ``null`` are also what they are in JSON.
    """

    path: str
    value: str

    @classmethod
    def parse(cls, text: str) -> PayloadWish:
        """Believe the text once.

        Raises:
            ValueError: it is none; says what was expected.
        """
        path, sign, value = text.partition("=")
        if not (path and sign):
            example = "aps.alert.title=Goal*"
            raise ValueError(f"payload: expected path=value, such as {example}, not {text[:80]!r}")
        return cls(path, value)

    def __str__(self) -> str:
        return f"{self.path}={self.value}"

    def is_met(self, payload: Payload) -> bool:
        """Whether the payload has it."""
        return any(is_at(payload.parsed, self.path.split("."), each) for each in self._values())

    def found_in(self, payload: Payload) -> str | None:
        """What there is in its place, as JSON; None: nothing."""
        value: object = payload.parsed
        for step in self.path.split("."):
            if not is_at(value, [step], "*"):
                return None
            value = value[step] if isinstance(value, dict) else value[int(step)]  # type: ignore[index]
        return f"{self.path}={json.dumps(value, ensure_ascii=False)}"

    def _values(self) -> list[object]:
        try:
            return [self.value, json_of(self.value)]
        except ValueError:
            return [self.value]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which pushes are wanted; every part that is not None (or empty) must match.

    Attributes:
        tenancy: whose it is.
        states: where the push is now: any of them. Without any, what was refused before it became a
            push is wanted only if ``refused_too``.
        since: received at or after, UNIX seconds.
        text: stands somewhere in the payload, in whichever letter case.
        payload: values in the payload.
    """

    tenancy: Tenancy | None = None
    topic: str | None = None
    device: str | None = None
    token: str | None = None
    apns_id: str | None = None
    states: frozenset[State] = frozenset()
    since: float | None = None
    text: str | None = None
    payload: tuple[PayloadWish, ...] = ()
    refused_too: bool = False

    @property
    def names(self) -> list[str]:
        """The filters that name a push, of those that are given."""
        whose = [] if self.tenancy is None else [BUNDLE_ID]
        return whose + [name for name in FACTS if getattr(self, name) is not None]

    @property
    def asks_of_pushes(self) -> bool:
        """Whether it asks for something that only pushes have."""
        return bool(self.states or self.payload or self.text is not None)

    def __call__(self, record: Record) -> bool:
        """Whether the record is wanted."""
        return next(self.differences(record), None) is None

    def differences(self, record: Record) -> Iterator[Difference]:
        """In what a record is not as wanted; what is cheap to know comes first."""
        is_push = self.refused_too or record.notification is not None
        if not (is_in(record, self.states) if self.states else is_push):
            states = " or ".join(sorted(self.states)) or "any but Rejected"
            yield Difference("state", states, record.state)
        if self.tenancy is not None and not self.tenancy.has_record(record):
            yield Difference(BUNDLE_ID, self.tenancy.bundle_id, record.topic)
        for name, tell in FACTS.items():
            wanted: str | None = getattr(self, name)
            if wanted is not None and wanted != (found := tell(record)):
                yield Difference(name, wanted, found)
        if self.since is not None and record.received_at < self.since:
            yield Difference("since", f"{self.since:.3f}", f"{record.received_at:.3f}")
        if self.text is not None or self.payload:
            yield from self._in_payload(record)

    def _in_payload(self, record: Record) -> Iterator[Difference]:
        payload = payload_of(record)
        if self.text is not None and not _has_text(payload, self.text.casefold()):
            yield Difference("text", self.text, summary_of(payload))
        for wish in self.payload:
            if not wish.is_met(payload):
                yield Difference("payload", str(wish), wish.found_in(payload))


def following(wanted: Wanted) -> Callable[[Happening], bool]:
    """The same question about all that happens: what was refused is wanted, too, and links are."""
    pushes = replace(wanted, refused_too=True)
    is_about_links = not (set(wanted.names) - {BUNDLE_ID, "device"} or wanted.asks_of_pushes)

    def is_wanted(happening: Happening) -> bool:
        if isinstance(happening, Record):
            return pushes(happening)
        if not isinstance(happening, LinkEvent):
            return True  # it may be about anything
        return (
            is_about_links
            and wanted.device in (None, happening.device)
            and (wanted.tenancy is None or wanted.tenancy.has(happening))
        )

    return is_wanted


BUNDLE_ID = "bundle_id"
FACTS: dict[str, Callable[[Record], str | None]] = {
    "topic": lambda record: record.topic,
    "device": lambda record: record.device,
    "token": lambda record: record.token,
    "apns_id": lambda record: record.apns_id.lower(),
}
"""What names a push, by the filter that asks for it."""


def summary_of(payload: Payload) -> str:
    """What a person would read of it: title and body of the alert, else the payload; 80 letters."""
    aps = (payload.parsed or {}).get("aps")
    alert = aps.get("alert") if isinstance(aps, dict) else None
    if isinstance(alert, dict):
        alert = ", ".join(str(alert[name]) for name in ("title", "body") if name in alert)
    if not isinstance(alert, str) or not alert:
        parsed = payload.parsed
        alert = json.dumps(parsed, ensure_ascii=False) if parsed is not None else payload.raw or ""
    return alert if len(alert) <= 80 else alert[:79] + "…"


def _has_text(payload: Payload, folded: str) -> bool:
    if payload.parsed is None:
        return folded in (payload.raw or "").casefold()
    return any(folded in text.casefold() for text in _texts(payload.parsed))


def _texts(value: object) -> Iterator[str]:
    """Every text and number in it, and every name; depth is bounded by ``read_payload``."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    else:
        yield value if isinstance(value, str) else json.dumps(value)
