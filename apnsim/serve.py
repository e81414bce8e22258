"""The gateway, its virtual devices and the console in one process, until a signal or ``stop()``."""

from __future__ import annotations

import gc
import json
import logging
import signal
from typing import TYPE_CHECKING, Any

import trio

from apnsim import itself, logs, open_files
from apnsim.console import console_parts, webhooks_of
from apnsim.errors import CannotStartError, told_as
from apnsim.loop_lag import LoopLag
from apnsim.signals import that_end
from apnsim.snapshot.format import SnapshotError
from apnsim.snapshot.snapshots import Snapshots
from apnsim.traces import run_traces
from apnsim.virtual_devices import VirtualDevices
from certs.files import PUBLIC_MODE, CredentialError, write_credential
from devicesim.host.confirmation import NotConfirmedError
from devicesim.state.files import StateError
from gateway.clock import Clock
from gateway.console.app import serve_console
from gateway.console.server import Bind
from gateway.ports import opening, url_host
from gateway.serve import serve
from gateway.store.store import StoreUnavailableError
from gateway.tracing.exporting import NoTracesError
from gateway.webhooks.allowed import TargetError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from gateway.provider.keys import RegisteredKey
    from gateway.serve import Companion, Gateway
    from gateway.settings import Settings
    from gateway.webhooks.book import Webhooks

log = logging.getLogger(__name__)


CANNOT_START = (
    StoreUnavailableError,
    CredentialError,
    StateError,
    NotConfirmedError,
    TargetError,
    NoTracesError,
    SnapshotError,
    OSError,
)
GRACE_SECONDS = 5.0
"""On top of the drain: for the companions and the store to end."""


class Running:
    """A gateway that is up, its devices and its console; for whoever started them.

    Args:
        stop: set to end all of it.
    """

    gateway: Gateway
    devices: VirtualDevices
    webhooks: Webhooks
    snapshots: Snapshots
    console_url: str

    def __init__(self, stop: trio.Event) -> None:
        self._stop = stop
        self.lag = LoopLag()

    @property
    def companions(self) -> tuple[Companion, ...]:
        """What the gateway is to start and end."""
        return (
            run_traces,
            self.run_devices,
            self.run_webhooks,
            self.lag.run,
            self.run_console,
        )

    def info(self) -> dict[str, Any]:
        """What ``GET /api/v1/info`` and the ready file say."""
        here = {"console_url": self.console_url, "command": itself.command()}
        return {**self.gateway.info(), **here}

    def signing_key(self) -> RegisteredKey:
        """A believed key whose ``.p8`` is here; made if all that are registered lie elsewhere."""
        gateway = self.gateway
        return gateway.home.signing_key(gateway.keys, gateway.settings.team_id)

    def stop(self) -> None:
        """Ask for an orderly end. Returns at once."""
        self._stop.set()

    async def stopping(self) -> None:
        """Wait until somebody has asked for the end."""
        await self._stop.wait()

    async def run_devices(
        self, gateway: Gateway, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Be the host of the virtual devices; a companion of the gateway."""
        self.gateway = gateway
        self.devices = VirtualDevices(gateway)
        self.snapshots = Snapshots(gateway, self.devices)
        gateway.drained = self.snapshots.leave
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.devices.adopt_all)
            await nursery.start(self.devices.run)
            task_status.started()

    async def run_webhooks(
        self, gateway: Gateway, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Tell others what became of each push; a companion of the gateway."""
        self.webhooks = webhooks_of(gateway)
        await self.webhooks.run(task_status)

    async def run_console(
        self, gateway: Gateway, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve the control API; a companion of the gateway."""
        settings = gateway.settings
        parts = console_parts(self, self._stop)
        # Whoever names this machine for providers (--san) names it for the console, too.
        names = frozenset(name.lower() for name in settings.san)
        bind = Bind(settings.host, settings.console_port, settings.console_token, names)
        async with trio.open_nursery() as nursery:
            with opening("console", settings.host, settings.console_port):
                port = await nursery.start(serve_console, parts, bind)
            self.console_url = f"http://{url_host(settings.host)}:{port}"
            task_status.started()


def run(settings: Settings, beside: Callable[[Running], Awaitable[None]] | None = None) -> None:
    """Serve until SIGINT or SIGTERM, or until ``beside`` calls ``stop()``; then drain.

    Args:
        settings: the knobs.
        beside: runs beside the gateway once every port is open.

    Raises:
        CannotStartError: one line that says why.
    """
    logs.set_up(settings.log_format, settings.log_level)
    open_files.allow_many()
    if settings.ready_file is not None:
        _forget(settings.ready_file)
    with told_as(CannotStartError, *CANNOT_START):
        trio.run(_run, settings, beside)


async def _run(settings: Settings, beside: Callable[[Running], Awaitable[None]] | None) -> None:
    stop = trio.Event()
    async with trio.open_nursery() as signals:
        await signals.start(_stop_on_signal, stop, signals.cancel_scope)
        await _serve_until(stop, settings, beside)
        signals.cancel_scope.cancel()


async def _serve_until(
    stop: trio.Event, settings: Settings, beside: Callable[[Running], Awaitable[None]] | None
) -> None:
    async with trio.open_nursery() as nursery:
        running = Running(stop)
        await nursery.start(serve, settings, Clock(), stop, running.companions)
        await running.snapshots.begin()
        if settings.seed is not None:
            log.warning("--seed: tokens and ids can be guessed; for tests alone")
        _calm_the_collector()
        _announce(running.info(), settings.ready_file)
        if beside is not None:
            nursery.start_soon(beside, running)
        await stop.wait()
        log.info("draining, at most %g s", settings.drain_seconds)
        nursery.cancel_scope.deadline = trio.current_time() + settings.drain_seconds + GRACE_SECONDS


async def _stop_on_signal(
    stop: trio.Event,
    scope: trio.CancelScope,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    with trio.open_signal_receiver(*that_end()) as signals:
        task_status.started()
        async for number in signals:
            # A terminal that is closed says so twice: by its shell, and by the kernel.
            if stop.is_set() and number != signal.SIGHUP:
                log.warning("asked to stop a second time: ending without the drain")
                scope.cancel()
            stop.set()


def _forget(ready_file: Path) -> None:
    """Whoever waits for the file must not find that of an earlier gateway."""
    try:
        ready_file.unlink(missing_ok=True)
    except OSError as error:
        raise CannotStartError(f"{ready_file}: cannot be replaced ({error.strerror})") from None


def _calm_the_collector() -> None:
    """Make full collections rare: what lives long here (journal, tokens, links) lives for ever.

    The defaults walk it after every 70,000 new objects or so, which stops the loop for tens of
    milliseconds; reference cycles are few, and the younger generations still find them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 50, 20)


def _announce(info: dict[str, Any], ready_file: Path | None) -> None:
    log.info("provider API %s, devices %s", info["provider_url"], info["courier"])
    manage = ", ".join(f"{port} for {name}" for name, port in info["manage_ports"].items())
    log.info("channel management on ports %s", manage)
    if info["proxy_url"]:
        log.info("proxy %s", info["proxy_url"])
    log.info("web page and control API %s, trust %s", info["console_url"], info["ca_file"])
    for key in info["keys"]:
        if key["key_file"]:
            log.info("sign with %s, team %s", key["key_file"], key["team_id"])
    if ready_file is not None:
        # Written under another name, then renamed: whoever sees it, sees all of it.
        text = json.dumps(info, indent=1) + "\n"
        write_credential(ready_file, text.encode(), mode=PUBLIC_MODE, replace=True)
