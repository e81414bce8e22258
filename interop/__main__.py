"""``make interop``: every client through every case; see docs/interop.md."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from apnsim.client import Apnsim
from interop import checks, report
from interop.cases import CASES, Case, Push
from interop.clients import CLIENTS, Client
from interop.phone import Phone
from interop.program import Program, ProgramError
from interop.report import Results

if TYPE_CHECKING:
    from interop.checks import Answer

DOCUMENT = Path(__file__).parent.parent / "docs" / "interop.md"
# Beyond any run: what the journal holds is asked for whole.
ALL_REQUESTS = 100_000


class Run:
    """One client with its phone and its process, case after case."""

    def __init__(self, client: Client, control: Apnsim, exits: ExitStack) -> None:
        self._client = client
        self._control = control
        self._exits = exits
        self._phone = Phone.create(control, client.name)
        self._program: Program | None = None

    def judge(self, case: Case) -> str:
        """Have the client push; what is wrong, or empty."""
        phone = self._phone
        since = self._control.clock().now
        pushes = case.pushes(phone)
        case.before(phone)
        try:
            answers = self._send(pushes, case.at_once)
        except ProgramError as error:
            self._program = None
            return str(error)
        finally:
            case.after(phone)
        received = phone.arrivals(len(pushes) if case.status == 200 and case.arrives else 0)
        requests = self._control.requests(since=since, limit=ALL_REQUESTS)
        return checks.summarize(
            [
                *checks.check_answers(case, phone, pushes, answers),
                *checks.check_device(case, pushes, answers, received),
                *checks.check_requests(case, pushes, requests, self._client.sends),
            ]
        )

    def _send(self, pushes: list[Push], at_once: int) -> list[Answer]:
        parts = [pushes[start : start + at_once] for start in range(0, len(pushes), at_once)]
        return [answer for part in parts for answer in self._started().send(part)]

    def _started(self) -> Program:
        if self._program is None:
            self._program = self._exits.enter_context(Program(self._client.command))
        return self._program


def run(clients: list[Client], control: Apnsim) -> Results:
    """Every client through every case."""
    results = Results(clients, CASES)
    results.missing = {client.name: why for client in clients if (why := client.missing())}
    able = [client for client in clients if client.name not in results.missing]
    with ExitStack() as exits:
        runs = {client.name: Run(client, control, exits) for client in able}
        for case in CASES:
            for client in able:
                if case.name not in client.cannot:
                    results.problems[client.name, case.name] = runs[client.name].judge(case)
    return results


def main() -> int:
    """Run, print, write the page; 1 if anything failed."""
    names = [client.name for client in CLIENTS]
    parser = argparse.ArgumentParser(prog="python -m interop", description=__doc__)
    parser.add_argument("client", nargs="*", help=f"of {', '.join(names)} (default: all)")
    parser.add_argument(
        "--require-all", action="store_true", help="a client that cannot run here is a failure"
    )
    options = parser.parse_args()
    if unknown := set(options.client) - set(names):
        parser.error(f"no client {', '.join(unknown)}; there are {', '.join(names)}")
    clients = [client for client in CLIENTS if client.name in (options.client or names)]
    with Apnsim(os.environ["APNSIM_CONSOLE_URL"]) as control:
        results = run(clients, control)
    print(report.text(results))
    if not options.client and not results.missing:
        DOCUMENT.write_text(report.markdown(results))
    return int(results.failed or (options.require_all and bool(results.missing)))


if __name__ == "__main__":
    if "APNSIM_CONSOLE_URL" not in os.environ:  # a gateway of our own, for as long as this runs
        apnsim = str(Path(sys.executable).parent / "apnsim")
        os.execv(apnsim, [apnsim, "exec", "--", sys.executable, "-m", "interop", *sys.argv[1:]])
    sys.exit(main())
