"""Plays a scenario: each step at its time, on a clock that jumps to whatever happens next."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from apnsim.scenario import judge
from apnsim.scenario.cast import device_id
from apnsim.scenario.log import Log, heard
from apnsim.scenario.provider import NoAnswerError
from apnsim.scenario.record import Record
from apnsim.scenario.stage import Stage, Verdict
from apnsim.scenario.steps.expectations import Expect
from apnsim.scenario.steps.phones import given
from apnsim.scenario.world import world
from devicesim.host.confirmation import NotConfirmedError
from devicesim.state.files import StateError

if TYPE_CHECKING:
    from apnsim.scenario.log import Line
    from apnsim.scenario.plan import Scenario, Step
    from apnsim.scenario.world import World

# What a step may come to grief by; anything else is a bug of ours.
_FAILURES = (NoAnswerError, NotConfirmedError, StateError, LookupError, ValueError)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a scenario ended; ``seconds`` are those of the phones, ``real_seconds`` ours."""

    verdicts: tuple[Verdict, ...]
    lines: tuple[Line, ...]
    seconds: float
    real_seconds: float

    @property
    def is_met(self) -> bool:
        """Whether all went as expected."""
        return all(verdict.is_met for verdict in self.verdicts)


def play(scenario: Scenario, level: int = logging.INFO) -> Outcome:
    """Play it from start to end: a second or so for three hours of the phones' time.

    Args:
        scenario: what to play.
        level: from which on the log hears what gateway and devices say.
    """
    began = time.perf_counter()
    clock = MockClock(autojump_threshold=0)
    stage = trio.run(_play, scenario, level, clock=clock)
    return Outcome(
        tuple(stage.verdicts),
        tuple(stage.log.lines),
        scenario.steps[-1].at,
        time.perf_counter() - began,
    )


async def _play(scenario: Scenario, level: int) -> Stage:
    epoch = scenario.start.timestamp() - trio.current_time()
    async with world(scenario.settings, epoch) as here, trio.open_nursery() as steps:
        record = Record()
        log = Log(here.clock.now)
        stage = Stage(scenario.cast, here, log, record)
        await _set_up(scenario, here, stage)
        with heard(log, record, level):
            for step in scenario.steps:
                await trio.sleep_until(stage.began + step.at)
                steps.start_soon(_carry_out, step, stage)
                # What follows at once has happened before the next step of the same moment.
                await wait_all_tasks_blocked()
        steps.cancel_scope.cancel()
    return stage


async def _set_up(scenario: Scenario, here: World, stage: Stage) -> None:
    for phone in scenario.phones:
        identifier = device_id(phone.name)
        create = partial(here.devices.create_device, phone.name, phone.environment)
        await create(device_id=identifier)
        await here.devices.patch_device(identifier, network=phone.network)
        for app, types in (phone.apps or {}).items():
            view = await here.devices.install_app(identifier, app, types)
            stage.learn_tokens(phone.name, view)
    await wait_all_tasks_blocked()


async def _carry_out(step: Step, stage: Stage) -> None:
    if isinstance(step.action, Expect):
        await stage.look()
        _judge(step, step.action, stage)
        return
    try:
        await step.action.perform(stage)
    except _FAILURES as error:
        claim = f"{step.verb} can be done"
        stage.verdicts.append(Verdict(step.number, step.line, stage.elapsed, claim, str(error)))
        stage.log.say("scenario", f"✗ {claim}: {error}")


def _judge(step: Step, expect: Expect, stage: Stage) -> None:
    conditions = given(expect, "push", "app", "device")
    for claim, happened, near in judge.judged(expect, conditions, stage):
        verdict = Verdict(step.number, step.line, stage.elapsed, claim, happened, near)
        stage.verdicts.append(verdict)
        stage.log.say("expected", f"✓ {claim}" if verdict.is_met else f"✗ {claim}; but {happened}")
