"""Pictures of recurrent networks: a training run between horizontal lines, and a tagger word by word."""

import matplotlib.pyplot as plt
import numpy as np

from nextword.plots import BLACK, BLUE, RED, STYLE

LINES = ("--", "-.", ":")


def training_curve(losses, held_out, lines, floor, ax=None):
    """A training run: the loss of each batch, the loss on held-out sentences, and what other models reach.

    losses: one for each batch. held_out: pairs (number of batches, loss). lines: {model: loss}. floor: the entropy
    of the language. All losses are in nats per token.
    """
    with plt.rc_context(STYLE):
        ax = ax if ax is not None else plt.subplots(figsize=(8.4, 4.4))[1]
        ax.plot(range(1, len(losses) + 1), losses, color="#c4c4c4", linewidth=0.8, label="single batches")
        steps, judged = zip(*held_out, strict=True)
        ax.plot(steps, judged, color=BLUE, marker="o", markersize=5, linewidth=1.8, label="held-out sentences")
        end = steps[-1]
        for loss, style in zip(lines.values(), LINES * len(lines), strict=False):
            ax.axhline(loss, color=RED, linestyle=style, linewidth=1.5)
        ax.axhline(floor, color=BLACK, linewidth=2)
        ax.set_ylim(floor - 0.15, min(3.2, max(judged) + 0.2))  # the first steps leave the picture, else all is flat
        ax.set_xlim(0, end)
        _name_lines(ax, {**lines, "entropy": floor})
        ax.set_xlabel("batches")
        ax.set_ylabel("loss (nats per token)")
        ax.legend(loc="upper right")


def _name_lines(ax, lines):
    """The name of each horizontal line at its right end, from the lowest up, pushed apart where they would touch."""
    low, high = ax.get_ylim()
    place = low
    for name, loss in sorted(lines.items(), key=lambda item: item[1]):
        place = max(loss, place + 0.045 * (high - low))
        ax.annotate(f"{name}, {loss:.2f}", (ax.get_xlim()[1], place), xytext=(6, 0), textcoords="offset points",
                    va="center", fontsize=9, annotation_clip=False)


def tag_accuracy(found, words, best=None, ax=None):
    """How often each of some words is tagged right, by two taggers.

    found: {tagger: {word: share}}. words: which to show, from top to bottom. best: {word: share that is possible at
    best with the words up to this one}, drawn as a dotted mark.
    """
    with plt.rc_context(STYLE):
        ax = ax if ax is not None else plt.subplots(figsize=(7.5, 0.8 + 0.5 * len(words)))[1]
        places, width = np.arange(len(words)), 0.38
        for i, (name, shares) in enumerate(found.items()):
            values = [100 * shares[word] for word in words]
            ax.barh(places + (i - 0.5) * width, values, width, label=name, color=("#a9cfe6", BLUE)[i % 2],
                    edgecolor="white")
            for y, value in zip(places, values, strict=True):
                ax.text(1, y + (i - 0.5) * width, f"{value:.0f}", va="center", fontsize=8,
                        color=(BLACK, "white")[i % 2])
        marked = [(100 * best[word], y) for y, word in enumerate(words) if best and word in best]
        for i, (value, y) in enumerate(marked):
            ax.plot([value] * 2, [y - width, y], color=BLACK, linestyle=":", linewidth=2.5,
                    label=None if i else "best guess from left to right")
        ax.set_yticks(places, words)
        ax.set_ylim(len(words) - 0.4, -0.6)
        ax.set_xlim(0, 100)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("right tags (percent)")
        ax.grid(axis="x")
        ax.legend(loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=3)
