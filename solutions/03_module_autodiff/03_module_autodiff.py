# %% [markdown]
# # 03 Module-based automatic differentiation
#
# In notebook 02 you differentiated one network by hand. It worked, but every line of `nn_backward` belonged
# to that one network: another layer, another activation, and you would have begun again. And when a check
# failed, it told you only that *some* line was wrong.
#
# This notebook takes the network apart. A **module** is a piece that knows two things: how to compute its
# output from its inputs, and how to turn the gradient of its output into the gradients of its inputs.
# Whoever has such pieces can put any network together, and a short loop, the same for all of them, does the
# rest. (This is *automatic differentiation*, *autodiff* for short.) At the end you will have written what
# happens inside PyTorch when somebody says `loss.backward()`, and you will see the two agree to the last
# digits.
#
# Everything is NumPy, except exercise 10, which is about PyTorch.

# %% [markdown]
# ## Notation
#
# $J$ is the number at the end, as a rule the loss. For every quantity $v$ on the way,
#
# $$g_v = \frac{\partial J}{\partial v}, \quad \text{an array of the same shape as } v.$$
#
# Seen from one module with input $a$ and output $b$, the gradient $g_b$ comes from above, from the side of
# the loss; it is called the *upstream gradient* (or cotangent). The module's task in the backward pass is
# to turn $g_b$ into $g_a$:
#
# $$(g_a)_i = \sum_j (g_b)_j \, \frac{\partial b_j}{\partial a_i}.$$
#
# Examples are rows: $x$ is $(B, I)$. The parameters are those of notebook 02: $\alpha$ is $(D, 1 + I)$ and
# $\beta$ is $(K, 1 + D)$, with the biases in column 0.

# %% given="setup"
import numpy as np

# %% [markdown]
# # Part 1: graphs of numbers
#
# ## Exercise 1a: three gates
# *Difficulty 1 of 5 · about 10 minutes · 1 point*
#
# A computation is a graph: its nodes are values, and each value is computed by a *gate* from others. To
# send gradients through the graph, a gate needs to look at nothing but its own inputs and the gradient $g$
# that arrives at its output. Three gates show the three things that can happen to a gradient:
#
# | gate | its output | what it does to the gradient |
# |---|---|---|
# | add | $x_1 + x_2$ | *distributes* it: both inputs get all of it |
# | multiply | $x_1 \cdot x_2$ | *switches*: each input gets it times the *other* input |
# | max | $\max(x_1, x_2)$ | *routes* it: the larger input gets all, the smaller one nothing |
#
# At a tie, $x_1 = x_2$, the maximum has no derivative. Do what PyTorch does: each input gets half.
#
# <details><summary>Hint 1: where does the table come from?</summary>
#
# For $u = x_1 x_2$, what is $\partial u / \partial x_1$? The chain rule multiplies that with
# $g = \partial J/\partial u$.
#
# </details>
# <details><summary>Hint 2: pseudo-code for max</summary>
#
# share of x1 = 1 if x1 is larger, 1/2 if they are equal, else 0; g_x1 = share times g; g_x2 = the rest of
# g.
#
# </details>


# %% answer="gates"
def add_backward(x1, x2, g):
    """The gradients (g_x1, g_x2) of x1 + x2, when g is the gradient of the sum. All are numbers."""
    ### BEGIN SOLUTION
    return g, g
    ### END SOLUTION


def multiply_backward(x1, x2, g):
    """The gradients (g_x1, g_x2) of x1 * x2, when g is the gradient of the product."""
    ### BEGIN SOLUTION
    return g * x2, g * x1
    ### END SOLUTION


def max_backward(x1, x2, g):
    """The gradients (g_x1, g_x2) of max(x1, x2), when g is the gradient of the max; half each at a tie."""
    ### BEGIN SOLUTION
    share = 0.5 if x1 == x2 else float(x1 > x2)
    return share * g, (1 - share) * g
    ### END SOLUTION


# %% test="gates" points=0
import torch
from nextword import checks

add, multiply, largest = checks.of(add_backward), checks.of(multiply_backward), checks.of(max_backward)
unused = "the upstream gradient g is not used"
for x1, x2, g in ((3.0, -2.0, 5.0), (-1.5, 4.0, -0.5)):
    add.call(x1, x2, g).close_to(tuple(checks.torch_gradients(torch.add, (x1, x2), g)), mistakes={
        "the gradient is cut in two halves: add hands all of it to both inputs": (g / 2, g / 2),
        "add does not multiply with its inputs": (g * x1, g * x2),
        unused: (1.0, 1.0),
    })
    multiply.call(x1, x2, g).close_to(tuple(checks.torch_gradients(torch.mul, (x1, x2), g)), mistakes={
        "each input is multiplied with itself: it must be the other one": (g * x1, g * x2),
        unused: (x2, x1),
    })
    largest.call(x1, x2, g).close_to(tuple(checks.torch_gradients(torch.maximum, (x1, x2), g)), mistakes={
        "the smaller input gets the gradient": (g * (x1 < x2), g * (x2 < x1)),
        "it returns values, not gradients": (x1 * (x1 > x2), x2 * (x2 > x1)),
        unused: (float(x1 > x2), float(x2 > x1)),
    })
add.passed()
multiply.passed()
largest.passed()

# %% hidden="gates" points=1
# Negative numbers, zeros, and a tie at the max gate.
### BEGIN HIDDEN TESTS
import torch
from nextword import checks

both = {
    "both inputs get all of the gradient: at a tie it is half each": lambda g: (g, g),
    "neither input gets anything at a tie: it is half each": lambda g: (0.0, 0.0),
    "at a tie the first input gets everything: it is half each": lambda g: (g, 0.0),
    "at a tie the second input gets everything: it is half each": lambda g: (0.0, g),
}
for gate, name, reference in (
    (add_backward, "add_backward", torch.add),
    (multiply_backward, "multiply_backward", torch.mul),
    (max_backward, "max_backward", torch.maximum),
):
    check = checks.of(gate, name=name)
    for x1, x2, g in (
        (0.25, 7.0, -3.0),
        (-2.0, -9.0, 1.5),
        (0.0, 4.0, 2.5),
        (2.5, 2.5, -1.2),
        (-4.0, -4.0, 0.6),
    ):
        expected = tuple(checks.torch_gradients(reference, (x1, x2), g))
        mistakes = (
            {why: f(g) for why, f in both.items()}
            if x1 == x2 and gate is max_backward
            else {"each input is multiplied with itself: it must be the other one": (g * x1, g * x2)}
        )
        check.call(x1, x2, g).close_to(expected, mistakes=mistakes)
    check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 1b: two graphs by hand
# *Difficulty 2 of 5 · about 15 minutes · 1 point*
#
# Now two small graphs, with every step named. Write $\bar v$ for the derivative of the result, $f$ or below
# $L$, with respect to $v$ (what we call $g_v$ elsewhere).
#
# $$a_1 = \sin x_2, \qquad a_2 = x_1 x_2, \qquad f = a_3 = a_1 + a_2.$$
#
# Start with $\bar a_3 = 1$ and go backwards, one gate at a time. Look out: $x_2$ is used by two gates, so
# two gradients arrive at it. They *add up*, because a small change of $x_2$ changes $f$ along both paths.
#
# The second graph is logistic regression for one example of the positive class, with vectors $w$ and $x$ of
# the same length:
#
# $$u = w^T x, \qquad p = \sigma(u) = \frac{1}{1 + e^{-u}}, \qquad L = -\log p.$$
#
# Do it in steps, $\bar p$, then $\bar u$, then $\bar w$ and $\bar x$, and afterwards multiply the terms out
# on paper: the factor $1/p$ cancels, and what is left is simple.
#
# <details><summary>Hint 1: what arrives where?</summary>
#
# $\bar a_1 = \bar a_2 = \bar a_3$ (an add gate). Along the path through $a_1$, $x_2$ gets
# $\bar a_1 \cos x_2$. What does it get along the other path?
#
# </details>
# <details><summary>Hint 2: the derivative of the sigmoid</summary>
#
# $\sigma'(u) = \sigma(u) (1 - \sigma(u)) = p (1 - p)$: the value of the forward pass is all that is needed.
#
# </details>


# %% answer="by_hand"
def f_gradients(x1, x2):
    """The gradients of f = sin(x2) + x1 x2, a dict with the keys "a3", "a1", "a2", "x1", "x2"."""
    ### BEGIN SOLUTION
    g_a3 = 1.0
    g_a1, g_a2 = g_a3, g_a3
    return {"a3": g_a3, "a1": g_a1, "a2": g_a2, "x1": g_a2 * x2, "x2": g_a1 * np.cos(x2) + g_a2 * x1}
    ### END SOLUTION


def logistic_gradients(w, x):
    """The gradients of L = -log sigmoid(w.x), a dict with the keys "p", "u", "w", "x". w, x: arrays (I,)."""
    ### BEGIN SOLUTION
    p = 1 / (1 + np.exp(-(w @ x)))
    g_p = -1 / p
    g_u = g_p * p * (1 - p)
    return {"p": g_p, "u": g_u, "w": g_u * x, "x": g_u * w}
    ### END SOLUTION


# %% test="by_hand" points=0
import numpy as np
import torch
from nextword import checks

x1, x2 = 3.0, 0.5
g_x1, g_x2 = (g.item() for g in checks.torch_gradients(lambda x1, x2: torch.sin(x2) + x1 * x2, (x1, x2), 1.0))
first = checks.torch_gradients(lambda x2: torch.sin(x2), (x2,), 1.0)[0].item()  # what arrives through a1
right = {"a3": 1.0, "a1": 1.0, "a2": 1.0, "x1": g_x1, "x2": g_x2}
check = checks.of(f_gradients)
check.call(x1, x2).close_to(
    right,
    mistakes={
        "only the path through a1 is counted: the two gradients that arrive at x2 add up": right | {"x2": first},
        "only the path through a2 is counted: the two gradients that arrive at x2 add up": right
        | {"x2": g_x2 - first},
        "the derivative of sin is cos, without a sign": right | {"x2": g_x2 - 2 * first},
        "a1 is taken for its own derivative": right | {"x2": g_x2 - first + np.sin(x2)},
    },
)
check.passed()

w, x = np.array([0.5, -1.0, 2.0]), np.array([1.0, 3.0, 0.25])
g_w, g_x = checks.torch_gradients(lambda w, x: -torch.log(torch.sigmoid(w @ x)), (w, x), 1.0)
p = torch.sigmoid(torch.tensor(w @ x)).item()
g_p = checks.torch_gradients(lambda p: -torch.log(p), (p,), 1.0)[0].item()
g_u = checks.torch_gradients(lambda u: -torch.log(torch.sigmoid(u)), (w @ x,), 1.0)[0].item()
right = {"p": g_p, "u": g_u, "w": g_w, "x": g_x}
check = checks.of(logistic_gradients)
check.call(w, x).close_to(
    right,
    mistakes={
        "the minus sign of L = -log p is lost": {k: -v for k, v in right.items()},
        "w and x have changed places": right | {"w": g_x, "x": g_w},
        "the slope of the sigmoid is left out": {"p": g_p, "u": g_p, "w": g_w / g_u * g_p, "x": g_x / g_u * g_p},
    },
)
check.passed()

# %% hidden="by_hand" points=1
# Other numbers, among them negative ones, and vectors of other lengths.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

check = checks.of(f_gradients)
for x1, x2 in ((-2.0, 1.25), (0.5, -3.0), (4.0, 2.0)):
    g_x1, g_x2 = (
        g.item() for g in checks.torch_gradients(lambda x1, x2: torch.sin(x2) + x1 * x2, (x1, x2), 1.0)
    )
    right = {"a3": 1.0, "a1": 1.0, "a2": 1.0, "x1": g_x1, "x2": g_x2}
    check.call(x1, x2).close_to(
        right,
        mistakes={
            "only the path through a1 is counted: the two gradients that arrive at x2 add up": right
            | {"x2": np.cos(x2)},
            "only the path through a2 is counted: the two gradients that arrive at x2 add up": right
            | {"x2": x1},
        },
    )
check.passed()
check, rng = checks.of(logistic_gradients), np.random.default_rng(1)
for size in (1, 2, 5):
    w, x = rng.normal(size=size), rng.normal(size=size)
    g_w, g_x = checks.torch_gradients(lambda w, x: -torch.log(torch.sigmoid(w @ x)), (w, x), 1.0)
    p = torch.sigmoid(torch.tensor(w @ x)).item()
    check.call(w, x).close_to(
        {"p": -1 / p, "u": p - 1, "w": g_w, "x": g_x},
        mistakes={
            "the minus sign of L = -log p is lost": {"p": 1 / p, "u": 1 - p, "w": -g_w, "x": -g_x},
            "w and x have changed places": {"p": -1 / p, "u": p - 1, "w": g_x, "x": g_w},
        },
    )
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# Your gradients, drawn into the graph. Boxes are values, arrows say what is computed from what, and the
# blue number below each value is its gradient. Forward, one reads from left to right; backward, from right
# to left.
#
# *Alternative text: a graph from left to right. Two boxes x1 and x2 on the left; sin takes x2, multiply
# takes x1 and x2, and an add gate on the right takes both results. Every box shows its value and its
# gradient; that of x2 is the sum over its two arrows.*

# %% figure="by_hand"
import matplotlib.pyplot as plt
import numpy as np
from nextword import graph

x1, x2 = 3.0, 0.5
g = f_gradients(x1, x2)
graph.draw(
    [
        graph.Node("x1", value=x1, gradient=g["x1"]),
        graph.Node("x2", value=x2, gradient=g["x2"]),
        graph.Node("a1", "sin", ("x2",), value=np.sin(x2), gradient=g["a1"]),
        graph.Node("a2", "multiply", ("x1", "x2"), value=x1 * x2, gradient=g["a2"]),
        graph.Node("a3", "add", ("a1", "a2"), value=np.sin(x2) + x1 * x2, gradient=g["a3"]),
    ],
    title="f = sin(x2) + x1 x2",
)
plt.show()

# %% [markdown]
# ## Exercise 2: an order that works
# *Difficulty 3 of 5 · about 25 minutes · 2 points*
#
# The backward pass visits every node, and it may visit a node only when *all* gradients that arrive there
# are known: when all its users have been visited. An order in which every input comes before its users is a
# **topological order**; the forward pass can follow it, and the backward pass follows its reverse.
#
# A graph is given as a dict: for every node the tuple of its inputs, which may name a node twice
# ($x \cdot x$). Leaves, the nodes that nothing computes, have the empty tuple or are not among the keys
# at all. As a rule there are several right orders; any of them will do.
#
# Real graphs are deep (a recurrent network, notebook 04, that reads a document has ten thousand nodes in
# a row), so Python's limit of about 1,000 nested calls must not stop you. They also branch and join again
# and again, so a node must not be worked on once per *path*: thirty joins in a row make a billion paths.
# And a graph in which a value depends on itself has no order at all: say so.
#
# <details><summary>Hint 1: two ways to think</summary>
#
# *From the inputs:* a node can be listed as soon as all its inputs are listed; which nodes does that make
# ready? *From the outputs:* to list a node, first list its inputs (depth-first search). When exactly is the
# node itself listed?
#
# </details>
# <details><summary>Hint 2: pseudo-code, from the inputs</summary>
#
# Count for every node how many inputs are not listed yet (a node named twice counts twice), and note for
# every node its users. Start with the nodes whose count is 0. Take one of them, list it, lower the count of
# its users; whoever reaches 0 is ready. What does it mean when nothing is ready, but not everything is
# listed?
#
# </details>
# <details><summary>Hint 3: if you see "RecursionError: maximum recursion depth exceeded"</summary>
#
# Replace the recursion by a list that you use as a stack, with `append` and `pop`. In a depth-first search
# a node comes to the top of the stack twice: first to push its inputs, later to be listed.
#
# </details>


# %% answer="topological_order"
def topological_order(graph):
    """All nodes of the graph, each once, every input before its users.

    graph: a dict, node -> tuple of its inputs. A node that occurs as an input only is a leaf.
    Returns a list. Raises a ValueError that mentions the word "cycle" when there is no such order.
    """
    ### BEGIN SOLUTION
    waiting = {node: len(inputs) for node, inputs in graph.items()}
    users = {}
    for node, inputs in graph.items():
        for v in inputs:
            users.setdefault(v, []).append(node)
            waiting.setdefault(v, 0)
    order = [node for node, count in waiting.items() if count == 0]
    for v in order:
        for user in users.get(v, []):
            waiting[user] -= 1
            if waiting[user] == 0:
                order.append(user)
    if len(order) < len(waiting):
        raise ValueError("the graph has a cycle: some values depend on themselves")
    return order
    ### END SOLUTION


# %% test="topological_order" points=1
from nextword import checks


def look_at(order, example):
    """Fails with a sentence unless this is an order of the example with every input before its users."""
    nodes = {*example, *(v for inputs in example.values() for v in inputs)}
    check.holds(type(order) in (list, tuple), "it should return a list, not {}", order)
    missing, twice = [n for n in nodes if n not in order], [n for n in nodes if list(order).count(n) > 1]
    check.holds(not missing, "the node {} is missing from {}", *missing[:1], order)
    check.holds(not twice, "the node {} is listed more than once in {}", *twice[:1], order)
    place = {node: i for i, node in enumerate(order)}
    early = [(n, v) for n, inputs in example.items() for v in inputs if place[v] > place[n]]
    backwards = all(place[v] > place[n] for n, inputs in example.items() for v in inputs)
    check.holds(
        not early or not backwards,
        "the order is the wrong way round: users come before their inputs in {}",
        order,
    )
    check.holds(
        not early,
        "the node {} comes before its input {} in {} (in a depth-first search, is a node listed when it "
        "is first met, instead of after all its inputs?)",
        *(early[0] if early else (0, 0)),
        order,
    )


