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
from apnsim.own_provider import HOSTS
from certs.provider_key import ProviderKey
from protocol.notification import Environment
from tests.e2e.command import PORTS

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 120
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
        self.bearer = f"bearer {self._key.sign(int(time.time()))}"
        # The server name of a connection tells the environment, so each has its own.
        self._clients = {environment: self._client() for environment in Environment}

    def _client(self) -> httpx.Client:
        trust = ssl.create_default_context(cafile=self.info["ca_file"])
        return httpx.Client(http2=True, verify=trust, trust_env=False)

    def push(
        self,
        token: str,
        payload: object = None,
        *,
        topic: str = TOPIC,
        environment: str = "development",
        **headers: str,
    ) -> httpx.Response:
        """Push as a backend does; ``apns_collapse_id="x"`` is the header of that name.

        ``payload`` is JSON, a word for an alert, or bytes as they are.
        """
        if payload is None or isinstance(payload, str):
            payload = {"aps": {"alert": payload or "Hello"}}
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        usual = {"apns-topic": topic, "apns-push-type": "alert", "authorization": self.bearer}
        return self._clients[Environment(environment)].post(
            f"{self.info['provider_url']}/3/device/{token}",
            headers=usual | given,
            content=body,
            extensions={"sni_hostname": HOSTS[Environment(environment)]},
        )

    def create_channel(self) -> str:
        """As a backend does, at the port of channel management; its id."""
        url = self.info["provider_url"].rpartition(":")[0]
        answer = self._clients[Environment.DEVELOPMENT].post(
            f"{url}:{self.info['manage_ports']['development']}/1/apps/{TOPIC}/channels",
            headers={"authorization": self.bearer},
            json={"message-storage-policy": 1, "push-type": "LiveActivity"},
        )
        assert answer.status_code == 201, answer.text
        return answer.headers["apns-channel-id"]

    def phone(
        self, name: str = "Anna's iPhone", *, online: bool = True, environment: str | None = None
    ) -> str:
        """A new phone with the demo app: the app's token."""
        phone = self.apnsim.create_device(name=name, environment=environment)
        token = phone.install(TOPIC).token
        if not online:
            phone.update(online=False)
            # Until its session is over, the gateway believes that somebody is there.
            while any(link["device"] == phone.id for link in self.apnsim.connections()["courier"]):
                pass
        return token

    def close(self) -> None:
        """Hang up."""
        for client in self._clients.values():
            client.close()
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
