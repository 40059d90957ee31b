"""`autograder check`: what a student is told before handing in, and what it leaves ready to hand in."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from sample_course import NAME, RIGHT, cell, handed_in, own, student, twin

from autograder import check, reading, record
from autograder.bundle import Bundle
from autograder.course import Limits
from autograder.grading import Grader
from autograder.inside import room
from autograder.sandbox import house
from autograder.sandbox.house import room_limits


@pytest.fixture
def save(tmp_path):
    def saved(notebook, name=f"{NAME}.ipynb"):
        path = tmp_path / name
        path.write_text(notebook if isinstance(notebook, str) else json.dumps(notebook))
        return path

    return saved


@pytest.fixture(scope="module")
def warm():
    """Graders that stay warm between tests, in place of one for each check."""
    kept = {}

    def grader(bundle, limits, level, library):
        key = bundle.digest, limits
        if key not in kept:
            kept[key] = Grader(bundle, limits, level, library)
        return contextlib.nullcontext(kept[key])

    yield grader
    for one in kept.values():
        one.close()


@pytest.fixture
def told(save, warm, capsys, monkeypatch):
    """The exit code and what is printed, as one line, for a notebook."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(check, "Grader", warm)

    def ask(notebook, **options):
        code = check.check(save(notebook), **options)
        return code, " ".join(capsys.readouterr().out.split())

    return ask


def test_a_notebook_that_is_all_right_passes_and_says_what_hidden_tests_cover(told):
    code, said = told(handed_in())
    assert code == check.GOOD
    assert "Exercise 1: counting words │ ✓ passed │ 1 of 1 │ + 2 │" in said
    assert "Exercise 1: No words at all, and words that come once." in said
    assert "2 of 2 visible tests pass; 1 of 1 written answers are not written yet." in said


def test_a_wrong_answer_fails_with_its_reason(told):
    code, said = told(handed_in(count_words="def count_words(tokens):\n    return {}", entropy=RIGHT["entropy"]))
    assert code == check.NOT_YET
    assert "✗ not yet right │ 0 of 1" in said and "Exercise 1. `count_words(['a', 'b', 'a'])` returned" in said
    assert "No words at all" not in said


def test_a_bonus_may_be_left_out(told):
    code, said = told(handed_in(count_words=RIGHT["count_words"]))
    assert code == check.GOOD and "– not written yet │ 0 of 2 bonus" in said


def test_an_untouched_notebook_is_not_yet_good(told):
    code, said = told(student())
    assert code == check.NOT_YET and "0 of 2 visible tests pass" in said


def test_it_runs_the_cells_afresh_and_not_what_a_kernel_still_knows(told):
    notebook = handed_in(count_words="def count_words(tokens):\n    return tally(tokens)", entropy=RIGHT["entropy"])
    code, said = told(notebook)
    assert code == check.NOT_YET and "NameError" in said and "tally" in said


def test_what_intake_would_repair_is_said(told):
    notebook = handed_in()
    notebook["cells"].append(twin(notebook, "answer-count_words"))
    code, said = told(notebook)
    assert code == check.GOOD and "Repaired: There were several copies of the answer to Exercise 1" in said


def test_a_changed_test_is_named(told):
    notebook = handed_in(count_words="def count_words(tokens):\n    return 7", entropy=RIGHT["entropy"])
    cell(notebook, "test-count_words")["source"] = "assert True"
    _, said = told(notebook)
    assert "The test of Exercise 1 was changed, and was run here as it is now. The grader uses the original." in said


def test_a_lost_test_is_named_and_is_no_success(told):
    notebook = handed_in()
    notebook["cells"].remove(cell(notebook, "test-count_words"))
    code, said = told(notebook)
    assert code == check.NOT_YET and "Exercise 1 has lost its test: take a fresh notebook" in said


def test_own_cells_that_stop_are_named(told):
    notebook = handed_in()
    notebook["cells"].append(own("1 / 0"))
    code, said = told(notebook)
    assert code == check.GOOD and "A cell of your own: The cell stopped with ZeroDivisionError" in said


def test_slow_cells_are_named(told):
    slow = "import time\ntime.sleep(1.3)\n" + RIGHT["count_words"]
    code, said = told(handed_in(count_words=slow, entropy=RIGHT["entropy"]), limits=Limits(cell_seconds=2))
    assert code == check.GOOD and "Exercise 1: the cell took 1." in said and "of at most 2 seconds." in said


def test_a_cell_that_was_given_is_not_called_the_students(save):
    bundle = Bundle.from_notebook(save(handed_in(**RIGHT)))
    where = {name: bundle.where(record.Ran(name, exercise, "ran"))
             for name, exercise in [("given-setup", ""), ("added", ""), ("answer-entropy", "entropy")]}
    assert where["given-setup"] == "A cell that was given"
    assert where["added"] == "A cell of your own"
    assert where["answer-entropy"] == bundle.exercise("entropy").label


def test_a_loop_is_stopped_and_the_rest_is_checked(told):
    looping = handed_in(count_words="while True: pass", entropy=RIGHT["entropy"])
    code, said = told(looping, limits=Limits(cell_seconds=1))
    assert code == check.NOT_YET and "Is there a loop that never ends?" in said and "2 of 2 bonus" in said


@pytest.mark.parametrize("text", ["This is my notebook.", '{"cells": []}', ""])
def test_a_file_that_is_no_notebook_of_the_course_says_so(told, text, tmp_path):
    code, said = told(text)
    assert code == check.NOT_READ and "is not a notebook of this course" in said
    assert not list(tmp_path.glob("*.zip"))


