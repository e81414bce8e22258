"""Activation: a device gets its certificate, its CA, and the address of its courier.

The key is made here and never leaves; what travels is a certificate request.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import httpx

from certs.device_request import DeviceRequest
from certs.files import CredentialError, CredentialFileMissingError
from certs.leaf import Leaf
from devicesim.state.files import StateError, write_private

if TYPE_CHECKING:
    from pathlib import Path

ACTIVATION_PATH = "/api/v1/activation"
ACTIVATION_SECONDS = 10.0
_STEM = "device"


class ActivationError(Exception):
    """No certificate was to be had; says where from and why."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an activated device has: identity, whom it trusts, where its courier is."""

    leaf: Leaf
    ca_pem: bytes
    courier_host: str
    courier_port: int

    @classmethod
    def load(cls, directory: Path) -> Self | None:
        """What ``write()`` left in a device's folder; None if it was never activated.

        Raises:
            StateError: it is there and unreadable.
        """
        path = directory / "courier.json"
        try:
            leaf = Leaf.load(directory, _STEM)
            courier = json.loads(path.read_bytes())
            return cls.told(leaf, courier["ca"], courier)
        except (CredentialFileMissingError, FileNotFoundError):
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateError(
                f"{directory}: the device's certificate cannot be read ({error});"
                " delete device.pem to activate anew"
            ) from None

    @classmethod
    def told(cls, leaf: Leaf, ca_pem: str, courier: dict[str, Any]) -> Self:
        """What a console told, or the file that kept it.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: it does not fit together.
        """
        if not leaf.is_issued_by(ca_pem.encode()):
            raise ValueError("the certificate is not signed by the CA beside it")
        return cls(leaf, ca_pem.encode(), str(courier["host"]), int(courier["port"]))

    def write(self, directory: Path) -> None:
        """Keep it in the device's folder.

        Raises:
            StateError, CredentialError: the folder cannot be written.
        """
        courier = {
            "ca": self.ca_pem.decode(),
            "host": self.courier_host,
            "port": self.courier_port,
        }
        write_private(directory / "courier.json", json.dumps(courier).encode(), is_synced=True)
        self.leaf.write(directory, _STEM, replace=True)
        (directory / f"{_STEM}.pem").chmod(0o600)  # public, but nobody else's business


async def activate(
    console_url: str,
    device_id: str,
    transport: httpx.AsyncBaseTransport | None = None,
    *,
    console_token: str | None = None,
) -> Enrolment:
    """Ask a gateway's console for a certificate.

    Args:
        console_url: e.g. ``http://127.0.0.1:2198``.
        device_id: what the certificate is to say.
        transport: in place of the network.
        console_token: the console's bearer token, if it has one.

    Raises:
        ActivationError: the console cannot be reached, refuses, or answers something else.
        InvalidDeviceIdError: ``device_id`` cannot name a device.
    """
    request = DeviceRequest.create(device_id)
    url = console_url.rstrip("/") + ACTIVATION_PATH
    body = {"device_id": device_id, "csr": request.pem.decode()}
    headers = {"authorization": f"Bearer {console_token}"} if console_token else {}
    try:
        # The console is on this machine or named on purpose: no proxy from the environment.
        async with httpx.AsyncClient(
            timeout=ACTIVATION_SECONDS,
            transport=transport,
            trust_env=False,
            # Reading the system's CAs takes longer than all the rest; most consoles speak no TLS.
            verify=url.startswith("https:"),
        ) as client:
            answer = await client.post(url, json=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ActivationError(f"{url}: {_why(error)}; is the gateway running?") from None
    if not answer.is_success:
        raise ActivationError(f"{url} answered {answer.status_code}, expected 200: {_said(answer)}")
    try:
        return _enrolment(request, answer)
    except (CredentialError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ActivationError(
            f"{url} answered something else than an activation: {error}"
        ) from None


def _why(error: Exception) -> str:
    """The first word that an error or its causes have: httpx's own are often without any."""
    cause: BaseException | None = error
    while cause is not None and not str(cause):
        cause = cause.__context__
    return str(cause or type(error).__name__)


def _said(answer: httpx.Response) -> str:
    """What a problem document tells, whole; of whatever else is at that address, the beginning."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:200]


def _enrolment(request: DeviceRequest, answer: httpx.Response) -> Enrolment:
    told = answer.json()
    leaf = request.complete(told["certificate"].encode())
    return Enrolment.told(leaf, told["ca"], told["courier"])
