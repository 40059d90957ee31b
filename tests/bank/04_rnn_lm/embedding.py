"""Answers to embedding."""
from bank import right, wrong

FORWARD = '''
def embedding(ids, E):
    return E[ids]

'''
BACKWARD = '''
def embedding_backward(ids, E, g):
    g_E = np.zeros(E.shape)
    for b in range(ids.shape[0]):
        for t in range(ids.shape[1]):
            g_E[ids[b, t]] += g[b, t]
    return g_E
'''

right("loops", FORWARD + BACKWARD)
right("one_hot", '''
def embedding(ids, E):
    return np.eye(len(E))[ids] @ E


def embedding_backward(ids, E, g):
    one_hot = np.eye(len(E))[ids.reshape(-1)]
    return one_hot.T @ g.reshape(-1, E.shape[1])
''')
right("sorted_runs", '''
def embedding(ids, E):
    return np.take(E, ids, axis=0)


def embedding_backward(ids, E, g):
    flat, rows = ids.reshape(-1), g.reshape(-1, g.shape[-1])
    order = np.argsort(flat, kind="stable")
    words, starts = np.unique(flat[order], return_index=True)
    result = np.zeros_like(E)
    result[words] = np.add.reduceat(rows[order], starts, axis=0)
    return result
''')
wrong("last_wins", "assignment instead of accumulation", FORWARD + '''
def embedding_backward(ids, E, g):
    g_E = np.zeros_like(E)
    g_E[ids] = g
    return g_E
''', names="only the last place of a repeated word counts")
wrong("fancy_increment", "+= with repeated indices adds only once", FORWARD + '''
def embedding_backward(ids, E, g):
    g_E = np.zeros_like(E)
    g_E[ids] += g
    return g_E
''', names="only the last place of a repeated word counts")
wrong("increment_per_sentence", "+= with repeated indices within a sentence", FORWARD + '''
def embedding_backward(ids, E, g):
    g_E = np.zeros_like(E)
    for row in range(len(ids)):
        g_E[ids[row]] += g[row]
    return g_E
''', names="repeated within a sentence")
wrong("averaged", "the mean over the places, not the sum", FORWARD + '''
def embedding_backward(ids, E, g):
    g_E = np.zeros_like(E)
    np.add.at(g_E, ids, g)
    return g_E / np.bincount(ids.ravel(), minlength=len(E)).clip(1)[:, None]
''', names="are averaged")
wrong("only_used_rows", "only the rows of words that occur", FORWARD + '''
def embedding_backward(ids, E, g):
    g_E = np.zeros_like(E)
    np.add.at(g_E, ids, g)
    return g_E[np.unique(ids)]
''', names="only words that occur have a row")
wrong("gradient_of_x", "returns g itself", FORWARD + '''
def embedding_backward(ids, E, g):
    return g
''', names="the gradient of x as it came")
wrong("transposed", "batch and time of the ids are swapped", '''
def embedding(ids, E):
    return E[ids.T]

''' + BACKWARD, names="right but transposed")
wrong("columns", "the columns of the table are picked, not its rows", '''
def embedding(ids, E):
    return E.T[ids % E.shape[1]]

''' + BACKWARD)
