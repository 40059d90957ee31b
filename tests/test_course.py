"""course.toml is read strictly: what nobody asked for is an error that names the key and the file."""

import datetime as dt

import pytest

from autograder.course import Course, CourseError, Limits

COURSE = '[course]\nid = "c"\ntitle = "A course"\n'
ASSIGNMENT = "[[assignments]]\nname = 'a'\ntitle = 't'\n"


def load(folder, text):
    (folder / "course.toml").write_text(text)
    return Course.load(folder)


def test_the_root_is_found_upwards_from_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / "course.toml").write_text(COURSE)
    below = tmp_path / "notebooks" / "01"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert Course.load().root == tmp_path


def test_no_course_is_an_error_that_says_where_it_looked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CourseError, match=f"no course.toml in {tmp_path} or above"):
        Course.load()
    with pytest.raises(CourseError, match="no course.toml in"):
        Course.load(tmp_path)


def test_paths_lie_below_the_root_and_the_workspace(tmp_path):
    course = load(tmp_path, COURSE + '[paths]\nworkspace = "autumn"\n')
    assert course.source("a") == tmp_path / "solutions/a/a.py"
    assert course.notebook("a") == tmp_path / "notebooks/a/a.ipynb"
    assert course.source_notebook("a") == tmp_path / "build/source/a/a.ipynb"
    assert course.submitted == tmp_path / "autumn/submitted"
    assert course.db_url == f"sqlite:///{tmp_path}/autumn/gradebook.db"


def test_assignments_keep_their_order_and_override_limits(tmp_path):
    course = load(
        tmp_path,
        COURSE + "[limits]\ncell_seconds = 5\nmemory_mb = 512\n"
        '[[assignments]]\nname = "b"\ntitle = "B"\ndue = 2027-01-31T23:59:00+01:00\n'
        '[[assignments]]\nname = "a"\ntitle = "A"\nwithhold = ["nextword.ngram"]\n'
        "limits = { cell_seconds = 20 }\n",
    )
    assert [one.name for one in course.assignments] == ["b", "a"]
    assert course.assignment("b").limits == Limits(cell_seconds=5.0, memory_mb=512)
    assert course.assignment("a").limits == Limits(cell_seconds=20.0, memory_mb=512)
    assert course.assignment("a").withhold == ("nextword.ngram",)
    assert course.assignment("b").due == dt.datetime(2027, 1, 31, 22, 59, tzinfo=dt.UTC)


def test_an_unknown_assignment_is_an_error_that_lists_the_known(tmp_path):
    with pytest.raises(CourseError, match="no assignment 'x'; it lists: none"):
        load(tmp_path, COURSE).assignment("x")


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("not toml", "is not valid TOML"),
        ('[course]\nid = "c"\n', r"'title' of \[course\] is missing"),
        ('[course]\nid = "a b"\ntitle = "t"\n', "'id' of .* letters"),
        ("[course]\nid = 3\ntitle = 't'\n", "'id' of .* must be a string, not 3"),
        (COURSE + "colour = 1\n", r"'colour' of \[course\] is not known"),
        (COURSE + "[colours]\n", "'colours' is not known"),
        (COURSE + "[limits]\ncell_second = 1\n", r"'cell_second' of \[limits\] is not known; .*cell_seconds"),
        (COURSE + "[limits]\ncell_seconds = 0\n", "must be more than 0"),
        (COURSE + "[limits]\nmemory_mb = 1.5\n", "must be a whole number"),
        (COURSE + "[limits]\nprocesses = true\n", "must be a whole number"),
        (COURSE + "[paths]\nhome = 'x'\n", "'home' of .* is not known"),
        (COURSE + "assignments = [1]\n", "'assignments' of|must be tables"),
        (COURSE + "[[assignments]]\nname = 'a'\n", "'title' of assignment a is missing"),
        (COURSE + "[[assignments]]\nname = '../a'\ntitle = 't'\n", "'name' of assignment 1"),
        (
            COURSE + "[[assignments]]\nname = 'a'\ntitle = 't'\npoints = 3\n",
            "'points' of assignment a is not known",
        ),
        (
            COURSE + "[[assignments]]\nname = 'a'\ntitle = 't'\ndue = 2027-01-31T23:59:00\n",
            "needs a time zone",
        ),
        (COURSE + ASSIGNMENT + "due = 2027-01-31\n", "'due' of assignment a must be a date and time .*, not 2027-01-31[.]"),
        (COURSE + ASSIGNMENT + "due = '31 January'\n", "without quotes.*, not '31 January'"),
        (COURSE + ASSIGNMENT + "due = 2027-01-31T23:59-05:00\n", r"line 7.*\n    due = 2027-01-31T23:59-05:00\nWrite a date and"),
        (COURSE + ASSIGNMENT + "due = 2027-01-31T23:59:00 EST\n", "Write a date and time with its zone, as in"),
        (COURSE + ASSIGNMENT + "due = 31.01.2027\n", "Write a date and time with its zone, as in"),
        (COURSE + 'db_url = "sqlite"\n', r"'db_url' of \[course\] must be an address"),
        (COURSE + "[limits]\ncell_seconds = inf\n", "and finite, not inf"),
        (COURSE + "[limits]\ncell_seconds = nan\n", "and finite, not nan"),
        (COURSE + "[limits]\ncell_seconds = '20'\n", "must be a number, not '20'"),
        (COURSE + ASSIGNMENT + "withhold = ['os; rm']\n", "lists modules"),
        (COURSE + "[[assignments]]\nname = 'a'\ntitle = 't'\n" * 2, "lists 'a' twice"),
    ],
)
def test_what_cannot_be_meant_is_an_error_that_names_the_key(tmp_path, text, complaint):
    with pytest.raises(CourseError, match=complaint) as error:
        load(tmp_path, text)
    assert "course.toml" in str(error.value)


def test_a_file_that_begins_with_the_mark_of_its_encoding_is_read(tmp_path):
    assert load(tmp_path, "\ufeff" + COURSE).id == "c"


def test_a_file_in_another_encoding_says_so(tmp_path):
    (tmp_path / "course.toml").write_bytes((COURSE + "# d\u00e9but").encode("latin-1"))
    with pytest.raises(CourseError, match="no text in UTF-8; save it"):
        Course.load(tmp_path)


def test_a_workspace_may_lie_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    assert str(load(tmp_path, COURSE + '[paths]\nworkspace = "~/class"\n').workspace) == "/home/ada/class"
