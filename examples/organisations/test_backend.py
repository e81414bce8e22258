"""The bug and the cure, seen on phones: ``apnsim exec -- pytest examples/organisations``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from apnsim.client import Apnsim
from examples.organisations.apns import Apns
from examples.organisations.backend import Backend, TokenPerOrganisation, TokenPerUser

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from apnsim.client.apps import App
    from examples.organisations.backend import Table

TOPIC = "com.example.work"


@dataclass
class Phone:
    """Somebody's phone, with our app on it."""

    apnsim: Apnsim
    app: App

    @property
    def token(self) -> str:
        return self.app.token

    def got(self, *alerts: str) -> bool:
        """Whether exactly these arrived: what the gateway has accepted for it is all waited for."""
        accepted = len(self.apnsim.notifications(token=self.token))
        if accepted:
            self.apnsim.wait_for_notifications(accepted, token=self.token, state="Presented")
        received = self.app.device.notifications()
        return [push.payload["aps"]["alert"] for push in received] == list(alerts)


@pytest.fixture(scope="session")
def variables() -> Mapping[str, str]:
    """Where the gateway is, as ``apnsim exec`` says."""
    if "APNSIM_CONSOLE_URL" not in os.environ:
        pytest.fail("no gateway: run apnsim exec -- pytest examples/organisations", pytrace=False)
    return os.environ


@pytest.fixture
def apnsim(variables: Mapping[str, str]) -> Iterator[Apnsim]:
    with Apnsim(variables["APNSIM_CONSOLE_URL"]) as client:
        yield client


@pytest.fixture
def apns(variables: Mapping[str, str]) -> Iterator[Apns]:
    made = Apns.of_environment(TOPIC, variables)
    yield made
    made.close()


@pytest.fixture
def phone(apnsim: Apnsim) -> Phone:
    return Phone(apnsim, apnsim.create_device().install(TOPIC))


def signed_in(table: Table, user: str, *phones: Phone) -> None:
    """The app has been opened on these phones, signed in to both organisations."""
    for phone in phones:
        for organisation in ("acme", "globex"):
            table.sign_in(user, organisation, phone.token)


def test_without_the_table_revoking_the_token_silences_the_other_organisation(
    apns: Apns, phone: Phone
) -> None:
    backend = Backend(TokenPerUser(revokes=True), apns)
    signed_in(backend.table, "anna", phone)
    backend.table.sign_out("anna", "acme", phone.token)
    assert backend.notify("globex", "Globex meets at noon") == 0
    assert phone.got()  # nothing, though she never left Globex


def test_without_the_table_doing_nothing_leaks_what_was_left(apns: Apns, phone: Phone) -> None:
    backend = Backend(TokenPerUser(revokes=False), apns)
    signed_in(backend.table, "anna", phone)
    backend.table.sign_out("anna", "acme", phone.token)
    backend.notify("acme", "Acme's secret plans")
    assert phone.got("Acme's secret plans")  # on a phone that may be somebody else's by now


def test_with_the_table_one_organisation_is_left_and_the_other_goes_on(
    apns: Apns, phone: Phone
) -> None:
    backend = Backend(TokenPerOrganisation(), apns)
    signed_in(backend.table, "anna", phone)
    backend.table.sign_out("anna", "acme", phone.token)
    assert backend.notify("acme", "Acme's secret plans") == 0
    assert backend.notify("globex", "Globex meets at noon") == 1
    assert phone.got("Globex meets at noon")


def test_two_phones_are_two_rows(apns: Apns, apnsim: Apnsim, phone: Phone) -> None:
    tablet = Phone(apnsim, apnsim.create_device().install(TOPIC))
    backend = Backend(TokenPerOrganisation(), apns)
    signed_in(backend.table, "anna", phone, tablet)
    backend.table.sign_out("anna", "acme", phone.token)
    assert backend.notify("acme", "Acme meets at ten") == 1
    assert tablet.got("Acme meets at ten")
    assert phone.got()


def test_signing_out_of_all_ends_everything_on_this_phone(phone: Phone) -> None:
    table = TokenPerOrganisation()
    signed_in(table, "anna", phone)
    table.sign_out_of_all("anna", phone.token)
    assert len(table) == 0


def test_a_second_launch_makes_no_second_row(apns: Apns, phone: Phone) -> None:
    table = TokenPerOrganisation()
    signed_in(table, "anna", phone, phone)
    assert len(table) == 2
    assert Backend(table, apns).notify("acme", "Once") == 1
    assert phone.got("Once")


def test_an_uninstalled_app_is_cleaned_out_by_the_next_push(apns: Apns, phone: Phone) -> None:
    table = TokenPerOrganisation()
    signed_in(table, "anna", phone)
    phone.app.uninstall()
    assert Backend(table, apns).notify("acme", "Anybody there?") == 0
    assert len(table) == 0  # Globex's row went as well: the token is dead, not the membership


def test_a_late_410_does_not_remove_who_has_signed_in_again_since() -> None:
    times = iter([100.0, 300.0])
    table = TokenPerOrganisation(now=lambda: next(times))
    table.sign_in("anna", "acme", "aa" * 32)
    table.sign_in("anna", "acme", "aa" * 32)
    table.forget("aa" * 32, dead_since=200.0)
    assert table.tokens("acme") == ["aa" * 32]
