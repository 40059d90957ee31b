"""Exact answers of grammars agree with sums by hand, with brute force and with an independent parser."""

import itertools
import math
import random
from collections import Counter
from functools import cache

import pytest
from nextword.grammar import END, Grammar

# "a b* c": with probability 1/4 for every further b
REPEATS = {"S": [(1, "A R")], "R": [(3, "C"), (1, "B R")],
           "A": [(1, "a")], "B": [(1, "b")], "C": [(1, "c")]}

# Who has the telescope?
TELESCOPE = {
    "S": [(1, "N VP")],
    "VP": [(2, "V N"), (1, "V N PP"), (1, "V NP")],
    "NP": [(1, "N PP")],
    "PP": [(1, "P N")],
    "N": [(2, "cows"), (1, "narwhals"), (1, "telescopes")],
    "V": [(1, "see")],
    "P": [(1, "with")],
}

# The tag of "old" depends on the next word.
OLD = {
    "S": [(1, "DET NOUN VERB.many"), (3, "DET ADJ NOUN.one VERB.one")],
    "DET": [(1, "the")], "ADJ": [(1, "old"), (1, "young")], "NOUN": [(1, "old")], "NOUN.one": [(1, "cow")],
    "VERB.many": [(1, "sing"), (1, "swim")], "VERB.one": [(1, "sings")],
}


def derivations(grammar, sentence):
    """Derivations of a sentence, counted over its spans: slow, and shares nothing with the parser."""
    sentence = tuple(sentence)

    @cache
    def of(symbols, start, stop):
        if not symbols:
            return int(start == stop)
        head, *rest = symbols
        if head not in grammar.rules:
            return int(sentence[start:start + 1] == (head,)) and of(tuple(rest), start + 1, stop)
        if not rest:
            return sum(of(right, start, stop) for _, right in grammar.rules[head])
        return sum(of((head,), start, middle) * of(tuple(rest), middle, stop)
                   for middle in range(start + 1, stop))

    return of((grammar.start,), 0, len(sentence))


def strings(grammar, longest):
    for length in range(longest + 1):
        yield from itertools.product(grammar.vocabulary, repeat=length)


def test_sample_takes_the_rule_on_which_the_uniform_falls():
    grammar = Grammar("S", REPEATS)

    def sample(*uniforms):
        return " ".join(grammar.sample(iter(uniforms).__next__)[0])

    assert sample(0.0) == "a c"
    assert sample(math.nextafter(0.75, 0)) == "a c"
    assert sample(0.75, 0.0) == "a b c"
    assert sample(math.nextafter(1, 0), 0.9, 0.1) == "a b b c"


def test_sample_tags_each_word_with_what_stands_before_the_dot():
    grammar = Grammar("S", OLD)
    assert grammar.sample(iter([0.0, 0.9]).__next__) == (("the", "old", "swim"), ("DET", "NOUN", "VERB"))
    assert grammar.sample(iter([0.5, 0.0]).__next__) == (
        ("the", "old", "cow", "sings"), ("DET", "ADJ", "NOUN", "VERB"))


def test_sampled_frequencies_are_the_probabilities():
    grammar = Grammar("S", TELESCOPE)
    uniform = random.Random(0).random
    drawn = Counter(grammar.sample(uniform)[0] for _ in range(20_000))
    for sentence in strings(grammar, 3):
        p = math.exp(grammar.log_prob(sentence))
        assert drawn[sentence] / 20_000 == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p) / 20_000))


def test_entropy_and_length_of_a_repeated_word_are_those_of_a_geometric_distribution():
    grammar = Grammar("S", REPEATS)
    choice = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert grammar.expected_counts == pytest.approx({"S": 1, "R": 4 / 3, "A": 1, "B": 1 / 3, "C": 1})
    assert grammar.entropy == pytest.approx(choice * 4 / 3)
    assert grammar.expected_words == pytest.approx(2 + 1 / 3)


def test_entropy_and_length_agree_with_a_sum_over_every_sentence():
    grammar = Grammar("S", OLD)
    log_probs = {sentence: grammar.log_prob(sentence) for sentence in strings(grammar, 4)}
    p = {sentence: math.exp(log_prob) for sentence, log_prob in log_probs.items() if log_prob > -math.inf}
    assert len(p) == 4
    assert sum(p.values()) == pytest.approx(1)
    assert grammar.entropy == pytest.approx(-sum(p[s] * log_probs[s] for s in p))
    assert grammar.expected_words == pytest.approx(sum(p[s] * len(s) for s in p))


def test_parser_counts_the_derivations_that_a_count_over_spans_finds():
    grammar = Grammar("S", TELESCOPE)
    assert grammar.count_derivations("cows see narwhals with telescopes".split()) == 2
    for sentence in strings(grammar, 5):
        assert grammar.count_derivations(sentence) == derivations(grammar, sentence)


