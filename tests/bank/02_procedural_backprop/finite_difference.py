"""Answers to finite_difference."""
from bank import right, wrong

right("copies", '''
def finite_difference(f, x, eps=1e-5):
    x = np.asarray(x, dtype=np.float64)
    g = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        d = np.zeros(x.shape)
        d[i] = eps
        g[i] = (f(x + d) - f(x - d)) / (2 * eps)
    return g
''')
right("restores", '''
def finite_difference(f, x, eps=1e-5):
    x = np.array(x, dtype=float)
    flat = x.reshape(-1)
    g = []
    for i in range(flat.size):
        before = flat[i]
        flat[i] = before + eps
        up = f(x.copy())
        flat[i] = before - eps
        down = f(x.copy())
        flat[i] = before
        g.append((up - down) / (2 * eps))
    return np.array(g).reshape(x.shape)
''')
BODY = '''
def finite_difference(f, x, eps=1e-5):
    x = np.array(x, dtype=float)
    g = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        d = np.zeros(x.shape)
        d[i] = eps
        g[i] = QUOTIENT
    return g
'''
wrong("one_sided", "f(x + eps) - f(x)", BODY.replace("QUOTIENT", "(f(x + d) - f(x)) / eps"), names="from x to x + eps")
wrong("other_side", "f(x) - f(x - eps)", BODY.replace("QUOTIENT", "(f(x) - f(x - d)) / eps"), names="from x - eps to x")
wrong("factor", "divides by eps", BODY.replace("QUOTIENT", "(f(x + d) - f(x - d)) / eps"), names="instead of 2 eps")
wrong("sign", "the sign is turned", BODY.replace("QUOTIENT", "(f(x - d) - f(x + d)) / (2 * eps)"), names="sign is wrong")
wrong("fixed_eps", "ignores eps", BODY.replace("d[i] = eps", "eps = 1e-5\n        d[i] = eps").replace(
    "QUOTIENT", "(f(x + d) - f(x - d)) / (2 * eps)"), names="eps is not used")
wrong("not_restored", "the entries moved before stay moved", '''
def finite_difference(f, x, eps=1e-5):
    x = np.array(x, dtype=float)
    g = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        x[i] += eps
        up = f(x)
        x[i] -= 2 * eps
        g[i] = (up - f(x)) / (2 * eps)
    return g
''', names="put an entry back")
wrong("integers", "an integer x stays integer", '''
def finite_difference(f, x, eps=1e-5):
    g = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += eps if x.dtype.kind == "f" else int(eps)
        down[i] -= eps if x.dtype.kind == "f" else int(eps)
        g[i] = (f(up) - f(down)) / (2 * eps)
    return g
''', names="integer type")
wrong("float32", "a float32 x stays float32", '''
def finite_difference(f, x, eps=1e-5):
    g = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        up, down = x * np.ones_like(x, dtype=np.result_type(x, np.float32)), x.astype(np.result_type(x, np.float32))
        up[i] += eps
        down[i] -= eps
        g[i] = (f(up) - f(down)) / (2 * eps)
    return g
''')
wrong("in_place", "changes the caller's x", '''
def finite_difference(f, x, eps=1e-5):
    g = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        before = x[i]
        x[i] = before + eps
        up = f(x)
        x[i] = before - eps
        g[i] = (up - f(x)) / (2 * eps)
        x[i] = before + 1e-3
    return g
''', names="passed in")
wrong("vectors_only", "works for vectors only", '''
def finite_difference(f, x, eps=1e-5):
    g = np.zeros(len(x))
    for i in range(len(x)):
        d = np.zeros(len(x))
        d[i] = eps
        g[i] = (f(x + d) - f(x - d)) / (2 * eps)
    return g
''')
wrong("all_at_once", "moves every entry at once", '''
def finite_difference(f, x, eps=1e-5):
    x = np.array(x, dtype=float)
    return np.full(x.shape, (f(x + eps) - f(x - eps)) / (2 * eps))
''', names="at once")
wrong("three_calls", "calls f three times per entry", BODY.replace(
    "QUOTIENT", "((f(x + d) - f(x)) - (f(x - d) - f(x))) / (2 * eps)"), names="must be called")
wrong("rows_at_once", "moves a row of a matrix at once", '''
def finite_difference(f, x, eps=1e-5):
    g = np.zeros(np.shape(x))
    for i in range(len(x)):
        up, down = np.array(x, dtype=float), np.array(x, dtype=float)
        up[i] += eps
        down[i] -= eps
        g[i] = (f(up) - f(down)) / (2 * eps)
    return g
''', names="a whole row is moved")
wrong("extra_axis", "f gets an array with an axis too many", BODY.replace(
    "QUOTIENT", "(f((x + d)[None]) - f((x - d)[None])) / (2 * eps)"), names="of the shape of x")
