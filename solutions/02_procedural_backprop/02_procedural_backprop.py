# %% [markdown]
# # 02 Backpropagation by hand
#
# In the last notebook the probability of the next word came from a table of counts. Counting needs no
# search: the best table can be written down. From here on the probability comes from a **network**, a
# function with parameters, and nobody can write down the best parameters. One starts somewhere and walks
# downhill, and for that one needs the slope: the derivative of the loss with respect to every parameter.
#
# **Backpropagation** computes all these derivatives in one walk back through the network. That costs
# about twice as much as the *forward pass*, the computation of the loss itself, however many parameters
# there are. In this notebook you write it out line by line for one small network (the *procedural
# method*), you learn two ways of finding out that a line of it is wrong, and at the end your network
# learns from a corpus what counting knows: p(next word | the word before).
#
# Everything here is NumPy; PyTorch is only what your numbers are compared with.

# %% [markdown]
# ## The network and its names
#
# The network is a *classifier*: for each example it says how probable each of $K$ classes is. (In Part 6
# the example is a word, and the classes are the words that may follow.) It has one *hidden* layer,
# between its input and its output. Examples are **rows**; a batch has $B$ of them, and the four sizes are
# different letters so that a transposed matrix has nowhere to hide.
#
# | name | shape | what it is |
# |---|---|---|
# | $x$ | $(B, I)$ | the inputs, one example per row |
# | $y$ | $(B, K)$ | the answers, a distribution per row: as a rule *one-hot*, 1 at the right class, else 0 |
# | $\alpha$ | $(D, 1 + I)$ | parameters of the first layer; its column 0 holds the biases |
# | $a$ | $(B, D)$ | what the first layer computes, $D$ numbers per example |
# | $z$ | $(B, D)$ | the hidden units, $z = \sigma(a)$ |
# | $\beta$ | $(K, 1 + D)$ | parameters of the second layer; its column 0 holds the biases |
# | $b$ | $(B, K)$ | the scores of the classes, called *logits* |
# | $\hat y$ | $(B, K)$ | the predicted distribution, $\hat y = \operatorname{softmax}(b)$ |
# | $J$ | a number | the loss: the cross-entropy in nats, its mean over the $B$ examples |
# | $g_v$ | the shape of $v$ | the gradient $\partial J / \partial v$, for $v$ any of the names above |
#
# A gradient $\partial J / \partial v$ holds one *partial derivative* for each entry of $v$: how fast $J$
# grows when this entry is raised a little and the other entries of $v$ are left alone.
#
# In code they are called `x`, `y`, `alpha`, `a`, `z`, `beta`, `b`, `y_hat`, `J` and `g_v`. On paper one
# usually writes a single example as a column, $a = \alpha x$. With examples as rows the same thing reads
# $a = x\,\alpha^T$. Translating between the two is half of the art, and the shapes tell you when you got it
# wrong.

# %% given="setup"
import numpy as np

# %% [markdown]
# An answer may use its arguments, NumPy (as `np`), what given cells define, and functions that you wrote in
# earlier exercises, nothing else. Cells of tests and plots leave names such as `torch` or `V` behind in your
# kernel; the grader has none of them. Of the hidden tests you see only the comment that says what they
# cover: they run when your notebook is graded.
#
# A warning of NumPy's costs no points, the result alone counts. But it nearly always points at a number that
# is about to be wrong (or already is), so look at each, and silence only those that you understand.

# %% [markdown]
# # Part 1: the layers
#
# ## Exercise 1a: a linear layer
# *Difficulty 1 of 5 · about 10 minutes · 1 point*
#
# A linear layer multiplies by a matrix and adds a bias: output $o$ of an example $x$ is
# $w_{o0} + \sum_{i=1}^{I} w_{oi}\, x_i$. One trick makes the bias an ordinary weight: put a 1 in front of
# every example. With $[1, x]$ for the matrix $x$ with a column of ones before it,
#
# $$\operatorname{linear}(x, w) = [1, x]\; w^T \qquad x\colon (B, I) \quad w\colon (O, 1 + I) \quad
# \text{result}\colon (B, O).$$
#
# As in PyTorch, the weights have one row per output. This alone is already a model: with an output for each
# of $K$ classes it is a linear classifier with $K \times (1 + I)$ numbers.
#
# <details><summary>Hint 1: what does one number of the result depend on?</summary>
#
# Entry $(r, o)$ depends on row $r$ of $x$ and on row $o$ of $w$, and on nothing else. Which product of two
# matrices combines rows with rows?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# Make a column of ones with as many rows as `x`; join it and `x` side by side, the ones first; multiply
# with the transposed weights. (Or leave the ones out: split `w` into its first column and the rest.)
#
# </details>
# <details><summary>Hint 3: if you see "mismatch in its core dimension"</summary>
#
# The inner sizes of a product must agree: (4, 4) times (4, 2). Transpose the weights.
#
# </details>

# %% answer="linear"
def linear(x, w):
    """A linear layer with its bias in column 0 of the weights.

    x: (B, I), one example per row. w: (O, 1 + I). Returns (B, O), float64.
    """
    ### BEGIN SOLUTION
    ones = np.ones((len(x), 1))
    return np.hstack([ones, x]) @ w.T
    ### END SOLUTION

# %% test="linear" points=0
import numpy as np
import torch
from nextword import checks


def test_linear():
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(4, 3)), rng.normal(size=(2, 4))
    inputs, weights = torch.tensor(x), torch.tensor(w)
    torch_linear = torch.nn.functional.linear
    check = checks.of(linear)
    check.call(x, w).close_to(torch_linear(inputs, weights[:, 1:], weights[:, 0]), mistakes={
        "the 1 is appended after the inputs, so the last column of w is taken for the biases":
            torch_linear(inputs, weights[:, :-1], weights[:, -1]),
        "the biases, column 0 of w, are left out": torch_linear(inputs, weights[:, 1:]),
    })
    return check


test_linear().passed()

# %% hidden="linear" points=1
# A single example, a single output, integer inputs, and weights that happen to be a square matrix.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(2)
check = checks.of(linear)
for B, I, O in ((1, 4, 3), (5, 2, 1), (6, 3, 4), (3, 6, 2)):
    w = rng.normal(size=(O, 1 + I))
    for x in (rng.normal(size=(B, I)), rng.integers(-9, 9, size=(B, I))):
        expected = torch.nn.functional.linear(
            torch.tensor(x, dtype=torch.float64), torch.tensor(w[:, 1:]), torch.tensor(w[:, 0]))
        x1 = np.hstack([np.ones((B, 1)), x])
        check.call(x, w).close_to(expected, mistakes={
            "the weights are not transposed: w has one row per output": lambda x1=x1, w=w: x1 @ w,
            "the 1 is appended after the inputs, so the last column of w is taken for the biases":
                np.roll(x1, -1, axis=1) @ w.T,
            "the biases, column 0 of w, are left out": x @ w[:, 1:].T,
        })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 1b: the sigmoid
# *Difficulty 1 of 5 · about 10 minutes · 1 point*
#
# Linear layers on top of each other are one linear layer. What makes depth useful is a bend between them;
# the lectures bend with the sigmoid, which squeezes every number into $(0, 1)$:
#
# $$\sigma(a) = \frac{1}{1 + e^{-a}} = \frac{e^{a}}{e^{a} + 1}.$$
#
# (Its slope will be needed on the way back: $\sigma'(a) = \sigma(a)\,(1 - \sigma(a))$.)
#
# Both forms are right on paper. In float64, $e^{710}$ is already infinite, and $\infty / \infty$ is not a
# number. Training does produce such $a$, so the function must be right at $\pm 1000$ as well, and should
# not lose the tiny value that it has at $-100$.
#
# <details><summary>Hint 1: which of the two forms can be trusted where?</summary>
#
# An exponential of a *negative* number never overflows: at worst it becomes 0. Which form uses only such
# exponentials when $a \ge 0$, and which when $a < 0$?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# Let $e = e^{-|a|}$, which is in $(0, 1]$. Where $a \ge 0$ the result is $1 / (1 + e)$, elsewhere
# $e / (1 + e)$. `np.where` chooses entry by entry.
#
# </details>
# <details><summary>Hint 3: if you see "RuntimeWarning: overflow encountered in exp"</summary>
#
# The exponential of a large positive number was computed. `np.where` computes *both* of its branches before
# it chooses, so neither branch may overflow.
#
# </details>

# %% answer="sigmoid"
def sigmoid(a):
    """The logistic function, elementwise and without overflow.

    a: an array of any shape. Returns an array of the same shape, every entry in [0, 1].
    """
    ### BEGIN SOLUTION
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1.0, e) / (1.0 + e)
    ### END SOLUTION

# %% test="sigmoid" points=0
import numpy as np
import torch
from nextword import checks


def test_sigmoid():
    check = checks.of(sigmoid)
    a = np.random.default_rng(3).normal(size=(4, 3))
    t = torch.tensor(a, requires_grad=True)
    torch.sigmoid(t).sum().backward()
    check.call(a).close_to(torch.sigmoid(t).detach(), mistakes={
        "the exponent has the wrong sign": torch.sigmoid(-t).detach(),
        "you return the slope of the sigmoid instead of its value": t.grad,
        "tanh takes the place of the sigmoid": torch.tanh(t).detach(),
    })
    large = np.array([[-1000.0, 1000.0], [-0.5, 0.0]])
    expected = torch.sigmoid(torch.tensor(large)).numpy()
    check.call(large).close_to(expected, mistakes={
        "exp(1000) overflows, and infinity / infinity is not a number": np.where(large > 700, np.nan, expected),
    })
    small = np.array([-100.0])
    check.call(small).close_to(torch.sigmoid(torch.tensor(small)), mistakes={
        "a is clipped before the exponential, which changes the small values":
            torch.sigmoid(torch.tensor([-30.0], dtype=torch.float64)),
        "small values are computed as 1 minus something near 1, which rounds them away": np.zeros(1),
    })
    return check


test_sigmoid().passed()

# %% hidden="sigmoid" points=1
# Vectors and arrays with three axes, integer inputs, and values far from 0 on both sides.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(4)
check = checks.of(sigmoid)
arrays = rng.normal(size=7), rng.normal(size=(2, 3, 4)), rng.normal(size=(5, 2)) * 300, np.array([-3, 0, 2])
for a in arrays:
    check.call(a).close_to(torch.sigmoid(torch.tensor(a, dtype=torch.float64)), mistakes={
        "the exponent has the wrong sign": lambda a=a: 1 / (1 + np.exp(a)),
        "exp of a large number overflows, and infinity / infinity is not a number":
            lambda a=a: np.exp(a) / (np.exp(a) + 1),
    })
