"""The text of a provider token, read with the tolerance that real clients need.

reference/apns-provider-api.md §4: signatures come raw (RFC 7518) and as ASN.1 DER (Apple's own
command-line recipe, Pushy), which JWT libraries refuse; hence this reading without one. ``iat``
comes as an integer, a float (PyAPNs2) or a string (kalyke, APNSwift); base64 in either alphabet (a2
0.10 writes + and /, its src/signer.rs). Unknown headers and claims, white space in the JSON and
base64 padding do no harm.
"""

from __future__ import annotations

import base64
import json
import math
import re
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from certs.provider_key import ALGORITHM, IDENTIFIER

# Real tokens have 180 to 350 characters; more is not worth decoding, let alone remembering.
MAX_CHARACTERS: Final = 4096
_RAW_SIGNATURE_BYTES = 64
_NUMERIC_TEXT = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9_+/-]+={0,2}", re.ASCII)
_TO_BASE64URL = str.maketrans("+/", "-_")


class ProviderTokenError(Exception):
    """The token is refused; ``detail`` tells a human why and never holds the token."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class InvalidProviderTokenError(ProviderTokenError):
    """403 InvalidProviderToken: malformed, unknown key, wrong team, or a wrong signature."""


class ExpiredProviderTokenError(ProviderTokenError):
    """403 ExpiredProviderToken: genuine, and older than one hour."""


@dataclass(frozen=True, slots=True)
class ProviderToken:
    """A token that was believed.

    Args:
        team_id: ten upper-case letters and digits.
        key_id: of the same form.
        issued_at: seconds since 1970, as the token says.
    """

    team_id: str
    key_id: str
    issued_at: float


def parse_token(text: str) -> tuple[ProviderToken, bytes, bytes]:
    """Read what a token claims; believe nothing yet.

    Args:
        text: what follows ``bearer`` in the ``authorization`` header.

    Returns:
        The claims, the bytes that were signed, and the signature in ASN.1 DER.

    Raises:
        InvalidProviderTokenError: malformed; says where and what was expected.
    """
    parts = text.split(".") if len(text) <= MAX_CHARACTERS else []
    if len(parts) != 3:
        raise InvalidProviderTokenError(
            f"expected three base64url parts joined by dots, {MAX_CHARACTERS} characters at most"
        )
    header, claims = _json_object(parts[0], "header"), _json_object(parts[1], "claims")
    if header.get("alg") != ALGORITHM:
        raise InvalidProviderTokenError(f"alg must be {ALGORITHM}, not {_shown(header, 'alg')}")
    token = ProviderToken(
        _identifier(claims, "iss", "team"), _identifier(header, "kid", "key"), _issued_at(claims)
    )
    message = f"{parts[0]}.{parts[1]}".encode("ascii")
    return token, message, _der_signature(_base64url(parts[2], "signature"))


def _json_object(part: str, what: str) -> dict[str, object]:
    try:
        value: object = json.loads(_base64url(part, what).decode("utf-8"))
    except (ValueError, RecursionError):  # deep nesting ends in the latter
        raise InvalidProviderTokenError(f"the {what} is not JSON") from None
    if not isinstance(value, dict):
        raise InvalidProviderTokenError(f"the {what} is not a JSON object")
    return value


def _base64url(part: str, what: str) -> bytes:
    bare = part.rstrip("=")
    # Four characters make three bytes; one character over is less than a byte.
    if _BASE64.fullmatch(part) is None or len(bare) % 4 == 1:
        raise InvalidProviderTokenError(f"the {what} is not base64url")
    return base64.urlsafe_b64decode(bare.translate(_TO_BASE64URL) + "=" * (-len(bare) % 4))


def _identifier(values: dict[str, object], name: str, what: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or IDENTIFIER.fullmatch(value) is None:
        raise InvalidProviderTokenError(
            f"{name} must be the {what} id, ten upper-case letters and digits,"
            f" not {_shown(values, name)}"
        )
    return value


def _issued_at(claims: dict[str, object]) -> float:
    value = claims.get("iat")
    if isinstance(value, str) and _NUMERIC_TEXT.fullmatch(value):
        return float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            seconds = float(value)
        except OverflowError:
            seconds = math.inf
        if math.isfinite(seconds):
            return seconds
    raise InvalidProviderTokenError(
        f"iat must be seconds since 1970 as a number, not {_shown(claims, 'iat')}"
    )


def _der_signature(signature: bytes) -> bytes:
    """Bring r‖s (64 bytes) into DER; let DER pass."""
    if len(signature) == _RAW_SIGNATURE_BYTES:
        middle = _RAW_SIGNATURE_BYTES // 2
        r, s = int.from_bytes(signature[:middle]), int.from_bytes(signature[middle:])
        return encode_dss_signature(r, s)
    try:
        decode_dss_signature(signature)
    except ValueError:
        raise InvalidProviderTokenError(
            f"an ES256 signature is {_RAW_SIGNATURE_BYTES} bytes, or ASN.1 DER"
        ) from None
    return signature


def _shown(values: dict[str, object], name: str) -> str:
    return repr(values[name])[:40] if name in values else "absent"
