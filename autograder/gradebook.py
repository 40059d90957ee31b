"""nbgrader's gradebook: the one place that knows the database. It has one writer, the coordinator.

nbgrader's own classes are used throughout, so that the formgrader, `nbgrader export` and `nbgrader generate_feedback`
see what they would have written themselves.
"""

import contextlib
import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

from . import record


class GradebookError(Exception):
    """The gradebook cannot be written or read; the message says what to do. Nothing graded is lost."""


@dataclass(frozen=True)
class Row:
    """A student's line for one assignment. Scores are points; `penalty` has been taken off the score already."""

    student: str
    assignment: str
    score: float
    max_score: float
    penalty: float
    needs_marking: bool


class Book:
    """The gradebook of a class, open for as long as the `with` block lasts."""

    def __init__(self, db_url):
        self.db_url = db_url

    def __enter__(self):
        from nbgrader.api import Gradebook  # takes a second: only where it is needed

        with _clear_errors(self.db_url), _own_programs_found():
            self._book = Gradebook(self.db_url)
        return self

    def __exit__(self, *exception):
        self._book.close()

    def enrol(self, assignment, notebook):
        """Tells the gradebook about an assignment: its cells, points and sources (see build.gradebook_notebook)."""
        from nbgrader.preprocessors import SaveCells

        self._book.update_or_create_assignment(assignment.name, duedate=_naive_utc(assignment.due))
        resources = {
            "nbgrader": {"db_url": self.db_url, "assignment": assignment.name, "notebook": assignment.name}
        }
        with _clear_errors(self.db_url):
            try:
                SaveCells().preprocess(notebook, resources)
            except RuntimeError as error:
                raise GradebookError(
                    f"{assignment.name}: cells were added to or removed from this assignment after work on it was "
                    f"graded ({error}). Give the assignment a new name, or begin a new gradebook."
                ) from None
        self._book.db.expire_all()

    def save(self, student, made, timestamp=None, unchanged=frozenset()):
        """Writes a record's scores. Manual scores and comments stay; a written answer needs marking again only if its
        text changed (`unchanged`: names of cells with the text that was marked)."""
        with _clear_errors(self.db_url):
            self._book.update_or_create_student(student)
            submission = self._book.update_or_create_submission(made.assignment, student, timestamp=timestamp)
            (notebook,) = submission.notebooks
            grades = {grade.cell.name: grade for grade in notebook.grades}
            for test in made.tests:
                _save_test(grades[test.cell], test)
            for answer in made.written:
                _save_written(grades[answer.cell], answer, answer.cell in unchanged)
            comments = {comment.cell.name: comment for comment in notebook.comments}
            for answer in made.written:
                comments[answer.cell].auto_comment = None if answer.touched else "No response."
            self._book.db.commit()

    def rows(self, assignment):
        """The lines of all students who have a submission, by student."""
        with _clear_errors(self.db_url):
            return [
                Row(
                    student=submission.student_id,
                    assignment=assignment,
                    score=max(0.0, submission.score - penalty),
                    max_score=submission.max_score,
                    penalty=penalty,
                    needs_marking=submission.needs_manual_grade,
                )
                for submission in sorted(
                    self._book.assignment_submissions(assignment), key=lambda s: s.student_id
                )
                for penalty in [submission.late_submission_penalty or 0.0]
            ]

    def marks(self, assignment, student):
        """What graders gave to a student's written answers: cell name -> feedback.Marks."""
        from .feedback import Marks

        with _clear_errors(self.db_url):
            (notebook,) = self._book.find_submission(assignment, student).notebooks
            comments = {c.cell.name: c.manual_comment or "" for c in notebook.comments}
            return {
                g.cell.name: Marks(None if g.needs_manual_grade else g.manual_score, comments.get(g.cell.name, ""))
                for g in notebook.grades
                if g.cell.name.startswith("written-")
            }


def _save_test(grade, test):
    grade.needs_manual_grade = False
    if test.bonus:  # nbgrader has no bonus cells: 0 points, and extra credit
        grade.auto_score, grade.extra_credit = 0.0, float(test.points)
    else:
        grade.auto_score = float(test.points)


def _save_written(grade, answer, unchanged):
    """As nbgrader does it: nothing written is 0 points; anything else waits for somebody to read it."""
    grade.auto_score = None if answer.touched else 0.0
    if not (unchanged and grade.manual_score is not None):
        grade.needs_manual_grade = answer.touched or grade.manual_score is not None


def _naive_utc(when):
    """nbgrader keeps times in UTC without a zone."""
    import datetime as dt

    return when and when.astimezone(dt.UTC).replace(tzinfo=None)


@contextlib.contextmanager
def _own_programs_found():
    """nbgrader starts `alembic` by name for a new database: it lies beside our Python, on the PATH or not."""
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


@contextlib.contextmanager
def _clear_errors(db_url):
    from sqlalchemy.exc import OperationalError, SAWarning

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's own way of adding a submission
            yield
    except OperationalError as error:
        raise GradebookError(
            f"The gradebook {db_url} cannot be used: {error.orig}. If another program has it open (a formgrader,"
            " another grader), close it and run the same command again: what was graded is in the ledger, and is not"
            " graded twice."
        ) from None


def unchanged_written(before: record.Record | None, after: record.Record):
    """Cells of the written answers whose text is the same in both records."""
    texts = {answer.cell: answer.text for answer in before.written} if before else {}
    return frozenset(a.cell for a in after.written if texts.get(a.cell) == a.text)
