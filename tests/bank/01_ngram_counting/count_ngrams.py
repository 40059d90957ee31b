"""Answers to count_ngrams."""
from bank import right, wrong

GOOD = '''
def count_ngrams(sentences, n):
    counts = {}
    for sentence in sentences:
        tokens = [BOS] * (n - 1) + list(sentence) + [EOS]
        for t in range(n - 1, len(tokens)):
            following = counts.setdefault(tuple(tokens[t - n + 1:t]), {})
            following[tokens[t]] = following.get(tokens[t], 0) + 1
    return counts
'''

right("setdefault", GOOD)
right("zip_and_counter", '''
def count_ngrams(sentences, n):
    counts = defaultdict(Counter)
    for sentence in sentences:
        padded = (BOS,) * (n - 1) + tuple(sentence) + (EOS,)
        for gram in zip(*(padded[i:] for i in range(n))):
            counts[gram[:-1]][gram[-1]] += 1
    return counts
''')
right("flat_first", '''
def count_ngrams(sentences, n):
    grams = Counter(
        tuple(padded[i:i + n])
        for padded in ([BOS] * (n - 1) + [*s, EOS] for s in sentences)
        for i in range(len(padded) - n + 1))
    return {h: {g[-1]: c for g, c in grams.items() if g[:-1] == h} for h in {g[:-1] for g in grams}}
''')
wrong("no_bos", "forgets <s>", GOOD.replace("[BOS] * (n - 1) + ", ""), names="no <s> stands before")
wrong("no_eos", "forgets </s>", GOOD.replace(" + [EOS]", ""), names="no </s> stands after")
wrong("neither", "forgets both", GOOD.replace("[BOS] * (n - 1) + ", "").replace(" + [EOS]", ""), names="neither <s>")
wrong("one_bos", "one <s> whatever n is", GOOD.replace("[BOS] * (n - 1)", "[BOS]"), names="only one <s>")
wrong("n_bos", "one <s> too many", GOOD.replace("[BOS] * (n - 1)", "[BOS] * n"))
wrong("across_sentences", "counts across the ends of sentences", '''
def count_ngrams(sentences, n):
    tokens = []
    for sentence in sentences:
        tokens += [BOS] * (n - 1) + list(sentence) + [EOS]
    counts = defaultdict(Counter)
    for t in range(n - 1, len(tokens)):
        counts[tuple(tokens[t - n + 1:t])][tokens[t]] += 1
    return counts
''', names="across the end of a sentence")
wrong("joined", "joins the sentences", '''
def count_ngrams(sentences, n):
    tokens = [word for sentence in sentences for word in sentence]
    counts = defaultdict(Counter)
    for t in range(n - 1, len(tokens)):
        counts[tuple(tokens[t - n + 1:t])][tokens[t]] += 1
    return counts
''', names="sentences are joined")
wrong("string_contexts", "contexts are strings", GOOD.replace("tuple(tokens[t - n + 1:t])", "' '.join(tokens[t - n + 1:t])"), names="strings and not tuples")
wrong("flat", "one flat dictionary", '''
def count_ngrams(sentences, n):
    counts = Counter()
    for sentence in sentences:
        tokens = [BOS] * (n - 1) + list(sentence) + [EOS]
        for t in range(n - 1, len(tokens)):
            counts[tuple(tokens[t - n + 1:t + 1])] += 1
    return counts
''', names="flat dictionary")
wrong("backwards", "contexts run backwards", GOOD.replace("tokens[t - n + 1:t])", "tokens[t - n + 1:t][::-1])"), names="backwards")
wrong("n_plus_one", "(n + 1)-grams", GOOD.replace("(n - 1)", "n").replace("n - 1, len", "n, len").replace("t - n + 1:t", "t - n:t"), names="(n + 1)-grams")
wrong("unigram_slice", "tokens[-0:] is the whole list", '''
def count_ngrams(sentences, n):
    counts = defaultdict(Counter)
    for sentence in sentences:
        history = [BOS] * (n - 1)
        for word in list(sentence) + [EOS]:
            counts[tuple(history[-(n - 1):])][word] += 1
            history.append(word)
    return counts
''')
wrong("overwrites", "sets the count to 1", GOOD.replace("following.get(tokens[t], 0) + 1", "1"), names="off by one")
wrong("changes_input", "pads the sentences of the caller", '''
def count_ngrams(sentences, n):
    counts = defaultdict(Counter)
    for i, sentence in enumerate(sentences):
        sentences[i] = [BOS] * (n - 1) + list(sentence) + [EOS]
        for t in range(n - 1, len(sentences[i])):
            counts[tuple(sentences[i][t - n + 1:t])][sentences[i][t]] += 1
    return counts
''', names="chang")
wrong("short_opening", "one <s>, and the first context is too short", '''
def count_ngrams(sentences, n):
    counts = defaultdict(Counter)
    for sentence in sentences:
        tokens = [BOS] * (n > 1) + list(sentence) + [EOS]
        for t in range(int(n > 1), len(tokens)):
            counts[tuple(tokens[max(t - n + 1, 0):t])][tokens[t]] += 1
    return counts
''', names="only one <s>")
