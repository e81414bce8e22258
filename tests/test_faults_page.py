"""docs/faults.md and the measurements of clients keep up with the rules that there are."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any, get_args

import pytest

from gateway.faults.reading import read_rule
from gateway.faults.rule import Action
from gateway.faults.tls import TlsFault
from interop.clients import CLIENTS
from interop.fault_list import FAULTS, Fault
from interop.faults import markdown
from tests.test_architecture import ROOT

PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
BY_CLIENT = (ROOT / "docs" / "faults-by-client.md").read_text(encoding="utf-8")
ACTIONS = get_args(get_args(Action)[0])


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: str(action.__name__))
def test_every_action_has_its_line_and_its_fields(action: Any) -> None:  # noqa: ANN401
    of_action = {field.name: field.type for field in fields(action)}
    (tag,) = get_args(of_action.pop("type"))
    assert re.search(rf"^\| `{tag}` \||^`{tag}` spoils", PAGE, re.MULTILINE)
    of_action.pop("times")
    assert [name for name in of_action if f"`{name}" not in PAGE] == []


# Where the problem of the field, or what a client does, is told.
SOURCE = re.compile(r"clients\.md \d|#\d+|field-incidents|autopush|Fleet")
# What breaks nothing by itself.
HARMLESS = {"pass"}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: str(action.__name__))
def test_every_action_says_which_problem_of_the_field_it_reproduces(action: Any) -> None:  # noqa: ANN401
    (tag,) = get_args({field.name: field.type for field in fields(action)}["type"])
    if tag in HARMLESS:
        return
    tags = [how.value for how in TlsFault] if tag == "tls" else [tag]
    for each in tags:
        [line] = re.findall(rf"^\| [^|]*`{each}`[^|]* \|(.*)$", PAGE, re.MULTILINE)
        assert SOURCE.search(line), each


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: str(action.__name__))
def test_every_action_meets_a_real_client_or_apsd_in_a_test(action: Any) -> None:  # noqa: ANN401
    (tag,) = get_args({field.name: field.type for field in fields(action)}["type"])
    tests = [path.read_text() for path in (ROOT / "tests" / "e2e").glob("test_*faults.py")]
    written = re.compile(rf"""["']{tag}(?:["' ]|$)""", re.MULTILINE)
    assert any(written.search(text) for text in tests)


def test_what_the_page_says_on_the_command_line_is_a_rule() -> None:
    commands = re.findall(r"--rule '([^']+)'", PAGE)
    assert [read_rule(words).times for words in commands] == [2]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.name))
def test_what_clients_are_measured_with_are_rules(fault: Fault) -> None:
    assert read_rule({"action": fault.action, "times": 1})


def test_the_measurements_are_of_all_clients_and_all_faults() -> None:
    rows = [line.split(" | ") for line in BY_CLIENT.splitlines() if line.startswith("| ")]
    assert [name.strip("| ") for name in rows[0]] == ["fault", *(each.name for each in CLIENTS)]
    assert [row[0].strip("| ") for row in rows[2:]] == [fault.name for fault in FAULTS]


def test_the_page_of_measurements_has_a_row_per_fault() -> None:
    page = markdown({"httpx": [f"did {number}" for number in range(len(FAULTS))]})
    assert page.endswith(f"| {FAULTS[-1].name} | did {len(FAULTS) - 1} |\n")
