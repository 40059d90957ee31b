"""Which isolation this machine gives: each level is really tried, not guessed from versions.

rooms      a bubblewrap house; every submission in namespaces of its own, with its own disk.
house      a bubblewrap house; every submission behind Landlock, where nested namespaces are refused. Does not hold:
           the disk is shared (no quota), threads count together, a submission can ask whether a file exists.
landlock   no bubblewrap: every submission behind Landlock only. Does not hold, besides: files of the whole machine can
           be asked for (not read), and disk is limited per file only.
none       no isolation; must be asked for.

System calls, memory, time, files and output are limited in the same way in the first three.
"""

import shutil
import subprocess
import sys

from .shown import BASE_BINDS, INSIDE, Needs, bare, bubblewrap, drop_root

LEVELS = ("rooms", "house", "landlock", "none")
TRY_LANDLOCK = "import sys; sys.path.insert(0, {!r}); from inside import landlock; landlock.try_out()"
HINT = (
    "Install bubblewrap (Debian and Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap), "
    "or, if you trust every submission, ask for no isolation with --sandbox none."
)


class SandboxUnavailable(RuntimeError):
    """The isolation asked for cannot be had on this machine; the message says why and what to do."""


def rooms_work():
    """Tries a house with a room in it: bubblewrap, and in it user, pid, mount and ipc namespaces with their own /proc.

    Returns None when it works, otherwise why not.
    """
    house = ["bwrap", "--unshare-all", "--die-with-parent", *BASE_BINDS, "--dev", "/dev", "--proc", "/proc", "--"]
    room = "unshare --user --map-root-user --pid --fork --mount --ipc --mount-proc true".split()
    return _filters_work() or _missing("bwrap", "unshare") or _tried([*drop_root(), *house, *room], "namespaces")


def house_works():
    """Tries Landlock in a bubblewrap house. Returns None when it works, otherwise why not."""
    command = [*bubblewrap(Needs(), {}), sys.executable, "-IBS", "-c", TRY_LANDLOCK.format("/house")]
    return _filters_work() or _missing("bwrap") or _tried(command, "bubblewrap with Landlock")


def landlock_works():
    """Tries Landlock in a process that is not root's. Returns None when it works, otherwise why not."""
    if reason := _filters_work() or _missing():
        return reason
    command = [*bare(Needs(), None), sys.executable, "-IBS", "-c", TRY_LANDLOCK.format(str(INSIDE.parent))]
    return _tried(command, "Landlock")


def choose(asked="auto"):
    """The level to use: the first that works, or the one that is asked for. SandboxUnavailable otherwise."""
    if asked == "none":
        return "none"
    tries = {"rooms": rooms_work, "house": house_works, "landlock": landlock_works}
    if asked != "auto" and asked not in tries:
        raise SandboxUnavailable(f"there is no sandbox level {asked!r}: choose one of auto, {', '.join(LEVELS)}")
    reasons = []
    for level in tries if asked == "auto" else [asked]:
        reason = tries[level]()
        if reason is None:
            return level
        reasons.append(f"{level}: {reason}")
    raise SandboxUnavailable(f"Submissions cannot be isolated on this machine ({'; '.join(reasons)}). {HINT}")


def _filters_work():
    if sys.platform != "linux":
        return "this is not Linux"
    try:
        from . import seccomp

        seccomp.program()
    except Exception as error:
        return f"no seccomp filter can be made ({error}); it needs libseccomp2 and pyseccomp"


def _missing(*tools):
    """Why a program that is needed cannot be had; None when all are installed."""
    for tool in (*tools, *drop_root()[:1]):
        if not shutil.which(tool):
            return f"the program {tool} is not installed"


def _tried(command, what):
    """Runs a command; None when it succeeds, otherwise why not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{what}: it does not start ({error})"
    said = done.stderr.strip().rpartition("\n")[2][-200:]
    return None if done.returncode == 0 else f"{what}: refused ({said})"
