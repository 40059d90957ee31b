"""Draws the graph of a computation: what was computed from what, with shapes, gradient norms, and what is wrong.

    graph.draw(graph.of_modules(list(tape)))             # the lectures' modules, before the tape is emptied
    graph.draw(graph.of_tensor(loss), expected={...})    # the tensors of nextword.autodiff

Inputs stand to the left of their users. `expected` holds the right gradients by name (PyTorch's, as a rule): the
first gradient on the way back from the loss that differs is framed in red, what follows from it is dashed.
"""

from dataclasses import dataclass, replace

import numpy as np

BLUE, RED, GREY = "#0060a8", "#c8102e", "#777777"  # also told apart in grey print, by line style and words
WIDTH, HEIGHT, ACROSS, DOWN = 1.4, 0.66, 0.5, 0.3  # of a box, and between boxes, in inches
SMALL = 0.13, 0.13, 0.16, 0.12


@dataclass
class Node:
    """A value in a graph: the operation that made it ("" for a leaf) and the names of the nodes it was made from.

    value: an array or a number, of which the shape, or the number, is shown. gradient: the same, or None.
    """

    name: str
    operation: str = ""
    inputs: tuple = ()
    value: object = None
    gradient: object = None


def of_modules(modules, names=None):
    """Nodes for modules that were applied, in the order of the tape; `names` maps leaves to what they are called.

    A module has in_modules, out_tensor and out_gradient, as in the lectures.
    """
    listed = []
    for module in modules:
        listed += [leaf for leaf in module.in_modules if not any(leaf is m for m in [*modules, *listed])] + [module]
    kinds = [type(m).__name__ for m in listed]
    called = _numbered([(names or {}).get(m) or kind for m, kind in zip(listed, kinds, strict=True)])
    name_of = {id(m): name for m, name in zip(listed, called, strict=True)}
    return [
        Node(name_of[id(m)], kind if m.in_modules else "", tuple(name_of[id(v)] for v in m.in_modules),
             m.out_tensor, m.out_gradient)
        for m, kind in zip(listed, kinds, strict=True)
    ]


def of_tensor(root, gradient=None, names=None):
    """Nodes for a tensor of `nextword.autodiff` and all that it was computed from; `names` maps tensors to names."""
    from nextword.tape import gradients, topological_order

    found, listed = gradients(root, gradient, every=True), []
    for tensor in topological_order(root):
        listed += [x for x in dict.fromkeys(tensor.inputs) if not x.vjp and x not in listed] + [tensor]
    name_of = dict(zip(listed, _numbered(
        [(names or {}).get(x) or x.name or x.operation or "constant" for x in listed]), strict=True))
    return [Node(name_of[x], x.operation, tuple(name_of[v] for v in x.inputs), x.data, found.get(x)) for x in listed]


def _numbered(names):
    """The names, with numbers where one occurs several times."""
    seen, repeated = {}, {name for name in names if names.count(name) > 1}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        yield f"{name} {seen[name]}" if name in repeated else name


def disagreements(nodes, expected, rtol=1e-6):
    """The names of the nodes whose gradient is not the expected one, in the order of the backward pass."""
    wrong = []
    for node in reversed(nodes):
        right = expected.get(node.name)
        if right is not None and not _close(node.gradient, np.asarray(right, float), rtol):
            wrong.append(node.name)
    return wrong


def _close(gradient, right, rtol):
    if gradient is None or np.shape(gradient) != right.shape:
        return False
    return bool(np.linalg.norm(gradient - right) <= rtol * max(np.linalg.norm(right), 1e-9))


