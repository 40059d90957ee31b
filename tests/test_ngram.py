"""n-gram models against the same models written with dictionaries, and against known figures."""

import math
import os
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from nextword import corpora, ngram
from nextword.text import BOS, EOS, Vocab

MODELS = {
    "maximum likelihood": ngram.maximum_likelihood,
    "add-k": lambda trie: ngram.add_k(trie, 0.3),
    "Witten-Bell": ngram.witten_bell,
    "Kneser-Ney": lambda trie: ngram.kneser_ney(trie, 0.6),
}


class Dictionaries:
    """The four estimates, one word at a time, straight from their formulas."""

    def __init__(self, ids, n, size, bos=None):
        self.n = n
        self.words = [w for w in range(size) if w != bos]
        self.counts = [defaultdict(Counter) for _ in range(n)]
        for t, word in enumerate(ids):
            for k in range(n):
                if word != bos and t >= k:
                    self.counts[k][tuple(ids[t - k:t])][word] += 1
        self.continuations = [defaultdict(Counter) for _ in range(n - 1)] + [self.counts[-1]]
        for k in range(n - 1):
            for context, following in self.counts[k + 1].items():
                self.continuations[k][context[1:]].update(dict.fromkeys(following, 1))

    def probability(self, name, word, context):
        context = tuple(context[max(len(context) - self.n + 1, 0):])
        if name in ("maximum likelihood", "add-k"):
            following = self.counts[-1].get(context, {})
            k = 0.3 if name == "add-k" else 0.0
            total = sum(following.values()) + k * len(self.words)
            return (following.get(word, 0) + k) / total if total else 0.0
        p = 1 / len(self.words)
        for k in range(len(context) + 1):
            tables = self.continuations if name == "Kneser-Ney" else self.counts
            following = tables[k].get(context[len(context) - k:])
            if following:
                total, types = sum(following.values()), len(following)
                if name == "Kneser-Ney":
                    p = (max(following[word] - 0.6, 0) + 0.6 * types * p) / total
                else:
                    p = (following[word] + types * p) / (total + types)
        return p


def sentences(rng, size, how_many, n, bos=0, eos=1):
    """A stream of random sentences of up to 8 ids, small ones more frequent."""
    parts = []
    for _ in range(how_many):
        words = 2 + ((size - 2) * rng.random(rng.integers(0, 9)) ** 2).astype(int)
        parts += [[bos] * (n - 1), words, [eos]]
    return np.concatenate(parts).astype(np.int64)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_sentences_have_the_probabilities_of_the_formulas(name, n):
    rng = np.random.default_rng(n)
    train, test = sentences(rng, 7, 60, n), sentences(rng, 9, 10, n)
    model, slow = MODELS[name](ngram.count(train, n, 9, bos=0)), Dictionaries(train.tolist(), n, 9, bos=0)
    for ids in (train, test):
        expected = [slow.probability(name, word, ids[:t].tolist()) for t, word in enumerate(ids) if word != 0]
        np.testing.assert_allclose(model.probabilities(ids), expected, rtol=1e-12)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("n, size", [(4, 6), (4, 3_000_000), (16, 3_000_000)])
