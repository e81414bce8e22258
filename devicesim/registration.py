"""Which tokens the gateway still owes the device, and which it must still be told are gone.

Nothing is remembered per question except what is on the wire: what to ask follows from the
registry, so a question that was lost with its link is asked again on the next one.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from devicesim.token_keys import TokenKey
from devicesim.topic_lists import filter_of
from protocol.courier.messages import (
    AppTokenInvalidate,
    AppTokenInvalidateResponse,
    AppTokenRequest,
    AppTokenResponse,
    Filter,
    TokenStatus,
)

if TYPE_CHECKING:
    from devicesim.app import App
    from devicesim.apps import AppRegistry
    from devicesim.power import PhonePower
    from protocol.courier.messages import DeviceMessage
    from protocol.identifiers import DeviceToken

log = logging.getLogger(__name__)


class Registration:
    """The questions about tokens on one link.

    Args:
        apps: what is installed; answers change it.
        power: by which topics are in this list or that.
    """

    __slots__ = ("_apps", "_asked", "_power", "_refused", "_told")

    def __init__(self, apps: AppRegistry, power: PhonePower) -> None:
        self._apps = apps
        self._power = power
        self._asked: dict[TokenKey, deque[bool]] = {}  # → renew, of each question on the wire
        self._refused: set[TokenKey] = set()
        self._told: set[DeviceToken] = set()

    def opening(self) -> list[DeviceMessage]:
        """What to say first on the link.

        Every token is asked for at each connect, as apsd does (courier-wire.md §4, step 7): the
        gateway answers with the one that it knows, so a device and a gateway that lost its
        memory agree again.
        """
        asked = [
            self._ask(key, renew=key in app.renewing)
            for app in self._apps
            for key in app.token_keys
        ]
        return [*self.farewells(), *asked, self.filter()]

    def changes(self) -> list[DeviceMessage]:
        """What has become necessary to say since, with the topics anew."""
        return [*self.questions(), self.filter()]

    def questions(self) -> list[DeviceMessage]:
        """What has become necessary to say since about tokens alone."""
        said: list[DeviceMessage] = self.farewells()
        for app in self._apps:
            for key in app.token_keys:
                renew, asked = key in app.renewing, self._asked.get(key, ())
                if (key not in app.tokens and not asked) or (renew and True not in asked):
                    said.append(self._ask(key, renew=renew))
        return said

    def filter(self, *, is_standby: bool = False) -> Filter:
        """The device's topics, all of them; on a link that stands by or on the one that leads."""
        return replace(filter_of(self._apps, self._power.mode), is_standby=is_standby)

    def is_settled(self, app: App) -> bool:
        """Whether the gateway has answered everything that this app needs, or refused it."""
        return all(
            key in self._refused or (key in app.tokens and key not in app.renewing)
            for key in app.token_keys
        )

    def hear_token(self, answer: AppTokenResponse) -> App | None:
        """Take a token; returns the app whose token changed."""
        key = TokenKey(answer.topic, answer.purpose)
        was_renewed = self._take_question(key)
        app = self._apps.of_topic(answer.topic)
        if answer.status is not TokenStatus.OK or answer.token is None:
            self._refused.add(key)
            log.warning("the gateway refused a token for %s", key)
            return None
        if app is None:  # uninstalled meanwhile
            self._apps.doomed[answer.token] = False
            return None
        if key not in app.token_keys:  # its activity ended meanwhile, or the app has unregistered
            self._apps.doomed[answer.token] = bool(key.purpose)
            return None
        if key in app.renewing and not was_renewed:
            return None  # the answer to an older question: the token that is to be replaced
        return app if self._apps.mint(app, key, answer.token) else None

    def _take_question(self, key: TokenKey) -> bool:
        """The question that was answered is on the wire no more; whether it asked to renew."""
        questions = self._asked.get(key)
        if questions is None:
            return False
        renew = questions.popleft()
        if not questions:
            del self._asked[key]
        return renew

    def hear_invalidated(self, answer: AppTokenInvalidateResponse) -> None:
        """The gateway knows that a token is gone.

        One that it refuses is forgotten too: it never knew the token, or could not write just
        then; in that case the next push for it is acknowledged UNKNOWN_TOKEN, which does the same.
        """
        self._told.discard(answer.token)
        self._apps.doomed.pop(answer.token, None)

    def _ask(self, key: TokenKey, *, renew: bool) -> AppTokenRequest:
        self._asked.setdefault(key, deque()).append(renew)
        self._refused.discard(key)
        return AppTokenRequest(key.topic, renew, key.purpose)

    def farewells(self) -> list[DeviceMessage]:
        """Tokens that are of no use any more and that the gateway has not been told about."""
        doomed = self._apps.doomed
        untold = [token for token in doomed if token not in self._told]
        self._told.update(untold)
        return [AppTokenInvalidate(token, doomed[token]) for token in untold]
