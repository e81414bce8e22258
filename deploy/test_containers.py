"""The image and the compose example, as far as they go where there is no container engine.

What the image runs is run here from an empty venv, in the environment that the files say; the
compose example in a network of its own in which Apple's names lead to it. docs/docker.md says what
was seen in real containers.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from deploy.conftest import PACKAGES, ROOT, TOOLS, Place, fits_schema, read_yaml, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DOCKER = ROOT / "deploy" / "docker"
EXAMPLE = ROOT / "examples" / "compose"
FREE_PORTS = {
    "APNSIM_PROVIDER_PORT": "0",
    "APNSIM_MANAGE_PORT_DEVELOPMENT": "0",
    "APNSIM_MANAGE_PORT_PRODUCTION": "0",
    "APNSIM_COURIER_PORT": "0",
}


def _is_healthy(place: Place, environment: Mapping[str, str]) -> bool:
    command = [place.bin / "python", DOCKER / "health.py"]
    return subprocess.run(command, env=dict(environment), check=False).returncode == 0


@contextmanager
def _container(environment: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """What the image runs, without the image; ``folder/log`` has what it says."""
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [DOCKER / "entrypoint.sh", "serve"], env=environment, cwd=folder, stderr=log
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def _environment(place: Place, folder: Path, **more: str) -> dict[str, str]:
    for name in ("data", "ca"):
        (folder / name).mkdir()
    told = {"APNSIM_DATA_DIR": str(folder / "data"), "APNSIM_CA_DIR": str(folder / "ca")}
    return {**place.environment, **told, "APNSIM_HOST": "127.0.0.1", **more}


def test_the_dockerfile_is_clean() -> None:
    command = [TOOLS / "hadolint", ROOT / "Dockerfile"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_is_small_is_not_root_and_says_whether_it_is_healthy() -> None:
    image = (ROOT / "Dockerfile").read_text().split("\nFROM ")[-1]
    assert image.startswith("python:${PYTHON}-slim\n")
    [user] = re.findall(r"^USER (\d+):\d+$", image, re.MULTILINE)
    assert int(user) > 0
    [health] = re.findall(r'^HEALTHCHECK .*\\\n +CMD \["python", "(.+)"\]$', image, re.MULTILINE)
    assert f"COPY deploy/docker/health.py {health}\n" in image


def test_what_the_image_copies_passes_dockerignore() -> None:
    let_through = {
        line[1:].rstrip("/")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )
    files = {word for line in copied for word in line.split() if not word.startswith("--")} - {"."}
    for file in files:
        assert (ROOT / file).is_file()
        assert any(f"{file}/".startswith(f"{name}/") for name in let_through), file
    assert all((ROOT / name).exists() for name in let_through)
    assert set(PACKAGES) <= let_through


def test_it_is_healthy_once_it_serves_guards_its_console_and_drains(
    installed: Place, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    environment = _environment(installed, tmp_path, APNSIM_CONSOLE_PORT=port, **FREE_PORTS)
    assert not _is_healthy(installed, environment)
    with _container(environment, tmp_path) as process:
        wait_for(lambda: _is_healthy(installed, environment), "health")
        url = f"http://127.0.0.1:{port}/api/v1/info"
        curl = ["curl", "-s", "--noproxy", "*", "-o", tmp_path / "info", "-w", "%{http_code}"]
        token_file = tmp_path / "data" / "console-token"
        assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
        bearer = f"authorization: Bearer {token_file.read_text().strip()}"
        assert subprocess.check_output([*curl, url]) == b"401"
        assert subprocess.check_output([*curl, "-H", bearer, url]) == b"200"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    log = (tmp_path / "log").read_text()
    assert f"docker exec CONTAINER cat {token_file}" in log
    assert token_file.read_text().strip() not in log
    shared = tmp_path / "ca" / "ca.pem"
    assert shared.read_bytes() == (tmp_path / "data" / "ca.pem").read_bytes()
    assert stat.S_IMODE(shared.stat().st_mode) == 0o644


def test_the_compose_file_is_one() -> None:
    fits_schema("vendor.compose-spec", EXAMPLE / "compose.yaml")


def _value(text: Any, environment: Mapping[str, str]) -> str:
    """``${NAME:-default}``, the one kind of substitution that the file uses."""
    return re.sub(
        r"\$\{(\w+):-([^}]*)\}", lambda found: environment.get(found[1], found[2]), str(text)
    )


def _told(service: Mapping[str, Any]) -> dict[str, str]:
    return {name: _value(value, {}) for name, value in service["environment"].items()}


# Both services on one machine: names as the compose network has them, a port below 1024.
MACHINE = """
set -e
ip link set lo up
echo "127.0.0.1 localhost $NAMES" >"$FOLDER/hosts"
mount --bind "$FOLDER/hosts" /etc/hosts
"$ENTRYPOINT" serve 2>"$FOLDER/log" &
gateway=$!
trap 'kill "$gateway" 2>/dev/null || true' EXIT
for _ in $(seq 300); do
  "$PYTHON" "$HEALTH" 2>/dev/null && break
  sleep 0.1
done
"$PYTHON" "$HEALTH"
env NODE_EXTRA_CA_CERTS="$APNSIM_CA_DIR/ca.pem" APNSIM_CONSOLE_URL="$CONSOLE" node "$BACKEND"
kill "$gateway"
wait "$gateway"
"""


def test_the_backend_of_the_compose_example_reaches_it_by_apples_name(
    installed: Place, tmp_path: Path
) -> None:
    services = read_yaml(EXAMPLE / "compose.yaml")["services"]
    aliases = services["apns"]["networks"]["default"]["aliases"]
    backend = services["backend"]
    assert backend["depends_on"]["apns"]["condition"] == "service_healthy"
    asked_for = backend["environment"]["NODE_EXTRA_CA_CERTS"]
    assert asked_for == "/apns/ca.pem"
    assert {"ca:/apns:ro"} <= set(backend["volumes"])
    environment = {
        **_environment(installed, tmp_path),
        **_told(services["apns"]),
        "NAMES": " ".join(["apns", *aliases]),
        "FOLDER": str(tmp_path),
        "ENTRYPOINT": str(DOCKER / "entrypoint.sh"),
        "PYTHON": str(installed.bin / "python"),
        "HEALTH": str(DOCKER / "health.py"),
        "CONSOLE": _told(backend)["APNSIM_CONSOLE_URL"],
        "BACKEND": str(EXAMPLE / "backend.mjs"),
    }
    command = ["unshare", "--map-root-user", "--mount", "--net", "sh", "-c", MACHINE]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    log = (tmp_path / "log").read_text() if (tmp_path / "log").exists() else ""
    assert done.returncode == 0, f"{done.stdout}{done.stderr}{log}"
    assert done.stdout.splitlines() == [
        "api.push.apple.com answers 200",
        'the phone got {"aps":{"alert":"Hello"}}',
    ]
    assert os.path.basename(backend["command"][-1]) == "backend.mjs"  # noqa: PTH119 - of a container
