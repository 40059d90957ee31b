"""Grades for learning platforms: Canvas's gradebook import, and results.json for Gradescope and anything else.

Canvas wants its own columns back: Student, ID, SIS User ID, SIS Login ID, Section, and one per assignment, named as in
Canvas. So export the gradebook from Canvas and give that file as `roster`; only the assignment's column is filled in.
"""

import csv
import io
import json
import re
import unicodedata
from collections import defaultdict

from . import record
from .bundle import Bundle
from .export import safe
from .judge import PASSED
from .ledger import Ledger, write_atomically

IDENTITY = ("Student", "ID", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account", "Section")
PLAIN = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")  # where no roster is given
POSSIBLE = "points possible"


class RosterError(Exception):
    """The file is not what Canvas exports; the message says what is missing."""


def canvas(found, title, points, roster=None):
    """The import file's text, and the students of ours whom the roster does not have, or has more than once.

    found: export.Line of one assignment; title: its name in Canvas; points: full marks; roster: the text that Canvas
    exported, or None (then students are known by their login alone). A student without a score has an empty cell,
    which Canvas leaves as it is.
    """
    scores = {line.student: line.score for line in found}
    header, rows = _roster(roster) if roster is not None else (list(PLAIN), _plain(scores))
    column = next((name for name in header if name == title or name.startswith(f"{title} (")), title)
    kept = [name for name in IDENTITY if name in header]
    students = _matched(rows, scores)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*kept, column])
    for at, row in enumerate(rows):
        if _is_possible(row):
            writer.writerow([*(row.get(name, "") for name in kept), f"{points:g}"])
            continue
        writer.writerow([*(safe(row.get(name, "")) for name in kept), safe(scores.get(students.get(at)))])
    return text.getvalue(), sorted(set(scores) - set(students.values()))


def _matched(rows, students):
    """Place of a row -> our student. Who fits two rows gets none: a score must never be somebody else's."""
    known = [defaultdict(list) for _ in range(KINDS)]
    for at, row in enumerate(rows):
        if not _is_possible(row):
            for kind, name in enumerate(_names(row)):
                known[kind][name].append(at)
    found = {}
    for student in students:
        places = next((kind[student.casefold()] for kind in known if student.casefold() in kind), [])
        if len(places) == 1:
            found.setdefault(places[0], []).append(student)
    return {at: one[0] for at, one in found.items() if len(one) == 1}


def _is_possible(row):
    return row.get("Student", "").strip().lower() == POSSIBLE


def _roster(text):
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = {"Student", "ID"} - set(reader.fieldnames or ())
    if missing:
        raise RosterError(f"The roster is not what Canvas exports: it has no column {sorted(missing)[0]!r}.")
    rows = [{name: value or "" for name, value in row.items() if name} for row in reader]
    return list(reader.fieldnames), [row for row in rows if row["Student"].strip()]  # not "Manual Posting", say


def _plain(scores):
    return [{"Student": "Points Possible"}, *({"Student": one, "SIS Login ID": one} for one in sorted(scores))]


KINDS = 6


def _names(row):
    """What our student's id may be in a row of the roster, the surest kind first; KINDS of them, "" where it has none.

    Canvas's zips know their files by the student's name without spaces and by the number that is the roster's ID:
    `Lovelace, Ada` is lovelaceada, or lovelaceada-1815 where two have that name (see autograder.collect).
    """
    login, number = row.get("SIS Login ID", "").strip(), row.get("ID", "").strip()
    plain = "".join(c for c in unicodedata.normalize("NFKD", row.get("Student", "")) if not unicodedata.combining(c))
    zipped = re.sub(r"[^A-Za-z0-9]", "", plain)
    known = (login, login.partition("@")[0], row.get("SIS User ID", "").strip(), number, f"{zipped}-{number}", zipped)
    return [name.casefold() for name in known]


# --- results.json -----------------------------------------------------------------------------------------


def results(bundle, made):
    """A record as Gradescope's results.json (plain data).

    Hidden tests are visible once grades are published, and then show their words and the public form of a failure
    only. No times: an answer could tell by them what it was asked. A bonus has a maximum of 0, so that it is extra
    credit. Written answers are not in it.
    """
    if made.status in (record.UNREADABLE, record.ERROR):
        return {"score": 0.0, "output": made.reason, "stdout_visibility": "hidden", "tests": []}
    output = [*(f"Repaired: {note}" for note in made.notes)]
    output += [_trouble(bundle, cell) for cell in made.cells if cell.verdict != "ran"]
    if any(answer.touched for answer in made.written):
        output.append("Written answers are marked by hand.")
    return {
        "output": "\n\n".join(output),
        "stdout_visibility": "hidden",
        "tests": [_test(bundle.exercise(test.exercise), test) for test in made.tests],
    }


def _test(exercise, test):
    hidden = test.kind == "hidden"
    said = [test.public if hidden else test.reason] if test.verdict != PASSED else []
    if hidden and exercise.covers:
        said.append(f"What this test covers: {exercise.covers}")
    return {
        "name": f"{exercise.heading} ({'hidden' if hidden else 'visible'} test)",
        "number": exercise.number,
        "score": float(test.points),
        "max_score": 0.0 if test.bonus else float(test.maximum),
        "status": "passed" if test.verdict == PASSED else "failed",
        "output": "\n\n".join(said),
        "output_format": "text",
        "visibility": "after_published" if hidden else "visible",
        "extra_data": {"cell": test.cell, "verdict": test.verdict, "mistake": test.mistake},
    }


def _trouble(bundle, cell):
    return f"{bundle.where(cell)}: {cell.reason}"


def results_json(bundle, made):
    return json.dumps(results(bundle, made), indent=1, ensure_ascii=False) + "\n"


# --- commands ---------------------------------------------------------------------------------------------


def write_canvas(course, name, roster=None):
    """Writes canvas-NAME.csv into the workspace.

    Returns its path, the students whom the roster does not have, and those who wait for marks: their scores will rise.
    """
    from . import desk

    bundle = Bundle.from_source(course, name)
    try:
        text = roster and roster.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RosterError(f"{roster} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise RosterError(f"{roster} is not what Canvas exports: it is no text in UTF-8.") from None
    table = desk.table(course, name)
    text, unknown = canvas(table, bundle.title, bundle.points, text)
    path = course.workspace / f"canvas-{name}.csv"
    write_atomically(path, text)
    return path, unknown, [line.student for line in table if line.status == record.TO_MARK]


def write_results(course, name):
    """Writes results/STUDENT/NAME.json into the workspace for every student with a record; returns the paths."""
    bundle, book, paths = Bundle.from_source(course, name), Ledger(course.ledger), []
    for student in book.students(name):
        if made := book.current(name, student):
            paths.append(course.workspace / "results" / student / f"{name}.json")
            write_atomically(paths[-1], results_json(bundle, made))
    return paths
