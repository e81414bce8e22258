"""What is on a screen, as it survives a restart: notifications and badges, and their records.

A notification is kept as its push, which says all about it, and read again when somebody looks:
a thousand phones with full screens stay cheap. Records are lists for the log of
:class:`~devicesim.state.device_state.DeviceState`, which commits them with the acknowledgements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from devicesim.pushes import push_from_map, push_to_map
from protocol.plain import bytes_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from protocol.courier.messages import Push

# Notifications of one device; beyond it the oldest is taken as swiped away.
MAX_ON_SCREEN = 256

# Kinds of records; those below 20 are DeviceState's own.
_SHOWN = 20  # [20, bundle id, push, shown at, is on the lock screen]
_GONE = 21  # [21, [bundle id, identifier]…]
_BADGE = 22  # [22, bundle id, number]
_UNLOCKED = 23  # [23]
_WIPED = 24  # [24]


class Key(NamedTuple):
    """Which notification: ``UNNotificationRequest.identifier``, of one app.

    The identifier is the collapse id, or unique: what has the same one is replaced.
    """

    bundle_id: str
    identifier: str

    @classmethod
    def of(cls, bundle_id: str, push: Push) -> Key:
        """That of a push."""
        collapse_id = push.collapse_id
        return cls(bundle_id, push.message_id if collapse_id is None else f"collapse {collapse_id}")


@dataclass(slots=True)
class ShownNotification:
    """A notification; ``since_lock``: it came after the phone was last unlocked."""

    bundle_id: str
    push: Push
    shown_at: float
    since_lock: bool

    @property
    def key(self) -> Key:
        """Its name on the screen."""
        return Key.of(self.bundle_id, self.push)


class ScreenMemory:
    """The notifications of a device, oldest first, and its badges by bundle id.

    Args:
        note: takes a record for the log; None when nothing is kept.
    """

    __slots__ = ("_is_kept", "_note", "badges", "notifications")

    def __init__(self, note: Callable[[list[Any]], None] | None) -> None:
        self._is_kept = note is not None
        self._note = note or (lambda _: None)
        self.notifications: dict[Key, ShownNotification] = {}
        self.badges: dict[str, int] = {}

    def put(self, shown: ShownNotification) -> ShownNotification | None:
        """Put it on top; what it replaces, if there was anything of the same key."""
        replaced = self._put(shown)
        if self._is_kept:  # else the record would be made in vain, push by push
            self._note(_record_of(shown))
        return replaced

    def remove(self, keys: Iterable[Key]) -> None:
        """Take some off, known or not."""
        gone = [key for key in keys if self.notifications.pop(key, None) is not None]
        if gone:
            # As bytes: a provider's collapse id need not be UTF-8.
            self._note([_GONE, *([key.bundle_id, bytes_of(key.identifier)] for key in gone)])

    def set_badge(self, bundle_id: str, number: int) -> None:
        """Change an app's badge; 0 takes it off."""
        self._set_badge(bundle_id, number)
        self._note([_BADGE, bundle_id, number])

    def unlock(self) -> None:
        """What is on the lock screen moves to the list."""
        if any(each.since_lock for each in self.notifications.values()):
            self._unlock()
            self._note([_UNLOCKED])

    def wipe(self) -> None:
        """Nothing is there any more."""
        self._wipe()
        self._note([_WIPED])

    def forget(self, bundle_id: str) -> None:
        """An uninstalled app takes all along; the log knows it by the app's end."""
        self.badges.pop(bundle_id, None)
        for key in [key for key in self.notifications if key.bundle_id == bundle_id]:
            del self.notifications[key]

    def records(self) -> Iterator[list[Any]]:
        """What makes this screen anew."""
        yield from map(_record_of, self.notifications.values())
        for bundle_id, number in self.badges.items():
            yield [_BADGE, bundle_id, number]

    def relive(self, record: list[Any]) -> None:
        """Take one record of an earlier process.

        Raises:
            ValueError, TypeError, IndexError: it is none of these.
        """
        kind = record[0]
        if kind == _SHOWN:
            _, bundle_id, push, shown_at, since_lock = record
            self._put(
                ShownNotification(bundle_id, push_from_map(push), float(shown_at), bool(since_lock))
            )
        elif kind == _GONE:
            for bundle_id, identifier in record[1:]:
                self.notifications.pop(Key(bundle_id, text_of(identifier)), None)
        elif kind == _BADGE:
            self._set_badge(record[1], int(record[2]))
        elif kind == _UNLOCKED:
            self._unlock()
        elif kind == _WIPED:
            self._wipe()
        else:
            raise ValueError(f"record of kind {kind!r}")

    def _put(self, shown: ShownNotification) -> ShownNotification | None:
        key = shown.key
        replaced = self.notifications.pop(key, None)
        self.notifications[key] = shown
        if len(self.notifications) > MAX_ON_SCREEN:
            del self.notifications[next(iter(self.notifications))]
        return replaced

    def _set_badge(self, bundle_id: str, number: int) -> None:
        if number:
            self.badges[bundle_id] = number
        else:
            self.badges.pop(bundle_id, None)

    def _unlock(self) -> None:
        for each in self.notifications.values():
            each.since_lock = False

    def _wipe(self) -> None:
        self.notifications.clear()
        self.badges.clear()


def _record_of(shown: ShownNotification) -> list[Any]:
    return [_SHOWN, shown.bundle_id, push_to_map(shown.push), shown.shown_at, shown.since_lock]
