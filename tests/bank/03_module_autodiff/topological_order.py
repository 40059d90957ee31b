"""Answers to topological_order."""

from bank import right, wrong

right("iterative_search", """
def topological_order(graph):
    order, state = [], {}
    for start in graph:
        stack = [start]
        while stack:
            node = stack[-1]
            if state.get(node) is None:
                state[node] = "open"
                for v in graph.get(node, ()):
                    if state.get(v) == "open":
                        raise ValueError("cycle")
                    if v not in state:
                        stack.append(v)
            else:
                stack.pop()
                if state[node] == "open":
                    state[node] = "done"
                    order.append(node)
    return order
""")
right("two_kinds_of_entries", """
def topological_order(graph):
    order, done, active = [], set(), set()
    work = [(node, False) for node in graph]
    while work:
        node, inputs_done = work.pop()
        if inputs_done:
            active.discard(node)
            if node not in done:
                done.add(node)
                order.append(node)
        elif node in active:
            raise ValueError(f"there is a cycle through {node}")
        elif node not in done:
            active.add(node)
            work.append((node, True))
            work += [(v, False) for v in graph.get(node, ()) if v not in done]
    return order
""")
right("layers", """
def topological_order(graph):
    left = {u: set(inputs) for u, inputs in graph.items()}
    for inputs in graph.values():
        for v in inputs:
            left.setdefault(v, set())
    users = {}
    for u, inputs in left.items():
        for v in inputs:
            users.setdefault(v, []).append(u)
    ready, order = [u for u in left if not left[u]], []
    while ready:
        v = ready.pop()
        order.append(v)
        for u in users.get(v, ()):
            left[u].remove(v)
            if not left[u]:
                ready.append(u)
    if len(order) != len(left):
        raise ValueError("the graph contains a cycle")
    return tuple(order)
""")
wrong("preorder", "lists a node when it is first met", """
def topological_order(graph):
    order = []
    for start in graph:
        stack = [start]
        while stack:
            node = stack.pop()
            if node not in order:
                order.append(node)
                stack += graph.get(node, ())
    return order
""",
      names="is a node listed when it is first met")
wrong("recursion", "recursion is not deep enough for a chain", """
def topological_order(graph):
    order, state = [], {}

    def visit(node):
        if state.get(node) == 2:
            return
        if state.get(node) == 1:
            raise ValueError("cycle")
        state[node] = 1
        for v in graph.get(node, ()):
            visit(v)
        state[node] = 2
        order.append(node)

    for node in graph:
        visit(node)
    return order
""", names="RecursionError")
wrong("users_first", "the order is backwards", """
def topological_order(graph):
    nodes = dict.fromkeys([*graph, *(v for inputs in graph.values() for v in inputs)])
    order = []
    while len(order) < len(nodes):
        ready = [n for n in nodes if n not in order and all(v in order for v in graph.get(n, ()))]
        if not ready:
            raise ValueError("cycle")
        order += ready
    return order[::-1]
""", names="the order is the wrong way round")
wrong("no_leaves", "leaves that are no keys are missing", """
def topological_order(graph):
    order, left = [], dict(graph)
    while left:
        ready = [u for u, inputs in left.items() if not any(v in left for v in inputs)]
        if not ready:
            raise ValueError("cycle")
        for u in ready:
            order.append(u)
            del left[u]
    return order
""", names="is missing from")
wrong("no_cycle", "a cycle is not noticed", """
def topological_order(graph):
    order, seen = [], set()
    for start in graph:
        work = [(start, False)]
        while work:
            node, ready = work.pop()
            if ready:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                work.append((node, True))
                work += [(v, False) for v in graph.get(node, ())]
    return order
""", names="it should raise `ValueError`")
wrong("every_path", "works on a node once per path", """
def topological_order(graph):
    order, active = [], []
    work = [(node, False) for node in graph]
    while work:
        node, ready = work.pop()
        if ready:
            active.pop()
            if node not in order:
                order.append(node)
        else:
            if node in active:
                raise ValueError("cycle")
            active.append(node)
            work.append((node, True))
            work += [(v, False) for v in graph.get(node, ())]
    return order
""",
      names="more than 10 seconds")
wrong("repeated", "a node is listed once for each user", """
def topological_order(graph):
    order = []

    def visit(node, above):
        if node in above:
            raise ValueError("cycle")
        for v in graph.get(node, ()):
            visit(v, above + [node])
        order.append(node)

    for node in graph:
        visit(node, [])
    return order
""", names="is listed more than once")
wrong("double_edge", "an input that is named twice blocks its user", """
def topological_order(graph):
    waiting = {u: len(inputs) for u, inputs in graph.items()}
    users = {}
    for u, inputs in graph.items():
        for v in set(inputs):
            users.setdefault(v, []).append(u)
            waiting.setdefault(v, 0)
    order = [u for u in waiting if waiting[u] == 0]
    for v in order:
        for u in users.get(v, []):
            waiting[u] -= 1
            if waiting[u] == 0:
                order.append(u)
    if len(order) < len(waiting):
        raise ValueError("cycle")
    return order
""")
