from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from hypothesis import example, given
from hypothesis import strategies as st

from certs.token_text import (
    MAX_CHARACTERS,
    InvalidProviderTokenError,
    ProviderToken,
    ProviderTokenError,
    parse_token,
)

if TYPE_CHECKING:
    from certs.provider_key import ProviderKey

HEADER = {"alg": "ES256", "kid": "KEY1234567"}
CLAIMS = {"iss": "TEAM123456", "iat": 1_800_000_000}
RAW = bytes(range(1, 65))


def part(content: object) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def text_of(header: object = HEADER, claims: object = CLAIMS, signature: bytes = RAW) -> str:
    return f"{part(header)}.{part(claims)}.{part(signature)}"


def test_claims_signed_bytes_and_signature_are_told_apart() -> None:
    text = text_of()
    token, message, signature = parse_token(text)
    assert token == ProviderToken("TEAM123456", "KEY1234567", 1_800_000_000.0)
    assert message == text.rpartition(".")[0].encode()
    assert decode_dss_signature(signature) == (
        int.from_bytes(RAW[:32], "big"),
        int.from_bytes(RAW[32:], "big"),
    )


def test_a_der_signature_passes_as_it_is() -> None:
    der = encode_dss_signature(2**255 - 19, 5)
    assert parse_token(text_of(signature=der))[2] == der


def test_the_standard_alphabet_of_base64_serves_too() -> None:
    """a2 writes + and / and padding into every part (its src/signer.rs), and Apple takes it."""
    signature = bytes([251, 255] * 32)
    claims = {**CLAIMS, "note": "ÿþ>?~"}
    parts = (json.dumps(HEADER).encode(), json.dumps(claims).encode(), signature)
    text = ".".join(base64.b64encode(each).decode() for each in parts)
    assert "+" in text
    assert "/" in text
    token, message, der = parse_token(text)
    assert token.key_id == "KEY1234567"
    assert message == text.rpartition(".")[0].encode()
    assert der == parse_token(text_of(signature=signature))[2]


@pytest.mark.parametrize(
    ("issued_at", "seconds"),
    [
        (1795209759, 1795209759.0),
        (1795209759.345, 1795209759.345),
        ("1795209759", 1795209759.0),
        ("1795209759.345", 1795209759.345),
        (0, 0.0),
        (-5, -5.0),
    ],
)
def test_the_issue_time_may_be_a_number_or_a_numeric_string(
    issued_at: object, seconds: float
) -> None:
    assert parse_token(text_of(claims={**CLAIMS, "iat": issued_at}))[0].issued_at == seconds


@pytest.mark.parametrize(
    "issued_at",
    [True, None, "", "now", " 1", "1e9", "-1", "1" * 21, "٣", [1], float("nan"), float("inf")],
)
def test_what_is_no_issue_time_is_refused(issued_at: object) -> None:
    with pytest.raises(InvalidProviderTokenError, match="iat must be seconds since 1970"):
        parse_token(text_of(claims={**CLAIMS, "iat": issued_at}))


def test_an_issue_time_beyond_every_float_is_refused() -> None:
    with pytest.raises(InvalidProviderTokenError, match="iat must be"):
        parse_token(text_of(claims={**CLAIMS, "iat": 10**400}))


def test_an_absent_claim_is_called_absent() -> None:
    with pytest.raises(InvalidProviderTokenError, match=r"iat must be .* not absent") as caught:
        parse_token(text_of(claims={"iss": "TEAM123456"}))
    assert caught.value.detail == str(caught.value)
    with pytest.raises(InvalidProviderTokenError, match=r"kid must be the key id.* not absent"):
        parse_token(text_of({"alg": "ES256"}))


@pytest.mark.parametrize(
    "value", ["", "short", "lowercase1", "KEY12345678", "KEY123456\n", 1, None]
)
def test_ids_are_ten_upper_case_letters_and_digits(value: object) -> None:
    with pytest.raises(InvalidProviderTokenError, match="kid must be the key id, ten upper-case"):
        parse_token(text_of({**HEADER, "kid": value}))
    with pytest.raises(InvalidProviderTokenError, match="iss must be the team id, ten upper-case"):
        parse_token(text_of(claims={**CLAIMS, "iss": value}))


