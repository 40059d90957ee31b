"""`nbgrader autograde` and `autograder grade` on the same class, in turns: CPU and wall time per submission, as ratios.

Everything that a command starts is counted, kernels, workers and the sandbox's processes included: this process adopts
what its children leave behind (PR_SET_CHILD_SUBREAPER) and waits for it. nbgrader is as it comes, in a course of its
own; its start-up is measured apart, so that a part of the class stands for the whole. Both must give the same points.

Everybody in the class has solved everything, which is the best case: what a test has seen before is not computed again.
`--bank` gives a quarter of the answers from the answer bank instead, right and wrong. nbgrader runs the notebook's
figures and autograder does not: `--no-figures` leaves them out for both. Writes build/bench/grading.json.
"""

import argparse
import ctypes
import json
import os
import random
import re
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
BIN = Path(sys.executable).parent
PR_SET_CHILD_SUBREAPER = 36
NBGRADER = "c = get_config()\nc.CourseDirectory.course_id = 'bench'\nc.CourseDirectory.ignore = ['*.py']\n"


def measured(command, folder):
    """(CPU seconds, wall seconds) of a command and all that it starts."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    with tempfile.TemporaryFile() as said:
        command = [str(part) for part in command]
        started = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
        status = started.wait()
        wall = time.monotonic() - began
        while True:  # what it left behind is ours now
            try:
                os.wait()
            except ChildProcessError:
                break
        said.seek(0)
        if status:
            sys.exit(f"{command} failed:\n{said.read().decode(errors='replace')[-3000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def notebooks(course, name, count, figures=True, bank=None):
    """(the solved notebook, `count` notebooks as handed in, each a little different)."""
    from autograder import build, source

    solved = build.solved_notebook(source.read(course.source(name)), course.assignment(name))
    if not figures:
        solved["cells"] = [cell for cell in solved["cells"] if not cell["id"].startswith("figure-")]
    answers = {cell["id"]: cell["source"] for cell in solved["cells"] if cell["id"].startswith("answer-")}
    made, chance = [], random.Random(1)
    for number in range(count):
        one = build.student_notebook(solved)
        for cell in one["cells"]:
            if cell["id"] in answers:
                text = answers[cell["id"]]
                others = (bank or {}).get(cell["id"])
                if others and chance.random() < 0.25:
                    text = chance.choice(others)
                cell["source"] = f"{text}\n# {number}\n"
        made.append(json.dumps(one))
    return solved, made


def bank_of(name):
    """Answer cell -> the texts that the answer bank has for it."""
    sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "bank"))
    import bank

    found = {}
    for answer in bank.load(name):
        found.setdefault(f"answer-{answer.exercise}", []).append(answer.source)
    return found


def hand_in(folder, name, made):
    for number, text in enumerate(made):
        place = folder / f"student{number:04}" / name
        place.mkdir(parents=True)
        (place / f"{name}.ipynb").write_text(text)


class Nbgrader:
    """A course of stock nbgrader."""

    def __init__(self, folder, name, solved):
        self.folder, self.name = folder, name
        folder.mkdir()
        (folder / "nbgrader_config.py").write_text(NBGRADER)
        (folder / "source" / name).mkdir(parents=True)
        for cell in solved["cells"]:  # nbgrader's default order of steps refuses these in written answers
            cell["source"] = re.sub("(?s)### BEGIN MARK SCHEME.*### END MARK SCHEME", "", cell["source"])
        (folder / "source" / name / f"{name}.ipynb").write_text(json.dumps(solved))
        measured([BIN / "nbgrader", "generate_assignment", name], folder)
        (folder / "submitted").mkdir()

    def run(self, made):
        for left in ("submitted", "autograded"):
            shutil.rmtree(self.folder / left, ignore_errors=True)
        hand_in(self.folder / "submitted", self.name, made)
        return measured([BIN / "nbgrader", "autograde", self.name, "--create"], self.folder)


def points(folder, students):
    """Points by student, as the gradebook in this folder has them; only of the first so many students."""
    with sqlite3.connect(folder / "gradebook.db") as database:
        found = database.execute(
            """select sa.student_id, sum(g.auto_score) from grade g
            join submitted_notebook sn on g.notebook_id = sn.id
            join submitted_assignment sa on sn.assignment_id = sa.id group by 1 order by 1"""
        )
        return dict(found.fetchmany(students))


def ours(course, folder, name, made, jobs):
    shutil.rmtree(folder, ignore_errors=True)
    hand_in(folder / "submitted", name, made)
    command = [BIN / "python", "-m", "autograder", "grade", name, "--workspace", folder, "--jobs", jobs]
    return measured(command, course.root)


PLAIN = """
import json, sys, time
import torch, nextword.checks, nextword.corpora
torch.set_num_threads(1)
nextword.corpora.narwhals()
import numpy, matplotlib
matplotlib.use("agg")
steps, times = json.load(sys.stdin), []
import contextlib, io
codes = [compile(step, "cell", "exec") for step in steps]
for _ in range(5):
    began = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        names = {"__name__": "__main__"}
        for code in codes:
            exec(code, names)
    times.append(time.process_time() - began)
