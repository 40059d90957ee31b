"""Right answers pass, wrong ones and hostile ones do not."""

import collections
import fractions
import math
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nextword import checks
from nextword.checks.compare import Tolerance, agree, difference


class Liar:
    """Claims to be equal to everything."""

    __hash__ = object.__hash__

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __array__(self, *args, **kwargs):
        return np.ones(3)

    def __float__(self):
        return 1.0


class Bomb:
    """Raises at every touch."""

    def _boom(self, *args, **kwargs):
        raise RuntimeError("boom")

    __eq__ = __hash__ = __len__ = __iter__ = __getitem__ = __bool__ = __float__ = __array__ = __repr__ = _boom
    __getattr__ = __instancecheck__ = _boom

    @property
    def __class__(self):
        raise RuntimeError("boom")


class LyingDict(dict):
    def __getitem__(self, key):
        return 1

    def __contains__(self, key):
        return True

    def items(self):
        return [("a", 1)]

    def __eq__(self, other):
        return True

    __hash__ = None


class LyingList(list):
    def __len__(self):
        return 3

    def __iter__(self):
        return iter([1, 2, 3])

    def __getitem__(self, index):
        return index + 1

    def __eq__(self, other):
        return True

    __hash__ = None


class LyingFloat(float):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __hash__ = float.__hash__


class LyingArray(np.ndarray):
    def __eq__(self, other):
        return np.ones(3, bool)

    def __array_ufunc__(self, *args, **kwargs):
        return np.zeros(3)

    def __array_function__(self, *args, **kwargs):
        return np.zeros(3)


def objects(*items):
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array


def nested(depth, leaf):
    for _ in range(depth):
        leaf = [leaf]
    return leaf


def doubled(depth):
    """A list of 2**depth items in a few bytes."""
    value = [1.0, 2.0]
    for _ in range(depth):
        value = [value, value]
    return value


def cyclic():
    value = [1, 2, 3]
    value[0] = value
    return value


HOSTILE = {
    "liar": Liar(),
    "bomb": Bomb(),
    "list of liars": [Liar()] * 3,
    "list of bombs": [Bomb()] * 3,
    "dict of liars": {"a": Liar()},
    "dict with a liar as key": {Liar(): 1},
    "lying dict": LyingDict(b=2),
    "lying list": LyingList([7]),
    "lying float": LyingFloat(7),
    "lying array": np.zeros(3).view(LyingArray),
    "object array of liars": np.array([Liar()] * 3, dtype=object),
    "object array of bombs": objects(Bomb(), Bomb(), Bomb()),
    "ragged": [[1, 2], [3]],
    "ragged array": np.array([[1, 2], None, "a"], dtype=object),
    "huge integer": 10**5000,
    "list of huge integers": [10**5000, 2, 3],
    "nan": float("nan"),
    "array of nan": np.full(3, np.nan),
    "array without dimensions": np.array(7.0),
    "empty array": np.zeros((0, 3)),
    "array of strings": np.array(["1", "2", "3"]),
    "array of dates": np.zeros(3, "datetime64[D]"),
    "structured array": np.zeros(3, [("a", float)]),
    "enormous view": np.broadcast_to(np.float64(1), (1000, 1000, 1000, 1000)),
    "enormous object view": np.broadcast_to(np.array(None, dtype=object), (10**6, 10**6)),
    "masked": np.ma.masked_array([1.0, 2.0, 4.0], mask=[1, 1, 1]),
    "nested 40 deep": nested(40, 1),
    "nested 5000 deep": nested(5000, 1),
    "two to the sixty items": doubled(60),
    "cycle": cyclic(),
    "complex": 1 + 1e-30j,
    "array of complex": np.array([1, 2, 3 + 1e-3j]),
    "string": "[1, 2, 3]",
    "bytes": b"123",
    "type": int,
    "module": math,
    "generator": (i for i in (1, 2, 3)),
    "iterator": map(int, "123"),
    "not implemented": NotImplemented,
    "ellipsis": ...,
    "fraction": fractions.Fraction(1, 1),
    "range": range(1, 4),
    "mock": type("Remote", (), {"__getattr__": lambda self, name: Liar()})(),
    "tensor": torch.ones(4),
    "tensor on no device": torch.ones(3, device="meta"),
    "dict with keys that collide": {
        type("K", (str,), {"__hash__": lambda s: 1, "__eq__": lambda s, o: s is o})("a"): 9,
        "a": 1,
    },
    "frozenset": frozenset([1, 2]),
    "exception": ValueError("x"),
    "lone surrogate": "\udc80",
    "infinity": math.inf,
    "none": None,
    "function": lambda: 1,
}
EXPECTED = {
    "number": 1,
    "float": 1.0,
    "array": np.array([1.0, 2.0, 3.0]),
    "list": [1, 2, 3],
    "matrix": np.arange(6.0).reshape(2, 3),
    "dict": {"a": 1},
    "words": ["a", "b"],
    "string": "word",
    "set": {1, 2, 3},
    "nested": {"a": [np.ones(2), (1, "b")]},
    "tensor": torch.arange(3.0, dtype=torch.float64) + 1,
}


