"""Named intermediates, one row each, against what they should be: the first wrong row is where to look.

    check = checks.of(nn_backward)
    compare_rows(check.call(x, y, alpha, beta, o), {"g_b": ..., "g_beta": ...})

prints for every tensor its name, its shape, the largest difference, and ok or WRONG. What comes after the
first wrong row was computed from it, as a rule, so only that one is explained.
"""

from dataclasses import dataclass

import numpy as np

from nextword.checks import CheckFailed
from nextword.checks.compare import Difference, Tolerance, difference
from nextword.checks.diagnose import explain
from nextword.checks.hints import mistake_hint
from nextword.checks.mistakes import named_mistake
from nextword.checks.plain import as_array, is_number, plain
from nextword.checks.show import show


@dataclass(frozen=True)
class Row:
    """One tensor: what it is ("(4, 3)", "a number", "missing"), how far off at most, and what is wrong."""

    name: str
    what: str
    largest: float | None = None         # the largest difference; None where the shapes differ
    wrong: Difference | None = None
    missing: bool = False

    @property
    def ok(self):
        return self.wrong is None and not self.missing


def rows(actual, expected, rtol=1e-7):
    """A Row for each entry of the dict `expected`, in its order; the dict `actual` may have fewer or more."""
    actual = plain(actual)
    return [_row(name, actual, plain(right), Tolerance(rtol)) for name, right in expected.items()]


def first_wrong_row(actual, expected, rtol=1e-7):
    """The first Row that is not ok, or None."""
    return next((row for row in rows(actual, expected, rtol) if not row.ok), None)


def table(found):
    """Rows as lines of text."""
    first = next((row for row in found if not row.ok), None)
    width = max(len(row.name) for row in found)
    lines = []
    for row in found:
        gap = f"{row.largest:.1e}" if row.largest else "0"
        largest = "" if row.largest is None else f"largest difference {gap}"
        verdict = "ok" if row.ok else "WRONG: begin here" if row is first else "wrong too"
        lines.append(f"  {row.name:<{width}}  {row.what:<12} {largest:<26} {verdict}")
    return "\n".join(lines)


def compare_rows(outcome, expected, mistakes=None, rtol=1e-7, quiet=False):
    """Fail at the first wrong row of the dict that an answer returned, else print all rows (unless `quiet`).

    outcome: what `check.call(...)` gives. expected: name -> array, tensor or number, in order of computation.
    mistakes: name -> {sentence: wrong value}, as `close_to` takes them. Raises CheckFailed.
    """
    value, check = plain(outcome.value), outcome.check
    check.count += 1
    if type(value) is not dict:
        should = f"it should return a dict with the keys {', '.join(expected)}"
        raise CheckFailed(f"`{check.name}` returned {show(value)}; {should}.",
                          f"`{check.name}` does not return a dict.", None, check.name)
    found = rows(value, expected, rtol)
    first = next((row for row in found if not row.ok), None)
    if first is not None:
        text, public, mistake = _reason(first, value, expected, mistakes or {}, Tolerance(rtol))
        opening = f"`{check.name}`: {first.name} is the first wrong row"
        message = f"{opening}; what is below it may follow from it.\n{table(found)}\n{first.name}: {text}"
        raise CheckFailed(message, f"{opening}. {public}".strip(), mistake, check.name)
    if not quiet:
        print(f"{check.name}, compared with PyTorch:\n{table(found)}")


def _row(name, actual, right, tolerance):
    if name not in actual:
        return Row(name, "missing", missing=True)
    mine, wrong = actual[name], difference(actual[name], right, tolerance)
    array = np.asarray(mine) if is_number(mine) else as_array(mine)
    if array is None:
        return Row(name, "no numbers", None, wrong)
    what = "a number" if array.ndim == 0 else str(array.shape)
    if array.shape != np.shape(right):
        return Row(name, what, None, wrong)
    with np.errstate(all="ignore"):
        gap = np.abs(array - np.asarray(right))
    return Row(name, what, float(np.max(gap, where=array != right, initial=0.0)), wrong)


def _reason(row, value, expected, mistakes, tolerance):
    """What is wrong with a row, in words: (text, the same without values, the named mistake or None)."""
    if row.missing:
        others = ", ".join(repr(name) for name in value if name not in expected)
        has = f"; it has {others[:80]} instead" if others else ""
        return f"the dict has no {row.name!r}{has}.", f"The dict has no {row.name!r}.", None
    mistake = named_mistake(value[row.name], expected[row.name], tolerance, mistakes.get(row.name, {}))
    hint = explain(row.wrong, tolerance) if mistake is None else mistake_hint(mistake)
    text = row.wrong.text + ("" if row.wrong.text.endswith(".") else ".")
    return (text, "", None) if hint is None else (f"{text} {hint.text}", hint.public, mistake)
