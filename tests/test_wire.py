"""What may cross between judge and answer."""

import collections
import math
import socket
import time

import hypothesis.strategies as st
import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as npst

from autograder.inside import wire


class Thing:
    """Something that is not plain data."""


def codec(bounds=wire.Bounds()):
    objects = []

    def refer(value):
        objects.append(value)
        return ["answer", len(objects) - 1]

    return wire.Codec(refer, lambda reference: objects[reference[1]], bounds)


def through(value, bounds=wire.Bounds()):
    one = codec(bounds)
    return one.unpack(one.pack(value))


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4)
    | st.lists(inner, max_size=4).map(tuple)
    | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
    | st.frozensets(st.integers(), max_size=4),
    max_leaves=20,
)


@given(plain)
def test_a_plain_value_arrives_as_it_was_sent(value):
    assert through(value) == value and type(through(value)) is type(value)


@given(npst.arrays(npst.scalar_dtypes().filter(lambda d: d.kind in "biufc"), npst.array_shapes(min_dims=0)))
def test_a_numeric_array_arrives_with_its_shape_and_values(array):
    got = through(array)
    assert got.shape == array.shape
    np.testing.assert_array_equal(got, array)


@pytest.mark.parametrize(
    "sent, arrives",
    [
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.defaultdict(int, {1: 2}), {1: 2}),
        (collections.namedtuple("P", "x y")(1, 2), (1, 2)),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array([1, "b", None], dtype=object), [1, "b", None]),
        (np.str_("a"), "a"),
        (bytearray(b"x"), b"x"),
        ("\ud800", "\ud800"),
        (2**100, 2**100),
        (-(2**100), -(2**100)),
        (1 + 2j, 1 + 2j),
    ],
)
def test_relatives_of_plain_types_arrive_as_plain(sent, arrives):
    got = through(sent)
    assert got == arrives and type(got) is type(arrives)


def test_a_subclass_cannot_show_other_items_than_it_has():
    class Lying(list):
        def __iter__(self):
            return iter([42])

    assert through(Lying([1, 2])) == [1, 2]


def test_numpy_scalars_keep_their_type():
    assert type(through(np.float32(0.5))) is np.float32 and math.isnan(through(np.float64("nan")))


def test_other_objects_cross_as_references_to_the_same_object():
    thing = Thing()
    assert through({"x": [thing]})["x"][0] is thing


@given(st.binary(max_size=200))
@settings(max_examples=500)
def test_random_bytes_are_a_wire_error_or_plain_data(data):
    try:
        codec().unpack(data)
    except wire.WireError:
        pass


HOSTILE = {
    "unknown tag": [99, 1],
    "no tag": [],
    "array of objects": [wire.ARRAY, "|O8", 1, b"12345678"],
    "array of structures": [wire.ARRAY, "V8", 1, b"12345678"],
    "array shorter than its shape": [wire.ARRAY, "<f8", 1000000, b"12345678"],
    "array of negative shape": [wire.ARRAY, "<f8", -1, -1, b"12345678"],
    "array of a dtype that is no text": [wire.ARRAY, 5, 1, b"12345678"],
    "dictionary with an odd number of items": [wire.DICT, 1],
    "dictionary with a list as key": [wire.DICT, [wire.LIST], 1],
    "set of lists": [wire.SET, [wire.LIST]],
    "reference to nothing": [wire.REFERENCE, "answer", 12345],
    "integer that is no bytes": [wire.INTEGER, "x"],
    "complex of text": [wire.COMPLEX, "x", "y"],
}


