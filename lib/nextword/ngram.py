"""n-gram language models: count once, then estimate in four ways.

    trie = count(vocab.stream(sentences, n=4), n=4, size=len(vocab), bos=vocab.bos)
    model = witten_bell(trie)
    model.cross_entropy(vocab.stream(held_out, n=4))    # nats per token, EOS included

Every estimate here has one form. With h' for the context h without its oldest word,

    p(w | h) = direct(w, h) + backoff(h) p(w | h'),      and p(w | h') alone for a context never seen;

the functions at the end of this file differ only in `direct` and `backoff`.
"""

import itertools
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Level:
    """The M different k-grams of a corpus, in the order of `keys`; the place of a k-gram there is its node.

    keys: int64 (M,), sorted: (node of the first k - 1 words) * width + last word.
    starts: int64 (number of contexts + 1,), context h has the nodes from starts[h] to starts[h + 1].
    counts: int64 (M,), how often; 0 for a k-gram that ends in `stop` and so predicts nothing.
    """

    keys: np.ndarray
    starts: np.ndarray
    counts: np.ndarray

    @cached_property
    def totals(self):
        """N(h), how many tokens follow each context: int64 (number of contexts,)."""
        return _sums(self.counts, self.starts)

    @cached_property
    def types(self):
        """T(h), how many different ones: int64 (number of contexts,)."""
        return _sums(self.counts > 0, self.starts)


@dataclass(frozen=True)
class Trie:
    """Counts of all k-grams, k = 1..n, over `size` different tokens; `levels[k - 1]` holds the k-grams."""

    levels: tuple
    size: int
    bos: int | None = None

    @property
    def stop(self):
        """The id that stands between texts: BOS, or one that no token has."""
        return self.size if self.bos is None else self.bos

    @property
    def width(self):
        """What keys are written in base of: more than any id."""
        return self.size + 1

    @property
    def outcomes(self):
        """How many tokens can come next: all but BOS."""
        return self.size - (self.bos is not None)

    @cached_property
    def suffixes(self):
        """For each level and node, the node one level below of the k-gram without its first word."""
        links = [np.zeros(len(self.levels[0].keys), np.int64)]
        for below, level in itertools.pairwise(self.levels):
            parents, words = np.divmod(level.keys, self.width)
            links.append(_find(below.keys, links[-1][parents] * self.width + words))
        return links


def count(ids, n, size, bos=None):
    """Count the k-grams, k = 1..n, of a stream of ids.

    ids: integer array (T,) in [0, size). With `bos`, every sentence in it opens with at least n - 1 times
    `bos` (see `Vocab.stream`), and nothing that ends in `bos` is counted. Without, it is one endless text.
    Returns a Trie. Raises ValueError for ids of another kind.
    """
    trie = Trie((), size, bos)
    ids = np.concatenate((_checked(ids, size), np.full(n, trie.stop)))
    # In sorted order the windows that begin with the same k words stand together, for every k at once.
    levels, first = [], np.zeros(len(ids) - n + 1, bool)
    first[0] = True                         # is a window the first with its first k words? At first, k = 0
    for words in _sorted_windows(ids, n, trie.width):
        context = first.copy()
        first[1:] |= words[1:] != words[:-1]
        places = np.flatnonzero(first)
        opens, last = context[places], words[places]
        counts = np.diff(places, append=len(words))
        counts[last == trie.stop] = 0
        starts = np.append(np.flatnonzero(opens), len(places))
        levels.append(Level((np.cumsum(opens) - 1) * trie.width + last, starts, counts))
    return Trie(tuple(levels), size, bos)


