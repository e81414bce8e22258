"""What ``apnsim fleet`` tells: a line now and then, and how it went."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import trio

from apnsim.client import ApnsimError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from devicesim.fleet.fleet import Fleet, FleetToken

FOLLOW_SECONDS = 5.0


class GatewayTime:
    """The gateway's clock, as far as another process knows it: it may be moved.

    Args:
        ask: asks the gateway; blocks, and raises ``ApnsimError`` when nobody answers.
    """

    def __init__(self, ask: Callable[[], float]) -> None:
        self._ask = ask
        self._ahead = 0.0
        self._look()

    def now(self) -> float:
        """UNIX seconds."""
        return time.time() + self._ahead

    async def follow(self) -> None:
        """Ask again and again."""
        while True:
            await trio.sleep(FOLLOW_SECONDS)
            with suppress(ApnsimError):  # it is down: its devices tell that
                await trio.to_thread.run_sync(self._look)

    def _look(self) -> None:
        asked = time.time()
        told = self._ask()
        self._ahead = told - (asked + time.time()) / 2


class Report:
    """Words for a fleet's figures.

    Args:
        fleet: whose.
        devices: how many phones it will have.
        as_json: one JSON object a line.
    """

    def __init__(self, fleet: Fleet, devices: int, *, as_json: bool) -> None:
        self._fleet = fleet
        self._devices = devices
        self._as_json = as_json
        self._began = self._last = time.monotonic()
        self._last_received = 0

    def line(self, now: float) -> str:
        """How it is; ``now`` is monotonic seconds."""
        told = self._figures()
        told["per_second"] = round(self._rate(now), 1)
        return json.dumps(told) if self._as_json else _spoken(told)

    def arrival(self, tokens: Path | None) -> Iterator[str]:
        """All phones are there."""
        if not self._as_json:
            seconds = time.monotonic() - self._began
            where = f", {len(self._fleet.tokens)} tokens in {tokens}" if tokens else ""
            yield f"{self._fleet.devices} phones made in {seconds:.1f} s{where}"

    def summary(self) -> Iterator[str]:
        """How it went."""
        told = self._figures()
        del told["online"]  # nobody is, by now
        told["seconds"] = round(time.monotonic() - self._began, 1)
        yield json.dumps(told) if self._as_json else f"in all: {_spoken(told)}"

    def _figures(self) -> dict[str, Any]:
        figures = self._fleet.figures
        return {
            "devices": self._devices,
            "online": self._fleet.online,
            "received": figures.received,
            "from_storage": figures.from_storage,
            "not_shown": figures.not_shown,
            "p50_ms": _milliseconds(figures.latencies.percentile(0.5)),
            "p99_ms": _milliseconds(figures.latencies.percentile(0.99)),
        }

    def _rate(self, now: float) -> float:
        received, seconds = self._fleet.figures.received, max(now - self._last, 1e-3)
        rate = (received - self._last_received) / seconds
        self._last, self._last_received = now, received
        return rate


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _spoken(told: dict[str, Any]) -> str:
    parts = [f"{told['received']:,} received"]
    if "online" in told:
        parts = [f"{told['online']:,} of {told['devices']:,} online", *parts]
        parts[-1] += f" ({told['per_second']:,} a second)"
    if told["from_storage"]:
        parts.append(f"{told['from_storage']:,} from storage")
    if told["not_shown"]:
        parts.append(f"{told['not_shown']:,} not shown")
    if told["p50_ms"] is not None:
        parts.append(f"half within {told['p50_ms']:g} ms, 99 % within {told['p99_ms']:g} ms")
    return ", ".join(parts)


def tokens_as_text(tokens: Iterable[FleetToken]) -> str:
    """JSON lines, in the order of the phones: what a backend imports."""
    ordered = sorted(tokens, key=lambda each: (each.device_id, each.topic, each.push_type))
    return "".join(f"{json.dumps(asdict(each))}\n" for each in ordered)
