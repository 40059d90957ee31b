"""Answers to add_k."""
from bank import right, wrong

GOOD = '''
def add_k(counts, context, vocabulary, k):
    row = counts.get(context, {})
    total = sum(row.values()) + k * len(vocabulary)
    return {w: (row.get(w, 0) + k) / total for w in vocabulary}
'''

right("comprehension", GOOD)
right("numpy", '''
def add_k(counts, context, vocabulary, k):
    c = np.array([counts[context].get(w, 0) if context in counts else 0 for w in vocabulary]) + k
    return dict(zip(vocabulary, c / c.sum()))
''')
wrong("seen_types_only", "smooths over seen words only", '''
def add_k(counts, context, vocabulary, k):
    row = counts.get(context, {})
    total = sum(row.values()) + k * len(row)
    return {w: (c + k) / total for w, c in row.items()}
''', names="word")
wrong("denominator_of_seen", "the denominator counts seen words only", GOOD.replace("k * len(vocabulary)", "k * len(row)"), names="k is paid for")
wrong("denominator_plus_k", "k once in the denominator", GOOD.replace("k * len(vocabulary)", "k"), names="k")
wrong("denominator_without_k", "no k in the denominator", GOOD.replace(" + k * len(vocabulary)", " or 1"), names="no k at all")
wrong("add_one", "adds 1 whatever k is", GOOD.replace("(counts, context, vocabulary, k):", "(counts, context, vocabulary, k):\\n    k = 1".replace("\\n", chr(10))), names="1")
wrong("unseen_crashes", "an unseen context raises", GOOD.replace("counts.get(context, {})", "counts[context]"), names="raised KeyError")
wrong("unseen_zero", "an unseen context has no probabilities", GOOD.replace("    total =", "    if not row: return dict.fromkeys(vocabulary, 0.0)\\n    total =".replace("\\n", chr(10))), names="never seen gets probability 0")
wrong("only_zeros", "only words with count 0 get k", GOOD.replace("(row.get(w, 0) + k)", "(row.get(w, 0) or k)"))
wrong("changes_counts", "adds k into the table of the caller", '''
def add_k(counts, context, vocabulary, k):
    row = counts.setdefault(context, {})
    for w in vocabulary:
        row[w] = row.get(w, 0) + k
    return {w: row[w] / sum(row.values()) for w in vocabulary}
''', names="chang")
wrong("whole_table", "divides by the whole table", GOOD.replace("sum(row.values())", "sum(sum(r.values()) for r in counts.values())"), names="counts of all contexts")
wrong("words_of_the_tables", "V counts only the words seen in the tables", GOOD.replace("k * len(vocabulary)", "k * len({w for r in counts.values() for w in r} or vocabulary)"), names="seen in the tables")
