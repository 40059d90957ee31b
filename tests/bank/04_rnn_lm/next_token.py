"""Answers to next_token."""
from bank import right, wrong

RIGHT = '''
def next_token(logits, u, temperature=1.0):
    if temperature == 0:
        return int(np.argmax(logits))
    y = (logits - np.max(logits)) / temperature
    p = np.exp(y) / np.exp(y).sum()
    total = 0.0
    for i in range(len(p)):
        total += p[i]
        if u < total:
            return i
    return int(np.nonzero(p)[0][-1])
'''

right("loop", RIGHT)
right("searchsorted", '''
def next_token(logits, u, temperature=1.0):
    logits = np.asarray(logits, float)
    if not temperature:
        return int(logits.argmax())
    logits = logits - logits.max()
    weights = np.exp(logits / temperature)
    sums = np.cumsum(weights)
    face = np.searchsorted(sums, u * sums[-1], side="right")
    return int(min(face, np.flatnonzero(weights).max()))
''')
wrong("multiplied", "the logits times the temperature", RIGHT.replace(") / temperature", ") * temperature"),
      names="multiplied by the temperature")
wrong("no_temperature", "the temperature has no effect", RIGHT.replace(") / temperature", ")"), names="the temperature has no effect")
wrong("argmax", "the die is not rolled", '''
def next_token(logits, u, temperature=1.0):
    return int(np.argmax(logits))
''', names="the die is not rolled")
wrong("divides_by_zero", "no case for temperature 0", RIGHT.replace("temperature == 0", "temperature < 0"),
      names="divided by zero")
wrong("overflow", "no shift", RIGHT.replace("(logits - np.max(logits))", "logits"),
      names="running sums are nan")
wrong("probabilities_divided", "softmax of the divided probabilities", RIGHT.replace(
    "    y = (logits - np.max(logits)) / temperature\n", "    p = np.exp(logits - np.max(logits))\n    y = p / p.sum() / temperature\n"),
      names="probabilities are divided by the temperature")
wrong("rounding", "no token where u is above the rounded sum", RIGHT.replace("int(np.nonzero(p)[0][-1])", "len(p)"),
      names="the result is not a token")
wrong("u_le", "a token of probability 0 at u = 0", RIGHT.replace("u < total", "u <= total"), names="probability 0 is up")
wrong("last_of_equals", "the last of equal logits", RIGHT.replace("int(np.argmax(logits))", "int(len(logits) - 1 - np.argmax(logits[::-1]))"),
      names="of equal logits the last")
wrong("from_one", "tokens counted from 1", RIGHT.replace("return i\n", "return i + 1\n"), names="counted from 1")
wrong("own_random_numbers", "does not use u", RIGHT.replace("if temperature == 0:", "u = np.random.random()\n    if temperature == 0:"))
