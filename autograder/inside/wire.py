"""Values that may cross between judge and answer: plain data and references, never code and never pickles.

A value is packed with msgpack. Scalars travel as they are; everything else is a list whose first item is a tag.
Both sides check what they receive: depth, number of items, dtypes and sizes are bounded, so that a hostile frame
is a `WireError` and nothing worse.
"""

import math
import re
import select
import sys
import time
from dataclasses import dataclass

import msgpack
import numpy as np

LIST, TUPLE, SET, FROZENSET, DICT, ARRAY, SCALAR, INTEGER, COMPLEX, REFERENCE, TENSOR = range(11)
NUMERIC = re.compile(r"[<>|=][biufc]\d{1,2}\Z")
MAX_INTEGER_BYTES = 4096
MAX_EMPTY = 1_000_000  # rows, or columns, of an array without entries
MAX_EQUAL_HASHES = 50  # of the keys of one dictionary, or the items of one set
MAX_KNOWN_HASHES = 50_000  # of all keys and items of sets in a frame: those whose hashes can be known elsewhere


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
        self._left, self._known_hashes = self.bounds.items, 0
        try:
            packed = msgpack.unpackb(
                data,
                unicode_errors="surrogatepass",
                max_array_len=min(self.bounds.items, len(data)),
                max_map_len=0,
                max_ext_len=0,
                list_hook=self._count,  # counted while they are made: a frame of nothing but [ is huge in memory
            )
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

    def _count(self, items):
        self._left -= 1 + len(items)
        if self._left < 0:
            raise WireError(f"a value of more than {self.bounds.items:,} items")
        return items

    def _decode(self, packed, depth):
        if type(packed) is not list:
            return packed
        if depth > self.bounds.depth:
            raise WireError(f"a value is nested more than {self.bounds.depth} levels deep")
        tag, body = packed[0], packed[1:]
        if tag in SEQUENCES:
            items = self._decode_items(body, depth + 1)
            if tag in (SET, FROZENSET):
                self._refuse_collisions(items)
            return SEQUENCES[tag](items)
        if tag == DICT:
            items = self._decode_items(body, depth + 1)
            self._refuse_collisions(items[::2])
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

    def _refuse_collisions(self, keys):
        """Keys can be made to collide, so that a dictionary of them takes minutes, and nothing can interrupt it.

        Not only keys of one hash do: different numbers are found by the million that are looked for in the same places.
        Strings are salted, by each process with a salt of its own; of all others there may be only so many.
        """
        self._known_hashes += sum(not _salted(key) for key in keys)
        if self._known_hashes > MAX_KNOWN_HASHES:
            raise WireError(f"more than {MAX_KNOWN_HASHES:,} keys, or items of sets, that are not made of strings")
        if len(keys) <= MAX_EQUAL_HASHES:
            return
        hashes = sorted(map(hash, keys))
        if any(map(int.__eq__, hashes, hashes[MAX_EQUAL_HASHES:])):
            raise WireError(f"more than {MAX_EQUAL_HASHES} keys have the same hash")


SEQUENCES = {LIST: list, TUPLE: tuple, SET: set, FROZENSET: frozenset}


def _salted(key):
    """Whether nobody can foresee the key's hash in another process: strings, and tuples of nothing else."""
    return type(key) in (str, bytes) or type(key) is tuple and all(map(_salted, key))


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
        plain = plain.astype(_plain_dtype(plain.dtype))
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
    if not (type(dtype) is str and NUMERIC.match(dtype)) or len(shape) > 32 or type(raw) is not bytes:
        raise WireError("malformed value: not a numeric array")
    dtype = np.dtype(dtype)
    if any(type(length) is not int for length in shape) or math.prod(map(abs, shape)) * dtype.itemsize != len(raw):
        raise WireError("malformed value: an array of another size than its shape")
    if not raw and math.prod(length or 1 for length in shape) > MAX_EMPTY:
        raise WireError("an empty array of an enormous shape")  # sums of it, or a list of its rows, would be enormous
    # copied: the frame is read-only, and an answer may write into what it is given
    array = np.frombuffer(raw, dtype).reshape(tuple(shape)).astype(_plain_dtype(dtype))
    if tag == TENSOR:
        # where PyTorch is not allowed, a tensor arrives as the array that it is
        from_numpy = getattr(sys.modules.get("torch"), "from_numpy", None)
        return from_numpy(array) if from_numpy else array
    return array[()] if tag == SCALAR else array


def _plain_dtype(dtype):
    """The dtype in this machine's byte order; long doubles as doubles."""
    if dtype.itemsize > (16 if dtype.kind == "c" else 8):
        return np.complex128 if dtype.kind == "c" else np.float64
    return dtype.newbyteorder("=")


# --- frames -----------------------------------------------------------------------------------------------

PIECE = 1 << 16  # received at once: nearly every frame, with its length


class Line:
    """Frames over a stream socket: the length in 8 bytes, then the data.

    What has arrived of a frame is kept when a deadline passes: `receive` can be called again.
    """

    def __init__(self, connection):
        self.connection, self._held, self._timeout = connection, bytearray(), -1
        self._arrivals = select.poll()
        self._arrivals.register(connection, select.POLLIN)

    def send(self, data, deadline=None):
        """Sends one frame. TimeoutError when `deadline` (monotonic) passes."""
        self._wait_until(deadline)
        self.connection.sendall(len(data).to_bytes(8, "big") + data)

    def receive(self, limit, deadline=None):
        """One frame of at most `limit` bytes; EOFError when the other side is gone, WireError when it is too long."""
        self._hold(8, deadline)
        length = int.from_bytes(self._held[:8], "big")
        if length > limit:
            raise WireError(f"a frame of more than {limit:,} bytes is too large")
        self._hold(8 + length, deadline)
        data = bytes(memoryview(self._held)[8 : 8 + length])
        self._held = self._held[8 + length :]
        return data

    def quiet(self):
        """Whether nothing has arrived that was not received."""
        if self._held:
            return False
        return not self._arrivals.poll(0)

    def _hold(self, count, deadline):
        while len(self._held) < count:
            self._wait_until(deadline)
            piece = self.connection.recv(max(PIECE, min(1 << 20, count - len(self._held))))
            if not piece:
                raise EOFError("the other side is gone")
            self._held += piece

    def _wait_until(self, deadline):
        timeout = None
        if deadline is not None:
            timeout = deadline - time.monotonic()
            if timeout <= 0:
                raise TimeoutError
            if 0 <= (self._timeout or -1) - timeout < 0.05:  # near enough, and saves a system call
                return
        if timeout != self._timeout:
            self.connection.settimeout(timeout)
            self._timeout = timeout
