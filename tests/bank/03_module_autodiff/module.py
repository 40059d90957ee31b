"""Answers to module."""

from bank import right, wrong

HEAD = """
tape = []


class Module:
    def __init__(self):
        self.in_modules, self.in_tensors, self.out_tensor = (), [], None
        self.in_gradients, self.out_gradient = (), None
"""
FORWARD = """
    def apply_fwd(self, *in_modules):
        for m in tape:
            if m is self:
                raise RuntimeError("already applied")
        self.in_modules = in_modules
        self.in_tensors = [m.out_tensor for m in in_modules]
        self.out_tensor = self.forward(*self.in_tensors)
        self.out_gradient = np.zeros(np.shape(self.out_tensor))
        tape.append(self)
        return self
"""
BACKWARD = """
    def apply_bwd(self):
        self.in_gradients = self.backward(*self.in_tensors, self.out_tensor, self.out_gradient)
        for i, m in enumerate(self.in_modules):
            if self.in_gradients[i] is not None:
                m.out_gradient = m.out_gradient + self.in_gradients[i]
        return self
"""
TAPE = """
def tape_bwd():
    tape[-1].out_gradient = np.ones(np.shape(tape[-1].out_tensor))
    while len(tape) > 0:
        m = tape.pop()
        m.apply_bwd()
"""
REST = """
class Leaf(Module):
    def __init__(self, tensor):
        super().__init__()
        self.out_tensor = np.array(tensor, dtype=float)
        self.out_gradient = np.zeros_like(self.out_tensor)


class Function(Module):
    def __init__(self, forward, backward):
        super().__init__()
        self.forward, self.backward = forward, backward


def value_and_gradients(build, *arrays):
    tape.clear()
    leaves = [Leaf(array) for array in arrays]
    J = build(*leaves).out_tensor
    tape_bwd()
    return J, [leaf.out_gradient for leaf in leaves]
"""
ALL = HEAD + FORWARD + BACKWARD + TAPE + REST


def changed(*pairs):
    text = ALL
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


right("plain", ALL)
right("numbers_for_zeros", changed(
    ("np.zeros(np.shape(self.out_tensor))", "0.0"),
    ("m.out_gradient = m.out_gradient + self.in_gradients[i]", "m.out_gradient += self.in_gradients[i]"),
    ("np.ones(np.shape(tape[-1].out_tensor))", "1.0")))
right("reversed_loop", changed(("""    while len(tape) > 0:
        m = tape.pop()
        m.apply_bwd()
""", """    for m in reversed(tape):
        m.apply_bwd()
    tape.clear()
""")))
wrong("assignment", "= instead of +=", changed(
    ("m.out_gradient = m.out_gradient + self.in_gradients[i]", "m.out_gradient = self.in_gradients[i]")),
    names="(= instead of +=)")
wrong("starts_at_one", "out_gradient starts at 1 everywhere", changed(
    ("np.zeros(np.shape(self.out_tensor))", "np.ones(np.shape(self.out_tensor))")), names="out_gradient starts at 1")
wrong("no_seed", "the last gradient is not set", changed(
    ("    tape[-1].out_gradient = np.ones(np.shape(tape[-1].out_tensor))\n", "")),
    names="the gradient of the last module on the tape is not set to 1")
wrong("first_in_first_out", "reads the tape from its beginning", changed(("tape.pop()", "tape.pop(0)")),
      names="the tape is read from its beginning")
wrong("left_over", "out_gradient is zeroed only once", changed(
    ("self.out_gradient = np.zeros(np.shape(self.out_tensor))", """if self.out_gradient is None:
            self.out_gradient = np.zeros(np.shape(self.out_tensor))""")), names="left over from the pass before")
wrong("applied_twice", "a module may overwrite what it remembers", changed(("""        for m in tape:
            if m is self:
                raise RuntimeError("already applied")
""", "")), names="it should raise `RuntimeError`")
wrong("tape_not_emptied", "the tape is read, but not emptied", changed(("""    while len(tape) > 0:
        m = tape.pop()
        m.apply_bwd()
""", """    for m in reversed(tape):
        m.apply_bwd()
""")),
      names="tape_bwd must leave the tape empty")
wrong("one_step", "only the last module runs backwards", changed(
    ("    while len(tape) > 0:\n", "    if len(tape) > 0:\n")))
wrong("recomputes", "the inputs are looked up again in the backward pass", changed(
    ("self.backward(*self.in_tensors, self.out_tensor, self.out_gradient)",
     "self.backward(*self.in_tensors, self.out_gradient)")))
wrong("none", "None is not skipped", changed(
    ("            if self.in_gradients[i] is not None:\n                m.out", "            if True:\n                m.out")))
wrong("leaves_zeroed", "apply_fwd sets the gradients of its inputs to zero", changed(
    ("        tape.append(self)\n", """        for m in in_modules:
            m.out_gradient = np.zeros(np.shape(m.out_tensor))
        tape.append(self)
""")), names="a leaf holds the sum of both gradients")
wrong("returns_tensor", "apply_fwd returns the tensor", changed(
    ("        tape.append(self)\n        return self\n", "        tape.append(self)\n        return self.out_tensor\n")))
wrong("no_in_gradients", "in_gradients is not stored", changed(
    ("self.in_gradients = self.backward", "in_gradients = self.backward"), ("self.in_gradients[i]", "in_gradients[i]")))
wrong("seed_of_shape_one", "the gradient of J is an array of shape (1,)", changed(
    ("np.ones(np.shape(tape[-1].out_tensor))", "np.ones(1)")), names="as the only item of")
wrong("axis_of_passes", "after several passes the gradient of a leaf has an axis too many", changed(
    ("        tape.append(self)\n", """        tape.append(self)
        for m in in_modules:
            if m not in tape and not hasattr(m, "passes"):
                m.passes = []
"""),
    ("m.out_gradient = m.out_gradient + self.in_gradients[i]", """if not hasattr(m, "passes"):
                    m.out_gradient = m.out_gradient + self.in_gradients[i]
                    continue
                if not m.passes or m.passes[-1][0] != number_of_passes:
                    m.passes.append([number_of_passes, 0.0])
                m.passes[-1][1] = m.passes[-1][1] + self.in_gradients[i]
                m.out_gradient = np.sum([g for _, g in m.passes], axis=0, keepdims=len(m.passes) > 1)"""),
    ("def tape_bwd():\n", """number_of_passes = 0


def tape_bwd():
    global number_of_passes
    number_of_passes += 1
""")),
    names="it should be (2, 3)")
