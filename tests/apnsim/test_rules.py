"""``apnsim rules``: the faults of a running gateway, from the shell."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest
import trio

from gateway.faults.reading import read_rule, told
from gateway.faults.words import from_words, to_words
from tests.e2e.world import TOPIC, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.apnsim.conftest import Outcome
    from tests.e2e.world import World


class Shell:
    """``apnsim rules`` against the gateway of the test."""

    def __init__(self, here: World, apnsim: Callable[..., Outcome]) -> None:
        self.here = here
        self._apnsim = apnsim
        self._url = here.running.info()["console_url"]

    async def __call__(self, *words: str) -> Outcome:
        command = ("rules", *words, "--console-url", self._url)
        return await trio.to_thread.run_sync(lambda: self._apnsim(*command))


@pytest.fixture
async def shell(tmp_path: Path, apnsim: Callable[..., Outcome]) -> AsyncIterator[Shell]:
    async with world(tmp_path) as here:
        yield Shell(here, apnsim)


async def test_a_rule_is_made_strikes_is_listed_and_removed(shell: Shell) -> None:
    token = await shell.here.install(await shell.here.phone())
    made = await shell("add", "answer", "status=503", "times=2", f"match.topic={TOPIC}")
    assert (made.code, made.out) == (0, f"1  answer status=503 times=2 match.topic={TOPIC}\n")
    listed = await shell("list")
    assert listed.out.splitlines()[1] == "    nothing has come yet that it could be for"
    assert (await shell.here.push(token)).status_code == 503
    listed = await shell("list")
    assert listed.out.splitlines()[1] == "    struck 1 of the 1 that it was for"
    assert (await shell("remove", "1")).code == 0
    assert (await shell.here.push(token)).status_code == 200
    assert (await shell("list")).out == ""


async def test_a_rule_that_matches_nothing_says_what_it_missed(shell: Shell) -> None:
    token = await shell.here.install(await shell.here.phone())
    await shell("add", "answer", "status=503", "match.topic=com.exmaple.app")
    assert (await shell.here.push(token)).status_code == 200
    listed = await shell("list")
    assert listed.out.splitlines()[1] == (
        f"    struck 0 of the 0 that it was for; not for the last one: topic was {TOPIC!r}"
    )
    [rule] = json.loads((await shell("list", "--json")).out)
    assert (rule["hits"], rule["missed"]) == (0, f"topic was {TOPIC!r}")


async def test_rules_may_be_json_and_all_be_cleared(shell: Shell) -> None:
    actions = [{"type": "answer", "status": 503, "times": 2}, {"type": "pass"}]
    made = await shell("add", json.dumps({"action": actions, "priority": 3}))
    [number, words] = shlex.split(made.out)
    assert json.loads(words) == {"match": {}, "action": actions, "priority": 3}
    assert number == "1"
    assert (await shell("clear")).code == 0
    assert len(shell.here.gateway.faults.book) == 0


async def test_the_words_may_be_in_quotes_as_after_serve_rule(shell: Shell) -> None:
    made = await shell("add", f"answer status=503 times=2 match.topic={TOPIC}")
    assert (made.code, made.out) == (0, f"1  answer status=503 times=2 match.topic={TOPIC}\n")


async def test_a_storm_is_done_as_soon_as_it_is_made(shell: Shell) -> None:
    await shell("add", "storm")
    assert (await shell("list")).out == "1  storm\n    struck 1 of the 1 that it was for, spent\n"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("add", "answer", "503"), 2, "expected name=value, not '503'"),
        (("add", "{"), 2, "not JSON: "),
        (("add", "{}"), 1, "action: "),
        (("add", '{"action": {"type": "pass"}, "self": 1}'), 1, "self: "),
        (("add", "answer", "status=99"), 1, "action.answer.status: Input should be greater"),
        (("remove", "7"), 1, "there is no rule '7'"),
        (("remove", "../devices"), 1, "there is no "),
    ],
)
async def test_a_mistake_is_one_line(
    shell: Shell, words: tuple[str, ...], code: int, says: str
) -> None:
    outcome = await shell(*words)
    assert outcome.code == code
    assert says in outcome.error
    assert len(shell.here.gateway.faults.book) == 0


def test_without_a_gateway_it_says_how_to_start_one(apnsim: Callable[..., Outcome]) -> None:
    outcome = apnsim("rules", "list", "--console-url", "http://127.0.0.1:1")
    assert outcome.code == 1
    assert "start one with: apnsim serve" in outcome.error


@pytest.mark.parametrize(
    "rule",
    [
        {"action": {"type": "answer", "status": 410, "timestamp": "12"}, "match": {"topic": "7"}},
        {"action": {"type": "answer", "status": 200, "headers": {"apns-id": None}}, "times": 2},
        {"action": {"type": "delay", "seconds": {"type": "uniform", "lower": 0, "upper": 1}}},
        {"action": {"type": "pass"}, "match": {"payload": {"aps.alert": "a b"}, "nth": [1, 2]}},
        {"action": [{"type": "pass"}, {"type": "outage"}], "seed": 5},
    ],
)
def test_what_is_listed_is_the_rule_again(rule: dict[str, object]) -> None:
    told_so = told(read_rule(rule))
    words = to_words(told_so)
    again: Any = words[0] if words[0].startswith("{") else from_words(words)
    assert told(read_rule(again)) == told_so
