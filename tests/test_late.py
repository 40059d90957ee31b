"""The late policy: days late, grace days in the order of due dates, factors, extensions, and who is told what."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from autograder import late
from autograder.course import Course, LatePolicy

ROOT = Path(__file__).parent.parent
CET = dt.timezone(dt.timedelta(hours=1))
DUE = dt.datetime(2027, 1, 31, 23, 59, tzinfo=CET)
DAY, SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
POLICY = LatePolicy(8, (0.8, 0.6, 0.4, 0.2), 4)
NO_GRACE = LatePolicy(0, (0.8, 0.6, 0.4, 0.2), 4)
BERLIN = ZoneInfo("Europe/Berlin")


def assignments(*dues):
    return [SimpleNamespace(name=f"hw{number}", due=due) for number, due in enumerate(dues, 1)]


def one(handed_in, policy=NO_GRACE, extension=None, due=DUE):
    extensions = {} if extension is None else {"hw1": extension}
    return late.late(assignments(due), {"hw1": handed_in}, extensions, policy)["hw1"]


@pytest.mark.parametrize(
    "after, days",
    [(-DAY, 0), (0 * DAY, 0), (SECOND, 1), (DAY, 1), (DAY + SECOND, 2), (2 * DAY, 2), (4 * DAY, 4), (4 * DAY + SECOND, 5)],
)
def test_every_day_that_was_begun_counts_and_the_deadline_itself_is_in_time(after, days):
    assert one(DUE + after).days == days
    assert late.days_late(DUE, DUE + after, BERLIN) == days


def test_a_fraction_of_a_second_is_forgiven():
    assert one(DUE + SECOND * 0.999).days == 0


def test_the_same_instant_in_another_zone_is_the_same_time():
    in_new_york = DUE.astimezone(ZoneInfo("America/New_York"))
    assert one(in_new_york).days == 0
    assert one(in_new_york + SECOND).days == 1


@pytest.mark.parametrize("month, day, hours", [(3, 27, 23), (10, 30, 25)])
def test_where_clocks_change_a_day_lasts_until_the_same_time_of_the_clock(month, day, hours):
    due = dt.datetime(2027, month, day, 23, 59, tzinfo=BERLIN)
    ends = due.astimezone(dt.UTC) + dt.timedelta(hours=hours)
    assert late.days_late(due, ends, BERLIN) == 1
    assert late.days_late(due, ends + SECOND, BERLIN) == 2
    assert late.days_late(due.astimezone(dt.UTC), due.astimezone(dt.UTC) + DAY, None) == 1


def test_where_clocks_change_an_extension_keeps_the_time_of_the_clock():
    due = dt.datetime(2027, 3, 27, 23, 59, tzinfo=BERLIN)
    assert late.extended(due, 2, BERLIN) == dt.datetime(2027, 3, 29, 23, 59, tzinfo=BERLIN)


@pytest.mark.parametrize("days, factor", [(0, 1), (1, 0.8), (2, 0.6), (3, 0.4), (4, 0.2), (5, 0), (50, 0)])
def test_the_factor_falls_with_every_day_and_then_nothing_counts(days, factor):
    assert one(DUE + days * DAY).factor == factor


def test_grace_days_are_used_first_and_whole_days_beyond_them_cost():
    found = one(DUE + 3 * DAY, LatePolicy(2, (0.8, 0.6, 0.4, 0.2), 4))
    assert (found.grace_used, found.grace_left, found.factor) == (2, 0, 0.8)


def test_grace_days_do_not_open_what_is_closed_and_none_are_lost_on_it():
    found = one(DUE + 5 * DAY, POLICY)
    assert (found.grace_used, found.grace_left, found.factor) == (0, 8, 0.0)
    assert found.reason.endswith("nothing is accepted more than 4 days late without an extension.")


def test_without_a_latest_day_of_its_own_a_policy_ends_after_grace_days_and_factors(tmp_path):
    text = '[course]\nid = "c"\ntitle = "C"\n[late]\ngrace_days = 8\nfactors = [0.8, 0.6]\n'
    (tmp_path / "course.toml").write_text(text)
    policy = Course.load(tmp_path).late
    assert policy.latest_days == 10
    assert [one(DUE + days * DAY, policy).factor for days in (8, 9, 10, 11)] == [1, 0.8, 0.6, 0]


def test_many_assignments_use_grace_days_in_the_order_of_due_dates_not_where_they_help_most():
    listed = assignments(DUE + 20 * DAY, DUE, DUE + 10 * DAY)  # hw2 is due first, then hw3, then hw1
    handed_in = {"hw1": DUE + 23 * DAY, "hw2": DUE + 4 * DAY, "hw3": DUE + 13 * DAY}
    found = late.late(listed, handed_in, {}, POLICY)
    assert list(found) == ["hw2", "hw3", "hw1"]
    assert [(f.grace_used, f.grace_left, f.factor) for f in found.values()] == [(4, 4, 1), (3, 1, 1), (1, 0, 0.6)]


def test_equal_due_dates_keep_the_order_of_the_course():
    found = late.late(assignments(DUE, DUE), {"hw1": DUE + 4 * DAY, "hw2": DUE + 4 * DAY}, {}, LatePolicy(4, (0.5,), 4))
    assert [f.grace_used for f in found.values()] == [4, 0]


def test_what_is_handed_in_later_never_changes_an_earlier_assignment():
    listed = assignments(DUE, DUE + 10 * DAY)
    before = late.late(listed, {"hw1": DUE + 2 * DAY}, {}, POLICY)
    after = late.late(listed, {"hw1": DUE + 2 * DAY, "hw2": DUE + 14 * DAY}, {}, POLICY)
    assert before["hw1"] == after["hw1"]


def test_an_assignment_without_a_due_date_comes_where_the_course_lists_it():
    """As in a term whose later dates are not set yet: its student sees the assignments in their order."""
    dues = (None, DUE + DAY, DUE, None, None)
    found = late.late(assignments(*dues), {"hw2": DUE + 2 * DAY}, {}, POLICY)
    assert list(found) == ["hw1", "hw3", "hw2", "hw4", "hw5"]
    assert [one.grace_left for one in found.values()] == [8, 8, 7, 7, 7]


def test_extensions_are_another_date_or_days_more_and_the_days_count_from_there():
    assert one(DUE + 3 * DAY, extension=3).days == 0
    assert one(DUE + 3 * DAY, extension=2).days == 1
    assert one(DUE + 3 * DAY, extension=DUE + 3 * DAY - SECOND).days == 1
    assert one(DUE + 3 * DAY, extension=3).reason == "Your due date was extended to Wed 3 Feb 2027, 23:59 UTC+01:00."
    assert "after your extended due date, Tue 2 Feb" in one(DUE + 3 * DAY, extension=2).reason


def test_an_extension_never_makes_a_due_date_earlier():
    assert one(DUE, extension=DUE - DAY).days == 0


@pytest.mark.parametrize("handed_in, due", [(None, DUE), (DUE, None)])
def test_without_a_due_date_or_a_time_of_submission_nothing_is_late(handed_in, due):
    found = one(handed_in, due=due)
    assert (found.days, found.factor, found.reason) == (0, 1.0, "")


def test_a_course_without_a_policy_takes_no_points():
    assert one(DUE + 30 * DAY, policy=None).factor == 1.0


def test_the_reason_says_days_due_date_grace_days_and_what_counts():
    assert one(DUE + SECOND, POLICY).reason == (
        "Handed in 1 day after Sun 31 Jan 2027, 23:59 UTC+01:00; 1 grace day used, 7 left. No points are lost."
    )
    in_zone = LatePolicy(0, (0.8,), 4, BERLIN)
    assert one(DUE + SECOND, in_zone).reason == (
        "Handed in 1 day after Sun 31 Jan 2027, 23:59 CET; no grace days were left. The score counts 80%."
    )


def test_the_penalty_is_the_part_of_the_score_that_does_not_count():
    assert one(DUE + DAY).penalty(35) == pytest.approx(7)
    assert one(DUE).penalty(35) == 0 and one(DUE + 9 * DAY).penalty(35) == 35


# --- a class's folder ---


@pytest.fixture
def course(tmp_path):
    (tmp_path / "course.toml").write_text(
        '[course]\nid = "c"\ntitle = "C"\n[late]\ngrace_days = 1\nfactors = [0.8]\nlatest_days = 4\n'
        'zone = "Europe/Berlin"\n[[assignments]]\nname = "hw1"\ntitle = "One"\ndue = 2027-01-31T23:59:00+01:00\n'
    )
    return Course.load(tmp_path)


def hand_in(course, student, text):
    folder = course.submitted / student / "hw1"
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text(text)


def extend(course, text):
    course.workspace.mkdir(exist_ok=True)
    (course.workspace / "extensions.toml").write_text(text)


@pytest.mark.parametrize(
    "text, days",
    [
        ("2027-01-31 22:59:00 UTC\n", 0),
        ("2027-01-31 22:59:01.5 UTC", 1),
        ("2027-01-31 17:59:01 America/New_York", 1),
        ("2027-01-31T23:59:00+01:00", 0),
        ("2027-01-31 22:59:01", 1),
        ("yesterday, I think", 0),
        ("", 0),
    ],
)
def test_times_are_read_as_nbgrader_writes_them(course, text, days):
    hand_in(course, "off-by-one", text)
    assert late.of_student(course, "off-by-one")["hw1"].days == days


def test_extensions_are_read_from_the_workspace_and_are_a_students_own(course):
    extend(course, "[off-by-one]\nhw1 = 2\n")
    for student in ("off-by-one", "all-right"):
        hand_in(course, student, "2027-02-02 12:00:00 UTC")
    found = late.factors(course, "hw1", ["off-by-one", "all-right"])
    assert [found[who].factor for who in found] == [1.0, 0.8]


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("[", "is not valid TOML"),
        ("all-right = 3\n", r"write a student as a table, \[all-right\]"),
        ("[all.right]\nhw1 = 3\n", r'in quotes, as in \["all.right"\]'),
        ("[all-right]\nhw1 = 2027-02-01\n", "or a whole number of days, not 2027-02-01[.]"),
        ("[all-right]\nhw1 = 2027-02-01T00:00:00 EST\n", r"    hw1 = 2027-02-01T00:00:00 EST\nWrite a date and time"),
        ("[all-right]\nhw9 = 3\n", r"'hw9' of \[all-right\] is no assignment of course.toml; those are: hw1"),
        ("[all-right]\nhw1 = -1\n", "or a whole number of days, not -1"),
        ("[all-right]\nhw1 = true\n", "or a whole number of days, not True"),
        ("[all-right]\nhw1 = 2027-02-01T00:00:00\n", "needs a time zone"),
    ],
)
def test_an_extension_that_cannot_be_meant_is_an_error_that_names_it(course, text, complaint):
    extend(course, text)
    with pytest.raises(late.LateError, match=complaint) as error:
        late.of_student(course, "all-right")
    assert "extensions.toml" in str(error.value)


def test_extensions_in_a_folder_instead_of_a_file_say_so(course):
    (course.workspace / "extensions.toml").mkdir(parents=True)
    with pytest.raises(late.LateError, match="extensions.toml cannot be read: Is a directory"):
        late.extensions(course)


def test_what_has_no_effect_is_said(course):
    extend(course, "[all-right]\nhw1 = 2\n[off-by-two]\nhw1 = 2\n")
    hand_in(course, "all-right", "2027-02-02 12:00:00 UTC")
    hand_in(course, "off-by-one", "yesterday, I think")
    misspelled, no_time = late.unheeded(course)
    assert "off-by-two has handed in nothing yet" in misspelled
    assert "off-by-one/hw1/timestamp.txt holds no time, so off-by-one counts as in time" in no_time


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("factors = [2]", "'factors' of .late. lists numbers from 0 to 1, not 2"),
        ("grace_days = -1", "'grace_days' of .late. must not be negative"),
        ('zone = "Moon/Crater"', "'zone' of .late. must be a time zone"),
        ("grace = 1", "'grace' of .late. is not known"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_an_error_that_names_the_key(tmp_path, text, complaint):
    from autograder.course import CourseError

    (tmp_path / "course.toml").write_text(f'[course]\nid = "c"\ntitle = "C"\n[late]\n{text}\n')
    with pytest.raises(CourseError, match=complaint):
        Course.load(tmp_path)


# --- in the gradebook, on the pages, and under nbgrader ---

CLASS = {"in-time": "2027-01-31 22:59:00 UTC", "one-day-late": "2027-02-01 12:00:00 UTC", "too-late": "2027-02-09 12:00:00 UTC"}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class graded by our own grader: right answers worth 5 points, and a written one worth 4."""
    import json

    import sample_course

    from autograder import desk

    root = tmp_path_factory.mktemp("late")
    sample_course.course(root)
    about = (root / "course.toml").read_text()
    (root / "course.toml").write_text(about + "due = 2027-01-31T23:59:00+01:00\n[late]\nfactors = [0.8, 0.6]\n")
    (root / "lib").symlink_to(ROOT / "lib")
    course = Course.load(root)
    notebook = sample_course.handed_in()
    sample_course.cell(notebook, "written-logarithms")["source"] = "Products underflow."
    for student, stamp in CLASS.items():
        folder = course.submitted / student / sample_course.NAME
        folder.mkdir(parents=True)
        (folder / f"{sample_course.NAME}.ipynb").write_text(json.dumps(notebook))
        (folder / "timestamp.txt").write_text(stamp)
    desk.grade(course, sample_course.NAME, "none", jobs=1)
    return course


