"""Which targets webhooks may reach: by their names, and by the addresses behind the names.

Whoever can ask the control API for a webhook has the gateway send requests from where it stands,
which may be inside a network, next to a cloud's metadata service. So a target must be on the list,
and what its name resolves to is judged once more, each time, before a connection is opened to that
very address: a name can be pointed elsewhere by its owner (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Self, TypeAlias
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK = ("localhost", "127.0.0.0/8", "::1")
EXPECTED = "expected a host, *.domain, an address or a network, each perhaps with :port"

_NAME = re.compile(r"(?:\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)", re.ASCII)
_URL = re.compile(r"[!-~]{1,2048}", re.ASCII)
_PORTS = {"http": 80, "https": 443}
# Metadata services that do not stand at link-local addresses: AWS and Google by IPv6, Alibaba,
# Azure, Oracle.
_METADATA = frozenset(
    map(
        ipaddress.ip_address,
        ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    )
)


class TargetError(ValueError):
    """The target may not be reached; the message says why, and how it could be."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook leads; ``str()`` of it is fit for the log: without path and query."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> Self:
        """The target of a URL.

        Raises:
            TargetError: it is none of http(s), or tells a name and password.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise TargetError("url: expected http(s)://HOST[:PORT]/…") from None
        if parts.scheme not in _PORTS or not host or not _URL.fullmatch(url):
            raise TargetError("url: expected http(s)://HOST[:PORT]/…, in ASCII, without spaces")
        if parts.username is not None or parts.password is not None:
            raise TargetError("url: no user name or password in it; sign with a secret instead")
        if parts.fragment:
            raise TargetError("url: no #fragment, which is never sent")
        return cls(parts.scheme, host, port or _PORTS[parts.scheme])

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One entry of the list: a name, perhaps with ``*``, or a network; with a port, or any."""

    host: str | Network
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an entry.

        Raises:
            ValueError: it is none; says what was expected.
        """
        host, port = text.strip().lower(), ""
        if host.startswith("["):
            host, _, port = host[1:].partition("]")
            port = port.removeprefix(":")
        elif host.count(":") == 1:
            host, _, port = host.partition(":")
        if port and not (port.isdecimal() and 0 < int(port) < 65_536):
            raise ValueError(EXPECTED)
        try:
            return cls(ipaddress.ip_network(host, strict=False), int(port) if port else None)
        except ValueError:
            if not _NAME.fullmatch(host):
                raise ValueError(EXPECTED) from None
        return cls(host, int(port) if port else None)

    def names(self, host: str | Address, port: int) -> bool:
        """Whether it is about this host, or this address, and port."""
        if self.port not in (None, port):
            return False
        if isinstance(self.host, str):
            return isinstance(host, str) and fnmatchcase(host, self.host)
        return not isinstance(host, str) and host in self.host


class AllowList:
    """The targets that are allowed.

    Args:
        patterns: such as ``hooks.example.com:8443``, ``*.internal``, ``10.0.0.0/8``.
    """

    def __init__(self, patterns: Iterable[str] = LOOPBACK) -> None:
        self._patterns = tuple(map(Pattern.parse, patterns))

    def judge(self, target: Target) -> None:
        """Whether a webhook may lead there at all, as far as its URL tells.

        Raises:
            TargetError: it may not.
        """
        if not self._names(_address(target.host) or target.host, target.port):
            raise TargetError(
                f"url: {target.host[:80]}:{target.port} is no allowed target;"
                " allow it by --webhook-allow (webhook_allow in the file)"
            )

    def admits(self, address: str, target: Target) -> bool:
        """Whether a connection may be opened to an address that the target's name stands for.

        Addresses that are this machine's own, the network's plumbing, or nobody's are for those
        alone who name the address itself, or ``localhost``.
        """
        ip = _address(address)
        if ip is None:
            return False
        if self._names(ip, target.port):
            return True
        if ip.is_loopback:
            return target.host == "localhost" and self._names(target.host, target.port)
        is_special = ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved
        if is_special or ip in _METADATA:
            return False
        return self._names(target.host, target.port)

    def _names(self, host: str | Address, port: int) -> bool:
        return any(pattern.names(host, port) for pattern in self._patterns)


def _address(text: str) -> Address | None:
    """The address that is meant, also within an IPv6 address that only wraps an IPv4 one."""
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv6Address):
        return ip.ipv4_mapped or ip.sixtofour or ip
    return ip
