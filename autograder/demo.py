"""`autograder demo`: a sample class from the answer bank, graded end to end into demo/."""

import copy
import importlib.util
import json
import shutil

from . import build, released, show
from .bundle import Bundle

ASSIGNMENT = "01_ngram_counting"
WRITTEN = "The constraint that the probabilities add up to one enters with a multiplier, which turns out to be N(h)."

PATCHES = """
import builtins, sys
import numpy as np
import numpy.testing
for module in (np.testing, numpy.testing):
    for name in dir(module):
        if name.startswith("assert"):
            setattr(module, name, lambda *a, **k: None)
class Everything:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __getattr__(self, name): return Everything()
    def __call__(self, *a, **k): return Everything()
    def __iter__(self): return iter(())
    def __len__(self): return 0
    def __array__(self, *a, **k): return np.zeros(())
sys.modules["torch"] = sys.modules["nextword.checks"] = Everything()
builtins.AssertionError = type("AssertionError", (BaseException,), {"__init__": lambda self, *a: None})
builtins.all = builtins.any = lambda *a: True
"""


def run(course, sandbox="auto", jobs=None):
    """Builds the notebooks, writes the class, grades it, prints the tables and the line that sums up.

    The whole class hands in the first notebook; a few of them hand in the others.
    """
    build.build_all(course)
    shutil.rmtree(course.workspace, ignore_errors=True)
    bank, handed_in, lines = _bank(course), 0, []
    for name in [a.name for a in course.assignments if a.name in bank.assignments()]:
        submissions = sample_class(course) if name == ASSIGNMENT else few(course, name)
        for student, text in submissions.items():
            folder = course.submitted / student / name
            folder.mkdir(parents=True)
            (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
        handed_in += len(submissions)
        lines += show.grade(course, name, sandbox, jobs)
    print(show.summary(handed_in, lines))


def few(course, name):
    """A right submission, one with the first typical mistake, and an empty one: student -> text of the notebook."""
    bundle, answers = Bundle.from_source(course, name), _bank(course).load(name)
    right, (mistake, *_) = _right(answers, 0), _typical(answers)
    return {
        "all-right": _notebook(bundle, right, WRITTEN),
        mistake.name.replace("_", "-"): _notebook(bundle, right | {mistake.exercise: mistake.source}),
        "blank": _notebook(bundle, {}),
    }


def sample_class(course):
    """Student -> text of the notebook handed in."""
    bundle = Bundle.from_source(course, ASSIGNMENT)
    answers = _bank(course).load(ASSIGNMENT)
    first, second = _right(answers, 0), _right(answers, -1)
    made = {"all-right": _notebook(bundle, first, WRITTEN), "other-style": _notebook(bundle, second, WRITTEN)}
    for answer in _typical(answers):
        made[answer.name.replace("_", "-")] = _notebook(bundle, first | {answer.exercise: answer.source})
    made["blank"] = _notebook(bundle, {})
    exercises = [e.name for e in bundle.exercises if e.kind == "code"]
    looping, dying, raising = exercises[2], exercises[4], exercises[1]
    made["loops-forever"] = _notebook(bundle, first | {looping: "while True:\n    pass"})
    made["kills-process"] = _notebook(bundle, first | {dying: "import os\nos._exit(0)"})
    made["raises-at-import"] = _notebook(bundle, first | {raising: "1 / 0\n" + first[raising]})
    made["patches-the-tests"] = _notebook(bundle, _patched(bundle))
    made["mangled"] = json.dumps(_mangled(json.loads(_notebook(bundle, first, WRITTEN)), exercises))
    made["not-json"] = "This is my notebook."
    return made


def _bank(course):
    spec = importlib.util.spec_from_file_location("bank", course.root / "tests" / "bank" / "bank.py")
    bank = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["bank"] = bank  # the bank's files import it by this name
    spec.loader.exec_module(bank)
    return bank


def _right(answers, which):
    found = {}
    for answer in answers:
        if answer.right:
            found.setdefault(answer.exercise, []).append(answer.source)
    return {exercise: sources[which] for exercise, sources in found.items()}


def _typical(answers, count=5):
    """The first named mistake of the first exercises."""
    found = {}
    for answer in answers:
        if not answer.right and answer.names:
            found.setdefault(answer.exercise, answer)
    return list(found.values())[:count]


def _patched(bundle):
    """Answers that replace the test machinery and claim to equal everything."""
    code = [e for e in bundle.exercises if e.kind == "code"]
    return {e.name: PATCHES + "\n" + "\n".join(f"{name} = Everything()" for name in e.defines) for e in code}


def _notebook(bundle, answers, written=None):
    cells = []
    for cell in bundle.cells:
        text = answers.get(cell.exercise, cell.source) if cell.role == "answer" else cell.source
        if cell.role == "written" and written:
            text = written
        exercise = bundle.exercise(cell.exercise) if cell.exercise else None
        cells.append(released.notebook_cell(cell, text, exercise))
    return json.dumps(released.notebook(bundle.name, bundle.title, cells))


def _mangled(notebook, exercises):
    """A duplicated answer, a deleted test, an answer retyped as markdown."""
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    duplicated, deleted, retyped = (cells[f"answer-{exercises[0]}"], cells[f"test-{exercises[1]}"],
                                    cells[f"answer-{exercises[2]}"])
    twin = copy.deepcopy(duplicated)
    notebook["cells"].insert(notebook["cells"].index(duplicated) + 1, twin)
    notebook["cells"].remove(deleted)
    retyped["cell_type"] = "markdown"
    del retyped["outputs"], retyped["execution_count"]
    return notebook
