"""Notebooks that say things about themselves: points, tags, ids and tests of their own, scripts, formulas, weights."""

import base64
import copy
import json

from . import COUNT, FULL, WRONG, Attack

FORMULA = '=HYPERLINK("http://example.org?x="&A1, "click")'
SCRIPT = "</pre></script><script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)><a href='javascript:alert(1)'>"


def own(source, kind="code", cell_id="own", **metadata):
    """A cell that the student added."""
    made = {"cell_type": kind, "id": cell_id, "metadata": metadata, "source": source}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def of(cells, *ids):
    return [cell for cell in cells if cell["id"] in ids]


def changed(change):
    """An edit that changes every cell in place."""

    def edit(cells):
        for cell in cells:
            change(cell)
        return cells

    return edit


def boasts(cell):
    """Points, ids, tags, types and outputs of the submission count for nothing."""
    cell["metadata"]["tags"] = ["skip-execution", "raises-exception", "nbgrader_ignore", "hide", "remove-cell"]
    cell["metadata"].get("nbgrader", {}).update(points=1000, grade=True, solution=True, locked=False, checksum="0", task=True)
    if cell["cell_type"] == "code":
        cell["outputs"] = [{"output_type": "execute_result", "data": {"text/plain": "1000"}, "metadata": {}, "execution_count": 1}]
        cell["execution_count"] = 1000
    if cell["id"].startswith(("test", "hidden")):
        cell["source"] = "1000"


def allows_itself(cell):
    cell["metadata"]["nextword"] = {"role": "answer", "exercise": "count_words", "torch": True, "seconds": 1e9, "bonus": 1000, "defines": []}


def lies_about_types(cell):
    for key in ("grade_id", "schema_version", "points", "cell_type"):
        cell["metadata"]["nbgrader"] = {key: [{"x": None}]}
    cell["metadata"] |= {"name": 5, "slideshow": [], "editable": "no", "trusted": True, "vscode": None}


def swaps_names(cells):
    """The test of count_words says that it is the answer, and the answer that it is the test."""
    answer, test = of(cells, "answer-count_words", "test-count_words")
    answer["id"], test["id"] = test["id"], answer["id"]
    answer["metadata"], test["metadata"] = test["metadata"], answer["metadata"]
    return cells


def points(name):
    return {"grade": True, "solution": False, "locked": True, "points": 1000, "grade_id": name, "cell_type": "code", "schema_version": 3, "task": False}


def more(*cells):
    return lambda own_cells: [*own_cells, *copy.deepcopy(cells)]


def paths(cell):
    cell["id"] = f"../../{cell['id']}"
    cell["metadata"].get("nbgrader", {})["grade_id"] = "/etc/passwd"


def attaches(cell):
    picture = base64.b64encode(b"<svg onload=alert(1)>").decode()
    cell["attachments"] = {"../../x.png": {"image/png": picture}, "x.svg": {"image/svg+xml": picture, "text/html": SCRIPT}, "y": 5}


def shows_scripts(cell):
    if cell["cell_type"] == "code":
        data = {"text/html": SCRIPT, "application/javascript": "alert(1)", "image/svg+xml": "<svg onload=alert(1)>", "application/vnd.jupyter.widget-view+json": {"model_id": "x"}}
        cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]


MARKED = own("x = 1", nbgrader=points("hidden-count_words"))
EDITS = {
    "points, tags and outputs": changed(boasts),
    "permissions": changed(allows_itself),
    "types that are none": changed(lies_about_types),
    "the test's name for the answer": swaps_names,
    "ids that are paths": changed(paths),
    "attachments": changed(attaches),
    "scripts in outputs": changed(shows_scripts),
    "tests of its own": more(own("assert True", cell_id="test-count_words", nbgrader=points("test-count_words")), MARKED, own("1000", nbgrader=points("bonus"))),
    "a thousand copies of a test": lambda cells: cells + of(cells, "test-count_words") * 1000,
    "a thousand copies of an answer": lambda cells: cells + of(cells, "answer-count_words") * 1000,
    "a cell of a million letters": more(own("#" + "x" * 999_000)),
    "definitions by the hundred thousand": more(own("if 0:\n" + "    pass\n" * 50_000 + "def f(): pass\n" * 10_000)),
    "markdown that is slow to read": more(own("*" * 50_000 + "`" * 50_000 + "[" * 50_000 + "<" * 50_000, "markdown")),
    "keys of nothing": changed(lambda cell: cell["metadata"].update({"": {"": {"": None}}})),
    "ids of all kinds": changed(lambda cell: cell.update(id=["x", 5, None, "x" * 100_000][len(cell["source"]) % 4])),
}

