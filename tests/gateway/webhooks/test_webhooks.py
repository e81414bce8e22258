"""Webhooks against real sockets: what is told, how it fails, and that nobody waits for it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
import trio
import trio.socket
from trio.testing import MockClock, wait_all_tasks_blocked

from certs.authority import Authority
from certs.contexts import provider_server_context
from gateway.records import State
from gateway.webhooks import hook as hooks
from gateway.webhooks.allowed import AllowList, TargetError
from gateway.webhooks.book import CAPACITY, Webhooks
from gateway.webhooks.description import read_description
from gateway.webhooks.signature import Secret
from protocol.identifiers import Topic
from tests.gateway.console.consoles import Console
from tests.gateway.webhooks.target import target

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.webhooks.hook import Hook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def console() -> Console:
    return Console()


def make(console: Console, url: str, **more: object) -> Hook:
    return console.webhooks.add(read_description({"url": url, **more}))


async def until_told(hook: Hook) -> None:
    while hook.pending:
        await trio.lowlevel.checkpoint()


async def test_a_target_is_told_of_what_was_delivered_and_presented_in_order(
    console: Console, nursery: trio.Nursery
) -> None:
    async with target() as there:
        hook = make(console, there.url)
        await nursery.start(console.webhooks.run)
        push = console.accept(
            1, State.STORED_OFFLINE, State.DELIVERED_FROM_STORAGE, State.PRESENTED
        )
        first, second = await there.requests(2)
        await until_told(hook)
        nursery.cancel_scope.cancel()
    assert first.path == "/hook"
    assert first.headers["content-type"] == "application/json"
    assert (first.json["apns_id"], first.json["state"]) == (push.apns_id, "Presented")
    assert first.json["event"]["state"] == "Delivered to Device (From Storage)"
    assert second.json["event"] == {"state": "Presented", "at": console.clock.now(), "detail": ""}
    assert first.headers["webhook-id"] != second.headers["webhook-id"]
    assert (hook.delivered, hook.failures, hook.last_status, hook.last_error) == (2, 0, 204, "")
    assert there.connections == 1


async def test_it_is_told_of_the_states_and_the_app_that_it_asked_for(
    console: Console, nursery: trio.Nursery
) -> None:
    async with target() as there:
        make(console, there.url, events=["Rejected", "Delivered to Device"], bundle_id="com.other")
        await nursery.start(console.webhooks.run)
        console.accept(1, State.DELIVERED)
        console.reject()
        console.accept(2, State.DELIVERED, State.PRESENTED, topic=Topic("com.other.voip"))
        [only] = await there.requests(1)
        await wait_all_tasks_blocked(0.01)
        nursery.cancel_scope.cancel()
    assert (only.json["topic"], len(there.got)) == ("com.other.voip", 1)


async def test_the_signature_is_over_the_very_body(console: Console, nursery: trio.Nursery) -> None:
    async with target() as there:
        make(console, there.url, secret=SECRET)
        await nursery.start(console.webhooks.run)
        console.accept(1, State.DELIVERED)
        [got] = await there.requests(1)
        nursery.cancel_scope.cancel()
    message_id, at = got.headers["webhook-id"], int(got.headers["webhook-timestamp"])
    assert got.headers["webhook-signature"] == Secret.parse(SECRET).sign(message_id, at, got.body)


async def test_what_failed_is_sent_again_with_its_id_and_body_until_it_is_taken(
    console: Console, nursery: trio.Nursery, mock_clock: MockClock
) -> None:
    async with target(500, 302) as there:
        hook = make(console, there.url)
        await nursery.start(console.webhooks.run)
        push = console.accept(1, State.DELIVERED)
        await there.requests(1)
        console.journal.note(push.unique_id, State.NOT_PRESENTED)
        await wait_all_tasks_blocked(0.01)
        assert (hook.failures, hook.last_status, hook.last_error) == (1, 500, "status 500")
        for seconds in hooks.RETRY_SECONDS[:2]:
            mock_clock.jump(seconds)
            await wait_all_tasks_blocked(0.01)
        nursery.cancel_scope.cancel()
    first, second, third = there.got
    assert first.headers["webhook-id"] == third.headers["webhook-id"]
    assert first.body == second.body == third.body
    assert (hook.delivered, hook.failures, hook.pending, hook.dropped) == (1, 2, 0, 0)
    assert {got.path for got in there.got} == {"/hook"}  # the redirect was not followed


async def test_what_nobody_takes_is_dropped_in_the_end_and_said(
    console: Console,
    nursery: trio.Nursery,
    mock_clock: MockClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.socket() as taken:  # bound and not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/?secret=path"
        hook = make(console, url)
        await nursery.start(console.webhooks.run)
        console.accept(1, State.DELIVERED)
        await wait_all_tasks_blocked(0.01)
        for seconds in hooks.RETRY_SECONDS:
            mock_clock.jump(seconds)
            await wait_all_tasks_blocked(0.01)
        nursery.cancel_scope.cancel()
    assert (hook.pending, hook.dropped, hook.delivered) == (0, 1, 0)
    assert (hook.failures, hook.last_status) == (len(hooks.RETRY_SECONDS) + 1, None)
    assert "gave up on Delivered to Device of" in caplog.text
    assert "path" not in caplog.text


async def test_a_target_that_does_not_answer_costs_its_attempt_and_no_push(
    console: Console, nursery: trio.Nursery, mock_clock: MockClock
) -> None:
    async with target(0) as there:
        hook = make(console, there.url)
        await nursery.start(console.webhooks.run)
        console.accept(1, State.DELIVERED)
        await there.requests(1)
        for number in range(2, 2 + hooks.CAPACITY + 5):
            console.accept(number, State.DELIVERED)  # returns at once: nothing here is awaited
        assert (hook.pending, hook.dropped) == (hooks.CAPACITY, 6)
        mock_clock.jump(6)
        await wait_all_tasks_blocked(0.01)
        assert hook.last_error == "no answer within 5 s"
        nursery.cancel_scope.cancel()
        mock_clock.jump(10)


async def test_what_the_end_leaves_untold_is_told_if_that_takes_a_moment_only(
    console: Console,
) -> None:
    async with target(503) as there, trio.open_nursery() as nursery:
        hook = make(console, there.url)
        await nursery.start(console.webhooks.run)
        for number in range(1, 4):
            console.accept(number, State.DELIVERED)
        await there.requests(1)  # refused: it waits for its next attempt
        await wait_all_tasks_blocked(0.01)
        nursery.cancel_scope.cancel()
    assert (hook.delivered, hook.dropped) == (3, 0)
    assert [got.json["number"] for got in there.got] == [1, 1, 2, 3]


async def test_the_end_does_not_wait_for_a_dead_target(
    console: Console, caplog: pytest.LogCaptureFixture
) -> None:
    async with target(0, 0) as there:
        started = trio.current_time()
        async with trio.open_nursery() as nursery:
            hook = make(console, there.url)
            await nursery.start(console.webhooks.run)
            console.accept(1, State.DELIVERED)
            await there.requests(1)
            nursery.cancel_scope.cancel()
        assert trio.current_time() - started < 2.5
    assert hook.dropped == 1
    assert "1 not told at the end" in caplog.text


async def test_a_deleted_one_is_told_nothing_more(console: Console, nursery: trio.Nursery) -> None:
    async with target() as there:
        hook = make(console, there.url)
        await nursery.start(console.webhooks.run)
        console.webhooks.remove(hook.number)
        console.accept(1, State.DELIVERED)
        await wait_all_tasks_blocked(0.01)
        nursery.cancel_scope.cancel()
    assert not there.got
    assert not console.journal.followers.present


async def test_a_reset_leaves_those_of_the_settings(console: Console) -> None:
    described = [read_description("http://127.0.0.1:9/")]
    webhooks = Webhooks(console.journal.followers, lambda *_: b"", AllowList(), described)
    webhooks.add(read_description("http://127.0.0.1:10/"))
    webhooks.reset()
    assert [(hook.number, hook.description.url) for hook in webhooks] == [
        (1, "http://127.0.0.1:9/")
    ]
    assert console.journal.followers.present == (webhooks,)


def test_there_is_room_for_so_many_only(console: Console) -> None:
    for _ in range(CAPACITY):
        make(console, "http://127.0.0.1:9/")
    with pytest.raises(ValueError, match="there are 100 webhooks, and no room for more"):
        make(console, "http://127.0.0.1:9/")


def test_a_reset_of_a_tenant_takes_its_own(console: Console) -> None:
    make(console, "http://127.0.0.1:9/")
    mine = make(console, "http://127.0.0.1:9/", bundle_id="com.mine")
    make(console, "http://127.0.0.1:9/", bundle_id="com.other")
    console.webhooks.reset(mine.description.tenant)
    assert [hook.number for hook in console.webhooks] == [1, 3]


def test_a_target_that_is_not_allowed_is_refused_when_it_is_named(console: Console) -> None:
    with pytest.raises(TargetError, match=r"10\.0\.0\.1:80 is no allowed target"):
        make(console, "http://10.0.0.1/")


class Rebinding(trio.abc.HostnameResolver):
    """A name whose owner points it wherever it suits."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def getaddrinfo(self, _: object, port: object, *__: Any, **___: Any) -> list[Any]:  # type: ignore[override] # noqa: ANN401
        stream = trio.socket.SOCK_STREAM
        return [(trio.socket.AF_INET, stream, 6, "", (each, port)) for each in self.addresses]

    async def getnameinfo(self, *_: object) -> tuple[str, str]:
        raise NotImplementedError


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254"])
async def test_a_name_that_is_pointed_at_this_machine_is_not_followed_there(
    console: Console, nursery: trio.Nursery, address: str
) -> None:
    trio.socket.set_custom_hostname_resolver(Rebinding(address))
    async with target() as there:
        allowed = AllowList(["hooks.example.com"])
        webhooks = Webhooks(console.journal.followers, lambda *_: b"{}", allowed)
        hook = webhooks.add(read_description(f"http://hooks.example.com:{there.port}/"))
        await nursery.start(webhooks.run)
        console.accept(1, State.DELIVERED)
        while not hook.failures:
            await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()
    assert not there.connections
    assert hook.last_error == f"hooks.example.com stands for {address}, which is not allowed"


