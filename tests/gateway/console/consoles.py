"""A console over the real journal, directory, store and key ring, and a small device host."""

from __future__ import annotations

import dataclasses
import itertools
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import trio

from certs.authority import Authority
from devicesim.network import CLEAR, ConditionChanges, Conditions
from gateway.clock import Clock
from gateway.console.app import Bind, create_app, serve_console
from gateway.console.guard import Admission
from gateway.console.parts import ConsoleParts, Figures
from gateway.console.rendering import to_json
from gateway.console.sending import OutgoingPush, SentPush
from gateway.console.views import event_view
from gateway.faults.book import RuleBook
from gateway.home import Home
from gateway.journal import Journal
from gateway.provider.keys import KeyRing, RegisteredKey
from gateway.routing.channels import ChannelDirectory
from gateway.routing.directory import DeviceDirectory
from gateway.routing.sessions import SessionTable
from gateway.store.memory import MemoryStore
from gateway.timekeeper import Timekeeper
from gateway.webhooks.allowed import AllowList
from gateway.webhooks.book import Webhooks
from tests.builders import DEVICE, NOW, counting_bytes, notification, push
from tests.gateway.console.activity_facts import Activities
from tests.gateway.console.screen_facts import Screens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from typing import Unpack

    from gateway.console.app_host import AppChanges
    from gateway.records import Record, State
    from protocol.identifiers import DeviceId
    from protocol.notification import Notification
    from protocol.provider.http import HttpRequest
    from protocol.tenant import Tenant

URL = "http://localhost"


class UnknownThingError(LookupError):
    """What this host says of an unknown id."""


class NotNowError(Exception):
    """What this host says when the gateway did not do its part."""


@dataclass(frozen=True)
class AppFacts:
    bundle_id: str
    tokens: dict[str, str]
    state: str = "background"
    notifications_enabled: bool = True
    push_to_start_tokens: dict[str, str] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    permission: str = "granted"
    reports_calls: bool = True
    extension_seconds: float | None = None
    voip_stopped: bool = False
    background_push_held: bool = False
    registered: bool = True


@dataclass(frozen=True)
class LinkFacts:
    interface: str = "WiFi"
    state: str = "online"
    leads: bool = True
    local: str | None = "192.168.1.7:51234"
    remote: str | None = "17.57.146.20:5223"
    keep_alive_seconds: float | None = 900.0
    keep_alive_stage: str | None = "initial-growth"
    next_keep_alive_seconds: float | None = 412.5


@dataclass(frozen=True)
class DeviceFacts:
    id: str
    name: str
    environment: str
    online: bool
    network: str = "wifi"
    conditions: Conditions = CLEAR
    power: str = "awake"
    assertion_policy: str = "full"
    apps: tuple[AppFacts, ...] = ()
    links: tuple[LinkFacts, ...] = (LinkFacts(),)


@dataclass(frozen=True)
class Received:
    payload: object
    apns_id: str = "AB"
    topic: str = "com.example.app"
    push_type: str = "alert"
    priority: int = 10
    collapse_id: str | None = None
    received_at: float = NOW
    from_storage: bool = False
    presentation: str = "shown"
    detail: str = "alert"
    channel_id: str | None = None
    handler: str = ""
    app_state_before: str = "background"
    app_state_after: str = "background"


@dataclass(frozen=True)
class Lived:
    at: float
    what: str
    detail: str


