"""The clients, as they come from their makers. A new one is an entry here and a program."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata

from interop.builds import CACHE, FOLDER, Build
from interop.client import ApnsIds, Client

NODE, PYTHON = FOLDER / "node", FOLDER / "python"
SIGNS_ONCE = "keeps its provider token; signing anew is the caller's business"
NO_BROADCAST = "has no means for channels"
NO_PROXY = "has no option for a proxy"

NODE_PACKAGES = Build(
    "node",
    NODE,
    ("package-lock.json",),
    (("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"),),
    NODE / "node_modules" / ".package-lock.json",
)
PYAPNS2 = Build(
    "pyapns2",
    PYTHON,
    ("pyapns2.lock",),
    (
        (sys.executable, "-m", "venv", "--clear", "{cache}/venv"),
        ("{cache}/venv/bin/pip", "install", "-q", "--require-hashes", "-r", "pyapns2.lock"),
        # hyper's own limit, told in words before it is met.
        ("{cache}/venv/bin/python", "-c", "import apns2.client"),
    ),
    CACHE / "pyapns2" / "venv" / "bin" / "python",
)
GO = Build(
    "go",
    FOLDER / "go",
    ("*",),
    (("go", "build", "-mod=readonly", "-o", "{cache}/provider", "."),),
    CACHE / "go" / "provider",
)
RUST = Build(
    "rust",
    FOLDER / "rust",
    ("Cargo.*", "**/*.rs", "webpki-roots/Cargo.toml"),
    (("cargo", "build", "--quiet", "--locked", "--target-dir", "{cache}"),),
    CACHE / "rust" / "debug" / "apnsim-interop",
)
JARS = "{cache}/lib"
JAVA = Build(
    "java",
    FOLDER / "java",
    ("*",),
    (
        ("rm", "-rf", JARS),
        ("mvn", "-B", "-q", "dependency:copy-dependencies", f"-DoutputDirectory={JARS}"),
        ("sh", "-c", f"sums=$PWD/dependencies.sha256; cd {JARS}; sha256sum --quiet -c $sums"),
        ("javac", "-encoding", "UTF-8", "-cp", f"{JARS}/*", "-d", "{cache}", "Provider.java"),
    ),
    CACHE / "java" / "Provider.class",
)


def node_package_version(name: str) -> str:
    """The version that package-lock.json pins."""
    lock = json.loads((NODE / "package-lock.json").read_text())
    return str(lock["packages"][f"node_modules/{name}"]["version"])


def printed_version(command: str) -> str:
    """What ``command --version`` prints, without the name of the command."""
    printed = subprocess.check_output([command, "--version"], text=True).split()
    return printed[1] if printed[0] == command else printed[0].removeprefix("v")


def pinned_version(file: str, pattern: str) -> str:
    """The version that a file of this folder pins."""
    found = re.search(pattern, (FOLDER / file).read_text())
    assert found, f"{file} pins no {pattern}"
    return found[1]


CLIENTS = (
    Client(
        "aioapns",
        (sys.executable, str(PYTHON / "aioapns_client.py")),
        version=lambda: metadata.version("aioapns"),
        cannot={
            "expiration 0": "has time_to_live, sends now + time_to_live",
            "expiration 0, away": "has time_to_live, sends now + time_to_live",
            "token re-signed": "keeps its provider token for the life of a connection",
            "broadcast": NO_BROADCAST,
            "through the proxy": "its proxy option fails on asyncio: 'TransportSocket' object has "
            "no attribute 'send'",
            "1300 unregistered": "never opens its connection window, so it hangs for ever in a "
            "burst of 65,535 bytes of errors; in a pause the gateway closes such "
            "a connection, and aioapns goes on over a fresh one",
        },
        one_at_a_time={
            "GOAWAY in the middle": "never uses a stream limit that was raised, so pushes wait in "
            "its pool; those wait for ever when its last connection goes",
        },
        at_goaway="connects anew by itself; tries refused connections five times, a second apart",
        breaks_on={
            "no ALPN: HTTP/2 must be spoken all the same": "every case",
            "`host` in place of `:authority`": "every case",
            "finds a request by its apns-id only; hangs when the echo differs by one letter's "
            "case": "apns-id in mixed case, bad token",
            "reads an error from one DATA frame only": "bad token",
            "leaves half-open requests when the server's first window is full": (
                "200 large, one connection"
            ),
            "hangs on REFUSED_STREAM": "twenty at once, cold",
        },
        sends={"host": "127.0.0.1"},
    ),
    Client(
        "httpx",
        (sys.executable, str(PYTHON / "httpx_client.py")),
        version=lambda: metadata.version("httpx"),
        cannot={"token re-signed": SIGNS_ONCE},
        resends=frozenset({"GOAWAY, idle"}),
        at_goaway="reads nothing between pushes, so the next one fails (WriteError) and is its "
        "caller's to push again; the one after that goes over a new connection",
        sends={"host": None, "accept-encoding": "gzip, deflate"},
    ),
    Client(
        "PyAPNs2",
        (str(PYAPNS2.product), str(PYTHON / "pyapns2_client.py")),
        version=lambda: "as apns2-up " + pinned_version("python/pyapns2.lock", r"apns2-up==(\S+)"),
        build=PYAPNS2,
        cannot={
            "own apns-id": "has no means to say an apns-id",
            "apns-id in mixed case": "has no means to say an apns-id",
            "through the proxy": "its hyper raises: Proxy with HTTPS not supported",
            "broadcast": NO_BROADCAST,
            "token re-signed": SIGNS_ONCE,
        },
        apns_ids=ApnsIds.NONE,
        resends=frozenset({"GOAWAY, idle"}),
        at_goaway="never makes up for a connection that is gone: its caller needs a new client, "
        "and pushes again what failed",
        breaks_on={"`iat` is a fraction": "every case"},
        sends={"content-type": None},
    ),
    Client(
        "curl",
        ("bash", str(FOLDER / "curl.sh")),
        version=lambda: printed_version("curl"),
        needs=("curl", "jq", "bash"),
        cannot={"token re-signed": SIGNS_ONCE},
        at_goaway="each run of it has a connection of its own",
        breaks_on={"sends a content-type that is no JSON's": "every case"},
        sends={"content-type": "application/x-www-form-urlencoded"},
    ),
    Client(
        "node-apn",
        ("node", str(NODE / "node_apn.js")),
        version=lambda: node_package_version("@parse/node-apn"),
        needs=("node", "npm"),
        build=NODE_PACKAGES,
        trusts_by="NODE_EXTRA_CA_CERTS",  # through a proxy it forgets its option `ca`
        at_goaway="connects anew by itself; reports refused connections and 503 at once",
        breaks_on={
            "loses 19 of 20 first requests to REFUSED_STREAM": "twenty at once, cold",
            "signs anew after ExpiredProviderToken and retries on the same connection": (
                "token re-signed"
            ),
            "retries ExpiredProviderToken three times, without delay": "token expired",
            "gives up after 5 s": "every case",
        },
        sends={"host": None, "content-length": None},
    ),
    Client(
        "node apns2",
        ("node", str(NODE / "apns2.js")),
        version=lambda: node_package_version("apns2"),
        needs=("node", "npm"),
        build=NODE_PACKAGES,
        goes_to_apple=True,
        trusts_by="NODE_EXTRA_CA_CERTS",
        note="goes to api.sandbox.push.apple.com:443, in namespaces where that is the gateway",
        cannot={
            "own apns-id": "has no means to say an apns-id",
            "apns-id in mixed case": "has no means to say an apns-id",
            "through the proxy": NO_PROXY,
            "certificate": "has no option for one",
            "broadcast": NO_BROADCAST,
            "200 large, one connection": "opens up to 32, for one request at a time each",
            "token re-signed": "signs anew after ExpiredProviderToken, but reports that push",
        },
        apns_ids=ApnsIds.NONE,
        at_goaway="connects anew by itself; a push that it began on the connection that leaves "
        "may fail (SocketError)",
        sends={"host": None, "apns-id": None},
    ),
    Client(
        "node-http2",
        ("node", str(NODE / "http2.js")),
        version=lambda: printed_version("node"),
        needs=("node",),
        cannot={"token re-signed": SIGNS_ONCE, "through the proxy": NO_PROXY},
        at_goaway="the session is closed, the program opens another; a push begun on the one that "
        "leaves may fail (REFUSED_STREAM)",
        breaks_on={"loses 19 of 20 first requests to REFUSED_STREAM": "twenty at once, cold"},
        sends={"host": None},
    ),
    Client(
        "go apns2",
        (str(GO.product),),
        version=lambda: pinned_version("go/go.mod", r"sideshow/apns2 v(\S+)"),
        needs=("go",),
        build=GO,
        cannot={
            "expiration 0": "takes it for one that is not set",
            "broadcast": NO_BROADCAST,
            "expiration 0, away": "takes it for one that is not set",
            "token re-signed": SIGNS_ONCE,
        },
        timestamp_unit=1000,
        at_goaway="connects anew by itself; reports refused connections at once",
        sends={"accept-encoding": "gzip"},
    ),
    Client(
        "Pushy",
        ("java", "-cp", f"{JAVA.cache}/lib/*:{JAVA.cache}", "Provider"),
        version=lambda: pinned_version("java/pom.xml", r"(?s)pushy</.*?<version>(\S+)</version>"),
        needs=("java", "javac", "mvn"),
        build=JAVA,
        cannot={
            "apns-id in mixed case": "keeps it as a UUID, which has no letter case",
            "token re-signed": "reports that push, and signs anew for its next connection",
            "broadcast": NO_BROADCAST,
        },
        apns_ids=ApnsIds.UUID,
        at_goaway="connects anew by itself, after a refused connection 1, 2, 4 … s later; a push "
        "that it began on the connection that leaves may fail (IOException)",
        breaks_on={
            "no ALPN: HTTP/2 must be spoken all the same": "every case",
            "signs the provider token in DER": "every case",
            "loses a reason that is not in the one DATA frame that ends the stream": "bad token",
        },
    ),
    Client(
        "a2",
        (str(RUST.product),),
        version=lambda: pinned_version("rust/Cargo.toml", r'a2 = { version = "=(\S+)"'),
        needs=("cargo",),
        build=RUST,
        goes_to_apple=True,
        note="goes to api.development.push.apple.com:443, in namespaces where that is the gateway; "
        "Mozilla's roots, which it compiles in from the crate webpki-roots, are replaced by the "
        "gateway's CA through Cargo's `[patch]`; a2 itself is as published",
        cannot={
            "through the proxy": NO_PROXY,
            "broadcast": NO_BROADCAST,
            "token re-signed": SIGNS_ONCE,
        },
        at_goaway="connects anew by itself; reports refused connections and 503 at once",
        breaks_on={
            "sends the scheme as `Bearer`": "every case",
            "writes its provider token in base64 with `+` and `/`": "every case",
        },
    ),
)