async def test_the_address_that_was_judged_is_the_one_that_is_connected_to(
    console: Console, nursery: trio.Nursery
) -> None:
    trio.socket.set_custom_hostname_resolver(Rebinding("169.254.169.254", "127.0.0.1"))
    async with target() as there:
        allowed = AllowList(["hooks.example.com", "127.0.0.1"])
        webhooks = Webhooks(console.journal.followers, lambda *_: b"{}", allowed)
        webhooks.add(read_description(f"http://hooks.example.com:{there.port}/"))
        await nursery.start(webhooks.run)
        console.accept(1, State.DELIVERED)
        [got] = await there.requests(1)
        nursery.cancel_scope.cancel()
    assert got.headers["host"] == f"hooks.example.com:{there.port}"


async def test_the_next_address_is_tried_when_one_does_not_answer(
    console: Console, nursery: trio.Nursery
) -> None:
    trio.socket.set_custom_hostname_resolver(Rebinding("127.0.0.2", "127.0.0.1"))
    async with target() as there:
        webhooks = Webhooks(console.journal.followers, lambda *_: b"{}", AllowList())
        webhooks.add(read_description(f"http://localhost:{there.port}/"))
        await nursery.start(webhooks.run)
        console.accept(1, State.DELIVERED)
        assert len(await there.requests(1)) == 1
        nursery.cancel_scope.cancel()


