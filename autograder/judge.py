"""Executes the tests of an assignment against a submission's answers, and gives every cell a verdict with a reason.

The tests run here, in a trusted process with PyTorch; the answers run in a room. A cell that loops, dies or floods
costs its own points: grading goes on in a fresh room, with the cells before it run again.
"""

import contextlib
import functools
import io
import signal
import symtable
import threading
import time
from dataclasses import dataclass

from .remote import AnswerLost, FromAnswer, Session

PASSED, FAILED, NOT_WRITTEN, STOPPED = "passed", "failed", "not written", "stopped"
GRACE_SECONDS = 5  # for the judge's own work in a test, on top of the cell's time


@dataclass
class Result:
    """What came of one cell.

    verdict: for tests one of passed, failed, not written, stopped; for cells that are run: ran, failed, stopped.
    reason: one or more sentences for the student, with values; public: the same without any value of a hidden test.
    mistake: the named mistake, when one was recognised; limit: which limit stopped the cell; seconds: wall time.
    """

    cell: str
    exercise: str
    kind: str
    verdict: str
    reason: str = ""
    public: str = ""
    mistake: str = ""
    limit: str = ""
    printed: str = ""
    warned: str = ""
    traceback: str = ""
    seconds: float = 0.0


class Judge:
    """Judges submissions to one assignment.

    `houses` maps whether PyTorch is there to a house: {False: house} or {False: house, True: house with PyTorch}.
    """

    def __init__(self, bundle, houses, limits):
        self.bundle, self.houses, self.limits = bundle, houses, limits
        self.defined = frozenset(name for exercise in bundle.exercises for name in exercise.defines)

    def judge(self, steps):
        """One Result per step, in order. Never raises for anything that a submission does."""
        return Trial(self).judge(steps)


class Trial:
    """One submission before the judge.

    Answers that may use PyTorch are tested in a room that has it, all others in a room that has not.
    """

    def __init__(self, judge):
        self.bundle, self.houses, self.limits, self.defined = judge.bundle, judge.houses, judge.limits, judge.defined
        self.cells = {cell.id: cell for cell in judge.bundle.cells}
        self.history = []  # sources of the cells so far, to be run (again) in a fresh room
        self.sessions = {}  # whether torch is there -> a session, which knows how much of the history it has run
        self.troubles = {}  # exercise -> why its cell did not run through
        self.ends = time.monotonic() + self.limits.submission_seconds

    def judge(self, steps):
        try:
            return [self._step(step) for step in steps]
        finally:
            for torch in list(self.sessions):
                self._close(torch)

    def _step(self, step):
        started = time.monotonic()
        result = self._run(step) if step.kind == "run" else self._test(step)
        result.seconds = round(time.monotonic() - started, 4)
        return result

    def _cell(self, step):
        """Our cell that the step comes from; None for a cell that the student added."""
        return self.cells.get(step.cell_id)

    def _torch(self, step):
        """Whether the step belongs to an answer that may use PyTorch."""
        exercise = step.exercise and self.bundle.exercise(step.exercise)
        return bool(exercise and exercise.torch)

    def _seconds(self, step):
        """This cell's time, and no more than what is left to the submission."""
        cell = self._cell(step)
        left = self.ends - time.monotonic()
        if left <= 0:
            raise AnswerLost("submission")
        return min(cell and cell.seconds or self.limits.cell_seconds, left)

    # --- rooms ---

    def _open(self, torch, seconds):
        """A session that has run all cells before the current one."""
        if torch not in self.sessions:
            self.sessions[torch] = Session(self.houses[torch], self.limits)
        session = self.sessions[torch]
        while session.done < len(self.history):
            session.allow(max(seconds, self.limits.cell_seconds))
            try:
                session.ask("run", self.history[session.done])
                session.done += 1
            except AnswerLost:
                del self.history[session.done]  # it ran the first time: whatever it did, once is enough
                self._close(torch)
                return self._open(torch, seconds)
        session.allow(seconds)
        return session

    def _close(self, torch):
        session = self.sessions.pop(torch, None)
        if session is not None:
            session.close()

    # --- the student's cells ---

    def _run(self, step):
        result = Result(step.cell_id, step.exercise or "", "run", "ran")
        torch = self._torch(step)
        try:
            session = self._open(torch, self._seconds(step))
            told = session.ask("run", step.source)
            self._note_run(result, told if type(told) is dict else {})
            self.history.append(step.source)
            session.done += 1
        except AnswerLost as lost:
            self._close(torch)
            self._stop(result, lost, step)
            self.troubles[result.exercise] = result.reason
        except FromAnswer as error:
            result.verdict, result.reason = "failed", f"The cell stopped with {error.kind}: {error}."
        return result

    def _note_run(self, result, told):
        result.printed, result.warned = str(told.get("stdout", "")), str(told.get("stderr", ""))
        error = told.get("error")
        if not error:
            return
        error = {key: str(value) for key, value in error.items()} if type(error) is dict else {}
        if error.get("kind") == "OutputLimit":
            raise AnswerLost("output")
        where = f" ({error['where']})" if error.get("where") else ""
        result.verdict = "failed"
        result.reason = f"The cell stopped with {error.get('kind')}: {error.get('message')}{where}."
        result.traceback = error.get("traceback", "")
        self.troubles[result.exercise] = result.reason

    # --- our tests ---

    def _test(self, step):
        result = Result(step.cell_id, step.exercise, self.bundle.cell(step.cell_id).role, PASSED)
        printed = io.StringIO()
        torch = self._torch(step)
        try:
            seconds = self._seconds(step)
            session = self._open(torch, seconds)
            with contextlib.redirect_stdout(printed), watchdog(seconds + GRACE_SECONDS):
                self._execute(step, session)
        except AnswerLost as lost:
            self._close(torch)
            self._stop(result, lost, step)
        except Exception as error:
            self._fail(result, error)
        result.printed = printed.getvalue()[-2000:]
        return result

    def _execute(self, step, session):
        code, free = compiled(step.source, step.cell_id)
        names = {"__name__": "__main__"}
        for name in sorted(free & self.defined):
            names[name] = self._name(session, name, step)
        exec(code, names)

    def _name(self, session, name, step):
        try:
            return session.ask("name", name)
        except NameError:
            trouble = self.troubles.get(step.exercise, "")
            raise Missing(f"`{name}` is not defined. {trouble}".strip()) from None

    def _stop(self, result, lost, step):
        result.verdict, result.limit = STOPPED, lost.limit
        cell = self._cell(step)
        result.reason = result.public = sentence(lost, self.limits, cell and cell.seconds)

    def _fail(self, result, error):
        result.verdict = NOT_WRITTEN if isinstance(error, NotImplementedError) else FAILED
        result.mistake = str(getattr(error, "mistake", "") or "")
        if hasattr(error, "public"):
            result.reason, result.public = str(error), str(error.public)
        elif isinstance(error, Missing):
            result.reason = result.public = str(error)
        elif isinstance(error, FromAnswer):
            where = f" ({error.where})" if error.where else ""
            result.reason = f"Your code raised {error.kind}: {error}{where}."
            result.public = f"Your code raised {error.kind}{where}."
        else:
            kind = type(error).__name__
            result.reason = f"The test could not use what your answer returned ({kind}: {error})."
            result.public = f"The test could not use what your answer returned ({kind})."
        result.traceback = str(getattr(error, "traceback", ""))


