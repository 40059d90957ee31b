"""What neural networks compute, each as one node of the tape.

As in torch.nn.functional: weights are (out, in), the last axis holds the features, losses are in nats.
"""

import functools

import numpy as np

from nextword.tape import At, as_tensor, node


@functools.cache
def _number(value, dtype):
    # NumPy works with an array without axes twice as fast as with a Python number, which shows in small networks.
    return np.asarray(value, dtype)


def relu(x):
    x = as_tensor(x)
    value = np.maximum(x.data, 0)
    return node(value, (x,), lambda g: (g * (value > 0),))


def sigmoid(x):
    """1 / (1 + exp(-x)), as (1 + tanh(x / 2)) / 2, which cannot overflow."""
    x = as_tensor(x)
    half, one = _number(0.5, x.dtype), _number(1, x.dtype)
    value = np.tanh(x.data * half)
    value *= half
    value += half

    def vjp(g):
        slope = one - value
        slope *= value
        slope *= g
        return (slope,)

    return node(value, (x,), vjp)


def _softmax(x, axis=-1):
    value = x - np.maximum.reduce(x, axis=axis, keepdims=True)
    np.exp(value, out=value)
    value /= np.add.reduce(value, axis=axis, keepdims=True)
    return value


def softmax(x, axis=-1):
    x = as_tensor(x)
    value = _softmax(x.data, axis)
    # g (diag(p) - p p^T) without the matrix
    return node(value, (x,), lambda g: (value * (g - (g * value).sum(axis=axis, keepdims=True)),))


def log_softmax(x, axis=-1):
    x = as_tensor(x)
    shifted = x.data - np.maximum.reduce(x.data, axis=axis, keepdims=True)
    value = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return node(value, (x,), lambda g: (g - np.exp(value) * g.sum(axis=axis, keepdims=True),))


def cross_entropy(logits, targets, weights=None):
    """The mean of -log softmax(logits)[target], in nats.

    logits (..., K); targets (...), integers in 0..K-1; weights (...), 1 where a target counts and 0 where it
    is padding: a weighted mean. Softmax and loss are one node, with gradient p - y times the target's share.
    """
    logits, targets = as_tensor(logits), np.asarray(targets)
    scores = logits.data
    if targets.shape != scores.shape[:-1] or targets.dtype.kind not in "iu":
        raise ValueError(f"logits {scores.shape} need integer targets of shape {scores.shape[:-1]}, "
                         f"got {targets.dtype} {targets.shape}")
    rows = scores if scores.ndim == 2 else scores.reshape(-1, scores.shape[-1])
    shifted = rows - np.maximum.reduce(rows, 1, keepdims=True)
    picked = np.arange(len(rows)), _checked(targets.reshape(-1), rows.shape[1], "target")
    share = _number(1 / len(rows), rows.dtype) if weights is None else _shares(weights, targets.shape, rows.dtype)
    target_logits = shifted[picked]
    exponentials = np.exp(shifted, shifted)
    totals = np.add.reduce(exponentials, 1, keepdims=True)
    losses = np.log(totals[:, 0])
    losses -= target_logits

    def vjp(g):
        scale = share * g  # of p - y: one number, or one for each row
        p_minus_y = exponentials * ((scale if weights is None else scale[:, None]) / totals)
        p_minus_y[picked] -= scale
        return (p_minus_y if scores.ndim == 2 else p_minus_y.reshape(scores.shape),)

    value = np.add.reduce(losses) * share if weights is None else losses.dot(share)
    return node(value, (logits,), vjp)


def _shares(weights, shape, dtype):
    """What each target counts in the mean: (N,), adding up to 1."""
    shares = np.broadcast_to(weights, shape).reshape(-1).astype(dtype)
    if not shares.sum() > 0:
        raise ValueError("the weights of the targets add up to 0: nothing to average, is everything padding?")
    return shares / shares.sum()


def _checked(ids, count, what):
    """ids (N,), if all are in 0..count-1; NumPy would take a negative one from the end."""
    if len(ids) and np.maximum.reduce(ids.astype(np.uint64)) >= count:  # as unsigned, -1 is huge
        raise IndexError(f"a {what} must be in 0..{count - 1}, got {ids.min()}..{ids.max()}")
    return ids


def linear(x, weight, bias=None):
    """x W^T + b: x (..., in), weight (out, in), bias (out) give (..., out)."""
    x = as_tensor(x)
    a, w = x.data, weight.data
    if not a.ndim or a.shape[-1] != w.shape[1]:
        raise ValueError(f"linear: a weight (out, in) = {w.shape} needs x (..., {w.shape[1]}), got {a.shape}")
    flat = a.ndim == 2
    rows = a if flat else a.reshape(-1, a.shape[-1])
    if bias is None:
        value = rows.dot(w.T)
    elif 1 < len(rows) < len(w):  # BLAS is a fifth faster with the larger side first
        value = np.add(w.dot(rows.T).T, bias.data, order="C")
    else:
        value = rows.dot(w.T)
        value += bias.data

    def vjp(g):
        g = g if flat else g.reshape(len(rows), -1)
        g_x = None
        if x.requires_grad:
            g_x = g.dot(w) if flat else g.dot(w).reshape(a.shape)
        g_weight = g.T.dot(rows) if weight.requires_grad else None
        return (g_x, g_weight) if bias is None else (g_x, g_weight, np.add.reduce(g, 0))

    value = value if flat else value.reshape(*a.shape[:-1], -1)
    return node(value, (x, weight) if bias is None else (x, weight, bias), vjp)


def embedding(ids, weight):
    """Row ids[...] of weight (V, D) for every id: (..., D). An id seen twice adds to its gradient twice."""
    ids = np.asarray(ids)
    if ids.dtype.kind not in "iu":
        raise TypeError(f"ids are integers, these are {ids.dtype}")
    _checked(ids.reshape(-1), len(weight), "token id")
    return node(weight.data[ids], (weight,), lambda g: (At(ids, g),))


def layer_norm(x, weight, bias, eps=1e-5):
    """(x - mean) / sqrt(variance + eps) * weight + bias over the last axis, with the biased variance."""
    x = as_tensor(x)
    features = x.shape[-1]
    normal = x.data - np.add.reduce(x.data, axis=-1, keepdims=True) / features
    variance = np.add.reduce(normal * normal, axis=-1, keepdims=True) / features
    scale = 1 / np.sqrt(variance + eps)
    normal *= scale

    def vjp(g):
        g_normal = g * weight.data
        g_x = g_normal - np.add.reduce(g_normal, axis=-1, keepdims=True) / features
        g_x -= normal * (np.add.reduce(g_normal * normal, axis=-1, keepdims=True) / features)
        g_x *= scale
        return g_x, g * normal, g  # the tape sums the last two over the rows

    return node(normal * weight.data + bias.data, (x, weight, bias), vjp)


def dropout(x, p, rng):
    """Zero each entry with probability p, scale the rest by 1 / (1 - p); `rng` is a NumPy generator."""
    x = as_tensor(x)
    kept = (rng.random(x.shape) >= p).astype(x.dtype) * x.dtype.type(1 / (1 - p))
    return node(x.data * kept, (x,), lambda g: (g * kept,))
