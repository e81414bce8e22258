"""Activation as Apple's own devices ask for it, of the server that is called Albert.

For open clients of Apple's courier: ``pypush.apns.activate()`` with its HTTP client led here gets
a certificate and connects with it (courier-wire.md §5). Only the certificate request counts; what
else such a device says of itself, and Apple's signature over it, is not looked at.
"""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
import html
import plistlib
from typing import Any
from urllib.parse import parse_qs
from xml.parsers.expat import ExpatError

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse

from certs.device_request import requested_name
from gateway.console.api.common import Parts

router = APIRouter(tags=["devices"])

ALBERT_PATH = "/deviceservices/deviceActivation"
# What plistlib raises about malformed XML and malformed values in it.
_PLIST_FAULTS = (ValueError, TypeError, KeyError, AttributeError, IndexError, ExpatError)


@router.post(
    ALBERT_PATH,
    response_class=HTMLResponse,
    responses={400: {"description": "Why not.", "content": {"text/html": {}}}},
)
async def activate_as_albert(
    request: Request,
    parts: Parts,
    device: str = "",  # noqa: ARG001 - clients say their class, which makes no difference
) -> Response:
    """Certify the key of an Apple device: form field ``activation-info``, a property list.

    The device is called by the common name in its request, with which it asks for a certificate.
    """
    try:
        csr = _certificate_request(await request.body())
        certificate = parts.activate(requested_name(csr), csr)["certificate"]
    except ValueError as error:
        # Where such clients look for the reason.
        return HTMLResponse(f"<b>{html.escape(str(error))}</b>", status_code=400)
    record = {"DeviceCertificate": certificate.encode()}
    answer = plistlib.dumps({"device-activation": {"activation-record": record}})
    # pypush looks for both tags in one line.
    line = answer.decode().replace("\n", "").replace("\t", "")
    return HTMLResponse(f"<Document><Protocol>{line}</Protocol></Document>")


def _certificate_request(body: bytes) -> bytes:
    """The PKCS#10 request, PEM, within two property lists within a form.

    Raises:
        ValueError: it is not there; says what was expected.
    """
    [said] = parse_qs(body.decode("utf-8", "replace")).get("activation-info", [""])[:1]
    try:
        outer: Any = plistlib.loads(said.encode(), fmt=plistlib.FMT_XML)
        inner: Any = plistlib.loads(outer["ActivationInfoXML"])
        csr = inner["DeviceCertRequest"]
    except _PLIST_FAULTS as error:
        raise ValueError(
            "expected the form field activation-info: a property list whose ActivationInfoXML is"
            f" one with DeviceCertRequest ({type(error).__name__}: {error})"
        ) from None
    if not isinstance(csr, bytes):
        raise ValueError("DeviceCertRequest is no data")  # noqa: TRY004 - a value off the wire
    return csr
