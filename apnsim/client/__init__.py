"""The control API of a running gateway, synchronous: for tests, scripts and the shell.

::

    with Apnsim("http://127.0.0.1:2198") as apnsim:
        phone = apnsim.create_device()
        app = phone.install("com.example.app")
        ...  # push to app.token with your own client
        [push] = apnsim.wait_for_notifications(token=app.token, state="Delivered to Device")
"""

from apnsim.client.apps import App
from apnsim.client.control import Apnsim
from apnsim.client.devices import Device
from apnsim.client.errors import (
    ApnsimError,
    NotInTimeError,
    NotSettledError,
    UnexpectedNotificationError,
    UnreachableError,
)

__all__ = [
    "Apnsim",
    "ApnsimError",
    "App",
    "Device",
    "NotInTimeError",
    "NotSettledError",
    "UnexpectedNotificationError",
    "UnreachableError",
]
