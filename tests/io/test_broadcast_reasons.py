"""Every reason that a broadcast request can earn, each by its real condition, over TLS.

Row by row reference/apns-provider-api.md §9.3. What cannot be provoked is in docs/fidelity.md.
"""

# ruff: noqa: ANN401 - settings and headers are passed on by name

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trio

from gateway.routing.broadcasts import Broadcaster
from gateway.routing.channels import ChannelDirectory
from protocol.notification import Environment
from protocol.provider.rejection import Reason
from tests.e2e.world import PRODUCTION, TOPIC, until
from tests.io.broadcast_desk import (
    ALL_CHANNELS,
    BROADCAST,
    BROADCAST_ONLY,
    CHANNELS,
    REQUEST_ID,
    broadcast_desk,
)

if TYPE_CHECKING:
    from tests.io.broadcast_desk import BroadcastDesk
    from tests.io.streams import Answered, Provider

NEW = {"message-storage-policy": 0, "push-type": "LiveActivity"}
UNKNOWN = "AAAAAAAAAAAAAAAAAAAAAA=="


def is_refused(answer: Answered, reason: Reason, request_id: str = REQUEST_ID) -> None:
    """Byte for byte: the status, the request id alone, JSON without spaces in one DATA frame."""
    assert answer.body.decode() == f'{{"reason":"{reason.text}"}}'
    assert answer.headers == {":status": str(reason.status), "apns-request-id": request_id}
    assert answer.shape == [("HeadersFrame", False), ("DataFrame", True)]


def named(requests: list[tuple[Reason, dict[str, Any]]]) -> list[Any]:
    """One test each, named after its reason."""
    return [pytest.param(*each, id=each[0].text) for each in requests]


MANAGING: list[tuple[Reason, dict[str, Any]]] = [
    (Reason.METHOD_NOT_ALLOWED, {"method": "PUT"}),
    (Reason.METHOD_NOT_ALLOWED, {"method": "PATCH", "authorization": None}),
    (Reason.METHOD_NOT_ALLOWED, {"method": "POST", "path": ALL_CHANNELS}),
    (Reason.METHOD_NOT_ALLOWED, {"method": "DELETE", "path": ALL_CHANNELS}),
    # Measured on Apple's management host.
    (Reason.MISSING_PROVIDER_TOKEN, {"method": "GET", "authorization": None}),
    (Reason.MISSING_PROVIDER_TOKEN, {"method": "GET", "path": "/", "authorization": None}),
    (Reason.INVALID_PROVIDER_TOKEN, {"authorization": "bearer a.b.c"}),
    (Reason.BAD_PATH, {"path": "/"}),
    (Reason.BAD_PATH, {"path": f"/1/apps/{TOPIC}"}),
    (Reason.BAD_PATH, {"path": "/1/apps//channels"}),
    (Reason.BAD_PATH, {"path": f"/1/apps/{TOPIC}/channels/{UNKNOWN}"}),
    (Reason.BAD_PATH, {"path": f"/2/apps/{TOPIC}/channels"}),
    (Reason.BAD_PATH, {"path": f"/3/device/{'0' * 64}"}),
    (Reason.BAD_PATH, {"path": BROADCAST}),
    (Reason.TOPIC_DISALLOWED, {"path": f"/1/apps/{TOPIC}.push-type.liveactivity/channels"}),
    (Reason.TOPIC_DISALLOWED, {"path": "/1/apps/com example/channels"}),
    (Reason.MISSING_CHANNEL_ID, {"method": "GET"}),
    (Reason.MISSING_CHANNEL_ID, {"method": "DELETE", "apns_channel_id": ""}),
    (Reason.BAD_CHANNEL_ID, {"method": "GET", "apns_channel_id": "not base64"}),
    (Reason.BAD_CHANNEL_ID, {"method": "DELETE", "apns_channel_id": "A" * 137}),
    (Reason.CHANNEL_NOT_REGISTERED, {"method": "GET", "apns_channel_id": UNKNOWN}),
    (Reason.CHANNEL_NOT_REGISTERED, {"method": "DELETE", "apns_channel_id": UNKNOWN}),
    (Reason.PAYLOAD_EMPTY, {"body": None}),
    (Reason.PAYLOAD_TOO_LARGE, {"body": b'{"a":"%s"}' % (b"x" * 5120)}),
    (Reason.BAD_REQUEST_PAYLOAD, {"body": b"{"}),
    (Reason.BAD_REQUEST_PAYLOAD, {"content": [NEW]}),
    (Reason.BAD_REQUEST_PARAMS, {"content": NEW | {"name": "scores"}}),
    (Reason.MISSING_PUSH_TYPE, {"content": {"message-storage-policy": 0}}),
    (Reason.INVALID_PUSH_TYPE, {"content": NEW | {"push-type": "alert"}}),
    (Reason.INVALID_PUSH_TYPE, {"content": NEW | {"push-type": 7}}),
    (Reason.MISSING_CHANNEL_QUEUE_SIZE, {"content": {"push-type": "LiveActivity"}}),
    (Reason.MISSING_CHANNEL_QUEUE_SIZE, {"content": NEW | {"message-storage-policy": 2}}),
    (Reason.MISSING_CHANNEL_QUEUE_SIZE, {"content": NEW | {"message-storage-policy": True}}),
    (Reason.MISSING_CHANNEL_QUEUE_SIZE, {"content": NEW | {"message-storage-policy": [0]}}),
]