def test_an_endless_text_has_the_probabilities_of_the_formulas(name, n, size):
    rng = np.random.default_rng(size)
    train, test = ((size * rng.random(t) ** 40).astype(int) for t in (400, 60))
    model, slow = MODELS[name](ngram.count(train, n, size)), Dictionaries(train.tolist(), n, 0)
    slow.words = range(size)
    # A text begins in the middle of nowhere: the first n - 1 words have shorter contexts, which only some models know.
    expected = [slow.probability(name, word, test[:t].tolist()) for t, word in enumerate(test)]
    np.testing.assert_allclose(model.probabilities(test)[n - 1:], expected[n - 1:], rtol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_a_distribution_is_what_probabilities_says_and_adds_up_to_one(name):
    n = 3
    rng = np.random.default_rng(3)
    train = sentences(rng, 8, 50, n)
    model = MODELS[name](ngram.count(train, n, 8, bos=0))
    for context in ([0, 0], [0, 3], [2, 2], [4, 1, 0, 2]):
        p = model.distribution(context)
        assert p.shape == (8,) and p[0] == 0
        for word in range(1, 8):
            asked = np.array([*([0] * (n - 1)), *context, word])
            assert p[word] == pytest.approx(model.probabilities(asked)[-1], rel=1e-12)
        assert p.sum() == pytest.approx(1) or (name == "maximum likelihood" and p.sum() == 0)


@pytest.mark.parametrize("name", MODELS)
def test_sampling_follows_the_distribution(name):
    rng = np.random.default_rng(6)
    model = MODELS[name](ngram.count(sentences(rng, 8, 80, 3), 3, 8, bos=0))
    evenly = (np.arange(5000) + 0.5) / 5000
    for context in ([], [2], [2, 3]):
        faces = Counter(model.sample([u], context=context)[0] for u in evenly)
        p = model.distribution([0, 0, *context])
        for word in range(8):
            assert faces[word] / 5000 == pytest.approx(p[word], abs=2e-3)


def test_a_sampled_text_is_one_that_the_model_thinks_possible():
    rng = np.random.default_rng(8)
    model = ngram.maximum_likelihood(ngram.count(sentences(rng, 9, 200, 3), 3, 9, bos=0))
    for _ in range(100):
        text = model.sample(rng.random(50), eos=1)
        assert 1 not in text[:-1]
        assert (model.probabilities(np.array([0, 0, *text])) > 0).all()


def test_sampling_is_a_function_of_the_uniforms():
    model = ngram.kneser_ney(ngram.count(sentences(np.random.default_rng(9), 9, 50, 3), 3, 9, bos=0))
    uniforms = np.random.default_rng(1).random(20)
    assert model.sample(uniforms) == model.sample(list(uniforms))
    assert len(model.sample(uniforms[:7])) == 7
    assert model.sample([]) == []


def test_the_largest_uniform_gives_a_possible_word():
    trie = ngram.count(np.array([0, 1, 0, 2, 0, 1, 0, 3]), 2, 5)
    for model in (ngram.maximum_likelihood(trie), ngram.witten_bell(trie), ngram.kneser_ney(trie)):
        (word,) = model.sample([np.nextafter(1, 0)], context=[0])
        assert model.distribution([0])[word] > 0


def test_maximum_likelihood_has_no_estimate_for_a_context_never_seen():
    model = ngram.maximum_likelihood(ngram.count(np.array([0, 1, 0, 2]), 2, 4))
    assert model.distribution([3]).tolist() == [0, 0, 0, 0]
    assert model.cross_entropy(np.array([0, 3, 1])) == math.inf
    with pytest.raises(ValueError, match="never seen"):
        model.sample([0.5], context=[3])


def test_the_lectures_tables_are_counted():
    cows = corpora.lecture_cows()
    vocab = Vocab((word for sentence in cows for word in sentence), specials=(BOS, EOS))
    model = ngram.maximum_likelihood(ngram.count(vocab.stream(cows, 3), 3, len(vocab), vocab.bos))
    p = model.distribution(vocab.encode(["cows", "eat"]))
    shares = {vocab.tokens[i]: round(11 * p[i], 9) for i in np.flatnonzero(p)}
    assert shares == {"corn": 4, "grass": 3, "hay": 2, "if": 1, "which": 1}


def test_a_smaller_order_of_the_same_trie_is_the_smaller_model():
    stream = sentences(np.random.default_rng(2), 9, 40, 4)
    big, small = ngram.count(stream, 4, 9, bos=0), ngram.count(stream, 2, 9, bos=0)
    for estimate in (ngram.maximum_likelihood, ngram.add_k, ngram.witten_bell):
        np.testing.assert_allclose(estimate(big, n=2).probabilities(stream), estimate(small).probabilities(stream))
    with pytest.raises(ValueError, match="between 1 and 2"):
        ngram.witten_bell(small, n=3)


@pytest.mark.parametrize("ids", [[], [[0, 1]], [0.5, 1.0], [0, 4], [-1, 0]])
def test_ids_that_are_none_are_refused(ids):
    with pytest.raises(ValueError, match="ids"):
        ngram.count(np.array(ids), 2, 4)


def test_on_narwhals_no_model_is_better_than_the_entropy():
    narwhals = corpora.narwhals()
    vocab = Vocab(narwhals.vocabulary, specials=(BOS, EOS))
    trie = ngram.count(vocab.stream(narwhals.train, 5), 5, len(vocab), vocab.bos)
    held_out = vocab.stream(narwhals.test, 5)
    losses = [ngram.kneser_ney(trie, n=n).cross_entropy(held_out) for n in range(1, 6)]
    assert min(losses) > narwhals.entropy_per_token
    assert losses[0] > losses[1] > losses[2]
    assert ngram.add_k(trie, n=1).cross_entropy(held_out) < math.log(trie.outcomes)


# Figures that others have published, or that we computed before there was this library


@pytest.fixture(autouse=True)
def data(monkeypatch):
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if "NEXTWORD_DATA" not in os.environ and folder.is_dir():
        monkeypatch.setenv("NEXTWORD_DATA", str(folder))


def text_or_skip(read):
    if "NEXTWORD_DATA" not in os.environ:
        pytest.skip("the texts are not here: set NEXTWORD_DATA to a folder with names.txt and tinyshakespeare.txt")
    try:
        return read()
    except corpora.CorpusUnavailable as reason:
        pytest.skip(str(reason))


def test_names_give_the_known_losses():
    names = text_or_skip(corpora.names)
    vocab = Vocab("".join(names), specials=(BOS, EOS))
    stream = vocab.stream(names, 3)
    trie = ngram.count(stream, 3, len(vocab), vocab.bos)
    losses = [math.log(trie.outcomes)] + [
        model.cross_entropy(stream) for model in (
            ngram.maximum_likelihood(trie, n=1), ngram.maximum_likelihood(trie, n=2),
            ngram.add_k(trie, 1, n=2), ngram.maximum_likelihood(trie, n=3))]
    assert losses == pytest.approx([3.2958, 2.8227, 2.4540, 2.4546, 2.1857], abs=1e-4)


def test_shakespeare_gives_the_known_losses():
    text = text_or_skip(corpora.shakespeare)
    vocab = Vocab.characters(text)
    ids = vocab.encode(text)
    train, validation = np.split(ids, [int(0.9 * len(ids))])
    trie = ngram.count(train, 7, len(vocab))
    assert math.log(trie.outcomes) == pytest.approx(4.1744, abs=1e-4)
    losses = [model.cross_entropy(validation) for model in (
        ngram.maximum_likelihood(trie, n=1), ngram.add_k(trie, 1, n=2),
        ngram.add_k(trie, 0.1, n=3), ngram.add_k(trie, 0.1, n=4))]
    assert losses == pytest.approx([3.3473, 2.4819, 2.0458, 1.7840], abs=1e-3)
    losses = [ngram.witten_bell(trie, n=n).cross_entropy(validation) for n in range(1, 8)]
    assert losses == pytest.approx([3.3472, 2.4857, 2.0492, 1.7738, 1.6688, 1.6981, 1.7792], abs=1e-3)
