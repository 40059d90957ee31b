"""A JupyterLab for the tests in a browser: on a folder, with a configuration of its own, reachable from here alone."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

SCREENSHOTS = Path(__file__).parent.parent / "build" / "screenshots"
QUIET = '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}'
NAMES = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython"}


@contextlib.contextmanager
def lab(folder, home, token="t"):
    """`jupyter lab`, started in `folder`; yields its address. What it keeps and logs is in `home`."""
    page_config = home / "config" / "labconfig" / "page_config.json"
    page_config.parent.mkdir(parents=True)
    page_config.write_text(QUIET)
    port = _free_port()
    command = [Path(sys.executable).parent / "jupyter", "lab", "--no-browser", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", "--allow-root"]
    environment = os.environ | {name: str(home / place) for name, place in NAMES.items()}
    with open(home / "log", "w") as log:
        server = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/api", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(url, server):
    for _ in range(900):
        assert server.poll() is None, "JupyterLab did not start"
        try:
            return urllib.request.urlopen(url, timeout=2).read()
        except OSError:
            time.sleep(0.2)
    raise AssertionError("JupyterLab did not answer in three minutes")


def shot(page, name, **options):
    """Keeps a screenshot for somebody to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", **options)
