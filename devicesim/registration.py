"""Which tokens the gateway still owes the device, and which it must still be told are gone.

Nothing is remembered per question except what is on the wire: what to ask follows from the
registry, so a question that was lost with its link is asked again on the next one.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING

from protocol.courier.messages import (
    AppTokenInvalidate,
    AppTokenInvalidateResponse,
    AppTokenRequest,
    AppTokenResponse,
    Filter,
    TokenStatus,
)

if TYPE_CHECKING:
    from devicesim.apps import App, AppRegistry
    from protocol.courier.messages import DeviceMessage
    from protocol.identifiers import DeviceToken, Topic

log = logging.getLogger(__name__)


class Registration:
    """The questions about tokens on one link.

    Args:
        apps: what is installed; answers change it.
    """

    __slots__ = ("_apps", "_asked", "_refused", "_told")

    def __init__(self, apps: AppRegistry) -> None:
        self._apps = apps
        self._asked: dict[Topic, deque[bool]] = {}  # topic → renew, of each question on the wire
        self._refused: set[Topic] = set()
        self._told: set[DeviceToken] = set()

    def opening(self) -> list[DeviceMessage]:
        """What to say first on the link.

        Every topic is asked for at each connect, as apsd does (courier-wire.md §4, step 7): the
        gateway answers with the token that it knows, so a device and a gateway that lost its
        memory agree again.
        """
        for app in self._apps:
            for topic in app.topics:
                self._asked.setdefault(topic, deque())
        asked = [self._ask(topic, renew=self._is_renewing(topic)) for topic in self._asked]
        return [*self.farewells(), *asked, self.filter()]

    def changes(self) -> list[DeviceMessage]:
        """What has become necessary to say since."""
        said: list[DeviceMessage] = self.farewells()
        for app in self._apps:
            for topic in app.topics:
                renew, asked = topic in app.renewing, self._asked.get(topic, ())
                if (topic not in app.tokens and not asked) or (renew and True not in asked):
                    said.append(self._ask(topic, renew=renew))
        return [*said, self.filter()]

    def filter(self) -> Filter:
        """The device's topics, all of them.

        Disabled notifications are a matter of the app's own topic; the permission does not cover
        PushKit topics such as ``.voip``, which have a suffix.
        """
        enabled: list[Topic] = []
        ignored: list[Topic] = []
        for app in self._apps:
            for topic in app.topics:
                is_ignored = topic == app.bundle_id and not app.notifications_enabled
                (ignored if is_ignored else enabled).append(topic)
        return Filter(enabled=tuple(enabled), ignored=tuple(ignored))

    def is_settled(self, app: App) -> bool:
        """Whether the gateway has answered everything that this app needs, or refused it."""
        return all(
            topic in self._refused or (topic in app.tokens and topic not in app.renewing)
            for topic in app.topics
        )

    def hear_token(self, answer: AppTokenResponse) -> App | None:
        """Take a token; returns the app whose token changed."""
        questions = self._asked.get(answer.topic)
        was_renewed = questions.popleft() if questions else False
        app = self._apps.of_topic(answer.topic)
        if answer.status is not TokenStatus.OK or answer.token is None:
            self._refused.add(answer.topic)
            log.warning("the gateway refused a token for %s", answer.topic)
            return None
        if app is None:  # uninstalled meanwhile
            self._apps.doomed[answer.token] = None
            return None
        if answer.topic in app.renewing and not was_renewed:
            return None  # the answer to an older question: the token that is to be replaced
        return app if self._apps.mint(app, answer.topic, answer.token) else None

    def hear_invalidated(self, answer: AppTokenInvalidateResponse) -> None:
        """The gateway knows that a token is gone.

        One that it refuses is forgotten too: it never knew the token, or could not write just
        then; in that case the next push for it is acknowledged UNKNOWN_TOKEN, which does the same.
        """
        self._told.discard(answer.token)
        self._apps.doomed.pop(answer.token, None)

    def _ask(self, topic: Topic, *, renew: bool) -> AppTokenRequest:
        self._asked.setdefault(topic, deque()).append(renew)
        self._refused.discard(topic)
        return AppTokenRequest(topic, renew)

    def _is_renewing(self, topic: Topic) -> bool:
        app = self._apps.of_topic(topic)
        return app is not None and topic in app.renewing

    def farewells(self) -> list[DeviceMessage]:
        """Tokens of apps that are gone and that the gateway has not been told about."""
        untold = [token for token in self._apps.doomed if token not in self._told]
        self._told.update(untold)
        return [AppTokenInvalidate(token) for token in untold]
