"""How a cell becomes a notebook's cell, with nbgrader's metadata and ours, and how that is read back."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.cells import ROLES, TEXT_STUB, Cell, Exercise
from autograder.exercises import Section, exercise_of, sections

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


def notebook(name, title, cells, withhold=()):
    """A notebook of these cells, as plain data."""
    ours = {"assignment": name, "title": title}
    if withhold:
        ours["withhold"] = list(withhold)
    return {"cells": cells, "metadata": {**LANGUAGE, OURS: ours}, "nbformat": 4, "nbformat_minor": 5}


@dataclass(frozen=True)
class Released:
    """What a student's notebook says about the assignment. `edited` are locked cells that were changed."""

    name: str
    title: str
    withhold: tuple[str, ...]
    cells: tuple[Cell, ...]
    exercises: tuple[Exercise, ...]
    edited: tuple[str, ...]


def read(path):
    """Reads what was handed out back from a notebook in which a student has worked already.

    It has no hidden tests and no marking schemes, and how the answers began is not known. Raises NotReleased.
    """
    path = Path(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        about = data["metadata"][OURS]
        known = {}
        for cell in data["cells"]:
            if cell["metadata"].get(OURS, {}).get("role") in ROLES:
                known.setdefault(_id(cell), cell)
        cells = [_cell(cell) for cell in known.values()]
        edited = tuple(cell.id for cell in cells if _edited(cell, known[cell.id]))
        cells = _complete([_forgotten(cell) if cell.id in edited else cell for cell in cells])
        defines = {cell_id: cell["metadata"][OURS].get("defines", ()) for cell_id, cell in known.items()}
        return Released(
            about["assignment"],
            about["title"],
            tuple(about.get("withhold", ())),
            cells,
            _exercises(cells, defines),
            tuple(cell.id for cell in cells if cell.id in edited and _NBGRADER[cell.role][2]),
        )
    except OSError as error:
        raise NotReleased(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise NotReleased(f"{path} is not a notebook of this course, or it lost its metadata.") from None


def _id(cell):
    """nbgrader's id, which copies of a cell keep, or the cell's own."""
    return cell["metadata"].get("nbgrader", {}).get("grade_id", cell["id"])


def _cell(data):
    ours, nbgrader = data["metadata"][OURS], data["metadata"].get("nbgrader", {})
    return Cell(
        _id(data),
        ours["role"],
        _id(data).split("-", 1)[1] if nbgrader else "",
        nbgrader.get("cell_type", data["cell_type"]),
        "".join(data["source"]),
        ours.get("exercise", ""),
        ours.get("bonus", nbgrader.get("points", 0)),
        "bonus" in ours,
        ours.get("torch", False),
        ours.get("seconds"),
    )


def _edited(cell, data):
    """Whether a cell's text is another than that which was handed out."""
    nbgrader = data["metadata"].get("nbgrader")
    return nbgrader is not None and checksum(cell, cell.source) != nbgrader.get("checksum")


def as_released(data):
    """Whether a cell (plain data, which may be anything) has the text that some release of it handed out."""
    try:
        return bool(data["metadata"].get("nbgrader")) and not _edited(_cell(data), data)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError):
        return False


def _forgotten(cell):
    """An answer as it was handed out, which nobody knows: an empty one."""
    empty = {"answer": "", "written": TEXT_STUB}
    return replace(cell, source=empty.get(cell.role, cell.source))


def _complete(cells):
    """The cells, with an empty answer above each test whose answer was deleted."""
    answers = {cell.name for cell in cells if cell.role == "answer"}
    complete = []
    for cell in cells:
        if cell.role in ("test", "hidden") and cell.name not in answers:
            complete.append(Cell(f"answer-{cell.name}", "answer", cell.name, "code", "", cell.name))
            answers.add(cell.name)
        complete.append(cell)
    return tuple(complete)


def _exercises(cells, defines):
    found = []
    for cell, section in zip(cells, sections(cells)[1], strict=True):
        if cell.role in ("answer", "written"):
            section = section or Section("Exercise", "", cell.name, cell)  # its heading was deleted
            section.owner = cell
            found.append(exercise_of(section, cells, defines.get(cell.id, ())))
    return tuple(found)
