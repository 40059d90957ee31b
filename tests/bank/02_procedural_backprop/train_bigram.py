"""Answers to train_bigram."""
from bank import right, wrong

GOOD = '''
def train_bigram(previous, following, alpha, beta, batches, eta, forward, backward):
    V = len(beta)
    losses = []
    for batch in batches:
        x, y = np.eye(V)[previous[batch]], np.eye(V)[following[batch]]
        o = forward(x, y, alpha, beta)
        losses.append(o["J"])
        g = backward(x, y, alpha, beta, o)
        alpha = alpha - eta * g["g_alpha"]
        beta = beta - eta * g["g_beta"]
    return alpha, beta, losses
'''


def with_line(old, new):
    assert old in GOOD, old
    return GOOD.replace(old, new)


right("good", GOOD)
right("counters", '''
def one_hot(ids, V):
    rows = np.zeros((len(ids), V))
    rows[np.arange(len(ids)), ids] = 1.0
    return rows

def train_bigram(previous, following, alpha, beta, batches, eta, forward, backward):
    alpha, beta, losses = alpha.copy(), beta.copy(), []
    for batch in batches:
        x, y = one_hot([previous[i] for i in batch], len(beta)), one_hot([following[i] for i in batch], len(beta))
        o = forward(x, y, alpha, beta)
        g = backward(x, y, alpha, beta, o)
        alpha -= eta * g["g_alpha"]
        beta -= eta * g["g_beta"]
        losses.append(float(o["J"]))
    return alpha, beta, losses
''')
wrong("turned", "input and answer are exchanged", with_line(
    "x, y = np.eye(V)[previous[batch]], np.eye(V)[following[batch]]", "x, y = np.eye(V)[following[batch]], np.eye(V)[previous[batch]]"),
      names="turned round")
wrong("ascent", "goes up", GOOD.replace("alpha - eta", "alpha + eta").replace("beta - eta", "beta + eta"), names="up instead of down")
wrong("loss_after", "the loss after the step", with_line('        losses.append(o["J"])\n', "").replace(
    '- eta * g["g_beta"]\n', '- eta * g["g_beta"]\n        losses.append(forward(x, y, alpha, beta)["J"])\n'), names="after the step")
wrong("mean_twice", "divides by the size of the batch again", GOOD.replace("eta * g", "eta / len(batch) * g"), names="once more")
wrong("times_batch", "multiplies by the size of the batch", GOOD.replace("eta * g", "eta * len(batch) * g"), names="multiplied by the size")
wrong("ids", "hands over ids instead of one-hot rows", with_line(
    "np.eye(V)[previous[batch]], np.eye(V)[following[batch]]", "previous[batch], following[batch]"), names="one-hot")
wrong("beta_only", "alpha is never updated", with_line('        alpha = alpha - eta * g["g_alpha"]\n', ""))
wrong("in_place", "writes into the caller's parameters", GOOD.replace("alpha = alpha - eta", "alpha -= eta").replace("beta = beta - eta", "beta -= eta"),
      names="passed in")
wrong("distinct", "a batch has every pair once", with_line("for batch in batches:", "for batch in map(np.unique, batches):"))
