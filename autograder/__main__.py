"""The `autograder` command."""

import dataclasses
import errno
import sys
from pathlib import Path
from typing import Annotated

import typer

from .course import Course, CourseError

# jsonschema, which nbformat imports, compiles 39 grammars of web addresses if it finds them: 2 s of every command,
# for a check that no notebook needs. What is None here cannot be found.
sys.modules.setdefault("rfc3987_syntax", None)

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

Workspace = Annotated[Path | None, typer.Option(help="Where the class lives (course.toml: paths.workspace).")]
Sandbox = Annotated[str, typer.Option(help="auto, rooms, house, landlock, or none (no isolation: trust all).")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Processes at a time (default: one per processor).")]
Student = Annotated[str | None, typer.Option(help="Only this student.")]
Name = Annotated[str, typer.Argument(help="The assignment, as course.toml lists it.")]


def course_at(workspace=None):
    """The course around the working directory, with another workspace if asked for."""
    course = Course.load()
    if workspace is None:
        return course
    paths = dataclasses.replace(course.paths, workspace=workspace.absolute())
    return dataclasses.replace(course, paths=paths)


def graded_at(workspace, name):
    """The same, for commands that work on what was graded: DeskError where there is nothing yet."""
    from .desk import DeskError
    from .ledger import Ledger

    course = course_at(workspace)
    course.assignment(name)
    if not Ledger(course.ledger).students(name):
        raise DeskError(f"Nothing of {name} is graded in {course.workspace} yet. Run: autograder grade {name}")
    return course


@app.command()
def build(
    names: Annotated[list[str] | None, typer.Argument(help="Assignments (default: all).")] = None,
    check: Annotated[bool, typer.Option(help="Write nothing; fail when notebooks/ is not up to date.")] = False,
):
    """Builds the notebooks from solutions/."""
    from . import build as builder

    course = course_at()
    stale = builder.build_all(course, names or None, check=check)
    if check and stale:
        print("Not up to date: " + ", ".join(stale) + ". Run: autograder build")
        raise typer.Exit(1)
    if not check:
        print(f"Written to {course.notebooks}: {', '.join(stale)}" if stale else f"{course.notebooks} is up to date.")


@app.command()
def grade(
    name: Name,
    workspace: Workspace = None,
    sandbox: Sandbox = "auto",
    jobs: Jobs = None,
    student: Student = None,
    force: Annotated[bool, typer.Option(help="Grade again what is in the ledger already.")] = False,
    changed: Annotated[bool, typer.Option(help="Show only what is new since the last run.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Only say what would be graded, and why.")] = False,
    shard: Annotated[str | None, typer.Option(help="Only this part, as in 2/8; see `autograder merge`.")] = None,
    scheduler: Annotated[str | None, typer.Option(help="Address of a dask scheduler (docs/cluster.md).")] = None,
):
    """Grades what is in submitted/ and writes gradebook, autograded notebooks, feedback and grades.csv."""
    from . import show

    course = course_at(workspace)
    if dry_run:
        show.plan(course, name, sandbox, student, force)
        return
    options = {"student": student, "force": force, "changed": changed, "scheduler": scheduler}
    show.grade(course, name, sandbox, jobs, shard=_part(shard), **options)


def _part(text):
    """`2/8` as (2, 8)."""
    if text is None:
        return None
    number, slash, of = text.partition("/")
    if not (slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise typer.BadParameter(f"--shard takes a part such as 2/8 (from 1/8 to 8/8), not {text}.")
    return int(number), int(of)


@app.command()
def merge(name: Name, workspace: Workspace = None, sandbox: Sandbox = "auto"):
    """Writes gradebook, feedback and grades.csv from what `grade --shard` has graded."""
    from . import show

    if show.merge(course_at(workspace), name, sandbox):
        raise typer.Exit(1)


@app.command()
def collect(
    name: Name,
    sources: Annotated[list[Path], typer.Argument(help="Folders, notebooks, or zips of Canvas, Moodle, Gradescope.")],
    workspace: Workspace = None,
    layout: Annotated[str, typer.Option(help="How files are named: auto, or as course.toml says.")] = "auto",
    attempt: Annotated[str, typer.Option(help="Which attempt counts: last, or best (all are graded).")] = "last",
    sandbox: Sandbox = "auto",
):
    """Takes what students handed in into submitted/ and says, by student, what could not be read."""
    from . import collect as collecting

    if collecting.run(course_at(workspace), name, sources, layout, attempt, sandbox):
        raise typer.Exit(1)


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="Your notebook.")],
    sandbox: Sandbox = "none",
):
    """Runs your notebook afresh as the grader will, and says what the visible tests find.

    For a notebook of your own: the tests in it are run as they are, outside of any sandbox.
    """
    from . import check as checking

    raise typer.Exit(checking.check(notebook, sandbox))


