"""Answers to attend_with_cache."""
from bank import right, wrong

ANSWER = '''
def attend_with_cache(Q, K, V, cache):
    M = 0 if cache is None else cache[0].shape[2]
    if cache is not None:
        K = np.concatenate((cache[0], K), axis=2)
        V = np.concatenate((cache[1], V), axis=2)
    N = Q.shape[2]
    scores = Q @ K.transpose(0, 1, 3, 2) / np.sqrt(Q.shape[-1])
    rows, columns = np.arange(N)[:, None], np.arange(M + N)[None, :]
    scores = np.where(columns <= rows + M, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights @ V, (K, V)
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("mask", ANSWER)
right("one_by_one", '''
def attend_with_cache(Q, K, V, cache):
    outputs = []
    keys, values = cache if cache is not None else (K[:, :, :0], V[:, :, :0])
    for n in range(Q.shape[2]):
        keys = np.concatenate([keys, K[:, :, n:n + 1]], axis=2)
        values = np.concatenate([values, V[:, :, n:n + 1]], axis=2)
        s = np.einsum("bhd,bhjd->bhj", Q[:, :, n], keys) * Q.shape[3] ** -0.5
        a = np.exp(s - s.max(axis=2, keepdims=True))
        outputs.append(np.einsum("bhj,bhjd->bhd", a / a.sum(axis=2, keepdims=True), values))
    return np.stack(outputs, axis=2), (keys, values)
''')
right("two_parts", '''
def attend_with_cache(Q, K, V, cache):
    # the cache needs no mask, the new tokens among each other need the usual one
    N, d_k = Q.shape[2:]
    new = np.where(np.tri(N) > 0, Q @ K.swapaxes(2, 3) / d_k ** 0.5, -np.inf)
    if cache is None:
        scores, keys, values = new, K, V
    else:
        scores = np.concatenate([Q @ cache[0].swapaxes(2, 3) / d_k ** 0.5, new], axis=3)
        keys, values = (np.concatenate(pair, axis=2) for pair in zip(cache, (K, V)))
    a = np.exp(scores - np.logaddexp.reduce(scores, axis=3)[..., None])
    return a @ values, (keys, values)
''')
wrong("no_mask", "does not mask", but("columns <= rows + M", "columns >= 0"), names="without a mask")
wrong("mask_left", "begins the mask at the left", but("rows + M", "rows"), names="begins at the left")
wrong("one_too_few", "does not let a token see itself", but("rows + M", "rows + M - (M > 0)"),
      names="does not see itself")
wrong("one_too_many", "lets each token see the next", but("rows + M", "rows + M + 1"), names="sees the next one")
wrong("forgets_cache", "attends to the new tokens only", '''
def attend_with_cache(Q, K, V, cache):
    N = Q.shape[2]
    scores = np.where(np.tri(N) > 0, Q @ K.swapaxes(2, 3) / np.sqrt(Q.shape[3]), -np.inf)
    weights = np.exp(scores - scores.max(axis=3, keepdims=True))
    output = weights / weights.sum(axis=3, keepdims=True) @ V
    if cache is not None:
        K, V = (np.concatenate(pair, axis=2) for pair in zip(cache, (K, V)))
    return output, (K, V)
''', names="not the cache")
wrong("old_cache", "returns the old cache", but("return weights @ V, (K, V)", "return weights @ V, (K[:, :, :M or None], V[:, :, :M or None])"),
      names="does not hold the new token")
wrong("new_first", "puts the new tokens first", but("(cache[0], K)", "(K, cache[0])").replace("(cache[1], V)", "(V, cache[1])")
      .replace("columns <= rows + M", "(columns <= rows + M) | (M > 0)"), names="before those of the cache")
wrong("wrong_axis", "concatenates along the heads", but("axis=2)\n        V", "axis=1)\n        V").replace(
    "(cache[1], V), axis=2", "(cache[1], V), axis=1"))
wrong("no_scale", "does not scale", but(" / np.sqrt(Q.shape[-1])", ""), names="not divided by the root of d_k")
wrong("scale_of_values", "divides by the root of d_v", but("np.sqrt(Q.shape[-1])", "np.sqrt(V.shape[-1])"),
      names="root of d_v")
