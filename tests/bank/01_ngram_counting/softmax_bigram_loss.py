"""Answers to softmax_bigram_loss."""
from bank import right, wrong

GOOD = '''
def softmax_bigram_loss(logits, counts):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    log_p = logits - logits.max(axis=1, keepdims=True) - np.log(e.sum(axis=1, keepdims=True))
    N = counts.sum()
    return -(counts * log_p).sum() / N, (counts.sum(axis=1, keepdims=True) * p - counts) / N
'''

right("arrays", GOOD)
right("row_by_row", '''
def softmax_bigram_loss(logits, counts):
    loss, gradient, tokens = 0.0, [], counts.sum()
    for s, c in zip(logits, counts):
        log_z = np.logaddexp.reduce(s)
        loss += sum(k * (log_z - x) for x, k in zip(s, c)) / tokens
        gradient.append((c.sum() * np.exp(s - log_z) - c) / tokens)
    return loss, np.array(gradient)
''')
wrong("columns", "softmax over the wrong axis", GOOD.replace("axis=1", "axis=0").replace("counts.sum(axis=0", "counts.sum(axis=1"), names="column")
wrong("whole_table", "one softmax for the whole table", GOOD.replace("logits.max(axis=1, keepdims=True)", "logits.max()").replace("e.sum(axis=1, keepdims=True)", "e.sum()"), names="whole table")
wrong("loss_not_divided", "a sum and not a mean", GOOD.replace(".sum() / N, ", ".sum(), ").replace("- counts) / N", "- counts)"), names="not divided")
wrong("gradient_not_divided", "the gradient of the sum", GOOD.replace("- counts) / N", "- counts)"), names="gradient is not divided")
wrong("per_context", "divides by the number of contexts", GOOD.replace("N = counts.sum()", "N = len(counts)"), names="number of contexts")
wrong("sign", "the gradient has the wrong sign", GOOD.replace("(counts.sum(axis=1, keepdims=True) * p - counts)", "(counts - counts.sum(axis=1, keepdims=True) * p)"), names="sign")
wrong("rows_not_weighted", "P - counts", GOOD.replace("counts.sum(axis=1, keepdims=True) * p - counts", "p - counts"), names="not multiplied")
wrong("contexts_alike", "every context counts alike", GOOD.replace("(counts.sum(axis=1, keepdims=True) * p - counts) / N", "(p - counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)) / len(counts)"), names="count alike")
wrong("overflow", "overflows at 1000", '''
def softmax_bigram_loss(logits, counts):
    e = np.exp(logits)
    p = e / e.sum(axis=1, keepdims=True)
    N = counts.sum()
    return -(counts * np.log(p)).sum() / N, (counts.sum(axis=1, keepdims=True) * p - counts) / N
''', names="exp")
wrong("log2", "bits", GOOD.replace("    N = counts.sum()", "    log_p = log_p / np.log(2)\\n    N = counts.sum()".replace("\\n", chr(10))), names="base 2")
wrong("loss_only", "returns no gradient", GOOD.replace("/ N, (counts.sum(axis=1, keepdims=True) * p - counts) / N", "/ N"), names="only the loss is returned")
wrong("zero_gradient", "returns a gradient of zeros", GOOD.replace("(counts.sum(axis=1, keepdims=True) * p - counts) / N", "np.zeros_like(p)"), names="All of yours are zero")
wrong("maximum_of_the_table", "subtracts the maximum of the whole table", GOOD.replace("logits.max(axis=1, keepdims=True)", "logits.max()"), names="maximum of the whole table")
wrong("number_for_zeros", "a gradient of zeros loses its shape", GOOD.replace("    return ", "    answer = ") + """    loss, gradient = answer
    return loss, gradient if np.abs(gradient).max() > 1e-12 else np.zeros(1)
""", names="the shape of the logits")
