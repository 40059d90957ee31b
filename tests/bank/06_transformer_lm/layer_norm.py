"""Answers to layer_norm and its backward pass."""
from bank import right, wrong

ANSWER = '''
def layer_norm(x, gamma, beta, eps):
    mean = x.mean(axis=-1, keepdims=True)
    variance = x.var(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + eps) * gamma + beta


def layer_norm_backward(x, gamma, eps, g):
    D = x.shape[-1]
    mu, v = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    root = np.sqrt(v + eps)
    n = (x - mu) / root
    g_n = g * gamma
    g_x = (g_n - g_n.sum(axis=-1, keepdims=True) / D - n * (g_n * n).sum(axis=-1, keepdims=True) / D) / root
    return {"g_x": g_x, "g_gamma": np.sum(g * n, axis=(0, 1)), "g_beta": np.sum(g, axis=(0, 1))}
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


FORWARD, BACKWARD = ANSWER.split("\n\n\n")

right("var", ANSWER)
right("einsum", '''
def layer_norm(x, gamma, beta, eps):
    c = x - np.einsum("btd->bt", x)[..., None] / x.shape[2]
    v = np.einsum("btd,btd->bt", c, c)[..., None] / x.shape[2]
    return c * (v + eps) ** -0.5 * gamma + beta


def layer_norm_backward(x, gamma, eps, g):
    # step by step through variance and mean, as one differentiates on paper
    D = x.shape[2]
    c = x - x.mean(2, keepdims=True)
    s = (np.mean(c * c, 2, keepdims=True) + eps) ** -0.5
    g_n = g * gamma
    g_s = np.sum(g_n * c, 2, keepdims=True)
    g_v = g_s * -0.5 * s ** 3
    g_c = g_n * s + g_v * 2 * c / D
    return {"g_x": g_c - g_c.mean(2, keepdims=True), "g_gamma": (g * c * s).sum(0).sum(0), "g_beta": g.sum(0).sum(0)}
''')
right("jacobian", '''
def layer_norm(x, gamma, beta, eps):
    out = np.empty(x.shape)
    for b in range(x.shape[0]):
        for t in range(x.shape[1]):
            a = x[b, t]
            out[b, t] = gamma * (a - a.mean()) / np.sqrt(np.mean((a - a.mean()) ** 2) + eps) + beta
    return out


def layer_norm_backward(x, gamma, eps, g):
    B, T, D = x.shape
    g_x, g_gamma = np.empty(x.shape), np.zeros(D)
    for b in range(B):
        for t in range(T):
            c = x[b, t] - x[b, t].mean()
            r = np.sqrt(c @ c / D + eps)
            jacobian = (np.eye(D) - 1 / D - np.outer(c, c) / (D * r * r)) / r
            g_x[b, t] = jacobian.T @ (gamma * g[b, t])
            g_gamma += g[b, t] * c / r
    return {"g_x": g_x, "g_gamma": g_gamma, "g_beta": g.reshape(-1, D).sum(axis=0)}
''')
wrong("bessel", "divides the variance by D - 1", FORWARD.replace("keepdims=True)\n    return", "keepdims=True, ddof=1)\n    return")
      + "\n\n\n" + BACKWARD, names="D - 1")
wrong("eps_outside", "adds eps to the root", but("np.sqrt(variance + eps)", "(np.sqrt(variance) + eps)"),
      names="not under it")
wrong("no_eps", "leaves eps out", but("np.sqrt(variance + eps)", "np.sqrt(variance)"), names="eps is left out")
wrong("no_root", "divides by the variance", but("np.sqrt(variance + eps)", "(variance + eps)"), names="not by its root")
wrong("over_batch", "normalises over the batch", FORWARD.replace("axis=-1", "axis=0") + "\n\n\n" + BACKWARD,
      names="over the sentences of the batch")
wrong("over_tokens", "normalises over the tokens", FORWARD.replace("axis=-1", "axis=1") + "\n\n\n" + BACKWARD,
      names="over the tokens of a sentence")
wrong("no_gain", "forgets gamma and beta", but(" * gamma + beta", ""), names="gamma and beta are left out")
wrong("constants", "takes mean and variance for constants",
      but("(g_n - g_n.sum(axis=-1, keepdims=True) / D - n * (g_n * n).sum(axis=-1, keepdims=True) / D) / root", "g_n / root"),
      names="treated as constants")
wrong("variance_constant", "forgets the term with n", but(" - n * (g_n * n).sum(axis=-1, keepdims=True) / D", ""),
      names="the term with n is missing")
wrong("mean_constant", "forgets the mean", but(" - g_n.sum(axis=-1, keepdims=True) / D", ""),
      names="mean of g_n is not subtracted")
wrong("no_gamma_backward", "forgets gamma on the way back", but("g_n = g * gamma", "g_n = g"), names="left out in g_x")
wrong("gain_of_x", "uses x for n", but("np.sum(g * n,", "np.sum(g * x,"), names="not the normalised n")
wrong("mean_gradients", "takes means over the tokens", but("np.sum(g * n,", "np.mean(g * n,").replace("np.sum(g, ", "np.mean(g, "),
      names="not sums")
wrong("swapped", "exchanges the gradients of gamma and beta", but('"g_gamma"', '"g_q"').replace('"g_beta"', '"g_gamma"')
      .replace('"g_q"', '"g_beta"'), names="changed places")
wrong("unsummed", "does not sum over the tokens", but("np.sum(g, axis=(0, 1))", "g"))
