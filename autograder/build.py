"""Makes the notebooks: with answers and hidden tests for nbgrader, and without them for students.

`build` is deterministic to the byte. nbgrader's own preprocessors take the answers out, so that its
`generate_assignment` makes the same student notebook (nbgrader_config.py gives it the same settings).
"""

import contextlib
import json
import logging
import os
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from autograder import released, static
from autograder import source as sources
from autograder.cells import CODE_STUB, HIDDEN, SCHEME, SOLUTION, TEXT_STUB, inside

# A line of an answer that is shorter than this is everybody's: `return x`. So are lines like `for x in items:`.
TELLING = 16


class BuildError(Exception):
    """What was built is not fit for students; `problems` has one line for each reason."""

    def __init__(self, problems):
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Built:
    """The two files of one assignment, and whether the student's changed."""

    source: Path
    student: Path
    changed: bool


def build(course, name):
    """Builds one assignment of a course. Raises SourceError or BuildError, and then writes nothing."""
    solved, student = render(course, name)
    source_file, student_file = course.source_notebook(name), course.notebook(name)
    _write(source_file, solved)
    return Built(source_file, student_file, _write(student_file, student))


def build_all(course, names=None, check=False):
    """Builds these assignments, or all that course.toml lists; returns the names of those that changed.

    With `check`, nothing is written: what is returned are the student notebooks that are not up to date.
    """
    names = names or [assignment.name for assignment in course.assignments]
    if check:
        return [name for name in names if _text_of(course.notebook(name)) != render(course, name)[1]]
    return [name for name in names if build(course, name).changed]


def render(course, name):
    """The texts of both notebooks of an assignment: with answers and hidden tests, and for students."""
    assignment = course.assignment(name)
    source = sources.read(course.source(name))
    if problems := static.problems_of(source):
        raise BuildError(problems)
    solved = solved_notebook(source, assignment)
    student = student_notebook(solved)
    if problems := leaks(source, student):
        raise BuildError(problems)
    return _text(solved), _text(student)


def solved_notebook(source, assignment):
    """The notebook with answers and hidden tests, as plain data."""
    exercises = {exercise.name: exercise for exercise in source.exercises}
    cells = [released.notebook_cell(c, c.source, exercises.get(c.exercise)) for c in source.cells]
    return released.notebook(assignment.name, assignment.title, cells, assignment.withhold)


def student_notebook(solved):
    """The notebook that students get, as plain data, from the one with answers."""
    return _processed(gradebook_notebook(solved), "ClearHiddenTests", "ComputeChecksums", "CheckCellMetadata")


def gradebook_notebook(solved):
    """What nbgrader's gradebook keeps: no answers, but hidden tests, and checksums to tell what students changed."""
    return _processed(
        solved,
        "LockCells",
        "ClearSolutions",
        "ClearMarkScheme",
        "ClearOutput",
        "CheckCellMetadata",
        "ComputeChecksums",
    )


def _processed(data, *names):
    """A notebook, as plain data, after nbgrader's preprocessors of these names."""
    import nbformat
    from nbgrader import preprocessors as nbgrader
    from traitlets.config import Config

    notebook, resources = nbformat.from_dict(json.loads(json.dumps(data))), {}
    with _quiet():
        for name in names:
            step = getattr(nbgrader, name)(config=Config(settings()))
            notebook, resources = step.preprocess(notebook, resources)
    return json.loads(json.dumps(notebook))


def settings():
    """What nbgrader's preprocessors are told, here and in nbgrader_config.py."""
    return {
        "ClearSolutions": {"code_stub": {"python": CODE_STUB}, "text_stub": TEXT_STUB},
        "ClearMarkScheme": {"enforce_metadata": False},
    }


