"""A run: each client with a gateway and a phone of its own, case after case."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from interop import checks, machine
from interop.cases import CASES, Case, Push, Way
from interop.client import ApnsIds
from interop.gateway import Gateway
from interop.phone import Phone
from interop.program import Program, ProgramError
from interop.report import Results

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from interop.checks import Answer
    from interop.client import Client

# Beyond any run: what the journal holds is asked for whole.
ALL_REQUESTS = 100_000
# How long a caller goes on pushing what was not accepted, and how often.
RESEND_SECONDS, RESEND_PAUSE_SECONDS = 30.0, 0.2
CHANNEL = {"message-storage-policy": 1, "push-type": "LiveActivity"}
HTTPS_PORT = ["--provider-port=443"]


class Run:
    """One client with its phone and its processes, case after case.

    Args:
        client: the client.
        gateway: its gateway; up.
        exits: ends what is started here.
    """

    def __init__(self, client: Client, gateway: Gateway, exits: ExitStack) -> None:
        self._client = client
        self._gateway = gateway
        self._exits = exits
        self._phone = Phone.create(gateway, client.name)
        self._programs: dict[Way, Program] = {}

    def judge(self, case: Case) -> str:
        """Have the client push; what is wrong, or empty."""
        phone = self._phone
        since = self._gateway.control.clock().now
        try:
            if case.has_channel:
                phone.listen(self._new_channel(case))
            pushes = [self._sayable(push) for push in case.pushes(phone)]
            case.before(phone)
            answers = self._answers(case, pushes)
        except ProgramError as error:
            self._programs.clear()
            return str(error)
        finally:
            case.after(phone)
        received = phone.arrivals(len(pushes) if case.status == 200 and case.arrives else 0)
        problems = [
            *checks.check_answers(case, phone, pushes, answers, self._client.timestamp_unit),
            *checks.check_device(case, pushes, answers, received),
        ]
        if not case.restarts:  # or what was before is forgotten
            requests = self._gateway.control.requests(since=since, limit=ALL_REQUESTS)
            problems += checks.check_requests(case, pushes, requests, self._sends(case))
        return checks.summarize(problems)

    def _new_channel(self, case: Case) -> str:
        made = self._program(case).ask([{"bundle_id": self._phone.topic, "payload": CHANNEL}])
        if made[0].get("status") != 201:
            raise ProgramError(f"no channel: {made[0]}")
        return str(made[0]["channel_id"])

    def _sends(self, case: Case) -> Mapping[str, str | None]:
        by_way = {Way.TOKEN: self._client.sends, Way.CERTIFICATE: {"authorization": None}}
        return by_way.get(case.way, {})

    def _sayable(self, push: Push) -> Push:
        if push.apns_id is None or self._client.apns_ids is ApnsIds.TEXT:
            return push
        is_uuid = self._client.apns_ids is ApnsIds.UUID
        return replace(push, apns_id=push.apns_id.lower() if is_uuid else None)

    def _answers(self, case: Case, pushes: Sequence[Push]) -> list[Answer]:
        at_once = 1 if case.name in self._client.one_at_a_time else case.at_once
        parts = [pushes[start : start + at_once] for start in range(0, len(pushes), at_once)]
        if case.restarts:
            told = self._through_a_restart(case, parts)
        elif case.name in self._client.resends:
            told = (self._until_accepted(case, part) for part in parts)
        else:
            told = (self._program(case).send(part) for part in parts)
        return [answer for of_part in told for answer in of_part]

    def _through_a_restart(
        self, case: Case, parts: Sequence[Sequence[Push]]
    ) -> Iterator[list[Answer]]:
        """A third before, a third while the gateway restarts, a third after."""
        with ThreadPoolExecutor(1) as beside:
            restarting = None
            for number, part in enumerate(parts):
                if number == len(parts) // 3:
                    restarting = beside.submit(self._gateway.restart)
                if restarting is not None and number == 2 * len(parts) // 3:
                    restarting.result()
                yield self._until_accepted(case, part)

    def _until_accepted(self, case: Case, pushes: Sequence[Push]) -> list[Answer]:
        """Push, and push again what was not accepted, as a caller does."""
        deadline = time.monotonic() + RESEND_SECONDS
        answers = self._program(case).send(pushes)
        while time.monotonic() < deadline:
            refused = [n for n, answer in enumerate(answers) if answer.get("status") != 200]
            if not refused:
                break
            time.sleep(RESEND_PAUSE_SECONDS)
            again = self._program(case).send([pushes[number] for number in refused])
            for number, answer in zip(refused, again, strict=True):
                answers[number] = answer
        return answers

    def _program(self, case: Case) -> Program:
        if case.way not in self._programs:
            variables = self._gateway.variables(case.way, self._phone.topic)
            program = Program(self._client.started_by(), self._client.environment(variables))
            self._programs[case.way] = self._exits.enter_context(program)
        return self._programs[case.way]


def run(clients: Sequence[Client]) -> Results:
    """Every client through every case."""
    results = Results(clients, CASES)
    options = HTTPS_PORT if machine.is_own() else []
    for client in clients:
        if why := client.missing():
            results.missing[client.name] = why
            continue
        with ExitStack() as exits:
            data_dir = exits.enter_context(tempfile.TemporaryDirectory(prefix="apnsim-interop-"))
            gateway = exits.enter_context(Gateway(Path(data_dir), options))
            one = Run(client, gateway, exits)
            for case in CASES:
                if case.name not in client.cannot:
                    results.problems[client.name, case.name] = one.judge(case)
    return results
