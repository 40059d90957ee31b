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
# # 06 The transformer language model
#
# This is the last floor of the building. You have attention: a position can look at every position before it
# and fetch what it needs. A **transformer** is a stack of such looks, with a small network after each that
# thinks about what has been fetched, and with two devices that allow the stack to be deep: normalisation and
# residual connections. The language model around it is the one you know from the RNN: embeddings below, a
# softmax over the vocabulary above, one prediction at every position.
#
# GPT, GPT-2 and GPT-3, OpenAI's language models of 2018 to 2020, are this, up to details: the first has its norms
# in another place, and in the third every other layer looks at near words only. In this notebook you write every
# piece, put them together, compare with PyTorch number by number, count the parameters of the real ones to the last
# digit, train one on narwhals in half a minute, and see how close it comes to the line that no model can cross.
# After that, if you like, four things that make large models usable: ways to pick the next word, a cache that saves
# most of the work, positions that rotate, and heads that share.

# %% [markdown]
# ## Notation
#
# | name | shape | what it is |
# |---|---|---|
# | $B$, $T$ | numbers | sentences in a batch, tokens in a sentence |
# | $D$ | a number | features of a token between layers, $d_\text{model}$ |
# | $F$ | a number | hidden units of the feed-forward network, as a rule $4D$ |
# | $V$, $C$ | numbers | words in the vocabulary; the most tokens for which the model has positions, its *context* |
# | $L$, $h$ | numbers | layers, heads; $d_k = D / h$ |
# | $x$ | $(B, T, D)$ | what enters a layer, one row for each token |
# | $\gamma$, $\beta$ | $(D,)$ | gain and bias of a layer norm, both learned |
# | $E$, $P$ | $(V, D)$, $(C, D)$ | embeddings of words and of positions |
# | $g_v$ | the shape of $v$ | gradient of the loss with respect to $v$ |
#
# Weight matrices are (out, in), as in PyTorch. Losses are in nats per token. In Part 4 $V$ beside $Q$ and $K$ is
# the matrix of values, as in notebook 05.

# %% given="setup"
import numpy as np

# %% [markdown]
# # Part 1: what lets a network be deep
#
# ## Exercise 1: layer normalisation
# *Difficulty 4 of 5 · about 40 minutes · 4 points*
#
# In a deep network small changes in low layers become large ones above: the inputs of a layer keep changing their
# size while it tries to learn from them. **Layer normalisation** (Ba and others, 2016) gives each token's vector
# mean 0 and variance 1 before it enters a layer, and then lets the layer choose another scale and offset for each
# feature, if it learns that one is better. For one token $a$ with $D$ features:
#
# $$\mu = \frac{1}{D} \sum_{i} a_i, \qquad v = \frac{1}{D} \sum_i (a_i - \mu)^2, \qquad
# n = \frac{a - \mu}{\sqrt{v + \varepsilon}}, \qquad b = \gamma \odot n + \beta .$$
#
# The mean $\mu$ and the variance $v$ are numbers; $a$, $n$, $b$, $\gamma$ and $\beta$ have shape $(D,)$. Three
# details. The variance is divided by $D$, not by $D - 1$. The small $\varepsilon$, which keeps a constant vector
# from being divided by 0, stands *inside* the root. And the mean is over the features of one token, never over
# tokens or sentences: a token's result must not depend on its neighbours, least of all on later ones.
#
# Backwards, from $g_b$: for the parameters $g_\beta = \sum g_b$ and $g_\gamma = \sum g_b \odot n$, the sums
# over all tokens of all sentences. For the input, let $g_n = g_b \odot \gamma$. Since $\mu$ and $v$ depend on
# every feature, so does every gradient:
#
# $$g_a = \frac{1}{\sqrt{v + \varepsilon}} \Bigl( g_n - \overline{g_n} - n \cdot \overline{g_n \odot n} \Bigr),$$
#
# where the bar is the mean over the features of the same token. Try to derive it (hint 1 says how to see it
# without any calculation).
#
# Write `layer_norm(x, gamma, beta, eps)`, which does this to every token of $x$, and `layer_norm_backward(x,
# gamma, eps, g)`, where `g` is $g_b$ for all tokens, and `"g_x"` in the result holds the $g_a$.
#
# <details><summary>Hint 1: why are two things subtracted?</summary>
#
# Add a constant to all features of a token: $n$ does not change. Multiply them all by a number: $n$ does not
# change either (with a tiny $\varepsilon$). So the gradient $g_a$ must be orthogonal to both directions, to the
# vector of ones and to $n$. The two terms that are subtracted are the parts of $g_n$ in these directions.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# Means over the last axis with `keepdims=True`. Forward: subtract the mean, divide by the root of variance plus
# eps, scale, shift. Backward: compute $n$ again; `g_n = g * gamma`; the formula; for the parameters sum over
# all axes but the last.
#
# </details>
# <details><summary>Hint 3: if g_gamma has the wrong shape</summary>
#
# `g` has the axes $(B, T, D)$ and $\gamma$ has $(D,)$: sum over the first two, `axis=(0, 1)`.
#
# </details>

# %% answer="layer_norm"
def layer_norm(x, gamma, beta, eps):
    """Each token to mean 0 and variance 1 over its features, times gamma, plus beta.

    x: (B, T, D). gamma, beta: (D,). eps: float, added to the variance. Returns (B, T, D).
    """
    ### BEGIN SOLUTION
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    return gamma * centred / np.sqrt(variance + eps) + beta
    ### END SOLUTION


def layer_norm_backward(x, gamma, eps, g):
    """The gradients of the loss, from g (B, T, D), the gradient with respect to the result.

    Returns a dict: "g_x" (B, T, D), "g_gamma" (D,), "g_beta" (D,).
    """
    ### BEGIN SOLUTION
    centred = x - x.mean(axis=-1, keepdims=True)
    root = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + eps)
    n, g_n = centred / root, g * gamma
    g_x = (g_n - g_n.mean(axis=-1, keepdims=True) - n * (g_n * n).mean(axis=-1, keepdims=True)) / root
    return {"g_x": g_x, "g_gamma": (g * n).sum(axis=(0, 1)), "g_beta": g.sum(axis=(0, 1))}
    ### END SOLUTION

# %% test="layer_norm" points=2
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(1)
B, T, D, eps = 2, 3, 5, 0.1
x, gamma, beta, g = (rng.normal(size=shape) for shape in ((B, T, D), D, D, (B, T, D)))
X, scale, shift = (torch.tensor(array, requires_grad=True) for array in (x, gamma, beta))
official = torch.nn.functional.layer_norm
value = official(X, (D,), scale, shift, eps)
deviation = torch.tensor(x).std(-1, correction=0, keepdim=True)
root = (deviation**2 + eps) ** 0.5
turned = lambda axis: official(X.movedim(axis, -1), (x.shape[axis],), eps=eps).movedim(-1, axis) * scale + shift
check = checks.of(layer_norm)
check.call(x, gamma, beta, eps).close_to(value, mistakes={
    "eps is left out": official(X, (D,), scale, shift, 0.0),
    "eps is added to the root, not under it":
        official(X, (D,), eps=0.0) * deviation / (deviation + eps) * scale + shift,
    "you divide by the variance and not by its root": official(X, (D,), eps=eps) / root * scale + shift,
    "mean and variance are taken over the sentences of the batch": turned(0),
    "mean and variance are taken over the tokens of a sentence": turned(1),
    "mean and variance are taken over the whole sentence": official(X, (T, D), eps=eps) * scale + shift,
    "gamma and beta are left out": official(X, (D,), eps=eps),
    "beta is left out": official(X, (D,), scale, None, eps),
    # with the variance v D / (D - 1), everything is smaller by a root, and eps counts for less
    "the variance is divided by D - 1, not by D":
        official(X, (D,), eps=eps * (D - 1) / D) * ((D - 1) / D) ** 0.5 * scale + shift,
})
check.passed()

value.backward(torch.tensor(g))
right = {"g_x": X.grad, "g_gamma": scale.grad, "g_beta": shift.grad}
plain_x = torch.autograd.grad(official(X, (D,), eps=eps), X, torch.tensor(g))[0]
constant = torch.tensor(g) * scale / root       # if mean and variance did not depend on x
check = checks.of(layer_norm_backward)
check.call(x, gamma, eps, g).close_to(right, mistakes={
    "mean and variance are treated as constants": right | {"g_x": constant},
    "the variance is treated as a constant: the term with n is missing":
        right | {"g_x": constant - constant.mean(-1, keepdim=True)},
    "gamma is left out in g_x": right | {"g_x": plain_x},
    "gamma is multiplied at the end instead of at the beginning": right | {"g_x": plain_x * scale.detach()},
    "g_gamma and g_beta have changed places": right | {"g_gamma": shift.grad, "g_beta": scale.grad},
    "g_gamma and g_beta are means over the tokens, not sums":
        right | {"g_gamma": scale.grad / (B * T), "g_beta": shift.grad / (B * T)},
})
check.passed()

# %% hidden="layer_norm" points=2
# Other sizes, a single token, two features, a tiny eps, a token whose features are all equal, very large
# features, and that no token feels its neighbours.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(2)
forward, backward = checks.of(layer_norm), checks.of(layer_norm_backward)
for B, T, D, eps, size in (
    (2, 3, 5, 0.2, 1), (3, 2, 7, 1e-5, 1), (1, 1, 4, 0.3, 1), (2, 5, 2, 0.01, 3), (2, 3, 6, 1e-5, 1e4),
    (4, 4, 4, 0.5, 1),
):
    x, gamma, beta, g = (rng.normal(size=shape) for shape in ((B, T, D), D, D, (B, T, D)))
    x = size * (x + 0.5)
    x[0, 0] = x[0, 0] if size > 1 else 1.5
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, gamma, beta)]
    out = torch.nn.functional.layer_norm(leaves[0], (D,), *leaves[1:], eps)
    out.backward(torch.tensor(g))
    wanted = dict(zip(("g_x", "g_gamma", "g_beta"), (leaf.grad.numpy() for leaf in leaves)))
    centred, variance = x - x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    bessel = variance * D / (D - 1)
    forward.call(x, gamma, beta, eps).close_to(out.detach(), atol=1e-11, mistakes={
        "the variance is divided by D - 1, not by D": gamma * centred / np.sqrt(bessel + eps) + beta,
        "eps is added to the root, not under it": gamma * centred / (np.sqrt(variance) + eps) + beta,
        "eps is left out": lambda: gamma * centred / np.sqrt(variance) + beta,
        "you divide by the variance and not by its root": gamma * centred / (variance + eps) + beta,
        "mean and variance are taken over the sentences of the batch":
            lambda: gamma * (x - x.mean(0)) / np.sqrt(x.var(0) + eps) + beta,
    })
    root = np.sqrt(variance + eps)
    n, g_n = centred / root, g * gamma
    bar = lambda y: y.mean(-1, keepdims=True)
    backward.call(x, gamma, eps, g).close_to(wanted, atol=1e-11, mistakes={
        "mean and variance are treated as constants": wanted | {"g_x": g_n / root},
        "the variance is treated as a constant: the term with n is missing": wanted | {"g_x": (g_n - bar(g_n)) / root},
        "the mean is treated as a constant: the mean of g_n is not subtracted":
            wanted | {"g_x": (g_n - n * bar(g_n * n)) / root},
        "gamma is left out in g_x": wanted | {"g_x": (g - bar(g) - n * bar(g * n)) / root},
        "g_x is not divided by the root": wanted | {"g_x": g_n - bar(g_n) - n * bar(g_n * n)},
        "in g_gamma the input x is used, not the normalised n": wanted | {"g_gamma": (g * x).sum((0, 1))},
    })
x, gamma, beta = rng.normal(size=(2, 4, 3)), rng.normal(size=3), rng.normal(size=3)
before = forward.call(x, gamma, beta, 1e-5).array((2, 4, 3))
x[:, 2] += 100 * rng.normal(size=(2, 3))
after = forward.call(x, gamma, beta, 1e-5).array((2, 4, 3))
forward.holds(lambda: np.array_equal(np.delete(before, 2, 1), np.delete(after, 2, 1)),
              "a token's result must not change when another token changes")
forward.passed()
backward.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 2: residual connections
# *Difficulty 2 of 5 · about 20 minutes · 2 points*
#
# Normalisation alone does not make a hundred layers trainable. The second device (He and others, 2016) is almost
# too simple: let a sublayer $f$ (attention, or a feed-forward network) compute not the new $x$, but what has to be
# *added* to it,
#
# $$x' = x + f(\operatorname{norm}(x)) .$$
#
# A block with zero weights is then the identity: it passes everything on, and learning can begin from *do
# nothing*. Backwards it is the same. The gradient with respect to $x$ is the gradient that arrives, **plus**
# what comes back through the sublayer. Through $L$ blocks there is always one path on which nothing is
# multiplied at all.
#
# The normalisation belongs on the branch, *before* the sublayer ("pre-norm"). The first transformers, GPT among
# them, had it after the sum, $x' = \operatorname{norm}(x + f(x))$ ("post-norm"): then the free path goes through
# every norm, and deep stacks need tricks to train.
#
# Write `residual(x, norm, f)`, a block with pre-norm, where `norm` and `f` are functions that are handed in.
# And `residual_backward(g, vjps)`: the gradient with respect to the input of a stack of blocks. `vjps[l]` is
# the backward pass of the whole branch of block $l$ (norm and sublayer together): it takes the gradient with
# respect to what the branch adds and returns the gradient with respect to what the branch reads.
#
# <details><summary>Hint 1: x is used twice. And then?</summary>
#
# A value that is used in two places gets the sum of two gradients. Which two places are that here, and which
# gradient comes from each?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# Forward: one line. Backward: go through the list from the last block to the first; each time the new gradient
# is the old one plus what the block's function makes of the old one.
#
# </details>
# <details><summary>Hint 3: if "in place" appears in the message</summary>
#
# `g += ...` changes the array that was handed in. Write `g = g + ...`.
#
# </details>

# %% answer="residual"
def residual(x, norm, f):
    """One residual block with pre-norm. x: (B, T, D). norm, f: functions of (B, T, D) that return (B, T, D)."""
    ### BEGIN SOLUTION
    return x + f(norm(x))
    ### END SOLUTION


