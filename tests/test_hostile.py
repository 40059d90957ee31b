"""Submissions that attack the grader. Each gets exactly the points it has earned, and its neighbour keeps its own.

All are handed in by one class and graded in one run, side by side with as many honest neighbours; see attacks/.
"""

import csv
import dataclasses
import random
import re
import zipfile

import pytest
from attacks import FULL, HONEST, ends, frames, machinery, papers, secrets, values, zips
from class_of import clone, hand_in, level
from conftest import notebook

from autograder import collect, desk, intake, record
from autograder.bundle import Bundle
from autograder.judge import Judge
from autograder.ledger import Ledger

ATTACKS = [attack for family in (machinery, values, frames, ends, secrets, papers) for attack in family.ATTACKS]
HIDDEN = ("solitary", "whale")  # what the hidden test of count_words calls it with
SEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

pytestmark = [pytest.mark.xdist_group("hostile"), pytest.mark.timeout(1800)]


class Graded:
    """The class after its grading: the course, and record and line of the table by student."""

    def __init__(self, course, bundle):
        self.course, self.bundle, self.ledger = course, bundle, Ledger(course.ledger)
        self.lines = {line.student: line for line in desk.table(course, bundle.name)}

    def record(self, student):
        return self.ledger.current(self.bundle.name, student)

    def page(self, student):
        return (self.course.feedback / student / f"{self.bundle.name}.html").read_text(encoding="utf-8")


def chosen(request, argument, of):
    """Those of a test's parameters that this run of pytest asks for, with their places among all."""
    asked = [item.callspec.params.get(argument) for item in request.session.items if hasattr(item, "callspec")]
    return {name: one for name, one in of.items() if one in asked}


STUDENTS = {f"attacker-{number}": attack for number, attack in enumerate(ATTACKS)}
PUZZLES = {f"puzzle-{number}": name for number, name in enumerate(papers.NO_NOTEBOOKS)}


@pytest.fixture(scope="module")
def graded(request, sample_course, tmp_path_factory):
    """A class of attackers, each with a neighbour, graded with little patience: many of them never end by themselves."""
    if level() != "rooms":
        pytest.skip("no rooms on this machine: nobody runs this without them")
    course = clone(sample_course, tmp_path_factory.mktemp("hostile"), cell_seconds=1, submission_seconds=600)
    bundle = Bundle.from_source(course, "every_role")
    for student, attack in chosen(request, "attack", STUDENTS).items():
        hand_in(course, bundle, student, data=notebook(bundle, HONEST | attack.answers, edit=attack.edit))
        honest = {"count_words": f"{HONEST['count_words']}\n# beside {attack.name.encode().hex()}"}
        hand_in(course, bundle, student.replace("attacker", "neighbour"), data=notebook(bundle, HONEST | honest))
    for student, name in chosen(request, "puzzle", PUZZLES).items():
        hand_in(course, bundle, student, data=papers.NO_NOTEBOOKS[name])
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COORDINATOR_SECRET", "COORDINATOR_SECRET")
        desk.grade(course, "every_role", level(), jobs=2)
    return Graded(course, bundle)


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_an_attack_earns_what_it_answers_and_costs_nobody_else(graded, attack):
    student = next(student for student, one in STUDENTS.items() if one is attack)
    neighbour = student.replace("attacker", "neighbour")
    made, beside = graded.record(student), graded.record(neighbour)
    assert beside.score == graded.lines[neighbour].score == FULL and not beside.reasons
    assert made.score == graded.lines[student].score == attack.score, made.reasons
    assert all(test.reason for test in made.tests if test.verdict != "passed")
    assert attack.says in " ".join([made.reasons, *(test.reason for test in made.tests)])
    if attack.prints is not None:
        assert next(cell for cell in made.cells if cell.exercise == "count_words").printed.strip() == attack.prints
    look_through(graded, student, made)