check = checks.of(topological_order)
for example in (
    {"f": ("a1", "a2"), "a1": ("x2",), "a2": ("x1", "x2"), "x1": (), "x2": ()},
    {"y": ("x", "x"), "x": ()},
    {"y": ("x", "x", "z")},
    {"J": ("y", "y_hat"), "y_hat": ("b",), "b": ("z", "beta"), "z": ("a",), "a": ("x", "alpha")},
    {"e": ("a", "d"), "a": ("x",), "b": ("a",), "c": ("b",), "d": ("c", "a"), "x": ()},
):
    look_at(check.call(example).value, example)
check.call({"a": ("c",), "b": ("a",), "c": ("b",)}).raises(ValueError, mentioning="cycle")
check.passed()

# %% hidden="topological_order" points=1
# A chain of 10,000 nodes, a graph with more paths than could ever be followed, nodes that are numbers,
# several outputs, a node that is its own input, and a cycle next to a part that is in order.
### BEGIN HIDDEN TESTS
import random
from nextword import checks

check = checks.of(topological_order)


def look_at(order, example):
    nodes = {*example, *(v for inputs in example.values() for v in inputs)}
    check.holds(
        type(order) in (list, tuple) and len(order) == len(nodes) and set(order) == nodes,
        "every node should be listed exactly once",
    )
    place = {node: i for i, node in enumerate(order)}
    check.holds(
        all(place[v] < place[n] for n, inputs in example.items() for v in inputs),
        "a node comes before one of its inputs (in a depth-first search, is a node listed when it "
        "is first met, instead of after all its inputs?)",
    )


shuffled = random.Random(4)
examples = [{"y": ("x",)}, {"z": ("x", "y"), "w": ("x",), "y": ("x", "x")}]
for size in (8, 30):
    edges = {i: tuple(shuffled.choices(range(i), k=shuffled.randrange(4))) for i in range(1, size)}
    examples.append(dict(shuffled.sample(list(edges.items()), len(edges))))
examples.append({i: (i - 1,) for i in range(10_000, 0, -1)})
examples.append(
    {
        **{f"c{i}": (f"c{i - 1}", f"d{i}") for i in range(1, 60)},
        **{f"d{i}": (f"c{i - 1}",) for i in range(1, 60)},
    }
)
for example in examples:
    look_at(check.call(example).value, example)
for example in ({"a": ("a",)}, {"y": ("x",), "x": ("v", "w"), "w": ("x",), "z": ("y", "y")}):
    check.call(example).raises(ValueError, mentioning="cycle")
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 3: pull or push
# *Difficulty 3 of 5 · about 25 minutes · 2 points*
#
# There are two ways to write the backward pass, and they give the same numbers. In both, the nodes are
# visited in reverse topological order, beginning at the output $y$ with $g_y = 1$.
#
# * **Version A, pull.** When it is the turn of a node $v$, it collects what it is owed from everybody who
#   used it:
#   $\displaystyle g_v = \sum_{u \,:\, v \text{ is an input of } u} g_u \, \frac{\partial u}{\partial v}.$
# * **Version B, push.** All gradients start at 0. When it is the turn of a node $u$, its gradient is
#   complete, and it pays out to each of its inputs:
#   $\displaystyle g_v \mathrel{+}= g_u \, \frac{\partial u}{\partial v}.$
#
# Version A must know the users of a node, version B only its inputs, which is what a node knows anyway.
# That is why the programs that you will meet are of version B.
#
# The local derivatives are given as numbers, `partials[u] = (du/dv1, du/dv2, ...)`, one for each *mention*
# of an input in `graph[u]`. For $u = x \cdot x$ with $x = 3$ the graph says `("x", "x")` and the partials
# say `(3.0, 3.0)`. Here every node is a key of `graph` and of `partials`, a leaf with the empty tuple.
#
# <details><summary>Hint 1: what about a node that y does not depend on?</summary>
#
# Nobody pays it anything: its gradient is 0. It must be in the result, too.
#
# </details>
# <details><summary>Hint 2: pseudo-code for version A</summary>
#
# for v in the reversed order: g[v] = 1 if v is y, else the sum over all u and all positions i with
# graph[u][i] == v of g[u] * partials[u][i].
#
# </details>
# <details><summary>Hint 3: if the gradient of x in x * x is half of what it should be</summary>
#
# x is mentioned twice, and each mention pays. `graph[u].index(v)` and `dict(zip(...))` find only one of the
# two.
#
# </details>


# %% answer="backward"
def backward_pull(graph, partials, order):
    """Version A: every node collects from its users.

    graph: node -> tuple of inputs. partials: node -> tuple of numbers, du/dv for each of its inputs.
    order: all nodes in topological order; the last one is the output y.
    Returns a dict: node -> dy/dnode, for every node of the order.
    """
    ### BEGIN SOLUTION
    users = {v: [] for v in order}
    for u in order:
        for v, partial in zip(graph[u], partials[u], strict=True):
            users[v].append((u, partial))
    g = {order[-1]: 1.0}
    for v in reversed(order[:-1]):
        g[v] = sum(g[u] * partial for u, partial in users[v])
    return g
    ### END SOLUTION


def backward_push(graph, partials, order):
    """Version B: every node pays out to its inputs. Arguments and result as for `backward_pull`."""
    ### BEGIN SOLUTION
    g = dict.fromkeys(order, 0.0)
    g[order[-1]] = 1.0
    for u in reversed(order):
        for v, partial in zip(graph[u], partials[u], strict=True):
            g[v] += g[u] * partial
    return g
    ### END SOLUTION


# %% test="backward" points=1
import torch
from nextword import checks


def by_torch(graph, partials, order, once=False):
    """The gradients by PyTorch; with once, only the first use of each value is connected to it."""
    values, used = {}, set()
    for u in order:
        inputs = [values[v].detach().requires_grad_() if once and v in used else values[v] for v in graph[u]]
        for i, v in enumerate(graph[u]):
            if once and v in graph[u][:i]:
                inputs[i] = values[v].detach()
        used |= set(graph[u])
        terms = [d * x for x, d in zip(inputs, partials[u], strict=True)]
        values[u] = sum(terms) if terms else torch.ones((), dtype=torch.float64, requires_grad=True)
        values[u].retain_grad()
    values[order[-1]].backward()
    return {u: 0.0 if values[u].grad is None else values[u].grad.item() for u in order}


examples = {
    "x * x at x = 3": ({"x": (), "y": ("x", "x")}, {"x": (), "y": (3.0, 3.0)}, ["x", "y"]),
    "sin(x2) + x1 x2": (
        {"x1": (), "x2": (), "a1": ("x2",), "a2": ("x1", "x2"), "f": ("a1", "a2")},
        {"x1": (), "x2": (), "a1": (0.8776,), "a2": (0.5, 3.0), "f": (1.0, 1.0)},
        ["x1", "x2", "a1", "a2", "f"],
    ),
    "an unused node": (
        {"x": (), "u": ("x",), "y": ("x",)},
        {"x": (), "u": (4.0,), "y": (-2.0,)},
        ["x", "u", "y"],
    ),
}
for f, name in ((backward_pull, "backward_pull"), (backward_push, "backward_push")):
    check = checks.of(f, name=name)
    for title, example in examples.items():
        expected = by_torch(*example)
        check.call(*example).close_to(
            expected,
            note=f"This is the graph of {title}",
            mistakes={
                "a gradient that arrives replaces the one that is there: they must add up": by_torch(
                    *example, once=True
                ),
                "the output's own gradient is not set to 1": dict.fromkeys(example[2], 0.0),
                "nodes that the output does not depend on are left out: their gradient is 0": {
                    u: g for u, g in expected.items() if g
                },
            },
        )
    check.passed()

# %% hidden="backward" points=1
# Random graphs in which nodes are mentioned several times, have several users, or do not reach the output.
### BEGIN HIDDEN TESTS
import random
import torch
from nextword import checks


def by_torch(graph, partials, order):
    values = {}
    for u in order:
        terms = [d * values[v] for v, d in zip(graph[u], partials[u], strict=True)]
        values[u] = sum(terms) if terms else torch.ones((), dtype=torch.float64, requires_grad=True)
        values[u].retain_grad()
    values[order[-1]].backward()
    return {u: 0.0 if values[u].grad is None else values[u].grad.item() for u in order}


def variant(graph, partials, order, pay, start=1.0):
    g = dict.fromkeys(order, 0.0) | {order[-1]: start}
    for u in reversed(order):
        seen = {}
        for v, d in zip(graph[u], partials[u], strict=True):
            g[v] = pay(g[v], g[u] * d, v in seen)
            seen[v] = d
    return g


chance = random.Random(8)
for f, name in ((backward_pull, "backward_pull"), (backward_push, "backward_push")):
    check = checks.of(f, name=name)
    for size in (3, 6, 12, 25):
        order = [f"v{i}" for i in range(size)]
        graph = {
            u: tuple(chance.choices(order[:i], k=chance.randrange(1, 4))) if i > 1 else ()
            for i, u in enumerate(order)
        }
        partials = {u: tuple(chance.uniform(0.5, 2) * chance.choice((-1, 1)) for _ in graph[u]) for u in order}
        expected = by_torch(graph, partials, order)
        check.call(graph, partials, order).close_to(
            expected,
            mistakes={
                "a gradient that arrives replaces the one that is there: they must add up": variant(
                    graph, partials, order, lambda old, new, again: new
                ),
                "an input that is mentioned twice is paid only once": variant(
                    graph, partials, order, lambda old, new, again: old if again else old + new
                ),
                "the output's own gradient is not set to 1": dict.fromkeys(order, 0.0),
            },
        )
    check.passed()
### END HIDDEN TESTS

# %% [markdown]
# # Part 2: modules
#
# A graph of single numbers for one layer from a thousand units to a thousand has millions of nodes. Nobody
# wants to visit them one by one: we bundle a layer's numbers into one vector-valued node, a **module**, and let NumPy do
# the inside at once. The rule stays the same, a module looks only at its inputs, its output and the
# gradient of its output.
#
# In this part a module is a pair of functions. All of them have the same form, with input $a$, output $b$,
# and perhaps parameters $\omega$:
#
# | | call | result |
# |---|---|---|
# | forward | `module_forward(a)` or `module_forward(a, omega)` | $b$ |
# | backward | `module_backward(a, b, g_b)` | $g_a$ |
# | backward with parameters | `module_backward(a, omega, b, g_b)` | the pair $(g_\omega, g_a)$ |
#
# The backward function gets $b$ although it could compute it again: what the forward pass knows is not
# computed twice.

# %% [markdown]
# ## Exercise 4a: one module under the microscope
# *Difficulty 2 of 5 · about 20 minutes · 1 point*
#
# Notebook 02 ended on the drawbacks of the procedural method, one of which was that a failing check only
# says "somewhere in these lines". A module can be checked alone, so this exercise comes before the
# modules.
#
# The output of a module is an array, not a number. To check *all* of its derivatives at once, take any
# array $g$ of the output's shape and look at the number
#
# $$s = \sum_j g_j \, b_j \qquad\text{with } b = \operatorname{forward}(v_1, v_2, \dots).$$
#
# Its gradient with respect to an input $v_i$ is exactly what the backward function should return when $g$
# arrives from above. So compare with central differences, one entry of one input at a time:
#
# $$\frac{\partial s}{\partial v} \approx \frac{s(v + \varepsilon) - s(v - \varepsilon)}{2 \varepsilon},
# \qquad \varepsilon = 10^{-5}.$$
#
# Choose $g$ at random, never all ones. Softmax shows why: its outputs always add up to 1, so with all ones
# $s$ is a constant, its gradient is 0, and a "backward pass" that returns zeros would be declared right.
#
# <details><summary>Hint 1: how many differences are there?</summary>
#
# As many as the inputs have entries together. `np.ndindex(v.shape)` counts through all positions of an
# array.
#
# </details>
# <details><summary>Hint 2: pseudo-code</summary>
#
# ask the backward function for its gradients. For every input: make an array of its shape for the
# differences; for every position: copy the input, move the copy up by eps, compute s; move it down by eps,
# compute s; note the difference quotient. The error of this input is the largest |difference quotient -
# gradient|.
#
# </details>
# <details><summary>Hint 3: if right modules come out with an error</summary>
#
# An error as large as the gradient itself: was the difference divided by eps instead of 2 eps, or does an
# integer array swallow 1e-5? `np.array(v, dtype=float)` makes a copy, of floats. Half as large: do two names
# share one array, so that moving down only undoes moving up? An error of about 1e-5: did a position that was
# moved stay moved?
#
# </details>


# %% answer="module_error"
def module_error(forward, backward, inputs, g, eps=1e-5):
    """How far the gradients of a module are from central differences: one number for each input.

    forward(*inputs) returns an array (or a number) b. backward(*inputs, b, g) returns a tuple: the gradient
    for each input, in order, when g (the shape of b) is the gradient of b.
    Returns a list: for each input the largest absolute difference over its entries.
    """
    ### BEGIN SOLUTION
    inputs = [np.array(v, dtype=float) for v in inputs]
    errors = []
    for i, gradient in enumerate(backward(*inputs, forward(*inputs), g)):
        differences = np.zeros(inputs[i].shape)
        for place in np.ndindex(inputs[i].shape):
            s = []
            for step in (eps, -eps):
                moved = [v.copy() for v in inputs]
                moved[i][place] += step
                s.append(np.sum(g * forward(*moved)))
            differences[place] = (s[0] - s[1]) / (2 * eps)
        errors.append(np.max(np.abs(differences - gradient)))
    return errors
    ### END SOLUTION


# %% test="module_error" points=0
import numpy as np
from nextword import checks

rng = np.random.default_rng(40)
a, w, g = rng.normal(size=(3, 2)), rng.normal(size=2), rng.normal(size=(3, 2))


def forward(a, w):
    return np.exp(a) * w


def right(a, w, b, g):
    return g * b, np.sum(g * np.exp(a), axis=0)


def without_g(a, w, b, g):
    return b, np.sum(np.exp(a), axis=0)


check = checks.of(module_error)
for eps in (1e-5, 1e-4):
    errors = check.call(forward, right, (a, w), g, eps).array((2,))
    sizes = [np.abs(v).max() for v in right(a, w, forward(a, w), g)]
    check.holds(
        not np.allclose(errors, sizes, rtol=0.01),
        "the errors {} are as large as the gradients themselves: did you divide by 2 eps, and not by eps? (or "
        "does the moved copy never reach forward?)",
        errors,
    )
    check.holds(
        np.all(errors < 1e-5),
        "this module is right, but the errors are {} (is s weighted with g? are the differences central, and divided "
        "by 2 eps? is every entry moved back?)",
        errors,
    )
errors = [
    np.abs(p - q).max()
    for p, q in zip(without_g(a, w, forward(a, w), g), right(a, w, forward(a, w), g), strict=True)
]
found = check.call(forward, without_g, (a, w), g).array((2,))
check.holds(
    np.all(found > 0.1),
    "this module does not use the gradient from above, but the errors are only {}: such a check takes wrong "
    "modules for right. Are all the factors g in s, and does the backward function get g?",
    found,
)
check.call(forward, without_g, (a, w), g).close_to(errors, rtol=1e-5)
check.passed()

# %% hidden="module_error" points=1
# Three inputs of which one is integer, a number as output, a module whose gradient is too small in one place
# only and one whose gradient is too large, and whether the differences are central.
### BEGIN HIDDEN TESTS
import numpy as np
from nextword import checks

rng = np.random.default_rng(41)
a, w, c = rng.normal(size=(2, 3)), rng.normal(size=(4, 3)), np.arange(1, 5)
check = checks.of(module_error)


def forward(a, w, c):
    return np.tanh(a @ w.T) * c


def backward(a, w, c, b, g, wrong=0.0):
    inner = g * c * (1 - np.tanh(a @ w.T) ** 2)
    g_w = inner.T @ a
    g_w[2, 1] += wrong
    return inner @ w, g_w, np.sum(g * np.tanh(a @ w.T), axis=0)


g = rng.normal(size=(2, 4))
for wrong in (0.75, -0.5):
    errors = check.call(forward, lambda *v, wrong=wrong: backward(*v, wrong=wrong), (a, w, c), g).array((3,))
    check.holds(
        errors[0] < 1e-6 and errors[2] < 1e-6,
        "two inputs are right, their errors should be tiny, not {}",
        errors[[0, 2]],
    )
    check.holds(
        abs(errors[1] - abs(wrong)) < 1e-6,
        "one entry of a gradient is off by {}, and the error is {}: it is the "
        "largest absolute difference, whatever its sign",
        wrong,
        errors[1],
    )
