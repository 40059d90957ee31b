"""Named intermediates, one row each, against what they should be: the first wrong row is where to look.

    check = checks.of(nn_backward)
    compare_rows(check.call(x, y, alpha, beta, o), {"g_b": ..., "g_beta": ...})

prints for every tensor its name, its shape, the largest difference, and ok or WRONG. What comes after the first wrong
row was computed from it, as a rule, so only that row is explained.
"""

from dataclasses import dataclass

import numpy as np

from nextword.checks import CheckFailed
from nextword.checks.compare import Tolerance, difference
from nextword.checks.diagnose import explain
from nextword.checks.mistakes import named_mistake
from nextword.checks.plain import as_array, is_number, plain
from nextword.checks.show import show


@dataclass(frozen=True)
class Row:
    """One tensor: `shape` of what came back (None if nothing did), `largest` difference (None if it has no number)."""

    name: str
    shape: tuple | None
    largest: float | None
    wrong: object = None    # the Difference of nextword.checks, or True for a missing row

    @property
    def ok(self):
        return self.wrong is None


def rows(actual, expected, rtol=1e-7):
    """A Row for each entry of the dict `expected`, in its order; `actual` is a dict that may lack some or have more."""
    return [_row(name, actual, right, Tolerance(rtol)) for name, right in expected.items()]


def first_wrong_row(actual, expected, rtol=1e-7):
    """The first Row that is not ok, or None."""
    return next((row for row in rows(actual, expected, rtol) if not row.ok), None)


def table(found):
    """The rows as lines of text."""
    first = next((row for row in found if not row.ok), None)
    width = max(len(row.name) for row in found)
    lines = []
    for row in found:
        shape = "missing" if row.shape is None else "a number" if row.shape == () else str(row.shape)
        largest = "" if row.largest is None else f"largest difference {row.largest:.1e}" if row.largest else "no difference"
        words = "ok" if row.ok else "WRONG: begin here" if row is first else "wrong too"
        lines.append(f"  {row.name:<{width}}  {shape:<12} {largest:<26} {words}")
    return "\n".join(lines)


def compare_rows(outcome, expected, mistakes=None, rtol=1e-7, quiet=False):
    """Fail at the first wrong row of the dict that an answer returned, else print all rows (unless `quiet`).

    outcome: what `check.call(...)` gives. expected: name -> array, tensor or number, in the order of computation.
    mistakes: name -> {sentence: wrong value}, as `close_to` takes them. Raises CheckFailed.
    """
    check, value = outcome.check, plain(outcome.value)
    check.count += 1
    if type(value) is not dict:
        raise CheckFailed(f"`{check.name}` returned {show(value)}; it should return a dict with the keys "
                          f"{', '.join(expected)}.", f"`{check.name}` does not return a dict.", None, check.name)
    found = rows(value, expected, rtol)
    first = next((row for row in found if not row.ok), None)
    if first is None:
        if not quiet:
            print(f"{check.name}, compared with PyTorch:\n{table(found)}")
        return
    if first.shape is None:
        extra = [str(name) for name in value if name not in expected]
        text = f"the dict has no {first.name!r}" + (f" (but {', '.join(map(repr, extra[:5]))})." if extra else ".")
        public, mistake = text.split(" (")[0].rstrip(".") + ".", None
    else:
        text, public, mistake = _explanation(first, value, expected, (mistakes or {}).get(first.name, {}), Tolerance(rtol))
    raise CheckFailed(f"`{check.name}`: {first.name} is the first wrong row; what is below it may follow from it.\n"
                      f"{table(found)}\n{first.name}: {text}",
                      f"`{check.name}`: {first.name} is the first wrong row. {public}".strip(), mistake, check.name)


def _row(name, actual, right, tolerance):
    if name not in actual:
        return Row(name, None, None, True)
    mine = as_array(actual[name]) if not is_number(actual[name]) else np.asarray(actual[name])
    right_array = np.asarray(plain(right))
    largest = None
    if mine is not None and mine.shape == right_array.shape and mine.size:
        with np.errstate(all="ignore"):
            largest = float(np.max(np.abs(mine - right_array), where=mine != right_array, initial=0.0))
    return Row(name, None if mine is None else mine.shape, largest, difference(actual[name], right, tolerance))


def _explanation(row, value, expected, mistakes, tolerance):
    """(text, public, mistake) of a row that is there and wrong."""
    mistake = named_mistake(value[row.name], expected[row.name], tolerance, mistakes)
    if mistake is not None:
        sentence = f"This is what you get when {mistake}."
        return f"{row.wrong.text}. {sentence}", sentence, mistake
    reason = explain(row.wrong, tolerance)
    text = f"{row.wrong.text}." if reason is None else f"{row.wrong.text}. {reason.text}"
    return text, "" if reason is None else reason.public, None
