"""What a device shows of itself in its Connect, on links whose TLS does not say who it is."""

from __future__ import annotations

from typing import NamedTuple


class ConnectProof(NamedTuple):
    """A certificate, and that its key is there; ``certs.connect_proof`` judges all three.

    Attributes:
        certificate: X.509, in DER.
        nonce: made for this link.
        signature: over the nonce, by the key of the certificate.
    """

    certificate: bytes
    nonce: bytes
    signature: bytes
