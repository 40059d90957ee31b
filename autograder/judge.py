"""Executes the tests of an assignment against a submission's answers, and gives every cell a verdict with a reason.

The tests run here, in a trusted process with PyTorch; the answers run in a room. A cell that loops, dies or floods
costs its own points: grading goes on in a fresh room, with the cells before it run again.
"""

import contextlib
import dataclasses
import functools
import io
import signal
import symtable
import threading
import time
from dataclasses import dataclass

from .conversations import Conversation, Known
from .names import whereabouts
from .remote import AnswerLost, FromAnswer, Session, error_of, text_of

PASSED, FAILED, NOT_WRITTEN, STOPPED = "passed", "failed", "not written", "stopped"
GRACE_SECONDS = 5  # of processor time for the judge's own work in a test, on top of the cell's time
HARD_SECONDS = 10  # of processor time until what does not listen is ended, on top of that
SANDBOX_TRIES = 3  # for one step, when the sandbox fails
KEPT_CHARACTERS = 20_000  # of what a cell prints
KEPT_IN_ALL = 500_000  # of what all cells of a submission print
LONGEST_REASON = 5000


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
    expendable: whether this process may be ended over a test that cannot be stopped otherwise.
    """

    def __init__(self, bundle, houses, limits, expendable=False):
        self.bundle, self.houses, self.limits, self.expendable = bundle, houses, limits, expendable
        self.defined = frozenset(name for exercise in bundle.exercises for name in exercise.defines)
        self.known = {cell.id: Known() for cell in bundle.cells if cell.role in ("test", "hidden")}

    def judge(self, steps):
        """One Result per step, in order. Never raises for anything that a submission does."""
        return Trial(self).judge(steps)


class Trial:
    """One submission before the judge.

    Answers that may use PyTorch are tested in a room that has it, all others in a room that has not. Hidden tests
    call answers in rooms of their own, after everything else: what an answer has seen there it cannot print in a later
    cell, nor return to a visible test, nor tell either by the time that it takes, so that no page shows it.
    """

    def __init__(self, judge):
        self.bundle, self.houses, self.limits, self.defined = judge.bundle, judge.houses, judge.limits, judge.defined
        self.known, self.hard = judge.known, HARD_SECONDS if judge.expendable else 0
        self.cells = {cell.id: cell for cell in judge.bundle.cells}
        self.numbers = {cell_id: number for number, cell_id in enumerate(self.cells)}
        self.history = []  # (source, seconds) of the cells so far, to be run (again) in a fresh room
        self.reach = None  # how many of them stand before the current step; None: all
        self.sessions = {}  # (torch, hidden) -> a session, which knows how much of the history it has run
        self.room_to_print = KEPT_IN_ALL
        self.troubles = {}  # exercise -> why its cell did not run through
        self.ends = time.monotonic() + self.limits.submission_seconds

    def judge(self, steps):
        results, hidden = {}, []
        try:
            for number, step in enumerate(steps):
                if self._place(step)[1]:
                    hidden.append((number, len(self.history)))
                else:
                    results[number] = self._told(step, self._step(step), steps)
            for number, self.reach in hidden:
                results[number] = self._told(steps[number], self._step(steps[number]), steps)
            return [results[number] for number in range(len(steps))]
        finally:
            for place in list(self.sessions):
                self._close(place)

    def _told(self, step, result, steps):
        """The result, with a word about a name that is missing."""
        result.reason += whereabouts(result.reason, step, steps, self.bundle.cells)
        return result

    def _step(self, step):
        started = time.monotonic()
        for _ in range(SANDBOX_TRIES):
            result = self._run(step) if step.kind == "run" else self._test(step)
            if result.limit != "sandbox":
                break
        result.seconds = round(time.monotonic() - started, 4)
        return result

    def _cell(self, step):
        """Our cell that the step comes from; None for a cell that the student added."""
        return self.cells.get(step.cell_id)

    def _place(self, step):
        """Where the step belongs: whether its answer may use PyTorch, and whether its test is hidden."""
        exercise = step.exercise and self.bundle.exercise(step.exercise)
        hidden = step.kind != "run" and self.bundle.cell(step.cell_id).role == "hidden"
        return bool(exercise and exercise.torch), hidden

    def _seconds(self, step):
        """This cell's time, and no more than what is left to the submission."""
        cell = self._cell(step)
        return min(cell and cell.seconds or self.limits.cell_seconds, self._left())

    def _left(self):
        left = self.ends - time.monotonic()
        if left <= 0:
            raise AnswerLost("submission")
        return left

    # --- rooms ---

    def _open(self, place, seconds):
        """A session that has run all cells before the current step."""
        while not (place in self.sessions and self._catch_up(place)):
            if place not in self.sessions:
                torch, hidden = place
                began = time.monotonic()
                self.sessions[place] = Session(self.houses[torch], self.limits, secret=hidden)
                self.ends += time.monotonic() - began  # that the sandbox starts is not the submission's time
        session = self.sessions[place]
        session.allow(seconds)
        return session

    def _catch_up(self, place):
        """Runs the cells that the session has not run yet; False when it is lost over one of them."""
        session = self.sessions[place]
        while session.done < (len(self.history) if self.reach is None else self.reach):
            source, seconds = self.history[session.done]
            session.allow(min(seconds, self._left()))
            try:
                session.run(source)
            except FromAnswer:
                pass  # only a forged reply: a cell's own exceptions are in the reply
            except AnswerLost as lost:
                self._close(place)
                if lost.limit == "sandbox":
                    raise
                self.history[session.done] = "", seconds  # it ran the first time: whatever it did, once is enough
                return False
            session.done += 1
        return True

    def _close(self, place):
        session = self.sessions.pop(place, None)
        if session is not None:
            session.close()

    # --- the student's cells ---

    def _run(self, step):
        result = Result(step.cell_id, step.exercise or "", "run", "ran")
        place = self._place(step)
        try:
            seconds = self._seconds(step)
            session = self._open(place, seconds)
            told = session.run(step.source)
            self._note_run(result, told if type(told) is dict else {})
            self.history.append((step.source, seconds))
            session.done += 1
        except AnswerLost as lost:
            self._close(place)
            self._stop(result, lost, step)
            self.troubles[result.exercise] = result.reason
        except FromAnswer as error:
            result.verdict, result.reason = "failed", f"The cell stopped with {error.kind}: {error}."
        return result

    def _note_run(self, result, told):
        result.printed, result.warned = self._kept(told.get("stdout")), self._kept(told.get("stderr"))
        if told.get("error") is None:
            return
        error = error_of(told["error"])
        if error["kind"] == "OutputLimit":
            raise AnswerLost("output")
        where = f" ({error['where']})" if error["where"] else ""
        result.verdict = "failed"
        result.reason = f"The cell stopped with {error['kind']}: {error['message']}{where}."
        result.traceback = error["traceback"]
        self.troubles[result.exercise] = result.reason

    def _kept(self, printed):
        """What is kept of an output; an answer process may send more than it should."""
        text = text_of(printed, min(KEPT_CHARACTERS, self.room_to_print))
        self.room_to_print -= len(text)
        return text

    # --- our tests ---

    def _test(self, step):
        result = Result(step.cell_id, step.exercise, self.bundle.cell(step.cell_id).role, PASSED)
        place, session = self._place(step), None
        try:
            seconds = self._seconds(step)
            session = self._open(place, seconds)
            try:
                end, said = self.known[step.cell_id].follow(session)
                if end:
                    return dataclasses.replace(end)
                self._execute(step, session, Conversation(self.known[step.cell_id], said), seconds, result)
            finally:
                session.settle()
        except AnswerLost as lost:
            self._close(place)
            self._stop(result, lost, step)
        return result

    def _execute(self, step, session, conversation, seconds, result):
        """Runs the test; what it printed and how it ended goes into `result`."""
        printed, error = io.StringIO(), None
        session.conversation = conversation
        try:
            with contextlib.redirect_stdout(printed), watchdog(seconds + GRACE_SECONDS, self.hard):
                exec(*self._prepared(step, session))
        except Exception as raised:
            if isinstance(raised, MemoryError) and not isinstance(raised, FromAnswer):
                raise AnswerLost("memory") from None
            error = raised
            self._fail(result, error)
        finally:
            session.conversation = None
            result.printed = printed.getvalue()[-2000:]
        if session.lost:  # something on the way has taken the loss for an ordinary exception
            raise AnswerLost(*session.lost)
        if error is None or hasattr(error, "public") or isinstance(error, (FromAnswer, NotImplementedError)):
            conversation.known.keep(conversation, dataclasses.replace(result))

    def _prepared(self, step, session):
        """The test's code and the names that it begins with."""
        code, free = compiled(step.source, step.cell_id)
        wanted = free & self.defined
        names = session.begin_test(self.numbers[step.cell_id], wanted)
        for name in sorted(wanted - set(names)):
            raise Missing(f"`{name}` is not defined. {self.troubles.get(step.exercise, '')}".strip())
        return code, {"__name__": "__main__"} | {name: names[name] for name in sorted(wanted)}

    def _stop(self, result, lost, step):
        result.verdict, result.limit = STOPPED, lost.limit
        cell = self._cell(step)
        seconds = cell and cell.seconds
        result.reason = sentence(lost, self.limits, seconds)
        # details may tell what the answer was called with: it can be as many bytes too large as it likes
        result.public = sentence(AnswerLost(lost.limit, DETAILS.get(lost.limit, "")), self.limits, seconds)

    def _fail(self, result, error):
        from nextword.checks.failures import describe_publicly, message_of

        result.verdict = NOT_WRITTEN if isinstance(error, NotImplementedError) else FAILED
        result.mistake = str(getattr(error, "mistake", "") or "")
        if hasattr(error, "public"):
            result.reason, result.public = str(error), str(error.public)
        elif isinstance(error, Missing):
            result.reason = result.public = str(error)
        elif isinstance(error, FromAnswer):
            where = f" ({error.where})" if error.where else ""
            result.reason = f"Your code raised {error.kind}: {error}{where}."
            result.public = f"Your code raised {describe_publicly(error)}."
        else:
            kind = type(error).__name__
            result.reason = f"The test could not use what your answer returned ({kind}: {message_of(error)})."
            result.public = f"The test could not use what your answer returned ({kind})."
        result.reason, result.public = text_of(result.reason, LONGEST_REASON), text_of(result.public, LONGEST_REASON)
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
    "memory": "Checking what it returned needed more memory than there is for it: it may be far too large.",
    "sandbox": "The sandbox failed, which is not the answer's fault: grade this submission again. ({detail})",
}
DETAILS = {"value": "it is too large, nested too deeply, or no plain value", "sandbox": "it did not start, or ended"}


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
def watchdog(seconds, hard=0):
    """Stops the judge's own work (comparing something enormous, say); only in the main thread.

    It counts processor time, so that a busy machine stops nobody, and barks again if the first bark was not heard:
    libraries turn exceptions of a conversion into others. Code that is not Python's hears nothing until it returns:
    `hard` seconds later the kernel ends this process, if `hard` is not 0.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    on_duty = True

    def bark(*_):
        if on_duty:
            raise AnswerLost("judge")

    before = signal.signal(signal.SIGPROF, bark)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1)
    signal.setitimer(signal.ITIMER_VIRTUAL, hard and seconds + hard)  # nobody handles its signal
    try:
        yield
    finally:
        on_duty = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