cube = check.call(
    lambda a: a**3, lambda a, b, g: (3 * a**2 * g,), (np.array([1.0, 2.0]),), np.array([1.0, -3.0]), 1e-3
).array((1,))
check.holds(
    cube[0] < 1e-4,
    "with eps = 0.001 the error of a right cube module should be about eps**2, but it is {} "
    "(one-sided differences give about eps)",
    cube[0],
)
number = check.call(
    lambda a: np.sum(a * a), lambda a, b, g: (2 * a * g,), (np.array([[1.0], [-2.0]]),), 0.7
).array((1,))
check.holds(number[0] < 1e-6, "a module whose output is a number is right, but its error is {}", number[0])
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 4b: the sigmoid module
# *Difficulty 1 of 5 · about 10 minutes · 1 point*
#
# Entry by entry, $b = \sigma(a)$ with $\sigma'(a) = \sigma(a)(1 - \sigma(a))$. The Jacobian is diagonal, so
# it is never formed:
#
# $$g_a = g_b \odot b \odot (1 - b) \qquad (\odot\colon \text{entry by entry}).$$
#
# The forward function must not overflow: with $e = e^{-|a|}$ use $1/(1+e)$ where $a \ge 0$ and $e/(1+e)$
# elsewhere. (The tests compare values, `nan` counts as wrong. A `RuntimeWarning` alone costs no points, but
# the form above gives none.)
#
# <details><summary>Hint: which quantities does the backward function need?</summary>
#
# `b` and `g_b`. The input `a` is handed over for the sake of the common form; if you use it, you compute
# the sigmoid again.
#
# </details>


# %% answer="sigmoid_module"
def sigmoid_forward(a):
    """b = sigmoid(a), entry by entry, without overflow. a, b: arrays of the same shape."""
    ### BEGIN SOLUTION
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1.0, e) / (1.0 + e)
    ### END SOLUTION


def sigmoid_backward(a, b, g_b):
    """g_a (the shape of a), when b is the output for a, and g_b the gradient of b."""
    ### BEGIN SOLUTION
    return g_b * b * (1 - b)
    ### END SOLUTION


# %% test="sigmoid_module" points=0
import numpy as np
import torch
from nextword import checks

a = np.random.default_rng(42).normal(size=(4, 3)) * 2
b = torch.sigmoid(torch.tensor(a)).numpy()
g = checks.cotangent(a.shape)
check = checks.of(sigmoid_forward)
check.call(a).close_to(b, mistakes={"the exponent has the wrong sign": 1 - b})
far = np.array([-1000.0, 0.0, 1000.0])
check.call(far).close_to(
    torch.sigmoid(torch.tensor(far)),
    mistakes={"exp overflows, and infinity is divided by infinity": np.array([0.0, 0.5, np.nan])},
)
check.passed()
check = checks.of(sigmoid_backward)
check.call(a, b, g).close_to(
    checks.torch_gradients(torch.sigmoid, (a,), g)[0],
    mistakes={
        "the gradient g_b that arrives from above is not used": b * (1 - b),
        "a is used where the output b belongs": g * a * (1 - a),
        "the sigmoid is applied to b once more": g * 1 / (1 + np.exp(-b)) * (1 - 1 / (1 + np.exp(-b))),
        "the factor 1 - b is missing": g * b,
    },
)
check.passed()

# %% hidden="sigmoid_module" points=1
# Other shapes, and inputs far from 0 on both sides.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(43)
forward, backward = checks.of(sigmoid_forward), checks.of(sigmoid_backward)
for a in (rng.normal(size=5), rng.normal(size=(2, 3, 4)), rng.normal(size=(6, 2)) * 1000):
    b, g = torch.sigmoid(torch.tensor(a)).numpy(), checks.cotangent(a.shape, seed=a.size)
    forward.call(a).close_to(b)
    backward.call(a, b, g).close_to(
        checks.torch_gradients(torch.sigmoid, (a,), g)[0],
        mistakes={
            "the gradient g_b that arrives from above is not used": b * (1 - b),
            "a is used where the output b belongs": g * a * (1 - a),
            "the factor 1 - b is missing": g * b,
        },
    )
forward.passed()
backward.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 4c: the softmax module
# *Difficulty 3 of 5 · about 20 minutes · 2 points*
#
# Softmax is the first module in which every output depends on every input of its row:
# $\partial b_j / \partial a_i = b_j (\delta_{ij} - b_i)$ ($\delta_{ij}$ is 1 if $i = j$, else 0). For one
# row, with $b$ and $g_b$ as columns and $g_a$ as a row,
#
# $$g_a = g_b^T \, \big( \operatorname{diag}(b) - b\, b^T \big).$$
#
# The matrix is $K \times K$ for *each* row of the batch. Multiply the formula out first: what is
# $g_b^T \operatorname{diag}(b)$, and what is $g_b^T b\, b^T$ if you start with $g_b^T b$, which is a
# number? Then no matrix is left, and the whole batch is two lines.
#
# <details><summary>Hint 1: the two terms</summary>
#
# The first one is $g_b \odot b$. The second one is the number $\sum_j (g_b)_j\, b_j$ times $b$. Both are
# rows of length $K$.
#
# </details>
# <details><summary>Hint 2: if the gradients of a row do not add up to 0</summary>
#
# They must: adding the same number to all scores of a row does not change the softmax. If yours do not,
# look at the axis over which you sum, and at `keepdims`.
#
# </details>


# %% answer="softmax_module"
def softmax_forward(a):
    """b = softmax(a) for every row. a, b: (B, K). Scores may be as large as 1000."""
    ### BEGIN SOLUTION
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
    ### END SOLUTION


def softmax_backward(a, b, g_b):
    """g_a (B, K), when b is the output for a, and g_b the gradient of b; all (B, K)."""
    ### BEGIN SOLUTION
    return b * (g_b - np.sum(g_b * b, axis=1, keepdims=True))
    ### END SOLUTION


# %% test="softmax_module" points=1
import numpy as np
import torch
from nextword import checks

a = np.random.default_rng(44).normal(size=(4, 3))
b = torch.softmax(torch.tensor(a), dim=1).numpy()
g = checks.cotangent(a.shape)
check = checks.of(softmax_forward)
check.call(a).close_to(
    b,
    mistakes={
        "the sum runs over the examples (axis 0) instead of the classes": torch.softmax(torch.tensor(a), dim=0),
        "you divide by the sum over the whole batch": torch.softmax(torch.tensor(a).flatten(), 0).reshape(a.shape),
    },
)
large = np.array([[1000.0, 999.0, 0.0], [-1000.0, -1001.0, -1000.0]])
check.call(large).close_to(torch.softmax(torch.tensor(large), dim=1))
check.passed()
check = checks.of(softmax_backward)
right = checks.torch_gradients(lambda a: torch.softmax(a, 1), (a,), g)[0]
check.call(a, b, g).close_to(
    right,
    mistakes={
        "only the diagonal of the Jacobian is used: each score changes all probabilities of its row": g
        * b
        * (1 - b),
        "only diag(b) is used, the term with b b^T is missing": g * b,
        "the gradient g_b that arrives from above is not used": b * (1 - b),
        "g_b is taken to be all ones, and then the gradient is 0": np.zeros_like(b),
        "the second term is added instead of subtracted": 2 * g * b - right,
    },
)
check.passed()

# %% hidden="softmax_module" points=1
# A single example, two classes, as many classes as examples, and scores that are far apart.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(45)
forward, backward = checks.of(softmax_forward), checks.of(softmax_backward)
for a in (
    rng.normal(size=(4, 4)),
    rng.normal(size=(1, 5)),
    rng.normal(size=(6, 2)),
    rng.normal(size=(3, 7)) * 400,
):
    b, g = torch.softmax(torch.tensor(a), dim=1).numpy(), checks.cotangent(a.shape, seed=a.size)
    forward.call(a).close_to(b)
    backward.call(a, b, g).close_to(
        checks.torch_gradients(lambda a: torch.softmax(a, 1), (a,), g)[0],
        mistakes={
            "only the diagonal of the Jacobian is used: each score changes all probabilities of its row": g
            * b
            * (1 - b),
            "only diag(b) is used, the term with b b^T is missing": g * b,
            "g_b is taken to be all ones, and then the gradient is 0": np.zeros_like(b),
            "the sum runs over the examples (axis 0) instead of the classes": b * (g - (g * b).sum(axis=0)),
            "the sum runs over the whole batch instead of each row": b * (g - (g * b).sum()),
            "the sum over j lacks the factor b_j": b * (g - g.sum(axis=1, keepdims=True)),
        },
        atol=1e-12,  # where a probability is nearly 1, terms of size 1 cancel
    )
forward.passed()
backward.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 4d: the linear module
# *Difficulty 3 of 5 · about 20 minutes · 2 points*
#
# The linear module has two inputs, $a$ and the parameters $\omega$, and so it has two gradients to hand
# back. For one example, as a column and without bias, $b = \omega a$ and
#
# $$g_\omega = g_b\, a^T, \qquad g_a = \omega^T g_b .$$
#
# Here examples are rows, there are $O$ outputs, and column 0 of $\omega$ is the bias: $b = [1, a]\;
# \omega^T$, where $[1, a]$ is $a$ with a column of ones before it. Translate both formulas. Two things
# want care. The examples of a batch all use the same $\omega$, so their contributions add up (a product
# of two matrices does that for you). And nobody asked for the gradient of the ones.
#
# <details><summary>Hint 1: let the shapes decide</summary>
#
# $g_\omega$ must be $(O, 1 + I)$, and it is made from $g_b$ $(B, O)$ and $[1, a]$ $(B, 1 + I)$. There is
# only one way to multiply these, and it makes $B$ disappear, which is the sum over the examples.
#
# </details>
# <details><summary>Hint 2: if g_a has one column too many</summary>
#
# $g_b\,\omega$ is the gradient of $[1, a]$. Leave out the column that belongs to the ones: use
# `omega[:, 1:]`.
#
# </details>


# %% answer="linear_module"
def linear_forward(a, omega):
    """b (B, O) = [1, a] omega^T, for a (B, I) and omega (O, 1 + I) with the biases in column 0."""
    ### BEGIN SOLUTION
    return omega[:, 0] + a @ omega[:, 1:].T
    ### END SOLUTION


def linear_backward(a, omega, b, g_b):
    """The pair (g_omega, g_a), shaped like omega (O, 1 + I) and a (B, I); g_b (B, O) is the gradient of b."""
    ### BEGIN SOLUTION
    ones_and_a = np.hstack([np.ones((len(a), 1)), a])
    return g_b.T @ ones_and_a, g_b @ omega[:, 1:]
    ### END SOLUTION


# %% test="linear_module" points=1
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(46)
a, omega = rng.normal(size=(4, 3)), rng.normal(size=(2, 4))
ones_and_a = np.hstack([np.ones((4, 1)), a])
linear, g = torch.nn.functional.linear, checks.cotangent((4, 2))


def reference(w, a):
    return linear(a, w[:, 1:], w[:, 0])


b = reference(torch.tensor(omega), torch.tensor(a)).numpy()
g_omega, g_a = checks.torch_gradients(reference, (omega, a), g)
g_with_ones = checks.torch_gradients(linear, (ones_and_a, omega), g)[0]
check = checks.of(linear_forward)
check.call(a, omega).close_to(
    b,
    mistakes={
        "the biases are taken from the last column of omega: they are in column 0": linear(
            *map(torch.tensor, (a, omega[:, :-1], omega[:, -1]))
        ),
        "the biases, column 0 of omega, are left out": b - omega[:, 0],
    },
)
check.passed()
check = checks.of(linear_backward)
check.call(a, omega, b, g).close_to(
    (g_omega, g_a),
    mistakes={
        "the two gradients are in the wrong order: g_omega first, then g_a": (g_a, g_omega),
        "column 0 of g_omega, the gradient of the biases, is 0": (g_omega * [0, 1, 1, 1], g_a),
        "g_omega is averaged over the batch: the mean is the loss's business": (g_omega / 4, g_a),
        "g_a contains a column for the ones, which are no input": (g_omega, g_with_ones),
        "g_a leaves out the last column of omega instead of column 0": (g_omega, g_with_ones[:, :-1]),
        "the gradient g_b that arrives from above is not used": tuple(
            checks.torch_gradients(reference, (omega, a), np.ones((4, 2)))
        ),
    },
)
check.passed()

# %% hidden="linear_module" points=1
# A single example, a single output, and weights for which a transposed matrix has the same shape.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(47)
forward, backward = checks.of(linear_forward), checks.of(linear_backward)
for B, I, O in ((1, 4, 3), (5, 2, 1), (3, 2, 3), (4, 4, 4), (3, 5, 2)):
    a, omega = rng.normal(size=(B, I)), rng.normal(size=(O, 1 + I))
    b, g = omega[:, 0] + a @ omega[:, 1:].T, checks.cotangent((B, O), seed=O)
    g_omega, g_a = checks.torch_gradients(lambda w, a: a @ w[:, 1:].T + w[:, 0], (omega, a), g)
    forward.call(a, omega).close_to(b)
    mistakes = {
        "column 0 of g_omega, the gradient of the biases, is 0": (g_omega * (np.arange(1 + I) > 0), g_a),
        "g_omega is averaged over the batch: the mean is the loss's business": (g_omega / B, g_a),
    }
    if I == O:
        mistakes["g_a uses the transposed weights: it is g_b times omega without column 0, as it stands"] = (
            g_omega,
            g @ omega[:, 1:].T,
        )
    if O == I + 1:
        mistakes["g_omega is transposed"] = (g_omega.T, g_a)
    backward.call(a, omega, b, g).close_to((g_omega, g_a), mistakes=mistakes)
forward.passed()
backward.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 4e: the cross-entropy module
# *Difficulty 2 of 5 · about 10 minutes · 1 point*
#
# The last module has a number as its output. $a$ holds the true distributions (one-hot, as a rule),
# $\hat a$ the predicted ones, and the loss is the mean over the examples, in nats:
#
# $$b = -\frac{1}{B} \sum_{n=1}^{B} a_n^T \log \hat a_n,
# \qquad g_{\hat a} = -\frac{g_b}{B}\; a \div \hat a .$$
#
# ($\div$ is entry by entry.) The truth $a$ gets no gradient; nobody is going to change it. And although
# the loss usually is the end of the graph, where $g_b = 1$, the module does not know that: somebody might
# weight the loss, or add another one to it.
#
# A prediction can underflow to exactly 0 where the truth is 0 too. Then $0 \log 0$ counts as 0, and
# $0 \div 0$ as 0. Where the truth is *not* 0, the loss is infinite.
#
# <details><summary>Hint: if you see nan, or "invalid value encountered in divide"</summary>
#
# Divide only where a > 0: `np.divide(a, a_hat, out=np.zeros_like(a_hat), where=a > 0)`, or pick the entries
# with a mask.
#
# </details>


# %% answer="cross_entropy_module"
def cross_entropy_forward(a, a_hat):
    """The mean cross-entropy, a number in nats, of the truth a (B, K) and the prediction a_hat (B, K)."""
    ### BEGIN SOLUTION
    needed = a > 0
    with np.errstate(divide="ignore"):
        return float(-np.sum(a[needed] * np.log(a_hat[needed])) / len(a))
    ### END SOLUTION


def cross_entropy_backward(a, a_hat, b, g_b):
    """The gradient of a_hat (B, K), when b is the loss and the number g_b its gradient; 0 where a is 0."""
    ### BEGIN SOLUTION
    quotient = np.divide(a, a_hat, out=np.zeros_like(a_hat), where=a > 0)
    return -g_b * quotient / len(a)
    ### END SOLUTION


# %% test="cross_entropy_module" points=0
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(48)
a, a_hat = np.eye(3)[[2, 0, 2, 1]], rng.dirichlet(np.ones(3), size=4)


def loss(a_hat, a=a):
    return -(torch.tensor(a) * torch.log(a_hat)).sum() / len(a)


b, g = loss(torch.tensor(a_hat)).item(), 1.7
check = checks.of(cross_entropy_forward)
check.call(a, a_hat).close_to(
    b,
    mistakes={
        "the losses of the examples are added up instead of averaged": 4 * b,
        "the mean is taken over all entries, classes included": b / 3,
    },
)
check.passed()
check = checks.of(cross_entropy_backward)
g_a_hat = checks.torch_gradients(loss, (a_hat,), g)[0]
check.call(a, a_hat, b, g).close_to(
    g_a_hat,
    mistakes={
        "the gradient g_b that arrives from above is not used": g_a_hat / g,
        "the division by the number of examples is missing": g_a_hat * 4,
        "the minus sign is missing": -g_a_hat,
        "this is p - y, the gradient of softmax and cross-entropy together: here it is only the second": g
        * (a_hat - a)
        / 4,
        "the loss b is used where its gradient g_b belongs": g_a_hat / g * b,
    },
)
check.passed()

# %% hidden="cross_entropy_module" points=1
# Truths that are not one-hot, other sizes, and predictions that are exactly 0.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(49)
forward, backward = checks.of(cross_entropy_forward), checks.of(cross_entropy_backward)
for B, K in ((1, 4), (5, 2), (3, 6)):
    a, a_hat, g = rng.dirichlet(np.ones(K), size=B), rng.dirichlet(np.ones(K), size=B), float(rng.normal())

    def loss(a_hat, a=a):
        return -(torch.tensor(a) * torch.log(a_hat)).sum() / len(a)

    b, g_a_hat = loss(torch.tensor(a_hat)).item(), checks.torch_gradients(loss, (a_hat,), g)[0]
    forward.call(a, a_hat).close_to(b)
    backward.call(a, a_hat, b, g).close_to(
        g_a_hat,
        mistakes={
            "the gradient g_b that arrives from above is not used": g_a_hat / g,
            "the division by the number of examples is missing": g_a_hat * B,
        },
    )
