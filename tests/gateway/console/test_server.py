"""The console over real sockets."""

from __future__ import annotations

import json
import logging
import socket
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import httpx
import pytest
import trio
from hypercorn.config import Config
from hypercorn.trio.tcp_server import TCPServer

from gateway.console import server
from gateway.console.app import Bind, serve_console
from gateway.console.live import KEEP_ALIVE_SECONDS, EventStream, event_of
from gateway.console.server import PatientStream, hypercorn_config, serve_app
from gateway.records import State
from gateway.viewers import REMEMBERED, Told
from protocol.identifiers import DeviceId
from tests.builders import DEVICE, NOW, push
from tests.gateway.console.consoles import Console

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Message, Receive, Scope, Send
    from trio.testing import MockClock

EVENTS = "/api/v1/events"


def events_in(text: str) -> list[tuple[str, str, dict[str, object]]]:
    """The (place, name, data) of each event."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
        if "event" in lines:
            place = lines["id"].partition("-")[2]
            found.append((place, lines["event"], json.loads(lines["data"])))
    return found


class Viewer:
    """Both ends of an ASGI response, in memory; ``reads`` False is a viewer that does not."""

    def __init__(self) -> None:
        self.text = ""
        self.is_over = False
        self.left = trio.Event()
        self.reading = trio.Event()
        self.reading.set()

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        await self.reading.wait()
        self.text += message.get("body", b"").decode()
        self.is_over = message["type"] == "http.response.body" and not message["more_body"]

    async def watch(self, console: Console, last_id: str | None = None) -> None:
        stream = EventStream(console.journal, console.parts.closing, last_id=last_id)
        await stream({"type": "http"}, self.receive, self.send)


async def test_a_viewer_hears_of_pushes_refusals_and_links(console: Console) -> None:
    viewer = Viewer()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(viewer.watch, console)
        await trio.testing.wait_all_tasks_blocked()
        console.accept(1, State.STORED_OFFLINE)
        console.reject()
        console.journal.link(DeviceId("phone"), is_connected=True, detail="link 1")
        await trio.testing.wait_all_tasks_blocked()
        viewer.left.set()
    told = events_in(viewer.text)
    assert [(place, name) for place, name, _ in told] == [
        ("1", "push"),
        ("2", "push"),
        ("3", "rejected"),
        ("4", "link"),
    ]
    assert told[0][2]["state"] == "Stored - Device Offline"
    assert told[2][2]["reason"] == "BadDeviceToken"
    assert told[3][2] == {"device": "phone", "connected": True, "at": NOW, "detail": "link 1"}
    assert console.journal.statistics().viewers == 0


async def test_a_viewer_hears_of_what_is_no_push_and_of_what_is_forgotten(
    console: Console,
) -> None:
    viewer = Viewer()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(viewer.watch, console)
        await trio.testing.wait_all_tasks_blocked()
        managed = console.journal.begin(push(), "provider-1")
        console.journal.accepted(managed, 201)
        console.journal.forget(lambda record: record is managed)
        console.journal.clear()
        await trio.testing.wait_all_tasks_blocked()
        viewer.left.set()
    [(_, name, view), *forgotten] = events_in(viewer.text)
    assert (name, view["number"], view["status"]) == ("request", 1, 201)
    assert forgotten == [
        ("2", "forgotten", {"numbers": [1]}),
        ("3", "forgotten", {"numbers": None}),
    ]


async def test_silence_is_filled_with_comments(console: Console, autojump_clock: MockClock) -> None:
    viewer = Viewer()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(viewer.watch, console)
        await trio.sleep(2.5 * KEEP_ALIVE_SECONDS)
        assert KEEP_ALIVE_SECONDS < autojump_clock.current_time() < 60  # when proxies close
        viewer.left.set()
    assert viewer.text.count(": still here\n\n") == 2


async def test_a_slow_viewer_is_dropped_and_told_to_reload() -> None:
    console, viewer = Console(viewer_capacity=2), Viewer()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(viewer.watch, console)
        await trio.testing.wait_all_tasks_blocked()
        viewer.reading = trio.Event()
        for number in range(10):
            console.accept(number)
            await trio.testing.wait_all_tasks_blocked()
        assert console.journal.statistics().viewers == 0
        viewer.reading.set()
    names = [name for _, name, _ in events_in(viewer.text)]
    assert names == ["push", "push", "push", "reload"]
    assert viewer.is_over


async def test_a_stream_ends_with_the_gateway(console: Console) -> None:
    viewer = Viewer()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(viewer.watch, console)
        await trio.testing.wait_all_tasks_blocked()
        console.parts.closing.set()
    assert viewer.is_over
    assert "reload" not in viewer.text


async def test_one_event_is_one_line_of_data(console: Console) -> None:
    record = console.reject()
    record.detail = "two\nlines"
    assert event_of(Told(1, record), "0a").count(b"\n") == 4


# -- coming back --------------------------------------------------------------------------------


async def told_since(console: Console, last_id: str) -> list[tuple[str, str]]:
    """What a viewer hears at once that comes back with an id."""
    viewer = Viewer()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(viewer.watch, console, last_id)
        await trio.testing.wait_all_tasks_blocked()
        viewer.left.set()
    return [(place, name) for place, name, _ in events_in(viewer.text)]


async def test_who_comes_back_is_told_what_was_missed_each_thing_once(console: Console) -> None:
    viewers = console.journal.viewers
    console.accept(1)
    sent = console.accept(2)
    console.journal.link(DeviceId("phone"), is_connected=True)
    console.journal.note(sent.unique_id, State.DELIVERED)
    epoch = viewers.epoch
    told = [("1", "push"), ("3", "link"), ("4", "push")]
    assert await told_since(console, f"{epoch}-0") == told
    assert await told_since(console, f"{epoch}-2") == told[1:]
    assert await told_since(console, f"{epoch}-4") == []


@pytest.mark.parametrize("last_id", ["", "5", "{epoch}-", "{epoch}-x", "{epoch}-9", "ffffffffff-1"])
async def test_an_id_that_is_not_known_means_to_read_anew(console: Console, last_id: str) -> None:
    console.accept(1)
    last_id = last_id.format(epoch=console.journal.viewers.epoch)
    assert await told_since(console, last_id) == [("1", "reload")]


async def test_of_what_is_forgotten_nobody_is_told_later(console: Console) -> None:
    start = f"{console.journal.viewers.epoch}-0"
    console.accept(1)
    console.reject()
    console.journal.link(DeviceId("phone"), is_connected=True)
    console.journal.forget(lambda record: record.number == 1)
    assert await told_since(console, start) == [
        ("2", "rejected"),
        ("3", "link"),
        ("4", "forgotten"),
    ]
    console.journal.clear()
    assert await told_since(console, start) == [
        ("3", "link"),
        ("4", "forgotten"),
        ("5", "forgotten"),
    ]


async def test_who_comes_back_after_everything_has_changed_reads_anew(console: Console) -> None:
    console.accept(1)
    last = f"{console.journal.viewers.epoch}-{console.journal.viewers.place}"
    console.journal.viewers.dismiss()  # as a snapshot does that is put in place
    assert await told_since(console, last) == [("2", "reload")]
    assert await told_since(console, f"{console.journal.viewers.epoch}-2") == []


async def test_only_so_much_is_remembered_for_who_comes_back(console: Console) -> None:
    for _ in range(REMEMBERED + 1):
        console.journal.link(DeviceId("phone"), is_connected=True)
    epoch = console.journal.viewers.epoch
    assert await told_since(console, f"{epoch}-0") == [(f"{REMEMBERED + 1}", "reload")]
    assert len(await told_since(console, f"{epoch}-1")) == REMEMBERED


async def names_over_http(console: Console, headers: dict[str, str], **query: str) -> list[str]:
    """What comes back, up to what is forgotten, which is no viewer's alone."""
    names: list[str] = []
    async with (
        console.served() as url,
        httpx.AsyncClient() as client,
        client.stream("GET", url + EVENTS, params=query, headers=headers) as answer,
    ):
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                names.append(line.removeprefix("event: "))
            if line == "event: forgotten":
                console.parts.closing.set()  # and so the answer ends
    return names[:-1]


