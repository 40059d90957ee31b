"""Submissions are put in order, or refused in one sentence when they cannot be read, and never trusted."""

import hashlib
import json
import os
import random

import nbformat
import pytest
import sample_course as sample
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder import intake, reading
from autograder.intake import Unreadable

COUNT, ENTROPY = sample.RIGHT["count_words"], sample.RIGHT["entropy"]


def repair(notebook):
    return intake.repair(intake.read_submission(json.dumps(notebook).encode()), sample.bundle())


def autograded(repaired, outputs=None):
    return nbformat.from_dict(repaired.to_notebook(outputs))


def steps(repaired, *kinds):
    return [step.cell_id for step in repaired.steps if step.kind in kinds or not kinds]


def ran(repaired):
    """The student's code in the order in which it runs."""
    return [step.source for step in repaired.steps if step.whose == "student"]


EVERYTHING = [
    "given-setup",
    "answer-count_words",
    "test-count_words",
    "hidden-count_words",
    "answer-entropy",
    "test-entropy",
]


# --- what is in order ---


def test_an_untouched_notebook_is_all_ours():
    repaired = repair(sample.student())
    assert steps(repaired) == EVERYTHING
    assert repaired.untouched == {"count_words", "entropy"}
    assert (repaired.answers, repaired.extras, repaired.notes) == ({}, {}, ())
    assert {step.whose for step in repaired.steps} == {"ours"}
    assert not repaired.written["logarithms"].touched


def test_an_answered_notebook_keeps_the_answers_and_our_tests():
    notebook = sample.handed_in()
    sample.cell(notebook, "written-logarithms")["source"] = "They would underflow."
    repaired = repair(notebook)
    assert steps(repaired) == EVERYTHING
    assert repaired.answers == sample.RIGHT and repaired.notes == () and repaired.untouched == frozenset()
    assert repaired.written["logarithms"] == intake.Written("They would underflow.", True)
    assert ran(repaired) == [COUNT, ENTROPY]
    tests = {step.cell_id: step.source for step in repaired.steps if step.kind == "test"}
    assert tests == {
        cell.id: cell.source for cell in sample.bundle().cells if cell.role in ("test", "hidden")
    }


def test_steps_say_which_exercise_they_belong_to():
    repaired = repair(sample.handed_in())
    assert {step.cell_id: step.exercise for step in repaired.steps} == {
        "given-setup": "",
        "answer-count_words": "count_words",
        "test-count_words": "count_words",
        "hidden-count_words": "count_words",
        "answer-entropy": "entropy",
        "test-entropy": "entropy",
    }


def test_a_bundle_without_hidden_tests_gives_no_steps_for_them(tmp_path):
    path = tmp_path / "mine.ipynb"
    path.write_text(json.dumps(sample.handed_in()))
    bundle = type(sample.bundle()).from_notebook(path)
    repaired = intake.repair(intake.read_submission(path), bundle)
    assert steps(repaired, "test") == ["test-count_words", "test-entropy"]
    assert repaired.answers == sample.RIGHT and repaired.notes == ()


@pytest.mark.parametrize(
    "text",
    ["", "   \n\n", "# my plan: a dict\n{stub}", "{stub}\n\n\n", "\n# nothing yet"],
)
def test_an_answer_with_nothing_but_comments_is_untouched(text):
    stub = sample.bundle().cell("answer-count_words").source
    repaired = repair(sample.handed_in(count_words=text.replace("{stub}", stub)))
    assert "count_words" in repaired.untouched and "count_words" not in repaired.answers
    assert steps(repaired) == EVERYTHING


def test_cells_of_the_students_own_run_where_they_stand():
    notebook = sample.handed_in()
    notebook["cells"].insert(sample.place(notebook, "answer-count_words"), sample.own("helper = 1"))
    notebook["cells"].insert(
        sample.place(notebook, "test-count_words") + 1, sample.own("print(helper)", "c2")
    )
    notebook["cells"].insert(0, sample.own("first = 0", "c3"))
    repaired = repair(notebook)
    assert ran(repaired) == ["first = 0", "helper = 1", COUNT, "print(helper)", ENTROPY]
    assert list(repaired.extras) == ["extra-1", "extra-2", "extra-3"] and repaired.notes == ()
    assert {step.exercise for step in repaired.steps if step.cell_id.startswith("extra")} == {""}


def test_a_scratch_cell_is_the_students_to_change_and_to_delete():
    notebook = sample.handed_in()
    scratch = sample.cell(notebook, "code-723623d7")
    scratch["source"] = "mine = 3"
    repaired = repair(notebook)
    assert "code-723623d7" in steps(repaired) and "mine = 3" in ran(repaired)
    notebook["cells"].remove(scratch)
    assert "code-723623d7" not in steps(repair(notebook)) and repair(notebook).notes == ()


def test_figures_never_run():
    assert not [step for step in repair(sample.handed_in()).steps if step.cell_id.startswith("figure")]


# --- honest repairs ---


