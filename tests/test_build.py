"""What is built: deterministic, complete for nbgrader, and without a line of an answer for students."""

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import sample_course as sample

from autograder import build, released, source
from autograder.bundle import Bundle, BundleError
from autograder.cells import HIDDEN, SCHEME, SOLUTION, inside, student_version
from autograder.course import Course

ROOT = Path(__file__).resolve().parent.parent
COURSE = Course.load(ROOT)
SOURCES = sorted(
    path.parent.name for path in COURSE.solutions.glob("*/*.py") if path.stem == path.parent.name
)


@pytest.fixture
def course(tmp_path):
    return sample.course(tmp_path)


# --- the notebooks ---


def test_two_builds_are_the_same_to_the_byte(course, tmp_path):
    first = build.build(course, sample.NAME)
    bytes_ = first.student.read_bytes(), first.source.read_bytes()
    other = build.build(sample.course(tmp_path / "again"), sample.NAME)
    assert (other.student.read_bytes(), other.source.read_bytes()) == bytes_


def test_building_again_changes_nothing_and_says_so(course):
    assert build.build(course, sample.NAME).changed
    before = course.notebook(sample.NAME).stat().st_mtime_ns
    assert not build.build(course, sample.NAME).changed
    assert course.notebook(sample.NAME).stat().st_mtime_ns == before


def test_build_all_returns_what_changed_and_check_writes_nothing(course):
    assert build.build_all(course, check=True) == [sample.NAME]
    assert not course.notebook(sample.NAME).exists()
    assert build.build_all(course) == [sample.NAME]
    assert build.build_all(course) == build.build_all(course, check=True) == []


def test_the_student_notebook_is_valid_and_has_nothing_of_jupytext_or_a_kernel_in_it():
    notebook = sample.student()
    nbformat.validate(nbformat.from_dict(notebook))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert set(notebook["metadata"]) == {"kernelspec", "language_info", "nextword"}
    for cell in notebook["cells"]:
        assert set(cell["metadata"]) <= {"nbgrader", "nextword", "deletable", "editable"}
        assert cell["cell_type"] == "markdown" or (cell["outputs"], cell["execution_count"]) == ([], None)


def test_every_cell_has_our_id_and_the_roles_are_locked_as_they_should_be():
    cells = {cell["id"]: cell["metadata"] for cell in sample.student()["cells"]}
    locked = {cell_id for cell_id, metadata in cells.items() if metadata.get("editable") is False}
    assert locked == {
        "given-setup",
        "figure-most_common",
        "test-count_words",
        "hidden-count_words",
        "test-entropy",
    }
    assert {
        cell_id for cell_id, metadata in cells.items() if metadata.get("deletable") is False
    } == locked | {
        "answer-count_words",
        "answer-entropy",
        "written-logarithms",
    }
    for cell_id, metadata in cells.items():
        assert metadata.get("nbgrader", {}).get("grade_id", cell_id) == cell_id


@pytest.mark.parametrize(
    "cell_id, grade, solution, points",
    [
        ("answer-count_words", False, True, None),
        ("test-count_words", True, False, 1),
        ("hidden-count_words", True, False, 2),
        ("written-logarithms", True, True, 4),
        ("given-setup", False, False, None),
        ("figure-most_common", False, False, None),
    ],
)
def test_nbgrader_is_told_what_a_cell_is_worth(cell_id, grade, solution, points):
    data = sample.cell(sample.student(), cell_id)["metadata"]["nbgrader"]
    assert (data["grade"], data["solution"], data.get("points")) == (grade, solution, points)
    assert (data["schema_version"], data["task"]) == (3, False)


def test_bonus_points_are_ours_and_nothing_for_nbgrader():
    metadata = sample.cell(sample.student(), "test-entropy")["metadata"]
    assert metadata["nbgrader"]["points"] == 0
    assert metadata["nextword"] == {"bonus": 2, "exercise": "entropy", "role": "test", "seconds": 20}


def test_nbgrader_takes_the_same_out_as_we_do():
    texts = {cell["id"]: "".join(cell["source"]) for cell in sample.student()["cells"]}
    assert texts == {cell.id: student_version(cell) for cell in source.read(sample.SOURCE).cells}