print(sorted(times)[2])
"""


def alone(course, name, made):
    """CPU seconds of the same cells and tests run plainly, in one warm process: what nobody can save."""
    from autograder import intake
    from autograder.bundle import Bundle

    repaired = intake.repair(intake.read_submission(made.encode()), Bundle.from_source(course, name))
    steps = json.dumps([step.source for step in repaired.steps])
    done = subprocess.run([sys.executable, "-c", PLAIN], input=steps, text=True, capture_output=True, check=True)
    return float(done.stdout)


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--assignment", default="01_ngram_counting")
    asked.add_argument("--count", type=int, default=100, help="submissions for autograder")
    asked.add_argument("--peer", type=int, default=10, help="submissions for nbgrader in each round")
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--jobs", type=int, default=2)
    asked.add_argument("--bank", action="store_true", help="a quarter of the answers from the answer bank")
    asked.add_argument("--no-figures", action="store_true", help="a notebook without its figures")
    asked = asked.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    from autograder.course import Course

    course, name, count = Course.load(), asked.assignment, asked.count
    solved, made = notebooks(course, name, count, not asked.no_figures, bank_of(name) if asked.bank else None)
    with tempfile.TemporaryDirectory() as folder:
        peer = Nbgrader(Path(folder) / "nbgrader", name, solved)
        rounds = []
        for _ in range(asked.rounds):
            start = measured([BIN / "nbgrader", "--version"], folder)
            theirs = peer.run(made[: asked.peer])
            few = ours(course, Path(folder) / "few", name, made[:2], asked.jobs)
            all_of_them = ours(course, Path(folder) / "class", name, made, asked.jobs)
            rounds.append((start, theirs, few, all_of_them, alone(course, name, made[0])))
            compare(points(peer.folder, asked.peer), points(Path(folder) / "class", asked.peer))
            print(".", end="", flush=True)
    report(asked, rounds)


def compare(theirs, own):
    """Speed counts for nothing where the points are others."""
    different = {who: (theirs[who], own.get(who)) for who in theirs if theirs[who] != own.get(who)}
    if different or not theirs:
        sys.exit(f"nbgrader and autograder give other points: {different}")


def report(asked, rounds):
    def middle(value):
        return statistics.median(value(*one) for one in rounds)

    def nbgraders(kind):  # for a class of `count`: start-up once, the rest per submission
        return middle(lambda start, theirs, *_: start[kind] / asked.count + (theirs[kind] - start[kind]) / asked.peer)

    found = {
        "assignment": asked.assignment,
        "answers": "a quarter from the answer bank" if asked.bank else "all right",
        "figures": not asked.no_figures,
        "class": asked.count,
        "workers": asked.jobs,
        "rounds": len(rounds),
        "nbgrader": {"cpu": nbgraders(0), "wall": nbgraders(1)},
        "autograder": {
            "cpu": middle(lambda *one: one[3][0] / asked.count),
            "wall": middle(lambda *one: one[3][1] / asked.count),
            "cpu_of_start": middle(lambda *one: one[2][0] - 2 * (one[3][0] - one[2][0]) / (asked.count - 2)),
            "cpu_of_one_more": middle(lambda *one: (one[3][0] - one[2][0]) / (asked.count - 2)),
            "cpu_of_the_cells_alone": middle(lambda *one: one[4]),
        },
    }
    found["ratio"] = {kind: found["autograder"][kind] / found["nbgrader"][kind] for kind in ("cpu", "wall")}
    mine = found["autograder"]
    mine["cpu_added"] = mine["cpu_of_one_more"] - mine["cpu_of_the_cells_alone"]
    print(
        f"\n{asked.assignment}{' without figures' if asked.no_figures else ''}, answers: {found['answers']}; a class of"
        f" {asked.count}, {asked.jobs} workers; seconds per submission"
    )
    print(f"{'':24}{'nbgrader':>10}{'autograder':>12}{'ratio':>10}{'times less':>12}")
    for kind in ("cpu", "wall"):
        theirs, own = found["nbgrader"][kind], mine[kind]
        print(f"{kind:24}{theirs:10.3f}{own:12.3f}{own / theirs:10.3f}{theirs / own:12.1f}")
    print(
        f"start-up {mine['cpu_of_start']:.1f} s of CPU; one more submission {mine['cpu_of_one_more']:.3f} s, of which"
        f" its cells and tests alone {mine['cpu_of_the_cells_alone']:.3f} s: sandbox, judge and gradebook add"
        f" {mine['cpu_added']:.3f} s"
    )
    file = Path("build/bench/grading.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
