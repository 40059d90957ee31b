"""What a room lets nobody do. One house for each level of isolation; each test has a room of its own.

What the levels below rooms cannot hold (see autograder/sandbox/levels.py) is tested for rooms alone: that other
processes and the files of the machine are not there at all, and the quota of the disk.
"""

import glob
import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from autograder.course import Limits
from autograder.remote import AnswerLost, Session
from autograder.sandbox import levels
from autograder.sandbox.house import House, Needs

LIMITS = Limits(memory_mb=256, scratch_mb=8, output_bytes=100_000, processes=16)
ROOT = Path(__file__).resolve().parent.parent
LIBRARY = str(ROOT / "lib" / "nextword")

WHY_NOT = {"rooms": levels.rooms_work(), "house": levels.house_works(), "landlock": levels.landlock_works()}

pytestmark = pytest.mark.xdist_group("sandbox")
rooms_only = pytest.mark.parametrize("level", ["rooms"], indirect=True)
every_level = pytest.mark.parametrize("level", list(WHY_NOT), indirect=True)


@pytest.fixture(scope="module")
def houses():
    """Houses by level, started when they are first needed."""
    opened = {}
    yield opened
    for house in opened.values():
        house.close()


@pytest.fixture(params=["rooms"])
def level(request):
    if WHY_NOT[request.param]:
        pytest.skip(f"not on this machine: {WHY_NOT[request.param]}")
    return request.param


@pytest.fixture
def house(houses, level):
    if level not in houses:
        needs = Needs(library=LIBRARY, withheld=("nextword.ngram",), preload=("nextword.corpora:narwhals",))
        houses[level] = House(level, needs, LIMITS).start()
    return houses[level]


@pytest.fixture
def session(house):
    opened = Session(house, LIMITS)
    opened.allow(20)
    yield opened
    opened.close()


def printed(session, source):
    """What a cell prints; the error's sentence when it stops with one."""
    told = session.ask("run", source)
    return told["stdout"].strip() if not told["error"] else f"{told['error']['kind']}: {told['error']['message']}"


def test_a_room_shows_only_its_own_processes(session):
    assert printed(session, "import os; print([p for p in os.listdir('/proc') if p.isdigit()], os.getppid())") == "['1'] 0"


# parents of the interpreter and of the course have to be there, though empty but for the way to them
ABOVE = {str(parent) for place in (ROOT, sys.prefix, sys.base_prefix) for parent in Path(place).resolve().parents}
ABSENT = [p for p in ["/home", "/tmp", "/var", "/run", "/sys", "/etc/passwd", "/house/autograder"] if p not in ABOVE]


@pytest.mark.parametrize("path", ABSENT)
def test_folders_of_the_machine_are_not_there(session, path):
    assert printed(session, f"import os; print(os.path.exists({path!r}))") == "False"


@every_level
@pytest.mark.parametrize("path", ["/", "/proc/1/environ", "/proc/self/mem", *sorted({"/etc/passwd", "/tmp"} - ABOVE), "solutions", "autograder", "course.toml", "lib/nextword/ngram.py"])
def test_files_that_are_not_meant_for_answers_cannot_be_opened(session, level, path):
    if level == "rooms" and path.startswith("/") and path not in ("/etc/passwd", "/tmp"):
        pytest.skip("a room has a root folder and a /proc of its own")
    full = str(ROOT / path)
    source = f"import os\nos.listdir({full!r}) if os.path.isdir({full!r}) else open({full!r}, 'rb')"
    assert printed(session, source).startswith(("PermissionError", "FileNotFoundError"))


@every_level
@pytest.mark.parametrize("call", ["os.chmod", "os.truncate", "os.utime"])
def test_a_file_cannot_be_changed_by_its_path(session, call, tmp_path):
    file = tmp_path / "precious"
    file.write_text("precious")
    assert "Error" in printed(session, f"import os; {call}({str(file)!r}, *[0o777][:{call != 'os.utime'}])")
    assert file.read_text() == "precious"


