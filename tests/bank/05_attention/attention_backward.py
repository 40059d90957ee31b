"""Answers to attention_backward."""
from bank import right, wrong

ANSWER = '''
def attention_backward(Q, K, V, A, g):
    d_k = Q.shape[-1]
    dV = A.transpose(0, 2, 1) @ g
    dA = g @ V.transpose(0, 2, 1)
    dS = A * (dA - (dA * A).sum(axis=2, keepdims=True))
    dQ = dS @ K / np.sqrt(d_k)
    dK = dS.transpose(0, 2, 1) @ Q / np.sqrt(d_k)
    return {"g_Q": dQ, "g_K": dK, "g_V": dV}
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("matrices", ANSWER)
right("output_trick", '''
def attention_backward(Q, K, V, A, g):
    # the sum over a row of g_A * A is the product of g with the output
    O = np.einsum("btj,bjd->btd", A, V)
    D = np.einsum("btd,btd->bt", g, O)[..., None]
    g_S = A * (np.einsum("btd,bjd->btj", g, V) - D) * Q.shape[2] ** -0.5
    return {"g_Q": np.einsum("btj,bjd->btd", g_S, K), "g_K": np.einsum("btj,btd->bjd", g_S, Q),
            "g_V": np.einsum("btj,btd->bjd", A, g)}
''')
right("jacobians", '''
def attention_backward(Q, K, V, A, g):
    g_Q, g_K, g_V = np.zeros(Q.shape), np.zeros(K.shape), np.zeros(V.shape)
    for b in range(len(Q)):
        for t in range(Q.shape[1]):
            a = A[b, t]
            g_s = (np.diag(a) - np.outer(a, a)) @ (V[b] @ g[b, t]) / np.sqrt(Q.shape[2])
            g_V[b] += np.outer(a, g[b, t])
            g_Q[b, t] = g_s @ K[b]
            g_K[b] += np.outer(g_s, Q[b, t])
    return {"g_Q": g_Q, "g_K": g_K, "g_V": g_V}
''')
wrong("no_factor", "forgets the factor", but(" / np.sqrt(d_k)", ""), names="1 / sqrt(d_k) is missing")
wrong("no_root", "divides by d_k", but("np.sqrt(d_k)", "d_k"), names="1 / d_k, not")
wrong("no_softmax", "passes the softmax over", but("A * (dA - (dA * A).sum(axis=2, keepdims=True))", "dA"),
      names="passed over")
wrong("diagonal", "takes the Jacobian for its diagonal",
      but("A * (dA - (dA * A).sum(axis=2, keepdims=True))", "A * (1 - A) * dA"), names="its diagonal")
wrong("no_sum", "does not subtract the sum", but("(dA - (dA * A).sum(axis=2, keepdims=True))", "dA"),
      names="not subtracted")
wrong("wrong_axis", "sums over the queries", but("axis=2", "axis=1"), names="over the queries")
wrong("mean", "subtracts the mean", but("(dA * A).sum(axis=2, keepdims=True)", "dA.mean(axis=2, keepdims=True)"),
      names="mean of the row")
wrong("swapped", "exchanges the gradients of Q and K", but('"g_Q": dQ, "g_K": dK', '"g_Q": dK, "g_K": dQ'),
      names="changed places")
wrong("weights_not_transposed", "forgets a transpose in g_V", but("A.transpose(0, 2, 1) @ g", "A @ g"),
      names="transposed weights")
wrong("scores_not_transposed", "forgets a transpose in g_K", but("dS.transpose(0, 2, 1) @ Q", "dS @ Q"),
      names="not transposed")
wrong("factor_once", "scales g_Q only", but("@ Q / np.sqrt(d_k)", "@ Q"), names="by the factor sqrt(")
wrong("ones", "forgets the gradient that arrives", but("    dV =", "    g = np.ones_like(g)\n    dV ="))
wrong("whole_sentence", "sums over the sentence", but("axis=2", "axis=(1, 2)"), names="over the whole sentence")
wrong("plain_sum", "subtracts the sum without the weights", but("(dA * A).sum", "dA.sum"), names="plain sum")
