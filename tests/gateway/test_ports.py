from __future__ import annotations

import errno
import socket

import pytest

from gateway.ports import PortError, opening, url_host


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EADDRINUSE, "x"), "Address already in use; stop what listens there"),
        (OSError(errno.EACCES, "x"), "Permission denied; a port below 1024 needs privileges"),
        (OSError(errno.EADDRNOTAVAIL, "x"), "expected --host to be an address of this machine"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known; expected"),
        (OSError("odd"), "odd; expected"),
    ],
)
def test_a_port_that_cannot_be_opened_is_named_with_what_to_do(error: OSError, words: str) -> None:
    with pytest.raises(PortError) as refused, opening("courier", "h.test", 443):
        raise error
    assert str(refused.value).startswith("courier port 443 of h.test: ")
    assert words in str(refused.value)


def test_what_opens_is_left_alone() -> None:
    with opening("provider", "h.test", 443):
        pass


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("gateway.test", "gateway.test"),
    ],
)
def test_a_url_has_a_host_that_can_be_reached(host: str, shown: str) -> None:
    assert url_host(host) == shown
