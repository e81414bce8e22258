"""The judge of ``make h2spec`` must be able to say no."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from interop import h2spec
from interop.h2spec import FEWEST_CASES, RUNS, Run, judge, main, read_report, text

if TYPE_CHECKING:
    import pytest

REPORT = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites><testsuite name="6.7. PING" package="http2/6.7">
  <testcase package="http2/6.7" classname="Sends a PING frame" time="0.1"></testcase>
  <testcase package="http2/6.7" classname="Sends half of one" time="2.0">
    <error>The endpoint MUST close
      Expected: GOAWAY</error>
  </testcase>
</testsuite></testsuites>"""
EXCEPTION = "http2/5: an exception"
RUN = Run(("--option", "it"), {EXCEPTION: "it is right"})
FIDELITY = (Path(__file__).parent.parent.parent / "docs" / "fidelity.md").read_text()


def all_cases(**faults: str) -> dict[str, str]:
    return {f"case {n}": "" for n in range(FEWEST_CASES)} | {EXCEPTION: "timeout"} | faults


def test_a_report_names_each_case_and_what_went_wrong() -> None:
    assert read_report(REPORT) == {
        "http2/6.7: Sends a PING frame": "",
        "http2/6.7: Sends half of one": "The endpoint MUST close Expected: GOAWAY",
    }


def test_a_run_in_which_only_the_exceptions_fail_is_good() -> None:
    outcome = judge(RUN, all_cases())
    assert (outcome.passed, outcome.excepted) == (FEWEST_CASES, [EXCEPTION])
    assert outcome.problems == []
    assert "it is right" in text([outcome])


def test_a_failure_that_is_no_exception_is_a_problem() -> None:
    outcome = judge(RUN, all_cases(other="broken"))
    assert outcome.problems == ["other: broken"]
    assert "FAIL option it: other: broken" in text([outcome])


def test_an_exception_that_passes_is_a_problem() -> None:
    (problem,) = judge(RUN, all_cases() | {EXCEPTION: ""}).problems
    assert EXCEPTION in problem


def test_an_exception_that_does_not_run_is_a_problem() -> None:
    cases = all_cases()
    del cases[EXCEPTION]
    (problem,) = judge(RUN, cases).problems
    assert EXCEPTION in problem


def test_a_report_of_too_few_cases_is_a_problem() -> None:
    (problem,) = judge(Run((), {}), {"case": ""}).problems
    assert "only 1 cases" in problem


def test_every_exception_and_its_reason_is_in_the_fidelity_page() -> None:
    words = " ".join(FIDELITY.split())
    for run in RUNS:
        for case in run.exceptions:
            assert case in words


def test_without_go_it_says_what_is_missing_and_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(h2spec, "CACHE", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda *_args, **_more: None)
    assert main() == 1
    assert "go.dev" in capsys.readouterr().err
