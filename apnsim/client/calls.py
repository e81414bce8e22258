"""How the control API is asked: one HTTP client, and errors that help."""

from __future__ import annotations

from contextlib import contextmanager
from math import inf
from typing import TYPE_CHECKING, Any, Self

import httpx

from apnsim.client.errors import error_of, json_of, unreachable
from apnsim.client.views import given

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_URL = "http://127.0.0.1:2198"


class Calls:
    """Calls of one gateway's API; all raise :class:`ApnsimError`.

    Args:
        console_url: where it is.
        token: the console's bearer token, if it demands one.
        timeout: seconds for one answer; waiting calls add what they wait for.
        transport: in place of the network.
    """

    def __init__(
        self,
        console_url: str,
        token: str | None,
        timeout: float,
        transport: httpx.BaseTransport | None,
    ) -> None:
        self._timeout = timeout
        how: dict[str, Any] = {
            "base_url": console_url,
            "headers": {} if token is None else {"authorization": f"Bearer {token}"},
            "timeout": timeout,
            # The console is on this machine or named on purpose: no proxy of the environment.
            "trust_env": False,
            # Plain HTTP needs no authorities, and to read them takes longer than all else here.
            "verify": console_url.startswith("https"),
        }
        self._http = httpx.Client(transport=transport, **how)
        self._how = how

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        wait: float | None = None,
    ) -> Any:  # noqa: ANN401 — JSON
        """Any call of the API: ``path`` is relative to ``/api/v1/``; what it answers as JSON."""
        answer = self.answer(
            method,
            f"/api/v1/{path}",
            params=given(**(query or {})),
            json=body,
            timeout=None if wait == inf else self._timeout + (wait or 0),
        )
        return json_of(answer)

    @contextmanager
    def streamed(self, path: str, query: dict[str, Any] | None = None) -> Iterator[httpx.Response]:
        """An answer that is read as it comes, never silent for long; ``path`` as in `call`."""
        url, wait = f"/api/v1/{path}", httpx.Timeout(self._timeout, read=60.0)
        try:
            with self._http.stream("GET", url, params=given(**query or {}), timeout=wait) as answer:
                if answer.is_error:
                    answer.read()
                    raise error_of(answer)
                yield answer
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise unreachable(self._http.base_url, error) from error

    def answer(self, method: str, path: str, **how: Any) -> httpx.Response:  # noqa: ANN401
        """What is answered, if it is no error; ``how`` is httpx's, ``path`` the whole one."""
        try:
            answer = self._http.request(method, path, **how)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise unreachable(self._http.base_url, error) from error
        if answer.is_error:
            raise error_of(answer)
        return answer
