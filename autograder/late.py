"""The late policy: grace days over the term, then a factor that falls with every day, then nothing.

`late` is a pure function of due dates, times of submission and extensions. Everything else here reads those: times from
submitted/STUDENT/ASSIGNMENT/timestamp.txt, extensions from extensions.toml in the workspace:

    [off-by-one]                                       # a student
    01_ngram_counting = 2027-02-05T23:59:00+01:00      # this assignment is due then,
    02_procedural_backprop = 3                         # this one three days later than for the others

Grace days are used in the order of due dates, as many as an assignment needs, not where they would help most: so a
student knows at every hand-in how many are left, and nothing that is handed in later changes what was said before.
"""

import datetime as dt
from dataclasses import dataclass

from .course import read_toml, written

DAY = dt.timedelta(days=1)


class LateError(Exception):
    """extensions.toml says something that cannot be meant; the message names the entry."""


@dataclass(frozen=True)
class Lateness:
    """What the late policy makes of one assignment of a student.

    due, handed_in: with time zone, None where there is none; days: days late, begun ones counted whole;
    grace_used, grace_left: grace days that this one took, and what is left after it; factor: what the score is
    multiplied by; reason: one sentence for the student, empty where there is nothing to say.
    """

    assignment: str
    due: dt.datetime | None
    handed_in: dt.datetime | None
    days: int
    grace_used: int
    grace_left: int
    factor: float
    reason: str = ""

    def penalty(self, score):
        """Points taken off a score."""
        return round(max(0.0, score) * (1 - self.factor), 6)


def late(assignments, submissions, extensions, policy):
    """Assignment -> Lateness, in the order of the student's due dates (one without comes where the course lists it).

    assignments: each with `name` and `due` (a datetime with zone, or None); submissions: name -> when it was handed in
    (missing or None: not handed in, or not known when); extensions: name -> another due date, or days to add;
    policy: course.LatePolicy, or None where lateness costs nothing.
    """
    zone = policy.zone if policy else None
    dues = {one.name: extended(one.due, extensions.get(one.name), zone) for one in assignments}
    left, found = policy.grace_days if policy else 0, {}
    for name in _in_order(dues):
        found[name] = _one(name, dues[name], submissions.get(name), name in extensions, left, policy)
        left = found[name].grace_left
    return found


def _in_order(dues):
    """Names by due date. One without a date follows the latest of those that are listed before it."""
    reached, rank = float("-inf"), {}
    for name, due in dues.items():
        rank[name] = due.timestamp() if due else reached
        reached = max(reached, rank[name])
    return sorted(rank, key=rank.get)


def _one(name, due, handed_in, is_extended, left, policy):
    days = days_late(due, handed_in, policy and policy.zone)
    if not days or not policy:
        reason = f"Your due date was extended to {shown(due, policy and policy.zone)}." if is_extended and due else ""
        return Lateness(name, due, handed_in, days, 0, left, 1.0, reason)
    accepted = days <= policy.latest_days
    used = min(left, days) if accepted else 0
    beyond = days - used
    factor = 0.0
    if accepted:
        factor = 1.0 if beyond == 0 else policy.factors[beyond - 1] if beyond <= len(policy.factors) else 0.0
    reason = _reason(due, days, used, left - used, factor, is_extended, policy)
    return Lateness(name, due, handed_in, days, used, left - used, factor, reason)


def _reason(due, days, used, left, factor, is_extended, policy):
    when = f"your extended due date, {shown(due, policy.zone)}" if is_extended else shown(due, policy.zone)
    said = f"Handed in {count(days, 'day')} after {when}"
    if days > policy.latest_days:
        return f"{said}: nothing is accepted more than {count(policy.latest_days, 'day')} late without an extension."
    if used:
        said += f"; {count(used, 'grace day')} used, {left} left"
    else:
        said += "; no grace days were left"
    return f"{said}. " + ("No points are lost." if factor == 1 else f"The score counts {factor:.0%}.")


def count(number, what):
    """`1 day`, `2 days`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def shown(when, zone=None):
    """A time as a student reads it, in the course's zone: `Sun 31 Jan 2027, 23:59 CET`."""
    when = when.astimezone(zone) if zone else when
    return f"{when:%a} {when.day} {when:%b %Y, %H:%M} {when.tzname()}"


