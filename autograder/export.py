"""Grades as a table: CSV for any spreadsheet or learning platform."""

import csv
import io
from dataclasses import dataclass

from . import record
from .ledger import write_atomically

COLUMNS = ("student", "assignment", "score", "max_score", "penalty", "status", "reason")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Line:
    """One student's result for one assignment. `score` is None where there is none; the reason says why."""

    student: str
    assignment: str
    score: float | None
    max_score: float
    penalty: float
    status: str
    reason: str


def lines(assignment, full_marks, rows, ledger):
    """One line per student who handed something in: from the gradebook's rows, with the records' status and reason."""
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
            )
        )
    return found


def write_csv(path, found):
    """Writes the lines as CSV (UTF-8), whole or not at all. What a spreadsheet would take for a formula is quoted."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in found:
        writer.writerow([safe(getattr(line, column)) for column in COLUMNS])
    write_atomically(path, text.getvalue())


def safe(value):
    """Numbers as short as they are; text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    text = " ".join(str(value).replace("\0", "").split())
    return f"'{text}" if text.startswith(FORMULA) else text
