"""The rules of one gateway, in order, with what became of each."""

from __future__ import annotations

import itertools
import logging
import random
from collections import Counter
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from gateway.faults.basics import Stage
from gateway.faults.dice import dice_as_text, go_on_from
from gateway.faults.match import Occasion, conditions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from gateway.faults.basics import Act
    from gateway.faults.rule import Rule
    from protocol.tenant import Tenant

_NOTHING: Mapping[Stage, Striking] = MappingProxyType({})
log = logging.getLogger("gateway.faults")


IN_BAND = 0
"""The number of no rule: the push itself has asked for it."""


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule does now; ``dice`` are the rule's own."""

    number: int
    act: Act
    dice: random.Random

    def __str__(self) -> str:
        return f"rule {self.number}: {self.act}" if self.number else f"in-band: {self.act}"


class Striking(Protocol):
    """What is asked about occasions."""

    is_spent: bool

    def strike(self, occasion: Occasion) -> Hit | None:
        """Whether this occasion is struck, and how."""
        ...


class Entry:
    """A rule in the book.

    Attributes:
        number: names it.
        rule: as it was written.
        stage: where it is asked for.
        seen: how many occasions it was for, struck or not.
        hits: how many it struck.
        is_spent: it will strike no more.
        is_enabled: it is asked at all; :meth:`RuleBook.change` decides.
        missed: why it was not for the last occasion that it was asked about; empty if it was, or
            never was asked.
    """

    __slots__ = (
        "_conditions",
        "_dice",
        "_steps",
        "hits",
        "is_enabled",
        "is_spent",
        "missed",
        "number",
        "rule",
        "seen",
        "stage",
    )

    def __init__(self, number: int, rule: Rule) -> None:
        self.number = number
        self.rule = rule
        self.stage = rule.stage
        self.seen = self.hits = 0
        self.is_spent = False
        self.is_enabled = True
        self.missed = ""
        self._conditions = conditions_of(rule.match)
        self._steps = list(rule.steps())[::-1]
        self._dice = self._fresh_dice()

    def strike(self, occasion: Occasion) -> Hit | None:
        """Whether this occasion is struck, and how."""
        if self.is_spent:
            return None
        for condition in self._conditions:
            if not condition.fits(occasion):
                self.missed = condition.miss(occasion)
                return None
        self.missed = ""
        self.seen += 1
        rule, nth = self.rule, self.rule.match.nth
        if self.seen <= rule.after:
            return None
        if nth is not None and self.seen not in (nth if isinstance(nth, list) else (nth,)):
            return None
        if rule.probability < 1 and self._dice.random() >= rule.probability:
            return None
        self.hits += 1
        return Hit(self.number, self._next(), self._dice)

    @property
    def dice(self) -> str:
        """How far its dice have come; empty if nobody has thrown them."""
        fresh = self._fresh_dice()
        return "" if fresh.getstate() == self._dice.getstate() else dice_as_text(self._dice)

    def go_on(self, seen: int, hits: int, dice: str) -> None:
        """Be as if so many occasions had been met and struck, and the dice thrown.

        Raises:
            ValueError: such dice there are not, or it could not have struck so often.
        """
        self.seen, self.hits, left = seen, hits, hits
        while left:
            if not self._steps:
                raise ValueError(f"it cannot have struck {hits} times")
            act, times = self._steps.pop()
            if times is None or times > left:
                self._steps.append((act, None if times is None else times - left))
                break
            left -= times
        self.is_spent = not self._steps
        if dice:
            go_on_from(self._dice, dice)

    def _fresh_dice(self) -> random.Random:
        return random.Random(self.number if self.rule.seed is None else self.rule.seed)

    def _next(self) -> Act:
        act, times = self._steps.pop()
        if times is None or times > 1:
            self._steps.append((act, None if times is None else times - 1))
        self.is_spent = not self._steps
        return act


