"""Every command of README.md, and of the README that students get, is run as it stands there, or is listed with why not.

The story is a course's first week: the instructor releases, a student works from the released zip alone, three students
hand in, and the instructor collects, grades and gives back.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import lending
import pytest

sys.path.append(str(Path(__file__).parent / "bank"))
import bank  # noqa: E402

pytestmark = [pytest.mark.xdist_group("readme"), pytest.mark.timeout(1800)]  # a week takes minutes on a busy machine

ROOT = Path(__file__).resolve().parent.parent
NAME = "01_ngram_counting"
NOTEBOOK = f"notebooks/{NAME}/{NAME}.ipynb"
GUIDES = ["README.md", "docs/instructors.md", "docs/cluster.md"]
IN_THE_BROWSER = "opens a browser: make test-browser does this, up to a marked answer on the feedback page"
NOT_RUN = {
    "make demo": "grades a sample class over all notebooks; its steps are run below, for three students",
    "make test": "runs this test",
    "make lab": IN_THE_BROWSER,
    "make site": "make test-site runs it",
    "make site-open": "serves what make test-site reads, until it is stopped",
    ".venv/bin/jupyter lab": IN_THE_BROWSER,
}
NOT_RUN_BY_STUDENTS = {".venv/bin/jupyter lab notebooks": IN_THE_BROWSER}
# What stands for something else in a command.
MEANT = {"FILES": "submissions.zip", "ROSTER": "roster.csv"}
# The commands in the order of README.md, and what each must say or leave behind.
INSTRUCTOR = {
    f".venv/bin/autograder check {NOTEBOOK}": ("0 of 13 visible tests pass", []),
    ".venv/bin/autograder release": ("sha256", ["dist/nextword.zip", f"dist/nextword/{NOTEBOOK}"]),
    f".venv/bin/autograder collect {NAME} FILES": ("3 students taken", [f"class/submitted/all-right/{NAME}/{NAME}.ipynb"]),
    f".venv/bin/autograder grade {NAME}": ("Graded now: 3", [f"class/feedback/off-by-one/{NAME}.html", "class/grades.csv"]),
    f".venv/bin/autograder feedback {NAME}": ("3 pages", ["class/feedback/all-right/index.html"]),
    f".venv/bin/autograder report {NAME}": ("report", [f"class/report-{NAME}.html"]),
    ".venv/bin/autograder export": ("term.csv", ["class/term.csv"]),
    f".venv/bin/autograder canvas {NAME} --roster ROSTER": ("canvas", [f"class/canvas-{NAME}.csv"]),
    f".venv/bin/autograder results {NAME}": ("3 files", [f"class/results/half-done/{NAME}.json"]),
    f".venv/bin/autograder gradescope {NAME}": ("gradescope", [f"dist/gradescope-{NAME}.zip"]),
}  # fmt: skip
ROSTER = """Student,ID,SIS User ID,SIS Login ID,Section
    Points Possible,,,,
"Right, All",1,1,all-right,A
"One, Off by",2,2,off-by-one,A
"Done, Half",3,3,half-done,A
"""


def commands(text):
    """The lines of the indented code blocks, without their comments."""
    return [re.sub(r"\s+#.*", "", line.strip()) for line in text.splitlines() if re.match(r"    (?! )\S", line)]


def test_every_command_is_run_or_is_listed_with_the_reason():
    assert set(commands((ROOT / "README.md").read_text())) == set(INSTRUCTOR) | set(NOT_RUN)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`?make ([a-z-]+)", (ROOT / "README.md").read_text()))))
def test_every_make_target_exists(target):
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout, done.stderr


def test_every_link_leads_to_a_file():
    for page in [*GUIDES, "CONTRIBUTING.md"]:
        text = (ROOT / page).read_text()
        for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (ROOT / page).parent.joinpath(link).exists(), (page, link)


@pytest.mark.parametrize("guide", GUIDES)
def test_every_command_and_option_that_a_guide_names_exists(guide):
    from typer.main import get_command

    from autograder.__main__ import app

    known = get_command(app).commands
    text = (ROOT / guide).read_text()
    named = re.findall(r"(?:^|[`/] ?|\n)autograder ([a-z]+)([^`\n]*)", text)
    assert named
    for command, rest in named:
        options = {option for one in known[command].params for option in one.opts}
        assert set(re.findall(r"--[a-z-]+", re.sub(r"#.*", "", rest))) <= options, (guide, command, rest)


# --- the first week ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """What a clone of this repository would be, in a folder of its own; and its files, as they were copied."""
    folder, files = tmp_path_factory.mktemp("clone"), {}
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            files[name] = (ROOT / name).read_bytes()
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(files[name])
    assert "course.toml" in files, listed.stderr
    return folder, files


@pytest.fixture(scope="module")
def clone(copied):
    return copied[0]


def run(command, folder, scripts, **environment):
    """Runs a command of a README; `scripts` is the bin folder of its .venv."""
    words = [MEANT.get(word, word) for word in shlex.split(command)]
    words[0] = re.sub(r"^\.venv/bin", str(scripts), words[0])
    environment = {**os.environ, "COLUMNS": "100", "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=600, env=environment)


@pytest.fixture(scope="module")
def instructor(clone):
    """Runs a command in the clone, with the clone's own code."""
    path = f"{clone}{os.pathsep}{clone / 'lib'}"
    return lambda command: run(command, clone, Path(sys.executable).parent, PYTHONPATH=path)


