"""Answers to backward."""

from bank import right, wrong

PULL = """
def backward_pull(graph, partials, order):
    g = {order[-1]: 1.0}
    for i in range(len(order) - 2, -1, -1):
        v = order[i]
        g[v] = 0.0
        for u in order[i + 1:]:
            for k, name in enumerate(graph[u]):
                if name == v:
                    g[v] += g[u] * partials[u][k]
    return g
"""
PUSH = """
def backward_push(graph, partials, order):
    g = {v: 0.0 for v in order}
    g[order[-1]] = 1.0
    for u in order[::-1]:
        for v, d in zip(graph[u], partials[u]):
            g[v] = g[v] + d * g[u]
    return g
"""

right("double_loop", PULL + PUSH)
right("matrix", """
def solve(graph, partials, order):
    place = {v: i for i, v in enumerate(order)}
    D = np.zeros((len(order), len(order)))
    for u in order:
        for v, d in zip(graph[u], partials[u]):
            D[place[u], place[v]] += d
    seed = np.eye(len(order))[-1]
    g = np.linalg.solve(np.eye(len(order)) - D.T, seed)
    return {v: g[i] for i, v in enumerate(order)}

def backward_pull(graph, partials, order):
    return solve(graph, partials, order)

def backward_push(graph, partials, order):
    return solve(graph, partials, order)
""")
right("queues", """
from collections import defaultdict

def backward_pull(graph, partials, order):
    owed = defaultdict(list)
    for u in order:
        for v, d in zip(graph[u], partials[u]):
            owed[v].append((u, d))
    g = {}
    for v in reversed(order):
        g[v] = float(v == order[-1]) + sum(g[u] * d for u, d in owed[v])
    return g
""" + PUSH)
wrong("assignment", "a later gradient replaces an earlier one", PULL + """
def backward_push(graph, partials, order):
    g = {v: 0.0 for v in order}
    g[order[-1]] = 1.0
    for u in order[::-1]:
        for v, d in zip(graph[u], partials[u]):
            g[v] = d * g[u]
    return g
""", names="a gradient that arrives replaces the one that is there")
wrong("no_seed", "the output's gradient stays 0", PULL + """
def backward_push(graph, partials, order):
    g = {v: 0.0 for v in order}
    for u in order[::-1]:
        for v, d in zip(graph[u], partials[u]):
            g[v] += d * g[u]
    return g
""", names="the output's own gradient is not set to 1")
wrong("mentioned_once", "an input that is named twice is paid once", """
def backward_pull(graph, partials, order):
    g = {order[-1]: 1.0}
    for v in reversed(order[:-1]):
        g[v] = sum(g[u] * partials[u][graph[u].index(v)] for u in g if v in graph[u])
    return g
""" + PUSH,
      names="an input that is mentioned twice is paid only once")
wrong("missing", "nodes without influence are left out", """
def backward_pull(graph, partials, order):
    g = {order[-1]: 1.0}
    for v in reversed(order[:-1]):
        owed = [g[u] * d for u in g for w, d in zip(graph[u], partials[u]) if w == v]
        if owed:
            g[v] = sum(owed)
    return g
""" + PUSH,
      names="are left out: their gradient is 0")
wrong("forward_order", "the nodes are visited from the inputs", PULL + """
def backward_push(graph, partials, order):
    g = {v: 0.0 for v in order}
    g[order[-1]] = 1.0
    for u in order:
        for v, d in zip(graph[u], partials[u]):
            g[v] += d * g[u]
    return g
""")
wrong("one_user", "only one of the users is asked", """
def backward_pull(graph, partials, order):
    g = {order[-1]: 1.0}
    for v in reversed(order[:-1]):
        g[v] = 0.0
        for u in reversed(order):
            if v in graph[u]:
                g[v] = sum(g[u] * d for w, d in zip(graph[u], partials[u]) if w == v)
                break
    return g
""" + PUSH)