def draw(nodes, expected=None, title="", compact=False, axes=None):
    """Draw a list of `Node`s (inputs before users) and return the axes.

    compact: small dots without text, for graphs of dozens of nodes; a leaf with many users is one dot for each.
    """
    import matplotlib.pyplot as plt

    sizes = SMALL if compact else (WIDTH, HEIGHT, ACROSS, DOWN)
    nodes = _split_leaves(nodes) if compact else list(nodes)
    wrong = disagreements(nodes, expected or {})
    places, bends = _layout(nodes, sizes)
    right = max(x for x, _ in places.values()) + sizes[0] / 2 + 0.1
    heights = [y for _, y in [*places.values(), *(bend for chain in bends.values() for bend in chain)]]
    top, bottom = max(heights) + sizes[1] / 2 + 0.45, min(heights) - sizes[1] / 2 - (0.1 if expected is None else 0.35)
    left = min(x for x, _ in places.values()) - sizes[0] / 2 - 0.1
    if axes is None:
        right = max(right, left + 4)  # room for the words
        axes = plt.figure(figsize=(right - left, top - bottom)).add_axes((0, 0, 1, 1))
    for node in nodes:
        for v in dict.fromkeys(node.inputs):
            _draw_edge(axes, places[v], bends[v, node.name], places[node.name], sizes[0], node.inputs.count(v))
        _draw_box(axes, node, places[node.name], sizes, compact, wrong)
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    axes.axis("off")
    axes.text(left + 0.1, top - 0.06, title, fontsize=11, fontweight="bold", va="top")
    if expected is not None:
        axes.text(left + 0.1, bottom + 0.06, _verdict(wrong, expected), fontsize=9, color=RED if wrong else "black")
    return axes


def _split_leaves(nodes):
    """The same graph, in which a leaf that is used more than twice is a leaf of its own for every user."""
    uses = [v for node in nodes for v in node.inputs]
    many = {n.name for n in nodes if not n.operation and uses.count(n.name) > 2}
    found = []
    for node in nodes:
        if node.name not in many:
            copies = {v: f"{v} for {node.name}" for v in node.inputs if v in many}
            found += [Node(name) for name in copies.values()]
            found.append(replace(node, inputs=tuple(copies.get(v, v) for v in node.inputs)))
    return found


def _verdict(wrong, expected):
    if not wrong:
        return f"all {len(expected)} gradients agree with the expected ones"
    return f"first to differ on the way back: {wrong[0]}" + f"; {len(wrong) - 1} more follow" * (len(wrong) > 1)


def _draw_box(axes, node, place, sizes, compact, wrong):
    from matplotlib.patches import Circle, FancyBboxPatch

    x, y = place
    first, follows = node.name in wrong[:1], node.name in wrong[1:]
    style = {
        "facecolor": "#fbe3e6" if first else "white" if node.operation else "#eef1f4",
        "edgecolor": RED if first or follows else "black" if node.operation else GREY,
        "linewidth": 2.4 if first else 1.1,
        "linestyle": "--" if follows else "-",
        "zorder": 2,
    }
    if compact:
        axes.add_patch(Circle(place, sizes[0] / 2, **style | {"facecolor": BLUE if node.operation else "white"}))
        return
    rounding = HEIGHT / 2 if not node.operation else 0.06
    axes.add_patch(FancyBboxPatch((x - WIDTH / 2, y - HEIGHT / 2), WIDTH, HEIGHT, **style,
                                  boxstyle=f"round,pad=0,rounding_size={rounding}"))
    title = node.name if node.operation in ("", node.name) or node.name.startswith(node.operation) \
        else f"{node.name} = {node.operation}"
    axes.text(x, y + 0.17, title, ha="center", va="center", fontweight="bold", zorder=3,
              fontsize=min(9.5, 9.5 * 14 / len(title)))
    axes.text(x, y, _shown(node.value), ha="center", va="center", fontsize=8, color="#333333", zorder=3)
    axes.text(x, y - 0.17, _shown(node.gradient, True), ha="center", va="center", fontsize=8, zorder=3,
              color=RED if first or follows else BLUE)


def _shown(value, gradient=False):
    if value is None:
        return "no gradient" if gradient else ""
    if np.ndim(value) == 0:
        return f"{'gradient' if gradient else 'value'} {float(value):.4g}"
    return f"|gradient| {np.linalg.norm(value):.4g}" if gradient else " x ".join(map(str, np.shape(value)))


