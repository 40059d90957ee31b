"""Answers to rnn_forward."""
from bank import right, wrong

RIGHT = '''
def rnn_forward(x, W_xh, W_hh, b_h, h0=None):
    B, T, D = x.shape
    state = np.zeros((B, len(b_h))) if h0 is None else h0
    states = []
    for t in range(T):
        state = np.tanh(x[:, t] @ W_xh.T + state @ W_hh.T + b_h)
        states.append(state)
    return np.stack(states, axis=1)
'''

right("list_of_states", RIGHT)
right("buffer_with_h0", '''
def rnn_forward(x, W_xh, W_hh, b_h, h0=None):
    B, T, _ = x.shape
    h = np.zeros((B, T + 1, W_hh.shape[0]))
    if h0 is not None:
        h[:, 0] = h0
    for t in range(T):
        h[:, t + 1] = np.tanh(np.einsum("bd,hd->bh", x[:, t], W_xh) + np.einsum("bk,hk->bh", h[:, t], W_hh) + b_h)
    return h[:, 1:]
''')
wrong("state_reset", "every step begins with h0", RIGHT.replace("        state = np.tanh(", "        new = np.tanh(")
      .replace("states.append(state)", "states.append(new)"), names="begins with")
wrong("no_recurrence", "the state has no influence", RIGHT.replace(" + state @ W_hh.T", ""), names="the state is not handed on")
wrong("batch_and_time_swapped", "loops over the sentences", '''
def rnn_forward(x, W_xh, W_hh, b_h, h0=None):
    state = np.zeros((x.shape[1], len(b_h)))
    states = []
    for row in x:
        state = np.tanh(row @ W_xh.T + state @ W_hh.T + b_h)
        states.append(state)
    return np.stack(states, axis=0)
''', names="batch and time are swapped")
wrong("last_state", "only the last state", RIGHT.replace("np.stack(states, axis=1)", "state"), names="last state only")
wrong("time_first", "the result is (T, B, H)", RIGHT.replace("axis=1", "axis=0"), names="it should be (B, T, H)")
wrong("h0_ignored", "h0 is not used", RIGHT.replace(" if h0 is None else h0", ""), names="h0 is ignored")
wrong("transposed", "W_hh transposed", RIGHT.replace("W_hh.T", "W_hh"), names="W_hh is transposed")
wrong("h0_included", "the states begin with h0", RIGHT.replace("states = []", "states = [state]"), names="h0 is put before the states")
wrong("shifted", "h0 first, last state missing", RIGHT.replace("states = []", "states = [state]").replace("range(T)", "range(T - 1)"),
      names="the last state is missing")
wrong("backwards", "from the last step to the first", RIGHT.replace("range(T)", "reversed(range(T))").replace("states, axis", "states[::-1], axis"),
      names="from the last to the first")
wrong("no_bias", "the bias is forgotten", RIGHT.replace(" + b_h", ""), names="the bias is missing")
