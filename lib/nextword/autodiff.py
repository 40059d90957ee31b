"""Reverse-mode automatic differentiation over NumPy arrays: the elementary operations, and the tape's names.

Each operation is its forward line and how a gradient g with respect to the result goes back to its inputs.
The names are NumPy's and PyTorch's; shapes broadcast as in NumPy. What neural networks need is in
`nextword.functional`.
"""

import numpy as np

from nextword.tape import At, Tensor, as_tensor, gradients, no_grad, node, topological_order

__all__ = ["At", "Tensor", "as_tensor", "gradients", "no_grad", "node", "topological_order"]


def _operands(x, y):
    if not isinstance(x, Tensor):
        return as_tensor(x, like=y), y
    return x, as_tensor(y, like=x)


def add(x, y):
    x, y = _operands(x, y)
    return node(x.data + y.data, (x, y), lambda g: (g, g))


def subtract(x, y):
    x, y = _operands(x, y)
    return node(x.data - y.data, (x, y), lambda g: (g, y.requires_grad and -g))


def multiply(x, y):
    x, y = _operands(x, y)
    return node(x.data * y.data, (x, y), lambda g: (x.requires_grad and g * y.data,
                                                    y.requires_grad and g * x.data))


def divide(x, y):
    x, y = _operands(x, y)
    value = x.data / y.data
    return node(value, (x, y), lambda g: (g / y.data, y.requires_grad and -g * value / y.data))


def power(x, exponent):
    """x to a constant power."""
    return node(x.data**exponent, (x,), lambda g: (g * exponent * x.data ** (exponent - 1),))


def matmul(x, y):
    """The matrix product of (..., N, K) and (..., K, M); leading axes are broadcast."""
    x, y = _operands(x, y)
    if min(x.ndim, y.ndim) < 2 or x.shape[-1] != y.shape[-2]:
        raise ValueError(f"matmul needs shapes (..., N, K) and (..., K, M), got {x.shape} and {y.shape}")
    return node(x.data @ y.data, (x, y), lambda g: (x.requires_grad and g @ y.data.swapaxes(-1, -2),
                                                    y.requires_grad and x.data.swapaxes(-1, -2) @ g))


def exp(x):
    value = np.exp(x.data)
    return node(value, (x,), lambda g: (g * value,))


def log(x):
    return node(np.log(x.data), (x,), lambda g: (g / x.data,))


def tanh(x):
    value = np.tanh(x.data)
    return node(value, (x,), lambda g: (g * (1 - value * value),))


def sum(x, axis=None, keepdims=False):
    def vjp(g):
        g = g if keepdims or axis is None else np.expand_dims(g, axis)
        return (np.broadcast_to(g, x.shape),)

    return node(x.data.sum(axis=axis, keepdims=keepdims), (x,), vjp)


def mean(x, axis=None, keepdims=False):
    total = sum(x, axis, keepdims)
    return total * (total.data.size / x.data.size)


def reshape(x, *shape):
    return node(x.data.reshape(*shape), (x,), lambda g: (g.reshape(x.shape),))


def transpose(x, *axes):
    """The axes in a new order, given as NumPy takes it; without arguments, reversed."""
    value = x.data.transpose(*axes)
    back = np.argsort(np.arange(x.ndim)[np.ravel(axes)]) if axes else None
    return node(value, (x,), lambda g: (g.transpose(back),))


def swapaxes(x, first, second):
    return node(x.data.swapaxes(first, second), (x,), lambda g: (g.swapaxes(first, second),))


def index(x, position):
    """x[position], where a position is all that NumPy takes: numbers, slices, arrays of row numbers."""
    return node(x.data[position], (x,), lambda g: (At(position, g),))


def concatenate(tensors, axis=0):
    """Joined along an axis that they have."""
    tensors = tuple(as_tensor(x) for x in tensors)
    ends = np.cumsum([x.shape[axis] for x in tensors])[:-1]
    return node(np.concatenate([x.data for x in tensors], axis), tensors, lambda g: np.split(g, ends, axis))


def stack(tensors, axis=0):
    """Joined along a new axis."""
    tensors = tuple(as_tensor(x) for x in tensors)
    return node(np.stack([x.data for x in tensors], axis), tensors, lambda g: np.moveaxis(g, axis, 0))


Tensor.__add__ = Tensor.__radd__ = add
Tensor.__mul__ = Tensor.__rmul__ = multiply
Tensor.__sub__, Tensor.__rsub__ = subtract, lambda x, y: subtract(y, x)
Tensor.__truediv__, Tensor.__rtruediv__ = divide, lambda x, y: divide(y, x)
Tensor.__matmul__, Tensor.__rmatmul__ = matmul, lambda x, y: matmul(y, x)
Tensor.__pow__, Tensor.__neg__, Tensor.__getitem__ = power, lambda x: x * -1, index
Tensor.exp, Tensor.log, Tensor.tanh, Tensor.sum, Tensor.mean = exp, log, tanh, sum, mean
Tensor.reshape, Tensor.transpose, Tensor.swapaxes = reshape, transpose, swapaxes
Tensor.T = property(transpose)
