"""``make bench``: rates beside two yardsticks, and latency, in one run on one machine.

Accepted: pushes to phones that are away, answered 200 once they are durable in SQLite. Delivered:
pushes to phones that are connected, in another process, until the last one has reached its app.
Latency: from the provider's request to the app, at 500 pushes per second.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trio

from bench import load
from bench.gateway import bearer_of, cpu_seconds, gateway, processes_of
from bench.phones import TOPIC
from bench.steady import push_steadily
from certs.authority import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator

PHONES = 100
STEADY_PER_SECOND, STEADY_SECONDS = 500, 10.0


class Phones:
    """The process of ``bench.phones``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid
        self.tokens: list[str] = self._read()["tokens"]

    def count(self) -> dict[str, Any]:
        """What has arrived since the last time."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def phones(data_dir: Path, info: dict[str, Any]) -> Iterator[Phones]:
    """Phones that are online; they go away with the context."""
    command = [sys.executable, "-m", "bench.phones", str(data_dir), info["courier"], str(PHONES)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:  # type: ignore[call-overload]
        yield Phones(process)
        process.stdin.close()


def yardstick(command: list[str], directory: Path, requests: int) -> load.Rate:
    """The rate of a server that answers 200 to everything; the command prints its port."""
    Authority.create().issue_server(["localhost"]).write(directory, "yardstick", replace=True)
    files = [str(directory / "yardstick.pem"), str(directory / "yardstick-key.pem")]
    with subprocess.Popen([*command, *files], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = f"https://127.0.0.1:{int(process.stdout.readline())}/3/device/00"
            return load.post([url], "x", TOPIC, requests=requests, directory=directory)
        finally:
            process.kill()


def accepted(directory: Path, requests: int) -> load.Rate:
    """Pushes to phones that are away."""
    with gateway(directory) as info:
        with phones(directory, info) as online:
            urls = _urls(info, online.tokens)
        with measured(processes_of(info["pid"]), requests) as cpu:
            rate = load.post(urls, bearer_of(info), TOPIC, requests=requests, directory=directory)
        return replace(rate, cpu=cpu)


def delivered(directory: Path, requests: int) -> load.Rate:
    """Pushes to phones that are connected, until the last has reached its app."""
    with gateway(directory) as info, phones(directory, info) as online:
        urls = _urls(info, online.tokens)
        with measured(processes_of(info["pid"]) | {"phones": online.pid}, requests) as cpu:
            began = time.monotonic()
            rate = load.post(urls, bearer_of(info), TOPIC, requests=requests, directory=directory)
            arrived, last = 0, began
            while arrived < rate.succeeded and time.monotonic() < began + 120:
                report = online.count()
                arrived, last = arrived + report["arrived"], max(last, report["last"])
                time.sleep(0.1)
        return load.Rate(arrived / (last - began), arrived, requests - arrived, cpu)


@contextmanager
def measured(processes: dict[str, int], requests: int) -> Iterator[dict[str, float]]:
    """Microseconds of processor time per push of each process, filled in at the end."""
    before = {name: cpu_seconds(pid) for name, pid in processes.items()}
    cpu: dict[str, float] = {}
    yield cpu
    for name, pid in processes.items():
        cpu[name] = (cpu_seconds(pid) - before[name]) / requests * 1e6


def latency(directory: Path) -> tuple[float, float, int]:
    """p50 and p99 in milliseconds from request to app, and how many arrived."""
    with gateway(directory) as info, phones(directory, info) as online:

        async def push() -> None:
            await push_steadily(
                info,
                bearer_of(info),
                online.tokens,
                per_second=STEADY_PER_SECOND,
                seconds=STEADY_SECONDS,
            )

        trio.run(push)
        time.sleep(1)
        times = sorted(online.count()["milliseconds"])
        return times[len(times) // 2], times[len(times) * 99 // 100], len(times)


def _urls(info: dict[str, Any], tokens: list[str]) -> list[str]:
    return [f"{info['provider_url']}/3/device/{token}" for token in tokens]


def main() -> int:
    """Measure and print; 1 when a tool is missing."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000, help="per measurement")
    parsed = parser.parse_args()
    here = Path(__file__).parent
    try:
        load.require("node", "nodejs")
        load.require("h2load", "nghttp2-client")
    except load.MissingToolError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="apnsim-bench-") as name:
        directory = Path(name)
        node = yardstick(["node", str(here / "node_server.js")], directory, parsed.requests)
        bare_command = [sys.executable, "-m", "bench.bare_server"]
        bare = yardstick(bare_command, directory, parsed.requests)
        rows = [("bare Node http2, answers 200", node), ("bare Trio + jh2, answers 200", bare)]
        rows.append(("accepted, stored in SQLite", accepted(directory / "a", parsed.requests)))
        rows.append(("delivered to apps", delivered(directory / "d", parsed.requests)))
        print(
            f"{'':32}{'per second':>12}{'of Node':>10}{'of bare':>10}{'failed':>8}  µs CPU per push"
        )
        for what, rate in rows:
            ratios = f"{rate.per_second / node.per_second:>10.2f}"
            ratios += f"{rate.per_second / bare.per_second:>10.2f}"
            cpu = ", ".join(f"{name} {micros:.0f}" for name, micros in rate.cpu.items())
            print(f"{what:32}{rate.per_second:>12.0f}{ratios}{rate.failed:>8}  {cpu}")
        p50, p99, arrived = latency(directory / "l")
        expected = int(STEADY_PER_SECOND * STEADY_SECONDS)
        print(
            f"request to app at {STEADY_PER_SECOND}/s: p50 {p50:.1f} ms, p99 {p99:.1f} ms "
            f"({arrived} of {expected} arrived)"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
