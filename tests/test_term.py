"""A whole term: six assignments and thirty students, through the commands that an instructor uses.

What each student does is a script (`Work`). What it is worth is worked out from the syllabus, in the functions below it
and with nothing of the autograder's; every number that comes out of the term must be that one.
"""

import csv
import dataclasses
import datetime as dt
import io
import json
import random
import re
import zipfile
from zoneinfo import ZoneInfo

import pytest
from class_of import level
from conftest import SAMPLES, notebook
from typer.testing import CliRunner

from autograder.__main__ import app
from autograder.bundle import Bundle
from autograder.course import Course

pytestmark = [pytest.mark.xdist_group("term"), pytest.mark.timeout(900)]  # a term takes a while on a busy machine

ZONE = ZoneInfo("America/New_York")
# Due at 23:59 by the clock of New York, where in 2027 the night after the fourth one is an hour short.
DUE = {
    "hw1": dt.datetime(2027, 1, 31, 23, 59),
    "hw2": dt.datetime(2027, 2, 14, 23, 59),
    "hw3": dt.datetime(2027, 2, 28, 23, 59),
    "hw4": dt.datetime(2027, 3, 13, 23, 59),
    "hw5": dt.datetime(2027, 3, 28, 23, 59),
    "hw6": dt.datetime(2027, 4, 11, 23, 59),
}
# Points of the visible test, the hidden one, the other exercise, the bonus and the written answer.
WORTH = {"hw1": (1, 2, 1, 2, 4), "hw2": (2, 3, 1, 1, 5), "hw3": (1, 4, 2, 2, 3), "hw4": (3, 3, 3, 3, 3),
         "hw5": (1, 1, 1, 1, 1), "hw6": (5, 10, 3, 2, 20)}  # fmt: skip
GRACE, FACTORS, LATEST = 8, {1: 0.8, 2: 0.6, 3: 0.4, 4: 0.2}, 4

TOML = """
[course]
id = "term"
title = "A term"
[late]
grace_days = 8
factors = [0.8, 0.6, 0.4, 0.2]
latest_days = 4
zone = "America/New_York"
"""
SOURCE = """
# %% [markdown]
# # Homework

# %% [markdown]
# ## Exercise 1: twice
# *Difficulty 1 of 5 · about 5 minutes · {all} points*

# %% answer="twice"
def twice(number):
    ### BEGIN SOLUTION
    return number + number
    ### END SOLUTION

# %% test="twice" points={visible}
from nextword import checks

check = checks.of(twice)
check.call(3).equals(6)
check.passed()

# %% hidden="twice" points={hidden}
# Negative numbers.

### BEGIN HIDDEN TESTS
from nextword import checks

check = checks.of(twice)
check.call(-2).equals({minus_four})
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 2: thrice
# *Difficulty 1 of 5 · about 5 minutes · {other} points*

# %% answer="thrice"
def thrice(number):
    ### BEGIN SOLUTION
    return 3 * number
    ### END SOLUTION

# %% test="thrice" points={other}
from nextword import checks

check = checks.of(thrice)
check.call(5).equals(15)
check.passed()

# %% [markdown]
# ## Bonus exercise: a half
# *Difficulty 1 of 5 · about 5 minutes · {bonus} bonus points*

# %% answer="half"
def half(number):
    ### BEGIN SOLUTION
    return number / 2
    ### END SOLUTION

# %% test="half" points={bonus} bonus=true
from nextword import checks

check = checks.of(half)
check.call(4).equals(2)
check.passed()

# %% [markdown]
# ## Written question 1: why?
# *Difficulty 1 of 5 · about 5 minutes · {written} points*

# %% [markdown] written="why" points={written}
# ### BEGIN SOLUTION
# Because.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# All points for a reason.
# ### END MARK SCHEME
"""
TWICE = {
    "right": "def twice(number):\n    return 2 * number",
    "literal": "def twice(number):\n    return 6",  # what the visible test shows
    "wrong": "def twice(number):\n    return number",
    "blank": None,
}
OTHERS = {"thrice": "def thrice(number):\n    return 3 * number", "half": "def half(number):\n    return number / 2"}


