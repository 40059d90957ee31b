"""The gradebook on a PostgreSQL server of its own (make test-postgres): the same grades as on SQLite."""

import glob
import os
import shutil
import socket
import subprocess

import pytest
from class_of import clone, graded, hand_in

from autograder import desk
from autograder.course import Course
from autograder.gradebook import Book, GradebookError

BIN = next(iter(sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)), os.path.dirname(shutil.which("initdb") or ""))

pytestmark = [
    pytest.mark.skipif(not os.environ.get("POSTGRES"), reason="make test-postgres"),
    pytest.mark.xdist_group("postgres"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server in a folder of its own; PostgreSQL refuses to run as root, so another user owns it then."""
    folder = tmp_path_factory.mktemp("postgres")
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.getuid() == 0 else []
    if as_user:
        folder = folder.__class__("/tmp") / f"nextword-postgres-{os.getpid()}"
        folder.mkdir(mode=0o700)
        shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(*command):
        subprocess.run([*as_user, *command], check=True, cwd="/", stdout=subprocess.DEVNULL)

    try:
        run(f"{BIN}/initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "grader")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
        run(f"{BIN}/pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            run(f"{BIN}/createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "grader", "grades")
            yield f"postgresql+psycopg://grader:secret@127.0.0.1:{port}/grades"
        finally:
            run(f"{BIN}/pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def on(course, url):
    text = (course.root / "course.toml").read_text()
    (course.root / "course.toml").write_text(text.replace("[course]\n", f'[course]\ndb_url = "{url}"\n', 1))
    return Course.load(course.root)


def a_class(sample_course, sample_bundle, folder):
    folder.mkdir()
    course = clone(sample_course, folder)
    for number, kind in enumerate(["right", "wrong", "other"]):
        hand_in(course, sample_bundle, f"s{number}", kind)
    (course.submitted / "s0" / "every_role" / "timestamp.txt").write_text("2027-01-31 10:00:00 UTC\n")
    return course


def lines(course):
    with Book(course.db_url) as book:
        return desk.table(course, "every_role"), book.timestamps("every_role"), book.marks("every_role")


def test_the_grades_are_those_of_sqlite(server, sample_course, sample_bundle, tmp_path):
    here = a_class(sample_course, sample_bundle, tmp_path / "sqlite")
    there = on(a_class(sample_course, sample_bundle, tmp_path / "postgres"), server)
    graded(here), graded(there)
    assert lines(there) == lines(here)
    assert not there.gradebook.exists()
    assert graded(there).changed == []


def test_a_server_that_is_not_there_is_a_clear_error_without_its_password(sample_course, sample_bundle, tmp_path):
    there = on(a_class(sample_course, sample_bundle, tmp_path / "gone"), "postgresql+psycopg://grader:secret@127.0.0.1:9/x")
    with pytest.raises(GradebookError, match="cannot be used") as caught:
        graded(there)
    assert "secret" not in str(caught.value)
