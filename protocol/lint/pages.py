"""The pages of Apple's that the rules follow."""

from __future__ import annotations

_APPLE = "https://developer.apple.com/documentation"

SENDING = f"{_APPLE}/usernotifications/sending-notification-requests-to-apns"
RESPONSES = f"{_APPLE}/usernotifications/handling-notification-responses-from-apns"
PAYLOAD = f"{_APPLE}/usernotifications/generating-a-remote-notification"
BACKGROUND = f"{_APPLE}/usernotifications/pushing-background-updates-to-your-app"
SERVICE_EXTENSION = f"{_APPLE}/usernotifications/modifying-content-in-newly-delivered-notifications"
INTERRUPTION = f"{_APPLE}/usernotifications/unnotificationinterruptionlevel"
_STARTING = "starting-and-updating-live-activities-with-activitykit-push-notifications"
LIVE_ACTIVITIES = f"{_APPLE}/activitykit/{_STARTING}"
BROADCASTS = f"{_APPLE}/usernotifications/sending-broadcast-push-notification-requests-to-apns"
BROADCAST_ERRORS = f"{_APPLE}/usernotifications/handling-error-responses-from-apns"
VOIP = f"{_APPLE}/pushkit/responding-to-voip-notifications-from-pushkit"
PUSH_TO_TALK = f"{_APPLE}/pushtotalk/creating-a-push-to-talk-app"
WIDGETS = f"{_APPLE}/widgetkit/updating-widgets-with-widgetkit-push-notifications"
FILE_PROVIDER = f"{_APPLE}/fileprovider/using-push-notifications-to-signal-changes"
MDM = f"{_APPLE}/devicemanagement/sending-mdm-commands-to-a-device"
