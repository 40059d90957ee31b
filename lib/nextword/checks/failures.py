"""What a student reads when a check fails: two or three sentences, and none of our stack."""

import re
import textwrap

WIDTH = 100
# The classes whose names may stand in feedback on hidden tests: an answer can invent any other name.
BUILTIN_ERRORS = {
    cls.__name__
    for cls in (*ArithmeticError.__subclasses__(), *LookupError.__subclasses__(), *OSError.__subclasses__(),
                ArithmeticError, AssertionError, AttributeError, BufferError, EOFError, Exception, ImportError,
                LookupError, MemoryError, ModuleNotFoundError, NameError, NotImplementedError, OSError, RecursionError,
                RuntimeError, StopIteration, SyntaxError, SystemExit, TypeError, UnboundLocalError, UnicodeError,
                UnicodeDecodeError, UnicodeEncodeError, ValueError)
}


def paragraphs(message):
    """The lines of a message, each at most WIDTH characters wide where words allow."""
    return [
        line
        for part in message.split("\n")
        for line in textwrap.wrap(part, WIDTH, break_long_words=False, break_on_hyphens=False) or [""]
    ]


class CheckFailed(AssertionError):
    """An answer is wrong.

    `str(failure)` is the whole message; `.public` says the same without any argument or value, for feedback on
    hidden tests; `.mistake` is the sentence of the named mistake, or None; `.check` is the name of what was checked.
    """

    def __init__(self, message, public=None, mistake=None, check=""):
        super().__init__(message)
        self.public = public if public is not None else f"`{check}` fails this check."
        self.mistake = mistake
        self.check = check

    def _render_traceback_(self):
        """The lines that IPython shows in place of a traceback."""
        return paragraphs(str(self))


def not_written(name, check):
    """The `NotImplementedError` of an exercise that still waits for its answer."""
    message = f"`{name}` is not written yet: replace `raise NotImplementedError` in its cell."
    failure = NotImplementedError(message)
    failure.public, failure.mistake, failure.check = message, None, check
    failure._render_traceback_ = lambda: paragraphs(message)
    return failure


def class_name(error):
    """The class of an exception as its author named it (an unknown class crosses from the judge as `kind`)."""
    kind = getattr(error, "kind", None) if type(error) is Exception else None
    return kind if type(kind) is str and kind else type(error).__name__


def describe_error(error, show_message=True):
    """`AttributeError: 'list' object has no attribute 'lower' (line 3: `return text.lower()`)`."""
    name, where = class_name(error), getattr(error, "where", "")
    where = where if type(where) is str else ""
    if not show_message:
        # The text of the line is the student's own, yet it comes from the answer; its number is enough.
        line = re.match(r"line \d{1,5}\b", where)
        name = name if name in BUILTIN_ERRORS else "an exception of its own"
        return f"{name} ({line.group()})" if line else name
    try:
        text = str(error)
    except Exception:
        text = ""
    text = textwrap.shorten(text, 160, placeholder=" ...") if text.strip() else ""
    return name + (f": {text}" if text else "") + (f" ({textwrap.shorten(where, 120)})" if where else "")
