"""What a fleet counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devicesim.fleet.figures import Figures, Latencies
from devicesim.presentation import Presentation
from protocol.courier.messages import StorageFlags
from protocol.identifiers import DeviceToken
from tests.devicesim.scripted_gateway import push_to


def test_percentiles_are_right_to_five_percent() -> None:
    latencies = Latencies()
    assert latencies.percentile(0.5) is None
    for millisecond in range(1, 1001):
        latencies.add(millisecond / 1000)
    assert latencies.percentile(0.5) == pytest.approx(0.5, rel=0.05)
    assert latencies.percentile(0.99) == pytest.approx(0.99, rel=0.05)
    assert latencies.percentile(1) == pytest.approx(1, rel=0.05)


def test_a_clock_that_was_moved_back_makes_no_negative_time() -> None:
    latencies = Latencies()
    latencies.add(-5)
    assert latencies.percentile(1) == pytest.approx(1e-4, rel=0.05)


def test_what_waited_in_store_counts_but_tells_nothing_of_how_long_pushes_take() -> None:
    figures = Figures(lambda: 1000.5)
    live = replace(push_to(DeviceToken(b"t" * 32), "com.example.chat"), sent_at=1000.0)
    figures.note("one", live, Presentation.SHOWN, "")
    stored = replace(live, sent_at=0.0, storage=StorageFlags.FROM_STORAGE)
    figures.note("two", stored, Presentation.NOT_SHOWN, "denied")
    assert (figures.received, figures.from_storage, figures.not_shown) == (2, 1, 1)
    assert figures.latencies.percentile(1) == pytest.approx(0.5, rel=0.05)
