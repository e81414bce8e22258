from __future__ import annotations

import pytest

from protocol.provider.rejection import Reason, Rejection

# reference/apns-provider-api.md §3.2 and §9.3, copied by hand.
TABLE = {
    "BadChannelId": 400,
    "BadCollapseId": 400,
    "BadDeviceToken": 400,
    "BadExpirationDate": 400,
    "BadMessageId": 400,
    "BadPriority": 400,
    "BadRequestParams": 400,
    "BadRequestPayload": 400,
    "BadTopic": 400,
    "CannotCreateChannelConfig": 400,
    "ChannelNotRegistered": 400,
    "DeviceTokenNotForTopic": 400,
    "DuplicateHeaders": 400,
    "FeatureNotEnabled": 400,
    "IdleTimeout": 400,
    "InvalidPushType": 400,
    "MissingChannelId": 400,
    "MissingChannelQueueSize": 400,  # §9.1: seen, in no table
    "MissingDeviceToken": 400,
    "MissingPushType": 400,
    "MissingTopic": 400,
    "PayloadEmpty": 400,
    "TopicDisallowed": 400,
    "BadCertificate": 403,
    "BadCertificateEnvironment": 403,
    "BadEnvironmentKeyIdInToken": 403,
    "BadEnvironmentKeyInToken": 403,  # not in the table: APNSwift#229 reports it
    "ExpiredProviderToken": 403,
    "Forbidden": 403,
    "InvalidProviderToken": 403,
    "MissingProviderToken": 403,
    "TopicMismatch": 403,
    "UnrelatedKeyIdInToken": 403,
    "BadPath": 404,
    "MethodNotAllowed": 405,
    "ExpiredToken": 410,
    "Unregistered": 410,
    "PayloadTooLarge": 413,
    "TooManyProviderTokenUpdates": 429,
    "TooManyRequests": 429,
    "InternalServerError": 500,
    "ServiceUnavailable": 503,
    "Shutdown": 503,
}


def test_b15_the_reasons_are_apples_and_no_other() -> None:
    # Clients crash on words that they do not know (clients.md §2, 15).
    assert {reason.text: reason.status for reason in Reason} == TABLE
    assert len(Reason.__members__) == len(TABLE)


@pytest.mark.parametrize("reason", Reason)
def test_a_members_name_is_its_word(reason: Reason) -> None:
    assert reason.name.replace("_", "").lower() == reason.text.lower()


def test_a_rejection_reads_as_a_sentence_for_the_log() -> None:
    rejection = Rejection(Reason.BAD_PRIORITY, "10, 5 or 1, not '7'")
    assert str(rejection) == "400 BadPriority: 10, 5 or 1, not '7'"
    assert rejection.detail == "10, 5 or 1, not '7'"
    assert rejection.unregistered_at is None


def test_a_rejection_needs_no_detail() -> None:
    rejection = Rejection(Reason.UNREGISTERED, unregistered_at=1.5)
    assert str(rejection) == "410 Unregistered"
    assert rejection.unregistered_at == 1.5
