"""``make h2spec``: summerwind's conformance tests of HTTP/2 and HPACK against the provider port.

h2spec plays a client that breaks each rule of RFC 7540 and 7541 once. It runs over TLS against a
gateway of its own, for each HTTP/2 library. A failure that is right stands in ``EXCEPTIONS`` and,
with its reason, in docs/fidelity.md; an exception that no longer fails is a failure too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = "v0.0.0-20200804131034-70ac22940108"
"""h2spec v2.6.0 as the Go module proxy knows it: its tag has no ``/v2`` in the module's path."""
MODULE = f"github.com/summerwind/h2spec/cmd/h2spec@{VERSION}"
CACHE = Path(__file__).parent.parent / "build" / "h2spec" / VERSION
FEWEST_CASES = 147
"""As many as h2spec 2.6.0 has with ``--strict``; a report of fewer is none."""
CASE_SECONDS = 5
"""How long a case waits for what it expects."""

SURPLUS_STREAMS = (
    "http2/5.1.2: Sends HEADERS frames that causes their advertised concurrent stream limit to be"
    " exceeded"
)
ZERO_PADDING = "hpack/5.2: Sends a Huffman-encoded string literal representation padded by zero"


@dataclass(frozen=True)
class Run:
    """One gateway under test.

    Attributes:
        options: of ``apnsim serve``.
        exceptions: cases that fail, and why that is right.
    """

    options: tuple[str, ...]
    exceptions: Mapping[str, str]

    @property
    def name(self) -> str:
        """As the table calls it."""
        return " ".join(option.removeprefix("--") for option in self.options)


SERVED = {SURPLUS_STREAMS: "surplus streams are served: refused ones are lost by several clients"}
LENIENT = {ZERO_PADDING: "the text that jh2 reads is the same, and nothing after it is misread"}
JH2, H2 = ("--http2-library", "jh2"), ("--http2-library", "h2")
REFUSE = ("--surplus-streams", "refuse")
RUNS = (
    Run(JH2, SERVED | LENIENT),
    Run(H2, SERVED),
    Run((*JH2, *REFUSE), LENIENT),
    Run((*H2, *REFUSE), {}),
)


class H2specError(Exception):
    """h2spec cannot be had, or does not report."""


@dataclass
class Outcome:
    """What became of one run; ``problems`` is what is wrong, one line each."""

    run: Run
    passed: int = 0
    excepted: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def h2spec() -> Path:
    """The program, built by Go unless it is there.

    Raises:
        H2specError: there is no Go, or it cannot build.
    """
    program = CACHE / "h2spec"
    if program.exists():
        return program
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        raise H2specError("h2spec is built with Go, and no `go` is here: see https://go.dev/dl")
    environment = {**os.environ, "GOBIN": str(CACHE), "GOFLAGS": ""}
    done = subprocess.run(
        [go, "install", MODULE], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise H2specError(f"go install {MODULE}: {done.stderr.strip()[-300:]}")
    return program


def attack(program: Path, run: Run) -> Outcome:
    """Run every case against a fresh gateway.

    Raises:
        H2specError: there is no report.
    """
    apnsim = Path(sys.executable).parent / "apnsim"
    log = ("--log-level", "error", "--log-format", "json")
    shell = f'exec "$0" -t -k --strict -o {CASE_SECONDS} -p "${{APNSIM_PROVIDER_URL##*:}}" -j "$1"'
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [apnsim, "exec", *run.options, *log, "--", "sh", "-c", shell, program, report]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not report.exists():
            raise H2specError(f"{run.name}: no report: {(done.stderr or done.stdout)[-300:]}")
        outcome = judge(run, read_report(report.read_text()))
    # Only JSON is the gateway's log; jh2's HPACK also prints when it panics, which is caught.
    logged = [line for line in done.stderr.splitlines() if line.startswith("{")]
    outcome.problems += [f"the gateway logged {line}" for line in logged]
    return outcome


def read_report(xml: str) -> dict[str, str]:
    """Each case of a JUnit report, and what went wrong; empty if nothing did."""
    cases = {}
    for case in ET.fromstring(xml).iter("testcase"):
        faults = [*case.iter("failure"), *case.iter("error")]
        text = " ".join(" ".join(fault.itertext()) for fault in faults)
        name = f"{case.get('package')}: {case.get('classname')}"
        cases[name] = " ".join(text.split()) or ("failed" if faults else "")
    return cases


def judge(run: Run, cases: Mapping[str, str]) -> Outcome:
    """Compare what failed with what may."""
    outcome = Outcome(run)
    for case, fault in cases.items():
        if bool(fault) == (case in run.exceptions):
            outcome.passed += not fault
            outcome.excepted += [case] if fault else []
        else:
            outcome.problems.append(f"{case}: {fault or 'passes, but is listed as an exception'}")
    if len(cases) < FEWEST_CASES:
        outcome.problems.append(f"only {len(cases)} cases ran, there are {FEWEST_CASES}")
    for case in run.exceptions.keys() - cases.keys():
        outcome.problems.append(f"{case}: is listed as an exception, but did not run")
    return outcome


def text(outcomes: list[Outcome]) -> str:
    """For the terminal: the table, the exceptions with their reasons, what is wrong."""
    lines = [f"{'gateway':44}{'passed':>8}{'exceptions':>12}{'failed':>8}"]
    for each in outcomes:
        counts = f"{each.passed:8}{len(each.excepted):12}{len(each.problems):8}"
        lines.append(f"{each.run.name:44}{counts}")
    reasons = {case: each.run.exceptions[case] for each in outcomes for case in each.excepted}
    lines += ["", *(f"exception {case}\n  {why}" for case, why in reasons.items())]
    lines += [f"FAIL {each.run.name}: {problem}" for each in outcomes for problem in each.problems]
    return "\n".join(lines)


def main() -> int:
    """Run, print; 1 if anything failed."""
    try:
        program = h2spec()
        outcomes = [attack(program, run) for run in RUNS]
    except H2specError as error:
        print(error, file=sys.stderr)
        return 1
    print(text(outcomes))
    return int(any(each.problems for each in outcomes))


if __name__ == "__main__":
    sys.exit(main())
