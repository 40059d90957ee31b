"""Answers to cross_entropy."""
from bank import right, wrong

right("where", '''
def cross_entropy(y, y_hat):
    with np.errstate(all="ignore"):
        terms = np.where(y > 0, -y * np.log(y_hat), 0.0)
    return terms.sum(axis=1).mean()
''')
right("loop", '''
def cross_entropy(y, y_hat):
    total = 0.0
    for row, row_hat in zip(y, y_hat):
        for p, q in zip(row, row_hat):
            if p > 0:
                total += p * (float("inf") if q == 0 else -np.log(q))
    return total / len(y)
''')
wrong("sum", "adds up instead of averaging", '''
def cross_entropy(y, y_hat):
    return -np.sum(y[y > 0] * np.log(y_hat[y > 0]))
''', names="added up instead of averaged")
wrong("mean_of_all", "the mean over B K entries", '''
def cross_entropy(y, y_hat):
    with np.errstate(all="ignore"):
        return np.mean(np.where(y > 0, -y * np.log(y_hat), 0.0))
''', names="over all entries")
wrong("bits", "base 2", '''
def cross_entropy(y, y_hat):
    return -np.sum(y[y > 0] * np.log2(y_hat[y > 0])) / len(y)
''', names="base 2")
wrong("sign", "no minus", '''
def cross_entropy(y, y_hat):
    return np.sum(y[y > 0] * np.log(y_hat[y > 0])) / len(y)
''', names="minus sign")
wrong("zero_log_zero", "0 * log 0 is nan", '''
def cross_entropy(y, y_hat):
    return -np.sum(y * np.log(y_hat)) / len(y)
''', names="takes for nan")
wrong("clipped", "clips the probabilities", '''
def cross_entropy(y, y_hat):
    return -np.sum(y * np.log(np.clip(y_hat, 1e-12, None))) / len(y)
''', names="clipped")
wrong("plus_small", "adds a small number", '''
def cross_entropy(y, y_hat):
    return -np.sum(y * np.log(y_hat + 1e-15)) / len(y)
''', names="is a small number added")
wrong("argmax", "looks at the class of the largest y only", '''
def cross_entropy(y, y_hat):
    with np.errstate(divide="ignore"):
        return -np.mean(np.log(y_hat[np.arange(len(y)), y.argmax(axis=1)]))
''', names="likeliest class")
wrong("swapped", "y and y_hat have changed places", '''
def cross_entropy(y, y_hat):
    with np.errstate(all="ignore"):
        return -np.sum(np.where(y_hat > 0, y_hat * np.log(y), 0)) / len(y)
''', names="changed places")
wrong("per_example", "one loss per example", '''
def cross_entropy(y, y_hat):
    with np.errstate(all="ignore"):
        return np.where(y > 0, -y * np.log(y_hat), 0.0).sum(axis=1)
''', names="mean missing")
wrong("array_of_infinity", "returns the losses of the hopeless examples, an array, where one is infinite", '''
def cross_entropy(y, y_hat):
    hopeless = y_hat[(y > 0) & (y_hat == 0)]
    with np.errstate(divide="ignore"):
        if len(hopeless):
            return -np.log(hopeless)
        return -np.sum(y[y > 0] * np.log(y_hat[y > 0])) / len(y)
''', names="it should return a number")
