"""Answers to attend_last."""
from bank import right, wrong

ANSWER = '''
def attend_last(x, W_q, W_k, W_v):
    q = x[-1] @ W_q.T
    K = x @ W_k.T
    V = x @ W_v.T
    s = K @ q / np.sqrt(W_k.shape[0])
    e = np.exp(s - np.max(s))
    a = e / e.sum()
    return {"weights": a, "output": a @ V}
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("matrices", ANSWER)
right("loops", '''
def attend_last(x, W_q, W_k, W_v):
    d_k = len(W_k)
    q = W_q @ x[-1]
    s = np.array([float(np.dot(W_k @ x_j, q)) / d_k ** 0.5 for x_j in x])
    top = max(s)
    e = [np.exp(s_j - top) for s_j in s]
    a = np.array([e_j / sum(e) for e_j in e])
    output = np.zeros(len(W_v))
    for a_j, x_j in zip(a, x):
        output += a_j * (W_v @ x_j)
    return {"weights": a, "output": output}
''')
right("values_last", '''
def attend_last(x, W_q, W_k, W_v):
    # W_v (sum of a_j x_j) is the same as the sum of a_j W_v x_j
    scores = (x @ (W_k.T @ (W_q @ x[len(x) - 1]))) / np.sqrt(W_q.shape[0])
    weights = np.exp(scores - np.logaddexp.reduce(scores))
    return dict(weights=weights, output=W_v @ (weights @ x))
''')
wrong("d_model", "scales by the root of D", but("W_k.shape[0]", "x.shape[1]"), names="divided by sqrt(D)")
wrong("no_root", "scales by d_k", but("np.sqrt(W_k.shape[0])", "W_k.shape[0]"), names="not by its root")
wrong("no_scale", "does not scale", but(" / np.sqrt(W_k.shape[0])", ""), names="are not divided by sqrt(d_k)")
wrong("key_values", "makes the values with the key projection", but("V = x @ W_v.T", "V = x @ W_k.T"),
      names="key projection")
wrong("raw_values", "sums the tokens", but("a @ V", "a @ x"), names="without W_v")
wrong("first_asks", "takes the query of the first token", but("x[-1]", "x[0]"), names="the first token asks")
wrong("not_normalised", "forgets to normalise", but("a = e / e.sum()", "a = np.exp(s)"),
      names="not divided by their sum")
wrong("overflow", "does not shift", but("s - np.max(s)", "s"), names="overflows")
wrong("times_root", "multiplies by the root", but("/ np.sqrt", "* np.sqrt"), names="multiplied by sqrt(d_k)")
wrong("matrices_swapped", "exchanges the matrices of queries and keys", but("W_q.T", "W_j.T").replace("W_k.T", "W_q.T")
      .replace("W_j.T", "W_k.T"), names="have changed their matrices")
wrong("root_of_T", "scales by the root of T", but("W_k.shape[0]", "len(x)"), names="divided by sqrt(T)")
wrong("shifted_not_normalised", "forgets to normalise after the shift", but("e / e.sum()", "e"),
      names="not divided by their sum")
