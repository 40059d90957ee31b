"""Answers to equivariance_error."""
from bank import right, wrong

right("one_line", '''
def equivariance_error(f, x, order):
    return float(abs(f(x[order]) - f(x)[order]).max())
''')
right("loop", '''
def equivariance_error(f, x, order):
    new, old = f(np.array([x[i] for i in order])), f(x)
    return max(float(np.max(np.abs(new[place] - old[i]))) for place, i in enumerate(order))
''')
right("matrix", '''
def equivariance_error(f, x, order):
    P = np.eye(len(order))[order]
    return np.linalg.norm((f(P @ x) - P @ f(x)).ravel(), np.inf)
''')
wrong("invariance", "compares with the old order", '''
def equivariance_error(f, x, order):
    return np.max(np.abs(f(x[order]) - f(x)))
''', names="measures invariance")
wrong("mean", "takes the mean", '''
def equivariance_error(f, x, order):
    return np.mean(np.abs(f(x[order]) - f(x)[order]))
''', names="mean difference")
wrong("signed", "forgets the absolute value", '''
def equivariance_error(f, x, order):
    return np.max(f(x[order]) - f(x)[order])
''', names="without absolute value")
wrong("inverse", "brings the results into the inverse order", '''
def equivariance_error(f, x, order):
    return np.max(np.abs(f(x[order]) - f(x)[np.argsort(order)]))
''', names="inverse order")
wrong("boolean", "says yes or no", '''
def equivariance_error(f, x, order):
    return bool(np.allclose(f(x[order]), f(x)[order]))
''', names="yes or no")
wrong("columns", "permutes the features", '''
def equivariance_error(f, x, order):
    columns = [i for i in order if i < x.shape[1]]
    return np.max(np.abs(f(x[:, columns]) - f(x)[:, columns]))
''')
wrong("twice", "permutes both sides", '''
def equivariance_error(f, x, order):
    return np.max(np.abs(f(x[order])[order] - f(x)[order]))
''')
