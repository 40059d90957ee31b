"""Answers to dynamic."""

from pathlib import Path

from bank import right, wrong

from autograder.source import read

# The exercises before it, as the solution has them: this one builds on them.
SOURCE = Path(__file__).parents[3] / "solutions" / "03_module_autodiff" / "03_module_autodiff.py"
CELLS = [cell for cell in read(SOURCE).cells if cell.role == "answer"]
NUMBER = next(i for i, cell in enumerate(CELLS) if cell.id == "answer-dynamic")
EARLIER = "\n\n".join(cell.source for cell in CELLS[:NUMBER] if not cell.torch)

CELL = """
def cell(x, h, W_x, W_h):
    total = Add().apply_fwd(Linear().apply_fwd(x, W_x), Linear().apply_fwd(h, W_h))
    return Tanh().apply_fwd(total)
"""
SETTLE = """
def settle(step, h, tolerance, max_steps):
    steps = 0
    while steps < max_steps:
        new = step(h)
        steps += 1
        change = np.abs(new.out_tensor - h.out_tensor).max()
        h = new
        if change <= tolerance:
            break
    return h, steps
"""


def changed(old, new):
    assert old in SETTLE, old
    return EARLIER + CELL + SETTLE.replace(old, new)


right("while", EARLIER + CELL + SETTLE)
right("history", EARLIER + """
def cell(x, h, W_x, W_h):
    h2h = Linear().apply_fwd(h, W_h)
    i2h = Linear().apply_fwd(x, W_x)
    m = Tanh()
    m.apply_fwd(Add().apply_fwd(h2h, i2h))
    return m

def settle(step, h, tolerance, max_steps):
    history = [h]
    for _ in range(max_steps):
        history.append(step(history[-1]))
        if np.allclose(history[-1].out_tensor, history[-2].out_tensor, rtol=0, atol=tolerance):
            break
    return history[-1], len(history) - 1
""")
wrong("before", "returns the state before the last", changed("return h, steps", "return before, steps").replace(
    "        h = new\n", "        before, h = h, new\n"), names="is it the last one")
wrong("off_by_one", "counts the steps after the first", changed("steps = 0", "steps = -1"),
      names="there should be 5 steps")
wrong("signed", "compares the largest signed change", changed("np.abs(new.out_tensor - h.out_tensor).max()",
      "(new.out_tensor - h.out_tensor).max()"),
      names="the state only falls")
wrong("mean", "compares the mean change", changed(".max()", ".mean()"),
      names="is the change the largest absolute difference")
wrong("norm", "compares the norm of the change", changed("np.abs(new.out_tensor - h.out_tensor).max()",
      "np.linalg.norm(new.out_tensor - h.out_tensor)"),
      names="is the change the largest absolute difference")
wrong("always_max", "a fixed number of steps", changed("        if change <= tolerance:\n            break\n", ""),
      names="there should be 5 steps")
wrong("no_limit", "ignores max_steps", changed("while steps < max_steps:", "while True:"))
wrong("one_linear", "one Linear for both products", EARLIER + """
def cell(x, h, W_x, W_h):
    linear = Linear()
    return Tanh().apply_fwd(Add().apply_fwd(linear.apply_fwd(x, W_x), linear.apply_fwd(h, W_h)))
""" + SETTLE, names="RuntimeError")
wrong("tanh_twice", "tanh before the sum", EARLIER + """
def cell(x, h, W_x, W_h):
    i2h, h2h = Linear().apply_fwd(x, W_x), Linear().apply_fwd(h, W_h)
    return Add().apply_fwd(Tanh().apply_fwd(i2h), Tanh().apply_fwd(h2h))
""" + SETTLE)
wrong("detached", "the state's history is cut", EARLIER + """
def cell(x, h, W_x, W_h):
    h2h = Linear().apply_fwd(Leaf(h.out_tensor), W_h)
    return Tanh().apply_fwd(Add().apply_fwd(Linear().apply_fwd(x, W_x), h2h))
""" + SETTLE)
wrong("list_of_states", "the final state has an axis too many", EARLIER + CELL + """
def settle(step, h, tolerance, max_steps):
    history = [h.out_tensor]
    for _ in range(max_steps):
        h = step(h)
        history.append(h.out_tensor)
        if np.max(np.abs(history[-1] - history[-2])) <= tolerance:
            break
    return Leaf(history[-1:]), len(history) - 1
""", names="it should be (2, 2)")
wrong("steps_in_array", "the number of steps is an array", changed("return h, steps", "return h, np.array([steps])"),
      names="there should be 5 steps")
wrong("copy", "returns a new leaf with the same numbers", changed("return h, steps", "return Leaf(h.out_tensor), steps"),
      names="no gradient can flow back")
