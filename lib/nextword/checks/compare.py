"""The one comparison: where a value first differs from what it should be, in words."""

from dataclasses import dataclass, field

import numpy as np

from .plain import Opaque, as_array, is_number, is_sequence, number, plain
from .show import number_pair, show


@dataclass(frozen=True)
class Tolerance:
    """How close is right: `rtol` of each entry, and `atol`, which follows the largest expected entry unless given.

    Entries that are nearly 0 because large terms cancel carry the rounding of those terms (1e-12 of the largest entry).
    What is 0, or no more than the rounding of ordinary numbers (1e-16), may come out as such rounding: 1e-12 and 1e-15.
    A probability of 1e-30 alone must be right to `rtol` all the same.
    """

    rtol: float = 1e-7
    atol: float | None = None

    def bound(self, expected):
        """The largest error allowed for every entry of `expected`."""
        size = np.abs(expected)
        atol = self.atol
        if atol is None:
            largest = np.max(size, where=np.isfinite(size), initial=0.0)
            atol = 1e-12 if largest == 0 else max(1e-12 * largest, 1e-15 if largest > 1e-18 else 0.0)
        return self.rtol * size + atol


@dataclass
class Difference:
    """The first difference between two plain values.

    kind:     "type", "shape", "length", "keys" or "value"
    text:     what differs, with values; public: the same without
    path:     keys and indices that lead to it
    actual, expected: the parts that differ
    flat:     the innermost list, dict or array of numbers around it, as two arrays, or None
    """

    kind: str
    text: str
    public: str
    actual: object
    expected: object
    path: tuple = ()
    flat: tuple | None = field(default=None, repr=False)


def difference(actual, expected, tolerance=None):
    """The first difference of two values, or None if they agree; exact without a tolerance."""
    return _differ(plain(actual), plain(expected), tolerance, ())


def agree(actual, expected, tolerance=None):
    return difference(actual, expected, tolerance) is None


def kind_of(value):
    """What a plain value is: "a number", "an array of shape (3, 4)", "a dict"."""
    if value is None:
        return "None"
    if isinstance(value, Opaque):
        return value.what
    if type(value) is np.ndarray and value.ndim:
        return f"an array of shape {value.shape}"
    if type(value) is np.ndarray:
        value = value.item()
    names = {bool: "a boolean", int: "an integer", float: "a number", complex: "a complex number", str: "a string",
             bytes: "a bytes object", list: "a list", tuple: "a tuple", dict: "a dict", frozenset: "a set"}
    return names[type(value)]


def place(path):
    """`at ['corn'][2]`, or nothing at the top."""
    return "at " + "".join(f"[{show(key, 40)}]" for key in path) if path else ""


def _differ(actual, expected, tolerance, path):
    if isinstance(expected, Opaque) or isinstance(actual, Opaque) or expected is None or actual is None:
        return None if actual is None and expected is None else _wrong_type(actual, expected, path)
    if is_number(expected):
        if not is_number(actual):
            return _wrong_type(actual, expected, path)
        return _differ_number(number(actual), number(expected), tolerance, path)
    if is_sequence(expected):
        return _differ_sequence(actual, expected, tolerance, path)
    if type(actual) is not type(expected):
        return _wrong_type(actual, expected, path)
    if type(expected) is dict:
        return _differ_dict(actual, expected, tolerance, path)
    if type(expected) is frozenset:
        return _differ_set(actual, expected, path)
    if actual == expected:
        return None
    return _wrong_value(actual, expected, path)


def _wrong_type(actual, expected, path):
    text = f"{place(path)} {kind_of(actual)} where {kind_of(expected)} is expected".strip()
    theirs = "an object of its own class" if isinstance(actual, Opaque) else kind_of(_no_shape(actual))
    public = f"{theirs} where {kind_of(_no_shape(expected))} is expected"
    return Difference("type", text, public, actual, expected, path)


def _no_shape(value):
    """Public words tell no shapes."""
    return Opaque("array", "an array") if type(value) is np.ndarray and value.ndim else value


def _wrong_value(actual, expected, path, flat=None):
    mine, right = show(actual), show(expected)
    text = f"{place(path)} yours is {mine}, it should be {right}".strip()
    return Difference("value", text, "a wrong value", actual, expected, path, flat)


def _differ_number(actual, expected, tolerance, path):
    if type(actual) is complex and type(expected) is not complex:
        return _wrong_type(actual, expected, path)
    if actual == expected or (actual != actual and expected != expected):
        return None
    if tolerance is not None:
        try:
            dtype = complex if type(expected) is complex else float
            one, other = np.array(dtype(actual)), np.array(dtype(expected))
        except OverflowError:
            one = other = None
        if one is not None and not wrong_entries(one, other, tolerance).any():
            return None
    mine, right = number_pair(actual, expected)
    text = f"{place(path)} yours is {mine}, it should be {right}".strip()
    return Difference("value", text, "a wrong value", actual, expected, path)


