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
# # 00 Start here
#
# This notebook is not graded. It makes sure that your machine is ready, shows how the notebooks of the
# course work and how to read what their tests say, and puts NumPy and PyTorch side by side, because you
# will write in the first and be checked against the second. It takes about 45 minutes; if you know both
# libraries well, ten.
#
# A notebook is a list of **cells**, some with text and some with code. Click on a code cell and press
# Shift+Enter: it runs, and what it prints or draws appears below it. The number in brackets at its left
# says when it ran. All cells share one memory, the **kernel**: what one cell defines, the others can use.
# That is handy, and the source of the most common confusion with notebooks, since cells remember what they
# were told *in the order in which they ran* and not in the order on the page. When something seems
# impossible, choose *Kernel > Restart Kernel and Run All Cells*. It is the first remedy, and it is what the
# grader does.

# %% [markdown]
# ## Is everything there?
#
# Run the cell below. Each line should end in *ok*. If one does not, set the course up again as its README
# says, and make sure that the notebook runs in that environment (the name of the kernel stands at the upper
# right).

# %% figure="set_up"
import importlib
import os
import platform

os.environ.setdefault("OMP_NUM_THREADS", "1")   # small arrays: a second thread costs more than it brings
least = {"python": "3.11", "numpy": "2.1", "torch": "2.4", "matplotlib": "3.9", "nextword": "0.1"}
for name, wanted in least.items():
    try:
        found = platform.python_version() if name == "python" else importlib.import_module(name).__version__
        numbers = [[int(part) for part in version.split("+")[0].split(".")[:2]] for version in (found, wanted)]
        verdict = "ok" if numbers[0] >= numbers[1] else f"too old: at least {wanted} is needed"
    except ImportError as reason:
        found, verdict = "-", f"missing: {reason}"
    print(f"{name:12} {found:16} {verdict}")

# %% [markdown]
# ## The question of the course
#
# All notebooks ask one question: *which word comes next?* Their models are measured in one unit, the
# **nat**: a model that gives the word which really comes next the probability $p$ is surprised by $-\log p$
# nats. ($\log$ is the natural logarithm in this course. At $p = 1$ the surprise is 0, and the smaller
# $p$, the larger it is.) The average over all words of new sentences is its **loss**. Small is good.
#
# Each notebook that makes a new model ends on the chart below, the *loss ladder*. Each bar is a model and
# its length the loss in nats per token; a **token** is a word, a punctuation mark or the end of a
# sentence. The black line is the entropy of the language, the part of the surprise that is pure chance:
# the sentences of the course come from a grammar, so we know it exactly. Nothing can go below the line.
# It cuts each bar in two: the *grey* part is that chance, the same for all, and the *blue* part is what
# the model does not know. The best model is in dark blue and in bold type, the others in light blue.
#
# *Alternative text: two horizontal bars, of 4.95 and of 3.95 nats per token, with a black line across both
# at 1.27, the entropy.*
#
# *What to see:* two bars. A model that takes all words for equally likely has a long way to go to the line;
# one that knows only how frequent each word is has a shorter one. The rest of the way is yours.

# %% figure="ladder"
from collections import Counter
from math import log

from nextword import corpora, plots

narwhals = corpora.narwhals()
tokens = [word for sentence in narwhals.train for word in (*sentence, "</s>")]
share = {word: count / len(tokens) for word, count in Counter(tokens).items()}
new = [word for sentence in narwhals.test for word in (*sentence, "</s>")]
plots.loss_ladder({"all words equally likely": log(len(narwhals.vocabulary) + 1),
                   "how frequent each word is": -sum(log(share[word]) for word in new) / len(new)},
                  floor=narwhals.entropy_per_token)
print("one of the sentences:", " ".join(narwhals.train[1]))

