"""The whole state of a gateway: out, and in again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apnsim.client import Apnsim

PATH = "/api/v1/snapshot"
# Of a thousand devices, which all connect anew.
LOAD_SECONDS = 120.0


class Snapshots:
    """Snapshots of a gateway; docs/snapshots.md says what they hold.

    Args:
        apnsim: the gateway to ask.
    """

    def __init__(self, apnsim: Apnsim) -> None:
        self._apnsim = apnsim

    def take(self, *, secrets: bool = False) -> bytes:
        """All of it as JSON; with private keys and credentials only if ``secrets``."""
        query = {"secrets": "true" if secrets else "false"}
        return self._apnsim.answer("GET", PATH, params=query, timeout=LOAD_SECONDS).content

    def load(self, raw: bytes) -> None:
        """Replace the whole state by that of a snapshot: all of it, or nothing."""
        self._apnsim.answer("PUT", PATH, content=raw, timeout=LOAD_SECONDS)
