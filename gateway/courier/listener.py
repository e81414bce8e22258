"""Where devices knock: accept, TLS with a device certificate, ALPN, and a session for each."""

from __future__ import annotations

import itertools
import logging
import re
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

import trio

import worldtime
from certs.peer import DeviceIdentity, PeerCertificateError
from certs.tls_stream import TlsStream
from gateway.courier.handshake import hear_connect, recognize, refuse, welcome
from gateway.courier.link import Link
from gateway.courier.session import CourierSession
from gateway.courier.terms import CourierSettings, SessionStatistics, Stranger
from gateway.handshakes import Handshakes
from gateway.tcp import AcceptedSocket
from protocol.courier.codec import codec_for
from protocol.courier.errors import RemoteProtocolError
from protocol.identifiers import DeviceId
from protocol.notification import Environment

if TYPE_CHECKING:
    import ssl

    from certs.connect_proof import ConnectProofs
    from gateway.courier.terms import Arrival, Services
    from gateway.handshake_faults import HandshakeFaults
    from protocol.courier.codec import Codec
    from protocol.courier.messages import Connect
    from worldtime.alarm import Alarm

log = logging.getLogger("gateway.courier")

# courier-wire.md §1: the bare name or a numbered one. That "development" is another word for
# sandbox is said of the provider names, and granted here too.
_COURIER_NAME = re.compile(
    r"(?:\d{1,3}-)?courier\.(?P<sandbox>(?:sandbox|development)\.)?push\.apple\.com", re.ASCII
)
_REFUSED = "courier link of %s refused: %s"
_SHUTS_DOWN = "the gateway shuts down"


def environment_of(name: str | None, default: Environment) -> Environment:
    """The environment that a TLS server name asks for; any other name, or none: the default."""
    asked = _COURIER_NAME.fullmatch((name or "").lower().rstrip("."))
    if asked is None:
        return default
    return Environment.DEVELOPMENT if asked["sandbox"] else Environment.PRODUCTION