@dataclasses.dataclass(frozen=True)
class Work:
    """What a student hands in: answers, days after the due date (0: in time), and whether in the last second of them.

    mark: what the grader gives to the written answer, None while it was not read; readable: whether it is a notebook.
    """

    twice: str = "right"
    solved: tuple = ("thrice",)
    wrote: str = ""
    mark: float | None = None
    days: int = 0
    last_second: bool = False
    readable: bool = True


# --- what it is worth, by the syllabus alone --------------------------------------------------------------


def by_tests(work, name):
    visible, hidden, other, bonus, _ = WORTH[name]
    points = {"right": visible + hidden, "literal": visible, "wrong": 0, "blank": 0}[work.twice]
    return points + other * ("thrice" in work.solved) + bonus * ("half" in work.solved)


def all_of(work, name):
    return by_tests(work, name) + (work.mark or 0)


def lateness(handed_in, extended):
    """Assignment -> (factor, grace days left after it), for one student's works, with extensions in days."""
    found, left = {}, GRACE
    for name in DUE:
        days = max(0, handed_in[name].days - extended.get(name, 0)) if name in handed_in else 0
        if days > LATEST:
            found[name] = 0.0, left
            continue
        used = min(left, days)
        left -= used
        found[name] = FACTORS[days - used] if days > used else 1.0, left
    return found


# --- the script -------------------------------------------------------------------------------------------


def script():
    """Student -> assignment -> Work: eight whose story is told here, and others whose days are drawn by lot."""
    lot = random.Random(2027)
    term = {f"student-{number:02}": {name: drawn(lot, name) for name in DUE} for number in range(22)}
    best = {name: Work(solved=("thrice", "half"), wrote="Because.", mark=WORTH[name][-1]) for name in DUE}
    late = {name: dataclasses.replace(best[name], days=days) for name, days in zip(DUE, (3, 3, 3, 3, 2, 4))}
    change = dataclasses.replace
    return term | {
        "all-right": best,
        "at-the-very-second": {name: change(work, last_second=True) for name, work in best.items()},
        "uses-up-grace-days": late,
        "last-second-of-each-day": {name: change(work, last_second=True) for name, work in late.items()},
        "too-late-once": best | {"hw2": change(best["hw2"], days=5)},
        "gives-up": {name: best[name] for name in ("hw1", "hw2")},
        "not-json": best | {"hw5": Work(readable=False)},
        "is-ill": best | {"hw1": change(best["hw1"], days=4), "hw2": change(best["hw2"], days=4),
                          "hw3": change(best["hw3"], days=2), "hw4": change(best["hw4"], days=6)},
    }  # fmt: skip


# The same notebook is graded once, whoever hands it in: few kinds of them make a term that is soon graded.
KINDS = [
    ("right", ("thrice", "half"), "Because."),
    ("right", ("thrice",), ""),
    ("literal", ("thrice",), "It adds up."),
    ("wrong", ("half",), "Because."),
    ("blank", (), ""),
]


def drawn(lot, name):
    twice, solved, wrote = lot.choice(KINDS)
    return Work(
        twice,
        solved,
        wrote,
        mark=lot.choice([0, WORTH[name][-1] / 2, WORTH[name][-1]]) if wrote else None,
        days=lot.choice([0, 0, 0, 0, 1, 1, 2, 3, 4, 5]),
        last_second=lot.random() < 0.5,
    )


TERM = script()
# Handed in again, through the learning platform's zip: hw2, one late and one with another text to be marked.
AGAIN = {
    "student-03": Work(wrote="A better text.", mark=4, days=4, last_second=True),
    "student-10": Work(twice="literal", mark=0, days=3, last_second=True),  # without the answer that was marked
    "all-right": Work(solved=("thrice", "half"), wrote="Because.", mark=5, days=2),  # the text that was marked
}
EXTENSIONS = """
[is-ill]
hw1 = 4
hw2 = 2027-02-16T23:59:00-05:00   # two days
hw4 = 3
"""
EXTENDED = {"is-ill": {"hw1": 4, "hw2": 2, "hw4": 3}}


