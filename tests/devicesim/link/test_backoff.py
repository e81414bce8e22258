"""How long a device waits before it tries again."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from devicesim.link.backoff import Backoff
from tests.devicesim.scripted_gateway import FairDice


def test_the_bound_doubles_until_the_cap() -> None:
    backoff = Backoff(FairDice(), base_seconds=1, cap_seconds=30)
    assert [backoff.next_delay() for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_link_that_delivered_or_lived_starts_over_and_one_that_did_neither_does_not() -> None:
    backoff = Backoff(FairDice(), stable_seconds=10)
    delays = []
    for lived, has_delivered in [(0, False), (9.9, False), (10, False), (0, True), (0, False)]:
        delays.append(backoff.next_delay())
        backoff.link_ended(lived, has_delivered=has_delivered)
    assert [*delays, backoff.next_delay()] == [1, 2, 4, 1, 1, 2]


@given(seed=st.integers(), failures=st.integers(1, 5000))
def test_jitter_is_full_and_never_above_the_bound(seed: int, failures: int) -> None:
    backoff = Backoff(Random(seed), base_seconds=0.5, cap_seconds=7)
    for _ in range(min(failures, 50)):
        assert 0 <= backoff.next_delay() <= 7
    assert backoff.next_delay() <= 7


def test_devices_that_lost_their_gateway_together_do_not_return_together() -> None:
    dice = Random(1)
    delays = [Backoff(dice).next_delay() for _ in range(1000)]
    per_tenth = [sum(1 for delay in delays if i / 10 <= delay < (i + 1) / 10) for i in range(10)]
    assert min(per_tenth) > 60
