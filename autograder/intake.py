"""Makes of a submission what can be graded: our notebook, with the student's answers and own cells in it.

Nothing is taken from a submission but the text of answers and of cells that the student added. Tests, given
cells and points are always ours, so that a damaged notebook is repaired by construction; the student is told.
"""

import re
from collections import Counter, defaultdict
from dataclasses import replace

from autograder import released
from autograder.matching import (
    as_handed_out,
    code_of,
    groups,
    likeness,
    lines_of,
    newest,
    plain,
    recognise,
    wanted,
)
from autograder.merged import taken_apart
from autograder.notes import Notes
from autograder.reading import LARGEST, Unreadable, find_notebook, read_submission
from autograder.repaired import Piece, Repaired, Step, Written

__all__ = [
    "LARGEST",
    "Repaired",
    "Step",
    "Unreadable",
    "Written",
    "find_notebook",
    "read_submission",
    "repair",
]

# A locked cell that shares less than this with ours is a cell of the student's, written over a copy.
ALIKE = 0.4


def repair(notebook, bundle):
    """Puts a notebook from `read_submission` in order. Raises Unreadable if it is of another assignment."""
    cells, parted = taken_apart(notebook, bundle)
    theirs = recognise(notebook | {"cells": cells}, bundle)
    _check_assignment(theirs, notebook | {"cells": cells}, bundle)
    repair = _Repair(theirs, bundle, parted)
    repair.choose()
    return repair.lay_out()


def _check_assignment(theirs, notebook, bundle):
    """Refuses what names another assignment and has no answer of this one in it, or has none of its cells at all."""
    about = notebook["metadata"].get(released.OURS)
    other = about.get("assignment") if isinstance(about, dict) else None
    named = isinstance(other, str) and other != bundle.name and re.fullmatch(r"[A-Za-z0-9_-]{1,60}", other)
    marked = {cell.id for cell in bundle.cells if cell.role not in ("prose", "code")}
    ours = marked or {cell.id for cell in bundle.cells}
    if not ours:
        return
    if named and not any(_is_answer(cell, notebook["cells"][cell.index], bundle) for cell in theirs):
        raise Unreadable(
            f"This is the notebook of {other}, not of {bundle.name}: hand in the notebook named {bundle.name}.ipynb."
        )
    if not any(cell.known in ours for cell in theirs):
        raise Unreadable(f"This is not the notebook of {bundle.name}: none of its cells is in it.")


def _is_answer(cell, raw, bundle):
    """Whether a cell is an answer to this assignment: another may have an exercise of the same name.

    What the answer began as tells these apart, by nbgrader's checksum of it; a cell that has none may be either.
    """
    ours = bundle.cell(cell.known) if cell.known else None
    if ours is None or ours.role not in ("answer", "written"):
        return False
    nbgrader = raw["metadata"].get("nbgrader")
    began = nbgrader.get("checksum") if isinstance(nbgrader, dict) else None
    return began in (None, released.checksum(ours, ours.source))