def three_events(console: Console) -> str:
    """The id before them."""
    console.accept(1)
    console.reject(push(apns_topic="other.app"))
    console.journal.link(DEVICE, is_connected=True)
    console.journal.forget(lambda _: False)
    return f"{console.journal.viewers.epoch}-0"


async def test_the_header_of_browsers_or_the_query_brings_a_viewer_back() -> None:
    console = Console()
    last = three_events(console)
    assert await names_over_http(console, {}, last_event_id=last) == ["push", "rejected", "link"]
    console = Console()
    header = {"last-event-id": three_events(console)}
    assert await names_over_http(console, header) == ["push", "rejected", "link"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"topic": "other.app"}, ["rejected"]),
        ({"state": "Received by APNs"}, ["push"]),
        ({"text": "hello", "topic": "com.example.app"}, ["push"]),
        ({"device": DEVICE}, ["push", "link"]),
        ({"bundle_id": "com.example.app"}, ["push"]),
        ({"device": "tablet"}, []),
    ],
)
async def test_events_can_be_asked_for_as_lists_are(
    console: Console, query: dict[str, str], names: list[str]
) -> None:
    last = three_events(console)
    assert await names_over_http(console, {}, last_event_id=last, **query) == names


# -- over a socket ------------------------------------------------------------------------------


