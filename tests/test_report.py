"""The page about a class: outcomes, mistakes, and answers that are alike as a question."""

import re

from sample_course import bundle
from test_feedback import FAILS, HOSTILE, Outline, made, plain

from autograder import record, report

LONG = """
def count_words(tokens):
    '''Counts.'''
    tally = {}
    for token in tokens:  # one after the other
        if token not in tally:
            tally[token] = 0
        tally[token] = tally[token] + 1
    ordered = sorted(tally.items(), key=lambda item: (-item[1], item[0]))
    result = dict()
    for key, value in ordered:
        result[key] = value
    return result
"""
RENAMED = re.sub(r"\btally\b", "seen", LONG).replace("# one after the other", "").replace("    ", "  ").replace("Counts.", "!")
OTHER = """
def count_words(tokens):
    numbers = [tokens.count(one) for one in tokens]
    while len(numbers) < len(tokens):
        numbers.append(0)
    pairs = zip(tokens, numbers)
    if not tokens:
        return {}
    return {left: right for left, right in pairs if right > 0 and left is not None and isinstance(right, int)}
"""


def exercise(name="count_words"):
    return bundle().exercise(name)


def test_an_exercise_counts_each_student_once_by_what_came_of_the_answer():
    stopped = made({"test-count_words": {"verdict": "stopped", "limit": "time"}})
    unnamed = made({"test-count_words": "passed", "hidden-count_words": "failed"})
    blank = made({"test-count_words": "not written", "hidden-count_words": "not written"})
    class_ = {"all-right": made(), "other-style": made(), "twice": made(FAILS), "loops": stopped, "wrong": unnamed, "blank": blank}
    row = report.row(exercise(), class_)
    assert row.counts == {"passed": 2, "named": 1, "unnamed": 1, "stopped": 1, "blank": 1}
    assert row.mistakes == [("you count twice", ["twice"])]
    assert sum(width for *_, width in row.bars) == 100 or abs(sum(width for *_, width in row.bars) - 100) < 0.1


def test_names_comments_layout_and_docstrings_make_no_difference():
    assert report.shape(LONG) == report.shape(RENAMED) != ""
    assert report.shape(OTHER) != report.shape(LONG)


def test_what_is_no_python_is_like_nothing():
    assert report.shape("def f(:\n  '''") == ""


def test_answers_that_are_alike_are_listed_and_others_are_not():
    records = {"all-right": made(source=LONG), "other-names": made(source=RENAMED), "own-way": made(source=OTHER)}
    assert report.alike(bundle(), records) == [report.Alike(("all-right", "other-names"), [("Exercise 1", 100)])]


def test_an_answer_that_many_have_is_the_usual_one():
    records = {f"student-{number}": made(source=LONG) for number in range(6)}
    assert report.alike(bundle(), records) == []


def test_short_answers_are_alike_by_themselves():
    short = "def count_words(tokens):\n    return {t: tokens.count(t) for t in tokens}"
    assert report.alike(bundle(), {"all-right": made(source=short), "other-style": made(source=short)}) == []


def test_the_page_asks_and_does_not_judge():
    records = {"all-right": made(source=LONG), "other-names": made(source=RENAMED)}
    text = plain(report.page(bundle(), records))
    assert "all-right, other-names Exercise 1 (100%)" in text
    assert "It is a question to look into with the students, and no finding." in text
    assert not re.search("cheat|plagiar|copied|fraud", text)


def test_the_page_has_outcomes_mistakes_and_what_was_not_graded():
    broken = made({}, status=record.UNREADABLE, reason="It is empty.")
    text = plain(report.page(bundle(), {"all-right": made(), "off-by-one": made(FAILS), "not-json": broken}))
    assert "2 submissions graded, 1 not" in text
    assert "Exercise 1: counting words 1 passed" in text and "1 × you count twice (off-by-one)" in text
    assert "not-json: It is empty." in text


def test_a_class_of_nobody_is_a_page():
    assert "0 submissions graded" in plain(report.page(bundle(), {}))


def test_the_page_is_self_contained_and_what_students_wrote_is_text():
    shown = report.page(bundle(), {HOSTILE: made(source=LONG), "b": made(source=RENAMED, status=record.TO_MARK)})
    outline = Outline(shown)
    assert not outline.loads and "script" not in outline.tags and "img" not in outline.tags
    assert shown.count("<table") == shown.count("<caption") and outline.headings[:2] == [1, 2]
    assert shown.count("<svg") == shown.count('role="img" aria-label=')
