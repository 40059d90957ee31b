"""`autograder collect`: takes what students handed in, as folders, notebooks or the zips of learning platforms.

    submitted/STUDENT/ASSIGNMENT/                the attempt that counts, with timestamp.txt where the time is known
    submitted/STUDENT/ASSIGNMENT/attempts/...    all attempts, so that nothing is lost

Nothing in a zip is trusted: it is never extracted, names in it choose no path, and every file is read with a limit. A
student's own zip within one, as `autograder check` leaves it ready to hand in, counts as the one notebook in it.

Within a student's folder every name is the student's: neither a folder in it that is called like another student's, nor
a timestamp.txt or a list of submissions there, says whose anything is or when it was handed in.
"""

import datetime as dt
import hashlib
import io
import re
import stat
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from . import desk, intake, late, ledger
from .bundle import Bundle
from .course import CollectLayout

MOST_ENTRIES = 50_000
MOST_BYTES = 8_000_000_000  # of all notebooks of one zip
MOST_OWN_BYTES = 500_000_000  # of them in one student's folder
MOST_OWN_ENTRIES = 1_000  # in a student's own zip
RATIO = 200  # a notebook of text shrinks to a tenth; a bomb to a thousandth
METADATA = "submission_metadata.yml"
WANTED = re.compile(rf"(?i)(.*\.ipynb(\.json|\.txt)?|timestamp\.txt|{re.escape(METADATA)})\Z", re.DOTALL)
ZIPPED = b"PK\x03\x04"
ENDINGS = re.compile(r"(?i)\.ipynb\.(json|txt)\Z")  # browsers that do not know notebooks save them so
IGNORED = re.compile(r"(^|/)(__MACOSX|\.(?!\.?(/|$))[^/]*|Thumbs\.db|desktop\.ini)(/|$)")

# How platforms name files; course.toml's [collect.NAME] changes these or adds others. `times`: whether the date of a
# file is when it was handed in (elsewhere it may be when the zip was made, and lateness is not guessed). A folder above
# the students' may be called anything but like one of theirs: that would be a student's, and what is in it as well.
LAYOUTS = {
    "gradescope": CollectLayout(
        r"(?s)(?:(?!submission_\d+/)[^/]+/)?(?P<attempt>submission_(?P<number>\d+))/(?:.*/)?(?P<file>[^/]+)"
    ),
    "moodle": CollectLayout(
        r"(?s)(?:(?![^/]*_\d+_assignsubmission_)[^/]+/)?"
        r"(?P<student>[^/]+?)_(?P<number>\d+)_assignsubmission_file_?/?(?:.*/)?(?P<file>[^/]+)",
        times=True,
    ),
    "canvas": CollectLayout(
        r"(?:[^/]+/)?(?P<student>[^/_]+)_(?:LATE_)?(?P<number>\d+)_(?P<attempt>\d+)_(?P<file>[^/]+)"
    ),
    "nbgrader": CollectLayout(r"(?:[^/]+/)*?(?P<student>[^/]+)/{assignment}/(?P<file>[^/]+)"),
    "folder": CollectLayout(r"(?:[^/]+/)*?(?P<student>[^/]+)/(?P<file>[^/]+)"),
    "file": CollectLayout(r"(?P<student>[^/]+?)(?P<file>\.ipynb)"),
}


@dataclass
class Found:
    """A file that was handed in: its name in the source, its bytes or why there are none, and its date."""

    name: str
    data: bytes = b""
    problem: str = ""
    when: dt.datetime | None = None


@dataclass
class Attempt:
    """What a student handed in at one time: file name -> bytes."""

    student: str
    files: dict = field(default_factory=dict)
    when: dt.datetime | None = None
    order: tuple = ()

    @property
    def label(self):
        """The name of its folder: the same for the same attempt, in the order of time."""
        digest = hashlib.sha256()
        for name in sorted(self.files):
            digest.update(name.encode() + b"\0" + hashlib.sha256(self.files[name]).digest())
        when = f"{self.when.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}" if self.when else "undated"
        return f"{when}-{'.'.join(f'{part:09}' for part in self.order) or 0}-{digest.hexdigest()[:12]}"


