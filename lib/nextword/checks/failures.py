"""What a student reads when a check fails: two or three sentences, and none of our stack."""

import builtins
import re
import textwrap

WIDTH = 100


def paragraphs(message):
    """The lines of a message, each at most WIDTH characters wide where words allow."""
    return [
        line
        for part in message.split("\n")
        for line in textwrap.wrap(part, WIDTH, break_long_words=False, break_on_hyphens=False) or [""]
    ]


class CheckFailed(AssertionError):
    """An answer is wrong.

    `str(failure)` is the whole message; `public` says the same without any argument or value, for feedback on
    hidden tests; `mistake` is the sentence of the named mistake, or None; `check` what was checked.
    """

    def __init__(self, message, public, mistake=None, check=""):
        super().__init__(message)
        self.public, self.mistake, self.check = public, mistake, check

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
    """The name of an exception's class; one from another process carries it as `kind`."""
    kind = getattr(error, "kind", None)
    return kind if type(kind) is str and kind.isidentifier() else type(error).__name__


def message_of(error):
    try:
        return str(error)
    except Exception:
        return ""


def describe_error(error):
    """An exception as ``KeyError: 'never' (line 3: `return counts[context]`)``."""
    message = textwrap.shorten(message_of(error), 160, placeholder=" ...")
    where = textwrap.shorten(_where(error), 120, placeholder=" ...`")
    return class_name(error) + (f": {message}" if message else "") + (f" ({where})" if where else "")


def describe_publicly(error):
    """An exception without its message or anything else that could tell what the answer was called with.

    An answer may name its own classes and lines as it likes; the number of the line is enough to find it.
    """
    name = class_name(error)
    known = getattr(builtins, name, None)
    if not (isinstance(known, type) and issubclass(known, BaseException)):
        name = "an exception of its own"
    line = re.match(r"line \d{1,4}\b", _where(error))
    return f"{name} ({line.group()})" if line else name


def _where(error):
    where = getattr(error, "where", "")
    return where if type(where) is str else ""
