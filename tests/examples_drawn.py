"""How many examples a property has that says so itself; all others have what the profile says."""

from __future__ import annotations

from hypothesis import settings

USUALLY = 100


def examples(number: int) -> int:
    """As many in `make test`; in `make fuzz` more, as of every other property."""
    return number * settings().max_examples // USUALLY