@pytest.mark.parametrize("expected", EXPECTED.values(), ids=EXPECTED)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_value_never_passes_and_never_crashes_the_check(hostile, expected):
    for assertion in ("equals", "close_to"):
        outcome = checks.of(lambda: HOSTILE[hostile], name="f").call()
        with pytest.raises(checks.CheckFailed) as caught:
            getattr(outcome, assertion)(expected)
        assert len(str(caught.value)) < 600 and len(caught.value.public) < 300


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_value_is_no_gradient(hostile):
    actual = HOSTILE[hostile]
    with pytest.raises(checks.CheckFailed):
        checks.of(lambda x, w, g: actual, name="f").gradients(lambda x, w: x @ w, np.ones((2, 3)), np.ones((3, 4)))
    with pytest.raises(checks.CheckFailed):
        checks.of(lambda x, g: actual, name="f").gradients(lambda x: x * x, np.full(3, 4.0))


TRUE = {"huge integer"}


@pytest.mark.parametrize("hostile", sorted(HOSTILE.keys() - TRUE))
def test_a_hostile_value_makes_no_condition_true(hostile):
    actual = HOSTILE[hostile]
    with pytest.raises(checks.CheckFailed):
        checks.of(len).holds(lambda: actual, "it holds: {}", actual)


EQUAL = [
    (1, 1),
    (1, True),
    (True, np.True_),
    (1, 1.0),
    (1, np.int32(1)),
    (0.5, np.float64(0.5)),
    (2, np.array(2)),
    (0.1, torch.tensor(0.1, dtype=torch.float64)),
    ("a", "a"),
    ("a", np.str_("a")),
    (None, None),
    ([1, 2], (1, 2)),
    ([1, 2], np.array([1, 2])),
    ((1.5,), np.array([1.5])),
    ([1, 2], torch.tensor([1, 2])),
    ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])),
    ([[1], [2, 3]], [np.array([1]), (2, 3)]),
    ([], ()),
    ([], np.array([])),
    (["a", "b"], ("a", "b")),
    (["a", "b"], np.array(["a", "b"])),
    ([None, "a"], np.array([None, "a"], dtype=object)),
    ({"a": 1}, collections.Counter("a")),
    ({"a": 1}, collections.OrderedDict(a=1)),
    ({"a": [1]}, collections.defaultdict(list, a=[1])),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({("a", "b"): 1}, {("a", "b"): np.int64(1)}),
    ({1: 2}, {np.int64(1): 2}),
    ({1, 2}, frozenset([2, 1])),
    (set(), set()),
    ({}, {}),
    (math.nan, math.nan),
    ([math.nan, 1], np.array([np.nan, 1])),
    (math.inf, np.inf),
    (0.0, -0.0),
    (2**70, 2**70),
    ([2**70, 1], [2**70, 1]),
    (2 + 1j, 2 + 1j),
    (b"a", b"a"),
    (collections.namedtuple("P", "x y")(1, 2), [1, 2]),
    (nested(40, "a"), nested(40, "a")),
]
UNEQUAL = [
    (1, 2),
    (1, 1.0000000001),
    (1, "1"),
    ("a", "A"),
    ("a", b"a"),
    (None, 0),
    (0, None),
    ("", None),
    ([1, 2], [2, 1]),
    ([1, 2], {1, 2}),
    ({1, 2}, [1, 2]),
    ([1, 2], [1, 2, 3]),
    ([1, 2, 3], [1, 2]),
    ([1, [2]], [1, 2]),
    ({"a": 1}, {"a": 2}),
    ({"a": 1}, {"b": 1}),
    ({"a": 1}, {"a": 1, "b": 0}),
    ({"a": 1, "b": 0}, {"a": 1}),
    ({"a": 1}, ["a"]),
    (math.inf, -math.inf),
    (math.nan, 0.0),
    (0.0, math.nan),
    (2**70, 2**70 + 1),
    ([2**70], [2**70 + 1]),
    (0.1 + 0.2, 0.3),
    (2**53 + 1, float(2**53)),
    ([2**53 + 1, 0.5], [2**53, 0.5]),
    (1, 1 + 1e-9j),
    ([1, 2], np.array([[1, 2]])),
    (1, [1]),
    ([1], 1),
    (np.zeros((0, 3)), []),
    (np.zeros((2, 3)), np.zeros((3, 2))),
    ({("a",): 1}, {"a": 1}),
    ({1: 1}, {"1": 1}),
    (nested(40, "a"), nested(40, "b")),
    (nested(40, "a"), nested(39, "a")),
]


