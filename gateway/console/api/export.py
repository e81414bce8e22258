"""The journal as a file: an HTTP archive (HAR) for tools, or a push a line for programs."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import trio
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from gateway.console.api.common import MAX_LIMIT, Parts
from gateway.console.api.wanting import Wanting
from gateway.console.har import archive_around, entry_of
from gateway.console.parts import ConsoleParts
from gateway.console.rendering import VALUES_AT_ONCE, to_json
from gateway.console.views import story_of
from gateway.records import Record
from gateway.version import VERSION

router = APIRouter(prefix="/api/v1/export", tags=["notifications"])


class Format(StrEnum):
    """What the file is."""

    HAR = "har"
    JSON_LINES = "jsonl"


_MEDIA_TYPES = {Format.HAR: "application/json", Format.JSON_LINES: "application/x-ndjson"}


@router.get(
    "",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {media_type: {} for media_type in _MEDIA_TYPES.values()},
            "description": "A file to be saved.",
        }
    },
)
async def export(
    parts: Parts,
    wanted: Wanting,
    format: Annotated[Format, Query(description="HAR 1.2, or JSON lines.")],  # noqa: A002
    limit: Annotated[
        int | None, Query(ge=1, le=MAX_LIMIT, description="The newest so many; all if absent.")
    ] = None,
) -> StreamingResponse:
    """What providers sent and what became of it, oldest first, as a file.

    `har`: each request with its answer, its connection and the timeline (`_apnsim`); for browsers'
    developer tools and other readers of HTTP archives. `jsonl`: each push as
    `GET /notifications/{apns_id}` tells it, a line each. Filters are those of
    `GET /notifications`, but what was refused belongs to it unless `state` says otherwise.
    Credentials are redacted; payloads and device tokens are not.
    """
    records = parts.journal.find(replace(wanted, refused_too=True), limit=limit)
    pieces = _MAKERS[format](records, parts)
    # Nothing of what anybody sent is in the name.
    moment = datetime.fromtimestamp(parts.clock.now(), UTC)
    name = f"apnsim-{moment:%Y%m%dT%H%M%SZ}.{format}"
    return StreamingResponse(
        _in_turns(pieces),
        media_type=_MEDIA_TYPES[format],
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _har(records: Iterable[Record], parts: ConsoleParts) -> Iterator[bytes]:
    """An archive; a push whose request is not known is no entry of it."""
    origin = str(parts.info()["provider_url"])
    before, after = archive_around(VERSION)
    yield before
    comma = b""
    for record in records:
        if record.request is not None:
            yield comma + to_json(entry_of(record, record.request, origin))
            comma = b",\n"
    yield after


def _json_lines(records: Iterable[Record], _: ConsoleParts) -> Iterator[bytes]:
    return (to_json(story_of(record, [])) + b"\n" for record in records)


_MAKERS: dict[Format, Callable[[Iterable[Record], ConsoleParts], Iterator[bytes]]] = {
    Format.HAR: _har,
    Format.JSON_LINES: _json_lines,
}


async def _in_turns(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Some at once; the gateway goes on with its own work in between."""
    gathered: list[bytes] = []
    for piece in pieces:
        gathered.append(piece)
        if len(gathered) == VALUES_AT_ONCE:
            yield b"".join(gathered)
            gathered.clear()
            await trio.lowlevel.checkpoint()
    yield b"".join(gathered)