# %% [markdown]
# ## How an exercise works
#
# An exercise has a text, an **answer cell** in which you write, a **visible test** and a **hidden test**.
#
# - In the answer cell, put your code where it says `raise NotImplementedError`. The name of the function,
#   its arguments and its docstring are given. The docstring says what comes in and what must come out, with
#   shapes and units.
# - The visible test is code that you can read and run. Before you have written anything, it ends in a
#   `NotImplementedError` which says that the function is not written yet. That is the state of things and
#   nothing to worry about, but Jupyter treats it like any error: *Run All* stops there, and the cells below
#   are not run. So do the pictures that need the function; the last lines of their long message show which
#   one it is.
# - Of the hidden test you see only what it covers. It is run when your notebook is graded, with other
#   sizes, other numbers and unusual cases. So a solution that only fits the numbers of the visible test is
#   not enough.
# - All other code cells are **locked**. To try something out, press Esc and then B for a new cell below, and
#   write there what you like. Cells of your own do no harm, as long as the answers do not depend on them.
#
# Answers use NumPy; PyTorch is for the tests, except where an exercise says otherwise. An answer that uses it
# elsewhere works in your notebook, but the grader refuses it, and so does `autograder check`, which is
# explained in the last section.
#
# Most exercises can be solved without the ones before them. If you are stuck, go on and come back: click on
# the cell after the one at which the notebook stopped, and choose *Run > Run Selected Cell and All Below*. (Run
# the cells at the top, up to the first exercise, once before.)
#
# **Written questions** have no test. Double-click on the cell that says *YOUR ANSWER HERE*, write your answer
# in its place, and press Shift+Enter to see it set. It is Markdown, with formulas between dollar signs as in
# LaTeX: `$\frac{\partial L}{\partial w}$` becomes $\frac{\partial L}{\partial w}$, and a pair of double
# dollar signs gives the formula a line of its own. These answers are read and marked by people, who look for
# the reasons.

# %% [markdown]
# ## Exercise 1: the lengths of sentences
# *Difficulty 1 of 5 · about 5 minutes · 0 points*
#
# A first exercise, to go through the motions. Models are trained on several sentences at once, and the
# sentences of such a *batch* have different lengths, which one must know. ($B$ is the size of the batch
# in all notebooks, and $|s|$ the number of words of the sentence $s$.) For $B$ sentences $s_1, \dots,
# s_B$ write a function that returns
#
# $$(|s_1|, \dots, |s_B|), \qquad \text{an integer array of shape } (B,).$$
#
# Run the test before you write anything, and read what it says. (With *Run All*, this is where the notebook
# stops until the function is written.) Then write the function and run the test again.
#
# <details><summary>Hint 1: where to begin</summary>
#
# What does `len` say about one sentence? How do you do that for each sentence of a list?
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *make a list with the length of each sentence, then an array of the list.*
# </details>
# <details><summary>Hint 3: if the test says that your value has dtype float64</summary>
#
# `np.array([])` holds floats, since nothing tells it otherwise. `np.array(..., dtype=np.int64)` says what
# you mean.
# </details>

# %% given="setup"
import numpy as np

# %% answer="sentence_lengths"
def sentence_lengths(sentences):
    """The number of words of each sentence.

    sentences: list of B sequences of str. Returns an int array (B,).
    """
    ### BEGIN SOLUTION
    return np.array([len(sentence) for sentence in sentences], dtype=np.int64)
    ### END SOLUTION

# %% test="sentence_lengths" points=0
from nextword import checks

check = checks.of(sentence_lengths)
check.call([("cows", "eat", "hay"), ("stop",), ("narwhals", "swim")]).equals([3, 1, 2], mistakes={
    "you count the letters and not the words": [10, 4, 12],
    "you return the number of sentences": 3,
    "you return the number of all words": 6,
})
check.passed()

# %% hidden="sentence_lengths" points=0
# Checks other sentences, an empty sentence, and no sentences at all.
### BEGIN HIDDEN TESTS
from nextword import checks, corpora

check = checks.of(sentence_lengths)
sentences = corpora.lecture_cows()
check.call(sentences).equals([len(sentence) for sentence in sentences])
check.call([("a",), (), ("b", "a")]).equals([1, 0, 2], mistakes={"empty sentences are passed over": [1, 2]})
value = check.call([]).value
check.holds(len(value) == 0, "without sentences there are no lengths; you return {}", value)
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Reading a test that fails
#
# The function below is wrong, on purpose. It should return the mean of each row of a table, so for an array
# of shape $(B, D)$ an array of shape $(B,)$. Run its cell and the one after it.
#
# The message has two or three sentences, and each is worth reading. The first says **what was called, what
# came back and what should have come back**. You can copy the call into a cell of your own and look at it
# in peace. The last says **why it may be so**: the tests know the usual mistakes, and when your value is
# exactly what one of them produces, they name it. If no mistake is named, it is one that we did not think
# of, and the two values are the best clue. Compare their shapes first, then their signs, then a single
# entry.
#
# Mend the function until the test passes. (In the exercises, a test that fails ends in an error with the
# same message, and the cells below it are not run by *Run All*. Here the message is only printed.)

