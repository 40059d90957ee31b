"""Answers to truncated_bptt."""
from bank import right, wrong

RIGHT = '''
def truncated_bptt(x, g, length, forward, backward):
    B, T, _ = x.shape
    h = np.zeros(g.shape)
    state = np.zeros((B, g.shape[2]))
    total, g_x = {}, np.zeros_like(x)
    for start in range(0, T, length):
        end = min(start + length, T)
        h[:, start:end] = forward(x[:, start:end], state)
        new = backward(x[:, start:end], h[:, start:end], state, g[:, start:end])
        g_x[:, start:end] = new["x"]
        for name in ("W_xh", "W_hh", "b_h"):
            total[name] = total.get(name, 0) + new[name]
        state = h[:, end - 1]
    return h, {"x": g_x, **total}
'''

right("loop", RIGHT)
right("two_passes", '''
def truncated_bptt(x, g, length, forward, backward):
    cuts = list(range(length, x.shape[1], length))
    xs, gs = np.split(x, cuts, axis=1), np.split(g, cuts, axis=1)
    starts, hs = [0 * g[:, 0]], []
    for part in xs:
        hs.append(forward(part, starts[-1]))
        starts.append(hs[-1][:, -1])
    found = [backward(*parts) for parts in zip(xs, hs, starts, gs)]
    result = {name: np.sum([f[name] for f in found], axis=0) for name in ("W_xh", "W_hh", "b_h")}
    result["x"] = np.concatenate([f["x"] for f in found], axis=1)
    return np.concatenate(hs, axis=1), result
''')
wrong("state_reset", "each chunk begins with zeros", RIGHT.replace("        state = h[:, end - 1]\n", ""), names="begins with zeros")
wrong("not_cut", "backpropagation through the whole sequence", '''
def truncated_bptt(x, g, length, forward, backward):
    h0 = np.zeros((len(x), g.shape[2]))
    h = forward(x, h0)
    gradients = backward(x, h, h0, g)
    return h, {name: gradients[name] for name in ("x", "W_xh", "W_hh", "b_h")}
''', names="nothing is cut")
wrong("not_detached", "the gradient of h0 is handed to the chunk before", '''
def truncated_bptt(x, g, length, forward, backward):
    starts = list(range(0, x.shape[1], length))
    states, hs = [np.zeros((len(x), g.shape[2]))], []
    for s in starts:
        hs.append(forward(x[:, s:s + length], states[-1]))
        states.append(hs[-1][:, -1])
    total, g_x, flow = {"W_xh": 0, "W_hh": 0, "b_h": 0}, [], 0
    for i in reversed(range(len(starts))):
        part = slice(starts[i], starts[i] + length)
        g_part = g[:, part].copy()
        g_part[:, -1] += flow
        new = backward(x[:, part], hs[i], states[i], g_part)
        flow = new["h0"]
        total = {name: total[name] + new[name] for name in total}
        g_x.insert(0, new["x"])
    return np.concatenate(hs, axis=1), {**total, "x": np.concatenate(g_x, axis=1)}
''', names="nothing is cut")
wrong("wrong_start", "the backward pass gets the state after the chunk", RIGHT.replace("h[:, start:end], state, g", "h[:, start:end], h[:, end - 1], g"),
      names="the state after the chunk")
wrong("last_chunk_only", "parameter gradients are overwritten", RIGHT.replace("total.get(name, 0) + new", "new"), names="only the last chunk")
wrong("mean", "the mean over the chunks", RIGHT.replace("return h, {", "total = {n: a / -(-T // length) for n, a in total.items()}\n    return h, {"),
      names="means over the chunks")
wrong("rest_dropped", "the rest that fills no chunk is left out", RIGHT.replace("range(0, T, length)", "range(0, T - length + 1, length)"),
      names="the rest that fills no whole chunk")
wrong("first_state", "the first state of the chunk is handed on", RIGHT.replace("state = h[:, end - 1]", "state = h[:, start]"),
      names="first state of the one before")
wrong("with_h0", "the gradients hold h0, too", RIGHT.replace('"x": g_x, **total', '"x": g_x, "h0": new["h0"], **total'))
wrong("one_step_too_many", "chunks of length + 1", RIGHT.replace("    B, T, _", "    length = length + 1\n    B, T, _"), names="one step too many")
wrong("skips_chunks", "a chunk without a loss is skipped, its states as well", RIGHT.replace(
    "        h[:, start:end] = forward", """        if not g[:, start:end].any():
            continue
        h[:, start:end] = forward"""),
      names="from the second chunk on")
