"""``make interop``: every client through every case; see docs/interop.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from interop import machine, report
from interop.clients import CLIENTS
from interop.run import run

DOCUMENT = Path(__file__).parent.parent / "docs" / "interop.md"


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
    if not machine.is_chosen():
        for client in clients:  # while there is a network
            if why := client.prepare():
                print(f"{client.name}: {why}", file=sys.stderr)
        machine.move_to_own()
    results = run(clients)
    print(report.text(results))
    if not options.client and not results.missing:
        DOCUMENT.write_text(report.markdown(results))
    return int(results.failed or (options.require_all and bool(results.missing)))


if __name__ == "__main__":
    sys.exit(main())
