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

def minibatch_sgd(gradient, loss, theta, batches, epochs, eta):
    losses = []
    for epoch in range(epochs):
        for batch in batches:
            total = {name: 0.0 for name in theta}
            for i in batch:
                g = gradient(theta, i)
                for name in theta:
                    total[name] = total[name] + g[name]
            theta = {name: theta[name] - eta * total[name] / len(batch) for name in theta}
        losses.append(loss(theta))
    return theta, losses
'''


def with_line(old, new):
    assert old in GOOD, old
    return GOOD.replace(old, new)


right("good", GOOD)
right("copies", '''
def step(gradient, theta, batch, eta):
    gradients = [gradient(theta, i) for i in batch]
    return {k: v - eta * np.mean([g[k] for g in gradients], axis=0) for k, v in theta.items()}

def sgd(gradient, loss, theta, shuffles, eta):
    theta, losses = {k: np.array(v) for k, v in theta.items()}, []
    for shuffle in shuffles:
        for i in shuffle:
            theta = step(gradient, theta, [i], eta)
        losses.append(loss(theta))
    return theta, losses

def minibatch_sgd(gradient, loss, theta, batches, epochs, eta):
    losses = []
    while len(losses) < epochs:
        for batch in batches:
            theta = step(gradient, theta, batch, eta)
        losses = losses + [loss(theta)]
    return theta, losses
''')
right("in_place_on_a_copy", '''
def sgd(gradient, loss, theta, shuffles, eta):
    theta = {name: np.array(value, dtype=float) for name, value in theta.items()}
    losses = []
    for shuffle in shuffles:
        for i in shuffle:
            for name, g in gradient(theta, i).items():
                theta[name] -= eta * g
        losses.append(loss(theta))
    return theta, losses

def minibatch_sgd(gradient, loss, theta, batches, epochs, eta):
    theta = {name: np.array(value, dtype=float) for name, value in theta.items()}
    losses = []
    for _ in range(epochs):
        for batch in batches:
            gradients = [gradient(theta, i) for i in batch]
            for g in gradients:
                for name in theta:
                    theta[name] -= eta / len(batch) * g[name]
        losses.append(loss(theta))
    return theta, losses
''')
wrong("ascent", "adds the gradient", with_line("theta[name] - eta * g[name]", "theta[name] + eta * g[name]"), names="up instead of down")
wrong("not_shuffled", "goes through the examples in their order", with_line("for i in shuffle:", "for i in range(len(shuffle)):"),
      names="shuffles are not followed")
wrong("first_shuffle", "uses the first shuffle only", with_line("for i in shuffle:", "for i in shuffles[0]:"), names="first shuffle")
wrong("loss_before", "the loss before the epoch", with_line(
    "    for shuffle in shuffles:\n", "    for shuffle in shuffles:\n        losses.append(loss(theta))\n").replace(
    "for name in theta}\n        losses.append(loss(theta))\n    return theta, losses\n\ndef mini", "for name in theta}\n    return theta, losses\n\ndef mini"),
      names="before each epoch")
wrong("in_place", "writes into the caller's arrays", '''
def sgd(gradient, loss, theta, shuffles, eta):
    losses = []
    for shuffle in shuffles:
        for i in shuffle:
            g = gradient(theta, i)
            for name in theta:
                theta[name] -= eta * g[name]
        losses.append(loss(theta))
    return theta, losses
''' + GOOD[GOOD.index("\ndef mini"):], names="passed in")
wrong("stale", "all gradients of an epoch at its first parameters", with_line(
    "        for i in shuffle:\n            g = gradient(theta, i)", "        start = theta\n        for i in shuffle:\n            g = gradient(start, i)"))
wrong("no_losses", "returns the parameters alone", with_line("return theta, losses\n\ndef mini", "return theta\n\ndef mini"))
wrong("batch_sum", "adds up the gradients of a batch", with_line("eta * total[name] / len(batch)", "eta * total[name]"),
      names="added up instead of averaged")
wrong("batch_over_n", "divides by N", with_line("total[name] / len(batch)", "total[name] / sum(map(len, batches))"),
      names="all examples instead of those in the batch")
wrong("batch_first_size", "divides by the size of the first batch", with_line("total[name] / len(batch)", "total[name] / len(batches[0])"),
      names="size of the first")
wrong("batch_is_sgd", "every example moves the parameters", with_line(
    "            total = {name: 0.0 for name in theta}\n            for i in batch:\n                g = gradient(theta, i)\n"
    "                for name in theta:\n                    total[name] = total[name] + g[name]\n"
    "            theta = {name: theta[name] - eta * total[name] / len(batch) for name in theta}\n",
    "            for i in batch:\n                g = gradient(theta, i)\n                theta = {name: theta[name] - eta * g[name] for name in theta}\n"),
      names="moves the parameters by itself")
wrong("batch_last_only", "only the last gradient of the batch", with_line("total[name] = total[name] + g[name]", "total[name] = g[name]"))
wrong("one_epoch", "goes through the batches once", with_line("for epoch in range(epochs):", "for epoch in range(1):"), names="only once")
wrong("known_names", "knows only alpha and beta", GOOD.replace("for name in theta", 'for name in ("alpha", "beta")'))
