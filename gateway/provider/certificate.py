"""Who pushes, by the certificate that was shown in the TLS handshake."""

from __future__ import annotations

from dataclasses import dataclass

from certs.peer import PeerCertificateError
from certs.provider_certificate import ProviderCertificate
from protocol.identifiers import InvalidIdentifierError, Topic
from protocol.notification import Environment, PushType
from protocol.provider.rejection import Reason, Rejection


@dataclass(frozen=True, slots=True)
class CertificateIdentity:
    """A provider that proved itself with a certificate.

    Args:
        topics: to which the certificate allows to push.
        team_id: its team, if it names one.
    """

    topics: frozenset[Topic]
    team_id: str | None = None

    @property
    def default_topic(self) -> Topic | None:
        """The topic of a push that names none: the only one of the certificate."""
        return next(iter(self.topics)) if len(self.topics) == 1 else None

    def may_send_to(self, topic: Topic) -> bool:
        """Whether the certificate covers the topic; of location pushes none does.

        Apple: "The location push type … supports only token-based authentication."
        """
        return topic in self.topics and not topic.endswith(PushType.LOCATION.topic_suffix)


def identity_in(der: bytes, environment: Environment) -> CertificateIdentity:
    """Who has shown this certificate, which TLS has verified, to push to this environment.

    Raises:
        Rejection: BadCertificate: it is not a provider's, or malformed. BadCertificateEnvironment.
    """
    try:
        shown = ProviderCertificate.from_der(der)
        topics = frozenset(map(Topic.parse, shown.all_topics))
    except (PeerCertificateError, InvalidIdentifierError) as error:
        raise Rejection(Reason.BAD_CERTIFICATE, str(error)) from None
    is_development = environment is Environment.DEVELOPMENT
    if not (shown.for_development if is_development else shown.for_production):
        detail = f"the certificate {shown.common_name!r} is not for the {environment} environment"
        raise Rejection(Reason.BAD_CERTIFICATE_ENVIRONMENT, detail)
    return CertificateIdentity(topics, shown.team_id)
