"""A link as the control API tells it, for the frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apnsim.netstat import ESTABLISHED, Socket
from apnsim.watch.glimpse import LinkState

if TYPE_CHECKING:
    from collections.abc import Mapping


def link_state(told: Mapping[str, Any]) -> LinkState:
    """``told`` has the fields of ``GET …/devices/{id}``'s links."""
    state, socket, alive = str(told["state"]), None, ""
    if told["local"] is not None:
        socket = Socket.between(told["local"], told["remote"], ESTABLISHED)
        state = f"{state}, {'leads' if told['leads'] else 'stands by'}"
    if told["keep_alive_seconds"] is not None:
        due = told["next_keep_alive_seconds"]
        alive = f"{told['keep_alive_seconds']:.0f} s, next in {due:.0f} s"
    return LinkState(told["interface"], state, alive, socket)
