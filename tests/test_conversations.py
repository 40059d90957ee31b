"""Known conversations: what a test has heard before it need not compute again, and no verdict is another for it."""

import dataclasses
import random
import sys
from pathlib import Path

import pytest
from conftest import notebook

from autograder import conversations, intake, judge
from autograder.bundle import Bundle
from autograder.conversations import Conversation, Known
from autograder.course import Course, Limits
from autograder.grading import Grader, fill
from autograder.judge import FAILED, PASSED, Judge
from autograder.record import Record
from autograder.remote import AnswerLost

sys.path.append(str(Path(__file__).parent / "bank"))
import bank  # noqa: E402

pytestmark = pytest.mark.xdist_group("conversations")
COUNT = "def count_words(tokens):\n    "
ANSWERS = {
    "right": COUNT + "return {t: tokens.count(t) for t in tokens}",
    "right in another order": COUNT + "return {t: tokens.count(t) for t in reversed(tokens)}",
    "right for one test": COUNT + "return {t: tokens.count(t) for t in tokens} if tokens else None",
    "wrong": COUNT + "return {}",
    "not written": COUNT + "raise NotImplementedError('write it')",
    "missing": "def count(tokens): pass",
    "missing for a reason": "1 / 0",
    "raises": COUNT + "return {t: tokens[9] for t in tokens}",
    "remembers": "calls = []\n" + COUNT + "calls.append(1)\n    return {t: len(calls) for t in tokens}",
    "never the same": "import os\n" + COUNT + "return {t: os.urandom(4) for t in tokens}",
    "an object": COUNT + "return type('Counts', (), {})()",
    "changes its argument": COUNT + "tokens.append('x')\n    return {}",
    "leaves": "import os\n" + COUNT + "os._exit(0)",
    "prints": COUNT + "print(tokens)\n    return {t: tokens.count(t) for t in tokens}",
}


def judged(by, bundle, submission):
    """The record of a submission, without its times; and without what is another in every run."""
    steps = intake.repair(intake.read_submission(submission), bundle)
    made = Record(bundle.name, "", "", "", {})
    fill(made, bundle, steps, by.judge(steps.steps))
    for part in (*made.tests, *made.cells):
        part.seconds = 0
    return made


def fresh(grader, bundle=None):
    """A judge that knows nothing yet, in the same houses; patient, so that no verdict depends on a busy machine."""
    limits = dataclasses.replace(grader.limits, cell_seconds=60, submission_seconds=600)
    return Judge(bundle or grader.bundle, grader.houses, limits)


def test_no_verdict_and_no_word_is_another_for_what_was_graded_before(sample_grader, sample_bundle):
    submissions = {name: notebook(sample_bundle, {"count_words": text}) for name, text in ANSWERS.items()}
    cold = {name: judged(fresh(sample_grader), sample_bundle, data) for name, data in submissions.items()}
    warm, order = fresh(sample_grader), random.Random(3)
    for name in order.sample([*submissions] * 2, 2 * len(submissions)):
        made = judged(warm, sample_bundle, submissions[name])
        if name == "never the same":
            assert [t.verdict for t in made.tests] == [t.verdict for t in cold[name].tests]
        else:
            assert dataclasses.asdict(made) == dataclasses.asdict(cold[name]), name


def test_answers_of_the_bank_that_call_functions_of_the_test(rooms, sample_grader):
    """`generate` is given a model and a die: its tests answer hundreds of calls."""
    course = Course.load()
    whole = Bundle.from_source(course, "01_ngram_counting")
    cells = [cell for cell in whole.cells if cell.role in ("given", "prose") or cell.exercise == "generate"]
    exercises = [exercise for exercise in whole.exercises if exercise.name == "generate"]
    bundle = dataclasses.replace(whole, cells=tuple(cells), exercises=tuple(exercises), withhold=())
    submissions = [notebook(bundle, {"generate": one.source}) for one in bank.load(whole.name, "generate")]
    with Grader(bundle, Limits(), sample_grader.level, course.lib / "nextword") as grader:
        cold = [dataclasses.asdict(judged(fresh(grader), bundle, data)) for data in submissions]
        warm = fresh(grader)
        for _ in range(2):
            for data, before in zip(submissions, cold, strict=True):
                assert dataclasses.asdict(judged(warm, bundle, data)) == before
    assert len({sum(test["points"] for test in made["tests"]) for made in cold}) > 1


