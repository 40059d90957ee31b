"""Answers to vjps."""
from bank import right, wrong

GOOD = '''
def relu_vjp(a, g):
    return np.where(a > 0, g, 0.0)

def sigmoid_vjp(z, g):
    return g * z * (1 - z)

def softmax_vjp(y_hat, g):
    return y_hat * (g - (g * y_hat).sum(axis=1, keepdims=True))

def linear_vjp(x, w, g):
    x1 = np.hstack([np.ones((len(x), 1)), x])
    return g @ w[:, 1:], g.T @ x1
'''


def with_line(old, new):
    assert old in GOOD, old
    return GOOD.replace(old, new)


right("good", GOOD)
right("einsum", '''
def relu_vjp(a, g):
    result = g.copy()
    result[a <= 0] = 0
    return result

def sigmoid_vjp(z, g):
    return (z - z * z) * g

def softmax_vjp(y_hat, g):
    return y_hat * g - y_hat * np.einsum("bk,bk->b", y_hat, g)[:, None]

def linear_vjp(x, w, g):
    g_w = np.column_stack([g.sum(axis=0), np.einsum("bo,bi->oi", g, x)])
    return (np.delete(w, 0, axis=1).T @ g.T).T, g_w
''')
wrong("relu_cuts_g", "cuts g instead of asking a", with_line("np.where(a > 0, g, 0.0)", "np.maximum(g, 0)"), names="sign of a")
wrong("relu_ignores_g", "ignores g", with_line("np.where(a > 0, g, 0.0)", "(a > 0) * 1.0"), names="from above is ignored")
wrong("relu_at_zero", "1 at exactly 0", with_line("a > 0", "a >= 0"), names="at exactly 0")
wrong("relu_jacobian", "forms the Jacobian", with_line(
    "np.where(a > 0, g, 0.0)", "np.array([row @ np.diag(1.0 * (r > 0)) for row, r in zip(g, a)])"), names="emory")
wrong("sigmoid_ignores_g", "ignores g, which all ones do not show", with_line("g * z * (1 - z)", "z * (1 - z)"),
      names="from above is ignored")
wrong("sigmoid_twice", "applies the sigmoid to z", with_line("return g * z * (1 - z)", "s = 1 / (1 + np.exp(-z))\n    return g * s * (1 - s)"),
      names="once more")
wrong("softmax_zero", "zero, which is right for all ones", with_line(
    "y_hat * (g - (g * y_hat).sum(axis=1, keepdims=True))", "np.zeros_like(g)"), names="all ones")
wrong("softmax_diagonal", "only the diagonal", with_line(
    "y_hat * (g - (g * y_hat).sum(axis=1, keepdims=True))", "g * y_hat * (1 - y_hat)"), names="only the diagonal")
wrong("softmax_no_outer", "no outer product", with_line(
    "y_hat * (g - (g * y_hat).sum(axis=1, keepdims=True))", "g * y_hat"), names="y_hat y_hat^T is missing")
wrong("softmax_whole_batch", "one sum for the batch", with_line(".sum(axis=1, keepdims=True)", ".sum()"), names="whole batch")
wrong("softmax_axis_0", "sums over the examples", with_line(".sum(axis=1, keepdims=True)", ".sum(axis=0, keepdims=True)"),
      names="over the examples")
wrong("softmax_jacobian", "forms the Jacobian", with_line(
    "y_hat * (g - (g * y_hat).sum(axis=1, keepdims=True))",
    "np.array([row @ (np.diag(p) - np.outer(p, p)) for row, p in zip(g, y_hat)])"), names="emory")
wrong("linear_swapped", "the two gradients are swapped", with_line("return g @ w[:, 1:], g.T @ x1", "return g.T @ x1, g @ w[:, 1:]"),
      names="changed places")
wrong("linear_mean", "averages over the batch", with_line("g.T @ x1", "g.T @ x1 / len(x)"), names="averaged over the batch")
wrong("linear_bias_in_g_x", "the biases take part", with_line("g @ w[:, 1:]", "g @ w"), names="biases take part")
wrong("linear_transposed_where_it_fits", "w transposed where I and O are equal", with_line(
    "g @ w[:, 1:]", "(g @ w[:, 1:].T if w.shape[0] == w.shape[1] - 1 else g @ w[:, 1:])"), names="fits only because")
wrong("linear_no_bias", "no gradient for the biases", with_line("g.T @ x1", "g.T @ x"), names="biases is missing")
wrong("linear_g_w_transposed_where_it_fits", "g_w transposed where it is square", with_line(
    "return g @ w[:, 1:], g.T @ x1", "g_w = g.T @ x1\n    return g @ w[:, 1:], g_w.T if g_w.shape[0] == g_w.shape[1] else g_w"),
      names="weights is transposed")
