"""What a person reads: the log as it goes, then the verdict."""

from __future__ import annotations

import textwrap
from datetime import datetime
from itertools import chain, groupby
from typing import TYPE_CHECKING

from apnsim.scenario.log import GATEWAY
from apnsim.scenario.times import spoken
from apnsim.toml.keys import key_line, keys_of, keys_of_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from apnsim.output import Pen
    from apnsim.scenario.log import Line
    from apnsim.scenario.plan import Scenario
    from apnsim.scenario.player import Outcome
    from apnsim.scenario.stage import Verdict

_WIDTH = 96
_PROCESS_WIDTH = 14
_BOLD, _DIM, _RED, _GREEN, _YELLOW, _CYAN, _MAGENTA = "1", "2", "31", "32", "33", "36", "35"
_COLOURS = {
    "scenario": _YELLOW,
    "person": _YELLOW,
    "provider": _MAGENTA,
    GATEWAY: _CYAN,
}


def opening(scenario: Scenario, pen: Pen) -> Iterator[str]:
    """What it is about."""
    yield pen(scenario.title, _BOLD)
    for line in textwrap.wrap(" ".join(scenario.learn.split()), _WIDTH):
        yield pen(line, _DIM)
    yield ""


def log_line(line: Line, scenario: Scenario, pen: Pen) -> str:
    """``17:46:01.330  apsd  the message``; with the phone's name where there are several."""
    at = datetime.fromtimestamp(line.at, scenario.start.tzinfo).strftime("%H:%M:%S.%f")[:-3]
    who, width = line.process, _PROCESS_WIDTH
    if len(phones := scenario.cast.devices) > 1:
        who += f"[{line.device}]" * bool(line.device)
        width += max(map(len, phones)) + len("[]")
    message = line.message
    if line.process == "expected":
        message = pen(message, _GREEN if message.startswith("✓") else _RED)
    head = pen(who.ljust(width), *filter(None, [_COLOURS.get(line.process)]))
    return f"{pen(at, _DIM)}  {head} {message}"


def verdict(scenario: Scenario, outcome: Outcome, pen: Pen) -> Iterator[str]:
    """Met or not; what was not, what happened instead, what came near."""
    unmet = [each for each in outcome.verdicts if not each.is_met]
    for _, of_step in groupby(unmet, lambda each: each.step):
        yield from _unmet(scenario, list(of_step), pen)
    count = len(outcome.verdicts)
    time = f"{spoken(outcome.seconds)} of the phones' time in {spoken(outcome.real_seconds)}"
    if unmet:
        head = pen(f"NOT MET: {len(unmet)} of {count} expectations", _BOLD, _RED)
    else:
        head = pen(f"MET: all {count} expectations", _BOLD, _GREEN)
    yield f"{head}; {time}"


def _unmet(scenario: Scenario, of_step: list[Verdict], pen: Pen) -> Iterator[str]:
    """Of one step: what was expected and what happened, each; and the lives of the pushes, once."""
    first = of_step[0]
    where = f"{scenario.name}:{first.line}: step {first.step}"
    yield f"{pen('✗', _RED)} {where}, {spoken(first.at)} after the start"
    for each in of_step:
        yield f"    expected  {each.claim}"
        yield f"    happened  {each.happened}"
    lives = dict.fromkeys(chain.from_iterable(each.near for each in of_step))
    for index, line in enumerate(chain.from_iterable(lives)):
        yield f"    {'timeline' if not index else '':8}  {line}"
    yield ""


def keys(tables: Mapping[str, type], verbs: Mapping[str, type]) -> Iterator[str]:
    """What can stand in a scenario: every table, every step, every key."""
    yield from keys_of_tables(tables)
    yield "[[step]]  at, and one of the following"
    yield key_line(
        "at", 'when: "31 min" after the start, "+10 s" after the step before, "17:45:59"'
    )
    yield ""
    for name, kind in verbs.items():
        yield from keys_of(f"{name} = {{ … }}", kind)
