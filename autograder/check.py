"""`autograder check`: what a student runs before handing in.

The notebook is run afresh as the grader will, cell by cell: what had to be repaired, what each visible test finds, what
the hidden tests cover, where the time goes, and a zip that is ready to hand in.
"""

import sys
import zipfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from . import record, released
from .bundle import Bundle, BundleError
from .course import Limits
from .feedback import MARKS, WORDS
from .grading import Grader
from .judge import NOT_WRITTEN, PASSED
from .sandbox import levels

GOOD, NOT_YET, NOT_READ = 0, 1, 2  # exit codes
SLOW = 0.5  # of a cell's time: worth a word, since the grader's machine may be slower
EPOCH = (2020, 1, 1, 0, 0, 0)  # of the file in the zip, so that the same notebook makes the same zip


def check(notebook, sandbox="none", pack=True, limits=Limits()):
    """Checks a notebook and prints what was found.

    Returns 0 when every visible test passes (a bonus may be left out), 1 when not, 2 when the grader could not read it.
    `pack` writes NAME-hand-in.zip beside the notebook, unless it cannot be read.
    """
    console = Console(highlight=False)
    notebook = Path(notebook)
    try:
        given = released.read(notebook)
        bundle = Bundle.from_notebook(notebook)
        data = notebook.read_bytes()
    except (released.NotReleased, BundleError) as error:
        return _unreadable(console, str(error))
    with console.status("Running your notebook afresh, as the grader will ..."):
        made = _graded(bundle, data, sandbox, limits)
    if made.status == record.UNREADABLE:
        return _unreadable(console, made.reason)
    report = _Report(bundle, made, limits)
    for line in [*_missing(bundle), *_edited(bundle, given), *(f"Repaired: {note}" for note in made.notes)]:
        console.print(line, markup=False)
    for cell in made.cells:
        if cell.verdict != "ran":
            console.print(f"{bundle.where(cell)}: {cell.reason}", markup=False)
    console.print(report.table())
    for line in report.failures() + report.slow() + report.covered():
        console.print(line, markup=False)
    console.print(report.summary(), soft_wrap=True)
    if pack:
        console.print(f"Ready to hand in: {_pack(notebook, bundle.name, data)}", soft_wrap=True, markup=False)
    return GOOD if report.good else NOT_YET


def _graded(bundle, data, sandbox, limits):
    import nextword

    with Grader(bundle, limits, levels.choose(sandbox), Path(nextword.__file__).parent) as grader:
        return grader.grade(data)


def _unreadable(console, reason):
    console.print(reason, markup=False)
    console.print("Nothing was checked. The file to hand in is the .ipynb file that you got, with your answers in it.")
    return NOT_READ


def _missing(bundle):
    """Tests that are gone: alone from this notebook nobody can tell what they were, but the grader can."""
    tested = {cell.exercise for cell in bundle.cells if cell.role == "test"}
    return [
        f"{exercise.label} has lost its test: take a fresh notebook to check it. The grader puts the test back."
        for exercise in bundle.exercises
        if exercise.kind == "code" and exercise.name not in tested
    ]


def _edited(bundle, given):
    """One sentence about the cells that were handed out and are not as they were."""
    names = {"test": "the test of", "hidden": "the hidden test of"}
    cells = [bundle.cell(cell_id) for cell_id in given.edited]
    found = [
        f"{names[cell.role]} {bundle.exercise(cell.exercise).label}"
        if cell.role in names
        else f'the {cell.role} cell "{cell.name}"'
        for cell in cells
    ]
    if len(found) == 1:
        first = found[0][0].upper() + found[0][1:]
        yield f"{first} was changed, and was run here as it is now. The grader uses the original."
    elif found:
        yield f"Changed, and run here as they are now: {', '.join(found)}. The grader uses the originals."


