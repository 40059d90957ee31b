"""Answers to softmax_module."""

from bank import right, wrong

FORWARD = """
def softmax_forward(a):
    b = np.exp(a - np.max(a, axis=1)[:, None])
    b /= b.sum(axis=1)[:, None]
    return b
"""
BACKWARD = """
def softmax_backward(a, b, g_b):
    return g_b * b - b * np.sum(g_b * b, axis=1, keepdims=True)
"""

right("two_terms", FORWARD + BACKWARD)
right("jacobian_per_row", FORWARD + """
def softmax_backward(a, b, g_b):
    return np.array([g @ (np.diag(p) - np.outer(p, p)) for p, g in zip(b, g_b)])
""")
right("jacobian_of_the_batch", FORWARD + """
def softmax_backward(a, b, g_b):
    eye = np.eye(b.shape[1])
    jacobian = b[:, :, None] * (eye - b[:, None, :])
    return np.einsum("nj,nji->ni", g_b, jacobian)
""")
wrong("zeros", "returns zeros, which a gradient of all ones would accept", FORWARD + """
def softmax_backward(a, b, g_b):
    return np.zeros_like(a)
""", names="g_b is taken to be all ones")
wrong("diagonal", "only the diagonal of the Jacobian", FORWARD + """
def softmax_backward(a, b, g_b):
    return g_b * b * (1 - b)
""", names="only the diagonal of the Jacobian is used")
wrong("first_term", "only diag(b)", FORWARD + """
def softmax_backward(a, b, g_b):
    return g_b * b
""", names="only diag(b) is used")
wrong("sum_without_b", "the sum lacks the factor b_j", FORWARD + """
def softmax_backward(a, b, g_b):
    return b * (g_b - g_b.sum(axis=1, keepdims=True))
""", names="the sum over j lacks the factor b_j")
wrong("mean", "subtracts the mean of g", FORWARD + """
def softmax_backward(a, b, g_b):
    return b * (g_b - g_b.mean(axis=1, keepdims=True))
""")
wrong("examples", "sums over the examples", FORWARD + """
def softmax_backward(a, b, g_b):
    return b * (g_b - np.sum(g_b * b, axis=0))
""", names="the sum runs over the examples")
wrong("whole_batch", "sums over the whole batch", FORWARD + """
def softmax_backward(a, b, g_b):
    return b * (g_b - np.sum(g_b * b))
""", names="the sum runs over the whole batch")
wrong("added", "adds the second term", FORWARD + """
def softmax_backward(a, b, g_b):
    return b * (g_b + np.sum(g_b * b, axis=1, keepdims=True))
""", names="added instead of subtracted")
wrong("no_upstream", "ignores the gradient from above", FORWARD + """
def softmax_backward(a, b, g_b):
    return b * (1 - b)
""", names="that arrives from above is not used")
wrong("forward_axis", "normalises over the examples", """
def softmax_forward(a):
    e = np.exp(a - a.max())
    return e / e.sum(axis=0)
""" + BACKWARD, names="the sum runs over the examples")
wrong("overflow", "does not subtract the largest score", """
def softmax_forward(a):
    return np.exp(a) / np.exp(a).sum(axis=1, keepdims=True)
""" + BACKWARD,
      names="an overflow in exp")
