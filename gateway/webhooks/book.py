"""The webhooks of a gateway: made, listed, deleted, and told of what they want to hear."""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gateway.followers import Followers
    from gateway.records import Event, Record, State
    from gateway.webhooks.allowed import AllowList
    from gateway.webhooks.description import Description
    from gateway.webhooks.hook import Hook
    from protocol.tenant import Tenant

log = logging.getLogger("gateway.webhooks")

CAPACITY = 100


class Webhooks:
    """The webhooks; follows the journal while there is one.

    Args:
        followers: of the journal.
        tell: what happened, as the body of a request.
        allowed: which targets may be reached.
        described: those of the settings; :meth:`reset` returns to them.

    Raises:
        TargetError: one of those leads to a target that is not allowed.
    """

    def __init__(
        self,
        followers: Followers,
        tell: Callable[[Record, Event], bytes],
        allowed: AllowList,
        described: Iterable[Description] = (),
    ) -> None:
        self._followers = followers
        self._tell = tell
        self._allowed = allowed
        self._first = tuple(described)
        self._numbers = itertools.count(1)
        self._hooks: dict[int, Hook] = {}
        self._wanting: dict[State, tuple[Hook, ...]] = {}
        self._nursery: trio.Nursery | None = None
        self._gone: Counter[str] = Counter()
        for description in self._first:
            self.add(description)

    def __iter__(self) -> Iterator[Hook]:
        return iter(tuple(self._hooks.values()))

    def get(self, number: int) -> Hook | None:
        """One of them."""
        return self._hooks.get(number)

    def add(self, description: Description) -> Hook:
        """From now on this one, too.

        Raises:
            TargetError: it leads to a target that is not allowed.
            ValueError: there are too many.
        """
        # Most gateways have none, and need no HTTP client.
        from gateway.webhooks.hook import Hook

        self._allowed.judge(description.target)
        if len(self._hooks) >= CAPACITY:
            raise ValueError(f"there are {CAPACITY} webhooks, and no room for more; delete some")
        hook = Hook(next(self._numbers), description, self._tell)
        self._hooks[hook.number] = hook
        self._sort_by_event()
        if self._nursery is not None:
            self._nursery.start_soon(hook.run, self._allowed)
        log.info("%s is made", hook)
        return hook

    def remove(self, number: int) -> None:
        """This one no more; what it has not told yet it does not tell."""
        gone = self._hooks.pop(number)
        gone.scope.cancel()
        self._gone += _fares(gone) + Counter(dropped=gone.pending)
        self._sort_by_event()

    def fares(self) -> Counter[str]:
        """How many were ``delivered`` and ``dropped``, and how many attempts were ``failures``.

        Since the start, those that were deleted included.
        """
        return sum((_fares(hook) for hook in self), self._gone)

    def of(self, tenant: Tenant) -> list[Hook]:
        """Those that are told of this app alone."""
        tenants = ((hook, hook.description.tenant) for hook in self)
        return [hook for hook, of in tenants if of and of.bundle_id == tenant.bundle_id]

    def clear(self, tenant: Tenant | None = None) -> None:
        """None any more, or none of a tenant's."""
        for hook in self if tenant is None else self.of(tenant):
            self.remove(hook.number)

    def reset(self, tenant: Tenant | None = None) -> None:
        """Those of the settings, as if nothing had happened; or no others of a tenant's."""
        if tenant is not None:
            for hook in self.of(tenant):
                if hook.description not in self._first:
                    self.remove(hook.number)
            return
        self.clear()
        self._numbers = itertools.count(1)
        for description in self._first:
            self.add(description)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Send what is to be told, until cancelled."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            for hook in self:
                nursery.start_soon(hook.run, self._allowed)
            task_status.started()
            await trio.sleep_forever()

    # -- as the journal sees it ----------------------------------------------------------------

    def answered(self, record: Record) -> None:
        """Nobody is told of answers."""

    def reached(self, record: Record, event: Event) -> None:
        """Put it into the queues of those who want to hear of it."""
        for hook in self._wanting.get(event.state, ()):
            hook.put(record, event)

    def _sort_by_event(self) -> None:
        events = {event for hook in self for event in hook.description.events}
        self._wanting = {
            event: tuple(hook for hook in self if event in hook.description.events)
            for event in events
        }
        if self._hooks:
            self._followers.add(self)
        else:
            self._followers.discard(self)


def _fares(hook: Hook) -> Counter[str]:
    return Counter(delivered=hook.delivered, failures=hook.failures, dropped=hook.dropped)
