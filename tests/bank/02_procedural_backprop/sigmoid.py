"""Answers to sigmoid."""
from bank import right, wrong

right("tanh_and_exp", '''
def sigmoid(a):
    small = np.exp(-np.abs(a))
    return np.where(a < 0, small / (1 + small), 1 / (1 + small))
''')
right("masks", '''
def sigmoid(a):
    a = np.asarray(a, dtype=float)
    result = np.empty_like(a)
    positive = a >= 0
    result[positive] = 1 / (1 + np.exp(-a[positive]))
    e = np.exp(a[~positive])
    result[~positive] = e / (1 + e)
    return result
''')
right("logaddexp", '''
def sigmoid(a):
    return np.exp(-np.logaddexp(0, -np.asarray(a, dtype=float)))
''')
wrong("sign", "1 / (1 + exp(a))", '''
def sigmoid(a):
    return 1 / (1 + np.exp(a))
''', names="wrong sign")
wrong("overflow", "exp(a) / (1 + exp(a)) is nan at 1000", '''
def sigmoid(a):
    return np.exp(a) / (1 + np.exp(a))
''', names="overflows")
wrong("where_overflow", "np.where chooses the wrong branch on the right side", '''
def sigmoid(a):
    return np.where(a < 0, 1 / (1 + np.exp(-a)), np.exp(a) / (1 + np.exp(a)))
''', names="overflows")
wrong("slope", "returns the slope", '''
def sigmoid(a):
    z = 1 / (1 + np.exp(-np.abs(a)))
    return z * (1 - z)
''', names="slope of the sigmoid")
wrong("tanh", "tanh in place of the sigmoid", '''
def sigmoid(a):
    return np.tanh(a)
''', names="tanh takes the place")
wrong("one_minus", "1 minus the other side: small values are lost", '''
def sigmoid(a):
    return 1 - np.exp(-np.logaddexp(0, a))
''', names="rounds them away")
wrong("clipped", "a is clipped to avoid the overflow", '''
def sigmoid(a):
    return 1 / (1 + np.exp(-np.clip(a, -30, 30)))
''', names="clipped")
wrong("scalar", "works for one number at a time only", '''
def sigmoid(a):
    return 1 / (1 + np.exp(-a)) if a > 0 else np.exp(a) / (1 + np.exp(a))
''')
wrong("in_place", "writes into its argument", '''
def sigmoid(a):
    a[a < -500] = -500
    return 1 / (1 + np.exp(-a))
''', names="caller")
