"""Answers to multi_head."""
from bank import right, wrong

ANSWER = '''
def multi_head(x, attend, heads, W_in, b_in, W_out, b_out):
    B, T, D = x.shape
    d_k = D // heads
    projected = x @ W_in.T + b_in
    Q, K, V = projected[..., :D], projected[..., D:2 * D], projected[..., 2 * D:]
    Q = Q.reshape(B, T, heads, d_k).transpose(0, 2, 1, 3)
    K = K.reshape(B, T, heads, d_k).transpose(0, 2, 1, 3)
    V = V.reshape(B, T, heads, d_k).transpose(0, 2, 1, 3)
    found = attend(Q, K, V)
    merged = found.transpose(0, 2, 1, 3).reshape(B, T, D)
    return merged @ W_out.T + b_out
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("step_by_step", ANSWER)
right("one_turn", '''
def multi_head(x, attend, heads, W_in, b_in, W_out, b_out):
    B, T, D = x.shape
    parts = (x.reshape(B * T, D) @ W_in.T + b_in).reshape(B, T, 3, heads, -1)
    found = attend(*np.moveaxis(parts, (2, 3), (0, 2)))
    return np.moveaxis(found, 1, 2).reshape(B, T, D) @ W_out.T + b_out
''')
right("head_by_head", '''
def multi_head(x, attend, heads, W_in, b_in, W_out, b_out):
    D = x.shape[2]
    d_k = D // heads
    results = []
    for i in range(heads):
        rows = [np.arange(part * D + i * d_k, part * D + (i + 1) * d_k) for part in range(3)]
        q, k, v = (x @ W_in[r].T + b_in[r] for r in rows)
        results.append(attend(q[:, None], k[:, None], v[:, None])[:, 0])
    return np.concatenate(results, axis=2) @ W_out.T + b_out
''')
SPLIT, MERGE = ".reshape(B, T, heads, d_k).transpose(0, 2, 1, 3)", "found.transpose(0, 2, 1, 3).reshape(B, T, D)"
wrong("reshape_only", "splits without turning", but(SPLIT, ".reshape(B, heads, T, d_k)"), names="features of other words")
wrong("merge_only", "merges without turning", but(MERGE, "found.reshape(B, T, D)"), names="before the axes are swapped back")
wrong("never_turns", "neither turns nor turns back", but(SPLIT, ".reshape(B, heads, T, d_k)").replace(
    MERGE, "found.reshape(B, T, D)"), names="neither the split nor the merge")
wrong("woven", "weaves the features of the heads", but(SPLIT, ".reshape(B, T, d_k, heads).transpose(0, 3, 1, 2)"),
      names="woven into each other")
wrong("order", "puts the heads side by side feature by feature", but(MERGE, "found.transpose(0, 2, 3, 1).reshape(B, T, D)"),
      names="wrong order")
wrong("no_output", "forgets the last projection", but("merged @ W_out.T + b_out", "merged + b_out"),
      names="only b_out is added")
wrong("no_output_at_all", "returns the heads side by side", but("merged @ W_out.T + b_out", "merged"), names="W_out is missing")
wrong("no_b_in", "forgets the first bias", but(" + b_in", ""), names="b_in is missing")
wrong("no_b_out", "forgets the last bias", but(" + b_out", ""), names="b_out is missing")
wrong("keys_first", "takes the first rows for the keys", but("Q, K, V = projected", "K, Q, V = projected"),
      names="keys are taken for queries")
wrong("key_values", "makes values with the key projection", but("projected[..., 2 * D:]", "projected[..., D:2 * D]"),
      names="key projection")
wrong("by_head", "reads W_in head by head", '''
def multi_head(x, attend, heads, W_in, b_in, W_out, b_out):
    B, T, D = x.shape
    parts = (x @ W_in.T + b_in).reshape(B, T, heads, 3, -1).transpose(3, 0, 2, 1, 4)
    found = attend(parts[0], parts[1], parts[2])
    return found.transpose(0, 2, 1, 3).reshape(B, T, D) @ W_out.T + b_out
''', names="head by head")
wrong("own_attention", "does not use attend", but("attend(Q, K, V)", "own(Q, K, V)") + '''

def own(Q, K, V):
    S = Q @ K.swapaxes(2, 3) / np.sqrt(Q.shape[3])
    S = np.where(np.tri(S.shape[2]) > 0, S, -np.inf)
    A = np.exp(S - S.max(axis=3, keepdims=True))
    return A / A.sum(axis=3, keepdims=True) @ V
''')
wrong("output_not_transposed", "forgets a transpose in the last projection", but("W_out.T", "W_out"), names="W_out is not transposed")
