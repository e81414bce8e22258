"""The TLS of the courier front, as it is and as fault rules spoil it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from certs.contexts import courier_server_context
from gateway.faults.basics import Stage
from gateway.handshake_faults import HandshakeFaults, Spoiler
from protocol.courier.codec import ALPN_PROTOCOLS

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from certs.authority import Authority
    from certs.leaf import Leaf
    from gateway.faults.book import RuleBook


def courier_tls(
    leaf: Leaf, authority: Authority, names: Sequence[str], book: RuleBook
) -> tuple[ssl.SSLContext, HandshakeFaults]:
    """The context of its handshakes, and the rules about them.

    Args:
        leaf: the gateway's key and certificate.
        authority: the CA of the devices; signs spoilt certificates.
        names: of the gateway's certificate.
        book: the rules.
    """
    context_of = partial(
        courier_server_context, ca_pem=authority.certificate_pem, alpn_protocols=ALPN_PROTOCOLS
    )
    spoiler = Spoiler(context_of, names, authority)
    return context_of(leaf), HandshakeFaults(spoiler, book, Stage.DEVICE_HANDSHAKE)