for far in (-700.0, -100.0, -40.0, 40.0, 1000.0):            # one by one: each must be right to its own size
    a = np.array([far])
    check.call(a).close_to(torch.sigmoid(torch.tensor(a)), mistakes={
        "a is clipped before the exponential, which changes the small values":
            torch.sigmoid(torch.tensor(a).clamp(-30, 30)),
        "small values are computed as 1 minus something near 1, which rounds them away":
            1 - torch.sigmoid(torch.tensor(-a)),
        "exp of a large number overflows, and infinity / infinity is not a number":
            lambda a=a: np.exp(a) / (np.exp(a) + 1),
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 1c: softmax
# *Difficulty 2 of 5 · about 10 minutes · 1 point*
#
# Softmax turns the $K$ scores of an example into probabilities: exponentiate, so that all are positive, and
# divide by the sum, so that they add up to 1. For every row of $b$,
#
# $$\operatorname{softmax}(b)_k = \frac{e^{b_k}}{\sum_{j=1}^{K} e^{b_j}}
# = \frac{e^{b_k - c}}{\sum_{j=1}^{K} e^{b_j - c}} \qquad\text{for every number } c.$$
#
# The second form is the one to compute: choose $c$ so that no exponent is large and at least one is not
# small.
#
# <details><summary>Hint 1: which c?</summary>
#
# If $c$ is the largest score of the row, every exponent is at most 0 and one of them is exactly 0, so the
# sum is at least 1. Would one $c$ for the whole batch do as well? Think of the rows [1000, 999] and [-1000,
# -1001].
#
# </details>
# <details><summary>Hint 2: if you see "operands could not be broadcast together"</summary>
#
# The maximum of every row has shape $(B,)$; to be subtracted from $(B, K)$ it must be $(B, 1)$. See
# `keepdims`.
#
# </details>

# %% answer="softmax"
def softmax(b):
    """Probabilities from scores, over the last axis, without overflow.

    b: (..., K), for example (B, K). Returns an array of the same shape; along the last axis it adds up to 1.
    """
    ### BEGIN SOLUTION
    e = np.exp(b - np.max(b, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)
    ### END SOLUTION

# %% test="softmax" points=0
import numpy as np
import torch
from nextword import checks


def test_softmax():
    check = checks.of(softmax)
    b = np.random.default_rng(5).normal(size=(4, 3))
    scores = torch.tensor(b)
    check.call(b).close_to(torch.softmax(scores, dim=-1), mistakes={
        "the sum runs over the examples (axis 0) instead of the classes": torch.softmax(scores, dim=0),
        "you divide by the sum over the whole batch": torch.softmax(scores.flatten(), dim=0).reshape(4, 3),
        "the exponentials are not divided by their sum": torch.exp(scores),
    })
    large = np.array([[1000.0, 999.0, 0.0], [-1000.0, -1001.0, -1000.0]])
    expected = torch.softmax(torch.tensor(large), dim=-1).numpy()
    check.call(large).close_to(expected, mistakes={
        "you exponentiate without subtracting the largest score of the row":
            np.array([[np.nan, np.nan, 0], [np.nan, np.nan, np.nan]]),
        "you subtract the largest score of the whole batch, not of each row":
            np.array([expected[0], [np.nan, np.nan, np.nan]]),
    })
    return check


test_softmax().passed()

# %% hidden="softmax" points=1
# A single vector, three axes, integer scores, as many classes as examples, and scores that are far apart.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(6)
check = checks.of(softmax)
levels = np.array([[0.0], [800.0], [-800.0], [2000.0]])
for b in (rng.normal(size=6), rng.normal(size=(2, 3, 4)), rng.normal(size=(5, 5)),
          rng.integers(-3, 3, size=(2, 5)), rng.normal(size=(3, 4)) * 1000, rng.normal(size=(4, 2)) + levels):

    def shifted_softmax(shift, axis, b=b):
        return np.exp(b - shift) / np.exp(b - shift).sum(axis, keepdims=True)

    check.call(b).close_to(torch.softmax(torch.tensor(b, dtype=torch.float64), dim=-1), mistakes={
        "you exponentiate without subtracting the largest score of the row": lambda f=shifted_softmax: f(0, -1),
        "you subtract the largest score of the whole batch, not of each row":
            lambda f=shifted_softmax, b=b: f(b.max(), -1),
        "the sum runs over the first axis instead of the last":
            lambda f=shifted_softmax, b=b: f(b.max(0, keepdims=True), 0),
        "you divide by the sum over the whole array": lambda f=shifted_softmax, b=b: f(b.max(), None),
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 1d: cross-entropy
# *Difficulty 2 of 5 · about 10 minutes · 1 point*
#
# The loss of one example is what notebook 01 called its surprise: minus the log of the probability that the
# model gave to the right answer. With the answer as a row $y_n$ of the batch, a distribution over the
# classes, and the mean over the $B$ examples,
#
# $$J = -\frac{1}{B} \sum_{n=1}^{B} \sum_{k=1}^{K} y_{nk} \log \hat y_{nk} \qquad\text{(in nats).}$$
#
# A probability can be exactly 0, because softmax rounds. Where $y_{nk} = 0$ too, the term is 0, for
# $t \log t \to 0$ as $t \to 0$; NumPy says `0 * -inf = nan`, so such terms must be left out. Where the
# *right* answer has probability 0 the loss is infinite, and that is what should be returned: a loss that is
# quietly made finite hides the worst mistake that a model can make.
#
# <details><summary>Hint 1: which terms are needed at all?</summary>
#
# Only those with $y_{nk} > 0$. A boolean array can pick them out of both matrices.
#
# </details>
# <details><summary>Hint 2: if you see "RuntimeWarning: divide by zero encountered in log"</summary>
#
# That is NumPy's way of saying that the result is infinite. When you mean it:
# `with np.errstate(divide="ignore"):`.
#
# </details>

# %% answer="cross_entropy"
def cross_entropy(y, y_hat):
    """The cross-entropy loss, in nats: the mean over the examples.

    y, y_hat: (B, K), each row a distribution. Returns a number; inf where y > 0 meets a probability of 0.
    """
    ### BEGIN SOLUTION
    needed = y > 0
    with np.errstate(divide="ignore"):
        return -np.sum(y[needed] * np.log(y_hat[needed])) / len(y)
    ### END SOLUTION

# %% test="cross_entropy" points=0
import numpy as np
import torch
from nextword import checks


def test_cross_entropy():
    rng = np.random.default_rng(7)
    labels = np.array([2, 0, 2, 1])
    y, y_hat = np.eye(3)[labels], rng.dirichlet(np.ones(3), size=4)
    J = torch.nn.functional.nll_loss(torch.log(torch.tensor(y_hat)), torch.tensor(labels)).item()
    check = checks.of(cross_entropy)
    check.call(y, y_hat).close_to(J, mistakes={
        "the losses of the examples are added up instead of averaged": 4 * J,
        "the mean is taken over all entries, classes included, instead of over the examples": J / 3,
        "the logarithm is the one to base 2: the unit here is the nat": J / np.log(2),
        "the minus sign is missing": -J,
    })
    sure = np.array([[0.0, 0.25, 0.75], [0.5, 0.0, 0.5]])
    check.call(np.eye(3)[[1, 2]], sure).close_to(np.log(4) / 2 + np.log(2) / 2, mistakes={
        "0 * log(0) is computed, which NumPy takes for nan": np.nan,
    })
    mixed = np.array([[0.25, 0.75, 0.0], [0.0, 0.0, 1.0]])                   # a distribution that is not one-hot
    unsure = np.array([[0.75, 0.25, 0.0], [0.25, 0.25, 0.5]])
    J = (np.log(4 / 3) / 4 + 3 * np.log(4) / 4 + np.log(2)) / 2
    check.call(mixed, unsure).close_to(J, mistakes={
        "0 * log(0) is computed, which NumPy takes for nan": np.nan,
        "only the likeliest class of y is looked at, but y is a distribution": (np.log(4) + np.log(2)) / 2,
    })
    J = check.call(np.eye(3)[[0, 2]], sure).returned(float)
    check.holds(J == np.inf, "A right answer has probability 0, so the loss is infinite; yours is {}. "
                "Are the probabilities clipped, or is a small number added to them?", J)
    return check


test_cross_entropy().passed()

# %% hidden="cross_entropy" points=1
# Other batches, answers that are not one-hot, and a right answer whose probability is 0.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(8)
check = checks.of(cross_entropy)
for B, K in ((1, 3), (5, 2), (3, 6)):
    y, y_hat = rng.dirichlet(np.ones(K), size=B), rng.dirichlet(np.ones(K), size=B)
    J = torch.nn.functional.cross_entropy(torch.log(torch.tensor(y_hat)), torch.tensor(y)).item()
    top = -np.log(y_hat[np.arange(B), y.argmax(1)]).mean()
    check.call(y, y_hat).close_to(J, mistakes={
        "the losses of the examples are added up instead of averaged": B * J,
        "the mean is taken over all entries, classes included, instead of over the examples": J / K,
        "only the likeliest class of y is looked at, but y is a distribution": top,
        "y and y_hat have changed places": -(y_hat * np.log(y)).sum() / B,
    })
y_hat = np.array([[1.0, 0.0, 0.0], [0.5, 0.25, 0.25]])
J = check.call(np.eye(3)[[1, 1]], y_hat).returned(float)
check.holds(J == np.inf, "A right answer has probability 0, so the loss is infinite; yours is {}. "
            "Are the probabilities clipped, or is a small number added to them?", J)
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### One layer, two layers, three layers
#
# Four small functions, and networks of any depth are their composition. Below, the weights are chosen by
# hand, the inputs are the points of a plane, and the colour is $\hat y$ of the second class. One layer
# draws a line. In two layers, four lines make a box: a hidden unit per side, and the output asks whether
# all four are on. In three, the outputs of two such boxes are joined: depth builds new features out of old
# ones.
#
# *Alternative text: three square maps over the plane from -4 to 4. The first is dark on one side of a
# slanted line, the second dark inside one box with rounded corners, the third dark inside two separate
# boxes. A thin line marks probability 0.5.*

# %% figure="layers"
import matplotlib.pyplot as plt

ticks = np.linspace(-4, 4, 121)
plane = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
both = np.array([[-1.0], [1.0]])                 # from one score to the scores of two classes


def box(x1, x2, half=1.3):                       # four units, each on at one side of its line
    return 8 * np.array([[half - x1, 1, 0], [half + x1, -1, 0], [half - x2, 0, 1], [half + x2, 0, -1]])


first = np.vstack([box(-1.6, 1.6), box(1.6, -1.2)])
joined = 12 * np.array([[-3.5, 1, 1, 1, 1, 0, 0, 0, 0], [-3.5, 0, 0, 0, 0, 1, 1, 1, 1]])
boxes = sigmoid(linear(sigmoid(linear(plane, first)), joined))
networks = {
    "one layer": softmax(linear(plane, both * [0, 1.5, 3.0])),
    "two layers": softmax(linear(sigmoid(linear(plane, first[:4])), both * 6 * [-3.5, 1, 1, 1, 1])),
    "three layers": softmax(linear(boxes, both * 6 * [-0.5, 1, 1])),
}
fig, axes = plt.subplots(1, 3, figsize=(10, 3.4), sharey=True, layout="constrained")
for ax, title in zip(axes, networks, strict=True):
    p = networks[title][:, 1].reshape(121, 121)
    image = ax.pcolormesh(ticks, ticks, p, cmap="Blues", vmin=0, vmax=1, rasterized=True)
    ax.contour(ticks, ticks, p, levels=[0.5], colors="black", linewidths=0.8)
    ax.set(title=title, xlabel="$x_1$", aspect="equal", xticks=[-2, 0, 2])
axes[0].set_ylabel("$x_2$")
fig.colorbar(image, ax=axes, label="probability of the second class")
plt.show()

# %% [markdown]
# # Part 2: forwards and backwards
#
# ## Exercise 2: the forward pass, with names
# *Difficulty 2 of 5 · about 10 minutes · 2 points*
#
# A forward pass that returns only the loss has thrown away what the way back needs: the derivative of
# $\sigma$ at $a$, for instance, needs $a$ or $z$. The lectures' procedure therefore returns every
# intermediate quantity by name:
#
# $$a = \operatorname{linear}(x, \alpha), \quad z = \sigma(a), \quad b = \operatorname{linear}(z, \beta),
# \quad \hat y = \operatorname{softmax}(b), \quad J = \operatorname{cross\_entropy}(y, \hat y).$$
#
# The check prints one row per quantity: its shape, how far it is from PyTorch's at worst, and `ok` or
# `WRONG`. The first wrong row is where to look; the rows below it were computed from it.
#
# <details><summary>Hint 1: if only the row of J is wrong</summary>
#
# Then all the layers are right. Is $J$ the mean over the examples, and one number?
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# It is the five formulas above in Python, and a dict of six entries: `x` as it came in, and the five
# results.
#
# </details>

# %% answer="nn_forward"
def nn_forward(x, y, alpha, beta):
    """The forward pass of a network with one hidden layer of sigmoids.

    x: (B, I). y: (B, K). alpha: (D, 1 + I). beta: (K, 1 + D).
    Returns a dict of all intermediates: "x" (B, I), "a" and "z" (B, D), "b" and "y_hat" (B, K), "J" (nats).
    """
    ### BEGIN SOLUTION
    a = linear(x, alpha)
    z = sigmoid(a)
    b = linear(z, beta)
    y_hat = softmax(b)
    J = cross_entropy(y, y_hat)
    return {"x": x, "a": a, "z": z, "b": b, "y_hat": y_hat, "J": J}
    ### END SOLUTION

# %% test="nn_forward" points=1
import numpy as np
import torch
from nextword import checks
from nextword.rows import compare_rows


def test_nn_forward():
    def torch_linear(x, w):
        return torch.nn.functional.linear(x, w[:, 1:], w[:, 0])

    rng = np.random.default_rng(9)
    B, I, D, K = 4, 5, 3, 2
    x, y = rng.normal(size=(B, I)), np.eye(K)[[0, 1, 1, 0]]
    alpha, beta = rng.normal(size=(D, 1 + I)), rng.normal(size=(K, 1 + D))

    t = {"x": torch.tensor(x)}
    t["a"] = torch_linear(t["x"], torch.tensor(alpha))
    t["z"] = torch.sigmoid(t["a"])
    t["b"] = torch_linear(t["z"], torch.tensor(beta))
    t["y_hat"] = torch.softmax(t["b"], dim=1)
    t["J"] = torch.nn.functional.cross_entropy(t["b"], torch.tensor(y))

    check = checks.of(nn_forward)
    compare_rows(check.call(x, y, alpha, beta), t, mistakes={
        "a": {"the biases, column 0 of alpha, are left out": t["a"] - torch.tensor(alpha[:, 0]),
              "the last column of alpha is taken for the biases":
                  torch_linear(t["x"], torch.tensor(np.roll(alpha, 1, axis=1)))},
        "z": {"the sigmoid is missing, so that z is a": t["a"]},
        "b": {"the second layer is given a, not z": torch_linear(t["a"], torch.tensor(beta))},
        "y_hat": {"softmax runs over the examples instead of the classes": torch.softmax(t["b"], dim=0)},
        "J": {"the losses of the examples are added up instead of averaged": B * t["J"],
              "the mean is taken over all entries instead of over the examples": t["J"] / K},
    })
    return check


test_nn_forward().passed()

# %% hidden="nn_forward" points=1
# Other sizes, a batch of one example, answers that are not one-hot, and sizes that are equal to each other.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks
from nextword.rows import compare_rows


def torch_linear(x, w):
    return torch.nn.functional.linear(x, w[:, 1:], w[:, 0])


rng = np.random.default_rng(10)
check = checks.of(nn_forward)
for B, I, D, K in ((3, 2, 6, 4), (1, 3, 2, 5), (3, 3, 3, 3)):
    x, y = rng.normal(size=(B, I)), rng.dirichlet(np.ones(K), size=B)
    alpha, beta = rng.normal(size=(D, 1 + I)), rng.normal(size=(K, 1 + D))
    t = {"x": torch.tensor(x)}
    t["a"] = torch_linear(t["x"], torch.tensor(alpha))
    t["z"] = torch.sigmoid(t["a"])
    t["b"] = torch_linear(t["z"], torch.tensor(beta))
    t["y_hat"] = torch.softmax(t["b"], dim=1)
    t["J"] = torch.nn.functional.cross_entropy(t["b"], torch.tensor(y))
    compare_rows(check.call(x, y, alpha, beta), t, quiet=True, mistakes={
        "z": {"the sigmoid is missing, so that z is a": t["a"]},
        "b": {"the second layer is given a, not z": torch_linear(t["a"], torch.tensor(beta))},
        "y_hat": {"softmax runs over the examples instead of the classes": torch.softmax(t["b"], dim=0)},
        "J": {"the losses of the examples are added up instead of averaged": B * t["J"],
              "only the likeliest class of y is looked at, but y is a distribution":
                  -torch.log(t["y_hat"][torch.arange(B), torch.tensor(y).argmax(1)]).mean()},
    })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 3: the backward pass
# *Difficulty 4 of 5 · about 45 to 60 minutes · 4 points*
#
# Now walk the same five lines from the last to the first. Each step knows the gradient of $J$ with respect
# to what its line *computed*, and passes on the gradient with respect to what the line was *given*: the
# chain rule, one line at a time.
#
# Take the line $b = \beta z$ for **one** example, written as columns and without biases:
# $b_k = \sum_j \beta_{kj} z_j$.
#
# * $\beta_{kj}$ touches only $b_k$, with the factor $z_j$. So $\partial J / \partial \beta_{kj} =
#   g_{b,k}\, z_j$, where $g_{b,k}$ is entry $k$ of $g_b$, and for all $k$ and $j$ together $g_\beta =
#   g_b\, z^T$.
# * $z_j$ touches every $b_k$, with the factor $\beta_{kj}$, and the contributions add up:
#   $g_{z,j} = \sum_k \beta_{kj}\, g_{b,k}$, which is $g_z = \beta^T g_b$.
#
# Where a function works entry by entry, as $z = \sigma(a)$ does, each $a_j$ touches only $z_j$, with the factor
# $\sigma'(a_j) = z_j (1 - z_j)$. In softmax every score touches every probability:
# $\partial \hat y_j / \partial b_k = \hat y_j (\delta_{jk} - \hat y_k)$, where $\delta_{jk}$ is 1 if $j = k$ and
# otherwise 0. As a matrix, softmax's **Jacobian**, this is $\operatorname{diag}(\hat y) - \hat y \hat y^T$, with
# $\operatorname{diag}(v)$ the square matrix that has $v$ on its diagonal and 0 elsewhere. In these words, for
# one example as columns $x, a, z, b, y, \hat y$ and without biases, the lectures get
#
# $$\begin{aligned}
# g_{\hat y} &= -\,y \div \hat y &
# g_b^T &= g_{\hat y}^T \left(\operatorname{diag}(\hat y) - \hat y \hat y^T\right) \\
# g_\beta &= g_b\, z^T &
# g_z &= \beta^T g_b \\
# g_a &= g_z \odot z \odot (1 - z) &
# g_\alpha &= g_a\, x^T
# \end{aligned}$$
#
# with $\div$ and $\odot$ entry by entry. (On paper all $\hat y > 0$, so nothing is divided by 0.)
# (Multiplied out, the first two lines give $g_b = \hat y - y$, or $(\hat y - y) / B$ with the mean over
# $B$ examples. Try it; you may use that for $g_b$.) Your task is the translation: $B$ examples as rows,
# $J$ their *mean*, and a column of biases in $\alpha$ and $\beta$. Every gradient has the shape of what
# it is the gradient of; nearly every slip in this exercise shows up as a shape, if you write the shapes
# down first.
#
# <details><summary>Hint 1: where does the mean over the examples go?</summary>
#
# $J$ contains $\frac{1}{B}$ once. It enters at the first line of the way back, and every later line
# inherits it. Where must a sum over the examples appear? A parameter is used by all of them.
#
# </details>
# <details><summary>Hint 2: how do the biases take part?</summary>
#
# The layer computed $[1, z]\,\beta^T$. The gradient with respect to $\beta$ sees $[1, z]$ where the formula
# says $z$. The gradient with respect to $z$ does not see the biases at all: $z$ never touched column 0 of
# $\beta$.
#
# </details>
# <details><summary>Hint 3: the softmax line for a whole batch, in words</summary>
#
# Every example has a matrix of its own. Write out one entry:
# $g_{b,k} = \sum_j g_{\hat y, j} (\delta_{jk} \hat y_j - \hat y_j \hat y_k)$. It is $\hat y_k$ times
# something: $g_{\hat y, k}$ minus a number that is the same for the whole row. No matrix per example is
# needed.
#
# </details>
# <details><summary>Hint 4: if you see "could not be broadcast together with shapes (4,4) (4,3)"</summary>
#
# $g_z$ has a column too many: it was multiplied with all of $\beta$, the column of the biases included.
#
# </details>
# <details><summary>Hint 5: if g_beta or g_alpha is the first WRONG row</summary>
#
# Shape $(1 + D, K)$ instead of $(K, 1 + D)$: transpose. Shape $(K, D)$: the column of the biases is
# missing. Right shape, wrong numbers: is the 1 in front, or at the end? Is it $z$ that is used, or $a$?
#
# </details>

# %% answer="nn_backward"
def nn_backward(x, y, alpha, beta, o):
    """The gradients of J with respect to every quantity between the loss and the parameters.

    x: (B, I). y: (B, K). alpha: (D, 1 + I). beta: (K, 1 + D). o: the dict that nn_forward returned for them.
    Returns a dict: "g_y_hat", "g_b", "g_beta", "g_z", "g_a", "g_alpha", each shaped like what it belongs to.
    """
    ### BEGIN SOLUTION
    z, y_hat, ones = o["z"], o["y_hat"], np.ones((len(x), 1))
    g_y_hat = -y / y_hat / len(x)
    g_b = y_hat * (g_y_hat - np.sum(g_y_hat * y_hat, axis=1, keepdims=True))
    g_beta = g_b.T @ np.hstack([ones, z])
    g_z = g_b @ beta[:, 1:]
    g_a = g_z * z * (1 - z)
    g_alpha = g_a.T @ np.hstack([ones, x])
    return {"g_y_hat": g_y_hat, "g_b": g_b, "g_beta": g_beta, "g_z": g_z, "g_a": g_a, "g_alpha": g_alpha}
    ### END SOLUTION

# %% test="nn_backward" points=1
import numpy as np
import torch
from nextword import checks
from nextword.rows import compare_rows


def test_nn_backward():
    def torch_linear(x, w):
        return torch.nn.functional.linear(x, w[:, 1:], w[:, 0])

    rng = np.random.default_rng(11)
    B, I, D, K = 4, 5, 3, 2
    x, y = rng.normal(size=(B, I)), rng.dirichlet(np.ones(K), size=B)
    alpha, beta = rng.normal(size=(D, 1 + I)), rng.normal(size=(K, 1 + D))

    t = {name: torch.tensor(value, requires_grad=True) for name, value in (("alpha", alpha), ("beta", beta))}
    t["a"] = torch_linear(torch.tensor(x), t["alpha"])
    t["z"] = torch.sigmoid(t["a"])
    t["b"] = torch_linear(t["z"], t["beta"])
    t["y_hat"] = torch.softmax(t["b"], dim=1)
    J = -(torch.tensor(y) * torch.log(t["y_hat"])).sum(1).mean()
    names = ("y_hat", "b", "beta", "z", "a", "alpha")
    found = torch.autograd.grad(J, [t[n] for n in names])
    g = {"g_" + n: v.numpy() for n, v in zip(names, found, strict=True)}
    o = {n: t[n].detach().numpy() for n in ("a", "z", "b", "y_hat")} | {"x": x, "J": J.item()}

    check = checks.of(nn_backward)
    g_beta_of_a = torch.autograd.grad(torch_linear(t["a"], t["beta"]), t["beta"], torch.tensor(g["g_b"]))[0]
    compare_rows(check.call(x, y, alpha, beta, o), g, mistakes={
        "g_y_hat": {"the minus sign is missing": -g["g_y_hat"],
                    "the mean over the examples is forgotten: J contains 1 / B": B * g["g_y_hat"],
                    "you return the gradient with respect to b, not y_hat": g["g_b"]},
        "g_b": {"only the diagonal of softmax's Jacobian is used: the part with y_hat y_hat^T is missing":
                    g["g_y_hat"] * o["y_hat"] * (1 - o["y_hat"]),
                "softmax passes nothing back, as it would if g_y_hat were all ones": 0 * y,
                "the mean over the examples is forgotten: J contains 1 / B": g["g_b"] * B,
                "the mean over the examples is taken twice": g["g_b"] / B},
        "g_beta": {"a is used where z belongs": g_beta_of_a,
                   "the biases have no gradient: z is used where [1, z] belongs": g["g_beta"][:, 1:],
                   "the biases' gradient is the last column instead of the first": np.roll(g["g_beta"], -1, 1),
                   "the mean over the examples is taken twice": g["g_beta"] / B},
        "g_z": {"the biases of beta take part, but z never met them": np.hstack([g["g_b"] @ beta[:, :1], g["g_z"]])},
        "g_a": {"the slope of the sigmoid is missing": g["g_z"],
                "a is used where z belongs: the slope is z (1 - z)": g["g_z"] * o["a"] * (1 - o["a"]),
                "the sigmoid is applied once more: z is its result already":
                    g["g_z"] * torch.sigmoid(t["z"]).detach().numpy() * torch.sigmoid(-t["z"]).detach().numpy(),
                "the gradient that comes from above is ignored": g["g_a"] / g["g_z"]},
        "g_alpha": {"the biases have no gradient: x is used where [1, x] belongs": g["g_alpha"][:, 1:],
                    "only the first example counts": np.outer(g["g_a"][0], np.append(1, x[0])),
                    "the biases' gradient is the last column instead of the first": np.roll(g["g_alpha"], -1, 1),
                    "the mean over the examples is taken twice": g["g_alpha"] / B},
    })
    return check


test_nn_backward().passed()

# %% hidden="nn_backward" points=3
# Other sizes, a batch of one example, one-hot answers, and equal sizes, where a transposed matrix fits.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks
from nextword.rows import compare_rows


def torch_linear(x, w):
    return torch.nn.functional.linear(x, w[:, 1:], w[:, 0])


def torch_reference(x, y, alpha, beta):
    """The intermediates and their gradients by PyTorch, all as arrays."""
    t = {name: torch.tensor(value, requires_grad=True) for name, value in (("alpha", alpha), ("beta", beta))}
    t["a"] = torch_linear(torch.tensor(x), t["alpha"])
    t["z"] = torch.sigmoid(t["a"])
    t["b"] = torch_linear(t["z"], t["beta"])
    t["y_hat"] = torch.softmax(t["b"], dim=1)
    J = -(torch.tensor(y) * torch.log(t["y_hat"])).sum(1).mean()
    names = ("y_hat", "b", "beta", "z", "a", "alpha")
    found = torch.autograd.grad(J, [t[n] for n in names])
    g = {"g_" + n: v.numpy() for n, v in zip(names, found, strict=True)}
    return {n: t[n].detach().numpy() for n in ("a", "z", "b", "y_hat")} | {"x": x, "J": J.item()}, g


rng = np.random.default_rng(12)
check = checks.of(nn_backward)
for B, I, D, K in ((3, 2, 6, 4), (1, 4, 2, 3), (3, 3, 3, 3), (5, 4, 5, 6)):
    x, alpha, beta = rng.normal(size=(B, I)), rng.normal(size=(D, 1 + I)), rng.normal(size=(K, 1 + D))
    for y in (rng.dirichlet(np.ones(K), size=B), np.eye(K)[rng.integers(K, size=B)]):
        o, g = torch_reference(x, y, alpha, beta)
        z, y_hat = o["z"], o["y_hat"]
        compare_rows(check.call(x, y, alpha, beta, o), g, quiet=True, mistakes={
            "g_y_hat": {"the mean over the examples is forgotten: J contains 1 / B": -y / y_hat,
                        "the minus sign is missing": y / y_hat / B},
            "g_b": {"only the diagonal of softmax's Jacobian is used: the part with y_hat y_hat^T is missing":
                        g["g_y_hat"] * y_hat * (1 - y_hat),
                    "the sum runs over the whole batch instead of each example":
                        y_hat * (g["g_y_hat"] - np.sum(g["g_y_hat"] * y_hat)),
                    "the sum runs over the examples instead of the classes":
                        y_hat * (g["g_y_hat"] - np.sum(g["g_y_hat"] * y_hat, axis=0))},
            "g_beta": {"the gradient is transposed": g["g_beta"].T},
            "g_z": {"beta is transposed: it fits only because K and D are equal":
                        lambda g=g, beta=beta: g["g_b"] @ beta[:, 1:].T},
            "g_a": {"the slope of the sigmoid is missing": g["g_z"],
                    "a is used where z belongs: the slope is z (1 - z)": g["g_z"] * o["a"] * (1 - o["a"])},
            "g_alpha": {"the gradient is transposed": g["g_alpha"].T},
        })
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# # Part 3: what a derivative is when everything is a matrix
#
# ## Exercise 4: Jacobians
# *Difficulty 3 of 5 · about 20 minutes · 2 points*
#
# Exercise 3 used the Jacobian of softmax. Every layer has one. The next two exercises show why it is
# better never to form it, and to see that one must know it first.
#
# For a vector $v$ with $m$ entries that depends on a vector $u$ with $n$ entries, all partial derivatives
# together form the **Jacobian**, with one row for each entry of $v$ and one column for each entry of $u$:
# $\left(\frac{\partial v}{\partial u}\right)_{ij} = \frac{\partial v_i}{\partial u_j}$. With scalars $s$
# and $t$ (shape `()`), vectors (one axis) and arrays $M$ with two or more axes (matrices, batches), the
# lectures' conventions are:
#
# | derivative | shape |
# |---|---|
# | $\partial s / \partial M$, of a scalar, by an array with two axes or more | the shape of $M$, as a gradient step needs it |
# | $\partial s / \partial v$, of a scalar, by a vector | $(1, m)$, a row |
# | $\partial v / \partial s$, of a vector, by a scalar | $(m, 1)$, a column |
# | $\partial v / \partial u$, of a vector, by a vector | $(m, n)$ |
# | $\partial s / \partial t$, of a scalar, by a scalar | $(1, 1)$ |
# | of an array with two axes or more, by anything | flatten both to vectors; then as for vectors |
# | of a vector, by an array with two axes or more | flatten both to vectors; then as for vectors |
#
# ($g_v$ holds the same numbers as $\partial J / \partial v$, but always in the shape of $v$: for a vector, not a row.)
#
# Three Jacobians, each for a **single** example:
#
# * the linear layer, with respect to its input $x$ (the 1 in front is no input);
# * softmax, as in exercise 3:
#   $\partial \hat y_j / \partial b_k = \hat y_j (\delta_{jk} - \hat y_k)$: raising one score takes from all
#   the others;
# * $\operatorname{relu}(a) = \max(a, 0)$, entry by entry, another bend, and the one most networks use
#   today. Its slope is 1 where $a > 0$ and 0 where $a \le 0$ (PyTorch chooses 0 at $a = 0$ as well).
#
# <details><summary>Hint 1: which entries of ReLU's Jacobian can be other than 0?</summary>
#
# Entry $(i, j)$ asks what input $j$ does to output $i$. Every function that works entry by entry has a
# Jacobian that is zero off the diagonal.
#
# </details>
# <details><summary>Hint 2: pseudo-code for softmax</summary>
#
# $\operatorname{diag}(\hat y) - \hat y \hat y^T$: a matrix with $\hat y$ on its diagonal, minus the outer
# product of $\hat y$ with itself. `np.diag` and `np.outer`.
#
# </details>
# <details><summary>Hint 3: if derivative_shape fails only where a batch is involved</summary>
#
# Flattened, an array of shape `(B, O)` is a vector with $B \cdot O$ entries. `math.prod` of an empty shape
# is 1, so scalars need no case of their own in "as for vectors".
#
# </details>

# %% answer="jacobians"
def derivative_shape(of, with_respect_to):
    """The shape of a derivative by the conventions above, as a tuple.

    of, with_respect_to: tuples, the shapes of what is differentiated and of what it is differentiated by.
    """
    ### BEGIN SOLUTION
    if of == () and len(with_respect_to) >= 2:
        return with_respect_to
    return (int(np.prod(of)), int(np.prod(with_respect_to)))
    ### END SOLUTION


def linear_jacobian(w):
    """d linear(x, w) / dx for one example. w: (O, 1 + I) with the biases in column 0. Returns (O, I)."""
    ### BEGIN SOLUTION
    return w[:, 1:]
    ### END SOLUTION


def softmax_jacobian(y_hat):
    """d softmax(b) / db for one example, from its result. y_hat: (K,). Returns (K, K)."""
    ### BEGIN SOLUTION
    return np.diag(y_hat) - np.outer(y_hat, y_hat)
    ### END SOLUTION


def relu_jacobian(a):
    """d max(a, 0) / da for one example. a: (D,). Returns (D, D), float64."""
    ### BEGIN SOLUTION
    return np.diag((a > 0).astype(float))
    ### END SOLUTION

# %% test="jacobians" points=1
import numpy as np
import torch
from torch.autograd.functional import jacobian
from nextword import checks


def test_jacobians():
    check = checks.of(derivative_shape)
    for of, by, shape in (((), (5,), (1, 5)), ((5,), (), (5, 1)), ((4,), (3,), (4, 3)), ((), (2, 7), (2, 7)),
                          ((), (), (1, 1)), ((), (2, 3, 4), (2, 3, 4))):
        check.call(of, by).equals(shape, mistakes={
            "rows and columns are swapped: the rows belong to what is differentiated": shape[::-1],
            "the shapes are joined: a scalar counts as a vector of one entry": of + by,
            "the matrix is flattened, but a scalar's derivative by a matrix has the matrix's shape":
                (1, torch.zeros(by).numel())})
    check.passed()
    rng = np.random.default_rng(13)
    w, x = rng.normal(size=(4, 3)), rng.normal(size=2)
    check = checks.of(linear_jacobian)
    t = torch.tensor(w)
    expected = jacobian(lambda x: torch.nn.functional.linear(x, t[:, 1:], t[:, 0]), torch.tensor(x))
    check.call(w).close_to(expected, mistakes={
        "the column of the biases is still there, but the 1 in front is no input": w,
        "it is transposed: the rows belong to the outputs": expected.T})
    check.passed()
    b = torch.tensor(rng.normal(size=4))
    y_hat, expected = torch.softmax(b, 0).numpy(), jacobian(lambda b: torch.softmax(b, 0), b)
    check = checks.of(softmax_jacobian)
    check.call(y_hat).close_to(expected, mistakes={
        "only the diagonal is right: every score changes every probability": torch.diag(torch.diag(expected)),
        "the outer product is missing": np.diag(y_hat),
        "the sign is wrong: the outer product is what is subtracted": -expected})
    check.passed()
    a = torch.tensor([-0.5, 2.0, 0.3, 0.0, 0.7], dtype=torch.float64)
    expected, zero = jacobian(torch.relu, a), torch.diag((a == 0).double())
    check = checks.of(relu_jacobian)
    check.call(a.numpy()).close_to(expected, mistakes={
        "at exactly 0 the slope is taken to be 1: PyTorch and this course take 0": expected + zero,
        "the diagonal holds the values of ReLU instead of its slopes": torch.diag(torch.relu(a)),
        "the slopes are returned as a vector: a Jacobian is a matrix": torch.diag(expected)})
    return check


test_jacobians().passed()

# %% hidden="jacobians" points=1
# Shapes with batches, scalars and matrices on both sides; other sizes, certain and uniform distributions,
# and ReLU at exactly 0.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from torch.autograd.functional import jacobian
from nextword import checks

check = checks.of(derivative_shape)
for of, by, shape in (((), (), (1, 1)), ((), (3, 2), (3, 2)), ((), (5, 3, 2), (5, 3, 2)), ((6,), (2,), (6, 2)), ((4, 3), (), (12, 1)),
                      ((2, 3), (2, 5), (6, 10)), ((4,), (4, 3), (4, 12)), ((2, 3), (7,), (6, 7))):
    check.call(of, by).equals(shape, mistakes={
        "rows and columns are swapped: the rows belong to what is differentiated": shape[::-1],
        "the shapes are joined instead of flattened to vectors": of + by,
        "the matrix's shape is kept, but only the derivative of a scalar keeps it": by})
check.passed()
rng = np.random.default_rng(14)
check = checks.of(linear_jacobian)
for O, I in ((2, 4), (3, 3), (1, 5)):
    w, x = rng.normal(size=(O, 1 + I)), torch.tensor(rng.normal(size=I))
    check.call(w).close_to(
        jacobian(lambda x, w=w: torch.tensor(w[:, 1:]) @ x + torch.tensor(w[:, 0]), x), mistakes={
            "it is transposed: the rows belong to the outputs": w[:, 1:].T,
            "the biases are taken from the last column instead of the first": w[:, :-1]})
check.passed()
check = checks.of(softmax_jacobian)
for b in (rng.normal(size=6), np.zeros(3), np.array([60.0, 0.0, 1.0]), np.array([0.4])):
    y_hat = torch.softmax(torch.tensor(b), 0).numpy()
    check.call(y_hat).close_to(
        jacobian(lambda b: torch.softmax(b, 0), torch.tensor(b)), mistakes={
            "only the diagonal is right: every score changes every probability": np.diag(y_hat * (1 - y_hat)),
            "the outer product is missing": np.diag(y_hat)})
check.passed()
check = checks.of(relu_jacobian)
for a in (np.array([0.0, -1.0, 2.0]), rng.normal(size=7), np.array([3.0])):
    check.call(a).close_to(jacobian(torch.relu, torch.tensor(a)), mistakes={
        "at exactly 0 the slope is taken to be 1: PyTorch and this course take 0": np.diag((a >= 0) * 1.0),
        "the diagonal holds the values of ReLU instead of its slopes": np.diag(np.maximum(a, 0))})
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 5: gradients without Jacobians
# *Difficulty 3 of 5 · about 20 minutes · 2 points*
#
# Backpropagation never needs a Jacobian for its own sake. It has the gradient $g$ of $J$ with respect to
# what a layer computed (a row; also called the *cotangent*), and needs the product
# $g \cdot \text{Jacobian}$, the gradient with respect to what the layer was given: a **vector-Jacobian
# product**, vjp for short. For ReLU on $n$ numbers the Jacobian has $n^2$ entries, all but $n$ of them 0,
# and the product with it is $n$ multiplications. So the Jacobian is never formed.
#
# Write the four products for a batch, each example a row:
#
# * `relu_vjp` and `sigmoid_vjp`: entry by entry. The sigmoid's slope is $\sigma'(a) = z (1 - z)$, from its
#   result $z$;
# * `softmax_vjp`: $g\,(\operatorname{diag}(\hat y) - \hat y \hat y^T)$ for every row, with work
#   proportional to $K$, not $K^2$;
# * `linear_vjp`: two gradients, one for each of its inputs.
#
# The hidden test hands over vectors so long that their Jacobian would fill hundreds of gigabytes.
#
# <details><summary>Hint 1: multiply out</summary>
#
# $g \operatorname{diag}(\hat y) = g \odot \hat y$, and
# $g\,(\hat y \hat y^T) = (g \cdot \hat y)\, \hat y^T$, where $g \cdot \hat y$ is one number per example. In
# which order you multiply decides whether a matrix appears.
#
# </details>
# <details><summary>Hint 2: linear</summary>
#
# You have both lines already, in `nn_backward`: one is the line of $g_\beta$, one that of $g_z$.
#
# </details>
# <details><summary>Hint 3: if you see "MemoryError" or "Unable to allocate"</summary>
#
# Somewhere `np.diag` or `np.outer` (or a product of a column and a row) makes a matrix of all pairs.
#
# </details>

# %% answer="vjps"
def relu_vjp(a, g):
    """The gradient for the input of ReLU.

    a: (B, D), its input. g: (B, D), the gradient for its result. Returns (B, D).
    """
    ### BEGIN SOLUTION
    return g * (a > 0)
    ### END SOLUTION


def sigmoid_vjp(z, g):
    """The gradient for the input of the sigmoid.

    z: (B, D), its result. g: (B, D), the gradient for z. Returns (B, D).
    """
    ### BEGIN SOLUTION
    return g * z * (1 - z)
    ### END SOLUTION


def softmax_vjp(y_hat, g):
    """The gradient for the input of softmax.

    y_hat: (B, K), its result. g: (B, K), the gradient for y_hat. Returns (B, K).
    """
    ### BEGIN SOLUTION
    return y_hat * (g - np.sum(g * y_hat, axis=1, keepdims=True))
    ### END SOLUTION


def linear_vjp(x, w, g):
    """The gradients for both inputs of linear(x, w).

    x: (B, I). w: (O, 1 + I). g: (B, O), the gradient for its result.
    Returns (g_x, g_w), of shapes (B, I) and (O, 1 + I).
    """
    ### BEGIN SOLUTION
    return g @ w[:, 1:], g.T @ np.hstack([np.ones((len(x), 1)), x])
    ### END SOLUTION

# %% test="vjps" points=1
import numpy as np
import torch
from nextword import checks


def test_vjps():
    def torch_vjp(f, g, *inputs):
        leaves = [torch.tensor(value, requires_grad=True) for value in inputs]
        return [v.numpy() for v in torch.autograd.grad(f(*leaves), leaves, torch.tensor(g))]

    rng = np.random.default_rng(15)
    a, g, ones = rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), np.ones((4, 3))
    check = checks.of(relu_vjp)
    check.call(a, g).close_to(torch_vjp(torch.relu, g, a)[0], mistakes={
        "g itself is cut off at 0: what counts is the sign of a": np.maximum(g, 0),
        "the gradient that comes from above is ignored": torch_vjp(torch.relu, ones, a)[0]})
    check.passed()
    z, y_hat = torch.sigmoid(torch.tensor(a)).numpy(), torch.softmax(torch.tensor(a), 1).numpy()
    check = checks.of(sigmoid_vjp)
    check.call(z, g).close_to(torch_vjp(torch.sigmoid, g, a)[0], mistakes={
        "the gradient that comes from above is ignored": torch_vjp(torch.sigmoid, ones, a)[0],
        "the sigmoid is applied once more: z is already its result": torch_vjp(torch.sigmoid, g, z)[0]})
    check.passed()
    check = checks.of(softmax_vjp)
    check.call(y_hat, g).close_to(torch_vjp(lambda a: torch.softmax(a, 1), g, a)[0], mistakes={
        "only the diagonal of the Jacobian is used": g * y_hat * (1 - y_hat),
        "the part with y_hat y_hat^T is missing": g * y_hat,
        "g is taken for all ones, for which softmax passes nothing back": 0 * g})
    check.passed()
    x, w, g = rng.normal(size=(4, 3)), rng.normal(size=(2, 4)), rng.normal(size=(4, 2))
    g_x, g_w = torch_vjp(lambda x, w: torch.nn.functional.linear(x, w[:, 1:], w[:, 0]), g, x, w)
    check = checks.of(linear_vjp)
    check.call(x, w, g).close_to((g_x, g_w), mistakes={
        "the two gradients have changed places": (g_w, g_x),
        "the gradient of the weights is averaged over the batch: a vjp only sums": (g_x, g_w / 4),
        "the biases take part in the gradient of x": (np.hstack([g @ w[:, :1], g_x]), g_w),
        "the gradient of the biases is missing": (g_x, g_w[:, 1:])})
    return check


test_vjps().passed()

# %% hidden="vjps" points=1
# Other sizes, sizes that are equal, ReLU at exactly 0, a batch of one, and vectors too long for a Jacobian.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks


def torch_vjp(f, g, *inputs):
    leaves = [torch.tensor(value, requires_grad=True) for value in inputs]
    return [v.numpy() for v in torch.autograd.grad(f(*leaves), leaves, torch.tensor(g))]


rng = np.random.default_rng(16)
relu, sigm, soft = checks.of(relu_vjp), checks.of(sigmoid_vjp), checks.of(softmax_vjp)
for B, K in ((3, 3), (5, 2), (1, 4), (2, 300_000)):       # 300,000 entries: a Jacobian of 720 GB per example
    a, g = rng.normal(size=(B, K)), rng.normal(size=(B, K))
    a[0, :2] = 0.0
    z, y_hat = torch.sigmoid(torch.tensor(a)).numpy(), torch.softmax(torch.tensor(a), 1).numpy()
    relu.call(a, g).close_to(torch_vjp(torch.relu, g, a)[0], mistakes={
        "at exactly 0 the slope is taken to be 1, but PyTorch and this course take 0": g * (a >= 0)})
    sigm.call(z, g).close_to(torch_vjp(torch.sigmoid, g, a)[0], mistakes={
        "the gradient that comes from above is ignored": z * (1 - z)})
    soft.call(y_hat, g).close_to(torch_vjp(lambda a: torch.softmax(a, 1), g, a)[0], mistakes={
        "only the diagonal of the Jacobian is used": g * y_hat * (1 - y_hat),
        "the sum runs over the whole batch instead of each row": y_hat * (g - np.sum(g * y_hat)),
        "the sum runs over the examples instead of the classes":
            y_hat * (g - np.sum(g * y_hat, axis=0, keepdims=True))})
for check in (relu, sigm, soft):
    check.passed()
check = checks.of(linear_vjp)
for B, I, O in ((1, 2, 3), (3, 3, 3), (5, 2, 4), (4, 3, 3)):
    x, w, g = rng.normal(size=(B, I)), rng.normal(size=(O, 1 + I)), rng.normal(size=(B, O))
    g_x, g_w = torch_vjp(lambda x, w: torch.nn.functional.linear(x, w[:, 1:], w[:, 0]), g, x, w)
    check.call(x, w, g).close_to((g_x, g_w), mistakes={
        "w is transposed: it fits only because I and O are equal":
            lambda g=g, w=w, g_w=g_w: (g @ w[:, 1:].T, g_w),
        "the gradient of the weights is transposed": (g_x, g_w.T),
        "the gradient of the weights is averaged over the batch: a vjp only sums": (g_x, g_w / B)})
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### What it saves
#
# The same gradient through ReLU twice, for one example: with the Jacobian from `relu_jacobian`, and with
# `relu_vjp`.
#
# *Alternative text: two plots over the width of the layer from 16 to 4096, all axes logarithmic. Left, the
# time: with the Jacobian it rises steeply, without it hardly at all, and at the end the two are thousands
# of times apart. Right, the memory: the Jacobian's line is twice as steep and ends at 134 million bytes,
# the vjp's at 33 thousand.*

# %% figure="vjp_cost"
import timeit

import matplotlib.pyplot as plt
from nextword import plots


def seconds(f, repeat=5):
    f()
    number = max(1, int(2e-3 / timeit.timeit(f, number=1)))
    return min(timeit.repeat(f, number=number, repeat=repeat)) / number


widths = 2 ** np.arange(4, 13)
rng = np.random.default_rng(0)
times = {"with the Jacobian": [], "vjp": []}
for n in widths:
    a, g = rng.normal(size=(1, n)), rng.normal(size=(1, n))
    times["with the Jacobian"].append(seconds(lambda a=a, g=g: g @ relu_jacobian(a[0])))
    times["vjp"].append(seconds(lambda a=a, g=g: relu_vjp(a, g)))
numbers = {"with the Jacobian": 8.0 * widths**2, "vjp": 8.0 * widths}
with plt.rc_context(plots.STYLE):
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.4, 3.6))
fig.get_layout_engine().set(w_pad=0.12)
plots.curves(widths, times, "width of the layer", "time (s)", logarithmic="xy", ax=left)
plots.curves(widths, numbers, "width of the layer", "memory (bytes)", logarithmic="xy", ax=right)
for ax in (left, right):
    ax.set_xscale("log", base=2)
plt.show()
ratio = times["with the Jacobian"][-1] / times["vjp"][-1]
print(f"width {widths[-1]}: {ratio:,.0f} times as fast without the Jacobian")

# %% [markdown]
# ## Exercise 6: the order of the chain
# *Difficulty 3 of 5 · about 20 minutes · 2 points*
#
# A network is a composition of vectors, $h^1$ from $h^0$ (its input), $h^2$ from $h^1$, and so on to
# $h^l$, the result of the last of $l$ layers, and the loss $J$ from $h^l$. The chain rule multiplies the
# Jacobians,
#
# $$\frac{\partial J}{\partial h^0} = \frac{\partial J}{\partial h^l} \cdot
# \frac{\partial h^l}{\partial h^{l-1}} \cdots \frac{\partial h^1}{\partial h^0},$$
#
# and a product of matrices may be bracketed as one likes: the result is the same, the work is not. A
# product of an $(m, n)$ matrix and an $(n, p)$ matrix takes $m \cdot n \cdot p$ multiplications of numbers.
# With the Jacobians called $A_1, \dots, A_4$ from left to right, two orders matter:
#
# * **reverse**: from the left, beginning at the loss, $((A_1 A_2) A_3) A_4$;
# * **forward**: from the right, beginning at the input, $A_1 (A_2 (A_3 A_4))$.
#
# The first matrix has one row where the chain begins at a loss; your functions should do for any number.
#
# Write one function that counts the work of either order, and one that does it. So that the test can see
# your order, the second one multiplies two matrices only by calling `multiply(A, B)`, which it is given.
#
# <details><summary>Hint 1: what is the shape of everything multiplied so far?</summary>
#
# In reverse order it keeps the number of rows of the first matrix, forever. In forward order it keeps the
# number of columns of the last one.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# Reverse: begin with the first matrix; for each of the others from left to right, result = multiply(result,
# other). Forward: begin with the last; for each of the others from right to left, result = multiply(other,
# result).
#
# </details>
# <details><summary>Hint 3: if you see "mismatch in its core dimension"</summary>
#
# In forward order the new matrix stands on the left: `multiply(new, result)`.
#
# </details>

# %% answer="chain_order"
def count_multiplications(shapes, order):
    """How many multiplications of numbers a product of matrices takes.

    shapes: a list of (rows, columns), from left to right, columns of each = rows of the next. A matrix alone
        takes none.
    order: "reverse" (from the left) or "forward" (from the right). Returns an integer.
    """
    ### BEGIN SOLUTION
    if order == "reverse":
        return sum(shapes[0][0] * rows * columns for rows, columns in shapes[1:])
    return sum(rows * columns * shapes[-1][1] for rows, columns in shapes[:-1])
    ### END SOLUTION


def chain_rule(jacobians, order, multiply):
    """The product of Jacobians, by calls of multiply(A, B) alone, in the given order.

    jacobians: a list of matrices, from left (the loss) to right (the input). order: "reverse" or "forward".
    multiply: a function that returns the product of two matrices. Returns the product of all.
    """
    ### BEGIN SOLUTION
    if order == "reverse":
        product, rest = jacobians[0], jacobians[1:]
        for jacobian in rest:
            product = multiply(product, jacobian)
        return product
    product, rest = jacobians[-1], jacobians[:-1]
    for jacobian in reversed(rest):
        product = multiply(jacobian, product)
    return product
    ### END SOLUTION

# %% test="chain_order" points=1
import numpy as np
import torch
from nextword import checks


def test_chain_order():
    shapes = [(1, 4), (4, 5), (5, 3), (3, 6)]             # a loss, three layers, six inputs
    two_rows = [(2, 4), (4, 5), (5, 3)]                   # two quantities instead of one loss
    check = checks.of(count_multiplications)
    check.call(shapes, "reverse").equals(1 * 4 * 5 + 1 * 5 * 3 + 1 * 3 * 6, mistakes={
        "you count for the other order": 5 * 3 * 6 + 4 * 5 * 6 + 1 * 4 * 6,
        "multiplying with the first matrix is counted as if something stood before it": 1 * 4 + 20 + 15 + 18,
        "a product of (m, n) and (n, p) is taken for m p multiplications instead of m n p": 1 * 5 + 1 * 3 + 1 * 6,
    })
    check.call(shapes, "forward").equals(5 * 3 * 6 + 4 * 5 * 6 + 1 * 4 * 6, mistakes={
        "you count for the other order": 1 * 4 * 5 + 1 * 5 * 3 + 1 * 3 * 6,
        "in forward order the third factor is not the number of columns of the last matrix":
            1 * 4 * 4 + 4 * 5 * 4 + 5 * 3 * 4,
        "in forward order the rows of the first matrix are the third factor, as they are in reverse order":
            1 * 4 * 1 + 4 * 5 * 1 + 5 * 3 * 1,
    })
    check.call(two_rows, "reverse").equals(2 * 4 * 5 + 2 * 5 * 3, mistakes={
        "the product so far is taken for a single row, whatever the first matrix is": 4 * 5 + 5 * 3,
        "you count for the other order": 4 * 5 * 3 + 2 * 4 * 3,
    })
    check.passed()

    rng = np.random.default_rng(17)
    matrices = [rng.normal(size=shape) for shape in shapes]
    product = torch.linalg.multi_dot([torch.tensor(m) for m in matrices])
    check = checks.of(chain_rule)
    sizes = {"reverse": [(1, 4, 5), (1, 5, 3), (1, 3, 6)], "forward": [(5, 3, 6), (4, 5, 6), (1, 4, 6)]}
    for order, right in sizes.items():
        seen = []

        def counted_product(A, B, seen=seen):
            seen.append((*A.shape, B.shape[1]))
            return A @ B

        check.call(matrices, order, counted_product).close_to(product)
        check.holds(seen == right, "With the order {} the products have the sizes (m, n, p) {}; yours have {}.",
                    order, right, seen)
    return check


test_chain_order().passed()

# %% hidden="chain_order" points=1
# More and fewer layers, a single matrix, many outputs of few inputs, and equal sizes, where only the order
# of the calls tells.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(18)
count, check = checks.of(count_multiplications), checks.of(chain_rule)
for sizes in ((1, 7, 7, 7, 7), (9, 6, 4, 2, 1), (3, 2), (2, 5, 3), (1, 3, 2, 6, 4, 5, 2)):
    shapes = list(zip(sizes[:-1], sizes[1:], strict=True))
    counts = {"reverse": sum(sizes[0] * m * n for m, n in shapes[1:]),
              "forward": sum(m * n * sizes[-1] for m, n in shapes[:-1])}
    one_more = {"reverse": counts["reverse"] + sizes[0] * sizes[0] * sizes[1],
                "forward": counts["forward"] + sizes[-2] * sizes[-1] * sizes[-1]}
    matrices = [rng.normal(size=shape) for shape in shapes]
    product = torch.eye(sizes[0], dtype=torch.float64)
    for matrix in matrices:
        product = product @ torch.tensor(matrix)
    for order, other in (("reverse", "forward"), ("forward", "reverse")):
        count.call(shapes, order).equals(counts[order], mistakes={
            "you count for the other order": counts[other],
            "a product with the identity is counted, one more than there are": one_more[order],
        })
        seen = []

        def counted_product(A, B, seen=seen):
            seen.append((A, B))
            return A @ B

        check.call(matrices, order, counted_product).close_to(product)
        check.holds(len(seen) == len(matrices) - 1, "A product of {} matrices takes {} calls of multiply, "
                    "not {}.", len(matrices), len(matrices) - 1, len(seen))
        side, new = (1, matrices[1:]) if order == "reverse" else (0, matrices[-2::-1])
        check.holds(all(np.array_equal(pair[side], m) for pair, m in zip(seen, new, strict=True)),
                    "With the order {} the matrices must be taken in the other order: reverse begins at the "
                    "loss, on the left, forward at the input, on the right.", order)
count.passed()
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### Why reverse mode
#
# Eight layers of equal width and a loss, in both orders: counted by your `count_multiplications`, and
# measured with your `chain_rule`. The loss is one number, so in reverse order the running product is one
# row; in forward order it is a full matrix from the first product on.
#
# *Alternative text: two plots over the width of the layers from 16 to 512, all axes logarithmic. Left, the
# multiplications: in forward order they grow with the third power of the width, to 939.8 million, in reverse
# order with the second, to 2 million. Right, the seconds: nearly equal at width 16, where calling NumPy
# is what takes time, and far apart at width 512.*

# %% figure="chain_cost"
import matplotlib.pyplot as plt
from nextword import plots

widths, layers = 2 ** np.arange(4, 10), 8
rng = np.random.default_rng(0)
names = {"forward": "forward order", "reverse": "reverse order"}
counted, measured = {v: [] for v in names.values()}, {v: [] for v in names.values()}
for n in widths:
    matrices = [rng.normal(size=(1, n))] + [rng.normal(size=(n, n)) / n**0.5 for _ in range(layers)]
    for order, name in names.items():
        counted[name].append(count_multiplications([m.shape for m in matrices], order))
        measured[name].append(seconds(lambda m=matrices, o=order: chain_rule(m, o, np.matmul), repeat=3))
with plt.rc_context(plots.STYLE):
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.4, 3.6))
fig.get_layout_engine().set(w_pad=0.12)
plots.curves(widths, counted, "width of each of the 8 layers", "multiplications", logarithmic="xy", ax=left)
plots.curves(widths, measured, "width of each of the 8 layers", "time (s)", logarithmic="xy", ax=right)
for ax in (left, right):
    ax.set_xscale("log", base=2)
