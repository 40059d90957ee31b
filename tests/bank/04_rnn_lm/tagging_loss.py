"""Answers to tagging_loss."""
from bank import right, wrong

RIGHT = '''
def tagging_loss(h, tags, W_hy, b_y):
    B, T, H = h.shape
    y = h @ W_hy.T + b_y
    y = y - y.max(axis=2, keepdims=True)
    log_p = y - np.log(np.exp(y).sum(axis=2, keepdims=True))
    J = -np.take_along_axis(log_p, tags[..., None], axis=2).sum() / B
    g_y = np.exp(log_p)
    g_y[np.arange(B)[:, None], np.arange(T), tags] -= 1
    g_y = g_y / B
    g_W_hy = g_y.reshape(B * T, -1).T @ h.reshape(B * T, H)
    return J, {"h": g_y @ W_hy, "W_hy": g_W_hy, "b_y": g_y.sum(axis=(0, 1))}
'''

right("rows", RIGHT)
right("step_by_step", '''
def tagging_loss(h, tags, W_hy, b_y):
    B, T, H = h.shape
    J, g = 0.0, {"h": np.zeros_like(h), "W_hy": np.zeros_like(W_hy), "b_y": np.zeros_like(b_y)}
    for b in range(B):
        for t in range(T):
            y = W_hy @ h[b, t] + b_y
            p = np.exp(y - y.max())
            J += np.log(p.sum()) - (y - y.max())[tags[b, t]]
            p = p / p.sum()
            p[tags[b, t]] -= 1
            g["h"][b, t] = W_hy.T @ p / B
            g["W_hy"] += np.outer(p, h[b, t]) / B
            g["b_y"] += p / B
    return J / B, g
''')
wrong("mean_over_steps", "mean for sum over the steps", RIGHT.replace("/ B\n", "/ (B * T)\n"), names="the mean over the steps")
wrong("sum_over_sentences", "sum for mean over the sentences", RIGHT.replace("/ B\n", "/ 1\n"), names="the sum over the sentences")
wrong("gradient_not_divided", "the loss is divided, its gradient is not", RIGHT.replace("g_y = g_y / B", ""),
      names="not divided by the number of sentences")
wrong("gradient_per_word", "the gradient is divided by the number of words", RIGHT.replace("g_y = g_y / B", "g_y = g_y / (B * T)"),
      names="divided by the number of words")
wrong("softmax_over_time", "softmax over the wrong axis", '''
def tagging_loss(h, tags, W_hy, b_y):
    y = h @ W_hy.T + b_y
    y = y - y.max(axis=1, keepdims=True)
    p = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)
    hot = tags[..., None] == np.arange(len(b_y))
    J = -np.log(p[hot]).sum() / len(h)
    g_y = (p * hot.sum(axis=1, keepdims=True) - hot) / len(h)
    return J, {"h": g_y @ W_hy, "W_hy": np.einsum("btk,bth->kh", g_y, h), "b_y": g_y.sum(axis=(0, 1))}
''', names="softmax runs over the steps")
wrong("no_one_hot", "the tags are not subtracted", RIGHT.replace("    g_y[np.arange(B)[:, None], np.arange(T), tags] -= 1\n", ""),
      names="one-hot tags are not subtracted")
wrong("unstable", "exp overflows at logits of 1000", RIGHT.replace("    y = y - y.max(axis=2, keepdims=True)\n", ""))
wrong("wrong_sign", "uphill", RIGHT.replace("g_y = g_y / B", "g_y = -g_y / B"), names="wrong sign")
wrong("last_step_only", "only the last tag counts", RIGHT.replace("    J = -", "    log_p[:, :-1] = 0\n    J = -")
      .replace("g_y = g_y / B", "g_y = g_y / B\n    g_y[:, :-1] = 0"), names="only the last step has a loss")
wrong("base_2", "bits", RIGHT.replace("sum() / B", "sum() / B / np.log(2)"), names="base 2")
wrong("no_bias", "the bias is forgotten", RIGHT.replace(" + b_y", ""), names="the bias is missing")
