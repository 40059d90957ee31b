"""Reads what students hand in and trusts nothing in it: any bytes give a clean notebook or a reason."""

import filecmp
import json
import os
import re
import stat
from pathlib import Path

LARGEST = 100_000_000  # with outputs; those of a notebook full of plots are tens of megabytes
MOST_CELLS = 2_000
MOST_PARTS, MOST_VALUES = 2_000_000, 10_000_000  # lists and objects; values in them
MOST_TEXT = 2_000_000  # characters in all cells, ten times those of the longest notebook: pages and records show them
LONGEST_CELL = 1_000_000

# Images that may be pasted into a written answer; SVG can carry scripts.
_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
# What files that are not notebooks begin with, and what to say to their owner.
_OTHERS = {
    b"PK\x03\x04": "it is a zip file; hand in the notebook that is in it",
    b"%PDF": "it is a PDF; hand in the notebook itself, the file that ends in .ipynb",
    b"<!DOCTYPE": "it is a web page; hand in the notebook itself, the file that ends in .ipynb",
    b"<html": "it is a web page; hand in the notebook itself, the file that ends in .ipynb",
    b"\x1f\x8b": "it is a compressed file; hand in the notebook that is in it",
    b"version https://git-lfs": "it is only a pointer to a file in Git LFS; hand in the file itself",
}


class Unreadable(Exception):
    """A submission cannot be graded; the message is one sentence that tells the student why."""


