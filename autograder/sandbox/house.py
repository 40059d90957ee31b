"""The trusted side of the sandbox: starts a house with a warm parent in it, and asks it for rooms.

A house belongs to the thread that started it (bubblewrap's --die-with-parent follows the thread): start it from one
that lives as long as the house is needed.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from ..inside import room, wire
from ..inside.warm import READY
from . import seccomp, shown
from .levels import SandboxUnavailable
from .shown import INSIDE, Needs

START = "import sys; sys.path.insert(0, {!r}); from inside.warm import start; start()"
ROOM_SECONDS = 30  # a room takes 10 ms; this is for a machine that is badly overloaded
HOUSE_SECONDS = 120
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Room:
    """One submission's place: a connected socket and a handle to end everything that runs in it."""

    def __init__(self, connection, handle):
        self.connection, self._handle = connection, handle

    def delay(self):
        """How many seconds the room's main thread could have run so far, but waited for a processor."""
        return self._handle.delay() if self._handle else 0.0

    def close(self):
        """Ends whatever still runs in the room; returns when it is gone."""
        self.connection.close()
        if self._handle:
            self._handle.end()
        self._handle = None


class _Pidfd:
    """A room by the kernel's own handle, which never means another process."""

    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.schedule = _schedule_of(descriptor)

    def delay(self):
        try:
            with open(self.schedule) as file:
                return int(file.read().split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0

    def end(self):
        try:
            signal.pidfd_send_signal(self.descriptor, signal.SIGKILL)
        except ProcessLookupError:
            pass
        select.select([self.descriptor], [], [], ROOM_SECONDS)
        os.close(self.descriptor)


class _Group:
    """A room by the number of its process group, for systems without pidfds; only of a room that isolates nothing."""

    def __init__(self, number):
        self.number = number

    def delay(self):
        return 0.0

    def end(self):
        try:
            os.killpg(self.number, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS refuses to signal what has ended
            pass


def _schedule_of(handle):
    """The kernel's account of a process that we have a handle of, as a path."""
    try:
        with open(f"/proc/self/fdinfo/{handle}") as file:
            pid = next(line.split()[1] for line in file if line.startswith("Pid:"))
        return f"/proc/{pid}/schedstat"
    except (OSError, StopIteration):
        return ""


class House:
    """A warm parent and the rooms that it forks, at one of the levels of isolation (see levels.py)."""

    def __init__(self, level, needs: Needs, limits):
        self.level, self.needs, self.limits = level, needs, limits
        self.bounds = wire.Bounds(bytes=limits.value_bytes, depth=limits.nesting_depth)
        self._process = self._control = None
        self._scratch = None
        self.generation = 0  # how often it was started: rooms of an earlier time are gone

    def start(self):
        """Starts the house; about a second, three with torch."""
        self._control, theirs = socket.socketpair()
        in_house = self.level in ("rooms", "house")
        home = "/scratch" if in_house else self._make_scratch()
        library = "/house/lib" if in_house else self.needs.library and str(Path(self.needs.library).parent)
        configuration = json.dumps(
            {
                "level": self.level,
                "torch": self.needs.torch,
                "withheld": self.needs.withheld,
                "preload": self.needs.preload,
                "library": [library] if library else [],
                "seccomp": "" if self.level == "none" else seccomp.program().hex(),
                "folders": {} if self.level == "none" else shown.landlock_folders(self.needs, home, in_house),
                "limits": room_limits(self.limits),
                "bounds": {"bytes": self.bounds.bytes, "items": self.bounds.items, "depth": self.bounds.depth},
            }
        )
        environment = self._environment(home)
        if in_house:
            prefix, code = shown.bubblewrap(self.needs, environment), "/house"
        else:
            prefix, code = [] if self.level == "none" else shown.bare(self.needs, home), str(INSIDE.parent)
        start = [sys.executable, "-IB", "-c", START.format(code)]
        self._process = subprocess.Popen(
            [*prefix, *start, str(theirs.fileno()), configuration],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", os.defpath), **environment},
            cwd=None if in_house else home,
        )
        self.generation += 1
        theirs.close()
        self._wait_until_ready()
        return self

    def _make_scratch(self):
        """A folder on this machine, where submissions cannot have a disk of their own."""
        self._scratch = tempfile.mkdtemp(prefix="nextword-")
        if self.level != "none" and os.getuid() == 0:
            os.chown(self._scratch, shown.NOBODY, shown.NOBODY)
        return self._scratch

    def alive(self, generation):
        """Whether the house is still the one that was started as this generation, and runs."""
        if generation != self.generation or self._process is None or self._process.poll() is not None:
            return False
        # when the house dies, so do its rooms, and the warm parent's end of the control socket is closed
        return not select.select([self._control], [], [], 0.05)[0]

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
        made, said = None, message
        if descriptors:
            made, said = Room(ours, _Pidfd(descriptors[0])), b""
        elif message == b"N":
            made, said = Room(ours, _Group(*room.NUMBER.unpack(ours.recv(room.NUMBER.size)))), b""
        said = said or ours.recv(1)
        if made and said == READY:
            return made
        said += ours.recv(4096) if said else b""
        made.close() if made else ours.close()
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
            room.clear(self._scratch)
        self._control = self._process = self._scratch = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

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
