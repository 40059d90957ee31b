"""Reads the py:percent source of a notebook into cells and exercises, and says what is wrong with it.

CONTRIBUTING.md is the format. Nothing here imports jupytext, nbformat or nbgrader until a source is read.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

from autograder import static
from autograder.cells import (
    EXTRA_KEYS,
    GRADED,
    HIDDEN,
    REGION_ROLES,
    SCHEME,
    SOLUTION,
    Cell,
    Exercise,
    hidden_words,
    marker,
    without,
)
from autograder.exercises import exercise_of, misnumbered, sections, stated_points

_JUPYTEXT_KEYS = ("lines_to_next_cell", "lines_to_end_of_cell_marker", "cell_marker")


class SourceError(Exception):
    """A source does not follow the format; `problems` has one line for each thing to mend."""

    def __init__(self, problems):
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Source:
    """A source that follows the format: its cells in order and its exercises in order."""

    path: Path
    cells: tuple[Cell, ...]
    exercises: tuple[Exercise, ...]


def read(path):
    """Reads a source. Raises SourceError with every problem found."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SourceError([f"{path}: there is no such file; write the notebook's source there."]) from None
    return parse(text, path)


def parse(text, path="source.py"):
    """Like `read`, for a text; `path` is what the problems are reported under."""
    problems = _Problems(path)
    cells = _cells(text, problems)
    problems.stop()
    _check_cells(cells, problems)
    cells, exercises = _exercises(cells, problems)
    problems.stop()
    return Source(Path(path), tuple(cells), tuple(exercises))


class _Problems:
    """Collects what is wrong, so that an author sees all of it at once."""

    def __init__(self, path):
        self.path, self.found = path, []

    def add(self, cell, problem):
        self.found.append(f"{self.path}:{cell.line}: {cell.id}: {problem}")

    def stop(self):
        if self.found:
            raise SourceError(self.found)


# --- regions ---


def _region_problem(source, region):
    """What is wrong with the markers of a region, or None."""
    open_, seen = False, 0
    for line in source.split("\n"):
        edge = marker(line, region)
        if edge and not re.fullmatch(rf"\s*### {edge} {region}\s*", line):
            return f"write the marker on a line of its own, as ### {edge} {region}"
        if edge == "BEGIN" and open_:
            return f"### BEGIN {region} comes twice before ### END {region}"
        if edge == "END" and not open_:
            return f"### END {region} comes without ### BEGIN {region}"
        if edge:
            open_, seen = edge == "BEGIN", seen + 1
    if open_:
        return f"### BEGIN {region} has no ### END {region}"
    return None if seen else f"put it between ### BEGIN {region} and ### END {region}"


# --- cells ---


def _cells(text, problems):
    import jupytext

    notebook = jupytext.reads(text, fmt="py:percent")
    lines = _header_lines(text, len(notebook.cells))
    cells, taken = [], set()
    for line, raw in zip(lines, notebook.cells, strict=True):
        cell = _cell(raw, line, problems)
        if cell.id in taken and cell.role in ("prose", "code"):
            cell = replace(cell, id=_free(cell.id, taken))
        elif cell.id in taken:
            problems.add(
                cell, f"there is another {cell.role} cell named {cell.name!r}; give it a name of its own."
            )
        taken.add(cell.id)
        cells.append(cell)
    return cells


def _header_lines(text, count):
    lines = [number for number, line in enumerate(text.split("\n"), 1) if re.match(r"# ?%%", line)]
    # A text before the first header is a cell too; then the numbers would be off, and no number is better.
    return lines if len(lines) == count else [0] * count


def _free(cell_id, taken):
    number = 2
    while f"{cell_id}-{number}" in taken:
        number += 1
    return f"{cell_id}-{number}"


def _cell(raw, line, problems):
    header = {key: value for key, value in raw.metadata.items() if key not in _JUPYTEXT_KEYS}
    source = _tidy(raw.source)
    roles = [key for key in header if key in EXTRA_KEYS]
    if not roles:
        kind = "prose" if raw.cell_type == "markdown" else "code"
        prefix = "text" if kind == "prose" else "code"
        digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        cell = Cell(f"{prefix}-{digest}", kind, "", raw.cell_type, source, line=line)
        known = set()
    else:
        role = roles[0]
        name = header.pop(role)
        cell = Cell(f"{role}-{name}", role, str(name), raw.cell_type, source, line=line)
        known = EXTRA_KEYS[role]
        if roles[1:]:
            problems.add(cell, f"a cell has one role, not {' and '.join(roles)}.")
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,49}", name):
            problems.add(
                cell, f"the name must be like a Python name, of at most 50 characters, not {name!r}."
            )
        if (raw.cell_type == "markdown") != (role == "written"):
            wanted = (
                "# %% [markdown] written=..." if role == "written" else f"# %% {role}=..., without [markdown]"
            )
            problems.add(cell, f"begin this cell with {wanted}.")
    if raw.cell_type == "raw":
        problems.add(cell, "this is neither code nor markdown; begin each cell with # %% or # %% [markdown].")
    for key in sorted(set(header) - known - set(roles)):
        allowed = ", ".join(sorted(known)) or "nothing more"
        problems.add(
            cell, f"{key!r} is not known in the header of a {cell.role} cell; it may have: {allowed}."
        )
    return _with_values(cell, header, known, problems)