class _Repair:
    """One repair: for each cell of ours, what stands for it is chosen; then all is laid out in our order.

    chosen: id of ours -> the cell that stands for it.
    spare: the student's own cells; each comes after the cell of ours that it followed.
    before, after: id of ours -> cells of the student's that belong right there.
    filled: the ids of answers that are in their own cells.
    parted: the numbers of cells of ours that were taken out of a cell with more in it.
    """

    def __init__(self, theirs, bundle, parted=frozenset()):
        self.theirs, self.bundle, self.parted = theirs, bundle, parted
        self.groups, self.notes = groups(theirs), Notes(bundle)
        self.chosen, self.exercise = {}, {}
        self.before, self.after = defaultdict(list), defaultdict(list)
        self.spare = [cell for cell in theirs if not cell.known and not cell.blank]
        self.answers, self.written, self.filled = {}, {}, set()
        self.marked = any(cell.known and cell.marked for cell in theirs)

    def _ours(self, *roles):
        return [cell for cell in self.bundle.cells if cell.role in roles]

    def choose(self):
        for ours in self._ours("prose", "given", "figure", "test", "hidden"):
            self._choose_locked(ours)
        for ours in self._ours("code"):
            self._choose_free(ours)
        for ours in self._ours("answer"):
            self._choose_answer(ours)
        for ours in self._ours("answer"):
            if ours.name not in self.answers:
                self._adopt(ours)
        for ours in self._ours("written"):
            self._choose_written(ours)
        self._note_marks_and_order()

    def _choose_locked(self, ours):
        """Ours is used whatever came back; a copy that became something else is the student's own cell."""
        text, copies = as_handed_out(ours), self.groups[ours.id]
        # nbgrader puts hidden tests back before it asks for a repair
        same = [cell for cell in copies if plain(cell.source) == text or cell.source == ours.source]
        known = {cell.index for cell in same}
        if copies:
            self.chosen[ours.id] = (same or copies)[0]
        if ours.role == "prose":
            return
        for cell in copies:
            own = cell.type == "code" and not (cell.blank or cell.released or cell.index in known)
            if own and likeness(lines_of(cell.source), lines_of(text)) < ALIKE:
                self.spare.append(cell)
        if not copies and ours.role != "figure":
            self.notes.add("missing", ours)
        elif copies and not same:
            self.notes.add("older" if all(cell.released for cell in copies) else "changed", ours)
        elif copies and all(cell.type != ours.type for cell in same):
            self.notes.add("retyped", ours)
        elif same and same[0].index in self.parted:
            self.notes.add("added", ours)

    def _choose_free(self, ours):
        """An unmarked code cell is the student's to change or delete; copies of it are theirs as well."""
        copies = self.groups[ours.id]
        if copies:
            self.chosen[ours.id] = copies[0]
            self.spare += [
                c for c in copies[1:] if not c.blank and plain(c.source) != plain(copies[0].source)
            ]

    def _choose_answer(self, ours):
        group = self._with_rest(self.groups[ours.id])
        touched = [cell for cell in group if code_of(cell.source) not in ("", code_of(ours.source))]
        whole = self._joined(touched, ours)
        parts = newest(whole)
        if group:
            self.chosen[ours.id] = group[0]
        if not parts:
            return
        names = wanted(self.bundle, ours)
        main = next((cell for cell in parts if cell.names & names), parts[0])
        self.chosen[ours.id], self.answers[ours.name] = main, main.source
        self.filled.add(ours.id)
        for cell in parts:
            self.exercise[cell.index] = ours.name
        self.before[ours.id] = [cell for cell in parts if cell.index < main.index]
        self.spare += [cell for cell in parts if cell.index > main.index]
        self._note_answer(ours, main, len(parts), dropped=len(group) - len(touched) + len(whole) - len(parts))

    def _note_answer(self, ours, main, parts, dropped):
        if main.type != "code":
            self.notes.add("retyped", ours)
        if parts > 1:
            self.notes.add("split", ours)
        if dropped:
            self.notes.add("copied", ours)

    def _with_rest(self, group):
        """The cells, and unmarked ones right below them that begin in the middle of a function."""
        found = list(group)
        for cell in group:
            rest = self.theirs[cell.index + 1 : cell.index + 2]
            if rest and rest[0] in self.spare and rest[0].type == "code" and rest[0].source.lstrip("\n")[0] in " \t":
                found.append(rest[0])
                self._take(rest)
        return sorted(found, key=lambda cell: cell.index)

    def _joined(self, cells, ours):
        """The cells, those that were cut in the middle of a function made whole again."""
        joined, last = [], None
        for cell in cells:
            first = next(line for line in cell.source.split("\n") if line.strip())
            if joined and cell.index == last + 1 and first[0] in " \t":
                joined[-1] = replace(joined[-1], source=joined[-1].source.rstrip("\n") + "\n" + cell.source)
                self.notes.add("joined", ours)
            else:
                joined.append(cell)
            last = cell.index
        return joined

    def _adopt(self, ours):
        """An answer is empty or gone: a cell of the student's own, or another answer, may define it."""
        names = wanted(self.bundle, ours)
        free = [self.chosen[cell.id] for cell in self._ours("code") if cell.id in self.chosen]
        own = [cell for cell in self.spare + free if cell.type == "code" and cell.names & names]
        parts = newest(sorted(own, key=lambda cell: cell.index))
        if parts:
            self.answers[ours.name] = "\n\n".join(cell.source for cell in parts)
            for cell in parts:
                self.exercise[cell.index] = ours.name
        anchors = self._anchors() if parts else {}
        if any(anchors[cell.index] != ours.id for cell in parts):
            self.after[ours.id] += parts
            self._take(parts)
            self.notes.add("adopted", ours)
        elif not parts and self._elsewhere(ours):
            self.after[ours.id] += self._further_down(ours)
            self.notes.add("adopted", ours)
        elif not parts and not self.groups[ours.id]:
            self.notes.add("lost", ours)

    def _elsewhere(self, ours):
        """Whether the cells of other exercises define what this answer should."""
        names = wanted(self.bundle, ours)
        others = [
            self.chosen[c.id] for c in self._ours("answer") if c.name in self.answers and c.id in self.chosen
        ]
        return bool(names) and names <= frozenset().union(*(cell.names for cell in others))

    def _further_down(self, ours):
        """The answers to later exercises that define what this one should: its tests need them before."""
        names, cells = wanted(self.bundle, ours), self._ours("answer")
        later = [self.chosen[c.id] for c in cells[cells.index(ours) + 1 :] if c.id in self.filled]
        return newest([cell for cell in later if cell.names & names])

    def _choose_written(self, ours):
        group = [c for c in self.groups[ours.id] if plain(c.source) not in ("", plain(ours.source))]
        if self.groups[ours.id]:
            self.chosen[ours.id] = (group or self.groups[ours.id])[0]
        if any(cell.type != "markdown" for cell in group):
            self.notes.add("retyped", ours)
        texts = [cell.source for cell in group] or self._written_beside(ours)
        texts = list(dict.fromkeys(text.strip("\n") for text in texts))
        if len(texts) < 10:  # a copy that was written on stands for what it began as
            texts = [text for text in texts if not any(text != other and text in other for other in texts)]
        if len(texts) > 1:
            self.notes.add("several", ours)
        images = {name: image for cell in group for name, image in cell.attachments.items()}
        text = "\n\n".join(texts)
        self.written[ours.name] = Written(text, True, images) if text else Written(ours.source, False)

    def _written_beside(self, ours):
        """What was written into the question or into an own cell below it, instead of the answer."""
        section = [c.id for c in self._ours("prose") if c.exercise == ours.name]
        beside = [self.bundle.cell(cell_id) for cell_id in section] + self._prose_below(ours)
        texts = [self._added(prose, prose.exercise != ours.name) for prose in beside if prose.id in self.chosen]
        anchors = self._anchors()
        own = [c for c in self.spare if c.type == "markdown" and anchors[c.index] in (ours.id, *section)]
        self._take(own)
        texts = [text for text in texts if text.strip()]
        texts += [cell.source for cell in own if plain(cell.source) != plain(ours.source)]
        if texts and self.marked:
            self.notes.add("adopted", ours)
        return texts

    def _prose_below(self, ours):
        """Our text right below an answer, which may have been typed there; not if it is a question of its own."""
        place = self.bundle.cells.index(ours) + 1
        below = [cell for cell in self.bundle.cells[place : place + 1] if cell.role == "prose"]
        asked = {cell.name for cell in self._ours("written")}
        return [cell for cell in below if cell.exercise not in asked]

    def _added(self, prose, elsewhere=False):
        """The lines that a student has written into prose of ours.

        Elsewhere than in the question, and in prose that lost its id, lines may differ without having been written
        for an answer: in another release they did. There more must have come than gone, unless hardly any is ours.
        """
        own = self.chosen[prose.id]
        theirs, known = plain(own.source).split("\n"), plain(prose.source).split("\n")
        lines, ours = Counter(theirs), Counter(known)
        same = likeness(set(lines), set(ours)) >= ALIKE and (lines - ours).total() <= (ours - lines).total()
        if same and (elsewhere or not own.marked):
            return ""
        return "\n".join(line for line in theirs if line not in ours)

    def _note_marks_and_order(self):
        stand = [cell for cell in self.theirs if cell.known and self._stands(cell)]
        if not self.marked and stand:
            self.notes.add("unmarked")
        for ours in self._ours("answer") if self.marked else ():
            own = self.chosen.get(ours.id)
            if own and not own.marked and ours.name in self.answers:
                self.notes.add("adopted", ours)
        rank = {cell.id: number for number, cell in enumerate(self.bundle.cells) if cell.role != "prose"}
        order = [rank[cell.known] for cell in stand if cell.known in rank]
        if order != sorted(order):
            self.notes.add("moved")
        if any("\ufffd" in text for text in self.answers.values()):
            self.notes.add("replaced")

    # --- layout ---

    def _stands(self, cell):
        """Whether a cell of theirs is the one that stands for the cell of ours that it is."""
        return cell.known in self.chosen and self.chosen[cell.known].index == cell.index

    def _anchors(self):
        """Index of a cell of theirs -> id of our cell that it followed; "" at the top."""
        anchors, last = {}, ""
        for cell in self.theirs:
            anchors[cell.index] = last
            if self._stands(cell):
                last = cell.known
        return anchors

    def _take(self, cells):
        """These are not spare any more: they have found their place."""
        taken = {cell.index for cell in cells}
        self.spare = [cell for cell in self.spare if cell.index not in taken]

    def lay_out(self):
        anchors = self._anchors()
        for cell in sorted(self.spare, key=lambda cell: cell.index):
            self.after[anchors[cell.index]].append(cell)
        self.count = 0
        pieces = self._own(self.after[""])
        for ours in self.bundle.cells:
            pieces += self._own(self.before[ours.id]) + self._piece(ours) + self._own(self.after[ours.id])
        answers = {ours.name for ours in self._ours("answer") if not self._elsewhere(ours)}
        return Repaired(
            self.bundle,
            tuple(step for piece in pieces for step in self._steps(piece)),
            self.answers,
            {piece.id: piece.source for piece in pieces if piece.ours is None and piece.type == "code"},
            self.written,
            frozenset(answers - set(self.answers)),
            self.notes.sentences(),
            tuple(pieces),
        )

    def _own(self, cells):
        """The student's own cells, numbered as they come."""
        pieces = []
        for cell in cells:
            self.count += 1
            exercise = self.exercise.get(cell.index, "")
            kind = "code" if cell.type == "code" or exercise else "markdown"
            pieces.append(
                Piece(f"extra-{self.count}", kind, cell.source, None, exercise, "student", cell.attachments)
            )
        return pieces

    def _piece(self, ours):
        """Our cell in the repaired notebook, with what the student wrote into it."""
        own = self.chosen.get(ours.id)
        source, whose, attachments, run = ours.source, "ours", {}, True
        if ours.role == "written":
            source, attachments = self.written[ours.name].text, self.written[ours.name].attachments
        elif ours.role == "code":
            if own is None:
                return []
            source, whose = own.source, "ours" if plain(own.source) == plain(ours.source) else "student"
            run = whose == "student" or bool(own.names)
        elif ours.id in self.filled:
            source, whose = own.source, "student"
        elif ours.role == "answer":
            run = not self._elsewhere(ours)  # our stub would hide the student's function
        exercise = "" if ours.role == "code" else ours.exercise
        return [Piece(ours.id, ours.type, source, ours, exercise, whose, attachments, run)]

    def _steps(self, piece):
        role = piece.ours.role if piece.ours else "extra"
        if role in ("given", "answer", "code", "extra") and piece.type == "code" and piece.run:
            yield Step("run", piece.id, piece.exercise, piece.source, piece.whose)
        elif role == "test" or (role == "hidden" and self.bundle.complete):
            yield Step("test", piece.id, piece.exercise, piece.source, "ours")