class Model:
    """An interpolated n-gram model; made by `maximum_likelihood`, `add_k`, `witten_bell` or `kneser_ney`.

    terms: per level k = 1..n either None (nothing is added there) or (direct (M_k,), backoff (contexts,)).
    base: the probability that the empty estimate gives every token.
    """

    def __init__(self, trie, terms, base):
        self.trie, self.terms, self.base = trie, terms, base

    @property
    def n(self):
        return len(self.terms)

    def probabilities(self, ids):
        """p(ids[t] | the n - 1 ids before it) as a float64 array, for every t whose token is not BOS.

        ids: integer array (T,), as `count` takes it. Without BOS, the first n - 1 have shorter contexts.
        """
        ids = _checked(ids, self.trie.size)
        p = np.full(len(ids), self.base)
        contexts = np.zeros(len(ids), np.int64)  # the node of each position's context, -1 where never seen
        for level, term in zip(self.trie.levels, self.terms, strict=False):
            nodes = np.full(len(ids), -1)
            seen = np.flatnonzero(contexts >= 0)
            nodes[seen] = _find(level.keys, contexts[seen] * self.trie.width + ids[seen])
            if term is not None:
                direct, backoff = term
                known = seen[level.totals[contexts[seen]] > 0]
                p[known] *= backoff[contexts[known]]
                found = known[nodes[known] >= 0]
                p[found] += direct[nodes[found]]
            contexts[0], contexts[1:] = -1, nodes[:-1]
        return p if self.trie.bos is None else p[ids != self.trie.bos]

    def cross_entropy(self, ids):
        """Nats per token of a stream of ids (T,), EOS counted and BOS not; inf if some probability is 0."""
        with np.errstate(divide="ignore"):
            return float(-np.log(self.probabilities(ids)).mean())

    def distribution(self, context):
        """p(. | context) as a float64 array (V,); the last n - 1 of `context`, a sequence of ids, matter.

        All zeros where the model has no estimate for the context (maximum likelihood, context never seen).
        """
        width = self.trie.width
        p = np.full(width, self.base)
        p[self.trie.stop] = 0.0
        for level, term, node in zip(self.trie.levels, self.terms, self._contexts(context), strict=False):
            if term is not None and level.totals[node] > 0:
                direct, backoff = term
                p *= backoff[node]
                low, high = level.starts[node : node + 2]
                p[level.keys[low:high] - node * width] += direct[low:high]
        return p[: self.trie.size]

    def _contexts(self, context):
        """The nodes of the last 0, 1, ..., n - 1 words of `context`, as far as they were seen."""
        context, nodes = list(context), []
        for length in range(min(self.n - 1, len(context)) + 1):
            node = 0
            for level, word in zip(self.trie.levels, context[len(context) - length :], strict=False):
                node = int(_find(level.keys, np.array([node * self.trie.width + word]))[0])
                if node < 0:
                    return nodes
            nodes.append(node)
        return nodes

    @cached_property
    def _dice(self):
        """Per level, plain lists for the loop of `sample`: starts, running sums, backoff weights, words, suffixes.

        One element at a time, a list is several times faster than an array.
        """
        dice = []
        for level, term, suffixes in zip(self.trie.levels, self.terms, self.trie.suffixes, strict=False):
            direct, backoff = term or (np.zeros(len(level.keys)), np.ones(len(level.totals)))
            backoff = np.where(level.totals > 0, backoff, 1.0)
            arrays = level.starts, np.cumsum(direct), backoff, level.keys % self.trie.width, suffixes
            dice.append([array.tolist() for array in arrays])
        return dice

    def sample(self, uniforms, eos=None, context=()):
        """One text as a list of ids: a pure function of `uniforms`, T numbers in [0, 1), one per token.

        The text starts after `context`, a sequence of ids, and ends after T tokens or `eos`, which belongs to it.
        Distributed as `distribution`, with faces in another order: words of the longest context come first.
        ValueError at a context for which the model has no estimate.
        """
        opening = [] if self.trie.bos is None else [self.trie.bos] * (self.n - 1)
        state, text = [*opening, *context], []
        nodes = self._contexts(state)
        for u in uniforms:
            word, level, child = self._roll(nodes, u)
            text.append(word)
            if word == eos:
                break
            nodes = self._advance(nodes, word, level, child)
        return text

    def _roll(self, nodes, u):
        """The face of `u`, the level that it was found on (-1 for the base) and its node there."""
        for k in range(len(nodes) - 1, -1, -1):
            starts, sums, backoff, words, _ = self._dice[k]
            node = nodes[k]
            low, high, rest = starts[node], starts[node + 1], backoff[node]
            direct = 1.0 - rest
            if u < direct:
                below = sums[low - 1] if low else 0.0
                child = bisect_right(sums, below + u, low, high)
                if child == high:  # rounding at the upper end: the last child with any probability
                    child = bisect_left(sums, sums[high - 1], low, high - 1)
                return words[child], k, child
            u = min((u - direct) / rest, 1.0 - 2.0**-53) if rest else u
        if not self.base:
            raise ValueError("the model has no estimate here: this context was never seen")
        word = int(u * self.trie.outcomes)
        if self.trie.bos is not None and word >= self.trie.bos:
            word += 1
        return word, -1, None

    def _advance(self, nodes, word, level, child):
        """The context nodes after `word`: suffixes of the longest k-gram that it completes."""
        for k in range(len(nodes) - 1, level, -1):
            starts, _, _, words, _ = self._dice[k]
            high = starts[nodes[k] + 1]
            found = bisect_left(words, word, starts[nodes[k]], high)
            if found < high and words[found] == word:
                level, child = k, found
                break
        chain = []
        for k in range(level, -1, -1):
            if k + 1 < self.n:
                chain.append(child)
            child = self._dice[k][4][child]
        return [0, *reversed(chain)]


