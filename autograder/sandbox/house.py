"""The trusted side of the sandbox: starts a house with a warm parent in it, and asks it for rooms.

A house belongs to the thread that started it (bubblewrap's --die-with-parent follows the thread): start it from one
that lives as long as the house is needed.
"""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..inside import wire
from . import seccomp
from .levels import SandboxUnavailable, base_binds, drop_root

INSIDE = Path(__file__).resolve().parent.parent / "inside"
START = "import sys; sys.path.insert(0, {!r}); from inside.warm import start; start()"
ROOM_SECONDS = 30  # a room takes 10 ms; this is for a machine that is badly overloaded
HOUSE_SECONDS = 120
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Needs:
    """What a house must hold for the answers of an assignment.

    library: the folder of the `nextword` package, or None; withheld: its modules that an answer may not see;
    preload: "module:function" calls that the warm parent makes once for all submissions.
    """

    torch: bool = False
    library: str | None = None
    withheld: tuple = ()
    preload: tuple = ()


class Room:
    """One submission's place: a connected socket and a handle to end everything that runs in it."""

    def __init__(self, connection, handle):
        self.connection, self._handle = connection, handle

    def close(self):
        """Ends whatever still runs in the room; returns when it is gone."""
        self.connection.close()
        if self._handle is None:
            return
        try:
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        except ProcessLookupError:
            pass
        select.select([self._handle], [], [], ROOM_SECONDS)
        os.close(self._handle)
        self._handle = None


class House:
    """A warm parent in isolation (level "rooms") or as a plain process (level "none")."""

    def __init__(self, level, needs: Needs, limits):
        self.level, self.needs, self.limits = level, needs, limits
        self.bounds = wire.Bounds(bytes=limits.value_bytes, depth=limits.nesting_depth)
        self._process = self._control = None
        self._scratch = None

    def start(self):
        """Starts the house; about a second, three with torch."""
        self._control, theirs = socket.socketpair()
        self._scratch = tempfile.mkdtemp(prefix="nextword-")
        library = "/house/lib" if self.level == "rooms" else self.needs.library and str(Path(self.needs.library).parent)
        configuration = json.dumps(
            {
                "level": self.level,
                "torch": self.needs.torch,
                "withheld": self.needs.withheld,
                "preload": self.needs.preload,
                "library": [library] if library else [],
                "seccomp": seccomp.program().hex() if self.level == "rooms" else "",
                "limits": room_limits(self.limits),
                "bounds": {"bytes": self.bounds.bytes, "items": self.bounds.items, "depth": self.bounds.depth},
            }
        )
        wrap = self._house if self.level == "rooms" else self._plain
        self._process = subprocess.Popen(
            [*wrap(), str(theirs.fileno()), configuration],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", os.defpath), **self._environment(self._scratch)},
            cwd=self._scratch if self.level == "none" else None,
        )
        theirs.close()
        self._wait_until_ready()
        return self

    def _wait_until_ready(self):
        self._control.settimeout(HOUSE_SECONDS)
        try:
            ready = self._control.recv(1) == b"R"
        except (TimeoutError, ConnectionError):
            ready = False
        if not ready:
            self._process.kill()
            said = self._process.stderr.read().decode(errors="replace").strip()
            self.close()
            raise SandboxUnavailable(f"The sandbox did not start: {said[-500:] or 'it said nothing'}")

    def room(self):
        """A fresh room. The house is started, or started again, when it is not running."""
        for _ in range(2):
            if self._process is None or self._process.poll() is not None:
                self.close()
                self.start()
            try:
                return self._ask_for_room()
            except (OSError, EOFError) as error:
                failure = error
                self.close()
        raise SandboxUnavailable(f"No room could be had: {failure}")

    def _ask_for_room(self):
        ours, theirs = socket.socketpair()
        socket.send_fds(self._control, [b"R"], [theirs.fileno()])
        theirs.close()
        ours.settimeout(ROOM_SECONDS)
        message, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
        if descriptors:
            return Room(ours, descriptors[0])
        said = message + (ours.recv(4096) if message else b"")
        ours.close()
        raise EOFError(said.decode(errors="replace") or "the house closed")

    def close(self):
        """Ends the house and everything in it."""
        if self._control:
            self._control.close()
        if self._process:
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process.stderr.close()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)
        self._control = self._process = self._scratch = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    # --- the command lines ---

    def _plain(self):
        return [sys.executable, "-IB", "-c", START.format(str(INSIDE.parent))]

    def _house(self):
        """bubblewrap with everything unshared; only the interpreter, its libraries and our `inside` are visible."""
        binds = [*_read_only(interpreter_folders()), "--ro-bind", str(INSIDE), "/house/inside"]
        binds += self._library_binds() + self._torch_binds()
        command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", *base_binds()]
        command += ["--dev", "/dev", "--proc", "/proc", "--dir", "/scratch", *binds]
        command += ["--chdir", "/scratch", "--clearenv"]
        for name, value in self._environment("/scratch").items():
            command += ["--setenv", name, value]
        command += ["--", sys.executable, "-IB", "-c", START.format("/house")]
        return [*_as_root_show_interpreter(self.needs), *drop_root(), *command]

    def _library_binds(self):
        """The course's library without the modules that answer the assignment: they are empty files here."""
        if not self.needs.library:
            return []
        binds = _bind(self.needs.library, "/house/lib/nextword")
        for module in self.needs.withheld:
            file = module.replace(".", "/") + ".py"
            if (Path(self.needs.library).parent / file).exists():
                binds += _bind("/dev/null", f"/house/lib/{file}")
        return binds

    def _torch_binds(self):
        torch = Path(sysconfig.get_path("platlib")) / "torch"
        return [] if self.needs.torch or not torch.is_dir() else ["--tmpfs", str(torch), "--remount-ro", str(torch)]

    def _environment(self, home):
        settings = dict.fromkeys(THREADS, "1")
        settings |= {"HOME": home, "TMPDIR": home, "MPLCONFIGDIR": home, "IPYTHONDIR": f"{home}/.ipython"}
        return settings | {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}


