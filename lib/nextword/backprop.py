"""A network with one hidden layer, forwards and backwards by hand: the lectures' "procedural method".

    o = nn_forward(x, y, alpha, beta)             # every intermediate by name: x, a, z, b, y_hat, J
    g = nn_backward(x, y, alpha, beta, o)         # g_y_hat, g_b, g_beta, g_z, g_a, g_alpha

Rows are examples: x (B, I), y (B, K), each row of y a distribution (one-hot, as a rule). The parameters carry
the biases as their first column: alpha (D, 1 + I), beta (K, 1 + D). J is the mean over the examples, in nats.
`nextword.rows` compares such dicts row by row.
"""

import numpy as np


def prepend_one(x):
    """x (B, I) with a column of ones before it, (B, 1 + I): what the bias column of the weights meets."""
    return np.concatenate((np.ones((len(x), 1)), x), axis=1)


def linear(x, w):
    """x (B, I), w (O, 1 + I) with the biases in column 0. Returns (B, O)."""
    return w[:, 0] + x @ w[:, 1:].T


def sigmoid(a):
    """1 / (1 + exp(-a)), elementwise, without overflow at either end."""
    small = np.exp(-np.abs(a))
    return np.where(a >= 0, 1.0, small) / (1.0 + small)


def softmax(b):
    """exp(b) / sum(exp(b)) over the last axis, shifted so that the largest exponent is 0."""
    shifted = np.exp(b - b.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def cross_entropy(y, y_hat):
    """-sum(y log y_hat), the mean over the B rows, in nats; inf where y_hat is 0 and y is not."""
    with np.errstate(divide="ignore"):
        return float(-np.sum(y[y > 0] * np.log(y_hat[y > 0])) / len(y))


def nn_forward(x, y, alpha, beta):
    """Every intermediate by name: x (B, I), a and z (B, D), b and y_hat (B, K), J (a number, nats)."""
    a = linear(x, alpha)
    z = sigmoid(a)
    b = linear(z, beta)
    y_hat = softmax(b)
    return {"x": x, "a": a, "z": z, "b": b, "y_hat": y_hat, "J": cross_entropy(y, y_hat)}


def nn_backward(x, y, alpha, beta, o):
    """The gradients of J: g_y_hat, g_b, g_beta, g_z, g_a, g_alpha, each of the shape of what it belongs to.

    o: what `nn_forward` returned for the same arguments.
    """
    z, y_hat = o["z"], o["y_hat"]
    g_y_hat = -np.divide(y, y_hat, out=np.zeros_like(y_hat), where=y > 0) / len(x)
    g_b = y_hat * (g_y_hat - np.sum(g_y_hat * y_hat, axis=1, keepdims=True))
    g_beta = g_b.T @ prepend_one(z)
    g_z = g_b @ beta[:, 1:]
    g_a = g_z * z * (1.0 - z)
    g_alpha = g_a.T @ prepend_one(x)
    return {"g_y_hat": g_y_hat, "g_b": g_b, "g_beta": g_beta, "g_z": g_z, "g_a": g_a, "g_alpha": g_alpha}


def finite_difference(f, x, eps=1e-5):
    """The gradient of the scalar function f at x by central differences, in float64: an array of x's shape.

    eps: the step. The error is about eps^2 |f'''| / 6 for the method and 1e-16 |f| / eps for the rounding.
    """
    gradient = np.empty(np.shape(x))
    for place in np.ndindex(gradient.shape):
        values = []
        for step in (eps, -eps):
            moved = np.array(x, np.float64)
            moved[place] += step
            values.append(float(f(moved)))
        gradient[place] = (values[0] - values[1]) / (2 * eps)
    return gradient
