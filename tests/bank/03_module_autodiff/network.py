"""Answers to network."""

from pathlib import Path

from bank import right, wrong

from autograder.source import read

# The exercises before it, as the solution has them: this one builds on them.
SOURCE = Path(__file__).parents[3] / "solutions" / "03_module_autodiff" / "03_module_autodiff.py"
CELLS = [cell for cell in read(SOURCE).cells if cell.role == "answer"]
NUMBER = next(i for i, cell in enumerate(CELLS) if cell.id == "answer-network")
EARLIER = "\n\n".join(cell.source for cell in CELLS[:NUMBER] if not cell.torch)

INIT = """
class NeuralNetwork(Module):
    def __init__(self):
        super().__init__()
        self.linear1, self.sigmoid, self.linear2 = Linear(), Sigmoid(), Linear()
        self.softmax, self.cross_entropy = Softmax(), CrossEntropy()
"""
FORWARD = """
    def forward(self, x, y, alpha, beta):
        tape.clear()
        a = self.linear1.apply_fwd(x, alpha)
        z = self.sigmoid.apply_fwd(a)
        b = self.linear2.apply_fwd(z, beta)
        y_hat = self.softmax.apply_fwd(b)
        J = self.cross_entropy.apply_fwd(y, y_hat)
        return J.out_tensor
"""
BACKWARD = """
    def backward(self, x, y, alpha, beta):
        tape_bwd()
        return self.linear1.in_gradients[1], self.linear2.in_gradients[1]
"""
ALL = INIT + FORWARD + BACKWARD


def changed(*pairs):
    text = ALL
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return EARLIER + text


right("as_in_the_lecture", EARLIER + ALL)
right("loop", EARLIER + INIT + """
    def forward(self, x, y, alpha, beta):
        del tape[:]
        h = x
        for module, more in ((self.linear1, [alpha]), (self.sigmoid, []), (self.linear2, [beta]), (self.softmax, [])):
            h = module.apply_fwd(h, *more)
        return self.cross_entropy.apply_fwd(y, h).out_tensor

    def backward(self, x, y, alpha, beta):
        tape_bwd()
        return tuple(module.in_gradients[1] for module in (self.linear1, self.linear2))
""")
wrong("one_linear", "one Linear object for both layers", changed(
    ("self.linear2.apply_fwd(z", "self.linear1.apply_fwd(z"),
    ("self.linear2.in_gradients", "self.linear1.in_gradients")), names="RuntimeError")
wrong("tape_not_cleared", "what is left on the tape stays there", changed(("        tape.clear()\n", "")),
      names="RuntimeError")
wrong("local_tape", "a new, local list instead of the tape", changed(("tape.clear()", "tape = []")),
      names="RuntimeError")
wrong("inputs", "the gradients of the inputs", changed(
    ("linear1.in_gradients[1]", "linear1.in_gradients[0]"),
    ("linear2.in_gradients[1]", "linear2.in_gradients[0]")), names="of those of their parameters")
wrong("order", "g_beta first", changed(
    ("self.linear1.in_gradients[1], self.linear2.in_gradients[1]",
     "self.linear2.in_gradients[1], self.linear1.in_gradients[1]")), names="g_beta comes first")
wrong("leaves", "the sums in the leaves", changed(
    ("self.linear1.in_gradients[1], self.linear2.in_gradients[1]", "alpha.out_gradient, beta.out_gradient")),
    names="adds up over all passes")
wrong("module_for_loss", "returns the module", changed(("return J.out_tensor", "return J")))
wrong("prediction", "returns the prediction", changed(("return J.out_tensor", "return y_hat.out_tensor")))
wrong("no_backward", "never runs the tape", changed(("        tape_bwd()\n", "")))
wrong("swapped_truth", "prediction and truth change places", changed(("apply_fwd(y, y_hat)", "apply_fwd(y_hat, y)")))
wrong("other_names", "the modules have other names", EARLIER + ALL.replace("sigmoid", "squash"),
      names="__init__ should create a module with the name")
