"""Who connects too often."""

from __future__ import annotations

from gateway.provider.churn import Churn


def test_off_everybody_is_admitted_and_nobody_is_remembered() -> None:
    churn = Churn()
    assert all(churn.admits("1.1.1.1", 0.0) for _ in range(1000))
    assert churn._admitted == {}


def test_one_connection_too_many_within_a_minute_blocks_the_address_and_no_other() -> None:
    churn = Churn(per_minute=3, block_seconds=20)
    assert [churn.admits("1.1.1.1", now) for now in (0.0, 30.0, 59.0, 59.5)] == [True] * 3 + [False]
    assert churn.admits("2.2.2.2", 59.5)


def test_connections_further_apart_are_admitted_for_ever() -> None:
    churn = Churn(per_minute=3)
    assert all(churn.admits("1.1.1.1", 20.0 * turn) for turn in range(100))


def test_a_block_ends_when_it_said_and_is_not_prolonged_by_knocking() -> None:
    churn = Churn(per_minute=1, block_seconds=20)
    assert churn.admits("1.1.1.1", 0.0)
    assert [churn.admits("1.1.1.1", now) for now in (1.0, 10.0, 20.9)] == [False] * 3
    assert churn.admits("1.1.1.1", 21.0)


def test_what_is_over_is_forgotten() -> None:
    churn = Churn(per_minute=1, block_seconds=5)
    for number in range(50):
        churn.admits(f"10.0.0.{number}", 0.0)
        churn.admits(f"10.0.0.{number}", 1.0)
    churn.admits("2.2.2.2", 2.0)
    churn.admits("1.1.1.1", 100.0)
    assert (list(churn._admitted), churn._blocked_until) == (["1.1.1.1"], {})
