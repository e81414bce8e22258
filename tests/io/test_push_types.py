"""The push types, row by row: reference/apns-provider-api.md §2.2, over TLS to a whole gateway.

Each test runs once per push type and bears its name. What the phone does with Live Activities is in
test_device_activities.py, what certificates are made of in test_provider_certificates.py.
"""

# ruff: noqa: ANN401 - settings and headers are passed on by name

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from certs.provider_certificate import Kind
from protocol.notification import PushType
from tests.e2e.world import TOPIC, until
from tests.io.provider_desk import desk

if TYPE_CHECKING:
    from pathlib import Path

    from devicesim.host.views import ReceivedView
    from tests.io.provider_desk import Desk
    from tests.io.streams import Answered, Provider

OTHER_APP = "com.example.other"


@dataclass(frozen=True)
class Row:
    """A row of the table, copied by hand.

    ``payload`` is what such pushes carry, ``becomes`` what the phone makes of it.
    """

    suffix: str = ""
    max_bytes: int = 4096
    payload: str = '{"aps":{}}'
    becomes: str = "delivered"


ROWS = {
    "alert": Row(payload='{"aps":{"alert":"Hello","badge":1,"sound":"default"}}', becomes="shown"),
    "background": Row(payload='{"aps":{"content-available":1}}', becomes="woken"),
    "complication": Row(".complication"),
    "controls": Row(".push-type.controls", payload='{"aps":{"content-changed":true}}'),
    "fileprovider": Row(
        ".pushkit.fileprovider",
        payload='{"container-identifier":"NSFileProviderWorkingSetContainerItemIdentifier",'
        '"domain":"main"}',
    ),
    "liveactivity": Row(
        ".push-type.liveactivity",
        payload='{"aps":{"event":"update","timestamp":1700000000,"content-state":{"score":1}}}',
    ),
    "location": Row(".location-query"),
    "mdm": Row(payload='{"mdm":"a push magic"}'),
    "pushtotalk": Row(".voip-ptt", payload='{"aps":{},"speaker":"Anna"}'),
    "voip": Row(".voip", 5120, payload='{"aps":{},"caller":"Anna"}'),
    "widgets": Row(".push-type.widgets", payload='{"aps":{"content-changed":true}}'),
}

every_push_type = pytest.mark.parametrize("push_type", ROWS)


@dataclass
class App:
    """An app that asked for the tokens of every push type, and a provider who pushes to it."""

    provider: Desk
    phone: str
    tokens: dict[str, str]

    async def ask(self, push_type: str, line: Provider | None = None, **changes: Any) -> Answered:
        """A push as the row says, of priority 5, which every type may have."""
        row = ROWS[push_type]
        usual: dict[str, Any] = {
            "path": f"/3/device/{self.tokens[push_type]}",
            "body": row.payload.encode(),
            "apns_push_type": push_type,
            "apns_topic": TOPIC + row.suffix,
            "apns_priority": "5",
            "apns_id": None,
        }
        return await self.provider.ask(line, **(usual | changes))

    async def received(self, count: int) -> list[ReceivedView]:
        devices = self.provider.here.devices
        await until(lambda: len(devices.notifications(self.phone)) == count)
        return list(devices.notifications(self.phone))


async def installed(provider: Desk) -> App:
    phone = await provider.here.phone("every push type")
    view = await provider.here.devices.install_app(phone, TOPIC, list(ROWS))
    return App(provider, phone, view.tokens)


def said(answer: Answered) -> tuple[int, str]:
    return answer.status, "" if answer.status == 200 else answer.reason


OK = (200, "")
DISALLOWED = (400, "TopicDisallowed")
NOT_FOR_TOPIC = (400, "DeviceTokenNotForTopic")


def test_the_list_is_complete() -> None:
    assert [each.value for each in PushType] == list(ROWS)


@every_push_type
async def test_its_payload_arrives_at_the_app_under_its_topic(
    tmp_path: Path, push_type: str
) -> None:
    async with desk(tmp_path) as provider:
        app, row = await installed(provider), ROWS[push_type]
        assert said(await app.ask(push_type)) == OK
        [push] = await app.received(1)
        assert (push.push_type, push.topic) == (push_type, TOPIC + row.suffix)
        assert (push.payload, push.presentation) == (json.loads(row.payload), row.becomes)


