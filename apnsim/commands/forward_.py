"""``apnsim forward``: what emulated phones show, on a simulator, too."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import TYPE_CHECKING

from apnsim import options, output, simctl
from apnsim.client import Apnsim
from apnsim.client.errors import ApnsimError
from apnsim.client.views import Notification, read
from apnsim.errors import CannotStartError, CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apnsim.client.views import Filters

EPILOG = """\
examples:
  apnsim forward simctl                                       to the simulator that is booted
  apnsim forward simctl --device "iPhone 17" --bundle-id com.example.app

Runs "xcrun simctl push DEVICE BUNDLE_ID -" for each alert that an emulated app presents, so it
needs a Mac with Xcode. The simulator takes alerts of at most 4096 bytes; what it does not take is
said on standard error. It does not ask for permission again: allow notifications in the app first.

exit codes: 0 the gateway has ended, or --count is reached; 1 a push could not be sent, or the
gateway is not there; 2 there is no xcrun
"""

PRESENTED = "Presented"
KNOWN = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which pushes, and where to."""
    parser.epilog = EPILOG
    parser.add_argument("to", choices=["simctl"], help="Xcode's simulators, on this Mac")
    parser.add_argument(
        "--device",
        type=_device,
        default="booted",
        metavar="DEVICE",
        help="a simulator's UDID or name, or booted (the default)",
    )
    parser.add_argument(
        "--bundle-id",
        type=options.bundle_id,
        metavar="BUNDLE_ID",
        help="only pushes to this app (default: to any)",
    )
    parser.add_argument(
        "--count", type=options.count, metavar="N", help="end after so many (default: never)"
    )
    options.console(parser)


def run(parsed: argparse.Namespace) -> int:
    """Send what is presented from now on."""
    if shutil.which(simctl.XCRUN) is None:
        raise CannotStartError(
            "there is no xcrun: simulators run on a Mac with Xcode (xcode-select --install)"
        )
    outcomes: list[bool] = []
    try:
        with Apnsim(parsed.console_url, token=parsed.console_token) as apnsim:
            output.say(f"sending to {parsed.device} what is presented; Ctrl-C ends it")
            for push in _presented(apnsim, parsed.bundle_id):
                outcomes += _send(push, parsed.device)
                if len(outcomes) == parsed.count:
                    break
    except ApnsimError as error:
        raise CommandError(error.detail) from None
    return int(not all(outcomes))


def _presented(apnsim: Apnsim, bundle_id: str | None) -> Iterator[Notification]:
    """Each push once, when it is presented, until the gateway ends.

    Who is too slow is dropped by the gateway: what is missed is looked up.
    """
    started, known = apnsim.info().time, dict[int, None]()
    whose: Filters = {} if bundle_id is None else {"bundle_id": bundle_id}
    filters: Filters = {"state": PRESENTED, "since": started, "limit": KNOWN, **whose}
    must_look_up = False
    while True:
        is_dropped = False
        for event in apnsim.events(**whose):
            if must_look_up:  # what came before this stream of events had begun
                must_look_up = False
                yield from _unknown(apnsim.notifications(**filters), known)
            if event.name == "reload":
                is_dropped = True
            elif event.name == "push" and event.data["state"] == PRESENTED:
                yield from _unknown([read(Notification, event.data)], known)
        if not is_dropped:
            return
        yield from _unknown(apnsim.notifications(**filters), known)
        must_look_up = True


def _unknown(pushes: list[Notification], known: dict[int, None]) -> Iterator[Notification]:
    for push in pushes:
        if push.number not in known:
            known[push.number] = None
            if len(known) > KNOWN:
                del known[next(iter(known))]
            yield push


def _send(push: Notification, device: str) -> list[bool]:
    """Whether it was sent; nothing, of what is none for a simulator."""
    name = f"{push.push_type} {push.topic} {push.apns_id}"
    try:
        simctl.run(simctl.simulator_push(push, device))
    except simctl.NotForSimulatorError as error:
        _warn(f"{name}: skipped: {error}")
        return []
    except simctl.SimulatorError as error:
        _warn(f"{name}: not sent: {error}")
        return [False]
    output.say(f"{name}: sent to {device}")
    return [True]


def _warn(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _device(text: str) -> str:
    # Not an option of simctl's.
    if not text or text.startswith("-") or not text.isprintable():
        raise argparse.ArgumentTypeError(f"expected a simulator's UDID or name, not {text!r}")
    return text
