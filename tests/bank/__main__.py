"""Runs the answer bank through the real judge and prints what it found; exit code 1 when something is not as it must be."""

import argparse
import concurrent.futures as futures
import os
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bank  # noqa: E402

from autograder import intake, released  # noqa: E402
from autograder.bundle import Bundle  # noqa: E402
from autograder.course import Course  # noqa: E402
from autograder.grading import Grader  # noqa: E402
from autograder.sandbox import levels  # noqa: E402


@dataclass
class Verdict:
    """What came of one answer: `accepted` with full marks; `message` of the first test that failed."""

    answer: bank.Answer
    accepted: bool
    message: str

    @property
    def named(self):
        return bool(self.answer.names) and self.answer.names in self.message

    @property
    def problem(self):
        """Why this is not as it must be, or ""."""
        if self.answer.right:
            return "" if self.accepted else f"a right answer was refused: {self.message}"
        if self.accepted:
            return f"a wrong answer got full marks ({self.answer.why})"
        return "" if self.named or not self.answer.names else f"its mistake was not named: {self.message}"


def submission(bundle, answer):
    """A notebook as the student would hand it in, with this one answer written."""
    cells = []
    for cell in bundle.cells:
        text = answer.source if cell.id == f"answer-{answer.exercise}" else cell.source
        cells.append(released.notebook_cell(cell, text))
    return released.notebook(bundle.name, bundle.title, cells)


def judge(grader, answer):
    """Judges the exercise of one answer alone: the cells before it are run, the other exercises are not tested."""
    repaired = intake.repair(submission(grader.bundle, answer), grader.bundle)
    steps = [s for s in repaired.steps if s.exercise == answer.exercise or (s.kind == "run" and s.whose == "ours")]
    results = grader.judge.judge(steps)
    failed = [r for s, r in zip(steps, results, strict=True) if s.kind == "test" and r.verdict != "passed"]
    return Verdict(answer, not failed, " / ".join(r.reason for r in failed))


def warm():
    """Imports what the tests import, as the grader's workers do; else the first answer's time goes by with it."""
    import torch
    from nextword import checks  # noqa: F401

    torch.set_num_threads(1)


def run(assignment, exercise=None, sandbox="auto"):
    """The verdicts on all answers to an assignment."""
    course = Course.load(Path(__file__).resolve().parents[2])
    bundle = Bundle.from_source(course, assignment)
    limits = course.assignment(assignment).limits
    with Grader(bundle, limits, levels.choose(sandbox), course.lib / "nextword") as grader:
        return [judge(grader, answer) for answer in bank.load(assignment, exercise)]


def report(verdicts):
    """Prints every problem, and the line that sums up. Returns the number of problems."""
    problems = [v for v in verdicts if v.problem]
    for verdict in problems:
        print(f"{verdict.answer.assignment} {verdict.answer.exercise} {verdict.answer.name}: {verdict.problem}\n")
    wrong = [v for v in verdicts if not v.answer.right]
    right = [v for v in verdicts if v.answer.right]
    rejected, named = sum(not v.accepted for v in wrong), sum(v.named for v in wrong)
    accepted = sum(v.accepted for v in right)
    print(
        f"wrong answers rejected {rejected}/{len(wrong)}, named {named}/{len(wrong)}; "
        f"right answers accepted {accepted}/{len(right)}"
    )
    return len(problems)


def main(arguments=None):
    asked = argparse.ArgumentParser(prog="python tests/bank", description=__doc__)
    asked.add_argument("assignment", nargs="?", help="only this one", choices=bank.assignments())
    asked.add_argument("exercise", nargs="?", help="only this one of it")
    asked.add_argument("--sandbox", default="auto", help="auto, rooms, house, landlock or none")
    asked.add_argument("--messages", action="store_true", help="print what each answer was told")
    asked = asked.parse_args(arguments)
    chosen = [asked.assignment] if asked.assignment else bank.assignments()
    with futures.ProcessPoolExecutor(min(len(chosen), os.cpu_count() or 1), initializer=warm) as pool:
        jobs = [pool.submit(run, name, asked.exercise, asked.sandbox) for name in chosen]
        verdicts = [verdict for job in jobs for verdict in job.result()]
    if not verdicts:
        raise SystemExit(f"The bank has no answer to {asked.exercise} in {asked.assignment}.")
    if asked.messages:
        for verdict in verdicts:
            print(f"{verdict.answer.exercise} {verdict.answer.name}: {verdict.message or 'full marks'}\n")
    return 1 if report(verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
