"""Answers to bug_hunt."""

from bank import right, wrong

GUILTY = """
def guilty():
    return "swish"
"""
MENDED = """
def mended_backward(a, omega, b, g_b):
    s = 1 / (1 + np.exp(-a * omega))
    slope = a * s * (1 - s)
    return g_b * (s + slope * omega), np.sum(g_b * slope * a, axis=0)
"""

right("one_formula", GUILTY + MENDED)
right("from_the_output", """
def guilty():
    def error(name):
        forward, backward, shape = parts[name]
        rng = np.random.default_rng(0)
        a, omega, g = rng.normal(size=(4, 3)), rng.normal(size=shape), rng.normal(size=(4, 3))
        g_a = backward(a, omega, forward(a, omega), g)[0]
        worst = 0
        for place in np.ndindex(a.shape):
            up, down = a.copy(), a.copy()
            up[place] += 1e-5
            down[place] -= 1e-5
            numeric = np.sum(g * (forward(up, omega) - forward(down, omega))) / 2e-5
            worst = max(worst, abs(numeric - g_a[place]))
        return worst
    return max(parts, key=error)

def mended_backward(a, omega, b, g_b):
    s = np.tanh(a * omega / 2) / 2 + 0.5
    g_a = np.zeros(a.shape)
    g_a += g_b * s
    g_product = g_b * b * (1 - s)
    g_a += g_product * omega
    return g_a, (g_product * a).sum(0)
""")
wrong("another", "accuses an innocent module", """
def guilty():
    return "highway"
""" + MENDED.replace("omega)", "omega)"),
      names="this module is not the broken one")
wrong("index", "returns the number instead of the name", """
def guilty():
    return 3
""" + MENDED, names="it should be one of the five names")
wrong("still_broken", "hands the module back as it is", GUILTY + """
def mended_backward(a, omega, b, g_b):
    return swish_backward(a, omega, b, g_b)
""", names="this is still the broken one")
wrong("only_first", "keeps the first gradient only", GUILTY + """
def mended_backward(a, omega, b, g_b):
    s = 1 / (1 + np.exp(-a * omega))
    return g_b * s, np.sum(g_b * a * s * (1 - s) * a, axis=0)
""", names="only the first of the two gradients")
wrong("no_omega", "the second gradient lacks a factor", GUILTY + """
def mended_backward(a, omega, b, g_b):
    s = 1 / (1 + np.exp(-a * omega))
    g = g_b * a * s * (1 - s)
    return g_b * s + g, np.sum(g * a, axis=0)
""", names="lacks the factor omega")
wrong("omega_not_summed", "the gradient of omega is not summed", GUILTY + """
def mended_backward(a, omega, b, g_b):
    s = 1 / (1 + np.exp(-a * omega))
    g = g_b * a * s * (1 - s)
    return g_b * s + g * omega, g * a
""", names="with the shapes of a and omega")
wrong("no_upstream", "ignores the gradient from above", GUILTY + """
def mended_backward(a, omega, b, g_b):
    s = 1 / (1 + np.exp(-a * omega))
    g = a * s * (1 - s)
    return s + g * omega, np.sum(g * a, axis=0)
""")
