"""An instructor marks written answers in the formgrader, in a real browser with no way out. `make test-browser`."""

import shutil
import sqlite3
from pathlib import Path

import browsing
import class_of
import pytest
from conftest import notebook

from autograder import desk

ROOT = Path(__file__).parent.parent
RIGHT = {"count_words": class_of.ANSWERS["right"]}
WRITTEN = {
    "all-right": "The product underflows: $\\frac{1}{2}$ after $P(w \\mid <s>)$ and so on; <s> counts too.\n\n"
    "| steps | left |\n|---|---:|\n| 1 | 0.5 |\n",
    "too-short": "They are smaller.",
    "blank": None,
}

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def course(sample_course, sample_bundle, tmp_path_factory):
    """A graded class of the small course, in a folder like this repository's root."""
    course = class_of.clone(sample_course, tmp_path_factory.mktemp("formgrader"))
    shutil.copy(ROOT / "nbgrader_config.py", course.root)
    for student, written in WRITTEN.items():
        class_of.hand_in(course, sample_bundle, student, data=notebook(sample_bundle, RIGHT, written))
    class_of.graded(course)
    return course


def grade_of(course, student):
    """(manual score, needs marking, comment) of the student's written answer, as the database has it."""
    with sqlite3.connect(course.gradebook) as database:
        return database.execute(
            """select g.manual_score, g.needs_manual_grade, c.manual_comment from grade g
            join base_cell bc on g.cell_id = bc.id join submitted_notebook sn on g.notebook_id = sn.id
            join submitted_assignment sa on sn.assignment_id = sa.id
            join comment c on c.notebook_id = sn.id join base_cell cc on c.cell_id = cc.id
            where bc.name = 'written-logarithms' and cc.name = bc.name and sa.student_id = ?""",
            (student,),
        ).fetchone()


def submission_of(course, student):
    """The formgrader's address of a student's submission."""
    with sqlite3.connect(course.gradebook) as database:
        (found,) = database.execute(
            """select sn.id from submitted_notebook sn join submitted_assignment sa on sn.assignment_id = sa.id
            where sa.student_id = ?""",
            (student,),
        ).fetchone()
    return f"formgrader/submissions/{found}/"


def mark(page, score, comment=None):
    """Types a score and a comment as a grader does, and waits until they are saved."""
    page.wait_for_function("window.formgrader?.loaded && formgrader.grades.loaded && formgrader.comments.loaded")
    for field, value, kind in (("", str(score), "grade"), ("-comment", comment, "comment")):
        if value is not None:
            with page.expect_response(lambda r, kind=kind: f"/api/{kind}/" in r.url and r.request.method == "PUT"):
                page.locator(f"#written-logarithms{field}").fill(value)
                page.locator(f"#written-logarithms{field}").blur()


def test_the_menu_of_jupyterlab_opens_the_formgrader(visit):
    page = visit("lab")
    page.locator('.lm-MenuBar-item:has-text("Nbgrader")').click(timeout=60_000)
    page.locator('.lm-Menu-item[data-command="nbgrader:open-formgrader"]').click()
    frame = page.frame_locator("#formgrader-iframe iframe")
    frame.locator("#main-table td.name", has_text="every_role").wait_for(timeout=60_000)
    browsing.shot(page, "formgrader-in-lab")
    assert "token" not in frame.locator("body").inner_text()


def test_every_submission_is_listed_with_what_is_to_be_done(visit):
    page = visit("formgrader/manage_submissions/every_role")
    page.locator("#main-table td.student-id").first.wait_for(timeout=60_000)
    browsing.shot(page, "formgrader-submissions")
    rows = page.locator("#main-table tr")
    found = {row.locator("td.student-id").inner_text(): row.locator("td.status").inner_text() for row in rows.all()}
    assert found == {"all-right": "needs manual grading", "too-short": "needs manual grading", "blank": "graded"}


