"""The autograder zip for Gradescope: made here, and what runs inside of their container.

In the container: /autograder/source (the zip, unpacked; setup.sh was run in it), /autograder/submission, and
/autograder/results/results.json, which we write. Submissions are isolated as well as the container allows, which may be
not at all; the hidden tests are read and deleted before any cell of the student's runs.
"""

import dataclasses
import json
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from . import lms
from .bundle import Bundle
from .course import Limits
from .ledger import write_atomically
from .reading import Unreadable, find_notebook
from .sandbox import levels

SCRIPTS = Path(__file__).parent / "templates" / "gradescope"
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info", ".ipynb_checkpoints")
BUNDLE = "assignment.json"
EPOCH = (2020, 1, 1, 0, 0, 0)  # of every file in the zip, so that equal zips are equal files


def build(course, name, path):
    """Writes the zip to upload; returns its path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        shutil.copytree(Path(__file__).parent, folder / "autograder", ignore=IGNORED)
        shutil.copytree(course.lib, folder / "lib", ignore=IGNORED)
        for file in ("pyproject.toml", "constraints.txt", "README.md"):
            if (course.root / file).exists():
                shutil.copy(course.root / file, folder)
        for script in SCRIPTS.iterdir():
            shutil.copy(script, folder)
        limits = course.assignment(name).limits.to_dict()
        bundle = Bundle.from_source(course, name).to_json()
        (folder / BUNDLE).write_text(json.dumps({"bundle": bundle, "limits": limits}), encoding="utf-8")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(one for one in folder.rglob("*") if one.is_file()):
                entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = (0o755 if file.parent == folder and file.suffix in ("", ".sh") else 0o644) << 16
                archive.writestr(entry, file.read_bytes())
    return path


def run(root):
    """Grades what was handed in and writes results.json; it is written whatever happens."""
    root = Path(root)
    try:
        found = lms.results(*_grade(root))
    except Unreadable as error:
        found = {"score": 0.0, "output": str(error), "tests": []}
    except Exception as error:  # a student must never see an empty page, nor our traceback
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        said = "The autograder itself failed, which is not your notebook's fault. Tell your instructor."
        found = {"score": 0.0, "output": said, "tests": [], "extra_data": {"error": f"{type(error).__name__}: {error}"}}
    write_atomically(root / "results" / "results.json", json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def _grade(root):
    from .grading import Grader

    file = root / "source" / BUNDLE
    about = json.loads(file.read_text(encoding="utf-8"))
    file.unlink()  # of this container only; the next submission gets a fresh one
    bundle, limits = Bundle.from_json(about["bundle"]), Limits(**about["limits"])
    path, note = find_notebook(root / "submission", bundle.name)
    level = _level()
    with Grader(bundle, limits, level, root / "source" / "lib" / "nextword") as grader:
        made = grader.grade(path.read_bytes())
    return bundle, dataclasses.replace(made, notes=[*([note] if note else []), *made.notes])


def _level():
    """The best isolation that the container allows, or none: it is thrown away after each submission."""
    try:
        return levels.choose()
    except levels.SandboxUnavailable:
        return "none"


if __name__ == "__main__":
    run(sys.argv[1])