plt.show()
more, longer = (x["forward order"][-1] / x["reverse order"][-1] for x in (counted, measured))
print(f"width {widths[-1]}: forward order takes {more:,.0f} times the products, {longer:,.0f} times the time")

# %% [markdown]
# ## Written question 1: why is backpropagation efficient?
# *Difficulty 3 of 5 · about 20 minutes · 4 points*
#
# Let $\theta$ be all the entries of $\alpha$ and $\beta$ together, $\theta_i$ one of them. Somebody
# proposes to compute each $\partial J / \partial \theta_i$ on its own: for every single parameter
# $\theta_i$, write the chain rule from $J$ down to $\theta_i$ and evaluate it. Explain why
# backpropagation gets all of them for about twice the price of a forward pass. Say **what is reused**:
# once from the forward pass, and once on the way back, with an example of each from the network of this
# notebook. Then name a function for which the forward order of exercise 6 is the better one, and say what
# all this costs in memory. About 150 words.

# %% [markdown] written="why_efficient" points=4
# ### BEGIN SOLUTION
# Every derivative below a quantity contains the derivative of $J$ with respect to that quantity as a
# factor. All chain rules from $J$ to the entries of $\alpha$ begin with the same
# $g_{\hat y}, g_b, g_z, g_a$. Backpropagation computes each of these once and stores it, where the proposal
# computes it anew for each of the $D(1 + I)$ parameters of $\alpha$; with several paths from a parameter to
# $J$ it would even walk each path, and their number can grow exponentially with depth.
#
# From the forward pass the values are reused: the slope of the sigmoid, $z(1 - z)$, and
# $g_\beta = g_b^T [1, z]$ both use the stored $z$, so no value is computed twice.
#
# Because $J$ is one number, the running product is always a row (per example), never a matrix. Each layer
# costs one vector-matrix product for its input and one for its weights: about two times the forward pass,
# for all parameters together.
#
# With few inputs and many outputs, such as the whole path of a projectile as a function of its one
# launching angle, forward order is better: its running product is a single column.
#
# The price is memory: all intermediates of the forward pass must be kept until the way back has used them.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# - 1 point: the gradient of an intermediate ($g_b$, $g_a$, ...) is computed once and shared by everything
#   below it, with an example.
# - 1 point: values of the forward pass are stored and reused ($z$, $\hat y$, $x$), with an example.
# - 1 point, half for each: $J$ is a scalar, so products from the left are vector times matrix (a cost like the
#   forward pass, whatever the number of parameters); a function with few inputs and many outputs is named for
#   forward order.
# - 1 point: the memory for the intermediates grows with the depth (and the batch).
# - Half a point off where an example is missing. "It uses the chain rule" alone earns nothing: so does the
#   proposal.
# ### END MARK SCHEME

