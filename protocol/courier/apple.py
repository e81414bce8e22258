"""Apple's dialects: messages as items, whichever way the items become bytes.

The wire carries less than our messages do: no apns-id, push type, priority or collapse id reaches
a device, a refusal has no reason, and a device names topics by their SHA-1. Where our messages
have no counterpart that is publicly known (AppTokenInvalidate), there is nothing to say.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from protocol.courier import apple_channels, apple_device, apple_gateway
from protocol.courier.apple_names import LinkNames
from protocol.courier.channels import Channels, ChannelsResponse
from protocol.courier.errors import LocalProtocolError, RemoteProtocolError
from protocol.courier.messages import Push, PushAck
from protocol.courier.upward import Upward, UpwardAck

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protocol.courier.frames import FrameReader
    from protocol.courier.items import Item, Items
    from protocol.courier.messages import Message

# Where ours have numbers of their own, because a number is one message there.
_NUMBERS: dict[type[Message], int] = {
    ChannelsResponse: Channels.NUMBER,
    Upward: Push.NUMBER,
    UpwardAck: PushAck.NUMBER,
}
_SAY = apple_device.SAY | apple_gateway.SAY | apple_channels.SAY
_HEAR = apple_device.HEAR | apple_gateway.HEAR | apple_channels.HEAR


class AppleCodec(ABC):
    """One end's dialect of one link; a subclass writes and reads items."""

    __slots__ = ("_link",)
    PROVES_IN_CONNECT: ClassVar[bool] = True

    def __init__(self) -> None:
        self._link = LinkNames()

    @abstractmethod
    def frames(self, max_frame_bytes: int) -> FrameReader:
        """What cuts the stream into frames."""

    @abstractmethod
    def write(self, command: int, items: Iterable[Item]) -> bytes:
        """A whole frame of these items."""

    @abstractmethod
    def read(self, body: bytes) -> Items:
        """The items of a frame's body.

        Raises:
            ValueError: it is malformed.
        """

    @abstractmethod
    def pass_over(self, body: bytes) -> None:
        """Hear the body of a command that nobody knows.

        Raises:
            ValueError: it is malformed.
        """

    def encode(self, message: Message) -> bytes:
        """A whole frame.

        Raises:
            LocalProtocolError: Apple's wire has no such message.
        """
        say = _SAY.get(type(message))
        if say is None:
            name = type(message).__name__
            raise LocalProtocolError(f"{name} has no publicly known form on Apple's wire")
        command = _NUMBERS.get(type(message), message.NUMBER)
        return self.write(command, say(self._link, message))

    def decode(self, command: int, body: bytes) -> Message | None:
        """The message in a frame; None for what this end does not know.

        Raises:
            RemoteProtocolError: the body is not what this command carries.
        """
        hear = _HEAR.get(command)
        what = "unknown"
        try:
            if hear is None:
                self.pass_over(body)
                return None
            what = hear.__name__.removeprefix("_hear_").replace("_", " ")
            return hear(self._link, self.read(body))
        except ValueError as error:
            raise RemoteProtocolError(f"command {command:#04x}, {what}: {error}") from None
