"""Answers to cross_entropy and perplexity."""
from bank import right, wrong

PERPLEXITY = '''
def perplexity(nats):
    return np.exp(nats)
'''
GOOD = '''
def cross_entropy(model, n, sentences):
    total, count = 0.0, 0
    for sentence in sentences:
        tokens = [BOS] * (n - 1) + list(sentence) + [EOS]
        for t in range(n - 1, len(tokens)):
            p = model(tuple(tokens[t - n + 1:t])).get(tokens[t], 0.0)
            total -= math.log(p) if p > 0 else -math.inf
            count += 1
    return total / count
''' + PERPLEXITY

right("loop", GOOD)
right("numpy", '''
def cross_entropy(model, n, sentences):
    p = []
    for s in sentences:
        padded = (*[BOS] * (n - 1), *s, EOS)
        p += [model(gram[:-1]).get(gram[-1], 0) for gram in zip(*(padded[i:] for i in range(n)))]
    with np.errstate(divide="ignore"):
        return -np.mean(np.log(np.array(p, dtype=float)))

perplexity = lambda nats: math.e ** nats
''')
wrong("log2", "bits and not nats", GOOD.replace("math.log(p)", "math.log2(p)"), names="base 2")
wrong("per_sentence", "divides by sentences", GOOD.replace("total / count", "total / len(sentences)"), names="number of sentences")
wrong("sum", "does not divide", GOOD.replace("total / count", "total"), names="do not divide by the number of tokens")
wrong("eos_not_counted", "</s> predicted but not counted", GOOD.replace("total / count", "total / (count - len(sentences))"), names="not counted as a token")
wrong("bos_counted", "<s> counted", GOOD.replace("total / count", "total / (count + (n - 1) * len(sentences))"), names="<s> is counted")
wrong("no_eos", "the end is not predicted", GOOD.replace(" + [EOS]", ""), names="not predicted")
wrong("no_bos", "no padding", GOOD.replace("[BOS] * (n - 1) + ", "").replace("range(n - 1, ", "range(").replace("t - n + 1:t", "max(t - n + 1, 0):t"), names="without <s>")
wrong("sign", "a negative loss", GOOD.replace("return total / count", "return -total / count"), names="sign")
wrong("returns_perplexity", "returns the perplexity", GOOD.replace("return total / count", "return math.exp(total / count)"), names="perplexity")
wrong("product", "the product underflows", '''
def cross_entropy(model, n, sentences):
    product, count = 1.0, 0
    for sentence in sentences:
        tokens = [BOS] * (n - 1) + list(sentence) + [EOS]
        for t in range(n - 1, len(tokens)):
            product *= model(tuple(tokens[t - n + 1:t])).get(tokens[t], 0.0)
            count += 1
    return -math.log(product) / count if product else math.inf
''' + PERPLEXITY, names="multiply the probabilities")
wrong("zero_passed_over", "an impossible word is passed over", GOOD.replace("            total -= math.log(p) if p > 0 else -math.inf\n", "            if not p: continue\n            total -= math.log(p)\n"), names="passed over")
wrong("zero_adds_nothing", "an impossible word adds nothing", GOOD.replace("else -math.inf", "else 0"), names="adds nothing")
wrong("zero_crashes", "log of zero raises", GOOD.replace(" if p > 0 else -math.inf", ""), names="math domain error")
wrong("whole_history", "the context is not cut", GOOD.replace("t - n + 1:t", ":t"), names="all words before")
wrong("backwards", "the context runs backwards", GOOD.replace("t - n + 1:t]", "t - n + 1:t][::-1]"), names="backwards")
wrong("bigram_only", "the context is one word", GOOD.replace("t - n + 1:t", "t - 1:t"), names="only the word before")
wrong("mean_of_sentences", "the mean over sentences of the mean over tokens", '''
def cross_entropy(model, n, sentences):
    losses = []
    for sentence in sentences:
        tokens = [BOS] * (n - 1) + list(sentence) + [EOS]
        p = [model(tuple(tokens[t - n + 1:t])).get(tokens[t], 0.0) for t in range(n - 1, len(tokens))]
        losses.append(sum(-math.log(x) if x else math.inf for x in p) / len(p))
    return sum(losses) / len(losses)
''' + PERPLEXITY, names="sentence")
wrong("perplexity_of_two", "2 to the nats", GOOD.replace("np.exp(nats)", "2 ** nats"), names="raise 2")
wrong("returns_after_a_sentence", "`return` stands inside of the loop over sentences", GOOD.replace("    return total / count", "        return total / count"), names="inside of the loop over the sentences")
wrong("returns_after_a_token", "`return` stands inside of the loop over tokens", GOOD.replace("    return total / count", "            return total / count"), names="inside of the loop over the tokens")
wrong("small_number_added", "p + 1e-12", GOOD.replace("math.log(p) if p > 0 else -math.inf", "math.log(p + 1e-12)"), names="add a small number")
wrong("small_number_at_least", "max(p, 1e-9)", GOOD.replace("math.log(p) if p > 0 else -math.inf", "math.log(max(p, 1e-9))"), names="add a small number")
