"""Answers to by_hand."""

from bank import right, wrong

F = """
def f_gradients(x1, x2):
    return {"a3": 1.0, "a1": 1.0, "a2": 1.0, "x1": x2, "x2": x1 + np.cos(x2)}
"""
LOGISTIC = """
def logistic_gradients(w, x):
    p = 1 / (1 + np.exp(-np.sum(w * x)))
    return {"p": -1 / p, "u": p - 1, "w": (p - 1) * x, "x": (p - 1) * w}
"""

right("multiplied_out", F + LOGISTIC)
right("step_by_step", """
def f_gradients(x1, x2):
    g = dict.fromkeys(("a1", "a2", "x1", "x2"), 0.0) | {"a3": 1.0}
    for name in ("a1", "a2"):
        g[name] += g["a3"]
    g["x2"] += g["a1"] * np.cos(x2)
    g["x1"] += g["a2"] * x2
    g["x2"] += g["a2"] * x1
    return g

def logistic_gradients(w, x):
    g = {}
    u = np.dot(w, x)
    p = np.exp(u) / (1 + np.exp(u))
    g["p"] = -1 / p
    g["u"] = g["p"] * p * (1 - p)
    g["w"], g["x"] = g["u"] * x, g["u"] * w
    return g
""")
wrong("first_path", "only the path through sin", """
def f_gradients(x1, x2):
    return {"a3": 1.0, "a1": 1.0, "a2": 1.0, "x1": x2, "x2": np.cos(x2)}
""" + LOGISTIC, names="only the path through a1")
wrong("second_path", "a later gradient overwrites the first", """
def f_gradients(x1, x2):
    g = {"a3": 1.0, "a1": 1.0, "a2": 1.0, "x1": x2}
    g["x2"] = np.cos(x2)
    g["x2"] = x1
    return g
""" + LOGISTIC, names="only the path through a2")
wrong("sign_of_cos", "the derivative of sin with a sign", """
def f_gradients(x1, x2):
    return {"a3": 1.0, "a1": 1.0, "a2": 1.0, "x1": x2, "x2": x1 - np.cos(x2)}
""" + LOGISTIC, names="the derivative of sin is cos")
wrong("value_for_slope", "a1 for its own derivative", """
def f_gradients(x1, x2):
    return {"a3": 1.0, "a1": 1.0, "a2": 1.0, "x1": x2, "x2": x1 + np.sin(x2)}
""" + LOGISTIC, names="a1 is taken for its own derivative")
wrong("sign", "log p instead of -log p", F + """
def logistic_gradients(w, x):
    p = 1 / (1 + np.exp(-w @ x))
    return {"p": 1 / p, "u": 1 - p, "w": (1 - p) * x, "x": (1 - p) * w}
""", names="the minus sign of L = -log p is lost")
wrong("swapped", "w and x swapped", F + """
def logistic_gradients(w, x):
    p = 1 / (1 + np.exp(-w @ x))
    return {"p": -1 / p, "u": p - 1, "w": (p - 1) * w, "x": (p - 1) * x}
""", names="w and x have changed places")
wrong("no_slope", "the sigmoid's slope is left out", F + """
def logistic_gradients(w, x):
    p = 1 / (1 + np.exp(-w @ x))
    return {"p": -1 / p, "u": -1 / p, "w": -x / p, "x": -w / p}
""", names="the slope of the sigmoid is left out")
