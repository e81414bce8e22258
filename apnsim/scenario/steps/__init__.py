"""What can happen in a scenario: one class for each verb of a ``[[step]]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from apnsim.scenario.steps.accounts import SignIn, SignOut
from apnsim.scenario.steps.apps import App, Install, Launch, Uninstall
from apnsim.scenario.steps.expectations import Expect
from apnsim.scenario.steps.phones import Device, Network, Refresh, Restore, Tap, Wake
from apnsim.scenario.steps.pushes import Push

if TYPE_CHECKING:
    from collections.abc import Iterable

    from apnsim.scenario.cast import Cast
    from apnsim.scenario.stage import Stage


class Action(Protocol):
    """What a step does."""

    def faults(self, cast: Cast) -> Iterable[str]:
        """What cannot be, whoever performs it."""
        ...

    async def perform(self, stage: Stage) -> None:
        """Do it; may take virtual time.

        Raises:
            LookupError, ValueError, NotConfirmedError: it cannot be done now; says why.
        """
        ...


VERBS: dict[str, type[Action]] = {
    "push": Push,
    "expect": Expect,
    "device": Device,
    "network": Network,
    "wake": Wake,
    "tap": Tap,
    "restore": Restore,
    "refresh": Refresh,
    "install": Install,
    "uninstall": Uninstall,
    "launch": Launch,
    "app": App,
    "sign_in": SignIn,
    "sign_out": SignOut,
}
