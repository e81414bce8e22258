"""The apps on one device, their topics and their tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from protocol.identifiers import BundleId, DeviceToken, Topic
from protocol.notification import PushType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# More apps than a person installs; bounds what one local process can make a daemon keep.
MAX_APPS = 256
# All topics together must fit one Filter, whose frame has at most 64 KiB.
MAX_TOPICS_LENGTH = 32 * 1024
# Topics that once had a token here and must never get that token back.
MAX_RETIRED_TOPICS = 1024


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

    ``tokens`` has an entry per topic once the gateway minted one: push types that share a suffix
    share a topic and so a token. ``renewing`` are the topics whose next token must be a new one.
    """

    bundle_id: BundleId
    push_types: tuple[PushType, ...]
    tokens: dict[Topic, DeviceToken] = field(default_factory=dict)
    renewing: set[Topic] = field(default_factory=set)
    state: AppState = AppState.BACKGROUND
    notifications_enabled: bool = True

    @property
    def topics(self) -> tuple[Topic, ...]:
        """The topics of its push types, each once."""
        return topics_of(self.bundle_id, self.push_types)

    @property
    def tokens_by_push_type(self) -> dict[PushType, DeviceToken]:
        """What the app would tell its provider; push types without a token yet are absent."""
        named = ((each, Topic(each.topic_of(self.bundle_id))) for each in self.push_types)
        return {each: self.tokens[topic] for each, topic in named if topic in self.tokens}

    @property
    def awaits_tokens(self) -> bool:
        """Whether the gateway still owes it a token."""
        return bool(self.renewing) or any(topic not in self.tokens for topic in self.topics)


class AppRegistry:
    """Who is installed, found by bundle id, by token and by topic.

    ``doomed`` are tokens of uninstalled apps that the gateway has not been told about yet.
    """

    __slots__ = ("_apps", "_by_token", "_by_topic", "_retired", "doomed")

    def __init__(self) -> None:
        self._apps: dict[str, App] = {}
        self._by_token: dict[DeviceToken, App] = {}
        self._by_topic: dict[Topic, App] = {}
        self._retired: dict[Topic, None] = {}
        self.doomed: dict[DeviceToken, None] = {}

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
        return self._by_token.get(token)

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
            if topic in self._retired:
                app.renewing.add(topic)
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
            self._retire(topic)
        for token in app.tokens.values():
            del self._by_token[token]
            self.doomed[token] = None
        return app

    def mint(self, app: App, topic: Topic, token: DeviceToken) -> bool:
        """Give the app its token for a topic; whether that changed anything."""
        app.renewing.discard(topic)
        self._retired.pop(topic, None)
        previous = app.tokens.get(topic)
        if previous == token:
            return False
        if previous is not None:
            del self._by_token[previous]
        app.tokens[topic] = token
        self._by_token[token] = app
        return True

    def renew_all(self) -> None:
        """Every token is to be replaced, as after a restore from a backup."""
        for app in self._apps.values():
            app.renewing.update(app.topics)

    def _check(self, name: BundleId, topics: tuple[Topic, ...]) -> None:
        for topic in topics:
            other = self._by_topic.get(topic)
            if other is not None and other.bundle_id != name:
                raise AppError(f"the topic {topic} already belongs to the app {other.bundle_id}")
        if name not in self._apps and len(self._apps) >= MAX_APPS:
            raise AppError(f"{MAX_APPS} apps are installed: uninstall one first")
        if sum(map(len, {*self._by_topic, *topics})) > MAX_TOPICS_LENGTH:
            raise AppError(f"the topics of all apps have over {MAX_TOPICS_LENGTH} characters")

    def _retire(self, topic: Topic) -> None:
        self._retired.pop(topic, None)
        self._retired[topic] = None
        if len(self._retired) > MAX_RETIRED_TOPICS:
            del self._retired[next(iter(self._retired))]

    def describe(self) -> dict[str, Any]:
        """All of it in JSON's types; ``restore()`` reads it back."""
        return {
            "apps": [_describe_app(app) for app in self],
            "doomed": [token.hex() for token in self.doomed],
            "retired": list(self._retired),
        }

    def restore(self, described: dict[str, Any]) -> None:
        """Become what ``describe()`` told; this registry is empty before.

        Raises:
            ValueError, KeyError, TypeError: it is not such a description.
        """
        for each in described["apps"]:
            app = self.install(each["bundle_id"], each["push_types"])
            for topic, token in each["tokens"].items():
                self.mint(app, Topic.parse(topic), DeviceToken.parse(token))
            app.renewing = {Topic.parse(topic) for topic in each["renewing"]}
            app.state = AppState(each["state"])
            app.notifications_enabled = bool(each["notifications_enabled"])
        self.doomed = {DeviceToken.parse(token): None for token in described["doomed"]}
        self._retired = {Topic.parse(topic): None for topic in described["retired"]}


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
        "tokens": {topic: token.hex() for topic, token in app.tokens.items()},
        "renewing": sorted(app.renewing),
        "state": app.state.value,
        "notifications_enabled": app.notifications_enabled,
    }
