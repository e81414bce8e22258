"""One accepted push, and the words that describe it.

Sources: Apple, "Sending notification requests to APNs" (headers and push types) and "Viewing the
status of push notifications using Metrics and APNs" (storage).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from protocol.identifiers import ApnsId, CollapseId, DeviceToken, Topic, UniqueId

# "APNs stores a notification for up to 30 days", whatever later date the provider asked for.
MAX_STORAGE_SECONDS = 30 * 24 * 3600
_MAX_INT64 = 2**63 - 1
_MAX_DIGITS = len(str(_MAX_INT64))


class Environment(StrEnum):
    """Which of Apple's two worlds a token belongs to."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class PushType(StrEnum):
    """``apns-push-type``: the eleven values of Apple's 2026 page."""

    ALERT = "alert"
    BACKGROUND = "background"
    COMPLICATION = "complication"
    CONTROLS = "controls"
    FILE_PROVIDER = "fileprovider"
    LIVE_ACTIVITY = "liveactivity"
    LOCATION = "location"
    MDM = "mdm"
    PUSH_TO_TALK = "pushtotalk"
    VOIP = "voip"
    WIDGETS = "widgets"

    @property
    def topic_suffix(self) -> str:
        """What follows the bundle id in the topic; empty for alert, background and mdm."""
        return _TOPIC_SUFFIX.get(self, "")

    @property
    def max_payload_bytes(self) -> int:
        """Apple: 4 KB (4096 bytes), "5 KB (5120 bytes)" for VoIP."""
        return 5120 if self is PushType.VOIP else 4096

    def topic_of(self, bundle_id: str) -> str:
        """The topic of this push type for an app."""
        return bundle_id + self.topic_suffix


_TOPIC_SUFFIX = {
    PushType.COMPLICATION: ".complication",
    PushType.CONTROLS: ".push-type.controls",
    PushType.FILE_PROVIDER: ".pushkit.fileprovider",
    PushType.LIVE_ACTIVITY: ".push-type.liveactivity",
    PushType.LOCATION: ".location-query",
    PushType.PUSH_TO_TALK: ".voip-ptt",
    PushType.VOIP: ".voip",
    PushType.WIDGETS: ".push-type.widgets",
}


class Priority(IntEnum):
    """``apns-priority``."""

    IMMEDIATE = 10
    POWER_AWARE = 5
    POWER_FIRST = 1


@dataclass(frozen=True, slots=True)
class Expiration:
    """``apns-expiration``: how long a push may wait for its device.

    ``at`` is UNIX seconds as the provider sent them, ``None`` when the header was absent. Apple of
    0: "attempts to deliver the notification only once and doesn't store it"; so does any time that
    has passed.
    """

    at: int | None = None

    def deadline(self, now: float) -> float:
        """Until when a push received ``now`` may be stored: at most 30 days ahead."""
        latest = now + MAX_STORAGE_SECONDS
        return latest if self.at is None else min(float(self.at), latest)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the header: a whole number of UNIX seconds.

        Raises:
            ValueError: not ASCII digits, or not a number that fits 64 bits.
        """
        if not (text.isascii() and text.isdigit()) or len(text) > _MAX_DIGITS:
            raise ValueError("apns-expiration is a whole number of UNIX seconds")
        at = int(text)
        if at > _MAX_INT64:
            raise ValueError("apns-expiration does not fit 64 bits")
        return cls(at)


@dataclass(frozen=True, slots=True)
class Notification:
    """A push that APNs accepted: what is stored, handed over and shown.

    ``unique_id`` names it everywhere inside; ``apns_id`` is the provider's name for it and may
    repeat. ``received_at`` and ``expires_at`` are UNIX seconds by the gateway's clock;
    ``expires_at`` equals ``received_at`` or lies before it when the push is never stored.
    """

    unique_id: UniqueId
    apns_id: ApnsId
    token: DeviceToken
    topic: Topic
    push_type: PushType
    priority: Priority
    received_at: float
    expires_at: float
    collapse_id: CollapseId | None
    payload: bytes

    def has_expired(self, now: float) -> bool:
        """Whether the time in which it may wait is over."""
        return now >= self.expires_at
