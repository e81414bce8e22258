"""The apps on one device, their topics and their tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from devicesim.token_keys import TokenKey
from protocol.identifiers import BundleId, DeviceToken, TokenPurpose, Topic
from protocol.notification import PushType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# More apps than a person installs; bounds what one local process can make a daemon keep.
MAX_APPS = 256
# All topics together must fit one Filter, whose frame has at most 64 KiB.
MAX_TOPICS_LENGTH = 32 * 1024
# What once had a token here and must never get that token back.
MAX_RETIRED_KEYS = 1024


class AppError(ValueError):
    """What was asked of an app cannot be done; says why."""


class UnknownAppError(AppError):
    """No app with this bundle id is installed on this device."""


class AppState(StrEnum):
    """What the app is doing; a push reaches it in every one of them."""

    FOREGROUND = "foreground"
    BACKGROUND = "background"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


@dataclass(slots=True, eq=False)
class App:
    """One installed app.

    ``tokens`` has an entry per key once the gateway minted one: push types that share a suffix
    share a topic and so a token. ``renewing`` are those whose next token must be a new one.
    ``purposes`` are the tokens that it wants for Live Activities beside its own.
    """

    bundle_id: BundleId
    push_types: tuple[PushType, ...]
    tokens: dict[TokenKey, DeviceToken] = field(default_factory=dict)
    renewing: set[TokenKey] = field(default_factory=set)
    purposes: dict[TokenPurpose, None] = field(default_factory=dict)
    state: AppState = AppState.BACKGROUND
    notifications_enabled: bool = True

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
        own = map(TokenKey, self.topics)
        return (*own, *map(self.activity_key, self.purposes))

    def activity_key(self, purpose: TokenPurpose) -> TokenKey:
        """One of its tokens for Live Activities."""
        return TokenKey(Topic(PushType.LIVE_ACTIVITY.topic_of(self.bundle_id)), purpose)

    @property
    def awaits_tokens(self) -> bool:
        """Whether the gateway still owes it a token."""
        return bool(self.renewing) or any(key not in self.tokens for key in self.token_keys)


class AppRegistry:
    """Who is installed, found by bundle id, by token and by topic.

    ``doomed`` are tokens that are of no use any more and that the gateway has not been told about
    yet, and of each whether its life ended (a Live Activity's) or its app is gone. ``changes``
    counts what pushes may change here.
    """

    __slots__ = ("_apps", "_by_token", "_by_topic", "_retired", "changes", "doomed")

    def __init__(self) -> None:
        self._apps: dict[str, App] = {}
        self._by_token: dict[DeviceToken, tuple[App, TokenKey]] = {}
        self._by_topic: dict[Topic, App] = {}
        self._retired: dict[TokenKey, None] = {}
        self.doomed: dict[DeviceToken, bool] = {}
        self.changes = 0

    def __iter__(self) -> Iterator[App]:
        return iter(self._apps.values())

    def __len__(self) -> int:
        return len(self._apps)

    def get(self, bundle_id: str) -> App | None:
        """The app of this name, if it is installed."""
        return self._apps.get(bundle_id)

    def require(self, bundle_id: str) -> App:
        """The app of this name.

        Raises:
            UnknownAppError: it is not installed.
        """
        app = self._apps.get(bundle_id)
        if app is None:
            raise UnknownAppError(f"no app {bundle_id[:80]!r} is installed on this device")
        return app

    def of_token(self, token: DeviceToken) -> App | None:
        """Whose token this is."""
        found = self._by_token.get(token)
        return None if found is None else found[0]

    def key_of(self, token: DeviceToken) -> TokenKey | None:
        """Which of its app's tokens this is."""
        found = self._by_token.get(token)
        return None if found is None else found[1]

    def of_topic(self, topic: Topic) -> App | None:
        """Which app receives this topic."""
        return self._by_topic.get(topic)

    def install(self, bundle_id: str, push_types: Iterable[str]) -> App:
        """Install an app, or add push types to one that is there.

        A topic that an uninstalled app had before gets a new token: Apple, "the device token
        changes … when the user reinstalls your app".

        Raises:
            AppError: no push type, the topic of another app, or too many apps or topics.
            InvalidIdentifierError: not a bundle id.
        """
        name, types = BundleId.parse(bundle_id), parse_push_types(push_types)
        self._check(name, topics_of(name, types))
        app = self._apps.get(name)
        if app is None:
            app = self._apps[name] = App(name, ())
        app.push_types = tuple(dict.fromkeys(app.push_types + types))
        for topic in app.topics:
            self._by_topic[topic] = app
            self._renew_if_retired(app, TokenKey(topic))
        return app

    def uninstall(self, bundle_id: str) -> App:
        """Remove an app; its tokens wait in ``doomed`` until the gateway knows.

        Raises:
            UnknownAppError: it is not installed.
        """
        app = self.require(bundle_id)
        del self._apps[bundle_id]
        for topic in app.topics:
            del self._by_topic[topic]
        for key in app.token_keys:
            self._retire(key)
        for token in app.tokens.values():
            del self._by_token[token]
            self.doomed[token] = False
        return app

    def want(self, app: App, purpose: TokenPurpose) -> None:
        """The app needs one more token for Live Activities; no effect if it has it already."""
        if purpose not in app.purposes:
            app.purposes[purpose] = None
            self._renew_if_retired(app, app.activity_key(purpose))
            self.changes += 1

    def expire(self, app: App, purpose: TokenPurpose) -> None:
        """What this token was for is over; no effect if the app has no such token."""
        if purpose not in app.purposes:
            return
        del app.purposes[purpose]
        key = app.activity_key(purpose)
        app.renewing.discard(key)
        token = app.tokens.pop(key, None)
        if token is not None:
            del self._by_token[token]
            self.doomed[token] = True
        self.changes += 1

    def mint(self, app: App, key: TokenKey, token: DeviceToken) -> bool:
        """Give the app one of its tokens; whether that changed anything."""
        app.renewing.discard(key)
        self._retired.pop(key, None)
        previous = app.tokens.get(key)
        if previous == token:
            return False
        if previous is not None:
            del self._by_token[previous]
        app.tokens[key] = token
        self._by_token[token] = (app, key)
        return True

    def renew_all(self) -> None:
        """Every token is to be replaced, as after a restore from a backup."""
        for app in self._apps.values():
            app.renewing.update(app.token_keys)

    def _check(self, name: BundleId, topics: tuple[Topic, ...]) -> None:
        for topic in topics:
            other = self._by_topic.get(topic)
            if other is not None and other.bundle_id != name:
                raise AppError(f"the topic {topic} already belongs to the app {other.bundle_id}")
        if name not in self._apps and len(self._apps) >= MAX_APPS:
            raise AppError(f"{MAX_APPS} apps are installed: uninstall one first")
        if sum(map(len, {*self._by_topic, *topics})) > MAX_TOPICS_LENGTH:
            raise AppError(f"the topics of all apps have over {MAX_TOPICS_LENGTH} characters")

    def _renew_if_retired(self, app: App, key: TokenKey) -> None:
        if key in self._retired:
            app.renewing.add(key)

    def _retire(self, key: TokenKey) -> None:
        if key.activity_id is not None:
            return  # no other activity will ever have its id
        self._retired.pop(key, None)
        self._retired[key] = None
        if len(self._retired) > MAX_RETIRED_KEYS:
            del self._retired[next(iter(self._retired))]

    def describe(self) -> dict[str, Any]:
        """All of it in JSON's types; ``restore()`` reads it back."""
        return {
            "apps": [_describe_app(app) for app in self],
            "doomed": [token.hex() for token in self.doomed],
            "expired": [token.hex() for token, is_expired in self.doomed.items() if is_expired],
            "retired": list(map(str, self._retired)),
        }

    def restore(self, described: dict[str, Any]) -> None:
        """Become what ``describe()`` told; this registry is empty before.

        Raises:
            ValueError, KeyError, TypeError: it is not such a description.
        """
        for each in described["apps"]:
            app = self.install(each["bundle_id"], each["push_types"])
            app.purposes = dict.fromkeys(map(TokenPurpose.parse, each.get("purposes", ())))
            for key, token in each["tokens"].items():
                self.mint(app, TokenKey.parse(key), DeviceToken.parse(token))
            app.renewing = set(map(TokenKey.parse, each["renewing"]))
            app.state = AppState(each["state"])
            app.notifications_enabled = bool(each["notifications_enabled"])
        expired = described.get("expired", ())
        self.doomed = {DeviceToken.parse(each): each in expired for each in described["doomed"]}
        self._retired = dict.fromkeys(map(TokenKey.parse, described["retired"]))


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


def _describe_app(app: App) -> dict[str, Any]:
    return {
        "bundle_id": app.bundle_id,
        "push_types": [each.value for each in app.push_types],
        "purposes": list(app.purposes),
        "tokens": {str(key): token.hex() for key, token in app.tokens.items()},
        "renewing": sorted(map(str, app.renewing)),
        "state": app.state.value,
        "notifications_enabled": app.notifications_enabled,
    }
