"""From a TLS link to an :class:`Arrival`: the Connect, and its answer.

A stranger is somebody TLS has let in; a caller, somebody whose device is known, by TLS or by the
proof in its Connect. Only that Connect, answered OK, makes it an arrival, and only an arrival has
a session. So a link that has not said who it is cannot be pushed to.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

import trio

from certs.peer import PeerCertificateError
from gateway.courier.terms import Arrival, Caller
from protocol.courier.messages import Connect, ConnectResponse, ConnectStatus
from protocol.identifiers import DeviceId, DeviceToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from certs.connect_proof import ConnectProofs
    from gateway.courier.link import Link
    from gateway.courier.terms import CourierSettings, Stranger
    from gateway.handshakes import Handshakes


async def hear_connect(
    link: Link, settings: CourierSettings, handshakes: Handshakes
) -> Connect | None:
    """Wait for the first message, which is a Connect or a protocol error.

    Returns:
        None when the link ended first, or took too long; ``link.reason`` says why.
    """
    try:
        with handshakes.within(settings.handshake_seconds):
            async for messages in link:
                # The table lets nothing else through, and nothing behind it before the answer.
                connect = next((said for said in messages if isinstance(said, Connect)), None)
                if connect is not None:
                    return None if link.reason else connect
    except trio.TooSlowError:
        link.end(f"said no Connect within {settings.handshake_seconds:g} s, or before the drain")
    return None


def recognize(stranger: Stranger, connect: Connect, proofs: ConnectProofs | None) -> Caller:
    """Which device it is: what TLS says counts, else what its Connect proves.

    Raises:
        PeerCertificateError: nobody's; says why.
    """
    device = stranger.device
    if device is None:
        if connect.proof is None or proofs is None:
            raise PeerCertificateError("the Connect shows no certificate with nonce and signature")
        device = DeviceId.parse(proofs.identify(*connect.proof).device_id)
    return Caller(stranger.number, device, stranger.environment, stranger.peer)


def base_token(caller: Caller) -> DeviceToken:
    """The device's name on Apple's wire: 32 bytes, the same on every link.

    Apple's belongs to the identity that the certificate names. Ours is worked out from it, so that
    it outlives every database; it opens nothing, as no provider can push to it. A device that shows
    another one (of another gateway, say) is told this one, and takes it.
    """
    named = f"base token of {caller.device} in {caller.environment}"
    return DeviceToken(hashlib.sha256(named.encode()).digest())


def welcome(link: Link, caller: Caller, connect: Connect, now: Callable[[], float]) -> Arrival:
    """Answer OK; the session's writer sends it."""
    since = now()
    answer = ConnectResponse(
        ConnectStatus.OK, since, link.max_frame_bytes, token=base_token(caller)
    )
    link.send(answer)
    return Arrival(caller, connect, since)


async def refuse(
    link: Link, settings: CourierSettings, now: Callable[[], float], detail: str
) -> None:
    """Answer that the device may not come in, and why; then the link has ended."""
    link.send(ConnectResponse(ConnectStatus.REFUSED, now(), link.max_frame_bytes, detail))
    link.end(f"refused: {detail}")
    with trio.move_on_after(settings.close_seconds):
        with contextlib.suppress(trio.BrokenResourceError):  # it did not wait for the answer
            await link.flush()
