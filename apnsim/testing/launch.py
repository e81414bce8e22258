"""A gateway in a process of its own, which ends with whoever started it.

The process finds our packages and their libraries, and nothing of the project under test, whose
folders, PYTHONPATH or installed packages may have a ``gateway`` or a ``protocol`` of their own.
"""

from __future__ import annotations

import json
import site
import subprocess
import sys
import time
from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING, Any

from apnsim.testing.names import OURS, ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

START_SECONDS = 30.0
STOP_SECONDS = 10.0
_LOOK_SECONDS = 0.005
_SHOWN_LINES = 15

# Ours come before everything that is installed, and after the standard library.
_BOOT = """
import sys
is_installed = [path.endswith(("site-packages", "dist-packages")) for path in sys.path]
sys.path.insert([*is_installed, True].index(True), sys.argv.pop(1))
from apnsim.cli import main
sys.exit(main(sys.argv[1:]))
"""


_PORTS = (
    "--provider-port",
    "--courier-port",
    "--console-port",
    "--manage-port-development",
    "--manage-port-production",
)


class GatewayError(Exception):
    """The gateway did not start; says why, and what to do."""


class GatewayProcess:
    """A gateway that starts, or is up. Close it; whoever started it takes it along, also killed.

    Args:
        process: its process, which ends with its standard input.
        ready: the file that it writes once every port is open.
        log: the file that it writes what it has to say.
    """

    def __init__(self, process: subprocess.Popen[bytes], ready: Path, log: Path) -> None:
        self._process = process
        self._ready = ready
        self._log = log

    def wait(self) -> dict[str, Any]:
        """Wait until every port is open; what ``GET /api/v1/info`` says.

        Raises:
            GatewayError: it did not start.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._ready.exists():
                info: dict[str, Any] = json.loads(self._ready.read_text())
                return info
            if self.exit_code is not None:
                raise GatewayError(self._why(f"ended with code {self.exit_code}"))
            time.sleep(_LOOK_SECONDS)  # at most so long after the file is there
        raise GatewayError(self._why(f"was not ready after {START_SECONDS:g} s"))

    def _why(self, what: str) -> str:
        said = self.last_words or "it said nothing"
        return "\n".join([f"the gateway {what}:", said, *_strangers()])

    def close(self) -> None:
        """End it in an orderly way, or by force if it takes too long."""
        _end(self._process, STOP_SECONDS)

    @property
    def last_words(self) -> str:
        """The end of its log."""
        lines = self._log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-_SHOWN_LINES:])

    @property
    def exit_code(self) -> int | None:
        """Negative: that signal ended it; None: it still runs."""
        return self._process.poll()


def launch(directory: Path, options: Sequence[str] = ()) -> GatewayProcess:
    """Start a gateway on free ports; :meth:`GatewayProcess.wait` for it before its use.

    Args:
        directory: an empty one of its own, for its files and its log.
        options: of ``apnsim serve``; they win over what is chosen here.
    """
    ready, log = directory / "ready.json", directory / "log"
    command = [*_python(), "serve", *_defaults(directory, options), *options]
    command += ["--until-eof", "--ready-file", str(ready)]
    with log.open("wb") as written:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is for the tests
        )
    return GatewayProcess(process, ready, log)


def _python() -> list[str]:
    # -I, but for -s: with `pip install --user` the libraries are in the user's site.
    flags = ["-E", "-P"] + ["-s"] * (not _is_users())
    return [sys.executable, *flags, "-c", _BOOT, str(ROOT)]


def _is_users() -> bool:
    return bool(site.ENABLE_USER_SITE) and ROOT.is_relative_to(site.getusersitepackages())


def _defaults(directory: Path, options: Sequence[str]) -> list[str]:
    """Free ports and a store that leaves nothing behind, where the options say nothing else."""
    said = {option.partition("=")[0] for option in options}
    chosen = {**dict.fromkeys(_PORTS, "0"), "--store": "memory", "--drain-seconds": "1"}
    chosen |= {"--data-dir": str(directory / "data"), "--log-level": "info"}
    return [word for name in chosen if name not in said for word in (name, chosen[name])]


def _strangers() -> list[str]:
    """Packages of ours that another distribution has installed over, in the same place."""
    owners = packages_distributions()
    return [
        f"the package {name!r} in {ROOT} is also that of {', '.join(others)}: two distributions"
        " cannot share one name in one environment; install apnsim in another one and give its"
        " gateway's address: pytest --apnsim-url http://127.0.0.1:2198"
        for name in OURS
        if (others := sorted(set(owners.get(name, ())) - {"apnsim"}))
    ]


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    # A process that tests have forked has the other end of its standard input, too: were that
    # closed here, the gateway might hear nothing of it.
    assert process.stdin is not None
    try:
        process.terminate()
        process.wait(seconds)
    except (subprocess.TimeoutExpired, OSError):
        process.kill()
        process.wait()
    finally:
        process.stdin.close()
