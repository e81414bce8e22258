"""Apps in other processes, over real Unix sockets."""

from __future__ import annotations

import signal
import socket
import stat
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from devicesim.local_socket import listener as local_socket_module
from devicesim.local_socket.app_connection import AppConnection, AppConnectionError
from devicesim.local_socket.frames import SocketFrames
from devicesim.local_socket.peer import APP_WINDOW
from devicesim.local_socket.unix import LocalSocketError, private_unix_listener
from devicesim.state.files import StateError
from protocol.broadcast import topic_of
from protocol.courier.channels import ChannelMark
from protocol.courier.messages import AppTokenRequest
from protocol.identifiers import ChannelId
from tests.devicesim.scripted_gateway import push_to
from tests.io.door import Door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NEWS, CHAT = "com.example.news", "com.example.chat"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with Door(tmp_path / "apsd.sock").open() as door:
        yield door


async def taken(app: AppConnection, count: int) -> list[bytes]:
    """Take that many, acknowledging each by asking for the next, the last by leaving."""
    return [(await anext(app)).payload for _ in range(count)]


async def raw(door: Door) -> tuple[trio.SocketStream, SocketFrames]:
    stream = await trio.open_unix_socket(door.path)
    return stream, SocketFrames(stream)


async def until_free(door: Door, bundle_id: str) -> None:
    while bundle_id in door.socket._claimed:
        await trio.lowlevel.checkpoint()


async def test_several_apps_at_once_get_each_only_its_own(door: Door) -> None:
    async with (
        AppConnection.open(door.path, NEWS) as news,
        AppConnection.open(door.path, CHAT, ["alert", "voip"]) as chat,
    ):
        assert news.tokens == {"alert": door.phone.token(NEWS)}
        assert chat.tokens.keys() == {"alert", "voip"}
        await door.pushes(NEWS, b'"n1"', b'"n2"')
        await door.pushes(f"{CHAT}.voip", b'"call"')
        await door.pushes(CHAT, b'"c1"')
        assert await taken(news, 2) == [b'"n1"', b'"n2"']
        assert await taken(chat, 2) == [b'"call"', b'"c1"']
    assert len(door.phone.state.inbox) == 0


async def test_what_arrives_while_an_app_is_away_waits_and_comes_in_order(door: Door) -> None:
    async with AppConnection.open(door.path, NEWS):
        pass
    payloads = [b'"%d"' % n for n in range(3 * APP_WINDOW)]
    await door.pushes(NEWS, *payloads)
    async with AppConnection.open(door.path, NEWS) as app:
        assert await taken(app, len(payloads)) == payloads
    assert len(door.phone.state.inbox) == 0
    assert door.phone.gateway.all_heard(AppTokenRequest) == [AppTokenRequest(NEWS)]


async def test_a_push_that_the_app_failed_on_comes_again(door: Door) -> None:
    with pytest.RaisesGroup(ZeroDivisionError, allow_unwrapped=True, flatten_subgroups=True):
        async with AppConnection.open(door.path, NEWS) as app:
            await door.pushes(NEWS, b'"1"', b'"2"')
            await taken(app, 2)
            raise ZeroDivisionError
    await until_free(door, NEWS)
    async with AppConnection.open(door.path, NEWS) as app:
        assert await taken(app, 1) == [b'"2"']


async def test_an_app_that_takes_nothing_is_sent_one_window_and_stops_nobody(door: Door) -> None:
    stream, frames = await raw(door)
    async with stream, AppConnection.open(door.path, CHAT) as chat:
        await frames.send({"say": "attach", "bundle_id": NEWS, "push_types": ["alert"]})
        await frames.receive()
        await door.pushes(NEWS, *[b"{}"] * (APP_WINDOW + 5))
        await door.pushes(CHAT, b'"c1"')
        assert await taken(chat, 1) == [b'"c1"']
        ids = []
        for _ in range(APP_WINDOW):
            frame = await frames.receive()
            assert frame is not None
            ids.append(frame["push"]["message_id"])
        await wait_all_tasks_blocked()
        assert len(door.socket._peers[NEWS]._unacknowledged) == APP_WINDOW
        await frames.send({"say": "ack", "message_ids": ids[:3]})
        assert [(await frames.receive() or {})["say"] for _ in range(3)] == ["push"] * 3


async def test_a_second_process_for_the_same_app_is_refused_while_the_first_lives(
    door: Door,
) -> None:
    async with AppConnection.open(door.path, NEWS):
        with pytest.raises(AppConnectionError, match="is attached already, by a process that"):
            async with AppConnection.open(door.path, NEWS):
                pytest.fail("attached twice")
    async with AppConnection.open(door.path, NEWS):
        pass