# %%
def row_means(x):
    """The mean of each row: x is a float array (B, D), the result has shape (B,)."""
    return x.mean(axis=0)

# %% figure="practice"
import torch
from nextword import checks

x = torch.tensor([[1.0, 2.0, 6.0], [0.0, 4.0, 5.0]], dtype=torch.float64)
try:
    check = checks.of(row_means)
    check.call(x.numpy()).close_to(x.mean(dim=1), mistakes={
        "you take the mean over the rows, which gives one number for each column": x.mean(dim=0),
        "you take the mean of the whole table": x.mean(),
        "you add the entries of a row up and do not divide": x.sum(dim=1),
        "you divide by the number of rows, not by the number of entries in a row": x.sum(dim=1) / 2,
    })
    check.passed()
except (checks.CheckFailed, NotImplementedError) as failure:
    print(failure)

# %% [markdown]
# ## How to ask for a hint
#
# Below the text of each exercise are a few folded hints; a click opens one. They are meant to be opened one
# by one, with some thought in between. As a rule the first is a *question* that points at the place where
# most people get stuck, the second is the solution in words, and the last begins with *if* and explains the
# error that is most often met. Opening a hint costs nothing and nobody is told.
#
# When you ask a person, bring three things: the message of the test, the smallest input for which your
# function is wrong, and what you expected. Very often the answer is found while collecting them.
#
# <details><summary>Hint 1: this is what a hint looks like</summary>
#
# Which axis of an array of shape $(B, D)$ disappears in `x.mean(axis=0)`?
# </details>

# %% [markdown]
# ## NumPy and PyTorch, side by side
#
# Both libraries compute with arrays of numbers, and what they have in common they write nearly alike.
# PyTorch can also compute gradients, which is what the first half of the course teaches you to do yourself.
# In the ten cells below, each line of output has NumPy at the left and PyTorch at the right. Try to say
# what a cell prints before you run it.
#
# **1. Shapes and types.** An array has a *shape* and one *type* for all of its numbers. NumPy's decimal
# numbers have 64 bits, about 16 digits; PyTorch's have 32 bits, about 7 digits, unless one asks for more.
# The tests of the course compare in float64.

# %% figure="shapes_and_types"
import numpy as np
import torch

torch.set_num_threads(1)
a = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
t = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
print(a.shape, a.dtype, "|", tuple(t.shape), t.dtype)
print(np.array([1, 2]).dtype, "|", torch.tensor([1, 2]).dtype)
print(np.float64(0.1) + np.float64(0.2), "|", (torch.tensor(0.1) + torch.tensor(0.2)).item())
print(torch.from_numpy(a).dtype, "|", t.numpy().dtype, " (both share their memory with the original)")

# %% [markdown]
# **2. Axes.** A sum or mean is taken *along* an axis, and this axis disappears: rows are examples in this
# course, so the sum over the entries of each example is `axis=1`. NumPy says `axis` and `keepdims`, PyTorch
# `dim` and `keepdim`. With it the axis stays, with size 1, which is what one needs to divide each row by
# its own sum.

# %% figure="axes"
a = np.arange(6.0).reshape(2, 3)
t = torch.arange(6.0, dtype=torch.float64).reshape(2, 3)
print(a.sum(axis=0), "|", t.sum(dim=0).tolist())
print(a.sum(axis=1), "|", t.sum(dim=1).tolist())
print(a.sum(axis=1, keepdims=True).shape, "|", tuple(t.sum(dim=1, keepdim=True).shape))
print((a / a.sum(axis=1, keepdims=True)).sum(axis=1), "|", (t / t.sum(dim=1, keepdim=True)).sum(dim=1).tolist())

# %% [markdown]
# **3. Broadcasting.** When two shapes differ, they are written one above the other, flush right. Axes of
# equal size match, an axis of size 1 is repeated as often as needed, and a missing axis counts as size 1.
# All else is an error. Beware of the case that is *no* error: an array $(3,)$ and an array $(3, 1)$ make a
# table $(3, 3)$.