def wrong_entries(actual, expected, tolerance):
    """Which entries of two arrays of the same shape differ (a boolean array)."""
    with np.errstate(all="ignore"):
        same = (actual == expected) | ((actual != actual) & (expected != expected))
        if tolerance is None:
            return ~same
        dtype = np.complex128 if expected.dtype.kind == "c" else np.float64
        actual, expected = actual.astype(dtype, copy=False), expected.astype(dtype, copy=False)
        near = np.isfinite(expected) & (np.abs(actual - expected) <= tolerance.bound(expected))
        return ~(near | same)


def _differ_array(actual, expected, tolerance, path):
    if actual.shape != expected.shape:
        text = f"{place(path)} yours has shape {actual.shape}, it should be {expected.shape}".strip()
        return Difference("shape", text, "a value of the wrong shape", actual, expected, path)
    if actual.dtype.kind == "c" and expected.dtype.kind != "c":
        text = f"{place(path)} complex numbers where real ones are expected".strip()
        return Difference("type", text, "complex numbers where real ones are expected", actual, expected, path)
    wrong = wrong_entries(actual, expected, tolerance)
    count = int(np.count_nonzero(wrong))
    if not count:
        return None
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape))
    mine, right = number_pair(actual[index].item(), expected[index].item())
    entry = "[" + ", ".join(map(str, index)) + "]"
    where = f"{place(path)}, " if path else ""
    text = f"{where}first wrong entry {entry}: yours {mine}, should be {right}"
    if wrong.size > 1:
        text += f"; {count} of {wrong.size} entries differ" if count < wrong.size else "; all entries differ"
    return Difference("value", text, "wrong values", actual, expected, path, (actual, expected))


def _differ_sequence(actual, expected, tolerance, path):
    if not is_sequence(actual):
        return _wrong_type(actual, expected, path)
    if type(expected) is np.ndarray or type(actual) is np.ndarray or tolerance is not None:
        one, other = as_array(actual), as_array(expected)
        if one is not None and other is not None and (one.size or one.shape == other.shape or other.size):
            return _differ_array(one, other, tolerance, path)
    if len(actual) != len(expected):
        text = f"{place(path)} yours has {len(actual)} items, it should have {len(expected)}".strip()
        return Difference("length", text, "a wrong number of items", actual, expected, path)
    flat = numbers_of(actual, expected)
    for index in range(len(expected)):
        found = _differ(_item(actual, index), _item(expected, index), tolerance, path + (index,))
        if found is not None:
            found.flat = found.flat or flat
            return found
    return None


def _item(sequence, index):
    item = sequence[index]
    return item.item() if isinstance(item, np.generic) else item


def _differ_dict(actual, expected, tolerance, path):
    missing = [key for key in expected if key not in actual]
    unexpected = [key for key in actual if key not in expected]
    if missing or unexpected:
        parts = []
        if missing:
            parts.append(f"{_keys(missing)} missing")
        if unexpected:
            parts.append(f"{_keys(unexpected)} should not be there")
        public = " and ".join((["missing keys"] if missing else []) + (["unexpected keys"] if unexpected else []))
        text = f"{place(path)} {' and '.join(parts)}".strip()
        return Difference("keys", text, public, actual, expected, path)
    found, count = None, 0
    for key in expected:
        other = _differ(actual[key], expected[key], tolerance, path + (key,))
        if other is not None:
            found, count = found or other, count + 1
    if found is not None:
        found.flat = found.flat or numbers_of([actual[key] for key in expected], list(expected.values()))
        if len(expected) > 1:
            found.text += f"; {count} of {len(expected)} keys differ" if count < len(expected) else "; all keys differ"
    return found


def _keys(keys):
    shown = ", ".join(show(key, 40) for key in keys[:3])
    more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
    return f"{'the key' if len(keys) == 1 else 'the keys'} {shown}{more} {'is' if len(keys) == 1 else 'are'}"


def _differ_set(actual, expected, path):
    missing, unexpected = expected - actual, actual - expected
    if not missing and not unexpected:
        return None
    parts = [f"{show(frozenset(missing), 60)} missing"] if missing else []
    parts += [f"{show(frozenset(unexpected), 60)} too many"] if unexpected else []
    text = f"{place(path)} {' and '.join(parts)}".strip()
    return Difference("value", text, "a wrong set", actual, expected, path)


def numbers_of(actual, expected):
    """Two lists of numbers as two arrays, or None."""
    if len(actual) != len(expected) or not all(map(is_number, actual)) or not all(map(is_number, expected)):
        return None
    one, other = as_array(list(actual)), as_array(list(expected))
    return None if one is None or other is None else (one, other)