class _Report:
    """What the record says, in words for the terminal."""

    def __init__(self, bundle, made, limits):
        self.bundle, self.made, self.limits = bundle, made, limits
        self.tests = {exercise.name: [] for exercise in bundle.exercises}
        for test in made.tests:
            self.tests[test.exercise].append(test)

    def table(self):
        """One line per exercise; its seconds are those of the answer's cells and of the visible test."""
        shown = Table()
        for column in ("exercise", "visible test", "points", "hidden", "seconds"):
            number = column in ("points", "hidden", "seconds")
            shown.add_column(column, justify="right" if number else "left", no_wrap=column != "exercise")
        for exercise in self.bundle.exercises:
            shown.add_row(*(self._written(exercise) if exercise.kind == "written" else self._coded(exercise)))
        return shown

    def _coded(self, exercise):
        tests, verdict = self.tests[exercise.name], self._verdict(exercise)
        most = sum(t.maximum for t in tests)
        points = f"{sum(t.points for t in tests):g} of {most:g}" if most else ""  # all its points are the hidden test's
        if any(t.bonus for t in tests):
            points += " bonus"
        hidden = sum(c.points for c in self.bundle.cells if c.role == "hidden" and c.exercise == exercise.name)
        took = sum(cell.seconds for cell in self.made.cells if cell.exercise == exercise.name)
        return (
            _plain(exercise.heading),
            f"{MARKS[verdict]} {WORDS[verdict]}" if verdict else "missing",
            points,
            f"+ {hidden:g}" if hidden else "",
            f"{took:.2f} + {sum(t.seconds for t in tests):.2f}",
        )

    def _verdict(self, exercise):
        """That of its first test which is not passed; empty where it has none."""
        tests = self.tests[exercise.name]
        return next((t.verdict for t in tests if t.verdict != PASSED), PASSED if tests else "")

    def _written(self, exercise):
        written = any(w.touched for w in self.made.written if w.exercise == exercise.name)
        words = "… marked by hand" if written else f"{MARKS[NOT_WRITTEN]} {WORDS[NOT_WRITTEN]}"
        return _plain(exercise.heading), words, f"of {exercise.points:g}", "", ""

    def failures(self):
        wrong = [t for t in self.made.tests if t.verdict not in (PASSED, NOT_WRITTEN)]
        return [f"{self.bundle.exercise(t.exercise).label}. {t.reason}\n" for t in wrong]

    def slow(self):
        """Cells that took more than half of the time that the grader gives them."""
        found = []
        for ran in [*self.made.cells, *self.made.tests]:
            allowed = self.bundle.seconds(ran.cell) or self.limits.cell_seconds
            if ran.seconds > SLOW * allowed and ran.verdict in ("ran", PASSED):
                what = "the test" if isinstance(ran, record.Test) else "the cell"
                where = self.bundle.where(ran)
                found.append(f"{where}: {what} took {ran.seconds:.1f} of at most {allowed:g} seconds.\n")
        return found

    def covered(self):
        """What hidden tests look at, where the visible test passes already."""
        found = [
            f"  {exercise.label}: {exercise.covers}"
            for exercise in self.bundle.exercises
            if exercise.covers and self._verdict(exercise) == PASSED
        ]
        return ["Hidden tests, which only the grader has, look at more:", *found, ""] if found else []

    @property
    def good(self):
        passed = all(t.verdict == PASSED or t.bonus for t in self.made.tests)
        return bool(self.made.tests) and passed and not _missing(self.bundle)

    def summary(self):
        tests = self.made.tests
        said = f"{sum(t.verdict == PASSED for t in tests)} of {len(tests)} visible tests pass"
        blank = sum(not w.touched for w in self.made.written)
        if blank:
            said += f"; {blank} of {len(self.made.written)} written answers are not written yet"
        return f"{said}. It took {self.made.seconds:.1f} s."


def _plain(text):
    """A heading for the terminal: without the notebook's $ of formulas, and with nothing that rich takes for markup."""
    return text.replace("$", "").replace("[", r"\[")


def _pack(notebook, name, data):
    """Writes the zip; returns its path."""
    path = notebook.with_name(f"{name}-hand-in.zip")
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo(f"{name}.ipynb", EPOCH)
        entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        archive.writestr(entry, data)
    return path


if __name__ == "__main__":
    sys.exit(check(sys.argv[1]))
