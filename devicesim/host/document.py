"""A virtual device as a part of a snapshot, believed when read; ``host/snapshots.py`` tells it."""

# No "from __future__ import annotations": pydantic reads the annotations at run time.
from collections import deque
from typing import Annotated, Any, Self, TypeAlias

from pydantic import AfterValidator, Field, PlainValidator, PrivateAttr, model_validator

from devicesim.app import AppState
from devicesim.apps import AppRegistry
from devicesim.link.intervals import Stage
from devicesim.live_activities.activity import LiveActivity
from devicesim.network import Conditions, NetworkKind
from devicesim.power import AssertionPolicy, Power
from devicesim.presentation import Presentation, Presented
from devicesim.runtime.app_events import MAX_EVENTS, AppEvent
from devicesim.runtime.outcome import Outcome
from devicesim.screen.localization import StringTables
from devicesim.screen.memory import MAX_ON_SCREEN, ShownNotification
from devicesim.spent import Spent
from devicesim.state.device_state import DeviceState
from devicesim.state.files import StateFiles
from protocol.courier.channels import ChannelMark
from protocol.courier.messages import Push, StorageFlags
from protocol.document import (
    ChannelText,
    Count,
    DeviceText,
    Part,
    PushPart,
    Seconds,
    Text,
    TokenText,
    UniqueIdText,
    World,
    as_text,
)


class GotPart(PushPart):
    """A push as the device got it."""

    message_id: UniqueIdText
    token: TokenText | None
    sent_at: Seconds
    storage: Annotated[StorageFlags, Field(strict=False)]
    channel: Annotated[list[Any], Field(min_length=2, max_length=2)] | None

    _push: Push = PrivateAttr()

    @model_validator(mode="after")
    def _is_a_push(self) -> Self:
        mark = None if self.channel is None else MarkPart.model_validate(_named(self.channel))
        self._push = Push(**(dict(self) | {"channel": mark and mark.make(ChannelMark)}))
        return self

    @property
    def push(self) -> Push:
        """The push itself."""
        return self._push


class MarkPart(Part):
    """How far a channel has come with a broadcast."""

    channel_id: ChannelText
    last_message_ns: Count


def _named(mark: list[Any]) -> dict[str, Any]:
    return dict(zip(ChannelMark._fields, mark, strict=True))


class WaitingPart(Part):
    """A push that waits for its app."""

    bundle_id: Text
    push: GotPart


class ShownPart(Part):
    """A notification on the screen."""

    bundle_id: Text
    push: GotPart
    shown_at: Seconds
    since_lock: bool


class ScreenPart(Part):
    """What is on the screen, oldest first."""

    notifications: Annotated[list[ShownPart], Field(max_length=MAX_ON_SCREEN)]
    badges: dict[str, Annotated[int, Field(gt=0, lt=2**31)]]


class PresentedPart(Part):
    """What became of a push."""

    presentation: Annotated[Presentation, Field(strict=False)]
    detail: Text
    is_quiet: bool


class OutcomePart(Part):
    """The same, and what it did to its app."""

    presented: PresentedPart
    before: Annotated[AppState, Field(strict=False)]
    after: Annotated[AppState, Field(strict=False)]
    handler: Text


class ReceivedPart(Part):
    """A push that reached its app."""

    push: GotPart
    received_at: Seconds
    outcome: OutcomePart

    @property
    def received(self) -> tuple[Push, float, Outcome]:
        """As a device remembers it."""
        presented = self.outcome.presented.make(Presented)
        outcome = Outcome(**(dict(self.outcome) | {"presented": presented}))
        return self.push.push, self.received_at, outcome


class ActivityPart(Part):
    """A Live Activity."""

    activity_id: Text
    bundle_id: Text
    attributes_type: Text
    attributes: dict[str, Any]
    content_state: dict[str, Any]
    started_at: Seconds
    timestamp: Seconds
    stale_date: Seconds | None
    wants_token: bool
    channel: Text | None
    relevance_score: float
    ended_at: Seconds | None
    dismissed_at: Seconds | None


class SpentPart(Part):
    """When apps have spent of their budgets."""

    background: dict[str, list[Seconds]] = Field(default_factory=dict)
    live_activities: dict[str, list[Seconds]] = Field(default_factory=dict)

    @property
    def spent(self) -> Spent:
        """As a device remembers it."""
        budgets = (self.background, self.live_activities)
        return Spent(*({app: deque(sorted(at)) for app, at in each.items()} for each in budgets))


