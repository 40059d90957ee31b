"""Answers to gates."""

from bank import right, wrong

ADD = """
def add_backward(x1, x2, g):
    return g, g
"""
MULTIPLY = """
def multiply_backward(x1, x2, g):
    return g * x2, g * x1
"""
MAX = """
def max_backward(x1, x2, g):
    if x1 == x2:
        return g / 2, g / 2
    return (g, 0.0) if x1 > x2 else (0.0, g)
"""

right("branches", ADD + MULTIPLY + MAX)
right("heaviside", ADD + MULTIPLY + """
def max_backward(x1, x2, g):
    share = np.heaviside(x1 - x2, 0.5)
    return [share * g, (1 - share) * g]
""")
right("local_slopes", """
def through(g, *slopes):
    return tuple(g * slope for slope in slopes)

def add_backward(x1, x2, g):
    return through(g, 1.0, 1.0)

def multiply_backward(x1, x2, g):
    return through(g, x2, x1)

def max_backward(x1, x2, g):
    slope = (np.sign(x1 - x2) + 1) / 2
    return through(g, slope, 1 - slope)
""")
wrong("halved_sum", "add halves the gradient", """
def add_backward(x1, x2, g):
    return g / 2, g / 2
""" + MULTIPLY + MAX, names="cut in two halves")
wrong("no_upstream", "multiply ignores the gradient from above", ADD + """
def multiply_backward(x1, x2, g):
    return x2, x1
""" + MAX, names="upstream gradient g is not used")
wrong("own_input", "multiply uses each input's own value", ADD + """
def multiply_backward(x1, x2, g):
    return g * x1, g * x2
""" + MAX, names="it must be the other one")
wrong("smaller", "max routes to the smaller input", ADD + MULTIPLY + """
def max_backward(x1, x2, g):
    return (0.0, g) if x1 > x2 else (g, 0.0)
""", names="the smaller input gets the gradient")
wrong("tie_both", "at a tie both inputs get everything", ADD + MULTIPLY + """
def max_backward(x1, x2, g):
    return g * (x1 >= x2), g * (x2 >= x1)
""", names="it is half each")
wrong("tie_first", "at a tie the first input gets everything", ADD + MULTIPLY + """
def max_backward(x1, x2, g):
    return (g, 0.0) if x1 >= x2 else (0.0, g)
""", names="at a tie the first input gets everything")
wrong("values", "max returns the values instead of gradients", ADD + MULTIPLY + """
def max_backward(x1, x2, g):
    return (x1, 0.0) if x1 > x2 else (0.0, x2)
""", names="it returns values, not gradients")
