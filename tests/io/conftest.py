"""What the tests of one link share."""

from __future__ import annotations

import ssl

import pytest

from certs.authority import Authority
from certs.contexts import provider_server_context
from tests.io.provider_front import Listen, listening_with

NAMES = ["localhost", "127.0.0.1", "api.push.apple.com", "api.sandbox.push.apple.com"]


@pytest.fixture(params=["jh2", "h2"])
def library(request: pytest.FixtureRequest) -> str:
    """Every behaviour of the provider front holds with either HTTP/2 library."""
    return str(request.param)


@pytest.fixture(scope="session")
def front_authority() -> Authority:
    return Authority.create()


@pytest.fixture(scope="session")
def front_context(front_authority: Authority) -> ssl.SSLContext:
    """The TLS of the provider front."""
    return provider_server_context(
        front_authority.issue_server(NAMES), client_ca_pem=front_authority.certificate_pem
    )


@pytest.fixture
def client_context(front_authority: Authority) -> ssl.SSLContext:
    """The TLS of a provider."""
    made = ssl.create_default_context(cadata=front_authority.certificate_pem.decode())
    made.set_alpn_protocols(["h2"])
    return made


@pytest.fixture
def listening(front_context: ssl.SSLContext) -> Listen:
    return listening_with(front_context)
