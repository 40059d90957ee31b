"""The judge's end of the line: a session with one answer process, and proxies for what lives there."""

import builtins
import secrets
import time

from .inside import wire
from .inside.answer import OPERATORS
from .sandbox.levels import SandboxUnavailable

# Exceptions of these names are raised as what they are: a test may expect a KeyError. Not StopIteration and the like,
# which would end loops of the judge's own.
PLAIN_EXCEPTIONS = frozenset(
    """ArithmeticError AssertionError AttributeError BufferError EOFError FloatingPointError ImportError IndexError
    KeyError LookupError MemoryError ModuleNotFoundError NameError NotImplementedError OSError OverflowError
    RecursionError RuntimeError SyntaxError TimeoutError TypeError UnboundLocalError UnicodeError ValueError
    ZeroDivisionError FileNotFoundError PermissionError""".split()
)


# A machine may be so busy that an answer hardly runs; for so many times its seconds we wait, whatever the reason.
MOST_PATIENCE = 5
SETTLE_SECONDS = 5  # for a word that comes back at once


class AnswerLost(BaseException):
    """The answer process is gone or has been ended; `limit` names why.

    Not an Exception: a test that catches what an answer raises must not catch this.
    """

    def __init__(self, limit, detail=""):
        super().__init__(limit, detail)
        self.limit, self.detail = limit, detail


class Remote:
    """Stands in a test for an object of the answer process: call it, index it, iterate it, ask for attributes."""

    __slots__ = ("_session", "_number", "_kind")

    def __init__(self, session, number, kind):
        object.__setattr__(self, "_session", session)
        object.__setattr__(self, "_number", number)
        object.__setattr__(self, "_kind", kind)

    def __call__(self, *arguments, **named):
        return Remote.__call_reporting__(self, arguments, named)[0]

    def __call_reporting__(self, arguments, named):
        """(value, positions and names of the arguments that the call changed in place); see nextword.checks."""
        value, changed = self._session.ask("call", self, list(arguments), named)
        return value, [c for c in changed if isinstance(c, (int, str))]

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__") and (name != "__name__" or self._session.secret):
            raise AttributeError(name)
        return self._session.ask("getattr", self, name)

    def __setattr__(self, name, value):
        self._session.ask("setattr", self, name, value)

    def __len__(self):
        length = self._session.ask("len", self)
        return length if type(length) is int and length >= 0 else 0

    def __iter__(self):
        items = self._session.ask("iterate", self)
        return iter(items if type(items) is list else [])

    def __bool__(self):
        raise TypeError("an object of the answer is neither true nor false: compare what it holds")

    def __repr__(self):
        text = self._session.ask("repr", self)
        return text if type(text) is str else f"<{self._kind} object>"


def _operator(name, reflected=False):
    def operate(self, *operands):
        operands = [*reversed(operands), self] if reflected else [self, *operands]
        return self._session.ask("operator", name, operands)

    return operate


# None of ==, <, in and truth: what an answer calls equal, or small, is its own claim. == is the identity of the proxy.
for _name in OPERATORS:
    setattr(Remote, f"__{_name}__", _operator(_name))
for _name in "add sub mul truediv floordiv mod pow matmul".split():
    setattr(Remote, f"__r{_name}__", _operator(_name, reflected=True))


