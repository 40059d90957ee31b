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
import json, resource, sys, time
from autograder import desk
from autograder.course import Course
began = time.monotonic()
outcome = desk.grade(Course.load(), "every_role", sys.argv[1], jobs=2)
used = resource.getrusage(resource.RUSAGE_SELF)
# not ru_maxrss, which a process inherits from whoever started it
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"graded": outcome.graded, "wall": time.monotonic() - began, "cpu": used.ru_utime + used.ru_stime,
                  "mb": peak / 1024}))
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
