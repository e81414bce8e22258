from __future__ import annotations

import pytest

from gateway.courier.topics import TopicLists, Verdict
from protocol.courier.messages import Filter
from protocol.identifiers import HashedTopic, Topic
from protocol.notification import Priority
from tests.builders import TOPIC

NOW, SOON, LATE = Priority.IMMEDIATE, Priority.POWER_AWARE, Priority.POWER_FIRST
T = (TOPIC,)


@pytest.mark.parametrize(
    ("said", "active", "inactive"),
    [
        (Filter(), Verdict.WAIT, Verdict.WAIT),
        (Filter(enabled=T), Verdict.DELIVER, Verdict.WAKE),
        (Filter(non_waking=T), Verdict.DELIVER, Verdict.DELIVER),
        (Filter(opportunistic=T), Verdict.DELIVER, Verdict.HOLD),
        (Filter(paused=T), Verdict.PAUSE, Verdict.PAUSE),
        (Filter(ignored=T), Verdict.DISABLED, Verdict.DISABLED),
        (Filter(ignored=T, paused=T), Verdict.PAUSE, Verdict.PAUSE),
        (Filter(paused=T, opportunistic=T), Verdict.DELIVER, Verdict.HOLD),
        (Filter(opportunistic=T, non_waking=T), Verdict.DELIVER, Verdict.DELIVER),
        (Filter(non_waking=T, enabled=T), Verdict.DELIVER, Verdict.WAKE),
    ],
)
def test_each_list_has_its_verdict_on_a_push_of_priority_10(
    said: Filter, active: Verdict, inactive: Verdict
) -> None:
    lists = TopicLists(said)
    assert lists.verdict(TOPIC, NOW, is_active=True) is active
    assert lists.verdict(TOPIC, NOW, is_active=False) is inactive


@pytest.mark.parametrize(
    ("said", "priority", "inactive"),
    [
        (Filter(enabled=T), SOON, Verdict.BURST),
        (Filter(enabled=T), LATE, Verdict.HOLD),
        (Filter(non_waking=T), SOON, Verdict.BURST),
        (Filter(non_waking=T), LATE, Verdict.HOLD),
        (Filter(opportunistic=T), SOON, Verdict.HOLD),
        (Filter(opportunistic=T), LATE, Verdict.HOLD),
    ],
)
def test_a_lower_priority_waits_while_nobody_uses_the_device(
    said: Filter, priority: Priority, inactive: Verdict
) -> None:
    lists = TopicLists(said)
    assert lists.verdict(TOPIC, priority, is_active=True) is Verdict.DELIVER
    assert lists.verdict(TOPIC, priority, is_active=False) is inactive


def test_a_filter_of_apples_wire_names_topics_by_their_hashes() -> None:
    lists = TopicLists(Filter(enabled=(HashedTopic.of(TOPIC),)))
    assert lists.verdict(TOPIC, NOW, is_active=True) is Verdict.DELIVER
    assert lists.verdict(Topic(f"{TOPIC}.voip"), NOW, is_active=True) is Verdict.WAIT
