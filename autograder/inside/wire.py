"""Values that may cross between judge and answer: plain data and references, never code and never pickles.

A value is packed with msgpack. Scalars travel as they are; everything else is a list whose first item is a tag.
Both sides check what they receive: depth, number of items, dtypes and sizes are bounded, so that a hostile frame
is a `WireError` and nothing worse.
"""

import re
import time
from dataclasses import dataclass

import msgpack
import numpy as np

LIST, TUPLE, SET, FROZENSET, DICT, ARRAY, SCALAR, INTEGER, COMPLEX, REFERENCE, TENSOR = range(11)
NUMERIC = re.compile(r"[<>|=][biufc]\d{1,2}\Z")
MAX_INTEGER_BYTES = 4096


class WireError(Exception):
    """A value cannot cross, or what arrived is not a value."""


@dataclass(frozen=True)
class Bounds:
    """How much may cross at once: bytes of a frame, items in it, and levels of nesting."""

    bytes: int = 32 << 20
    items: int = 2_000_000
    depth: int = 64


class Codec:
    """Packs and unpacks values.

    `refer(value)` is asked for a reference (a list of plain scalars) to a value that is not plain data;
    `resolve(reference)` turns a received reference into the object or proxy that stands for it here.
    """

    def __init__(self, refer, resolve, bounds=Bounds()):
        self.refer, self.resolve, self.bounds = refer, resolve, bounds

    def pack(self, value):
        """Bytes of `value`; WireError when it is nested too deeply or too large."""
        data = msgpack.packb(self._encode(value, 0), unicode_errors="surrogatepass")
        if len(data) > self.bounds.bytes:
            raise WireError(f"a value of {len(data):,} bytes is too large (at most {self.bounds.bytes:,})")
        return data

    def unpack(self, data):
        """The value that `data` stands for; WireError when it is malformed or over the bounds."""
        try:
            packed = msgpack.unpackb(
                data,
                unicode_errors="surrogatepass",
                max_array_len=self.bounds.items,
                max_map_len=0,
                max_ext_len=0,
            )
            self._left = self.bounds.items
            return self._decode(packed, 0)
        except WireError:
            raise
        except (ValueError, TypeError, OverflowError, RecursionError, MemoryError, IndexError) as error:
            raise WireError(f"malformed value: {type(error).__name__}") from None

    def _encode(self, value, depth):
        if value is None or type(value) in (bool, str, bytes, float):
            return value
        if type(value) is int:
            return value if -(1 << 63) <= value < (1 << 64) else [INTEGER, _integer_bytes(value)]
        if depth > self.bounds.depth:
            raise WireError(f"a value is nested more than {self.bounds.depth} levels deep")
        encoder = _encoder(value)
        return encoder(self, value, depth + 1) if encoder else [REFERENCE, *self.refer(value)]

    def _decode(self, packed, depth):
        if type(packed) is not list:
            return packed
        self._left -= len(packed)
        if self._left < 0:
            raise WireError(f"a value of more than {self.bounds.items:,} items")
        if depth > self.bounds.depth:
            raise WireError(f"a value is nested more than {self.bounds.depth} levels deep")
        tag, body = packed[0], packed[1:]
        if tag in SEQUENCES:
            return SEQUENCES[tag](self._decode_items(body, depth + 1))
        if tag == DICT:
            items = self._decode_items(body, depth + 1)
            return dict(zip(items[::2], items[1::2], strict=True))
        if tag in (ARRAY, SCALAR, TENSOR):
            return _array(tag, *body)
        if tag == INTEGER:
            return int.from_bytes(body[0][:MAX_INTEGER_BYTES], "big", signed=True)
        if tag == COMPLEX:
            return complex(*body)
        if tag == REFERENCE:
            return self.resolve(body)
        raise WireError("malformed value: unknown tag")

    def _decode_items(self, packed, depth):
        return [self._decode(item, depth) if type(item) is list else item for item in packed]


SEQUENCES = {LIST: list, TUPLE: tuple, SET: set, FROZENSET: frozenset}


