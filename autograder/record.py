"""What is known of one submission after grading: the record. Gradebook, CSV and feedback are made from it.

A record is plain JSON. `grade` writes it once; nothing edits it afterwards.
"""

import dataclasses
import json
from dataclasses import dataclass, field

FORMAT = 1
LONGEST_REASONS = 5000  # characters: spreadsheets, and csv.reader, refuse a whole table over one long cell
GRADED, TO_MARK, UNREADABLE, ERROR = "graded", "needs marking", "unreadable", "error"


@dataclass
class Test:
    """The verdict of one test cell. `points` are what was earned of `maximum`; a bonus counts beside the full marks."""

    cell: str
    exercise: str
    kind: str  # "test" (visible) or "hidden"
    verdict: str  # passed, failed, not written, stopped
    points: float
    maximum: float
    bonus: bool = False
    reason: str = ""
    public: str = ""
    mistake: str = ""
    limit: str = ""
    printed: str = ""
    seconds: float = 0.0


@dataclass
class Ran:
    """What came of a cell that was run: ran, failed or stopped."""

    cell: str
    exercise: str
    verdict: str
    source: str = ""
    printed: str = ""
    warned: str = ""
    reason: str = ""
    traceback: str = ""
    seconds: float = 0.0


@dataclass
class Written:
    """A written answer: marked by hand, unless it was left untouched."""

    cell: str
    exercise: str
    maximum: float
    text: str
    touched: bool


@dataclass
class Record:
    """One submission's record.

    submission, bundle: sha256 of the bytes handed in and of the assignment; limits: the limits in force;
    sandbox: the level of isolation that was used; notes: what intake repaired, one sentence each;
    reason: why it could not be graded, for status "unreadable" and "error".
    """

    assignment: str
    submission: str
    bundle: str
    sandbox: str
    limits: dict
    status: str = GRADED
    reason: str = ""
    notes: list = field(default_factory=list)
    tests: list = field(default_factory=list)
    cells: list = field(default_factory=list)
    written: list = field(default_factory=list)
    seconds: float = 0.0
    format: int = FORMAT

    @property
    def score(self):
        """Points earned by tests, bonus points included; what is marked by hand comes on top."""
        return sum(test.points for test in self.tests)

    @property
    def reasons(self):
        """Why points are missing that no wrong answer explains, in one line; empty for an ordinary submission."""
        if self.reason:
            return self.reason
        found = dict.fromkeys(f"{t.exercise}: {t.reason}" for t in self.tests if t.limit)
        found |= dict.fromkeys(f"{c.exercise or c.cell}: {c.reason}" for c in self.cells if c.verdict != "ran")
        reasons = " ".join([*found, *self.notes])
        return reasons if len(reasons) <= LONGEST_REASONS else reasons[: LONGEST_REASONS - 4] + " ..."

    def to_json(self):
        return json.dumps(dataclasses.asdict(self), ensure_ascii=True, indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text):
        data = json.loads(text)
        if data.get("format") != FORMAT:
            raise ValueError(f"a record of format {data.get('format')!r}; this version reads {FORMAT}")
        for key, kind in (("tests", Test), ("cells", Ran), ("written", Written)):
            data[key] = [kind(**item) for item in data[key]]
        return cls(**data)
