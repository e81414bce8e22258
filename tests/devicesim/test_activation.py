"""Getting a certificate without giving the key away."""

from __future__ import annotations

import json
import ssl
import stat
from typing import TYPE_CHECKING

import httpx
import pytest
import trio

from certs.authority import Authority
from devicesim.activation import ActivationError, Enrolment, activate
from devicesim.state.files import StateError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

URL = "http://127.0.0.1:2198"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create()


def answering(authority: Authority, **changes: object) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.method == "POST"
        assert request.url == f"{URL}/api/v1/activation"
        body = json.loads(request.content)
        assert body.keys() == {"device_id", "csr"}
        assert "PRIVATE" not in body["csr"]
        certificate = authority.sign_device_request(body["csr"].encode(), body["device_id"])
        told = {
            "device_id": body["device_id"],
            "certificate": certificate.decode(),
            "ca": authority.certificate_pem.decode(),
            "courier": {"host": "127.0.0.1", "port": 5223},
        }
        return httpx.Response(200, json=told | changes)

    return answer


def modes(directory: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}


async def enrol(answer: Callable[[httpx.Request], httpx.Response]) -> Enrolment:
    return await activate(f"{URL}/", "phone-1", httpx.MockTransport(answer))


async def test_a_console_that_demands_a_token_is_given_it(authority: Authority) -> None:
    given = []

    def answer(request: httpx.Request) -> httpx.Response:
        given.append(request.headers.get("authorization"))
        return answering(authority)(request)

    transport = httpx.MockTransport(answer)
    await activate(URL, "phone-1", transport, console_token="sesame")
    await activate(URL, "phone-1", transport)
    assert given == ["Bearer sesame", None]


async def test_a_device_gets_a_certificate_in_its_name_and_its_couriers_address(
    authority: Authority,
) -> None:
    enrolment = await enrol(answering(authority))
    assert "CN=phone-1" in enrolment.leaf.chain[0].subject.rfc4514_string()
    assert enrolment.leaf.is_issued_by(authority.certificate_pem)
    assert (enrolment.courier_host, enrolment.courier_port) == ("127.0.0.1", 5223)


async def test_it_comes_back_from_its_folder_and_is_private(
    authority: Authority, tmp_path: Path
) -> None:
    assert Enrolment.load(tmp_path) is None
    enrolment = await enrol(answering(authority))
    enrolment.write(tmp_path)
    again = Enrolment.load(tmp_path)
    assert again is not None
    assert again.leaf.private_key_pem == enrolment.leaf.private_key_pem
    assert again.ca_pem == enrolment.ca_pem
    assert modes(tmp_path) == {"courier.json": 0o600, "device.pem": 0o600, "device-key.pem": 0o600}
    (tmp_path / "courier.json").write_text("{}")
    with pytest.raises(StateError, match=r"delete device\.pem to activate anew"):
        Enrolment.load(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [{"certificate": "?"}, {"certificate": None}, {"ca": "?"}, {"courier": {}}, {"courier": None}],
)
async def test_another_answer_is_refused(authority: Authority, changes: dict[str, object]) -> None:
    with pytest.raises(ActivationError, match="something else than an activation"):
        await enrol(answering(authority, **changes))


async def test_a_certificate_of_another_ca_is_refused(authority: Authority) -> None:
    other = Authority.create().certificate_pem.decode()
    with pytest.raises(ActivationError, match="not signed by the CA beside it"):
        await enrol(answering(authority, ca=other))


async def test_a_refusal_and_an_absent_console_are_told(authority: Authority) -> None:
    with pytest.raises(ActivationError, match="answered 403, expected 200: go away"):
        await enrol(lambda _: httpx.Response(403, text="go away"))
    problem = {"type": "about:blank", "title": "Unauthorized", "detail": "x" * 300 + " the end"}
    with pytest.raises(ActivationError, match=r"answered 401, expected 200: x{300} the end$"):
        await enrol(lambda _: httpx.Response(401, json=problem))

    def absent(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(ActivationError, match=r"refused; is the gateway running\?"):
        await enrol(absent)

    def without_tls(request: httpx.Request) -> httpx.Response:
        # As httpx on Trio says it: two errors without a word, and one that knows.
        error, cause = httpx.ConnectError("", request=request), trio.BrokenResourceError()
        cause.__context__ = ssl.SSLError("wrong version number")
        error.__context__ = cause
        raise error

    with pytest.raises(ActivationError, match="wrong version number"):
        await enrol(without_tls)
    with pytest.raises(ActivationError, match="something else"):
        await enrol(lambda _: httpx.Response(200, text="hello"))
    assert authority is not None
