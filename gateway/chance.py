"""Where ids come from: nobody can guess them, or (``--seed``) every run has the same ones.

What is seeded comes in streams, one per kind of id: how many tokens are minted does not change
which ids pushes get. A stream begins anew with the state that ids have to be new to: with another
state behind it, it is another one.
"""

from __future__ import annotations

import secrets
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Chance:
    """The random bytes of one gateway.

    Args:
        seed: of everything; None: of nothing, as it should be but in tests.
    """

    def __init__(self, seed: int | None) -> None:
        self._seed = seed
        self._beginning = ""
        self._streams: dict[str, Random] = {}

    @property
    def is_seeded(self) -> bool:
        """Whether ids can be guessed."""
        return self._seed is not None

    def begin(self, beginning: str) -> None:
        """Begin every stream anew, from what there is: the same text, the same ids."""
        self._beginning = beginning
        self._streams.clear()

    def of(self, kind: str) -> Callable[[int], bytes]:
        """A source for ids of one kind."""
        return secrets.token_bytes if self._seed is None else lambda size: self._draw(kind, size)

    def _draw(self, kind: str, size: int) -> bytes:
        stream = self._streams.get(kind)
        if stream is None:
            stream = self._streams[kind] = Random(f"{self._seed} {kind} {self._beginning}")
        return stream.randbytes(size)
