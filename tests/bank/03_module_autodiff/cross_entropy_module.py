"""Answers to cross_entropy_module."""

from bank import right, wrong

FORWARD = """
def cross_entropy_forward(a, a_hat):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.mean(np.sum(np.where(a > 0, -a * np.log(a_hat), 0.0), axis=1))
"""
BACKWARD = """
def cross_entropy_backward(a, a_hat, b, g_b):
    g = np.zeros(a_hat.shape)
    g[a > 0] = -g_b * a[a > 0] / a_hat[a > 0] / len(a)
    return g
"""

right("masks", FORWARD + BACKWARD)
right("loops", """
import math

def cross_entropy_forward(a, a_hat):
    total = 0.0
    for truth, p in zip(a, a_hat):
        for t, q in zip(truth, p):
            if t > 0:
                total -= t * (math.log(q) if q > 0 else -math.inf)
    return total / len(a)

def cross_entropy_backward(a, a_hat, b, g_b):
    g = [[-g_b * t / q / len(a) if t > 0 else 0.0 for t, q in zip(truth, p)] for truth, p in zip(a, a_hat)]
    return np.array(g)
""")
wrong("no_upstream", "takes g_b for 1", FORWARD + """
def cross_entropy_backward(a, a_hat, b, g_b):
    return -np.divide(a, a_hat, out=np.zeros_like(a_hat), where=a > 0) / len(a)
""", names="that arrives from above is not used")
wrong("sum", "forgets the mean in the backward pass", FORWARD + """
def cross_entropy_backward(a, a_hat, b, g_b):
    return -g_b * np.divide(a, a_hat, out=np.zeros_like(a_hat), where=a > 0)
""", names="the division by the number of examples is missing")
wrong("sign", "the sign", FORWARD + """
def cross_entropy_backward(a, a_hat, b, g_b):
    return g_b * np.divide(a, a_hat, out=np.zeros_like(a_hat), where=a > 0) / len(a)
""", names="the minus sign is missing")
wrong("fused", "p - y, which is softmax and cross-entropy together", FORWARD + """
def cross_entropy_backward(a, a_hat, b, g_b):
    return g_b * (a_hat - a) / len(a)
""", names="this is p - y")
wrong("loss", "multiplies with the loss", FORWARD + """
def cross_entropy_backward(a, a_hat, b, g_b):
    return -b * np.divide(a, a_hat, out=np.zeros_like(a_hat), where=a > 0) / len(a)
""", names="the loss b is used")
wrong("nan", "0 / 0", FORWARD + """
def cross_entropy_backward(a, a_hat, b, g_b):
    with np.errstate(all="ignore"):
        return -g_b * a / a_hat / len(a)
""", names="0 / 0 is computed")
wrong("forward_sum", "adds up the losses", """
def cross_entropy_forward(a, a_hat):
    return -np.sum(a * np.log(a_hat))
""" + BACKWARD, names="added up instead of averaged")
wrong("forward_nan", "0 log 0", """
def cross_entropy_forward(a, a_hat):
    with np.errstate(all="ignore"):
        return -np.sum(a * np.log(a_hat)) / len(a)
""" + BACKWARD, names="0 * log(0) is computed")
wrong("clipped", "an infinite loss is made finite", """
def cross_entropy_forward(a, a_hat):
    return -np.sum(a * np.log(np.maximum(a_hat, 1e-300))) / len(a)
""" + BACKWARD, names="so the loss is infinite")
wrong("array_of_infinity", "returns the losses of the hopeless examples, an array, where one is infinite", """
def cross_entropy_forward(a, a_hat):
    hopeless = a_hat[(a > 0) & (a_hat == 0)]
    with np.errstate(divide="ignore"):
        if len(hopeless):
            return -np.log(hopeless)
        return -np.sum(a[a > 0] * np.log(a_hat[a > 0])) / len(a)
""" + BACKWARD, names="it should return a number")
