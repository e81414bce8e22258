"""One request's body: counted while it is read, and read to its end whatever the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.types import Message, Receive, Send

MAX_BODY_BYTES = 1024 * 1024
MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024
# What is thrown away for the sake of a client that reads no answer before it has sent everything.
MAX_DISCARDED_BYTES = 64 * 1024 * 1024
DISCARD_SECONDS = 10.0


class RequestBody:
    """The ASGI messages of one body.

    Args:
        receive: where they come from.
        max_bytes: a body of more is refused.
    """

    def __init__(self, receive: Receive, max_bytes: int) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._bytes = 0
        self._is_complete = False

    @property
    def limit(self) -> str:
        """For whoever is refused."""
        return f"a body has at most {self._max_bytes} bytes"

    def is_announced_too_long(self, headers: Headers) -> bool:
        """Whether ``content-length`` says so already."""
        return _announced(headers) > self._max_bytes

    def will_be_cut_off(self, headers: Headers) -> bool:
        """Whether it is announced so long that the connection cannot go on after it."""
        return _announced(headers) > MAX_DISCARDED_BYTES

    async def receive(self) -> Message:
        """The next message, for the application.

        Raises:
            HTTPException: 413; FastAPI lets it out of its reading of a body.
        """
        message = await self._next()
        if self._bytes > self._max_bytes:
            raise HTTPException(413, self.limit)
        return message

    def sending(self, send: Send) -> Send:
        """``send``, but the answer ends no sooner than the body.

        Hypercorn closes the connection under a client that is still sending when the answer ends,
        and many a client reads no answer before it has sent everything.
        """

        async def send_to_the_end(message: Message) -> None:
            is_last = message["type"] == "http.response.body" and not message.get("more_body")
            if is_last and not self._is_complete:
                await send({**message, "more_body": True})
                await self._discard()
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        return send_to_the_end

    async def _discard(self) -> None:
        with trio.move_on_after(DISCARD_SECONDS):
            while not self._is_complete and self._bytes <= MAX_DISCARDED_BYTES:
                await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        self._is_complete = not message.get("more_body", False)
        return message


def _announced(headers: Headers) -> int:
    """What ``content-length`` says; 0: nothing."""
    text = headers.get("content-length", "")
    # More digits than any size that is allowed; int() refuses 4,300 of them.
    return int(text[:20]) if text.isdecimal() else 0