@dataclass
class Report:
    """Who was taken, and what could not be read: student (or name in the source) -> sentences."""

    taken: dict = field(default_factory=dict)
    problems: dict = field(default_factory=dict)

    def add(self, who, sentence):
        said = self.problems.setdefault(who, [])
        if sentence not in said:
            said.append(sentence)


# --- sources ----------------------------------------------------------------------------------------------


def files_of(source, report, zone=None):
    """Yields a Found for every file of a folder, of a zip (whose dates are of the zone), or for one notebook."""
    if source.is_symlink() or not source.exists():
        report.add(source.name, "There is no such file or folder.")
    elif source.is_dir():
        yield from _of_folder(source)
    elif source.suffix.lower() == ".ipynb":
        parts = source.absolute().parts
        yield _of_file(source, "/".join(parts[-2:]))
    else:
        yield from _of_zip(source, report, zone)


def _of_folder(folder):
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            yield Found(name, problem="It is a link to another file; hand in the file itself.")
        elif path.is_file() and "/attempts/" not in f"/{name}":
            yield _of_file(path, name)


def _of_file(path, name):
    when = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    try:
        with path.open("rb") as file:
            data = _read(file, name, intake.LARGEST)
    except OSError as error:
        return Found(name, problem=f"It cannot be read: {error.strerror}.")
    return _checked(Found(name, data, when=when))


def _read(file, name, limit):
    """One byte more than the limit at most; of what is neither a notebook nor a zip only the beginning."""
    start = file.read(len(ZIPPED))
    if start != ZIPPED and not WANTED.match(name.rpartition("/")[2]):
        return start
    return start + file.read(max(0, limit + 1 - len(start)))


def _of_zip(path, report, zone):
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        report.add(path.name, f"It is no zip that can be read ({error}).")
        return
    with archive:
        entries, left = archive.infolist(), MOST_BYTES
        folder_of, own = _folders([entry.filename for entry in entries]), {}
        if len(entries) > MOST_ENTRIES:
            report.add(path.name, f"It has {len(entries):,} files; at most {MOST_ENTRIES:,} are taken.")
            return
        seen = {}
        for entry in entries:
            if entry.is_dir() or IGNORED.search(entry.filename):
                continue
            folder = folder_of(entry.filename)
            own.setdefault(folder, MOST_OWN_BYTES if folder else MOST_BYTES)
            found = _of_entry(archive, entry, min(left, own[folder]), zone)
            left, own[folder] = left - len(found.data), own[folder] - len(found.data)
            if entry.filename in seen and not found.problem:
                report.add(entry.filename, "It is in the zip twice; both are kept, the later one counts.")
            seen[entry.filename] = True
            yield found


def _folders(names):
    """A function from a name to the student's folder that it is in; "" where that cannot be told.

    Students' folders are as deep as the notebook that is least deep: nobody can put one higher than their own folder.
    """
    depth = min((name.count("/") for name in names if _is_notebook(name)), default=0)
    folders = {name: "/".join(name.split("/")[:depth]) for name in names}
    return folders.get if len(set(folders.values()) - {""}) > 1 else lambda name: ""


def _is_notebook(name):
    return name.lower().endswith(".ipynb") and not IGNORED.search(name)


def _of_entry(archive, entry, left, zone=None):
    found = Found(entry.filename, when=_when(entry, zone))
    found.problem = _distrust(entry)
    if found.problem:
        return found
    limit = min(intake.LARGEST, max(left, 0))
    try:
        with archive.open(entry) as file:
            found.data = _read(file, entry.filename, limit)  # what the zip says of its size may be a lie
            if len(found.data) <= limit:
                file.read(1)  # checks the sum
    except (
        zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, MemoryError,
    ) as error:  # fmt: skip
        return Found(entry.filename, problem=f"It is damaged in the zip ({error}).")
    except Exception as error:  # lzma and bz2 have errors of their own
        return Found(entry.filename, problem=f"It is damaged in the zip ({type(error).__name__}).")
    if limit < len(found.data) <= intake.LARGEST:
        return Found(entry.filename, problem="There is too much beside it: notebooks are taken up to a limit in all.")
    return _checked(found)


