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

from gateway.choices import Http2Library
from protocol.provider.rejection import Reason
from tests.e2e.world import until
from tests.examples_drawn import examples
from tests.io.hostile import CONVERSATIONS, PING, Request, Script, Wire
from tests.io.provider_desk import Desk, desk
from tests.io.streams import EMPTY_SETTINGS, PREFACE, frame

if TYPE_CHECKING:
    from pathlib import Path

    from tests.io.hostile import Raw

EXAMPLES = 50
DOCUMENTED = {(reason.status, reason.text) for reason in Reason} - {
    (500, Reason.INTERNAL_SERVER_ERROR.text)
} | {(431, Reason.PAYLOAD_TOO_LARGE.text)}
MEGABYTE = 1 << 20
STREAMS = 1900
"""As many as are tolerated, nearly."""


def _streams(block: bytes, *more: tuple[int, int, bytes], flags: int = 4) -> bytes:
    """That many streams with this header block and these frames (kind, flags, payload) on each."""
    return b"".join(
        frame(1, flags, number, block)
        + b"".join(frame(kind, more_flags, number, payload) for kind, more_flags, payload in more)
        for number in range(1, 2 * STREAMS, 2)
    )


HEAD = b"\x83\x87\x84"  # POST, https, /
GREEDY = {
    "half-open streams": _streams(HEAD),
    "header lists of the longest kind": _streams(HEAD + b"\x00\x01x\x7f\xf9\x3b" + b"y" * 7800),
    "header lists of many fields": _streams(HEAD + b"\x00\x01x\x01y" * 230),
    "header lists too long, in few bytes": _streams(
        HEAD + b"\x40\x01x\x7f\x81\x1e" + b"y" * 4000 + b"\xbe" * 14
    ),
    "bodies that do not end": _streams(HEAD, (0, 0, b"x" * 5000)),
    "answers that nobody lets go": frame(4, 0, 0, b"\0\4\0\0\0\0") + _streams(HEAD, flags=5),
    "requests withdrawn": _streams(HEAD, (3, 0, b"\0\0\0\x08")),
}


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


@pytest.mark.hypothesis
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

        @settings(max_examples=examples(EXAMPLES), suppress_health_check=list(HealthCheck))
        @given(st.lists(CONVERSATIONS, min_size=1, max_size=3))
        def fuzz(conversations: list[tuple[list[Request | Raw], list[int]]]) -> None:
            trio.from_thread.run(examine, conversations)

        await trio.to_thread.run_sync(fuzz)
        for line in provider.opened:
            await trio.aclose_forcefully(line.stream)
        await until(lambda: not gateway.providers.statistics())
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("what", GREEDY)
async def test_five_greedy_connections_cost_bounded_memory(tmp_path: Path, what: str) -> None:
    """The most that is allocated at any moment, on their own side too."""
    data = PREFACE + EMPTY_SETTINGS + GREEDY[what] + frame(6, 0, 0, PING)
    cuts = [16_000] * (len(data) // 16_000)
    async with desk(tmp_path, journal_size=50) as provider:
        wires = [await hostile(provider) for _ in range(5)]
        gc.collect()
        tracemalloc.start()
        try:
            async with trio.open_nursery() as nursery:
                for wire in wires:
                    nursery.start_soon(wire.say, data, cuts)
                    nursery.start_soon(wire.hear_what_becomes_of, set[int]())
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        for wire in wires:
            check(wire)
            await trio.aclose_forcefully(wire.stream)
        assert peak < len(wires) * 5 * MEGABYTE
        assert (await provider.ask()).status == 200
