"""The gradients that an answer must match: PyTorch's, with a random cotangent; and finite differences."""

import inspect

import numpy as np


def cotangent(shape, seed=0):
    """A random upstream gradient of this shape: float64, sizes in [0.5, 2), both signs.

    Never all ones: then most wrong backward passes look right.
    """
    random = np.random.default_rng([seed, 0x67])
    g = random.uniform(0.5, 2.0, shape) * np.where(random.random(shape) < 0.5, -1.0, 1.0)
    return g if np.shape(g) else float(g)


def torch_gradients(reference, inputs, g):
    """Gradients of sum(reference(*inputs) * g) by PyTorch in float64, one array for each float input.

    Inputs that are not floats (labels, sizes, functions) are passed on and get no gradient.
    """
    return Reference(reference, inputs).gradients(g)


def is_differentiable(value):
    """Whether a gradient with respect to this input is asked for."""
    dtype = getattr(value, "dtype", None)
    if dtype is not None:
        return "float" in str(dtype)
    if type(value) in (list, tuple):
        return bool(value) and all(map(is_differentiable, value))
    return type(value) is float


class Reference:
    """A forward pass by PyTorch: `output`, and its gradients for any cotangent."""

    def __init__(self, function, inputs):
        import torch

        self.leaves, passed = [], []
        for value in inputs:
            if is_differentiable(value):
                value = torch.tensor(np.asarray(value, dtype=np.float64), requires_grad=True)
                self.leaves.append(value)
            elif isinstance(value, np.ndarray):
                value = torch.tensor(value)
            passed.append(value)
        self.output = function(*passed)

    def gradients(self, g):
        import torch

        g = torch.tensor(np.asarray(g, dtype=np.float64))
        found = torch.autograd.grad((self.output * g).sum(), self.leaves, allow_unused=True, retain_graph=True)
        return [np.zeros(tuple(x.shape)) if d is None else d.numpy() for x, d in zip(self.leaves, found, strict=True)]


def parameter_names(reference, count):
    """The names of the inputs of a test's reference function, else x1, x2, ..."""
    try:
        names = list(inspect.signature(reference).parameters)
    except (TypeError, ValueError):
        names = []
    return names if len(names) == count else [f"x{i + 1}" for i in range(count)]


def finite_difference_jacobian(f, x, eps=1e-6):
    """The Jacobian of f at x by central differences: shape (*f(x).shape, *x.shape), error about 1e-9."""
    x = np.array(x, dtype=np.float64)
    columns = []
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += eps
        down[index] -= eps
        columns.append((np.asarray(f(up), dtype=np.float64) - np.asarray(f(down), dtype=np.float64)) / (2 * eps))
    return np.stack(columns, axis=-1).reshape(columns[0].shape + x.shape)