@dataclass
class Host:
    """Devices that are only remembered; tokens are counted."""

    facts: dict[str, DeviceFacts] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    fails: bool = False
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.activities = Activities(self._app, self._token)
        self.screens = Screens(self._find)

    def list_devices(self) -> Sequence[DeviceFacts]:
        return list(self.facts.values())

    def get_device(self, device_id: str) -> DeviceFacts:
        if device_id not in self.facts:
            raise UnknownThingError(f"no device {device_id!r}")
        return self.facts[device_id]

    def notifications(self, device_id: str) -> Sequence[Received]:
        self.get_device(device_id)
        return self.received

    async def create_device(
        self, name: str | None, environment: str | None, *, online: bool
    ) -> DeviceFacts:
        number = next(self.numbers)
        world = environment or "development"
        return self._keep(DeviceFacts(f"d{number}", name or f"iPhone {number}", world, online))

    async def patch_device(
        self,
        device_id: str,
        *,
        online: bool | None = None,
        network: str | None = None,
        conditions: ConditionChanges | None = None,
        power: str | None = None,
        assertion_policy: str | None = None,
    ) -> DeviceFacts:
        before = self.get_device(device_id).conditions
        changes = {
            "online": online,
            "network": network,
            "conditions": None if conditions is None else before.changed(conditions),
            "power": power,
            "assertion_policy": assertion_policy,
        }
        return self._change(device_id, **changes)

    async def network_event(self, device_id: str, event: str) -> DeviceFacts:
        self.get_device(device_id)
        return self._change(device_id, links=(LinkFacts(event),))

    async def wake(self, device_id: str, reason: str) -> DeviceFacts:
        power = "awake" if reason == "user" else None
        return self._change(device_id, power=power, assertion_policy="full")

    async def delete_device(self, device_id: str) -> None:
        self.get_device(device_id)
        del self.facts[device_id]

    async def restore(self, device_id: str, to: str | None = None) -> DeviceFacts:
        apps = tuple(
            dataclasses.replace(app, tokens={name: self._token() for name in app.tokens})
            for app in self.get_device(device_id).apps
        )
        if to is None:
            return self._change(device_id, apps=apps)
        if " " in to:
            raise ValueError(f"an id is without spaces, not {to!r}")
        return self._keep(dataclasses.replace(self.get_device(device_id), id=to, apps=apps))

    async def refresh(self, device_id: str) -> DeviceFacts:
        return await self.restore(device_id)

    async def install_app(
        self, device_id: str, bundle_id: str, push_types: Sequence[str]
    ) -> AppFacts:
        if " " in bundle_id:
            raise ValueError(f"a bundle id is without spaces, not {bundle_id!r}")
        if self.fails:
            raise NotNowError("the gateway has not confirmed the tokens")
        device = self.get_device(device_id)
        tokens = {name: self._token() for name in push_types} if device.online else {}
        app = AppFacts(bundle_id, tokens)
        self._change(device_id, apps=(*device.apps, app))
        return app

    async def patch_app(
        self, device_id: str, bundle_id: str, **changes: Unpack[AppChanges]
    ) -> AppFacts:
        return self._change_app(device_id, bundle_id, **changes)

    def app_events(self, device_id: str, bundle_id: str) -> Sequence[Lived]:
        return [Lived(NOW, self._app(device_id, bundle_id).state, "as it is")]

    async def uninstall_app(self, device_id: str, bundle_id: str) -> None:
        app = self._app(device_id, bundle_id)
        others = [each for each in self.facts[device_id].apps if each is not app]
        self._change(device_id, apps=tuple(others))

    async def subscribe(self, device_id: str, bundle_id: str, channel_id: str) -> AppFacts:
        if "=" not in channel_id:
            raise ValueError(f"{bundle_id} has no channel {channel_id}")
        channels = self._app(device_id, bundle_id).channels
        return self._change_app(device_id, bundle_id, channels=(*channels, channel_id))

    async def unsubscribe(self, device_id: str, bundle_id: str, channel_id: str) -> None:
        left = tuple(
            each for each in self._app(device_id, bundle_id).channels if each != channel_id
        )
        self._change_app(device_id, bundle_id, channels=left)

    def _change_app(self, device_id: str, bundle_id: str, **changes: Any) -> AppFacts:  # noqa: ANN401
        app = self._app(device_id, bundle_id)
        changed = dataclasses.replace(app, **changes)
        others = [each for each in self.facts[device_id].apps if each is not app]
        self._change(device_id, apps=(*others, changed))
        return changed

    def _find(self, device_id: str, bundle_id: str | None) -> AppFacts | None:
        self.get_device(device_id)
        return None if bundle_id is None else self._app(device_id, bundle_id)

    def _app(self, device_id: str, bundle_id: str) -> AppFacts:
        for app in self.get_device(device_id).apps:
            if app.bundle_id == bundle_id:
                return app
        raise UnknownThingError(f"no app {bundle_id!r}")

    def _token(self) -> str:
        return next(self.numbers).to_bytes(32).hex()

    def _keep(self, device: DeviceFacts) -> DeviceFacts:
        self.facts[device.id] = device
        return device

    def _change(self, device_id: str, **changes: object) -> DeviceFacts:
        return self._keep(dataclasses.replace(self.get_device(device_id), **_given(changes)))


def _given(changes: Mapping[str, object]) -> dict[str, Any]:
    return {name: value for name, value in changes.items() if value is not None}


@dataclass
class Kept:
    """One snapshot, as it was put here."""

    raw: bytes = b"{}"

    async def take(self, *, secrets: bool = False) -> bytes:
        return b'{"secrets": true}' if secrets else self.raw

    async def load(self, raw: bytes) -> None:
        if not raw.startswith(b"{"):
            raise ValueError("devices[0]: expected another")
        self.raw = raw