@pytest.mark.parametrize("level", ["house", "landlock"], indirect=True)
def test_without_a_disk_of_its_own_a_scratch_folder_is_private_and_cleared(house, session, level):
    made = "import os\nfor d in 'abc': os.makedirs(d * 50 + '/x' * 200)\nos.mkdir('locked', 0)\nfor i in range(400): os.mkdir('y' * 200); os.chdir('y' * 200)"
    assert printed(session, f"import os; print(os.listdir('.')); home = os.getcwd()\n{made}") == "[]"
    other = Session(house, LIMITS)
    other.allow(20)
    mine = printed(session, "print(home)")
    assert mine not in ("", printed(other, "import os; print(os.getcwd())"))
    assert printed(other, f"import os; os.listdir({mine!r})").startswith("PermissionError")
    session.close()
    for _ in range(2):
        house.room().close()
    assert printed(other, f"import os; print(os.path.exists({mine!r}))") == "False"
    other.close()


@pytest.mark.parametrize("folder", ["solutions", "tests", "autograder", "notebooks", "class", ".git"])
def test_the_course_cannot_be_read(session, folder):
    assert printed(session, f"import os; print(os.path.exists({str(ROOT / folder)!r}))") == "False"


def test_only_the_scratch_folder_can_be_written(session):
    source = """
import os
found = []
for folder, folders, files in os.walk("/"):
    if folder.startswith("/proc/") or folder.count("/") > 5: folders[:] = []; continue
    try: open(folder + "/.w", "w").close(); found.append(folder)
    except OSError: pass
print(found)"""
    assert printed(session, source) == "['/scratch']"


@every_level
def test_nothing_of_the_environment_is_inherited(house, session, monkeypatch):
    names = printed(session, "import os; print(' '.join(sorted(os.environ)))").split()
    assert not {n for n in names if n.startswith(("JUPYTER", "SSH", "VIRTUAL", "GIT"))} and os.environ.keys() - set(names)


def test_only_its_own_socket_is_open(session):
    source = "import os; print(sorted(int(f) for f in os.listdir('/proc/self/fd') if os.path.lexists(f'/proc/self/fd/{f}')))"
    assert printed(session, source) == "[0, 1, 2, 3]"


@every_level
@pytest.mark.parametrize("family", [1, 2, 10, 16, 17, 38, 40])
def test_no_socket_can_be_made(session, family):
    assert printed(session, f"import socket; socket.socket({family}, 1)").startswith("PermissionError")


@every_level
@pytest.mark.parametrize(
    "source",
    [
        "import os; os.fork()",
        "import subprocess; subprocess.run(['ls'])",
        "import os; os.posix_spawn('/bin/ls', ['ls'], {})",
        "import multiprocessing; multiprocessing.Process(target=print).start()",
    ],
)
def test_no_process_can_be_started(session, source):
    assert printed(session, source).startswith(("PermissionError", "OSError"))


@every_level
@pytest.mark.parametrize("number", ["1", "2", "-1", "0", "os.getppid()"])
def test_nobody_else_can_be_signalled(session, number):
    assert "Error" in printed(session, f"import os; os.kill({number}, 9)")
    by_owner = f"import fcntl, os; r, w = os.pipe(); fcntl.fcntl(r, 8, {number})"  # F_SETOWN
    assert "Error" in printed(session, by_owner)
    assert "Error" in printed(session, f"import resource; resource.prlimit({number} or 1, resource.RLIMIT_CPU, (1, 1))")


CALLS = {
    "ptrace": "101, 16, 1, 0, 0", "process_vm_readv": "310, 1, 0, 0, 0, 0, 0", "pidfd_open": "434, 1, 0", "mount": "165, 0, 0, 0, 0, 0",
    "unshare": "272, 0x10000000", "setns": "308, 3, 0", "bpf": "321, 0, 0, 0", "perf": "298, 0, 0, -1, -1, 0", "keyctl": "250, 0, -3, 0",
    "memfd": "319, b'x', 0", "shmget": "29, 0, 1<<30, 0o1600", "io_uring": "425, 8, 0", "userfaultfd": "323, 0", "personality": "135, 0x40000",
    "chroot": "161, b'/scratch'", "open_by_handle": "304, 3, 0, 0", "clone_newuser": "56, 0x10000011, 0, 0, 0, 0", "seccomp": "317, 0, 0, 0",
}  # fmt: skip


@every_level
@pytest.mark.parametrize("arguments", CALLS.values(), ids=CALLS.keys())
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="system calls are numbered for x86-64 here")
def test_a_dangerous_system_call_is_refused(session, arguments):
    source = f"import ctypes; l = ctypes.CDLL(None, use_errno=True); print(l.syscall({arguments}), ctypes.get_errno())"
    assert printed(session, source) == "-1 1"


