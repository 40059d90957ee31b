"""Answers to scale_effect."""
from bank import right, wrong

ANSWER = '''
def scale_effect(q, k):
    N, T, d_k = k.shape
    raw = (k @ q[:, :, None]).reshape(N, T)
    result = {}
    for name, s in (("", raw), ("_scaled", raw / d_k ** 0.5)):
        a = np.exp(s - s.max(axis=1, keepdims=True))
        a = a / a.sum(axis=1, keepdims=True)
        result["variance" + name] = s.var()
        result["slope" + name] = (1 - (a * a).sum(axis=1)).mean()
    return result
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("matrices", ANSWER)
right("einsum_and_diagonal", '''
def scale_effect(q, k):
    def both(s):
        p = np.exp(s - np.logaddexp.reduce(s, axis=-1)[:, None])
        return np.mean((s - s.mean()) ** 2), np.sum(p * (1 - p)) / len(p)

    raw = np.einsum("nd,ntd->nt", q, k)
    v, m = both(raw)
    v1, m1 = both(raw / np.sqrt(q.shape[-1]))
    return {"variance": v, "slope": m, "variance_scaled": v1, "slope_scaled": m1}
''')
right("loops", '''
def scale_effect(q, k):
    scores = [[sum(q[n] * k[n, t]) for t in range(k.shape[1])] for n in range(len(q))]

    def slope(scores):
        total = 0
        for row in scores:
            e = [np.exp(s - max(row)) for s in row]
            total += 1 - sum((x / sum(e)) ** 2 for x in e)
        return total / len(scores)

    scaled = [[s / np.sqrt(len(q[0])) for s in row] for row in scores]
    return {"variance": np.var(scores), "slope": slope(scores),
            "variance_scaled": np.var(scaled), "slope_scaled": slope(scaled)}
''')
wrong("no_root", "divides by d_k", but("d_k ** 0.5", "d_k"), names="divided by d_k, not by its root")
wrong("root_of_T", "divides by the root of T", but("d_k ** 0.5", "T ** 0.5"), names="sqrt(T)")
wrong("wrong_axis", "softmax over the queries", '''
def scale_effect(q, k):
    N, T, d_k = k.shape
    raw = (k @ q[:, :, None]).reshape(N, T)
    result = {}
    for name, s in (("", raw), ("_scaled", raw / d_k ** 0.5)):
        a = np.exp(s - s.max(axis=0, keepdims=True))
        a = a / a.sum(axis=0, keepdims=True)
        result["variance" + name] = s.var()
        result["slope" + name] = (1 - (a * a).sum(axis=0)).mean()
    return result
''', names="over the queries")
wrong("bessel", "divides the variance by n - 1", but("s.var()", "s.var(ddof=1)"), names="minus 1")
wrong("sum_of_squares", "forgets the 1 minus", but("(1 - (a * a).sum(axis=1))", "(a * a).sum(axis=1)"),
      names="not 1 minus it")
wrong("largest", "returns the largest weight", but("(1 - (a * a).sum(axis=1))", "a.max(axis=1)"),
      names="largest weight")
wrong("overflow", "does not shift", but("s - s.max(axis=1, keepdims=True)", "s"))
wrong("summed", "adds the slopes up", but(".sum(axis=1)).mean()", ".sum(axis=1)).sum()"), names="slopes of all queries are added up")
wrong("within_queries", "takes the variance query by query", but("s.var()", "s.var(axis=1).mean()"), names="within each query")
wrong("mean_over_keys", "takes the mean over the keys", but("(1 - (a * a).sum(axis=1)).mean()", "(a * (1 - a)).mean()"),
      names="not a mean over them")
