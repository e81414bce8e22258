"""The calls of the control API, one router per subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.console.api import (
    activation,
    activities,
    albert,
    apps,
    channels,
    clock,
    devices,
    export,
    gateway,
    health,
    key_files,
    keys,
    lint,
    near_misses,
    notifications,
    requests,
    rules,
    screens,
    sending,
    settled,
    snapshot,
    webhooks,
)

if TYPE_CHECKING:
    from fastapi import APIRouter

ROUTERS: tuple[APIRouter, ...] = (
    gateway.router,
    snapshot.router,
    devices.router,
    apps.router,
    activities.router,
    screens.router,
    notifications.router,
    sending.router,
    near_misses.router,
    settled.router,
    requests.router,
    export.router,
    lint.router,
    channels.router,
    clock.router,
    keys.router,
    key_files.router,
    rules.router,
    webhooks.router,
    activation.router,
    albert.router,
    health.router,
)
