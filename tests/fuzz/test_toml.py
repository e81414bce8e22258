"""Whatever stands in a file that people write, it is used, or every mistake in it is told."""

from __future__ import annotations

import datetime
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apnsim import fleet_file
from apnsim.scenario import plan
from apnsim.scenario.steps import VERBS
from apnsim.toml.reading import documented
from apnsim.toml.source import BadFileError
from gateway import configuration

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# What is somewhere right, and elsewhere wrong.
WORDS = [
    "Anna's iPhone", "com.example.chat", "a", "alert", "voip", "wifi", "none", "production",
    "+2 min 40 s", "31 min", "17:45:59.562", "terminated", "Delivered", "first", "*", "1.5",
]  # fmt: skip
TEXTS = st.sampled_from(WORDS) | st.text(max_size=8)
VALUES = st.recursive(
    TEXTS
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.times()
    | st.datetimes(timezones=st.none() | st.just(datetime.UTC)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=4,
)


def written(value: Any) -> str:  # noqa: ANN401
    """As TOML has it; a few letters need care that they are not given: then it is none."""
    match value:
        case dict():
            return "{" + ", ".join(f"{written(k)} = {written(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(written, value)) + "]"
        case datetime.date() | datetime.time():
            return value.isoformat()
        case float():
            return repr(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def file_of(table: dict[str, Any]) -> str:
    return "".join(f"{name} = {written(value)}\n" for name, value in table.items())


def tables_of(kind: type) -> st.SearchStrategy[dict[str, Any]]:
    names = [name for name, _ in documented(kind)]
    return st.dictionaries(st.sampled_from([*names, "other"]), VALUES, max_size=4)


def some(kind: type) -> st.SearchStrategy[Any]:
    return st.lists(tables_of(kind), min_size=1, max_size=3) | VALUES


STEPS = st.one_of(
    *(
        st.fixed_dictionaries({verb: tables_of(kind) | VALUES}, optional={"at": VALUES})
        for verb, kind in VERBS.items()
    )
)
GATEWAY = st.dictionaries(
    st.sampled_from([option.name for option in configuration.options()]), VALUES, max_size=4
)
SCENARIOS = st.fixed_dictionaries(
    {"title": TEXTS, "device": some(plan.Phone), "step": st.lists(STEPS, max_size=5) | VALUES},
    optional={"learn": VALUES, "start": VALUES, "gateway": GATEWAY | VALUES, "other": VALUES},
)
FLEETS = st.builds(
    lambda head, rest: head | rest,
    tables_of(fleet_file.FleetTable),
    st.fixed_dictionaries({}, optional={"app": some(fleet_file.AppTable)}),
)
MANY_DIGITS = "9" * 4301
DEEP = "[" * 100_000


def is_used_or_told(load: Callable[[str, str], object], text: str) -> None:
    faults = ["file.toml:"]
    try:
        load("file.toml", text)
    except BadFileError as error:
        faults = [str(fault) for fault in error.faults]
    assert faults
    assert all(fault.startswith("file.toml:") for fault in faults)


@given(SCENARIOS.map(file_of) | st.text())
@example(f"title = {MANY_DIGITS}")
@example(f"title = {DEEP}")
@example(f"device = [{{ name = 'a' }}]\nstep = [{{ at = {10**400}, wake = {{}} }}]")
def test_a_scenario(text: str) -> None:
    is_used_or_told(plan.load, text)


@given(FLEETS.map(file_of) | st.text())
@example(f"away = {10**400}")
@example(f"away_for = {10**400}")
@example(f"devices = {MANY_DIGITS}")
def test_a_fleet(text: str) -> None:
    is_used_or_told(lambda name, text: fleet_file.load(name, text, {}), text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=GATEWAY.map(file_of) | st.text())
@example(text=f"window = {MANY_DIGITS}")
@example(text=f"window = {DEEP}")
def test_settings(text: str, tmp_path: Path) -> None:
    file = tmp_path / "apnsim.toml"
    file.write_text(text, encoding="utf-8", newline="")
    with suppress(configuration.SettingsError):
        configuration.load(file, {}, {})
