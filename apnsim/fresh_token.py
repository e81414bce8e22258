"""A provider token that is signed anew before it is too old, as Apple asks of every backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from certs.provider_key import ProviderKey

# Apple: refresh the token no more than once every 20 minutes and no less than once an hour.
TOKEN_SECONDS = 40 * 60.0


class FreshToken:
    """The bearer of one key.

    Args:
        key: signs.
        now: the wall clock, UNIX seconds.
    """

    def __init__(self, key: ProviderKey, now: Callable[[], float]) -> None:
        self._key, self._now = key, now
        self._text = ""
        self._signed_at = float("-inf")

    @property
    def header(self) -> tuple[str, str]:
        """``authorization``, good for now."""
        # A clock that was set back makes a token of the future, which nobody believes.
        if not 0 <= self._now() - self._signed_at <= TOKEN_SECONDS:
            self._signed_at = self._now()
            self._text = self._key.sign(int(self._signed_at))
        return "authorization", f"bearer {self._text}"
