"""Answers to rnn_backward."""
from bank import right, wrong

RIGHT = '''
def rnn_backward(x, h, h0, W_xh, W_hh, g):
    B, T, D = x.shape
    g_x = np.zeros_like(x)
    g_W_xh, g_W_hh, g_b_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros(len(W_hh))
    dh_next = np.zeros_like(h0)
    for t in range(T - 1, -1, -1):
        h_prev = h[:, t - 1] if t > 0 else h0
        dh = g[:, t] + dh_next
        da = dh * (1 - h[:, t] ** 2)
        g_x[:, t] = da @ W_xh
        g_W_xh += da.T @ x[:, t]
        g_W_hh += da.T @ h_prev
        g_b_h += da.sum(axis=0)
        dh_next = da @ W_hh
    return {"x": g_x, "h0": dh_next, "W_xh": g_W_xh, "W_hh": g_W_hh, "b_h": g_b_h}
'''

right("loop", RIGHT)
right("products_at_the_end", '''
def rnn_backward(x, h, h0, W_xh, W_hh, g):
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    da, flow = np.empty_like(h), 0
    for t in reversed(range(h.shape[1])):
        da[:, t] = (g[:, t] + flow) * (1 - h[:, t] * h[:, t])
        flow = da[:, t] @ W_hh
    return {"h0": flow, "x": da @ W_xh, "b_h": da.sum(axis=(0, 1)),
            "W_xh": np.tensordot(da, x, axes=([0, 1], [0, 1])), "W_hh": np.tensordot(da, before, axes=([0, 1], [0, 1]))}
''')
wrong("dh_next_dropped", "no gradient goes to the step before", RIGHT.replace("g[:, t] + dh_next", "g[:, t]"),
      names="no step hands a gradient on")
wrong("W_hh_overwritten", "= for += at W_hh", RIGHT.replace("g_W_hh += da", "g_W_hh = da"), names="W_hh is overwritten in each step")
wrong("all_overwritten", "= for += at all parameters",
      RIGHT.replace("g_W_hh +=", "g_W_hh =").replace("g_W_xh +=", "g_W_xh =").replace("g_b_h +=", "g_b_h ="),
      names="all parameter gradients are overwritten")
wrong("state_after", "g_W_hh uses h_t", RIGHT.replace("da.T @ h_prev", "da.T @ h[:, t]"), names="the state after each step")
wrong("h_minus_one", "h[:, -1] at the first step", RIGHT.replace(" if t > 0 else h0", ""), names="h[:, -1]")
wrong("zeros_for_h0", "zeros for h0", RIGHT.replace("else h0", "else 0 * h0"), names="takes zeros for the state before")
wrong("transposed", "W_hh.T on the way back", RIGHT.replace("da @ W_hh\n", "da @ W_hh.T\n"), names="W_hh is transposed")
wrong("no_slope", "tanh' is missing", RIGHT.replace("dh * (1 - h[:, t] ** 2)", "dh"), names="slope of tanh is missing")
wrong("last_loss_only", "only the loss of the last step", RIGHT.replace("g[:, t] + dh_next", "(g[:, t] if t == T - 1 else 0) + dh_next"),
      names="only the last state has a loss")
wrong("forward_order", "from the first step to the last", RIGHT.replace("range(T - 1, -1, -1)", "range(T)"),
      names="from the first to the last")
wrong("mean_over_steps", "parameter gradients are means over the steps",
      RIGHT.replace('"W_xh": g_W_xh, "W_hh": g_W_hh, "b_h": g_b_h', '"W_xh": g_W_xh / T, "W_hh": g_W_hh / T, "b_h": g_b_h / T'),
      names="means over the steps")
wrong("h0_too_early", "the gradient of h0 is that of the first state", RIGHT.replace('"h0": dh_next', '"h0": dh'),
      names="before it goes back through the first step")
wrong("next_outside", "what comes from the next step does not go through tanh", RIGHT.replace(
    "dh = g[:, t] + dh_next", "dh = g[:, t]").replace("** 2)\n", "** 2) + dh_next\n"), names="does not go back through tanh")
wrong("stops_after_last_loss", "the gradient of x ends with the last step that has a loss", RIGHT.replace(
    "    g_x = np.zeros_like(x)\n", """    T = np.flatnonzero(g.any(axis=(0, 2))).max() + 1
    g_x = np.zeros_like(x[:, :T])
"""),
      names="the steps after the last loss are left out")
