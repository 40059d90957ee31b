"""Answers to rnn_step."""
from bank import right, wrong

RIGHT = '''
def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    a = x @ W_xh.T + h_prev @ W_hh.T + b_h
    return np.tanh(a)


def rnn_step_backward(x, h_prev, W_xh, W_hh, h, g):
    g_a = g * (1 - h * h)
    return {
        "x": g_a @ W_xh,
        "h_prev": g_a @ W_hh,
        "W_xh": g_a.T @ x,
        "W_hh": g_a.T @ h_prev,
        "b_h": g_a.sum(axis=0),
    }
'''

right("matrices", RIGHT)
right("joined", '''
def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    both = np.concatenate([x, h_prev], axis=1)
    weights = np.concatenate([W_xh, W_hh], axis=1)
    return np.tanh(np.einsum("bi,oi->bo", both, weights) + b_h)


def rnn_step_backward(x, h_prev, W_xh, W_hh, h, g):
    result = {"W_xh": np.zeros_like(W_xh), "W_hh": np.zeros_like(W_hh), "b_h": np.zeros(len(W_hh)),
              "x": np.zeros_like(x), "h_prev": np.zeros_like(h_prev)}
    for b in range(len(x)):
        g_a = (1 - h[b] ** 2) * g[b]
        result["W_xh"] += np.outer(g_a, x[b])
        result["W_hh"] += np.outer(g_a, h_prev[b])
        result["b_h"] += g_a
        result["x"][b] = W_xh.T @ g_a
        result["h_prev"][b] = W_hh.T @ g_a
    return result
''')
wrong("W_hh_transposed", "W_hh is square, so the transpose is easily wrong", RIGHT.replace("h_prev @ W_hh.T", "h_prev @ W_hh"),
      names="W_hh is transposed")
wrong("no_tanh", "the nonlinearity is missing", RIGHT.replace("return np.tanh(a)", "return a"), names="tanh is missing")
wrong("sigmoid", "sigmoid for tanh", RIGHT.replace("return np.tanh(a)", "return 1 / (1 + np.exp(-a))"), names="sigmoid")
wrong("no_bias", "the bias is forgotten", RIGHT.replace(" + b_h", ""), names="bias is missing")
wrong("no_slope", "tanh' is missing on the way back", RIGHT.replace("g * (1 - h * h)", "g"), names="slope of tanh is missing")
wrong("tanh_twice", "h taken for a", RIGHT.replace("1 - h * h", "1 - np.tanh(h) ** 2"), names="a second time")
wrong("slope_not_squared", "1 - h", RIGHT.replace("1 - h * h", "1 - h"), names="1 - h and not")
wrong("sigmoid_slope", "h (1 - h)", RIGHT.replace("(1 - h * h)", "h * (1 - h)"), names="slope is that of the sigmoid")
wrong("state_after", "g_W_hh with the new state", RIGHT.replace("g_a.T @ h_prev", "g_a.T @ h"), names="the state after the step")
wrong("back_transposed", "g_h_prev with W_hh transposed", RIGHT.replace("g_a @ W_hh", "g_a @ W_hh.T"),
      names="gradient of h_prev is computed with W_hh transposed")
wrong("bias_mean", "mean over the batch", RIGHT.replace("g_a.sum(axis=0)", "g_a.mean(axis=0)"), names="is the mean over the batch")
wrong("bias_not_summed", "one bias gradient per row", RIGHT.replace("g_a.sum(axis=0)", "g_a"), names="is that sum missing")
wrong("W_hh_gradient_transposed", "h_prev^T g_a", RIGHT.replace("g_a.T @ h_prev", "h_prev.T @ g_a"),
      names="gradient of W_hh is transposed")
