"""The journal as server-sent events, to a viewer that may be slow or gone.

The viewer's own queue is the journal's bounded channel. A viewer that falls behind further than
that is dropped by the journal, hears ``reload``, and starts anew from the lists. Each event has an
id; a viewer that comes back with the last one (``Last-Event-ID``) is told what it has missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio
from starlette.responses import Response

from gateway.console.rendering import to_json
from gateway.console.views import link_view, push_view, request_view
from gateway.records import Forgotten, LinkEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from gateway.journal import Journal
    from gateway.records import Happening
    from gateway.viewers import Told, Viewers

# Often enough for proxies, which close what is silent for a minute.
KEEP_ALIVE_SECONDS = 15.0


class EventStream(Response):
    """An answer that ends when the viewer leaves, is too slow, or the gateway closes.

    Args:
        journal: what is followed.
        closing: ends the stream.
        wanted: which of it.
        last_id: the last event that the viewer has heard of; None: it is new.
    """

    media_type: str | None = "text/event-stream"

    def __init__(
        self,
        journal: Journal,
        closing: trio.Event,
        wanted: Callable[[Happening], bool] = lambda _: True,
        last_id: str | None = None,
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._journal = journal
        self._closing = closing
        self._wanted = wanted
        self._last_id = last_id

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one viewer."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._end_with_viewer, receive, nursery.cancel_scope)
            nursery.start_soon(self._end_with_gateway, nursery.cancel_scope)
            await self._pump(send)
            nursery.cancel_scope.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pump(self, send: Send) -> None:
        async def say(text: bytes) -> None:
            await send({"type": "http.response.body", "body": text, "more_body": True})

        viewers = self._journal.viewers
        with self._journal.view(self._wanted) as happenings:
            missed = self._missed(viewers)
            await say(b"retry: 1000\n: connected\n\n")
            if missed is None:
                await say(_reload(viewers))
            for told in missed or ():
                await say(event_of(told, viewers.epoch))
            while True:
                try:
                    with trio.fail_after(KEEP_ALIVE_SECONDS):
                        told = await happenings.receive()
                except trio.TooSlowError:
                    await say(b": still here\n\n")
                except trio.EndOfChannel:
                    await say(_reload(viewers))
                    return
                else:
                    await say(event_of(told, viewers.epoch))

    def _missed(self, viewers: Viewers) -> list[Told] | None:
        """What the viewer has not heard of; None: that is not known any more."""
        if self._last_id is None:
            return []
        epoch, _, place = self._last_id.partition("-")
        is_known = epoch == viewers.epoch and place.isdecimal() and len(place) < 20
        missed = viewers.since(int(place)) if is_known else None
        return missed and [told for told in missed if self._wanted(told.happening)]

    async def _end_with_viewer(self, receive: Receive, scope: trio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    async def _end_with_gateway(self, scope: trio.CancelScope) -> None:
        await self._closing.wait()
        scope.cancel()


def event_of(told: Told, epoch: str) -> bytes:
    """One event. A record is told as it is now, which may be further than when it was queued."""
    name, view = _named(told.happening)
    return b"id: %b-%d\nevent: %b\ndata: %b\n\n" % (epoch.encode(), told.place, name, to_json(view))


def _named(happening: Happening) -> tuple[bytes, object]:
    if isinstance(happening, LinkEvent):
        return b"link", link_view(happening)
    if isinstance(happening, Forgotten):
        return b"forgotten", happening
    if happening.notification is None:
        return b"rejected" if happening.timeline else b"request", request_view(happening)
    return b"push", push_view(happening)


def _reload(viewers: Viewers) -> bytes:
    """With an id, so that who comes back with it goes on from here."""
    return b"id: %b-%d\nevent: reload\ndata: {}\n\n" % (viewers.epoch.encode(), viewers.place)
