# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 05 Attention
#
# A recurrent network carries everything it has read in one vector of fixed length. Each word is folded into
# that vector, each word makes what came before a little fainter, and when at last somebody asks *which name
# stood at the beginning?*, the answer has survived twenty multiplications or it has not.
#
# **Attention** does not carry, it looks back. Every position keeps its own vector; a position that needs
# something compares what it is looking for with what every earlier position has to offer, and takes a mean of
# the offers, weighted by how well they match. The first word is as near as the last. In this notebook you build
# this one operation, forwards and backwards: for one query, for a whole sentence, for a batch, with several
# heads; you give it a sense of order, which it lacks; you prove that it never peeks at the future; and you
# count what it costs. At the end a single layer of it, made of *your* functions, learns the narwhal language
# and overtakes the RNN.

# %% [markdown]
# ## Notation
#
# A sentence is a matrix $x$ of $T$ rows: $x_t$ is the vector of $D$ numbers, $D = d_\text{model}$, that stands
# for the token at position $t$. Three matrices of parameters turn each $x_t$ into three new vectors:
#
# | name | computed as | shape of a row | what it is |
# |---|---|---|---|
# | query $q_t$ | $W_q\, x_t$ | $d_k$ | what position $t$ looks for |
# | key $k_t$ | $W_k\, x_t$ | $d_k$ | what position $t$ can be found by |
# | value $v_t$ | $W_v\, x_t$ | $d_v$ | what it hands over to whoever finds it |
# | score $s_{t,j}$ | $q_t \cdot k_j / \sqrt{d_k}$ | a number | how well $k_j$ matches $q_t$ |
# | weight $a_{t,j}$ | $\operatorname{softmax}_j(s_{t,j})$ | a number | how much of $v_j$ position $t$ takes |
# | result $x'_t$ | $\sum_j a_{t,j}\, v_j$ | $d_v$ | what position $t$ has found |
#
# $t$ is always the position that looks and $j$ the one that is looked at. As everywhere in this course (and in
# PyTorch) a weight matrix has one row per output, so $W_q$ and $W_k$ are $(d_k, D)$ and $W_v$ is $(d_v, D)$;
# the lectures write the transposed matrices. Capital $Q$, $K$, $V$ hold all queries, keys and values as rows.
# $B$ is the number of sentences in a batch, $h$ the number of heads (no longer a state), and $L$ the number of
# positions that a model knows. $V$ in a *shape*, as in $(T, V)$, is the size of the vocabulary, as in the other
# notebooks. Losses are in nats.

# %% given="setup"
import numpy as np

# %% [markdown]
# Why should a model look back at all? In the narwhal language people talk about each other, and names return:

# %% figure="returning_names"
from nextword import corpora
from nextword.narwhals import NAMES

narwhals = corpora.narwhals()
telling = [s for s in narwhals.train if "tells" in s or "answers" in s or "so" in s]
for sentence in telling[:6]:
    print(" ".join(word.upper() if word in NAMES else word for word in sentence))

# %% [markdown]
# # Part 1: one query
#
# ## Exercise 1: the last token looks back
# *Difficulty 2 of 5 · about 20 minutes · 2 points*
#
# The lectures' example has four tokens $x_1, \dots, x_4$, and the fourth one looks back at all of them, itself
# included. Three steps: how well does each key match the query, how much weight does it get, and what is the
# weighted sum of the values?
#
# $$s_{4,j} = \frac{k_j \cdot q_4}{\sqrt{d_k}}, \qquad
# (a_{4,1}, \dots, a_{4,4}) = \operatorname{softmax}(s_{4,1}, \dots, s_{4,4}), \qquad
# x'_4 = \sum_{j=1}^{4} a_{4,j}\, v_j .$$
#
# The softmax makes the weights positive and lets them add up to 1, so $x'_4$ lies *between* the values.
# Attention is a soft version of looking something up in a dictionary: the key that matches best gets most of
# the weight, but every key gets some, and so there is a gradient for all of them.
#
# Write `attend_last(x, W_q, W_k, W_v)` for any number $T$ of tokens: the last one looks at all $T$. Scores may
# be large, so the softmax must not overflow.
#
# <details><summary>Hint 1: how many queries, keys and values are needed?</summary>
#
# Only the last token asks, so there is one query. Everybody can be found, so there are $T$ keys and $T$ values.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# The query is the product of `W_q` with the last row of `x`; the keys, one per row, are `x` times the
# transposed `W_k`; the same for the values. All scores at once: keys times query. The softmax after the largest
# score is subtracted. The output: weights times values.
#
# </details>
# <details><summary>Hint 3: if you see "matmul: Input operand 1 has a mismatch in its core dimension"</summary>
#
# Write the shapes side by side: `x` is $(T, D)$ and `W_k` is $(d_k, D)$. The inner sizes of a product must
# agree.
#
# </details>

# %% answer="attend_last"
def attend_last(x, W_q, W_k, W_v):
    """Attention of the last token to all tokens, itself included.

    x: (T, D), one token per row. W_q, W_k: (d_k, D). W_v: (d_v, D).
    Returns a dict: "weights" (T,), the a_j; "output" (d_v,), x'.
    """
    ### BEGIN SOLUTION
    q, keys, values = W_q @ x[-1], x @ W_k.T, x @ W_v.T
    scores = keys @ q / np.sqrt(len(q))
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    return {"weights": weights, "output": weights @ values}
    ### END SOLUTION

# %% test="attend_last" points=1
import numpy as np
import torch
from nextword import checks


def last_by_torch(x, W_q, W_k, W_v, asks=-1, scale=None):
    """What attend_last should return, or with another query or scale. (A value of ones at j finds the weight of j.)"""
    x, *weights = (torch.tensor(array) for array in (x, W_q, W_k, W_v))
    q, K, V = (torch.nn.functional.linear(x, W)[None] for W in weights)
    eye = torch.eye(len(x), dtype=torch.float64)[None]
    look = torch.nn.functional.scaled_dot_product_attention
    return {name: look(q[:, [asks]], K, value, scale=scale)[0, 0] for name, value in (("weights", eye), ("output", V))}


check = checks.of(attend_last)
rng = np.random.default_rng(1)
x, W_q, W_k, W_v = inputs = [rng.normal(size=shape) for shape in ((4, 5), (3, 5), (3, 5), (2, 5))]
expected = last_by_torch(*inputs)
check.call(*inputs).close_to(expected, mistakes={
    "the scores are divided by sqrt(D), not by sqrt(d_k)": last_by_torch(*inputs, scale=5**-0.5),
    "the scores are divided by sqrt(T), not by sqrt(d_k)": last_by_torch(*inputs, scale=4**-0.5),
    "the scores are divided by d_k, not by its root": last_by_torch(*inputs, scale=1 / 3),
    "the scores are not divided by sqrt(d_k)": last_by_torch(*inputs, scale=1.0),
    "the first token asks, not the last": last_by_torch(*inputs, asks=0),
    "the values are made with the key projection W_k": last_by_torch(x, W_q, W_k, W_k),
    "the tokens themselves are summed up, without W_v": last_by_torch(x, W_q, W_k, np.eye(5)),
    "queries and keys have changed their matrices": last_by_torch(x, W_k, W_q, W_v),
    "the weights are not divided by their sum":
        {name: part / expected["weights"].max() for name, part in expected.items()},
})
check.passed()

# %% hidden="attend_last" points=1
# Other sizes, d_v = d_k, a single token, and scores so large that an unshifted softmax overflows.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks


def last_reference(x, W_q, W_k, W_v, divisor=None, over=None, normalise=True):
    x, W_q, W_k, W_v = (torch.tensor(array) for array in (x, W_q, W_k, W_v))
    q, keys, values = W_q @ x[-1], x @ W_k.T, x @ W_v.T
    scores = keys @ q / (divisor or len(q) ** 0.5)
    weights = torch.softmax(scores, dim=0) if normalise else scores.exp()
    return {"weights": weights, "output": weights @ {None: values, "keys": keys, "x": x}[over]}


check = checks.of(attend_last)
rng = np.random.default_rng(2)
for T, D, d_k, d_v in ((7, 4, 3, 2), (2, 3, 5, 5), (1, 4, 3, 6), (6, 9, 4, 4)):
    inputs = [rng.normal(size=shape) for shape in ((T, D), (d_k, D), (d_k, D), (d_v, D))]
    check.call(*inputs).close_to(last_reference(*inputs), mistakes={
        "the scores are divided by sqrt(D), not by sqrt(d_k)": last_reference(*inputs, divisor=D**0.5),
        "the scores are divided by sqrt(T), not by sqrt(d_k)": last_reference(*inputs, divisor=T**0.5),
        "the scores are divided by sqrt(d_v), not by sqrt(d_k)": last_reference(*inputs, divisor=d_v**0.5),
        "the scores are divided by d_k, not by its root": last_reference(*inputs, divisor=d_k),
        "the scores are multiplied by sqrt(d_k)": last_reference(*inputs, divisor=d_k**-0.5),
        "the scores are not divided by sqrt(d_k)": last_reference(*inputs, divisor=1),
        "the values are made with the key projection W_k": last_reference(*inputs, over="keys"),
        "the tokens themselves are summed up, without W_v": last_reference(*inputs, over="x"),
        "the weights are not divided by their sum": last_reference(*inputs, normalise=False),
    })
