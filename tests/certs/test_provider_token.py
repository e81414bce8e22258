from __future__ import annotations

import base64
import json
import math

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from certs.provider_key import ProviderKey, ProviderPublicKey
from certs.provider_token import (
    ExpiredProviderTokenError,
    InvalidProviderTokenError,
    ProviderToken,
    ProviderTokenError,
    ProviderTokenVerifier,
)

NOW = 1_800_000_000
KEY = ProviderKey.generate("TEAM123456", "KEY1234567")
STRANGER = ProviderKey.generate("STRANGER12", "STRANGER99")
TOKEN = KEY.sign(NOW)


class Counting(dict[str, ProviderPublicKey]):
    """Registered keys that count how often a signature was checked with one of them."""

    verified = 0


class Watched(ProviderPublicKey):
    """A key that reports each check to its register."""

    register: Counting

    def has_signed(self, message: bytes, signature: bytes) -> bool:
        self.register.verified += 1
        return ProviderPublicKey.has_signed(self, message, signature)


@pytest.fixture
def keys() -> Counting:
    register = Counting()
    watched = Watched(KEY.key_id, KEY.team_id, KEY.public.public_key)
    object.__setattr__(watched, "register", register)
    register[KEY.key_id] = watched
    return register


def der_signed(header: dict[str, object], claims: dict[str, object], key: ProviderKey = KEY) -> str:
    """A token as Apple's command-line recipe makes it: openssl signs in DER."""
    message = ".".join(
        base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=")
        for each in (header, claims)
    )
    signature = key.private_key.sign(message.encode(), ec.ECDSA(hashes.SHA256()))
    return f"{message}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def test_a_token_of_a_registered_key_is_believed(keys: Counting) -> None:
    believed = ProviderTokenVerifier(keys).verify(TOKEN, NOW + 5)
    assert believed == ProviderToken("TEAM123456", "KEY1234567", float(NOW))


def test_a_der_signature_is_believed_and_a_wrong_one_is_not(keys: Counting) -> None:
    verifier = ProviderTokenVerifier(keys)
    header = {"alg": "ES256", "kid": "KEY1234567"}
    claims = {"iss": "TEAM123456", "iat": str(NOW)}
    assert verifier.verify(der_signed(header, claims), NOW).issued_at == NOW
    with pytest.raises(InvalidProviderTokenError, match="signature was not made with the key"):
        verifier.verify(der_signed(header, claims, STRANGER), NOW)


def test_a_wrong_signature_is_refused_each_time(keys: Counting) -> None:
    verifier = ProviderTokenVerifier(keys)
    forged = f"{TOKEN.rpartition('.')[0]}.{KEY.sign(NOW - 1).rpartition('.')[2]}"
    for _ in range(2):
        with pytest.raises(InvalidProviderTokenError, match="signature was not made"):
            verifier.verify(forged, NOW)
    assert keys.verified == 2


def test_changed_claims_are_refused(keys: Counting) -> None:
    head, _, signature = TOKEN.split(".")
    claims = base64.urlsafe_b64encode(
        json.dumps({"iss": "TEAM123456", "iat": NOW + 1}).encode()
    ).decode()
    with pytest.raises(InvalidProviderTokenError, match="signature was not made"):
        ProviderTokenVerifier(keys).verify(f"{head}.{claims}.{signature}", NOW)


def test_a_raw_signature_of_zeros_is_refused(keys: Counting) -> None:
    zeros = base64.urlsafe_b64encode(bytes(64)).decode()
    with pytest.raises(InvalidProviderTokenError, match="signature was not made"):
        ProviderTokenVerifier(keys).verify(f"{TOKEN.rpartition('.')[0]}.{zeros}", NOW)


def test_an_unknown_key_is_refused_and_named(keys: Counting) -> None:
    with pytest.raises(InvalidProviderTokenError, match="STRANGER99 is not registered"):
        ProviderTokenVerifier(keys).verify(STRANGER.sign(NOW), NOW)


def test_another_team_than_the_keys_is_refused_even_when_well_signed(keys: Counting) -> None:
    thief = ProviderKey(KEY.key_id, "OTHERTEAM1", KEY.private_key)
    for lenient in (False, True):
        with pytest.raises(InvalidProviderTokenError, match="belongs to team TEAM123456"):
            ProviderTokenVerifier(keys, lenient).verify(thief.sign(NOW), NOW)


def test_a_token_serves_for_one_hour(keys: Counting) -> None:
    verifier = ProviderTokenVerifier(keys)
    assert verifier.verify(TOKEN, NOW + 3600)
    with pytest.raises(ExpiredProviderTokenError, match=r"issued 3601 s ago.* serves for 3600 s"):
        verifier.verify(TOKEN, NOW + 3601)
    assert verifier.verify(TOKEN, NOW + 3600), "time is judged anew at each call"


def test_a_forged_stale_token_is_invalid_rather_than_expired(keys: Counting) -> None:
    forged = ProviderKey(KEY.key_id, KEY.team_id, STRANGER.private_key).sign(NOW - 9999)
    with pytest.raises(InvalidProviderTokenError):
        ProviderTokenVerifier(keys).verify(forged, NOW)


