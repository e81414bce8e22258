"""``run_device``: one device as a program: its daemon, its folder, its socket for apps."""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

import trio

from certs.contexts import device_client_context
from devicesim.activation import Enrolment, activate
from devicesim.agenda import Agenda
from devicesim.daemon import Daemon
from devicesim.link.backoff import Backoff
from devicesim.link.dial import TlsDial
from devicesim.link.intervals import interval_policy
from devicesim.link.keepalive import KeepAliveSweeper
from devicesim.link.links import Links
from devicesim.live_activities.kit import ActivityKit
from devicesim.local_socket.activities import sweep_activities
from devicesim.local_socket.listener import LocalSocket
from devicesim.local_socket.unix import private_unix_listener
from devicesim.network import Interface, LostStreams, PhoneNetwork
from devicesim.notification_center import NotificationCenter
from devicesim.power import PhonePower, Power, PowerSettings
from devicesim.state.device_state import DeviceState
from devicesim.state.files import StateFiles, locked_directory
from protocol.notification import Environment

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """What a device program needs to know.

    Attributes:
        state_dir: its folder, mode 0700; who it is and what it remembers.
        socket_path: where apps attach.
        console_url: who activates it when it has no certificate yet.
        name: what a new device is called.
        device_id: of a new device; None to make one up.
        environment: of a new device.
        courier: host and port, if not those that the activation told.
        keep_alive_seconds: between keep-alives; None: it adapts, as Apple's does.
        console_token: the bearer token that the console demands, if it does.
        power: the numbers of its power.
    """

    state_dir: Path
    socket_path: Path
    console_url: str
    name: str = "iPhone"
    device_id: str | None = None
    environment: Environment = Environment.DEVELOPMENT
    courier: tuple[str, int] | None = None
    keep_alive_seconds: float | None = None
    console_token: str | None = None
    power: PowerSettings = field(default_factory=PowerSettings)


@dataclass(frozen=True, slots=True)
class DeviceProgram:
    """What a running device consists of, for whoever looks at it."""

    daemon: Daemon
    door: LocalSocket
    notification_center: NotificationCenter
    activity_kit: ActivityKit


async def run_device(
    settings: DeviceSettings,
    enrolment: Enrolment | None = None,
    task_status: trio.TaskStatus[DeviceProgram] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Be a device until cancelled, then say goodbye to the gateway (at most a second).

    Started, with its parts, when apps can attach; ``daemon.wait_until_online()`` tells when the
    gateway knows it. It is a phone that lies locked on a table: nobody unlocks it.

    Args:
        settings: see there.
        enrolment: its certificate; None to use the one in its folder, or else to activate.
        task_status: for ``nursery.start``.

    Raises:
        ActivationError: no certificate was to be had.
        StateError, CredentialError: its folder cannot be used.
        LocalSocketError: its socket cannot be made.
    """
    with locked_directory(settings.state_dir):
        state = await _load_state(settings)
        enrolled = enrolment or await _enrol(settings, state)
        agenda = Agenda()
        power = PhonePower(
            state.name,
            Power(state.extras.get("power", Power.AWAKE)),
            settings.power,
            agenda=agenda,
        )
        center = NotificationCenter(state, time.time, lambda: True)
        activity_kit = ActivityKit(state, time.time, announce=center.announce)
        door = LocalSocket(activity_kit, center, power)
        sweeper = KeepAliveSweeper(interval_policy(settings.keep_alive_seconds))
        links = _links(settings, state, enrolled)
        daemon = Daemon(state, links, sweeper, door, power)
        with private_unix_listener(settings.socket_path) as listener:
            log.info("apsd[%s]: apps attach at %s", state.name, settings.socket_path)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(door.run, daemon, listener)
                nursery.start_soon(sweeper.run)
                nursery.start_soon(agenda.run)
                nursery.start_soon(daemon.run)
                nursery.start_soon(sweep_activities, daemon, activity_kit, door)
                task_status.started(DeviceProgram(daemon, door, center, activity_kit))


def _links(settings: DeviceSettings, state: DeviceState, enrolled: Enrolment) -> Links:
    host, port = settings.courier or (enrolled.courier_host, enrolled.courier_port)
    dial = TlsDial(
        host,
        port,
        state.environment,
        lambda: device_client_context(enrolled.leaf, enrolled.ca_pem),
        PhoneNetwork(LostStreams()).paths[Interface.WIFI],
    )
    log.info("apsd[%s]: device %s, courier %s:%d", state.name, state.device_id, host, port)
    return Links(f"apsd[{state.name}]", {Interface.WIFI: dial}, lambda: Backoff(Random()))


async def _load_state(settings: DeviceSettings) -> DeviceState:
    files = StateFiles(settings.state_dir, is_synced=True)
    state = await trio.to_thread.run_sync(DeviceState.load, files)
    if state is None:
        device_id = settings.device_id or f"device-{secrets.token_hex(6)}"
        state = DeviceState(device_id, settings.name, settings.environment, files)
        await state.save()
    return state


async def _enrol(settings: DeviceSettings, state: DeviceState) -> Enrolment:
    enrolled = await trio.to_thread.run_sync(Enrolment.load, settings.state_dir)
    if enrolled is None:
        enrolled = await activate(
            settings.console_url, state.device_id, console_token=settings.console_token
        )
        await trio.to_thread.run_sync(enrolled.write, settings.state_dir)
        log.info("apsd[%s]: activated by %s", state.name, settings.console_url)
    return enrolled
