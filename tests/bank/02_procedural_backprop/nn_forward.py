"""Answers to nn_forward."""
from bank import right, wrong

LAYERS = '''
def affine(x, w):
    return x @ w[:, 1:].T + w[:, 0]

def soft(b, axis=1):
    e = np.exp(b - b.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
'''
BODY = '''
def nn_forward(x, y, alpha, beta):
    a = affine(x, alpha)
    z = 1 / (1 + np.exp(-a))
    b = affine(z, beta)
    y_hat = soft(b)
    J = -np.sum(y * np.log(y_hat)) / len(x)
    return {"x": x, "a": a, "z": z, "b": b, "y_hat": y_hat, "J": J}
'''


def with_line(old, new):
    assert old in LAYERS + BODY
    return LAYERS + BODY.replace(old, new)


right("plain", LAYERS + BODY)
right("ones", '''
def nn_forward(x, y, alpha, beta):
    one = np.ones((len(x), 1))
    o = {"x": x}
    o["a"] = np.hstack([one, x]) @ alpha.T
    o["z"] = np.exp(-np.logaddexp(0, -o["a"]))
    o["b"] = np.hstack([one, o["z"]]) @ beta.T
    log_y_hat = o["b"] - np.logaddexp.reduce(o["b"], axis=1, keepdims=True)
    o["y_hat"] = np.exp(log_y_hat)
    o["J"] = -(y * log_y_hat).sum(axis=1).mean()
    return o
''')
wrong("no_sigmoid", "z is a", with_line("z = 1 / (1 + np.exp(-a))", "z = a"), names="so that z is a")
wrong("skips_hidden", "the second layer sees a", with_line("b = affine(z, beta)", "b = affine(a, beta)"),
      names="given a, not z")
wrong("softmax_axis", "softmax over the examples", with_line("soft(b)", "soft(b, axis=0)"), names="over the examples")
wrong("sum", "J is a sum", with_line(" / len(x)\n    return", "\n    return"), names="added up instead of averaged")
wrong("mean_of_all", "J is the mean over all entries", with_line("/ len(x)\n    return", "/ y.size\n    return"), names="over all entries")
wrong("bias_last", "the biases are the last columns", LAYERS.replace("w[:, 1:]", "w[:, :-1]").replace("w[:, 0]", "w[:, -1]")
      + BODY, names="last column of alpha")
wrong("no_bias", "no biases", LAYERS.replace(" + w[:, 0]", "") + BODY, names="are left out")
wrong("missing_row", "b is not returned", with_line('"b": b, ', ""), names="no 'b'")
wrong("misnamed", "y_hat is called yhat", with_line('"y_hat": y_hat', '"yhat": y_hat'), names="no 'y_hat'")
wrong("only_loss", "returns the loss alone", with_line("return {", "return J\n    {"), names="dict")
wrong("one_hot_only", "the loss of the likeliest class", with_line(
    "J = -np.sum(y * np.log(y_hat)) / len(x)", "J = -np.log(y_hat[np.arange(len(x)), y.argmax(1)]).mean()"), names="likeliest class")
