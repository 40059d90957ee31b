"""Attention: every position looks at others and takes a weighted mean of what it finds there.

Shapes: B sequences of T tokens, `heads` heads; queries and keys have d_k features per head, values d_v.
Scores, softmax and weighted sum are one node of the tape: of all that is between only the weights are kept,
and the softmax's Jacobian is never formed. Sources: the lectures' matrix version; Vaswani et al. (2017);
Su et al. (2021) for rotary positions; Ainslie et al. (2023) for grouped queries.
"""

from functools import lru_cache

import numpy as np

from nextword import functional as F
from nextword.autodiff import as_tensor, node
from nextword.layers import Linear, Module, Parameter, uniform

LARGE = 60  # exp(-60) ... exp(60) and sums of them fit into float32


@lru_cache(maxsize=64)
def causal_mask(queries, keys):
    """Who sees whom, (queries, keys) booleans: the queries are the last positions, and none looks ahead."""
    seen = np.tri(queries, keys, keys - queries, dtype=bool)
    seen.flags.writeable = False
    return seen


def scaled_dot_product_attention(query, key, value, causal=False, mask=None):
    """softmax(Q K^T / sqrt(d_k)) V.

    query (..., T_q, d_k), key (..., T_k, d_k), value (..., T_k, d_v); leading axes are broadcast.
    causal: the queries are the last T_q of the T_k positions, and each sees itself and what is before it.
    mask: booleans (..., T_q, T_k), True where a query may look. A query that may look nowhere gets zeros.
    Returns (..., T_q, d_v). Named as in torch.nn.functional, whose `is_causal` takes them for the first T_q.
    """
    q, k, v = as_tensor(query), as_tensor(key), as_tensor(value)
    if causal:
        before = causal_mask(q.shape[-2], k.shape[-2])
        mask = before if mask is None else before & mask
    value, weights = attend(q.data, k.data, v.data, mask)
    return node(value, (q, k, v), lambda g: attend_backward(g, q.data, k.data, v.data, value, weights))


def self_attention(projected, heads, kv_heads=None, causal=False):
    """Multi-head attention of positions to each other, from queries, keys and values side by side.

    projected (B, T, (heads + 2 kv_heads) d_k): all heads' queries, then the keys, then the values, as one
    matrix product gives them. With fewer `kv_heads`, each serves heads / kv_heads neighbouring heads.
    Returns (B, T, heads d_k), the heads' results side by side, and the weights (B, heads, T, T), an array.
    """
    x = as_tensor(projected)
    q, k, v = split_heads(x.data, heads, kv_heads)
    B, T, _ = x.shape
    merged = np.empty((B, T, heads * q.shape[-1]), x.dtype)
    out = _by_head(merged, *q.shape[1:3])
    _, weights = attend(q, k, v, causal_mask(T, T) if causal else None, out)

    def vjp(g):
        g_x = np.empty_like(x.data)  # the gradients of Q, K and V go to where Q, K and V came from
        g = _by_head(g, *q.shape[1:3])
        attend_backward(g, q, k, v, out, weights, into=split_heads(g_x, heads, kv_heads))
        return (g_x,)

    return node(merged, (x,), vjp), weights.reshape(B, heads, T, T)


