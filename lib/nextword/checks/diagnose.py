"""Why a value may be wrong: slips that its type, shape, length, keys or letters give away."""

import numpy as np

from .compare import Difference, Tolerance, agree, wrong_entries
from .hints import ORDINALS, hint
from .plain import Opaque, as_array, is_number, is_sequence, is_tensor
from .slips import explain_numbers

LIMIT = 300_000  # larger arrays are compared, but not diagnosed


def explain(found: Difference, tolerance, sizes=()):
    """The first slip that explains a difference as a Hint, or None; never raises.

    sizes: pairs such as ("the length of x", 4), for factors that are the size of something.
    """
    tolerance = tolerance or Tolerance(rtol=1e-9)
    try:
        with np.errstate(all="ignore"):
            return _explain(found, tolerance, list(sizes))
    except Exception:
        return None


def _explain(found, tolerance, sizes):
    actual, expected = found.actual, found.expected
    if found.kind == "value" and (found.flat or is_number(expected)):
        one, other = found.flat or (np.asarray(actual), np.asarray(expected))
        return explain_numbers(one, other, tolerance, sizes) if other.size <= LIMIT else None
    rules = {"type": _type, "shape": _shape, "length": _length, "keys": _keys, "value": _string}
    return rules[found.kind](actual, expected, tolerance)


def _type(actual, expected, tolerance):
    if actual is None:
        return hint("None is what a function returns without `return`: is the `return` missing?")
    if isinstance(actual, Opaque):
        advice = {
            "a function": "Is it returned without being called?",
            "a method": "Are its parentheses missing?",
            "a generator": "Make a list of it, or use return in place of yield.",
            **{
                f"a `{lazy}` object": f"`list(...)` makes a list of what {lazy} gives."
                for lazy in (
                    "map",
                    "zip",
                    "filter",
                    "range",
                    "dict_keys",
                    "dict_values",
                    "dict_items",
                    "reversed",
                )
            },
        }
        return hint(advice[actual.what]) if actual.what in advice else None
    if type(actual) is str and is_number(expected):
        return hint("A number in quotes is text: convert it first.")
    if is_sequence(actual) and len(actual) == 1 and agree(actual[0], expected, tolerance):
        return hint("The right value is there, but as the only item of a list, tuple or array.")
    if type(actual) is tuple and any(agree(item, expected, tolerance) for item in actual[:10]):
        return hint("The right value is one of several that are returned: return it alone.")
    if is_number(expected) and type(actual) is np.ndarray:
        return _not_reduced(actual, np.asarray(expected), tolerance)
    if is_number(actual) and is_sequence(expected):
        right = as_array(expected)
        reduced = None if right is None else _reduced(np.asarray(actual), right, tolerance)
        return reduced or hint(
            "A single number comes back: is something added up or averaged that should stay an array?"
        )
    if is_sequence(actual) and type(expected) is frozenset:
        return hint("A list keeps order and repetitions, a set does not: `set(...)` makes one.")
    if type(actual) is frozenset and is_sequence(expected):
        return hint("A set has no order and drops repetitions.")
    return None


def _shape(actual, expected, tolerance):
    return (
        _transposed_shape(actual, expected, tolerance)
        or _size_one(actual, expected)
        or _reduced(actual, expected, tolerance)
        or _not_reduced(actual, expected, tolerance)
        or _broadcast(actual, expected)
        or _same_size(actual, expected, tolerance)
        or (_length(actual, expected, tolerance) if actual.ndim == expected.ndim == 1 else None)
    )


def _transposed_shape(actual, expected, tolerance):
    if actual.ndim != expected.ndim or actual.ndim < 2 or actual.size != expected.size:
        return None
    for i in range(actual.ndim):
        for j in range(i + 1, actual.ndim):
            turned = np.swapaxes(actual, i, j)
            if turned.shape == expected.shape and not wrong_entries(turned, expected, tolerance).any():
                return hint(
                    f"Your values are right but transposed: dimensions {i} and {j} are swapped.",
                    "The values are right but transposed.",
                )
    if actual.shape == expected.shape[::-1]:
        return hint(
            "The shape is the other way round: is something transposed, or are the factors of a product swapped?"
        )
    return None


def _size_one(actual, expected):
    if [n for n in actual.shape if n != 1] != [n for n in expected.shape if n != 1]:
        return None
    if actual.ndim > expected.ndim:
        return hint("There is a dimension of size 1 too many (`keepdims=True`, or a missing index?).")
    if actual.ndim < expected.ndim:
        return hint("A dimension of size 1 is missing (`keepdims=True` keeps it).")
    return hint("The dimension of size 1 is in another place.")


REDUCTIONS = (("sum", np.sum), ("mean", np.mean), ("maximum", np.max))