# %% figure="broadcasting"
row, column = np.array([10.0, 20.0, 30.0]), np.array([[1.0], [2.0], [3.0]])
print((a + row).tolist(), "|", (t + torch.tensor(row)).tolist())
print((row + column).shape, "|", tuple((torch.tensor(row) + torch.tensor(column)).shape))
for one, other in [((2, 3), (3,)), ((4, 1), (1, 5)), ((2, 3), (2,))]:
    try:
        print(one, other, "->", (np.zeros(one) + np.zeros(other)).shape, "|",
              tuple((torch.zeros(one) + torch.zeros(other)).shape))
    except ValueError as error:
        print(one, other, "->", error)

# %% [markdown]
# **4. Matrix products.** `@` multiplies rows by columns. A *linear layer* makes $O$ numbers of each
# example's $I$ numbers. With examples as rows, $x$ has shape $(B, I)$; PyTorch keeps the weights $W$ with
# one row for each output, shape $(O, I)$, and a bias $b$ with shape $(O,)$, so the result is $x W^T + b$
# with shape $(B, O)$. With more than two axes, `@` multiplies the last two and treats the others like
# broadcasting.

# %% figure="matrix_products"
rng = np.random.default_rng(0)
x, W, b = rng.standard_normal((4, 3)), rng.standard_normal((5, 3)), rng.standard_normal(5)
by_hand = x @ W.T + b
by_torch = torch.nn.functional.linear(*(torch.tensor(part) for part in (x, W, b)))
print(by_hand.shape, "|", tuple(by_torch.shape))
print("largest difference:", np.abs(by_hand - by_torch.numpy()).max())
print((np.zeros((7, 2, 3)) @ np.zeros((3, 4))).shape, "|", tuple((torch.zeros(7, 2, 3) @ torch.zeros(3, 4)).shape))

# %% [markdown]
# **5. Gather: rows of a table.** Models give each word a number, its *id*, and what they know about the
# word is a row of a table with shape $(V, D)$: $V$ words, $D$ numbers for each. Indexing with an array of
# ids, of whatever shape, takes a row for each id.

# %% figure="rows_of_a_table"
table = np.array([[0.0, 0.1], [1.0, 1.1], [2.0, 2.1], [3.0, 3.1]])
ids = np.array([[2, 0, 2], [1, 1, 3]])                      # two sentences of three words
print(table[ids].shape, "|", tuple(torch.tensor(table)[torch.tensor(ids)].shape))
print(table[ids][0].tolist(), "|", torch.nn.functional.embedding(torch.tensor(ids), torch.tensor(table))[0].tolist())

# %% [markdown]
# **6. Gather: one entry of each row.** A model gives each example a row of probabilities, and the loss asks
# for one of them only, that of the word that really came. Two arrays of indices, one for the rows and one
# for the columns, pick the entries one by one. PyTorch has `gather` for it, with the axis named.

# %% figure="one_entry_of_each_row"
p = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]])
right = np.array([0, 2])
print(p[np.arange(2), right], "|", torch.tensor(p).gather(1, torch.tensor(right)[:, None])[:, 0].tolist())
print("loss in nats:", -np.log(p[np.arange(2), right]).mean(), "|",
      torch.nn.functional.nll_loss(torch.tensor(p).log(), torch.tensor(right)).item())

# %% [markdown]
# **7. Masks.** A comparison gives an array of truth values, and such an array selects: as an index it keeps
# what is true, in `where` it decides between two values, and in a mean it counts.

# %% figure="masks"
x = np.array([3.0, -1.0, 0.5, -2.0])
t = torch.tensor(x)
print(x[x > 0], "|", t[t > 0].tolist())
print(np.where(x > 0, x, 0.0), "|", torch.where(t > 0, t, 0.0).tolist(), "|", torch.relu(t).tolist())
print((x > 0).mean(), "|", (t > 0).double().mean().item())

# %% [markdown]
# **8. Views.** A slice is not a copy. It is a *view* of the same numbers, and who writes into it changes
# the original. The same goes for arguments: `x -= 1` inside a function changes the array of the caller,
# `x = x - 1` does not. The tests notice.

