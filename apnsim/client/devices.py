"""Virtual devices, as handles on the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from apnsim.client.apps import App
from apnsim.client.screens import Screen
from apnsim.client.views import ReceivedNotification, given, read

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
        """``wifi``, ``cellular``, ``wifi+cellular``, ``airplane``, ``none`` or ``half-open``."""
        return str(self._told["network"])

    @property
    def conditions(self) -> dict[str, Any]:
        """What its network does to bytes; ``update(conditions=…)`` changes it."""
        return dict(self._told["conditions"])

    @property
    def power(self) -> str:
        """``awake``, ``locked`` or ``low-power``."""
        return str(self._told["power"])

    @property
    def assertion_policy(self) -> str:
        """``full``, or ``restricted``: without a link it did not try for one."""
        return str(self._told["assertion_policy"])

    @property
    def links(self) -> list[dict[str, Any]]:
        """Its links, one per interface: ``state``, ``leads``, addresses, keep-alive."""
        return list(self._told["links"])

    @property
    def apps(self) -> list[App]:
        """What was installed."""
        return [App(self._client, self, told) for told in self._told["apps"]]

    def refresh(self) -> Device:
        """Ask how it is now."""
        self._told = self._client.call("GET", self._path)
        return self

    def update(
        self,
        *,
        online: bool | None = None,
        network: str | None = None,
        conditions: dict[str, Any] | None = None,
        power: str | None = None,
        assertion_policy: str | None = None,
    ) -> Device:
        """Switch what is given; returns once its link is as it should be, at most 10 s later.

        ``conditions`` may name ``latency_seconds``, ``jitter_seconds``, ``bytes_per_second``,
        ``nat_idle_seconds`` and ``nat_answer``; what is not named stays.
        """
        body = given(
            online=online,
            network=network,
            conditions=conditions,
            power=power,
            assertion_policy=assertion_policy,
        )
        self._told = self._client.call("PATCH", self._path, body=body)
        return self

    def network_event(self, event: str) -> Device:
        """Let ``reset``, ``hand-over``, ``cut-wan`` or ``forget-nat`` happen to its link."""
        self._told = self._client.call("POST", f"{self._path}/network", body={"event": event})
        return self

    def go_online(self) -> Device:
        """Connect."""
        return self.update(online=True)

    def go_offline(self) -> Device:
        """Disconnect: pushes are stored from now on."""
        return self.update(online=False)

    def lock(self) -> Device:
        """Nobody uses it: pushes of priority 5 and 1 are held for it from now on."""
        return self.update(power="locked")

    def wake(self, reason: str = "user") -> Device:
        """Wake it: ``user`` unlocks it, ``cellular-call`` lights its display, ``timer`` neither."""
        self._told = self._client.call("POST", f"{self._path}/wake", body={"reason": reason})
        return self

    def restore(self, to: Device | str | None = None) -> Device:
        """Restore it from a backup: every token changes.

        Args:
            to: another device, or its id, which is made if it is not there; it is returned, and
                this one goes on as it was.
        """
        if to is None:
            self._told = self._client.call("POST", f"{self._path}/restore")
            return self
        body = {"to": to.id if isinstance(to, Device) else to}
        return Device(self._client, self._client.call("POST", f"{self._path}/restore", body=body))

    def reinstall_system(self) -> Device:
        """Install its operating system anew: apps stay, every token changes."""
        self._told = self._client.call("POST", f"{self._path}/refresh")
        return self

    def delete(self) -> None:
        """Throw it away; providers hear 410 for its tokens."""
        self._client.call("DELETE", self._path)

    def install(self, bundle_id: str, push_types: Iterable[str] = ("alert",)) -> App:
        """Install an app; while the device is online it has its tokens when this returns."""
        body = {"bundle_id": bundle_id, "push_types": list(push_types)}
        return App(self._client, self, self._client.call("POST", f"{self._path}/apps", body=body))

    def screen(self) -> Screen:
        """What a person sees on it."""
        return Screen(self._client, self._path, self._client.call("GET", f"{self._path}/screen"))

    def notifications(self, *, bundle_id: str | None = None) -> list[ReceivedNotification]:
        """What it received, or one app on it, oldest first."""
        query = {"bundle_id": bundle_id}
        told = self._client.call("GET", f"{self._path}/notifications", query=query)
        return [read(ReceivedNotification, each) for each in told]
