"""Fault rules, as handles on the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from apnsim.client.views import given

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apnsim.client import Apnsim

LIMITS = ("times", "probability", "after", "priority", "seed")


class Rule:
    """A fault rule. Its properties are as of the last call; :meth:`refresh` asks anew.

    Args:
        client: for the calls.
        told: the rule as the console told it.
    """

    def __init__(self, client: Apnsim, told: dict[str, Any]) -> None:
        self._client = client
        self._told = told
        self._path = f"rules/{quote(told['id'], safe='')}"

    def __repr__(self) -> str:
        return f"Rule({self.id!r}, {self.action}, hits={self.hits})"

    @property
    def id(self) -> str:
        """Its number, as log and timelines name it."""
        return str(self._told["id"])

    @property
    def match(self) -> dict[str, Any]:
        """What it is for."""
        return dict(self._told["match"])

    @property
    def action(self) -> dict[str, Any] | list[dict[str, Any]]:
        """What it does; a list, if one thing after the other."""
        action: dict[str, Any] | list[dict[str, Any]] = self._told["action"]
        return action

    @property
    def limits(self) -> dict[str, Any]:
        """Its ``times``, ``probability``, ``after``, ``priority`` and ``seed``."""
        return {name: self._told[name] for name in LIMITS}

    @property
    def seen(self) -> int:
        """How many occasions it was for."""
        return int(self._told["seen"])

    @property
    def hits(self) -> int:
        """How many of them it struck."""
        return int(self._told["hits"])

    @property
    def spent(self) -> bool:
        """Whether it strikes no more."""
        return bool(self._told["spent"])

    @property
    def enabled(self) -> bool:
        """Whether it is asked at all; see :meth:`update`."""
        return bool(self._told["enabled"])

    @property
    def missed(self) -> str:
        """Why it was not for the last occasion that it was asked about; empty if it was."""
        return str(self._told["missed"])

    def refresh(self) -> Rule:
        """Ask how it stands."""
        self._told = self._client.call("GET", self._path)
        return self

    def update(self, *, enabled: bool | None = None, priority: int | None = None) -> Rule:
        """Let it rest or strike again, or have it asked earlier or later; None: as it is."""
        body = given(enabled=enabled, priority=priority)
        self._told = self._client.call("PATCH", self._path, body=body)
        return self

    def delete(self) -> None:
        """This fault no more."""
        self._client.call("DELETE", self._path)


class Rules:
    """The fault rules of a gateway; docs/faults.md has the words.

    Args:
        client: for the calls.
    """

    def __init__(self, client: Apnsim) -> None:
        self._client = client

    def __iter__(self) -> Iterator[Rule]:
        """Every rule, in the order in which they are asked."""
        return iter([Rule(self._client, told) for told in self._client.call("GET", "rules")])

    def of(self, bundle_id: str) -> list[Rule]:
        """The rules that can strike one app only."""
        query = {"bundle_id": bundle_id}
        return [Rule(self._client, told) for told in self._client.call("GET", "rules", query=query)]

    def add(
        self,
        action: dict[str, Any] | list[dict[str, Any]],
        match: dict[str, Any] | None = None,
        **more: Any,  # noqa: ANN401 — JSON
    ) -> Rule:
        """Make a rule.

        Args:
            action: such as ``{"type": "answer", "status": 503}``.
            match: such as ``{"bundle_id": "com.example.app"}``; every occasion if absent.
            more: ``times``, ``probability``, ``after``, ``priority``, ``seed``.
        """
        body = {"action": action, "match": match or {}, **more}
        return Rule(self._client, self._client.call("POST", "rules", body=body))

    def get(self, rule_id: str) -> Rule:
        """The rule of this id."""
        told = self._client.call("GET", f"rules/{quote(rule_id, safe='')}")
        return Rule(self._client, told)

    def clear(self, *, bundle_id: str | None = None) -> None:
        """No faults any more, or none of those that can strike one app only."""
        self._client.call("DELETE", "rules", query={"bundle_id": bundle_id})
