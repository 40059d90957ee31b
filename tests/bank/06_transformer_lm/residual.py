"""Answers to the exercise on residual connections."""
from bank import right, wrong

ANSWER = '''
def residual(x, norm, f):
    added = f(norm(x))
    return x + added


def residual_backward(g, vjps):
    for l in range(len(vjps) - 1, -1, -1):
        g = g + vjps[l](g)
    return g
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("loop", ANSWER)
right("recursion", '''
def residual(x, norm, f):
    return np.add(f(norm(x)), x)


def residual_backward(g, vjps):
    if not vjps:
        return g
    *lower, top = vjps
    return residual_backward(g + top(g), lower)
''')
right("copy", '''
def residual(x, norm, f):
    y = x.copy()
    y += f(norm(x))
    return y


def residual_backward(g, vjps):
    total = np.array(g)
    for vjp in vjps[::-1]:
        total += vjp(total)
    return total
''')
wrong("post_norm", "normalises after the sum", but("added = f(norm(x))\n    return x + added", "return norm(x + f(x))"),
      names="post-norm")
wrong("no_skip", "does not add x", but("return x + added", "return added"), names="x is not added")
wrong("normal_skip", "adds the normalised x", but("return x + added", "return norm(x) + added"),
      names="the normalised x is added")
wrong("no_norm", "forgets the norm", but("f(norm(x))", "f(x)"), names="norm is left out")
wrong("wrong_order", "normalises what the branch adds", but("f(norm(x))", "norm(f(x))"), names="wrong order")
wrong("forwards", "goes through the blocks from the first", but("range(len(vjps) - 1, -1, -1)", "range(len(vjps))"),
      names="from the first to the last")
wrong("product", "forgets the direct path", but("g = g + vjps[l](g)", "g = vjps[l](g)"),
      names="direct path is not added")
wrong("direct_only", "follows the direct path only", but("g = g + vjps[l](g)", "vjps[l](g)"),
      names="only the direct path")
wrong("same_gradient", "gives every branch the gradient from above", '''
def residual(x, norm, f):
    return x + f(norm(x))


def residual_backward(g, vjps):
    return g + sum(vjp(g) for vjp in vjps)
''', names="all branches get the gradient from above")
wrong("once", "adds the direct path once", '''
def residual(x, norm, f):
    return x + f(norm(x))


def residual_backward(g, vjps):
    back = g
    for vjp in reversed(vjps):
        back = vjp(back)
    return g + back
''', names="once at the end")
wrong("skips_one", "leaves the first block out", but("range(len(vjps) - 1, -1, -1)", "range(len(vjps) - 1, 0, -1)"),
      names="first block is left out")
wrong("in_place", "changes what it was handed", but("g = g + vjps[l](g)", "g += vjps[l](g)"), names="in place")
