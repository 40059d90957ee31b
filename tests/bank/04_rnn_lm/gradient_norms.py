"""Answers to gradient_norms."""
from bank import right, wrong

RIGHT = '''
def gradient_norms(h, W_hh, g):
    T = h.shape[1]
    norms = np.zeros(T)
    for t in range(T - 1, -1, -1):
        norms[t] = np.linalg.norm(g)
        g = g * (1 - h[:, t] ** 2) @ W_hh
    return norms
'''

right("loop", RIGHT)
right("list", '''
def gradient_norms(h, W_hh, g):
    found = [np.sqrt((g * g).sum())]
    for t in range(h.shape[1] - 1, 0, -1):
        slope = 1 - h[:, t] * h[:, t]
        g = np.array([W_hh.T @ (row * s) for row, s in zip(g, slope)])
        found = [np.sqrt((g * g).sum())] + found
    return found
''')
wrong("in_reverse", "the norms are in the order of the loop", RIGHT.replace("return norms", "return norms[::-1]"),
      names="the order in which they are found")
wrong("no_slope", "tanh' is missing", RIGHT.replace("g * (1 - h[:, t] ** 2) @ W_hh", "g @ W_hh"), names="slope of tanh is missing")
wrong("transposed", "W_hh transposed", RIGHT.replace("@ W_hh", "@ W_hh.T"), names="W_hh is transposed")
wrong("squared", "no root", RIGHT.replace("np.linalg.norm(g)", "np.sum(g**2)"), names="squared")
wrong("too_late", "the norm is taken after the step", RIGHT.replace(
    "        norms[t] = np.linalg.norm(g)\n", "").replace("@ W_hh\n", "@ W_hh\n        norms[t] = np.linalg.norm(g)\n"),
      names="one step too late")
wrong("slope_before", "the slope of the state before", RIGHT.replace("h[:, t] ** 2", "(h[:, t - 1] if t else 0) ** 2"),
      names="the state before the step")
wrong("sum_of_sizes", "the L1 norm", RIGHT.replace("np.linalg.norm(g)", "np.abs(g).sum()"), names="sum of the absolute values")
wrong("mean_over_batch", "the mean of the norms of the rows", RIGHT.replace("np.linalg.norm(g)", "np.linalg.norm(g, axis=1).mean()"),
      names="mean over the batch")
wrong("spectral", "the matrix norm", RIGHT.replace("np.linalg.norm(g)", "np.linalg.norm(g, 2)"), names="spectral norm")
