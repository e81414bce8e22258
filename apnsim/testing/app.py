"""The app of one test: on a phone of its own, with what a test expects of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apnsim.client.expectations import (
    DELIVERED,
    SETTLE_SECONDS,
    WAIT_SECONDS,
    arriving,
    none_coming,
)

if TYPE_CHECKING:
    from typing import Unpack

    from apnsim.aio import Awaiting
    from apnsim.client.apps import App
    from apnsim.client.devices import Device
    from apnsim.client.near_misses import NearMiss
    from apnsim.client.screens import Screen
    from apnsim.client.views import Filters, Notification, ReceivedNotification
    from apnsim.testing.apns import Apns
    from gateway.console.app_host import AppChanges

REJECTED = "Rejected"


class AppUnderTest:
    """An app on a phone. What it waits for and expects are its own pushes, and no one else's.

    Args:
        apns: the gateway.
        app: on its device.
    """

    def __init__(self, apns: Apns, app: App) -> None:
        self._apns = apns
        self.app = app
        self.aio = AwaitingApp(apns.aio, self)

    def __repr__(self) -> str:
        return f"AppUnderTest({self.bundle_id!r}, device={self.device.id!r})"

    @property
    def bundle_id(self) -> str:
        """Its name."""
        return self.app.bundle_id

    @property
    def topic(self) -> str:
        """The topic of its alerts: its bundle id."""
        return self.app.bundle_id

    @property
    def token(self) -> str:
        """Its device token now, hexadecimal; that for alerts, if it has several."""
        return self.app.refresh().token

    @property
    def tokens(self) -> dict[str, str]:
        """The token of each push type, hexadecimal."""
        return self.app.refresh().tokens

    @property
    def device(self) -> Device:
        """The phone."""
        return self.app.device

    def screen(self) -> Screen:
        """What a person sees on the phone."""
        return self.device.screen()

    def received(self) -> list[ReceivedNotification]:
        """What the phone has got for it, oldest first, and what became of it there."""
        return [each for each in self.device.notifications() if self._is_mine(each.topic)]

    def update(self, **changes: Unpack[AppChanges]) -> None:
        """Change ``state``, ``permission`` …, see :meth:`apnsim.client.apps.App.update`."""
        self.app.update(**changes)

    def uninstall(self) -> None:
        """Remove it; providers hear 410 Unregistered for its tokens."""
        self.app.uninstall()

    def notifications(self, **filters: Unpack[Filters]) -> list[Notification]:
        """Its pushes in whatever state, oldest first; refused ones with ``state="Rejected"``."""
        return self._apns.notifications(**self.own(filters))

    def wait_for(
        self, count: int = 1, *, seconds: float = WAIT_SECONDS, **filters: Unpack[Filters]
    ) -> list[Notification]:
        """Its pushes, oldest first, once the phone has got ``count`` and shown what it shows.

        Args:
            count: how many.
            seconds: how long to wait for them.
            filters: which; ``state`` is that it was delivered unless told otherwise.

        Raises:
            NotInTimeError: there were fewer; says what was there instead, why, and what to do.
        """
        __tracebackhide__ = True
        return self._apns.follow(arriving(count, seconds, self.own(self.delivered(filters))))

    def expect_none(
        self,
        *,
        seconds: float = 0,
        settle_seconds: float = SETTLE_SECONDS,
        **filters: Unpack[Filters],
    ) -> None:
        """Return once it is known that the phone gets none for it: mostly at once.

        The gateway knows that of all that it has answered. If the backend sends by itself, later,
        say in ``seconds`` how long that may take.

        Args:
            seconds: watch for so long at least; ends sooner only if one comes.
            settle_seconds: how long what is on its way may take to come to rest; 0: do not care.
            filters: which; ``state`` is that it was delivered unless told otherwise.

        Raises:
            UnexpectedNotificationError: there is one.
            NotSettledError: it cannot be known, because one is still on its way.
        """
        __tracebackhide__ = True
        expected = self.own(self.delivered(filters))
        self._apns.follow(none_coming(seconds, settle_seconds, expected))

    def near_misses(self, **filters: Unpack[Filters]) -> list[NearMiss]:
        """What almost matches, nearest first, and why it does not."""
        return self._apns.near_misses(**self.own(self.delivered(filters)))

    def push(self, payload: dict[str, Any], **headers: str) -> dict[str, Any]:
        """Push to it from here, over the real provider API: for a first try, without a backend.

        Args:
            payload: such as ``{"aps": {"alert": "Hello"}}``.
            headers: more of them, with underscores: ``apns_priority="5"``.

        Returns:
            ``status``, ``reason``, ``apns_id`` and ``apns_unique_id`` of the answer.
        """
        given = {"apns-topic": self.topic, "apns-push-type": "alert"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = {"path": f"/3/device/{self.token}", "headers": given, "payload": payload}
        answer: dict[str, Any] = self._apns.call("POST", "notifications", body=body)
        return answer

    def own(self, filters: Filters) -> Filters:
        """The filters, and that it is its own."""
        mine: Filters = {"bundle_id": self.bundle_id}
        if filters.get("state") != REJECTED:  # which has reached no device
            mine["device"] = self.device.id
        return {**mine, **filters}

    def delivered(self, filters: Filters) -> Filters:
        """The filters, and that the phone has got it, if they say nothing of its state."""
        return {"state": DELIVERED, **filters}

    def _is_mine(self, topic: str) -> bool:
        return topic == self.bundle_id or topic.startswith(f"{self.bundle_id}.")


class AwaitingApp:
    """What :class:`AppUnderTest` waits for, awaited: for tests on asyncio and Trio."""

    def __init__(self, aio: Awaiting, app: AppUnderTest) -> None:
        self._aio = aio
        self._app = app

    async def wait_for(
        self, count: int = 1, *, seconds: float = WAIT_SECONDS, **filters: Unpack[Filters]
    ) -> list[Notification]:
        """See :meth:`AppUnderTest.wait_for`."""
        __tracebackhide__ = True
        wanted = self._app.own(self._app.delivered(filters))
        return await self._aio.follow(arriving(count, seconds, wanted))

    async def expect_none(
        self,
        *,
        seconds: float = 0,
        settle_seconds: float = SETTLE_SECONDS,
        **filters: Unpack[Filters],
    ) -> None:
        """See :meth:`AppUnderTest.expect_none`."""
        __tracebackhide__ = True
        wanted = self._app.own(self._app.delivered(filters))
        await self._aio.follow(none_coming(seconds, settle_seconds, wanted))

    async def notifications(self, **filters: Unpack[Filters]) -> list[Notification]:
        """See :meth:`AppUnderTest.notifications`."""
        return await self._aio.notifications(**self._app.own(filters))

    async def near_misses(self, **filters: Unpack[Filters]) -> list[NearMiss]:
        """See :meth:`AppUnderTest.near_misses`."""
        return await self._aio.near_misses(**self._app.own(self._app.delivered(filters)))
