from __future__ import annotations

import resource
import subprocess
import sys

SHOW = """
import logging, resource, sys
from apnsim.open_files import allow_many
logging.basicConfig(format="%(message)s")
soft, hard = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(allow_many(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def allowed(soft: int, hard: int) -> tuple[str, str]:
    """What a process with these limits gets, and says."""
    command = [sys.executable, "-c", SHOW, str(soft), str(hard)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip(), done.stderr.strip()


def test_the_limit_is_raised_as_far_as_the_system_allows() -> None:
    hard = min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    assert allowed(256, hard) == (f"{hard} {hard} {hard}", "")


def test_a_limit_that_cannot_be_raised_far_is_said() -> None:
    out, said = allowed(128, 512)
    assert out == "512 512 512"
    assert "only 512 files may be open" in said
