"""Answers to bigram."""
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

def counted_loss(previous, following):
    V = max(previous.max(), following.max()) + 1
    counts = np.zeros((V, V))
    np.add.at(counts, (previous, following), 1)
    return -np.log(counts[previous, following] / counts.sum(axis=1)[previous]).mean()
'''


def with_line(old, new):
    assert old in GOOD, old
    return GOOD.replace(old, new)


right("good", GOOD)
right("counters", '''
from collections import Counter

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

def counted_loss(previous, following):
    pairs = Counter(zip(previous.tolist(), following.tolist()))
    first = Counter(previous.tolist())
    return -sum(n * np.log(n / first[v]) for (v, w), n in pairs.items()) / len(previous)
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
wrong("joint", "the loss of the pairs together", with_line("counts.sum(axis=1)[previous]", "counts.sum()"), names="pairs together")
wrong("by_following", "divides by the following word's count", with_line("counts.sum(axis=1)[previous]", "counts.sum(axis=0)[following]"),
      names="following word comes")
wrong("types", "the mean over different pairs", with_line(
    "return -np.log(counts[previous, following] / counts.sum(axis=1)[previous]).mean()",
    "p = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)\n    return -np.log(p[p > 0]).mean()"), names="every different pair")
wrong("repeated_once", "+= counts a repeated pair once", with_line(
    "np.add.at(counts, (previous, following), 1)", "counts[previous, following] += 1"), names="repeated pair")
wrong("bits", "base 2", with_line("-np.log(", "-np.log2("), names="base 2")
wrong("smoothed", "adds one", with_line("counts = np.zeros((V, V))", "counts = np.ones((V, V))"))
