"""The one place that knows paths and limits: it reads course.toml."""

import dataclasses
import datetime as dt
import math
import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

FILE = "course.toml"
MB = 1_000_000
DATE = "a date and time with its zone, as in 2027-01-31T23:59:00+01:00 (without quotes)"


class CourseError(Exception):
    """course.toml is missing or says something that cannot be meant."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Times are in seconds, sizes in bytes where the name does not say MB.

    cell_seconds: of the clock, for a cell or a test; time in which it waited for a busy processor does not count.
    submission_seconds: of the clock, for the whole notebook; and of processor time, for each of its rooms.
    """

    cell_seconds: float = 10.0
    submission_seconds: float = 300.0
    memory_mb: int = 1024
    processes: int = 32
    open_files: int = 64
    output_bytes: int = 1_000_000
    scratch_mb: int = 64
    value_bytes: int = 64 * MB
    callback_depth: int = 50
    callback_count: int = 1_000_000
    nesting_depth: int = 64

    def to_dict(self):
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Assignment:
    """One notebook of the course, as course.toml lists it."""

    name: str
    title: str
    due: dt.datetime | None = None
    withhold: tuple[str, ...] = ()
    limits: Limits = Limits()


@dataclass(frozen=True)
class LatePolicy:
    """What lateness costs. grace_days: for the whole term; factors: of the score, for one, two, ... days beyond them;
    latest_days: nothing later than this is accepted, grace days or not; zone: whose clock days follow (None: 24 h)."""

    grace_days: int
    factors: tuple[float, ...]
    latest_days: int
    zone: ZoneInfo | None = None


@dataclass(frozen=True)
class CollectLayout:
    """How a learning platform names files (see autograder.collect): a pattern with groups student, file and, where
    there are, number and attempt; what a student's folder is called; whether files carry the time of handing in."""

    pattern: str
    student: str = "{student}"
    times: bool = False


@dataclass(frozen=True)
class Paths:
    """The folders of the course; relative ones are below its root."""

    solutions: Path = Path("solutions")
    notebooks: Path = Path("notebooks")
    lib: Path = Path("lib")
    build: Path = Path("build")
    workspace: Path = Path("class")


@dataclass(frozen=True)
class Course:
    """A course: its assignments in order, its limits, and where everything lies."""

    root: Path
    id: str
    title: str
    assignments: tuple[Assignment, ...] = ()
    limits: Limits = Limits()
    paths: Paths = field(default_factory=Paths)
    late: LatePolicy | None = None
    collect: dict = field(default_factory=dict)
    database: str | None = None

    @classmethod
    def load(cls, root=None):
        """Reads course.toml in `root`, or in the nearest folder above that has one. Raises CourseError."""
        root = _find(root)
        file = root / FILE
        return _course(root, _Table(read_toml(file, CourseError), file))

    def assignment(self, name):
        """The assignment of that name; raises CourseError listing those there are."""
        for assignment in self.assignments:
            if assignment.name == name:
                return assignment
        known = ", ".join(a.name for a in self.assignments) or "none"
        raise CourseError(f"{self.root / FILE} lists no assignment {name!r}; it lists: {known}.")

    @property
    def solutions(self):
        return self.root / self.paths.solutions

    @property
    def notebooks(self):
        return self.root / self.paths.notebooks

    @property
    def lib(self):
        return self.root / self.paths.lib

    @property
    def build(self):
        return self.root / self.paths.build

    @property
    def workspace(self):
        return self.root / self.paths.workspace

    @property
    def submitted(self):
        return self.workspace / "submitted"

    @property
    def autograded(self):
        return self.workspace / "autograded"

    @property
    def feedback(self):
        return self.workspace / "feedback"

    @property
    def ledger(self):
        return self.workspace / "ledger"

    @property
    def gradebook(self):
        return self.workspace / "gradebook.db"

    @property
    def grades(self):
        return self.workspace / "grades.csv"

    @property
    def db_url(self):
        """The gradebook's database: db_url of [course], else a file in the workspace."""
        if self.database:
            return self.database
        return f"sqlite:///{self.gradebook.absolute()}"

    def source(self, name):
        """The py:percent source of an assignment, answers and hidden tests inside."""
        return self.solutions / name / f"{name}.py"

    def source_notebook(self, name):
        """The built notebook with answers and hidden tests, for nbgrader."""
        return self.build / "source" / name / f"{name}.ipynb"

    def notebook(self, name):
        """The notebook that students open."""
        return self.notebooks / name / f"{name}.ipynb"


