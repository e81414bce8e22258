"""A machine where Apple's host names lead to the gateway, for clients that know no others.

It is this one, in namespaces of its own: its hosts file and its ports are private to the run, and
nothing else can be reached from there (docs/unmodifiable-clients.md).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("machine.sh")
WHOSE = "APNSIM_INTEROP_MACHINE"
OWN, SHARED = "own", "shared"


def is_own() -> bool:
    """Whether this process runs there."""
    return os.environ.get(WHOSE) == OWN


def is_chosen() -> bool:
    """Whether it has been decided where to run."""
    return WHOSE in os.environ


def move_to_own() -> None:
    """Start this program again there; or here, where the system does not let us."""
    before = _prefix()
    environment = {**os.environ, WHOSE: OWN if before else SHARED}
    command = [*before, sys.executable, "-m", *sys.orig_argv[sys.orig_argv.index("-m") + 1 :]]
    os.execvpe(command[0], command, environment)


def _prefix() -> list[str]:
    """What to put before a command to run it there; empty if that is not possible."""
    ours = ["unshare", "--mount", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    command = [*ours, "sh", str(SCRIPT)]
    try:
        tried = subprocess.run([*command, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return []
    return command if tried.returncode == 0 else []
