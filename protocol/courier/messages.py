"""What is said on the courier link, each message with its wire number.

The numbers are those that open apsd clients use (reference: pushproxy, pypush, rustpush; see
docs/courier.md); where no public number is known, the message is ours and its number is above
0x40, and says so. The fields are what every dialect can carry; a dialect decides how. What is said
of broadcast channels is in ``channels.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from protocol.courier.channels import Channels, ChannelsResponse
from protocol.courier.upward import Upward, UpwardAck
from protocol.identifiers import APP_PURPOSE

if TYPE_CHECKING:
    from protocol.courier.channels import ChannelMark
    from protocol.courier.proof import ConnectProof
    from protocol.identifiers import (
        ApnsId,
        CollapseId,
        DeviceToken,
        TokenPurpose,
        Topic,
        UniqueId,
    )
    from protocol.notification import Priority, PushType


class ConnectStatus(IntEnum):
    """How the gateway answers a Connect; after anything but OK it closes the link."""

    OK = 0
    REFUSED = 2


class AckStatus(IntEnum):
    """What became of a push on the device."""

    OK = 0
    # Ours: the token belongs to no app here, so the gateway unregisters it (410 from then on). Of
    # a channel's push: no app here listens to the channel, so the subscription ends.
    UNKNOWN_TOKEN = 0x40


class TokenStatus(IntEnum):
    """Whether an app token could be minted or invalidated."""

    OK = 0
    REFUSED = 1


class StorageFlags(IntFlag):
    """Where a push comes from: 0x01 "from storage", 0x02 "last from storage"."""

    LIVE = 0
    FROM_STORAGE = 1
    LAST_FROM_STORAGE = 2


@dataclass(frozen=True, slots=True)
class Connect:
    """Device: here I am. The first message; TLS has said who it is, or ``proof`` does.

    ``token`` is the base token that the gateway has given it before.
    """

    NUMBER: ClassVar[int] = 0x07
    is_active: bool = True
    interface: str = "WiFi"
    os_version: str = ""
    hardware: str = ""
    token: DeviceToken | None = None
    proof: ConnectProof | None = None


@dataclass(frozen=True, slots=True)
class ConnectResponse:
    """Gateway: welcome, or why not.

    ``max_message_bytes`` bounds every frame after this one; ``server_time`` is UNIX seconds by
    the gateway's clock. ``token`` is the device's base token: its name on Apple's wire.
    """

    NUMBER: ClassVar[int] = 0x08
    status: ConnectStatus
    server_time: float
    max_message_bytes: int
    detail: str = ""
    token: DeviceToken | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Device: the topics it wants, complete; each Filter replaces the one before.

    A push for an enabled topic is delivered; for an ignored one (the user disabled its
    notifications) it is discarded; for a topic in no list it waits. Opportunistic, paused and
    non-waking topics are told apart by what the power state allows.

    ``is_standby`` is ours: the device has another link, on another interface, and wants to be
    served there for as long as it lasts. Apple's dual links say nothing of it that is known.
    """

    NUMBER: ClassVar[int] = 0x09
    enabled: tuple[Topic, ...] = ()
    ignored: tuple[Topic, ...] = ()
    opportunistic: tuple[Topic, ...] = ()
    paused: tuple[Topic, ...] = ()
    non_waking: tuple[Topic, ...] = ()
    is_standby: bool = False


@dataclass(frozen=True, slots=True)
class Push:
    """Gateway: a notification for one of the device's apps.

    It is for a ``token``, or for all who listen to a ``channel``; then the mark says how far the
    channel has come with it (as rustpush reads item 29), and there is no token.

    ``message_id`` names it on the link and in its acknowledgement; it stays the same when the
    push is sent again, so a device can drop what it has already acknowledged. ``expires_at`` and
    ``sent_at`` are UNIX seconds; the latter is when the gateway took it from its provider, so a
    device can tell how long it was on its way.
    """

    NUMBER: ClassVar[int] = 0x0A
    message_id: UniqueId
    token: DeviceToken | None
    topic: Topic
    payload: bytes
    apns_id: ApnsId
    push_type: PushType
    priority: Priority
    collapse_id: CollapseId | None
    expires_at: float
    sent_at: float
    storage: StorageFlags = StorageFlags.LIVE
    channel: ChannelMark | None = None


@dataclass(frozen=True, slots=True)
class PushAck:
    """Device: this push has been handed to its app, or why not."""

    NUMBER: ClassVar[int] = 0x0B
    message_id: UniqueId
    status: AckStatus = AckStatus.OK


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """Device: still here. ``interval_seconds`` is when it will say so again."""

    NUMBER: ClassVar[int] = 0x0C
    interval_seconds: int = 0


@dataclass(frozen=True, slots=True)
class KeepAliveResponse:
    """Gateway: so am I."""

    NUMBER: ClassVar[int] = 0x0D


@dataclass(frozen=True, slots=True)
class NoStorage:
    """Gateway: after a Filter, nothing (more) is stored for this device."""

    NUMBER: ClassVar[int] = 0x0E


@dataclass(frozen=True, slots=True)
class AppTokenRequest:
    """Device: an app registers for a topic and wants its token.

    ``renew`` asks for a new token in place of the one that this device had for the topic, as
    after a reinstall or a restore. ``purpose`` tells the tokens of one topic apart, those of
    Live Activities from one another and from the app's own.
    """

    NUMBER: ClassVar[int] = 0x11
    topic: Topic
    renew: bool = False
    purpose: TokenPurpose = APP_PURPOSE


@dataclass(frozen=True, slots=True)
class AppTokenResponse:
    """Gateway: the token that the app gives to its provider."""

    NUMBER: ClassVar[int] = 0x12
    status: TokenStatus
    topic: Topic
    token: DeviceToken | None
    purpose: TokenPurpose = APP_PURPOSE


@dataclass(frozen=True, slots=True)
class SetState:
    """Device: whether a person is using it, for the next ``interval_seconds``."""

    NUMBER: ClassVar[int] = 0x14
    is_active: bool
    interval_seconds: int = 0x7FFFFFFF


@dataclass(frozen=True, slots=True)
class AppTokenInvalidate:
    """Device: this token is of no use any more. Ours: Apple's form is not publicly known.

    ``is_expired`` says that its life was over, as when a Live Activity ends: providers hear 410
    ExpiredToken. Otherwise its app is gone, and they hear 410 Unregistered.
    """

    NUMBER: ClassVar[int] = 0x41
    token: DeviceToken
    is_expired: bool = False


@dataclass(frozen=True, slots=True)
class AppTokenInvalidateResponse:
    """Gateway: the token is invalid; providers hear 410 from now on. Ours."""

    NUMBER: ClassVar[int] = 0x42
    status: TokenStatus
    token: DeviceToken


DeviceMessage: TypeAlias = (
    Connect
    | Filter
    | PushAck
    | KeepAlive
    | AppTokenRequest
    | SetState
    | Channels
    | AppTokenInvalidate
    | Upward
)
GatewayMessage: TypeAlias = (
    ConnectResponse
    | Push
    | KeepAliveResponse
    | NoStorage
    | AppTokenResponse
    | ChannelsResponse
    | AppTokenInvalidateResponse
    | UpwardAck
)
Message: TypeAlias = DeviceMessage | GatewayMessage
