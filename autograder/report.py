"""A page about a class for its instructor: what was passed, which mistakes were made, what took long, what is alike.

Answers are compared after everything that a student changes without thinking (names, comments, layout, numbers' and
strings' spelling) is taken away. Short exercises have few right answers, so likeness is a question to ask, and never
says who had an answer from whom, or that anybody had.
"""

import functools
import io
import keyword
import statistics
import tokenize
from collections import Counter, defaultdict
from dataclasses import dataclass

import jinja2

from . import record
from .bundle import Bundle
from .feedback import TEMPLATES
from .judge import FAILED, NOT_WRITTEN, PASSED, STOPPED
from .ledger import Ledger, write_atomically

ALIKE = 95  # percent, of RapidFuzz's ratio over the tokens
SHORTEST = 60  # tokens; below, right answers are alike by themselves
COMMON = 3  # an answer that is like those of this many others is simply the usual one
GROUPS = (
    ("passed", "passed", "#0072b2"),
    ("named", "a catalogued mistake", "#e69f00"),
    ("unnamed", "another failure", "#d55e00"),
    ("stopped", "stopped", "#cc79a7"),
    ("blank", "not written", "#999999"),
)  # colours that the colour-blind tell apart


@dataclass(frozen=True)
class Row:
    """One exercise: how many students are in each of GROUPS, [(mistake, students who made it)], the most frequent
    first, and seconds of answer and tests."""

    heading: str
    counts: dict
    mistakes: list
    median: float
    slowest: float

    @property
    def total(self):
        return sum(self.counts.values())

    @property
    def bars(self):
        """(key, words, colour, start, width) of the bar's parts, in percent."""
        found, start = [], 0.0
        for key, words, colour in GROUPS:
            width = 100 * self.counts[key] / self.total if self.total else 0
            if width:
                found.append((key, words, colour, round(start, 2), round(width, 2)))
            start += width
        return found


@dataclass(frozen=True)
class Alike:
    """Two students with answers that are alike: [(exercise's label, percent)], the most exercises first."""

    students: tuple
    exercises: list


def write(course, name):
    """Writes report-NAME.html into the workspace; returns its path."""
    bundle, book = Bundle.from_source(course, name), Ledger(course.ledger)
    records = {who: made for who in book.students(name) if (made := book.current(name, who))}
    path = course.workspace / f"report-{name}.html"
    write_atomically(path, page(bundle, records))
    return path


def page(bundle, records):
    """The page's HTML; records: student -> record."""
    graded = {who: made for who, made in records.items() if made.status in (record.GRADED, record.TO_MARK)}
    return _environment().get_template("report.html").render(
        title=bundle.title,
        groups=GROUPS,
        rows=[row(exercise, graded) for exercise in bundle.exercises if exercise.kind == "code"],
        written=[(e.heading, _written(e, graded.values())) for e in bundle.exercises if e.kind == "written"],
        scores=_histogram([made.score for made in graded.values()], _reachable(bundle)),
        graded=len(graded),
        ungraded=[(who, made.reason) for who, made in sorted(records.items()) if who not in graded],
        repaired=sum(bool(made.notes) for made in graded.values()),
        alike=alike(bundle, graded),
        percent=ALIKE,
    )


def _reachable(bundle):
    """What tests can give, bonus included."""
    return sum(cell.points for cell in bundle.cells if cell.role in ("test", "hidden"))


def _written(exercise, records):
    return sum(any(w.exercise == exercise.name and w.touched for w in made.written) for made in records)


def row(exercise, records):
    """The Row of an exercise; records: student -> record."""
    counts, mistakes, seconds = dict.fromkeys((key for key, _, _ in GROUPS), 0), defaultdict(list), []
    for who, made in records.items():
        tests = [test for test in made.tests if test.exercise == exercise.name]
        if not tests:
            continue
        counts[group(tests)] += 1
        for mistake in sorted({test.mistake for test in tests if test.mistake}):
            mistakes[mistake].append(who)
        ran = [cell.seconds for cell in made.cells if cell.exercise == exercise.name]
        seconds.append(sum(ran) + sum(test.seconds for test in tests))
    return Row(
        exercise.heading,
        counts,
        sorted(mistakes.items(), key=lambda item: (-len(item[1]), item[0])),
        statistics.median(seconds) if seconds else 0.0,
        max(seconds, default=0.0),
    )


def group(tests):
    """Which of GROUPS an answer belongs to."""
    verdicts = {test.verdict for test in tests}
    if verdicts == {PASSED}:
        return "passed"
    if STOPPED in verdicts:
        return "stopped"
    if FAILED in verdicts:
        return "named" if any(test.mistake for test in tests) else "unnamed"
    return "blank" if NOT_WRITTEN in verdicts else "unnamed"


def _histogram(scores, most, bins=10):
    """[(from, to, count, height in percent of the highest)] of the scores."""
    width = most / bins if most else 1
    counts = Counter(min(bins - 1, int(score / width)) for score in scores)
    highest = max(counts.values(), default=1)
    return [(at * width, (at + 1) * width, counts[at], round(100 * counts[at] / highest, 1)) for at in range(bins)]


# --- answers that are alike -------------------------------------------------------------------------------


def alike(bundle, records):
    """Pairs of students with answers that are more alike than chance: a list of Alike."""
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    pairs = defaultdict(list)
    for exercise in bundle.exercises:
        texts = {who: shape(_answer(made, exercise.name)) for who, made in sorted(records.items())}
        students = [who for who, text in texts.items() if len(text) >= SHORTEST]
        if len(students) < 2:
            continue
        held = [texts[who] for who in students]
        likeness = cdist(held, held, scorer=Indel.normalized_similarity, score_cutoff=ALIKE / 100)
        usual = (likeness > 0).sum(axis=1) - 1
        for first in range(len(students)):
            for second in range(first + 1, len(students)):
                if likeness[first, second] > 0 and max(usual[first], usual[second]) < COMMON:
                    percent = int(100 * likeness[first, second])
                    pairs[students[first], students[second]].append((exercise.label, percent))
    found = [Alike(students, exercises) for students, exercises in pairs.items()]
    return sorted(found, key=lambda one: (-len(one.exercises), one.students))


def _answer(made, exercise):
    return "\n".join(cell.source for cell in made.cells if cell.exercise == exercise and cell.source)


def shape(source):
    """The source's tokens, one character for each: names are alike, comments, docstrings and layout are gone."""
    characters = []
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return ""
    begins = True  # of a statement: a string there is a docstring
    for token in tokens:
        if token.type in (tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER):
            continue
        if token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            begins = True
            continue
        if token.type == tokenize.STRING and begins:
            continue
        begins = False
        plain = token.type == tokenize.NAME and not keyword.iskeyword(token.string)
        text = {tokenize.NUMBER: "0", tokenize.STRING: "''"}.get(token.type, "name" if plain else token.string)
        characters.append(_character(text))
    return "".join(characters)


_KNOWN = {}


def _character(text):
    """One character for each kind of token, the same one each time."""
    return chr(0x4E00 + _KNOWN.setdefault(text, len(_KNOWN)) % 20000)


@functools.cache
def _environment():
    loader = jinja2.FileSystemLoader(TEMPLATES)
    return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
