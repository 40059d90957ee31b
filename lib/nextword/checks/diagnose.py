"""Why a value may be wrong: the slips that can be told from the value alone, tried one after the other."""

import math
from dataclasses import dataclass

import numpy as np

from .compare import Difference, Tolerance, agree, kind_of, wrong_entries
from .plain import Opaque, as_array, is_number, is_sequence
from .show import number_text

LIMIT = 5_000_000  # larger arrays are compared, but not diagnosed
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass(frozen=True)
class Hint:
    """A sentence for the student, and the same without values or sizes for feedback on hidden tests."""

    text: str
    public: str


def hint(text, public=None):
    return Hint(text, text if public is None else public)


def explain(found: Difference, tolerance, sizes=()):
    """The first slip that explains a difference, or None; never raises.

    sizes: pairs such as ("the first dimension of x", 4), for factors that are the size of something.
    """
    try:
        with np.errstate(all="ignore"):
            return _explain(found, tolerance or Tolerance(rtol=1e-9), list(sizes))
    except Exception:
        return None


def _explain(found, tolerance, sizes):
    actual, expected = found.actual, found.expected
    if found.kind == "value" and (found.flat or is_number(expected)):
        one, other = found.flat or (np.asarray(actual), np.asarray(expected))
        if "O" in (one.dtype.kind, other.dtype.kind) or other.size > LIMIT:
            return None
        return _explain_numbers(one, other, tolerance, sizes)
    rules = {"type": (_type,), "shape": (_shape,), "length": (_length,), "keys": (_keys,), "value": (_string,)}
    for rule in rules[found.kind]:
        reason = rule(actual, expected, tolerance)
        if reason:
            return reason
    return None


# What kind of value it is

def _type(actual, expected, tolerance):
    if actual is None:
        return hint("None is what a function returns without `return`: is the `return` missing?")
    if isinstance(actual, Opaque):
        words = {"a function": "Is it returned without being called?", "a method": "Are its parentheses missing?",
                 "a generator": "Make a list of it, or return in place of yield."}
        if actual.what in words:
            return hint(words[actual.what])
        if actual.what.endswith("iterator"):
            return hint("Make a list of it first.")
        return None
    if type(actual) is str and is_number(expected):
        return hint("A number in quotes is text: convert it first.")
    if is_sequence(actual) and len(actual) == 1:
        if agree(actual[0], expected, tolerance):
            return hint("The right value is there, but inside a list, tuple or array of one item.")
    if type(actual) is tuple and any(agree(item, expected, tolerance) for item in actual[:10]):
        return hint("The right value is one of several that are returned: return it alone.")
    if is_number(actual) and is_sequence(expected):
        return _reduced(np.asarray(actual), as_array(expected), tolerance) or hint(
            "A single number comes back: is something added up, averaged or indexed that should stay an array?")
    if type(actual) in (list, tuple) and type(expected) is frozenset:
        return hint("Only a set ignores order and repetitions: `set(...)` makes one.")
    if type(actual) is frozenset and is_sequence(expected):
        return hint("A set has no order and drops repetitions.")
    return None


def _shape(actual, expected, tolerance):
    found = (_transposed_shape(actual, expected, tolerance) or _size_one(actual, expected)
             or _reduced(actual, expected, tolerance) or _not_reduced(actual, expected, tolerance))
    if found:
        return found
    if actual.size == expected.size:
        if sorted(actual.shape) == sorted(expected.shape):
            return hint("These are the right sizes in another order: are two dimensions swapped?")
        if wrong_entries(actual.reshape(expected.shape), expected, tolerance).any():
            return None
        return hint("The values are right, only their shape is not: a reshape is missing or wrong.")
    if actual.ndim == 1 and expected.ndim == 1:
        return _length(actual, expected, tolerance)
    return None


def _transposed_shape(actual, expected, tolerance):
    if actual.ndim != expected.ndim or actual.ndim < 2 or actual.size != expected.size:
        return None
    for what, turned in _transposes(actual):
        if turned.shape == expected.shape and not wrong_entries(turned, expected, tolerance).any():
            return hint(f"Your values are right but transposed: {what}.", "The values are right but transposed.")
    if actual.shape == expected.shape[::-1]:
        return hint("The shape is the other way round: is something transposed, or are the factors of a product swapped?")
    return None


