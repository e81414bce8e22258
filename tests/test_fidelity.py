"""docs/fidelity.md keeps its promises: every reason is listed, and what it names exists."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
from fastapi.routing import APIRoute

from gateway.console.api import ROUTERS
from gateway.settings import Settings
from protocol.provider.rejection import Reason
from tests.test_architecture import ROOT, SOURCES

TEXT = (ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8")
HOW_TO_PROVOKE = TEXT.partition("## Choices where Apple is not known")[0]
FIRST_CELLS = re.findall(r"^\| ([^|]+) \|", HOW_TO_PROVOKE, re.MULTILINE)

# No row says how to provoke these: nobody knows how, and a spelling that is a setting.
WITHOUT_A_ROW = {Reason.FORBIDDEN, Reason.BAD_ENVIRONMENT_KEY_IN_TOKEN}

SETTINGS = {field.name for field in fields(Settings)}

# Where the process listens, keeps and logs; Apple's behaviour is no matter of these, nor of ports.
HOUSEKEEPING = {
    "console_token",
    "data_dir",
    "export_on_exit",
    "host",
    "in_band_faults",  # docs/faults.md, too
    "import_",
    "log_format",
    "log_level",
    "ready_file",
    "otel_endpoint",  # docs/metrics.md
    "rule",  # faults on purpose: docs/faults.md
    "san",
    "seed",  # of ids, which mean nothing
    "store",
    "team_id",
    "webhook",  # docs/forwarding.md
    "webhook_allow",
}


def test_every_reason_has_a_row_that_says_how_to_provoke_it() -> None:
    words = set(re.findall(r"\w+", " ".join(FIRST_CELLS)))
    without = {reason for reason in Reason if reason.text not in words}
    assert without == WITHOUT_A_ROW


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: str(reason.text))
def test_it_knows_every_reason(reason: Reason) -> None:
    assert re.search(rf"\b{reason.text}\b", TEXT)


def test_the_reasons_in_its_tables_are_apples_with_their_status() -> None:
    listed = [
        (int(status), text)
        for cell in FIRST_CELLS
        for status, texts in re.findall(r"(\d{3}) ([A-Z]\w+(?:, [A-Z]\w+)*)", cell)
        for text in texts.split(", ")
    ]
    assert len(listed) > 20, "the table is found"
    assert set(listed) <= {(reason.status, reason.text) for reason in Reason}


def test_what_it_says_is_never_answered_is_not() -> None:
    assert "Never answered today: Forbidden (its trigger is not known)" in TEXT
    places = [
        module.place(1)
        for module in SOURCES
        if module.name != "protocol.provider.rejection" and "Reason.FORBIDDEN" in module.text
    ]
    assert places == []


def test_every_setting_that_it_names_exists() -> None:
    named = set(re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+)+)`", TEXT))
    named |= set(re.findall(r"settings? `(\w+)`", TEXT))
    assert named - SETTINGS == {"related_key_id"}, "which is an attribute of a key"


def test_every_setting_that_is_about_apple_is_named() -> None:
    named = set(re.findall(r"`([a-z0-9_]+)`", TEXT))
    named |= {option.replace("-", "_") for option in re.findall(r"`--([a-z0-9-]+)", TEXT)}
    ports = {name for name in SETTINGS if "_port" in name}
    assert SETTINGS - named - ports == HOUSEKEEPING


def test_the_calls_of_the_control_api_that_it_names_exist() -> None:
    named = {_anonymous(call) for call in re.findall(r"`([A-Z]+ /api/[^`]+)`", TEXT)}
    assert named
    assert named <= {
        _anonymous(f"{method} {route.path}")
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def _anonymous(call: str) -> str:
    return re.sub(r"{\w+}", "{}", call)


def test_the_tests_that_it_points_to_exist() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", TEXT)
    assert named
    assert [path for path in named if not (ROOT / path).is_file()] == []
