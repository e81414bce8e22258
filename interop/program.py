"""A client program, and the conversation with it: a line of pushes, a line of answers."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interop.cases import Push

ANSWER_SECONDS = 30.0


class ProgramError(Exception):
    """The program did not answer."""


class Program:
    """A client's process. It finds the gateway in the ``APNSIM_*`` variables.

    Args:
        command: how to start it.
        environment: of it.
        answer_seconds: how long it may take; may be changed.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.answer_seconds = answer_seconds
        # So that a shell script finds `apnsim` as its user would.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={**environment, "PATH": path},
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # With its children: one that still waits for an answer would keep the pipe open.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def send(self, pushes: Sequence[Push]) -> list[dict[str, Any]]:
        """Have the client send all of them at once; its answers, in the same order.

        Raises:
            ProgramError: it hangs, ended, or talks nonsense.
        """
        return self.ask([push.to_json() for push in pushes])

    def ask(self, items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The same for whatever the program understands."""
        answered = self._exchange(json.dumps(items).encode() + b"\n")
        try:
            answers = json.loads(answered)
        except ValueError:
            raise ProgramError(f"it printed {answered[:80]!r} instead of answers") from None
        if not isinstance(answers, list) or len(answers) != len(items):
            raise ProgramError(f"expected {len(items)} answers, not {answered[:80]!r}")
        return answers

    def _exchange(self, line: bytes) -> bytes:
        assert self._process.stdin is not None
        try:
            while line:
                line = line[self._process.stdin.write(line) :]
        except BrokenPipeError:
            raise ProgramError(f"it ended with {self._process.wait()}") from None
        return self._read_line()

    def _read_line(self) -> bytes:
        assert self._process.stdout is not None
        deadline = time.monotonic() + self.answer_seconds
        line = b""
        while not line.endswith(b"\n"):
            patience = max(0.0, deadline - time.monotonic())
            if not select.select([self._process.stdout], [], [], patience)[0]:
                raise ProgramError(f"it hangs: no answer within {self.answer_seconds:g} s")
            part = os.read(self._process.stdout.fileno(), 1 << 16)
            if not part:
                raise ProgramError(f"it ended with {self._process.wait()}")
            line += part
        return line