def read_toml(file, error):
    """A TOML file as plain data. What cannot be read is an `error` (a class of exceptions) that shows the line."""
    try:
        text = file.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark of its encoding
    except UnicodeDecodeError:
        raise error(f"{file} is not valid TOML: it is no text in UTF-8; save it in that encoding.") from None
    except FileNotFoundError:
        raise
    except OSError as problem:
        raise error(f"{file} cannot be read: {problem.strerror}.") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise error(f"{file} is not valid TOML: {problem}{_line_at_fault(text, str(problem))}") from None


def _line_at_fault(text, problem):
    """The line that the parser names, and how a date is written where it holds one."""
    if not (place := re.search(r"at line (\d+)", problem)):
        return ""
    line = text.split("\n")[int(place[1]) - 1].strip()
    dated = re.search(r"=\s*\d+[-./]\d+[-./]\d+", line)
    return f"\n    {line}" + (f"\nWrite {DATE}." if dated else "")


def written(value):
    """A value as it stands in the file, or nearly so."""
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else repr(value)


def _find(root):
    if root is not None:
        root = Path(root).resolve()
        if not (root / FILE).is_file():
            raise CourseError(f"There is no {FILE} in {root}.")
        return root
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FILE).is_file():
            return folder
    raise CourseError(f"There is no {FILE} in {here} or above it. Run this inside the course's folder.")


class _Table:
    """One table of course.toml, which knows what it is called and complains about keys nobody asked for."""

    def __init__(self, data, file, where=""):
        self.data, self.file, self.where = dict(data), file, where

    def error(self, key, problem):
        where = f" of {self.where}" if self.where else ""
        return CourseError(f"{self.file}: {key!r}{where} {problem}.")

    def take(self, key, kinds, default=None, required=False):
        if key not in self.data:
            if required:
                raise self.error(key, "is missing")
            return default
        value = self.data.pop(key)
        if not isinstance(value, kinds) or isinstance(value, bool):
            wanted = _WORDS[kinds]
            raise self.error(key, f"must be {wanted}, not {written(value)}")
        return value

    def table(self, key):
        return _Table(self.take(key, dict, {}), self.file, f"[{key}]")

    def finish(self, known):
        for key in self.data:
            raise self.error(key, f"is not known; known here: {', '.join(known)}")


_WORDS = {
    str: "a string",
    int: "a whole number",
    (int, float): "a number",
    list: "a list",
    dict: "a table",
    dt.datetime: DATE,
}


def _course(root, top):
    about = top.table("course")
    course_id = about.take("id", str, required=True)
    if not re.fullmatch(r"[A-Za-z0-9_-]+", course_id):
        raise about.error("id", f"may hold letters, digits, - and _ only, not {course_id!r}")
    title = about.take("title", str, required=True)
    database = about.take("db_url", str)
    if database and not re.match(r"[a-z]\w*(\+\w+)?://", database):
        raise about.error("db_url", f"must be an address such as postgresql+psycopg://user@host/name, not {database!r}")
    about.finish(["id", "title", "db_url"])
    limits = _limits(top.table("limits"), Limits())
    paths = _paths(top.table("paths"))
    late = _late(top.table("late")) if "late" in top.data else None
    collect = {name: _layout(_Table(entry, top.file, f"[collect.{name}]")) for name, entry in _tables(top, "collect")}
    listed = [
        _Table(entry, top.file, f"assignment {number}") if isinstance(entry, dict) else None
        for number, entry in enumerate(top.take("assignments", list, []), 1)
    ]
    if None in listed:
        raise top.error("assignments", "must be tables: begin each with [[assignments]]")
    assignments = tuple(_assignment(entry, limits) for entry in listed)
    names = [a.name for a in assignments]
    for name in names:
        if names.count(name) > 1:
            raise top.error("assignments", f"lists {name!r} twice")
    top.finish(["[course]", "[limits]", "[paths]", "[late]", "[collect]", "[[assignments]]"])
    return Course(root, course_id, title, assignments, limits, paths, late, collect, database)


