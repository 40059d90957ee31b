"""Answers to gradient_check."""
from bank import right, wrong

GOOD = '''
def gradient_check(loss, values, gradients, directions, eps=1e-5, tolerance=1e-6):
    wrong = []
    for name in values:
        v, g, u = values[name], np.asarray(gradients[name]), directions[name]
        if g.shape != np.shape(v):
            wrong.append(name)
        else:
            n = (loss(name, v + eps * u) - loss(name, v - eps * u)) / (2 * eps)
            a = (g * u).sum()
            if not (abs(n - a) <= tolerance * max(1, abs(n))):
                wrong.append(name)
    return wrong
'''


def with_line(old, new):
    assert old in GOOD, old
    return GOOD.replace(old, new)


right("good", GOOD)
right("helper", '''
def is_right(loss, name, v, g, u, eps, tolerance):
    if np.shape(g) != np.shape(v):
        return False
    numeric = (loss(name, v + eps * u) - loss(name, v - eps * u)) / 2 / eps
    error = np.abs(numeric - np.vdot(g, u))
    return bool(error <= tolerance * np.maximum(1.0, np.abs(numeric)))

def gradient_check(loss, values, gradients, directions, eps=1e-5, tolerance=1e-6):
    return [name for name in values
            if not is_right(loss, name, values[name], gradients[name], directions[name], eps, tolerance)]
''')
wrong("nan_passes", "asks whether the difference is large", with_line(
    "if not (abs(n - a) <= tolerance * max(1, abs(n))):", "if abs(n - a) > tolerance * max(1, abs(n)):"), names="nan passes")
wrong("no_shapes", "does not compare shapes, and what does not fit is an error", with_line("g.shape != np.shape(v)", "False"),
      names="another shape passes")
wrong("broadcasts", "takes what can be broadcast", with_line("g.shape != np.shape(v)", "g.size != np.size(v)"),
      names="another shape passes")
wrong("ones", "a direction of all ones", with_line("u = values[name], np.asarray(gradients[name]), directions[name]",
                                                 "u = values[name], np.asarray(gradients[name]), np.ones(np.shape(values[name]))"),
      names="eps * direction")
wrong("one_sided", "a one-sided difference", with_line(
    "(loss(name, v + eps * u) - loss(name, v - eps * u)) / (2 * eps)", "(loss(name, v + eps * u) - loss(name, v)) / eps"), names="right gradients are called wrong")
wrong("factor", "divides by eps", with_line("/ (2 * eps)", "/ eps"), names="right gradients are called wrong")
wrong("no_direction", "the direction is missing on the right", with_line("(g * u).sum()", "g.sum()"), names="right gradients are called wrong")
wrong("relative_only", "compares with the gradient alone", with_line("max(1, abs(n))", "abs(n)"), names="gradient alone")
wrong("infinity_passes", "compares the error with the gradient that is checked", with_line("max(1, abs(n))", "max(1, abs(n), abs(a))"),
      names="infinity passes")
wrong("fixed_tolerance", "ignores the tolerance", with_line("<= tolerance *", "<= 1e-6 *"), names="tolerance is not used")
wrong("fixed_eps", "ignores eps", with_line("    wrong = []\n", "    wrong = []\n    eps = 1e-5\n"), names="eps is not used")
wrong("set", "returns a set", with_line("return wrong", "return set(wrong)"), names="no order")
wrong("first_only", "stops at the first wrong one", with_line("return wrong", "return wrong[:1]"))
wrong("says_all_is_well", "never finds anything", with_line("return wrong", "return []"), names="passes")
wrong("number_as_array", "a quantity that is a number reaches the loss as an array of shape (1,)", with_line(
    "if g.shape != np.shape(v):", "v, number = np.atleast_1d(v), np.shape(v)\n        if g.shape != number:"),
      names="the shape of its quantity")
