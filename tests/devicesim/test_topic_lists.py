"""Which of a phone's topics are in which list of its Filter."""

from __future__ import annotations

import pytest

from devicesim.apps import AppRegistry
from devicesim.power import Power
from devicesim.topic_lists import filter_of
from protocol.courier.messages import Filter
from protocol.identifiers import Topic

APP = "com.example.app"


def topics(*suffixes: str) -> tuple[Topic, ...]:
    return tuple(Topic(APP + suffix) for suffix in suffixes)


ALERT, VOIP, WIDGETS, FILES = topics("", ".voip", ".push-type.widgets", ".pushkit.fileprovider")


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (Power.AWAKE, Filter(enabled=(ALERT, VOIP, WIDGETS, FILES))),
        (
            Power.LOCKED,
            Filter(enabled=(ALERT, VOIP), opportunistic=(WIDGETS,), non_waking=(FILES,)),
        ),
        (Power.LOW_POWER, Filter(enabled=(ALERT, VOIP), paused=(WIDGETS, FILES))),
    ],
)
def test_what_nobody_would_notice_waits_while_the_phone_is_locked(
    mode: Power, expected: Filter
) -> None:
    apps = AppRegistry()
    apps.install(APP, ["alert", "voip", "widgets", "fileprovider"])
    assert filter_of(apps, mode) == expected


@pytest.mark.parametrize("mode", Power)
def test_what_a_person_has_disabled_is_ignored_in_every_mode(mode: Power) -> None:
    apps = AppRegistry()
    apps.install(APP, ["alert", "voip"]).notifications_enabled = False
    assert filter_of(apps, mode) == Filter(enabled=(VOIP,), ignored=(ALERT,))
