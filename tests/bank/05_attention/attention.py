"""Answers to attention."""
from bank import right, wrong

ANSWER = '''
def causal_mask(T):
    return np.tri(T, dtype=bool)


def attention(Q, K, V, mask):
    d_k = Q.shape[-1]
    S = np.matmul(Q, np.swapaxes(K, -2, -1)) / np.sqrt(d_k)
    S[..., ~mask] = -np.inf
    A = np.exp(S - S.max(axis=-1, keepdims=True))
    A = A / A.sum(axis=-1, keepdims=True)
    return A @ V, A
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("matrices", ANSWER)
right("einsum", '''
def causal_mask(T):
    t = np.arange(T)
    return t[:, None] >= t[None, :]


def attention(Q, K, V, mask):
    scores = np.einsum("...td,...jd->...tj", Q, K) * Q.shape[-1] ** -0.5 + np.where(mask, 0.0, -np.inf)
    weights = np.exp(scores - np.logaddexp.reduce(scores, axis=-1)[..., None])
    return np.einsum("...tj,...jd->...td", weights, V), weights
''')
right("rows", '''
def causal_mask(T):
    return [[j <= t for j in range(T)] for t in range(T)]


def attention(Q, K, V, mask):
    if Q.ndim > 2:
        parts = [attention(q, k, v, mask) for q, k, v in zip(Q, K, V)]
        return np.array([o for o, _ in parts]), np.array([a for _, a in parts])
    A = np.zeros((len(Q), len(K)))
    for t in range(len(Q)):
        s = K[mask[t]] @ Q[t] / np.sqrt(len(Q[t]))
        e = np.exp(s - s.max())
        A[t, mask[t]] = e / e.sum()
    return A @ V, A
''')
AFTER = "add up to 1"
wrong("mask_after", "masks after the softmax", but("    S[..., ~mask] = -np.inf\n", "").replace(
    "    return A @ V, A", "    A = A * mask\n    return A @ V, A"), names=AFTER)
wrong("mask_multiplied", "multiplies the scores by the mask", but("S[..., ~mask] = -np.inf", "S = S * mask"),
      names="a score of 0 still gets weight")
wrong("no_mask", "does not mask", but("    S[..., ~mask] = -np.inf\n", ""), names="the mask is not used")
wrong("large_negative", "masks with -1e9", but("-np.inf", "-1e9"), names="use -inf")
wrong("over_queries", "softmax over the wrong axis", but("axis=-1", "axis=-2"), names="runs over the queries")
wrong("over_batch", "softmax over the batch", but("axis=-1", "axis=0"), names="runs over the batch")
wrong("off_by_one", "forgets the diagonal", but("np.tri(T, dtype=bool)", "np.tri(T, k=-1, dtype=bool)"),
      names="the diagonal is missing")
wrong("one_ahead", "lets everybody see the next word", but("np.tri(T, dtype=bool)", "np.tri(T, k=1, dtype=bool)"),
      names="one diagonal too many")
wrong("upper", "has the triangle the wrong way round", but("np.tri(T, dtype=bool)", "np.tri(T, dtype=bool).T"),
      names="the upper one")
wrong("reversed", "reads the mask the wrong way round", but("~mask", "mask"), names="the wrong way round")
wrong("no_scale", "does not scale", but(" / np.sqrt(d_k)", ""), names="are not divided by sqrt(d_k)")
wrong("d_v", "scales by d_v", but("Q.shape[-1]", "V.shape[-1]"), names="sqrt(d_v)")
wrong("no_root", "scales by d_k", but("np.sqrt(d_k)", "d_k"), names="not by its root")
wrong("slide", "has V inside the softmax, as on one slide", '''
def causal_mask(T):
    return np.tri(T, dtype=bool)


def attention(Q, K, V, mask):
    S = Q @ K.swapaxes(-1, -2) / np.sqrt(Q.shape[-1])
    inside = S @ V
    output = np.exp(inside - inside.max(axis=-1, keepdims=True))
    S = np.where(mask, S, -np.inf)
    A = np.exp(S - S.max(axis=-1, keepdims=True))
    return output / output.sum(axis=-1, keepdims=True), A / A.sum(axis=-1, keepdims=True)
''', names="V is inside the softmax")
wrong("always_causal", "uses its own mask", but("S[..., ~mask]", "S[..., ~np.tri(*mask.shape, dtype=bool)]"),
      names="whatever is handed in")
wrong("overflow", "does not shift", but("S - S.max(axis=-1, keepdims=True)", "S"))
wrong("float16", "computes in half precision", but("np.sqrt(d_k)\n", "np.sqrt(d_k)\n    S = S.astype(np.float16)\n"))
wrong("all_transposed", "transposes all axes", but("np.swapaxes(K, -2, -1)", "K.T"))
wrong("output_only", "returns the output only", but("return A @ V, A", "return A @ V"), names="returned alone")
wrong("weights_first", "returns the weights first", but("return A @ V, A", "return A, A @ V"), names="the output comes first")