def _distrust(entry):
    """Why an entry of a zip is not read at all, or ""."""
    name, original = entry.filename, getattr(entry, "orig_filename", entry.filename)
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if "\0" in original:
        return "Its name has a NUL in it."
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name) or ".." in parts:
        return "Its name leads out of the zip."
    mode = entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) and not stat.S_ISREG(mode):
        return "It is a link or a device, not a file."
    if entry.flag_bits & 0x1:
        return "It is encrypted; hand it in without a password."
    if entry.file_size > intake.LARGEST:
        return f"It is larger than {intake.LARGEST // 1_000_000} MB; clear the outputs of all cells and save it."
    if entry.file_size > 1_000_000 and entry.file_size > RATIO * max(entry.compress_size, 1):
        return "It is packed more than any notebook can be: a zip bomb."
    return ""


def _checked(found):
    if len(found.data) > intake.LARGEST:
        return Found(found.name, problem=f"It is larger than {intake.LARGEST // 1_000_000} MB.")
    if found.data[:4] == ZIPPED and not found.name.lower().endswith(".ipynb"):
        return _unpacked(found)
    return found


def _unpacked(found):
    """A zip that a student made, as `autograder check` makes one: the notebook in it, named after the zip."""
    if found.data.count(b"PK\x01\x02") > MOST_OWN_ENTRIES:  # before a list of millions is made of them
        return Found(found.name, problem="It is a zip in itself with too many files in it; hand in the notebook.")
    try:
        with zipfile.ZipFile(io.BytesIO(found.data)) as archive:
            entries = [one for one in archive.infolist() if re.search(r"(?i)\.ipynb$", one.filename)]
            entries = [one for one in entries if not IGNORED.search(one.filename)]
            if len(entries) != 1:
                said = f"It is a zip in itself with {len(entries)} notebooks in it; hand in the one notebook."
                return Found(found.name, problem=said)
            inner = _of_entry(archive, entries[0], intake.LARGEST)
    except Exception:  # of a file that is made to be read wrongly, it may be any
        return Found(found.name, problem="It is a zip in itself that cannot be read; hand in the notebook.")
    name = re.sub(r"(?i)(?:-hand-in)?( ?-?\(?\d*\)?)\.zip$", r"\1.ipynb", found.name)
    return Found(name, inner.data, inner.problem, found.when)


def _when(entry, zone):
    """The entry's date, on the clock of the zone, or else this machine's; None where there is none worth the name."""
    try:
        when = dt.datetime(*entry.date_time, tzinfo=zone)
        when = when if zone else when.astimezone()
    except (ValueError, OverflowError, OSError):
        return None
    return when if when.year > 1980 else None


# --- whose it is ------------------------------------------------------------------------------------------


def attempts(files, assignment, layouts, chosen, report):
    """The Attempts in these files, by the names that one of the layouts gives them."""
    files = [replace(found, name=ENDINGS.sub(".ipynb", found.name)) for found in files]
    about = _metadata(files, report)
    name = chosen if chosen != "auto" else _best_layout(files, assignment, layouts, about)
    layout = layouts[name]
    pattern = _pattern(layout, assignment)
    # where the platform numbers students, all that is in their folders is theirs; elsewhere a time is the instructor's
    numbered = "number" in pattern.groupindex
    stamps = {} if numbered else _stamps(files)
    about = {} if "student" in pattern.groupindex else about
    level = _level(files, pattern)
    numbers = {}
    for found in files:
        if (match := pattern.fullmatch(found.name)) and "number" in match.groupdict():
            numbers.setdefault(_plain(match.groupdict().get("student") or ""), set()).add(match["number"])
    made = {}
    for place, found in enumerate(files):
        base = found.name.rsplit("/", 1)[-1]
        match = pattern.fullmatch(found.name)
        if IGNORED.search(found.name) or base in ("timestamp.txt", METADATA) and not (numbered and match):
            continue
        if not match:
            report.add(found.name, found.problem or f"Its name is not one of {name}: nobody can be found in it.")
            continue
        if _depth(match) != level:
            report.add(found.name, "It is deeper than other students' folders: it is not known whose it is.")
            continue
        group = match.groupdict()
        for student in _students(layout, group, about, numbers, assignment):
            if not desk.STUDENT.match(student):
                report.add(found.name, "Nobody can be found in its name.")
            elif found.problem:
                report.add(student, f"{base}: {found.problem}")
            elif not base.lower().endswith(".ipynb"):
                report.add(student, f"{base} was left out: it is no notebook.")
            else:
                _add(made, student, found, group, place, layout, about, stamps, assignment)
    return list(made.values())


