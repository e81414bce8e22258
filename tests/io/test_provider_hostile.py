"""A whole gateway over TLS, hostile providers and a normal one side by side."""

from __future__ import annotations

import gc
import logging
import ssl
import tracemalloc
from typing import TYPE_CHECKING

import pytest
import trio
from hyperframe.frame import SettingsFrame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.settings import Http2Library
from protocol.provider.rejection import Reason
from tests.e2e.world import until
from tests.io.hostile import CONVERSATIONS, Request, Script, Wire
from tests.io.provider_desk import Desk, desk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.io.hostile import Raw

EXAMPLES = 80
DOCUMENTED = {(reason.status, reason.text) for reason in Reason} - {
    (500, Reason.INTERNAL_SERVER_ERROR.text)
} | {(431, Reason.PAYLOAD_TOO_LARGE.text)}
MEGABYTE = 1 << 20
# Where the gateway's memory is allocated; not that of Hypothesis and of the hostile providers.
OURS = [tracemalloc.Filter(True, f"*/{place}/*") for place in ("gateway", "protocol", "jh2")] + [
    tracemalloc.Filter(True, "*/site-packages/h2/*")
]


async def hostile(provider: Desk) -> Wire:
    """TLS, and nothing said yet."""
    context = ssl.create_default_context(cafile=provider.here.gateway.home.ca_file)
    context.set_alpn_protocols(["h2"])
    port = provider.here.gateway.provider_ports[0]
    tcp = await trio.open_tcp_stream("127.0.0.1", port)
    tls = trio.SSLStream(tcp, context, server_hostname="localhost", https_compatible=True)
    await tls.do_handshake()
    return Wire(tls)


async def converse(provider: Desk, moves: list[Request | Raw], cuts: list[int]) -> None:
    """Say all of it; every whole request is answered, reset, or ended by a GOAWAY."""
    script = Script().write(moves, provider.token, provider.bearer())
    wire = await hostile(provider)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wire.say, script.data, cuts)
        await wire.hear_what_becomes_of(script.whole)
        nursery.cancel_scope.cancel()
    check(wire)
    for connection in provider.here.gateway.providers._connections:
        assert connection._inbound._held_bytes <= MEGABYTE * 2 + 70_000
    await trio.aclose_forcefully(wire.stream)


def check(wire: Wire) -> None:
    """SETTINGS first, answers that are documented, and one GOAWAY if the gateway hangs up."""
    assert isinstance(wire.frames[0], SettingsFrame)
    for status, reason in wire.answers():
        assert status == 200 or reason is None or (status, reason) in DOCUMENTED
    assert wire.goaways == (wire.frames[-1:] if wire.at_end else [])


async def push_normally(provider: Desk, enough: trio.Event) -> None:
    """As any provider does, beside all that."""
    line = await provider.dial()
    while not enough.is_set():
        with trio.fail_after(10):
            assert (await provider.ask(line, apns_id=None)).status == 200


def memory_of_ours() -> int:
    gc.collect()
    snapshot = tracemalloc.take_snapshot().filter_traces(OURS)
    return sum(trace.size for trace in snapshot.traces)


@pytest.mark.takes_seconds(120)
@pytest.mark.parametrize("library", ["jh2", "h2"])
async def test_whatever_hostile_providers_say_the_normal_one_is_served(
    tmp_path: Path, library: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk(tmp_path, http2_library=Http2Library(library), journal_size=50) as provider:
        gateway = provider.here.gateway

        async def examine(conversations: list[tuple[list[Request | Raw], list[int]]]) -> None:
            enough = trio.Event()
            async with trio.open_nursery() as normal:
                normal.start_soon(push_normally, provider, enough)
                with trio.fail_after(20):
                    async with trio.open_nursery() as fuzz:
                        for moves, cuts in conversations:
                            fuzz.start_soon(converse, provider, moves, cuts)
                enough.set()

        @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
        @given(st.lists(CONVERSATIONS, min_size=1, max_size=3))
        def fuzz(conversations: list[tuple[list[Request | Raw], list[int]]]) -> None:
            trio.from_thread.run(examine, conversations)

        await trio.to_thread.run_sync(fuzz)
        for line in provider.opened:
            await trio.aclose_forcefully(line.stream)
        await until(lambda: not gateway.providers.statistics())
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []
