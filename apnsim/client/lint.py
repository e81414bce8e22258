"""The linter of a running gateway, synchronous."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apnsim.client.findings import LintReport
from apnsim.client.views import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apnsim.client import Apnsim


class Linter:
    """What is wrong with a push; sends nothing.

    Args:
        apnsim: the gateway to ask.
    """

    def __init__(self, apnsim: Apnsim) -> None:
        self._apnsim = apnsim

    def __call__(
        self,
        payload: dict[str, Any] | str,
        headers: Mapping[str, str] | None = None,
        *,
        path: str | None = None,
        whole: bool = False,
    ) -> LintReport:
        """Judge a push.

        Args:
            payload: the dictionary, or the very text of the body.
            headers: those that are known.
            path: where it is to be posted to; tells a broadcast.
            whole: whether path and headers are all: what is not there is missing.
        """
        body: dict[str, Any] = {"headers": dict(headers or {}), "whole": whole}
        body["raw_payload" if isinstance(payload, str) else "payload"] = payload
        if path is not None:
            body["path"] = path
        return read(LintReport, self._apnsim.call("POST", "lint", body=body))
