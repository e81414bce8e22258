"""The machine, and what its environment says to programs like ours."""

from __future__ import annotations

import difflib
import platform
import resource
import ssl
import sys
from typing import TYPE_CHECKING

from apnsim.doctor.sign import failure, good, worry
from gateway import configuration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from apnsim.doctor.sign import Sign

MIN_FILES = 1024
# How like the name of a setting a name must be to be taken for a slip.
LIKENESS = 0.9
_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


def signs_of_machine() -> Iterator[Sign]:
    """Python, its OpenSSL, and how many files may be open."""
    yield good("Python", f"{platform.python_version()}, {sys.executable}")
    if ssl.HAS_ALPN and ssl.HAS_TLSv1_2:
        yield good("TLS", ssl.OPENSSL_VERSION)
    else:
        yield failure(
            "TLS", f"{ssl.OPENSSL_VERSION} lacks ALPN or TLS 1.2", "use a Python that has both"
        )
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= MIN_FILES:
        yield good("open files", f"up to {'any number' if hard < 0 else hard}, a link takes two")
    else:
        yield worry(
            "open files", f"{hard} at most", "raise the limit (ulimit -Hn) for many devices"
        )


def signs_of_environment(environment: Mapping[str, str]) -> Iterator[Sign]:
    """Variables that steer apnsim, or lead clients elsewhere."""
    known = {option.variable for option in configuration.options()}
    ours = sorted(name for name in environment if name.startswith("APNSIM_"))
    if ours:
        yield good("environment", f"{', '.join(ours)} are set")
    for name in set(ours) - known:
        for close in difflib.get_close_matches(name, known, 1, LIKENESS):
            yield worry("environment", f"{name} is no setting", f"did you mean {close}?")
    leads_away = [name for name in _PROXIES if environment.get(name)]
    exempt = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if leads_away and not any(each in exempt for each in ("*", "127.0.0.1", "localhost")):
        yield worry(
            "proxy",
            f"{leads_away[0]} is set and NO_PROXY does not name this machine",
            "clients that follow it never reach a gateway here: NO_PROXY=localhost,127.0.0.1",
        )
