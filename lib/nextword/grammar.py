"""Probabilistic context-free grammars: sampling, exact probabilities, exact entropy.

A symbol with rules of its own is a *phrase* or a *word class*; every other symbol is a word. Words stand
alone on the right of a rule, and the symbol to the left of it is their word class: "NOUN.one.sea" is a noun,
its tag is what stands before the first dot. So every sentence comes with its tags.

Nothing here is approximate. A leftmost derivation writes its sentence from left to right, and what it still
has to derive is a stack of symbols. The parser keeps every stack that agrees with the words so far, with its
probability: their sum is the probability of the prefix, and what they can begin with are the next words.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate

END = "</s>"
"""What follows the last word of a sentence."""


class Grammar:
    """A probabilistic context-free grammar from `rules`: symbol -> [(weight, "SYMBOLS OF THE RULE"), ...].

    Weights are whole numbers; the probability of a rule is its weight over the sum for its symbol.
    Raises ValueError for a grammar that this module cannot treat, and says which rule is why.
    """

    def __init__(self, start: str, rules: Mapping[str, Iterable[tuple[int, str]]]):
        self.start = start
        self.rules = {left: tuple((weight, tuple(right.split())) for weight, right in alternatives)
                      for left, alternatives in rules.items()}
        self._validate()
        self._cumulative = {left: tuple(accumulate(weight for weight, _ in alternatives))
                            for left, alternatives in self.rules.items()}

    def _validate(self):
        if self.start not in self.rules:
            raise ValueError(f"the start symbol {self.start!r} has no rules")
        for left, alternatives in self.rules.items():
            if not alternatives:
                raise ValueError(f"{left} has no rules")
            for weight, right in alternatives:
                rule = f"{left} -> {' '.join(right)}"
                if not isinstance(weight, int) or weight < 1:
                    raise ValueError(f"{rule}: the weight must be a whole number above 0, not {weight!r}")
                if not right:
                    raise ValueError(f"{left}: a rule must have at least one symbol on its right")
                if len(right) > 1 and not all(symbol in self.rules for symbol in right):
                    raise ValueError(f"{rule}: a word must stand alone on the right of its rule")

    def probabilities(self, left: str) -> list[tuple[float, tuple[str, ...]]]:
        """The rules of one symbol as (probability, symbols)."""
        total = self._cumulative[left][-1]
        return [(weight / total, right) for weight, right in self.rules[left]]

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """Every word, sorted."""
        return tuple(sorted({symbol for alternatives in self.rules.values() for _, right in alternatives
                             for symbol in right if symbol not in self.rules}))

    @cached_property
    def tag_set(self) -> tuple[str, ...]:
        """Every tag, sorted."""
        return tuple(sorted({tag_of(left) for left, alternatives in self.rules.items()
                             if any(right[0] not in self.rules for _, right in alternatives)}))

    # Sampling

    def sample(self, uniform: Callable[[], float]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """One sentence as (words, tags); every choice takes one number from `uniform`, in [0, 1).

        Weights are whole numbers, so the same uniforms give the same sentence on every machine.
        """
        words, tags, stack = [], [], [self.start]
        while stack:
            left = stack.pop()
            cumulative = self._cumulative[left]
            chosen = bisect_right(cumulative, int(uniform() * cumulative[-1])) if len(cumulative) > 1 else 0
            right = self.rules[left][chosen][1]
            if right[0] in self.rules:
                stack.extend(reversed(right))
            else:
                words.append(right[0])
                tags.append(tag_of(left))
        return tuple(words), tuple(tags)

    # Exact expectations

    def _expectation(self, per_symbol: Mapping[str, float]) -> float:
        """What a sentence collects on average when deriving symbol X once is worth per_symbol[X].

        A linear system: E[X] = value of X + sum over its rules of p(rule) times the E of the rule's symbols.
        """
        import numpy as np

        index = {left: row for row, left in enumerate(self.rules)}
        children = np.zeros((len(index), len(index)))       # expected number of symbols Y below a symbol X
        for left, row in index.items():
            for probability, right in self.probabilities(left):
                for symbol in right:
                    if symbol in index:
                        children[row, index[symbol]] += probability
        if max(abs(np.linalg.eigvals(children))) >= 1:
            raise ValueError("the grammar does not end: its rules add more symbols than they finish")
        value = np.array([per_symbol[left] for left in index])
        return float(np.linalg.solve(np.eye(len(index)) - children, value)[index[self.start]])

    @cached_property
    def entropy(self) -> float:
        """Entropy of a derivation in nats; of a sentence too, when the grammar is unambiguous."""
        return self._expectation({left: -sum(p * math.log(p) for p, _ in self.probabilities(left))
                                  for left in self.rules})

    @cached_property
    def expected_words(self) -> float:
        """Expected number of words of a sentence, without its end."""
        return self._expectation({left: sum(p * sum(symbol not in self.rules for symbol in right)
                                            for p, right in self.probabilities(left)) for left in self.rules})

    # Parsing from left to right

    def _beginnings(self, symbol: str) -> dict[str, list[tuple[float, str, tuple[str, ...]]]]:
        """word -> every way in which `symbol` begins with it: (probability, tag, symbols still to derive)."""
        if symbol not in self._known_beginnings:
            if symbol in self._open:
                raise ValueError(f"{symbol} can begin with itself: write it so that it ends with itself")
            self._open.add(symbol)
            found = defaultdict(list)
            for probability, (first, *rest) in self.probabilities(symbol):
                if first not in self.rules:
                    found[first].append((probability, tag_of(symbol), ()))
                    continue
                for word, ways in self._beginnings(first).items():
                    found[word] += [(probability * p, tag, (*more, *rest)) for p, tag, more in ways]
            self._open.discard(symbol)
            self._known_beginnings[symbol] = dict(found)
        return self._known_beginnings[symbol]

    @cached_property
    def _known_beginnings(self) -> dict:
        return {}

    @cached_property
    def _open(self) -> set:
        return set()

    def _stacks(self, prefix: Sequence[str]) -> dict[tuple[str, ...], tuple[float, int]]:
        """Every stack that agrees with the prefix -> (probability, number of derivations that lead there)."""
        stacks = {(self.start,): (1.0, 1)}
        for word in prefix:
            following = defaultdict(lambda: (0.0, 0))
            for stack, (probability, derivations) in stacks.items():
                for p, _, more in self._beginnings(stack[0]).get(word, ()) if stack else ():
                    total, number = following[more + stack[1:]]
                    following[more + stack[1:]] = total + probability * p, number + derivations
            stacks = following
        return stacks

    def count_derivations(self, sentence: Sequence[str]) -> int:
        """In how many ways the grammar derives a sentence: 0 when it is not in the language."""
        return self._stacks(sentence).get((), (0.0, 0))[1]

    def log_prob(self, sentence: Sequence[str]) -> float:
        """Log probability of a whole sentence in nats, its end included; -inf when not in the language."""
        probability = self._stacks(sentence).get((), (0.0, 0))[0]
        return math.log(probability) if probability else -math.inf

    def next_word_distribution(self, prefix: Sequence[str]) -> dict[str, float]:
        """p(next word | prefix) for every word that can follow, and for END.

        Raises KeyError when no sentence begins with the prefix.
        """
        follows = defaultdict(float)
        for stack, (probability, _) in self._stacks(prefix).items():
            if not stack:
                follows[END] += probability
            for word, ways in self._beginnings(stack[0]).items() if stack else ():
                follows[word] += probability * sum(p for p, _, _ in ways)
        return _normalised(follows, prefix)

    def tag_distribution(self, prefix: Sequence[str]) -> dict[str, float]:
        """p(tag of the last word of the prefix | prefix): what a tagger that never looks ahead can know.

        Raises KeyError when no sentence begins with the prefix.
        """
        tags = defaultdict(float)
        for stack, (probability, _) in self._stacks(prefix[:-1]).items():
            for p, tag, _ in self._beginnings(stack[0]).get(prefix[-1], ()) if stack else ():
                tags[tag] += probability * p
        return _normalised(tags, prefix)


def tag_of(word_class: str) -> str:
    """The tag in the name of a word class: "NOUN" for "NOUN.one.sea"."""
    return word_class.partition(".")[0]


def _normalised(weights: Mapping[str, float], prefix: Sequence[str]) -> dict[str, float]:
    total = sum(weights.values())
    if not total:
        raise KeyError(f"no sentence of the grammar begins with {' '.join(prefix)!r}")
    return {key: weight / total for key, weight in weights.items()}
