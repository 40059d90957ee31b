"""A room of one's own for every submission: namespaces, an empty scratch folder, limits, no way out.

`enter` runs in a fresh fork of the warm parent, inside the house (see autograder/sandbox). Every step is refused
loudly when it fails: a room that is not closed is never used. Linux only, but for `plain`, which isolates nothing.
Where nested namespaces are refused, `confine` makes the best of one fork with Landlock.
"""

import ctypes
import os
import resource
import signal
import socket
import struct
import subprocess
import tempfile

from . import landlock

SCRATCH = "/scratch"  # must not cover a folder that the house has bound

CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNS, CLONE_NEWIPC = 0x10000000, 0x20000000, 0x00020000, 0x08000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 1, 4, 24, 38, 22
SECCOMP_MODE_FILTER = 2
LINUX_CAPABILITY_VERSION_3 = 0x20080522
SYS_MOUNT_SETATTR = 442
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
NUMBER = struct.Struct("!i")  # of a process group, as `plain` sends it
CONNECTION = 3  # the file descriptor of the submission's own socket, in every room

libc = ctypes.CDLL(None, use_errno=True)


def checked(result, what):
    """Raises OSError when a call of the C library failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def enter(connection, limits, seccomp):
    """Closes the room around this process. Returns only in the room's process 1.

    A pidfd of the room is sent over `connection` first, so that the coordinator can end it at any time:
    killing process 1 of a pid namespace takes everything in it down.
    """
    own_namespaces()
    sent, sending = os.pipe()
    pid = os.fork()
    if pid:
        socket.send_fds(connection, [b"P"], [os.pidfd_open(pid)])
        os._exit(0)
    os.close(sending)
    os.read(sent, 1)  # ends when the pidfd has been sent: nothing of ours may come before it
    own_files(limits)
    set_limits(limits)
    keep_only(connection)
    drop_privileges(seccomp)


def confine(connection, limits, seccomp, folders):
    """A fork behind Landlock, without namespaces: a scratch folder of its own, the same limits and system calls.

    `folders`: what may be read and listed, and the folder in which to make the scratch folder.
    """
    os.setsid()
    end_with_parent()
    own = scratch_of(os.getpid(), folders["scratch"])
    os.mkdir(own, 0o700)
    os.chdir(own)
    os.environ.update(dict.fromkeys(("HOME", "TMPDIR", "MPLCONFIGDIR"), own))
    tempfile.tempdir = None
    socket.send_fds(connection, [b"P"], [os.pidfd_open(os.getpid())])
    set_limits(limits, shared_user=True)
    keep_only(connection)
    landlock.confine(folders["read"], folders["listed"], [own])
    drop_privileges(seccomp)


def end_with_parent():
    """Without a pid namespace, what still runs when the warm parent ends must be told."""
    if hasattr(libc, "prctl"):
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def scratch_of(pid, scratch):
    return os.path.join(scratch, str(pid))


def clear(folder):
    """Removes what a process that has ended left in its scratch folder, however deep and however locked.

    Programs do it: nothing here depends on the depth of the folders or the length of their names.
    """
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        pass
    except OSError:
        for command in (["chmod", "-R", "u+rwx", folder], ["rm", "-rf", folder]):
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def plain(connection, limits):
    """No isolation at all (`--sandbox none`): a process group of its own and resource limits.

    The only room that macOS has: without pidfds, the coordinator is told the number of the process group.
    """
    os.setsid()
    end_with_parent()
    if hasattr(os, "pidfd_open"):
        socket.send_fds(connection, [b"P"], [os.pidfd_open(os.getpid())])
    else:
        connection.sendall(b"N" + NUMBER.pack(os.getpid()))
    set_limits(limits, shared_user=True)
    keep_only(connection)


def own_namespaces():
    user, group = os.getuid(), os.getgid()
    checked(libc.unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def own_files(limits):
    """Own /proc (this room's processes only), everything read-only, an empty scratch folder."""
    mount(b"proc", b"/proc", b"proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    attributes = (ctypes.c_uint64 * 4)(MS_RDONLY | MS_NOSUID, 0, 0, 0)
    checked(
        libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, b"/", AT_RECURSIVE, ctypes.byref(attributes), 32),
        "mount_setattr",
    )
    size = b"size=%dm,nr_inodes=2000,mode=700" % limits["scratch_mb"]
    mount(b"tmpfs", SCRATCH.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, size)
    os.chdir(SCRATCH)


def mount(source, target, kind, flags, data=None):
    checked(libc.mount(source, target, kind, flags, data), f"mount {target.decode()}")


def set_limits(limits, shared_user=False):
    """Resource limits of this process; memory counts from what the warm parent already holds.

    shared_user: the processes of all rooms count as one user's, so that only their sum can be limited.
    """
    values = {
        "NPROC": limits["processes"] * (64 if shared_user else 1),
        "FSIZE": limits["scratch_mb"] << 20,
        "NOFILE": limits["open_files"],
        "CORE": 0,
        "MEMLOCK": 0,
        "MSGQUEUE": 0,
    }
    if (held := _held()) is not None:
        values["AS"] = held + (limits["memory_mb"] << 20)
    for name, value in values.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is None:  # macOS has not all of them
            continue
        hard = resource.getrlimit(number)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(number, (value, value))
    # the soft limit raises TimeoutError in the student's code, the hard one kills
    cpu = limits["cpu_seconds"]
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    signal.signal(signal.SIGXCPU, _out_of_time)


def _held():
    """Bytes of address space that this process has already; None on macOS, which neither says nor limits them."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except FileNotFoundError:
        return None


def _out_of_time(*_):
    raise TimeoutError("out of CPU time")


def keep_only(connection):
    """Closes every file descriptor but the submission's own socket."""
    os.dup2(connection.fileno(), CONNECTION)
    nothing = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.closerange(CONNECTION + 1, 4096)


def drop_privileges(seccomp):
    """No capability, no ptrace by others, no new privileges, and only the system calls of the filter."""
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # EINVAL past the kernel's last one
    header = (ctypes.c_uint32 * 2)(LINUX_CAPABILITY_VERSION_3, 0)
    checked(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    checked(libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl dumpable")
    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl no_new_privs")
    code = ctypes.create_string_buffer(seccomp)
    program = ctypes.create_string_buffer(struct.pack("HP", len(seccomp) // 8, ctypes.addressof(code)))
    checked(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0), "prctl seccomp")
