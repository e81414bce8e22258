"""Small scenarios to start from; a test changes the one thing that it is about."""

from __future__ import annotations

from apnsim.scenario import plan, player

HEAD = """\
title = "A story"
start = 2026-03-02T17:14:56Z
"""
PHONE = """
[[device]]
name = "phone"
apps = { "com.example.chat" = ["alert"] }
"""


def step(what: str, at: str = "+0 s") -> str:
    """One step, such as ``expect = { … }``."""
    return f'\n[[step]]\nat = "{at}"\n{what}\n'


PUSH = step('push = { app = "com.example.chat", alert = "Hello" }', "1 min")
EXPECT = step('expect = { push = "Hello", delivered = true }')
STORY = HEAD + PHONE + PUSH + EXPECT


def story(*steps: str, phone: str = PHONE) -> str:
    """A scenario of these steps."""
    return HEAD + phone + "".join(steps)


def played(*steps: str, phone: str = PHONE) -> player.Outcome:
    """How a scenario of these steps ends."""
    return player.play(plan.load("story.toml", story(*steps, phone=phone)))


def unmet(outcome: player.Outcome) -> list[tuple[str, str]]:
    """What was expected and what happened, of all that did not come as expected."""
    return [(each.claim, each.happened) for each in outcome.verdicts if not each.is_met]
