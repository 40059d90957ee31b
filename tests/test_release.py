"""What students get holds all they need, and nothing they must not see."""

import dataclasses
import datetime as dt
import json
import shutil
import subprocess
import sys
import zipfile

import pytest
import sample_course

from autograder import desk, release, source
from autograder.build import _lines
from autograder.cells import HIDDEN, SCHEME, SOLUTION, inside
from autograder.course import Course, CourseError

COURSE = Course.load()


@pytest.fixture(scope="module")
def shown():
    """Lines that some notebook shows on purpose: the same line in a solution gives nothing away."""
    cells = [cell for a in COURSE.assignments for cell in source.read(COURSE.source(a.name)).cells]
    return {line for c in cells if c.role in ("given", "test", "figure") for line in _lines(c.source)}


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    made = release.release(COURSE, tmp_path_factory.mktemp("out") / "nextword")
    return made.folder, made.archive, made.withheld


@pytest.mark.xdist_group("release")
@pytest.mark.parametrize("name", [a.name for a in COURSE.assignments])
def test_no_solution_line_and_no_hidden_test_is_in_it(released, shown, name):
    folder, _, _ = released
    text = {p: set(_lines(p.read_text(encoding="utf-8"))) for p in folder.rglob("*.py")}
    notebooks = [json.loads(p.read_text(encoding="utf-8")) for p in folder.rglob("*.ipynb")]
    public = {line for n in notebooks for cell in n["cells"] for line in _lines("".join(cell["source"]))}
    parsed = source.read(COURSE.source(name))
    for cell in parsed.cells:
        for region in (SOLUTION, HIDDEN, SCHEME):
            for line in set(_lines("\n".join(inside(cell.source, region)))) - shown:
                assert line not in public, (cell.id, line)
                if cell.role == "hidden":
                    assert not [p for p, lines in text.items() if line in lines and len(line) > 40], (cell.id, line)


@pytest.mark.xdist_group("release")
def test_sources_tests_and_bank_are_not_in_it(released):
    folder, _, withheld = released
    names = {p.relative_to(folder).parts[0] for p in folder.rglob("*")}
    assert not names & {"solutions", "tests", "build", "course.toml", "demo", "class", ".git", "benchmarks"}
    assert withheld and not [m for m in withheld if (folder / "lib" / (m.replace(".", "/") + ".py")).exists()]


