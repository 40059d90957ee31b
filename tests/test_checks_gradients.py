"""Gradients are compared with PyTorch's under a random cotangent, and slips of a backward pass are named."""

import numpy as np
import pytest
import torch
from nextword import checks


def reference(x, w, b):
    return torch.tanh(x @ w.T + b)


def inputs(seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=(5, 3)), random.normal(size=(4, 3)), random.normal(size=4)


def backward(x, w, b, g):
    """The right gradients: x (B, I), w (O, I), b (O,), g (B, O)."""
    g = g * (1 - np.tanh(x @ w.T + b) ** 2)
    return g @ w, g.T @ x, g.sum(axis=0)


def backward_in_loops(x, w, b, g):
    gradients = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    for n in reversed(range(len(x))):
        for o in range(len(w)):
            through = g[n, o] / np.cosh(np.dot(w[o], x[n]) + b[o]) ** 2
            gradients[0][n] += through * w[o]
            gradients[1][o] += through * x[n]
            gradients[2][o] += through
    return gradients


def told(answer, **kwargs):
    """The failure of a wrong backward pass."""
    with pytest.raises(checks.CheckFailed) as caught:
        checks.of(answer, name="backward").gradients(reference, *inputs(), **kwargs)
    return caught.value


@pytest.mark.parametrize("block", range(10))
@pytest.mark.parametrize("answer", [backward, backward_in_loops])
def test_a_right_backward_pass_is_never_refused(answer, block):
    for seed in range(block * 100, block * 100 + 100):
        checks.of(answer).gradients(reference, *inputs(seed), seed=seed)


@pytest.mark.parametrize("seed", range(100))
def test_one_entry_that_is_off_by_a_thousandth_is_never_accepted(seed):
    random = np.random.default_rng(seed)
    which = random.integers(0, 3)

    def answer(x, w, b, g):
        gradients = [d.copy() for d in backward(x, w, b, g)]
        gradients[which].flat[random.integers(0, gradients[which].size)] *= 1.001
        return gradients

    with pytest.raises(checks.CheckFailed, match=f"with respect to {'xwb'[which]}"):
        checks.of(answer).gradients(reference, *inputs(seed), seed=seed)


def altered(which, change):
    """A backward pass with one gradient changed."""

    def answer(x, w, b, g):
        gradients = dict(zip("xwb", backward(x, w, b, g), strict=True))
        gradients[which] = change(gradients[which])
        return tuple(gradients.values())

    return answer


def without_tanh(x, w, b, g):
    return g @ w, g.T @ x, g.sum(axis=0)


SLIPS = {
    "g ignored": (lambda x, w, b, g: backward(x, w, b, np.ones_like(g)), "It does not depend on g"),
    "sign": (altered("w", np.negative), "The sign is the wrong way round."),
    "transposed": (altered("w", np.transpose), "transposed"),
    "mean": (
        altered("w", lambda d: d / 5),
        "5 is also the size of the first dimension of x (a mean where a sum",
    ),
    "mean over outputs": (altered("x", lambda d: d / 4), "4 is also the size of the first dimension of w"),
    "swapped": (
        lambda x, w, b, g: [backward(x, w, b, g)[i] for i in (1, 0, 2)],
        "with respect to w: are two",
    ),
    "bias not summed": (
        lambda x, w, b, g: (*backward(x, w, b, g)[:2], g * (1 - np.tanh(x @ w.T + b) ** 2)),
        "The sum of your values over dimension 0 would be right",
    ),
    "bias averaged": (altered("b", lambda d: d / 5), "5 is also"),
    "zeros": (altered("b", np.zeros_like), "All of yours are zero"),
    "nan": (altered("b", lambda d: d * np.nan), "nan usually comes from"),
    "float32": (lambda *given: backward(*map(np.float32, given)), "Your array holds float32 numbers"),
    "keepdims": (altered("b", lambda d: d[None]), "a dimension of size 1 too many"),
    "number": (altered("b", np.sum), "This is the sum of the right values"),
    "missing": (lambda x, w, b, g: None, "Is the `return` missing?"),
    "one is missing": (
        lambda x, w, b, g: (1, 2),
        "where the 3 gradients with respect to x, w, b are expected",
    ),
    "wrong names": (lambda x, w, b, g: {"x": 1, "w": 2}, "a dict with the keys ['x', 'w']"),
}


@pytest.mark.parametrize("answer, sentence", SLIPS.values(), ids=SLIPS)
def test_a_slip_in_a_backward_pass_is_named(answer, sentence):
    found = told(answer)
    assert sentence in str(found), str(found)
    assert len(str(found)) < 600 and found.check == "backward" and found.mistake is None


class TestMessage:
    def test_says_which_gradient_where_and_which_ones_are_right(self):
        def answer(x, w, b, g):
            gradients = backward(x, w, b, g)
            gradients[1][2, 1] += 0.5
            return gradients

        text = str(told(answer))
        assert "gives a wrong gradient with respect to w: first wrong entry [2, 1]: yours " in text
        assert "1 of 12 entries differ. (The gradient with respect to x and b is right.)" in text

    def test_public_says_the_name_only(self):
        assert told(without_tanh).public == "`backward` gives a wrong gradient with respect to x."

    def test_other_names_can_be_given(self):
        assert "with respect to inputs" in str(told(without_tanh, names=("inputs", "weight", "bias")))

    def test_an_exception_of_the_answer_is_told(self):
        assert "raised IndexError" in str(told(lambda x, w, b, g: x[99]))

    def test_a_gradient_computed_in_place_of_g_is_told(self):
        def answer(x, w, b, g):
            g *= 1 - np.tanh(x @ w.T + b) ** 2
            return g @ w, g.T @ x, g.sum(axis=0)

        assert "changes `g` in place" in str(told(answer))


