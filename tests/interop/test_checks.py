"""The judge of ``make interop`` must be able to say no: one lie at a time."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from apnsim.client.views import ReceivedNotification, Request
from interop import checks
from interop.cases import Case, Push

TOKEN, TOPIC = "ab" * 32, "com.example.app"
ID = "ec1bf194-B3B2-424A-89A9-5A918A6E6B5D"
PUSH = Push(TOKEN, TOPIC, {"aps": {"alert": "Hi"}}, collapse_id="score", apns_id=ID)
OTHER = dataclasses.replace(PUSH, payload={"aps": {}}, apns_id=None)
ACCEPTED = {"status": 200, "apns_id": ID}


class Gone:
    gone_between = (1000, 2000)


def case(status: int = 200, reason: str = "", **more: object) -> Case:
    return Case("a case", "", lambda _phone: [PUSH], status=status, reason=reason, **more)  # type: ignore[arg-type]


def received(**changes: object) -> ReceivedNotification:
    told: dict[str, Any] = {
        "apns_id": ID.lower(),
        "topic": TOPIC,
        "push_type": "alert",
        "priority": 10,
        "collapse_id": "score",
        "payload": {"aps": {"alert": "Hi"}},
        "raw_payload": None,
        "received_at": 0.0,
        "from_storage": False,
        "presentation": "shown",
        "detail": "",
    }
    return ReceivedNotification(**told | changes)


def request(status: int = 200, reason: str = "", **changes: object) -> Request:
    told: dict[str, Any] = dict.fromkeys(field.name for field in dataclasses.fields(Request))
    told |= {"connection": "provider-1", "headers": [["host", "h"]], "payload": PUSH.payload}
    return Request(**told | {"status": status, "reason": reason} | changes)


def answers(case: Case, answer: dict[str, Any]) -> list[str]:
    return list(checks.check_answers(case, Gone(), [PUSH], [answer]))  # type: ignore[arg-type]


def device(case: Case, *arrived: ReceivedNotification) -> list[str]:
    return list(checks.check_device(case, [PUSH], [ACCEPTED], arrived))


def requests(case: Case, *heard: Request, **sends: str | None) -> list[str]:
    return list(checks.check_requests(case, [PUSH], heard, sends))


def test_a_case_in_which_all_agree_is_ok() -> None:
    assert answers(case(), ACCEPTED) == []
    assert device(case(), received()) == []
    assert requests(case(), request(), host="h", authority=None) == []


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "TimeoutError()"},
        {},
        {"status": 400, "reason": "BadDeviceToken", "apns_id": ID},
        {"status": 200, "apns_id": ID.upper()},
        {"status": 200},
    ],
)
def test_a_client_that_reports_something_else_fails(answer: dict[str, Any]) -> None:
    assert len(answers(case(), answer)) == 1


@pytest.mark.parametrize("timestamp", [None, 999, 2001, "1500", 1500.5])
def test_an_unregistered_time_that_is_not_the_uninstalls_fails(timestamp: object) -> None:
    gone = case(410, "Unregistered")
    answer = {"status": 410, "reason": "Unregistered", "apns_id": ID}
    assert answers(gone, answer | {"timestamp": 1500}) == []
    assert len(answers(gone, answer | {"timestamp": timestamp})) == 1


def test_a_client_that_tells_no_status_is_judged_by_the_reason() -> None:
    refused = case(400, "BadDeviceToken")
    assert answers(refused, {"reason": "BadDeviceToken", "apns_id": ID}) == []
    assert len(answers(refused, {"reason": "BadTopic", "apns_id": ID})) == 1
    assert len(answers(case(), {"reason": "", "apns_id": ID})) == 1


def test_a_client_that_tells_whole_seconds_may_be_early_by_less_than_one() -> None:
    gone = case(410, "Unregistered")
    told = {"status": 410, "reason": "Unregistered", "apns_id": ID, "timestamp": 1000}
    late = type("Gone", (), {"gone_between": (1400, 1500)})()
    assert list(checks.check_answers(gone, late, [PUSH], [told], 1000)) == []
    assert len(list(checks.check_answers(gone, late, [PUSH], [told]))) == 1
    early = told | {"timestamp": 0}
    assert len(list(checks.check_answers(gone, late, [PUSH], [early], 1000))) == 1


def test_where_it_is_left_to_chance_a_push_may_have_been_stored_or_not() -> None:
    either = case(from_storage=None)
    assert device(either, received(from_storage=True)) == []
    assert device(either, received(from_storage=False)) == []
    assert len(device(either)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"payload": {"aps": {"alert": "Ho"}}},
        {"payload": None, "raw_payload": "?"},
        {"topic": "com.example.other"},
        {"push_type": "background"},
        {"priority": 5},
        {"collapse_id": None},
        {"from_storage": True},
    ],
)
def test_a_push_that_arrives_changed_is_both_missing_and_unasked_for(
    change: dict[str, Any],
) -> None:
    assert len(device(case(), received(**change))) == 2


def test_a_push_that_never_arrives_fails() -> None:
    assert len(device(case())) == 1


def test_a_push_that_arrives_twice_fails() -> None:
    assert len(device(case(), received(), received())) == 1


def test_a_push_that_arrives_under_another_apns_id_fails() -> None:
    assert len(device(case(), received(apns_id="0" * 36))) == 1


@pytest.mark.parametrize("unwanted", [case(400, "BadDeviceToken"), case(arrives=False)])
def test_what_arrives_although_it_must_not_fails(unwanted: Case) -> None:
    assert device(unwanted) == []
    assert len(device(unwanted, received())) == 1


@pytest.mark.parametrize(
    "heard",
    [
        [],
        [request(payload=OTHER.payload)],
        [request(), request()],
        [request(403, "ExpiredProviderToken")],
        [request(503, "Shutdown"), request()],
    ],
)
def test_an_accepted_push_is_one_request_that_was_accepted(heard: list[Request]) -> None:
    assert len(requests(case(), *heard)) == 1


def test_a_refused_push_is_refused_with_this_reason_however_often() -> None:
    refused = case(403, "ExpiredProviderToken")
    again = [request(403, "ExpiredProviderToken")] * 4
    assert requests(refused, *again) == []
    assert len(requests(refused, *again, request())) == 1
    assert len(requests(refused, request(403, "InvalidProviderToken"))) == 1


def test_a_push_that_is_to_be_tried_twice_is_tried_twice() -> None:
    twice = case(first_reason="ExpiredProviderToken")
    stale = request(403, "ExpiredProviderToken")
    assert requests(twice, stale, request()) == []
    assert len(requests(twice, request())) == 1
    assert len(requests(twice, stale, stale, request())) == 1


def test_more_connections_than_the_case_allows_fail() -> None:
    stale = request(403, "ExpiredProviderToken", connection="provider-2")
    one = case(first_reason="ExpiredProviderToken", connections=1)
    assert len(requests(one, stale, request())) == 1


def test_a_client_that_no_longer_sends_what_it_is_here_for_fails() -> None:
    assert len(requests(case(), request(), host="127.0.0.1")) == 1
    assert len(requests(case(), request(), host=None)) == 1


def test_the_two_most_frequent_problems_are_told() -> None:
    assert checks.summarize([]) == ""
    assert checks.summarize(["a", "b", "b", "c"]) == "2 times: b; a; and 1 more"
