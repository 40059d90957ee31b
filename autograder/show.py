"""What the grading commands show on the terminal: progress while they work, a table when they are done."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from . import desk, export, record
from .sandbox import levels


def grade(course, name, sandbox, jobs=None, student=None, force=False):
    """Grades, writes feedback and grades.csv, prints the table. Returns its lines."""
    console = Console()
    level = levels.choose(sandbox)
    if level == "none":
        console.print("No sandbox: submissions run with your rights. Do this only where you trust every one of them.")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(f"Grading {name} (sandbox: {level})", total=None)
        graded, known = desk.grade(
            course,
            name,
            level,
            jobs=jobs,
            student=student,
            force=force,
            progress=lambda done, total: progress.update(bar, completed=done, total=total),
        )
    desk.write_feedback(course, name, student)
    lines = desk.table(course, name)
    export.write_csv(course.grades, lines)
    console.print(table(name, lines))
    console.print(f"Graded now: {graded}, taken from the ledger: {known}; sandbox: {level}.")
    console.print(f"Feedback in {course.feedback}, grades in {course.grades}", soft_wrap=True, highlight=False)
    return lines


def table(name, lines):
    """The lines as a table for the terminal."""
    made = Table(title=name, title_justify="left")
    made.add_column("student", no_wrap=True)
    made.add_column("score", justify="right", no_wrap=True)
    made.add_column("status", no_wrap=True)
    made.add_column("reason", overflow="fold")
    for line in lines:
        score = "" if line.score is None else f"{line.score:g} / {line.max_score:g}"
        made.add_row(line.student, score, line.status, shorten(line.reason))
    return made


def shorten(text, longest=160):
    return text if len(text) <= longest else text[: longest - 1] + "…"


def summary(handed_in, lines):
    """`N submissions: G graded, R with a reason, 0 lost`."""
    graded = sum(line.status in (record.GRADED, record.TO_MARK) for line in lines)
    reasons = sum(line.status in (record.UNREADABLE, record.ERROR) and bool(line.reason) for line in lines)
    lost = handed_in - graded - reasons
    return f"{handed_in} submissions: {graded} graded, {reasons} with a reason, {lost} lost"