def room_limits(limits):
    """The limits that a room sets for itself, as plain data."""
    return {
        "memory_mb": limits.memory_mb,
        "processes": limits.processes,
        "open_files": limits.open_files,
        "scratch_mb": limits.scratch_mb,
        "cpu_seconds": int(limits.submission_seconds),
        "output_bytes": limits.output_bytes,
    }


def interpreter_folders():
    """Where Python and its packages are, outside of /usr."""
    folders = {os.path.realpath(sys.base_prefix), sys.prefix}
    return sorted(f for f in folders if not f.startswith("/usr/") and f != "/usr")


def _bind(source, target):
    return ["--ro-bind", str(source), str(target)]


def _read_only(folders):
    return [part for folder in folders for part in _bind(folder, folder)]


def _as_root_show_interpreter(needs):
    """As root, the interpreter may lie in a folder that nobody else can enter: an outer bubblewrap shows it.

    Its parents are made anew with mode 0755 in a mount namespace of our own; nothing changes on the machine.
    """
    if os.getuid() != 0:
        return []
    shown = [*interpreter_folders(), str(INSIDE), *([needs.library] if needs.library else [])]
    command = ["bwrap", "--die-with-parent", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    for folder in [*shown, "/etc/ld.so.cache"]:
        for parent in [*reversed(Path(folder).parents)][1:]:
            command += ["--perms", "0755", "--dir", str(parent)]
    command += ["--perms", "0755", "--dir", "/tmp"]  # where the inner bubblewrap builds its root
    command += [*base_binds(), "--dev-bind", "/dev", "/dev", "--bind", "/proc", "/proc"]
    return [*command, *_read_only(shown), "--"]