class RuleBook:
    """Every rule, in the order in which they are asked.

    Args:
        rules: those of the settings; :meth:`reset` returns to them.
        at_once: does what concerns no occasion, but all devices.
        in_band: asked before the rules, by stage.

    Attributes:
        requests: the rules that may yet strike a request. Whoever has the others asks for them by
            the same right: an empty tuple costs one look.
        connections: the same for connections,
        deliveries: and for deliveries to devices. :meth:`at` tells those of any stage.
        struck: how often each kind of action was taken since the start.
    """

    def __init__(
        self,
        rules: Iterable[Rule] = (),
        at_once: Callable[[Hit], None] = lambda _: None,
        in_band: Mapping[Stage, Striking] = _NOTHING,
    ) -> None:
        self._first = tuple(rules)
        self.at_once = at_once
        self._in_band = in_band
        self._numbers = itertools.count(1)
        self._entries: list[Entry] = []
        self.struck: Counter[type[Act]] = Counter()
        self.requests = self.connections = self.deliveries = tuple[Striking, ...]()
        self.reset()

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, rule: Rule) -> Entry:
        """From now on this rule, too."""
        entry = Entry(next(self._numbers), rule)
        self._entries.append(entry)
        self._sort()
        log.info("rule %d is made: %s", entry.number, ", ".join(map(str, rule.actions)))
        if rule.stage is Stage.NOW:
            for hit in self.meet((entry,), Occasion({})):
                self.at_once(hit)
            entry.is_spent = True
        return entry

    def of(self, tenant: Tenant) -> list[Entry]:
        """The rules that can strike nobody else."""
        return [entry for entry in self._entries if entry.rule.match.is_only_of(tenant)]

    def get(self, number: int) -> Entry | None:
        """One rule."""
        return next((entry for entry in self._entries if entry.number == number), None)

    def change(
        self, entry: Entry, *, enabled: bool | None = None, priority: int | None = None
    ) -> None:
        """Let a rule rest or strike again, or ask it earlier or later; None leaves it as it is."""
        if enabled is not None:
            entry.is_enabled = enabled
        if priority is not None:
            entry.rule = replace(entry.rule, priority=priority)
        self._sort()

    def remove(self, number: int) -> bool:
        """This rule no more; False when there was none."""
        entry = self.get(number)
        if entry is None:
            return False
        self._entries.remove(entry)
        self._sort_by_stage()
        log.info("rule %d is deleted: it struck %d times", number, entry.hits)
        return True

    def clear(self, tenant: Tenant | None = None) -> None:
        """No rules at all, or none of those that can strike nobody but a tenant."""
        gone = set(self._entries if tenant is None else self.of(tenant))
        self._entries = [entry for entry in self._entries if entry not in gone]
        self._sort_by_stage()

    def reset(self, tenant: Tenant | None = None) -> None:
        """The rules of the settings, as if nothing had happened; or those of a tenant alone."""
        if tenant is None:
            self._numbers = itertools.count(1)
        self.clear(tenant)
        for rule in self._first:
            if tenant is None or rule.match.is_only_of(tenant):
                self.add(rule)

    def restore(self, entries: Iterable[Entry]) -> None:
        """These rules, as far as they have come, and no others; those of the settings are gone."""
        self._entries = list(entries)
        last = max((entry.number for entry in self._entries), default=0)
        self._numbers = itertools.count(last + 1)
        self._sort()

    def meet(self, entries: tuple[Striking, ...], occasion: Occasion) -> list[Hit]:
        """What is done to this occasion: transparent acts, and then at most one that decides."""
        hits: list[Hit] = []
        is_any_spent = False
        for entry in entries:
            if hit := entry.strike(occasion):
                is_any_spent |= entry.is_spent
                hits.append(hit)
                self.struck[type(hit.act)] += 1
                if not hit.act.is_transparent:
                    break
        if is_any_spent:
            self._sort_by_stage()
        return hits

    def _sort(self) -> None:
        self._entries.sort(key=lambda each: (-each.rule.priority, each.number))
        self._sort_by_stage()

    def _sort_by_stage(self) -> None:
        self.requests = self.at(Stage.REQUEST)
        self.connections = self.at(Stage.CONNECTION)
        self.deliveries = self.at(Stage.DELIVERY)

    def at(self, stage: Stage) -> tuple[Striking, ...]:
        """The rules that may yet strike at a stage."""
        first = (self._in_band[stage],) if stage in self._in_band else ()
        asked = (e for e in self._entries if e.is_enabled and not e.is_spent)
        live = (e for e in asked if e.stage is stage)
        return (*first, *live)
