"""Grades as a table: CSV for any spreadsheet or learning platform."""

import csv
import io
import re
from dataclasses import dataclass

from . import record
from .ledger import write_atomically

COLUMNS = ("student", "assignment", "score", "max_score", "penalty", "late", "status", "reason")
FORMULA = tuple("=+-@＝＋－＠")
# Where spreadsheets separate cells by semicolons or bars, a formula may begin after one.
SEPARATED = re.compile(f"([;|] ?)(?=[{re.escape(''.join(FORMULA))}])")


@dataclass(frozen=True)
class Line:
    """One student's result for one assignment.

    score: None where there is none, and the reason says why; penalty: points that lateness has taken off it already;
    late: what the late policy says, in a sentence.
    """

    student: str
    assignment: str
    score: float | None
    max_score: float
    penalty: float
    status: str
    reason: str
    late: str = ""


def lines(assignment, full_marks, rows, ledger, late):
    """One line per student who handed something in: from the gradebook's rows, with the records' status and reason.

    late: student -> late.Lateness, for those in the gradebook.
    """
    rows = {row.student: row for row in rows}
    found = []
    for student in sorted(set(rows) | set(ledger.students(assignment))):
        made, row = ledger.current(assignment, student), rows.get(student)
        status, reason = (made.status, made.reasons) if made else (record.GRADED, "")
        if status in (record.UNREADABLE, record.ERROR):
            row = None  # what the gradebook holds is of an earlier submission
        else:
            status = record.TO_MARK if row and row.needs_marking else record.GRADED
        found.append(
            Line(
                student,
                assignment,
                row.score if row else None,
                row.max_score if row else full_marks,
                row.penalty if row else 0.0,
                status,
                reason,
                late[student].reason if row else "",
            )
        )
    return found


def write_csv(path, found):
    """Writes the lines as CSV."""
    write_table(path, COLUMNS, [[getattr(line, column) for column in COLUMNS] for line in found])


def write_table(path, header, rows):
    """Writes a CSV file (UTF-8), whole or not at all. What a spreadsheet would take for a formula is quoted."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([safe(value) for value in row] for row in [header, *rows])
    write_atomically(path, text.getvalue())


def safe(value):
    """Numbers as short as they are; text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return f"{value:.10g}"
    text = " ".join(str(value).replace("\0", "").split())
    return SEPARATED.sub(r"\1'", f"'{text}" if text.startswith(FORMULA) else text)
