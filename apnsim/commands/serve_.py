"""``apnsim serve``: the gateway and its virtual devices, until it is told to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apnsim import options, serve

if TYPE_CHECKING:
    import argparse

EPILOG = """\
examples:
  apnsim serve                                    everything in .apnsim, on the usual ports
  apnsim serve --config apnsim.toml --log-format json
  apnsim serve --provider-port 2197 --provider-port 443 --san gateway.test
  apnsim serve --store memory --provider-port 0 --ready-file ready.json    for scripts

Every option is also a key of the TOML file (provider_port = 2197) and an environment
variable (APNSIM_PROVIDER_PORT). The command line wins over the environment, the
environment over the file. Ctrl-C or SIGTERM drains and exits 0.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings of the gateway."""
    parser.epilog = EPILOG
    options.gateway_settings(parser)


def run(parsed: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    serve.run(options.read_settings(parsed))
    return 0
