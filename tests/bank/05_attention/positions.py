"""Answers to the exercise on position embeddings."""
from bank import right, wrong

ANSWER = '''
def sinusoidal(T, D):
    table = np.zeros((T, D))
    for t in range(T):
        for i in range(D // 2):
            angle = t / 10000 ** (2 * i / D)
            table[t, 2 * i] = np.sin(angle)
            table[t, 2 * i + 1] = np.cos(angle)
    return table


def add_positions(x, P):
    B, T, D = x.shape
    return x + P[:T]


def add_positions_backward(g, L):
    B, T, D = g.shape
    g_P = np.zeros((L, D))
    for b in range(B):
        g_P[:T] += g[b]
    return g_P
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("loops", ANSWER)
right("complex_numbers", '''
def sinusoidal(T, D):
    turns = np.exp(1j * np.outer(np.arange(T), 10000.0 ** (-np.arange(D // 2) * 2 / D)))
    return np.stack([turns.imag, turns.real], axis=-1).reshape(T, D)


def add_positions(x, P):
    return np.array([sentence + P[:len(sentence)] for sentence in x])


def add_positions_backward(g, L):
    return np.concatenate([g.sum(axis=0), np.zeros((L - g.shape[1], g.shape[2]))])
''')
right("in_one_go", '''
def sinusoidal(T, D):
    columns = np.arange(D)
    angles = np.arange(T)[:, None] * np.exp(-np.log(10000) * (columns - columns % 2) / D)
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


def add_positions(x, P):
    return x + P[None, :x.shape[1], :]


def add_positions_backward(g, L):
    padded = np.pad(g, ((0, 0), (0, L - g.shape[1]), (0, 0)))
    return np.einsum("btd->td", padded)
''')
wrong("halves", "puts all sines first", '''
def sinusoidal(T, D):
    angles = np.arange(T)[:, None] / 10000 ** (2 * np.arange(D // 2) / D)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
''' + ANSWER[ANSWER.index("\n\ndef add_positions("):], names="they take turns")
wrong("exponent", "has i / D in the exponent", but("(2 * i / D)", "(i / D)"), names="i / D, not 2i / D")
wrong("double_exponent", "has 4i / D in the exponent", but("(2 * i / D)", "(4 * i / D)"), names="4i / D")
wrong("from_one", "counts from 1", but("angle = t /", "angle = (t + 1) /"), names="counted from 1")
wrong("swapped", "exchanges sine and cosine", but("np.sin", "np.s").replace("np.cos", "np.sin").replace("np.s(", "np.cos("),
      names="swapped")
wrong("no_division", "multiplies the angle", but("t / 10000", "t * 10000"), names="instead of divided")
wrong("last_rows", "adds the last rows", but("P[:T]\n", "P[-T:]\n"), names="the last T rows")
wrong("uncut", "does not cut P to T", but("x + P[:T]", "x + P"))
wrong("short", "returns T rows", but("np.zeros((L, D))", "np.zeros((T, D))"), names="P has L rows")
wrong("mean", "takes the mean over the batch", but("+= g[b]", "+= g[b] / B"), names="mean over the batch")
wrong("one_sentence", "overwrites instead of adding", but("g_P[:T] += g[b]", "g_P[:T] = g[b]"),
      names="only one sentence")
wrong("all_rows", "gives every row the same", but("    for b in range(B):\n        g_P[:T] += g[b]\n",
                                                  "    g_P += g.sum(axis=(0, 1))\n"),
      names="rows after T get a gradient")
