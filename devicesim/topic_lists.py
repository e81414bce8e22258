"""In which list of its Filter a device names each topic, by what its person does with it.

Only the names of the lists are public (courier-wire.md §3, 0x09). Ours is the choice, for topics
whose pushes nobody would notice while the display is off; a push's priority is the main criterion.
Alerts and background pushes share the topic of their app, so it is enabled at all times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devicesim.power import NON_WAKING, Power
from protocol.courier.messages import Filter
from protocol.notification import PushType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devicesim.app import App
    from protocol.identifiers import Topic

# What is looked at only on a lit display may wait until it is lit.
_LOOKED_AT = frozenset({PushType.WIDGETS, PushType.CONTROLS})

_LIST_OF: dict[Power, dict[str, str]] = {
    Power.AWAKE: {},
    Power.LOCKED: {
        **dict.fromkeys((each.topic_suffix for each in _LOOKED_AT), "opportunistic"),
        **dict.fromkeys((each.topic_suffix for each in NON_WAKING), "non_waking"),
    },
    # Low Power Mode puts off what the person did not ask for.
    Power.LOW_POWER: dict.fromkeys(
        (each.topic_suffix for each in _LOOKED_AT | NON_WAKING),
        "paused",
    ),
}


def filter_of(apps: Iterable[App], mode: Power) -> Filter:
    """The device's topics, all of them.

    Disabled notifications are a matter of the app's own topic; the permission does not cover
    PushKit topics such as ``.voip``, which have a suffix. An app that receives background pushes
    needs its topic whatever a person wants to see; so does one that has not asked yet.
    """
    lists: dict[str, list[Topic]] = {}
    for app in apps:
        for topic in app.topics:
            suffix = topic.removeprefix(app.bundle_id)
            name = _LIST_OF[mode].get(suffix, "enabled")
            if not suffix and app.is_silenced:
                name = "ignored"
            lists.setdefault(name, []).append(topic)
    said = {name: tuple(topics) for name, topics in lists.items()}
    return Filter(
        enabled=said.get("enabled", ()),
        ignored=said.get("ignored", ()),
        opportunistic=said.get("opportunistic", ()),
        paused=said.get("paused", ()),
        non_waking=said.get("non_waking", ()),
    )
