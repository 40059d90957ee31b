"""`kill -9` of the grader at random moments, then run again: the same gradebook, and nothing graded twice.

`make test-kill` kills it a hundred times; the test suite eight times.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from class_of import clone, dump, hand_in, level

from autograder import desk

KILLS = int(os.environ.get("KILLS", "8"))
GRADE = [sys.executable, "-m", "autograder", "grade", "every_role", "--jobs", "2", "--sandbox", level()]


def a_class(sample_course, sample_bundle, folder):
    """Four students; every notebook is another, so that each needs grading."""
    from conftest import notebook

    folder.mkdir()
    course = clone(sample_course, folder)
    for number in range(4):
        text = f"def count_words(tokens):\n    # {number}\n    return {{t: tokens.count(t) for t in tokens[{number % 2}:]}}"
        hand_in(course, sample_bundle, f"s{number}", data=notebook(sample_bundle, {"count_words": text}))
        (course.submitted / f"s{number}" / "every_role" / "timestamp.txt").write_text(f"2027-01-0{number + 1} 10:00:00 UTC\n")
    return course


def run(course, seconds=None):
    """Grades in a process of its own; kills it after some seconds. Returns the exit status."""
    started = subprocess.Popen(GRADE, cwd=course.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        said, _ = started.communicate(timeout=seconds)
        assert seconds is not None or started.returncode == 0, said.decode()[-2000:]
    except subprocess.TimeoutExpired:
        os.kill(started.pid, signal.SIGKILL)
        started.communicate()
    return started.returncode


def records(course):
    """Key -> when its record was written."""
    return {path.name: path.stat().st_mtime_ns for path in course.ledger.glob("*/*.json")}


@pytest.mark.xdist_group("kill")
@pytest.mark.timeout(60 * max(KILLS, 10))
def test_a_grader_killed_at_random_moments_ends_with_the_same_gradebook(sample_course, sample_bundle, tmp_path):
    undisturbed = a_class(sample_course, sample_bundle, tmp_path / "undisturbed")
    began = time.monotonic()
    run(undisturbed)
    whole = time.monotonic() - began
    moments, kills, rounds, again = random.Random(int(os.environ.get("SEED", "1"))), 0, 0, 0
    while kills < KILLS:
        rounds += 1
        disturbed = a_class(sample_course, sample_bundle, tmp_path / f"disturbed-{rounds}")
        for _ in range(4):
            before, began = records(disturbed), time.monotonic()
            finished = run(disturbed, moments.uniform(0.2, whole)) != -signal.SIGKILL
            kills += not finished
            after = records(disturbed)
            again += sum(after.get(key) != when for key, when in before.items())
            if finished:
                whole = time.monotonic() - began  # this machine is faster now
            if finished or kills == KILLS:
                break
        before = records(disturbed)
        run(disturbed)
        again += sum(records(disturbed)[key] != when for key, when in before.items())
        assert dump(disturbed) == dump(undisturbed)
        assert files(disturbed) == files(undisturbed)
        assert again == 0
        print(f"{kills} kills, {rounds} classes", flush=True)
    print(f"{kills} kills in {rounds} classes, {again} submissions graded twice")
    planned = desk.plan(disturbed, "every_role", level())
    assert not any(one.why for one in planned)
    assert not nothing_left(tmp_path)


def files(course):
    """What is there for students and graders: names of files, half-written ones left out."""
    folders = (course.autograded, course.feedback, course.workspace / "current")
    return sorted(
        str(path.relative_to(course.workspace))
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".tmp"
    )


def nothing_left(folder):
    """Processes that a killed grader has left behind: its workers, and what they started."""
    if not Path("/proc/self").exists():
        return []
    time.sleep(2)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder) in os.readlink(process / "cwd"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            pass
    return found
