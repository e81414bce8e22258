"""Devices over real TLS, with the project's own certificates."""

from __future__ import annotations

import json
import socket
import stat
from typing import TYPE_CHECKING

import httpx
import pytest
import trio

from certs.authority import Authority
from certs.contexts import device_client_context
from devicesim import activation
from devicesim.activation import ActivationError, Enrolment
from devicesim.host.device_host import DeviceHost
from devicesim.link.courier_link import open_link
from devicesim.link.dial import LinkError, TlsDial, tls_dials
from devicesim.local_socket.app_connection import AppConnection
from devicesim.network import Interface, LostStreams, PhoneNetwork
from devicesim.program import DeviceSettings, run_device
from protocol.courier.messages import Filter, NoStorage
from protocol.identifiers import DeviceToken, Topic
from protocol.notification import Environment, PushType
from tests.devicesim.scripted_gateway import push_to
from tests.io.tls_gateway import TlsGateway

if TYPE_CHECKING:
    from pathlib import Path

NEWS = "com.example.news"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create()


def dial(
    authority: Authority,
    port: int,
    *,
    environment: Environment = Environment.DEVELOPMENT,
    trusted: Authority | None = None,
) -> TlsDial:
    leaf = authority.issue_device("phone-1")
    ca_pem = (trusted or authority).certificate_pem
    return TlsDial(
        "127.0.0.1",
        port,
        environment,
        lambda: device_client_context(leaf, ca_pem),
        PhoneNetwork(LostStreams()).paths[Interface.WIFI],
    )


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        (Environment.PRODUCTION, "courier.push.apple.com"),
        (Environment.DEVELOPMENT, "courier.sandbox.push.apple.com"),
    ],
)
async def test_a_device_calls_its_gateway_by_apples_name(
    authority: Authority, environment: Environment, name: str
) -> None:
    async with TlsGateway(authority).running() as gateway:
        async with open_link(dial(authority, gateway.port, environment=environment)) as link:
            assert link.remote == f"127.0.0.1:{gateway.port}"
            assert link.local.startswith("127.0.0.1:")
        assert gateway.called_names == [name]
        assert gateway.goodbyes == 1, "closed both ways before the device went on"


async def test_a_gateway_of_another_ca_is_no_gateway(authority: Authority) -> None:
    async with TlsGateway(authority).running() as gateway:
        with pytest.raises(LinkError, match="certificate is not trusted"):
            await dial(authority, gateway.port, trusted=Authority.create())()


async def test_a_device_of_another_ca_is_not_welcomed(authority: Authority) -> None:
    async with TlsGateway(authority).running() as gateway:
        stranger = dial(Authority.create(), gateway.port, trusted=authority)
        with pytest.raises(LinkError, match="let go before it welcomed"):
            async with open_link(stranger):
                pytest.fail("welcomed")


async def test_a_server_that_speaks_no_courier_is_told(authority: Authority) -> None:
    async with TlsGateway(authority, alpn=["h2"]).running() as gateway:
        with pytest.raises(LinkError, match="is that the courier port"):
            await dial(authority, gateway.port)()


async def test_nobody_there_and_nobody_who_speaks_tls_are_told(authority: Authority) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(LinkError, match=f"no courier answers at 127.0.0.1:{port}"):
            await dial(authority, port)()

    async def http(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, http, 0)
        with pytest.raises(LinkError, match="TLS failed"):
            await dial(authority, listeners[0].socket.getsockname()[1])()
        nursery.cancel_scope.cancel()


@pytest.mark.alone
async def test_a_host_delivers_over_tls_and_goes_offline_cleanly(authority: Authority) -> None:
    async with TlsGateway(authority).running() as gateway, trio.open_nursery() as nursery:
        issue = authority.issue_device
        host = DeviceHost(
            tls_dials("127.0.0.1", gateway.port, authority.certificate_pem, issue), lambda: 7.0
        )
        await nursery.start(host.run)
        device = await host.create_device()
        assert device.online
        app = await host.install_app(device.id, NEWS)
        assert app.tokens == {"alert": gateway.tokens[Topic(NEWS)].hex()}
        push = push_to(gateway.tokens[Topic(NEWS)], NEWS, b'{"aps":{"alert":"Hi"}}')
        await gateway.say(push)
        while not gateway.acknowledged:
            await trio.lowlevel.checkpoint()
        assert [each.presentation for each in host.notifications(device.id)] == ["shown"]
        began = trio.current_time()
        assert not (await host.patch_device(device.id, online=False)).online
        assert gateway.goodbyes == 1
        assert trio.current_time() - began < 0.9, "it does not wait for the time limit"
        nursery.cancel_scope.cancel()