def residual_backward(g, vjps):
    """The gradient with respect to the input of a stack of residual blocks.

    g: gradient with respect to the output of the last block. vjps: list of functions, first block first; each takes the
    gradient with respect to what its branch adds and returns that with respect to what the branch reads. Same shapes.
    """
    ### BEGIN SOLUTION
    for vjp in reversed(vjps):
        g = g + vjp(g)
    return g
    ### END SOLUTION

# %% test="residual" points=1
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(3)
x, W = rng.normal(size=(2, 3, 4)), rng.normal(size=(4, 4))
halve = lambda x: (x - 1) / 2
branch = lambda x: np.tanh(x @ W.T)
check = checks.of(residual)
X = torch.tensor(x)
F = lambda x: torch.tanh(x @ torch.tensor(W).T)
check.call(x, halve, branch).close_to(X + F((X - 1) / 2), mistakes={
    "the norm comes after the sum (post-norm)": (X + F(X) - 1) / 2,
    "x is not added": F((X - 1) / 2),
    "the normalised x is added, not x itself": (X - 1) / 2 + F((X - 1) / 2),
    "the norm is left out": X + F(X),
    "norm and f are applied in the wrong order": X + (F(X) - 1) / 2,
})
check.call(x, halve, lambda x: 0 * x).close_to(X, note="A branch that adds nothing makes the block the identity")
check.passed()

matrices = [torch.tensor(rng.normal(size=(4, 4))) for _ in range(3)]
vjps = [lambda g, M=M: (torch.tensor(g) @ M).numpy() for M in matrices]
g, eye = torch.tensor(rng.normal(size=(2, 3, 4))), torch.eye(4, dtype=torch.float64)
first, second, third = (eye + M for M in matrices)
check = checks.of(residual_backward)
check.call(g.numpy(), vjps).close_to(g @ third @ second @ first, mistakes={
    "the blocks are passed in the wrong order, from the first to the last": g @ first @ second @ third,
    "the gradient of the direct path is not added": g @ matrices[2] @ matrices[1] @ matrices[0],
    "all branches get the gradient from above, not what arrives at their own block":
        g + g @ matrices[0] + g @ matrices[1] + g @ matrices[2],
    "only the direct path is followed": g,
    "the first block is left out": g @ third @ second,
    "the direct path is added once at the end and not at each block":
        g + g @ matrices[2] @ matrices[1] @ matrices[0],
})
check.passed()

# %% hidden="residual" points=1
# Other shapes, real backward passes by autograd, stacks of one and of seven blocks, and a stack of none.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(4)
for depth, shape in ((1, (3, 2, 5)), (7, (1, 4, 3)), (0, (2, 2, 2))):
    x = torch.tensor(rng.normal(size=shape), requires_grad=True)
    weights = [torch.tensor(0.5 * rng.normal(size=(shape[2], shape[2]))) for _ in range(depth)]
    inputs, adds, state = [], [], x
    for W in weights:
        inputs.append(state)
        adds.append(torch.sin(torch.nn.functional.layer_norm(state, shape[2:]) @ W))
        state = state + adds[-1]
    vjps = [lambda g, a=a, i=i: torch.autograd.grad(a, i, torch.tensor(g), retain_graph=True)[0].numpy()
            for a, i in zip(adds, inputs)]
    g = rng.normal(size=shape)
    # (each block's input is used by the block itself and by the sum: autograd follows both)
    expected = torch.autograd.grad(state, x, torch.tensor(g), retain_graph=True)[0] if depth else torch.tensor(g)
    only_branches = g
    for vjp in reversed(vjps):
        only_branches = vjp(only_branches)
    check = checks.of(residual_backward)
    check.call(g, vjps).close_to(expected, mistakes={
        "the gradient of the direct path is not added": only_branches,
        "only the direct path is followed": g,
        "the direct path is added once at the end and not at each block": g + only_branches,
    })
    check.passed()

    check = checks.of(residual)
    y = rng.normal(size=shape)
    Y, M = torch.tensor(y), torch.tensor(rng.normal(size=(shape[2], shape[2])))
    norm = lambda x: torch.nn.functional.layer_norm(torch.tensor(x), shape[2:]).numpy()
    normal = torch.nn.functional.layer_norm(Y, shape[2:])
    check.call(y, norm, lambda x: x @ M.numpy()).close_to(Y + normal @ M, mistakes={
        "the norm comes after the sum (post-norm)": torch.nn.functional.layer_norm(Y + Y @ M, shape[2:]),
        "x is not added": normal @ M,
        "the normalised x is added, not x itself": normal + normal @ M,
        "the norm is left out": Y + Y @ M,
    })
    check.passed()
### END HIDDEN TESTS

# %% [markdown]
# How much of a gradient arrives at the bottom of a stack of random layers? The picture shows the size of the
# gradient at the input, relative to that at the output, against the number of layers; the vertical axis is
# logarithmic. Solid with dots: plain layers, $x' = f(x)$. Dashed with squares: residual blocks, your
# `residual_backward`. Each layer is a random matrix that shrinks a gradient by about a third. (In a stack of $L$
# residual blocks each branch is divided by $\sqrt{L}$, as in GPT-2 before training; the sum of all branches would
# otherwise grow with every block.)
#
# *Alternative text: gradient against the number of layers, 1 to 64. The solid line falls straight from 0.6 to
# $10^{-12}$; the dashed one stays level a little above 1.*
#
# *What to see:* the solid line is nearly straight, since each plain layer takes away the same share; after 64 of
# them about $10^{-12}$ of the gradient is left. With residual connections it arrives: there are many paths, and
# the direct one loses nothing.

# %% figure="depth"
import matplotlib.pyplot as plt
from nextword import plots

rng = np.random.default_rng(0)
layers = [rng.standard_normal((32, 32)) * 0.65 / 32**0.5 for _ in range(64)]
top = rng.standard_normal((1, 4, 32))
depths = [1, 8, 16, 24, 32, 40, 48, 56, 64]
plain, with_residual = [], []
for depth in depths:
    g = top
    for M in layers[:depth]:
        g = g @ M
    plain.append(np.linalg.norm(g) / np.linalg.norm(top))
    g = residual_backward(top, [lambda g, M=M: g @ M / depth**0.5 for M in layers[:depth]])
    with_residual.append(np.linalg.norm(g) / np.linalg.norm(top))
plots.curves(depths, {"plain layers": plain, "residual blocks": with_residual}, x_axis="layers",
             y_axis="gradient at the bottom,\nrelative to the top", logarithmic="y")
plt.show()

# %% [markdown]
# # Part 2: the layer and the model
#
# ## Exercise 3: the feed-forward network
# *Difficulty 2 of 5 · about 20 minutes · 2 points*
#
# Attention moves information between positions and mixes it linearly. What it cannot do is compute with it:
# *this is a plural noun and that is a verb, so the verb has no s*. For that each layer has a second sublayer,
# an ordinary network with one hidden layer. It is applied to every position *by itself*, with the same weights
# everywhere:
#
# $$\operatorname{FFN}(x) = \operatorname{gelu}(x\, W_1^T + b_1)\; W_2^T + b_2, \qquad
# W_1\colon (F, D), \quad W_2\colon (D, F).$$
#
# The hidden layer is wide, as a rule $F = 4D$; then this network holds two thirds of all parameters of its layer.
# Its activation in the GPTs is a smooth relative of ReLU (Hendrycks and Gimpel, 2016): $x$ times the probability
# that a standard normal number is smaller than $x$. GPT-2 computes it by an approximation,
#
# $$\operatorname{gelu}(x) = \frac{x}{2}
# \left(1 + \tanh\left(\sqrt{\frac{2}{\pi}}\, \bigl(x + 0.044715\, x^3\bigr)\right)\right),$$
#
# and so do you. Write `gelu(x)` and `feed_forward(x, W_1, b_1, W_2, b_2)`.
#
# <details><summary>Hint 1: do three axes make it harder?</summary>
#
# $(B, T, D)$ times a matrix $(D, F)$ is $(B, T, F)$: the product works on the last axis and leaves the others
# alone.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# Product with the transposed `W_1`, plus `b_1`; gelu; product with the transposed `W_2`, plus `b_2`. No
# activation at the end.
#
# </details>
# <details><summary>Hint 3: if gelu is right near 0 and wrong far away</summary>
#
# The cube stands inside the tanh, and the $x$ before it too: $x + 0.044715\,x^3$, all of it times the root.
#
# </details>

# %% answer="feed_forward"
def gelu(x):
    """x times the standard normal distribution function at x, by GPT-2's formula. Any shape."""
    ### BEGIN SOLUTION
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    ### END SOLUTION


def feed_forward(x, W_1, b_1, W_2, b_2):
    """Two linear layers with a gelu between them. x: (B, T, D). W_1: (F, D), b_1: (F,). W_2: (D, F), b_2: (D,)."""
    ### BEGIN SOLUTION
    return gelu(x @ W_1.T + b_1) @ W_2.T + b_2
    ### END SOLUTION

# %% test="feed_forward" points=1
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(5)
x = np.array([[-3.0, -1.0, -0.1], [0.0, 0.5, 2.5]])
X = torch.tensor(x)
by_tanh = torch.nn.functional.gelu(X, approximate="tanh")
check = checks.of(gelu)
check.call(x).close_to(by_tanh, mistakes={
    "this is the exact formula, with the error function": torch.nn.functional.gelu(X),
    "this is ReLU": X.relu(),
    "the factor 1/2 is missing": 2 * by_tanh,
    "x before the parenthesis is missing": by_tanh / X,
})
check.passed()

x, W_1, b_1, W_2, b_2 = (rng.normal(size=shape) for shape in ((2, 3, 4), (6, 4), 6, (4, 6), 4))
check = checks.of(feed_forward)
linear, smooth = torch.nn.functional.linear, lambda x: torch.nn.functional.gelu(x, approximate="tanh")
X, U, c, W, d = map(torch.tensor, (x, W_1, b_1, W_2, b_2))
check.call(x, W_1, b_1, W_2, b_2).close_to(linear(smooth(linear(X, U, c)), W, d), mistakes={
    "there is no activation between the two layers": linear(linear(X, U, c), W, d),
    "the activation comes once more at the end": smooth(linear(smooth(linear(X, U, c)), W, d)),
    "the activation comes at the end and not between the layers": smooth(linear(linear(X, U, c), W, d)),
    "x is added: the residual connection is not part of this sublayer": X + linear(smooth(linear(X, U, c)), W, d),
    "b_1 is missing": linear(smooth(linear(X, U)), W, d),
    "b_2 is missing": linear(smooth(linear(X, U, c)), W),
    "the activation is ReLU and not gelu": linear(linear(X, U, c).relu(), W, d),
})
check.passed()

# %% hidden="feed_forward" points=1
# Large and small numbers on both sides of 0, arrays of one and four axes, other sizes, F smaller than D, and F
# equal to D.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(6)
check = checks.of(gelu)
root = (2 / np.pi) ** 0.5
for x in (np.array([-30.0, -6.0, 1e-4, 7.0, 300.0]), rng.normal(size=(2, 1, 3, 2)) * 2):
    check.call(x).close_to(torch.nn.functional.gelu(torch.tensor(x), approximate="tanh"), atol=1e-12, mistakes={
        "this is the exact formula, with the error function": torch.nn.functional.gelu(torch.tensor(x)),
        "this is ReLU": np.maximum(x, 0),
        "this is x times a sigmoid": lambda: x / (1 + np.exp(-x)),
        "the root is missing inside the tanh": x / 2 * (1 + np.tanh(x + 0.044715 * x**3)),
        "2 / pi stands there without its root": x / 2 * (1 + np.tanh(root**2 * (x + 0.044715 * x**3))),
        "x is missing inside the tanh": x / 2 * (1 + np.tanh(root * 0.044715 * x**3)),
        "x is squared and not cubed": x / 2 * (1 + np.tanh(root * (x + 0.044715 * x**2))),
        "the cube is not multiplied by the root": x / 2 * (1 + np.tanh(root * x + 0.044715 * x**3)),
        "the root is taken of 2 only, not of 2 / pi": x / 2 * (1 + np.tanh(2**0.5 / np.pi * (x + 0.044715 * x**3))),
    })
