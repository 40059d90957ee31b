"""Every notebook, run from top to bottom in a real kernel. `make test-notebooks`; a minute or two for each."""

import pytest

from autograder import build
from autograder.course import Course

COURSE = Course.load()
NAMES = [assignment.name for assignment in COURSE.assignments]

pytestmark = [pytest.mark.notebooks, pytest.mark.timeout(600)]


@pytest.mark.parametrize("name", NAMES)
def test_the_solved_notebook_runs_clean_in_under_a_minute(name):
    build.build(COURSE, name)
    run = build.execute(COURSE.source_notebook(name), solved=True, seconds=60)
    assert run.problems == ()


@pytest.mark.parametrize("name", NAMES)
def test_the_student_notebook_raises_nothing_but_not_implemented(name):
    run = build.execute(COURSE.notebook(name), solved=False, seconds=60)
    assert run.problems == ()
