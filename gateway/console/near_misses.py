"""What almost was what somebody waits for, nearest first, and why it was not.

Pure: a list of records, what was wanted, and what is known beside them.
"""

# No "from __future__ import annotations": FastAPI reads the annotations of models at run time.
import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf

from gateway.console.fates import Known, fate_of, linter_of
from gateway.console.views import payload_of
from gateway.console.wanted import Difference, Wanted, summary_of
from gateway.records import Record, State
from protocol.identifiers import DeviceToken, InvalidIdentifierError

# The newest so many are looked at.
LOOKED_AT = 2_000
# Of pushes that have nothing to do with what was wanted, in case there is nothing better.
STRANGERS = 3

# The right push in the wrong state is nearest; another name is farthest.
_DISTANCES = {"state": 1, "since": 2, "text": 3, "payload": 3}
_DISTANCE_OF_NAMES = 8
_DISTANCE_OF_KIN = 4


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A push that is not the one that was wanted, or, without a number, what else is going on.

    Attributes:
        distance: the smaller, the nearer; None: it has nothing in common with what was wanted.
        why: all of it in one sentence: what it is, how it differs, what became of it.
        differs: in what it is not as wanted; empty: it is wanted, and there were too few.
        became: what became of it.
        advice: what to do.
        linter: what the linter says about why nobody sees it.
    """

    why: str
    distance: int | None = None
    number: int | None = None
    apns_id: str | None = None
    received_at: float | None = None
    topic: str | None = None
    token: str | None = None
    device: str | None = None
    status: int | None = None
    reason: str | None = None
    state: State | None = None
    differs: Sequence[Difference] = ()
    became: str = ""
    advice: str = ""
    linter: Sequence[str] = ()


def near_misses(
    newest_first: Iterable[Record], wanted: Wanted, known: Known, *, limit: int
) -> list[NearMiss]:
    """The nearest of the records, nearest first; of those that are as near, the newest first.

    What shares no name with what was wanted (topic, device, token, apns-id) is left out, unless
    there is nothing else, and it is no older than the device that was to get it.
    """
    kinship = _Kinship(wanted, known)
    begun = -inf if wanted.device is None else known.begun(wanted.device)
    near: list[tuple[int, int, Record]] = []
    strangers: list[Record] = []
    for age, record in enumerate(newest_first):
        distance = kinship.distance_of(record)
        if distance is not None:
            near.append((distance, age, record))
        elif record.received_at >= begun and len(strangers) < min(limit, STRANGERS):
            strangers.append(record)
    nearest = [record for _, _, record in heapq.nsmallest(limit, near)] or strangers
    return [_told(record, wanted, kinship, known) for record in nearest]


class _Kinship:
    """How near a record is to what was wanted.

    Args:
        wanted: what was wanted.
        known: whose the token is.
    """

    def __init__(self, wanted: Wanted, known: Known) -> None:
        self._wanted = wanted
        self._names = wanted.names
        token = None if wanted.token is None else _parsed(wanted.token)
        self._registration = None if token is None else known.registration_of(token)

    def distance_of(self, record: Record) -> int | None:
        """0 is what was wanted; None: it has nothing to do with it."""
        differs = [each.filter for each in self._wanted.differences(record)]
        missed = [name for name in differs if name in self._names]
        is_kin = self.of(record) is not None or self._went_to_its_token(record)
        if missed and len(missed) == len(self._names) and not is_kin:
            return None
        a_name = _DISTANCE_OF_KIN if is_kin else _DISTANCE_OF_NAMES
        return sum(_DISTANCES.get(name, a_name) for name in differs)

    def _went_to_its_token(self, record: Record) -> bool:
        """Whether it was meant for the app, but for its topic."""
        tenancy, token = self._wanted.tenancy, record.token
        return tenancy is not None and token is not None and tenancy.has_token(token)

    def of(self, record: Record) -> str | None:
        """In what words a push to another token is akin to what was wanted."""
        mine = self._registration
        if mine is None:
            return None
        same_topic = record.topic == mine.topic
        if record.device == mine.device:
            return "another token of the same app" if same_topic else "another app of the device"
        return "another token for the same topic" if same_topic else None


def _parsed(text: str) -> DeviceToken | None:
    try:
        return DeviceToken.parse(text)
    except InvalidIdentifierError:
        return None


def _told(record: Record, wanted: Wanted, kinship: _Kinship, known: Known) -> NearMiss:
    differs = list(wanted.differences(record))
    fate = fate_of(record, known)
    told = [_what(record), *filter(None, (_words(each, record, kinship) for each in differs))]
    return NearMiss(
        why=f"{', '.join(told)}: {fate.became}",
        distance=kinship.distance_of(record),
        number=record.number,
        apns_id=record.apns_id,
        received_at=record.received_at,
        topic=record.topic,
        token=record.token,
        device=record.device,
        status=record.status or None,
        reason=record.reason,
        state=record.state,
        differs=differs,
        became=fate.became,
        advice=fate.advice,
        linter=linter_of(record),
    )


def _what(record: Record) -> str:
    push, request = record.notification, record.request
    kind = push.push_type if push else request and request.header("apns-push-type")
    return f"{kind or 'request'} to {record.topic or 'no topic'} {summary_of(payload_of(record))!r}"


def _words(difference: Difference, record: Record, kinship: _Kinship) -> str:
    tell = _WORDS.get(difference.filter)
    if tell is not None:
        return tell(difference)
    if difference.filter == "token":
        kin = kinship.of(record) or "another token"
        return f"sent to {kin} ({(difference.found or 'none')[:8]}…)"
    if difference.found is None:
        return ""  # what was refused is of no device
    return f"its {difference.filter} is {difference.found}, not {difference.wanted}"


_WORDS: dict[str, Callable[[Difference], str]] = {
    # What became of it is said anyway.
    "state": lambda _: "",
    "since": lambda each: f"{float(each.wanted) - float(each.found or 0):.3g} s too early",
    "text": lambda each: f"without {each.wanted!r}",
    "payload": lambda each: f"without {each.wanted}" + (f": {each.found}" if each.found else ""),
}