def says(repaired, *words):
    """The notes, which say these words in one of them."""
    assert any(all(word in note for word in words) for note in repaired.notes), repaired.notes
    return repaired.notes


def test_of_a_duplicated_answer_the_last_with_work_in_it_counts():
    notebook = sample.handed_in(count_words="def count_words(tokens):\n    return 'first'")
    at = sample.place(notebook, "answer-count_words") + 1
    stub = sample.bundle().cell("answer-count_words").source
    notebook["cells"][at:at] = [
        sample.twin(notebook, "answer-count_words", "def count_words(tokens):\n    return 'second'"),
        sample.twin(notebook, "answer-count_words", stub),
    ]
    repaired = repair(notebook)
    assert repaired.answers["count_words"].endswith("'second'") and repaired.extras == {}
    assert steps(repaired) == EVERYTHING
    assert says(repaired, "several copies", "the answer to Exercise 1") and len(repaired.notes) == 1


def test_a_helper_that_only_an_older_copy_of_the_answer_has_is_kept():
    notebook = sample.handed_in(count_words="def helper(): pass\ndef count_words(tokens): return 1")
    at = sample.place(notebook, "answer-count_words") + 1
    newer = "def count_words(tokens):\n    return helper()"
    notebook["cells"].insert(at, sample.twin(notebook, "answer-count_words", newer))
    repaired = repair(notebook)
    assert ran(repaired)[:2] == ["def helper(): pass\ndef count_words(tokens): return 1", newer]


def test_a_duplicated_test_is_ours_once():
    notebook = sample.handed_in()
    notebook["cells"].append(sample.twin(notebook, "test-count_words"))
    repaired = repair(notebook)
    assert steps(repaired) == EVERYTHING and repaired.extras == {}


def test_a_copy_of_a_test_with_the_students_own_code_in_it_is_the_students_cell():
    notebook = sample.handed_in()
    at = sample.place(notebook, "answer-entropy")
    notebook["cells"].insert(at, sample.twin(notebook, "test-count_words", "def helper():\n    return 1"))
    repaired = repair(notebook)
    assert list(repaired.extras.values()) == ["def helper():\n    return 1"]
    assert steps(repaired, "test") == [name for name in EVERYTHING if name.startswith(("test", "hidden"))]


def test_hidden_tests_that_nbgrader_put_back_are_ours():
    notebook = sample.handed_in()
    sample.cell(notebook, "hidden-count_words")["source"] = sample.bundle().cell("hidden-count_words").source
    repaired = repair(notebook)
    assert repaired.notes == () and repaired.extras == {}


@pytest.mark.parametrize("cell_id", ["test-count_words", "hidden-count_words", "given-setup"])
def test_a_deleted_cell_of_ours_comes_back(cell_id):
    notebook = sample.handed_in()
    notebook["cells"].remove(sample.cell(notebook, cell_id))
    repaired = repair(notebook)
    assert steps(repaired) == EVERYTHING
    names = {"given-setup": 'given cell "setup"', "test-count_words": "test of Exercise 1"}
    assert says(repaired, names.get(cell_id, "hidden test of Exercise 1"), "missing; it was put back")


def test_a_deleted_answer_counts_as_not_written():
    notebook = sample.handed_in()
    notebook["cells"].remove(sample.cell(notebook, "answer-count_words"))
    repaired = repair(notebook)
    assert repaired.untouched == {"count_words"} and steps(repaired) == EVERYTHING
    assert says(repaired, "The answer to Exercise 1 was missing; it counts as not written")


def test_a_deleted_answer_that_stands_in_an_own_cell_is_found():
    notebook = sample.handed_in()
    at = sample.place(notebook, "answer-count_words")
    notebook["cells"][at] = sample.own(COUNT)
    repaired = repair(notebook)
    assert repaired.answers["count_words"] == COUNT and steps(repaired) == EVERYTHING
    assert says(repaired, "The answer to Exercise 1", "another cell") and repaired.untouched == frozenset()


def test_a_deleted_answer_that_stands_in_another_answer_is_not_hidden_by_our_stub():
    notebook = sample.handed_in(entropy=COUNT + "\n\n" + ENTROPY)
    notebook["cells"].remove(sample.cell(notebook, "answer-count_words"))
    repaired = repair(notebook)
    assert "answer-count_words" not in steps(repaired) and repaired.untouched == frozenset()
    assert says(repaired, "The answer to Exercise 1", "another cell")


def test_an_answer_left_empty_but_written_in_an_own_cell_further_down_is_found():
    notebook = sample.handed_in(entropy=ENTROPY)
    notebook["cells"].append(sample.own(COUNT))
    repaired = repair(notebook)
    order = [step.source for step in repaired.steps]
    assert repaired.untouched == frozenset() and repaired.answers["count_words"] == COUNT
    assert order.index(COUNT) == steps(repaired).index("test-count_words") - 1
    assert says(repaired, "The answer to Exercise 1 was missing or left empty")


