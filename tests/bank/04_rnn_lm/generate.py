"""Answers to generate."""
from bank import right, wrong

RIGHT = '''
def generate(step, choose, state, bos, eos, uniforms):
    text = []
    token = bos
    for u in uniforms:
        logits, state = step(state, token)
        token = choose(logits, u)
        if token == eos:
            return text
        text.append(token)
    return text
'''

right("loop", RIGHT)
right("while", '''
def generate(step, choose, state, bos, eos, uniforms):
    tokens = [bos]
    while len(tokens) <= len(uniforms):
        logits, state = step(state, tokens[-1])
        tokens.append(choose(logits, uniforms[len(tokens) - 1]))
        if tokens[-1] == eos:
            return tokens[1:-1]
    return tokens[1:]
''')
wrong("no_feeding_back", "always reads bos", RIGHT.replace("step(state, token)", "step(state, bos)"), names="not fed back")
wrong("state_not_carried", "every step begins with the first state", RIGHT.replace("logits, state = step", "logits, _ = step"),
      names="the state is not carried over")
wrong("no_stop", "goes on after eos", RIGHT.replace("        if token == eos:\n            return text\n", ""), names="goes on after the end")
wrong("keeps_eos", "eos is part of the text", RIGHT.replace("return text\n        text", "return text + [eos]\n        text"),
      names="the end of the sentence is part")
wrong("keeps_bos", "bos is part of the text", RIGHT.replace("text = []", "text = [bos]"), names="begins with <s>")
wrong("same_u", "always the first random number", RIGHT.replace("choose(logits, u)", "choose(logits, uniforms[0])"),
      names="the first random number is used for all")
wrong("greedy", "no die", RIGHT.replace("choose(logits, u)", "int(np.argmax(logits))"), names="or none")
wrong("one_too_few", "the last token is missing", RIGHT.replace("in uniforms", "in uniforms[:-1]"), names="last token is missing")
wrong("reads_twice", "the model reads every token twice", RIGHT.replace(
    "        token = choose", "        logits, state = step(state, token)\n        token = choose"))
wrong("reads_once_more", "asks the model once more than it must", RIGHT.replace(
    "    token = bos\n", "    token = bos\n    if not len(uniforms):\n        return []\n    logits, state = step(state, token)\n")
    .replace("        logits, state = step(state, token)\n", "")
    .replace("text.append(token)\n", "text.append(token)\n        logits, state = step(state, token)\n"))