def read_submission(submission):
    """A submission (a path, or the bytes of one) as a notebook of format 4.5, as plain data.

    Every cell has cell_type, id, metadata and source, no outputs, and no NUL or lone surrogate in its text.
    Raises Unreadable, and nothing else.
    """
    data = submission if isinstance(submission, bytes | bytearray) else _bytes(Path(submission))
    notebook = _parsed(bytes(data))
    if not isinstance(notebook, dict):
        raise Unreadable("The file is not a notebook: it holds something else.")
    notebook = _version_4(notebook)
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise Unreadable("The file is not a notebook: it has no list of cells.")
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"The notebook has {len(cells):,} cells; at most {MOST_CELLS:,} can be graded.")
    metadata = notebook.get("metadata")
    cells = [_cell(cell, number) for number, cell in enumerate(cells, 1)]
    if sum(len(cell["source"]) for cell in cells) > MOST_TEXT:
        raise Unreadable(f"There are more than {MOST_TEXT:,} characters in the cells of the notebook.")
    return {
        "cells": cells,
        "metadata": metadata if isinstance(metadata, dict) else {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def find_notebook(folder, name):
    """The notebook `name` in a folder, or the only one there: its path, and a sentence if it was renamed.

    Raises Unreadable if there is none, or if it is not clear which one it is.
    """
    try:
        found = sorted(path for path in Path(folder).iterdir() if _stem(path) and not path.name.startswith("."))
    except OSError:
        raise Unreadable("The submission's folder cannot be read.") from None
    found = [path for path in found if path.is_file() and not path.is_symlink()]
    if exact := [path for path in found if path.name == f"{name}.ipynb"]:
        return exact[0], None
    if not found:
        raise Unreadable(f"There is no notebook in the submission; hand in {name}.ipynb.")
    path = _only(found, name)
    return path, f"The notebook was named {_printable(path.name)} instead of {name}.ipynb."


def _stem(path):
    """A notebook's name without its ending, in small letters; "" for other files. Browsers add endings of their own."""
    match = re.fullmatch(r"(.+)\.ipynb(\.json|\.txt)?", path.name.lower())
    return match[1] if match else ""


def _only(found, name):
    """The one of several notebooks that is meant: the one named like it, rather than a checkpoint of Jupyter's."""
    named = [path for path in found if name.lower() in _stem(path)] if len(found) > 1 else found
    likely = [path for path in named if _stem(path).startswith(name.lower())] or named
    if not likely:
        raise Unreadable(f"There are several notebooks and none of them is named {name}.ipynb.")
    likely = [path for path in likely if not _stem(path).endswith("-checkpoint")] or likely
    if not all(_same(likely[0], other) for other in likely[1:]):
        raise Unreadable(f"There are several notebooks like {name}.ipynb; hand in one, under that name.")
    return likely[0]


def _same(one, other):
    try:
        return filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False


def _printable(text):
    return "".join(c if c.isprintable() else "?" for c in text)[:100]


# --- bytes ---


def _bytes(path):
    """The bytes of an ordinary file. A link is not followed, so that no other file can be handed in."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError):
        what = "is a link to another file" if _is_link(path) else "cannot be opened"
        raise Unreadable(f"The notebook {what}; hand in the file itself.") from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unreadable("The notebook is not an ordinary file; hand in the file itself.")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(LARGEST + 1)
    except OSError:
        raise Unreadable("The notebook cannot be read: a disk or a network failed.") from None
    finally:
        os.close(handle)


def _is_link(path):
    try:
        return path.is_symlink()
    except (OSError, ValueError):
        return False


def _parsed(data):
    """The JSON in these bytes."""
    if len(data) > LARGEST:
        raise Unreadable(
            f"The file is larger than {LARGEST // 1_000_000} MB; clear the outputs of all cells and save it."
        )
    if not data.strip():
        raise Unreadable("The file is empty; save the notebook and hand it in again.")
    for start, reason in _OTHERS.items():
        if data.lstrip()[: len(start)].lower() == start.lower():
            raise Unreadable(f"The file is not a notebook: {reason}.")
    if data.count(b"[") + data.count(b"{") > MOST_PARTS or data.count(b",") > MOST_VALUES:
        raise Unreadable("The notebook has too many parts; clear its outputs and save it.")
    text = _text(data)
    try:
        return json.loads(text)
    except RecursionError:
        raise Unreadable("The file is not a notebook: its lists are nested too deeply.") from None
    except ValueError:
        if all(mark in text for mark in ("\n<<<<<<< ", "\n=======\n", "\n>>>>>>> ")):
            raise Unreadable(
                "The file has git's conflict marks in it (<<<<<<<); resolve the conflict."
            ) from None
        raise Unreadable(
            "The file is not a notebook, or only a part of one (it is not valid JSON); save it again."
        ) from None


def _text(data):
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable("The file is not a notebook: it is not text in UTF-8.") from None


# --- notebooks ---


def _version_4(notebook):
    """The notebook in format 4. Format 3 had worksheets instead of cells; nbformat converts it."""
    version = notebook.get("nbformat")
    if version == 4 or "cells" in notebook and version is None:
        return notebook
    if version == 3:
        return _from_version_3(notebook)
    if isinstance(version, int) and version > 4:
        raise Unreadable("The notebook is of a newer format than 4; save it as format 4.")
    if isinstance(version, int) and version in (1, 2):
        raise Unreadable("The notebook is of an older format than 3; open and save it in Jupyter.")
    raise Unreadable("The file is not a notebook: it does not say of which format it is.")


def _from_version_3(notebook):
    import nbformat

    try:
        return json.loads(json.dumps(nbformat.convert(nbformat.from_dict(notebook), 4)))
    except Exception:  # nbformat trusts its input, and fails in as many ways as there are
        raise Unreadable(
            "The notebook is of the old format 3 and cannot be converted; open and save it in Jupyter."
        ) from None


def _cell(cell, number):
    if not isinstance(cell, dict):
        raise Unreadable(f"The file is not a notebook: its cell {number} is no cell.")
    kind, metadata = cell.get("cell_type"), cell.get("metadata")
    clean = {
        "cell_type": kind if kind in ("code", "markdown") else "raw",
        "id": cell["id"] if isinstance(cell.get("id"), str) else "",
        "metadata": metadata if isinstance(metadata, dict) else {},
        "source": _source(cell.get("source", ""), number),
    }
    if attachments := _attachments(cell.get("attachments")):
        clean["attachments"] = attachments
    return clean


def _source(source, number):
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise Unreadable(f"The file is not a notebook: the text of its cell {number} is no text.")
    if len(source) > LONGEST_CELL:
        raise Unreadable(f"Cell {number} is longer than {LONGEST_CELL:,} characters.")
    source = source.removeprefix("\ufeff")  # a mark of UTF-8, which is no Python
    return _NOT_TEXT.sub("\ufffd", source.replace("\r\n", "\n").replace("\r", "\n"))


def _attachments(attachments):
    """Images pasted into a text, as nbformat has them: name -> MIME type -> base64. The rest is dropped."""
    clean = {}
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        images = {}
        for mime, data in bundle.items() if isinstance(bundle, dict) else ():
            if mime in _IMAGES and isinstance(data, str) and re.fullmatch(r"[A-Za-z0-9+/=\s]*", data):
                images[mime] = data
        if images and not _NOT_TEXT.search(name):
            clean[name] = images
    return clean
