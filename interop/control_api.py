"""``make schemathesis``: the control API, judged by its own OpenAPI document.

Schemathesis asks a gateway of its own for what the document allows, for what it does not allow, and
for one thing after the other. Wrong is: an error of the server, an answer that the document does
not tell of, a bad request that is taken.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interop.builds import CACHE, FOLDER, Build
from interop.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEMATHESIS = Build(
    "schemathesis",
    FOLDER / "python",
    ("schemathesis.lock",),
    (
        (sys.executable, "-m", "venv", "--clear", "{cache}/venv"),
        ("{cache}/venv/bin/pip", "install", "-q", "--require-hashes", "-r", "schemathesis.lock"),
    ),
    CACHE / "schemathesis" / "venv" / "bin" / "schemathesis",
)
SEED = "5"
"""The same requests every time, as long as the document is the same."""
REQUEST_SECONDS = 45
RUN_SECONDS = 300

# A stream without end; tests/gateway/console/test_server.py has its tests.
ENDLESS = "/api/v1/events"
# These begin anew, or stop the time of all, so they come last.
ANEW = (
    "POST /api/v1/reset",
    "PUT /api/v1/snapshot",
    "PUT /api/v1/clock",
    "POST /api/v1/clock/advance",
    "POST /api/v1/clock/reset",
)
# Everything is asked of Anna's phone; but what leaves a phone without a link, of Ben's, and what
# takes it away, of Cleo's.
CUT_OFF = ("PATCH /api/v1/devices/{device_id}",)
TAKEN_AWAY = (
    "DELETE /api/v1/devices/{device_id}",
    "DELETE /api/v1/devices/{device_id}/apps/{bundle_id}",
)
# What has a phone dial anew is asked twice, of Dora's: each time it backs off for longer. So is
# what cuts Ben's off: the answer waits 10 s for a link.
SLOW = tuple(
    f"POST /api/v1/devices/{{device_id}}/{what}"
    for what in ("network", "refresh", "restore", "wake")
)
# A phone that is there is asked for something that the body names, and that is not: 404, rightly.
NAMED_IN_BODY = (
    "POST /api/v1/devices/{device_id}/screen/tap",
    "POST /api/v1/devices/{device_id}/screen/dismiss",
    "POST /api/v1/devices/{device_id}/screen/clear",
    "POST /api/v1/devices/{device_id}/apps/{bundle_id}/channels",
)
# So many forms of a rule that each once is half a minute; they are drawn, as all are.
TOO_MANY_FORMS = "POST /api/v1/rules"
CHECKS: dict[str, dict[str, Any]] = {
    # What the document cannot say (either of two fields, a certificate that can be read, time that
    # only moves forward) is refused by 422, or 400 in Apple's dialect.
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", 304, 400, 401, 403, 404, 409, 422, 503]
    },
    # A query of 20,000 characters is more than HTTP's reader takes.
    "negative_data_rejection": {
        "expected-statuses": [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 431]
    },
}


@dataclass(frozen=True)
class Round:
    """One run of Schemathesis.

    Attributes:
        name: for people.
        phases: of Schemathesis.
        max_examples: for each operation.
        leaves_out: operations, as ``METHOD path``.
        only: the others.
        has_phones: whether paths mean things that are there.
    """

    name: str
    phases: str
    max_examples: int
    leaves_out: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    has_phones: bool = False

    def words(self) -> list[str]:
        """For the command line."""
        words = ["--phases", self.phases, "--max-examples", str(self.max_examples), "--seed", SEED]
        words += ["--exclude-path", ENDLESS]
        words += [word for name in self.leaves_out for word in ("--exclude-name", name)]
        return words + [word for name in self.only for word in ("--include-name", name)]


UNITS = "examples,coverage,fuzzing"
ROUNDS = (
    Round("each call, of what is there", UNITS, 12, leaves_out=ANEW, has_phones=True),
    Round("the calls that begin anew", UNITS, 8, only=ANEW),
    Round("one call after the other", "stateful", 60),
)


def configuration(phones: Sequence[Mapping[str, str]]) -> str:
    """schemathesis.toml; ``phones``: which they are, by the names of parameters."""
    anna, ben, cleo, dora = phones or ({}, {}, {}, {})
    # Nobody is to wait for pushes that do not come.
    table: dict[str, Any] = {"parameters": {"query.wait": 0, **anna}}
    table |= {f"checks.{name}": settings for name, settings in CHECKS.items()}
    lines = [f"request-timeout = {REQUEST_SECONDS}", "continue-on-failure = true"]
    for name, settings in table.items():
        lines.append(f"[{name}]")
        lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in settings.items()]
    for names, phone in ((CUT_OFF, ben), (TAKEN_AWAY, cleo), (SLOW, dora)):
        lines += ["[[operations]]", f"include-name = {json.dumps(names)}"]
        if names is not TAKEN_AWAY:
            lines += ["phases.coverage.enabled = false", "generation.max-examples = 2"]
        lines.append("[operations.parameters]")
        lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in phone.items()]
    lines += ["[[operations]]", f"include-name = {json.dumps(TOO_MANY_FORMS)}"]
    lines.append("phases.coverage.enabled = false")
    lines += ["[[operations]]", f"include-name = {json.dumps(NAMED_IN_BODY)}"]
    lines.append("checks.ensure_resource_availability.enabled = false")
    return "\n".join(lines) + "\n"


def set_the_scene(gateway: Gateway) -> list[dict[str, str]]:
    """Phones with an app each, and a rule; which they are, by the names of parameters."""
    control = gateway.control
    control.rules.add({"type": "answer", "status": 503}, {"topic": "none"})
    [key] = gateway.info["keys"]
    phones = [control.create_device(name=name) for name in ("Anna", "Ben", "Cleo", "Dora")]
    apps = [phone.install("com.example.app", ["alert", "liveactivity"]) for phone in phones]
    return [
        {
            "path.device_id": phone.id,
            "path.bundle_id": app.bundle_id,
            "path.rule_id": "1",
            "path.key_id": key["key_id"],
        }
        for phone, app in zip(phones, apps, strict=True)
    ]


def main() -> int:
    """Run every round; 0 if none found anything."""
    if problem := SCHEMATHESIS.make():
        print(f"schemathesis cannot be had: {problem}", file=sys.stderr)
        return 1
    failed = [each.name for each in ROUNDS if not play(each)]
    if failed:
        print(f"not as documented: {'; '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def play(chosen: Round) -> bool:
    """One round against a new gateway; whether it found nothing, and the gateway ended well."""
    print(f"== {chosen.name}", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="apnsim-schemathesis-") as folder,
        Gateway(Path(folder), ("--store", "memory")) as gateway,
    ):
        phones = set_the_scene(gateway) if chosen.has_phones else []
        file = Path(folder) / "schemathesis.toml"
        file.write_text(configuration(phones))
        url = f"{gateway.info['console_url']}/api/v1/openapi.json"
        command = [str(SCHEMATHESIS.product), "--config-file", str(file), "run", url]
        ended = subprocess.run(
            [*command, *chosen.words()], cwd=folder, timeout=RUN_SECONDS, check=False
        )
    return ended.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
