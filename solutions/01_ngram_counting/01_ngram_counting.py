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
# # 01 Counting n-grams
#
# Finish this sentence: *the farmer that chases the otters eats ...* You have an opinion about the next
# word, and the opinion comes in degrees: *soup* is likely, *quickly* is possible, *eats* is not. A
# **language model** is exactly that opinion written down as numbers: for every beginning of a text, a
# probability for every word that may come next,
#
# $$p(\text{next word} \mid \text{the words before}).$$
#
# The whole course is about this one expression. In this notebook you **count** it. In the next ones you
# learn it from its mistakes, first with derivatives by hand, then with derivatives by machine; you give it
# a memory that walks along the sentence, and at last one that looks back at every word. Each notebook that
# makes a new model ends on the same chart, the *loss ladder*, which says how much better the new model
# predicts than the old ones. Counting is the ground floor, and a higher floor than it looks.
#
# Two things can be done with such a model, and you will build both. It can **score** a text, by multiplying
# the probabilities of its words one after the other; and it can **write** one, by rolling a weighted die
# for the next word, appending the word, and rolling again.
#
# **Notation.** A text is a sequence of tokens $w_1, w_2, \dots, w_T$, words and punctuation marks. The
# words before position $t$ are its *history* $w_{1:t-1}$; the part of the history that a model looks at is
# the *context* $h$. $c(h, w)$ is how often the word $w$ followed the context $h$ in the training text,
# $N(h) = \sum_w c(h, w)$ is how often $h$ was followed by anything, and $V$ is the number of different
# tokens that may come next. Logarithms are natural, so losses are in **nats**.
#
# **How to work.** Each exercise has an answer cell with the signature, a test that you can read, and a
# hidden test of which you read only what it covers. Every exercise can be solved without the ones before
# it. The pictures use *your* functions: they appear when the functions work. Until then a picture's cell, like
# the test of an exercise that is not written yet, ends in `NotImplementedError`, with a long message whose
# last arrow points into the function that is missing, and *Run All* stops there. To go on behind it, click on
# the next cell and choose *Run > Run Selected Cell and All Below*.

# %% given="setup"
import math
import re
from collections import Counter, defaultdict

import numpy as np

BOS = "<s>"      # beginning of a sentence: opens the context of the first words, is never predicted
EOS = "</s>"     # end of a sentence: predicted like any word, for a text must be able to stop
UNK = "<unk>"    # stands for every word that the vocabulary does not have

# %% [markdown]
# ## The corpus
#
# A *corpus* is the text that a model learns from and is judged by. Most of this notebook reads sentences
# about narwhals and cows. They were not collected but drawn from a probabilistic grammar written for the
# course (rules that say how a sentence may be built, each with a probability), and that has one great
# advantage: the true probability of every sentence is known, and with it the **entropy** of the language,
# the average number of nats per token that nobody can predict. No model in this course, however large, can in
# the long run have a lower loss on new sentences. It is the floor of the ladder.

# %% figure="narwhals"
from functools import cache

from nextword import corpora

narwhals = corpora.narwhals()


@cache      # until there is another `count`: when you run the cell of your answer again, pictures are drawn afresh
def training_counts(count, n):
    """What your `count` finds in the training sentences; every picture below needs it."""
    return count(narwhals.train, n)


tokens = sum(len(sentence) + 1 for sentence in narwhals.train)
print(f"{len(narwhals.train):,} training sentences, {tokens:,} tokens with the ends of the sentences;",
      f"{len(narwhals.vocabulary)} different words")
print(f"entropy: {narwhals.entropy_per_token:.4f} nats per token\n")
for sentence in narwhals.train[:6]:
    print("   ", " ".join(sentence))

# %% [markdown]
# ## Exercise 1a: from text to tokens
# *Difficulty 1 of 5 · about 10 minutes · 2 points*
#
# Before anything can be counted one must say what the things are. A computer sees characters; we want
# words. That sounds trivial until the first comma: if a text is cut at white space only, then `pear`,
# `pear!` and `Pear` become three words which share nothing, and each is counted a third as often as it
# should be. On the other hand a language model should learn where commas go, so punctuation may not simply
# vanish.
#
# Write `tokenize(text)`. It turns the text into lower case and cuts it into tokens of two kinds:
#
# - a **word**: letters (of any alphabet), digits and underscores, which may be joined by single apostrophes
#   or hyphens, the characters `'` and `-`, *inside* the word (`know't` and `factory-farm` are one token each);
# - any **other visible character**, a token of its own (`--` is two tokens, and the apostrophe in `'tis`
#   one).
#
# White space separates tokens and is not one itself.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Which characters can be inside a word, and which only between two parts of a word?
# `re.findall(pattern, text)` returns all pieces that match, from left to right.
# </details>
# <details><summary>Hint 2: the pattern in words</summary>
#
# *one or more word characters, then any number of times (an apostrophe or hyphen, then one or more word
# characters)* **or** *one character that is neither a word character nor white space*. In a pattern `\w` is
# a word character, `\s` is white space, `[^\w\s]` is neither, and `(?:...)` groups without capturing.
# </details>
# <details><summary>Hint 3: if the result is full of empty strings or odd pieces</summary>
#
# A pattern with a *capturing* group `(...)` makes `re.findall` return what the group caught instead of the
# whole match. Write `(?:...)`.
# </details>

# %% answer="tokenize"
def tokenize(text):
    """Cut a text into lower-case words and single punctuation marks.

    text: str. Returns a list of str, the tokens in order; [] for a text without visible characters.
    """
    ### BEGIN SOLUTION
    return re.findall(r"\w+(?:['-]\w+)*|[^\w\s]", text.lower())
    ### END SOLUTION

# %% test="tokenize" points=1
from nextword import checks

check = checks.of(tokenize)
text = "Narwhals are way cooler than parrots."
check.call(text).equals(["narwhals", "are", "way", "cooler", "than", "parrots", "."], mistakes={
    "you cut at white space only, so that punctuation sticks to the words": text.lower().split(),
    "you cut at white space only, and do not turn the text into lower case": text.split(),
    "you do not turn the text into lower case": ["Narwhals", "are", "way", "cooler", "than", "parrots", "."],
    "you throw the punctuation away": ["narwhals", "are", "way", "cooler", "than", "parrots"],
    "you cut the text into characters": list(text.lower()),
    "your pattern has a capturing group (...), and re.findall returns the group": [""] * 7,
})
check.call("We know't, we know't!").equals(["we", "know't", ",", "we", "know't", "!"], mistakes={
    "an apostrophe inside a word cuts it in three":
        ["we", "know", "'", "t", ",", "we", "know", "'", "t", "!"],
    "an apostrophe inside a word is lost": ["we", "knowt", ",", "we", "knowt", "!"],
    "the second part of a word with an apostrophe is lost": ["we", "know", ",", "we", "know", "!"],
})
check.call("'tis factory-farm --").equals(["'", "tis", "factory-farm", "-", "-"], mistakes={
    "apostrophes and hyphens count as letters, so that they belong to words even outside of them":
        ["'tis", "factory-farm", "--"],
    "an apostrophe at the beginning of a word stays with it": ["'tis", "factory-farm", "-", "-"],
    "a hyphen inside a word cuts it in three": ["'", "tis", "factory", "-", "farm", "-", "-"],
    "punctuation marks in a row become one token": ["'", "tis", "factory-farm", "--"],
    "a hyphen outside of words is lost": ["'", "tis", "factory-farm"],
})
check.call("Noël's 3 pies").equals(["noël's", "3", "pies"], mistakes={
    "only the letters a to z count as letters": ["no", "ë", "l's", "3", "pies"],
    "only the letters a to z count as letters, and others are lost": ["no", "l's", "3", "pies"],
    "only the letters a to z count as letters, and digits are lost too": ["no", "l's", "pies"],
    "digits are lost": ["noël's", "pies"],
})
check.passed()

# %% hidden="tokenize" points=1
# Checks an empty text, runs of white space and line ends, hyphens inside and outside of words, digits, an
# apostrophe at the beginning of a word, and letters that English does not have.
### BEGIN HIDDEN TESTS
from nextword import checks

check = checks.of(tokenize)
check.call("").equals([], mistakes={"an empty text gives an empty token": [""]})
check.call(" \n\t ").equals([], mistakes={"white space becomes an empty token": [""]})
check.call("on an\norganic   farm,\n\ncows eat hay").equals(
    ["on", "an", "organic", "farm", ",", "cows", "eat", "hay"], mistakes={
        "runs of spaces and line ends make empty tokens":
            ["on", "an\norganic", "", "", "farm", ",\n\ncows", "eat", "hay"],
    })
check.call("Factory-farm cows: grant,--O Yead").equals(
    ["factory-farm", "cows", ":", "grant", ",", "-", "-", "o", "yead"], mistakes={
        "a hyphen inside a word cuts it in three":
            ["factory", "-", "farm", "cows", ":", "grant", ",", "-", "-", "o", "yead"],
        "punctuation marks in a row become one token":
            ["factory-farm", "cows", ":", "grant", ",--", "o", "yead"],
        "hyphens outside of words are taken into the word":
            ["factory-farm", "cows", ":", "grant", ",", "--o", "yead"],
        "hyphens outside of words are lost": ["factory-farm", "cows", ":", "grant", ",", "o", "yead"],
    })
check.call("'Tis 1623, act 2...").equals(["'", "tis", "1623", ",", "act", "2", ".", ".", "."], mistakes={
    "digits are lost": ["'", "tis", ",", "act", ".", ".", "."],
    "an apostrophe at the beginning of a word stays with it":
        ["'tis", "1623", ",", "act", "2", ".", ".", "."],
})
check.call("Zoë's Ärger").equals(["zoë's", "ärger"], mistakes={
    "only the letters a to z count as letters": ["zo", "ë", "'", "s", "ä", "rger"],
    "only the letters a to z count as letters, and others are lost": ["zo", "'", "s", "rger"],
})
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 1b: from tokens to ids and back
# *Difficulty 2 of 5 · about 15 minutes · 2 points*
#
# Tables and neural networks are indexed by numbers, so every token of the **vocabulary**, the list of all
# different tokens that a model knows, gets an **id**, and we need both directions: `encode` before a model,
# `decode` after it. Three tokens are special. `<s>` (BOS) opens a sentence, so that its first word has
# something before it; `</s>` (EOS) closes it, so that a model can learn to stop; and `<unk>` stands for
# every word that was not seen when the vocabulary was made. Without it the first new word would be a crash.
#
# Write the class `Vocab`. Its ids must not depend on chance: a model that was trained with one numbering is
# worthless with another. So ids 0, 1 and 2 are BOS, EOS and UNK, and the other tokens follow in
# alphabetical order (that of Python's `sorted`), each once.
#
# | id | 0 | 1 | 2 | 3 | 4 | ... |
# |---|---|---|---|---|---|---|
# | token | `<s>` | `</s>` | `<unk>` | first word | second word | ... |
#
# <details><summary>Hint 1: where to begin</summary>
#
# Which two data structures answer *what is the id of this token* and *what is the token with this id* at
# once, without searching?
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# In `__init__`: a list with the three special tokens, then the sorted different others; and a dictionary
# from each token of the list to its place. `encode` looks in the dictionary, with the id of UNK for what is
# missing.
# </details>
# <details><summary>Hint 3: if ids change from run to run</summary>
#
# The order of a `set` of strings is different in every Python process. Sort it.
# </details>

# %% answer="Vocab"
class Vocab:
    """The different tokens of a text and their ids: BOS 0, EOS 1, UNK 2, the others in alphabetical order.

    tokens: a list of str, in which tokens may come again and special tokens may occur.
    """

    def __init__(self, tokens):
        ### BEGIN SOLUTION
        special = [BOS, EOS, UNK]
        self.tokens = special + sorted(set(tokens) - set(special))
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        ### END SOLUTION

    def __len__(self):
        """How many ids there are, the three special ones included."""
        ### BEGIN SOLUTION
        return len(self.tokens)
        ### END SOLUTION

    def encode(self, tokens):
        """A list of T tokens -> a list of T ids; a token outside the vocabulary gets the id of UNK."""
        ### BEGIN SOLUTION
        return [self.ids.get(token, self.ids[UNK]) for token in tokens]
        ### END SOLUTION

    def decode(self, ids):
        """A list of T ids, each at least 0 and below len(self) -> a list of T tokens."""
        ### BEGIN SOLUTION
        return [self.tokens[i] for i in ids]
        ### END SOLUTION

# %% test="Vocab" points=1
from nextword import checks

tokens = ["cows", "eat", "hay", "and", "cows", "eat", "corn"]
vocab = checks.of(Vocab).call(tokens).value
check = checks.of(vocab.encode, name="Vocab.encode")
check.call(["and", "corn", "cows", "eat", "hay"]).equals([3, 4, 5, 6, 7], mistakes={
    "ids follow the order in which the tokens first occur": [6, 7, 3, 4, 5],
    "the three special tokens have no ids of their own": [0, 1, 2, 3, 4],
    "a token that comes again gets a second id": [3, 4, 5, 7, 9],
    "a token that comes again gets a new id": [3, 4, 6, 8, 9],
})
check.call(["<s>", "cows", "eat", "plankton", "</s>"]).equals([0, 5, 6, 2, 1], mistakes={
    "<s> and </s> have each other's ids": [1, 5, 6, 2, 0],
    "a token that is not in the vocabulary is left out": [0, 5, 6, 1],
    "a token that is not in the vocabulary gets a new id": [0, 5, 6, 8, 1],
    "a token that is not in the vocabulary gets the id of <s>": [0, 5, 6, 0, 1],
    "a token that is not in the vocabulary becomes None": [0, 5, 6, None, 1],
})
try:
    length = len(vocab)
except NotImplementedError:
    raise NotImplementedError("`Vocab.__len__` is not written yet: replace `raise NotImplementedError`.") from None
check.holds(length == 8, "five different words and three special tokens are 8 ids, but len is {}", length)
check.passed()
check = checks.of(vocab.decode, name="Vocab.decode")
check.call([0, 5, 6, 2, 1]).equals(["<s>", "cows", "eat", "<unk>", "</s>"], mistakes={
    "a token that comes again has a second place in your list": ["<s>", "cows", "cows", "<unk>", "</s>"],
    "<s> and </s> have each other's ids": ["</s>", "cows", "eat", "<unk>", "<s>"],
})
check.passed()

# %% hidden="Vocab" points=1
# Checks that encode and decode undo each other, tokens that come again, special tokens among the tokens,
# upper case, an empty vocabulary, and empty lists.
### BEGIN HIDDEN TESTS
from nextword import checks, corpora

words = [word for sentence in corpora.lecture_narwhals() for word in sentence]
vocab = checks.of(Vocab).call(words).value
different = sorted(set(words))
check = checks.of(vocab.encode, name="Vocab.encode")
check.call(different).equals(list(range(3, 3 + len(different))), mistakes={
    "a token that comes again gets a second id": [3 + sorted(words).index(word) for word in different],
    "a token that comes again gets a new id":
        [2 + sum(other <= word for other in words) for word in different],
    "ids follow the order in which the tokens first occur":
        [3 + list(dict.fromkeys(words)).index(word) for word in different],
})
check.call([]).equals([])
check.call(["Narwhals", "narwhals"]).equals([2, 3 + different.index("narwhals")], mistakes={
    "encode changes the case of the tokens": [3 + different.index("narwhals")] * 2,
})
check.holds(lambda: len(vocab) == 3 + len(different),
            "the number of ids must be that of the different words and the three special tokens")
check.passed()
check = checks.of(vocab.decode, name="Vocab.decode")
check.call(list(vocab.encode(words))).equals(words)
check.call([]).equals([])
check.passed()

special = checks.of(Vocab).call(["b", "</s>", "a", "<unk>", "b", "<s>"]).value
check = checks.of(special.encode, name="Vocab.encode")
check.call(["<s>", "</s>", "<unk>", "a", "b"]).equals([0, 1, 2, 3, 4], mistakes={
    "special tokens among the tokens get a second id": [4, 3, 5, 6, 7],
    "special tokens among the tokens get a second id, and the others come too late": [0, 1, 2, 6, 7],
})
check.holds(lambda: len(special) == 5, "special tokens among the tokens get no second id")
empty = checks.of(Vocab).call([]).value
check.holds(lambda: len(empty) == 3, "without words there are the three special tokens")
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 2: the chain rule, which is always true
# *Difficulty 2 of 5 · about 15 minutes · 3 points*
#
# How can one define a probability for a whole text of $T$ tokens? There are $V^T$ of them, far too many for
# a list. The **chain rule of probability** takes the text apart into next-word questions:
#
# $$p(w_1, w_2, \dots, w_T) = \prod_{t=1}^{T} p(w_t \mid w_{t-1}, \dots, w_1).$$
#
# It deserves the name *rule* because nothing is assumed: it holds for every distribution over texts
# whatsoever, since $p(a, b) = p(a)\,p(b \mid a)$. So whoever can answer the question *what comes next,
# given all that came before?* knows the probability of every text.
#
# A product of many small numbers is a trap for a computer. The smallest positive float64 is about
# $5 \cdot 10^{-324}$; 300 words of probability 1/50 already fall below it and the product becomes exactly
# 0. So we add logarithms:
#
# $$\log p(w_1, \dots, w_T) = \sum_{t=1}^{T} \log p(w_t \mid w_{1:t-1}).$$
#
# From here on, a language model is a Python function. It takes the context as a tuple of words and returns
# a dictionary from each possible next word to its probability; a word that is missing has probability 0.
# Write `chain_rule_log_prob(conditional, tokens)`, which asks such a function once for each token. The log
# probability of something impossible is `-math.inf`, not an error.
#
# <details><summary>Hint 1: where to begin</summary>
#
# What is the context of the first token? And of the third? Both are slices of `tokens`.
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *for every position t: ask for the distribution after the tokens before t, take the probability of token t
# (0 if it is missing), add its logarithm.* `math.log(0)` raises an error: decide what to do before you call
# it.
# </details>
# <details><summary>Hint 3: if you see "TypeError: unhashable type: 'list'"</summary>
#
# A model uses the context as a key of a dictionary. Tuples can be keys, lists cannot: `tuple(...)`.
# </details>