def test_a_test_that_has_heard_it_all_before_is_not_run(sample_grader, sample_bundle, monkeypatch):
    by, run = fresh(sample_grader), []
    execute = judge.Trial._execute
    monkeypatch.setattr(judge.Trial, "_execute", lambda self, step, *rest: (run.append(step.cell_id), execute(self, step, *rest)))
    right, other, wrong = (notebook(sample_bundle, {"count_words": ANSWERS[name]}) for name in ("right", "right in another order", "wrong"))
    first = judged(by, sample_bundle, right)
    assert run == ["test-count_words", "test-entropy", "hidden-count_words"]
    run.clear()
    assert judged(by, sample_bundle, right) == first and run == []
    assert [t.verdict for t in judged(by, sample_bundle, wrong).tests][:2] == [FAILED, FAILED]
    assert run == ["test-count_words", "hidden-count_words"]
    assert judged(by, sample_bundle, other).score == first.score


def test_a_test_that_asks_something_else_each_time_is_run_each_time(sample_grader, sample_bundle):
    source = (
        "import random\nfrom nextword import checks\ncheck = checks.of(count_words)\n"
        "word = str(random.random())\ncheck.call([word]).equals({word: 1})\ncheck.passed()\n"
    )
    cells = [dataclasses.replace(c, source=source) if c.id == "test-count_words" else c for c in sample_bundle.cells]
    bundle = dataclasses.replace(sample_bundle, cells=tuple(cells))
    by = fresh(sample_grader, bundle)
    found = []
    for name in ("right", "wrong", "right", "wrong"):
        made = judged(by, bundle, notebook(bundle, {"count_words": ANSWERS[name]}))
        found.append(made.tests[0].verdict)
    assert found == [PASSED, FAILED, PASSED, FAILED]
    assert not by.known["test-count_words"].steady and by.known["hidden-count_words"].steady


# --- without an answer ---


class Echo:
    """An answer that says what it is asked."""

    def __init__(self):
        self.asked = []

    def converse(self, question):
        self.asked.append(question)
        return question


def kept(known, *questions, end="end"):
    conversation = Conversation(known)
    for question in questions:
        conversation.exchange(question, lambda asked: asked)
    known.keep(conversation, end)


def test_a_known_conversation_is_followed_to_its_end():
    known, echo = Known(), Echo()
    assert known.follow(echo) == (None, [])
    kept(known, b"a", b"b")
    assert known.follow(echo) == ("end", [(b"a", b"a"), (b"b", b"b")]) and echo.asked == [b"a", b"b"]


def test_a_new_reply_ends_what_is_known():
    known = Known()
    kept(known, b"a", b"b")
    echo = Echo()
    echo.converse = lambda question: b"new"
    end, said = known.follow(echo)
    assert end is None and said == [(b"a", b"new")]
    conversation = Conversation(known, said)
    assert conversation.exchange(b"a", None) == b"new"  # told again, not asked again
    assert conversation.exchange(b"c", lambda asked: b"d") == b"d"
    known.keep(conversation, "other end")
    replies = iter([b"new", b"d"])
    echo.converse = lambda question: next(replies)
    assert known.follow(echo)[0] == "other end"


def test_another_question_after_the_same_replies_is_noticed():
    known = Known()
    kept(known, b"a")
    with pytest.raises(AnswerLost):
        Conversation(known, [(b"a", b"a")]).exchange(b"x", None)
    kept(known, b"a")
    assert known.follow(Echo()) == (None, [])


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(conversations, "MOST_BYTES", 1000)
    known = Known()
    kept(known, b"x" * 2000, end="too long")
    assert known.first is None
    for number in range(20):
        kept(known, b"a" * 100, end=number)
    assert known.left >= 0 and known.first.after[conversations._digest(b"a" * 100)].end == 2