async def test_events_arrive_over_a_socket_as_they_happen(console: Console) -> None:
    async with (
        console.served() as url,
        httpx.AsyncClient() as client,
        client.stream("GET", url + EVENTS) as answer,
    ):
        lines = answer.aiter_lines()
        assert answer.headers["content-type"].startswith("text/event-stream")
        while await anext(lines) != ": connected":
            pass
        console.accept(1)
        while not (line := await anext(lines)).startswith("data: "):
            pass
        assert json.loads(line.removeprefix("data: "))["number"] == 1
        console.parts.closing.set()
        assert "reload" not in [line async for line in lines]


async def test_more_requests_than_hypercorn_allows_share_a_connection(
    console: Console,
) -> None:
    assert hypercorn_config().keep_alive_max_requests > Config.keep_alive_max_requests * 1000
    async with console.served() as url, httpx.AsyncClient() as client:
        for _ in range(3):
            answer = await client.get(f"{url}/livez")
            assert "connection" not in answer.headers
            assert "server" not in answer.headers


@pytest.mark.parametrize("path", ["/api/v1/devices", "/nowhere"])
async def test_a_long_body_gets_its_answer_and_the_connection_goes_on(
    console: Console, path: str
) -> None:
    async with console.served() as url, httpx.AsyncClient() as client:
        answer = await client.post(url + path, content=b"x" * 3_000_000)
        assert answer.status_code == 413
        assert (await client.get(f"{url}/livez")).status_code == 200


async def test_a_port_that_is_taken_is_an_error(console: Console) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = Bind("127.0.0.1", taken.getsockname()[1], None)
        with pytest.raises(OSError, match="in use"):
            await serve_console(console.parts, bind)


