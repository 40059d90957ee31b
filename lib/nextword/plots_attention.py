"""The pictures of attention: who looks at whom, and what that costs. Plain data in, one figure out."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm

from nextword.plots import BLACK, BLUE, GREY, RED, STYLE


def heads(weights, words, titles=(), asking=(), columns=2):
    """The weights of one or more heads over a sentence: a row for each word that looks, a column for where.

    weights: (heads, T, T), each row a distribution. words: T str. titles: one for each head. asking: positions
    whose rows are framed.
    """
    weights = np.asarray(weights, float)
    size = 1.1 + 0.27 * len(words)
    columns = min(columns, len(weights))
    rows = -(-len(weights) // columns)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(rows, columns, figsize=(size * columns + 0.6, size * rows), squeeze=False)
        for i, ax in enumerate(axes.flat):
            if i >= len(weights):
                ax.axis("off")
                continue
            image = ax.imshow(np.sqrt(weights[i]), cmap="Blues", vmin=0, vmax=1)
            ax.set_xticks(range(len(words)), words, rotation=90, fontsize=8)
            ax.set_yticks(range(len(words)), words, fontsize=8)
            ax.set_xlabel("where it looks")
            ax.set_ylabel("the word that looks")
            ax.set_title(titles[i] if i < len(titles) else f"head {i + 1}")
            _grid(ax, len(words))
            for t in asking:
                ax.add_patch(plt.Rectangle((-0.5, t - 0.5), len(words), 1, fill=False, color=RED, linewidth=1.5))
        ticks = np.array([0, 0.01, 0.05, 0.1, 0.25, 0.5, 1])
        bar = figure.colorbar(image, ax=axes, shrink=0.6, ticks=np.sqrt(ticks))
        bar.ax.set_yticklabels([f"{100 * p:.0f} %" for p in ticks])
        bar.set_label("attention weight")
        bar.outline.set_visible(False)


def leaks(maps):
    """Who depends on whom: {title: (T, T) sizes of gradients}; exact zeros are white, a leak has a "!"."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, len(maps), figsize=(2.9 * len(maps) + 0.8, 3.3), squeeze=False)
        for ax, (title, sizes) in zip(axes[0], maps.items(), strict=True):
            sizes = np.asarray(sizes, float)
            count = len(sizes)
            shown = np.ma.masked_equal(sizes, 0)
            image = ax.imshow(shown, cmap="Blues", norm=LogNorm(1e-3, 10, clip=True))
            for t in range(count):
                for j in range(t + 1, count):
                    if sizes[t, j]:
                        ax.text(j, t, "!", ha="center", va="center", color=RED, weight="bold")
            ax.set_xticks(range(count), range(1, count + 1))
            ax.set_yticks(range(count), range(1, count + 1))
            ax.set_xlabel("input j")
            ax.set_title(title, fontsize=10)
            _grid(ax, count)
        axes[0][0].set_ylabel("output t")
        bar = figure.colorbar(image, ax=axes, shrink=0.8)
        bar.set_label("size of the gradient (white: exactly 0)")
        bar.outline.set_visible(False)


