"""Pages of the formgrader, and /marking, for a large class at the end of a term: wall and CPU seconds of the server.

One submission to each assignment is graded, and put into the gradebook once for every student by our own gradebook
code. Writes build/bench/formgrader.json.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

NAME, TOKEN = "01_ngram_counting", "bench"


def class_of(folder, count):
    """A course in this folder, with `count` graded submissions to every assignment."""
    from autograder.course import Course

    here = Course.load()
    for file in ("course.toml", "nbgrader_config.py"):
        shutil.copy(here.root / file, folder)
    for name in ("solutions", "lib"):
        (folder / name).symlink_to(here.root / name)
    course = Course.load(folder)
    for assignment in course.assignments[1:]:  # the first only shows how things work
        fill(course, assignment, [f"s{number:04}" for number in range(count)])
    return course


def fill(course, assignment, students):
    """Grades one submission and gives its record and its files to all students."""
    from autograder import build, desk, source
    from autograder.gradebook import Book, Entry
    from autograder.ledger import Ledger
    from autograder.sandbox import levels

    name, (first, *others) = assignment.name, students
    handed_in = course.submitted / first / name / f"{name}.ipynb"
    handed_in.parent.mkdir(parents=True)
    handed_in.write_text(json.dumps(build.solved_notebook(source.read(course.source(name)), assignment)))
    desk.grade(course, name, levels.choose("auto"), jobs=1)
    made = Ledger(course.ledger).current(name, first)
    with Book(course.db_url) as gradebook:
        gradebook.save([Entry(student, made) for student in students])
    for student in others:
        for folder in (course.autograded, course.submitted):
            shutil.copytree(folder / first / name, folder / student / name, copy_function=os.link)


class Server:
    """The Jupyter server of a course."""

    def __init__(self, course, home):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [Path(sys.executable).parent / "jupyter", "lab", "--no-browser", "--ip=127.0.0.1", "--allow-root"]
        command += [f"--port={self.port}", f"--IdentityProvider.token={TOKEN}"]
        folders = {f"JUPYTER_{kind}_DIR": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
        with open(home / "log", "w") as log:
            self.process = subprocess.Popen(
                command, cwd=course.root, env=os.environ | folders, stdout=log, stderr=log
            )
        while True:
            try:
                return self.get("api") and None
            except OSError:
                time.sleep(0.5)

    def get(self, address):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/{address}", headers={"Authorization": f"token {TOKEN}"}
        )
        with urllib.request.urlopen(request, timeout=600) as answer:
            return answer.read()

    def cpu(self):
        """CPU seconds that the server has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def measured(self, address):
        """(wall seconds, CPU seconds, bytes) of a page; the second of two requests."""
        self.get(address)
        began, before = time.monotonic(), self.cpu()
        size = len(self.get(address))
        return round(time.monotonic() - began, 2), round(self.cpu() - before, 2), size


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=1000)
    count = parser.parse_args().students
    with tempfile.TemporaryDirectory() as folder:
        root, home = Path(folder) / "course", Path(folder) / "home"
        root.mkdir(), home.mkdir()
        server = Server(class_of(root, count), home)
        listing = f"formgrader/api/submitted_notebooks/{NAME}/{NAME}"
        try:
            listed = json.loads(server.get(listing))
            one = f"formgrader/submissions/{listed[0]['id']}"
            pages = {
                "/marking": "marking",
                "formgrader: manual grading, one assignment": listing,
                "formgrader: one submission": f"{one}/",
                "formgrader: Next": f"{one}/next",
                "formgrader: manage assignments": "formgrader/api/assignments",
                "formgrader: manage submissions": f"formgrader/api/submissions/{NAME}",
            }
            found = {}
            for title, address in pages.items():
                found[title] = server.measured(address)
                wall, cpu, size = found[title]
                print(f"{title:52} {wall:7.2f} s wall {cpu:7.2f} s CPU {size / 1000:8.0f} kB", flush=True)
        finally:
            server.process.terminate()
            server.process.wait(30)
    path = Path("build/bench/formgrader.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"students": count, "pages": found}, indent=1))


if __name__ == "__main__":
    main()
