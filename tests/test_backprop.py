"""The library's network, forwards and backwards, and the comparison of its intermediates row by row."""

import numpy as np
import pytest
import torch
from nextword import backprop, checks
from nextword.rows import compare_rows, first_wrong_row

EXAMPLES, INPUTS, HIDDEN, CLASSES = 5, 4, 3, 2
NAMES = ("y_hat", "b", "beta", "z", "a", "alpha")


def network(seed=0, one_hot=False):
    rng = np.random.default_rng(seed)
    labels = rng.integers(CLASSES, size=EXAMPLES)
    y = np.eye(CLASSES)[labels] if one_hot else rng.dirichlet(np.ones(CLASSES), size=EXAMPLES)
    sizes = (EXAMPLES, INPUTS), (HIDDEN, 1 + INPUTS), (CLASSES, 1 + HIDDEN)
    x, alpha, beta = (rng.normal(size=size) for size in sizes)
    return x, y, alpha, beta


def by_torch(x, y, alpha, beta):
    """The intermediates and the gradients, by PyTorch in float64."""
    t = {"alpha": torch.tensor(alpha, requires_grad=True), "beta": torch.tensor(beta, requires_grad=True)}
    t["a"] = torch.nn.functional.linear(torch.tensor(x), t["alpha"][:, 1:], t["alpha"][:, 0])
    t["z"] = torch.sigmoid(t["a"])
    t["b"] = torch.nn.functional.linear(t["z"], t["beta"][:, 1:], t["beta"][:, 0])
    t["y_hat"] = torch.softmax(t["b"], dim=1)
    J = torch.nn.functional.cross_entropy(t["b"], torch.tensor(y))
    outside = -(torch.tensor(y) * torch.log(t["y_hat"])).sum(1).mean()
    g = torch.autograd.grad(outside, [t[name] for name in NAMES])
    o = {"x": x, **{name: t[name].detach().numpy() for name in ("a", "z", "b", "y_hat")}, "J": J.item()}
    return o, {f"g_{name}": value.numpy() for name, value in zip(NAMES, g, strict=True)}


@pytest.mark.parametrize("one_hot", [False, True])
def test_nn_forward_gives_torchs_intermediates(one_hot):
    arguments = network(1, one_hot)
    assert first_wrong_row(backprop.nn_forward(*arguments), by_torch(*arguments)[0]) is None


@pytest.mark.parametrize("one_hot", [False, True])
def test_nn_backward_gives_torchs_gradients(one_hot):
    arguments = network(2, one_hot)
    o, g = by_torch(*arguments)
    mine = backprop.nn_backward(*arguments, o)
    assert list(mine) == list(g)
    assert first_wrong_row(mine, g) is None


def test_nn_backward_agrees_with_finite_differences():
    x, y, alpha, beta = network(3)
    g = backprop.nn_backward(x, y, alpha, beta, backprop.nn_forward(x, y, alpha, beta))
    for name, loss, at in (("g_alpha", lambda v: backprop.nn_forward(x, y, v, beta)["J"], alpha),
                           ("g_beta", lambda v: backprop.nn_forward(x, y, alpha, v)["J"], beta)):
        np.testing.assert_allclose(backprop.finite_difference(loss, at), g[name], rtol=0, atol=1e-9)


def test_finite_difference_takes_integers_and_leaves_its_argument_alone():
    x = np.array([[1, -2], [3, 4]])
    gradient = backprop.finite_difference(lambda v: float((v**3).sum()), x)
    np.testing.assert_allclose(gradient, 3.0 * x**2, rtol=1e-8)
    assert x.dtype.kind == "i" and x.tolist() == [[1, -2], [3, 4]]


def test_layers_are_stable_far_from_zero(recwarn):
    far = np.array([[1000.0, -1000.0], [-1000.0, -1000.5]])
    np.testing.assert_allclose(backprop.sigmoid(far), torch.sigmoid(torch.tensor(far)), rtol=1e-15)
    np.testing.assert_allclose(backprop.softmax(far), torch.softmax(torch.tensor(far), 1), rtol=1e-15)
    assert backprop.cross_entropy(np.eye(2), np.eye(2)) == 0
    assert backprop.cross_entropy(np.eye(2), np.eye(2)[::-1]) == np.inf
    assert not recwarn.list


def outcome_of(value):
    def answer():
        return value

    return checks.of(answer).call()


def test_compare_rows_prints_every_row_and_counts_as_a_check(capsys):
    outcome = outcome_of({"b": np.ones((2, 3)), "J": 0.5, "more": 1})
    compare_rows(outcome, {"b": torch.ones(2, 3), "J": torch.tensor(0.5)})
    outcome.check.passed()
    printed = capsys.readouterr().out
    assert "b  (2, 3)" in printed and "J  a number" in printed and "WRONG" not in printed
    assert "its check passed" in printed


def test_compare_rows_is_silent_when_asked(capsys):
    compare_rows(outcome_of({"J": 0.5}), {"J": 0.5}, quiet=True)
    assert capsys.readouterr().out == ""


def failure(value, expected, **named):
    with pytest.raises(checks.CheckFailed) as caught:
        compare_rows(outcome_of(value), expected, **named)
    return caught.value


def test_only_the_first_wrong_row_is_explained():
    expected = {"a": np.zeros(2), "b": np.array([1.0, 2.0]), "c": np.array([3.0, 4.0])}
    found = failure({"a": np.zeros(2), "b": -expected["b"], "c": np.zeros(2)}, expected,
                    mistakes={"b": {"the sign is forgotten": -expected["b"]}, "c": {"c is zero": np.zeros(2)}})
    lines = str(found).splitlines()
    assert "b is the first wrong row" in lines[0]
    assert [line.split()[-1] for line in lines[1:4]] == ["ok", "here", "too"]
    assert "the sign is forgotten" in lines[4] and found.mistake == "the sign is forgotten"
    assert "c is zero" not in str(found)


def test_what_feedback_on_hidden_tests_shows_has_no_values():
    found = failure({"b": np.array([1.25, 2.5])}, {"b": np.array([3.125, 4.0])})
    assert "b is the first wrong row" in found.public
    assert not any(number in found.public for number in ("1.25", "2.5", "3.125", "4.0"))


def test_a_missing_row_names_what_is_there_instead():
    found = failure({"yhat": np.zeros(2)}, {"y_hat": np.zeros(2)})
    assert "no 'y_hat'" in str(found) and "'yhat'" in str(found)


@pytest.mark.parametrize("value, word", [
    (None, "dict"), ([1, 2], "dict"), ({"b": "text"}, "a string"), ({"b": np.zeros((3, 2))}, "(3, 2)"),
    ({"b": np.full((2, 3), np.nan)}, "nan"), ({"b": 0.0}, "number"), ({"b": None}, "None")])
def test_values_of_any_kind_are_a_failure_in_words(value, word):
    assert word in str(failure(value, {"b": np.ones((2, 3))}))


def test_a_failed_call_is_reported_before_any_row():
    def nn_backward():
        raise NotImplementedError

    with pytest.raises(NotImplementedError, match="nn_backward"):
        compare_rows(checks.of(nn_backward).call(), {"b": 1.0})
