"""Answers to sgd."""
from bank import right, wrong

GOOD = '''
def sgd(gradient, loss, theta, shuffles, eta):
    losses = []
    for shuffle in shuffles:
        for i in shuffle:
            g = gradient(theta, i)
            theta = {name: theta[name] - eta * g[name] for name in theta}
        losses.append(loss(theta))
    return theta, losses
'''


def with_line(old, new):
    assert old in GOOD, old
    return GOOD.replace(old, new)


right("good", GOOD)
right("in_place_on_a_copy", '''
def sgd(gradient, loss, theta, shuffles, eta):
    theta = {name: np.array(value, dtype=float) for name, value in theta.items()}
    losses = []
    for shuffle in shuffles:
        for i in shuffle:
            for name, g in gradient(theta, i).items():
                theta[name] -= eta * g
        losses = losses + [loss(theta)]
    return theta, losses
''')
right("recursion", '''
def epoch(gradient, theta, order, eta):
    if not order:
        return theta
    g = gradient(theta, order[0])
    return epoch(gradient, {k: v - eta * g[k] for k, v in theta.items()}, order[1:], eta)

def sgd(gradient, loss, theta, shuffles, eta):
    path = []
    for order in shuffles:
        theta = epoch(gradient, theta, order, eta)
        path.append(theta)
    return theta, [loss(t) for t in path]
''')
wrong("ascent", "adds the gradient", with_line("theta[name] - eta * g[name]", "theta[name] + eta * g[name]"),
      names="up instead of down")
wrong("not_shuffled", "goes through the examples in their order",
      with_line("for i in shuffle:", "for i in range(len(shuffle)):"), names="shuffles are not followed")
wrong("first_shuffle", "uses the first shuffle only", with_line("for i in shuffle:", "for i in shuffles[0]:"),
      names="first shuffle")
wrong("loss_before", "the loss before the epoch", with_line("        losses.append(loss(theta))\n", "").replace(
    "in shuffles:\n", "in shuffles:\n        losses.append(loss(theta))\n"), names="before each epoch")
wrong("in_place", "writes into the caller's arrays", with_line(
    "theta = {name: theta[name] - eta * g[name] for name in theta}",
    "for name in theta:\n                theta[name] -= eta * g[name]"), names="caller")
wrong("stale", "all gradients of an epoch at its first parameters", with_line(
    "        for i in shuffle:\n            g = gradient(theta, i)",
    "        start = theta\n        for i in shuffle:\n            g = gradient(start, i)"), names="it began with")
wrong("no_losses", "returns the parameters alone", with_line("return theta, losses", "return theta"))
wrong("losses_first", "returns them the other way round", with_line("return theta, losses", "return losses, theta"))
wrong("loss_per_step", "a loss after every step", with_line("        losses.append", "            losses.append"))
wrong("known_names", "knows only alpha and beta", with_line("for name in theta}", 'for name in ("alpha", "beta")}'))
wrong("one_after_the_other", "the gradient is asked for anew for every parameter, after the others have moved", with_line(
    "            g = gradient(theta, i)\n            theta = {name: theta[name] - eta * g[name] for name in theta}",
    "            for name in theta:\n                theta = theta | {name: theta[name] - eta * gradient(theta, i)[name]}"))
