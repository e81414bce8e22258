from __future__ import annotations

import pytest

from protocol.identifiers import (
    ApnsId,
    BundleId,
    ChannelId,
    CollapseId,
    DeviceId,
    DeviceToken,
    HashedTopic,
    InvalidIdentifierError,
    KeyId,
    TeamId,
    TokenPurpose,
    Topic,
    UniqueId,
)

RAW = bytes(range(0xA0, 0xB0))


@pytest.mark.parametrize("size", [1, 8, 32, 54, 80, 100])
def test_a_device_token_may_have_any_length_up_to_a_hundred_bytes(size: int) -> None:
    token = DeviceToken.parse("Af" * size)
    assert token == b"\xaf" * size
    assert str(token) == "af" * size


@pytest.mark.parametrize("text", ["", "a", "abc", "zz", "0x12", "ab" * 101, "é" * 64, "ab\0c"])
def test_a_device_token_is_refused_when_it_is_not_1_to_100_bytes_of_hexadecimal(text: str) -> None:
    with pytest.raises(InvalidIdentifierError, match="a device token is"):
        DeviceToken.parse(text)


@pytest.mark.parametrize("text", [" abcd", "ab cd", "abcd\n", "ab\tcd", " "])
def test_white_space_in_a_device_token_is_not_skipped(text: str) -> None:
    with pytest.raises(InvalidIdentifierError):
        DeviceToken.parse(text)


def test_a_device_token_shows_only_its_beginning_in_logs() -> None:
    assert repr(DeviceToken.parse("ab" * 32)) == "DeviceToken(abababab…)"


def test_equal_tokens_are_one_key_whatever_the_letter_case() -> None:
    assert {DeviceToken.parse("AB" * 4): 1}[DeviceToken.parse("ab" * 4)] == 1


@pytest.mark.parametrize("kind", [Topic, BundleId])
@pytest.mark.parametrize(
    "text",
    [
        "a",
        "com.example.app",
        "com.Example-2.my_app",
        "com.example.app.push-type.liveactivity",
        "com.apple.mgmt.External.0b8d5ea4-4b0a-4d4d-9d6b-1c2d3e4f5a6b",
        "a" * 255,
    ],
)
def test_a_topic_is_parts_joined_by_dots(kind: type[Topic], text: str) -> None:
    topic = kind.parse(text)
    assert topic == text
    assert type(topic) is kind


@pytest.mark.parametrize("kind", [Topic, BundleId])
@pytest.mark.parametrize(
    "text", ["", ".", "com.", ".com", "com..app", "com example", "<com.app>", "com.é", "com.app\n"]
)
def test_anything_else_is_not_a_topic(kind: type[Topic], text: str) -> None:
    with pytest.raises(InvalidIdentifierError, match="letters, digits, hyphens and underscores"):
        kind.parse(text)


def test_a_topic_has_at_most_255_characters() -> None:
    with pytest.raises(InvalidIdentifierError, match="at most 255 characters, not 256"):
        Topic.parse("a" * 256)


@pytest.mark.parametrize(
    "text",
    [
        "eabeae54-14a8-11e5-b60b-1697f925ec7b",
        "EABEAE54-14A8-11E5-B60B-1697F925EC7B",
        "eabeae54-14A8-11e5-b60b-1697F925EC7B",
        "00000000-0000-0000-0000-000000000000",
    ],
)
def test_an_apns_id_keeps_its_letter_case(text: str) -> None:
    assert str(ApnsId.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "eabeae5414a811e5b60b1697f925ec7b",
        "{eabeae54-14a8-11e5-b60b-1697f925ec7b}",
        "urn:uuid:eabeae54-14a8-11e5-b60b-1697f925ec7b",
        "eabeae54-14a8-11e5-b60b-1697f925ec7",
        "eabeae54-14a8-11e5-b60b-1697f925ec7b0",
        "gabeae54-14a8-11e5-b60b-1697f925ec7b",
        "eabeae541-4a8-11e5-b60b-1697f925ec7b",
        "eabeae54-14a8-11e5-b60b-1697f925ec7b\n",
        "\u0660abeae54-14a8-11e5-b60b-1697f925ec7b",
    ],
)
def test_an_apns_id_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifierError, match="an apns-id is a UUID"):
        ApnsId.parse(text)


def test_the_gateways_own_apns_id_is_upper_case_and_no_version_4() -> None:
    made = ApnsId.from_random(RAW)
    assert made == "A0A1A2A3-A4A5-A6A7-A8A9-AAABACADAEAF"
    assert ApnsId.parse(made) == made