class Session:
    """One answer process. Every question has a deadline; after `AnswerLost` the session is closed for good.

    secret: whether its answers see hidden tests, so that what they call themselves is not repeated to anybody.
    """

    def __init__(self, house, limits, secret=False):
        self.house, self.limits, self.bounds, self.secret = house, limits, house.bounds, secret
        self.codec = wire.Codec(self._refer, self._resolve, self.bounds)
        self.callbacks, self.handed, self.calls, self.nested = {}, 0, 0, 0
        self.done = 0  # how many cells of the submission it has run; kept by the judge
        self.conversation = None  # the test's, while one is run (see conversations.py)
        self.deadline = self.lost = None
        try:
            self.room = house.room()
        except (SandboxUnavailable, OSError) as error:
            raise AnswerLost("sandbox", str(error)) from None
        self.generation = house.generation
        self.line = wire.Line(self.room.connection)

    def close(self):
        self.room.close()

    def allow(self, seconds):
        """Sets the deadline for all questions from now on."""
        self._started, self._seconds, self._delay = time.monotonic(), seconds, self.room.delay()
        self.deadline = self._started + seconds

    def begin_test(self, number, names):
        """What the answer's process has of these names, for test `number` of the assignment.

        References end with the test in which they were made: no later answer can call its functions, or say that it
        is one of them, and what crosses in a test does not depend on those before it.
        """
        self.callbacks.clear()
        self.calls, self.handed = 0, number << 32
        found = self.ask("begin", sorted(names))
        return found if type(found) is dict else {}

    def run(self, source):
        """Runs a cell; returns what came of it."""
        try:
            return self.ask("run", source)
        finally:
            self.settle()

    def settle(self):
        """Makes sure that every question so far has had one reply: who has answered for himself, or left, is lost now.

        At the next question it would be too late, which may be another exercise's. The word cannot be foreseen, so that
        what was sent before does not count. The test's functions are gone from here on: a cell that called one would
        keep this process busy while nothing watches over it.
        """
        self.callbacks.clear()
        self.allow(SETTLE_SECONDS)
        word = secrets.token_hex(8)
        if self.ask("here", word) != word:
            raise self._lose("value", "it sent something that it was not asked for")

    def ask(self, *request):
        """Sends a request and returns what the answer gives; raises what it raises; AnswerLost when it is lost."""
        data = self._pack_for_answer(list(request))
        try:
            while True:
                reply, *operands = self._unpack(self._exchange(data))
                if reply == "ok":
                    return operands[0]
                if reply == "error":
                    raise exception_of(operands[0])
                if reply != "call":
                    raise wire.WireError("unknown reply")
                data = self._answer_call(*operands)
        except FromAnswer:
            raise
        except wire.WireError as error:
            raise self._lose("value", str(error)) from None
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            raise self._lose("value", "it sent something that is not a reply") from None

    def _exchange(self, data):
        return self.conversation.exchange(data, self.converse) if self.conversation else self.converse(data)

    def converse(self, data):
        """Sends a frame and returns the one that comes back; AnswerLost when none comes.

        What has arrived before a question is no answer to it: whoever sends unasked is not asked any more.
        """
        if self.lost:
            raise AnswerLost(*self.lost)
        try:
            if not self.line.quiet():
                raise wire.WireError("it sent something that it was not asked for")
            self.line.send(data, self.deadline)
            return self._receive()
        except TimeoutError:
            raise self._lose("time") from None
        except (EOFError, OSError):
            raise self._lose("died") from None
        except wire.WireError as error:
            raise self._lose("value", str(error)) from None

    def _lose(self, limit, detail=""):
        if limit == "died" and not self.house.alive(self.generation):
            limit, detail = "sandbox", "the warm parent has ended"
        self.lost = limit, detail
        self.close()
        return AnswerLost(limit, detail)

    def _receive(self):
        while True:
            try:
                return self.line.receive(self.bounds.bytes, self.deadline)
            except TimeoutError:
                if not self._extend():
                    raise

    def _unpack(self, data):
        reply = self.codec.unpack(data)
        if type(reply) is not list or not reply:
            raise wire.WireError("not a reply")
        return reply

    def _extend(self):
        """Puts the deadline off by the time that the answer could have run, but waited for a busy processor."""
        delay = self.room.delay() - self._delay
        deadline = self._started + min(self._seconds + delay, MOST_PATIENCE * self._seconds)
        longer = deadline > time.monotonic()
        self.deadline = max(self.deadline, deadline)
        return longer

    def _answer_call(self, number, arguments, named):
        """The answer calls a function of the test; returns what goes back: its result, or its exception."""
        self.calls += 1
        if self.calls > self.limits.callback_count or self.nested >= self.limits.callback_depth:
            raise self._lose("callbacks")
        function = self.callbacks[number]
        self.nested += 1
        try:
            answer = ["returned", function(*arguments, **named)]
        except Exception as error:
            message = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
            answer = ["raised", type(error).__name__, message[:1000]]
        finally:
            self.nested -= 1
        return self._pack_for_answer(answer)

    def _pack_for_answer(self, message):
        """What a test sends is ours: if it cannot cross, the test is wrong, and says so."""
        try:
            return self.codec.pack(message)
        except wire.WireError as error:
            raise TypeError(f"a test handed over something that cannot cross: {error}") from None

    def _refer(self, value):
        if isinstance(value, Remote):
            return ["answer", object.__getattribute__(value, "_number")]
        if callable(value):
            self.handed += 1
            self.callbacks[self.handed] = value
            return ["judge", self.handed]
        raise TypeError(f"a test may hand over plain values and functions, not {type(value).__name__}")

    def _resolve(self, reference):
        side, number, *rest = reference
        if side == "judge":
            return self.callbacks[number]
        return Remote(self, int(number), text_of(rest[0], 200) if rest else "object")


class FromAnswer(Exception):
    """An exception that the student's code raised, with `kind` (its class's name) and `where` (line and text)."""

    kind = where = traceback = ""


# How much is kept of what an answer process says about itself: it is not the answer process that decides.
LONGEST = {"kind": 200, "base": 200, "message": 2000, "where": 300, "traceback": 4000}
# Invisible characters that would act on a terminal, or turn the direction of a line.
UNSEEN = [*range(9), 11, 12, *range(14, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
UNSEEN = dict.fromkeys(UNSEEN)
UNSEEN[13] = "\n"


def text_of(value, longest):
    """Text from an answer process, fit for pages, tables and terminals; empty if it is something else."""
    if type(value) is not str:
        return ""
    return value[:longest].encode("utf-8", "replace").decode().translate(UNSEEN)


def error_of(told):
    """What an answer process says of an exception, as texts by name."""
    told = told if type(told) is dict else {}
    return {key: text_of(told.get(key), longest) for key, longest in LONGEST.items()}


_classes = {}


def exception_of(told):
    """The exception that an answer reports, as the built-in class it is (or derives from) and a `FromAnswer`."""
    told = error_of(told)
    if told["kind"] == "OutputLimit":
        return AnswerLost("output")
    base = told["base"] if told["base"] in PLAIN_EXCEPTIONS else "Exception"
    if base not in _classes:
        plain = getattr(builtins, base)
        _classes[base] = type(base, (FromAnswer,) if plain is Exception else (FromAnswer, plain), {})
    error = _classes[base](told["message"])
    error.kind, error.where, error.traceback = told["kind"], told["where"], told["traceback"]
    return error
