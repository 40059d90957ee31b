"""Answers to nn_in_modules."""

from bank import right, wrong

FORWARD = """
def nn_forward(x, y, alpha, beta, modules):
    forward = {name: pair[0] for name, pair in modules.items()}
    o = {"x": x}
    o["a"] = forward["linear"](o["x"], alpha)
    o["z"] = forward["sigmoid"](o["a"])
    o["b"] = forward["linear"](o["z"], beta)
    o["y_hat"] = forward["softmax"](o["b"])
    o["J"] = forward["cross_entropy"](y, o["y_hat"])
    return o
"""
BACKWARD = """
def nn_backward(x, y, alpha, beta, o, modules):
    backward = {name: pair[1] for name, pair in modules.items()}
    g = {"g_y_hat": backward["cross_entropy"](y, o["y_hat"], o["J"], 1)}
    g["g_b"] = backward["softmax"](o["b"], o["y_hat"], g["g_y_hat"])
    g["g_beta"], g["g_z"] = backward["linear"](o["z"], beta, o["b"], g["g_b"])
    g["g_a"] = backward["sigmoid"](o["a"], o["z"], g["g_z"])
    g["g_alpha"] = backward["linear"](x, alpha, o["a"], g["g_a"])[0]
    return g
"""


def changed(old, new, text=BACKWARD):
    assert old in text, old
    return text.replace(old, new)


right("dicts", FORWARD + BACKWARD)
right("unpacked", """
def nn_forward(x, y, alpha, beta, modules):
    linear, sigmoid, softmax, loss = (modules[n][0] for n in ("linear", "sigmoid", "softmax", "cross_entropy"))
    z = sigmoid(a := linear(x, alpha))
    y_hat = softmax(b := linear(z, beta))
    return dict(x=x, a=a, z=z, b=b, y_hat=y_hat, J=loss(y, y_hat))

def nn_backward(x, y, alpha, beta, o, modules):
    linear, sigmoid, softmax, loss = (modules[n][1] for n in ("linear", "sigmoid", "softmax", "cross_entropy"))
    g_J = 1.0
    g_y_hat = loss(y, o["y_hat"], o["J"], g_J)
    g_b = softmax(o["b"], o["y_hat"], g_y_hat)
    g_beta, g_z = linear(o["z"], beta, o["b"], g_b)
    g_a = sigmoid(o["a"], o["z"], g_z)
    g_alpha, g_x = linear(x, alpha, o["a"], g_a)
    return dict(g_alpha=g_alpha, g_a=g_a, g_z=g_z, g_beta=g_beta, g_b=g_b, g_y_hat=g_y_hat)
""")
wrong("starts_with_J", "begins with J", FORWARD + changed('o["J"], 1)', 'o["J"], o["J"])'),
      names="begins with the loss J")
wrong("own_modules", "calls functions of the notebook instead of those in the dict", """
def sigmoid(a):
    return 1 / (1 + np.exp(-a))
""" + changed('forward["sigmoid"](o["a"])', 'sigmoid(o["a"])', FORWARD) + BACKWARD, names="other modules are in the dict")
wrong("own_slope", "multiplies with the sigmoid's slope by hand", FORWARD + changed(
      'backward["sigmoid"](o["a"], o["z"], g["g_z"])', 'g["g_z"] * o["z"] * (1 - o["z"])'),
      names="other modules are in the dict")
wrong("wrong_one", "passes on the gradient of the parameters", FORWARD + changed(
      'g["g_beta"], g["g_z"] =', 'g["g_z"], g["g_beta"] ='))
wrong("a_for_z", "the second linear module gets a instead of z", FORWARD + changed(
      'backward["linear"](o["z"], beta', 'backward["linear"](o["a"], beta'))
wrong("alpha_again", "the second linear module gets alpha", FORWARD + changed(
      'backward["linear"](o["z"], beta', 'backward["linear"](o["z"], alpha'))
wrong("no_softmax", "skips the softmax on the way back", FORWARD + changed(
      'backward["softmax"](o["b"], o["y_hat"], g["g_y_hat"])', 'g["g_y_hat"]'))
wrong("both", "g_alpha is the pair of both gradients", FORWARD + changed(
      'backward["linear"](x, alpha, o["a"], g["g_a"])[0]', 'backward["linear"](x, alpha, o["a"], g["g_a"])'))
wrong("swapped_truth", "prediction and truth change places in the loss", changed(
      '(y, o["y_hat"])', '(o["y_hat"], y)', FORWARD) + BACKWARD)
wrong("no_sigmoid", "forgets the sigmoid", changed('forward["sigmoid"](o["a"])', 'o["a"]', FORWARD) + BACKWARD)
