"""``--watch``: the phone in the terminal from the first frame to the goodbye."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import trio

from apnsim import logs, output
from apnsim.errors import CommandError, told_as
from apnsim.signals import cancel_on_signal
from apnsim.watch.other import OtherDevice
from apnsim.watch.own import OwnDevice
from apnsim.watch.tail import Tail
from apnsim.watch.terminal import show, terminal
from devicesim.program import DeviceSettings, run_device

if TYPE_CHECKING:
    from rich.console import Console


def watch_own(settings: DeviceSettings, log_level: str) -> None:
    """Be a device and show it, until SIGINT or SIGTERM.

    Raises:
        CannotStartError: standard output is no terminal.
        BaseExceptionGroup: see :func:`~devicesim.program.run_device`.
    """
    console, tail = terminal(), Tail()
    logs.send_to(tail, log_level)
    trio.run(_be_and_show, settings, tail, console)
    for _, line in tail.newest(1):  # the end of its link
        output.say(line)
    output.say(f"{settings.name} has said goodbye.")


def watch_other(console_url: str, token: str | None, device_id: str) -> None:
    """Show a virtual device of a running gateway, until SIGINT or SIGTERM.

    Raises:
        CannotStartError: standard output is no terminal.
        CommandError: the gateway is not there, or has no such device.
    """
    console, tail = terminal(), Tail()
    logs.send_to(tail, "warning")
    with told_as(CommandError, CommandError):
        trio.run(_ask_and_show, console_url, token, device_id, tail, console)
    output.say("Goodbye; the phone stays as it is.")


async def _be_and_show(settings: DeviceSettings, tail: Tail, console: Console) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(cancel_on_signal, nursery.cancel_scope)
        program = await nursery.start(run_device, settings)
        nursery.start_soon(show, OwnDevice(program), tail, console)


async def _ask_and_show(
    console_url: str, token: str | None, device_id: str, tail: Tail, console: Console
) -> None:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    async with (
        # The console is on this machine or named on purpose: no proxy of the environment.
        httpx.AsyncClient(base_url=console_url, headers=headers, trust_env=False) as http,
        trio.open_nursery() as nursery,
    ):
        device = OtherDevice(http, device_id)
        await device.look()  # what cannot be seen is told before the terminal changes
        nursery.start_soon(cancel_on_signal, nursery.cancel_scope)
        nursery.start_soon(device.tell, tail)
        nursery.start_soon(show, device, tail, console)
