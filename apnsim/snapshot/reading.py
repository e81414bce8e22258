"""A snapshot, believed as a whole before anything of it is used; errors say where and what."""

# No "from __future__ import annotations": pydantic reads the annotations at run time.
import json
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from apnsim.snapshot.format import FORMAT, FORMAT_VERSION, SnapshotError
from devicesim.host.document import DevicePart
from gateway.clock import Clock
from gateway.snapshot.document import GatewayPart
from protocol.document import each_once


class Snapshot(GatewayPart):
    """The whole state of a gateway and its virtual devices."""

    format: Literal["apnsim-snapshot"]
    version: Annotated[int, Field(ge=1, le=FORMAT_VERSION)]
    apnsim: str
    secrets: bool
    settings: dict[str, Any]
    devices: Annotated[list[DevicePart], each_once("device_id")]

    def __str__(self) -> str:
        names = ("devices", "tokens", "waiting", "channels", "rules", "records", "keys")
        return ", ".join(f"{len(getattr(self, name))} {name}" for name in names)

    def set(self, clock: Clock) -> None:
        """Make it the time of the snapshot, if that was told to be another than the machine's."""
        clock.reset()
        if self.clock.is_told:
            clock.go_at(self.clock.rate)
            if self.clock.frozen:
                clock.freeze()
            clock.begin_at(self.clock.now)


def read_snapshot(raw: bytes) -> Snapshot:
    """Believe all of it.

    Raises:
        SnapshotError: it is no snapshot, of a newer version, or something in it makes no sense.
    """
    try:
        told = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise SnapshotError(f"not JSON: {error}") from None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise SnapshotError(f'not a snapshot: expected {{"format": "{FORMAT}", …}}')
    told_version = told.get("version")
    if isinstance(told_version, int) and told_version > FORMAT_VERSION:
        raise SnapshotError(
            f"version: {told_version} is newer than {FORMAT_VERSION}, which this apnsim knows;"
            " load it with the version that wrote it, or a newer one"
        )
    try:
        return Snapshot.model_validate(told)
    except ValidationError as error:
        raise SnapshotError(_said(error.errors(include_url=False, include_input=False))) from None
    except RecursionError:
        raise SnapshotError("brackets too deep to be read") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


MAX_TOLD = 5


def _said(errors: list[ErrorDetails]) -> str:
    told = [f"{_path(error['loc'])}: {_message(error)}" for error in errors[:MAX_TOLD]]
    more = len(errors) - MAX_TOLD
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")


def _message(error: ErrorDetails) -> str:
    return error["msg"].removeprefix("Value error, ")


def _path(places: tuple[int | str, ...]) -> str:
    """As people write it: ``devices[3].apps[0].state``."""
    text = "".join(f"[{place}]" if isinstance(place, int) else f".{place}" for place in places)
    return text.removeprefix(".") or "the document"
