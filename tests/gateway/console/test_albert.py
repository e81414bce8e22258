"""Activation as Apple's own devices ask for it, on the console's port."""

from __future__ import annotations

import plistlib
import re
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certs.keys import new_rsa_key

if TYPE_CHECKING:
    import httpx

    from tests.gateway.console.consoles import Console

URL = "/deviceservices/deviceActivation?device=Windows"
KEY = new_rsa_key()


def request_of(*names: str) -> bytes:
    """A certificate request for these common names."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])
    request = x509.CertificateSigningRequestBuilder(subject).sign(KEY, hashes.SHA256())
    return request.public_bytes(Encoding.PEM)


def form(csr: object) -> dict[str, str]:
    """What a device posts."""
    inner = plistlib.dumps({"DeviceClass": "Windows", "DeviceCertRequest": csr})
    outer = plistlib.dumps({"ActivationInfoComplete": True, "ActivationInfoXML": inner})
    return {"activation-info": outer.decode()}


async def activated(console: Console, said: dict[str, str]) -> httpx.Response:
    async with console.client() as client:
        return await client.post(URL, data=said)


async def test_a_device_gets_a_certificate_of_its_own_name(console: Console) -> None:
    answer = await activated(console, form(request_of("7B1E-A-MAC")))
    assert answer.status_code == 200
    # In one line, without DOTALL: so pypush looks for it.
    found = re.search("<Protocol>(.*)</Protocol>", answer.text)
    assert found is not None
    record: Any = plistlib.loads(found[1].encode())["device-activation"]["activation-record"]
    certificate = x509.load_pem_x509_certificate(record["DeviceCertificate"])
    assert certificate.public_key() == KEY.public_key()
    [name] = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == "7B1E-A-MAC"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "expected the form field activation-info"),
        ({"activation-info": "<plist>"}, "expected the form field activation-info"),
        ({"activation-info": "<plist></dict></plist>"}, "expected the form field"),
        ({"activation-info": "<plist><array/></plist>"}, "expected the form field"),
        (form("text"), "DeviceCertRequest is no data"),
        (form(b"no request"), "expected PKCS#10 in PEM form"),
        (form(bytes(20_000)), "at most 16384 bytes"),
        (form(request_of()), "a device id is 1 to 64 letters"),
        (form(request_of("two", "names")), "a device id is 1 to 64 letters"),
        (form(request_of("<b>")), "not &#x27;&lt;b&gt;&#x27;"),
    ],
)
async def test_a_refusal_says_why_where_such_clients_look(
    console: Console, said: dict[str, str], why: str
) -> None:
    answer = await activated(console, said)
    assert answer.status_code == 400
    found = re.search("<b>(.*)</b>", answer.text)
    assert found is not None
    assert why in found[1]
