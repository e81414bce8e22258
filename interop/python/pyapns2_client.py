"""PyAPNs2 as its live fork ``apns2-up`` has it, pointed at the gateway by a subclass.

hyper, which it is built on, asks OpenSSL for the CAs to trust; so ``SSL_CERT_FILE`` says which.
"""

import json
import os
import sys
from collections import deque
from typing import Any
from urllib.parse import urlsplit

from apns2.client import APNsClient, NotificationPriority, NotificationType
from apns2.credentials import CertificateCredentials, TokenCredentials
from apns2.payload import Payload

GATEWAY = urlsplit(os.environ["APNSIM_PROVIDER_URL"])
AT_ONCE = 100
PRIORITIES = {None: NotificationPriority.Immediate, 5: NotificationPriority.Delayed}


class Gateway(APNsClient):
    """The client at another host."""

    LIVE_SERVER = GATEWAY.hostname
    DEFAULT_PORT = GATEWAY.port


def send(client: APNsClient, push: dict[str, Any]) -> int:
    """One push; the number under which its answer is asked for."""
    return client.send_notification_async(
        push["token"],
        Payload(custom=push["payload"]),
        topic=push["topic"],
        priority=PRIORITIES[push.get("priority")],
        expiration=push.get("expiration"),
        collapse_id=push.get("collapse_id"),
        push_type=NotificationType(push["push_type"]),
    )


def answer(client: APNsClient, stream_id: int) -> dict[str, Any]:
    """What the client tells of one push; it has no word for the status of a refusal."""
    result = client.get_notification_result(stream_id)
    if result == "Success":
        return {"status": 200}
    if isinstance(result, tuple):
        reason, timestamp = result
        return {"reason": reason, "timestamp": timestamp}
    return {"reason": result}


def answers(client: APNsClient, pushes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Send them, so many at once: the first alone, since Apple allows one stream until then."""
    told: list[dict[str, Any]] = [{} for _ in pushes]
    pending: deque[tuple[int, int]] = deque()

    def collect() -> None:
        number, stream_id = pending.popleft()
        try:
            told[number] = answer(client, stream_id)
        except Exception as error:  # what the client raises is its answer
            told[number] = {"error": repr(error)}

    for number, push in enumerate(pushes):
        try:
            pending.append((number, send(client, push)))
        except Exception as error:
            told[number] = {"error": repr(error)}
        if pending and (number == 0 or len(pending) == AT_ONCE):
            collect()
    while pending:
        collect()
    return told


def new_client() -> APNsClient:
    """The client, with a connection of its own."""
    if certificate := os.environ.get("APNSIM_CERTIFICATE_FILE"):
        return Gateway(CertificateCredentials(certificate))
    key_id, team_id = os.environ["APNSIM_KEY_ID"], os.environ["APNSIM_TEAM_ID"]
    return Gateway(TokenCredentials(os.environ["APNSIM_KEY_FILE"], key_id, team_id))


def main() -> None:
    """Answer each line of pushes with a line of results."""
    os.environ["SSL_CERT_FILE"] = os.environ["APNSIM_CA_FILE"]
    client = new_client()
    for line in sys.stdin:
        told = answers(client, json.loads(line))
        print(json.dumps(told), flush=True)
        if any("error" in each for each in told):
            client = new_client()  # it never makes up for a connection that is gone


main()
