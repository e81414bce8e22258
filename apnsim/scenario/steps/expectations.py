"""The step that expects something; what its keys mean is in ``judge``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apnsim.scenario import judge
from apnsim.scenario.steps.phones import given, policy
from apnsim.scenario.times import duration
from apnsim.toml.reading import boolean, key, names, word
from devicesim.presentation import Presentation
from gateway import values
from gateway.records import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apnsim.scenario.cast import Cast
    from apnsim.scenario.stage import Stage


def _delivered(value: Any) -> bool | int:  # noqa: ANN401
    if isinstance(value, bool):
        return value
    try:
        return values.whole_number(value)
    except ValueError:
        raise ValueError("expected true, false or how many of them") from None


def _listed(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    return () if value == [] else names(value)


@dataclass(frozen=True, slots=True)
class Expect:
    """What must be so at this moment: of pushes, of an app, or of a phone."""

    push: tuple[str, ...] = key(names, "one or more pushes, by their names", default=())
    app: str | None = key(values.bundle_id, "or an app", default=None)
    device: str | None = key(values.text, "or a phone", default=None)

    sent: int | None = key(
        values.whole_number, "push: to how many tokens the backend pushed it", default=None
    )
    status: int | None = key(values.count, "push: what the gateway answered", default=None)
    reason: str | None = key(values.text, "push: … and why", default=None)
    delivered: bool | int | None = key(
        _delivered,
        "push: whether they came to their apps or screens, or how many",
        default=None,
    )
    within: float | None = key(duration, "push: at most so long after it was sent", default=None)
    later_than: float | None = key(
        duration, "push: not sooner than so long after it was sent", default=None
    )
    together: float | None = key(
        duration, "push: all of them arrived within so short a time", default=None
    )
    from_storage: bool | None = key(
        boolean, "push: whether it had waited in the gateway", default=None
    )
    presentation: Presentation | None = word(Presentation, "push: what became of it")
    detail: str | None = key(
        values.text, "push: words of the reason that the phone gives for it", default=None
    )
    handled: bool | None = key(
        boolean, "push: whether any code of the app has run for it", default=None
    )
    handler: str | None = key(
        values.text, "push: words of Apple's name of the code that ran", default=None
    )
    state: State | None = key(
        values.choice(State), "push: a status on its timeline, in Apple's words", default=None
    )
    received: tuple[str, ...] | None = key(
        _listed, "app: exactly these pushes so far, in this order", default=None
    )
    badge: int | None = key(values.whole_number, "app: the number on its icon", default=None)
    lock_screen: tuple[str, ...] | None = key(
        _listed, "device: exactly these alerts on the lock screen, from top to bottom", default=None
    )
    assertion_policy: str | None = key(
        policy, "device: whether apsd may work: full, restricted", default=None
    )
    online: bool | None = key(
        boolean, "device: whether it believes that its link is up", default=None
    )

    def faults(self, cast: Cast) -> Iterator[str]:
        """What cannot be."""
        conditions = given(self, "push", "app", "device")
        if not conditions:
            yield "nothing is expected here: give a condition, such as delivered = true"
        yield from cast.unknown_pushes(self.push)
        subject = judge.subject_of(conditions)
        if subject == "push" and not self.push:
            yield "push is missing: which ones are meant"
        if subject == "app" and self.app is None:
            yield "app is missing: which one is meant"
        try:
            if self.app is not None:
                cast.device_of_app(self.device, self.app)
            elif self.device is not None or subject == "device":
                cast.device(self.device)
        except ValueError as error:
            yield str(error)

    async def perform(self, stage: Stage) -> None:
        """Nothing happens: the player has it judged."""
