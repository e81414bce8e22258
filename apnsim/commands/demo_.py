"""``apnsim demo``: the gateway with two phones, a curl line to paste, and what arrives."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from apnsim import options, serve

if TYPE_CHECKING:
    import argparse

    from apnsim.serve import Running
    from protocol.courier.messages import Push

BUNDLE_ID = "com.example.app"
PHONES = ("Anna's iPhone", "Ben's iPhone")

BANNER = """
  provider API   {provider_url}
  CA file        {ca_file}
  key            {key_file}
  key id         {key_id}
  team id        {team_id}
  topic          {topic}
  control API    {console_url}/api/v1/info

  {phone} has token
  {token}
  {other_phone} has token
  {other_token}

Paste this into another terminal:

{curl}

What the phones receive appears below. Ctrl-C ends it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings of the gateway."""
    options.gateway_settings(parser)


def run(parsed: argparse.Namespace) -> int:
    """Serve, with the demo beside, until SIGINT or SIGTERM."""
    serve.run(options.read_settings(parsed, {"log_level": "warning"}), _show)
    return 0


async def _show(running: Running) -> None:
    running.devices.watch(_print_push)
    tokens = [await _phone(running, name) for name in PHONES]
    info = running.info()
    key = next(key for key in info["keys"] if key["key_file"])
    print(
        BANNER.format(
            **{**info, **key},
            topic=BUNDLE_ID,
            phone=PHONES[0],
            token=tokens[0],
            other_phone=PHONES[1],
            other_token=tokens[1],
            curl=_curl(running, tokens[0]),
        )
    )
    sys.stdout.flush()


async def _phone(running: Running, name: str) -> str:
    """The token of the demo app on the phone of that name; both are made at the first start."""
    host = running.devices
    known = next((each for each in host.list_devices() if each.name == name), None)
    device = known or await host.create_device(name)
    app = await host.install_app(device.id, BUNDLE_ID, ["alert", "background"])
    return app.tokens["alert"]


def _curl(running: Running, token: str) -> str:
    info = running.info()
    data_dir = running.gateway.home.directory.resolve()
    command = shutil.which("apnsim", path=str(Path(sys.executable).parent)) or "apnsim"
    bearer = f"$({shlex.quote(command)} keys token --data-dir {shlex.quote(str(data_dir))})"
    return " \\\n  ".join(
        [
            f"curl -i --http2 --cacert {shlex.quote(info['ca_file'])}",
            f'-H "authorization: bearer {bearer}"',
            f"-H 'apns-topic: {BUNDLE_ID}' -H 'apns-push-type: alert'",
            """-d '{"aps":{"alert":"Hello"}}'""",
            f"{info['provider_url']}/3/device/{token}",
        ]
    )


def _print_push(name: str, push: Push, presentation: str, detail: str) -> None:
    payload = push.payload.decode("utf-8", "replace")
    print(f"{name}: {presentation}{f' ({detail})' if detail else ''}  {push.topic}  {payload}")
    sys.stdout.flush()