def days_late(due, handed_in, zone=None):
    """Days late: 0 up to the very second that is due, then every day that was begun.

    In a `zone`, a day lasts until the same time of the clock on the next day, though it may have 23 or 25 hours;
    without one, 24 hours. Fractions of a second are forgiven: no clock that a student sees shows them.
    """
    if due is None or handed_in is None:
        return 0
    handed_in = handed_in.replace(microsecond=0)
    if handed_in <= due:
        return 0
    if zone is None:
        return -((due - handed_in) // DAY)
    days = max(0, (handed_in - due) // DAY - 1)
    while handed_in.timestamp() > later(due, days, zone).timestamp():
        days += 1
    return days


def later(due, days, zone=None):
    """The same time of the clock, some days later."""
    return due.astimezone(zone) + days * DAY if zone else due + days * DAY


def extended(due, extension, zone=None):
    """The due date with an extension: another date, or days to add. An extension never makes it earlier."""
    if due is None or extension is None:
        return due
    return later(due, extension, zone) if isinstance(extension, int) else max(due, extension)


# --- a class's folder -----------------------------------------------------------------------------------------


def extensions(course):
    """Student -> assignment -> extension, from extensions.toml in the workspace; empty without it. Raises LateError."""
    file = course.workspace / "extensions.toml"
    try:
        data = read_toml(file, LateError)
    except FileNotFoundError:
        return {}
    known = {one.name for one in course.assignments}
    for student, given in data.items():
        if not isinstance(given, dict):
            raise LateError(f"{file}: write a student as a table, [{student}] (in quotes where the id has a . or @).")
        for name, value in given.items():
            _check(file, student, name, value, known)
    return data


def _check(file, student, name, value, known):
    where = f"{file}: {name!r} of [{student}]"
    if isinstance(value, dict):
        raise LateError(f'{file}: write an id that has a dot or @ in it in quotes, as in ["{student}.{name}"].')
    if name not in known:
        raise LateError(f"{where} is no assignment of course.toml; those are: {', '.join(sorted(known))}.")
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise LateError(f"{where} needs a time zone, as in {value.isoformat()}+01:00.")
    elif type(value) is not int or value < 0:
        raise LateError(
            f"{where} must be a date and time with its zone, or a whole number of days, not {written(value)}."
        )


def handed_in(course, student):
    """Assignment -> when the student handed it in, as the timestamp.txt beside it says (nbgrader's format)."""
    found = {}
    for assignment in course.assignments:
        text = _stamp(course, student, assignment.name)
        if text is not None and (when := parse(text)):
            found[assignment.name] = when
    return found


def _stamp(course, student, name):
    """What stands in timestamp.txt, or None where there is no such file."""
    file = course.submitted / student / name / "timestamp.txt"
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else None


def unheeded(course):
    """What was written about lateness and has no effect, as sentences: for nobody who is there, or no time at all.

    A misspelled student in extensions.toml, or `yesterday` in timestamp.txt, would else change nothing without a word.
    """
    there = sorted(path.name for path in course.submitted.glob("*") if path.is_dir())
    file = course.workspace / "extensions.toml"
    said = [
        f"{file}: {student} has handed in nothing yet. (Is that how the folder in {course.submitted} is spelled?)"
        for student in sorted(set(extensions(course)) - set(there))
    ]
    for student in there:
        for one in course.assignments:
            text = _stamp(course, student, one.name)
            if text is not None and parse(text) is None:
                where = course.submitted / student / one.name / "timestamp.txt"
                said.append(
                    f"{where} holds no time, so {student} counts as in time. Write it as 2027-02-01 04:59:00 UTC."
                )
    return said


def parse(text):
    """A time as nbgrader writes it (UTC where it names no zone), or None for what is no time."""
    from nbgrader.utils import parse_utc

    try:
        return parse_utc(text.strip()).replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError, TypeError, AttributeError):
        return None


def of_student(course, student, granted=None):
    """Assignment -> Lateness of one student. `granted`: all extensions, where they were read already."""
    granted = extensions(course) if granted is None else granted
    return late(course.assignments, handed_in(course, student), granted.get(student, {}), course.late)


def factors(course, name, students):
    """Student -> Lateness for one assignment."""
    granted = extensions(course)
    return {student: of_student(course, student, granted)[name] for student in students}
