"""A real TLS handshake between two contexts, through memory: no socket, no task."""

from __future__ import annotations

import ssl
from dataclasses import dataclass


@dataclass
class Link:
    client: ssl.SSLObject
    server: ssl.SSLObject

    def deliver(self, data: bytes) -> bytes:
        """Send from client to server, so that what TLS 1.3 still had to say is said too."""
        self.client.write(data)
        return self.server.read(1024)

    def converse(self) -> None:
        """Send both ways, so that the client takes in whatever session tickets there are."""
        self.deliver(b"x")
        self.server.write(b"y")
        assert self.client.read(10) == b"y"


def handshake(
    client_context: ssl.SSLContext,
    server_context: ssl.SSLContext,
    name: str | None = "localhost",
    session: ssl.SSLSession | None = None,
) -> Link:
    """Shake hands, or raise the ``ssl.SSLError`` of the side that refuses first."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name, session=session)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    for _ in range(10):
        for side in list(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)
        if not waiting:
            return Link(client, server)
    raise AssertionError("the handshake does not end")


def trusting(ca_pem: bytes, *alpn: str) -> ssl.SSLContext:
    """A client as strict as Python 3.13's default, without a certificate of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # older Pythons set it
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=ca_pem.decode())
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def only(version: ssl.TLSVersion, context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = context.maximum_version = version
    return context
