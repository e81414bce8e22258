"""Figures in Prometheus' text exposition format, version 0.0.4."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gateway.console.parts import ConsoleParts

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample: TypeAlias = "tuple[Mapping[str, str], float]"


def render(parts: ConsoleParts) -> str:
    """Every figure, as it is now; label values come from small, fixed sets."""
    return "".join(
        line
        for name, (kind, text), samples in _families(parts)
        for line in _family(name, kind, text, samples)
    )


def _families(
    parts: ConsoleParts,
) -> Iterator[tuple[str, tuple[str, str], Iterable[Sample]]]:
    journal = parts.journal.statistics()
    store, sessions = parts.store.statistics(), parts.sessions.statistics()

    def one(value: float) -> list[Sample]:
        return [({}, value)]

    yield (
        "apnsim_requests_total",
        ("counter", "Provider requests, by status and reason."),
        [
            ({"status": str(status), "reason": reason}, count)
            for (status, reason), count in sorted(journal.answers.items())
        ],
    )
    yield (
        "apnsim_pushes_total",
        ("counter", "How often pushes reached each state."),
        [({"state": state}, count) for state, count in journal.reached.items()],
    )
    yield "apnsim_journal_records", ("gauge", "Records in the journal."), one(journal.records)
    yield "apnsim_journal_viewers", ("gauge", "Viewers of the journal."), one(journal.viewers)
    yield (
        "apnsim_store_pending",
        ("gauge", "Notifications that wait for their device."),
        [({"kind": store.kind}, store.pending)],
    )
    yield "apnsim_store_operations_total", ("counter", "Store verbs."), one(store.operations)
    yield "apnsim_store_batches_total", ("counter", "Commits of them."), one(store.batches)
    yield "apnsim_store_restarts_total", ("counter", "Restarts of it."), one(store.restarts)
    yield "apnsim_courier_sessions", ("gauge", "Connected devices."), one(sessions.sessions)
    yield "apnsim_courier_arrivals_total", ("counter", "Connects."), one(sessions.arrivals)
    yield (
        "apnsim_courier_superseded_total",
        ("counter", "Connects over a link of the same device that was still there."),
        one(sessions.superseded),
    )
    yield "apnsim_channels", ("gauge", "Broadcast channels."), one(sum(1 for _ in parts.channels))
    yield (
        "apnsim_channel_subscriptions",
        ("gauge", "Channels that connected devices listen to, each device for itself."),
        one(parts.channels.subscriptions()),
    )
    yield "apnsim_clock_seconds", ("gauge", "The gateway's time."), one(parts.clock.now())


def _family(name: str, kind: str, text: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {text}\n# TYPE {name} {kind}\n"
    for labels, value in samples:
        written = ",".join(f'{label}="{_escaped(each)}"' for label, each in labels.items())
        yield f"{name}{{{written}}} {value}\n" if written else f"{name} {value}\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
