"""What the acts say and draw."""

from __future__ import annotations

import json
import random
import statistics
from typing import Any

import pytest

from gateway.faults.actions import Answer, Delay
from gateway.faults.reading import read_rule
from tests.builders import NOW


def act(words: str) -> Any:  # noqa: ANN401
    return read_rule(words).actions[0]


@pytest.mark.parametrize(
    ("words", "status", "body"),
    [
        ("answer status=200", 200, None),
        ("answer status=503", 503, {"reason": "ServiceUnavailable"}),
        ("answer reason=Shutdown", 503, {"reason": "Shutdown"}),
        ("answer status=418 reason=Teapot", 418, {"reason": "Teapot"}),
        ("answer status=502", 502, None),
        ("answer status=410", 410, {"reason": "Unregistered", "timestamp": int(NOW) * 1000}),
        ("answer status=410 timestamp=5", 410, {"reason": "Unregistered", "timestamp": 5}),
        ('answer status=410 timestamp="5"', 410, {"reason": "Unregistered", "timestamp": "5"}),
    ],
)
def test_an_answer_is_any_status_and_any_reason(words: str, status: int, body: object) -> None:
    answer = act(words)
    assert answer.code == status
    content = answer.content(NOW)
    assert (json.loads(content) if content else None) == body


def test_a_body_is_sent_as_it_is() -> None:
    assert Answer(type="answer", status=400, body="{}").content(NOW) == b"{}"


def test_a_delay_is_fixed_or_drawn() -> None:
    dice = random.Random(1)

    def drawn(**delay: Any) -> list[float]:  # noqa: ANN401
        made = read_rule({"action": {"type": "delay", **delay}}).actions[0]
        assert isinstance(made, Delay)
        return [made.draw(dice) for _ in range(2000)]

    assert set(drawn(seconds=1.5)) == {1.5}
    jittery = drawn(seconds=1, jitter=2)
    assert (min(jittery), max(jittery) < 3) == (0, True)
    even = drawn(seconds={"type": "uniform", "lower": 1, "upper": 2})
    assert 1 <= min(even) < 1.1 < 1.9 < max(even) <= 2
    tailed = drawn(seconds={"type": "lognormal", "median": 2, "sigma": 1})
    assert 1.8 < statistics.median(tailed) < 2.2
    assert max(tailed) > 20
