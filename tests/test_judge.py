"""The judge against answers that lie, leak, or fall with their house; the neighbour keeps its points."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from conftest import notebook
from test_hostile import FULL, HONEST

from autograder import feedback, intake
from autograder.course import Limits
from autograder.judge import Judge, Trial, watchdog
from autograder.remote import AnswerLost, Remote, Session, text_of

pytestmark = pytest.mark.xdist_group("hostile")
HIDDEN = ("solitary", "whale")  # what the hidden test of count_words calls it with
COUNT = "def count_words(tokens):\n    return {t: tokens.count(t) for t in tokens}\n"


@pytest.fixture
def score(sample_grader, sample_bundle):
    """Grades a submission, then an honest neighbour, whose points must be what they always are."""

    def grade(answers, edit=lambda cells: cells):
        made = sample_grader.grade(notebook(sample_bundle, HONEST | answers, edit=edit))
        assert sample_grader.grade(notebook(sample_bundle, HONEST)).score == FULL
        return made

    return grade


def page(bundle, made):
    made.to_json()
    return feedback.page("somebody", bundle, made).encode().decode()


SEEN = "seen = []\ndef count_words(tokens):\n    seen.append(tokens)\n"
TELLING = {
    "class of an exception": ("raise type('_'.join(tokens) or 'E', (Exception,), {})", 0),
    "message of an exception": ("raise ValueError(tokens)", 0),
    "line of an exception": ("exec(compile('\\n' * 7 + 'raise ValueError # ' + ' '.join(tokens), '<ipython-input-1>', 'exec'))", 0),
    "base of an exception": ("raise type('_'.join(tokens) or 'E', (NotImplementedError,), {})(tokens)", 0),
    "class of a value": ("return type('_'.join(tokens) or 'E', (), {})()", 0),
    "a value": ("return [tokens]", 0),
    "a key": ("return {t * 2: 1 for t in tokens}", 0),
    "a function's name": ("f = lambda: 0\n    f.__name__ = f.__qualname__ = '_'.join(tokens)\n    return f", 0),
    "output": ("print(tokens)\n    return {t: tokens.count(t) for t in tokens}", 3),
    "output of a later cell": ("return {t: tokens.count(t) for t in tokens}", 3),
}


@pytest.mark.parametrize("body, points", TELLING.values(), ids=TELLING.keys())
def test_what_a_hidden_test_calls_an_answer_with_is_on_no_page(score, rooms, sample_bundle, body, points):
    later = "print(seen)\ndef entropy(p):\n    raise ValueError(seen)\ndef twice(p): return 0"
    made = score({"count_words": f"{SEEN}    {body}", "entropy": later})
    assert made.score == points
    assert not [word for word in HIDDEN if word in page(sample_bundle, made)]


def test_no_cell_that_prints_runs_after_a_hidden_test(sample_grader, sample_bundle, monkeypatch):
    """Or it could print how long the hidden test took, which the answer has made depend on what it was asked."""
    steps, step = [], Trial._step
    monkeypatch.setattr(Trial, "_step", lambda self, one: steps.append(one.cell_id) or step(self, one))
    made = sample_grader.grade(notebook(sample_bundle, HONEST))
    hidden = [cell.id for cell in sample_bundle.cells if cell.role == "hidden"]
    assert hidden and steps[-len(hidden) :] == hidden and made.score == FULL
    order = [cell.id for cell in sample_bundle.cells]
    assert [t.cell for t in made.tests] == sorted((t.cell for t in made.tests), key=order.index)


def test_a_hidden_test_calls_an_answer_as_it_was_at_its_place(score):
    assert score({"entropy": HONEST["entropy"] + "\ndef count_words(tokens): return {}\n"}).score == FULL


def test_how_large_a_value_of_a_hidden_test_is_is_not_told(score, rooms, sample_bundle):
    source = "import os\ndef count_words(tokens):\n    if 'whale' in tokens: os.write(3, (10**12 + 4242).to_bytes(8, 'big'))\n    return {t: tokens.count(t) for t in tokens}"
    made = score({"count_words": source})
    assert made.score == FULL - 2 and "4,242" not in page(sample_bundle, made)


def forged(reply):
    """A cell that answers for itself and leaves: it loses its own points, and never wins any."""
    return f"import os, msgpack\nf = {reply}\nf = len(f).to_bytes(8, 'big') + f\nwhile f: f = f[os.write(3, f):]\nos._exit(0)"


REPLIES = {
    "an integer of 5,000 digits": "msgpack.packb(['ok', 0][:0] or [0, 'ok', [4, 'stdout', [7, b'\\x7f' * 2500]]])",
    "an enormous output": "msgpack.packb([0, 'ok', [4, 'stdout', 'x' * 30_000_000, 'stderr', 'y' * 30_000_000]])",
    "an output that is a proxy": "msgpack.packb([0, 'ok', [4, 'stdout', [9, 'answer', 0, 'x', True]]])",
    "an error of numbers": "msgpack.packb([0, 'ok', [4, 'error', [4, 'kind', 5, 'message', [7, b'\\x7f' * 2500]]]])",
    "an error without end": "msgpack.packb([0, 'error', [4, 'kind', 'x' * 20_000_000, 'message', 'y' * 20_000_000]])",
    "an error that is a list": "msgpack.packb([0, 'error', [0, 1, 2]])",
    "an unknown reply": "msgpack.packb([0, 'passed'])",
    "nothing": "msgpack.packb([0])",
    "no reply": "msgpack.packb(None)",
    "a call with a list as number": "msgpack.packb([0, 'call', [0], [0], [4]])",
}


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES.keys())
def test_a_forged_reply_of_a_cell_is_bounded_text_at_most(score, rooms, sample_bundle, reply):
    made = score({"count_words": forged(reply)})
    assert made.score == FULL - 3
    assert len(made.to_json()) < 200_000 and len(page(sample_bundle, made)) < 200_000


def test_a_reply_sent_before_the_question_is_no_answer(score, rooms):
    ahead = "import os, msgpack\nf = msgpack.packb([0, 'ok', [0, [4, 'a', 2, 'b', 1], [0]]])\nos.write(3, (len(f).to_bytes(8, 'big') + f) * 3)"
    made = score({"count_words": f"def count_words(t): return 0\n{ahead}"})
    assert made.score == FULL - 3


def test_text_that_no_page_or_terminal_can_show_is_made_fit(score, rooms, sample_bundle):
    source = "print('\\ud800 \\x1b[31m\\0 \\u202e')\nraise ValueError('<script>alert(1)</script>\\ud800\\x1b]0;x\\x07[/bold]')"
    made = score({"count_words": source})
    html = page(sample_bundle, made)
    assert made.score == FULL - 3 and "<script" not in html and "\x1b" not in made.reasons + html and "\u202e" not in html


def test_text_of_takes_text_only():
    assert text_of("a\r\nb\x00\ud800", 10) == "a\n\nb?" and text_of(5, 10) == text_of(None, 10) == "" and text_of("abc", 2) == "ab"


def test_when_a_house_dies_the_submission_is_graded_all_the_same(score, rooms, sample_grader):
    """As if the machine had killed bubblewrap while a cell ran."""
    house = sample_grader.houses[False]
    threading.Timer(0.7, lambda: os.kill(house._process.pid, signal.SIGKILL)).start()
    made = score({"count_words": f"import time\ntime.sleep(1.2)\n{COUNT}"})
    assert made.score == FULL and not made.reasons


def test_a_house_that_always_dies_is_not_blamed_on_the_submission(rooms, sample_grader, sample_bundle, monkeypatch):
    house = sample_grader.houses[False]

    def refused():
        raise OSError("no more rooms")

    monkeypatch.setattr(house, "room", refused)
    made = sample_grader.grade(notebook(sample_bundle, HONEST))
    assert made.score == 0 and "not the answer's fault" in made.reasons
    monkeypatch.undo()
    assert sample_grader.grade(notebook(sample_bundle, HONEST)).score == FULL


def test_a_cell_that_dies_when_it_is_run_again_costs_nothing_more(score, rooms):
    """Hidden tests run the cells again in a room of their own."""
    own = {"cell_type": "code", "id": "own1", "metadata": {}, "outputs": [], "execution_count": None}
    source = f"import os, time\nif time.time() > {time.time() + 60}: pass\nif os.urandom(1)[0] < 128: os._exit(0)"
    made = score({}, lambda cells: [*cells[:2], *[{**own, "id": f"own{i}", "source": source} for i in range(6)], *cells[2:]])
    assert made.score == FULL


@pytest.fixture
def remote(sample_grader):
    house = sample_grader.houses[False]
    session = Session(house, Limits())
    session.allow(20)
    source = "class Yes:\n    def __getattr__(s, n): return lambda *a: True\n    def __call__(s, *a): return s\n"
    for name in "eq ne lt le gt ge contains bool".split():
        source += f"    def __{name}__(s, *a): return True\n"
    for name in "add radd sub abs neg mul".split():
        source += f"    def __{name}__(s, *a): return s\n"
    session.ask("run", source + "    __hash__ = object.__hash__\nyes = Yes()")
    yield session.begin_test(0, ["yes"])["yes"]
    session.close()


COMPARISONS = {
    "<": lambda x: x < 1e-12, ">": lambda x: x > 0, "<=": lambda x: abs(x - 1) <= 1e-9, ">=": lambda x: x >= 0, "in": lambda x: 1 in x,
    "truth": bool, "not": lambda x: not not x, "all": lambda x: all([x]), "float": float, "int": int, "sorted": lambda x: sorted([x, x]),
}  # fmt: skip


@pytest.mark.parametrize("compare", COMPARISONS.values(), ids=COMPARISONS.keys())
def test_an_object_of_the_answer_does_not_say_itself_that_it_is_right(remote, compare):
    assert type(remote) is Remote
    with pytest.raises((TypeError, AnswerLost)):
        compare(remote)


def test_an_object_of_the_answer_equals_nothing_but_itself(remote):
    assert (remote == 1) is False and (remote != 1) is True and remote in [remote] and not isinstance(remote, int)


def test_the_watchdog_counts_processor_time_and_barks_again():
    with watchdog(0.2):
        time.sleep(0.5)
    heard = 0
    with watchdog(0.1):
        try:
            while heard < 2:
                try:
                    while True:
                        pass
                except AnswerLost:
                    heard += 1
        finally:
            assert heard == 2


def test_what_does_not_hear_the_watchdog_is_ended_by_the_kernel():
    code = "from autograder.judge import Judge, Trial, watchdog\nwith watchdog(0.1, hard=0.2): sum(range(10**14))"
    assert subprocess.run([sys.executable, "-c", code], timeout=200).returncode == -signal.SIGVTALRM
    code = "from autograder.judge import Judge, Trial, watchdog\nwith watchdog(0.1, hard=0.2): pass\nsum(range(2 * 10**7))"
    assert subprocess.run([sys.executable, "-c", code], timeout=200).returncode == 0


def test_a_check_that_needs_too_much_memory_costs_its_own_points(sample_grader, sample_bundle):
    greedy = "from nextword import checks\nif count_words(['a']) == {}:\n    [0] * 10**14\nchecks.of(count_words).call([]).equals({})\n"
    cells = [dataclasses.replace(c, source=greedy) if c.id == "test-count_words" else c for c in sample_bundle.cells]
    bundle = dataclasses.replace(sample_bundle, cells=tuple(cells))
    repaired = intake.repair(intake.read_submission(notebook(bundle, HONEST | {"count_words": "def count_words(t): return {}"})), bundle)
    results = [r for r in Judge(bundle, sample_grader.houses, sample_grader.limits).judge(repaired.steps) if r.kind != "run"]
    assert [(r.verdict, r.limit) for r in results] == [("stopped", "memory"), ("failed", ""), ("passed", "")]
    assert "more memory" in results[0].reason


def test_an_answer_that_waits_for_a_processor_gets_more_time(remote, monkeypatch):
    session = object.__getattribute__(remote, "_session")
    session.ask("run", "import time")
    waited = iter([0.0, 1.0, 1.0, 1.0])
    monkeypatch.setattr(session.room, "delay", lambda: next(waited, 1.0))
    session.allow(0.5)
    assert session.ask("run", "time.sleep(1)")["error"] is None
    monkeypatch.setattr(session.room, "delay", lambda: 1000.0 * time.monotonic())
    session.allow(0.2)
    started = time.monotonic()
    with pytest.raises(AnswerLost):
        session.ask("run", "time.sleep(30)")
    assert 0.9 < time.monotonic() - started < 5
