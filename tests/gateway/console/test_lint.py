"""The linter in the control API: of a push that nobody has sent, and of what was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from protocol.notification import PushType
from tests.builders import APNS_ID, BUNDLE_ID, CHANNEL, broadcast, notification, push

if TYPE_CHECKING:
    from tests.gateway.console.consoles import Console

LINT = "/api/v1/lint"


async def ask(console: Console, **body: object) -> dict[str, Any]:
    async with console.client() as client:
        answer = await client.post(LINT, json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def rules(told: dict[str, Any]) -> list[str]:
    return [finding["rule"] for finding in told["findings"]]


async def test_a_payload_is_judged_and_what_is_wrong_is_said_with_its_source(
    console: Console,
) -> None:
    told = await ask(console, payload={"aps": {"alert": "Grüße", "badge": "3"}})
    assert told == {
        "push_type": "alert",
        "guessed": True,
        "size": 39,
        "max_size": 4096,
        "findings": [
            {
                "rule": "badge-type",
                "level": "warning",
                "effect": "ignored",
                "where": "aps.badge",
                "what": 'is a whole number, not "3"',
                "advice": "send a number without quotes; 0 clears it",
                "source": "https://developer.apple.com/documentation/usernotifications/"
                "generating-a-remote-notification",
                "reason": None,
                "status": None,
            }
        ],
    }


async def test_headers_that_are_known_are_judged_those_that_are_not_are_not_missed(
    console: Console,
) -> None:
    headers = {"APNs-Priority": "7", "apns-collapse-id": "ü" * 33}
    told = await ask(console, payload={"aps": {"alert": "x"}}, headers=headers)
    assert [(each["reason"], each["status"]) for each in told["findings"]] == [
        ("BadPriority", 400),
        ("BadCollapseId", 400),
    ]


async def test_of_a_whole_request_what_is_not_there_is_missing(console: Console) -> None:
    path = "/3/device/ab"
    told = await ask(console, raw_payload="{}", whole=True, path=path, headers={})
    assert rules(told) == ["missing-topic", "missing-push-type", "nothing-to-show"]
    assert (told["push_type"], told["guessed"]) == ("alert", True)
    path = f"/4/broadcasts/apps/{BUNDLE_ID}"
    told = await ask(console, raw_payload="{}", whole=True, path=path)
    assert rules(told) == [
        "channel-id",
        "broadcast-push-type",
        "broadcast-required",
        "broadcast-required",
        "activity-event",
    ]
    assert told["max_size"] == 5120


async def test_a_text_that_is_no_json_is_judged_too(console: Console) -> None:
    told = await ask(console, raw_payload="{'aps': 1}")
    assert [each["reason"] for each in told["findings"]] == ["PayloadEmpty"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"payload": {}, "raw_payload": "{}"},
        {"payload": []},
        {"payload": {}, "header": {}},
        {"payload": {}, "headers": {"a": 1}},
    ],
)
async def test_what_cannot_be_judged_is_refused(console: Console, body: object) -> None:
    async with console.client() as client:
        answer = await client.post(LINT, json=body)
    assert answer.status_code == 422
    assert "body" in answer.json()["detail"]


# -- what was recorded -----------------------------------------------------------------------------


async def findings(console: Console, path: str = f"notifications/{APNS_ID}") -> list[str]:
    async with console.client() as client:
        told = (await client.get(f"/api/v1/{path}")).json()
    return rules(told[0] if isinstance(told, list) else told)


async def test_a_recorded_push_is_judged_when_somebody_looks(console: Console) -> None:
    body = b'{"aps":{"alert":"x","content_available":1}}'
    accepted = console.accept(1, request=push(body=body))
    expected = ["unknown-key"]
    assert await findings(console, f"notifications/{accepted.apns_id}") == expected
    assert await findings(console, "requests") == expected


async def test_a_recorded_refusal_names_its_reason_first(console: Console) -> None:
    console.reject(push(apns_priority="7", body=b"[]"), APNS_ID)
    assert await findings(console) == ["priority", "not-a-dictionary"]


async def test_the_topic_of_a_certificate_is_not_missed(console: Console) -> None:
    with_certificate = push(apns_topic=None, authorization=None)
    accepted = console.accept(1, request=with_certificate)
    assert await findings(console, f"notifications/{accepted.apns_id}") == []
    console.reject(with_certificate, APNS_ID)
    assert await findings(console) == []


async def test_a_topic_that_was_missing_is_said_to_be(console: Console) -> None:
    console.reject(push(apns_topic=None), APNS_ID)
    assert await findings(console) == ["missing-topic"]


async def test_a_push_of_an_earlier_process_is_judged_by_what_is_known(console: Console) -> None:
    for number, kept in enumerate(
        [
            notification(1, payload=b'{"aps":{}}', push_type=PushType.BACKGROUND),
            broadcast(2, payload=b'{"aps":{"event":"start"}}', channel_id=CHANNEL),
        ]
    ):
        record = console.journal.begin(None, "")
        record.notification = kept
        record.apns_id = kept.apns_id
        told = await findings(console, f"notifications/{kept.apns_id}")
        assert told[0] == ["wakes-nothing", "activity-timestamp"][number]


async def test_a_record_of_which_nothing_is_known_has_no_findings(console: Console) -> None:
    console.journal.begin(None, "").apns_id = APNS_ID
    assert await findings(console) == []
