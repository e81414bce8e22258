"""pypush as a device: an unmodified client of Apple's courier, linked to the gateway.

Each line of stdin is a JSON object that says what to ``do``; each is answered with a line. It finds
the gateway in ``APNSIM_COURIER`` and ``APNSIM_CONSOLE_URL``, its certificate in
``APNSIM_CERTIFICATE_FILE`` and ``APNSIM_KEY_FILE``; without one it gets itself one as it would at
Apple's. The only argument is what it runs on: asyncio or trio.
"""

import json
import os
import secrets
import sys
from contextlib import AsyncExitStack
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID
from pypush import apns
from pypush.apns import filters, lifecycle, protocol, transport


async def lead_here(request: httpx.Request) -> None:
    """Lead what is for Albert, Apple's activation server, to the gateway's console."""
    console = httpx.URL(os.environ["APNSIM_CONSOLE_URL"])
    request.url = request.url.copy_with(scheme="http", host=console.host, port=console.port)
    request.headers["host"] = console.netloc.decode()


async def identity() -> tuple[x509.Certificate, Any]:
    """A certificate and its key."""
    if file := os.environ.get("APNSIM_CERTIFICATE_FILE"):
        certificate = await anyio.Path(file).read_bytes()
        key = await anyio.Path(os.environ["APNSIM_KEY_FILE"]).read_bytes()
        return x509.load_pem_x509_certificate(certificate), load_pem_private_key(key, None)
    async with httpx.AsyncClient(event_hooks={"request": [lead_here]}, trust_env=False) as client:
        return await apns.activate(http_client=client)


class Device:
    """One link to the courier.

    Args:
        connection: pypush's.
        streams: closes what listens.
    """

    def __init__(self, connection: lifecycle.Connection, streams: AsyncExitStack) -> None:
        self._connection = connection
        self._streams = streams
        self._listening: Any = None
        self._last: Any = None

    async def quiet(self) -> None:
        """Return once the courier has answered the first Filter.

        pypush ends when another message comes right behind one that it waits for, as an answer to
        the Filter behind a token may (``BroadcastStream``: a stream is sent to while it closes).
        """
        await self._connection._receive(filters.cmd(protocol.NoStorageCommand))  # noqa: SLF001

    async def mint(self, topic: str) -> dict[str, Any]:
        """A scoped token."""
        return {"token": (await self._connection.mint_scoped_token(topic)).hex()}

    async def base(self) -> dict[str, Any]:
        """The device's own token."""
        return {"token": (await self._connection.base_token).hex()}

    async def listen(self, topic: str, token: str | None = None) -> dict[str, Any]:
        """Want a topic from now on."""
        raw = None if token is None else bytes.fromhex(token)
        stream = self._connection.notification_stream(topic, raw)
        self._listening = await self._streams.enter_async_context(stream)
        return {}

    async def receive(self) -> dict[str, Any]:
        """The next push of that topic, acknowledged."""
        push = self._last = await self._listening.receive()
        await self._connection.ack(push)
        return {
            "topic": push.topic,
            "token": push.token.hex(),
            "payload": json.loads(push.payload),
            "flags": push.unknown7[0],
            "channel": push.unknown29 and push.unknown29.hex(),
        }

    async def repeat(self) -> dict[str, Any]:
        """Acknowledge the last push again; any word has it notice that its link has ended."""
        await self._connection.ack(self._last)
        return {}

    async def upward(self, topic: str, payload: str) -> dict[str, Any]:
        """Send something upwards, as iMessage does; how it is acknowledged."""
        number = secrets.token_bytes(4)
        token = await self._connection.base_token
        command = protocol.SendMessageCommand(
            payload.encode(), number, topic=topic, token=token, outgoing=True
        )
        await self._connection._send(command)  # noqa: SLF001 - it has no other way to say it
        is_answer = filters.chain(
            filters.cmd(protocol.SendMessageAck), lambda ack: ack if ack.id == number else None
        )
        ack = await self._connection._receive(is_answer)  # noqa: SLF001 - as above
        return {"status": ack.status}

    async def channels(self, subscriptions: str) -> dict[str, Any]:
        """Listen to broadcast channels, by the protobuf that rustpush sends."""
        token = await self._connection.base_token
        items = [(1, bytes(4)), (2, bytes.fromhex(subscriptions)), (3, token)]
        fields = [transport.Packet.Field(item, value) for item, value in items]
        command = protocol.UnknownCommand(transport.Packet.Type(0x1D), fields)
        await self._connection._send(command)  # noqa: SLF001 - it has no other way to say it
        return {}


async def main() -> None:
    """Do what each line says."""
    gateway = urlsplit(f"//{os.environ['APNSIM_COURIER']}")
    transport.COURIER_PORT = gateway.port or transport.COURIER_PORT
    certificate, key = await identity()
    [name] = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    async with (
        apns.create_apns_connection(
            certificate, key, sandbox=True, courier=gateway.hostname
        ) as connection,
        AsyncExitStack() as streams,
    ):
        device = Device(connection, streams)
        await device.quiet()
        print(json.dumps({"device": name.value, **await device.base()}), flush=True)
        while line := await anyio.to_thread.run_sync(sys.stdin.readline):
            said = json.loads(line)
            answer = await partial(getattr(device, said.pop("do")), **said)()
            print(json.dumps(answer), flush=True)


anyio.run(main, backend=sys.argv[1])
