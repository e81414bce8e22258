"""What the system makes of the keys in an alert.

Source: Apple, "Generating a remote notification": a key is looked up in the app's
``Localizable.strings``; "each %@ character in the string … is replaced by a value" of the arguments
in order, and ``%1$@`` names its place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"%(?:(?P<place>[1-9]\d{0,2})\$)?@|%%")


def localized(
    table: Mapping[str, str], key: str, arguments: list[object], ignored: list[str]
) -> str:
    """The text of a key with its arguments filled in.

    A key that the table lacks is its own text, as with ``NSLocalizedString``. A placeholder
    without an argument stays and is told in ``ignored``.
    """
    text, used = table.get(key, key), 0

    def fill(found: re.Match[str]) -> str:
        nonlocal used
        if found.group() == "%%":
            return "%"
        place = found["place"]
        if place is None:
            used += 1
        number = used if place is None else int(place)
        if number > len(arguments):
            ignored.append(f"{found.group()} in {key[:40]!r}: there is no argument {number}")
            return found.group()
        return _as_text(arguments[number - 1])

    return _PLACEHOLDER.sub(fill, text)


def _as_text(argument: object) -> str:
    """Apple: an array of strings; ``%@`` takes numbers as well, and true is 1."""
    return str(int(argument)) if isinstance(argument, bool) else str(argument)
