"""``apnsim app``: an emulated app in a process of its own, attached to a device daemon."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import trio

from apnsim import options, output
from apnsim.errors import CommandError, told_as
from apnsim.signals import that_end
from devicesim.local_socket.app_connection import AppConnection, AppConnectionError
from protocol.notification import PushType
from protocol.payload import InvalidPayloadError, parse_payload

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from protocol.courier.messages import Push

GOODBYE_SECONDS = 2.0
TIME_OVER = "run time over"

EPILOG = """\
examples:
  apnsim app --bundle-id com.example.app
  apnsim app --bundle-id com.example.app --push-type alert --push-type voip --json
  apnsim app --bundle-id com.example.app --count 1      leave after one push
  apnsim app --bundle-id com.example.app --push-type liveactivity --channel dHN0LXNyY2gtY2hubA==
  apnsim app --bundle-id com.example.app --attributes-type Delivery      Live Activities

First its tokens are printed, one line each, then a line for each push that arrives, and
again a token that has changed (a restore, a gateway that lost its memory); and a line for
each Live Activity that begins or changes, with its update token. What arrives while no app is
attached waits in the device and comes at the next start.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which app, and where the daemon listens."""
    parser.epilog = EPILOG
    parser.add_argument("--bundle-id", required=True, metavar="ID", help="such as com.example.app")
    parser.add_argument(
        "--push-type",
        action="append",
        choices=[*map(str, PushType)],
        help="what it registers for; may be given several times (default: alert)",
    )
    parser.add_argument(
        "--attributes-type",
        action="append",
        default=[],
        metavar="NAME",
        help="print the push-to-start token of this type; may be given several times",
    )
    options.device_socket(parser)
    parser.add_argument(
        "--channel",
        action="append",
        metavar="ID",
        help="broadcast channel that it listens to from now on; may be given several times",
    )
    parser.add_argument(
        "--no-report-calls",
        action="store_true",
        help="report no call for a VoIP push: the device then terminates the app, as iOS does",
    )
    parser.add_argument("--count", type=options.count, metavar="N", help="leave after N pushes")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--uninstall", action="store_true", help="remove the app and leave")


def run(parsed: argparse.Namespace) -> int:
    """Print what arrives, until SIGINT or SIGTERM or ``--count`` pushes."""
    with told_as(CommandError, AppConnectionError):
        trio.run(_run, parsed)
    return 0


async def _run(parsed: argparse.Namespace) -> None:
    leaving = trio.CancelScope()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_stop_on_signal, leaving, nursery.cancel_scope)
        await _attend(parsed, leaving)
        nursery.cancel_scope.cancel()


async def _attend(parsed: argparse.Namespace, leaving: trio.CancelScope) -> None:
    push_types = parsed.push_type or [PushType.ALERT]
    async with AppConnection.open(parsed.socket, parsed.bundle_id, push_types) as app:
        if parsed.uninstall:
            await app.uninstall()
            return
        # Cancelled within the connection, so that the app still says goodbye to its device.
        with leaving:
            for channel_id in parsed.channel or ():
                await app.subscribe(channel_id)
            await _print_all(parsed, app)


async def _print_all(parsed: argparse.Namespace, app: AppConnection) -> None:
    told: set[str] = set()

    def say_tokens() -> None:
        for line, entry in _tokens_of(app):
            if line not in told:
                told.add(line)
                _say(parsed, line, entry)

    app.on_time_over = lambda: _say(parsed, TIME_OVER, {"event": TIME_OVER})
    app.on_activity = lambda activity: _say(parsed, _activity_line(activity), activity)
    await app.wait_for_tokens()
    say_tokens()
    app.on_tokens = say_tokens
    for name in parsed.attributes_type:
        await app.push_to_start_token(name)
    received = 0
    while parsed.count is None or received < parsed.count:
        push = await anext(app, None)
        if push is None:
            return
        received += 1
        line, entry = _described(push)
        _say(parsed, line, entry | {"handler": app.handler, "must_report": app.must_report})
        if app.must_report and not parsed.no_report_calls:
            await app.report_call()


def _described(push: Push) -> tuple[str, dict[str, Any]]:
    try:
        payload: Any = parse_payload(push.payload)
    except InvalidPayloadError:
        payload = push.payload.decode("utf-8", "replace")
    entry = {
        "apns_id": push.apns_id,
        "topic": push.topic,
        "push_type": push.push_type,
        "priority": int(push.priority),
        "collapse_id": push.collapse_id,
        "payload": payload,
        "channel_id": None if push.channel is None else push.channel.channel_id,
    }
    shown = json.dumps(payload, ensure_ascii=False)
    return f"{push.push_type} {push.topic} {push.apns_id} {shown}", entry


def _tokens_of(app: AppConnection) -> Iterator[tuple[str, dict[str, Any]]]:
    """A line and an object for each token: the app's own, then those that start activities."""
    for push_type, token in app.tokens.items():
        yield f"{push_type} token {token}", {"push_type": push_type, "token": str(token)}
    for name, token in app.push_to_start_tokens.items():
        entry = {"push_type": PushType.LIVE_ACTIVITY, "attributes_type": name, "token": str(token)}
        yield f"push-to-start {name} token {token}", entry


def _activity_line(activity: dict[str, Any]) -> str:
    shown = json.dumps(activity["content_state"], ensure_ascii=False)
    name, kind, state = (activity[key] for key in ("activity_id", "attributes_type", "state"))
    return f"activity {kind} {name} {state} token {activity['token'] or 'none'} {shown}"


def _say(parsed: argparse.Namespace, line: str, entry: dict[str, Any]) -> None:
    output.say(json.dumps(entry, ensure_ascii=False) if parsed.json else line)


async def _stop_on_signal(leaving: trio.CancelScope, everything: trio.CancelScope) -> None:
    with trio.open_signal_receiver(*that_end()) as signals:
        async for _ in signals:
            leaving.cancel()
            everything.deadline = trio.current_time() + GOODBYE_SECONDS
