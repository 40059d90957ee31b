"""The loss ladder, measured: every model of the course on narwhals and, where the text is at hand, on Shakespeare.

    python benchmarks/ladder.py [FOLDER]        # docs/ladder.md and its pictures; see `make ladder`

Narwhals takes a minute on one core, tiny Shakespeare's characters about ten; without that text (the environment
variable NEXTWORD_DATA, or a network) only narwhals is measured. Fails where a figure is not the one that the course
shows, or not the published one, and where a model beats the grammar.
"""

import math
import sys
from pathlib import Path

import common  # noqa: F401  (before NumPy: one thread)
import matplotlib
import numpy as np

matplotlib.use("agg")
import matplotlib.pyplot as plt
from nextword import batches, corpora, ladder, ngram, plots, rnn, text
from nextword.transformer import Config, TransformerLM

FOLDER = Path(__file__).resolve().parents[1] / "docs"
# Characters of tiny Shakespeare, validation on its last tenth: {model: nats per character}. The counted ones are exact;
# nanoGPT's is its own estimate, from random windows.
PUBLISHED = {
    "uniform": 4.1744, "1-gram": 3.3473, "2-gram, add 1": 2.4819, "3-gram, add 0.1": 2.0458, "4-gram, add 0.1": 1.7840,
    "2-gram, Witten-Bell": 2.4857, "3-gram, Witten-Bell": 2.0492, "4-gram, Witten-Bell": 1.7738,
    "5-gram, Witten-Bell": 1.6688, "6-gram, Witten-Bell": 1.6981, "7-gram, Witten-Bell": 1.7792,
    "transformer, nanoGPT's size for a CPU": 1.88,
}
TRAINED = {"RNN, 128 hidden", "transformer, nanoGPT's size for a CPU"}
BEYOND = "nanoGPT on a GPU, ten million parameters: 1.4697 (published; not run here)."


def narwhals():
    """{model: loss}, rows of the table, and what is wrong with them."""
    losses, rows, wrong = {}, [], []
    for rung in ladder.measure(progress=sys.stdout.isatty()):
        losses[rung.name] = rung.loss
        rows.append((rung.name, f"{rung.loss:.4f}", f"{rung.above:.4f} ± {rung.error:.4f}"))
        print(*rows[-1], sep="   ", flush=True)
        # Training ends a little elsewhere on another processor, counting does not.
        counted = rung.model is None or isinstance(rung.model, ngram.Model)
        if abs(rung.loss - ladder.LOSSES[rung.name]) > (1e-4 if counted else 0.01):
            wrong.append(f"{rung.name} is {rung.loss:.4f} here, and {ladder.LOSSES[rung.name]} in nextword.ladder")
        if rung.above < -rung.error:
            wrong.append(f"{rung.name} beats the grammar, by {-rung.above:.4f} ± {rung.error:.4f}: that is a mistake")
    return losses, rows, wrong


def shakespeare(play):
    """The same for the characters of the play; beside the published figures."""
    losses, rows, wrong = {}, [], []
    vocab = text.Vocab.characters(play)
    ids = vocab.encode(play)
    for name, loss in characters(len(vocab), *np.split(ids, [int(0.9 * len(ids))])):
        losses[name] = loss
        rows.append((name, f"{loss:.4f}", f"{PUBLISHED[name]:.4f}" if name in PUBLISHED else "-"))
        print(*rows[-1], sep="   ", flush=True)
        if name not in TRAINED and abs(loss - PUBLISHED[name]) > 1e-3:
            wrong.append(f"{name} is {loss:.4f}, published is {PUBLISHED[name]}")
    return losses, rows, wrong


def characters(size, train, held_out):
    """Yields (model, nats per character of `held_out`): first those that count, then those that learn."""
    trie = ngram.count(train, 7, size)
    yield "uniform", math.log(size)
    yield "1-gram", ngram.maximum_likelihood(trie, n=1).cross_entropy(held_out)
    for n, k in ((2, 1), (3, 0.1), (4, 0.1)):
        yield f"{n}-gram, add {k}", ngram.add_k(trie, k, n=n).cross_entropy(held_out)
    for n in range(2, 8):
        yield f"{n}-gram, Witten-Bell", ngram.witten_bell(trie, n=n).cross_entropy(held_out)
    yield "RNN, 128 hidden", recurrent(size, train, held_out)
    yield "transformer, nanoGPT's size for a CPU", transformer(size, train, held_out)


def recurrent(size, train, held_out, steps=4000):
    """An Elman network that reads 32 streams, 32 characters at a time, and keeps its state from batch to batch."""
    model = rnn.RNNLM(size, features=64, hidden=128, rng=np.random.default_rng(0))

    def epochs():
        while True:
            yield from batches.stream_batches(train, 32, 32)

    rnn.train(model, epochs(), steps, lr=2e-3, carry=True, progress=sys.stdout.isatty())
    return rnn.evaluate(model, batches.stream_batches(held_out, 1, (len(held_out) - 1) // 4))


def transformer(size, train, held_out, steps=2000, rows=12):
    """Four layers of four heads, 128 wide, with 64 characters of context: what nanoGPT suggests for a laptop."""
    config, rng = Config(size, width=128, layers=4, heads=4, context=64), np.random.default_rng(0)

    def windows():
        while True:
            starts = rng.integers(len(train) - config.context, size=(rows, 1))
            window = train[starts + np.arange(config.context + 1)]
            yield batches.Batch(window[:, :-1], window[:, 1:], np.ones((rows, config.context), bool))

    model = TransformerLM(config, rng)
    rnn.train(model, windows(), steps, lr=1e-3, progress=sys.stdout.isatty())
    pieces = (len(held_out) - 1) // config.context
    return rnn.evaluate(model, batches.stream_batches(held_out, pieces, config.context))


def table(head, rows):
    """A table of Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))


def main(folder=FOLDER):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    losses, rows, wrong = narwhals()
    floor = corpora.narwhals().entropy_per_token
    plots.loss_ladder(losses, floor=floor)
    plt.savefig(folder / "ladder.png")
    parts = ["# The loss ladder", "Written by `make ladder`.", "## Narwhals",
             f"Nats per token on {len(corpora.narwhals().test):,} new sentences. The entropy of the language, which no "
             f"model can beat, is {floor:.4f}.\n\n![The loss ladder of narwhals](ladder.png)",
             table(("model", "loss", "above the grammar, on the same sentences"), rows)]
    try:
        play = corpora.shakespeare()
    except corpora.CorpusUnavailable as reason:
        print(reason)
    else:
        _, rows, mistakes = shakespeare(play)
        wrong += mistakes
        parts += ["## Characters of tiny Shakespeare",
                  "Nats per character on the last tenth, trained on the first nine. Nobody knows the entropy of "
                  "Shakespeare.", table(("model", "loss", "published"), rows), BEYOND]
    (folder / "ladder.md").write_text("\n\n".join(parts) + "\n")
    print(*(["", *wrong] if wrong else ["", f"{folder / 'ladder.md'}: all as it should be."]), sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
