"""A Live Activity on a virtual device, as a handle on the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from apnsim.client.errors import ApnsimError

if TYPE_CHECKING:
    from apnsim.client import Apnsim


class LiveActivity:
    """A Live Activity. Its properties are as of the last call; :meth:`refresh` asks anew.

    Args:
        client: for the calls.
        path: of its app's activities.
        told: the activity as the console told it.
    """

    def __init__(self, client: Apnsim, path: str, told: dict[str, Any]) -> None:
        self._client = client
        self._path = path
        self._told = told

    def __repr__(self) -> str:
        return f"LiveActivity({self.id!r}, {self.attributes_type!r}, {self.state!r})"

    @property
    def id(self) -> str:
        """Its name on the device."""
        return str(self._told["activity_id"])

    @property
    def attributes_type(self) -> str:
        """The name of its type."""
        return str(self._told["attributes_type"])

    @property
    def state(self) -> str:
        """``active``, ``stale`` or ``ended``."""
        return str(self._told["state"])

    @property
    def attributes(self) -> dict[str, Any]:
        """What it is about."""
        return dict(self._told["attributes"])

    @property
    def content_state(self) -> dict[str, Any]:
        """Its content."""
        return dict(self._told["content_state"])

    @property
    def stale_date(self) -> float | None:
        """From when on its content is out of date, UNIX seconds."""
        return self._seconds("stale_date")

    @property
    def dismissal_date(self) -> float | None:
        """When it leaves the screen, UNIX seconds; None while it runs."""
        return self._seconds("dismissal_date")

    @property
    def relevance_score(self) -> float:
        """Of several on a screen the one with the highest is first."""
        return float(self._told["relevance_score"])

    @property
    def channel(self) -> str | None:
        """The broadcast channel that it follows, in base64."""
        channel = self._told["channel"]
        return None if channel is None else str(channel)

    @property
    def token(self) -> str:
        """The token that updates it, hexadecimal.

        Raises:
            ApnsimError: it has none: it has ended, asked for none, or its device was offline.
        """
        token = self._told["token"]
        if token is None:
            raise ApnsimError(0, "No token", f"{self!r} has no update token; see refresh()")
        return str(token)

    def refresh(self) -> LiveActivity:
        """Ask how it is now.

        Raises:
            ApnsimError: 404, it has left the screen.
        """
        for told in self._client.call("GET", self._path):
            if told["activity_id"] == self.id:
                self._told = told
                return self
        raise ApnsimError(404, "Not Found", f"{self!r} has left the screen")

    def end(self) -> None:
        """The app ends it and takes it off the screen: 410 ExpiredToken from now on."""
        self._client.call("DELETE", f"{self._path}/{quote(self.id, safe='')}")

    def _seconds(self, name: str) -> float | None:
        value = self._told[name]
        return None if value is None else float(value)
