"""A scenario as its file has it: who takes part, what happens when, what is expected."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apnsim.scenario import times
from apnsim.scenario.cast import Cast, device_id
from apnsim.scenario.steps import VERBS
from apnsim.scenario.steps.apps import Install
from apnsim.scenario.steps.expectations import Expect
from apnsim.scenario.steps.phones import Restore
from apnsim.scenario.steps.pushes import Push
from apnsim.toml import reading
from apnsim.toml.reading import key, word
from apnsim.toml.source import Source
from devicesim.network import NetworkKind
from gateway import configuration, values
from gateway.settings import Settings
from protocol.notification import Environment, PushType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apnsim.scenario.steps import Action

DEFAULT_START = datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.UTC)
# What a scenario may set of its gateway: not where it lives, listens or writes.
_NOT_SETTABLE = ("port", "_dir", "host", "san", "store", "file", "log_", "console", "library")


def _start(value: Any) -> datetime.datetime:  # noqa: ANN401
    if not isinstance(value, datetime.datetime):
        raise ValueError("expected a date and time such as 2026-03-02T17:14:56Z")  # noqa: TRY004
    return value if value.tzinfo else value.replace(tzinfo=datetime.UTC)


def _apps(value: Any) -> dict[str, tuple[PushType, ...]]:  # noqa: ANN401
    apps = reading.table(value)
    return {
        values.bundle_id(name): tuple(map(reading.push_type, reading.names(types)))
        for name, types in apps.items()
    }


@dataclass(frozen=True, slots=True)
class Phone:
    """A ``[[device]]``: a phone that is there from the start."""

    name: str = key(values.text, "what it is called", default="iPhone")
    network: NetworkKind = word(NetworkKind, "what it is connected by", NetworkKind.WIFI)
    environment: Environment = word(
        Environment, "which of Apple's worlds it lives in", Environment.DEVELOPMENT
    )
    apps: dict[str, tuple[PushType, ...]] | None = key(
        _apps, 'its apps and their push types: { "com.example.chat" = ["alert"] }', default=None
    )


@dataclass(frozen=True, slots=True)
class Step:
    """A ``[[step]]``: something happens; ``at`` is seconds after the start."""

    number: int
    line: int
    at: float
    verb: str
    action: Action


@dataclass(frozen=True, slots=True)
class Head:
    """The file itself."""

    title: str = key(values.text, "one line: what it is about")
    learn: str = key(values.text, "what somebody learns from it", default="")
    start: datetime.datetime = key(
        _start, "the wall time at the start, such as 2026-03-02T17:14:56Z", default=DEFAULT_START
    )


@dataclass(frozen=True, slots=True)
class Scenario:
    """A file that was found good."""

    name: str
    title: str
    learn: str
    start: datetime.datetime
    settings: Settings
    phones: tuple[Phone, ...]
    steps: tuple[Step, ...]
    cast: Cast


def load(name: str, text: str) -> Scenario:
    """Read a scenario.

    Args:
        name: of the file, for complaints.
        text: what is in it.

    Raises:
        BadFileError: it is none; names everything that is wrong.
    """
    source = Source(name, text)
    parts = dict(source.table)
    tables = {part: parts.pop(part, None) for part in ("gateway", "device", "step")}
    head = reading.read(Head, parts, source, ())
    settings = _settings(source, tables["gateway"])
    phones = _phones(source, tables["device"])
    steps = _steps(source, tables["step"], head.start if head else DEFAULT_START)
    source.judge()
    assert head is not None
    cast = _cast(phones, steps)
    _check(source, steps, cast)
    source.judge()
    return Scenario(name, head.title, head.learn.strip(), head.start, settings, phones, steps, cast)


def _settings(source: Source, table: object) -> Settings:
    if table is None:
        return Settings()
    if not isinstance(table, dict):
        source.complain(("gateway",), "expected a table of settings")
        return Settings()
    known = {
        option.name: option
        for option in configuration.options()
        if not any(part in option.name for part in _NOT_SETTABLE)
    }
    converted = {}
    for name, value in table.items():
        path = ("gateway", name)
        if name not in known:
            source.complain(path, "there is no such setting; see apnsim serve --help")
            continue
        try:
            converted[name] = known[name].convert(value)
        except ValueError as error:
            source.complain(path, f"{error}, not {value!r:.60}")
    return Settings(**converted)


def _phones(source: Source, tables: object) -> tuple[Phone, ...]:
    found = [
        phone
        for index, table in _list(source, "device", tables, "[[device]]")
        if (phone := reading.read(Phone, table, source, ("device", index))) is not None
    ]
    names = [device_id(phone.name) for phone in found]
    for index, name in enumerate(names):
        if name in names[:index]:
            source.complain(("device", index, "name"), f"there is another device called {name!r}")
    return tuple(found)


def _list(source: Source, part: str, tables: object, written: str) -> Iterator[tuple[int, object]]:
    if not isinstance(tables, list) or not tables:
        source.complain((part,), f"expected at least one {written}")
        return
    yield from enumerate(tables)


def _steps(source: Source, tables: object, start: datetime.datetime) -> tuple[Step, ...]:
    steps = []
    midnight, previous = times.start_of_day(start), 0.0
    for index, table in _list(source, "step", tables, "[[step]]"):
        path = ("step", index)
        if not isinstance(table, dict):
            source.complain(path, "expected a table")
            continue
        at = _when(source, table, path, previous, midnight)
        previous = max(previous, at)
        verbs = [name for name in table if name != "at"]
        for name in [name for name in verbs if name not in VERBS]:
            source.complain((*path, name), f"there is no such step; there are {', '.join(VERBS)}")
        if len(verbs) != 1:
            source.complain(path, f"expected at and one of {', '.join(VERBS)}, not {len(verbs)}")
        elif verbs[0] in VERBS:
            [verb] = verbs
            action = reading.read(VERBS[verb], table[verb], source, (*path, verb))
            if action is not None:
                steps.append(Step(index + 1, source.line_of(path), at, verb, action))
    return tuple(steps)


def _when(
    source: Source, table: dict[str, Any], path: tuple[str, int], previous: float, midnight: float
) -> float:
    try:
        at = times.moment(table.get("at", "+0 s")).after(previous, midnight)
    except ValueError as error:
        source.complain((*path, "at"), f"{error}, not {table['at']!r:.60}")
        return previous
    if at < previous:
        source.complain(
            (*path, "at"),
            f"it is before the step above it, which is at {times.spoken(previous)} after the start:"
            " steps stand in the order of time",
        )
    return at


def _cast(phones: tuple[Phone, ...], steps: tuple[Step, ...]) -> Cast:
    names = tuple(phone.name for phone in phones)
    apps: dict[str, set[str]] = {}
    pushes: set[str] = set()
    for phone in phones:
        for app in phone.apps or ():
            apps.setdefault(app, set()).add(phone.name)
    for step in steps:
        action = step.action
        if isinstance(action, Push):
            pushes |= {action.group, *action.names}
        elif isinstance(action, Install):
            alone = names if len(names) == 1 else ()
            apps.setdefault(action.app, set()).update([action.device] if action.device else alone)
        elif isinstance(action, Restore) and action.to is not None:
            for devices in apps.values():
                devices.add(action.to)  # whichever the other one has
    return Cast(names, {app: frozenset(where) for app, where in apps.items()}, frozenset(pushes))


def _check(source: Source, steps: tuple[Step, ...], cast: Cast) -> None:
    """What can be seen only when all parts are known."""
    for step in steps:
        for fault in step.action.faults(cast):
            source.complain(("step", step.number - 1, step.verb), fault)
    if not any(isinstance(step.action, Expect) for step in steps):
        source.complain(("step",), "no step expects anything: add one with expect = { … }")


TABLES: dict[str, type] = {"(at the top)": Head, "[[device]]": Phone}
