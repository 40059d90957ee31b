"""Grading on the machines of a dask cluster (docs/cluster.md): `autograder grade NAME --scheduler ADDRESS`.

dask's workers run a task in whichever thread is free, but a house follows the thread that started it and the judge's
alarm needs a main thread. So each dask worker keeps graders in processes of their own, and its threads only talk to
them. Run as `python -m autograder.cluster FD`, this module is such a process.
"""

import contextlib
import os
import pickle
import socket
import subprocess
import sys
import threading
from multiprocessing.connection import Connection

from .grading import GradingError, WorkerDied, await_beginning, converse, serve

_idle, _guard = {}, threading.Lock()  # of this dask worker: start -> graders that wait for a job


class Cluster:
    """Workers on a dask cluster, for grading.grade_all."""

    def __init__(self, address, start):
        try:
            from distributed import Client, KilledWorker
        except ImportError:
            raise GradingError("--scheduler needs dask: pip install 'nextword[cluster]'.") from None
        try:
            self.client = Client(address, timeout=30, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise GradingError(f"There is no dask scheduler at {address} ({error}).") from None
        self.pool, self.start = self.client.get_executor(retries=0), pickle.dumps(start)
        self.died = (WorkerDied, KilledWorker)
        self.client.wait_for_workers(1, timeout=300)

    @property
    def width(self):
        """Threads of all workers, which may come and go."""
        workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
        return max(1, sum(worker["nthreads"] for worker in workers))

    def submit(self, job):
        return self.pool.submit(grade, self.start, job)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.client.close()


def grade(start, job):
    """On a dask worker: the job's Graded, from a grader in a process of its own."""
    with _guard:
        idle = _idle.setdefault(start, [])
        grader = idle.pop() if idle else None
    connection = grader or begin(start)
    result = converse(connection, job)  # a grader that died is not kept
    with _guard:
        _idle[start].append(connection)
    return result


def begin(start):
    """Starts a grader; it ends when its connection is closed, so also when the dask worker is killed."""
    ours, theirs = socket.socketpair()
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with theirs:
        descriptor = theirs.fileno()
        command = [sys.executable, "-m", "autograder.cluster", str(descriptor)]
        subprocess.Popen(command, pass_fds=[descriptor], stdin=subprocess.DEVNULL, env=environment)
    connection = Connection(ours.detach())
    connection.send(start)
    await_beginning(connection)
    return connection


def main():
    connection = Connection(int(sys.argv[1]))
    with contextlib.suppress(EOFError):
        serve(connection, pickle.loads(connection.recv()))


if __name__ == "__main__":
    main()
