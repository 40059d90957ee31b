"""Why numbers may be wrong: slips that can be told from the values alone, tried one after the other."""

import math
from dataclasses import dataclass

import numpy as np

from .compare import Tolerance, wrong_entries
from .hints import hint
from .show import number_text


def explain_numbers(actual, expected, tolerance, sizes):
    """The first slip that turns `expected` into `actual` (arrays of the same shape), as a Hint, or None."""
    if actual.dtype.kind == "c" or expected.dtype.kind == "c":
        return None
    whole = actual.dtype.kind in "biu" and expected.dtype.kind in "biu"
    pair = Pair(actual.astype(np.float64), expected.astype(np.float64), tolerance, sizes, whole, actual.dtype)
    return next((reason for rule in RULES if (reason := rule(pair))), None)


@dataclass
class Pair:
    """Wrong numbers `a`, right ones `e`, in float64; `whole`: both were integers; `dtype`: what `a` was."""

    a: np.ndarray
    e: np.ndarray
    tolerance: Tolerance
    sizes: list
    whole: bool
    dtype: np.dtype

    def right(self, values):
        """Whether these are the right values."""
        return self.same(values, self.e)

    def same(self, one, other):
        return one.shape == other.shape and not wrong_entries(one, other, self.tolerance).any()

    @property
    def varied(self):
        """Whether there are several different right values, so that a coincidence is unlikely."""
        return np.unique(np.round(np.abs(self.e[np.isfinite(self.e)]), 12)).size > 1


def not_finite(p):
    if (np.isnan(p.a) & ~np.isnan(p.e)).any():
        return hint(
            "nan usually comes from 0/0, inf - inf, log(0) - log(0), the log of a negative number "
            "or an overflow in exp."
        )
    if (np.isinf(p.a) & (np.abs(p.a) != np.abs(p.e))).any():
        return hint("inf usually comes from log(0), a division by 0 or an overflow in exp.")
    return None


def all_zero(p):
    if p.a.size > 1 and not p.a.any() and p.e.any():
        return hint("All of yours are zero: is the result ever filled in?")
    return None


def all_equal(p):
    if p.a.size > 2 and p.varied and (p.a == p.a.flat[0]).all():
        return hint("All of yours are the same number: is something averaged or added up that should stay apart?")
    return None


def sign(p):
    if p.right(-p.a):
        return hint("The sign is the wrong way round.")
    if p.a.size > 1 and p.same(np.abs(p.a), np.abs(p.e)):
        return hint("The sizes are right, but some signs are wrong.")
    return None


def transpose(p):
    for i in range(p.a.ndim):
        for j in range(i + 1, p.a.ndim):
            if p.right(np.swapaxes(p.a, i, j)):
                what = "rows and columns" if p.a.ndim == 2 else f"dimensions {i} and {j}"
                return hint(
                    f"Your values are right but transposed: {what} are swapped.",
                    "The values are right but transposed.",
                )
    return None


def float32(p):
    """Nearly right everywhere, and exactly right almost nowhere."""
    if p.whole or p.tolerance.rtol > 1e-6 or not np.isfinite(p.e).all():
        return None
    narrow = p.dtype in (np.float32, np.float16)
    near = 2e-3 if narrow else 2e-6
    largest = float(np.max(np.abs(p.e), initial=0.0))
    if wrong_entries(p.a, p.e, Tolerance(near, near / 2 * largest)).any():
        return None
    if narrow:
        return hint(
            f"Your array holds {p.dtype} numbers, which are right to only "
            f"{'seven' if p.dtype == np.float32 else 'three'} digits: use float64."
        )
    if np.mean(wrong_entries(p.a, p.e, Tolerance(1e-11, 1e-13 * largest))) < 0.5:
        return None
    return hint(
        "It is right to about six digits only: is something computed in float32 or rounded, "
        "or is a small constant (an epsilon) added?"
    )


def truncated(p):
    if p.right(np.round(p.e)) or not np.array_equal(p.a, np.trunc(p.a)):
        return None
    if np.array_equal(p.a, np.trunc(p.e)) or (p.a.size > 1 and np.array_equal(p.a, np.floor(p.e))):
        return hint(
            "These are the right values with all that stands after the decimal point cut off: "
            "an integer array, `int(...)` or `//` does that."
        )
    if np.array_equal(p.a, np.round(p.e)):
        return hint("These are the right values, rounded to whole numbers.")
    return None


