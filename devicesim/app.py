"""One app on a device: what it receives, its tokens, what it is doing."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from devicesim.token_keys import TokenKey
from protocol.identifiers import BundleId, DeviceToken, TokenPurpose, Topic
from protocol.notification import PushType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protocol.identifiers import ChannelId

# Channels of one app: all of them fit one message of the link, as topics do.
MAX_CHANNELS = 256


class AppError(ValueError):
    """What was asked of an app cannot be done; says why."""


class UnknownAppError(AppError):
    """No app with this bundle id is installed on this device."""


class UnknownChannelError(AppError):
    """The gateway has no such channel for this app in this environment."""


class AppState(StrEnum):
    """What the app is doing.

    ``terminated`` was ended by the system or never started, ``force-quit`` was swiped away by a
    person: the system launches the former again, the latter for little.
    """

    FOREGROUND = "foreground"
    BACKGROUND = "background"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
    FORCE_QUIT = "force-quit"

    @property
    def is_running(self) -> bool:
        """Whether there is a process, be it asleep."""
        return self not in (AppState.TERMINATED, AppState.FORCE_QUIT)


class Permission(StrEnum):
    """What the person answered when the app asked to notify: ``UNAuthorizationStatus``."""

    NOT_ASKED = "not-asked"
    GRANTED = "granted"
    DENIED = "denied"
    PROVISIONAL = "provisional"


@dataclass(slots=True, eq=False)
class App:
    """One installed app.

    ``tokens`` has an entry per key once the gateway minted one: push types that share a suffix
    share a topic and so a token. ``renewing`` are those whose next token must be a new one.
    ``purposes`` are the tokens that it wants for Live Activities beside its own. ``channels`` are
    the broadcast channels it listens to, each with its newest message so far, UNIX nanoseconds.
    ``run`` marks that it runs for a push alone, and is another for each such run. ``is_registered``
    is whether it wants the token of its own topic; no other depends on it.
    ``reports_calls`` is whether its VoIP handler does what it must; ``unreported_calls`` are the
    latest times (UNIX seconds) when it did not, and ``is_voip_stopped`` what may follow until it is
    installed anew. ``extension_seconds`` is how long its notification service extension takes;
    None: it has none.
    """

    bundle_id: BundleId
    push_types: tuple[PushType, ...]
    tokens: dict[TokenKey, DeviceToken] = field(default_factory=dict)
    renewing: set[TokenKey] = field(default_factory=set)
    purposes: dict[TokenPurpose, None] = field(default_factory=dict)
    state: AppState = AppState.BACKGROUND
    notifications_enabled: bool = True
    permission: Permission = Permission.GRANTED
    run: object | None = None
    is_registered: bool = True
    reports_calls: bool = True
    extension_seconds: float | None = None
    unreported_calls: list[float] = field(default_factory=list)
    is_voip_stopped: bool = False
    channels: dict[ChannelId, int] = field(default_factory=dict)

    def listen(self, channel_id: ChannelId) -> None:
        """Listen to one more channel, from its beginning.

        Raises:
            AppError: there are too many.
        """
        if len(self.channels) >= MAX_CHANNELS:
            raise AppError(f"{self.bundle_id} listens to {MAX_CHANNELS} channels already")
        self.channels[channel_id] = 0

    @property
    def may_notify(self) -> bool:
        """Whether a person would see its alerts, be it quietly (provisional)."""
        return self.notifications_enabled and self.permission in (
            Permission.GRANTED,
            Permission.PROVISIONAL,
        )

    @property
    def is_silenced(self) -> bool:
        """Whether nothing that is sent to its own topic could be of use."""
        is_denied = not self.notifications_enabled or self.permission is Permission.DENIED
        return is_denied and PushType.BACKGROUND not in self.push_types

    @property
    def topics(self) -> tuple[Topic, ...]:
        """The topics of its push types, each once."""
        return topics_of(self.bundle_id, self.push_types)

    @property
    def tokens_by_push_type(self) -> dict[PushType, DeviceToken]:
        """What the app would tell its provider; push types without a token yet are absent."""
        named = ((each, TokenKey(Topic(each.topic_of(self.bundle_id)))) for each in self.push_types)
        return {each: self.tokens[key] for each, key in named if key in self.tokens}

    @property
    def push_to_start_tokens(self) -> dict[str, DeviceToken]:
        """Attributes type → the token that starts Live Activities of it."""
        return {
            key.attributes_type: token
            for key, token in self.tokens.items()
            if key.attributes_type is not None
        }

    @property
    def token_keys(self) -> tuple[TokenKey, ...]:
        """All the tokens that it needs: its own, then those of Live Activities."""
        unwanted = None if self.is_registered else self.bundle_id
        own = (TokenKey(topic) for topic in self.topics if topic != unwanted)
        return (*own, *map(self.activity_key, self.purposes))

    def activity_key(self, purpose: TokenPurpose) -> TokenKey:
        """One of its tokens for Live Activities."""
        return TokenKey(Topic(PushType.LIVE_ACTIVITY.topic_of(self.bundle_id)), purpose)


def topics_of(bundle_id: BundleId, push_types: Iterable[PushType]) -> tuple[Topic, ...]:
    """The topics that an app with these push types receives, each once, in order."""
    return tuple(dict.fromkeys(Topic.parse(each.topic_of(bundle_id)) for each in push_types))


def parse_push_types(names: Iterable[str]) -> tuple[PushType, ...]:
    """Believe the names once, each kept once.

    Raises:
        AppError: one is unknown, or there is none.
    """
    known = {each.value: each for each in PushType}
    types: dict[PushType, None] = {}
    for name in names:
        if name not in known:
            raise AppError(f"{str(name)[:40]!r} is no push type; one of: {', '.join(known)}")
        types[known[name]] = None
    if not types:
        raise AppError("an app needs at least one push type, such as 'alert'")
    return tuple(types)
