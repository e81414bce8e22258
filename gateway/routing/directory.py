"""Whose token it is. Minting, looking up and ending device tokens.

The directory is the whole table in memory, written through to the store: a token is handed out
only once it is durable, and a push never waits for the database to learn whose it is.
"""

from __future__ import annotations

import dataclasses
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import trio

from gateway.routing.pace import Pace
from gateway.store.store import Registration
from protocol.identifiers import APP_PURPOSE, DeviceToken, HashedTopic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Hashable, Iterable

    from gateway.store.store import Store
    from protocol.identifiers import DeviceId, TokenPurpose, Topic
    from protocol.notification import Environment
    from protocol.tenant import Tenant

# Topics by their hashes: some devices know them by nothing else (``HashedTopic``).
_Key: TypeAlias = "tuple[DeviceId, HashedTopic, Environment, TokenPurpose]"

# "Device tokens are of variable length"; 32 bytes is what iPhones show in practice.
TOKEN_BYTES = 32


class DeviceDirectory:
    """Device tokens: one per (device, topic, environment, purpose).

    A topic is an app and a family of push types (``com.example.app`` for alert and background,
    ``com.example.app.voip`` …), so this is Apple's "token per device and app", with the separate
    tokens that PushKit and the others have. Purposes tell apart what shares a topic: the tokens
    that start Live Activities of a type, and those that update one of them.

    Args:
        store: where registrations are kept durably.
        now: the gateway's clock, UNIX seconds.
        random_bytes: where new tokens come from.
        max_pushes_per_second: to one token, before they are too many; 0 = any number. Apple's
            threshold is not published.
    """

    def __init__(
        self,
        store: Store,
        now: Callable[[], float],
        random_bytes: Callable[[int], bytes],
        *,
        max_pushes_per_second: int = 0,
    ) -> None:
        self._store = store
        self._now = now
        self._random_bytes = random_bytes
        self._by_token: dict[DeviceToken, Registration] = {}
        self._of_device: dict[DeviceId, dict[DeviceToken, None]] = {}
        self._current: dict[_Key, DeviceToken] = {}
        self._undecided: dict[Hashable, trio.Event] = {}
        self._pace = Pace(max_pushes_per_second)

    async def load(self) -> None:
        """Know what the store knows and nothing else: before the ports open, and after a reset.

        Raises:
            StoreUnavailableError: the store could not be read; nothing has changed.
        """
        self.restore(await self._store.registrations())

    def restore(self, registrations: Iterable[Registration]) -> None:
        """These tokens and no others: the store has them already."""
        self._by_token.clear()
        self._of_device.clear()
        self._current.clear()
        for registration in registrations:
            self._remember(registration)

    def registration_of(self, token: DeviceToken) -> Registration | None:
        """Whose token it is, also when it is unregistered; None when it was never minted."""
        return self._by_token.get(token)

    def is_too_fast(self, token: DeviceToken, now: float) -> bool:
        """Count one more push to this token; whether it is one too many in this second."""
        return self._pace.is_too_fast(token, now)

    def registrations(self, device: DeviceId | None = None) -> Iterable[Registration]:
        """Every registration, of one device or of all."""
        if device is None:
            return list(self._by_token.values())
        return [self._by_token[token] for token in self._of_device.get(device, ())]

    async def mint(
        self,
        device: DeviceId,
        topic: Topic,
        environment: Environment,
        *,
        purpose: TokenPurpose = APP_PURPOSE,
        renew: bool = False,
    ) -> DeviceToken:
        """The device's token for a topic and purpose, durable when returned.

        The token a device has for them is stable. With ``renew`` (a reinstall, a restore from
        a backup) it is unregistered and a new one takes its place.

        Raises:
            StoreUnavailableError: it could not be made durable. The old token may be unregistered
                already; the call may be repeated.
        """
        key = (device, HashedTopic.of(topic), environment, purpose)
        async with self._alone_with(key):
            current = self._current.get(key)
            if current is not None and not renew:
                return current
            if current is not None:
                await self.unregister(current)
            token = DeviceToken(self._random_bytes(TOKEN_BYTES))
            await self._register(
                Registration(token, device, topic, environment, self._now(), purpose=purpose)
            )
            return token

    async def adopt(self, proposal: Registration) -> tuple[Registration, bool]:
        """Make a token known that was made elsewhere, unless it is known already.

        Returns:
            The registration that counts, and whether it is the proposed one. Of several pushes
            that make one token known at the same time, the first decides.

        Raises:
            StoreUnavailableError: it could not be made durable; nothing has changed.
        """
        async with self._alone_with(proposal.token):
            known = self._by_token.get(proposal.token)
            if known is not None:
                return known, False
            await self._register(proposal)
            return proposal, True

    async def unregister(self, token: DeviceToken, *, is_expired: bool = False) -> None:
        """The token is invalid for its topic from now on; no effect on one that already is.

        Args:
            token: of an app that is gone.
            is_expired: the app is there, but what the token was for is over.

        Raises:
            StoreUnavailableError: it could not be made durable; nothing has changed.
        """
        registration = self._by_token.get(token)
        if registration is None or registration.unregistered_at is not None:
            return
        at = self._now()
        await self._store.unregister(token, at=at, is_expired=is_expired)
        if self._by_token.get(token) is not registration:
            return  # someone was faster: the first time counts
        self._remember(dataclasses.replace(registration, unregistered_at=at, is_expired=is_expired))

    async def unregister_device(self, device: DeviceId) -> None:
        """Every token of a device that is gone for good.

        Raises:
            StoreUnavailableError: not all could be made durable; the call may be repeated.
        """
        for registration in list(self.registrations(device)):
            await self.unregister(registration.token)

    async def forget(self, tenant: Tenant) -> list[Registration]:
        """A tenant's tokens have never been; which they were.

        Raises:
            StoreUnavailableError: the store still has all of the tenant's; nothing has changed.
        """
        await self._store.forget(tenant)
        await trio.lowlevel.checkpoint()  # what was registered just before is remembered by now
        gone = [each for each in self._by_token.values() if tenant.has(each.topic)]
        for registration in gone:
            del self._by_token[registration.token]
            self._of_device[registration.device].pop(registration.token)
            if not self._of_device[registration.device]:
                del self._of_device[registration.device]
        self._current = {
            key: token for key, token in self._current.items() if token in self._by_token
        }
        return gone

    async def _register(self, registration: Registration) -> None:
        await self._store.register(registration)
        self._remember(registration)

    @asynccontextmanager
    async def _alone_with(self, subject: Hashable) -> AsyncIterator[None]:
        """Let one task at a time decide about a subject, while others go on with theirs.

        One lock for all would make the devices of a fleet wait for one another's commits.
        """
        while (decided := self._undecided.get(subject)) is not None:
            await decided.wait()
        self._undecided[subject] = decided = trio.Event()
        try:
            yield
        finally:
            del self._undecided[subject]
            decided.set()

    def _remember(self, registration: Registration) -> None:
        key = (
            registration.device,
            HashedTopic.of(registration.topic),
            registration.environment,
            registration.purpose,
        )
        self._by_token[registration.token] = registration
        self._of_device.setdefault(registration.device, {})[registration.token] = None
        if registration.unregistered_at is None:
            self._current[key] = registration.token
        elif self._current.get(key) == registration.token:
            del self._current[key]
