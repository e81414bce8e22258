"""How a target knows that a webhook is ours: Standard Webhooks 1.0, symmetric (``v1``).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: the
signed content is ``id.timestamp.body``; the secret is ``whsec_`` and 24 to 64 bytes in base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Self

PREFIX = "whsec_"
MIN_BYTES, MAX_BYTES = 24, 64


class Secret(bytes):
    """What signs; it does not show in logs."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``whsec_…``; the prefix may be missing.

        Raises:
            ValueError: it is none; says what was expected, and not what it was.
        """
        try:
            raw = base64.b64decode(text.removeprefix(PREFIX), validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if not MIN_BYTES <= len(raw) <= MAX_BYTES:
            raise ValueError(
                f"expected {PREFIX} and {MIN_BYTES} to {MAX_BYTES} bytes in base64, such as"
                f' of: echo "{PREFIX}$(openssl rand -base64 32)"'
            )
        return cls(raw)

    def __repr__(self) -> str:
        return "Secret(…)"

    def sign(self, message_id: str, timestamp: int, body: bytes) -> str:
        """The value of ``webhook-signature``; ``timestamp`` is UNIX seconds."""
        content = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
        digest = hmac.digest(self, content, hashlib.sha256)
        return f"v1,{base64.b64encode(digest).decode()}"