a, a_hat = np.array([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5]]), np.array([[0.0, 0.8, 0.2], [0.25, 0.0, 0.75]])
b = -(np.log(0.8) + 0.5 * np.log(0.25) + 0.5 * np.log(0.75)) / 2
forward.call(a, a_hat).close_to(b, mistakes={"0 * log(0) is computed, which NumPy takes for nan": np.nan})
backward.call(a, a_hat, b, -2.0).close_to(
    np.array([[0, 1 / 0.8, 0], [2.0, 0, 0.5 / 0.75]]),
    mistakes={
        "0 / 0 is computed, which NumPy takes for nan": np.array(
            [[np.nan, 1 / 0.8, 0], [2.0, np.nan, 0.5 / 0.75]]
        )
    },
)
sure = forward.call(np.eye(2), np.array([[0.0, 1.0], [0.5, 0.5]])).returned(float)
forward.holds(sure == np.inf, "a right answer has probability 0, so the loss is infinite; yours is {}", sure)
forward.passed()
backward.passed()
### END HIDDEN TESTS

# %% [markdown]
# Now your microscope on your modules: every gradient of every module should agree with finite differences
# to about nine digits.
#
# *Alternative text: a table printed as text, one line per module and input, each with an error far below
# 0.000001.*

# %% figure="errors"
import numpy as np

rng = np.random.default_rng(0)
a, omega, truth = rng.normal(size=(4, 3)), rng.normal(size=(2, 4)), np.eye(3)[[0, 2, 1, 1]]
p = softmax_forward(rng.normal(size=(4, 3)))
pairs = {
    "sigmoid": (sigmoid_forward, lambda *v: (sigmoid_backward(*v),), ["a"], (a,)),
    "softmax": (softmax_forward, lambda *v: (softmax_backward(*v),), ["a"], (a,)),
    "linear": (linear_forward, lambda *v: linear_backward(*v)[::-1], ["a", "omega"], (a, omega)),
    "cross_entropy": (
        lambda p: cross_entropy_forward(truth, p),
        lambda p, b, g: (cross_entropy_backward(truth, p, b, g),),
        ["a_hat"],
        (p,),
    ),
}
for name, (forward, backward, inputs, values) in pairs.items():
    g = rng.normal(size=np.shape(forward(*values)))
    for of_what, error in zip(inputs, module_error(forward, backward, values, g), strict=True):
        print(f"{name:14}  g_{of_what:6}  largest error {error:.1e}  {'fine' if error < 1e-6 else 'WRONG'}")

# %% [markdown]
# ## Exercise 5: the same network, in modules
# *Difficulty 2 of 5 · about 20 minutes · 2 points*
#
# In notebook 02 the network filled a page. With modules the forward pass is a list of calls,
#
# $$a = \operatorname{linear}(x, \alpha), \quad z = \operatorname{sigmoid}(a),
# \quad b = \operatorname{linear}(z, \beta), \quad \hat y = \operatorname{softmax}(b),
# \quad J = \operatorname{cross\_entropy}(y, \hat y),$$
#
# and the backward pass is the same list from the end, where every call to a backward function gets what the
# forward function got, what it returned, and the gradient of that. It begins with $g_J = 1$.
#
# The modules come in as an argument, a dict with a pair `(forward, backward)` for each of `"linear"`,
# `"sigmoid"`, `"softmax"` and `"cross_entropy"`. So your two functions know nothing of what happens inside
# a module, and somebody can exchange one: that is the first thing that modules buy. The second: what
# happens inside a module is its own business, so that it can be made faster or more exact alone, as your
# softmax, which never forms its Jacobian.
#
# <details><summary>Hint 1: how do I call what is in the dict?</summary>
#
# `linear_forward, linear_backward = modules["linear"]`, and then as usual.
#
# </details>
# <details><summary>Hint 2: if the gradients are right down to g_beta and wrong from g_z on</summary>
#
# `linear_backward` returns two gradients, that of its parameters first. Which of them goes on to the next
# module?
#
# </details>


# %% answer="nn_in_modules"
def nn_forward(x, y, alpha, beta, modules):
    """All quantities of the forward pass, by name: a dict with the keys "x", "a", "z", "b", "y_hat", "J".

    x: (B, I). y: (B, K), rows are distributions. alpha: (D, 1 + I). beta: (K, 1 + D).
    modules: a dict, "linear", "sigmoid", "softmax" and "cross_entropy" -> (forward, backward).
    """
    ### BEGIN SOLUTION
    a = modules["linear"][0](x, alpha)
    z = modules["sigmoid"][0](a)
    b = modules["linear"][0](z, beta)
    y_hat = modules["softmax"][0](b)
    J = modules["cross_entropy"][0](y, y_hat)
    return {"x": x, "a": a, "z": z, "b": b, "y_hat": y_hat, "J": J}
    ### END SOLUTION


def nn_backward(x, y, alpha, beta, o, modules):
    """All gradients by name: a dict with the keys "g_y_hat", "g_b", "g_beta", "g_z", "g_a", "g_alpha".

    o: what nn_forward returned for the same arguments. The other arguments are as there.
    """
    ### BEGIN SOLUTION
    g_y_hat = modules["cross_entropy"][1](y, o["y_hat"], o["J"], 1.0)
    g_b = modules["softmax"][1](o["b"], o["y_hat"], g_y_hat)
    g_beta, g_z = modules["linear"][1](o["z"], beta, o["b"], g_b)
    g_a = modules["sigmoid"][1](o["a"], o["z"], g_z)
    g_alpha, _ = modules["linear"][1](x, alpha, o["a"], g_a)
    return {"g_y_hat": g_y_hat, "g_b": g_b, "g_beta": g_beta, "g_z": g_z, "g_a": g_a, "g_alpha": g_alpha}
    ### END SOLUTION


# %% test="nn_in_modules" points=1
import numpy as np
import torch
from nextword import checks


def pair(reference, wanted=slice(None)):
    """A module made with PyTorch, so that this test does not depend on yours."""

    def backward(*v):
        gradients = checks.torch_gradients(reference, v[:-2], v[-1])[wanted]
        return tuple(gradients) if type(gradients) is list else gradients

    return lambda *v: reference(*map(torch.tensor, v)).numpy(), backward


modules = {
    "linear": pair(lambda a, w: a @ w[:, 1:].T + w[:, 0], slice(None, None, -1)),
    "sigmoid": pair(torch.sigmoid, 0),
    "softmax": pair(lambda a: torch.softmax(a, 1), 0),
    "cross_entropy": pair(lambda y, p: -(y * torch.log(p)).sum() / len(y), 1),
}
rng = np.random.default_rng(50)
x, y = rng.normal(size=(4, 3)), np.eye(2)[[1, 0, 0, 1]]
alpha, beta = rng.normal(size=(5, 4)), rng.normal(size=(2, 6))
t = {"alpha": torch.tensor(alpha, requires_grad=True), "beta": torch.tensor(beta, requires_grad=True)}
t["a"] = torch.tensor(x) @ t["alpha"][:, 1:].T + t["alpha"][:, 0]
t["z"] = torch.sigmoid(t["a"])
t["b"] = t["z"] @ t["beta"][:, 1:].T + t["beta"][:, 0]
t["y_hat"] = torch.softmax(t["b"], 1)
t["J"] = -(torch.tensor(y) * torch.log(t["y_hat"])).sum() / len(x)
for v in t.values():
    v.retain_grad()
t["J"].backward()
o = {"x": x} | {name: t[name].detach().numpy() for name in ("a", "z", "b", "y_hat", "J")}
gradients = {f"g_{name}": t[name].grad.numpy() for name in ("y_hat", "b", "beta", "z", "a", "alpha")}

check = checks.of(nn_forward)
check.call(x, y, alpha, beta, modules).close_to(
    o,
    mistakes={
        "truth and prediction have changed places in cross_entropy: the truth comes first": o | {"J": np.inf}
    },
)
check.passed()
check = checks.of(nn_backward)
check.call(x, y, alpha, beta, o, modules).close_to(
    gradients,
    mistakes={
        "the backward pass begins with the loss J instead of g_J = 1": {
            k: v * o["J"] for k, v in gradients.items()
        }
    },
)
check.passed()

# %% hidden="nn_in_modules" points=1
# Other sizes, and other modules in the places of yours: tanh for the sigmoid, a squared error for the
# cross-entropy.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks


def pair(reference, wanted=slice(None)):
    def backward(*v):
        gradients = checks.torch_gradients(reference, v[:-2], v[-1])[wanted]
        return tuple(gradients) if type(gradients) is list else gradients

    return lambda *v: reference(*map(torch.tensor, v)).numpy(), backward


modules = {
    "linear": pair(lambda a, w: a @ w[:, 1:].T + w[:, 0], slice(None, None, -1)),
    "sigmoid": pair(torch.tanh, 0),
    "softmax": pair(lambda a: torch.softmax(a, 1), 0),
    "cross_entropy": pair(lambda y, p: ((y - p) ** 2).sum() / len(y), 1),
}
rng = np.random.default_rng(51)
forward, backward = checks.of(nn_forward), checks.of(nn_backward)
note = "Here other modules are in the dict: does your function use them, or those that are defined above?"
for B, I, D, K in ((1, 2, 3, 4), (6, 4, 2, 3), (3, 3, 3, 3)):
    x, y = rng.normal(size=(B, I)), rng.dirichlet(np.ones(K), size=B)
    alpha, beta = rng.normal(size=(D, 1 + I)), rng.normal(size=(K, 1 + D))
    t = {"alpha": torch.tensor(alpha, requires_grad=True), "beta": torch.tensor(beta, requires_grad=True)}
    t["a"] = torch.tensor(x) @ t["alpha"][:, 1:].T + t["alpha"][:, 0]
    t["z"] = torch.tanh(t["a"])
    t["b"] = t["z"] @ t["beta"][:, 1:].T + t["beta"][:, 0]
    t["y_hat"] = torch.softmax(t["b"], 1)
    t["J"] = ((torch.tensor(y) - t["y_hat"]) ** 2).sum() / B
    for v in t.values():
        v.retain_grad()
    t["J"].backward()
    o = {"x": x} | {name: t[name].detach().numpy() for name in ("a", "z", "b", "y_hat", "J")}
    forward.call(x, y, alpha, beta, modules).close_to(o, note=note)
    gradients = {f"g_{name}": t[name].grad.numpy() for name in ("y_hat", "b", "beta", "z", "a", "alpha")}
    backward.call(x, y, alpha, beta, o, modules).close_to(gradients, note=note)
forward.passed()
backward.passed()
### END HIDDEN TESTS

# %% [markdown]
# With your own modules, on a small batch:

# %% figure="nn_in_modules"
import numpy as np

my_modules = {
    "linear": (linear_forward, linear_backward),
    "sigmoid": (sigmoid_forward, sigmoid_backward),
    "softmax": (softmax_forward, softmax_backward),
    "cross_entropy": (cross_entropy_forward, cross_entropy_backward),
}
rng = np.random.default_rng(1)
x, y, alpha, beta = (
    rng.normal(size=(4, 3)),
    np.eye(2)[[1, 0, 0, 1]],
    rng.normal(size=(5, 4)),
    rng.normal(size=(2, 6)),
)
o = nn_forward(x, y, alpha, beta, my_modules)
for name, gradient in nn_backward(x, y, alpha, beta, o, my_modules).items():
    print(f"{name:8} {str(gradient.shape):7} norm {np.linalg.norm(gradient):.4f}")

# %% [markdown]
# # Part 3: the tape
#
# Two lists of calls, forwards and backwards, and the second one follows from the first. So why write it? If
# every module *remembers* what it was applied to, and somebody remembers the order in which modules were
# applied, the backward pass needs no author.
#
# The lectures do it with objects. A module that has been applied is a node of the graph: it holds its
# output, `out_tensor`, and the gradient of that output, `out_gradient`. A global list, the **tape**, holds
# all nodes in the order in which they came to be. That is a topological order (an output cannot exist
# before its inputs), so there is nothing to sort: the backward pass takes nodes off the end of the tape
# until it is empty.

# %% [markdown]
# ## Exercise 6a: Module, and the tape
# *Difficulty 4 of 5 · about 40 minutes · 3 points*
#
# `Module` is what all modules have in common. A particular module adds two methods, with the form that you
# know:
#
# * `forward(*in_tensors)` computes the output from the inputs;
# * `backward(*in_tensors, out_tensor, out_gradient)` returns a tuple with the gradient for each input, *in
#   the order of the inputs*. `None` stands for an input that gets no gradient.
#
# You write the other three:
#
# * **`apply_fwd(*in_modules)`** applies the module to other modules, of which it uses `out_tensor`. It
#   stores what the backward pass will need (`in_modules`, `in_tensors`, `out_tensor`), sets `out_gradient`
#   to zero, pushes the module on the tape, and returns the module.
# * **`apply_bwd()`** calls `backward`, stores the result as `in_gradients`, adds each gradient to the
#   `out_gradient` of the module that it belongs to, and returns the module. A node with two users is paid
#   twice (version B of exercise 3).
# * **`tape_bwd()`** starts the pass: the last module on the tape is $J$, its gradient is 1. Then it pops
#   modules off the tape and applies each backwards, until the tape is empty.
#
# One thing can go wrong silently. A module object has room for the memory of *one* application; applied a
# second time before the backward pass, it would overwrite what it remembers of the first. Refuse that:
# `apply_fwd` of a module that is on the tape raises a `RuntimeError`.
#
# (On some slides of the lectures `out_gradient` starts at 1 for every module. That is right only for the
# last one; with `+=` every other module would get 1 too much, and pass the error on.)
#
# Some things are given below your part. A `Leaf` is an input or a parameter: nothing computes it, it is
# never on the tape. `Function` makes a module out of two functions, and `value_and_gradients` runs a graph
# forwards and backwards; the tests use them, so this exercise does not depend on your earlier ones.
#
# <details><summary>Hint 1: three lines each</summary>
#
# `apply_fwd`: collect the `out_tensor` of every input; call `self.forward(*in_tensors)`; remember, push,
# return. `apply_bwd`: call `self.backward(*self.in_tensors, self.out_tensor, self.out_gradient)`; pay every
# input; return.
#
# </details>
# <details><summary>Hint 2: what is a zero out_gradient?</summary>
#
# `np.zeros_like(self.out_tensor)` has the right shape. If the output is an integer, so are such zeros: add
# `dtype=float`.
#
# </details>
# <details><summary>Hint 3: if gradients are right once, and wrong when the same graph is used again</summary>
#
# `out_gradient` still holds the sum of the last pass. Which method must set it to zero, so that it happens
# every time? (`Leaf`s keep theirs: it is the caller's. Exercise 9 comes back to that.)
#
# </details>

# %% answer="module"
tape = []


class Module:
    """A module: applied to others, it is a node of the graph."""

    def __init__(self):
        self.in_modules, self.in_tensors, self.out_tensor = (), [], None
        self.in_gradients, self.out_gradient = (), None

    def apply_fwd(self, *in_modules):
        """Compute out_tensor from those of in_modules, go on the tape, return self. See the text."""
        ### BEGIN SOLUTION
        if any(module is self for module in tape):
            raise RuntimeError("this module is on the tape already: use a new one for each application")
        self.in_modules = in_modules
        self.in_tensors = [module.out_tensor for module in in_modules]
        self.out_tensor = self.forward(*self.in_tensors)
        self.out_gradient = np.zeros_like(self.out_tensor, dtype=float)
        tape.append(self)
        return self
        ### END SOLUTION

    def apply_bwd(self):
        """Add to the out_gradient of every in_module what backward says; return self. See the text."""
        ### BEGIN SOLUTION
        self.in_gradients = self.backward(*self.in_tensors, self.out_tensor, self.out_gradient)
        for module, gradient in zip(self.in_modules, self.in_gradients, strict=True):
            if gradient is not None:
                module.out_gradient = module.out_gradient + gradient
        return self
        ### END SOLUTION


def tape_bwd():
    """The backward pass: from the last module on the tape, whose gradient is 1, until the tape is empty."""
    ### BEGIN SOLUTION
    tape[-1].out_gradient = np.ones_like(tape[-1].out_tensor, dtype=float)
    while tape:
        tape.pop().apply_bwd()
    ### END SOLUTION


class Leaf(Module):
    """An input or a parameter: its out_tensor is set from outside, its out_gradient begins at zero."""

    def __init__(self, tensor):
        super().__init__()
        self.out_tensor = np.array(tensor, dtype=float)
        self.out_gradient = np.zeros_like(self.out_tensor)


class Function(Module):
    """A module made of two functions: forward(*inputs) and backward(*inputs, output, out_gradient)."""

    def __init__(self, forward, backward):
        super().__init__()
        self.forward, self.backward = forward, backward


def value_and_gradients(build, *arrays):
    """J and the gradient for each array. build takes a Leaf for each array and returns the last module."""
    tape.clear()
    leaves = [Leaf(array) for array in arrays]
    J = build(*leaves).out_tensor
    tape_bwd()
    return J, [leaf.out_gradient for leaf in leaves]


# %% test="module" points=1
import numpy as np
from nextword import checks

rng = np.random.default_rng(60)
x, w, c = rng.normal(size=(4, 3)), rng.normal(size=3), checks.cotangent((4, 3))


def times():
    return Function(lambda a, b: a * b, lambda a, b, out, g: (g * b, g * a))


def scale():  # every row of a (B, D) times w (D,)
    return Function(lambda a, w: a * w, lambda a, w, out, g: (g * w, (g * a).sum(axis=0)))


def weighted_sum():
    return Function(lambda a: np.sum(a * c), lambda a, out, g: (g * c,))


