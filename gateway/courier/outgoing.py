"""How pushes look on the link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.courier.messages import Push, StorageFlags

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.routing.unacknowledged import Sent

_LAST = StorageFlags.FROM_STORAGE | StorageFlags.LAST_FROM_STORAGE


def flagged(pushes: Sequence[Sent], *, ends_backlog: bool) -> Iterator[tuple[Sent, StorageFlags]]:
    """Each with where it comes from.

    Args:
        pushes: that go together.
        ends_backlog: the last of what waited for the device is among them, or was before.
    """
    last = None
    if ends_backlog:
        last = next((push for push in reversed(pushes) if push.is_from_storage), None)
    for push in pushes:
        if push is last:
            yield push, _LAST
        else:
            yield push, StorageFlags.FROM_STORAGE if push.is_from_storage else StorageFlags.LIVE


def as_message(push: Sent, flags: StorageFlags) -> Push:
    """What is said of it to the device."""
    notification = push.notification
    return Push(
        message_id=notification.unique_id,
        token=notification.token,
        topic=notification.topic,
        payload=notification.payload,
        apns_id=notification.apns_id,
        push_type=notification.push_type,
        priority=notification.priority,
        collapse_id=notification.collapse_id,
        expires_at=notification.expires_at,
        sent_at=notification.received_at,
        storage=flags,
    )
