"""How a command ends badly: one readable line on standard error and an exit code."""

from __future__ import annotations


class CommandError(Exception):
    """The command failed: exit code 1."""

    exit_code = 1


class CannotStartError(CommandError):
    """Bad usage, or it cannot even start (port in use, unreadable file): exit code 2."""

    exit_code = 2
