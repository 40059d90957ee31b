"""The pictures of the course: plain data in, one figure out.

Each function draws a new pyplot figure (or into `ax`, where it takes one) and returns nothing, so that it can
be the last line of a cell. Colours are Okabe and Ito's, which the colour-blind can tell apart; what differs
in colour differs in mark or line as well, for print.
"""

from functools import wraps

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.ticker import FuncFormatter, NullLocator

# Loading a backend sets `interactive`. Were it first loaded inside rc_context, leaving that would undo the setting,
# and a notebook would show its first figure and none after it. So it is loaded now, before any picture is drawn.
plt.switch_backend(plt.get_backend())

BLACK, ORANGE, BLUE, GREEN, PURPLE, RED, GREY = (
    "#000000", "#E69F00", "#0072B2", "#009E73", "#CC79A7", "#D55E00", "#767676")
COLOURS = (BLUE, RED, GREEN, PURPLE, ORANGE)
MARKS = ("o", "s", "D", "^", "v")

STYLE = {
    "figure.dpi": 110, "savefig.dpi": 110, "font.size": 10, "axes.titlesize": 11,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": GREY, "axes.axisbelow": True,
    "xtick.color": "#333333", "ytick.color": "#333333", "axes.labelcolor": "#333333", "text.color": "#1a1a1a",
    "grid.color": "#dddddd", "legend.frameon": False, "figure.constrained_layout.use": True,
}


def _styled(draw):
    @wraps(draw)
    def styled(*args, **kwargs):
        with plt.rc_context(STYLE):
            draw(*args, **kwargs)
    return styled


def _axes(ax, width, height):
    return ax if ax is not None else plt.subplots(figsize=(width, height))[1]


@_styled
def heat_map(table, rows, columns, value="probability", row_axis="", column_axis="", numbers=True, ax=None):
    """A table of probabilities as a heat map with words on its axes; the colour grows with the square root.

    table: (R, C) of numbers in [0, 1], shown in percent where they round to at least 1 % and `numbers` is true.
    rows, columns: R and C labels. value: what a cell is; row_axis, column_axis: what the labels are.
    """
    table = np.asarray(table, dtype=float)
    ax = _axes(ax, 1.9 + 0.46 * len(columns), 1.3 + 0.34 * len(rows))
    image = ax.imshow(table, cmap="Blues", norm=PowerNorm(0.5, 0, 1), aspect="auto")
    ax.set_xticks(range(len(columns)), columns, rotation=45, ha="left", rotation_mode="anchor")
    ax.set_yticks(range(len(rows)), rows)
    ax.xaxis.set_ticks_position("top")
    ax.xaxis.set_label_position("top")
    ax.set_xlabel(column_axis)
    ax.set_ylabel(row_axis)
    ax.tick_params(length=0)
    ax.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(rows) + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="white", linewidth=1.5)
    ax.tick_params(which="minor", length=0)
    ax.spines[:].set_visible(False)
    if numbers:
        for (i, j), p in np.ndenumerate(table):
            if p >= 0.005:
                ax.text(j, i, f"{100 * p:.0f}", ha="center", va="center", fontsize=8,
                        color="white" if p > 0.3 else "#1a1a1a")
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.8, pad=0.02, ticks=[0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.7, 1],
                             format=FuncFormatter(lambda p, _: f"{100 * p:.0f} %"))
    bar.set_label(value)
    bar.outline.set_visible(False)


@_styled
def die(words, probabilities, uniforms, faces, ax=None):
    """The staircase of a weighted die, and where some numbers meet it.

    words, probabilities: K of each, in the order of the faces.
    uniforms: numbers in [0, 1); faces: the face that each turns up.
    """
    ax = _axes(ax, 7, 3.6)
    ends = np.concatenate(([0.0], np.cumsum(probabilities)))
    edge = -0.8     # left of the first riser, so that an arrow to it is seen
    ax.set_xlim(edge, len(words) - 0.5)
    ax.set_ylim(0, 1)
    for i, (low, high) in enumerate(zip(ends[:-1], ends[1:], strict=True)):
        ax.fill_between([i - 0.5, i + 0.5], low, high, color=BLUE, alpha=0.25, linewidth=0)
        ax.plot([i - 0.5, i - 0.5, i + 0.5], [low, high, high], color=BLUE, linewidth=1.8)
        ax.text(i + 0.44, low + 0.02, f"{probabilities[i]:.2f}", ha="right", va="bottom", fontsize=9)
    arrow = {"arrowstyle": "-|>", "color": RED, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0}
    for u, face in zip(uniforms, faces, strict=True):
        ax.annotate("", xy=(face - 0.5, u), xytext=(edge, u), annotation_clip=False, arrowprops=arrow)
        ax.plot(face - 0.5, u, "o", color=RED, markersize=4, clip_on=False)
        ax.text(face - 0.44, u, words[face], va="center", color="#8a3a00", fontsize=9)
    ax.set_yticks([0, *uniforms, 1], ["0", *(f"{u:.2f}" for u in uniforms), "1"])
    ax.set_xticks(range(len(words)), words)
    ax.set_xlabel("face of the die")
    ax.set_ylabel("u, and running sum\nof the probabilities")


