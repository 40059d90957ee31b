"""Answers to softmax."""
from bank import right, wrong

right("transposed", '''
def softmax(b):
    b = np.moveaxis(np.asarray(b, dtype=float), -1, 0)
    e = np.exp(b - b.max(axis=0))
    return np.moveaxis(e / e.sum(axis=0), 0, -1)
''')
right("log_sum_exp", '''
def softmax(b):
    return np.exp(b - np.logaddexp.reduce(b, axis=-1, keepdims=True))
''')
right("rows", '''
def softmax(b):
    if b.ndim > 1:
        return np.array([softmax(row) for row in b])
    e = np.exp(b - max(b))
    return e / sum(e)
''')
wrong("no_shift", "overflows at 1000", '''
def softmax(b):
    e = np.exp(b)
    return e / e.sum(axis=-1, keepdims=True)
''', names="without subtracting")
wrong("global_shift", "one shift for the whole batch", '''
def softmax(b):
    e = np.exp(b - b.max())
    return e / e.sum(axis=-1, keepdims=True)
''', names="of the whole batch, not of each row")
wrong("axis_0", "over the examples", '''
def softmax(b):
    e = np.exp(b - b.max(axis=0))
    return e / e.sum(axis=0)
''', names="axis 0")
wrong("whole", "divides by the sum over everything", '''
def softmax(b):
    e = np.exp(b - b.max())
    return e / e.sum()
''', names="sum over the whole")
wrong("axis_1", "axis 1 instead of the last one", '''
def softmax(b):
    e = np.exp(b - b.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
''')
wrong("not_normalised", "only the exponentials", '''
def softmax(b):
    return np.exp(b)
''', names="not divided")
wrong("log_softmax", "the logarithm of it", '''
def softmax(b):
    shifted = b - b.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
''', names="logarithms of the right values")
wrong("keepdims", "the sums of a square batch are broadcast along the wrong axis", '''
def softmax(b):
    e = np.exp(b - b.max(axis=-1, keepdims=True))
    sums = e.sum(axis=-1)
    return e / sums if b.shape[0] == b.shape[-1] else e / e.sum(axis=-1, keepdims=True)
''')
wrong("shift_by_mean", "subtracts the mean instead of the maximum", '''
def softmax(b):
    e = np.exp(b - b.mean(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
''')
