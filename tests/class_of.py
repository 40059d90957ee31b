"""A class for tests: students hand in the small assignment of conftest.py."""

import re
import shutil
import sqlite3

from conftest import notebook

from autograder import desk
from autograder.course import Course
from autograder.sandbox import levels

ANSWERS = {
    "right": "def count_words(tokens):\n    return {t: tokens.count(t) for t in tokens}",
    "other": "import collections\ndef count_words(tokens):\n    return dict(collections.Counter(tokens))",
    "renamed": "def count_words(tokens):\n    return {token: tokens.count(token) for token in set(tokens)}",
    "wrong": "def count_words(tokens):\n    return {'a': 1}",
}


def clone(course, folder, **limits):
    """The same course in a folder of its own, without a class; with other limits where some are given."""
    text = (course.root / "course.toml").read_text()
    for name, value in limits.items():
        text = re.sub(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
    (folder / "course.toml").write_text(text)
    shutil.copytree(course.root / "solutions", folder / "solutions")
    (folder / "lib").symlink_to(course.lib.resolve())
    return Course.load(folder)


def hand_in(course, bundle, student, kind="right", name="every_role.ipynb", data=None):
    folder = course.submitted / student / "every_role"
    folder.mkdir(parents=True, exist_ok=True)
    data = notebook(bundle, {"count_words": ANSWERS[kind]}) if data is None else data
    (folder / name).write_bytes(data)


def level():
    return "none" if levels.rooms_work() else "rooms"


def graded(course, **options):
    outcome = desk.grade(course, "every_role", level(), jobs=1, **options)
    outcome.level = level()
    return outcome


def scores(course):
    """Student -> score, as the database has it."""
    with sqlite3.connect(course.gradebook) as database:
        found = database.execute(
            """select sa.student_id, sum(coalesce(g.auto_score, 0)) from grade g
            join submitted_notebook sn on g.notebook_id = sn.id
            join submitted_assignment sa on sn.assignment_id = sa.id group by 1"""
        )
        return dict(found.fetchall())


def dump(course):
    """Everything that the gradebook says, without its random ids; equal for equal classes."""
    with sqlite3.connect(course.gradebook) as database:
        found = database.execute(
            """select sa.student_id, sa.timestamp, bc.name, g.auto_score, g.manual_score, g.extra_credit,
            g.needs_manual_grade from grade g join base_cell bc on g.cell_id = bc.id
            join submitted_notebook sn on g.notebook_id = sn.id
            join submitted_assignment sa on sn.assignment_id = sa.id order by 1, 3"""
        )
        grades = found.fetchall()
        comments = database.execute(
            """select sa.student_id, bc.name, c.auto_comment, c.manual_comment from comment c
            join base_cell bc on c.cell_id = bc.id join submitted_notebook sn on c.notebook_id = sn.id
            join submitted_assignment sa on sn.assignment_id = sa.id order by 1, 2"""
        ).fetchall()
        return grades, comments
