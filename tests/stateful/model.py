"""What must, may and must not reach the apps of one phone: a small reference model, without IO.

It knows of a push only what a provider and a person holding the phone know. Where the gateway
cannot know better (it sends into a dead link), both outcomes are right, and the model says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum, auto

# How far the model's time may be from the world's: reconnects take seconds there.
SLACK_SECONDS = 40.0
# A gateway notices a dark link between so many seconds after it went dark: the phone said that it
# would be heard every 60 s, twice that is allowed, and the sweep comes every 30 s.
NOTICED_SECONDS = (50.0, 170.0)
# How long what was sent into the dark is kept, whatever its expiration.
KEPT_SECONDS = 3600.0


class Fate(Enum):
    """What the phone's owner may expect of a push."""

    MUST_ARRIVE = auto()  # as soon as there is a link
    MAY_ARRIVE = auto()
    MUST_NOT_ARRIVE = auto()
    ARRIVED = auto()
    OVER = auto()  # it may have arrived; from now on it does not


class Path(Enum):
    """What the phone's link is like."""

    UP = auto()
    DOWN = auto()  # said goodbye
    DARK = auto()  # half-open: neither end has been told


@dataclass
class Sent:
    """A push that was answered 200."""

    number: int
    app: str
    expires_at: float
    fate: Fate
    # It was sent on a link that is lost, at this time: expiration and newer pushes do not count.
    lost_at: float | None = None

    def is_over(self) -> None:
        """It arrives no more."""
        is_open = self.fate is Fate.MAY_ARRIVE
        self.fate = Fate.OVER if is_open else Fate.MUST_NOT_ARRIVE


@dataclass
class Model:
    """One phone with some apps; of each the model counts the tokens it has had."""

    now: float = 0.0
    path: Path = Path.UP
    # The last goodbye was none: what waits may have been sent already, and been lost.
    was_dark: bool = False
    dark_since: float = 0.0
    interface: str = "wifi"
    # Dark links of other interfaces, which the gateway takes for further ones of the phone; since.
    ghosts: dict[str, float] = field(default_factory=dict)
    is_ghost: bool = False
    apps: dict[str, int] = field(default_factory=dict)
    # Which token of an app its provider has; an app has a new one only once there is a link.
    provider_has: dict[str, int] = field(default_factory=dict)
    generations: dict[str, int] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)

    def install(self, app: str) -> None:
        """With a token that it never had."""
        self.generations[app] = self.generations.get(app, 0) + 1
        self.apps[app] = self.generations[app]
        if self.path is Path.UP:
            self.provider_has[app] = self.apps[app]

    def uninstall(self, app: str) -> None:
        """Nothing of it may arrive any more."""
        del self.apps[app]
        self._forget(app)

    def restore(self) -> None:
        """Every token is another one."""
        for app in list(self.apps):
            self._forget(app)
            self.install(app)

    def _forget(self, app: str) -> None:
        for push in self._pending(app):
            push.is_over()

    def push(self, app: str, seconds: float) -> int:
        """A provider pushes to the token it knows; the number names the push."""
        push = Sent(len(self.sent) + 1, app, self.now + seconds, Fate.ARRIVED)
        self.sent.append(push)
        if self.provider_has[app] != self.apps.get(app):
            push.fate = Fate.MUST_NOT_ARRIVE
        elif self.path is not Path.UP:
            self._push_to_the_absent(push, seconds)
        return push.number

    def _push_to_the_absent(self, push: Sent, seconds: float) -> None:
        dark_for = self.now - self.dark_since if self.was_dark else math.inf
        earliest, latest = NOTICED_SECONDS
        if dark_for < earliest and not self.is_ghost:  # the gateway believes it to be there
            push.fate, push.lost_at = Fate.MUST_ARRIVE, self.now
            return
        if seconds:
            self._replace(push.app)
            push.fate = Fate.MUST_ARRIVE
        else:
            push.fate = Fate.MAY_ARRIVE if dark_for < latest else Fate.MUST_NOT_ARRIVE

    def reset_amid(self, number: int) -> None:
        """The link is reset while this push is on its way; the phone dials again."""
        push = self.sent[number - 1]
        if push.fate is Fate.ARRIVED:
            push.fate = Fate.MUST_ARRIVE if push.expires_at > self.now else Fate.MAY_ARRIVE

    def _replace(self, app: str) -> None:
        """An absent device keeps the newest of each app; a dark one may have been sent them all."""
        for older in self._pending(app):
            if older.fate is Fate.MUST_ARRIVE and older.lost_at is None:
                if self.was_dark:
                    older.fate = Fate.MAY_ARRIVE
                else:
                    older.is_over()

    def advance(self, seconds: float) -> None:
        """Time passes; what expires is not delivered, but for what was sent into a dead link."""
        self.now += seconds
        for push in self.sent:
            ends_at = push.expires_at if push.lost_at is None else push.lost_at + KEPT_SECONDS
            if push.fate is Fate.MUST_ARRIVE and ends_at <= self.now + SLACK_SECONDS:
                push.fate = Fate.MAY_ARRIVE
            is_past = ends_at <= self.now - SLACK_SECONDS
            if push.fate is Fate.MAY_ARRIVE and is_past and not self.was_dark:
                push.is_over()

    def goes_down(self) -> None:
        """A goodbye; through a dead link it does not get."""
        newest = max(self.ghosts.values(), default=-math.inf)
        if self.path is Path.UP and self.now - newest < NOTICED_SECONDS[1]:
            self.was_dark, self.is_ghost, self.dark_since = True, True, newest
        self.path = Path.DOWN

    def goes_dark(self) -> None:
        """From now on bytes vanish."""
        if self.path is Path.UP:
            self.path, self.was_dark, self.dark_since = Path.DARK, True, self.now

    def gateway_is_killed(self) -> None:
        """It forgets what it has sent; its store does not."""
        for push in self.sent:
            if push.lost_at is not None and push.fate is Fate.MUST_ARRIVE:
                push.fate = Fate.MAY_ARRIVE

    def comes_up(self, interface: str) -> None:
        """A fresh link: what must arrive has arrived once it is up, and the rest never will."""
        if self.was_dark and not self.is_ghost:
            self.ghosts[self.interface] = self.dark_since
        self.path, self.was_dark, self.is_ghost = Path.UP, False, False
        self.interface = interface
        self.ghosts.pop(interface, None)
        self.provider_has |= self.apps
        for push in self.sent:
            push.lost_at = None
            if push.fate is Fate.MUST_ARRIVE:
                push.fate = Fate.ARRIVED
            elif push.fate is Fate.MAY_ARRIVE:
                push.is_over()  # now or never

    def _pending(self, app: str) -> list[Sent]:
        return [
            push
            for push in self.sent
            if push.app == app and push.fate in (Fate.MUST_ARRIVE, Fate.MAY_ARRIVE)
        ]