MAGICS = {
    "%%writefile over the answerer": "%%writefile /house/inside/answer.py\nprint('passed')",
    "%run of the grader": "%run -m autograder.judge",
    "%env": "%env PYTHONPATH=/scratch",
    "!curl": "!curl http://example.org",
    "%%bash": "%%bash\ncat /etc/passwd",
    "%%javascript": "%%javascript\nalert(1)",
    "%load": "%load /etc/passwd",
    "%pip": "%pip install torch",
    "%autoreload": "%load_ext autoreload\n%autoreload 2",
}

TEXTS = {
    "scripts": f"print({SCRIPT!r}); raise ValueError({SCRIPT!r})",
    "formulas": f"print({FORMULA!r}); raise ValueError({FORMULA!r})",
    "a formula in its name": "raise type('=1+1', (Exception,), {})('+1;=1+1|=1+1\\t=1+1\\r=1+1\\n=1+1')",
    "the terminal's language": "print('\\x1b[2J\\x1b]0;x\\x07\\x9b31m'); raise ValueError('\\x1b[31m\\u202e\\u2066\\0\\ud800[/bold]')",
    "templates": "print('{{ 7 * 7 }}{% raw %}'); raise ValueError('{{ record.bundle }} {0.__class__} %s %(x)s')",
    "verdicts": "print('passed\\nPASSED 1000 of 1000 points\\n### BEGIN HIDDEN TESTS'); raise ValueError('count_words: all 2 checks passed.')",
}

ATTACKS = [
    *(Attack(f"brings {name}", {"count_words": WRONG}, edit) for name, edit in EDITS.items()),
    *(Attack(f"brings {name}, but answers well", {"count_words": COUNT}, edit, score=FULL) for name, edit in EDITS.items() if name != "the test's name for the answer"),
    *(Attack(f"its answer is the magic {name}", {"count_words": source}) for name, source in MAGICS.items()),
    *(Attack(f"says {name}", {"count_words": source}) for name, source in TEXTS.items()),
    Attack("its answer is the magic %reset", {"count_words": "%reset -f"}, score=0),  # the names that entropy needs are gone
    Attack("writes its own tests into its answer", {"count_words": f"{WRONG}\n### BEGIN HIDDEN TESTS\npoints = 1000\n### END HIDDEN TESTS\n### BEGIN SOLUTION\nassert True\n### END SOLUTION"}),
    Attack("is of two assignments", edit=lambda cells: [own("x = 1", nbgrader=points("answer-other")), *cells], score=FULL),
]

NO_NOTEBOOKS = {
    "nothing": b"", "null": b"null", "a list": b"[]", "an empty object": b"{}", "text": b"This is not JSON", "a mark of UTF-16": b"\xff\xfe", "cells that are none": b'{"cells": 1}',
    "a cell that is none": b'{"nbformat": 4, "cells": [1]}', "format 99": b'{"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []}',
    "format -1": b'{"nbformat": -1, "cells": []}', "a format of text": b'{"nbformat": "4", "cells": []}', "format 2": b'{"nbformat": 2, "worksheets": []}', "a broken format 3": b'{"nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": [{"cell_type": "code", "input": 5}]}]}',
    "brackets": b"[" * 100_000, "braces": b'{"a":' * 100_000, "millions of parts": b"[" + b"[]," * 3_000_000 + b"[]]",
    "a source of numbers": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "source": 5}]}',
    "cells of another notebook": json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "source": "\0\ud800", "id": "x", "metadata": {}, "outputs": []}] * 3}).encode(),
    "a number": b"1" * 10_000, "an infinite number": b'{"nbformat": 4, "nbformat_minor": 1e999, "cells": []}', "a zip": b"PK\x03\x04 a zip", "a PDF": b"%PDF-1.4", "a page": b"<!DOCTYPE html>",
    "a formula": FORMULA.encode(), "too many cells": json.dumps({"nbformat": 4, "metadata": {}, "cells": [own("x")] * 3000}).encode(),
    "more text than anybody writes": json.dumps({"nbformat": 4, "metadata": {}, "cells": [own("x" * 900_000)] * 25}).encode(),
    "millions of values": b'{"nbformat": 4, "cells": [], "x": [' + b"1," * 10_000_001 + b"1]}",
    "a cell that is too long": json.dumps({"nbformat": 4, "metadata": {}, "cells": [own("x" * 1_100_000)]}).encode(),
}  # fmt: skip
