"""How a device in another process gets its certificate."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.console.api.common import Body, Parts
from gateway.console.problems import refusals
from gateway.console.rendering import Json

router = APIRouter(prefix="/api/v1/activation", tags=["devices"])


class ActivationRequest(Body):
    """Who the device is, and the request for its key."""

    device_id: str = Field(examples=["phone-1"])
    csr: str = Field(description="PKCS#10, PEM; the key itself stays on the device.")


class CourierAddress(BaseModel):
    """Where devices connect."""

    host: str
    port: int


class Activation(BaseModel):
    """What a device needs to connect; certificates are PEM."""

    device_id: str
    certificate: str
    ca: str
    courier: CourierAddress


@router.post("", response_model=Activation)
async def activate(parts: Parts, body: ActivationRequest) -> Json:
    """Certify a device's key."""
    with refusals():
        csr = body.csr.encode("utf-8", "replace")
        return Json(parts.activate(body.device_id, csr))
