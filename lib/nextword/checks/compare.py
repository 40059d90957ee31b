"""The one comparison: where a value first differs from what it should be, in words."""

from dataclasses import dataclass

import numpy as np

from .plain import ATOMS, Opaque, as_array, is_number, is_sequence, plain
from .show import number_pair, show, string_pair


@dataclass(frozen=True)
class Tolerance:
    """How close is right: `rtol` of each entry plus `atol`, which follows from what is expected unless given.

    An entry that is nearly 0 because large terms cancel carries their rounding: 1e-12 of the largest entry is
    allowed, or of 1,000 times the median if that is less (a mask of -1e9 must not hide errors elsewhere).
    Where all is 0, 1e-12 is allowed; where all is as small as ordinary rounding (1e-16), 1e-15.
    A probability of 1e-30 alone must be right to `rtol` all the same.
    """

    rtol: float = 1e-7
    atol: float | None = None

    def bound(self, expected):
        """The largest error allowed for each entry of `expected`."""
        size = np.abs(expected)
        return self.rtol * size + (self.atol if self.atol is not None else self._floor(size))

    @staticmethod
    def _floor(size):
        size = size[np.isfinite(size) & (size > 0)]
        if not size.size:
            return 1e-12
        largest = float(np.max(size))
        if largest > 1:
            largest = min(largest, max(1.0, 1000 * float(np.median(size))))
        return max(1e-12 * largest, 1e-15 if largest > 1e-18 else 0.0)


@dataclass
class Difference:
    """The first difference between two plain values.

    kind: "type", "shape", "length", "keys" or "value"
    text: what differs, with values; public: what came back, without them
    path: the keys and indices that lead to it; actual, expected: the parts that differ
    pair: both values as text, where that says it all
    flat: the innermost list, dict or array of numbers around it, as two arrays, or None
    everywhere: whether all entries of that differ
    """

    kind: str
    text: str
    public: str
    actual: object
    expected: object
    path: tuple = ()
    pair: tuple | None = None
    flat: tuple | None = None
    everywhere: bool = False

    @property
    def told(self):
        """What differs, and where."""
        place = "".join(f"[{show(key, 40)}]" for key in self.path)
        return f"at {place}: {self.text}" if place else self.text


def difference(actual, expected, tolerance=None):
    """The first difference of two values, or None if they agree; exact without a tolerance. Never raises."""
    actual, expected = plain(actual), plain(expected)
    try:
        return _differ(actual, expected, tolerance, ())
    except Exception:
        public = "something that cannot be compared"
        return Difference("type", f"{kind_of(actual)} that cannot be compared", public, actual, expected)


def agree(actual, expected, tolerance=None):
    return difference(actual, expected, tolerance) is None


KINDS = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    complex: "a complex number",
    str: "a string",
    bytes: "a bytes object",
    list: "a list",
    tuple: "a tuple",
    dict: "a dict",
    set: "a set",
    frozenset: "a set",
    type(None): "None",
}


def kind_of(value, public=False):
    """What a plain value is: "a number", "an array of shape (3, 4)"; public: without shapes and names."""
    if isinstance(value, Opaque):
        return "an object of its own class" if public and "`" in value.what else value.what
    if type(value) is np.ndarray:
        return "an array" if public else f"an array of shape {value.shape}"
    return KINDS[type(value)]


def _differ(actual, expected, tolerance, path):
    if actual is None and expected is None:
        return None
    if actual is None or expected is None or isinstance(actual, Opaque) or isinstance(expected, Opaque):
        return _wrong_type(actual, expected, path)
    for is_kind, differ in ((is_number, _differ_number), (is_sequence, _differ_sequence)):
        if is_kind(expected):
            return differ(actual, expected, tolerance, path) if is_kind(actual) else _wrong_type(actual, expected, path)
    if type(actual) is not type(expected):
        return _wrong_type(actual, expected, path)
    if type(expected) is dict:
        return _differ_dict(actual, expected, tolerance, path)
    if type(expected) is frozenset:
        return _differ_set(actual, expected, path)
    if actual == expected:
        return None
    pair = string_pair(actual, expected) if type(expected) is str else (show(actual), show(expected))
    return _wrong_value(pair, actual, expected, path)


def _wrong_type(actual, expected, path):
    text = f"{kind_of(actual)} where {kind_of(expected)} is expected"
    public = f"{kind_of(actual, public=True)} where {kind_of(expected, public=True)} is expected"
    return Difference("type", text, public, actual, expected, path)


def _wrong_value(pair, actual, expected, path):
    text = "yours is {}, it should be {}".format(*pair)
    return Difference("value", text, "a wrong value", actual, expected, path, pair)


def _differ_number(actual, expected, tolerance, path):
    if type(actual) is complex and type(expected) is not complex:
        return _wrong_type(actual, expected, path)
    if actual == expected or (actual != actual and expected != expected):
        return None
    if tolerance is not None:
        dtype = complex if type(expected) is complex else float
        try:
            one, other = np.array(dtype(actual)), np.array(dtype(expected))
            if not wrong_entries(one, other, tolerance).any():
                return None
        except OverflowError:  # an integer beyond all floats
            pass
    return _wrong_value(number_pair(actual, expected), actual, expected, path)