check.passed()
check = checks.of(feed_forward)
linear, smooth = torch.nn.functional.linear, lambda x: torch.nn.functional.gelu(x, approximate="tanh")
for B, T, D, hidden in ((3, 2, 5, 2), (1, 1, 2, 8), (2, 4, 3, 3)):
    inputs = [rng.normal(size=shape) for shape in ((B, T, D), (hidden, D), hidden, (D, hidden), D)]
    X, U, c, W, d = map(torch.tensor, inputs)
    check.call(*inputs).close_to(linear(smooth(linear(X, U, c)), W, d), mistakes={
        "there is no activation between the two layers": linear(linear(X, U, c), W, d),
        "x is added: the residual connection is not part of this sublayer": X + linear(smooth(linear(X, U, c)), W, d),
        "b_1 is missing": linear(smooth(linear(X, U)), W, d),
        "b_2 is missing": linear(smooth(linear(X, U, c)), W),
        "the weights are not transposed": lambda: smooth(X @ U + c) @ W + d,
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 4: the transformer layer
# *Difficulty 4 of 5 · about 35 minutes · 4 points*
#
# Now the pieces fall into place. A layer has two residual blocks, the first around multi-head attention (MHA,
# notebook 05), the second around the feed-forward network (FFN), and each reads a normalised copy:
#
# $$y = x + \operatorname{MHA}\bigl(\operatorname{norm}_1(x)\bigr), \qquad
# z = y + \operatorname{FFN}\bigl(\operatorname{norm}_2(y)\bigr).$$
#
# It is compared with `torch.nn.TransformerEncoderLayer(norm_first=True)` with the same weights, so the
# parameters come as PyTorch names them, in a dict `p`:
#
# | name | shape | what it is |
# |---|---|---|
# | `"norm1.weight"`, `"norm1.bias"` | $(D,)$ | $\gamma$ and $\beta$ of $\operatorname{norm}_1$ |
# | `"self_attn.in_proj_weight"`, `"self_attn.in_proj_bias"` | $(3D, D)$, $(3D,)$ | queries, keys, values |
# | `"self_attn.out_proj.weight"`, `"self_attn.out_proj.bias"` | $(D, D)$, $(D,)$ | the projection of the joined heads |
# | `"norm2.weight"`, `"norm2.bias"` | $(D,)$ | $\gamma$ and $\beta$ of $\operatorname{norm}_2$ |
# | `"linear1.weight"`, `"linear1.bias"` | $(F, D)$, $(F,)$ | first layer of the feed-forward network |
# | `"linear2.weight"`, `"linear2.bias"` | $(D, F)$, $(D,)$ | second layer of the feed-forward network |
#
# So that no mistake of an earlier exercise is paid for twice, three functions are handed in: `norm(x, gamma,
# beta)` is layer normalisation, `attend(x, W_in, b_in, W_out, b_out)` is the whole of causal multi-head
# attention, and `activation(x)` the function between the two linear layers (so `feed_forward`, which always takes
# gelu, does not fit). You put them together; whether you call your `residual` or write the sums out is up to you.
#
# One request: connect things with operators (`@`, `+`, `.T`) and not with functions such as `np.dot`. Then the
# tape of notebook 03 can pass *its* tensors through your function instead of arrays, and below your own model
# will be trained with it.
#
# <details><summary>Hint 1: which x does the second block read?</summary>
#
# The output of the first one, not the input of the layer. And which one does it add to?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# Normalise `x` with the parameters of norm1, attend with the four parameters of attention, add `x`. Normalise
# the sum with the parameters of norm2; linear, activation, linear; add the sum.
#
# </details>
# <details><summary>Hint 3: if you see KeyError</summary>
#
# The names are strings with dots, exactly as in the table: `p["self_attn.out_proj.weight"]`, but
# `p["self_attn.in_proj_weight"]`.
#
# </details>

# %% answer="transformer_layer"
def transformer_layer(x, p, norm, attend, activation):
    """One transformer layer with pre-norm.

    x: (B, T, D). p: dict of parameters by PyTorch's names, see the table. norm(x, gamma, beta),
    attend(x, W_in, b_in, W_out, b_out) and activation(x): functions. Returns (B, T, D).
    """
    ### BEGIN SOLUTION
    normal = norm(x, p["norm1.weight"], p["norm1.bias"])
    x = x + attend(normal, p["self_attn.in_proj_weight"], p["self_attn.in_proj_bias"],
                   p["self_attn.out_proj.weight"], p["self_attn.out_proj.bias"])
    normal = norm(x, p["norm2.weight"], p["norm2.bias"])
    hidden = activation(normal @ p["linear1.weight"].T + p["linear1.bias"])
    return x + hidden @ p["linear2.weight"].T + p["linear2.bias"]
    ### END SOLUTION

# %% test="transformer_layer" points=2
import numpy as np
import torch
from nextword import checks

B, T, D, F, h = 2, 3, 6, 5, 2
rng = np.random.default_rng(7)


def module(activation=torch.tanh, norm_first=True, **other):
    """PyTorch's layer with the parameters p, some of which may be others."""
    layer = torch.nn.TransformerEncoderLayer(
        D, h, F, dropout=0.0, activation=activation, batch_first=True, norm_first=norm_first, dtype=torch.float64)
    layer.load_state_dict({name: torch.tensor(array) for name, array in {**p, **other}.items()})
    future = torch.ones(T, T, dtype=torch.bool).triu(1)
    return lambda x: layer(torch.tensor(x), src_mask=future).detach()


shapes = {name: tuple(tensor.shape) for name, tensor in torch.nn.TransformerEncoderLayer(D, h, F).state_dict().items()}
p = {name: rng.normal(size=shape) for name, shape in shapes.items()}


def hand_in_norm(x, gamma, beta):
    x, gamma, beta = map(torch.tensor, (x, gamma, beta))
    return torch.nn.functional.layer_norm(x, x.shape[-1:], gamma, beta).numpy()


def hand_in_attention(x, W_in, b_in, W_out, b_out):
    look = torch.nn.MultiheadAttention(D, h, batch_first=True, dtype=torch.float64)
    names = "in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"
    look.load_state_dict({name: torch.tensor(array) for name, array in zip(names, (W_in, b_in, W_out, b_out))})
    return look(*3 * [torch.tensor(x)], attn_mask=torch.ones(T, T, dtype=torch.bool).triu(1))[0].detach().numpy()


of_norm = lambda i: {f"norm{i}.weight", f"norm{i}.bias"}
without = lambda part: module(**{name: 0 * array for name, array in p.items() if name.startswith(part)})
second = lambda x: without("self_attn")(x) - torch.tensor(x)        # what the second block adds
x = rng.normal(size=(B, T, D))
X, y, z = torch.tensor(x), without("linear")(x), module()(x)
unnormalised = x + hand_in_attention(x, *(array for name, array in p.items() if name.startswith("self_attn")))
check = checks.of(transformer_layer)
check.call(x, p, hand_in_norm, hand_in_attention, np.tanh).close_to(z, mistakes={
    "the norms come after the sums (post-norm)": module(norm_first=False)(x),
    "the residual connection around attention is missing": y - X + second((y - X).numpy()),
    "the residual connection around the feed-forward network is missing": z - y,
    "the second block adds to x, not to the output of the first": z - y + X,
    "the second block adds to what norm2 returns, not to what it reads":
        (z - y).numpy() + hand_in_norm(y.numpy(), p["norm2.weight"], p["norm2.bias"]),
    "the feed-forward network reads x, not the output of the first block": y + second(x),
    "attention reads x as it is, without norm1": unnormalised + second(unnormalised).numpy(),
    "x is added to the output of the whole layer once more": z + X,
    "norm1 is used in both places": module(**{name: p[name.replace("2", "1")] for name in of_norm(2)})(x),
    "norm1 and norm2 have changed places": module(
        **{name: p[name.translate({49: "2", 50: "1"})] for name in of_norm(1) | of_norm(2)})(x),
    "the activation is not the one that is handed in, but ReLU": module(torch.relu)(x),
    "there is no activation": module(lambda a: a)(x),
})
check.passed()

# %% hidden="transformer_layer" points=2
# Other sizes, other activations, more heads, a single token, F smaller than D, and a layer whose weights are all
# 0 (the identity).
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(8)
check = checks.of(transformer_layer)


def a_norm(x, gamma, beta):
    x, gamma, beta = map(torch.tensor, (x, gamma, beta))
    return torch.nn.functional.layer_norm(x, x.shape[-1:], gamma, beta).numpy()


for B, T, D, F, h, activation in ((3, 4, 8, 12, 4, torch.nn.functional.silu), (1, 1, 4, 3, 1, torch.sin),
                                  (2, 5, 6, 24, 3, torch.nn.functional.relu)):
    official = torch.nn.TransformerEncoderLayer(
        D, h, F, dropout=0.0, activation=activation, batch_first=True, norm_first=True, dtype=torch.float64)
    with torch.no_grad():
        for parameter in official.parameters():
            parameter.copy_(torch.tensor(rng.normal(size=parameter.shape)))
    p = {name: tensor.numpy() for name, tensor in official.state_dict().items()}
    see = torch.nn.MultiheadAttention(D, h, batch_first=True, dtype=torch.float64)
    future = torch.ones(T, T, dtype=torch.bool).triu(1)

    def attention_of(x, W_in, b_in, W_out, b_out):
        see.load_state_dict({name: torch.tensor(array) for name, array in (
            ("in_proj_weight", W_in), ("in_proj_bias", b_in), ("out_proj.weight", W_out), ("out_proj.bias", b_out))})
        return see(*3 * [torch.tensor(x)], attn_mask=future)[0].detach().numpy()

    x = rng.normal(size=(B, T, D))
    expected = official(torch.tensor(x), src_mask=future).detach()
    after = torch.nn.TransformerEncoderLayer(
        D, h, F, dropout=0.0, activation=activation, batch_first=True, norm_first=False, dtype=torch.float64)
    after.load_state_dict(official.state_dict())
    act = lambda x: activation(torch.tensor(x)).numpy()
    see_block = lambda x: official.self_attn(*3 * [x], attn_mask=future)[0]
    think = lambda x: official.linear2(activation(official.linear1(x)))

    def wired(first=1, second=1, reads="y", adds="y", normed=True):
        """The layer with its connections in another way."""
        t = {"x": torch.tensor(x)}
        t["y"] = first * t["x"] + see_block(official.norm1(t["x"]))
        return (second * t[adds] + think(official.norm2(t[reads]) if normed else t[reads])).detach()

    post = after(torch.tensor(x), src_mask=future).detach()
    check.call(x, p, a_norm, attention_of, act).close_to(expected, mistakes={
        "the norms come after the sums (post-norm)": post,
        "the residual connection around attention is missing": wired(first=0),
        "the residual connection around the feed-forward network is missing": wired(second=0),
        "the second block adds to x, not to the output of the first": wired(adds="x"),
        "the feed-forward network reads x, not the output of the first block": wired(reads="x"),
        "norm2 is left out: the feed-forward network reads numbers that are not normalised": wired(normed=False),
        "x is added to the output of the whole layer once more": expected + torch.tensor(x),
        "there is no residual connection around the whole layer: x is missing in the result":
            expected - torch.tensor(x),
    })
    nothing = {name: np.zeros_like(array) for name, array in p.items()}
    check.call(x, nothing, a_norm, attention_of, act).close_to(x, note="With all weights 0 the layer is the identity")
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 5: the language model
# *Difficulty 3 of 5 · about 30 minutes · 4 points*
#
# What is left is the frame, and it is that of the RNN language model. Ids become vectors; their positions are
# added; the vectors pass through $L$ layers; and the last vector at position $t$ is turned into one logit for
# every word of the vocabulary, for the word that comes *after* $t$. With $x^{(l)}$ $(B, T, D)$ for what leaves
# layer $l$:
#
# $$x^{(0)}_t = E_{w_t} + P_t, \qquad x^{(l)} = \text{layer}_l\bigl(x^{(l-1)}\bigr), \qquad
# \text{logits} = \operatorname{norm}\bigl(x^{(L)}\bigr)\, E^T .$$
#
# Two things are easily forgotten. Since each block *adds* to $x$, nobody has normalised the sum at the end, so
# there is a **final norm** before the head. And the head here is the embedding matrix $E$ itself: a word is
# likely if its embedding points in the direction of the normalised $x^{(L)}_t$. Such a head is called **tied**;
# it saves $V \cdot D$ parameters, which in GPT, the first one, is a quarter of the model. The model ends with
# the logits: the softmax is left to the loss.
#
# The parameters come in a dict `p`: `"tokens"` is $E$ $(V, D)$, `"positions"` is $P$ $(C, D)$ with $C \ge T$,
# `"norm.weight"` and `"norm.bias"` belong to the final norm, and `"layers"` is a list of $L$ dicts, one for
# each layer, bottom first. `layer(x, parameters)` and `norm(x, gamma, beta)` are handed in. Write
# `language_model(ids, p, layer, norm)`, with operators and indexing as in exercise 4, so that it can be
# trained.
#
# <details><summary>Hint 1: what is the position of a token?</summary>
#
# The first token of every sentence has position 0, the next one 1. So all sentences of the batch get the same
# $T$ rows of $P$; which ones?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# Rows of $E$ at the ids, an array $(B, T, D)$, plus the first $T$ rows of $P$. For each dict of parameters: `x
# = layer(x, parameters)`. Final norm. Product with the transposed $E$.
#
# </details>
# <details><summary>Hint 3: if you see "operands could not be broadcast together with shapes (2,3,4) (9,4)"</summary>
#
# All $C$ positions are added to $T$ tokens. Cut them.
#
# </details>

# %% answer="language_model"
def language_model(ids, p, layer, norm):
    """The logits of the next word after every position.

    ids: int (B, T). p: dict with "tokens" (V, D), "positions" (C, D), "layers" (list of L dicts), "norm.weight" (D,)
    and "norm.bias" (D,). layer(x, parameters), norm(x, gamma, beta): functions. Returns (B, T, V).
    """
    ### BEGIN SOLUTION
    x = p["tokens"][ids] + p["positions"][:ids.shape[1]]
    for parameters in p["layers"]:
        x = layer(x, parameters)
    return norm(x, p["norm.weight"], p["norm.bias"]) @ p["tokens"].T
    ### END SOLUTION

# %% test="language_model" points=2
import numpy as np
import torch
from nextword import checks

B, T, V, D, C = 2, 3, 7, 4, 9
rng = np.random.default_rng(9)
p = {"tokens": rng.normal(size=(V, D)), "positions": rng.normal(size=(C, D)), "norm.weight": rng.normal(size=D),
     "norm.bias": rng.normal(size=D), "layers": [{"W": rng.normal(size=(D, D))} for _ in range(3)]}
ids = rng.integers(0, V, (B, T))


def some_layer(x, parameters):
    return x + np.tanh(np.cumsum(x, axis=1) @ parameters["W"].T)


def some_norm(x, gamma, beta):
    x, gamma, beta = map(torch.tensor, (x, gamma, beta))
    return torch.nn.functional.layer_norm(x, x.shape[-1:], gamma, beta).numpy()


class Assembled(torch.nn.Module):
    """The model of PyTorch's modules, whose parameters are put in below."""

    def __init__(self):
        super().__init__()
        self.words, self.places = torch.nn.Embedding(V, D), torch.nn.Embedding(C, D)
        self.norm, self.head = torch.nn.LayerNorm(D), torch.nn.Linear(D, V, bias=False)

    def forward(self, where, layers, norm):
        x = self.words(torch.tensor(ids)) + self.places(torch.tensor(where))
        for parameters in layers:
            x = torch.tensor(some_layer(x.detach().numpy(), parameters))
        return self.head(self.norm(x) if norm else x).detach()


def assembled(layers=p["layers"], where=range(T), norm=True, scale=1.0, places=1.0):
    model = Assembled().double()
    arrays = {"words.weight": p["tokens"] * scale, "places.weight": p["positions"] * places,
              "norm.weight": p["norm.weight"], "norm.bias": p["norm.bias"], "head.weight": p["tokens"]}
    model.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
    return model(np.array(where), layers, norm)


check = checks.of(language_model)
check.call(ids, p, some_layer, some_norm).close_to(assembled(), mistakes={
    "the final norm is missing": assembled(norm=False),
    "the positions are not added": assembled(places=0.0),
    "these are probabilities, not logits": assembled().softmax(-1),
    "the last T rows of the positions are added, not the first": assembled(where=range(C - T, C)),
    "positions are counted from 1": assembled(where=range(1, T + 1)),
    "the positions are taken at the ids of the words": assembled(where=ids),
    "the positions go to the sentences of the batch": assembled(where=[[b] * T for b in range(B)]),
    "the layers are passed in the wrong order, from the top to the bottom": assembled(layers=p["layers"][::-1]),
    "only the first layer is used": assembled(layers=p["layers"][:1]),
    "all layers have the parameters of the first": assembled(layers=p["layers"][:1] * 3),
    "the embeddings are multiplied by the root of D": assembled(scale=D**0.5),
})
check.passed()

# %% hidden="language_model" points=2
# Real transformer layers with PyTorch's modules, other sizes, T = C, T = B, no layer at all, a single token; and
# that the logits at a position do not depend on later words.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(10)
check = checks.of(language_model)


def the_norm(x, gamma, beta):
    x, gamma, beta = map(torch.tensor, (x, gamma, beta))
    return torch.nn.functional.layer_norm(x, x.shape[-1:], gamma, beta).numpy()


for B, T, V, D, C, L in ((3, 4, 9, 6, 4, 2), (3, 3, 5, 4, 8, 1), (1, 1, 6, 4, 2, 3), (2, 4, 8, 6, 5, 0)):
    official = torch.nn.TransformerEncoderLayer(
        D, 2, 5, dropout=0.0, batch_first=True, norm_first=True, dtype=torch.float64)
    future = torch.ones(T, T, dtype=torch.bool).triu(1)
    layers = [{name: rng.normal(size=tuple(tensor.shape)) for name, tensor in official.state_dict().items()}
              for _ in range(L)]

    def real_layer(x, parameters):
        parameters = {name: torch.tensor(array) for name, array in parameters.items()}
        return torch.func.functional_call(official, parameters, (torch.tensor(x), future)).detach().numpy()

    p = {"tokens": rng.normal(size=(V, D)), "positions": rng.normal(size=(C, D)), "layers": layers,
         "norm.weight": rng.normal(size=D), "norm.bias": rng.normal(size=D)}
    ids = rng.integers(0, V, (B, T))

    def built(ids, p=p, normed=True, places=slice(0, T), order=1):
        E = torch.tensor(p["tokens"])
        x = (E[torch.tensor(ids)] + torch.tensor(p["positions"][places])).numpy()
        for parameters in p["layers"][::order]:
            x = real_layer(x, parameters)
        x = the_norm(x, p["norm.weight"], p["norm.bias"]) if normed else x
        return torch.tensor(x) @ E.T

    outcome = check.call(ids, p, real_layer, the_norm)
    value = outcome.array((B, T, V))
    outcome.close_to(built(ids), mistakes={
        "the final norm is missing": built(ids, normed=False),
        "the last T rows of the positions are added, not the first": built(ids, places=slice(C - T, C)),
        "the layers are passed in the wrong order, from the top to the bottom": built(ids, order=-1),
        "positions are counted from 1": lambda: built(ids, places=slice(1, T + 1)),
        "the positions are missing": built(ids, {**p, "positions": 0 * p["positions"]}),
    })
    other = ids.copy()
    other[:, -1] = (other[:, -1] + 1) % V
    changed = check.call(other, p, real_layer, the_norm).array((B, T, V))
    check.holds(np.allclose(value[:, :-1], changed[:, :-1]),
                "the logits before the last position must not change when the last word does")
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# # Part 3: how large, and how good
#
# ## Exercise 6: predict, then measure
# *Difficulty 3 of 5 · about 30 minutes · 4 points*
#
# The papers say that GPT has 117 million parameters, the largest GPT-2 1.5 billion and GPT-3 175 billion. With
# what you have built you can count them to the last one. **Guess first:** in GPT (12 layers, $D = 768$, 40,478
# words), is the larger part in the embeddings, in attention or in the feed-forward networks? And how many
# gigabytes is GPT-3 if each parameter takes 32 bits? Write your guesses down (a comment in the cell below will do)
# before you read on.
#
# Each of the $L$ layers has two norms (gain and bias), the attention matrices $W_\text{in}$ $(3D, D)$ and
# $W_\text{out}$ $(D, D)$ with their biases, and the two feed-forward matrices with theirs. Around the layers are
# $E$ $(V, D)$, $P$ $(C, D)$ and the final norm, which the first GPT, being post-norm, does not have. The head is
# tied, so it has no parameters of its own, and the number of heads makes no difference.
#
# Write three functions.
#
# - `parameter_count(V, D, layers, context, inner, final_norm)`, exactly; `layers` is $L$, `context` is $C$, and
#   `inner` is $F$;
# - `memory_gib(parameters, bits)`: what they occupy, in GiB, that is in units of $2^{30}$ bytes of 8 bits;
# - `petaflop_days(parameters, tokens)`: what training costs. A forward pass takes one multiplication and one
#   addition per parameter and token, the backward pass twice as much, six operations in all. (This is the field's
#   usual estimate: it leaves out the scores of attention, which are few beside the rest.) One
#   *petaflop/s-day* is a machine with $10^{15}$ operations per second running for a day. (A slide of the
#   lectures gives GPT-3 "50 petaflop/s-days". You will see that this cannot be right; it belongs to one of its
#   small siblings.)
#
# <details><summary>Hint 1: one layer</summary>
#
# How many numbers are in $W_\text{in}$ with its bias? In $W_\text{out}$? In $W_1$ and $W_2$, with biases of
# *different* lengths? In two norms?
#
# </details>
# <details><summary>Hint 2: the shape of the answer</summary>
#
# A layer: the entries of the four matrices, of their four biases, and of the gains and biases of two norms. Times
# the number of layers; plus two tables; plus one more norm, if there is one.
#
# </details>
# <details><summary>Hint 3: if you are a little below the expected number</summary>
#
# Something small is missing: biases, or the gain and bias of norms. The difference divided by $D$ usually tells
# which.
#
# </details>

# %% answer="sizes"
def parameter_count(V, D, layers, context, inner, final_norm):
    """How many parameters a GPT has (int). All arguments are int but final_norm, a bool. The head is tied."""
    ### BEGIN SOLUTION
    attention = 3 * D * D + 3 * D + D * D + D
    feed_forward = D * inner + inner + inner * D + D
    norms = 2 * 2 * D
    return V * D + context * D + layers * (attention + feed_forward + norms) + (2 * D if final_norm else 0)
    ### END SOLUTION


def memory_gib(parameters, bits):
    """The memory for this many parameters of `bits` bits each, in GiB (float)."""
    ### BEGIN SOLUTION
    return parameters * bits / 8 / 2**30
    ### END SOLUTION


def petaflop_days(parameters, tokens):
    """The cost of training on this many tokens, in petaflop/s-days (float)."""
    ### BEGIN SOLUTION
    return 6 * parameters * tokens / (1e15 * 24 * 60 * 60)
    ### END SOLUTION

# %% test="sizes" points=2
from datetime import timedelta

import torch
from nextword import checks


def parts_by_torch(V, D, layers, context, inner):
    """How many numbers there are in PyTorch's parameters, by name; those of a layer are counted over all layers."""
    with torch.device("meta"):      # shapes without numbers (and no Embedding: here it would import for seconds)
        parts = {"tokens": torch.empty(V, D), "positions": torch.empty(context, D)}
        layer = torch.nn.TransformerEncoderLayer(D, 1, inner)
    sizes = {name: tensor.numel() for name, tensor in parts.items()}
    return sizes | {name: layers * tensor.numel() for name, tensor in layer.named_parameters()}


check = checks.of(parameter_count)
for name, sizes, final_norm in (
    ("GPT-1", (40_478, 768, 12, 512, 3072), False), ("GPT-2", (50_257, 1600, 48, 1024, 6400), True)
):
    part, D, layers = parts_by_torch(*sizes), sizes[1], sizes[2]
    total = sum(part.values()) + final_norm * 2 * D
    without = lambda *ends: total - sum(size for name, size in part.items() if name.endswith(ends))
    in_layers = total - without("weight", "bias")
    check.call(*sizes, final_norm).equals(total, note=f"This is {name}", mistakes={
        "the head is counted a second time, though it is tied": total + part["tokens"],
        "the positions are missing": without("positions"),
        "the biases of the linear layers are missing":
            without("proj_bias", "proj.bias", "linear1.bias", "linear2.bias"),
        "the biases of the feed-forward network are missing": without("linear1.bias", "linear2.bias"),
        "b_2 of the feed-forward network is counted with F entries (it has D)": total + layers * (sizes[4] - D),
        "one of the two matrices of the feed-forward network is missing": without("linear1.weight"),
        "the bias of W_in is missing": without("in_proj_bias"),
        "W_out and its bias are missing": without("out_proj.weight", "out_proj.bias"),
        "each layer lacks 4 D: gain and bias of both norms, or the biases of attention":
            without("norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"),
        "each layer lacks 2 D: one of its two norms, or the biases of both": without("norm1.bias", "norm2.bias"),
        "the norms have no bias, nor has the final one": without("norm1.bias", "norm2.bias") - final_norm * D,
        "the final norm has a gain, but no bias": total - final_norm * D,
        "the final norm is always counted": total + (not final_norm) * 2 * D,
        "the final norm is never counted": total - final_norm * 2 * D,
        "only one layer is counted": total - in_layers + in_layers // layers,
    })
check.passed()
check = checks.of(memory_gib)
parameters = 8_300_000_000
size = lambda dtype: torch.empty(parameters, dtype=dtype, device="meta").nbytes / 2**30
check.call(parameters, 32).close_to(size(torch.float32), mistakes={
    "these are units of 10^9 bytes, not of 2^30": parameters * 4 / 1e9,
    "these are bits, not bytes": 8 * size(torch.float32),
    "these are MiB": 1024 * size(torch.float32),
})
check.call(parameters, 16).close_to(size(torch.float16), mistakes={"bits is not used": size(torch.float32)})
check.passed()
check = checks.of(petaflop_days)
forward = 2 * parameters * 300_000_000_000          # one multiplication and one addition each
days = (forward + 2 * forward) / 1e15 * (timedelta(seconds=1) / timedelta(days=1))
check.call(parameters, 300_000_000_000).close_to(days, mistakes={
    "only the forward pass is counted": days / 3, "only the multiplications are counted": days / 2,
    "the backward pass is counted like one forward pass": days * 2 / 3, "these are seconds, not days": days * 86400,
    "these are hours, not days": days * 24,
})
check.passed()

# %% hidden="sizes" points=2
# The other sizes of GPT-2, GPT-3, tiny models, an inner size that is not 4 D, a context of 1; several precisions;
# and the training of GPT-3.
### BEGIN HIDDEN TESTS
import torch
from nextword import checks

check = checks.of(parameter_count)
for V, D, layers, context, inner, final_norm in (
    (50_257, 768, 12, 1024, 3072, True), (50_257, 1024, 24, 1024, 4096, True), (50_257, 1280, 36, 1024, 5120, True),
    (50_257, 12_288, 96, 2048, 49_152, True), (11, 6, 1, 1, 5, False), (142, 64, 2, 40, 100, True),
    (9, 4, 0, 3, 8, True),
):
    with torch.device("meta"):
        layer = torch.nn.TransformerEncoderLayer(D, 1, inner)
        tables = torch.empty(V, D), torch.empty(context, D)
    count = lambda module: sum(parameter.numel() for parameter in module.parameters())
    total = sum(table.numel() for table in tables) + layers * count(layer) + final_norm * count(layer.norm1)
    check.call(V, D, layers, context, inner, final_norm).equals(total, mistakes={
        "the head is counted a second time, though it is tied": total + V * D,
        "the inner size is taken for 4 D whatever is handed in": total + layers * (4 * D - inner) * (2 * D + 1),
        "the final norm is always counted": total + 2 * D * (not final_norm),
        "the biases of the linear layers are missing": total - layers * (5 * D + inner),
    })
check.passed()
check = checks.of(memory_gib)
for parameters, bits in ((175_000_000_000, 32), (175_000_000_000, 16), (1_557_611_200, 8), (1000, 4)):
    check.call(parameters, bits).close_to(parameters * bits / 2**33)
check.passed()
check = checks.of(petaflop_days)
check.call(174_604_259_328, 300_000_000_000).close_to(174_604_259_328 * 300_000_000_000 * 6 / 8.64e19)
check.call(10, 7).close_to(420 / 8.64e19)
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# The sizes of the GPTs by your count, their memory, and what it costs to train each of them on 300 billion tokens,
# as GPT-3 was (its predecessors saw far fewer). The bars show what share of the parameters is in which part: from
# left to right embeddings of words, embeddings of positions, attention, feed-forward networks (norms are too few to
# be seen).
#
# *Alternative text: four horizontal bars in parts. Words, attention and feed-forward networks in percent: GPT 27, 24
# and 49; GPT-2 small 31, 23 and 46; GPT-2 5, 32 and 63; GPT-3 less than 1, 33 and 66. Positions are hardly visible.*
#
# *What to see:* in the small models a quarter to a third are embeddings. The larger the model, the more is in
# the layers, one third in attention and two thirds in the feed-forward networks.

# %% figure="gpt_sizes"
import matplotlib.pyplot as plt
from nextword import plots_attention

gpts = {"GPT (2018)": (40_478, 768, 12, 512), "GPT-2 small (2019)": (50_257, 768, 12, 1024),
        "GPT-2 (2019)": (50_257, 1600, 48, 1024), "GPT-3 (2020)": (50_257, 12_288, 96, 2048)}
parts = {}
print(f"{'':20}{'parameters':>17}{'32 bits':>12}{'16 bits':>12}{'petaflop/s-days':>18}")
for name, (V, D, layers, context) in gpts.items():
    N = parameter_count(V, D, layers, context, 4 * D, name != "GPT (2018)")
    print(f"{name:20}{N:17,}{memory_gib(N, 32):8.1f} GiB{memory_gib(N, 16):8.1f} GiB{petaflop_days(N, 300e9):18,.1f}")
    parts[name] = {"words": V * D, "positions": context * D, "attention": layers * 4 * D * (D + 1),
                   "feed-forward": layers * (8 * D * D + 5 * D)}
plots_attention.shares(parts)
plt.show()

# %% [markdown]
# ## Exercise 7: how fast to learn
# *Difficulty 2 of 5 · about 15 minutes · 2 points*
#
# A transformer is trained like the models before: mini-batches, the cross-entropy of the next word,
# backpropagation, Adam (notebook 05). One thing matters more than before, the **learning rate** as a function
# of time. At the start Adam's estimates rest on few gradients and the weights are random; large steps then can
# ruin the model for good. So the rate rises linearly during a **warm-up** of $w$ steps. Then it falls along
# half a cosine, first hardly, then fast, then hardly again, so that at the end the model settles down:
#
# $$\eta(s) = \begin{cases} \eta_\text{peak} \cdot \dfrac{s + 1}{w} & s < w \\[2ex]
# \eta_\text{peak} \cdot \dfrac{1}{2}\left(1 + \cos\left(\pi \dfrac{s - w}{S - w}\right)\right) & s \ge w \end{cases}$$
#
# for the steps $s = 0, 1, \dots, S - 1$, where $\eta_\text{peak}$ is the largest rate. The GPTs were trained
# with such a schedule. Write `learning_rate(step, steps, warmup, peak)`.
#
# <details><summary>Hint 1: three values to check</summary>
#
# With $w = 10$: at step 0 a tenth of the peak, at step 9 the peak, at step 10 the peak once more, where the
# cosine begins.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# If the step is below `warmup`, return the first line, else the second. Its fraction goes from 0 to (nearly) 1.
#
# </details>
# <details><summary>Hint 3: if the first rate is 0</summary>
#
# Steps are counted from 0, and a step with rate 0 is wasted: $(s + 1) / w$.
#
# </details>

# %% answer="learning_rate"
def learning_rate(step, steps, warmup, peak):
    """The learning rate of a step (float): a linear warm-up, then half a cosine down to 0.

    step: int from 0 to steps - 1. steps: int. warmup: int, 0 for none, below steps. peak: float.
    """
    ### BEGIN SOLUTION
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * 0.5 * (1 + np.cos(np.pi * (step - warmup) / (steps - warmup)))
    ### END SOLUTION

# %% test="learning_rate" points=1
import math

import torch
from nextword import checks


def schedule_by_torch(steps, warmup, peak):
    """All rates: a straight line, then the right half of a Hann window (an optimizer would import for seconds)."""
    rising = torch.linspace(0, peak, warmup + 1, dtype=torch.float64)[1:]
    falling = peak * torch.hann_window(2 * (steps - warmup), dtype=torch.float64)[steps - warmup:]
    return torch.cat([rising, falling]).tolist()


steps, warmup, peak = 20, 4, 0.3
rates = schedule_by_torch(steps, warmup, peak)
check = checks.of(learning_rate)
for step in (0, 2, 3, 4, 9, 19):
    over_all = peak * 0.5 * (1 + math.cos(math.pi * step / steps))
    check.call(step, steps, warmup, peak).close_to(rates[step], mistakes={
        "the warm-up begins at 0: use step + 1": peak * step / warmup,
        "the warm-up lasts one step too long": peak * (step + 1) / warmup,
        ("there is no warm-up" if step < warmup else
         "the cosine runs over all steps and not over those after the warm-up"): over_all,
        "the cosine begins after the warm-up, but is spread over all steps: it does not reach 0":
            peak * 0.5 * (1 + math.cos(math.pi * (step - 4) / 20)),
        "the cosine is a whole one: it comes back up": peak * 0.5 * (1 + math.cos(2 * math.pi * (step - 4) / 16)),
        "the cosine is not shifted and halved": peak * math.cos(math.pi * (step - 4) / 16),
        "the cosine is not halved": peak * (1 + math.cos(math.pi * (step - 4) / 16)),
        "the angle is in degrees (cos takes radians)": peak * 0.5 * (1 + math.cos(180 * (step - 4) / 16)),
        "the rate falls along a straight line": peak * (1 - (step - 4) / 16),
        "the cosine ends one step early": peak * 0.5 * (1 + math.cos(math.pi * (step - 4) / 15)),
    })
check.passed()

# %% hidden="learning_rate" points=1
# Every step of other schedules, a warm-up of one step, and no warm-up at all.
### BEGIN HIDDEN TESTS
import math

import torch
from nextword import checks

check = checks.of(learning_rate)
for steps, warmup, peak in ((7, 3, 1.0), (9, 1, 0.02), (6, 0, 3e-3), (30, 12, 2.0)):
    falling = torch.hann_window(2 * (steps - warmup), dtype=torch.float64)[steps - warmup:]
    for step in range(steps):
        rate = peak * (step + 1) / warmup if step < warmup else peak * falling[step - warmup].item()
        check.call(step, steps, warmup, peak).close_to(rate, mistakes={
            "the warm-up begins at 0: use step + 1": lambda: peak * step / warmup,
            "the cosine runs over all steps and not over those after the warm-up":
                peak * 0.5 * (1 + math.cos(math.pi * step / steps)),
            "the rate falls along a straight line": peak * (1 - (step - warmup) / (steps - warmup)),
        })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Training your model
#
# Everything is ready, and nobody has to write the model again: `transformer_layer` and `language_model` do not
# care whether they are handed arrays or the tensors of a tape. So **your** functions are trained, as they
# stand. `norm` is your `layer_norm` with your backward pass, as one operation of the tape; `attend` is
# attention as in notebook 05, made of the tape's elementary operations; the activation is ReLU, whose
# derivative is the shortest. The model has $L = 2$ layers, $D = 64$, $h = 4$ heads, about 110,000 parameters,
# less than a millionth of GPT-3.

# %% figure="pieces"
from nextword.autodiff import Tensor, no_grad, node

looks_back = np.where(np.tri(40), 0, -np.inf).astype("float32")


def norm(x, gamma, beta):
    value = layer_norm(x.data, gamma.data, beta.data, 1e-5)

    def vjp(g):
        grads = layer_norm_backward(x.data, gamma.data, 1e-5, g)
        return grads["g_x"], grads["g_gamma"], grads["g_beta"]

    return node(value, (x, gamma, beta), vjp)


def attend(x, W_in, b_in, W_out, b_out, heads=4):
    B, T, D = x.shape
    parts = (x @ W_in.T + b_in).reshape(B, T, 3, heads, D // heads).transpose(2, 0, 3, 1, 4)
    scores = parts[0] @ parts[1].swapaxes(2, 3) * (D // heads) ** -0.5 + looks_back[:T, :T]
    weights = scores.exp()              # no maximum subtracted: scores reach 20, and float32 overflows beyond 88
    found = (weights / weights.sum(axis=-1, keepdims=True)) @ parts[2]
    return found.swapaxes(1, 2).reshape(B, T, D) @ W_out.T + b_out


def relu(x):
    return node(np.maximum(x.data, 0), (x,), lambda g: (g * (x.data > 0),))


def model(p, ids):
    """Your language model, made of your layers."""
    try:
        return language_model(ids, p, lambda x, q: transformer_layer(x, q, norm, attend, relu), norm)
    except TypeError as error:
        raise TypeError("the tape's tensors know operators such as @, + and .T, but no functions of NumPy "
                        f"such as np.dot: write transformer_layer and language_model with these ({error})") from None


# %% figure="parameters"
from nextword import batches, corpora, text

narwhals = corpora.narwhals()
vocab = text.Vocab(narwhals.vocabulary, specials=(text.BOS, text.EOS))
rng, D, F = np.random.default_rng(0), 64, 256


def drawn(*shape, scale=1.0):
    return Tensor(rng.normal(size=shape) * scale / shape[-1] ** 0.5, requires_grad=True, dtype="float32")


def constant(value, *shape):
    return Tensor(np.full(shape, value), requires_grad=True, dtype="float32")


def layer_parameters():
    weights = {"self_attn.in_proj_weight": drawn(3 * D, D), "self_attn.out_proj.weight": drawn(D, D, scale=0.5),
               "linear1.weight": drawn(F, D), "linear2.weight": drawn(D, F, scale=0.5),
               "norm1.weight": constant(1.0, D), "norm2.weight": constant(1.0, D)}
    biases = {"self_attn.in_proj_bias": 3 * D, "self_attn.out_proj.bias": D, "linear1.bias": F, "linear2.bias": D,
              "norm1.bias": D, "norm2.bias": D}
    return weights | {name: constant(0.0, size) for name, size in biases.items()}


parameters = {
    "tokens": drawn(len(vocab), D), "positions": drawn(40, D), "layers": [layer_parameters() for _ in range(2)],
    "norm.weight": constant(1.0, D), "norm.bias": constant(0.0, D)}
everything = [x for name, x in parameters.items() if name != "layers"]
everything += [x for layer in parameters["layers"] for x in layer.values()]
print(f"{sum(x.data.size for x in everything):,} parameters; you count",
      f"{parameter_count(len(vocab), D, 2, 40, F, True):,}")

# %% [markdown]
# Two helpers, so that one can watch it learn: `write` lets the model write many sentences at once, word by word,
# and `possible` asks the grammar how far a sentence is one of the language.

# %% figure="writer"
def possible(words):
    """How many words from the start are the beginning of a sentence of the language; one more for its end."""
    for length in range(len(words) + 1):
        try:
            following = narwhals.next_word_distribution(words[:length])
        except KeyError:
            return length - 1
    return len(words) + (text.EOS in following)


def softmax(logits):
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def write(uniforms, distribution=softmax):
    """Sentences as lists of words, one for each row of random numbers; distribution: the dice of the logits' rows."""
    ids = np.full((len(uniforms), 1), vocab.bos)
    for u in uniforms.T:
        with no_grad():
            sums = np.cumsum(distribution(model(parameters, ids).data[:, -1].astype(float)), axis=1)
        ids = np.hstack([ids, np.sum(sums <= u[:, None], axis=1, keepdims=True).clip(max=len(vocab) - 1)])
        if (ids == vocab.eos).any(axis=1).all():
            break
    return [vocab.decode(row[1:row.index(vocab.eos)] if vocab.eos in row else row[1:]) for row in ids.tolist()]

# %% [markdown]
# The loop is that of notebook 05, with your learning rates; it takes about half a minute. Before it begins,
# after 100 batches and after 300 the model writes; what, you see further below. The picture shows the learning
# rate and, under it, the loss on the training batches, averaged over 25 of them; the grey line is the entropy.
#
# *Alternative text: two plots over the steps 0 to 1,500. Above, the rate rises in a straight line to 0.004 at step 100
# and falls to 0 along half a cosine. Below, the loss falls steeply to 1.4 at step 300, then slowly, and reaches the
# grey line at 1.27 in the last 300 steps.*
#
# *What to see:* during the warm-up the loss falls from 5.6 (far above the edge of the picture) to 1.9, and as the
# rate goes to 0 it comes to rest at the line. It even dips below: 25 batches may happen to hold easy sentences, and
# each has been seen two or three times. What counts is the number that is printed below, the loss on new sentences.

# %% figure="training"
import matplotlib.pyplot as plt
from nextword import optim, plots
from tqdm.auto import tqdm


def make(sentences):
    """Sentences as a mini-batch: what the model reads, what it should say, and which of it is padding."""
    return batches.language_batch([vocab.encode(s) for s in sentences], vocab.bos, vocab.eos)


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

    return node(-np.sum(log_p[targets] * share), (logits,), vjp)


steps, losses, drafts, optimizer = 1500, [], {}, optim.AdamW(everything)
uniforms = np.random.default_rng(7).random((200, 38))
rates = [learning_rate(step, steps, warmup=100, peak=4e-3) for step in range(steps)]
for rate, batch in zip(tqdm(rates, desc="training", unit="batch"), batches.endless(narwhals.train, 32, rng, make)):
    if len(losses) in (0, 100, 300):
        drafts[len(losses)] = write(uniforms)
    optimizer.lr = rate
    optimizer.zero_grad()
    loss = next_word_loss(model(parameters, batch.inputs), batch)
    loss.backward()
    optim.clip_grad_norm(everything, 1.0)
    optimizer.step()
    losses.append(loss.item())
_, (upper, lower) = plt.subplots(2, 1, figsize=(6.4, 5.2), sharex=True, height_ratios=(1, 2), layout="constrained")
plots.curves(range(steps), {"learning rate": rates}, "", "learning rate", ax=upper)
plots.curves(range(24, steps), {"loss, mean of 25 batches": np.convolve(losses, np.ones(25) / 25, "valid")}, "step",
             "loss (nats per token)", floor=narwhals.entropy_per_token, floor_name="entropy of the language", ax=lower)
lower.set_ylim(1.15, 2.2)
plt.show()

# %% figure="held_out"
with no_grad():
    held_out = [(next_word_loss(model(parameters, batch.inputs), batch).item(), batch.tokens)
                for batch in batches.epoch(narwhals.test, 200, make=make)]
transformer_loss = sum(nats * tokens for nats, tokens in held_out) / sum(tokens for _, tokens in held_out)
print(f"new sentences: {transformer_loss:.4f} nats per token; the entropy is {narwhals.entropy_per_token:.4f}")

# %% [markdown]
# ## What it writes
#
# Sentences by a trigram model, and by your transformer before the training, after 100 batches, after 300 and at the
# end (the numbers at the left), all with the same random numbers. Black is what the grammar of the language allows;
# from the first word on that is impossible a sentence is orange and underlined. Sentences are cut after 25 words. At
# the right, the share of grammatical sentences among 200.
#
# *Alternative text: five groups of sentences. Those of the trigram model turn orange after three to nine words. Before
# the training words at random, orange from the second on; after 100 batches orange early, after 300 some sentences are
# black to the end, after 1,500 most.*
#
# *What to see:* the trigram model loses the thread after a few words: verbs that do not agree, names that come
# from nowhere. The transformer begins with words at random and is about as good as the trigram model after 100
# batches; at the end most of its sentences are right.

# %% figure="what_it_writes"
import matplotlib.pyplot as plt
from nextword import ngram, plots

trigram = ngram.witten_bell(ngram.count(vocab.stream(narwhals.train, 3), 3, len(vocab), vocab.bos))
written = {"3-gram": [vocab.decode(i for i in trigram.sample(u, vocab.eos) if i != vocab.eos) for u in uniforms]}
written |= {f"{step:,}": texts for step, texts in drafts.items()} | {f"{steps:,}": write(uniforms)}
groups = []
for name, texts in written.items():
    right = sum(possible(words) > len(words) for words in texts) / len(texts)
    shown = [words[:25] for words in texts if len(words) >= 6][:3]
    groups.append((name, [(words, possible(words)) for words in shown], f"{right:.0%}"))
plots.samples(groups, note="grammatical")
plt.show()

# %% [markdown]
# ## The loss ladder
#
# The chart that ended nearly every notebook, for the last time. Each bar is a model, its length the loss on new
# sentences in nats per token. The grey part is the entropy: what nobody can predict. The last bar is the model
# that you have just trained.
#
# *Alternative text: horizontal bars from top to bottom: uniform 4.95, n-gram models for n = 1 to 5, the smoothed 4-gram
# model 1.74, the recurrent network about 1.5, attention alone 1.31, your transformer about 1.30. A dark vertical line at
# 1.27 is the entropy, and hardly anything of the last bar stands out beyond it.*
#
# *What to see:* from one end of the chart to the other lies the whole course. The transformer is within a few
# hundredths of a nat of the line that no model can cross. Attention alone was close already: this small language
# asks for little more than finding the right word before. In real texts, where much has to be made of what was
# found, depth and feed-forward networks count for far more.

# %% figure="loss_ladder"
import matplotlib.pyplot as plt
from nextword import ladder

mine = {"transformer": transformer_loss} if "transformer_loss" in globals() else {}      # after the training above
ladder.show("attention alone", mine)
plt.show()

# %% [markdown]
# ## Where the last gap comes from
#
# Since the language is a grammar, the true probability of every next word is known, and one can see *where* a
# model loses what it loses. For each word of 300 new sentences: how many nats more than the true model does it
# pay? The bars add this up by the tag of the word that was to be predicted, divided by the number of all
# tokens, so that the bars of one model add up to its distance from the floor. Light and hatched: a trigram
# model. Dark: the transformer.
#
# *Alternative text: pairs of bars for 13 tags. The trigram model's are high at PROPN (0.17), VERB (0.16) and PUNCT
# (0.09) and at most 0.025 elsewhere. The transformer's are at most 0.01, at VERB and NOUN, and mostly not to be seen.*
#
# *What to see:* the trigram model loses most at names, verbs and the punctuation that ends a clause, all of
# which depend on words far away. What is left to the transformer is small and spread over the classes that have
# many words.

# %% figure="gap"
import matplotlib.pyplot as plt
from nextword import ngram, plots_attention

texts, tags = narwhals.test[:300], narwhals.test_tags[:300]
true = np.array([np.log(narwhals.next_word_distribution(s[:t])[word])
                 for s in texts for t, word in enumerate((*s, text.EOS))])
kinds = np.array([tag for t in tags for tag in (*t, "end")])
trie = ngram.count(vocab.stream(narwhals.train, 3), 3, len(vocab), vocab.bos)
log_p = {"3-gram": np.log(ngram.witten_bell(trie).probabilities(vocab.stream(texts, 3)))}
batch = make(texts)
with no_grad():
    logits = model(parameters, batch.inputs).data.astype(float)
logits -= np.logaddexp.reduce(logits, axis=2, keepdims=True)
log_p["transformer"] = np.take_along_axis(logits, batch.targets[..., None], axis=2)[..., 0][batch.mask]
plots_attention.gaps({name: {kind: (true - p)[kinds == kind].sum() / len(kinds) for kind in np.unique(kinds)}
                      for name, p in log_p.items()})
plt.show()
print(", ".join(f"{name}: {np.mean(true - p):.3f} nats per token above the floor" for name, p in log_p.items()))

# %% [markdown]
# ## Written question 1: RNN or transformer
# *About 10 minutes · 3 points*
#
# You are to build a system that suggests the next word on a telephone while somebody types, and another that
# continues documents of 2,000 words on a server. Both an RNN and a transformer of equal numbers of parameters
# are on offer. Compare what each of them **computes** per new word, what it has to **keep** between words, and
# what it **remembers**; and how training differs. Which would you take for which system? (Six to eight
# sentences.)

# %% [markdown] written="rnn_or_transformer" points=3
# ### BEGIN SOLUTION
# Per new word the RNN does the same amount of work always: a few products with its matrices. A transformer does
# the same products for its layers (with a cache for keys and values) and in addition looks at all words so far,
# so that its work grows with the position. Between words the RNN keeps one state of fixed size; the transformer
# keeps the keys and values of all words in all layers, $2 L T D$ numbers. In return it remembers every word
# exactly and can fetch it in one step, while the RNN remembers what fits into its state and fades with every
# step; on the ladder this is worth almost 0.2 nats per token.
#
# In training a transformer computes all positions of a sentence at once, in a few large products, and the
# gradient has a direct way from every position to every other. The RNN must go through the sentence step by
# step, forwards and backwards, so it cannot use parallel hardware well, and gradients over long distances
# vanish.
#
# On the telephone, with little memory and power and short texts, the RNN (or a very small transformer with a
# short window) is a good choice: constant cost, constant memory. For documents on a server the transformer:
# what was said 1,500 words ago matters, the hardware is parallel, and memory is there.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# * 1 point: computation and memory per word: constant against growing with the number of words (keys and values
#   kept). Half a point for one of the two.
# * 1 point: what is remembered (fixed state that fades, against direct access to every word) and training (step
#   by step against all positions at once; or vanishing gradients). Half a point for one of the two.
# * 1 point: a choice for both systems that follows from the comparison. Another choice than in the model answer
#   counts if its reasons are right.
# ### END MARK SCHEME

# %% [markdown]
# ## Written question 2: the last gap
# *About 10 minutes · 3 points*
#
# Look at the ladder and at the picture of the gap. Why can no model cross the line, however large it is and
# however long it is trained? What makes up the distance that the transformer still has, and which kinds of
# words show it? Name two changes that would make the distance smaller, and one that would not. And what would
# you conclude if a model came out *below* the line on the test sentences? (Six to eight sentences.)

# %% [markdown] written="last_gap" points=3
# ### BEGIN SOLUTION
# The cross-entropy of a model is the entropy of the language plus the Kullback-Leibler divergence between the
# true distribution and the model's, and a divergence is never negative. Even whoever knows the grammar cannot
# know which noun a sentence will take; that uncertainty is the grey part.
#
# What is left is divergence: probabilities that are a little wrong. Part of it is estimation, since 20,000
# sentences show rare words and rare constructions too seldom to learn their exact probabilities; part is
# optimisation (1,500 steps with a falling learning rate are not the minimum); part may be capacity, two layers
# of 64 features. It is spread over the open classes (nouns, verbs, names, where there are many possible words
# and small probabilities to get right) while the gap of the trigram model sits in words that depend on
# something far away: names, verbs, and the punctuation that ends a clause.
#
# Smaller would make it: more training sentences, more steps, a larger model or an average of several models. Of
# no use is a longer context, since no sentence is longer than the one it has. A model below the line on *many*
# new sentences is impossible, so either the test sentences are too few and happen to be easy, or the model has
# seen them (test sentences in the training set), or something leaks: a mask that lets it see the next word, or
# padding counted as tokens.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# * 1 point: loss = entropy + divergence, and a divergence is at least 0 (in words is enough: the language
#   itself is random, even the true model pays this).
# * 1 point: the distance: estimation from limited data, or training not finished, or capacity (two of them, or
#   one with the words that show it), and two sensible remedies and one useless one. (Half a point for the reasons
#   alone or the remedies alone.)
# * 1 point: below the line: chance with few sentences, or a leak / contamination / wrong counting of tokens.
#   (Half a point if only "a bug".)
# ### END MARK SCHEME

# %% [markdown]
# # Part 4: what makes large models usable
#
# From here on everything is extra. These four exercises are what separates the model of the lectures from those
# that run today; each can be done without the others, in any order.
#
# ## Exercise 8: choosing the next word
# *Difficulty 3 of 5 · about 30 minutes · 3 bonus points*
#
# A model gives a distribution; writing needs a decision. **Greedy** decoding takes the likeliest word each
# time, and gets caught in loops. Rolling the die as it is sometimes hits one of the thousands of words with a
# tiny probability each, and one such word derails the text. Between the two lie three knobs, which are turned
# in this order:
#
# 1. **temperature** $\tau$: $p = \operatorname{softmax}(\text{logits} / \tau)$. Below 1 the large become
#    larger; $\tau \to 0$ is greedy, and $\tau = 0$ shall mean exactly that: probability 1 for the largest logit
#    (the first, if several are equal);
# 2. **top-k**: only the $k$ likeliest words stay, divided by their sum;
# 3. **top-p** (Holtzman and others, 2020): of the words sorted by probability only the fewest stay that
#    together have *at least* probability $p$, divided by their sum. Where the model is sure, that is one word;
#    where it is not, many.
#
# Of words with equal probabilities the one with the smaller id comes first, here too. Write
# `next_distribution(logits, temperature, top_k, top_p)`; `None` leaves a knob alone. Logits may be large and the
# temperature small: no exponential may overflow (notebook 03).
#
# <details><summary>Hint 1: which word is the last that stays under top-p?</summary>
#
# A word stays if the words *before* it, the likelier ones, do not have probability $p$ yet. So the first always
# stays.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# Handle temperature 0 first. Softmax, with the largest logit subtracted before the division. Order of the words
# by falling probability: `np.argsort(-probs, kind="stable")`. Top-k: set the probabilities of all from place
# `k` on in this order to 0, divide by the sum. Top-p: running sums in this order, minus the word's own
# probability; set to 0 where this is at least `p`; divide by the sum.
#
# </details>
# <details><summary>Hint 3: if top-p keeps one word too few</summary>
#
# The running sum *with* the word itself must not decide. With probabilities 0.5, 0.3, 0.2 and $p = 0.6$ two
# words stay.
#
# </details>

# %% answer="next_distribution"
def next_distribution(logits, temperature, top_k=None, top_p=None):
    """The probabilities of the die that is rolled for the next word.

    logits: (V,). temperature: float, 0 or more. top_k: int, at least 1, or None. top_p: float in (0, 1], or None.
    Returns (V,), adding up to 1.
    """
    ### BEGIN SOLUTION
    if temperature == 0:
        return np.eye(len(logits))[np.argmax(logits)]
    probs = np.exp((logits - logits.max()) / temperature)
    probs = probs / probs.sum()
    order = np.argsort(-probs, kind="stable")
    if top_k is not None:
        probs[order[top_k:]] = 0
        probs = probs / probs.sum()
    if top_p is not None:
        before = np.cumsum(probs[order]) - probs[order]
        probs[order[before >= top_p]] = 0
        probs = probs / probs.sum()
    return probs
    ### END SOLUTION

# %% test="next_distribution" points=1 bonus=true
import numpy as np
import torch
from nextword import checks

check = checks.of(next_distribution)
logits = np.array([1.0, 3.0, -0.5, 2.5, 0.0, 2.2])
X = torch.tensor(logits)
softmax = torch.nn.functional.softmax
check.call(logits, 0.7).close_to(softmax(X / 0.7, 0), mistakes={
    "the logits are multiplied by the temperature": softmax(X * 0.7, 0),
    "the temperature is not used": softmax(X, 0),
    "probabilities are divided by the temperature, not logits": softmax(X, 0) / 0.7,
})
check.call(logits, 0).equals([0, 1, 0, 0, 0, 0], mistakes={
    "at temperature 0 the smallest logit wins": [0, 0, 1, 0, 0, 0]})


def only(*places):
    """The distribution among these words alone."""
    return torch.zeros(6).double().scatter(0, torch.tensor(places), softmax(X[list(places)] / 1.5, 0))


check.call(logits, 1.5, top_k=3).close_to(only(1, 3, 5), mistakes={
    "what is left is not divided by its sum": torch.where(only(1, 3, 5) > 0, softmax(X / 1.5, 0), 0),
    "one word too few stays": only(1, 3), "one word too many stays": only(1, 3, 5, 0),
    "the first k words stay, not the likeliest": only(0, 1, 2),
    "the k unlikeliest words stay": only(0, 2, 4),
})
check.call(np.log([0.25, 0.5, 0.25]), 1.0, top_k=2).close_to([1 / 3, 2 / 3, 0], mistakes={
    "of equal words the last one stays, not the first": [0, 2 / 3, 1 / 3],
    "all words stay that are as likely as the one at place k": [0.25, 0.5, 0.25],
})
shares = np.array([0.05, 0.5, 0.2, 0.25])
check.call(np.log(shares), 1.0, top_p=0.6).close_to([0, 2 / 3, 0, 1 / 3], mistakes={
    "the word with which the sum reaches p is thrown out, too": [0, 1, 0, 0],
    "what is left is not divided by its sum": [0, 0.5, 0, 0.25],
    "one word too many stays": [0, 0.5 / 0.95, 0.2 / 0.95, 0.25 / 0.95],
    "words are taken in the order of the vocabulary": [0.05 / 0.75, 0.5 / 0.75, 0.2 / 0.75, 0],
    "places in the sorted order are taken for ids of words": [0.05 / 0.55, 0.5 / 0.55, 0, 0],
})
check.passed()

# %% hidden="next_distribution" points=2 bonus=true
# All knobs together, random logits, k above the number of words, k = 1, p = 1 and tiny p, the order of top-k and top-p,
# equal logits, large logits at a small temperature, and two words of the same largest logit at temperature 0.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks


def die_reference(logits, temperature, top_k=None, top_p=None, inclusive=False, first="k"):
    p = torch.softmax(torch.tensor(logits) / temperature, dim=0)
    for knob in (("k", "p") if first == "k" else ("p", "k")):
        values, places = p.sort(descending=True, stable=True)
        if knob == "k" and top_k is not None:
            values = torch.where(torch.arange(len(p)) < top_k, values, 0)
        if knob == "p" and top_p is not None:
            values = torch.where((values.cumsum(0) if inclusive else values.cumsum(0) - values) < top_p, values, 0)
        p = torch.zeros_like(p).scatter(0, places, values)
        p = p / p.sum()
    return p


rng = np.random.default_rng(11)
check = checks.of(next_distribution)
for temperature, top_k, top_p in (
    (0.8, 5, 0.7), (1.3, 4, 0.9), (2.0, None, 0.5), (1.0, 1, None), (1.0, 50, 1.0), (0.5, None, 1e-6), (1.0, 3, 0.95)
):
    logits = 2 * rng.normal(size=9)
    check.call(logits, temperature, top_k, top_p).close_to(die_reference(logits, temperature, top_k, top_p), mistakes={
        "the word with which the sum reaches p is thrown out, too":
            lambda: die_reference(logits, temperature, top_k, top_p, inclusive=True),
        "top-p comes before top-k": die_reference(logits, temperature, top_k, top_p, first="p"),
        "top-k is passed over when there is a top-p": die_reference(logits, temperature, None, top_p),
        "top-p is passed over when there is a top-k": die_reference(logits, temperature, top_k, None),
        "the temperature is not used": die_reference(logits, 1.0, top_k, top_p),
    })
nearly_equal = np.array([0.1, 0.4, 0.3, 0.0, 0.2])
check.call(nearly_equal, 1.0, 2, 0.45).close_to(die_reference(nearly_equal, 1.0, 2, 0.45), mistakes={
    "top-p comes before top-k": die_reference(nearly_equal, 1.0, 2, 0.45, first="p")})
check.call(np.zeros(4), 1.0, 2).close_to(np.array([0.5, 0.5, 0, 0]), note="Of equal words the first stay")
large = torch.tensor([900.0, 901.0, -800.0], dtype=torch.float64)
check.call(large.numpy(), 0.1).close_to(torch.softmax(large / 0.1, 0))
check.call(np.array([1.0, 4.0, 4.0]), 0).equals([0.0, 1.0, 0.0], mistakes={
    "the two largest share the probability": [0.0, 0.5, 0.5], "the last of equal logits wins": [0.0, 0.0, 1.0]})
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# Your transformer with its knobs: for each setting, how many of 100 sentences are grammatical, how many of them
# are different, and the first one.
#
# *What to see:* greedy decoding writes one and the same sentence a hundred times. The hotter, the more colourful
# and the more often wrong. Top-k and top-p let the model be hot and cut off what derails it.

# %% figure="knobs"
print("temperature  top-k  top-p  grammatical  different  an example")
for knobs in ((0.0, None, None), (0.5, None, None), (1.0, None, None), (2.0, None, None), (2.0, 5, None),
              (2.0, None, 0.7)):
    texts = write(uniforms[:100], lambda logits: np.array([next_distribution(row, *knobs) for row in logits]))
    right = sum(possible(words) > len(words) for words in texts) / len(texts)
    temperature, top_k, top_p = ("-" if knob is None else knob for knob in knobs)
    print(f"{temperature:11}  {top_k:>5}  {top_p:>5}  {right:11.0%}  {len(set(map(tuple, texts))):9}  "
          f"{' '.join(texts[0][:12])}")

# %% [markdown]
# ## Exercise 9: a cache that changes no word
# *Difficulty 4 of 5 · about 35 minutes · 3 bonus points*
#
# To write word 100, the model has to see the 99 before it. Fed with all of them again for each new word, it
# computes the same keys and values a hundred times over. But it is causal: nothing that happens at a later
# position changes anything at an earlier one. So the keys and values of the past can be **kept**, and only the
# new token goes through the model. In each attention layer its query looks at the keys kept, and at its own.
#
# $$K \leftarrow [K_\text{cache};\, K_\text{new}], \qquad V \leftarrow [V_\text{cache};\, V_\text{new}], \qquad
# O_\text{new} = \operatorname{softmax}\left(\frac{Q_\text{new} K^T}{\sqrt{d_k}}\right) V .$$
#
# At the beginning a whole prompt of $N > 1$ tokens goes in at once. Then the mask must be right: the first of
# the new tokens sees all of the cache and itself, but not the second.
#
# Write `attend_with_cache(Q, K, V, cache)`. The three arrays belong to the $N$ *new* tokens; `cache` is a tuple
# of the keys and values of the $M$ tokens before them, or `None` if there are none. Return the output for the
# new tokens and the new cache.
#
# <details><summary>Hint 1: the mask</summary>
#
# New token $n$ (from 0) stands at position $M + n$. At which of the $M + N$ positions may it look? For $N = 1$,
# at all of them.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# Concatenate cache and new along the axis of the tokens. Scores $(B, h, N, M + N)$. A mask of booleans:
# `np.tri(N, M + N, M)` is 1 where column $\le$ row $+ M$. Minus infinity elsewhere, softmax, times the values.
#
# </details>
# <details><summary>Hint 3: if a single new token is right and two at once are wrong</summary>
#
# A mask `np.tri(N, M + N)` begins at the left: it would let the first new token see the first position only.
# Shift it by $M$.
#
# </details>

# %% answer="attend_with_cache"
def attend_with_cache(Q, K, V, cache):
    """Causal attention of N new tokens to M earlier ones and to themselves.

    Q, K: (B, h, N, d_k). V: (B, h, N, d_v). cache: None, or a tuple of (B, h, M, d_k) and (B, h, M, d_v).
    Returns (output (B, h, N, d_v), cache), the cache with M + N tokens.
    """
    ### BEGIN SOLUTION
    if cache is not None:
        K, V = np.concatenate([cache[0], K], axis=2), np.concatenate([cache[1], V], axis=2)
    N, total = Q.shape[2], K.shape[2]
    scores = Q @ K.swapaxes(2, 3) / np.sqrt(Q.shape[3])
    scores = np.where(np.tri(N, total, total - N, dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=3, keepdims=True))
    return weights / weights.sum(axis=3, keepdims=True) @ V, (K, V)
    ### END SOLUTION

# %% test="attend_with_cache" points=1 bonus=true
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(12)
Q, K, V = rng.normal(size=(2, 3, 6, 4)), rng.normal(size=(2, 3, 6, 4)), rng.normal(size=(2, 3, 6, 5))
official = torch.nn.functional.scaled_dot_product_attention
whole = official(*map(torch.tensor, (Q, K, V)), is_causal=True)
part = lambda a, b: [array[:, :, a:b] for array in (Q, K, V)]


check = checks.of(attend_with_cache)
check.call(*part(0, 3), None).close_to((whole[:, :, :3], (K[:, :, :3], V[:, :, :3])), mistakes={
    "the first tokens see each other without a mask, also those that come later":
        (official(*map(torch.tensor, part(0, 3))), (K[:, :, :3], V[:, :, :3])),
    "each new token sees the next one, too": (official(
        *map(torch.tensor, part(0, 3)), attn_mask=torch.ones(3, 3).tril(1).bool()), (K[:, :, :3], V[:, :, :3])),
    "the scores are not divided by the root of d_k": (official(
        *map(torch.tensor, part(0, 3)), is_causal=True, scale=1.0), (K[:, :, :3], V[:, :, :3])),
    "the scores are divided by the root of d_v, not of d_k": (official(
        *map(torch.tensor, part(0, 3)), is_causal=True, scale=5**-0.5), (K[:, :, :3], V[:, :, :3])),
})
check.call(*part(3, 4), (K[:, :, :3], V[:, :, :3])).close_to((whole[:, :, 3:4], (K[:, :, :4], V[:, :, :4])), mistakes={
    "the new token does not see itself, only the cache":
        (official(*map(torch.tensor, (Q[:, :, 3:4], K[:, :, :3], V[:, :, :3]))), (K[:, :, :4], V[:, :, :4])),
    "the new token sees only itself, not the cache": (torch.tensor(V[:, :, 3:4]), (K[:, :, :4], V[:, :, :4])),
    "the mask begins at the left: the new token sees the first position only":
        (torch.tensor(V[:, :, :1]), (K[:, :, :4], V[:, :, :4])),
    "the cache that is returned does not hold the new token": (whole[:, :, 3:4], (K[:, :, :3], V[:, :, :3])),
    "the new keys are put before those of the cache":
        (whole[:, :, 3:4], tuple(np.roll(array[:, :, :4], 1, axis=2) for array in (K, V))),
})
check.passed()

# %% hidden="attend_with_cache" points=2 bonus=true
# A text that comes in pieces of one, two and more tokens, after each of which the outputs must be those of the
# whole text at once; other sizes; a first piece of one token; and that cache and inputs are not changed.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

check = checks.of(attend_with_cache)
rng = np.random.default_rng(13)
official = torch.nn.functional.scaled_dot_product_attention
for (B, h, d_k, d_v), pieces in (
    ((2, 3, 4, 2), (0, 1, 2, 4, 7)), ((1, 2, 3, 3), (0, 4, 6, 7)), ((3, 1, 2, 5), (0, 2, 5, 9))
):
    Q, K, V = (rng.normal(size=(B, h, pieces[-1], d)) for d in (d_k, d_k, d_v))
    whole = official(*map(torch.tensor, (Q, K, V)), is_causal=True)
    cache = None
    for a, b in zip(pieces, pieces[1:]):
        q, k, v = Q[:, :, a:b], K[:, :, a:b], V[:, :, a:b]
        after = K[:, :, :b], V[:, :, :b]
        masks = {
            "the mask begins at the left: it must be shifted by the length of the cache": np.tri(b - a, b),
            "the new tokens see each other without a mask, also those that come later": np.ones((b - a, b)),
            "the mask is shifted by one too few: a new token does not see itself": np.tri(b - a, b, a - 1),
            "the mask is shifted by one too many: each new token sees the next one": np.tri(b - a, b, a + 1),
        }
        see = lambda mask: official(*map(torch.tensor, (q, *after)), attn_mask=torch.tensor(mask > 0))
        mistakes = {sentence: (see(mask), after) for sentence, mask in masks.items()}
        mistakes["the cache that is returned does not hold the new tokens"] = (
            whole[:, :, a:b], (K[:, :, :a], V[:, :, :a]))
        mistakes["the cache is forgotten: the new tokens see each other only"] = (
            official(*map(torch.tensor, (q, k, v)), is_causal=True), (k, v))
        check.call(q, k, v, cache).close_to((whole[:, :, a:b], after), mistakes=mistakes)
        cache = after
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# What the cache saves: the time for each new token against its position, for one attention layer with 4 heads
# of 16 features; both axes are logarithmic. Solid with dots: everything before it is computed again. Dashed with
# squares: your `attend_with_cache`.
#
# *Alternative text: time against position, 25 to 400. Without a cache it rises, ever steeper, by a factor of 50 to 100.
# With one it hardly rises, and at position 400 it is a small part of the other.*
#
# *What to see:* without a cache the time for one more token grows ever faster, in the end with the square of its
# position (twice the position, four times the time or more); with one it hardly grows at all.

# %% figure="cache_race"
import timeit

import matplotlib.pyplot as plt
from nextword import plots

rng = np.random.default_rng(0)
W = rng.standard_normal((192, 64)) / 8
text_so_far = rng.standard_normal((1, 400, 64))


def heads_of(x):
    return [part.reshape(1, -1, 4, 16).swapaxes(1, 2) for part in np.split(x @ W.T, 3, axis=2)]


def shortest_time(f):
    """The shortest of several runs in milliseconds: what else the machine does can only make it longer."""
    return 1000 * min(timeit.repeat(f, number=1, repeat=9))


places, again, cached = [25, 50, 100, 200, 400], [], []
for t in places:
    _, cache = attend_with_cache(*heads_of(text_so_far[:, :t - 1]), None)
    again.append(shortest_time(lambda: attend_with_cache(*heads_of(text_so_far[:, :t]), None)))
    cached.append(shortest_time(lambda: attend_with_cache(*heads_of(text_so_far[:, t - 1:t]), cache)))
plots.curves(places, {"all over again": again, "with a cache": cached}, x_axis="position of the new token",
             y_axis="time for it (milliseconds)", logarithmic="xy")
plt.xticks(places, places)
plt.minorticks_off()
plt.show()

# %% [markdown]
# ## Exercise 10: positions that rotate
# *Difficulty 4 of 5 · about 35 minutes · 3 bonus points*
#
# Learned positions have two weaknesses: position 41 does not exist if the table has 40 rows, and that *five
# words back* is the same relation everywhere in a text must be learned for each place anew. **Rotary
# positions** (RoPE, Su and others, 2021) add nothing to the embeddings. Instead they turn queries and keys just
# before they meet. The features of a head are taken in pairs $(x_{2i}, x_{2i+1})$, and each pair is turned in
# its plane by an angle that grows with the position $t$:
#
# $$\begin{pmatrix} x'_{2i} \\ x'_{2i+1} \end{pmatrix} =
# \begin{pmatrix} \cos t\theta_i & -\sin t\theta_i \\ \sin t\theta_i & \cos t\theta_i \end{pmatrix}
# \begin{pmatrix} x_{2i} \\ x_{2i+1} \end{pmatrix}, \qquad \theta_i = 10000^{-2i/d_k}, \quad i = 0, \dots, d_k/2 - 1 .$$
#
# A query turned by $t\theta$ and a key turned by $j\theta$ have a product that depends on the difference $(t -
# j)\theta$ only: the score knows the distance and nothing else about the place. The *values* are not turned;
# what is found should be the same wherever it was found.
#
# Write `rope(x, start)`, which turns an array $(B, h, T, d_k)$ whose first token stands at position `start`
# (with a cache that is not 0), and `rope_attention(Q, K, V, attend)`, which calls the function `attend(Q, K,
# V)` that is handed in, with what has to be turned turned.
#
# <details><summary>Hint 1: complex numbers</summary>
#
# A pair is a complex number $x_{2i} + \mathrm{i}\, x_{2i+1}$, and turning it by an angle is multiplying it by
# $e^{\mathrm{i} t \theta}$. You can use this or write the four products out.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# Angles: positions `start` to `start + T - 1` as a column, times the row of thetas: $(T, d_k/2)$. Even features
# `x[..., 0::2]`, odd ones `x[..., 1::2]`. New even ones: even times cosine minus odd times sine. New odd ones:
# even times sine plus odd times cosine. Put them back in turns.
#
# </details>
# <details><summary>Hint 3: if the first position is right and all others are wrong</summary>
#
# At position 0 nothing turns. Check the sign of the sine and which features are paired: neighbours, 0 with 1,
# not 0 with $d_k/2$.
#
# </details>

# %% answer="rope"
def rope(x, start):
    """Turn each pair of neighbouring features by position times theta. x: (B, h, T, d_k), d_k even. start: int."""
    ### BEGIN SOLUTION
    T, d_k = x.shape[-2], x.shape[-1]
    angles = np.arange(start, start + T)[:, None] * 10000.0 ** (-np.arange(0, d_k, 2) / d_k)
    even, odd, turned = x[..., 0::2], x[..., 1::2], np.empty(x.shape)
    turned[..., 0::2] = even * np.cos(angles) - odd * np.sin(angles)
    turned[..., 1::2] = even * np.sin(angles) + odd * np.cos(angles)
    return turned
    ### END SOLUTION


def rope_attention(Q, K, V, attend):
    """Attention with rotary positions, the first token at position 0.

    Q, K, V: (B, h, T, d_k). attend: function of three such arrays that returns one. Returns (B, h, T, d_k).
    """
    ### BEGIN SOLUTION
    return attend(rope(Q, 0), rope(K, 0), V)
    ### END SOLUTION

# %% test="rope" points=1 bonus=true
import numpy as np
import torch
from nextword import checks


def turned_by_torch(x, start, sign=1, pairs="neighbours", exponent=2):
    x = torch.tensor(x)
    T, d_k = x.shape[-2:]
    theta = 10000 ** (-exponent * torch.arange(d_k // 2, dtype=torch.float64) / d_k)
    angles = sign * torch.arange(start, start + T, dtype=torch.float64)[:, None] * theta
    if pairs == "halves":
        z = torch.complex(*x.chunk(2, dim=-1)) * torch.polar(torch.ones_like(angles), angles)
        return torch.cat([z.real, z.imag], dim=-1)
    z = torch.view_as_complex(x.unflatten(-1, (-1, 2))) * torch.polar(torch.ones_like(angles), angles)
    return torch.view_as_real(z).flatten(-2)


rng = np.random.default_rng(14)
x = rng.normal(size=(2, 3, 4, 6))
check = checks.of(rope)
check.call(x, 5).close_to(turned_by_torch(x, 5), mistakes={
    "each feature is paired with the one half of d_k further on, not with its neighbour":
        turned_by_torch(x, 5, pairs="halves"),
    "the angle has the wrong sign": turned_by_torch(x, 5, sign=-1),
    "start is not used": turned_by_torch(x, 0),
    "the first token stands one position too far": turned_by_torch(x, 6),
    "the exponent is i / d_k, not 2i / d_k": turned_by_torch(x, 5, exponent=1),
    "the exponent is 4i / d_k: i counts pairs, not features": turned_by_torch(x, 5, exponent=4),
    "the exponent lacks its minus sign": turned_by_torch(x, 5, exponent=-2),
    "both sines are added: that of the even features has a minus":
        torch.where(torch.arange(6) % 2 == 0, turned_by_torch(x, 5, sign=-1), turned_by_torch(x, 5)),
    "the turned features are not put back in turns, all even ones come first":
        torch.cat([turned_by_torch(x, 5)[..., i::2] for i in (0, 1)], dim=-1),
    "positions run along the heads and not along the tokens":
        lambda: turned_by_torch(x.swapaxes(1, 2), 5).swapaxes(1, 2),
})
check.passed()
official = torch.nn.functional.scaled_dot_product_attention
attend = lambda Q, K, V: official(*map(torch.tensor, (Q, K, V)), is_causal=True).numpy()
Q, K, V = rng.normal(size=(3, 2, 2, 5, 4))
tq, tk, tv = (turned_by_torch(array, 0).numpy() for array in (Q, K, V))
check = checks.of(rope_attention)
check.call(Q, K, V, attend).close_to(torch.tensor(attend(tq, tk, V)), mistakes={
    "the values are turned, too": attend(tq, tk, tv), "only the queries are turned": attend(tq, K, V),
    "only the keys are turned": attend(Q, tk, V), "nothing is turned": attend(Q, K, V),
    "the result is turned, not queries and keys": turned_by_torch(attend(Q, K, V), 0),
})
check.passed()

# %% hidden="rope" points=2 bonus=true
# Other sizes and places, a single token, one pair of features, T equal to the number of heads; that lengths do
# not change; and that the product of a turned query and a turned key depends on their distance alone.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(15)
check = checks.of(rope)
for shape, start in (((1, 2, 7, 4), 0), ((2, 1, 1, 8), 40), ((3, 4, 4, 2), 3), ((1, 1, 30, 6), 1000)):
    x = rng.normal(size=shape)
    t = torch.arange(start, start + shape[2], dtype=torch.float64)[:, None]
    angles = t * 10000 ** (-torch.arange(0, shape[3], 2, dtype=torch.float64) / shape[3])
    X = torch.tensor(x)
    turns = torch.stack([angles.cos(), -angles.sin(), angles.sin(), angles.cos()], -1).unflatten(-1, (2, 2))
    expected = (turns @ X.unflatten(-1, (-1, 2, 1))).flatten(-3)
    half = torch.cat([X.chunk(2, -1)[0] * angles.cos() - X.chunk(2, -1)[1] * angles.sin(),
                      X.chunk(2, -1)[0] * angles.sin() + X.chunk(2, -1)[1] * angles.cos()], -1)
    check.call(x, start).close_to(expected, mistakes={
        "each feature is paired with the one half of d_k further on, not with its neighbour": half,
        "the angle has the wrong sign": (turns.mT @ X.unflatten(-1, (-1, 2, 1))).flatten(-3),
        "positions run along the heads and not along the tokens": lambda: (
            turns[:shape[1], None] @ X.unflatten(-1, (-1, 2, 1))).flatten(-3),
    })
    length = lambda array: np.linalg.norm(array, axis=-1)
    check.holds(np.allclose(length(check.call(x, start).array(shape)), length(x)), "turning must not change lengths")
q, k = rng.normal(size=(2, 1, 1, 1, 8))
score = lambda t, j: float(np.sum(check.call(q, t).array(q.shape) * check.call(k, j).array(k.shape)))
check.holds(lambda: abs(score(9, 4) - score(109, 104)) < 1e-9, "a score must depend on the distance alone")
check.passed()
check = checks.of(rope_attention)
Q, K, V = rng.normal(size=(3, 1, 3, 6, 4))
theta = torch.tensor([1, 0.01], dtype=torch.float64)
angles = torch.arange(6)[:, None] * theta
turns = torch.polar(torch.ones_like(angles), angles)
turned = lambda x: torch.view_as_real(torch.view_as_complex(torch.tensor(x).unflatten(-1, (-1, 2))) * turns).flatten(-2)
look = lambda Q, K, V: torch.nn.functional.scaled_dot_product_attention(*map(torch.tensor, (Q, K, V)))
expected = look(turned(Q).numpy(), turned(K).numpy(), V)
check.call(Q, K, V, lambda Q, K, V: look(Q, K, V).numpy()).close_to(expected, mistakes={
    "the values are turned, too": look(*(turned(array).numpy() for array in (Q, K, V))),
    "another attention is called and not the one that is handed in":
        torch.nn.functional.scaled_dot_product_attention(turned(Q), turned(K), torch.tensor(V), is_causal=True),
})
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# The scores of a query with a key that is the same vector, against how far back the key stands; three lines for
# three places of the query (solid, dashed, dotted with dashes). Left: learned positions (here random ones, as
# before training) are added to both. Right: both are turned by your `rope`.
#
# *Alternative text: two plots of scores over the distances 0 to 24. On the left three different, ragged lines. On the
# right three lines that lie on each other and fall smoothly from 7.5 to about 3.*
#
# *What to see:* on the left the score depends on where in the text the two stand. On the right the three lines are
# one: only the distance counts. Near keys match best, without anything having been learned.

# %% figure="rotary_scores"
import matplotlib.pyplot as plt
from nextword import plots

rng, T, d_k = np.random.default_rng(4), 64, 64
vector, table = rng.normal(size=d_k), rng.normal(size=(T, d_k))
same = np.tile(vector, (1, 1, T, 1))
added, turned = (vector + table) @ (vector + table).T, rope(same, 0)[0, 0] @ rope(same, 0)[0, 0].T
_, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.4), sharey=True, layout="constrained")
for ax, scores, title in ((left, added, "positions added"), (right, turned, "positions rotated")):
    lines = {f"query at {t}": [scores[t, t - d] / d_k**0.5 for d in range(25)] for t in (24, 40, 63)}
    plots.curves(range(25), lines, "tokens from the query back to the key", "score" * (ax is left), ax=ax)
    ax.set_title(title)
plt.show()

# %% [markdown]
# ## Exercise 11: heads that share
# *Difficulty 3 of 5 · about 20 minutes · 2 bonus points*
#
# A cache makes writing fast, and it fills the memory: 96 layers with 96 heads of 128 features in GPT-3, keys
# and values, 16 bits each, are 4.5 MiB for every single token. **Grouped-query attention** (Ainslie and
# others, 2023) keeps all $h$ heads of queries, but gives them only $G$ heads of keys and values, each shared
# by $h/G$ *neighbouring* heads: with $h = 4$ and $G = 2$, heads 0 and 1 look at keys 0, heads 2 and 3 at
# keys 1. The cache shrinks by the factor $h/G$, and the quality hardly suffers.
#
# Write `grouped_attention(Q, K, V, attend)` with $h$ heads in $Q$ and $G$ in $K$ and $V$; the function
# `attend(Q, K, V)` that is handed in wants $h$ heads in all three. And `cache_mib(layers, kv_heads, d_k,
# tokens, bits)`: the size of the cache in MiB ($2^{20}$ bytes).
#
# <details><summary>Hint 1: which key head belongs to query head i?</summary>
#
# With $h/G$ heads in a group: heads $0, \dots, h/G - 1$ share key head 0, the next $h/G$ share key head 1. So
# it is number $i$ divided by $h/G$, rounded down.
#
# </details>
# <details><summary>Hint 2: two functions of NumPy</summary>
#
# `np.repeat` makes 0, 0, 1, 1 of 0, 1; `np.tile` makes 0, 1, 0, 1. Which one is wanted?
#
# </details>
# <details><summary>Hint 3: if the cache is half as large as expected</summary>
#
# Keys *and* values are kept.
#
# </details>

# %% answer="grouped_attention"
def grouped_attention(Q, K, V, attend):
    """Attention in which neighbouring heads share keys and values.

    Q: (B, h, T, d_k). K, V: (B, G, T, d_k), h a multiple of G. attend: function of three arrays (B, h, T, d_k).
    Returns (B, h, T, d_k).
    """
    ### BEGIN SOLUTION
    group = Q.shape[1] // K.shape[1]
    return attend(Q, np.repeat(K, group, axis=1), np.repeat(V, group, axis=1))
    ### END SOLUTION


def cache_mib(layers, kv_heads, d_k, tokens, bits):
    """The memory for keys and values of so many tokens, in MiB (float). All arguments are int."""
    ### BEGIN SOLUTION
    return 2 * layers * kv_heads * d_k * tokens * bits / 8 / 2**20
    ### END SOLUTION

# %% test="grouped_attention" points=1 bonus=true
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(16)
Q, K, V = rng.normal(size=(2, 6, 4, 3)), rng.normal(size=(2, 2, 4, 3)), rng.normal(size=(2, 2, 4, 3))
official = torch.nn.functional.scaled_dot_product_attention


def attend(Q, K, V):
    if not Q.shape == K.shape == V.shape:
        raise ValueError(f"attend wants three arrays of one shape and was handed {Q.shape}, {K.shape} and {V.shape}")
    return official(*map(torch.tensor, (Q, K, V)), is_causal=True).numpy()


check = checks.of(grouped_attention)
expected = official(*map(torch.tensor, (Q, K, V)), is_causal=True, enable_gqa=True)
check.call(Q, K, V, attend).close_to(expected, mistakes={
    "the keys are dealt out in turns (0, 1, 0, 1, ...); neighbouring heads share": attend(
        Q, np.tile(K, (1, 3, 1, 1)), np.tile(V, (1, 3, 1, 1))),
    "all heads look at the first head of keys and values":
        attend(Q, *(np.tile(x[:, :1], (1, 6, 1, 1)) for x in (K, V))),
    "the queries of a group are averaged":
        official(torch.tensor(Q).unflatten(1, (2, 3)).mean(2), torch.tensor(K), torch.tensor(V),
                 is_causal=True).repeat_interleave(3, dim=1),
})
check.passed()
check = checks.of(cache_mib)
both = 2 * torch.empty(96, 96, 128, 10, dtype=torch.float16, device="meta").nbytes / 2**20
check.call(96, 96, 128, 10, 16).close_to(both, mistakes={
    "only the keys are counted, and not the values": both / 2, "these are bits, not bytes": both * 8,
    "these are units of 10^6 bytes": both * 2**20 / 1e6, "these are GiB": both / 1024,
})
check.passed()

# %% hidden="grouped_attention" points=1 bonus=true
# One head of keys for all, as many as queries, other groups and sizes; another function in the place of
# attention; other caches.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(17)
check = checks.of(grouped_attention)
see = torch.nn.functional.scaled_dot_product_attention
for B, h, G, T, d_k in ((2, 4, 1, 3, 5), (1, 3, 3, 4, 2), (2, 8, 4, 5, 3), (3, 4, 2, 2, 4)):
    Q, K, V = rng.normal(size=(B, h, T, d_k)), rng.normal(size=(B, G, T, d_k)), rng.normal(size=(B, G, T, d_k))
    expected = see(*map(torch.tensor, (Q, K, V)), enable_gqa=True)
    everywhere = lambda Q, K, V: see(*map(torch.tensor, (Q, K, V))).numpy()
    check.call(Q, K, V, everywhere).close_to(expected, mistakes={
        "the keys are dealt out in turns (0, 1, 0, 1, ...); neighbouring heads share": everywhere(
            Q, np.tile(K, (1, h // G, 1, 1)), np.tile(V, (1, h // G, 1, 1))),
        "all heads look at the first head of keys and values":
            everywhere(Q, K[:, :1].repeat(h, 1), V[:, :1].repeat(h, 1)),
        "keys are shared by neighbours, but values are dealt out in turns":
            everywhere(Q, K.repeat(h // G, 1), np.tile(V, (1, h // G, 1, 1))),
    })
Q, K, V = rng.normal(size=(2, 6, 3, 2)), rng.normal(size=(2, 3, 3, 2)), rng.normal(size=(2, 3, 3, 2))
shared = torch.tensor(K).repeat_interleave(2, dim=1), torch.tensor(V).repeat_interleave(2, dim=1)
check.call(Q, K, V, lambda Q, K, V: Q * K - V).close_to(torch.tensor(Q) * shared[0] - shared[1])
check.passed()
check = checks.of(cache_mib)
for layers, kv_heads, d_k, tokens, bits in ((2, 4, 16, 40, 32), (96, 8, 128, 2048, 16), (1, 1, 2, 3, 8)):
    check.call(layers, kv_heads, d_k, tokens, bits).close_to(layers * kv_heads * d_k * tokens * bits / 2**22)
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## The end of the ladder
#
# You started with eleven times *cows eat*. Since then you have counted, smoothed, differentiated by hand, built
# the machine that differentiates, given a network a memory, and replaced the memory by the ability to look. The
# question was the same all the time: *p(next word | the words before)*. A large language model is this model,
# with more layers, more words and more of the world in its training text; there is no further secret in it, and
# what remains surprising about it is how far one question leads.
#
# To hand in, save the notebook with your answers in it and follow the last section of *00 Start here*.