def lines(course):
    from autograder import desk

    return {line.student: (line.score, line.penalty) for line in desk.table(course, "every_role")}


def feedback_of(course, student, page="every_role"):
    return " ".join((course.feedback / student / f"{page}.html").read_text().split())


@pytest.mark.xdist_group("late")
def test_the_gradebook_and_the_csv_have_the_penalty(graded):
    assert lines(graded) == {"in-time": (5, 0), "one-day-late": (4, 1), "too-late": (0, 5)}


@pytest.mark.xdist_group("late")
def test_the_feedback_page_says_why_and_the_index_lists_it(graded):
    said = feedback_of(graded, "one-day-late")
    assert "4 of 7 points" in said
    assert "The score counts 80%. You earned 5 points; 1 are taken off for lateness, which leaves 4." in said
    assert "nothing is accepted more than 2 days late" in feedback_of(graded, "too-late")
    assert "late" not in feedback_of(graded, "in-time").split("<main>")[1].split("</header>")[0]
    assert ", 1 day late" in feedback_of(graded, "one-day-late", "index")


@pytest.mark.xdist_group("late")
def test_marking_by_hand_and_extensions_change_what_is_taken_off(graded):
    from nbgrader.api import Gradebook

    from autograder import desk

    with Gradebook(graded.db_url) as book:
        grade = book.find_grade("written-logarithms", "every_role", "every_role", "one-day-late")
        grade.manual_score, grade.needs_manual_grade = 4, False
        book.db.commit()
    desk.write_feedback(graded, "every_role")
    assert lines(graded)["one-day-late"] == (pytest.approx(7.2), pytest.approx(1.8))
    extend(graded, "[too-late]\nevery_role = 8\n")
    assert lines(graded)["too-late"] == (4, 1)
    (graded.workspace / "extensions.toml").unlink()
    assert lines(graded)["too-late"] == (0, 5)


@pytest.mark.xdist_group("late")
def test_nbgraders_own_step_takes_off_what_ours_does(graded):
    from nbgrader.preprocessors import AssignLatePenalties
    from traitlets.config import Config

    ours = lines(graded)
    config = Config()
    config.AssignLatePenalties.plugin_class = "autograder.nbgrader_plugin.LatePolicy"
    config.LatePolicy.course_root = str(graded.root)
    about = {"notebook": "every_role", "assignment": "every_role", "db_url": graded.db_url}
    for student in CLASS:
        AssignLatePenalties(config=config).preprocess(SimpleNamespace(cells=[]), {"nbgrader": about | {"student": student}})
    from autograder.gradebook import Book

    with Book(graded.db_url) as book:
        assert {row.student: (row.score, row.penalty) for row in book.rows("every_role")} == ours
