"""Answers to count_table."""
from bank import right, wrong

GOOD = '''
def count_table(ids, n):
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(ids), n)
    return np.unique(windows[windows[:, -1] != 0], axis=0, return_counts=True)
'''

right("unique_rows", GOOD)
right("lexsort", '''
def count_table(ids, n):
    ids = np.asarray(ids)
    columns = np.stack([ids[i:len(ids) - n + 1 + i] for i in range(n)], axis=1)
    columns = columns[columns[:, -1] != 0]
    columns = columns[np.lexsort(columns.T[::-1])]
    first = np.ones(len(columns), dtype=bool)
    first[1:] = (columns[1:] != columns[:-1]).any(axis=1)
    starts = np.flatnonzero(first)
    return columns[starts], np.diff(np.append(starts, len(columns)))
''')
wrong("across_the_ends", "counts across the end of a sentence", GOOD.replace("windows[windows[:, -1] != 0]", "windows"), names="across the end")
wrong("no_zeros_at_all", "leaves out every n-gram with a 0", GOOD.replace("windows[:, -1] != 0", "(windows != 0).all(axis=1)"), names="have a 0 in them")
wrong("no_leading_zero", "leaves out n-grams that begin with 0", GOOD.replace("windows[:, -1] != 0", "(windows[:, 0] != 0) & (windows[:, -1] != 0)"), names="begin with 0")
wrong("no_ends", "leaves out the ends of sentences", GOOD.replace("windows[:, -1] != 0", "windows[:, -1] > 1"), names="end in 1")
wrong("overflows", "packed n-grams wrap around", '''
def count_table(ids, n):
    ids = np.asarray(ids, dtype=np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(ids, n)
    windows = windows[windows[:, -1] != 0]
    packed = np.zeros(len(windows), dtype=np.int64)
    for column in windows.T:
        packed = packed * np.int64(ids.max() + 1) + column
    _, first, counts = np.unique(packed, return_index=True, return_counts=True)
    return windows[first], counts
''', names="wrap around")
wrong("overflows_32_bits", "packs into the type of the ids", '''
def count_table(ids, n):
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(ids), n)
    windows = windows[windows[:, -1] != 0]
    packed = np.zeros(len(windows), dtype=ids.dtype)
    for column in windows.T:
        packed = packed * (ids.max() + 1) + column
    _, first, counts = np.unique(packed, return_index=True, return_counts=True)
    return windows[first], counts
''', names="wrap around")
wrong("unsorted", "in the order of appearance", '''
def count_table(ids, n):
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(ids), n)
    counts = Counter(map(tuple, windows[windows[:, -1] != 0].tolist()))
    return np.array(list(counts)), np.array(list(counts.values()))
''', names="order")
wrong("counts_only", "returns the counts without the n-grams", GOOD.replace("return np.unique", "return np.unique").replace("return_counts=True)", "return_counts=True)[1]"))
wrong("dictionary", "returns a dictionary", '''
def count_table(ids, n):
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(ids), n)
    return dict(Counter(map(tuple, windows[windows[:, -1] != 0].tolist())))
''', names="returned a dict")
wrong("bigrams_only", "right for n = 2 only", '''
def count_table(ids, n):
    ids = np.asarray(ids)
    pairs = np.stack([ids[:-1], ids[1:]], axis=1)
    return np.unique(pairs[pairs[:, -1] != 0], axis=0, return_counts=True)
''')
wrong("columns_reversed", "the n-grams run backwards", '''
def count_table(ids, n):
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(ids), n)
    return np.unique(windows[windows[:, -1] != 0][:, ::-1], axis=0, return_counts=True)
''', names="another order")
PACKED = '''
def count_table(ids, n):
    ids = np.asarray(ids, dtype=np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(ids, n)
    windows = windows[windows[:, -1] != 0]
    base, packed = int(ids.max()) + 1, windows[:, 0]
    for column in windows.T[1:]:
        packed = np.unique(packed, return_inverse=True)[1] * base + column
    _, first, counts = np.unique(packed, return_index=True, return_counts=True)
    return windows[first], counts
'''
right("packed_ranks", PACKED)
wrong("base_of_different_ids", "the base is the number of different ids", PACKED.replace("int(ids.max()) + 1", "len(set(ids.tolist()))"), names="number of different ids")
wrong("no_ranks_taken_apart", "packs without ranks and takes the numbers apart", '''
def count_table(ids, n):
    ids = np.asarray(ids, dtype=np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(ids, n)
    windows = windows[windows[:, -1] != 0]
    base, packed = int(ids.max()) + 1, windows[:, 0]
    for column in windows.T[1:]:
        packed = packed * base + column
    packed, counts = np.unique(packed, return_counts=True)
    columns = []
    for _ in range(n - 1):
        columns.append(packed % base)
        packed = packed // base
    return np.stack([packed, *columns[::-1]], axis=1), counts
''', names="take ranks of prefixes")
wrong("base_is_the_largest_id", "the base is the largest id", '''
def count_table(ids, n):
    ids = np.asarray(ids, dtype=np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(ids, n)
    windows = windows[windows[:, -1] != 0]
    base, packed = int(ids.max()), windows[:, 0]
    for column in windows.T[1:]:
        packed = packed * base + column
    packed, counts = np.unique(packed, return_counts=True)
    columns = []
    for _ in range(n - 1):
        columns.append(packed % base)
        packed = packed // base
    return np.stack([packed, *columns[::-1]], axis=1), counts
''', names="the base is the largest id")
