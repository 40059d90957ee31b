"""Each common slip is recognised, by its sentence; no reason is made up for values that merely differ."""

import math

import numpy as np
import pytest
from nextword import checks

random = np.random.default_rng(7)
X = random.normal(size=(3, 4))
SQUARE = random.normal(size=(4, 4))
DEEP = random.normal(size=(2, 3, 5))
V = random.normal(size=6)
COUNTS = np.array([[3, 0, 1], [4, 1, 5]])
P = np.exp(X) / np.exp(X).sum(axis=1, keepdims=True)
WORDS = ["<s>", "cows", "eat", "hay"]
TABLE = {("cows", "eat"): 3, ("eat", "hay"): 2}


def told(actual, expected, *args, assertion="close_to", **kwargs):
    """The message and the public message of a wrong value."""

    def answer(x=None, y=None):
        return actual

    with pytest.raises(checks.CheckFailed) as caught:
        getattr(checks.of(answer, name="f").call(*args, **kwargs), assertion)(expected)
    return str(caught.value), caught.value.public


NUMBERS = {
    "nan": (np.where(X > 1, np.nan, X), X, "nan usually comes from 0/0"),
    "a single nan": (math.nan, 0.5, "nan usually comes from 0/0"),
    "inf": (np.where(X > 1, np.inf, X), X, "inf usually comes from log(0)"),
    "the wrong infinity": (
        np.array([np.inf, 1.0]),
        np.array([-np.inf, -1.0]),
        "The sign is the wrong way round.",
    ),
    "zeros": (np.zeros((3, 4)), X, "All of yours are zero"),
    "sign": (-X, X, "The sign is the wrong way round."),
    "sign of a number": (-0.5, 0.5, "The sign is the wrong way round."),
    "some signs": (np.abs(X), X, "some signs are wrong"),
    "transposed": (SQUARE.T, SQUARE, "transposed: rows and columns are swapped"),
    "transposed, not square": (X.T, X, "transposed"),
    "transposed, with other values": (X.T + 1, X, "The shape is the other way round"),
    "dimensions swapped": (DEEP.swapaxes(1, 2), DEEP, "dimensions 1 and 2 are swapped"),
    "float32": (X.astype(np.float32) @ SQUARE.astype(np.float32), X @ SQUARE, "float32"),
    "float32 in between": (
        (X.astype(np.float32) @ SQUARE.astype(np.float32)).astype(float),
        X @ SQUARE,
        "computed in float32",
    ),
    "epsilon": (X / (1 + 1e-6), X, "a small constant (an epsilon)"),
    "truncated": (np.trunc(V * 5), V * 5, "after the decimal point cut off"),
    "floor": (np.floor(V * 5), V * 5, "after the decimal point cut off"),
    "rounded": (np.round(V * 5), V * 5, "rounded to whole numbers"),
    "int of a number": (3, 3.75, "after the decimal point cut off"),
    "factor": (X * 2.5, X, "Each of yours is the right value times 2.5."),
    "twice": (X * 2, X, "It is 2 times too large"),
    "half a number": (0.35, 0.7, "It is 2 times too small"),
    "factor and sign": (X * -2, X, "It is 2 times too large, and the sign is wrong"),
    "base 2": (X / math.log(2), X, "logarithms to base 2"),
    "base 2 of a number": (1.3 / math.log(2), 1.3, "logarithms to base 2"),
    "base e": (X * math.log(2), X, "natural logarithms where those to base 2"),
    "base 10": (X / math.log(10), X, "logarithms to base 10"),
    "square root": (X * math.sqrt(3), X, "too large by the factor sqrt(3)"),
    "log": (np.log(P), P, "logarithms of the right values"),
    "log of a number": (math.log(0.3), 0.3, "logarithms of the right values"),
    "negative log": (-np.log(P), P, "minus the logarithms"),
    "exp": (np.exp(V), V, "exponentials of the right values"),
    "perplexity": (math.exp(2.3), 2.3, "exponentials of the right values"),
    "probability": (math.exp(-2.3), 2.3, "exp(-x) for the right value x"),
    "one minus": (1 - P, P, "1 minus the right value"),
    "one over": (1 / V, V, "1 divided by the right value"),
    "squared": (P**2, P, "square of the right value"),
    "root": (np.sqrt(P), P, "square root of the right value"),
    "one too many": (COUNTS + 1, COUNTS, "one too large: off by one"),
    "one too few": (6, 7, "It is one too small: off by one"),
    "one too late": (np.concatenate([[0.0], V[:-1]]), V, "shifted by one position: they come one too late"),
    "one too early": (np.concatenate([V[1:], [0.0]]), V, "they come one too early"),
    "shifted rows": (np.roll(DEEP, 1, axis=1) * 1.0, DEEP, "shifted by one position along dimension 1"),
    "all the same": (np.full(6, V.mean()), V, "All of yours are the same number"),
    "not cumulative": (P, np.cumsum(P, axis=1), "is a cumulative sum missing"),
    "cumulative": (np.cumsum(V), V, "running sums of the right values"),
    "reversed": (V[::-1], V, "in reversed order"),
    "reversed rows": (X[::-1], X, "in reversed order along dimension 0"),
    "reordered": (V[[1, 0, 3, 2, 5, 4]], V, "the right values in another order"),
    "wrong axis": (np.exp(X) / np.exp(X).sum(axis=0), P, "normalised over the wrong axis"),
    "whole table": (np.exp(X) / np.exp(X).sum(), P, "add up to 1 over the whole array"),
    "not normalised": (np.exp(X), P, "right values times a factor that changes from place to place"),
    "offset": (V + 0.25, V, "Each of yours is too large by 0.25."),
    "diagonal": (SQUARE + np.eye(4) * V[:4], SQUARE, "All wrong entries are on the diagonal."),
    "above the diagonal": (
        SQUARE + np.triu(SQUARE, 1) ** 2,
        SQUARE,
        "All wrong entries are above the diagonal.",
    ),
    "last column": (X + (np.arange(4) == 3) * X**2, X, "All wrong entries are in the last column."),
    "last entry": (np.append(V[:-1], 9.0), V, "Only the last one is wrong."),
}
SHAPES = {
    "size 1 too many": (X[:, :, None], X, "a dimension of size 1 too many"),
    "keepdims": (X.sum(axis=1), X.sum(axis=1, keepdims=True), "A dimension of size 1 is missing"),
    "a column for a row": (V[:, None], V[None, :], "transposed"),
    "summed": (X.sum(axis=0), X, "This is the sum of the right values over dimension 0"),
    "summed to a number": (X.sum(), X, "This is the sum of the right values over all of them"),
    "averaged to a number": (V.mean(), V, "This is the mean of the right values"),
    "some number": (0.123, V, "A single number comes back"),
    "not summed": (X, X.sum(axis=0), "The sum of your values over dimension 0 would be right"),
    "bias in every row": (
        DEEP,
        DEEP.sum(axis=(0, 1)),
        "The sum of your values over the first dimensions would be right",
    ),
    "not averaged": (X, X.mean(), "The mean of your values over all entries would be right"),
    "outer": (V[:, None] - V, V, "broadcast to (n, n)"),
    "not reshaped": (DEEP.reshape(6, 5), DEEP, "a reshape is missing or wrong"),
    "swapped sizes": (random.normal(size=(3, 2, 5)), DEEP, "the right sizes in another order"),
}
STRUCTURE = {
    "none": (None, X, "is the `return` missing?"),
    "none for a dict": (None, TABLE, "is the `return` missing?"),
    "function": (lambda: 1, 1, "without being called"),
    "method": ([].append, 1, "function"),
    "generator": ((x for x in "ab"), ["a", "b"], "Make a list of it"),
    "map": (map(int, "12"), [1, 2], "`list(...)`"),
    "range": (range(2), [0, 1], "`list(...)`"),
    "number as text": ("3", 3, "A number in quotes is text"),
    "in a list": ([3.5], 3.5, "the only item of a list"),
    "in a tuple": ((np.ones(3), "more"), np.ones(3), None),
    "one of several": ((0.5, 7), 0.5, "one of several"),
    "list for a set": (["a", "a"], {"a"}, "`set(...)` makes one"),
    "set for a list": ({"a", "b"}, ["a", "b"], "A set has no order"),
    "first missing": (WORDS[1:], WORDS, "The first item is missing."),
    "last missing": (WORDS[:-1], WORDS, "The last item is missing."),
    "too many at the start": (["<s>", *WORDS], WORDS, "one item too many at the start"),
    "too many at the end": ([*WORDS, "</s>"], WORDS, "one item too many at the end"),
    "early return": (WORDS[:1], WORDS, "stops too early"),
    "goes on": ([*WORDS, "a", "b"], WORDS, "goes on too long"),
    "empty": ([], WORDS, "Yours is empty."),
    "one short": (["x", "y", "z"], WORDS, "off by one"),
    "array one short": (V[1:], V, "The first item is missing."),
    "empty dict": ({}, TABLE, "Yours is empty."),
    "joined keys": (
        {" ".join(k): v for k, v in TABLE.items()},
        TABLE,
        "Your keys are strings, they should be tuples.",
    ),
    "shorter keys": (
        {k[1:]: v for k, v in TABLE.items()},
        TABLE,
        "Your keys are tuples of 1, they should be tuples of 2.",
    ),
    "reversed keys": ({k[::-1]: v for k, v in TABLE.items()}, TABLE, "each in reversed order"),
    "upper-case keys": ({"Cows": 1}, {"cows": 1}, "upper and lower case"),
    "upper case": ("Cows eat", "cows eat", "upper and lower case"),
    "upper case in a list": (["<s>", "Cows", "eat", "hay"], WORDS, "upper and lower case"),
    "white space": ("cows eat ", "cows eat", "white space"),
    "backwards": ("tae", "eat", "read backwards"),
    "short text": ("cows", "cows eat", "stops too early"),
    "long text": ("cows eat", "cows", "goes on too long"),
    "counts off by one": ({k: v + 1 for k, v in TABLE.items()}, TABLE, "one too large: off by one"),
    "probabilities doubled": ({"a": 0.5, "b": 1.0}, {"a": 0.25, "b": 0.5}, "2 times too large"),
}


