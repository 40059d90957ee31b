"""grades.csv and term.csv: what is in their cells, and that pages and penalties follow when late days change."""

import csv
import dataclasses
import io
import json
import sys

import pytest
import sample_course
from class_of import level

from autograder import desk, export, record, term
from autograder.__main__ import main
from autograder.course import Course
from autograder.export import Line


def line(student, score, assignment="hw1", most=10.0):
    return Line(student, assignment, score, most, 0.0, "graded" if score is not None else "unreadable", "")


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_a_line_has_every_column_and_numbers_are_whole(tmp_path):
    late = Line("off-by-one", "hw1", 7.123456789, 10.0, 1.78086419725, "graded", "It was renamed.", "Handed in 1 day late.")
    export.write_csv(tmp_path / "grades.csv", [late, line("not-json", None)])
    first, second = rows(tmp_path / "grades.csv")
    assert first == {
        "student": "off-by-one", "assignment": "hw1", "score": "7.123456789", "max_score": "10", "penalty": "1.780864197",
        "late": "Handed in 1 day late.", "status": "graded", "reason": "It was renamed.",
    }  # fmt: skip
    assert (second["score"], second["status"]) == ("", "unreadable")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", " =HYPERLINK(1)"])
def test_no_cell_begins_as_a_formula(text):
    assert export.safe(text).startswith("'") and "\n" not in export.safe(text)


@pytest.mark.parametrize("value, shown", [(-1.5, "-1.5"), (0.0, "0"), (3, "3"), (None, ""), ("a\0b\nc", "ab c")])
def test_numbers_are_numbers_and_text_is_one_line(value, shown):
    assert export.safe(value) == shown


def test_a_total_is_the_sum_of_what_there_is():
    lines = {
        "hw1": [line("all-right", 10.0), line("not-json", None)],
        "hw2": [line("all-right", 4.5, "hw2", 5.0), line("joined-late", 3.0, "hw2", 5.0)],
    }
    header, table = term.totals(lines, {"all-right": 8, "joined-late": 2})
    assert header == ["student", "hw1", "hw2", "total", "max_total", "grace_days_left"]
    assert table == [
        ["all-right", 10.0, 4.5, 14.5, 15.0, 8],
        ["joined-late", None, 3.0, 3.0, 15.0, 2],
        ["not-json", None, None, 0.0, 15.0, None],
    ]


def test_without_a_policy_there_are_no_grace_days():
    assert term.totals({"hw1": [line("all-right", 1.0)]})[0] == ["student", "hw1", "total", "max_total"]


# --- two assignments, and one student who is late at both ---

STUDENT, FIRST, SECOND = "off-by-one", "hw1", "hw2"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("export")
    listed = ""
    for name, due in ((FIRST, "2027-01-31"), (SECOND, "2027-02-14")):
        (root / "solutions" / name).mkdir(parents=True)
        (root / "solutions" / name / f"{name}.py").write_text(sample_course.SOURCE.read_text())
        listed += f'[[assignments]]\nname = "{name}"\ntitle = "{name}"\ndue = {due}T23:59:00Z\n'
    policy = "[late]\ngrace_days = 3\nfactors = [0.8]\n"
    (root / "course.toml").write_text(f'[course]\nid = "sample"\ntitle = "A sample"\n{policy}{listed}')
    (root / "lib").symlink_to(sample_course.SOURCE.parents[2] / "lib")
    made = Course.load(root)
    for name, day in ((FIRST, "2027-02-02"), (SECOND, "2027-02-16")):  # two days late, each time
        folder = made.submitted / STUDENT / name
        folder.mkdir(parents=True)
        notebook = json.dumps(sample_course.handed_in()).replace(sample_course.NAME, name)
        (folder / f"{name}.ipynb").write_text(notebook)
        (folder / "timestamp.txt").write_text(f"{day} 23:00:00 UTC")
        desk.grade(made, name, level(), jobs=1)
    return made


def said(course, name):
    return " ".join((course.feedback / STUDENT / f"{name}.html").read_text(encoding="utf-8").split())


