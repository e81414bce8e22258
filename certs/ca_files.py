"""The authority on disk: ``ca-key.pem`` (mode 0600) and ``ca.pem``, in that order.

The certificate is written last, so a crash leaves at most a key without one, which the next start
completes; and several processes that start at once agree on the first key and certificate written.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.files import (
    PRIVATE_MODE,
    PUBLIC_MODE,
    CredentialError,
    CredentialFileError,
    CredentialFileExistsError,
    CredentialFileMissingError,
    read_credential,
    write_credential,
)
from certs.issuance import X509_FAULTS, Signer
from certs.keys import new_private_key, private_key_pem, read_private_key
from certs.leaf import read_certificates

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric import ec

CERTIFICATE_FILE = "ca.pem"
KEY_FILE = "ca-key.pem"
_START_AFRESH = (
    f"move {CERTIFICATE_FILE} and {KEY_FILE} away to have a new CA made,"
    " then let clients trust the new one"
)


def has_certificate(directory: Path) -> bool:
    """Whether the folder holds a CA certificate, readable or not."""
    return (directory / CERTIFICATE_FILE).exists()


def read_signer(directory: Path, now: float) -> Signer:
    """Read certificate and key.

    Raises:
        CredentialFileMissingError: a file is absent.
        CredentialFileError: a file is unreadable, they do not match, or the CA has expired.
    """
    path = directory / CERTIFICATE_FILE
    pem = read_credential(path)
    key = _read_key(directory)
    try:
        certificate = read_certificates(pem)[0]
        _require_usable(certificate, key, now)
    except CredentialError as error:
        raise CredentialFileError(path, f"{error}; {_START_AFRESH}") from None
    return Signer(certificate, key)


def write_signer(directory: Path, signer: Signer) -> None:
    """Write the key, then the certificate; overwrite neither.

    Raises:
        CredentialFileExistsError: one of them is there already.
        CredentialFileError: the folder cannot be written.
    """
    if has_certificate(directory):
        raise CredentialFileExistsError(
            directory / CERTIFICATE_FILE, f"already exists; {_START_AFRESH}"
        )
    _write_key(directory, signer.private_key)
    write_certificate(directory, signer.certificate)


def write_certificate(directory: Path, certificate: x509.Certificate) -> None:
    """Write the certificate of the key that is there.

    Raises:
        CredentialFileExistsError: there is one already.
        CredentialFileError: the folder cannot be written.
    """
    pem = certificate.public_bytes(Encoding.PEM)
    write_credential(directory / CERTIFICATE_FILE, pem, mode=PUBLIC_MODE)


def read_or_write_key(directory: Path) -> ec.EllipticCurvePrivateKey:
    """Read the key in the folder, making it first if there is none.

    Raises:
        CredentialFileError: it is unreadable, or the folder cannot be written.
    """
    with contextlib.suppress(CredentialFileExistsError):
        _write_key(directory, new_private_key())
    return _read_key(directory)


def _write_key(directory: Path, key: ec.EllipticCurvePrivateKey) -> None:
    write_credential(directory / KEY_FILE, private_key_pem(key), mode=PRIVATE_MODE)


def _read_key(directory: Path) -> ec.EllipticCurvePrivateKey:
    path = directory / KEY_FILE
    try:
        return read_private_key(read_credential(path))
    except CredentialFileMissingError:
        raise CredentialFileMissingError(path, f"no such file; {_START_AFRESH}") from None
    except CredentialFileError:
        raise
    except CredentialError as error:
        raise CredentialFileError(path, f"{error}; {_START_AFRESH}") from None


def _require_usable(
    certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, now: float
) -> None:
    if certificate.public_key() != key.public_key():
        raise CredentialError(f"is not the certificate of the key in {KEY_FILE}")
    if not _is_ca(certificate):
        raise CredentialError("is not the certificate of a CA")
    if certificate.not_valid_after_utc.timestamp() <= now:
        raise CredentialError(f"expired on {certificate.not_valid_after_utc:%Y-%m-%d}")


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        extensions = certificate.extensions
        extensions.get_extension_for_class(x509.SubjectKeyIdentifier)  # issuing needs it
        return extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, *X509_FAULTS):
        return False
