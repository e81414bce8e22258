"""What a request to the console says of itself and asks for: taken, or refused; never an error."""

from __future__ import annotations

import plistlib
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from gateway.console.api.albert import _certificate_request
from gateway.console.guard import Admission
from gateway.console.metrics import _encoder
from gateway.console.rendering import read_payload
from gateway.console.wanted import PayloadWish
from tests.fuzz.test_toml import VALUES, written

LATIN = st.text(st.characters(max_codepoint=0xFF), max_size=12)
NAMES = LATIN | st.sampled_from(
    ["localhost", "127.0.0.1", "[::1]", "evil.example", "2130706433", "127.1", "[::1", "[::1%25lo]"]
)
HOSTS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "localhost@", "evil.example@", "localhost.", "http://", "[", " "]),
    NAMES,
    st.sampled_from(
        ["", ":80", ":", ":localhost", "@evil.example", ".evil.example", "/", "#", "\\"]
    ),
    LATIN | st.just(""),
)
FETCH = st.sampled_from(["none", "same-origin", "cross-site", "navigate", "document", "image"])
HEADERS = st.fixed_dictionaries(
    {"host": HOSTS},
    optional={
        "origin": st.builds("http://{}".format, HOSTS) | HOSTS,
        "sec-fetch-site": FETCH,
        "sec-fetch-mode": FETCH,
        "sec-fetch-dest": FETCH,
        "authorization": LATIN | LATIN.map("Bearer {}".format),
    },
)


@given(HEADERS, LATIN, st.sampled_from(["GET", "POST"]))
def test_who_may_talk_to_it(headers: dict[str, str], token: str, method: str) -> None:
    refusal = Admission(token or None).refusal(Headers(headers), "/api/v1/info", method)
    if refusal is None and token:
        assert headers["authorization"].partition(" ")[2].strip() == token


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"host": "evil.example"},
        {"host": "localhost.evil.example:2198"},
        {"host": "localhost", "origin": "http://evil.example"},
        {"host": "localhost", "origin": "http://localhost:3000"},
    ],
)
@given(headers=HEADERS)
def test_a_page_of_somebody_else_is_refused_whatever_else_it_says(
    elsewhere: dict[str, str], headers: dict[str, str]
) -> None:
    refusal = Admission(None).refusal(Headers(headers | elsewhere), "/api/v1/info")
    assert refusal is not None
    assert refusal.status_code == 403


VERSIONS = st.sampled_from(["1.0.0", "0.0.4", "x", "", '"1.0"', "1.x", "9" * 400])
MEDIA = st.builds(
    "{};version={}{}".format,
    st.sampled_from(["application/openmetrics-text", "text/plain", "*/*"]),
    VERSIONS,
    st.sampled_from(["", ";q=0.5", ";q=x", ";escaping=allow-utf-8", ";escaping=x", ";escaping"]),
)


@given(LATIN | MEDIA | st.lists(MEDIA, max_size=3).map(",".join))
@example("application/openmetrics-text;version=x")
def test_what_a_scraper_accepts(accept: str) -> None:
    _, media_type = _encoder(accept)
    assert "text" in media_type


@given(
    st.binary()
    | st.text(max_size=30).map(str.encode)
    | st.binary(max_size=20).map(lambda raw: plistlib.dumps({"ActivationInfoXML": raw}))
    | st.builds(
        lambda value, key: plistlib.dumps(
            {key: plistlib.dumps({"DeviceCertRequest": value}, skipkeys=True)}
        ),
        st.text("abc", max_size=3) | st.binary(max_size=3) | st.lists(st.booleans()),
        st.sampled_from(["ActivationInfoXML", "x"]),
    )
)
@example(b"<plist><dict>" + b"<array>" * 100_000)
@example(b"<plist><dict><key>ActivationInfoXML</key>" + b"<array>" * 50_000 + b"</array>" * 50_000)
def test_an_activation(said: bytes) -> None:
    try:
        csr = _certificate_request(b"activation-info=" + quote(said).encode())
    except ValueError:
        return
    assert isinstance(csr, bytes)


STEPS = st.sampled_from(["aps", "alert", "0", "1", "9" * 4301, "\u0663", "\u00b2", "-1", ""])


@given(
    st.lists(STEPS | st.text(max_size=3), min_size=1, max_size=4).map(".".join),
    st.text(max_size=5) | st.sampled_from(["*", "[" * 2000, "9" * 4301, "1e999", "nan"]),
    VALUES.map(lambda value: f'{{"aps": {written(value)}}}'.encode()) | st.binary(),
)
def test_a_value_in_a_payload(path: str, value: str, body: bytes) -> None:
    try:
        wish = PayloadWish.parse(f"{path}={value}")
    except ValueError:
        return
    payload = read_payload(body)
    found = wish.found_in(payload)
    assert found is not None or not wish.is_met(payload)
