"""Is the gateway of this container ready? For HEALTHCHECK: 0 yes, 1 no."""

import http.client
import os
import sys

port = int(os.environ.get("APNSIM_CONSOLE_PORT") or 2198)
console = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
try:
    console.request("GET", "/readyz")
    answer = console.getresponse()
    said = answer.read(500).decode()
except OSError as error:
    sys.exit(f"no console on port {port}: {error}")
sys.exit(0 if answer.status == 200 else f"not ready: {answer.status} {said}")