@pytest.mark.parametrize("expected, actual", EQUAL, ids=repr)
def test_equal_values_are_equal_exactly_and_closely(expected, actual):
    assert agree(actual, expected) and agree(expected, actual)
    assert agree(actual, expected, Tolerance())


@pytest.mark.parametrize("expected, actual", UNEQUAL, ids=repr)
def test_unequal_values_differ(expected, actual):
    assert difference(actual, expected) is not None


class TestCloseTo:
    @pytest.mark.parametrize(
        "actual, expected",
        [
            (0.1 + 0.2, 0.3),
            (np.array([1, 2]), np.array([1.0, 2.0])),
            ([1, 2], torch.tensor([1.0, 2.0])),
            (1e-30 * (1 + 1e-9), 1e-30),
            (1e300 * (1 + 1e-9), 1e300),
            (-1e-17, 0.0),
            (3e-16, 1e-16),
            ([1.0, 1e-14], [1.0, 0.0]),
            ({"a": np.ones(3)}, {"a": torch.ones(3, dtype=torch.float64)}),
            (np.array([np.inf, -np.inf]), [np.inf, -np.inf]),
            ([np.nan, 1.0], [np.nan, 1.0]),
            ((1.0, [2.0]), [1.0 + 1e-12, (2,)]),
            (True, 1.0),
            (torch.tensor(2), 2.0),
            ([1 + 1e-12, "a"], [1.0, "a"]),
        ],
    )
    def test_accepts(self, actual, expected):
        checks.of(lambda: actual, name="f").call().close_to(expected)

    @pytest.mark.parametrize(
        "actual, expected",
        [
            (0.3001, 0.3),
            (2e-30, 1e-30),
            (0.0, 1e-30),
            (1e-9, 0.0),
            ([np.inf], [-np.inf]),
            ([1.0], [np.inf]),
            ([np.inf], [1e308]),
            ([np.nan], [1.0]),
            ([1.0], [np.nan]),
            (np.ones(3) + 0j, np.ones(3)),
            (np.ones((1, 3)), np.ones(3)),
            (1.0, [1.0]),
            ("1", 1.0),
            ({"a": 1.0}, {"a": 1.001}),
            ([1.0, 1.0], [1.0, 1.0 + 1e-6]),
            (10**400, 1e308),
            ([1e9 + 1, 1.00001, 1.0, 1.0], [1e9, 1.0, 1.0, 1.0]),
        ],
    )
    def test_refuses(self, actual, expected):
        with pytest.raises(checks.CheckFailed):
            checks.of(lambda: actual, name="f").call().close_to(expected)

    def test_a_large_mask_does_not_hide_errors_elsewhere(self):
        right = np.where(np.tri(6) > 0, np.arange(36.0).reshape(6, 6) + 1, -1e9)
        wrong = right.copy()
        wrong[3, 2] += 1e-4
        assert agree(right, right, Tolerance()) and not agree(wrong, right, Tolerance())

    def test_tolerances_can_be_given(self):
        checks.of(lambda: 1.01, name="f").call().close_to(1.0, rtol=0.1)
        checks.of(lambda: 1e-3, name="f").call().close_to(0.0, atol=0.01)

    def test_an_expected_value_in_float32_is_an_error_of_the_test(self):
        with pytest.raises(TypeError, match="float32"):
            checks.of(lambda: 0.1, name="f").call().close_to(torch.tensor(0.1000001))
        checks.of(lambda: 0.5, name="f").call().close_to(torch.tensor(0.5))