def maximum_likelihood(trie, n=None):
    """p(w | h) = c(h, w) / N(h): nothing for what was never seen. `n`: any order up to the trie's."""
    n, level = _top(trie, n)
    return Model(trie, (None,) * (n - 1) + (_term(level, level.counts, level.totals, 0.0),), base=0.0)


def add_k(trie, k=1.0, n=None):
    """p(w | h) = (c(h, w) + k) / (N(h) + k V), V the number of tokens that can come next."""
    n, level = _top(trie, n)
    mass = k * trie.outcomes
    term = _term(level, level.counts, level.totals + mass, mass)
    return Model(trie, (None,) * (n - 1) + (term,), 1 / trie.outcomes)


def witten_bell(trie, n=None):
    """p(w | h) = (c(h, w) + T(h) p(w | h')) / (N(h) + T(h)), down to uniform (Witten & Bell, 1991)."""
    n, _ = _top(trie, n)
    terms = [_term(level, level.counts, level.totals + level.types, level.types) for level in trie.levels[:n]]
    return Model(trie, tuple(terms), 1 / trie.outcomes)


def kneser_ney(trie, discount=0.75, n=None):
    """Interpolated Kneser-Ney: an absolute discount; shorter contexts count the different words before them.

    discount: in (0, 1]. Source: Kneser & Ney (1995), in the interpolated form of Chen & Goodman (1998).
    """
    n, top = _top(trie, n)
    levels = [_continuations(trie, k) for k in range(n - 1)] + [top]
    terms = [_term(level, np.maximum(level.counts - discount, 0.0), level.totals, discount * level.types)
             for level in levels]
    return Model(trie, tuple(terms), 1 / trie.outcomes)


def _continuations(trie, k):
    """Level k with every count replaced by the number of different k + 1-grams that end in it."""
    level, above = trie.levels[k], trie.levels[k + 1]
    counts = np.bincount(trie.suffixes[k + 1][above.counts > 0], minlength=len(level.keys))
    return Level(level.keys, level.starts, counts)


def _top(trie, n):
    n = len(trie.levels) if n is None else n
    if not 1 <= n <= len(trie.levels):
        raise ValueError(f"n must be between 1 and {len(trie.levels)}, the order of the trie, not {n}")
    return n, trie.levels[n - 1]


