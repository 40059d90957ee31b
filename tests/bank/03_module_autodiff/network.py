"""Answers to network."""

from pathlib import Path

from bank import right, wrong

from autograder.source import read

# The exercises before it, as the solution has them: this one builds on them.
SOURCE = Path(__file__).parents[3] / "solutions" / "03_module_autodiff" / "03_module_autodiff.py"
CELLS = [cell for cell in read(SOURCE).cells if cell.role in ("given", "answer")]
NUMBER = next(i for i, cell in enumerate(CELLS) if cell.id == "answer-network")
EARLIER = "\n\n".join(cell.source for cell in CELLS[:NUMBER] if not cell.torch)

INIT = """
class NeuralNetwork(Module):
    def __init__(self):
        super().__init__()
        self.lin1_layer, self.sig_layer, self.lin2_layer = Linear(), Sigmoid(), Linear()
        self.soft_layer, self.ce_layer = Softmax(), CrossEntropy()
"""
FORWARD = """
    def forward(self, x, y, alpha, beta):
        tape.clear()
        a = self.lin1_layer.apply_fwd(x, alpha)
        z = self.sig_layer.apply_fwd(a)
        b = self.lin2_layer.apply_fwd(z, beta)
        y_hat = self.soft_layer.apply_fwd(b)
        J = self.ce_layer.apply_fwd(y, y_hat)
        return J.out_tensor
"""
BACKWARD = """
    def backward(self, x, y, alpha, beta):
        tape_bwd()
        return self.lin1_layer.in_gradients[1], self.lin2_layer.in_gradients[1]
"""
ALL = INIT + FORWARD + BACKWARD


def changed(*pairs):
    text = ALL
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return EARLIER + text


right("as_in_the_lecture", EARLIER + ALL)
right("new_modules_each_time", EARLIER + """
class NeuralNetwork(Module):
    def __init__(self):
        super().__init__()

    def forward(self, x, y, alpha, beta):
        del tape[:]
        self.layers = [Linear(), Sigmoid(), Linear(), Softmax(), CrossEntropy()]
        h = self.layers[0].apply_fwd(x, alpha)
        h = self.layers[1].apply_fwd(h)
        h = self.layers[2].apply_fwd(h, beta)
        h = self.layers[3].apply_fwd(h)
        return self.layers[4].apply_fwd(y, h).out_tensor

    def backward(self, x, y, alpha, beta):
        tape_bwd()
        return tuple(self.layers[i].in_gradients[1] for i in (0, 2))
""")
wrong("one_linear", "one Linear object for both layers", changed(
    ("self.lin2_layer.apply_fwd(z", "self.lin1_layer.apply_fwd(z"),
    ("self.lin2_layer.in_gradients", "self.lin1_layer.in_gradients")), names="RuntimeError")
wrong("tape_not_cleared", "what is left on the tape stays there", changed(("        tape.clear()\n", "")),
      names="RuntimeError")
wrong("local_tape", "a new, local list instead of the tape", changed(("tape.clear()", "tape = []")),
      names="RuntimeError")
wrong("inputs", "the gradients of the inputs", changed(
    ("lin1_layer.in_gradients[1]", "lin1_layer.in_gradients[0]"),
    ("lin2_layer.in_gradients[1]", "lin2_layer.in_gradients[0]")), names="of those of their parameters")
wrong("order", "g_beta first", changed(
    ("self.lin1_layer.in_gradients[1], self.lin2_layer.in_gradients[1]",
     "self.lin2_layer.in_gradients[1], self.lin1_layer.in_gradients[1]")), names="g_beta comes first")
wrong("leaves", "the sums in the leaves", changed(
    ("self.lin1_layer.in_gradients[1], self.lin2_layer.in_gradients[1]", "alpha.out_gradient, beta.out_gradient")),
    names="adds up over all passes")
wrong("module_for_loss", "returns the module", changed(("return J.out_tensor", "return J")))
wrong("prediction", "returns the prediction", changed(("return J.out_tensor", "return y_hat.out_tensor")))
wrong("no_backward", "never runs the tape", changed(("        tape_bwd()\n", "")))
wrong("swapped_truth", "prediction and truth change places", changed(("apply_fwd(y, y_hat)", "apply_fwd(y_hat, y)")))