def right_answers(seed):
    """Ways to compute the same, which differ in rounding only, and PyTorch's result."""
    random = np.random.default_rng(seed)
    batch, inner, out = random.integers(2, 9, 3)
    scale = 10.0 ** random.integers(-3, 4)
    x, w = random.normal(size=(batch, inner)) * scale, random.normal(size=(out, inner))
    z = x @ w.T
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loops = np.array([[math.fsum(x[i, k] * w[j, k] for k in range(inner)) for j in range(out)] for i in range(batch)])
    backwards = sum(np.outer(x[:, k], w[:, k]) for k in reversed(range(inner)))
    shifted = np.exp(loops - np.array([max(row) for row in loops])[:, None])
    t = torch.tensor(x) @ torch.tensor(w).T
    yield np.einsum("ik,jk->ij", x, w), t
    yield loops.tolist(), t
    yield backwards, t
    yield shifted / np.array([[math.fsum(row)] for row in shifted]), torch.softmax(t, dim=1)
    yield p, torch.softmax(t, dim=1)
    logsumexp = loops.max(axis=1) + np.log(shifted.sum(axis=1))
    yield loops - logsumexp[:, None], torch.log_softmax(t, dim=1)
    target = np.arange(batch) % out
    yield (
        float(np.mean([logsumexp[i] - loops[i, target[i]] for i in range(batch)])),
        torch.nn.functional.cross_entropy(t, torch.tensor(target)),
    )
    grad = p.copy()
    grad[np.arange(batch), target] -= 1
    leaf = t.clone().requires_grad_()
    torch.nn.functional.cross_entropy(leaf, torch.tensor(target)).backward()
    yield grad / batch, leaf.grad


@pytest.mark.parametrize("block", range(10))
def test_a_right_answer_is_never_refused(block):
    for seed in range(100 * block, 100 * block + 100):
        for actual, expected in right_answers(seed):
            found = difference(actual, expected, Tolerance())
            assert found is None, (seed, found.text)


