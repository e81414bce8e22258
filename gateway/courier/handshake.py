"""From a TLS link to an :class:`Arrival`: the Connect, and its answer.

A caller is somebody TLS knows; only its Connect, answered OK, makes it an arrival, and only an
arrival has a session. So a link that has not said who it is cannot be pushed to.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import trio

from gateway.courier.terms import Arrival
from protocol.courier.messages import Connect, ConnectResponse, ConnectStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.courier.link import Link
    from gateway.courier.terms import Caller, CourierSettings


async def hear_connect(link: Link, settings: CourierSettings) -> Connect | None:
    """Wait for the first message, which is a Connect or a protocol error.

    Returns:
        None when the link ended first, or took too long; ``link.reason`` says why.
    """
    with trio.move_on_after(settings.handshake_seconds) as scope:
        async for messages in link:
            # The table lets nothing else through, and nothing behind it before the answer.
            connect = next((said for said in messages if isinstance(said, Connect)), None)
            if connect is not None:
                return None if link.reason else connect
    if scope.cancelled_caught:
        link.end(f"said no Connect within {settings.handshake_seconds:g} s")
    return None


def welcome(link: Link, caller: Caller, connect: Connect, now: Callable[[], float]) -> Arrival:
    """Answer OK; the session's writer sends it."""
    since = now()
    link.send(ConnectResponse(ConnectStatus.OK, since, link.max_frame_bytes))
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