module, J, check = times(), weighted_sum(), checks.of(value_and_gradients, name="Module")
returned = module.apply_fwd(Leaf(x), Leaf(2 * x))
check.holds(hasattr(returned, "out_tensor"), "apply_fwd should return the module itself, not {}", returned)
J.apply_fwd(returned)
tape_bwd()
checks.of(lambda: J.out_gradient, name="J's out_gradient").call().close_to(
    1.0, mistakes={"the gradient of the last module on the tape is not set to 1": 0.0}
)
gradients = checks.of(lambda: list(module.in_gradients), name="in_gradients")
gradients.call().close_to(
    [2 * c * x, c * x],
    mistakes={
        "the tape is read from its beginning, so modules run before their gradient is known": [0 * x, 0 * x],
        "out_gradient starts at 1 for every module: only the last one starts with 1, all others with 0": [
            2 * (1 + c) * x,
            (1 + c) * x,
        ],
    },
)
check.call(lambda x, w: weighted_sum().apply_fwd(scale().apply_fwd(x, w)), x, w).close_to(
    (np.sum(c * x * w), [c * w, (c * x).sum(axis=0)]),
    mistakes={
        "out_gradient starts at 1 for every module: only the last one starts with 1, all others with 0": (
            np.sum(c * x * w),
            [(1 + c) * w, ((1 + c) * x).sum(axis=0)],
        ),
        "the gradient of the last module on the tape is not set to 1": (np.sum(c * x * w), [0 * x, 0 * w]),
    },
)
check.call(lambda x: weighted_sum().apply_fwd(times().apply_fwd(x, x)), x).close_to(
    (np.sum(c * x * x), [2 * c * x]),
    note="Here the graph computes x * x",
    mistakes={
        "a gradient that arrives replaces the one that is there (= instead of +=)": (np.sum(c * x * x), [c * x])
    },
)
check.passed()

# %% hidden="module" points=2
# Nodes with several users, among them two paths of different length; a module used in two passes, one after
# the other; one that is applied twice in the same pass; an input without a gradient; an output of
# whole numbers; and a graph that is many modules deep.
### BEGIN HIDDEN TESTS
import numpy as np
from nextword import checks

rng = np.random.default_rng(61)
x, c = rng.normal(size=(2, 3)), checks.cotangent((2, 3))


def times():
    return Function(lambda a, b: a * b, lambda a, b, out, g: (g * b, g * a))


def tanh():
    return Function(np.tanh, lambda a, out, g: (g * (1 - out**2),))


def weighted_sum():
    return Function(lambda a: np.sum(a * c), lambda a, out, g: (g * c,))


check, t = checks.of(value_and_gradients, name="Module"), np.tanh(x)
J, right = np.sum(c * x * t), c * t + c * x * (1 - t**2)
check.call(lambda x: weighted_sum().apply_fwd(times().apply_fwd(x, tanh().apply_fwd(x))), x).close_to(
    (J, [right]),
    mistakes={
        "a gradient that arrives replaces the one that is there (= instead of +=)": (J, [c * x * (1 - t**2)]),
        "the tape is read from its beginning, so modules run before their gradient is known": (J, [0 * x]),
        "out_gradient starts at 1 for every module: only the last one starts with 1, all others with 0": (
            J,
            [(1 + c) * t + (1 + (1 + c) * x) * (1 - t**2)],
        ),
    },
)


def several(x):  # tanh(x), used three times, once by a module that comes much later
    t = tanh().apply_fwd(x)
    square = times().apply_fwd(t, t)
    return weighted_sum().apply_fwd(times().apply_fwd(tanh().apply_fwd(square), t))


s = np.tanh(t**2)
check.call(several, x).close_to((np.sum(c * s * t), [c * (s + t * (1 - s**2) * 2 * t) * (1 - t**2)]))

first, last = tanh(), weighted_sum()
for again in (False, True):
    check.call(lambda x: last.apply_fwd(first.apply_fwd(x)), x).close_to(
        (np.sum(c * t), [c * (1 - t**2)]),
        note="Here the same module objects are used in two passes, one after the other" * again,
        mistakes={
            "out_gradient is left over from the pass before: apply_fwd must set it to zero": (
                np.sum(c * t),
                [2 * c * (1 - t**2)],
            )
        },
    )
twice = tanh()
check.call(lambda x: weighted_sum().apply_fwd(twice.apply_fwd(twice.apply_fwd(x))), x).raises(RuntimeError)
without = Function(lambda a, b: np.sum(c * a * b), lambda a, b, out, g: (None, g * c * a))
check.call(lambda x, y: without.apply_fwd(x, y), x, t).close_to((np.sum(c * x * t), [0 * x, c * x]))
whole = Function(lambda a: np.array([[1, 2, 3], [4, 5, 6]]), lambda a, out, g: (0 * a,))
check.call(lambda x: weighted_sum().apply_fwd(whole.apply_fwd(x)), x).close_to(
    (np.sum(c * [[1, 2, 3], [4, 5, 6]]), [0 * x]), note="Here a module has whole numbers as its output"
)
checks.of(lambda: whole.out_gradient, name="out_gradient").call().close_to(c)
busy = tanh()
busy.apply_fwd(Leaf(x))
checks.of(busy.apply_fwd, name="apply_fwd").call(Leaf(x)).raises(RuntimeError)
tape_bwd()


def deep(x):
    for _ in range(300):
        x = Function(lambda a: a * 1.01, lambda a, out, g: (g * 1.01,)).apply_fwd(x)
    return weighted_sum().apply_fwd(x)


check.call(deep, x).close_to((np.sum(c * x) * 1.01**300, [c * 1.01**300]))
leaf = Leaf(x)
for _ in range(2):
    weighted_sum().apply_fwd(leaf)
    tape_bwd()
total = checks.of(lambda: leaf.out_gradient, name="leaf.out_gradient").call().array((2, 3))
check.holds(
    not np.allclose(total, 3 * c),
    "in the second pass the modules of the first are run again: tape_bwd must leave the tape empty",
)
check.holds(
    np.allclose(total, 2 * c),
    "after two passes a leaf holds the sum of both gradients: nobody but the caller sets it back to zero",
)
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 6b: four more modules
# *Difficulty 3 of 5 · about 20 minutes · 2 points*
#
# Now modules as classes. The four of Part 2 only need new clothes; that is done in the cell below. Mind the
# order in `Linear`: its inputs are `(a, omega)`, so its gradients come back as $(g_a, g_\omega)$, although
# `linear_backward` returns them the other way round.
#
# You write four new ones. `ReLU`, $\max(a, 0)$, and `Tanh` have one input. `Add` and `Multiply` have two,
# and as everywhere in NumPy they may have different shapes: a bias $(D,)$ is added to every row of
# $(B, D)$. In the forward pass NumPy repeats the smaller array. Every repetition is one more use, and
# gradients of several uses add up: **where the forward pass repeats, the backward pass sums.** So the
# gradient of an input always has the shape of that input.
#
# At 0, ReLU has no derivative; like PyTorch, take 0.
#
# <details><summary>Hint 1: which axes were repeated?</summary>
#
# Those that the input does not have (NumPy adds missing axes in front), and those where it has length 1 and
# the output has more.
#
# </details>
# <details><summary>Hint 2: pseudo-code for a helper sum_to(g, shape)</summary>
#
# while g has more axes than shape: sum g over axis 0. For every axis i with shape[i] == 1: sum g over axis
# i, with keepdims=True.
#
# </details>


# %% given="part_2_as_classes"
class Sigmoid(Module):
    def forward(self, a):
        return sigmoid_forward(a)

    def backward(self, a, b, g_b):
        return (sigmoid_backward(a, b, g_b),)


class Softmax(Module):
    def forward(self, a):
        return softmax_forward(a)

    def backward(self, a, b, g_b):
        return (softmax_backward(a, b, g_b),)


class Linear(Module):
    def forward(self, a, omega):
        return linear_forward(a, omega)

    def backward(self, a, omega, b, g_b):
        g_omega, g_a = linear_backward(a, omega, b, g_b)
        return g_a, g_omega


class CrossEntropy(Module):
    def forward(self, a, a_hat):
        return cross_entropy_forward(a, a_hat)

    def backward(self, a, a_hat, b, g_b):
        return None, cross_entropy_backward(a, a_hat, b, g_b)


# %% answer="modules"
class ReLU(Module):
    def forward(self, a):
        """max(a, 0), entry by entry, for an array of any shape."""
        ### BEGIN SOLUTION
        return np.maximum(a, 0)
        ### END SOLUTION

    def backward(self, a, b, g_b):
        """The tuple (g_a,)."""
        ### BEGIN SOLUTION
        return (g_b * (a > 0),)
        ### END SOLUTION


class Tanh(Module):
    def forward(self, a):
        """tanh(a), entry by entry, for an array of any shape."""
        ### BEGIN SOLUTION
        return np.tanh(a)
        ### END SOLUTION

    def backward(self, a, b, g_b):
        """The tuple (g_a,)."""
        ### BEGIN SOLUTION
        return (g_b * (1 - b**2),)
        ### END SOLUTION


class Add(Module):
    def forward(self, a1, a2):
        """a1 + a2, with NumPy's broadcasting."""
        ### BEGIN SOLUTION
        return a1 + a2
        ### END SOLUTION

    def backward(self, a1, a2, b, g_b):
        """The tuple (g_a1, g_a2), with the shapes of a1 and a2."""
        ### BEGIN SOLUTION
        return sum_to(g_b, np.shape(a1)), sum_to(g_b, np.shape(a2))
        ### END SOLUTION


class Multiply(Module):
    def forward(self, a1, a2):
        """a1 * a2, with NumPy's broadcasting."""
        ### BEGIN SOLUTION
        return a1 * a2
        ### END SOLUTION

    def backward(self, a1, a2, b, g_b):
        """The tuple (g_a1, g_a2), with the shapes of a1 and a2."""
        ### BEGIN SOLUTION
        return sum_to(g_b * a2, np.shape(a1)), sum_to(g_b * a1, np.shape(a2))
        ### END SOLUTION


def sum_to(g, shape):
    """g, summed over the axes along which an array of this shape was repeated to get the shape of g."""
    ### BEGIN SOLUTION
    while np.ndim(g) > len(shape):
        g = np.sum(g, axis=0)
    for axis, length in enumerate(shape):
        if length == 1:
            g = np.sum(g, axis=axis, keepdims=True)
    return g
    ### END SOLUTION


# %% test="modules" points=1
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(162)
a = rng.normal(size=(4, 3))
for module, name, reference in ((ReLU(), "ReLU", torch.relu), (Tanh(), "Tanh", torch.tanh)):
    check, g = checks.of(module.forward, name=f"{name}.forward"), checks.cotangent(a.shape)
    b = reference(torch.tensor(a)).numpy()
    check.call(a).close_to(b)
    check.passed()
    check = checks.of(module.backward, name=f"{name}.backward")
    check.holds(
        type(check.call(a, b, g).value) in (tuple, list),
        "it should return a tuple with one gradient, (g_a,): is the comma missing?",
    )
    check.call(a, b, g).close_to(
        (checks.torch_gradients(reference, (a,), g)[0],),
        mistakes={
            "the gradient g_b that arrives from above is not used": tuple(
                checks.torch_gradients(reference, (a,), np.ones(a.shape))
            ),
            "the sign of the upstream gradient decides, instead of the sign of a": (g * (g > 0),),
            "the slope of the sigmoid, b (1 - b), is used": (g * b * (1 - b),),
        },
    )
    check.passed()
for module, name, reference in ((Add(), "Add", torch.add), (Multiply(), "Multiply", torch.mul)):
    forward, backward = (
        checks.of(module.forward, name=f"{name}.forward"),
        checks.of(module.backward, name=f"{name}.backward"),
    )
    for shapes in (((4, 3), (4, 3)), ((4, 3), (3,))):
        a1, a2 = (rng.normal(size=shape) for shape in shapes)
        b, g = reference(torch.tensor(a1), torch.tensor(a2)).numpy(), checks.cotangent((4, 3))
        f1, f2 = (1 + 0 * b, 1 + 0 * b) if name == "Add" else (a2 + 0 * b, a1 + 0 * b)
        forward.call(a1, a2).close_to(b)
        backward.call(a1, a2, b, g).close_to(
            tuple(checks.torch_gradients(reference, (a1, a2), g)),
            mistakes={
                "a2 was repeated for every row, but its gradient is not summed over the rows": (g * f1, g * f2),
                "a2's gradient is averaged over the rows: the uses add up": (g * f1, (g * f2).mean(axis=0)),
                "each input is multiplied with itself: it must be the other one": (g * a1, g * a2)
                if a1.shape == a2.shape
                else None,
            },
        )
    forward.passed()
    backward.passed()

# %% hidden="modules" points=1
# Three axes, columns, single numbers, both inputs repeated at once, and ReLU at exactly 0.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(63)
for module, name, reference in ((ReLU(), "ReLU", torch.relu), (Tanh(), "Tanh", torch.tanh)):
    forward, backward = (
        checks.of(module.forward, name=f"{name}.forward"),
        checks.of(module.backward, name=f"{name}.backward"),
    )
    for a in (rng.normal(size=5), rng.normal(size=(2, 3, 4)), np.array([[-1.0, 0.0], [2.0, 0.0]])):
        b, g = reference(torch.tensor(a)).numpy(), checks.cotangent(a.shape)
        forward.call(a).close_to(b)
        backward.call(a, b, g).close_to(
            (checks.torch_gradients(reference, (a,), g)[0],),
            mistakes={
                "at 0 all of the gradient goes through: there it should be 0": (g * (a >= 0),),
                "the slope is computed from a instead of b": (g * (1 - a**2),),
            },
        )
    forward.passed()
    backward.passed()
for module, name, reference in ((Add(), "Add", torch.add), (Multiply(), "Multiply", torch.mul)):
    forward, backward = (
        checks.of(module.forward, name=f"{name}.forward"),
        checks.of(module.backward, name=f"{name}.backward"),
    )
    for s1, s2 in (
        ((5, 2), (5, 1)),
        ((2, 3, 4), (4,)),
        ((3,), (4, 3)),
        ((2, 1, 4), (3, 1)),
        ((3, 2), ()),
        ((1, 3), (1, 3)),
    ):
        a1, a2 = rng.normal(size=s1), rng.normal(size=s2)
        b = reference(torch.tensor(a1), torch.tensor(a2)).numpy()
        g = checks.cotangent(b.shape)
        forward.call(a1, a2).close_to(b)
        backward.call(a1, a2, b, g).close_to(
            tuple(checks.torch_gradients(reference, (np.array(a1), np.array(a2)), g)),
            note=f"The inputs have the shapes {s1} and {s2}",
        )
    forward.passed()
    backward.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 7a: a network is a module
# *Difficulty 2 of 5 · about 20 minutes · 1 point*
#
# With the tape, a network is written by writing its forward pass. As in the lectures, it is a module
# itself, made of modules. `__init__` creates them, and calls them `linear1`, `sigmoid`, `linear2`, `softmax`
# and `cross_entropy` (the drawing below exchanges one): two `Linear`, because each object remembers one
# application. It is called directly, never with `apply_fwd`: `forward` applies them to one another; and
# `backward` contains nothing about this particular network any more but the names of the two layers whose
# parameters we want to change.
#
# `forward` begins with an empty tape. A forward pass that nobody followed with a backward pass (to look at
# the loss on held-out data, say) has left its modules there.
#
# <details><summary>Hint 1: what is applied to what?</summary>
#
# `self.linear1.apply_fwd(x, alpha)` returns a module, to which `self.sigmoid` is applied, and so on.
# Cross-entropy has two inputs, the truth first.
#
# </details>
# <details><summary>Hint 2: where are the gradients after tape_bwd()?</summary>
#
# In `self.linear1.in_gradients` and `self.linear2.in_gradients`, in the order of the inputs: position 1
# belongs to the parameters. (They are also in `alpha.out_gradient`; but a leaf adds up over several
# passes.)
#
# </details>
# <details><summary>Hint 3: if you see a RuntimeError from apply_fwd in the second step</summary>
#
# Empty the tape at the beginning of `forward`: `tape.clear()`. (`tape = []` inside a method makes a new,
# local list.)
#
# </details>


# %% answer="network"
class NeuralNetwork(Module):
    """J = cross_entropy(y, softmax(linear(sigmoid(linear(x, alpha)), beta))), made of modules.

    They are called linear1, sigmoid, linear2, softmax, cross_entropy; create them in __init__.
    """

    def __init__(self):
        super().__init__()
        ### BEGIN SOLUTION
        self.linear1, self.sigmoid, self.linear2 = Linear(), Sigmoid(), Linear()
        self.softmax, self.cross_entropy = Softmax(), CrossEntropy()
        ### END SOLUTION

    def forward(self, x, y, alpha, beta):
        """The loss J, a number. x (B, I), y (B, K), alpha (D, 1 + I) and beta (K, 1 + D) are Leafs."""
        ### BEGIN SOLUTION
        tape.clear()
        a = self.linear1.apply_fwd(x, alpha)
        z = self.sigmoid.apply_fwd(a)
        b = self.linear2.apply_fwd(z, beta)
        y_hat = self.softmax.apply_fwd(b)
        J = self.cross_entropy.apply_fwd(y, y_hat)
        return J.out_tensor
        ### END SOLUTION

    def backward(self, x, y, alpha, beta):
        """The pair (g_alpha, g_beta) of the forward pass before. The arguments are the same Leafs."""
        ### BEGIN SOLUTION
        tape_bwd()
        return self.linear1.in_gradients[1], self.linear2.in_gradients[1]
        ### END SOLUTION


