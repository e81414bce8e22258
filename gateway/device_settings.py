"""The knobs of the virtual devices in this process; the gateway itself reads none of them."""

from __future__ import annotations

from dataclasses import dataclass

from gateway import values
from gateway.values import setting


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """What phones are like: their power, their keep-alives, what the system allows their apps."""

    power_reconnect_seconds: float = setting(
        160.0,
        "how long a locked phone of this process that has lost its link keeps trying; then it gives"
        " up until something wakes it",
        values.seconds,
    )
    power_maintenance_seconds: float = setting(
        1800.0, "after which time such a phone wakes by itself; 0 = never", values.seconds
    )
    power_wake_seconds: float = setting(
        8.0, "how long a push that wakes a locked phone keeps it awake", values.seconds
    )
    keep_alive_seconds: float | None = setting(
        None,
        "interval of virtual devices' keep-alives; unless given it adapts, from 900 s on Wi-Fi and"
        " 600 s on cellular",
        values.seconds,
    )
    live_activity_budget: int = setting(
        0,
        "pushes of priority 10 that an app's Live Activities obey in an hour; 0 = any number",
        values.whole_number,
    )
    background_pushes_per_hour: int = setting(
        0,
        "how many background pushes may wake an app in any hour, Apple: two or three; 0 = any"
        " number, as when run from Xcode",
        values.whole_number,
    )
    background_pushes_per_day: int = setting(
        0, "the same for a day (UTC); 0 = any number", values.whole_number
    )
    late_call_seconds: float = setting(
        20.0,
        "a VoIP push that took longer than this need not be answered by a call (mustReport)",
        values.seconds,
    )
    unreported_calls: int = setting(
        3,
        "after so many unreported calls within a day an app gets no VoIP pushes until it is"
        " installed anew; 0 = never",
        values.whole_number,
    )
