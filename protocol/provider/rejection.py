"""Every reason for which APNs refuses a push: the one place where they are spelled.

Sources: Apple, "Handling notification responses from APNs" and, for broadcasts, "Handling error
responses from APNs": tables of status codes and reasons.
"""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """Apple's word (``text``) and the HTTP ``status`` it travels with."""

    BAD_CHANNEL_ID = "BadChannelId", 400
    BAD_COLLAPSE_ID = "BadCollapseId", 400
    BAD_DEVICE_TOKEN = "BadDeviceToken", 400
    BAD_EXPIRATION_DATE = "BadExpirationDate", 400
    BAD_MESSAGE_ID = "BadMessageId", 400
    BAD_PRIORITY = "BadPriority", 400
    BAD_REQUEST_PARAMS = "BadRequestParams", 400
    BAD_REQUEST_PAYLOAD = "BadRequestPayload", 400
    BAD_TOPIC = "BadTopic", 400
    CANNOT_CREATE_CHANNEL_CONFIG = "CannotCreateChannelConfig", 400
    CHANNEL_NOT_REGISTERED = "ChannelNotRegistered", 400
    DEVICE_TOKEN_NOT_FOR_TOPIC = "DeviceTokenNotForTopic", 400
    DUPLICATE_HEADERS = "DuplicateHeaders", 400
    FEATURE_NOT_ENABLED = "FeatureNotEnabled", 400
    IDLE_TIMEOUT = "IdleTimeout", 400
    INVALID_PUSH_TYPE = "InvalidPushType", 400
    MISSING_CHANNEL_ID = "MissingChannelId", 400
    # In no table of Apple's: seen by a client's author for a channel without a storage policy.
    MISSING_CHANNEL_QUEUE_SIZE = "MissingChannelQueueSize", 400
    MISSING_DEVICE_TOKEN = "MissingDeviceToken", 400
    MISSING_PUSH_TYPE = "MissingPushType", 400
    MISSING_TOPIC = "MissingTopic", 400
    PAYLOAD_EMPTY = "PayloadEmpty", 400
    TOPIC_DISALLOWED = "TopicDisallowed", 400
    BAD_CERTIFICATE = "BadCertificate", 403
    BAD_CERTIFICATE_ENVIRONMENT = "BadCertificateEnvironment", 403
    BAD_ENVIRONMENT_KEY_ID_IN_TOKEN = "BadEnvironmentKeyIdInToken", 403
    # Not in Apple's table; said to be on the wire instead of the one above (APNSwift#229).
    BAD_ENVIRONMENT_KEY_IN_TOKEN = "BadEnvironmentKeyInToken", 403
    EXPIRED_PROVIDER_TOKEN = "ExpiredProviderToken", 403
    FORBIDDEN = "Forbidden", 403
    INVALID_PROVIDER_TOKEN = "InvalidProviderToken", 403
    MISSING_PROVIDER_TOKEN = "MissingProviderToken", 403
    TOPIC_MISMATCH = "TopicMismatch", 403
    UNRELATED_KEY_ID_IN_TOKEN = "UnrelatedKeyIdInToken", 403
    BAD_PATH = "BadPath", 404
    METHOD_NOT_ALLOWED = "MethodNotAllowed", 405
    EXPIRED_TOKEN = "ExpiredToken", 410
    UNREGISTERED = "Unregistered", 410
    PAYLOAD_TOO_LARGE = "PayloadTooLarge", 413
    TOO_MANY_PROVIDER_TOKEN_UPDATES = "TooManyProviderTokenUpdates", 429
    TOO_MANY_REQUESTS = "TooManyRequests", 429
    INTERNAL_SERVER_ERROR = "InternalServerError", 500
    # Apple's table for broadcasts prints it with a space; on the wire no other reason has one.
    SERVICE_UNAVAILABLE = "ServiceUnavailable", 503
    SHUTDOWN = "Shutdown", 503

    def __init__(self, text: str, status: int) -> None:
        self.text = text
        self.status = status


class Rejection(Exception):  # noqa: N818 - Apple's own word; it is an answer, not a failure
    """The provider's mistake (or our outage), with everything the answer needs.

    Args:
        reason: what is wrong, in Apple's word.
        detail: the same for a human reader of our log and API; never sent to the provider.
        unregistered_at: UNIX seconds at which the token became invalid; only with status 410,
            sent as ``timestamp`` in whole milliseconds.
    """

    def __init__(
        self, reason: Reason, detail: str = "", *, unregistered_at: float | None = None
    ) -> None:
        super().__init__(f"{reason.status} {reason.text}" + (f": {detail}" if detail else ""))
        self.reason = reason
        self.detail = detail
        self.unregistered_at = unregistered_at
