"""What the grading commands show on the terminal: progress while they work, a table when they are done."""

import contextlib

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from . import desk, late, record, term
from .sandbox import levels


def grade(course, name, sandbox, jobs=None, *, changed=False, shard=None, **options):
    """Grades, writes feedback and grades.csv, prints the table. Returns its lines, [] for a shard.

    changed: only those whose record is new are in the table; shard and options: see desk.grade.
    """
    console = Console()
    level = _level(console, sandbox)
    title = f"Grading {name}" + (f", part {shard[0]} of {shard[1]}" if shard else "") + f" (sandbox: {level})"
    with _bar(console, title) as progress:
        outcome = desk.grade(course, name, level, jobs=jobs, shard=shard, progress=progress, **options)
    counts = f"Graded now: {outcome.graded}, taken from the ledger: {outcome.known}; sandbox: {level}."
    if shard:
        console.print(f"{counts} When all parts are done: autograder merge {name}")
        return []
    return _results(console, course, name, outcome.changed if changed else None, counts)


def merge(course, name, sandbox):
    """Writes gradebook, feedback and grades.csv from what the parts have graded; returns the students still missing."""
    console = Console()
    level = _level(console, sandbox)
    with _bar(console, f"Merging {name}") as progress:
        outcome = desk.merge(course, name, level, progress)
    _results(console, course, name, None, f"Merged: {outcome.known}; written now: {len(outcome.changed)}.")
    if outcome.missing:
        missing = ", ".join(outcome.missing)
        console.print(f"Not graded yet: {missing}. Run the missing parts, or: autograder grade {name}")
    return outcome.missing


def plan(course, name, sandbox, student=None, force=False):
    """Prints what `grade` would grade, and why."""
    console = Console()
    level = _level(console, sandbox)
    planned = desk.plan(course, name, level, student=student, force=force)
    made = Table("student", "why")
    due = [one for one in planned if one.why]
    for one in due:
        made.add_row(one.submission.student, one.why)
    if not planned:
        _nothing(console, course, name)
    if due:
        console.print(f"{name}, to be graded:", highlight=False)
        console.print(made)
    console.print(f"{len(due)} to grade, {len(planned) - len(due)} in the ledger already; sandbox: {level}.")
    for folder, why in desk.submissions(course, name)[1].items():
        console.print(f"{folder}: {why}", markup=False)


def _level(console, sandbox):
    level = levels.choose(sandbox)
    if level == "none":
        console.print("No sandbox: submissions run with your rights. Do this only where you trust every one of them.")
    return level


@contextlib.contextmanager
def _bar(console, title):
    """A progress bar; gives the function that moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def _results(console, course, name, students, counts):
    """Writes grades.csv; prints the table, or the lines of these students."""
    lines = term.write(course).get(name) or desk.table(course, name)
    shown = [line for line in lines if students is None or line.student in set(students)]
    if not lines:
        _nothing(console, course, name)
        return lines
    console.print(table(name, shown))
    console.print(counts)
    console.print(f"Feedback in {course.feedback}, grades in {course.grades}", soft_wrap=True, highlight=False)
    for sentence in late.unheeded(course):
        console.print(sentence, soft_wrap=True, highlight=False, markup=False)
    return lines


def _nothing(console, course, name):
    said = f"Nothing of {name} is in {course.submitted} yet. Take it in: autograder collect {name} FILES"
    console.print(said, soft_wrap=True, highlight=False)


def table(name, lines):
    """The lines as a table for the terminal."""
    made = Table(title=name, title_justify="left")
    made.add_column("student", no_wrap=True)
    made.add_column("score", justify="right", no_wrap=True)
    made.add_column("status", no_wrap=True)
    made.add_column("reason", overflow="fold")
    for line in lines:
        score = "" if line.score is None else f"{line.score:g} / {line.max_score:g}"
        why = f"{line.late} {line.reason}".strip()
        made.add_row(escape(line.student), score, line.status, escape(shorten(why)))
    return made


def shorten(text, longest=160):
    return text if len(text) <= longest else text[: longest - 1] + "…"


def summary(handed_in, lines):
    """`N submissions: G graded, R with a reason, 0 lost`."""
    graded = sum(line.status in (record.GRADED, record.TO_MARK) for line in lines)
    reasons = sum(line.status in (record.UNREADABLE, record.ERROR) and bool(line.reason) for line in lines)
    lost = handed_in - graded - reasons
    return f"{handed_in} submissions: {graded} graded, {reasons} with a reason, {lost} lost"