WORDS_WITH_DIGITS = "1/ln 2|ln 2|ln 10|base 2|base 10|0/0|log(0)|by 0|float32|float64|1 minus|1 divided".split("|")


@pytest.mark.parametrize("actual, expected, sentence", NUMBERS.values(), ids=NUMBERS)
def test_a_slip_in_numbers_is_named(actual, expected, sentence):
    message, public = told(actual, expected)
    assert sentence in message, message
    for words in WORDS_WITH_DIGITS:
        public = public.replace(words, "")
    assert not any(c.isdigit() for c in public), public


@pytest.mark.parametrize("actual, expected, sentence", SHAPES.values(), ids=SHAPES)
def test_a_slip_in_the_shape_is_named(actual, expected, sentence):
    message, _ = told(actual, expected)
    assert sentence in message, message
    if np.shape(actual):
        assert str(np.shape(actual)) in message and str(np.shape(expected)) in message


@pytest.mark.parametrize("assertion", ["equals", "close_to"])
@pytest.mark.parametrize("actual, expected, sentence", STRUCTURE.values(), ids=STRUCTURE)
def test_a_slip_in_the_structure_is_named(actual, expected, sentence, assertion):
    message, _ = told(actual, expected, assertion=assertion)
    assert (sentence or "") in message, message


