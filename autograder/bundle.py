"""What grading needs of one assignment, as plain data: it loads fast and travels to workers as JSON.

Answers are in it as the stubs that students get; no solution is. Hidden tests are, unless it was read from a
notebook that students have.
"""

import dataclasses
import functools
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from autograder import released, static
from autograder import source as sources
from autograder.cells import GRADED, Cell, Exercise, Hint, student_version

FORMAT = 1


class BundleError(Exception):
    """A notebook or a text is not what a bundle can be read from."""


@dataclass(frozen=True)
class Bundle:
    """One assignment. `complete` is False when the hidden tests are not in it."""

    name: str
    title: str
    cells: tuple[Cell, ...]
    exercises: tuple[Exercise, ...]
    withhold: tuple[str, ...] = ()
    complete: bool = True

    @classmethod
    def from_source(cls, course, name):
        """The bundle of an assignment, from the build folder if its source has not changed since."""
        assignment = course.assignment(name)
        path = course.source(name)
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            raise sources.SourceError(
                [f"{path}: there is no such file; write the notebook's source there."]
            ) from None
        key = hashlib.sha256(b"\0".join([text, repr(assignment).encode(), _code()])).hexdigest()
        cache = course.build / "bundles" / f"{name}.json"
        if bundle := _cached(cache, key):
            return bundle
        bundle = cls.of(sources.parse(text.decode("utf-8"), path), assignment)
        _keep(cache, key, bundle)
        return bundle

    @classmethod
    def of(cls, source, assignment):
        """The bundle of a source that was read already."""
        cells = tuple(dataclasses.replace(cell, line=0, source=_graded_text(cell)) for cell in source.cells)
        return cls(assignment.name, assignment.title, cells, source.exercises, assignment.withhold)

    @classmethod
    def from_notebook(cls, path):
        """The bundle in a student's notebook, without hidden tests. Raises BundleError."""
        try:
            found = released.read(path)
        except released.NotReleased as error:
            raise BundleError(str(error)) from None
        return cls(found.name, found.title, found.cells, found.exercises, found.withhold, complete=False)

    def cell(self, cell_id):
        return self._cells[cell_id]

    def exercise(self, name):
        return self._exercises[name]

    def where(self, ran):
        """Whose cell a record.Ran or record.Test is about, in words."""
        if ran.exercise:
            return self.exercise(ran.exercise).label
        return "A cell that was given" if ran.cell in self._cells else "A cell of your own"

    @functools.cached_property
    def _cells(self):
        return {cell.id: cell for cell in self.cells}

    @functools.cached_property
    def _exercises(self):
        return {exercise.name: exercise for exercise in self.exercises}

    def seconds(self, cell_id):
        """The time limit that a cell has of its own, or None; cells that the student added have none."""
        cell = self._cells.get(cell_id)
        return cell.seconds if cell else None

    @functools.cached_property
    def defined(self):
        """The names that the tests ask of the answers."""
        tests = (cell for cell in self.cells if cell.role in ("test", "hidden"))
        return frozenset().union(*(static.free_names(cell.source) for cell in tests))

    @property
    def torch(self):
        """Whether some answer may use PyTorch."""
        return any(cell.torch for cell in self.cells)

    @property
    def points(self):
        """Full marks, without the bonus."""
        return sum(exercise.points for exercise in self.exercises)

    @property
    def graded(self):
        """The cells that give points, in order."""
        return tuple(cell for cell in self.cells if cell.role in GRADED)

    @functools.cached_property
    def digest(self):
        """The sha256 of all that a grade can depend on.

        Prose, hints and figures are not in it: mending a typing error in them regrades nobody.
        """
        data = self.to_dict()
        data["cells"] = [cell for cell in data["cells"] if cell["role"] not in ("prose", "figure")]
        for exercise in data["exercises"]:
            for key in ("title", "difficulty", "minutes", "hints", "covers", "scheme"):
                del exercise[key]
        del data["title"]
        return hashlib.sha256(_canonical(data).encode()).hexdigest()

    def to_dict(self):
        return {"format": FORMAT, **dataclasses.asdict(self)}

    def to_json(self):
        """Canonical: equal bundles give equal text."""
        return _canonical(self.to_dict())

    @classmethod
    def from_json(cls, text):
        """The bundle that `to_json` wrote. Raises BundleError."""
        try:
            data = json.loads(text)
            if data.pop("format") != FORMAT:
                raise BundleError(
                    "This bundle was written by another version of the autograder; build it again."
                )
            cells = tuple(Cell(**cell) for cell in data.pop("cells"))
            exercises = tuple(_exercise(exercise) for exercise in data.pop("exercises"))
            return cls(cells=cells, exercises=exercises, withhold=tuple(data.pop("withhold")), **data)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BundleError(f"This is not a bundle: {error}") from None


def _graded_text(cell):
    """What grading needs of a cell's text: the stub where the student writes, all of a test."""
    return student_version(cell) if cell.role in ("answer", "written") else cell.source


def _exercise(data):
    data["hints"] = tuple(Hint(**hint) for hint in data["hints"])
    data["defines"] = tuple(data["defines"])
    return Exercise(**data)


def _canonical(data):
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@functools.cache
def _code():
    """The code that reads sources; a bundle read by other code is read again."""
    folder = Path(__file__).parent
    return b"".join(
        (folder / file).read_bytes()
        for file in ("cells.py", "exercises.py", "source.py", "static.py", "bundle.py")
    )


def _cached(file, key):
    try:
        found, text = file.read_text(encoding="utf-8").split("\n", 1)
        return Bundle.from_json(text) if found == key else None
    except (OSError, ValueError, BundleError):
        return None


def _keep(file, key, bundle):
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f".{file.name}.{os.getpid()}")
        new.write_text(f"{key}\n{bundle.to_json()}", encoding="utf-8")
        os.replace(new, file)
    except OSError:
        pass  # a read-only folder costs a second each time, and nothing else