@pytest.mark.xdist_group("release")
def test_it_works_without_the_instructors_tree(released, tmp_path):
    """`autograder check` from the released files alone, on the released notebook: nothing is written yet."""
    folder, _, _ = released
    code = "import sys; sys.path[:0] = [sys.argv[1] + '/lib', sys.argv[1]]; from autograder.check import check; sys.exit(check(sys.argv[2]))"
    notebook = shutil.copy(folder / "notebooks" / "01_ngram_counting" / "01_ngram_counting.ipynb", tmp_path)
    done = subprocess.run(
        [sys.executable, "-IB", "-c", code, str(folder), str(notebook)], cwd=tmp_path, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 1 and "0 of 13 visible tests pass" in done.stdout, done.stdout + done.stderr


@pytest.mark.xdist_group("release")
def test_the_zip_holds_the_folder_and_two_releases_are_the_same_file(released, tmp_path):
    folder, archive, _ = released
    with zipfile.ZipFile(archive) as opened:
        names = {n.removeprefix("nextword/") for n in opened.namelist()}
    assert names == {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    again = release.release(COURSE, tmp_path / "nextword").archive
    assert release.digest(again) == release.digest(archive)


@pytest.mark.xdist_group("release")
def test_a_notebook_that_stands_on_a_withheld_module_comes_later(tmp_path):
    made = release.release(COURSE, tmp_path / "nextword")
    assert "nextword.autodiff" in made.later["04_rnn_lm"]
    assert not (made.folder / "notebooks" / "04_rnn_lm").exists()
    assert (made.folder / "notebooks" / "01_ngram_counting").exists()


def test_modules_come_when_the_assignment_is_over():
    over = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    assignments = [dataclasses.replace(a, due=dt.datetime(2029, 1, 1, tzinfo=dt.UTC)) for a in COURSE.assignments]
    course = dataclasses.replace(COURSE, assignments=tuple(assignments))
    assert release.withheld_modules(course, over) == []
    assert release.withheld_modules(course, over.replace(year=2028)) == release.withheld_modules(COURSE, over)


def due(when, **late):
    """The course with everything due at that time, and its late policy with these changes."""
    assignments = tuple(dataclasses.replace(a, due=when) for a in COURSE.assignments)
    return dataclasses.replace(COURSE, assignments=assignments, late=dataclasses.replace(COURSE.late, **late))


def test_what_answers_an_assignment_stays_back_while_late_days_are_left():
    when = dt.datetime(2027, 1, 31, 23, 59, tzinfo=dt.UTC)
    course, last, second = due(when, latest_days=4), when + dt.timedelta(days=4), dt.timedelta(seconds=1)
    assert "nextword.ngram" in release.withheld_modules(course, last - second)
    assert release.withheld_modules(course, last + second) == []
    assert release.withheld_modules(course, when + second, when_due=True) == []
    assert release.withheld_modules(dataclasses.replace(course, late=None), when + second) == []


def test_a_release_says_what_may_still_be_handed_in(tmp_path):
    when = dt.datetime(2027, 1, 31, 23, 59, tzinfo=dt.UTC)
    first, second = COURSE.assignments[:2]
    course = dataclasses.replace(due(when), assignments=(first, dataclasses.replace(second, due=when)))
    made = release.release(course, tmp_path / "out", when + dt.timedelta(days=1))
    assert made.waiting == {"01_ngram_counting": when + dt.timedelta(days=4)}
    assert not (made.folder / "lib" / "nextword" / "ngram.py").exists()


def test_a_module_that_is_not_there_is_not_withheld_without_a_word(course, tmp_path):
    text = (course.root / "course.toml").read_text()
    (course.root / "course.toml").write_text(text.replace("nextword.text", "nextword.texts"))
    with pytest.raises(CourseError, match="assignment every_role names nextword.texts, but .* has no such module"):
        release.release(Course.load(course.root), tmp_path / "out")


def test_a_release_that_cannot_be_built_leaves_the_one_before(course, tmp_path):
    before = release.release(course, tmp_path / "out")
    course.source(sample_course.NAME).write_text("# %% unknown='x'\n")
    with pytest.raises(source.SourceError):
        release.release(course, tmp_path / "out")
    assert (before.folder / "notebooks" / sample_course.NAME).is_dir() and (before.folder / "README.md").exists()


def test_a_folder_that_is_not_a_release_is_not_overwritten(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(CourseError, match="not an earlier release"):
        release.release(COURSE, tmp_path)
    assert (tmp_path / "thesis.txt").exists()


# --- corrections ---


@pytest.fixture
def course(tmp_path):
    """A course of its own, whose assignment can be corrected."""
    (tmp_path / "root").mkdir()
    made = sample_course.course(tmp_path / "root")
    (made.root / "lib").symlink_to(COURSE.lib)
    for name in release.KEPT:
        shutil.copy(COURSE.root / name, made.root)
    return made


def correct(course):
    """Another number in the visible test, a clearer docstring, a hidden test worth more."""
    file = course.source(sample_course.NAME)
    changes = {
        'check.call(["a", "b", "a"]).equals({"a": 2, "b": 1})': 'check.call(["a", "b", "b"]).equals({"a": 1, "b": 2})',
        "Counts of the tokens, as a dict from token to int.": "How often each token comes: a dict from str to int.",
        '# %% hidden="count_words" points=2': '# %% hidden="count_words" points=3',
        "about 5 minutes · 3 points": "about 5 minutes · 4 points",
    }
    text = file.read_text()
    for old, new in changes.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    file.write_text(text)


def test_a_corrected_assignment_is_released_again_and_work_on_the_old_one_still_grades(course, tmp_path):
    name = sample_course.NAME
    old = json.loads((release.release(course, tmp_path / "out").folder / "notebooks" / name / f"{name}.ipynb").read_text())
    for exercise, answer in sample_course.RIGHT.items():
        sample_course.cell(old, f"answer-{exercise}")["source"] = answer
    folder = course.submitted / "all-right" / name
    folder.mkdir(parents=True)
    (folder / f"{name}.ipynb").write_text(json.dumps(old))
    desk.grade(course, name, "none", jobs=1)
    (before,) = desk.table(course, name)
    correct(course)
    again = release.release(course, tmp_path / "out")
    assert "How often each token comes" in (again.folder / "notebooks" / name / f"{name}.ipynb").read_text()
    outcome = desk.grade(course, name, "none", jobs=1)
    (after,) = desk.table(course, name)
    assert outcome.graded == 1 and (before.score, before.max_score) == (5, 7) and (after.score, after.max_score) == (6, 8)
    assert after.reason == "The test of Exercise 1 was of an earlier release; the corrected one was used."
