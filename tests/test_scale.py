"""A large class in bounded memory. `make test-scale` grades 2,000; the test suite 60."""

import json
import os
import subprocess
import sys

import pytest
from class_of import clone, hand_in, level, scores
from conftest import notebook

COUNT = int(os.environ.get("SUBMISSIONS", "60"))
PADDING = 200_000  # bytes of an output in every notebook, so that a class in memory would show
CODE = """
import json, os, sys, time
import psutil
from autograder import desk
from autograder.course import Course

peaks, zombies = {}, [0]

def peak(pid):
    # not ru_maxrss, which a process inherits from whoever started it
    return next((int(line.split()[1]) / 1024 for line in open(f"/proc/{pid}/status") if line.startswith("VmHWM")), 0)

def watch(done, total):
    if done % 20 and done < total:
        return
    ended = 0
    for one in psutil.Process().children(recursive=True):
        try:
            ended += one.status() == psutil.STATUS_ZOMBIE
            peaks[one.pid] = max(peaks.get(one.pid, 0), peak(one.pid))
        except (psutil.NoSuchProcess, OSError):
            pass
    zombies[0] = max(zombies[0], ended)

began, files = time.monotonic(), psutil.Process().num_fds()
outcome = desk.grade(Course.load(), "every_role", sys.argv[1], jobs=2, progress=watch)
wall, used = time.monotonic() - began, psutil.Process().cpu_times()
print(json.dumps({
    "graded": outcome.graded, "wall": round(wall, 1), "per_second": round(outcome.graded / wall, 2),
    "cpu": round(used.user + used.system, 1), "mb": round(peak(os.getpid())), "largest_child_mb": round(max(peaks.values(), default=0)),
    "zombies": zombies[0], "files_left": psutil.Process().num_fds() - files,
    "children_left": sum(one.ppid() == os.getpid() for one in psutil.Process().children()),
}))
"""


def grade(course):
    done = subprocess.run(
        [sys.executable, "-c", CODE, level()], cwd=course.root, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.xdist_group("scale")
@pytest.mark.timeout(300 + 3 * COUNT)
def test_a_large_class_is_graded_in_bounded_memory(sample_course, sample_bundle, tmp_path):
    course = clone(sample_course, tmp_path)
    for number in range(COUNT):
        text = f"def count_words(tokens):\n    # {number}\n    return {{t: tokens.count(t) for t in tokens[{number % 2}:]}}"
        data = json.loads(notebook(sample_bundle, {"count_words": text}))
        data["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * PADDING}]
        hand_in(course, sample_bundle, f"student{number:05}", data=json.dumps(data).encode())
    first, again = grade(course), grade(course)
    print(f"{COUNT} submissions: {first}; again: {again}")
    assert first["graded"] == COUNT and again["graded"] == 0
    assert len(scores(course)) == COUNT
    assert first["mb"] < 400 and again["mb"] < 400
    assert first["largest_child_mb"] < 600, "a worker, or a house"
    assert first["zombies"] <= 8 and first["files_left"] <= 8 and first["children_left"] <= 2
