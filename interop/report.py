"""The result: a table for the terminal, and docs/interop.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interop.cases import Case
    from interop.client import Client

PAGE = Template(Path(__file__).with_name("page.md").read_text())
OK, FAIL, CANNOT, NOT_RUN = "ok", "FAIL", "n/a", "not run"


@dataclass
class Results:
    """What became of every client in every case.

    Attributes:
        missing: why a client did not run, by its name.
        problems: what is wrong, by client and case; empty text if nothing is.
    """

    clients: Sequence[Client]
    cases: Sequence[Case]
    missing: dict[str, str] = field(default_factory=dict)
    problems: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether anything is wrong."""
        return any(self.problems.values())

    def cell(self, client: Client, case: Case) -> str:
        """One word for the table."""
        if client.name in self.missing:
            return NOT_RUN
        if case.name in client.cannot:
            return CANNOT
        problem = self.problems.get((client.name, case.name))
        return NOT_RUN if problem is None else FAIL if problem else OK

    def rows(self) -> list[list[str]]:
        """The table: a row per case, a column per client."""
        head = ["", *(client.name for client in self.clients)]
        return [
            head,
            *(
                [case.name, *(self.cell(client, case) for client in self.clients)]
                for case in self.cases
            ),
        ]


def text(results: Results) -> str:
    """For the terminal: the table, then each reason why."""
    rows = results.rows()
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    failures = [
        f"FAIL {client}, {case}: {why}" for (client, case), why in results.problems.items() if why
    ]
    absent = [f"not run: {client}: {why}" for client, why in results.missing.items()]
    return "\n".join([*table, "", *failures, *absent]).rstrip()


def markdown(results: Results) -> str:
    """docs/interop.md; says nothing that changes from run to run."""
    return PAGE.substitute(
        versions=_list(f"{client.name} {client.version()}" for client in results.clients),
        results=_table(results.rows()),
        cannot=_list(
            f"{client.name}, *{case}*: {why}"
            for client in results.clients
            for case, why in client.cannot.items()
        ),
        notes=_list(note for client in results.clients for note in _notes(client)),
        goaway=_table(
            [
                ["client", "when the gateway leaves"],
                *([client.name, client.at_goaway] for client in results.clients),
            ]
        ),
        cases=_table(
            [
                ["case", "what it shows", "expected"],
                *([case.name, case.shows, case.expectation] for case in results.cases),
            ]
        ),
        breaks=_table(
            [
                ["client", "what breaks it, or it does", "case"],
                *(
                    [client.name, what, case]
                    for client in results.clients
                    for what, case in client.breaks_on.items()
                ),
            ]
        ),
    )


def _notes(client: Client) -> Iterable[str]:
    if client.note:
        yield f"{client.name}: {client.note}"
    for case, why in client.one_at_a_time.items():
        yield f"{client.name}, *{case}*: one push after the other; it {why}"


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _table(rows: list[list[str]]) -> str:
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
