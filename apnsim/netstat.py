"""Courier links as ``netstat -an`` on a Mac lists them.

An established courier link is one row: TCP to port 5223, owned by apsd
(``tcp4  0  0  192.168.1.7.51234  17.57.146.20.5223  ESTABLISHED  apsd``).
"""

from __future__ import annotations

from dataclasses import dataclass

OWNER = "apsd"
ESTABLISHED = "ESTABLISHED"

HEADER = (
    f"{'Proto':<5} {'Recv-Q':>6} {'Send-Q':>6}  {'Local Address':<21} {'Foreign Address':<20} "
    f"{'(state)':<11} proc"
)


@dataclass(frozen=True, slots=True)
class Socket:
    """One row; addresses are ``host.port``, from the phone's point of view."""

    proto: str
    local: str
    remote: str
    state: str = ESTABLISHED
    owner: str = OWNER

    @classmethod
    def between(cls, local: str, remote: str, state: str = ESTABLISHED) -> Socket:
        """Of two addresses ``host:port``; IPv6 hosts are in brackets."""
        return cls("tcp6" if "[" in local else "tcp4", _dotted(local), _dotted(remote), state)

    def __str__(self) -> str:
        return (
            f"{self.proto:<5} {0:>6} {0:>6}  {self.local:<21} {self.remote:<20} "
            f"{self.state:<11} {self.owner}"
        )


def _dotted(address: str) -> str:
    host, _, port = address.rpartition(":")
    return f"{host.strip('[]')}.{port}"
