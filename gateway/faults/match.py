"""When a rule applies: what it knows of an occasion, and what it asks for."""

# No "from __future__ import annotations": pydantic reads the annotations at run time.
import reprlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from fnmatch import fnmatchcase
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import Field
from pydantic.dataclasses import dataclass

from gateway.faults.basics import STRICT, Stage
from protocol.tenant import Tenant, bundles_of

# One of them, or any of several; ``*`` stands for anything.
Pattern = str | list[str]
Number = Annotated[int, Field(ge=1)]
Numbers = Number | list[Number]


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Match:
    """Which occasions a rule is for: everything that is said must be so.

    Texts may hold ``*`` for anything, and may be lists: any of them.

    * ``token``: hexadecimal, either letter case. ``topic``: of a broadcast its bundle id.
    * ``bundle_id``: the app, whatever suffix its push type puts behind it in the topic.
    * ``push_type``, ``priority``: as the gateway takes them, if the request does not say.
    * ``team_id``, ``key_id``: as the provider token or the certificate claims them.
    * ``environment``, ``path``, ``channel`` (its id), ``device`` (its id; only of deliveries).
    * ``connection``: its id, as ``GET /api/v1/connections`` tells it.
    * ``payload``: value by path, such as ``{"aps.alert.title": "Goal*"}``; ``"*"`` = it is there.
    * ``nth``: which of the occasions that match all else, 1 = the first.
    * ``nth_on_connection``: which request of its connection.
    """

    token: Pattern | None = None
    topic: Pattern | None = None
    bundle_id: Pattern | None = None
    push_type: Pattern | None = None
    priority: Literal[1, 5, 10] | list[Literal[1, 5, 10]] | None = None
    team_id: Pattern | None = None
    key_id: Pattern | None = None
    environment: Literal["development", "production"] | None = None
    connection: Numbers | None = None
    path: Pattern | None = None
    payload: dict[str, Any] | None = None
    channel: Pattern | None = None
    device: Pattern | None = None
    nth: Numbers | None = None
    nth_on_connection: Numbers | None = None

    def is_only_of(self, tenant: Tenant) -> bool:
        """Whether no other app's occasions can match: its bundle id is named, or its topics."""
        of_app, topics = _texts(self.bundle_id), _texts(self.topic)
        return of_app == {tenant.bundle_id} or bool(topics and topics <= tenant.topics)

    def given(self) -> dict[str, Any]:
        """What is asked for, by name."""
        asked = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in asked.items() if value is not None}


_OF_A_PUSH = {
    "token", "topic", "bundle_id", "channel", "push_type", "priority", "environment", "payload",
    "nth",
}  # fmt: skip

KNOWN: dict[Stage, frozenset[str]] = {
    Stage.REQUEST: frozenset(
        _OF_A_PUSH | {"team_id", "key_id", "connection", "path", "nth_on_connection"}
    ),
    Stage.CONNECTION: frozenset({"environment", "connection", "nth"}),
    Stage.HANDSHAKE: frozenset({"nth"}),
    Stage.DEVICE_HANDSHAKE: frozenset({"nth"}),
    Stage.DELIVERY: frozenset(_OF_A_PUSH | {"device"}),
    Stage.NOW: frozenset(),
}
"""What is known at each stage. A TLS handshake has not even said which server it wants."""


class Occasion:
    """Something that happens, which a rule may be for.

    Args:
        facts: what is known of it, by the names of :class:`Match`; a function is asked once, when
            a rule wants to know.
    """

    __slots__ = ("_facts",)

    def __init__(self, facts: Mapping[str, object]) -> None:
        self._facts = dict(facts)

    def tell(self, name: str) -> object:
        """One fact; None when nothing is known of it."""
        fact = self._facts.get(name)
        if callable(fact):
            fact = self._facts[name] = fact()
        return fact


class Condition(NamedTuple):
    """One thing that must be so.

    ``name`` is for people; ``tell`` finds what there is (None or ``ABSENT``: nothing), ``judge``
    says whether that will do.
    """

    name: str
    tell: Callable[[Occasion], object]
    judge: Callable[[object], bool]

    def fits(self, occasion: Occasion) -> bool:
        """Whether it is so."""
        return self.judge(self.tell(occasion))

    def miss(self, occasion: Occasion) -> str:
        """What there was instead, for people."""
        value = self.tell(occasion)
        if value is None or value is ABSENT:
            return f"there was no {self.name}"
        return f"{self.name} was {reprlib.repr(value)}"


ABSENT: Final = object()
"""What is where a payload has nothing; it may have null."""


def conditions_of(match: Match) -> tuple[Condition, ...]:
    """Everything that must be so, but for ``nth``, which only the book can tell."""
    special = ("nth", "payload", "bundle_id")
    made = {name: value for name, value in match.given().items() if name not in special}
    conditions = [_of_fact(name, value) for name, value in made.items()]
    if match.bundle_id is not None:
        conditions.append(_of_app(match.bundle_id))
    conditions += [_of_payload(path, value) for path, value in (match.payload or {}).items()]
    return tuple(conditions)


def _of_fact(name: str, wanted: object) -> Condition:
    listed = wanted if isinstance(wanted, list) else [wanted]
    choices = [c.lower() if name == "token" and isinstance(c, str) else c for c in listed]
    return Condition(
        name,
        lambda occasion: occasion.tell(name),
        lambda value: any(_is(value, choice) for choice in choices),
    )


def _of_app(wanted: Pattern) -> Condition:
    return Condition(
        "topic",
        lambda occasion: occasion.tell("topic"),
        lambda topic: (
            isinstance(topic, str) and any(is_any(each, wanted) for each in bundles_of(topic))
        ),
    )


def _of_payload(path: str, wanted: object) -> Condition:
    steps = path.split(".")
    return Condition(
        f"payload.{path}",
        lambda occasion: _at(occasion.tell("payload"), steps),
        lambda value: _will_do(value, wanted),
    )


def is_at(value: object, path: list[str], wanted: object) -> bool:
    """Whether there is such a value at the path; ``"*"`` = whatever it is."""
    return _will_do(_at(value, path), wanted)


def _will_do(value: object, wanted: object) -> bool:
    return value is not ABSENT and (wanted == "*" or _is(value, wanted))


def _at(value: object, path: list[str]) -> object:
    for step in path:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and (place := _place(step)) < len(value):
            value = value[place]
        else:
            return ABSENT
    return value


def _place(step: str) -> int:
    # int() refuses more than 4,300 digits.
    return int(step[:20]) if step.isdecimal() else sys.maxsize


def is_any(value: str, wanted: Pattern) -> bool:
    """Whether a text is one of those."""
    return any(_is(value, each) for each in ([wanted] if isinstance(wanted, str) else wanted))


def _texts(pattern: Pattern | None) -> set[str]:
    return {pattern} if isinstance(pattern, str) else set(pattern or ())


def _is(value: object, wanted: object) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        # To fnmatch these mean something, too; in a title such as "[Urgent] Ready?" they do not.
        return fnmatchcase(value, wanted.replace("[", "[[]").replace("?", "[?]"))
    # JSON's true is a Python int.
    return value == wanted and isinstance(value, bool) is isinstance(wanted, bool)