LOGARITHMS = (
    (1 / math.log(2), "too large by the factor 1/ln 2: logarithms to base 2 where natural ones are wanted"),
    (math.log(2), "too small by the factor ln 2: natural logarithms where those to base 2 are wanted"),
    (1 / math.log(10), "too small by the factor ln 10: logarithms to base 10 where natural ones are wanted"),
)


def factor(p):
    """The same factor everywhere; for a single number only a factor that means something."""
    ratio = _constant_ratio(p.a, p.e, p)
    if ratio is None:
        return None
    also = ", and the sign is wrong" if ratio < 0 else ""
    for value, sentence in LOGARITHMS:
        if math.isclose(abs(ratio), value, rel_tol=1e-7):
            return hint(f"It is {sentence}{also}.")
    for times, word in ((abs(ratio), "large"), (1 / abs(ratio), "small")):
        for count, what in ((times, "{} times too {}"), (times**2, "too {1} by the factor sqrt({0})")):
            n = round(count)
            if n < 2 or not math.isclose(count, n, rel_tol=1e-7) or (count != times and p.whole):
                continue
            where = next((name for name, size in p.sizes if size == n), None)
            if where or p.varied or (n == 2 and not p.whole):
                known = f"; {n} is also {where}"
                if count == times and where and not p.whole:
                    known += " (a mean where a sum is wanted, or the other way round?)"
                text = f"It is {what.format(n, word)}{also}{known if where else ''}."
                return hint(text, f"Each value is too {word} by the same factor{also}.")
    if not p.varied:
        return None
    return hint(
        f"Each of yours is the right value times {number_text(ratio)}.",
        f"Each value is the right one times the same factor{also}.",
    )


def _constant_ratio(a, e, p):
    if not np.isfinite(a).all() or not np.isfinite(e).all() or not e.any():
        return None
    largest = np.unravel_index(int(np.argmax(np.abs(e))), e.shape)
    ratio = float(a[largest] / e[largest])
    return ratio if ratio and math.isfinite(ratio) and p.right(a / ratio) else None


TRANSFORMS = (
    (np.log, "These are the logarithms of the right values: is an exp missing, or a log too many?"),
    (lambda e: -np.log(e), "These are minus the logarithms of the right values."),
    (np.exp, "These are the exponentials of the right values: is a log missing, or an exp too many?"),
    (
        lambda e: np.exp(-e),
        "This is exp(-x) for the right value x: a probability, not its negative logarithm?",
    ),
    (lambda e: 1 - e, "This is 1 minus the right value."),
    (lambda e: 1 / e, "This is 1 divided by the right value."),
    (np.square, "This is the square of the right value."),
    (np.sqrt, "This is the square root of the right value."),
)


def transform(p):
    if p.whole or not np.isfinite(p.a).all():
        return None
    for change, sentence in TRANSFORMS:
        value = change(p.e)
        if np.isfinite(value).all() and p.same(p.a, value):
            return hint(sentence)
    return None


def shifted(p):
    for axis in range(p.a.ndim):
        a, e = np.moveaxis(p.a, axis, 0), np.moveaxis(p.e, axis, 0)
        if len(e) < 3 or p.same(e[1:], e[:-1]):
            continue
        for mine, right, when in ((a[1:], e[:-1], "late"), (a[:-1], e[1:], "early")):
            if p.same(mine, right):
                along = "" if p.a.ndim == 1 else f" along dimension {axis}"
                return hint(
                    f"Your values are shifted by one position{along}: they come one too {when}.",
                    f"The values are shifted by one position: they come one too {when}.",
                )
    return None


def running_sum(p):
    for axis in range(p.a.ndim):
        if p.a.shape[axis] < 3:
            continue
        if p.right(np.cumsum(p.a, axis)):
            return hint("The running sums of your values would be right: is a cumulative sum missing?")
        if p.same(p.a, np.cumsum(p.e, axis)):
            return hint("These are the running sums of the right values.")
    return None