def test_our_checksums_are_those_of_nbgrader():
    from nbgrader.utils import compute_checksum

    notebook = nbformat.from_dict(sample.student())
    cells = {cell.id: cell for cell in source.read(sample.SOURCE).cells}
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            assert cell.metadata.nbgrader.checksum == compute_checksum(cell)
            assert cell.metadata.nbgrader.checksum == released.checksum(cells[cell.id], cell.source)


def test_the_notebook_with_answers_has_all_of_the_source():
    texts = [cell["source"] for cell in sample.solved()["cells"]]
    assert texts == [cell.source for cell in source.read(sample.SOURCE).cells]


def test_nbgrader_generate_assignment_makes_the_same_student_notebook(course):
    """With our nbgrader_config.py, as the formgrader's button runs it."""
    build.build(course, sample.NAME)
    ours = json.loads(course.notebook(sample.NAME).read_text())
    course.notebook(sample.NAME).unlink()
    (course.root / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text())
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", sample.NAME, "--force"]
    course.workspace.mkdir()
    path = (
        f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic by its name
    )
    environment = {**os.environ, "PATH": path}
    ran = subprocess.run(
        command, cwd=course.root, env=environment, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(course.notebook(sample.NAME).read_text()) == ours


# --- leaks ---


def leaking(where, line):
    notebook = sample.student()
    cell = sample.cell(notebook, where)
    cell["source"] = "".join(cell["source"]) + f"\n   {line}  "
    return build.leaks(source.read(sample.SOURCE), notebook)


def test_the_sample_leaks_nothing():
    assert build.leaks(source.read(sample.SOURCE), sample.student()) == []


@pytest.mark.parametrize(
    "line",
    [
        "tally[token] = tally.get(token, 0) + 1",
        'check.call(["solitary", "whale"]).equals({"solitary": 1, "whale": 1})',
        "* 2 points: underflow is named.",
        "A product of many probabilities is smaller than any float; the sum of their logarithms is not.",
    ],
)
@pytest.mark.parametrize("where", ["answer-count_words", "hidden-count_words", "text-a44d6047"])
def test_a_line_of_an_answer_a_hidden_test_or_a_scheme_is_a_leak_wherever_it_stands(where, line):
    (problem,) = leaking(where, line)
    assert f"{where} gives this line away to students: {line}" in problem


@pytest.mark.parametrize("line", ["return tally", "for token in tokens:", "from nextword import checks"])
def test_a_line_that_says_little_is_no_leak(line):
    assert leaking("text-a44d6047", line) == []


def test_a_source_that_leaks_is_not_built(course):
    text = sample.SOURCE.read_text().replace("# More of it.", "# tally[token] = tally.get(token, 0) + 1")
    course.source(sample.NAME).write_text(text)
    with pytest.raises(build.BuildError, match="gives this line away"):
        build.build(course, sample.NAME)
    assert not course.notebook(sample.NAME).exists()


def test_a_source_with_an_open_test_is_not_built(course):
    text = sample.SOURCE.read_text().replace('check.call(["a", "b", "a"])', "check.call(words)")
    course.source(sample.NAME).write_text(text)
    with pytest.raises(build.BuildError, match="test-count_words: 'words' is not defined in this cell"):
        build.build(course, sample.NAME)


# --- running them ---


def run(folder, notebook, solved):
    path = folder / "notebook.ipynb"
    nbformat.write(nbformat.from_dict(notebook), path)
    return build.execute(path, solved)


def test_the_solved_sample_runs_clean(tmp_path):
    assert run(tmp_path, sample.solved(), True).problems == ()


def test_the_student_sample_raises_nothing_but_not_implemented(tmp_path):
    ran = run(tmp_path, sample.student(), False)
    assert ran.problems == ()
    errors = {
        output.ename for cell in ran.notebook.cells for output in cell.get("outputs", []) if "ename" in output
    }
    assert errors == {"NotImplementedError"}


def test_what_is_wrong_with_a_run_is_told_cell_by_cell(tmp_path):
    notebook = sample.student()
    sample.cell(notebook, "given-setup")["source"] += "\nimport sys; print('careful', file=sys.stderr)"
    sample.cell(notebook, "figure-most_common")["source"] = "1 / 0"
    sample.cell(notebook, "hidden-count_words")["source"] = "3"
    problems = run(tmp_path, notebook, False).problems
    assert [re.sub(r".*ipynb: ", "", problem) for problem in problems] == [
        "given-setup: it writes to stderr: careful",
        "figure-most_common: ZeroDivisionError: division by zero",
        "hidden-count_words: a test leaves nothing but printed text; this leaves execute_result",
    ]


# --- bundles ---


def test_a_bundle_has_stubs_hidden_tests_and_no_solution():
    bundle = sample.bundle()
    text = bundle.to_json()
    assert "tally" not in text and "smaller than any float" not in text
    assert "solitary" in bundle.cell("hidden-count_words").source
    assert bundle.exercise("logarithms").scheme.startswith("* 2 points")
    assert (bundle.points, bundle.torch, bundle.complete, bundle.withhold) == (
        7,
        True,
        True,
        ("nextword.text",),
    )
    assert bundle.defined == {"count_words", "entropy"}
    assert bundle.seconds("test-entropy") == 20 and bundle.seconds("extra-1") is None
    assert [cell.id for cell in bundle.graded] == [
        "test-count_words",
        "hidden-count_words",
        "test-entropy",
        "written-logarithms",
    ]


def test_a_bundle_comes_back_from_json_as_it_was():
    bundle = sample.bundle()
    again = Bundle.from_json(bundle.to_json())
    assert again == bundle and again.digest == bundle.digest and again.to_json() == bundle.to_json()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 1}', '{"format": 0}', "null"])
