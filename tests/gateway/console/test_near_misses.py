"""What almost was what somebody waits for: every end that a push can come to, in plain words."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from gateway.console.near_misses import LOOKED_AT, STRANGERS
from gateway.handshakes import Handshakes
from gateway.records import State
from protocol.identifiers import DeviceId, DeviceToken, Topic
from protocol.notification import Environment
from tests.builders import (
    BUNDLE_ID,
    DEVICE,
    NOW,
    TOKEN,
    TOPIC,
    ListeningSession,
    broadcast,
    notification,
    push,
    registration,
)
from tests.gateway.console.consoles import AppFacts, Console, DeviceFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

URL = "/api/v1/near-misses"
OTHER = DeviceToken(bytes(32))
FORCE_QUIT = "the app was force-quit: nothing is launched until a person opens it"
PRESENTED = {"topic": BUNDLE_ID, "state": "Presented"}


async def misses(console: Console, **query: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    async with console.client() as client:
        answer: httpx.Response = await client.get(URL, params=query)
    assert answer.status_code == 200, answer.text
    told: list[dict[str, Any]] = answer.json()
    return told


async def register(console: Console, **changes: object) -> None:
    await console.parts.directory.adopt(registration(**changes))


def phone(console: Console, **changes: Any) -> None:  # noqa: ANN401
    facts = DeviceFacts(DEVICE, "Anna's phone", "development", online=True)
    console.host.facts[DEVICE] = dataclasses.replace(facts, **changes)


# -- what became of it -----------------------------------------------------------------------------

Course = list[tuple[State, str]]


@pytest.mark.parametrize(
    ("course", "became", "advice"),
    [
        (
            [],
            "accepted, on its way: the device has not acknowledged it yet",
            "wait longer; a path that is slow or half-open (device.network) may swallow it",
        ),
        (
            [(State.STORED_OFFLINE, "sent at 10:00:00 UTC, not acknowledged: connection lost")],
            "accepted, stored, and the device is back: the device has not acknowledged it yet"
            " (sent at 10:00:00 UTC, not acknowledged: connection lost)",
            "wait longer; a path that is slow or half-open (device.network) may swallow it",
        ),
        (
            [(State.STORED_POWER, "nobody uses the device; it goes with the next burst")],
            "accepted, stored to save power: nobody uses the device; it goes with the next burst",
            "device.wake(), or send it with apns-priority 10",
        ),
        (
            [(State.STORED_OFFLINE, ""), (State.REPLACED, "by AB12")],
            "accepted, and replaced while it waited by AB12",
            "one push per device and app waits for an absent device, the newest",
        ),
        (
            [(State.STORED_OFFLINE, ""), (State.DISCARDED_EXPIRED, "")],
            "accepted, and expired before the device could have it",
            "send a later apns-expiration, or bring the device online sooner",
        ),
        (
            [(State.DISCARDED_EXPIRED, "the device is offline and the push may not be stored")],
            "accepted, and discarded: the device is offline and the push may not be stored",
            "send a later apns-expiration",
        ),
        (
            [(State.DISCARDED_DISABLED, "")],
            "accepted, and thrown away: the device does not want pushes for this app",
            "app.update(notifications_enabled=True)",
        ),
        ([(State.DELIVERED, "")], "delivered", ""),
        ([(State.DELIVERED_FROM_STORAGE, "")], "delivered from storage", ""),
        (
            [(State.DELIVERED, ""), (State.NOT_PRESENTED, f"not-shown on phone: {FORCE_QUIT}")],
            f"delivered, presented nothing: alert push; {FORCE_QUIT}",
            "let a person open the app: app.update(state='foreground')",
        ),
        (
            [(State.DELIVERED, ""), (State.NOT_PRESENTED, "not-shown on phone")],
            "delivered, presented nothing: alert push; not-shown on phone",
            "",
        ),
        (
            [(State.FAULT, "rule 3: drop"), (State.FAULT, "rule 3: drop")],
            "accepted, on its way: the device has not acknowledged it yet; bent by rule 3: drop",
            "look at the fault rules: GET /api/v1/rules",
        ),
    ],
)  # fmt: skip
async def test_each_end_of_an_accepted_push_is_told_with_what_to_do(
    console: Console, course: Course, became: str, advice: str
) -> None:
    console.sessions.arrive(ListeningSession())
    accepted = console.accept(1)
    for state, detail in course:
        console.journal.note(accepted.unique_id, state, detail)
    [told] = await misses(console, **PRESENTED)
    assert (told["became"], told["advice"]) == (became, advice)
    assert told["why"] == f"alert to com.example.app 'Hello': {became}"
    assert (told["number"], told["apns_id"]) == (1, accepted.apns_id)
    assert [each["filter"] for each in told["differs"]] == ["state"]


async def test_what_was_presented_is_told_when_something_else_was_waited_for(
    console: Console,
) -> None:
    accepted = console.accept(1, State.DELIVERED)
    console.journal.note(accepted.unique_id, State.PRESENTED, "shown on phone: alert")
    [told] = await misses(console, topic=BUNDLE_ID, text="Goal")
    assert told["became"] == "delivered and presented: shown on phone: alert"
    assert told["why"].startswith("alert to com.example.app 'Hello', without 'Goal': delivered")


@pytest.mark.parametrize(
    ("detail", "said"), [("", ""), ("sent at 10:00:00 UTC", " (sent at 10:00:00 UTC)")]
)
async def test_a_device_that_is_away_keeps_its_push_waiting(
    console: Console, detail: str, said: str
) -> None:
    accepted = console.accept(1)
    console.journal.note(accepted.unique_id, State.STORED_OFFLINE, detail)
    [told] = await misses(console, **PRESENTED)
    assert told["became"] == f"accepted, stored: the device is offline{said}"
    assert told["advice"] == "connect the device"


async def test_the_phone_is_looked_at(console: Console) -> None:
    phone(console, online=False, network="airplane")
    console.accept(1, State.STORED_OFFLINE)
    [told] = await misses(console, **PRESENTED)
    assert told["became"] == "accepted, stored: the device is offline, network airplane"
    assert told["advice"] == "device.go_online()"
    console.journal.clear()
    console.accept(2)
    [told] = await misses(console, **PRESENTED)
    assert told["became"] == "accepted, waits for the device, which is offline"
    console.journal.clear()
    console.accept(3, State.DELIVERED)
    phone(console, apps=(AppFacts(BUNDLE_ID, {}, background_push_held=True),))
    [told] = await misses(console, **PRESENTED)
    assert "held back by the phone" in told["became"]
    assert "advance_clock" in told["advice"]
    phone(console, apps=(AppFacts("other.app", {}),))
    [told] = await misses(console, **PRESENTED)
    assert told["became"] == "delivered"


async def test_a_token_that_is_gone_says_since_when(console: Console) -> None:
    await register(console)
    await console.parts.directory.unregister(TOKEN)
    console.machine_time += 90
    console.accept(1, State.DISCARDED_UNREGISTERED)
    [told] = await misses(console, **PRESENTED)
    assert told["became"] == (
        "accepted, and thrown away: its token is not registered any more, since 90 s"
    )


async def test_a_refusal_says_what_it_means_and_what_the_linter_thinks(console: Console) -> None:
    console.reject()
    [told] = await misses(console, topic=BUNDLE_ID)
    assert told["became"] == "rejected: 400 BadDeviceToken: no device has this token"
    assert told["advice"].startswith("push to a token that a device of this gateway has now")
    record = console.journal.begin(push(apns_priority="7"), "provider-1")
    console.journal.rejected(record, 400, "BadPriority", "expected 1, 5 or 10")
    [newest, _] = await misses(console, topic=BUNDLE_ID)
    assert "apns-priority" in newest["advice"]
    assert newest["linter"][0].startswith("apns-priority: ")


async def test_the_other_environment_is_named(console: Console) -> None:
    await register(console, environment=Environment.PRODUCTION)
    record = console.journal.begin(push(), "provider-1")
    said = "a production token, pushed to development"
    console.journal.rejected(record, 400, "BadDeviceToken", said)
    [told] = await misses(console, token=str(TOKEN))
    assert told["became"].endswith(said)
    assert "provider_urls" in told["advice"]


async def test_a_reason_that_nobody_knows_and_an_answer_that_is_still_due(console: Console) -> None:
    record = console.journal.begin(push(), "provider-1")
    console.journal.rejected(record, 418, "Teapot", "")
    console.journal.begin(push(), "provider-1")
    unanswered, refused = await misses(console, topic=BUNDLE_ID)
    assert (refused["became"], refused["advice"]) == ("rejected: 418 Teapot", "")
    assert unanswered["became"] == "heard, and not answered"


async def test_a_push_that_was_taken_for_another_one_says_so(console: Console) -> None:
    record = console.journal.begin(push(), "provider-1")
    record.detail = "the same push as 00ff, by its apns-id: not taken again"
    console.journal.received(record, notification(1), DEVICE)
    [told] = await misses(console, **PRESENTED)
    assert told["became"] == f"accepted: {record.detail}"
    console.journal.clear()
    console.journal.received(console.journal.begin(push(), "provider-1"), notification(2), DEVICE)
    [told] = await misses(console, **PRESENTED)
    assert told["became"] == "heard, and not answered yet"


async def test_a_broadcast_and_a_request_that_a_rule_swallowed(console: Console) -> None:
    record = console.journal.begin(push(), "provider-1")
    console.journal.received(record, broadcast(1), None)
    console.journal.accepted(record)
    console.journal.published(broadcast(1).unique_id, 2)
    console.journal.remark(console.journal.begin(push(), "p"), State.FAULT, "rule 1: never-answer")
    swallowed, published = await misses(console, state="Presented")
    assert published["became"] == "broadcast: Broadcast Published"
    assert swallowed["became"] == "heard, and not answered; bent by rule 1: never-answer"


# -- how it differs --------------------------------------------------------------------------------


async def test_the_nearest_comes_first_and_of_equals_the_newest(console: Console) -> None:
    await register(console)
    console.accept(1, token=OTHER, topic=Topic("other.app"), device=DeviceId("tablet"))
    console.accept(2, State.DELIVERED, payload=b'{"aps":{"alert":"Corner"}}')
    console.accept(3, State.STORED_OFFLINE)
    console.accept(4, State.STORED_OFFLINE)
    console.accept(5, State.DELIVERED, token=OTHER)
    query = {"token": str(TOKEN), "state": "Delivered to Device", "text": "hello"}
    told = await misses(console, **query)
    assert [each["number"] for each in told] == [4, 3, 2, 5]
    assert [each["distance"] for each in told] == sorted(each["distance"] for each in told)
    assert [each["number"] for each in await misses(console, **query, limit=2)] == [4, 3]


@pytest.mark.parametrize(
    ("pushed", "words"),
    [
        ({"token": OTHER}, "sent to another token of the same app (00000000…)"),
        (
            {"token": OTHER, "topic": Topic("other.app")},
            "sent to another app of the device (00000000…)",
        ),
        (
            {"token": OTHER, "device": DeviceId("tablet")},
            "sent to another token for the same topic (00000000…)",
        ),
    ],
)
async def test_a_push_to_a_kin_token_is_told(
    console: Console, pushed: dict[str, Any], words: str
) -> None:
    await register(console)
    console.accept(1, State.DELIVERED, **pushed)
    [told] = await misses(console, token=str(TOKEN))
    assert words in told["why"]
    assert told["differs"] == [
        {"filter": "token", "wanted": str(TOKEN), "found": str(pushed["token"])}
    ]


async def test_what_differs_is_said_in_words(console: Console) -> None:
    console.sessions.arrive(ListeningSession())
    console.accept(1, payload=b'{"aps":{"alert":{"title":"Goal","body":"2-0"},"badge":3}}')
    query = {"topic": TOPIC, "device": "tablet", "since": NOW + 2.5, "text": "Corner"}
    [told] = await misses(console, **query, payload=["aps.badge=4", "aps.sound=*", "aps.badge=3"])
    assert told["why"] == (
        "alert to com.example.app 'Goal, 2-0', its device is phone, not tablet, 2.5 s too early,"
        " without 'Corner', without aps.badge=4: aps.badge=3, without aps.sound=*:"
        " accepted, on its way: the device has not acknowledged it yet"
    )


async def test_what_has_nothing_to_do_with_it_is_told_only_when_there_is_nothing_else(
    console: Console,
) -> None:
    for number in range(1, 6):
        console.accept(number, State.DELIVERED)
    silence, *strangers = await misses(console, topic="com.exmaple.app")
    assert silence["number"] is None
    assert [each["number"] for each in strangers] == [5, 4, 3][:STRANGERS]
    assert "its topic is com.example.app, not com.exmaple.app" in strangers[0]["why"]
    console.accept(6, State.DELIVERED, topic=Topic("com.exmaple.app"))
    [told] = await misses(console, topic="com.exmaple.app")
    assert (told["distance"], told["differs"]) == (0, [])


async def test_what_came_before_the_device_was_there_is_nothing_to_its_app(
    console: Console,
) -> None:
    other: dict[str, Any] = {"token": OTHER, "topic": Topic("other.app")}
    console.accept(1, State.DELIVERED, device=DeviceId("tablet"), **other)
    await register(console, registered_at=NOW + 30)
    console.machine_time += 60
    query = {"bundle_id": BUNDLE_ID, "device": str(DEVICE)}
    assert [each["number"] for each in await misses(console, **query)] == [None]
    console.accept(2, State.DELIVERED, device=DeviceId("tablet"), **other)
    assert [each["number"] for each in await misses(console, **query)] == [None, 2]
    query["device"] = "nobody"
    assert len(await misses(console, **query)) == 3


async def test_a_push_to_a_token_of_the_app_with_another_topic_is_near(console: Console) -> None:
    await register(console)
    record = console.journal.begin(push(apns_topic="com.exmaple.app"), "provider-1")
    said = "the token is for com.example.app, not com.exmaple.app"
    console.journal.rejected(record, 400, "DeviceTokenNotForTopic", said)
    console.reject(push(path=f"/3/device/{OTHER}", apns_topic="other.app"))
    [told] = await misses(console, bundle_id=BUNDLE_ID)
    assert "its bundle_id is com.exmaple.app, not com.example.app: rejected: 400" in told["why"]
    assert told["advice"] == "send the apns-topic that the token was made for"


async def test_a_filter_that_means_nothing_is_an_error_here_too(console: Console) -> None:
    async with console.client() as client:
        for query, says in (
            ({"payload": "aps.badge"}, "payload: expected path=value, such as"),
            ({"token": "xyz"}, "a device token is"),
            ({"limit": "101"}, "query.limit"),
            ({"wait": "1"}, "query.wait: unknown parameter"),
        ):
            answer = await client.get(URL, params=query)
            assert answer.status_code == 422
            assert says in answer.json()["detail"]


async def test_a_token_that_nobody_can_have_is_just_unknown(console: Console) -> None:
    console.reject(push(path="/3/device/xyz", apns_topic=None))
    [_, told] = await misses(console, token="00ff")
    assert "request" not in told["why"].partition(" to ")[0]
    assert "sent to another token (xyz…)" in told["why"]
    assert "no topic" in told["why"]


async def test_only_the_newest_are_looked_at(console: Console) -> None:
    console.accept(1, topic=Topic("first.app"))
    for _ in range(LOOKED_AT):
        console.journal.begin(push(), "provider-1")
    silence, *others = await misses(console, topic="first.app")
    assert silence["number"] is None
    assert 1 not in [each["number"] for each in others]


# -- nothing came ----------------------------------------------------------------------------------


def with_door(
    console: Console, connections: Sequence[object], failed: Sequence[tuple[str, str]] = ()
) -> None:
    handshakes = Handshakes()

    def failures() -> Sequence[Any]:
        if not handshakes.failures:
            for each in failed:
                handshakes.failed(*each)
        return tuple(handshakes.failures)

    console.parts = dataclasses.replace(
        console.parts,
        connections=lambda _: {"provider": connections, "courier": []},
        failed_handshakes=failures,
        info=lambda: {"provider_url": "https://127.0.0.1:2197"},
    )


async def test_nobody_has_come(console: Console) -> None:
    with_door(console, [])
    [told] = await misses(console, topic=BUNDLE_ID)
    assert told["why"] == "no such push came, and no client is connected to https://127.0.0.1:2197"
    assert told["advice"].startswith("point the client at https://127.0.0.1:2197")
    assert (told["number"], told["distance"], told["apns_id"]) == (None, None, None)


async def test_somebody_is_connected_and_says_nothing(console: Console) -> None:
    with_door(console, [{"peer": "127.0.0.1:5", "requests_answered": 0}])
    [told] = await misses(console, topic=BUNDLE_ID)
    assert "1 client (127.0.0.1:5) connected to https://127.0.0.1:2197 and sent no" in told["why"]


async def test_somebody_is_connected_and_has_sent_before(console: Console) -> None:
    with_door(console, [{"peer": "127.0.0.1:5", "requests_answered": 7}])
    [told] = await misses(console, topic=BUNDLE_ID)
    assert "1 client connected to https://127.0.0.1:2197 had sent requests before" in told["why"]


@pytest.mark.parametrize(
    ("why", "advice"),
    [
        ("[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca", "have the client trust"),
        ("[SSL: HTTP_REQUEST] http request", "the client speaks plain HTTP"),
        ("no TLS handshake within 10 s", "see the client's own error"),
    ],
)
async def test_a_failed_handshake_is_told_first(console: Console, why: str, advice: str) -> None:
    with_door(console, [], [("127.0.0.1:4", "reset"), ("127.0.0.1:5", why)])
    [told] = await misses(console, topic=BUNDLE_ID)
    assert told["why"].startswith(
        "2 connections of a client came to nothing, the last 0.0 s ago from"
    )
    assert told["why"].endswith(f"127.0.0.1:5: {why}")
    assert told["advice"].startswith(advice)
