"""N-grams: counting, perplexity, sampling and the library's import, against what one would use instead.

    python benchmarks/ngram.py [ROUNDS]

What is counted is drawn from Zipf's law over 20,000 words: nearly every 5-gram is new, the hardest case.
How it is measured: `common`.
"""

import random
import resource
import statistics
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import common
import numpy as np
from nextword import corpora, ngram, text

WORDS, VOCABULARY, ORDER = 1_000_000, 20_000, 5


def zipf(words, rng):
    """Ids of `words` words; the probability of id i goes with 1 / (i + 1)."""
    weights = 1 / np.arange(1, VOCABULARY + 1)
    return rng.choice(VOCABULARY, size=words, p=weights / weights.sum())


def counting(rng):
    """Counts of all 1..5-grams: ours, Counter of tuples, pandas groupby."""
    import pandas as pd

    ids = zipf(WORDS, rng)
    tokens = ids.tolist()

    def tuples():
        return [Counter(zip(*(tokens[k:] for k in range(n)), strict=False)) for n in range(1, ORDER + 1)]

    def groups():
        frame = pd.DataFrame({k: ids[k : len(ids) - ORDER + 1 + k] for k in range(ORDER)})
        return [frame.groupby(list(range(n)), sort=False).size() for n in range(1, ORDER + 1)]

    def ours():
        return ngram.count(ids, ORDER, VOCABULARY)

    kept = [(level.counts > 0).sum() for level in ours().levels]
    assert kept == [len(counter) for counter in tuples()]
    return {"ours": ours, "Counter of tuples": tuples, "pandas groupby": groups}


def perplexity(rng, folder):
    """Witten-Bell trigrams on 100,000 words: our model against the same one, written out, in kenlm."""
    import kenlm

    train, held_out = zipf(200_000, rng), zipf(100_000, rng)
    model = ngram.witten_bell(ngram.count(train, 3, VOCABULARY))
    path = Path(folder, "model.arpa")
    arpa(model, path)
    theirs = kenlm.Model(str(path))
    words = " ".join(map(str, held_out))
    found, wanted = -theirs.score(words, bos=False, eos=False) * np.log(10) / 1e5, model.cross_entropy(held_out)
    assert abs(found - wanted) < 1e-3, (found, wanted)
    return {"ours": lambda: model.cross_entropy(held_out),
            "kenlm, Python score()": lambda: theirs.score(words, bos=False, eos=False)}


def arpa(model, path):
    """The model in ARPA format: log10 of p(w | h) and of the weight that h leaves, for each k-gram h w."""
    trie, grams, lines, p = model.trie, [()], [], None
    for k, (level, (direct, backoff)) in enumerate(zip(trie.levels, model.terms, strict=True)):
        parents, words = np.divmod(level.keys, trie.width)
        p = direct + backoff[parents] * (p[trie.suffixes[k]] if k else model.base)
        grams = [(*grams[parent], word) for parent, word in zip(parents, words, strict=True)]
        left = np.ones(len(grams))
        if k + 1 < len(trie.levels):
            followed = trie.levels[k + 1].totals > 0
            left[followed] = model.terms[k + 1][1][followed]
        with np.errstate(divide="ignore"):  # of the windows that the text's end cuts short, which are not written
            logs = np.log10(p)
        lines.append([f"{log_p:.7f}\t{' '.join(map(str, gram))}\t{log_left:.7f}"
                      for gram, log_p, log_left in zip(grams, logs, np.log10(left), strict=True)
                      if gram[-1] != trie.stop])
    unknown = np.log10(model.base * model.terms[0][1][0])  # what a word has that the text did not
    lines[0] += [f"{unknown:.7f}\t<unk>\t0", "-99\t<s>\t0", "-99\t</s>\t0"]
    head = [f"ngram {k}={len(part)}" for k, part in enumerate(lines, 1)]
    body = [line for k, part in enumerate(lines, 1) for line in ("", f"\\{k}-grams:", *part)]
    path.write_text("\n".join(["\\data\\", *head, *body, "", "\\end\\", ""]))


def sampling(stream, size, n, rng):
    """A text of a thousand tokens from n-grams: ours, and a dict of counters with random.choices.

    Ours rolls one die per token by bisection in running sums, and carries the weights of shorter contexts along,
    which this peer does not have: where few words can follow, that costs more than it saves.
    """
    stream = np.append(stream, stream[: n - 1])  # a ring: every context has been followed by something
    model = ngram.maximum_likelihood(ngram.count(stream, n, size))
    table = defaultdict(Counter)
    for *context, word in zip(*(stream[k:].tolist() for k in range(n)), strict=False):
        table[tuple(context)][word] += 1
    faces = {context: (list(counter), list(counter.values())) for context, counter in table.items()}
    start, uniforms, dice = stream[: n - 1].tolist(), rng.random(1000).tolist(), random.Random(0)

    def theirs():
        drawn = list(start)
        for _ in uniforms:
            words, counts = faces[tuple(drawn[1 - n :])]
            drawn += dice.choices(words, counts)

    drawn = [*start, *model.sample(uniforms, context=start)]
    assert all(table[tuple(context)][word] for *context, word in zip(*(drawn[k:] for k in range(n)), strict=False))
    return {"ours": lambda: model.sample(uniforms, context=start), "dict, random.choices": theirs}


def sentences():
    """The training sentences of narwhals as one stream of ids, and the size of its vocabulary."""
    vocab = text.Vocab(corpora.narwhals().vocabulary, specials=(text.BOS, text.EOS))
    return vocab.stream(corpora.narwhals().train, 2), len(vocab)


def importing(rounds):
    """CPU seconds of a new Python that imports everything but the plots, and of one that imports NumPy."""
    commands = {"ours": "from nextword import ngram, text, corpora, backprop, autodiff, layers, optim, batches, rnn, "
                        "attention, transformer, decoding", "numpy": "import numpy"}
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", command], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times[name].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {name: statistics.median(found) for name, found in times.items()}


def rows(work, candidates, goals, rounds, repeat):
    """Rows of the table: ours against each of the others."""
    seconds = common.medians(candidates, rounds, repeat)
    return [{"work": work, "peer": peer, "ours": seconds["ours"], "theirs": seconds[peer], "goal": goal}
            for peer, goal in goals.items()]


def main(rounds=5):
    rng = np.random.default_rng(0)
    found = rows("count 1..5-grams, 1M words", counting(rng),
                 {"Counter of tuples": 0.05, "pandas groupby": 0.2}, rounds, 1)
    with tempfile.TemporaryDirectory() as folder:
        found += rows("Witten-Bell perplexity, 100k words", perplexity(rng, folder),
                      {"kenlm, Python score()": 1.0}, 2 * rounds, 1)
    for work, stream, n in (("sampling, 20,000 words, 2-grams", (zipf(200_000, rng), VOCABULARY), 2),
                            ("sampling, narwhals, 3-grams", sentences(), 3)):
        found += rows(work, sampling(*stream, n, rng), {"dict, random.choices": 0.33}, 4 * rounds, 1)
    seconds = importing(2 * rounds)
    twenty_ms_more = (seconds["numpy"] + 0.02) / seconds["numpy"]
    found.append({"work": "import of the library", "peer": "import numpy", "ours": seconds["ours"],
                  "theirs": seconds["numpy"], "goal": twenty_ms_more})
    common.report("ngram", found)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
