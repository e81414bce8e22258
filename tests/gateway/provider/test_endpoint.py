"""Requests in, answers out: every part behind the endpoint is the real one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from certs.provider_key import ProviderKey
from certs.provider_token import ProviderTokenVerifier
from gateway.journal import Journal
from gateway.provider.endpoint import PushEndpoint, PushService
from gateway.provider.identity import ConnectionIdentity, IdentityRules
from gateway.provider.keys import KeyRing, RegisteredKey
from gateway.records import State
from gateway.routing.directory import DeviceDirectory
from gateway.routing.router import Router
from gateway.routing.sessions import SessionTable
from gateway.validation import ValidationRules
from protocol.identifiers import DeviceToken
from protocol.notification import Environment
from protocol.provider.http import HttpRequest, HttpResponse
from tests.builders import (
    APNS_ID,
    DEVICE,
    NOW,
    PATH,
    TOKEN,
    TOPIC,
    ListeningSession,
    SettableTime,
    counting_bytes,
    push,
    registration,
)
from tests.gateway.routing.stores import FragileStore

if TYPE_CHECKING:
    from gateway.store.store import Registration

KEY = ProviderKey.generate("TEAM123456", "KEY1234567")
OTHER_KEY = ProviderKey.generate("TEAM123456", "KEY2222222")
BEARER = f"bearer {KEY.sign(int(NOW))}"
STORED_AS = "00000000-0000-0000-0000-000000000001"


@dataclass
class Gateway:
    """One gateway without sockets, and one connection to it."""

    rules: ValidationRules = field(default_factory=lambda: ValidationRules(Environment.DEVELOPMENT))
    same_id_seconds: float = 0
    max_pushes_per_second: int = 0
    key_environments: frozenset[Environment] | None = None
    key_topics: frozenset[str] | None = None
    store: FragileStore = field(default_factory=FragileStore)
    clock: SettableTime = field(default_factory=SettableTime)
    sessions: SessionTable = field(default_factory=SessionTable)
    adopted: list[Registration] = field(default_factory=list)

    def __post_init__(self) -> None:
        now, dice = self.clock.now, counting_bytes()
        self.journal = Journal(now)
        self.directory = DeviceDirectory(
            self.store, now, dice, max_pushes_per_second=self.max_pushes_per_second
        )
        router = Router(
            self.store, self.sessions, self.journal, now, same_id_seconds=self.same_id_seconds
        )
        self.service = PushService(
            router, self.directory, self.journal, now, dice, self.adopted.append
        )
        self.keys = KeyRing()
        self.keys.add(RegisteredKey(KEY.public, self.key_environments, self.key_topics))
        self.keys.add(RegisteredKey(OTHER_KEY.public))
        self.endpoint = self.connection()

    def connection(self) -> PushEndpoint:
        identity = ConnectionIdentity(
            IdentityRules(ProviderTokenVerifier(self.keys), self.keys),
            self.rules.environment,
            lambda: None,
        )
        return PushEndpoint(self.service, self.rules, identity, "provider-1")

    async def knows(self, **changes: object) -> None:
        """The phone's token is registered, with these differences."""
        await self.store.register(registration(**changes))
        await self.directory.load()

    async def answer(self, request: HttpRequest) -> HttpResponse:
        return await self.endpoint(request)


@pytest.fixture
async def gateway() -> Gateway:
    made = Gateway()
    await made.knows()
    return made


def valid(
    method: str = "POST",
    path: str = PATH,
    body: bytes = b'{"aps":{"alert":"Hello"}}',
    **changes: str | None,
) -> HttpRequest:
    return push(method, path, body, **({"authorization": BEARER} | changes))


def refused(status: int, body: str, apns_id: str = APNS_ID) -> HttpResponse:
    return HttpResponse(status, (("apns-id", apns_id),), body.encode())


# -- 200 -------------------------------------------------------------------------------------------


async def test_in_development_a_200_carries_both_ids(gateway: Gateway) -> None:
    headers = (("apns-id", APNS_ID), ("apns-unique-id", STORED_AS))
    assert await gateway.answer(valid()) == HttpResponse(200, headers, b"")
    assert await gateway.store.pending(DEVICE) == 1


async def test_in_production_a_200_carries_the_apns_id_alone() -> None:
    gateway = Gateway(ValidationRules(Environment.PRODUCTION))
    await gateway.knows(environment=Environment.PRODUCTION)
    assert await gateway.answer(valid()) == HttpResponse(200, (("apns-id", APNS_ID),), b"")


