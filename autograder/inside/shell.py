"""Runs one cell of a notebook and says what came of it: IPython without a kernel, with bounded output."""

import builtins
import concurrent.futures as futures
import io
import linecache
import multiprocessing
import os
import sys
import traceback

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets.config import Config

KEPT_CHARACTERS = 20_000  # of each stream; more than anybody reads
CELL_FILE = "<ipython-input"


class OutputLimit(BaseException):
    """The cell printed more than it may. Not an Exception, so that `except Exception` does not hide it."""


class Stream(io.TextIOBase):
    """Keeps the beginning of what is printed, and stops a flood."""

    def __init__(self, budget):
        self.budget, self.kept, self.room = budget, [], KEPT_CHARACTERS

    def writable(self):
        return True

    def write(self, text):
        text = str(text)
        if self.room > 0:
            self.kept.append(text[: self.room])
            self.room -= len(text)
        self.budget[0] -= len(text)
        if self.budget[0] < 0:
            raise OutputLimit
        return len(text)

    def text(self):
        return "".join(self.kept)


class Shell:
    """One IPython shell, made in the warm parent and used by one submission in its fork."""

    def __init__(self):
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        self.ipython = InteractiveShell.instance(config=config)
        self.ipython.showtraceback = lambda *a, **k: None  # errors are reported in the reply, not printed
        self.ipython.showsyntaxerror = lambda *a, **k: None
        self.ipython.enable_gui = lambda *a, **k: None  # %matplotlib has no window to open here
        self.ipython.ask_exit = lambda: None
        be_lenient(self.ipython)
        self.run("pass", 1000)  # the first cell costs 30 ms more: paid once, before the fork

    @property
    def names(self):
        return self.ipython.user_ns

    def run(self, source, output_limit):
        """Runs a cell; returns what it printed and the error that stopped it, as plain data."""
        with captured(output_limit) as (out, err):
            try:
                result = self.ipython.run_cell(source, store_history=False)
                error = result.error_before_exec or result.error_in_exec
            except BaseException as caught:
                error = caught
        return {"stdout": out.text(), "stderr": err.text(), "error": error and describe(error)}


RUN_CODE = ("time", "timeit", "prun", "run", "debug")  # magics whose errors are those of the student's code


def be_lenient(ipython):
    """What concerns only the machine that a notebook was written on is left out, and a cell goes on without it.

    Commands, extensions and windows are not here. Processes are refused with a reason, threads take their place where
    that changes nothing.
    """
    magic = ipython.run_line_magic

    def run_line_magic(name, line, _stack_depth=1):
        try:
            return magic(name, line, _stack_depth=_stack_depth + 1)
        except Exception as error:
            if name in RUN_CODE and not _lacks_file(name, line):
                raise
            print(f"%{name} {line}: not here ({error})")

    ipython.run_line_magic = run_line_magic
    ipython.system = lambda command: print(f"!{command}: no commands are run here")
    ipython.getoutput = lambda command, *a, **k: SList()
    sys.breakpointhook = lambda *a, **k: None
    sys.path.append("")  # modules that a cell writes
    multiprocessing.Pool = multiprocessing.Process = _no_processes
    futures.ProcessPoolExecutor = futures.ThreadPoolExecutor


def _no_processes(*arguments, **named):
    raise PermissionError("answers may not start processes here: use a loop, or threads")


def _lacks_file(name, line):
    """Whether %run is asked for a file that was not handed in."""
    return name == "run" and not os.path.exists(line.split()[0] if line.split() else "")


class captured:
    """Within, what is printed is kept (bounded) and `input()` reads nothing."""

    def __init__(self, output_limit):
        budget = [output_limit]
        self.streams = Stream(budget), Stream(budget)

    def __enter__(self):
        self.before = sys.stdout, sys.stderr, builtins.input
        sys.stdout, sys.stderr = self.streams
        builtins.input = _no_input
        return self.streams

    def __exit__(self, *exception):
        sys.stdout, sys.stderr, builtins.input = self.before


def _no_input(prompt=""):
    """Nobody is there to answer: as if the student had pressed return."""
    print(prompt)
    return ""


def describe(error):
    """An exception as plain data: its class, the first built-in class it derives from, its message, and where."""
    kind = type(error)
    base = next((c.__name__ for c in kind.__mro__ if c.__module__ == "builtins"), "Exception")
    if isinstance(error, OutputLimit):
        return {"kind": "OutputLimit", "base": "BaseException", "message": "", "where": "", "traceback": ""}
    try:
        message = str(error.args[0]) if base == "KeyError" and len(error.args) == 1 else str(error)
    except Exception:
        message = "(its message could not be read)"
    try:
        where, trace = locate(error), "".join(traceback.format_list(own_frames(error)))
    except Exception:
        where, trace = "", ""
    return {
        "kind": kind.__name__[:200],
        "base": base,
        "message": message[:2000],
        "where": where[:300],
        "traceback": trace[-4000:],
    }


def own_frames(error):
    """The frames of the traceback that lie in the notebook's own cells."""
    return [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(CELL_FILE)]


def locate(error):
    """"line 3: `return text.lower()`", the innermost place in a cell that the error came through."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f"line {error.lineno}: `{(error.text or '').strip()}`"
    frames = own_frames(error)
    if not frames:
        return ""
    line = frames[-1].line or linecache.getline(frames[-1].filename, frames[-1].lineno).strip()
    return f"line {frames[-1].lineno}: `{line}`"
