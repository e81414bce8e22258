from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apnsim.conftest import Outcome


def test_the_authority_is_made_once_and_shown(apnsim: Callable[..., Outcome]) -> None:
    path = Path(apnsim("certs", "ca").out.strip())
    assert path.is_absolute()
    assert path == Path(".apnsim/ca.pem").resolve()
    pem = path.read_text()
    assert apnsim("certs", "ca", "--pem").out == pem.strip() + "\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert stat.S_IMODE(Path(".apnsim/ca-key.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("arguments", "stem"),
    [(["device", "my-phone"], "my-phone"), (["server", "gw.test", "10.0.0.1"], "gw.test")],
)
def test_a_certificate_is_written_with_a_key_for_its_owner_alone(
    apnsim: Callable[..., Outcome], arguments: list[str], stem: str
) -> None:
    outcome = apnsim("certs", *arguments, "--out", "out")
    assert outcome.out == f"out/{stem}.pem\n"
    key = Path(f"out/{stem}-key.pem")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    [leaf, *_] = x509.load_pem_x509_certificates(Path(f"out/{stem}.pem").read_bytes())
    [ca] = x509.load_pem_x509_certificates(Path(".apnsim/ca.pem").read_bytes())
    leaf.verify_directly_issued_by(ca)
    again = apnsim("certs", *arguments, "--out", "out")
    assert (again.code, "not overwritten" in again.error) == (1, True)