def _reduced(actual, expected, tolerance):
    """The right values, added up or averaged away."""
    if expected.dtype.kind not in "biuf" or not 2 <= expected.size <= LIMIT:
        return None
    axes = [None, *range(expected.ndim)] if expected.ndim > 1 else [None]
    for name, reduce in REDUCTIONS:
        for axis in axes:
            value = np.asarray(reduce(expected, axis=axis))
            if value.shape == actual.shape and not wrong_entries(actual, value, tolerance).any():
                over = "all of them" if axis is None else f"dimension {axis}"
                return hint(
                    f"This is the {name} of the right values over {over}: they should stay apart.",
                    f"This is the {name} of the right values: they should stay apart.",
                )
    return None


def _not_reduced(actual, expected, tolerance):
    """A sum or mean that was forgotten, over a dimension or all leading ones (of a bias in every row)."""
    if actual.dtype.kind not in "biuf" or not 1 <= actual.size <= LIMIT or actual.ndim <= expected.ndim:
        return None
    leading = tuple(range(actual.ndim - expected.ndim))
    for name, reduce in REDUCTIONS:
        for axis in (*range(actual.ndim), leading, None) if expected.ndim else (None,):
            value = np.asarray(reduce(actual, axis=axis))
            if value.shape == expected.shape and not wrong_entries(value, expected, tolerance).any():
                over = "all entries" if axis is None else f"dimension {axis}"
                if type(axis) is tuple:
                    over = "the first dimensions"
                return hint(
                    f"The {name} of your values over {over} would be right: is that {name} missing?",
                    f"A {name} over one of the dimensions seems to be missing.",
                )
    return None


def _broadcast(actual, expected):
    if expected.ndim and actual.shape == (*expected.shape, expected.shape[-1]) and expected.shape[-1] > 1:
        return hint("Shapes (n, 1) and (n,) broadcast to (n, n): are two such arrays combined?")
    return None


def _same_size(actual, expected, tolerance):
    if actual.size != expected.size:
        return None
    if not wrong_entries(actual.reshape(expected.shape), expected, tolerance).any():
        return hint("The values are right, only their shape is not: a reshape is missing or wrong.")
    if sorted(actual.shape) == sorted(expected.shape):
        return hint("These are the right sizes in another order: are two dimensions swapped?")
    return None


def _length(actual, expected, tolerance):
    mine, right = len(actual), len(expected)
    if not mine:
        return hint("Yours is empty.")
    if mine == right - 1 and agree(actual, expected[1:], tolerance):
        return hint("The first item is missing.")
    if mine == right - 1 and agree(actual, expected[:-1], tolerance):
        return hint("The last item is missing.")
    if mine == right + 1 and agree(actual[1:], expected, tolerance):
        return hint("There is one item too many at the start.")
    if mine == right + 1 and agree(actual[:-1], expected, tolerance):
        return hint("There is one item too many at the end.")
    if mine < right and agree(actual, expected[:mine], tolerance):
        return hint("Yours is right as far as it goes, but stops too early (a `return` inside the loop?).")
    if mine > right and agree(actual[:right], expected, tolerance):
        return hint("Yours begins right, but goes on too long.")
    if abs(mine - right) == 1:
        return hint(f"One item too {'many' if mine > right else 'few'}: off by one?")
    return None


KEY_KINDS = {
    str: "strings",
    tuple: "tuples",
    int: "integers",
    float: "floats",
    bool: "booleans",
    bytes: "bytes",
}


def _keys(actual, expected, tolerance):
    if not actual or not expected:
        return hint("Yours is empty.") if expected else hint("It should be empty.")
    mine, right = {type(key) for key in actual}, {type(key) for key in expected}
    if len(mine) == len(right) == 1 and mine != right:
        a, e = KEY_KINDS.get(*mine, "other objects"), KEY_KINDS.get(*right, "other objects")
        return hint(f"Your keys are {a}, they should be {e}.")
    if mine == right == {tuple}:
        lengths = [{len(key) for key in keys} for keys in (actual, expected)]
        if not lengths[0] & lengths[1]:
            return hint(
                f"Your keys are tuples of {min(lengths[0])}, they should be tuples of {min(lengths[1])}.",
                "The keys are tuples of another length than they should be.",
            )
        if {key[::-1] for key in actual} == set(expected):
            return hint("Your keys are the right ones, each in reversed order.")
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


def dimension_names(names, values):
    """Pairs of a size in words and its value, for the arguments of a call: the suspects for a factor."""
    found = []
    for name, value in zip(names, values, strict=True):
        if type(value) is int:
            found.append((f"the value of {name}", value))
        elif type(value) in (list, tuple, dict, set):
            found.append((f"the length of {name}", len(value)))
        elif type(value) is np.ndarray or is_tensor(value):
            if value.ndim == 1:
                found.append((f"the length of {name}", len(value)))
            else:
                dimensions = zip(ORDINALS, value.shape, strict=False)
                found += [(f"the size of the {which} dimension of {name}", n) for which, n in dimensions]
    return found
