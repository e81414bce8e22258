"""The app tokens that one device asks for and gives back on its link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store.store import StoreUnavailableError
from protocol.courier.messages import AppTokenInvalidateResponse, AppTokenResponse, TokenStatus

if TYPE_CHECKING:
    from gateway.courier.link import Link
    from gateway.courier.terms import Caller
    from gateway.routing.directory import DeviceDirectory
    from protocol.courier.messages import AppTokenInvalidate, AppTokenRequest


class AppTokens:
    """The tokens of one session's device.

    Args:
        caller: whose they are.
        link: where it is heard.
        directory: all tokens there are.
    """

    __slots__ = ("_caller", "_directory", "_link")

    def __init__(self, caller: Caller, link: Link, directory: DeviceDirectory) -> None:
        self._caller = caller
        self._link = link
        self._directory = directory

    async def mint(self, said: AppTokenRequest) -> None:
        """Answer with the app's token.

        Raises:
            StoreUnavailableError: there is none; the device has been told.
        """
        try:
            token = await self._directory.mint(
                self._caller.device,
                said.topic,
                self._caller.environment,
                purpose=said.purpose,
                renew=said.renew,
            )
        except StoreUnavailableError:
            self._link.send(AppTokenResponse(TokenStatus.REFUSED, said.topic, None, said.purpose))
            raise
        self._link.send(AppTokenResponse(TokenStatus.OK, said.topic, token, said.purpose))

    async def invalidate(self, said: AppTokenInvalidate) -> None:
        """Unregister the token, if it is this device's, and say whether that was done.

        Raises:
            StoreUnavailableError: it was not; the device has been told.
        """
        status = TokenStatus.REFUSED
        registration = self._directory.registration_of(said.token)
        try:
            # A device speaks for its own apps only.
            if registration is not None and registration.device == self._caller.device:
                await self._directory.unregister(said.token, is_expired=said.is_expired)
                status = TokenStatus.OK
        finally:
            self._link.send(AppTokenInvalidateResponse(status, said.token))