@pytest.mark.parametrize("algorithm", ["HS256", "none", "ES384", "es256", "RS256", None, 1])
def test_es256_alone_is_accepted(algorithm: object) -> None:
    with pytest.raises(InvalidProviderTokenError, match="alg must be ES256, not"):
        parse_token(text_of({**HEADER, "alg": algorithm}))
    with pytest.raises(InvalidProviderTokenError, match="alg must be ES256, not absent"):
        parse_token(text_of({"kid": "KEY1234567"}))


def test_extra_headers_and_claims_do_no_harm() -> None:
    header = {"typ": "JWT", **HEADER, "x": [1, {"y": None}]}
    claims = {**CLAIMS, "kid": "KEY1234567", "exp": 0, "aud": "?"}
    assert parse_token(text_of(header, claims))[0].key_id == "KEY1234567"


def test_white_space_in_the_json_does_no_harm() -> None:
    header = b' { "alg" : "ES256",\r\n\t"kid" : "KEY1234567" }\n'
    claims = b'{ "iss": "TEAM123456", "iat": 1800000000 }\n'
    assert parse_token(text_of(header, claims))[0].team_id == "TEAM123456"


def test_padding_is_tolerated() -> None:
    parts = text_of().split(".")
    padded = ".".join(each + "=" * (-len(each) % 4) for each in parts)
    assert padded != text_of()
    token, message, _ = parse_token(padded)
    assert token.key_id == "KEY1234567"
    assert message == padded.rpartition(".")[0].encode()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "three base64url parts"),
        ("a.b", "three base64url parts"),
        ("a.b.c.d", "three base64url parts"),
        ("x" * (MAX_CHARACTERS + 1), "at most"),
        (f"{part(HEADER)}.{part(CLAIMS)}.", "the signature is not base64url"),
        (f"{part(HEADER)}.{part(CLAIMS)}.A", "the signature is not base64url"),
        (f"{part(HEADER)}.{part(CLAIMS)}.AAAAA", "the signature is not base64url"),
        (f"{part(HEADER)}.{part(CLAIMS)}.AA*/", "the signature is not base64url"),
        (f"{part(HEADER)}.{part(CLAIMS)}.AA===", "the signature is not base64url"),
        (f" {text_of()}", "the header is not base64url"),
        (f"{text_of()}\n", "the signature is not base64url"),
        ("é.é.é", "the header is not base64url"),
        (text_of(b"{"), "the header is not JSON"),
        (text_of(b"\xff\xff"), "the header is not JSON"),
        (text_of(json.dumps(HEADER).encode("utf-16")), "the header is not JSON"),
        (text_of(b"[" * 2500), "the header is not JSON"),
        (text_of([]), "the header is not a JSON object"),
        (text_of(claims="text"), "the claims is not a JSON object"),
        (text_of(signature=RAW[:-1]), "an ES256 signature is 64 bytes, or ASN.1 DER"),
        (text_of(signature=b"\x30\x06\x02\x01\x01\x02\x01"), "an ES256 signature is"),
    ],
)
def test_malformed_texts_are_refused_with_the_place(text: str, complaint: str) -> None:
    with pytest.raises(InvalidProviderTokenError, match=complaint):
        parse_token(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
objects = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("alg", "kid", "iss", "iat"), json_values),
) | st.just({**HEADER, **CLAIMS})


@given(st.text() | st.lists(st.text(alphabet="eyJ0-_=.AZ"), max_size=4).map(".".join))
@example("..")
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(ProviderTokenError):
        parse_token(text)


@given(objects, objects, st.binary(max_size=80) | st.just(RAW))
def test_any_json_is_read_or_refused(header: object, claims: object, signature: bytes) -> None:
    try:
        token, _, der = parse_token(text_of(header, claims, signature))
    except InvalidProviderTokenError:
        return
    assert (token.team_id, token.key_id) == ("TEAM123456", "KEY1234567")
    assert decode_dss_signature(der)


def test_our_own_tokens_are_read(key: ProviderKey) -> None:
    assert parse_token(key.sign(7))[0] == ProviderToken("TEAM123456", "KEY1234567", 7.0)