def positions(table):
    """Position embeddings (T, D), and the products of each two of them."""
    table = np.asarray(table, float)
    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(1, 2, figsize=(9.4, 3.6), width_ratios=(1.15, 1))
        image = left.imshow(table, cmap="PuOr", vmin=-1, vmax=1, aspect="auto")
        left.set_xlabel("feature")
        left.set_ylabel("position t")
        left.set_title("sinusoidal position embeddings")
        figure.colorbar(image, ax=left).set_label("value")
        middle = len(table) // 2
        products = table @ table.T
        for t, colour, line in ((middle // 2, BLUE, "-"), (middle, RED, "--"), (middle + middle // 2, BLACK, ":")):
            right.plot(products[t], color=colour, linestyle=line, label=f"t = {t}", linewidth=1.8)
        right.set_xlabel("position j")
        right.set_ylabel("product of the embeddings of t and j")
        right.set_title("near positions have similar embeddings")
        right.set_ylim(top=1.2 * products.max())
        right.grid(True)
        right.legend(ncols=3, loc="upper center")


def costs(lengths, counted, measured):
    """Two panels against the number of tokens: {name: multiplications} and {name: milliseconds}."""
    with plt.rc_context(STYLE):
        _, axes = plt.subplots(1, 2, figsize=(9.4, 3.6))
        for ax, group, what in zip(axes, (counted, measured), ("multiplications", "time (milliseconds)"), strict=True):
            for (name, values), colour, mark, line in zip(group.items(), (BLUE, RED), "os", ("-", "--"), strict=False):
                ax.plot(lengths, values, color=colour, marker=mark, linestyle=line, label=name, linewidth=1.8)
            ax.set_xscale("log", base=2)
            ax.set_yscale("log")
            ax.set_xlabel("T (tokens)")
            ax.set_ylabel(what)
            ax.grid(True, which="major")
            ax.legend()
        axes[0].set_title("counted")
        axes[1].set_title("measured here")


def saturation(sizes, slopes):
    """How much gradient passes a softmax, against the size of a query: {name: slopes, one for each of `sizes`}."""
    with plt.rc_context(STYLE):
        _, ax = plt.subplots(figsize=(6, 3.5))
        for (name, values), colour, mark, line in zip(slopes.items(), (BLUE, RED), "os", ("-", "--"), strict=True):
            ax.plot(sizes, values, color=colour, marker=mark, linestyle=line, label=name, linewidth=1.8)
        ax.set_xscale("log", base=2)
        ax.set_ylim(0, 1)
        ax.set_xlabel("$d_k$ (features of a query)")
        ax.set_ylabel("slope of the softmax, 1 - sum of $a_j^2$")
        ax.axhline(0, color=GREY, linewidth=1)
        ax.grid(True)
        ax.legend()


def _grid(ax, count):
    ax.set_xticks(np.arange(count + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(count + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="#e6e6e6", linewidth=0.6)
    ax.tick_params(which="both", length=0)


# The transformer


def shares(models):
    """What share of a model's parameters is in which part: {model: {part: number}}, a bar for each model."""
    colours, hatches = (BLUE, "#8fbfe0", "#E69F00", "#d4d4d4"), ("", "///", "", "...")
    with plt.rc_context(STYLE):
        _, ax = plt.subplots(figsize=(8, 1.1 + 0.45 * len(models)))
        for y, parts in enumerate(models.values()):
            total, left = sum(parts.values()), 0.0
            for (name, count), colour, hatch in zip(parts.items(), colours, hatches, strict=True):
                share = 100 * count / total
                ax.barh(y, share, left=left, height=0.7, color=colour, hatch=hatch, edgecolor="white", linewidth=0.5,
                        label=name if y == 0 else None)
                if share > 6:
                    ax.text(left + share / 2, y, f"{share:.0f}", ha="center", va="center", fontsize=9,
                            color="white" if colour == BLUE else BLACK,
                            bbox={"color": colour, "pad": 1} if hatch else None)
                left += share
        ax.set_yticks(range(len(models)), models)
        ax.invert_yaxis()
        ax.set_xlim(0, 100)
        ax.set_xlabel("share of all parameters (percent)")
        ax.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.45, 1))
        ax.tick_params(axis="y", length=0)


def gaps(models):
    """What each kind of word contributes to a model's distance from the floor: {model: {kind: nats per token}}."""
    styles = {"color": "#8fbfe0", "hatch": "///", "edgecolor": "white"}, {"color": BLUE}
    with plt.rc_context(STYLE):
        _, ax = plt.subplots(figsize=(8, 3.6))
        first = next(iter(models.values()))
        kinds = sorted(first, key=first.get, reverse=True)
        for i, ((name, gap), style) in enumerate(zip(models.items(), styles, strict=True)):
            places = np.arange(len(kinds)) + 0.4 * i - 0.2
            ax.bar(places, [gap[kind] for kind in kinds], width=0.38, label=name, **style)
        ax.set_xticks(range(len(kinds)), kinds, rotation=30, ha="right")
        ax.set_xlabel("tag of the word to be predicted")
        ax.set_ylabel("distance from the floor\n(nats per token of the text)")
        ax.axhline(0, color=GREY, linewidth=1)
        ax.grid(axis="y")
        ax.legend()
