"""Apps on virtual devices, as handles on the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from apnsim.client.activities import LiveActivity
from apnsim.client.errors import ApnsimError
from apnsim.client.views import AppEvent, read

if TYPE_CHECKING:
    from typing import Unpack

    from apnsim.client import Apnsim
    from apnsim.client.devices import Device
    from gateway.console.app_host import AppChanges


class App:
    """An app on a virtual device; properties are as of the last call.

    Args:
        client: for the calls.
        device: where it is installed.
        told: the app as the console told it.
    """

    def __init__(self, client: Apnsim, device: Device, told: dict[str, Any]) -> None:
        self._client = client
        self.device = device
        self._told = told
        self._path = f"devices/{quote(device.id, safe='')}/apps/{quote(told['bundle_id'], safe='')}"

    def __repr__(self) -> str:
        return f"App({self.bundle_id!r}, device={self.device.id!r})"

    @property
    def bundle_id(self) -> str:
        """Its name; the topic of its alerts."""
        return str(self._told["bundle_id"])

    @property
    def tokens(self) -> dict[str, str]:
        """The token of each push type, hexadecimal."""
        return dict(self._told["tokens"])

    @property
    def token(self) -> str:
        """The token for alerts, or that of its first push type; asks anew if it had none.

        Raises:
            ApnsimError: it has none: the device was never online since the app was installed.
        """
        tokens = self.tokens or self.refresh().tokens
        if not tokens:
            detail = f"{self.bundle_id} has no token yet: bring {self.device.name!r} online first"
            raise ApnsimError(0, "No token", detail)
        return tokens.get("alert") or next(iter(tokens.values()))

    @property
    def state(self) -> str:
        """``foreground``, ``background``, ``suspended``, ``terminated`` or ``force-quit``."""
        return str(self._told["state"])

    @property
    def notifications_enabled(self) -> bool:
        """Whether the person allows it to notify."""
        return bool(self._told["notifications_enabled"])

    @property
    def permission(self) -> str:
        """``not-asked``, ``granted``, ``denied`` or ``provisional``."""
        return str(self._told["permission"])

    @property
    def registered(self) -> bool:
        """Whether it wants the token of its own topic; see :meth:`unregister`."""
        return bool(self._told["registered"])

    def unregister(self) -> App:
        """``unregisterForRemoteNotifications()``, as at sign-out: its token is over."""
        return self.update(registered=False)

    def register(self) -> App:
        """``registerForRemoteNotifications()`` again; it gets another token."""
        return self.update(registered=True)

    @property
    def reports_calls(self) -> bool:
        """Whether its VoIP handler reports a call, as it must."""
        return bool(self._told["reports_calls"])

    @property
    def extension_seconds(self) -> float | None:
        """How long its notification service extension takes; None: it has none."""
        told: float | None = self._told["extension_seconds"]
        return told

    @property
    def voip_stopped(self) -> bool:
        """Whether it gets no VoIP pushes any more: too many calls were not reported."""
        return bool(self._told["voip_stopped"])

    @property
    def background_push_held(self) -> bool:
        """Whether a background push waits until the budget allows it."""
        return bool(self._told["background_push_held"])

    def events(self) -> list[AppEvent]:
        """What its code has lived through: launches, tokens, pushes, its end; oldest first."""
        return [read(AppEvent, each) for each in self._client.call("GET", f"{self._path}/events")]

    @property
    def channels(self) -> list[str]:
        """The broadcast channels it listens to."""
        return list(self._told["channels"])

    def refresh(self) -> App:
        """Ask how it is now.

        Raises:
            ApnsimError: 404, it is not installed any more.
        """
        path = f"devices/{quote(self.device.id, safe='')}"
        for told in self._client.call("GET", path)["apps"]:
            if told["bundle_id"] == self.bundle_id:
                self._told = told
                return self
        detail = f"{self.bundle_id} is not installed on {self.device.name!r} any more"
        raise ApnsimError(404, "Not Found", detail)

    def update(self, **changes: Unpack[AppChanges]) -> App:
        """Bring it to another state, or change what it may show and how it treats pushes.

        ``changes`` are named as the properties are: ``state``, ``notifications_enabled``,
        ``permission``, ``registered``, ``reports_calls`` and ``extension_seconds``.
        """
        self._told = self._client.call("PATCH", self._path, body=dict(changes))
        return self

    def subscribe(self, channel_id: str) -> App:
        """Listen to a broadcast channel of the app; it gets what waits there.

        Raises:
            ApnsimError: 422, the app has no such channel in the device's environment.
        """
        body = {"channel_id": channel_id}
        self._told = self._client.call("POST", f"{self._path}/channels", body=body)
        return self

    def unsubscribe(self, channel_id: str) -> App:
        """Listen to it no more."""
        self._client.call("DELETE", f"{self._path}/channels", query={"channel_id": channel_id})
        return self.refresh()

    @property
    def push_to_start_tokens(self) -> dict[str, str]:
        """Attributes type → the token that starts Live Activities of it, hexadecimal."""
        return dict(self._told.get("push_to_start_tokens", {}))

    def push_to_start_token(self, attributes_type: str) -> str:
        """The token that starts Live Activities of a type; made at the first call.

        Raises:
            ApnsimError: it has none: the device was never online since.
        """
        body = {"attributes_type": attributes_type}
        told = self._client.call("POST", f"{self._path}/activity-types", body=body)
        if told["token"] is None:
            detail = f"no token to start {attributes_type}: bring {self.device.name!r} online first"
            raise ApnsimError(0, "No token", detail)
        return str(told["token"])

    def start_activity(
        self,
        attributes_type: str,
        attributes: dict[str, Any] | None = None,
        content_state: dict[str, Any] | None = None,
    ) -> LiveActivity:
        """The app starts a Live Activity; online, it has its token when this returns."""
        body = {
            "attributes_type": attributes_type,
            "attributes": attributes or {},
            "content_state": content_state or {},
        }
        path = f"{self._path}/activities"
        return LiveActivity(self._client, path, self._client.call("POST", path, body=body))

    def activities(self) -> list[LiveActivity]:
        """Its Live Activities on the screen, oldest first; also those that pushes started."""
        path = f"{self._path}/activities"
        return [LiveActivity(self._client, path, each) for each in self._client.call("GET", path)]

    def set_badge(self, number: int) -> None:
        """The app itself changes the number on its icon; 0 takes it off."""
        self._client.call("PUT", f"{self._path}/badge", body={"badge": number})

    def set_strings(self, strings: dict[str, str]) -> None:
        """Give it the texts of the keys in its alerts (``loc-key``), its Localizable.strings."""
        self._client.call("PUT", f"{self._path}/strings", body={"strings": strings})

    def uninstall(self) -> None:
        """Remove it; providers hear 410 Unregistered for its tokens."""
        self._client.call("DELETE", self._path)
