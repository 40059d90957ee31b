"""What student code may see of this machine, and the command lines that show it that and nothing else."""

import os
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

INSIDE = Path(__file__).resolve().parent.parent / "inside"
NOBODY = 65534
# Never as kernel uid 0: root owns /proc/sys, is not counted by RLIMIT_NPROC, and cannot mount /proc in a room.
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
BASE_BINDS = (
    "--ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin "
    "--ro-bind-try /etc/ld.so.cache /etc/ld.so.cache"
).split()


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


def drop_root():
    """The prefix that leaves root, where we are root."""
    return AS_NOBODY if os.getuid() == 0 else []


def interpreter_folders():
    """Where Python and its packages are, outside of /usr."""
    folders = {os.path.realpath(sys.base_prefix), sys.prefix}
    return sorted(f for f in folders if not f.startswith("/usr/") and f != "/usr")


def hidden_packages(needs):
    """Installed packages that answers must not read: PyTorch unless allowed, and copies of our own."""
    names = ["nextword", "autograder", *([] if needs.torch else ["torch"])]
    found = [Path(sysconfig.get_path(where)) / name for where in ("purelib", "platlib") for name in names]
    return sorted({str(folder) for folder in found if folder.is_dir()})


def library_files(needs):
    """The files of the course's library that answers may read, as paths in it.

    Each is named, rather than the folder less some: a compiled module in __pycache__ holds the answers as well.
    """
    if not needs.library:
        return []
    package = Path(needs.library)
    withheld = {module.replace(".", "/") + ".py" for module in needs.withheld}
    files = (file.relative_to(package.parent) for file in sorted(package.rglob("*")) if file.is_file())
    return [str(f) for f in files if "__pycache__" not in f.parts and str(f) not in withheld]


def bubblewrap(needs, environment):
    """A house: everything unshared; only the interpreter, its libraries, the course's and our `inside` are visible."""
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", *BASE_BINDS]
    command += ["--dev", "/dev", "--proc", "/proc", "--dir", "/scratch"]
    command += [*_read_only(interpreter_folders()), *_bind(INSIDE, "/house/inside")]
    for file in library_files(needs):
        command += _bind(Path(needs.library).parent / file, f"/house/lib/{file}")
    for folder in hidden_packages(needs):
        command += ["--tmpfs", folder, "--remount-ro", folder]
    command += ["--chdir", "/scratch", "--clearenv"]
    for name, value in environment.items():
        command += ["--setenv", name, value]
    return [*show_to_nobody([*_library(needs)]), *drop_root(), *command, "--"]


def bare(needs, scratch):
    """The prefix of a warm parent without bubblewrap: not as root, and the interpreter must be readable."""
    if _open_to_nobody():
        return drop_root()
    return [*show_to_nobody(_library(needs), [scratch] if scratch else []), *drop_root()]


def landlock_folders(needs, scratch, in_house):
    """What Landlock lets answers read and list, and where their scratch folders are made."""
    hidden = [Path(folder) for folder in hidden_packages(needs)]
    if in_house:  # which shows nothing that is not meant for answers, but its own processes and other scratch folders
        read, listed = ["/usr", "/house", "/etc", *interpreter_folders()], []
    else:
        read = ["/usr", "/etc/ld.so.cache", str(INSIDE)]
        read += [path for folder in interpreter_folders() for path in _without(Path(folder), hidden)]
        read += [str(Path(needs.library).parent / file) for file in library_files(needs)]
        listed = [*interpreter_folders(), *(str(Path(folder).parent) for folder in _library(needs))]
    return {"read": read, "listed": listed, "scratch": scratch}


def _without(folder, hidden):
    """The paths that together are the folder less the hidden ones."""
    hidden = [path for path in hidden if path.is_relative_to(folder)]
    if not hidden:
        return [str(folder)]
    if folder in hidden:
        return []
    return [path for child in sorted(folder.iterdir()) for path in _without(child, hidden)]


def _library(needs):
    return [needs.library] if needs.library else []


def _bind(source, target):
    return ["--ro-bind", str(source), str(target)]


def _read_only(folders):
    return [part for folder in folders for part in _bind(folder, folder)]


def _open_to_nobody():
    """Whether everybody may enter the folders of the interpreter."""
    if os.getuid() != 0:
        return True
    folders = [Path(folder) for folder in (*interpreter_folders(), INSIDE)]
    return all(path.stat().st_mode & 0o005 == 0o005 for folder in folders for path in (folder, *folder.parents))


def show_to_nobody(shown, writable=()):
    """As root, the interpreter may lie in a folder that nobody else can enter: an outer bubblewrap shows it.

    Its parents are made anew with mode 0755 in a mount namespace of our own; nothing changes on the machine.
    """
    if os.getuid() != 0 or not shutil.which("bwrap"):
        return []
    shown = [*interpreter_folders(), str(INSIDE), *shown]
    command = ["bwrap", "--die-with-parent", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    for folder in [*shown, *writable, "/etc/ld.so.cache"]:
        for parent in [*reversed(Path(folder).parents)][1:]:
            command += ["--perms", "0755", "--dir", str(parent)]
    command += ["--perms", "0755", "--dir", "/tmp"]  # where the inner bubblewrap builds its root
    command += [*BASE_BINDS, "--dev-bind", "/dev", "/dev", "--bind", "/proc", "/proc", *_read_only(shown)]
    for folder in writable:
        command += ["--bind", str(folder), str(folder)]
    return [*command, "--"]
