"""Answers to module_error."""

from bank import right, wrong

right("flat", """
def module_error(forward, backward, inputs, g, eps=1e-5):
    inputs = tuple(np.asarray(v, dtype=np.float64) for v in inputs)
    gradients = backward(*inputs, forward(*inputs), g)
    worst = []
    for i, v in enumerate(inputs):
        flat = v.ravel()
        numeric = []
        for k in range(flat.size):
            step = np.zeros(flat.size)
            step[k] = eps
            step = step.reshape(v.shape)
            up = forward(*inputs[:i], v + step, *inputs[i + 1:])
            down = forward(*inputs[:i], v - step, *inputs[i + 1:])
            numeric.append(np.sum((up - down) / (2 * eps) * g))
        worst.append(float(np.abs(np.array(numeric).reshape(v.shape) - gradients[i]).max()))
    return worst
""")
right("put_back", """
def module_error(forward, backward, inputs, g, eps=1e-5):
    inputs = [np.array(v, dtype=float) for v in inputs]
    gradients = [np.array(d) for d in backward(*[v.copy() for v in inputs], forward(*inputs), g)]
    for v, gradient in zip(inputs, gradients):
        for place in np.ndindex(v.shape):
            here = v[place]
            v[place] = here + eps
            up = np.sum(forward(*inputs) * g)
            v[place] = here - eps
            down = np.sum(forward(*inputs) * g)
            v[place] = here
            gradient[place] -= (up - down) / (2 * eps)
    return np.array([np.abs(gradient).max() for gradient in gradients])
""")
LOOP = """
def module_error(forward, backward, inputs, g, eps=1e-5):
    inputs = [np.array(v, dtype=float) for v in inputs]
    errors = []
    for i, gradient in enumerate(backward(*inputs, forward(*inputs), g)):
        differences = np.zeros(inputs[i].shape)
        for place in np.ndindex(inputs[i].shape):
            up, down = [v.copy() for v in inputs], [v.copy() for v in inputs]
            up[i][place] += eps
            down[i][place] -= eps
            differences[place] = np.sum(g * (forward(*up) - forward(*down))) / (2 * eps)
        errors.append(np.max(np.abs(differences - gradient)))
    return errors
"""


def changed(old, new):
    assert old in LOOP, old
    return LOOP.replace(old, new)


right("loop", LOOP)
wrong("all_ones", "adds the outputs up without g", changed("np.sum(g * (forward(*up) - forward(*down)))",
      "np.sum(forward(*up) - forward(*down))"),
      names="is s weighted with g?")
wrong("ones_everywhere", "hands ones to the module, too", changed("np.sum(g * (forward(*up) - forward(*down)))",
      "np.sum(forward(*up) - forward(*down))").replace("forward(*inputs), g)", "forward(*inputs), np.ones_like(g))"),
      names="such a check takes wrong modules")
wrong("one_sided", "a forward difference", changed("down[i][place] -= eps", "pass").replace("(2 * eps)", "eps"),
      names="are the differences central")
wrong("not_halved", "divides by eps", changed("/ (2 * eps)", "/ eps"),
      names="did you divide by 2 eps")
wrong("not_restored", "the entries stay moved", """
def module_error(forward, backward, inputs, g, eps=1e-5):
    inputs = [np.array(v, dtype=float) for v in inputs]
    gradients = backward(*[v.copy() for v in inputs], forward(*inputs), g)
    errors = []
    for v, gradient in zip(inputs, gradients):
        largest = 0.0
        for place in np.ndindex(v.shape):
            v[place] += eps
            up = np.sum(g * forward(*inputs))
            v[place] -= eps
            down = np.sum(g * forward(*inputs))
            largest = max(largest, abs((up - down) / (2 * eps) - gradient[place]))
        errors.append(largest)
    return errors
""",
      names="is every entry moved back?")
wrong("signed", "the largest difference with its sign", changed("np.max(np.abs(differences - gradient))",
      "np.max(differences - gradient)"),
      names="whatever its sign")
wrong("mean", "the mean difference", changed("np.max(np.abs", "np.mean(np.abs"),
      names="it is the largest absolute difference")
wrong("first_input", "checks the first input only", changed("    return errors", "    return errors[:1]"))
wrong("integers", "keeps integer arrays", changed("np.array(v, dtype=float)", "np.array(v)"))
