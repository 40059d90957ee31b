"""The tape behind `nextword.autodiff`: tensors that remember how they were made, and the backward pass.

A `Tensor` knows from which tensors it was computed (`inputs`), and how a gradient with respect to it becomes
gradients with respect to them (`vjp`, a vector-Jacobian product). An operation is its forward line and its
vjp, handed to `node`. There is no global tape: the graph is the tensors, and it goes when they go.

No gradient is written into once it has been handed on, so two tensors may share one array as their `grad`.
Source: the lectures' backward computation, version B (reverse topological order, increment the inputs).
"""

import contextlib
import contextvars
from operator import attrgetter

import numpy as np

_recording = contextvars.ContextVar("recording", default=True)
_depth, _new = attrgetter("depth"), object.__new__


class Tensor:
    """An array, its gradient, and the operation it came from. With `requires_grad` the array is copied."""

    __slots__ = ("data", "grad", "requires_grad", "inputs", "vjp", "depth", "name")
    __array_ufunc__ = None  # so that `array * tensor` asks the tensor

    def __init__(self, data, requires_grad=False, dtype=None, name=""):
        self.data = np.array(data, dtype) if requires_grad else np.asarray(data, dtype)
        if requires_grad and self.data.dtype.kind != "f":
            raise TypeError(f"only floats have gradients, this is {self.data.dtype}: use .astype(float)")
        self.grad, self.requires_grad, self.name = None, requires_grad, name
        self.inputs, self.vjp, self.depth = (), None, 0  # a leaf

    shape = property(lambda self: self.data.shape)
    ndim = property(lambda self: self.data.ndim)
    dtype = property(lambda self: self.data.dtype)

    @property
    def operation(self):
        """The name of the function that made this tensor, such as "tanh" or "linear"; "" for a leaf."""
        name = getattr(self.vjp, "__qualname__", "") if self.vjp else ""
        return name.rsplit(".<locals>", 1)[0].split(".")[-1]

    def __len__(self):
        return len(self.data)

    def __repr__(self):
        made = ", requires_grad=True" if self.requires_grad else ""
        made = f", made by {self.operation}" if self.vjp else made
        values = np.array2string(np.asarray(self.data), threshold=20)
        return f"Tensor({values}, {self.dtype} {self.shape}{made})"

    def item(self):
        """The one number in this tensor."""
        return self.data.item()

    def detach(self):
        """The same array, without its history."""
        return Tensor(self.data)

    def backward(self, gradient=None):
        """Add this tensor's gradient, weighted by `gradient` (1 if scalar), to each leaf's `grad`."""
        for leaf, g in gradients(self, gradient).items():
            leaf.grad = g if leaf.grad is None else leaf.grad + g


def node(value, inputs, vjp):
    """The result of an operation, as a tensor.

    `vjp(g)` takes the gradient with respect to `value` and returns one for each of `inputs`: an array, an
    `At`, or None for zero. It may leave out what is costly and not asked for (`x.requires_grad`). Broadcasting
    is undone for it. Inside `no_grad`, and if no input requires a gradient, nothing is remembered.
    """
    out = _new(Tensor)
    out.data, out.grad, out.name, depth = value, None, "", 0
    if _recording.get():
        for x in inputs:  # one deeper than the deepest input: an order by depth is a topological order
            if x.requires_grad and x.depth >= depth:
                depth = x.depth + 1
    out.depth = depth
    if depth:
        out.requires_grad, out.inputs, out.vjp = True, inputs, vjp
    else:
        out.requires_grad, out.inputs, out.vjp = False, (), None
    return out


def as_tensor(value, like=None):
    """`value` itself if it is a tensor, else a constant; a Python number takes the dtype of `like`."""
    if isinstance(value, Tensor):
        return value
    return Tensor(value, dtype=like.dtype if like is not None and isinstance(value, (int, float)) else None)


@contextlib.contextmanager
def no_grad():
    """Remember nothing inside this block, as when a model is only used: `with no_grad(): ...`."""
    token = _recording.set(False)
    try:
        yield
    finally:
        _recording.reset(token)


