"""Which isolation this machine gives: each level is really tried, not guessed from versions."""

import os
import shutil
import subprocess

LEVELS = ("rooms", "none")
NOBODY = 65534
# Never as kernel uid 0: root owns /proc/sys, is not counted by RLIMIT_NPROC, and cannot mount /proc in a room.
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
HINT = (
    "Install bubblewrap (Debian and Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap), "
    "or, if you trust every submission, ask for no isolation with --sandbox none."
)


class SandboxUnavailable(RuntimeError):
    """The isolation asked for cannot be had on this machine; the message says why and what to do."""


def drop_root():
    """The prefix that leaves root, where we are root."""
    return AS_NOBODY if os.getuid() == 0 else []


def rooms_work():
    """Tries a house with a room in it: bubblewrap, and in it user, pid, mount and ipc namespaces with their own /proc.

    Returns None when it works, otherwise why not.
    """
    for tool in ("bwrap", "unshare", *(["setpriv"] if os.getuid() == 0 else [])):
        if not shutil.which(tool):
            return f"the program {tool} is not installed"
    try:
        from . import seccomp

        seccomp.program()
    except Exception as error:
        return f"no seccomp filter can be made ({error}); it needs libseccomp2 and pyseccomp"
    house = ["bwrap", "--unshare-all", "--die-with-parent", *base_binds(), "--dev", "/dev", "--proc", "/proc", "--"]
    room = "unshare --user --map-root-user --pid --fork --mount --ipc --mount-proc true".split()
    try:
        done = subprocess.run(
            [*drop_root(), *house, *room], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not start ({error})"
    return None if done.returncode == 0 else f"namespaces are refused ({done.stderr.strip()[-200:]})"


def base_binds():
    """The system's libraries, read-only."""
    return (
        "--ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin "
        "--ro-bind-try /etc/ld.so.cache /etc/ld.so.cache"
    ).split()


def choose(asked="auto"):
    """The level to use: `auto` and `rooms` need rooms; `none` must be asked for. SandboxUnavailable otherwise."""
    if asked == "none":
        return "none"
    if asked not in ("auto", "rooms"):
        raise SandboxUnavailable(f"there is no sandbox level {asked!r}: choose one of auto, {', '.join(LEVELS)}")
    reason = rooms_work()
    if reason:
        raise SandboxUnavailable(f"Submissions cannot be isolated on this machine: {reason}. {HINT}")
    return "rooms"