def test_an_answer_written_in_an_own_cell_right_below_the_stub_needs_no_repair():
    notebook = sample.handed_in(entropy=ENTROPY)
    notebook["cells"].insert(sample.place(notebook, "answer-count_words") + 1, sample.own(COUNT))
    repaired = repair(notebook)
    assert repaired.untouched == frozenset() and repaired.notes == ()
    assert ran(repaired) == [COUNT, ENTROPY]


def test_an_experiment_with_the_function_further_down_is_not_the_answer():
    notebook = sample.handed_in()
    notebook["cells"].append(sample.own("def count_words(tokens): return 'slow'"))
    repaired = repair(notebook)
    assert repaired.answers["count_words"] == COUNT and repaired.notes == ()
    assert ran(repaired)[-1].endswith("'slow'")


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_a_retyped_answer_is_taken_as_code(kind):
    notebook = sample.handed_in()
    notebook["cells"][sample.place(notebook, "answer-count_words")] |= {"cell_type": kind}
    repaired = repair(notebook)
    assert repaired.answers["count_words"] == COUNT and steps(repaired) == EVERYTHING
    assert says(repaired, "The answer to Exercise 1 had been turned into another kind of cell")


@pytest.mark.parametrize("kind", ["markdown", "raw"])
@pytest.mark.parametrize("cell_id", ["test-count_words", "given-setup"])
def test_a_retyped_cell_of_ours_is_ours(kind, cell_id):
    notebook = sample.handed_in()
    notebook["cells"][sample.place(notebook, cell_id)] |= {"cell_type": kind}
    repaired = repair(notebook)
    assert steps(repaired) == EVERYTHING
    assert says(repaired, "turned into another kind of cell; it was turned back")


def test_a_retyped_written_answer_is_taken_as_text():
    notebook = sample.handed_in()
    cell = {**sample.cell(notebook, "written-logarithms"), "cell_type": "code", "source": "Because."}
    notebook["cells"][sample.place(notebook, "written-logarithms")] = cell
    repaired = repair(notebook)
    assert repaired.written["logarithms"].text == "Because."
    assert "Because." not in ran(repaired)
    assert says(repaired, "The answer to Exercise 3")


@pytest.mark.parametrize(
    "cell_id, name",
    [
        ("test-count_words", "The test of Exercise 1"),
        ("hidden-count_words", "The hidden test of Exercise 1"),
        ("given-setup", 'The given cell "setup"'),
    ],
)
def test_a_changed_cell_of_ours_is_ours_again(cell_id, name):
    notebook = sample.handed_in()
    cell = sample.cell(notebook, cell_id)
    cell["source"] = "".join(cell["source"]).replace("corn", "hay") + "\nprint('looked')" * (cell_id != "given-setup")
    repaired = repair(notebook)
    assert repaired.steps == repair(sample.handed_in()).steps
    assert repaired.notes == (f"{name} had been changed; the original was used.",)


def test_what_only_an_editor_changes_is_no_change():
    notebook = sample.handed_in()
    cell = sample.cell(notebook, "test-count_words")
    cell["source"] = "".join(cell["source"]).replace("\n", "  \r\n") + "\n\n"
    assert repair(notebook).notes == ()


def test_several_changes_are_told_in_one_sentence():
    notebook = sample.handed_in()
    for name in ("test-count_words", "test-entropy"):
        cell = sample.cell(notebook, name)
        cell["source"] = "".join(cell["source"]) + "\nprint('looked')"
    (note,) = repair(notebook).notes
    assert (
        note == "The test of Exercise 1 and the test of Exercise 2 had been changed; the originals were used."
    )


def test_moved_cells_go_back_and_own_cells_follow_theirs():
    notebook = sample.handed_in()
    moved = notebook["cells"].pop(sample.place(notebook, "answer-count_words"))
    notebook["cells"] += [moved, sample.own("after_count = 1")]
    repaired = repair(notebook)
    assert ran(repaired) == [COUNT, "after_count = 1", ENTROPY]
    assert steps(repaired, "test") == [name for name in EVERYTHING if name.startswith(("test", "hidden"))]
    assert says(repaired, "Cells had been moved")


def test_a_shuffled_notebook_is_put_in_order():
    notebook = sample.handed_in()
    random.Random(0).shuffle(notebook["cells"])
    repaired = repair(notebook)
    assert steps(repaired) == EVERYTHING and repaired.answers == sample.RIGHT


def test_the_second_half_of_a_split_answer_runs_right_after_the_first():
    one, two = ENTROPY.split("\n\n")
    notebook = sample.handed_in(entropy=one, count_words=COUNT)
    at = sample.place(notebook, "answer-entropy") + 1
    notebook["cells"].insert(at, sample.twin(notebook, "answer-entropy", two))
    repaired = repair(notebook)
    assert ran(repaired) == [COUNT, one, two]
    assert [s.exercise for s in repaired.steps if s.cell_id == "extra-1"] == ["entropy"]
    assert says(repaired, "The answer to Exercise 2 was in several cells")


