"""A fleet's file: TOML that says what a crowd of phones is like."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from apnsim.scenario.times import duration
from apnsim.toml import reading
from apnsim.toml.reading import key, word
from apnsim.toml.source import BadFileError, Source
from devicesim.fleet.spec import FleetApp, FleetSpec
from gateway import values
from protocol.notification import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_BUNDLE_ID = "com.example.app"


def share(value: Any) -> float:  # noqa: ANN401 - whatever TOML or the command line holds
    """A part of the whole, from 0 to 1.

    Raises:
        ValueError: it is none.
    """
    try:
        number = -1.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = -1.0
    if not 0 <= number <= 1:
        raise ValueError("expected a share from 0 to 1, such as 0.2")
    return number


def _push_types(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    return tuple(map(reading.push_type, reading.names(value)))


@dataclass(frozen=True, slots=True)
class AppTable:
    """An app of the fleet."""

    bundle_id: str = key(values.bundle_id, "its bundle id")
    push_types: tuple[str, ...] = key(_push_types, 'such as ["alert", "voip"]', default=("alert",))
    installed: float = key(share, "the share of the phones that have, or had, it", default=1.0)
    uninstalled: float = key(
        share, "of these, those that have thrown it away: their tokens answer 410", default=0.0
    )
    denied: float = key(
        share, "of those that have it, those whose owner wants no notifications", default=0.0
    )


@dataclass(frozen=True, slots=True)
class FleetTable:
    """What the crowd is like."""

    devices: int = key(values.count, "how many phones", default=100)
    name: str = key(values.text, "their ids begin with it", default="fleet")
    environment: Environment = word(
        Environment, "which of Apple's worlds they live in", Environment.DEVELOPMENT
    )
    seed: int = key(values.whole_number, "of all dice: the same one draws the same phones", 0)
    ramp: float = key(duration, "how long it takes to switch them all on", default=0.0)
    away: float = key(share, "the share that is away at any moment", default=0.0)
    away_for: float = key(duration, "how long they are away, on average", default=60.0)
    locked: float = key(share, "the share that nobody is using", default=0.0)
    cellular: float = key(share, "the share that is on a cellular network", default=0.0)
    storm_every: float | None = key(duration, "so often every link is cut at once", default=None)


TABLES: dict[str, type] = {"(at the top)": FleetTable, "[[app]]": AppTable}


def load(name: str, text: str, changes: dict[str, Any]) -> FleetSpec:
    """Read a fleet.

    Args:
        name: of the file, for complaints.
        text: what is in it.
        changes: what the command line says instead: keys of the file; ``apps`` are bundle ids.

    Raises:
        BadFileError: it is none; names everything that is wrong.
    """
    source = Source(name, text)
    head = dict(source.table)
    tables = head.pop("app", [])
    bundle_ids = changes.pop("apps", None)
    table = reading.read(FleetTable, {**head, **changes}, source, ())
    apps = [AppTable(each) for each in bundle_ids] if bundle_ids else [*_apps(source, tables)]
    source.judge()
    assert table is not None
    try:
        return _spec(table, apps or [AppTable(DEFAULT_BUNDLE_ID)])
    except ValueError as error:
        source.complain((), str(error))
        raise BadFileError(source.faults) from None


def _apps(source: Source, tables: object) -> Iterator[AppTable]:
    if not isinstance(tables, list):
        source.complain(("app",), "expected [[app]], once for each app")
        return
    for index, each in enumerate(tables):
        if (app := reading.read(AppTable, each, source, ("app", index))) is not None:
            yield app


def _spec(table: FleetTable, apps: list[AppTable]) -> FleetSpec:
    return FleetSpec(tuple(FleetApp(**asdict(app)) for app in apps), **asdict(table))
