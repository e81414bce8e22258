"""A push as ``xcrun simctl push`` takes it; pure but for running it.

``xcrun simctl help push`` (Xcode): ``push <device> [<bundle identifier>] (<json file> | -)``; the
payload must be an object with an ``aps`` key, "4096 bytes or less"; its top-level key
``Simulator Target Bundle`` is overridden by the argument. "Only application remote push
notifications are supported. VoIP, Complication, File Provider, and other types are not supported."
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.notification import PushType

if TYPE_CHECKING:
    from apnsim.client.views import Notification

MAX_BYTES = 4096
RUN_SECONDS = 60.0
XCRUN = "xcrun"


class NotForSimulatorError(Exception):
    """The simulator cannot be sent this push; the message says why."""


class SimulatorError(Exception):
    """``simctl`` has failed; the message is what it said."""


@dataclass(frozen=True, slots=True)
class SimulatorPush:
    """What to run, and what it reads."""

    command: tuple[str, ...]
    payload: bytes


def simulator_push(push: Notification, device: str) -> SimulatorPush:
    """How a push is sent to a simulator.

    Args:
        push: as the control API tells it.
        device: the simulator's UDID or name, or ``booted``.

    Raises:
        NotForSimulatorError: it cannot be sent.
    """
    if push.push_type != PushType.ALERT or push.topic is None:
        raise NotForSimulatorError(f"the simulator takes alerts only, not {push.push_type}")
    if push.payload is None or "aps" not in push.payload:
        raise NotForSimulatorError("the simulator takes payloads with an aps dictionary only")
    if push.topic.startswith("-"):
        raise NotForSimulatorError(f"simctl would take {push.topic} for an option")
    payload = _compact(push.payload)
    if len(payload) > MAX_BYTES:
        raise NotForSimulatorError(f"the simulator takes {MAX_BYTES} bytes, not {len(payload)}")
    return SimulatorPush((XCRUN, "simctl", "push", device, push.topic, "-"), payload)


def _compact(payload: dict[str, object]) -> bytes:
    try:
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8: it stays the escape that it was
        return json.dumps(payload, separators=(",", ":")).encode()


def run(push: SimulatorPush) -> None:
    """Send it.

    Raises:
        SimulatorError: it did not work out.
    """
    try:
        subprocess.run(
            push.command, input=push.payload, capture_output=True, check=True, timeout=RUN_SECONDS
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        raise SimulatorError(said[-1] if said else f"exit code {error.returncode}") from None
    except subprocess.TimeoutExpired:
        raise SimulatorError(f"no end within {RUN_SECONDS:g} s") from None
    except OSError as error:
        raise SimulatorError(f"{XCRUN}: {error.strerror}") from None
