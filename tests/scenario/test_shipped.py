from __future__ import annotations

from pathlib import Path

import pytest

from apnsim.scenario import library, plan, player

DOCS = Path(__file__).parents[2] / "docs" / "scenarios"


@pytest.fixture(params=library.names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_what_is_shipped_comes_as_expected(name: str) -> None:
    outcome = player.play(plan.load(*library.read(name)))
    assert [each for each in outcome.verdicts if not each.is_met] == []
    assert outcome.verdicts


def test_it_is_judged_alike_whenever_it_is_played(name: str) -> None:
    # Not line by line: which of two tasks has its turn first within a moment is Trio's dice.
    scenario = plan.load(*library.read(name))
    assert player.play(scenario).verdicts == player.play(scenario).verdicts


def test_it_says_what_one_learns_from_it(name: str) -> None:
    assert plan.load(*library.read(name)).learn


def test_its_page_says_what_one_learns_and_how_to_change_it(name: str) -> None:
    page = (DOCS / f"{name}.md").read_text()
    assert page.startswith(f"# {plan.load(*library.read(name)).title}\n")
    assert f"apnsim scenario {name}" in page
    assert "## What you learn" in page
    assert "## Change it" in page


def test_every_page_is_of_a_scenario_and_listed() -> None:
    pages = {page.stem for page in DOCS.glob("*.md")} - {"README"}
    assert pages == set(library.names())
    listed = (DOCS / "README.md").read_text()
    for each in pages:
        assert f"]({each}.md)" in listed
