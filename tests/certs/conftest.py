"""One authority and its leaves for all tests of this folder: they are never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from certs.authority import DEFAULT_SERVER_NAMES, Authority
from certs.provider_key import ProviderKey

if TYPE_CHECKING:
    from certs.leaf import Leaf


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.create()


@pytest.fixture(scope="session")
def server_leaf(authority: Authority) -> Leaf:
    return authority.issue_server(DEFAULT_SERVER_NAMES)


@pytest.fixture(scope="session")
def device_leaf(authority: Authority) -> Leaf:
    return authority.issue_device("phone-1")


@pytest.fixture(scope="session")
def key() -> ProviderKey:
    return ProviderKey.generate("TEAM123456", "KEY1234567")
