"""Answers to modules."""

from pathlib import Path

from bank import right, wrong

from autograder.source import read

# The exercises before it, as the solution has them: this one builds on them.
SOURCE = Path(__file__).parents[3] / "solutions" / "03_module_autodiff" / "03_module_autodiff.py"
CELLS = [cell for cell in read(SOURCE).cells if cell.role == "answer"]
NUMBER = next(i for i, cell in enumerate(CELLS) if cell.id == "answer-modules")
EARLIER = "\n\n".join(cell.source for cell in CELLS[:NUMBER] if not cell.torch)

RELU = """
class ReLU(Module):
    def forward(self, a):
        return a * (a > 0)

    def backward(self, a, b, g_b):
        return (np.where(b > 0, g_b, 0.0),)
"""
TANH = """
class Tanh(Module):
    def forward(self, a):
        return np.tanh(a)

    def backward(self, a, b, g_b):
        return (g_b - g_b * b * b,)
"""
ADD = """
class Add(Module):
    def forward(self, a1, a2):
        return np.add(a1, a2)

    def backward(self, a1, a2, b, g_b):
        return sum_to(g_b, np.shape(a1)), sum_to(g_b, np.shape(a2))
"""
MULTIPLY = """
class Multiply(Module):
    def forward(self, a1, a2):
        return np.multiply(a1, a2)

    def backward(self, a1, a2, b, g_b):
        return sum_to(g_b * a2, np.shape(a1)), sum_to(g_b * a1, np.shape(a2))
"""
SUM_TO = """
def sum_to(g, shape):
    padded = (1,) * (np.ndim(g) - len(shape)) + tuple(shape)
    axes = tuple(i for i, n in enumerate(padded) if n == 1)
    return np.sum(g, axis=axes, keepdims=True).reshape(shape)
"""


def answer(**parts):
    parts = {"relu": RELU, "tanh": TANH, "add": ADD, "multiply": MULTIPLY, "sum_to": SUM_TO} | parts
    return EARLIER + "".join(parts.values())


right("one_sum", answer())
right("shared_base", EARLIER + """
class Elementwise(Module):
    def backward(self, *v):
        *inputs, b, g = v
        gradients = []
        for a, slope in zip(inputs, self.slopes(*inputs, b)):
            d = np.asarray(g * slope + np.zeros(np.shape(g)))
            while d.ndim > np.ndim(a):
                d = d.sum(0)
            for i in range(np.ndim(a)):
                if np.shape(a)[i] < d.shape[i]:
                    d = d.sum(i, keepdims=True)
            gradients.append(d)
        return gradients

class ReLU(Elementwise):
    def forward(self, a):
        return np.maximum(a, 0.0)
    def slopes(self, a, b):
        return [np.heaviside(a, 0.0)]

class Tanh(Elementwise):
    def forward(self, a):
        return np.tanh(a)
    def slopes(self, a, b):
        return [1 / np.cosh(a) ** 2]

class Add(Elementwise):
    def forward(self, a1, a2):
        return a1 + a2
    def slopes(self, a1, a2, b):
        return [1.0, 1.0]

class Multiply(Elementwise):
    def forward(self, a1, a2):
        return a1 * a2
    def slopes(self, a1, a2, b):
        return [a2, a1]
""")
wrong("no_sum", "broadcast axes are not summed", answer(sum_to="""
def sum_to(g, shape):
    return g
"""), names="is not summed over the rows")
wrong("mean", "broadcast axes are averaged", answer(sum_to=SUM_TO.replace("np.sum", "np.mean")),
      names="averaged over the rows")
wrong("leading_only", "axes of length 1 are not summed", answer(sum_to="""
def sum_to(g, shape):
    while np.ndim(g) > len(shape):
        g = g.sum(axis=0)
    return g
"""))
wrong("axis_kept", "missing axes are summed, but kept", answer(sum_to="""
def sum_to(g, shape):
    padded = (1,) * (np.ndim(g) - len(shape)) + tuple(shape)
    return np.sum(g, axis=tuple(i for i, n in enumerate(padded) if n == 1), keepdims=True)
"""))
wrong("relu_of_gradient", "the sign of the gradient decides", answer(
    relu=RELU.replace("np.where(b > 0, g_b, 0.0)", "np.maximum(g_b, 0.0)")),
    names="the sign of the upstream gradient decides")
wrong("relu_at_zero", "all goes through at 0", answer(relu=RELU.replace("b > 0, g_b", "a >= 0, g_b")),
      names="at 0 all of the gradient goes through")
wrong("relu_no_upstream", "ignores the gradient from above", answer(
    relu=RELU.replace("np.where(b > 0, g_b, 0.0)", "(a > 0) * 1.0")), names="that arrives from above is not used")
wrong("tanh_of_a", "1 - a**2", answer(tanh=TANH.replace("g_b - g_b * b * b", "g_b * (1 - a**2)")),
      names="is computed from a instead of b")
wrong("tanh_like_sigmoid", "the sigmoid's slope", answer(
    tanh=TANH.replace("g_b - g_b * b * b", "g_b * b * (1 - b)")), names="the slope of the sigmoid")
wrong("not_switched", "multiply does not switch", answer(
    multiply=MULTIPLY.replace("g_b * a2", "g_b * a0").replace("g_b * a1", "g_b * a2").replace("a0", "a1")),
    names="it must be the other one")
wrong("second_only", "only the second input is summed", answer(
    add=ADD.replace("sum_to(g_b, np.shape(a1))", "g_b")),
      names="is that sum missing?")
wrong("no_comma", "an array instead of a tuple", answer(
    relu=RELU.replace("(np.where(b > 0, g_b, 0.0),)", "np.where(b > 0, g_b, 0.0)")), names="is the comma missing?")
