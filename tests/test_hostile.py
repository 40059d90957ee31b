"""Submissions that attack the grader. Each gets exactly the points it has earned, and its neighbour keeps its own."""

import dataclasses
import json

import pytest
from conftest import notebook

HONEST = {
    "count_words": "def count_words(tokens):\n    return {t: tokens.count(t) for t in tokens}",
    "entropy": "def entropy(probs):\n    return sum(-p * math.log(p) for p in probs if p)\ndef twice(p): return 2 * entropy(p)",
}
FULL = 5  # 3 for count_words, 2 bonus for entropy
WRONG = "def count_words(tokens):\n    return 'wrong'"

pytestmark = pytest.mark.xdist_group("hostile")


@pytest.fixture(scope="module")
def sample_grader(sample_course, sample_bundle):
    """A warm grader with little patience: half of these submissions never end by themselves."""
    from autograder.grading import Grader
    from autograder.sandbox import levels

    limits = dataclasses.replace(sample_course.assignment("every_role").limits, cell_seconds=1)
    level = "none" if levels.rooms_work() else "rooms"
    with Grader(sample_bundle, limits, level, sample_course.lib / "nextword") as grader:
        yield grader


@pytest.fixture
def score(sample_grader, sample_bundle):
    """Grades a submission, then an honest neighbour, whose points must be what they always are."""

    def grade(answers, edit=lambda cells: cells):
        made = sample_grader.grade(notebook(sample_bundle, HONEST | answers, edit=edit))
        assert sample_grader.grade(notebook(sample_bundle, HONEST)).score == FULL
        return made

    return grade


def test_honest_answers_get_full_marks(score):
    assert score({}).score == FULL


REPLACED = {
    "numpy.testing": "import numpy.testing as t\nfor n in dir(t):\n    if n.startswith('assert'): setattr(t, n, lambda *a, **k: None)",
    "checks": "import sys, types\nm = types.ModuleType('nextword.checks')\nm.of = lambda *a, **k: None\nsys.modules['nextword.checks'] = m",
    "torch": "import sys\nclass T:\n    def __getattr__(s, n): return T()\n    def __call__(s, *a, **k): return T()\nsys.modules['torch'] = T()",
    "AssertionError": "import builtins\nbuiltins.AssertionError = Warning",
    "print and len": "import builtins\nbuiltins.len = lambda x: 0\nbuiltins.print = lambda *a, **k: None\nbuiltins.isinstance = lambda *a: True",
    "the import": "import builtins\nbuiltins.__import__ = lambda *a, **k: None",
    "IPython's transformers": "ip = get_ipython()\nip.input_transformers_post.append(lambda lines: ['pass'])",
    "IPython's exception handler": "get_ipython().set_custom_exc((Exception,), lambda *a, **k: None)",
    "IPython's run_cell": "get_ipython().run_cell = lambda *a, **k: None",
    "exit handlers": "import atexit, os\natexit.register(lambda: os._exit(0))",
    "trace": "import sys\nsys.settrace(lambda *a: None); sys.setprofile(lambda *a: None)",
    "msgpack": "import msgpack\nmsgpack.packb = lambda *a, **k: b'\\x92\\xa2ok\\x92\\x04\\x90'",
    "random generators": "import random, numpy as np\nrandom.random = lambda: 0.5\nnp.random.default_rng = lambda *a: None",
}


@pytest.mark.parametrize("patch", REPLACED.values(), ids=REPLACED.keys())
def test_replacing_machinery_earns_nothing(score, patch):
    assert score({"count_words": f"{WRONG}\n{patch}"}).score <= FULL - 3