@pytest.mark.parametrize(("reason", "request_"), named(MANAGING))
async def test_managing_channels_earns(
    tmp_path: Path, reason: Reason, request_: dict[str, Any]
) -> None:
    async with broadcast_desk(tmp_path) as provider:
        is_refused(await provider.manage(**request_), reason)
        await provider.create()


PUBLISHING: list[tuple[Reason, dict[str, Any]]] = [
    (Reason.METHOD_NOT_ALLOWED, {"method": "GET", "authorization": None, "body": None}),
    (Reason.BAD_PATH, {"path": "/4/broadcasts/apps/"}),
    (Reason.BAD_PATH, {"path": f"/4/broadcasts/{TOPIC}", "authorization": None}),
    (Reason.BAD_PATH, {"path": f"{BROADCAST}/channels"}),
    (Reason.MISSING_PROVIDER_TOKEN, {"authorization": None, "apns_channel_id": None}),
    (Reason.INVALID_PROVIDER_TOKEN, {"authorization": "bearer a.b.c", "body": None}),
    (Reason.TOPIC_DISALLOWED, {"path": f"{BROADCAST}.push-type.liveactivity"}),
    (Reason.MISSING_CHANNEL_ID, {"channel": None}),
    (Reason.BAD_CHANNEL_ID, {"channel": "-"}),
    (Reason.CHANNEL_NOT_REGISTERED, {"channel": UNKNOWN}),
    (Reason.CHANNEL_NOT_REGISTERED, {"path": "/4/broadcasts/apps/com.example.other"}),
    (Reason.MISSING_PUSH_TYPE, {"apns_push_type": None}),
    (Reason.INVALID_PUSH_TYPE, {"apns_push_type": "alert"}),
    (Reason.BAD_EXPIRATION_DATE, {"apns_expiration": "soon"}),
    (Reason.BAD_EXPIRATION_DATE, {"apns_expiration": "4102444800"}),  # the channel stores nothing
    (Reason.BAD_PRIORITY, {"apns_priority": "7"}),
    (Reason.PAYLOAD_EMPTY, {"body": None}),
    (Reason.PAYLOAD_TOO_LARGE, {"body": b'{"a":"%s"}' % (b"x" * 5113)}),
    (Reason.BAD_REQUEST_PAYLOAD, {"body": b"[]"}),
]


@pytest.mark.parametrize(("reason", "request_"), named(PUBLISHING))
async def test_publishing_earns(tmp_path: Path, reason: Reason, request_: dict[str, Any]) -> None:
    async with broadcast_desk(tmp_path) as provider:
        channel = await provider.create(0)
        is_refused(await provider.publish(**{"channel": channel} | request_), reason)
        assert (await provider.publish(channel)).status == 200


async def test_bad_message_id_is_echoed_all_the_same(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path) as provider:
        bad: dict[str, Any] = {"apns_request_id": "no uuid"}
        for answer in (
            await provider.manage(content=NEW, **bad),
            await provider.publish(UNKNOWN, **bad),
        ):
            is_refused(answer, Reason.BAD_MESSAGE_ID, "no uuid")


async def test_feature_not_enabled_where_the_capability_is_off(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path, broadcast_disabled=(TOPIC,)) as provider:
        is_refused(await provider.manage(content=NEW), Reason.FEATURE_NOT_ENABLED)
        is_refused(await provider.publish(UNKNOWN), Reason.FEATURE_NOT_ENABLED)
        elsewhere = await provider.manage(path="/1/apps/com.example.other/channels", content=NEW)
        assert elsewhere.status == 201


