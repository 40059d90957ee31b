"""Grades one submission (`Grader`), and a class of them with many workers (`grade_all`).

A record is a function of the submission's bytes, the bundle, the limits and the sandbox's level; grading never raises
for anything that a submission does. Student code runs only in rooms, never in a worker itself.
"""

import concurrent.futures as futures
import contextlib
import faulthandler
import hashlib
import json
import multiprocessing
import multiprocessing.forkserver
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass

from . import intake, record
from .bundle import Bundle
from .judge import PASSED, Judge
from .remote import MOST_PATIENCE, text_of
from .sandbox.house import HOUSE_SECONDS, THREADS, House, Needs
from .sandbox.levels import SandboxUnavailable

PRELOAD = ("nextword.corpora:narwhals",)


class Grader:
    """Grades submissions to one assignment; keeps its houses warm between them.

    expendable: whether this process may be ended over a submission that cannot be stopped otherwise.
    """

    def __init__(self, bundle, limits, level, library, expendable=False):
        self.bundle, self.limits, self.level = bundle, limits, level
        self.houses = {
            torch: House(level, Needs(torch, str(library), tuple(bundle.withhold), PRELOAD), limits)
            for torch in {False, bundle.torch}
        }
        self.judge = Judge(bundle, self.houses, limits, expendable)
        _import_what_tests_import()

    def grade(self, submission):
        """The record of a submission (bytes of a notebook)."""
        return self.grade_and_repair(submission)[0]

    def grade_and_repair(self, submission):
        """The record, and the repaired notebook that was graded (None if the submission cannot be read)."""
        started = time.monotonic()
        made = record.Record(
            assignment=self.bundle.name,
            submission=hashlib.sha256(submission).hexdigest(),
            bundle=self.bundle.digest,
            sandbox=self.level,
            limits=self.limits.to_dict(),
        )
        repaired = None
        try:
            repaired = read(submission, self.bundle)
            fill(made, self.bundle, repaired, self.judge.judge(repaired.steps))
        except intake.Unreadable as error:
            made.status, made.reason = record.UNREADABLE, str(error)
        made.seconds = round(time.monotonic() - started, 3)
        return made, repaired

    def close(self):
        for house in self.houses.values():
            house.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def _import_what_tests_import():
    """It takes seconds, which must not count as those of the first test that needs it."""
    import torch  # noqa: F401
    from nextword import checks  # noqa: F401


def read(submission, bundle):
    """The submission put in order. Raises Unreadable, also when there is not enough memory for it."""
    try:
        return intake.repair(intake.read_submission(submission), bundle)
    except MemoryError:
        raise intake.Unreadable(
            "Reading this notebook needs more memory than there is for it: is it far too large, or nested too deeply?"
        ) from None


def fill(made, bundle, repaired, results):
    """Turns the judge's results into the record's tests, cells and written answers."""
    made.notes = list(repaired.notes)
    for step, result in zip(repaired.steps, results, strict=True):
        if step.kind == "run":
            made.cells.append(_ran(step, result))
        else:
            made.tests.append(_test(bundle.cell(step.cell_id), result))
    for name, answer in repaired.written.items():
        maximum = bundle.exercise(name).points_written
        made.written.append(record.Written(f"written-{name}", name, maximum, answer.text, answer.touched))
    if any(answer.touched for answer in made.written):
        made.status = record.TO_MARK


def _ran(step, result):
    return record.Ran(
        cell=step.cell_id,
        exercise=step.exercise or "",
        verdict=result.verdict,
        source=text_of(step.source, len(step.source)) if step.whose == "student" else "",
        printed=result.printed,
        warned=result.warned,
        reason=result.reason,
        traceback=result.traceback,
        seconds=result.seconds,
    )


def _test(cell, result):
    return record.Test(
        cell=cell.id,
        exercise=cell.exercise,
        kind=cell.role,
        verdict=result.verdict,
        points=cell.points if result.verdict == PASSED else 0,
        maximum=cell.points,
        bonus=cell.bonus,
        reason=result.reason,
        public=result.public,
        mistake=result.mistake,
        limit=result.limit,
        printed=result.printed,
        seconds=result.seconds,
    )


