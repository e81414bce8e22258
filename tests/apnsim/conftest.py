"""The command line in this process: what it prints, and with which code it ends."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from apnsim import logs
from apnsim.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line that says what is wrong; that it is one, and readable, is part of it."""
        [line] = self.err.splitlines()
        assert line.startswith("apnsim"), line
        assert "Traceback" not in line
        assert "Errno" not in line
        return line


@pytest.fixture
def apnsim(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run one command."""

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ending:
            code = ending.code if isinstance(ending.code, int) else 1
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return run


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine: no .apnsim of the working directory, no APNSIM_ variables."""
    monkeypatch.chdir(tmp_path)
    names = ["CONFIG", "DATA_DIR", "CONSOLE_URL", "CONSOLE_TOKEN", "PROVIDER_URL", "CA_FILE"]
    for name in [*names, "KEY_FILE", "KEY_ID", "TEAM_ID"]:
        monkeypatch.delenv(f"APNSIM_{name}", raising=False)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Commands set logging up for their process, which here is that of all tests."""
    root = logging.getLogger()
    ours = [logging.getLogger(name) for name in logs.OURS]
    handlers, levels = root.handlers[:], [logger.level for logger in (root, *ours)]
    yield
    root.handlers[:] = handlers
    for logger, level in zip((root, *ours), levels, strict=True):
        logger.setLevel(level)
