"""Who gets the notifications of an organisation: the table with the bug, and the one without.

A person is a member of several organisations and uses one app for all of them, on one or more
phones. Signing out of one organisation on a phone must end its notifications there, and only those.
"""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from examples.organisations.apns import Apns

# Apple: these tokens will never work again. Anything else that goes wrong may pass.
DEAD = {"BadDeviceToken", "Unregistered", "DeviceTokenNotForTopic", "ExpiredToken"}


class Table(Protocol):
    """Which tokens the notifications of an organisation go to."""

    def sign_in(self, user: str, organisation: str, token: str) -> None:
        """The app calls this at every launch, for every organisation it is signed in to."""

    def sign_out(self, user: str, organisation: str, token: str) -> None:
        """One organisation, on one phone."""

    def tokens(self, organisation: str) -> list[str]:
        """Whom to push to."""

    def forget(self, token: str, dead_since: float | None) -> None:
        """APNs says that this token is dead; not if it was registered again since."""


class TokenPerUser:
    """How most backends begin: users have tokens, users are members of organisations.

    There is no place for "signed out of one organisation on this phone", so sign-out can only do
    too much (``revokes``: the token goes, and with it the other organisations' notifications) or
    too little (it stays, and the organisation that was left goes on notifying).
    """

    def __init__(self, *, revokes: bool) -> None:
        self._revokes = revokes
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.execute("CREATE TABLE member (user, organisation, UNIQUE (user, organisation))")
        self._db.execute("CREATE TABLE token (user, token, UNIQUE (user, token))")

    def sign_in(self, user: str, organisation: str, token: str) -> None:
        """See :class:`Table`."""
        self._db.execute("INSERT OR IGNORE INTO member VALUES (?, ?)", (user, organisation))
        self._db.execute("INSERT OR IGNORE INTO token VALUES (?, ?)", (user, token))

    def sign_out(self, user: str, organisation: str, token: str) -> None:  # noqa: ARG002 - the bug
        """See :class:`Table`."""
        if self._revokes:
            self._db.execute("DELETE FROM token WHERE (user, token) = (?, ?)", (user, token))

    def tokens(self, organisation: str) -> list[str]:
        """See :class:`Table`."""
        rows = self._db.execute(
            "SELECT DISTINCT token FROM token JOIN member USING (user) WHERE organisation = ?",
            (organisation,),
        )
        return [token for (token,) in rows]

    def forget(self, token: str, dead_since: float | None) -> None:  # noqa: ARG002
        """See :class:`Table`."""
        self._db.execute("DELETE FROM token WHERE token = ?", (token,))


class TokenPerOrganisation:
    """The cure: a row for each (user, organisation, token), unique over the three.

    Args:
        file: of the database.
        now: UNIX seconds.
    """

    def __init__(self, file: str = ":memory:", now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.execute(
            """CREATE TABLE IF NOT EXISTS subscription (
                user TEXT NOT NULL,
                organisation TEXT NOT NULL,
                token TEXT NOT NULL,
                registered_at REAL NOT NULL,
                UNIQUE (user, organisation, token)
            )"""
        )
        self._db.execute("CREATE INDEX IF NOT EXISTS by_token ON subscription (token)")

    def sign_in(self, user: str, organisation: str, token: str) -> None:
        """See :class:`Table`; a row that is there is as of now again."""
        self._db.execute(
            """INSERT INTO subscription VALUES (?, ?, ?, ?)
               ON CONFLICT DO UPDATE SET registered_at = excluded.registered_at""",
            (user, organisation, token, self._now()),
        )

    def sign_out(self, user: str, organisation: str, token: str) -> None:
        """See :class:`Table`: one row."""
        self._db.execute(
            "DELETE FROM subscription WHERE (user, organisation, token) = (?, ?, ?)",
            (user, organisation, token),
        )

    def sign_out_of_all(self, user: str, token: str) -> None:
        """All organisations, on one phone."""
        self._db.execute("DELETE FROM subscription WHERE (user, token) = (?, ?)", (user, token))

    def tokens(self, organisation: str) -> list[str]:
        """See :class:`Table`."""
        rows = self._db.execute(
            "SELECT DISTINCT token FROM subscription WHERE organisation = ?", (organisation,)
        )
        return [token for (token,) in rows]

    def forget(self, token: str, dead_since: float | None) -> None:
        """See :class:`Table`: all its rows, whoever's they are."""
        self._db.execute(
            "DELETE FROM subscription WHERE token = ? AND registered_at <= ?",
            (token, self._now() if dead_since is None else dead_since),
        )

    def __len__(self) -> int:
        (count,) = self._db.execute("SELECT count(*) FROM subscription").fetchone()
        return int(count)


class Backend:
    """Notifies organisations, and cleans its table by what APNs answers.

    Args:
        table: who gets what.
        apns: how.
    """

    def __init__(self, table: Table, apns: Apns) -> None:
        self.table = table
        self._apns = apns

    def notify(self, organisation: str, alert: str) -> int:
        """Push to everybody who is signed in to it; to how many APNs took it."""
        taken = 0
        for token in self.table.tokens(organisation):
            answer = self._apns.push(token, alert)
            taken += answer.status == 200
            if answer.reason in DEAD:
                self.table.forget(token, answer.dead_since)
        return taken
