"""How a cell becomes a notebook's cell, with nbgrader's metadata and ours, and how that is read back."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from autograder.cells import Cell, Exercise
from autograder.exercises import exercise_of, sections

OURS = "nextword"


class NotReleased(Exception):
    """A file is not a notebook as it was handed out."""


LANGUAGE = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}

# grade, solution, locked: nbgrader's three questions about a cell.
_NBGRADER = {
    "given": (False, False, True),
    "figure": (False, False, True),
    "answer": (False, True, False),
    "test": (True, False, True),
    "hidden": (True, False, True),
    "written": (True, True, False),
}


def nbgrader_metadata(cell):
    """nbgrader's metadata of a cell, without its checksum; None for prose and the student's own cells.

    Bonus points are 0 for nbgrader, so that they are not counted in what can be reached.
    """
    if cell.role not in _NBGRADER:
        return None
    grade, solution, locked = _NBGRADER[cell.role]
    data = {
        "schema_version": 3,
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": False,
        "grade_id": cell.id,
        "cell_type": cell.type,
    }
    if grade:
        data["points"] = 0 if cell.bonus else cell.points
    return data


def our_metadata(cell, exercise=None):
    """What a notebook says about a cell beyond nbgrader's metadata, so that it can be read back alone."""
    data = {"role": cell.role}
    if cell.exercise:
        data["exercise"] = cell.exercise
    if cell.bonus:
        data["bonus"] = cell.points
    if cell.torch:
        data["torch"] = True
    if cell.seconds is not None:
        data["seconds"] = cell.seconds
    if cell.role == "answer" and exercise:
        data["defines"] = list(exercise.defines)
    return data


def checksum(cell, text):
    """nbgrader's checksum of a cell that has this text; it tells an untouched answer from a written one."""
    grade, solution, locked = _NBGRADER[cell.role]
    parts = [text, cell.type, str(grade), str(solution), str(locked and not solution), cell.id]
    if grade:
        parts.append(str(float(0 if cell.bonus else cell.points)))
    return hashlib.md5("".join(parts).encode()).hexdigest()


def notebook_cell(cell, text, exercise=None):
    """A cell as nbformat 4.5 writes it, with this text."""
    metadata = {OURS: our_metadata(cell, exercise)}
    if (nbgrader := nbgrader_metadata(cell)) is not None:
        metadata["nbgrader"] = nbgrader
    data = {"cell_type": cell.type, "id": cell.id, "metadata": metadata, "source": text}
    if cell.type == "code":
        data |= {"execution_count": None, "outputs": []}
    return data


def kept_cell(cell, text=None):
    """A cell as the gradebook keeps it: with the checksum of what students started from."""
    data = notebook_cell(cell, cell.source if text is None else text)
    if "nbgrader" in data["metadata"]:
        data["metadata"]["nbgrader"]["checksum"] = checksum(cell, cell.source)
    return data


def gradebook_notebook(bundle):
    """The notebook from which nbgrader's gradebook learns an assignment: stubs, and hidden tests in full."""
    cells = [kept_cell(cell) for cell in bundle.cells]
    return notebook(bundle.name, bundle.title, cells, bundle.withhold)


def notebook(name, title, cells, withhold=()):
    """A notebook of these cells, as plain data."""
    ours = {"assignment": name, "title": title}
    if withhold:
        ours["withhold"] = list(withhold)
    return {"cells": cells, "metadata": {**LANGUAGE, OURS: ours}, "nbformat": 4, "nbformat_minor": 5}


@dataclass(frozen=True)
class Released:
    """What a notebook as students get it says about itself."""

    name: str
    title: str
    withhold: tuple[str, ...]
    cells: tuple[Cell, ...]
    exercises: tuple[Exercise, ...]


def read(path):
    """Reads a released notebook back; it has no hidden tests and no marking schemes. Raises NotReleased."""
    path = Path(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        about = data["metadata"][OURS]
        known = [cell for cell in data["cells"] if OURS in cell["metadata"]]
        cells = tuple(_cell(cell) for cell in known)
        defines = {cell["id"]: cell["metadata"][OURS].get("defines", ()) for cell in known}
        return Released(
            about["assignment"],
            about["title"],
            tuple(about.get("withhold", ())),
            cells,
            _exercises(cells, defines),
        )
    except OSError as error:
        raise NotReleased(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise NotReleased(f"{path} is not a notebook of this course as it was handed out.") from None


def _cell(data):
    ours, nbgrader = data["metadata"][OURS], data["metadata"].get("nbgrader", {})
    name = data["id"].split("-", 1)[1] if nbgrader else ""
    return Cell(
        data["id"],
        ours["role"],
        name,
        data["cell_type"],
        "".join(data["source"]),
        ours.get("exercise", ""),
        ours.get("bonus", nbgrader.get("points", 0)),
        "bonus" in ours,
        ours.get("torch", False),
        ours.get("seconds"),
    )


def _exercises(cells, defines):
    found = []
    for cell, section in zip(cells, sections(cells)[1], strict=True):
        if cell.role in ("answer", "written"):
            section.owner = cell
            found.append(exercise_of(section, cells, defines[cell.id]))
    return tuple(found)
