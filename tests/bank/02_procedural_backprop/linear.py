"""Answers to linear."""
from bank import right, wrong

right("split", '''
def linear(x, w):
    return x @ w[:, 1:].T + w[:, 0]
''')
right("einsum", '''
def linear(x, w):
    x1 = np.concatenate((np.ones((x.shape[0], 1)), x), axis=1)
    return np.einsum("bi,oi->bo", x1, w)
''')
right("loops", '''
def linear(x, w):
    rows = []
    for example in x:
        row = []
        for weights in w:
            total = weights[0]
            for xi, wi in zip(example, weights[1:]):
                total += xi * wi
            row.append(total)
        rows.append(row)
    return np.array(rows)
''')
wrong("one_last", "the 1 is appended, so the bias comes from the last column", '''
def linear(x, w):
    return np.hstack([x, np.ones((len(x), 1))]) @ w.T
''', names="appended after the inputs")
wrong("bias_last", "the biases are the last column", '''
def linear(x, w):
    return x @ w[:, :-1].T + w[:, -1]
''', names="appended after the inputs")
wrong("no_bias", "the biases are left out", '''
def linear(x, w):
    return x @ w[:, 1:].T
''', names="are left out")
wrong("not_transposed", "w is not transposed", '''
def linear(x, w):
    return np.hstack([np.ones((len(x), 1)), x]) @ w
''')
wrong("transposed_where_it_fits", "w is transposed by hand only where the shapes force it", '''
def linear(x, w):
    x1 = np.hstack([np.ones((len(x), 1)), x])
    return x1 @ w if x1.shape[1] == w.shape[0] else x1 @ w.T
''', names="not transposed")
wrong("result_transposed", "one column per example", '''
def linear(x, w):
    return w @ np.hstack([np.ones((len(x), 1)), x]).T
''', names="transposed")
wrong("single_example", "works for a single example only", '''
def linear(x, w):
    return w @ np.concatenate([[1.0], x[0]])
''')
wrong("like_x", "the result has the type of x: integers cut it", '''
def linear(x, w):
    result = np.empty((len(x), len(w)), dtype=x.dtype)
    result[:] = x @ w[:, 1:].T + w[:, 0]
    return result
''', names="after the decimal point")
