"""Answers to learning_rate."""
from bank import right, wrong

ANSWER = '''
def learning_rate(step, steps, warmup, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = (step - warmup) / (steps - warmup)
    return peak * 0.5 * (1 + np.cos(np.pi * progress))
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("formula", ANSWER)
right("square_of_cosine", '''
def learning_rate(step, steps, warmup, peak):
    # (1 + cos x) / 2 is the square of cos(x / 2)
    rising = (step + 1) / max(warmup, 1)
    falling = np.cos(np.pi / 2 * (step - warmup) / (steps - warmup)) ** 2
    return float(peak * (rising if step < warmup else falling))
''')
right("list", '''
def learning_rate(step, steps, warmup, peak):
    rates = [peak / warmup * s for s in range(1, warmup + 1)]
    rates += list(peak * (1 + np.cos(np.linspace(0, np.pi, steps - warmup, endpoint=False))) / 2)
    return rates[step]
''')
wrong("from_zero", "begins at 0", but("(step + 1) / warmup", "step / warmup"), names="begins at 0")
wrong("no_warmup", "has no warm-up", '''
def learning_rate(step, steps, warmup, peak):
    return peak * 0.5 * (1 + np.cos(np.pi * step / steps))
''', names="there is no warm-up")
wrong("over_all", "lets the cosine run over all steps", but("(step - warmup) / (steps - warmup)", "step / steps"),
      names="runs over all steps")
wrong("whole_cosine", "uses a whole cosine", but("np.pi * progress", "2 * np.pi * progress"), names="a whole one")
wrong("raw_cosine", "does not shift the cosine", but("0.5 * (1 + np.cos(np.pi * progress))", "np.cos(np.pi * progress)"),
      names="not shifted and halved")
wrong("linear", "falls along a line", but("0.5 * (1 + np.cos(np.pi * progress))", "(1 - progress)"),
      names="straight line")
wrong("early", "ends one step early", but("(steps - warmup)", "(steps - warmup - 1)"), names="one step early")
wrong("boundary", "has the wrong first step of the cosine", but("step < warmup", "step <= warmup"),
      names="one step too long")
wrong("degrees", "takes the cosine of degrees", but("np.pi * progress", "180 * progress"), names="degrees")
wrong("not_halved", "forgets the half", but("0.5 * (1", "(1"), names="not halved")
