"""Answers to the exercise on heads built by hand."""
from bank import right, wrong

ANSWER = '''
def previous_token_head(V, L):
    W_k = np.hstack([np.zeros((L, V)), np.eye(L)])
    W_q = np.hstack([np.zeros((L, V)), np.eye(L, k=1)])
    return 40 * L ** 0.5 * W_q, W_k


def name_head(vocabulary, names):
    V = len(vocabulary)
    W_q, W_k = np.zeros((2, V)), np.zeros((2, V))
    W_q[0] = 40
    for name in names:
        W_k[0, vocabulary.index(name)] = 1
    return W_q, W_k, np.eye(V)
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("unit_vectors", ANSWER)
right("angles", '''
def previous_token_head(V, L):
    # positions on a circle: the query of t points where t - 1 stands
    angle = 2 * np.pi * np.arange(L) / (2 * L)
    W_k, W_q = np.zeros((2, V + L)), np.zeros((2, V + L))
    W_k[:, V:] = np.cos(angle), np.sin(angle)
    step = np.pi / L
    W_q[:, V:] = np.cos(angle - step), np.sin(angle - step)
    return W_q * 20 * L ** 2, W_k


def name_head(vocabulary, names):
    W_k = np.array([[30.0 * (word in set(names)) for word in vocabulary]])
    return np.ones((1, len(vocabulary))), W_k, np.identity(len(vocabulary))
''')
right("four_features", '''
def previous_token_head(V, L):
    W_q, W_k = np.zeros((L + 1, V + L)), np.zeros((L + 1, V + L))
    for t in range(L):
        W_k[t, V + t] = 100.0
        W_q[t - 1 if t > 0 else L, V + t] = 100.0
    return W_q, W_k


def name_head(vocabulary, names):
    V = len(vocabulary)
    W_k = np.zeros((4, V))
    W_k[:, [vocabulary.index(name) for name in names]] = 10.0
    return np.ones((4, V)), W_k, np.eye(V)
''')
wrong("itself", "looks at itself", but("np.eye(L, k=1)", "np.eye(L)"), names="looks at itself")
wrong("next", "looks at the next one, which is masked", but("np.eye(L, k=1)", "np.eye(L, k=-1)"),
      names="the shift the wrong way round")
wrong("too_weak", "has scores that are too small", but("40 * L ** 0.5 * W_q", "W_q"), names="too small")
wrong("forgets_root", "forgets that scores are divided", but("40 * L ** 0.5 * W_q", "7 * W_q"), names="too small")
wrong("content", "looks at words instead of positions", but(
    "W_q = np.hstack([np.zeros((L, V)), np.eye(L, k=1)])", "W_q = np.hstack([np.ones((L, V)), np.eye(L, k=1) * 0])"))
wrong("names_ask", "lets only names ask", but("W_q[0] = 40", "W_q[0, [vocabulary.index(n) for n in names]] = 40"))
wrong("all_keys", "makes every word findable", but("W_k[0, vocabulary.index(name)] = 1", "W_k[0] = 1"))
wrong("no_value", "hands the key over", but("np.eye(V)\n", "np.ones((V, V)) / V\n"))
wrong("sorted_vocabulary", "puts the names into an order of their own",
      but("vocabulary.index(name)", "sorted(vocabulary).index(name)"))
wrong("weak_name", "is too weak for long sentences", but("W_q[0] = 40", "W_q[0] = 5"), names="too small")
wrong("avoids_names", "has the sign wrong", but("W_q[0] = 40", "W_q[0] = -40"))
wrong("exchanged", "returns the key matrix first", but("return 40 * L ** 0.5 * W_q, W_k", "return W_k, 40 * L ** 0.5 * W_q"),
      names="W_q and W_k changed places")
