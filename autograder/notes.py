"""Tells students what was repaired: one sentence for each kind of repair, naming the exercises."""

# kind -> what is said of one cell, what is said of several
_SENTENCES = {
    "missing": ("{} was missing; it was put back.", "{} were missing; they were put back."),
    "changed": (
        "{} had been changed; the original was used.",
        "{} had been changed; the originals were used.",
    ),
    "older": (
        "{} was of an earlier release; the corrected one was used.",
        "{} were of an earlier release; the corrected ones were used.",
    ),
    "added": (
        "{} had been added to; the original was used, and what you added to it was run as a cell of its own.",
        "{} had been added to; the originals were used, and what you added to it was run as cells of its own.",
    ),
    "copied": (
        "There were several copies of {}; the last one with work in it was taken.",
        "There were several copies of {}; of each, the last one with work in it was taken.",
    ),
    "retyped": (
        "{} had been turned into another kind of cell; it was turned back.",
        "{} had been turned into other kinds of cells; they were turned back.",
    ),
    "split": ("{} was in several cells; they were graded together.",) * 2,
    "joined": ("{} was cut in the middle of a function; the parts were joined.",) * 2,
    "lost": ("{} was missing; it counts as not written.", "{} were missing; they count as not written."),
    "adopted": (
        "{} was missing or left empty; what you wrote for it in another cell was taken.",
        "{} were missing or left empty; what you wrote for them in other cells was taken.",
    ),
    "several": ("There were several texts for {}; all of them were taken.",) * 2,
}
_WHOLE = {
    "moved": "Cells had been moved; they were put back into their order.",
    "unmarked": "The cells had lost the marks by which they are known; they were recognised by their text.",
    "replaced": "Characters that are no text were replaced by \ufffd.",
}
_NAMES = {
    "answer": "the answer to {}",
    "written": "the answer to {}",
    "test": "the test of {}",
    "hidden": "the hidden test of {}",
}


class Notes:
    """Collects repairs; each is noted once for each cell."""

    def __init__(self, bundle):
        self.bundle, self.noted = bundle, {}

    def add(self, kind, ours=None):
        cells = self.noted.setdefault(kind, [])
        if ours is not None and ours not in cells:
            cells.append(ours)

    def sentences(self):
        said = []
        for kind, (one, several) in _SENTENCES.items():
            if cells := self.noted.get(kind):
                names = _listed([self._name(cell) for cell in cells])
                sentence = (several if len(cells) > 1 else one).format(names)
                said.append(sentence[0].upper() + sentence[1:])
        return tuple(said + [sentence for kind, sentence in _WHOLE.items() if kind in self.noted])

    def _name(self, cell):
        if cell.role in _NAMES:
            return _NAMES[cell.role].format(self.bundle.exercise(cell.exercise).label)
        return f'the {cell.role} cell "{cell.name}"'


def _listed(names):
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
