"""Answers to counted_loss."""
from bank import right, wrong

GOOD = '''
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

def counted_loss(previous, following):
    pairs = Counter(zip(previous.tolist(), following.tolist()))
    first = Counter(previous.tolist())
    return -sum(n * np.log(n / first[v]) for (v, w), n in pairs.items()) / len(previous)
''')
right("entropies", '''
def entropy(counts):
    p = counts[counts > 0] / counts.sum()
    return -(p * np.log(p)).sum()

def counted_loss(previous, following):
    codes = previous * (following.max() + 1) + following
    return entropy(np.bincount(codes)) - entropy(np.bincount(previous))
''')
wrong("joint", "the loss of the pairs together", with_line("counts.sum(axis=1)[previous]", "counts.sum()"), names="takes the place of p(w | v)")
wrong("by_following", "divides by the following word's count", with_line("counts.sum(axis=1)[previous]", "counts.sum(axis=0)[following]"),
      names="following word comes")
wrong("types", "the mean over different pairs", with_line(
    "return -np.log(counts[previous, following] / counts.sum(axis=1)[previous]).mean()",
    "p = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)\n    return -np.log(p[p > 0]).mean()"), names="every different pair")
wrong("repeated_once", "+= counts a repeated pair once", with_line(
    "np.add.at(counts, (previous, following), 1)", "counts[previous, following] += 1"), names="repeated pair")
wrong("bits", "base 2", with_line("-np.log(", "-np.log2("), names="base 2")
wrong("smoothed", "adds one", with_line("counts = np.zeros((V, V))", "counts = np.ones((V, V))"), names="smoothing")
wrong("unigram", "forgets the previous word", with_line("counts[previous, following] / counts.sum(axis=1)[previous]",
                                                      "counts.sum(axis=0)[following] / counts.sum()"), names="unigram")
wrong("sum", "the sum over the pairs", with_line(".mean()", ".sum()"), names="added up instead of averaged")
wrong("sign", "no minus", with_line("return -np", "return np"), names="sign is the wrong way round")
wrong("no_keepdims", "divides the columns by the row sums", with_line(
    "counts[previous, following] / counts.sum(axis=1)[previous]", "(counts / counts.sum(axis=1))[previous, following]"), names="keepdims")
