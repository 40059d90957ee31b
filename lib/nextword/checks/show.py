"""Values in a sentence: short, readable, and never with code of the answer."""

import numpy as np

from .plain import NUMBERS, Opaque, plain

FEW = 8  # an array of so many entries is shown whole


def number_text(value, digits=6):
    """A number with at most `digits` significant digits."""
    if type(value) is int:
        if value.bit_length() > 100:
            return f"an integer of about {int(value.bit_length() * 0.30103) + 1} digits"
        return str(value)
    if type(value) is complex:
        return f"({number_text(value.real, digits)}{value.imag:+.{digits}g}j)"
    if type(value) is bool:
        return str(value)
    text = repr(float(value))
    if len(text) <= digits + 1:
        return text
    text = f"{value:.{digits}g}"
    return text if any(c in text for c in ".en") else text + ".0"


def number_pair(one, other):
    """Two different numbers with as many digits as it takes to see that they differ."""
    for digits in (6, 9, 12, 15):
        texts = number_text(one, digits), number_text(other, digits)
        if texts[0] != texts[1]:
            return texts
    return repr(one)[:40], repr(other)[:40]


def _text(value, room):
    if len(value) + 2 <= room:
        return repr(value)
    start = repr(value[: max(8, room - 24)])
    unit = "characters" if type(value) is str else "bytes"
    return f"{start[:-1]}...{start[-1]} ({len(value):,} {unit})"


def _joined(opening, items, closing, room, total):
    """Items until the room is used up; `items` yields functions from room to text."""
    parts, used = [], 0
    for item in items:
        text = item(max(12, room - used - 8))
        if parts and used + len(text) > room:
            break
        parts.append(text)
        used += len(text) + 2
    rest = total - len(parts)
    tail = f", ...{closing} ({total:,} items)" if rest else closing
    return opening + ", ".join(parts) + tail


def show(value, room=80):
    """A value in about `room` characters."""
    return _show(plain(value), room, 0)


def _show(value, room, depth):
    if type(value) in NUMBERS:
        return number_text(value)
    if type(value) in (str, bytes):
        return _text(value, room)
    if value is None:
        return "None"
    if isinstance(value, Opaque):
        return value.what
    if type(value) is np.ndarray:
        return array_text(value)
    if depth > 4:
        return "..."
    if type(value) is dict:
        items = (
            lambda r, k=k, v=v: f"{_show(k, max(16, r // 2), depth + 1)}: {_show(v, max(12, r // 2), depth + 1)}"
            for k, v in value.items()
        )
        return _joined("{", items, "}", room, len(value))
    if type(value) is frozenset:
        ordered = sorted(value, key=lambda x: (str(type(x)), x)) if _sortable(value) else list(value)
        if not ordered:
            return "set()"
        return _joined("{", (lambda r, x=x: _show(x, r, depth + 1) for x in ordered), "}", room, len(ordered))
    opening, closing = ("[", "]") if type(value) is list else ("(", ",)" if len(value) == 1 else ")")
    return _joined(opening, (lambda r, x=x: _show(x, r, depth + 1) for x in value), closing, room, len(value))


def _sortable(items):
    return len({type(x) for x in items}) == 1 and type(next(iter(items))) in (int, float, str, bytes)


def array_text(array):
    """`array([0.25, 0.75])`, or `array of shape (3, 4) [0.126, -0.132, 0.64, ...]`."""
    if array.ndim == 0:
        return number_text(array.item(), 6)
    if array.size <= FEW:
        return f"array({_nested(array)})" if array.size else f"empty array of shape {array.shape}"
    first = ", ".join(number_text(array[np.unravel_index(i, array.shape)].item(), 3) for i in range(3))
    return f"array of shape {array.shape} [{first}, ...]"


def _nested(array):
    if array.ndim == 0:
        return number_text(array.item(), 6)
    return "[" + ", ".join(_nested(part) for part in array) + "]"


def call_text(name, args, kwargs):
    """The call as the student would type it, with its arguments shortened."""
    count = len(args) + len(kwargs)
    room = max(24, 150 // max(1, count))
    parts = [argument_text(value, room) for value in args]
    parts += [f"{key}={argument_text(value, room)}" for key, value in kwargs.items()]
    return f"`{name}({', '.join(parts)})`"


def argument_text(value, room):
    value_name = getattr(value, "__name__", None) if type(value).__name__ in ("function", "type") else None
    return value_name if type(value_name) is str else show(value, room)