# %% [markdown]
# # Part 4: checking a gradient, and following it
#
# ## Exercise 7: finite differences
# *Difficulty 2 of 5 · about 15 minutes · 2 points*
#
# There is a way to a derivative that needs no calculus, only the function: move one entry of $x$ a little
# to both sides,
#
# $$\frac{\partial f}{\partial x_i} \approx
# \frac{f(x + \varepsilon e_i) - f(x - \varepsilon e_i)}{2 \varepsilon},$$
#
# where $e_i$ is 1 at entry $i$ and 0 elsewhere. It is far too slow to train with, two calls of $f$ for
# every entry, but it is the judge of every gradient written by hand. Moving to *both* sides makes the error
# proportional to $\varepsilon^2$; with the one-sided $(f(x + \varepsilon e_i) - f(x)) / \varepsilon$ it
# would be proportional to $\varepsilon$.
#
# Work in float64, whatever the type of `x`: added to an integer, a step of $10^{-5}$ is lost.
#
# <details><summary>Hint 1: what must be true of x when entry number two has its turn?</summary>
#
# Only entry number two differs from the original. Either put the first one back, or start from a fresh
# copy.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# For every index of `x` (`np.ndindex` runs through the indices of any shape): one copy with this entry
# moved up, one with it moved down; the difference of the two values of `f`, divided by the distance between
# the two.
#
# </details>
# <details><summary>Hint 3: if every entry of the result is 0</summary>
#
# A copy of an integer array is an integer array. `np.array(x, dtype=float)` copies and converts.
#
# </details>

