"""Takes cells apart that a student merged with ours, or typed into: our text is one cell again, the rest another.

Editors merge cells at a keystroke, and an import is often added where the other imports are. What was added to a given
cell is kept whatever it is; of what was added to a test or a figure, functions and classes are kept: the rest of what
is written there is for looking at values that are not the answer's.
"""

from autograder.cells import Cell
from autograder.matching import as_handed_out, definitions

LOCKED = ("given", "test", "figure")


def taken_apart(notebook, bundle):
    """The notebook's cells, those apart that held one of ours and more; and the numbers of ours among these."""
    ours = {cell: as_handed_out(cell).split("\n") for cell in bundle.cells if cell.role in LOCKED}
    locked = {cell.id for cell in ours}
    cells, parted = [], set()
    for cell in notebook["cells"]:
        pieces = _pieces(cell, ours, locked) if cell["cell_type"] == "code" else [cell]
        if len(pieces) > 1:
            parted |= {number for number, piece in enumerate(pieces, len(cells)) if piece["id"] in locked}
        cells += pieces
    return cells, parted


def _pieces(cell, ours, locked):
    """The parts of one cell, in order; the cell alone if there is nothing to take apart."""
    lines = cell["source"].split("\n")
    stripped = [line.rstrip() for line in lines]
    known, owner = set(stripped), [None] * len(lines)  # the cell of ours that a line belongs to
    for one, block in ours.items():
        if len(block) > 1 and known.issuperset(block):
            for number in _found(block, stripped, owner, scattered=one.role == "given"):
                owner[number] = one
    inside = set(owner) - {None}
    added = "\n".join(line for line, one in zip(lines, owner, strict=True) if not one)
    kept = definitions(added) or all(one.role == "given" for one in inside)
    if not inside or not added.strip() or not kept:
        return [cell]
    return _parted(lines, owner, {} if locked.intersection(_marks(cell)) else cell)


def _marks(cell):
    nbgrader = cell["metadata"].get("nbgrader")
    marks = (cell["id"], nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None)
    return [mark for mark in marks if isinstance(mark, str)]


def _found(block, lines, owner, scattered):
    """The numbers of the lines that are the block: one after the other, or `scattered` among others."""
    free = [number for number, line in enumerate(lines) if line and not owner[number]]
    texts = [lines[number] for number in free]
    for start, text in enumerate(texts):
        if text == block[0] and texts[start : start + len(block)] == block:
            return free[start : start + len(block)]
    rest = iter(free if scattered else ())
    found = [next((number for number in rest if lines[number] == line), None) for line in block]
    return [] if None in found else found


def _parted(lines, owner, marks):
    """Our cells by their ids, each where it begins, and what is between them with `marks` (a cell's, or none)."""
    pieces, added = {}, None
    for line, one in zip(lines, owner, strict=True):
        if one is None:
            added = len(pieces) if added is None else added
            pieces.setdefault(added, []).append(line)
        elif one in pieces:
            pieces[one].append(line)
        else:
            pieces[one], added = [line], None
    cells = []
    for one, text in pieces.items():
        about = {"id": one.id} if isinstance(one, Cell) else marks
        cells.append(
            {
                "cell_type": "code",
                "id": about.get("id", ""),
                "metadata": about.get("metadata", {}),
                "source": "\n".join(text),
            }
        )
    return [cell for cell in cells if cell["source"].strip()]
