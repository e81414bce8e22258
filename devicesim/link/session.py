"""One link's session: what the daemon says when it begins, and what it does with what it hears."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from devicesim.dispatch import Dispatch, TooManyHeldError
from devicesim.registration import Registration
from devicesim.state.files import StateError
from devicesim.subscriptions import Subscriptions
from protocol.courier.channels import ChannelsResponse
from protocol.courier.errors import LocalProtocolError
from protocol.courier.messages import (
    AppTokenInvalidateResponse,
    AppTokenResponse,
    KeepAliveResponse,
    Push,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from devicesim.app import App
    from devicesim.dispatch import AppDelivery
    from devicesim.link.courier_link import CourierLink
    from devicesim.link.keepalive import KeepAliveSweeper
    from devicesim.power import PhonePower
    from devicesim.state.device_state import DeviceState
    from protocol.courier.messages import DeviceMessage, Message

log = logging.getLogger(__name__)


class Session:
    """What belongs to one link and ends with it.

    Args:
        link: welcomed by the gateway.
        state: the device's memory.
        delivery: where pushes go; told of changed tokens.
        keep_alive: watches the link until :meth:`finish`.
        power: the phone's.

    ``leads`` is whether the device says here what it has to say: on another link that stands, it
    only names its topics.
    """

    __slots__ = (
        "_changes",
        "_confirmed_from",
        "_delivery",
        "_dispatch",
        "_has_begun",
        "_keep_alive",
        "_power",
        "_state",
        "_topics_told_for",
        "has_delivered",
        "leads",
        "link",
        "pulse",
        "registration",
        "subscriptions",
    )

    def __init__(
        self,
        link: CourierLink,
        state: DeviceState,
        delivery: AppDelivery,
        keep_alive: KeepAliveSweeper,
        power: PhonePower,
    ) -> None:
        self.link = link
        self.registration = Registration(state.apps, power)
        self.subscriptions = Subscriptions(state.apps)
        memory = state.extras.setdefault("keep_alive", {})
        self.pulse = keep_alive.watch(link, link.interface, memory)
        self.has_delivered = False
        self.leads = False
        self._has_begun = False
        self._state = state
        self._dispatch = Dispatch(state, delivery)
        self._delivery = delivery
        self._keep_alive = keep_alive
        self._power = power
        self._topics_told_for = power.mode
        self._confirmed_from = 1
        self._changes = state.apps.changes

    @property
    def is_confirmed(self) -> bool:
        """Whether the gateway has heard what the device said first, and the link still stands."""
        return self.pulse.answered >= self._confirmed_from and not self.link.reason

    async def run(self, on_change: Callable[[], None]) -> None:
        """Say what the device wants, then hear the gateway until the link ends.

        Args:
            on_change: called when something that others wait for may have happened.
        """
        try:
            self._has_begun = True
            self.link.send(self._power.state, *self._opening())
            # "First keep-alive soon after connection set-up" (courier-wire.md §6); its answer says
            # that the gateway knows our topics.
            self.pulse.beat()
            async for messages in self.link:
                await self._hear_all(messages)
                on_change()
        except (StateError, TooManyHeldError, LocalProtocolError) as error:
            log.warning("device %s leaves its link: %s", self._state.device_id, error)
            self.link.end(str(error))
        except Exception:
            log.exception("device %s: bug while hearing the gateway", self._state.device_id)
            self.link.end("a bug of the device")

    def is_settled(self, app: App) -> bool:
        """Whether the gateway has answered everything that this app needs, or refused it."""
        return self.registration.is_settled(app) and self.subscriptions.is_settled(app)

    def tell_power(self) -> None:
        """Say whether a person uses the phone, and in which lists its topics are therefore."""
        if not self._has_begun:
            return
        self.link.send(self._power.state)
        if self._topics_told_for is not self._power.mode:
            self._topics_told_for = self._power.mode
            self.link.send(self.registration.filter(is_standby=not self.leads))

    def lead(self) -> None:
        """Say here from now on what the device has to say, beginning with all of it."""
        if self.leads:
            return
        self.leads = True
        if self._has_begun:
            self.subscriptions.begin_anew()
            self.link.send(*self._opening())

    def stand_by(self) -> None:
        """Another link leads from now on."""
        self.leads = False
        self.link.send(*self._opening())

    def _opening(self) -> list[DeviceMessage]:
        if not self.leads:
            return [self.registration.filter(is_standby=True)]
        return [*self.registration.opening(), *self.subscriptions.changes()]

    def tell_changes(self) -> None:
        """Say what follows from a change of the apps."""
        if self.leads:
            self.link.send(*self.registration.changes(), *self.subscriptions.changes())
        else:
            self.link.send(*self._opening())

    async def let_in(self) -> None:
        """There may be room for pushes that were held.

        Raises:
            StateError: it could not be written down.
        """
        answers = self._dispatch.release()
        await self._state.commit()
        self.link.send(*answers)
        self._dispatch.committed()

    def finish(self) -> None:
        """The link is over."""
        self._keep_alive.forget(self.pulse)
        self._dispatch.link_ended()

    async def _hear_all(self, messages: list[Message]) -> None:
        """The messages of one chunk: one commit, one write with all the answers."""
        answers: list[DeviceMessage] = []
        has_new_tokens = has_learnt = False
        for message in messages:
            if isinstance(message, Push):
                self.has_delivered = True
                answer = self._dispatch.take(message)
                if answer is not None:
                    answers.append(answer)
            elif isinstance(message, KeepAliveResponse):
                has_learnt |= self.pulse.hear_answer()
            elif isinstance(message, ChannelsResponse):
                self.subscriptions.hear(message)
            else:
                has_new_tokens |= self._hear_of_tokens(message)
        if has_learnt:
            await self._state.save()
        said = await self._of_tokens(has_new_tokens=has_new_tokens)
        await self._state.commit()
        # Tokens first: a push for one whose life just ended is of an unknown token by now, and the
        # gateway must know why before it hears that.
        self.link.send(*said, *answers)
        self._dispatch.committed()

    async def _of_tokens(self, *, has_new_tokens: bool) -> list[DeviceMessage]:
        """Write down what was heard, or what a push has changed; what is to be said of it."""
        has_changed = self._state.apps.changes != self._changes
        if not has_changed and not has_new_tokens:
            return []
        self._changes = self._state.apps.changes
        await self._state.save()
        if not has_changed:
            return self.registration.farewells()
        return [*self.registration.questions(), *self.subscriptions.changes()]

    def _hear_of_tokens(self, message: Message) -> bool:
        """Take an answer about tokens; whether there is something to write down."""
        if isinstance(message, AppTokenInvalidateResponse):
            self.registration.hear_invalidated(message)
            return True
        if not isinstance(message, AppTokenResponse):
            return False  # NoStorage: nothing follows from it
        app: App | None = self.registration.hear_token(message)
        if app is not None:
            self._delivery.wake(app)
        return app is not None or bool(self._state.apps.doomed)
