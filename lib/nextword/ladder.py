"""The loss ladder: what every model of the course loses on the same new sentences, in nats per token.

    from nextword import ladder

    ladder.show("4-gram, Witten-Bell", {"my model": 1.52})      # the rungs up to that one, and one more

Counting is quick and training is not, so the losses of all rungs are kept here, in LOSSES. `python -m
nextword.ladder` (or `make ladder`) measures them anew, in about a minute on one core, and draws the chart.
"""

import math
import sys
from pathlib import Path

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
    "RNN": 1.4755,
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


def measure(progress=False):
    """Count and train every model from scratch: yields (name, nats per token), from the first rung to the last."""
    data = _Data()
    yield "uniform", math.log(len(data.vocab) - 1)  # <s> never comes next
    yield from _counted(data)
    for name, (build, steps, lr) in _TRAINED.items():
        yield name, data.trained(build, steps, lr, progress)


def _counted(data):
    from nextword import ngram

    for n in range(1, 6):
        trie = ngram.count(data.vocab.stream(data.corpus.train, n), n, len(data.vocab), data.vocab.bos)
        held_out = data.vocab.stream(data.corpus.test, n)
        yield f"{n}-gram", ngram.add_k(trie, 0.1).cross_entropy(held_out)
        if n == 4:
            witten_bell = ngram.witten_bell(trie).cross_entropy(held_out)
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


class _Data:
    """The sentences as ids."""

    def __init__(self):
        from nextword import corpora, text

        self.corpus = corpora.narwhals()
        self.vocab = text.Vocab(self.corpus.vocabulary, specials=(text.BOS, text.EOS))

    def trained(self, build, steps, lr, progress):
        """The loss on new sentences after training."""
        from nextword import batches, rnn

        def make(sentences):
            ids = [self.vocab.encode(sentence) for sentence in sentences]
            return batches.language_batch(ids, self.vocab.bos, self.vocab.eos)

        rng = np.random.default_rng(0)
        model = build(len(self.vocab), rng)
        rnn.train(model, batches.endless(self.corpus.train, 32, rng, make), steps, lr=lr, progress=progress)
        return rnn.evaluate(model, batches.epoch(self.corpus.test, 200, make=make))


def main(folder="build"):
    """Measure, print and draw all rungs; returns how many are not as LOSSES says."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    from nextword import corpora, plots

    floor, losses, wrong = corpora.narwhals().entropy_per_token, {}, 0
    for name, loss in measure(progress=sys.stdout.isatty()):
        losses[name] = loss
        # Training ends a little elsewhere on another processor, counting does not.
        differs = abs(loss - LOSSES.get(name, math.inf)) > (0.01 if name in _TRAINED else 1e-4)
        wrong += differs
        print(f"{name:20} {loss:7.4f} nats per token" + differs * f"   (LOSSES has {LOSSES.get(name)})")
    print(f"{'entropy':20} {floor:7.4f}")
    plots.loss_ladder(losses, floor=floor)
    Path(folder).mkdir(parents=True, exist_ok=True)
    plt.savefig(Path(folder, "ladder.png"))
    print(f"The chart is {Path(folder, 'ladder.png')}.")
    return wrong


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
