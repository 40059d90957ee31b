"""Recognises our cells in a notebook that came back: by nbgrader's id, by the cell's id, by their text.

Students' code is looked at line by line and never parsed, so that no text can trouble this process.
"""

import functools
import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass, field

from autograder.cells import student_version
from autograder.released import OURS, as_released

_DEFINITION = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_PROSE = re.compile(r"text-([0-9a-f]{8})(?:-\d+)?")  # as autograder.source makes it: a digest of the text
_ASSIGNMENT = re.compile(r"^([^\W\d]\w*)[ \t]*(?::[^=\n]*)?=(?!=)", re.MULTILINE)


@dataclass
class Theirs:
    """A cell of a submission. `known` is the id of our cell that it is, "" for the student's own.

    `marked` is False when the cell's text told what it is, not its ids; `released` is True when it is as some release
    of the notebook handed it out; `earlier` when it is prose of another release. Two of one index are the same cell.
    """

    index: int
    type: str
    source: str
    attachments: dict = field(default_factory=dict)
    known: str = ""
    marked: bool = True
    released: bool = False
    earlier: bool = False

    @property
    def blank(self):
        return not self.source.strip()

    @functools.cached_property
    def names(self):
        return definitions(self.source) | frozenset(_ASSIGNMENT.findall(self.source))


def definitions(source):
    """The functions and classes that a text defines at its top level."""
    return frozenset(_DEFINITION.findall(source))


def plain(source):
    """A text without what an editor may change: blank lines and spaces at the ends of lines."""
    lines = [line.rstrip() for line in source.split("\n")]
    return "\n".join([line for line in lines if line])


@functools.lru_cache(maxsize=1024)
def as_handed_out(ours):
    """The plain text of a cell of ours as students get it."""
    return plain(student_version(ours))


def code_of(source):
    """A text without blank lines and comment lines: what is left of a stub as long as nothing is written."""
    return "\n".join([line for line in plain(source).split("\n") if not line.lstrip().startswith("#")])


def lines_of(source):
    """The different lines of a text."""
    return frozenset(plain(source).split("\n"))


def likeness(lines, others):
    """How much of two texts is the same, from 0 to 1: lines in both, of the lines of the longer one."""
    return len(lines & others) / max(len(lines), len(others))


def wanted(bundle, answer):
    """The names that make a cell an answer: the stub's functions and classes, or else what tests ask for."""
    names = frozenset(bundle.exercise(answer.name).defines)
    return names & definitions(answer.source) or names


def newest(cells):
    """The cells of these that count, in order: not those whose definitions all come again in later ones."""
    later, kept = set(), []
    for cell in reversed(cells):
        if not cell.names or not cell.names <= later:
            kept.append(cell)
        later |= cell.names
    return kept[::-1]


def recognise(notebook, bundle):
    """The cells of a notebook from `read_submission`, each with the cell of ours that it is."""
    theirs = [
        Theirs(index, cell["cell_type"], cell["source"], cell.get("attachments", {}))
        for index, cell in enumerate(notebook["cells"])
    ]
    _by_mark(theirs, notebook, bundle)
    _by_text(theirs, bundle)
    _by_section(theirs, notebook, bundle)
    _by_likeness(theirs, bundle)
    _by_definition(theirs, bundle)
    return theirs


def groups(theirs):
    """The cells of a submission by the id of ours that they are."""
    found = defaultdict(list)
    for cell in theirs:
        if cell.known:
            found[cell.known].append(cell)
    return found


def _by_mark(theirs, notebook, bundle):
    known = {cell.id for cell in bundle.cells}
    for cell, raw in zip(theirs, notebook["cells"], strict=True):
        nbgrader = raw["metadata"].get("nbgrader")
        grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
        marks = [mark for mark in (grade_id, raw["id"]) if isinstance(mark, str)]
        cell.known = next((mark for mark in marks if mark in known), "")
        cell.released = as_released(raw)
        if not cell.known and any(re.match(r"(given|figure|test|hidden)-\w", mark) for mark in marks):
            cell.source = ""  # of another release of this notebook: it is not the student's


def _by_text(theirs, bundle):
    texts = {as_handed_out(cell): cell.id for cell in bundle.cells if cell.role != "written"}
    for cell in theirs:
        if not cell.known and not cell.blank and plain(cell.source) in texts:
            cell.known, cell.marked = texts[plain(cell.source)], False


def _by_section(theirs, notebook, bundle):
    """Prose that was corrected since, of which our digest is in its id: it stands where ours does now.

    What of it is just as it was handed out is blank then, and copies of it as well: nobody wrote it.
    """
    found, handed_out = groups(theirs), set()
    prose = [cell for cell in bundle.cells if cell.role == "prose" and cell.id not in found]
    missing = {ours: lines_of(ours.source) for ours in prose}
    for cell, raw in zip(theirs, notebook["cells"], strict=True):
        about = _about_prose(raw)
        if cell.known or cell.blank or about is None:
            continue
        digest, exercise = about
        if ours := _likeliest(cell, missing, exercise):
            cell.known, cell.marked, cell.earlier = ours.id, bool(digest), True
            del missing[ours]
        if digest in _digests(cell.source):
            handed_out.add(plain(cell.source))
    for cell in theirs:
        if (cell.earlier or not cell.known) and not cell.blank and plain(cell.source) in handed_out:
            cell.source = ""


def _about_prose(raw):
    """What a cell says of itself if it is or was prose of ours: the digest in its id ("" if lost), and its exercise."""
    ours, match = raw["metadata"].get(OURS), _PROSE.fullmatch(raw["id"])
    ours = ours if isinstance(ours, dict) else {}
    if not match and ours.get("role") != "prose":
        return None
    exercise = ours.get("exercise")
    return match[1] if match else "", exercise if isinstance(exercise, str) else ""


def _digests(source):
    """The digest that our build gives a text, also where an editor has cut off what is blank at the ends of lines."""
    texts = (source, source.strip("\n"), "\n".join(line.rstrip() for line in source.strip("\n").split("\n")))
    return {hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8] for text in texts}


def _likeliest(cell, missing, exercise):
    """The prose of ours that became of theirs: in the same exercise, or else the one that is mostly the same."""
    lines = lines_of(cell.source)
    alike = {one: likeness(lines, text) for one, text in missing.items() if exercise in ("", one.exercise)}
    ours = max(alike, key=alike.get, default=None)
    return ours if ours and (exercise or alike[ours] > 0.5) else None


def _by_likeness(theirs, bundle):
    """Locked cells that lost their marks and were changed as well."""
    found = groups(theirs)
    locked = [c for c in bundle.cells if c.role in ("given", "figure", "test") and c.id not in found]
    missing = {ours.id: lines_of(ours.source) for ours in locked}
    for cell in theirs:
        if cell.known or cell.type != "code" or cell.blank:
            continue
        lines = lines_of(cell.source)
        likeliest = max(missing, key=lambda one, lines=lines: likeness(lines, missing[one]), default=None)
        if likeliest and likeness(lines, missing[likeliest]) > 0.5:
            cell.known, cell.marked = likeliest, False
            del missing[likeliest]


def _by_definition(theirs, bundle):
    """Answers that lost their marks, or were deleted and written anew in a cell of the student's own."""
    found = groups(theirs)
    for ours in bundle.cells:
        if ours.role != "answer" or ours.id in found:
            continue
        names = wanted(bundle, ours)
        for cell in theirs:
            if not cell.known and cell.names & names and (cell.type == "code" or "```" not in cell.source):
                cell.known, cell.marked = ours.id, False