x, W_q, W_k, W_v = (rng.normal(size=shape) for shape in ((5, 3), (2, 3), (2, 3), (4, 3)))
for large in (300, -300):
    inputs = [300 * x, large * W_q, W_k, W_v]
    check.call(*inputs).close_to(last_reference(*inputs), mistakes={
        "exp sees the scores before the largest is subtracted, and overflows": lambda: {
            "weights": np.nan * x[:, 0], "output": np.nan * W_v[:, 0]},
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 2: the poll
# *Difficulty 1 of 5 · about 10 minutes · 1 point*
#
# In the lectures this is a question to the class. Four tokens, and the weights with which the fourth looks at
# them:
#
# $$x_1 = [1, 0, 0, 0],\; x_2 = [0, 1, 0, 0],\; x_3 = [0, 0, 2, 0],\; x_4 = [0, 0, 0, 1], \qquad
# a_4 = [0.1,\; 0.2,\; 0.6,\; 0.1],$$
#
# and $W_v$ is the identity matrix, so the values are the tokens themselves. Now $x_2$ and $x_3$ change places.
# $W_q$, $W_k$ and $W_v$ stay as they are. **What is the new $x'_4$?** Decide before you read on, and write it
# down.
#
# To be sure, ask where the number $a_{4,3} = 0.6$ came from: from $q_4$ and $k_3$. And $k_3$ came from the
# *content* of $x_3$; nobody told it that it stands in the third place.
#
# Write `poll(x, a, order)`. The tokens `x` have the weights `a` (of the last token, which asks). Then they are
# put into another order: the token at place $i$, counted from 0, is now the one that was at place `order[i]`;
# the last one stays last. (The change of places above is `order = [0, 2, 1, 3]`.) Return the new weights and
# the new result. Nothing has to be known about $W_q$ and $W_k$.
#
# <details><summary>Hint 1: where do the new weights come from?</summary>
#
# The score between the last token and the one at place $i$ depends on these two tokens and on nothing else.
# Which weight did that token have before?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# New weights: `a` in the new order. New tokens: `x` in the new order. The result is the weighted sum. Then look
# at it for a moment: did it have to be computed again?
#
# </details>
# <details><summary>Hint 3: if you see "list indices must be integers or slices, not list"</summary>
#
# An array can be indexed with a list of places, `a[order]`; a Python list cannot. Have you made one of `a`?
#
# </details>

# %% answer="poll"
def poll(x, a, order):
    """What the last token finds after the tokens have changed places; values are the tokens themselves.

    x: (T, D). a: (T,), the weights before. order: list of T int, its last one T - 1.
    Returns a dict: "weights" (T,), "output" (D,).
    """
    ### BEGIN SOLUTION
    return {"weights": a[order], "output": a @ x}
    ### END SOLUTION

# %% test="poll" points=0
import numpy as np
import torch
from nextword import checks

check = checks.of(poll)
x = np.diag([1.0, 1.0, 2.0, 1.0])
a = np.array([0.1, 0.2, 0.6, 0.1])
order = [0, 2, 1, 3]
# Keys of one feature with which attention gives these weights; then the same attention after the move.
W_k = torch.linalg.solve(torch.tensor(x), torch.tensor(a).log())
moved = torch.tensor(x[order])
query, keys = torch.ones(1, 1, dtype=torch.float64), (moved @ W_k)[:, None]
look = torch.nn.functional.scaled_dot_product_attention
after = {"weights": look(query, keys, torch.eye(4, dtype=torch.float64))[0], "output": look(query, keys, moved)[0]}
check.call(x, a, order).close_to(after, mistakes={
    "the weights stay at their places, as if they belonged to positions":
        {"weights": a, "output": [0.1, 0.6, 0.4, 0.1]},
    "the tokens stay where they were and only the weights move":
        {"weights": after["weights"], "output": [0.1, 0.6, 0.4, 0.1]},
    "nothing moves: the second and the third weight have changed places": {"weights": a, "output": after["output"]},
})
check.passed()

# %% hidden="poll" points=1
# Other sizes, and orders in which three and more tokens change places in a circle.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

check = checks.of(poll)
rng = np.random.default_rng(3)
for order, D in (([1, 2, 0, 3], 5), ([2, 0, 3, 1, 4], 3), ([0, 1], 4), ([3, 0, 4, 1, 2, 5], 2)):
    T = len(order)
    x, q, W_k = rng.normal(size=(T, D)), rng.normal(size=3), rng.normal(size=(3, D))
    a = torch.softmax(torch.tensor(x @ W_k.T @ q / 3**0.5), dim=0).numpy()
    after = torch.softmax(torch.tensor(x[order] @ W_k.T @ q / 3**0.5), dim=0)
    back = np.argsort(order)
    check.call(x, a, order).close_to({"weights": after, "output": after @ torch.tensor(x[order])}, mistakes={
        "the weights stay at their places, as if they belonged to positions": {"weights": a, "output": a @ x[order]},
        "the tokens stay where they were and only the weights move": {"weights": a[order], "output": a[order] @ x},
        "the order is read the wrong way round: the token from place i goes to place order[i]":
            {"weights": a[back], "output": a @ x},
        "nothing moves": {"weights": a, "output": a @ x},
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# So nothing changes, $x'_4 = [0.1, 0.2, 1.2, 0.1]$ before and after: *weights follow content*. For finding
# something this is a blessing, since it does not matter where it stands. For a language it is a problem (*cows
# eat hay* and *hay eat cows*), and part 4 solves it.

# %% [markdown]
# ## Exercise 3: why divide by a root?
# *Difficulty 3 of 5 · about 25 minutes · 2 points*
#
# Dividing by $\sqrt{d_k}$ looks like a detail. Leave it out, and a model with large heads hardly learns. The
# reason is statistics. At the beginning of training the components of queries and keys are like independent
# random numbers with mean 0 and variance 1. A score is a sum of $d_k$ products of them, so it has mean 0 and a
# variance that *grows* with $d_k$ (how fast is the written question below).
#
# Large scores make an extreme softmax: one weight is almost 1 and all others almost 0. And there the softmax is
# flat. Its Jacobian is $\partial a_i / \partial s_j = a_i (\delta_{ij} - a_j)$, where $\delta_{ij}$ is 1 if
# $i = j$ and otherwise 0. The sum of its diagonal,
#
# $$\text{slope}(a) = \sum_j a_j (1 - a_j) = 1 - \sum_j a_j^2,$$
#
# says how much of a gradient can pass: it is $1 - 1/T$ for equal weights and 0 when one weight is 1.
#
# Write `scale_effect(q, k)`, which measures both. You are handed $N$ random queries, and for each of them $T$
# keys. Compute all scores $q \cdot k$ and return their variance (over all $N \cdot T$ of them, the mean of the
# squared distances from their mean) and the mean of the slopes of the $N$ softmaxes, each once for the raw
# scores and once for those divided by $\sqrt{d_k}$. Raw scores are large, so again the softmax must not
# overflow.
#
# <details><summary>Hint 1: which shape have the scores?</summary>
#
# One number for each query and each of its keys: $(N, T)$. The softmax runs over the $T$ keys of one query.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# Multiply `k` with `q`, given a new axis in the middle, and sum over the last axis. Then for both versions of
# the scores: the variance of all entries; the softmax over the last axis; 1 minus the sum of squares over the
# last axis; the mean.
#
# </details>
# <details><summary>Hint 3: if you see "operands could not be broadcast together"</summary>
#
# `q` is $(N, d_k)$ and `k` is $(N, T, d_k)$. `q[:, None, :]` is $(N, 1, d_k)$, which is repeated along $T$.
#
# </details>

# %% answer="scale_effect"
def scale_effect(q, k):
    """How large scores are and how flat the softmax is, with and without the division by sqrt(d_k).

    q: (N, d_k), one query per row. k: (N, T, d_k), T keys for each query.
    Returns a dict of floats: "variance" and "slope" of the raw scores, "variance_scaled" and "slope_scaled".
    """
    ### BEGIN SOLUTION
    def slope(scores):
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        return np.mean(1 - np.sum(weights**2, axis=1))

    raw = np.sum(q[:, None, :] * k, axis=2)
    scaled = raw / np.sqrt(q.shape[1])
    return {"variance": raw.var(), "slope": slope(raw), "variance_scaled": scaled.var(), "slope_scaled": slope(scaled)}
    ### END SOLUTION

# %% test="scale_effect" points=1
import numpy as np
import torch
from nextword import checks

jacobian = torch.autograd.functional.jacobian


def effect_by_torch(q, k, divisor=None, dim=0, variance=lambda scores: scores.var(correction=0), slope=None):
    """The slope as what it is: the sum of the diagonal of the softmax's Jacobian."""
    raw = torch.stack([torch.tensor(keys) @ torch.tensor(query) for query, keys in zip(q, k)])
    result = {}
    for name, scores in (("", raw), ("_scaled", raw / (divisor or q.shape[1] ** 0.5))):
        result["variance" + name] = variance(scores)
        rows = scores if dim == 0 else scores.T
        slopes = [slope(row) if slope else jacobian(lambda row: row.softmax(0), row).trace() for row in rows]
        result["slope" + name] = torch.stack(slopes).mean()
    return result


check = checks.of(scale_effect)
rng = np.random.default_rng(4)
q, k = rng.normal(size=(5, 6)), rng.normal(size=(5, 4, 6))
expected = effect_by_torch(q, k)
check.call(q, k).close_to(expected, mistakes={
    "the scaled scores are divided by d_k, not by its root": effect_by_torch(q, k, divisor=6),
    "the scaled scores are divided by sqrt(T), not by sqrt(d_k)": effect_by_torch(q, k, divisor=2),
    "the softmax runs over the queries, not over the keys of one query": effect_by_torch(q, k, dim=1),
    "the variance is divided by the number of scores minus 1": effect_by_torch(q, k, variance=torch.var),
    "the variance is taken within each query, and then the mean; it is asked for over all scores":
        effect_by_torch(q, k, variance=lambda scores: scores.var(dim=1, correction=0).mean()),
    "the slope is the largest weight": effect_by_torch(q, k, slope=lambda row: row.softmax(0).max()),
    "the slope is the sum of squares and not 1 minus it":
        expected | {name: 1 - expected[name] for name in ("slope", "slope_scaled")},
    "the slope of a softmax is a sum over its keys, not a mean over them":
        expected | {name: expected[name] / 4 for name in ("slope", "slope_scaled")},
    "the slopes of all queries are added up; their mean is asked for":
        expected | {name: expected[name] * 5 for name in ("slope", "slope_scaled")},
})
check.passed()

# %% hidden="scale_effect" points=1
# Other sizes, a d_k of several hundred, and scores for which an unshifted softmax overflows.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks


def effect_reference(q, k, divisor=None, dim=1, correction=0, sign=1):
    """The slope as the trace of the Jacobian that autograd computes."""
    q, k = torch.tensor(q), torch.tensor(k)
    raw = (q[:, None] * k).sum(2)

    def slope(s):
        if dim == 0:
            return (1 - s.softmax(0).square().sum(0)).mean()
        jacobians = [torch.autograd.functional.jacobian(lambda row: row.softmax(0), row) for row in s]
        return sign * torch.stack([jacobian.trace() for jacobian in jacobians]).mean()

    scaled = raw / (divisor or q.shape[1] ** 0.5)
    return {"variance": raw.var(correction=correction), "slope": slope(raw),
            "variance_scaled": scaled.var(correction=correction), "slope_scaled": slope(scaled)}


check = checks.of(scale_effect)
rng = np.random.default_rng(5)
for N, T, d_k in ((3, 5, 2), (6, 4, 300), (4, 7, 9)):
    q, k = rng.normal(size=(N, d_k)), rng.normal(size=(N, T, d_k))
    check.call(q, k).close_to(effect_reference(q, k), mistakes={
        "the scaled scores are divided by d_k, not by its root": effect_reference(q, k, divisor=d_k),
        "the scaled scores are divided by sqrt(T), not by sqrt(d_k)": effect_reference(q, k, divisor=T**0.5),
        "the softmax runs over the queries, not over the keys of one query": effect_reference(q, k, dim=0),
        "the variance is divided by the number of scores minus 1": effect_reference(q, k, correction=1),
        "the slope has the wrong sign": effect_reference(q, k, sign=-1),
    })
q, k = 40 * rng.normal(size=(3, 8)), rng.normal(size=(3, 5, 8)) * 20
check.call(q, k).close_to(effect_reference(q, k), atol=1e-12)
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# The picture shows the mean slope of the softmax for 500 queries with 16 keys each, against $d_k$ from 1 to
# 1024 on a logarithmic axis. Solid with dots: raw scores. Dashed with squares: scores divided by $\sqrt{d_k}$.
#
# *Alternative text: two curves over $d_k$. That of the raw scores falls from almost 0.9 at $d_k = 1$ to less
# than 0.1 at 1024; that of the scaled scores stays level at almost 0.9.*
#
# *What to see:* the scaled slope hardly depends on $d_k$ and stays not far below 1. The raw one falls towards
# 0: with $d_k = 64$, the size of a head in GPT (the first of the language models that notebook 06 looks at),
# about a quarter is left of it, so most of the gradient is lost before the first step.

# %% figure="saturation"
import matplotlib.pyplot as plt
from nextword import plots_attention

rng = np.random.default_rng(0)
sizes = [2**i for i in range(11)]
measured = [scale_effect(rng.standard_normal((500, d)), rng.standard_normal((500, 16, d))) for d in sizes]
plots_attention.saturation(sizes, {"raw scores": [m["slope"] for m in measured],
                                   "divided by $\\sqrt{d_k}$": [m["slope_scaled"] for m in measured]})
plt.show()

# %% [markdown]
# ## Written question 1: the variance of a score
# *About 10 minutes · 3 points*
#
# Let the components of $q$ and $k$ be independent random numbers, each with mean 0 and variance 1. Derive the
# variance of $q \cdot k = \sum_{i=1}^{d_k} q_i k_i$, and say what it becomes after the division by
# $\sqrt{d_k}$. Then explain in two or three sentences what would happen in training without the division, and
# why a division by $d_k$ is no good idea either.

# %% [markdown] written="variance" points=3
# ### BEGIN SOLUTION
# Each product has mean $E[q_i k_i] = E[q_i]\, E[k_i] = 0$ since the two are independent, and variance $E[q_i^2
# k_i^2] - 0 = E[q_i^2]\, E[k_i^2] = 1 \cdot 1 = 1$. Products with different $i$ are independent, so their
# variances add up: $\operatorname{Var}(q \cdot k) = d_k$. Dividing by $c$ divides the variance by $c^2$, so
# with $c = \sqrt{d_k}$ it is 1 whatever $d_k$ is.
#
# Without the division scores have a standard deviation of $\sqrt{d_k}$, 8 for a head of 64 features. Then the
# softmax gives nearly all weight to one key, which is chosen by chance, and its Jacobian $a_i(\delta_{ij} -
# a_j)$ is nearly 0: no gradient reaches $W_q$ and $W_k$, and the accidental choice cannot be unlearned.
#
# After a division by $d_k$ the variance would be $1/d_k$: all scores are nearly 0, all weights nearly $1/T$,
# whatever the queries and keys say. Attention begins as a plain mean, and the weights $W_q$, $W_k$ must grow
# large before it can prefer anything.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# * 1 point: mean 0 and variance 1 of one product, with independence used; the variances add up to $d_k$; 1
#   after the division.
# * 1 point: without the division: large scores, a saturated softmax, its derivative nearly 0, so $W_q$ and
#   $W_k$ do not learn. (Half a point if only "large scores" or only "vanishing gradient" is said.)
# * 1 point: division by $d_k$: variance $1/d_k$, nearly uniform weights, content hardly matters at the start.
# ### END MARK SCHEME

# %% [markdown]
# # Part 2: all positions at once
#
# ## Exercise 4: causal attention, as a sum
# *Difficulty 2 of 5 · about 20 minutes · 2 points*
#
# In a language model *every* position looks back, since at every position the next word is to be predicted. And
# none may look ahead, since there stands what it is to predict. So position $t$ takes its weights from the
# scores with $j \le t$ only, and sums over these:
#
# $$a_{t,1}, \dots, a_{t,t} = \operatorname{softmax}\bigl(s_{t,1}, \dots, s_{t,t}\bigr), \qquad
# x'_t = \sum_{j=1}^{t} a_{t,j}\, v_j .$$
#
# The first position can look at itself only, $x'_1 = v_1$. This is called **causal** attention.
#
# Write it exactly so, as a loop over $t$ with everything cut off after $t$ (and a softmax that does not
# overflow). It is slow, nobody can misread it, and in the next exercise you have something to compare with.
#
# <details><summary>Hint 1: what belongs to position t?</summary>
#
# With rows counted from 0, position `t` sees the rows 0 to `t`, which are `t + 1` rows. As a slice?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# For each `t`: scores of row `t` of the queries with the first `t + 1` keys, divided by the root of the number
# of features; softmax; weights times the first `t + 1` values. Stack the results.
#
# </details>
# <details><summary>Hint 3: if you see "zero-size array to reduction operation maximum which has no identity"</summary>
#
# For the first position the slice is empty: it ends before `t` instead of after it.
#
# </details>

# %% answer="attention_by_sums"
def attention_by_sums(q, k, v):
    """Causal attention in one sentence, position by position.

    q, k: (T, d_k). v: (T, d_v). Returns x' (T, d_v).
    """
    ### BEGIN SOLUTION
    found = np.empty(v.shape)
    for t in range(len(q)):
        scores = k[:t + 1] @ q[t] / np.sqrt(q.shape[1])
        weights = np.exp(scores - scores.max())
        found[t] = weights @ v[:t + 1] / weights.sum()
    return found
    ### END SOLUTION

# %% test="attention_by_sums" points=1
import numpy as np
import torch
from nextword import checks

check = checks.of(attention_by_sums)
rng = np.random.default_rng(6)
q, k, v = rng.normal(size=(5, 3)), rng.normal(size=(5, 3)), rng.normal(size=(5, 4))
Q, K, V = (torch.tensor(array)[None] for array in (q, k, v))
official = torch.nn.functional.scaled_dot_product_attention
weights_of_all = official(Q, K, torch.eye(5, dtype=torch.float64)[None])
strictly_before = torch.ones(5, 5, dtype=torch.bool).tril(-1)
check.call(q, k, v).close_to(official(Q, K, V, is_causal=True)[0], mistakes={
    "every position looks at the whole sentence, also at what comes later": official(Q, K, V)[0],
    "the weights come from a softmax over the whole sentence, and only the sum is cut off":
        (weights_of_all.tril() @ V)[0],
    "the scores are not divided by sqrt(d_k)": official(Q, K, V, is_causal=True, scale=1)[0],
    "the scores are divided by sqrt(d_v), not by sqrt(d_k)": official(Q, K, V, is_causal=True, scale=0.5)[0],
    "the scores are divided by d_k, not by its root": official(Q, K, V, is_causal=True, scale=1 / 3)[0],
    "the last position is left out of every sum: it ends at j = t - 1":
        official(Q, K, V, attn_mask=strictly_before)[0].nan_to_num(),
    "every sum goes one too far: position t also looks at t + 1":
        official(Q, K, V, attn_mask=~strictly_before.T.triu(2))[0],
    "queries and keys have changed places: the key of t is compared with the queries before it":
        official(K, Q, V, is_causal=True)[0],
})
check.passed()

# %% hidden="attention_by_sums" points=1
# Other lengths and sizes, a single position, and scores for which an unshifted softmax overflows.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

check = checks.of(attention_by_sums)
rng = np.random.default_rng(7)
official = torch.nn.functional.scaled_dot_product_attention
for T, d_k, d_v, size in ((7, 4, 2, 1), (1, 3, 5, 1), (3, 5, 5, 1), (6, 2, 3, 3000)):
    q, k, v = size * rng.normal(size=(T, d_k)), rng.normal(size=(T, d_k)), rng.normal(size=(T, d_v))
    q[0] *= -1
    Q, K, V = (torch.tensor(array)[None] for array in (q, k, v))
    everything = (Q @ K.mT / d_k**0.5).softmax(-1)
    check.call(q, k, v).close_to(official(Q, K, V, is_causal=True)[0], mistakes={
        "every position looks at the whole sentence, also at what comes later": official(Q, K, V)[0],
        "the weights come from a softmax over the whole sentence, and only the sum is cut off":
            (everything.tril() @ V)[0],
        "the scores are not divided by sqrt(d_k)": official(Q, K, V, is_causal=True, scale=1)[0],
        "the scores are divided by sqrt(d_v), not by sqrt(d_k)": official(Q, K, V, is_causal=True, scale=d_v**-0.5)[0],
        "the scores are divided by d_k, not by its root": official(Q, K, V, is_causal=True, scale=1 / d_k)[0],
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 5: the same with matrices
# *Difficulty 3 of 5 · about 25 minutes · 3 points*
#
# All scores of a sentence are one product of matrices, and so are all weighted sums:
#
# $$\operatorname{Attention}(Q, K, V) = \operatorname{softmax}\left(\frac{Q K^T}{\sqrt{d_k}}\right) V .$$
#
# This is the formula of Vaswani and others (2017). (On one slide of the lectures $V$ stands inside the softmax. It
# belongs outside: the softmax makes weights, and weights multiply values.) The scores that nobody should see are
# computed too, that is cheaper than to avoid them, and then taken out. How? Setting *weights* to 0 after the
# softmax comes too late: the forbidden scores have already taken their share, and what is left no longer adds
# up to 1. So the *scores* are set to $-\infty$ before it, since $e^{-\infty} = 0$, and the softmax never knows that
# there was something.
#
# A **mask** says who may look where: $M_{t,j}$ is true where position $t$ may look at $j$. For causal attention
# it is true on and below the diagonal. Write two functions:
#
# - `causal_mask(T)`, this $(T, T)$ array of booleans;
# - `attention(Q, K, V, mask)`, which returns the results *and* the weights, for any mask in which every query
#   may look somewhere, and for any number of axes in front: none, a batch $(B, T, d)$, or a batch with heads
#   $(B, h, T, d)$. The number of queries may differ from the number of keys.
#
# <details><summary>Hint 1: which axis is transposed, and which one is normalised?</summary>
#
# In $QK^T$ only the last two axes take part; the axes in front are a batch. Row $t$ of the scores belongs to
# query $t$, and its weights must add up to 1: over which axis is that?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# Scores: `Q @ K` with the last two axes of `K` swapped, divided by the root of the last size of `Q`. `np.where`
# puts `-np.inf` where the mask is false. Subtract the maximum of each row (keep the axis), exponentiate, divide
# by the sum of each row. Multiply with `V`.
#
# </details>
# <details><summary>Hint 3: if the result is full of nan</summary>
#
# In a row of nothing but $-\infty$ the largest score is $-\infty$, too, and $\infty - \infty$ is nan. Is the
# mask the right way round? It is *true* where one may look, and the diagonal belongs to it.
#
# </details>

# %% answer="attention"
def causal_mask(T):
    """Who may look where: booleans (T, T), entry [t, j] is True where position t may look at position j."""
    ### BEGIN SOLUTION
    return np.tril(np.ones((T, T), dtype=bool))
    ### END SOLUTION


def attention(Q, K, V, mask):
    """Scaled dot-product attention.

    Q: (..., T_q, d_k). K: (..., T_k, d_k). V: (..., T_k, d_v). mask: booleans (T_q, T_k), at least one True per row.
    Returns (output (..., T_q, d_v), weights (..., T_q, T_k)).
    """
    ### BEGIN SOLUTION
    scores = Q @ K.swapaxes(-1, -2) / np.sqrt(Q.shape[-1])
    scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights @ V, weights
    ### END SOLUTION

# %% test="attention" points=1
import numpy as np
import torch
from nextword import checks

check = checks.of(causal_mask)
check.call(3).equals([[True, False, False], [True, True, False], [True, True, True]], mistakes={
    "the mask is True where one may NOT look": [[False, True, True], [False, False, True], [False, False, False]],
    "a position may not look at itself: the diagonal is missing":
        [[False, False, False], [True, False, False], [True, True, False]],
    "a position may look at the next one: one diagonal too many":
        [[True, True, False], [True, True, True], [True, True, True]],
    "every position looks ahead: the triangle is the upper one":
        [[True, True, True], [False, True, True], [False, False, True]],
})
check.passed()

official = torch.nn.functional.scaled_dot_product_attention
rng = np.random.default_rng(8)
Q, K, V = rng.normal(size=(3, 4, 6)), rng.normal(size=(3, 4, 6)), rng.normal(size=(3, 4, 5))
mask = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]], dtype=bool)


def official_pair(mask=mask, scale=None, asks=Q, found_by=K):
    """Output and weights. (A value of ones at j finds the weight of j.)"""
    q, k, v = map(torch.tensor, (asks, found_by, V))
    eye, mask = torch.eye(4, dtype=torch.float64).expand(3, 4, 4), torch.as_tensor(mask)
    return tuple(official(q, k, value, attn_mask=mask, scale=scale) for value in (v, eye))


values, expected = torch.tensor(V), official_pair()
without = official_pair(mask | True)
after = without[1] * torch.tensor(mask)
cancelled = torch.einsum("btd,bjd->btj", torch.tensor(Q), torch.tensor(K)) / -6**0.5 * ~torch.tensor(mask)
over_queries = official_pair(mask.T, asks=K, found_by=Q)[1].mT
check = checks.of(attention)
check.call(Q, K, V, mask).close_to(expected, mistakes={
    "the mask is not used": without,
    "forbidden scores are set to 0 and not to -inf; a score of 0 still gets weight": official_pair(cancelled),
    "the softmax runs over the queries, not over the keys": (over_queries @ values, over_queries),
    "weights and output have changed places: the output comes first": expected[::-1],
    "the output is returned alone; a pair is asked for, the output and the weights": expected[0],
    "the mask comes after the softmax, so the weights no longer add up to 1": (after @ values, after),
    "the mask is taken the wrong way round": tuple(
        part.masked_fill(torch.tensor(mask.all(axis=1))[:, None], torch.nan) for part in official_pair(~mask)),
    "the scores are not divided by sqrt(d_k)": official_pair(scale=1),
    "the scores are divided by d_k, not by its root": official_pair(scale=1 / 6),
    "the scores are divided by sqrt(d_v), not by sqrt(d_k)": official_pair(scale=5**-0.5),
})
check.passed()

# %% hidden="attention" points=2
# Masks of several sizes, batches with heads, more keys than queries and the other way round, random masks, a single
# sentence, d_v = d_k, scores so large that exp overflows, and so negative that -1e9 is not negative enough.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

check = checks.of(causal_mask)
for T in (1, 2, 6):
    check.call(T).equals(torch.ones(T, T, dtype=torch.bool).tril(), mistakes={
        "every position looks ahead: the triangle is the upper one": np.tri(T, dtype=bool).T,
        "the mask is True where one may NOT look": ~np.tri(T, dtype=bool),
        "a position may not look at itself: the diagonal is missing": np.tri(T, k=-1, dtype=bool),
        "a position may look at the next one: one diagonal too many": np.tri(T, k=1, dtype=bool),
    })
check.passed()


def masked_reference(Q, K, V, mask, scale=None, dim=-1, fill=-torch.inf):
    Q, K, V, mask = (torch.tensor(array) for array in (Q, K, V, mask))
    scores = Q @ K.mT * (scale or Q.shape[-1] ** -0.5)
    weights = scores.masked_fill(~mask, fill).softmax(dim)
    return weights @ V, weights


check = checks.of(attention)
rng = np.random.default_rng(9)


def compare(Q, K, V, mask):
    expected = masked_reference(Q, K, V, mask)
    everything = masked_reference(Q, K, V, mask | True)[1]
    after = everything * torch.tensor(mask)
    check.call(Q, K, V, mask).close_to(expected, mistakes={
        "the mask is not used": (everything @ torch.tensor(V), everything),
        "the mask comes after the softmax, so the weights no longer add up to 1": (after @ torch.tensor(V), after),
        "forbidden scores are set to a large negative number; here others are more negative still, use -inf":
            masked_reference(Q, K, V, mask, fill=-1e9),
        "the scores are multiplied by the mask: a score of 0 still gets weight":
            masked_reference(Q, K, V, mask, fill=0.0),
        "the softmax runs over the queries, not over the keys": masked_reference(Q, K, V, mask, dim=-2),
        "the softmax runs over the batch": masked_reference(Q, K, V, mask, dim=0),
        "V is inside the softmax": lambda: (
            torch.softmax(torch.tensor(Q @ K.swapaxes(-1, -2) @ V) / Q.shape[-1] ** 0.5, -1), expected[1]),
        "the scores are not divided by sqrt(d_k)": masked_reference(Q, K, V, mask, scale=1),
        "the scores are divided by sqrt(d_v), not by sqrt(d_k)":
            masked_reference(Q, K, V, mask, scale=V.shape[-1] ** -0.5),
        "the scores are divided by d_k, not by its root": masked_reference(Q, K, V, mask, scale=1 / Q.shape[-1]),
        "the mask that is used is the causal one, whatever is handed in":
            masked_reference(Q, K, V, np.tri(*mask.shape, dtype=bool)),
    })


for axes, T_q, T_k, d_k, d_v in (((3,), 5, 5, 4, 2), ((2, 3), 4, 6, 2, 5), ((2,), 6, 3, 5, 5), ((), 4, 4, 3, 2)):
    Q, K, V = (rng.normal(size=(*axes, *shape)) for shape in ((T_q, d_k), (T_k, d_k), (T_k, d_v)))
    mask = rng.random((T_q, T_k)) < 0.6
    mask[:, 0] = True
    compare(Q, K, V, mask)
    if T_q == T_k:
        compare(Q, K, V, np.tri(T_q, dtype=bool))
mask = np.tri(4, dtype=bool)
Q, K, V = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 4, 2))
compare(50 * Q, 50 * K, V, mask)
compare(1e6 * np.abs(Q), -1e6 * np.abs(K), V, mask)
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 6: backwards
# *Difficulty 4 of 5 · about 40 minutes · 4 points*
#
# Attention as a module needs its backward pass: from $g$, the gradient of the loss with respect to the output
# $O = A V$, to the gradients with respect to $Q$, $K$ and $V$. It is a chain of three steps you have met
# before, only that each acts on matrices,
#
# $$S = \frac{Q K^T}{\sqrt{d_k}} \;\longrightarrow\; A = \operatorname{softmax}(S) \;\longrightarrow\; O = A\, V,$$
#
# and each is undone in reverse order. The weights $A$ have been kept from the forward pass. About the softmax
# remember from notebook 02 that nobody needs its Jacobian. For one row $a$ of $A$ with gradient $g_a$,
#
# $$g_s = a \odot \bigl(g_a - (g_a \cdot a)\bigr),$$
#
# one number is subtracted from the whole row, and then the row is multiplied by its weights. Where the mask
# forbade to look, $a_{t,j} = 0$, so this entry of $g_s$ is 0 by itself: the mask need not appear again.
#
# Write `attention_backward(Q, K, V, A, g)`, for arrays with one axis $B$ in front.
#
# <details><summary>Hint 1: the two products</summary>
#
# For $O = AV$ with gradient $g$: which of $g V^T$ and $A^T g$ has the shape of $A$, and which the shape of $V$?
# Every product has the same rule: the gradient of one factor is $g$ times the other factor, transposed.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# $g_V$ and $g_A$ from the second product. $g_S$ from the softmax: subtract from each row of $g_A$ the sum of
# $g_A \odot A$ over this row, multiply by $A$. Then $g_Q$ and $g_K$ from the first product; the factor
# $1/\sqrt{d_k}$ stands in both.
#
# </details>
# <details><summary>Hint 3: if only Q and K are wrong</summary>
#
# Then $g_S$ is wrong or the factor is missing. Each row of $g_S$ must add up to 0 (raising all scores of a row
# by the same number changes no weight). Does it?
#
# </details>

# %% answer="attention_backward"
def attention_backward(Q, K, V, A, g):
    """The backward pass of O = softmax(Q K^T / sqrt(d_k)) V.

    Q: (B, T_q, d_k). K: (B, T_k, d_k). V: (B, T_k, d_v). A: (B, T_q, T_k), the weights of the forward pass, 0 where the
    mask was False. g: (B, T_q, d_v), the gradient with respect to O.
    Returns a dict: "g_Q", "g_K", "g_V", each with the shape of its array.
    """
    ### BEGIN SOLUTION
    g_V = A.swapaxes(-1, -2) @ g
    g_A = g @ V.swapaxes(-1, -2)
    g_S = A * (g_A - np.sum(g_A * A, axis=-1, keepdims=True)) / np.sqrt(Q.shape[-1])
    return {"g_Q": g_S @ K, "g_K": g_S.swapaxes(-1, -2) @ Q, "g_V": g_V}
    ### END SOLUTION

# %% test="attention_backward" points=1
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(10)
Q, K, V, g = (rng.normal(size=(2, *shape)) for shape in ((4, 3), (4, 3), (4, 5), (4, 5)))
q, k, v = (torch.tensor(array, requires_grad=True) for array in (Q, K, V))
scores = torch.einsum("btd,bjd->btj", q, k) / 3**0.5
weights = scores.masked_fill(torch.ones(4, 4).triu(1) > 0, -torch.inf).softmax(-1)
output = torch.einsum("btj,bjd->btd", weights, v)
back = lambda value, inputs, g: torch.autograd.grad(value, inputs, g, retain_graph=True)
g_Q, g_K, g_V = back(output, (q, k, v), torch.tensor(g))
g_A, = back(output, weights, torch.tensor(g))
a = weights.detach()


def with_scores(g_S, factor=1.0):
    """All three gradients, if the one with respect to the scores were this."""
    return dict(zip(("g_Q", "g_K"), (factor * x for x in back(scores, (q, k), g_S)))) | {"g_V": g_V}


g_S, = back(output, scores, torch.tensor(g))
check = checks.of(attention_backward)
check.call(Q, K, V, a.numpy(), g).close_to({"g_Q": g_Q, "g_K": g_K, "g_V": g_V}, mistakes={
    "the factor 1 / sqrt(d_k) is missing": with_scores(g_S, 3**0.5),
    "the factor is 1 / d_k, not 1 / sqrt(d_k)": with_scores(g_S, 3**-0.5),
    "the softmax is passed over: its derivative is missing": with_scores(g_A),
    "the softmax's Jacobian is taken for its diagonal, a (1 - a)": with_scores(a * (1 - a) * g_A),
    "the sum over the row is not subtracted": with_scores(a * g_A),
    "the sum runs over the queries and not over the keys":
        with_scores(a * g_A - torch.einsum("btj,bij,bij->btj", a, a, g_A)),
    "the sum runs over the whole sentence and not over one row":
        with_scores(a * g_A - torch.einsum("btj,bik,bik->btj", a, a, g_A)),
    "the plain sum of the row of g_A is subtracted, not the one weighted with A":
        with_scores(a * g_A - torch.einsum("btj,btk->btj", a, g_A)),
    "in g_K the gradient of the scores is not transposed":
        {"g_Q": g_Q, "g_K": g_S @ torch.tensor(Q) / 3**0.5, "g_V": g_V},
    "g_V is made with the weights, not with the transposed weights":
        {"g_Q": g_Q, "g_K": g_K, "g_V": a @ torch.tensor(g)},
    "g_Q and g_K have changed places": {"g_Q": g_K, "g_K": g_Q, "g_V": g_V},
})
check.passed()

# %% hidden="attention_backward" points=3
# More keys than queries and the other way round, d_v = d_k, masks of all kinds, one sentence, and one position.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks


def backward_reference(Q, K, V, mask, g):
    leaves = [torch.tensor(array, requires_grad=True) for array in (Q, K, V)]
    out = torch.nn.functional.scaled_dot_product_attention(*leaves, attn_mask=torch.tensor(mask))
    out.backward(torch.tensor(g))
    A = (leaves[0] @ leaves[1].mT / Q.shape[-1] ** 0.5).masked_fill(~torch.tensor(mask), -torch.inf).softmax(-1)
    return A.detach().numpy(), {f"g_{n}": leaf.grad.numpy() for n, leaf in zip("QKV", leaves)}


def scores_to_all(Q, K, V, A, g, g_S, factor=None):
    factor = factor or Q.shape[-1] ** -0.5
    return {"g_Q": factor * g_S @ K, "g_K": factor * g_S.swapaxes(1, 2) @ Q, "g_V": A.swapaxes(1, 2) @ g}


check = checks.of(attention_backward)
rng = np.random.default_rng(11)
for B, T_q, T_k, d_k, d_v in ((1, 4, 4, 3, 3), (3, 5, 7, 2, 4), (2, 6, 3, 4, 2), (2, 1, 5, 3, 6), (4, 3, 1, 2, 5)):
    Q, K, V, g = (rng.normal(size=(B, *shape)) for shape in ((T_q, d_k), (T_k, d_k), (T_k, d_v), (T_q, d_v)))
    mask = rng.random((T_q, T_k)) < 0.7
    mask[:, 0] = True
    A, expected = backward_reference(Q, K, V, mask, g)
    g_A = g @ V.swapaxes(1, 2)
    g_S = A * (g_A - (g_A * A).sum(-1, keepdims=True))
    check.call(Q, K, V, A, g).close_to(expected, mistakes={
        "the factor 1 / sqrt(d_k) is missing": scores_to_all(Q, K, V, A, g, g_S, factor=1),
        "the factor is 1 / d_k, not 1 / sqrt(d_k)": scores_to_all(Q, K, V, A, g, g_S, factor=1 / d_k),
        "the softmax is passed over: its derivative is missing": scores_to_all(Q, K, V, A, g, g_A),
        "the softmax's Jacobian is taken for its diagonal, a (1 - a)": scores_to_all(Q, K, V, A, g, A * (1 - A) * g_A),
        "the sum over the row is not subtracted": scores_to_all(Q, K, V, A, g, A * g_A),
        "the sum runs over the queries and not over the keys":
            scores_to_all(Q, K, V, A, g, A * (g_A - (g_A * A).sum(-2, keepdims=True))),
        "the mean of the row is subtracted and not the weighted sum":
            scores_to_all(Q, K, V, A, g, A * (g_A - g_A.mean(-1, keepdims=True))),
        "in g_K the gradient of the scores is not transposed":
            lambda: expected | {"g_K": g_S @ Q / d_k**0.5},
        "the sum runs over the whole sentence and not over one row":
            scores_to_all(Q, K, V, A, g, A * (g_A - (g_A * A).sum((-1, -2), keepdims=True))),
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# # Part 3: several heads
#
# ## Exercise 7: multi-head attention
# *Difficulty 4 of 5 · about 40 minutes · 3 points*
#
# One softmax gives one set of weights, and as these add up to 1, a position that looks for the subject of its
# verb cannot at the same time look for the name to repeat. So let several **heads** look at once. Each head has
# its own parameters, and in order that the whole costs no more than one large head, each works with fewer
# features: with $h$ heads, $d_k = d_v = d_\text{model} / h$. The results of all heads are put side by side,
# which gives $d_\text{model}$ features again, and one last matrix $W_\text{out}$ mixes them. Here every product
# gets a bias, too:
#
# $$\text{head}_i = \operatorname{Attention}\bigl(x W_q^{(i)T} + b_q^{(i)},\; x W_k^{(i)T} + b_k^{(i)},\;
# x W_v^{(i)T} + b_v^{(i)}\bigr), \qquad
# x' = [\text{head}_1, \dots, \text{head}_h]\; W_\text{out}^T + b_\text{out} .$$
#
# Nobody multiplies $3h$ small matrices. All of them are stored below each other in one matrix $W_\text{in}$ of
# shape $(3D, D)$, as in PyTorch: first $W_q$ of all heads, head 1 on top, then $W_k$ of all heads, then $W_v$;
# and the biases in the same order in one vector $b_\text{in}$. One product makes all queries, keys and values;
# after that it is a matter of cutting and turning:
#
# $$(B, T, D) \;\xrightarrow{\;W_\text{in}\;}\; (B, T, 3D) \;\xrightarrow{\text{cut}}\; \text{three } (B, T, D)
# \;\xrightarrow{\text{split}}\; (B, T, h, d_k) \;\xrightarrow{\text{turn}}\; (B, h, T, d_k).$$
#
# The last step is where everybody goes wrong once. `reshape` alone to $(B, h, T, d_k)$ gives an array of the
# right shape, in which each "head" gets the features of *other words*.
#
# Write `multi_head`. What one head does is handed in: `attend(Q, K, V)` takes three arrays $(B, h, T, d_k)$ and
# returns the results of all heads in the same shape.
#
# <details><summary>Hint 1: what does one row of $xW_\text{in}^T$ hold?</summary>
#
# $3D$ numbers: the first $D$ are the queries of this word, for head 1, head 2, ... one after the other, $d_k$
# numbers each. Then follow its keys, then its values.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# Multiply by the transposed `W_in`, add `b_in`; `np.split` into three along the last axis. Each: reshape to
# $(B, T, h, d_k)$, swap the axes of $T$ and $h$. Call `attend`. Swap the axes back *first*, then reshape to
# $(B, T, D)$. Multiply by the transposed `W_out`, add `b_out`.
#
# </details>
# <details><summary>Hint 3: if it is right with one head and wrong with two</summary>
#
# Then the cutting is wrong. Try it on `np.arange(12).reshape(1, 3, 4)` with two heads: word 0 has the features
# 0, 1, 2, 3, so head 0 must see 0, 1 of it and head 1 must see 2, 3.
#
# </details>

# %% answer="multi_head"
def multi_head(x, attend, heads, W_in, b_in, W_out, b_out):
    """Multi-head attention of a batch of sentences to themselves.

    x: (B, T, D). attend: function of Q, K, V, each (B, heads, T, D / heads), which returns the same shape.
    W_in: (3 D, D) and b_in: (3 D,), for queries, keys and values. W_out: (D, D) and b_out: (D,). Returns (B, T, D).
    """
    ### BEGIN SOLUTION
    B, T, D = x.shape
    Q, K, V = (
        part.reshape(B, T, heads, D // heads).transpose(0, 2, 1, 3)     # (B, T, D) -> (B, h, T, d_k)
        for part in np.split(x @ W_in.T + b_in, 3, axis=2)
    )
    found = attend(Q, K, V)                                             # (B, h, T, d_k)
    return found.transpose(0, 2, 1, 3).reshape(B, T, D) @ W_out.T + b_out
    ### END SOLUTION

# %% test="multi_head" points=1
import numpy as np
import torch
from nextword import checks

B, T, D, h = 2, 3, 8, 2
rng = np.random.default_rng(12)
x, W_in, b_in, W_out, b_out = (rng.normal(size=shape) for shape in ((B, T, D), (3 * D, D), 3 * D, (D, D), D))


def causal_heads(Q, K, V):
    """What all heads do, handed to your function."""
    Q, K, V = map(torch.tensor, (Q, K, V))
    return torch.nn.functional.scaled_dot_product_attention(Q, K, V, is_causal=True).numpy()


def by_module(W_in=W_in, b_in=b_in, W_out=W_out, b_out=b_out, rows=None, columns=None):
    """PyTorch's result; rows: an order in which the rows of W_in are read, columns: one for the columns of W_out."""
    rows, columns = np.arange(3 * D) if rows is None else rows, np.arange(D) if columns is None else columns
    module = torch.nn.MultiheadAttention(D, h, batch_first=True, dtype=torch.float64)
    arrays = {"in_proj_weight": W_in[rows], "in_proj_bias": b_in[rows], "out_proj.weight": W_out[:, columns],
              "out_proj.bias": b_out}
    module.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
    X = torch.tensor(x)
    return module(X, X, X, attn_mask=torch.ones(T, T, dtype=torch.bool).triu(1))[0].detach()


queries, keys, values = np.arange(3 * D).reshape(3, D)
woven = np.arange(D).reshape(D // h, h).T.ravel()       # the features in the order 0, 2, 4, 6, 1, 3, 5, 7
side_by_side = by_module(W_out=np.eye(D), b_out=0 * b_out)
projected = torch.nn.functional.linear(*map(torch.tensor, (x, W_in, b_in)))
mixed_up = causal_heads(*(part.reshape(B, h, T, -1).numpy() for part in projected.chunk(3, dim=2)))


def last_step(found):
    return torch.nn.functional.linear(torch.as_tensor(found).reshape(B, T, D), *map(torch.tensor, (W_out, b_out)))


check = checks.of(multi_head)
check.call(x, causal_heads, h, W_in, b_in, W_out, b_out).close_to(by_module(), mistakes={
    "you reshape to (B, h, T, d_k) without swapping axes, so heads get features of other words":
        last_step(np.concatenate([mixed_up[:, i] for i in range(h)], axis=2)),
    "the results are reshaped to (B, T, D) before the axes are swapped back":
        last_step(torch.cat([head.flatten(1) for head in side_by_side.chunk(h, dim=2)], dim=1)),
    "neither the split nor the merge swaps axes": last_step(mixed_up),
    "W_out is not transposed": by_module(W_out=W_out.T),
    "the features of the heads are woven into each other: reshape to (h, d_k), not to (d_k, h)":
        by_module(rows=np.concatenate([part[woven] for part in (queries, keys, values)])),
    "the heads are put side by side in the wrong order, feature by feature": by_module(columns=np.argsort(woven)),
    "keys are taken for queries and queries for keys": by_module(rows=np.concatenate([keys, queries, values])),
    "the values are made with the key projection": by_module(rows=np.concatenate([queries, keys, keys])),
    "W_in is read head by head: queries, keys, values of head 1, then those of head 2":
        by_module(rows=np.arange(3 * D).reshape(h, 3, -1).swapaxes(0, 1).ravel()),
    "the last projection W_out is missing": side_by_side,
    "the last projection W_out is missing, only b_out is added": by_module(W_out=np.eye(D)),
    "the bias b_in is missing": by_module(b_in=0 * b_in),
    "the bias b_out is missing": by_module(b_out=0 * b_out),
})
check.passed()

# %% hidden="multi_head" points=2
# Other sizes: one head, as many heads as features, T equal to h or to d_k, a single word; and another function in the
# place of attention.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks


def heads_look_back(Q, K, V):
    Q, K, V = map(torch.tensor, (Q, K, V))
    return torch.nn.functional.scaled_dot_product_attention(Q, K, V, is_causal=True).numpy()


def reassembled(x, heads, W_in, b_in, W_out, b_out, split, merge):
    parts = np.split(x @ W_in.T + b_in, 3, axis=2)
    return merge(heads_look_back(*map(split, parts))) @ W_out.T + b_out


check = checks.of(multi_head)
rng = np.random.default_rng(13)
for B, T, D, h in ((2, 3, 8, 2), (3, 5, 12, 3), (2, 4, 8, 4), (2, 3, 6, 1), (1, 4, 5, 5), (3, 2, 12, 6), (2, 1, 4, 2)):
    x, W_in, b_in, W_out, b_out = (rng.normal(size=shape) for shape in ((B, T, D), (3 * D, D), 3 * D, (D, D), D))
    official = torch.nn.MultiheadAttention(D, h, batch_first=True, dtype=torch.float64)
    official.load_state_dict({name: torch.tensor(array) for name, array in (
        ("in_proj_weight", W_in), ("in_proj_bias", b_in), ("out_proj.weight", W_out), ("out_proj.bias", b_out))})
    X = torch.tensor(x)
    expected = official(X, X, X, attn_mask=torch.ones(T, T, dtype=torch.bool).triu(1))[0]
    parameters = (W_in, b_in, W_out, b_out)
    split = lambda y: y.reshape(B, T, h, -1).swapaxes(1, 2)
    merge = lambda y: y.swapaxes(1, 2).reshape(B, T, D)
    check.call(x, heads_look_back, h, *parameters).close_to(expected, mistakes={
        "you reshape to (B, h, T, d_k) without swapping axes, so heads get features of other words":
            reassembled(x, h, *parameters, lambda y: y.reshape(B, h, T, -1), merge),
        "the results are reshaped to (B, T, D) before the axes are swapped back":
            reassembled(x, h, *parameters, split, lambda y: y.reshape(B, T, D)),
        "neither the split nor the merge swaps axes":
            reassembled(x, h, *parameters, lambda y: y.reshape(B, h, T, -1), lambda y: y.reshape(B, T, D)),
        "the features of the heads are woven into each other: reshape to (h, d_k), not to (d_k, h)":
            reassembled(x, h, *parameters, lambda y: y.reshape(B, T, -1, h).transpose(0, 3, 1, 2), merge),
        "the heads are put side by side in the wrong order, feature by feature":
            reassembled(x, h, *parameters, split, lambda y: y.transpose(0, 2, 3, 1).reshape(B, T, D)),
        "the last projection W_out is missing": reassembled(x, h, W_in, b_in, np.eye(D), 0, split, merge),
        "the bias b_out is missing": reassembled(x, h, W_in, b_in, W_out, 0, split, merge),
    })
difference = lambda Q, K, V: np.cumsum(V, axis=2) * np.tanh(Q - K)
B, T, D, h = 2, 5, 6, 3
x, W_in, b_in, W_out, b_out = (rng.normal(size=shape) for shape in ((B, T, D), (3 * D, D), 3 * D, (D, D), D))
Q, K, V = (part.unflatten(2, (h, -1)) for part in torch.tensor(x @ W_in.T + b_in).chunk(3, dim=2))
found = V.cumsum(1) * (Q - K).tanh()
check.call(x, difference, h, W_in, b_in, W_out, b_out).close_to(
    torch.nn.functional.linear(found.flatten(2), torch.tensor(W_out), torch.tensor(b_out)),
    note="Here attend is another function than attention, and it is to be called as handed in")
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# # Part 4: order
#
# ## Exercise 8: does attention know where a word stands?
# *Difficulty 2 of 5 · about 15 minutes · 1 point*
#
# The poll showed it for one query: attention without a mask treats a sentence as a *set*. If the words change
# places, the results change places with them and are otherwise the same. A function with this property is
# called **permutation-equivariant**: for every order $\pi$,
#
# $$f(x_{\pi(1)}, \dots, x_{\pi(T)}) = \bigl(f(x)_{\pi(1)}, \dots, f(x)_{\pi(T)}\bigr).$$
#
# (*Invariant* would mean that the results do not change at all, as with a sum over the sentence.) For a
# language model it is a disaster, and you should be able to diagnose it. Write `equivariance_error(f, x,
# order)`: the largest absolute difference between the two sides. It is 0, up to rounding, where $f$ is
# equivariant.
#
# <details><summary>Hint 1: what are the two sides?</summary>
#
# Left: first permute the rows, then apply $f$. Right: first apply $f$, then permute the rows of the result.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# The largest entry of the absolute value of the difference of `f` of `x` in the new order and `f(x)` in the new
# order.
#
# </details>
# <details><summary>Hint 3: if an attention without a mask gets a large error</summary>
#
# Do you compare with `f(x)` in its old order? Then you measure invariance.
#
# </details>

# %% answer="equivariance_error"
def equivariance_error(f, x, order):
    """How far a function of a sentence is from being permutation-equivariant.

    f: function of an array (T, D) that returns an array (T, E). x: (T, D). order: list of T int, 0 to T - 1, each once.
    Returns a float: the largest absolute difference.
    """
    ### BEGIN SOLUTION
    return np.max(np.abs(f(x[order]) - f(x)[order]))
    ### END SOLUTION

# %% test="equivariance_error" points=0
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(14)
x, order = rng.normal(size=(4, 3)), [1, 3, 0, 2]


def looks_everywhere(x):
    x = torch.tensor(x)[None]
    return torch.nn.functional.scaled_dot_product_attention(x, 2 * x, x)[0].numpy()


def sums_up(x):
    return np.cumsum(x, axis=0)


check = checks.of(equivariance_error)
results = looks_everywhere(x)
check.call(looks_everywhere, x, order).close_to(0.0, mistakes={
    "f(x) keeps its old order: this measures invariance": np.abs(results[order] - results).max(),
    "f(x) is brought into the inverse order": np.abs(results[order] - results[np.argsort(order)]).max(),
    "yes or no is returned; asked for is how large the difference is": 1.0,
})
# Sums and orders as matrices: S adds up, P permutes.
S, P, X = torch.ones(4, 4).double().tril(), torch.eye(4).double()[order], torch.tensor(x)
difference = (S @ P - P @ S) @ X
check.call(sums_up, x, order).close_to(difference.abs().max(), mistakes={
    "the mean difference is returned and not the largest": difference.abs().mean(),
    "the largest signed difference is returned, without absolute value": difference.max(),
    "f(x) keeps its old order: this measures invariance": ((S @ P - S) @ X).abs().max(),
})
check.passed()

# %% hidden="equivariance_error" points=1
# Attention with and without a mask, attention after position embeddings, functions that return another number of
# features, and orders in which the words go round in circles.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(15)
check = checks.of(equivariance_error)
attend_in_torch = torch.nn.functional.scaled_dot_product_attention
for T, D, causal, with_positions in (
    (5, 3, False, False), (6, 2, True, False), (5, 4, False, True), (3, 2, True, True)
):
    W, P = torch.tensor(rng.normal(size=(7, D))), torch.tensor(rng.normal(size=(T, D)))

    def f_torch(x):
        x = (x + P if with_positions else x)[None]
        return attend_in_torch(x, 3 * x, x @ W.T, is_causal=causal)[0]

    x, order = rng.normal(size=(T, D)), np.roll(np.arange(T), 1).tolist()
    left, right = f_torch(torch.tensor(x)[order]), f_torch(torch.tensor(x))
    outcome = check.call(lambda x: f_torch(torch.tensor(x)).numpy(), x, order)
    outcome.close_to((left - right[order]).abs().max(), mistakes={
        "the mean difference is returned and not the largest": (left - right[order]).abs().mean(),
        "the largest signed difference is returned, without absolute value": (left - right[order]).max(),
        "f(x) keeps its old order: this measures invariance": (left - right).abs().max(),
        "f(x) is brought into the inverse order": (left - right[np.argsort(order)]).abs().max(),
    }, atol=1e-12)
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# (With the causal mask attention is *not* equivariant: the mask itself tells the first position from the last,
# since they see different numbers of words. Deep transformers can learn to count from this alone. But a single
# layer cannot tell *the word before* from *the word before that*.)
#
# ## Exercise 9: position embeddings
# *Difficulty 3 of 5 · about 30 minutes · 2 points*
#
# The remedy is simple: add to each word's vector another vector that says where it stands. All words that stand
# at position $t$ get the same $p_t$:
#
# $$x_t \;\leftarrow\; x_t + p_t .$$
#
# The $p_t$ can be **fixed**. Vaswani and others (2017) take waves of growing length, a sine and a cosine for
# each pair of features $2i$ and $2i+1$, with $t$ counted from 0:
#
# $$p_{t,\,2i} = \sin\left(\frac{t}{10000^{2i/D}}\right), \qquad p_{t,\,2i+1} = \cos\left(\frac{t}{10000^{2i/D}}\right),
# \qquad i = 0, \dots, D/2 - 1 .$$
#
# The first pair turns once every six positions, the last one hardly moves; together they say where one is, like
# the hands of a clock. Or the $p_t$ can be **learned**: a table $P$ with one row for each of the $L$ positions
# that may ever occur, parameters like the word embeddings. GPT does that. A sentence of $T \le L$ words uses
# the first $T$ rows. (Many models of today add nothing and turn the queries and keys instead; that is a bonus
# exercise of notebook 06.)
#
# Write `sinusoidal(T, D)` for even $D$, and for the learned ones forward and backward: `add_positions(x, P)`
# and `add_positions_backward(g, L)`, which returns the gradient of the loss with respect to *all* $L$ rows of
# $P$.
#
# <details><summary>Hint 1: which positions, and which sentences, feel one number of P?</summary>
#
# Row $t$ of $P$ is added at position $t$ of *every* sentence of the batch. A value used in several places gets
# the sum of the gradients from all of them; one that is used nowhere gets 0.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# Angles: a column of positions times a row of $10000^{-2i/D}$, an array $(T, D/2)$. Fill the even columns of
# the table, `table[:, 0::2]`, with sines and the odd ones with cosines. Backward: zeros of shape $(L, D)$,
# whose first $T$ rows become the sum of `g` over the batch.
#
# </details>
# <details><summary>Hint 3: if only the first two columns are right</summary>
#
# The exponent is $2i/D$, where $i$ numbers the *pairs*: columns 2 and 3 have $i = 1$.
#
# </details>

# %% answer="positions"
def sinusoidal(T, D):
    """Position embeddings that are not learned: (T, D) for the positions 0 ... T - 1 and an even number D."""
    ### BEGIN SOLUTION
    angles = np.arange(T)[:, None] / 10000 ** (np.arange(0, D, 2) / D)
    table = np.empty((T, D))
    table[:, 0::2], table[:, 1::2] = np.sin(angles), np.cos(angles)
    return table
    ### END SOLUTION


def add_positions(x, P):
    """Words plus positions. x: (B, T, D). P: (L, D), L at least T. Returns (B, T, D)."""
    ### BEGIN SOLUTION
    return x + P[:x.shape[1]]
    ### END SOLUTION


def add_positions_backward(g, L):
    """The gradient with respect to P (L, D), from g (B, T, D), the gradient with respect to the sum."""
    ### BEGIN SOLUTION
    g_P = np.zeros((L, g.shape[2]))
    g_P[:g.shape[1]] = g.sum(axis=0)
    return g_P
    ### END SOLUTION

# %% test="positions" points=1
import numpy as np
import torch
from nextword import checks


def waves(T, D, exponent=lambda i, D: 2 * i / D, first=0):
    """The hands of the clock as complex numbers of length 1, with real and imaginary part in turns, sine first."""
    t = torch.arange(first, first + T, dtype=torch.float64)[:, None]
    angles = t / 10000 ** exponent(torch.arange(D // 2, dtype=torch.float64), D)
    return torch.view_as_real(torch.polar(torch.ones_like(angles), angles)).flip(-1).flatten(1)


check = checks.of(sinusoidal)
check.call(5, 6).close_to(waves(5, 6), mistakes={
    "all sines stand before all cosines; they take turns": waves(5, 6)[:, [0, 2, 4, 1, 3, 5]],
    "sine and cosine are swapped": waves(5, 6)[:, [1, 0, 3, 2, 5, 4]],
    "the exponent is i / D, not 2i / D": waves(5, 6, exponent=lambda i, D: i / D),
    "the exponent is 4i / D: i numbers the pairs already": waves(5, 6, exponent=lambda i, D: 4 * i / D),
    "positions are counted from 1": waves(5, 6, first=1),
    "the angle is multiplied by the power of 10000 instead of divided": waves(5, 6, exponent=lambda i, D: -2 * i / D),
})
check.passed()

rng = np.random.default_rng(16)
x, P, g = (rng.normal(size=shape) for shape in ((2, 3, 4), (5, 4), (2, 3, 4)))
check = checks.of(add_positions)
places = torch.nn.functional.embedding(torch.arange(3), torch.tensor(P))
check.call(x, P).close_to(torch.tensor(x) + places, mistakes={
    "the last T rows of P are used, not the first": x + P[-3:],
    "the rows of P go to the sentences of the batch, not to the positions": x + P[:2, None],
})
check.passed()
check = checks.of(add_positions_backward)
table = torch.tensor(P, requires_grad=True)
(torch.nn.functional.embedding(torch.arange(3).expand(2, 3), table) * torch.tensor(g)).sum().backward()
check.call(g, 5).close_to(table.grad, mistakes={
    "only the rows that were used are returned; P has L rows": table.grad[:3],
    "the gradient is the mean over the batch, not the sum": table.grad / 2,
    "only one sentence of the batch is counted": np.concatenate([g[-1], 0 * P[3:]]),
})
check.passed()

# %% hidden="positions" points=1
# Other sizes, T = L, T equal to B, a single position and a single pair of features.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

check = checks.of(sinusoidal)
for T, D in ((7, 4), (1, 8), (50, 2), (30, 12)):
    t, i = torch.arange(T, dtype=torch.float64)[:, None], torch.arange(D // 2, dtype=torch.float64)
    expected = torch.view_as_real(torch.polar(torch.ones(T, D // 2).double(), t * 10000 ** (-2 * i / D))).flip(-1)
    check.call(T, D).close_to(expected.flatten(1), mistakes={
        "all sines stand before all cosines; they take turns": expected.swapaxes(1, 2).flatten(1),
        "sine and cosine are swapped": expected.flip(-1).flatten(1),
        "the exponent is i / D, not 2i / D":
            torch.stack([torch.sin(t / 10000 ** (i / D)), torch.cos(t / 10000 ** (i / D))], 2).flatten(1),
    })
check.passed()

rng = np.random.default_rng(17)
for B, T, L, D in ((3, 3, 6, 2), (2, 4, 4, 5), (1, 1, 3, 2), (4, 2, 9, 3)):
    x, P, g = (rng.normal(size=shape) for shape in ((B, T, D), (L, D), (B, T, D)))
    table = torch.tensor(P, requires_grad=True)
    total = torch.tensor(x) + table[:T]
    (total * torch.tensor(g)).sum().backward()
    check = checks.of(add_positions)
    check.call(x, P).close_to(total.detach(), mistakes={
        "the last T rows of P are used, not the first": x + P[-T:],
        "the rows of P go to the sentences of the batch, not to the positions": lambda: x + P[:B, None],
    })
    check.passed()
    check = checks.of(add_positions_backward)
    check.call(g, L).close_to(table.grad, mistakes={
        "only the rows that were used are returned; P has L rows": table.grad[:T],
        "the gradient is the mean over the batch, not the sum": table.grad / B,
        "only one sentence of the batch is counted": np.concatenate([g[-1], np.zeros((L - T, D))]),
        "the sum runs over the positions and not over the sentences":
            lambda: np.concatenate([g.sum(1), np.zeros((L - B, D))]),
        "the rows after T get a gradient, too": np.broadcast_to(g.sum((0, 1)), (L, D)),
    })
    check.passed()
### END HIDDEN TESTS

# %% [markdown]
# Left, the table for 64 positions and 48 features: each row is a position, orange and purple are the two signs.
# The features on the left change from row to row, those on the right hardly at all. Right, the product of the
# embedding of a position $t$ with those of all others, for three $t$.
#
# *Alternative text: left, a map of 64 rows and 48 columns: a pattern of small patches at the left turns into
# upright stripes at the right. Right, three curves over the positions 0 to 63, one for each of $t = 16$, 32 and
# 48, each with a peak of the same height and form at its own $t$.*
#
# *What to see:* each position is most similar to itself and then to its neighbours, and the shape of the hill
# is the same wherever it stands: the product depends on the distance alone.

# %% figure="position_table"
import matplotlib.pyplot as plt
from nextword import plots_attention

plots_attention.positions(sinusoidal(64, 48))
plt.show()

# %% [markdown]
# # Part 5: what it may see, and what it costs
#
# ## Exercise 10: nothing leaks
# *Difficulty 3 of 5 · about 25 minutes · 2 points*
#
# A language model that can see the next word has a wonderful training loss and is worth nothing. Such a leak
# makes no error message: a mask that is off by one, a normalisation over the sentence, and the loss just looks
# good. So one tests for it. The test uses the gradients: if output $t$ (its logits, one for each of the $V$
# words) does not depend on input $j$, then the gradient of everything that is made of output $t$ with respect
# to $x_j$ is **exactly** 0. Not small: zero.
#
# You are handed the backward pass of some model for one sentence, `vjp`. It takes the gradient with respect to
# the outputs, an array $(T, V)$, and returns the gradient with respect to the inputs, an array $(T, D)$. Write
# `leak_map(vjp, g)`, which asks about one output at a time: send row $t$ of $g$ (and zeros for all other
# outputs) through `vjp`, and write down how large the gradient is that arrives at each input,
#
# $$m_{t,j} = \left\lVert \frac{\partial \,(g_t \cdot \text{output}_t)}{\partial x_j} \right\rVert ,$$
#
# the Euclidean norm, the root of the sum of squares. For a causal model everything above the diagonal of $m$ is
# 0, whatever the sentence and $g$. The other way round, a leak could hide only where a gradient happens to
# vanish; with random numbers for the sentence and for $g$ that practically does not occur.
#
# <details><summary>Hint 1: how many backward passes are needed?</summary>
#
# One backward pass tells how *one* weighted sum of the outputs depends on all inputs. You want to keep the
# outputs apart.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# For each `t`: zeros of the shape of `g`, in which row `t` becomes row `t` of `g`. Call `vjp`. Row `t` of the
# map: the norm of each row of what came back.
#
# </details>
# <details><summary>Hint 3: if all rows of the map are equal</summary>
#
# Then all of `g` went through `vjp` each time, or the zeros were made once, before the loop, and fill up from
# turn to turn.
#
# </details>

# %% answer="leak_map"
def leak_map(vjp, g):
    """How strongly each output of a model depends on each input.

    vjp: function; takes the gradient with respect to the outputs (T, V), returns that for the inputs (T, D).
    g: (T, V), one direction for each output. Returns (T, T): entry [t, j] is the norm of the gradient of g[t] times
    output t with respect to input j.
    """
    ### BEGIN SOLUTION
    sizes = np.empty((len(g), len(g)))
    for t in range(len(g)):
        alone = np.zeros_like(g)
        alone[t] = g[t]
        sizes[t] = np.sqrt(np.sum(vjp(alone) ** 2, axis=1))
    return sizes
    ### END SOLUTION

# %% test="leak_map" points=1
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(18)
x = torch.tensor(rng.normal(size=(4, 3)), requires_grad=True)
W, g = torch.tensor(rng.normal(size=(5, 3))), rng.normal(size=(4, 5))
output = torch.nn.functional.scaled_dot_product_attention(x[None], x[None], (x @ W.T)[None], is_causal=True)[0]


def vjp_of_attention(g):
    return torch.autograd.grad(output, x, torch.tensor(g), retain_graph=True)[0].numpy()


jacobian = torch.stack([torch.stack([torch.autograd.grad(output[t, i], x, retain_graph=True)[0] for i in range(5)])
                        for t in range(4)])                                    # (T, V, T, D)
gradients = torch.einsum("tv,tvjd->tjd", torch.tensor(g), jacobian)
check = checks.of(leak_map)
check.call(vjp_of_attention, g).close_to(gradients.norm(dim=2), mistakes={
    "rows and columns are swapped: row t belongs to output t": gradients.norm(dim=2).T,
    "the norms are squared": gradients.norm(dim=2).square(),
    "the entries are added up instead of taking the norm": gradients.sum(2),
    "absolute values are added up instead of taking the root of the sum of squares": gradients.abs().sum(2),
    "the outputs are not weighted with g but with ones": jacobian.sum(1).norm(dim=2),
    "all of g is sent back each time, not one row": gradients.sum(0).norm(dim=1).expand(4, 4),
    "rows of g pile up: the zeros are made once and not for each t": gradients.cumsum(0).norm(dim=2),
})
check.passed()

# %% hidden="leak_map" points=1
# Models with a correct mask, with a mask that is off by one, with a mask after the softmax, and one that only mixes
# neighbours; other sizes, and a sentence of one word.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(19)


def masked_model(x, k, after_softmax=False):
    mask = torch.ones(len(x), len(x), dtype=torch.bool).tril(k)
    scores = x @ x.T / x.shape[1] ** 0.5
    weights = scores.softmax(1) * mask if after_softmax else scores.masked_fill(~mask, -torch.inf).softmax(1)
    return weights @ x


models = {
    "causal": (lambda x: masked_model(x, 0), True),
    "sees one word ahead": (lambda x: masked_model(x, 1), False),
    "masked after the softmax": (lambda x: masked_model(x, 0, after_softmax=True), False),
    "mixes neighbours": (lambda x: x.sin() + torch.cat([torch.zeros_like(x[:1]), x[:-1] * 2]), True),
}
check = checks.of(leak_map)
for (name, (model, is_causal)), (T, D) in zip(models.items(), ((5, 3), (4, 2), (6, 4), (5, 2))):
    x = torch.tensor(rng.normal(size=(T, D)), requires_grad=True)
    W, g = torch.tensor(rng.normal(size=(D + 2, D))), rng.normal(size=(T, D + 2))
    output = model(x) @ W.T
    vjp = lambda g: torch.autograd.grad(output, x, torch.tensor(g), retain_graph=True)[0].numpy()
    gradients = torch.stack([torch.autograd.grad(output[t] @ torch.tensor(g[t]), x, retain_graph=True)[0]
                             for t in range(T)])
    check.call(vjp, g).close_to(gradients.norm(dim=2), mistakes={
        "rows and columns are swapped: row t belongs to output t": gradients.norm(dim=2).T,
        "the norms are squared": gradients.norm(dim=2).square(),
        "absolute values are added up instead of taking the root of the sum of squares": gradients.abs().sum(2),
        "rows of g pile up: the zeros are made once and not for each t": gradients.cumsum(0).norm(dim=2),
    }, note=f"The model: {name}")
    ahead = np.triu(check.call(vjp, g).array((T, T)), 1)
    check.holds(bool((ahead == 0).all()) == is_causal, "above the diagonal the map must be exactly 0 for a causal "
                "model, and only for one; the largest entry there is {}", ahead.max())
g = rng.normal(size=(1, 2))
check.call(lambda g: g @ np.array([[3.0, 0.0, 1.0], [0.0, 4.0, 1.0]]), g).close_to(
    np.linalg.norm(g @ np.array([[3.0, 0.0, 1.0], [0.0, 4.0, 1.0]]), keepdims=True))
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# Your detector at work. In each panel, row $t$ shows on which inputs output $t$ depends; the darker, the more,
# and white is exactly 0. An exclamation mark stands wherever an output depends on the future. From left to
# right: your `attention` with your `causal_mask`; with a mask that is off by one; with the causal mask, but
# applied after the softmax; and with the scores normalised by the mean over the *whole sentence* before the
# mask.
#
# *Alternative text: four maps of seven by seven cells. The first has dark cells on and below the diagonal only.
# The second has exclamation marks on one more diagonal above it, the third in all cells above the diagonal, the
# fourth in all of them but those of the first row.*
#
# *What to see:* only the first is a lower triangle. The third is treacherous: no forbidden *value* gets
# through, but the forbidden *scores* are in the denominator of every softmax. (In the fourth the first row is
# clean by luck: position 1 has one weight only, and that is 1 whatever the score.)

# %% figure="leaks"
import matplotlib.pyplot as plt
import torch
from nextword import plots_attention

numbers = torch.Generator().manual_seed(0)
sentence = torch.randn(7, 4, dtype=torch.float64, generator=numbers, requires_grad=True)
direction = torch.randn(7, 4, dtype=torch.float64, generator=numbers).numpy()
allowed = torch.tensor(causal_mask(7))
raw_scores = sentence @ sentence.T / 2
variants = {
    "off by one": raw_scores.masked_fill(torch.ones(7, 7).triu(2) > 0, -torch.inf).softmax(1) @ sentence,
    "mask after the softmax": (raw_scores.softmax(1) * allowed) @ sentence,
    "normalised over the sentence":
        (raw_scores / raw_scores.mean(0).abs()).masked_fill(~allowed, -torch.inf).softmax(1) @ sentence,
}


def by_finite_differences(x, f, eps=1e-6):
    """A backward pass of any f from (T, D) to (T, E), for those who have no autograd."""
    columns = [(f(x + step) - f(x - step)) / (2 * eps) for step in eps * np.eye(x.size).reshape(-1, *x.shape)]
    return lambda g: np.array([np.sum(g * column) for column in columns]).reshape(x.shape)


mine = by_finite_differences(sentence.detach().numpy(), lambda x: attention(x, x, x, causal_mask(7))[0])
maps = {"yours": leak_map(mine, direction)}
for name, leaky in variants.items():
    maps[name] = leak_map(lambda g: torch.autograd.grad(leaky, sentence, torch.tensor(g), retain_graph=True)[0].numpy(),
                          direction)
plots_attention.leaks(maps)
plt.show()

# %% [markdown]
# ## Exercise 11: what it costs
# *Difficulty 3 of 5 · about 25 minutes · 2 points*
#
# Nothing is free. An RNN passes one vector from step to step, so its computation graph grows **linearly** with
# the number of tokens. In a causal attention layer each position is connected with all before it: the graph
# grows **quadratically**. Count it, for a layer with $d$ features going in and coming out and $T$ positions,
# one sentence. Count only the multiplications inside products with matrices and vectors (a matrix of $m$ rows
# and $n$ columns times a vector: $m\,n$), not those of tanh, softmax or the division by $\sqrt{d_k}$.
#
# - **RNN**: each step computes $h_t = \tanh(W_{xh}\, x_t + W_{hh}\, h_{t-1} + b)$ with two $(d, d)$ matrices,
#   also the first one, from $h_0$. Its *edges* are the arrows between the states $h_1, \dots, h_T$ of two
#   neighbouring positions; the arrow out of $h_0$, which belongs to no position, does not count.
# - **Attention**, one head with $d_k = d_v = d$: queries, keys, values and the projection of the result, each
#   by a $(d, d)$ matrix; for each *pair* $j \le t$ one score (a product of two vectors) and one term $a_{t,j}
#   v_j$ of the weighted sum. Its edges are these pairs.
#
# Write `rnn_cost(T, d)` and `attention_cost(T, d)`, and `break_even(d)`: the smallest $T$ for which all pairs
# together cost *more* multiplications than the four projections together. Below it, attention is in truth a few
# matrix products with some quadratic decoration.
#
# <details><summary>Hint 1: how many pairs?</summary>
#
# Position 1 sees 1 position, position 2 sees 2, ... Add up.
#
# </details>
# <details><summary>Hint 2: the counts in words</summary>
#
# RNN: $T$ steps, each with two matrices. Attention: four matrices for each of $T$ positions, and for each pair
# $d$ multiplications for the score and $d$ for the weighted sum.
#
# </details>
# <details><summary>Hint 3: if break_even is off by one</summary>
#
# Write the inequality with $T$ and $d$ and divide by what stands on both sides. *More* means >, and $T$ is an
# integer.
#
# </details>

# %% answer="costs"
def rnn_cost(T, d):
    """A dict of int, "multiplications" and "edges", for an Elman layer over T steps. T, d: int, at least 1."""
    ### BEGIN SOLUTION
    return {"multiplications": T * 2 * d * d, "edges": T - 1}
    ### END SOLUTION


def attention_cost(T, d):
    """A dict of int, "multiplications" and "edges", for a causal attention layer over T positions."""
    ### BEGIN SOLUTION
    pairs = T * (T + 1) // 2
    return {"multiplications": 4 * T * d * d + pairs * 2 * d, "edges": pairs}
    ### END SOLUTION


def break_even(d):
    """The smallest T (int) for which scores and weighted sums cost more than the four projections."""
    ### BEGIN SOLUTION
    return 4 * d            # T (T + 1) d > 4 T d^2  means  T + 1 > 4 d
    ### END SOLUTION

# %% test="costs" points=1
import torch
from nextword import checks
from torch.utils._python_dispatch import TorchDispatchMode


class Meter(TorchDispatchMode):
    """Counts the multiplications in products of a matrix and a vector while PyTorch computes."""

    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if "mv" in str(function):
            self.count += args[-2].numel()
        return function(*args, **(kwargs or {}))


def look_back(x, W_q, W_k, W_v, W_o):
    """Attention word by word: what the projections cost, what the pairs cost, and how many pairs there are."""
    with Meter() as projections:
        Q, K, V = (torch.stack([torch.mv(W, x_t) for x_t in x]) for W in (W_q, W_k, W_v))
    pairs, edges = Meter(), 0
    for t, q in enumerate(Q, start=1):
        with pairs:
            found = torch.mv(V[:t].T, torch.mv(K[:t], q).softmax(0))
        with projections:
            torch.mv(W_o, found)
        edges += t
    return projections.count, pairs.count, edges


T, d = 6, 5
x, matrices = torch.randn(T, d), torch.randn(4, d, d)
with Meter() as recurrent:
    h = torch.zeros(d)
    for x_t in x:
        h = torch.tanh(torch.mv(matrices[0], x_t) + torch.mv(matrices[1], h))
check = checks.of(rnn_cost)
check.call(T, d).equals({"multiplications": recurrent.count, "edges": T - 1}, mistakes={
    "only one of the two matrices is counted": {"multiplications": recurrent.count // 2, "edges": T - 1},
    "the first step is counted with one matrix; it has two, as all others":
        {"multiplications": recurrent.count - d * d, "edges": T - 1},
    "between T states there are T - 1 arrows, not T": {"multiplications": recurrent.count, "edges": T},
})
check.passed()
check = checks.of(attention_cost)
projections, pairs, edges = look_back(x, *matrices)
of_pairs = lambda count: {"multiplications": projections + pairs // edges * count, "edges": count}
check.call(T, d).equals(of_pairs(edges), mistakes={
    "all T x T pairs are counted, also those with j > t": of_pairs(T * T),
    "a position is not paired with itself; it is, j = t is allowed": of_pairs(edges - T),
    "the weighted sums are not counted": {"multiplications": projections + pairs // 2, "edges": edges},
    "the last projection is not counted": {"multiplications": projections - T * d * d + pairs, "edges": edges},
    "the projections are not counted": {"multiplications": pairs, "edges": edges},
})
check.passed()
check = checks.of(break_even)
measured = {T: look_back(torch.randn(T, 2), *torch.randn(4, 2, 2)) for T in range(1, 20)}
first = min(T for T, (projections, pairs, _) in measured.items() if pairs > projections)
check.call(2).equals(first, mistakes={
    "at this T the two sides are equal, and more is asked for": first - 1,
    "it is one too large": first + 1,
    "all T x T pairs are counted, also those with j > t": first // 2 + 1,
})
check.passed()

# %% hidden="costs" points=1
# Other lengths and widths, a single position, very long sentences, and where the pairs begin to dominate.
### BEGIN HIDDEN TESTS
from nextword import checks

for T, d in ((50, 7), (1, 3), (2, 8), (3000, 64)):
    check = checks.of(rnn_cost)
    check.call(T, d).equals({"multiplications": sum(2 * d * d for _ in range(T)), "edges": T - 1}, mistakes={
        "only one of the two matrices is counted": {"multiplications": T * d * d, "edges": T - 1},
        "between T states there are T - 1 arrows, not T": {"multiplications": 2 * T * d * d, "edges": T},
    })
    check.passed()
    check = checks.of(attention_cost)
    pairs = sum(range(1, T + 1))
    projections = 4 * T * d * d
    check.call(T, d).equals({"multiplications": projections + 2 * pairs * d, "edges": pairs}, mistakes={
        "all T x T pairs are counted, also those with j > t":
            {"multiplications": projections + 2 * T * T * d, "edges": T * T},
        "a position is not paired with itself; it is, j = t is allowed":
            {"multiplications": projections + 2 * (pairs - T) * d, "edges": pairs - T},
        "the projections are not counted": {"multiplications": 2 * pairs * d, "edges": pairs},
        "the weighted sums are not counted": {"multiplications": projections + pairs * d, "edges": pairs},
        "the last projection is not counted": {"multiplications": 3 * T * d * d + 2 * pairs * d, "edges": pairs},
    })
    check.passed()
check = checks.of(break_even)
for d in (5, 1, 2, 64):
    first = next(T for T in range(1, 10 * d) if 2 * d * sum(range(1, T + 1)) > 4 * T * d * d)
    check.call(d).equals(first, mistakes={
        "at this T the two sides are equal, and more is asked for": first - 1,
        "it is one too large": first + 1,
        "all T x T pairs are counted, also those with j > t": 2 * d + 1,
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# Counted and measured, for $d = 64$ and sentences of 16 to 1,024 tokens; both axes of both panels are
# logarithmic. Solid with dots: an RNN layer. Dashed with squares: attention, your function (which computes all
# $T^2$ scores, also those it takes out).
#
# *Alternative text: two plots of rising curves. Left, multiplications: the RNN's line is straight, that of
# attention lies above it and bends upwards. Right, milliseconds: the two are close together for short
# sentences, and at 1,024 tokens attention takes several times as long.*
#
# *What to see:* on the left attention always costs more, more than twice as much, and beyond `break_even(64)`,
# $T = 256$, it grows with the square. On the right the curves meet: for sentences of ordinary length attention
# takes no longer than the RNN (where they cross depends on your machine). The RNN's $T$ steps must wait for
# each other, one small product after the other; attention is a few large products. On a processor that does
# thousands of multiplications at once this decides everything.

# %% figure="cost_race"
import time

import matplotlib.pyplot as plt
from nextword import plots_attention

rng, d = np.random.default_rng(0), 64
W = [rng.standard_normal((d, d)) / 8 for _ in range(4)]


def rnn_layer(x):
    h = np.zeros(d)
    for x_t in x @ W[0].T:
        h = np.tanh(x_t + W[1] @ h)


def attention_layer(x):
    return attention(x @ W[0].T, x @ W[1].T, x @ W[2].T, causal_mask(len(x)))[0] @ W[3].T


def milliseconds(f, x):
    tries = []
    for _ in range(5):
        begun = time.perf_counter()
        f(x)
        tries.append(1000 * (time.perf_counter() - begun))
    return min(tries)


lengths = [2**i for i in range(4, 11)]
sentences = [rng.standard_normal((T, d)) for T in lengths]
plots_attention.costs(
    lengths,
    {"RNN": [rnn_cost(T, d)["multiplications"] for T in lengths],
     "attention": [attention_cost(T, d)["multiplications"] for T in lengths]},
    {"RNN": [milliseconds(rnn_layer, x) for x in sentences],
     "attention": [milliseconds(attention_layer, x) for x in sentences]})
plt.show()

# %% [markdown]
# ## Written question 2: the way from an early word to the last
# *About 10 minutes · 3 points*
#
# *nora and otis know that the old cows beside the sea eat hay , and nora tells* ... The next word is *otis*,
# the third word of the sentence. Compare how an Elman RNN and one layer of causal attention bring this name to
# the last position: over how many steps does the information (and, backwards, the gradient) travel, what must
# be kept while reading, and how does the cost grow with the length of the sentence? Which of the two would you
# let read a stream of text that never ends, and what would you lose? (Six to eight sentences.)

# %% [markdown] written="path" points=3
# ### BEGIN SOLUTION
# In the RNN the name is folded into the state at position 3 and passes through every later step, fourteen
# multiplications with $W_{hh}$ and as many tanh; the gradient takes the same way back and fades or grows with
# each. What else the sentence says has to be kept in the same vector of fixed length, so the name competes with
# it. In an attention layer the last position looks at position 3 directly: one score, one weight, one step,
# however long the sentence is, and the gradient comes back by the same one edge.
#
# For this the RNN has to keep only its state, $H$ numbers, while reading. Attention keeps the keys and values
# of *all* positions, $2 T d$ numbers (and $T^2/2$ weights for the backward pass). The RNN's cost grows linearly
# with $T$, that of attention quadratically, though its products are few and large and can be computed in
# parallel, while the RNN's steps wait for each other.
#
# A stream without end only the RNN can read as it is: constant memory and constant cost per word. What is lost
# is everything that its state has not kept; nobody can go back and look. (Attention would have to be cut to a
# window of the latest words, and forgets at once what falls out of it.)
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# * 1 point: path: about fourteen steps (proportional to the distance) against one, for the information and for
#   the gradient.
# * 1 point: memory and cost: fixed state and linear against keys and values of all positions and quadratic
#   (half a point for one of the two); "in parallel against one after the other" can make up for a missing half.
# * 1 point: the stream: RNN, with constant memory per step; lost is what the state did not keep. Attention with
#   a window also counts if its loss is named.
# ### END MARK SCHEME

# %% [markdown]
# # Part 6: heads by hand, and heads that learn
#
# ## Exercise 12: build a head
# *Difficulty 4 of 5 · about 35 minutes · 3 points*
#
# What can a single head do? The best way to know is to build one without any training. You choose the matrices;
# causal attention does the rest.
#
# **A head that looks at the word before.** Position $t$ is to give (nearly) all of its weight to position $t -
# 1$. Content must not matter, so the query has to be made of the position. Let the vector of a token consist of
# two one-hot parts: $V$ numbers of which one says which word it is, then $L$ numbers of which one says at which
# position it stands ($0, 1, \dots, L-1$):
#
# $$x_t = [\,\underbrace{0 \dots 1 \dots 0}_{\text{word}}\;\; \underbrace{0 \dots 1 \dots 0}_{\text{position}}\,] .$$
#
# `previous_token_head(V, L)` returns `W_q` and `W_k`, each $(d_k, V + L)$ with a $d_k$ of your choice, such
# that $a_{t,\,t-1} > 0.99$ for every $t \ge 1$ and every sentence. (The first position has nothing before it
# and looks at itself.)
#
# **A head that finds the name.** In *hugo thinks that the cow and the sailor sing , and so thinks* the next
# word is *hugo*: the only name in the sentence, wherever it stands. Now position must not matter, so the tokens
# are one-hot words only, $x_t$ of length $V$. The function `name_head(vocabulary, names)` returns `W_q`, `W_k`
# and `W_v` such that in a sentence with one name every position from the name on gets a result $x'_t$ of $V$
# numbers which is (nearly) the one-hot vector of that name: above 0.99 at its place in the vocabulary, and
# below 0.01 in all other places.
#
# Weights are never exactly 1, but $e^{20}$ against a few ones is near enough. Do not forget that the scores are
# divided by $\sqrt{d_k}$.
#
# <details><summary>Hint 1: what should match what?</summary>
#
# A score is large where query and key point in the same direction. Previous word: the key says *I am position
# j*. What must the query of position $t$ say? Name: the key says whether this is a name. What does the query
# have to say, and does it depend on the word that asks?
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# Multiplying a matrix with a one-hot vector picks a column. Previous word: $d_k = L$, the columns of `W_k` for
# positions are unit vectors times a large number, those of `W_q` are the same, shifted by one; the columns for
# words are 0. Name: $d_k = 1$ is enough.
#
# </details>
# <details><summary>Hint 3: if the weights are 0.9 and not 0.99</summary>
#
# The scores are too small: multiply `W_q` by a larger number. With $T$ positions, one score of $c$ and all
# others 0, the weight is $e^c / (e^c + T - 1)$.
#
# </details>

# %% answer="heads_by_hand"
def previous_token_head(V, L):
    """A head that looks at the token before. Tokens are [one-hot word (V), one-hot position (L)].

    Returns (W_q, W_k), each (d_k, V + L).
    """
    ### BEGIN SOLUTION
    W_q, W_k = np.zeros((L, V + L)), np.zeros((L, V + L))
    W_k[:, V:] = np.eye(L)                  # the key of position j is the unit vector e_j
    W_q[:, V:] = np.eye(L, k=1)             # the query of position t is e_(t-1) ...
    return 30 * np.sqrt(L) * W_q, W_k       # ... so long that the score is 30
    ### END SOLUTION


def name_head(vocabulary, names):
    """A head that finds the one name in the sentence. Tokens are one-hot words.

    vocabulary: list of V str. names: list of str, all of them in the vocabulary.
    Returns (W_q, W_k, W_v), (d_k, V), (d_k, V) and (V, V).
    """
    ### BEGIN SOLUTION
    is_name = np.array([[float(word in names) for word in vocabulary]])
    return np.full((1, len(vocabulary)), 30.0), is_name, np.eye(len(vocabulary))
    ### END SOLUTION

# %% test="heads_by_hand" points=1
import numpy as np
import torch
from nextword import checks

check = checks.of(previous_token_head)
V, L = 6, 8
found = check.call(V, L).returned(tuple)
check.holds(lambda: [np.shape(W) for W in found] == [(len(found[0]), V + L)] * 2,
            "return two matrices, W_q and W_k, both of the shape (d_k, V + L)")
W_q, W_k = (np.array(W, dtype=float) for W in found)
tokens = np.hstack([np.eye(V)[[3, 0, 5, 5, 1, 3, 2, 4]], np.eye(L)])
scores = torch.tensor(tokens @ W_q.T @ W_k @ tokens.T) / len(W_q) ** 0.5
weights = scores.masked_fill(torch.ones(L, L).triu(1) > 0, -torch.inf).softmax(1)
ahead, finds, before = scores[:-1].argmax(1), weights[1:].argmax(1), weights.diagonal(-1)
check.holds((ahead != torch.arange(1, L)).any(), "every query matches the key of the token after it, which the mask "
            "hides: is the shift the wrong way round, or have W_q and W_k changed places?")
t = int((finds != torch.arange(L - 1)).int().argmax())
check.holds(finds[t].item() == t, "position {} looks at position {} and not at the one before it", t + 1,
            finds[t].item())
t = int(before.argmin())
check.holds(before[t].item() > 0.99, "position {} looks at the one before it, but the weight must be above 0.99 and is "
            "{}: are the scores too small?", t + 1, before[t].item())
check.passed()

check = checks.of(name_head)
vocabulary, names = ["and", "cow", "hugo", "nora", "so", "sings", "that", "the", "thinks"], ["hugo", "nora"]
found = check.call(vocabulary, names).returned(tuple)
check.holds(lambda: [np.shape(W) for W in found] == [(len(found[0]), 9)] * 2 + [(9, 9)],
            "return three matrices of the shapes (d_k, V), (d_k, V) and (V, V)")
W_q, W_k, W_v = (np.array(W, dtype=float) for W in found)
for name in names:
    words = f"{name} thinks that the cow sings and so thinks".split()
    x = np.eye(9)[[vocabulary.index(word) for word in words]]
    Q, K, values = (torch.tensor(x @ W.T)[None] for W in (W_q, W_k, W_v))
    found = torch.nn.functional.scaled_dot_product_attention(Q, K, values, is_causal=True)[0, -1]
    likeliest = vocabulary[found.argmax()]
    check.holds(likeliest == name, "after {} your head finds {} instead of {}", " ".join(words), likeliest, name)
    check.holds(found.max().item() > 0.99, "the name must stand out above 0.99, it has {}: is its score too small?",
                found.max().item())
check.passed()

# %% hidden="heads_by_hand" points=2
# Previous words in short and long sentences of random words, also with V and L equal; real narwhal sentences in which
# one name returns, at every position from the name on; names in the middle; and a vocabulary without an order.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks, corpora
from nextword.narwhals import NAMES

rng = np.random.default_rng(20)
check = checks.of(previous_token_head)
for V, L in ((5, 3), (7, 7), (20, 40), (2, 100), (1, 2)):
    found = check.call(V, L).returned(tuple)
    check.holds(lambda: [np.shape(W) for W in found] == [(len(found[0]), V + L)] * 2,
                "return two matrices, W_q and W_k, both of the shape (d_k, V + L)")
    W_q, W_k = (np.array(W, dtype=float) for W in found)
    T = L if L < 50 else 60
    tokens = np.hstack([np.eye(V)[rng.integers(0, V, T)], np.eye(L)[:T]])
    Q, K = torch.tensor(tokens @ W_q.T), torch.tensor(tokens @ W_k.T)
    weights = (Q @ K.T / len(W_q) ** 0.5).masked_fill(torch.ones(T, T).triu(1) > 0, -torch.inf).softmax(1)
    before = weights.diagonal(-1)
    check.holds(not weights.diagonal()[1:].gt(0.5).any(), "a position looks at itself and not at the one before")
    check.holds((before > 0.99).all(), "with V = {} and L = {} the weight of the token before must be above 0.99 "
                "everywhere; the smallest is {}", V, L, before.min().item())
check.passed()

narwhals = corpora.narwhals()
sentences = [s for s in narwhals.train[:3000] if len({w for w in s if w in NAMES}) == 1 and len(s) > 8][:12]
sentences += [("the", "old", "cow", "sees", "iris", "near", "the", "sea", "and", "sleeps")]
vocabulary = [str(word) for word in rng.permutation(narwhals.vocabulary)]
check = checks.of(name_head)
found = check.call(vocabulary, NAMES).returned(tuple)
size = len(vocabulary)
check.holds(lambda: [np.shape(W) for W in found] == [(len(found[0]), size)] * 2 + [(size, size)],
            "return three matrices of the shapes (d_k, V), (d_k, V) and (V, V)")
W_q, W_k, W_v = (np.array(W, dtype=float) for W in found)
for sentence in sentences:
    x = np.eye(size)[[vocabulary.index(word) for word in sentence]]
    Q, K, values = (torch.tensor(x @ W.T)[None] for W in (W_q, W_k, W_v))
    found = torch.nn.functional.scaled_dot_product_attention(Q, K, values, is_causal=True)[0].numpy()
    start = next(t for t, word in enumerate(sentence) if word in NAMES)
    wanted = np.eye(size)[vocabulary.index(sentence[start])]
    worst = np.abs(found[start:] - wanted).max(axis=1)
    t = int(start + worst.argmax())
    check.holds(worst.max() < 0.01, "in {} at the word {} the result is not the name: it differs by {}",
                " ".join(sentence), sentence[t], worst.max())
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# Your two heads on a narwhal sentence. Each row is a word that looks, each column a word it looks at, and the
# darker the cell, the more weight. Left, the head for the word before: a line below the diagonal. Right, the
# head that finds the name: every word looks at the name, as soon as there is one; before that all scores are
# equal and so are the weights. (In a sentence with *two* names it would be torn between them; it takes a second
# head, and a sense of position, to tell them apart.)
#
# *Alternative text: two maps of 17 by 17 words. Left, one dark cell per row, just below the diagonal. Right, shades
# that become paler from row to row, and from "hugo" on one dark column at "hugo".*

# %% figure="hand_made_heads"
import matplotlib.pyplot as plt
from nextword import plots_attention

words = "when the cow sings near the sea hugo thinks that it is happy , and so thinks".split()
vocabulary = sorted({*words, *NAMES})
x = np.eye(len(vocabulary))[[vocabulary.index(word) for word in words]]
with_positions = np.hstack([x, np.eye(len(words))])
hand_made = []
for tokens, (W_q, W_k, *_) in ((with_positions, previous_token_head(len(vocabulary), len(words))),
                               (x, name_head(vocabulary, NAMES))):
    hand_made.append(attention(tokens @ W_q.T, tokens @ W_k.T, tokens, causal_mask(len(words)))[1])
plots_attention.heads(hand_made, words, titles=("the word before", "the name"))
plt.show()

# %% [markdown]
# ## Your attention learns
#
# Now the parameters are found and not built. The model is the smallest that deserves the name: word embeddings
# plus learned positions, one layer of attention with four heads, whose result is added to its input, and a
# matrix that turns the sum into logits. No hidden layers, no recurrence. Everything that passes between two
# words passes through **your** `attention` and **your** `attention_backward`, which are put on the tape of
# notebook 03 as one operation.

# %% figure="attention_on_the_tape"
from nextword import autodiff


def on_the_tape(Q, K, V):
    """Your functions as one operation of the tape: tensors (B, h, T, d_k) in, one of them out, and the weights."""
    B, h, T, d_k = Q.shape
    q, k, v = (part.data.reshape(B * h, T, d_k) for part in (Q, K, V))
    output, weights = attention(q, k, v, causal_mask(T))

    def vjp(g):
        grads = attention_backward(q, k, v, weights, g.reshape(B * h, T, d_k))
        return [grads[f"g_{name}"].reshape(B, h, T, d_k) for name in "QKV"]

    output = output.reshape(B, h, T, d_k).astype(Q.dtype)
    return autodiff.node(output, (Q, K, V), vjp), weights.reshape(B, h, T, T)


def model(p, ids, heads=4):
    """The logits of the next word after every position, and the weights with which the heads look."""
    B, T = ids.shape
    x = p["words"][ids] + p["places"][:T]
    Q, K, V = ((x @ p[name].T).reshape(B, T, heads, -1).swapaxes(1, 2) for name in ("W_q", "W_k", "W_v"))
    found, weights = on_the_tape(Q, K, V)
    x = x + found.swapaxes(1, 2).reshape(B, T, -1) @ p["W_o"].T
    return x @ p["head"].T, weights


def next_word_loss(logits, batch):
    """The cross-entropy in nats per token, as one operation (notebook 03: its gradient is p - y)."""
    shifted = logits.data - logits.data.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    targets = (*np.indices(batch.targets.shape), batch.targets)
    share = (batch.mask / batch.tokens).astype(log_p.dtype)

    def vjp(g):
        p_minus_y = np.exp(log_p)
        p_minus_y[targets] -= 1
        return (g * p_minus_y * share[..., None],)

    return autodiff.node(-np.sum(log_p[targets] * share), (logits,), vjp)


# %% [markdown]
# While it learns, the model writes: a hundred sentences at a time, word by word, always with the same random
# numbers. The grammar of the language then judges how many of a sentence's words are possible.

# %% figure="writing"
from nextword import text

vocab = text.Vocab(narwhals.vocabulary, specials=(text.BOS, text.EOS))
uniforms = np.random.default_rng(7).random((100, 38))


def write(p):
    """A hundred sentences as lists of words, the end among them, by the inverse cumulative sums of notebook 01."""
    ids = np.full((len(uniforms), 1), vocab.bos)
    for u in uniforms.T:
        with autodiff.no_grad():
            logits = model(p, ids)[0].data[:, -1]
        sums = np.cumsum(np.exp(logits - logits.max(axis=1, keepdims=True)), axis=1)
        chosen = np.sum(sums <= u[:, None] * sums[:, -1:], axis=1).clip(max=len(vocab) - 1)
        ids = np.hstack([ids, chosen[:, None]])
    texts = [[vocab.tokens[i] for i in row[1:]] for row in ids]
    return [words[:words.index(text.EOS) + 1] if text.EOS in words else words for words in texts]


def possible(words):
    """How many words (the end counts as one) are the beginning of a sentence of the language."""
    for t, word in enumerate(words):
        if word not in narwhals.next_word_distribution(words[:t]):
            return t
    return len(words)

# %% [markdown]
# The parameters are random at first; mini-batches of 32 sentences and Adam do the rest, in about half a minute.
# **Adam** (Kingma and Ba, 2015) is gradient descent with a step size for every single parameter: it keeps a
# running mean of the parameter's gradients and one of their squares, and moves the parameter against the first,
# divided by the root of the second, times the learning rate.
#
# The picture shows the loss on the training batches, averaged over 25 of them, against the number of steps on a
# logarithmic axis; the grey line is the entropy.
#
# *Alternative text: the loss over the steps 25 to 1,500 falls from above 3 nats per token to about 1.4 at step 500 and
# meets the grey line at 1.27 at the end.*

# %% figure="training"
import matplotlib.pyplot as plt
from nextword import batches, optim, plots
from tqdm.auto import tqdm

rng, D, steps, losses, written = np.random.default_rng(0), 64, 1500, [], {}
shapes = {"words": (len(vocab), D), "places": (40, D), "head": (len(vocab), D),
          "W_q": (D, D), "W_k": (D, D), "W_v": (D, D), "W_o": (D, D)}
p = {name: autodiff.Tensor(rng.normal(size=shape) / 8, requires_grad=True, dtype="float32")
     for name, shape in shapes.items()}
optimizer = optim.Adam(p.values())


def make(sentences):
    return batches.language_batch([vocab.encode(s) for s in sentences], vocab.bos, vocab.eos)


for step, batch in zip(tqdm(range(steps), desc="training"), batches.endless(narwhals.train, 32, rng, make)):
    if step in (0, 100, 500):
        written[step] = write(p)
    optimizer.lr = 0.015 * (1 + np.cos(np.pi * step / steps)) / 2
    optimizer.zero_grad()
    loss = next_word_loss(model(p, batch.inputs)[0], batch)
    loss.backward()
    optim.clip_grad_norm(p.values(), 1.0)
    optimizer.step()
    losses.append(loss.item())
smooth = np.convolve(losses, np.ones(25) / 25, mode="valid")
plots.curves(np.arange(25, steps + 1), {"training loss, mean of 25 batches": smooth}, "step", "loss (nats per token)",
             logarithmic="x", floor=narwhals.entropy_per_token, floor_name="entropy of the language")
plt.show()
with autodiff.no_grad():
    held_out = [(next_word_loss(model(p, batch.inputs)[0], batch).item(), batch.tokens)
                for batch in batches.epoch(narwhals.test, 200, make=make)]
attention_loss = sum(nats * tokens for nats, tokens in held_out) / sum(tokens for _, tokens in held_out)
print(f"new sentences: {attention_loss:.3f} nats per token; the entropy is {narwhals.entropy_per_token:.3f}")

# %% [markdown]
# What it wrote, before the first step, after 100, after 500, and at the end: the first three sentences of ten
# words or more. Black is what the grammar allows; from the first word on that is impossible a sentence is orange
# and underlined. At the right, the share of all its sentences without a fault.
#
# *Alternative text: four groups of sentences. Before training random words, all orange. Then the black beginnings
# grow longer, and at the end most sentences are black to their last word.*
#
# *What to see:* the order of the words comes first; that a verb agrees with its subject, and which name returns,
# comes later.

# %% figure="what_it_writes"
groups = []
for step, sentences in (written | {steps: write(p)}).items():
    long = [words for words in sentences if len(words) > 10][:3]
    shown = [([word for word in words if word != text.EOS][:25], possible(words)) for words in long]
    share = np.mean([possible(words) == len(words) and words[-1] == text.EOS for words in sentences])
    groups.append((f"{step}", shown, f"{share:.0%}"))
plots.samples(groups, note="grammatical")
plt.show()

# %% [markdown]
# What have the heads learned? The picture shows the weights of all four on a sentence with two names that both
# return. Rows look, columns are looked at; the framed rows are those after which a name has to be said.
#
# *What to see:* in the framed rows some head looks far back, at exactly the name that comes next: after the
# second *and* at the first name, after *tells* at the second one. In the row of *sea*, after which the verb has
# to come, a head looks at *cow*, the subject, which the verb must agree with. Nobody has told it what a name or
# a subject is. Other heads look at the last few words, like a soft n-gram model. And where a head has nothing
# to look for it looks at `<s>` (or at the comma): its weights must add up to 1, so it needs a place where nothing
# is to be found. Large transformers do the same.
#
# *Alternative text: four triangular maps of 18 by 18 words with the rows of the second "and" and of "tells" framed. In
# the first of these rows one head has nearly all its weight on "nora", in the second one has it on "otis"; many other
# dark cells lie in the column of the first token or near the diagonal.*

# %% figure="learned_heads"
import matplotlib.pyplot as plt
from nextword import plots_attention

words = "<s> nora and otis know that the young cow near the sea eats hay , and nora tells".split()
with autodiff.no_grad():
    logits, weights = model(p, vocab.encode(words)[None])
probs = np.exp(logits.data[0, -1] - logits.data[0, -1].max())
probs /= probs.sum()
print("after 'tells':", ", ".join(f"{vocab.tokens[i]} {probs[i]:.2f}" for i in np.argsort(-probs)[:4]))
plots_attention.heads(weights[0], words, asking=(15, 17))
plt.show()

# %% [markdown]
# ## The loss ladder
#
# Each bar is a model, its length the loss on new sentences in nats per token; the grey part is the entropy,
# below which no model can come, and the blue part is what the model does not know. The last bar is the one you
# have just trained. (The bar of the RNN is the library's: as many hidden units as yours in notebook 04, but
# trained for longer, and with Adam.)
#
# *Alternative text: horizontal bars, from top to bottom: uniform 4.95, n-gram models for n = 1 to 5, the smoothed
# 4-gram model 1.74, the RNN 1.48 and attention alone 1.30, which hardly stands out beyond the dark line of the
# entropy at 1.27.*
#
# *What to see:* one layer of attention, with nothing around it, closes most of the gap that the RNN had left.
# The rest is for notebook 06.

# %% figure="loss_ladder"
import matplotlib.pyplot as plt
from nextword import ladder

mine = {"attention alone": attention_loss} if "attention_loss" in globals() else {}      # after the training above
ladder.show("RNN", mine)
plt.show()

# %% [markdown]
# ## What comes next
#
# You have the operation on which all large language models rest, with its backward pass, its heads and its
# price. To make a **transformer** of it takes three more things, none of them difficult: normalisation and
# residual connections, so that many layers can be stacked, and a small network that thinks about what attention
# has found. Notebook 06 puts it together, counts the parameters of GPT-3, and climbs the last rungs of the
# ladder.
