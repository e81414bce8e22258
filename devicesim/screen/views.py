"""What a person sees and hears on a phone now, in the words of the control API."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from devicesim.presentation import Presentation
from devicesim.pushes import collapse_id_of, payload_of
from devicesim.screen.content import read_content

if TYPE_CHECKING:
    from collections.abc import Iterable, Reversible

    from devicesim.live_activities.views import ActivityView
    from devicesim.notification_center import NotificationCenter
    from devicesim.presentation import Presented
    from devicesim.screen.content import Sound
    from devicesim.screen.localization import StringTables
    from devicesim.screen.memory import ShownNotification
    from devicesim.screen.screen import Banner, Played
    from protocol.courier.messages import Push

# Of what was not shown, the newest.
MAX_NOT_SHOWN = 20


@dataclass(frozen=True, slots=True)
class NotificationView:
    """A notification as it can be read; ``shown_at`` is UNIX seconds."""

    apns_id: str
    bundle_id: str
    title: str
    subtitle: str
    body: str
    shown_at: float
    collapse_id: str | None
    badge: int | None
    sound: Sound | None
    interruption_level: str
    relevance_score: float
    thread_id: str | None
    category: str | None
    target_content_id: str | None
    filter_criteria: str | None
    launch_image: str | None

    @classmethod
    def of(cls, shown: ShownNotification, strings: StringTables) -> NotificationView:
        """Read its push again."""
        content = read_content(payload_of(shown.push) or {}, strings.of(shown.bundle_id))
        alert = content.alert
        return cls(
            apns_id=shown.push.apns_id,
            bundle_id=shown.bundle_id,
            title="" if alert is None else alert.title,
            subtitle="" if alert is None else alert.subtitle,
            body="" if alert is None else alert.body,
            shown_at=shown.shown_at,
            collapse_id=collapse_id_of(shown.push),
            badge=content.badge,
            sound=content.sound,
            interruption_level=content.level,
            relevance_score=content.relevance_score,
            thread_id=content.thread_id,
            category=content.category,
            target_content_id=content.target_content_id,
            filter_criteria=content.filter_criteria,
            launch_image=None if alert is None else alert.launch_image,
        )


@dataclass(frozen=True, slots=True)
class GroupView:
    """A stack: the notifications of one app and thread, newest first.

    ``summary`` is what stands under the topmost one if there are more. ``featured`` is the
    ``apns_id`` of the one that a notification summary would feature: the highest relevance score.
    """

    bundle_id: str
    thread_id: str | None
    summary: str | None
    featured: str
    notifications: tuple[NotificationView, ...]


@dataclass(frozen=True, slots=True)
class BannerView:
    """What has just slid in at the top, a notification or the alert of a Live Activity."""

    apns_id: str
    bundle_id: str
    title: str
    subtitle: str
    body: str
    until: float


@dataclass(frozen=True, slots=True)
class SoundView:
    """A sound that was played at a time (UNIX seconds)."""

    apns_id: str
    bundle_id: str
    name: str
    critical: bool
    volume: float
    at: float


@dataclass(frozen=True, slots=True)
class NotShownView:
    """A push that nobody saw, and why."""

    apns_id: str
    topic: str
    push_type: str
    received_at: float
    why: str


@dataclass(frozen=True, slots=True)
class ScreenView:
    """The screen at ``now`` (UNIX seconds).

    ``front`` is ``lock-screen``, ``home-screen``, or the bundle id of the app in front.
    """

    now: float
    lit: bool
    locked: bool
    front: str
    banner: BannerView | None
    lock_screen: tuple[GroupView, ...]
    notification_center: tuple[GroupView, ...]
    badges: dict[str, int]
    live_activities: tuple[ActivityView, ...]
    sounds: tuple[SoundView, ...]
    not_shown: tuple[NotShownView, ...]


def look_at(
    center: NotificationCenter,
    now: float,
    app_in_front: str | None,
    activities: Iterable[ActivityView],
    received: Reversible[tuple[Push, float, Presented]],
) -> ScreenView:
    """As a person sees it.

    Args:
        center: the screen and the texts of the apps.
        now: UNIX seconds.
        app_in_front: the bundle id of an app in the foreground.
        activities: the Live Activities of all apps.
        received: what reached the apps, when, and what became of it; oldest first.
    """
    screen, strings = center.screen, center.strings
    newest_first = [*reversed(screen.memory.notifications.values())]
    new = (each for each in newest_first if each.since_lock)
    older = (each for each in newest_first if not each.since_lock)
    return ScreenView(
        now=now,
        lit=screen.is_lit,
        locked=screen.is_locked,
        front="lock-screen" if screen.is_locked else app_in_front or "home-screen",
        banner=_banner(screen.banner),
        lock_screen=_grouped(new, strings),
        notification_center=_grouped(older, strings),
        badges=dict(screen.memory.badges),
        live_activities=tuple(sorted(activities, key=_place)),
        sounds=tuple(map(_sound, screen.sounds)),
        not_shown=_not_shown(received),
    )


def _grouped(shown: Iterable[ShownNotification], strings: StringTables) -> tuple[GroupView, ...]:
    """By app and thread, as iOS does by itself; the newest of a group decides its place."""
    groups: dict[tuple[str, str | None], list[NotificationView]] = {}
    for each in shown:
        view = NotificationView.of(each, strings)
        groups.setdefault((view.bundle_id, view.thread_id), []).append(view)
    return tuple(
        GroupView(
            bundle_id=bundle_id,
            thread_id=thread_id,
            summary=_summary(len(views) - 1),
            featured=max(views, key=lambda view: view.relevance_score).apns_id,
            notifications=tuple(views),
        )
        for (bundle_id, thread_id), views in groups.items()
    )


def _summary(more: int) -> str | None:
    if not more:
        return None
    return f"{more} more notification{'s' if more > 1 else ''}"


def _place(activity: ActivityView) -> tuple[float, float]:
    """Apple, ``ActivityContent.relevanceScore``: the highest first, then what started first."""
    return (-activity.relevance_score, activity.started_at)


def _banner(banner: Banner | None) -> BannerView | None:
    if banner is None:
        return None
    alert = banner.alert
    return BannerView(
        banner.apns_id, banner.bundle_id, alert.title, alert.subtitle, alert.body, banner.until
    )


def _sound(played: Played) -> SoundView:
    sound = played.sound
    return SoundView(
        played.apns_id, played.bundle_id, sound.name, sound.critical, sound.volume, played.at
    )


def _not_shown(received: Reversible[tuple[Push, float, Presented]]) -> tuple[NotShownView, ...]:
    unseen = (each for each in reversed(received) if _is_unseen(each[2]))
    newest = [*islice(unseen, MAX_NOT_SHOWN)]
    return tuple(
        NotShownView(push.apns_id, push.topic, push.push_type.value, at, presented.detail)
        for push, at, presented in reversed(newest)
    )


def _is_unseen(presented: Presented) -> bool:
    return presented.presentation is Presentation.NOT_SHOWN
