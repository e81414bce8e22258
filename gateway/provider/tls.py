"""The TLS of the provider front, which follows the list of revoked certificates."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from certs.contexts import provider_server_context
from certs.files import CredentialError

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from certs.leaf import Leaf

log = logging.getLogger(__name__)


class ProviderTls:
    """Call it for the context of the next handshake.

    Apple: a revoked certificate is refused in TLS. ``apnsim certs revoke`` writes the list beside a
    running gateway, so each handshake looks whether it has changed (one ``stat``); if so, the
    context is made anew (3 ms), and the TLS 1.2 sessions of the old one cannot be resumed.
    Connections that are up stay: Apple tells providers to close theirs after revoking.

    Args:
        leaf: the gateway's key and certificate.
        ca_pem: the CA of the providers' certificates.
        crl_file: its revocation list.

    Raises:
        CredentialError: one of them cannot be used.
    """

    def __init__(self, leaf: Leaf, ca_pem: bytes, crl_file: Path) -> None:
        self._leaf = leaf
        self._ca_pem = ca_pem
        self._crl_file = crl_file
        self._state = self._look()
        self._context = self._new_context()

    def __call__(self) -> ssl.SSLContext:
        """The context that knows of every certificate revoked until now."""
        state = self._look()
        if state != self._state:
            self._state = state
            try:
                self._context = self._new_context()
            except CredentialError as error:
                log.warning("%s; the list of before still counts", error)
        return self._context

    def _look(self) -> tuple[int, int] | None:
        """What tells one list from another: each is written as a new file."""
        try:
            stat = self._crl_file.stat()
        except OSError:
            return None
        return stat.st_ino, stat.st_mtime_ns

    def _new_context(self) -> ssl.SSLContext:
        return provider_server_context(
            self._leaf, client_ca_pem=self._ca_pem, crl_file=self._crl_file
        )
