"""Answers to nn_backward: most of the wrong ones look right with all-ones cotangents, equal sizes or one example."""
from bank import right, wrong

GOOD = '''
def nn_backward(x, y, alpha, beta, o):
    z, y_hat, one = o["z"], o["y_hat"], np.ones((len(x), 1))
    g_y_hat = -y / y_hat / len(x)
    g_b = y_hat * (g_y_hat - (g_y_hat * y_hat).sum(axis=1, keepdims=True))
    g_beta = g_b.T @ np.hstack([one, z])
    g_z = g_b @ beta[:, 1:]
    g_a = g_z * z * (1 - z)
    g_alpha = g_a.T @ np.hstack([one, x])
    return {"g_y_hat": g_y_hat, "g_b": g_b, "g_beta": g_beta, "g_z": g_z, "g_a": g_a, "g_alpha": g_alpha}
'''


def with_line(old, new):
    assert old in GOOD, old
    return GOOD.replace(old, new)


right("softmax_shortcut", '''
def nn_backward(x, y, alpha, beta, o):
    g = {"g_y_hat": -y / o["y_hat"] / len(x)}
    g["g_b"] = (o["y_hat"] - y) / len(x)
    g["g_beta"] = np.column_stack([g["g_b"].sum(axis=0), g["g_b"].T @ o["z"]])
    g["g_z"] = g["g_b"] @ beta[:, 1:]
    g["g_a"] = g["g_z"] * (o["z"] - o["z"] ** 2)
    g["g_alpha"] = np.column_stack([g["g_a"].sum(axis=0), g["g_a"].T @ x])
    return g
''')
right("one_example_at_a_time", '''
def nn_backward(x, y, alpha, beta, o):
    B = len(x)
    g = {"g_y_hat": [], "g_b": [], "g_z": [], "g_a": [], "g_beta": np.zeros_like(beta), "g_alpha": np.zeros_like(alpha)}
    for n in range(B):
        y_hat, z = o["y_hat"][n], o["z"][n]
        g_y_hat = -y[n] / y_hat / B
        g_b = g_y_hat @ (np.diag(y_hat) - np.outer(y_hat, y_hat))
        g["g_beta"] += np.outer(g_b, np.concatenate([[1], z]))
        g_z = beta[:, 1:].T @ g_b
        g_a = g_z * z * (1 - z)
        g["g_alpha"] += np.outer(g_a, np.concatenate([[1], x[n]]))
        for name, value in (("g_y_hat", g_y_hat), ("g_b", g_b), ("g_z", g_z), ("g_a", g_a)):
            g[name].append(value)
    return {name: np.array(value) for name, value in g.items()}
''')
wrong("sum", "no 1 / B", with_line("-y / y_hat / len(x)", "-y / y_hat"), names="mean over the examples is forgotten")
wrong("sign", "the minus is missing", with_line("-y / y_hat", "y / y_hat"), names="minus sign")
wrong("confused", "g_y_hat is y_hat - y", with_line("-y / y_hat / len(x)", "(y_hat - y) / len(x)"),
      names="with respect to b, not y_hat")
wrong("softmax_zero", "softmax passes nothing back, as it does for all ones",
      with_line("g_b = y_hat * (g_y_hat - (g_y_hat * y_hat).sum(axis=1, keepdims=True))", "g_b = np.zeros_like(y_hat)"),
      names="were all ones")
wrong("softmax_diagonal", "only the diagonal of softmax's Jacobian",
      with_line("y_hat * (g_y_hat - (g_y_hat * y_hat).sum(axis=1, keepdims=True))", "g_y_hat * y_hat * (1 - y_hat)"),
      names="only the diagonal")
wrong("softmax_whole_batch", "one sum for all rows",
      with_line(".sum(axis=1, keepdims=True)", ".sum()"), names="whole batch")
wrong("mean_twice", "divides by B again at the parameters", with_line("np.hstack([one, z])", "np.hstack([one, z]) / len(x)"),
      names="taken twice")
wrong("a_for_z", "a where z belongs in g_beta", with_line("np.hstack([one, z])", 'np.hstack([one, o["a"]])'),
      names="a is used where z belongs")
wrong("bias_last", "the biases' gradient at the end", with_line("np.hstack([one, z])", "np.hstack([z, one])"),
      names="last column instead of the first")
wrong("no_bias", "no gradient for the biases", with_line("np.hstack([one, z])", "z"), names="biases have no gradient")
wrong("g_z_with_bias", "column 0 of beta takes part", with_line("beta[:, 1:]", "beta"))
wrong("beta_transposed", "transposed where K and D are equal",
      with_line("g_b @ beta[:, 1:]", "g_b @ (beta[:, 1:].T if z.shape[1] == y.shape[1] else beta[:, 1:])"),
      names="fits only because")
wrong("no_slope", "the sigmoid's slope is missing", with_line("g_z * z * (1 - z)", "g_z"), names="slope of the sigmoid is missing")
wrong("slope_of_a", "a (1 - a)", with_line("g_z * z * (1 - z)", 'g_z * o["a"] * (1 - o["a"])'), names="the slope is z (1 - z)")
wrong("sigmoid_ignores_g", "the gradient from above is ignored", with_line("g_z * z * (1 - z)", "z * (1 - z)"),
      names="from above is ignored")
wrong("updated_first", "beta is updated before g_z uses it",
      with_line("    g_z = g_b", "    beta = beta - 0.1 * g_beta\n    g_z = g_b"))
wrong("g_alpha_transposed", "transposed", with_line("g_a.T @ np.hstack([one, x])", "np.hstack([one, x]).T @ g_a"),
      names="transposed")
wrong("g_alpha_transposed_where_it_fits", "transposed where D and 1 + I are equal", with_line(
    "    return {", "    g_alpha = g_alpha.T if g_alpha.shape[0] == g_alpha.shape[1] else g_alpha\n    return {"),
      names="transposed")
wrong("first_example", "only the first example's gradient",
      with_line("g_alpha = g_a.T @ np.hstack([one, x])", "g_alpha = np.outer(g_a[0], np.concatenate([[1], x[0]]))"), names="first example counts")
wrong("sigmoid_twice", "the sigmoid is applied to z", with_line(
    "g_a = g_z * z * (1 - z)", "s = 1 / (1 + np.exp(-z))\n    g_a = g_z * s * (1 - s)"), names="applied once more")
