"""What fault rules do to connections that are being made: their handshake, and how they begin."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf
from typing import TYPE_CHECKING

import trio

from certs.authority import Authority
from certs.contexts import provider_server_context
from gateway import tcp
from gateway.faults.book import RuleBook
from gateway.faults.match import Occasion
from gateway.faults.tls import Tls, TlsFault
from gateway.provider.occasion import connection_occasion

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from certs.leaf import Leaf
    from gateway.faults.book import Hit
    from gateway.provider.contract import ConnectionFacts

log = logging.getLogger("gateway.faults")

# Issued as of yesterday, so it is past its time.
_EXPIRED = timedelta(hours=1)
WRONG_NAME = "wrong.example"


@dataclass(slots=True)
class FrontFaults:
    """The fault rules of a provider front.

    Args:
        book: the rules.
        authority: signs certificates that are spoilt in one way only; one that nobody trusts if
            there is none.
        names: of the gateway's certificate.
    """

    book: RuleBook = field(default_factory=RuleBook)
    authority: Authority | None = None
    names: Sequence[str] = ("localhost",)
    _contexts: dict[TlsFault, ssl.SSLContext] = field(default_factory=dict)

    def at_handshake(self, peer: str) -> Tls | None:
        """What is done to the handshake with this peer."""
        for hit in self.book.meet(self.book.handshakes, Occasion({})):
            log.info("%s: %s", peer, hit)
            if isinstance(hit.act, Tls):
                return hit.act
        return None

    async def instead_of_shaking_hands(self, act: Tls, stream: tcp.AcceptedSocket) -> None:
        """Say nothing, or hang up."""
        if act.how is TlsFault.RESET:
            await tcp.reset(stream)
            return
        with trio.move_on_after(inf if act.seconds is None else act.seconds):
            try:
                while await stream.receive_some():
                    pass
            except trio.BrokenResourceError:
                pass  # it has left, too
        await trio.aclose_forcefully(stream)

    def context(self, act: Tls) -> ssl.SSLContext | None:
        """TLS with such a certificate; None when no hands are shaken at all."""
        if act.how in (TlsFault.NEVER_ENDS, TlsFault.RESET):
            return None
        if act.how not in self._contexts:
            self._contexts[act.how] = provider_server_context(self._leaf(act.how))
        return self._contexts[act.how]

    def _leaf(self, how: TlsFault) -> Leaf:
        authority = self.authority
        if authority is None or how is TlsFault.UNTRUSTED:
            authority = Authority.create()
        if how is TlsFault.EXPIRED:
            return authority.issue_server(self.names, lifetime=_EXPIRED)
        return authority.issue_server([WRONG_NAME] if how is TlsFault.WRONG_NAME else self.names)

    def at_connection(self, facts: ConnectionFacts) -> list[Hit]:
        """What is done to a connection that has just been made."""
        if not self.book.connections:
            return []
        hits = self.book.meet(self.book.connections, connection_occasion(facts))
        for hit in hits:
            log.info("connection %d (%s): %s", facts.connection_id, facts.peer, hit)
        return hits