@_styled
def samples(texts, note="", width=92):
    """Sampled texts; each is black as far as it is possible and orange, underlined, from its first fault on.

    texts: list of (label, [(words, possible), ...], share): `possible` counts the words from the start that
    are the beginning of a sentence, and is len(words) + 1 for a whole one. share: a str for the right margin.
    note: what the shares are shares of. width: characters of a line.
    """
    lines = [(label if first else "", share if first else "", words)
             for label, group, share in texts for first, words in _wrapped(group, width)]
    fig = plt.figure(figsize=(9.6, 0.45 + 0.235 * len(lines)), layout="none")
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set_xlim(-9, width + 9)
    ax.set_ylim(len(lines) + 0.3, -1.6)
    ax.axis("off")
    if note:
        ax.text(width + 8, -0.9, note, ha="right", va="center", fontsize=9, color=GREY)
    size = 9.6 * 72 / (width + 18) / 0.602        # points: DejaVu Sans Mono is 0.602 em wide
    font = {"family": "DejaVu Sans Mono", "fontsize": size, "va": "center"}
    for y, (label, share, words) in enumerate(lines):
        if label:
            ax.axhline(y - 0.55, color="#dddddd", linewidth=0.8)
            ax.text(-8, y, label, fontsize=10, weight="bold", va="center")
            ax.text(width + 8, y, share, fontsize=10, va="center", ha="right")
        for x, word, fault in words:
            ax.text(x, y, word, color=RED if fault else BLACK, **font)
            if fault:
                ax.plot([x, x + len(word)], [y + 0.4] * 2, color=RED, linewidth=0.8)


def _wrapped(group, width):
    """(is it the first line of the group, [(column, word, is it after the fault), ...]) for each line."""
    first = True
    for words, possible in group:
        line, column = [], 0
        shown = [(word, i >= possible) for i, word in enumerate(words)]
        if possible == len(words):
            shown.append(("(end)", True))
        for word, fault in shown:
            if line and column + len(word) > width:
                yield first, line
                first, line, column = False, [], 4
            line.append((column, word, fault))
            column += len(word) + 1
        yield first, line
        first = False


@_styled
def loss_against_n(sizes, held_out, training=None, floor=None, ax=None):
    """Nats per token against n, for several estimates.

    sizes: the n's. held_out, training: {name: losses, one for each n}; inf is a triangle at the upper edge.
    floor: the entropy of the language in nats per token.
    """
    ax = _axes(ax, 7.8, 4.4)
    training = training or {}
    names = list(dict.fromkeys([*held_out, *training]))
    drawn = [(name, group[name], *kind) for name in names for group, *kind in (
        (held_out, "new sentences", True), (training, "training", False)) if name in group]
    finite = [x for _, losses, *_ in drawn for x in losses if np.isfinite(x)]
    low, high = min([*finite, *([floor] if floor else [])]), max(finite)
    top = high + 0.12 * (high - low)
    ax.set_ylim(low - 0.15 * (high - low), top)
    for name, losses, kind, filled in drawn:
        i = names.index(name)
        colour, mark = COLOURS[i], MARKS[i]
        places = np.asarray(sizes) + 0.1 * (i - (len(names) - 1) / 2)       # side by side, so that none hides another
        losses = np.asarray(losses, dtype=float)
        ends = np.isfinite(losses)
        ax.plot(places, np.where(ends, losses, np.nan), "-" if filled else ":", color=colour, linewidth=1.8,
                marker=mark, markersize=6 if filled else 10, markerfacecolor=colour if filled else "white",
                markeredgewidth=1.6, zorder=3 if filled else 2)             # a filled mark fits into an open one
        infinite = places[~ends]
        if len(infinite):
            ax.plot(infinite, [top] * len(infinite), "^", color=colour, markersize=10, clip_on=False)
            ax.annotate(f"{name}: \u221e on {kind}", (infinite[0], top), xytext=(0, -11), ha="left", va="top",
                        textcoords="offset points", color=colour, fontsize=9)
        if ends[-1] and ends.all():
            ax.annotate(f"{name},\n{kind}", (places[-1], losses[-1]), xytext=(10, 0), ha="left", va="center",
                        textcoords="offset points", color=colour, fontsize=9, annotation_clip=False)
    if floor is not None:
        ax.axhline(floor, color=GREY, linewidth=2, zorder=1)
        ax.annotate(f"entropy of the language, {floor:.3f}", (sizes[0], floor), xytext=(0, -4),
                    textcoords="offset points", va="top", ha="left", color=GREY, fontsize=9)
    ax.set_xticks(list(sizes))
    ax.set_xlabel("n (words)")
    ax.set_ylabel("loss (nats per token)")
    ax.grid(axis="y")


