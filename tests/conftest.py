"""A limit for every test, in real time: what hangs fails instead of waiting for ever."""

from __future__ import annotations

import functools
import inspect
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import trio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from types import FrameType

SECONDS = 60
NOT_PYTHON_ALONE = {Path(__file__).parent / name for name in ("page", "formats")}

# The same examples in every run: what fails in CI fails here. `make fuzz` draws others, and more.
# How long one takes says more about the machine than about us; tests have SECONDS.
hypothesis.settings.register_profile("apnsim", deadline=None, derandomize=True)
hypothesis.settings.register_profile(
    "fuzz", deadline=None, derandomize=False, max_examples=1000, print_blob=True
)
hypothesis.settings.load_profile("apnsim")
FUZZ_SECONDS = 600


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"takes_seconds(limit): the test may take longer than {SECONDS} s"
    )
    config.addinivalue_line(
        "markers", "alone: the test measures time, so nothing else may run beside it"
    )


@pytest.fixture
def hangup() -> Iterator[None]:
    """SIGHUP means to what a test starts what it usually means; the tests may run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Some need more than Python, such as Chromium: they run where they are asked for."""
    if collection_path not in NOT_PYTHON_ALONE:
        return None
    asked_for = f"tests/{collection_path.name}"
    return None if any(asked_for in argument for argument in config.args) else True


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Iterator[None]:
    """What failed with half a surrogate pair in it would end the whole run: it is no UTF-8."""
    return _in_utf8((yield))


def _in_utf8(told: Any) -> Any:  # noqa: ANN401 - what a report is made of
    match told:
        case str():
            return told.encode(errors="backslashreplace").decode()
        case dict():
            return {_in_utf8(name): _in_utf8(value) for name, value in told.items()}
        case list() | tuple():
            return type(told)(map(_in_utf8, told))
        case _:
            return told


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    assert isinstance(item, pytest.Function)
    marker = item.get_closest_marker("takes_seconds")
    seconds = marker.args[0] if marker else SECONDS
    if hypothesis.settings.get_current_profile_name() == "fuzz":
        seconds = FUZZ_SECONDS
    message = f"took longer than {seconds} s; @pytest.mark.takes_seconds(n) allows more"
    if inspect.iscoroutinefunction(item.obj):
        item.obj = _cancelled_by_alarm(item.obj, message)

    def fail(_signal: int, _frame: FrameType | None) -> None:
        pytest.fail(message)

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(seconds)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _cancelled_by_alarm(
    test: Callable[..., Awaitable[None]], message: str
) -> Callable[..., Awaitable[None]]:
    """Trio must not be torn by an exception out of a signal: the alarm cancels the test."""

    @functools.wraps(test)
    async def limited(**fixtures: object) -> None:
        token = trio.lowlevel.current_trio_token()
        with trio.CancelScope() as scope:
            signal.signal(signal.SIGALRM, lambda *_: token.run_sync_soon(scope.cancel))
            await test(**fixtures)
        if scope.cancelled_caught:
            pytest.fail(message)

    return limited
