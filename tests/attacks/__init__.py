"""Submissions that attack the grader: what each hands in, and the points that it has honestly earned.

They answer the sample assignment (samples/every_role.py): `count_words` gives 1 point for its visible test and 2 for its
hidden one, `entropy` 2 bonus points. Unless it says otherwise an attack answers count_words wrongly and entropy well.
"""

from dataclasses import dataclass, field

COUNT = "def count_words(tokens):\n    return {t: tokens.count(t) for t in tokens}"
ENTROPY = "def entropy(probs):\n    return sum(-p * math.log(p) for p in probs if p)\ndef twice(p): return 2 * entropy(p)"
HONEST = {"count_words": COUNT, "entropy": ENTROPY}
FULL = 5
OTHERS = 2  # what is left when count_words earns nothing
VISIBLE = 3  # when its visible test alone is passed
WRONG = "def count_words(tokens):\n    return 'wrong'"

# Forges frames: the room's own socket is descriptor 3, which nothing can keep from its owner.
SEND = "import os, msgpack\ndef send(*reply, raw=None):\n    f = msgpack.packb([0, *reply]) if raw is None else raw\n    f = len(f).to_bytes(8, 'big') + f\n    while f: f = f[os.write(3, f):]\n"


def same(cells):
    return cells


@dataclass(frozen=True)
class Attack:
    """One submission. answers: exercise -> code, in place of the honest one; edit: changes the list of its cells;
    score: the exact points; says: a piece of what the record says about it; prints: all that its first cell prints."""

    name: str
    answers: dict = field(default_factory=dict)
    edit: object = same
    score: float = OTHERS
    says: str = ""
    prints: str | None = None

    def __str__(self):
        return self.name


def in_cell(family, sources, **about):
    """Attacks that are the cell of count_words."""
    return [Attack(f"{family}: {name}", {"count_words": source}, **about) for name, source in sources.items()]


def when_called(family, sources, before="", **about):
    """Attacks that are the body of count_words."""
    return in_cell(family, {name: before + function(body) for name, body in sources.items()}, **about)


def function(body):
    return "def count_words(tokens):\n" + "\n".join("    " + line for line in body.split("\n"))