def look_through(graded, student, made):
    """What everybody gets to read of a submission runs no script, tells nothing hidden, and has bounds."""
    page, line = graded.page(student), graded.lines[student]
    assert not [word for word in HIDDEN if word in page]
    assert not re.search(r"<(script|img|svg|iframe|a href=.javascript)", page.replace('<a href="index.html"', ""))
    assert not SEEN.search(page + line.reason + made.reasons)
    assert len(page) < 4_000_000 and len(made.to_json()) < 4_000_000


@pytest.mark.parametrize("puzzle", papers.NO_NOTEBOOKS)
def test_what_is_no_notebook_has_a_reason_and_no_score(graded, puzzle):
    student = next(student for student, name in PUZZLES.items() if name == puzzle)
    made, line = graded.record(student), graded.lines[student]
    assert made.status == record.UNREADABLE and made.reason and not made.tests
    assert line.score is None and line.reason == made.reason and made.reason in graded.page(student)


def test_no_cell_of_the_table_is_a_formula(graded, tmp_path):
    """Neither where cells end at commas, nor where they end at semicolons, tabs or bars."""
    from autograder.export import write_csv

    write_csv(tmp_path / "grades.csv", graded.lines.values())
    text = (tmp_path / "grades.csv").read_text()
    assert not any("\0" in text for text in text) and len(list(csv.reader(text.splitlines()))) == len(graded.lines) + 1
    for delimiter in ",;\t|":
        for row in csv.reader(text.splitlines(), delimiter=delimiter):
            assert not [cell for cell in row if cell.strip(' "').startswith(tuple("=+@＝＋－＠")) and len(cell) > 1]




HANDING = """
import math
from nextword import checks
check = checks.of(count_words)
check.call(lambda probs: -sum(p * math.log(p) for p in probs)).equals({})
check.passed()
"""
KEEPING = "kept = []\ndef count_words(f):\n    kept.append(f)\n    return {}"
PASSING_ON = {
    "calls": "def entropy(p): return kept[0](p)",
    "calls in a cell": "said = kept[0]([0.5, 0.25, 0.25])\ndef entropy(p): return said",
    "is": "entropy = kept[0]",
    "calls by its number": "import copy\ndef entropy(p):\n    f = copy.copy(kept[0])\n    f._number += 1\n    return f(p)",
}


@pytest.mark.parametrize("passing", PASSING_ON)
def test_a_function_of_one_test_answers_no_other(sample_grader, sample_bundle, passing):
    """The test of count_words hands over what entropy is asked for; its answer keeps it, in the room of both."""
    cells = [
        dataclasses.replace(cell, torch=False, source=HANDING if cell.id == "test-count_words" else cell.source)
        for cell in sample_bundle.cells
        if cell.role != "hidden"
    ]
    exercises = [dataclasses.replace(exercise, torch=False) for exercise in sample_bundle.exercises]
    bundle = dataclasses.replace(sample_bundle, cells=tuple(cells), exercises=tuple(exercises))
    answers = {"count_words": KEEPING, "entropy": f"{PASSING_ON[passing]}\ndef twice(p): return 0"}
    repaired = intake.repair(intake.read_submission(notebook(bundle, answers)), bundle)
    results = Judge(bundle, sample_grader.houses, sample_grader.limits).judge(repaired.steps)
    assert {result.cell: result.verdict for result in results if result.kind == "test"} == {
        "test-count_words": "passed",
        "test-entropy": "failed" if "in a cell" in passing else "stopped",
    }
    assert "in a cell" not in passing or "stopped" in [one.verdict for one in results if one.kind == "run"]


