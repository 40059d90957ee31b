"""Answers to layers."""

from pathlib import Path

from bank import right, wrong

from autograder.source import read

# The exercises before it, as the solution has them: this one builds on them.
SOURCE = Path(__file__).parents[3] / "solutions" / "03_module_autodiff" / "03_module_autodiff.py"
CELLS = [cell for cell in read(SOURCE).cells if cell.role == "answer"]
NUMBER = next(i for i, cell in enumerate(CELLS) if cell.id == "answer-layers")
EARLIER = "\n\n".join(cell.source for cell in CELLS[:NUMBER] if not cell.torch)

CALL = """
class Layer:
    def __call__(self, *inputs):
        return self.forward(*inputs)
"""
PARAMETERS = """
    def parameters(self):
        found = {}
        todo = [self]
        while todo:
            value = todo.pop()
            if isinstance(value, Leaf):
                found.setdefault(id(value), value)
            elif isinstance(value, Layer):
                todo += list(vars(value).values())[::-1]
            elif isinstance(value, (list, tuple)):
                todo += list(value)[::-1]
        return list(found.values())
"""
ZERO = """
    def zero_grad(self):
        for p in self.parameters():
            p.out_gradient = 0 * p.out_tensor
"""
STEP = """
def sgd_step(parameters, lr):
    for p in parameters:
        p.out_tensor -= lr * p.out_gradient
"""
REST = """
class LinearLayer(Layer):
    def __init__(self, omega):
        self.omega = Leaf(omega)

    def forward(self, x):
        return Linear().apply_fwd(x, self.omega)


class Classifier(Layer):
    def __init__(self, alpha, beta):
        self.hidden, self.output = LinearLayer(alpha), LinearLayer(beta)

    def forward(self, x):
        return Softmax().apply_fwd(self.output(Sigmoid().apply_fwd(self.hidden(x))))


def empty_layer():
    return Layer()
"""


def answer(call=CALL, parameters=PARAMETERS, zero=ZERO, step=STEP):
    return EARLIER + call + parameters + zero + step + REST


def changed(part, old, new):
    assert old in part, old
    return part.replace(old, new)


right("stack", answer())
right("generator", answer(parameters="""
    def parameters(self):
        found = []
        for p in self.leaves(self.__dict__.values()):
            if all(p is not q for q in found):
                found.append(p)
        return found

    def leaves(self, values):
        for value in values:
            if isinstance(value, Leaf):
                yield value
            elif isinstance(value, Layer):
                yield from self.leaves(value.__dict__.values())
            elif isinstance(value, (list, tuple)):
                yield from self.leaves(value)
"""))
right("recursive_method", answer(parameters="""
    def parameters(self):
        def among(values):
            result = []
            for value in values:
                if isinstance(value, Leaf):
                    result += [value]
                elif isinstance(value, Layer):
                    result += value.parameters()
                elif isinstance(value, (list, tuple)):
                    result += among(value)
            return result
        return list(dict.fromkeys(among(vars(self).values())))
"""))
wrong("own_only", "layers inside are not searched", answer(parameters="""
    def parameters(self):
        return [value for value in vars(self).values() if isinstance(value, Leaf)]
"""), names="are those of the layers inside found?")
wrong("no_lists", "lists are not searched", answer(parameters=changed(PARAMETERS, """
            elif isinstance(value, (list, tuple)):
                todo += list(value)[::-1]""", "")), names="parameters in lists are not found")
wrong("twice", "a shared parameter is listed twice", answer(parameters="""
    def parameters(self):
        def among(values):
            for value in values:
                if isinstance(value, Leaf):
                    yield value
                elif isinstance(value, Layer):
                    yield from among(vars(value).values())
                elif isinstance(value, (list, tuple)):
                    yield from among(value)
        return list(among(vars(self).values()))
"""), names="a parameter that is used in two places is listed twice")
wrong("wrong_order", "in reversed order", answer(parameters=changed(PARAMETERS, "list(vars(value).values())[::-1]",
      "list(vars(value).values())")), names="the parameters are in the wrong order")
wrong("uphill", "gradient ascent", answer(step=changed(STEP, "-=", "+=")), names="the step goes uphill")
wrong("no_rate", "ignores the learning rate", answer(step=changed(STEP, "lr * ", "")),
      names="the learning rate is not used")
wrong("rebinds", "computes a new array and drops it", answer(step="""
def sgd_step(parameters, lr):
    for p in parameters:
        tensor = p.out_tensor - lr * p.out_gradient
"""), names="the parameters have not moved")
wrong("zero_once", "zero_grad only changes the last parameter", answer(zero="""
    def zero_grad(self):
        for p in self.parameters():
            pass
        if self.parameters():
            p.out_gradient = np.zeros_like(p.out_tensor)
"""))
wrong("zero_nothing", "zero_grad does nothing", answer(zero="""
    def zero_grad(self):
        for p in self.parameters():
            gradient = np.zeros_like(p.out_tensor)
"""), names="the gradients are as they were")
wrong("call_without_inputs", "drops all inputs but the first", answer(call="""
class Layer:
    def __call__(self, x, *more):
        return self.forward(x)
"""))
