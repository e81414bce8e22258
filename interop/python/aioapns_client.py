"""aioapns, pointed at the gateway by its class attributes and its ``ssl_context`` argument."""

import asyncio
import json
import logging
import os
import ssl
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aioapns import APNs, NotificationRequest, PushType
from aioapns.connection import APNsProductionClientProtocol

GATEWAY = urlsplit(os.environ["APNSIM_PROVIDER_URL"])
APNsProductionClientProtocol.APNS_SERVER = GATEWAY.hostname or ""
APNsProductionClientProtocol.APNS_PORT = GATEWAY.port or 443


def who() -> dict[str, str]:
    """What proves who we are, as the client's arguments."""
    if certificate := os.environ.get("APNSIM_CERTIFICATE_FILE"):
        return {"client_cert": certificate}
    key = Path(os.environ["APNSIM_KEY_FILE"]).read_text()
    key_id, team_id = os.environ["APNSIM_KEY_ID"], os.environ["APNSIM_TEAM_ID"]
    return {"key": key, "key_id": key_id, "team_id": team_id}


async def send(apns: APNs, push: dict[str, Any]) -> dict[str, Any]:
    """One push, through the client's own words."""
    request = NotificationRequest(
        device_token=push["token"],
        message=push["payload"],
        notification_id=push.get("apns_id"),
        priority=push.get("priority"),
        collapse_key=push.get("collapse_id"),
        push_type=PushType(push["push_type"]),
        apns_topic=push["topic"],
    )
    try:
        result = await apns.send_notification(request)
    except Exception as error:  # what the client raises is its answer
        return {"error": repr(error)}
    return {
        "status": int(result.status),
        "reason": result.description,
        "apns_id": result.notification_id,
        "timestamp": result.timestamp,
    }


async def main() -> None:
    """Answer each line of pushes with a line of results."""
    logging.getLogger("aioapns").setLevel(logging.CRITICAL)  # refusals are results here
    apns = APNs(
        **who(),
        topic="com.example.default",
        max_connections=1,
        ssl_context=ssl.create_default_context(cafile=os.environ["APNSIM_CA_FILE"]),
    )
    while line := await asyncio.to_thread(sys.stdin.readline):
        answers = await asyncio.gather(*(send(apns, push) for push in json.loads(line)))
        print(json.dumps(answers), flush=True)


asyncio.run(main())