class TestFactorsWithAName:
    def test_the_dimension_of_an_argument(self):
        def mean(x):
            return x.mean(axis=0)

        with pytest.raises(checks.CheckFailed) as caught:
            checks.of(mean).call(np.ones((7, 3)) * V[:3]).close_to(7 * V[:3])
        assert "It is 7 times too small; 7 is also the size of the first dimension of x" in str(caught.value)
        assert "7" not in caught.value.public

    def test_the_length_of_a_list(self):
        message, _ = told(12.5, 2.5, [[1, 2], [1], [2], [3], [4]])
        assert "It is 5 times too large; 5 is also the length of x" in message

    def test_of_counts_is_told_without_talk_of_means(self):
        message, _ = told(3, 21, [1] * 7)
        assert "It is 7 times too small; 7 is also the length of x." in message

    def test_the_square_root_of_a_dimension(self):
        message, _ = told(X * math.sqrt(8), X, np.ones((5, 8)))
        assert "by the factor sqrt(8); 8 is also the size of the second dimension of x" in message

    def test_a_keyword_argument(self):
        message, _ = told(X / 11, X, y=11)
        assert "It is 11 times too small; 11 is also the value of y" in message


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("shape", [(), (5,), (4, 5), (2, 3, 4)], ids=str)
def test_no_reason_is_made_up_for_unrelated_values(shape, seed):
    random = np.random.default_rng(seed)
    actual, expected = random.normal(size=shape), random.normal(size=shape)
    _, public = told(actual if shape else float(actual), expected if shape else float(expected))
    assert public in ("`f` returns wrong values.", "`f` returns a wrong value.")