@pytest.mark.alone
async def test_a_half_open_device_is_deleted_without_waiting_for_an_answer_to_its_goodbye(
    authority: Authority,
) -> None:
    async with TlsGateway(authority).running() as gateway, trio.open_nursery() as nursery:
        issue = authority.issue_device
        host = DeviceHost(
            tls_dials("127.0.0.1", gateway.port, authority.certificate_pem, issue), lambda: 7.0
        )
        await nursery.start(host.run)
        device = await host.create_device()
        await host.patch_device(device.id, network="half-open")
        began = trio.current_time()
        await host.delete_device(device.id)
        assert trio.current_time() - began < 0.9, "it does not wait for the time limit"
        assert gateway.goodbyes == 0, "the gateway still believes in it"
        nursery.cancel_scope.cancel()


@pytest.mark.alone
async def test_pushes_on_their_way_do_not_spoil_the_goodbye(authority: Authority) -> None:
    async with TlsGateway(authority).running() as gateway:
        async with open_link(dial(authority, gateway.port)) as link:
            link.send(Filter())
            assert await anext(link) == [NoStorage()]
            await gateway.say(push_to(DeviceToken(b"t"), NEWS))
            began = trio.current_time()
            link.end("done")
        assert trio.current_time() - began < 0.9
        assert gateway.goodbyes == 1


@pytest.fixture
def console(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """An activation service that signs; its list holds the courier's port."""
    courier: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        return httpx.Response(
            200,
            json={
                "device_id": body["device_id"],
                "certificate": authority.sign_device_request(
                    body["csr"].encode(), body["device_id"]
                ).decode(),
                "ca": authority.certificate_pem.decode(),
                "courier": {"host": "127.0.0.1", "port": courier[0]},
            },
        )

    client = httpx.AsyncClient
    monkeypatch.setattr(
        activation.httpx,
        "AsyncClient",
        lambda **options: client(**(options | {"transport": httpx.MockTransport(answer)})),
    )
    return courier


async def test_the_device_program_from_activation_to_an_app_and_again(
    authority: Authority, tmp_path: Path, console: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    home = tmp_path / "phone"
    settings = DeviceSettings(home, home / "apsd.sock", "http://console", name="Anna's iPhone")
    async with TlsGateway(authority).running() as gateway:
        console.append(gateway.port)
        async with trio.open_nursery() as nursery:
            daemon = (await nursery.start(run_device, settings)).daemon
            await daemon.wait_until_online()
            async with AppConnection.open(settings.socket_path, NEWS) as app:
                token = app.tokens[PushType.ALERT]
                await gateway.say(push_to(token, NEWS, b'{"n":1}'))
                assert (await anext(app)).payload == b'{"n":1}'
            device_id = daemon.state.device_id
            nursery.cancel_scope.cancel()
        assert gateway.goodbyes == 1
        console.clear()  # the second start needs no activation

        async with trio.open_nursery() as nursery:
            daemon = (await nursery.start(run_device, settings)).daemon
            assert daemon.state.device_id == device_id
            assert daemon.state.apps.require(NEWS).tokens_by_push_type == {"alert": token}
            await daemon.wait_until_online()
            nursery.cancel_scope.cancel()
    assert {stat.S_IMODE(each.stat().st_mode) for each in files_of(home)} == {0o600}
    for line in (
        "activated by http://console",
        "apps attach at",
        f"-> 127.0.0.1:{gateway.port} (WiFi)",
        "com.apple.apsd.peer[1]: attached as com.example.news",
        f"dispatched to {NEWS} (attached)",
        "courier link closed",
    ):
        assert line in caplog.text, line
    assert "PRIVATE" not in caplog.text


def files_of(directory: Path) -> list[Path]:
    return [path for path in directory.iterdir() if path.is_file()]


async def test_the_device_program_takes_a_certificate_and_an_address(
    authority: Authority, tmp_path: Path
) -> None:
    leaf = authority.issue_device("phone-7")
    enrolment = Enrolment(leaf, authority.certificate_pem, "nowhere.invalid", 1)
    async with TlsGateway(authority).running() as gateway, trio.open_nursery() as nursery:
        settings = DeviceSettings(
            tmp_path / "phone",
            tmp_path / "apsd.sock",
            "http://console.invalid",
            device_id="phone-7",
            courier=("127.0.0.1", gateway.port),
        )
        daemon = (await nursery.start(run_device, settings, enrolment)).daemon
        await daemon.wait_until_online()
        assert daemon.state.device_id == "phone-7"
        nursery.cancel_scope.cancel()


async def test_a_device_that_cannot_be_activated_says_so(tmp_path: Path) -> None:
    settings = DeviceSettings(tmp_path, tmp_path / "apsd.sock", "http://127.0.0.1:1")
    with pytest.raises(ActivationError, match=r"127\.0\.0\.1:1/api/v1/activation"):
        await run_device(settings)
