"""The Gradescope zip: what is in it, and that it grades in a folder laid out as their container is."""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import lending
import pytest
import sample_course

from autograder import gradescope
from autograder.course import Course

RIGHT = json.dumps(sample_course.handed_in())


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    from pathlib import Path

    home = Path(__file__).parent.parent
    root = tmp_path_factory.mktemp("gradescope")
    sample_course.course(root)
    (root / "lib").symlink_to(home / "lib")
    for name in ("pyproject.toml", "constraints.txt", "README.md"):
        (root / name).write_text((home / name).read_text())
    return gradescope.build(Course.load(root), sample_course.NAME, root / "every_role.zip")


@pytest.fixture
def graded(archive, tmp_path):
    """results.json for a submission, and the folder."""

    def run(files):
        root = tmp_path / "autograder"
        for folder in ("source", "submission", "results"):
            (root / folder).mkdir(parents=True)
        subprocess.run([sys.executable, "-m", "zipfile", "-e", str(archive), str(root / "source")], check=True)
        for name, text in files.items():
            (root / "submission" / name).write_text(text)
        environment = {
            **os.environ, "AUTOGRADER_ROOT": str(root), "AUTOGRADER_PYTHON": sys.executable,
            "PYTHONPATH": f"{root}/source:{root}/source/lib",
        }
        command = ["bash", str(root / "source" / "run_autograder")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stderr
        return json.loads((root / "results" / "results.json").read_text()), root

    return run


def test_the_zip_has_scripts_that_can_be_run_and_no_solution(archive):
    with zipfile.ZipFile(archive) as held:
        names = held.namelist()
        modes = {name: held.getinfo(name).external_attr >> 16 for name in names}
        text = b"".join(held.read(name) for name in names if name.endswith(".json"))
    assert {"setup.sh", "run_autograder", "pyproject.toml", "constraints.txt", "autograder/judge.py"} <= set(names)
    assert modes["setup.sh"] == modes["run_autograder"] == 0o755 and modes["autograder/judge.py"] == 0o644
    assert b"solitary" in text and b"tally" not in text


def test_equal_zips_are_equal_files(archive, tmp_path):
    again = gradescope.build(Course.load(archive.parent), sample_course.NAME, tmp_path / "again.zip")
    assert again.read_bytes() == archive.read_bytes()


def test_the_scripts_are_valid_shell():
    for name in ("setup.sh", "run_autograder"):
        subprocess.run(["bash", "-n", str(gradescope.SCRIPTS / name)], check=True)


def test_it_installs_as_setup_does_and_grades_with_what_was_installed(archive, tmp_path):
    """setup.sh without its apt-get, which asks for more rights and more network than a test has."""
    source = tmp_path / "source"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(archive), str(source)], check=True)
    install = (source / "setup.sh").read_text().rstrip().splitlines()[-2:]
    assert install[0].endswith("-m venv .venv") and install[1].startswith(".venv/bin/python -m pip install")
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission" / "every_role.ipynb").write_text(RIGHT)
    environment = lending.environment(AUTOGRADER_ROOT=str(tmp_path), python=sys.executable)
    subprocess.run(["bash", "-c", install[0]], cwd=source, env=environment, check=True)
    lending.lend(source / ".venv")
    subprocess.run(["bash", "-c", install[1]], cwd=source, env=environment, check=True, stdout=subprocess.DEVNULL)
    (tmp_path / "bin").mkdir()
    for tool in ("bash", "chmod", "rm"):  # not bubblewrap: as in a container that refuses namespaces
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    alone = environment | {"PATH": str(tmp_path / "bin")}
    graded = subprocess.run(["bash", "run_autograder"], cwd=source, env=alone, capture_output=True, text=True)
    assert graded.returncode == 0, graded.stderr
    found = json.loads((tmp_path / "results" / "results.json").read_text())
    assert [test["score"] for test in found["tests"]] == [1, 2, 2], found


def test_a_right_submission_gets_its_points_and_the_hidden_tests_are_gone(graded):
    found, root = graded({"renamed by a browser (1).ipynb": RIGHT})
    assert [(t["score"], t["visibility"]) for t in found["tests"]] == [(1, "visible"), (2, "after_published"), (2, "visible")]
    assert not (root / "source" / gradescope.BUNDLE).exists()


@pytest.mark.parametrize("files", [{}, {"every_role.ipynb": "not json"}, {"essay.pdf": "x"}])
def test_what_cannot_be_graded_gets_a_reason_and_no_points(graded, files):
    found, _ = graded(files)
    assert found["score"] == 0 and len(found["output"]) > 20 and found["tests"] == []
    assert "autograder itself failed" not in found["output"]
