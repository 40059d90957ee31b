"""The instructor's desk: a class's submissions in, records, gradebook, autograded notebooks, feedback and CSV out.

Each function is one step of the flow and can be run again at any time. What a killed run leaves is taken up by the
next: a record is in the ledger before anything is made from it, and it counts for a student (`current`) only after
gradebook, autograded notebook and feedback page have been written.
"""

import contextlib
import hashlib
import json
import os
import re
import time
from dataclasses import dataclass, field

from . import export, feedback, grading, indexes, intake, ledger, record
from .bundle import Bundle
from .gradebook import Book, Entry, parsed, unchanged_written
from .grading import Start, Task, outputs
from .ledger import Ledger, final, key_of, key_of_digest

__all__ = ["DeskError", "Outcome", "grade", "merge", "outputs", "plan", "submissions", "table", "write_feedback"]

STUDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+-]{0,99}\Z")
BATCH, BATCH_SECONDS = 25, 5  # records are settled in batches: a database takes many as fast as one


class DeskError(Exception):
    """Something that the instructor can mend; the message says how."""


@dataclass(frozen=True)
class Submission:
    """What a student handed in, in submitted/STUDENT/ASSIGNMENT/.

    path: the notebook (None: there is none, and `problem` says why); note: what was odd about it.
    """

    student: str
    path: object
    timestamp: str | None = None
    note: str | None = None
    problem: str = ""


@dataclass
class Planned:
    """One submission, the key of its record, and why it is to be graded ("" if its record is in the ledger)."""

    submission: Submission
    key: str
    digest: str
    why: str = ""


@dataclass
class Outcome:
    """What a run did: counts of submissions graded and taken from the ledger, and the students that were written."""

    graded: int = 0
    known: int = 0
    changed: list = field(default_factory=list)
    missing: list = field(default_factory=list)


def submissions(course, assignment, student=None):
    """The submissions to an assignment, by student, and the folders whose names are no student's (name -> why)."""
    found, refused = [], {}
    for folder in sorted(course.submitted.glob(f"*/{assignment}")):
        name = folder.parent.name
        if student not in (None, name):
            continue
        if not STUDENT.match(name):
            refused[name] = "A student's folder may have letters, digits and . _ @ + - in its name; rename it."
            continue
        found.append(_submission(name, folder, assignment))
    if student is not None and not found and not refused:
        raise DeskError(f"{student} has handed in nothing for {assignment}: there is no {course.submitted / student}.")
    return found, refused


def _submission(name, folder, assignment):
    when = _small_text(folder / "timestamp.txt")
    try:
        path, note = intake.find_notebook(folder, assignment)
    except intake.Unreadable as error:
        return Submission(name, None, when, problem=str(error))
    return Submission(name, path, when, note)


def _small_text(path):
    try:
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                return file.read(200).decode("utf-8", "replace").strip() or None
    except OSError:
        pass
    return None


@contextlib.contextmanager
def lock(course):
    """Only one grader at a time writes a class's gradebook and current records. Ends with its process, however."""
    import filelock

    file = course.workspace / "grading.lock"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        held = filelock.FileLock(file)
        held.acquire(timeout=0)
    except filelock.Timeout:
        raise DeskError(
            f"Another autograder is at work in {course.workspace}. Wait until it has finished and run the same command"
            f" again. (It holds {file}; the lock ends with its process, and deleting the file does not help.)"
        ) from None
    except OSError as error:
        raise ledger.StorageError(f"{file} cannot be written: {error.strerror or error}.") from error
    try:
        yield
    finally:
        held.release()


# --- what is to be done -----------------------------------------------------------------------------------


