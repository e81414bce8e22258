"""Which targets are allowed; every case is a way into a network that somebody has tried."""

from __future__ import annotations

from contextlib import suppress

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.webhooks.allowed import LOOPBACK, AllowList, Pattern, Target, TargetError


@pytest.mark.parametrize(
    ("patterns", "url"),
    [
        (LOOPBACK, "http://localhost:8080/x"),
        (LOOPBACK, "https://LOCALHOST/"),
        (LOOPBACK, "http://127.9.9.9/"),
        (LOOPBACK, "http://[::1]:5/"),
        (LOOPBACK, "http://[::ffff:127.0.0.1]/"),
        (["hooks.example.com"], "https://hooks.example.com/?a=b"),
        (["hooks.example.com:8443"], "https://hooks.example.com:8443/"),
        (["*.example.com"], "https://a.b.example.com/"),
        (["10.0.0.0/8"], "http://10.1.2.3/"),
        (["[fd00::1]:80"], "http://[fd00::1]/"),
        (["*"], "http://anything.test/"),
    ],
)
def test_what_is_on_the_list_may_be_reached(patterns: list[str], url: str) -> None:
    AllowList(patterns).judge(Target.parse(url))


@pytest.mark.parametrize(
    ("patterns", "url"),
    [
        (LOOPBACK, "http://example.com/"),
        (LOOPBACK, "http://10.0.0.1/"),
        (LOOPBACK, "http://169.254.169.254/latest/meta-data"),
        (LOOPBACK, "http://0.0.0.0/"),
        (LOOPBACK, "http://2130706433/"),  # 127.0.0.1, for a resolver that is generous
        (LOOPBACK, "http://localhost.example.com/"),
        (["hooks.example.com:8443"], "https://hooks.example.com/"),
        (["*.example.com"], "https://example.com/"),
        (["*.example.com"], "https://evil-example.com/"),
        (["10.0.0.0/8"], "http://11.0.0.1/"),
        (["*"], "http://10.0.0.1/"),  # a name it is not
    ],
)
def test_what_is_not_on_it_may_not(patterns: list[str], url: str) -> None:
    with pytest.raises(TargetError, match="no allowed target; allow it by --webhook-allow"):
        AllowList(patterns).judge(Target.parse(url))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://localhost/", "expected http"),
        ("localhost:80", "expected http"),
        ("http://", "expected http"),
        ("http://localhost:99999/", "expected http"),
        ("http://[::1/", "expected http"),
        ("http://lo\u0441alhost/", "in ASCII"),
        ("http://localhost/\r\nx: y", "in ASCII"),
        ("http://localhost/ a", "without spaces"),
        ("http://localhost/" + "a" * 2048, "expected http"),
        ("http://user:password@localhost/", "no user name or password"),
        ("http://localhost/#x", "no #fragment"),
    ],
)
def test_what_is_no_url_for_a_webhook_is_refused_without_telling_secrets(
    url: str, why: str
) -> None:
    with pytest.raises(TargetError, match=why) as refused:
        Target.parse(url)
    assert "password@" not in str(refused.value)


@pytest.mark.parametrize(
    ("patterns", "host", "address", "is_admitted"),
    [
        # A name that is pointed elsewhere: DNS rebinding.
        (["hooks.example.com"], "hooks.example.com", "93.184.216.34", True),
        (["hooks.example.com"], "hooks.example.com", "10.0.0.7", True),
        (["hooks.example.com"], "hooks.example.com", "127.0.0.1", False),
        (["hooks.example.com"], "hooks.example.com", "::1", False),
        (["hooks.example.com"], "hooks.example.com", "::ffff:127.0.0.1", False),
        (["hooks.example.com"], "hooks.example.com", "2002:7f00:1::", False),
        (["hooks.example.com"], "hooks.example.com", "169.254.169.254", False),
        (["hooks.example.com"], "hooks.example.com", "fe80::1%eth0", False),
        (["hooks.example.com"], "hooks.example.com", "fd00:ec2::254", False),
        (["hooks.example.com"], "hooks.example.com", "100.100.100.200", False),
        (["hooks.example.com"], "hooks.example.com", "0.0.0.0", False),
        (["hooks.example.com"], "hooks.example.com", "224.0.0.1", False),
        (["hooks.example.com"], "hooks.example.com", "64:ff9b::7f00:1", False),
        # Unless the address is named itself.
        (["meta.test", "169.254.169.254"], "meta.test", "169.254.169.254", True),
        (["dev.test", "127.0.0.0/8"], "dev.test", "127.0.0.1", True),
        (["dev.test", "127.0.0.1:81"], "dev.test", "127.0.0.1", False),  # the port is 80
        (LOOPBACK, "localhost", "127.0.0.1", True),
        (["localhost"], "localhost", "::1", True),
        (LOOPBACK, "localhost", "10.0.0.1", True),  # whoever owns that name owns the machine
        (LOOPBACK, "localhost", "no address", False),
    ],
)
def test_an_address_is_judged_by_what_it_is(
    patterns: list[str], host: str, address: str, *, is_admitted: bool
) -> None:
    assert AllowList(patterns).admits(address, Target("http", host, 80)) is is_admitted


@pytest.mark.parametrize(
    "text", ["", "http://x", "a b", "x:0", "x:y", "x:65536", "**", "a.*.b", "/"]
)
def test_an_entry_that_is_none_says_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected a host"):
        Pattern.parse(text)


HOSTS = st.sampled_from(
    [
        "localhost",
        "127.0.0.1",
        "[::1]",
        "[::1",
        "[fe80::1%25eth0]",
        "evil.example",
        "0x7f.1",
        "xn--a",
    ]
)
ASIDE = st.sampled_from(
    ["", "@", "a@", "a:b@", ":80", ":", ".evil.example", "@evil.example", "\\", "/", "%00", "]"]
)
URLS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "HTTP://", "http:", "http:///", "//"]),
    ASIDE,
    HOSTS,
    ASIDE,
    st.text("/?#@:\\[]%a;", max_size=5),
)


@given(st.text() | URLS)
def test_no_url_breaks_the_reading_and_who_sends_reads_the_same_host(url: str) -> None:
    try:
        target = Target.parse(url)
    except TargetError:
        return
    assert target.scheme in ("http", "https")
    sent = httpcore.URL(url)
    assert sent.host == target.host.encode()
    assert sent.origin.port == target.port


@given(st.text() | st.builds("{}{}{}".format, ASIDE, HOSTS, ASIDE))
def test_no_entry_breaks_the_reading(text: str) -> None:
    with suppress(ValueError):
        AllowList([text]).admits("127.0.0.1", Target("http", "localhost", 80))