def test_grace_days_that_an_extension_frees_go_to_the_later_assignment_and_back(course):
    def score():
        return {row["assignment"]: (row["score"], row["penalty"]) for row in rows(course.grades)}

    term.write(course)
    assert score() == {FIRST: ("5", "0"), SECOND: ("4", "1")}  # two days of three are gone; the fourth costs a fifth
    assert "The score counts 80%." in said(course, SECOND)
    (course.workspace / "extensions.toml").write_text(f"[{STUDENT}]\n{FIRST} = 2\n")
    term.write(course)
    assert score() == {FIRST: ("5", "0"), SECOND: ("5", "0")}
    assert "2 grace days used, 1 left. No points are lost." in said(course, SECOND)
    assert "Your due date was extended" in said(course, FIRST)
    (course.workspace / "extensions.toml").unlink()
    term.write(course)
    assert score() == {FIRST: ("5", "0"), SECOND: ("4", "1")}
    assert "The score counts 80%." in said(course, SECOND) and "extended" not in said(course, FIRST)


def test_pages_that_say_what_they_should_are_not_written_again(course):
    term.write(course)
    page = course.feedback / STUDENT / f"{SECOND}.html"
    before = page.stat().st_mtime_ns
    term.write(course)
    assert page.stat().st_mtime_ns == before


# --- before anything was graded ---


@pytest.mark.parametrize("command", ["feedback", "report", "results", "canvas"])
def test_a_command_that_comes_too_early_says_what_comes_first(command, tmp_path, monkeypatch, capsys):
    sample_course.course(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["autograder", command, sample_course.NAME])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert capsys.readouterr().err.endswith("Run: autograder grade every_role\n")


@pytest.mark.parametrize("arguments, said", [
    (["grade", FIRST, "--sandbox", "none"], "Nothing of hw1 is in"),
    (["grade", FIRST, "--sandbox", "none", "--dry-run"], "Take it in: autograder collect hw1 FILES"),
    (["grade", FIRST, "--jobs", "0"], "Invalid value for '--jobs'"),
    (["feedback", FIRST, "--student", "nobody"], "Nothing of nobody is graded for hw1"),
])  # fmt: skip
def test_what_is_not_there_is_said(course, arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(course.root)
    elsewhere = ["--workspace", str(tmp_path)] if "grade" in arguments else []
    monkeypatch.setattr(sys, "argv", ["autograder", *arguments, *elsewhere])
    with pytest.raises(SystemExit):
        main()
    told = capsys.readouterr()
    assert said in told.out + told.err


# --- what commands say ---


def command(course, monkeypatch, capsys, *arguments):
    """What a command prints, on both streams."""
    monkeypatch.chdir(course.root)
    monkeypatch.setattr(sys, "argv", ["autograder", *arguments])
    with pytest.raises(SystemExit):
        main()
    told = capsys.readouterr()
    return told.out + told.err


def test_export_says_what_had_no_effect(course, monkeypatch, capsys):
    (course.workspace / "extensions.toml").write_text(f"[{STUDENT}-]\n{FIRST} = 2\n")
    assert f"{STUDENT}- has handed in nothing yet" in command(course, monkeypatch, capsys, "export")


def test_export_before_anything_was_graded_says_so(course, monkeypatch, capsys, tmp_path):
    said = command(course, monkeypatch, capsys, "export", "--workspace", str(tmp_path / "other"))
    assert said == f"autograder: Nothing is graded in {tmp_path / 'other'} yet. Run: autograder grade NAME\n"
    assert not (tmp_path / "other").exists()


def test_answers_that_wait_for_marks_are_named(course, monkeypatch, capsys):
    table = [dataclasses.replace(line, status=record.TO_MARK) for line in desk.table(course, FIRST)]
    monkeypatch.setattr(desk, "table", lambda *_: table)
    assert f"wait for marks, and count nothing yet: {STUDENT}" in command(course, monkeypatch, capsys, "canvas", FIRST)
    assert "2 hand-ins with written answers that still wait" in command(course, monkeypatch, capsys, "export")


def test_build_says_what_it_wrote(course, monkeypatch, capsys):
    assert f"Written to {course.notebooks}: {FIRST}, {SECOND}" in command(course, monkeypatch, capsys, "build")
    assert "is up to date." in command(course, monkeypatch, capsys, "build")


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path, monkeypatch, capsys):
    own = sample_course.course(tmp_path)
    own.notebooks.write_text("a file where a folder should be")
    said = command(own, monkeypatch, capsys, "build")
    assert "Nothing can be read or written there as it is." in said and "Traceback" not in said