class Job:
    """One assignment to be graded at one level of isolation."""

    def __init__(self, course, name, level):
        self.course, self.name, self.level = course, name, level
        self.bundle, self.limits = Bundle.from_source(course, name), course.assignment(name).limits
        self.ledger = Ledger(course.ledger)

    def key(self, digest, note=None):
        return key_of_digest(digest, self.bundle.digest, self.limits.to_dict(), self.level, note)

    def start(self, library):
        return Start(self.bundle.to_json(), self.limits, self.level, library)

    def plan(self, found, force=False):
        """A Planned for each submission."""
        return [self._planned(one, force) for one in found]

    def _planned(self, one, force):
        digest = hashlib.sha256(read(one)).hexdigest()
        planned = Planned(one, self.key(digest, one.note), digest)
        if one.problem:
            self._put_problem(planned)
        made = None if force and not one.problem else self.ledger.get(planned.key)
        if made is None or not final(made):
            planned.why = "asked for" if force else self._why(one, digest)
        return planned

    def _put_problem(self, planned):
        """There is no notebook to grade: the record says why."""
        planned.key = key_of(planned.submission.problem.encode(), self.bundle.digest, self.limits.to_dict(), "none")
        made = record.Record(
            self.name, planned.digest, self.bundle.digest, self.level, self.limits.to_dict(), record.UNREADABLE,
            planned.submission.problem,
        )  # fmt: skip
        if self.ledger.get(planned.key) != made:
            self.ledger.put(planned.key, made)

    def _why(self, one, digest):
        before = self.ledger.current(self.name, one.student)
        if before is None:
            return "new"
        changes = {
            "handed in again": before.submission != digest,
            "the assignment changed": before.bundle != self.bundle.digest,
            "the limits changed": before.limits != self.limits.to_dict(),
            f"graded in sandbox {before.sandbox}": before.sandbox != self.level,
        }
        return ", ".join(why for why, changed in changes.items() if changed) or "the grader failed last time"


