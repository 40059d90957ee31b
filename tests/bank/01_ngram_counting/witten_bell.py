"""Answers to witten_bell."""
from bank import right, wrong

GOOD = '''
def witten_bell(tables, context, vocabulary):
    p = {w: 1 / len(vocabulary) for w in vocabulary}
    for m in range(len(tables)):
        row = tables[m].get(tuple(context[len(context) - m:]), {})
        if row:
            N, T = sum(row.values()), len(row)
            p = {w: (row.get(w, 0) + T * p[w]) / (N + T) for w in vocabulary}
    return p
'''

right("bottom_up", GOOD)
right("recursion", '''
def witten_bell(tables, context, vocabulary):
    if not tables:
        return dict.fromkeys(vocabulary, 1 / len(vocabulary))
    shorter = witten_bell(tables[:-1], context[1:], vocabulary)
    row = tables[-1].get(context)
    if not row:
        return shorter
    lam = sum(row.values()) / (sum(row.values()) + len(row))
    return {w: lam * row.get(w, 0) / sum(row.values()) + (1 - lam) * shorter[w] for w in vocabulary}
''')
right("numpy", '''
def witten_bell(tables, context, vocabulary):
    p = np.full(len(vocabulary), 1 / len(vocabulary))
    for m, table in enumerate(tables):
        c = np.array([table.get(context[len(context) - m:], {}).get(w, 0) for w in vocabulary])
        if c.any():
            p = (c + (c > 0).sum() * p) / (c.sum() + (c > 0).sum())
    return dict(zip(vocabulary, p))
''')
wrong("no_uniform", "the unigrams are not mixed with the uniform distribution", '''
def witten_bell(tables, context, vocabulary):
    one = tables[0].get((), {})
    p = {w: one.get(w, 0) / max(sum(one.values()), 1) for w in vocabulary}
    for m in range(1, len(tables)):
        row = tables[m].get(context[len(context) - m:], {})
        if row:
            N, T = sum(row.values()), len(row)
            p = {w: (row.get(w, 0) + T * p[w]) / (N + T) for w in vocabulary}
    return p
''', names="uniform")
wrong("drops_newest", "the shorter context loses its newest word", GOOD.replace("context[len(context) - m:]", "context[:m]"), names="newest word")
wrong("tokens_for_types", "T is the number of tokens", GOOD.replace("N, T = sum(row.values()), len(row)", "N = T = sum(row.values())"), names="number of tokens")
wrong("vocabulary_for_types", "T is the size of the vocabulary", GOOD.replace("len(row)\n", "len(vocabulary)\n"), names="size of the vocabulary")
wrong("t_is_one", "T is 1", GOOD.replace("len(row)\n", "1\n"), names="weight 1")
wrong("longest_left_out", "stops one context too early", GOOD.replace("range(len(tables))", "range(len(tables) - 1)"), names="longest context")
wrong("backoff", "backs off instead of mixing", '''
def witten_bell(tables, context, vocabulary):
    for m in reversed(range(len(tables))):
        row = tables[m].get(context[len(context) - m:], {})
        if row:
            return {w: row.get(w, 0) / sum(row.values()) for w in vocabulary}
    return dict.fromkeys(vocabulary, 1 / len(vocabulary))
''')
wrong("unseen_crashes", "an unseen context raises", GOOD.replace(".get(tuple(context[len(context) - m:]), {})", "[tuple(context[len(context) - m:])]"), names="raised KeyError")
wrong("unseen_stops", "an unseen context gives zeros", GOOD.replace("        if row:\n", "        if not row: p = dict.fromkeys(vocabulary, 0.0)\n        else:\n"), names="All of yours are zero")
wrong("not_normalised", "divides by N only", GOOD.replace("/ (N + T)", "/ N"), names="is the right value times")
wrong("seen_once", "N1+ is the number of words seen exactly once", GOOD.replace("len(row)\n", "list(row.values()).count(1)\n"), names="occurred once")
wrong("unigrams_without_effect", "context[-0:] is the whole context", GOOD.replace("context[len(context) - m:]", "context[-m:]"), names="unigram table has no effect")
