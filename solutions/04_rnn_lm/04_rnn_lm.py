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
# # 04 A recurrent language model
#
# *The cow that the sailors chase* ... *sing* or *sings*? You did not hesitate, because you kept in mind that
# the sentence is about one cow. A trigram model sees *sailors chase* and has forgotten her.
# A model of 7-grams could still see her, but it has never met these six words in a row and has nothing to
# count. That is the dead end of notebook 01: what is counted belongs to one context, and nearly every long
# context is new.
#
# A **recurrent neural network** (RNN) looks nothing up. It reads the words one after the other and keeps a
# **state** $h$, a vector of fixed length, into which it mixes each word as it passes. Two ideas, then:
#
# 1. turn *all* the words before into a vector of fixed length;
# 2. compute the distribution of the next word from this vector.
#
# $$p(w_1, \dots, w_T) = \prod_{t=1}^{T} p\bigl(w_t \mid f_\theta(w_{t-1}, \dots, w_1)\bigr)$$
#
# This is the chain rule with nothing cut off. ($f_\theta$ is the network that makes the vector, and
# $\theta$ stands for all its parameters.) The price is that nobody can say how the mixing should be done.
# It has to be learned, with gradients that go back through as many steps as the sentence has words:
# **backpropagation through time**. In this notebook you write it by hand, then let the tape of notebook 03
# do it, and at the end a network made of your own functions predicts better than every n-gram model, after
# a short training.

# %% [markdown]
# ## Names and shapes
#
# Rows are sentences. A batch has $B$ of them with $T$ words each; the other sizes are the vocabulary $V$
# (all ids, also those of `<s>` and `<unk>`, which never come next), the features of a word $D$, the hidden
# units $H$, and the classes of the output $K$ (tags, or again words).
#
# | name | shape | what it is |
# |---|---|---|
# | `ids` | $(B, T)$ | the words as numbers from 0 to $V - 1$ |
# | $E$ | $(V, D)$ | the embedding: one row of features for each word |
# | $x$ | $(B, T, D)$ | the inputs; $x_t$, of shape $(B, D)$, is what is read at step $t$ |
# | $h$ | $(B, T, H)$ | the states; $h_t$, of shape $(B, H)$, has read $x_1, \dots, x_t$; before them is $h_0$ |
# | $W_{xh}, W_{hh}, b_h$ | $(H, D), (H, H), (H)$ | parameters of the recurrence |
# | $W_{hy}, b_y$ | $(K, H), (K)$ | parameters of the output, the *head* |
# | $y$ | $(B, T, K)$ | the outputs, *logits* that softmax turns into probabilities |
# | $J$ | a number | the loss, in nats |
# | $g_v$ | the shape of $v$ | the gradient $\partial J / \partial v$ |
#
# In formulas the steps are counted from 1, in code from 0: $x_1$ is `x[:, 0]`. Gradients are returned as a
# dictionary by the name of what they belong to: $g_{W_{hh}}$ is `gradients["W_hh"]`. Each exercise can be
# solved without the ones before it, and answers use NumPy only; PyTorch is what they are compared with.

# %% given="setup"
import numpy as np

# %% [markdown]
# ## The corpus
#
# The sentences are those of notebook 01, and so is the vocabulary: ids 0, 1 and 2 are `<s>`, `</s>` and
# `<unk>`. New are the **tags**: the grammar also tells the part of speech of each word. Some words have more
# than one, and which it is may depend on words that come *later*: compare *the old sing* and *the old cow
# sings*.

# %% figure="corpus"
from nextword import corpora
from nextword.text import Vocab

narwhals = corpora.narwhals()
vocab = Vocab(narwhals.vocabulary)
floor = narwhals.entropy_per_token
train_ids, validation_ids, test_ids = (
    [vocab.encode(sentence) for sentence in narwhals.sentences(split)]
    for split in ("train", "validation", "test"))
print(f"{len(train_ids):,} training sentences, {len(vocab)} tokens, entropy {floor:.4f} nats per token\n")
for sentence, tags in list(zip(narwhals.train, narwhals.train_tags))[3:7]:
    print("   ", "  ".join(f"{word}/{tag}" for word, tag in zip(sentence, tags)))

# %% [markdown]
# # Part 1: one step, then many
#
# ## Exercise 1: a row for each word
# *Difficulty 1 of 5 · about 10 minutes · 1 point*
#
# A network wants vectors and gets word numbers. The **embedding** is a table $E$ with one row of $D$ features
# for each of the $V$ words, and reading a word means picking its row:
#
# $$x_{b,t} = E_{\mathrm{ids}[b,t]}.$$
#
# The rows are parameters. At first they are random, and training moves words that behave alike to similar
# rows. So we need the gradient as well. A word that occurs at several places of the batch has used the *same*
# row at all of them, and as always where something is used several times, the gradients add up:
#
# $$g_{E_v} = \sum_{(b,t)\,:\;\mathrm{ids}[b,t] = v} g_{x_{b,t}}, \qquad
# \text{and } 0 \text{ for a word that does not occur.}$$
#
# Write `embedding(ids, E)` and `embedding_backward(ids, E, g)`, where `g` is $g_x$.
#
# <details><summary>Hint 1: where to begin</summary>
#
# What does `E[ids]` give if `ids` is a matrix of integers? Look at the shape.
#
# </details>
# <details><summary>Hint 2: pseudo-code of the backward pass</summary>
#
# *Begin with zeros of the shape of E; for each place of the batch, add its row of g to the row of its word.*
# That is two loops. `np.add.at` does the same in one call.
#
# </details>
# <details><summary>Hint 3: if the test says that only the last place counts</summary>
#
# `result[ids] += g` reads each row once, adds, and writes: of several places with the same word only one
# survives. NumPy does not accumulate in an assignment; `np.add.at` does.
#
# </details>

# %% answer="embedding"
def embedding(ids, E):
    """The row of each word.

    ids: (B, T) integers, 0 <= ids < V. E: (V, D). Returns x (B, T, D).
    """
    ### BEGIN SOLUTION
    return E[ids]
    ### END SOLUTION


def embedding_backward(ids, E, g):
    """The gradient with respect to the table.

    ids: (B, T) integers. E: (V, D). g: (B, T, D), the gradient with respect to x. Returns (V, D).
    """
    ### BEGIN SOLUTION
    g_E = np.zeros_like(E)
    np.add.at(g_E, ids, g)
    return g_E
    ### END SOLUTION

# %% test="embedding" points=0
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(1)
ids, E, g = np.array([[3, 0, 3], [1, 3, 4]]), rng.normal(size=(5, 4)), rng.normal(size=(2, 3, 4))
check = checks.of(embedding)
check.call(ids, E).close_to(torch.nn.functional.embedding(torch.tensor(ids), torch.tensor(E)))
check.passed()

(right,) = checks.torch_gradients(torch.nn.functional.embedding, (ids, E), g)
last = np.zeros_like(E)
last[ids] = g
often = np.bincount(ids.ravel(), minlength=5).clip(1)[:, None]
check = checks.of(embedding_backward)
check.gradients(torch.nn.functional.embedding, ids, E, names=("ids", "E"), cotangent=g, mistakes={
    "only the last place of a repeated word counts": last,
    "the gradients of a repeated word are averaged; they add up": right / often,
    "only words that occur have a row": right[np.unique(ids)],
    "this is the gradient of x as it came": g,
})
check.passed()

# %% hidden="embedding" points=1
# Checks other sizes, one word at all places, every word once, a single sentence of one word, and that the
# gradient has no trace of words that do not occur.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(2)
cases = [(rng.integers(6, size=(3, 5)), 6, 4), (np.full((2, 7), 3), 5, 3),
         (np.arange(8).reshape(2, 4)[:, ::-1].copy(), 8, 3), (np.array([[2]]), 4, 6),
         (rng.integers(3, size=(9, 2)), 40, 5)]
for ids, V, D in cases:
    E, g = rng.normal(size=(V, D)), rng.normal(size=(*ids.shape, D))
    check = checks.of(embedding)
    check.call(ids, E).close_to(torch.nn.functional.embedding(torch.tensor(ids), torch.tensor(E)))
    check.passed()
    last, once = np.zeros_like(E), np.zeros_like(E)
    last[ids] = g
    for row in range(len(ids)):
        once[ids[row]] += g[row]
    often = np.bincount(ids.ravel(), minlength=V).clip(1)[:, None]
    check = checks.of(embedding_backward)
    check.gradients(torch.nn.functional.embedding, ids, E, names=("ids", "E"), cotangent=g, mistakes={
        "only the last place of a repeated word counts": last,
        "only the last place of a word that is repeated within a sentence counts": once,
        "the gradients of a repeated word are averaged; they add up":
            lambda: checks.torch_gradients(torch.nn.functional.embedding, (ids, E), g)[0] / often,
        "the rows that are used are copied into the gradient, not what comes from above":
            lambda: checks.torch_gradients(torch.nn.functional.embedding, (ids, E), E[ids])[0],
    })
    check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 2: one step of the recurrence
# *Difficulty 2 of 5 · about 20 minutes · 2 points*
#
# At each step the network mixes what it knew, $h_{t-1}$, with what it reads, $x_t$. For one sentence, as a
# column, the lectures write $h_t = \mathcal{H}(W_{xh}\, x_t + W_{hh}\, h_{t-1} + b_h)$. The network is
# named after Elman (1990), and our nonlinearity $\mathcal{H}$ is tanh. With sentences as rows this reads
#
# $$h_t = \tanh\bigl(x_t\, W_{xh}^T + h_{t-1}\, W_{hh}^T + b_h\bigr).$$
#
# Two inputs, three parameters, one output. Going back is three exercises of notebook 02 in one. With $a_t$
# for the argument of tanh: from $g_{h_t}$ to $g_{a_t}$, and from there through each of the five things that
# $a_t$ is made of. Recall that $\tanh'(a) = 1 - \tanh^2(a)$, so the output $h_t$ is all that the slope needs.
#
# Write `rnn_step` and `rnn_step_backward`. For one step we call $h_{t-1}$ `h_prev` and $h_t$ just `h`.
#
# One warning. $W_{hh}$ is square, so nothing will complain if you transpose it when you should not.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Write down the shape of $g_a$, and the shape of each gradient that you want. For most of them there is only
# one product that fits.
#
# </details>
# <details><summary>Hint 2: the five gradients in words</summary>
#
# The gradient of an input is $g_a$ times the matrix that the input was multiplied with (not transposed). The
# gradient of a matrix combines $g_a$ with the input, summed over the rows of the batch. The bias was added to
# every row.
#
# </details>
# <details><summary>Hint 3: if only W_hh is wrong</summary>
#
# Which vector was it multiplied with in the forward pass: the state before the step, or the one after?
#
# </details>

# %% answer="rnn_step"
def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    """One step of an Elman network.

    x: (B, D). h_prev: (B, H). W_xh: (H, D). W_hh: (H, H). b_h: (H,). Returns h (B, H).
    """
    ### BEGIN SOLUTION
    return np.tanh(x @ W_xh.T + h_prev @ W_hh.T + b_h)
    ### END SOLUTION


def rnn_step_backward(x, h_prev, W_xh, W_hh, h, g):
    """The gradients of one step.

    h: (B, H), what rnn_step returned. g: (B, H), the gradient with respect to h. The others are as in
    rnn_step. Returns a dict with the gradients with respect to "x", "h_prev", "W_xh", "W_hh" and "b_h".
    """
    ### BEGIN SOLUTION
    g_a = g * (1 - h**2)
    return {"x": g_a @ W_xh, "h_prev": g_a @ W_hh,
            "W_xh": g_a.T @ x, "W_hh": g_a.T @ h_prev, "b_h": g_a.sum(axis=0)}
    ### END SOLUTION

# %% test="rnn_step" points=1
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(3)
names = ("x", "h_prev", "W_xh", "W_hh", "b_h")
arrays = [rng.normal(size=shape) for shape in [(3, 4), (3, 5), (5, 4), (5, 5), (5,)]]
tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
x, h_prev, W_xh, W_hh, b_h = tensors
a = torch.nn.functional.linear(x, W_xh, b_h) + torch.nn.functional.linear(h_prev, W_hh)
h = torch.tanh(a)
check = checks.of(rnn_step)
check.call(*arrays).close_to(h, mistakes={
    "tanh is missing": a,
    "the nonlinearity is the sigmoid, not tanh": torch.sigmoid(a),
    "W_hh is transposed (it is square, so nothing complains)": torch.tanh(a - h_prev @ W_hh.T + h_prev @ W_hh),
    "the bias is missing": torch.tanh(a - b_h),
    "the state before the step has no influence": torch.tanh(a - h_prev @ W_hh.T),
})
check.passed()

g = torch.tensor(rng.normal(size=(3, 5)))
*expected, g_a = torch.autograd.grad(h, [*tensors, a], g, retain_graph=True)
expected = dict(zip(names, expected))


def through(product, to, g):
    return torch.autograd.grad(product, to, g, retain_graph=True)


check = checks.of(rnn_step_backward)
check.call(*arrays[:4], h.detach().numpy(), g.numpy()).close_to(expected, mistakes={
    "the slope of tanh is missing": dict(zip(names, through(a, tensors, g))),
    "tanh is applied a second time: h is already the tanh of a":
        dict(zip(names, through(a, tensors, through(torch.tanh(h), h, g)[0]))),
    "the gradient of W_hh uses the state after the step, not the one before":
        {**expected, "W_hh": through(torch.nn.functional.linear(h.detach(), W_hh), W_hh, g_a)[0]},
    "the gradient of h_prev is computed with W_hh transposed":
        {**expected, "h_prev": through(torch.nn.functional.linear(h_prev, W_hh.T), h_prev, g_a)[0]},
    "the gradient of the bias is the mean over the batch; it is the sum":
        {**expected, "b_h": expected["b_h"] / 3},
})
check.passed()

# %% hidden="rnn_step" points=1
# Checks other sizes, a single row, large inputs that saturate tanh, and every gradient with random values
# from above.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(4)
names = ("x", "h_prev", "W_xh", "W_hh", "b_h")
for B, D, H, scale in [(4, 3, 6, 1), (1, 5, 2, 1), (7, 2, 4, 0.3), (2, 6, 5, 3)]:
    arrays = [scale * rng.normal(size=shape) for shape in [(B, D), (B, H), (H, D), (H, H), (H,)]]
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    x, h_prev, W_xh, W_hh, b_h = tensors
    from_x, from_h = torch.nn.functional.linear(x, W_xh, b_h), torch.nn.functional.linear(h_prev, W_hh)
    a = from_x + from_h
    h = torch.tanh(a)
    check = checks.of(rnn_step)
    check.call(*arrays).close_to(h, mistakes={
        "tanh is missing": a,
        "the nonlinearity is the sigmoid, not tanh": torch.sigmoid(a),
        "W_hh is transposed (it is square, so nothing complains)": torch.tanh(from_x + h_prev @ W_hh),
        "the bias is missing": torch.tanh(a - b_h),
        "the bias is added twice": torch.tanh(a + b_h),
        "the state before the step has no influence": torch.tanh(from_x),
    })
    check.passed()

    g = rng.normal(size=(B, H))
    g_torch = torch.tensor(g)

    def gradients(slope):
        """All five gradients, with any slope in place of tanh's."""
        return dict(zip(names, torch.autograd.grad(a, tensors, g_torch * slope, retain_graph=True)))

    expected = dict(zip(names, torch.autograd.grad(h, tensors, g_torch, retain_graph=True)))
    g_a = g_torch * (1 - h**2)
    check = checks.of(rnn_step_backward)
    check.call(*arrays[:4], h.detach().numpy(), g).close_to(expected, mistakes={
        "the slope of tanh is missing": gradients(1),
        "the slope is that of the sigmoid, h (1 - h)": gradients(h * (1 - h)),
        "the slope is 1 - h and not 1 - h squared": gradients(1 - h),
        "tanh is applied a second time: h is already the tanh of a": gradients(1 - torch.tanh(h) ** 2),
        "the gradient of h_prev is computed with W_hh transposed": {**expected, "h_prev": g_a @ W_hh.T},
        "the gradient of W_hh uses the state after the step, not the one before": {**expected, "W_hh": g_a.T @ h},
        "the gradient of W_hh is transposed": {**expected, "W_hh": expected["W_hh"].T},
        "the gradient of the bias is the mean over the batch; it is the sum":
            {**expected, "b_h": expected["b_h"] / B},
        "all parameter gradients are means over the batch; they are sums":
            {**expected, **{name: expected[name] / B for name in names[2:]}},
        "the gradient of the bias is g itself, without the slope": {**expected, "b_h": g_torch.sum(dim=0)},
    })
    check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 3: the Elman network
# *Difficulty 2 of 5 · about 15 minutes · 1 point*
#
# Now the step is repeated, $t = 1, \dots, T$, always with the *same* three parameters; that is what makes the
# network work for sentences of any length. Each step begins with the state that the one before left behind,
# and the first with $h_0$, which is all zeros unless somebody hands in another:
#
# $$h_t = \tanh\bigl(x_t\, W_{xh}^T + h_{t-1}\, W_{hh}^T + b_h\bigr), \qquad t = 1, \dots, T.$$
#
# Write `rnn_forward`. It returns all states, for each of them will have to say something about its word. The
# test copies your weights into `torch.nn.RNN` and expects the same numbers.
#
# <details><summary>Hint 1: where to begin</summary>
#
# A loop over the steps is right here; step $t$ cannot begin before step $t - 1$ is done. What is the shape of
# `x[:, t]`?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *The state is h0, or zeros of shape (B, H). For each t: compute the next state from `x[:, t]` and the state;
# keep it at place t of the result.*
#
# </details>
# <details><summary>Hint 3: if the shapes fit but all values are wrong from the second step on</summary>
#
# Is the new state really what the next step begins with? And is `T` the second dimension of `x`, not the
# first?
#
# </details>

