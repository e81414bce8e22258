"""Figures for Prometheus, collected when they are asked for; docs/metrics.md says what each means.

Label values come from small, fixed sets: no token, topic, device, URL or address is among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from gateway.faults.basics import name_of
from gateway.version import VERSION
from protocol.provider.rejection import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from prometheus_client import Metric

    from gateway.console.parts import ConsoleParts, Figures
    from gateway.histogram import Histogram
    from gateway.records import State

    Value = TypeVar("Value")
    Values: TypeAlias = Mapping[str, Value] | Mapping[State, Value]

_REASONS = frozenset({"", *(reason.text for reason in Reason)})
OTHER = "other"


def render(parts: ConsoleParts, accept: str) -> tuple[bytes, str]:
    """Every figure, as it is now, and the media type.

    Args:
        parts: where they are.
        accept: the scraper's ``accept``: OpenMetrics if it says so, else Prometheus' text.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(parts))
    ProcessCollector(registry=registry)
    encode, media_type = _encoder(accept)
    return encode(registry), media_type


def _encoder(accept: str) -> tuple[Callable[[CollectorRegistry], bytes], str]:
    try:
        return choose_encoder(accept)
    except TypeError:  # of a version that is none: prometheus_client compares it with numbers
        return choose_encoder("")


class _Figures(Collector):
    def __init__(self, parts: ConsoleParts) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        parts = self._parts
        yield InfoMetricFamily("apnsim_build", "Which apnsim this is.", {"version": VERSION})
        yield _gauge("apnsim_clock_seconds", "The gateway's time, UNIX seconds.", parts.clock.now())
        figures = parts.figures()
        yield from _pushes(parts)
        yield from _store(parts)
        yield from _links(parts, figures)
        yield from _helpers(parts)
        if figures.loop_lag is not None:
            yield _histograms(
                "apnsim_event_loop_lag_seconds",
                "How long the event loop takes to get to what is due now, sampled in real time.",
                "",
                {"": figures.loop_lag},
            )


def _pushes(parts: ConsoleParts) -> Iterator[Metric]:
    journal, tally = parts.journal.statistics(), parts.journal.tally
    requests = CounterMetricFamily(
        "apnsim_requests",
        "Provider requests, by the answer; a reason that is none of Apple's is 'other'.",
        labels=["status", "reason"],
    )
    answers: dict[tuple[str, str], int] = {}
    for (status, reason), count in sorted(journal.answers.items()):
        key = str(status), reason if reason in _REASONS else OTHER
        answers[key] = answers.get(key, 0) + count
    for labels, count in answers.items():
        requests.add_metric(labels, count)
    yield requests
    yield _histograms(
        "apnsim_request_duration_seconds",
        "From a whole request to its answer, in real time.",
        "outcome",
        {
            "accepted": tally.answer_seconds[True],
            "refused": tally.answer_seconds[False],
        },
    )
    yield _counters(
        "apnsim_pushes", "How often pushes reached each state.", "state", journal.reached
    )
    yield _histograms(
        "apnsim_push_arrival_seconds",
        "From a push's request to this state, in the gateway's time.",
        "state",
        tally.arrival_seconds,
    )
    yield _gauge("apnsim_journal_records", "Requests and pushes in the journal.", journal.records)
    yield _gauge("apnsim_journal_viewers", "Who watches the journal now.", journal.viewers)
    yield _counter(
        "apnsim_journal_viewers_dropped",
        "Viewers of the journal that were too slow to keep up.",
        parts.journal.viewers.dropped,
    )


