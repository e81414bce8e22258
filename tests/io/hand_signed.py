"""Provider tokens written byte by byte with cryptography alone.

What the code under test writes proves nothing.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.io.provider_desk import TEAM

if TYPE_CHECKING:
    from tests.io.provider_desk import Desk


def part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Signer:
    """Writes tokens byte by byte with the gateway's own .p8."""

    def __init__(self, provider: Desk) -> None:
        file = provider.here.running.signing_key().key_file
        assert file is not None
        key = serialization.load_pem_private_key(file.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key, self._key_id = key, provider.key.key_id
        self.now = int(provider.here.clock.now())

    def token(
        self,
        header: dict[str, Any] | None = None,
        claims: dict[str, Any] | None = None,
        *,
        der: bool = False,
        indent: int | None = None,
    ) -> str:
        head = {"alg": "ES256", "kid": self._key_id} | (header or {})
        said = {"iss": TEAM, "iat": self.now} | (claims or {})
        texts = (json.dumps(value, indent=indent).encode() for value in (head, said))
        message = ".".join(map(part, texts))
        signature = self._key.sign(message.encode(), ec.ECDSA(hashes.SHA256()))
        if not der:
            numbers = decode_dss_signature(signature)
            signature = b"".join(number.to_bytes(32) for number in numbers)
        return f"{message}.{part(signature)}"