@_styled
def curves(x, ys, x_axis="", y_axis="", logarithmic="", floor=None, floor_name="", ax=None):
    """Lines against x.

    x: numbers (or {name: numbers} where they differ). ys: {name: numbers}. logarithmic: "", "x", "y" or "xy".
    floor: a horizontal line, named `floor_name`.
    """
    ax = _axes(ax, 6.4, 3.8)
    for i, (name, y) in enumerate(ys.items()):
        own = x[name] if isinstance(x, dict) else x
        mark = MARKS[i % len(MARKS)] if len(own) <= 30 else ""
        ax.plot(own, y, color=COLOURS[i % len(COLOURS)], marker=mark, label=name, linewidth=1.8,
                linestyle=("-", "--", "-.", ":")[i % 4])
    if floor is not None:
        ax.axhline(floor, color=GREY, linewidth=2, label=floor_name or None, zorder=1)
    ax.set_xscale("log" if "x" in logarithmic else "linear")
    ax.set_yscale("log" if "y" in logarithmic else "linear")
    ax.set_xlabel(x_axis)
    ax.set_ylabel(y_axis)
    ax.grid(True, which="major")
    if len(ys) > 1 or floor_name:
        ax.legend()


@_styled
def descent(losses, distances, floor, floor_name, distance_axis="largest difference of two probabilities"):
    """A training run: its loss in nats per token and its distance from a target, both against steps."""
    _, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.6))
    curves(range(1, len(losses) + 1), {"learned": losses}, "step", "loss (nats per token)", logarithmic="x",
           floor=floor, floor_name=floor_name, ax=left)
    curves(range(1, len(distances) + 1), {"learned": distances}, "step", distance_axis, logarithmic="y",
           ax=right)


@_styled
def loss_ladder(losses, floor, floor_name="entropy of the language", ax=None):
    """The chart on which every notebook ends: a bar for each model, and the line that none can fall short of.

    The grey part of a bar is chance, which nobody can predict; the blue part is what the model does not know.

    losses: {model: nats per token}, from the first rung to the last. floor: the entropy in nats per token.
    """
    ax = _axes(ax, 7.5, 0.9 + 0.38 * len(losses))
    names, values = list(losses), np.array(list(losses.values()), dtype=float)
    widest = values.max()
    best = int(values.argmin())
    ax.barh(range(len(values)), np.minimum(values, floor), height=0.68, color="#d4d4d4")
    ax.barh(range(len(values)), np.maximum(values - floor, 0), left=floor, height=0.68,
            color=[BLUE if i == best else "#8fbfe0" for i in range(len(values))])
    for i, value in enumerate(values):
        ax.text(value + 0.01 * widest, i, f"{value:.3f}", va="center", fontsize=9,
                weight="bold" if i == best else "normal")
    ax.axvline(floor, color=BLACK, linewidth=2)
    ax.text(floor, -0.75, f"{floor_name}, {floor:.3f}", va="bottom", ha="center", fontsize=9)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(values) - 0.5, -0.65)
    ax.set_xlim(0, 1.1 * widest)
    ax.yaxis.set_minor_locator(NullLocator())
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x")
    ax.set_xlabel("loss on new sentences (nats per token)")
