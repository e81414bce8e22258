from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from apnsim.scenario import library
from tests.apnsim.conftest import _elsewhere, _logging_as_before, apnsim
from tests.scenario.stories import EXPECT, PHONE, PUSH, STORY, story

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["_elsewhere", "_logging_as_before", "apnsim"]

Run = "Callable[..., Outcome]"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "story.toml"
    made.write_text(STORY)
    return made


def test_a_scenario_that_comes_as_expected_ends_with_0(apnsim: Run, file: Path) -> None:
    outcome = apnsim("scenario", file)
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[:2] == ["A story", ""]
    assert lines[2] == '17:15:56.000  provider       pushes "Hello" to com.example.chat (alert)'
    assert '17:15:56.000  expected       ✓ "Hello": delivered' in lines
    assert lines[-1].startswith("MET: all 1 expectations; 1 min of the phones' time in ")


def test_small_things_are_logged_for_those_who_ask(apnsim: Run, file: Path) -> None:
    received = '17:15:56.000  apns           "Hello": Received by APNs'
    assert received not in apnsim("scenario", file).out.splitlines()
    assert received in apnsim("scenario", file, "--verbose").out.splitlines()


def test_where_there_are_several_phones_it_is_told_which_one_speaks(
    apnsim: Run, file: Path
) -> None:
    file.write_text(
        STORY.replace("alert =", 'device = "phone", alert =') + PHONE.replace('"phone"', '"pad"')
    )
    lines = apnsim("scenario", file).out.splitlines()
    assert '17:15:56.000  SpringBoard[phone]    com.example.chat: "Hello" shown: alert' in lines
    assert '17:15:56.000  apns                  "Hello": Delivered to Device' in lines


def test_one_that_does_not_ends_with_1_and_says_what_happened(apnsim: Run, file: Path) -> None:
    file.write_text(STORY.replace("delivered = true", "delivered = false, status = 410"))
    outcome = apnsim("scenario", file, "--quiet")
    assert (outcome.code, outcome.err) == (1, "")
    assert outcome.out.splitlines()[:-1] == [
        f"✗ {file}:12: step 2, 1 min after the start",
        '    expected  "Hello": answered 410',
        "    happened  the gateway answered 200",
        '    expected  "Hello": not delivered',
        '    happened  1 of 1 arrived: "Hello"',
        '    timeline  "Hello", sent 1 min after the start',
        "                +0 ms        Received by APNs",
        "                +0 ms        Delivered to Device",
        "                +0 ms        Presented (shown on phone: alert)",
        "",
    ]
    assert outcome.out.splitlines()[-1].startswith("NOT MET: 2 of 2 expectations; 1 min of the")


def test_one_that_cannot_be_read_ends_with_2_and_all_its_faults(apnsim: Run, file: Path) -> None:
    file.write_text(story(PUSH.replace("1 min", "soon"), EXPECT.replace("delivered", "arrived")))
    outcome = apnsim("scenario", file)
    assert (outcome.code, outcome.out) == (2, "")
    first, *rest = outcome.err.splitlines()
    assert first == f"apnsim scenario: 2 things in {file} cannot be:"
    assert [line.split(": ")[0] for line in rest] == [f"  {file}:9", f"  {file}:14"]


def test_a_single_fault_is_a_single_line(apnsim: Run, file: Path) -> None:
    file.write_text("title = ")
    outcome = apnsim("scenario", file)
    assert outcome.code == 2
    assert outcome.error.startswith(f"apnsim scenario: {file}:1: not TOML: ")


def test_what_is_neither_a_file_nor_a_name_is_told_the_names(apnsim: Run) -> None:
    outcome = apnsim("scenario", "airplane")
    assert outcome.code == 2
    assert "expected a TOML file or one of airplane-mode, " in outcome.error


def test_a_file_that_is_no_text_is_told_so(apnsim: Run, file: Path) -> None:
    file.write_bytes(b"\xff")
    outcome = apnsim("scenario", file)
    assert (outcome.code, "not a text in UTF-8" in outcome.error) == (2, True)


def test_a_file_that_begins_with_the_mark_of_utf_8_is_played(apnsim: Run, file: Path) -> None:
    file.write_text(STORY, encoding="utf-8-sig")  # as editors on Windows save it
    assert apnsim("scenario", file).code == 0


def test_a_file_with_brackets_beyond_measure_is_told_so(apnsim: Run, file: Path) -> None:
    file.write_text("a = " + "[" * 100_000)
    outcome = apnsim("scenario", file)
    assert (outcome.code, "not TOML: nested too deeply" in outcome.error) == (2, True)


def test_somebody_who_names_none_is_told_where_the_names_are(apnsim: Run) -> None:
    outcome = apnsim("scenario")
    assert (outcome.code, "see apnsim scenario --list" in outcome.error) == (2, True)


def test_the_shipped_ones_are_listed_with_their_titles(apnsim: Run) -> None:
    listed = apnsim("scenario", "--list").out.splitlines()
    assert [line.split("  ")[0] for line in listed] == library.names()
    assert listed[0].endswith("  Airplane mode: five pushes, one arrives")


def test_a_shipped_one_can_be_shown_and_is_found_by_name(apnsim: Run, file: Path) -> None:
    file.write_text(apnsim("scenario", "--show", "airplane-mode").out)
    for each in (file, "airplane-mode"):
        assert apnsim("scenario", each, "--quiet").code == 0


def test_every_key_is_explained(apnsim: Run) -> None:
    told = apnsim("scenario", "--keys").out
    for name in ("[[device]]", "push = { … }", "expect = { … }", "collapse_id", "within"):
        assert name in told
    assert "network                what it is connected by: wifi, cellular" in told


@pytest.mark.parametrize(("variables", "is_coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_sees_colours_unless_it_does_not_want_to(
    file: Path, variables: dict[str, str], *, is_coloured: bool
) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "apnsim", "scenario", str(file)]
    environment = {**os.environ, **variables}
    subprocess.run(command, stdout=theirs, env=environment, check=True)
    os.close(theirs)
    said = os.read(ours, 4096)
    for coloured in (b"\x1b[1;32mMET: all 1", b"\x1b[2m17:15:56.000\x1b[0m", b"\x1b[36mapns "):
        assert (coloured in said) == is_coloured
    os.close(ours)
