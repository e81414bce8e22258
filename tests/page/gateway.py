"""A real ``apnsim serve`` in a process of its own, and a backend that pushes to it."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from apnsim.client import Apnsim
from certs.provider_key import ProviderKey
from tests.e2e.command import PORTS

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 30
TOPIC = "com.example.app"
NOBODY = "ab" * 32


class PageGateway:
    """A gateway that is up.

    Args:
        info: its ready file.
        data_dir: where its CA and its key are.
        console_token: what its console demands.
    """

    def __init__(self, info: dict[str, Any], data_dir: Path, console_token: str | None) -> None:
        self.info = info
        self.data_dir = data_dir
        self.console_url: str = info["console_url"]
        self.apnsim = Apnsim(self.console_url, token=console_token)
        [key] = info["keys"]
        self._key = ProviderKey.load(Path(key["key_file"]), key["team_id"])
        self._http = httpx.Client(
            http2=True,
            verify=ssl.create_default_context(cafile=info["ca_file"]),
            base_url=info["provider_url"],
        )
        self.bearer = f"bearer {self._key.sign(int(time.time()))}"

    def push(
        self, token: str, payload: object = None, *, topic: str = TOPIC, **headers: str
    ) -> httpx.Response:
        """Push as a backend does; ``apns_collapse_id="x"`` is the header of that name.

        ``payload`` is JSON, a word for an alert, or bytes as they are.
        """
        if payload is None or isinstance(payload, str):
            payload = {"aps": {"alert": payload or "Hello"}}
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        usual = {"apns-topic": topic, "apns-push-type": "alert", "authorization": self.bearer}
        return self._http.post(f"/3/device/{token}", headers=usual | given, content=body)

    def phone(self, name: str = "Anna's iPhone", *, online: bool = True) -> str:
        """A new phone with the demo app: the app's token."""
        phone = self.apnsim.create_device(name=name)
        token = phone.install(TOPIC).token
        if not online:
            phone.update(online=False)
        return token

    def close(self) -> None:
        """Hang up."""
        self._http.close()
        self.apnsim.close()


@contextmanager
def page_gateway(data_dir: Path, *options: str, token: str | None = None) -> Iterator[PageGateway]:
    """Start one on free ports; it is gone afterwards, also when this process is killed."""
    ready = data_dir / "ready.json"
    command = [sys.executable, "-m", "apnsim", "serve", "--until-eof", *PORTS, "--store", "memory"]
    command += ["--data-dir", str(data_dir), "--ready-file", str(ready), *options]
    if token is not None:
        command += ["--console-token", token]
    with (data_dir / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
    with process:
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            assert process.poll() is None, (data_dir / "log").read_text()
            assert time.monotonic() < deadline, (data_dir / "log").read_text()
            time.sleep(0.02)
        gateway = PageGateway(json.loads(ready.read_text()), data_dir, token)
        yield gateway
        gateway.close()
        process.communicate()
