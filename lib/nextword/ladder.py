"""The loss ladder: what every model of the course loses on the same new sentences, in nats per token.

    from nextword import ladder

    ladder.show("4-gram, Witten-Bell", {"my model": 1.52})      # the rungs up to that one, and one more

Counting is quick and training is not, so the losses of all rungs are kept here, in LOSSES. `make ladder` measures
them anew, in about a minute on one core.
"""

import math
from typing import NamedTuple

import numpy as np

# On the test sentences of `corpora.narwhals`, the end of a sentence counted as a token.
LOSSES = {
    "uniform": 4.9488,
    "1-gram": 3.9542,
    "2-gram": 2.1297,
    "3-gram": 1.8684,
    "4-gram": 2.0736,
    "5-gram": 2.4832,
    "4-gram, Witten-Bell": 1.7398,
    "RNN": 1.4756,
    "attention alone": 1.3077,
    "transformer": 1.2880,
}


def show(upto, new=None, ax=None):
    """Draw the rungs up to the one named `upto`, then the `new` ones ({model: nats per token}), and the floor.

    KeyError where there is no such rung.
    """
    from nextword import corpora, plots

    names = list(LOSSES)
    if upto not in LOSSES:
        raise KeyError(f"there is no rung {upto!r} on the ladder: {', '.join(names)}")
    known = {name: LOSSES[name] for name in names[: names.index(upto) + 1]}
    plots.loss_ladder(known | (new or {}), floor=corpora.narwhals().entropy_per_token, ax=ax)


class Rung(NamedTuple):
    """A model of the ladder, trained, and what it loses on new sentences, in nats per token."""

    name: str
    model: object       # None for the uniform distribution
    loss: float
    above: float        # the loss, less what the grammar itself loses on the same sentences
    error: float        # the standard error of `above`: what is several of these below the grammar, cheats


def measure(progress=False):
    """Count and train every model from scratch: yields Rungs from the first to the last."""
    data = Data()
    yield data.rung("uniform", None, math.log(len(data.vocab) - 1) * data.tokens)  # <s> never comes next
    for name, model in _counted(data):
        yield data.rung(name, model, data.nats_counted(model))
    for name in _TRAINED:
        yield judge(name, data.trained(name, progress), data)


def judge(name, model, data=None):
    """The Rung of a neural model whose ids are those of Data().vocab, with `loss(batch)` as RNNLM has it."""
    data = data or Data()
    return data.rung(name, model, data.nats_trained(model))


def _counted(data):
    from nextword import ngram

    for n in range(1, 6):
        trie = ngram.count(data.vocab.stream(data.corpus.train, n), n, len(data.vocab), data.vocab.bos)
        yield f"{n}-gram", ngram.add_k(trie, 0.1)
        if n == 4:
            witten_bell = ngram.witten_bell(trie)
    yield "4-gram, Witten-Bell", witten_bell


def _rnn(size, rng):
    from nextword.rnn import RNNLM

    return RNNLM(size, features=64, hidden=128, rng=rng)


def _attention(size, rng):
    from nextword.transformer import Config, TransformerLM

    return TransformerLM(Config(size, width=64, layers=1, heads=4, context=32, inner=0, tied=False), rng)


def _transformer(size, rng):
    from nextword.transformer import Config, TransformerLM

    return TransformerLM(Config(size, width=64, layers=2, heads=4, context=32), rng)


# How each is built, and trained: mini-batches of 32 sentences, and the rate of Adam
_TRAINED = {
    "RNN": (_rnn, 4000, 2e-3),
    "attention alone": (_attention, 1500, 8e-3),
    "transformer": (_transformer, 2000, 3e-3),
}


class Data:
    """The sentences, the ids of their words, and the nats that the grammar itself loses on each new one."""

    def __init__(self):
        from nextword import corpora, text

        self.corpus = corpora.narwhals()
        self.vocab = text.Vocab(self.corpus.vocabulary, specials=(text.BOS, text.EOS))
        self.tokens = np.array([len(sentence) + 1 for sentence in self.corpus.test])
        self.grammar = -np.array([self.corpus.sentence_log_prob(sentence) for sentence in self.corpus.test])

    def rung(self, name, model, nats):
        """The Rung of a model, from the nats that it loses on each test sentence."""
        above, length = nats - self.grammar, self.tokens.mean()
        error = above.std(ddof=1) / math.sqrt(len(above))
        return Rung(name, model, nats.mean() / length, above.mean() / length, error / length)

    def nats_counted(self, model):
        """The nats that an n-gram model loses on each test sentence."""
        nats = -np.log(model.probabilities(self.vocab.stream(self.corpus.test, model.n)))
        return np.add.reduceat(nats, np.cumsum(self.tokens) - self.tokens)

    def nats_trained(self, model):
        """The nats that a neural model loses on each test sentence."""
        from nextword import batches
        from nextword.tape import no_grad

        with no_grad():
            return np.array([model.loss(batch)[0].item() * batch.tokens
                             for batch in batches.epoch(self.corpus.test, 1, make=self.batch)])

    def trained(self, name, progress):
        """The neural model of that name, trained."""
        from nextword import batches, rnn

        build, steps, lr = _TRAINED[name]
        rng = np.random.default_rng(0)
        model = build(len(self.vocab), rng)
        rnn.train(model, batches.endless(self.corpus.train, 32, rng, self.batch), steps, lr=lr, progress=progress)
        return model

    def batch(self, sentences):
        from nextword import batches

        ids = [self.vocab.encode(sentence) for sentence in sentences]
        return batches.language_batch(ids, self.vocab.bos, self.vocab.eos)