@pytest.mark.parametrize("packed", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_malformed_value_is_a_wire_error(packed):
    with pytest.raises(wire.WireError):
        codec().unpack(msgpack.packb(packed))


def test_extension_types_and_maps_are_refused():
    for packed in (msgpack.packb({1: 2}), msgpack.packb(msgpack.ExtType(5, b"x")), msgpack.packb(msgpack.Timestamp(1))):
        with pytest.raises(wire.WireError):
            codec().unpack(packed)


def test_depth_and_size_are_bounded_on_both_sides():
    deep = 1
    for _ in range(100):
        deep = [deep]
    with pytest.raises(wire.WireError, match="nested"):
        codec().pack(deep)
    packed = 1
    for _ in range(100):
        packed = [wire.LIST, packed]
    with pytest.raises(wire.WireError, match="nested"):
        codec().unpack(msgpack.packb(packed))
    with pytest.raises(wire.WireError, match="too large"):
        through(b"x" * 1000, wire.Bounds(bytes=100))
    with pytest.raises(wire.WireError):
        through(list(range(1000)), wire.Bounds(items=100))


def test_a_list_that_contains_itself_is_too_deep():
    endless = []
    endless.append(endless)
    with pytest.raises(wire.WireError, match="nested"):
        codec().pack(endless)


def test_a_huge_integer_does_not_cross():
    with pytest.raises(wire.WireError, match="integer"):
        codec().pack(1 << 1_000_000)


@pytest.fixture
def ends():
    one, other = socket.socketpair()
    yield one, wire.Line(other)
    one.close()
    other.close()


def frame(data):
    return len(data).to_bytes(8, "big") + data


def test_frames_have_a_limit_a_deadline_and_an_end(ends):
    one, line = ends
    wire.Line(one).send(b"hello")
    assert line.receive(100) == b"hello"
    with pytest.raises(TimeoutError):
        line.receive(100, time.monotonic() + 0.05)
    one.sendall((1 << 60).to_bytes(8, "big"))
    with pytest.raises(wire.WireError, match="too large"):
        line.receive(100)


def test_when_the_other_side_is_gone_it_is_an_end_of_file(ends):
    one, line = ends
    one.sendall(frame(b"12345")[:10])
    one.close()
    with pytest.raises(EOFError):
        line.receive(100)


def test_frames_that_arrive_together_or_in_pieces_are_told_apart(ends):
    one, line = ends
    one.sendall(frame(b"a") + frame(b"") + frame(b"bc") + frame(b"later")[:9])
    assert [line.receive(9) for _ in range(3)] == [b"a", b"", b"bc"]
    with pytest.raises(TimeoutError):
        line.receive(9, time.monotonic() + 0.01)
    one.sendall(b"ater")
    assert line.receive(9) == b"later"


def test_a_line_knows_whether_something_has_arrived_unasked(ends):
    one, line = ends
    assert line.quiet()
    one.sendall(b"x")
    assert not line.quiet()
    one.sendall(frame(b"y" * 60)[1:])
    with pytest.raises(wire.WireError):
        line.receive(9)
    assert not line.quiet()


# --- what costs the receiving side much more than it cost to send -------------------------------------------------


def seconds_of(packed, bounds=wire.Bounds()):
    started = time.process_time()
    with pytest.raises(wire.WireError):
        codec(bounds).unpack(packed)
    return time.process_time() - started


def test_empty_lists_are_counted_before_they_fill_the_memory():
    header = b"\xdd" + (2_000_000).to_bytes(4, "big")
    assert seconds_of(header * 30 + b"\x90" * 30_000_000) < 5
    assert seconds_of(b"\xdd" + (30).to_bytes(4, "big") + (header + b"\x90" * 2_000_000) * 30) < 5


def collide(count):
    return [i * (2**61 - 1) for i in range(count)]


@pytest.mark.parametrize("tag", [wire.DICT, wire.SET, wire.FROZENSET])
def test_keys_that_collide_are_refused(tag):
    keys = [[wire.INTEGER, key.to_bytes(12, "big")] for key in collide(200_000)]
    items = [part for key in keys for part in (key, 0)] if tag == wire.DICT else keys
    assert seconds_of(msgpack.packb([tag, *items])) < 10
    if tag == wire.DICT:
        tuples = [part for key in keys[:1000] for part in ([wire.TUPLE, 1, [wire.TUPLE, key]], 0)]
        assert seconds_of(msgpack.packb([tag, *tuples])) < 5


def test_ordinary_keys_are_not_taken_for_colliding_ones():
    for keys in (range(-1000, 1000), [x / 7 for x in range(1000)], [(i, str(i)) for i in range(1000)], collide(50)):
        assert through(dict.fromkeys(keys, 0)) == dict.fromkeys(keys, 0) and through(set(keys)) == set(keys)
    assert len(through({float("nan"): 1, float("inf"): 2})) == 2


@pytest.mark.parametrize("shape", [(0, 1 << 40), (1 << 31, 0, 2), ((1 << 31) - 1, 0), (0, 1_000_001), (0, 1 << 62), (0, -1), (1 << 70, 0), (0, "x"), (0, 1.5)])
def test_an_empty_array_has_no_enormous_shape(shape):
    with pytest.raises(wire.WireError):
        codec().unpack(msgpack.packb([wire.ARRAY, "<f8", *[s if type(s) is not int or s < 1 << 63 else 1 << 63 for s in shape], b""]))


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 3)), np.arange(6.0)[::-2], np.arange(6).reshape(2, 3).T, np.asfortranarray(np.ones((2, 3))), np.array(3.0),
        np.arange(3, dtype=">i4"), np.arange(3, dtype=">f8"), np.arange(3, dtype=np.longdouble), np.arange(3, dtype=np.float16),
        np.ma.masked_array([1.0, 2.0], [False, True]), np.broadcast_to(1.0, (3, 2)), np.lib.stride_tricks.as_strided(np.arange(4.0), (3, 2), (8, 8)),
        np.arange(3, dtype=np.clongdouble), np.array([True, False]),
    ],
)  # fmt: skip
def test_odd_arrays_arrive_as_plain_ones_in_native_order(array):
    got = through(array)
    assert type(got) is np.ndarray and got.dtype.isnative and got.flags.writeable and got.dtype.itemsize <= 16
    np.testing.assert_array_equal(got, np.asarray(array))


@pytest.mark.parametrize(
    "sent, arrives",
    [
        (np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]), [(1, 2.5)]),
        (np.array([3], dtype="timedelta64[ns]"), [3]),
        (np.array([b"x"]), [b"x"]),
        (np.void(b"\x01\x02"), b"\x01\x02"),
    ],
)
def test_arrays_of_other_things_arrive_as_lists(sent, arrives):
    assert through(sent) == arrives


def test_a_tensor_arrives_as_an_array_where_there_is_no_torch(monkeypatch):
    import torch

    packed = codec().pack(torch.ones(2))
    assert type(codec().unpack(packed)) is torch.Tensor
    monkeypatch.delitem(__import__("sys").modules, "torch")
    assert type(codec().unpack(packed)) is np.ndarray
