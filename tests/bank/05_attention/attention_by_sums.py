"""Answers to attention_by_sums."""
from bank import right, wrong

ANSWER = '''
def attention_by_sums(q, k, v):
    rows = []
    for t in range(len(q)):
        s = np.array([q[t] @ k[j] for j in range(t + 1)]) / np.sqrt(k.shape[1])
        a = np.exp(s - s.max())
        a = a / a.sum()
        rows.append(sum(a[j] * v[j] for j in range(t + 1)))
    return np.array(rows)
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("three_loops", ANSWER)
right("list", '''
def attention_by_sums(q, k, v):
    def row(t):
        scores = (q[t] * k[:t + 1]).sum(axis=1) * q.shape[1] ** -0.5
        return np.exp(scores - np.logaddexp.reduce(scores)) @ v[:t + 1]

    return np.stack([row(t) for t in range(q.shape[0])])
''')
right("matrices", '''
def attention_by_sums(q, k, v):
    s = np.where(np.tri(len(q)) > 0, q @ k.T / np.sqrt(q.shape[1]), -np.inf)
    a = np.exp(s - s.max(axis=1, keepdims=True))
    return a @ v / a.sum(axis=1, keepdims=True)
''')
wrong("not_causal", "sums over the whole sentence", but("range(t + 1)", "range(len(k))"), names="also at what comes later")
wrong("cut_after_softmax", "cuts the sum off, not the softmax", '''
def attention_by_sums(q, k, v):
    rows = []
    for t in range(len(q)):
        s = k @ q[t] / np.sqrt(k.shape[1])
        a = np.exp(s - s.max())
        a = a / a.sum()
        rows.append(a[:t + 1] @ v[:t + 1])
    return np.array(rows)
''', names="only the sum is cut off")
wrong("off_by_one", "stops before t", '''
def attention_by_sums(q, k, v):
    found = np.zeros(v.shape)
    for t in range(1, len(q)):
        s = k[:t] @ q[t] / np.sqrt(k.shape[1])
        a = np.exp(s - s.max())
        found[t] = a / a.sum() @ v[:t]
    return found
''', names="left out of every sum")
wrong("empty", "stops before t, also for the first", '''
def attention_by_sums(q, k, v):
    found = np.zeros(v.shape)
    for t in range(len(q)):
        s = k[:t] @ q[t] / np.sqrt(k.shape[1])
        a = np.exp(s - s.max())
        found[t] = a / a.sum() @ v[:t]
    return found
''')
wrong("no_scale", "does not scale", but(" / np.sqrt(k.shape[1])", ""), names="are not divided by sqrt(d_k)")
wrong("d_v", "scales by d_v", but("np.sqrt(k.shape[1])", "np.sqrt(v.shape[1])"), names="sqrt(d_v)")
wrong("no_root", "scales by d_k", but("np.sqrt(k.shape[1])", "k.shape[1]"), names="not by its root")
wrong("overflow", "does not shift", but("s - s.max()", "s"))
wrong("previous_queries", "sums over the queries before instead of the keys", but("q[t] @ k[j]", "q[j] @ k[t]"),
      names="queries and keys have changed places")
wrong("one_ahead", "goes one position too far", but("for j in range(t + 1)]", "for j in range(min(t + 2, len(k)))]").replace(
    "for j in range(t + 1))", "for j in range(min(t + 2, len(k))))"), names="goes one too far")
