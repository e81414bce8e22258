"""Virtual devices and their apps, as handles on the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from apnsim.client_activities import LiveActivity
from apnsim.client_errors import ApnsimError
from apnsim.client_views import ReceivedNotification, read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from apnsim.client import Apnsim


class Device:
    """A virtual device. Its properties are as of the last call; :meth:`refresh` asks anew.

    Args:
        client: for the calls.
        told: the device as the console told it.
    """

    def __init__(self, client: Apnsim, told: dict[str, Any]) -> None:
        self._client = client
        self._told = told
        self._path = f"devices/{quote(told['id'], safe='')}"

    def __repr__(self) -> str:
        return f"Device({self.id!r}, name={self.name!r}, online={self.online})"

    @property
    def id(self) -> str:
        """The name in its certificate."""
        return str(self._told["id"])

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self._told["name"])

    @property
    def environment(self) -> str:
        """``development`` or ``production``."""
        return str(self._told["environment"])

    @property
    def online(self) -> bool:
        """Whether it had a link."""
        return bool(self._told["online"])

    @property
    def network(self) -> str:
        """``wifi``, ``cellular``, ``none`` or ``half-open``."""
        return str(self._told["network"])

    @property
    def power(self) -> str:
        """``awake``, ``locked`` or ``low-power``."""
        return str(self._told["power"])

    @property
    def apps(self) -> list[App]:
        """What was installed."""
        return [App(self._client, self, told) for told in self._told["apps"]]

    def refresh(self) -> Device:
        """Ask how it is now."""
        self._told = self._client.call("GET", self._path)
        return self

    def update(
        self, *, online: bool | None = None, network: str | None = None, power: str | None = None
    ) -> Device:
        """Switch what is given; returns once its link is as it should be."""
        changes = {"online": online, "network": network, "power": power}
        body = {name: value for name, value in changes.items() if value is not None}
        self._told = self._client.call("PATCH", self._path, body=body)
        return self

    def go_online(self) -> Device:
        """Connect."""
        return self.update(online=True)

    def go_offline(self) -> Device:
        """Disconnect: pushes are stored from now on."""
        return self.update(online=False)

    def restore(self) -> Device:
        """Restore it from a backup: every token changes."""
        self._told = self._client.call("POST", f"{self._path}/restore")
        return self

    def delete(self) -> None:
        """Throw it away; providers hear 410 for its tokens."""
        self._client.call("DELETE", self._path)

    def install(self, bundle_id: str, push_types: Iterable[str] = ("alert",)) -> App:
        """Install an app; while the device is online it has its tokens when this returns."""
        body = {"bundle_id": bundle_id, "push_types": list(push_types)}
        return App(self._client, self, self._client.call("POST", f"{self._path}/apps", body=body))

    def notifications(self) -> list[ReceivedNotification]:
        """What it received, oldest first."""
        told = self._client.call("GET", f"{self._path}/notifications")
        return [read(ReceivedNotification, each) for each in told]


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
        """``foreground``, ``background``, ``suspended`` or ``terminated``."""
        return str(self._told["state"])

    @property
    def notifications_enabled(self) -> bool:
        """Whether the person allows it to notify."""
        return bool(self._told["notifications_enabled"])

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

    def update(self, *, state: str | None = None, notifications_enabled: bool | None = None) -> App:
        """Bring it to another state, or switch its notifications."""
        changes = {"state": state, "notifications_enabled": notifications_enabled}
        body = {name: value for name, value in changes.items() if value is not None}
        self._told = self._client.call("PATCH", self._path, body=body)
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

    def uninstall(self) -> None:
        """Remove it; providers hear 410 Unregistered for its tokens."""
        self._client.call("DELETE", self._path)
