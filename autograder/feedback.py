"""The pages a student gets back: per exercise what was asked, what came of it, the named mistake and the hints; and an
index over all assignments.

Self-contained HTML without scripts. Everything from the submission is text and is escaped; of hidden tests only their
description and the public form of a failure are shown, never sources or values.
"""

import functools
import re
from dataclasses import dataclass
from pathlib import Path

import jinja2

from . import record
from .exercises import sections
from .judge import FAILED, NOT_WRITTEN, PASSED, STOPPED
from .late import count
from .markup import comment, markdown, markdown_line, prose

TEMPLATES = Path(__file__).parent / "templates"
WORDS = {PASSED: "passed", FAILED: "not yet right", NOT_WRITTEN: "not written yet", STOPPED: "stopped"}
MARKED = "marked"  # by hand
MARKS = {PASSED: "✓", FAILED: "✗", NOT_WRITTEN: "–", STOPPED: "■", MARKED: "•"}  # readable without colour
CLASSES = {PASSED: "passed", FAILED: "failed", NOT_WRITTEN: "wait", STOPPED: "failed", MARKED: "marked"}
MISTAKE = "This is what you get when {}."
ERRORS = re.compile(r"\b[A-Z]\w*(?:Error|Warning)\b|\bnan\b|\binf\b|math domain error|\bshapes?\b")
DETAILS = re.compile(r"<details.*?</details>", re.DOTALL | re.IGNORECASE)
FACTS = re.compile(r"^\*.*\b(?:[Dd]ifficulty|minutes|points?)\b.*\*[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    """One test of an exercise, as the student sees it. `again`: the mistake is that of the test before."""

    label: str
    mark: str
    look: str
    verdict: str
    points: str
    message: str
    mistake: str
    again: bool
    covers: str


@dataclass(frozen=True)
class Section:
    """One exercise on the page. `asked` and `contract` are what the notebook said: text, and signature with docstring;
    `fitting` is the number of the hint that is shown unfolded, or None."""

    heading: str
    points: str
    state: str
    asked: str
    contract: str
    parts: list
    answer: str
    printed: str
    trouble: str
    hints: list
    fitting: int | None
    written: record.Written | None
    manual: object

    @property
    def mark(self):
        return MARKS.get(self.state, "…")

    @property
    def look(self):
        return CLASSES.get(self.state, "wait")

    @property
    def words(self):
        return WORDS.get(self.state, self.state)


@dataclass(frozen=True)
class Marks:
    """What a grader gave to a written answer: points (None: not marked yet) and a comment."""

    points: float | None
    comment: str


@dataclass(frozen=True)
class Entry:
    """One assignment on a student's index page; `href` is None while there is no page for it."""

    title: str
    href: str | None
    made: record.Record | None
    row: object
    lateness: object

    @property
    def score(self):
        if self.row is None:
            return ""
        return f"{_number(self.row.score)} of {_number(self.row.max_score)}"

    @property
    def days(self):
        return count(self.lateness.days, "day")

    @property
    def state(self):
        if self.made is None:
            return "handed in, not graded yet" if self.lateness and self.lateness.handed_in else "nothing graded yet"
        if self.made.status in (record.UNREADABLE, record.ERROR):
            return "not graded: see the page"
        return "written answers to be marked" if self.row and self.row.needs_marking else "graded"


def page(student, bundle, made, row=None, marks=None, lateness=None, index=None):
    """The page's HTML.

    `row` is the gradebook's line (None: not in the gradebook); `marks` maps written cells to Marks; `lateness` is what
    the late policy says (late.Lateness); `index` the address of the student's index page.
    """
    marks = marks or {}
    shown = [_section(exercise, bundle, made, marks) for exercise in bundle.exercises]
    return _environment().get_template("feedback.html").render(
        student=student,
        title=bundle.title,
        record=made,
        row=row,
        full_marks=_number(row.max_score if row else bundle.points),
        score=_number(row.score if row else None),
        before=_number(row.score + row.penalty if row else None),
        readable=made.status not in (record.UNREADABLE, record.ERROR),
        summary=_summary(shown),
        sections=shown,
        extras=[c for c in made.cells if not c.exercise and c.verdict != "ran"],
        lateness=lateness,
        index=index,
    )


def index_page(student, course_title, entries, grace=None):
    """The HTML of a student's index: one line per assignment, and (left, all) grace days, or None without a policy."""
    return _environment().get_template("index.html").render(
        student=student,
        title=course_title,
        entries=entries,
        grace=grace and f"{grace[0]} of {count(grace[1], 'grace day')} left",
        reasons=[entry for entry in entries if entry.lateness and entry.lateness.reason],
    )


def _summary(shown):
    """`9 of 12 exercises are solved; 2 are not yet right, 1 is not written yet.`"""
    coded = [section for section in shown if section.parts]
    solved = sum(section.state == PASSED for section in coded)
    said = [f"{solved} of {count(len(coded), 'exercise')} solved"] if coded else []
    for state in (FAILED, STOPPED, NOT_WRITTEN):
        if number := sum(section.state == state for section in coded):
            said.append(f"{number} {WORDS[state]}")
    if number := sum(section.state == "to be marked" for section in shown):
        said.append(f"{count(number, 'written answer')} still to be marked")
    return ", ".join(said) + "." if said else ""


def _section(exercise, bundle, made, marks):
    tests = [t for t in made.tests if t.exercise == exercise.name]
    ran = [c for c in made.cells if c.exercise == exercise.name]
    written = next((w for w in made.written if w.exercise == exercise.name), None)
    manual = marks.get(written.cell) if written else None
    earned = sum(t.points for t in tests) + (manual.points or 0 if manual else 0)
    state = _state(tests, written, manual)
    parts = [_part(test, exercise, tests[:number]) for number, test in enumerate(tests)]
    return Section(
        heading=exercise.heading,
        points=_points(exercise, earned, written, manual),
        state=state,
        asked=_asked(exercise, bundle),
        contract=_contract(exercise, bundle),
        parts=parts,
        answer="\n\n".join(c.source for c in ran if c.source),
        printed="".join(c.printed for c in ran),
        trouble=" ".join(c.reason for c in ran if c.verdict != "ran"),
        hints=[] if state == PASSED else list(exercise.hints),
        fitting=_fitting(exercise.hints, tests, ran),
        written=written,
        manual=manual,
    )


def _state(tests, written, manual):
    """The verdict of an exercise: that of its first test that is not passed."""
    if tests:
        return next((t.verdict for t in tests if t.verdict != PASSED), PASSED)
    if written and written.touched:
        return MARKED if manual and manual.points is not None else "to be marked"
    return NOT_WRITTEN


def _asked(exercise, bundle):
    """The exercise's text in the notebook, from its heading to the end of the cell, without facts and hints."""
    for cell in bundle.cells:
        if cell.role != "prose" or exercise.title not in cell.source:
            continue
        for section in sections([cell])[0]:
            if (section.label, section.title) == (exercise.label, exercise.title):
                text = section.text.split("\n", 1)[1]
                return DETAILS.sub("", FACTS.sub("", text, count=1)).strip()
    return ""


def _contract(exercise, bundle):
    """The answer cell as it was handed out: signatures and docstrings."""
    sources = [cell.source for cell in bundle.cells if cell.role == "answer" and cell.exercise == exercise.name]
    return "\n\n".join(sources).strip()


def _fitting(hints, tests, ran):
    """The hint about the very error that came, else the first one where no mistake has a name; None for neither."""
    wrong = [t for t in tests if t.verdict in (FAILED, STOPPED)]
    said = " ".join([t.public for t in wrong] + [c.reason for c in ran if c.verdict != "ran"]).lower()
    for number, hint in enumerate(hints):
        if any(error.lower() in said for error in ERRORS.findall(hint.title)):
            return number
    return 0 if hints and wrong and not any(t.mistake for t in wrong) else None


def _points(exercise, earned, written, manual):
    if written and written.touched and not (manual and manual.points is not None):
        return f"to be marked, of {_number(exercise.points)} points"
    if exercise.points_bonus:
        return f"{_number(earned)} of {_number(exercise.points_bonus)} bonus points"
    return f"{_number(earned)} of {_number(exercise.points)} points"


def _part(test, exercise, before):
    hidden = test.kind == "hidden"
    message = "" if test.verdict == PASSED else (test.public if hidden else test.reason)
    named = MISTAKE.format(test.mistake) if test.mistake else ""
    if named and named in message:
        message = " ".join(message.replace(named, "").split(" ")).strip()
    else:
        named = ""
    return Part(
        label="Hidden test" if hidden else "Visible test",
        mark=MARKS[test.verdict],
        look=CLASSES[test.verdict],
        verdict=WORDS[test.verdict],
        points=f"{_number(test.points)} of {_number(test.maximum)}",
        message=message,
        mistake=named,
        again=bool(named) and any(other.mistake == test.mistake for other in before),
        covers=exercise.covers if hidden else "",
    )


def _number(value):
    return "" if value is None else f"{value:.10g}"


@functools.cache
def _environment():
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"prose": prose, "markdown": markdown, "line": markdown_line, "number": _number}
    environment.filters["comment"] = comment
    return environment
