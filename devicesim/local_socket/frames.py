"""What the daemon and the apps of other processes say to each other on the local socket.

A frame is a length (4 bytes, big-endian) and a msgpack map with the key ``say``::

    app → daemon    attach {bundle_id, push_types} · ack {message_ids} · uninstall · detach
                    report-call {message_id}
                    register-type {attributes_type} · end-activity {activity_id}
                    start-activity {attributes_type, attributes, content_state}
                    subscribe {channel_id} · unsubscribe {channel_id}
    owner → daemon  power {power or wake, or neither}; the only frame of its connection
    daemon → owner  power {power, assertion_policy, online} · refused {why}
    daemon → app    attached {tokens, push_to_start_tokens} · refused {why}
                    push {push, handler: Apple's name of what is called, must_report}
                    time-over {message_id} · terminated {why}
                    tokens {tokens, push_to_start_tokens} · uninstalled · detached
                    activity {json} · activity-gone {activity_id} · activities-changed {activity_id}
                    activities-refused {why} · channel {channel_id, why: None if done}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgpack

if TYPE_CHECKING:
    from trio.abc import Stream

# The largest is a push: 5 KB of payload and some names.
MAX_FRAME_BYTES = 64 * 1024
_LENGTH_BYTES = 4
_READ_BYTES = 16 * 1024


class FrameError(Exception):
    """The peer sent something that is no frame; says what."""


class SocketFrames:
    """Frames on a stream; one reader and one writer at a time.

    Args:
        stream: owned by the caller.
    """

    __slots__ = ("_buffer", "_stream")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer = bytearray()

    async def receive(self) -> dict[str, Any] | None:
        """The next frame; None at the end of the stream.

        Raises:
            FrameError: too long, cut short, or not a map that says something.
            BrokenResourceError, ClosedResourceError: the connection is gone.
        """
        header = await self._read(_LENGTH_BYTES)
        if header is None:
            return None
        length = int.from_bytes(header)
        if length > MAX_FRAME_BYTES:
            raise FrameError(f"a frame of {length} bytes; the limit is {MAX_FRAME_BYTES}")
        body = await self._read(length)
        if body is None:
            raise FrameError("the stream ended inside a frame")
        return _believe(body)

    async def send(self, *frames: dict[str, Any]) -> None:
        """Send them in one piece.

        Raises:
            BrokenResourceError, ClosedResourceError: the connection is gone.
        """
        bodies = [msgpack.packb(frame) for frame in frames]
        await self._stream.send_all(
            b"".join(len(body).to_bytes(_LENGTH_BYTES) + body for body in bodies)
        )

    async def _read(self, count: int) -> bytes | None:
        while len(self._buffer) < count:
            data = await self._stream.receive_some(_READ_BYTES)
            if not data:
                if self._buffer:
                    raise FrameError("the stream ended inside a frame")
                return None
            self._buffer += data
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken


def _believe(body: bytes) -> dict[str, Any]:
    try:
        frame = msgpack.unpackb(body)
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise FrameError(f"not msgpack: {error or type(error).__name__}") from None
    if not isinstance(frame, dict) or not isinstance(frame.get("say"), str):
        raise FrameError("not a map with the key 'say'")
    return frame
