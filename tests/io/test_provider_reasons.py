"""Every reason that a device push with a provider token can earn, each by its real condition.

The whole gateway: real TLS, HTTP/2 frames taken apart, real tokens of virtual devices, real SQLite
(reference/apns-provider-api.md §3.1, §3.2).
"""

# ruff: noqa: ANN401 - settings and headers are passed on by name

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trio

from certs.provider_key import ProviderKey
from gateway.choices import BadEnvironmentKeyReason
from gateway.routing.router import Router
from protocol.notification import Environment
from protocol.provider.rejection import Reason
from tests.e2e.world import PRODUCTION, TOPIC, until
from tests.io.broadcast_desk import BROADCAST_ONLY
from tests.io.provider_desk import APNS_ID, TEAM, desk

if TYPE_CHECKING:
    from protocol.identifiers import UniqueId
    from protocol.notification import Notification
    from tests.e2e.world import World
    from tests.io.streams import Answered

# The rest of Apple's table, and why it is not here: IdleTimeout and what certificates earn is said
# in GOAWAY (test_provider_certificates.py), what earns Forbidden nobody knows (docs/fidelity.md),
# and broadcasts have a table of their own (test_broadcast_reasons.py).
ELSEWHERE = BROADCAST_ONLY | {
    Reason.BAD_CERTIFICATE,
    Reason.BAD_CERTIFICATE_ENVIRONMENT,
    Reason.FORBIDDEN,
    Reason.IDLE_TIMEOUT,
}


def is_refused(
    answer: Answered, reason: Reason, body: str | None = None, apns_id: str = APNS_ID
) -> None:
    """Byte for byte: the status, the apns-id alone, JSON without spaces in one DATA frame."""
    assert answer.headers == {":status": str(reason.status), "apns-id": apns_id}
    assert answer.body.decode() == (body or f'{{"reason":"{reason.text}"}}')
    assert answer.shape == [("HeadersFrame", False), ("DataFrame", True)]


ZEROS = "/3/device/" + "0" * 64

REQUESTS: list[tuple[Reason, dict[str, Any]]] = [
    (Reason.METHOD_NOT_ALLOWED, {"method": "GET", "authorization": None, "body": None}),
    (Reason.METHOD_NOT_ALLOWED, {"method": "PUT", "path": "/nowhere"}),
    (Reason.BAD_PATH, {"path": "/3/devices/00"}),
    (Reason.BAD_PATH, {"path": "/"}),
    (Reason.MISSING_PROVIDER_TOKEN, {"authorization": None}),
    (Reason.MISSING_PROVIDER_TOKEN, {"authorization": "bearer "}),
    # Both measured on Apple's servers: authentication comes before token and topic.
    (
        Reason.MISSING_PROVIDER_TOKEN,
        {"authorization": None, "path": "/3/device/aaaa", "apns_topic": None},
    ),
    (Reason.INVALID_PROVIDER_TOKEN, {"authorization": "bearer a.b.c", "path": ZEROS}),
    (Reason.DUPLICATE_HEADERS, {"more": (("apns-topic", TOPIC),)}),
    (Reason.DUPLICATE_HEADERS, {"more": (("apns-id", APNS_ID.lower()),)}),
    (Reason.MISSING_DEVICE_TOKEN, {"path": "/3/device/"}),
    (Reason.BAD_EXPIRATION_DATE, {"apns_expiration": "1.5"}),
    (Reason.BAD_EXPIRATION_DATE, {"apns_expiration": "-1"}),
    (Reason.BAD_PRIORITY, {"apns_priority": "0"}),
    (Reason.BAD_PRIORITY, {"apns_priority": "10", "apns_push_type": "background"}),
    (Reason.INVALID_PUSH_TYPE, {"apns_push_type": "toast"}),
    (Reason.BAD_COLLAPSE_ID, {"apns_collapse_id": "x" * 65}),
    (Reason.MISSING_TOPIC, {"apns_topic": None}),
    (Reason.BAD_TOPIC, {"apns_topic": "com example"}),
    (Reason.TOPIC_DISALLOWED, {"apns_push_type": "voip"}),
    (Reason.TOPIC_DISALLOWED, {"apns_topic": f"<{TOPIC}>"}),
    (Reason.BAD_DEVICE_TOKEN, {"path": "/3/device/not-hex"}),
    (Reason.BAD_DEVICE_TOKEN, {"path": ZEROS}),
    (Reason.PAYLOAD_EMPTY, {"body": None}),
    (Reason.PAYLOAD_EMPTY, {"body": b"[]"}),
    (Reason.PAYLOAD_TOO_LARGE, {"body": b'{"a":"%s"}' % (b"x" * 4089)}),
    (Reason.DEVICE_TOKEN_NOT_FOR_TOPIC, {"apns_topic": f"{TOPIC}.voip"}),
]