# %% test="network" points=0
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(64)
x, y = rng.normal(size=(4, 3)), np.eye(2)[[1, 0, 0, 1]]
alpha, beta = rng.normal(size=(5, 4)), rng.normal(size=(2, 6))


def reference(x, alpha, z_shift, beta):
    z = torch.sigmoid(x @ alpha[:, 1:].T + alpha[:, 0]) + z_shift
    return torch.nn.functional.cross_entropy(z @ beta[:, 1:].T + beta[:, 0], torch.tensor(y))


values = x, alpha, np.zeros((4, 5)), beta
J = reference(*map(torch.tensor, values)).item()
g_x, g_alpha, g_z, g_beta = checks.torch_gradients(reference, values, 1.0)
network, leaves = NeuralNetwork(), [Leaf(v) for v in (x, y, alpha, beta)]
forward, backward = checks.of(network.forward, name="forward"), checks.of(network.backward, name="backward")
for name in ("linear1", "sigmoid", "linear2", "softmax", "cross_entropy"):
    forward.holds(hasattr(network, name), "__init__ should create a module with the name {}", name)
forward.call(*leaves).close_to(J)
backward.call(*leaves).close_to(
    (g_alpha, g_beta),
    mistakes={
        "the gradients of the layers' inputs are returned instead of those of their parameters": (g_x, g_z),
        "g_beta comes first": (g_beta, g_alpha),
    },
)
forward.passed()
backward.passed()

# %% hidden="network" points=1
# Other sizes, several passes with one network, and forward passes that no backward pass follows.
### BEGIN HIDDEN TESTS
import numpy as np
from nextword import checks


# What should come out is computed with the student's own functions of Part 2: a mistake there counts once.
def by_functions(x, y, alpha, beta):
    a = linear_forward(x, alpha)
    z = sigmoid_forward(a)
    b = linear_forward(z, beta)
    y_hat = softmax_forward(b)
    J = cross_entropy_forward(y, y_hat)
    g_b = softmax_backward(b, y_hat, cross_entropy_backward(y, y_hat, J, 1.0))
    g_beta, g_z = linear_backward(z, beta, b, g_b)
    return J, (linear_backward(x, alpha, a, sigmoid_backward(a, z, g_z))[0], g_beta)


rng, network = np.random.default_rng(65), NeuralNetwork()
forward, backward = checks.of(network.forward, name="forward"), checks.of(network.backward, name="backward")
for B, I, D, K in ((3, 2, 4, 5), (1, 3, 2, 4), (6, 4, 3, 2)):
    x, y = rng.normal(size=(B, I)), rng.dirichlet(np.ones(K), size=B)
    alpha, beta = rng.normal(size=(D, 1 + I)), rng.normal(size=(K, 1 + D))
    leaves, others = [Leaf(v) for v in (x, y, alpha, beta)], [Leaf(v) for v in (x, y, 2 * alpha, -beta)]
    J, gradients = by_functions(x, y, alpha, beta)
    forward.call(*others).close_to(by_functions(x, y, 2 * alpha, -beta)[0])
    forward.call(*leaves).close_to(J, note="Before it there was a forward pass without a backward pass")
    backward.call(*leaves).close_to(
        gradients, note="Before it there was a forward pass without a backward pass"
    )
    forward.call(*leaves).close_to(J)
    backward.call(*leaves).close_to(
        gradients,
        note="This is the second pass with the same leaves",
        mistakes={
            "the leaves' out_gradient is returned, which adds up over all passes: take in_gradients": tuple(
                2 * g for g in gradients
            )
        },
    )
forward.passed()
backward.passed()
### END HIDDEN TESTS

# %% [markdown]
# ### What the tape has seen
#
# This is your own graph, drawn from your own tape: every box is a module that was applied, with the shape
# of its `out_tensor` and the norm of its `out_gradient`. Below, every gradient is compared with PyTorch's.
#
# *Alternative text: the network as a graph from left to right: leaves x, y, alpha and beta, then Linear,
# Sigmoid, Linear, Softmax and CrossEntropy. Each box shows a shape and the norm of a gradient. Every box
# agrees with PyTorch.*


# %% figure="own_graph"
import matplotlib.pyplot as plt
import numpy as np
import torch
from nextword import graph

rng = np.random.default_rng(1)
drawn = {"x": rng.normal(size=(4, 3)), "y": np.eye(2)[[1, 0, 0, 1]]}
drawn |= {"alpha": rng.normal(size=(5, 4)), "beta": rng.normal(size=(2, 6))}


def torch_gradients_by_name():
    """PyTorch's gradients for the leaves and modules of NeuralNetwork, by the names that stand in the drawing."""
    t = {name: torch.tensor(value, requires_grad=name != "y") for name, value in drawn.items()}
    t["Linear 1"] = t["x"] @ t["alpha"][:, 1:].T + t["alpha"][:, 0]
    t["Sigmoid"] = torch.sigmoid(t["Linear 1"])
    t["Linear 2"] = t["Sigmoid"] @ t["beta"][:, 1:].T + t["beta"][:, 0]
    t["Softmax"] = torch.softmax(t["Linear 2"], 1)
    t["CrossEntropy"] = -(t["y"] * torch.log(t["Softmax"])).sum() / 4
    computed = {name: v for name, v in t.items() if name != "y"}
    gradients = torch.autograd.grad(t["CrossEntropy"], list(computed.values()))
    return {name: g.numpy() for name, g in zip(computed, gradients, strict=True)}


def draw_network(network, title):
    """Runs a network forwards and backwards, and draws what its tape has seen."""
    leaves = [Leaf(value) for value in drawn.values()]
    network.forward(*leaves)
    applied = list(tape)  # before tape_bwd empties it
    network.backward(*leaves)
    nodes = graph.of_modules(applied, names=dict(zip(leaves, drawn, strict=True)))
    graph.draw(nodes, expected=torch_gradients_by_name(), title=title)
    plt.show()


draw_network(NeuralNetwork(), "the graph of your network")

# %% [markdown]
# And this is what a mistake looks like. One module is exchanged for a sigmoid whose backward function
# forgets a factor. The gradients are computed from right to left, so the first red box on that way is where
# the mistake shows; everything to its left is a consequence. The broken module is the one that *handed
# over* the first wrong gradient: the box to the right of it.
#
# *Alternative text: the same graph. Linear 1, to the left of Sigmoid, is framed in red and marked as the
# first that differs from PyTorch. Its inputs x and alpha are dashed: wrong as a consequence. The boxes to
# the right agree.*


# %% figure="broken_graph"
class ForgetfulSigmoid(Sigmoid):
    def backward(self, a, b, g_b):
        return (g_b * b,)


broken = NeuralNetwork()
broken.sigmoid = ForgetfulSigmoid()
draw_network(broken, "the same graph with a broken sigmoid")

# %% [markdown]
# ## Exercise 7b: one value, several uses
# *Difficulty 2 of 5 · about 15 minutes · 1 point*
#
# Wherever a value is used twice, two gradients arrive. If your tape adds them up, all of the following just
# works, and nobody has to think of it again: that is what the tape is for. Build three small graphs out of
# `Add`, `Multiply` and `Tanh`.
#
# | function | computes | who is used twice |
# |---|---|---|
# | `square(x)` | $x \odot x$ | a leaf, by one module |
# | `diamond(x)` | $(x + t) \odot t$ with $t = \tanh(x)$ | a leaf and an inner node, by two modules each |
# | `shared(x, w, times)` | repeats $h \leftarrow \tanh(h \odot w)$, from $h = x$ | a weight, every round |
#
# The last one is a recurrent network in a nutshell: the same weight in every round. Remember that a module
# object stands for one application; the *weight* is shared, the modules are not.
#
# <details><summary>Hint: one line of it</summary>
#
# `Multiply().apply_fwd(x, x)` creates a module, applies it, and is the module.
#
# </details>


# %% answer="fan_out"
def square(x):
    """The module that computes x * x. x is a Leaf (or any module that was applied)."""
    ### BEGIN SOLUTION
    return Multiply().apply_fwd(x, x)
    ### END SOLUTION


def diamond(x):
    """The module that computes (x + t) * t, where t = tanh(x) is computed once."""
    ### BEGIN SOLUTION
    t = Tanh().apply_fwd(x)
    return Multiply().apply_fwd(Add().apply_fwd(x, t), t)
    ### END SOLUTION


def shared(x, w, times):
    """The module that computes `times` rounds of h <- tanh(h * w), from h = x (B, D); w: Leaf (D,)."""
    ### BEGIN SOLUTION
    h = x
    for _ in range(times):
        h = Tanh().apply_fwd(Multiply().apply_fwd(h, w))
    return h
    ### END SOLUTION


# %% test="fan_out" points=0
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(66)
x, w, c = rng.normal(size=(4, 3)), rng.normal(size=3), checks.cotangent((4, 3))


def weighted_sum():
    return Function(lambda a: np.sum(a * c), lambda a, b, g: (g * c,))


def rounds(x, w, count):
    for _ in range(count):
        x = torch.tanh(x * w)
    return x


for f, reference, leaves, more in (
    (square, lambda x: x * x, (x,), ()),
    (diamond, lambda x: (x + torch.tanh(x)) * torch.tanh(x), (x,), ()),
    (shared, lambda x, w: rounds(x, w, 3), (x, w), (3,)),
):
    name = {square: "square", diamond: "diamond", shared: "shared"}[f]
    check = checks.of(value_and_gradients, name=name)
    J = np.sum(c * reference(*map(torch.tensor, leaves)).numpy())
    gradients = checks.torch_gradients(reference, leaves, c)
    check.call(lambda *v, f=f, more=more: weighted_sum().apply_fwd(f(*v, *more)), *leaves).close_to(
        (J, gradients),
        mistakes={
            "a gradient that arrives replaces the one that is there: apply_bwd must add": (J, [c * x])
            if f is square
            else None
        },
    )
    check.passed()

# %% hidden="fan_out" points=1
# Other shapes; no round at all, one round, ten rounds.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(67)


def rounds(x, w, count):
    for _ in range(count):
        x = torch.tanh(x * w)
    return x


for size in ((2, 5), (1, 2), (6, 3)):
    x, w, c = rng.normal(size=size), rng.normal(size=size[1:]), checks.cotangent(size, seed=sum(size))
    for f, reference, leaves, more in (
        (square, lambda x: x * x, (x,), ()),
        (diamond, lambda x: (x + torch.tanh(x)) * torch.tanh(x), (x,), ()),
        (shared, lambda x, w: rounds(x, w, 0), (x, w), (0,)),
        (shared, lambda x, w: rounds(x, w, 1), (x, w), (1,)),
        (shared, lambda x, w: rounds(x, w, 10), (x, w), (10,)),
    ):
        name = {square: "square", diamond: "diamond", shared: "shared"}[f]
        check = checks.of(value_and_gradients, name=name)
        J = np.sum(c * reference(*map(torch.tensor, leaves)).numpy())
        total = Function(lambda a, c=c: np.sum(a * c), lambda a, b, g, c=c: (g * c,))
        check.call(lambda *v, f=f, more=more, total=total: total.apply_fwd(f(*v, *more)), *leaves).close_to(
            (J, checks.torch_gradients(reference, leaves, c))
        )
        check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 8: find the bug
# *Difficulty 3 of 5 · about 20 minutes · 1 point*
#
# A colleague has written five modules for you, each with an input $a$ $(B, D)$, parameters $\omega$, and an
# output. The network that is made of them does not learn as it should, and its gradient disagrees with
# finite differences: *somewhere*. One module assigns a gradient (`=`) where it should add (`+=`). Find out
# which, and mend its backward function.
#
# Do not read the code first. With `module_error` from exercise 4a it is a matter of a loop over five
# modules: that is the third thing that modules buy. (Once you know where to look, reading is allowed.)
# The visible test looks at shapes only and does not tell whether you are right: check your mended function
# with `module_error`, too.
#
# <details><summary>Hint 1: what to call</summary>
#
# For every name: `forward, backward, omega_shape = parts[name]`, random `a` of shape (4, 3) and `omega` of
# that shape, a random `g` of the shape of `forward(a, omega)`, and then
# `module_error(forward, backward, (a, omega), g)`. Write that loop into a cell of your own.
#
# </details>
# <details><summary>Hint 2: when you have found it</summary>
#
# Where is $a$ used in the forward function? Every use hands back a gradient. Which of them is still there
# at the end?
#
# </details>


# %% given="three_modules"
def scale_forward(a, omega):  # omega: (D,)
    return a * omega


def scale_backward(a, omega, b, g_b):
    return g_b * omega, np.sum(g_b * a, axis=0)


def center_forward(a, omega):  # omega: (D,)
    return a - np.mean(a, axis=1, keepdims=True) + omega


def center_backward(a, omega, b, g_b):
    return g_b - np.mean(g_b, axis=1, keepdims=True), np.sum(g_b, axis=0)


def highway_forward(a, omega):  # omega: (D, D)
    return a + np.tanh(a @ omega.T)


def highway_backward(a, omega, b, g_b):
    g_inner = g_b * (1 - (b - a) ** 2)
    return g_b + g_inner @ omega, g_inner.T @ a

# %% given="two_more_modules"
def swish_forward(a, omega):  # omega: (D,)
    return a / (1 + np.exp(-a * omega))


def swish_backward(a, omega, b, g_b):
    s = 1 / (1 + np.exp(-a * omega))
    g_a = g_b * s
    g_product = g_b * a * s * (1 - s)
    g_a = g_product * omega
    return g_a, np.sum(g_product * a, axis=0)


def bilinear_forward(a, omega):  # omega: (D, D)
    return a * (a @ omega.T)


def bilinear_backward(a, omega, b, g_b):
    g_a = g_b * (a @ omega.T)
    g_a += (g_b * a) @ omega
    return g_a, (g_b * a).T @ a


# %% given="five_modules_by_name"
parts = {
    "scale": (scale_forward, scale_backward, (3,)),
    "center": (center_forward, center_backward, (3,)),
    "highway": (highway_forward, highway_backward, (3, 3)),
    "swish": (swish_forward, swish_backward, (3,)),
    "bilinear": (bilinear_forward, bilinear_backward, (3, 3)),
}


# %% answer="bug_hunt"
def guilty():
    """The name of the broken module, one of the keys of parts."""
    ### BEGIN SOLUTION
    return "swish"
    ### END SOLUTION


def mended_backward(a, omega, b, g_b):
    """The backward function of the broken module, without the mistake: (g_a, g_omega)."""
    ### BEGIN SOLUTION
    s = 1 / (1 + np.exp(-a * omega))
    g_a = g_b * s
    g_product = g_b * a * s * (1 - s)
    g_a += g_product * omega
    return g_a, np.sum(g_product * a, axis=0)
    ### END SOLUTION


# %% test="bug_hunt" points=0
import numpy as np
from nextword import checks

check = checks.of(guilty)
name = check.call().value
check.holds(
    name in ("scale", "center", "highway", "swish", "bilinear"),
    "it should be one of the five names, not {}",
    name,
)
check.passed()
check = checks.of(mended_backward)
rng = np.random.default_rng(68)
a, omega, b, g = (
    rng.normal(size=(4, 3)),
    rng.normal(size=(3, 3) if name in ("highway", "bilinear") else 3),
    *rng.normal(size=(2, 4, 3)),
)
gradients = check.call(a, omega, b, g).value
check.holds(
    len(gradients) == 2 and np.shape(gradients[0]) == a.shape and np.shape(gradients[1]) == omega.shape,
    "it should return two gradients with the shapes of a and omega",
)
check.passed()

# %% hidden="bug_hunt" points=1
# Whether it is the broken module, and the gradients of the mended one for other shapes.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

check = checks.of(guilty)
name = check.call().value
check.holds(
    name == "swish",
    "this module is not the broken one: compare each module alone with finite differences, with a g that is "
    "not all ones",
)
check.passed()
check, rng = checks.of(mended_backward), np.random.default_rng(69)
for B, D in ((4, 3), (1, 2), (6, 5)):
    a, omega, g = rng.normal(size=(B, D)), rng.normal(size=D), checks.cotangent((B, D), seed=B)
    s = 1 / (1 + np.exp(-a * omega))
    g_a, g_omega = checks.torch_gradients(lambda a, w: a * torch.sigmoid(a * w), (a, omega), g)
    check.call(a, omega, a * s, g).close_to(
        (g_a, g_omega),
        mistakes={
            "this is still the broken one: the second gradient that arrives at a replaces the first": (
                g * a * s * (1 - s) * omega,
                g_omega,
            ),
            "only the first of the two gradients that arrive at a is returned": (g * s, g_omega),
            "one of the two gradients that arrive at a lacks the factor omega": (
                g * s + g * a * s * (1 - s),
                g_omega,
            ),
        },
    )
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# # Part 4: the road to PyTorch
#
# ## Exercise 9: parameters inside
# *Difficulty 3 of 5 · about 25 minutes · 2 points*
#
# Two things about `NeuralNetwork` are clumsy. Whoever uses it must carry the parameters around and hand
# them in again and again; and one writes `self.linear1.apply_fwd(x, alpha)` where `self.linear1(x)` would
# say it all. PyTorch removed both. Its modules *contain* their parameters, and calling a module like a
# function is calling its `forward`. (`f(x)` on an object is `f.__call__(x)` in Python.)
#
# In this exercise you write the class that makes this possible, `Layer`. What it must be able to do:
#
# * `layer(*inputs)` calls `layer.forward(*inputs)` and returns what that returns.
# * `layer.parameters()` is the list of all parameters: the `Leaf`s among its attributes, and those of the
#   layers among its attributes, at any depth, in the order in which they were set. An attribute may also be
#   a list (or tuple) of layers and leaves. A parameter that is used in two places is listed once.
# * `layer.zero_grad()` sets the `out_gradient` of every parameter to zeros.
#
# And one function: `sgd_step(parameters, lr)` moves every parameter against its gradient,
# $p \leftarrow p - \eta\, g_p$ (in `out_tensor`), where $\eta$ is the learning rate `lr`.
#
# Why does one have to say `zero_grad`? Inner nodes are new in every forward pass (here `apply_fwd` sets
# them to zero), so nothing is left in them. Leaves live on, and their gradients add up until somebody takes
# them away: over the uses within one pass, as they must, and over several passes, which is a feature: that
# is how one computes the gradient of a batch that does not fit into memory.
#
# <details><summary>Hint 1: how do I find the attributes?</summary>
#
# `vars(self)` is a dict from name to value, in the order in which they were set. `isinstance(value, Leaf)`
# tells what a value is.
#
# </details>
# <details><summary>Hint 2: if a parameter is missing, or listed twice</summary>
#
# A helper function that goes through values, handles the three cases leaf, layer, list, and calls itself
# for what is inside, gets all of them. To see whether a leaf is among those found already, compare with
# `is`.
#
# </details>


