"""The TLS settings of the three kinds of links: provider front, courier front, device.

Common to all: TLS 1.2 or later, forward-secret AEAD ciphers only (RFC 9113 §9.2.2 bans the rest
under HTTP/2), no renegotiation. P-256 throughout keeps a full handshake well under a millisecond,
so the servers hand out no session tickets: nothing to steal, no memory per client, and no resumed
session in which "verified" could mean something else than "a certificate is present"
(reference/clients.md §2 item 7). TLS 1.2 clients may still resume by session id, which OpenSSL
keeps, together with the client's certificate, in the context: a new context forgets it, and with it
what that certificate was once good for.

OpenSSL 3.0 parses slowly, 0.7 ms per certificate, and a side that trusts the CA of its own
certificate sends that CA along. Devices and gateway under one CA: 2.4 ms of CPU per side and
handshake; devices under a CA of their own: 1.7 ms. Hence ``ca_pem`` is an argument on each side.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

from certs.files import CredentialError, CredentialFileError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from certs.leaf import Leaf

HTTP2_ALPN: Final = ("h2",)
COURIER_ALPN: Final = ("apnsim-msgpack-v1",)
_TLS12_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


class NamedSSLObject(ssl.SSLObject):
    """The server's end of a link, which knows the name that the client called it by.

    ``server_hostname`` is the SNI name in lower case once the handshake has begun, ``None`` if the
    client sent none. ``TlsStream`` and ``trio.SSLStream`` pass the attribute on.
    """

    _called_name: str | None = None

    @property
    def server_hostname(self) -> str | None:
        """What the client called this server by SNI."""
        return self._called_name

    def note_called_name(self, name: str | None) -> None:
        """Remember the name; called once by the context during the handshake."""
        self._called_name = None if name is None else name.lower()


def provider_server_context(
    leaf: Leaf, *, client_ca_pem: bytes | None = None, crl_file: Path | None = None
) -> ssl.SSLContext:
    """TLS for providers: ALPN ``h2``, and a client that offers none or another is served too.

    HTTP/2 must start whatever ALPN said: aioapns and Pushy offer none (reference/clients.md §2.1).
    SNI is not checked against the certificate; see :class:`NamedSSLObject` for how to read it.

    Args:
        leaf: the server's key and certificate.
        client_ca_pem: asks clients for a certificate of this CA without requiring one; one of
            another CA, for another use or past its time fails the handshake. A client is verified
            only if ``getpeercert()`` is not ``None``.
        crl_file: the revocation list of that CA, as it is now: a certificate on it fails the
            handshake too.

    Raises:
        CredentialError: ``client_ca_pem`` is not a certificate, or ``crl_file`` no readable list.
    """
    context = _server_context(leaf, HTTP2_ALPN)
    if client_ca_pem is not None:
        _trust(context, client_ca_pem)
        context.verify_mode = ssl.CERT_OPTIONAL
    if crl_file is not None:
        _heed(context, crl_file)
    return context


def courier_server_context(
    leaf: Leaf, ca_pem: bytes, alpn_protocols: Sequence[str] = COURIER_ALPN
) -> ssl.SSLContext:
    """TLS for devices: a client certificate of our CA is asked for, and of no other taken.

    Whether one is required depends on the dialect: on Apple's wire it is shown later (see
    ``connect_proof``). So the caller refuses a device without one in the dialects that need it, and
    one that offers none of ``alpn_protocols``, for which ``selected_alpn_protocol()`` is ``None``.

    Args:
        leaf: the server's key and certificate.
        ca_pem: the CA of the devices.
        alpn_protocols: dialects, the preferred first.

    Raises:
        CredentialError: ``ca_pem`` is not a certificate.
    """
    context = _server_context(leaf, alpn_protocols)
    _trust(context, ca_pem)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def device_client_context(
    device_leaf: Leaf, ca_pem: bytes, alpn_protocols: Sequence[str] = COURIER_ALPN
) -> ssl.SSLContext:
    """TLS for a device: presents its certificate and verifies the gateway's name and CA.

    Args:
        device_leaf: the device's key and certificate.
        ca_pem: the CA that must have signed the gateway's certificate.
        alpn_protocols: dialects offered, the preferred first.

    Raises:
        CredentialError: ``ca_pem`` is not a certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _set_common(context, device_leaf, alpn_protocols)
    _trust(context, ca_pem)
    return context


def _server_context(leaf: Leaf, alpn_protocols: Sequence[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _set_common(context, leaf, alpn_protocols)
    context.num_tickets = 0  # TLS 1.3
    context.options |= ssl.OP_NO_TICKET  # TLS 1.2
    context.sslobject_class = NamedSSLObject
    context.sni_callback = _note_called_name
    return context


def _set_common(context: ssl.SSLContext, leaf: Leaf, alpn_protocols: Sequence[str]) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_TLS12_CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION
    # Older Pythons (Debian's 3.11.2) take any end of the stream for a goodbye.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    context.set_alpn_protocols(list(alpn_protocols))
    leaf.configure(context)


def _trust(context: ssl.SSLContext, ca_pem: bytes) -> None:
    try:
        context.load_verify_locations(cadata=ca_pem.decode("ascii"))
    except (ValueError, ssl.SSLError):
        raise CredentialError("not a readable CA certificate; expected PEM") from None


def _heed(context: ssl.SSLContext, crl_file: Path) -> None:
    try:
        context.load_verify_locations(cafile=crl_file)
    except OSError as error:  # ssl.SSLError is one
        raise CredentialFileError(
            crl_file,
            f"cannot be read as a certificate revocation list ({error.strerror}); move it away"
            " to have an empty one made",
        ) from None
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF


def _note_called_name(link: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
    if isinstance(link, NamedSSLObject):  # a socket wrapped in this context has no such memory
        link.note_called_name(name)
