"""What a test expects of pushes: that some come, that none comes; as plans without IO.

A plan is a generator: it yields what to ask the console (:class:`Ask`), is sent the answer, and
returns what it was for. :class:`Expectations` follows plans with a blocking client, and
``apnsim.aio`` with an awaiting one: what is expected stands here once.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

from apnsim.client.calls import Calls
from apnsim.client.errors import (
    NotInTimeError,
    not_in_time,
    not_settled,
    note_if_blocked,
    unexpected,
)
from apnsim.client.near_misses import NearMiss
from apnsim.client.views import Notification, given, read

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Unpack

    from apnsim.aio import Awaiting
    from apnsim.client.views import Filters

Result = TypeVar("Result")

WAIT_SECONDS = 10.0
"""How long is waited for what has not come, if nobody says otherwise."""
SETTLE_SECONDS = 10.0
"""How long, for what is on its way to come to rest."""
DELIVERED = ["Delivered to Device", "Delivered to Device (From Storage)"]


class Ask(NamedTuple):
    """A question to the console: GET ``path``, which may take ``wait`` seconds to be answered."""

    path: str
    query: dict[str, Any]
    wait: float | None = None


Plan: TypeAlias = "Generator[Ask, Any, Result]"


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """A push that is on its way; ``became``: how far it has come."""

    number: int
    apns_id: str
    topic: str | None
    became: str


@dataclass(frozen=True, slots=True)
class Settled:
    """Whether nothing that could match is on its way, and what matches; the newest ten of each."""

    settled: bool
    on_their_way: list[OnItsWay]
    found: list[Notification]


def query_of(filters: Filters) -> dict[str, Any]:
    """Filters as the console takes them: ``payload`` is a list of ``path=value``."""
    query: dict[str, Any] = dict(filters)
    if "payload" in filters:
        query["payload"] = [f"{path}={_text(v)}" for path, v in filters["payload"].items()]
    return given(**query)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def listing(
    filters: Filters, *, wait: float | None = None, count: int | None = None
) -> Plan[list[Notification]]:
    """Pushes, oldest first; with ``wait``, once there are ``count`` or the time is up."""
    query = {**query_of(filters), **given(wait=wait, count=count)}
    told = yield Ask("notifications", query, wait)
    return [read(Notification, each) for each in told]


def nearest(filters: Filters) -> Plan[list[NearMiss]]:
    """What almost matches, nearest first."""
    told = yield Ask("near-misses", query_of(filters))
    return [read(NearMiss, each) for each in told]


def settling(filters: Filters, wait: float, *, or_found: bool = False) -> Plan[Settled]:
    """Whether nothing that could match is on its way, by now or within ``wait`` seconds."""
    query = {**query_of(filters), "wait": wait, **({"or_found": "true"} if or_found else {})}
    query.pop("limit", None)
    told = yield Ask("settled", query, wait)
    on_their_way = [read(OnItsWay, each) for each in told["on_their_way"]]
    found = [read(Notification, each) for each in told["found"]]
    return Settled(told["settled"], on_their_way, found)


def coming(count: int, seconds: float, filters: Filters) -> Plan[list[Notification]]:
    """See :meth:`Expectations.wait_for_notifications`."""
    __tracebackhide__ = True  # pytest shows where the test waits, not how
    found = yield from listing(filters, wait=seconds, count=count)
    if len(found) < count:
        any_state: Filters = {**filters}
        any_state.pop("state", None)
        states = Counter(str(each.state) for each in (yield from listing(any_state)))
        near = yield from nearest({**filters, "limit": 10 + len(found)})
        near = [each for each in near if each.distance != 0]  # these were found
        wanted = f"{count} within {seconds:g} s"
        raise not_in_time(wanted, filters, len(found), states, near)
    return found


def arriving(count: int, seconds: float, filters: Filters) -> Plan[list[Notification]]:
    """As :func:`coming`, but the phones have said what they show of them, too."""
    __tracebackhide__ = True
    yield from coming(count, seconds, filters)
    numbers: Filters = {**filters}
    numbers.pop("limit", None)
    yield from settling(numbers, SETTLE_SECONDS / 5)
    return (yield from listing(filters))


def none_coming(seconds: float, settle_seconds: float, filters: Filters) -> Plan[None]:
    """See :meth:`Expectations.expect_none`."""
    __tracebackhide__ = True
    found = yield from listing(filters, wait=seconds or None)
    if not found and settle_seconds:
        settled = yield from settling(filters, settle_seconds, or_found=True)
        found = settled.found
        if not found and not settled.settled:
            raise not_settled(settle_seconds, filters, settled.on_their_way)
    if found:
        raise unexpected(filters, found, (yield from nearest({**filters, "limit": 3})))


class Expectations(Calls):
    """What can be asked and expected of pushes, blocking.

    ``aio`` has the same, to be awaited: ``await apnsim.aio.wait_for_notifications(…)``.
    """

    @property
    def aio(self) -> Awaiting:
        """The same, for tests on asyncio and Trio."""
        from apnsim.aio import Awaiting  # which asks in the words of this module

        return Awaiting(self._how)

    def follow(self, plan: Plan[Result]) -> Result:
        """Ask what a plan wants to know, until it has a result."""
        __tracebackhide__ = True
        try:
            ask = next(plan)
            while True:
                ask = plan.send(self.call("GET", ask.path, query=ask.query, wait=ask.wait))
        except StopIteration as end:
            result: Result = end.value
            return result
        except NotInTimeError as error:
            note_if_blocked(error)
            raise

    def notifications(
        self, *, wait: float | None = None, count: int | None = None, **filters: Unpack[Filters]
    ) -> list[Notification]:
        """Pushes, oldest first.

        Args:
            wait: answer when ``count`` match, or after so many seconds with what there is.
            count: how many to wait for; 1 if absent.
            filters: which pushes.
        """
        return self.follow(listing(filters, wait=wait, count=count))

    def wait_for_notifications(
        self, count: int = 1, *, seconds: float = WAIT_SECONDS, **filters: Unpack[Filters]
    ) -> list[Notification]:
        """Pushes, oldest first, once there are ``count`` of them.

        Args:
            count: how many.
            seconds: how long to wait for them.
            filters: as for :meth:`notifications`.

        Raises:
            NotInTimeError: there were fewer; ``near_misses`` says what was there instead, and why.
        """
        __tracebackhide__ = True
        return self.follow(coming(count, seconds, filters))

    def expect_none(
        self,
        *,
        seconds: float = 0,
        settle_seconds: float = SETTLE_SECONDS,
        **filters: Unpack[Filters],
    ) -> None:
        """Return once it is known that no such push is there or on its way: mostly at once.

        The gateway knows that of all that it has answered. What a backend has not sent yet it
        cannot know: if it sends by itself, later, say in ``seconds`` how long that may take.

        Args:
            seconds: watch for so long at least; ends sooner only if one comes.
            settle_seconds: how long what is on its way may take to come to rest; 0: do not care.
            filters: as for :meth:`notifications`.

        Raises:
            UnexpectedNotificationError: there is one; ``notifications`` says which.
            NotSettledError: it cannot be known, because one that could match is still on its way.
        """
        __tracebackhide__ = True
        self.follow(none_coming(seconds, settle_seconds, filters))

    def near_misses(self, **filters: Unpack[Filters]) -> list[NearMiss]:
        """What almost matches, nearest first, and why it does not.

        ``filters`` are those of :meth:`notifications`; ``limit`` is the nearest so many, 10.
        """
        return self.follow(nearest(filters))

    def settled(self, *, wait: float = 0, **filters: Unpack[Filters]) -> Settled:
        """Whether nothing that could match is on its way, whatever its state is.

        Args:
            wait: answer once that is so, or after so many seconds.
            filters: as for :meth:`notifications`.
        """
        return self.follow(settling(filters, wait))
