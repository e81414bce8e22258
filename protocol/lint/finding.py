"""What a rule is, and what it has to say."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from protocol.notification import PushType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from protocol.lint.push import Push
    from protocol.provider.rejection import Reason


class Level(StrEnum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"


class Effect(StrEnum):
    """What comes of it.

    Attributes:
        REFUSED: APNs answers with a reason, and nobody gets the push.
        NOT_SHOWN: accepted, and the device does nothing with it.
        IGNORED: the part is left out, the rest of the push counts.
        DOUBTFUL: it is obeyed, and hardly what was meant.
    """

    REFUSED = "refused"
    NOT_SHOWN = "not-shown"
    IGNORED = "ignored"
    DOUBTFUL = "doubtful"


class Road(StrEnum):
    """Which call carries the push."""

    DEVICE = "/3/device"
    BROADCAST = "/4/broadcasts"


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule saw.

    Attributes:
        where: a header, ``body``, or the way to a key of the payload, such as ``aps.badge``.
        what: what is wrong with it, or what it is to be and is not.
        advice: what to do.
        reason: APNs' answer, if that is what comes of it.
    """

    where: str
    what: str
    advice: str
    reason: Reason | None = None


Check: TypeAlias = "Callable[[Push], Iterator[Found]]"

ANY_KIND = frozenset(PushType)
ANY_ROAD = frozenset(Road)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table.

    Attributes:
        id: its name, for ever.
        effect: what comes of what it finds.
        source: the page of Apple's that it follows, a URL.
        check: finds it; its docstring says what.
        kinds: the push types that it is about.
        roads: the calls that it is about.
        reads_payload: whether it needs a payload that can be read.
    """

    id: str
    effect: Effect
    source: str
    check: Check
    kinds: frozenset[PushType] = ANY_KIND
    roads: frozenset[Road] = ANY_ROAD
    reads_payload: bool = False

    @property
    def level(self) -> Level:
        """Only what is refused is an error."""
        return Level.ERROR if self.effect is Effect.REFUSED else Level.WARNING

    @property
    def about(self) -> str:
        """What it finds, in a sentence."""
        return (inspect.getdoc(self.check) or "").partition("\n\n")[0].replace("\n", " ")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, for people and programs; ``reason`` and ``status`` are those of an error."""

    rule: str
    level: Level
    effect: Effect
    where: str
    what: str
    advice: str
    source: str
    reason: str | None
    status: int | None

    @classmethod
    def of(cls, rule: Rule, found: Found) -> Finding:
        """What a rule has found."""
        reason = found.reason
        return cls(
            rule=rule.id,
            level=rule.level,
            effect=rule.effect,
            where=found.where,
            what=found.what,
            advice=found.advice,
            source=rule.source,
            reason=None if reason is None else reason.text,
            status=None if reason is None else reason.status,
        )
