from __future__ import annotations

import pytest

from gateway.courier.topics import TopicLists, Verdict
from protocol.courier.messages import Filter
from tests.builders import TOPIC


@pytest.mark.parametrize(
    ("said", "active", "inactive"),
    [
        (Filter(), Verdict.WAIT, Verdict.WAIT),
        (Filter(enabled=(TOPIC,)), Verdict.DELIVER, Verdict.DELIVER),
        (Filter(non_waking=(TOPIC,)), Verdict.DELIVER, Verdict.DELIVER),
        (Filter(opportunistic=(TOPIC,)), Verdict.DELIVER, Verdict.HOLD),
        (Filter(paused=(TOPIC,)), Verdict.WAIT, Verdict.WAIT),
        (Filter(ignored=(TOPIC,)), Verdict.DISCARD, Verdict.DISCARD),
        (Filter(ignored=(TOPIC,), opportunistic=(TOPIC,)), Verdict.DELIVER, Verdict.HOLD),
        (Filter(opportunistic=(TOPIC,), enabled=(TOPIC,)), Verdict.DELIVER, Verdict.DELIVER),
    ],
)
def test_each_list_has_its_verdict(said: Filter, active: Verdict, inactive: Verdict) -> None:
    lists = TopicLists(said)
    assert lists.verdict(TOPIC, is_active=True) is active
    assert lists.verdict(TOPIC, is_active=False) is inactive
    assert lists.has_opportunistic is bool(said.opportunistic)
