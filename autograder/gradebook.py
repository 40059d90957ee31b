"""nbgrader's gradebook: the one place that knows the database. It has one writer, the coordinator.

nbgrader's own classes are used throughout, so that the formgrader, `nbgrader export` and `nbgrader generate_feedback`
see what they would have written themselves.
"""

import contextlib
import sys
import warnings
from dataclasses import dataclass, field

from . import record

SECONDS = 10  # how long to wait for another program that is writing


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


@dataclass(frozen=True)
class Entry:
    """A student's record on its way into the gradebook.

    timestamp: when it was handed in, as text, or None; unchanged: names of the cells of written answers that have the
    text that was marked.
    """

    student: str
    made: record.Record
    timestamp: str | None = None
    unchanged: frozenset = field(default=frozenset())


@dataclass(frozen=True)
class Question:
    """A written question: how many submissions have it, and those that wait for a grader (number -> its id)."""

    assignment: str
    cell: str
    submissions: int
    waiting: dict


class Book:
    """The gradebook of a class, open for as long as the `with` block lasts."""

    def __init__(self, db_url):
        self.db_url = db_url
        self._known = {}

    def __enter__(self):
        api = _nbgrader()
        with _clear_errors(self.db_url):
            _wait_for_writers(self.db_url)
            self._book = api.Gradebook(self.db_url)
            if self._book.engine.dialect.name == "sqlite":
                _pragma(self._book.engine)
            _complete(self._book)
        return self

    def __exit__(self, *exception):
        self._book.close()

    def enrol(self, assignment, notebook):
        """Tells the gradebook about an assignment: its cells, points and sources (see build.gradebook_notebook)."""
        from nbgrader.preprocessors import SaveCells

        resources = {
            "nbgrader": {"db_url": self.db_url, "assignment": assignment.name, "notebook": assignment.name}
        }
        with _clear_errors(self.db_url):
            self._book.update_or_create_assignment(assignment.name, duedate=_naive_utc(assignment.due))
            try:
                SaveCells().preprocess(notebook, resources)
            except RuntimeError as error:
                raise GradebookError(
                    f"{assignment.name}: cells were added to or removed from this assignment after work on it was "
                    f"graded ({error}). Give the assignment a new name, or begin a new gradebook."
                ) from None
        self._book.db.expire_all()

    def enrolled(self, assignment, cells):
        """Whether the gradebook knows the assignment with these tests and written answers, and when it is due."""
        with _clear_errors(self.db_url):
            try:
                held = self._cells(assignment.name)
                due = self._book.find_assignment(assignment.name).duedate
            except LookupError:
                return False
        return set(held.grades) == set(cells) and due == _naive_utc(assignment.due)

    def save(self, entries):
        """Writes the scores of one assignment's records, all of them or none.

        Manual scores and comments stay; a written answer needs marking again only if its text changed. A submission
        that cannot be graded has no scores: if an earlier one had some, its tests wait for a grader instead.
        """
        entries = list(entries)
        if not entries:
            return
        with _clear_errors(self.db_url):
            database = self._book.db
            cells = self._cells(entries[0].made.assignment)
            try:
                with database.no_autoflush:
                    held = self._held(cells, [entry.student for entry in entries])
                    for entry in entries:
                        self._save(cells, entry, held.get(entry.student))
                database.commit()
            except BaseException:
                database.rollback()
                raise
            finally:
                database.expunge_all()

    def _save(self, cells, entry, notebook):
        made = entry.made
        if made.status not in (record.GRADED, record.TO_MARK):
            for grade in notebook.grades if notebook else ():
                if grade.cell_id in cells.tests:
                    grade.auto_score, grade.extra_credit, grade.needs_manual_grade = None, None, True
            return
        notebook = notebook or self._add(cells, entry.student)
        notebook.assignment.timestamp = parsed(entry.timestamp)
        grades = {grade.cell_id: grade for grade in notebook.grades}
        comments = {comment.cell_id: comment for comment in notebook.comments}
        for test in made.tests:
            _save_test(grades[cells.grades[test.cell]], test)
        for answer in made.written:
            _save_written(grades[cells.grades[answer.cell]], answer, answer.cell in entry.unchanged)
            comments[cells.comments[answer.cell]].auto_comment = None if answer.touched else "No response."

    def _add(self, cells, student):
        """A new submission with a grade and a comment for every cell, as Gradebook.add_submission makes it.

        That one commits and reads back each; a class of hundreds waits for it.
        """
        api, database = _nbgrader(), self._book.db
        if not database.get(api.Student, student):
            database.add(api.Student(id=student))
        submission = api.SubmittedAssignment(
            id=api.new_uuid(), assignment_id=cells.assignment, student_id=student
        )
        notebook = api.SubmittedNotebook(id=api.new_uuid(), notebook_id=cells.notebook, assignment=submission)
        for cell in cells.grades.values():
            api.Grade(id=api.new_uuid(), cell_id=cell, notebook=notebook)
        for cell in cells.comments.values():
            api.Comment(id=api.new_uuid(), cell_id=cell, notebook=notebook)
        database.add(submission)
        return notebook

    def _held(self, cells, students):
        """Student -> the submitted notebook that the gradebook has, with its grades and comments."""
        from sqlalchemy.orm import joinedload, selectinload

        api = _nbgrader()
        own = api.SubmittedNotebook
        found = (
            self._book.db.query(own)
            .join(api.SubmittedAssignment, own.assignment_id == api.SubmittedAssignment.id)
            .filter(own.notebook_id == cells.notebook, api.SubmittedAssignment.student_id.in_(students))
            .options(joinedload(own.assignment), selectinload(own.grades), selectinload(own.comments))
        )
        return {notebook.assignment.student_id: notebook for notebook in found}

    def _cells(self, assignment):
        """The ids of the assignment's cells, read once. Raises LookupError if the gradebook does not know it."""
        if assignment not in self._known:
            api, database = _nbgrader(), self._book.db
            notebook = (
                database.query(api.Notebook.id, api.Assignment.id)
                .join(api.Assignment, api.Notebook.assignment_id == api.Assignment.id)
                .filter(api.Assignment.name == assignment, api.Notebook.name == assignment)
                .one_or_none()
            )
            if notebook is None:
                raise LookupError(assignment)
            query = {
                kind: database.query(kind.name, kind.id).filter(kind.notebook_id == notebook[0]).all()
                for kind in (api.GradeCell, api.SolutionCell)
            }
            grades, comments = dict(map(tuple, query[api.GradeCell])), dict(map(tuple, query[api.SolutionCell]))
            self._known[assignment] = _Cells(notebook[1], notebook[0], grades, comments)
        return self._known[assignment]

    def rows(self, assignment, students=None):
        """The lines of all students who have a submission (or of these), by student."""
        api = _nbgrader()
        own = api.SubmittedAssignment
        columns = (own.student_id, own.score, own.max_score, own.late_submission_penalty, own.needs_manual_grade)
        with _clear_errors(self.db_url):
            found = self._book.db.query(*columns).join(api.Assignment).filter(api.Assignment.name == assignment)
            if students is not None:
                found = found.filter(own.student_id.in_(list(students)))
            found = sorted((tuple(row) for row in found), key=lambda row: row[0])
        return [
            Row(student, assignment, max(0.0, score - (late or 0.0)), most, late or 0.0, bool(needs))
            for student, score, most, late, needs in found
        ]

    def penalise(self, assignment, factors):
        """Takes points off for lateness: what these students' scores, as they are now, lose by their factor."""
        from sqlalchemy import update

        api = _nbgrader()
        own = api.SubmittedNotebook
        with _clear_errors(self.db_url):
            found = (
                self._book.db.query(own.id, api.SubmittedAssignment.student_id, own.score, own.late_submission_penalty)
                .join(api.SubmittedAssignment, own.assignment_id == api.SubmittedAssignment.id)
                .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
                .filter(api.Assignment.name == assignment, api.SubmittedAssignment.student_id.in_(list(factors)))
            )
            changes = []
            for notebook, student, score, held in found.all():
                penalty = round(max(0.0, score or 0.0) * (1 - factors[student]), 6) or None
                if penalty != held:
                    changes.append({"id": notebook, "late_submission_penalty": penalty})
            if changes:
                self._book.db.execute(update(own), changes)
                self._book.db.commit()

    def timestamps(self, assignment):
        """Student -> when the submission was handed in (UTC, without a zone; or None), for all that it has."""
        api = _nbgrader()
        own = api.SubmittedAssignment
        with _clear_errors(self.db_url):
            found = self._book.db.query(own.student_id, own.timestamp).join(api.Assignment)
            return dict(map(tuple, found.filter(api.Assignment.name == assignment)))

    def written(self):
        """A Question for every written question of every assignment, in the order of assignments and cells."""
        api = _nbgrader()
        columns = (api.Assignment.name, api.BaseCell.name, api.SubmittedNotebook.id, api.Grade.needs_manual_grade)
        with _clear_errors(self.db_url):
            found = (
                self._book.db.query(*columns)
                .select_from(api.Grade)
                .join(api.BaseCell, api.Grade.cell_id == api.BaseCell.id)
                .join(api.SubmittedNotebook, api.Grade.notebook_id == api.SubmittedNotebook.id)
                .join(api.SubmittedAssignment, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
                .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
                .filter(api.BaseCell.name.startswith("written-"))
                .order_by(api.Assignment.name, api.BaseCell.name, api.SubmittedNotebook.id)
            ).all()
        questions = {}
        for assignment, cell, notebook, needs in found:
            questions.setdefault((assignment, cell), []).append((notebook, needs))
        return [
            Question(assignment, cell, len(all_), {at: one for at, (one, needs) in enumerate(all_, 1) if needs})
            for (assignment, cell), all_ in questions.items()
        ]

    def marks(self, assignment, students=None):
        """What graders gave to written answers: student -> cell name -> feedback.Marks."""
        from .feedback import Marks

        found = {}
        with _clear_errors(self.db_url):
            comments = {
                (student, cell): comment or ""
                for student, cell, comment in self._of_cells("Comment", "manual_comment", assignment, students)
            }
            for student, cell, score, needs in self._of_cells(
                "Grade", "manual_score needs_manual_grade", assignment, students
            ):
                if cell.startswith("written-"):
                    given = Marks(None if needs else score, comments.get((student, cell), ""))
                    found.setdefault(student, {})[cell] = given
        return found

    def _of_cells(self, kind, names, assignment, students):
        """(student, cell name, ...) of all grades or comments."""
        api = _nbgrader()
        kind = getattr(api, kind)
        columns = [getattr(kind, name) for name in names.split()]
        query = (
            self._book.db.query(api.SubmittedAssignment.student_id, api.BaseCell.name, *columns)
            .select_from(kind)
            .join(api.BaseCell, kind.cell_id == api.BaseCell.id)
            .join(api.SubmittedNotebook, kind.notebook_id == api.SubmittedNotebook.id)
            .join(api.SubmittedAssignment, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
            .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
            .filter(api.Assignment.name == assignment)
        )
        return query if students is None else query.filter(api.SubmittedAssignment.student_id.in_(list(students)))


@dataclass(frozen=True)
class _Cells:
    """Ids in the database: of the assignment, its notebook, and of its cells by name."""

    assignment: str
    notebook: str
    grades: dict
    comments: dict

    @property
    def tests(self):
        return {cell for name, cell in self.grades.items() if not name.startswith("written-")}


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


def parsed(timestamp):
    """A time as nbgrader keeps it, in UTC without a zone; None for none, and for what is not a time."""
    if not timestamp:
        return None
    from nbgrader.utils import parse_utc

    try:
        return parse_utc(timestamp)
    except (ValueError, OverflowError, TypeError):
        return None


def _naive_utc(when):
    """nbgrader keeps times in UTC without a zone."""
    import datetime as dt

    return when and when.astimezone(dt.UTC).replace(tzinfo=None)


def _nbgrader():
    """nbgrader.api: imported only where it is needed."""
    from nbgrader import api

    api.get_alembic_version = _alembic_version  # without starting a program that may not be on the PATH
    return api


def _complete(book):
    """Writes the version of the tables if whoever made them was killed before that."""
    from sqlalchemy import inspect, text

    if inspect(book.engine).has_table("alembic_version"):
        if book.db.execute(text("select count(*) from alembic_version")).scalar():
            return
    else:
        book.db.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
    insert = text("INSERT INTO alembic_version (version_num) VALUES (:version)")
    book.db.execute(insert, {"version": _alembic_version()})
    book.db.commit()


def _wait_for_writers(db_url):
    """Raises OperationalError if another program keeps a SQLite gradebook locked."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.engine import make_url

    if make_url(db_url).get_backend_name() != "sqlite":
        return
    engine = create_engine(db_url)
    try:
        _pragma(engine)
        with engine.connect() as connection:
            connection.execute(text("begin immediate"))
            connection.rollback()
    finally:
        engine.dispose()


def _pragma(engine):
    """How long SQLite waits for a lock, on every connection from now on."""
    from sqlalchemy import event

    @event.listens_for(engine, "connect")
    def wait(connection, _):
        connection.execute(f"pragma busy_timeout = {int(SECONDS * 1000)}")


def _alembic_version():
    """The version of a new database's tables. nbgrader starts `alembic` by name to ask: it may not be on the PATH."""
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    return ScriptDirectory(ALEMBIC_DIR).get_current_head()


@contextlib.contextmanager
def _clear_errors(db_url):
    from sqlalchemy.exc import DBAPIError, NoSuchModuleError, OperationalError, SAWarning

    api = sys.modules["nbgrader.api"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's own way of adding a submission
            yield
    except (OperationalError, api.InvalidEntry) as error:
        why = str(getattr(error, "orig", error)).strip()
        raise GradebookError(
            f"The gradebook {shown(db_url)} cannot be used: {why}. If another program has it open (a formgrader,"
            " another grader), close it; if the disk is full, make room. Then run the same command again: what was"
            " graded is in the ledger, and is not graded twice."
        ) from None
    except DBAPIError as error:
        raise GradebookError(f"The gradebook {shown(db_url)} does not take this: {error.orig}.") from None
    except (ImportError, NoSuchModuleError) as error:
        raise GradebookError(
            f"There is no driver for the gradebook {shown(db_url)} ({error}). For PostgreSQL: pip install"
            " 'nextword[postgres]', and a db_url that begins with postgresql+psycopg://."
        ) from None


def shown(db_url):
    """The address of the database without its password."""
    from sqlalchemy.engine import make_url

    try:
        return make_url(db_url).render_as_string(hide_password=True)
    except Exception:  # not an address at all
        return "in course.toml's db_url"


def unchanged_written(before: record.Record | None, after: record.Record):
    """Cells of the written answers whose text is the same in both records."""
    texts = {answer.cell: answer.text for answer in before.written} if before else {}
    return frozenset(a.cell for a in after.written if texts.get(a.cell) == a.text)