# --- many -------------------------------------------------------------------------------------------------

PRELOADED = ["torch", "nextword.checks", "autograder.grading"]  # imported once for all workers
TRIES = 2
WORKER_MB = 2048  # of memory for a worker's own work, on top of what it holds when it begins


class GradingError(Exception):
    """No submission can be graded here; the message says why."""


class WorkerDied(Exception):
    """A worker ended while it graded a submission."""


@dataclass(frozen=True)
class Start:
    """What a worker needs to begin. `library` is None where the worker is to use its own copy (another machine)."""

    bundle: str  # as JSON
    limits: object
    level: str
    library: str | None

    def grader(self):
        import nextword

        library = self.library or os.path.dirname(os.path.abspath(nextword.__file__))
        return Grader(Bundle.from_json(self.bundle), self.limits, self.level, library, expendable=True)

    @property
    def longest(self):
        """Seconds after which a worker is stuck with a submission, however busy the machine is."""
        return MOST_PATIENCE * self.limits.submission_seconds + 2 * HOUSE_SECONDS


@dataclass(frozen=True)
class Task:
    """One submission to grade. `read` gives its bytes when its turn comes, so that a class need not fit into memory."""

    key: str
    read: object
    note: str | None = None

    def job(self):
        return self.key, self.read(), self.note


@dataclass(frozen=True)
class Graded:
    """What a worker hands back: the record, and the autograded notebook's text (None if there is none)."""

    key: str
    made: record.Record
    notebook: str | None = None


def grade_job(grader, job):
    """Grades one job (key, bytes, note of intake) in this process."""
    key, submission, note = job
    made, repaired = grader.grade_and_repair(submission)
    if note:
        made.notes.insert(0, note)
    return Graded(key, made, repaired and autograded(repaired, made))


def grade_all(tasks, workers, blame):
    """Yields a Graded for every task as it is finished; few are under way at a time, so that memory stays bounded.

    A worker that dies costs nothing but time: its submission is graded again, and after the second death `blame(job)`
    makes its record. Raises GradingError when nothing can be graded at all.
    """
    queue, running, deaths = list(reversed(tasks)), {}, {}
    try:
        while queue or running:
            while queue and len(running) < 2 * workers.width:
                task = queue.pop()
                running[workers.submit(task.job())] = task
            done, _ = futures.wait(running, return_when=futures.FIRST_COMPLETED)
            for future in done:
                task = running.pop(future)
                try:
                    yield future.result()
                except workers.died:
                    deaths[task.key] = deaths.get(task.key, 0) + 1
                    if deaths[task.key] < TRIES:
                        queue.append(task)
                    else:
                        yield blame(task.job())
    finally:
        for future in running:
            future.cancel()


class Local:
    """Workers on this machine: a thread for each, which waits for its process and starts another when that dies."""

    died = WorkerDied

    def __init__(self, start, jobs):
        self.start, self.width = start, jobs
        self.pool = futures.ThreadPoolExecutor(jobs, thread_name_prefix="worker")
        self.mine, self.all = threading.local(), []

    def submit(self, job):
        return self.pool.submit(self._grade, job)

    def _grade(self, job):
        worker = getattr(self.mine, "worker", None)
        if worker is None:
            worker = self.mine.worker = Worker(self.start)
            self.all.append(worker)
        try:
            return worker.grade(job)
        except WorkerDied:
            self.mine.worker = None
            raise

    def close(self):
        self.pool.shutdown(wait=False, cancel_futures=True)
        for worker in self.all:
            worker.close()
        self.pool.shutdown(wait=True)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def prepare():
    """Begins to import what workers need, in the background; returns at once."""
    for name in THREADS:  # two busy BLAS threads on a shared machine are many times slower than one
        os.environ.setdefault(name, "1")
    if os.name == "posix":
        multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOADED)
        multiprocessing.forkserver.ensure_running()