def test_log_prob_of_an_ambiguous_sentence_adds_its_derivations():
    log_prob = Grammar("S", TELESCOPE).log_prob("cows see narwhals with telescopes".split())
    assert math.exp(log_prob) == pytest.approx(1 / 2 * 1 / 4 * 1 / 4 * (1 / 4 + 1 / 4))


@pytest.mark.parametrize("sentence", ["", "a", "a b", "c", "a c c", "a b c a", "a d c"])
def test_log_prob_is_minus_infinity_outside_the_language(sentence):
    grammar = Grammar("S", REPEATS)
    assert grammar.log_prob(sentence.split()) == -math.inf
    assert grammar.count_derivations(sentence.split()) == 0


def test_next_words_follow_the_chain_rule():
    for rules in (REPEATS, TELESCOPE, OLD):
        grammar = Grammar("S", rules)
        uniform = random.Random(1).random
        for _ in range(50):
            sentence, _ = grammar.sample(uniform)
            log_prob = 0.0
            for i, word in enumerate([*sentence, END]):
                distribution = grammar.next_word_distribution(sentence[:i])
                assert sum(distribution.values()) == pytest.approx(1)
                log_prob += math.log(distribution[word])
            assert log_prob == pytest.approx(grammar.log_prob(sentence))


def test_next_word_names_exactly_what_can_follow():
    grammar = Grammar("S", OLD)
    assert grammar.next_word_distribution(["the"]) == pytest.approx({"old": 5 / 8, "young": 3 / 8})
    after_old = grammar.next_word_distribution(["the", "old"])
    assert after_old == pytest.approx({"sing": 0.2, "swim": 0.2, "cow": 0.6})
    assert grammar.next_word_distribution("the old sing".split()) == {END: 1.0}


def test_a_prefix_of_no_sentence_is_an_error_that_shows_it():
    grammar = Grammar("S", OLD)
    with pytest.raises(KeyError, match="the cow"):
        grammar.next_word_distribution(["the", "cow"])
    with pytest.raises(KeyError, match="the old sing sing"):
        grammar.tag_distribution("the old sing sing".split())


def test_tag_of_the_last_word_is_known_as_far_as_its_left_context_tells():
    grammar = Grammar("S", OLD)
    assert grammar.tag_distribution(["the", "old"]) == pytest.approx({"NOUN": .4, "ADJ": .6})
    assert grammar.tag_distribution(["the", "young"]) == {"ADJ": 1.0}


def test_ambiguity_is_found_and_its_absence_proved():
    twice = {"S": [(1, "A"), (1, "B")], "A": [(1, "a")], "B": [(1, "a")]}
    assert Grammar("S", twice).ambiguous_prefix() == ("a",)
    assert Grammar("S", {"S": [(1, "b"), (1, "a"), (1, "a")]}).ambiguous_prefix() == ("a",)
    # From the third word on, "with telescopes" is to come whoever has them.
    assert Grammar("S", TELESCOPE).ambiguous_prefix() == ("cows", "see", "cows")
    assert Grammar("S", OLD).ambiguous_prefix() is None
    assert Grammar("S", REPEATS).ambiguous_prefix() is None


def test_proof_gives_up_with_an_error_when_stacks_grow_without_end():
    nested = Grammar("S", {"S": [(1, "A S B"), (2, "A B")], "A": [(1, "a")], "B": [(1, "b")]})
    with pytest.raises(ValueError, match="no proof"):
        nested.ambiguous_prefix(limit=1000)


@pytest.mark.parametrize("rules, why", [
    ({"S": []}, "S has no rules"),
    ({"S": [(1, "")]}, "must have a symbol"),
    ({"S": [(0, "a")]}, "whole number above 0"),
    ({"S": [(0.5, "a")]}, "whole number above 0"),
    ({"S": [(1, "A b")], "A": [(1, "a")]}, "a word must stand alone"),
    ({"S": [(1, "a")], "T": [(1, "b")]}, "S does not lead to T"),
    ({"T": [(1, "b")]}, "S does not lead to T"),
    ({"S": [(1, "A"), (1, "S A")], "A": [(1, "a")]}, "S begins with itself"),
])
def test_rules_that_cannot_be_treated_are_refused_with_the_reason(rules, why):
    with pytest.raises(ValueError, match=why):
        Grammar("S", rules)


@pytest.mark.parametrize("going_on, stopping", [(1, 1), (2, 1)])
def test_a_grammar_whose_sentences_do_not_end_has_no_entropy(going_on, stopping):
    rules = {"S": [(going_on, "A S S"), (stopping, "A")], "A": [(1, "a")]}
    with pytest.raises(ValueError, match="do not end"):
        _ = Grammar("S", rules).entropy
