"""Answers to poll."""
from bank import right, wrong

right("nothing_new", '''
def poll(x, a, order):
    return {"weights": a[order], "output": np.sum(a[:, None] * x, axis=0)}
''')
right("all_again", '''
def poll(x, a, order):
    weights, tokens = [a[i] for i in order], [x[i] for i in order]
    return {"weights": weights, "output": sum(w * token for w, token in zip(weights, tokens))}
''')
right("take", '''
def poll(x, a, order):
    new_x, new_a = np.take(x, order, axis=0), np.take(a, order)
    return {"weights": new_a, "output": new_x.T @ new_a}
''')
STAY = "stay at their places"
wrong("weights_stay", "believes that weights belong to positions", '''
def poll(x, a, order):
    return {"weights": a, "output": a @ x[order]}
''', names=STAY)
wrong("tokens_stay", "moves the weights only", '''
def poll(x, a, order):
    return {"weights": a[order], "output": a[order] @ x}
''', names="only the weights move")
wrong("nothing_moves", "returns the old weights", '''
def poll(x, a, order):
    return {"weights": a, "output": a @ x}
''', names="nothing moves")
wrong("inverse", "reads the order the wrong way round", '''
def poll(x, a, order):
    back = np.argsort(order)
    return {"weights": a[back], "output": a[back] @ x[back]}
''', names="the wrong way round")
wrong("in_place", "puts the weights where the order points", '''
def poll(x, a, order):
    weights, tokens = np.empty_like(a), np.empty_like(x)
    weights[order], tokens[order] = a, x
    return {"weights": weights, "output": weights @ tokens}
''', names="the wrong way round")
wrong("swap_only", "exchanges the second and the third token whatever the order says", '''
def poll(x, a, order):
    weights = a.copy()
    weights[1], weights[2 if len(a) > 2 else 1] = a[2 if len(a) > 2 else 1], a[1]
    return {"weights": weights, "output": a @ x}
''')
wrong("last_moves", "leaves the token that asks out of the sum", '''
def poll(x, a, order):
    return {"weights": a[order], "output": a[:-1] @ x[:-1]}
''')