def leaks(source, student):
    """Lines of answers, hidden tests or marking schemes in the student's notebook, one problem each.

    Lines that say little are no leak. Nor are lines of answers that a given cell has too, nor lines of hidden
    tests that other code of ours has: tests are made of the same few phrases.
    """
    public = {cell["id"]: _lines("".join(cell["source"])) for cell in student["cells"]}
    problems = []
    for region, roles in _COMMON.items():
        common = {line for cell in source.cells if cell.role in roles for line in _lines(cell.source)}
        for cell in source.cells:
            secret = set(_lines("\n".join(inside(cell.source, region)))) - common
            for where, lines in public.items():
                for line in dict.fromkeys(line for line in lines if line in secret):
                    problem = f"{where} gives this line away to students: {line}"
                    problems.append(f"{source.path}:{cell.line}: {cell.id}: {problem}")
    return problems


# Of which roles a cell may have a line in common with a region.
_COMMON = {SOLUTION: ("given",), HIDDEN: ("given", "test", "figure"), SCHEME: ()}


def _lines(text):
    """The telling lines of a text, without indentation, in order."""
    bare = (" ".join(line.split()) for line in text.split("\n"))
    return [line for line in bare if _telling(line)]


def _telling(line):
    if len(line) < TELLING or line.startswith(("import ", "from ")) or line.endswith(":"):
        return False
    return len(re.findall(r"[A-Za-z_]\w*", line)) > 1


def _text(notebook):
    """A notebook as nbformat writes it: sorted keys, one space, a new line at the end."""
    import nbformat

    return nbformat.writes(nbformat.from_dict(notebook), version=4) + "\n"


def _write(path, text):
    """Writes a file if it changed, in one step; returns whether it did."""
    if _text_of(path) == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_text(text, encoding="utf-8", newline="\n")
    os.replace(new, path)
    return True


def _text_of(path):
    """What a file holds, or None if there is none."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="utf-8")


@contextlib.contextmanager
def _quiet():
    """nbgrader logs to the root logger what we say ourselves."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


# --- running what was built ---


@dataclass(frozen=True)
class Run:
    """An executed notebook: what was wrong with it, one line each, and the seconds of one processor it took."""

    notebook: dict
    problems: tuple[str, ...]
    seconds: float


def execute(path, solved, seconds=60):
    """Runs a built notebook from top to bottom in a fresh kernel, on one thread.

    The solved one must take no more than `seconds`, raise nothing and leave stderr empty, and its tests must leave
    nothing but printed text. The student's may raise NotImplementedError, and nothing else.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    notebook = nbformat.read(path, as_version=4)
    problems, before = [], _seconds_of_children()
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=10 * seconds,  # by the clock, and machines are busy
            allow_errors=True,
            extra_arguments=["--log-level=ERROR"],  # a kernel's remarks about its sockets
            resources={"metadata": {"path": folder}},
        )
        try:
            client.execute(env={**os.environ, "OMP_NUM_THREADS": "1"})
        except CellTimeoutError:
            problems.append(f"{path}: a cell ran for more than {10 * seconds} seconds.")
        except DeadKernelError:
            problems.append(f"{path}: the kernel died.")
    took = _seconds_of_children() - before
    if took > seconds:
        problems.append(f"{path}: it took {took:.0f} seconds; {seconds} are allowed.")
    for cell in notebook.cells:
        problems += [f"{path}: {cell.id}: {problem}" for problem in _output_problems(cell, solved)]
    return Run(notebook, tuple(problems), took)


def _seconds_of_children():
    """The processor time of the processes that this one started and that have ended; the clock on Windows."""
    try:
        import resource
    except ImportError:
        return time.monotonic()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _output_problems(cell, solved):
    role = cell.metadata.get(released.OURS, {}).get("role")
    for output in cell.get("outputs", ()):
        if output.output_type == "error":
            if solved or output.ename != "NotImplementedError":
                yield f"{output.ename}: {output.evalue}"
        elif output.output_type == "stream" and output.name == "stderr":
            yield f"it writes to stderr: {output.text.strip()[:200]}"
        elif output.output_type != "stream" and role in ("test", "hidden"):
            yield f"a test leaves nothing but printed text; this leaves {output.output_type}"