def handed_in_at(work, name):
    """The time, in UTC: the first or the last second of the days late, by the clock of New York."""
    if work.days == 0:
        local = DUE[name] - (dt.timedelta(0) if work.last_second else dt.timedelta(hours=7))
    elif work.last_second:
        local = DUE[name] + dt.timedelta(days=work.days)
    else:
        local = DUE[name] + dt.timedelta(days=work.days - 1, seconds=1)
    return local.replace(tzinfo=ZONE).astimezone(dt.UTC)


def written_source(name, wrong=False):
    visible, hidden, other, bonus, written = WORTH[name]
    return SOURCE.format(
        all=visible + hidden, visible=visible, hidden=hidden, other=other, bonus=bonus, written=written,
        minus_four="-5" if wrong else "-4",
    )  # fmt: skip


class Desk:
    """The instructor: a course in a folder of its own, and its commands."""

    def __init__(self, root, monkeypatch):
        self.root, self.written = root, {}
        listed = "".join(
            f'[[assignments]]\nname = "{name}"\ntitle = "Homework {name[-1]}"\ndue = {due.replace(tzinfo=ZONE)}\n'
            for name, due in DUE.items()
        )
        (root / "course.toml").write_text(TOML + listed)
        (root / "lib").symlink_to(SAMPLES.parent.parent / "lib")
        for name in DUE:
            self.write_source(name, wrong=name == "hw3")  # its hidden test is wrong at first
        monkeypatch.chdir(root)
        self.course = Course.load(root)

    def write_source(self, name, wrong=False):
        (self.root / "solutions" / name).mkdir(parents=True, exist_ok=True)
        (self.root / "solutions" / name / f"{name}.py").write_text(written_source(name, wrong))

    def run(self, *command):
        done = CliRunner().invoke(app, [str(part) for part in command], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    def notebook(self, name, work):
        if not work.readable:
            return b"This is my notebook."
        answers = {"twice": TWICE[work.twice]} | {one: OTHERS[one] for one in work.solved}
        given = {exercise: text for exercise, text in answers.items() if text}
        return notebook(Bundle.from_source(self.course, name), given, work.wrote or None)

    def take_in(self, name):
        """Everybody's folder, as nbgrader lays them out, with the times."""
        inbox = self.root / "inbox" / name
        for student, works in TERM.items():
            if name in works:
                folder = inbox / student / name
                folder.mkdir(parents=True)
                (folder / f"{name}.ipynb").write_bytes(self.notebook(name, works[name]))
                (folder / "timestamp.txt").write_text(f"{handed_in_at(works[name], name):%Y-%m-%d %H:%M:%S} UTC\n")
        CliRunner().invoke(app, ["collect", name, str(inbox)], catch_exceptions=False)

    def take_in_again(self, name):
        """A zip as Gradescope exports it."""
        path, about = self.root / "export.zip", ""
        with zipfile.ZipFile(path, "w") as archive:
            for number, (student, work) in enumerate(AGAIN.items(), 7001):
                archive.writestr(f"assignment_9_export/submission_{number}/{name}.ipynb", self.notebook(name, work))
                about += f"submission_{number}:\n  :submitters:\n  - :name: X\n    :sid: {student}\n"
                about += f"  :created_at: {handed_in_at(work, name).isoformat()}\n"
            archive.writestr("assignment_9_export/submission_metadata.yml", about)
        self.run("collect", name, path)

    def grade(self, name):
        return self.run("grade", name, "--sandbox", level(), "--jobs", 1)

    def mark(self, name, works):
        """What the formgrader does: a score, and that nobody need look at it any more."""
        from nbgrader.api import Gradebook

        with Gradebook(self.course.db_url) as book:
            for student, work in works.items():
                if work.mark is not None:
                    grade = book.find_grade("written-why", name, name, student)
                    grade.manual_score, grade.needs_manual_grade = work.mark, False
            book.db.commit()

    def table(self, file="grades.csv"):
        return list(csv.DictReader(io.StringIO((self.course.workspace / file).read_text())))

    def page(self, student, page):
        text = (self.course.feedback / student / f"{page}.html").read_text()
        return " ".join(re.sub("<[^>]+>", " ", text.partition("<main>")[2]).split())


@pytest.fixture(scope="module")
def term(tmp_path_factory):
    """The term is over. `before` holds what stood in grades.csv when it mattered."""
    with pytest.MonkeyPatch.context() as patch:
        desk = Desk(tmp_path_factory.mktemp("term"), patch)
        desk.before = {}
        for name in DUE:
            desk.take_in(name)
            desk.grade(name)
            desk.before[name] = desk.table()
            desk.mark(name, {who: works[name] for who, works in TERM.items() if name in works})
        desk.take_in_again("hw2")
        desk.grade("hw2")
        desk.before["again"] = desk.table()
        desk.mark("hw2", AGAIN)
        desk.write_source("hw3")
        desk.said = desk.grade("hw3")
        for name in DUE:
            desk.run("feedback", name)
        (desk.course.workspace / "extensions.toml").write_text(EXTENSIONS)  # long after everything was graded
        desk.run("export")
        yield desk


def final():
    """Student -> assignment -> Work that counts."""
    return {
        who: {name: AGAIN[who] if name == "hw2" and who in AGAIN else work for name, work in works.items()}
        for who, works in TERM.items()
    }


# --- every number -----------------------------------------------------------------------------------------


def test_the_script_has_thirty_students_and_everything_that_can_happen(term):
    works = [work for own in TERM.values() for work in own.values()]
    assert len(TERM) == 30 and len(DUE) == 6
    assert {work.twice for work in works} == set(TWICE) and {work.days for work in works} >= {0, 1, 2, 3, 4, 5, 6}
    factors = {factor for who, own in final().items() for factor, _ in lateness(own, EXTENDED.get(who, {})).values()}
    assert factors == {1.0, 0.8, 0.6, 0.4, 0.2, 0.0}
    assert all(handed_in_at(work, "hw2") > handed_in_at(TERM[who]["hw2"], "hw2") for who, work in AGAIN.items())


def test_every_score_and_every_penalty_in_grades_csv(term):
    rows = {(row["student"], row["assignment"]): row for row in term.table()}
    assert set(rows) == {(who, name) for who, works in TERM.items() for name in works}
    for who, works in final().items():
        late = lateness(works, EXTENDED.get(who, {}))
        for name, work in works.items():
            row, factor = rows[who, name], late[name][0]
            if not work.readable:
                assert (row["score"], row["penalty"], row["status"]) == ("", "0", "unreadable"), (who, name)
                continue
            earned = all_of(work, name)
            assert float(row["score"]) == pytest.approx(earned * factor, abs=1e-6), (who, name, work, factor)
            assert float(row["penalty"]) == pytest.approx(earned * (1 - factor), abs=1e-6), (who, name)
            visible, hidden, other, _, written = WORTH[name]
            assert float(row["max_score"]) == visible + hidden + other + written
            assert row["status"] == "graded" and bool(row["late"]) == (work.days > 0), (who, name, row)


def test_every_total_and_the_grace_days_in_term_csv(term):
    rows = {row["student"]: row for row in term.table("term.csv")}
    assert set(rows) == set(TERM)
    for who, works in final().items():
        late = lateness(works, EXTENDED.get(who, {}))
        total = sum(all_of(work, name) * late[name][0] for name, work in works.items() if work.readable)
        assert float(rows[who]["total"]) == pytest.approx(total, abs=1e-6), who
        assert float(rows[who]["max_total"]) == sum(sum(WORTH[name]) - WORTH[name][3] for name in DUE)
        assert int(rows[who]["grace_days_left"]) == late["hw6"][1], who
    assert rows["gives-up"]["hw3"] == "" and rows["not-json"]["hw5"] == ""


def test_what_waited_for_a_grader_said_so(term):
    def waiting(rows, name):
        return {row["student"] for row in rows if row["assignment"] == name and row["status"] == "needs marking"}

    for name in DUE:
        wrote = {who for who, works in TERM.items() if name in works and works[name].wrote}
        assert waiting(term.before[name], name) == wrote
    # of those who handed in again, one has another text and one has none; the third one's is the text that was marked
    assert waiting(term.before["again"], "hw2") == {"student-03", "student-10"}


def test_the_tables_keep_the_earlier_assignments(term):
    assert {row["assignment"] for row in term.before["hw4"]} == {"hw1", "hw2", "hw3", "hw4"}


def test_the_corrected_test_gave_the_points_back_and_marks_stayed(term):
    wrong = {row["student"]: row for row in term.before["hw3"] if row["assignment"] == "hw3"}
    now = {row["student"]: row for row in term.table() if row["assignment"] == "hw3"}
    assert float(wrong["all-right"]["score"]) == 1 + 2 + 2  # without the hidden test's four
    assert float(now["all-right"]["score"]) == 1 + 4 + 2 + 2 + 3
    assert "taken from the ledger: 0" in " ".join(term.said.split())


def test_nbgraders_own_gradebook_has_the_same_scores(term):
    from nbgrader.api import Gradebook

    with Gradebook(term.course.db_url) as book:
        for who, works in final().items():
            late = lateness(works, EXTENDED.get(who, {}))
            for name, work in works.items():
                if work.readable:
                    held = book.find_submission(name, who)
                    earned = all_of(work, name)
                    assert held.score == earned, (who, name)
                    assert (held.late_submission_penalty or 0) == pytest.approx(earned * (1 - late[name][0]), abs=1e-6)


def test_every_page_says_the_score_and_the_same_grace_days(term):
    for who, works in final().items():
        late = lateness(works, EXTENDED.get(who, {}))
        for name, work in works.items():
            said = term.page(who, name)
            if not work.readable:
                continue
            points = f"{all_of(work, name) * late[name][0]:.10g} of {sum(WORTH[name]) - WORTH[name][3]} points"
            assert points in said, (who, name, points)
            for left in re.findall(r"(\d+) left", said):
                assert int(left) == late[name][1], (who, name)
        assert f"{late['hw6'][1]} of 8 grace days left" in term.page(who, "index")


# --- out to the learning platforms ------------------------------------------------------------------------


@pytest.mark.parametrize("name", DUE)
def test_canvas_gets_every_score(term, name):
    roster = "Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"
    roster += "".join(f'"Name, {n}",{n},sis{n},{who},01\n' for n, who in enumerate(TERM))
    (term.root / "roster.csv").write_text(roster)
    said = term.run("canvas", name, "--roster", term.root / "roster.csv")
    assert "Not in the roster" not in said
    rows = list(csv.reader((term.course.workspace / f"canvas-{name}.csv").open()))
    assert rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", f"Homework {name[-1]}"]
    assert float(rows[1][-1]) == sum(WORTH[name]) - WORTH[name][3]
    found = {row[3]: row[-1] for row in rows[2:]}
    for who, works in final().items():
        if name not in works or not works[name].readable:
            assert found[who] == "", who
            continue
        factor = lateness(works, EXTENDED.get(who, {}))[name][0]
        assert float(found[who]) == pytest.approx(all_of(works[name], name) * factor, abs=1e-6), who


@pytest.mark.parametrize("name", DUE)
def test_results_json_has_every_point_of_the_tests(term, name):
    """Before lateness and marks: Gradescope has a late policy of its own, and written answers of its own."""
    term.run("results", name)
    for who, works in final().items():
        if name in works:
            found = json.loads((term.course.workspace / "results" / who / f"{name}.json").read_text())
            points = by_tests(works[name], name) if works[name].readable else 0
            assert sum(test["score"] for test in found["tests"]) == points, who
            assert works[name].readable or found["score"] == 0