@pytest.mark.parametrize("seed", range(40))
def test_a_single_wrong_entry_is_told_by_its_place_and_not_by_a_reason(seed):
    random = np.random.default_rng(seed)
    right = random.normal(size=(5, 6))
    wrong = right.copy()
    wrong[2, 3] *= 1.001
    message, public = told(wrong, right)
    assert "first wrong entry [2, 3]" in message and public == "`f` returns wrong values."


def test_an_argument_that_comes_back_is_named():
    for value, right in ((X, P), (WORDS, WORDS[1:]), (TABLE, {}), ("Cows", "cow")):
        message, public = told(value, right, 1, value)
        assert message.endswith("That is `y`, unchanged.") and public.endswith("That is an argument, unchanged.")
        assert message == told(value, right, 1, y=value)[0].replace("y=", "")


class TestNamedMistakes:
    @staticmethod
    def told(actual, expected, mistakes, assertion="close_to"):
        with pytest.raises(checks.CheckFailed) as caught:
            getattr(checks.of(lambda: actual, name="f").call(), assertion)(expected, mistakes=mistakes)
        return caught.value

    def test_come_before_generic_slips(self):
        found = self.told(-X, X, {"you forget the minus of the logarithm": -X})
        assert found.mistake == "you forget the minus of the logarithm" and "The sign" not in str(found)

    def test_are_told_even_where_the_shape_is_wrong(self):
        found = self.told(X.sum(axis=0), X, {"you add the rows up": lambda: X.sum(axis=0)})
        assert found.mistake == "you add the rows up" and "(4,)" in str(found)

    def test_are_compared_with_the_same_tolerance(self):
        assert self.told(X * 2 * (1 + 1e-9), X, {"you double it": X * 2}).mistake == "you double it"
        assert self.told(2.0 + 1e-9, 1.0, {"you double it": 2.0}, "equals").mistake is None

    def test_the_first_that_fits_is_named(self):
        assert self.told(2, 1, {"one": 3, "two": 2, "three": 2}).mistake == "two"

    def test_that_give_the_expected_value_do_not_count(self):
        assert self.told(5, 1, {"nothing": 1}).mistake is None

    def test_that_cannot_be_computed_do_not_count(self):
        assert self.told(2, 1, {"division": lambda: 1 / 0, "two": 2}).mistake == "two"

    def test_warn_about_nothing(self, recwarn):
        self.told(2, 1, {"log": lambda: np.log(np.zeros(2))})
        assert not recwarn.list

    def test_may_be_dicts_and_tensors(self):
        import torch

        assert self.told({"a": 2}, {"a": 1}, {"twice": {"a": 2}}, "equals").mistake == "twice"
        assert self.told([2.0, 4.0], [1.0, 2.0], {"twice": torch.tensor([2.0, 4.0])}).mistake == "twice"

    def test_none_of_them_is_none(self):
        assert self.told(2, 1, None).mistake is None
