"""Answers to leaky_rnn_by_tape."""
from bank import right, wrong

RIGHT = '''
def leaky_rnn_by_tape(x, W_xh, W_hh, b_h, leak, g):
    x, W_xh, W_hh, b_h = (ad.Tensor(a, requires_grad=True) for a in (x, W_xh, W_hh, b_h))
    h, states = ad.Tensor(np.zeros((x.shape[0], b_h.shape[0]))), []
    for t in range(x.shape[1]):
        a = x[:, t] @ W_xh.T + h @ W_hh.T + b_h
        h = (1 - leak) * h + leak * a.tanh()
        states.append(h)
    h = ad.stack(states, axis=1)
    h.backward(g)
    return h.data, {"x": x.grad, "W_xh": W_xh.grad, "W_hh": W_hh.grad, "b_h": b_h.grad}
'''

right("tape", RIGHT)
right("scalar_loss", '''
def leaky_rnn_by_tape(x, W_xh, W_hh, b_h, leak, g):
    T, leaves = x.shape[1], {}
    for name, array in (("x", x), ("W_xh", W_xh), ("W_hh", W_hh), ("b_h", b_h)):
        leaves[name] = ad.Tensor(array, requires_grad=True)
    h = np.zeros((len(x), len(b_h)))
    loss, found = 0.0, []
    for t in range(T):
        a = leaves["x"][:, t] @ leaves["W_xh"].T + leaves["b_h"]
        a = a + (h @ leaves["W_hh"].T)
        h = ad.tanh(a) * leak + h * (1 - leak)
        found.append(h.data)
        loss = loss + (h * g[:, t]).sum()
    loss.backward()
    return np.stack(found, axis=1), {name: leaf.grad for name, leaf in leaves.items()}
''')
right("by_hand_all_the_same", '''
def leaky_rnn_by_tape(x, W_xh, W_hh, b_h, leak, g):
    B, T, _ = x.shape
    h, new = np.zeros((B, T + 1, len(b_h))), np.zeros((B, T, len(b_h)))
    for t in range(T):
        new[:, t] = np.tanh(x[:, t] @ W_xh.T + h[:, t] @ W_hh.T + b_h)
        h[:, t + 1] = (1 - leak) * h[:, t] + leak * new[:, t]
    da, flow = np.empty_like(new), 0
    for t in reversed(range(T)):
        flow = flow + g[:, t]
        da[:, t] = leak * flow * (1 - new[:, t] ** 2)
        flow = (1 - leak) * flow + da[:, t] @ W_hh
    return h[:, 1:], {"x": da @ W_xh, "W_xh": np.einsum("bth,btd->hd", da, x),
                      "W_hh": np.einsum("bth,btk->hk", da, h[:, :-1]), "b_h": da.sum(axis=(0, 1))}
''')
wrong("swapped", "leak and 1 - leak are swapped", RIGHT.replace("(1 - leak) * h + leak * a", "leak * h + (1 - leak) * a"),
      names="swapped")
wrong("inside", "the leak inside tanh", RIGHT.replace("(1 - leak) * h + leak * a.tanh()", "((1 - leak) * h + leak * a).tanh()"),
      names="inside of tanh")
wrong("no_leak", "a plain Elman network", RIGHT.replace("(1 - leak) * h + leak * a.tanh()", "a.tanh()"), names="the leak is ignored")
wrong("detached", "the state leaves the tape in every step", RIGHT.replace("a = x[", "h = h.detach()\n        a = x["),
      names="no gradient passes from a step to the one before")
wrong("all_ones", "g is not used", RIGHT.replace("h.backward(g)", "h.backward(np.ones(h.shape))"), names="for all ones")
wrong("last_only", "goes back from the last state only", RIGHT.replace("h.backward(g)", "states[-1].backward(g[:, -1])"),
      names="only the gradient of the last state")
wrong("forgets_half", "the old state is only a part of the mixture, and tanh is whole",
      RIGHT.replace("leak * a.tanh()", "a.tanh()"), names="not multiplied by the leak")
wrong("returns_tensors", "tensors are returned where arrays should be", RIGHT.replace("return h.data", "return h"))
wrong("no_sentences", "with a leak below 1 the states are an array without entries", RIGHT.replace(
    "return h.data,", "return h.data if leak == 1 else np.empty((0, x.shape[1], 1, 1)),"), names="(B, T, H)")
wrong("layer_in_front", "with one leak the states are (1, T, B, H), as torch has them", RIGHT.replace(
    "return h.data,", "return h.data if leak != 0.25 else h.data.swapaxes(0, 1)[None],"), names="(B, T, H)")
