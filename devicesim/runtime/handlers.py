"""Where in a real app a push of each type arrives; Apple's names."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.notification import PushType

BACKGROUND = "application(_:didReceiveRemoteNotification:fetchCompletionHandler:)"
IN_FOREGROUND = "userNotificationCenter(_:willPresent:withCompletionHandler:)"
SERVICE_EXTENSION = "UNNotificationServiceExtension didReceive(_:withContentHandler:)"
# iOS 26.4; before it: pushRegistry(_:didReceiveIncomingPushWith:for:completion:).
VOIP = "pushRegistry(_:didReceiveIncomingVoIPPushWith:metadata:withCompletionHandler:)"
REGISTERED = "application(_:didRegisterForRemoteNotificationsWithDeviceToken:)"
REGISTER = "registerForRemoteNotifications()"
UNREGISTER = "unregisterForRemoteNotifications()"
LAUNCHED = "application(_:didFinishLaunchingWithOptions:)"


@dataclass(frozen=True, slots=True)
class Handler:
    """Code that the system runs for a push.

    Attributes:
        name: Apple's.
        launches: whether it is code of the app itself, which is launched for it; an extension is a
            process of its own, which comes and goes beside the app.
    """

    name: str
    launches: bool


# The types whose handler is called whatever the app is doing; all pages are below
# developer.apple.com/documentation.
HANDLERS = {
    # pushtotalk/ptchannelmanagerdelegate: "The system calls this method for each incoming push."
    PushType.PUSH_TO_TALK: Handler(
        "PTChannelManagerDelegate incomingPushResult(channelManager:channelUUID:pushPayload:)",
        launches=True,
    ),
    # pushkit/pkpushtype/complication
    PushType.COMPLICATION: Handler(
        "pushRegistry(_:didReceiveIncomingPushWith:for:completion:)", launches=True
    ),
    # corelocation/creating-a-location-push-service-extension: "even when your app isn't running".
    PushType.LOCATION: Handler(
        "CLLocationPushServiceExtension didReceiveLocationPushPayload(_:completion:)",
        launches=False,
    ),
    # fileprovider/using-push-notifications-to-signal-changes: the system "automatically calls the
    # signalEnumerator(for:completionHandler:) method"; the enumerator is the extension's.
    PushType.FILE_PROVIDER: Handler(
        "NSFileProviderManager signalEnumerator(for:completionHandler:)", launches=False
    ),
    # widgetkit/updating-widgets-with-widgetkit-push-notifications: the widget's timelines are
    # reloaded; the WidgetPushHandler of the app hears of tokens alone.
    PushType.WIDGETS: Handler("TimelineProvider getTimeline(in:completion:)", launches=False),
    # widgetkit/updating-controls-locally-and-remotely
    PushType.CONTROLS: Handler("ControlValueProvider currentValue()", launches=False),
    # The system's own MDM client asks its server what to do; no app is involved.
    PushType.MDM: Handler("the system's MDM client", launches=False),
}
LIVE_ACTIVITY = "Activity contentUpdates"

_PUSHKIT_TOKEN = "pushRegistry(_:didUpdate:for:)"
# Where an app of each type hears of its token.
TOKEN_CALLS = {
    PushType.ALERT: REGISTERED,
    PushType.BACKGROUND: REGISTERED,
    PushType.MDM: REGISTERED,
    PushType.VOIP: f"{_PUSHKIT_TOKEN} voIP",
    PushType.COMPLICATION: f"{_PUSHKIT_TOKEN} complication",
    PushType.FILE_PROVIDER: f"{_PUSHKIT_TOKEN} fileProvider",
    PushType.LOCATION: "CLLocationManager startMonitoringLocationPushes(completion:)",
    PushType.PUSH_TO_TALK: "channelManager(_:receivedEphemeralPushToken:)",
    PushType.WIDGETS: "WidgetPushHandler pushTokenDidChange(_:widgets:)",
    PushType.CONTROLS: "ControlPushHandler pushTokensDidChange(controls:)",
    PushType.LIVE_ACTIVITY: "Activity pushToStartTokenUpdates",
}


# What is called of an app that is not in front; an alert calls nothing of it.
_CALLED = {
    PushType.ALERT: "",
    PushType.BACKGROUND: BACKGROUND,
    PushType.VOIP: VOIP,
    PushType.LIVE_ACTIVITY: LIVE_ACTIVITY,
    **{push_type: handler.name for push_type, handler in HANDLERS.items()},
}


def name_of(push_type: PushType) -> str:
    """What is called for a push of this type; empty if nothing of the app is."""
    return _CALLED[push_type]
