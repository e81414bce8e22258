"""docs/faults-by-client.md is true of the clients that need only Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from interop.clients import CLIENTS
from interop.fault_list import FAULTS
from interop.faults import HANGS, check, recorded

if TYPE_CHECKING:
    from interop.client import Client

PYTHON_ONLY = [client for client in CLIENTS if client.name in ("aioapns", "httpx")]


@pytest.mark.takes_seconds(240)
@pytest.mark.parametrize("client", PYTHON_ONLY, ids=lambda client: str(client.name))
def test_a_client_makes_of_each_fault_what_the_page_says(client: Client) -> None:
    assert check([client]) == []


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: str(client.name))
def test_most_of_what_the_page_says_takes_no_patience(client: Client) -> None:
    said = recorded(client)
    assert list(said) == list(FAULTS)
    assert sum(HANGS not in each for each in said.values()) >= 16
