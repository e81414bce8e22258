"""kill -9 of the gateway and of its store, while providers push and devices come and go.

The promise under test: whatever was answered 200 arrives, unless a newer push for the same device
and topic took its place while the device was away; and nothing reaches an app twice. Devices that
have gone dark are part of it: without them a crash test proves nothing, because the kernel flushes
the sockets of a killed process.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import trio

from tests.e2e.fleet import Fleet, Provider, Target
from tests.e2e.gateway_process import GatewayProcess, gateway_process
from tests.e2e.world import until

if TYPE_CHECKING:
    from pathlib import Path

# Each app of the first population gets one push: every one that is accepted must arrive.
DEVICES, APPS = 50, 40
# Each app of the second gets several while its device is away: the newest one must arrive.
ABSENT_DEVICES, ABSENT_APPS, ROUNDS = 10, 4, 10
PUSHES = DEVICES * APPS + ABSENT_DEVICES * ABSENT_APPS * ROUNDS


class Run:
    """One gateway, two populations, and what is expected of them."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self.gateway = gateway
        self.fleet = Fleet(gateway)
        self.provider = Provider(gateway)
        self.devices: list[str] = []
        self.absent_devices: list[str] = []
        self.absent: list[Target] = []
        self.once: list[Target] = []
        self.is_pushed = trio.Event()

    async def populate(self) -> None:
        grown = await self.fleet.grow(DEVICES, APPS)
        self.devices = [targets[0].device for targets in grown]
        self.once = [target for targets in grown for target in targets]
        absent = await self.fleet.grow(ABSENT_DEVICES, ABSENT_APPS)
        self.absent_devices = [targets[0].device for targets in absent]
        self.absent = [target for targets in absent for target in targets]

    @property
    def plan(self) -> list[Target]:
        """Every push to be sent, those of both populations mixed, always in the same way."""
        plan = self.once + self.absent * ROUNDS
        random.Random(1).shuffle(plan)
        return plan

    async def accepted(self, share: float) -> None:
        """Wait until that much of the plan was accepted."""
        await until(lambda: len(self.provider.accepted) >= share * PUSHES)

    def has_all_arrived(self) -> bool:
        received, accepted = set(self.fleet.received), set(self.provider.accepted)
        sent = self.provider.sent
        return all(accepted.intersection(sent[target]) <= received for target in self.once) and all(
            self.last(target, received) >= self.last(target, accepted) for target in self.absent
        )

    def last(self, target: Target, among: set[str]) -> int:
        """Which of the pushes sent to the target was the last of those; -1 = none.

        A push that got no answer may have been kept all the same, and then it may take the place
        of older ones that had got theirs.
        """
        numbers = [n for n, each in enumerate(self.provider.sent[target]) if each in among]
        return max(numbers, default=-1)

    def is_in_order(self, target: Target) -> bool:
        order = {apns_id: number for number, apns_id in enumerate(self.provider.sent[target])}
        numbers = [order[each] for each in self.fleet.received if each in order]
        return numbers == sorted(numbers)

    async def push_all(self) -> None:
        await self.provider.push_all(self.plan)
        self.is_pushed.set()

    async def put_away(self) -> None:
        """Some devices leave, some go dark; some stay until later."""
        third, half = DEVICES // 3, ABSENT_DEVICES // 2
        offline, dark = self.devices[:third], self.devices[third : 2 * third]
        await self.fleet.patch(offline + self.absent_devices[:half], online=False)
        await self.fleet.patch(dark + self.absent_devices[half:], network="half-open")

    async def suffer(self) -> None:
        """The gateway is killed, its store, both; and the last devices go dark."""
        await self.accepted(0.2)
        await self.gateway.kill()
        await self.gateway.start()
        await self.accepted(0.4)
        os.kill(self.gateway.store_pid, signal.SIGKILL)
        await self.accepted(0.6)
        await self.fleet.patch(self.devices[2 * DEVICES // 3 :], network="half-open")
        await self.accepted(0.8)
        os.kill(self.gateway.store_pid, signal.SIGKILL)
        await self.gateway.kill()
        await self.gateway.start()


@pytest.mark.takes_seconds(120)
async def test_nothing_that_was_answered_200_is_lost_or_comes_twice(tmp_path: Path) -> None:
    async with gateway_process(tmp_path) as gateway, trio.open_nursery() as nursery:
        run = Run(gateway)
        await nursery.start(run.fleet.host.run)
        await run.populate()
        await run.put_away()
        nursery.start_soon(run.push_all)
        await run.suffer()
        await run.is_pushed.wait()
        await run.fleet.patch(run.devices + run.absent_devices, network="wifi", online=True)
        await until(run.has_all_arrived)
        await run.fleet.host.delete_all()
        nursery.cancel_scope.cancel()
    received, accepted = run.fleet.received, run.provider.accepted
    assert [apns_id for apns_id, count in Counter(received).items() if count > 1] == []
    assert all(run.is_in_order(target) for target in run.absent)
    assert len(accepted) == PUSHES
    # And of what waited, newer ones did take the place of older ones.
    assert len(received) < len(accepted)
