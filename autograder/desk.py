"""The instructor's desk: a class's submissions in, records, gradebook, autograded notebooks, feedback and CSV out.

Each function is one step of the flow and can be run again at any time.
"""

import json
import re
from dataclasses import dataclass

from . import export, feedback, intake, ledger, record
from .bundle import Bundle
from .gradebook import Book, unchanged_written
from .grading import Task, grade_all
from .ledger import Ledger, key_of

STUDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+-]{0,99}\Z")


class DeskError(Exception):
    """Something that the instructor can mend; the message says how."""


@dataclass(frozen=True)
class Submission:
    """A notebook in the class's folder, submitted/STUDENT/ASSIGNMENT/."""

    student: str
    path: object
    timestamp: str | None


def submissions(course, assignment, student=None):
    """The submissions to an assignment, by student. A renamed notebook is found when it is alone in its folder."""
    found = []
    for folder in sorted(course.submitted.glob(f"*/{assignment}")):
        name = folder.parent.name
        if student not in (None, name):
            continue
        if not STUDENT.match(name):
            raise DeskError(f"{folder.parent}: a student's folder may have letters, digits and . _ @ + - in its name.")
        stamp = folder / "timestamp.txt"
        when = stamp.read_text().strip() if stamp.is_file() else None
        found.append(Submission(name, _notebook(folder, assignment), when))
    return found


def _notebook(folder, assignment):
    named = folder / f"{assignment}.ipynb"
    others = [p for p in sorted(folder.glob("*.ipynb")) if p.is_file() and not p.is_symlink()]
    return named if named.is_file() or len(others) != 1 else others[0]


def grade(course, name, level, *, jobs=None, student=None, force=False, progress=lambda done, total: None):
    """Grades what has not been graded yet and writes gradebook, autograded notebooks and current records.

    Returns (graded now, taken from the ledger). `progress(done, total)` is called after every submission.
    """
    bundle, limits = Bundle.from_source(course, name), course.assignment(name).limits
    book = Ledger(course.ledger)
    waiting, known = {}, {}
    found = submissions(course, name, student)
    for one in found:
        data = _bytes(one.path)
        key = key_of(data, bundle.digest, limits.to_dict(), level)
        if not force and (made := book.get(key)):
            known[one.student] = (key, made)
        else:
            waiting.setdefault(key, (data, []))[1].append(one.student)
    tasks = [Task(key, data) for key, (data, _) in waiting.items()]
    by_student = {one.student: one for one in found}
    with Book(course.db_url) as gradebook:
        _enrol(course, name, gradebook)
        done = 0
        for key, made in _all_records(tasks, bundle, limits, level, course, jobs, known, waiting, book):
            for who in key[1]:
                _settle(course, bundle, gradebook, book, by_student[who], key[0], made)
                done += 1
                progress(done, len(found))
    return len(found) - len(known), len(known)


def _all_records(tasks, bundle, limits, level, course, jobs, known, waiting, book):
    """((key, students), record) for everything: what the ledger has first, then what is graded now."""
    for student, (key, made) in known.items():
        yield (key, [student]), made
    for key, made in grade_all(tasks, bundle, limits, level, course.lib / "nextword", jobs):
        if made.status != record.ERROR:
            book.put(key, made)
        yield (key, waiting[key][1]), made


def _bytes(path):
    """The notebook's bytes; what cannot be read is graded as an empty file, which has a reason."""
    try:
        if path.is_symlink():
            return b""
        with path.open("rb") as file:
            return file.read(2 * intake.LARGEST)  # more than may be handed in, and no more than fits into memory
    except OSError:
        return b""


def _enrol(course, name, gradebook):
    """The gradebook has to know the assignment's cells before it takes grades."""
    import nbformat

    from . import build, source

    assignment = course.assignment(name)
    solved = build.solved_notebook(source.read(course.source(name)), assignment)
    gradebook.enrol(assignment, nbformat.from_dict(build.gradebook_notebook(solved)))


def _settle(course, bundle, gradebook, book, one, key, made):
    """Everything that follows from a student's record: gradebook, autograded notebook, current record."""
    before = book.current(made.assignment, one.student)
    if made.status in (record.GRADED, record.TO_MARK):
        gradebook.save(one.student, made, one.timestamp, unchanged_written(before, made))
        _write_autograded(course, bundle, one, made)
    book.put(key, made)
    book.set_current(made.assignment, one.student, key)


def _write_autograded(course, bundle, one, made):
    """The notebook that the formgrader shows: repaired, with the judge's verdicts as the outputs of the tests."""
    repaired = intake.repair(intake.read_submission(_bytes(one.path)), bundle)
    notebook = repaired.to_notebook(outputs(made))
    folder = course.autograded / one.student / made.assignment
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    ledger.write_atomically(folder / f"{made.assignment}.ipynb", text.encode("utf-8", "replace").decode())
    if one.timestamp:
        ledger.write_atomically(folder / "timestamp.txt", one.timestamp + "\n")


def outputs(made):
    """Outputs by cell id: what a cell printed, and an error with the reason where a test was not passed."""
    found = {}
    for cell in made.cells:
        found[cell.cell] = _printed(cell.printed) + (
            _error("CellError", cell.reason) if cell.verdict != "ran" else []
        )
    for test in made.tests:
        found[test.cell] = _printed(test.printed)
        if test.verdict != "passed":
            found[test.cell] = found[test.cell] + _error("TestFailed", test.reason or test.verdict)
    return found


def _printed(text):
    return [{"output_type": "stream", "name": "stdout", "text": text}] if text else []


def _error(name, text):
    return [{"output_type": "error", "ename": name, "evalue": text, "traceback": [text]}]


def table(course, name):
    """The assignment's lines for the CSV, from gradebook and ledger."""
    with Book(course.db_url) as gradebook:
        rows = gradebook.rows(name)
    return export.lines(name, Bundle.from_source(course, name).points, rows, Ledger(course.ledger))


def write_feedback(course, name, student=None):
    """Writes feedback/STUDENT/ASSIGNMENT.html for every student with a record; returns the paths."""
    bundle, book = Bundle.from_source(course, name), Ledger(course.ledger)
    with Book(course.db_url) as gradebook:
        rows = {row.student: row for row in gradebook.rows(name)}
        marks = {who: gradebook.marks(name, who) for who in rows}
    paths = []
    for who in book.students(name):
        if student not in (None, who):
            continue
        made = book.current(name, who)
        path = course.feedback / who / f"{name}.html"
        ledger.write_atomically(path, feedback.page(who, bundle, made, rows.get(who), marks.get(who)))
        paths.append(path)
    return paths
