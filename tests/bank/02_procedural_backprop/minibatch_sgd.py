"""Answers to minibatch_sgd."""
from bank import right, wrong

GOOD = '''
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
right("mean", '''
def minibatch_sgd(gradient, loss, theta, batches, epochs, eta):
    losses = []
    while len(losses) < epochs:
        for batch in batches:
            gradients = [gradient(theta, i) for i in batch]
            theta = {k: v - eta * np.mean([g[k] for g in gradients], axis=0) for k, v in theta.items()}
        losses = losses + [loss(theta)]
    return theta, losses
''')
right("in_place_on_a_copy", '''
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
wrong("ascent", "adds the gradient", with_line("theta[name] - eta", "theta[name] + eta"), names="up instead of down")
wrong("sum", "adds up the gradients of a batch", with_line("eta * total[name] / len(batch)", "eta * total[name]"),
      names="added up instead of averaged")
wrong("over_n", "divides by N", with_line("total[name] / len(batch)", "total[name] / sum(map(len, batches))"),
      names="all examples instead of those in the batch")
wrong("first_size", "divides by the size of the first batch",
      with_line("total[name] / len(batch)", "total[name] / len(batches[0])"), names="size of the first batch")
wrong("is_sgd", "every example moves the parameters", '''
def minibatch_sgd(gradient, loss, theta, batches, epochs, eta):
    losses = []
    for epoch in range(epochs):
        for batch in batches:
            for i in batch:
                g = gradient(theta, i)
                theta = {name: theta[name] - eta * g[name] for name in theta}
        losses.append(loss(theta))
    return theta, losses
''', names="moves the parameters by itself")
wrong("last_only", "only the last gradient of the batch", with_line("total[name] = total[name] + g[name]", "total[name] = g[name]"))
wrong("one_epoch", "goes through the batches once", with_line("range(epochs)", "range(1)"), names="only once")
wrong("never_reset", "the sum goes on from batch to batch", with_line(
    "    losses = []\n", "    losses = []\n    total = {name: 0.0 for name in theta}\n").replace(
    "            total = {name: 0.0 for name in theta}\n", ""))
wrong("loss_per_batch", "a loss after every batch", with_line("        losses.append", "            losses.append"))
wrong("loss_before", "the loss before the epoch", with_line("        losses.append(loss(theta))\n", "").replace(
    "range(epochs):\n", "range(epochs):\n        losses.append(loss(theta))\n"), names="before each epoch")
wrong("in_place", "writes into the caller's arrays", with_line(
    "theta = {name: theta[name] - eta * total[name] / len(batch) for name in theta}",
    "for name in theta:\n                theta[name] -= eta * total[name] / len(batch)"), names="caller")
wrong("whole_batch", "hands the whole batch to gradient, which takes one example", '''
def minibatch_sgd(gradient, loss, theta, batches, epochs, eta):
    losses = []
    for epoch in range(epochs):
        for batch in batches:
            g = gradient(theta, batch)
            theta = {name: theta[name] - eta * g[name] for name in theta}
        losses.append(loss(theta))
    return theta, losses
''', names="not a batch")