# %% figure="views"
a = np.zeros(5)
t = torch.zeros(5)
a[1:3][0], t[1:3][0] = 7, 7
print(a.tolist(), "|", t.tolist())


def shifted_in_place(x):
    x -= x.max()
    return x


scores = np.array([1.0, 3.0])
shifted_in_place(scores)
print("the caller's array is now", scores)

# %% [markdown]
# **9. Softmax, and why one subtracts the maximum.** The *softmax* turns scores $s_i$ into
# probabilities: it takes $e^{s_i}$, which is positive, and divides by the sum $\sum_j e^{s_j}$, so
# that they add up to 1. But $e^{1000}$ is too large for a float64. Since the softmax does not change
# when the same number is subtracted from all scores, one subtracts the largest.

# %% figure="softmax"
scores = np.array([[1.0, 2.0, 3.0], [1000.0, 1001.0, 1002.0]])
with np.errstate(over="ignore", invalid="ignore"):
    naive = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
print("naive:  ", naive.round(4).tolist())
print("shifted:", (shifted / shifted.sum(axis=1, keepdims=True)).round(4).tolist(), "|",
      torch.tensor(scores).softmax(dim=1).numpy().round(4).tolist())

# %% [markdown]
# **10. A gradient, three times.** For $f(w) = \frac{1}{2} \sum_i (w_i - 1)^2$ the *gradient*, the
# derivatives with respect to every $w_i$ as one array, is $w - 1$: that is calculus. A second way needs
# no calculus: move each $w_i$ a little to both sides and see how $f$ changes. The third is PyTorch's: it
# remembers how $f$ was computed, and `backward()` goes back through it. From notebook 03 on you will know
# how; until then it is the referee. (`e` in the code runs through the rows of the identity matrix: 1 at
# entry $i$, else 0.)

# %% figure="a_gradient"
def f(w):
    return 0.5 * ((w - 1) ** 2).sum()


w = np.array([0.5, -1.0, 4.0])
eps = 1e-6
differences = [float(f(w + eps * e) - f(w - eps * e)) / (2 * eps) for e in np.eye(3)]
t = torch.tensor(w, requires_grad=True)
f(t).backward()
print("by calculus:   ", (w - 1).tolist())
print("by differences:", [round(d, 9) for d in differences])
print("by autograd:   ", t.grad.tolist())

# %% [markdown]
# ## Random numbers
#
# A test cannot check a function that throws dice in secret. So in this course functions that need chance
# get it from outside, as **uniforms**: numbers drawn evenly from $[0, 1)$. Such a function is pure, the
# same uniforms give the same result on every machine, and whoever calls it decides where they come from.
# With a *seed* they are the same every time.

# %% figure="uniforms"
for seed in (1, 1, 2):
    print(f"seed {seed}:", np.random.default_rng(seed).random(4).round(3).tolist())

# %% [markdown]
# ## How to hand in
#
# 1. Choose *Kernel > Restart Kernel and Run All Cells*, and read what the tests say. It stops at the first
#    test that fails, an exercise that you have not solved among them; go on behind it with *Run > Run Selected
#    Cell and All Below*. Such an exercise may stay as it is: it costs its own points and no others.
# 2. Save the notebook, *File > Save Notebook*.
# 3. Let it be run as the grader will run it, from a terminal in the folder of the course. Nothing stops it,
#    and it prints what became of every visible test:
#
#    `.venv/bin/autograder check notebooks/01_ngram_counting/01_ngram_counting.ipynb`
# 4. Hand in the `.ipynb` file as it is, where your course collects it. You need not clear outputs or delete
#    cells of your own.
#
# The grader takes your *answers* out of the notebook and puts them into a fresh copy of it. So nothing is
# lost if you have deleted or changed another cell by accident. Each answer runs for a limited time (ten
# seconds for a test, if it does not say otherwise), without a network, and with NumPy only, unless the
# exercise allows more. You get a page with every test, its points, and the same kind of messages as here.
#
# Now go on with *01 Counting n-grams*. Where the notebooks speak of *the lectures*, they mean the public
# ones that the course follows: Carnegie Mellon's *Generative AI* (10-423) and *Introduction to Machine
# Learning* (10-301), and Georgia Tech's *Deep Learning* (CS 7643). You need none of them.
