"""The metrics: names, help texts, few label values, both formats, and their page."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families

from gateway.console.metrics import render
from gateway.console.parts import Figures
from gateway.faults.match import Occasion
from gateway.faults.reading import read_rule
from gateway.histogram import ANSWER_BOUNDS, Histogram
from gateway.records import State
from gateway.store.store import StoreStatistics
from gateway.webhooks.description import read_description

if TYPE_CHECKING:
    from gateway.console.parts import ConsoleParts
    from tests.gateway.console.consoles import Console

PAGE = Path(__file__).parents[3] / "docs/metrics.md"


class BusyStore:
    """A store with a process behind it, as far as its figures go."""

    def statistics(self) -> StoreStatistics:
        return StoreStatistics("sqlite", 3, 10, 4, 1, batch_seconds=seen(0.002, 0.2))


def seen(*values: float) -> Histogram:
    histogram = Histogram(ANSWER_BOUNDS)
    for value in values:
        histogram.observe(value)
    return histogram


def busy_parts(console: Console) -> ConsoleParts:
    """Parts of which there is a figure of every kind."""
    console.figures = Figures(
        providers={"token": 2}, goaways={"Shutdown": 1}, loop_lag=seen(0.0001)
    )
    console.rules.add(read_rule("answer status=503"))
    console.rules.meet(console.rules.requests, Occasion({}))
    return dataclasses.replace(console.parts, store=BusyStore())


def values(console: Console) -> dict[str, float]:
    """Each sample by its name and labels, as they are written."""
    figures, _ = render(busy_parts(console), "")
    lines = [line.rpartition(" ") for line in figures.decode().splitlines()]
    return {name: float(value) for name, _, value in lines if not name.startswith("#")}


def test_every_metric_has_its_row_on_the_page_and_no_other_has(console: Console) -> None:
    figures, _ = render(busy_parts(console), "")
    families = {
        (each.name + ("_total" if each.type == "counter" else ""), each.type)
        for each in text_string_to_metric_families(figures.decode())
    }
    rows = re.findall(r"^\| `(\w+)`[^|]*\| (\w+) \|", PAGE.read_text(), re.MULTILINE)
    assert {each for each in families if each[0].startswith("apnsim_")} == set(rows)
    assert {name for name, _ in families} >= {"process_cpu_seconds_total", "process_open_fds"}


def test_every_help_text_is_a_sentence_and_no_two_are_alike(console: Console) -> None:
    figures, _ = render(busy_parts(console), "")
    texts = [
        each.documentation
        for each in text_string_to_metric_families(figures.decode())
        if each.name.startswith("apnsim_")
    ]
    assert all(text.endswith(".") and text[0].isupper() for text in texts if text[0] != "1")
    assert len(set(texts)) == len(texts)


def test_open_metrics_are_given_to_who_asks_for_them(console: Console) -> None:
    figures, media_type = render(
        busy_parts(console), "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
    )
    assert media_type.startswith("application/openmetrics-text; version=1.0.0")
    names = {each.name for each in open_metrics(figures.decode())}
    assert {"apnsim_requests", "apnsim_request_duration_seconds", "apnsim_build"} <= names


def test_how_long_things_took_is_counted_by_outcome_and_by_state(console: Console) -> None:
    console.accept(1)
    push = console.accept(2)
    console.reject()
    console.machine_time += 7200
    console.journal.note(push.unique_id, State.DELIVERED_FROM_STORAGE)
    console.journal.note(push.unique_id, State.PRESENTED)
    found = values(console)
    assert found['apnsim_request_duration_seconds_count{outcome="accepted"}'] == 2
    assert found['apnsim_request_duration_seconds_count{outcome="refused"}'] == 1
    late = 'state="Delivered to Device (From Storage)"'
    assert found[f"apnsim_push_arrival_seconds_sum{{{late}}}"] == 7200
    assert found[f'apnsim_push_arrival_seconds_bucket{{le="3600",{late}}}'] == 0
    assert found[f'apnsim_push_arrival_seconds_bucket{{le="21600",{late}}}'] == 1
    assert found['apnsim_push_arrival_seconds_count{state="Presented"}'] == 1


def test_what_helps_is_counted_too(console: Console) -> None:
    hook = console.webhooks.add(read_description("http://127.0.0.1:9/"))
    console.accept(1, State.DELIVERED)
    hook.failures = 3
    found = values(console)
    assert found["apnsim_webhook_pending"] == 1
    assert found["apnsim_webhook_failures_total"] == 3
    assert found['apnsim_faults_total{action="answer"}'] == 1
    assert found["apnsim_event_loop_lag_seconds_count"] == 1
    assert found['apnsim_provider_goaways_total{reason="Shutdown"}'] == 1
    assert found["apnsim_store_batch_duration_seconds_count"] == 2
    console.webhooks.remove(hook.number)
    found = values(console)  # what was counted stays counted
    assert (found["apnsim_webhook_failures_total"], found["apnsim_webhook_dropped_total"]) == (3, 1)


def test_nothing_of_what_providers_send_becomes_a_label(console: Console) -> None:
    for number in range(50):
        record = console.journal.begin(None, "")
        console.journal.rejected(record, 400, f"Invented{number}", "")
    found = values(console)
    assert found['apnsim_requests_total{reason="other",status="400"}'] == 50
    assert not [name for name in found if "Invented" in name]


def test_a_histogram_counts_what_lies_on_a_bound_below_it() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.0, 1.0, 1.5, 2.0, 3.0):
        histogram.observe(value)
    assert histogram.buckets() == [(1.0, 2), (2.0, 4), (float("inf"), 5)]
    assert histogram.total == 7.5
