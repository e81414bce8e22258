"""All calls of the control API, in one class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack
from urllib.parse import quote

from apnsim.client.calls import DEFAULT_URL
from apnsim.client.devices import Device
from apnsim.client.events import ServerEvent, events_in
from apnsim.client.expectations import Expectations, query_of
from apnsim.client.export import Exporter
from apnsim.client.lint import Linter
from apnsim.client.rules import Rules
from apnsim.client.snapshots import Snapshots
from apnsim.client.time import TimeCalls
from apnsim.client.views import (
    Answered,
    Channel,
    Filters,
    Info,
    Key,
    NotificationStory,
    Request,
    given,
    read,
)
from apnsim.client.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import httpx


class Apnsim(Expectations, TimeCalls):
    """A running gateway, as its console shows it. Close it, or use it in a ``with``.

    ``rules`` are its fault rules; ``lint`` says what is wrong with a push; ``export`` tells all;
    ``webhooks`` are told what became of a push; ``snapshots`` are the whole state.

    Args:
        console_url: such as ``http://127.0.0.1:2198``.
        token: the console's bearer token, if it demands one.
        timeout: seconds for one answer; waiting calls add what they wait for.
        transport: in place of the network.

    Every call raises :class:`ApnsimError`: what the console refused, and why, or that nobody
    is there.
    """

    def __init__(
        self,
        console_url: str = DEFAULT_URL,
        *,
        token: str | None = None,
        timeout: float = 15.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(console_url, token, timeout, transport)
        self.rules = Rules(self)
        self.lint = Linter(self)
        self.export = Exporter(self)
        self.webhooks = Webhooks(self)
        self.snapshots = Snapshots(self)

    # -- the gateway ----------------------------------------------------------------------------

    def info(self) -> Info:
        """Addresses, the CA to trust, and the keys to sign with."""
        return read(Info, self.call("GET", "info"))

    def connections(self, *, bundle_id: str | None = None) -> dict[str, list[dict[str, Any]]]:
        """Who is connected, for an app or at all: ``provider`` and ``courier`` links."""
        query = {"bundle_id": bundle_id}
        connections: dict[str, list[dict[str, Any]]] = self.call("GET", "connections", query=query)
        return connections

    def reset(self, *, bundle_id: str | None = None) -> None:
        """Back to empty: no devices, pushes, records; or nothing of one app, and all of others."""
        self.call("POST", "reset", query={"bundle_id": bundle_id})

    def metrics(self) -> str:
        """The figures in Prometheus' text format."""
        return self.answer("GET", "/metrics").text

    def events(
        self, *, last_event_id: str | None = None, **filters: Unpack[Filters]
    ) -> Iterator[ServerEvent]:
        """Follow what happens until the gateway or its reader ends it.

        Args:
            last_event_id: the id of the last one that was read, to be told what came after it.
            filters: as for :meth:`notifications`.
        """
        query = {**query_of(filters), "last_event_id": last_event_id}
        with self.streamed("events", query) as answer:
            yield from events_in(answer.iter_lines())

    # -- devices --------------------------------------------------------------------------------

    def devices(self, *, bundle_id: str | None = None) -> list[Device]:
        """Every virtual device, or those that have an app, oldest first."""
        query = {"bundle_id": bundle_id}
        return [Device(self, told) for told in self.call("GET", "devices", query=query)]

    def device(self, device_id: str) -> Device:
        """One virtual device."""
        return Device(self, self.call("GET", f"devices/{quote(device_id, safe='')}"))

    def create_device(
        self, name: str | None = None, *, environment: str | None = None, online: bool = True
    ) -> Device:
        """Make a virtual device: ``environment`` is ``development`` or ``production``."""
        body = given(name=name, environment=environment, online=online)
        return Device(self, self.call("POST", "devices", body=body))

    def activate(self, device_id: str, csr: str) -> dict[str, Any]:
        """Have a device's key (a PKCS#10 request, PEM) certified; as the console answers."""
        body = {"device_id": device_id, "csr": csr}
        activation: dict[str, Any] = self.call("POST", "activation", body=body)
        return activation

    # -- pushes ---------------------------------------------------------------------------------

    def notification(self, apns_id: str, *, number: int | None = None) -> NotificationStory:
        """One push or refused request; of several with this apns-id the newest, or ``number``."""
        path = f"notifications/{quote(apns_id, safe='')}"
        return read(NotificationStory, self.call("GET", path, query={"number": number}))

    def requests(
        self, *, wait: float | None = None, count: int | None = None, **filters: Unpack[Answered]
    ) -> list[Request]:
        """Provider requests, refused ones too, oldest first.

        Args:
            wait: answer when ``count`` match, or after so many seconds with what there is.
            count: how many to wait for; 1 if absent.
            filters: which requests.
        """
        query = {**filters, "wait": wait, "count": count}
        return [
            read(Request, each) for each in self.call("GET", "requests", query=query, wait=wait)
        ]

    def channels(
        self, *, bundle_id: str | None = None, environment: str | None = None
    ) -> list[Channel]:
        """Broadcast channels, each app's oldest first; providers make them on the manage ports."""
        query = {"bundle_id": bundle_id, "environment": environment}
        return [read(Channel, told) for told in self.call("GET", "channels", query=query)]

    # -- keys -----------------------------------------------------------------------------------

    def keys(self) -> list[Key]:
        """The provider keys that the gateway believes."""
        return [read(Key, told) for told in self.call("GET", "keys")]

    def register_key(
        self,
        team_id: str,
        key_id: str,
        pem: str,
        *,
        environments: Iterable[str] | None = None,
        topics: Iterable[str] | None = None,
        related_key_id: str | None = None,
    ) -> Key:
        """Have the gateway believe a key: the text of a ``.p8`` or of its public half.

        ``topics`` make it topic-specific; ``related_key_id`` serves beside it on a connection.
        """
        kind = "private_key" if "PRIVATE KEY" in pem else "public_key"
        body = given(
            team_id=team_id,
            key_id=key_id,
            environments=None if environments is None else list(environments),
            topics=None if topics is None else list(topics),
            related_key_id=related_key_id,
        )
        return read(Key, self.call("POST", "keys", body={**body, kind: pem}))

    def remove_key(self, key_id: str) -> None:
        """Have the gateway believe a key no longer."""
        self.call("DELETE", f"keys/{quote(key_id, safe='')}")