def test_a_unique_id_is_lower_case() -> None:
    made = UniqueId.from_random(RAW)
    assert made == "a0a1a2a3-a4a5-a6a7-a8a9-aaabacadaeaf"
    assert UniqueId.parse(made) == made
    with pytest.raises(InvalidIdentifierError, match="lower-case"):
        UniqueId.parse(made.upper())


@pytest.mark.parametrize("text", ["", "start Flight", "activity Ä 1", "x" * 255])
def test_a_purpose_is_printable_text(text: str) -> None:
    assert TokenPurpose.parse(text) == text


@pytest.mark.parametrize("text", ["a\n", "\x7f", "\udcff", "x" * 256])
def test_any_other_purpose_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifierError, match="at most 255 printable characters"):
        TokenPurpose.parse(text)


@pytest.mark.parametrize("text", ["", "news", "x" * 64, "é" * 32, "🙂" * 16, "\udcff" * 64])
def test_a_collapse_id_has_up_to_64_bytes(text: str) -> None:
    assert CollapseId.parse(text) == text


@pytest.mark.parametrize(
    ("text", "size"), [("x" * 65, 65), ("é" * 33, 66), ("🙂" * 17, 68), ("\udcff" * 65, 65)]
)
def test_a_collapse_id_is_measured_in_bytes(text: str, size: int) -> None:
    with pytest.raises(InvalidIdentifierError, match=f"at most 64 bytes, not {size}"):
        CollapseId.parse(text)


def test_a_collapse_id_that_no_bytes_can_mean_is_refused_like_any_other() -> None:
    with pytest.raises(InvalidIdentifierError, match="a collapse id is UTF-8"):
        CollapseId.parse("\ud800")


@pytest.mark.parametrize("kind", [TeamId, KeyId])
def test_teams_and_keys_are_ten_capitals_and_digits(kind: type[TeamId | KeyId]) -> None:
    assert kind.parse("ABC123DEFG") == "ABC123DEFG"
    for wrong in ("", "ABC123DEF", "ABC123DEFGH", "abc123defg", "ABC-23DEFG", "ABC123DEFG\n"):
        with pytest.raises(InvalidIdentifierError, match="ten upper-case letters and digits"):
            kind.parse(wrong)


@pytest.mark.parametrize("text", ["p", "phone-1", "Phone_2.local", "x" * 64, "0"])
def test_a_device_id_fits_a_certificates_common_name(text: str) -> None:
    assert DeviceId.parse(text) == text


@pytest.mark.parametrize("text", ["", "-phone", ".", "x" * 65, "my phone", "phone/1"])
def test_any_other_device_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifierError, match="a device id is 1 to 64"):
        DeviceId.parse(text)


def test_a_refusal_quotes_only_the_beginning_of_a_long_text() -> None:
    with pytest.raises(InvalidIdentifierError) as refused:
        TeamId.parse("x" * 5000)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("text", ["dHN0LXNyY2gtY2hubA==", "AA==", "A" * 132, "+/+/"])
def test_a_channel_id_is_base64_of_any_size(text: str) -> None:
    assert ChannelId.parse(text) == text


@pytest.mark.parametrize("text", ["AA", "AA=", "-_-_", "A A=", "AA==\n", "é", "\ud800", "A=A="])
def test_what_is_not_base64_is_no_channel_id(text: str) -> None:
    with pytest.raises(InvalidIdentifierError, match="a channel id is base64"):
        ChannelId.parse(text)


@pytest.mark.parametrize("text", ["", "A" * 136])
def test_a_channel_id_has_1_to_100_bytes(text: str) -> None:
    with pytest.raises(InvalidIdentifierError, match="1 to 100 bytes"):
        ChannelId.parse(text)


def test_a_channel_id_of_the_gateways_own_is_padded_base64() -> None:
    made = ChannelId.from_random(RAW)
    assert made == "oKGio6SlpqeoqaqrrK2urw=="
    assert ChannelId.parse(made) == made


def test_a_topic_has_a_hash_that_no_provider_can_say() -> None:
    topic = Topic.parse("com.example.a")
    hashed = HashedTopic.of(topic)
    assert hashed.digest.hex() == "a821d5dac92a9f39e414730ed5976d08ae9244fe"
    assert hashed == HashedTopic.from_digest(hashed.digest) == HashedTopic.parse(hashed)
    assert HashedTopic.of(hashed) == hashed
    assert isinstance(HashedTopic.of(Topic(hashed)), HashedTopic)  # as a store gives it back
    with pytest.raises(InvalidIdentifierError, match="a topic is letters"):
        Topic.parse(hashed)
    with pytest.raises(InvalidIdentifierError, match="a hashed topic is #"):
        HashedTopic.parse(topic)