def _add(made, student, found, group, place, layout, about, stamps, assignment):
    file = group["file"] if len(group["file"]) > len(".ipynb") else f"{assignment}.ipynb"
    file, again = _without_number(file, assignment)
    if not re.fullmatch(r"[\w][\w .()+-]{0,120}", file) or not file.isprintable():
        file = "notebook.ipynb"
    folder = found.name.rpartition("/")[0]
    own = group.get("attempt") or ""
    number = int((own if own.isdecimal() else group.get("number") or "0")[:18])
    known = about.get(group.get("attempt") or "", {}).get("when") or stamps.get(folder)
    key = (student, folder, number, again) if "attempt" in group or "number" in group else (student, folder)
    attempt = made.get(key)
    if attempt is not None and attempt.files.get(file, found.data) != found.data:
        key, attempt = (*key, place), None  # the same name twice: another attempt
    if attempt is None:
        when = known or (found.when if layout.times else None)
        order = (number, again, place)
        attempt = made[key] = Attempt(student, when=when, order=order)
    attempt.files[file] = found.data


def _without_number(file, assignment):
    """Canvas calls a second attempt name-1.ipynb: the name without the number, and the number."""
    match = re.fullmatch(rf"({re.escape(assignment)})[- ]?\(?(\d{{1,6}})\)?(\.ipynb)", file, re.IGNORECASE)
    return (match[1] + match[3], int(match[2])) if match else (file, 0)


def _pattern(layout, assignment):
    return re.compile(layout.pattern.replace("{assignment}", re.escape(assignment)))


def _best_layout(files, assignment, layouts, about):
    """The layout that most students' folders follow; one in which every name is a student only where no other does.

    Each folder counts as much as any other, so that nobody decides for the class by what is in theirs.
    """
    names = [found.name for found in files if _is_notebook(found.name)]
    folder_of, folders = _folders(names), {}
    for file in names:
        folders.setdefault(folder_of(file), []).append(file)
    shares = {}
    for name, layout in layouts.items():
        fits = _pattern(layout, assignment).fullmatch
        if name != "gradescope" or about:
            shares[name] = sum(sum(map(bool, map(fits, own))) / len(own) for own in folders.values())
    special = {name: share for name, share in shares.items() if name not in ("folder", "file")}
    best = max(special, key=special.get)
    return best if folders and special[best] >= len(folders) / 2 else max(shares, key=shares.get)


def _level(files, pattern):
    """How deep the students' folders are: as the first one. A student can only make folders below their own."""
    matches = [pattern.fullmatch(found.name) for found in files if _is_notebook(found.name)]
    return min((_depth(match) for match in matches if match), default=0)


def _depth(match):
    """How many folders are above a student's own; 0 where students have numbers, by which the pattern knows theirs."""
    return 0 if "number" in match.groupdict() else match.string.count("/", 0, match.start("student"))


def _students(layout, group, about, numbers, assignment):
    """Whose file it is: one student, or the members of a group."""
    if "student" not in group:
        return about.get(group.get("attempt") or "", {}).get("students") or [f"student-{group['number']}"]
    plain, number = _plain(group["student"]), group.get("number")
    if not plain:
        return [f"student-{number}" if number else ""]
    if number and len(numbers.get(plain, ())) > 1 and "{number}" not in layout.student:
        return [f"{plain}-{number}"]  # two of the same name
    return [layout.student.format(student=plain, number=number or "")]


