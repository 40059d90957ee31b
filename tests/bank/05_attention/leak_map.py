"""Answers to leak_map."""
from bank import right, wrong

ANSWER = '''
def leak_map(vjp, g):
    T = len(g)
    m = np.zeros((T, T))
    for t in range(T):
        one = np.zeros(g.shape)
        one[t] = g[t]
        back = vjp(one)
        for j in range(T):
            m[t, j] = np.sqrt(sum(back[j] ** 2))
    return m
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("loops", ANSWER)
right("norm", '''
def leak_map(vjp, g):
    return np.array([np.linalg.norm(vjp(np.diag(row) @ g), axis=1) for row in np.eye(len(g))])
''')
right("where", '''
def leak_map(vjp, g):
    rows = np.arange(len(g))[:, None]
    return np.stack([(vjp(np.where(rows == t, g, 0.0)) ** 2).sum(axis=1) ** 0.5 for t in range(len(g))])
''')
wrong("transposed", "swaps outputs and inputs", but("m[t, j]", "m[j, t]"), names="row t belongs to output t")
wrong("squared", "forgets the root", but("np.sqrt(sum(back[j] ** 2))", "sum(back[j] ** 2)"), names="squared")
wrong("absolute", "adds absolute values", but("np.sqrt(sum(back[j] ** 2))", "sum(abs(back[j]))"), names="absolute values")
wrong("summed", "adds the entries", but("np.sqrt(sum(back[j] ** 2))", "sum(back[j])"), names="the entries are added up")
wrong("ones", "does not use g", but("one[t] = g[t]", "one[t] = 1"), names="with ones")
wrong("all", "sends all of g", but("vjp(one)", "vjp(g)"), names="all of g")
wrong("piles_up", "makes the zeros once", but("    for t in range(T):\n        one = np.zeros(g.shape)\n",
                                             "    one = np.zeros(g.shape)\n    for t in range(T):\n"), names="pile up")
wrong("triangle", "believes what it should find out", but("return m", "return np.tril(m)"))
