"""What goes into our certificates, so that strict verifiers accept them.

RFC 5280 as OpenSSL's ``X509_STRICT`` (on by default in Python 3.13), Go, Java and Node read it:
critical basicConstraints and keyUsage, key identifiers on both sides, unique random serials.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

# What cryptography raises about malformed or unheard-of certificates and requests.
X509_FAULTS = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)

ORGANIZATION = "apnsim"
CA_LIFETIME = timedelta(days=3650)
# Peers whose clock is behind ours, a container after a pause for instance, must accept us too.
BACKDATED = timedelta(days=1)

PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Signer:
    """A CA certificate and its private key."""

    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Profile:
    """What tells one kind of end certificate from another.

    Args:
        common_name: at most 64 characters; names beyond that are left to the extensions.
        unit: the subject's organizational unit: server, device, or a provider's team; or none.
        usage: the one extended key usage.
        lifetime: from the (backdated) start; the CA's own end cuts it short.
        extensions: further ones, none critical.
        user_id: the subject's UID, if it has one.
    """

    common_name: str
    unit: str
    usage: x509.ObjectIdentifier
    lifetime: timedelta
    extensions: Sequence[x509.ExtensionType] = ()
    user_id: str | None = None


def self_signed(key: ec.EllipticCurvePrivateKey, common_name: str, now: float) -> x509.Certificate:
    """Make a CA certificate for the key: ten years, no further CA below it."""
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    # The unit tells two of our CAs apart in a trust store, where all else would read the same.
    subject = _name(common_name, f"CA {identifier.digest.hex()[:8]}")
    start = _moment(now) - BACKDATED
    return (
        _builder(subject, subject, key.public_key())
        .not_valid_before(start)
        .not_valid_after(start + CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(is_ca=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )


def signed(signer: Signer, key: PublicKey, profile: Profile, now: float) -> x509.Certificate:
    """Make an end certificate for a public key."""
    ca = signer.certificate
    ca_identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    start = max(_moment(now) - BACKDATED, ca.not_valid_before_utc)
    builder = (
        _builder(_name(profile.common_name, profile.unit, profile.user_id), ca.subject, key)
        .not_valid_before(start)
        .not_valid_after(min(start + profile.lifetime, ca.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(is_ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([profile.usage]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_identifier),
            critical=False,
        )
    )
    for extension in profile.extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(signer.private_key, hashes.SHA256())


def _builder(subject: x509.Name, issuer: x509.Name, key: PublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
    )


def _name(common_name: str, unit: str, user_id: str | None = None) -> x509.Name:
    values = {
        NameOID.ORGANIZATION_NAME: ORGANIZATION,
        NameOID.ORGANIZATIONAL_UNIT_NAME: unit,
        NameOID.COMMON_NAME: common_name[:64],
        NameOID.USER_ID: user_id,
    }
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in values.items() if value])


def _key_usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
