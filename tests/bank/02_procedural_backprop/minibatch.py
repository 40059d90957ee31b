"""Answers to minibatch."""
from bank import right, wrong

GOOD = '''
def batch_shapes(B, I, D, K):
    s = dict(x=(B, I), y=(B, K), alpha=(D, I + 1), beta=(K, D + 1), a=(B, D), z=(B, D), b=(B, K), y_hat=(B, K), J=())
    s.update(g_y_hat=(B, K), g_b=(B, K), g_beta=(K, D + 1), g_z=(B, D), g_a=(B, D), g_alpha=(D, I + 1))
    return s

def per_example_gradients(x, g):
    x1 = np.concatenate([np.ones((len(x), 1)), x], axis=1)
    return np.einsum("no,ni->noi", g, x1)

def mean_gradient(x, g):
    x1 = np.concatenate([np.ones((len(x), 1)), x], axis=1)
    return g.T @ x1 / len(x)
'''


def with_line(old, new):
    assert old in GOOD, old
    return GOOD.replace(old, new)


right("good", GOOD)
right("outer", '''
def batch_shapes(B, I, D, K):
    shapes = {}
    for names, shape in (("x", (B, I)), ("y b y_hat g_y_hat g_b", (B, K)), ("a z g_a g_z", (B, D)),
                         ("alpha g_alpha", (D, 1 + I)), ("beta g_beta", (K, 1 + D)), ("J", ())):
        shapes.update(dict.fromkeys(names.split(), shape))
    return shapes

def per_example_gradients(x, g):
    return np.array([np.outer(row, np.r_[1.0, example]) for row, example in zip(g, x)])

def mean_gradient(x, g):
    return np.column_stack([g.mean(axis=0), g.T @ x / len(x)])
''')
wrong("J_is_one", "J has shape (1,)", with_line("J=()", "J=(1,)"), names="of a number is ()")
wrong("J_per_example", "one J per example", with_line("J=()", "J=(B,)"), names="one number, their mean")
wrong("no_biases", "the parameters have no biases", GOOD.replace("I + 1", "I").replace("D + 1", "D"), names="biases are missing in the shapes")
wrong("columns", "examples as columns", with_line("x=(B, I)", "x=(I, B)"), names="reversed order")
wrong("each_transposed", "the last two axes are swapped", with_line("->noi", "->nio"), names="two last axes are swapped")
wrong("each_no_bias", "no biases in the per-example gradients", with_line('np.einsum("no,ni->noi", g, x1)', 'np.einsum("no,ni->noi", g, x)'),
      names="biases is missing")
wrong("each_divided", "every example is divided by B", with_line('np.einsum("no,ni->noi", g, x1)', 'np.einsum("no,ni->noi", g, x1) / len(x)'),
      names="nothing is averaged yet")
wrong("each_summed", "summed already", with_line("->noi", "->oi"), names="sum of the right values")
wrong("sum", "the sum instead of the mean", with_line("g.T @ x1 / len(x)", "g.T @ x1"), names="added up instead of averaged")
wrong("mean_of_all", "divides by all numbers of g", with_line("g.T @ x1 / len(x)", "g.T @ x1 / g.size"), names="all numbers of g")
wrong("transposed", "the mean is transposed", with_line("g.T @ x1 / len(x)", "x1.T @ g / len(x)"), names="transposed")
wrong("means_multiplied", "the product of means", with_line("g.T @ x1 / len(x)", "np.outer(g.mean(axis=0), x1.mean(axis=0))"))
wrong("forms_all", "forms all per-example gradients", with_line("g.T @ x1 / len(x)", "per_example_gradients(x, g).mean(axis=0)"))
wrong("bias_last", "the biases come last", with_line('    return np.einsum("no', '    x1 = np.roll(x1, -1, axis=1)\n    return np.einsum("no'),
      names="comes last instead of first")
wrong("J_is_a_number", "the shape of J is the number 1", with_line("J=()", "J=1"), names="a shape is a tuple")
