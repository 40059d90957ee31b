"""Answers to sigmoid_module."""

from bank import right, wrong

FORWARD = """
def sigmoid_forward(a):
    return (1 + np.tanh(a / 2)) / 2
"""
BACKWARD = """
def sigmoid_backward(a, b, g_b):
    return np.multiply(g_b, b - b ** 2)
"""

right("tanh", FORWARD + BACKWARD)
right("masks", """
def sigmoid_forward(a):
    b = np.empty_like(a)
    low = a < 0
    e = np.exp(a[low])
    b[low] = e / (1 + e)
    b[~low] = 1 / (1 + np.exp(-a[~low]))
    return b

def sigmoid_backward(a, b, g_b):
    slope = b * (1.0 - b)
    return slope * g_b
""")
wrong("no_upstream", "ignores the gradient from above", FORWARD + """
def sigmoid_backward(a, b, g_b):
    return b * (1 - b)
""", names="that arrives from above is not used")
wrong("input", "uses a instead of b", FORWARD + """
def sigmoid_backward(a, b, g_b):
    return g_b * a * (1 - a)
""", names="a is used where the output b belongs")
wrong("twice", "applies the sigmoid to b", FORWARD + """
def sigmoid_backward(a, b, g_b):
    s = sigmoid_forward(b)
    return g_b * s * (1 - s)
""", names="the sigmoid is applied to b once more")
wrong("half", "forgets 1 - b", FORWARD + """
def sigmoid_backward(a, b, g_b):
    return g_b * b
""", names="the factor 1 - b is missing")
wrong("wrong_way", "the exponent's sign", """
def sigmoid_forward(a):
    return 1 / (1 + np.exp(a))
""" + BACKWARD, names="the exponent has the wrong sign")
wrong("overflow", "infinity / infinity for large inputs", """
def sigmoid_forward(a):
    return np.exp(a) / (1 + np.exp(a))
""" + BACKWARD,
      names="an overflow in exp")
wrong("in_place", "writes into the gradient from above", FORWARD + """
def sigmoid_backward(a, b, g_b):
    g_b *= b
    g_b *= 1 - b
    return g_b
""", names="in place")
wrong("summed", "adds up over the batch", FORWARD + """
def sigmoid_backward(a, b, g_b):
    return np.sum(g_b * b * (1 - b), axis=0)
""")
