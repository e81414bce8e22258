from __future__ import annotations

from ipaddress import ip_address

import pytest
from cryptography import x509
from hypothesis import example, given
from hypothesis import strategies as st

from certs.server_names import (
    APPLE_HOST_NAMES,
    DEFAULT_SERVER_NAMES,
    InvalidServerNameError,
    alternative_names,
)


def test_addresses_are_told_from_names_and_keep_their_order() -> None:
    names = alternative_names(["localhost", "127.0.0.1", "::1", "[fe80::1]", "*.push.apple.com"])
    assert list(names) == [
        x509.DNSName("localhost"),
        x509.IPAddress(ip_address("127.0.0.1")),
        x509.IPAddress(ip_address("::1")),
        x509.IPAddress(ip_address("fe80::1")),
        x509.DNSName("*.push.apple.com"),
    ]


def test_a_name_is_listed_once_whatever_its_case() -> None:
    assert list(alternative_names(["Apns", "apns", "::1", "0:0::1"])) == [
        x509.DNSName("apns"),
        x509.IPAddress(ip_address("::1")),
    ]


def test_names_of_compose_services_are_accepted() -> None:
    assert list(alternative_names(["my_gateway"])) == [x509.DNSName("my_gateway")]


def test_the_default_names_are_the_loopback_and_apples() -> None:
    assert set(APPLE_HOST_NAMES) < set(DEFAULT_SERVER_NAMES)
    assert {"localhost", "127.0.0.1", "::1"} < set(DEFAULT_SERVER_NAMES)
    assert len(list(alternative_names(DEFAULT_SERVER_NAMES))) == len(DEFAULT_SERVER_NAMES)


def test_no_name_at_all_is_refused() -> None:
    with pytest.raises(InvalidServerNameError, match="at least one name"):
        alternative_names([])


@pytest.mark.parametrize(
    "name",
    [
        "",
        "https://localhost",
        "localhost:2197",
        "a..b",
        "-a",
        "a-",
        "*",
        "*-courier.push.apple.com",
        "a.*.b",
        "bücher.example",
        "a b",
        "localhost\n",
        "localhost.",
        "a" * 64,
        ".".join(["a" * 60] * 5),
    ],
)
def test_what_is_no_name_is_refused_and_quoted(name: str) -> None:
    with pytest.raises(InvalidServerNameError, match="is neither a DNS name nor an IP address"):
        alternative_names([name])


@given(st.text(max_size=300))
@example("a." * 126 + "a")
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        names = alternative_names([text])
    except InvalidServerNameError:
        return
    assert len(list(names)) == 1