@pytest.mark.parametrize("apns_id", [APNS_ID, APNS_ID.upper(), APNS_ID[:18] + APNS_ID[18:].upper()])
async def test_the_apns_id_is_echoed_byte_for_byte(gateway: Gateway, apns_id: str) -> None:
    answer = await gateway.answer(valid(apns_id=apns_id))
    assert (answer.status, answer.headers[0]) == (200, ("apns-id", apns_id))
    answer = await gateway.answer(valid(apns_id=apns_id, apns_topic=None))
    assert (answer.status, answer.headers) == (400, (("apns-id", apns_id),))


async def test_without_an_apns_id_the_gateway_makes_one_for_either_answer(
    gateway: Gateway,
) -> None:
    accepted = await gateway.answer(valid(apns_id=None))
    assert accepted.headers == (
        ("apns-id", "00000000-0000-0000-0000-000000000002"),
        ("apns-unique-id", STORED_AS),
    )
    answer = await gateway.answer(valid(apns_id=None, apns_topic=None))
    made = "00000000-0000-0000-0000-000000000003"
    assert answer == refused(400, '{"reason":"MissingTopic"}', made)


async def test_ids_that_the_gateway_makes_are_upper_and_lower_case_like_apples(
    gateway: Gateway,
) -> None:
    service = gateway.service
    shouting = PushService(
        service.router,
        service.directory,
        service.journal,
        service.now,
        lambda size: b"\xab" * size,
        service.adopted,
    )
    gateway.service = shouting
    answer = await gateway.connection()(valid(apns_id=None))
    assert answer.headers == (
        ("apns-id", "ABABABAB-ABAB-ABAB-ABAB-ABABABABABAB"),
        ("apns-unique-id", "abababab-abab-abab-abab-abababababab"),
    )


# -- refusals, byte for byte -----------------------------------------------------------------------

SIMPLE = [
    (405, "MethodNotAllowed", {"method": "GET"}),
    (405, "MethodNotAllowed", {"method": "GET", "authorization": None}),
    (404, "BadPath", {"path": "/3/devices/ab"}),
    (403, "MissingProviderToken", {"authorization": None}),
    (403, "MissingProviderToken", {"authorization": None, "path": "/3/device/aaaa"}),
    (403, "InvalidProviderToken", {"authorization": "bearer x", "path": "/3/device/" + "0" * 64}),
    (403, "ExpiredProviderToken", {"authorization": f"bearer {KEY.sign(int(NOW) - 3601)}"}),
    (400, "MissingDeviceToken", {"path": "/3/device/"}),
    (400, "BadExpirationDate", {"apns_expiration": "soon"}),
    (400, "BadPriority", {"apns_priority": "7"}),
    (400, "BadPriority", {"apns_push_type": "background"}),
    (400, "InvalidPushType", {"apns_push_type": "toast"}),
    (400, "BadCollapseId", {"apns_collapse_id": "x" * 65}),
    (400, "MissingTopic", {"apns_topic": None}),
    (400, "BadTopic", {"apns_topic": "no topic"}),
    (400, "TopicDisallowed", {"apns_push_type": "voip"}),
    (400, "TopicDisallowed", {"apns_topic": "<com.example.app>"}),
    (400, "BadDeviceToken", {"path": "/3/device/xyz"}),
    (400, "BadDeviceToken", {"path": "/3/device/" + "0" * 64}),
    (400, "PayloadEmpty", {"body": b""}),
    (400, "PayloadEmpty", {"body": b"not json"}),
    (413, "PayloadTooLarge", {"body": b'{"a":"%s"}' % (b"x" * 4089)}),
    (400, "DeviceTokenNotForTopic", {"apns_topic": "com.example.other"}),
]  # fmt: skip


@pytest.mark.parametrize(("status", "reason", "changes"), SIMPLE)
async def test_each_reason_is_earned_by_its_condition(
    gateway: Gateway, status: int, reason: str, changes: dict[str, object]
) -> None:
    request = valid(**changes)  # type: ignore[arg-type]
    assert await gateway.answer(request) == refused(status, f'{{"reason":"{reason}"}}')
    (record,) = gateway.journal.records()
    assert (record.status, record.reason, record.apns_id) == (status, reason, APNS_ID)
    assert record.state is State.REJECTED
    assert await gateway.store.pending() == 0


@pytest.mark.parametrize("apns_id", ["1", "not a uuid", APNS_ID + "0", "É"])
async def test_even_a_bad_message_id_is_echoed(gateway: Gateway, apns_id: str) -> None:
    answer = await gateway.answer(valid(apns_id=apns_id))
    assert answer == refused(400, '{"reason":"BadMessageId"}', apns_id)