# %% answer="finite_difference"
def finite_difference(f, x, eps=1e-5):
    """The gradient of a scalar function by central differences, in float64.

    f: takes an array of x's shape, returns a number. x: an array of any shape, left unchanged. eps: the step.
    Returns an array of x's shape. Calls f twice per entry.
    """
    ### BEGIN SOLUTION
    gradient = np.zeros(np.shape(x))
    for index in np.ndindex(gradient.shape):
        up, down = np.array(x, dtype=float), np.array(x, dtype=float)
        up[index] += eps
        down[index] -= eps
        gradient[index] = (f(up) - f(down)) / (2 * eps)
    return gradient
    ### END SOLUTION

# %% test="finite_difference" points=1
import numpy as np
import torch
from nextword import checks


def test_finite_difference():
    rng = np.random.default_rng(19)
    x, c, points = rng.normal(size=(3, 2)), rng.normal(size=(3, 2)), []

    def cubic(x):
        points.append(np.array(x))
        return float((c * x**3).sum())

    leaf = torch.tensor(x, requires_grad=True)
    (torch.tensor(c) * leaf**3).sum().backward()
    check = checks.of(finite_difference)
    eps = 0.1                                             # so large that the error of the method itself shows
    check.call(cubic, x, eps).close_to(c * (3 * x**2 + eps**2), mistakes={
        "the difference is one-sided, from x to x + eps": c * (3 * x**2 + 3 * x * eps + eps**2),
        "the difference is one-sided, from x - eps to x": c * (3 * x**2 - 3 * x * eps + eps**2),
        "eps is not used: the step is always the same": leaf.grad,
        "the sign is wrong: f(x + eps) comes first": -c * (3 * x**2 + eps**2),
        "all entries are moved at once instead of one after the other":
            np.full_like(x, (c * (3 * x**2 + eps**2)).sum()),
        "a whole row is moved at once: x[i] of a matrix is a row, an entry has two indices":
            np.repeat((c * (3 * x**2 + eps**2)).sum(1, keepdims=True), 2, axis=1),
        "you divide by eps instead of 2 eps, the distance between the two points": 2 * c * (3 * x**2 + eps**2)})
    others = [p.shape for p in points if p.shape != x.shape]
    check.holds(not others, "f was called with an array of shape {}; it must be of the shape of x, {}.",
                *others[:1], x.shape)
    most = max(int(np.sum(p != x)) for p in points)
    check.holds(most == 1, "f was called at a point where {} entries of x had been moved: "
                "put an entry back before the next one has its turn.", most)
    check.call(cubic, x).close_to(leaf.grad, rtol=1e-7, atol=1e-8)
    return check


test_finite_difference().passed()

# %% hidden="finite_difference" points=1
# Vectors, three axes and integers; float32; functions in which the entries interact; and how often, and at
# which points, f is called.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(20)
check = checks.of(finite_difference)
for x in (rng.normal(size=4), rng.normal(size=(2, 3, 2)), rng.integers(-3, 4, size=(2, 3)),
          rng.normal(size=(3, 2)).astype(np.float32)):
    c = rng.normal(size=x.size)
    leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    torch.logsumexp(leaf.flatten() ** 2 * torch.tensor(c), 0).backward()
    visited = []

    def f(v, c=c, visited=visited):
        visited.append(np.array(v))
        v = torch.tensor(v, dtype=torch.float64)
        return torch.logsumexp(v.flatten() ** 2 * torch.tensor(c), 0).item()

    outcome = check.call(f, x, 1e-4)
    outcome.value                                     # a call that failed is reported first
    others = [p.shape for p in visited if p.shape != x.shape]
    check.holds(not others, "f was called with an array of shape {}; it must be of the shape of x, {}.",
                *others[:1], x.shape)
    most = max([int(np.sum(np.asarray(p, dtype=float) != x)) for p in visited], default=1)
    check.holds(most <= 1, "f was called at a point where {} entries of x had been moved: "
                "put an entry back before the next one has its turn.", most)
    outcome.close_to(leaf.grad, rtol=1e-6, atol=1e-6, mistakes={
        "x keeps its integer type, in which the step is lost": np.zeros(x.shape)})
    check.holds(len(visited) == 2 * x.size, "For {} entries f must be called {} times, not {} times.",
                x.size, 2 * x.size, len(visited))
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### How small a step?
#
# Two errors pull in opposite directions. The method's own error shrinks like $\varepsilon^2$. But the two
# values of $f$ are rounded, each by about $\mu |f|$ with $\mu = 10^{-16}$ in float64 and $\mu = 6 \cdot 10^{-8}$
# in float32, and the difference of two almost equal numbers, divided by a small $2 \varepsilon$, turns that
# into an error of about $\mu |f| / \varepsilon$. The sum of both is a V, lowest in the neighbourhood of
# $\varepsilon = \mu^{1/3}$: about $10^{-5}$ in float64, and about $10^{-2}$ in float32, where four digits of
# the gradient come out right at best. Check gradients in float64.
#
# *Alternative text: the largest error of the gradient over the step, both axes logarithmic, steps from
# 1e-12 to 1. Two V-shaped curves. In float64 the lowest point is an error of about 1e-11 at a step of about
# 1e-5. In float32 it is about 1e-5 at a step of about 1e-2, and left of 1e-7 the curve is flat: the step is
# lost altogether. Dotted grey lines show the slopes of both arms.*

# %% figure="v_shape"
import matplotlib.pyplot as plt
from nextword import plots


def f64(v):
    return np.log(np.exp(v).sum())


def f32(v):
    return np.log(np.exp(v.astype(np.float32)).sum())


v = np.random.default_rng(0).normal(size=20)
exact = np.exp(v) / np.exp(v).sum()                       # the gradient of log(sum(exp(v)))
steps = np.logspace(-12, 0, 49)
errors = {name: [np.abs(finite_difference(f, v, eps) - exact).max() for eps in steps]
          for name, f in (("float64", f64), ("float32", f32))}
for name, values in errors.items():
    print(f"{name}: smallest error {min(values):.1e}, at a step of {steps[np.argmin(values)]:.0e}")
with plt.rc_context(plots.STYLE):
    _, ax = plt.subplots(figsize=(6.8, 4.2))