def topological_order(root):
    """The computed tensors that `root` depends on and that require a gradient, inputs before users.

    Leaves are left out. No recursion, so only memory limits the depth. A cycle is a ValueError.
    """
    found, seen = [root], {root}
    for tensor in found:
        for x in tensor.inputs:
            if x.depth >= tensor.depth:
                raise ValueError(f"cycle: the result of {x.operation!r} is, in the end, its input")
            if x.depth and x not in seen:
                seen.add(x)
                found.append(x)
    found.sort(key=_depth)
    return found


def gradients(root, gradient=None, every=False):
    """{leaf: gradient of `root`, weighted by `gradient`, with respect to it}, for leaves that ask for one.

    With `every`, also for all tensors in between. Changes no `grad`. ValueError where that makes no sense.
    """
    totals, ours = {root: _seed(root, gradient)}, set()
    for tensor in reversed(topological_order(root)):
        if tensor.vjp is None or tensor not in totals:
            continue
        handed_back = tensor.vjp(totals[tensor] if every else totals.pop(tensor))
        if len(handed_back) != len(tensor.inputs):
            raise ValueError(f"the vjp of {tensor.operation!r} must return {len(tensor.inputs)} gradients")
        for x, g in zip(tensor.inputs, handed_back, strict=True):
            if g is None or not x.requires_grad:
                continue
            if type(g) is At:
                if x not in ours:  # a buffer of our own, which we may write into
                    totals[x] = totals[x].copy() if x in totals else np.zeros_like(x.data)
                    ours.add(x)
                g.add_to(totals[x])
                continue
            if g.shape != x.data.shape or g.dtype != x.data.dtype:
                g = _undo_broadcast(g, x.data, tensor)
            if x not in totals:
                totals[x] = g
            elif x in ours:
                totals[x] += g
            else:
                totals[x] = totals[x] + g
                ours.add(x)
    return totals


def _seed(root, gradient):
    if not root.requires_grad:
        raise ValueError("nothing to differentiate: no input requires_grad, or this was made in no_grad()")
    if gradient is None:
        if root.data.size != 1:
            raise ValueError(f"shape {root.shape} is no scalar: call backward with a gradient of that shape")
        return np.ones(root.shape, root.dtype) if root.ndim else root.dtype.type(1)
    if np.shape(gradient) != root.shape:
        raise ValueError(f"the gradient has shape {np.shape(gradient)}, the tensor {root.shape}")
    return np.asarray(gradient, root.dtype)


def _undo_broadcast(g, x, tensor):
    """Sum g over the axes along which x was repeated, and give it the dtype of x."""
    total = g.sum(axis=tuple(range(g.ndim - x.ndim))) if g.ndim > x.ndim else g
    if total.ndim == x.ndim:
        repeated = tuple(i for i, n in enumerate(x.shape) if n == 1 < total.shape[i])
        total = total.sum(axis=repeated, keepdims=True) if repeated else total
    if total.shape != x.shape:
        name = tensor.operation
        raise ValueError(f"the vjp of {name!r} gave an input of shape {x.shape} a gradient of {g.shape}")
    return np.asarray(total, x.dtype)


class At:
    """A gradient that is zero but at x[index]: what indexing hands back, without making all the zeros."""

    __slots__ = ("index", "values")

    def __init__(self, index, values):
        self.index, self.values = index, values

    def add_to(self, total):
        """total[index] += values, where a position that occurs twice gets both."""
        index = self.index if isinstance(self.index, tuple) else (self.index,)
        if not any(isinstance(i, (list, np.ndarray)) for i in index):
            total[self.index] += self.values
        elif len(index) == 1 and np.asarray(index[0]).dtype.kind in "iu":
            rows = np.asarray(index[0]).ravel() % len(total)
            _add_rows(total, rows, self.values.reshape(-1, *total.shape[1:]))
        else:
            np.add.at(total, self.index, self.values)


def _add_rows(total, rows, values):
    # Sorting, then adding up each run of equal rows, is three times as fast as np.add.at.
    order = np.argsort(rows, kind="stable")
    rows = rows[order]
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    if len(starts):
        total[rows[starts]] += np.add.reduceat(values[order], starts, axis=0)