async def test_an_empty_apns_id_is_a_bad_one_and_answered_with_one_of_ours(
    gateway: Gateway,
) -> None:
    answer = await gateway.answer(valid(apns_id=""))
    made = "00000000-0000-0000-0000-000000000001"
    assert answer == refused(400, '{"reason":"BadMessageId"}', made)


async def test_a_repeated_header_is_refused_and_the_first_apns_id_echoed(gateway: Gateway) -> None:
    request = valid()
    headers = (*request.headers, ("apns-id", APNS_ID.upper()))
    answer = await gateway.answer(HttpRequest(request.method, PATH, headers, request.body))
    assert answer == refused(400, '{"reason":"DuplicateHeaders"}')


async def test_an_uninstalled_app_is_410_with_its_time_in_milliseconds() -> None:
    gateway = Gateway()
    await gateway.knows(unregistered_at=1_454_948_015.990)
    body = '{"reason":"Unregistered","timestamp":1454948015990}'
    assert await gateway.answer(valid()) == refused(410, body)


async def test_an_uninstall_is_confirmed_late_where_the_setting_says_so() -> None:
    gateway = Gateway(ValidationRules(Environment.DEVELOPMENT, unregistered_delay_seconds=60))
    await gateway.knows(unregistered_at=NOW)
    assert (await gateway.answer(valid())).status == 200
    (record,) = gateway.journal.records()
    assert record.state is State.DISCARDED_UNREGISTERED
    gateway.clock.time += 60
    assert (await gateway.answer(valid())).status == 410
    assert await gateway.store.pending() == 0


async def test_a_token_of_the_other_environment_is_a_bad_device_token() -> None:
    gateway = Gateway()
    await gateway.knows(environment=Environment.PRODUCTION)
    assert await gateway.answer(valid()) == refused(400, '{"reason":"BadDeviceToken"}')


async def test_a_key_of_the_other_environment_is_refused() -> None:
    gateway = Gateway(key_environments=frozenset({Environment.PRODUCTION}))
    await gateway.knows()
    answer = await gateway.answer(valid())
    assert answer == refused(403, '{"reason":"BadEnvironmentKeyIdInToken"}')


async def test_a_topic_that_the_key_does_not_cover_is_disallowed() -> None:
    gateway = Gateway(key_topics=frozenset({"com.example.other"}))
    await gateway.knows()
    assert await gateway.answer(valid()) == refused(400, '{"reason":"TopicDisallowed"}')


async def test_too_many_pushes_to_one_token_are_429() -> None:
    gateway = Gateway(max_pushes_per_second=1)
    await gateway.knows()
    assert (await gateway.answer(valid())).status == 200
    assert await gateway.answer(valid()) == refused(429, '{"reason":"TooManyRequests"}')


async def test_while_the_gateway_drains_the_answer_is_shutdown(gateway: Gateway) -> None:
    answer = gateway.service.shutting_down(valid())
    assert answer == refused(503, '{"reason":"Shutdown"}')
    (record,) = gateway.journal.records()
    assert (record.status, record.connection) == (503, "")


# -- one connection --------------------------------------------------------------------------------


async def test_another_key_on_the_same_connection_is_unrelated(gateway: Gateway) -> None:
    await gateway.answer(valid())
    other = valid(authorization=f"bearer {OTHER_KEY.sign(int(NOW))}")
    assert await gateway.answer(other) == refused(403, '{"reason":"UnrelatedKeyIdInToken"}')
    assert (await gateway.connection()(other)).status == 200


async def test_a_second_token_within_20_minutes_is_429_on_this_connection_alone(
    gateway: Gateway,
) -> None:
    await gateway.answer(valid())
    second = valid(authorization=f"bearer {KEY.sign(int(NOW) - 1)}")
    assert await gateway.answer(second) == refused(429, '{"reason":"TooManyProviderTokenUpdates"}')
    assert (await gateway.connection()(second)).status == 200
    gateway.clock.time += 20 * 60
    assert (await gateway.answer(second)).status == 200


async def test_a_client_that_signs_anew_after_an_expired_token_goes_on(gateway: Gateway) -> None:
    gateway.clock.time += 50 * 60
    assert (await gateway.answer(valid())).status == 200
    gateway.clock.time += 11 * 60
    assert await gateway.answer(valid()) == refused(403, '{"reason":"ExpiredProviderToken"}')
    again = valid(authorization=f"bearer {KEY.sign(int(gateway.clock.time))}")
    assert (await gateway.answer(again)).status == 200


# -- the store -------------------------------------------------------------------------------------