@app.command()
def feedback(name: Name, workspace: Workspace = None, student: Student = None):
    """Writes the feedback pages again (after marking by hand, say)."""
    from . import desk, late

    course = graded_at(workspace, name)
    paths = desk.write_feedback(course, name, student and [student])
    if not paths:
        raise desk.DeskError(f"Nothing of {student} is graded for {name}: see {course.submitted} for the names.")
    print(f"{late.count(len(paths), 'page')} in {course.feedback}")


@app.command()
def export(workspace: Workspace = None):
    """Writes grades.csv (a line for each hand-in) and term.csv (one for each student) from the gradebook."""
    from . import desk, late, record, term
    from .ledger import Ledger

    course = course_at(workspace)
    if not any(Ledger(course.ledger).students(one.name) for one in course.assignments):
        raise desk.DeskError(f"Nothing is graded in {course.workspace} yet. Run: autograder grade NAME")
    lines = [line for table in term.write(course).values() for line in table]
    print(f"{course.grades} and {course.grades.with_name('term.csv')}")
    if waiting := sum(line.status == record.TO_MARK for line in lines):
        print(f"{late.count(waiting, 'hand-in')} with written answers that still wait for marks.")
    for sentence in late.unheeded(course):
        print(sentence)


@app.command()
def canvas(
    name: Name,
    workspace: Workspace = None,
    roster: Annotated[Path | None, typer.Option(help="The gradebook as Canvas exports it.")] = None,
):
    """Writes the CSV that Canvas imports."""
    from . import lms

    path, unknown, waiting = lms.write_canvas(graded_at(workspace, name), name, roster)
    print(path)
    if unknown:
        print("Not in the roster, or not there once alone: " + ", ".join(unknown))
    if waiting:
        print("Written answers still wait for marks, and count nothing yet: " + ", ".join(waiting))


@app.command()
def results(name: Name, workspace: Workspace = None):
    """Writes results.json for every student, as Gradescope and other platforms read it."""
    from . import lms

    course = graded_at(workspace, name)
    print(f"{len(lms.write_results(course, name))} files in {course.workspace / 'results'}")


@app.command()
def gradescope(name: Name, path: Annotated[Path | None, typer.Option(help="Where the zip is written.")] = None):
    """Writes the autograder zip to upload to Gradescope."""
    from . import gradescope as packing

    print(packing.build(course_at(), name, path or Path("dist") / f"gradescope-{name}.zip"))


@app.command()
def report(name: Name, workspace: Workspace = None):
    """Writes a page about the class: what was passed, which mistakes were made, which answers are alike."""
    from . import report as reporting

    print(reporting.write(graded_at(workspace, name), name))


@app.command()
def release(
    folder: Annotated[Path, typer.Argument(help="A new folder, or an earlier release.")] = Path("dist/nextword"),
    when_due: Annotated[bool, typer.Option(help="What was due is over, though late days are left.")] = False,
):
    """Writes the tree that students get, and a zip of it: no solutions, no hidden tests, no answer bank."""
    from . import late
    from . import release as releasing

    course = course_at()
    made = releasing.release(course, folder, when_due=when_due)
    print(f"{made.folder} and {made.archive} (sha256 {releasing.digest(made.archive)})")
    if made.withheld:
        print("Left out until their assignments are over: " + ", ".join(made.withheld))
    for name, ends in made.waiting.items():
        print(f"{name} may be handed in late until {late.shown(ends, course.late.zone)}, and is over then")
    for name, modules in made.later.items():
        print(f"{name} comes later: it stands on {', '.join(modules)}")


@app.command()
def demo(sandbox: Sandbox = "auto", jobs: Jobs = None):
    """Builds the notebooks and grades a sample class of honest, mistaken and hostile submissions into demo/."""
    from . import demo as demonstration

    demonstration.run(course_at(Path("demo")), sandbox, jobs)


def main():
    """Runs the command; errors that a person can mend are shown as a sentence, not as a traceback."""
    try:
        app()
    except CourseError as error:
        _stop(error)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FILES and error.filename:
            _stop(f"{error.filename}: {error.strerror}. Nothing can be read or written there as it is.")
        if not isinstance(error, _mendable()):
            raise
        _stop(error)


# What is wrong with a disk or a folder, and not with the program.
FILES = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR}


def _stop(error):
    print(f"autograder: {error}", file=sys.stderr)
    sys.exit(1)


def _mendable():
    """Errors whose message says what to do. Imported only once there is one: commands start faster without."""
    from .build import BuildError
    from .bundle import BundleError
    from .desk import DeskError
    from .gradebook import GradebookError
    from .grading import GradingError
    from .late import LateError
    from .ledger import StorageError
    from .lms import RosterError
    from .sandbox.levels import SandboxUnavailable
    from .source import SourceError

    return (
        BuildError, BundleError, DeskError, GradebookError, GradingError, LateError, RosterError, StorageError,
        SandboxUnavailable, SourceError,
    )  # fmt: skip


if __name__ == "__main__":
    main()