# %% answer="rnn_forward"
def rnn_forward(x, W_xh, W_hh, b_h, h0=None):
    """All states of an Elman network.

    x: (B, T, D). W_xh: (H, D). W_hh: (H, H). b_h: (H,). h0: (B, H), zeros if None. Returns h (B, T, H).
    """
    ### BEGIN SOLUTION
    B, T, _ = x.shape
    state = np.zeros((B, len(b_h)), x.dtype) if h0 is None else h0
    h = np.empty((B, T, len(b_h)), x.dtype)
    from_x = x @ W_xh.T + b_h           # needs no state, so all steps at once
    for t in range(T):
        state = np.tanh(from_x[:, t] + state @ W_hh.T)
        h[:, t] = state
    return h
    ### END SOLUTION

# %% test="rnn_forward" points=0
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(5)
B, T, D, H = 3, 5, 2, 4
x, W_xh, W_hh, b_h, h0 = (rng.normal(size=shape) for shape in [(B, T, D), (H, D), (H, H), (H,), (B, H)])


def torch_rnn(x, W_hh=W_hh, h0=np.zeros((B, H))):
    rnn = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
    weights = {"weight_ih_l0": W_xh, "weight_hh_l0": W_hh, "bias_ih_l0": b_h, "bias_hh_l0": np.zeros(H)}
    rnn.load_state_dict({name: torch.tensor(array) for name, array in weights.items()})
    return rnn(torch.tensor(x), torch.tensor(h0)[None])[0].detach()


expected = torch_rnn(x)
check = checks.of(rnn_forward)
check.call(x, W_xh, W_hh, b_h).close_to(expected, mistakes={
    "every step begins with h0 again: the new state is not handed on": torch_rnn(x, np.zeros((H, H))),
    "W_hh is transposed": torch_rnn(x, W_hh.T),
    "you return the last state only": expected[:, -1],
    "batch and time are swapped: the state goes on from sentence to sentence":
        torch_rnn(x.swapaxes(0, 1), h0=np.zeros((T, H))).swapaxes(0, 1),
    "the result is (T, B, H); it should be (B, T, H)": expected.swapaxes(0, 1),
})
check.call(x, W_xh, W_hh, b_h, h0).close_to(torch_rnn(x, h0=h0), mistakes={"h0 is ignored": expected})
check.passed()

# %% hidden="rnn_forward" points=1
# Checks other sizes, a single step, a single sentence, states handed in as h0, a network that reads a long
# sequence, and that two halves, the second beginning where the first stopped, give the same as the whole.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(6)
check = checks.of(rnn_forward)
for B, T, D, H in [(4, 6, 3, 5), (1, 7, 2, 3), (5, 1, 4, 2), (2, 60, 5, 6), (6, 2, 1, 3)]:
    x, W_xh, b_h, h0 = (rng.normal(size=shape) for shape in [(B, T, D), (H, D), (H,), (B, H)])
    W_hh = rng.normal(size=(H, H)) / np.sqrt(H)

    def torch_rnn(x, W_hh=W_hh, h0=None, b_h=b_h):
        rnn = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
        weights = {"weight_ih_l0": W_xh, "weight_hh_l0": W_hh, "bias_ih_l0": b_h, "bias_hh_l0": np.zeros(H)}
        rnn.load_state_dict({name: torch.tensor(array) for name, array in weights.items()})
        start = None if h0 is None else torch.tensor(h0)[None]
        return rnn(torch.tensor(x), start)[0].detach()

    for start in (None, h0):
        first = torch.zeros(B, H) if start is None else torch.tensor(start)
        expected = torch_rnn(x, h0=start)
        arguments = [x, W_xh, W_hh, b_h] + ([] if start is None else [start])
        check.call(*arguments).close_to(expected, mistakes={
            "every step begins with zeros: the state is not handed on": torch_rnn(x, np.zeros((H, H))),
            "h0 is ignored": torch_rnn(x),
            "W_hh is transposed": torch_rnn(x, W_hh.T, start),
            "the bias is missing": torch_rnn(x, h0=start, b_h=np.zeros(H)),
            "the steps are taken from the last to the first":
                torch_rnn(x[:, ::-1].copy(), h0=start).flip(dims=[1]),
            "h0 is put before the states, and the last state is missing":
                torch.cat([first[:, None], expected[:, :-1]], dim=1),
            "h0 is put before the states": torch.cat([first[:, None], expected], dim=1),
            "batch and time are swapped: the state goes on from sentence to sentence":
                lambda: torch_rnn(x.swapaxes(0, 1)).swapaxes(0, 1),
            "you return the last state only": expected[:, -1],
            "the result is (T, B, H); it should be (B, T, H)": expected.swapaxes(0, 1),
        })
x = rng.normal(size=(2, 9, 5))
W_xh, W_hh, b_h = rng.normal(size=(6, 5)), rng.normal(size=(6, 6)) / 2, rng.normal(size=6)
whole = check.call(x, W_xh, W_hh, b_h).value
check.call(x[:, 4:], W_xh, W_hh, b_h, whole[:, 3]).close_to(whole[:, 4:])
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 4: a loss at every step
# *Difficulty 2 of 5 · about 20 minutes · 2 points*
#
# What is a state good for? For saying something about the word that was just read. Our first task is
# **part-of-speech tagging**: for each word of a sentence the right one of $K$ tags is known, and the network
# is to learn it. On top of every state stands the same linear layer, and softmax makes its output a
# distribution over tags:
#
# $$y_t = h_t\, W_{hy}^T + b_y, \qquad \hat y_t = \operatorname{softmax}(y_t).$$
#
# At each step there is a cross-entropy $\ell_t$, the surprise at the right tag, and the loss of a sentence is
# their **sum** over the steps, since the probability of all its tags is a product. The loss $J$ of a batch
# is the mean over its $B$ sentences, which for now all have $T$ words; $\ell^{(b)}$ is the loss of sentence
# $b$:
#
# $$\ell_t = -\log\,(\hat y_t)_{\mathrm{tag}_t}, \qquad \ell = \sum_{t=1}^{T} \ell_t, \qquad
# J = \frac{1}{B} \sum_{b=1}^{B} \ell^{(b)}.$$
#
# Write `tagging_loss(h, tags, W_hy, b_y)`. It returns $J$ and its gradients with respect to `h`, `W_hy` and
# `b_y`; those are what the recurrence gets back from above. Remember from notebook 02 that softmax and
# cross-entropy together have the gradient $\hat y - (\text{one-hot})$, and that a softmax must survive logits
# of 1000.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Nothing in this exercise connects one step with another: the $B \cdot T$ words could as well be the rows of
# one matrix. Which numbers of $\hat y$, a $(B, T, K)$ array, are those of the right tags?
#
# </details>
# <details><summary>Hint 2: picking the right tags</summary>
#
# `np.take_along_axis(log_p, tags[..., None], axis=-1)` picks one number from each row of the last axis. Or
# compare with `np.arange(K)` to get the one-hot array: `tags[..., None] == np.arange(K)`.
#
# </details>
# <details><summary>Hint 3: if the loss is right and all gradients are too large or too small by one factor</summary>
#
# By which number is the loss divided? The gradients are those of *this* loss, so they are divided by it, too.
#
# </details>

# %% answer="tagging_loss"
def tagging_loss(h, tags, W_hy, b_y):
    """Cross-entropy of the right tags, summed over the steps of a sentence, averaged over the sentences, in nats.

    h: (B, T, H). tags: (B, T) integers, 0 <= tags < K. W_hy: (K, H). b_y: (K,).
    Returns J, a number, and a dict with its gradients with respect to "h", "W_hy" and "b_y".
    """
    ### BEGIN SOLUTION
    y = h @ W_hy.T + b_y
    y = y - y.max(axis=-1, keepdims=True)
    log_p = y - np.log(np.exp(y).sum(axis=-1, keepdims=True))
    right = tags[..., None] == np.arange(len(b_y))
    J = -log_p[right].sum() / len(h)
    g_y = (np.exp(log_p) - right) / len(h)
    g_W_hy = np.tensordot(g_y, h, axes=((0, 1), (0, 1)))
    return J, {"h": g_y @ W_hy, "W_hy": g_W_hy, "b_y": g_y.sum(axis=(0, 1))}
    ### END SOLUTION

# %% test="tagging_loss" points=1
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(7)
B, T, H, K = 2, 4, 3, 5
arrays = [rng.normal(size=shape) for shape in [(B, T, H), (K, H), (K,)]]
tags = rng.integers(K, size=(B, T))
h, W_hy, b_y = tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
y = torch.nn.functional.linear(h, W_hy, b_y)
names = ("h", "W_hy", "b_y")


def with_loss(total, factor=1.0):
    """(J, gradients) for a total that was summed over the words, times a factor."""
    J = total * factor
    return J.detach(), dict(zip(names, torch.autograd.grad(J, tensors, retain_graph=True)))


total = torch.nn.functional.cross_entropy(y.reshape(-1, K), torch.tensor(tags).reshape(-1), reduction="sum")
J, gradients = with_loss(total, 1 / B)
check = checks.of(tagging_loss)
check.call(arrays[0], tags, *arrays[1:]).close_to((J, gradients), mistakes={
    "the loss is the mean over the steps; it is the sum": with_loss(total, 1 / (B * T)),
    "the loss is the sum over the sentences; it is the mean": with_loss(total),
    "the loss is right, but its gradients are not divided by the number of sentences":
        (J, with_loss(total)[1]),
    "the gradients have the wrong sign": (J, with_loss(total, -1 / B)[1]),
})
check.passed()

