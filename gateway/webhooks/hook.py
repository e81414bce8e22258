"""One webhook: its queue, its requests, and how it fares."""

from __future__ import annotations

import logging
import secrets
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trio

import worldtime
from gateway.version import VERSION
from gateway.webhooks.sending import FailedError, Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.records import Event, Record
    from gateway.webhooks.allowed import AllowList
    from gateway.webhooks.description import Description

log = logging.getLogger("gateway.webhooks")

AGENT = f"apnsim/{VERSION}"
CAPACITY = 1000
# After the first attempt; then it is dropped.
RETRY_SECONDS = (1.0, 5.0, 30.0, 120.0)


@dataclass(slots=True)
class Message:
    """One thing to tell; id and body are made when it is first sent, and are then the same."""

    record: Record
    event: Event
    id: str = ""
    body: bytes = b""


class Hook:
    """Tells one target, in order, one thing at a time.

    Args:
        number: names it.
        description: what to tell, and to whom.
        tell: what happened, as a body.

    Attributes:
        delivered: how many were told.
        failures: how many attempts failed.
        dropped: how many will never be told: attempts or room had run out.
        last_status: of the last answer; None: there was none.
        last_error: why the last attempt failed; empty: it did not.
        last_at: when it was, UNIX seconds of the machine.
    """

    def __init__(
        self, number: int, description: Description, tell: Callable[[Record, Event], bytes]
    ) -> None:
        self.number = number
        self.description = description
        self.delivered = self.failures = self.dropped = 0
        self.last_status: int | None = None
        self.last_error = ""
        self.last_at: float | None = None
        self.scope = trio.CancelScope()
        self._tell = tell
        self._queue: deque[Message] = deque()
        self._bell = trio.Event()

    def __str__(self) -> str:
        return f"webhook {self.number} ({self.description.target})"

    @property
    def pending(self) -> int:
        """How much is not told yet."""
        return len(self._queue)

    def put(self, record: Record, event: Event) -> None:
        """Tell it, soon, if it is about its app and there is room."""
        tenant = self.description.tenant
        if tenant is not None and not tenant.has(record.topic):
            return
        if len(self._queue) < CAPACITY:
            self._queue.append(Message(record, event))
            self._bell.set()
            return
        self.dropped += 1
        if self.dropped % CAPACITY == 1:
            log.warning("%s is too slow: %d dropped so far", self, self.dropped)

    async def run(self, allowed: AllowList) -> None:
        """Tell what comes until cancelled; then, for a moment, what is left."""
        wire = Wire(self.description.target, allowed)
        try:
            with self.scope:
                while True:
                    while self._queue:
                        if not await self._deliver(wire, self._queue[0]):
                            self.dropped += 1
                        self._queue.popleft()
                    self._bell = trio.Event()
                    await self._bell.wait()
        finally:
            if not self.scope.cancelled_caught:
                await self._tell_the_rest(wire)
            await wire.aclose()

    async def _tell_the_rest(self, wire: Wire) -> None:
        """What the gateway's end leaves untold gets one more attempt, all in a second."""
        with trio.move_on_after(1, shield=True):
            while self._queue and await self._attempt(wire, self._queue[0]):
                self._queue.popleft()
        if self._queue:
            self.dropped += len(self._queue)
            log.warning("%s: %d not told at the end", self, len(self._queue))

    async def _deliver(self, wire: Wire, message: Message) -> bool:
        """Try until it is taken, or nothing is left to try; whether it was taken."""
        for seconds in (*RETRY_SECONDS, None):
            if await self._attempt(wire, message):
                return True
            if seconds is not None:
                await worldtime.sleep(seconds)
        what = f"{message.event.state} of {message.record.apns_id}"
        log.warning("%s: gave up on %s: %s", self, what, self.last_error)
        return False

    async def _attempt(self, wire: Wire, message: Message) -> bool:
        """Send it once; whether it was taken."""
        # The machine's time: a target judges by its own, which our clock does not move.
        self.last_at = time.time()
        try:
            headers = self._headers(message, int(self.last_at))
            self.last_status = await wire.post(self.description.url, headers, message.body)
            self.last_error = "" if 200 <= self.last_status < 300 else f"status {self.last_status}"
        except FailedError as error:
            self.last_status, self.last_error = None, str(error)
        except Exception as bug:  # this attempt fails, the gateway lives
            log.exception("%s: our mistake", self)
            self.last_status, self.last_error = None, f"a bug of ours: {type(bug).__name__}"
        if self.last_error:
            self.failures += 1
            return False
        self.delivered += 1
        return True

    def _headers(self, message: Message, timestamp: int) -> dict[str, str]:
        """Those of one attempt; at the first, the message gets its body and its id."""
        if not message.id:
            message.body = self._tell(message.record, message.event)
            message.id = f"msg_{secrets.token_hex(12)}"
        headers = {
            "content-type": "application/json",
            "user-agent": AGENT,
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp),
        }
        if self.description.secret is not None:
            signed = self.description.secret.sign(message.id, timestamp, message.body)
            headers["webhook-signature"] = signed
        return headers