def read(one):
    """The submission's bytes; what cannot be read is graded as an empty file, which has a reason."""
    if one.path is None:
        return one.problem.encode()
    try:
        handle = os.open(one.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            return file.read(2 * intake.LARGEST)  # more than may be handed in, and no more than fits into memory
    except OSError:
        return b""


def plan(course, name, level, *, student=None, force=False):
    """What `grade` would do: a list of Planned. Grades nothing."""
    found, _ = submissions(course, name, student)
    return Job(course, name, level).plan(found, force)


# --- grading ----------------------------------------------------------------------------------------------


def grade(
    course,
    name,
    level,
    *,
    jobs=None,
    student=None,
    force=False,
    shard=None,
    scheduler=None,
    progress=lambda done, total: None,
):
    """Grades what has not been graded yet and writes gradebook, autograded notebooks, feedback and current records.

    shard: (i, n) grades the i-th of n parts into the ledger and writes nothing else (see `merge`); scheduler: the
    address of a dask scheduler; `progress(done, total)` is called after every submission. Returns an Outcome.
    """
    job = Job(course, name, level)
    found, _ = submissions(course, name, student)
    with contextlib.nullcontext() if shard else lock(course):
        job.ledger.sweep()
        planned = [one for one in job.plan(found, force) if shard is None or in_shard(one.key, shard)]
        waiting, known = {}, []
        for one in planned:
            waiting.setdefault(one.key, []).append(one) if one.why else known.append(one)
        tasks = [Task(key, _reader(ones[0]), ones[0].submission.note) for key, ones in waiting.items()]
        if tasks and not scheduler:
            grading.prepare()
        outcome = Outcome(len(planned) - len(known), len(known))
        report = _Progress(progress, len(planned))
        if shard:
            report.add(len(known))
            for done in _graded(job, tasks, jobs, scheduler):
                _keep(job, done, waiting[done.key][0])
                report.add(len(waiting[done.key]))
            return outcome
        with Book(course.db_url) as gradebook:
            _enrol(job, gradebook)
            settling = _Settling(job, gradebook, outcome, report)
            for one in known:
                settling.add(one)
            settling.flush()
            for done in _graded(job, tasks, jobs, scheduler):
                key = _keep(job, done, waiting[done.key][0])
                for one in waiting[done.key]:  # the same bytes, but a file that has changed meanwhile is one student's
                    if one is waiting[done.key][0] or one.digest == done.made.submission:
                        settling.add(one, key, done)
                    else:
                        report.add()
            settling.flush()
    return outcome


def merge(course, name, level, progress=lambda done, total: None):
    """Writes gradebook, feedback and current records from what shards have left in the ledger.

    `Outcome.missing` names the students whose submission no shard has graded.
    """
    job = Job(course, name, level)
    found, _ = submissions(course, name)
    with lock(course), Book(course.db_url) as gradebook:
        _enrol(job, gradebook)
        planned = job.plan(found)
        known = [one for one in planned if not one.why]
        outcome = Outcome(known=len(known), missing=[one.submission.student for one in planned if one.why])
        settling = _Settling(job, gradebook, outcome, _Progress(progress, len(planned)))
        for one in known:
            settling.add(one)
        settling.flush()
    return outcome


def in_shard(key, shard):
    """Whether a record belongs to shard (i, n), i from 1 to n: every key to exactly one."""
    number, of = shard
    return int(key[:12], 16) % of == number - 1


def _reader(one):
    return lambda: read(one.submission)


def _graded(job, tasks, jobs, scheduler):
    """A Graded for every task, from workers here or of a dask cluster."""
    if not tasks:
        return
    if scheduler:
        from .cluster import Cluster

        start = job.start(None)
        opened = Cluster(scheduler, start)
    else:
        start = job.start(str(job.course.lib / "nextword"))
        opened = grading.Local(start, max(1, min(jobs or os.cpu_count() or 1, len(tasks))))
    with opened as workers:
        yield from grading.grade_all(tasks, workers, lambda one: grading.blame(start, one))


def _keep(job, done, one):
    """Puts a new record into the ledger; returns its key, which is another if the file has changed meanwhile."""
    key = job.key(done.made.submission, one.submission.note)
    job.ledger.put(key, done.made)
    return key


class _Progress:
    def __init__(self, show, total):
        self.show, self.done, self.total = show, 0, total

    def add(self, count=1):
        self.done += count
        self.show(self.done, self.total)


class _Settling:
    """Takes records as they come and writes all that follows from them, in batches."""

    def __init__(self, job, gradebook, outcome, report):
        self.job, self.gradebook, self.outcome, self.report = job, gradebook, outcome, report
        self.held = gradebook.timestamps(job.name)
        self.pending, self.since = [], time.monotonic()

    def add(self, one, key=None, done=None):
        """One planned submission; `done` is what was graded now, None if its record is in the ledger."""
        if done is None and self._settled(one):
            self.report.add()
            return
        key = key or one.key
        self.pending.append((one.submission, key, done))
        if len(self.pending) >= BATCH or time.monotonic() - self.since > BATCH_SECONDS:
            self.flush()

    def _settled(self, one):
        """Whether a run before this one has written everything already."""
        who, job = one.submission.student, self.job
        if job.ledger.current_key(job.name, who) != one.key or not _page(job, who).exists():
            return False
        if not _notebook(job, who).exists():  # there is none of a submission that cannot be read
            made = job.ledger.get(one.key)
            return made is not None and made.status not in (record.GRADED, record.TO_MARK)
        return who in self.held and self.held[who] == parsed(one.submission.timestamp)

    def flush(self):
        """Writes what is pending: autograded notebooks, gradebook, pages, and at last what counts."""
        job, pending = self.job, self.pending
        self.pending, self.since = [], time.monotonic()
        made = [(one, key, done.made if done else job.ledger.get(key), done) for one, key, done in pending]
        made = [entry for entry in made if entry[2] is not None]
        for one, _, record_, done in made:
            _write_autograded(job, one, record_, done)
        self.gradebook.save(
            Entry(one.student, new, one.timestamp, unchanged_written(job.ledger.current(job.name, one.student), new))
            for one, _, new, _ in made
        )
        _write_pages(job, self.gradebook, {one.student: new for one, _, new, _ in made})
        for one, key, _, _ in made:
            job.ledger.set_current(job.name, one.student, key)
            self.outcome.changed.append(one.student)
            self.report.add()


def _enrol(job, gradebook):
    """The gradebook has to know the assignment's cells before it takes grades; the formgrader, its source notebook."""
    assignment, listed = job.course.assignment(job.name), job.course.source_notebook(job.name)
    mark = job.ledger.folder.parent / "current" / f"{job.name}.enrolled"
    key = f"{job.bundle.digest} {assignment.due} {job.course.db_url}"
    cells = [cell.id for cell in job.bundle.cells if cell.role in ("test", "hidden", "written")]
    if _small_text_of(mark) == key and gradebook.enrolled(assignment, cells) and listed.exists():
        return
    import nbformat

    from . import build, source

    solved = build.solved_notebook(source.read(job.course.source(job.name)), assignment)
    gradebook.enrol(assignment, nbformat.from_dict(build.gradebook_notebook(solved)))
    ledger.write_atomically(listed, json.dumps(solved, indent=1) + "\n")
    ledger.write_atomically(mark, key)


def _small_text_of(path):
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _notebook(job, student):
    return job.course.autograded / student / job.name / f"{job.name}.ipynb"


def _page(job, student):
    return job.course.feedback / student / f"{job.name}.html"


def _write_autograded(job, one, made, done):
    """The notebook that the formgrader shows: repaired, with the judge's verdicts as the outputs of the tests."""
    if made.status not in (record.GRADED, record.TO_MARK):
        for left in (_notebook(job, one.student), _notebook(job, one.student).with_name("timestamp.txt")):
            left.unlink(missing_ok=True)  # of an earlier submission, which does not count any more
        return
    text = done.notebook if done else None
    if text is None:
        repaired = intake.repair(intake.read_submission(read(one)), job.bundle)
        text = grading.autograded(repaired, made)
    ledger.write_atomically(_notebook(job, one.student), text)
    if one.timestamp:
        ledger.write_atomically(_notebook(job, one.student).with_name("timestamp.txt"), one.timestamp + "\n")


def _write_pages(job, gradebook, records):
    """The feedback pages of these students (student -> record); returns their paths."""
    late = indexes.settle(job.course, job.name, gradebook, records)
    rows = {row.student: row for row in gradebook.rows(job.name, records)}
    marks = gradebook.marks(job.name, records)
    paths = []
    for who, made in records.items():
        graded = made.status in (record.GRADED, record.TO_MARK)
        row = rows.get(who) if graded else None
        page = feedback.page(who, job.bundle, made, row, marks.get(who), late[who] if graded else None, "index.html")
        ledger.write_atomically(_page(job, who), page)
        paths.append(_page(job, who))
    indexes.write(job.course, gradebook, job.name, records)
    return paths


# --- what was graded --------------------------------------------------------------------------------------


def table(course, name):
    """The assignment's lines for the CSV, from gradebook and ledger; folders that are no student's are among them."""
    with Book(course.db_url) as gradebook:
        late = indexes.settle(course, name, gradebook, [row.student for row in gradebook.rows(name)])
        rows = gradebook.rows(name)
    points = Bundle.from_source(course, name).points
    _, refused = submissions(course, name)
    lines = export.lines(name, points, rows, Ledger(course.ledger), late)
    return lines + [export.Line(who, name, None, points, 0.0, record.UNREADABLE, why) for who, why in refused.items()]


def write_feedback(course, name, students=None):
    """Writes feedback/STUDENT/ASSIGNMENT.html for all students with a record, or for these; returns the paths."""
    job = Job(course, name, "")
    found, paths = [who for who in job.ledger.students(name) if students is None or who in students], []
    with Book(course.db_url) as gradebook:
        for first in range(0, len(found), 200):
            part = {who: job.ledger.current(name, who) for who in found[first : first + 200]}
            paths += _write_pages(job, gradebook, {who: made for who, made in part.items() if made})
    return paths


def scores(course, name, level, folders, jobs=None):
    """Folder -> points that the tests give to the notebook in it (-1: it cannot be graded). Kept in the ledger."""
    job, found = Job(course, name, level), {}
    ones = [_submission(str(number), folder, name) for number, folder in enumerate(folders)]
    planned = dict(zip(folders, job.plan(ones), strict=True))
    waiting = {one.key: one for one in planned.values() if one.why}
    if waiting:
        grading.prepare()
    tasks = [Task(key, _reader(one), one.submission.note) for key, one in waiting.items()]
    for done in _graded(job, tasks, jobs, None):
        _keep(job, done, waiting[done.key])
    for folder, one in planned.items():
        made = job.ledger.get(one.key)
        found[folder] = made.score if made and made.status in (record.GRADED, record.TO_MARK) else -1
    return found
