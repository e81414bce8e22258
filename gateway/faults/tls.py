"""What may be done to a TLS handshake, of a provider or a device."""

# No "from __future__ import annotations": pydantic reads the annotations at run time.
from enum import StrEnum
from typing import Literal

from pydantic.dataclasses import dataclass

from gateway.faults.basics import STRICT, Act, Seconds, Stage


class TlsFault(StrEnum):
    """How a handshake goes wrong."""

    NEVER_ENDS = "never-ends"
    RESET = "reset"
    EXPIRED = "expired"
    WRONG_NAME = "wrong-name"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Tls(Act):
    """Spoil the handshake.

    ``peer``: whose, a ``provider``'s or a ``device``'s; either way nothing else is known of it.
    ``never-ends``: nothing is said, for ``seconds``; null = until the peer leaves. ``reset``:
    TCP's RST. ``expired``, ``wrong-name``, ``untrusted``: the certificate is.
    """

    type: Literal["tls"]
    how: TlsFault
    seconds: Seconds | None = None
    peer: Literal["provider", "device"] = "provider"

    @property
    def stage(self) -> Stage:
        """Before anything is known of the peer."""
        return Stage.HANDSHAKE if self.peer == "provider" else Stage.DEVICE_HANDSHAKE

    def __str__(self) -> str:
        return f"{self.stage}, {self.how}"
