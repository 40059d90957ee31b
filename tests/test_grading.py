"""Workers: one that dies costs nothing but time, and whoever kills it three times gets a record that says so."""

import concurrent.futures as futures
import os
import signal

import pytest
from conftest import notebook

from autograder import grading, intake, record
from autograder.grading import Graded, Local, Start, Task, WorkerDied, grade_all


class Workers:
    """Two threads that grade by saying what they were given; some jobs end them."""

    width, died = 2, WorkerDied

    def __init__(self, dying=()):
        self.pool, self.dying, self.most, self.now = futures.ThreadPoolExecutor(2), dict(dying), 0, 0

    def submit(self, job):
        self.now += 1
        self.most = max(self.most, self.now)
        return self.pool.submit(self._grade, job)

    def _grade(self, job):
        self.now -= 1
        key, data, _ = job
        if self.dying.get(key, 0) > 0:
            self.dying[key] -= 1
            raise WorkerDied
        return Graded(key, data.decode())


def tasks(count, loaded=None):
    def read(number):
        return lambda: (loaded is not None and loaded.append(number), str(number).encode())[1]

    return [Task(f"key{number}", read(number)) for number in range(count)]


def test_every_task_is_graded_once():
    made = [done.made for done in grade_all(tasks(20), Workers(), None)]
    assert sorted(made, key=int) == [str(number) for number in range(20)]


def test_few_submissions_are_in_memory_at_a_time():
    loaded, workers = [], Workers()
    for count, _ in enumerate(grade_all(tasks(50, loaded), workers, None), 1):
        assert len(loaded) <= count + 2 * workers.width
    assert workers.most <= 2 * workers.width


def test_a_submission_whose_worker_died_is_graded_again():
    made = {done.key: done.made for done in grade_all(tasks(5), Workers({"key2": 1}), None)}
    assert made == {f"key{number}": str(number) for number in range(5)}


def test_a_submission_that_ends_two_workers_is_blamed_and_the_others_are_graded():
    made = {done.key: done.made for done in grade_all(tasks(5), Workers({"key2": 9}), lambda job: Graded(job[0], "blamed"))}
    assert made == {f"key{number}": str(number) for number in range(5)} | {"key2": "blamed"}


@pytest.fixture(scope="module")
def start(sample_course, sample_bundle):
    from autograder.sandbox import levels

    limits = sample_course.assignment("every_role").limits
    level = "none" if levels.rooms_work() else "rooms"
    return Start(sample_bundle.to_json(), limits, level, str(sample_course.lib / "nextword"))


@pytest.mark.xdist_group("workers")
def test_a_real_worker_that_is_killed_is_replaced(start, sample_bundle):
    answers = {"count_words": "def count_words(tokens):\n    return {t: tokens.count(t) for t in tokens}"}
    data = notebook(sample_bundle, answers)
    waiting = [Task(str(number), lambda: data) for number in range(4)]
    with Local(start, 1) as workers:
        made = []
        for done in grade_all(waiting, workers, None):
            made.append(done.made.score)
            if len(made) == 1:
                os.kill(workers.all[0].process.pid, signal.SIGKILL)
    assert made == [3, 3, 3, 3] and len(workers.all) == 2


@pytest.mark.xdist_group("workers")
def test_a_worker_that_cannot_begin_ends_the_run_with_its_reason(start):
    import dataclasses

    broken = dataclasses.replace(start, bundle="this is no bundle")
    with Local(broken, 1) as workers, pytest.raises(grading.GradingError, match="No submission can be graded"):
        list(grade_all(tasks(2), workers, None))


class Stuck(Start):
    """Its grader never comes back from what is not Python for one submission, and needs too much memory for another."""

    longest = 3

    def grader(self):
        return StuckGrader(self)


class StuckGrader:
    def __init__(self, start):
        self.start = start

    def grade_and_repair(self, submission):
        if submission == b"stuck":
            sum(range(10**14))
        if submission == b"large":
            bytearray((grading.WORKER_MB + 100) << 20)
        return grading.blame(self.start, ("", submission, None)).made, None

    def close(self):
        pass


@pytest.mark.xdist_group("workers")
def test_a_submission_that_a_worker_is_stuck_with_or_has_no_memory_for_ends_no_batch(start):
    stuck, blamed = Stuck(start.bundle, start.limits, start.level, start.library), []
    names = ["honest", "stuck", "large", "other"]
    waiting = [Task(name, name.encode) for name in names]
    with Local(stuck, 1) as workers:
        done = [one.key for one in grade_all(waiting, workers, lambda job: (blamed.append(job[0]), grading.blame(stuck, job))[1])]
        assert sorted(done) == sorted(names) and sorted(blamed) == ["large", "stuck"]
        assert len(workers.all) == 1 + 2 * 2  # each was tried twice


def test_a_notebook_that_needs_too_much_memory_has_a_reason(sample_bundle, monkeypatch):
    def full(*_):
        raise MemoryError

    monkeypatch.setattr(intake, "repair", full)
    with pytest.raises(intake.Unreadable, match="more memory"):
        grading.read(notebook(sample_bundle), sample_bundle)


def test_the_blame_names_the_submission_and_says_what_to_do(start):
    done = grading.blame(start, ("key", b"data", None))
    assert done.key == "key" and done.made.status == record.ERROR and "instructor" in done.made.reason