def _draw_edge(axes, start, bends, end, width, count):
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    points = [(start[0] + width / 2, start[1])]
    for x, y in bends:  # past a column of boxes: straight
        points += [(x - width / 2, y), (x + width / 2, y)]
    points.append((end[0] - width / 2, end[1]))
    vertices, codes = [points[0]], [Path.MOVETO]
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        middle = (x0 + x1) / 2  # leaves and arrives horizontally
        vertices += [(middle, y0), (middle, y1), (x1, y1)]
        codes += [Path.CURVE4] * 3
    axes.add_patch(FancyArrowPatch(path=Path(vertices, codes), arrowstyle="-|>,head_length=4,head_width=2",
                                   color="#444444", linewidth=0.9 * count, shrinkA=0, shrinkB=0, zorder=1))
    if count > 1:
        axes.text(points[-1][0] - 0.1, points[-1][1] + 0.06, f"{count} times", fontsize=7, ha="right", color="#444444")


def _layout(nodes, sizes):
    """Where each node stands (x, y), and where long edges bend, {(from, to): [(x, y), ...]}, all in inches.

    A node stands in the column before its first user; long edges pass through every column on their way (Sugiyama's
    method); rows follow from what a node is connected to, with the operations in line.
    """
    users = {n.name: [m.name for m in nodes if n.name in m.inputs] for n in nodes}
    column = {}
    for node in reversed(nodes):
        column[node.name] = min((column[u] for u in users[node.name]), default=0) - 1
    first = min(column.values())
    column = {node.name: column[node.name] - first for node in nodes}
    neighbours = {n.name: [] for n in nodes}
    chains = {}
    for node in nodes:
        for v in dict.fromkeys(node.inputs):
            chain = [(v, node.name, c) for c in range(column[v] + 1, column[node.name])]
            column |= {bend: bend[2] for bend in chain}
            neighbours |= {bend: [] for bend in chain}
            chains[v, node.name] = chain
            for left, right in zip([v, *chain], [*chain, node.name], strict=True):
                neighbours[left].append(right)
                neighbours[right].append(left)
    rows = _rows(column, neighbours, {n.name for n in nodes if n.operation})
    x = {name: c * (sizes[0] + sizes[2]) for name, c in column.items()}
    y = {name: -row * (sizes[1] + sizes[3]) for name, row in rows.items()}
    places = {n.name: (x[n.name], y[n.name]) for n in nodes}
    return places, {ends: [(x[b], y[b]) for b in chain] for ends, chain in chains.items()}


def _rows(column, neighbours, operations):
    """A height for every node and bend: near the mean of its neighbours', with room within a column."""
    columns = [[n for n in column if column[n] == c] for c in range(max(column.values()) + 1)]
    rows = {n: i - (len(members) - 1) / 2 for members in columns for i, n in enumerate(members)}
    for sweep in range(40):
        for members in columns if sweep % 2 == 0 else reversed(columns):
            wish = {n: _wish(n, rows, neighbours[n], operations) for n in members}
            members.sort(key=wish.get)
            rows |= _spread(members, wish, operations)
    return rows


def _wish(node, rows, neighbours, operations):
    # An operation that follows another one stands beside it.
    weights = [99 if {node, v} <= operations else 1 for v in neighbours]
    return np.average([rows[v] for v in neighbours], weights=weights) if neighbours else rows[node]


def _spread(members, wish, operations):
    """Heights for a column: the operations, and what is between them, first; then the others make room for them."""
    fixed = [i for i, n in enumerate(members) if n in operations] or range(len(members))
    height = {fixed[0]: wish[members[fixed[0]]]}
    for i in range(fixed[0] + 1, fixed[-1] + 1):
        height[i] = max(height[i - 1] + _gap(members[i - 1], members[i]), wish[members[i]])
    shift = np.mean([wish[members[i]] - height[i] for i in fixed])
    height = {i: h + shift for i, h in height.items()}
    for i in range(fixed[-1] + 1, len(members)):
        height[i] = max(height[i - 1] + _gap(members[i - 1], members[i]), wish[members[i]])
    for i in range(fixed[0] - 1, -1, -1):
        height[i] = min(height[i + 1] - _gap(members[i], members[i + 1]), wish[members[i]])
    return {members[i]: h for i, h in height.items()}


def _gap(above, below):
    return 1 if isinstance(above, str) and isinstance(below, str) else 0.7  # an edge needs less room than a box
