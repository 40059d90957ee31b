"""Gradients that an answer must match: PyTorch's, with a random cotangent, and finite differences."""

import numpy as np


def cotangent(shape, seed=0):
    """A random upstream gradient of this shape (float64): every entry has a size between 0.5 and 2 and a random sign.

    Never ones: with all ones most wrong backward passes look right.
    """
    random = np.random.default_rng([seed, 0x67])
    g = random.uniform(0.5, 2.0, shape) * np.where(random.random(shape) < 0.5, -1.0, 1.0)
    return g if np.shape(g) else float(g)


def is_differentiable(value):
    """Whether a gradient with respect to this input is asked for: floats are, integers, labels and None are not."""
    dtype = getattr(value, "dtype", None)
    if dtype is not None:
        return "float" in str(dtype)
    return type(value) is float or (type(value) in (list, tuple) and bool(value) and all(map(is_differentiable, value)))


def forward(reference, inputs):
    """PyTorch's result for these inputs: the differentiable ones as leaves, and the output."""
    import torch

    leaves = [
        torch.tensor(np.asarray(x, dtype=np.float64), requires_grad=True) if is_differentiable(x)
        else torch.as_tensor(x) if isinstance(x, np.ndarray) else x
        for x in inputs
    ]
    return leaves, reference(*leaves)


def pull_back(leaves, output, g):
    """The gradients of sum(output * g) with respect to the differentiable leaves, as arrays."""
    import torch

    wanted = [x for x in leaves if torch.is_tensor(x) and x.requires_grad]
    g = torch.as_tensor(np.asarray(g, dtype=np.float64))
    found = torch.autograd.grad((output * g).sum(), wanted, allow_unused=True, retain_graph=True)
    return [np.zeros(x.shape) if d is None else d.numpy() for x, d in zip(wanted, found, strict=True)]


def torch_gradients(reference, inputs, g):
    """Gradients of sum(reference(*inputs) * g) by PyTorch in float64: one array for each float input, in order."""
    return pull_back(*forward(reference, inputs), g)


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
