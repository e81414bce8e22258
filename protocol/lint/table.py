"""The table of all rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.lint import (
    alert,
    content,
    headers,
    keys,
    live_activity,
    others,
    pages,
    refusals,
    size,
)
from protocol.lint.finding import ANY_KIND, ANY_ROAD, Effect, Road, Rule
from protocol.notification import PushType

if TYPE_CHECKING:
    from protocol.lint.finding import Check

_DEVICE, _BROADCAST = frozenset({Road.DEVICE}), frozenset({Road.BROADCAST})

_ALERT = frozenset({PushType.ALERT})
_BACKGROUND = frozenset({PushType.BACKGROUND})
_ACTIVITY = frozenset({PushType.LIVE_ACTIVITY})
_CALLS = frozenset({PushType.VOIP})
_TALK = frozenset({PushType.PUSH_TO_TALK})
_WIDGETS = frozenset({PushType.WIDGETS, PushType.CONTROLS})
_MDM = frozenset({PushType.MDM})
_FILES = frozenset({PushType.FILE_PROVIDER})
_READ_OUT = _ALERT | _ACTIVITY
_BARE_TOPIC = frozenset(kind for kind in PushType if not kind.topic_suffix)
_NOT_SHOWN, _IGNORED, _DOUBTFUL = Effect.NOT_SHOWN, Effect.IGNORED, Effect.DOUBTFUL


def _refused(name: str, source: str, check: Check, roads: frozenset[Road] = ANY_ROAD) -> Rule:
    return Rule(name, Effect.REFUSED, source, check, roads=roads)


def _header(
    name: str,
    source: str,
    check: Check,
    kinds: frozenset[PushType] = ANY_KIND,
    roads: frozenset[Road] = ANY_ROAD,
) -> Rule:
    return Rule(name, _DOUBTFUL, source, check, kinds, roads)


def _payload(
    name: str,
    effect: Effect,
    check: Check,
    kinds: frozenset[PushType] = ANY_KIND,
    source: str = pages.PAYLOAD,
) -> Rule:
    return Rule(name, effect, source, check, kinds, reads_payload=True)


def _activity(name: str, effect: Effect, check: Check, roads: frozenset[Road] = ANY_ROAD) -> Rule:
    return Rule(name, effect, pages.LIVE_ACTIVITIES, check, _ACTIVITY, roads, reads_payload=True)


RULES: tuple[Rule, ...] = (
    # What is refused stands in the order in which APNs is believed to look (docs/fidelity.md).
    _refused("method", pages.SENDING, refusals.method),
    _refused("path", pages.SENDING, refusals.path),
    _refused("repeated-header", pages.RESPONSES, refusals.repeated_header, _DEVICE),
    _refused(
        "broadcast-bundle-id", pages.BROADCAST_ERRORS, refusals.broadcast_bundle_id, _BROADCAST
    ),
    _refused("message-id", pages.SENDING, refusals.message_id),
    _refused("channel-id", pages.BROADCASTS, refusals.channel_id, _BROADCAST),
    _refused("broadcast-push-type", pages.BROADCASTS, refusals.broadcast_push_type, _BROADCAST),
    _refused("missing-token", pages.RESPONSES, refusals.token_missing, _DEVICE),
    _refused("expiration", pages.SENDING, refusals.expiration),
    _refused("priority", pages.SENDING, refusals.priority),
    _refused("push-type", pages.SENDING, refusals.push_type, _DEVICE),
    _refused("background-priority-10", pages.SENDING, refusals.immediate_background, _DEVICE),
    _refused("collapse-id", pages.SENDING, refusals.collapse_id, _DEVICE),
    _refused("missing-topic", pages.SENDING, refusals.missing_topic, _DEVICE),
    _refused("topic", pages.RESPONSES, refusals.malformed_topic, _DEVICE),
    _refused("topic-suffix", pages.SENDING, refusals.topic_suffix, _DEVICE),
    _refused("token", pages.RESPONSES, refusals.malformed_token, _DEVICE),
    _refused("empty-body", pages.RESPONSES, refusals.no_body),
    _refused("too-large", pages.PAYLOAD, refusals.too_large),
    _refused("byte-order-mark", pages.PAYLOAD, refusals.byte_order_mark),
    _refused("not-utf-8", pages.SENDING, refusals.not_utf8),
    _refused("not-json", pages.PAYLOAD, refusals.not_json),
    _refused("unreadable-json", pages.PAYLOAD, refusals.unreadable),
    _refused("not-a-dictionary", pages.PAYLOAD, refusals.not_a_dictionary),
    # Headers.
    _header("missing-push-type", pages.SENDING, headers.push_type_missing, roads=_DEVICE),
    _header("broadcast-required", pages.BROADCASTS, headers.broadcast_required, roads=_BROADCAST),
    _header("expiration-past", pages.SENDING, headers.expiration_past),
    _header("expiration-milliseconds", pages.SENDING, headers.expiration_milliseconds),
    _header("late-call", pages.VOIP, headers.late_call, _CALLS),
    _header("late-talk", pages.PUSH_TO_TALK, headers.late_talk, _TALK),
    _header(
        "background-priority-missing",
        pages.SENDING,
        headers.background_priority_missing,
        _BACKGROUND,
    ),
    _header("activity-priority", pages.LIVE_ACTIVITIES, headers.activity_priority, _ACTIVITY),
    _header("foreign-suffix", pages.SENDING, headers.foreign_suffix, _BARE_TOPIC, _DEVICE),
    _header("empty-header", pages.SENDING, headers.empty_header, roads=_DEVICE),
    _header("unknown-header", pages.SENDING, headers.unknown_header),
    # The payload as a whole.
    _payload("near-limit", _DOUBTFUL, size.near_limit),
    _payload("grows", _DOUBTFUL, size.grows),
    _payload("repeated-key", _DOUBTFUL, keys.repeated_key),
    _payload("aps-type", _IGNORED, keys.aps_is_no_dictionary),
    _payload("beside-aps", _IGNORED, keys.beside_aps, _ALERT),
    _payload("control-beside-aps", _DOUBTFUL, keys.control_beside_aps),
    _payload("unknown-key", _IGNORED, keys.unknown_key),
    _payload("key-of-others", _IGNORED, keys.key_of_others, _ALERT),
    # Alerts, also those of Live Activities.
    _payload("nothing-to-show", _NOT_SHOWN, content.nothing_to_show, _ALERT),
    _payload("alert-type", _IGNORED, alert.alert_type, _READ_OUT),
    _payload("alert-empty", _IGNORED, alert.alert_empty, _READ_OUT),
    _payload("alert-text-type", _IGNORED, alert.text_type, _READ_OUT),
    _payload("alert-unknown-key", _IGNORED, alert.unknown_key, _READ_OUT),
    _payload("alert-obsolete-key", _DOUBTFUL, alert.obsolete_key, _READ_OUT),
    _payload("launch-image", _DOUBTFUL, alert.launch_image, _ALERT),
    _payload("loc-key-type", _IGNORED, alert.key_type, _READ_OUT),
    _payload("loc-args-type", _IGNORED, alert.arguments_type, _READ_OUT),
    _payload("loc-args-too-few", _IGNORED, alert.too_few_arguments, _READ_OUT),
    _payload("loc-key-without-args", _DOUBTFUL, alert.key_without_arguments, _READ_OUT),
    _payload("loc-args-without-key", _DOUBTFUL, alert.arguments_without_key, _READ_OUT),
    _payload("loc-args-text", _DOUBTFUL, alert.argument_texts, _READ_OUT),
    _payload("hidden-text", _DOUBTFUL, alert.hidden_text, _READ_OUT),
    _payload("badge-type", _IGNORED, content.badge_type, _ALERT),
    _payload("sound-type", _IGNORED, content.sound_type, _ALERT),
    _payload("sound-name", _IGNORED, content.sound_name, _ALERT),
    _payload("sound-volume", _IGNORED, content.sound_volume, _ALERT),
    _payload("sound-critical", _DOUBTFUL, content.sound_critical, _ALERT),
    _payload("sound-key", _DOUBTFUL, content.sound_key, _ALERT),
    _payload("text-type", _IGNORED, content.text_type, _ALERT),
    _payload("text-empty", _DOUBTFUL, content.text_empty, _ALERT),
    _payload(
        "interruption-level", _IGNORED, content.interruption_level, _ALERT, pages.INTERRUPTION
    ),
    _payload("passive-sound", _DOUBTFUL, content.passive_sound, _ALERT, pages.INTERRUPTION),
    _payload("relevance-score", _IGNORED, content.relevance_score, _ALERT),
    _payload("url-args", _DOUBTFUL, content.url_arguments, _ALERT),
    _payload("switch-type", _DOUBTFUL, content.switch_type),
    _payload(
        "mutable-without-alert",
        _DOUBTFUL,
        content.mutable_without_alert,
        _ALERT | _BACKGROUND,
        pages.SERVICE_EXTENSION,
    ),
    # Background.
    _payload("wakes-nothing", _NOT_SHOWN, content.wakes_nothing, _BACKGROUND, pages.BACKGROUND),
    _payload(
        "background-alert", _DOUBTFUL, content.background_alert, _BACKGROUND, pages.BACKGROUND
    ),
    _payload(
        "background-keys",
        _DOUBTFUL,
        keys.key_beside_content_available,
        _BACKGROUND,
        pages.BACKGROUND,
    ),
    # Live Activities.
    _activity("activity-event", _NOT_SHOWN, live_activity.event),
    _activity("activity-timestamp", _NOT_SHOWN, live_activity.timestamp),
    _activity("activity-dates", _NOT_SHOWN, live_activity.dates),
    _activity("activity-timestamp-ahead", _NOT_SHOWN, live_activity.timestamp_ahead),
    _activity("activity-state", _NOT_SHOWN, live_activity.content_state),
    _activity("activity-attributes", _NOT_SHOWN, live_activity.attributes),
    _activity("activity-start-alert", _NOT_SHOWN, live_activity.start_alert),
    _activity("activity-channel", _NOT_SHOWN, live_activity.channel),
    _activity("broadcast-start", _NOT_SHOWN, live_activity.broadcast_start, _BROADCAST),
    _activity("activity-push-token", _DOUBTFUL, live_activity.push_token),
    _activity("activity-final-state", _DOUBTFUL, live_activity.no_final_state),
    _activity("activity-milliseconds", _DOUBTFUL, live_activity.milliseconds),
    _activity("activity-stale", _DOUBTFUL, live_activity.stale_already),
    _activity("activity-dismissal", _DOUBTFUL, live_activity.early_dismissal),
    _activity("activity-dismissal-late", _DOUBTFUL, live_activity.late_dismissal),
    _activity("activity-input", _DOUBTFUL, live_activity.late_input),
    _activity("activity-score", _DOUBTFUL, live_activity.score),
    _activity("activity-sound", _DOUBTFUL, live_activity.sound_beside_alert),
    # What is not for people.
    _payload("content-changed", _DOUBTFUL, others.content_changed, _WIDGETS, pages.WIDGETS),
    _payload("mdm-magic", _DOUBTFUL, others.mdm_magic, _MDM, pages.MDM),
    _payload("file-provider-container", _DOUBTFUL, others.container, _FILES, pages.FILE_PROVIDER),
)