@dataclass(slots=True)
class CourierFront:
    """Every courier link of the gateway.

    Attributes:
        services: of the gateway.
        context: TLS (``certs.contexts.courier_server_context``).
        environment: of devices that ask for none of Apple's courier names.
        settings: bounds of each link.
        proofs: judges who does not show its certificate in TLS; None lets none of them in.
        faults: the rules about its handshakes; None: there are none.
    """

    services: Services
    context: ssl.SSLContext
    environment: Environment = Environment.DEVELOPMENT
    settings: CourierSettings = field(default_factory=CourierSettings)
    proofs: ConnectProofs | None = None
    faults: HandshakeFaults | None = None
    _sessions: set[CourierSession] = field(default_factory=set)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _turns: trio.CapacityLimiter = field(init=False)
    _handshakes: Handshakes = field(default_factory=Handshakes)
    _is_draining: bool = False
    _departure: trio.Event = field(default_factory=trio.Event)

    def __post_init__(self) -> None:
        """Count the links that are in their TLS handshake."""
        self._turns = trio.CapacityLimiter(self.settings.handshakes_at_once)

    async def serve(self, stream: trio.abc.HalfCloseableStream, heard: bytes = b"") -> None:
        """Serve one accepted connection to its end; never raises for what the peer does.

        Args:
            stream: the connection; owned.
            heard: what has been read of it already.
        """
        tcp = AcceptedSocket(stream, heard=heard)
        # Not sooner: a device that is gone without a word is not known to be gone.
        tcp.give_up_after(round(1000 * self.settings.silent_seconds))
        peer = tcp.peer
        try:
            await self._serve(tcp, peer)
        except Exception:
            # Our bug: this link closes, the server lives (architecture §6).
            log.exception("courier link of %s ended by an internal error", peer)
            await trio.aclose_forcefully(tcp)

    def drain(self) -> None:
        """Stop delivering, let acknowledgements in hand arrive, close; refuse whoever comes."""
        self._is_draining = True
        self._handshakes.end()
        for session in tuple(self._sessions):
            session.drain()

    def sweep(self) -> int:
        """Ask links to leave that should have been heard from.

        Returns:
            How many.
        """
        now = worldtime.current_time()
        silent = [session for session in self._sessions if session.is_silent(now)]
        for session in silent:
            session.leave("silent for too long")
        return len(silent)

    @property
    def silence(self) -> Alarm:
        """Rings when a link may have been silent for too long."""
        return self.services.silence

    async def end_silence(self) -> float:
        """Sweep; when the next link will have been silent for too long, unless it is heard."""
        self.sweep()
        return min((session.silent_at for session in self._sessions), default=inf)

    async def wait_until_left(self) -> None:
        """Return once no session is left that is here now."""
        here = frozenset(self._sessions)
        while not self._sessions.isdisjoint(here):
            if self._departure.is_set():
                self._departure = trio.Event()
            await self._departure.wait()

    def statistics(self) -> list[SessionStatistics]:
        """Every session, in the order of arrival."""
        shown = [session.statistics() for session in self._sessions]
        return sorted(shown, key=lambda each: each.number)

    async def _serve(self, tcp: AcceptedSocket, peer: str) -> None:
        context = self.context
        if self.faults is not None:
            spoilt = await self.faults.meet(tcp, lambda: self.context, self._handshakes)
            if spoilt is None:
                return
            context = spoilt
        tls = TlsStream(tcp, context, server_side=True)
        met = await self._shake_hands(tls, peer)
        if met is None:
            await trio.aclose_forcefully(tls)
        else:
            await self.serve_link(*met)

    async def _shake_hands(self, tls: TlsStream, peer: str) -> tuple[Link, Stranger] | None:
        """The link, and who is there; None, and a line in the log, when it does not work out."""
        try:
            # Waiting for a turn counts too, or a flood of connections would wait for ever.
            with self._handshakes.within(self.settings.handshake_seconds):
                async with self._turns:
                    await tls.do_handshake()
            codec, stranger = self._look_at(tls, peer)
        except trio.TooSlowError:
            why = f"no TLS handshake within {self.settings.handshake_seconds:g} s"
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            log.info(_REFUSED, peer, f"TLS handshake failed: {error.__cause__ or error}")
            await tls.aclose()  # not by force: a reset may destroy the alert on its way
            return None
        except (PeerCertificateError, RemoteProtocolError) as error:
            why = str(error)
        else:
            return Link(tls, codec, self.settings), stranger
        log.info(_REFUSED, peer, why)
        return None

    def _look_at(self, tls: TlsStream, peer: str) -> tuple[Codec, Stranger]:
        codec = codec_for(tls.selected_alpn_protocol())
        device = None
        if not codec.PROVES_IN_CONNECT:
            identity = DeviceIdentity.from_certificate(tls.peer_certificate)
            device = DeviceId.parse(identity.device_id)
        environment = environment_of(tls.server_hostname, self.environment)
        return codec, Stranger(next(self._numbers), environment, peer, device)

    async def serve_link(self, link: Link, stranger: Stranger) -> None:
        """From the Connect to the end, on a link that TLS has let in."""
        connect = await hear_connect(link, self.settings, self._handshakes)
        arrival = None if connect is None else await self._answer(link, stranger, connect)
        if arrival is None:
            log.info("%s ended before its welcome: %s", stranger, link.reason)
            await link.aclose()
        else:
            await self._converse(CourierSession(arrival, link, self.services, self.settings))

    async def _answer(self, link: Link, stranger: Stranger, connect: Connect) -> Arrival | None:
        """Welcome whoever may come in; None for others, who have heard why not."""
        now = self.services.now
        why = _SHUTS_DOWN
        if not self._is_draining:
            try:
                return welcome(link, recognize(stranger, connect, self.proofs), connect, now)
            except PeerCertificateError as error:
                why = str(error)
        await refuse(link, self.settings, now, why)
        return None

    async def _converse(self, session: CourierSession) -> None:
        self._sessions.add(session)
        self.services.silence.ring_at(session.silent_at)
        try:
            await session.run()
        finally:
            self._sessions.discard(session)
            self._departure.set()
