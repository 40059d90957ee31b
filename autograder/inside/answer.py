"""The answering side: runs the student's cells and answers calls. It never sees a test or an expected value."""

import itertools
import operator

from . import wire
from .shell import Shell, captured, describe

LONGEST_ITERATION = 1_000_000
# No comparison: whether a value is small enough is for the test to say, not for the answer.
OPERATORS = "add sub mul truediv floordiv mod pow matmul neg pos abs getitem setitem".split()


class Callback:
    """A function of the test, as the answer sees it: calling it asks the judge."""

    def __init__(self, answer, number):
        self._answer, self._number = answer, number

    def __call__(self, *arguments, **named):
        return self._answer.call_judge(self._number, list(arguments), named)

    def __repr__(self):
        return "<a function of the test>"

    def __deepcopy__(self, memo):
        return self


class Answer:
    """Serves one submission over one connection."""

    def __init__(self, connection, shell: Shell, bounds, output_limit):
        self.line, self.shell, self.output_limit = wire.Line(connection), shell, output_limit
        self.bounds = bounds
        self.objects = []
        self.codec = wire.Codec(self._refer, self._resolve, bounds)

    def _refer(self, value):
        if isinstance(value, Callback):
            return ["judge", value._number]
        self.objects.append(value)
        return ["answer", len(self.objects) - 1, type(value).__name__[:200], callable(value)]

    def _resolve(self, reference):
        side, number = reference[:2]
        return self.objects[number] if side == "answer" else Callback(self, number)

    def serve(self):
        """Answers requests until the judge hangs up; returns what a callback gave when nested in one."""
        while True:
            request, *operands = self._receive()
            if request == "returned":
                return operands[0]
            if request == "raised":
                raise exception_of(*operands)
            self._send(self._reply(request, operands))

    def call_judge(self, number, arguments, named):
        self._send(["call", number, arguments, named])
        return self.serve()

    def _reply(self, request, operands):
        try:
            return ["ok", getattr(self, f"do_{request}")(*operands)]
        except BaseException as error:
            return ["error", describe(error)]

    def _receive(self):
        return self.codec.unpack(self.line.receive(self.bounds.bytes * 4))

    def _send(self, reply):
        try:
            data = self.codec.pack(reply)
        except BaseException as error:
            data = self.codec.pack(["error", describe(error)])
        self.line.send(data)

    # --- what can be asked ---

    def do_run(self, source):
        return self.shell.run(source, self.output_limit)

    def do_here(self, word):
        return word

    def do_begin(self, names):
        """A test begins: references of those before it end. Returns what there is of these names."""
        self.objects.clear()
        return {name: self.shell.names[name] for name in names if name in self.shell.names}

    def do_call(self, function, arguments, named):
        """Calls the function; returns its value and the arguments that it changed in place."""
        before = [self._snapshot(a) for a in arguments], {n: self._snapshot(a) for n, a in named.items()}
        with captured(self.output_limit):
            value = function(*arguments, **named)
        changed = [i for i, a in enumerate(arguments) if self._snapshot(a) != before[0][i]]
        changed += [n for n, a in named.items() if self._snapshot(a) != before[1][n]]
        return [value, changed]

    def _snapshot(self, value):
        """Bytes that change when a plain value is changed; references stand for themselves."""
        if value is None or type(value) in (bool, int, float, str, bytes):
            return None
        codec = wire.Codec(lambda other: ["object", id(other)], None, self.bounds)
        try:
            return codec.pack(value)
        except wire.WireError:
            return None

    def do_getattr(self, value, name):
        return getattr(value, name)

    def do_setattr(self, value, name, to):
        setattr(value, name, to)

    def do_operator(self, name, operands):
        if name not in OPERATORS:
            raise TypeError(f"unknown operator {name!r}")
        return getattr(operator, name)(*operands)

    def do_len(self, value):
        return len(value)

    def do_iterate(self, value):
        items = list(itertools.islice(iter(value), LONGEST_ITERATION + 1))
        if len(items) > LONGEST_ITERATION:
            raise OverflowError(f"it goes on for more than {LONGEST_ITERATION:,} items")
        return items

    def do_repr(self, value):
        return repr(value)[:1000]


def exception_of(kind, message):
    """The built-in exception of that name, for an error that happened in a function of the test."""
    import builtins

    found = getattr(builtins, kind, None)
    plain = isinstance(found, type) and issubclass(found, Exception)
    return found(message) if plain else RuntimeError(f"{kind}: {message}")
