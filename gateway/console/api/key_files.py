"""Keys that the gateway makes itself, and the ``.p8`` of each."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from fastapi import APIRouter, HTTPException, Response
from pydantic import Field

from certs.files import CredentialFileError
from certs.provider_key import ProviderKey
from gateway.console.api.common import Body, Parts
from gateway.console.api.keys import ID_PATTERN, Key, key_view, require_key
from gateway.console.problems import refusals
from gateway.console.rendering import Json
from protocol.identifiers import Topic
from protocol.notification import Environment

router = APIRouter(prefix="/api/v1/keys", tags=["keys"])

MEDIA_TYPE = "application/x-pem-file"


class KeyToMake(Body):
    """A key to be made; limited as Apple limits its own."""

    team_id: str = Field(pattern=ID_PATTERN, examples=["APNSIMTEAM"])
    key_id: str | None = Field(default=None, pattern=ID_PATTERN, description="Absent: drawn.")
    environments: list[Environment] | None = None
    topics: list[str] | None = None
    related_key_id: str | None = Field(default=None, pattern=ID_PATTERN)


@router.post("/make", response_model=Key, status_code=201)
async def make_key(parts: Parts, body: KeyToMake) -> Json:
    """Make a ``.p8`` in the gateway's data directory, and believe it from now on."""
    with refusals():
        topics = None if body.topics is None else frozenset(map(Topic.parse, body.topics))
        environments = None if body.environments is None else frozenset(body.environments)
        registered = parts.make_key(
            body.team_id,
            body.key_id,
            environments=environments,
            topics=topics,
            related_key_id=body.related_key_id,
        )
    location = {"location": f"/api/v1/keys/{registered.key.key_id}"}
    return Json(key_view(registered), 201, location)


@router.get(
    "/{key_id}/p8",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}, "description": "The private key, PEM."}},
)
async def download_key(parts: Parts, key_id: str) -> Response:
    """The ``.p8`` of a key that this gateway made; of any other it has the public half alone.

    Nothing is given away: whoever may ask this may register a key of their own.
    """
    registered = require_key(parts, key_id)
    if registered.key_file is None:
        raise HTTPException(404, f"key {key_id} was not made here: its owner has the .p8")
    try:
        key = ProviderKey.load(registered.key_file, registered.key.team_id, key_id)
    except CredentialFileError as error:
        raise HTTPException(404, f"{error}; remove the key and make another") from error
    # A key ring is a file that may come from elsewhere: it must not make us read out other keys.
    if key.public_key_pem != registered.key.public_key_pem:
        raise HTTPException(404, f"{registered.key_file} holds another key; remove key {key_id}")
    return Response(
        key.private_key_pem,
        media_type=MEDIA_TYPE,
        headers={
            "content-disposition": f'attachment; filename="{key.file_name}"',
            "cache-control": "no-store",
        },
    )
