"""Channel management over TLS, as Apple describes it (reference/apns-provider-api.md §9.1)."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

import pytest
import trio

from protocol.broadcast import StoragePolicy
from protocol.identifiers import BundleId
from protocol.notification import Environment
from protocol.provider.rejection import Reason
from tests.io.broadcast_desk import (
    ALL_CHANNELS,
    CHANNELS,
    REQUEST_ID,
    broadcast_desk,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.io.broadcast_desk import BroadcastDesk
    from tests.io.streams import Provider

NEW = {"message-storage-policy": 0, "push-type": "LiveActivity"}
HEAD = {"apns-request-id": REQUEST_ID}


async def listed(provider: BroadcastDesk, path: str = ALL_CHANNELS) -> list[str]:
    answer = await provider.manage("GET", path)
    assert (answer.status, answer.headers) == (200, {":status": "200", **HEAD})
    channels: list[str] = json.loads(answer.body)["channels"]
    return channels


async def test_a_header_list_that_is_too_long_is_answered_in_the_words_of_channels(
    tmp_path: Path,
) -> None:
    async with broadcast_desk(tmp_path) as provider:
        answer = await provider.manage("GET", ALL_CHANNELS, x_much="y" * 9000)
        assert answer.headers == {":status": "431", **HEAD}
        assert answer.reason == Reason.PAYLOAD_TOO_LARGE.text


async def test_a_channel_is_created_read_listed_and_deleted(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path) as provider:
        created = await provider.manage(content=NEW)
        channel = created.headers["apns-channel-id"]
        assert created.headers == {":status": "201", **HEAD, "apns-channel-id": channel}
        assert (created.body, created.shape) == (b"", [("HeadersFrame", True)])
        assert len(base64.b64decode(channel, validate=True)) == 16

        read = await provider.manage("GET", apns_channel_id=channel)
        assert read.headers == {":status": "200", **HEAD}
        assert json.loads(read.body) == NEW
        assert await listed(provider) == [channel]

        deleted = await provider.manage("DELETE", apns_channel_id=channel)
        assert deleted.headers == {":status": "204", **HEAD}
        assert (deleted.body, deleted.shape) == (b"", [("HeadersFrame", True)])
        gone = await provider.manage("GET", apns_channel_id=channel)
        assert gone.reason == Reason.CHANNEL_NOT_REGISTERED.text
        assert await listed(provider) == []


@pytest.mark.parametrize("policy", [0, 1, "0", "1"])
@pytest.mark.parametrize("push_type", ["LiveActivity", "liveactivity", "Liveactivity"])
async def test_policy_and_push_type_are_read_in_every_spelling_that_is_in_use(
    tmp_path: Path, policy: int | str, push_type: str
) -> None:
    async with broadcast_desk(tmp_path) as provider:
        said = {"message-storage-policy": policy, "push-type": push_type}
        created = await provider.manage(content=said)
        read = await provider.manage("GET", apns_channel_id=created.headers["apns-channel-id"])
        assert json.loads(read.body)["message-storage-policy"] == int(policy)


async def test_ids_are_never_the_same_and_come_in_the_order_of_creation(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path) as provider:
        made = [await provider.create() for _ in range(20)]
        assert len(set(made)) == 20
        assert await listed(provider) == made


async def test_a_list_of_ten_thousand_arrives_whole(tmp_path: Path) -> None:
    """270 KB: beyond a frame, and beyond the window that a provider opens at first."""
    async with broadcast_desk(tmp_path) as provider:
        channels = provider.desk.here.gateway.channels
        app = (Environment.DEVELOPMENT, BundleId("com.example.app"))
        for _ in range(10_000):
            await channels.create(*app, StoragePolicy.NO_MESSAGE_STORED)
        answer = await provider.manage(content=NEW)
        assert answer.reason == Reason.CANNOT_CREATE_CHANNEL_CONFIG.text
        line = await provider.dial_management()
        number = await provider.desk.send(line, path=ALL_CHANNELS, method="GET", body=None)
        heard = 0
        while not line.ended(number):
            assert await line.hear()
            more, heard = _body_of(line, number) - heard, _body_of(line, number)
            if more:
                line.core.acknowledge_received_data(more, number)
                await line.flush()
        body = b"".join(each.data for each in line.frames_on(number) if each.type == 0)
        assert json.loads(body) == {"channels": [each.channel_id for each in channels]}


def _body_of(line: Provider, number: int) -> int:
    return sum(len(each.data) for each in line.frames_on(number) if each.type == 0)


async def test_channels_of_another_app_or_environment_are_not_there(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path) as provider:
        channel = await provider.create()
        other = await provider.manage(
            "GET", "/1/apps/com.example.other/channels", apns_channel_id=channel
        )
        assert other.reason == Reason.CHANNEL_NOT_REGISTERED.text
        production = await provider.dial_management(Environment.PRODUCTION)
        abroad = await provider.manage("GET", line=production, apns_channel_id=channel)
        assert abroad.reason == Reason.CHANNEL_NOT_REGISTERED.text
        in_production = await provider.create(line=production)
        assert await listed(provider) == [channel]
        answer = await provider.manage("GET", ALL_CHANNELS, line=production)
        assert json.loads(answer.body) == {"channels": [in_production]}


async def test_the_port_alone_tells_the_environment(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path) as provider:
        channel = await provider.create()
        for name in ("api-manage-broadcast.push.apple.com", "api.push.apple.com"):
            line = await provider.dial_management(Environment.DEVELOPMENT, name)
            answer = await provider.manage("GET", line=line, apns_channel_id=channel)
            assert answer.status == 200, name
        sandbox = "api-manage-broadcast.sandbox.push.apple.com"
        line = await provider.dial_management(Environment.PRODUCTION, sandbox)
        assert (await provider.manage("GET", line=line, apns_channel_id=channel)).status == 400


async def test_an_answer_has_a_request_id_like_apples_where_none_was_sent(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path) as provider:
        for method, expected in (("POST", 201), ("GET", 400)):
            answer = await provider.manage(method, content=NEW, apns_request_id=None)
            assert answer.status == expected
            form = "-".join(f"[0-9A-F]{{{count}}}" for count in (8, 4, 4, 4, 12))
            assert re.fullmatch(form, answer.headers["apns-request-id"])


async def test_an_apns_id_is_taken_where_no_request_id_is(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path) as provider:
        sent = {"apns_request_id": None, "apns_id": REQUEST_ID.lower()}
        answer = await provider.manage(content=NEW, **sent)
        assert answer.headers["apns-request-id"] == REQUEST_ID.lower()


async def test_channels_survive_a_restart_of_the_gateway(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path, store="sqlite") as provider:
        kept = await provider.create(1)
        gone = await provider.create(0)
        assert (await provider.manage("DELETE", apns_channel_id=gone)).status == 204
    async with broadcast_desk(tmp_path, store="sqlite") as provider:
        assert await listed(provider) == [kept]
        read = await provider.manage("GET", apns_channel_id=kept)
        assert json.loads(read.body)["message-storage-policy"] == 1


async def test_switching_the_capability_off_deletes_an_apps_channels_for_good(
    tmp_path: Path,
) -> None:
    off = {"broadcast_disabled": ("com.example.app",)}
    async with broadcast_desk(tmp_path, store="sqlite") as provider:
        await provider.create()
    async with broadcast_desk(tmp_path, store="sqlite", **off) as provider:
        answer = await provider.manage("GET", ALL_CHANNELS)
        assert answer.reason == Reason.FEATURE_NOT_ENABLED.text
    async with broadcast_desk(tmp_path, store="sqlite") as provider:
        assert await listed(provider) == []


async def test_every_request_about_channels_is_in_the_journal(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path) as provider:
        await provider.create()
        await provider.manage("DELETE", CHANNELS)
        records = list(provider.desk.here.gateway.journal.records())
        told = [(each.apns_id, each.status, each.reason) for each in records]
        assert told == [(REQUEST_ID, 201, ""), (REQUEST_ID, 400, Reason.MISSING_CHANNEL_ID.text)]
        assert all(each.connection.startswith("provider-") for each in records)


@pytest.mark.parametrize(
    ("name", "port", "environment"),
    [
        ("api-manage-broadcast.push.apple.com", 2196, Environment.PRODUCTION),
        ("api-manage-broadcast.sandbox.push.apple.com", 2195, Environment.DEVELOPMENT),
    ],
)
async def test_apples_hosts_and_ports_lead_here_through_the_proxy(
    tmp_path: Path, name: str, port: int, environment: Environment
) -> None:
    async with broadcast_desk(tmp_path, proxy_port=0) as provider:
        gateway = provider.desk.here.gateway
        tcp = await trio.open_tcp_stream("127.0.0.1", gateway.proxy_port)
        await tcp.send_all(f"CONNECT {name}:{port} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        assert (await tcp.receive_some()).startswith(b"HTTP/1.1 200")
        channel = await provider.create(line=await provider.over(tcp, name))
        [made] = gateway.channels
        assert (made.channel_id, made.environment) == (channel, environment)


async def test_a_certificate_stands_for_a_token_in_management_and_publishing(
    tmp_path: Path,
) -> None:
    async with broadcast_desk(tmp_path) as provider:
        leaf = provider.desk.certificate()
        line = await provider.dial_management(certificate=leaf)
        answer = await provider.manage(content=NEW, line=line, authorization="bearer nonsense")
        assert answer.status == 201
        channel = answer.headers["apns-channel-id"]
        line = await provider.desk.dial(certificate=leaf)
        answer = await provider.publish(channel, line=line, authorization=None)
        assert answer.status == 200