plots.curves(steps, errors, r"step $\varepsilon$", "largest error of the gradient", logarithmic="xy", ax=ax)
low, high = steps[steps < 1e-5], steps[steps > 1e-4]
for part, guide, name, side in ((low, 3e-17 / low, r"$\propto 1 / \varepsilon$", -1),
                                (high, 0.005 * high**2, r"$\propto \varepsilon^2$", 1)):
    ax.plot(part, guide, ":", color=plots.GREY, linewidth=1.5)
    ax.annotate(name, (part[len(part) // 2], guide[len(part) // 2]), xytext=(8 * side, -6), va="top",
                ha="left" if side > 0 else "right", textcoords="offset points", color=plots.GREY)
ax.legend()
plt.show()

# %% [markdown]
# ## Exercise 8: mini-batches
# *Difficulty 2 of 5 · about 20 minutes · 2 points*
#
# The loss of a corpus is a mean over all its examples, and so is its gradient. A **mini-batch** of a few
# examples gives an estimate of it for a fraction of the work, and as one matrix product for all of them.
# Three short functions:
#
# * `batch_shapes`: every shape of the network, written down;
# * `per_example_gradients`: with the rows $g_n$ and $x_n$ of `g` and `x`, example $n$ alone has the gradient
#   $g_n^T\,[1, x_n]$, a column times a row, of shape $(O, 1 + I)$. All of them make one array of shape
#   $(B, O, 1 + I)$;
# * `mean_gradient`: their mean over the examples, $\frac{1}{B}\sum_n g_n^T\,[1, x_n]$, but without that array:
#   the sum over $n$ of outer products *is* a product of two matrices.
#
# Here row $n$ of `g` is the gradient of the loss of example $n$ *alone*, without a factor of $1/B$.
#
# <details><summary>Hint 1: what is the sum over n of a product of two things that carry an n?</summary>
#
# $\sum_n g_{no}\, x_{ni}$ is entry $(o, i)$ of $g^T x$. In `nn_backward` the batch was summed in exactly
# this place.
#
# </details>
# <details><summary>Hint 2: all outer products at once</summary>
#
# Broadcasting: $(B, O, 1)$ times $(B, 1, 1 + I)$. Or `np.einsum("no,ni->noi", ...)`.
#
# </details>
# <details><summary>Hint 3: if only some shapes of batch_shapes are wrong</summary>
#
# A gradient has the shape of what it belongs to. $J$ is a number: its shape is `()`.
#
# </details>

# %% answer="minibatch"
def batch_shapes(B, I, D, K):
    """The shapes, as tuples, of what nn_forward and nn_backward take and return for a batch of B examples.

    Returns a dict: "x", "y", "alpha", "beta", "a", "z", "b", "y_hat", "J",
    and "g_y_hat", "g_b", "g_beta", "g_z", "g_a", "g_alpha".
    """
    ### BEGIN SOLUTION
    shapes = {"x": (B, I), "y": (B, K), "alpha": (D, 1 + I), "beta": (K, 1 + D),
              "a": (B, D), "z": (B, D), "b": (B, K), "y_hat": (B, K), "J": ()}
    return shapes | {"g_" + name: shapes[name] for name in ("y_hat", "b", "beta", "z", "a", "alpha")}
    ### END SOLUTION


def per_example_gradients(x, g):
    """The gradient of a linear layer's weights for every example on its own.

    x: (B, I). g: (B, O), row n the gradient of example n's own loss for the layer's result.
    Returns (B, O, 1 + I).
    """
    ### BEGIN SOLUTION
    x1 = np.hstack([np.ones((len(x), 1)), x])
    return g[:, :, None] * x1[:, None, :]
    ### END SOLUTION


def mean_gradient(x, g):
    """The mean over the examples of per_example_gradients(x, g), without forming them. Returns (O, 1 + I)."""
    ### BEGIN SOLUTION
    return g.T @ np.hstack([np.ones((len(x), 1)), x]) / len(x)
    ### END SOLUTION

# %% test="minibatch" points=1
import numpy as np
import torch
from nextword import checks


def test_minibatch():
    B, I, D, K = 4, 5, 3, 2
    first, second, t = torch.nn.Linear(I, D), torch.nn.Linear(D, K), {"x": torch.rand(B, I), "y": torch.rand(B, K)}
    for name, layer in (("alpha", first), ("beta", second)):
        t[name] = torch.cat([layer.bias[:, None], layer.weight], dim=1)
    t["a"] = first(t["x"])
    t["z"] = torch.sigmoid(t["a"])
    t["b"] = second(t["z"])
    t["y_hat"] = torch.softmax(t["b"], dim=1)
    t["J"] = torch.nn.functional.cross_entropy(t["b"], t["y"])
    shapes = {name: tuple(value.shape) for name, value in t.items()}
    shapes |= {"g_" + name: shape for name, shape in shapes.items() if name not in ("x", "y", "J")}
    shorter = {name: (size[0], size[1] - 1) for name, size in shapes.items() if name.endswith(("alpha", "beta"))}
    check = checks.of(batch_shapes)
    check.call(B, I, D, K).equals(shapes, mistakes={
        "J is given the shape of a vector: that of a number is (), the empty tuple": shapes | {"J": (1,)},
        "J is given a number, but a shape is a tuple, and that of a number is ()": shapes | {"J": 1},
        "J has an entry per example, but it is one number, their mean": shapes | {"J": (B,)},
        "the biases are missing in the shapes of the parameters and their gradients": shapes | shorter})
    check.passed()
    rng = np.random.default_rng(21)
    x, g = rng.normal(size=(B, I)), rng.normal(size=(B, K))
    w = torch.zeros(B, K, 1 + I, dtype=torch.float64, requires_grad=True)   # a copy of the weights per example
    x1 = torch.cat([torch.ones(B, 1), torch.tensor(x)], dim=1)
    each = torch.autograd.grad(torch.einsum("noi,ni->no", w, x1), w, torch.tensor(g))[0].numpy()
    check = checks.of(per_example_gradients)
    check.call(x, g).close_to(each, mistakes={
        "the two last axes are swapped": each.transpose(0, 2, 1),
        "the gradient of the biases is missing": each[:, :, 1:],
        "every example is divided by B, but nothing is averaged yet": each / B})
    check.passed()
    check = checks.of(mean_gradient)
    check.call(x, g).close_to(each.mean(0), mistakes={
        "the examples are added up instead of averaged": each.sum(0),
        "the mean runs over all numbers of g, not over the examples": each.sum(0) / g.size,
        "the gradient is transposed": each.mean(0).T})
    return check


test_minibatch().passed()

# %% hidden="minibatch" points=1
# Other sizes, a batch of one example, equal sizes, and a batch whose per-example gradients would not fit into
# the memory that an answer has.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(22)
size, one, mean = checks.of(batch_shapes), checks.of(per_example_gradients), checks.of(mean_gradient)
for B, I, D, K in ((1, 4, 2, 3), (6, 2, 7, 5), (3, 3, 3, 3)):
    shapes = {"x": (B, I), "y": (B, K), "alpha": (D, 1 + I), "beta": (K, 1 + D), "a": (B, D), "z": (B, D),
              "b": (B, K), "y_hat": (B, K), "J": ()}
    shapes |= {"g_" + name: shapes[name] for name in ("y_hat", "b", "beta", "z", "a", "alpha")}
    size.call(B, I, D, K).equals(shapes)
    x, g = rng.normal(size=(B, I)), rng.normal(size=(B, D))
    w = torch.zeros(B, D, 1 + I, dtype=torch.float64, requires_grad=True)
    x1 = torch.cat([torch.ones(B, 1), torch.tensor(x)], dim=1)
    each = torch.autograd.grad(torch.einsum("noi,ni->no", w, x1), w, torch.tensor(g))[0].numpy()
    one.call(x, g).close_to(each, mistakes={
        "the two last axes are swapped": each.transpose(0, 2, 1),
        "the gradient of the biases comes last instead of first": np.roll(each, -1, axis=2)})
    mean.call(x, g).close_to(each.mean(0), mistakes={
        "the examples are added up instead of averaged": each.sum(0),
        "the gradient is transposed": each.mean(0).T,
        "the mean runs over all numbers of g, not over the examples": each.sum(0) / g.size})
x, g = rng.normal(size=(3000, 300)), rng.normal(size=(3000, 250))          # per-example gradients: 1.8 GB
x1 = torch.cat([torch.ones(3000, 1), torch.tensor(x)], dim=1)
mean.call(x, g).close_to(torch.tensor(g).T @ x1 / 3000)
for check in (size, one, mean):
    check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 9a: stochastic gradient descent
# *Difficulty 2 of 5 · about 15 minutes · 2 points*
#
# The next two exercises are two algorithms of the lectures. Both walk against the gradient with steps of
# size $\eta$, the **learning rate**; one pass over all $N$ examples is an **epoch**, of which there are
# $E$. With $J_i$ the loss of example $i$ alone, $\theta$ all parameters together, and $\nabla
# J_i(\theta)$ the gradient of $J_i$ with respect to $\theta$:
#
# | 9a: SGD | 9b: mini-batch SGD |
# |---|---|
# | in every epoch, a new shuffle of $1 \dots N$ | once: divide $1 \dots N$ into batches $S_1 \dots S_M$ |
# | for each $i$ of the shuffle, in its order | in every epoch, for each batch $S_m$, in their order |
# | $g = \nabla J_i(\theta)$ | $g = \frac{1}{\lvert S_m \rvert} \sum_{i \in S_m} \nabla J_i(\theta)$ |
# | $\theta \leftarrow \theta - \eta\, g$ | $\theta \leftarrow \theta - \eta\, g$ |
# | at the end of the epoch, the mean loss $J(\theta)$ | at the end of the epoch, the mean loss $J(\theta)$ |
#
# Chance stays outside: the shuffles and the batches are handed in, so the result is the same on every
# machine, and after 50 steps your parameters must be PyTorch's to nine digits. The parameters are a dict of
# arrays, such as `{"alpha": ..., "beta": ...}`; the functions `gradient` and `loss` take such a dict.
# Return new arrays, and leave the ones you were given as they are: whoever handed them in may want to start
# from them again.
#
# <details><summary>Hint 1: how often is the loss asked for?</summary>
#
# Once per epoch, when the epoch is over. The gradient is asked for at every step, at the parameters of that
# moment.
#
# </details>
# <details><summary>Hint 2: pseudo-code for a step</summary>
#
# Ask once for the gradients (a dict); the new dict of parameters has, under every name, the old array minus
# eta times the gradient of the same name.
#
# </details>
# <details><summary>Hint 3: if the check says that an input was changed in place</summary>
#
# `theta[name] -= ...` writes into the array that you were given.
# `theta = {name: theta[name] - ... for name in theta}` makes new ones.
#
# </details>

# %% answer="sgd"
def sgd(gradient, loss, theta, shuffles, eta):
    """Stochastic gradient descent, one example per step.

    gradient: gradient(theta, i) is a dict of the gradients of example i's loss.
    loss: loss(theta) is the mean loss of all examples, in nats.
    theta: dict of arrays. shuffles: E lists, each the N indices of the examples. eta: the learning rate.
    Returns (theta, losses): the last parameters, and a list of the mean loss after each epoch.
    """
    ### BEGIN SOLUTION
    losses = []
    for shuffle in shuffles:
        for i in shuffle:
            g = gradient(theta, i)
            theta = {name: theta[name] - eta * g[name] for name in theta}
        losses.append(loss(theta))
    return theta, losses
    ### END SOLUTION

# %% test="sgd" points=1
import numpy as np
import torch
from nextword import checks


def test_sgd():
    # J_i is half the squared distance of theta from a point of its own, so a step goes the part eta of the way
    # to point i. Where n steps lead is then known in closed form. (The hidden test has a network, and PyTorch.)
    rng = np.random.default_rng(23)
    points = {"alpha": torch.tensor(rng.normal(size=(10, 5, 3))), "beta": torch.tensor(rng.normal(size=(10, 4)))}
    theta = {"alpha": rng.normal(size=(5, 3)), "beta": rng.normal(size=4)}

    def distance_gradient(theta, i):
        return {name: theta[name] - points[name][i].numpy() for name in theta}

    def mean_loss(theta):
        return sum(((torch.tensor(theta[name]) - points[name]) ** 2).sum().item() for name in theta) / 20

    def after(order, eta):
        fades = torch.tensor((1 - eta) ** np.arange(len(order))[::-1])       # what later steps leave of each
        return {name: ((1 - eta) ** len(order) * torch.tensor(theta[name])
                       + eta * torch.tensordot(fades, points[name][order], 1)).numpy() for name in theta}

    def expected(orders, eta=0.1):
        ends = [after(sum(orders[:n], []), eta) for n in range(1, len(orders) + 1)]
        return ends[-1], [mean_loss(end) for end in ends]

    shuffles = [rng.permutation(10).tolist() for _ in range(5)]
    check = checks.of(sgd)
    outcome = check.call(distance_gradient, mean_loss, theta, shuffles, 0.1)
    outcome.close_to(expected(shuffles), rtol=1e-9, mistakes={
        "the step goes up instead of down: subtract eta times the gradient": lambda: expected(shuffles, -0.1),
        "the shuffles are not followed: the examples are taken from 0 to N - 1":
            lambda: expected([list(range(10))] * 5),
        "the first shuffle is used in every epoch": lambda: expected(shuffles[:1] * 5)})
    return check


test_sgd().passed()

# %% hidden="sgd" points=1
# Fifty steps with other sizes, with parameters of other names and one that is a single number, and the losses of
# every epoch.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(24)
x, y = torch.tensor(rng.normal(size=(10, 4))), torch.tensor(rng.normal(size=(10, 3)))
theta = {"w": rng.normal(size=(3, 4)), "bias": rng.normal(size=3), "scale": np.array(0.7)}


def torch_loss(theta, i):
    output = theta["scale"] * torch.tanh(x[i] @ theta["w"].T + theta["bias"])
    return ((output - y[i]) ** 2).sum(-1).mean()


def torch_gradient(theta, i):
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in theta.items()}
    found = torch.autograd.grad(torch_loss(leaves, i), list(leaves.values()))
    return {name: g.numpy() for name, g in zip(leaves, found, strict=True)}


def torch_mean_loss(theta):
    return torch_loss({name: torch.tensor(value) for name, value in theta.items()}, slice(None)).item()


def torch_descend(orders, eta=0.1, early=False, stale=False):
    parameters, losses = theta, []
    for order in orders:
        start = parameters
        losses += [torch_mean_loss(parameters)] * early
        for i in order:
            g = torch_gradient(start if stale else parameters, i)
            parameters = {name: parameters[name] - eta * g[name] for name in parameters}
        losses += [torch_mean_loss(parameters)] * (not early)
    return parameters, losses


shuffles = [rng.permutation(10).tolist() for _ in range(5)]
check = checks.of(sgd)
check.call(torch_gradient, torch_mean_loss, theta, shuffles, 0.1).close_to(torch_descend(shuffles), rtol=1e-9, mistakes={
    "the loss is evaluated before each epoch instead of after it": lambda: torch_descend(shuffles, early=True),
    "the first shuffle is used in every epoch": lambda: torch_descend(shuffles[:1] * 5),
    "all gradients of an epoch are taken at the parameters it began with":
        lambda: torch_descend(shuffles, stale=True),
    "the shuffles are not followed: the examples are taken from 0 to N - 1":
        lambda: torch_descend([range(10)] * 5),
    "the step goes up instead of down": lambda: torch_descend(shuffles, -0.1)})
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 9b: mini-batch SGD
# *Difficulty 3 of 5 · about 15 minutes · 2 points*
#
# The right column of the table above. A batch gives *one* step, along the mean of its examples' gradients.
# The batches are of different sizes, as the last batch of a corpus nearly always is.
#
# <details><summary>Hint 1: at which parameters are the gradients of one batch taken?</summary>
#
# All of them at the same $\theta$. Only then comes the step. If every example of the batch moves $\theta$
# by itself, it is SGD again.
#
# </details>
# <details><summary>Hint 2: pseudo-code for a step</summary>
#
# Collect the gradients of all examples of the batch, a list of dicts. For every name: the old array minus
# eta times the sum of the gradients of that name, divided by how many there are.
#
# </details>
# <details><summary>Hint 3: if only batches of some sizes come out right</summary>
#
# Divide by the size of *this* batch: not of the first, and not by the number of all examples.
#
# </details>

# %% answer="minibatch_sgd"
def minibatch_sgd(gradient, loss, theta, batches, epochs, eta):
    """Mini-batch stochastic gradient descent, one batch per step.

    gradient: gradient(theta, i) is a dict of the gradients of example i's loss.
    loss: loss(theta) is the mean loss of all examples, in nats. theta: dict of arrays.
    batches: a list of lists of indices, the same in every epoch. epochs: E. eta: the learning rate.
    Returns (theta, losses): the last parameters, and a list of the mean loss after each epoch.
    """
    ### BEGIN SOLUTION
    losses = []
    for _ in range(epochs):
        for batch in batches:
            gradients = [gradient(theta, i) for i in batch]
            theta = {name: theta[name] - eta * sum(g[name] for g in gradients) / len(batch) for name in theta}
        losses.append(loss(theta))
    return theta, losses
    ### END SOLUTION

# %% test="minibatch_sgd" points=1
import numpy as np
import torch
from nextword import checks


def test_minibatch_sgd():
    # Again J_i is half the squared distance from point i: a step goes the part eta of the way to a batch's mean.
    rng = np.random.default_rng(31)
    points = {"alpha": torch.tensor(rng.normal(size=(10, 5, 3))), "beta": torch.tensor(rng.normal(size=(10, 4)))}
    theta = {"alpha": rng.normal(size=(5, 3)), "beta": rng.normal(size=4)}

    def distance_gradient(theta, i):
        if np.ndim(i):
            raise ValueError("gradient(theta, i) takes the index of one example, not a batch")
        return {name: theta[name] - points[name][int(i)].numpy() for name in theta}

    def mean_loss(theta):
        return sum(((torch.tensor(theta[name]) - points[name]) ** 2).sum().item() for name in theta) / 20

    def after(steps, parts):
        stays = 1 - torch.tensor(parts, dtype=torch.float64)                 # each step goes this part of the way
        fades = torch.cat([stays.flip(0).cumprod(0).flip(0)[1:], torch.ones(1)])
        return {name: (stays.prod() * torch.tensor(theta[name]) + sum(
            f * p * points[name][s].mean(0) for f, p, s in zip(fades, parts, steps))).numpy() for name in theta}

    def expected(batches, epochs, part=lambda size: 0.1):
        parts = [part(len(batch)) for batch in batches]
        ends = [after(batches * n, parts * n) for n in range(1, epochs + 1)]
        return ends[-1], [mean_loss(end) for end in ends]

    batches = [[3, 1, 7, 9], [0, 8], [2, 5, 4], [6]]
    check = checks.of(minibatch_sgd)
    outcome = check.call(distance_gradient, mean_loss, theta, batches, 12, 0.1)
    outcome.close_to(expected(batches, 12), rtol=1e-9, mistakes={
        "every example moves the parameters by itself: a batch takes all its gradients at the same parameters":
            lambda: expected([[i] for batch in batches for i in batch], 12),
        "the gradients of a batch are added up instead of averaged":
            lambda: expected(batches, 12, lambda size: 0.1 * size),
        "you divide by the size of the first batch instead of this one":
            lambda: expected(batches, 12, lambda size: size / 40),
        "you divide by the number of all examples instead of those in the batch":
            lambda: expected(batches, 12, lambda size: size / 100),
        "the step goes up instead of down: subtract eta times the gradient":
            lambda: expected(batches, 12, lambda size: -0.1),
        "the batches are gone through only once": lambda: expected(batches, 1)})
    return check


test_minibatch_sgd().passed()

# %% hidden="minibatch_sgd" points=1
# Fifty steps with other sizes and parameters of other names; the losses of every epoch; batches of one example.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(32)
x, y = torch.tensor(rng.normal(size=(10, 4))), torch.tensor(rng.normal(size=(10, 3)))
theta = {"w": rng.normal(size=(3, 4)), "bias": rng.normal(size=3), "scale": np.array(0.7)}


def torch_loss(theta, i):
    output = theta["scale"] * torch.tanh(x[i] @ theta["w"].T + theta["bias"])
    return ((output - y[i]) ** 2).sum(-1).mean()


def torch_gradient(theta, i):
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in theta.items()}
    found = torch.autograd.grad(torch_loss(leaves, i), list(leaves.values()))
    return {name: g.numpy() for name, g in zip(leaves, found, strict=True)}


def torch_mean_loss(theta):
    return torch_loss({name: torch.tensor(value) for name, value in theta.items()}, slice(None)).item()


def torch_gradient_of_one(theta, i):
    if np.ndim(i):
        raise ValueError("gradient(theta, i) takes the index of one example, not a batch")
    return torch_gradient(theta, int(i))


def torch_descend(epochs, weigh=lambda batch: 0.1, early=False):
    parameters, losses = theta, []
    for batches in epochs:
        losses += [torch_mean_loss(parameters)] * early
        for batch in batches:
            g = torch_gradient(parameters, batch)
            parameters = {name: parameters[name] - weigh(batch) * g[name] for name in parameters}
        losses += [torch_mean_loss(parameters)] * (not early)
    return parameters, losses


order = rng.permutation(10).tolist()
batches = [order[:4], order[4:5], order[5:8], order[8:9], order[9:]]
check = checks.of(minibatch_sgd)
check.call(torch_gradient_of_one, torch_mean_loss, theta, batches, 10, 0.1).close_to(torch_descend([batches] * 10), rtol=1e-9, mistakes={
    "the gradients of a batch are added up instead of averaged":
        lambda: torch_descend([batches] * 10, lambda batch: 0.1 * len(batch)),
    "you divide by the number of all examples instead of those in the batch":
        lambda: torch_descend([batches] * 10, lambda batch: 0.1 * len(batch) / 10),
    "you divide by the size of the first batch instead of this one":
        lambda: torch_descend([batches] * 10, lambda batch: 0.1 * len(batch) / len(batches[0])),
    "every example moves the parameters by itself: a batch takes all its gradients at the same parameters":
        lambda: torch_descend([[[i] for i in order]] * 10),
    "the loss is evaluated before each epoch instead of after it":
        lambda: torch_descend([batches] * 10, early=True)})
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# # Part 5: finding a wrong line
#
# ## Exercise 10a: a gradient check
# *Difficulty 3 of 5 · about 20 minutes · 2 points*
#
# Two calls of the loss for *every* parameter are too many for a network. One random direction is enough:
# for a quantity $v$ with gradient $g_v$ and a direction $d$ of the same shape, the derivative of $J$ along
# $d$ can be had in two ways,
#
# $$\frac{J(v + \varepsilon d) - J(v - \varepsilon d)}{2 \varepsilon} \approx \sum_j g_{v,j}\, d_j,$$
#
# two calls of the loss for all entries together. If one entry of $g_v$ is wrong, the two sides disagree,
# unless $d$ happens to be orthogonal to the error, which a random $d$ practically never is. (A direction of
# all ones is orthogonal to a great many errors.)
#
# And $v$ need not be a parameter: handing the loss a changed $z$, and computing anew only what comes
# *after* it, checks $g_z$. So the check can say *which* gradient is wrong. With $\ell$ the left side and
# $r$ the right side, call $g_v$ wrong if
#
# * it does not have the shape of $v$, or
# * $|\ell - r|$ is **not** at most $\text{tolerance} \cdot \max(1, |\ell|)$.
#
# <details><summary>Hint 1: what does nan do in a comparison?</summary>
#
# Every comparison with nan is false, `nan > 1e-6` as well. A check that asks "is the difference too large?"
# lets nan pass.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# For every name in `values`: get the gradient; if its shape is not the value's, note the name and go on.
# Else compute both sides and note the name unless they are close.
#
# </details>
# <details><summary>Hint 3: if a transposed gradient is not found</summary>
#
# NumPy broadcasts: (3, 1) times (1, 3) is a (3, 3) and no error. Compare the shapes before you multiply.
#
# </details>

# %% answer="gradient_check"
def gradient_check(loss, values, gradients, directions, eps=1e-5, tolerance=1e-6):
    """The names of the quantities whose gradient is wrong, by one central difference along a direction each.

    loss: loss(name, value) is J with the quantity `name` replaced by `value`.
    values, gradients, directions: dicts with the same names: a quantity, the gradient to check, a direction.
    Returns a list of names, in the order of `values`; an empty list if all is well.
    """
    ### BEGIN SOLUTION
    wrong = []
    for name, value in values.items():
        g, step = np.asarray(gradients[name]), eps * directions[name]
        if g.shape != np.shape(value):
            wrong.append(name)
            continue
        left = (loss(name, value + step) - loss(name, value - step)) / (2 * eps)
        right = np.sum(g * directions[name])
        if not abs(left - right) <= tolerance * max(1.0, abs(left)):
            wrong.append(name)
    return wrong
    ### END SOLUTION

# %% test="gradient_check" points=1
import numpy as np
import torch
from nextword import checks


def test_gradient_check():
    rng = np.random.default_rng(25)
    values = {"z": rng.normal(size=(3, 4)), "beta": rng.normal(size=(2, 4)), "b": rng.normal(size=(3, 2))}
    directions = {name: rng.normal(size=v.shape) for name, v in values.items()}

    def torch_loss(name, value):
        t = {n: torch.as_tensor(v) for n, v in values.items()} | {name: torch.as_tensor(value)}
        return torch.logsumexp(t["b"] if name == "b" else t["z"] @ t["beta"].T, dim=1).square().mean()

    def changed_loss(name, value):
        return torch_loss(name, value).item()

    right = {}
    for name, value in values.items():
        leaf = torch.tensor(value, requires_grad=True)
        right[name] = torch.autograd.grad(torch_loss(name, leaf), leaf)[0].numpy()
    check = checks.of(gradient_check)
    check.call(changed_loss, values, right, directions).equals([], mistakes={
        "right gradients are called wrong, as if the 2 of 2 eps or the direction were missing on one side":
            list(values)})
    check.call(changed_loss, values, right | {"z": right["z"] * 1.01}, directions).equals(["z"], mistakes={
        "a gradient that is 1 percent too large passes": []})
    broken = right | {"beta": right["beta"].T, "b": right["b"] * np.nan}
    check.call(changed_loss, values, broken, directions).equals(["beta", "b"], mistakes={
        "a gradient that is nan passes: every comparison with nan is false": ["beta"]})
    return check


test_gradient_check().passed()

