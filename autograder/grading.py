"""Grades submissions: one (`grade`), and a class of them over a pool of processes (`grade_all`).

`grade` is a function of the submission's bytes, the bundle, the limits and the sandbox's level; it never raises for
anything that a submission does. Student code runs only in rooms, never in a worker itself.
"""

import concurrent.futures as futures
import hashlib
import multiprocessing
import os
import signal
import time
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from . import intake, record
from .bundle import Bundle
from .judge import PASSED, Judge
from .sandbox.house import House, Needs

PRELOAD = ("nextword.corpora:narwhals",)


class Grader:
    """Grades submissions to one assignment; keeps its houses warm between them."""

    def __init__(self, bundle, limits, level, library):
        self.bundle, self.limits, self.level = bundle, limits, level
        self.houses = {
            torch: House(level, Needs(torch, str(library), tuple(bundle.withhold), PRELOAD), limits)
            for torch in {False, bundle.torch}
        }
        self.judge = Judge(bundle, self.houses, limits)

    def grade(self, submission):
        """The record of a submission (bytes of a notebook)."""
        started = time.monotonic()
        made = record.Record(
            assignment=self.bundle.name,
            submission=hashlib.sha256(submission).hexdigest(),
            bundle=self.bundle.digest,
            sandbox=self.level,
            limits=self.limits.to_dict(),
        )
        try:
            repaired = intake.repair(intake.read_submission(submission), self.bundle)
            fill(made, self.bundle, repaired, self.judge.judge(repaired.steps))
        except intake.Unreadable as error:
            made.status, made.reason = record.UNREADABLE, str(error)
        made.seconds = round(time.monotonic() - started, 3)
        return made

    def close(self):
        for house in self.houses.values():
            house.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


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
        source=step.source if step.whose == "student" else "",
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


@dataclass(frozen=True)
class Task:
    """One submission to grade: `key` is handed back with its record."""

    key: str
    submission: bytes


_grader = None  # of this worker process


def _start_worker(bundle_json, limits, level, library):
    global _grader
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is the coordinator's business
    import torch

    torch.set_num_threads(1)
    from nextword import checks  # noqa: F401  (tests import it: paid for once)

    _grader = Grader(Bundle.from_json(bundle_json), limits, level, library)


def _grade_task(task):
    return task.key, _grader.grade(task.submission)


def grade_all(tasks, bundle, limits, level, library, jobs=None):
    """Yields (key, record) as they are finished. A worker that dies costs nothing but time; a submission that kills
    its worker twice gets a record that says so."""
    waiting = {task.key: task for task in tasks}
    deaths = dict.fromkeys(waiting, 0)
    jobs = max(1, min(jobs or os.cpu_count() or 1, len(waiting) or 1))
    start = (bundle.to_json(), limits, level, library)
    while waiting:
        suspects = [key for key in waiting if deaths[key]]
        batch = [waiting[suspects[0]]] if suspects else list(waiting.values())
        for key, made in _run_pool(batch, start, 1 if suspects else jobs):
            if made is None:
                deaths[key] += 1
                if deaths[key] < 3:
                    continue
                made = _killer(waiting[key], bundle, limits, level)
            del waiting[key]
            yield key, made


def _run_pool(batch, start, jobs):
    """Yields (key, record), or (key, None) for submissions that were under way when a worker died."""
    context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
    pool = futures.ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_worker, initargs=start)
    queue, running = list(reversed(batch)), {}
    try:
        while queue or running:
            while queue and len(running) < 2 * jobs:  # few at a time: memory stays bounded, and suspects are few
                task = queue.pop()
                running[pool.submit(_grade_task, task)] = task
            done, _ = futures.wait(running, return_when=futures.FIRST_COMPLETED)
            for future in done:
                yield _outcome(future, running.pop(future))
    except BrokenProcessPool:
        for task in running.values():
            yield task.key, None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _outcome(future, task):
    try:
        return future.result()
    except BrokenProcessPool:
        return task.key, None


def _killer(task, bundle, limits, level):
    return record.Record(
        assignment=bundle.name,
        submission=hashlib.sha256(task.submission).hexdigest(),
        bundle=bundle.digest,
        sandbox=level,
        limits=limits.to_dict(),
        status=record.ERROR,
        reason="Grading this notebook ended the grader itself, three times. An instructor has to look at it.",
    )
