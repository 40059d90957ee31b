"""The whole term: what one assignment's lateness does to another, and everybody's grades in two tables.

Grace days are used up over the term. So a late hand-in, or an extension, may change what lateness costs at another
assignment that was graded long ago; `settle` brings the gradebook and the feedback pages in step with that.
"""

from . import desk, export, indexes, late
from .gradebook import Book
from .ledger import Ledger


def settle(course):
    """Takes off what lateness costs now, at all assignments, and writes the pages again that say something else.

    Returns student -> assignment -> late.Lateness, for all who have a record.
    """
    book, granted = Ledger(course.ledger), late.extensions(course)
    classes = {one.name: book.students(one.name) for one in course.assignments}
    found = {who: late.of_student(course, who, granted) for who in sorted(set().union(*classes.values()))}
    with Book(course.db_url) as gradebook:
        for name, students in classes.items():
            gradebook.penalise(name, {who: found[who][name].factor for who in students})
    for name, students in classes.items():
        said = indexes.said(course, name)
        stale = [who for who in students if found[who][name].reason != said.get(who, "")]
        if stale:
            desk.write_feedback(course, name, stale)
    return found


def write(course):
    """Writes grades.csv, a line for each hand-in that was graded, and term.csv, a line for each student.

    Returns assignment -> export.Line of every student who handed it in.
    """
    found, book = settle(course), Ledger(course.ledger)
    lines = {one.name: desk.table(course, one.name) for one in course.assignments if book.students(one.name)}
    export.write_csv(course.grades, [line for table in lines.values() for line in table])
    left = {who: list(lateness.values())[-1].grace_left for who, lateness in found.items()}
    export.write_table(course.workspace / "term.csv", *totals(lines, left if course.late else {}))
    return lines


def totals(lines, left=()):
    """Header and rows of term.csv: each student's scores, their sum, what could be had, and grace days left.

    lines: assignment -> export.Line of its students; left: student -> grace days. Who has handed in nothing, or nothing
    that can be graded, has an empty cell, which adds nothing to the sum.
    """
    scores = {name: {line.student: line.score for line in table} for name, table in lines.items()}
    possible = sum(max((line.max_score for line in table), default=0.0) for table in lines.values())
    header = ["student", *lines, "total", "max_total", *(["grace_days_left"] if left else [])]
    rows = []
    for who in sorted({line.student for table in lines.values() for line in table}):
        own = [scores[name].get(who) for name in lines]
        total = sum((score for score in own if score is not None), 0.0)
        rows.append([who, *own, total, possible, *([left.get(who)] if left else [])])
    return header, rows
