"""Returned values as plain data: nothing that an answer returns is asked to compare itself.

A value becomes None, a number, str, bytes, list, tuple, dict, frozenset or a numeric NumPy array; anything
else becomes an `Opaque`, which equals nothing. Only methods of the built-in classes run, so a subclass whose
`__eq__` always agrees, or raises, has no say.
"""

import math
import sys
from dataclasses import dataclass

import numpy as np

DEPTH = 100  # levels of nesting
ITEMS = 20_000_000  # items in all, counting a shared list as often as it appears
NUMBERS = (bool, int, float, complex)
ATOMS = {type(None), str, bytes, *NUMBERS}
SUBCLASSES = {  # what a number or string of a subclass holds, by a method of the built-in class
    int: lambda value: int.__add__(value, 0),
    float: lambda value: float.__add__(value, 0.0),
    complex: lambda value: complex.__add__(value, 0j),
    str: str.__str__,
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    bytearray: bytes,
}
IN_WORDS = {
    "function": "a function",
    "builtin_function_or_method": "a function",
    "method": "a method",
    "generator": "a generator",
    "type": "a class",
    "Remote": "an object of its own class",
    "ellipsis": "`...`",
}


@dataclass(eq=False)
class Opaque:
    """A value that is no plain data; `what` says in words what it is: "a `Foo` object", "a function"."""

    what: str


class _TooLarge(Exception):
    pass


def plain(value, same_objects=False):
    """`value` as plain data; never raises.

    same_objects: tell what is no plain data by its identity, to see whether a container still holds the same.
    """
    if type(value) in ATOMS or type(value) is Opaque:
        return value
    try:
        return _Converter(same_objects).convert(value, 0)[0]
    except _TooLarge as reason:
        return Opaque(str(reason))
    except Exception:
        return Opaque("an object that cannot be read")


def opaque(value):
    """An object in words, by the name of its class; of a proxy, by its class in the other process."""
    name = type(value).__name__
    if name == "Remote":
        try:
            name = object.__getattribute__(value, "_kind")
        except AttributeError:
            pass
    if type(name) is not str or not name.isidentifier() or len(name) > 60:
        name = "object"
    article = "an" if name[0].lower() in "aeiou" else "a"
    return Opaque(IN_WORDS.get(name) or f"{article} `{name}` object")


def is_tensor(value):
    torch = sys.modules.get("torch")
    return torch is not None and hasattr(torch, "Tensor") and issubclass(type(value), torch.Tensor)


def _tensor_to_array(tensor):
    tensor = tensor.detach().cpu()
    if tensor.layout != sys.modules["torch"].strided:
        tensor = tensor.to_dense()
    if tensor.dtype.is_floating_point and tensor.dtype.itemsize < 4:
        tensor = tensor.float()
    return tensor.resolve_conj().resolve_neg().numpy()


class _Converter:
    """One pass over a value; remembers what it has seen, so that a shared part costs once."""

    def __init__(self, same_objects):
        self.seen, self.same_objects = {}, same_objects

    def convert(self, value, depth):
        """The plain value, and the number of items in it."""
        if type(value) in ATOMS:
            return value, 1
        if depth > DEPTH:
            raise _TooLarge(f"something nested more than {DEPTH} levels deep")
        if id(value) in self.seen:
            return self.seen[id(value)][:2]
        result, size = self._convert(value, type(value), depth + 1)
        if size > ITEMS:
            raise _TooLarge(f"something of more than {ITEMS:,} items")
        self.seen[id(value)] = result, size, value
        return result, size

    def _convert(self, value, cls, depth):
        if issubclass(cls, np.ndarray):
            return self._array(np.ndarray.view(value, np.ndarray), depth)
        if issubclass(cls, np.generic):
            return self._array(np.asarray(value), depth)
        if is_tensor(value):
            return self._array(_tensor_to_array(value), depth)
        for base, exact in SUBCLASSES.items():
            if issubclass(cls, base):
                return exact(value), 1
        if issubclass(cls, dict):
            return self._dict(value, depth)
        for base in (list, tuple):
            if issubclass(cls, base):
                return self._items(base.__iter__(value), depth, base)
        for base in (set, frozenset):
            if issubclass(cls, base):
                return self._items(map(self._key, base.__iter__(value)), depth, frozenset)
        return f"<object {id(value)}>" if self.same_objects else opaque(value), 1

    def _items(self, iterator, depth, base):
        size, items = 1, []
        for item in iterator:
            count = 1
            if type(item) not in ATOMS and not isinstance(item, Opaque):
                item, count = self.convert(item, depth)
            size += count
            items.append(item)
        return base(items), size

    def _dict(self, value, depth):
        result, size = {}, 1
        for key, item in dict.items(value):
            key = self._key(key)
            item, count = self.convert(item, depth)
            size += count
            result[key if key not in result else Opaque("a second key of the same value")] = item
        return result, size

    def _key(self, value):
        """A key, or an item of a set, if it is compared by value; a tensor, say, is an object of its own."""
        if is_tensor(value):
            return opaque(value)
        key, _ = self.convert(value, 0)
        try:
            hash(key)
        except TypeError:
            return opaque(value)
        return key

    def _array(self, array, depth):
        if array.dtype.kind in "biufc":
            if array.dtype.itemsize > (16 if array.dtype.kind == "c" else 8):  # long doubles
                array = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
            return (array if array.ndim else array.item()), 1
        if array.dtype.kind in "OUST" and array.size <= ITEMS:
            return self.convert(array.tolist(), depth)
        return Opaque(f"an array of dtype {array.dtype}"), 1


def is_number(value):
    return type(value) in NUMBERS


def is_sequence(value):
    return type(value) in (list, tuple, np.ndarray)


def as_array(value):
    """Nested lists of numbers, or an array, as an array; None for ragged lists and for anything else."""
    if type(value) is np.ndarray:
        return value
    if type(value) not in (list, tuple) or not _only_numbers(value):
        return None
    try:
        array = np.array(value)
    except Exception:  # ragged, or deeper than arrays go
        return None
    return array if array.dtype.kind in "biufc" and math.prod(array.shape) <= ITEMS else None


def _only_numbers(value):
    return all(
        type(item) in NUMBERS or type(item) is np.ndarray or type(item) in (list, tuple) and _only_numbers(item)
        for item in value
    )
