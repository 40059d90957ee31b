"""Lateness and index pages of a class: what the late policy says goes into the gradebook and onto the pages."""

import json

from . import feedback, late, ledger, record


def settle(course, name, gradebook, students):
    """Takes off what lateness costs at this assignment; returns student -> late.Lateness.

    Points are taken off the score as it is now: after marking by hand they are another number.
    """
    found = late.factors(course, name, students)
    gradebook.penalise(name, {student: one.factor for student, one in found.items()})
    return found


def write(course, gradebook, name, records):
    """Writes feedback/STUDENT/index.html for the students whose records (of assignment `name`) these are."""
    book, granted, reasons = ledger.Ledger(course.ledger), late.extensions(course), {}
    rows = {one.name: {row.student: row for row in gradebook.rows(one.name, records)} for one in course.assignments}
    for who, made in records.items():
        lateness = late.of_student(course, who, granted)
        reasons[who] = lateness[name].reason
        entries = []
        for assignment in sorted(course.assignments, key=lambda one: list(lateness).index(one.name)):
            current = made if assignment.name == name else book.current(assignment.name, who)
            graded = current and current.status in (record.GRADED, record.TO_MARK)
            page = course.feedback / who / f"{assignment.name}.html"
            entries.append(
                feedback.Entry(
                    assignment.title,
                    page.name if page.exists() else None,
                    current,
                    rows[assignment.name].get(who) if graded else None,
                    lateness[assignment.name],
                )
            )
        left = [one.grace_left for one in lateness.values()]
        grace = (left[-1], course.late.grace_days) if course.late and course.late.grace_days else None
        page = feedback.index_page(who, course.title, entries, grace)
        ledger.write_atomically(course.feedback / who / "index.html", page)
    kept = {who: reason for who, reason in (said(course, name) | reasons).items() if reason}
    ledger.write_atomically(_said(course, name), json.dumps(kept, indent=0, sort_keys=True))


def said(course, name):
    """Student -> what the page about this assignment says of lateness; only where it says something."""
    try:
        return json.loads(_said(course, name).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def _said(course, name):
    return course.ledger.parent / "current" / f"{name}.late.json"
