"""The step in which a backend pushes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apnsim.scenario.stage import Target
from apnsim.scenario.times import duration, spoken
from apnsim.toml import reading
from apnsim.toml.reading import key, word
from gateway import values
from protocol.notification import Priority, PushType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apnsim.scenario.cast import Cast
    from apnsim.scenario.stage import Stage


_GONE = 410
# Each has a name and a life of its own, all of which a scenario remembers.
MAX_TIMES = 10_000


def _priority(value: Any) -> int:  # noqa: ANN401
    if value not in list(Priority):
        raise ValueError(f"expected one of {', '.join(str(int(each)) for each in Priority)}")
    return int(value)


def _times(value: Any) -> int:  # noqa: ANN401
    expected = f"expected a whole number from 1 to {MAX_TIMES}"
    try:
        times = values.count(value)
    except ValueError:
        raise ValueError(expected) from None
    if times > MAX_TIMES:
        raise ValueError(expected)
    return times


@dataclass(frozen=True, slots=True)
class Push:
    """A backend pushes to an app, with the token that it knows."""

    app: str = key(values.bundle_id, "the bundle id of the app")
    device: str | None = key(
        values.text, "the phone, where it is not clear from the app", default=None
    )
    name: str | None = key(
        values.text, "what expectations call it (default: its alert, or its type)", default=None
    )
    type: PushType = word(PushType, "apns-push-type (default: alert)", PushType.ALERT)
    priority: int | None = key(_priority, "apns-priority: 10, 5 or 1", default=None)
    expiration: float | None = key(
        duration,
        'for how long it may wait, such as "60 s"; 0 = now or never (default: no apns-expiration)',
        default=None,
    )
    collapse_id: str | None = key(values.text, "apns-collapse-id", default=None)
    alert: str | None = key(values.text, "the text that a person sees", default=None)
    payload: dict[str, Any] | None = key(
        reading.table, "the whole payload, in place of one made of alert and type", default=None
    )
    times: int = key(_times, 'how often; named "Hello 1", "Hello 2" … if more than once', default=1)
    organisation: str | None = key(
        values.text,
        "push to the rows of the backend's table for this organisation; see sign_in",
        default=None,
    )

    def __str__(self) -> str:
        words = [str(self.type)]
        words += [f"priority {self.priority}"] * (self.priority is not None)
        if self.expiration is not None:
            words.append(
                f"expires after {spoken(self.expiration)}" if self.expiration else "now or never"
            )
        words += [f"collapses as {self.collapse_id!r}"] * (self.collapse_id is not None)
        return ", ".join(words)

    @property
    def group(self) -> str:
        """What all of them together are called."""
        return self.name or self.alert or self.type.value

    @property
    def names(self) -> tuple[str, ...]:
        """What the pushes of this step are called."""
        if self.times == 1:
            return (self.group,)
        return tuple(f"{self.group} {number}" for number in range(1, self.times + 1))

    def faults(self, cast: Cast) -> Iterator[str]:
        """What cannot be."""
        try:
            if self.organisation is None:
                cast.device_of_app(self.device, self.app)
            else:
                cast.check_app(self.app)
        except ValueError as error:
            yield str(error)

    async def perform(self, stage: Stage) -> None:
        """Push to each token that the backend has for this.

        Raises:
            LookupError: it has none.
        """
        targets = list(self._targets(stage))
        if not targets:
            stage.log.say("provider", f'pushes "{self.names[0]}" to nobody: no row matches')
        for name in self.names:
            for target in targets:
                sent = stage.new_push(self.group, name, target)
                stage.log.say("provider", f'pushes "{name}" to {target.app} ({self})')
                await stage.push(sent, target, self._headers(stage), self._payload(name))
                if sent.answer is not None and sent.answer.status == _GONE:
                    stage.clean(target)

    def _targets(self, stage: Stage) -> Iterator[Target]:
        if self.organisation is not None:
            for row in stage.rows:
                if (row.organisation, row.target.app) == (self.organisation, self.app):
                    yield row.target
            return
        device = stage.cast.device_of_app(self.device, self.app)
        yield Target(device, self.app, stage.token(device, self.app, self.type))

    def _headers(self, stage: Stage) -> dict[str, str]:
        headers = {"apns-topic": self.type.topic_of(self.app), "apns-push-type": self.type.value}
        if self.priority is not None:
            headers["apns-priority"] = str(self.priority)
        if self.expiration is not None:
            until = round(stage.world.clock.now() + self.expiration) if self.expiration else 0
            headers["apns-expiration"] = str(until)
        if self.collapse_id is not None:
            headers["apns-collapse-id"] = self.collapse_id
        return headers

    def _payload(self, name: str) -> bytes:
        said = self.payload
        if said is None:
            if self.type is PushType.BACKGROUND:
                said = {"aps": {"content-available": 1}}
            elif self.type is PushType.ALERT:
                said = {"aps": {"alert": name}}
            else:
                said = {"aps": {}, "name": name}
        return json.dumps(said, ensure_ascii=False).encode()
