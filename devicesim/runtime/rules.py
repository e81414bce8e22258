"""The numbers of the system, of which Apple publishes few."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuntimeRules:
    """How much an app may.

    Attributes:
        background_pushes_per_hour: launches or wakes of an app in any hour; 0 = any number, as for
            an app that is run from Xcode. Apple, "Pushing background updates to your app": "don't
            try to send more than two or three per hour".
        background_pushes_per_day: the same in a day of the UTC calendar; 0 = any number. Apple,
            "Troubleshooting push notifications": the budget is reset once a day.
        background_run_seconds: how long an app runs that a push has launched or woken. Apple, same
            page: "your app has 30 seconds to perform any tasks".
        extension_seconds: how long a notification service extension may take; "about 30 seconds"
            (developer.apple.com/forums, Notification Service Extension is killed during startup).
        late_call_seconds: a VoIP push that took longer than this need not be answered by a call
            (``PKVoIPPushMetadata.mustReport``, iOS 26.4). Apple's number is not published; an
            engineer of Apple: raw delivery latency, well below 60 s (forums/thread/834530).
        unreported_calls: after this many within a day an app gets no VoIP pushes any more; 0 =
            never. Apple: "If your app repeatedly fails …, the system stops launching your app".
    """

    background_pushes_per_hour: int = 0
    background_pushes_per_day: int = 0
    background_run_seconds: float = 30.0
    extension_seconds: float = 30.0
    late_call_seconds: float = 20.0
    unreported_calls: int = 3
