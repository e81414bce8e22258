"""One connection of a phone, as its network treats it.

A phone whose path died without a FIN (a NAT that forgot, a router that lost its WAN side) sees a
healthy link: what it writes vanishes, what it waits for never comes. :class:`PhoneStream` does
exactly that once it has gone dark, for its whole remaining life.

Bytes that take time take it in the tasks that send and receive; no task sleeps for a connection.
Upward a write is held back as a whole, so what is said meanwhile leaves with the next one.
Downward the next bytes are fetched while the ones before are still on their way, at most
``ON_THE_WAY_BYTES``.
"""

from __future__ import annotations

import socket
import struct
from collections import deque
from math import inf
from random import Random
from typing import TYPE_CHECKING

import trio
from trio.abc import Stream

import worldtime
from devicesim.network.conditions import CLEAR, Conditions, NatAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    from devicesim.network.lost import LostStreams

ON_THE_WAY_BYTES = 256 * 1024
_RECEIVE_BYTES = 64 * 1024
# SO_LINGER with no time: a close sends RST.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class PhoneStream(Stream):
    """A byte stream through a phone's network.

    Args:
        stream: the real one; owned.
        lost: who keeps the real one if it goes dark.
        dice: for jitter; by themselves they fall the same for every connection.
    """

    def __init__(self, stream: Stream, lost: LostStreams, dice: Random | None = None) -> None:
        self._stream = stream
        self._lost = lost
        self._dice = dice
        self._conditions = CLEAR
        self._coming: deque[tuple[float, bytes]] = deque()
        self._passed_at = worldtime.current_time()
        self._is_dark = False
        self._is_closed = False
        self._refusal = ""  # why it is reset, once it is
        self._has_ended = False  # the real one, which we have closed or reset
        self.on_close: Callable[[PhoneStream], None] | None = None

    # -- what a network does to it -------------------------------------------------------------

    def suffer(self, conditions: Conditions) -> None:
        """Treat bytes so from now on."""
        self._conditions = conditions
        if conditions.jitter_seconds and self._dice is None:
            self._dice = Random(0)
        self._passed_at = worldtime.current_time()

    def go_dark(self) -> None:
        """From now on bytes vanish both ways, and so does the end of the stream."""
        self._is_dark = True

    def forget(self) -> None:
        """The NAT knows this connection no more."""
        self._is_dark = True
        if self._conditions.nat_answer is NatAnswer.RESET:
            self._refusal = "reset by the NAT, which had forgotten the connection"

    async def cut(self) -> None:
        """The gateway's side ends, the phone's goes dark."""
        self._is_dark = self._has_ended = True
        await trio.aclose_forcefully(self._stream)

    async def reset(self) -> None:
        """Both sides are reset; over a stream that is no socket, the gateway sees the end."""
        self._refusal = "reset by something on the way"
        if self._has_ended:
            return
        self._has_ended = True
        if isinstance(self._stream, trio.SocketStream):
            self._stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        await trio.aclose_forcefully(self._stream)

    # -- what a phone does with it -------------------------------------------------------------

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send, or seem to.

        Raises:
            BrokenResourceError: reset.
        """
        if self._conditions is not CLEAR:
            self._check_mapping()
            delay = self._delay_of(len(data))
            if delay:
                await worldtime.sleep(delay)
        if self._is_closed:
            raise trio.ClosedResourceError
        if self._refusal:
            await trio.lowlevel.checkpoint()
            raise trio.BrokenResourceError(self._refusal)
        if self._is_dark:
            await trio.lowlevel.checkpoint()
            return
        try:
            await self._stream.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            if not self._is_dark:  # or it has gone dark meanwhile
                raise

    async def wait_send_all_might_not_block(self) -> None:
        """A network that swallows bytes always has room."""
        if self._is_dark or self._refusal:
            await trio.lowlevel.checkpoint()
            return
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Receive; once dark, wait for ever (until cancelled).

        Raises:
            BrokenResourceError: reset.
        """
        while not self._is_dark:
            if self._conditions is CLEAR and not self._coming:
                data = await self._fetch(max_bytes or _RECEIVE_BYTES)
                # It may have gone dark while waiting: what arrived since then did not.
                if not self._is_dark:
                    return data
            elif self._coming and self._coming[0][0] <= worldtime.current_time():
                await trio.lowlevel.checkpoint()
                return self._take(max_bytes)
            else:
                await self._fetch_while_waiting()
        await self._swallow()
        raise AssertionError("unreachable")  # pragma: no cover

    async def _fetch(self, most: int) -> bytes:
        try:
            return bytes(await self._stream.receive_some(most))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            if self._is_dark:  # a reset does not reach a dark phone
                return b""
            if self._refusal:
                raise trio.BrokenResourceError(self._refusal) from None
            raise

    async def _fetch_while_waiting(self) -> None:
        """Until the first bytes on their way have arrived: fetch what follows them."""
        deadline = self._coming[0][0] if self._coming else inf
        with worldtime.move_on_at(deadline):
            has_ended = bool(self._coming) and not self._coming[-1][1]
            if has_ended or sum(len(each) for _, each in self._coming) >= ON_THE_WAY_BYTES:
                await trio.sleep_forever()
            data = await self._fetch(_RECEIVE_BYTES)
            self._check_mapping()
            arrival = worldtime.current_time() + self._delay_of(len(data))
            if self._coming:
                arrival = max(arrival, self._coming[-1][0])
            self._coming.append((arrival, data))

    def _take(self, max_bytes: int | None) -> bytes:
        arrival, data = self._coming.popleft()
        if max_bytes is not None and len(data) > max_bytes:
            self._coming.appendleft((arrival, data[max_bytes:]))
            data = data[:max_bytes]
        return data

    async def _swallow(self) -> None:
        """The gateway must not notice by a full buffer that nobody reads."""
        while await self._fetch(_RECEIVE_BYTES):
            pass
        await trio.sleep_forever()

    def _delay_of(self, length: int) -> float:
        conditions = self._conditions
        if not conditions.delays:
            return 0.0
        delay = conditions.latency_seconds
        if conditions.jitter_seconds and self._dice is not None:
            delay += self._dice.uniform(0.0, conditions.jitter_seconds)
        if conditions.bytes_per_second is not None:
            delay += length / conditions.bytes_per_second
        return delay

    def _check_mapping(self) -> None:
        """Bytes are about to pass: does the NAT still know the connection?"""
        idle, now = self._conditions.nat_idle_seconds, worldtime.current_time()
        if idle is not None and now - self._passed_at >= idle and not self._is_dark:
            self.forget()
        self._passed_at = now

    async def aclose(self) -> None:
        """Close; a dark stream only ceases to exist on the phone."""
        if self._is_closed:
            return
        self._is_closed = True
        if self.on_close is not None:
            self.on_close(self)
        if self._is_dark and not self._has_ended:
            self._lost.keep(self._stream)
            await trio.lowlevel.checkpoint()
            return
        await self._stream.aclose()
