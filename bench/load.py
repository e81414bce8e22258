"""Driving a server with h2load (nghttp2-client): 4 connections of 50 streams."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CONNECTIONS, STREAMS = 4, 50
PAYLOAD = (
    b'{"aps":{"alert":{"title":"Game Request","body":"Bob wants to play poker with you tonight, '
    b'and says that the others have agreed to come as well"},"badge":3,"sound":"default",'
    b'"thread-id":"poker"},"gameID":"12345678"}'
)


class MissingToolError(Exception):
    """A program that a measurement needs is not on this machine; says what to install."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What h2load saw; ``cpu`` is microseconds of processor time per push, per process."""

    per_second: float
    succeeded: int
    failed: int
    cpu: dict[str, float] = field(default_factory=dict)


def require(program: str, package: str) -> str:
    """The program's path.

    Raises:
        MissingToolError: it is not installed.
    """
    if (path := shutil.which(program)) is None:
        raise MissingToolError(f"{program} is not installed (Debian: apt-get install {package})")
    return path


def post(urls: list[str], bearer: str, topic: str, *, requests: int, directory: Path) -> Rate:
    """Send that many pushes, taking the URLs in turn.

    Raises:
        MissingToolError: h2load is not installed.
    """
    h2load = require("h2load", "nghttp2-client")
    (directory / "payload.json").write_bytes(PAYLOAD)
    (directory / "urls").write_text("\n".join(urls) + "\n")
    command = [h2load, "-c", str(CONNECTIONS), "-m", str(STREAMS), "-n", str(requests)]
    command += ["-d", str(directory / "payload.json"), "-i", str(directory / "urls")]
    command += ["-H", ":method: POST", "-H", f"authorization: bearer {bearer}"]
    command += ["-H", f"apns-topic: {topic}", "-H", "apns-push-type: alert"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    per_second = re.search(r"finished in .*?, ([\d.]+) req/s", said)
    codes = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", said)
    if per_second is None or codes is None:
        raise RuntimeError(f"h2load said something else than expected:\n{said}")
    succeeded = int(codes[1])
    return Rate(float(per_second[1]), succeeded, requests - succeeded)