def _transposes(array):
    """Ways of swapping two dimensions, each in words."""
    for i in range(array.ndim):
        for j in range(i + 1, array.ndim):
            what = "rows and columns are swapped" if array.ndim == 2 else (
                f"dimensions {i} and {j} are swapped")
            yield what, np.swapaxes(array, i, j)


def _size_one(actual, expected):
    if [n for n in actual.shape if n != 1] != [n for n in expected.shape if n != 1]:
        return None
    if actual.ndim > expected.ndim:
        return hint("There is a dimension of size 1 too many (`keepdims=True`, or a missing index?).")
    if actual.ndim < expected.ndim:
        return hint("A dimension of size 1 is missing (`keepdims=True` keeps it).")
    return None


def _reduced(actual, expected, tolerance):
    """The right values, added up or averaged away."""
    if expected is None or expected.dtype.kind not in "biuf" or expected.size > LIMIT or expected.size < 2:
        return None
    axes = [None, *range(expected.ndim)] if expected.ndim > 1 else [None]
    for name, reduce in (("sum", np.sum), ("mean", np.mean), ("largest", np.max)):
        for axis in axes:
            value = reduce(expected, axis=axis)
            if np.shape(value) == actual.shape and not wrong_entries(actual, np.asarray(value), tolerance).any():
                what = "all of them" if axis is None else f"dimension {axis}"
                return hint(f"This is the {name} of the right values over {what}: they should stay apart.")
    return None


def _not_reduced(actual, expected, tolerance):
    """A sum or mean that was forgotten, over one dimension or over the leading ones (a bias used for every row)."""
    if actual.dtype.kind not in "biuf" or actual.size > LIMIT or actual.ndim <= expected.ndim or not actual.size:
        return None
    leading = tuple(range(actual.ndim - expected.ndim))
    for name, reduce in (("sum", np.sum), ("mean", np.mean)):
        for axis in (*range(actual.ndim), leading, None):
            value = np.asarray(reduce(actual, axis=axis))
            if value.shape == expected.shape and not wrong_entries(value, expected, tolerance).any():
                where = "all entries" if axis is None else f"dimension {axis if axis != leading else 0}"
                if axis == leading and len(leading) > 1:
                    where = f"dimensions {', '.join(map(str, leading))}"
                return hint(f"The {name} of your values over {where} would be right: is that {name} missing?",
                            f"A {name} over one of the dimensions is missing.")
    return None


def _length(actual, expected, tolerance):
    mine, right = len(actual), len(expected)
    if not mine:
        return hint("Yours is empty.")
    if mine == right - 1:
        if agree(actual, expected[1:], tolerance):
            return hint("The first item is missing.")
        if agree(actual, expected[:-1], tolerance):
            return hint("The last item is missing.")
    if mine == right + 1:
        if agree(actual[1:], expected, tolerance):
            return hint("There is one item too many at the start.")
        if agree(actual[:-1], expected, tolerance):
            return hint("There is one item too many at the end.")
    if mine < right and agree(actual, expected[:mine], tolerance):
        return hint("Yours is right as far as it goes, but it stops too early (a `return` inside the loop?).")
    if mine > right and agree(actual[:right], expected, tolerance):
        return hint("Yours begins right, but goes on too long.")
    if abs(mine - right) == 1:
        return hint("One item too many or too few: off by one?")
    return None


def _keys(actual, expected, tolerance):
    if not actual:
        return hint("Yours is empty.")
    mine, right = {type(key) for key in actual}, {type(key) for key in expected}
    if len(mine) == 1 and len(right) == 1 and mine != right:
        names = {str: "strings", tuple: "tuples", int: "integers", float: "floats", bytes: "bytes", bool: "booleans"}
        a, e = names.get(mine.pop(), "other objects"), names.get(right.pop(), "other objects")
        return hint(f"Your keys are {a}, they should be {e}.")
    if mine == right == {tuple}:
        lengths = {len(key) for key in actual}, {len(key) for key in expected}
        if not lengths[0] & lengths[1]:
            a, e = (min(x) for x in lengths)
            return hint(f"Your keys are tuples of {a}, they should be tuples of {e}.",
                        "The keys are tuples of another length than they should be.")
        if {key[::-1] for key in actual} == set(expected):
            return hint("Your keys are the right ones in reversed order.")
    if mine == right == {str} and {key.lower() for key in actual} == {key.lower() for key in expected}:
        return hint("The keys differ only in upper and lower case.")
    return None


