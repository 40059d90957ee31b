"""The ledger, and what the desk makes of it: nothing graded twice, nothing lost, clear words when it cannot go on."""

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest
from class_of import clone, graded, hand_in, scores

from autograder import desk, ledger, record
from autograder.gradebook import GradebookError
from autograder.ledger import Ledger, StorageError, final, key_of, write_atomically
from autograder.record import Record


def made(**changes):
    return Record("every_role", "s", "b", "none", {}, **changes)


def test_a_record_comes_back_as_it_went_in(tmp_path):
    book = Ledger(tmp_path / "ledger")
    book.put("ab12", made(notes=["a note"]))
    assert book.get("ab12") == made(notes=["a note"])


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 99}', '{"format": 1, "tests": 3}'])
def test_a_damaged_record_counts_as_absent(tmp_path, text):
    book = Ledger(tmp_path / "ledger")
    write_atomically(book._path("ab12"), text)
    assert book.get("ab12") is None


def test_the_key_depends_on_submission_bundle_limits_sandbox_and_note():
    keys = {
        key_of(b"a", "b", {"c": 1}, "rooms"),
        key_of(b"x", "b", {"c": 1}, "rooms"),
        key_of(b"a", "x", {"c": 1}, "rooms"),
        key_of(b"a", "b", {"c": 2}, "rooms"),
        key_of(b"a", "b", {"c": 1}, "none"),
        key_of(b"a", "b", {"c": 1}, "rooms", "renamed"),
    }
    assert len(keys) == 6


def test_a_record_of_a_failed_grader_or_sandbox_is_made_again():
    failed = record.Test("test-a", "a", "test", "stopped", 0, 1, limit="sandbox")
    assert final(made()) and not final(made(status=record.ERROR)) and not final(made(tests=[failed]))


