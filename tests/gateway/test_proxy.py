"""Which addresses are Apple's, and what is behind them (apns-provider-api.md §1.1)."""

from __future__ import annotations

import pytest

from certs.server_names import APPLE_HOST_NAMES
from gateway.proxy import Destination, destination_of

PUSH, CHANNELS, COURIER = Destination


@pytest.mark.parametrize(
    ("host", "ports", "destination"),
    [
        ("api.push.apple.com", {443, 2197}, PUSH),
        ("api.sandbox.push.apple.com", {443, 2197}, PUSH),
        ("api.development.push.apple.com", {443, 2197}, PUSH),
        ("api-broadcast.push.apple.com", {443, 2197}, PUSH),
        ("api-broadcast.sandbox.push.apple.com", {443, 2197}, PUSH),
        ("api-manage-broadcast.push.apple.com", {2195, 2196}, CHANNELS),
        ("api-manage-broadcast.sandbox.push.apple.com", {2195, 2196}, CHANNELS),
        ("courier.push.apple.com", {443, 5223}, COURIER),
        ("courier.sandbox.push.apple.com", {443, 5223}, COURIER),
        ("1-courier.push.apple.com", {443, 5223}, COURIER),
        ("50-courier.sandbox.push.apple.com", {443, 5223}, COURIER),
        ("API.Push.Apple.COM.", {443, 2197}, PUSH),
        ("push.apple.com", set(), None),
        ("init.push.apple.com", set(), None),
        ("api.push.apple.com.example.com", set(), None),
        ("api.push.apple.com..", set(), None),
        ("1-api.push.apple.com", set(), None),
        ("127.0.0.1", set(), None),
        ("localhost", set(), None),
        ("[::1]", set(), None),
        ("", set(), None),
    ],
)
def test_a_name_of_apples_leads_to_its_service_on_its_ports_only(
    host: str, ports: set[int], destination: Destination | None
) -> None:
    for port in (0, 80, 443, 2195, 2196, 2197, 2198, 5223):
        assert destination_of(host, port) == (destination if port in ports else None)


def test_every_name_of_our_certificate_that_is_apples_leads_somewhere() -> None:
    for name in APPLE_HOST_NAMES:
        assert any(destination_of(name, port) for port in (443, 2195, 2196))
