"""httpx with HTTP/2: no APNs library, the requests are written by hand."""

import asyncio
import json
import os
import ssl
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import jwt

HEADERS = {
    "topic": "apns-topic",
    "push_type": "apns-push-type",
    "priority": "apns-priority",
    "expiration": "apns-expiration",
    "collapse_id": "apns-collapse-id",
    "apns_id": "apns-id",
    "channel_id": "apns-channel-id",
}


def bearer() -> str:
    """A provider token, good for an hour."""
    return jwt.encode(
        {"iss": os.environ["APNSIM_TEAM_ID"], "iat": int(time.time())},
        Path(os.environ["APNSIM_KEY_FILE"]).read_text(),
        algorithm="ES256",
        headers={"kid": os.environ["APNSIM_KEY_ID"]},
    )


def url(push: dict[str, Any]) -> str:
    """Where a push, a broadcast, or the wish for a channel goes."""
    if "token" in push:
        return f"/3/device/{push['token']}"
    if "channel_id" in push:
        return f"/4/broadcasts/apps/{push['bundle_id']}"
    return f"{os.environ['APNSIM_MANAGE_URL']}/1/apps/{push['bundle_id']}/channels"


async def send(client: httpx.AsyncClient, push: dict[str, Any]) -> dict[str, Any]:
    """One push."""
    headers = {header: str(push[name]) for name, header in HEADERS.items() if name in push}
    try:
        answer = await client.post(url(push), headers=headers, json=push["payload"])
    except httpx.HTTPError as error:
        return {"error": repr(error)}
    body = answer.json() if answer.content else {}
    told = answer.headers
    return {
        "status": answer.status_code,
        "apns_id": told.get("apns-id") or told.get("apns-request-id"),
        "channel_id": told.get("apns-channel-id"),
        **body,
    }


async def main() -> None:
    """Answer each line of pushes with a line of results."""
    context = ssl.create_default_context(cafile=os.environ["APNSIM_CA_FILE"])
    headers = {}
    if certificate := os.environ.get("APNSIM_CERTIFICATE_FILE"):
        context.load_cert_chain(certificate)
    else:
        headers["authorization"] = f"bearer {bearer()}"
    async with httpx.AsyncClient(
        http2=True,
        verify=context,
        base_url=os.environ["APNSIM_PROVIDER_URL"],
        proxy=os.environ.get("APNSIM_PROXY_URL"),
        headers=headers,
        limits=httpx.Limits(max_connections=1),
        timeout=20,
    ) as client:
        while line := await asyncio.to_thread(sys.stdin.readline):
            answers = await asyncio.gather(*(send(client, push) for push in json.loads(line)))
            print(json.dumps(answers), flush=True)


asyncio.run(main())
