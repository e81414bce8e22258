"""Where spans go: to a collector that speaks OTLP over HTTP, from the SDK's own thread."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import trio

from gateway.version import VERSION

if TYPE_CHECKING:
    from opentelemetry import trace
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

    from gateway.followers import Followers
    from gateway.tracing.spans import Traces

END_SECONDS = 2.0
ENDPOINT_VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class NoTracesError(Exception):
    """The SDK is not installed; the message says how to install it."""


def require_sdk() -> None:
    """See to it that traces can be made.

    Raises:
        NoTracesError: they cannot.
    """
    try:
        import opentelemetry.exporter.otlp.proto.http
        import opentelemetry.sdk.trace  # noqa: F401
    except ImportError:
        raise NoTracesError(
            'traces need OpenTelemetry\'s SDK, an extra: pip install "apnsim[otel]"'
        ) from None


async def export_traces(
    followers: Followers,
    endpoint: str | None,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Send traces of what happens until cancelled; then what is left, in bounded time.

    Args:
        followers: of the journal.
        endpoint: of the collector, without ``/v1/traces``; None: what OpenTelemetry's own variables
            say, which decide on all the rest (headers, sampling, resource) in any case.
        task_status: started once traces are made.

    Raises:
        NoTracesError: the SDK is not installed.
    """
    require_sdk()
    traces, batches, exporter = _begin(endpoint)
    followers.add(traces)
    try:
        task_status.started()
        await trio.sleep_forever()
    finally:
        followers.discard(traces)
        traces.end()
        with trio.move_on_after(END_SECONDS, shield=True) as patience:
            await trio.to_thread.run_sync(batches.shutdown, abandon_on_cancel=True)
        if patience.cancelled_caught:
            exporter.shutdown()  # the SDK's thread would go on for half a minute


def _begin(endpoint: str | None) -> tuple[Traces, BatchSpanProcessor, SpanExporter]:
    """Traces of two services, the gateway and its devices; what gathers both, and what sends it."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from gateway.tracing.ids import Ids
    from gateway.tracing.spans import Traces

    url = None if endpoint is None else f"{endpoint.rstrip('/')}/v1/traces"
    exporter, ids = OTLPSpanExporter(url), Ids()
    batches = BatchSpanProcessor(exporter)

    def tracer_of(service: str) -> trace.Tracer:
        facts = {"service.name": service, "service.version": VERSION}
        provider = TracerProvider(
            resource=Resource.create(facts), id_generator=ids, shutdown_on_exit=False
        )
        provider.add_span_processor(batches)
        return provider.get_tracer("apnsim", VERSION)

    name = os.environ.get("OTEL_SERVICE_NAME", "apnsim")
    traces = Traces(tracer_of(name), tracer_of(f"{name}-device"), ids.name_next)
    return traces, batches, exporter