@pytest.mark.parametrize("seed", range(200))
def test_one_entry_that_is_off_by_a_thousandth_is_never_accepted(seed):
    random = np.random.default_rng(seed)
    right = random.normal(size=random.integers(1, 9, 3)) * 10.0 ** random.integers(-6, 7)
    wrong = right.copy()
    index = tuple(random.integers(0, n) for n in right.shape)
    wrong[index] *= 1.001
    found = difference(wrong, right, Tolerance())
    assert found is not None and f"{list(map(int, index))}" in found.text


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3) | st.tuples(inner)
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=300)
@given(plain_values, plain_values)
def test_comparing_anything_never_raises_and_every_value_equals_itself(one, other):
    difference(one, other), difference(one, other, Tolerance())
    assert agree(one, one) and agree(one, one, Tolerance())
    assert agree(one, other) == agree(other, one)


@settings(deadline=None, max_examples=300)
@given(plain_values, plain_values)
def test_every_failure_has_its_two_messages(one, other):
    outcome = checks.of(lambda: one, name="f").call()
    try:
        outcome.close_to(other)
    except checks.CheckFailed as failure:
        assert str(failure).startswith("`f()` returned ") and len(str(failure)) < 600
        assert failure.public.startswith("`f` returns ") and str(failure).endswith((".", "?", ").", "?)."))


class TestArray:
    def test_gives_what_came_back_as_float64(self):
        value = checks.of(lambda: [[1, 2], [3, 4]], name="f").call().array((2, 2))
        assert value.dtype == np.float64 and value.tolist() == [[1, 2], [3, 4]]
        assert checks.of(lambda: 3, name="f").call().array(()) == 3

    @pytest.mark.parametrize(
        "value", [None, "a", [[1], [2, 3]], {"a": 1}, [1, "b"], np.ones(3) * 1j, Liar(), np.ones(4)]
    )
    def test_fails_for_anything_else(self, value):
        with pytest.raises(checks.CheckFailed, match=r"\(3,\)"):
            checks.of(lambda: value, name="f").call().array((3,))


class TestReturned:
    @pytest.mark.parametrize(
        "value, kind, expected",
        [
            (collections.Counter("aab"), dict, {"a": 2, "b": 1}),
            (("a", 1), list, ["a", 1]),
            ([1, 2], tuple, (1, 2)),
            (np.array([1, 2]), list, [1, 2]),
            (frozenset([1]), set, {1}),
            ("a", str, "a"),
            (np.int64(3), int, 3),
            (3, float, 3.0),
            (np.float64(0.5), float, 0.5),
            (np.True_, bool, True),
        ],
    )
    def test_gives_a_value_of_this_kind(self, value, kind, expected):
        found = checks.of(lambda: value, name="f").call().returned(kind)
        assert type(found) is kind and found == expected

    @pytest.mark.parametrize(
        "value, kind, words",
        [
            (None, dict, "returned None; it should return a dict."),
            ([1], dict, "returned a list, [1]; it should return a dict."),
            ({"a": 1}, list, "it should return a list."),
            ("abc", list, "it should return a list."),
            (0.5, int, "it should return an integer."),
            ([1], set, "it should return a set."),
            (Liar(), dict, "a `Liar` object"),
            ("1", float, "it should return a number."),
            (1j, float, "it should return a number."),
        ],
    )
    def test_fails_for_anything_else(self, value, kind, words):
        with pytest.raises(checks.CheckFailed) as caught:
            checks.of(lambda: value, name="f").call().returned(kind)
        assert words in str(caught.value) and "Liar" not in caught.value.public


def test_value_is_plain_so_that_it_is_the_same_in_another_process():
    value = checks.of(lambda: collections.Counter("aab"), name="f").call().value
    assert type(value) is dict and value == {"a": 2, "b": 1}


def test_arguments_are_plain_so_that_they_are_the_same_in_another_process():
    seen = []
    checks.of(seen.append, name="f").call(collections.defaultdict(int, a=1)).equals(None)
    assert type(seen[0]) is dict


def test_recursion_limit_is_no_way_around_a_check():
    limit = sys.getrecursionlimit()
    assert difference(nested(90, 1), nested(90, 2)) is not None
    assert difference(nested(200, 1), nested(200, 1)) is not None
    assert sys.getrecursionlimit() == limit