# %% hidden="tagging_loss" points=1
# Checks other sizes, a single sentence, a single step, two tags, and logits of more than 1000 in size.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(8)
check = checks.of(tagging_loss)
names = ("h", "W_hy", "b_y")
for B, T, H, K, scale in [(3, 5, 4, 7, 1), (1, 6, 2, 3, 1), (4, 1, 5, 2, 1), (5, 3, 2, 6, 600)]:
    arrays = [rng.normal(size=(B, T, H)), scale * rng.normal(size=(K, H)), rng.normal(size=(K,))]
    tags = rng.integers(K, size=(B, T))
    h, W_hy, b_y = tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    y = torch.nn.functional.linear(h, W_hy, b_y)
    picked = torch.tensor(tags)

    def with_loss(J):
        return J.detach(), dict(zip(names, torch.autograd.grad(J, tensors, retain_graph=True, allow_unused=True)))

    def summed(y, tags=picked):
        return torch.nn.functional.cross_entropy(y.reshape(-1, K), tags.reshape(-1), reduction="sum")

    def over_steps():
        """Softmax over the time axis and not over the tags."""
        right = torch.log_softmax(y, dim=1).gather(2, picked[..., None])
        return with_loss(-right.sum() / B)

    J, gradients = with_loss(summed(y) / B)
    p = torch.softmax(y, dim=-1).detach()
    check.call(arrays[0], tags, *arrays[1:]).close_to((J, gradients), mistakes={
        "the loss is the mean over the steps; it is the sum": with_loss(summed(y) / (B * T)),
        "the loss is divided by T, the number of steps, and not by the number of sentences":
            with_loss(summed(y) / T),
        "the loss is the sum over the sentences; it is the mean": with_loss(summed(y)),
        "the loss is right, but its gradients are not divided by the number of sentences":
            (J, with_loss(summed(y))[1]),
        "the loss is right, but its gradients are divided by the number of words":
            (J, with_loss(summed(y) / (B * T))[1]),
        "the gradients have the wrong sign": (J, with_loss(-summed(y) / B)[1]),
        "only the last step has a loss": with_loss(summed(y[:, -1], picked[:, -1]) / B),
        "softmax runs over the steps and not over the tags": over_steps,
        "the one-hot tags are not subtracted from the probabilities":
            (J, {"h": p @ W_hy / B, "W_hy": torch.einsum("btk,bth->kh", p, h) / B, "b_y": p.sum(dim=(0, 1)) / B}),
        "the bias is missing": with_loss(summed(y - b_y.detach()) / B),
        "you take logarithms to base 2": (J / np.log(2), gradients),
        "the probability is returned without its logarithm":
            (-p.gather(2, picked[..., None]).sum() / B, gradients),
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 5a: backpropagation through time
# *Difficulty 4 of 5 · about 40 minutes · 3 points*
#
# Unroll the loop of exercise 3 and it is a deep network with $T$ layers that happen to share their weights.
# Backpropagation through it has a grand name, **backpropagation through time**, and needs only two facts that
# you know already.
#
# *A value that is used twice gets gradients from both uses.* The state $h_t$ has two users: the loss of its
# own step, from which comes the $g_t$ that you are given, and the next step, whose $h_{\text{prev}}$ it is.
# With $a_t$ for the argument of tanh and $\odot$ for the product entry by entry,
#
# $$g_{h_t} = g_t + g_{a_{t+1}} W_{hh}, \qquad g_{a_t} = g_{h_t} \odot (1 - h_t \odot h_t),
# \qquad t = T, T - 1, \dots, 1,$$
#
# where after the last step there is no $a_{T+1}$, and nothing comes from there. Before the first step stands
# $h_0$, which has no loss of its own: $g_{h_0} = g_{a_1} W_{hh}$.
#
# *A parameter that is used $T$ times gets gradients from all of them*: every step adds its part to
# $g_{W_{xh}}$, $g_{W_{hh}}$ and $g_{b_h}$.
#
# Write `rnn_backward`. Its `g` holds all $g_t$, and it returns the gradients of the inputs, of $h_0$ and of
# the parameters.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Do it for $T = 1$ first: that is `rnn_step_backward`. What must one step hand to the step before it, and
# where does the step before it put that in?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *Nothing comes from behind the last step. For t from the last to the first: what reaches the state is what
# comes from its own loss plus what comes from the next step; go back through tanh; add to the three parameter
# gradients; store the gradient of the input; compute what goes on to the step before.*
#
# </details>
# <details><summary>Hint 3: if everything but W_hh is right</summary>
#
# Is it `+=` in every step? And is it the state *before* step $t$ that you combine with $g_{a_t}$? Before the
# first step that is `h0`.
#
# </details>

# %% answer="rnn_backward"
def rnn_backward(x, h, h0, W_xh, W_hh, g):
    """The gradients of an Elman network, by backpropagation through time.

    x: (B, T, D). h: (B, T, H), the states. h0: (B, H), the state before the first step. W_xh: (H, D). W_hh:
    (H, H). g: (B, T, H), for each state the gradient that comes from the loss of its own step. Returns a dict
    with the gradients with respect to "x", "h0", "W_xh", "W_hh" and "b_h".
    """
    ### BEGIN SOLUTION
    gradients = {"x": np.empty_like(x), "W_xh": np.zeros_like(W_xh), "W_hh": np.zeros_like(W_hh), "b_h": 0}
    from_next = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        g_a = (g[:, t] + from_next) * (1 - h[:, t] ** 2)
        gradients["x"][:, t] = g_a @ W_xh
        gradients["W_xh"] += g_a.T @ x[:, t]
        gradients["W_hh"] += g_a.T @ (h[:, t - 1] if t else h0)
        gradients["b_h"] += g_a.sum(axis=0)
        from_next = g_a @ W_hh
    return {**gradients, "h0": from_next}
    ### END SOLUTION

# %% test="rnn_backward" points=1
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(9)
B, T, D, H = 2, 5, 3, 4
names = ("x", "h0", "W_xh", "W_hh", "b_h")
arrays = [rng.normal(size=shape) for shape in [(B, T, D), (B, H), (H, D), (H, H), (H,)]]
x, h0, W_xh, W_hh, b_h = tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
rnn = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
weights = {"weight_ih_l0": W_xh, "weight_hh_l0": W_hh, "bias_ih_l0": b_h, "bias_hh_l0": torch.zeros(H).double()}
g = rng.normal(size=(B, T, H))


def states(parts):
    """The states if the sequence is cut into parts and no gradient passes a cut."""
    state, found = h0[None], []
    for part in parts:
        out, state = torch.func.functional_call(rnn, weights, (x[:, part], state))
        found.append(out)
        state = state.detach()
    return torch.cat(found, dim=1)


def gradients(parts, g=torch.tensor(g)):
    return dict(zip(names, torch.autograd.grad(states(parts), tensors, g)))


def multiplied_with(*before):
    """The gradients if these states, one for each step, had been multiplied with W_hh."""
    from_x = torch.nn.functional.linear(x, W_xh).detach().requires_grad_()
    out, _ = torch.func.functional_call(torch.nn.RNN(H, H, batch_first=True, dtype=torch.float64),
                                        {**weights, "weight_ih_l0": torch.eye(H).double()}, (from_x, h0[None]))
    g_a = torch.autograd.grad(out, from_x, torch.tensor(g))[0]
    product = torch.nn.functional.linear(torch.stack(before, dim=1).detach(), W_hh)
    return {**right, "W_hh": torch.autograd.grad(product, W_hh, g_a)[0]}


whole, steps = [slice(None)], [slice(t, t + 1) for t in range(T)]
last_only = torch.tensor(g) * (torch.arange(T) == T - 1)[:, None]
h, right = states(whole).detach(), gradients(whole)
*others, last = h.unbind(dim=1)
check = checks.of(rnn_backward)
check.call(arrays[0], h.numpy(), arrays[1], *arrays[2:4], g).close_to(right, mistakes={
    "no step hands a gradient on to the step before it": gradients(steps),
    "only the last state has a loss: the g of the other steps is not used": gradients(whole, last_only),
    "the gradient of W_hh uses the state after each step, not the one before": multiplied_with(*others, last),
    "the gradient of W_hh takes the last state for the one before the first (h[:, -1]), not h0":
        multiplied_with(last, *others),
    "the gradient of W_hh is overwritten in each step; the steps add up":
        multiplied_with(h0, *[torch.zeros_like(h0)] * (T - 1)),
})
check.passed()

# %% hidden="rnn_backward" points=2
# Checks other sizes, a single step, a single sentence, a long sequence, and a gradient that enters at one
# step only: what comes later must get exactly zero.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(10)
names = ("x", "h0", "W_xh", "W_hh", "b_h")
check = checks.of(rnn_backward)


def backward(x, h, h0, W_xh, W_hh, g, before=None, handed_on=1.0, slope=None, transposed=False, outside=0.0,
             order=reversed):
    """The gradients, with a place for each mistake; and the parameter gradients of each single step."""
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1) if before is None else before
    slope = 1 - h**2 if slope is None else slope
    g_a, from_next = np.empty_like(h), np.zeros_like(h0)
    for t in order(range(x.shape[1])):
        g_a[:, t] = (g[:, t] + handed_on * from_next) * slope[:, t] + outside * from_next
        from_next = g_a[:, t] @ (W_hh.T if transposed else W_hh)
    steps = {"W_xh": np.einsum("bth,btd->thd", g_a, x), "W_hh": np.einsum("bth,btk->thk", g_a, before),
             "b_h": g_a.sum(axis=0)}
    return {"x": g_a @ W_xh, "h0": from_next, **{name: s.sum(axis=0) for name, s in steps.items()}}, steps


for B, T, D, H in [(3, 6, 2, 5), (4, 1, 3, 2), (1, 5, 4, 3), (2, 40, 3, 4)]:
    x, h0, W_xh, b_h = (rng.normal(size=shape) for shape in [(B, T, D), (B, H), (H, D), (H,)])
    W_hh, g = rng.normal(size=(H, H)) / np.sqrt(H), rng.normal(size=(B, T, H))
    tensors = [torch.tensor(a, requires_grad=True) for a in (x, h0, W_xh, W_hh, b_h)]
    rnn = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
    weights = dict(zip(["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"],
                       [*tensors[2:], torch.zeros(H, dtype=torch.float64)]))
    out, _ = torch.func.functional_call(rnn, weights, (tensors[0], tensors[1][None]))
    expected = dict(zip(names, torch.autograd.grad(out, tensors, torch.tensor(g), retain_graph=True)))
    h = out.detach().numpy()
    arguments = (x, h, h0, W_xh, W_hh, g)
    right, steps = backward(*arguments)
    check.call(*arguments).close_to(expected, rtol=1e-6, mistakes={
        "no step hands a gradient on to the step before it": lambda: backward(*arguments, handed_on=0)[0],
        "the gradient of W_hh is overwritten in each step; the steps add up": {**right, "W_hh": steps["W_hh"][0]},
        "all parameter gradients are overwritten in each step; the steps add up":
            {**right, **{name: s[0] for name, s in steps.items()}},
        "the parameter gradients are means over the steps; they are sums":
            {**right, **{name: s.mean(axis=0) for name, s in steps.items()}},
        "the gradient of W_hh uses the state after each step, not the one before":
            lambda: backward(*arguments, before=h)[0],
        "the gradient of W_hh takes zeros for the state before the first step, not h0":
            lambda: backward(*arguments, before=np.concatenate([0 * h0[:, None], h[:, :-1]], axis=1))[0],
        "the gradient of W_hh takes the last state for the one before the first (h[:, -1]), not h0":
            lambda: backward(*arguments, before=np.roll(h, 1, axis=1))[0],
        "what comes from the next step does not go back through tanh":
            lambda: backward(*arguments, handed_on=0, outside=1)[0],
        "the steps are taken from the first to the last": lambda: backward(*arguments, order=list)[0],
        "W_hh is transposed on the way back": lambda: backward(*arguments, transposed=True)[0],
        "the slope of tanh is missing": lambda: backward(*arguments, slope=np.ones_like(h))[0],
        "only the last state has a loss: the g of the other steps is not used":
            lambda: backward(*arguments[:5], g * (np.arange(T) == T - 1)[:, None])[0],
        "the gradient of h0 is what reaches the first state, before it goes back through the first step":
            lambda: {**right, "h0": g[:, 0] + backward(x[:, 1:], h[:, 1:], h[:, 0], W_xh, W_hh, g[:, 1:])[0]["h0"]},
        "the gradient of h0 is missing": {**right, "h0": np.zeros_like(h0)},
    })
early = g * (np.arange(T) == 11)[:, None]
expected = dict(zip(names, torch.autograd.grad(out, tensors, torch.tensor(early))))
outcome = check.call(x, h, h0, W_xh, W_hh, early)
outcome.close_to(expected, rtol=1e-6, mistakes={
    "the steps after the last loss are left out; their gradient is 0": {**expected, "x": expected["x"][:, :12]},
})
check.holds(lambda: not np.any(np.asarray(outcome.value["x"])[:, 12:]),
            "a loss at one step does not depend on later inputs: their gradient must be exactly 0")
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### A tagger of your own functions
#
# You have a network, a loss and all gradients, so you can train. The cell below puts `embedding`,
# `rnn_forward`, `tagging_loss` and `rnn_backward` together and takes 1000 steps of gradient descent on
# sentences of the narwhal corpus. (Each batch holds sentences of one length, because different lengths come
# only in exercise 6.)
#
# *Alternative text: the loss per word against the number of steps, on a logarithmic axis from 1 to 1000. It begins
# between 2.2 and 2.5 nats, is below 0.5 at most steps after the 50th, and wanders noisily around 0.05 at the end.*
#
# *What to see:* the loss per word falls from $\log 12$, pure guessing among twelve tags, to little. The
# second cell lists the words that are still tagged wrong.

# %% figure="tagger"
from functools import cache

from nextword import plots


def tagger_gradients(params, ids, tags):
    """Loss and gradients of embedding, recurrence and head, chained by hand."""
    x = embedding(ids, params["E"])
    h0 = np.zeros((len(ids), len(params["b_h"])))
    h = rnn_forward(x, params["W_xh"], params["W_hh"], params["b_h"])
    J, head = tagging_loss(h, tags, params["W_hy"], params["b_y"])
    cell = rnn_backward(x, h, h0, params["W_xh"], params["W_hh"], head["h"])
    E = embedding_backward(ids, params["E"], cell["x"])
    return J, {"E": E, "W_hy": head["W_hy"], "b_y": head["b_y"], **{k: cell[k] for k in ("W_xh", "W_hh", "b_h")}}


def random_parameters(V, D, H, K, rng):
    shapes = {"E": (V, D), "W_xh": (H, D), "W_hh": (H, H), "b_h": (H,), "W_hy": (K, H), "b_y": (K,)}
    return {name: rng.normal(size=shape) * (1 if name == "E" else H**-0.5) for name, shape in shapes.items()}

# %% figure="tagger_training"
tag_id = {tag: i for i, tag in enumerate(narwhals.tag_set)}
train_tags = [[tag_id[tag] for tag in tags] for tags in narwhals.train_tags]
by_length = {T: [i for i, s in enumerate(train_ids) if len(s) == T] for T in {len(s) for s in train_ids}}


def train_tagger(loss_and_gradients, params, rng, steps=1000):
    """Gradient descent on sentences of one length at a time: the last parameters, and the losses per word."""
    per_word = []
    for step in range(steps):
        T = len(train_ids[rng.integers(len(train_ids))])        # a length as often as it occurs
        rows = rng.choice(by_length[T], 32)
        ids, tags = (np.array([lines[i] for i in rows]) for lines in (train_ids, train_tags))
        J, gradients = loss_and_gradients(params, ids, tags)
        params = {name: p - 0.1 * (1 - step / steps) * gradients[name] for name, p in params.items()}
        per_word.append(J / T)
    return params, per_word


@cache
def left_to_right():
    rng = np.random.default_rng(0)
    return train_tagger(tagger_gradients, random_parameters(len(vocab), 16, 32, len(tag_id), rng), rng)


plots.curves(range(1, 1001), {"tagger": left_to_right()[1]}, "step", "loss (nats per word)", logarithmic="x")

# %% figure="tagger_errors"
from collections import Counter

tagger = left_to_right()[0]
right, seen = Counter(), Counter()
for sentence, ids, tags in zip(narwhals.test[:800], test_ids, narwhals.test_tags):
    h = rnn_forward(embedding(ids[None], tagger["E"]), tagger["W_xh"], tagger["W_hh"], tagger["b_h"])
    guesses = (h @ tagger["W_hy"].T + tagger["b_y"]).argmax(axis=-1)[0]
    seen.update(sentence)
    right.update(word for word, tag, guess in zip(sentence, tags, guesses) if tag_id[tag] == guess)
print(f"{sum(right.values()) / sum(seen.values()):.1%} of all words are right; the words that are wrong most often:")
for word, wrong in (seen - right).most_common(8):
    print(f"    {word:8} wrong {wrong:3} times of {seen[word]}")

# %% [markdown]
# Nearly all errors fall on the same few words, and some of these are wrong one time in three or more: the
# words whose tag depends on the **next** word, which a network that reads from left to right has not seen when
# it must decide. More training does not help. Exercise 10 does.

# %% [markdown]
# ## Exercise 5b: the same by the tape, and something new
# *Difficulty 3 of 5 · about 25 minutes · 2 points*
#
# The gradients of exercise 5a took some work. Now change one line of the network: let a state keep a part of
# what it was. With a number $\lambda$, the *leak*, between 0 and 1,
#
# $$h_t = (1 - \lambda)\, h_{t-1} + \lambda \tanh\bigl(x_t\, W_{xh}^T + h_{t-1}\, W_{hh}^T + b_h\bigr),
# \qquad h_0 = 0.$$
#
# With $\lambda = 1$ this is the Elman network; with a small $\lambda$ the state changes slowly and remembers
# longer. By hand you would derive everything anew. With the tape of notebook 03 you write the forward pass,
# and its backward pass is there.
#
# Write `leaky_rnn_by_tape` with tensors of `nextword.autodiff`. All you need of it:
#
# | | |
# |---|---|
# | `ad.Tensor(array, requires_grad=True)` | a tensor that collects a gradient (for a copy of the array) |
# | `+`, `-`, `*`, `@`, `.T`, `.tanh()`, `u[:, t]` | work on tensors, also together with arrays and numbers |
# | `ad.stack(list, axis=1)` | several tensors (B, H) as one (B, T, H) |
# | `u.backward(g)` | walks the tape back from `u`, where the gradient is `g` |
# | `u.data`, `u.grad` | the array of a tensor, and after `backward` its gradient |
#
# <details><summary>Hint 1: where to begin</summary>
#
# Write it with arrays first. Which of the arrays must become tensors so that they have a gradient in the end?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *Make tensors of x and the three parameters. Begin with zeros, loop over the steps, collect the states in a
# list, stack them, go back with g.*
#
# </details>
# <details><summary>Hint 3: if a gradient is None or too small</summary>
#
# Somewhere you left the tape: `.data` is an array without history. The state must stay a tensor from step to
# step.
#
# </details>

# %% given="autodiff"
from nextword import autodiff as ad

# %% answer="leaky_rnn_by_tape"
def leaky_rnn_by_tape(x, W_xh, W_hh, b_h, leak, g):
    """The states of a leaky Elman network and their gradients, by automatic differentiation.

    x: (B, T, D). W_xh: (H, D). W_hh: (H, H). b_h: (H,). leak: float, 0 < leak <= 1. h_0 is zero.
    g: (B, T, H), the gradient with respect to the states.
    Returns h, an array (B, T, H), and a dict of arrays, the gradients with respect to "x", "W_xh", "W_hh",
    "b_h".
    """
    ### BEGIN SOLUTION
    leaves = {"x": x, "W_xh": W_xh, "W_hh": W_hh, "b_h": b_h}
    leaves = {name: ad.Tensor(array, requires_grad=True) for name, array in leaves.items()}
    x, W_xh, W_hh, b_h = leaves.values()
    state, states = ad.Tensor(np.zeros((x.shape[0], len(b_h)))), []
    for t in range(x.shape[1]):
        new = (x[:, t] @ W_xh.T + state @ W_hh.T + b_h).tanh()
        state = state * (1 - leak) + new * leak
        states.append(state)
    h = ad.stack(states, axis=1)
    h.backward(g)
    return h.data, {name: leaf.grad for name, leaf in leaves.items()}
    ### END SOLUTION

# %% test="leaky_rnn_by_tape" points=1
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(11)
B, T, D, H = 2, 5, 4, 3
names = ("x", "W_xh", "W_hh", "b_h")
arrays = [rng.normal(size=shape) for shape in [(B, T, D), (H, D), (H, H), (H,)]]
g = rng.normal(size=(B, T, H))
tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
rnn = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
weights = dict(zip(["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"],
                   [*tensors[1:], torch.zeros(H, dtype=torch.float64)]))
h, _ = torch.func.functional_call(rnn, weights, tensors[0])
gradients, ones = (dict(zip(names, torch.autograd.grad(h, tensors, above, retain_graph=True)))
                   for above in (torch.tensor(g), torch.ones_like(h)))
check = checks.of(leaky_rnn_by_tape)
nothing = 0 * h, {name: 0 * gradient for name, gradient in gradients.items()}
check.call(*arrays, 1.0, g).close_to((h, gradients), note="With leak 1 it is the Elman network", mistakes={
    "leak and 1 - leak are swapped": nothing,
    "g is not used: these are the gradients for all ones": (h, ones),
})
states = check.call(*arrays, 0.25, g).returned(tuple)[0]
check.holds(np.shape(states) == (B, T, H), "with leak 0.25 the states have the shape {}, it should be (B, T, H), {}",
            np.shape(states), (B, T, H))
check.holds(np.allclose(np.asarray(states)[:, 0], 0.25 * h.detach().numpy()[:, 0]),
            "with leak 0.25 the first state is a quarter of that with leak 1, for h_0 is zero")
check.passed()

# %% hidden="leaky_rnn_by_tape" points=1
# Checks several leaks, other sizes, a single step, a long sequence, and all gradients.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(12)
names = ("x", "W_xh", "W_hh", "b_h")


def reference(arrays, leak, g, swapped=False, inside=False, cut=False, elman=False, whole=False):
    """States and gradients by torch, with a place for each mistake."""
    x, W_xh, W_hh, b_h = tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    state, states = torch.zeros(len(x), len(b_h), dtype=torch.float64), []
    leak = 1 - leak if swapped else leak
    for t in range(x.shape[1]):
        state = state.detach() if cut else state
        a = x[:, t] @ W_xh.T + state @ W_hh.T + b_h
        new = torch.tanh(a) if not inside else torch.tanh((1 - leak) * state + leak * a)
        state = new if inside or elman else (1 - leak) * state + (1 if whole else leak) * new
        states.append(state)
    h = torch.stack(states, dim=1)
    found = torch.autograd.grad(h, tensors, torch.tensor(g), allow_unused=True)
    return h.detach(), dict(zip(names, found))


check = checks.of(leaky_rnn_by_tape)
for B, T, D, H, leak in [(3, 4, 2, 5, 0.3), (1, 6, 3, 2, 0.5), (4, 1, 2, 3, 0.7), (2, 50, 3, 4, 0.1),
                         (2, 7, 5, 3, 1.0)]:
    arrays = [rng.normal(size=shape) for shape in [(B, T, D), (H, D), (H, H), (H,)]]
    g = rng.normal(size=(B, T, H))
    right = reference(arrays, leak, g)
    check.call(*arrays, leak, g).close_to(right, rtol=1e-6, mistakes={
        "leak and 1 - leak are swapped": lambda: reference(arrays, leak, g, swapped=True),
        "the leak is inside of tanh": lambda: reference(arrays, leak, g, inside=True),
        "the leak is ignored": lambda: reference(arrays, leak, g, elman=True),
        "tanh is not multiplied by the leak": lambda: reference(arrays, leak, g, whole=True),
        "the states are right, but no gradient passes from a step to the one before (is it .data that you keep?)":
            lambda: (right[0], reference(arrays, leak, g, cut=True)[1]),
        "g is not used: these are the gradients for all ones":
            lambda: (right[0], reference(arrays, leak, np.ones_like(g))[1]),
        "only the gradient of the last state is used":
            lambda: (right[0], reference(arrays, leak, g * (np.arange(T) == T - 1)[:, None])[1]),
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### How the graph grows
#
# The tape needs no derivation, but it remembers every operation of every step. The picture shows what a
# sequence of $T$ steps costs, forward and backward: on the left the time, on the right the largest amount of
# memory in use. Both axes are logarithmic, so a straight line that rises one decade per decade is
# proportional to $T$.
#
# *Alternative text: two log-log plots against the number of steps, 8 to 512, each with two nearly straight,
# parallel lines that rise in proportion to T: the tape above, by hand below, several times cheaper.*
#
# *What to see:* both lines rise like $T$. By hand is cheaper than the tape, because each of its parts is a
# whole step, and not one of the ten small operations that a step is made of. (A tape may have larger nodes,
# too. The library's recurrent network makes all $T$ steps one node, whose backward pass is exercise 5a.) But
# no way avoids that the states of all steps are kept until the backward pass has used them.

# %% figure="growth"
import time
import tracemalloc


def by_tape(x, W_xh, W_hh, b_h, g):
    leaky_rnn_by_tape(x, W_xh, W_hh, b_h, 1.0, g)


def by_hand(x, W_xh, W_hh, b_h, g):
    rnn_backward(x, rnn_forward(x, W_xh, W_hh, b_h), np.zeros((len(x), len(b_h))), W_xh, W_hh, g)


def cost(f, *arguments):
    """Seconds (the best of five) and the peak of memory in megabytes."""
    seconds = []
    for _ in range(5):
        began = time.process_time()
        f(*arguments)
        seconds.append(time.process_time() - began)
    tracemalloc.start()
    f(*arguments)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return min(seconds), peak / 1e6

# %% figure="growth_plot"
import matplotlib.pyplot as plt

rng, lengths = np.random.default_rng(0), [8, 16, 32, 64, 128, 256, 512]
weights = rng.normal(size=(32, 16)), rng.normal(size=(32, 32)) / 6, np.zeros(32)
costs = {name: [cost(way, rng.normal(size=(8, T, 16)), *weights, rng.normal(size=(8, T, 32))) for T in lengths]
         for name, way in [("by the tape", by_tape), ("by hand", by_hand)]}
with plt.rc_context(plots.STYLE):
    _, axes = plt.subplots(1, 2, figsize=(9.6, 3.6))
for i, (ax, what) in enumerate(zip(axes, ("seconds", "memory in use at most (megabytes)"))):
    plots.curves(lengths, {name: [c[i] for c in pairs] for name, pairs in costs.items()},
                 "steps T", what, logarithmic="xy", ax=ax)

# %% [markdown]
# ## Written question 1: how the graph grows with T
# *About 15 minutes · 3 points*
#
# Explain what happens to the computation graph of a recurrent network with a loss at every step, such as your
# tagger, when the number $T$ of words in the sequence doubles. Say
#
# - how the number of nodes, the time and the memory of a training step change, and why the number of
#   *parameters* does not;
# - why the steps cannot be computed all at once, however many processors there are;
# - what would happen to the graph if each state were computed from *all* states before it instead of one, and
#   what you would get in return.

# %% [markdown] written="graph_growth" points=3
# ### BEGIN SOLUTION
# Unrolled, the graph has a fixed number of nodes for each step (embedding, recurrence, head, loss), so the
# nodes double: it grows linearly in $T$. Forward and backward visit each node once, so the time doubles; the
# backward pass needs the states of all steps, so memory doubles as well. The parameters stay as they are
# because every step uses the same $E, W_{xh}, W_{hh}, b_h, W_{hy}, b_y$: in the graph they are single leaves
# with $T$ users, whose gradients add up.
#
# $h_t$ is a function of $h_{t-1}$, so the steps are a chain of length $T$: step $t$ cannot start before step
# $t-1$ is done, and backwards it is the same chain. More processors help within a step (over the batch and
# the hidden units), not along the chain. The input and the output layers are not on the chain and can be
# computed for all steps at once.
#
# If each state looked at all states before it, there would be $1 + 2 + \dots + (T - 1) \approx T^2 / 2$
# edges: the graph grows quadratically (doubling $T$ makes it four times as large). In return every word
# before is one edge away, whereas in the RNN its trace passes through up to $T$ steps, in a vector of fixed
# length, and its gradient with it. If the states are moreover computed from the layer below and not from each
# other, there is no chain: that is attention.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: linear growth of nodes, time and memory, with a reason for memory (states are kept for the backward
# pass), and shared parameters; half a point without the reason or without the parameters. 1 point: the chain
# $h_1 \to h_2 \to \dots \to h_T$ makes the steps sequential. 1 point: quadratic growth, and shorter paths (or:
# nothing has to be squeezed into one vector, or parallel steps) in return; half a point for one of the two.
# ### END MARK SCHEME

# %% [markdown]
# # Part 2: from tagger to language model
#
# A tagger says something about the word that it has just read. A **language model** says something about the
# word that comes *next*. So nothing changes but the targets: they are the sentence itself, moved by one
# place.
#
# ## Exercise 6a: a batch of sentences
# *Difficulty 2 of 5 · about 20 minutes · 2 points*
#
# The model reads `<s>` and should say $w_1$; it reads $w_1$ and should say $w_2$; ... it reads $w_n$ and
# should say `</s>`. That makes $n + 1$ pairs of an input and its target:
#
# | | | | | | |
# |---|---|---|---|---|---|
# | input | `<s>` | cows | eat | hay | . |
# | target | cows | eat | hay | . | `</s>` |
#
# If the targets are *not* shifted, the model learns to repeat the word that it has just read. Its loss goes
# to zero in no time, and it is good for nothing: a bug that looks like a triumph.
#
# Sentences differ in length and a batch is a rectangle, so short rows are filled up at their end with
# **padding**, an arbitrary id: a sentence of $n$ words has $n + 1$ real places, and all that follow hold
# `pad`, in the inputs as in the targets. A **mask** says which places are real: 1 where there is a target that
# counts, 0 at padding.
#
# Write `make_batch(sentences, bos, eos, pad)`, which returns three arrays of shape $(B, T)$, where $T$ is one
# more than the length of the longest sentence. Do not find the mask by looking for `pad` in the rows: the
# padding may be an id that real words have, too.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Put both marks around one sentence: `<s>` cows eat hay . `</s>`. Which part of it are the inputs, and which
# the targets?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *Two arrays full of padding and one of zeros; for each sentence b: the first n + 1 places of row b of the
# inputs are the sentence with bos before it, of the targets the sentence with eos after it, of the mask
# ones.*
#
# </details>
# <details><summary>Hint 3: if an empty sentence makes trouble</summary>
#
# It has one pair: the model reads `<s>` and should say `</s>`. An empty list turned into an array has floats
# in it.
#
# </details>

# %% answer="make_batch"
def make_batch(sentences, bos, eos, pad):
    """The inputs, targets and mask of a language model for B sentences.

    sentences: list of B sequences of ids, without marks. bos, eos, pad: ids; pad may be any id.
    Returns inputs and targets, integer arrays (B, T), and mask, an array (B, T) of 1.0 and 0.0.
    """
    ### BEGIN SOLUTION
    T = 1 + max(len(sentence) for sentence in sentences)
    inputs, targets = np.full((2, len(sentences), T), pad)
    mask = np.zeros((len(sentences), T))
    for b, sentence in enumerate(sentences):
        n = len(sentence) + 1
        inputs[b, :n] = [bos, *sentence]
        targets[b, :n] = [*sentence, eos]
        mask[b, :n] = 1
    return inputs, targets, mask
    ### END SOLUTION

# %% test="make_batch" points=1
import torch
from nextword import checks

sentences, bos, eos, pad = [[5, 3], [4], [3, 6, 6]], 1, 2, 0


def padded(rows, value=pad, side="right"):
    rows = [torch.tensor(row) for row in rows]
    return torch.nn.utils.rnn.pad_sequence(rows, True, value, padding_side=side)


inputs = padded([[bos, *s] for s in sentences])
targets = padded([[*s, eos] for s in sentences])
mask = padded([[1] * (len(s) + 1) for s in sentences])
check = checks.of(make_batch)
check.call(sentences, bos, eos, pad).close_to((inputs, targets, mask), mistakes={
    "the targets are not shifted: they are the inputs": (inputs, inputs, mask),
    "the mask counts the padding": (inputs, targets, mask**0),
    "no target is the end of the sentence: T is too small":
        (inputs[:, :3], padded([[bos, *s] for s in sentences])[:, 1:], mask[:, 1:]),
    "inputs and targets are swapped": (targets, inputs, mask),
    "the inputs of short sentences go on with eos": (padded([[bos, *s, eos] for s in sentences])[:, :-1], targets, mask),
    "the inputs do not begin with bos": (padded([[*s, pad] for s in sentences]), targets, mask),
})
check.passed()

# %% hidden="make_batch" points=1
# Checks sentences of one length, empty sentences, a single sentence, and padding that is also the id of a
# word, of the beginning or of the end of a sentence.
### BEGIN HIDDEN TESTS
import torch
from nextword import checks


def padded(rows, value=0, side="right"):
    return torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], True, value, padding_side=side)


check = checks.of(make_batch)
numbers = torch.Generator().manual_seed(3)
for lengths, bos, eos, pad in [((3, 3), 0, 1, 2), ((0, 2), 1, 2, 0), ((6,), 7, 8, 9), ((4, 0, 1, 5, 2), 1, 2, 4),
                               ((1, 4, 2), 1, 2, 1), ((2, 5), 1, 2, 2), ((0,), 3, 4, 5)]:
    sentences = [torch.randint(3, 6, (n,), generator=numbers).tolist() for n in lengths]
    reading, saying = [[bos, *s] for s in sentences], [[*s, eos] for s in sentences]
    inputs, targets = padded(reading, pad), padded(saying, pad)
    mask = padded([[1] * (len(s) + 1) for s in sentences])
    check.call(sentences, bos, eos, pad).close_to((inputs, targets, mask), mistakes={
        "the targets are not shifted: they are the inputs": (inputs, inputs, mask),
        "the targets are the inputs of the step before: shifted the wrong way":
            lambda: (targets, inputs, mask),
        "the mask counts the padding": (inputs, targets, mask**0),
        "the mask is taken from the padding id, which real tokens may have": (inputs, targets, 1 * (targets != pad)),
        "the mask is taken from the padding id, which real inputs may have": (inputs, targets, 1 * (inputs != pad)),
        "the mask leaves out the end of each sentence":
            (inputs, targets, padded([[1] * len(s) + [0] for s in sentences])),
        "the padding stands before the sentences": lambda: (
            padded(reading, pad, "left"), padded(saying, pad, "left"),
            padded([[1] * (len(s) + 1) for s in sentences], 0, "left")),
        "the inputs of short sentences go on with eos":
            (padded([[*r, eos] for r in reading], pad)[:, :-1], targets, mask),
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 6b: the log probability of a sentence
# *Difficulty 3 of 5 · about 25 minutes · 2 points*
#
# Let $w_t$ be the *target* of step $t$ (so the last one, $w_T$, is `</s>`). The state $h_t$ has read
# everything before it. The logits on top of the state give its probability, and the chain rule that of the
# sentence:
#
# $$p(w_t \mid h_t) = \operatorname{softmax}(y_t)_{w_t}, \qquad
# \log p(w_1, \dots, w_T) = \sum_{t=1}^{T} \log p(w_t \mid h_t).$$
#
# With padding, each step counts as often as its mask $m_t$ says, once or not at all. What we minimise is the
# loss of notebook 01, the number of nats **per token**: minus all log probabilities of the batch, divided by
# the number of its tokens,
#
# $$J = -\frac{\sum_{b,t} m_{b,t} \log p(w_{b,t} \mid h_{b,t})}{\sum_{b,t} m_{b,t}} .$$
#
# Padding must change nothing: neither the log probability of a sentence, nor the loss, nor any gradient.
# Write `lm_loss(logits, targets, mask)`, which returns the log probability of each sentence, the loss, and
# the gradient of the loss with respect to the logits.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Compute the log probabilities of all targets as if there were no padding, an array (B, T). What do you do
# with the mask now, once for the sums and once for the gradient?
#
# </details>
# <details><summary>Hint 2: pseudo-code of the gradient</summary>
#
# *Probabilities minus one-hot targets, times the mask, divided by the number of tokens.* The mask has one
# axis less than the logits.
#
# </details>
# <details><summary>Hint 3: if the log probabilities are right and the loss is too small</summary>
#
# What do you divide by: $B \cdot T$, or the sum of the mask?
#
# </details>

# %% answer="lm_loss"
def lm_loss(logits, targets, mask):
    """Log probabilities and loss of a batch of sentences.

    logits: (B, T, V). targets: (B, T) integers, 0 <= target < V. mask: (B, T), 1.0 at tokens and 0.0 at
    padding. Returns log_p, the log probability of each sentence (B,), in nats; J, a number, in nats per
    token; and the gradient of J with respect to the logits (B, T, V).
    """
    ### BEGIN SOLUTION
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    picked = np.take_along_axis(log_p, targets[..., None], axis=-1)
    of_sentences = (picked[..., 0] * mask).sum(axis=1)
    p_minus_y = np.exp(log_p)
    np.put_along_axis(p_minus_y, targets[..., None], np.exp(picked) - 1, axis=-1)
    return of_sentences, -of_sentences.sum() / mask.sum(), p_minus_y * (mask / mask.sum())[..., None]
    ### END SOLUTION

# %% test="lm_loss" points=1
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(13)
B, T, V = 3, 4, 6
logits, targets = rng.normal(size=(B, T, V)), rng.integers(V, size=(B, T))
mask = 1.0 * (np.arange(T) < np.array([[4], [2], [3]]))


def results(weights, tokens, counted=None):
    """log_p, J and gradient for a (B, T) array of weights and a number to divide by."""
    y = torch.tensor(logits, requires_grad=True)
    log_p = torch.log_softmax(y, dim=-1).gather(2, torch.tensor(targets)[..., None])[..., 0]
    J = -(log_p * torch.tensor(weights)).sum() / tokens
    of_sentences = (log_p.detach() * torch.tensor(weights if counted is None else counted)).sum(dim=1)
    return of_sentences, J, torch.autograd.grad(J, y)[0]


log_p, J, gradient = results(mask, mask.sum())
check = checks.of(lm_loss)
check.call(logits, targets, mask).close_to((log_p, J, gradient), mistakes={
    "padding is counted": results(np.ones((B, T)), B * T),
    "padding is counted in the number of tokens that you divide by": results(mask, B * T),
    "the loss is the sum over the tokens; it is their mean": results(mask, 1),
    "the loss is per sentence; it is per token": results(mask, B),
    "the log probabilities are right, but padding is counted in the loss": results(np.ones((B, T)), B * T, mask),
    "loss and log probabilities are right, but the gradient at padding is not zero":
        (log_p, J, results(np.ones((B, T)), mask.sum())[2]),
    "the gradient is that of the sum, not divided by the number of tokens": (log_p, J, results(mask, 1)[2]),
    "the log probability of a sentence is divided by its number of tokens": (log_p / torch.tensor(mask.sum(axis=1)), J, gradient),
})
check.passed()

# %% hidden="lm_loss" points=1
# Checks other sizes and lengths, batches without padding, that other logits at padding change nothing, and
# logits of more than 1000 in size.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(14)
check = checks.of(lm_loss)
for lengths, V, scale in [((5, 1, 3, 4), 7, 1), ((4, 4), 5, 1), ((6,), 3, 1), ((2, 7, 1), 4, 900), ((1, 3), 40, 1)]:
    B, T = len(lengths), max(lengths)
    logits, targets = scale * rng.normal(size=(B, T, V)), rng.integers(V, size=(B, T))
    mask = 1.0 * (np.arange(T) < np.array(lengths)[:, None])

    def results(weights, tokens, counted=mask, logits=logits):
        y = torch.tensor(logits, requires_grad=True)
        log_p = torch.log_softmax(y, dim=-1).gather(2, torch.tensor(targets)[..., None])[..., 0]
        J = -(log_p * torch.tensor(weights) / torch.as_tensor(tokens)).sum()
        of_sentences = (log_p * torch.tensor(counted)).sum(dim=1)
        return of_sentences, J.detach(), torch.autograd.grad(J, y)[0]

    of_sentences, J, gradient = expected = results(mask, mask.sum())
    p = torch.softmax(torch.tensor(logits), dim=-1)
    check.call(logits, targets, mask).close_to(expected, mistakes={
        "padding is counted": results(np.ones((B, T)), B * T, np.ones((B, T))),
        "padding is counted in the number of tokens that you divide by": results(mask, B * T),
        "the loss is the sum over the tokens; it is their mean": results(mask, 1),
        "the loss is per sentence; it is per token": results(mask, B),
        "the loss is the mean over the sentences of their mean per token; every token counts alike":
            results(mask, B * mask.sum(axis=1, keepdims=True)),
        "loss and log probabilities are right, but the gradient at padding is not zero":
            (of_sentences, J, results(np.ones((B, T)), mask.sum())[2]),
        "the gradient is that of the sum, not divided by the number of tokens":
            (of_sentences, J, gradient * mask.sum()),
        "the gradient has the wrong sign": (of_sentences, J, -gradient),
        "the one-hot targets are not subtracted from the probabilities":
            (of_sentences, J, p * torch.tensor(mask / mask.sum())[..., None]),
        "the log probabilities have the wrong sign": (-of_sentences, J, gradient),
        "you return probabilities of sentences and not their logarithms": (of_sentences.exp(), J, gradient),
        "you take logarithms to base 2": (of_sentences / np.log(2), J / np.log(2), gradient),
    })
    noise = logits + rng.normal(size=(B, T, V)) * (1 - mask)[..., None]
    check.call(noise, targets, mask).close_to(expected, note="Only logits at padding were changed", mistakes={
        "padding is counted": results(np.ones((B, T)), B * T, np.ones((B, T)), noise),
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### All together
#
# With these pieces the language model is complete: embedding, recurrence, head, loss, and back again. The
# cell below only connects your functions, and then looks at two things that should hold before any training.
# A model that knows nothing should lose about $\log V$ nats per token, the entropy of a fair die with $V$
# faces; whoever sees another number at step 0 has a bug. And a sentence must have the same log probability
# alone and next to a longer one.

# %% figure="language_model"
def language_model(params, inputs):
    """Logits (B, T, V), with the inputs x and states h that led to them."""
    x = embedding(inputs, params["E"])
    h = rnn_forward(x, params["W_xh"], params["W_hh"], params["b_h"])
    return h @ params["W_hy"].T + params["b_y"], x, h


def lm_gradients(params, batch):
    """The loss of a batch (inputs, targets, mask) and its gradients by the name of the parameter."""
    inputs, targets, mask = batch
    logits, x, h = language_model(params, inputs)
    _, J, g_y = lm_loss(logits, targets, mask)
    h0 = np.zeros_like(h[:, 0])
    cell = rnn_backward(x, h, h0, params["W_xh"], params["W_hh"], g_y @ params["W_hy"])
    return J, {"E": embedding_backward(inputs, params["E"], cell["x"]), "b_y": g_y.sum(axis=(0, 1)),
               "W_hy": np.tensordot(g_y, h, axes=((0, 1), (0, 1))), **{k: cell[k] for k in ("W_xh", "W_hh", "b_h")}}


def new_model(seed, D=32, H=128):
    params = random_parameters(len(vocab), D, H, len(vocab), np.random.default_rng(seed))
    return {name: array.astype(np.float32) for name, array in params.items()}

# %% figure="sentences"
def batch_of(sentences):
    return make_batch(sentences, vocab.bos, vocab.eos, vocab.unk)


def in_batches(sentences, size=200):
    """All sentences once, in batches of similar lengths."""
    sentences = sorted(sentences, key=len)
    return [batch_of(sentences[i:i + size]) for i in range(0, len(sentences), size)]

# %% figure="untrained"
params = new_model(0)
J, _ = lm_gradients(params, batch_of(train_ids[:64]))
print(f"untrained: {J:.3f} nats per token, log V = {np.log(len(vocab)):.3f}")
for where, sentences in [("alone", train_ids[3:4]), ("next to longer sentences", train_ids[3:7])]:
    inputs, targets, mask = batch_of(sentences)
    log_p = lm_loss(language_model(params, inputs)[0], targets, mask)[0]
    print(f"{' '.join(narwhals.train[3])!r} in a row of {inputs.shape[1]:2} places, {where}: log p = {log_p[0]:.4f}")

# %% [markdown]
# ## Exercise 7a: gradients on a long way back
# *Difficulty 2 of 5 · about 15 minutes · 1 point*
#
# *The cow that the sailors chase sings*: to learn the *s*, the gradient of the loss at *sings* must find its
# way back to *cow*, through all the steps in between. What is left of it when it arrives?
#
# Let only the last state have a loss, with gradient $g_{h_T}$. On its way back from step to step it is
# multiplied with the slope of tanh and with $W_{hh}$ (exercise 5a, with $g_t = 0$ for $t < T$):
#
# $$g_{h_{t-1}} = \bigl(g_{h_t} \odot (1 - h_t \odot h_t)\bigr)\, W_{hh}.$$
#
# While the states are near zero all slopes are 1, and each step back multiplies by the same matrix: after $k$ steps
# by $W_{hh}^k$. Powers run away. That of a number between 0 and 1 goes to zero, that of a greater one to infinity,
# and for a matrix the number that decides in the long run is its **spectral radius**, the largest absolute value of
# its eigenvalues. (An eigenvalue is the factor by which the matrix stretches a vector whose direction it leaves
# alone. Over a few steps a gradient may grow even if the radius is less than 1; no step makes it longer than the
# largest singular value does.) Gradients **vanish** or **explode**. Where states are far from zero the slopes are
# below 1, and each step back begins by making the gradient shorter.
#
# Write `gradient_norms(h, W_hh, g)`, the Euclidean norm of $g_{h_t}$ (the root of the sum of its squared
# entries, over the whole batch) for all $t = 1, \dots, T$.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Which of the norms do you know without computing anything? In which order do you get the others?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *Start with g at the last step. For t from the last to the first: keep the norm at place t, then take g back
# through step t.*
#
# </details>

# %% answer="gradient_norms"
def gradient_norms(h, W_hh, g):
    """How large the gradient of a loss at the last step is with respect to each of the states.

    h: (B, T, H), the states. W_hh: (H, H). g: (B, H), the gradient with respect to the last state.
    Returns an array (T,), the Euclidean norms of the gradients with respect to h[:, 0], ..., h[:, T - 1].
    """
    ### BEGIN SOLUTION
    norms = np.empty(h.shape[1])
    for t in reversed(range(h.shape[1])):
        norms[t] = np.sqrt(np.sum(g**2))
        g = (g * (1 - h[:, t] ** 2)) @ W_hh
    return norms
    ### END SOLUTION

# %% test="gradient_norms" points=0
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(15)
B, T, H = 3, 6, 4
a, W_hh, g = rng.normal(size=(B, T, H)), rng.normal(size=(H, H)) / 2, rng.normal(size=(B, H))


def norms(f=torch.tanh):
    """The states, and the norms of the gradients that reach them from the last."""
    states = [f(torch.tensor(a[:, 0])).requires_grad_()]
    for t in range(1, T):
        states.append(f(torch.tensor(a[:, t]) + states[-1] @ torch.tensor(W_hh).T))
    found = torch.autograd.grad(states[-1], states, torch.tensor(g))
    return torch.stack(states, dim=1).detach().numpy(), torch.stack([x.norm() for x in found])


h, expected = norms()
check = checks.of(gradient_norms)
check.call(h, W_hh, g).close_to(expected, mistakes={
    "the norms are in the order in which they are found, from the last step to the first": expected.flip(0),
    "the norms are squared": expected**2,
    "the slope of tanh is missing": norms(lambda a: a)[1],
})
check.passed()

# %% hidden="gradient_norms" points=1
# Checks other sizes, a single step, and weights for which the gradients vanish and explode.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(16)
check = checks.of(gradient_norms)
for B, T, H, scale in [(2, 5, 3, 0.6), (4, 1, 2, 1), (1, 30, 6, 0.2), (3, 20, 5, 2.5)]:
    a, g = 0.1 * rng.normal(size=(B, T, H)), rng.normal(size=(B, H))
    W_hh = scale * rng.normal(size=(H, H)) / np.sqrt(H)
    states = [torch.tanh(torch.tensor(a[:, 0])).requires_grad_()]
    for t in range(1, T):
        states.append(torch.tanh(torch.tensor(a[:, t]) + states[-1] @ torch.tensor(W_hh).T))
    expected = torch.stack([x.norm() for x in torch.autograd.grad(states[-1], states, torch.tensor(g))])
    h = torch.stack(states, dim=1).detach().numpy()

    def variant(W=W_hh, slope=1 - h**2, norm=lambda g: np.sqrt((g**2).sum()), early=False):
        found, flow = [], g
        for t in reversed(range(T)):
            before = norm(flow)
            flow = (flow * slope[:, t]) @ W
            found.append(norm(flow) if early else before)
        return np.array(found[::-1])

    check.call(h, W_hh, g).close_to(expected, rtol=1e-6, mistakes={
        "the norms are in the order in which they are found, from the last step to the first": expected.flip(0),
        "the slope of tanh is missing": lambda: variant(slope=np.ones_like(h)),
        "the slope is taken from the state before the step, not from the one after it":
            lambda: variant(slope=1 - np.concatenate([0 * h[:, :1], h[:, :-1]], axis=1) ** 2),
        "W_hh is transposed on the way back": lambda: variant(W=W_hh.T),
        "the norms are squared": expected**2,
        "the norm is the sum of the absolute values": lambda: variant(norm=lambda g: np.abs(g).sum()),
        "the norm is the spectral norm, not the root of the sum of squares":
            lambda: variant(norm=lambda g: np.linalg.norm(g, 2)),
        "the norm is the mean over the batch": lambda: variant(norm=lambda g: np.sqrt((g**2).sum(axis=1)).mean()),
        "each norm is taken one step too late: that of g itself is missing": lambda: variant(early=True),
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### Vanishing and exploding
#
# The picture shows how the norm of the gradient changes while it goes back from step 60, at the right, to
# step 1, at the left, for matrices $W_{hh}$ with spectral radius 0.9, 1.0 and 1.1 (one orthogonal matrix, which
# keeps all lengths, times that number). The inputs are tiny, so the states are near zero, where the slope
# of tanh is 1; only the fourth network has inputs of ordinary size. The vertical axis is logarithmic.
#
# *Alternative text: four lines over the steps 1 to 60, which all meet at norm 1 at step 60. To the left,
# radius 1.1 rises as a straight line to about 270, radius 1.0 stays at 1, radius 0.9 falls as a straight line
# to 0.002. Radius 1.1 with inputs of ordinary size falls steepest of all, to about $10^{-10}$.*
#
# *What to see:* straight lines on a logarithmic axis, hence powers: $1.1^{59}$ is about 277, and $0.9^{59}$
# about 0.002. And the fourth line: a state near $\pm 1$ lets almost no gradient through, whatever the radius
# is. So a plain RNN learns what lies a few words back with ease, and what lies thirty words back hardly at
# all.

# %% figure="vanishing"
from nextword import plots

T, H, rng = 60, 64, np.random.default_rng(1)
rotation = np.linalg.qr(rng.normal(size=(H, H)))[0]
g = rng.normal(size=(1, H))
g /= np.linalg.norm(g)
lines = {}
for radius, size in [(1.1, 1e-6), (1.0, 1e-6), (0.9, 1e-6), (1.1, 1.0)]:
    x = size * rng.normal(size=(1, T, H))
    h = rnn_forward(x, np.eye(H), radius * rotation, np.zeros(H))
    name = f"spectral radius {radius}" + (", ordinary inputs" if size == 1 else "")
    lines[name] = gradient_norms(h, radius * rotation, g)
plots.curves(range(1, T + 1), lines, "step t", "norm of the gradient with respect to $h_t$", logarithmic="y")

# %% [markdown]
# ## Exercise 7b: clipping
# *Difficulty 2 of 5 · about 10 minutes · 1 point*
#
# Vanishing gradients are a fact of life with plain RNNs. Exploding ones have a simple cure (Pascanu and
# others, 2013). If the gradient is too long, it is made shorter, and its *direction* is kept. All parameters
# together are one point, so all gradients together are one vector $g$ with one norm, the **global norm**:
#
# $$\lVert g \rVert = \sqrt{\sum_{\text{parameters } v} \sum_{\text{entries } i} (g_v)_i^2}, \qquad
# g \leftarrow g \cdot \min\Bigl(1, \frac{c}{\lVert g \rVert}\Bigr),$$
#
# with a largest norm $c$ that one chooses, often 1. A step downhill remains a step downhill. If instead each
# matrix, or each entry, were cut on its own, the step would point elsewhere.
#
# Write `clip_by_global_norm(gradients, max_norm)`. It returns the clipped gradients and the norm *before*
# clipping, which is worth watching during training. If all gradients are zero, they stay zero.
#
# <details><summary>Hint 1: where to begin</summary>
#
# How many different factors are there for six parameters? One.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *The root of the sum, over all arrays, of the sums of their squares. If it exceeds the maximum, multiply
# every array by maximum / norm; otherwise by nothing.*
#
# </details>

# %% answer="clip_by_global_norm"
def clip_by_global_norm(gradients, max_norm):
    """Gradients scaled by one common factor such that their global norm is at most max_norm.

    gradients: dict of arrays of any shapes. max_norm: float > 0.
    Returns a dict with the same names, and the global norm of the gradients as they came, a number.
    """
    ### BEGIN SOLUTION
    norm = np.sqrt(sum(np.sum(g**2) for g in gradients.values()))
    factor = max_norm / norm if norm > max_norm else 1.0
    return {name: g * factor for name, g in gradients.items()}, float(norm)
    ### END SOLUTION

# %% test="clip_by_global_norm" points=0
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(17)
gradients = {"W": 3 * rng.normal(size=(4, 3)), "b": rng.normal(size=5)}


def clipped(groups, max_norm, norm=None):
    """What torch's clipping makes of them, in groups that are clipped apart; and the norm of all, or a wrong one."""
    result = {}
    for group in groups:
        parameters = {name: torch.zeros(gradients[name].shape, dtype=torch.float64) for name in group}
        for name, parameter in parameters.items():
            parameter.grad = torch.tensor(gradients[name])
        total = torch.nn.utils.get_total_norm([p.grad for p in parameters.values()]) if norm is None else norm
        torch.nn.utils.clip_grads_with_norm_(parameters.values(), max_norm, torch.as_tensor(total))
        result |= {name: parameter.grad for name, parameter in parameters.items()}
    return result, norm or np.linalg.norm(np.concatenate([g.ravel() for g in gradients.values()]))


sizes = [np.linalg.norm(g) for g in gradients.values()]
check = checks.of(clip_by_global_norm)
for max_norm in (1.5, 100.0):
    check.call(gradients, max_norm).close_to(clipped([("W", "b")], max_norm), rtol=1e-5, mistakes={
        "each array is clipped by its own norm; the norm is that of all together": clipped([("W",), ("b",)], max_norm),
        "each entry is clipped on its own":
            ({name: g.clip(-max_norm, max_norm) for name, g in gradients.items()}, clipped([], 1)[1]),
        "the largest norm is forgotten: what is clipped has norm 1": clipped([("W", "b")], 1.0),
        "the returned norm is the one after clipping":
            (clipped([("W", "b")], max_norm)[0], min(max_norm, clipped([], 1)[1])),
        "the norms of the arrays are added up without being squared": clipped([("W", "b")], max_norm, sum(sizes)),
        "the largest norm of a single array is taken for the norm of all": clipped([("W", "b")], max_norm, max(sizes)),
    })
check.passed()

# %% hidden="clip_by_global_norm" points=1
# Checks many arrays of different shapes and sizes, gradients that are short enough (they stay as they are), a
# single number as a gradient, and gradients that are all zero.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(18)
check = checks.of(clip_by_global_norm)
for shapes, scale, max_norm in [([(3, 4), (5,), (2, 3, 4)], 1.0, 1.0), ([(6,)], 0.01, 5.0), ([(2, 2)] * 7, 1e4, 0.25),
                                ([(), (3,)], 2.0, 0.5), ([(3, 5), (4,)], 0.0, 1.0)]:
    gradients = {f"w{i}": np.array(scale * rng.normal(size=shape)) for i, shape in enumerate(shapes)}
    norm = float(torch.nn.utils.get_total_norm([torch.tensor(g) for g in gradients.values()]))
    norms = {name: np.linalg.norm(g) for name, g in gradients.items()}

    def scaled(factor):
        factor = factor if callable(factor) else lambda name, factor=factor: factor
        return {name: g * factor(name) for name, g in gradients.items()}

    expected = scaled(min(1.0, max_norm / norm) if norm else 1.0)
    check.call(gradients, max_norm).close_to((expected, norm), rtol=1e-5, mistakes={
        "each array is clipped by its own norm; the norm is that of all together":
            lambda: (scaled(lambda name: min(1, max_norm / norms[name])), norm),
        "each entry is clipped on its own":
            ({name: g.clip(-max_norm, max_norm) for name, g in gradients.items()}, norm),
        "gradients that are short are made longer": lambda: (scaled(max_norm / norm), norm),
        "the norms of the arrays are added up without being squared":
            lambda: (scaled(min(1, max_norm / sum(norms.values()))), sum(norms.values())),
        "the root of the sum of squares is missing":
            lambda: (scaled(min(1, max_norm / norm**2)), norm**2),
        "the returned norm is the one after clipping": (expected, min(norm, max_norm)),
        "the gradients are not clipped": (gradients, norm),
        "the largest norm of a single array is taken for the norm of all":
            lambda: (scaled(min(1, max_norm / max(norms.values()))), max(norms.values())),
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# # Part 3: training
#
# ## Exercise 8a: the training loop
# *Difficulty 2 of 5 · about 20 minutes · 2 points*
#
# Everything is there for **mini-batch gradient descent**: for each batch, compute the loss and its gradients
# *at the present parameters*, clip the gradients, and take a step of size $\eta$, the learning rate, against
# them:
#
# $$\theta \leftarrow \theta - \eta\, \operatorname{clip}(\nabla_\theta J).$$
#
# Each batch has gradients of its own: those of the batch before are forgotten, not added to.
#
# Write `train`. What computes the gradients and what clips them is handed in, so the loop works for every
# model, and here for yours. It returns the new parameters and the list of the losses, one for each batch,
# each computed before its step.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Which parameters does the second batch see?
#
# </details>
# <details><summary>Hint 2: if the test says that you change `params` in place</summary>
#
# `params[name] -= ...` writes into an array that belongs to the caller, who may want to compare before and
# after. Build a new dictionary with new arrays in each step.
#
# </details>

# %% answer="train"
def train(params, batches, loss_and_gradients, clip, learning_rate):
    """Mini-batch gradient descent with clipping.

    params: dict of arrays, which stay as they are. batches: an iterable of batches, of any kind.
    loss_and_gradients: function of params and a batch that returns the loss, a number, and a dict of
    gradients. clip: function of a dict of gradients that returns the clipped ones, a dict. learning_rate:
    float. Returns the new params, a dict of arrays, and a list of the loss of each batch before the step on
    it.
    """
    ### BEGIN SOLUTION
    losses = []
    for batch in batches:
        loss, gradients = loss_and_gradients(params, batch)
        gradients = clip(gradients)
        params = {name: p - learning_rate * gradients[name] for name, p in params.items()}
        losses.append(float(loss))
    return params, losses
    ### END SOLUTION

# %% test="train" points=1
import numpy as np
import torch
from nextword import checks

# The loss is half the squared distance of the parameters to the batch, so a step goes a part of the way to
# it, and where n steps end is known without taking them.
rng = np.random.default_rng(19)
start, batches = rng.normal(size=(3, 2)), [rng.normal(size=(3, 2)) for _ in range(5)]


def loss_and_gradients(params, batch):
    difference = params["W"] - batch
    return float((difference**2).sum()) / 2, {"W": difference}


def clip(gradients):
    return {"W": gradients["W"] / 2}


def after(n, part):
    """The parameters after n steps that each go this part of the way."""
    weights = part * (1 - part) ** torch.arange(n - 1, -1, -1, dtype=torch.float64)
    return (1 - part) ** n * torch.tensor(start) + torch.tensordot(weights, torch.tensor(np.array(batches))[:n], 1)


def results(part):
    return {"W": after(5, part)}, [((after(n, part) - torch.tensor(batch)) ** 2).sum() / 2
                                   for n, batch in enumerate(batches)]


check = checks.of(train)
check.call({"W": start}, batches, loss_and_gradients, clip, 0.6).close_to(results(0.3), mistakes={
    "the gradients are not clipped": results(0.6),
    "the step goes uphill": results(-0.3),
    "the learning rate is not used": results(0.5),
    "all gradients are computed at the first parameters, not at the present ones": (
        {"W": start - 0.3 * sum(start - batch for batch in batches)},
        [((start - batch) ** 2).sum() / 2 for batch in batches]),
    "one step is taken, with the mean gradient of all batches": (
        {"W": start - 0.3 * (start - np.mean(batches, axis=0))},
        [((start - batch) ** 2).sum() / 2 for batch in batches]),
    "each loss is computed after the step and not before it": (results(0.3)[0], [0.7**2 * J for J in results(0.3)[1]]),
    "the parameters that come back are the ones that were handed in": ({"W": start}, results(0.3)[1]),
})
check.passed()

# %% hidden="train" points=1
# Checks another model with other numbers of parameters and batches, another learning rate, clipping that
# really depends on the gradients, a single batch and none, and that the parameters that were handed in stay
# as they are.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(20)
start = {"A": rng.normal(size=(4, 2)), "B": rng.normal(size=(3, 4)), "c": rng.normal(size=4)}
batches = [(rng.normal(size=(n, 2)), rng.integers(3, size=n)) for n in (5, 7, 6, 4, 9)]


def loss_and_gradients(params, batch):
    leaves = {name: torch.tensor(p, requires_grad=True) for name, p in params.items()}
    hidden = torch.tanh(torch.tensor(batch[0]) @ leaves["A"].T + leaves["c"])
    loss = torch.nn.functional.cross_entropy(hidden @ leaves["B"].T, torch.tensor(batch[1]))
    return loss.item(), dict(zip(leaves, (g.numpy() for g in torch.autograd.grad(loss, list(leaves.values())))))


def clip(gradients):
    norm = np.sqrt(sum((g**2).sum() for g in gradients.values()))
    return {name: g * min(1, 0.3 / norm) for name, g in gradients.items()}


def descent(rate, batches, clip=clip, stale=False, keep=0, after=False):
    """The expected result, and a place for each mistake."""
    params, losses, kept = start, [], dict.fromkeys(start, 0)
    for batch in batches:
        loss, gradients = loss_and_gradients(start if stale else params, batch)
        kept = {name: keep * kept[name] + g for name, g in gradients.items()}
        step = clip(kept)
        params = {name: p - rate * step[name] for name, p in params.items()}
        losses.append(loss_and_gradients(params, batch)[0] if after else loss)
    return params, losses


check = checks.of(train)
for rate, part in [(0.5, batches), (1.5, batches[:1]), (0.1, batches[::-1])]:
    expected = descent(rate, part)
    check.call(start, part, loss_and_gradients, clip, rate).close_to(expected, mistakes={
        "the gradients are not clipped": lambda: descent(rate, part, clip=lambda gradients: gradients),
        "the step goes uphill": lambda: descent(-rate, part),
        "the learning rate is not used": lambda: descent(1.0, part),
        "all gradients are computed at the first parameters, not at the present ones":
            lambda: descent(rate, part, stale=True),
        "the gradients of earlier batches are added to those of later ones": lambda: descent(rate, part, keep=1),
        "each loss is computed after the step and not before it": lambda: descent(rate, part, after=True),
        "the parameters that come back are the ones that were handed in": (start, expected[1]),
        "the step on the last batch is missing": lambda: (descent(rate, part[:-1])[0], expected[1]),
        "the loss is averaged over the batches": (expected[0], np.mean(expected[1])),
        "only the last loss is returned": (expected[0], expected[1][-1]),
        "only the first batch is used": lambda: descent(rate, part[:1]),
    })
check.call(start, [], loss_and_gradients, clip, 0.5).close_to((start, []))
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### First: overfit one batch
#
# Before a long training comes a short test that costs seconds and finds most bugs: train on *one* small
# batch, over and over. A network with 44,000 parameters can learn eight sentences by heart. If the loss does
# not come down to almost nothing, something is broken, and there is no point in more data.
#
# *Alternative text: a falling curve over 300 steps, from 5 nats per token to the grey line at about 0.2.*
#
# *What to see:* the loss does not reach zero but the grey line. Whoever has read only `<s>` cannot know
# *which* of the eight sentences it is; where several have the same beginning, it remains open for longer. The
# line is what is left if every beginning of the batch is known with the right frequencies.

# %% figure="overfit"
from collections import Counter

from nextword import plots


norms = []                              # of the gradients, before clipping


def clip(gradients):
    gradients, norm = clip_by_global_norm(gradients, 1.0)
    norms.append(norm)
    return gradients


eight = train_ids[40:48]
learned, losses = train(new_model(1), [batch_of(eight)] * 300, lm_gradients, clip, 1.0)
texts = [(*sentence, vocab.eos) for sentence in eight]
beginnings = Counter(text[:t] for text in texts for t in range(len(text)))
surprise = [np.log(beginnings[text[:t]] / sum(other[:t + 1] == text[:t + 1] for other in texts))
            for text in texts for t in range(len(text))]
plots.curves(range(1, 301), {"one batch": losses}, "step", "loss (nats per token)", logarithmic="x",
             floor=np.mean(surprise), floor_name="the best that is possible on this batch")
print(f"after 300 steps {losses[-1]:.4f}, best possible {np.mean(surprise):.4f}")

# %% [markdown]
# ## Exercise 8b: the loss of a corpus
# *Difficulty 1 of 5 · about 10 minutes · 1 point*
#
# To compare with the n-gram models we need the loss on held-out sentences: thousands of them, in many
# batches. Each batch gives its own loss per token. But a batch of long sentences has more tokens than one of
# short ones, and *per token* means that every token counts alike:
#
# $$J = \frac{\sum_i n_i\, J_i}{\sum_i n_i},
# \qquad n_i \text{ the number of tokens of batch } i, \text{ padding not counted.}$$
#
# Write `corpus_loss(loss_of, batches)`, where `loss_of` is a function that returns the loss per token of a
# batch `(inputs, targets, mask)`.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Where do you find the number of tokens of a batch?
#
# </details>

# %% answer="corpus_loss"
def corpus_loss(loss_of, batches):
    """The loss of many batches, in nats per token.

    loss_of: function of a batch that returns its loss in nats per token.
    batches: list of (inputs, targets, mask), each of shape (B, T), which differs from batch to batch.
    """
    ### BEGIN SOLUTION
    nats = tokens = 0
    for batch in batches:
        count = batch[2].sum()
        nats += loss_of(batch) * count
        tokens += count
    return float(nats / tokens)
    ### END SOLUTION

# %% test="corpus_loss" points=0
import numpy as np
import torch
from nextword import checks

batches = [(np.full((B, T), value), np.full((B, T), 2), 1.0 * (np.arange(T) < np.array(lengths)[:, None]))
           for B, T, value, lengths in [(2, 5, 1, (5, 3)), (3, 2, 3, (2, 1, 1)), (1, 4, 5, (4,))]]


def loss_of(batch):
    return 0.5 + float(batch[0][0, 0]) / 4


losses = torch.tensor([loss_of(batch) for batch in batches], dtype=torch.float64)
tokens = torch.tensor([mask.sum() for _, _, mask in batches])
check = checks.of(corpus_loss)
check.call(loss_of, batches).close_to((losses * tokens).sum() / tokens.sum(), mistakes={
    "every batch counts alike; every token should": losses.mean(),
    "the losses are added up without their numbers of tokens": losses.sum(),
    "the sum of all nats is not divided by the number of tokens": (losses * tokens).sum(),
    "padding counts as tokens": (losses * torch.tensor([10, 6, 4])).sum() / 20,
    "batches count by their numbers of sentences": (losses * torch.tensor([2, 3, 1])).sum() / 6,
    "the sum of all nats is divided by the number of batches": (losses * tokens).sum() / 3,
    "the losses are not multiplied by their numbers of tokens before they are added up": losses.sum() / tokens.sum(),
})
check.passed()

# %% hidden="corpus_loss" points=1
# Checks random batches of other sizes, a single batch, and batches without padding.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(21)


def loss_of(batch):
    return float(np.abs(batch[1]).mean()) / 7 + float(batch[0][-1, -1])


check = checks.of(corpus_loss)
for count, full in [(6, False), (1, False), (4, True)]:
    batches = []
    for _ in range(count):
        B, T = rng.integers(1, 6), rng.integers(1, 9)
        lengths = np.full(B, T) if full else rng.integers(1, T + 1, size=B)
        mask = 1.0 * (np.arange(T) < lengths[:, None])
        batches.append((rng.integers(9, size=(B, T)), rng.integers(9, size=(B, T)), mask))
    losses = torch.tensor([loss_of(batch) for batch in batches], dtype=torch.float64)
    weights = {what: torch.tensor([float(f(batch[2])) for batch in batches], dtype=torch.float64) for what, f in {
        "tokens": np.sum, "places": np.size, "rows": len, "steps": lambda mask: mask.shape[1]}.items()}

    def weighted(what):
        return (losses * weights[what]).sum() / weights[what].sum()

    check.call(loss_of, batches).close_to(weighted("tokens"), mistakes={
        "every batch counts alike; every token should": losses.mean(),
        "the losses are added up without their numbers of tokens": losses.sum(),
        "the sum of all nats is not divided by the number of tokens": (losses * weights["tokens"]).sum(),
        "padding counts as tokens": weighted("places"),
        "batches count by their numbers of sentences": weighted("rows"),
        "batches count by their numbers of steps": weighted("steps"),
        "only the last batch counts": losses[-1],
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### Then: the corpus
#
# Now the real thing: 1500 batches of 32 sentences from the training set, with clipped gradient descent and
# nothing but your own functions. To compare, there are the n-gram models of the library, with the best smoothing
# of notebook 01 (Kneser-Ney, its bonus exercise). Every 100 batches the model is judged on held-out sentences
# and the learning rate is made a little smaller, from 3 at the start to 0.2 at the end. It takes about half
# a minute; the bar shows how far it is.
#
# *Alternative text: loss against the number of batches, 0 to 1500. The noisy grey loss of single batches and
# the blue loss on held-out sentences fall together from 5 nats per token. The blue curve crosses the
# horizontal lines of the bigram model (2.12) and the trigram model (1.76) within 400 batches and that of the
# best n-gram model (1.70) soon after, and ends at about 1.5. The black line of the entropy lies below at
# 1.27.*
#
# *What to see:* the network passes in seconds everything that counting can do, and with fewer numbers: it
# has 44,000 parameters, the 4-gram model 60,000 counts (of its n-grams of one to four words). It has not
# *seen* the contexts of the held-out sentences either; it has learned what different contexts have in
# common. The last line tells how long the gradients were. Clipping is a safety belt: it acts in a few steps
# of a thousand, which would have been long jumps.

# %% figure="n_gram_losses"
from nextword import ngram


def n_gram_loss(n, estimate, split):
    trie = ngram.count(vocab.stream(narwhals.train, n), n, len(vocab), vocab.bos)
    return estimate(trie).cross_entropy(vocab.stream(narwhals.sentences(split), n))


def judge(params, batches):
    """The loss of the language model on many batches, in nats per token."""
    def loss_of(batch):
        return lm_loss(language_model(params, batch[0])[0], batch[1], batch[2])[1]
    return corpus_loss(loss_of, batches)


lines = {name: n_gram_loss(n, ngram.kneser_ney, "validation")
         for n, name in [(2, "bigram"), (3, "trigram"), (4, "4-gram")]}
print({name: round(loss, 3) for name, loss in lines.items()})

# %% figure="training"
import sys

from nextword import plots_rnn
from tqdm import tqdm

STEPS, EVERY = 1500, 100


@cache
def training_run():
    """Trains the model: (the loss of each batch, [(batches, held-out loss, params)] while training)."""
    rng, held_out = np.random.default_rng(0), in_batches(validation_ids)
    params, losses, judged = new_model(0), [], []
    with tqdm(total=STEPS, desc="training", unit="batch", file=sys.stdout, mininterval=1) as bar:
        for step in range(0, STEPS + 1, EVERY):
            judged.append((step, judge(params, held_out), params))
            bar.set_postfix(held_out=f"{judged[-1][1]:.3f}", refresh=False)
            if step < STEPS:
                rows = rng.permutation(len(train_ids))[:32 * EVERY].reshape(EVERY, 32)
                batches = (batch_of([train_ids[i] for i in row]) for row in rows)
                params, new = train(params, batches, lm_gradients, clip, 3.0 * (1 - step / STEPS))
                losses += new
                bar.update(EVERY)
    return losses, judged


losses, judged = training_run()
plots_rnn.training_curve(losses, [entry[:2] for entry in judged], lines, floor)
print(f"after {STEPS} batches: {judged[-1][1]:.3f} nats per held-out token")
lengths = np.array(norms[-STEPS:])
print(f"norm of the gradient: median {np.median(lengths):.2f}, largest {lengths.max():.2f}; "
      f"{np.mean(lengths > 1):.1%} of the steps were clipped")

# %% [markdown]
# ## Exercise 9a: the next token
# *Difficulty 2 of 5 · about 15 minutes · 1 point*
#
# The model gives logits, and a die is to be rolled. Notebook 01 rolled it with one uniform random number $u$:
# the face is the first whose running sum of probabilities is above $u$. New is a knob. The logits are divided
# by a **temperature** $\tau$ before softmax:
#
# $$p_i = \operatorname{softmax}(y / \tau)_i .$$
#
# At $\tau = 1$ it is the model's own distribution. A low temperature makes likely words likelier; as it
# goes to 0 only the likeliest is left, so we let $\tau = 0$ mean `argmax` (the first, if several are
# largest). A high temperature makes everything more alike. Write `next_token(logits, u, temperature)`.
#
# <details><summary>Hint 1: where to begin</summary>
#
# What do you get if you divide by zero? And what if by $10^{-5}$, if you do not subtract the largest logit
# before `exp`?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *If the temperature is 0: argmax. Otherwise: scale, subtract the largest, exp, divide by the sum, running
# sums, and `np.searchsorted(sums, u, side="right")`.* Rounding can leave the last sum a little below $u$: the
# result must still be a token.
#
# </details>

# %% answer="next_token"
def next_token(logits, u, temperature=1.0):
    """The token that the number u turns up.

    logits: (V,), may be -inf. u: float, 0 <= u < 1. temperature: float >= 0; 0 is argmax. Returns an int.
    """
    ### BEGIN SOLUTION
    if temperature == 0:
        return int(np.argmax(logits))
    weights = np.exp((logits - np.max(logits)) / temperature)
    sums = np.cumsum(weights / weights.sum())
    return min(int(np.searchsorted(sums, u, side="right")), int(np.flatnonzero(weights)[-1]))
    ### END SOLUTION

# %% test="next_token" points=0
import numpy as np
import torch
from nextword import checks

logits = np.array([0.3, 2.0, -1.0, 1.5, 0.0])


def face(p, u):
    return int(torch.searchsorted(torch.cumsum(p, dim=0), u, right=True))


y = torch.tensor(logits)
check = checks.of(next_token)
for temperature in (1.0, 0.5, 3.0):
    for u in (0.7, 0.04, 0.3, 0.55, 0.93):
        check.call(logits, u, temperature).equals(face(torch.softmax(y / temperature, dim=0), u), mistakes={
            "the temperature has no effect": face(torch.softmax(y, dim=0), u),
            "the logits are multiplied by the temperature, not divided by it":
                face(torch.softmax(y * temperature, dim=0), u),
            "the die is not rolled: this is the likeliest token whatever u is": 1,
        })
check.call(logits, 0.99, 0.0).equals(1, mistakes={
    "the logits are divided by zero, and the first token is up": 0,
    "the logits are divided by zero, and the last token is up": 4,
})
check.passed()

# %% hidden="next_token" points=1
# Checks random logits of several sizes and temperatures, temperature 0 with equal logits, very low
# temperatures with large logits, logits of minus infinity, and u at both ends.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(22)
check = checks.of(next_token)


def face(p, u):
    return min(int(torch.searchsorted(torch.cumsum(p, dim=0), u, right=True)), len(p) - 1)


for V, scale in [(300, 1), (9, 2), (40, 5), (2, 1)]:
    logits = scale * rng.normal(size=V)
    y = torch.tensor(logits)
    for temperature in (1.0, 0.3, 2.0, 0.0):
        for u in rng.random(4).tolist():
            p = torch.softmax(y / temperature, dim=0) if temperature else torch.eye(V).double()[y.argmax()]
            soft = torch.softmax(y, dim=0)
            check.call(logits, u, temperature).equals(face(p, u), mistakes={
                "the temperature has no effect": face(soft, u),
                "the logits are multiplied by the temperature, not divided by it":
                    face(torch.softmax(y * temperature, dim=0), u),
                "the probabilities are divided by the temperature, not the logits":
                    lambda: face(torch.softmax(soft / temperature, dim=0), u),
                "the die is not rolled: this is the likeliest token whatever u is": int(y.argmax()),
                "all tokens are taken for equally likely": int(u * V),
                "the tokens are counted from 1": face(p, u) + 1,
                "the token is the one before the right one": face(p, u) - 1,
            })
check.call(np.array([1.0, 3.0, 3.0, 2.0]), 0.9, 0.0).equals(1, mistakes={
    "of equal logits the last one is taken, not the first": 2,
})
check.call(np.array([1000.0, 1001.0, 990.0]), 0.5, 1e-3).equals(1, mistakes={
    "large logits at a low temperature overflow, and token 0 is up": 0,
    "large logits at a low temperature overflow, and the running sums are nan": 2,
})
check.call(np.array([-np.inf, 0.0, -np.inf]), 0.0, 0.7).equals(1, mistakes={
    "a token of probability 0 is up": 0,
})
check.call(np.zeros(10), float(np.nextafter(1.0, 0.0)), 1.0).equals(9, mistakes={
    "rounding leaves the running sum below u, and the result is not a token": 10,
})
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 9b: writing
# *Difficulty 3 of 5 · about 20 minutes · 2 points*
#
# A recurrent model writes as it reads, one token at a time. It begins with `<s>` and a state of zeros. From
# the logits a token is chosen; this token is the *next input*, and so on, until `</s>`. Two things travel
# from step to step, the token and the state. If either stays behind, the text is nonsense of a kind that one
# learns to recognise.
#
# Write `generate(step, choose, state, bos, eos, uniforms)`. The model is handed in as a function `step(state,
# token)`, which reads one token and returns the logits of the next and the new state, and `choose(logits, u)`
# decides as in exercise 9a. Token number $t$ uses `uniforms[t]`.
#
# <details><summary>Hint 1: where to begin</summary>
#
# What are the arguments of `step` in the first call, and in the second?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *The token is bos. For each u: read the token; choose the next one; if it is eos, stop; append it.*
#
# </details>
# <details><summary>Hint 3: if the text is the same word again and again</summary>
#
# What does the model read in the second step? Feed back what was chosen.
#
# </details>

# %% answer="generate"
def generate(step, choose, state, bos, eos, uniforms):
    """Write a sentence, token by token.

    step: function of a state and a token (an int) that returns the logits (V,) of the next token and the new
    state. choose: function of logits and u that returns a token. state: the first state. bos, eos: ints.
    uniforms: list of floats in [0, 1), one for each token that may be written.
    Returns a list of tokens without bos and eos; it ends before the first eos, or when the uniforms are used
    up.
    """
    ### BEGIN SOLUTION
    token, text = bos, []
    for u in uniforms:
        logits, state = step(state, token)
        token = choose(logits, u)
        if token == eos:
            break
        text.append(token)
    return text
    ### END SOLUTION

# %% test="generate" points=1
import numpy as np
from nextword import checks

sentence, bos, eos = [4, 2, 5, 2, 3], 0, 1


def step(state, token):
    """A model that recites its sentence as long as it reads what it said. The state: how many tokens it has read."""
    if token != [bos, *sentence, eos, 8, 8][state]:
        said = 7 if state else 6
    else:
        said = [*sentence, eos, 8, 8, 8][state]
    return np.eye(9)[said], state + 1


def choose(logits, u):
    return int(np.argmax(logits)) if u < 0.9 else 8


check = checks.of(generate)
check.call(step, choose, 0, bos, eos, [0.5] * 8).equals(sentence, mistakes={
    "the chosen token is not fed back: the model reads <s> again and again": [4, 7, 7, 7, 7, 7, 7, 7],
    "the state is not carried over: every step begins with the first state": [4, 6, 6, 6, 6, 6, 6, 6],
    "the text goes on after the end of the sentence": [*sentence, eos, 8, 8],
    "the end of the sentence is part of the text": [*sentence, eos],
    "the text begins with <s>": [bos, *sentence],
})
check.call(step, choose, 0, bos, eos, [0.5, 0.5, 0.5, 0.95]).equals([4, 2, 5, 8], mistakes={
    "the random numbers are shifted by one": [4, 2, 8, 7],
    "the last random number has no effect: is it one number for all tokens, or none?": [4, 2, 5, 2],
})
check.passed()

# %% hidden="generate" points=1
# Checks another model whose state is not an array, first tokens that are the end, texts that use up all
# random numbers, no random numbers at all, and that the model is asked once for each token and never more
# often.
### BEGIN HIDDEN TESTS
import numpy as np
from nextword import checks

rng = np.random.default_rng(23)
V, bos, eos = 7, 3, 5
table = rng.normal(size=(V, V, V)) * 3


def step(state, token):
    """The logits depend on the last two tokens that were read; the state is all of them."""
    state = [*state, token]
    return table[state[-2], state[-1]], state


def choose(logits, u):
    p = np.exp(logits) / np.exp(logits).sum()
    return int(min(np.searchsorted(np.cumsum(p), u, side="right"), V - 1))


def written(uniforms, first=(2,), feed=True, carry=True, stop=True, shift=0, keep_eos=False):
    state, token, text = list(first), bos, []
    for t in range(len(uniforms)):
        logits, after = step(state if carry else list(first), token if feed else bos)
        state = after
        token = choose(logits, uniforms[(t + shift) % len(uniforms)])
        if token == eos and stop:
            return text + [eos] * keep_eos
        text.append(token)
    return text


check = checks.of(generate)
for size in (30, 4, 1, 0):
    for _ in range(6):
        uniforms = rng.random(size).tolist()
        right = written(uniforms)
        check.call(step, choose, [2], bos, eos, uniforms).equals(right, mistakes={
            "the chosen token is not fed back: the model reads <s> again and again": written(uniforms, feed=False),
            "the state is not carried over: every step begins with the first state": written(uniforms, carry=False),
            "the text goes on after the end of the sentence": written(uniforms, stop=False),
            "the end of the sentence is part of the text": written(uniforms, keep_eos=True),
            "the text begins with <s>": [bos, *right],
            "the random numbers are shifted by one": written(uniforms, shift=1),
            "the first random number is used for all tokens": lambda: written([uniforms[0]] * size),
            "the random numbers are used from the last to the first": written(uniforms[::-1]),
            "the last token is missing": right[:-1],
        })
asked = []


def counting(state, token):
    asked.append(token)
    return step(state, token)


check.call(counting, choose, [2], bos, eos, [0.5] * 3).equals(written([0.5] * 3))
check.holds(asked == [bos, *written([0.5] * 3)][:len(asked)] and len(asked) <= 3,
            "the model was asked after the tokens {}: once for each token that is written is enough", asked)
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### Before, during, after
#
# Samples from the model before training, after 100 and 500 batches, and at the end, at temperature 1. Every
# sentence is judged by the grammar: words are black as long as the beginning can still become a sentence of
# the language, and orange, underlined, from the first word on that makes it impossible. The number at the
# right is the share of whole sentences, among 200, without any fault.
#
# *Alternative text: four groups of sentences. Before training, words at random, orange from the first word
# on. After 100 batches, pieces of sentences. After 500 and 1500 batches orange begins later, often at a name
# near the end, and more and more sentences are black to the end.*
#
# *What to see:* first the model learns which words follow each other, then the frame of a sentence, and only
# then that a verb agrees with a noun on the other side of a relative clause. What it gets wrong at the end is
# most often a name that should return and does not. Next come words that do not suit what they are said of: in
# this language no cow swims, and no sailor eats corn.

# %% figure="writer"
def possible(words):
    """How many words from the start are the beginning of a sentence of the language; one more for its end."""
    for length in range(len(words) + 1):
        try:
            following = narwhals.next_word_distribution(words[:length])
        except KeyError:
            return length - 1
    return len(words) + (corpora.EOS in following)


def reader(params):
    """The trained model as a function that reads one token."""
    def step(state, token):
        x = embedding(np.array([[token]]), params["E"])
        h = rnn_forward(x, params["W_xh"], params["W_hh"], params["b_h"], state)[:, 0]
        return (h @ params["W_hy"].T + params["b_y"])[0], h
    return step


def write(params, count, seed, temperature=1.0):
    """Some sentences as lists of words."""
    rng, start = np.random.default_rng(seed), np.zeros((1, len(params["b_h"])), np.float32)
    texts = [generate(reader(params), lambda y, u: next_token(y, u, temperature), start, vocab.bos, vocab.eos,
                      rng.random(40).tolist()) for _ in range(count)]
    return [vocab.decode(text) for text in texts]

# %% figure="samples"
groups = []
for step, _, params in [training_run()[1][i] for i in (0, 1, 5, 15)]:
    texts = write(params, 200, seed=4)
    right = sum(possible(words) > len(words) for words in texts)
    shown = [words[:25] for words in texts if len(words) >= 8][:3]
    groups.append((f"{step}", [(words, possible(words)) for words in shown], f"{right / 200:.0%}"))
plots.samples(groups, note="sentences of the language")

# %% [markdown]
# And the temperature. A cold model is safe and dull, a hot one colourful and wrong. The table shows, for 200
# sentences each, how many are sentences of the language, how many different words they use, and an example. At
# temperature 0 it is 200 times the same one.

# %% figure="temperature"
params = training_run()[1][-1][2]
print("temperature   right   words   an example")
for temperature in (0.0, 0.5, 1.0, 1.5, 2.0):
    texts = write(params, 200, seed=5, temperature=temperature)
    right = sum(possible(words) > len(words) for words in texts) / len(texts)
    different = len({word for words in texts for word in words})
    print(f"{temperature:11}   {right:5.0%}   {different:5}   {' '.join(texts[1][:14])}")

# %% [markdown]
# ## Written question 2: which one did the model write?
# *About 15 minutes · 3 points*
#
# An Elman network like yours, with 320 hidden units, was trained on the plays of Shakespeare, letter by
# letter. One of these passages is his, the other one was written by the network.
#
# **Passage A**
#
# ```text
# SICINIUS:
# What do ye talk?
# Have we not had a taste of his obedience?
# Our aediles smote? ourselves resisted? Come.
#
# MENENIUS:
# Consider this: he has been bred i' the wars
# Since he could draw a sword, and is ill school'd
# In bolted language; meal and bran together
# He throws without distinction.
# ```
#
# **Passage B**
#
# ```text
# KING RICHARD III:
# And be some thousand fortune for the poor service!
# The plaining and proceeding,
# And I will be confession, wife, and that the woman is comfort here in the light.
#
# BRUTUS:
# My lord; and, bring the faith, thou hast wife is strange of the secret just and let our
# son are some other words of thy head,
# The country, the princess but the wars and the dead men can please your country's fault,
# ```
#
# Which passage did the model write, and how can you tell? Name one thing that the model has obviously
# learned, one that it has not, with words from the passage as evidence; and explain both by what a recurrent
# network is trained to do and what its state must carry.

# %% [markdown] written="which_passage" points=3
# ### BEGIN SOLUTION
# B is the model's. What it has learned is local. Letter by letter it spells English words without a mistake,
# it knows the form of a play (a name in capitals, a colon, new lines that begin with a capital letter, all but
# one), and two or three words in a row mostly fit: *my lord*, *thou hast*, *your country's fault*.
#
# What it has not learned is what holds a sentence together. *let our son are some other words*, *thou hast
# wife is strange*: each pair of neighbours is possible, but the sentence has no construction that is begun
# and finished, subject and verb do not agree over a distance, and nothing is *about* anything. And *King
# Richard III* speaks with *Brutus*, who belongs to another play. In A, hard to read as it is, the second
# speaker answers the first, *he* and *his* are one person throughout, and *meal and bran* carries on the
# image of *bolted*, that is sifted, language.
#
# The network is trained to predict the next letter only. Most of the loss can be saved by what the last few
# letters say, and its gradient is strong over a short distance. What was said fifty letters ago must survive
# fifty steps in one vector of fixed length, and the gradient that would teach it to survive fades on the same
# way back (exercise 7a; moreover it was trained on chunks, exercise 11). Nobody ever rewarded it for a plot.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: B, with something that has been learned (spelling, the form of a play, plausible neighbours) and
# words as evidence. 1 point: something that has not been learned (agreement or construction over a distance,
# reference, meaning, characters of different plays) with evidence. 1 point: an explanation: trained on the
# next letter, so local regularities pay first; a state of fixed length, or vanishing gradients, or
# truncation, for what is far away. No point for "A" or for a guess without evidence; "B has longer lines"
# alone: half a point.
# ### END MARK SCHEME

# %% [markdown]
# # Part 4: two ways to look further
#
# ## Exercise 10: reading both ways
# *Difficulty 3 of 5 · about 25 minutes · 2 points*
#
# The tagger of part 1 failed where the tag depends on the next word. In *the old sing*, *old* is a noun; in
# *the old cow sings*, an adjective; and whoever has read only *the old* can but guess. But a tagger need not
# guess: the whole sentence lies before it. So take a second network, with parameters of its own, that reads
# from **right to left**, and put the two states of each word side by side. In a sentence of $n$ words:
#
# $$\overrightarrow{h}_t \text{ has read } x_1, \dots, x_t, \qquad
# \overleftarrow{h}_t \text{ has read } x_n, x_{n-1}, \dots, x_t, \qquad h_t = [\overrightarrow{h}_t;\, \overleftarrow{h}_t].$$
#
# (A language model must not do this. Why?) A network that reads from right to left is one that reads from
# left to right, on the reversed sentence; its states then come in reversed order. Mind the padding: a
# sentence of $n$ words in a row of $T > n$ places is to be reversed within its $n$ words. If the whole row
# is turned around, the backward network reads the padding first, and nothing that it says afterwards is
# clean.
#
# Write `bidirectional(x, lengths, forward, backward)`. Both networks are handed in as functions from inputs
# to states, and both always read from left to right; their states need not be of the same length. What stands
# at padding in the result is 0.
#
# <details><summary>Hint 1: where to begin</summary>
#
# For one sentence without padding: which network gets `x[:, ::-1]`, and what must happen to its states?
#
# </details>
# <details><summary>Hint 2: reversing rows of different lengths</summary>
#
# A loop over the rows will do: `row[:n] = row[:n][::-1]`, on a copy. Reversing twice is doing nothing, so the
# same function brings the states back into order.
#
# </details>
# <details><summary>Hint 3: if only the second half of the features is wrong</summary>
#
# Compare the states at the *last* word of a sentence. The backward network should have read exactly one word
# there.
#
# </details>

# %% answer="bidirectional"
def bidirectional(x, lengths, forward, backward):
    """The states of a network that reads to the right and of one that reads to the left, side by side.

    x: (B, T, D), padded at the end of each row. lengths: (B,) integers, the words of each row, 1 <= length <=
    T. forward, backward: functions that take inputs (B, T, D) and return the states of reading them from left
    to right, one (B, T, H), the other (B, T, H'). Returns (B, T, H + H'): first the states of `forward`, then
    those of `backward`; 0 at padding.
    """
    ### BEGIN SOLUTION
    t, n = np.arange(x.shape[1]), np.asarray(lengths)[:, None]
    order = np.where(t < n, n - 1 - t, t)[..., None]        # each row reversed within its length
    to_the_left = backward(np.take_along_axis(x, order, axis=1))
    to_the_left = np.take_along_axis(to_the_left, order, axis=1)
    h = np.concatenate([forward(x), to_the_left], axis=-1)
    return h * (t < n)[..., None]
    ### END SOLUTION

# %% test="bidirectional" points=1
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(24)
B, T, D, H = 2, 5, 3, 4
lengths = np.array([5, 3])
x = rng.normal(size=(B, T, D)) * (np.arange(T) < lengths[:, None])[..., None]
torch.manual_seed(1)
both = torch.nn.RNN(D, H, batch_first=True, bidirectional=True, dtype=torch.float64)


def reads(suffix):
    """One direction of the torch network as a function of its own, which reads from left to right."""
    one = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
    one.load_state_dict({name: both.state_dict()[name + suffix] for name in one.state_dict()})
    return lambda x: one(torch.tensor(x.copy()))[0].detach().numpy()


forward, backward = reads(""), reads("_reverse")
packed = torch.nn.utils.rnn.pack_padded_sequence(torch.tensor(x), lengths, batch_first=True)
expected = torch.nn.utils.rnn.pad_packed_sequence(both(packed)[0], batch_first=True)[0].detach()
right, left = expected[..., :H], expected[..., H:]
check = checks.of(bidirectional)
whole = x[:1]
check.call(whole, lengths[:1], forward, backward).close_to(expected[:1], note="This sentence has no padding", mistakes={
    "the backward network stands first": torch.cat([left, right], dim=-1)[:1],
    "the two states are added; they should stand side by side": (right + left)[:1],
    "the backward network reads from left to right": np.concatenate([forward(whole), backward(whole)], axis=-1),
    "the forward network is used for both directions":
        np.concatenate([forward(whole), forward(whole[:, ::-1])[:, ::-1]], axis=-1),
    "the states of the backward network are not put back into the order of the words":
        torch.cat([right, left.flip(1)], dim=-1)[:1],
})
check.call(x, lengths, forward, backward).close_to(expected, mistakes={
    "whole rows are turned around, so the backward network reads the padding first":
        both(torch.tensor(x))[0].detach() * (expected != 0),
    "the result is not 0 at padding, but the real words are right":
        expected + torch.tensor(np.concatenate([forward(x)] * 2, axis=-1)) * (expected == 0),
})
check.passed()

# %% hidden="bidirectional" points=1
# Checks other sizes, rows of all lengths in any order, rows of one word, padding that is not zero, and two
# networks with different numbers of states.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(25)
check = checks.of(bidirectional)
for lengths, D, H in [((3, 6, 1, 4), 2, 3), ((2, 2), 4, 3), ((5,), 3, 2), ((1, 1, 7), 2, 4)]:
    lengths = np.array(lengths)
    B, T = len(lengths), lengths.max()
    x, real = rng.normal(size=(B, T, D)), (np.arange(T) < lengths[:, None])[..., None]
    both = torch.nn.RNN(D, H, batch_first=True, bidirectional=True, dtype=torch.float64)
    with torch.no_grad():
        for p in both.parameters():
            p.copy_(torch.tensor(rng.normal(size=p.shape)))

    def reads(suffix):
        one = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
        one.load_state_dict({name: both.state_dict()[name + suffix] for name in one.state_dict()})
        return lambda x: one(torch.tensor(x.copy()))[0].detach().numpy()

    forward, backward = reads(""), reads("_reverse")
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.tensor(x), torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    expected = torch.nn.utils.rnn.pad_packed_sequence(both(packed)[0], batch_first=True)[0].detach().numpy()
    right, left = expected[..., :H], expected[..., H:]

    def reverse(rows):
        return np.stack([np.concatenate([row[:n][::-1], row[n:]]) for row, n in zip(rows, lengths)])

    def joined(left, right=right):
        return np.concatenate([right, left * real], axis=-1)

    check.call(x, lengths, forward, backward).close_to(expected, mistakes={
        "the backward network reads from left to right": joined(backward(x)),
        "the states of the backward network are not put back into the order of the words": joined(backward(reverse(x))),
        "whole rows are turned around, so the backward network reads the padding first":
            joined(backward(x[:, ::-1])[:, ::-1]),
        "the inputs are reversed within their lengths, but the states are turned around in whole rows":
            joined(backward(reverse(x))[:, ::-1]),
        "the forward network is used for both directions": joined(reverse(forward(reverse(x)))),
        "the backward network stands first": np.concatenate([left, right], axis=-1),
        "the two states are added; they should stand side by side": right + left,
        "the result is not 0 at padding, but the real words are right": lambda: np.concatenate(
            [forward(x), reverse(backward(reverse(x)))], axis=-1),
    })


def count(x):
    """A network that counts the words."""
    return np.cumsum(x, axis=1)


counts = np.array([[[1, 3, 3], [2, 2, 2], [3, 1, 1]], [[1, 2, 2], [2, 1, 1], [0, 0, 0]]])
check.call(np.ones((2, 3, 1)), [3, 2], count, lambda x: np.repeat(count(x), 2, axis=2)).close_to(counts)
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### Right where the next word decides
#
# Two taggers made of your functions: that of part 1, and one with a second direction, trained in the same
# way. The bars show how often the seven words are right that have more than one tag. The dotted mark is what
# is possible at best if one has read only up to the word (the grammar knows this exactly).
#
# *Alternative text: pairs of horizontal bars for the words old, young, brave, hungry, her, that, man. The
# left-to-right tagger reaches 67 to 95 percent, close to a dotted mark on each bar; the bidirectional one
# nearly 100 percent for all.*
#
# *What to see:* the left-to-right tagger is about as good as anything that reads so can be, and the
# bidirectional one is better than that. No more training, no larger network: the answer was in the words to
# the right.

# %% figure="taggers"
def network(params, which):
    """One direction of the tagger as a function of its inputs."""
    return lambda x: rnn_forward(x, *(params[f"{name}_{which}"] for name in ("W_xh", "W_hh", "b_h")))


def both_ways_gradients(params, ids, tags):
    """Loss and gradients for sentences of one length, where turning a row around is enough."""
    x, lengths = embedding(ids, params["E"]), np.full(len(ids), ids.shape[1])
    h = bidirectional(x, lengths, network(params, "right"), network(params, "left"))
    J, head = tagging_loss(h, tags, params["W_hy"], params["b_y"])
    H = h.shape[-1] // 2
    gradients, g_x = {"W_hy": head["W_hy"], "b_y": head["b_y"]}, 0
    for which, part, turn in [("right", slice(0, H), 1), ("left", slice(H, None), -1)]:
        arrays = (array[:, ::turn] for array in (x, h[..., part]))
        W_xh, W_hh = params[f"W_xh_{which}"], params[f"W_hh_{which}"]
        cell = rnn_backward(*arrays, np.zeros((len(x), H)), W_xh, W_hh, head["h"][:, ::turn, part])
        gradients |= {f"{name}_{which}": cell[name] for name in ("W_xh", "W_hh", "b_h")}
        g_x = g_x + cell["x"][:, ::turn]
    return J, {**gradients, "E": embedding_backward(ids, params["E"], g_x)}

# %% figure="tagger_tests"
@cache
def both_ways():
    rng = np.random.default_rng(0)
    one, other = (random_parameters(len(vocab), 16, 32, len(tag_id), rng) for _ in range(2))
    params = {"E": one["E"], "b_y": one["b_y"], "W_hy": np.concatenate([one["W_hy"], other["W_hy"]], axis=1)}
    for name in ("W_xh", "W_hh", "b_h"):
        params |= {f"{name}_right": one[name], f"{name}_left": other[name]}
    return train_tagger(both_ways_gradients, params, rng)


def states(params, ids, lengths):
    x = embedding(ids, params["E"])
    if "W_xh" in params:
        return rnn_forward(x, params["W_xh"], params["W_hh"], params["b_h"])
    return bidirectional(x, lengths, network(params, "right"), network(params, "left"))


def accuracy(params):
    """How often each word of the test sentences is tagged right, 200 padded sentences at a time."""
    right, seen = Counter(), Counter()
    for start in range(0, len(test_ids), 200):
        rows = test_ids[start:start + 200]
        lengths = np.array([len(row) for row in rows])
        ids = np.zeros((len(rows), lengths.max()), int)
        ids[np.arange(lengths.max()) < lengths[:, None]] = np.concatenate(rows)
        guesses = (states(params, ids, lengths) @ params["W_hy"].T + params["b_y"]).argmax(axis=-1)
        for sentence, tags, guess in zip(narwhals.test[start:], narwhals.test_tags[start:], guesses):
            seen.update(sentence)
            right.update(word for word, tag, i in zip(sentence, tags, guess) if tag_id[tag] == i)
    return {word: right[word] / seen[word] for word in seen} | {"all words": right.total() / seen.total()}

# %% figure="tagger_accuracy"
found = {"left to right": accuracy(left_to_right()[0]), "both ways": accuracy(both_ways()[0])}
several = ["old", "young", "brave", "hungry", "her", "that", "man"]
best = {word: [] for word in several}
for sentence, tags in zip(narwhals.test, narwhals.test_tags):
    for t, word in enumerate(sentence):
        if word in best:
            likely = narwhals.tag_distribution(sentence[:t + 1])
            best[word].append(max(likely, key=likely.get) == tags[t])
plots_rnn.tag_accuracy(found, ["all words", *several], {word: np.mean(shares) for word, shares in best.items()})

# %% [markdown]
# ## Exercise 11: truncated backpropagation
# *Difficulty 3 of 5 · about 25 minutes · 3 points*
#
# Sentences are short. A book is one sequence of a million words, and nobody can keep the states of all of
# them for one step downhill. **Truncated backpropagation through time** cuts the sequence into chunks of $L$
# steps and treats the two directions differently:
#
# - *forward*, nothing is cut: each chunk begins with the last state of the chunk before, so the model remembers;
# - *backward*, everything is: no gradient passes from a chunk to the one before. The state that is handed over
#   is taken for a constant.
#
# Memory and time per step downhill now depend on $L$ and no longer on the length of the book. The gradient is
# no longer exact: what happened before the chunk cannot be blamed for anything in it.
#
# Write `truncated_bptt(x, g, length, forward, backward)`. The recurrence is handed in: `forward(x, h0)` gives
# the states of a chunk that begins with the state `h0`, and `backward(x, h, h0, g)` its gradients, with names
# as in exercise 5a. The very first state is zero, so it has no gradient in the result. The last chunk may be
# shorter. The gradients of the parameters add up over the chunks.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Two chunks. What does the second forward pass get from the first one, and what does the first backward pass
# get from the second?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *For each start 0, L, 2L, ...: cut x and g; forward from the present state; backward with the state that the
# chunk began with; add to the sums; the present state becomes the last state of the chunk.*
#
# </details>
# <details><summary>Hint 3: if the states are right and the gradients are not</summary>
#
# `backward` wants the state *before* the chunk. Have you already overwritten it?
#
# </details>

# %% answer="truncated_bptt"
def truncated_bptt(x, g, length, forward, backward):
    """States and truncated gradients of a long sequence.

    x: (B, T, D). g: (B, T, H), for each state the gradient that comes from its own loss. length: int, steps
    of a chunk. forward: function of x (B, L, D) and h0 (B, H) that returns h (B, L, H).
    backward: function of x, h, h0 and g of a chunk that returns a dict of gradients "x", "h0", "W_xh",
    "W_hh", "b_h". Returns h (B, T, H) and a dict of gradients "x", "W_xh", "W_hh", "b_h" through which
    nothing passes between chunks.
    """
    ### BEGIN SOLUTION
    state = np.zeros((len(x), g.shape[-1]))
    states, of_chunks = [], []
    for start in range(0, x.shape[1], length):
        chunk = slice(start, start + length)
        h = forward(x[:, chunk], state)
        of_chunks.append(backward(x[:, chunk], h, state, g[:, chunk]))
        states.append(h)
        state = h[:, -1]
    gradients = {name: sum(one[name] for one in of_chunks) for name in ("W_xh", "W_hh", "b_h")}
    gradients["x"] = np.concatenate([one["x"] for one in of_chunks], axis=1)
    return np.concatenate(states, axis=1), gradients
    ### END SOLUTION

# %% test="truncated_bptt" points=1
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(26)
B, T, D, H = 2, 7, 3, 4
names = ("x", "h0", "W_xh", "W_hh", "b_h")
weights = [torch.tensor(rng.normal(size=shape), requires_grad=True) for shape in [(H, D), (H, H), (H,)]]
W_xh, W_hh, b_h = weights
rnn = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
named = {"weight_ih_l0": W_xh, "weight_hh_l0": W_hh, "bias_ih_l0": b_h, "bias_hh_l0": torch.zeros(H).double()}


def graph(x, h0):
    return torch.func.functional_call(rnn, named, (x, h0[None]))[0]


def forward(x, h0):
    return graph(torch.tensor(x), torch.tensor(h0)).detach().numpy()


def backward(x, h, h0, g):
    x, h0 = torch.tensor(x, requires_grad=True), torch.tensor(h0, requires_grad=True)
    found = torch.autograd.grad(graph(x, h0), (x, h0, *weights), torch.tensor(g))
    return {name: gradient.numpy() for name, gradient in zip(names, found)}


def expected(x, g, length, carry=1.0, cut=True, late=False):
    x, state, states, again = torch.tensor(x, requires_grad=True), torch.zeros(B, H, dtype=torch.float64), [], []
    for part in x.split(length, dim=1):
        states.append(graph(part, carry * (state.detach() if cut else state)))
        state = states[-1][:, -1]
        again.append(graph(part, state.detach()) if late else states[-1])
    found = torch.autograd.grad(torch.cat(again, dim=1), (x, *weights), torch.tensor(g))
    return torch.cat(states, dim=1).detach(), dict(zip(("x", "W_xh", "W_hh", "b_h"), found))


x, g = rng.normal(size=(B, T, D)), rng.normal(size=(B, T, H))
check = checks.of(truncated_bptt)
h, right = expected(x, g, 3)
whole = (torch.arange(T) < 6)[:, None]          # the steps of the two whole chunks
in_whole = g * whole.numpy()
last_chunk = expected(x, g - in_whole, 3)[1]
check.call(x, g, 3, forward, backward).close_to((h, right), mistakes={
    "each chunk begins with zeros: the state is not carried over": expected(x, g, 3, carry=0.0),
    "nothing is cut: these are the gradients through the whole sequence": expected(x, g, 3, cut=False),
    "the backward pass gets the state after the chunk, not the one before it": expected(x, g, 3, late=True),
    "only the last chunk has parameter gradients; they add up over the chunks": (h, {**last_chunk, "x": right["x"]}),
    "the rest that fills no whole chunk is left out": (h * whole, expected(x, in_whole, 3)[1]),
})
late = g * (np.arange(T) >= 3)[:, None]
outcome = check.call(x, late, 3, forward, backward)
outcome.close_to(expected(x, late, 3), note="Here only steps from the second chunk on have a loss", mistakes={
    "nothing is cut: these are the gradients through the whole sequence": expected(x, late, 3, cut=False),
})
check.holds(lambda: not np.any(np.asarray(outcome.value[1]["x"])[:, :3]),
            "the loss of later chunks must have gradient exactly 0 with respect to the inputs of the first chunk")
check.passed()

# %% hidden="truncated_bptt" points=2
# Checks chunks of one step, chunks that do and do not divide the length, one chunk for everything, a single
# sentence, and other sizes.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(27)
check = checks.of(truncated_bptt)
names = ("W_xh", "W_hh", "b_h")
for B, T, D, H, length in [(2, 9, 3, 4, 3), (3, 8, 2, 5, 3), (1, 6, 4, 2, 1), (2, 5, 3, 4, 9), (4, 11, 1, 3, 5)]:
    weights = [torch.tensor(rng.normal(size=shape), requires_grad=True) for shape in [(H, D), (H, H), (H,)]]
    rnn = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
    named = dict(zip(["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"],
                     [*weights, torch.zeros(H).double()]))
    x, g = rng.normal(size=(B, T, D)), rng.normal(size=(B, T, H))

    def graph(x, h0):
        return torch.func.functional_call(rnn, named, (x, h0[None]))[0]

    def forward(x, h0):
        return graph(torch.tensor(x), torch.tensor(h0)).detach().numpy()

    def backward(x, h, h0, g):
        x, h0 = torch.tensor(x, requires_grad=True), torch.tensor(h0, requires_grad=True)
        found = torch.autograd.grad(graph(x, h0), (x, h0, *weights), torch.tensor(g))
        return {name: gradient.numpy() for name, gradient in zip(("x", "h0", *names), found)}

    def chunked(length, carry=1.0, cut=True, wrong_start=False, rest=True, first_state=False):
        """States, gradients, and the gradients of each chunk, with a place for each mistake."""
        state, states, parts = np.zeros((B, H)), [], []
        for start in range(0, T if rest else T - T % length, length):
            part, now = slice(start, start + length), carry * state
            states.append(forward(x[:, part], now))
            state = states[-1][:, 0 if first_state else -1]
            parts.append(backward(x[:, part], states[-1], state if wrong_start else now, g[:, part]))
        joined = np.concatenate([p["x"] for p in parts], axis=1)
        summed = {name: sum(p[name] for p in parts) for name in names}
        return np.concatenate(states, axis=1), {**summed, "x": joined}, parts

    h, gradients, parts = chunked(length)
    exact = torch.tensor(x, requires_grad=True)
    full = torch.autograd.grad(graph(exact, torch.zeros(B, H).double()), (exact, *weights), torch.tensor(g))
    check.call(x, g, length, forward, backward).close_to((h, gradients), rtol=1e-6, mistakes={
        "each chunk begins with zeros: the state is not carried over": lambda: chunked(length, carry=0.0)[:2],
        "nothing is cut: these are the gradients through the whole sequence": (h, dict(zip(("x", *names), full))),
        "the backward pass gets the state after the chunk, not the one before it":
            lambda: chunked(length, wrong_start=True)[:2],
        "the rest that fills no whole chunk is left out": lambda: chunked(length, rest=False)[:2],
        "the next chunk begins with the first state of the one before, not with its last":
            lambda: chunked(length, first_state=True)[:2],
        "only the last chunk has parameter gradients; they add up over the chunks":
            (h, {**gradients, **{name: parts[-1][name] for name in names}}),
        "the parameter gradients are means over the chunks; they add up":
            (h, {**gradients, **{name: gradients[name] / len(parts) for name in names}}),
        "the chunks have one step too many": lambda: chunked(length + 1)[:2],
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### How far a gradient reaches
#
# A sequence of 40 steps whose loss comes from the last step only. The picture shows the norm of the gradient
# with respect to each input, without truncation and with chunks of ten steps.
#
# *Alternative text: two lines over the steps 1 to 40. They lie on each other in the last chunk, steps 31
# to 40. Before it the full gradient wavers between 0.5 and 2, while the truncated one is exactly zero.*
#
# *What to see:* within the chunk the two are the same; before it the truncated gradient is not small but
# zero. What lies further back is remembered (the state carries it forward) but never learned from.

# %% figure="reach"
rng, (B, T, D, H) = np.random.default_rng(2), (1, 40, 8, 32)
W_xh, W_hh, b_h = rng.normal(size=(H, D)) / 5, 1.1 * np.linalg.qr(rng.normal(size=(H, H)))[0], np.zeros(H)
x, g = 0.2 * rng.normal(size=(B, T, D)), np.zeros((B, T, H))
g[:, -1] = rng.normal(size=(B, H))


def chunk_forward(x, h0):
    return rnn_forward(x, W_xh, W_hh, b_h, h0)


def chunk_backward(x, h, h0, g):
    return rnn_backward(x, h, h0, W_xh, W_hh, g)


norms = {name: np.linalg.norm(truncated_bptt(x, g, length, chunk_forward, chunk_backward)[1]["x"][0], axis=-1)
         for name, length in [("whole sequence", T), ("chunks of 10 steps", 10)]}
plots.curves(range(1, T + 1), norms, "step t", "norm of the gradient with respect to $x_t$")

# %% [markdown]
# ## What the network knows that counting does not
#
# For some beginnings of sentences the grammar allows only certain words. How much of its probability does a
# model give to these? The table compares the counted 4-gram model with your network, on beginnings made to be
# hard.
#
# *What to see:* next to its noun both models get the verb right. With a relative clause in between, the
# 4-gram model follows the *last* noun, and the network, as a rule, the right one; with two of them it is less
# sure. A name that must return is beyond both: at best they know that a name comes, but there are twelve, and
# they do no better than chance, 8 percent.

# %% figure="knowledge"
trie = ngram.count(vocab.stream(narwhals.train, 4), 4, len(vocab), vocab.bos)
counted = ngram.kneser_ney(trie)
params = training_run()[1][-1][2]
print("4-gram   RNN   of the probability goes to words that are possible after ...")
for text in ["the cow", "the cow that the sailors chase", "the cows that the sailor chases",
             "the cow near the sailors", "the cow that follows the whales that the otters like", "the cow and the narwhal",
             "nora thinks that narwhals eat", "nora and otis know that cows sing , and",
             "nora and otis know that cows sing , and nora tells",
             "nora and otis know that the cow near the sea eats hay , and nora tells"]:
    words = text.split()
    allowed = vocab.encode(list(narwhals.next_word_distribution(words)))
    ids = vocab.encode(["<s>", *words])
    logits = language_model(params, ids[None])[0][0, -1]
    p = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    print(f"{counted.distribution(ids)[allowed].sum():6.1%} {p[allowed].sum():5.1%}   {text} ...")

# %% [markdown]
# ## The loss ladder
#
# The chart of notebook 01, on the same test sentences, with two new rungs: the best n-gram model, which smooths
# with Kneser-Ney, and your network. Each bar is the loss in nats per token; its blue part is what the model does
# not know.
#
# *Alternative text: horizontal bars, from top to bottom: uniform 4.95, n-gram models for n = 1 to 5, the 4-gram
# models with Witten-Bell 1.74 and with Kneser-Ney 1.70, your recurrent network about 1.5, the shortest. A dark
# vertical line at 1.27 is the entropy.*
#
# *What to see:* of what the best n-gram model did not know, the network has learned about two fifths. It has
# part of the agreement across relative clauses, of which n-grams know nothing. Much of its last gap is
# names, as the table above lets one expect: in *nora and otis know that ... , and nora tells otis* the
# second name must survive ten steps or more in one vector that also has to keep track of everything else.
# In notebook 05 the model may look back instead.

# %% figure="loss_ladder"
from nextword import ladder

ladder.show("4-gram, Witten-Bell", {
    "4-gram, Kneser-Ney": n_gram_loss(4, ngram.kneser_ney, "test"),
    "Elman network, yours": judge(training_run()[1][-1][2], in_batches(test_ids)),
})

# %% [markdown]
# ## What comes next
#
# Your network reads a sentence into 128 numbers and predicts from them alone, and you have seen both what
# that makes possible and where it ends: a vector of fixed length for a past of any length, gradients that
# fade on the way back, and steps that cannot be done at the same time. The next notebook removes all three at
# once. It lets each word look at every word before it, and learn where to look: **attention**.
