"""From shares of a crowd to phones."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from devicesim.fleet.draw import phones_of
from devicesim.fleet.spec import FleetApp, FleetSpec
from devicesim.network import NetworkKind
from devicesim.power import Power
from protocol.identifiers import InvalidIdentifierError

CHAT = FleetApp("com.example.chat", installed=0.8, uninstalled=0.1, denied=0.25)
SPEC = FleetSpec((CHAT,), devices=2000, away=0.2, locked=0.5, cellular=0.3, ramp=10)


def fates(spec: FleetSpec) -> list[tuple[object, ...]]:
    return [(p.device_id, p.apps, p.is_away, p.power, p.network) for p in phones_of(spec)]


def test_the_same_spec_draws_the_same_phones() -> None:
    assert fates(SPEC) == fates(SPEC)
    assert fates(SPEC) != fates(replace(SPEC, seed=1))


def test_a_larger_fleet_begins_with_the_phones_of_the_smaller_one() -> None:
    assert fates(replace(SPEC, devices=2100))[:2000] == fates(SPEC)


def test_shares_are_met_by_a_crowd() -> None:
    phones = list(phones_of(SPEC))
    apps = [app for phone in phones for app in phone.apps]
    assert sum(phone.is_away for phone in phones) == pytest.approx(400, rel=0.15)
    assert Counter(phone.power for phone in phones)[Power.LOCKED] == pytest.approx(1000, rel=0.1)
    on_cellular = Counter(phone.network for phone in phones)[NetworkKind.CELLULAR]
    assert on_cellular == pytest.approx(600, rel=0.1)
    assert len(apps) == pytest.approx(1600, rel=0.1)
    assert sum(app.is_uninstalled for app in apps) == pytest.approx(160, rel=0.25)
    assert sum(app.is_denied for app in apps) == pytest.approx(400, rel=0.15)


def test_another_share_of_one_thing_changes_nothing_else() -> None:
    changed = replace(SPEC, apps=(replace(CHAT, denied=1.0),))
    for one, other in zip(phones_of(SPEC), phones_of(changed), strict=True):
        assert (one.is_away, one.power, one.network) == (other.is_away, other.power, other.network)
        assert [app.is_uninstalled for app in one.apps] == [
            app.is_uninstalled for app in other.apps
        ]


def test_phones_are_switched_on_one_after_the_other() -> None:
    starts = [phone.starts_after for phone in phones_of(SPEC)]
    assert starts[0] == 0
    assert starts == sorted(starts)
    assert starts[-1] < 10


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"away": 1.5}, "away is a share from 0 to 1, not 1.5"),
        ({"away": 1.0}, "nobody would ever come back"),
        ({"away_for": 0.0}, "away_for"),
        ({"storm_every": 0.0}, "storm_every"),
        ({"apps": ()}, "at least one"),
        ({"apps": (CHAT, CHAT)}, "each bundle id once"),
        ({"apps": (FleetApp("com.example.chat", denied=-1),)}, "com.example.chat: denied"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        replace(SPEC, **change)  # type: ignore[arg-type]


def test_a_name_must_be_able_to_name_devices() -> None:
    with pytest.raises(InvalidIdentifierError, match="device id"):
        replace(SPEC, name="Anna's fleet")
