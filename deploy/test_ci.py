"""The GitHub action and the GitLab job: their files fit the schemas, their programs are run."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from deploy.conftest import ROOT, fits_schema, read_yaml, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACTION = ROOT / "deploy" / "github-action"
GITLAB = ROOT / "deploy" / "gitlab-ci.yml"
# Of the page: one block of YAML is a workflow, the others are of GitLab.
BLOCKS = re.findall(
    r"^```yaml\n(.*?)^```$", (ROOT / "docs" / "ci.md").read_text(), re.MULTILINE | re.DOTALL
)

# Where the gateway is, what to trust and what to sign with, it finds in APNSIM_* variables.
PUSH = """
test -f "$APNSIM_CA_FILE"
apnsim send --topic com.example.app --alert Hello --token "$(printf '%064d' 7)"
"""


def test_the_action_is_one() -> None:
    fits_schema("vendor.github-actions", ACTION / "action.yml")


def test_the_gitlab_file_is_one() -> None:
    fits_schema("vendor.gitlab-ci", GITLAB)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_what_the_page_says_fits_the_schema(number: int, tmp_path: Path) -> None:
    file = tmp_path / "block.yml"
    file.write_text(BLOCKS[number])
    is_workflow = BLOCKS[number].startswith("name: push tests")
    fits_schema("vendor.github-workflows" if is_workflow else "vendor.gitlab-ci", file)


def test_the_page_knows_every_input_of_the_action() -> None:
    page = (ROOT / "docs" / "ci.md").read_text()
    action = read_yaml(ACTION / "action.yml")
    for name in (*action["inputs"], *action["outputs"]):
        assert f"`{name}`" in page, name


# -- GitHub ----------------------------------------------------------------------------------------


class Job:
    """What a runner keeps for the steps of a job: files that they append to.

    Args:
        folder: of the runner.
        wheel: what the action installs.
    """

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if "APNSIM" not in name},
            "RUNNER_TEMP": str(folder),
            "INPUT_REQUIREMENT": str(wheel),
            "INPUT_PYTHON": "python3",
            "INPUT_OPTIONS": "--unknown-tokens=adopt\n--log-level=debug\n",
            "PIP_NO_COMPILE": "0",  # pip reads it as compile=0; what is imported is compiled then
        }
        for name in ("ENV", "OUTPUT", "STATE", "PATH"):
            (folder / name).touch()
            self.environment[f"GITHUB_{name}"] = str(folder / name)

    def read(self, name: str) -> dict[str, str]:
        """What steps have said: ``ENV``, ``OUTPUT`` or ``STATE``."""
        lines = (self.folder / name).read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)  # type: ignore[misc]

    def program(self, name: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run one of the action's programs, as the file says."""
        program = ACTION / read_yaml(ACTION / "action.yml")["runs"][name]
        return self._run(["node", str(program)], self.environment | more)

    def step(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a step of the user, with what the action left for it."""
        path = [*(self.folder / "PATH").read_text().split(), os.environ["PATH"]]
        environment = {**self.environment, **self.read("ENV"), "PATH": os.pathsep.join(path)}
        return self._run(["bash", "-eo", "pipefail", "-c", script], environment)

    def _run(
        self, command: list[str], environment: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True,
            check=False, timeout=150,
        )  # fmt: skip


@pytest.fixture
def job(wheel: Path, tmp_path: Path) -> Iterator[Job]:
    job = Job(tmp_path, wheel)
    yield job
    if pid := job.read("STATE").get("pid"):
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def test_the_action_keeps_a_gateway_for_the_steps_that_follow_and_ends_it(job: Job) -> None:
    started = job.program("main")
    assert started.returncode == 0, started.stdout + started.stderr
    pushed = job.step(PUSH)
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    assert "200" in pushed.stdout
    told = read_yaml(ACTION / "action.yml")["outputs"]
    assert set(told) == set(job.read("OUTPUT"))
    state = job.read("STATE")
    stopped = job.program("post", **{f"STATE_{name}": value for name, value in state.items()})
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr
    assert re.search(
        r"::group::.*com\.example\.app.*draining.*::endgroup::", stopped.stdout, re.DOTALL
    )
    wait_for(lambda: not _is_there(int(state["pid"])), "the gateway's end")


def test_an_action_that_cannot_install_it_fails_the_job_and_its_post_step_does_not(
    job: Job,
) -> None:
    job.environment["INPUT_PYTHON"] = "no-such-python"
    started = job.program("main")
    assert started.returncode == 1
    assert re.search(r"^::error::.*no-such-python", started.stdout)
    assert job.program("post").returncode == 0


def _is_there(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


# -- GitLab ----------------------------------------------------------------------------------------


def test_the_lines_of_the_gitlab_job_install_it_and_run_what_they_are_given(
    wheel: Path, tmp_path: Path
) -> None:
    template = read_yaml(GITLAB)[".apnsim"]
    job = read_yaml(GITLAB)["push-tests"]
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "push.sh").write_text(f"set -e\n{PUSH}")
    environment = {
        **{name: value for name, value in os.environ.items() if "APNSIM" not in name},
        "CI_PROJECT_DIR": str(tmp_path),
        "APNSIM_REQUIREMENT": str(wheel),
        "APNSIM_UNKNOWN_TOKENS": "adopt",
        "PIP_NO_COMPILE": "0",  # pip reads it as compile=0; what is imported is compiled then
    }
    lines = "\n".join([*template["before_script"], *job["script"]])
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", lines], env=environment, cwd=tmp_path,
        capture_output=True, text=True, check=False, timeout=150,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "200" in done.stdout
