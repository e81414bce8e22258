"""How far a rule's dice have come, as text."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

# The form of the state of Python's generator: 624 words, and a place in them.
_FORM = 3
_STATE = struct.Struct(">625I")


def dice_as_text(dice: random.Random) -> str:
    """From which the dice go on as these do."""
    _, words, _ = dice.getstate()
    return base64.b64encode(_STATE.pack(*words)).decode("ascii")


def go_on_from(dice: random.Random, text: str) -> None:
    """Let the dice go on as those of the text.

    Raises:
        ValueError: it is no such text.
    """
    try:
        words = _STATE.unpack(base64.b64decode(text, validate=True))
    except (struct.error, ValueError):
        raise ValueError(f"the dice of a rule are {_STATE.size} bytes in base64") from None
    dice.setstate((_FORM, words, None))