def _plain(name):
    """A name as a folder's name: without accents, spaces as hyphens."""
    text = unicodedata.normalize("NFKD", name.replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    text = "".join(c for c in text if not unicodedata.combining(c))
    return re.sub(r"[^A-Za-z0-9_.@+-]+", "-", text).strip("-.") if text.isascii() else ""


def _stamps(files):
    """Folder -> time, from timestamp.txt files as nbgrader writes them."""
    from .gradebook import parsed

    found = {}
    for file in files:
        if file.name.rsplit("/", 1)[-1] == "timestamp.txt" and not file.problem:
            when = parsed(file.data[:200].decode("utf-8", "replace").strip())
            if when:
                found[file.name.rpartition("/")[0]] = when.replace(tzinfo=dt.UTC)
    return found


def _metadata(files, report):
    """Gradescope's list of submissions: name of the folder -> students and time. It is beside the students' folders."""
    found = {}
    for file in files:
        if not re.fullmatch(rf"((?!submission_\d+/)[^/]+/)?{re.escape(METADATA)}", file.name) or file.problem:
            continue
        try:
            found |= dict(_entries(_yaml(file.data)))
        except Exception as error:  # a YAML parser has many
            report.add(file.name, f"It cannot be read ({type(error).__name__}); students are named by their numbers.")
    return found


def _yaml(data):
    import yaml

    class Loader(yaml.SafeLoader):
        """Without aliases, which can make a small file enormous."""

        def compose_node(self, parent, index):
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("aliases")
            return super().compose_node(parent, index)

    return yaml.load(data.decode("utf-8"), Loader)


def _entries(data):
    for key, value in data.items() if isinstance(data, dict) else ():
        if not isinstance(value, dict):
            continue
        people = value.get(":submitters") or value.get("submitters") or []
        students = [student for one in people if isinstance(one, dict) and (student := _gradescope_name(one))]
        when = value.get(":created_at") or value.get("created_at")
        if isinstance(when, str):
            try:
                when = dt.datetime.fromisoformat(when)
            except ValueError:
                when = None
        when = when if isinstance(when, dt.datetime) else None
        yield str(key), {"students": students, "when": when and (when if when.tzinfo else when.replace(tzinfo=dt.UTC))}


def _gradescope_name(person):
    """The student's id, else the address without its domain, else the name."""
    for key in ("sid", "email", "name"):
        value = str(person.get(f":{key}") or person.get(key) or "")
        if plain := _plain(value.partition("@")[0] if key == "email" else value):
            return plain
    return None


# --- into submitted/ --------------------------------------------------------------------------------------


def collect(course, assignment, sources, layout="auto", attempt="last", sandbox="auto"):
    """Takes the sources into submitted/; returns a Report. Raises DeskError for a layout that is not known."""
    course.assignment(assignment)
    layouts = course.collect | {name: one for name, one in LAYOUTS.items() if name not in course.collect}
    if layout != "auto" and layout not in layouts:
        raise desk.DeskError(f"There is no layout {layout!r}; there are: auto, {', '.join(layouts)}.")
    if attempt not in ("last", "best"):
        raise desk.DeskError(f"The attempt that counts is last or best, not {attempt!r}.")
    report = Report()
    zone = course.late.zone if course.late else None  # zips do not say whose clock it was
    with desk.lock(course):
        spelled = {path.name.lower(): path.name for path in course.submitted.glob("*")}
        students = {}
        for source in sources:
            for one in attempts(files_of(Path(source), report, zone), assignment, layouts, layout, report):
                if spelled.setdefault(one.student.lower(), one.student) != one.student:
                    other = spelled[one.student.lower()]
                    report.add(one.student, f"Not taken: this name and {other} differ only in upper and lower case.")
                    continue
                _keep(course, assignment, one)
                students[one.student] = True
        best = _best(course, assignment, students, sandbox) if attempt == "best" else {}
        for student in students:
            _choose(course, assignment, student, best.get(student), report)
    return report


def _folder(course, assignment, student):
    return course.submitted / student / assignment


def _keep(course, assignment, one):
    """Puts an attempt beside those that are there; what was put into the folder by hand becomes one as well."""
    folder = _folder(course, assignment, one.student)
    by_hand = [p for p in sorted(folder.glob("*.ipynb")) if p.is_file() and not p.is_symlink()]
    if by_hand and not (folder / "attempts").exists():
        files = {path.name: path.read_bytes() for path in by_hand}
        _write(folder / "attempts", Attempt(one.student, files, *_stamps_of(folder)))
    _write(folder / "attempts", one)


def _stamps_of(folder):
    from .gradebook import parsed

    text = folder / "timestamp.txt"
    when = parsed(text.read_text(errors="replace").strip()) if text.is_file() else None
    return (when.replace(tzinfo=dt.UTC),) if when else ()


def _write(folder, one):
    place = folder / one.label
    for name, data in one.files.items():
        ledger.write_atomically(place / name, data, durable=True)
    if one.when:
        ledger.write_atomically(place / "timestamp.txt", f"{one.when.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC\n")


def kept(course, assignment, student):
    """The folders of a student's attempts, the first one first. What has no date comes before what has one."""
    found = [p for p in (_folder(course, assignment, student) / "attempts").glob("*") if p.is_dir()]
    return sorted(found, key=lambda path: (not path.name.startswith("undated"), path.name))


def _choose(course, assignment, student, chosen, report):
    """Copies the attempt that counts to where it is graded."""
    folder, all_of_them = _folder(course, assignment, student), kept(course, assignment, student)
    chosen = chosen or all_of_them[-1]
    files = {path.name: path.read_bytes() for path in chosen.iterdir() if path.is_file()}
    again = all((folder / name).is_file() and (folder / name).read_bytes() == data for name, data in files.items())
    for path in folder.iterdir():
        left = path.suffix == ".ipynb" or path.name == "timestamp.txt" and not again  # written by hand, it stays
        if path.name not in files and path.is_file() and left:
            path.unlink()  # it is in attempts/
    for name, data in files.items():
        ledger.write_atomically(folder / name, data)
    report.taken[student] = len(all_of_them)
    try:
        path, _ = intake.find_notebook(folder, assignment)
        intake.repair(intake.read_submission(path), Bundle.from_source(course, assignment))
    except intake.Unreadable as error:
        report.add(student, str(error))


def _best(course, assignment, students, sandbox):
    """Student -> the attempt with the most points from tests, the later one of equals."""
    from .sandbox import levels

    several = {s: found for s in students if len(found := kept(course, assignment, s)) > 1}
    scores = desk.scores(
        course, assignment, levels.choose(sandbox), [folder for found in several.values() for folder in found]
    )
    return {
        student: max(enumerate(found), key=lambda one: (scores[one[1]], one[0]))[1]
        for student, found in several.items()
    }


def run(course, assignment, sources, layout, attempt, sandbox):
    """Collects and prints the report; returns how many students or files had a problem."""
    report = collect(course, assignment, sources, layout, attempt, sandbox)
    for who in sorted(report.problems):
        for sentence in report.problems[who]:
            print(f"{_printable(who)}: {_printable(sentence)}")
    several = sum(count > 1 for count in report.taken.values())
    print(
        f"{late.count(len(report.taken), 'student')} taken into {course.submitted}"
        + (f", {several} with several attempts (the {attempt} one counts)" if several else "")
        + (f"; {len(report.problems)} with a problem, see above." if report.problems else ".")
    )
    if untimed := _untimed(course, assignment, report.taken):
        counts = "has no time of handing in and counts" if len(untimed) == 1 else "have no time of handing in and count"
        print(
            f"{len(untimed)} of them {counts} as in time, unless you write timestamp.txt"
            f" (see docs/instructors.md): {_printable(', '.join(untimed))}"
        )
    return len(report.problems)


def _untimed(course, assignment, students):
    """Those of whom nobody knows whether they are late, where that matters."""
    if course.late is None or course.assignment(assignment).due is None:
        return []
    return [who for who in sorted(students) if not (_folder(course, assignment, who) / "timestamp.txt").exists()]


def _printable(text):
    return "".join(c if c.isprintable() else "?" for c in text)[:300]