def split_heads(projected, heads, kv_heads=None):
    """Views of the queries (B, kv_heads, group, T, d_k) and of keys and values (B, kv_heads, 1, T, d_k).

    projected: (B, T, (heads + 2 kv_heads) d_k), where heads = kv_heads * group. ValueError if that cannot be.
    """
    kv_heads = kv_heads or heads
    B, T, width = projected.shape
    if heads % kv_heads or width % (heads + 2 * kv_heads):
        raise ValueError(f"{width} features do not divide into {heads} heads of queries "
                         f"and {kv_heads} of keys and values each")
    d_k = width // (heads + 2 * kv_heads)
    keys, values = heads * d_k, (heads + kv_heads) * d_k
    return (_by_head(projected[..., :keys], kv_heads, heads // kv_heads),
            _by_head(projected[..., keys:values], kv_heads, 1), _by_head(projected[..., values:], kv_heads, 1))


def _by_head(x, kv_heads, group):
    """A view of x, (B, T, heads d), as (B, kv_heads, group, T, d)."""
    return x.reshape(*x.shape[:2], kv_heads, group, -1).transpose(0, 2, 3, 1, 4)


class MultiHeadAttention(Module):
    """Self-attention with several heads, each with its own queries, keys and values; then one projection.

    Parameters are named and shaped as in torch.nn.MultiheadAttention: in_proj_weight (3 width, width) holds
    W_q, W_k and W_v below each other. kv_heads: fewer heads for keys and values (grouped queries). positions:
    "rotary" turns queries and keys.
    """

    def __init__(self, width, heads, rng, kv_heads=None, positions=None, dtype="float32"):
        self.heads, self.kv_heads, self.positions = heads, kv_heads or heads, positions
        if width % heads or heads % self.kv_heads:
            raise ValueError(f"width {width}, {heads} heads, {self.kv_heads} of them with keys and values: "
                             "each must be a multiple of the next")
        self.d_k = width // heads
        rows = (heads + 2 * self.kv_heads) * self.d_k
        self.in_proj_weight = uniform(rng, (6 / (rows + width)) ** 0.5, rows, width, dtype=dtype)
        self.in_proj_bias = Parameter(np.zeros(rows), dtype)
        self.out_proj = Linear(width, width, rng, dtype=dtype)
        self.out_proj.bias.data[:] = 0
        self.weights = None  # of the latest call, (B, heads, T, T_k), to look at

    def forward(self, x, causal=False, cache=None):
        """x (B, T, width) -> (B, T, width). Tokens in a `cache` come before x, and x is added to them."""
        projected = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        if self.positions == "rotary":
            by_head = projected.reshape(*x.shape[:2], -1, self.d_k)
            start = cache.length if cache else 0
            projected = rotary(by_head, self.heads + self.kv_heads, start).reshape(*projected.shape)
        if cache is None:
            attended, self.weights = self_attention(projected, self.heads, self.kv_heads, causal)
        else:
            attended, self.weights = self._cached(projected.data, cache)
        return self.out_proj(attended)

    def _cached(self, projected, cache):
        B, T, _ = projected.shape
        q, k, v = split_heads(projected, self.heads, self.kv_heads)
        k, v = cache.extended(k, v)
        attended, weights = attend(q, k, v, causal_mask(T, k.shape[-2]) if T > 1 else None)
        return attended.transpose(0, 3, 1, 2, 4).reshape(B, T, -1), weights.reshape(B, self.heads, T, -1)


class Cache:
    """The keys and values of the tokens so far, in one attention layer: (B, kv_heads, 1, length, d_k) each.

    capacity: how many tokens fit. Only for use, not for training: no gradient passes through.
    """

    def __init__(self, capacity):
        self.capacity, self.length, self.keys, self.values = capacity, 0, None, None

    def extended(self, keys, values):
        """Append these, and return all keys and all values. ValueError when they do not fit."""
        start, self.length = self.length, self.length + keys.shape[-2]
        if self.length > self.capacity:
            raise ValueError(f"the cache has room for {self.capacity} tokens, this would be {self.length}")
        if self.keys is None:
            self.keys, self.values = (np.empty((*x.shape[:-2], self.capacity, x.shape[-1]), x.dtype)
                                      for x in (keys, values))
        self.keys[..., start : self.length, :] = keys
        self.values[..., start : self.length, :] = values
        return self.keys[..., : self.length, :], self.values[..., : self.length, :]


# Where a token stands


def sinusoidal_positions(count, features, dtype="float32"):
    """Position embeddings that are not learned: sine and cosine of t / 10000^(2i / features), in turn.

    Returns (count, features). ValueError for an odd number of features. Source: Vaswani et al. (2017).
    """
    angles = _angles(np.arange(count), features)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(count, features).astype(dtype)


def rotary(x, heads, start=0):
    """Rotary positions: features 2i and 2i + 1 of the position t turn by the angle t / 10000^(2i / d_k).

    x: (B, T, all heads, d_k), of which the first `heads` are turned: queries and keys are, values are not.
    start: the position of the first token. A turned query times a turned key depends on their distance alone.
    Source: Su et al. (2021).
    """
    x = as_tensor(x)
    turn = _turns(x.shape[1], x.shape[-1], start, x.dtype)
    return node(_turned(x.data, heads, turn), (x,), lambda g: (_turned(g, heads, turn.conj()),))


@lru_cache(maxsize=64)
def _turns(count, features, start, dtype):
    """exp(i angle) for each of `count` positions and each pair of features: (count, 1, features / 2)."""
    turn = np.exp(1j * _angles(np.arange(start, start + count), features))
    return turn[:, None].astype(np.result_type(dtype, np.complex64))


def _turned(x, heads, turn):
    turned = np.array(x, order="C")
    pairs = turned.view(turn.dtype)[:, :, :heads]  # two neighbouring floats are a complex number
    pairs *= turn
    return turned


def _angles(positions, features):
    if features % 2:
        raise ValueError(f"positions are pairs of sine and cosine: {features} features should be even")
    return positions[:, None] * 10000.0 ** (-np.arange(0, features, 2) / features)


# On plain arrays, without a tape


def attend(q, k, v, seen=None, out=None):
    """softmax(q k^T / sqrt(d_k)) v and the weights. seen: None, or (..., T_q, T_k) booleans."""
    scaled = q * q.dtype.type(q.shape[-1] ** -0.5)  # cheaper than to scale the scores
    weights = np.matmul(scaled, k.swapaxes(-1, -2))
    _softmax(weights, seen)
    return np.matmul(weights, v, out=out), weights


def attend_backward(g, q, k, v, out, weights, into=(None, None, None)):
    """The gradients with respect to q, k and v, into these arrays if given; keys may serve several heads."""
    scale = q.dtype.type(q.shape[-1] ** -0.5)
    g_v = _matmul_summed(weights.swapaxes(-1, -2), g, into[2])
    g_scores = np.matmul(g, v.swapaxes(-1, -2))
    # weights * (g_weights - sum(g_weights * weights)), and that sum is sum(g * out): d_v terms instead of T_k
    g_scores -= np.add.reduce(g * out, axis=-1, keepdims=True)
    g_scores *= weights
    g_q = np.matmul(g_scores, k, out=into[0])
    g_q *= scale
    g_k = _matmul_summed(g_scores.swapaxes(-1, -2), q * scale, into[1])
    return g_q, g_k, g_v


def _matmul_summed(x, y, into):
    """x @ y into an array, summed over the heads that share a key."""
    if into is None or into.shape[2] == x.shape[2]:
        return np.matmul(x, y, out=into)
    return np.add.reduce(np.matmul(x, y), axis=2, keepdims=True, out=into)


def _softmax(scores, seen):
    """Softmax over the last axis, in place, of what is seen."""
    lowest, highest = np.minimum.reduce(scores, None), np.maximum.reduce(scores, None)
    if -LARGE < lowest and highest < LARGE:  # as a rule: nothing can overflow
        np.exp(scores, out=scores)
        if seen is not None:
            scores *= seen.astype(scores.dtype)
    else:
        if seen is not None:
            np.copyto(scores, -np.inf, where=~seen)
        largest = np.maximum.reduce(scores, axis=-1, keepdims=True, initial=np.finfo(scores.dtype).min)
        np.exp(np.subtract(scores, largest, out=scores), out=scores)
    totals = scores @ np.ones((scores.shape[-1], 1), scores.dtype)  # faster than a sum over the last axis
    scores /= totals if seen is None else np.maximum(totals, np.finfo(scores.dtype).tiny)
