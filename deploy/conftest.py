"""What is shipped, tried where nothing of this checkout is: an empty venv, another folder.

Run by ``make dist-check``, which has packed it before. Needs PyPI, as ``make setup`` does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
_SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
PACKAGES = tuple(name.rstrip("*") for name in _SETUP["packages"]["find"]["include"])
TOOLS = Path(__file__).parent / ".cache" / "venv" / "bin"
"""Where build and check-jsonschema are; ``make dist`` puts them there."""


def only(folder: Path, pattern: str) -> Path:
    """The one file of that name."""
    [found] = folder.glob(pattern)
    return found


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The wheel that ``make dist`` built from the sdist."""
    return only(DIST, "*.whl")


@pytest.fixture(scope="session")
def sdist() -> Path:
    """What it was built from."""
    return only(DIST, "*.tar.gz")


@dataclass(frozen=True)
class Place:
    """A folder outside of the checkout, and the venv in it."""

    folder: Path

    @property
    def bin(self) -> Path:
        """Where the venv's commands are."""
        return self.folder / "venv" / "bin"

    @property
    def environment(self) -> dict[str, str]:
        """As of a shell in which the venv was activated, and nothing else of ours."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("APNSIM_", "PYTHON", "VIRTUAL_ENV", "PYTEST", "COVERAGE"))
        }
        return {**kept, "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}"}

    def run(self, *command: str | Path, cwd: Path | None = None) -> str:
        """What a command prints; it must succeed."""
        done = subprocess.run(
            [str(self.bin / command[0]), *map(str, command[1:])],
            cwd=cwd or self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def pip(self, *arguments: str | Path) -> str:
        """Run pip, which says only what matters."""
        return self.run("python", "-m", "pip", "-q", "--disable-pip-version-check", *arguments)


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The wheel and what the lock file names, and nothing else, in a venv."""
    place = Place(tmp_path_factory.mktemp("empty"))
    subprocess.run([sys.executable, "-m", "venv", place.folder / "venv"], check=True)
    # Compiled when first imported: what is not imported need not be.
    place.pip("install", "--no-compile", "--require-hashes", "-r", ROOT / "requirements.lock")
    place.pip("install", "--no-compile", "--no-deps", wheel)
    return place


def read_yaml(file: Path) -> Any:
    """What a YAML file says."""
    program = "import json, sys; from ruamel.yaml import YAML; "
    program += "print(json.dumps(YAML(typ='safe').load(sys.stdin)))"
    with file.open() as text:
        command = [TOOLS / "python", "-c", program]
        read = subprocess.run(command, stdin=text, capture_output=True, check=True)
    return json.loads(read.stdout)


def fits_schema(name: str, file: Path) -> None:
    """Hold a file against one of the schemas that check-jsonschema brings."""
    command = [TOOLS / "check-jsonschema", "--builtin-schema", name, file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def wait_for(is_so: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(0.05)
