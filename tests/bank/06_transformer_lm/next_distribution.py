"""Answers to next_distribution."""
from bank import right, wrong

ANSWER = '''
def next_distribution(logits, temperature, top_k=None, top_p=None):
    probs = np.zeros(len(logits))
    if temperature == 0:
        probs[np.argmax(logits)] = 1
        return probs
    scaled = (logits - np.max(logits)) / temperature
    probs = np.exp(scaled) / np.exp(scaled).sum()
    order = sorted(range(len(probs)), key=lambda i: -probs[i])
    if top_k is not None:
        for i in order[top_k:]:
            probs[i] = 0
        probs = probs / probs.sum()
    if top_p is not None:
        total = 0.0
        for i in order:
            p = probs[i]
            if total >= top_p:
                probs[i] = 0
            total += p
        probs = probs / probs.sum()
    return probs
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("loops", ANSWER)
right("sorted_arrays", '''
def next_distribution(logits, temperature, top_k=None, top_p=None):
    if temperature == 0:
        return (np.arange(len(logits)) == logits.argmax()).astype(float)
    order = np.argsort(-logits, kind="stable")
    p = np.exp((logits[order] - logits[order[0]]) / temperature)
    p /= p.sum()
    if top_k is not None:
        p = np.where(np.arange(len(p)) < top_k, p, 0) / p[:top_k].sum()
    if top_p is not None:
        sums = np.concatenate([[0], np.cumsum(p)[:-1]])
        p = np.where(sums < top_p, p, 0)
        p /= p.sum()
    back = np.empty(len(p))
    back[order] = p
    return back
''')
right("search", '''
def next_distribution(logits, temperature, top_k=None, top_p=None):
    V = len(logits)
    if temperature == 0:
        return np.eye(V)[int(np.argmax(logits))]
    x = logits / temperature
    probs = np.exp(x - np.logaddexp.reduce(x))
    order = np.lexsort((np.arange(V), -probs))
    keep = V if top_k is None else min(top_k, V)
    if top_p is not None:
        kept = probs[order[:keep]] / probs[order[:keep]].sum()
        keep = min(keep, int(np.searchsorted(np.cumsum(kept), top_p)) + 1)
    mask = np.zeros(V)
    mask[order[:keep]] = 1
    return probs * mask / np.sum(probs * mask)
''')
wrong("multiplies", "multiplies by the temperature", but(" / temperature\n", " * temperature\n"),
      names="multiplied by the temperature")
wrong("ignores_temperature", "does not use the temperature", but(") / temperature\n", ")\n"),
      names="temperature is not used")
wrong("smallest", "takes the smallest at temperature 0", but("np.argmax(logits)", "np.argmin(logits)"),
      names="smallest logit wins")
wrong("k_not_normalised", "does not divide after top-k", but("            probs[i] = 0\n        probs = probs / probs.sum()\n    if top_p",
                                                            "            probs[i] = 0\n    if top_p"), names="not divided by its sum")
wrong("unlikeliest", "sorts the other way", but("key=lambda i: -probs[i]", "key=lambda i: probs[i]"),
      names="k unlikeliest")
wrong("ties_reversed", "takes the last of equal words", but("range(len(probs))", "range(len(probs))[::-1]"),
      names="last one stays")
wrong("ties_kept", "keeps all that equal the word at place k", but("for i in order[top_k:]:", "for i in np.flatnonzero(probs < sorted(probs)[-min(top_k, len(probs))]):"),
      names="as likely as the one at place k")
wrong("k_too_few", "keeps k - 1", but("order[top_k:]", "order[max(top_k - 1, 1):]"), names="one word too few")
wrong("k_too_many", "keeps k + 1", but("order[top_k:]", "order[top_k + 1:]"), names="one word too many")
wrong("first_k", "keeps the first k words", but("order[top_k:]", "range(top_k, len(probs))"), names="not the likeliest")
wrong("p_too_few", "throws the last word out", but("if total >= top_p", "if total + p >= top_p and total > 0"),
      names="thrown out, too")
wrong("threshold", "keeps words above p", but("if total >= top_p", "if p < top_p and i != order[0]"),
      names="thrown out, too")
wrong("p_first", "does top-p before top-k", '''
def next_distribution(logits, temperature, top_k=None, top_p=None):
    if temperature == 0:
        return np.eye(len(logits))[np.argmax(logits)]
    probs = np.exp((logits - logits.max()) / temperature)
    probs = probs / probs.sum()
    order = np.argsort(-probs, kind="stable")
    if top_p is not None:
        probs[order[np.cumsum(probs[order]) - probs[order] >= top_p]] = 0
        probs = probs / probs.sum()
    if top_k is not None:
        probs[order[top_k:]] = 0
        probs = probs / probs.sum()
    return probs
''', names="top-p comes before top-k")
wrong("overflow", "does not shift", but("(logits - np.max(logits))", "logits"))
wrong("both_largest", "shares at temperature 0", but("probs[np.argmax(logits)] = 1\n        return probs",
                                                    "best = logits == logits.max()\n        return best / best.sum()"),
      names="share the probability")