class TestMistakes:
    WRONG = "you forget the derivative of tanh"

    def value(self, seed=0):
        x, w, b = inputs()
        return without_tanh(x, w, b, checks.cotangent((5, 4), seed))

    def test_may_be_all_gradients(self):
        assert told(without_tanh, mistakes={self.WRONG: self.value}).mistake == self.WRONG

    def test_may_be_a_dict_of_some_names(self):
        assert told(without_tanh, mistakes={self.WRONG: {"b": self.value()[2]}}).mistake == self.WRONG

    def test_may_leave_out_what_is_right(self):
        mistakes = {"w is transposed": lambda: (None, self.value()[1].T * 0 + 7, None)}
        assert told(altered("w", lambda d: d.T * 0 + 7), mistakes=mistakes).mistake == "w is transposed"

    def test_stand_in_both_messages(self):
        found = told(without_tanh, mistakes={self.WRONG: self.value})
        assert self.WRONG in str(found) and self.WRONG in found.public

    def test_that_do_not_fit_or_cannot_be_computed_are_not_named(self):
        mistakes = {"a": lambda: 1 / 0, "b": (1, 2, 3), "c": 5, "d": {"other": 1}, "e": None}
        assert told(without_tanh, mistakes=mistakes).mistake is None


class TestForms:
    """What a function may take and return."""

    def test_one_input_one_array(self):
        for answer in (lambda x, g: 2 * x * g, lambda x, g: (2 * x * g,), lambda x, g: {"x": 2 * x * g}):
            checks.of(answer, name="f").gradients(lambda x: x**2, inputs()[0])

    def test_a_dict_by_name(self):
        def answer(x, w, b, g):
            return dict(zip("xwb", backward(x, w, b, g), strict=True))

        checks.of(answer).gradients(reference, *inputs())

    def test_integers_get_no_gradient(self):
        def answer(logits, targets, g):
            p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
            p[np.arange(len(targets)), targets] -= 1
            return g * p / len(targets)

        check = checks.of(answer)
        check.gradients(torch.nn.functional.cross_entropy, inputs()[0], np.array([0, 2, 1, 1, 0]), names=("z", "y"))
        assert check.count == 1

    def test_a_loss_has_a_number_as_cotangent(self):
        seen = []
        checks.of(lambda x, g: seen.append(g) or 2 * x * g, name="f").gradients(lambda x: (x * x).sum(), np.ones(3))
        assert type(seen[0]) is float and seen[0] != 1

    def test_numbers_as_inputs(self):
        checks.of(lambda x, y, g: (y * g, x * g), name="f").gradients(lambda x, y: x * y, 2.0, -3.0)

    def test_an_input_that_is_not_used_has_gradient_zero(self):
        checks.of(lambda x, y, g: (g, np.zeros(3)), name="f").gradients(lambda x, y: x * 1, np.ones(3), np.ones(3))

    def test_a_cotangent_can_be_given(self):
        checks.of(lambda x, g: g * 3, name="f").gradients(
            lambda x: 3 * x, np.ones(3), cotangent=np.array([1.0, 2.0, 0.0])
        )


class TestCotangent:
    @pytest.mark.parametrize("seed", range(20))
    def test_is_never_trivial(self, seed):
        g = checks.cotangent((3, 4), seed)
        assert g.shape == (3, 4) and g.dtype == np.float64
        assert (np.abs(g) >= 0.5).all() and (np.abs(g) < 2).all() and np.unique(g).size == 12

    def test_depends_on_the_seed_alone(self):
        assert np.array_equal(checks.cotangent((2, 3), 5), checks.cotangent((2, 3), 5))
        assert not np.array_equal(checks.cotangent((2, 3), 5), checks.cotangent((2, 3), 6))

    def test_has_both_signs(self):
        signs = np.sign([checks.cotangent((), seed) for seed in range(50)])
        assert {-1.0, 1.0} == set(signs)


def test_finite_differences_agree_with_torch_jacobians():
    x, w, b = inputs()
    jacobian = checks.finite_difference_jacobian(lambda x: np.tanh(x @ w.T + b), x)
    right = torch.autograd.functional.jacobian(
        lambda x: reference(x, torch.tensor(w), torch.tensor(b)), torch.tensor(x)
    )
    assert jacobian.shape == (5, 4, 5, 3) and np.abs(jacobian - right.numpy()).max() < 1e-8


def test_torch_gradients_gives_one_array_for_each_float_input():
    x, w, b = inputs()
    g = checks.cotangent((5, 4))
    found = checks.torch_gradients(reference, (x, w, b), g)
    assert all(np.allclose(one, other) for one, other in zip(found, backward(x, w, b, g), strict=True))
    assert len(checks.torch_gradients(lambda x, n: x * n, (x, 3), np.ones((5, 3)))) == 1
