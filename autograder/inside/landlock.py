"""Landlock: the kernel's own fence around a process, for machines that refuse namespaces.

From `confine` on, this process and its threads open only what the rules name; nothing can undo it.
System calls by number: libc has no names for them yet. They are the same on every architecture.
"""

import ctypes
import os
import struct

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
PR_SET_NO_NEW_PRIVS = 38
READ_FILE, READ_FOLDER, EXECUTE = 1 << 2, 1 << 3, 1 << 0
WRITE_FILE, TRUNCATE = 1 << 1, 1 << 14
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
NO_SPECIAL_FILES = ~(EXECUTE | 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11)  # devices, sockets, pipes

libc = ctypes.CDLL(None, use_errno=True)


def version():
    """Landlock's version in this kernel; 0 where there is none."""
    return max(0, libc.syscall(CREATE_RULESET, None, 0, 1))


def confine(read, listed, write):
    """Allows to read below the paths `read`, to list the folders `listed`, to do anything below the folders `write`.

    Nothing else of the file system can be opened, no TCP port (version 4), and processes outside of the fence cannot
    be signalled (version 6; older kernels rely on the system-call filter).
    """
    abi = version()
    if not abi:
        raise OSError("this kernel has no Landlock")
    files = (1 << (13 + (abi >= 2) + (abi >= 3) + (abi >= 5))) - 1
    attributes = struct.pack("QQQ", files, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    rules = _checked(libc.syscall(CREATE_RULESET, attributes, 8 if abi < 4 else 16 if abi < 6 else 24, 0), "landlock")
    everything = EXECUTE | READ_FILE | READ_FOLDER
    for paths, access in (
        (read, everything),
        (listed, READ_FOLDER),
        (write, files & NO_SPECIAL_FILES),
        (["/dev/null"], READ_FILE | WRITE_FILE | TRUNCATE),
        (["/dev/zero", "/dev/urandom"], READ_FILE),
    ):
        for path in paths:
            _allow(rules, path, access & files)
    _checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl no_new_privs")
    _checked(libc.syscall(RESTRICT_SELF, rules, 0), "landlock")
    os.close(rules)


def _allow(rules, path, access):
    try:
        descriptor = os.open(path, os.O_PATH)
    except FileNotFoundError:
        return
    access &= ~0 if os.path.isdir(path) else OF_FILES
    _checked(libc.syscall(ADD_RULE, rules, 1, struct.pack("=Qi", access, descriptor), 0), f"landlock rule for {path}")
    os.close(descriptor)


def _checked(result, what):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def try_out():
    """Confines this process and sees whether it holds. Raises OSError when it does not."""
    confine(["/usr"], [], [])
    os.listdir("/usr")
    try:
        os.listdir("/")
    except PermissionError:
        return
    raise OSError("Landlock is there, but does not hold")
