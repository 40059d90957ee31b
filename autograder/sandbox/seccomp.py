"""The system calls that a room may use: an allow list by name, compiled to BPF outside of the room.

Left out on purpose: socket, bind, connect, sendmsg; fork, vfork, memfd, shared memory and message queues; ptrace and
process_vm; pidfd; mount, unshare, setns; keyctl, bpf, perf, io_uring, userfaultfd; personality, reboot, modules.
So that the same list holds where processes share a pid namespace: kill and its relatives, limits of another process,
signals through a file's owner. So that it holds where they share a file system: changes of a file by its path that
Landlock does not see (mode, owner, times, and in old kernels its length).
"""

import errno
import functools
import tempfile

ALLOWED = """
    read write open close stat fstat lstat poll lseek mmap mprotect munmap brk rt_sigaction
    rt_sigprocmask rt_sigreturn pread64 pwrite64 readv writev access pipe select sched_yield mremap msync
    mincore madvise dup dup2 pause nanosleep getitimer alarm setitimer getpid sendfile recvfrom shutdown
    getsockname socketpair getsockopt exit wait4 uname flock fsync fdatasync ftruncate getdents getcwd
    chdir fchdir rename mkdir rmdir creat link unlink symlink readlink fchmod fchown umask gettimeofday
    getrlimit getrusage sysinfo times getuid getgid geteuid getegid getppid getpgrp getgroups getpgid
    getsid rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack statfs fstatfs getpriority
    sched_getparam sched_getscheduler arch_prctl gettid getxattr lgetxattr fgetxattr time futex
    sched_getaffinity epoll_create getdents64 set_tid_address fadvise64 clock_gettime clock_getres
    clock_nanosleep exit_group epoll_wait epoll_ctl openat mkdirat newfstatat unlinkat renameat linkat
    symlinkat readlinkat faccessat pselect6 ppoll set_robust_list get_robust_list splice epoll_pwait
    timerfd_create eventfd fallocate timerfd_settime timerfd_gettime eventfd2 epoll_create1 dup3 pipe2
    preadv pwritev getcpu renameat2 getrandom membarrier copy_file_range statx rseq close_range
    epoll_pwait2 futex_waitv
""".split()
# libc falls back to the older call when these say ENOSYS
UNKNOWN = "clone3 openat2 faccessat2 fchmodat2".split()
CLONE_THREAD = 0x00010000
# Allowed with these values of one argument only: name -> (which argument, the values).
ONLY = {
    "prctl": (0, [15, 16]),  # PR_SET_NAME, PR_GET_NAME
    "prlimit64": (0, [0]),  # of this process
    "sched_setaffinity": (0, [0]),
    # asyncio wakes its own loop with sendto on a socketpair: connected only, no address
    "sendto": (4, [0]),
    # duplicates, flags, locks and the size of a pipe; not F_SETOWN, which sends signals
    "fcntl": (1, [0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1031, 1032]),
    # is it a terminal, its size, how much can be read, blocking or not, closed on exec; not FIOSETOWN
    "ioctl": (1, [0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451]),
}


@functools.cache
def program():
    """The filter as BPF instructions (bytes). Needs libseccomp, through pyseccomp."""
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    for names, action in ((ALLOWED, seccomp.ALLOW), (UNKNOWN, seccomp.ERRNO(errno.ENOSYS))):
        for name in names:
            _add(rules, action, name)
    masked = seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_THREAD, CLONE_THREAD)
    _add(rules, seccomp.ALLOW, "clone", masked)
    for name, (argument, values) in ONLY.items():
        for value in values:
            _add(rules, seccomp.ALLOW, name, seccomp.Arg(argument, seccomp.EQ, value))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _add(rules, action, name, *arguments):
    """Adds a rule; a call that this kernel's architecture does not have (`open` on aarch64) needs none."""
    try:
        rules.add_rule(action, name, *arguments)
    except (OSError, ValueError) as error:
        if getattr(error, "errno", errno.EINVAL) not in (errno.EINVAL, errno.EDOM, errno.EFAULT):
            raise
