"""What a provider's certificate allows: Apple's extensions and the subject, written and read.

reference/apns-provider-api.md §5. The extensions are those of Apple's arc 1.2.840.113635.100.6.3:
``.1`` and ``.2`` say for which environments (by being there), ``.6`` and ``.4`` list topics. The
subject's UID is a topic too: the bundle id, or the topic of an MDM server.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs.issuance import Profile
from certs.peer import PeerCertificateError, read_peer_certificate, values_of
from certs.topic_list import read_topics, written_topics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import timedelta

_ARC = "1.2.840.113635.100.6.3"
DEVELOPMENT: Final = x509.ObjectIdentifier(f"{_ARC}.1")
PRODUCTION: Final = x509.ObjectIdentifier(f"{_ARC}.2")
VOIP_TOPICS: Final = x509.ObjectIdentifier(f"{_ARC}.4")
TOPICS: Final = x509.ObjectIdentifier(f"{_ARC}.6")

_FLAG = b"\x05\x00"  # ASN.1 NULL


class Kind(StrEnum):
    """What providers get from Apple: for an app and its topics, for one, for calls, for MDM."""

    UNIVERSAL = "universal"
    APP = "app"
    VOIP = "voip"
    MDM = "mdm"


@dataclass(frozen=True, slots=True)
class ProviderCertificate:
    """What a certificate says of its provider.

    Args:
        common_name: the subject's, for people.
        user_id: the subject's UID.
        topics: those of extension ``.6``; none in a certificate for one topic.
        voip_topics: those of extension ``.4``.
        for_development: whether extension ``.1`` is there.
        for_production: whether extension ``.2`` is there.
        team_id: the subject's organizational unit; Apple's certificates name the team there.
    """

    common_name: str
    user_id: str | None
    topics: tuple[str, ...] = ()
    voip_topics: tuple[str, ...] = ()
    for_development: bool = True
    for_production: bool = True
    team_id: str | None = None

    @classmethod
    def of_kind(cls, kind: Kind, name: str) -> Self:
        """What Apple writes into each kind.

        Args:
            kind: which.
            name: the bundle id; of an MDM server its topic, ``com.apple.mgmt.External.<UUID>``.
        """
        match kind:
            case Kind.UNIVERSAL:
                topics = (name, f"{name}.voip", f"{name}.complication")
                return cls(f"Apple Push Services: {name}", name, topics)
            case Kind.APP:
                return cls(f"Apple Push Services: {name}", name)
            case Kind.VOIP:
                topic = f"{name}.voip"
                return cls(f"VoIP Services: {name}", topic, voip_topics=(topic,))
            case Kind.MDM:
                return cls(f"APSP:{name.rpartition('.')[2]}", name)

    @property
    def all_topics(self) -> tuple[str, ...]:
        """To what it allows to push, each once."""
        own = () if self.user_id is None else (self.user_id,)
        return tuple(dict.fromkeys((*own, *self.topics, *self.voip_topics)))

    @classmethod
    def from_der(cls, der: bytes) -> Self:
        """Read what ``getpeercert(binary_form=True)`` returned.

        Raises:
            PeerCertificateError: it is malformed, or not a provider's: for neither environment,
                or without any topic.
        """
        subject, extensions, _ = read_peer_certificate(der)
        read = cls(
            _first(subject, NameOID.COMMON_NAME) or "",
            _first(subject, NameOID.USER_ID),
            tuple(_listed(extensions, TOPICS)),
            tuple(_listed(extensions, VOIP_TOPICS)),
            _value(extensions, DEVELOPMENT) is not None,
            _value(extensions, PRODUCTION) is not None,
            _first(subject, NameOID.ORGANIZATIONAL_UNIT_NAME),
        )
        if not (read.for_development or read.for_production):
            raise PeerCertificateError(
                f"the certificate of {subject.rfc4514_string()!r} is not a provider's: it has"
                f" neither extension {DEVELOPMENT.dotted_string} nor {PRODUCTION.dotted_string}"
            )
        if not read.all_topics:
            raise PeerCertificateError("the provider certificate names no topic")
        return read

    def profile(self, lifetime: timedelta) -> Profile:
        """How to issue it."""
        return Profile(
            self.common_name,
            self.team_id or "",
            ExtendedKeyUsageOID.CLIENT_AUTH,
            lifetime,
            tuple(self._extensions()),
            self.user_id,
        )

    def _extensions(self) -> Iterator[x509.UnrecognizedExtension]:
        if self.for_development:
            yield x509.UnrecognizedExtension(DEVELOPMENT, _FLAG)
        if self.for_production:
            yield x509.UnrecognizedExtension(PRODUCTION, _FLAG)
        for oid, topics in ((VOIP_TOPICS, self.voip_topics), (TOPICS, self.topics)):
            if topics:
                value = written_topics((topic, self._kind_of(topic)) for topic in topics)
                yield x509.UnrecognizedExtension(oid, value)

    def _kind_of(self, topic: str) -> str:
        """``app``, ``voip``, ``complication``: what stands behind the bundle id."""
        return topic.removeprefix(f"{self.user_id}.") if topic != self.user_id else "app"


def _first(subject: x509.Name, oid: x509.ObjectIdentifier) -> str | None:
    return next(iter(values_of(subject, oid)), None)


def _listed(extensions: x509.Extensions, oid: x509.ObjectIdentifier) -> Iterable[str]:
    value = _value(extensions, oid)
    if value is None or value == _FLAG:
        return ()
    try:
        return read_topics(value)
    except ValueError as error:
        raise PeerCertificateError(f"extension {oid.dotted_string}: {error}") from None


def _value(extensions: x509.Extensions, oid: x509.ObjectIdentifier) -> bytes | None:
    try:
        extension = extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return None
    assert isinstance(extension, x509.UnrecognizedExtension)  # nobody else knows Apple's arc
    return extension.value
