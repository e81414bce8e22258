"""One readable line per event: what a person sees of the journal in the log."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from apnsim.logs import JsonFormatter
from gateway.journal import Journal
from gateway.records import State
from tests import builders

if TYPE_CHECKING:
    import pytest


def journal_with_one_push() -> Journal:
    journal = Journal(lambda: builders.NOW)
    record = journal.begin(builders.push(), "provider-1")
    journal.received(record, builders.notification(), builders.DEVICE)
    return journal


def test_a_push_that_arrives_is_one_line_in_apples_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gateway.journal")
    push = builders.notification()
    journal_with_one_push().note(push.unique_id, State.DELIVERED)
    assert caplog.messages == [f"alert {builders.TOPIC} {push.apns_id}: Delivered to Device"]


def test_debug_shows_every_step(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "gateway.journal")
    journal = journal_with_one_push()
    journal.note(builders.notification().unique_id, State.STORED_OFFLINE)
    assert [line.partition(": ")[2] for line in caplog.messages] == [
        "Received by APNs",
        "Stored - Device Offline",
    ]


def test_a_refusal_says_why_and_the_bearer_token_stays_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "gateway.journal")
    journal = Journal(lambda: builders.NOW)
    record = journal.begin(builders.push(authorization="bearer secret-secret"), "provider-1")
    journal.rejected(record, 400, "BadPriority", "apns-priority is 10, 5 or 1, not '7'")
    [line] = caplog.messages
    assert line.endswith("Rejected (400 BadPriority: apns-priority is 10, 5 or 1, not '7')")
    assert "secret-secret" not in caplog.text


def test_json_lines_carry_the_facts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gateway.journal")
    journal_with_one_push().note(builders.notification().unique_id, State.DISCARDED_EXPIRED, "late")
    entry = json.loads(JsonFormatter().format(caplog.records[0]))
    assert entry["state"] == "Discarded - Expired"
    assert entry["device"] == builders.DEVICE
    assert entry["detail"] == "late"
    assert entry["level"] == "info"
