"""Records kept by what they were made from, so that nothing is graded twice and a killed run loses nothing.

    ledger/ab/abcdef....json            one record per (submission, bundle, limits, sandbox), written atomically
    current/ASSIGNMENT/STUDENT.json     the key of the record that counts for a student

The ledger may be shared by many graders at once: a record is a pure function of its key, and whoever writes it last
writes the same. What counts for whom has one writer (see desk.lock).
"""

import hashlib
import json
import os
import tempfile
import time
from pathlib import Path

from . import record
from .record import Record

STALE = 3600  # seconds after which a half-written file has no writer any more


class StorageError(Exception):
    """A file of the class cannot be written; the message says why and what to do. Nothing graded is lost."""


def key_of(submission, bundle_digest, limits, sandbox, note=None):
    """The key of a record: a sha256 over everything that its verdicts and notes depend on."""
    return key_of_digest(hashlib.sha256(submission).hexdigest(), bundle_digest, limits, sandbox, note)


def key_of_digest(submission, bundle_digest, limits, sandbox, note=None):
    """The same for a submission of which the sha256 is known."""
    parts = [submission, bundle_digest, json.dumps(limits, sort_keys=True), sandbox, *([note] if note else [])]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()


def final(made):
    """Whether a record stands: not one where the grader or the sandbox failed, which is made again."""
    return made.status != record.ERROR and not any(test.limit == "sandbox" for test in made.tests)


class Ledger:
    """The records of a class, in a folder."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def get(self, key):
        """The record of that key, or None; one that cannot be read counts as absent and is made again."""
        try:
            return Record.from_json(self._path(key).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def put(self, key, made):
        write_atomically(self._path(key), made.to_json(), durable=True)

    def set_current(self, assignment, student, key):
        write_atomically(self._current(assignment, student), key)

    def current_key(self, assignment, student):
        """The key of the record that counts for the student, or None."""
        try:
            return self._current(assignment, student).read_text(encoding="utf-8").strip() or None
        except (FileNotFoundError, UnicodeDecodeError):
            return None

    def current(self, assignment, student):
        """The record that counts for the student, or None."""
        key = self.current_key(assignment, student)
        return self.get(key) if key else None

    def students(self, assignment):
        """Students who have a record for the assignment, sorted."""
        return sorted(path.name[:-5] for path in self._folder(assignment).glob("*.json"))

    def sweep(self):
        """Removes what killed writers left half-written."""
        for folder in (self.folder, self.folder.parent / "current"):
            for left in folder.glob("*/.*.tmp"):
                try:
                    if time.time() - left.stat().st_mtime > STALE:
                        left.unlink()
                except OSError:
                    pass  # another grader was faster

    def _path(self, key):
        return self.folder / key[:2] / f"{key}.json"

    def _folder(self, assignment):
        return self.folder.parent / "current" / assignment

    def _current(self, assignment, student):
        return self._folder(assignment) / f"{student}.json"


def write_atomically(path, text, durable=False):
    """Writes a file whole or not at all: a reader, or a rerun after a kill, never sees half of it.

    text: str or bytes. `durable` waits for the disk, for what cannot be made again for nothing. Raises StorageError.
    """
    path, data = Path(path), text if isinstance(text, bytes) else text.encode("utf-8")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror or error}. Make room, or see who may write there, and run the"
            " same command again: what was graded is in the ledger, and is not graded twice."
        ) from error


def _umask():
    """The process's umask, which can only be read by setting it."""
    global _mask
    if _mask is None:
        _mask = os.umask(0o077)
        os.umask(_mask)
    return _mask


_mask = None