async def test_an_app_is_told_its_new_tokens_after_a_restore(door: Door) -> None:
    async with AppConnection.open(door.path, NEWS) as app:
        before = dict(app.tokens)
        await door.phone.daemon.restore()
        await door.pushes(NEWS, b'"1"')
        await taken(app, 1)
        assert app.tokens == {"alert": door.phone.token(NEWS)} != before


async def test_an_app_that_attaches_offline_gets_its_tokens_later(door: Door) -> None:
    await door.phone.daemon.go_offline()
    async with AppConnection.open(door.path, NEWS) as app, trio.open_nursery() as nursery:
        assert app.tokens == {}
        nursery.start_soon(door.phone.daemon.go_online)
        assert (await app.wait_for_tokens()).keys() == {"alert"}


async def test_a_gateway_that_does_not_answer_does_not_hold_up_an_app(
    door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(local_socket_module, "TOKEN_SECONDS", 0.01)
    door.phone.gateway.answers.discard(AppTokenRequest)
    async with AppConnection.open(door.path, NEWS) as app:
        assert app.tokens == {}
    assert "attaches without tokens" in caplog.text


async def test_an_app_can_uninstall_itself(door: Door) -> None:
    async with AppConnection.open(door.path, NEWS) as app:
        token = app.tokens
        await app.uninstall()
        with pytest.raises(StopAsyncIteration):
            await anext(app)
    assert door.phone.gateway.unregistered == set(token.values())
    assert len(door.phone.state.apps) == 0


async def test_an_uninstall_that_cannot_be_written_down_is_told_in_the_log(
    door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full() -> None:
        raise StateError("no room")

    async with AppConnection.open(door.path, NEWS) as app:
        monkeypatch.setattr(type(door.phone.state), "save", lambda _: full())
        await app.uninstall()
    assert "no room" in caplog.text
    with pytest.raises(AppConnectionError, match="refused the app: no room"):
        async with AppConnection.open(door.path, NEWS):
            pytest.fail("attached")


async def test_an_acknowledgement_that_cannot_be_written_down_is_kept_for_later(
    door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full() -> None:
        raise StateError("no room")

    async with AppConnection.open(door.path, NEWS) as app:
        await door.pushes(NEWS, b'"1"', b'"2"')
        await taken(app, 1)
        monkeypatch.setattr(type(door.phone.state), "commit", lambda _: full())
        assert await taken(app, 1) == [b'"2"']
    assert "no room" in caplog.text
    assert len(door.phone.state.inbox) == 0


async def test_nonsense_is_refused_readably(door: Door) -> None:
    for bundle_id, push_types, expected in [
        ("no spaces", ["alert"], "a bundle id is letters"),
        (NEWS, ["sms"], "'sms' is no push type"),
        (NEWS, [], "at least one push type"),
    ]:
        with pytest.raises(AppConnectionError, match=expected):
            async with AppConnection.open(door.path, bundle_id, push_types):
                pytest.fail("attached")


@pytest.mark.parametrize(
    "frame",
    [
        {"say": "ack", "message_ids": []},
        {"say": "attach", "bundle_id": 7, "push_types": ["alert"]},
        {"say": "attach", "bundle_id": NEWS, "push_types": "alert"},
        {"say": "attach", "bundle_id": NEWS, "push_types": [7]},
    ],
)
async def test_a_bad_first_frame_closes_that_connection_alone(
    door: Door, frame: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    async with AppConnection.open(door.path, CHAT) as chat:
        stream, frames = await raw(door)
        async with stream:
            await frames.send(frame)
            assert await frames.receive() is None
        await door.pushes(CHAT, b'"still here"')
        assert await taken(chat, 1) == [b'"still here"']
    assert "closed: " in caplog.text


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ({"say": "dance"}, "cannot say 'dance'"),
        ({"say": "ack"}, "not an acknowledgement"),
        ({"say": "ack", "message_ids": [7]}, "not an acknowledgement"),
        ({"say": "ack", "message_ids": ["x"]}, "not an acknowledgement"),
    ],
)
async def test_nonsense_from_an_attached_app_closes_its_connection_alone(
    door: Door, frame: dict[str, object], expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    stream, frames = await raw(door)
    async with stream:
        await frames.send({"say": "attach", "bundle_id": NEWS, "push_types": ["alert"]})
        await frames.receive()
        await frames.send(frame)
        assert await frames.receive() is None
    await until_free(door, NEWS)
    assert expected in caplog.text
    assert "bug" not in caplog.text


async def test_garbage_closes_that_connection_with_a_line_in_the_log(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\1\xc1"):
        stream, frames = await raw(door)
        async with stream:
            await stream.send_all(garbage)
            assert await frames.receive() is None
    assert "a frame of 1195725856 bytes" in caplog.text
    assert "not msgpack" in caplog.text


async def test_who_says_nothing_or_leaves_at_once_is_let_go(
    door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(local_socket_module, "ATTACH_SECONDS", 0.01)
    stream, frames = await raw(door)
    async with stream:
        assert await frames.receive() is None
    assert "nothing said for 0.01 s" in caplog.text
    stream, _ = await raw(door)
    await stream.aclose()
    while door.socket._connections:
        await trio.lowlevel.checkpoint()


async def test_too_many_apps_are_refused(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_socket_module, "MAX_PEERS", 1)
    async with AppConnection.open(door.path, NEWS):
        with pytest.raises(AppConnectionError, match="1 apps are attached"):
            async with AppConnection.open(door.path, CHAT):
                pytest.fail("attached")


async def test_a_bug_costs_one_connection_and_is_told(
    door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def burst(*_: object) -> None:
        raise ZeroDivisionError("in the daemon")

    monkeypatch.setattr(door.phone.daemon, "install", burst)
    with pytest.raises(AppConnectionError, match="the device daemon is gone"):
        async with AppConnection.open(door.path, NEWS):
            pytest.fail("attached")
    assert "in the daemon" in caplog.text


APP = """
    import os, signal, sys, trio
    from pathlib import Path
    from devicesim.local_socket.app_connection import AppConnection

    async def main():
        async with AppConnection.open(Path(sys.argv[1]), sys.argv[2]) as app:
            print("attached", flush=True)
            async for push in app:
                print(push.payload.decode(), flush=True)
                if push.payload == b'"2"':
                    await trio.sleep_forever()

    trio.run(main)
"""


async def test_a_killed_app_hurts_nobody_and_its_pushes_come_at_the_next_attach(
    door: Door,
) -> None:
    command = [sys.executable, "-c", textwrap.dedent(APP), str(door.path), NEWS]
    root = str(Path(__file__).parents[2])
    async with trio.open_nursery() as nursery:
        start = partial(trio.run_process, stdout=subprocess.PIPE, check=False, cwd=root)
        process = await nursery.start(start, command)
        assert process.stdout is not None
        assert b"attached" in await process.stdout.receive_some()
        await door.pushes(NEWS, b'"1"', b'"2"', b'"3"')
        said = b""
        while b'"2"' not in said:
            said += await process.stdout.receive_some()
        process.send_signal(signal.SIGKILL)
        await process.wait()
    await until_free(door, NEWS)
    await door.pushes(NEWS, b'"4"')
    assert door.phone.daemon.is_online
    async with AppConnection.open(door.path, NEWS) as app:
        # "1" was acknowledged when "2" was asked for; "2" was in the app's hands when it died.
        assert await taken(app, 3) == [b'"2"', b'"3"', b'"4"']


async def test_the_app_is_told_when_the_daemon_goes_away(tmp_path: Path) -> None:
    path = tmp_path / "apsd.sock"
    async with Door(path).open() as door, AppConnection.open(path, NEWS) as app:
        await door.socket._peers[NEWS]._frames._stream.aclose()
        with pytest.raises(AppConnectionError, match="is gone; what arrives waits"):
            await anext(app)
    with pytest.raises(AppConnectionError, match="no device daemon answers"):
        async with AppConnection.open(path, NEWS):
            pytest.fail("attached")


async def test_an_acknowledgement_that_nobody_hears_is_told(door: Door) -> None:
    async with AppConnection.open(door.path, NEWS) as app:
        await door.pushes(NEWS, b'"1"')
        async for push in app:
            assert push.payload == b'"1"'
            break
        await door.socket._peers[NEWS]._frames._stream.aclose()
        await until_free(door, NEWS)
        with pytest.raises(AppConnectionError, match="is gone; what arrives waits"):
            await anext(app)
    assert len(door.phone.state.inbox) == 1


async def test_an_app_that_cannot_be_written_to_is_let_go(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    stream, frames = await raw(door)
    async with stream:
        await frames.send({"say": "attach", "bundle_id": NEWS, "push_types": ["alert"]})
        await frames.receive()
        stream.socket.shutdown(socket.SHUT_RD)
        await door.pushes(NEWS, b'"1"')
        await until_free(door, NEWS)
    stream, frames = await raw(door)
    async with stream:
        stream.socket.shutdown(socket.SHUT_RD)
        await frames.send({"say": "attach", "bundle_id": "?", "push_types": ["alert"]})
        while "]: gone" not in caplog.text:
            await trio.lowlevel.checkpoint()
    assert len(door.phone.state.inbox) == 1


async def test_a_daemon_that_resets_the_connection_is_gone(tmp_path: Path) -> None:
    with private_unix_listener(tmp_path / "s") as listener:
        async with trio.open_nursery() as nursery:

            async def reset() -> None:
                stream = await listener.accept()
                await stream.receive_some(1)  # the rest stays unread: closing resets
                await stream.aclose()

            nursery.start_soon(reset)
            with pytest.raises(AppConnectionError, match="is gone"):
                async with AppConnection.open(tmp_path / "s", NEWS):
                    pytest.fail("attached")


async def test_a_daemon_that_talks_nonsense_is_told(tmp_path: Path) -> None:
    with private_unix_listener(tmp_path / "s") as listener:
        async with trio.open_nursery() as nursery:

            async def babble() -> None:
                stream = await listener.accept()
                await SocketFrames(stream).send({"say": "attached", "tokens": 7})
                await stream.receive_some()
                await stream.aclose()

            nursery.start_soon(babble)
            with pytest.raises(AppConnectionError, match="nonsense"):
                async with AppConnection.open(tmp_path / "s", NEWS):
                    pytest.fail("attached")


def listens(path: Path) -> bool:
    with private_unix_listener(path):
        return True


def test_the_socket_is_private_and_goes_away(tmp_path: Path) -> None:
    path = tmp_path / "new" / "apsd.sock"
    with private_unix_listener(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.exists()


def test_a_stale_socket_is_replaced_and_a_live_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "s"
    code = f"import socket, os; s = socket.socket(socket.AF_UNIX); s.bind({str(path)!r})"
    subprocess.run([sys.executable, "-c", code + "; s.listen(); os._exit(9)"], check=False)
    assert path.exists()
    with (
        private_unix_listener(path),
        pytest.raises(LocalSocketError, match="another device daemon serves it"),
        private_unix_listener(path),
    ):
        pytest.fail("two daemons")


def test_a_socket_that_is_no_longer_ours_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with private_unix_listener(path):
        path.unlink()
        path.write_text("somebody else's")
    assert path.exists()


def test_impossible_places_are_refused_readably(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LocalSocketError, match="exists and is no socket"):
        listens(tmp_path / "file")
    with pytest.raises(LocalSocketError, match="too long for a socket"):
        listens(tmp_path / ("x" * 120))
    with pytest.raises(LocalSocketError, match="cannot listen there"):
        listens(tmp_path / "file" / "s")
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "open").chmod(0o755)
    with pytest.raises(LocalSocketError, match=r"open to others \(mode 0755\)"):
        listens(tmp_path / "open" / "s")


async def test_an_app_listens_to_a_channel_and_no_more(door: Door) -> None:
    channel = ChannelId("AAAB")
    async with AppConnection.open(door.path, NEWS) as app:
        await app.subscribe(channel)
        assert door.phone.state.apps.require(NEWS).channels == {channel: 0}
        push = push_to(None, topic_of(NEWS), b'"1-0"', channel=ChannelMark(channel, 5))
        await door.phone.gateway.say(push)
        heard = await anext(app)
        assert (heard, heard.channel) == (push, ChannelMark(channel, 5))
        await app.unsubscribe(channel)
        assert door.phone.state.apps.require(NEWS).channels == {}


async def test_a_channel_that_is_none_is_refused_and_the_app_lives_on(door: Door) -> None:
    door.phone.gateway.unknown_channels.add("AAAB")
    async with AppConnection.open(door.path, NEWS) as app:
        for wrong, why in (("AAAB", "has no channel AAAB"), ("%", "a channel id is base64")):
            with pytest.raises(AppConnectionError, match=why):
                await app.subscribe(wrong)
        await door.pushes(NEWS, b'"n1"')
        assert await taken(app, 1) == [b'"n1"']


async def test_a_push_that_waits_for_its_app_keeps_its_channel(door: Door) -> None:
    channel = ChannelId("AAAB")
    async with AppConnection.open(door.path, NEWS) as app:
        await app.subscribe(channel)
    push = push_to(None, topic_of(NEWS), b'"1-0"', channel=ChannelMark(channel, 5))
    await door.delivers(push)
    async with AppConnection.open(door.path, NEWS) as app:
        assert await anext(app) == push