class Missing(Exception):
    """A test needs a name that the submission does not define."""


LIMITS = {
    "time": "It ran for more than {seconds:g} seconds and was stopped. Is there a loop that never ends?",
    "submission": "The notebook as a whole had used up its {limits.submission_seconds:g} seconds before this cell.",
    "died": "The Python process ended while it ran: it exited, crashed, or needed more memory than there is"
    " ({limits.memory_mb} MB).",
    "output": "It printed more than {limits.output_bytes:,} characters and was stopped.",
    "value": "What it returned could not be taken: {detail}.",
    "callbacks": "It called the test's functions too often or too deeply nested"
    " (at most {limits.callback_count:,} calls, {limits.callback_depth} levels).",
    "judge": "Checking what it returned took more than {seconds:g} seconds: it may be far too large.",
    "sandbox": "The sandbox failed, which is not the answer's fault: grade this submission again. ({detail})",
}


def sentence(lost, limits, seconds=None):
    """What to tell the student about a limit."""
    return LIMITS[lost.limit].format(limits=limits, seconds=seconds or limits.cell_seconds, detail=lost.detail)


@functools.lru_cache(maxsize=512)
def compiled(source, name):
    """A test cell's code and the names it uses without defining them."""
    return compile(source, f"<{name}>", "exec"), free_names(source)


def free_names(source):
    """Names that the source uses but neither imports nor defines at top level."""
    top = symtable.symtable(source, "<test>", "exec")
    own = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    used, tables = set(), [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (table is top or symbol.is_global()):
                used.add(symbol.get_name())
    return frozenset(used - own)


@contextlib.contextmanager
def watchdog(seconds):
    """Stops the judge's own work (comparing something enormous, say) after `seconds`; only in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def bark(*_):
        raise AnswerLost("judge")

    before = signal.signal(signal.SIGALRM, bark)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