async def test_a_name_that_nobody_knows_is_a_failure_that_says_so(
    console: Console, nursery: trio.Nursery
) -> None:
    class Nobody(Rebinding):
        async def getaddrinfo(self, *_: object, **__: object) -> list[Any]:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    trio.socket.set_custom_hostname_resolver(Nobody())
    hook = make(console, "http://localhost/")
    await nursery.start(console.webhooks.run)
    console.accept(1, State.DELIVERED)
    while not hook.failures:
        await trio.lowlevel.checkpoint()
    nursery.cancel_scope.cancel()
    assert hook.last_error == "localhost: Name or service not known"


async def test_tls_is_verified(
    console: Console, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = Authority.create()
    leaf = authority.issue_server(["127.0.0.1"])
    tls = provider_server_context(leaf)
    tls.set_alpn_protocols(["http/1.1"])
    async with target(tls=tls) as there:
        url = there.url.replace("http:", "https:")
        stranger = make(console, url)
        await nursery.start(console.webhooks.run)
        console.accept(1, State.DELIVERED)
        while not stranger.failures:
            await trio.lowlevel.checkpoint()
        assert "CERTIFICATE_VERIFY_FAILED" in stranger.last_error
        trusted = tmp_path / "ca.pem"
        trusted.write_bytes(authority.certificate_pem)
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        make(console, url)
        console.accept(2, State.DELIVERED)
        [got] = await there.requests(1)
        nursery.cancel_scope.cancel()
    assert got.json["number"] == 2


async def test_an_answer_without_end_is_not_read_to_its_end(
    console: Console, nursery: trio.Nursery
) -> None:
    async with target() as there:
        there.answer = b"x" * 1_000_000
        hook = make(console, there.url)
        await nursery.start(console.webhooks.run)
        console.accept(1, State.DELIVERED, State.PRESENTED)
        await there.requests(2)
        await until_told(hook)
        nursery.cancel_scope.cancel()
    assert (hook.delivered, there.connections) == (2, 2)


async def test_a_body_that_cannot_be_made_fails_alone(
    console: Console, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    def tell(*_: object) -> bytes:
        raise KeyError("oops")

    webhooks = Webhooks(console.journal.followers, tell, AllowList())
    hook = webhooks.add(read_description("http://127.0.0.1:9/"))
    await nursery.start(webhooks.run)
    console.accept(1, State.DELIVERED)
    while not hook.failures:
        await trio.lowlevel.checkpoint()
    nursery.cancel_scope.cancel()
    assert hook.last_error == "a bug of ours: KeyError"
    assert "our mistake" in caplog.text
