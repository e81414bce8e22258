"""The provider keys that the gateway believes."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from typing import Self

from fastapi import APIRouter, HTTPException, Response
from pydantic import Field, model_validator

from certs.provider_key import ProviderPublicKey
from gateway.console.api.common import Body, Parts, answer
from gateway.console.parts import RegisteredKey
from gateway.console.problems import refusals
from gateway.console.rendering import Json
from protocol.identifiers import Topic
from protocol.notification import Environment

router = APIRouter(prefix="/api/v1/keys", tags=["keys"])

ID_PATTERN = r"^[A-Z0-9]{10}$"


class NewKey(Body):
    """A key to be believed: its public half, or the ``.p8`` itself, of which no more is kept."""

    team_id: str = Field(pattern=ID_PATTERN, examples=["APNSIMTEAM"])
    key_id: str = Field(pattern=ID_PATTERN, examples=["ABCDE12345"])
    public_key: str | None = Field(default=None, description="P-256, PEM.")
    private_key: str | None = Field(default=None, description="P-256, PEM: the text of a .p8.")
    environments: list[Environment] | None = Field(
        default=None,
        description="Limits the key; absent: both. One makes it Apple's team-scoped key.",
    )
    topics: list[str] | None = Field(
        default=None,
        description="Makes it a topic-specific key; absent: every topic of its team.",
    )
    related_key_id: str | None = Field(
        default=None,
        pattern=ID_PATTERN,
        description="The topic-specific key beside which it serves on one connection.",
    )

    @model_validator(mode="after")
    def _has_one_key(self) -> Self:
        if (self.public_key is None) is (self.private_key is None):
            raise ValueError("expected one of public_key and private_key")
        return self


@answer
class Key:
    """A registered key; null is "every". ``key_file`` is the ``.p8`` of a key made here.

    ``kind`` is `team` (of before 2025), `team-scoped` or `topic-specific`.
    """

    key_id: str
    team_id: str
    public_key: str
    kind: str
    environments: list[Environment] | None
    topics: list[str] | None
    related_key_id: str | None
    key_file: str | None


@router.get("", response_model=list[Key])
async def list_keys(parts: Parts) -> Json:
    """Every registered key, public halves only."""
    return Json([key_view(registered) for registered in parts.keys])


@router.get("/{key_id}", response_model=Key)
async def get_key(parts: Parts, key_id: str) -> Json:
    """One registered key."""
    return Json(key_view(require_key(parts, key_id)))


@router.post("", response_model=Key, status_code=201)
async def register_key(parts: Parts, body: NewKey) -> Json:
    """Believe a key from now on; one of the same id is replaced.

    Apple's limits hold: two team-scoped keys per team and environment, 200 topic-specific ones of
    up to 400 topics, each with one related key at most.
    """
    pem = (body.public_key or body.private_key or "").encode("utf-8", "replace")
    with refusals():
        key = ProviderPublicKey.from_pem(pem, body.team_id, body.key_id)
        topics = None if body.topics is None else frozenset(map(Topic.parse, body.topics))
        environments = None if body.environments is None else frozenset(body.environments)
        parts.register_key(key, environments, topics, body.related_key_id)
    location = {"location": f"/api/v1/keys/{key.key_id}"}
    return Json(key_view(require_key(parts, key.key_id)), 201, location)


@router.delete("/{key_id}", status_code=204, response_class=Response)
async def remove_key(parts: Parts, key_id: str) -> Response:
    """Believe it no longer."""
    require_key(parts, key_id)
    with refusals():
        parts.keys.remove(key_id)
    return Response(status_code=204)


def require_key(parts: Parts, key_id: str) -> RegisteredKey:
    """The key of that id.

    Raises:
        HTTPException: 404, there is none.
    """
    registered = parts.keys.registered(key_id)
    if registered is None:
        raise HTTPException(404, f"there is no key {key_id[:80]!r}")
    return registered


def key_view(registered: RegisteredKey) -> Key:
    """A key in the words of the API."""
    key, environments, topics = registered.key, registered.environments, registered.topics
    return Key(
        key_id=key.key_id,
        team_id=key.team_id,
        public_key=key.public_key_pem.decode(),
        kind=registered.kind,
        environments=None if environments is None else sorted(environments),
        topics=None if topics is None else sorted(topics),
        related_key_id=registered.related_key_id,
        key_file=str(registered.key_file) if registered.key_file else None,
    )