FOLDERS = ["=1+1", "+1", "-rf", "@x", ".hidden", "a b", "a;b", "a\nb", "ü", "х", "x" * 101, "<script>", "a'b", "$(id)", "%00", "~", "*", "a\\b"]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_that_no_student_can_have_is_refused_and_the_others_are_graded(sample_course, tmp_path, name):
    course = clone(sample_course, tmp_path)
    for student in (name, "all-right"):
        (course.submitted / student / "every_role").mkdir(parents=True)
        (course.submitted / student / "every_role" / "every_role.ipynb").write_text("{}")
    found, refused = desk.submissions(course, "every_role")
    assert [one.student for one in found] == ["all-right"] and list(refused) == [name]


def zip_of(path, files):
    """A zip of these files, all of one day in 2027."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (2027, 1, 31, 12, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return path


def collected(source):
    """Student -> the attempts in this source, and the report."""
    report, found = collect.Report(), {}
    for one in collect.attempts(collect.files_of(source, report), zips.NAME, collect.LAYOUTS, "auto", report):
        found.setdefault(one.student, []).append(one)
    return found, report


@pytest.mark.parametrize("packed", [True, False], ids=["zip", "folder"])
@pytest.mark.parametrize("hijack", zips.HIJACKS, ids=str)
def test_what_a_student_adds_is_nobody_elses(hijack, packed, tmp_path):
    """The first file of every student is there, and Bob's and Carl's are theirs alone."""
    files = hijack.files | hijack.added
    if packed:
        source = zip_of(tmp_path / "class.zip", files)
    else:
        source = tmp_path / "class"
        for name, data in files.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(data)
    found, report = collected(source)
    assert set(found) == {"Alice", "Bob", "Carl"}, report
    assert b"alice" in [data for one in found["Alice"] for data in one.files.values()]
    for who in ("Bob", "Carl"):
        assert [one.files for one in found[who]] == [{zips.N: who.lower().encode()}]
    if packed:
        years = {who: {one.when.year for one in ones if one.when} for who, ones in found.items()}
        assert years == {who: {hijack.years[who]} if hijack.years else set() for who in found}


def test_one_students_files_leave_room_for_the_others(tmp_path, monkeypatch):
    """Who fills the memory that there is for notebooks loses their own: no notebook is cut short without a word."""
    monkeypatch.setattr(collect, "MOST_OWN_BYTES", 3000)
    monkeypatch.setattr(collect, "MOST_BYTES", 7000)
    full = {f"submission_1/{number}.ipynb": bytes(range(200)) * 5 for number in range(20)}
    found, report = collected(zip_of(tmp_path / "class.zip", zips.GRADESCOPE | full))
    for who in ("Bob", "Carl"):
        assert [one.files for one in found[who]] == [{zips.N: who.lower().encode()}] and who not in report.problems
    assert all(len(data) in (5, 1000) for one in found["Alice"] for data in one.files.values())
    assert any("too much beside it" in sentence for sentence in report.problems["Alice"])


def test_what_is_no_notebook_is_not_held(tmp_path):
    files = zips.GRADESCOPE | {"submission_1/film.bin": random.Random(0).randbytes(2_000_000)}
    report = collect.Report()
    for source in (zip_of(tmp_path / "class.zip", files), tmp_path / "class"):
        if source.suffix != ".zip":
            (source / "submission_1").mkdir(parents=True)
            (source / "submission_1" / "film.bin").write_bytes(files["submission_1/film.bin"])
        film = next(one for one in collect.files_of(source, report) if one.name.endswith("film.bin"))
        assert len(film.data) < 10 and not film.problem


def test_a_students_own_zip_of_too_many_files_is_not_listed(tmp_path, monkeypatch):
    entry = b"PK\x01\x02" + bytes(42)
    end = b"PK\x05\x06" + bytes(4) + b"\xff\xff\xff\xff" + (46 * 65_535).to_bytes(4, "little") + bytes(6)
    listed = []
    monkeypatch.setattr(collect.zipfile.ZipFile, "_RealGetContents", lambda archive: listed.append(archive))
    found = collect.Found("ann/work.zip", b"PK\x03\x04" + entry * 65_535 + end)
    assert "too many files" in collect._unpacked(found).problem and not listed