# %% answer="chain_rule_log_prob"
def chain_rule_log_prob(conditional, tokens):
    """The log probability of a sequence, from the probabilities of its next words.

    conditional: function; takes a tuple of the str before a position, in the order of the text, and returns a
        dict {next token: probability}; a token that is missing has probability 0.
    tokens: list of T str. Returns a float in nats; -inf for an impossible sequence; 0.0 for an empty list.
    """
    ### BEGIN SOLUTION
    total = 0.0
    for t, token in enumerate(tokens):
        probability = conditional(tuple(tokens[:t])).get(token, 0.0)
        if probability == 0.0:
            return -math.inf
        total += math.log(probability)
    return total
    ### END SOLUTION

# %% test="chain_rule_log_prob" points=1
import math
from itertools import product

import torch
from nextword import checks

# Any table of probabilities for all texts of three words is a distribution, even a random one.
words = ["cows", "eat", "hay", "narwhals"]
joint = torch.rand(4, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
joint /= joint.sum()
distributions = {}      # p(. | context) of the random table: divide what is left of it by its sum
for index in [index for t in range(3) for index in product(range(4), repeat=t)]:
    mass = joint[index].reshape(4, -1).sum(dim=1)
    distribution = dict(zip(words, (mass / mass.sum()).tolist(), strict=True))
    distributions[tuple(words[i] for i in index)] = distribution


def conditional(context):
    if type(context) is not tuple:
        raise TypeError(f"the context must be a tuple of words, such as tuple(tokens[:2]), and not {context!r}")
    if context not in distributions:
        raise KeyError(f"no text of three words goes on after {context}")
    return distributions[context]


def term(*text):
    return math.log(conditional(text[:-1])[text[-1]])


check = checks.of(chain_rule_log_prob)
text = ["narwhals", "eat", "cows"]
check.call(conditional, text).close_to(torch.log(joint[3, 1, 0]), mistakes={
    "you return the probability and not its logarithm": joint[3, 1, 0],
    "you take the logarithm to base 2": torch.log2(joint[3, 1, 0]),
    "you leave out the first word": term("narwhals", "eat") + term("narwhals", "eat", "cows"),
    "only the word before is the context, not all words before":
        term("narwhals") + term("narwhals", "eat") + term("eat", "cows"),
    "no word has a context": term("narwhals") + term("eat") + term("cows"),
    "the context runs backwards, from the latest word to the first":
        term("narwhals") + term("narwhals", "eat") + term("eat", "narwhals", "cows"),
    "you divide by the number of words": torch.log(joint[3, 1, 0]) / 3,
    "you multiply the logarithms":
        term("narwhals") * term("narwhals", "eat") * term("narwhals", "eat", "cows"),
})
check.passed()

# %% hidden="chain_rule_log_prob" points=2
# Checks every text of another random table, beginnings of texts (they have marginal probabilities), an
# empty text, an impossible word, and a text so long that the product of its probabilities is 0 in float64.
### BEGIN HIDDEN TESTS
import math

import torch
from nextword import checks

words = ["a", "b", "c"]
joint = torch.rand(3, 3, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(7)) ** 3
joint /= joint.sum()


def conditional(context):
    if type(context) is not tuple or len(context) > 3:
        raise TypeError("the context must be a tuple of the words before a position")
    slab = joint[tuple(words.index(word) for word in context)]
    mass = slab.reshape(len(words), -1).sum(dim=1)
    return dict(zip(words, (mass / mass.sum()).tolist(), strict=True))


def steps(text, context_of):
    return sum(math.log(conditional(context_of(text, t))[text[t]]) for t in range(len(text)))


check = checks.of(chain_rule_log_prob)
for index in [(0, 1, 2, 2), (2, 2, 0, 1), (1, 0, 0, 2), (2, 1, 0, 0)]:
    text = [words[i] for i in index]
    expected = torch.log(joint[index])
    check.call(conditional, text).close_to(expected, mistakes={
        "you return the probability and not its logarithm": joint[index],
        "you take the logarithm to base 2": torch.log2(joint[index]),
        "only the word before is the context, not all words before":
            steps(text, lambda text, t: tuple(text[max(t - 1, 0):t])),
        "the context runs backwards, from the latest word to the first":
            steps(text, lambda text, t: tuple(reversed(text[:t]))),
        "you leave out the first word": expected - math.log(conditional(())[text[0]]),
        "you leave out the last word": torch.log(joint[index[:3]].sum()),
        "you divide by the number of words": expected / 4,
    })
check.call(conditional, ["b", "c"]).close_to(torch.log(joint[1, 2].sum()))
check.call(conditional, []).close_to(0.0)
check.call(lambda context: {"a": 0.5, "b": 0.5, "c": 0.0}, ["a", "c", "b"]).close_to(-math.inf, mistakes={
    "a word of probability 0 is passed over": 2 * math.log(0.5),
})
check.call(lambda context: {"a": 0.5, "b": 0.5}, ["a", "b", "zebra"]).close_to(-math.inf, mistakes={
    "a word that is missing from the dictionary is passed over": 2 * math.log(0.5),
})
check.call(lambda context: {"a": 1e-6, "b": 1 - 1e-6}, ["a"] * 60).close_to(60 * math.log(1e-6), mistakes={
    "you multiply the probabilities and take the logarithm of the product at the end, which is 0": -math.inf,
})
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## What an n-gram model assumes
#
# The chain rule has moved the difficulty and not removed it. The factor for the twentieth word asks about a
# history of nineteen words, and almost every history of nineteen words occurs exactly once in the life of
# the universe. There is nothing to count. So an **n-gram model** makes an *assumption*: only the last
# $n - 1$ words matter,
#
# $$p(w_t \mid w_{t-1}, \dots, w_1) \;\approx\; p(w_t \mid w_{t-1}, \dots, w_{t-n+1}).$$
#
# With $n = 1$, the **unigram** model, no word has a context. With $n = 2$, the **bigram** model, each word
# looks at one word before it, and with $n = 3$, the **trigram** model, at two:
#
# $$p(w_1, \dots, w_T) \approx \prod_{t=1}^{T} p(w_t \mid w_{t-1})
# \qquad\text{or}\qquad \prod_{t=1}^{T} p(w_t \mid w_{t-2}, w_{t-1}).$$
#
# This is what makes it a *model*: the chain rule is true, the assumption is false, and useful all the same.
# In "Narwhals are way cooler than parrots" the trigram model predicts *parrots* from *cooler than*; it has
# forgotten what it is that is cooler.

# %% [markdown]
# ## Exercise 3: counting n-grams
# *Difficulty 2 of 5 · about 20 minutes · 3 points*
#
# How does one learn the probabilities of an n-gram model? By counting. In the text about cows that the
# lectures count (the tests use a small one with the same counts), the words *cows eat* stand eleven times;
# four times *corn* follows, three times *grass*, twice *hay*, and once each *if* and *which*. For a trigram
# model this is all there is to know about the context $h = (\text{cows}, \text{eat})$.
#
# Two details decide whether the counts make a model of *sentences*. The first words of a sentence have
# fewer than $n - 1$ words before them, so we put $n - 1$ times `<s>` in front. And the model must know when
# to stop, so the end of a sentence is counted like a word: `</s>` once at its end. For $n = 3$ the sentence
# *cows eat hay* is read as
#
# `<s> <s> cows eat hay </s>`
#
# and gives four trigrams, one for each token that is predicted. Sentences are separate: the last words of
# one are never the context of the first word of the next.
#
# Write `count_ngrams(sentences, n)`. It returns a dictionary of dictionaries,
# $\texttt{counts[h][w]} = c(h, w)$, in which $h$ is a tuple of $n - 1$ words in the order of the text (the
# empty tuple `()` when $n = 1$), and which has no entry for anything that did not occur.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Write down by hand all trigrams of `<s> <s> cows eat hay </s>`. At which positions do they end?
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *for each sentence: pad it; for each position from n - 1 to the end: the context is the n - 1 tokens
# before, add one to its count for the token there.* `defaultdict(Counter)` makes new entries by itself.
# </details>
# <details><summary>Hint 3: if the unigram counts are wrong and all others right</summary>
#
# `tokens[-0:]` is the whole list and not an empty one. Slice from the left: `tokens[t - n + 1:t]`.
# </details>

# %% answer="count_ngrams"
def count_ngrams(sentences, n):
    """How often each word follows each context of n - 1 words.

    sentences: list of S sequences of str, without BOS and EOS; n: int, at least 1.
    Returns {context: {word: count}} with contexts as tuples of n - 1 str and counts as int.
    """
    ### BEGIN SOLUTION
    counts = defaultdict(Counter)
    for sentence in sentences:
        tokens = [BOS] * (n - 1) + list(sentence) + [EOS]
        for t in range(n - 1, len(tokens)):
            counts[tuple(tokens[t - n + 1:t])][tokens[t]] += 1
    return {context: dict(following) for context, following in counts.items()}
    ### END SOLUTION

# %% test="count_ngrams" points=1
from nextword import checks, corpora

check = checks.of(count_ngrams)
sentences = [("cows", "eat"), ("cows", "sleep")]
check.call(sentences, 2).equals({
    ("<s>",): {"cows": 2}, ("cows",): {"eat": 1, "sleep": 1}, ("eat",): {"</s>": 1}, ("sleep",): {"</s>": 1},
}, mistakes={
    "no <s> stands before the first word": {
        ("cows",): {"eat": 1, "sleep": 1}, ("eat",): {"</s>": 1}, ("sleep",): {"</s>": 1}},
    "no </s> stands after the last word": {("<s>",): {"cows": 2}, ("cows",): {"eat": 1, "sleep": 1}},
    "there is neither <s> before a sentence nor </s> after it": {("cows",): {"eat": 1, "sleep": 1}},
    "n times <s> stands before the first word, one too many": {
        ("<s>",): {"<s>": 2, "cows": 2}, ("cows",): {"eat": 1, "sleep": 1}, ("eat",): {"</s>": 1},
        ("sleep",): {"</s>": 1}},
    "sentences are joined, with neither <s> nor </s> between them": {
        ("cows",): {"eat": 1, "sleep": 1}, ("eat",): {"cows": 1}},
    "you count across the end of a sentence": {
        ("<s>",): {"cows": 2}, ("cows",): {"eat": 1, "sleep": 1}, ("eat",): {"</s>": 1},
        ("sleep",): {"</s>": 1}, ("</s>",): {"<s>": 1}},
    "the contexts are strings and not tuples": {
        "<s>": {"cows": 2}, "cows": {"eat": 1, "sleep": 1}, "eat": {"</s>": 1}, "sleep": {"</s>": 1}},
    "you count whole n-grams in one flat dictionary": {
        ("<s>", "cows"): 2, ("cows", "eat"): 1, ("cows", "sleep"): 1, ("eat", "</s>"): 1,
        ("sleep", "</s>"): 1},
})
check.call([("cows", "eat", "hay")], 3).equals({
    ("<s>", "<s>"): {"cows": 1}, ("<s>", "cows"): {"eat": 1}, ("cows", "eat"): {"hay": 1},
    ("eat", "hay"): {"</s>": 1},
}, mistakes={
    "only one <s> stands before the first word, whatever n is": {
        ("<s>", "cows"): {"eat": 1}, ("cows", "eat"): {"hay": 1}, ("eat", "hay"): {"</s>": 1}},
    "only one <s> stands before the first word, so that the first context is too short": {
        ("<s>",): {"cows": 1}, ("<s>", "cows"): {"eat": 1}, ("cows", "eat"): {"hay": 1},
        ("eat", "hay"): {"</s>": 1}},
    "the contexts run backwards": {
        ("<s>", "<s>"): {"cows": 1}, ("cows", "<s>"): {"eat": 1}, ("eat", "cows"): {"hay": 1},
        ("hay", "eat"): {"</s>": 1}},
    "the context is the word before only, whatever n is": {
        ("<s>",): {"cows": 1}, ("cows",): {"eat": 1}, ("eat",): {"hay": 1}, ("hay",): {"</s>": 1}},
})
check.call([("cows", "eat")], 1).equals({(): {"cows": 1, "eat": 1, "</s>": 1}}, mistakes={
    "all words so far are the context (a slice from -0 is the whole list)": {
        (): {"cows": 1}, ("cows",): {"eat": 1}, ("cows", "eat"): {"</s>": 1}},
    "one <s> stands before the first word though n is 1, and it is counted like a word":
        {(): {"<s>": 1, "cows": 1, "eat": 1, "</s>": 1}},
})
cows = check.call(corpora.lecture_cows(), 3).value
check.holds(cows.get(("cows", "eat")) == {"corn": 4, "grass": 3, "hay": 2, "if": 1, "which": 1},
            "after 'cows eat' the lecture counts corn 4, grass 3, hay 2, if 1, which 1; your count is {}",
            cows.get(("cows", "eat")))
about = check.call(corpora.lecture_narwhals(), 3).value
check.holds(about.get(("narwhals", "are"))
            == {"big": 2, "a": 2, "hiding": 1, "coming": 1, "friendly": 1, "generated": 1},
            "after 'narwhals are' the lecture counts big 2, a 2 and four words once; your count is {}",
            about.get(("narwhals", "are")))
check.passed()

# %% hidden="count_ngrams" points=2
# Checks n from 1 to 5 on other sentences, sentences shorter than n and without any word, n-grams that would
# straddle two sentences, and that nothing is entered with a count of 0.
### BEGIN HIDDEN TESTS
from collections import Counter

from nextword import checks, corpora


def reference(sentences, n, before=None, after=("</s>",), joined=False, backwards=False):
    """Counts with the padding as given, so that every way to pad wrongly can be computed too."""
    before = ["<s>"] * (n - 1) if before is None else before
    padded = [[*before, *sentence, *after] for sentence in sentences]
    if joined:
        padded = [sum(padded, [])]
    counts = {}
    for tokens in padded:
        for *context, word in zip(*(tokens[i:] for i in range(n)), strict=False):
            context = tuple(reversed(context)) if backwards else tuple(context)
            counts.setdefault(context, Counter())[word] += 1
    return {context: dict(following) for context, following in counts.items()}


def all_before(sentences, n):
    """With all words so far as the context, which a slice such as tokens[-0:] gives."""
    counts = {}
    for sentence in sentences:
        tokens = ["<s>"] * (n - 1) + [*sentence, "</s>"]
        for t in range(n - 1, len(tokens)):
            counts.setdefault(tuple(tokens[:t]), Counter())[tokens[t]] += 1
    return {context: dict(following) for context, following in counts.items()}


check = checks.of(count_ngrams)
small = [("a", "b"), ("b",), ("a", "b", "a")]
for sentences, sizes in [(corpora.lecture_cows(), (1, 2, 3, 4)), (small, (2, 3, 5))]:
    for n in sizes:
        check.call(sentences, n).equals(reference(sentences, n), mistakes={
            "no <s> stands before the first word": reference(sentences, n, before=[]),
            "only one <s> stands before the first word, whatever n is":
                reference(sentences, n, before=["<s>"]),
            "n times <s> stands before the first word, one too many":
                reference(sentences, n, before=["<s>"] * n),
            "sentences are joined, with neither <s> nor </s> between them":
                reference(sentences, n, before=[], after=(), joined=True),
            "no </s> stands after the last word": reference(sentences, n, after=()),
            "n - 1 times </s> stands after the last word": reference(sentences, n, after=["</s>"] * (n - 1)),
            "there is neither <s> before a sentence nor </s> after it":
                reference(sentences, n, before=[], after=()),
            "you count across the end of a sentence": reference(sentences, n, joined=True),
            "the contexts run backwards": reference(sentences, n, backwards=True),
            "all words so far are the context (a slice from -0 is the whole list)": all_before(sentences, n),
            "the contexts have n words, so you count (n + 1)-grams": reference(sentences, n + 1),
            "the contexts have n - 2 words, so you count (n - 1)-grams":
                reference(sentences, max(n - 1, 1)),
        })
check.call([()], 3).equals({("<s>", "<s>"): {"</s>": 1}}, mistakes={
    "a sentence without words is passed over": {},
})
check.call([], 2).equals({})
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 4: from counts to probabilities
# *Difficulty 1 of 5 · about 10 minutes · 2 points*
#
# A count becomes a probability when it is divided by the number of times that the context occurred:
#
# $$p(w \mid h) = \frac{c(h, w)}{N(h)}, \qquad N(h) = \sum_{w'} c(h, w').$$
#
# This is the **maximum likelihood estimate**: among all distributions it is the one that makes the training
# text most probable (you will prove it below, and watch a network find it in exercise 10). Each context has
# a distribution of its own which adds up to 1; after *cows eat* it is corn 4/11, grass 3/11, hay 2/11, if
# 1/11, which 1/11.
#
# Write `next_word_distribution(counts, context)`. About a context that never occurred the estimate says
# nothing: $0/0$ is not a number, and neither 0 nor a guess would be honest. So it raises a `KeyError` whose
# message names the context. (What to do instead is the subject of exercise 8.)
#
# <details><summary>Hint 1: where to begin</summary>
#
# Which of the numbers in `counts` belong to this context? All other contexts are none of its business.
# </details>
# <details><summary>Hint 2: the error</summary>
#
# `raise KeyError(f"the context {context} was never seen")`. Ask with `in` before you look.
# </details>
# <details><summary>Hint 3: if the probabilities are far too small</summary>
#
# Add them up: they should give 1 for each context. If only the sum over *all* contexts is 1, you divide by
# too much.
# </details>

# %% answer="next_word_distribution"
def next_word_distribution(counts, context):
    """The maximum likelihood estimate of p(word | context).

    counts: {context: {word: count}}, contexts as tuples of str; context: tuple of str.
    Returns {word: probability}, the words that followed the context.
    Raises KeyError, with the words of the context in its message, if the context is not in counts.
    """
    ### BEGIN SOLUTION
    if context not in counts:
        raise KeyError(f"the context {context} was never seen")
    following = counts[context]
    total = sum(following.values())
    return {word: count / total for word, count in following.items()}
    ### END SOLUTION

# %% test="next_word_distribution" points=1
import torch
from nextword import checks

counts = {("cows", "eat"): {"corn": 4, "grass": 3, "hay": 2, "if": 1, "which": 1},
          ("goats", "eat"): {"corn": 2, "clover": 5}}
words = ["corn", "grass", "hay", "if", "which"]
row = torch.tensor([4, 3, 2, 1, 1], dtype=torch.float64)


def over(total):
    """The counts after "cows eat", divided by `total`."""
    return dict(zip(words, (row / torch.as_tensor(total, dtype=torch.float64)).tolist(), strict=True))


check = checks.of(next_word_distribution)
check.call(counts, ("cows", "eat")).close_to(over(row.sum()), mistakes={
    "you divide by all counts of the table, not by those of this context": over(18),
    "you divide by the number of different words, not by the number of times": over(5),
    "you divide by the largest count": over(4),
    "you divide each count by how often its word occurs after any context": over([6, 3, 2, 1, 1]),
    "you return the counts undivided": over(1),
    "you divide with //, which leaves whole numbers": dict.fromkeys(words, 0),
})
check.call(counts, ("narwhals", "eat")).raises(KeyError, mentioning="narwhals")
check.passed()

# %% hidden="next_word_distribution" points=1
# Checks random tables with contexts of none to three words, that every context's probabilities add up to 1,
# and contexts that never occurred, among them the beginning of a context that did.
### BEGIN HIDDEN TESTS
import torch
from nextword import checks

check = checks.of(next_word_distribution)
numbers = torch.Generator().manual_seed(5)
words = ["</s>", "a", "b", "c", "d"]
for contexts in [[()], [("a",), ("b",), ("<s>",)], [("a", "b", "c"), ("c", "b", "a"), ("<s>", "<s>", "a")]]:
    table = torch.randint(1, 9, (len(contexts), len(words)), generator=numbers).to(torch.float64)
    counts = {context: dict(zip(words, map(int, row), strict=True))
              for context, row in zip(contexts, table, strict=True)}
    for context, row in zip(contexts, table, strict=True):
        def over(total, row=row):
            return dict(zip(words, (row / total).tolist(), strict=True))
        check.call(counts, context).close_to(over(row.sum()), mistakes={
            "you divide by all counts of the table, not by those of this context": over(table.sum()),
            "you divide each count by how often its word occurs after any context": over(table.sum(dim=0)),
            "you divide by the number of different words, not by the number of times": over(len(words)),
            "you divide by the number of contexts": over(len(contexts)),
            "you return the counts undivided": over(1),
        })
        value = check.call(counts, context).value
        check.holds(abs(sum(value.values()) - 1) < 1e-9,
                    "the probabilities after {} add up to {} and not to 1",
                    context, sum(value.values()))
check.call({("a", "b"): {"c": 1}}, ("b", "a")).raises(KeyError, mentioning="b")
check.call({("zebra", "b"): {"c": 1}}, ("zebra",)).raises(KeyError, mentioning="zebra")
check.call({}, ()).raises(KeyError)
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### What the bigram model knows
#
# The picture below shows your estimate $p(w_t \mid w_{t-1})$ on the narwhal corpus. Each row is a context,
# the word before; each column is a word that may follow; the darker a cell, the more probable the word, and
# the number in it is the probability in percent. Rows and columns are a selection, so the numbers of a row
# add up to less than 100: the rest belongs to words that are not shown. The colour grows with the square root
# of the probability, so that small ones can be told from none; a cell with a tint and without a number is a
# word below half a percent.
#
# *What to see:* a row is a die. After *the* many faces are possible and none is likely; after a full stop
# only one is left, `</s>`, and after a comma only *and*. *narwhal* and *cow* are followed by *eats*,
# *narwhals* and *cows* by *eat*: one word of context is enough for agreement as long as the verb stands
# next to its noun. (The exceptions, such as *narwhals eats*, come from sentences like *the farmer that
# likes the narwhals eats soup*.) And *eats* is followed by *grass* as often as by *squid*, whoever it is
# that eats: that word lies outside of the context.

# %% figure="heat_map"
from nextword import plots

bigrams = training_counts(count_ngrams, 2)
rows = [BOS, "the", "old", "narwhal", "narwhals", "cow", "cows", "that", "eats", "eat",
        "near", "and", ",", "."]
columns = ["the", "old", "narwhal", "narwhals", "cow", "cows", "that", "eats", "eat", "swims", "swim",
           "grass", "squid", "and", ",", ".", EOS]
table = np.zeros((len(rows), len(columns)))
for i, before in enumerate(rows):
    distribution = next_word_distribution(bigrams, (before,))
    table[i] = [distribution.get(word, 0.0) for word in columns]
plots.heat_map(table, rows, columns, value="p(next word | word before)",
               row_axis="word before", column_axis="next word")

# %% [markdown]
# ## Written question 1: why dividing is right
# *About 20 minutes · 4 points*
#
# Fix one context $h$ and write $p_w$ for the unknown probability of the word $w$ after it. The training
# text contains $c(h, w)$ times the word $w$ after $h$, so the logarithm of its probability, as far as it
# depends on this context, is $\ell(p) = \sum_w c(h, w) \log p_w$.
#
# **Derive**, with a Lagrange multiplier for the constraint $\sum_w p_w = 1$, that $\ell$ is largest at
# $p_w = c(h, w) / N(h)$. (At the largest value of a function $f$ under a constraint $g = 0$, the gradients
# of the two are parallel: $\nabla f = \lambda \nabla g$, where $\nabla$ stands for all partial derivatives
# together. The number $\lambda$ is the multiplier.) Say also why this is a maximum and not a minimum, what
# becomes of words with $c(h, w) = 0$, and what the multiplier turns out to be.

# %% [markdown] written="lagrange" points=4
# ### BEGIN SOLUTION
# Maximise $\ell(p) = \sum_w c_w \log p_w$ subject to $\sum_w p_w = 1$, $p_w \ge 0$ (with $c_w = c(h, w)$).
# The Lagrangian is
# $$\mathcal{L}(p, \lambda) = \sum_w c_w \log p_w + \lambda \Bigl(1 - \sum_w p_w\Bigr).$$
# For a word with $c_w > 0$, setting $\partial \mathcal{L} / \partial p_w = c_w / p_w - \lambda = 0$ gives
# $p_w = c_w / \lambda$. A word with $c_w = 0$ does not occur in $\ell$; probability given to it is taken
# from words that do, so its best value is the boundary $p_w = 0$, which the same formula gives. The
# constraint then fixes the multiplier: $1 = \sum_w c_w / \lambda$, so $\lambda = \sum_w c_w = N(h)$ and
# $p_w = c_w / N(h)$. $\ell$ is a sum of concave functions ($\log$ is concave and $c_w \ge 0$) on a convex
# set, so the stationary point is the global maximum. (Or:
# $\ell(\hat p) - \ell(p) = N(h)\, \mathrm{KL}(\hat p \,\|\, p) \ge 0$.)
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the Lagrangian with objective and constraint. 1 point: $p_w = c_w / \lambda$ from the derivative.
# 1 point: $\lambda = N(h)$ from the constraint, and the estimate. 1 point: a reason for the maximum
# (concavity, KL divergence or the second derivative) and a remark on words with count 0. A proof by Gibbs'
# inequality alone, without the multiplier: 3.
# ### END MARK SCHEME

# %% [markdown]
# ## Exercise 5: rolling a weighted die
# *Difficulty 2 of 5 · about 15 minutes · 3 points*
#
# To write a text one draws the next word from its distribution: the distribution is a die with as many
# faces as there are words (50,000 in a language model of ordinary size), each with its own weight, and
# whatever face is up is the next word. The most likely face is *not* always up. That is the point of a die:
# a model that always takes its favourite word writes one and the same sentence for ever.
#
# A computer rolls such a die with one random number $u$, uniform in $[0, 1)$. Lay the probabilities end to
# end along the interval from 0 to 1, like rods, and see on which rod $u$ falls. With the running sums
# $s_i = p_0 + p_1 + \dots + p_i$ (and $s_{-1} = 0$), face $i$ is up when
#
# $$s_{i-1} \le u < s_i .$$
#
# Since rod $i$ has length $p_i$, face $i$ is up with probability $p_i$. Write `roll_die(probs, u)`. The
# random number comes from outside, which makes `roll_die` a pure function: the same $u$ gives the same face
# on every machine, and we can test it.
#
# Look closely at the ends. A face of probability 0 must never be up, not even at $u = 0$. And computers
# round: ten times 0.1 adds up to a little less than 1, and $u$ need not be below that sum. Then the last face
# that has any probability is up.
#
# <details><summary>Hint 1: where to begin</summary>
#
# For probabilities (0.2, 0.5, 0.3): between which two numbers must $u$ lie for face 1? At exactly
# $u = 0.2$, which face is up?
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *the number of running sums that are less than or equal to u* is the face.
# `np.searchsorted(sums, u, side=...)` counts them by bisection; one of its two sides is right.
# </details>
# <details><summary>Hint 3: if you see "IndexError" or a face that does not exist</summary>
#
# That is rounding at the upper end. What is the largest face that you may return? Not `len(probs) - 1` if
# that one has probability 0.
# </details>

# %% answer="roll_die"
def roll_die(probs, u):
    """The face of a weighted die that the number u turns up.

    probs: sequence of K floats, at least 0, adding up to 1 but for rounding; u: float, 0 <= u < 1.
    Returns an int in 0, ..., K - 1, always a face of positive probability.
    """
    ### BEGIN SOLUTION
    probs = np.asarray(probs, dtype=np.float64)
    face = int(np.searchsorted(np.cumsum(probs), u, side="right"))
    return min(face, int(np.flatnonzero(probs)[-1]))
    ### END SOLUTION

# %% test="roll_die" points=1
import torch
from nextword import checks

def faces(probs, numbers):
    """What your roll_die turns up for each of some numbers."""
    return [roll_die(probs, u) for u in numbers]


def running(probs, numbers, right=True):
    """How many running sums are at most u (right) or below u, for each u."""
    sums = torch.cumsum(torch.tensor(probs, dtype=torch.float64), dim=0)
    return torch.searchsorted(sums, torch.tensor(numbers, dtype=torch.float64), right=right).tolist()


check = checks.of(roll_die)
check.call([0.5, 0.125, 0.375], 0.0625).equals(0, mistakes={
    "the faces are counted from 1": 1,
    "you return the face before the right one": -1,
    "you return the probability of the face and not its number": 0.5,
    "the rods are laid from right to left": 2,
})
several = checks.of(faces)
probs, numbers = [0.5, 0.125, 0.375], [0.1, 0.3, 0.5, 0.55, 0.625, 0.7, 0.9]    # two u are on a border
up = running(probs, numbers)
several.call(probs, numbers).equals(up, mistakes={
    "at the border between two faces you take the lower one": running(probs, numbers, right=False),
    "the die is not rolled: this is the likeliest face whatever u is": [0] * 7,
    "all faces are taken for equally likely": [int(u * 3) for u in numbers],
    "the faces are counted from 1": [face + 1 for face in up],
    "you return the face before the right one": [face - 1 for face in up],
    "you compare u with the probabilities and not with their running sums":
        [next((i for i, p in enumerate(probs) if u < p), None) for u in numbers],
    "the rods are laid from right to left": [2 - face for face in running(probs[::-1], numbers)],
    "the probabilities are sorted first, from the largest down: the face is no longer the one asked for":
        running(sorted(probs, reverse=True), numbers),
    "the probabilities are sorted first, from the smallest up: the face is no longer the one asked for":
        running(sorted(probs), numbers),
    "you return the probability of the face and not its number": [probs[face] for face in up],
})
cows_eat, numbers = [4 / 11, 3 / 11, 2 / 11, 1 / 11, 1 / 11], [0.0, 0.5, 0.7, 0.85, 0.95]   # corn, grass, hay, ...
several.call(cows_eat, numbers).equals(running(cows_eat, numbers))
several.call([0.0, 0.5, 0.5, 0.0], [0.0, 0.5, 0.99]).equals([1, 2, 2], mistakes={
    "at u = 0 the first face is up, though its probability is 0": [0, 2, 2],
    "at the border between two faces you take the lower one, even if its probability is 0": [0, 1, 2],
})
largest = 1 - 2**-53        # the largest float64 below 1
check.call([0.1] * 10, largest).equals(9, mistakes={
    "ten times 0.1 is rounded to less than 1, u is not below it, and you return a face that does not exist": 10,
    "you return nothing if u is not below the sum of the probabilities, which is rounded": None,
    "you return -1 if u is not below the sum of the probabilities, which is rounded": -1,
    "you return the first face if u is not below the sum of the probabilities, which is rounded": 0,
})
check.call([0.1] * 10 + [0.0], largest).equals(9, mistakes={
    "you return the last face if u is not below the rounded sum, though its probability is 0": 10,
    "you return a face that does not exist if u is not below the rounded sum": 11,
})
check.passed()

# %% hidden="roll_die" points=2
# Checks random dice with up to 2,000 faces, faces of probability 0 at both ends and in the middle, numbers
# on the border of two faces, u = 0, and the largest u below 1 where the sum of the probabilities is rounded
# down.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

def faces(probs, numbers):
    return [roll_die(probs, u) for u in numbers]


def running(probs, numbers, right=True):
    """How many running sums are at most u (right) or below u, for each u; never a face that does not exist."""
    found = torch.searchsorted(torch.cumsum(probs, dim=0), numbers, right=right)
    return found.clamp(max=len(probs) - 1).tolist()


check, several = checks.of(roll_die), checks.of(faces, name="roll_die for each of some u")
generator = torch.Generator().manual_seed(11)
for sides in [1, 2, 7, 2000]:
    weights = torch.rand(sides, dtype=torch.float64, generator=generator) ** 2
    probs = weights / weights.sum()
    numbers = torch.rand(6, dtype=torch.float64, generator=generator)
    up = running(probs, numbers)
    several.call(probs.numpy(), numbers.tolist()).equals(up, mistakes={
        "the die is not rolled: this is the likeliest face whatever u is": [int(probs.argmax())] * 6,
        "all faces are taken for equally likely": (numbers * sides).long().tolist(),
        "the faces are counted from 1": [face + 1 for face in up],
        "you return the face before the right one": [face - 1 for face in up],
        "the rods are laid from right to left": [sides - 1 - face for face in running(probs.flip(0), numbers)],
        "the probabilities are sorted first: the face is no longer the one asked for":
            running(probs.sort(descending=True)[0], numbers),
        "the probabilities are sorted first, the smallest first: the face is no longer the one asked for":
            running(probs.sort()[0], numbers),
    })
check.call([0.0, 0.0, 0.5, 0.5], 0.0).equals(2, mistakes={
    "at u = 0 the first face is up, though its probability is 0": 0,
    "at u = 0 the face before the first possible one is up, whose probability is 0": 1,
})
several.call([0.5, 0.0, 0.25, 0.25], [0.25, 0.5, 0.75]).equals([0, 2, 3], mistakes={
    "at the border between two faces you take the lower one": [0, 0, 2],
    "a face of probability 0 is up": [0, 1, 3],
    "the probabilities are sorted first: the face is no longer the one asked for": [0, 1, 2],
})
largest = float(np.nextafter(1.0, 0.0))
check.call([0.1] * 10, largest).equals(9, mistakes={
    "ten times 0.1 is rounded to less than 1, u is not below it, and you return a face that does not exist": 10,
    "you return -1 if u is not below the sum of the probabilities, which is rounded": -1,
    "you return the first face if u is not below the sum of the probabilities, which is rounded": 0,
    "you return nothing if u is not below the sum of the probabilities, which is rounded": None,
})
check.call([0.1] * 10 + [0.0, 0.0], largest).equals(9, mistakes={
    "you return the last face if u is not below the rounded sum, though its probability is 0": 11,
    "you return the face after the last possible one if u is not below the rounded sum": 10,
    "you return a face that does not exist if u is not below the rounded sum": 12,
})
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### The die of "cows eat"
#
# The picture shows the weighted die for the context *cows eat*: from left to right the running sums rise
# from 0 to 1 in five steps, one for each word, and the height of a step is the word's probability.
#
# *What to see:* six numbers $u$ stand at the left edge. Each goes right until it meets the staircase, and
# the step that it meets is the word that `roll_die` returns. High steps catch more numbers.

# %% figure="die"
from nextword import corpora, plots

distribution = next_word_distribution(count_ngrams(corpora.lecture_cows(), 3), ("cows", "eat"))
words = sorted(distribution, key=distribution.get, reverse=True)
probs = [distribution[word] for word in words]
uniforms = [0.08, 0.28, 0.45, 0.73, 0.86, 0.93]
plots.die(words, probs, uniforms, [roll_die(probs, u) for u in uniforms])

# %% [markdown]
# ## Exercise 6: writing a text
# *Difficulty 3 of 5 · about 20 minutes · 3 points*
#
# Now the model writes. Pick the die that belongs to the context, roll it, append the word that is up, and
# go on with the new context:
#
# $$w_t \sim p(\,\cdot \mid w_{t-n+1}, \dots, w_{t-1}), \qquad t = 1, 2, \dots$$
#
# The context of the first word is $n - 1$ times `<s>`, just as in counting. The model is asked about the
# last $n - 1$ words only and never about more, since longer contexts are not in its tables. The text ends
# when `</s>` is up, or after `max_tokens` rolls.
#
# Write `generate(model, roll, n, uniforms, max_tokens)`. The model and the die are handed in, so this
# exercise does not depend on the ones before. The faces of the die are the words in the order of the
# model's dictionary. The first roll, for $w_1$, uses `uniforms[0]`, and the roll for $w_t$ uses
# `uniforms[t - 1]`.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Which context does a trigram model need for the first, second and third word? Write them down.
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *begin with n - 1 times BOS; up to max_tokens times: ask the model about the last n - 1 tokens, roll its
# probabilities, stop at EOS, else append the word.* Return what came after the BOS tokens.
# </details>
# <details><summary>Hint 3: if it works for n = 2 and not for n = 1</summary>
#
# `tokens[-(n - 1):]` with $n = 1$ is `tokens[0:]`, all of them. `tokens[len(tokens) - (n - 1):]` is right
# for every $n$.
# </details>

# %% answer="generate"
def generate(model, roll, n, uniforms, max_tokens):
    """Sample one text from an n-gram model.

    model: function; takes a context, a tuple of exactly n - 1 str, and returns a dict {word: probability}.
    roll: function; takes a list of K probabilities and a float u in [0, 1), and returns a face 0, ..., K - 1.
    n: int, at least 1. uniforms: list of at least max_tokens floats in [0, 1).
    max_tokens: int, how often the die is rolled at most.
    Returns the words as a list of str, without BOS and EOS.
    """
    ### BEGIN SOLUTION
    tokens = [BOS] * (n - 1)
    for u in uniforms[:max_tokens]:
        distribution = model(tuple(tokens[len(tokens) - (n - 1):]))
        word = list(distribution)[roll(list(distribution.values()), u)]
        if word == EOS:
            break
        tokens.append(word)
    return tokens[n - 1:]
    ### END SOLUTION

# %% test="generate" points=1
import torch
from nextword import checks


def roll(probs, u):
    sums = torch.cumsum(torch.tensor(probs, dtype=torch.float64), dim=0)
    return int(torch.searchsorted(sums, u, right=True))


def bigram(context):
    """A bigram model; what it answers to a context of another length shows in the text."""
    if len(context) != 1:
        return {f"<context of {len(context)} words>": 1.0}
    return {"<s>": {"narwhals": 0.5, "cows": 0.5}, "narwhals": {"are": 0.75, "swim": 0.25},
            "are": {"big": 0.25, "friendly": 0.25, "narwhals": 0.25, "</s>": 0.25},
            "cows": {"eat": 1.0}, "eat": {"hay": 0.5, "</s>": 0.5}, "</s>": {"cows": 1.0},
            }.get(context[0], {"</s>": 1.0})


check = checks.of(generate)
check.call(bigram, roll, 2, [0.3, 0.7, 0.6, 0.9, 0.5, 0.5], 6).equals(
    ["narwhals", "are", "narwhals", "swim"], mistakes={
        "</s> becomes part of the text": ["narwhals", "are", "narwhals", "swim", "</s>"],
        "</s> does not end the text": ["narwhals", "are", "narwhals", "swim", "</s>", "cows"],
        "<s> becomes part of the text": ["<s>", "narwhals", "are", "narwhals", "swim"],
        "the likeliest word is taken and the die is not rolled": ["narwhals", "are", "big"],
        "every roll uses the first of the numbers": ["narwhals", "are", "friendly"],
        "the first number is left out": ["cows", "eat"],
        "the model is asked about no context at all": ["<context of 0 words>"] * 6,
        "the model is asked about the last n words, one too many": ["narwhals", *["<context of 2 words>"] * 5],
        "the model is asked about all words so far, not about the last n - 1":
            ["narwhals", *[f"<context of {m} words>" for m in range(2, 7)]],
    })
check.call(bigram, roll, 2, [0.3, 0.7, 0.6, 0.7, 0.6, 0.9], 2).equals(["narwhals", "are"], mistakes={
    "you write one word more than max_tokens": ["narwhals", "are", "narwhals"],
    "you write one word fewer than max_tokens": ["narwhals"],
    "max_tokens is not kept to: the text goes on while there are numbers":
        ["narwhals", "are", "narwhals", "are", "narwhals", "swim"],
})


def trigram(context):
    if len(context) != 2:
        return {f"<context of {len(context)} words>": 1.0}
    return {("<s>", "<s>"): {"cows": 0.5, "goats": 0.5}, ("<s>", "cows"): {"eat": 1.0},
            ("cows", "eat"): {"hay": 0.5, "corn": 0.5}}.get(context, {"</s>": 1.0})


def unigram(context):
    return {f"<context of {len(context)} words>": 1.0} if context else {"la": 0.5, "</s>": 0.5}


check.call(trigram, roll, 3, [0.3, 0.7, 0.6, 0.5], 4).equals(["cows", "eat", "corn"], mistakes={
    "only one <s> opens the text, whatever n is": ["<context of 1 words>"],
    "no <s> opens the text": ["<context of 0 words>", "<context of 1 words>"],
    "the model is asked about the last word only, whatever n is": ["<context of 1 words>"] * 4,
    "the context runs backwards": ["cows"],
    "only one <s> is taken off the text again": ["<s>", "cows", "eat", "corn"],
})
check.call(unigram, roll, 1, [0.2, 0.3, 0.7], 3).equals(["la", "la"], mistakes={
    "all words so far are the context (a slice from -0 is the whole list)":
        ["la", "<context of 1 words>", "<context of 2 words>"],
    "a unigram model is asked about one word": ["<context of 1 words>"] * 3,
    "<s> becomes part of the text": ["<s>", "la", "la"],
    "the first word is taken off the text with an <s> that is not there": ["la"],
})
check.passed()

# %% hidden="generate" points=2
# Checks models with n from 1 to 4 and random probabilities, that each context has n - 1 words in the order
# of the text, that the text stops at the right place, and that each roll uses its own number.
### BEGIN HIDDEN TESTS
import torch
from nextword import checks

words = ["a", "b", "c", "</s>"]


def roll(probs, u):
    sums = torch.cumsum(torch.tensor(probs, dtype=torch.float64), dim=0)
    return min(int(torch.searchsorted(sums, u, right=True)), len(probs) - 1)


def random_model(n):
    def model(context):
        """Other probabilities for each context; a context of a wrong length shows in the text."""
        if len(context) != n - 1:
            return {f"<context of {len(context)} words>": 1.0}
        seed = sum((place + 1) * 7 ** place * ord(word[-1]) for place, word in enumerate(context))
        numbers = torch.Generator().manual_seed((seed + n) % 2**31)
        weights = torch.rand(4, dtype=torch.float64, generator=numbers)
        weights = weights * torch.tensor([1.0, 1.0, 1.0, 0.15], dtype=torch.float64)
        return dict(zip(words, (weights / weights.sum()).tolist(), strict=True))
    return model


def reference(n, uniforms, most, context_of, opening=None, face=roll, stop=True, arrange=list):
    tokens = ["<s>"] * (n - 1) if opening is None else list(opening)
    first = len(tokens)
    for u in uniforms[:most]:
        distribution = random_model(n)(tuple(context_of(tokens)))
        faces = arrange(distribution)
        word = faces[face([distribution[word] for word in faces], u)]
        if stop and word == "</s>":
            break
        tokens.append(word)
    return tokens[first:]


check = checks.of(generate)
for n in [1, 2, 3, 4]:
    for seed in [1, 2]:
        uniforms = torch.rand(30, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).tolist()

        def last(tokens, k=n - 1):
            return tokens[len(tokens) - k:] if len(tokens) >= k else tokens

        right = reference(n, uniforms, 30, last)
        check.call(random_model(n), roll, n, uniforms, 30).equals(right, mistakes={
            "</s> becomes part of the text": [*right, "</s>"],
            "</s> does not end the text": reference(n, uniforms, 30, last, stop=False),
            "the likeliest word is taken and the die is not rolled":
                reference(n, uniforms, 30, last, face=lambda probs, u: probs.index(max(probs))),
            "every roll uses the first of the numbers":
                reference(n, uniforms[:1] * 30, 30, last),
            "the first number is left out": reference(n, uniforms[1:], 30, last),
            "the model is asked about all words so far, not about the last n - 1":
                reference(n, uniforms, 30, lambda tokens: tokens),
            "the model is asked about the words so far without <s> before them":
                reference(n, uniforms, 30, last, opening=()),
            "only one <s> opens the text, whatever n is": reference(n, uniforms, 30, last, opening=["<s>"]),
            "the model is asked about the last word only, whatever n is":
                reference(n, uniforms, 30, lambda tokens: tokens[-1:]),
            "the model is asked about n words, one too many":
                reference(n, uniforms, 30, lambda tokens, n=n: tokens[-n:]),
            "the context runs backwards": reference(n, uniforms, 30, lambda tokens: last(tokens)[::-1]),
            "the model is asked about the first n - 1 words, not about the last":
                reference(n, uniforms, 30, lambda tokens, n=n: tokens[:n - 1]),
            "the faces of the die are in alphabetical order, not in the order of the dictionary":
                reference(n, uniforms, 30, last, arrange=sorted),
        })
check.call(random_model(2), roll, 2, [0.5] * 9, 0).equals([])
check.call(lambda context: {"</s>": 1.0}, roll, 3, [0.5] * 9, 9).equals([])
check.call(lambda context: {"la": 1.0}, roll, 3, [0.5] * 9, 7).equals(["la"] * 7, mistakes={
    "max_tokens is not kept to: the text goes on while there are numbers": ["la"] * 9,
})
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### Five models write
#
# Below, your `count_ngrams`, `next_word_distribution`, `roll_die` and `generate` together write two texts
# of eight words or more for each $n$ from 1 to 5. Because we know the grammar, the picture can say more
# than *looks good*: a text is printed in black as long as some sentence of the language begins so, and in
# orange, underlined, from the first word on that makes it impossible.
#
# *What to see:* the longer the context, the later the fault. Unigrams fail at once and bigrams after a few
# words; with $n = 5$ the faults are of the kind that no short context can prevent: a verb that does not
# agree with a noun far before it, a name at the end that is not the one of the beginning. The number at the
# right is the share of sentences of the language among 200 texts, and here the short ones count too.

# %% figure="samples"
from functools import cache

from nextword import plots


def possible(words):
    """How many words from the start are the beginning of a sentence of the language; one more for its end."""
    for length in range(len(words) + 1):
        try:
            following = narwhals.next_word_distribution(words[:length])
        except KeyError:
            return length - 1
    return len(words) + (EOS in following)


rng = np.random.default_rng(20)
lines = []
for n in range(1, 6):
    counts = training_counts(count_ngrams, n)
    model = cache(lambda context, counts=counts: next_word_distribution(counts, context))
    texts = [generate(model, roll_die, n, list(rng.random(40)), 40) for _ in range(200)]
    right = sum(possible(words) > len(words) for words in texts) / len(texts)
    shown = [(words, possible(words)) for words in texts if len(words) >= 8][:2]
    lines.append((f"n = {n}", shown, f"{right:.0%}"))
plots.samples(lines, note="sentences of the language")

# %% [markdown]
# ## Exercise 7: how good is a model?
# *Difficulty 3 of 5 · about 20 minutes · 3 points*
#
# Nice samples can come from a bad model: one that has learned three sentences by heart writes nothing but
# good sentences. A fair judge shows the model *other people's* sentences and asks how surprised it is. The
# surprise at a word of probability $p$ is $-\log p$: none at a word that was certain, more and more as $p$
# goes to 0. The average surprise per token is the **cross-entropy**,
#
# $$H = -\frac{1}{T} \sum_{t=1}^{T} \log p(w_t \mid w_{t-n+1}, \dots, w_{t-1}) \quad \text{nats per token},$$
#
# where $t$ runs over all tokens of all sentences, the `</s>` at each end included, since the model predicts
# it too, and `<s>` not, since it does not. $T$ is the number of terms of the sum. This is the loss that all
# models of the course will be trained on, and PyTorch's `nll_loss`. Its exponential is the **perplexity**
# $e^H$: a model with perplexity 6 is as uncertain as somebody who rolls a fair die with six faces for every
# word.
#
# If the model gives probability 0 to a word that does occur, the surprise is infinite, and so is $H$. That
# is not a technical accident but a verdict: the model has said *impossible* and was wrong.
#
# Write `cross_entropy(model, n, sentences)` and `perplexity(nats)`. Add logarithms, do not multiply
# probabilities.
#
# <details><summary>Hint 1: where to begin</summary>
#
# How many terms has the sum for the single sentence *cows eat hay*, for $n = 1$, 2, 3?
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *for each sentence, padded as in counting: for each token that is predicted: ask the model about its
# context, add -log of the token's probability, count one more.* Divide once, at the very end.
# </details>
# <details><summary>Hint 3: if you see "math domain error"</summary>
#
# `math.log(0)` raises an error. A probability of 0 (or a word that is missing from the dictionary) makes
# the result `math.inf`.
# </details>

# %% answer="cross_entropy"
def cross_entropy(model, n, sentences):
    """The mean surprise of an n-gram model per token.

    model: function; takes a context, a tuple of exactly n - 1 str, and returns a dict {word: probability};
        a word that is missing has probability 0. n: int, at least 1.
    sentences: list of S >= 1 sequences of str, without BOS and EOS.
    Returns a float in nats per token, EOS counted as a token; inf where a token has probability 0.
    """
    ### BEGIN SOLUTION
    total, predicted = 0.0, 0
    for sentence in sentences:
        tokens = [BOS] * (n - 1) + list(sentence) + [EOS]
        for t in range(n - 1, len(tokens)):
            probability = model(tuple(tokens[t - n + 1:t])).get(tokens[t], 0.0)
            total += -math.log(probability) if probability > 0 else math.inf
            predicted += 1
    return total / predicted
    ### END SOLUTION


def perplexity(nats):
    """The perplexity for a cross-entropy of `nats` per token: a float, at least 1, inf for inf."""
    ### BEGIN SOLUTION
    return math.exp(nats)
    ### END SOLUTION

# %% test="cross_entropy" points=1
import math

import torch
from nextword import checks
from torch.nn.functional import nll_loss

words = ["cows", "eat", "hay", "</s>"]
rows = ["<s>", *words]
table = torch.rand(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
table /= table.sum(dim=1, keepdim=True)


def bigram(context):
    if len(context) != 1:
        raise ValueError(f"a bigram model was asked about a context of {len(context)} words: {context}")
    return dict(zip(words, table[rows.index(context[0])].tolist(), strict=True))


# Each token that is predicted, and the token before it, as rows and columns of the table.
sentences = [("cows", "eat", "hay"), ("hay",), ("cows", "eat")]
before = torch.tensor([rows.index(w) for s in sentences for w in ("<s>", *s)])
after = torch.tensor([words.index(w) for s in sentences for w in (*s, "</s>")])
log_p = table.log()[before]
total = nll_loss(log_p, after, reduction="sum")

check = checks.of(cross_entropy)
check.call(bigram, 2, sentences).close_to(nll_loss(log_p, after), mistakes={
    "you take logarithms to base 2": nll_loss(log_p, after) / math.log(2),
    "you divide by the number of sentences, not by the number of tokens": total / 3,
    "you do not divide by the number of tokens": total,
    "the </s> of a sentence is predicted but not counted as a token": total / 6,
    "<s> is counted as a token, though nobody predicts it": total / 12,
    "the </s> at the end is not predicted": nll_loss(log_p[after != 3], after[after != 3]),
    "the first word of a sentence is not predicted": nll_loss(log_p[before != 0], after[before != 0]),
    "you return the perplexity": nll_loss(log_p, after).exp(),
    "you average probabilities and take the logarithm of the average":
        -log_p.exp().gather(1, after[:, None]).mean().log(),
    "you average over sentences the averages within each sentence":
        torch.stack([nll_loss(log_p[i:j], after[i:j]) for i, j in [(0, 4), (4, 6), (6, 9)]]).mean(),
    "you return inside of the loop over the sentences, after the first": nll_loss(log_p[:4], after[:4]),
    "you return inside of the loop over the tokens, after the first": nll_loss(log_p[:1], after[:1]),
    "only the last sentence counts": nll_loss(log_p[6:], after[6:]),
})


def never_stops(context):
    return {"hay": 1.0}


finite = check.call(never_stops, 2, [("hay",)]).returned(float)
check.holds(not 1 < finite < 1000, "`cross_entropy(never_stops, 2, [('hay',)])` returned {} and should be inf. "
            "Do you add a small number to the probability? Impossible is not the same as improbable.", finite)
check.call(never_stops, 2, [("hay",)]).close_to(math.inf, mistakes={
    "a word of probability 0 is passed over": 0.0,
})
check.passed()
check = checks.of(perplexity)
check.call(math.log(6)).close_to(6.0, mistakes={"you raise 2 to the nats": 2 ** math.log(6)})
check.passed()

# %% hidden="cross_entropy" points=2
# Checks n from 1 to 4 with random models and sentences of different lengths, contexts of n - 1 words, a
# text so long that the product of its probabilities is 0 in float64, an empty sentence, zero probabilities,
# and the perplexity of inf.
### BEGIN HIDDEN TESTS
import math

import torch
from nextword import checks
from torch.nn.functional import nll_loss

words = ["a", "b", "c", "</s>"]
sentences = [("a", "b", "c", "a"), (), ("c",), ("b", "b", "a", "c", "c", "a")]


def log_row(context, n):
    """Log probabilities that differ for every context, of whatever length."""
    seed = sum((place + 1) * 5 ** place * ord(word[-1]) for place, word in enumerate(context))
    numbers = torch.Generator().manual_seed((seed + 999 * len(context) + n) % 2**31)
    return torch.randn(4, dtype=torch.float64, generator=numbers).log_softmax(dim=0)


def model_of(n):
    def model(context):
        return dict(zip(words, log_row(context, n).exp().tolist(), strict=True))
    return model


def steps(n, context_of):
    """Log probabilities (T, 4) and targets (T,) of all sentences, with a context rule that may be wrong."""
    rows, targets = [], []
    for sentence in sentences:
        tokens = ["<s>"] * (n - 1) + [*sentence, "</s>"]
        for t in range(n - 1, len(tokens)):
            rows.append(log_row(tuple(context_of(tokens, t)), n))
            targets.append(words.index(tokens[t]))
    return torch.stack(rows), torch.tensor(targets)


check = checks.of(cross_entropy)
for n in [1, 2, 3, 4]:
    log_p, targets = steps(n, lambda tokens, t, n=n: tokens[t - n + 1:t])
    expected = nll_loss(log_p, targets)
    check.call(model_of(n), n, sentences).close_to(expected, mistakes={
        "you take logarithms to base 2": expected / math.log(2),
        "you divide by the number of sentences, not by the number of tokens": expected * len(targets) / 4,
        "the </s> of a sentence is predicted but not counted as a token": expected * 15 / 11,
        "<s> is counted as a token, though nobody predicts it": expected * 15 / (15 + 4 * (n - 1)),
        "the </s> at the end is not predicted": nll_loss(log_p[targets != 3], targets[targets != 3]),
        "you return the perplexity": expected.exp(),
        "you return inside of the loop over the sentences, after the first": nll_loss(log_p[:5], targets[:5]),
        "you return inside of the loop over the tokens, after the first": nll_loss(log_p[:1], targets[:1]),
        "the model is asked about all words before, not about the last n - 1":
            nll_loss(*steps(n, lambda tokens, t: tokens[:t])),
        "the context runs backwards":
            nll_loss(*steps(n, lambda tokens, t, n=n: tokens[t - n + 1:t][::-1])),
        "the words before are given without <s>":
            nll_loss(*steps(n, lambda tokens, t, n=n: [w for w in tokens[t - n + 1:t] if w != "<s>"])),
        "only the word before is the context, whatever n is":
            nll_loss(*steps(n, lambda tokens, t: tokens[t - 1:t])),
    })
    nats = float(expected)
    checks.of(perplexity).call(nats).close_to(expected.exp(), mistakes={"you raise 2 to the nats": 2 ** nats})
log_p = torch.tensor([[1e-6, 1 - 1e-6]], dtype=torch.float64).log().expand(61, 2)
long = nll_loss(log_p, torch.tensor([0] * 60 + [1]))
check.call(lambda context: {"a": 1e-6, "</s>": 1 - 1e-6}, 2, [("a",) * 60]).close_to(long, mistakes={
    "you multiply the probabilities and take the logarithm of the product at the end, which is 0": math.inf,
})
zero = {"a": 0.0, "b": 0.5, "</s>": 0.5}
finite = check.call(lambda context: zero, 1, [("b", "b"), ("a",)]).returned(float)
check.holds(not 1 < finite < 1000, "where a word has probability 0 the result is inf, yours is {}: "
            "do you add a small number to the probability?", finite)
check.call(lambda context: zero, 1, [("b", "b"), ("a",)]).close_to(math.inf, mistakes={
    "a word of probability 0 is passed over": math.log(2),
    "a word of probability 0 is counted but adds nothing": math.log(2) * 4 / 5,
})
check.passed()
check = checks.of(perplexity)
check.call(math.inf).close_to(math.inf)
check.call(0.0).close_to(1.0)
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### The verdict on counting
#
# Measure the maximum likelihood models of exercise 4, on 2,000 of their training sentences and on 2,000
# that they have not seen, which are called *held-out*. (Where a context was never seen there is no estimate
# at all; we count that as probability 0.)

# %% figure="verdict"
from functools import cache


def maximum_likelihood(counts):
    """Your estimate as a model; a context that was never seen gets no words at all."""
    @cache
    def model(context):
        return next_word_distribution(counts, context) if context in counts else {}
    return model


tables = [training_counts(count_ngrams, n) for n in range(1, 6)]
print(" n   training   held-out   held-out sentences that the model calls impossible")
for n in range(1, 6):
    model = maximum_likelihood(tables[n - 1])
    losses = [cross_entropy(model, n, part) for part in (narwhals.train[:2000], narwhals.validation)]
    impossible = [cross_entropy(model, n, [sentence]) == math.inf for sentence in narwhals.validation]
    print(f"{n:2}   {losses[0]:8.4f}   {losses[1]:8.4f}   {sum(impossible):4} of {len(impossible)}")
print(f"\nfloor {narwhals.entropy_per_token:8.4f}")

# %% [markdown]
# On its own training text each model beats the one before, and with $n = 5$ it even gets a little *below* the
# floor that nobody can cross (1.249 against 1.269). Nobody can on new sentences, that is: on the sentences it
# has counted, a model may know by heart what is pure chance. And on new sentences all of these models but the
# unigram are infinitely bad, because each has somewhere said *impossible* about something that merely had
# not happened yet. Both troubles have one cause: the estimate believes that the training text is all there
# is.

# %% [markdown]
# ## Exercise 8a: smoothing, by adding a little
# *Difficulty 2 of 5 · about 15 minutes · 2 points*
#
# What has not been seen is not impossible. The simplest remedy pretends that each word has been seen $k$
# more times than it was, after each context:
#
# $$p_k(w \mid h) = \frac{c(h, w) + k}{N(h) + k V}.$$
#
# $V$ is the number of *all* tokens that can come next, whether or not they were ever seen after $h$: the
# words of the vocabulary and `</s>`, but not `<s>`. It stands in the denominator because the $k$ of all $V$
# words must be paid for. With $k = 1$ the method is Laplace's, from 1774, and far too generous: a context
# that was seen four times, with 141 possible words, gives nearly all of its probability to words that
# it has never met. A context that was never seen gets the uniform distribution $1/V$ and is an error no
# longer.
#
# Write `add_k(counts, context, vocabulary, k)`.
#
# <details><summary>Hint 1: where to begin</summary>
#
# How many keys does the result have? Does that depend on the context?
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *take the counts of the context (an empty dictionary if there are none); for each word of the vocabulary:
# (its count or 0, plus k) divided by (the sum of the counts plus k times the number of words of the
# vocabulary).*
# </details>
# <details><summary>Hint 3: if the probabilities do not add up to 1</summary>
#
# Above 1: is the $k$ in the denominator multiplied by $V$? By the number of *all* words, or only of those
# seen?
# </details>

# %% answer="add_k"
def add_k(counts, context, vocabulary, k):
    """The add-k estimate of p(word | context).

    counts: {context: {word: count}}; context: tuple of str, seen or not; k: float, above 0.
    vocabulary: list of the V different tokens that can come next (EOS is among them, BOS is not).
    Returns {word: probability} with all V words of the vocabulary.
    """
    ### BEGIN SOLUTION
    following = counts.get(context, {})
    total = sum(following.values()) + k * len(vocabulary)
    return {word: (following.get(word, 0) + k) / total for word in vocabulary}
    ### END SOLUTION

# %% test="add_k" points=1
import torch
from nextword import checks

counts = {("cows", "eat"): {"corn": 4, "grass": 3, "hay": 2, "if": 1, "which": 1}, ("a", "cow"): {"is": 6}}
vocabulary = ["corn", "grass", "hay", "if", "which", "is", "squid", "</s>"]
seen = torch.tensor([4, 3, 2, 1, 1, 0, 0, 0], dtype=torch.float64)


def named(values, words=vocabulary):
    return dict(zip(words, torch.as_tensor(values, dtype=torch.float64).tolist(), strict=True))


check = checks.of(add_k)
k = 0.5
expected = named((seen + k) / (seen.sum() + k * 8))
check.call(counts, ("cows", "eat"), vocabulary, k).close_to(expected, mistakes={
    "only words seen after this context get the k, and only they are in the result":
        named((seen[:5] + k) / (seen.sum() + k * 5), vocabulary[:5]),
    "in the denominator, k is paid for the words seen after this context only, not for all words":
        named((seen + k) / (seen.sum() + k * 5)),
    "the denominator has k once, not once for each word": named((seen + k) / (seen.sum() + k)),
    "the denominator has V in place of k V": named((seen + k) / (seen.sum() + 8)),
    "the denominator has no k at all": named((seen + k) / seen.sum()),
    "1 is added whatever k is": named((seen + 1) / (seen.sum() + 8)),
    "the denominator has the counts of all contexts": named((seen + k) / (seen.sum() + 6 + k * 8)),
    "V counts one token too many (<s> cannot come next)": named((seen + k) / (seen.sum() + k * 9)),
    "V counts only the words seen in the tables, not all words of the vocabulary":
        named((seen + k) / (seen.sum() + k * 6)),
    "you do not add k to the counts": named(seen / (seen.sum() + k * 8)),
    "only words with count 0 get the k": named(seen.where(seen > 0, k) / (seen.sum() + k * 8)),
})
check.call(counts, ("narwhals", "eat"), vocabulary, k).close_to(named([1 / 8] * 8), mistakes={
    "a context that was never seen gets probability 0 for each word": named([0.0] * 8),
    "a context that was never seen gets no words": {},
    "a context that was never seen gets 0/0": named([float("nan")] * 8),
})
check.passed()

# %% hidden="add_k" points=1
# Checks several k, random counts with contexts of different lengths, contexts never seen, that the
# probabilities add up to 1, and that the counts are not changed.
### BEGIN HIDDEN TESTS
import torch
from nextword import checks

check = checks.of(add_k)
numbers = torch.Generator().manual_seed(2)
vocabulary = ["</s>", *"abcdefg"]
for context, k in [((), 1.0), (("a",), 0.01), (("<s>", "<s>"), 3.0), (("b", "c", "a"), 0.3)]:
    row = torch.randint(0, 5, (8,), generator=numbers).to(torch.float64)
    counts = {context: {word: int(c) for word, c in zip(vocabulary, row, strict=True) if c > 0},
              ("z",) * 9: {"a": 50}}
    types = int((row > 0).sum())

    def named(values):
        return dict(zip(vocabulary, values.tolist(), strict=True))

    check.call(counts, context, vocabulary, k).close_to(named((row + k) / (row.sum() + 8 * k)), mistakes={
        "in the denominator, k is paid for the words seen after this context only, not for all words":
            named((row + k) / (row.sum() + types * k)),
        "only words seen after this context are in the result":
            {word: (c + k) / float(row.sum() + types * k) for word, c in counts[context].items()},
        "the denominator has k once, not once for each word": named((row + k) / (row.sum() + k)),
        "the denominator has V in place of k V": named((row + k) / (row.sum() + 8)),
        "1 is added whatever k is": named((row + 1) / (row.sum() + 8)),
        "the denominator has the counts of all contexts": named((row + k) / (row.sum() + 50 + 8 * k)),
        "V counts one token too many (<s> cannot come next)": named((row + k) / (row.sum() + 9 * k)),
        "V counts only the words seen in the tables, not all words of the vocabulary":
            named((row + k) / (row.sum() + len({"a", *counts[context]}) * k)),
    })
    value = check.call(counts, context, vocabulary, k).value
    check.holds(abs(sum(value.values()) - 1) < 1e-9,
                "with k = {} the probabilities add up to {} and not to 1",
                k, sum(value.values()))
    check.call(counts, ("never", "seen"), vocabulary, k).close_to(dict.fromkeys(vocabulary, 1 / 8))
check.call({}, (), ["</s>", "a"], 1.0).close_to({"</s>": 0.5, "a": 0.5})
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 8b: smoothing, by asking a shorter context
# *Difficulty 4 of 5 · about 30 minutes · 3 points*
#
# Adding $k$ treats all unseen words alike. But when *brave narwhals* has never been followed by *swim*, it
# would be wise to ask how often *narwhals* alone was, and, failing that, how common *swim* is at all. That
# is **interpolation**: mix the estimate of each context with the estimate of the context that is one word
# shorter. Let $h'$ be $h$ without its *oldest* word, the first one of the tuple. Then
#
# $$p(w \mid h) = \lambda(h)\, \frac{c(h, w)}{N(h)} + \bigl(1 - \lambda(h)\bigr)\, p(w \mid h').$$
#
# How far should one trust the longer context? Witten and Bell (1991) ask how often it has surprised us. Let
# $N_{1+}(h\,\bullet)$ be the number of *different* words that followed $h$, however often each did (not: how
# many occurred once): each of them was new once.
# After *cows eat* there were 11 tokens and 5 times the word was new, so the next one is new with
# probability about $5/(11 + 5)$. This is the share that goes to the shorter context, $1 - \lambda(h) =
# N_{1+}(h\,\bullet) / \bigl(N(h) + N_{1+}(h\,\bullet)\bigr)$, and the whole becomes
#
# $$p(w \mid h) = \frac{c(h, w) + N_{1+}(h\,\bullet)\; p(w \mid h')}{N(h) + N_{1+}(h\,\bullet)} .$$
#
# A context that was never seen has nothing to say: there $p(w \mid h) = p(w \mid h')$. And below the
# unigram model, whose context is empty, stands the uniform distribution $1/V$.
#
# Write `witten_bell(tables, context, vocabulary)`. `tables[m]` holds the counts for contexts of $m$ words,
# as `count_ngrams(sentences, m + 1)` would return them; `tables[0]` is the unigram table, with the single
# context `()`.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Which distribution is known before any table is looked at? And which one can be computed from it and
# `tables[0]`?
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *begin with 1/V for each word; for m = 0, 1, ..., up to the length of the context: take the counts after
# the last m words, and make new probabilities of these counts and the old probabilities.* Which of the two is
# $p(w \mid h')$ in the formula? And what happens where there are no counts?
# </details>
# <details><summary>Hint 3: if you see "ZeroDivisionError", or if the unigram table has no effect</summary>
#
# $N(h) + N_{1+}(h\,\bullet)$ is 0 for a context that was never seen: leave the probabilities as they are.
# If the unigram table has no effect, print the keys that you look for: with $m = 0$, `context[-m:]` is not
# the empty tuple but the whole context.
# </details>

# %% answer="witten_bell"
def witten_bell(tables, context, vocabulary):
    """The interpolated Witten-Bell estimate of p(word | context).

    tables: list of n dicts; tables[m] is {context of m str: {word: count}}.
    context: tuple of n - 1 str, seen or not.
    vocabulary: list of the V different tokens that can come next (EOS is among them, BOS is not).
    Returns {word: probability} with all V words of the vocabulary.
    """
    ### BEGIN SOLUTION
    p = {word: 1 / len(vocabulary) for word in vocabulary}
    for m, counts in enumerate(tables):
        following = counts.get(context[len(context) - m:], {})
        if following:
            new, total = len(following), sum(following.values())
            p = {word: (following.get(word, 0) + new * p[word]) / (total + new) for word in vocabulary}
    return p
    ### END SOLUTION

# %% test="witten_bell" points=1
import torch
from nextword import checks

vocabulary = ["swim", "sleep", "sing", "are", "</s>"]
tables = [
    {(): {"swim": 1, "sleep": 5, "are": 4, "</s>": 10}},
    {("narwhals",): {"swim": 1, "are": 3}, ("brave",): {"sing": 4}},
    {("brave", "narwhals"): {"swim": 2, "sleep": 1, "are": 1}},
]
c1 = torch.tensor([1, 5, 0, 4, 10], dtype=torch.float64)     # after ()
c2 = torch.tensor([1, 0, 0, 3, 0], dtype=torch.float64)     # after narwhals
c3 = torch.tensor([2, 1, 0, 1, 0], dtype=torch.float64)     # after brave narwhals
wrong_end = torch.tensor([0, 0, 4, 0, 0], dtype=torch.float64)  # after brave


def mix(counts, lower, new=None):
    new = (counts > 0).sum() if new is None else new
    return (counts + new * lower) / (counts.sum() + new)


def named(values):
    return dict(zip(vocabulary, values.tolist(), strict=True))


uniform = torch.full((5,), 1 / 5, dtype=torch.float64)
unigram = mix(c1, uniform)
expected = mix(c3, mix(c2, unigram))
check = checks.of(witten_bell)
check.call(tables[:1], (), vocabulary).close_to(named(unigram), mistakes={
    "the unigram model is not mixed with the uniform distribution": named(c1 / c1.sum()),
    "below the unigram model stands 0, not the uniform distribution": named(mix(c1, uniform * 0)),
    "the shorter context is weighted with the number of tokens, not of different words":
        named(mix(c1, uniform, 20)),
    "the shorter context is weighted with how many words occurred once; count all that occurred":
        named(mix(c1, uniform, 1)),
    "the two weights are swapped": named((4 * c1 / 20 + 20 * uniform) / 24),
})
check.call(tables, ("brave", "narwhals"), vocabulary).close_to(named(expected), mistakes={
    "the shorter context has lost its newest word; drop the oldest, the first of the tuple":
        named(mix(c3, mix(wrong_end, unigram))),
    "the unigram model is not mixed with the uniform distribution": named(mix(c3, mix(c2, c1 / c1.sum()))),
    "the longest context is mixed with the uniform distribution at once": named(mix(c3, uniform)),
    "the longest context is mixed with the unigram model at once": named(mix(c3, unigram)),
    "only the longest context counts": named(c3 / c3.sum()),
    "the longest context is left out": named(mix(c2, unigram)),
    "the shorter context is weighted with the number of tokens, not of different words":
        named(mix(c3, mix(c2, mix(c1, uniform, 20), 4), 4)),
    "the shorter context is weighted with how many words occurred once; count all that occurred":
        named(mix(c3, mix(c2, mix(c1, uniform, 1), 1), 2)),
    "the unigram table has no effect (with m = 0, context[-m:] is the whole context and not the empty tuple)":
        named(mix(c3, mix(c2, uniform))),
})
check.call(tables, ("old", "narwhals"), vocabulary).close_to(named(mix(c2, unigram)), mistakes={
    "a context that was never seen makes everything uniform": named(uniform),
    "a context that was never seen gives 0/0": named(uniform * float("nan")),
    "a context that was never seen leaves the unigram model": named(unigram),
})
check.passed()

# %% hidden="witten_bell" points=2
# Checks tables for n from 1 to 4 with random counts, contexts whose longer parts were never seen, words
# that no context was ever followed by, and that the probabilities add up to 1.
### BEGIN HIDDEN TESTS
import torch
from nextword import checks

vocabulary = ["</s>", "a", "b", "c", "d", "e"]
context = ("b", "a", "c")
numbers = torch.Generator().manual_seed(4)


def random_row():
    row = torch.randint(0, 4, (6,), generator=numbers).to(torch.float64)
    row[-1] = 0.0
    row[1] += 1
    return row


def table(rows):
    return {key: {word: int(c) for word, c in zip(vocabulary, row, strict=True) if c > 0}
            for key, row in rows.items()}


def named(values):
    return dict(zip(vocabulary, values.tolist(), strict=True))


def estimate(rows, parts, weight=lambda row: (row > 0).sum(), base=None):
    """The mixture over the contexts `parts`, from the shortest to the longest."""
    p = torch.full((6,), 1 / 6, dtype=torch.float64) if base is None else base
    for m, part in enumerate(parts):
        row = rows[m].get(part)
        if row is not None:
            p = (row + weight(row) * p) / (row.sum() + weight(row))
    return p


check = checks.of(witten_bell)
rows = [{(): random_row()},
        *({key: random_row() for key in (context[3 - m:], context[:m], ("<s>",) * m)} for m in (1, 2, 3))]
for n in [1, 2, 3, 4]:
    for asked in [context[4 - n:], ("<s>",) * (n - 1), (("e",) + context[5 - n:])[:n - 1]]:
        last = [asked[len(asked) - m:] for m in range(n)]
        tables = [table(r) for r in rows[:n]]
        one = rows[0][()]
        expected = estimate(rows, last)
        check.call(tables, asked, vocabulary).close_to(named(expected), mistakes={
            "the shorter context has lost its newest word; drop the oldest, the first of the tuple":
                named(estimate(rows, [asked[:m] for m in range(n)])),
            "the unigram model is not mixed with the uniform distribution":
                named(estimate(rows[1:], last[1:], base=one / one.sum())),
            "the shorter context is weighted with the number of tokens, not of different words":
                named(estimate(rows, last, weight=torch.sum)),
            "the shorter context is weighted with the size of the vocabulary":
                named(estimate(rows, last, weight=lambda row: torch.tensor(6.0))),
            "the shorter context has the weight 1":
                named(estimate(rows, last, weight=lambda row: torch.tensor(1.0))),
            "the longest context is left out": named(estimate(rows, last[:-1])),
            "the shorter context is weighted with how many words occurred once; count all that occurred":
                named(estimate(rows, last, weight=lambda row: (row == 1).sum())),
            "the unigram table has no effect (a slice from -0 is the whole context and not the empty tuple)":
                named(estimate(rows[1:], last[1:])),
        })
        value = check.call(tables, asked, vocabulary).value
        check.holds(abs(sum(value.values()) - 1) < 1e-9,
                    "after {} the probabilities add up to {} and not to 1",
                    asked, sum(value.values()))
check.call([{}], (), vocabulary).close_to(dict.fromkeys(vocabulary, 1 / 6))
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### Loss against n
#
# Now all estimates in one picture: nats per token against $n$, for training sentences (open diamonds,
# dotted) and for sentences that no model has seen (filled marks). The marks of one $n$ stand a little side by
# side, so that none hides another. The grey line is the entropy of the language. From $n = 2$ on, maximum
# likelihood is infinite on new sentences: these are the triangles at the upper edge.
#
# *What to see:* on the training text maximum likelihood only goes down, and below the floor; that is
# memory, not knowledge. On new text add-$k$ is best at $n = 3$ and then gets worse, since longer contexts
# are ever rarer and their probability goes to words that never occur. Witten-Bell asks the shorter contexts
# instead and loses much less by a large $n$. Between the best of them and the floor remains a gap which no
# $n$ closes: what decides the next word is often further away than any context that one can count.

# %% figure="loss_against_n"
from functools import cache

from nextword import plots

vocabulary = [*narwhals.vocabulary, EOS]
held_out, trained_on = narwhals.validation[:500], narwhals.train[:1000]
sizes = [1, 2, 3, 4, 5, 6]
tables = [training_counts(count_ngrams, n) for n in sizes]
models = {
    "add-k, k = 0.1": lambda n: lambda h: add_k(tables[n - 1], h, vocabulary, 0.1),
    "Witten-Bell": lambda n: lambda h: witten_bell(tables[:n], h, vocabulary),
}
losses = {name: [cross_entropy(cache(model(n)), n, held_out) for n in sizes]
          for name, model in models.items()}
likely = [cache(lambda h, counts=counts: next_word_distribution(counts, h) if h in counts else {})
          for counts in tables]
losses["maximum likelihood"] = [cross_entropy(likely[n - 1], n, held_out) for n in sizes]
training = {"maximum likelihood": [cross_entropy(likely[n - 1], n, trained_on) for n in sizes]}
plots.loss_against_n(sizes, held_out=losses, training=training, floor=narwhals.entropy_per_token)

# %% [markdown]
# ### Shakespeare, five words at a time
#
# Two 5-gram models of the same Shakespeare write, with the same random numbers. The first is maximum
# likelihood; the second adds one to every count. (The lectures print a 5-gram sample too. It begins
# *Approacheth, denay. dungy Thither!* and goes on in this way.) The text is downloaded once, the first
# time. Without a network there are no new samples, but these two, which the cell wrote elsewhere, do for the
# written question as well:
#
# > *Maximum likelihood:* messenger : my gracious lord , i tender you my service , such as it is , i would not
# > have you warp . call hither , i say , i prove a needless coward ! what , shall we suffer this ?
# >
# > *Add-1:* biondello despising sovereignly noting bliss hurts knowledge coactive safest brocas ha's mad
# > humbler o'erthrow sat warn'd encounter posterns red-hot equal a-growing white-friars excels fathom
#
# Then the cell also says how many of the contexts of four words occur only once. It was 96 % of 221,875, with
# a vocabulary of 12,904 words.

# %% figure="shakespeare"
from nextword import corpora

try:
    speeches = [tokenize(speech) for speech in corpora.shakespeare().split("\n\n")]
    counts = count_ngrams(speeches, 5)
    vocabulary = sorted({token for speech in speeches for token in speech} | {EOS})
    models = {"maximum likelihood": lambda h: next_word_distribution(counts, h),
              "add-1": lambda h: add_k(counts, h, vocabulary, 1)}
    for name, model in models.items():
        uniforms = list(np.random.default_rng(3).random(45))
        print(f"{name}:\n   ", " ".join(generate(model, roll_die, 5, uniforms, 45)), "\n")
    once = sum(sum(following.values()) == 1 for following in counts.values()) / len(counts)
    print(f"{len(vocabulary):,} words; {once:.0%} of the {len(counts):,} contexts occur once")
except corpora.CorpusUnavailable as reason:
    print("No Shakespeare here, so go on with the two samples in the text above. Why:", reason, sep="\n")

# %% [markdown]
# ## Written question 2: why it looks the way it does
# *About 20 minutes · 4 points*
#
# (a) Both samples (those that you see above, or those in the text) come from 5-gram models of the same
# text, and both look the way they do because of the same fact about the counts. Explain what each looks
# like, and why. Which of the two does the lectures' sample resemble, and what does this suggest about how
# it was made?
#
# (b) How many numbers does a full 4-gram table hold for a vocabulary of 50,000 words? How many bytes is
# that, with 4 bytes for each number? Why can a 4-gram model of that vocabulary be stored nevertheless? Give
# an upper bound for the number of entries after counting a text of 1 billion tokens.

# %% [markdown] written="shakespeare" points=4
# ### BEGIN SOLUTION
# (a) With some 13,000 words and some 250,000 tokens nearly every context of four words occurs exactly once,
# and is followed by one single word. Maximum likelihood then gives that word probability 1: the die has one
# face. After it, the next context is again one that was seen once, so the sample *copies* a passage word by
# word, and jumps to another passage only at the few contexts that occur more often. It is fluent because it
# is a quotation. Add-1 meets the same counts with 13,000 imaginary ones: after a context seen once, the
# observed word has probability $2 / 12{,}905$ and each other word $1 / 12{,}905$. So the next word is
# practically uniform over the vocabulary, and then the context is one that was never seen, where it is
# exactly uniform. The result is a heap of rare words (most words of a vocabulary are rare), without any
# order. The lectures' sample looks like the second one: rare words, no syntax. It must come from a model
# that gives most of the probability to unseen words (heavy smoothing, or a backing-off to nothing), and not
# from unsmoothed counts.
#
# (b) $50{,}000^4 = 6.25 \cdot 10^{18}$ numbers ($1.25 \cdot 10^{14}$ contexts with 50,000 each; one of each
# 50,000 follows from the others). With 4 bytes: $2.5 \cdot 10^{19}$ bytes, 25 exabytes. But only 4-grams
# that occurred need an entry, and a text of $10^9$ tokens has at most $10^9$ different ones, one for each
# position (a share of $1.6 \cdot 10^{-10}$ of the table).
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# (a) 1 point: nearly all contexts of four words occur once, so maximum likelihood copies. 1 point: add-1
# gives nearly everything to unseen words, so the sample is close to uniform over the vocabulary; the
# lectures' sample is of this kind. (b) 1 point: $6.25 \cdot 10^{18}$ numbers and 25 exabytes (full point
# for $50{,}000^3 (50{,}000 - 1)$). 1 point: the table is sparse, at most one entry for each token of the
# text, so at most $10^9$.
# ### END MARK SCHEME

# %% [markdown]
# ## Exercise 9: counting without a loop
# *Difficulty 4 of 5 · about 30 minutes · 3 points*
#
# A Python loop counts something like a million tokens per second (the race below measures yours); the
# corpora of language models have trillions. The loop is slow because it decides anew about each token what
# kind of thing it is. NumPy decides once for the whole array. The art is to say *count* in the language of
# arrays, and the word for it is *sort*: after sorting, equal things are neighbours, and a count is the
# distance between two places where the neighbour changes.
#
# All sentences come as one array of ids, the words of each with $n - 1$ times BOS (id 0) in front and EOS
# (id 1) behind. An n-gram is a window of $n$ ids. A window that reaches beyond the end of a sentence has
# nothing but BOS after the EOS, since there are $n - 1$ of them, and so it ends in BOS. It predicts no word,
# and it is not counted; all other windows are.
#
# To sort n-grams, make one number of each. Let $R$ be the largest id plus one; a number in base $R$ has the
# ids as its digits,
#
# $$(w_1, w_2, \dots, w_n) \;\mapsto\; w_1 R^{n-1} + w_2 R^{n-2} + \dots + w_n.$$
#
# Take care: an int64 ends at $2^{63} \approx 9.2 \cdot 10^{18}$, and $50{,}000^5$ is far beyond. What
# overflows is wrong without a word of warning. The way out is to replace a prefix by its *rank* among the
# different prefixes before the next digit is appended. There are no more ranks than tokens.
#
# Write `count_table(ids, n)` without a Python loop over the tokens (a loop over the $n$ digits is fine).
# The n-grams come out in lexicographic order: by the first id, then by the second, and so on. (NumPy can do
# almost all of this in one line, `np.unique(windows, axis=0, return_counts=True)`. That is allowed, but it
# compares whole rows and is often slower than your loop: measure it in the race below. Packing is what makes
# the sort fast.)
#
# <details><summary>Hint 1: where to begin</summary>
#
# `np.lib.stride_tricks.sliding_window_view(ids, n)` shows all windows as rows, (T - n + 1, n), without
# copying. Which rows stay?
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *windows that do not end in 0; packed = first column; for each other column: packed = (rank of
# packed) * R + column.* Equal n-grams now have equal numbers. `np.unique` can return three things
# besides the different values: `return_inverse`, `return_index` and `return_counts`. One of them
# gives the ranks. Which of the others leads back from a number to its n-gram?
# </details>
# <details><summary>Hint 3: if the counts are right for small ids and wrong for large ones</summary>
#
# That is overflow. Print `packed.max()`, and see whether it is negative, or smaller than it should be. What
# is the dtype of `ids`?
# </details>

# %% answer="count_table"
def count_table(ids, n):
    """The different n-grams of a stream of ids and how often each occurs, by sorting.

    ids: int array (T,), at least 0, T >= n; 0 is BOS: each sentence has n - 1 zeros in front.
    n: int, at least 1.
    Returns (ngrams, counts): int arrays (M, n), in lexicographic order, and (M,). No n-gram ends in 0.
    """
    ### BEGIN SOLUTION
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(ids, dtype=np.int64), n)
    first, *others = windows[windows[:, -1] != 0].T
    packed, size, prefixes = first, int(np.max(ids)) + 1, []
    for column in others:
        ranked = int(packed.max()) >= 2**63 // size - 1
        known, packed = np.unique(packed, return_inverse=True) if ranked else (None, packed)
        prefixes.append(known)
        packed = packed * size + column
    packed, counts = np.unique(packed, return_counts=True)
    columns = []
    for known in reversed(prefixes):        # take the numbers apart again, from the last digit to the first
        packed, column = np.divmod(packed, size)
        packed = packed if known is None else known[packed]
        columns.append(column)
    return np.stack([packed, *reversed(columns)], axis=1), counts
    ### END SOLUTION

# %% test="count_table" points=1
import numpy as np
import torch
from nextword import checks



def packed(ids, n, base, ranks=False, apart=False):
    """What packing gives, with or without `ranks`; `apart` takes the numbers apart to find the n-grams."""
    windows = np.lib.stride_tricks.sliding_window_view(ids, n)
    windows = windows[windows[:, -1] != 0]
    number = windows[:, 0].astype(np.int64)
    for column in windows.T[1:]:
        number = (np.unique(number, return_inverse=True)[1] if ranks else number) * base + column
    number, first, counts = np.unique(number, return_index=True, return_counts=True)
    digits = [number // base**(n - 1), *(number // base**i % base for i in range(n - 2, -1, -1))]
    return (np.stack(digits, axis=1) if apart else windows[first]), counts


def slips(ids, n):
    """What goes wrong when n-grams become numbers."""
    above, different = int(ids.max()) + 1, len(set(ids.tolist()))
    few = "the base is the number of different ids, but it must be above the largest: two n-grams share a number"
    return {
        "packed n-grams exceed 63 bits and wrap around: take the rank of a prefix before the next digit":
            packed(ids, n, above),
        "packed n-grams exceed 63 bits, wrap around and are taken apart wrongly: take ranks of prefixes":
            packed(ids, n, above, apart=True),
        "the base is the largest id, one too small: two n-grams can have the same number":
            packed(ids, n, above - 1, apart=True),
        few: packed(ids, n, different, ranks=True),
        f"{few}, and ranks are missing": packed(ids, n, different),
        f"{few} and are taken apart wrongly": packed(ids, n, different, apart=True),
    }


check = checks.of(count_table)
# "cows eat hay", "cows eat", "hay": BOS 0, EOS 1, cows 3, eat 4, hay 6.
ids = np.array([0, 3, 4, 6, 1, 0, 3, 4, 1, 0, 6, 1])
windows = torch.tensor(ids).unfold(0, 2, 1)
ngrams, counts = torch.unique(windows[windows[:, -1] != 0], dim=0, return_counts=True)
across = torch.unique(windows, dim=0, return_counts=True)
check.call(ids, 2).equals((ngrams, counts), mistakes=slips(ids, 2) | {
    "you count across the end of a sentence: the n-grams that end in 0 are not to be counted": across,
    "the most frequent n-grams come first; the order should be lexicographic":
        (ngrams[counts.argsort(descending=True, stable=True)], counts.sort(descending=True, stable=True)[0]),
    "the n-grams that begin with 0 are left out": (ngrams[ngrams[:, 0] != 0], counts[ngrams[:, 0] != 0]),
    "the counts come first": (counts, ngrams),
    "you return the counts without the n-grams": counts,
    "you return the windows, with the same n-gram several times":
        (windows[windows[:, -1] != 0], torch.ones(9, dtype=torch.int64)),
})

# Ids with gaps, and ids so large that a packed trigram has no place in 63 bits.
for ids, n in [(np.array([0, 2, 1, 0, 9, 1, 0, 9, 1]), 2),
               (np.array([0, 0, 2000000, 3000000, 1, 0, 0, 5, 3000000, 1]), 3)]:
    windows = torch.tensor(ids).unfold(0, n, 1)
    right = torch.unique(windows[windows[:, -1] != 0], dim=0, return_counts=True)
    check.call(ids, n).equals(right, mistakes=slips(ids, n))
check.passed()

# %% hidden="count_table" points=2
# Checks n from 1 to 5, long random streams, vocabularies so large that packed n-grams exceed 63 bits,
# 32-bit ids, and a stream with a single n-gram.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks


def stream(n, vocabulary, sentences, seed):
    """Random sentences of 1 to 12 ids (small ones are more frequent), padded for n-grams."""
    numbers = torch.Generator().manual_seed(seed)
    parts = []
    for _ in range(sentences):
        length = int(torch.randint(1, 13, (1,), generator=numbers))
        words = 2 + (vocabulary - 2) * torch.rand(length, generator=numbers, dtype=torch.float64) ** 3
        parts += [torch.zeros(n - 1), words.floor(), torch.ones(1)]
    return torch.cat(parts).to(torch.int64)


def reference(ids, n, keep=lambda windows: windows[:, -1] != 0):
    windows = ids.unfold(0, n, 1)
    return torch.unique(windows[keep(windows)], dim=0, return_counts=True)


def overflowing(ids, n, unpacked=False, dtype=np.int64):
    """What packing without ranks gives: the numbers wrap around; `unpacked` takes them apart again."""
    windows = ids.unfold(0, n, 1)
    windows = windows[windows[:, -1] != 0].numpy().astype(dtype)
    packed, size = np.zeros(len(windows), dtype=dtype), dtype(ids.max() + 1)
    for column in windows.T:
        packed = packed * size + column
    packed, first, counts = np.unique(packed, return_index=True, return_counts=True)
    if not unpacked:
        return windows[first], counts
    columns = []
    for _ in range(n - 1):
        packed, column = np.divmod(packed, size)
        columns.append(column)
    return np.stack([packed, *reversed(columns)], axis=1), counts


check = checks.of(count_table)
for n, vocabulary, sentences in [(1, 9, 30), (2, 9, 300), (3, 120, 300), (4, 5, 300), (5, 50_000, 400),
                                 (3, 3_000_000, 50)]:
    ids = stream(n, vocabulary, sentences, seed=n)
    check.call(ids.numpy(), n).equals(reference(ids, n), mistakes={
        "packed n-grams exceed 63 bits and wrap around: take the rank of a prefix before the next digit":
            lambda ids=ids, n=n: overflowing(ids, n),
        "packed n-grams exceed 63 bits, wrap around and are taken apart wrongly: take ranks of prefixes":
            lambda ids=ids, n=n: overflowing(ids, n, unpacked=True),
        "you count across the end of a sentence: the n-grams that end in 0 are not to be counted":
            lambda ids=ids, n=n: reference(ids, n, lambda w: w[:, -1] >= 0),
        "all n-grams that have a 0 in them are left out":
            lambda ids=ids, n=n: reference(ids, n, lambda w: (w != 0).all(dim=1)),
        "the n-grams that begin with 0 are left out":
            lambda ids=ids, n=n: reference(ids, n, lambda w: (w[:, 0] != 0) & (w[:, -1] != 0)),
        "the n-grams that end in 1, the end of a sentence, are left out":
            lambda ids=ids, n=n: reference(ids, n, lambda w: (w[:, -1] != 0) & (w[:, -1] != 1)),
    })
small = stream(3, 3000, 100, seed=9)
check.call(small.to(torch.int32).numpy(), 3).equals(reference(small, 3), mistakes={
    "32-bit ids are packed into 32 bits and wrap around": lambda: overflowing(small, 3, dtype=np.int32),
    "32-bit ids are packed into 32 bits, wrap around and are taken apart wrongly":
        lambda: overflowing(small, 3, unpacked=True, dtype=np.int32),
})
check.call(np.array([0, 0, 1]), 3).equals((np.array([[0, 0, 1]]), np.array([1])))
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### The race
#
# The same bigrams of the same sentences, counted by your loop of exercise 3 and by your sort of exercise 9.
# The picture shows seconds against the number of tokens, with a logarithmic scale on both axes.
#
# *What to see:* two lines that rise nearly in step, since both methods need time nearly in proportion to the
# text. With packed n-grams the sort is below the loop, by a factor that depends on the machine and on your
# program (the last line says which; several times is usual). A sort of whole rows may well be above. The
# cell also makes sure that both have counted the same.

# %% figure="race"
from time import perf_counter

from nextword import plots

ids_of = {word: i for i, word in enumerate([BOS, EOS, *narwhals.vocabulary])}
loop, sort = "loop over the tokens (count_ngrams)", "sort of the array (count_table)"
lengths, seconds = [], {loop: [], sort: []}


def timed(f, *args):
    """What f returns, and the shortest of three times, in seconds."""
    times = []
    for _ in range(3):
        start = perf_counter()
        value = f(*args)
        times.append(perf_counter() - start)
    return value, min(times)


for size in [625, 1250, 2500, 5000, 10000, 20000]:
    sentences = narwhals.train[:size]
    ids = np.array([ids_of[word] for sentence in sentences for word in (BOS, *sentence, EOS)])
    counts, time = timed(count_ngrams, sentences, 2)
    seconds[loop].append(time)
    (pairs, numbers), time = timed(count_table, ids, 2)
    seconds[sort].append(time)
    lengths.append(len(ids) - size)
flat = {(ids_of[h], ids_of[w]): count for (h,), row in counts.items() for w, count in row.items()}
assert flat == dict(zip(map(tuple, pairs.tolist()), numbers.tolist(), strict=True)), "the two counts differ"
plots.curves(lengths, seconds, x_axis="tokens", y_axis="seconds", logarithmic="xy")
ratio = seconds[loop][-1] / seconds[sort][-1]
print(f"{lengths[-1]:,} tokens: the sort takes {seconds[sort][-1]:.3f} s and the loop {seconds[loop][-1]:.3f} s,",
      f"so the {'sort' if ratio > 1 else 'loop'} is {max(ratio, 1 / ratio):.1f} times faster")

# %% [markdown]
# ## Exercise 10: counting is maximum likelihood
# *Difficulty 4 of 5 · about 30 minutes · 3 points*
#
# The rest of the course does not count, it *learns*: it begins with random numbers, measures the loss, and
# goes downhill along the gradient. Would that find the same probabilities? For the bigram model we can have
# both, and so we can compare.
#
# Give each pair of words, $h$ before and $w$ after it, a free number, a **logit** $S_{hw}$, and turn each
# row of the table into probabilities with the softmax,
#
# $$P_{hw} = \frac{e^{S_{hw}}}{\sum_{w'} e^{S_{hw'}}},$$
#
# which are positive and add up to 1 whatever the logits are. That makes this a neural network, and as a
# language model the smallest of all. Its loss is the cross-entropy of exercise 7. Each occurrence of the
# same pair $(h, w)$ has the same probability, so the whole training text enters only through its counts
# $C_{hw} = c(h, w)$:
#
# $$L(S) = -\frac{1}{N} \sum_{h} \sum_{w} C_{hw} \log P_{hw}, \qquad N_h = \sum_{w} C_{hw}, \quad
#   N = \sum_{h} N_h.$$
#
# Here $N_h$ is how often the context $h$ occurred. Derive the gradient $\partial L / \partial S_{hw}$ on paper.
# The derivative of $\log P_{hw}$ with respect to $S_{hw'}$ is $[w = w'] - P_{hw'}$, in which $[w = w']$ is 1 if
# $w$ and $w'$ are the same word and 0 if they are not. Then look at where it is zero: exactly where the softmax has
# become the table of exercise 4. (A softmax is never exactly 0. It comes as near as one likes to the 0 of a pair
# that never occurred, while the logit of the pair goes to $-\infty$.)
#
# Write `softmax_bigram_loss(logits, counts)`, which returns the loss and its gradient. Logits of size 1000
# must not be a problem: the softmax does not change when the same number is subtracted from a whole row,
# and $e^{1000}$ is not a float64.
#
# <details><summary>Hint 1: where to begin</summary>
#
# In which terms of the sum does one logit $S_{hw'}$ occur? Only in those of its own row $h$; and there in all,
# because each $P_{hw}$ is divided by the whole row.
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *log P = S minus the row's maximum, minus the log of the row's sum of exponentials;* the loss is a sum of
# products. For the gradient, add up the derivatives $[w = w'] - P_{hw'}$ over all $w$ of the row, each with
# its weight $C_{hw}$: the first part leaves one count, the second does not depend on $w$.
# </details>
# <details><summary>Hint 3: if you see "overflow encountered in exp" or nan</summary>
#
# Subtract each row's maximum before `np.exp`, and never take the logarithm of a probability that may have
# become 0: compute $\log P$ first and $P$ from it.
# </details>

# %% answer="softmax_bigram_loss"
def softmax_bigram_loss(logits, counts):
    """The loss of a softmax bigram model and its gradient.

    logits: float array (H, V), a row for each context and a column for each next word.
    counts: int array (H, V), how often each word followed each context; not all zero.
    Returns (loss, gradient): a float in nats per token, and its gradient with respect to the logits, (H, V).
    """
    ### BEGIN SOLUTION
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    tokens = counts.sum()
    loss = -(counts * log_p).sum() / tokens
    gradient = (counts.sum(axis=1, keepdims=True) * np.exp(log_p) - counts) / tokens
    return float(loss), gradient
    ### END SOLUTION

# %% test="softmax_bigram_loss" points=1
import torch
from nextword import checks
from torch.nn.functional import cross_entropy as torch_cross_entropy

numbers = torch.Generator().manual_seed(6)
logits = torch.randn(3, 5, dtype=torch.float64, generator=numbers).requires_grad_()
counts = torch.randint(0, 6, (3, 5), generator=numbers)
contexts, words = counts.nonzero().repeat_interleave(counts[counts > 0], dim=0).T   # the tokens, one by one
loss = torch_cross_entropy(logits[contexts], words)
loss.backward()

S, N, rows = logits.detach(), counts.sum(), counts.sum(dim=1, keepdim=True)
P, R = S.softmax(dim=1), S - S.amax(dim=1, keepdim=True)


def pair(log_p):
    """Loss and gradient when the probabilities are normalised in another way."""
    return -(counts * log_p).sum() / N, (rows * log_p.exp() - counts) / N


check = checks.of(softmax_bigram_loss)
check.call(S.numpy(), counts.numpy()).close_to((loss.detach(), logits.grad), mistakes={
    "the loss is not divided by the number of tokens": (loss.detach() * N, logits.grad * N),
    "the gradient is not divided by the number of tokens": (loss.detach(), logits.grad * N),
    "you divide by the number of contexts, not by the number of tokens":
        (loss.detach() * N / 3, logits.grad * N / 3),
    "the gradient has the wrong sign": (loss.detach(), -logits.grad),
    "in the gradient, P is not multiplied by the number of tokens of its row":
        (loss.detach(), (P - counts) / N),
    "in the gradient, all contexts count alike; they should be weighted with how often they occur":
        (loss.detach(), (P - counts.double() / rows) / 3),
    "the gradient is that of each row alone, not weighted with how often the context occurs":
        (loss.detach(), P - counts.double() / rows),
    "P is multiplied by the number of all tokens, not of those of its row":
        (loss.detach(), (N * P - counts) / N),
    "the softmax makes each column add up to 1, not each row": pair(S.log_softmax(dim=0)),
    "the exponentials are added up over each column, not over each row": pair(R.log_softmax(dim=0)),
    "the softmax is taken over the whole table, not row by row": pair(S - S.logsumexp(dim=(0, 1))),
    "the exponentials are added up over the whole table": pair(R - R.logsumexp(dim=(0, 1))),
    "only the loss is returned": loss.detach(),
})

# The same table with one row near 1000, which changes nothing: a softmax does not see what a row has in common.
steep = S + torch.tensor([[0.0], [1000.0], [0.0]], dtype=torch.float64)


def exponentials(shift):
    """Loss and gradient if only `shift` is subtracted before the exponentials."""
    P = (steep - shift).exp() / (steep - shift).exp().sum(dim=1, keepdim=True)
    return -(counts * P.log()).sum() / N, (rows * P - counts) / N


check.call(steep.numpy(), counts.numpy()).close_to((loss.detach(), logits.grad), mistakes={
    "exp of a large logit is inf: subtract the maximum of each row first": exponentials(0.0),
    "the maximum of the whole table is subtracted; all exponentials of a small row are 0 then":
        exponentials(steep.max()),
})
check.passed()

# %% hidden="softmax_bigram_loss" points=2
# Checks tables of other shapes, contexts and words that never occur, logits of size 1000, and that the
# gradient is zero exactly at the logarithms of the counts.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks
from torch.nn.functional import cross_entropy as torch_cross_entropy

check = checks.of(softmax_bigram_loss)
numbers = torch.Generator().manual_seed(8)
for shape, scale in [((4, 7), 1.0), ((6, 2), 3.0), ((1, 9), 1.0), ((5, 5), 1000.0)]:
    logits = (scale * torch.randn(*shape, dtype=torch.float64, generator=numbers)).requires_grad_()
    counts = torch.randint(0, 4, shape, generator=numbers)
    counts[-1, -1] += 2
    if shape[0] > 3:
        counts[1] = 0
        counts[:, 1] = 0
    contexts, words = counts.nonzero().repeat_interleave(counts[counts > 0], dim=0).T
    loss = torch_cross_entropy(logits[contexts], words)
    loss.backward()
    S, N, rows = logits.detach(), counts.sum(), counts.sum(dim=1, keepdim=True)
    P, R = S.softmax(dim=1), S - S.amax(dim=1, keepdim=True)

    def pair(log_p, counts=counts, N=N, rows=rows):
        """Loss and gradient when the probabilities are normalised in another way."""
        return -(counts * log_p).sum() / N, (rows * log_p.exp() - counts) / N

    check.call(S.numpy(), counts.numpy()).close_to((loss.detach(), logits.grad), atol=1e-12, mistakes={
        "the softmax makes each column add up to 1, not each row": pair(S.log_softmax(dim=0)),
        "the exponentials are added up over each column, not over each row": pair(R.log_softmax(dim=0)),
        "the softmax is taken over the whole table, not row by row": pair(S - S.logsumexp(dim=(0, 1))),
        "the exponentials are added up over the whole table": pair(R - R.logsumexp(dim=(0, 1))),
        "the loss is not divided by the number of tokens": (loss.detach() * N, logits.grad * N),
        "the gradient is not divided by the number of tokens": (loss.detach(), logits.grad * N),
        "you divide by the number of contexts, not by the number of tokens":
            (loss.detach() * N / shape[0], logits.grad * N / shape[0]),
        "the gradient has the wrong sign": (loss.detach(), -logits.grad),
        "in the gradient, P is not multiplied by the number of tokens of its row":
            (loss.detach(), (P - counts) / N),
        "in the gradient, all contexts count alike; they should be weighted with how often they occur":
            (loss.detach(), (P - counts.double() / rows.clamp(min=1)) / shape[0]),
        "you take logarithms to base 2": (loss.detach() / 0.6931471805599453, logits.grad),
    })
counts = torch.randint(1, 50, (6, 4), generator=numbers)
shift = torch.randn(6, 1, dtype=torch.float64, generator=numbers)
loss, gradient = check.call((counts.to(torch.float64).log() + shift).numpy(), counts.numpy()).value
check.holds(np.shape(gradient) == (6, 4),
            "the gradient should have the shape of the logits, (6, 4), not {}", np.shape(gradient))
check.holds(float(abs(gradient).max()) < 1e-12,
            "where the probabilities are the relative counts the gradient is zero; yours is as large as {}",
            float(abs(gradient).max()))
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### Downhill to the counts
#
# Here PyTorch trains the softmax bigram model on the narwhal corpus, from random logits, by following the
# gradient. (Autograd computes it, and the cell checks yours against it. The optimiser, Rprop, looks at the
# gradient's signs and keeps a step size for each logit; it is a good choice where the whole corpus fits in
# one step.) The left picture shows the loss against the number of steps (on a logarithmic scale, since most
# happens in the first twenty), and as a grey line the loss of the counted bigram model. The right one shows
# how far the two tables of probabilities still are apart: the largest difference between two entries, on a
# logarithmic scale.
#
# *What to see:* the loss falls to the line and never crosses it, and the distance goes on falling, by one
# power of ten after another, until nothing but rounding is left. Learning and counting arrive at the same
# table. What, then, is learning good for? For models whose parameters are *shared* between contexts. Their
# best parameters cannot be counted, but the gradient is there.

# %% figure="descent"
import torch
from nextword import plots

words = [BOS, EOS, *narwhals.vocabulary]
ids_of = {word: i for i, word in enumerate(words)}
counts = np.zeros((len(words), len(words)), dtype=np.int64)
for (before,), following in training_counts(count_ngrams, 2).items():
    for word, count in following.items():
        counts[ids_of[before], ids_of[word]] = count
seen = counts.sum(axis=1) > 0               # every context but </s>
counts = counts[seen]
counted = counts / counts.sum(axis=1, keepdims=True)
best = -(counts[counts > 0] * np.log(counted[counts > 0])).sum() / counts.sum()

logits = torch.randn(counts.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
logits.requires_grad_()
optimizer = torch.optim.Rprop([logits], lr=0.1, step_sizes=(1e-16, 5))
target = torch.tensor(counts)
losses, distances = [], []
for step in range(240):
    optimizer.zero_grad()
    loss = -(target * logits.log_softmax(dim=1)).sum() / target.sum()
    loss.backward()
    if step == 0:
        mine = softmax_bigram_loss(logits.detach().numpy(), counts)
        assert np.allclose(mine[1], logits.grad.numpy()), "your gradient is not autograd's"
    losses.append(loss.item())
    distances.append(np.abs(logits.detach().softmax(dim=1).numpy() - counted).max())
    optimizer.step()
plots.descent(losses, distances, floor=best, floor_name="counted bigram model")
print(f"counted {best:.6f}, learned {losses[-1]:.6f} nats per token; largest difference {distances[-1]:.1e}")

# %% [markdown]
# ## The loss ladder
#
# This chart ends every notebook that makes a new model. Each bar is a model, its length the loss on the
# *test* sentences (which nothing above has looked at) in nats per token; the black line is the entropy of
# the language, which no bar can fall short of. The grey part of a bar is this entropy, the blue part what
# the model does not know; the best model is dark blue, the others light blue. The first rung is the uniform
# distribution, which knows nothing but the vocabulary; then come the n-gram models with add-$k$ smoothing
# for $n = 1$ to 5, and the Witten-Bell model with $n = 4$, which was best above.
#
# *What to see:* one word of context is worth more than everything that follows. The step from *uniform* to
# $n = 1$ is due to common words; that from $n = 1$ to $n = 2$ to grammar among neighbours. With add-$k$,
# nothing is gained after $n = 3$; Witten-Bell, which asks shorter contexts, still gains a little at $n =
# 4$. The gap that is left belongs to what n-grams cannot see: a verb that agrees with a noun on the other
# side of a relative clause, a name that returns at the end of the sentence. Recurrent networks and
# attention will have to earn it.

# %% figure="loss_ladder"
from functools import cache

from nextword import plots

vocabulary = [*narwhals.vocabulary, EOS]
tables = [training_counts(count_ngrams, n) for n in range(1, 6)]
ladder = {"uniform": math.log(len(vocabulary))}
for n in range(1, 6):
    model = cache(lambda h, n=n: add_k(tables[n - 1], h, vocabulary, 0.1))
    ladder[f"{n}-gram, add-0.1"] = cross_entropy(model, n, narwhals.test)
model = cache(lambda h: witten_bell(tables[:4], h, vocabulary))
ladder["4-gram, Witten-Bell"] = cross_entropy(model, 4, narwhals.test)
plots.loss_ladder(ladder, floor=narwhals.entropy_per_token)

# %% [markdown]
# ## Bonus exercise: Kneser-Ney
# *Difficulty 5 of 5 · about 40 minutes · 3 bonus points*
#
# In English, *Francisco* is a common word, but it follows one word only. A model that backs off to how
# *often* a word occurs will offer *Francisco* after contexts where nobody says *San*. Kneser and Ney (1995)
# asked a better question of the shorter contexts: not how often the word came, but after how many
# *different* words. For an n-gram model and a context $h$ of fewer than $n - 1$ words, counts are replaced
# by **continuation counts**
#
# $$c_\mathrm{KN}(h, w) = N_{1+}(\bullet\, h\, w) = \bigl|\{v : c(v h, w) > 0\}\bigr|,$$
#
# while the longest contexts keep their ordinary counts. Each count that is above zero is then reduced by a
# **discount** $0 < d < 1$, and what this saves goes to the shorter context. (With Kneser and Ney only the words
# that never followed $h$ get a share of it; that all words do, as here, is due to Chen and Goodman, 1998.)
#
# $$p(w \mid h) = \frac{\max(c_\mathrm{KN}(h, w) - d,\, 0)}{N_\mathrm{KN}(h)}
#   + \frac{d\; N_{1+}(h\,\bullet)}{N_\mathrm{KN}(h)}\; p(w \mid h'), \qquad
#   N_\mathrm{KN}(h) = \sum_w c_\mathrm{KN}(h, w).$$
#
# As before, $h'$ is $h$ without its oldest word, a context without counts hands on $p(w \mid h')$, and
# below the unigrams stands $1/V$.
#
# Write `continuation_counts(counts)`, which turns a table for contexts of $m + 1$ words into continuation
# counts for contexts of $m$ words, and `kneser_ney(tables, context, vocabulary, discount)`. Its `tables`
# are such that `tables[m]` already holds the counts $c_\mathrm{KN}$ for contexts of $m$ words: continuation
# counts, and ordinary ones for the longest.
#
# <details><summary>Hint 1: where to begin</summary>
#
# How much does each n-gram of the longer table add to the continuation count of its last part? Does it
# matter how often it occurred?
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# *for each context and each word after it: one more for the word after the context without its first word.*
# `kneser_ney` has the same skeleton as `witten_bell`; only the formula inside is another.
# </details>
# <details><summary>Hint 3: if the probabilities do not add up to 1</summary>
#
# The sum of what was discounted is $d$ times the number of different words after $h$, and this must be the
# weight of the shorter context. With `max(c - d, 0)`, words with count 0 lose nothing.
# </details>

# %% answer="kneser_ney"
def continuation_counts(counts):
    """After how many different words each shorter n-gram was seen.

    counts: {context of m + 1 str: {word: count}}, m at least 0, all counts at least 1.
    Returns {context of m str: {word: number of different words seen before context and word}}.
    """
    ### BEGIN SOLUTION
    continuations = defaultdict(Counter)
    for context, following in counts.items():
        for word in following:
            continuations[context[1:]][word] += 1
    return {context: dict(following) for context, following in continuations.items()}
    ### END SOLUTION


def kneser_ney(tables, context, vocabulary, discount):
    """The interpolated Kneser-Ney estimate of p(word | context).

    tables: list of n dicts; tables[m] is {context of m str: {word: count}}, all but the last with
        continuation counts.
    context: tuple of n - 1 str, seen or not. vocabulary: list of V str. discount: float between 0 and 1.
    Returns {word: probability} with all V words of the vocabulary.
    """
    ### BEGIN SOLUTION
    p = {word: 1 / len(vocabulary) for word in vocabulary}
    for m, counts in enumerate(tables):
        following = counts.get(context[len(context) - m:], {})
        if following:
            total, saved = sum(following.values()), discount * len(following)
            p = {word: (max(following.get(word, 0) - discount, 0) + saved * p[word]) / total
                 for word in vocabulary}
    return p
    ### END SOLUTION

# %% test="kneser_ney" points=1 bonus=true
import torch
from nextword import checks

check = checks.of(continuation_counts)
counts = {("san",): {"francisco": 50, "jose": 2}, ("cows",): {"eat": 3}, ("goats",): {"eat": 1, "jose": 1}}
check.call(counts).equals({(): {"francisco": 1, "jose": 2, "eat": 2}}, mistakes={
    "you add up how often the n-grams occurred, not how many there are":
        {(): {"francisco": 50, "jose": 3, "eat": 4}},
    "you count the different words after a context, not before a word":
        {(): {"san": 2, "cows": 1, "goats": 2}},
})
two_words = {("new", "york"): {"city": 3}, ("old", "york"): {"city": 1, "is": 2}, ("new", "jersey"): {"is": 1}}
check.call(two_words).equals({("york",): {"city": 2, "is": 1}, ("jersey",): {"is": 1}}, mistakes={
    "the context has lost its last word and not its first":
        {("new",): {"city": 1, "is": 1}, ("old",): {"city": 1, "is": 1}},
    "the context has lost all of its words and not only the first": {(): {"city": 2, "is": 2}},
})
check.passed()

vocabulary = ["francisco", "jose", "eat", "</s>"]
lower = torch.tensor([1, 2, 2, 0], dtype=torch.float64)
upper = torch.tensor([0, 1, 1, 0], dtype=torch.float64)
tables = [{(): {"francisco": 1, "jose": 2, "eat": 2}}, counts]


def mix(c, p, d=0.75, new=None):
    new = (c > 0).sum() if new is None else new
    return ((c - d).clamp(min=0) + d * new * p) / c.sum()


def named(values):
    return dict(zip(vocabulary, values.tolist(), strict=True))


uniform = torch.full((4,), 1 / 4, dtype=torch.float64)
check = checks.of(kneser_ney)
check.call(tables, ("goats",), vocabulary, 0.75).close_to(named(mix(upper, mix(lower, uniform))), mistakes={
    "the unigrams are not mixed with the uniform distribution": named(mix(upper, lower / lower.sum())),
    "the discount is taken off, but given to nobody": named((upper - 0.75).clamp(min=0) / upper.sum()),
    "the shorter context has the weight d / N, not d times the number of different words":
        named(mix(upper, mix(lower, uniform, new=1), new=1)),
    "the shorter context is left out": named(mix(upper, uniform)),
    "words with count 0 are discounted too, below zero":
        named((upper - 0.75 + 1.5 * (lower - 0.75 + 2.25 * uniform) / 5) / 2),
})
check.passed()

# %% hidden="kneser_ney" points=2 bonus=true
# Checks continuation counts of contexts with one to three words, estimates for n from 1 to 3 with random
# counts and several discounts, contexts never seen, and that the probabilities add up to 1.
### BEGIN HIDDEN TESTS
import torch
from nextword import checks

numbers = torch.Generator().manual_seed(12)
words = ["</s>", "a", "b", "c", "d"]


def random_counts(m, size):
    counts = {}
    for _ in range(size):
        *context, word = (words[int(i)] for i in torch.randint(1, 5, (m + 1,), generator=numbers))
        row = counts.setdefault(tuple(context), {})
        row[word] = row.get(word, 0) + int(torch.randint(1, 3, (1,), generator=numbers))
    return counts


def continued(counts, part=lambda context: context[1:], weight=lambda count: 1):
    result = {}
    for context, following in counts.items():
        for word, count in following.items():
            row = result.setdefault(part(context), {})
            row[word] = row.get(word, 0) + weight(count)
    return result


check = checks.of(continuation_counts)
for m in [1, 2, 3]:
    counts = random_counts(m, 25)
    check.call(counts).equals(continued(counts), mistakes={
        "you add up how often the n-grams occurred, not how many there are":
            continued(counts, weight=lambda c: c),
        "the context has lost its last word and not its first":
            continued(counts, part=lambda context: context[:-1]),
    })
check.passed()


def estimate(tables, context, d, weight=len, lose_newest=False, least=0):
    p = torch.full((5,), 1 / 5, dtype=torch.float64)
    for m, counts in enumerate(tables):
        row = counts.get(context[:m] if lose_newest else context[len(context) - m:])
        if row:
            c = torch.tensor([row.get(word, 0) for word in words], dtype=torch.float64)
            p = ((c - d).clamp(min=least) + d * weight(row) * p) / c.sum()
    return dict(zip(words, p.tolist(), strict=True))


check = checks.of(kneser_ney)
top = random_counts(2, 30)
tables = [continued(continued(top)), continued(top), top]
for n, d in [(1, 0.5), (2, 0.75), (3, 0.9)]:
    for context in [("a", "b"), ("c", "a"), ("z", "d"), ("z", "z")]:
        context = context[:n - 1]
        check.call(tables[:n], context, words, d).close_to(estimate(tables[:n], context, d), mistakes={
            "the shorter context has the weight d / N, not d times the number of different words":
                estimate(tables[:n], context, d, weight=lambda row: 1),
            "the shorter context has lost its newest word; drop the oldest, the first of the tuple":
                estimate(tables[:n], context, d, lose_newest=True),
            "words with count 0 are discounted too, below zero": estimate(tables[:n], context, d, least=-d),
            "the discount is 0.75 whatever is asked for": estimate(tables[:n], context, 0.75),
        })
        value = check.call(tables[:n], context, words, d).value
        check.holds(abs(sum(value.values()) - 1) < 1e-9,
                    "after {} the probabilities add up to {} and not to 1",
                    context, sum(value.values()))
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# Does it help? The table shows nats per token on held-out sentences for Witten-Bell and Kneser-Ney with
# $d = 0.75$.
#
# *What to see:* with $n = 1$ they agree as far as one can see. From $n = 2$ on Kneser-Ney is better, and
# the more so the longer the context, since a long context asks the shorter ones more often: a hundredth of
# a nat at $n = 2$, several hundredths at $n = 5$. Both are best at $n = 4$. So a better question to the
# shorter contexts does help, but most of the way to the floor, some 0.4 nats, is still to go, and no
# smoothing of counts goes it.

# %% figure="kneser_ney_losses"
from functools import cache

vocabulary = [*narwhals.vocabulary, EOS]
held_out = narwhals.validation[:300]
raw = [training_counts(count_ngrams, n) for n in range(1, 6)]
print("n   Witten-Bell   Kneser-Ney")
for n in range(1, 6):
    smooth = raw[:n]
    for m in range(n - 2, -1, -1):
        smooth = [*smooth[:m], continuation_counts(smooth[m + 1]), *smooth[m + 1:]]
    wb = cache(lambda h, tables=raw[:n]: witten_bell(tables, h, vocabulary))
    kn = cache(lambda h, tables=smooth: kneser_ney(tables, h, vocabulary, 0.75))
    print(f"{n}   {cross_entropy(wb, n, held_out):11.4f}   {cross_entropy(kn, n, held_out):10.4f}")

# %% [markdown]
# ## What comes next
#
# You have a language model that scores and writes, a loss to judge it by, and a floor to measure it
# against. You have seen that the best table can be counted, and that following a gradient arrives at the
# same table. In notebook 02 the gradient becomes the tool: you will compute it by hand through a small
# neural network, until you know exactly what *backpropagation* reuses and why it is cheap.
#
# To hand in, save the notebook with your answers in it and follow the last section of *00 Start here*.
