"""A small course for tests: one assignment with a cell of every role."""

import copy
import functools
import json
from pathlib import Path

from autograder import build, source
from autograder.bundle import Bundle
from autograder.course import Assignment, Course

NAME = "every_role"
SOURCE = Path(__file__).parent / "samples" / f"{NAME}.py"
ASSIGNMENT = Assignment(NAME, "Every role", withhold=("nextword.text",))

RIGHT = {
    "count_words": "def count_words(tokens):\n    return {token: tokens.count(token) for token in tokens}",
    "entropy": "def entropy(probs):\n    return -sum(p * math.log(p) for p in probs if p)\n\n"
    "def twice(probs):\n    return 2 * entropy(probs)",
}


def course(folder):
    """The course in a folder of its own."""
    (folder / "solutions" / NAME).mkdir(parents=True)
    (folder / "solutions" / NAME / f"{NAME}.py").write_text(SOURCE.read_text())
    (folder / "course.toml").write_text(
        '[course]\nid = "sample"\ntitle = "A sample"\n\n'
        f'[[assignments]]\nname = "{NAME}"\ntitle = "Every role"\nwithhold = ["nextword.text"]\n'
    )
    return Course.load(folder)


@functools.cache
def bundle():
    return Bundle.of(source.read(SOURCE), ASSIGNMENT)


@functools.cache
def _notebooks():
    solved = build.solved_notebook(source.read(SOURCE), ASSIGNMENT)
    return json.dumps(solved), json.dumps(build.student_notebook(solved))


def solved():
    """The notebook with answers and hidden tests."""
    return json.loads(_notebooks()[0])


def student():
    """The notebook as students get it."""
    return json.loads(_notebooks()[1])


def handed_in(**answers):
    """The notebook with these answers written; all of them right ones when none is given."""
    notebook = student()
    for name, text in (answers or RIGHT).items():
        cell(notebook, f"answer-{name}")["source"] = text
    return notebook


def cell(notebook, cell_id):
    return next(one for one in notebook["cells"] if one["id"] == cell_id)


def place(notebook, cell_id):
    return notebook["cells"].index(cell(notebook, cell_id))


def own(text, cell_id="aaaa1111", kind="code"):
    """A cell that the student added."""
    added = {"cell_type": kind, "id": cell_id, "metadata": {}, "source": text}
    return added | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def twin(notebook, cell_id, text=None):
    """A copy of a cell as Jupyter pastes it: with the same metadata and another id."""
    made = copy.deepcopy(cell(notebook, cell_id))
    made["id"] = "bbbb2222"
    if text is not None:
        made["source"] = text
    return made
