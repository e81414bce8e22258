"""One end of a courier link, without the link: bytes in, messages out, and back.

The shell that owns the socket calls :meth:`CourierConnection.receive_data` with what it read and
writes what :meth:`CourierConnection.send` returns. Nothing else crosses the line; there is no
clock here, so deadlines are the shell's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.courier.errors import LocalProtocolError, RemoteProtocolError
from protocol.courier.frames import DEFAULT_MAX_FRAME_BYTES
from protocol.courier.messages import ConnectResponse
from protocol.courier.states import TRANSITIONS, CourierState, Role, trigger_of

if TYPE_CHECKING:
    from protocol.courier.codec import Codec
    from protocol.courier.messages import Message


class CourierConnection:
    """The state of one link as one of its ends sees it.

    Args:
        role: which end this is.
        codec: the dialect; it belongs to this connection alone.
        max_frame_bytes: the largest frame accepted or sent, header included. What the gateway
            says in its ConnectResponse lowers it further, for both ends and both directions.
    """

    __slots__ = ("_codec", "_frames", "_legal", "_role", "_state", "unknown_commands")

    def __init__(
        self, role: Role, codec: Codec, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES
    ) -> None:
        self._role = role
        self._codec = codec
        self._frames = codec.frames(max_frame_bytes)
        self._enter(CourierState.CONNECTING)
        # Frames whose command the dialect does not know: ignored, and counted here.
        self.unknown_commands = 0

    @property
    def role(self) -> Role:
        """Which end this is."""
        return self._role

    @property
    def dialect(self) -> str:
        """What is spoken, by its ALPN name."""
        return self._codec.ALPN

    @property
    def state(self) -> CourierState:
        """How far the conversation has come."""
        return self._state

    @property
    def max_frame_bytes(self) -> int:
        """The largest frame that may pass now, header included."""
        return self._frames.max_frame_bytes

    def receive_data(self, data: bytes) -> list[Message]:
        """Take what the peer sent and say what it means.

        Args:
            data: any number of bytes; ``b""`` is the end of the stream.

        Returns:
            The messages that ``data`` completed, in order; often none.

        Raises:
            RemoteProtocolError: a frame is malformed, too large, out of state, or cut off by the
                end of the stream. Messages before it are on the error: see ``messages`` there.
        """
        if not data:
            return self._receive_end()
        if self._state is CourierState.CLOSED:
            raise RemoteProtocolError(f"{len(data)} bytes received in state CLOSED")
        messages: list[Message] = []
        try:
            for command, body in self._frames.receive(data):
                message = self._codec.decode(command, body)
                if message is None:
                    self.unknown_commands += 1
                else:
                    self._receive(message)
                    messages.append(message)
        except RemoteProtocolError as error:
            raise self._fault(str(error), messages) from error
        return messages

    def send(self, message: Message) -> bytes:
        """The frame to write for this message.

        Raises:
            LocalProtocolError: it may not be said in this state, or is too large. Nothing has
                changed then.
        """
        following = self._legal[0].get(trigger_of(message))
        if following is None:
            raise LocalProtocolError(self._out_of_state("sent", self._role, message))
        data = self._codec.encode(message)
        if len(data) > self.max_frame_bytes:
            raise LocalProtocolError(
                f"{type(message).__name__} makes a frame of {len(data)} bytes in state"
                f" {self._state.value}, the limit is {self.max_frame_bytes}"
            )
        self._move(following, message)
        return data

    def _receive(self, message: Message) -> None:
        following = self._legal[1].get(trigger_of(message))
        if following is None:
            raise RemoteProtocolError(self._out_of_state("received", self._role.peer, message))
        self._move(following, message)

    def _move(self, following: CourierState, message: Message) -> None:
        if following is not self._state:
            self._enter(following)
        if isinstance(message, ConnectResponse):
            self._frames.max_frame_bytes = min(self.max_frame_bytes, message.max_message_bytes)

    def _enter(self, state: CourierState) -> None:
        self._state = state
        # The two rows of the table that are in force: what we may say, and what the peer may.
        self._legal = TRANSITIONS[self._role][state], TRANSITIONS[self._role.peer][state]

    def _receive_end(self) -> list[Message]:
        if self._frames.pending_bytes and self._state is not CourierState.CLOSED:
            raise self._fault(
                f"the stream ended {self._frames.pending_bytes} bytes into a frame", []
            )
        self._enter(CourierState.CLOSED)
        return []

    def _fault(self, what: str, messages: list[Message]) -> RemoteProtocolError:
        error = RemoteProtocolError(f"{what} (in state {self._state.value})")
        error.messages = tuple(messages)
        self._enter(CourierState.CLOSED)
        return error

    def _out_of_state(self, verb: str, speaker: Role, message: Message) -> str:
        legal = sorted(
            trigger.__name__ if isinstance(trigger, type) else f"ConnectResponse {trigger.name}"
            for trigger in TRANSITIONS[speaker][self._state]
        )
        return (
            f"{type(message).__name__} {verb} in state {self._state.value},"
            f" where the {speaker.value} may say: {', '.join(legal) or 'nothing'}"
        )
