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


def test_frames_have_a_limit_a_deadline_and_an_end():
    one, other = socket.socketpair()
    wire.send(one, b"hello")
    assert wire.receive(other, 100) == b"hello"
    one.sendall((1 << 60).to_bytes(8, "big"))
    with pytest.raises(wire.WireError, match="too large"):
        wire.receive(other, 100)
    with pytest.raises(TimeoutError):
        wire.receive(other, 100, time.monotonic() + 0.05)
    one.close()
    with pytest.raises(EOFError):
        wire.receive(other, 100)
    other.close()
