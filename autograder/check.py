"""`autograder check`: what a student runs before handing in. Visible tests only, in plain words."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from . import record
from .bundle import Bundle
from .course import Limits
from .feedback import WORDS
from .grading import Grader
from .judge import NOT_WRITTEN, PASSED
from .sandbox import levels


def check(notebook, sandbox="none"):
    """Checks a notebook and prints the verdicts; 0 when every visible test passes, 1 otherwise."""
    import nextword

    console = Console()
    bundle = Bundle.from_notebook(notebook)
    with Grader(bundle, Limits(), levels.choose(sandbox), Path(nextword.__file__).parent) as grader:
        made = grader.grade(Path(notebook).read_bytes())
    if made.status == record.UNREADABLE:
        console.print(made.reason, markup=False)
        return 1
    for note in made.notes:
        console.print(f"Repaired: {note}", markup=False)
    for cell in made.cells:
        if cell.verdict != "ran":
            console.print(f"{_where(bundle, cell)}: {cell.reason}", markup=False)
    console.print(_table(bundle, made))
    for test in made.tests:
        if test.verdict not in (PASSED, NOT_WRITTEN):
            console.print(f"{bundle.exercise(test.exercise).label}. {test.reason}\n", markup=False)
    passed = sum(t.verdict == PASSED for t in made.tests)
    more = "Hidden tests look at more: the notebook says at what."
    console.print(f"{passed} of {len(made.tests)} visible tests pass. {more}", soft_wrap=True)
    return 0 if passed == len(made.tests) else 1


def _where(bundle, cell):
    return bundle.exercise(cell.exercise).label if cell.exercise else "A cell of your own"


def _table(bundle, made):
    shown = Table()
    for column in ("exercise", "visible test", "points", "seconds"):
        shown.add_column(column)
    for test in made.tests:
        exercise = bundle.exercise(test.exercise)
        points = f"{test.points:g} of {test.maximum:g}" + (" (bonus)" if test.bonus else "")
        shown.add_row(f"{exercise.label}: {exercise.title}", WORDS[test.verdict], points, f"{test.seconds:.2f}")
    return shown