@every_level
def test_a_limit_cannot_be_raised(session):
    source = "import resource as r; r.setrlimit(r.RLIMIT_AS, (-1, -1))"
    assert "Error" in printed(session, source)


@pytest.mark.parametrize(
    "source, error",
    [
        ("x = bytearray(1 << 30)", "MemoryError"),
        ("import numpy as np; x = np.ones(1 << 28)", "MemoryError"),
        ("x = []\nwhile True: x.append(' ' * 10_000_000 + str(len(x)))", "MemoryError"),
        ("f = open('big', 'wb')\nwhile True: f.write(b'x' * (1 << 20))", "OSError"),
        ("n = 0\nwhile True: n += 1; open(str(n), 'w').close()", "OSError"),
        ("keep = []\nwhile True: keep.append(open('/dev/null'))", "OSError"),
        ("import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(9,), daemon=True).start()", "RuntimeError"),
    ],
    ids=["bytes", "array", "list", "disk", "files", "descriptors", "threads"],
)
def test_a_resource_runs_out_with_an_error_of_its_own(session, source, error):
    assert printed(session, source).startswith(error)


@every_level
@pytest.mark.parametrize(
    "source, limit",
    [
        ("import os; os._exit(0)", "died"),
        ("import os; os.abort()", "died"),
        ("import ctypes; ctypes.string_at(1)", "died"),
        ("while True: pass", "time"),
        ("while True:\n  try:\n    while True: pass\n  except BaseException: pass", "time"),
        ("import time; time.sleep(100)", "time"),
        ("import signal; [signal.signal(s, signal.SIG_IGN) for s in (2, 15, 24)]\nwhile True: pass", "time"),
        ("import os\nos.write(3, b'\\xff' * 100)", "value"),
        ("import os\nwhile True: os.write(3, (10).to_bytes(8, 'big') + b'x' * 10)", "value"),
        ("import os\nos.write(3, (1 << 62).to_bytes(8, 'big'))", "value"),
        ("import os; os.close(3)", "died"),
    ],
)
def test_what_ends_a_cell_has_a_name(house, source, limit):
    session = Session(house, LIMITS)
    session.allow(1)
    with pytest.raises(AnswerLost) as lost:
        session.ask("run", source)
    assert lost.value.limit == limit


@every_level
def test_an_error_of_the_students_code_under_a_magic_is_an_error(session):
    for line in ("%time 1 / 0", "%timeit -n1 -r1 1 / 0", "x = 1 / 0"):
        assert printed(session, line).startswith("ZeroDivisionError")


@every_level
def test_a_flood_of_output_is_stopped_and_the_answer_goes_on(session):
    told = session.ask("run", "while True: print('x' * 1000)")
    assert told["error"]["kind"] == "OutputLimit" and len(told["stdout"]) <= 20_000
    assert printed(session, "print(1)") == "1"


def test_a_neighbour_sees_nothing_of_this_room(house, session):
    session.ask("run", "open('/scratch/mine', 'w').write('x'); secret = 'mine'")
    other = Session(house, LIMITS)
    other.allow(10)
    assert printed(other, "import os; print(os.listdir('/scratch'), 'secret' in globals())") == "[] False"
    other.close()


@every_level
def test_when_a_room_is_closed_nothing_of_it_is_left(house):
    session = Session(house, LIMITS)
    session.allow(10)
    name = f"nw-{os.getpid()}"
    session.ask(
        "run",
        "import ctypes, threading, time\n"
        f"def stay(): ctypes.CDLL(None).prctl(15, {name.encode()!r}); time.sleep(60)\n"
        "threading.Thread(target=stay).start(); time.sleep(0.2)",
    )
    assert _threads_named(name) == 1
    session.close()
    deadline = time.monotonic() + 10
    while _threads_named(name) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _threads_named(name) == 0


def _threads_named(name):
    """How many threads of that name this machine sees."""
    count = 0
    for file in glob.glob("/proc/[0-9]*/task/*/comm"):
        try:
            with open(file) as text:
                count += text.read().strip() == name
        except OSError:
            pass
    return count


