"""What fault rules do to connections of providers that are being made: how they begin."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from certs.contexts import provider_server_context
from gateway.faults.book import RuleBook
from gateway.handshake_faults import HandshakeFaults, Spoiler
from gateway.provider.occasion import connection_occasion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from certs.authority import Authority
    from gateway.faults.book import Hit
    from gateway.provider.contract import ConnectionFacts

log = logging.getLogger("gateway.faults")


@dataclass(slots=True)
class FrontFaults:
    """The fault rules of a provider front.

    Args:
        book: the rules.
        authority: signs spoilt certificates.
        names: of the gateway's certificate.

    Attributes:
        handshakes: the rules about its handshakes.
    """

    book: RuleBook = field(default_factory=RuleBook)
    authority: Authority | None = None
    names: Sequence[str] = ("localhost",)
    handshakes: HandshakeFaults = field(init=False)

    def __post_init__(self) -> None:
        """Hand the rules on."""
        spoiler = Spoiler(provider_server_context, self.names, self.authority)
        self.handshakes = HandshakeFaults(spoiler, self.book)

    def at_connection(self, facts: ConnectionFacts) -> list[Hit]:
        """What is done to a connection that has just been made."""
        if not self.book.connections:
            return []
        hits = self.book.meet(self.book.connections, connection_occasion(facts))
        for hit in hits:
            log.info("connection %d (%s): %s", facts.connection_id, facts.peer, hit)
        return hits
