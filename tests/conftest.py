"""What many tests share: a small assignment with a cell of every role, and a grader for it."""

import json
import os
import shutil
from pathlib import Path

import pytest

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

SAMPLES = Path(__file__).parent / "samples"
COURSE_TOML = """
[course]
id = "sample"
title = "A sample course"

[limits]
cell_seconds = 2
submission_seconds = 40
memory_mb = 512
scratch_mb = 8
output_bytes = 100_000

[[assignments]]
name = "every_role"
title = "Every role"
withhold = ["nextword.ngram"]
"""


@pytest.fixture(scope="session")
def sample_course(tmp_path_factory):
    """A course with one small assignment, every_role, built."""
    from autograder.course import Course

    root = tmp_path_factory.mktemp("course")
    (root / "course.toml").write_text(COURSE_TOML)
    (root / "solutions" / "every_role").mkdir(parents=True)
    shutil.copy(SAMPLES / "every_role.py", root / "solutions" / "every_role")
    (root / "lib").symlink_to(Course.load(SAMPLES.parent.parent).lib)
    return Course.load(root)


@pytest.fixture(scope="session")
def sample_bundle(sample_course):
    from autograder.bundle import Bundle

    return Bundle.from_source(sample_course, "every_role")


@pytest.fixture(scope="session")
def sample_grader(sample_course, sample_bundle):
    """A warm grader in rooms where they can be had; tests that need rooms ask for `rooms`."""
    from autograder.grading import Grader
    from autograder.sandbox import levels

    level = "none" if levels.rooms_work() else "rooms"
    limits = sample_course.assignment("every_role").limits
    with Grader(sample_bundle, limits, level, sample_course.lib / "nextword") as grader:
        yield grader


@pytest.fixture
def rooms(sample_grader):
    """Skips a test that a plain process cannot pass."""
    if sample_grader.level != "rooms":
        pytest.skip("no rooms on this machine")


def notebook(bundle, answers=(), written=None, edit=lambda cells: cells):
    """Bytes of a submission with these answers (exercise -> code); `edit` changes the list of its cells."""
    from autograder import released
    from autograder.cells import student_version

    cells = []
    for cell in bundle.cells:
        text = student_version(cell)
        if cell.role == "answer":
            text = dict(answers).get(cell.exercise, text)
        if cell.role == "written" and written is not None:
            text = written
        cells.append(released.notebook_cell(cell, text))
    return json.dumps(released.notebook(bundle.name, bundle.title, edit(cells))).encode()


# --- tests in a browser (make test-browser) ---


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Debian's Chromium; its own background requests are switched off."""
    quiet = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking".split()
    quiet += ["--disable-component-update", "--disable-sync"]
    return {**browser_type_launch_args, "executable_path": shutil.which("chromium"), "args": quiet}


@pytest.fixture
def refused(context):
    """Requests to anywhere but this machine: each is aborted and noted, and there must be none."""
    found = []

    def guard(route):
        url = route.request.url
        if url.startswith(("http://127.0.0.1", "http://localhost", "data:", "blob:", "file:")):
            return route.continue_()
        found.append(url)
        return route.abort()

    context.route("**/*", guard)
    yield found
    assert found == []


@pytest.fixture(scope="module")
def server(course, tmp_path_factory):
    """JupyterLab with the formgrader, started in the root of the module's own `course`; its address."""
    import browsing

    with browsing.lab(course.root, tmp_path_factory.mktemp("server")) as url:
        yield url


@pytest.fixture
def visit(server, page, refused):
    """Opens a page of `server` as somebody who is logged in."""
    page.set_viewport_size({"width": 1300, "height": 950})
    page.goto(f"{server}/login?token=t")

    def opened(address):
        page.goto(f"{server}/{address}")
        return page

    return opened
