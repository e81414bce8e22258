"""What fault rules do to the TLS handshakes of one front, of providers or of devices."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf
from typing import TYPE_CHECKING

import trio

from certs.authority import Authority
from gateway import tcp
from gateway.faults.basics import Stage
from gateway.faults.book import RuleBook
from gateway.faults.match import Occasion
from gateway.faults.tls import Tls, TlsFault

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from certs.leaf import Leaf
    from gateway.handshakes import Handshakes

log = logging.getLogger("gateway.faults")

# Issued as of yesterday, so it is past its time.
_EXPIRED = timedelta(hours=1)
WRONG_NAME = "wrong.example"


@dataclass(frozen=True, slots=True)
class Spoiler:
    """What spoilt certificates are made of.

    Args:
        context_of: makes the TLS of a front from its certificate.
        names: of the gateway's own certificate.
        authority: signs those that are spoilt in one way only; one that nobody trusts if None.
    """

    context_of: Callable[[Leaf], ssl.SSLContext]
    names: Sequence[str] = ("localhost",)
    authority: Authority | None = None

    def context(self, how: TlsFault) -> ssl.SSLContext:
        """TLS with such a certificate."""
        return self.context_of(self._leaf(how))

    def _leaf(self, how: TlsFault) -> Leaf:
        authority = self.authority
        if authority is None or how is TlsFault.UNTRUSTED:
            authority = Authority.create()
        if how is TlsFault.EXPIRED:
            return authority.issue_server(self.names, lifetime=_EXPIRED)
        return authority.issue_server([WRONG_NAME] if how is TlsFault.WRONG_NAME else self.names)


@dataclass(slots=True)
class HandshakeFaults:
    """The rules about the handshakes of one front.

    Args:
        spoiler: makes its spoilt certificates.
        book: the rules.
        stage: which of them: those about providers or those about devices.
    """

    spoiler: Spoiler
    book: RuleBook = field(default_factory=RuleBook)
    stage: Stage = Stage.HANDSHAKE
    _contexts: dict[TlsFault, ssl.SSLContext] = field(default_factory=dict)

    async def meet(
        self,
        stream: tcp.AcceptedSocket,
        context: Callable[[], ssl.SSLContext],
        handshakes: Handshakes,
    ) -> ssl.SSLContext | None:
        """The TLS to shake hands with; None: no hands are shaken, and the stream is closed.

        Args:
            stream: the connection.
            context: gives what it is without a fault.
            handshakes: those of the front; its drain ends this one, too.
        """
        act = self._asked(stream.peer)
        if act is None:
            return context()
        if act.how is TlsFault.RESET:
            await tcp.reset(stream)
            return None
        if act.how is TlsFault.NEVER_ENDS:
            with suppress(trio.TooSlowError), handshakes.within(inf):
                await _say_nothing(stream, inf if act.seconds is None else act.seconds)
            await trio.aclose_forcefully(stream)
            return None
        if act.how not in self._contexts:
            self._contexts[act.how] = self.spoiler.context(act.how)
        return self._contexts[act.how]

    def _asked(self, peer: str) -> Tls | None:
        """What the rules want; a handshake has said nothing yet that they could know."""
        for hit in self.book.meet(self.book.at(self.stage), Occasion({})):
            log.info("%s: %s", peer, hit)
            if isinstance(hit.act, Tls):
                return hit.act
        return None


async def _say_nothing(stream: trio.abc.ReceiveStream, seconds: float) -> None:
    with trio.move_on_after(seconds), suppress(trio.BrokenResourceError):  # it has left, too
        while await stream.receive_some():
            pass
