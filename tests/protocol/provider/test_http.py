from __future__ import annotations

import dataclasses

import pytest

from protocol.provider.http import HttpRequest, HttpResponse


def test_a_request_and_an_answer_do_not_change() -> None:
    request = HttpRequest("POST", "/3/device/00", (("apns-id", "x"),), b"{}")
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.body = b""  # type: ignore[misc]


def test_an_answer_has_no_body_unless_given_one() -> None:
    assert HttpResponse(200, ()).body == b""


def test_of_a_repeated_header_the_first_counts() -> None:
    headers = (("accept", "*/*"), ("apns-id", "first"), ("apns-id", "second"))
    request = HttpRequest("POST", "/3/device/00", headers, b"")
    assert request.header("apns-id") == "first"
    assert request.header("apns-topic") is None