def _store(parts: ConsoleParts) -> Iterator[Metric]:
    store = parts.store.statistics()
    pending = GaugeMetricFamily(
        "apnsim_store_pending", "Pushes that wait for their device.", labels=["kind"]
    )
    pending.add_metric([store.kind], store.pending)
    yield pending
    yield _gauge(
        "apnsim_store_available", "1, or 0 during an outage of the store.", store.is_available
    )
    yield _counter("apnsim_store_operations", "What the store was asked to do.", store.operations)
    yield _counter("apnsim_store_batches", "Commits that held these operations.", store.batches)
    yield _counter("apnsim_store_restarts", "Restarts of the store's process.", store.restarts)
    if store.batch_seconds is not None:
        yield _histograms(
            "apnsim_store_batch_duration_seconds",
            "From a batch that is sent to the store's process to its answer, in real time.",
            "",
            {"": store.batch_seconds},
        )


def _links(parts: ConsoleParts, figures: Figures) -> Iterator[Metric]:
    sessions = parts.sessions.statistics()
    yield _gauges(
        "apnsim_provider_connections",
        "Connections of providers, by how they prove who they are.",
        "authentication",
        figures.providers,
    )
    yield _counters(
        "apnsim_provider_goaways",
        "GOAWAYs sent to providers, by Apple's reason or HTTP/2's error; not those of faults.",
        "reason",
        figures.goaways,
    )
    yield _gauge("apnsim_courier_sessions", "Devices that are connected.", sessions.sessions)
    yield _counter("apnsim_courier_arrivals", "Links that devices have opened.", sessions.arrivals)
    yield _counter(
        "apnsim_courier_superseded",
        "Links opened while an older one of the same device was still there.",
        sessions.superseded,
    )
    yield _counter(
        "apnsim_courier_keep_alives", "Keep-alives heard from devices.", sessions.keep_alives
    )
    yield _counter(
        "apnsim_courier_redeliveries",
        "Pushes sent again because the link that they were sent on was lost.",
        sessions.sent_again,
    )
    yield _gauge("apnsim_channels", "Broadcast channels.", sum(1 for _ in parts.channels))
    yield _gauge(
        "apnsim_channel_subscriptions",
        "Channels that connected devices listen to, each device for itself.",
        parts.channels.subscriptions(),
    )


def _helpers(parts: ConsoleParts) -> Iterator[Metric]:
    yield _counters(
        "apnsim_faults",
        "What fault rules have done, by the type of the action.",
        "action",
        {name_of(kind): count for kind, count in parts.rules.struck.items()},
    )
    fares = parts.webhooks.fares()
    yield _gauge("apnsim_webhooks", "Webhooks there are.", sum(1 for _ in parts.webhooks))
    yield _gauge(
        "apnsim_webhook_pending",
        "Events that webhooks are still to be told of.",
        sum(hook.pending for hook in parts.webhooks),
    )
    yield _counter(
        "apnsim_webhook_deliveries", "Events that webhooks were told of.", fares["delivered"]
    )
    yield _counter(
        "apnsim_webhook_failures", "Attempts to tell a webhook that failed.", fares["failures"]
    )
    yield _counter(
        "apnsim_webhook_dropped", "Events that webhooks will never be told of.", fares["dropped"]
    )


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=value)


def _gauges(name: str, text: str, label: str, values: Values[float]) -> Metric:
    return _with(GaugeMetricFamily(name, text, labels=[label]), values)


def _counters(name: str, text: str, label: str, values: Values[float]) -> Metric:
    return _with(CounterMetricFamily(name, text, labels=[label]), values)


def _with(
    family: GaugeMetricFamily | CounterMetricFamily, values: Values[float]
) -> GaugeMetricFamily | CounterMetricFamily:
    for labelled, value in values.items():
        family.add_metric([str(labelled)], value)
    return family


def _histograms(name: str, text: str, label: str, values: Values[Histogram]) -> Metric:
    """One with a label, or of an empty label a single one without."""
    family = HistogramMetricFamily(name, text, labels=[label] if label else [])
    for labelled, histogram in values.items():
        family.add_metric(
            [str(labelled)] if label else [], list(_buckets(histogram)), histogram.total
        )
    return family


def _buckets(histogram: Histogram) -> Iterable[tuple[str, float]]:
    for bound, count in histogram.buckets():
        yield ("+Inf" if bound == float("inf") else f"{bound:g}"), count