def reordered(p):
    if p.a.size < 2 or not p.varied or np.isnan(p.a).any():
        return None
    for axis in range(p.a.ndim):
        if p.right(np.flip(p.a, axis)):
            along = "" if p.a.ndim == 1 else f" along dimension {axis}"
            return hint(f"Your values are in reversed order{along}.", "The values are in reversed order.")
    if p.same(np.sort(p.a, axis=None), np.sort(p.e, axis=None)):
        return hint("These are the right values in another order.")
    return None


def wrong_axis(p):
    """Probabilities that add up to 1 over another dimension than they should."""

    def adds_up(x, axis):
        return bool(np.all(np.abs(np.sum(x, axis=axis) - 1) < 1e-9))

    right = [axis for axis in range(p.e.ndim) if p.e.shape[axis] > 1 and adds_up(p.e, axis)]
    if p.a.ndim < 2 or len(right) != 1 or adds_up(p.a, right[0]):
        return None
    for axis in range(p.a.ndim):
        if axis != right[0] and adds_up(p.a, axis):
            return hint(
                f"Yours add up to 1 over dimension {axis}, they should over dimension {right[0]}: "
                "normalised over the wrong axis?",
                "It is normalised over the wrong axis.",
            )
    if adds_up(p.a, None):
        return hint(
            f"Yours add up to 1 over the whole array, they should over dimension {right[0]}.",
            "It is normalised over the whole array.",
        )
    return None


def per_row(p):
    """Right up to a factor for each row or column: a normalisation that is missing or wrong."""
    if p.a.ndim < 2 or not np.isfinite(p.a).all() or not np.isfinite(p.e).all():
        return None
    for axis in range(p.a.ndim):
        if p.a.shape[axis] < 2:
            continue
        at = np.expand_dims(np.argmax(np.abs(p.e), axis=axis), axis)
        top = np.take_along_axis(p.e, at, axis)
        ratio = np.take_along_axis(p.a, at, axis) / np.where(top == 0, 1, top)
        if ratio.all() and p.right(p.a / ratio):
            return hint(
                f"Along dimension {axis} yours are the right values times a factor that changes from place "
                "to place: is what you divide or multiply by right?",
                "The values are right up to factors: is what you divide or multiply by right?",
            )
    return None


def one_off(p):
    for one, word in ((1, "large"), (-1, "small")):
        if p.whole and p.a.size and (p.a - p.e == one).all():
            return hint(f"{'Each of yours' if p.a.size > 1 else 'It'} is one too {word}: off by one?")
    return None


def offset(p):
    shift = (p.a - p.e).ravel()
    if not p.varied or not np.isfinite(shift).all() or not p.right(p.a - shift[0]):
        return None
    word = "large" if shift[0] > 0 else "small"
    much = number_text(abs(float(shift[0])))
    return hint(f"Each of yours is too {word} by {much}.", f"The values are too {word} by a constant.")


def only_there(p):
    """All wrong entries lie in a place that has a name."""
    wrong = wrong_entries(p.a, p.e, p.tolerance)
    if wrong.all() or p.a.size < 3:
        return None
    if p.a.ndim == 1:
        if wrong.sum() == 1 and (wrong[0] or wrong[-1]):
            return hint(f"Only the {'first' if wrong[0] else 'last'} one is wrong.")
        return None
    if min(p.a.shape[-2:]) < 3 or wrong.sum() < 2:
        return None
    rows, columns = np.indices(p.a.shape[-2:])
    places = {
        "in the first row": rows == 0,
        "in the last row": rows == rows.max(),
        "in the first column": columns == 0,
        "in the last column": columns == columns.max(),
    }
    if rows.max() == columns.max():
        places["on the diagonal"] = rows == columns
        places["above the diagonal"] = rows < columns
        places["below the diagonal"] = rows > columns
    where = next((name for name, inside in places.items() if not (wrong & ~inside).any()), None)
    return hint(f"All wrong entries are {where}.") if where else None


RULES = (
    not_finite,
    all_zero,
    all_equal,
    sign,
    transpose,
    float32,
    truncated,
    one_off,
    factor,
    transform,
    shifted,
    running_sum,
    reordered,
    wrong_axis,
    per_row,
    offset,
    only_there,
)