@every_level
def test_random_numbers_differ_from_room_to_room(house):
    seen = set()
    for _ in range(2):
        session = Session(house, LIMITS)
        session.allow(10)
        seen.add(printed(session, "import random, numpy as np; print(random.random(), np.random.rand())"))
        session.close()
    assert len(seen) == 2


@every_level
def test_torch_and_withheld_modules_can_be_imported_but_not_used(session):
    assert printed(session, "import torch; import torch.nn as nn; from nextword import ngram; print('unused')") == "unused"
    assert "PyTorch is not allowed" in printed(session, "torch.ones(3)")
    assert "PyTorch is not allowed" in printed(session, "from torch import nn; nn.Linear")
    assert "holds the answers" in printed(session, "ngram.count")
    found = "import glob, sys; print([f for p in sys.path for f in glob.glob(p + '/nextword/**/*ngram*', recursive=True) if open(f).read()])"
    assert printed(session, found) == "[]" or "PermissionError" in printed(session, found)
    source = "import sys; sys.meta_path[:] = [f for f in sys.meta_path if type(f).__name__ != 'Guard']; del sys.modules['torch']\n"
    assert "torch" in printed(session, source + "import torch; torch.ones")


@every_level
def test_what_notebooks_use_works_in_a_room(session):
    for source in (
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.savefig('a.png'); plt.show()",
        "%%time\nsum(range(10))",
        "%timeit -n1 -r1 1 + 1",
        "await __import__('asyncio').sleep(0)",
        "import numpy as np; np.linalg.svd(np.eye(50)); np.fft.fft(np.ones(8)); np.save('a.npy', np.ones(3))",
        "import tempfile, sqlite3, zipfile, json; tempfile.mkdtemp(); sqlite3.connect('a.db').execute('create table t (x)')",
        "from concurrent.futures import ThreadPoolExecutor; list(ThreadPoolExecutor(2).map(abs, [1]))",
        "name = input('who? ')",
        "!ls\n%pip install numpy\n%matplotlib widget\n%load_ext missing\n%run missing.py\nfiles = !ls\nassert files == []",
        "%%writefile mine.py\nx = 1",
        "import mine; assert mine.x == 1; breakpoint()",
        "from concurrent.futures import ProcessPoolExecutor\nwith ProcessPoolExecutor(2) as pool: assert [*pool.map(abs, [-1])] == [1]",
        "import warnings; warnings.warn('careful')",
        "from nextword import corpora; corpora.narwhals()",
    ):
        assert session.ask("run", source)["error"] is None, source


def test_arguments_go_by_value_and_changes_in_place_are_reported(session):
    session.ask("run", "def f(x, y=None):\n    x[0] = 9\n    return x")
    function, given = session.begin_test(0, ["f"])["f"], np.zeros(2)
    value, changed = type(function).__call_reporting__(function, (given,), {"y": [1]})
    assert value.tolist() == [9, 0] and changed == [0] and given.tolist() == [0, 0]


def test_an_answer_can_call_a_function_of_the_test(session):
    session.ask("run", "def twice(f, x):\n    return f(f(x))\ndef careful(f):\n    try: f()\n    except KeyError as e: return repr(e)")
    assert session.begin_test(0, ["twice"])["twice"](lambda x: x + 1, 1) == 3

    def missing():
        raise KeyError("gone")

    assert session.begin_test(0, ["careful"])["careful"](missing) == "KeyError('gone')"


def test_endless_recursion_between_test_and_answer_is_stopped(house):
    session = Session(house, LIMITS)
    session.allow(20)
    session.ask("run", "def f(g): return g()")
    function = session.begin_test(0, ["f"])["f"]

    def again():
        return function(again)

    with pytest.raises(AnswerLost) as lost:
        function(again)
    assert lost.value.limit == "callbacks"


def test_an_exception_arrives_as_its_builtin_class_with_its_place(session):
    session.ask("run", "class Odd(ValueError): pass\ndef f():\n    raise Odd('no')\ndef g(): raise StopIteration\ndef h(): raise KeyboardInterrupt")
    with pytest.raises(ValueError, match="no") as caught:
        session.begin_test(0, ["f"])["f"]()
    assert (caught.value.kind, caught.value.where) == ("Odd", "line 3: `raise Odd('no')`")
    for name in "gh":
        with pytest.raises(Exception) as caught:
            session.begin_test(0, [name])[name]()
        assert not isinstance(caught.value, (StopIteration, KeyboardInterrupt))