class Worker:
    """A grader in a process of its own, at the other end of a pipe."""

    def __init__(self, start):
        context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, start))
        self.process.start()
        theirs.close()
        await_beginning(self.connection)

    def grade(self, job):
        """The job's Graded. Raises WorkerDied, and GradingError when the worker could not begin."""
        return converse(self.connection, job)

    def close(self):
        with contextlib.suppress(OSError):
            self.connection.close()
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def await_beginning(connection):
    """Waits until a worker has begun. One that ends before has been given no submission: none is to blame."""
    try:
        failure = connection.recv()
    except (EOFError, OSError):
        failure = "a worker ended before it had begun; is there enough memory, and does `python -m autograder` start?"
    if failure:
        connection.close()
        raise GradingError(f"No submission can be graded: {failure}")


def converse(connection, job):
    """Sends a job to a worker and waits for what comes of it."""
    try:
        connection.send(job)
        said, result = connection.recv()
    except (EOFError, OSError):
        connection.close()
        raise WorkerDied("The worker ended.") from None
    if said != "graded":
        raise GradingError(f"No submission can be graded: {result}")
    return result


def _work(connection, start):
    end_with_parent()
    serve(connection, start)


def serve(connection, start):
    """A worker's life: jobs come over the connection until it is closed."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is the coordinator's business
    grader, failure = None, ""
    try:
        import torch

        torch.set_num_threads(1)
        from nextword import checks  # noqa: F401  (tests import it: paid for once)

        grader = start.grader()
        limit_memory()
    except Exception as error:
        failure = f"{type(error).__name__}: {error}"
    try:
        connection.send(failure)
        while grader:
            connection.send(_served(grader, connection.recv(), start.longest))
    except (EOFError, OSError):
        pass
    finally:
        if grader:
            grader.close()


def _served(grader, job, longest):
    """What comes of a job; this process is ended when it takes longer than that, whatever it is stuck in."""
    faulthandler.dump_traceback_later(longest, exit=True)
    try:
        return "graded", grade_job(grader, job)
    except SandboxUnavailable as error:
        return "failed", str(error)
    finally:
        faulthandler.cancel_dump_traceback_later()


def limit_memory():
    """From now on, what needs far too much memory is a MemoryError here, and no trouble for the machine.

    A house begins with the same limit and holds less; rooms set limits of their own.
    """
    if sys.platform != "linux":  # nobody else both tells and limits a process's address space
        return
    import resource

    with open("/proc/self/statm") as file:
        held = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + (WORKER_MB << 20), resource.RLIM_INFINITY))


def end_with_parent():
    """Asks Linux to end this process with the one that forked it: a killed coordinator leaves nothing behind."""
    if sys.platform == "linux":
        import ctypes

        parent = os.getppid()
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def blame(start, job):
    """The record of a submission that ended its worker twice."""
    key, submission, _ = job
    bundle = Bundle.from_json(start.bundle)
    made = record.Record(
        assignment=bundle.name,
        submission=hashlib.sha256(submission).hexdigest(),
        bundle=bundle.digest,
        sandbox=start.level,
        limits=start.limits.to_dict(),
        status=record.ERROR,
        reason=f"Grading this notebook ended the grader itself, {TRIES} times: it took too long, or too much memory."
        " An instructor has to look at it.",
    )
    return Graded(key, made)


# --- the autograded notebook ------------------------------------------------------------------------------


def autograded(repaired, made):
    """The text of the notebook that the formgrader shows: the verdicts are the outputs of the tests."""
    return json.dumps(repaired.to_notebook(outputs(made))) + "\n"  # indented, it takes ten times as long


def outputs(made):
    """Outputs by cell id: what a cell printed, and an error with the reason where a test was not passed."""
    found = {}
    for cell in made.cells:
        found[cell.cell] = _printed(cell.printed) + (
            _error("CellError", cell.reason) if cell.verdict != "ran" else []
        )
    for test in made.tests:
        found[test.cell] = _printed(test.printed)
        if test.verdict != PASSED:
            found[test.cell] = found[test.cell] + _error("TestFailed", test.reason or test.verdict)
    return found


def _printed(text):
    return [{"output_type": "stream", "name": "stdout", "text": text}] if text else []


def _error(name, text):
    return [{"output_type": "error", "ename": name, "evalue": text, "traceback": [text]}]
