"""Layers with their parameters inside, in the manner of torch.nn: built once, called like functions."""

import numpy as np

from nextword import functional as F
from nextword.tape import Tensor


class Parameter(Tensor):
    """A tensor that an optimizer changes: a leaf that requires its gradient."""

    __slots__ = ()

    def __init__(self, data, dtype=None, name=""):
        super().__init__(data, requires_grad=True, dtype=dtype, name=name)


class Module:
    """Something with parameters and a `forward`. What its attributes hold, also in lists, belongs to it."""

    training = True

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)

    def named_parameters(self, prefix=""):
        """(name, parameter) pairs, named by the path of attributes as in torch; a shared one only once."""
        seen = set()
        for name, x in _walk(self, prefix):
            if isinstance(x, Parameter) and x not in seen:
                seen.add(x)
                yield name, x

    def parameters(self):
        """All parameters, as a list."""
        return [x for _, x in self.named_parameters()]

    def zero_grad(self):
        for x in self.parameters():
            x.grad = None

    def train(self, training=True):
        """Training (dropout is active) or, with False, use. Returns the module."""
        for _, x in _walk(self, ""):
            if isinstance(x, Module):
                x.training = training
        return self

    def eval(self):
        return self.train(False)

    def state_dict(self):
        """Copies of all parameters by name, {name: array}."""
        return {name: x.data.copy() for name, x in self.named_parameters()}

    def load_state_dict(self, state):
        """Copy arrays (or torch's tensors, as from a torch module's state_dict) into the parameters, by name.

        Dtypes stay. KeyError for names, ValueError for shapes that do not match; then nothing is changed.
        """
        own = dict(self.named_parameters())
        if own.keys() != set(state):
            missing, unknown = sorted(own.keys() - set(state)), sorted(set(state) - own.keys())
            raise KeyError(f"the names do not match: missing {missing}, unknown {unknown}")
        arrays = {name: np.asarray(array) for name, array in state.items()}
        for name, x in own.items():
            if arrays[name].shape != x.shape:
                raise ValueError(f"{name} has shape {x.shape}, the state has {arrays[name].shape}")
        for name, x in own.items():
            x.data[...] = arrays[name]
        return self


def _walk(owner, path):
    """Everything that belongs to `owner`, itself first, with its path."""
    yield path, owner
    if isinstance(owner, Module):
        items = vars(owner).items()
    elif isinstance(owner, (list, tuple)):
        items = enumerate(owner)
    else:
        return
    for name, x in items:
        yield from _walk(x, f"{path}.{name}" if path else str(name))


def uniform(rng, bound, *shape, dtype="float32"):
    """A parameter drawn from -bound..bound."""
    return Parameter(rng.uniform(-bound, bound, shape), dtype)


class Linear(Module):
    """x (..., in) -> x W^T + b (..., out); weight (out, in) and bias (out) are initialised as in torch."""

    def __init__(self, in_features, out_features, rng, bias=True, dtype="float32"):
        bound = in_features**-0.5
        self.weight = uniform(rng, bound, out_features, in_features, dtype=dtype)
        self.bias = uniform(rng, bound, out_features, dtype=dtype) if bias else None

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)


class Embedding(Module):
    """ids (...) -> rows of weight (V, D): (..., D); initialised from a standard normal times `scale`."""

    def __init__(self, vocabulary_size, features, rng, scale=1.0, dtype="float32"):
        self.weight = Parameter(scale * rng.standard_normal((vocabulary_size, features)), dtype)

    def forward(self, ids):
        return F.embedding(ids, self.weight)


class LayerNorm(Module):
    """Each row of features to mean 0 and variance 1, then times weight (D) plus bias (D)."""

    def __init__(self, features, eps=1e-5, dtype="float32"):
        self.eps = eps
        self.weight, self.bias = Parameter(np.ones(features), dtype), Parameter(np.zeros(features), dtype)

    def forward(self, x):
        return F.layer_norm(x, self.weight, self.bias, self.eps)


class Dropout(Module):
    """While training, zeroes each entry with probability p and scales the others by 1 / (1 - p)."""

    def __init__(self, p, rng):
        self.p, self.rng = p, rng

    def forward(self, x):
        return F.dropout(x, self.p, self.rng) if self.training and self.p else x


class Sequential(Module):
    """One layer after the other; a layer is a module or any function of one tensor."""

    def __init__(self, *layers):
        self.layers = layers

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