@pytest.mark.parametrize(
    "reason",
    dict.fromkeys(reason for reason, _ in REQUESTS),
    ids=lambda reason: f"{reason.status} {reason.text}",
)
async def test_one_request_alone_earns(tmp_path: Path, reason: Reason) -> None:
    async with desk(tmp_path) as provider:
        line = await provider.dial()
        for request in (request for earned, request in REQUESTS if earned is reason):
            is_refused(await provider.ask(line, **request), reason)
        assert (await provider.ask(line)).status == 200


async def test_400_bad_message_id_is_echoed_all_the_same(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        answer = await provider.ask(apns_id="no uuid")
        is_refused(answer, Reason.BAD_MESSAGE_ID, apns_id="no uuid")


async def test_a_refusal_and_an_acceptance_without_an_apns_id_get_one_like_apples(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as provider:
        line = await provider.dial()
        accepted = await provider.ask(line, apns_id=None)
        refused = await provider.ask(line, apns_id=None, path=ZEROS)
        assert list(accepted.headers) == [":status", "apns-id", "apns-unique-id"]
        assert list(refused.headers) == [":status", "apns-id"]
        for answer, name, digit in (
            (accepted, "apns-id", "[0-9A-F]"),
            (refused, "apns-id", "[0-9A-F]"),
            (accepted, "apns-unique-id", "[0-9a-f]"),
        ):
            form = "-".join(f"{digit}{{{count}}}" for count in (8, 4, 4, 4, 12))
            assert re.fullmatch(form, answer.headers[name]), answer.headers
        assert (accepted.body, accepted.shape) == (b"", [("HeadersFrame", True)])


async def test_in_production_nothing_but_the_apns_id_is_told(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        phone = await provider.here.phone("abroad", environment="production")
        provider.token = await provider.here.install(phone)
        answer = await provider.ask(await provider.dial(PRODUCTION))
        assert answer.headers == {":status": "200", "apns-id": APNS_ID}
        is_refused(await provider.ask(), Reason.BAD_DEVICE_TOKEN)


async def test_403_expired_provider_token(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        stale = provider.bearer(age=3602)
        is_refused(await provider.ask(authorization=stale), Reason.EXPIRED_PROVIDER_TOKEN)


async def test_403_invalid_provider_token_of_an_unknown_key(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        stranger = ProviderKey.generate(TEAM, "STRANGER12")
        answer = await provider.ask(authorization=provider.bearer(stranger))
        is_refused(answer, Reason.INVALID_PROVIDER_TOKEN)


async def test_403_bad_environment_key_id_in_token(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        abroad = provider.new_key(environments=frozenset({Environment.PRODUCTION}))
        answer = await provider.ask(authorization=provider.bearer(abroad))
        is_refused(answer, Reason.BAD_ENVIRONMENT_KEY_ID_IN_TOKEN)


async def test_403_bad_environment_key_in_token_is_how_a_setting_spells_it(tmp_path: Path) -> None:
    spelled = BadEnvironmentKeyReason.REPORTED
    async with desk(tmp_path, bad_environment_key_reason=spelled) as provider:
        abroad = provider.new_key(environments=frozenset({Environment.PRODUCTION}))
        answer = await provider.ask(authorization=provider.bearer(abroad))
        is_refused(answer, Reason.BAD_ENVIRONMENT_KEY_IN_TOKEN)


async def test_400_topic_disallowed_by_the_topics_of_the_key(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        narrow = provider.new_key(key_id="NARROW1234", topics=frozenset({"com.example.other"}))
        answer = await provider.ask(authorization=provider.bearer(narrow))
        is_refused(answer, Reason.TOPIC_DISALLOWED)


async def test_403_unrelated_key_id_in_token_on_one_connection(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        second = provider.bearer(provider.new_key())
        line = await provider.dial()
        assert (await provider.ask(line)).status == 200
        answer = await provider.ask(line, authorization=second)
        is_refused(answer, Reason.UNRELATED_KEY_ID_IN_TOKEN)
        assert (await provider.ask(authorization=second)).status == 200, "elsewhere it is fine"


async def test_403_invalid_provider_token_of_another_team_on_one_connection(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as provider:
        foreign = provider.bearer(provider.new_key(team_id="OTHERTEAM1", key_id="FOREIGN123"))
        line = await provider.dial()
        assert (await provider.ask(line)).status == 200
        answer = await provider.ask(line, authorization=foreign)
        is_refused(answer, Reason.INVALID_PROVIDER_TOKEN)
        assert (await provider.ask(authorization=foreign)).status == 200, "elsewhere it is fine"


async def test_429_too_many_provider_token_updates_on_one_connection(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        again = provider.bearer(age=60)
        line = await provider.dial()
        assert (await provider.ask(line)).status == 200
        answer = await provider.ask(line, authorization=again)
        is_refused(answer, Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES)
        assert (await provider.ask(authorization=again)).status == 200, "elsewhere it is fine"


async def test_b16_410_unregistered_with_its_time_once_the_app_is_gone(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        [phone] = provider.here.devices.list_devices()
        before = time.time() * 1000
        await provider.here.devices.uninstall_app(phone.id, TOPIC)
        answer = await provider.ask()
        body = answer.body.decode()
        told = re.fullmatch(r'{"reason":"Unregistered","timestamp":(\d{13})}', body)
        assert told, body
        assert before - 1 <= int(told[1]) <= time.time() * 1000
        is_refused(answer, Reason.UNREGISTERED, body)


async def test_410_expired_token_with_its_time_once_a_live_activity_is_over(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        [phone] = provider.here.devices.list_devices()
        activities = provider.here.devices.activities
        activity = await activities.start(phone.id, TOPIC, "Delivery", {}, {})
        live = {"path": f"/3/device/{activity.token}", "apns_push_type": "liveactivity"}
        live["apns_topic"] = f"{TOPIC}.push-type.liveactivity"
        assert (await provider.ask(**live)).status == 200
        # Exactly the limit; a byte more, and the size is what is wrong, not the token.
        full = b'{"a":"%s"}' % (b"x" * 4088)
        assert (await provider.ask(**live, body=full)).status == 200
        before = time.time() * 1000
        await activities.end(phone.id, TOPIC, activity.activity_id)
        is_refused(await provider.ask(**live, body=full + b" "), Reason.PAYLOAD_TOO_LARGE)
        answer = await provider.ask(**live)
        body = answer.body.decode()
        told = re.fullmatch(r'{"reason":"ExpiredToken","timestamp":(\d{13})}', body)
        assert told, body
        assert before - 1 <= int(told[1]) <= time.time() * 1000
        is_refused(answer, Reason.EXPIRED_TOKEN, body)
        # And on another topic it is expired all the same.
        answer = await provider.ask(path=live["path"])
        is_refused(answer, Reason.EXPIRED_TOKEN, body)


async def test_429_too_many_requests_to_one_device_token(tmp_path: Path) -> None:
    async with desk(tmp_path, max_pushes_per_token_per_second=1) as provider:
        provider.here.clock.freeze()
        line = await provider.dial()
        assert (await provider.ask(line)).status == 200
        is_refused(await provider.ask(line), Reason.TOO_MANY_REQUESTS)


async def test_503_service_unavailable_while_the_database_is_locked_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk(tmp_path, store="sqlite") as provider:
        with closing(sqlite3.connect(tmp_path / "store.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            is_refused(await provider.ask(), Reason.SERVICE_UNAVAILABLE)
            other.execute("ROLLBACK")
        assert any("lock" in record.getMessage() for record in caplog.records)
        assert (await provider.ask()).status == 200


class Gate:
    """A router that holds pushes, or breaks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, is_broken: bool = False) -> None:
        self.asked, self.go, self._is_broken = trio.Event(), trio.Event(), is_broken
        self._route = Router.route
        gate = self

        async def route(router: Router, notification: Notification, known: Any) -> UniqueId:
            return await gate.pass_on(router, notification, known)

        monkeypatch.setattr(Router, "route", route)

    async def pass_on(self, router: Router, notification: Notification, known: Any) -> UniqueId:
        self.asked.set()
        if self._is_broken:
            raise RuntimeError("a bug")
        await self.go.wait()
        return await self._route(router, notification, known)


async def test_503_shutdown_to_a_new_push_while_the_gateway_drains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    async with desk(tmp_path) as provider:
        line = await provider.dial()
        first = await provider.send(line)
        await gate.asked.wait()
        provider.here.stop.set()
        await until(lambda: all(each.draining for each in _statistics(provider.here)))
        is_refused(await provider.ask(line), Reason.SHUTDOWN)
        gate.go.set()
        assert (await line.answer(first)).status == 200
        await line.hear_out()
        [goaway] = line.goaways
        assert (goaway.additional_data, goaway.error_code) == (b'{"reason":"Shutdown"}', 0)


def _statistics(here: World) -> list[Any]:
    return list(here.gateway.providers.statistics())


async def test_500_internal_server_error_is_a_bug_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Gate(monkeypatch, is_broken=True)
    async with desk(tmp_path) as provider:
        is_refused(await provider.ask(), Reason.INTERNAL_SERVER_ERROR)


def test_no_reason_is_left_out() -> None:
    source = Path(__file__).read_text(encoding="utf-8").partition("def is_refused")[2]
    assert {each for each in Reason if f"Reason.{each.name}" in source} == set(Reason) - ELSEWHERE
