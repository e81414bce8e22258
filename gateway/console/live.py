"""The journal as server-sent events, to a viewer that may be slow or gone.

The viewer's own queue is the journal's bounded channel. A viewer that falls behind further than
that is dropped by the journal, hears ``reload``, and starts anew from the lists.
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

# Often enough for proxies, which close what is silent for a minute.
KEEP_ALIVE_SECONDS = 15.0


class EventStream(Response):
    """An answer that ends when the viewer leaves, is too slow, or the gateway closes.

    Args:
        journal: what is followed.
        closing: ends the stream.
        wanted: which of it.
    """

    media_type: str | None = "text/event-stream"

    def __init__(
        self,
        journal: Journal,
        closing: trio.Event,
        wanted: Callable[[Happening], bool] = lambda _: True,
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._journal = journal
        self._closing = closing
        self._wanted = wanted

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

        with self._journal.view(self._wanted) as happenings:
            await say(b"retry: 1000\n: connected\n\n")
            while True:
                try:
                    with trio.fail_after(KEEP_ALIVE_SECONDS):
                        happening = await happenings.receive()
                except trio.TooSlowError:
                    await say(b": still here\n\n")
                except trio.EndOfChannel:
                    await say(b"event: reload\ndata: {}\n\n")
                    return
                else:
                    await say(event_of(happening))

    async def _end_with_viewer(self, receive: Receive, scope: trio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    async def _end_with_gateway(self, scope: trio.CancelScope) -> None:
        await self._closing.wait()
        scope.cancel()


def event_of(happening: Happening) -> bytes:
    """One event. A record is told as it is now, which may be further than when it was queued."""
    if isinstance(happening, LinkEvent):
        return b"event: link\ndata: %b\n\n" % to_json(link_view(happening))
    if isinstance(happening, Forgotten):
        return b"event: forgotten\ndata: %b\n\n" % to_json(happening)
    if happening.notification is None:
        name = b"rejected" if happening.timeline else b"request"
        view = to_json(request_view(happening))
    else:
        name, view = b"push", to_json(push_view(happening))
    place = b"%d.%d" % (happening.number, len(happening.timeline))
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (place, name, view)