@every_push_type
async def test_its_largest_payload_arrives_and_a_byte_more_is_too_large(
    tmp_path: Path, push_type: str
) -> None:
    async with desk(tmp_path) as provider:
        app, limit = await installed(provider), ROWS[push_type].max_bytes
        text = "x" * (limit - len('{"a":""}'))
        largest = f'{{"a":"{text}"}}'.encode()
        line = await provider.dial()
        assert said(await app.ask(push_type, line, body=largest)) == OK
        refused = await app.ask(push_type, line, body=largest + b" ")
        assert said(refused) == (413, "PayloadTooLarge")
        # A client that names no push type is held to the same size: its topic says the type.
        if ROWS[push_type].suffix:
            unnamed: dict[str, Any] = {"apns_push_type": None}
            assert said(await app.ask(push_type, line, body=largest, **unnamed)) == OK
            refused = await app.ask(push_type, line, body=largest + b" ", **unnamed)
            assert said(refused) == (413, "PayloadTooLarge")
        for push in await app.received(2 if ROWS[push_type].suffix else 1):
            assert (push.push_type, push.payload) == (push_type, {"a": text})


@every_push_type
async def test_its_topic_is_the_bundle_id_with_its_suffix_and_no_other(
    tmp_path: Path, push_type: str
) -> None:
    """Types without a suffix are judged by the token: a bundle id may end in ".voip" itself."""
    async with desk(tmp_path) as provider:
        app, line = await installed(provider), await provider.dial()
        own = ROWS[push_type].suffix
        for suffix in {row.suffix for row in ROWS.values()} - {own}:
            answer = await app.ask(push_type, line, apns_topic=TOPIC + suffix)
            assert said(answer) == (DISALLOWED if own else NOT_FOR_TOPIC), suffix
        if own:
            bare = await app.ask(push_type, line, apns_topic=own)
            assert said(bare) == (400, "BadTopic"), "a suffix of nothing is no topic"
        assert said(await app.ask(push_type, line)) == OK


@every_push_type
async def test_its_token_is_for_its_topic_alone(tmp_path: Path, push_type: str) -> None:
    """§7.3: topic and push type agree, the token was registered under another suffix."""
    async with desk(tmp_path) as provider:
        app, line = await installed(provider), await provider.dial()
        for other, row in ROWS.items():
            answer = await app.ask(push_type, line, path=f"/3/device/{app.tokens[other]}")
            is_its_own = row.suffix == ROWS[push_type].suffix
            assert said(answer) == (OK if is_its_own else NOT_FOR_TOPIC), other


@every_push_type
async def test_its_priority_is_10_or_5_or_1_and_of_background_never_10(
    tmp_path: Path, push_type: str
) -> None:
    async with desk(tmp_path) as provider:
        app, line = await installed(provider), await provider.dial()
        default = 5 if push_type == "background" else 10
        at_ten = (400, "BadPriority") if push_type == "background" else OK
        assert said(await app.ask(push_type, line, apns_priority="10")) == at_ten
        for priority in ("5", "1", None):
            assert said(await app.ask(push_type, line, apns_priority=priority)) == OK
        expected = [5, 1, default] if push_type == "background" else [10, 5, 1, default]
        assert [push.priority for push in await app.received(len(expected))] == expected


# -- certificates ----------------------------------------------------------------------------------


@every_push_type
async def test_a_certificate_may_send_it_if_its_topic_is_listed_and_never_location(
    tmp_path: Path, push_type: str
) -> None:
    async with desk(tmp_path) as provider:
        app, topic = await installed(provider), TOPIC + ROWS[push_type].suffix
        listing = provider.certificate(Kind.APP, topics=(TOPIC, topic))
        line = await provider.dial(certificate=listing)
        expected = DISALLOWED if push_type == "location" else OK
        assert said(await app.ask(push_type, line, authorization=None)) == expected
        stranger = provider.certificate(Kind.APP, OTHER_APP)
        line = await provider.dial(certificate=stranger)
        assert said(await app.ask(push_type, line, authorization=None)) == DISALLOWED


@every_push_type
async def test_the_universal_certificate_lists_the_app_its_calls_and_its_complication(
    tmp_path: Path, push_type: str
) -> None:
    async with desk(tmp_path) as provider:
        app = await installed(provider)
        line = await provider.dial(certificate=provider.certificate(Kind.UNIVERSAL))
        is_listed = ROWS[push_type].suffix in ("", ".voip", ".complication")
        expected = OK if is_listed else DISALLOWED
        assert said(await app.ask(push_type, line, authorization=None)) == expected
