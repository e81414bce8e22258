"""HAR 1.2 as http://www.softwareishard.com/blog/har-12-spec/ has it, and nothing else."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

NotNegative = Annotated[float, Field(ge=0)]
# "-1 if the timing does not apply to the current request", or the size is not known.
OrUnknown = Annotated[float, Field(ge=-1)]
MOMENT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d)$"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Pair(Part):
    name: str
    value: str


class PostData(Part):
    mime_type: str = Field(alias="mimeType")
    text: str


class Request(Part):
    method: str
    url: str
    http_version: str = Field(alias="httpVersion")
    cookies: list[Pair]
    headers: list[Pair]
    query: list[Pair] = Field(alias="queryString")
    post_data: PostData | None = Field(None, alias="postData")
    headers_size: OrUnknown = Field(alias="headersSize")
    body_size: OrUnknown = Field(alias="bodySize")


class Content(Part):
    size: NotNegative
    mime_type: str = Field(alias="mimeType")
    text: str


class Response(Part):
    status: int
    status_text: str = Field(alias="statusText")
    http_version: str = Field(alias="httpVersion")
    cookies: list[Pair]
    headers: list[Pair]
    content: Content
    redirect_url: str = Field(alias="redirectURL")
    headers_size: OrUnknown = Field(alias="headersSize")
    body_size: OrUnknown = Field(alias="bodySize")


class Timings(Part):
    blocked: OrUnknown
    dns: OrUnknown
    connect: OrUnknown
    ssl: OrUnknown
    send: NotNegative
    wait: NotNegative
    receive: NotNegative
    comment: str


class Entry(Part):
    started: str = Field(alias="startedDateTime", pattern=MOMENT)
    time: NotNegative
    request: Request
    response: Response
    cache: dict[str, str]
    timings: Timings
    connection: str | None = None
    story: dict[str, object] = Field(alias="_apnsim")


class Creator(Part):
    name: str
    version: str


class Log(Part):
    version: Literal["1.2"]
    creator: Creator
    entries: list[Entry]


class Archive(Part):
    log: Log
