"""Returned values as plain data: nothing an answer returns is asked to compare itself.

A value becomes None, a number, str, bytes, list, tuple, dict, frozenset or a numeric NumPy array; anything else becomes
an `Opaque`, which equals nothing. Only methods of the built-in classes run, so a subclass with an `__eq__` of its own,
or one that raises, has no say.
"""

import math
import sys
from dataclasses import dataclass

import numpy as np

DEPTH = 100          # levels of nesting
ITEMS = 20_000_000   # items in all, counting a shared list as often as it appears
ATOMS = {type(None), bool, int, float, complex, str, bytes}
NUMBERS = (bool, int, float, complex)


@dataclass(eq=False)
class Opaque:
    """A value that is no plain data; `name` is its class, `what` says what it is: "a `Foo` object", "a function"."""

    name: str
    what: str


class _TooLarge(Exception):
    pass


def plain(value):
    """`value` as plain data; never raises."""
    if type(value) in ATOMS:
        return value
    try:
        return _Converter().convert(value, 0)[0]
    except _TooLarge as reason:
        return Opaque(type_name(value), str(reason))
    except Exception:
        return opaque(value)


def type_name(value):
    """The name of a value's class; for an object of another process, the name it has there."""
    cls = type(value)
    hook = getattr(cls, "__type_name__", None)
    name = hook(value) if callable(hook) else cls.__name__
    return name if type(name) is str and name.isidentifier() and len(name) <= 60 else "object"


def opaque(value):
    """An `Opaque` in words."""
    try:
        name = type_name(value)
    except Exception:
        name = "object"
    words = {
        "function": "a function", "builtin_function_or_method": "a function", "method": "a method",
        "generator": "a generator", "map": "a `map` iterator", "zip": "a `zip` iterator", "filter": "a `filter` iterator",
        "type": "a class", "Remote": "an object of a class of its own", "ellipsis": "`...`",
    }
    return Opaque(name, words.get(name) or f"{'an' if name[0].lower() in 'aeiou' else 'a'} `{name}` object")


def is_tensor(value):
    torch = sys.modules.get("torch")
    return torch is not None and hasattr(torch, "Tensor") and issubclass(type(value), torch.Tensor)


def _tensor_to_array(tensor):
    tensor = tensor.detach().cpu()
    if tensor.layout != sys.modules["torch"].strided:
        tensor = tensor.to_dense()
    if tensor.dtype.is_floating_point and tensor.dtype.itemsize < 4:
        tensor = tensor.double()
    return tensor.resolve_conj().resolve_neg().numpy()


class _Converter:
    """One pass over a value; remembers what it has seen, so that shared parts cost once."""

    def __init__(self):
        self.seen = {}

    def convert(self, value, depth):
        """The plain value and the number of items in it."""
        cls = type(value)
        if cls in ATOMS:
            return value, 1
        if depth > DEPTH:
            raise _TooLarge(f"something nested more than {DEPTH} levels deep")
        if id(value) in self.seen:
            return self.seen[id(value)][:2]
        result, size = self._convert(value, cls, depth + 1)
        if size > ITEMS:
            raise _TooLarge(f"something of more than {ITEMS:,} items")
        self.seen[id(value)] = result, size, value
        return result, size

    def _convert(self, value, cls, depth):
        if issubclass(cls, np.ndarray) or is_tensor(value):
            return self._array(value, depth)
        if issubclass(cls, np.generic):
            item = np.generic.item(value)
            # long double has no Python number of its own
            return (item, 1) if type(item) in ATOMS else (float(item), 1) if issubclass(cls, np.number) else (
                opaque(value), 1)
        for base in (int, float, complex, str, bytes):
            if issubclass(cls, base):
                return _exact(base, value), 1
        if issubclass(cls, dict):
            return self._dict(value, depth)
        if issubclass(cls, list):
            return self._items(list.__iter__(value), depth, list)
        if issubclass(cls, tuple):
            return self._items(tuple.__iter__(value), depth, tuple)
        if issubclass(cls, (set, frozenset)):
            base = set if issubclass(cls, set) else frozenset
            items, size = self._items(base.__iter__(value), depth, list)
            return frozenset(_hashable(x) for x in items), size
        return opaque(value), 1

    def _items(self, iterator, depth, base):
        size, items = 1, []
        for item in iterator:
            if type(item) in ATOMS:
                size += 1
            else:
                item, count = self.convert(item, depth)
                size += count
            items.append(item)
        return base(items), size

    def _dict(self, value, depth):
        result, size = {}, 1
        for key, item in dict.items(value):
            key, _ = self.convert(key, depth)
            key = _hashable(key)
            item, count = self.convert(item, depth)
            size += count
            result[key if key not in result else Opaque("key", "a second key of the same value")] = item
        return result, size

    def _array(self, value, depth):
        array = _tensor_to_array(value) if is_tensor(value) else np.ndarray.view(value, np.ndarray)
        kind = array.dtype.kind
        if kind in "biufc":
            return array, 1
        if kind in "OUST" and array.size <= ITEMS:
            items, size = self.convert(array.tolist(), depth)
            return items, size
        return Opaque("array", f"an array of dtype {kind!r}"), 1


def _exact(base, value):
    """A number or string of a subclass, as its base class holds it."""
    if base is int:
        return int.__add__(value, 0)
    if base is float:
        return float.__add__(value, 0.0)
    if base is complex:
        return complex.__add__(value, 0j)
    return base.__getitem__(value, slice(None)) if base is bytes else str.__str__(value)


def _hashable(key):
    """A key or an item of a set: only what is compared by value, the rest by identity."""
    try:
        hash(key)
        return key
    except TypeError:
        return Opaque("key", "a key that is no plain value")


def is_number(value):
    return type(value) in NUMBERS or (type(value) is np.ndarray and value.ndim == 0)


def number(value):
    """A number, or an array without dimensions, as a Python number."""
    return value.item() if type(value) is np.ndarray else value


def is_sequence(value):
    return type(value) in (list, tuple) or (type(value) is np.ndarray and value.ndim > 0)


def as_array(value):
    """A nested list of numbers as an array; None if it is ragged or holds anything else."""
    if type(value) is np.ndarray:
        return value
    if type(value) not in (list, tuple):
        return None
    try:
        array = np.array(value)
    except Exception:  # ragged, or deeper than arrays go
        return None
    return array if array.dtype.kind in "biufc" and math.prod(array.shape) <= ITEMS else None