def test_the_second_half_may_have_lost_its_marks():
    one, two = ENTROPY.split("\n\n")
    notebook = sample.handed_in(entropy=one, count_words=COUNT)
    notebook["cells"].insert(sample.place(notebook, "answer-entropy") + 1, sample.own(two))
    repaired = repair(notebook)
    assert ran(repaired) == [COUNT, one, two] and repaired.notes == ()


def test_a_function_cut_in_two_is_joined():
    cut = COUNT.index("    return")
    notebook = sample.handed_in(count_words=COUNT[:cut])
    at = sample.place(notebook, "answer-count_words") + 1
    notebook["cells"].insert(at, sample.twin(notebook, "answer-count_words", COUNT[cut:]))
    repaired = repair(notebook)
    assert repaired.answers["count_words"] == COUNT and repaired.extras == {}
    assert says(repaired, "The answer to Exercise 1 was cut in the middle of a function")


def stripped(notebook):
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"], cell["id"] = {}, f"x{number}"
    notebook["metadata"] = {}
    return notebook


def test_without_metadata_and_ids_cells_are_known_by_their_text():
    notebook = stripped(sample.handed_in())
    notebook["cells"].insert(2, sample.own("helper = 1"))
    repaired = repair(notebook)
    assert repaired.answers == sample.RIGHT
    assert [name for name in steps(repaired) if not name.startswith("extra")] == EVERYTHING
    assert list(repaired.extras.values()) == ["helper = 1"]
    assert repaired.notes == (
        "The cells had lost the marks by which they are known; they were recognised by their text.",
    )


def test_without_metadata_but_with_ids_nothing_is_lost():
    notebook = sample.handed_in()
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    repaired = repair(notebook)
    assert repaired.answers == sample.RIGHT and repaired.notes == ()


def test_with_new_ids_nbgraders_metadata_is_enough():
    notebook = sample.handed_in()
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"x{number}"
    repaired = repair(notebook)
    assert repaired.answers == sample.RIGHT and repaired.notes == ()


def test_a_changed_test_without_marks_is_not_run_as_an_answer():
    notebook = sample.handed_in()
    sample.cell(notebook, "test-count_words")["source"] += "\nprint('looked')"
    repaired = repair(stripped(notebook))
    assert repaired.extras == {} and steps(repaired) == EVERYTHING


def test_a_broken_answer_without_marks_is_known_by_its_def():
    notebook = stripped(sample.handed_in(count_words="def count_words(tokens:\n    return {"))
    repaired = repair(notebook)
    assert repaired.answers["count_words"] == "def count_words(tokens:\n    return {"


def test_cells_of_another_release_are_left_out():
    notebook = sample.handed_in()
    old = sample.own("import torch; check_old()", "test-gone")
    old["metadata"] = {"nbgrader": {"grade_id": "test-gone", "grade": True}}
    notebook["cells"].append(old)
    assert repair(notebook).extras == {}


def test_tags_and_other_metadata_of_students_change_nothing():
    notebook = sample.handed_in()
    for cell in notebook["cells"]:
        cell["metadata"] |= {"tags": ["skip-execution", "raises-exception"], "collapsed": True}
        cell["metadata"].setdefault("nbgrader", {}).update(points=1000, locked=False, solution=True)
    assert repair(notebook).steps == repair(sample.handed_in()).steps
    cells = {cell.id: cell for cell in autograded(repair(notebook)).cells}
    assert cells["test-count_words"].metadata.nbgrader.points == 1


# --- written answers ---


def test_a_written_answer_that_was_split_or_copied_loses_nothing():
    notebook = sample.handed_in()
    sample.cell(notebook, "written-logarithms")["source"] = "First."
    notebook["cells"] += [
        sample.twin(notebook, "written-logarithms", "First. And more."),
        sample.twin(notebook, "written-logarithms", "Second."),
        sample.twin(notebook, "written-logarithms", "YOUR ANSWER HERE"),
    ]
    repaired = repair(notebook)
    assert repaired.written["logarithms"].text == "First. And more.\n\nSecond."
    assert says(repaired, "several texts for the answer to Exercise 3")


@pytest.mark.parametrize("deleted", [False, True])
def test_a_written_answer_in_an_own_cell_below_the_question_is_taken(deleted):
    notebook = sample.handed_in()
    at = sample.place(notebook, "written-logarithms")
    notebook["cells"].insert(at + 1, sample.own("Products underflow.", kind="markdown"))
    if deleted:
        del notebook["cells"][at]
    repaired = repair(notebook)
    assert repaired.written["logarithms"] == intake.Written("Products underflow.", True)
    assert says(repaired, "The answer to Exercise 3", "another cell")


def test_a_written_answer_typed_into_the_question_is_taken():
    notebook = sample.handed_in()
    question = sample.cell(notebook, "text-5834db90")
    question["source"] = "".join(question["source"]) + "\n\nProducts underflow."
    assert repair(notebook).written["logarithms"].text == "Products underflow."