def wrong_entries(actual, expected, tolerance):
    """Which entries of two arrays of the same shape differ (a boolean array)."""
    with np.errstate(all="ignore"):
        same = (actual == expected) | ((actual != actual) & (expected != expected))
        if tolerance is None or same.all():
            return ~same
        dtype = np.complex128 if "c" in (actual.dtype.kind, expected.dtype.kind) else np.float64
        actual, expected = actual.astype(dtype, copy=False), expected.astype(dtype, copy=False)
        near = np.isfinite(expected) & (np.abs(actual - expected) <= tolerance.bound(expected))
        return ~(near | same)


def _differ_array(actual, expected, tolerance, path):
    if actual.shape != expected.shape:
        text = f"yours has the shape {actual.shape}, it should have {expected.shape}"
        return Difference("shape", text, "a result of the wrong shape", actual, expected, path)
    if actual.dtype.kind == "c" and expected.dtype.kind != "c":
        text = "complex numbers where real ones are expected"
        return Difference("type", text, text, actual, expected, path)
    wrong = wrong_entries(actual, expected, tolerance)
    count = int(np.count_nonzero(wrong))
    if not count:
        return None
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape))
    mine, right = number_pair(actual[index].item(), expected[index].item())
    many = f"; {count} of {wrong.size} entries differ" if wrong.size > 1 else ""
    text = f"first wrong entry {list(index)}: yours {mine}, should be {right}{many}"
    found = Difference("value", text, "wrong values", actual, expected, path)
    found.flat, found.everywhere = (actual, expected), count == wrong.size
    return found


def _differ_sequence(actual, expected, tolerance, path):
    listed = type(actual) is not np.ndarray and type(expected) is not np.ndarray
    if tolerance is not None or not listed:
        one, other = as_array(actual), as_array(expected)
        if one is not None and other is not None and (one.shape == other.shape or not listed):
            return _differ_array(one, other, tolerance, path)
    if len(actual) != len(expected):
        pair = show(actual, 50), show(expected, 50)
        text = "yours is {}, it should be {}".format(*pair)
        if "..." in text:
            pair, text = None, f"yours has {_items(len(actual))}, it should have {_items(len(expected))}"
        return Difference("length", text, "a wrong number of items", actual, expected, path, pair)
    for index, (mine, right) in enumerate(zip(_items_of(actual), _items_of(expected), strict=True)):
        found = None if _same_atom(mine, right) else _differ(mine, right, tolerance, (*path, index))
        if found is not None:
            found.flat = found.flat or numbers_of(actual, expected)
            return found
    return None


def _same_atom(mine, right):
    """Most items are strings and numbers that are simply equal."""
    return type(mine) is type(right) and type(mine) in ATOMS and mine == right


def _items_of(sequence):
    return map(plain, sequence) if type(sequence) is np.ndarray else sequence


def _items(count):
    return "1 item" if count == 1 else f"{count:,} items"


def _differ_dict(actual, expected, tolerance, path):
    missing = [key for key in expected if key not in actual]
    unexpected = [key for key in actual if key not in expected]
    if missing or unexpected:
        text = " and ".join(
            _keys(keys, what) for keys, what in ((missing, "missing"), (unexpected, "not expected")) if keys
        )
        public = " and ".join(
            what for what, keys in (("a dict with missing keys", missing), ("unexpected keys", unexpected)) if keys
        )
        public = public if missing else "a dict with unexpected keys"
        return Difference("keys", text, public, actual, expected, path)
    found, count = None, 0
    for key in expected:
        mine, right = actual[key], expected[key]
        other = None if _same_atom(mine, right) else _differ(mine, right, tolerance, (*path, key))
        if other is not None:
            found, count = found or other, count + 1
    if found is not None:
        found.flat = found.flat or numbers_of([actual[key] for key in expected], list(expected.values()))
        found.everywhere = count == len(expected)
        if len(expected) > 1:
            found.text += f"; {count} of {len(expected)} keys differ"
    return found


def _keys(keys, what):
    shown = ", ".join(show(key, 40) for key in keys[:3])
    more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
    return f"the key {shown} is {what}" if len(keys) == 1 else f"the keys {shown}{more} are {what}"


def _differ_set(actual, expected, path):
    missing, unexpected = expected - actual, actual - expected
    if not missing and not unexpected:
        return None
    parts = [f"{show(missing, 60)} missing"] if missing else []
    parts += [f"{show(unexpected, 60)} not expected"] if unexpected else []
    return Difference("value", f"{' and '.join(parts)}", "a wrong set", actual, expected, path)


def numbers_of(actual, expected):
    """Two sequences of numbers as two arrays of one shape, or None."""
    if not all(is_number(x) for x in (*actual, *expected)):
        return None
    one, other = as_array(list(actual)), as_array(list(expected))
    return None if one is None or other is None else (one, other)
