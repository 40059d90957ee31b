"""Answers to lm_loss."""
from bank import right, wrong

RIGHT = '''
def lm_loss(logits, targets, mask):
    B, T, V = logits.shape
    y = logits - logits.max(axis=2, keepdims=True)
    p = np.exp(y)
    total = p.sum(axis=2, keepdims=True)
    hot = targets[:, :, None] == np.arange(V)
    log_p = (y - np.log(total))[hot].reshape(B, T)
    tokens = mask.sum()
    sentences = (log_p * mask).sum(axis=1)
    g = (p / total - hot) * mask[:, :, None] / tokens
    return sentences, -sentences.sum() / tokens, g
'''

right("one_hot", RIGHT)
right("token_by_token", '''
def lm_loss(logits, targets, mask):
    of_sentences, g = np.zeros(len(logits)), np.zeros_like(logits)
    n = np.sum(mask)
    for b, t in zip(*np.nonzero(mask)):
        y = logits[b, t] - np.max(logits[b, t])
        log_p = y - np.log(np.sum(np.exp(y)))
        of_sentences[b] += log_p[targets[b, t]]
        g[b, t] = np.exp(log_p) / n
        g[b, t, targets[b, t]] -= 1 / n
    return of_sentences, -np.sum(of_sentences) / n, g
''')
wrong("padding_counted", "the mask is not used", RIGHT.replace("    B, T, V", "    mask = np.ones_like(mask)\n    B, T, V"),
      names="padding is counted")
wrong("divided_by_places", "divided by B T", RIGHT.replace("tokens = mask.sum()", "tokens = B * T"),
      names="padding is counted in the number of tokens")
wrong("sum", "the sum of the nats", RIGHT.replace("tokens = mask.sum()", "tokens = 1"), names="the loss is the sum over the tokens")
wrong("per_sentence", "divided by the number of sentences", RIGHT.replace("tokens = mask.sum()", "tokens = B"), names="per sentence")
wrong("gradient_at_padding", "the gradient is not masked", RIGHT.replace(" * mask[:, :, None] / tokens", " / tokens"),
      names="the gradient at padding is not zero")
wrong("gradient_of_the_sum", "the gradient is not divided", RIGHT.replace(" * mask[:, :, None] / tokens", " * mask[:, :, None]"),
      names="the gradient is that of the sum")
wrong("mean_of_means", "the mean over sentences of their means",
      RIGHT.replace("-sentences.sum() / tokens", "-(sentences / mask.sum(axis=1)).mean()")
      .replace("[:, :, None] / tokens", "[:, :, None] / (B * mask.sum(axis=1))[:, None, None]"), names="the mean over the sentences")
wrong("sign", "log probabilities with the wrong sign", RIGHT.replace("return sentences", "return -sentences"),
      names="the log probabilities have the wrong sign")
wrong("probabilities", "probabilities of sentences", RIGHT.replace("return sentences", "return np.exp(sentences)"),
      names="probabilities of sentences")
wrong("no_one_hot", "p without y", RIGHT.replace("p / total - hot", "p / total"), names="one-hot targets are not subtracted")
wrong("unstable", "exp overflows", RIGHT.replace("logits - logits.max(axis=2, keepdims=True)", "logits"))
wrong("mean_log_p", "the log probability per token, not of the sentence",
      RIGHT.replace("return sentences,", "return sentences / mask.sum(axis=1),"), names="divided by its number of tokens")
