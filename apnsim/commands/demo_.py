"""``apnsim demo``: the gateway with two phones, a curl line to paste, and what arrives."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from apnsim import itself, options, output, serve

if TYPE_CHECKING:
    import argparse

    from apnsim.serve import Running
    from protocol.courier.messages import Push

EPILOG = """\
examples:
  apnsim demo
  apnsim demo --data-dir /tmp/demo --store memory     nothing stays but the CA and the keys

The phones and their tokens are the same at the next start (unless the store is memory).
"""

BUNDLE_ID = "com.example.app"
PHONES = ("Anna's iPhone", "Ben's iPhone")

BANNER = """
apnsim {version}: the gateway is up and two phones are connected.

  provider API   {provider_url}
  CA file        {ca_file}
  key            {key_file}
  key id         {key_id}
  team id        {team_id}
  topic          {topic}
  web page       {console_url}
  control API    {console_url}/api/v1/info

  {phone} has token
  {token}
  {other_phone} has token
  {other_token}

Paste this into another terminal:

{curl}

or, without curl:

{send}

What the phones receive appears below. Ctrl-C ends it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings of the gateway."""
    parser.epilog = EPILOG
    options.gateway_settings(parser)


def run(parsed: argparse.Namespace) -> int:
    """Serve, with the demo beside, until SIGINT or SIGTERM."""
    serve.run(options.read_settings(parsed, {"log_level": "warning"}), _show)
    return 0


async def _show(running: Running) -> None:
    running.devices.watch(_print_push)
    tokens = [await _phone(running, name) for name in PHONES]
    registered = running.signing_key()
    output.say(
        BANNER.format(
            **running.info(),
            key_file=registered.key_file,
            key_id=registered.key.key_id,
            topic=BUNDLE_ID,
            phone=PHONES[0],
            token=tokens[0],
            other_phone=PHONES[1],
            other_token=tokens[1],
            curl=_curl(running, tokens[0]),
            send=_send(running, tokens[1]),
        )
    )


async def _phone(running: Running, name: str) -> str:
    """The token of the demo app on the phone of that name; both are made at the first start."""
    host = running.devices
    known = next((each for each in host.list_devices() if each.name == name), None)
    device = known or await host.create_device(name)
    app = await host.install_app(device.id, BUNDLE_ID, ["alert", "background"])
    return app.tokens["alert"]


def _curl(running: Running, token: str) -> str:
    info = running.info()
    bearer = f"$({shlex.quote(itself.command())} keys token {_data_dir(running)})"
    return " \\\n  ".join(
        [
            f"curl -i --http2 --cacert {shlex.quote(info['ca_file'])}",
            f'-H "authorization: bearer {bearer}"',
            f"-H 'apns-topic: {BUNDLE_ID}' -H 'apns-push-type: alert'",
            """-d '{"aps":{"alert":"Hello"}}'""",
            f"{info['provider_url']}/3/device/{token}",
        ]
    )


def _send(running: Running, token: str) -> str:
    url = shlex.quote(running.info()["provider_url"])
    return " \\\n  ".join(
        [
            f"{shlex.quote(itself.command())} send {_data_dir(running)} --url {url}",
            f"--topic {BUNDLE_ID} --alert Hello",
            f"--token {token}",
        ]
    )


def _data_dir(running: Running) -> str:
    return f"--data-dir {shlex.quote(str(running.gateway.home.directory.resolve()))}"


def _print_push(name: str, push: Push, presentation: str, detail: str) -> None:
    payload = push.payload.decode("utf-8", "replace")
    why = f" ({detail})" if detail else ""
    output.say(f"{name}: {presentation}{why}  {push.topic}  {payload}")