def _with_values(cell, header, known, problems):
    values = {}
    for key in known & set(header):
        value = header[key]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if key in ("points", "seconds") and not (number and 0 <= value <= 1000):
            problems.add(cell, f"{key} must be a number from 0 to 1000, not {value!r}.")
        elif key in ("bonus", "torch") and not isinstance(value, bool):
            problems.add(cell, f"{key} must be true or false, not {value!r}.")
        else:
            values[key] = value
    if "points" in known and "points" not in header:
        problems.add(cell, "the header does not say what it is worth; add points=1.")
    return replace(cell, **values)


def _tidy(source):
    """The source without blank lines at its ends and before a region that leaves no stub behind.

    So nothing of a removed region is left, not even the blank line before it.
    """
    tidy = []
    for line in source.strip("\n").split("\n"):
        if marker(line, HIDDEN) == "BEGIN" or marker(line, SCHEME) == "BEGIN":
            while tidy and not tidy[-1].strip():
                tidy.pop()
        tidy.append(line)
    return "\n".join(tidy)


def _check_cells(cells, problems):
    answers = {}
    for cell in cells:
        for region, roles in REGION_ROLES.items():
            if cell.role in roles:
                if problem := _region_problem(cell.source, region):
                    problems.add(cell, _wanted(cell.role, region) + problem + ".")
            elif any(marker(line, region) for line in cell.source.split("\n")):
                problems.add(cell, f"{region} markers belong into {' and '.join(roles)} cells only.")
        if cell.role in ("answer", "written"):
            if cell.name in answers:
                problems.add(
                    cell, f"there is another exercise named {cell.name!r}; give it a name of its own."
                )
            answers[cell.name] = cell
        if cell.role in ("test", "hidden") and (
            cell.name not in answers or answers[cell.name].role != "answer"
        ):
            problems.add(
                cell, f"no answer cell named {cell.name!r} comes before it; add one or correct the name."
            )
        if cell.role == "hidden":
            _check_hidden(cell, problems)
    tested = {cell.name for cell in cells if cell.role in ("test", "hidden")}
    for cell in answers.values():
        if cell.role == "answer" and cell.name not in tested:
            problems.add(cell, f'nothing tests this answer; add a cell test="{cell.name}" below it.')


def _wanted(role, region):
    return {
        (SOLUTION, "answer"): "the student's part is not marked: ",
        (SOLUTION, "written"): "the model answer is not marked: ",
        (HIDDEN, "hidden"): "the hidden test is not marked: ",
        (SCHEME, "written"): "the marking scheme is not marked: ",
    }[region, role]


def _check_hidden(cell, problems):
    before = []
    for line in cell.source.split("\n"):
        if marker(line, HIDDEN):
            break
        before.append(line)
    if not hidden_words(cell.source):
        problems.add(cell, "begin with comment lines that say in words what the hidden test covers.")
    rest = without(cell.source, HIDDEN).split("\n")
    if any(line.strip() and not line.lstrip().startswith("#") for line in rest):
        problems.add(
            cell, "code stands outside of ### BEGIN HIDDEN TESTS ... ### END HIDDEN TESTS; move it inside."
        )
    elif [line for line in rest if line.strip()] != [line for line in before if line.strip()]:
        problems.add(
            cell, "something comes after ### END HIDDEN TESTS; put the words first and the rest inside."
        )


# --- exercises ---


def _exercises(cells, problems):
    found, of_cell = sections(cells, problems.add)
    owners = []
    for cell, section in zip(cells, of_cell, strict=True):
        if cell.role not in ("answer", "written"):
            continue
        if section is None or section.owner is not None:
            problems.add(
                cell,
                "the exercise has no heading of its own; put a markdown cell above it that has a line "
                "## Exercise 3: title (or ## Written question 1: title).",
            )
            continue
        section.owner = cell
        owners.append(section)
    for section in found:
        if section.owner is None:
            problems.add(section.heading, f"{section.label} has no answer and no written cell.")
    for section, number in misnumbered(owners):
        problems.add(
            section.heading,
            f"headings are numbered in order: this is {section.kind} {number}, not {section.number}.",
        )
    made = [_made(section, cells, problems) for section in owners]
    return [_placed(cell, section) for cell, section in zip(cells, of_cell, strict=True)], made


def _made(section, cells, problems):
    names = static.answer_names(section.owner, cells) if section.owner.role == "answer" else ()
    exercise = exercise_of(section, cells, names)
    stated, worth = stated_points(section.text), exercise.points + exercise.points_bonus
    if stated is not None and stated != worth:
        problems.add(section.heading, f"the text says {stated:g} points, its cells are worth {worth:g}.")
    return exercise


def _placed(cell, section):
    if cell.role in ("answer", *GRADED):
        return replace(cell, exercise=cell.name)
    return replace(cell, exercise=section.owner.name if section and section.owner else "")
