"""The power of a device program, told by its owner on the local socket: one question, one answer.

The first frame of such a connection is ``power`` instead of ``attach``; see ``frames.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import trio

from devicesim.local_socket.app_connection import AppConnectionError
from devicesim.local_socket.frames import FrameError, SocketFrames
from devicesim.power import Power, WakeReason
from devicesim.state.files import StateError

if TYPE_CHECKING:
    from pathlib import Path

    from devicesim.daemon import Daemon

# How long the answer waits for the gateway to hear of it.
HEARD_SECONDS = 5.0


async def change_power(daemon: Daemon, frame: dict[str, Any]) -> dict[str, Any]:
    """Do what the owner says; the answer tells how the device is then, or why it cannot be."""
    power = daemon.power
    try:
        if (mode := frame.get("power")) is not None:
            power.use(Power(mode))
        if (reason := frame.get("wake")) is not None:
            power.wake(WakeReason(reason))
        daemon.state.extras["power"] = power.mode.value
        await daemon.state.save()
    except (ValueError, StateError) as error:
        return {"say": "refused", "why": str(error)}
    with trio.move_on_after(HEARD_SECONDS):
        await daemon.go_online()
        await daemon.wait_until_heard()
    return {
        "say": "power",
        "power": power.mode.value,
        "assertion_policy": str(power.policy),
        "online": daemon.is_online,
    }


async def tell_power(socket_path: Path, **changes: str) -> dict[str, Any]:
    """Change a device program's power; without changes, ask for it.

    Args:
        socket_path: where the device listens.
        changes: ``power`` (a :class:`Power`) or ``wake`` (a :class:`WakeReason`).

    Returns:
        ``power``, ``assertion_policy`` and ``online``, as they are then.

    Raises:
        AppConnectionError: nobody listens there, or it cannot be done.
    """
    try:
        async with await trio.open_unix_socket(socket_path) as stream:
            frames = SocketFrames(stream)
            await frames.send({"say": "power", **changes})
            answer = await frames.receive()
    except (OSError, FrameError, trio.BrokenResourceError) as error:
        why = getattr(error, "strerror", None) or error
        raise AppConnectionError(
            f"{socket_path}: no device daemon answers ({why}); start one with: apnsim device"
        ) from None
    if answer is None or answer["say"] != "power":
        why = "it went away" if answer is None else answer.get("why", answer["say"])
        raise AppConnectionError(f"{socket_path}: {why}")
    return answer