def _string(actual, expected, tolerance):
    if type(actual) is not str or type(expected) is not str:
        return None
    if actual.lower() == expected.lower():
        return hint("They differ only in upper and lower case.")
    if "".join(actual.split()) == "".join(expected.split()):
        return hint("They differ only in white space.")
    if actual == expected[::-1]:
        return hint("Yours is the right one read backwards.")
    if expected.startswith(actual):
        return hint("Yours begins right, but stops too early.")
    if actual.startswith(expected):
        return hint("Yours begins right, but goes on too long.")
    return None


# What the numbers are

def _explain_numbers(a, e, tolerance, sizes):
    if a.dtype.kind == "c" or e.dtype.kind == "c":
        return None
    whole = a.dtype.kind in "biu" and e.dtype.kind in "biu"
    a, e = a.astype(np.float64), e.astype(np.float64)

    def same(x, y=e):
        return x.shape == y.shape and not wrong_entries(x, y, tolerance).any()

    for rule in (_not_finite, _all_zero, _sign, _transpose, _float32, _truncated, _factor, _logarithm,
                 _shifted, _reordered, _wrong_axis, _per_row, _offset, _only_there):
        reason = rule(a, e, same, tolerance, sizes, whole)
        if reason:
            return reason
    return None


def _not_finite(a, e, same, tolerance, sizes, whole):
    nans = np.isnan(a) & ~np.isnan(e)
    if nans.any():
        some = f"{_share(nans)} nan: " if a.size > 1 else ""
        cause = "nan usually comes from 0/0, inf - inf, log(0) - log(0), the log of a negative number or an overflow in exp."
        return hint(some + cause, cause)
    infinite = np.isinf(a) & (a != e)
    if infinite.any():
        some = f"{_share(infinite)} infinite: " if a.size > 1 else ""
        cause = "inf usually comes from log(0), a division by 0 or an overflow in exp."
        return hint(some + cause, cause)
    return None


def _share(mask):
    count = int(mask.sum())
    return f"{count} of {mask.size} entries {'is' if count == 1 else 'are'}"


def _all_zero(a, e, same, tolerance, sizes, whole):
    if a.size > 1 and not a.any() and e.any():
        return hint("All of yours are 0: is the result ever filled in?")
    return None


def _sign(a, e, same, tolerance, sizes, whole):
    if same(-a):
        return hint("The sign is the wrong way round.")
    if a.size > 1 and same(np.abs(a), np.abs(e)):
        return hint("The sizes are right, but some signs are wrong.")
    return None


def _transpose(a, e, same, tolerance, sizes, whole):
    if a.ndim < 2:
        return None
    for what, turned in _transposes(a):
        if same(turned):
            return hint(f"Your values are right but transposed: {what}.", "The values are right but transposed.")
    return None


def _float32(a, e, same, tolerance, sizes, whole):
    if whole or tolerance.rtol > 1e-6 or tolerance.atol is not None:
        return None
    if not wrong_entries(a, e, Tolerance(rtol=2e-6, atol=1e-6 * float(np.max(np.abs(e), initial=0.0)))).any():
        return hint("It is right to about six digits only: is something computed in float32, rounded, "
                    "or is a small constant (an epsilon) added?")
    return None


def _truncated(a, e, same, tolerance, sizes, whole):
    if same(e, np.round(e)) or not np.array_equal(a, np.trunc(a)):
        return None
    if np.array_equal(a, np.trunc(e)) or (a.size > 1 and np.array_equal(a, np.floor(e))):
        return hint("These are the right values with everything after the decimal point cut off: "
                    "an integer array, `int(...)` or `//` does that.")
    if np.array_equal(a, np.round(e)):
        return hint("These are the right values rounded to whole numbers.")
    return None


