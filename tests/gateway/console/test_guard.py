from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import pytest
import trio
from starlette.datastructures import Headers

from gateway.console import body
from gateway.console.app import create_app
from gateway.console.guard import Admission

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Message
    from trio.testing import MockClock

    from tests.gateway.console.consoles import Console

INFO = "/api/v1/info"


def refused(admission: Admission, path: str = INFO, **headers: str) -> int | None:
    headers.setdefault("host", "localhost:2198")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    refusal = admission.refusal(Headers(named), path)
    return None if refusal is None else refusal.status_code


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:2198", "127.0.0.1:1", "[::1]:2198", "10.0.0.7", "Ci.Example:80"],
)
def test_addresses_localhost_and_allowed_names_are_answered(host: str) -> None:
    assert refused(Admission(None, frozenset({"ci.example"})), host=host) is None


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "localhost.evil.example:2198", "evil-localhost", "[::1", "1.2.3"],
)
def test_a_name_that_is_not_ours_may_have_been_rebound(host: str) -> None:
    assert refused(Admission(None), host=host) == 403


def test_a_page_of_the_console_itself_may_use_it() -> None:
    assert refused(Admission(None), origin="http://LOCALHOST:2198") is None


@pytest.mark.parametrize(
    "origin", ["null", "", "http://evil.example", "http://localhost:3000", "http://[::1"]
)
def test_a_page_of_another_origin_may_not(origin: str) -> None:
    assert refused(Admission(None), origin=origin) == 403


def test_an_image_in_a_foreign_page_is_refused_and_a_link_is_not() -> None:
    foreign = {"sec_fetch_site": "cross-site"}
    assert refused(Admission(None), **foreign, sec_fetch_mode="no-cors") == 403
    assert refused(Admission(None), **foreign, sec_fetch_mode="navigate") is None
    assert refused(Admission(None), sec_fetch_site="same-origin") is None


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer wrong", "Basic secret", "secret", "Bearer sécret"]
)
def test_a_token_that_is_demanded_must_be_borne(authorization: str) -> None:
    assert refused(Admission("secret"), authorization=authorization) == 401


def test_the_token_opens_and_health_checks_need_none() -> None:
    admission = Admission("secret")
    assert refused(admission, authorization="bearer secret") is None
    assert refused(admission, "/livez") is None
    assert refused(admission, "/readyz") is None
    assert refused(admission, "/metrics") == 401


async def test_a_refusal_is_a_problem_document(console: Console) -> None:
    async with console.client(token="secret") as client:
        answer = await client.get(INFO)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "Bearer <console token>" in answer.json()["detail"]


async def test_a_body_that_announces_too_much_is_refused(console: Console) -> None:
    async with console.client() as client:
        answer = await client.post("/api/v1/devices", content=b" " * (body.MAX_BODY_BYTES + 1))
        absurd = await client.post(
            "/api/v1/devices", content=b"{}", headers={"content-length": "9" * 5000}
        )
    assert (answer.status_code, absurd.status_code) == (413, 413)
    # Of the one so much is thrown away that it ends, and the next request can follow.
    assert "connection" not in answer.headers
    assert absurd.headers["connection"] == "close"
    assert answer.json()["detail"] == "a body has at most 1048576 bytes"


async def test_a_body_that_turns_out_too_long_is_refused(console: Console) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    async with console.client() as client:
        answer = await client.post("/api/v1/devices", content=parts())
    assert answer.status_code == 413
    assert console.host.facts == {}


async def test_a_body_of_the_greatest_length_is_read(console: Console) -> None:
    async with console.client() as client:
        text = b"{}".ljust(body.MAX_BODY_BYTES)
        assert (await client.post("/api/v1/devices", content=text)).status_code == 201


async def test_curl_needs_no_content_type(console: Console) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    async with console.client() as client:
        answer = await client.post("/api/v1/devices", content=b'{"name":"Anna"}', headers=form)
    assert answer.json()["name"] == "Anna"


async def test_a_client_that_never_ends_its_body_is_not_waited_for(
    console: Console, autojump_clock: MockClock
) -> None:
    sent: list[Message] = []

    async def never() -> NoReturn:
        await trio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/livez",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }
    await create_app(console.parts, Admission(None))(scope, never, send)
    assert sent[0]["status"] == 200
    assert autojump_clock.current_time() == pytest.approx(body.DISCARD_SECONDS, abs=0.1)


async def test_there_are_no_websockets(console: Console) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/api/v1/events", "headers": [], "query_string": b""}
    await create_app(console.parts, Admission(None))(scope, receive, send)
    assert sent[0]["type"] == "websocket.close"
