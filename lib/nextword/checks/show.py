"""Values in a sentence: short, readable, and without running code of the answer."""

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
    if type(value) is bool or len(repr(value)) <= digits + 1:
        return repr(value)
    text = f"{value:.{digits}g}"
    return text if any(c in text for c in ".en") else text + ".0"


def number_pair(one, other):
    """Two different numbers with as many digits as it takes to see that they differ."""
    for digits in (6, 9, 12, 15, 17):
        texts = number_text(one, digits), number_text(other, digits)
        if texts[0] != texts[1]:
            break
    return texts


def string_pair(one, other):
    """Two different strings; of long ones, the piece where they begin to differ."""
    if max(len(one), len(other)) <= 60:
        return repr(one), repr(other)
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, same - 15)

    def piece(text):
        before, after = ("..." if start else ""), ("..." if len(text) > same + 15 else "")
        return f"{before}{text[start : same + 15]!r}{after}"

    return f"{piece(one)} from character {start} on", piece(other)


def show(value, room=80):
    """A value in about `room` characters."""
    return _show(plain(value), room, 0)


def _show(value, room, depth):
    if type(value) in NUMBERS:
        return number_text(value)
    if type(value) in (str, bytes):
        return _string(value, room)
    if value is None:
        return "None"
    if isinstance(value, Opaque):
        return value.what
    if type(value) is np.ndarray:
        return array_text(value, room)
    if depth > 4:
        return "..."
    if type(value) is dict:
        return _joined("{", [_Item(k, v) for k, v in _first(value.items())], "}", room, depth, len(value))
    if type(value) is frozenset:
        ordered = sorted(value) if _sortable(value) else list(_first(value))
        return _joined("{", ordered, "}", room, depth, len(value)) if value else "set()"
    opening, closing = ("[", "]") if type(value) is list else ("(", ",)" if len(value) == 1 else ")")
    return _joined(opening, value[:100], closing, room, depth, len(value))


class _Item(tuple):
    """A key and its value."""

    def __new__(cls, *pair):
        return super().__new__(cls, pair)


def _first(items, count=100):
    return [item for _, item in zip(range(count), items, strict=False)]


def _joined(opening, items, closing, room, depth, total):
    """Items until the room is used up, and how many there are."""
    parts, used = [], 0
    for item in items:
        left = max(12, room - used - 8)
        if type(item) is _Item:
            text = f"{_show(item[0], left // 2, depth + 1)}: {_show(item[1], left // 2, depth + 1)}"
        else:
            text = _show(item, left, depth + 1)
        if parts and used + len(text) > room:
            break
        parts.append(text)
        used += len(text) + 2
    if len(parts) < total:
        closing = f", ...{closing[-1]} ({total:,} items)"
    return opening + ", ".join(parts) + closing


def _string(value, room):
    if len(value) + 2 <= max(room, 14):
        return repr(value)
    start = repr(value[: max(8, room - 24)])
    unit = "characters" if type(value) is str else "bytes"
    return f"{start[:-1]}...{start[-1]} ({len(value):,} {unit})"


def _sortable(items):
    kinds = {type(item) for item in items}
    return len(kinds) == 1 and kinds <= {int, float, str, bytes} and len(items) <= 10_000


def array_text(array, room=80):
    """`array([0.25, 0.75])`, or `array of shape (3, 4) [0.126, -0.132, 0.64, ...]`."""
    if not array.size:
        return f"an empty array of shape {array.shape}"
    if array.size <= FEW:
        text = f"array({_nested(array, 6 if room > 60 else 3)})"
        if len(text) <= 1.5 * room:
            return text
    first = [array[np.unravel_index(i, array.shape)].item() for i in range(min(3, array.size))]
    entries = f" [{', '.join(number_text(x, 3) for x in first)}, ...]" if room >= 40 else ""
    return f"array of shape {array.shape}{entries}"


def _nested(array, digits):
    if array.ndim == 0:
        return number_text(array.item(), digits)
    return "[" + ", ".join(_nested(np.asarray(part), digits) for part in array) + "]"


def call_text(name, args, kwargs):
    """The call as the student would type it, with its arguments shortened."""
    count = len(args) + len(kwargs)
    room = max(20, 150 // max(1, count))
    parts = [_argument(value, room) for value in args]
    parts += [f"{key}={_argument(value, room)}" for key, value in kwargs.items()]
    while len(parts) > 1 and sum(map(len, parts)) > 220:
        parts = [*parts[: -2 if parts[-1] == "..." else -1], "..."]
    return f"`{name}({', '.join(parts)})`"


def _argument(value, room):
    name = value.__name__ if type(value).__name__ in ("function", "type") else None
    return name if type(name) is str else show(value, room)