async def test_cannot_create_channel_config_beyond_the_limit_of_app_and_environment(
    tmp_path: Path,
) -> None:
    async with broadcast_desk(tmp_path, max_channels_per_app=2) as provider:
        first = await provider.create()
        await provider.create()
        is_refused(await provider.manage(content=NEW), Reason.CANNOT_CREATE_CHANNEL_CONFIG)
        await provider.create(path="/1/apps/com.example.other/channels")
        await provider.create(line=await provider.dial_management(Environment.PRODUCTION))
        assert (await provider.manage("DELETE", apns_channel_id=first)).status == 204
        await provider.create()


async def test_topic_mismatch_where_the_key_does_not_cover_the_bundle_id(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path) as provider:
        key = provider.desk.new_key(topics=frozenset({"com.example.other"}))
        narrow = provider.desk.bearer(key)
        managed = await provider.manage(content=NEW, authorization=narrow)
        published = await provider.publish(UNKNOWN, authorization=narrow)
        for answer in (managed, published):
            is_refused(answer, Reason.TOPIC_MISMATCH)


async def test_expired_provider_token_and_keys_of_the_other_environment(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path) as provider:
        stale = provider.desk.bearer(age=3602)
        abroad = provider.desk.bearer(
            provider.desk.new_key(environments=frozenset({Environment.PRODUCTION}))
        )
        for bearer, reason in (
            (stale, Reason.EXPIRED_PROVIDER_TOKEN),
            (abroad, Reason.BAD_ENVIRONMENT_KEY_ID_IN_TOKEN),
        ):
            is_refused(await provider.manage(content=NEW, authorization=bearer), reason)
            is_refused(await provider.publish(UNKNOWN, authorization=bearer), reason)


async def test_topic_mismatch_where_the_certificate_does_not_cover_the_bundle_id(
    tmp_path: Path,
) -> None:
    async with broadcast_desk(tmp_path) as provider:
        leaf = provider.desk.certificate(name="com.example.other")
        line = await provider.dial_management(certificate=leaf)
        is_refused(await provider.manage(content=NEW, line=line), Reason.TOPIC_MISMATCH)


async def test_bad_certificate_ends_the_connection_as_everywhere(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path) as provider:
        device = provider.desk.here.gateway.authority.issue_device("phone-1")
        await is_sent_away(
            await provider.dial_management(certificate=device), Reason.BAD_CERTIFICATE
        )


async def test_bad_certificate_environment_ends_the_connection_of_the_ports_environment(
    tmp_path: Path,
) -> None:
    async with broadcast_desk(tmp_path) as provider:
        leaf = provider.desk.certificate(for_production=False)
        line = await provider.dial_management(Environment.PRODUCTION, certificate=leaf)
        await is_sent_away(line, Reason.BAD_CERTIFICATE_ENVIRONMENT)
        line = await provider.dial_management(Environment.DEVELOPMENT, certificate=leaf)
        await provider.create(line=line, authorization=None)


async def is_sent_away(line: Provider, reason: Reason) -> None:
    """The GOAWAY of certificates: last stream 0, NO_ERROR, Apple's JSON; then the end."""
    await line.hear_out()
    [goaway] = line.goaways
    assert goaway.additional_data.decode() == f'{{"reason":"{reason.text}"}}'
    assert (goaway.last_stream_id, goaway.error_code) == (0, 0)


async def test_too_many_provider_token_updates_on_one_connection(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path) as provider:
        channel = await provider.create()
        assert (await provider.publish(channel)).status == 200
        newer = provider.desk.bearer(age=60)
        is_refused(
            await provider.manage(content=NEW, authorization=newer),
            Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES,
        )
        is_refused(
            await provider.publish(channel, authorization=newer),
            Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES,
        )


async def test_unrelated_key_id_in_token_on_one_connection(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path) as provider:
        channel = await provider.create()
        second = provider.desk.bearer(provider.desk.new_key())
        answer = await provider.manage("GET", apns_channel_id=channel, authorization=second)
        is_refused(answer, Reason.UNRELATED_KEY_ID_IN_TOKEN)


async def test_too_many_requests_to_one_channel(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path, max_broadcasts_per_channel_per_second=1) as provider:
        provider.desk.here.clock.freeze()
        one, other = await provider.create(), await provider.create()
        assert (await provider.publish(one)).status == 200
        is_refused(await provider.publish(one), Reason.TOO_MANY_REQUESTS)
        assert (await provider.publish(other)).status == 200


async def test_channel_not_registered_in_the_other_environment(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path) as provider:
        channel = await provider.create()
        line = await provider.desk.dial(PRODUCTION)
        is_refused(await provider.publish(channel, line=line), Reason.CHANNEL_NOT_REGISTERED)


