"""The steps of an app's backend: who is signed in to which organisation, on which phone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from apnsim.scenario.stage import Row, Target
from apnsim.scenario.steps.apps import APP, DEVICE_OF_APP, OfApp
from apnsim.toml.reading import key, word
from gateway import values
from protocol.notification import PushType

if TYPE_CHECKING:
    from apnsim.scenario.stage import Stage


class Habit(StrEnum):
    """What a backend does when somebody leaves one of several organisations."""

    DELETES_THE_ROW = "deletes-the-row"
    REVOKES_THE_TOKEN = "revokes-the-token"
    DOES_NOTHING = "does-nothing"


@dataclass(frozen=True, slots=True)
class SignIn(OfApp):
    """A person signs in to an organisation: the backend has a row (user, organisation, token)."""

    app: str = key(values.bundle_id, APP)
    user: str = key(values.text, "who")
    organisation: str = key(values.text, "where")
    device: str | None = key(values.text, DEVICE_OF_APP, default=None)

    async def perform(self, stage: Stage) -> None:
        """Write the row, once.

        Raises:
            LookupError: the backend has no token of this app for alerts.
        """
        device = self.on(stage)
        token = stage.token(device, self.app, PushType.ALERT)
        row = Row(self.user, self.organisation, Target(device, self.app, token))
        stage.log.say("person", f"{self.user} signs in to {self.organisation} in {self.app}")
        if row not in stage.rows:
            stage.rows.append(row)


@dataclass(frozen=True, slots=True)
class SignOut(OfApp):
    """A person signs out of one organisation, and stays in the others."""

    app: str = key(values.bundle_id, APP)
    user: str = key(values.text, "who")
    organisation: str = key(values.text, "where")
    backend: Habit = word(Habit, "what the backend makes of it", Habit.DELETES_THE_ROW)
    device: str | None = key(values.text, DEVICE_OF_APP, default=None)

    async def perform(self, stage: Stage) -> None:
        """Have the backend do what it does."""
        device = self.on(stage)
        stage.log.say("person", f"{self.user} signs out of {self.organisation} in {self.app}")
        habit = str(self.backend).replace("-", " ")
        stage.log.say("provider", f"the backend of {self.app} {habit}")
        if self.backend is Habit.DOES_NOTHING:
            return
        stage.rows[:] = [row for row in stage.rows if not self._goes(row, device)]

    def _goes(self, row: Row, device: str) -> bool:
        theirs = (row.user, row.target.app, row.target.device) == (self.user, self.app, device)
        is_all = self.backend is Habit.REVOKES_THE_TOKEN
        return theirs and (is_all or row.organisation == self.organisation)