def of_another_release(notebook, cell_id, *changes):
    """Prose as another release had it, with the id that the build gave it; returns the cell."""
    cell = sample.cell(notebook, cell_id)
    cell["source"] = "".join(cell["source"])
    for now, then in changes:
        assert now in cell["source"]
        cell["source"] = cell["source"].replace(now, then)
    cell["id"] = f"text-{hashlib.sha256(cell['source'].encode()).hexdigest()[:8]}"
    return cell


QUESTION, BELOW = "text-5834db90", "text-a44d6047"
CORRECTED = {QUESTION: ("Two sentences", "Two or three sentences"), BELOW: ("More of it.", "Less of it.\nBut a little.")}


def test_prose_has_a_digest_of_its_text_as_its_id():
    texts = {c["id"]: "".join(c["source"]) for c in sample.student()["cells"] if c["id"].startswith("text-")}
    assert {QUESTION, BELOW} < set(texts)
    assert all(cell_id == f"text-{hashlib.sha256(text.encode()).hexdigest()[:8]}" for cell_id, text in texts.items())


@pytest.mark.parametrize("left", ["stub", "empty", "deleted"])
@pytest.mark.parametrize("metadata", [True, False])
@pytest.mark.parametrize("cell_id", CORRECTED)
def test_our_prose_of_another_release_is_nobodys_answer(cell_id, metadata, left):
    notebook = sample.handed_in()
    cell = of_another_release(notebook, cell_id, CORRECTED[cell_id])
    if not metadata:
        cell["metadata"] = {}
    notebook["cells"].append({**cell, "id": "bbbb2222", "metadata": {}})  # pasted once more
    if left == "empty":
        sample.cell(notebook, "written-logarithms")["source"] = ""
    elif left == "deleted":
        notebook["cells"].remove(sample.cell(notebook, "written-logarithms"))
    repaired = repair(notebook)
    assert not repaired.written["logarithms"].touched and not any("another cell" in note for note in repaired.notes)
    assert "of it." not in "".join(piece.source for piece in repaired.pieces if piece.ours is None)


def test_what_an_editor_cuts_off_our_prose_of_another_release_makes_it_nobodys_answer():
    notebook = sample.handed_in()
    cell = of_another_release(notebook, BELOW, ("More of it.", "Less of it.  \nBut a little."))
    for text in (cell["source"] + "\n\n", cell["source"].replace("\n", "\r\n")):
        assert not repair(notebook | {"cells": [c | {"source": text} if c is cell else c for c in notebook["cells"]]}).written[
            "logarithms"
        ].touched


def test_our_prose_of_another_release_whose_id_was_lost_is_nobodys_answer():
    notebook = sample.handed_in()
    question = of_another_release(notebook, QUESTION, CORRECTED[QUESTION])
    question["id"] = "x1"
    assert not repair(notebook).written["logarithms"].touched


@pytest.mark.parametrize("id_lost", [False, True])
@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("cell_id", CORRECTED)
def test_an_answer_typed_into_our_prose_beside_it_is_taken_from_any_release(cell_id, corrected, id_lost):
    notebook = sample.handed_in()
    cell = of_another_release(notebook, cell_id, CORRECTED[cell_id]) if corrected else sample.cell(notebook, cell_id)
    cell["source"] = "".join(cell["source"]) + "\n\nProducts underflow.\n\nSums do not."
    if id_lost:
        cell["id"] = "x1"
    repaired = repair(notebook)
    assert repaired.written["logarithms"].text.replace("\n\n", "\n").endswith("Products underflow.\nSums do not.")
    assert says(repaired, "The answer to Exercise 3", "another cell")


@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("cell_id", CORRECTED)
def test_an_answer_in_place_of_our_prose_beside_it_is_taken_from_any_release(cell_id, corrected):
    notebook = sample.handed_in()
    cell = of_another_release(notebook, cell_id, CORRECTED[cell_id]) if corrected else sample.cell(notebook, cell_id)
    cell["source"] = "Products underflow."
    assert repair(notebook).written["logarithms"].text == "Products underflow."


def test_an_answer_in_an_own_cell_below_a_question_of_another_release_is_taken():
    notebook = sample.handed_in()
    cell = of_another_release(notebook, QUESTION, CORRECTED[QUESTION])
    notebook["cells"].insert(notebook["cells"].index(cell) + 1, sample.own("Products underflow.", kind="markdown"))
    notebook["cells"].remove(sample.cell(notebook, "written-logarithms"))
    assert repair(notebook).written["logarithms"].text == "Products underflow."


def test_an_own_text_beside_a_written_answer_stays_a_note():
    notebook = sample.handed_in()
    sample.cell(notebook, "written-logarithms")["source"] = "The answer."
    notebook["cells"].append(sample.own("To do: sleep.", kind="markdown"))
    repaired = repair(notebook)
    assert repaired.written["logarithms"].text == "The answer."
    assert [c.source for c in autograded(repaired).cells if c.id == "extra-1"] == ["To do: sleep."]