def _integer_bytes(value):
    length = value.bit_length() // 8 + 1
    if length > MAX_INTEGER_BYTES:
        raise WireError(f"an integer of {length:,} bytes is too large")
    return value.to_bytes(length, "big", signed=True)


def _encoder(value):
    """How to encode `value`, or None where only a reference to it can cross."""
    if isinstance(value, (np.ndarray, np.generic)):
        return _encode_array if value.dtype.kind in "biufc" else _encode_other_array
    for kind, encoder in ENCODERS:
        if isinstance(value, kind):
            return encoder
    if type(value).__module__ == "torch" and type(value).__name__ in ("Tensor", "Parameter"):
        return _encode_tensor
    return None


def _sequence(tag, kind):
    """Items are read with the plain type's own iterator: a subclass cannot show other items than it has."""
    return lambda codec, value, depth: [tag, *(codec._encode(item, depth) for item in kind.__iter__(value))]


def _encode_dict(codec, value, depth):
    packed = [DICT]
    for key, item in dict.items(value):
        packed += (codec._encode(key, depth), codec._encode(item, depth))
    return packed


ENCODERS = (
    (list, _sequence(LIST, list)),
    (tuple, _sequence(TUPLE, tuple)),
    (dict, _encode_dict),
    (set, _sequence(SET, set)),
    (frozenset, _sequence(FROZENSET, frozenset)),
    (str, lambda codec, value, depth: str.__str__(value)),
    (bool, lambda codec, value, depth: bool(value)),
    (int, lambda codec, value, depth: codec._encode(int.__int__(value), depth)),
    (float, lambda codec, value, depth: float.__float__(value)),
    (bytes, lambda codec, value, depth: bytes.__bytes__(value)),
    (bytearray, lambda codec, value, depth: bytes(value)),
    (complex, lambda codec, value, depth: [COMPLEX, value.real, value.imag]),
)


def _encode_array(codec, value, depth):
    tag = SCALAR if isinstance(value, np.generic) else ARRAY
    plain = np.asarray(value)
    if plain.dtype.itemsize > 16:
        plain = plain.astype(np.float64)
    return [tag, plain.dtype.str, *plain.shape, plain.tobytes()]


def _encode_other_array(codec, value, depth):
    """Arrays of strings or of objects cross as (nested) lists of what they hold."""
    if isinstance(value, np.generic):
        return codec._encode(value.item(), depth)
    return codec._encode(value.tolist(), depth)


def _encode_tensor(codec, value, depth):
    array = value.detach().cpu().numpy()
    return [TENSOR, array.dtype.str, *array.shape, array.tobytes()]


def _array(tag, dtype, *rest):
    *shape, raw = rest
    if not (type(dtype) is str and NUMERIC.match(dtype)) or len(shape) > 32:
        raise WireError("malformed value: not a numeric array")
    # copied: the frame is read-only, and an answer may write into what it is given
    array = np.frombuffer(raw, np.dtype(dtype)).reshape(tuple(shape)).copy()
    if tag == TENSOR:
        import torch

        return torch.from_numpy(array)
    return array[()] if tag == SCALAR else array


# --- frames -----------------------------------------------------------------------------------------------


def send(connection, data, deadline=None):
    """Sends one frame: its length in 8 bytes, then the data. TimeoutError when `deadline` (monotonic) passes."""
    connection.settimeout(_left(deadline))
    connection.sendall(len(data).to_bytes(8, "big") + data)


def receive(connection, limit, deadline=None):
    """One frame of at most `limit` bytes; EOFError when the other side is gone, WireError when it is too long."""
    length = int.from_bytes(_exactly(connection, 8, deadline), "big")
    if length > limit:
        raise WireError(f"a frame of {length:,} bytes is too large (at most {limit:,})")
    return _exactly(connection, length, deadline)


def _exactly(connection, count, deadline):
    received = bytearray()
    while len(received) < count:
        connection.settimeout(_left(deadline))
        chunk = connection.recv(min(1 << 20, count - len(received)))
        if not chunk:
            raise EOFError("the other side is gone")
        received += chunk
    return bytes(received)


def _left(deadline):
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
