"""The fixtures as pytest finds them: what they give, what they put back, what a failure says."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

# Runs in this process forget what they import; httpx keeps the exceptions of the first that it met.
import httpcore  # noqa: F401
import pytest
import trio

from apnsim.testing.launch import GatewayError, GatewayProcess, launch
from tests.e2e.world import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest_plugins = ["pytester"]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """One for all tests of this file that need not start their own."""
    process = launch(tmp_path_factory.mktemp("gateway"), ["--log-level", "warning"])
    process.wait()
    yield process
    process.close()
    assert process.exit_code is not None


@pytest.fixture
def running(
    pytester: pytest.Pytester, gateway: GatewayProcess, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """A project whose tests use that gateway."""
    monkeypatch.setenv("APNSIM_CONSOLE_URL", gateway.wait()["console_url"])
    # Where `pip install .` has left its egg-info, our modules are taken for a plugin's.
    ignored = "ignore::pytest.PytestAssertRewriteWarning"
    pytester.makeini(f"[pytest]\nfilterwarnings =\n  error\n  {ignored}\n")
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    # In this process, so that what is run of the plugin is measured.
    return project.runpytest_inprocess("-p", "no:trio", "-p", "no:cacheprovider", *arguments)


# -- what it gives ---------------------------------------------------------------------------------


def test_an_app_has_a_phone_and_a_name_of_its_own_and_all_is_gone_afterwards(
    running: pytest.Pytester,
) -> None:
    running.makepyfile(
        """
        seen = []

        def test_first(apns, apns_app, apns_device):
            assert apns_app.device is apns_device
            assert apns_app.bundle_id.startswith("com.example.test-first.")
            assert apns_app.push({"aps": {"alert": "Hello"}})["status"] == 200
            [push] = apns_app.wait_for()
            assert (push.state, len(apns_app.received())) == ("Presented", 1)
            assert [each.body for each in apns_app.screen().notifications] == ["Hello"]
            assert [each.id for each in apns.devices()] == [apns_device.id]
            assert apns_app.token in apns_app.tokens.values()
            apns_app.uninstall()
            apns.advance_clock(3600)
            apns.rules.add({"type": "answer", "status": 503})
            seen.append(apns_app)

        def test_second(apns, apns_app):
            [first] = seen
            assert apns_app.bundle_id != first.bundle_id
            assert apns.devices()[0].id != first.device.id
            assert apns.clock().now < apns.info().time + 60
            assert list(apns.rules) == []
            assert apns.notifications() == []
            apns_app.device.delete()

        def test_third(apns):
            assert apns.devices() == []
        """
    )
    run(running).assert_outcomes(passed=3)


def test_what_test_code_needs_to_know_of_the_gateway(running: pytest.Pytester) -> None:
    running.makepyfile(
        """
        from pathlib import Path

        def test_it(apns):
            environ = apns.environ()
            assert environ["APNSIM_PROVIDER_URL"] == apns.provider_url
            assert apns.provider_url == f"https://{apns.provider_host}:{apns.provider_port}"
            assert environ["APNSIM_MANAGE_URL"].startswith("https://127.0.0.1:")
            assert environ["APNSIM_MANAGE_URL"] != apns.provider_url
            assert Path(apns.key_file).read_text().startswith("-----BEGIN PRIVATE KEY")
            assert Path(apns.ca_file).read_text().startswith("-----BEGIN CERT")
            assert environ["APNSIM_KEY_ID"] == apns.key_id
            assert environ["APNSIM_TEAM_ID"] == apns.team_id
            assert apns.ssl_context().get_ca_certs()
            assert "APNSIM_CONSOLE_TOKEN" not in environ
        """
    )
    run(running).assert_outcomes(passed=1)


def test_the_marker_and_the_ini_file_say_which_app_and_which_phone(
    running: pytest.Pytester,
) -> None:
    running.makeini("[pytest]\napnsim_bundle_id = com.example.scores\nfilterwarnings = error\n")
    running.makepyfile(
        """
        import pytest

        def test_ini(apns_app):
            assert apns_app.topic == "com.example.scores"

        @pytest.mark.apns_app("com.other", push_types=["alert", "voip"], environment="production")
        def test_marker(apns_app):
            assert (apns_app.topic, apns_app.device.environment) == ("com.other", "production")
            assert sorted(apns_app.tokens) == ["alert", "voip"]

        @pytest.mark.apns_app(online=False)
        def test_offline(apns_app):
            assert not apns_app.device.online

        @pytest.mark.apns_app(bundle="com.other")
        def test_misspelt(apns_app):
            pass
        """
    )
    result = run(running, "--strict-markers")
    result.assert_outcomes(passed=3, errors=1)
    takes = "*apns_app takes bundle_id, push_types, environment, online: got an unexpected *"
    result.stdout.fnmatch_lines([takes])
    result.stdout.no_fnmatch_line("*During handling of*")


def test_expectations_are_awaited_on_both_loops(running: pytest.Pytester) -> None:
    running.makepyfile(
        """
        import pytest

        @pytest.mark.anyio
        async def test_it(apns_app):
            await apns_app.aio.expect_none()
            apns_app.push({"aps": {"alert": "Hello"}})
            [push] = await apns_app.aio.wait_for(text="Hello")
            assert await apns_app.aio.notifications() == [push]
            [near] = await apns_app.aio.near_misses(text="Goal")
            assert near.number == push.number
        """
    )
    run(running).assert_outcomes(passed=2)


# -- what a failure says ---------------------------------------------------------------------------


def test_a_failed_test_says_what_became_of_every_push(running: pytest.Pytester) -> None:
    running.makepyfile(
        """
        def test_it(apns_app):
            assert repr(apns_app).startswith("AppUnderTest('com.example.test-it.")
            apns_app.push({"aps": {"alert": "typo"}}, apns_topic="com.typo")
            apns_app.update(state="force-quit")
            quiet = {"aps": {"content-available": 1}}
            apns_app.push(quiet, apns_push_type="background", apns_priority="5")
            assert len(apns_app.notifications(state="Rejected")) == 0  # it has another topic
            apns_app.wait_for(2, seconds=0.2)

        def test_none(apns_app):
            apns_app.push({"aps": {"alert": "Hello"}})
            apns_app.expect_none()
        """
    )
    result = run(running)
    result.assert_outcomes(failed=2)
    # The trace ends in the test, not in the machinery.
    result.stdout.re_match_lines_random([r"^test_a_failed_.*:8: NotInTimeError$"])
    result.stdout.fnmatch_lines(
        [
            "E *NotInTimeError: waited for 2 within 0.2 s (*), found 1; *",
            "E * alert to com.typo 'typo', *: rejected: 400 DeviceTokenNotForTopic: *",
            "E * → send the apns-topic that the token was made for",
            "*- apnsim -*",
            "com.example.test-it.* on iPhone * (online, wifi, awake)",
            "the phone has got background *: not-shown: the app was force-quit: *",
            "*what was sent, and what became of it:",
            "*delivered, presented nothing: background push; the app was force-quit*",
            "*→ let a person open the app: *",
            "E *UnexpectedNotificationError: expected none (*), found 1:",
            "E * alert to com.example.test-none.* 'Hello': delivered and presented: *",
        ]
    )


def test_a_failed_test_that_sent_nothing_says_so(running: pytest.Pytester) -> None:
    running.makepyfile("def test_it(apns_app): assert False")
    result = run(running)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["the phone has got nothing", "*no such push came*", "*→ *"])


def test_a_gateway_that_has_gone_is_told_with_its_last_words(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os, signal

        def test_it(apns, apns_app):
            apns.process._process.kill()
            apns.process._process.wait()
            apns_app.wait_for()
        """
    )
    result = run(pytester)
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*the gateway has nothing more to say: no gateway answers at *",
            "it ended with code -9, its log with:",
        ]
    )


