"""The tree that students get: notebooks, library and `autograder check`, as a folder and a zip.

No solution, no hidden test and no answer bank is in it; library modules that answer an assignment which is not over
yet (`withhold` in course.toml) are left out and come with a later release.
"""

import datetime as dt
import hashlib
import re
import shutil
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from . import build, late
from .course import CourseError

KEPT = ("pyproject.toml", "constraints.txt", "environment.yml", "CHANGELOG.md")
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints", "*.egg-info")
EPOCH = (2020, 1, 1, 0, 0, 0)  # of every file in the zip, so that equal releases are equal files
MARKER = ".nextword-release"
IMPORT = re.compile(r"(?:from|import) (nextword\.\w+)")
FROM_IMPORT = re.compile(r"from nextword import ([\w, ]+)")


@dataclass(frozen=True)
class Release:
    """What was written: the folder and its zip; `withheld` modules; `later`: notebook -> the modules it waits for;
    `waiting`: assignments that were due, but may still be handed in -> until when."""

    folder: Path
    archive: Path
    withheld: list
    later: dict
    waiting: dict = field(default_factory=dict)


README = """# {title}

You need Python 3.11 or newer. In this folder:

    python3 -m venv .venv
    .venv/bin/python -m pip install -c constraints.txt -e .
    .venv/bin/jupyter lab notebooks

(With conda instead: `conda env create -f environment.yml`. On Windows, work inside WSL.)

Begin with `notebooks/00_start_here`. Write your answers where it says `raise NotImplementedError`, run the test below
each, and before you hand in a notebook let it be run afresh, as the grader will:

    .venv/bin/autograder check notebooks/{first}/{first}.ipynb

It says what every visible test finds, what hidden tests look at, and what was repaired, and leaves a zip beside the
notebook. Hand in that zip, or the `.ipynb` file itself. From a cell of the notebook, this does the same:

```python
from nextword import doctor
doctor.check()
```

Corrections are listed in CHANGELOG.md. Of a new zip take `lib/` and the notebooks that are new, and keep your own: what
you have written on an older version of a notebook is graded all the same.
"""


def release(course, folder, now=None, when_due=False):
    """Writes the students' tree to `folder` and a zip beside it; returns a Release.

    Left out are library modules that answer an assignment which is still open, and notebooks that need one of them
    (a later notebook may stand on what an earlier one asks for: it comes when that one is over).
    `now` (a datetime with a time zone) decides which assignments are over: those that nobody may hand in any more under
    the late policy; with `when_due`, those whose due date has passed. A folder that is not an earlier release is never
    overwritten: CourseError.
    """
    folder, now = Path(folder), now or dt.datetime.now(dt.UTC)
    _check_modules(course)
    build.build_all(course)
    _empty(folder)
    (folder / MARKER).write_text("made by: autograder release\n")
    withheld = withheld_modules(course, now, when_due)
    later = {a.name: needed for a in course.assignments if (needed := _needs(course, a, withheld))}
    for assignment in (a for a in course.assignments if a.name not in later):
        target = folder / "notebooks" / assignment.name
        target.mkdir(parents=True)
        shutil.copy(course.notebook(assignment.name), target)
    shutil.copytree(course.lib, folder / "lib", ignore=IGNORED)
    shutil.copytree(Path(__file__).parent, folder / "autograder", ignore=IGNORED)
    for name in KEPT:
        shutil.copy(course.root / name, folder)
    for module in withheld:
        (folder / "lib" / (module.replace(".", "/") + ".py")).unlink(missing_ok=True)
    first = next((a.name for a in course.assignments if a.withhold), course.assignments[0].name)
    (folder / "README.md").write_text(README.format(title=course.title, first=first), encoding="utf-8")
    waiting = {a.name: ends for a in course.assignments if a.due and a.due <= now < (ends := over(course, a, when_due))}
    return Release(folder, _zip(folder), withheld, later, waiting)


def _check_modules(course):
    """A misspelled module would be given away: CourseError."""
    for assignment in course.assignments:
        for module in assignment.withhold:
            if not (course.lib / (module.replace(".", "/") + ".py")).is_file():
                raise CourseError(
                    f"{course.root / 'course.toml'}: 'withhold' of assignment {assignment.name} names {module},"
                    f" but {course.lib} has no such module."
                )


def _needs(course, assignment, withheld):
    """Modules that an assignment's own cells import and that answer another one which is still open."""
    text = course.notebook(assignment.name).read_text(encoding="utf-8")
    found = set(IMPORT.findall(text)) | {
        f"nextword.{name.split()[0]}" for names in FROM_IMPORT.findall(text) for name in names.split(",")
    }
    return sorted(found & set(withheld))


def over(course, assignment, when_due=False):
    """When nobody may hand it in any more: the due date and the late days after it (with `when_due`, without them).

    Extensions are not looked at: one student's must not keep everybody from what comes next.
    """
    if when_due or course.late is None:
        return assignment.due
    return late.later(assignment.due, course.late.latest_days, course.late.zone)


def withheld_modules(course, now, when_due=False):
    """Modules that answer an assignment which is not over yet, or has no due date."""
    open_ones = [a for a in course.assignments if a.due is None or over(course, a, when_due) > now]
    return sorted({module for assignment in open_ones for module in assignment.withhold})


def _empty(folder):
    if folder.exists():
        if not (folder / MARKER).exists() and any(folder.iterdir()):
            raise CourseError(f"{folder} is not an earlier release; name another folder, or empty it yourself.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


def _zip(folder):
    """A zip of the folder that depends on nothing but its contents."""
    path = folder.with_name(folder.name + ".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(f"{folder.name}/{file.relative_to(folder).as_posix()}", EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, file.read_bytes())
    return path


def digest(path):
    """The sha256 of a file, to print beside its name."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