# %% answer="layers"
class Layer:
    """What has parameters, and can be called like a function."""

    def __call__(self, *inputs):
        """The same as self.forward(*inputs)."""
        ### BEGIN SOLUTION
        return self.forward(*inputs)
        ### END SOLUTION

    def parameters(self):
        """All parameters (Leafs) of this layer and of the layers inside, as a list, each once."""
        ### BEGIN SOLUTION
        found = []

        def collect(values):
            for value in values:
                if isinstance(value, Leaf) and not any(value is p for p in found):
                    found.append(value)
                elif isinstance(value, Layer):
                    collect(vars(value).values())
                elif isinstance(value, (list, tuple)):
                    collect(value)

        collect(vars(self).values())
        return found
        ### END SOLUTION

    def zero_grad(self):
        """Set the out_gradient of every parameter to zeros of its shape."""
        ### BEGIN SOLUTION
        for p in self.parameters():
            p.out_gradient = np.zeros_like(p.out_tensor)
        ### END SOLUTION


def sgd_step(parameters, lr):
    """Move the out_tensor of every parameter by -lr times its out_gradient."""
    ### BEGIN SOLUTION
    for p in parameters:
        p.out_tensor = p.out_tensor - lr * p.out_gradient
    ### END SOLUTION


class LinearLayer(Layer):
    """A linear module with its parameters inside; omega (O, 1 + I) with the biases in column 0."""

    def __init__(self, omega):
        self.omega = Leaf(omega)

    def forward(self, x):
        return Linear().apply_fwd(x, self.omega)


class Classifier(Layer):
    """Two linear layers with a sigmoid between them, and softmax at the end; called with a Leaf x (B, I)."""

    def __init__(self, alpha, beta):
        self.hidden, self.output = LinearLayer(alpha), LinearLayer(beta)

    def forward(self, x):
        return Softmax().apply_fwd(self.output(Sigmoid().apply_fwd(self.hidden(x))))


def empty_layer():
    """A layer without anything in it."""
    return Layer()


# %% test="layers" points=1
import numpy as np
from nextword import checks

rng = np.random.default_rng(70)
alpha, beta = rng.normal(size=(5, 4)), rng.normal(size=(2, 6))
model = Classifier(alpha, beta)
check = checks.of(model.parameters, name="parameters")
parameters = check.call().value
check.holds(
    len(parameters) == 2,
    "a classifier of two linear layers has 2 parameters, not {} (are those of the layers inside found?)",
    len(parameters),
)
values = checks.of(lambda: [p.out_tensor for p in model.parameters()], name="parameters")
values.call().close_to([alpha, beta], mistakes={"the parameters are in the wrong order": [beta, alpha]})
check.passed()

check = checks.of(lambda: [p.out_tensor for p in model.parameters()], name="sgd_step")
g_alpha, g_beta = rng.normal(size=(5, 4)), rng.normal(size=(2, 6))
for p, g in zip(parameters, (g_alpha, g_beta), strict=True):
    p.out_gradient = g
sgd_step(model.parameters(), 0.1)
check.call().close_to(
    [alpha - 0.1 * g_alpha, beta - 0.1 * g_beta],
    mistakes={
        "the step goes uphill, along the gradient": [alpha + 0.1 * g_alpha, beta + 0.1 * g_beta],
        "the learning rate is not used": [alpha - g_alpha, beta - g_beta],
        "the parameters have not moved": [alpha, beta],
    },
)
check.passed()
check = checks.of(lambda: [p.out_gradient for p in model.parameters()], name="zero_grad")
model.zero_grad()
check.call().close_to([0 * alpha, 0 * beta], mistakes={"the gradients are as they were": [g_alpha, g_beta]})
check.passed()

layer = empty_layer()
layer.forward = lambda *inputs: sum(inputs)
check = checks.of(layer, name="__call__")
check.call(3, 4).equals(7)
check.passed()

# %% hidden="layers" points=1
# Layers in lists, in tuples and in layers of layers, a parameter that is shared, attributes that are no
# parameters, and a layer without parameters.
### BEGIN HIDDEN TESTS
import numpy as np
from nextword import checks

rng = np.random.default_rng(71)
w = [rng.normal(size=(2, i)) for i in range(1, 7)]
first, second, third = (LinearLayer(v) for v in w[:3])
inner, outer = empty_layer(), empty_layer()
inner.scale, inner.rate, inner.name, inner.numbers = Leaf(w[3]), 0.1, "inner", [1, 2.0, None]
inner.stack = [first, (second, Leaf(w[4]))]
outer.inner, outer.third, outer.again, outer.also = inner, third, first, [inner]
outer.last = Leaf(w[5])
check = checks.of(lambda: [p.out_tensor for p in outer.parameters()], name="parameters")
right = [w[3], w[0], w[1], w[4], w[2], w[5]]
check.call().close_to(
    right,
    mistakes={
        "a parameter that is used in two places is listed twice": right[:5]
        + [w[0], w[3], w[0], w[1], w[4], w[5]],
        "parameters in lists are not found": [w[3], w[2], w[0], w[5]],
    },
)
checks.of(empty_layer().parameters, name="parameters").call().equals([])
check.passed()

for p, v in zip(outer.parameters(), right, strict=True):
    p.out_gradient = np.sin(v)
sgd_step(outer.parameters(), 0.5)
sgd_step(first.parameters(), 0.25)
moved = [v - 0.5 * np.sin(v) for v in right]
moved[1] = moved[1] - 0.25 * np.sin(w[0])
check = checks.of(lambda: [p.out_tensor for p in outer.parameters()], name="sgd_step")
check.call().close_to(moved)
check.passed()
first.zero_grad()
check = checks.of(lambda: [p.out_gradient for p in outer.parameters()], name="zero_grad")
left = [np.sin(v) for v in right]
left[1] = 0 * w[0]
check.call().close_to(left)
outer.zero_grad()
check.call().close_to([0 * v for v in right])
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 10: the same in PyTorch
# *Difficulty 3 of 5 · about 20 minutes · 1 point · PyTorch allowed*
#
# Now for the real thing. Write the same network in PyTorch, start it with the same parameters, train it on
# the same batch, and it should go through the same losses. Three things differ from yours:
#
# * `torch.nn.Linear` keeps weights $(O, I)$ and biases $(O,)$ apart; yours are columns `1:` and `0` of one
#   array.
# * `torch.nn.CrossEntropyLoss` contains the softmax. It takes the scores $b$ (*logits*), and the classes as
#   integers. Exercise 12 says why.
# * PyTorch's default type is float32. Your numbers are float64, so make the model that, with `.double()`,
#   or the losses will part after seven digits.
#
# One step: forget the old gradients, compute the loss, go backwards, let the optimiser (what changes the
# parameters) step. `torch.optim.SGD(model.parameters(), lr=...)` is your `sgd_step`.
#
# <details><summary>Hint 1: the outline</summary>
#
# A class derived from `torch.nn.Module`, whose `__init__` calls `super().__init__()` and creates two
# `torch.nn.Linear`; its `forward(x)` returns the logits. The parameters of a model that exists are
# overwritten under `with torch.no_grad():`, with `model.linear1.weight.copy_(...)`.
#
# </details>
# <details><summary>Hint 2: if the first loss is right and the others are not</summary>
#
# Is `zero_grad` called in every step? Is the loss noted *before* the step?
#
# </details>
# <details><summary>Hint 3: if even the first loss is too close to log K</summary>
#
# A softmax before `CrossEntropyLoss` means softmax twice.
#
# </details>


# %% answer="in_torch" torch=true
import torch


def losses_in_torch(x, labels, alpha, beta, lr, steps):
    """The losses of `steps` steps of SGD on one batch: a list of numbers, each computed before its step.

    x: (B, I). labels: (B,), the classes as integers 0..K-1. alpha: (D, 1 + I) and beta: (K, 1 + D), the
    parameters to begin with, biases in column 0. All are NumPy arrays. The network: linear, sigmoid, linear,
    with the mean cross-entropy.
    """
    ### BEGIN SOLUTION
    class Network(torch.nn.Module):
        def __init__(self, inputs, hidden, classes):
            super().__init__()  # before the layers, which it will register
            self.linear1 = torch.nn.Linear(inputs, hidden)
            self.sigmoid = torch.nn.Sigmoid()
            self.linear2 = torch.nn.Linear(hidden, classes)

        def forward(self, batch):
            return self.linear2(self.sigmoid(self.linear1(batch)))

    model = Network(x.shape[1], len(alpha), len(beta)).double()
    with torch.no_grad():
        for layer, omega in ((model.linear1, alpha), (model.linear2, beta)):
            layer.weight.copy_(torch.tensor(omega[:, 1:]))
            layer.bias.copy_(torch.tensor(omega[:, 0]))
    loss_fn, optimizer = torch.nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=lr)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_fn(model(torch.tensor(x)), torch.tensor(labels))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
    ### END SOLUTION


# %% test="in_torch" points=0
import numpy as np
import torch
from nextword import checks


def by_hand(x, labels, alpha, beta, lr, steps, keep=False, twice=False, shift=0):
    parameters = [torch.tensor(v, requires_grad=True) for v in (alpha, beta)]
    x, labels, history, sums = torch.tensor(x), torch.tensor(labels), [], [0, 0]
    for _ in range(steps + shift):
        z = torch.sigmoid(x @ parameters[0][:, 1:].T + parameters[0][:, 0])
        b = z @ parameters[1][:, 1:].T + parameters[1][:, 0]
        loss = torch.nn.functional.cross_entropy(torch.softmax(b, 1) if twice else b, labels)
        gradients = torch.autograd.grad(loss, parameters)
        sums = [s + g for s, g in zip(sums, gradients, strict=True)] if keep else gradients
        parameters = [(p - lr * g).detach().requires_grad_() for p, g in zip(parameters, sums, strict=True)]
        history.append(loss.item())
    return history[shift:]


rng = np.random.default_rng(72)
batch = (
    rng.normal(size=(6, 3)),
    np.array([1, 0, 2, 2, 1, 0]),
    rng.normal(size=(5, 4)),
    rng.normal(size=(3, 6)),
    0.5,
    20,
)
check = checks.of(losses_in_torch)
losses = check.call(*batch).value
check.holds(
    all(isinstance(v, float) for v in losses), "the losses should be numbers, not tensors: `.item()` makes one"
)
check.call(*batch).close_to(
    by_hand(*batch),
    mistakes={
        "the gradients of all steps add up: call zero_grad in every step": by_hand(*batch, keep=True),
        "there is a softmax in the network, and another one in CrossEntropyLoss": by_hand(*batch, twice=True),
        "each loss is computed after its step": by_hand(*batch, shift=1),
    },
)
check.passed()

# %% hidden="in_torch" points=1
# Other sizes, learning rates and numbers of steps.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks


def by_hand(x, labels, alpha, beta, lr, steps):
    parameters = [torch.tensor(v, requires_grad=True) for v in (alpha, beta)]
    history = []
    for _ in range(steps):
        z = torch.sigmoid(torch.tensor(x) @ parameters[0][:, 1:].T + parameters[0][:, 0])
        b = z @ parameters[1][:, 1:].T + parameters[1][:, 0]
        loss = torch.nn.functional.cross_entropy(b, torch.tensor(labels))
        gradients = torch.autograd.grad(loss, parameters)
        parameters = [
            (p - lr * g).detach().requires_grad_() for p, g in zip(parameters, gradients, strict=True)
        ]
        history.append(loss.item())
    return history


rng = np.random.default_rng(73)
check = checks.of(losses_in_torch)
for B, I, D, K, lr, steps in ((1, 4, 2, 3, 0.1, 5), (8, 2, 4, 5, 1.0, 12), (5, 3, 3, 2, 0.03, 1)):
    batch = (
        rng.normal(size=(B, I)),
        rng.integers(0, K, size=B),
        rng.normal(size=(D, 1 + I)),
        rng.normal(size=(K, 1 + D)),
    )
    check.call(*batch, lr, steps).close_to(by_hand(*batch, lr, steps))
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# And here they are side by side: your tape, your layers, your SGD; and PyTorch.
#
# *Alternative text: two panels. On the left the loss falls over 20 steps; your losses are circles,
# PyTorch's a line through all of them. On the right the difference between the two, which is of the size of
# rounding errors, about 1e-16.*

# %% figure="side_by_side"
import matplotlib.pyplot as plt
import numpy as np

rng = np.random.default_rng(3)
x, labels = rng.normal(size=(12, 3)), rng.integers(0, 3, size=12)
alpha, beta = rng.normal(size=(5, 4)), rng.normal(size=(3, 6))
model, truth, mine = Classifier(alpha, beta), Leaf(np.eye(3)[labels]), []
for _ in range(20):
    tape.clear()
    model.zero_grad()
    J = CrossEntropy().apply_fwd(truth, model(Leaf(x)))
    tape_bwd()
    sgd_step(model.parameters(), 0.5)
    mine.append(J.out_tensor)
theirs = losses_in_torch(x, labels, alpha, beta, 0.5, 20)

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
left.plot(theirs, color="black", label="PyTorch")
left.plot(mine, "o", color="tab:blue", fillstyle="none", label="yours")
left.set(xlabel="step", ylabel="loss in nats", xticks=range(0, 21, 5))
left.legend()
right.plot(np.array(mine) - theirs, "o", color="tab:blue", markersize=4)
right.set(xlabel="step", ylabel="yours - PyTorch's, in nats", xticks=range(0, 21, 5))
right.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
plt.show()

# %% [markdown]
# ## Exercise 11: a graph that depends on the data
# *Difficulty 4 of 5 · about 25 minutes · 2 points*
#
# Your tape records what happens. It does not care whether what happens was decided by a loop, an `if`, or
# the numbers themselves: the graph is *dynamic*, made anew in every forward pass. Static systems want the
# whole graph before the first number flows.
#
# The classical example is a recurrent network, whose cell makes the next state $h'$ $(B, D)$ from an
# input $x$ $(B, I)$ and the previous state $h$ $(B, D)$, with parameters $W_x$ $(D, 1 + I)$ for the way
# from input to hidden state (*i2h*) and $W_h$ $(D, 1 + D)$ for that from hidden state to hidden state
# (*h2h*), biases in column 0:
#
# $$\text{i2h} = \operatorname{linear}(x, W_x), \qquad \text{h2h} = \operatorname{linear}(h, W_h),
# \qquad h' = \tanh(\text{i2h} + \text{h2h}).$$
#
# 1. `cell(x, h, W_x, W_h)` applies these four modules and returns the last.
# 2. `settle(step, h, tolerance, max_steps)` repeats $h \leftarrow \operatorname{step}(h)$ until no entry of
#    the state changes by more than `tolerance` any more, or `max_steps` steps are done. It returns the
#    final state and the number of steps. How long the graph gets depends on the data, and nobody needs to
#    know in advance to differentiate through it.
#
# <details><summary>Hint 1: what is compared?</summary>
#
# The `out_tensor` of the new state with that of the old one: the largest absolute difference of their
# entries.
#
# </details>
# <details><summary>Hint 2: pseudo-code for settle</summary>
#
# repeat up to max_steps times: new = step(h); change = the largest |new - h| of the out_tensors; h becomes
# new; if change <= tolerance: stop.
#
# </details>


# %% answer="dynamic"
def cell(x, h, W_x, W_h):
    """The module that computes tanh(linear(x, W_x) + linear(h, W_h)).

    x: Leaf (B, I). h: Leaf or module (B, D). W_x: Leaf (D, 1 + I). W_h: Leaf (D, 1 + D).
    """
    ### BEGIN SOLUTION
    i2h = Linear().apply_fwd(x, W_x)
    h2h = Linear().apply_fwd(h, W_h)
    return Tanh().apply_fwd(Add().apply_fwd(i2h, h2h))
    ### END SOLUTION


