"""Whatever happens to a phone: nothing lost that must arrive, nothing twice, nothing after its end.

A state machine draws what happens and lets the model say what must follow; at the end all of it is
played to the real thing, with the model's word checked after every step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import trio
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from trio.testing import MockClock

from tests.examples_drawn import examples
from tests.stateful.model import Fate, Model, Path
from tests.stateful.world import World

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Awaitable, Callable

APPS = ("com.example.a", "com.example.b")
apps = st.sampled_from(APPS)
lifetimes = st.sampled_from([0.0, 100.0, 5_000.0])
pauses = st.sampled_from([1.0, 50.0, 300.0, 6_000.0])


@dataclass
class Step:
    """Something that happens, and what the model says of the pushes after it."""

    happens: Callable[[World], Awaitable[None]]
    fates: dict[int, Fate]


class Phone(RuleBasedStateMachine):
    """Rules are what people, networks and crashes do."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.script: list[Step] = []
        for app in APPS:
            self.install(app)

    def _then(self, happens: Callable[[World], Awaitable[None]]) -> None:
        """Remember what is to happen, and what the model says once it has."""
        self.script.append(Step(happens, {each.number: each.fate for each in self.model.sent}))

    @rule(app=apps, seconds=lifetimes)
    def push(self, app: str, seconds: float) -> None:
        number = self.model.push(app, seconds)
        self._then(lambda world: world.push(number, app, seconds))

    def install(self, app: str) -> None:
        self.model.install(app)
        self._then(lambda world: world.install(app))

    @rule(app=apps)
    def is_uninstalled_or_installed_again(self, app: str) -> None:
        if app not in self.model.apps:
            self.install(app)
        else:
            self.model.uninstall(app)
            self._then(lambda world: world.uninstall(app))

    @rule()
    def restore(self) -> None:
        self.model.restore()
        self._then(lambda world: world.restore())

    @rule()
    def goes_offline(self) -> None:
        self.model.goes_down()
        self._then(lambda world: world.switch(network="none"))

    @precondition(lambda self: self.model.path is Path.UP)
    @rule()
    def goes_half_open(self) -> None:
        self.model.goes_dark()
        self._then(lambda world: world.switch(network="half-open"))

    @rule(network=st.sampled_from(["wifi", "cellular"]))
    def comes_online(self, network: str) -> None:
        self.model.comes_up(network)
        self._then(lambda world: world.switch(network=network))

    @rule(
        leaves=st.sampled_from([goes_offline, goes_half_open]),
        pushes=st.lists(st.tuples(apps, lifetimes), min_size=1, max_size=4),
        seconds=st.sampled_from([0.0, 1.0, 300.0]),
    )
    def is_pushed_to_while_away(
        self,
        leaves: Callable[[Phone], None],
        pushes: list[tuple[str, float]],
        seconds: float,
    ) -> None:
        """Often enough, in one go: what single rules make seldom."""
        if self.model.path is not Path.UP:
            self.comes_online("wifi")
        leaves(self)
        for app, lifetime in pushes:
            self.push(app, lifetime)
        self.time_passes(seconds)
        self.comes_online("cellular")

    @rule(seconds=pauses)
    def time_passes(self, seconds: float) -> None:
        self.model.advance(seconds)
        self._then(lambda world: world.passes(seconds))

    @precondition(lambda self: self.model.path is Path.UP)
    @rule(app=apps, seconds=lifetimes, steps=st.integers(0, 16))
    def link_is_reset_amid_a_push(self, app: str, seconds: float, steps: int) -> None:
        number = self.model.push(app, seconds)
        self.model.reset_amid(number)
        self._then(lambda world: world.push_amid_a_reset(number, app, seconds, steps))
        self.model.advance(50.0)  # its back-off
        self.model.comes_up(self.model.interface)
        self._then(lambda world: world.passes(50.0))

    @rule()
    def gateway_is_killed(self) -> None:
        self.model.gateway_is_killed()
        self._then(lambda world: world.kill_gateway())
        self.time_passes(50.0)  # the phone's back-off

    @rule()
    def phone_is_killed(self) -> None:
        self._then(lambda world: world.kill_phone())
        self.time_passes(50.0)

    def teardown(self) -> None:
        self.comes_online("wifi")
        trio.run(self._play, clock=MockClock(autojump_threshold=0))

    async def _play(self) -> None:
        async with trio.open_nursery() as nursery:
            world = World(nursery)
            await world.start()
            over: dict[int, int] = {}
            for step in self.script:
                await step.happens(world)
                _check(world.arrivals, step.fates, over)
            nursery.cancel_scope.cancel()


def _check(arrivals: Counter[int], fates: dict[int, Fate], over: dict[int, int]) -> None:
    twice = [number for number, count in arrivals.items() if count > 1]
    assert not twice, f"arrived twice: {twice}"
    for number, fate in fates.items():
        count = arrivals[number]
        if fate is Fate.ARRIVED:
            assert count == 1, f"{number} has not arrived"
        elif fate is Fate.MUST_NOT_ARRIVE:
            assert count == 0, f"{number} has arrived"
        elif fate is Fate.OVER:
            assert count == over.setdefault(number, count), f"{number} has arrived too late"


@pytest.mark.hypothesis
@pytest.mark.takes_seconds(120)
def test_nothing_is_lost_nothing_comes_twice_and_nothing_after_its_end() -> None:
    run_state_machine_as_test(
        Phone,
        settings=settings(
            max_examples=examples(50),
            stateful_step_count=15,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
