"""Probabilistic context-free grammars: sampling, exact probabilities, exact entropy.

A symbol with rules of its own is a phrase or a word class; every other symbol is a word. Words stand alone
on the right of a rule, and the symbol to the left of it is their word class: "NOUN.one.sea" is a noun, its
tag is what stands before the first dot. So every sentence comes with its tags.

Nothing here is approximate. A leftmost derivation writes its sentence from left to right, and what it still
has to derive is a stack of symbols. The parser keeps every stack that agrees with the words so far, with its
probability: their sum is the probability of the prefix, and what they can begin with is what comes next.
"""

import math
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import accumulate, combinations, product
from typing import NamedTuple

END = "</s>"
"""What follows the last word of a sentence."""

Stack = tuple[str, ...]     # symbols still to derive, the next one first


class Beginning(NamedTuple):
    """One way in which a symbol begins with a certain word."""

    probability: float
    tag: str                # of that word
    rest: Stack


class Grammar:
    """A probabilistic context-free grammar from `rules`: symbol -> [(weight, "symbols of the rule"), ...].

    Weights are whole numbers; the probability of a rule is its weight over the sum for its symbol.
    Raises ValueError for rules that this class cannot treat, and says which: empty ones, words beside other
    symbols, symbols that begin with themselves, symbols that the start never leads to.
    """

    def __init__(self, start: str, rules: Mapping[str, Iterable[tuple[int, str]]]):
        self.start = start
        self.rules = {left: tuple((weight, tuple(right.split())) for weight, right in alternatives)
                      for left, alternatives in rules.items()}
        self._check_rules()
        self._check_order()
        self._cumulative = {left: tuple(accumulate(weight for weight, _ in alternatives))
                            for left, alternatives in self.rules.items()}

    def _check_rules(self):
        for left, alternatives in self.rules.items():
            if not alternatives:
                raise ValueError(f"{left} has no rules")
            for weight, right in alternatives:
                rule = f"{left} -> {' '.join(right)}"
                if not isinstance(weight, int) or weight < 1:
                    raise ValueError(f"{rule}: the weight must be a whole number above 0, not {weight!r}")
                if not right:
                    raise ValueError(f"{rule}: a rule must have a symbol on its right")
                if len(right) > 1 and not all(symbol in self.rules for symbol in right):
                    raise ValueError(f"{rule}: a word must stand alone on the right of its rule")
        reached, waiting = set(), [self.start]
        while waiting:
            symbol = waiting.pop()
            if symbol in self.rules and symbol not in reached:
                reached.add(symbol)
                waiting += [below for _, right in self.rules[symbol] for below in right]
        if reached != set(self.rules) or not reached:
            raise ValueError(f"{self.start} does not lead to {', '.join(sorted(set(self.rules) - reached))}")

    def _check_order(self):
        """Sort the symbols so that each comes after those that it begins with."""
        first = {left: {right[0] for _, right in alternatives if right[0] in self.rules}
                 for left, alternatives in self.rules.items()}
        try:
            self._order = list(TopologicalSorter(first).static_order())
        except CycleError as cycle:
            symbol = cycle.args[1][0]
            raise ValueError(f"{symbol} begins with itself: let it end with itself instead") from None

    def probabilities(self, left: str) -> list[tuple[float, tuple[str, ...]]]:
        """The rules of one symbol as (probability, symbols)."""
        total = self._cumulative[left][-1]
        return [(weight / total, right) for weight, right in self.rules[left]]

    def _word_rules(self) -> Iterator[tuple[str, str]]:
        for left, alternatives in self.rules.items():
            for _, right in alternatives:
                if right[0] not in self.rules:
                    yield left, right[0]

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """Every word, sorted."""
        return tuple(sorted({word for _, word in self._word_rules()}))

    @cached_property
    def tag_set(self) -> tuple[str, ...]:
        """Every tag, sorted."""
        return tuple(sorted({tag_of(word_class) for word_class, _ in self._word_rules()}))

    # Sampling

    def sample(self, uniform: Callable[[], float]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """One sentence as (words, tags); each choice of a rule takes one number from `uniform`, in [0, 1).

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

    @cached_property
    def expected_counts(self) -> dict[str, float]:
        """Expected number of each phrase and word class in the derivation of one sentence.

        A linear system: count[Y] = [Y is the start] + sum over the rules of count[X] p(rule) (number of Y),
        where X is on the left of the rule and Y on its right.
        Raises ValueError when it has no positive solution: sentences then grow faster than they end.
        """
        import numpy as np

        index = {symbol: column for column, symbol in enumerate(self.rules)}
        below = np.zeros((len(index), len(index)))      # (X, Y): expected number of Y that X puts down
        for left, row in index.items():
            for probability, right in self.probabilities(left):
                for symbol in right:
                    if symbol in index:
                        below[row, index[symbol]] += probability
        is_start = np.array([float(symbol == self.start) for symbol in index])
        try:
            counts = np.linalg.solve(np.eye(len(index)) - below.T, is_start)
        except np.linalg.LinAlgError:
            counts = -is_start
        if not (counts > 0).all():
            raise ValueError("the sentences of this grammar do not end: its rules add more than they finish")
        return dict(zip(index, counts.tolist(), strict=True))

    @cached_property
    def entropy(self) -> float:
        """Entropy of a derivation in nats; of a sentence too, when the grammar is unambiguous."""
        return sum(count * -sum(p * math.log(p) for p, _ in self.probabilities(left))
                   for left, count in self.expected_counts.items())

    @cached_property
    def expected_words(self) -> float:
        """Expected number of words of a sentence, its end not counted."""
        return sum(count * sum(p for p, right in self.probabilities(left) if right[0] not in self.rules)
                   for left, count in self.expected_counts.items())

    # Parsing, from left to right

    @cached_property
    def _beginnings(self) -> dict[str, dict[str, list[Beginning]]]:
        """symbol -> word -> every way in which the symbol begins with the word."""
        table = {}
        for left in self._order:
            table[left] = defaultdict(list)
            for probability, (head, *rest) in self.probabilities(left):
                if head not in self.rules:
                    table[left][head].append(Beginning(probability, tag_of(left), ()))
                    continue
                for word, ways in table[head].items():
                    table[left][word] += [
                        Beginning(probability * way.probability, way.tag, (*way.rest, *rest)) for way in ways]
        return {left: dict(ways) for left, ways in table.items()}

    def _begin(self, stack: Stack) -> dict[str, list[Beginning]]:
        return self._beginnings[stack[0]] if stack else {}

    def _stacks(self, prefix: Sequence[str]) -> dict[Stack, tuple[float, int]]:
        """Every stack that agrees with the prefix -> (probability, number of derivations that lead there)."""
        stacks = {(self.start,): (1.0, 1)}
        for word in prefix:
            following = defaultdict(lambda: (0.0, 0))
            for stack, (probability, derivations) in stacks.items():
                for way in self._begin(stack).get(word, ()):
                    left_over = way.rest + stack[1:]
                    p, n = following[left_over]
                    following[left_over] = p + probability * way.probability, n + derivations
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
        """p(next word | prefix) for every word that can follow, and END.

        Raises KeyError when no sentence begins with the prefix.
        """
        following = defaultdict(float)
        for stack, (probability, _) in self._stacks(prefix).items():
            if not stack:
                following[END] += probability
            for word, ways in self._begin(stack).items():
                following[word] += probability * sum(way.probability for way in ways)
        return _normalised(following, prefix)

    def tag_distribution(self, prefix: Sequence[str]) -> dict[str, float]:
        """p(tag of the prefix's last word | prefix): all that can be known of it without looking ahead.

        Raises KeyError when no sentence begins with the prefix.
        """
        *before, word = prefix
        tags = defaultdict(float)
        for stack, (probability, _) in self._stacks(before).items():
            for way in self._begin(stack).get(word, ()):
                tags[way.tag] += probability * way.probability
        return _normalised(tags, prefix)

    # Proof

    @cached_property
    def _representatives(self) -> set[str]:
        """One of each group of words that belong to the same word classes: the others behave as it does."""
        classes = defaultdict(list)
        for word_class, word in self._word_rules():
            classes[word].append(word_class)
        first = {}
        for word, of_word in classes.items():
            first.setdefault(tuple(of_word), word)
        return set(first.values())

    def _next_pairs(self, one: Stack, other: Stack) -> Iterator[tuple[str, Stack, Stack, bool]]:
        """How two derivations go on with the same word: (word, stack, other stack, do they differ)."""
        for word, ways in self._begin(one).items():
            if word not in self._representatives:
                continue
            if one == other:    # one derivation so far: it goes on as one, or parts into two
                pairs = [(way, way) for way in ways] + list(combinations(ways, 2))
            else:
                pairs = product(ways, self._begin(other).get(word, ()))
            for way, other_way in pairs:
                differ = one != other or way is not other_way
                yield word, way.rest + one[1:], other_way.rest + other[1:], differ

    def ambiguous_prefix(self, limit: int = 1_000_000) -> tuple[str, ...] | None:
        """The words at which two derivations of one sentence meet, or None: then no sentence has two.

        Follows every pair of derivations that write the same words. If two that differ are left with the same
        stack, then what ends the one ends the other; and two derivations of one sentence do end alike.
        There are finitely many stacks when phrases hold themselves at their end only, so the search ends;
        otherwise it may not: raises ValueError after `limit` pairs. Source: how a finite automaton is tested
        for ambiguity, by squaring it (Weber and Seidl, On the degree of ambiguity of finite automata, 1991).
        """
        start = (self.start,)
        seen, waiting = {(start, start)}, deque([(start, start, ())])
        while waiting:
            one, other, words = waiting.popleft()
            for word, stack, other_stack, differ in self._next_pairs(one, other):
                if differ and stack == other_stack:
                    return (*words, word)
                if (stack, other_stack) not in seen:
                    seen.add((stack, other_stack))
                    waiting.append((stack, other_stack, (*words, word)))
            if len(seen) > limit:
                raise ValueError(f"more than {limit:,} pairs of stacks: no proof, one way or the other")
        return None


def tag_of(word_class: str) -> str:
    """The tag in the name of a word class: "NOUN" for "NOUN.one.sea"."""
    return word_class.partition(".")[0]


def _normalised(weights: Mapping[str, float], prefix: Sequence[str]) -> dict[str, float]:
    total = sum(weights.values())
    if not total:
        raise KeyError(f"no sentence of the grammar begins with {' '.join(prefix)!r}")
    return {key: weight / total for key, weight in weights.items()}
