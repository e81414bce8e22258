"""How a command ends badly: one readable line on standard error and an exit code."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class CommandError(Exception):
    """The command failed: exit code 1."""

    exit_code = 1


class CannotStartError(CommandError):
    """Bad usage, or it cannot even start (port in use, unreadable file): exit code 2."""

    exit_code = 2


@contextmanager
def told_as(kind: type[CommandError], *errors: type[Exception]) -> Iterator[None]:
    """What the body raises of ``errors``, alone or in the groups of nurseries, is one line.

    Not ``except*``: before Python 3.11.4 what is raised in it comes wrapped in a group.

    Raises:
        CommandError: of this kind, in the words of the first of them.
    """
    try:
        yield
    except errors as error:
        first: BaseException = error
    except BaseExceptionGroup as group:
        known, others = group.split(errors)
        if known is None or others is not None:
            raise
        first = known
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
    else:
        return
    raise kind(str(first)) from None