class EventPart(Part):
    """What an app's code has lived through."""

    at: Seconds
    what: Text
    detail: Text


class KeepAlivePart(Part):
    """What an interface has learnt of its network; nothing at first."""

    seconds: Annotated[float, Field(gt=0, le=1e6)] = 0
    stage: Annotated[Text, AfterValidator(lambda text: Stage(text).value)] = ""
    ceiling: Annotated[float, Field(gt=0, le=1e6)] | None = None
    last_successful: Annotated[float, Field(gt=0, le=1e6)] | None = None


def _believe_conditions(told: object) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise ValueError("expected a dictionary")  # noqa: TRY004 - for pydantic
    try:
        return Conditions.read(told).describe()
    except TypeError as error:
        raise ValueError(str(error)) from None


def _believe_strings(tables: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    for bundle_id, table in tables.items():
        StringTables({}).replace(bundle_id, table)
    return tables


class SwitchesPart(Part):
    """What the owner of a device has set, and what it remembers of its networks."""

    online: bool
    serial: Count
    network: Annotated[NetworkKind, Field(strict=False)]
    conditions: Annotated[dict[str, Any], PlainValidator(_believe_conditions)]
    power: Annotated[Power, Field(strict=False)]
    assertion_policy: Annotated[AssertionPolicy, as_text(AssertionPolicy.parse)] | None
    keep_alive: dict[str, KeepAlivePart] = Field(default_factory=dict)
    strings: Annotated[dict[str, dict[str, str]], AfterValidator(_believe_strings)] = Field(
        default_factory=dict
    )

    @property
    def extras(self) -> dict[str, Any]:
        """As a device's state keeps them."""
        forced = self.assertion_policy
        return {
            **dict(self),
            "network": self.network.value,
            "power": self.power.value,
            "assertion_policy": None if forced is None else str(forced),
            "keep_alive": {k: v.model_dump(exclude_unset=True) for k, v in self.keep_alive.items()},
        }


def _believe_app(told: object) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise ValueError("expected a dictionary")  # noqa: TRY004 - for pydantic
    try:
        AppRegistry().restore({"apps": [told], "doomed": [], "retired": []})
    except KeyError as error:
        raise ValueError(f"{error} is missing") from None
    except (TypeError, AttributeError) as error:
        raise ValueError(f"not an app: {error}") from None
    return told


AppTold: TypeAlias = Annotated[dict[str, Any], PlainValidator(_believe_app)]
MessageKey: TypeAlias = Annotated[
    bytes, as_text(bytes.fromhex), Field(min_length=16, max_length=16)
]


class DevicePart(Part):
    """All that a virtual device is, but for its certificate."""

    device_id: DeviceText
    name: Annotated[Text, AfterValidator(lambda text: text[:200])]
    environment: World
    switches: SwitchesPart
    apps: list[AppTold]
    doomed: list[Text]
    expired: list[Text]
    retired: list[Text]
    acknowledged: list[MessageKey]
    inbox: list[WaitingPart]
    activities: list[ActivityPart]
    screen: ScreenPart
    spent: SpentPart = Field(default_factory=SpentPart)
    received: list[ReceivedPart]
    events: dict[str, Annotated[list[EventPart], Field(max_length=MAX_EVENTS)]]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self.state()
        return self

    def state(self, files: StateFiles | None = None) -> DeviceState:
        """The memory of such a device.

        Raises:
            ValueError: it does not fit together.
        """
        state = DeviceState(self.device_id, self.name, self.environment, files)
        registry = ("apps", "doomed", "expired", "retired")
        state.apps.restore({name: getattr(self, name) for name in registry})
        state.extras = self.switches.extras
        state.spent = self.spent.spent
        for activity in self.activities:
            state.activities[activity.activity_id] = activity.make(LiveActivity)
        for waiting in self.inbox:
            state.inbox.put(waiting.bundle_id, waiting.push.push)
        for key in self.acknowledged:
            state.acknowledged.add(key)
        for shown in self.screen.notifications:
            state.screen.put(ShownNotification(**(dict(shown) | {"push": shown.push.push})))
        for bundle_id, number in self.screen.badges.items():
            state.screen.set_badge(bundle_id, number)
        return state

    @property
    def app_events(self) -> dict[str, list[AppEvent]]:
        """What each app's code has lived through, oldest first."""
        return {app: [each.make(AppEvent) for each in told] for app, told in self.events.items()}
