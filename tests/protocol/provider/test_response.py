from __future__ import annotations

import json

import pytest

from protocol.identifiers import UniqueId
from protocol.provider.http import HttpResponse
from protocol.provider.rejection import Reason, Rejection
from protocol.provider.response import REQUEST_ID, accepted, managed, rejected

ID = "eabeae54-14A8-11e5-b60b-1697F925ec7b"
UNIQUE = UniqueId("4084a6e4-9ea8-6d2a-ca49-9a344a152da7")


def test_a_200_carries_the_apns_id_and_nothing_else() -> None:
    assert accepted(ID, None) == HttpResponse(200, (("apns-id", ID),), b"")


def test_in_development_a_200_carries_the_unique_id_too() -> None:
    expected = (("apns-id", ID), ("apns-unique-id", UNIQUE))
    assert accepted(ID, UNIQUE) == HttpResponse(200, expected, b"")


@pytest.mark.parametrize("reason", Reason)
def test_an_error_is_the_apns_id_and_json_without_spaces(reason: Reason) -> None:
    body = f'{{"reason":"{reason.text}"}}'.encode()
    assert rejected(Rejection(reason, "never sent"), ID) == HttpResponse(
        reason.status, (("apns-id", ID),), body
    )


@pytest.mark.parametrize("reason", [Reason.UNREGISTERED, Reason.EXPIRED_TOKEN])
def test_a_410_says_since_when_in_whole_milliseconds(reason: Reason) -> None:
    answer = rejected(Rejection(reason, unregistered_at=1454948015.990), ID)
    assert answer.status == 410
    assert answer.body == b'{"reason":"%s","timestamp":1454948015990}' % reason.text.encode()


# Truncation would tell 1080130905421: in binary, 1080130905.422 s is a little less.
@pytest.mark.parametrize("milliseconds", [1496371306210, 1508249865488, 1080130905422, 1000, 0])
def test_a_time_of_whole_milliseconds_arrives_unchanged(milliseconds: int) -> None:
    answer = rejected(Rejection(Reason.UNREGISTERED, unregistered_at=milliseconds / 1000), ID)
    assert json.loads(answer.body)["timestamp"] == milliseconds


def test_an_answer_about_broadcasts_names_its_request() -> None:
    refused = rejected(Rejection(Reason.BAD_CHANNEL_ID), ID, REQUEST_ID)
    assert refused == HttpResponse(400, ((REQUEST_ID, ID),), b'{"reason":"BadChannelId"}')
    created = managed(201, ID, {"apns-channel-id": "AA=="})
    assert created == HttpResponse(201, ((REQUEST_ID, ID), ("apns-channel-id", "AA==")), b"")
    listed = managed(200, ID, {}, {"channels": []})
    assert listed == HttpResponse(200, ((REQUEST_ID, ID),), b'{"channels":[]}')
