"""Answers to fused."""

from bank import right, wrong

FORWARD = """
def softmax_cross_entropy_forward(b, y):
    top = np.max(b, axis=1)
    log_total = top + np.log(np.sum(np.exp(b - top[:, None]), axis=1))
    return float(np.sum(log_total - np.sum(y * b, axis=1)) / len(b))
"""
BACKWARD = """
def softmax_cross_entropy_backward(b, y, J, g_J):
    p = np.exp(b - b.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    return (p - y) * (g_J / len(b))
"""

right("log_total", FORWARD + BACKWARD)
right("log_softmax", """
def log_softmax(b):
    s = b - b.max(axis=1, keepdims=True)
    return s - np.log(np.exp(s).sum(axis=1, keepdims=True))

def softmax_cross_entropy_forward(b, y):
    return -np.mean(np.sum(y * log_softmax(b), axis=1))

def softmax_cross_entropy_backward(b, y, J, g_J):
    return g_J * (np.exp(log_softmax(b)) - y) / b.shape[0]
""")
wrong("no_upstream", "takes g_J for 1", FORWARD + BACKWARD.replace("(g_J / len(b))", "(1 / len(b))"),
      names="that arrives from above is not used")
wrong("sum", "forgets the mean", FORWARD + BACKWARD.replace("(g_J / len(b))", "g_J"),
      names="the division by the number of examples is missing")
wrong("sign", "y - p", FORWARD + BACKWARD.replace("(p - y)", "(y - p)"), names="y - p instead of p - y")
wrong("loss", "multiplies with the loss", FORWARD + BACKWARD.replace("g_J /", "J /"), names="the loss J is used")
wrong("two_steps", "softmax first, then the logarithm", """
def softmax_cross_entropy_forward(b, y):
    p = np.exp(b - b.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    with np.errstate(all="ignore"):
        return -np.sum(y * np.log(p)) / len(b)
""" + BACKWARD, names="the softmax is rounded to 0")
wrong("overflow", "exponentials of the scores as they are", """
def softmax_cross_entropy_forward(b, y):
    with np.errstate(all="ignore"):
        return np.mean(np.log(np.exp(b).sum(axis=1)) - (y * b).sum(axis=1))
""" + BACKWARD,
      names="the softmax is rounded to 0")
wrong("backward_overflow", "the gradient overflows", FORWARD + """
def softmax_cross_entropy_backward(b, y, J, g_J):
    with np.errstate(all="ignore"):
        p = np.exp(b) / np.exp(b).sum(1, keepdims=True)
    return (p - y) * (g_J / len(b))
""")
wrong("forward_sum", "adds up the losses", FORWARD.replace(" / len(b))", ")") + BACKWARD,
      names="added up instead of averaged")
wrong("jacobian_again", "softmax's Jacobian is applied once more", FORWARD + """
def softmax_cross_entropy_backward(b, y, J, g_J):
    p = np.exp(b - b.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    g = p - y
    return g_J / len(b) * p * (g - np.sum(g * p, axis=1, keepdims=True))
""")
wrong("one_max", "one maximum for the whole batch", """
def softmax_cross_entropy_forward(b, y):
    s = b - b.max()
    with np.errstate(all="ignore"):
        return np.mean(np.log(np.exp(s).sum(axis=1)) - (y * s).sum(axis=1))
""" + BACKWARD)