def test_a_file_that_is_not_there_says_so(capsys, tmp_path):
    assert check.check(tmp_path / "nothing.ipynb") == check.NOT_READ
    assert "cannot be read: No such file" in " ".join(capsys.readouterr().out.split())


def test_the_zip_holds_the_notebook_as_it_is_and_intake_reads_it(told, tmp_path):
    notebook = handed_in()
    told(notebook)
    first = (tmp_path / f"{NAME}-hand-in.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / f"{NAME}-hand-in.zip") as archive:
        assert archive.namelist() == [f"{NAME}.ipynb"]
        held = archive.read(f"{NAME}.ipynb")
    assert json.loads(held) == notebook and reading.read_submission(held)["cells"]
    told(notebook)
    assert (tmp_path / f"{NAME}-hand-in.zip").read_bytes() == first


def test_no_zip_is_written_where_none_is_asked_for(told, tmp_path):
    told(handed_in(), pack=False)
    assert not list(tmp_path.glob("*.zip"))


def test_markup_in_an_answers_message_is_text(told):
    raising = handed_in(count_words="def count_words(tokens):\n    raise ValueError('[bold]x[/bold] [/]')", entropy=RIGHT["entropy"])
    _, said = told(raising)
    assert "[bold]x[/bold] [/]" in said


# --- from a cell of the notebook ---


def in_kernel(code, folder):
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell, new_notebook

    cells = [new_code_cell(code)]
    client = NotebookClient(new_notebook(cells=cells), timeout=120, resources={"metadata": {"path": str(folder)}})
    client.execute()
    return "".join(output.get("text", str(output)) for output in cells[0].outputs)


def test_a_notebook_can_be_checked_from_a_cell_of_its_own(save):
    path = save(handed_in())
    said = in_kernel("from nextword import doctor\nprint(doctor.check())", path.parent)
    assert "every_role.ipynb as you saved it at" in said and "2 of 2 visible tests pass" in said
    assert said.rstrip().endswith("True")


def test_the_cell_that_checks_does_nothing_when_the_grader_runs_it(told):
    notebook = handed_in()
    notebook["cells"].append(own("from nextword import doctor\ndoctor.check()"))
    code, said = told(notebook)
    assert code == check.GOOD and "A cell of your own" not in said


def test_which_notebook_is_meant_must_be_clear(tmp_path, monkeypatch):
    from nextword import doctor

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    with pytest.raises(FileNotFoundError, match="Which notebook is meant"):
        doctor.this_notebook()
    (tmp_path / "one.ipynb").touch()
    assert doctor.this_notebook().name == "one.ipynb"
    (tmp_path / "two.ipynb").touch()
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "two.ipynb"))
    assert doctor.this_notebook().name == "two.ipynb"


def test_the_command_needs_no_course_and_its_exit_code_tells(save):
    path = save(handed_in())
    command = [sys.executable, "-m", "autograder", "check", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=path.parent, timeout=120)
    assert done.returncode == 0 and "Ready to hand in" in done.stdout, done.stderr
    save(student())
    assert subprocess.run(command, capture_output=True, cwd=path.parent, timeout=120).returncode == 1
    assert Path(path.parent / f"{NAME}-hand-in.zip").exists()


# --- on a system with neither pidfds nor /proc, as macOS is ---

AS_ON_MACOS = """
import builtins, os, resource
del os.pidfd_open, resource.RLIMIT_MSGQUEUE
opened = builtins.open
def without_proc(path, *rest, **named):
    if str(path).startswith("/proc"):
        raise FileNotFoundError(path)
    return opened(path, *rest, **named)
builtins.open = without_proc
"""


@pytest.fixture
def macos(monkeypatch):
    """What is missing there is missing here, in this process and in the one that runs the answers."""
    monkeypatch.delattr(signal, "pidfd_send_signal")
    monkeypatch.setattr(house, "START", AS_ON_MACOS + house.START)


def still_runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_without_pidfds_a_notebook_is_checked_and_what_loops_is_ended(macos, save, capsys, tmp_path):
    assert check.check(save(handed_in())) == check.GOOD
    assert "2 of 2 visible tests pass" in capsys.readouterr().out
    note = f"import os\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\nwhile True: pass"
    looping = handed_in(count_words=note, entropy=RIGHT["entropy"])
    assert check.check(save(looping), limits=Limits(cell_seconds=1)) == check.NOT_YET
    assert "Is there a loop that never ends?" in " ".join(capsys.readouterr().out.split())
    assert not still_runs((tmp_path / "pid").read_text())


def test_what_else_a_user_runs_does_not_count_against_the_notebook():
    """The system counts all processes of an ordinary user together; a progress bar must still get its thread."""
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setuid(65534)  # root is not counted
            others = threading.Event()
            for _ in range(40):
                threading.Thread(target=others.wait, daemon=True).start()
            ours, theirs = socket.socketpair()
            room.plain(theirs, room_limits(Limits()))
            threading.Thread(target=others.set).start()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def test_importing_what_tests_import_is_no_tests_time():
    """In a fresh process, as a student's: PyTorch is there before the first test is timed."""
    code = """
import sys
from pathlib import Path
import nextword
from autograder.bundle import Bundle
from autograder.course import Limits
from autograder.grading import Grader
assert "torch" not in sys.modules
Grader(Bundle.from_notebook(Path(sys.argv[1])), Limits(), "none", Path(nextword.__file__).parent)
assert {"torch", "nextword.checks"} <= set(sys.modules)
"""
    notebook = Path(__file__).parent.parent / "notebooks" / "01_ngram_counting" / "01_ngram_counting.ipynb"
    subprocess.run([sys.executable, "-c", code, str(notebook)], check=True, timeout=120)
