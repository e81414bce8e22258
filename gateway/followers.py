"""Who is told of everything, at once and without loss; unlike viewers, who may be slow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gateway.records import Event, Record


class Follower(Protocol):
    """Told on the hot path: it does no more than put aside what it wants."""

    def answered(self, record: Record) -> None:
        """A request was answered."""
        ...

    def reached(self, record: Record, event: Event) -> None:
        """A request or push reached a state, which is in its timeline already."""
        ...


class Followers:
    """The followers of a journal; ``present`` are those that follow now."""

    def __init__(self) -> None:
        self.present: tuple[Follower, ...] = ()

    def add(self, follower: Follower) -> None:
        """Tell this one, too; once, however often it was added."""
        self.discard(follower)
        self.present += (follower,)

    def discard(self, follower: Follower) -> None:
        """Tell this one no more, if it was told."""
        self.present = tuple(each for each in self.present if each is not follower)
