"""How many sockets this process may have open."""

from __future__ import annotations

import contextlib
import logging
import resource

log = logging.getLogger(__name__)

# A virtual device in this process takes two; below this, a fleet of a thousand does not fit.
COMFORTABLE = 4096
# Enough for 30,000; beyond it, programs that close every possible file at their start grow slow.
PLENTY = 65_536


def allow_many() -> int:
    """Raise the limit of open files, as far as this user may; the limit in force.

    Shells usually give 1,024, which a few hundred devices use up: accepting then fails.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = PLENTY if hard == resource.RLIM_INFINITY else min(hard, PLENTY)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # macOS may name a limit and then refuse it: what was allowed before has to do.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    if soft != resource.RLIM_INFINITY and soft < COMFORTABLE:
        log.warning("only %d files may be open (ulimit -n): a few hundred devices fit", soft)
    return soft