def test_what_is_no_bundle_is_an_error(text):
    with pytest.raises(BundleError):
        Bundle.from_json(text)


def test_the_digest_changes_with_what_grades_depend_on_and_with_nothing_else():
    digest = sample.bundle().digest

    def edited(old, new):
        text = sample.SOURCE.read_text()
        assert old in text
        return Bundle.of(source.parse(text.replace(old, new), sample.SOURCE), sample.ASSIGNMENT).digest

    assert edited("How often does each word come?", "How often do words come?") == digest
    assert edited("print(max(", "print(min(") == digest
    assert edited("A word that you have not seen yet has no count.", "No count yet.") == digest
    assert (
        edited("tally[token] = tally.get(token, 0) + 1", "tally[token] = 1 + tally.get(token, 0)") == digest
    )
    assert edited('"a": 2, "b": 1', '"b": 1, "a": 2') != digest
    assert edited('"the cow eats the corn"', '"the cow"') != digest
    assert edited('hidden="count_words" points=2', 'hidden="count_words" points=2 seconds=5') != digest
    assert dataclasses.replace(sample.bundle(), withhold=()).digest != digest


def test_a_bundle_is_read_once_and_then_kept(course, monkeypatch):
    first = Bundle.from_source(course, sample.NAME)
    monkeypatch.setattr(source, "parse", None)
    assert Bundle.from_source(course, sample.NAME) == first
    monkeypatch.undo()
    path = course.source(sample.NAME)
    path.write_text(path.read_text().replace("points=4", "points=5").replace("4 points*", "5 points*"))
    assert Bundle.from_source(course, sample.NAME).points == 8


def test_a_kept_bundle_that_was_damaged_is_read_again(course):
    first = Bundle.from_source(course, sample.NAME)
    (kept,) = (course.build / "bundles").iterdir()
    kept.write_text(kept.read_text()[:-9])
    assert Bundle.from_source(course, sample.NAME) == first


def test_bundles_load_without_jupytext_nbformat_and_nbgrader(course):
    Bundle.from_source(course, sample.NAME)
    code = (
        "import sys; from autograder.bundle import Bundle; from autograder import intake; "
        "from autograder.course import Course; "
        f"Bundle.from_source(Course.load(), {sample.NAME!r}); "
        "print([name for name in ('jupytext', 'nbformat', 'nbgrader', 'torch') if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=course.root, capture_output=True, text=True, timeout=60
    )
    assert ran.stdout.strip() == "[]", ran.stderr


def write(folder, notebook):
    path = folder / "mine.ipynb"
    path.write_text(json.dumps(notebook))
    return path


