"""Answers to the exercise on the feed-forward network."""
from bank import right, wrong

ANSWER = '''
def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def feed_forward(x, W_1, b_1, W_2, b_2):
    hidden = gelu(x @ W_1.T + b_1)
    return hidden @ W_2.T + b_2
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("formula", ANSWER)
right("sigmoid", '''
def gelu(x):
    # (1 + tanh(u)) / 2 is the sigmoid of 2u
    u = np.sqrt(8 / np.pi) * (x + 0.044715 * x * x * x)
    e = np.exp(-np.abs(u))
    return x * np.where(u >= 0, 1, e) / (1 + e)


def feed_forward(x, W_1, b_1, W_2, b_2):
    hidden = gelu(np.einsum("btd,fd->btf", x, W_1) + b_1)
    return np.einsum("btf,df->btd", hidden, W_2) + b_2
''')
right("position_by_position", '''
def gelu(x):
    x = np.asarray(x, dtype=float)
    inside = (2 / np.pi) ** 0.5 * x * (1 + 0.044715 * x**2)
    return x / 2 + x / 2 * np.tanh(inside)


def feed_forward(x, W_1, b_1, W_2, b_2):
    out = np.empty(x.shape)
    for b, sentence in enumerate(x):
        for t, token in enumerate(sentence):
            out[b, t] = W_2 @ gelu(W_1 @ token + b_1) + b_2
    return out
''')
wrong("relu", "uses ReLU for gelu", but("0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))", "np.maximum(x, 0)"),
      names="this is ReLU")
wrong("exact", "uses the error function", '''
from math import erf


def gelu(x):
    return x * 0.5 * (1 + np.vectorize(erf)(x / np.sqrt(2)))


def feed_forward(x, W_1, b_1, W_2, b_2):
    return gelu(x @ W_1.T + b_1) @ W_2.T + b_2
''', names="error function")
wrong("no_half", "forgets the half", but("0.5 * x", "x"), names="1/2 is missing")
wrong("no_root", "forgets the root", but("np.sqrt(2 / np.pi) * ", ""), names="root is missing")
wrong("two_over_pi", "takes no root", but("np.sqrt(2 / np.pi)", "(2 / np.pi)"), names="without its root")
wrong("square", "squares instead of cubing", but("x**3", "x**2"), names="squared and not cubed")
wrong("no_activation", "has no activation", but("hidden = gelu(x @ W_1.T + b_1)", "hidden = x @ W_1.T + b_1"),
      names="no activation")
wrong("activation_last", "activates at the end", but("hidden = gelu(x @ W_1.T + b_1)", "hidden = x @ W_1.T + b_1").replace(
    "return hidden @ W_2.T + b_2", "return gelu(hidden @ W_2.T + b_2)"), names="comes at the end")
wrong("activation_twice", "activates twice", but("return hidden @ W_2.T + b_2", "return gelu(hidden @ W_2.T + b_2)"),
      names="once more")
wrong("residual", "adds x", but("return hidden", "return x + hidden"), names="x is added")
wrong("no_b_1", "forgets b_1", but(" + b_1", ""), names="b_1 is missing")
wrong("no_b_2", "forgets b_2", but(" + b_2", ""), names="b_2 is missing")
wrong("relu_inside", "has ReLU inside", but("hidden = gelu(x @ W_1.T + b_1)", "hidden = np.maximum(x @ W_1.T + b_1, 0)"),
      names="ReLU and not gelu")
