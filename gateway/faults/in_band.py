"""Faults that a push brings along: no call of the control API, from any language.

The key ``apnsim`` of its payload holds an action, as JSON or as words; a device token that begins
with ``dead0`` and a status earns that status, ``dead0000`` no answer at all.
"""

from __future__ import annotations

import logging
import random
import re
from typing import TYPE_CHECKING

from gateway.faults.basics import Stage
from gateway.faults.book import IN_BAND, Hit
from gateway.faults.reading import read_rule
from gateway.faults.words import RuleError

if TYPE_CHECKING:
    from gateway.faults.basics import Act
    from gateway.faults.match import Occasion

log = logging.getLogger("gateway.faults")

KEY = "apnsim"
_OF_A_PUSH = (Stage.REQUEST, Stage.DELIVERY)
_MAGIC_TOKEN = re.compile(r"dead0(?:(000)|([2-5][0-9]{2}))")


class InBand:
    """Stands in the book as a rule does, and reads each push of one stage.

    Args:
        stage: requests, or deliveries.
    """

    is_spent = False

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._dice = random.Random(IN_BAND)

    def strike(self, occasion: Occasion) -> Hit | None:
        """What the push asks for, if it does and this is the stage for it."""
        try:
            act = self._asked(occasion)
        except RuleError as error:
            log.warning(
                "a push to %s has a fault in it that is none: %s", occasion.tell("topic"), error
            )
            return None
        if act is None:
            return None
        if act.stage is self._stage:
            return Hit(IN_BAND, act, self._dice)
        if act.stage not in _OF_A_PUSH and self._stage is Stage.REQUEST:
            log.warning(
                "a push to %s cannot bring along what happens to a %s: %s; make a rule of it",
                occasion.tell("topic"), act.stage, act,
            )  # fmt: skip
        return None

    def _asked(self, occasion: Occasion) -> Act | None:
        payload = occasion.tell("payload")
        asked = payload.get(KEY) if isinstance(payload, dict) else None
        if asked is not None:
            return read_rule(asked if isinstance(asked, str) else {"action": asked}).actions[0]
        token = _MAGIC_TOKEN.match(str(occasion.tell("token")))
        if token is None or self._stage is not Stage.REQUEST:
            return None
        never, status = token.groups()
        return read_rule("never-answer" if never else f"answer status={status}").actions[0]
