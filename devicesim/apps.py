"""The apps on one device, their topics and their tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devicesim.app import (
    App,
    AppError,
    UnknownAppError,
    parse_push_types,
    topics_of,
)
from devicesim.app_description import describe_app, restore_app
from devicesim.token_keys import TokenKey
from protocol.broadcast import bundle_of
from protocol.identifiers import BundleId, DeviceToken, Topic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from protocol.identifiers import ChannelId, TokenPurpose
    from protocol.tenant import Tenant


# More apps than a person installs; bounds what one local process can make a daemon keep.
MAX_APPS = 256
# All topics together must fit one Filter, whose frame has at most 64 KiB.
MAX_TOPICS_LENGTH = 32 * 1024
# What once had a token here and must never get that token back.
MAX_RETIRED_KEYS = 1024


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

    def of_channel(self, topic: Topic, channel_id: ChannelId) -> App | None:
        """Which app listens to this channel of its own."""
        app = self._apps.get(bundle_of(topic))
        return app if app is not None and channel_id in app.channels else None

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
        self._by_topic |= dict.fromkeys(app.topics, app)
        for key in app.token_keys:
            self._renew_if_retired(app, key)
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

    def forget(self, tenant: Tenant) -> None:
        """The tenant's app has never been here: nobody is told that its tokens are over.

        Raises:
            UnknownAppError: it is not installed.
        """
        app = self.uninstall(tenant.bundle_id)
        for token in app.tokens.values():
            del self.doomed[token]
        self._retired = {key: None for key in self._retired if not tenant.has(key.topic)}

    def unregister(self, app: App) -> None:
        """The app calls ``unregisterForRemoteNotifications()``: the token of its own topic is over.

        Apple: "Someone logs out of an account associated with push notifications". PushKit's tokens
        and those of extensions are others, and stay.
        """
        app.is_registered = False
        key = _own_key(app)
        app.renewing.discard(key)
        token = app.tokens.pop(key, None)
        if token is not None:
            del self._by_token[token]
            self.doomed[token] = False
        self._retire(key)

    def register(self, app: App) -> None:
        """The app calls ``registerForRemoteNotifications()`` again, and gets another token.

        Apple says that apps "can always re-register"; that the token is a new one is what a
        client's maintainer has seen (tdlib/td#2368).
        """
        app.is_registered = True
        self._renew_if_retired(app, _own_key(app))

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
            "apps": [describe_app(app) for app in self],
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
            for key, token in restore_app(app, each):
                self.mint(app, key, token)
            app.renewing = set(map(TokenKey.parse, each["renewing"]))
        expired = described.get("expired", ())
        self.doomed = {DeviceToken.parse(each): each in expired for each in described["doomed"]}
        self._retired = dict.fromkeys(map(TokenKey.parse, described["retired"]))


def _own_key(app: App) -> TokenKey:
    return TokenKey(Topic(app.bundle_id))
