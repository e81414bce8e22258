"""What its answers earn a provider."""

from __future__ import annotations

import pytest

from gateway.provider.contract import ConnectionSettings
from gateway.provider.standing import Standing
from protocol.provider.http import HttpResponse
from protocol.provider.rejection import Reason
from protocol.provider.response import reason_json

ACCEPTED = HttpResponse(200, ())


def refused(reason: Reason) -> HttpResponse:
    return HttpResponse(reason.status, (), reason_json(reason.text))


def standing(**settings: int) -> Standing:
    return Standing(ConnectionSettings(**settings), streams=1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reason", "errors"),
    [
        (Reason.BAD_TOPIC, 1),
        (Reason.MISSING_PROVIDER_TOKEN, 1),
        (Reason.TOO_MANY_REQUESTS, 1),
        (Reason.BAD_DEVICE_TOKEN, 2),
        (Reason.UNREGISTERED, 0),
        (Reason.EXPIRED_TOKEN, 0),
        (Reason.SERVICE_UNAVAILABLE, 0),
        (Reason.SHUTDOWN, 0),
    ],
)
def test_what_an_answer_counts(reason: Reason, errors: int) -> None:
    record = standing()
    record.answered(refused(reason))
    assert record.errors == errors


def test_an_accepted_push_wipes_the_slate() -> None:
    record = standing(max_errors=3)
    for _ in range(10):
        record.answered(refused(Reason.BAD_TOPIC))
        record.answered(refused(Reason.BAD_TOPIC))
        record.answered(ACCEPTED)
        assert not record.is_spoilt


def test_it_is_spoilt_by_as_many_errors_as_allowed_and_sooner_by_bad_device_tokens() -> None:
    record = standing(max_errors=3)
    record.answered(refused(Reason.BAD_TOPIC))
    assert not record.is_spoilt
    record.answered(refused(Reason.BAD_DEVICE_TOKEN))
    assert record.is_spoilt


def test_by_default_errors_cost_nothing() -> None:
    record = standing()
    record.authenticated()
    for _ in range(100_000):
        record.answered(refused(Reason.BAD_DEVICE_TOKEN))
    assert (record.is_spoilt, record.streams) == (False, 1000)


def test_streams_fall_after_an_error_and_are_restored_by_the_next_accepted_push() -> None:
    record = standing(streams_after_error=1)
    record.authenticated()
    assert record.streams == 1000
    record.answered(refused(Reason.UNREGISTERED))
    assert record.streams == 1000
    record.answered(refused(Reason.BAD_TOPIC))
    assert record.streams == 1
    record.answered(ACCEPTED)
    assert record.streams == 1000


def test_an_error_never_earns_more_streams_than_there_were() -> None:
    record = standing(streams_after_error=5)
    record.answered(refused(Reason.MISSING_PROVIDER_TOKEN))
    assert record.streams == 1
