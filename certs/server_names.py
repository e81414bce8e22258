"""The names a server certificate bears: Apple's host names, the loopback, and the user's own."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from cryptography import x509

from certs.files import CredentialError

if TYPE_CHECKING:
    from collections.abc import Iterable

# reference/apns-provider-api.md §1.1, and the courier names of courier-wire.md.
APPLE_HOST_NAMES = (
    "api.push.apple.com",
    "api.sandbox.push.apple.com",
    "api.development.push.apple.com",
    "api-broadcast.push.apple.com",
    "api-broadcast.sandbox.push.apple.com",
    "api-manage-broadcast.push.apple.com",
    "api-manage-broadcast.sandbox.push.apple.com",
    "courier.push.apple.com",
    "courier.sandbox.push.apple.com",
)
# Devices call 1-courier.push.apple.com … 50-courier.push.apple.com. "*-courier" is a partial
# wildcard, which Go, Python and RFC 9525 refuse; a whole left-most label is accepted everywhere.
APPLE_WILDCARD_NAMES = ("*.push.apple.com", "*.sandbox.push.apple.com")
DEFAULT_SERVER_NAMES = (
    "localhost",
    "127.0.0.1",
    "::1",
    *APPLE_HOST_NAMES,
    *APPLE_WILDCARD_NAMES,
)

# Underscores are not for host names, yet compose services have them and TLS clients take them.
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_DNS_NAME = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*", re.ASCII)
_MAX_DNS_NAME = 253


class InvalidServerNameError(CredentialError):
    """The text is neither a DNS name nor an IP address."""


def alternative_names(names: Iterable[str]) -> x509.SubjectAlternativeName:
    """Tell IP addresses from DNS names and list each once, in the order given.

    Raises:
        InvalidServerNameError: a name is neither, or there is none at all.
    """
    unique = dict.fromkeys(_general_name(name) for name in names)
    if not unique:
        raise InvalidServerNameError("a server certificate needs at least one name")
    return x509.SubjectAlternativeName(unique)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        dns_name = name.lower()
    if len(dns_name) > _MAX_DNS_NAME or _DNS_NAME.fullmatch(dns_name) is None:
        raise InvalidServerNameError(
            f"{name[:80]!r} is neither a DNS name nor an IP address; no port, no scheme,"
            " international names in their xn-- form"
        )
    return x509.DNSName(dns_name)
