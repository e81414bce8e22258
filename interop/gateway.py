"""The gateway of a run: ``apnsim serve`` in a process of its own, which a case may restart."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from apnsim.client import Apnsim
from interop.cases import Way

if TYPE_CHECKING:
    from collections.abc import Sequence

APPLE = "https://api.sandbox.push.apple.com:2197"  # where nobody listens: by the proxy only
PASSWORD = "secret"
COMMAND = str(Path(sys.executable).with_name("apnsim"))
MANAGE = {"manage-port-development": "development", "manage-port-production": "production"}
START_SECONDS = 90
STOP_SECONDS = 20


class Gateway:
    """Keeps its ports and its data over restarts.

    Args:
        data_dir: an empty folder.
        options: more of ``apnsim serve``.

    Attributes:
        starts: how often it has been started.
        control: its control API.
        info: where everything is.
    """

    starts = 0
    control: Apnsim
    info: dict[str, Any]

    def __init__(self, data_dir: Path, options: Sequence[str] = ()) -> None:
        self._data_dir = data_dir
        self._options = options
        names = ("provider-port", "courier-port", "console-port", "proxy-port", *MANAGE)
        self._ports = dict.fromkeys(names, 0)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._start()
        self.control = Apnsim(self.info["console_url"])
        return self

    def __exit__(self, *_: object) -> None:
        self.control.close()
        self._stop()

    def restart(self) -> None:
        """As a deployment does: 503 to what comes, answers to what is there, GOAWAY, close; start.

        Returns once every port is open again.
        """
        self._stop()
        self._start()

    def variables(self, way: Way, topic: str) -> dict[str, str]:
        """What a client program finds in its environment.

        Args:
            way: how it is to get here.
            topic: what it pushes to.
        """
        told = {
            "APNSIM_PROVIDER_URL": self.info["provider_url"],
            "APNSIM_MANAGE_URL": f"https://127.0.0.1:{self.info['manage_ports']['development']}",
            "APNSIM_CA_FILE": self.info["ca_file"],
        }
        if way is Way.CERTIFICATE:
            return told | self._certificate(topic)
        if way is Way.PROXY:
            told |= {"APNSIM_PROVIDER_URL": APPLE, "APNSIM_PROXY_URL": self.info["proxy_url"]}
        [key] = self.info["keys"]
        return told | {
            "APNSIM_KEY_FILE": key["key_file"],
            "APNSIM_KEY_ID": key["key_id"],
            "APNSIM_TEAM_ID": key["team_id"],
        }

    def _certificate(self, topic: str) -> dict[str, str]:
        places = ["--out", str(self._data_dir), "--data-dir", str(self._data_dir)]
        command = [COMMAND, "certs", "provider", topic, "--p12", PASSWORD, *places]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        certificate, key, both, p12 = (
            self._data_dir / f"{topic}{end}" for end in (".pem", "-key.pem", "-both.pem", ".p12")
        )
        both.write_text(certificate.read_text() + key.read_text())
        return {
            "APNSIM_CERTIFICATE_FILE": str(both),
            "APNSIM_P12_FILE": str(p12),
            "APNSIM_P12_PASSWORD": PASSWORD,
        }

    def _start(self) -> None:
        ready = self._data_dir / "ready.json"
        ready.unlink(missing_ok=True)
        ports = [f"--{name}={port}" for name, port in self._ports.items()]
        places = ["--data-dir", str(self._data_dir), "--ready-file", str(ready)]
        command = [COMMAND, "serve", *places, *ports, "--log-level=warning", *self._options]
        self._process = subprocess.Popen(command)
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                self._process.wait()
                raise RuntimeError("the gateway did not start; its log says why")
            time.sleep(0.02)
        self.starts += 1
        self.info = json.loads(ready.read_text())
        self._ports = {
            "provider-port": self.info["provider_ports"][0],
            "courier-port": int(self.info["courier"].rpartition(":")[2]),
            "console-port": int(self.info["console_url"].rpartition(":")[2]),
            "proxy-port": int(self.info["proxy_url"].rpartition(":")[2]),
            **{option: self.info["manage_ports"][name] for option, name in MANAGE.items()},
        }

    def _stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        if self._process.wait(STOP_SECONDS):
            raise RuntimeError(f"the gateway ended with {self._process.returncode}")
