"""Answers to the exercise on rotary positions."""
from bank import right, wrong

ANSWER = '''
def rope(x, start):
    T, d_k = x.shape[2:]
    theta = 10000.0 ** (-2 * np.arange(d_k // 2) / d_k)
    angles = (start + np.arange(T))[:, None] * theta
    cos, sin = np.cos(angles), np.sin(angles)
    even, odd = x[..., ::2], x[..., 1::2]
    return np.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1).reshape(x.shape)


def rope_attention(Q, K, V, attend):
    return attend(rope(Q, 0), rope(K, 0), V)
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("stack", ANSWER)
right("complex_numbers", '''
def rope(x, start):
    z = x[..., 0::2] + 1j * x[..., 1::2]
    t = np.arange(start, start + x.shape[-2])
    i = np.arange(z.shape[-1])
    z = z * np.exp(1j * np.outer(t, 10000.0 ** (-2 * i / x.shape[-1])))
    out = np.empty_like(x)
    out[..., 0::2], out[..., 1::2] = z.real, z.imag
    return out


def rope_attention(Q, K, V, attend):
    Q, K = (rope(part, start=0) for part in (Q, K))
    return attend(Q, K, V)
''')
right("matrices", '''
def rope(x, start):
    T, d_k = x.shape[2:]
    out = np.empty(x.shape)
    for t in range(T):
        R = np.zeros((d_k, d_k))
        for i in range(0, d_k, 2):
            angle = (start + t) / 10000 ** (i / d_k)
            R[i:i + 2, i:i + 2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        out[:, :, t] = x[:, :, t] @ R.T
    return out


def rope_attention(Q, K, V, attend):
    return attend(rope(Q, 0), rope(K, 0), V)
''')
wrong("halves", "pairs the halves", '''
def rope(x, start):
    T, d_k = x.shape[2:]
    angles = (start + np.arange(T))[:, None] * 10000.0 ** (-2 * np.arange(d_k // 2) / d_k)
    one, two = np.split(x, 2, axis=-1)
    return np.concatenate([one * np.cos(angles) - two * np.sin(angles), one * np.sin(angles) + two * np.cos(angles)], axis=-1)


def rope_attention(Q, K, V, attend):
    return attend(rope(Q, 0), rope(K, 0), V)
''', names="not with its neighbour")
wrong("sign", "turns the other way", but("np.sin(angles)", "-np.sin(angles)"), names="wrong sign")
wrong("no_start", "does not use start", but("(start + np.arange(T))", "np.arange(T)"), names="start is not used")
wrong("off_by_one", "counts from 1", but("(start + np.arange(T))", "(start + 1 + np.arange(T))"),
      names="one position too far")
wrong("exponent", "has i / d_k in the exponent", but("-2 * np", "-np"), names="not 2i / d_k")
wrong("along_heads", "counts heads instead of tokens", but("T, d_k = x.shape[2:]", "_, T, _, d_k = x.shape").replace(
    "* theta\n", "* theta\n    angles = angles[:, None]\n"), names="along the heads")
wrong("values_too", "turns the values, too", but("rope(K, 0), V)", "rope(K, 0), rope(V, 0))"),
      names="values are turned, too")
wrong("queries_only", "turns the queries only", but("rope(K, 0), V)", "K, V)"), names="only the queries")
wrong("result", "turns the result", but("attend(rope(Q, 0), rope(K, 0), V)", "rope(attend(Q, K, V), 0)"),
      names="result is turned")
wrong("nothing", "turns nothing", but("attend(rope(Q, 0), rope(K, 0), V)", "attend(Q, K, V)"),
      names="nothing is turned")
wrong("not_a_rotation", "forgets a sign", but("even * cos - odd * sin", "even * cos + odd * sin"),
      names="both sines are added")
wrong("separate", "puts all even features first", but("axis=-1).reshape(x.shape)", "axis=-2).reshape(x.shape)"),
      names="not put back in turns")
wrong("growing_theta", "forgets the minus sign of the exponent", but("-2 * np", "2 * np"), names="lacks its minus sign")
wrong("twice_the_exponent", "takes i twice as large", but("-2 * np", "-4 * np"), names="exponent is 4i")
