"""What learning platforms get: Canvas's import file, and results.json."""

import csv
import io
import json

import pytest
from sample_course import bundle
from test_feedback import FAILS, HOSTILE, made

from autograder import lms, record
from autograder.export import Line

ROSTER = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Counting n-grams (4711),Current Score,Final Score
,,,,,Manual Posting,,
    Points Possible,,,,,40.00,(read only),(read only)
"Right, All",101,u1,all-right,Recitation A,,12,12
"One, Off by",102,u2,off-by-one@example.edu,Recitation B,3,10,10
"Student, Test",103,,0f3a,Recitation A,,,
"""


def lines(**scores):
    return [Line(who.replace("_", "-"), "01", score, 40.0, 0.0, "graded", "") for who, score in scores.items()]


def read(text):
    return list(csv.reader(io.StringIO(text)))


def test_canvas_gets_its_own_rows_and_columns_back_with_the_scores_filled_in():
    text, unknown = lms.canvas(lines(all_right=35.5, off_by_one=30.0, not_json=None), "Counting n-grams", 40, ROSTER)
    assert read(text) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Counting n-grams (4711)"],
        ["    Points Possible", "", "", "", "", "40"],
        ["Right, All", "101", "u1", "all-right", "Recitation A", "35.5"],
        ["One, Off by", "102", "u2", "off-by-one@example.edu", "Recitation B", "30"],
        ["Student, Test", "103", "", "0f3a", "Recitation A", ""],
    ]
    assert unknown == ["not-json"]


@pytest.mark.parametrize("student", ["u1", "101"])
def test_students_are_known_by_any_of_canvas_ids(student):
    text, unknown = lms.canvas([Line(student, "01", 7.0, 40.0, 0.0, "graded", "")], "Counting n-grams", 40, ROSTER)
    assert read(text)[2][-1] == "7" and unknown == []


@pytest.mark.parametrize("student", ["Off-By-One", "OFF-BY-ONE@example.edu", "oneoffby", "oneoffby-102"])
def test_students_are_known_by_login_in_any_case_and_by_what_canvas_calls_their_files(student):
    text, unknown = lms.canvas([Line(student, "01", 7.0, 40.0, 0.0, "graded", "")], "Counting n-grams", 40, ROSTER)
    assert [row[-1] for row in read(text)[2:]] == ["", "7", ""] and unknown == []


def test_accents_are_left_out_as_they_are_in_the_folders_of_students():
    roster = ROSTER + '"Ångström, Félix",104,,fa1,Recitation A,,,\n'
    text, unknown = lms.canvas(lines(angstromfelix=7.0), "Counting n-grams", 40, roster)
    assert read(text)[-1][-1] == "7" and unknown == []


def test_a_score_never_becomes_somebody_elses():
    """Two rows that fit, and two students who fit a row: nobody gets a score, and all are named."""
    twice = ROSTER + '"One, Off by",105,u5,off-by-one@other.edu,Recitation A,,,\n'
    text, unknown = lms.canvas(lines(off_by_one=7.0, oneoffby=6.0), "Counting n-grams", 40, twice)
    assert [row[-1] for row in read(text)[2:]] == ["", "", "", ""] and unknown == ["off-by-one", "oneoffby"]
    text, unknown = lms.canvas(lines(all_right=7.0, u1=6.0), "Counting n-grams", 40, ROSTER)
    assert [row[-1] for row in read(text)[2:]] == ["", "", ""] and unknown == ["all-right", "u1"]


def test_a_whole_login_goes_before_one_that_lacks_its_domain():
    roster = ROSTER + '"Else, Somebody",105,u5,all-right@other.edu,Recitation A,,,\n'
    text, unknown = lms.canvas(lines(all_right=7.0), "Counting n-grams", 40, roster)
    assert [row[-1] for row in read(text)[2:]] == ["7", "", "", ""] and unknown == []


def test_a_column_that_canvas_does_not_have_yet_is_named_by_the_title():
    text, _ = lms.canvas(lines(all_right=1.0), "Procedural backprop", 40, ROSTER)
    assert read(text)[0][-1] == "Procedural backprop"


def test_without_a_roster_students_are_known_by_their_login():
    text, unknown = lms.canvas(lines(all_right=35.0), "Counting n-grams", 40)
    assert read(text) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Counting n-grams"],
        ["Points Possible", "", "", "", "", "40"],
        ["all-right", "", "", "all-right", "", "35"],
    ]
    assert unknown == []


def test_a_roster_that_is_none_says_so():
    with pytest.raises(lms.RosterError, match="has no column 'ID'"):
        lms.canvas([], "T", 1, "Student,Name\na,b\n")


def test_no_cell_is_a_formula():
    text, _ = lms.canvas(lines(all_right=1.0), "T", 1, 'Student,ID,SIS Login ID\n"=1+1",1,all-right\n')
    assert read(text)[1][0] == "'=1+1"


def test_results_have_every_test_with_points_and_hidden_ones_wait_for_publication():
    found = lms.results(bundle(), made())
    assert [(t["score"], t["max_score"], t["status"], t["visibility"]) for t in found["tests"]] == [
        (1.0, 1.0, "passed", "visible"),
        (2.0, 2.0, "passed", "after_published"),
        (2.0, 0.0, "passed", "visible"),
    ]
    assert found["tests"][0]["name"] == "Exercise 1: counting words (visible test)"
    assert found["output"] == "Written answers are marked by hand."


def test_results_show_of_a_hidden_test_no_value():
    text = lms.results_json(bundle(), made(FAILS))
    assert "solitary" not in text and "count twice" in text
    assert json.loads(text)["tests"][0]["output"].startswith("`count_words(['a'])` returned {'a': 2}")


# What Gradescope documents for results.json: https://gradescope-autograders.readthedocs.io/en/latest/specs/
VISIBILITIES = ("hidden", "after_due_date", "after_published", "visible")
FORMATS = ("text", "html", "simple_format", "md", "ansi")
OF_RESULTS = {
    "score": (float, None), "output": (str, None), "output_format": (str, FORMATS),
    "test_output_format": (str, FORMATS), "test_name_format": (str, FORMATS), "visibility": (str, VISIBILITIES),
    "stdout_visibility": (str, VISIBILITIES), "extra_data": (dict, None), "tests": (list, None), "leaderboard": (list, None),
}  # fmt: skip
OF_A_TEST = {
    "score": (float, None), "max_score": (float, None), "status": (str, ("passed", "failed")), "name": (str, None),
    "name_format": (str, FORMATS), "number": (str, None), "output": (str, None), "output_format": (str, FORMATS),
    "tags": (list, None), "visibility": (str, VISIBILITIES), "extra_data": (dict, None),
}  # fmt: skip


def follows(found, documented):
    for key, value in found.items():
        kind, values = documented[key]
        assert type(value) is kind and (values is None or value in values), (key, value)


@pytest.mark.parametrize("status", [record.GRADED, record.UNREADABLE])
def test_results_follow_gradescopes_documentation(status):
    found = json.loads(lms.results_json(bundle(), made(FAILS, status=status, reason="" if status == record.GRADED else "Why.")))
    follows(found, OF_RESULTS)
    assert "score" in found or found["tests"]
    for test in found["tests"]:
        follows(test, OF_A_TEST)
        assert {"score", "max_score", "name"} <= set(test)


def test_results_of_what_cannot_be_read_say_why():
    found = lms.results(bundle(), made({}, status=record.UNREADABLE, reason="It is empty."))
    assert (found["score"], found["output"], found["tests"]) == (0.0, "It is empty.", [])


def test_output_is_text_for_the_platform_and_never_html():
    tests = lms.results(bundle(), made({"test-count_words": {"verdict": "failed", "reason": HOSTILE}}))["tests"]
    assert tests[0]["output_format"] == "text" and tests[0]["output"] == HOSTILE
