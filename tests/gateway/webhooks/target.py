"""Where webhooks lead in these tests: an HTTP/1.1 server on loopback that answers as it is told."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator


@dataclass
class Got:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body)
        return told


@dataclass
class Target:
    """``statuses`` are answered in order, then 204; 0 is no answer at all."""

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    got: list[Got] = field(default_factory=list)
    connections: int = 0
    answer: bytes = b""
    heard: trio.Event = field(default_factory=trio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def requests(self, count: int) -> list[Got]:
        """All that came, once there are so many."""
        while len(self.got) < count:
            self.heard = trio.Event()
            await self.heard.wait()
        return self.got

    async def serve(self, stream: trio.abc.Stream) -> None:
        self.connections += 1
        try:
            while await self._one(stream):
                pass
        except trio.BrokenResourceError:
            pass

    async def _one(self, stream: trio.abc.Stream) -> bool:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = await stream.receive_some()
            if not piece:
                return False
            head += piece
        head, _, body = head.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
        }
        while len(body) < int(headers["content-length"]):
            body += await stream.receive_some()
        self.got.append(Got(first.split()[1], headers, body))
        self.heard.set()
        status = self.statuses.pop(0) if self.statuses else 204
        if not status:
            await trio.sleep_forever()
        more = f"location: {self.url}/elsewhere\r\n" if 300 <= status < 400 else ""
        more += f"content-length: {len(self.answer)}\r\n"
        await stream.send_all(f"HTTP/1.1 {status} X\r\n{more}\r\n".encode() + self.answer)
        return True


@asynccontextmanager
async def target(*statuses: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[Target]:
    made = Target(statuses=list(statuses))
    async with trio.open_nursery() as nursery:
        serve = (
            partial(trio.serve_tcp, made.serve, 0, host="127.0.0.1")
            if tls is None
            else partial(trio.serve_ssl_over_tcp, made.serve, 0, tls, host="127.0.0.1")
        )
        [listener] = await nursery.start(serve)
        tcp = listener if tls is None else listener.transport_listener
        made.port = tcp.socket.getsockname()[1]
        yield made
        nursery.cancel_scope.cancel()
