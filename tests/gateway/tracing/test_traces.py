"""The journal as traces, as a collector hears them."""

from __future__ import annotations

import socket
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import trio

from gateway.console.views import push_view
from gateway.records import State
from gateway.tracing import spans
from gateway.tracing.exporting import END_SECONDS, export_traces
from protocol.identifiers import CollapseId
from tests.builders import TOKEN, broadcast, notification, push
from tests.gateway.console.consoles import Console
from tests.gateway.tracing.collector import Collector, collector

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.gateway.tracing.collector import Told

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SERVER, INTERNAL, CONSUMER = 2, 1, 5


@pytest.fixture
def console() -> Console:
    return Console()


@asynccontextmanager
async def traced(console: Console, there: Collector) -> AsyncIterator[None]:
    """What happens inside is at the collector afterwards."""
    async with trio.open_nursery() as nursery:
        await nursery.start(export_traces, console.journal.followers, there.url)
        yield
        nursery.cancel_scope.cancel()
    assert not console.journal.followers.present


def by_name(there: Collector) -> dict[str, Told]:
    named = {span.name: span for span in there.spans}
    assert len(named) == len(there.spans)
    return named


async def test_a_push_is_one_trace_that_goes_on_the_providers(console: Console) -> None:
    asked = push(traceparent=f"00-{TRACE}-{PARENT}-01")
    with collector() as there:
        async with traced(console, there):
            sent = console.accept(1, State.STORED_OFFLINE, request=asked)
            console.machine_time += 60
            console.journal.note(sent.unique_id, State.DELIVERED_FROM_STORAGE)
            console.machine_time += 0.5
            console.journal.present(sent.unique_id, State.PRESENTED, "shown on phone")
    named = by_name(there)
    request = named["POST /3/device/{token}"]
    assert {span.trace_id for span in there.spans} == {TRACE}
    assert (request.parent_id, request.kind, request.service) == (PARENT, SERVER, "apnsim")
    deliver, present = named["deliver com.example.app"], named["present com.example.app"]
    assert named["validate"].parent_id == named["store"].parent_id == request.span_id
    assert (deliver.parent_id, deliver.kind, deliver.seconds) == (request.span_id, CONSUMER, 60)
    assert (present.parent_id, present.service) == (deliver.span_id, "apnsim-device")
    assert present.seconds == 0.5
    assert deliver.facts["apnsim.state"] == "Delivered to Device (From Storage)"
    assert there.paths[0] == "/v1/traces"


async def test_attributes_are_those_of_the_conventions_and_tell_no_token_and_no_payload(
    console: Console,
) -> None:
    with collector() as there:
        async with traced(console, there):
            sent = console.accept(1, State.DELIVERED)
    request = by_name(there)["POST /3/device/{token}"]
    assert request.facts == {
        "http.request.method": "POST",
        "http.route": "/3/device/{token}",
        "http.response.status_code": 200,
        "network.protocol.name": "http",
        "network.protocol.version": "2",
        "messaging.system": "apns",
        "messaging.destination.name": "com.example.app",
        "messaging.message.id": sent.unique_id,
        "messaging.message.body.size": len(sent.payload),
        "apns.id": sent.apns_id,
        "apns.push_type": "alert",
        "apns.priority": 10,
    }
    told = repr(there.spans)
    assert str(TOKEN) not in told
    assert "Hello" not in told
    assert "phone" not in told


async def test_a_trace_that_begins_here_has_the_unique_id_of_its_push(console: Console) -> None:
    with collector() as there:
        async with traced(console, there):
            first, second = console.accept(1, State.DELIVERED), console.accept(2)
    roots = [span for span in there.spans if not span.parent_id]
    named = [push.unique_id.replace("-", "") for push in (first, second)]
    assert [span.trace_id for span in roots] == named


async def test_a_refusal_is_a_request_alone_and_an_outage_an_error(console: Console) -> None:
    with collector() as there:
        async with traced(console, there):
            console.reject()
            record = console.journal.begin(push(method="GET", path="/x"), "provider-1")
            console.journal.rejected(record, 503, "ServiceUnavailable", "the store is out")
    refused, failed = there.spans
    assert (refused.facts["error.type"], refused.status) == ("BadDeviceToken", 0)
    assert (failed.name, failed.facts["error.type"], failed.status) == (
        "GET",
        "ServiceUnavailable",
        2,
    )
    assert refused.trace_id != failed.trace_id


async def test_what_the_provider_does_not_sample_is_not_sampled_here(console: Console) -> None:
    with collector() as there:
        async with traced(console, there):
            console.accept(1, State.DELIVERED, request=push(traceparent=f"00-{TRACE}-{PARENT}-00"))
            console.accept(2)
    assert [span.name for span in there.spans if not span.parent_id] == ["POST /3/device/{token}"]
    assert TRACE not in {span.trace_id for span in there.spans}


async def test_a_broadcast_is_published_and_delivered(console: Console) -> None:
    asked = push(path="/4/broadcasts/apps/com.example.app")
    with collector() as there:
        async with traced(console, there):
            record = console.journal.begin(asked, "provider-1")
            sent = broadcast(1)
            console.journal.received(record, sent, None)
            console.journal.accepted(record)
            console.journal.published(sent.unique_id, 2)
            for _ in range(2):
                console.journal.broadcast_delivered(sent, is_from_storage=False)
    request = "POST /4/broadcasts/apps/{bundle_id}"
    topic = sent.topic
    assert set(by_name(there)) == {request, "validate", f"publish {topic}", f"deliver {topic}"}


async def test_only_so_many_pushes_are_remembered(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spans, "CAPACITY", 1)
    with collector() as there:
        async with traced(console, there):
            first = console.journal.begin(push(), "provider-1")
            console.journal.received(first, notification(1, collapse_id=CollapseId("x")), None)
            second = console.accept(2)
            console.journal.accepted(first)  # too late
            console.journal.note(second.unique_id, State.DELIVERED)
    assert sorted(span.name for span in there.spans) == [
        *["POST /3/device/{token}"] * 2,
        "deliver com.example.app",
        *["validate"] * 2,
    ]


async def test_what_was_not_answered_ends_with_the_gateway(console: Console) -> None:
    with collector() as there:
        async with traced(console, there):
            record = console.journal.begin(push(), "provider-1")
            console.journal.received(record, notification(1), None)
    assert set(by_name(there)) == {"validate", "POST /3/device/{token}"}


async def test_a_push_of_an_earlier_process_is_in_no_trace(console: Console) -> None:
    with collector() as there:
        async with traced(console, there):
            old = notification(7)
            console.journal.adopt(old, None)
            console.journal.note(old.unique_id, State.DELIVERED_FROM_STORAGE)
    assert not there.spans


@pytest.mark.filterwarnings("ignore")
async def test_a_collector_that_is_not_there_holds_up_no_push_and_no_end(console: Console) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        started = trio.current_time()
        async with traced(console, Collector(url)):
            for number in range(1, 100):
                console.accept(number, State.DELIVERED)
        assert trio.current_time() - started < END_SECONDS + 2
    for left in [thread for thread in threading.enumerate() if "Otel" in thread.name]:
        left.join(5)  # a retry given up ends at once; one that goes on, after half a minute
        assert not left.is_alive()


def test_the_trace_of_the_provider_is_told_by_the_api(console: Console) -> None:
    console.accept(1, request=push(traceparent=f"00-{TRACE}-{PARENT}-01"))
    console.accept(2)
    views = [push_view(record) for record in console.journal.records()]
    assert [view.trace_id for view in views] == [TRACE, None]
