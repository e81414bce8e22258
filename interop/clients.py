"""The clients, as they come from their makers. A new one is an entry here and a program."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOLDER = Path(__file__).parent
NODE = FOLDER / "node"
SIGNS_ONCE = "keeps its provider token; signing anew is the caller's business"


@dataclass(frozen=True)
class Client:
    """A client and its program.

    Attributes:
        command: starts the program.
        version: of the client; called only when nothing is missing.
        needs: commands without which it cannot run.
        prepare: fetches what it needs; says what is missing, or returns "".
        cannot: cases that the client has no means for, and why.
        breaks_on: what a gateway must get right for this client, and the case that would show it
            (source: the measurements in docs/interop.md).
        sends: headers that must be seen (or, None, not be seen) from it; when a newer version
            behaves otherwise, ``breaks_on`` has to be looked at again.
    """

    name: str
    command: tuple[str, ...]
    version: Callable[[], str]
    needs: tuple[str, ...] = ()
    prepare: Callable[[], str] = lambda: ""
    cannot: Mapping[str, str] = field(default_factory=dict)
    breaks_on: Mapping[str, str] = field(default_factory=dict)
    sends: Mapping[str, str | None] = field(default_factory=dict)

    def missing(self) -> str:
        """What it would need to run here; empty if it can."""
        absent = [command for command in self.needs if shutil.which(command) is None]
        if absent:
            return f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} missing"
        return self.prepare()


def node_packages() -> str:
    """Install what interop/node/package-lock.json names, unless it is there; what went wrong."""
    lock, installed = NODE / "package-lock.json", NODE / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return ""
    quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(
        ["npm", "ci", *quiet], cwd=NODE, capture_output=True, text=True, check=False
    )
    return f"npm ci: {done.stderr.strip()[:200]}" if done.returncode else ""


def node_package_version(name: str) -> str:
    """The version that package-lock.json pins."""
    lock = json.loads((NODE / "package-lock.json").read_text())
    return str(lock["packages"][f"node_modules/{name}"]["version"])


def printed_version(command: str) -> str:
    """What ``command --version`` prints, without the name of the command."""
    printed = subprocess.check_output([command, "--version"], text=True).split()
    return printed[1] if printed[0] == command else printed[0].removeprefix("v")


CLIENTS = (
    Client(
        "aioapns",
        (sys.executable, str(FOLDER / "python" / "aioapns_client.py")),
        version=lambda: metadata.version("aioapns"),
        cannot={
            "expiration 0": "has time_to_live, sends now + time_to_live",
            "expiration 0, away": "has time_to_live, sends now + time_to_live",
            "token re-signed": "keeps its provider token for the life of a connection",
            "1300 unregistered": "never opens its connection window, so it hangs for ever in a "
            "burst of 65,535 bytes of errors; in a pause the gateway closes such "
            "a connection, and aioapns goes on over a fresh one",
        },
        breaks_on={
            "no ALPN: HTTP/2 must be spoken all the same": "every case",
            "`host` in place of `:authority`": "every case",
            "finds a request by its apns-id only; hangs when the echo differs by one letter's "
            "case": "own apns-id, bad token",
            "reads an error from one DATA frame only": "bad token",
            "leaves half-open requests when the server's first window is full": (
                "200 large, one connection"
            ),
            "hangs on REFUSED_STREAM": "twenty at once, cold",
        },
        sends={"host": "127.0.0.1"},
    ),
    Client(
        "httpx",
        (sys.executable, str(FOLDER / "python" / "httpx_client.py")),
        version=lambda: metadata.version("httpx"),
        cannot={"token re-signed": SIGNS_ONCE},
        sends={"host": None, "accept-encoding": "gzip, deflate"},
    ),
    Client(
        "curl",
        ("bash", str(FOLDER / "curl.sh")),
        version=lambda: printed_version("curl"),
        needs=("curl", "jq", "bash"),
        cannot={"token re-signed": SIGNS_ONCE},
        breaks_on={"sends a content-type that is no JSON's": "every case"},
        sends={"content-type": "application/x-www-form-urlencoded"},
    ),
    Client(
        "node-apn",
        ("node", str(NODE / "node_apn.js")),
        version=lambda: node_package_version("@parse/node-apn"),
        needs=("node", "npm"),
        prepare=node_packages,
        breaks_on={
            "loses 19 of 20 first requests to REFUSED_STREAM": "twenty at once, cold",
            "signs anew after ExpiredProviderToken and retries on the same connection": (
                "token re-signed"
            ),
            "retries ExpiredProviderToken three times, without delay": "token expired",
            "gives up after 5 s": "every case",
        },
        sends={"host": None, "content-length": None},
    ),
    Client(
        "node-http2",
        ("node", str(NODE / "http2.js")),
        version=lambda: printed_version("node"),
        needs=("node",),
        cannot={"token re-signed": SIGNS_ONCE},
        breaks_on={"loses 19 of 20 first requests to REFUSED_STREAM": "twenty at once, cold"},
        sends={"host": None},
    ),
)