# %% hidden="gradient_check" points=1
# One wrong entry among many, rows exchanged, shapes that broadcast, infinity, small and large gradients,
# another eps and tolerance, and at which points the loss is asked for.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(26)
shapes = {"w": (4, 4), "v": (1, 5), "u": (6, 3), "s": ()}
values = {name: np.asarray(rng.normal(size=shape)) for name, shape in shapes.items()}
weights = {name: 1 + rng.random(v.shape) for name, v in values.items()}
directions = {name: np.asarray(rng.normal(size=v.shape)) for name, v in values.items()}
visited = []


def changed_loss(name, value):
    visited.append((name, np.array(value, dtype=float)))
    return float((weights[name] * torch.as_tensor(np.asarray(value)).sin().numpy()).sum())


right = {name: weights[name] * torch.cos(torch.as_tensor(v)).numpy() for name, v in values.items()}
spoilt = right["u"].copy()
spoilt[4, 1] += 0.001
check = checks.of(gradient_check)
names = list(values)
check.call(changed_loss, values, right, directions).equals([], mistakes={"right gradients are called wrong": names})
others = [(name, value.shape, shapes[name]) for name, value in visited if value.shape != shapes[name]]
check.holds(not others, "The loss was called for {} with a value of shape {}; it must have "
            "the shape of its quantity, {}.", *(others[0] if others else ()))
points = [(name, values[name] + sign * 1e-5 * directions[name]) for name in names for sign in (1, -1)]
met = [any(n == m and np.allclose(p, q, rtol=0, atol=1e-12) for m, q in visited) for n, p in points]
check.holds(len(visited) == len(points) and all(met), "For every quantity the loss is needed at two points: "
            "value + eps * direction and value - eps * direction.")
infinite = np.where(right["w"] == right["w"][2, 1], np.inf, right["w"])
for changed, wrong in (
    ({"u": spoilt}, ["u"]), ({"w": right["w"][::-1]}, ["w"]), ({"w": right["w"].T}, ["w"]),
    ({"v": right["v"].T}, ["v"]), ({"v": right["v"][0]}, ["v"]), ({"u": 0 * right["u"]}, ["u"]),
    ({"s": -right["s"], "u": right["u"] / 6}, ["u", "s"]), ({"w": right["w"] * (1 + 1e-10)}, []),
    ({"w": infinite, "s": right["s"] * np.nan}, ["w", "s"]),
):
    fits = {n for n in wrong if changed[n].shape == values[n].shape}
    seen = {n for n in wrong if not abs(changed[n].sum() - right[n].sum()) < 1e-6}
    check.call(changed_loss, values, right | changed, directions).equals(wrong, mistakes={
        "a direction of all ones is used, which sees only the sum of the errors":
            [n for n in wrong if n in seen or n not in fits],
        "a gradient of another shape passes, because NumPy broadcasts": [n for n in wrong if n in fits],
        "nan passes: every comparison with nan is false":
            [n for n in wrong if not np.isnan(changed[n]).any()],
        "infinity passes: the error is compared with a multiple of itself":
            [n for n in wrong if not np.isinf(changed[n]).any()],
        "the names are not in the order of the values": wrong[::-1]})
check.call(lambda name, value: 1e-9 * changed_loss(name, value), values, {n: 0 * v for n, v in values.items()},
           directions).equals([], mistakes={
    "the error is divided by the size of the gradient alone: where that is 0, rounding looks large": names})
check.call(changed_loss, values, right | {"u": spoilt}, directions, 1e-5, 0.5).equals([], mistakes={
    "the tolerance is not used": ["u"]})
check.call(changed_loss, values, right, directions, 0.5).equals(names, mistakes={"eps is not used": []})
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 10b: the bug hunt
# *Difficulty 3 of 5 · about 20 minutes · 2 points*
#
# Below is another network, smaller than yours: no biases, tanh in the middle, and a squared error,
#
# $$a = x\,\alpha^T, \qquad z = \tanh(a), \qquad b = z\,\beta^T, \qquad
# J = \frac{1}{2B} \sum_{n=1}^{B} \sum_{k=1}^{K} (b_{nk} - y_{nk})^2,$$
#
# with $x$ $(B, I)$, $\alpha$ $(D, I)$, $\beta$ $(K, D)$, $y$ $(B, K)$, and three backward passes for it.
# All three run without an error at the sizes below, and each has **one wrong line**. Reading them closely
# is one way to find it; a check that names the first wrong gradient is a faster one, and it works as well
# on code that nobody wants to read. (`tanh` has the slope $1 - z^2$.)

# %% given="suspects"
def forward_of_suspects(x, alpha, beta):
    a = x @ alpha.T
    z = np.tanh(a)
    return a, z, z @ beta.T


def suspect_1(x, y, alpha, beta):
    a, z, b = forward_of_suspects(x, alpha, beta)
    g_b = (b - y) / len(x)
    g_beta = g_b.T @ z
    g_z = g_b @ beta
    g_a = g_z * (1 - a**2)
    g_alpha = g_a.T @ x
    return {"g_b": g_b, "g_beta": g_beta, "g_z": g_z, "g_a": g_a, "g_alpha": g_alpha}


# %% given="more_suspects"
def suspect_2(x, y, alpha, beta):
    a, z, b = forward_of_suspects(x, alpha, beta)
    g_b = (b - y) / len(x)
    g_beta = g_b.T @ z
    beta = beta - 0.01 * g_beta
    g_z = g_b @ beta
    g_a = g_z * (1 - z**2)
    g_alpha = g_a.T @ x
    return {"g_b": g_b, "g_beta": g_beta, "g_z": g_z, "g_a": g_a, "g_alpha": g_alpha}


def suspect_3(x, y, alpha, beta):
    a, z, b = forward_of_suspects(x, alpha, beta)
    g_b = (b - y) / len(x)
    g_beta = z.T @ g_b
    g_z = g_b @ beta
    g_a = g_z * (1 - z**2)
    g_alpha = g_a.T @ x
    return {"g_b": g_b, "g_beta": g_beta, "g_z": g_z, "g_a": g_a, "g_alpha": g_alpha}


# %% [markdown]
# To check one of them, the loss must be known as a function of each quantity alone. The next cell provides
# that, and runs your `gradient_check` on the three.

# %% figure="hunt"
rng = np.random.default_rng(0)
x, y = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
values = {"alpha": rng.normal(size=(3, 4)), "beta": rng.normal(size=(3, 3))}
values["a"], values["z"], values["b"] = forward_of_suspects(x, **values)
values = {name: values[name] for name in ("b", "beta", "z", "a", "alpha")}    # in the order of the way back
directions = {name: rng.normal(size=value.shape) for name, value in values.items()}


def loss_with(name, value):
    """J with one quantity replaced, and what comes after it computed anew."""
    v = {"alpha": values["alpha"], "beta": values["beta"], name: value}
    a = v.get("a", x @ v["alpha"].T)
    z = v.get("z", np.tanh(a))
    b = v.get("b", z @ v["beta"].T)
    return np.sum((b - y) ** 2) / (2 * len(y))


for suspect in (suspect_1, suspect_2, suspect_3):
    g = suspect(x, y, values["alpha"], values["beta"])
    wrong = gradient_check(loss_with, values, {name: g["g_" + name] for name in values}, directions)
    print(f"{suspect.__name__}: wrong are {', '.join('g_' + name for name in wrong)}")

# %% [markdown]
# Now say, for each suspect, which gradient comes out wrong *first*: all that are computed before it are right,
# and what comes after may be wrong only because of it. (The wrong line itself need not be the one that
# computes this gradient.) Then write the backward pass as it should be, for all sizes. You may use
# `forward_of_suspects`.
#
# <details><summary>Hint 1: several names are reported for one wrong line</summary>
#
# Everything computed from a wrong gradient is wrong as well. Which of the reported ones is computed first?
#
# </details>
# <details><summary>Hint 2: you know the gradient, but see nothing wrong in its line</summary>
#
# Then look at what the line *uses*: is it still what it was in the forward pass? Has it the shape that it
# should have, or one that happens to fit?
#
# </details>
# <details><summary>Hint 3: if the check runs into "shapes not aligned" or a mismatch</summary>
#
# The test uses sizes that are all different, and what fits by accident no longer fits.
#
# </details>

# %% answer="bug_hunt"
def culprits():
    """For each suspect the gradient that comes out wrong first: {"suspect_1": "g_...", "suspect_2": ..., ...}."""
    ### BEGIN SOLUTION
    return {"suspect_1": "g_a", "suspect_2": "g_z", "suspect_3": "g_beta"}
    ### END SOLUTION


def repaired_backward(x, y, alpha, beta):
    """What the suspects should return: the gradients of J, each of the shape of what it belongs to.

    x: (B, I). y: (B, K). alpha: (D, I). beta: (K, D).
    Returns a dict: "g_b", "g_beta", "g_z", "g_a", "g_alpha".
    """
    ### BEGIN SOLUTION
    a, z, b = forward_of_suspects(x, alpha, beta)
    g_b = (b - y) / len(x)
    g_z = g_b @ beta
    g_a = g_z * (1 - z**2)
    return {"g_b": g_b, "g_beta": g_b.T @ z, "g_z": g_z, "g_a": g_a, "g_alpha": g_a.T @ x}
    ### END SOLUTION

# %% test="bug_hunt" points=1
import numpy as np
import torch
from nextword import checks
from nextword.rows import compare_rows


def test_bug_hunt():
    names = {"g_b", "g_beta", "g_z", "g_a", "g_alpha"}
    check = checks.of(culprits)
    found = check.call().value
    check.holds(lambda: sorted(found) == ["suspect_1", "suspect_2", "suspect_3"] and set(found.values()) <= names,
                "return a dict from each of 'suspect_1', 'suspect_2', 'suspect_3' to one of g_b, g_beta, g_z, "
                "g_a, g_alpha; yours is {}", found)
    print("culprits: well formed. Whether these are the right gradients, only the hidden test says.")

    rng = np.random.default_rng(27)
    B, I, D, K = 5, 4, 3, 2
    x, y, alpha, beta = (rng.normal(size=size) for size in ((B, I), (B, K), (D, I), (K, D)))
    t = {"alpha": torch.tensor(alpha, requires_grad=True), "beta": torch.tensor(beta, requires_grad=True)}
    t["a"] = torch.tensor(x) @ t["alpha"].T
    t["z"] = torch.tanh(t["a"])
    t["b"] = t["z"] @ t["beta"].T
    J = torch.nn.functional.mse_loss(t["b"], torch.tensor(y), reduction="sum") / (2 * B)
    order = ("b", "beta", "z", "a", "alpha")
    found = torch.autograd.grad(J, [t[n] for n in order])
    g = {"g_" + n: v.numpy() for n, v in zip(order, found, strict=True)}
    z = t["z"].detach().numpy()
    check = checks.of(repaired_backward)
    compare_rows(check.call(x, y, alpha, beta), g, mistakes={
        "g_b": {"the mean over the examples is forgotten: J contains 1 / B": B * g["g_b"]},
        "g_beta": {"the gradient is transposed": g["g_beta"].T},
        "g_z": {"the mean over the examples is taken twice": g["g_z"] / B},
        "g_a": {"the slope of the sigmoid is used, but z is tanh(a) here": g["g_z"] * z * (1 - z),
                "the slope of tanh is missing": g["g_z"]},
        "g_alpha": {"the gradient is transposed": g["g_alpha"].T}})
    return check


test_bug_hunt().passed()

# %% hidden="bug_hunt" points=1
# Which gradient of each suspect comes out wrong first; and the repaired backward pass with other sizes, equal ones
# among them.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks
from nextword.rows import compare_rows

check = checks.of(culprits)
found = check.call().value
downstream = {"suspect_1": ("g_alpha",), "suspect_2": ("g_a", "g_alpha"), "suspect_3": ()}
for name, right in (("suspect_1", "g_a"), ("suspect_2", "g_z"), ("suspect_3", "g_beta")):
    answer = found.get(name) if isinstance(found, dict) else None
    check.holds(answer not in downstream[name], f"the gradient that you name for {name} is wrong, but only "
                "because it was computed from a wrong one: which is the first?")
    check.holds(answer == right, f"the gradient that you name for {name} is not the first that comes out wrong")
check.passed()

rng = np.random.default_rng(28)
check = checks.of(repaired_backward)
for B, I, D, K in ((4, 2, 5, 3), (3, 3, 3, 3), (1, 4, 2, 6)):
    x, y, alpha, beta = (rng.normal(size=size) for size in ((B, I), (B, K), (D, I), (K, D)))
    t = {"alpha": torch.tensor(alpha, requires_grad=True), "beta": torch.tensor(beta, requires_grad=True)}
    t["a"] = torch.tensor(x) @ t["alpha"].T
    t["z"] = torch.tanh(t["a"])
    t["b"] = t["z"] @ t["beta"].T
    J = torch.nn.functional.mse_loss(t["b"], torch.tensor(y), reduction="sum") / (2 * B)
    order = ("b", "beta", "z", "a", "alpha")
    found = torch.autograd.grad(J, [t[n] for n in order])
    g = {"g_" + n: v.numpy() for n, v in zip(order, found, strict=True)}
    compare_rows(check.call(x, y, alpha, beta), g, quiet=True, mistakes={
        "g_beta": {"suspect_3's line is still there, and the gradient transposed": g["g_beta"].T},
        "g_z": {"suspect_2's line is still there: beta has been changed before g_z is computed":
                    g["g_b"] @ (beta - 0.01 * g["g_beta"])},
        "g_a": {"suspect_1's line is still there: the slope of tanh is 1 - z^2, with z and not a":
                    g["g_z"] * (1 - t["a"].detach().numpy() ** 2)}})
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# # Part 6: a neural bigram model
#
# A bigram model predicts a word from the one before. As a network: the input $x$ is the previous word,
# one-hot (a row with a single 1, at the word's id), the answer $y$ is the word that followed, one-hot too,
# and $I = K = V$, the size of the vocabulary. ($V$ counts all ids from here on, those of the marks
# included, although the mark at the beginning never comes next.) Nothing else is new: the forward pass,
# the backward pass and the step of mini-batch SGD are those of this notebook.
#
# ## Exercise 11a: the loss to reach
# *Difficulty 2 of 5 · about 10 minutes · 1 point*
#
# What can such a network reach? Among all bigram models, counting gives the lowest loss on the text that
# was counted: its $p(w \mid v) = c(v, w) / c(v)$, where $v$ is the word before, $c(v, w)$ the number of
# times that $w$ follows $v$ and $c(v) = \sum_w c(v, w)$, *is* the maximum likelihood estimate. On its own
# $N$ training pairs $(v_1, w_1), \dots, (v_N, w_N)$ the counted bigram's loss is
#
# $$J_\text{counted} = -\frac{1}{N} \sum_{n=1}^{N} \log \frac{c(v_n, w_n)}{c(v_n)}
# \quad\text{nats per token},$$
#
# a lower bound for every neural bigram: it can come close, but not below.
#
# <details><summary>Hint 1: which pairs does the sum run over?</summary>
#
# All of them, as often as they come: a pair that comes seven times contributes seven equal terms.
#
# </details>
# <details><summary>Hint 2: without a loop over pairs</summary>
#
# Count into a $V \times V$ table; its row sums are the $c(v)$. Mind that `table[previous, following] += 1`
# counts a repeated pair once; `np.add.at` counts it every time.
#
# </details>

# %% answer="counted_loss"
def counted_loss(previous, following):
    """The loss of the counted bigram model on the pairs that were counted, in nats per token.

    previous, following: (N,), ids of words: pair n is previous[n] and, after it, following[n]. Returns a number.
    """
    ### BEGIN SOLUTION
    size = 1 + max(previous.max(), following.max())
    table = np.zeros((size, size))
    np.add.at(table, (previous, following), 1)
    return -np.mean(np.log(table[previous, following] / table.sum(axis=1)[previous]))
    ### END SOLUTION

# %% test="counted_loss" points=0
import numpy as np
import torch
from nextword import checks


def test_counted_loss():
    rng = np.random.default_rng(29)
    previous, following = rng.integers(5, size=24), rng.integers(5, size=24)
    table = torch.bincount(torch.tensor(5 * previous + following), minlength=25).reshape(5, 5).double()
    once = (table > 0).double()

    def torch_loss(scores):                               # softmax of the logarithms of counts: the shares of a row
        return torch.nn.functional.cross_entropy(scores.log()[previous], torch.tensor(following))

    def torch_nll(p):                                     # the same for what is divided already
        return torch.nn.functional.nll_loss(p.log()[previous], torch.tensor(following))

    check = checks.of(counted_loss)
    check.call(previous, following).close_to(torch_loss(table), mistakes={
        "p(v, w) takes the place of p(w | v): divide by how often the previous word comes": torch_nll(table / 24),
        "the counts are divided by how often the following word comes": torch_nll(table / table.sum(0)),
        "row sums without keepdims are broadcast along the wrong axis": torch_nll(table / table.sum(1)),
        "every different pair counts once instead of as often as it comes":
            -torch.log_softmax(table.log(), 1)[table > 0].mean(),
        "a repeated pair is counted once: table[previous, following] += 1 does that": torch_loss(once)})
    return check


test_counted_loss().passed()

