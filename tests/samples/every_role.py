# %% [markdown]
# # Every role
#
# A small notebook with a cell of every role.

# %% given="setup"
import math

import numpy as np

words = "the cow eats the corn".split()

# %% [markdown]
# ## Exercise 1: counting words
# *Difficulty 1 of 5 · about 5 minutes · 3 points*
#
# How often does each word come? With $c(w)$ the count of $w$, $p(w) = c(w) / N$.
#
# <details><summary>Hint 1: what do you need to remember?</summary>
#
# For every word, how often you saw it:
#
# ```python
# # Exercise 7: not a heading
# counts = {}
# ```
#
# </details>
#
# <details><summary>Hint 2: if you see KeyError</summary>
#
# A word that you have not seen yet has no count.
#
# </details>

# %% answer="count_words"
def count_words(tokens):
    """Counts of the tokens, as a dict from token to int."""
    ### BEGIN SOLUTION
    tally = {}
    for token in tokens:
        tally[token] = tally.get(token, 0) + 1
    return tally
    ### END SOLUTION


# %% figure="most_common"
print(max(count_words(words).items(), key=lambda item: item[1]))

# %% test="count_words" points=1
from nextword import checks

check = checks.of(count_words)
check.call(["a", "b", "a"]).equals({"a": 2, "b": 1})
check.passed()

# %% hidden="count_words" points=2
# No words at all,
# and words that come once.

### BEGIN HIDDEN TESTS
from nextword import checks

check = checks.of(count_words)
check.call([]).equals({})
check.call(["solitary", "whale"]).equals({"solitary": 1, "whale": 1})
check.passed()
### END HIDDEN TESTS

# %%
count_words(["try", "it"])

# %% [markdown]
# ## Exercise 2: the entropy of a die
# *Difficulty 2 of 5 · about 10 minutes · 2 bonus points*
#
# $H(p) = -\sum_i p_i \log p_i$ in nats.

# %% answer="entropy" torch=true
LOG = math.log


def entropy(probs):
    """Entropy of probs, a list of numbers that add up to 1, in nats."""
    ### BEGIN SOLUTION
    return float(-sum(p * LOG(p) for p in probs if p > 0))
    ### END SOLUTION


def twice(probs):
    ### BEGIN SOLUTION
    return 2 * entropy(probs)
    ### END SOLUTION


# %% test="entropy" points=2 bonus=true seconds=20
import torch

from nextword import checks

probs = [0.5, 0.25, 0.25]
check = checks.of(entropy)
check.call(probs).close_to(torch.distributions.Categorical(torch.tensor(probs).double()).entropy())
check.passed()

# %% [markdown]
# ## Exercise 3: why logarithms?
# *Difficulty 1 of 5 · about 5 minutes · 4 points*
#
# Why do we add logarithms instead of multiplying probabilities? Two sentences.

# %% [markdown] written="logarithms" points=4
# ### BEGIN SOLUTION
# A product of many probabilities is smaller than any float; the sum of their logarithms is not.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# * 2 points: underflow is named.
# * 2 points: the logarithm turns the product into a sum.
# ### END MARK SCHEME

# %% [markdown]
# ## What comes next
# More of it.
