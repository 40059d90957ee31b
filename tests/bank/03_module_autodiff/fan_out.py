"""Answers to fan_out."""

from pathlib import Path

from bank import right, wrong

from autograder.source import read

# The exercises before it, as the solution has them: this one builds on them.
SOURCE = Path(__file__).parents[3] / "solutions" / "03_module_autodiff" / "03_module_autodiff.py"
CELLS = [cell for cell in read(SOURCE).cells if cell.role == "answer"]
NUMBER = next(i for i, cell in enumerate(CELLS) if cell.id == "answer-fan_out")
EARLIER = "\n\n".join(cell.source for cell in CELLS[:NUMBER] if not cell.torch)

SQUARE = """
def square(x):
    m = Multiply()
    m.apply_fwd(x, x)
    return m
"""
DIAMOND = """
def diamond(x):
    t = Tanh().apply_fwd(x)
    s = Add().apply_fwd(t, x)
    return Multiply().apply_fwd(s, t)
"""
SHARED = """
def shared(x, w, times):
    if times == 0:
        return x
    return Tanh().apply_fwd(Multiply().apply_fwd(shared(x, w, times - 1), w))
"""

right("recursive", EARLIER + SQUARE + DIAMOND + SHARED)
right("expanded", EARLIER + SQUARE + """
def diamond(x):
    t = Tanh().apply_fwd(x)
    return Add().apply_fwd(Multiply().apply_fwd(x, t), square(t))

def shared(x, w, times):
    states = [x]
    while len(states) <= times:
        states.append(Tanh().apply_fwd(Multiply().apply_fwd(w, states[-1])))
    return states[-1]
""")
wrong("one_module", "one module object for every round", EARLIER + SQUARE + DIAMOND + """
def shared(x, w, times):
    multiply, tanh = Multiply(), Tanh()
    for _ in range(times):
        x = tanh.apply_fwd(multiply.apply_fwd(x, w))
    return x
""", names="RuntimeError")
wrong("constant", "the second factor is a copy without history", EARLIER + """
def square(x):
    return Multiply().apply_fwd(x, Leaf(x.out_tensor))
""" + DIAMOND + SHARED, names="apply_bwd must add")
wrong("copied_weight", "a new leaf for the weight in every round", EARLIER + SQUARE + DIAMOND + """
def shared(x, w, times):
    for _ in range(times):
        x = Tanh().apply_fwd(Multiply().apply_fwd(x, Leaf(w.out_tensor)))
    return x
""")
wrong("once_more", "a round too many", EARLIER + SQUARE + DIAMOND + """
def shared(x, w, times):
    for _ in range(times + 1):
        x = Tanh().apply_fwd(Multiply().apply_fwd(x, w))
    return x
""")
wrong("detached", "tanh is computed outside of the graph", EARLIER + SQUARE + """
def diamond(x):
    t = Leaf(np.tanh(x.out_tensor))
    return Multiply().apply_fwd(Add().apply_fwd(x, t), t)
""" + SHARED)
wrong("other_formula", "x t + t instead of (x + t) t", EARLIER + SQUARE + """
def diamond(x):
    t = Tanh().apply_fwd(x)
    return Add().apply_fwd(Multiply().apply_fwd(x, t), t)
""" + SHARED)
wrong("returns_tensor", "returns the tensor instead of the module", EARLIER + """
def square(x):
    return Multiply().apply_fwd(x, x).out_tensor
""" + DIAMOND + SHARED)
