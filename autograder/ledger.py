"""Records kept by what they were made from, so that nothing is graded twice and a killed run loses nothing.

    ledger/ab/abcdef....json            one record per (submission, bundle, limits, sandbox), written atomically
    current/ASSIGNMENT/STUDENT.json     the key of the record that counts for a student
"""

import hashlib
import json
import os
import tempfile
from pathlib import Path

from .record import Record


def key_of(submission, bundle_digest, limits, sandbox):
    """The key of a record: a sha256 over everything that its verdicts depend on."""
    parts = [hashlib.sha256(submission).hexdigest(), bundle_digest, json.dumps(limits, sort_keys=True), sandbox]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class Ledger:
    """The records of a class, in a folder."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def get(self, key):
        """The record of that key, or None; one that cannot be read counts as absent and is made again."""
        try:
            return Record.from_json(self._path(key).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None

    def put(self, key, record):
        write_atomically(self._path(key), record.to_json())

    def set_current(self, assignment, student, key):
        write_atomically(self._current(assignment, student), key)

    def current(self, assignment, student):
        """The record that counts for the student, or None."""
        try:
            return self.get(self._current(assignment, student).read_text())
        except FileNotFoundError:
            return None

    def students(self, assignment):
        """Students who have a record for the assignment, sorted."""
        return sorted(path.stem for path in (self.folder.parent / "current" / assignment).glob("*.json"))

    def _path(self, key):
        return self.folder / key[:2] / f"{key}.json"

    def _current(self, assignment, student):
        return self.folder.parent / "current" / assignment / f"{student}.json"


def write_atomically(path, text):
    """Writes a file whole or not at all: a reader, or a rerun after a kill, never sees half of it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