def settle(step, h, tolerance, max_steps):
    """Repeats h <- step(h) until h changes by at most tolerance. Returns (final state, number of steps).

    h and step(h) are modules; a change is the largest absolute difference of the out_tensors. There are at
    most max_steps steps. The number of steps: how often `step` was called, the last, small one included; 0 if
    max_steps is 0.
    """
    ### BEGIN SOLUTION
    for count in range(1, max_steps + 1):
        before, h = h, step(h)
        if np.max(np.abs(h.out_tensor - before.out_tensor)) <= tolerance:
            return h, count
    return h, max_steps
    ### END SOLUTION


# %% test="dynamic" points=1
import numpy as np
import torch
from nextword import checks

# In settle the states are leaves, so that nothing depends on your tape here.
halves = checks.of(settle)
made = []


def halve(h):
    made.append(Leaf(h.out_tensor / 2 + 1))
    return made[-1]


state, steps = halves.call(halve, Leaf([[0.0, 2.0], [-6.0, 4.0]]), 0.3, 50).value
halves.holds(hasattr(state, "out_tensor"), "the final state should be a module, not its array {}", state)
halves.holds(
    lambda: np.ndim(steps) == 0 and steps == 5,
    "the state is halfway nearer to 2 in every step, the largest change is 4, 2, 1, 0.5, 0.25, ..., so with "
    "tolerance 0.3 there should be 5 steps, not {}",
    steps,
)
final = checks.of(lambda: state.out_tensor, name="state.out_tensor").call().array((2, 2))
halves.holds(
    np.allclose(final, [[1.9375, 2], [1.75, 2.0625]]),
    "the final state is {}: is it the last one, after 5 steps?",
    final,
)
for last in made[-1:]:
    last.out_gradient = np.full((2, 2), 7.0)
halves.holds(
    lambda: np.shape(state.out_gradient) == (2, 2) and np.all(np.asarray(state.out_gradient) == 7),
    "the numbers of the final state are right, but it is another module than the one that step returned: no gradient "
    "can flow back from it through the steps",
)
halves.passed()

rng = np.random.default_rng(74)
values = rng.normal(size=(4, 2)), rng.normal(size=(4, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 4))
c = checks.cotangent((4, 3))


def torch_cell(x, h, W_x, W_h):
    return torch.tanh(x @ W_x[:, 1:].T + W_x[:, 0] + h @ W_h[:, 1:].T + W_h[:, 0])


def weighted(*leaves):
    return Function(lambda a: np.sum(a * c), lambda a, b, g: (g * c,)).apply_fwd(cell(*leaves))


J = np.sum(c * torch_cell(*map(torch.tensor, values)).numpy())
check = checks.of(value_and_gradients, name="cell")
check.call(weighted, *values).close_to((J, checks.torch_gradients(torch_cell, values, c)))
check.passed()

# %% hidden="dynamic" points=1
# How the number of steps depends on the data, on the tolerance and on max_steps; one that settles at once.
### BEGIN HIDDEN TESTS
import numpy as np
from nextword import checks

check = checks.of(settle)
rng = np.random.default_rng(75)


def expected(step, h, tolerance, max_steps, change):
    for count in range(1, max_steps + 1):
        before, h = h, step(h)
        if change(h - before) <= tolerance:
            return h, count
    return h, max_steps


def largest(d):
    return np.abs(d).max()


for scale, tolerance, max_steps in (
    (1, 0.1, 40),
    (30, 0.1, 40),
    (30, 1e-6, 60),
    (30, 1e-6, 4),
    (1, 100.0, 9),
    (2, 0.5, 1),
):
    W, start = rng.normal(size=(3, 3)) / 3, rng.normal(size=(2, 3)) * scale
    state, steps = check.call(
        lambda h, W=W: Leaf(np.tanh(h.out_tensor @ W) + 0.1), Leaf(start), tolerance, max_steps
    ).value
    h, count = expected(lambda h, W=W: np.tanh(h @ W) + 0.1, start, tolerance, max_steps, largest)
    check.holds(
        lambda steps=steps, count=count: np.ndim(steps) == 0 and steps == count,
        "with at most {} steps allowed it stopped after {}, it should be {} (is the change the largest absolute "
        "difference of the entries? is the tolerance compared after every step?)",
        max_steps,
        steps,
        count,
    )
    final = checks.of(lambda state=state: state.out_tensor, name="state.out_tensor").call().array((2, 3))
    check.holds(np.allclose(final, h), "the number of steps is right, but the state is not the last one")
state, steps = check.call(lambda h: Leaf(h.out_tensor / 2), Leaf([[8.0, 3.0]]), 0.3, 50).value
check.holds(
    lambda: np.ndim(steps) == 0 and steps == 5,
    "the state only falls, by 4, 2, 1, 0.5, 0.25: that makes 5 steps, not {} (is the absolute value of the "
    "change missing?)",
    steps,
)
check.passed()
### END HIDDEN TESTS

# %% [markdown]
# The same program, the same parameters, two inputs: two graphs of different length, and the gradient flows
# through both. Blue circles are modules, white ones leaves; a leaf is drawn once for each use, or the weights
# would have lines to every step. A step is four modules, and the sum at the end is one more: 33 modules are
# 8 steps.
#
# *Alternative text: the number of steps until the state settles, for 40 inputs of growing size, as a
# bar chart: larger inputs saturate the tanh and settle sooner. Below it, two graphs drawn from the tape, a
# long one and a short one.*

# %% figure="dynamic"
import matplotlib.pyplot as plt
import numpy as np
from nextword import graph

rng = np.random.default_rng(5)
W_x, W_h = (
    Leaf(rng.normal(size=(3, 3))),
    Leaf(np.hstack([np.zeros((3, 1)), 0.7 * np.linalg.qr(rng.normal(size=(3, 3)))[0]])),
)


def steps_for(x):
    tape.clear()
    x = Leaf(x)
    return settle(lambda h: cell(x, h, W_x, W_h), Leaf(np.zeros((1, 3))), 0.02, 50)


sizes, direction = np.linspace(0.05, 8, 40), np.array([[0.6, -0.8]])
counts = [steps_for(size * direction)[1] for size in sizes]
figure, axes = plt.subplots(figsize=(8, 2.2), layout="constrained")
axes.bar(sizes, counts, width=0.16, color="tab:blue")
axes.set(xlabel="size of the input", ylabel="steps until settled")
for size in (sizes[np.argmax(counts)], sizes[-1]):
    h, count = steps_for(size * direction)
    Function(np.sum, lambda a, b, g: (g * np.ones_like(a),)).apply_fwd(h)
    applied = list(tape)
    tape_bwd()
    graph.draw(
        graph.of_modules(applied),
        title=f"input of size {size:.2f}: {count} steps, {len(applied)} modules",
        compact=True,
    )
plt.show()

# %% [markdown]
# ## Exercise 12: softmax and cross-entropy in one
# *Difficulty 3 of 5 · about 20 minutes · 1 point*
#
# Modules can be too small. Softmax of scores like $(0, 1000)$ gives probabilities $(0, 1)$ exactly; if the
# truth is the first class, the cross-entropy is $\infty$, its gradient $-1/0$, and softmax's backward pass
# multiplies that with 0: `nan`, although the true loss is just 1000 and its gradient is harmless. Put the
# two together, and what must not be computed cancels on paper. With $p = \operatorname{softmax}(b)$ and a
# truth $y$ whose rows add up to 1,
#
# $$J = \frac{1}{B} \sum_{n=1}^{B} \Big( \log \sum_k e^{b_{nk}} - \sum_k y_{nk}\, b_{nk} \Big),
# \qquad g_b = \frac{g_J}{B}\, (p - y).$$
#
# The most important gradient of this course is just *prediction minus truth*, $p - y$. It is also less
# work: one pass over the scores instead of three. That is the other side of modularity, and the reason
# why `CrossEntropyLoss` wants logits: small modules are easy to check, fused ones are fast and exact.
# With a tape you can have both, because a fused module is a module like any other.
#
# The logarithm of a sum of exponentials needs the usual care: subtract the largest score of the row first,
# and add it again afterwards.
#
# <details><summary>Hint 1: deriving p - y</summary>
#
# $\partial \log \sum_k e^{b_k} / \partial b_i = e^{b_i} / \sum_k e^{b_k}$, and that has a name.
#
# </details>
# <details><summary>Hint 2: the loss without overflow</summary>
#
# With $s = b - \max_k b_k$ (row by row), $\log \sum_k e^{b_k} - b_j = \log \sum_k e^{s_k} - s_j$: the
# maximum cancels.
#
# </details>


# %% answer="fused"
def softmax_cross_entropy_forward(b, y):
    """The mean cross-entropy of softmax(b) and the truth y, in nats. b, y: (B, K), rows of y add up to 1."""
    ### BEGIN SOLUTION
    s = b - b.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(s).sum(axis=1)) - (y * s).sum(axis=1))
    ### END SOLUTION


def softmax_cross_entropy_backward(b, y, J, g_J):
    """g_b (B, K), when J is the loss and the number g_J its gradient."""
    ### BEGIN SOLUTION
    e = np.exp(b - b.max(axis=1, keepdims=True))
    return g_J / len(b) * (e / e.sum(axis=1, keepdims=True) - y)
    ### END SOLUTION


# %% test="fused" points=0
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(76)
b, y, g = rng.normal(size=(4, 3)) * 2, np.eye(3)[[2, 0, 0, 1]], -1.3


def reference(b):
    return torch.nn.functional.cross_entropy(b, torch.tensor(y))


J = reference(torch.tensor(b)).item()
check = checks.of(softmax_cross_entropy_forward)
check.call(b, y).close_to(
    J,
    mistakes={
        "the losses of the examples are added up instead of averaged": 4 * J,
        "the minus sign is missing": -J,
    },
)
far, first = np.array([[0.0, 1000.0]]), np.array([[1.0, 0.0]])


def far_reference(b):
    return torch.nn.functional.cross_entropy(b, torch.tensor(first))


check.call(far, first).close_to(
    far_reference(torch.tensor(far)).item(),
    mistakes={
        "the softmax is rounded to 0 before its logarithm is taken, or exp of a large score overflows": np.inf
    },
)
check.passed()
check, right = checks.of(softmax_cross_entropy_backward), checks.torch_gradients(reference, (b,), g)[0]
check.call(b, y, J, g).close_to(
    right,
    mistakes={
        "the gradient g_J that arrives from above is not used": right / g,
        "the division by the number of examples is missing": 4 * right,
        "it is y - p instead of p - y": -right,
        "the loss J is used where its gradient g_J belongs": right / g * J,
    },
)
check.call(far, first, 1000.0, 1.0).close_to(
    checks.torch_gradients(far_reference, (far,), 1.0)[0],
    mistakes={"infinity times 0 is computed: use p - y, not the two backward passes": np.full((1, 2), np.nan)},
)
check.passed()

# %% hidden="fused" points=1
# Other sizes, truths that are not one-hot, and scores of plus and minus a thousand.
### BEGIN HIDDEN TESTS
import numpy as np
import torch
from nextword import checks

rng = np.random.default_rng(77)
forward, backward = checks.of(softmax_cross_entropy_forward), checks.of(softmax_cross_entropy_backward)
for B, K, size in ((1, 4, 1), (5, 2, 3), (3, 6, 1000), (4, 4, 400)):
    b, y, g = rng.normal(size=(B, K)) * size, rng.dirichlet(np.ones(K), size=B), float(rng.normal())

    def reference(b, y=y):
        return torch.nn.functional.cross_entropy(b, torch.tensor(y))

    J = reference(torch.tensor(b)).item()
    forward.call(b, y).close_to(
        J,
        mistakes={
            "the softmax is rounded to 0 before its logarithm is taken": np.inf,
            "infinity minus infinity is computed": np.nan,
        }
        if size > 100
        else {},
    )
    backward.call(b, y, J, g).close_to(
        checks.torch_gradients(reference, (b,), g)[0],
        mistakes={
            "exp of a large score overflows: subtract the largest score of the row": np.full((B, K), np.nan)
        },
    )
forward.passed()
backward.passed()
### END HIDDEN TESTS

# %% [markdown]
# The two ways, as the scores grow: two small modules after one another, and the fused one.
#
# *Alternative text: the loss and the largest entry of the gradient against the size of the scores, on a
# logarithmic axis, for two separate modules and for the fused module. Both agree until the separate ones
# leave the picture: beyond scores of about 710 their gradient is not a number, and beyond 745 their loss is
# infinite.*

# %% figure="fused"
import matplotlib.pyplot as plt
import numpy as np

sizes, separate, fused = np.logspace(0, 4, 60), [], []
for size in sizes:
    b, y = np.array([[0.0, size, size / 2]]), np.array([[1.0, 0.0, 0.0]])
    with np.errstate(all="ignore"):
        p = softmax_forward(b)
        loss = cross_entropy_forward(y, p)
        g = softmax_backward(b, p, cross_entropy_backward(y, p, loss, 1.0))
    separate.append((loss, np.abs(g).max()))
    loss = softmax_cross_entropy_forward(b, y)
    fused.append((loss, np.abs(softmax_cross_entropy_backward(b, y, loss, 1.0)).max()))

figure, panels = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
ends = {"loss in nats": (745.1, "exp(-size) becomes 0"),
        "largest entry of the gradient": (709.8, "1 / exp(-size) overflows")}
for column, (panel, (label, (end, why))) in enumerate(zip(panels, ends.items(), strict=True)):
    panel.plot(sizes, np.array(fused)[:, column], color="black", label="fused")
    finite = np.where(np.isfinite(separate), separate, np.nan)[:, column]
    panel.plot(sizes, finite, color="tab:blue", linewidth=5, alpha=0.4, label="two modules")
    panel.axvline(end, color="tab:orange", linestyle=":", label=why)
    panel.set(xscale="log", xlabel="size of the scores", ylabel=label)
    panel.legend(loc="lower right")
panels[0].set_yscale("log")
plt.show()

# %% [markdown]
# ## Written question 1: what modules buy
# *About 10 minutes · 2 points*
#
# Notebook 02 ended on three drawbacks of the procedural method: the code belongs to one network and must be
# written again for every other; a single step cannot be made faster or more exact without touching the rest;
# and a failing check says only that *some* line is wrong. Name the advantage of modules that answers
# each of them, and give for each an example from *this* notebook: what did you do here that would have cost
# more there? (Five or six sentences.)

# %% [markdown] written="modules_buy" points=2
# ### BEGIN SOLUTION
# *Reuse:* a module can be used in any network without being written again. In exercise 5 a tanh and a
# squared error took the places of sigmoid and cross-entropy and no line of `nn_forward` or `nn_backward`
# changed; `Linear` stands twice in the network, and in the recurrent cell. In the procedural version both
# passes would have had to be rewritten.
#
# *Efficiency of the single step:* what happens inside a module is its own business, so it can be made
# faster or more exact without touching the rest. Softmax's backward pass never forms its Jacobian, and in
# exercise 12 two modules became one, p - y, which is also right for scores of 1000.
#
# *Finding mistakes:* a module can be compared with finite differences alone. `module_error` named the
# broken module in exercise 8 directly, where a check of the whole network only says that some line is
# wrong.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# * 1 point: the three advantages: reuse in other models, single steps can be optimised, mistakes are found
#   module by module (half a point for two of the three).
# * 1 point: an example from the notebook for each (half a point for two of the three). The exchange of
#   modules, the shared `Linear`, the fused loss, `module_error` in exercise 8 are examples; others count.
# ### END MARK SCHEME

# %% [markdown]
# ## Written question 2: static or dynamic
# *About 10 minutes · 2 points*
#
# Your tape is dynamic: the graph is recorded while the program runs. In a static system the graph is
# described first, without data, then compiled, and then run many times. Explain with `settle` from exercise
# 11 what the dynamic way makes easy, and name two things that a system gains when it knows the whole graph
# before it runs. (Five or six sentences.)

# %% [markdown] written="static_dynamic" points=2
# ### BEGIN SOLUTION
# In `settle` the number of steps depends on the numbers, so there is no graph before the data are there.
# With a tape one simply writes a Python loop; each pass records the graph that was needed for this input,
# and the backward pass follows it. A static system would need a special loop operation inside the graph,
# whose condition is itself a node, or a fixed maximal length with masking. Debugging is easier, too: every
# value can be printed while the program runs.
#
# A system that knows the graph in advance can optimise it as a whole: fuse operations (as softmax and
# cross-entropy in exercise 12), remove what is never used, plan memory so that buffers are used again, and
# distribute parts to several devices. It pays for building the graph only once, not in every pass, and the
# graph can be saved and run elsewhere without the Python program that made it.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# * 1 point: the length of the graph depends on the data, so it is not known before the run; ordinary
#   control flow (loop, if) just works because the tape records what happened.
# * 1 point: two gains of a static graph, half a point each: fusing or simplifying operations, planning
#   memory, no cost of building the graph in every pass, scheduling on several devices, running without
#   Python.
# ### END MARK SCHEME

# %% [markdown]
# ## Where this leads
#
# Version B of the backward pass, a tape, modules that know their own derivative: that is all there is
# inside `loss.backward()`. PyTorch records the tape inside the results themselves (each tensor knows the
# function that made it, so two graphs never share a list), has about two thousand operations, and runs them on
# other hardware. The library of this course does it PyTorch's way in a few hundred lines of NumPy:
# `nextword.tape` is the way back, `nextword.autodiff` the operations. You will use them in the next
# notebooks, and now you can read them.
#
# There was no loss ladder this time: the tools are new, and the model is that of notebook 02. In notebook
# 04 they meet a network whose graph is as long as the sentence that it reads, and the ladder gets its
# next rung.
