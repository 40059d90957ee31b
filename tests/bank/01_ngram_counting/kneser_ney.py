"""Answers to continuation_counts and kneser_ney."""
from bank import right, wrong

CONTINUATIONS = '''
def continuation_counts(counts):
    found = {}
    for context, row in counts.items():
        for word in row:
            shorter = found.setdefault(context[1:], {})
            shorter[word] = shorter.get(word, 0) + 1
    return found
'''
ESTIMATE = '''
def kneser_ney(tables, context, vocabulary, discount):
    p = dict.fromkeys(vocabulary, 1 / len(vocabulary))
    for m, table in enumerate(tables):
        row = table.get(context[len(context) - m:], {})
        if row:
            N = sum(row.values())
            p = {w: (max(row.get(w, 0) - discount, 0) + discount * len(row) * p[w]) / N for w in vocabulary}
    return p
'''
GOOD = CONTINUATIONS + ESTIMATE

right("bottom_up", GOOD)
right("sets_and_recursion", '''
def continuation_counts(counts):
    before = defaultdict(lambda: defaultdict(set))
    for (first, *rest), row in counts.items():
        for word in row:
            before[tuple(rest)][word].add(first)
    return {h: {w: len(s) for w, s in row.items()} for h, row in before.items()}

def kneser_ney(tables, context, vocabulary, discount):
    if not tables:
        return {w: 1 / len(vocabulary) for w in vocabulary}
    lower = kneser_ney(tables[:-1], context[1:], vocabulary, discount)
    row = tables[-1].get(context)
    if row is None:
        return lower
    c = np.array([row.get(w, 0) for w in vocabulary])
    p = np.maximum(c - discount, 0) / c.sum() + discount * np.count_nonzero(c) / c.sum() * np.array(list(lower.values()))
    return dict(zip(vocabulary, p))
''')
wrong("adds_counts", "adds up counts instead of counting types", CONTINUATIONS.replace("for word in row:", "for word, c in row.items():").replace("+ 1", "+ c") + ESTIMATE, names="add up how often")
wrong("loses_last_word", "the context loses its last word", CONTINUATIONS.replace("context[1:]", "context[:-1]") + ESTIMATE, names="lost its last word")
wrong("no_uniform", "the unigrams are not mixed with the uniform distribution", CONTINUATIONS + '''
def kneser_ney(tables, context, vocabulary, discount):
    one = tables[0][()]
    p = {w: one.get(w, 0) / sum(one.values()) for w in vocabulary}
    for m, table in list(enumerate(tables))[1:]:
        row = table.get(context[len(context) - m:], {})
        if row:
            N = sum(row.values())
            p = {w: (max(row.get(w, 0) - discount, 0) + discount * len(row) * p[w]) / N for w in vocabulary}
    return p
''', names="uniform")
wrong("mass_lost", "the discount is given to nobody", CONTINUATIONS + ESTIMATE.replace(" + discount * len(row) * p[w]", ""), names="given to nobody")
wrong("weight_without_types", "the weight is d / N", CONTINUATIONS + ESTIMATE.replace("discount * len(row) * p[w]", "discount * p[w]"), names="d / N")
wrong("fixed_discount", "0.75 whatever is asked for", CONTINUATIONS + ESTIMATE.replace("    p = dict", "    discount = 0.75\\n    p = dict".replace("\\n", chr(10))), names="0.75")
wrong("drops_newest", "the shorter context loses its newest word", CONTINUATIONS + ESTIMATE.replace("context[len(context) - m:]", "context[:m]"), names="newest word")
wrong("negative_counts", "the discount is taken from zeros too", CONTINUATIONS + ESTIMATE.replace("max(row.get(w, 0) - discount, 0)", "(row.get(w, 0) - discount)"), names="below zero")
wrong("longest_only", "no interpolation", CONTINUATIONS + ESTIMATE.replace("enumerate(tables)", "list(enumerate(tables))[-1:]"), names="left out")
wrong("loses_all_words", "contexts of any length become the empty one", CONTINUATIONS.replace("context[1:]", "()") + ESTIMATE, names="lost all of its words")