async def test_a_name_with_two_addresses_has_one_port(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[trio.SocketListener] = []

    async def open_both(port: int, *, host: str) -> list[trio.SocketListener]:
        assert (port, host) == (0, "localhost")
        opened.extend(await open_one(0, host="127.0.0.1"))
        opened.extend(await open_one(0, host="127.0.0.1"))
        return list(opened)

    open_one = trio.open_tcp_listeners
    monkeypatch.setattr(trio, "open_tcp_listeners", open_both)
    async with trio.open_nursery() as nursery:
        port = await nursery.start(serve_console, console.parts, Bind("localhost", 0, None))
        assert port == opened[0].socket.getsockname()[1]
        assert [each.socket.fileno() == -1 for each in opened] == [False, True]
        console.parts.closing.set()


async def test_a_port_that_was_asked_for_is_the_port(console: Console) -> None:
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        free = chosen.getsockname()[1]
    async with trio.open_nursery() as nursery:
        bind = Bind("127.0.0.1", free, None)
        assert await nursery.start(serve_console, console.parts, bind) == free
        console.parts.closing.set()


async def test_a_waiting_call_is_given_up_when_its_client_leaves(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, ended = trio.Event(), trio.Event()

    async def wait_for(*_: object, **__: object) -> None:
        began.set()
        try:
            await trio.sleep_forever()
        finally:
            ended.set()

    monkeypatch.setattr(console.journal, "wait_for", wait_for)
    async with console.served() as url:
        async with httpx.AsyncClient() as client, trio.open_nursery() as nursery:
            nursery.start_soon(client.get, f"{url}/api/v1/notifications?wait=60")
            await began.wait()
            nursery.cancel_scope.cancel()
        await ended.wait()


@pytest.mark.parametrize("path", [None, "/livez", EVENTS])
async def test_a_connection_ends_when_its_client_leaves(
    console: Console, monkeypatch: pytest.MonkeyPatch, path: str | None
) -> None:
    closed = trio.Event()

    class Watched(PatientStream):
        async def aclose(self) -> None:
            await super().aclose()
            closed.set()

    monkeypatch.setattr(server, "PatientStream", Watched)
    async with console.served() as url:
        host, port = url.removeprefix("http://").split(":")
        client = await trio.open_tcp_stream(host, int(port))
        if path is not None:
            await client.send_all(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
            heard = b""
            while b"\n\n" not in heard and b"ok" not in heard:
                heard += await client.receive_some()
        await trio.testing.wait_all_tasks_blocked()
        await client.aclose()
        with trio.fail_after(5):  # not the keep-alive time of a minute
            await closed.wait()


async def unread(url: str) -> trio.SocketStream:
    """A viewer that asks for events, and reads no more than the first of them."""
    host, port = url.removeprefix("http://").split(":")
    stream = await trio.open_tcp_stream(host, int(port))
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await stream.send_all(b"GET %b HTTP/1.1\r\nhost: localhost\r\n\r\n" % EVENTS.encode())
    while b": connected" not in await stream.receive_some():
        pass
    return stream


async def stuff(console: Console) -> None:
    """Let happen more than any socket buffer holds, until the viewer is dropped."""
    number = 0
    while console.journal.statistics().viewers:
        number += 1
        console.accept(number, payload=b"x" * 100_000)
        await trio.lowlevel.checkpoint()


async def test_a_viewer_that_does_not_read_does_not_hold_up_the_end(console: Console) -> None:
    with trio.fail_after(server.DRAIN_SECONDS + 5):
        async with console.served() as url:
            stream = await unread(url)
            await stuff(console)
        await stream.aclose()


async def test_a_viewer_that_does_not_read_does_not_hold_up_a_cancellation(
    console: Console,
) -> None:
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            bind = Bind("127.0.0.1", 0, None)
            port = await nursery.start(serve_console, console.parts, bind)
            stream = await unread(f"http://127.0.0.1:{port}")
            await stuff(console)
            started = trio.current_time()
            nursery.cancel_scope.cancel()
        assert trio.current_time() - started < server.SEND_SECONDS / 2
        await stream.aclose()


async def test_a_peer_that_does_not_read_is_given_up() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        stream = PatientStream(trio.SocketStream(trio.socket.from_stdlib_socket(ours)), 0.05)
        with pytest.raises(trio.BrokenResourceError, match="the peer does not read"):
            await stream.send_all(b"x" * 10_000_000)
        with pytest.raises(trio.ClosedResourceError):
            await stream.send_all(b"x")


async def serve_and_ask(app: Callable[..., object], closing: trio.Event) -> httpx.Response | None:
    """Serve any ASGI application, ask it once, and see it out."""
    async with trio.open_nursery() as nursery:
        serve = partial(serve_app, drain_seconds=0.05)
        port = await nursery.start(serve, app, Bind("127.0.0.1", 0, None), closing)
        try:
            async with httpx.AsyncClient() as client:
                return await client.get(f"http://127.0.0.1:{port}/")
        except httpx.TransportError:
            return None
        finally:
            closing.set()


async def test_a_call_that_does_not_end_is_cut_off_after_the_drain() -> None:
    closing = trio.Event()
    ended: list[str] = []

    async def stuck(_scope: Scope, _receive: Receive, _send: Send) -> NoReturn:
        closing.set()
        try:
            await trio.sleep_forever()
        finally:
            ended.append("cancelled")
        raise AssertionError

    with trio.fail_after(5):
        assert await serve_and_ask(stuck, closing) is None
    assert ended == ["cancelled"]


async def test_an_error_in_one_connection_is_logged_and_ends_that_one_alone(
    console: Console, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = TCPServer.run
    errors = [ValueError("our bug")]

    async def run(connection: TCPServer) -> None:
        if errors:
            raise errors.pop()
        await real(connection)

    monkeypatch.setattr(TCPServer, "run", run)
    async with console.served() as url, httpx.AsyncClient() as client:
        with pytest.raises(httpx.TransportError):
            await client.get(f"{url}/livez")
        assert (await client.get(f"{url}/livez")).status_code == 200
    assert "our bug" in caplog.text
    assert {record.levelno for record in caplog.records} == {logging.ERROR}
