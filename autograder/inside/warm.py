"""The warm parent: imports once what answers need, then forks one room per submission. It never runs a submission.

Started as `python -IB -c "..." CONTROL CONFIGURATION` by autograder.sandbox.house.
"""

import gc
import importlib
import json
import os
import random
import signal
import socket
import sys
import threading

from . import room, wire

READY = b"R"  # sent once by a room that is closed and waits for questions; anything else is a failure of ours


def main(control_descriptor, configuration):
    """Serves requests for rooms until the coordinator closes the control socket."""
    control = socket.socket(fileno=control_descriptor)
    shell = warm_up(configuration)
    seccomp = bytes.fromhex(configuration["seccomp"])
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    control.sendall(b"R")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        child = os.fork()
        if child == 0:
            control.close()
            serve(socket.socket(fileno=descriptors[0]), configuration, shell, seccomp)
        os.close(descriptors[0])
        reap(child, configuration)


def reap(child, configuration):
    """The doorman of a room leaves at once; without namespaces, processes are reaped whenever they have ended."""
    if configuration["level"] == "rooms":
        os.waitpid(child, 0)
        return
    try:
        while ended := os.waitpid(-1, os.WNOHANG)[0]:
            if configuration["level"] != "none":
                room.clear(room.scratch_of(ended, configuration["folders"]["scratch"]))
    except ChildProcessError:
        pass


def warm_up(configuration):
    """Imports and first calls that every submission would pay for otherwise. One thread, no shared random state."""
    sys.path[:0] = configuration["library"]
    from . import guard

    guard.refuse(configuration["torch"], configuration["withheld"])
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot  # noqa: F401

    from .shell import Shell

    if configuration["torch"]:
        import torch

        torch.set_num_threads(1)
    for entry in configuration["preload"]:
        module, _, function = entry.partition(":")
        getattr(importlib.import_module(module), function)()
    shell = Shell()
    gc.collect()
    gc.freeze()
    if threading.active_count() != 1:
        raise RuntimeError("the warm parent has more than one thread: a fork would lose them")
    return shell


def serve(connection, configuration, shell, seccomp):
    """In the fork: enter the room and answer. Never returns."""
    code = 1
    try:
        if configuration["level"] == "none":
            room.plain(connection, configuration["limits"])
        elif configuration["level"] == "rooms":
            room.enter(connection, configuration["limits"], seccomp)
        else:
            room.confine(connection, configuration["limits"], seccomp, configuration["folders"])
        connection.detach()
        from .answer import Answer

        random.seed(os.urandom(16))  # forks would share the parent's state
        if "numpy.random" in sys.modules:
            sys.modules["numpy.random"].seed(int.from_bytes(os.urandom(4), "big"))
        bounds = wire.Bounds(**configuration["bounds"])
        own = socket.socket(fileno=room.CONNECTION)
        own.sendall(READY)
        Answer(own, shell, bounds, configuration["limits"]["output_bytes"]).serve()
        code = 0
    except EOFError:
        code = 0
    except BaseException as error:
        said = b"!" + repr(error).encode()[:500]
        os.write(connection.fileno() if connection.fileno() >= 0 else room.CONNECTION, said)
    finally:
        os._exit(code)


def start():
    """The entry point: the control socket's descriptor and the configuration come as arguments."""
    main(int(sys.argv[1]), json.loads(sys.argv[2]))