async def test_when_the_store_cannot_promise_anything_the_answer_is_503(gateway: Gateway) -> None:
    gateway.store.is_out = True
    assert await gateway.answer(valid()) == refused(503, '{"reason":"ServiceUnavailable"}')
    (record,) = gateway.journal.records()
    assert [event.state for event in record.timeline] == [State.RECEIVED, State.REJECTED]
    assert record.detail == "the disk is full"
    gateway.store.is_out = False
    assert await gateway.store.pending() == 0


async def test_200_waits_until_the_push_is_stored(gateway: Gateway) -> None:
    gateway.store.gate = trio.Event()
    answers: list[HttpResponse] = []

    async def ask() -> None:
        answers.append(await gateway.answer(valid()))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        assert answers == []
        gateway.store.gate.set()
    assert answers[0].status == 200


async def test_an_accepted_push_is_on_record_with_its_answer(gateway: Gateway) -> None:
    request = valid()
    await gateway.answer(request)
    (record,) = gateway.journal.records()
    assert (record.request, record.connection, record.status) == (request, "provider-1", 200)
    assert (record.device, record.apns_id, record.detail) == (DEVICE, APNS_ID, "")
    assert [event.state for event in record.timeline] == [State.RECEIVED, State.STORED_OFFLINE]


async def test_a_bug_is_not_hidden_here(gateway: Gateway) -> None:
    class Broken(ListeningSession):
        def wake(self) -> None:
            raise RuntimeError("a bug")

    gateway.sessions.arrive(Broken())
    with pytest.raises(RuntimeError, match="a bug"):
        await gateway.answer(valid())
    [record] = gateway.journal.records()
    assert (record.status, record.reason) == (500, "InternalServerError")


# -- the same apns-id again ------------------------------------------------------------------------


async def test_a_repetition_is_answered_as_the_push_it_repeats_and_the_journal_says_so() -> None:
    gateway = Gateway(same_id_seconds=3600)
    await gateway.knows()
    first = await gateway.answer(valid())
    assert await gateway.answer(valid()) == first
    assert await gateway.store.pending() == 1
    _, again = gateway.journal.records()
    assert again.status == 200
    assert again.detail == f"the same push as {STORED_AS}, by its apns-id: not taken again"


# -- adoption --------------------------------------------------------------------------------------

ADOPTING = ValidationRules(Environment.DEVELOPMENT, adopts_unknown_tokens=True)


async def test_an_unknown_token_is_adopted_by_its_first_push() -> None:
    gateway = Gateway(ADOPTING)
    assert (await gateway.answer(valid())).status == 200
    (adopted,) = gateway.adopted
    assert (adopted.token, adopted.topic) == (TOKEN, TOPIC)
    assert gateway.directory.registration_of(TOKEN) == adopted
    assert await gateway.store.pending(adopted.device) == 1
    assert (await gateway.answer(valid())).status == 200
    assert len(gateway.adopted) == 1
    other = valid(apns_topic="com.example.other")
    assert await gateway.answer(other) == refused(400, '{"reason":"DeviceTokenNotForTopic"}')


async def test_a_refused_push_adopts_nothing() -> None:
    gateway = Gateway(ADOPTING)
    assert (await gateway.answer(valid(body=b""))).status == 400
    assert gateway.adopted == []
    assert gateway.directory.registration_of(TOKEN) is None


async def test_of_many_first_pushes_at_once_one_adopts_the_token_and_all_its_topic_are_taken() -> (
    None
):
    gateway = Gateway(ADOPTING)
    gateway.store.gate = trio.Event()
    statuses: list[int] = []

    async def ask(topic: str) -> None:
        statuses.append((await gateway.answer(valid(apns_topic=topic))).status)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, str(TOPIC))
        await wait_all_tasks_blocked()
        for topic in (str(TOPIC), "com.example.other", str(TOPIC)):
            nursery.start_soon(ask, topic)
        await wait_all_tasks_blocked()
        gateway.store.gate.set()
    assert sorted(statuses) == [200, 200, 200, 400]
    assert len(gateway.adopted) == 1


async def test_a_token_that_cannot_be_kept_is_not_adopted_and_the_answer_is_503() -> None:
    gateway = Gateway(ADOPTING)
    gateway.store.is_out = True
    assert await gateway.answer(valid()) == refused(503, '{"reason":"ServiceUnavailable"}')
    assert gateway.adopted == []
    (record,) = gateway.journal.records()
    assert [event.state for event in record.timeline] == [State.REJECTED]


@pytest.mark.parametrize("size", [1, 54, 100])
async def test_a_token_of_any_length_is_served(size: int) -> None:
    gateway = Gateway(ADOPTING)
    token = DeviceToken(b"\xab" * size)
    assert (await gateway.answer(valid(path=f"/3/device/{token}"))).status == 200
