"""What became of a push, in plain words, and what to do if that was not the plan.

From the request to the lock screen: refused, kept waiting, replaced, expired, thrown away, still on
its way, delivered, shown or not. Pure: what the records do not tell is asked of :class:`Known`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gateway.console.findings import findings_of
from gateway.records import State
from protocol.lint.finding import Effect
from protocol.notification import Notification
from protocol.provider.rejection import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.console.app_host import AppView
    from gateway.console.device_host import DeviceView
    from gateway.records import Event, Record
    from gateway.store.store import Registration
    from protocol.identifiers import DeviceId, DeviceToken
    from protocol.lint.finding import Finding


class Known(Protocol):
    """What is known beside the journal."""

    @property
    def now(self) -> float:
        """UNIX seconds, by the gateway's clock."""
        ...

    def registration_of(self, token: DeviceToken) -> Registration | None:
        """Whose token it is."""
        ...

    def device(self, device: DeviceId | None) -> DeviceView | None:
        """The virtual device of this id, if it is one."""
        ...

    def begun(self, device_id: str) -> float:
        """When the device got its first token; -inf: it has none."""
        ...

    def is_connected(self, device: DeviceId | None) -> bool:
        """Whether the device has a link."""
        ...


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a push, and what to do; both may follow a comma, and end without a stop."""

    became: str
    advice: str = ""


_SIGN = "sign with the gateway's own key: GET /api/v1/info names key_file, key_id and team_id"
_WHAT_TO_DO: dict[Reason, str] = {
    Reason.BAD_DEVICE_TOKEN: "push to a token that a device of this gateway has now (app.token);"
    " with --unknown-tokens adopt any token becomes a device's",
    Reason.DEVICE_TOKEN_NOT_FOR_TOPIC: "send the apns-topic that the token was made for",
    Reason.UNREGISTERED: "forget the token, as with Apple; the app's present one is"
    " app.refresh().token",
    Reason.EXPIRED_TOKEN: "what the token was for has ended; push to the token of what runs now",
    Reason.MISSING_PROVIDER_TOKEN: f"send authorization: bearer <token>; {_SIGN}",
    Reason.INVALID_PROVIDER_TOKEN: f"{_SIGN}; a key of Apple's is not known here",
    Reason.EXPIRED_PROVIDER_TOKEN: "make a new provider token: one is good for an hour of the"
    " gateway's clock, which may have been moved",
    Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES: "use one provider token for 20 minutes at least",
    Reason.MISSING_TOPIC: "send apns-topic",
    Reason.TOPIC_DISALLOWED: "send to a topic that the key or certificate covers, with the suffix"
    " of its push type",
    Reason.BAD_PATH: "POST to /3/device/<token>",
    Reason.METHOD_NOT_ALLOWED: "POST to /3/device/<token>",
    Reason.TOO_MANY_REQUESTS: "send less often to one token, or raise"
    " --max-pushes-per-token-per-second",
    Reason.SERVICE_UNAVAILABLE: "send it again later, as with Apple",
    Reason.SHUTDOWN: "send it again on a new connection, as with Apple",
    Reason.INTERNAL_SERVER_ERROR: "see the gateway's log; this is a bug of apnsim",
}
_REASONS = {reason.text: reason for reason in Reason}

_UNACKNOWLEDGED = "the device has not acknowledged it yet"
_BE_PATIENT = "wait longer; a path that is slow or half-open (device.network) may swallow it"

# Parts of what a device says of a push that it does not show, and what lets it show the next one.
_LET_IT_SHOW = (
    ("force-quit", "let a person open the app: app.update(state='foreground')"),
    ("notifications are disabled", "app.update(notifications_enabled=True)"),
    ("permission", "app.update(permission='granted')"),
    ("without alert, badge or sound", "put an alert, a badge or a sound into aps"),
    ("without content-available", "put content-available: 1 into aps"),
    ("not a JSON dictionary", "send a JSON dictionary"),
    ("replaced by a newer", "look for the newer one"),
)


def fate_of(record: Record, known: Known) -> Fate:
    """What became of a push or a request, faults included."""
    faults = [event.detail for event in record.timeline if event.state is State.FAULT]
    fate = _without_faults(record, known)
    if not faults:
        return fate
    became = f"{fate.became}; bent by {' and '.join(dict.fromkeys(faults))}"
    return Fate(became, "look at the fault rules: GET /api/v1/rules")


def linter_of(record: Record) -> list[str]:
    """What the linter says about why nobody sees it, a line each."""
    return [
        f"{each.where}: {each.what}; {each.advice}"
        for each in findings_of(record)
        if each.effect in (Effect.REFUSED, Effect.NOT_SHOWN)
    ]


def _without_faults(record: Record, known: Known) -> Fate:
    state = record.state
    if state is None or state is State.FAULT:
        return Fate("heard, and not answered" if not record.status else f"answered {record.status}")
    if tell := _FATES.get(state):
        return tell(record, _event(record, state), known)
    return Fate(f"broadcast: {state}")


def _event(record: Record, state: State) -> Event:
    return next(event for event in reversed(record.timeline) if event.state is state)


def _rejected(record: Record, _event: Event, _known: Known) -> Fate:
    why = f": {record.detail}" if record.detail else ""
    became = f"rejected: {record.status} {record.reason}{why}"
    reason = _REASONS.get(record.reason)
    if reason is Reason.BAD_DEVICE_TOKEN and " token, pushed to " in record.detail:
        return Fate(
            became,
            "push to the other environment's address (provider_urls of GET /api/v1/info), or make"
            " the device in this one: create_device(environment=…)",
        )
    said = [each for each in findings_of(record) if each.reason == record.reason]
    if said:
        return Fate(became, _said(said[0]))
    return Fate(became, "" if reason is None else _WHAT_TO_DO.get(reason, ""))


def _said(finding: Finding) -> str:
    return f"{finding.where}: {finding.what}; {finding.advice}"


def _received(record: Record, _event: Event, known: Known) -> Fate:
    if record.detail:
        return Fate(f"accepted: {record.detail}", "send it with an apns-id of its own")
    if not record.status:
        return Fate("heard, and not answered yet")
    if not known.is_connected(record.device):
        return Fate("accepted, waits for the device, which is offline", "device.go_online()")
    device = known.device(record.device)
    return Fate(f"accepted, on its way: {_UNACKNOWLEDGED}{_network_of(device)}", _BE_PATIENT)


def _stored_offline(record: Record, event: Event, known: Known) -> Fate:
    device = known.device(record.device)
    detail = f" ({event.detail})" if event.detail else ""
    if known.is_connected(record.device):
        back = f"accepted, stored, and the device is back: {_UNACKNOWLEDGED}"
        return Fate(f"{back}{_network_of(device)}{detail}", _BE_PATIENT)
    if device is None:
        return Fate(f"accepted, stored: the device is offline{detail}", "connect the device")
    advice = "device.go_online()" if not device.online else "wait for the device to connect again"
    return Fate(f"accepted, stored: the device is offline{_network_of(device)}{detail}", advice)


def _network_of(device: DeviceView | None) -> str:
    """If it is one that may be the reason."""
    return f", network {device.network}" if device and device.network != "wifi" else ""


def _stored_power(_record: Record, event: Event, _known: Known) -> Fate:
    return Fate(
        f"accepted, stored to save power: {event.detail or 'nobody uses the device'}",
        "device.wake(), or send it with apns-priority 10",
    )


def _replaced(_record: Record, event: Event, _known: Known) -> Fate:
    return Fate(
        f"accepted, and replaced while it waited {event.detail}",
        "one push per device and app waits for an absent device, the newest",
    )


def _expired(_record: Record, event: Event, _known: Known) -> Fate:
    if event.detail:
        return Fate(f"accepted, and discarded: {event.detail}", "send a later apns-expiration")
    return Fate(
        "accepted, and expired before the device could have it",
        "send a later apns-expiration, or bring the device online sooner",
    )


def _unregistered(record: Record, _event: Event, known: Known) -> Fate:
    push = record.notification
    registered = known.registration_of(push.token) if isinstance(push, Notification) else None
    since = registered.unregistered_at if registered else None
    when = "" if since is None else f", since {known.now - since:.0f} s"
    return Fate(
        f"accepted, and thrown away: its token is not registered any more{when}",
        "push to the app's present token: app.refresh().token",
    )


def _disabled(record: Record, _event: Event, known: Known) -> Fate:
    app = _app_of(record, known)
    is_denied = app is not None and app.notifications_enabled  # so it is the person's own answer
    return Fate(
        "accepted, and thrown away: the device does not want pushes for this app",
        "app.update(permission='granted')"
        if is_denied
        else "app.update(notifications_enabled=True)",
    )


def _delivered(record: Record, event: Event, known: Known) -> Fate:
    became = "delivered" + " from storage" * (event.state is State.DELIVERED_FROM_STORAGE)
    app = _app_of(record, known)
    if app is None or not app.background_push_held:
        return Fate(became)
    return Fate(
        f"{became}, and held back by the phone: the app has used up its background pushes",
        "let a person open the app, or move the clock an hour: advance_clock(3600)",
    )


def _app_of(record: Record, known: Known) -> AppView | None:
    """The app that it is for, if that is on a virtual device."""
    push = record.notification
    device = known.device(record.device)
    if push is None or device is None:
        return None
    return next((app for app in device.apps if app.bundle_id == push.topic), None)


def _presented(_record: Record, event: Event, _known: Known) -> Fate:
    return Fate(f"delivered and presented: {event.detail}")


def _not_presented(record: Record, event: Event, _known: Known) -> Fate:
    why = event.detail.partition(": ")[2] or event.detail
    kind = f"{record.notification.push_type} push" if record.notification else "push"
    advice = next((advice for part, advice in _LET_IT_SHOW if part in why), "")
    return Fate(f"delivered, presented nothing: {kind}; {why}", advice)


_FATES: dict[State, Callable[[Record, Event, Known], Fate]] = {
    State.REJECTED: _rejected,
    State.RECEIVED: _received,
    State.STORED_OFFLINE: _stored_offline,
    State.STORED_POWER: _stored_power,
    State.REPLACED: _replaced,
    State.DISCARDED_EXPIRED: _expired,
    State.DISCARDED_UNREGISTERED: _unregistered,
    State.DISCARDED_UNREGISTERED_FROM_STORAGE: _unregistered,
    State.DISCARDED_DISABLED: _disabled,
    State.DISCARDED_DISABLED_FROM_STORAGE: _disabled,
    State.DELIVERED: _delivered,
    State.DELIVERED_FROM_STORAGE: _delivered,
    State.PRESENTED: _presented,
    State.NOT_PRESENTED: _not_presented,
}