class Console:
    """The parts, and shortcuts for what a provider and a device would do."""

    def __init__(self, *, viewer_capacity: int = 256, directory: Path = Path("nowhere")) -> None:
        self.directory = directory
        self.machine_time = NOW
        self.clock = Clock(lambda: self.machine_time)
        self.journal = Journal(self.clock.now, viewer_capacity=viewer_capacity)
        self.host = Host()
        self.keys = KeyRing()
        self.rules = RuleBook()
        self.figures = Figures(providers={"token": 1, "certificate": 0}, goaways={"Shutdown": 2})
        self.webhooks = Webhooks(
            self.journal.followers,
            lambda record, event: to_json(event_view(record, event)),
            AllowList(),
        )
        self.authority = Authority.create()
        self.resets: list[str | None] = []
        self.snapshots = Kept()
        self.sent: list[OutgoingPush] = []
        self.push_answer: SentPush | Exception = SentPush(200, "", "an-apns-id", "a-unique-id")
        self.is_ready = True
        self.sessions = SessionTable()
        store = MemoryStore()
        self.channels = ChannelDirectory(store, self.clock.now, counting_bytes())
        self.parts = ConsoleParts(
            journal=self.journal,
            directory=DeviceDirectory(store, self.clock.now, counting_bytes()),
            channels=self.channels,
            clock=self.clock,
            timekeeper=Timekeeper(self.clock),
            store=store,
            sessions=self.sessions,
            devices=self.host,
            keys=self.keys,
            register_key=lambda key, environments, topics, related: self.keys.add(
                RegisteredKey(key, environments, topics, related_key_id=related)
            ),
            make_key=lambda team_id, key_id, **limits: Home(self.directory).make_key(
                self.keys, team_id, key_id, **limits
            ),
            send_push=self._send,
            rules=self.rules,
            webhooks=self.webhooks,
            info=lambda: (
                {"version": "1", "time": self.clock.now(), "keys": [], "ca_file": "ca"}
                | {"provider_url": "https://127.0.0.1:2197"}
            ),
            connections=lambda _: {
                "provider": [{"id": 1}],
                "courier": [{"topic": "com.example.app"}],
            },
            figures=lambda: self.figures,
            activate=self._activate,
            reset=self._reset,
            snapshots=self.snapshots,
            unknown_errors=(UnknownThingError,),
            failed_errors=(NotNowError,),
            is_ready=lambda: self.is_ready,
        )

    async def _send(self, push: OutgoingPush) -> SentPush:
        if isinstance(self.push_answer, Exception):
            raise self.push_answer
        self.sent.append(push)
        return self.push_answer

    def _activate(self, device_id: str, csr: bytes) -> dict[str, Any]:
        return {
            "device_id": device_id,
            "certificate": self.authority.sign_device_request(csr, device_id).decode(),
            "ca": self.authority.certificate_pem.decode(),
            "courier": {"host": "127.0.0.1", "port": 5223},
        }

    async def _reset(self, tenant: Tenant | None) -> None:
        self.resets.append(tenant and tenant.bundle_id)
        self.journal.clear()

    def accept(
        self,
        number: int = 1,
        *states: State,
        request: HttpRequest | None = None,
        device: DeviceId = DEVICE,
        **changes: object,
    ) -> Notification:
        """A push that was answered 200 and went through the states."""
        record = self.journal.begin(request or push(), "provider-1")
        accepted = notification(number, **changes)
        self.journal.received(record, accepted, device)
        self.journal.accepted(record)
        for state in states:
            self.journal.note(accepted.unique_id, state)
        return accepted

    def reject(self, request: HttpRequest | None = None, apns_id: str = "") -> Record:
        """A request that was answered 400 BadDeviceToken."""
        record = self.journal.begin(request or push(), "provider-1")
        record.apns_id = apns_id
        self.journal.rejected(record, 400, "BadDeviceToken", "no device has this token")
        return record

    def client(
        self, token: str | None = None, *, raise_app_exceptions: bool = True
    ) -> httpx.AsyncClient:
        """Ask the application directly, without a socket."""
        app = create_app(self.parts, Admission(token))
        transport = httpx.ASGITransport(app, raise_app_exceptions=raise_app_exceptions)
        return httpx.AsyncClient(transport=transport, base_url=URL)

    @asynccontextmanager
    async def served(self, token: str | None = None) -> AsyncIterator[str]:
        """Serve on a free port of loopback, and give the URL."""
        with trio.fail_after(30):
            async with trio.open_nursery() as nursery:
                bind = Bind("127.0.0.1", 0, token)
                port = await nursery.start(serve_console, self.parts, bind)
                yield f"http://127.0.0.1:{port}"
                self.parts.closing.set()
