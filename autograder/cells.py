"""The vocabulary of a notebook: cells, exercises, and nbgrader's regions inside of cells."""

import re
from dataclasses import dataclass

CODE_STUB = "raise NotImplementedError"
TEXT_STUB = "YOUR ANSWER HERE"

SOLUTION, HIDDEN, SCHEME = "SOLUTION", "HIDDEN TESTS", "MARK SCHEME"

# What may stand in a cell's header besides its role.
EXTRA_KEYS = {
    "given": set(),
    "figure": set(),
    "answer": {"torch"},
    "test": {"points", "bonus", "seconds"},
    "hidden": {"points", "bonus", "seconds"},
    "written": {"points"},
}
ROLES = ("prose", "code", *EXTRA_KEYS)
GRADED = ("test", "hidden", "written")

# Where each of nbgrader's regions may stand.
REGION_ROLES = {SOLUTION: ("answer", "written"), HIDDEN: ("hidden",), SCHEME: ("written",)}


@dataclass(frozen=True)
class Cell:
    """One cell. `id` is its grade_id, `exercise` the exercise it belongs to; `points` may be a bonus."""

    id: str
    role: str
    name: str
    type: str
    source: str
    exercise: str = ""
    points: float = 0
    bonus: bool = False
    torch: bool = False
    seconds: float | None = None
    line: int = 0


@dataclass(frozen=True)
class Hint:
    title: str
    text: str


@dataclass(frozen=True)
class Exercise:
    """One exercise: what its heading says ("Exercise 2a", "Written question 1"), its worth, what it defines.

    `kind` is "code" or "written". Points that are extra credit are in `points_bonus` only. `covers` is what
    the hidden test says in words; `scheme` the marking scheme of a written answer.
    """

    name: str
    number: str
    label: str
    title: str
    kind: str = "code"
    difficulty: int | None = None
    minutes: int | None = None
    hints: tuple[Hint, ...] = ()
    covers: str = ""
    scheme: str = ""
    points_visible: float = 0
    points_hidden: float = 0
    points_written: float = 0
    points_bonus: float = 0
    torch: bool = False
    defines: tuple[str, ...] = ()

    @property
    def points(self):
        """What counts as full marks: everything but the bonus."""
        return self.points_visible + self.points_hidden + self.points_written

    @property
    def heading(self):
        return f"{self.label}: {self.title}"


def marker(line, region):
    """BEGIN or END if the line is a marker of the region, else None."""
    for edge in ("BEGIN", "END"):
        if f"{edge} {region}" in line:
            return edge
    return None


def inside(source, region):
    """The lines between the markers of a region, without the markers."""
    return _split(source, region)[1]


def without(source, region, stub=None):
    """The source without a region; `stub`, if given, takes its place, indented as the BEGIN marker is."""
    return "\n".join(_split(source, region, stub)[0])


def _split(source, region, stub=None):
    outside, within, open_ = [], [], False
    for line in source.split("\n"):
        edge = marker(line, region)
        if edge == "BEGIN":
            open_ = True
            if stub is not None:
                outside.append(re.match(r"\s*", line).group() + stub)
        elif edge == "END":
            open_ = False
        else:
            (within if open_ else outside).append(line)
    return outside, within


def student_version(cell):
    """The source of a cell as the student gets it: no solution, no hidden test, no marking scheme."""
    if cell.role == "answer":
        return without(cell.source, SOLUTION, CODE_STUB)
    if cell.role == "written":
        return without(without(cell.source, SOLUTION, TEXT_STUB), SCHEME)
    if cell.role == "hidden":
        return without(cell.source, HIDDEN)
    return cell.source


def hidden_words(source):
    """What the comment lines of a hidden test say, as one text."""
    words = []
    for line in source.split("\n"):
        if marker(line, HIDDEN) or not line.lstrip().startswith("#"):
            break
        words.append(line.strip().lstrip("#").strip())
    return " ".join(word for word in words if word)