def test_pictures_pasted_into_a_written_answer_are_kept_and_scripts_are_not():
    notebook = sample.handed_in()
    cell = sample.cell(notebook, "written-logarithms")
    cell["source"] = "![p](attachment:p.png)"
    picture = {"p.png": {"image/png": "aGk="}}
    cell["attachments"] = picture | {
        "x.svg": {"image/svg+xml": "<svg onload='x'>"},
        "y": 3,
        "z": {"image/png": "<"},
    }
    repaired = repair(notebook)
    assert repaired.written["logarithms"].attachments == picture
    assert {c.id: c for c in autograded(repaired).cells}["written-logarithms"].attachments == picture


# --- the notebook for nbgrader ---


def test_the_autograded_notebook_is_valid_and_grades_as_nbgrader_expects():
    from nbgrader.preprocessors import CheckCellMetadata
    from nbgrader.utils import determine_grade

    notebook = sample.handed_in()
    notebook["cells"].insert(0, sample.own("first = 0"))
    sample.cell(notebook, "written-logarithms")["source"] = "They would underflow."
    failed = {"output_type": "error", "ename": "TestFailed", "evalue": "no", "traceback": ["no"]}
    made = autograded(repair(notebook), {"hidden-count_words": [failed]})
    nbformat.validate(made)
    CheckCellMetadata().preprocess(made, {})
    grades = {c.id: determine_grade(c) for c in made.cells if c.metadata.get("nbgrader", {}).get("grade")}
    assert grades == {
        "test-count_words": (1, 1),
        "hidden-count_words": (0, 2),
        "test-entropy": (0, 0),
        "written-logarithms": (None, 4),
    }
    assert made.cells[0].source == "first = 0" and "nbgrader" not in made.cells[0].metadata


def test_an_untouched_written_answer_needs_no_marking_in_nbgrader():
    from nbgrader.utils import determine_grade

    made = autograded(repair(sample.handed_in()))
    assert determine_grade({c.id: c for c in made.cells}["written-logarithms"]) == (0, 4)


def test_the_marking_scheme_stands_above_the_written_answer():
    made = autograded(repair(sample.handed_in()))
    ids = [cell.id for cell in made.cells]
    scheme = made.cells[ids.index("written-logarithms") - 1]
    assert scheme.source.startswith("**Marking scheme (for graders)**\n\n* 2 points: underflow is named.")
    assert "nbgrader" not in scheme.metadata


# --- files ---


