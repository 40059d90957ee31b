"""The page a student gets back: per exercise what was asked, what came of it, the named mistake and the hints.

One self-contained HTML file per student and assignment, without scripts. Everything from the submission is text and is
escaped; of hidden tests only their description and the public form of a failure are shown, never sources or values.
"""

import functools
import re
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from . import record
from .judge import FAILED, NOT_WRITTEN, PASSED, STOPPED

TEMPLATES = Path(__file__).parent / "templates"
WORDS = {PASSED: "passed", FAILED: "not yet right", NOT_WRITTEN: "not written yet", STOPPED: "stopped"}
MARKS = {PASSED: "✓", FAILED: "✗", NOT_WRITTEN: "–", STOPPED: "■"}  # readable without colour
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Part:
    """One test of an exercise, as the student sees it."""

    label: str
    mark: str
    verdict: str
    points: str
    message: str
    covers: str


@dataclass(frozen=True)
class Section:
    """One exercise on the page."""

    heading: str
    points: str
    solved: bool
    parts: list
    answer: str
    printed: str
    trouble: str
    hints: list
    written: record.Written | None
    manual: object


@dataclass(frozen=True)
class Marks:
    """What a grader gave to a written answer: points (None: not marked yet) and a comment."""

    points: float | None
    comment: str


def page(student, bundle, made, row=None, marks=None):
    """The page's HTML.

    `row` is the gradebook's line (None: not in the gradebook); `marks` maps written cells to Marks.
    """
    marks = marks or {}
    return _environment().get_template("feedback.html").render(
        student=student,
        title=bundle.title,
        record=made,
        row=row,
        full_marks=_number(row.max_score if row else bundle.points),
        score=_number(row.score if row else None),
        readable=made.status not in (record.UNREADABLE, record.ERROR),
        to_mark=any(w.touched and marks.get(w.cell, Marks(None, "")).points is None for w in made.written),
        sections=[_section(exercise, made, marks) for exercise in bundle.exercises],
        extras=[c for c in made.cells if not c.exercise and c.verdict != "ran"],
    )


def _section(exercise, made, marks):
    tests = [t for t in made.tests if t.exercise == exercise.name]
    ran = [c for c in made.cells if c.exercise == exercise.name]
    written = next((w for w in made.written if w.exercise == exercise.name), None)
    manual = marks.get(written.cell) if written else None
    earned = sum(t.points for t in tests) + (manual.points or 0 if manual else 0)
    solved = bool(tests) and all(t.verdict == PASSED for t in tests)
    return Section(
        heading=f"{exercise.label}: {exercise.title}",
        points=_points(exercise, earned, written, manual),
        solved=solved,
        parts=[_part(t, exercise) for t in tests],
        answer="\n\n".join(c.source for c in ran if c.source),
        printed="".join(c.printed for c in ran),
        trouble=" ".join(c.reason for c in ran if c.verdict != "ran"),
        hints=[] if solved else list(exercise.hints),
        written=written,
        manual=manual,
    )


def _points(exercise, earned, written, manual):
    if written and written.touched and not (manual and manual.points is not None):
        return f"to be marked, of {_number(exercise.points)} points"
    if exercise.points_bonus:
        return f"{_number(earned)} of {_number(exercise.points_bonus)} bonus points"
    return f"{_number(earned)} of {_number(exercise.points)} points"


def _part(test, exercise):
    hidden = test.kind == "hidden"
    return Part(
        label="Hidden test" if hidden else "Visible test",
        mark=MARKS[test.verdict],
        verdict=WORDS[test.verdict],
        points=f"{_number(test.points)} of {_number(test.maximum)}",
        message="" if test.verdict == PASSED else (test.public if hidden else test.reason),
        covers=exercise.covers if hidden else "",
    )


def _number(value):
    return "" if value is None else f"{value:g}"


def prose(text):
    """Escaped text with `code` marked up and paragraphs kept."""
    marked = CODE.sub(r"<code>\1</code>", str(escape(text)))
    return Markup("".join(f"<p>{part}</p>" for part in marked.split("\n\n") if part.strip()))


def markdown(text):
    """Our own markdown (hints) as HTML; formulas stay as they are written."""
    import mistune

    return Markup(mistune.html(text))


@functools.cache
def _environment():
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"prose": prose, "markdown": markdown}
    return environment
