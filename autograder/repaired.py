"""What intake makes of a submission: the steps for the judge, the answers, and a notebook for nbgrader."""

from dataclasses import dataclass, field

from autograder import released
from autograder.cells import Cell


@dataclass(frozen=True)
class Step:
    """One cell for the judge: `kind` is "run" (in the answer's room) or "test", `whose` ours or student."""

    kind: str
    cell_id: str
    exercise: str
    source: str
    whose: str


@dataclass(frozen=True)
class Written:
    """A written answer; `touched` is False when nothing was written. `attachments` are pasted images."""

    text: str
    touched: bool
    attachments: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Piece:
    """A cell of the repaired notebook; `ours` is None for one that the student added."""

    id: str
    type: str
    source: str
    ours: Cell | None = None
    exercise: str = ""
    whose: str = "ours"
    attachments: dict = field(default_factory=dict)
    run: bool = True


@dataclass(frozen=True)
class Repaired:
    """A submission put in order.

    steps: what the judge executes, in order.
    answers: exercise -> the student's code; untouched: the exercises of which no code was written.
    extras: id -> source of the code cells that the student added.
    written: exercise -> Written.
    notes: what was repaired, in sentences for the student.
    pieces: the cells of the repaired notebook, in order.
    """

    bundle: object
    steps: tuple[Step, ...]
    answers: dict[str, str]
    extras: dict[str, str]
    written: dict[str, Written]
    untouched: frozenset[str]
    notes: tuple[str, ...]
    pieces: tuple[Piece, ...] = field(repr=False)

    def to_notebook(self, outputs=None):
        """The notebook for nbgrader's autograded folder, as plain data; `outputs`: id of a cell -> its outputs.

        Our cells carry nbgrader's metadata, and the marking scheme stands above each written answer.
        """
        cells = []
        for piece in self.pieces:
            if scheme := self._scheme(piece):
                cells.append(scheme)
            cells.append(_notebook_cell(piece, (outputs or {}).get(piece.id, ())))
        bundle = self.bundle
        return released.notebook(bundle.name, bundle.title, cells, bundle.withhold)

    def _scheme(self, piece):
        if not piece.ours or piece.ours.role != "written" or piece.ours.name not in self.written:
            return None
        scheme = self.bundle.exercise(piece.ours.name).scheme
        text = f"**Marking scheme (for graders)**\n\n{scheme}"
        return scheme and _foreign_cell(f"scheme-{piece.ours.name}", "markdown", text, "scheme")


def _notebook_cell(piece, outputs):
    if piece.ours:
        data = released.kept_cell(piece.ours, piece.source)
    else:
        data = _foreign_cell(piece.id, piece.type, piece.source, "extra")
    if piece.type == "code":
        data["outputs"] = list(outputs)
    elif piece.attachments:
        data["attachments"] = piece.attachments
    return data


def _foreign_cell(cell_id, kind, source, role):
    data = {"cell_type": kind, "id": cell_id, "source": source, "metadata": {released.OURS: {"role": role}}}
    return data | ({"execution_count": None, "outputs": []} if kind == "code" else {})
