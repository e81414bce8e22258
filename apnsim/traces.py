"""Traces of each push, if asked for: by a setting, or by OpenTelemetry's own variables."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import trio

from gateway.tracing.exporting import (
    ENDPOINT_VARIABLES,
    NoTracesError,
    export_traces,
    require_sdk,
)

if TYPE_CHECKING:
    from gateway.serve import Gateway

log = logging.getLogger(__name__)


async def run_traces(
    gateway: Gateway, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Export traces, if asked to; a companion of the gateway.

    Raises:
        NoTracesError: the setting asks for them, and the SDK is not installed.
    """
    endpoint = gateway.settings.otel_endpoint
    variable = next((name for name in ENDPOINT_VARIABLES if os.environ.get(name)), None)
    if endpoint is None and variable is not None:
        # It may be there for other programs: no reason not to start.
        try:
            require_sdk()
        except NoTracesError as error:
            log.warning("%s is set, but %s", variable, error)
            variable = None
    if endpoint is None and variable is None:
        task_status.started()
        return
    log.info("traces go to %s", endpoint or os.environ[str(variable)])
    await export_traces(gateway.journal.followers, endpoint, task_status)