def _assignment(table, limits):
    name = table.take("name", str, required=True)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise table.error("name", f"may hold letters, digits, - and _ only, not {name!r}")
    table.where = f"assignment {name}"
    title = table.take("title", str, required=True)
    due = table.take("due", dt.datetime)
    if due is not None and due.tzinfo is None:
        raise table.error("due", f"needs a time zone, as in {due.isoformat()}+01:00")
    withhold = table.take("withhold", list, [])
    for module in withhold:
        if not isinstance(module, str) or not re.fullmatch(r"[a-z_]\w*(\.[a-z_]\w*)*", module):
            raise table.error("withhold", f'lists modules such as "nextword.ngram", not {module!r}')
    overrides = _Table(table.take("limits", dict, {}), table.file, f"limits of assignment {name}")
    table.finish(["name", "title", "due", "withhold", "limits"])
    return Assignment(name, title, due, tuple(withhold), _limits(overrides, limits))


def _limits(table, defaults):
    changed = {}
    for entry in dataclasses.fields(Limits):
        kinds = (int, float) if entry.type is float else int
        value = table.take(entry.name, kinds)
        if value is None:
            continue
        if not 0 < value < math.inf:
            raise table.error(entry.name, f"must be more than 0, and finite, not {value!r}")
        changed[entry.name] = entry.type(value)
    table.finish([entry.name for entry in dataclasses.fields(Limits)])
    return dataclasses.replace(defaults, **changed)


def _late(table):
    grace_days = table.take("grace_days", int, 0)
    factors = table.take("factors", list, [])
    for factor in factors:
        if type(factor) not in (int, float) or not 0 <= factor <= 1:
            raise table.error("factors", f"lists numbers from 0 to 1, not {factor!r}")
    latest_days = table.take("latest_days", int, grace_days + len(factors))
    for key, value in (("grace_days", grace_days), ("latest_days", latest_days)):
        if value < 0:
            raise table.error(key, f"must not be negative, not {value!r}")
    name = table.take("zone", str)
    try:
        zone = ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        raise table.error("zone", f'must be a time zone such as "America/New_York", not {name!r}') from None
    table.finish(["grace_days", "factors", "latest_days", "zone"])
    return LatePolicy(grace_days, tuple(float(factor) for factor in factors), latest_days, zone)


def _tables(top, key):
    """The tables inside of a table."""
    found = top.table(key).data
    for name, entry in found.items():
        if not isinstance(entry, dict):
            raise top.error(key, f"holds tables: write [{key}.{name}]")
    return found.items()


def _layout(table):
    pattern = table.take("pattern", str, required=True)
    try:
        groups = re.compile(pattern.replace("{assignment}", "x")).groupindex
    except re.error as error:
        raise table.error("pattern", f"is no regular expression: {error}") from None
    if "file" not in groups or not {"student", "number"} & set(groups):
        raise table.error("pattern", "needs the groups (?P<file>...) and (?P<student>...), or (?P<number>...)")
    student = table.take("student", str, "{student}")
    if set(re.findall(r"{(.*?)}", student)) - {"student", "number"}:
        raise table.error("student", "may use {student} and {number} only")
    times = table.take("times", str, "no")
    if times not in ("yes", "no"):
        raise table.error("times", f'must be "yes" or "no", not {times!r}')
    table.finish(["pattern", "student", "times"])
    return CollectLayout(pattern, student, times == "yes")


def _paths(table):
    names = [entry.name for entry in dataclasses.fields(Paths)]
    chosen = {name: Path(os.path.expanduser(value)) for name in names if (value := table.take(name, str))}
    table.finish(names)
    return Paths(**chosen)
