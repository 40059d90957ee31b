"""The same judge in nbgrader's own `autograde`, and what stock nbgrader makes of our notebooks."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import notebook

from autograder import desk
from autograder.course import Course
from autograder.sandbox import levels

ROOT = Path(__file__).parent.parent
CLASS = {
    "all-right": (
        {
            "count_words": "def count_words(tokens):\n    return {t: tokens.count(t) for t in tokens}",
            "entropy": "def entropy(probs):\n    return sum(-p * math.log(p) for p in probs if p)\ndef twice(p): return 2 * entropy(p)",
        },
        "Products underflow; logarithms make sums of them.",
    ),
    "blank": ({}, None),
    "one-wrong": ({"count_words": "def count_words(tokens):\n    return {'a': 2, 'b': 1}"}, None),
    "loops-forever": ({"count_words": "while True: pass"}, "Because."),
}


@pytest.fixture(scope="module")
def course(sample_course, tmp_path_factory):
    """A class handed in to a copy of the sample course."""
    root = tmp_path_factory.mktemp("nbgrader")
    for name in ("course.toml", "solutions"):
        source = sample_course.root / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, root / name)
    (root / "lib").symlink_to(ROOT / "lib")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    return Course.load(root)


@pytest.fixture(scope="module")
def graded(course, sample_bundle):
    """Scores of our own grader and then of `nbgrader autograde`, by student and cell."""
    for student, (answers, written) in CLASS.items():
        folder = course.submitted / student / "every_role"
        folder.mkdir(parents=True)
        (folder / "every_role.ipynb").write_bytes(notebook(sample_bundle, answers, written))
    level = "none" if levels.rooms_work() else "rooms"
    desk.grade(course, "every_role", level, jobs=1)
    ours = scores(course)
    done = subprocess.run(
        [str(Path(sys.executable).parent / "nbgrader"), "autograde", "every_role", "--force"]
        + ([] if level == "rooms" else ["--Judge.sandbox=none"]),
        cwd=course.root,
        capture_output=True,
        text=True,
        timeout=280,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(course.root), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return ours, scores(course)


def scores(course):
    with sqlite3.connect(course.gradebook) as database:
        return {
            (student, cell): rest
            for student, cell, *rest in database.execute(
                """select sa.student_id, bc.name, g.auto_score, g.extra_credit, g.needs_manual_grade from grade g
                join base_cell bc on g.cell_id = bc.id join submitted_notebook sn on g.notebook_id = sn.id
                join submitted_assignment sa on sn.assignment_id = sa.id"""
            )
        }


@pytest.mark.xdist_group("nbgrader")
def test_nbgrader_autograde_gives_the_scores_that_autograder_grade_gives(graded):
    ours, nbgraders = graded
    assert len(ours) == 4 * len(CLASS) and ours == nbgraders


@pytest.mark.xdist_group("nbgrader")
def test_scores_are_what_each_submission_earned(graded):
    ours, _ = graded
    earned = {who: sum((auto or 0) + (extra or 0) for (w, _), (auto, extra, _) in ours.items() if w == who) for who in CLASS}
    assert earned == {"all-right": 5, "blank": 0, "one-wrong": 1, "loops-forever": 0}


@pytest.mark.xdist_group("nbgrader")
def test_written_answers_wait_for_somebody_to_read_them(graded):
    ours, _ = graded
    waiting = {who for (who, cell), (_, _, needs) in ours.items() if needs}
    assert waiting == {"all-right", "loops-forever"}


@pytest.mark.xdist_group("nbgrader")
def test_autograded_notebooks_are_there_for_the_formgrader(course, graded):
    for student in CLASS:
        text = (course.autograded / student / "every_role" / "every_role.ipynb").read_text()
        assert "written-logarithms" in text


@pytest.mark.xdist_group("nbgrader")
def test_nbgraders_feedback_is_our_page_without_hidden_tests(course, graded):
    command = [str(Path(sys.executable).parent / "nbgrader"), "generate_feedback", "every_role"]
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-3000:]
    for student in CLASS:
        page = (course.feedback / student / "every_role" / "every_role.html").read_text()
        assert page == (course.feedback / student / "every_role.html").read_text()
        assert "Feedback for" in page and "solitary" not in page and "HIDDEN TESTS" not in page
