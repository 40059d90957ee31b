"""Answers to next_word_distribution."""
from bank import right, wrong

GOOD = '''
def next_word_distribution(counts, context):
    if context not in counts:
        raise KeyError(f"never seen: {context}")
    total = sum(counts[context].values())
    return {word: count / total for word, count in counts[context].items()}
'''

right("comprehension", GOOD)
right("numpy", '''
def next_word_distribution(counts, context):
    try:
        words, c = zip(*counts[context].items())
    except KeyError:
        raise KeyError("no count for " + " ".join(context)) from None
    return dict(zip(words, np.array(c) / np.sum(c)))
''')
right("loop_with_the_plain_error", '''
def next_word_distribution(counts, context):
    row, total = counts[context], 0
    for word in row:
        total += row[word]
    probabilities = Counter()
    for word in row:
        probabilities[word] = row[word] / total
    return probabilities
''')
wrong("whole_table", "normalises over the whole table", GOOD.replace("sum(counts[context].values())", "sum(sum(r.values()) for r in counts.values())"), names="all counts of the table")
wrong("by_word", "normalises over the wrong axis", '''
def next_word_distribution(counts, context):
    if context not in counts:
        raise KeyError(context)
    return {w: c / sum(r.get(w, 0) for r in counts.values()) for w, c in counts[context].items()}
''', names="how often its word occurs after any context")
wrong("different_words", "divides by the number of types", GOOD.replace("sum(counts[context].values())", "len(counts[context])"), names="number of different words")
wrong("largest", "divides by the largest count", GOOD.replace("sum(counts[context].values())", "max(counts[context].values())"), names="largest count")
wrong("counts", "does not divide", GOOD.replace("count / total", "count"), names="undivided")
wrong("integer_division", "divides with //", GOOD.replace("count / total", "count // total"), names="//")
wrong("unseen_is_empty", "an unseen context gives an empty dictionary", GOOD.replace('raise KeyError(f"never seen: {context}")', "return {}"), names="it should raise")
wrong("unseen_is_nan", "an unseen context gives nan", '''
def next_word_distribution(counts, context):
    row = counts.get(context, {"</s>": float("nan")})
    return {w: c / sum(row.values()) for w, c in row.items()}
''', names="it should raise")
wrong("other_error", "raises ValueError", GOOD.replace("KeyError", "ValueError"), names="raised ValueError")
wrong("silent_error", "the message does not name the context", GOOD.replace('f"never seen: {context}"', '"never seen"'), names="does not mention")
wrong("logs", "returns log probabilities", GOOD.replace("count / total", "math.log(count / total)"), names="logarithms of the right values")
wrong("first_word_of_context", "looks the context up by its first word", '''
def next_word_distribution(counts, context):
    row = Counter()
    for h, r in counts.items():
        if h[:1] == context[:1]:
            row.update(r)
    if not row:
        raise KeyError(str(context))
    return {w: c / sum(row.values()) for w, c in row.items()}
''')
