"""Every layer against its torch namesake with copied weights, from one table; then modules and parameters."""

import numpy as np
import pytest
import torch
from nextword import functional as F
from nextword.autodiff import Tensor
from nextword.layers import Dropout, Embedding, LayerNorm, Linear, Module, Parameter, Sequential

RNG = np.random.default_rng(3)
IDS = np.array([[3, 0, 3, 1], [1, 3, 4, 4]])


def mlp(dtype):
    return Sequential(Linear(4, 5, RNG, dtype=dtype), F.sigmoid, Linear(5, 3, RNG, dtype=dtype))


class TorchMLP(torch.nn.Sequential):
    def __init__(self):
        super().__init__(torch.nn.Linear(4, 5), torch.nn.Sigmoid(), torch.nn.Linear(5, 3))

    def state_dict(self):
        return {f"layers.{name}": x for name, x in super().state_dict().items()}


# name, ours, torch's, the input: ids or the shape of an array
LAYERS = [
    ("linear", lambda dtype: Linear(4, 5, RNG, dtype=dtype), lambda: torch.nn.Linear(4, 5), (2, 3, 4)),
    ("linear_without_bias", lambda dtype: Linear(4, 5, RNG, bias=False, dtype=dtype),
     lambda: torch.nn.Linear(4, 5, bias=False), (3, 4)),
    ("embedding", lambda dtype: Embedding(5, 3, RNG, dtype=dtype), lambda: torch.nn.Embedding(5, 3), IDS),
    ("layer_norm", lambda dtype: LayerNorm(4, dtype=dtype), lambda: torch.nn.LayerNorm(4), (2, 3, 4)),
    ("sequential", mlp, TorchMLP, (3, 4)),
]
every_layer = pytest.mark.parametrize(
    "ours, theirs, shape", [pytest.param(*row[1:], id=row[0]) for row in LAYERS])


@every_layer
@pytest.mark.parametrize("dtype, rtol", [("float64", 1e-9), ("float32", 1e-4)])
def test_layer_agrees_with_torch(ours, theirs, shape, dtype, rtol):
    rng = np.random.default_rng(0)
    layer, peer = ours(dtype), theirs().to(getattr(torch, dtype))
    with torch.no_grad():
        for p in peer.parameters():  # not torch's zeros and ones
            p.copy_(torch.tensor(rng.standard_normal(p.shape)))
    layer.load_state_dict(peer.state_dict())
    x = shape if shape is IDS else rng.standard_normal(shape).astype(dtype)
    x_ours = x if shape is IDS else Tensor(x, requires_grad=True)
    x_theirs = torch.tensor(x) if shape is IDS else torch.tensor(x, requires_grad=True)
    value, expected = layer(x_ours), peer(x_theirs)
    cotangent = rng.standard_normal(value.shape).astype(dtype)
    value.backward(cotangent)
    expected.backward(torch.tensor(cotangent))
    parameters = zip(layer.parameters(), peer.parameters(), strict=True)
    pairs = [(value.data, expected)] + [(p.grad, q.grad) for p, q in parameters]
    for got, wanted in pairs + ([] if shape is IDS else [(x_ours.grad, x_theirs.grad)]):
        assert got.dtype == dtype
        np.testing.assert_allclose(got, wanted.detach().numpy(), rtol=rtol, atol=rtol)


@every_layer
def test_initial_weights_are_spread_as_in_torch(ours, theirs, shape):
    for p, q in zip(ours("float32").parameters(), theirs().parameters(), strict=True):
        assert p.shape == tuple(q.shape) and p.dtype == "float32"
        assert np.abs(p.data).max() <= (1 if q.ndim == 1 else 5) * max(1e-9, q.abs().max().item()) * 3


def test_linear_starts_within_one_over_the_root_of_its_inputs():
    weight = Linear(400, 300, RNG).weight.data
    assert 0.049 < np.abs(weight).max() <= 0.05 and abs(weight.mean()) < 1e-3


class Tied(Module):
    def __init__(self):
        self.blocks = [Linear(2, 3, RNG), (Linear(3, 2, RNG),)]
        self.scale = Parameter(np.ones(2, "float32"))
        self.again = self.blocks[0]
        self.rate = 0.1

    def forward(self, x):
        return self.blocks[1][0](self.again(x)) * self.scale


def test_parameters_are_found_in_lists_by_path_and_once():
    names = [name for name, _ in Tied().named_parameters()]
    assert names == ["blocks.0.weight", "blocks.0.bias", "blocks.1.0.weight", "blocks.1.0.bias", "scale"]


def test_zero_grad_forgets_every_gradient():
    model = Tied()
    model(np.ones((1, 2), "float32")).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_state_is_a_copy_and_comes_back():
    model, other = Tied(), Tied()
    state = model.state_dict()
    model.scale.data += 1
    assert state["scale"].tolist() == [1, 1]
    other.load_state_dict(state)
    assert all(np.array_equal(other.state_dict()[name], x) for name, x in state.items())
    state["scale"][:] = 9
    assert other.scale.data.tolist() == [1, 1]


@pytest.mark.parametrize("change, error, message", [
    (lambda s: s.pop("scale"), KeyError, "missing .'scale'"),
    (lambda s: s.update(other=s["scale"]), KeyError, "unknown .'other'"),
    (lambda s: s.update(scale=np.ones(3)), ValueError, r"scale has shape \(2,\), the state has \(3,\)"),
])
def test_a_state_that_does_not_fit_is_refused_whole(change, error, message):
    model, state = Tied(), {name: x + 1 for name, x in Tied().state_dict().items()}
    before = model.state_dict()
    change(state)
    with pytest.raises(error, match=message):
        model.load_state_dict(state)
    assert all(np.array_equal(before[name], x) for name, x in model.state_dict().items())


def test_dropout_is_active_only_while_training_and_keeps_the_mean():
    model = Sequential(Dropout(0.25, np.random.default_rng(0)))
    x = Tensor(np.ones((100, 100), "float32"))
    dropped = model(x).data
    assert set(np.unique(dropped)) == {0, np.float32(4 / 3)} and abs(dropped.mean() - 1) < 0.02
    assert model.eval()(x) is x
    assert model.train()(x) is not x