def test_a_write_that_fails_leaves_the_old_file_and_no_half_new_one(tmp_path, monkeypatch):
    file = tmp_path / "file"
    write_atomically(file, "old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StorageError, match="No space left.*run the same command again"):
        write_atomically(file, "new")
    assert file.read_text() == "old" and list(tmp_path.iterdir()) == [file]


def test_what_killed_writers_left_is_swept_when_it_is_old(tmp_path):
    book = Ledger(tmp_path / "ledger")
    book.put("ab12", made())
    old, new = (book.folder / "ab" / name for name in (".old.tmp", ".new.tmp"))
    old.write_text("half"), new.write_text("half")
    os.utime(old, (time.time() - 7200,) * 2)
    book.sweep()
    assert not old.exists() and new.exists() and book.get("ab12")


def test_a_thousand_reasons_fit_into_a_table():
    long = made(cells=[record.Ran(f"c{n}", "", "failed", reason="It stopped. " * 20) for n in range(1000)])
    assert len(long.reasons) == record.LONGEST_REASONS and long.reasons.endswith(" ...")


# --- a class: one worker process for each run, so few runs ---


@pytest.fixture(scope="module")
def course(sample_course, sample_bundle, tmp_path_factory):
    """A class of four, graded once."""
    course = clone(sample_course, tmp_path_factory.mktemp("ledger"))
    hand_in(course, sample_bundle, "ann", "right")
    hand_in(course, sample_bundle, "bob", "right")
    hand_in(course, sample_bundle, "cem", "wrong")
    (course.submitted / "dee" / "every_role").mkdir(parents=True)
    (course.submitted / "no student!" / "every_role").mkdir(parents=True)
    return course


@pytest.fixture(scope="module")
def first(course):
    return graded(course)


pytestmark = pytest.mark.xdist_group("ledger")


def test_a_first_run_grades_equal_notebooks_once(course, first):
    assert first.known == 1  # dee: there is no notebook to grade
    assert sorted(first.changed) == ["ann", "bob", "cem", "dee"]
    assert len(list(course.ledger.glob("*/*.json"))) == 3


def test_scores_are_in_the_gradebook(course, first):
    assert scores(course) == {"ann": 3.0, "bob": 3.0, "cem": 0.0}


def test_every_folder_is_in_the_table_with_a_reason(course, first):
    lines = {line.student: line for line in desk.table(course, "every_role")}
    assert lines["ann"].score == 3 and lines["ann"].status == "graded"
    assert lines["dee"].score is None and "There is no notebook" in lines["dee"].reason
    assert lines["no student!"].score is None and "rename it" in lines["no student!"].reason


def test_a_second_run_does_nothing(course, first):
    outcome = graded(course)
    assert (outcome.graded, outcome.known, outcome.changed) == (0, 4, [])


def test_a_deleted_gradebook_is_made_again_from_the_ledger(course, first):
    course.gradebook.unlink()
    outcome = graded(course)
    assert outcome.graded == 0 and scores(course) == {"ann": 3.0, "bob": 3.0, "cem": 0.0}


def test_a_deleted_page_is_written_again(course, first):
    page = course.feedback / "bob" / "every_role.html"
    page.unlink()
    assert graded(course).changed == ["bob"] and page.exists()


def test_the_plan_says_why_each_submission_is_to_be_graded(course, first, sample_bundle):
    hand_in(course, sample_bundle, "eve", "renamed", name="my work.ipynb")
    hand_in(course, sample_bundle, "cem", "right")
    why = {one.submission.student: one.why for one in desk.plan(course, "every_role", first.level)}
    assert why == {"ann": "", "bob": "", "cem": "", "dee": "", "eve": "new"}  # what cem hands in now is ann's
    graded(course)
    assert scores(course)["cem"] == 3.0
    notes = Ledger(course.ledger).current("every_role", "eve").notes
    assert any("my work.ipynb" in note for note in notes)


def test_a_file_that_changes_while_it_is_graded_is_that_of_one_student(sample_course, sample_bundle, tmp_path, monkeypatch):
    """Equal notebooks are graded once; what the first of them has become is not the others'."""
    course, planned = clone(sample_course, tmp_path), desk.Job.plan
    for student in ("ann", "bob"):
        hand_in(course, sample_bundle, student)

    def changes(job, found, force=False):
        ones = planned(job, found, force)
        hand_in(course, sample_bundle, "ann", "wrong")
        return ones

    monkeypatch.setattr(desk.Job, "plan", changes)
    graded(course)
    assert scores(course)["ann"] == 0 and scores(course).get("bob", 0) == 0
    assert Ledger(course.ledger).current("every_role", "bob") is None
    monkeypatch.undo()
    assert graded(course).graded == 1  # bob's, which was left
    assert scores(course) == {"ann": 0.0, "bob": 3.0}


def test_an_unreadable_submission_after_a_good_one_has_no_score_but_a_reason(course, first, sample_bundle):
    hand_in(course, sample_bundle, "bob", data=b"no notebook")
    graded(course)
    line = next(line for line in desk.table(course, "every_role") if line.student == "bob")
    assert line.score is None and line.status == "unreadable" and line.reason
    assert scores(course)["bob"] == 0.0 and waiting(course, "bob")
    assert not (course.autograded / "bob" / "every_role" / "every_role.ipynb").exists()
    assert graded(course).changed == []
    hand_in(course, sample_bundle, "bob", "right")
    graded(course)
    assert scores(course)["bob"] == 3.0 and not waiting(course, "bob")


def waiting(course, student):
    with desk.Book(course.db_url) as book:
        return book.rows("every_role", [student])[0].needs_marking


def test_a_gradebook_locked_by_another_program_is_a_clear_error_that_loses_nothing(course, first, sample_bundle, monkeypatch):
    monkeypatch.setattr("autograder.gradebook.SECONDS", 0.2)
    hand_in(course, sample_bundle, "ann", "wrong")
    with sqlite3.connect(course.gradebook, isolation_level=None) as other:
        other.execute("begin immediate")
        with pytest.raises(GradebookError, match="locked.*nothing|locked.*not graded twice"):
            graded(course)
        other.execute("rollback")
    graded(course)
    assert scores(course)["ann"] == 0.0


def test_a_full_disk_is_a_clear_error_that_loses_nothing(course, first, sample_bundle, monkeypatch):
    hand_in(course, sample_bundle, "ann", "other")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(ledger.os, "fsync", full)
        with pytest.raises(StorageError, match="No space left on device"):
            graded(course)
    before = scores(course)["ann"]
    graded(course)
    assert before == 0.0 and scores(course)["ann"] == 3.0


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 2 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_is_really_full_loses_nothing_and_the_next_run_goes_on(sample_course, sample_bundle, tmp_path, small_disk):
    here = clone(sample_course, tmp_path)
    here.workspace.symlink_to(small_disk)
    for number, kind in enumerate(["right", "wrong", "other"]):
        hand_in(here, sample_bundle, f"s{number}", kind)
    ballast = small_disk / "ballast"
    for left in (4_000, 60_000, 200_000):  # not enough for a gradebook, for its tables, for records and pages
        ballast.write_bytes(bytes(max(0, shutil.disk_usage(small_disk).free - left)))
        with pytest.raises((StorageError, GradebookError), match="(?i)full|no space"):
            graded(here)
        ballast.unlink()
    kept = len(list(here.ledger.glob("*/*.json")))
    outcome = graded(here)
    assert outcome.known == kept and outcome.graded == 3 - kept
    assert scores(here) == {"s0": 3.0, "s1": 0.0, "s2": 3.0}
    assert graded(here).changed == []


def test_two_graders_at_once_are_told_apart(course, first):
    code = "import sys, filelock\nwith filelock.FileLock(sys.argv[1]):\n    print('held', flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(course.workspace / "grading.lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(desk.DeskError, match="Another autograder is at work"):
            graded(course)
    finally:
        other.kill(), other.wait()
    assert graded(course).changed == []  # the lock ended with its holder


def test_parts_and_merge_give_what_one_run_gives(course, first, sample_course, sample_bundle, tmp_path):
    parts = clone(sample_course, tmp_path)
    for number, kind in enumerate(["right", "wrong", "other"]):
        hand_in(parts, sample_bundle, f"s{number}", kind)
    graded(parts, shard=(1, 2))
    merged = desk.merge(parts, "every_role", first.level)
    shards = [desk.in_shard(one.key, (1, 2)) for one in desk.plan(parts, "every_role", first.level)]
    assert len(merged.missing) == shards.count(False) and not parts.submitted.joinpath("current").exists()
    graded(parts, shard=(2, 2))
    assert desk.merge(parts, "every_role", first.level).missing == []
    assert scores(parts) == {"s0": 3.0, "s1": 0.0, "s2": 3.0}, desk.table(parts, "every_role")