def _factor(a, e, same, tolerance, sizes, whole):
    """A constant factor: for a single number only one that means something."""
    nonzero = e != 0
    if not nonzero.any() or not np.isfinite(a).all() or not np.isfinite(e).all() or a[~nonzero].any():
        return None
    largest = np.unravel_index(int(np.argmax(np.abs(e))), e.shape)
    ratio = float(a[largest] / e[largest])
    if ratio == 0 or not math.isfinite(ratio) or not same(a / ratio):
        return None
    size = abs(ratio)
    for value, sentence in (
        (1 / math.log(2), "It is too large by the factor 1/ln 2: logarithms to the base 2 where natural ones are wanted."),
        (math.log(2), "It is too small by the factor ln 2: natural logarithms where those to the base 2 are wanted."),
        (1 / math.log(10), "It is too small by the factor ln 10: logarithms to the base 10 where natural ones are wanted."),
    ):
        if math.isclose(size, value, rel_tol=1e-7):
            return hint(sentence)
    several = np.unique(np.round(np.abs(e[nonzero]), 12)).size > 1
    sign = ", with the wrong sign" if ratio < 0 else ""
    for times, word in ((size, "large"), (1 / size, "small")):
        count = round(times)
        if count >= 2 and math.isclose(times, count, rel_tol=1e-7):
            where = next((name for name, n in sizes if n == count), None)
            known = (f"; {count} is also the size of {where} (a mean where a sum is wanted, or the other way round?)"
                     if where else "")
            if known or several or count == 2 and not whole:
                return hint(f"It is {count} times too {word}{sign}{known}.", f"It is a whole number of times too {word}.")
        root = math.isclose(times**2, round(times**2), rel_tol=1e-7) and round(times**2) >= 2
        if root and not whole and not math.isclose(times, count, rel_tol=1e-7):
            number = round(times**2)
            where = next((f"; {number} is also the size of {name}" for name, n in sizes if n == number), "")
            if where or several:
                return hint(f"It is too {word} by the factor sqrt({number}){sign}{where}.",
                            f"It is too {word} by the square root of a whole number.")
    if not several:
        return None
    return hint(f"Each of yours is the right value times {number_text(ratio)}.",
                "Each value is the right one times the same factor.")


def _logarithm(a, e, same, tolerance, sizes, whole):
    if whole or not np.isfinite(a).all():
        return None
    for value, sentence in (
        (np.log(e), "These are the logarithms of the right values: is an exp missing, or a log too many?"),
        (-np.log(e), "These are minus the logarithms of the right values."),
        (np.exp(e), "These are the exponentials of the right values: is a log missing, or an exp too many?"),
        (np.exp(-e), "This is exp(-x) of the right value x: a probability where its negative logarithm is wanted."),
        (1 - e, "This is 1 minus the right value."),
        (1 / e, "This is 1 divided by the right value."),
        (np.square(e), "This is the square of the right value."),
        (np.sqrt(e), "This is the square root of the right value."),
    ):
        if np.isfinite(value).all() and same(a, value):
            return hint(sentence)
    return None


def _shifted(a, e, same, tolerance, sizes, whole):
    for axis in range(a.ndim):
        if a.shape[axis] < 3:
            continue
        mine, right = np.moveaxis(a, axis, 0), np.moveaxis(e, axis, 0)
        if same(right[1:], right[:-1]):
            continue
        along = "" if a.ndim == 1 else f" along dimension {axis}"
        if same(mine[1:], right[:-1]):
            return hint(f"Your values are shifted by one position{along}: they come one too late.")
        if same(mine[:-1], right[1:]):
            return hint(f"Your values are shifted by one position{along}: they come one too early.")
    return None


def _reordered(a, e, same, tolerance, sizes, whole):
    if a.size < 2 or np.isnan(a).any():
        return None
    for axis in range(a.ndim):
        if same(np.flip(a, axis)):
            along = "" if a.ndim == 1 else f" along dimension {axis}"
            return hint(f"Your values are in reversed order{along}.")
    if not same(np.sort(a, axis=None), np.sort(e, axis=None)) or same(np.sort(e, axis=None)[:1], np.sort(e, axis=None)[-1:]):
        return None
    return hint("These are the right values in another order.")


