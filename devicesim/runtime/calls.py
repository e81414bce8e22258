"""VoIP pushes: which an app must answer by reporting a call, and what follows if it does not.

Apple, PushKit (``pushkit/pkpushtype/voip``): apps "must report the call quickly to CallKit";
the system terminates an app that fails to, and if it "repeatedly fails to report VoIP notifications
to CallKit, the system stops launching your app for VoIP push notifications".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devicesim.app import AppState
from devicesim.runtime.background_budget import DAY_SECONDS

if TYPE_CHECKING:
    from devicesim.app import App
    from devicesim.runtime.rules import RuntimeRules
    from protocol.courier.messages import Push

# As PushKit's exception says it (developer.apple.com/forums/thread/801446).
KILLED = (
    "Killing app because it never posted an incoming call to the system after receiving a PushKit"
    " VoIP push."
)
# As callservicesd logs it (react-native-webrtc/react-native-voip-push-notification#102).
NOT_LAUNCHED = (
    "Application will not be launched because it failed to report an incoming call too many times"
)


def must_report(app: App, push: Push, now: float, rules: RuntimeRules) -> bool:
    """Whether the app has to report a call: ``PKVoIPPushMetadata.mustReport``.

    An engineer of Apple (forums/thread/834530): decided by the raw delivery latency, not by the
    expiration; (forums/thread/768136): not of an app that is in the foreground.
    """
    is_late = now - push.sent_at > rules.late_call_seconds
    return not is_late and app.state is not AppState.FOREGROUND


def note_unreported(app: App, now: float, rules: RuntimeRules) -> None:
    """The app has not reported a call that it had to; repeated, its VoIP pushes stop for good."""
    recent = [each for each in app.unreported_calls if each > now - DAY_SECONDS]
    app.unreported_calls = [*recent, now]
    if rules.unreported_calls and len(app.unreported_calls) >= rules.unreported_calls:
        app.is_voip_stopped = True
