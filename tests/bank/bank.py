"""The answer bank: right and wrong answers that the graded tests are tested with.

    python tests/bank [ASSIGNMENT] [EXERCISE]      runs every answer through the real judge

Each file NN_name/EXERCISE.py calls `right` and `wrong`. Every wrong answer must lose points of its exercise, with the
named mistake in the message where one is given; every right one must get all of them.
"""

import runpy
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Answer:
    """One answer. `names` is a piece of the sentence with which the test must name the mistake, "" where it cannot."""

    assignment: str
    exercise: str
    name: str
    source: str
    right: bool
    why: str = ""
    names: str = ""


_loading = None


def right(name, source):
    """Registers an answer that must get full marks."""
    _loading.append((name, source.strip("\n"), True, "", ""))


def wrong(name, why, source, names=""):
    """Registers an answer that must lose points; `why` says what is wrong with it."""
    _loading.append((name, source.strip("\n"), False, why, names))


def load(assignment, exercise=None):
    """The answers to an assignment (or to one exercise), in the order of the files."""
    found = []
    for path in sorted((FOLDER / assignment).glob("*.py")):
        if exercise in (None, path.stem):
            found += _load_file(assignment, path)
    return found


def _load_file(assignment, path):
    global _loading
    _loading = []
    runpy.run_path(str(path), {"__name__": "bank_file"})
    names = [entry[0] for entry in _loading]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{path}: two answers are called {', '.join(sorted(twice))}")
    return [Answer(assignment, path.stem, *entry) for entry in _loading]


def assignments():
    """Assignments that the bank has answers for."""
    return sorted(p.name for p in FOLDER.iterdir() if p.is_dir() and any(p.glob("*.py")))
