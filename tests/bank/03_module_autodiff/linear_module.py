"""Answers to linear_module."""

from bank import right, wrong

FORWARD = """
def linear_forward(a, omega):
    return np.concatenate((np.ones((a.shape[0], 1)), a), axis=1) @ omega.T
"""
BACKWARD = """
def linear_backward(a, omega, b, g_b):
    g_omega = np.concatenate((g_b.sum(axis=0)[:, None], g_b.T @ a), axis=1)
    return g_omega, g_b @ omega[:, 1:]
"""

right("bias_apart", FORWARD + BACKWARD)
right("one_example_at_a_time", """
def linear_forward(a, omega):
    return np.array([omega @ np.append(1.0, row) for row in a])

def linear_backward(a, omega, b, g_b):
    g_omega, g_a = np.zeros_like(omega), np.zeros_like(a)
    for n in range(len(a)):
        g_omega += np.outer(g_b[n], np.append(1.0, a[n]))
        g_a[n] = (omega.T @ g_b[n])[1:]
    return g_omega, g_a
""")
right("einsum", FORWARD + """
def linear_backward(a, omega, b, g_b):
    ones_and_a = np.column_stack([np.ones(len(a)), a])
    return [np.einsum("no,ni->oi", g_b, ones_and_a), np.einsum("no,oi->ni", g_b, omega)[:, 1:]]
""")
wrong("order", "g_a first", FORWARD + """
def linear_backward(a, omega, b, g_b):
    ones_and_a = np.column_stack([np.ones(len(a)), a])
    return g_b @ omega[:, 1:], g_b.T @ ones_and_a
""", names="the two gradients are in the wrong order")
wrong("no_bias_gradient", "the gradient of the biases is 0", FORWARD + """
def linear_backward(a, omega, b, g_b):
    g_omega = np.zeros_like(omega)
    g_omega[:, 1:] = g_b.T @ a
    return g_omega, g_b @ omega[:, 1:]
""", names="column 0 of g_omega")
wrong("mean", "averages over the batch", FORWARD + """
def linear_backward(a, omega, b, g_b):
    ones_and_a = np.column_stack([np.ones(len(a)), a])
    return g_b.T @ ones_and_a / len(a), g_b @ omega[:, 1:]
""", names="averaged over the batch")
wrong("ones_column", "g_a has a column for the ones", FORWARD + """
def linear_backward(a, omega, b, g_b):
    ones_and_a = np.column_stack([np.ones(len(a)), a])
    return g_b.T @ ones_and_a, g_b @ omega
""", names="a column for the ones")
wrong("last_column", "leaves out the last column instead of column 0", FORWARD + """
def linear_backward(a, omega, b, g_b):
    ones_and_a = np.column_stack([np.ones(len(a)), a])
    return g_b.T @ ones_and_a, g_b @ omega[:, :-1]
""", names="leaves out the last column of omega")
wrong("transposed_where_it_fits", "uses omega for omega^T when the shapes allow it", FORWARD + """
def linear_backward(a, omega, b, g_b):
    ones_and_a = np.column_stack([np.ones(len(a)), a])
    W = omega[:, 1:]
    return g_b.T @ ones_and_a, g_b @ (W.T if W.shape[0] == W.shape[1] else W)
""", names="the transposed weights")
wrong("square_omega", "g_omega is transposed when it is square", FORWARD + """
def linear_backward(a, omega, b, g_b):
    ones_and_a = np.column_stack([np.ones(len(a)), a])
    g_omega = g_b.T @ ones_and_a
    return (g_omega.T if g_omega.shape[0] == g_omega.shape[1] else g_omega), g_b @ omega[:, 1:]
""", names="g_omega is transposed")
wrong("no_upstream", "ignores the gradient from above", FORWARD + """
def linear_backward(a, omega, b, g_b):
    ones_and_a = np.column_stack([np.ones(len(a)), a])
    return np.ones_like(g_b).T @ ones_and_a, np.ones_like(g_b) @ omega[:, 1:]
""", names="that arrives from above is not used")
wrong("bias_last", "the biases in the last column", """
def linear_forward(a, omega):
    return a @ omega[:, :-1].T + omega[:, -1]
""" + BACKWARD, names="taken from the last column")
wrong("no_bias", "no biases in the forward pass", """
def linear_forward(a, omega):
    return a @ omega[:, 1:].T
""" + BACKWARD, names="are left out")
