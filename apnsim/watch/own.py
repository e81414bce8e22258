"""A look at the device of this very process."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import trio

from apnsim.watch.glimpse import Glimpse
from apnsim.watch.links import link_state
from devicesim.link.views import views_of
from devicesim.screen.views import look_at

if TYPE_CHECKING:
    from devicesim.program import DeviceProgram


class OwnDevice:
    """A ``Source``.

    Args:
        program: the device.
    """

    def __init__(self, program: DeviceProgram) -> None:
        self._program = program

    async def look(self) -> Glimpse:
        """How it is now."""
        await trio.lowlevel.checkpoint()
        program, now = self._program, time.time()
        state, kit = program.daemon.state, program.activity_kit
        activities = (view for app in state.apps for view in kit.on_screen.views(app))
        screen = look_at(program.notification_center, now, None, activities, ())
        links = [dataclasses.asdict(each) for each in views_of(program.daemon.links)]
        return Glimpse(
            name=state.name,
            device_id=state.device_id,
            at=now,
            facts=[("environment", state.environment)],
            links=[link_state(each) for each in links],
            apps=[(app.bundle_id, self._doing(app.bundle_id)) for app in state.apps],
            screen=dataclasses.asdict(screen),
        )

    def _doing(self, bundle_id: str) -> str:
        if self._program.door.is_attached(bundle_id):
            return "attached"
        waiting = sum(1 for _ in self._program.daemon.state.inbox.after(bundle_id, 0))
        return f"not attached, {waiting} waiting" if waiting else "not attached"