def test_a_clock_ahead_is_tolerated_up_to_the_setting(keys: Counting) -> None:
    ahead = KEY.sign(NOW + 3600), KEY.sign(NOW + 3601)
    verifier = ProviderTokenVerifier(keys)
    assert verifier.verify(ahead[0], NOW)
    with pytest.raises(InvalidProviderTokenError, match="iat lies 3601 s in the future"):
        verifier.verify(ahead[1], NOW)
    assert ProviderTokenVerifier(keys, future_seconds=math.inf).verify(ahead[1], NOW)
    with pytest.raises(InvalidProviderTokenError, match="in the future"):
        ProviderTokenVerifier(keys, future_seconds=0).verify(ahead[0], NOW)


def test_a_lenient_verifier_believes_strangers_but_not_known_keys_blindly(keys: Counting) -> None:
    verifier = ProviderTokenVerifier(keys, lenient=True)
    assert verifier.verify(STRANGER.sign(NOW), NOW).team_id == "STRANGER12"
    forged = ProviderKey(KEY.key_id, KEY.team_id, STRANGER.private_key).sign(NOW)
    with pytest.raises(InvalidProviderTokenError, match="signature was not made"):
        verifier.verify(forged, NOW)
    with pytest.raises(ExpiredProviderTokenError):
        verifier.verify(STRANGER.sign(NOW - 3601), NOW)
    with pytest.raises(InvalidProviderTokenError, match="three base64url parts"):
        verifier.verify("garbage", NOW)


def test_a_repeated_text_is_verified_once(keys: Counting) -> None:
    verifier = ProviderTokenVerifier(keys)
    first = verifier.verify(TOKEN, NOW)
    assert verifier.verify(TOKEN, NOW + 1) == first
    assert keys.verified == 1


def test_a_removed_key_is_forgotten_at_once(keys: Counting) -> None:
    verifier = ProviderTokenVerifier(keys)
    verifier.verify(TOKEN, NOW)
    removed = keys.pop(KEY.key_id)
    with pytest.raises(InvalidProviderTokenError, match="is not registered"):
        verifier.verify(TOKEN, NOW)
    keys[KEY.key_id] = removed
    assert verifier.verify(TOKEN, NOW)
    assert keys.verified == 2


def test_a_replaced_key_is_noticed_at_once(keys: Counting) -> None:
    verifier = ProviderTokenVerifier(keys)
    verifier.verify(TOKEN, NOW)
    keys[KEY.key_id] = ProviderKey.generate(KEY.team_id, KEY.key_id).public
    with pytest.raises(InvalidProviderTokenError, match="signature was not made"):
        verifier.verify(TOKEN, NOW)


def test_a_stranger_that_becomes_known_is_verified_from_then_on(keys: Counting) -> None:
    verifier = ProviderTokenVerifier(keys, lenient=True)
    token = STRANGER.sign(NOW)
    verifier.verify(token, NOW)
    keys[STRANGER.key_id] = ProviderKey.generate(STRANGER.team_id, STRANGER.key_id).public
    with pytest.raises(InvalidProviderTokenError, match="signature was not made"):
        verifier.verify(token, NOW)


def test_memory_is_bounded_and_the_least_recently_used_goes_first(keys: Counting) -> None:
    verifier = ProviderTokenVerifier(keys, remembered=2)
    texts = [KEY.sign(NOW - age) for age in range(3)]
    verifier.verify(texts[0], NOW)
    verifier.verify(texts[1], NOW)
    verifier.verify(texts[0], NOW)
    verifier.verify(texts[2], NOW)
    assert keys.verified == 3
    verifier.verify(texts[0], NOW)
    assert keys.verified == 3, "the first was used again and stays"
    verifier.verify(texts[1], NOW)
    assert keys.verified == 4, "the second had to go"


def test_refusals_never_hold_the_token(keys: Counting) -> None:
    verifier = ProviderTokenVerifier(keys)
    for text, now in ((TOKEN, NOW + 9999), (STRANGER.sign(NOW), NOW), (TOKEN[:-4], NOW)):
        with pytest.raises(ProviderTokenError) as caught:
            verifier.verify(text, now)
        assert not any(piece in caught.value.detail for piece in text.split("."))


@given(st.integers(0, len(TOKEN) - 1), st.characters(), st.booleans())
def test_a_damaged_token_is_refused(at: int, character: str, lenient: bool) -> None:
    damaged = TOKEN[:at] + character + TOKEN[at + 1 :]
    verifier = ProviderTokenVerifier({KEY.key_id: KEY.public}, lenient)
    try:
        believed = verifier.verify(damaged, NOW)
    except (InvalidProviderTokenError, ExpiredProviderTokenError):
        return
    # Only the spare bits of the last character may change unnoticed; or the key id, leniently.
    same = (believed.team_id, believed.key_id, believed.issued_at) == (
        "TEAM123456",
        "KEY1234567",
        NOW,
    )
    assert same or (lenient and believed.key_id != KEY.key_id)


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False))
def test_any_text_is_refused_in_one_of_two_ways(text: str, now: float) -> None:
    with pytest.raises((InvalidProviderTokenError, ExpiredProviderTokenError)):
        ProviderTokenVerifier({}, lenient=True).verify(text, now)