async def test_bad_path_for_management_on_the_ports_for_pushes(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path) as provider:
        line = await provider.desk.dial()
        answer = await provider.desk.ask(line, path=CHANNELS, apns_request_id=REQUEST_ID)
        assert (answer.status, answer.reason) == (404, Reason.BAD_PATH.text)


async def test_service_unavailable_while_the_database_is_locked(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path, store="sqlite") as provider:
        stored = await provider.create(1)
        with closing(sqlite3.connect(tmp_path / "store.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            is_refused(await provider.publish(stored), Reason.SERVICE_UNAVAILABLE)
            is_refused(await provider.manage(content=NEW), Reason.SERVICE_UNAVAILABLE)
            other.execute("ROLLBACK")
        assert (await provider.publish(stored)).status == 200
        await provider.create()


class Gate:
    """A part of the gateway that holds what it is asked, or breaks."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, part: type, verb: str, *, is_broken: bool = False
    ) -> None:
        self.asked, self.go = trio.Event(), trio.Event()
        act = getattr(part, verb)

        async def pass_on(one: Any, *what: Any) -> Any:
            self.asked.set()
            if is_broken:
                raise RuntimeError("a bug")
            await self.go.wait()
            return await act(one, *what)

        monkeypatch.setattr(part, verb, pass_on)


async def test_shutdown_while_the_management_ports_drain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch, ChannelDirectory, "create")
    async with broadcast_desk(tmp_path) as provider:
        line = await provider.dial_management()
        asked = {"path": CHANNELS, "body": json.dumps(NEW).encode(), "apns_request_id": REQUEST_ID}
        await is_shut_down_while_one_is_answered(provider, line, gate, asked, 201)


async def test_shutdown_while_the_ports_for_pushes_drain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch, Broadcaster, "publish")
    async with broadcast_desk(tmp_path) as provider:
        asked = {
            "path": BROADCAST,
            "apns_channel_id": await provider.create(),
            "apns_push_type": "liveactivity",
            "apns_request_id": REQUEST_ID,
        }
        line = await provider.desk.dial()
        await is_shut_down_while_one_is_answered(provider, line, gate, asked, 200)


async def is_shut_down_while_one_is_answered(
    provider: BroadcastDesk, line: Provider, gate: Gate, asked: dict[str, Any], status: int
) -> None:
    here = provider.desk.here
    first = await provider.desk.send(line, **asked)
    await gate.asked.wait()
    here.stop.set()
    fronts = (here.gateway.providers, here.gateway.managers)
    await until(lambda: all(each.draining for front in fronts for each in front.statistics()))
    is_refused(await provider.desk.ask(line, **asked), Reason.SHUTDOWN)
    gate.go.set()
    assert (await line.answer(first)).status == status
    await line.hear_out()
    [goaway] = line.goaways
    assert goaway.additional_data == b'{"reason":"Shutdown"}'


async def test_internal_server_error_for_a_bug_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Gate(monkeypatch, ChannelDirectory, "create", is_broken=True)
    async with broadcast_desk(tmp_path) as provider:
        is_refused(await provider.manage(content=NEW), Reason.INTERNAL_SERVER_ERROR)
        [record] = provider.desk.here.gateway.journal.records()
        assert (record.status, record.reason) == (500, Reason.INTERNAL_SERVER_ERROR.text)


# §9.3, copied by hand; the last one is of §9.1.
TABLE = {
    "FeatureNotEnabled", "MissingChannelId", "BadChannelId", "ChannelNotRegistered",
    "BadRequestParams", "BadRequestPayload", "PayloadEmpty", "BadMessageId", "MissingPushType",
    "InvalidPushType", "CannotCreateChannelConfig", "BadExpirationDate", "TopicDisallowed",
    "BadPriority", "BadCertificate", "BadCertificateEnvironment", "MissingProviderToken",
    "ExpiredProviderToken", "InvalidProviderToken", "TopicMismatch", "BadPath",
    "MethodNotAllowed", "PayloadTooLarge", "TooManyRequests", "TooManyProviderTokenUpdates",
    "InternalServerError", "ServiceUnavailable", "Shutdown",
    "MissingChannelQueueSize",
}  # fmt: skip


def test_no_row_of_apples_table_is_left_out() -> None:
    source = Path(__file__).read_text(encoding="utf-8").partition("def named")[2]
    rows = {each for each in Reason if each.text in TABLE}
    assert len(rows) == len(TABLE)
    assert rows >= BROADCAST_ONLY
    assert {each for each in rows if f"Reason.{each.name}" in source} == rows