def test_formulas_tables_and_angle_brackets_of_an_answer_are_readable_beside_its_marking_scheme(visit, course):
    page = visit(submission_of(course, "all-right"))
    page.wait_for_function("window.formgrader?.loaded")
    page.locator("#written-logarithms").scroll_into_view_if_needed()
    browsing.shot(page, "formgrader-answer")
    answer = page.locator(".nbgrader_cell", has=page.locator("#written-logarithms")).locator(".panel-body")
    assert answer.locator(".MathJax").count() == 2 and "\\frac" not in answer.inner_text()
    assert "and so on; <s> counts too." in answer.inner_text() and "<p>" not in answer.inner_text()
    assert answer.locator("td").all_inner_texts() == ["1", "0.5"]
    assert "2 points: underflow is named." in page.locator("body").inner_text()


def test_a_mark_goes_from_the_page_of_waiting_answers_to_the_students_feedback_and_survives_a_regrade(visit, course):
    page = visit("marking")
    browsing.shot(page, "marking")
    assert "2 of 3 to mark" in page.locator("main").inner_text()
    submission = submission_of(course, "all-right")
    page.locator(f'a[href*="{submission}"]').click()
    expect(page.locator("#written-logarithms")).to_be_focused(timeout=60_000)
    expect(page.locator("#written-logarithms")).to_be_in_viewport()
    mark(page, 3, "Say what <b>underflow</b> is: $x < 10^{-308}$.")
    browsing.shot(page, "formgrader-marked")
    given = (3.0, 0, "Say what <b>underflow</b> is: $x < 10^{-308}$.")
    assert grade_of(course, "all-right") == given
    assert "1 of 3 to mark" in visit("marking").locator("main").inner_text()
    class_of.graded(course, force=True)
    assert grade_of(course, "all-right") == given
    (path,) = desk.write_feedback(course, "every_role", ["all-right"])
    page.goto(path.as_uri())
    browsing.shot(page, "feedback-marked", full_page=True)
    shown = page.locator("main").inner_text()
    assert "3 of 4 points" in shown and "Say what <b>underflow</b> is" in shown


def waits(page):
    """Whether the server says that the written answer of the page's submission waits for a grader."""
    grades = page.evaluate("fetch(base_url + '/api/grades?submission_id=' + submission_id).then(said => said.json())")
    return next(grade["needs_manual_grade"] for grade in grades if grade["name"] == "written-logarithms")


def test_the_formgrader_sees_what_another_program_wrote_and_one_mark_settles_an_answer_that_changed(
    visit, course, sample_bundle
):
    page = visit(submission_of(course, "too-short"))
    mark(page, 1)
    assert grade_of(course, "too-short")[:2] == (1.0, 0) and not waits(page)
    class_of.hand_in(course, sample_bundle, "too-short", data=notebook(sample_bundle, RIGHT, "They add up."))
    class_of.graded(course)
    assert grade_of(course, "too-short")[:2] == (1.0, 1) and waits(page)
    assert submission_of(course, "too-short") in visit("marking").content()
    page = visit(submission_of(course, "too-short"))
    assert "They add up." in page.get_by_role("main").inner_text()
    mark(page, 2)
    assert grade_of(course, "too-short")[:2] == (2.0, 0) and not waits(page)


def test_the_button_for_feedback_writes_our_page(visit, course):
    page = visit("formgrader/manage_submissions/every_role")
    row = page.locator("#main-table tr").filter(has_text="blank")
    row.locator("td.generate-feedback a").click(timeout=60_000)
    title = page.locator(".modal.in .modal-title")
    title.wait_for(timeout=60_000)
    assert title.inner_text() == "Success"
    written = (course.feedback / "blank" / "every_role" / "every_role.html").read_text()
    assert written == (course.feedback / "blank" / "every_role.html").read_text()
    assert "solitary" not in written and "BEGIN HIDDEN TESTS" not in written
