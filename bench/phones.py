"""Phones in a process of their own, counting what reaches their apps.

``python -m bench.phones DATA_DIR COURIER N`` prints one JSON line with the tokens once all phones
are online, then, at every line it reads on standard input, one with what has arrived since: how
many, when the last one did (monotonic seconds), and, for payloads that carry ``sent_ns``, how long
each took from the provider's request to the app (milliseconds).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trio

from apnsim.open_files import allow_many
from certs.authority import Authority
from devicesim.host.device_host import DeviceHost
from devicesim.link.dial import tls_dials

if TYPE_CHECKING:
    from protocol.courier.messages import Push

TOPIC = "com.example.bench"
AT_ONCE = 50


class Count:
    """What has arrived."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin again."""
        self.arrived = 0
        self.last = 0.0
        self.milliseconds: list[float] = []

    def note(self, _device: str, push: Push, _presentation: object, _detail: str) -> None:
        """One more; called when it reaches its app."""
        self.arrived += 1
        self.last = time.monotonic()
        if b'"sent_ns"' in push.payload:
            sent_ns = json.loads(push.payload)["sent_ns"]
            self.milliseconds.append((time.monotonic_ns() - sent_ns) / 1e6)

    def report(self) -> dict[str, Any]:
        """What the other side reads."""
        return {"arrived": self.arrived, "last": self.last, "milliseconds": self.milliseconds}


async def main() -> None:
    """Grow the phones, then answer lines until standard input ends."""
    allow_many()
    data_dir, courier, phones = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    authority = Authority.load(data_dir)
    host, _, port = courier.rpartition(":")
    count = Count()
    dials = tls_dials(host, int(port), authority.certificate_pem, authority.issue_device)
    devices = DeviceHost(dials, time.time, on_received=count.note)
    async with trio.open_nursery() as nursery:
        await nursery.start(devices.run)
        print(json.dumps({"tokens": await _grow(devices, phones)}), flush=True)
        while await trio.to_thread.run_sync(sys.stdin.readline):
            print(json.dumps(count.report()), flush=True)
            count.clear()
        nursery.cancel_scope.cancel()


async def _grow(devices: DeviceHost, phones: int) -> list[str]:
    tokens: list[str] = []
    turns = trio.CapacityLimiter(AT_ONCE)

    async def one() -> None:
        async with turns:
            device = await devices.create_device()
            app = await devices.install_app(device.id, TOPIC)
            tokens.append(app.tokens["alert"])

    async with trio.open_nursery() as nursery:
        for _ in range(phones):
            nursery.start_soon(one)
    return tokens


if __name__ == "__main__":
    trio.run(main)
