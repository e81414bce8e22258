"""Fixtures for pytest: ``apns``, a gateway; ``apns_app``, an app on a phone of its own.

pytest loads this for every run, so it imports nothing before a test asks for a fixture.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from apnsim.client.devices import Device
    from apnsim.testing.apns import Apns
    from apnsim.testing.app import AppUnderTest
    from apnsim.testing.launch import GatewayProcess

_TELL: pytest.StashKey[Callable[[], str]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--apnsim-url`` and the ini options."""
    group = parser.getgroup("apnsim", "a stand-in for Apple's push service")
    group.addoption(
        "--apnsim-url",
        metavar="URL",
        help="use the gateway whose control API is there, instead of one for each process of tests"
        " (default: $APNSIM_CONSOLE_URL)",
    )
    parser.addini("apnsim_options", "options of `apnsim serve` for the tests' gateway", "args")
    parser.addini("apnsim_bundle_id", "the bundle id of apns_app, if it is not to be a fresh one")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Before anything of the project is imported: its packages go before ours of the same name."""
    from apnsim.testing.names import give_way

    give_way()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "apns_app(bundle_id=None, push_types=('alert',), environment=None, online=True):"
        " what the app of the fixture apns_app is, and its phone",
    )


@pytest.fixture(scope="session")
def apns(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Apns]:
    """A running gateway, with all that the client of the control API can do.

    It is this process's own (under xdist, this worker's), unless ``--apnsim-url`` names one.
    """
    config = request.config
    url = config.getoption("--apnsim-url") or os.environ.get("APNSIM_CONSOLE_URL")
    token = os.environ.get("APNSIM_CONSOLE_TOKEN")
    if url:
        from apnsim.testing.apns import Apns

        with Apns(url, token) as apns:
            yield apns
    else:
        from apnsim.testing.launch import launch

        options = config.getini("apnsim_options")
        process = launch(tmp_path_factory.mktemp("apnsim"), options)
        try:
            yield from _ready(process, token)
        finally:
            process.close()


def _ready(process: GatewayProcess, token: str | None) -> Iterator[Apns]:
    """The client is imported while the gateway starts: it takes half as long as that."""
    from apnsim.testing.apns import Apns
    from apnsim.testing.launch import GatewayError

    try:
        info = process.wait()
    except GatewayError as error:
        # `from None`: pytest would tell the error as well, and "during handling of it" the same.
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    with Apns(info["console_url"], token, process) as apns:
        yield apns


@pytest.fixture
def apns_device(request: pytest.FixtureRequest, apns: Apns) -> Iterator[Device]:
    """A phone of this test alone, online; afterwards the clock and the rules are as before."""
    asked = _asked(request.node)
    device = apns.create_device(environment=asked.environment, online=asked.online)
    yield device
    apns.put_back()
    if any(each.id == device.id for each in apns.devices()):
        device.delete()


@pytest.fixture
def apns_app(
    request: pytest.FixtureRequest, apns: Apns, apns_device: Device
) -> Iterator[AppUnderTest]:
    """An app on a phone of its own: its token, what it got, what a test expects of it.

    Its bundle id is a fresh one, unless ``@pytest.mark.apns_app(bundle_id=…)`` or the ini option
    ``apnsim_bundle_id`` says it.
    """
    from apnsim.testing.app import AppUnderTest
    from apnsim.testing.story import story_of

    asked = _asked(request.node)
    said = asked.bundle_id or request.config.getini("apnsim_bundle_id")
    bundle_id = str(said or _fresh_bundle_id(request.node.name))
    app = AppUnderTest(apns, apns_device.install(bundle_id, asked.push_types))
    request.node.stash[_TELL] = lambda: story_of(apns, app)
    yield app
    del request.node.stash[_TELL]
    apns.reset(bundle_id=bundle_id)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed says what the phone got, and what became of what was sent."""
    report = yield
    tell = item.stash.get(_TELL, None)
    if tell is not None and report.when == "call" and report.failed:
        report.sections.append(("apnsim", tell()))
    return report


class _Asked(NamedTuple):
    """What the marker ``apns_app`` can say."""

    bundle_id: str | None = None
    push_types: tuple[str, ...] = ("alert",)
    environment: str | None = None
    online: bool = True


def _asked(node: pytest.Item) -> _Asked:
    """What the marker says, the nearest of several."""
    marker = node.get_closest_marker("apns_app")
    if marker is None:
        return _Asked()
    try:
        return _Asked(*marker.args, **marker.kwargs)
    except TypeError as error:
        known = ", ".join(_Asked._fields)
        why = str(error).partition("() ")[2]
        words = f"@pytest.mark.apns_app takes {known}: {why}"
        raise pytest.fail.Exception(words, pytrace=False) from None


def _fresh_bundle_id(test: str) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "-", test).strip("-")[:60]
    return f"com.example.{words or 'test'}.{uuid4().hex[:8]}"
