"""How the phones of a fleet reach a gateway in another process: each activates, then dials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from certs.contexts import device_client_context
from devicesim.activation import ActivationError, activate
from devicesim.link.dial import LinkError, TlsDial

if TYPE_CHECKING:
    from collections.abc import Callable

    from devicesim.link.dial import Dial, SecureStream
    from devicesim.network import PhonePath
    from devicesim.state.device_state import DeviceState


class ActivatingDial:
    """Dials with a certificate that is asked for when it is first needed, and kept in memory.

    Args:
        state: whose it is to be.
        path: the network between TCP and TLS.
        console_url: who activates.
        console_token: the console's bearer token, if it has one.
    """

    def __init__(
        self, state: DeviceState, path: PhonePath, console_url: str, console_token: str | None
    ) -> None:
        self._state = state
        self._path = path
        self._console_url = console_url
        self._console_token = console_token
        self._dial: TlsDial | None = None

    async def __call__(self) -> SecureStream:
        """Connect.

        Raises:
            LinkError: no certificate, or no link; trying again later may help.
        """
        if self._dial is None:
            self._dial = await self._activate()
        return await self._dial()

    async def _activate(self) -> TlsDial:
        await self._path.wait()
        device_id = self._state.device_id
        try:
            enrolled = await activate(
                self._console_url, device_id, console_token=self._console_token
            )
        except ActivationError as error:
            raise LinkError(str(error)) from None
        return TlsDial(
            enrolled.courier_host,
            enrolled.courier_port,
            self._state.environment,
            lambda: device_client_context(enrolled.leaf, enrolled.ca_pem),
            self._path,
        )


def activating_dials(
    console_url: str, console_token: str | None
) -> Callable[[DeviceState, PhonePath], Dial]:
    """For a :class:`~devicesim.host.device_host.DeviceHost`: the way of each phone, see above."""
    return lambda state, path: ActivatingDial(state, path, console_url, console_token)
