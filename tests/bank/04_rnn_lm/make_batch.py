"""Answers to make_batch."""
from bank import right, wrong

RIGHT = '''
def make_batch(sentences, bos, eos, pad):
    T = max(len(s) for s in sentences) + 1
    inputs, targets, mask = [], [], []
    for s in sentences:
        s = list(s)
        rest = T - len(s) - 1
        inputs.append([bos] + s + [pad] * rest)
        targets.append(s + [eos] + [pad] * rest)
        mask.append([1.0] * (len(s) + 1) + [0.0] * rest)
    return np.array(inputs), np.array(targets), np.array(mask)
'''

right("lists", RIGHT)
right("arrays", '''
def make_batch(sentences, bos, eos, pad):
    marked = [np.array([bos, *s, eos]) for s in sentences]
    lengths = np.array([len(m) - 1 for m in marked])
    mask = np.arange(lengths.max()) < lengths[:, None]
    inputs, targets = np.full(mask.shape, pad), np.full(mask.shape, pad)
    inputs[mask] = np.concatenate([m[:-1] for m in marked])
    targets[mask] = np.concatenate([m[1:] for m in marked])
    return inputs, targets, mask
''')
wrong("unshifted", "the targets are the inputs", RIGHT.replace("targets.append(s + [eos]", "targets.append([bos] + s"),
      names="the targets are not shifted")
wrong("mask_of_ones", "padding is counted", RIGHT.replace("[0.0] * rest", "[1.0] * rest"), names="the mask counts the padding")
wrong("mask_from_targets", "the mask is found by the padding id", RIGHT.replace("np.array(mask)", "1.0 * (np.array(targets) != pad)"),
      names="the mask is taken from the padding id")
wrong("mask_from_inputs", "the mask is found by the padding id", RIGHT.replace("np.array(mask)", "1.0 * (np.array(inputs) != pad)"),
      names="the mask is taken from the padding id")
wrong("no_eos", "the end of a sentence is not predicted", RIGHT.replace(
    "[1.0] * (len(s) + 1) + [0.0] * rest", "[1.0] * len(s) + [0.0] * (rest + 1)"), names="leaves out the end")
wrong("too_short", "T is the longest length, so the end is cut off", '''
def make_batch(sentences, bos, eos, pad):
    T = max(len(s) for s in sentences)
    marked = [[bos, *s] + [pad] * (T - len(s)) for s in sentences]
    marked = np.array(marked)
    mask = np.array([[1.0] * len(s) + [0.0] * (T - len(s)) for s in sentences])
    return marked[:, :-1], marked[:, 1:], mask
''', names="T is too small")
wrong("left_padding", "padding before the sentences", '''
def make_batch(sentences, bos, eos, pad):
    T = max(len(s) for s in sentences) + 1
    inputs = np.array([[pad] * (T - 1 - len(s)) + [bos, *s] for s in sentences])
    targets = np.array([[pad] * (T - 1 - len(s)) + [*s, eos] for s in sentences])
    mask = np.array([[0.0] * (T - 1 - len(s)) + [1.0] * (len(s) + 1) for s in sentences])
    return inputs, targets, mask
''', names="the padding stands before")
wrong("swapped", "inputs and targets in the wrong order", RIGHT.replace("np.array(inputs), np.array(targets)", "np.array(targets), np.array(inputs)"),
      names="swapped")
wrong("eos_as_input", "the model reads eos", RIGHT.replace("inputs.append([bos] + s + [pad] * rest)", "inputs.append(([bos] + s + [eos] + [pad] * rest)[:T])"),
      names="go on with eos")
wrong("no_bos", "the inputs do not begin with bos", RIGHT.replace("[bos] + s + [pad]", "s + [pad] + [pad]"), names="do not begin with bos")