def right_answers():
    return {answer.exercise: answer.source for answer in reversed(bank.load(NAME)) if answer.right}


def one_wrong_answer():
    answer = next(answer for answer in bank.load(NAME, "roll_die") if not answer.right)
    return {answer.exercise: answer.source}


@pytest.fixture(scope="module")
def released(clone, instructor, tmp_path_factory):
    """What a student unpacks, far from the instructor's tree."""
    done = instructor(".venv/bin/autograder release")
    assert done.returncode == 0, done.stderr
    folder = tmp_path_factory.mktemp("student")
    with zipfile.ZipFile(clone / "dist" / "nextword.zip") as archive:
        archive.extractall(folder)
    return folder / "nextword"


def solved(notebook, answers):
    """The notebook's text with these answers written."""
    notebook = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["id"].removeprefix("answer-") in answers:
            cell["source"] = answers[cell["id"].removeprefix("answer-")]
        if cell["id"].startswith("written-"):
            cell["source"] = "Because the counts of all words that follow a context add up to its own count."
    return json.dumps(notebook)


@pytest.fixture(scope="module")
def student(released):
    """The commands of the students' README, from the zip alone; command -> what came of it.

    No package index is asked: what pip would download is lent by this environment, and nothing else of it is.
    """
    scripts, done = released / ".venv" / "bin", {}
    for command in commands((released / "README.md").read_text()):
        if command in NOT_RUN_BY_STUDENTS:
            continue
        if "autograder check" in command:
            assert (scripts / "autograder").exists(), {c: d.stdout + d.stderr for c, d in done.items()}
            done["before"] = run(command, released, scripts, **lending.OFFLINE)
            (released / NOTEBOOK).write_text(solved(released / NOTEBOOK, right_answers()))
        done[command] = run(command.replace("python3", sys.executable), released, scripts, **lending.OFFLINE)
        if "-m venv" in command:
            lending.lend(released / ".venv")
    return done


def test_the_students_readme_leads_from_the_zip_to_a_checked_notebook(student, released):
    before = student.pop("before")
    assert before.returncode == 1 and "0 of 13 visible tests pass" in before.stdout, before.stdout + before.stderr
    assert len(student) == 3 and not {c: d.stdout + d.stderr for c, d in student.items() if d.returncode}
    (checked,) = (done for command, done in student.items() if "check" in command)
    assert "13 of 13 visible tests pass" in checked.stdout
    assert (released / NOTEBOOK).with_name(f"{NAME}-hand-in.zip").exists()


def test_what_the_student_installed_is_the_releases_own(student, released):
    ask = "import autograder, nextword.checks; print(autograder.__file__, nextword.checks.__file__)"
    done = subprocess.run(
        [released / ".venv" / "bin" / "python", "-c", ask], cwd=released / "notebooks", capture_output=True, text=True,
        env=lending.environment(),
    )  # fmt: skip
    assert [Path(file).is_relative_to(released) for file in done.stdout.split()] == [True, True], done.stdout + done.stderr


@pytest.fixture(scope="module")
def week(clone, instructor, student, released):
    """README.md's commands in its order; command -> what came of it. Students hand in through a zip as Canvas makes it."""
    fresh, answers = clone / NOTEBOOK, right_answers()
    mistaken = answers | one_wrong_answer()
    half = dict(list(answers.items())[: len(answers) // 2])
    with zipfile.ZipFile(clone / "submissions.zip", "w") as archive:
        own = (released / NOTEBOOK).with_name(f"{NAME}-hand-in.zip").read_bytes()
        archive.writestr(f"all-right_11_101_{NAME}-hand-in.zip", own)
        archive.writestr(f"off-by-one_12_102_{NAME}.ipynb", solved(fresh, mistaken))
        archive.writestr(f"half-done_LATE_13_103_{NAME}-1.ipynb", solved(fresh, half))
    (clone / "roster.csv").write_text(ROSTER)
    return {command: instructor(command) for command in INSTRUCTOR}


@pytest.mark.parametrize("command", INSTRUCTOR)
def test_the_command_does_what_the_readme_says(week, clone, command):
    says, leaves = INSTRUCTOR[command]
    done = week[command]
    assert done.returncode == (1 if " check " in command else 0), done.stdout + done.stderr
    assert says in done.stdout and not [file for file in leaves if not (clone / file).is_file()]


def test_the_grades_are_those_of_the_work(week, clone):
    import csv

    rows = {row["student"]: row for row in csv.DictReader((clone / "class" / "grades.csv").open())}
    scores = {who: float(row["score"]) for who, row in rows.items()}
    possible = float(rows["all-right"]["max_score"])
    written, bonus = 8, 3  # two written answers still to be marked; the bonus exercise
    assert scores["all-right"] == possible - written + bonus
    assert scores["all-right"] > scores["off-by-one"] > scores["half-done"] > 0
    assert {row["status"] for row in rows.values()} == {"needs marking"}


def test_commands_write_only_below_folders_that_git_ignores(week, copied):
    folder, files = copied
    assert not [name for name, data in files.items() if (folder / name).read_bytes() != data]