def reason(submission):
    with pytest.raises(Unreadable) as error:
        intake.read_submission(submission)
    assert str(error.value).endswith(".") and "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    "data, because",
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"\xff\xfe\x00\xd8", "not text"),
        (b'{"cells": "\xe4"}', "not text in UTF-8"),
        (b"PK\x03\x04rest", "it is a zip file"),
        (b"%PDF-1.4", "it is a PDF"),
        (b"\n<!doctype html><html>", "it is a web page"),
        (b"def f(): pass", "not valid JSON"),
        (b'{"cells": [', "not valid JSON"),
        (b'{\n<<<<<<< HEAD\n"a": 1\n=======\n"a": 2\n>>>>>>> theirs\n}', "git's conflict marks"),
        (b"[1, 2]", "holds something else"),
        (b"3", "holds something else"),
        (b"{}", "does not say of which format"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 4, "cells": {}}', "no list of cells"),
        (b'{"nbformat": 5, "cells": []}', "newer format than 4"),
        (b'{"nbformat": 2, "worksheets": []}', "older format than 3"),
        (b'{"nbformat": "4", "cells": []}', "does not say of which format"),
        (b'{"nbformat": 3, "worksheets": 7}', "format 3 and cannot be converted"),
        (b'{"nbformat": 4, "cells": [3]}', "cell 1 is no cell"),
        (b'{"nbformat": 4, "cells": [{"source": 3}]}', "the text of its cell 1 is no text"),
        (b'{"nbformat": 4, "cells": [{"source": ["a", 3]}]}', "the text of its cell 1 is no text"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"nbformat": 4, "cells": [], "x": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b'{"nbformat": ' + b"9" * 4000 + b', "cells": []}', "newer format"),
        (b'{"nbformat": 4, "cells": [' + b"{}," * 2500 + b"{}]}", "has 2,501 cells"),
        (b'{"nbformat": 4, "cells": [{"source": "' + b"x" * 1_000_001 + b'"}]}', "Cell 1 is longer than"),
        (b"[" + b"[]," * 2_000_001 + b"[]]", "too many parts"),
        (b" " * (intake.LARGEST + 1), "larger than 100 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_has_a_reason(data, because):
    assert because in reason(data)


def test_a_cell_may_lack_anything():
    read = intake.read_submission(
        b'{"nbformat": 4, "cells": [{}, {"cell_type": 3, "id": 4, "metadata": [], "source": []}]}'
    )
    assert read["cells"] == [{"cell_type": "raw", "id": "", "metadata": {}, "source": ""}] * 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_editors_may_save_in_any_unicode(encoding):
    data = json.dumps(sample.handed_in(), ensure_ascii=False).encode(encoding)
    assert intake.read_submission(data)["cells"]


def test_nul_and_lone_surrogates_are_replaced_and_told():
    text = COUNT + "\n# \ud800 and \x00"
    repaired = repair(sample.handed_in(count_words=text))
    assert repaired.answers["count_words"].endswith("# \ufffd and \ufffd")
    repaired.answers["count_words"].encode()
    assert says(repaired, "Characters that are no text")


def test_a_notebook_of_format_3_is_converted():
    old = nbformat.convert(nbformat.from_dict(stripped(sample.handed_in())), 3)
    read = intake.read_submission(json.dumps(old).encode())
    assert intake.repair(read, sample.bundle()).answers == sample.RIGHT


def test_sources_may_be_text_or_lists_of_lines():
    lines, text = sample.handed_in(), sample.handed_in()
    for cell in lines["cells"]:
        cell["source"] = "".join(cell["source"]).splitlines(keepends=True)
    assert intake.read_submission(json.dumps(lines).encode()) == intake.read_submission(
        json.dumps(text).encode()
    )


def test_links_folders_pipes_and_missing_files_are_refused(tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_text(json.dumps(sample.handed_in()))
    (tmp_path / "link.ipynb").symlink_to(secret)
    (tmp_path / "folder.ipynb").mkdir()
    os.mkfifo(tmp_path / "pipe.ipynb")
    assert "a link to another file" in reason(tmp_path / "link.ipynb")
    assert "not an ordinary file" in reason(tmp_path / "folder.ipynb")
    assert "not an ordinary file" in reason(tmp_path / "pipe.ipynb")
    assert "cannot be opened" in reason(tmp_path / "none.ipynb")
    assert "cannot be opened" in reason("bad\0name.ipynb")
    assert intake.read_submission(str(secret))["cells"]


@pytest.mark.parametrize(
    "about, because", [({}, "none of its cells"), ({"assignment": "02_other"}, "of 02_other, not of")]
)
def test_the_notebook_of_another_assignment_is_refused(about, because):
    notebook = {"nbformat": 4, "metadata": {"nextword": about}, "cells": [sample.own("print('hello')")]}
    with pytest.raises(Unreadable, match=because):
        repair(notebook)


def another(*cells):
    """The notebook of an assignment of which only the setup has the name of one of ours, with these cells as well."""
    notebook = sample.student()
    setup = sample.cell(notebook, "given-setup") | {"source": "import math\n\nother = 1"}
    notebook["metadata"]["nextword"]["assignment"] = "02_other"
    return notebook | {"cells": [setup, sample.own("def other(): pass", "answer-other"), *cells]}


OTHERS_ANSWER = {
    **sample.cell(sample.student(), "answer-entropy"),
    "source": "def entropy(logits):\n    return 3",
    "metadata": {"nbgrader": {"grade_id": "answer-entropy", "solution": True, "checksum": "0" * 32}},
}


@pytest.mark.parametrize("cells", [(), (OTHERS_ANSWER,)], ids=["", "with an exercise of the same name"])
def test_the_notebook_of_another_assignment_with_a_cell_of_the_same_name_is_refused(cells):
    with pytest.raises(Unreadable, match="the notebook of 02_other, not of every_role: hand in .*every_role.ipynb"):
        repair(another(*cells))


def test_answers_put_into_the_notebook_of_another_assignment_are_graded():
    cells = {cell["id"]: cell for cell in sample.handed_in()["cells"]}
    assert repair(another(cells["answer-entropy"])).answers == {"entropy": ENTROPY}
    assert repair(another(sample.own(ENTROPY))).answers == {"entropy": ENTROPY}
    written = cells["written-logarithms"] | {"source": "They would underflow."}
    assert repair(another(written)).written["logarithms"].touched


def test_a_notebook_that_does_not_say_whose_it_is_is_graded():
    notebook = another(OTHERS_ANSWER)
    notebook["metadata"] = {}
    assert repair(notebook).answers


def test_an_empty_notebook_is_refused():
    with pytest.raises(Unreadable, match="none of its cells is in it"):
        repair({"nbformat": 4, "metadata": {}, "cells": []})


# --- finding the notebook ---


def put(folder, *names):
    for name in names:
        (folder / name).write_text(json.dumps(name))


def test_the_notebook_is_found_by_its_name(tmp_path):
    put(tmp_path, "a.ipynb", "b.ipynb", ".hidden.ipynb", "a.py")
    assert intake.find_notebook(tmp_path, "a") == (tmp_path / "a.ipynb", None)


@pytest.mark.parametrize("name", ["a (1).ipynb", "A.ipynb", "my homework.IPYNB"])
def test_a_renamed_notebook_is_found_and_told(tmp_path, name):
    put(tmp_path, name)
    path, note = intake.find_notebook(tmp_path, "a")
    assert path.name == name and note == f"The notebook was named {name} instead of a.ipynb."


def test_of_several_the_one_that_is_named_like_it_is_taken(tmp_path):
    put(tmp_path, "a-final.ipynb", "scratch.ipynb")
    assert intake.find_notebook(tmp_path, "a")[0].name == "a-final.ipynb"


@pytest.mark.parametrize(
    "names, because",
    [
        ([], "There is no notebook"),
        (["x.ipynb", "y.ipynb"], "none of them is named a.ipynb"),
        (["a1.ipynb", "a2.ipynb"], "several notebooks like a.ipynb"),
    ],
)
def test_what_cannot_be_found_has_a_reason(tmp_path, names, because):
    put(tmp_path, *names)
    with pytest.raises(Unreadable, match=because):
        intake.find_notebook(tmp_path, "a")
    with pytest.raises(Unreadable, match="cannot be read"):
        intake.find_notebook(tmp_path / "none", "a")


def test_a_linked_notebook_is_not_found(tmp_path):
    put(tmp_path, "other")
    (tmp_path / "a.ipynb").symlink_to(tmp_path / "other")
    with pytest.raises(Unreadable, match="There is no notebook"):
        intake.find_notebook(tmp_path, "a")


# --- hostile ones ---

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
TEXTS = st.sampled_from(
    [
        "",
        "  x",
        "def count_words(",
        "class",
        "=",
        "# %%",
        "\x00",
        "\ud800",
        "```",
        "def entropy(p): pass",
        "%%bash\nls",
    ]
)

CHANGES = st.one_of(
    st.tuples(st.sampled_from(["source", "metadata", "id", "cell_type", "attachments", "outputs"]), JSON),
    st.tuples(st.just("source"), TEXTS),
    st.tuples(st.just("cell_type"), st.sampled_from(["code", "markdown", "raw", "heading"])),
    st.tuples(st.just("metadata"), st.fixed_dictionaries({"nbgrader": JSON, "nextword": JSON})),
)


def attempt(data):
    """Reads and repairs; whatever it is, there is a repaired notebook with all of our tests, or a reason."""
    try:
        repaired = intake.repair(intake.read_submission(data), sample.bundle())
    except Unreadable as error:
        assert str(error)
        return
    assert [name for name in steps(repaired, "test")] == [
        n for n in EVERYTHING if n.startswith(("test", "hidden"))
    ]
    tests = {step.cell_id: step.source for step in repaired.steps if step.kind == "test"}
    assert all(sample.bundle().cell(name).source == text for name, text in tests.items())
    assert len({piece.id for piece in repaired.pieces}) == len(repaired.pieces)
    assert set(repaired.untouched) | set(repaired.answers) <= {"count_words", "entropy"}
    json.dumps([step.source for step in repaired.steps]).encode()
    nbformat.validate(autograded(repaired))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_give_a_reason(data):
    attempt(data)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutilated_notebook_is_repaired_or_has_a_reason(data):
    notebook = sample.handed_in()
    for _ in range(data.draw(st.integers(1, 6))):
        _mutilate(notebook, data)
    attempt(json.dumps(notebook).encode())


def _mutilate(notebook, data):
    """One thing that can happen to a notebook: a value, a cell or its text is replaced, moved or lost."""
    cells = notebook["cells"]
    if not isinstance(cells, list) or not cells or data.draw(st.integers(0, 9)) == 0:
        notebook[data.draw(st.sampled_from(["cells", "metadata", "nbformat", "other"]))] = data.draw(JSON)
        return
    at, other = data.draw(st.integers(0, len(cells) - 1)), data.draw(st.integers(0, len(cells) - 1))
    what = data.draw(st.sampled_from(["lose", "swap", "copy", "change", "change"]))
    if what == "lose":
        del cells[at]
    elif what == "swap":
        cells[at], cells[other] = cells[other], cells[at]
    elif what == "copy":
        cells.insert(other, json.loads(json.dumps(cells[at])))
    elif isinstance(cells[at], dict):
        key, value = data.draw(CHANGES)
        cells[at][key] = value


def test_a_large_notebook_is_repaired_fast():
    notebook = sample.handed_in()
    notebook["cells"] += [
        sample.own("x = 1\n" * 150 + f"y{number} = 2", f"c{number}") for number in range(1900)
    ]
    locked = ("test", "hidden", "given", "figure")
    notebook["cells"] = [cell for cell in notebook["cells"] if not cell["id"].startswith(locked)]
    repaired = repair(notebook)
    assert len(repaired.extras) == 1900 and steps(repaired, "test")


def test_reading_knows_its_bounds():
    assert (reading.LARGEST, reading.MOST_CELLS, reading.MOST_TEXT) == (100_000_000, 2_000, 2_000_000)


def test_more_text_than_a_page_can_show_is_refused():
    notebook = sample.handed_in()
    notebook["cells"] += [sample.own("#" * 900_000, f"c{number}") for number in range(3)]
    with pytest.raises(Unreadable, match="more than 2,000,000 characters"):
        repair(notebook)