# -- how it starts and ends ------------------------------------------------------------------------


def test_a_run_has_a_gateway_of_its_own_with_the_options_of_the_ini_file(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APNSIM_CONSOLE_URL", raising=False)
    pytester.makeini("[pytest]\napnsim_options = --team-id ABCDE12345 --store sqlite\n")
    pytester.makepyfile(
        """
        def test_it(apns):
            assert apns.team_id == "ABCDE12345"
            assert 'kind="sqlite"' in apns.metrics()
        """
    )
    run(pytester).assert_outcomes(passed=1)


def test_a_gateway_that_cannot_start_says_why(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APNSIM_CONSOLE_URL", raising=False)
    pytester.makeini("[pytest]\napnsim_options = --store nowhere\n")
    pytester.makepyfile("def test_it(apns): pass")
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the gateway ended with code 2:", "*nowhere*"])
    result.stdout.no_fnmatch_line("*During handling of*")
    assert "Traceback" not in result.stdout.str()


def test_one_that_is_never_ready_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apnsim.testing.launch.START_SECONDS", 0)
    process = launch(tmp_path)
    with pytest.raises(GatewayError, match="was not ready after 0 s:\nit said nothing"):
        process.wait()
    monkeypatch.setattr("apnsim.testing.launch.STOP_SECONDS", 0)
    process.close()
    assert process.exit_code is not None


def test_a_process_that_tests_have_forked_does_not_hold_up_the_end(tmp_path: Path) -> None:
    process = launch(tmp_path)
    process.wait()
    inherited = process._process.stdin
    assert inherited is not None
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[inherited.fileno()]
    ) as forked:
        process.close()
        assert process.exit_code == 0
        forked.kill()


def test_a_package_of_ours_that_another_distribution_has_too_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site-packages"
    (site / "theirs-1.0.dist-info").mkdir(parents=True)
    (site / "theirs-1.0.dist-info" / "METADATA").write_text("Name: theirs\nVersion: 1.0\n")
    (site / "theirs-1.0.dist-info" / "RECORD").write_text("gateway/__init__.py,,\n")
    monkeypatch.syspath_prepend(site)
    process = launch(tmp_path, ["--store", "nowhere"])
    with pytest.raises(GatewayError, match=r"'gateway' in .* is also that of theirs: two distrib"):
        process.wait()
    process.close()


async def test_no_gateway_outlives_tests_that_were_killed(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import time\n"
        "def test_it(apns):\n"
        "    print('gateway', apns.process._process.pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    environ = {name: value for name, value in os.environ.items() if "APNSIM" not in name}
    with (tmp_path / "out").open("wb") as out:
        tests = await trio.lowlevel.open_process(
            [sys.executable, "-m", "pytest", "-s"],
            cwd=tmp_path, env=environ, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    said = (tmp_path / "out").read_text
    await until(lambda: "gateway " in said() or tests.poll() is not None)
    [pid] = map(int, re.findall(r"gateway (\d+)", said()))
    tests.send_signal(signal.SIGKILL)
    await tests.wait()
    await until(lambda: not _is_alive(pid))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.alone
def test_a_gateway_is_up_and_down_again_after_less_than_two_seconds_of_work(tmp_path: Path) -> None:
    """Of the processor: what else runs on the machine makes it wait, and costs it nothing."""

    def worked() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before = worked()
    process = launch(tmp_path)
    process.wait()
    process.close()
    assert worked() - before < 2


def test_pytest_pays_next_to_nothing_for_it_where_it_is_not_used() -> None:
    code = (
        "import pytest, sys; before = set(sys.modules); import apnsim.pytest_plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # What the standard library brings along costs a millisecond or two.
    assert "apnsim.pytest_plugin" in ran.stdout
    assert not re.findall(r"\b(httpx|trio|gateway|fastapi|apnsim\.client|ssl)\b", ran.stdout)
