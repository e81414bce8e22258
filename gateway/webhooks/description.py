"""A webhook as its user describes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.records import State
from gateway.webhooks.allowed import Target
from gateway.webhooks.signature import Secret
from protocol.plain import json_of
from protocol.tenant import Tenant

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_EVENTS = frozenset({State.DELIVERED, State.DELIVERED_FROM_STORAGE, State.PRESENTED})


class DescriptionError(ValueError):
    """It cannot be used; the message says where and what was expected, and tells no secret."""


@dataclass(frozen=True, slots=True)
class Description:
    """What to tell, and to whom.

    Attributes:
        url: where requests go.
        target: its host.
        events: the states of which it is told.
        tenant: the app whose pushes it is about; None: all.
        secret: signs the requests.
    """

    url: str
    target: Target
    events: frozenset[State] = DEFAULT_EVENTS
    tenant: Tenant | None = None
    secret: Secret | None = field(default=None, repr=False)


def read_description(told: object) -> Description:
    """Make one of what a user wrote.

    Args:
        told: ``{url, events?, bundle_id?, secret?}`` as in the control API and TOML, its JSON
            text, or a URL alone.

    Raises:
        DescriptionError, TargetError: it cannot be used.
    """
    if isinstance(told, str):
        told = _from_json(told) if told.lstrip().startswith("{") else {"url": told}
    if not isinstance(told, dict):
        raise DescriptionError('expected a URL, or {"url": …}')
    if unknown := sorted(set(map(str, told)) - {"url", *_FIELDS}):
        raise DescriptionError(f"{unknown[0]}: unknown; known: url, {', '.join(_FIELDS)}")
    url = told.get("url")
    if not isinstance(url, str):
        raise DescriptionError("url: expected http(s)://HOST[:PORT]/…")
    target = Target.parse(url)
    fields: dict[str, Any] = {}
    for name, (field_name, read) in _FIELDS.items():
        if told.get(name) is not None:
            try:
                fields[field_name] = read(told[name])
            except ValueError as error:
                raise DescriptionError(f"{name}: {error}") from None
    return Description(url, target, **fields)


def _from_json(text: str) -> object:
    try:
        return json_of(text)
    except ValueError as error:
        raise DescriptionError(f"not JSON: {error}") from None


def _events(value: object) -> frozenset[State]:
    if not isinstance(value, list) or not value:
        raise DescriptionError('expected a list of states, such as ["Delivered to Device"]')
    unknown = [each for each in value if each not in list(State)]
    if unknown:
        raise DescriptionError(f"{unknown[0]!r} is no state; expected {', '.join(State)}")
    return frozenset(map(State, value))


def _text(read: Callable[[str], object]) -> Callable[[object], object]:
    def of_text(value: object) -> object:
        if not isinstance(value, str):
            raise DescriptionError("expected a text")
        return read(value)

    return of_text


_FIELDS: dict[str, tuple[str, Callable[[object], object]]] = {
    "events": ("events", _events),
    "bundle_id": ("tenant", _text(Tenant.parse)),
    "secret": ("secret", _text(Secret.parse)),
}