def test_a_bundle_read_from_the_student_notebook_has_all_but_the_hidden_tests(tmp_path):
    bundle, full = Bundle.from_notebook(write(tmp_path, sample.student())), sample.bundle()
    assert not bundle.complete
    assert (bundle.name, bundle.title, bundle.withhold) == (full.name, full.title, full.withhold)
    assert bundle.torch
    assert [dataclasses.replace(cell, source="") for cell in bundle.cells] == [
        dataclasses.replace(cell, source="") for cell in full.cells
    ]
    assert bundle.cell("test-entropy") == full.cell("test-entropy")
    assert [dataclasses.replace(e, scheme="") for e in bundle.exercises] == [
        dataclasses.replace(e, scheme="") for e in full.exercises
    ]


def test_a_bundle_read_from_a_notebook_at_work_takes_no_answer_for_a_stub(tmp_path):
    notebook = sample.handed_in(count_words=sample.RIGHT["count_words"])
    bundle = Bundle.from_notebook(write(tmp_path, notebook))
    assert bundle.cell("answer-count_words").source == ""
    assert bundle.cell("answer-entropy") == sample.bundle().cell("answer-entropy")


def test_a_bundle_read_from_a_damaged_notebook_has_every_test_and_exercise(tmp_path):
    notebook = sample.handed_in()
    notebook["cells"].insert(0, sample.twin(notebook, "test-count_words"))
    notebook["cells"] = [c for c in notebook["cells"] if c["id"] not in ("answer-entropy", "text-ef5530f4")]
    bundle = Bundle.from_notebook(write(tmp_path, notebook))
    assert [e.name for e in bundle.exercises] == ["count_words", "entropy", "logarithms"]
    assert len({cell.id for cell in bundle.cells}) == len(bundle.cells)
    assert bundle.cell("answer-entropy").source == ""


def test_locked_cells_that_were_edited_are_known(tmp_path):
    notebook = sample.handed_in()
    sample.cell(notebook, "test-count_words")["source"] = "pass"
    assert released.read(write(tmp_path, notebook)).edited == ("test-count_words",)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"cells": []}', '{"metadata": {"nextword": 1}, "cells": [1]}']
)
def test_a_file_that_was_not_handed_out_is_an_error_that_says_so(tmp_path, text):
    path = tmp_path / "other.ipynb"
    path.write_text(text)
    with pytest.raises(BundleError, match="other.ipynb is not a notebook of this course"):
        Bundle.from_notebook(path)
    with pytest.raises(BundleError, match="cannot be read: No such file"):
        Bundle.from_notebook(tmp_path / "none.ipynb")


def test_the_gradebook_learns_stubs_and_hidden_tests_with_checksums():
    from nbgrader.utils import compute_checksum

    notebook = nbformat.from_dict(build.gradebook_notebook(sample.solved()))
    nbformat.validate(notebook)
    cells = {cell.id: cell for cell in notebook.cells}
    assert cells["written-logarithms"].source == "YOUR ANSWER HERE"
    assert "solitary" in cells["hidden-count_words"].source
    for cell in cells.values():
        if "nbgrader" in cell.metadata:
            assert cell.metadata.nbgrader.checksum == compute_checksum(cell)


# --- this course ---


def test_course_toml_lists_only_assignments_that_have_a_source():
    assert [a.name for a in COURSE.assignments if not COURSE.source(a.name).exists()] == []


@pytest.mark.parametrize("name", [assignment.name for assignment in COURSE.assignments])
def test_notebooks_are_what_solutions_build(name):
    solved, student = build.render(COURSE, name)
    path = COURSE.notebook(name)
    assert path.exists() and path.read_text(encoding="utf-8") == student, f"run: autograder build {name}"
    visible = "\n".join("".join(cell["source"]) for cell in json.loads(student)["cells"])
    assert "BEGIN " not in visible and "END SOLUTION" not in visible
    for cell in source.read(COURSE.source(name)).cells:
        for region in (SOLUTION, HIDDEN, SCHEME):
            block = "\n".join(inside(cell.source, region)).strip()
            assert not block or block not in visible, cell.id


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_is_listed_in_course_toml(name):
    assert name in [assignment.name for assignment in COURSE.assignments]