def _term(level, counts, denominators, left):
    """(direct, backoff) = (counts, left) / denominators; a context that nothing follows is never asked."""
    denominators = np.where(level.totals > 0, denominators, 1).astype(np.float64)
    return counts / np.repeat(denominators, np.diff(level.starts)), left / denominators


def _sums(values, starts):
    """The sum of `values` (M,) over each context's nodes; a running sum is faster than reduceat."""
    running = np.concatenate(([0], np.cumsum(values, dtype=np.int64)))
    return running[starts[1:]] - running[starts[:-1]]


def _sorted_windows(ids, n, width):
    """The windows of n ids (T,) in lexicographic order, as n arrays (T - n + 1,): first words, second words, ..."""
    windows = len(ids) - n + 1
    columns, bits = [ids[k : windows + k] for k in range(n)], [width.bit_length()] * n
    pairs = None
    if sum(bits) > 63:
        # Too large for one number: write the rank among all pairs in place of each pair of words.
        pairs, ranks = _rank(ids[:-1] * width + ids[1:])
        columns = [ranks[k : windows + k] for k in range(0, n - 1, 2)] + columns[n - n % 2 :]
        bits = [len(pairs).bit_length()] * (n // 2) + bits[: n % 2]
    columns = _sorted_rows(columns, bits)
    if pairs is None:
        return columns
    first, second = np.divmod(pairs, width)
    return [half[c] for c in columns[: n // 2] for half in (first, second)] + columns[n // 2 :]


def _sorted_rows(columns, bits):
    """Rows in lexicographic order; `bits` says how many each column needs. Packed into one number if 63 do."""
    if sum(bits) > 63:
        order = np.lexsort(columns[::-1])
        return [column[order] for column in columns]
    packed = columns[0].copy()
    for column, b in zip(columns[1:], bits[1:], strict=True):
        packed <<= b
        packed |= column
    packed.sort()
    ordered = []
    for b in bits[:0:-1]:
        ordered.append(packed & ((1 << b) - 1))
        packed >>= b
    return [packed, *ordered[::-1]]


def _rank(keys):
    """The different `keys` in order, and the place of every key among them."""
    ordered, order = _sorted(keys)
    new = np.concatenate(([False], ordered[1:] != ordered[:-1]))
    inverse = np.empty(len(keys), np.int64)
    inverse[order] = np.cumsum(new)
    return ordered[np.concatenate(([0], np.flatnonzero(new)))], inverse


def _sorted(keys):
    """The int64 `keys`, at least 0, in order, and where each stood before.

    Key and position are sorted as one number wherever 63 bits hold both: np.sort is faster than argsort.
    """
    shift = len(keys).bit_length()
    if int(keys.max()).bit_length() + shift > 63:
        order = np.argsort(keys)
        return keys[order], order
    packed = np.sort((keys << shift) | np.arange(len(keys)))
    return packed >> shift, packed & ((1 << shift) - 1)


def _find(keys, queries):
    """The place of every query in the sorted `keys`, -1 where it is missing.

    Queries are sorted first, which spares the cache, and are int64: floats would convert all keys.
    """
    if not len(queries) or not len(keys):
        return np.full(len(queries), -1)
    ordered, order = _sorted(queries) if len(queries) > 64 else (queries, slice(None))
    places = np.searchsorted(keys, ordered)
    places[keys[np.minimum(places, len(keys) - 1)] != ordered] = -1
    found = np.empty(len(queries), np.int64)
    found[order] = places
    return found


def _checked(ids, size):
    ids = np.ascontiguousarray(ids)
    if ids.ndim != 1 or ids.dtype.kind not in "iu" or not len(ids):
        raise ValueError(f"ids must be a non-empty array (T,) of integers, not {ids.dtype} {ids.shape}")
    if ids.min() < 0 or ids.max() >= size:
        raise ValueError(f"ids must be in [0, {size}); they go from {ids.min()} to {ids.max()}")
    return ids.astype(np.int64, copy=False)
