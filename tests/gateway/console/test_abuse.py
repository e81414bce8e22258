"""The console's port against peers that mean no good: no errors of ours, no memory, no waiting."""

from __future__ import annotations

import itertools
import json
import time

import httpx
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.console import server
from gateway.console.body import MAX_BODY_BYTES
from tests.examples_drawn import examples
from tests.gateway.console.consoles import Console

LIVE = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def dial(url: str) -> trio.SocketStream:
    host, port = url.removeprefix("http://").split(":")
    return await trio.open_tcp_stream(host, int(port))


async def says(stream: trio.SocketStream, data: bytes) -> bytes:
    """All that is answered until the console hangs up, or has nothing to add."""
    heard = bytearray()
    try:
        await stream.send_all(data)
        with trio.move_on_after(0.5):
            while chunk := await stream.receive_some():
                heard += chunk
    except trio.BrokenResourceError:
        pass
    return bytes(heard)


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 4\r\nContent-Length: 5\r\n",
        b"Content-Length: 4, 5\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 0x4\r\n",
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b" Transfer-Encoding: chunked\r\n",
    ],
)
async def test_a_body_with_two_ends_hides_no_second_request(
    console: Console, framing: bytes
) -> None:
    hidden = b"DELETE /api/v1/rules HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = b"POST /api/v1/devices HTTP/1.1\r\nHost: localhost\r\n%b\r\n" % framing
    async with console.served() as url, await dial(url) as stream:
        heard = await says(stream, head + b"0\r\n\r\n" + hidden)
    assert heard.startswith((b"HTTP/1.1 4", b"HTTP/1.1 501")) or not heard
    assert b" 204" not in heard


async def test_a_header_that_never_ends_is_given_up(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "KEEP_ALIVE_SECONDS", 0.3)
    with trio.fail_after(10):
        async with console.served() as url, await dial(url) as stream:
            await stream.send_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n")
            try:
                while True:
                    await stream.send_all(b"X: y\r\n")
                    await trio.sleep(0.05)
            except trio.BrokenResourceError:
                pass


async def test_headers_without_end_cost_no_memory(console: Console) -> None:
    async with console.served() as url, await dial(url) as stream:
        heard = await says(stream, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 10_000)
        assert heard.startswith(b"HTTP/1.1 431") or not heard
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{url}/livez")).status_code == 200


async def test_more_connections_than_allowed_are_closed_and_room_is_made_again(
    console: Console, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 3)
    async with console.served() as url:
        held = [await dial(url) for _ in range(3)]
        async with await dial(url) as one_more:
            with trio.fail_after(5):
                assert await one_more.receive_some() == b""
        assert "connection dropped: the console has 3 already" in caplog.messages
        for stream in held:
            await stream.aclose()
        with trio.fail_after(5):
            while not await _live(url):
                pass


async def _live(url: str) -> bytes:
    async with await dial(url) as stream:
        return await says(stream, LIVE)


BODIES = {
    "deep": b"[" * (MAX_BODY_BYTES - 1),
    "deep, closed": b"[" * 400_000 + b"]" * 400_000,
    "deep in a rule": b'{"action":' * 100_000 + b"1" + b"}" * 100_000,
    "deep payload": b'{"payload":' + b'{"a":' * 150_000 + b"1" + b"}" * 150_000 + b"}",
    "many keys": json.dumps(dict.fromkeys(map(str, range(90_000)), 1)).encode()[:MAX_BODY_BYTES],
    "many of one key": b"{" + b'"a":1,' * 170_000 + b'"a":1}',
    "long number": b'{"seconds": ' + b"9" * 1_000_000 + b"}",
    "exponent": b'{"seconds": 1e999999999}',
    "references": b'{"action": {"$ref": "#/action"}, "match": {"$ref": "#"}}',
    "surrogates": b'{"name": "\\ud800\\udfff\\ud800"}',
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "NUL": b'{"name": "a\\u0000b"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(
    "path", ["/api/v1/rules", "/api/v1/lint", "/api/v1/devices", "/api/v1/clock/advance"]
)
async def test_json_that_means_harm_is_answered_soon_and_without_an_error_of_ours(
    console: Console, path: str, body: bytes
) -> None:
    async with console.client() as client:
        began = time.perf_counter()
        answer = await client.post(path, content=body)
        assert time.perf_counter() - began < 15
    assert answer.status_code < 500, answer.text[:300]
    assert len(answer.content) < 100_000


async def test_a_certificate_request_cannot_make_xml_explode(console: Console) -> None:
    names = "abcdefghi"
    entities = (f'<!ENTITY {b} "&{a};&{a};&{a};">' for a, b in itertools.pairwise(names))
    dtd = f'<!DOCTYPE p [<!ENTITY a "ha">{"".join(entities)}]>'
    laughs = f'<?xml version="1.0"?>{dtd}<plist><string>&i;</string></plist>'
    async with console.client() as client:
        answer = await client.post(
            "/deviceservices/deviceActivation", data={"activation-info": laughs}
        )
    assert answer.status_code == 400
    assert "haha" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/page/../guard.py",
        "/page/%2e%2e/guard.py",
        "/page/..%2fguard.py",
        "/page//etc/passwd",
        "/page/%00",
        "/page/app.js%00.txt",
        "/page/..\\guard.py",
    ],
)
async def test_no_path_leads_out_of_the_page(console: Console, path: str) -> None:
    async with console.served() as url, await dial(url) as stream:
        heard = await says(
            stream, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
    assert heard.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400")) or not heard
    assert b"import" not in heard
    assert b"root:" not in heard


@pytest.mark.takes_seconds(120)
@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chunks=st.lists(
        st.one_of(
            st.binary(max_size=200),
            st.sampled_from(
                [
                    b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
                    b"POST /api/v1/lint HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}",
                    b"Transfer-Encoding: chunked\r\n\r\n",
                    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                    b"Upgrade: websocket\r\nConnection: upgrade\r\n",
                    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n",
                    b"5\r\nhello\r\n",
                    b"\r\n",
                    b"Expect: 100-continue\r\n",
                ]
            ),
        ),
        max_size=8,
    )
)
def test_whatever_is_said_to_the_port_it_goes_on(
    chunks: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    async def play() -> None:
        async with Console().served() as url:
            stream = await dial(url)
            try:
                for chunk in chunks:
                    await stream.send_all(chunk)
                await stream.send_eof()
                with trio.move_on_after(5):
                    while await stream.receive_some():
                        pass
            except trio.BrokenResourceError:
                pass
            await trio.aclose_forcefully(stream)
            async with httpx.AsyncClient(timeout=20) as client:
                assert (await client.get(f"{url}/livez")).status_code == 200

    caplog.clear()
    trio.run(play)
    assert [each.getMessage() for each in caplog.records if each.levelname == "ERROR"] == []