VALUES = {
    "equals everything": "class E(dict):\n    def __eq__(s, o): return True\n    def __ne__(s, o): return False\n    __hash__ = None",
    "a plain object that equals everything": "class E:\n    def __eq__(s, o): return True\n    def __hash__(s): return 0",
    "a lying array": "class E(np.ndarray):\n    def __new__(c): return np.zeros(3).view(c)\n    def __eq__(s, o): return np.array(True)\n    def __array__(s, *a, **k): return np.ones(3)",
    "an array of objects": "class O:\n    def __eq__(s, o): return True\ndef E(): return np.array([O(), O()], dtype=object)",
    "a type whose class lies": "class E:\n    __class__ = dict\n    def items(s): return [('a', 2), ('b', 1)]\n    def __getitem__(s, k): return {'a': 2, 'b': 1}[k]",
    "a dictionary of lies": "class I(int):\n    def __eq__(s, o): return True\n    __hash__ = int.__hash__\ndef E(): return {'a': I(7), 'b': I(9)}",
    "a string that equals everything": "class E(str):\n    def __eq__(s, o): return True\n    __hash__ = str.__hash__",
    "endless generator": "def E():\n    while True: yield 1",
    "itself nested": "def E():\n    x = []\n    x.append(x)\n    return x",
    "deeply nested": "def E():\n    x = 1\n    for _ in range(100000): x = [x]\n    return x",
    "enormous list": "def E(): return [0] * 50_000_000",
    "enormous array": "def E(): return np.zeros(12_000_000)",
    "enormous integer": "def E(): return 1 << 100_000_000",
    "integer with too many digits to print": "def E(): return {'a': 10 ** 5000, 'b': 1}",
    "lone surrogate": "def E(): return {'\\ud800': 2, 'b': 1}",
    "not a number": "def E(): return {'a': float('nan'), 'b': float('inf')}",
    "a class": "E = lambda: dict",
    "a module": "E = lambda: np",
    "none": "E = lambda: None",
    "the builtin": "E = lambda: NotImplemented",
    "colliding keys": "def E(): return {i * (2 ** 61 - 1): 0 for i in range(3000)}",
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_no_returned_value_passes_but_the_right_one(score, value):
    made = score({"count_words": f"import numpy as np\n{value}\ndef count_words(tokens): return E()"})
    assert made.score == FULL - 3
    assert all(t.reason for t in made.tests if t.exercise == "count_words")


RAISED = ["SystemExit(0)", "KeyboardInterrupt", "GeneratorExit", "StopIteration", "BaseException('x')", "MemoryError", "RecursionError", "AssertionError('passed')", "TimeoutError", "EOFError", "ConnectionError"]


@pytest.mark.parametrize("error", RAISED)
def test_no_raised_exception_passes(score, error):
    assert score({"count_words": f"def count_words(tokens): raise {error}"}).score == FULL - 3


def test_an_exception_that_cannot_be_printed_is_reported(score):
    source = "class E(Exception):\n    def __str__(s): raise SystemExit\n    __repr__ = __str__\ndef count_words(t): raise E"
    assert score({"count_words": source}).score == FULL - 3


FRAMES = {
    "garbage": "os.write(3, b'\\xff' * 64)",
    "enormous length": "os.write(3, (1 << 60).to_bytes(8, 'big'))",
    "a reply out of turn": "f = msgpack.packb(['ok', {'a': 2, 'b': 1}]); os.write(3, len(f).to_bytes(8, 'big') + f)",
    "a forged verdict": "f = msgpack.packb(['passed']); os.write(3, len(f).to_bytes(8, 'big') + f)",
    "a call of nothing": "f = msgpack.packb([0, 'call', 99, [0], [4]]); os.write(3, len(f).to_bytes(8, 'big') + f)",
    "half a frame": "os.write(3, (1000).to_bytes(8, 'big') + b'x')",
    "a closed socket": "os.close(3)",
}


@pytest.mark.parametrize("write", FRAMES.values(), ids=FRAMES.keys())
def test_a_malformed_frame_costs_the_exercise_only(score, rooms, write):
    source = f"import os, msgpack\ndef count_words(tokens):\n    {write}\n    return 'wrong'"
    made = score({"count_words": source})
    assert made.score == FULL - 3


def test_a_frame_written_while_the_cell_runs_costs_the_exercise_only(score, rooms):
    made = score({"count_words": f"{WRONG}\nimport os\nos.write(3, b'\\xff' * 64)"})
    assert made.score == FULL - 3


ENDS = {
    "exit": "import os; os._exit(0)",
    "sys.exit": "import sys; sys.exit(0)",
    "quit": "quit()",
    "abort": "import os; os.abort()",
    "segfault": "import ctypes; ctypes.string_at(1)",
    "kill": "import os, signal; os.kill(os.getpid(), signal.SIGKILL); os._exit(1)",
    "loop": "while True: pass",
    "deaf loop": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "sleep": "import time; time.sleep(1000)",
    "alarm ignored": "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
    "print flood": "while True: print('y' * 10_000)",
    "print flood, deaf": "while True:\n    try: print('y' * 10_000)\n    except BaseException: pass",
    "memory": "x = []\nwhile True: x.append(bytearray(1 << 24))",
    "threads": "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(99,)).start()",
    "recursion": "def f(): f()\nf()",
    "recursion in C": "import functools\nf = lambda: 0\nfor _ in range(10 ** 6): f = functools.partial(f)\nf()",
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_a_cell_that_ends_badly_costs_its_exercise_only(score, rooms, end):
    made = score({"count_words": end})
    assert made.score == FULL - 3
    assert all(t.reason for t in made.tests if t.exercise == "count_words")


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_an_answer_that_ends_badly_when_called_costs_its_exercise_only(score, rooms, end):
    body = "\n".join("    " + line for line in end.split("\n"))
    made = score({"count_words": f"def count_words(tokens):\n{body}\n    return 0"})
    assert made.score == FULL - 3


def test_a_thread_that_outlives_its_cell_changes_no_other_verdict(score, rooms):
    thread = "import threading, time, os\ndef later():\n    time.sleep(0.3); os._exit(0)\nthreading.Thread(target=later).start()"
    assert score({"count_words": WRONG + "\n" + thread}).score in (0, FULL - 3)


LEAKS = {
    "frames": "import sys\nf = sys._getframe()\nwhile f:\n    found += [str(v) for v in {**f.f_globals, **f.f_locals}.values()]\n    f = f.f_back",
    "objects": "import gc\nfound = [str(o)[:100000] for o in gc.get_objects() if isinstance(o, (str, dict, list))][:20000]",
    "history": "found = [str(get_ipython().user_ns.get('In')), str(get_ipython().history_manager.input_hist_raw)]",
    "environment": "import os\nfor f in ('environ', 'cmdline', 'maps', '../1/environ'):\n    try: found.append(open(f'/proc/self/{f}').read())\n    except OSError: pass\nfound.append(str(os.environ))",
    "files": "import os\nfor d, ds, fs in os.walk('/'):\n    if d.startswith(('/proc', '/usr', '/sys')) or d.endswith(('/lib', '/include', '/share')): ds[:] = []; continue\n    found += [d + '/' + f for f in fs]",
    "descriptors": "import os\nfound = [os.readlink(f'/proc/self/fd/{f}') for f in os.listdir('/proc/self/fd') if os.path.lexists(f'/proc/self/fd/{f}')]",
}
SECRETS = ["solitary", "gradebook", "BEGIN HIDDEN", "every_role.py", "COORDINATOR_SECRET"]


@pytest.mark.parametrize("search", LEAKS.values(), ids=LEAKS.keys())
def test_nothing_secret_can_be_found(score, rooms, search, monkeypatch):
    monkeypatch.setenv("COORDINATOR_SECRET", "COORDINATOR_SECRET")
    hexed = [word.encode().hex() for word in SECRETS]  # so that the search does not find itself
    ask = f"[h for h in {hexed} if any(bytes.fromhex(h).decode() in text for text in found)]"
    made = score({"count_words": f"found = []\n{search}\nprint(bool(found), {ask})"})
    cell = next(c for c in made.cells if c.exercise == "count_words")
    assert cell.printed.strip() == "True []"


def test_the_notebook_cannot_grade_itself(score):
    """Points, ids, tags, types and outputs of the submission count for nothing."""

    def edit(cells):
        for cell in cells:
            cell["metadata"]["tags"] = ["skip-execution", "raises-exception", "nbgrader_ignore"]
            cell["metadata"].get("nbgrader", {}).update(points=1000, grade=True, solution=True, locked=False)
            if cell["cell_type"] == "code":
                cell["outputs"] = [{"output_type": "execute_result", "data": {"text/plain": "1000"}, "metadata": {}, "execution_count": 1}]
            if cell["metadata"].get("nbgrader", {}).get("grade_id", "").startswith(("test", "hidden")):
                cell["source"] = "1000"
        return cells

    assert score({"count_words": WRONG + "\nprint(1000)\n1000"}, edit).score == FULL - 3


def test_answers_hard_coded_for_the_visible_test_get_its_points_only(score):
    assert score({"count_words": "def count_words(t): return {'a': 2, 'b': 1}"}).score == FULL - 2


def test_torch_is_refused_where_the_answer_is_numpy_only(score):
    made = score({"count_words": "import torch\ndef count_words(t):\n    torch.ones(1)\n    return {x: t.count(x) for x in t}"})
    assert made.score == FULL - 3
    assert "PyTorch is not allowed" in " ".join(t.reason for t in made.tests)


def test_torch_is_there_where_it_is_allowed(score):
    source = "import torch\ndef entropy(p): return float(torch.distributions.Categorical(torch.tensor(p)).entropy())\ndef twice(p): return 2 * entropy(p)"
    made = score({"entropy": source})
    assert made.score == FULL, [t.reason for t in made.tests]


def test_an_answer_cannot_change_what_the_test_compares_with(score):
    made = score({"count_words": "def count_words(tokens):\n    tokens.clear()\n    return {}"})
    assert made.score == FULL - 3


@pytest.mark.parametrize(
    "data",
    [
        b"", b"null", b"[]", b"{}", b"This is not JSON", b"\xff\xfe", b'{"cells": 1}', b'{"nbformat": 4, "cells": [1]}',
        b'{"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []}', b"[" * 100_000, b'{"a":' * 100_000,
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "source": 5}]}',
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "source": "\0\ud800", "id": "x", "metadata": {}, "outputs": []}] * 3}).encode(),
        b"1" * 10_000, b'{"nbformat": 4, "nbformat_minor": 1e999, "cells": []}', b"PK\x03\x04 a zip",
    ],
)  # fmt: skip
def test_what_is_no_notebook_has_a_reason_and_no_score(sample_grader, data):
    made = sample_grader.grade(data)
    assert made.status == "unreadable" and made.reason and not made.tests
