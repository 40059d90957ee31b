"""Answers to bug_hunt."""
from bank import right, wrong

CULPRITS = '''
def culprits():
    return {"suspect_1": "g_a", "suspect_2": "g_z", "suspect_3": "g_beta"}
'''
REPAIRED = '''
def repaired_backward(x, y, alpha, beta):
    a, z, b = forward_of_suspects(x, alpha, beta)
    g_b = (b - y) / len(x)
    g_beta = g_b.T @ z
    g_z = g_b @ beta
    g_a = g_z * (1 - z**2)
    g_alpha = g_a.T @ x
    return {"g_b": g_b, "g_beta": g_beta, "g_z": g_z, "g_a": g_a, "g_alpha": g_alpha}
'''
GOOD = CULPRITS + REPAIRED


def with_line(old, new):
    assert old in GOOD, old
    return GOOD.replace(old, new)


right("good", GOOD)
right("own_forward", '''
def culprits():
    return dict(suspect_3="g_beta", suspect_2="g_z", suspect_1="g_a")

def repaired_backward(x, y, alpha, beta):
    z = np.tanh(np.einsum("bi,di->bd", x, alpha))
    g = {"g_b": (z @ beta.T - y) / x.shape[0]}
    g["g_beta"] = np.einsum("bk,bd->kd", g["g_b"], z)
    g["g_z"] = np.einsum("bk,kd->bd", g["g_b"], beta)
    g["g_a"] = g["g_z"] / np.cosh(np.arctanh(z)) ** 2
    g["g_alpha"] = np.einsum("bd,bi->di", g["g_a"], x)
    return g
''')
wrong("consequence_1", "names what follows from the wrong line of suspect_1", with_line('"suspect_1": "g_a"', '"suspect_1": "g_alpha"'),
      names="only because it was computed from a wrong one")
wrong("consequence_2", "names what follows from the wrong line of suspect_2", with_line('"suspect_2": "g_z"', '"suspect_2": "g_a"'),
      names="only because it was computed from a wrong one")
wrong("guess_3", "names a right line of suspect_3", with_line('"suspect_3": "g_beta"', '"suspect_3": "g_z"'),
      names="not the first that comes out wrong")
wrong("all_the_same", "one name for all", with_line('"suspect_2": "g_z", "suspect_3": "g_beta"', '"suspect_2": "g_a", "suspect_3": "g_a"'),
      names="only because it was computed from a wrong one")
wrong("lists", "lists all wrong gradients", with_line('"suspect_1": "g_a"', '"suspect_1": ["g_a", "g_alpha"]'), names="return a dict")
wrong("suspect_1_left", "suspect_1's line is still there", with_line("1 - z**2", "1 - a**2"), names="suspect_1's line")
wrong("suspect_2_left", "suspect_2's line is still there", with_line("    g_z = g_b", "    beta = beta - 0.01 * g_beta\n    g_z = g_b"),
      names="suspect_2's line")
wrong("suspect_3_left", "suspect_3's line is still there", with_line("g_b.T @ z", "z.T @ g_b"), names="suspect_3's line")
wrong("transposed_where_it_fits", "transposed where K and D are equal", with_line(
    "g_beta = g_b.T @ z", "g_beta = g_b.T @ z\n    g_beta = g_beta.T if g_beta.shape[0] == g_beta.shape[1] else g_beta"), names="suspect_3's line")
wrong("sigmoid_slope", "the slope of the sigmoid", with_line("1 - z**2", "z * (1 - z)"), names="slope of the sigmoid")
wrong("no_slope", "no slope", with_line("g_z * (1 - z**2)", "g_z"), names="slope of tanh is missing")
wrong("sum", "the mean is forgotten", with_line("(b - y) / len(x)", "b - y"), names="times too large")
