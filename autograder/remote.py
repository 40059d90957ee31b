"""The judge's end of the line: a session with one answer process, and proxies for what lives there."""

import builtins
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
        if name.startswith("__") and name.endswith("__") and name != "__name__":
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
        return True

    def __repr__(self):
        text = self._session.ask("repr", self)
        return text if type(text) is str else f"<{self._kind} object>"


def _operator(name, reflected=False):
    def operate(self, *operands):
        operands = [*reversed(operands), self] if reflected else [self, *operands]
        return self._session.ask("operator", name, operands)

    return operate


for _name in OPERATORS:
    if _name not in ("eq", "ne"):  # the identity of the proxy; what an answer calls equal is its own claim
        setattr(Remote, f"__{_name}__", _operator(_name))
for _name in "add sub mul truediv floordiv mod pow matmul".split():
    setattr(Remote, f"__r{_name}__", _operator(_name, reflected=True))


class Session:
    """One answer process. Every question has a deadline; after `AnswerLost` the session is closed for good."""

    def __init__(self, house, limits):
        self.limits, self.bounds = limits, house.bounds
        self.codec = wire.Codec(self._refer, self._resolve, self.bounds)
        self.callbacks, self.calls, self.nested = [], 0, 0
        self.done = 0  # how many cells of the submission it has run; kept by the judge
        self.deadline = None
        try:
            self.room = house.room()
        except SandboxUnavailable as error:
            raise AnswerLost("sandbox", str(error)) from None

    def close(self):
        self.room.close()

    def allow(self, seconds):
        """Sets the deadline for all questions from now on."""
        self.deadline = time.monotonic() + seconds

    def ask(self, *request):
        """Sends a request and returns what the answer gives; raises what it raises; AnswerLost when it is lost."""
        data = self._pack_for_answer(list(request))
        try:
            wire.send(self.room.connection, data, self.deadline)
            while True:
                reply, *operands = self._receive()
                if reply == "ok":
                    return operands[0]
                if reply == "error":
                    raise exception_of(operands[0])
                if reply != "call":
                    raise wire.WireError("unknown reply")
                self._answer_call(*operands)
        except TimeoutError as error:
            if isinstance(error, FromAnswer):
                raise
            raise self._lost("time") from None
        except FromAnswer:
            raise
        except (EOFError, ConnectionError):
            raise self._lost("died") from None
        except wire.WireError as error:
            raise self._lost("value", str(error)) from None
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            raise self._lost("value", "it sent something that is not a reply") from None

    def _lost(self, limit, detail=""):
        self.close()
        return AnswerLost(limit, detail)

    def _receive(self):
        reply = self.codec.unpack(wire.receive(self.room.connection, self.bounds.bytes, self.deadline))
        if type(reply) is not list or not reply:
            raise wire.WireError("not a reply")
        return reply

    def _answer_call(self, number, arguments, named):
        """The answer calls a function of the test: its result, or its exception, goes back."""
        self.calls += 1
        if self.calls > self.limits.callback_count or self.nested >= self.limits.callback_depth:
            raise self._lost("callbacks")
        function = self.callbacks[number]
        self.nested += 1
        try:
            answer = ["returned", function(*arguments, **named)]
        except Exception as error:
            message = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
            answer = ["raised", type(error).__name__, message[:1000]]
        finally:
            self.nested -= 1
        wire.send(self.room.connection, self._pack_for_answer(answer), self.deadline)

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
            self.callbacks.append(value)
            return ["judge", len(self.callbacks) - 1]
        raise TypeError(f"a test may hand over plain values and functions, not {type(value).__name__}")

    def _resolve(self, reference):
        side, number, *rest = reference
        if side == "judge":
            return self.callbacks[number]
        return Remote(self, int(number), str(rest[0])[:200] if rest else "object")


class FromAnswer(Exception):
    """An exception that the student's code raised, with `kind` (its class's name) and `where` (line and text)."""

    kind = where = traceback = ""


_classes = {}


def exception_of(told):
    """The exception that an answer reports, as the built-in class it is (or derives from) and a `FromAnswer`."""
    told = {key: str(told.get(key, "")) for key in ("kind", "base", "message", "where", "traceback")}
    if told["kind"] == "OutputLimit":
        return AnswerLost("output")
    base = told["base"] if told["base"] in PLAIN_EXCEPTIONS else "Exception"
    if base not in _classes:
        plain = getattr(builtins, base)
        _classes[base] = type(base, (FromAnswer,) if plain is Exception else (FromAnswer, plain), {})
    error = _classes[base](told["message"])
    error.kind, error.where, error.traceback = told["kind"], told["where"], told["traceback"]
    return error