def _wrong_axis(a, e, same, tolerance, sizes, whole):
    """Probabilities that add up to 1 over another dimension than they should."""
    if a.ndim < 2:
        return None

    def adds_up(x, axis):
        total = np.sum(x, axis=axis)
        return np.allclose(total, 1, rtol=0, atol=1e-9)

    right = [axis for axis in range(e.ndim) if e.shape[axis] > 1 and adds_up(e, axis)]
    if len(right) != 1 or adds_up(a, right[0]):
        return None
    for axis in range(a.ndim):
        if axis != right[0] and adds_up(a, axis):
            return hint(f"Yours add up to 1 over dimension {axis}, they should over dimension {right[0]}: "
                        "is it normalised over the wrong axis?", "It is normalised over the wrong axis.")
    if adds_up(a, None):
        return hint(f"Yours add up to 1 over the whole array, they should over dimension {right[0]}.",
                    "It is normalised over the whole array.")
    return None


def _per_row(a, e, same, tolerance, sizes, whole):
    """Right up to a factor for each row or column: a normalisation that is missing or wrong."""
    if not np.isfinite(a).all() or not np.isfinite(e).all():
        return None
    for axis in range(a.ndim):
        if a.ndim < 2 or a.shape[axis] < 2:
            continue
        at = np.expand_dims(np.argmax(np.abs(e), axis=axis), axis)
        top = np.take_along_axis(e, at, axis)
        ratio = np.take_along_axis(a, at, axis) / np.where(top == 0, 1, top)
        if (ratio != 0).all() and same(a / ratio):
            return hint(f"Along dimension {axis} yours are the right values times a factor that differs from place "
                        "to place: is what you divide or multiply by right?",
                        "The values are right up to factors: is what you divide or multiply by right?")
    return None


def _offset(a, e, same, tolerance, sizes, whole):
    shift = (a - e).ravel()
    if not shift.size or not np.isfinite(shift).all() or not same(a - shift[0]):
        return None
    if whole and abs(shift[0]) == 1:
        return hint(f"{'Each of yours' if a.size > 1 else 'It'} is one too {'large' if shift[0] > 0 else 'small'}: "
                    "off by one?", "Off by one?")
    if np.unique(np.round(e, 12)).size < 2:
        return None
    return hint(f"Each of yours is too {'large' if shift[0] > 0 else 'small'} by {number_text(abs(float(shift[0])))}.",
                "The values are off by a constant.")


def _only_there(a, e, same, tolerance, sizes, whole):
    """All wrong entries lie in one place that has a name."""
    wrong = wrong_entries(a, e, tolerance)
    if wrong.all() or a.ndim == 0 or min(a.shape) < 2 or a.size < 3:
        return None
    if a.ndim >= 2:
        rows, columns = np.indices(a.shape[-2:], sparse=True)
        places = (("on the diagonal", rows == columns), ("above the diagonal", rows < columns),
                  ("below the diagonal", rows > columns), ("in the first row", (rows == 0) & (columns >= 0)),
                  ("in the last row", (rows == a.shape[-2] - 1) & (columns >= 0)),
                  ("in the first column", (columns == 0) & (rows >= 0)),
                  ("in the last column", (columns == a.shape[-1] - 1) & (rows >= 0)))
        if min(a.shape[-2:]) < 3 or wrong.sum() < 2:
            return None
        for name, where in places:
            if not (wrong & ~where).any():
                return hint(f"All wrong entries are {name}.")
        return None
    if wrong.sum() == 1 and (wrong[0] or wrong[-1]):
        return hint(f"Only the {'first' if wrong[0] else 'last'} one is wrong.")
    return None


def dimension_names(names, values):
    """Pairs of a dimension in words and its size, for the arguments of a call."""
    found = []
    for name, value in zip(names, values, strict=True):
        if is_sequence(value) or hasattr(value, "shape"):
            shape = tuple(value.shape) if hasattr(value, "shape") else (len(value),)
            for i, n in enumerate(shape):
                which = f"the {ORDINALS[i]} dimension of" if len(shape) > 1 and i < 6 else (
                    "the length of" if len(shape) == 1 else f"dimension {i} of")
                found.append((f"{which} {name}", n))
        elif type(value) is int:
            found.append((name, value))
    return found


__all__ = ["Hint", "dimension_names", "explain", "kind_of"]