# %% hidden="counted_loss" points=1
# Other pairs, a word that is never followed and one that never follows, pairs that are certain.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(33)
check = checks.of(counted_loss)
for V, N in ((3, 30), (9, 50), (2, 7)):
    previous, following = rng.integers(1, V, size=N), rng.integers(V - 1, size=N)
    table = torch.zeros(V, V, dtype=torch.float64)
    table.index_put_((torch.tensor(previous), torch.tensor(following)), torch.tensor(1.0).double(), accumulate=True)
    p = (table / table.sum(1, keepdim=True))[previous, following]
    check.call(previous, following).close_to(-p.log().mean(), mistakes={
        "the logarithm is the one to base 2: the unit here is the nat": -p.log2().mean(),
        "the pairs' losses are added up instead of averaged": -p.log().sum(),
        "row sums without keepdims are broadcast along the wrong axis":
            -(table / table.sum(1))[previous, following].log().mean(),
        "a small number is added to the counts, which is smoothing, not maximum likelihood":
            -((table + 1) / (table + 1).sum(1, keepdim=True))[previous, following].log().mean(),
        "only the following word is counted, as in a unigram": -(table.sum(0) / N)[following].log().mean()})
check.call(np.array([0, 0, 0, 2]), np.array([1, 1, 7, 0])).close_to(-(2 * np.log(2 / 3) + np.log(1 / 3)) / 4)
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 11b: learning what counting knows
# *Difficulty 3 of 5 · about 20 minutes · 2 points*
#
# Now the training loop: one-hot rows for the pairs of a batch, forwards, backwards, a step. The forward and
# the backward pass are handed in, as functions: use the ones you are given, not your own by name. The
# vocabulary is handed in with the parameters: $V$ is the number of rows of $\beta$.
#
# <details><summary>Hint 1: from ids to one-hot rows</summary>
#
# Row $i$ of the identity matrix `np.eye(V)` is the one-hot row of word $i$; an array of ids as an index
# picks a row for each.
#
# </details>
# <details><summary>Hint 2: pseudo-code of one step</summary>
#
# x and y of the batch; o = forward(...); note o["J"]; g = backward(...); new alpha and beta.
#
# </details>
# <details><summary>Hint 3: if you see "x and y must be one-hot"</summary>
#
# The ids themselves were handed to `forward`. Each id becomes a row of $V$ numbers first, of which one is
# 1.
#
# </details>

# %% answer="train_bigram"
def train_bigram(previous, following, alpha, beta, batches, eta, forward, backward):
    """Mini-batch SGD of a neural bigram model, one step for each batch, in order.

    previous, following: (N,), ids of words in [0, V): the pairs to learn from.
    alpha: (D, 1 + V). beta: (V, 1 + D). eta: the learning rate.
    batches: a list of integer arrays, each the indices of a batch's pairs.
    forward(x, y, alpha, beta) and backward(x, y, alpha, beta, o): as nn_forward and nn_backward.
    Returns (alpha, beta, losses): new parameters, and each batch's loss before its step (nats per token).
    """
    ### BEGIN SOLUTION
    one_hot, losses = np.eye(len(beta)), []
    for batch in batches:
        x, y = one_hot[previous[batch]], one_hot[following[batch]]
        o = forward(x, y, alpha, beta)
        g = backward(x, y, alpha, beta, o)
        alpha, beta = alpha - eta * g["g_alpha"], beta - eta * g["g_beta"]
        losses.append(o["J"])
    return alpha, beta, losses
    ### END SOLUTION

# %% test="train_bigram" points=1
import numpy as np
import torch
from nextword import checks


def test_train_bigram():
    def torch_layers(a, beta, answers):
        z = torch.sigmoid(a)
        return torch.nn.functional.cross_entropy(torch.nn.functional.linear(z, beta[:, 1:], beta[:, 0]), answers)

    def torch_run(x, y, alpha, beta):                     # one-hot rows in, the loss and its gradients out
        words = len(beta)
        if np.shape(x) != (len(x), words) or np.shape(y) != (len(x), words):
            raise ValueError(f"x and y must be one-hot, (m, {words}); they are {np.shape(x)} and {np.shape(y)}")
        x, y, alpha, beta = (torch.tensor(v, dtype=float, requires_grad=True) for v in (x, y, alpha, beta))
        J = torch_layers(torch.nn.functional.linear(x, alpha[:, 1:], alpha[:, 0]), beta, y)
        return J.item(), *(g.numpy() for g in torch.autograd.grad(J, (alpha, beta)))

    def torch_forward(x, y, alpha, beta):
        return {"x": x, "J": torch_run(x, y, alpha, beta)[0]}

    def torch_backward(x, y, alpha, beta, o):
        return dict(zip(("g_alpha", "g_beta"), torch_run(x, y, alpha, beta)[1:], strict=True))

    def torch_step(weights, previous, following, eta):    # one step from ids, and the losses before and after it
        def torch_loss(w):
            return torch_layers(w[0][:, 0] + w[0][:, 1 + previous].T, w[1], torch.tensor(following))

        w = [v.clone().detach().requires_grad_() for v in weights]
        before = torch_loss(w)
        moved = [torch.sub(v, g, alpha=eta).detach() for v, g in zip(w, torch.autograd.grad(before, w), strict=True)]
        return moved, before.item(), torch_loss(moved).item()

    def torch_two_steps(previous, following, etas=(0.5, 0.5), late=False):
        (one, two), weights = batches, [torch.tensor(alpha), torch.tensor(beta)]
        w, *one = torch_step(weights, previous[one], following[one], etas[0])
        w, *two = torch_step(w, previous[two], following[two], etas[1])
        return *w, [one[late], two[late]]

    rng = np.random.default_rng(34)
    previous, following = rng.integers(5, size=24), rng.integers(5, size=24)
    alpha, beta = rng.normal(size=(3, 1 + 5)), rng.normal(size=(5, 1 + 3))
    batches = [rng.permutation(24)[:size] for size in (6, 3)]
    check = checks.of(train_bigram)
    check.call(previous, following, alpha, beta, batches, 0.5, torch_forward, torch_backward).close_to(
        torch_two_steps(previous, following), mistakes={
            "the pairs are turned round: the previous word is the input": lambda: torch_two_steps(following, previous),
            "the losses are those after the step, not before it":
                lambda: torch_two_steps(previous, following, late=True),
            "the gradient is averaged over the batch once more: J is a mean already":
                lambda: torch_two_steps(previous, following, (0.5 / 6, 0.5 / 3)),
            "the gradient is multiplied by the size of the batch":
                lambda: torch_two_steps(previous, following, (3.0, 1.5)),
            "the step goes up instead of down": lambda: torch_two_steps(previous, following, (-0.5, -0.5))})
    return check


test_train_bigram().passed()

# %% hidden="train_bigram" points=1 seconds=30
# Other sizes; batches of one pair, and a pair that comes twice in a batch; a word that never comes; the losses;
# and longer training, which ends near the counted bigram and never below it.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks


def torch_run(x, y, alpha, beta):
    if np.shape(x) != (len(x), V) or np.shape(y) != (len(x), V):
        raise ValueError(f"x and y must be one-hot, (m, {V}); they are {np.shape(x)} and {np.shape(y)}")
    x, y, alpha, beta = (torch.tensor(v, dtype=float, requires_grad=True) for v in (x, y, alpha, beta))
    z = torch.sigmoid(torch.nn.functional.linear(x, alpha[:, 1:], alpha[:, 0]))
    J = torch.nn.functional.cross_entropy(torch.nn.functional.linear(z, beta[:, 1:], beta[:, 0]), y)
    return J, torch.autograd.grad(J, (alpha, beta))


def torch_forward(x, y, alpha, beta):
    return {"x": x, "J": torch_run(x, y, alpha, beta)[0].item()}


def torch_backward(x, y, alpha, beta, o):
    g_alpha, g_beta = torch_run(x, y, alpha, beta)[1]
    return {"g_alpha": g_alpha.numpy(), "g_beta": g_beta.numpy()}


def torch_descend(previous, following, weigh=lambda batch: 0.3):
    w, losses, after = [alpha, beta], [], []
    for batch in batches:
        x, y = np.eye(V)[previous[batch]], np.eye(V)[following[batch]]
        J, g = torch_run(x, y, *w)
        w = [v - weigh(batch) * d.numpy() for v, d in zip(w, g, strict=True)]
        losses.append(J.item())
        after.append(torch_run(x, y, *w)[0].item())
    return (*w, losses), (*w, after)


rng, V = np.random.default_rng(30), 4
previous, following = rng.integers(V - 1, size=30), rng.integers(V - 1, size=30)
alpha, beta = rng.normal(size=(6, 1 + V)), rng.normal(size=(V, 1 + 6))
batches = [np.array([3]), np.array([5, 5, 2]), *(rng.integers(30, size=size) for size in (8, 2, 6, 30))]
right, late = torch_descend(previous, following)
check = checks.of(train_bigram)
check.call(previous, following, alpha, beta, batches, 0.3, torch_forward, torch_backward).close_to(right, mistakes={
    "the losses are those after the step, not before it": late,
    "the pairs are turned round: the previous word is the input": lambda: torch_descend(following, previous)[0],
    "the gradient is averaged over the batch once more: J is a mean already":
        lambda: torch_descend(previous, following, lambda batch: 0.3 / len(batch))[0],
    "the gradient is multiplied by the size of the batch":
        lambda: torch_descend(previous, following, lambda batch: 0.3 * len(batch))[0]})
pairs, counts = np.unique(np.stack([previous, following]), axis=1, return_counts=True)
lowest = -np.sum(counts * np.log(counts / np.bincount(previous)[pairs[0]])) / 30
everything = [np.arange(30)] * 40
_, _, losses = check.call(previous, following, alpha, beta, everything, 1.0, torch_forward, torch_backward).value
check.holds(lowest - 1e-12 <= losses[-1] < lowest + 0.03, "After 40 steps on all pairs the loss should be near the "
            "counted bigram's, and not below it, yet it is {}.", losses[-1])
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### On narwhals
#
# The course's own corpus, with a mark before and after every sentence. It was written with a known grammar,
# so the entropy of the language itself is known: no model of any kind can have a lower loss on new text
# than this **entropy**, which the next cell prints.

# %% figure="corpus"
from nextword import corpora

narwhals = corpora.narwhals()
words = [corpora.BOS, corpora.EOS, *narwhals.vocabulary]
ids = {word: i for i, word in enumerate(words)}


def pairs(sentences):
    """The ids of all pairs of neighbours, marks included: (previous, following)."""
    lines = [[ids[w] for w in (corpora.BOS, *sentence, corpora.EOS)] for sentence in sentences]
    return np.concatenate([line[:-1] for line in lines]), np.concatenate([line[1:] for line in lines])


train, held_out = pairs(narwhals.train), pairs(narwhals.validation)
floor = narwhals.entropy_per_token
print(" ".join(narwhals.train[0]))
print(f"{len(train[0]):,} pairs of {len(words)} words; entropy of the language {floor:.4f} nats per token")
print(f"counted bigram {counted_loss(*train):.4f} nats per token")

# %% [markdown]
# Thirty-two hidden units have to hold what the table holds in $V^2$ counts. The input is one-hot, so the
# predictions for *all* possible previous words are one forward pass on the identity matrix; the loss on all
# pairs is then a look-up. The learning rate begins at $\eta = 10$. That is large, and does no harm, because
# the input is one-hot: the column of $\alpha$ that belongs to a word moves only when that word comes, and the
# mean over a batch makes its share of the gradient small.
#
# *Alternative text: two plots over the number of steps, 0 to 4000. Left: the loss on training pairs, a broad
# band, and on held-out pairs, a dashed curve on top of it, falls steeply from about 5 nats per token and then
# flattens onto the line of the counted bigram at 2.1; the line of the language's entropy lies far below, at
# 1.27. Right, on a logarithmic axis: the distance of the training loss from the counted bigram's, falling
# from 3 to 0.031 and never reaching zero.*

# %% figure="training"
import matplotlib.pyplot as plt
from nextword import plots

rng = np.random.default_rng(0)
V, D, batch_size, steps, chunk = len(words), 32, 128, 4000, 50
alpha, beta = rng.normal(size=(D, 1 + V)), rng.normal(size=(V, 1 + D)) * 0.1


def loss_on(previous, following):
    table = nn_forward(np.eye(V), np.eye(V), alpha, beta)["y_hat"]          # row v: p(. | v)
    return -np.log(table[previous, following]).mean()


curve = [(0, loss_on(*train), loss_on(*held_out))]
while curve[-1][0] < steps:
    eta = 10 * (1 - curve[-1][0] / steps)                               # large steps first, small ones later
    batches = rng.integers(len(train[0]), size=(chunk, batch_size))
    alpha, beta, _ = train_bigram(*train, alpha, beta, batches, eta, nn_forward, nn_backward)
    curve.append((curve[-1][0] + chunk, loss_on(*train), loss_on(*held_out)))
print(f"after {steps} steps: {curve[-1][1]:.4f} on training pairs, {curve[-1][2]:.4f} on held-out pairs")

counted = counted_loss(*train)
step, on_training, on_held_out = np.array(curve).T
with plt.rc_context(plots.STYLE):
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.8))
fig.get_layout_engine().set(w_pad=0.12)
flat = np.full_like(step, counted)
plots.curves(step, {"neural, training pairs": on_training, "neural, held-out pairs": on_held_out,
                    f"counted, training pairs ({counted:.3f})": flat}, "steps", "loss (nats per token)",
             floor=floor, floor_name=f"entropy of the language ({floor:.3f})", ax=left)
plots.curves(step, {"distance": on_training - counted}, "steps", "distance (nats per token)",
             logarithmic="y", ax=right)
left.lines[0].set(linewidth=6, alpha=0.35)              # a band, on which the curve of the held-out pairs can be seen
left.legend()
left.set_title("it approaches the counted bigram,")
right.set_title("and cannot beat it")
right.set_yticks([0.03, 0.1, 0.3, 1, 3], ["0.03", "0.1", "0.3", "1", "3"])
right.minorticks_off()
right.annotate(f"{on_training[-1] - counted:.3f}", (step[-1], on_training[-1] - counted), xytext=(5, 0),
               textcoords="offset points", va="center")
right.set_xlim(right=1.13 * steps)
plt.show()

# %% [markdown]
# So much effort for a number that counting gives in one pass? The table ends here: for three words it needs
# $V^3$ counts, for ten $V^{10}$. The network only needs another input. What lies between the counted bigram
# and the entropy of the language is what the rest of the course is after.

# %% [markdown]
# ## Written question 2: the price of the procedural method
# *Difficulty 2 of 5 · about 15 minutes · 4 points*
#
# Your `nn_backward` is right, fast, and a dead end. Imagine that a third layer is added and the sigmoid is
# replaced by ReLU; that somebody finds a faster way to compute a linear layer, for this network and for the
# ten others that you have written; and that the finite-difference check of the new `nn_backward` fails. Use
# this story to explain three drawbacks of writing backpropagation as one procedure. About 120 words.

# %% [markdown] written="drawbacks" points=4
# ### BEGIN SOLUTION
# It is hard to reuse. The formulas of one network are written into one procedure: for a third layer, or for
# ReLU, both `nn_forward` and `nn_backward` are edited line by line, and no line of the old procedure is a
# part that one could take from the shelf, although the new layer is the same linear layer as the other two.
#
# It is hard to make fast. The better linear layer has to be put into each of the eleven procedures by hand,
# once for every place where it is used, forwards and backwards: there is no one place where it lives. Steps
# that could be joined, such as softmax and cross-entropy, are tied into the rest.
#
# It is hard to debug. When the check of the whole reports an error, it says only that some line of the way
# back is wrong (or of the forward pass), not which. Nothing in it can be tested alone, unless, as in
# exercise 10a, one takes the network apart by hand.
#
# All three have one remedy: modules that know their own forward and backward step, each checked on its own.
# That is the next notebook.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# - 1 point: hard to reuse or adapt, tied to the story (a third layer or ReLU means rewriting both
#   procedures).
# - 1 point: harder to make single steps more efficient, with a reason: no one place where a layer is
#   implemented.
# - 1 point: hard to find the source of an error: the check of the whole says that there is an error, not
#   where.
# - 1 point: the three are explained by what happens in the story rather than listed, or the common remedy
#   (modules checked one by one) is named.
# - "It is slow" or "it needs much memory" earns nothing: the procedure is as fast, and needs as much memory,
#   as any other way.
# ### END MARK SCHEME

# %% [markdown]
# ## The loss ladder
#
# The chart of notebook 01, on the *test* sentences: the uniform distribution, the counted unigram and
# bigram (a tenth added to every count, so that nothing is impossible), and your network. Learning has
# arrived where counting was. The next rungs are not for tables. (Light grey is what nobody can predict;
# blue is what a model does not know, dark in the bar with the lowest loss.)
#
# *Alternative text: four horizontal bars, the loss on new sentences in nats per token: uniform 4.95,
# counted unigram 3.95, counted bigram and neural bigram both about 2.1, the counted one lowest. A line at
# 1.27, the entropy of the language, crosses them all.*

# %% figure="loss_ladder"
import matplotlib.pyplot as plt
from nextword import plots

table = np.full((V, V), 0.1)
np.add.at(table, train, 1)
table[:, ids[corpora.BOS]] = 0                                    # nothing is followed by the first mark
before, after = pairs(narwhals.test)
unigram = table.sum(axis=0) / table.sum()
plots.loss_ladder({
    "uniform": np.log(V - 1),
    "1-gram, counted": -np.log(unigram[after]).mean(),
    "2-gram, counted": -np.log(table[before, after] / table.sum(axis=1)[before]).mean(),
    "2-gram, neural": loss_on(before, after),
}, floor=floor)
plt.show()

# %% [markdown]
# ## What comes next
#
# You can now compute the gradient of a loss with respect to every parameter, check it without trusting it, and
# follow it downhill. But `nn_backward` belongs to this one network. Notebook 03 cuts it into modules that know
# their own derivatives, so that a program finds the way back through any network that is made of them.
