"""Answers to the exercise on what attention costs."""
from bank import right, wrong

ANSWER = '''
def rnn_cost(T, d):
    return {"multiplications": 2 * T * d ** 2, "edges": T - 1}


def attention_cost(T, d):
    pairs = (T ** 2 + T) // 2
    return {"multiplications": 4 * T * d ** 2 + 2 * pairs * d, "edges": pairs}


def break_even(d):
    return 4 * d
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("formulas", ANSWER)
right("counting", '''
def rnn_cost(T, d):
    cost = {"multiplications": 0, "edges": 0}
    for t in range(T):
        cost["multiplications"] += d * d + d * d
        cost["edges"] += t > 0
    return cost


def attention_cost(T, d):
    pairs = sum(t + 1 for t in range(T))
    return {"multiplications": T * 4 * d * d + pairs * (d + d), "edges": pairs}


def break_even(d):
    T = 1
    while T * (T + 1) * d <= 4 * T * d * d:
        T += 1
    return T
''')
right("arrays", '''
def rnn_cost(T, d):
    return dict(multiplications=int(T * 2 * d**2), edges=len(range(1, T)))


def attention_cost(T, d):
    pairs = int(np.tri(T).sum())
    return dict(multiplications=2 * d * (2 * T * d + pairs), edges=pairs)


def break_even(d):
    return int(np.floor(4 * d - 1)) + 1
''')
wrong("square", "counts all T x T pairs", but("(T ** 2 + T) // 2", "T ** 2"), names="also those with j > t")
wrong("not_itself", "forgets that a position sees itself", but("(T ** 2 + T)", "(T ** 2 - T)"), names="j = t is allowed")
wrong("scores_only", "forgets the weighted sums", but("2 * pairs * d", "pairs * d"), names="weighted sums are not counted")
wrong("three", "forgets the last projection", but("4 * T * d ** 2", "3 * T * d ** 2"), names="last projection")
wrong("pairs_only", "forgets the projections", but("4 * T * d ** 2 + ", ""), names="projections are not counted")
wrong("one_matrix", "counts one matrix of the RNN", but("2 * T * d ** 2, ", "T * d ** 2, "), names="only one of the two")
wrong("edges", "counts T arrows", but("T - 1}", "T}"), names="T - 1 arrows")
wrong("equal", "finds where the sides are equal", but("return 4 * d", "return 4 * d - 1"), names="the two sides are equal")
wrong("too_large", "is one too large", but("return 4 * d", "return 4 * d + 1"), names="one too large")
wrong("square_even", "breaks even with T x T pairs", but("return 4 * d", "return 2 * d + 1"), names="also those with j > t")
wrong("first_step", "gives the first step one matrix", but("2 * T * d ** 2, ", "(2 * T - 1) * d ** 2, "),
      names="the first step is counted with one")
