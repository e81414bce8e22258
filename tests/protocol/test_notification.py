from __future__ import annotations

import dataclasses

import pytest

from protocol.notification import (
    MAX_STORAGE_SECONDS,
    Expiration,
    Priority,
    PushType,
)
from tests.builders import NOW, notification

# reference/apns-provider-api.md §2.2: value, suffix, largest payload.
TABLE = [
    ("alert", "", 4096),
    ("background", "", 4096),
    ("complication", ".complication", 4096),
    ("controls", ".push-type.controls", 4096),
    ("fileprovider", ".pushkit.fileprovider", 4096),
    ("liveactivity", ".push-type.liveactivity", 4096),
    ("location", ".location-query", 4096),
    ("mdm", "", 4096),
    ("pushtotalk", ".voip-ptt", 4096),
    ("voip", ".voip", 5120),
    ("widgets", ".push-type.widgets", 4096),
]


@pytest.mark.parametrize(("value", "suffix", "max_bytes"), TABLE)
def test_a_push_type_knows_its_topic_and_size(value: str, suffix: str, max_bytes: int) -> None:
    push_type = PushType(value)
    assert push_type.topic_suffix == suffix
    assert push_type.max_payload_bytes == max_bytes
    assert push_type.topic_of("com.example.app") == f"com.example.app{suffix}"


def test_there_are_eleven_push_types_and_no_other() -> None:
    assert [push_type.value for push_type in PushType] == [value for value, _, _ in TABLE]


def test_the_priorities_are_apples_numbers() -> None:
    assert [int(priority) for priority in Priority] == [10, 5, 1]


def test_expiration_0_is_one_attempt_and_never_stored() -> None:
    assert Expiration(0).deadline(NOW) < NOW


def test_a_date_that_has_passed_is_never_stored() -> None:
    assert Expiration(int(NOW) - 1).deadline(NOW) == NOW - 1


def test_without_an_expiration_a_push_waits_for_30_days() -> None:
    assert Expiration().deadline(NOW) == NOW + 30 * 86_400


def test_a_date_is_the_deadline_but_never_more_than_30_days_ahead() -> None:
    assert Expiration(int(NOW) + 60).deadline(NOW) == NOW + 60
    assert Expiration(2**63 - 1).deadline(NOW) == NOW + MAX_STORAGE_SECONDS


@pytest.mark.parametrize("text", ["0", "1", "1790000000", "0000", str(2**63 - 1)])
def test_an_expiration_is_a_whole_number_of_seconds(text: str) -> None:
    assert Expiration.parse(text) == Expiration(int(text))


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1.5", "1e9", "soon", " 1", "1 ", "\u0661", "\u00b2", "0x10", "1_000"]
)
def test_anything_else_is_no_expiration(text: str) -> None:
    with pytest.raises(ValueError, match="whole number of UNIX seconds"):
        Expiration.parse(text)


def test_an_expiration_fits_64_bits() -> None:
    with pytest.raises(ValueError, match="64 bits"):
        Expiration.parse(str(2**63))
    with pytest.raises(ValueError, match="whole number"):
        Expiration.parse("9" * 5000)  # more digits than Python would convert


def test_a_notification_expires_at_its_time_and_not_before() -> None:
    waiting = notification(expires_at=NOW + 10)
    assert not waiting.has_expired(NOW + 9.999)
    assert waiting.has_expired(NOW + 10)


def test_a_notification_does_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        notification().priority = Priority.POWER_FIRST  # type: ignore[misc]
