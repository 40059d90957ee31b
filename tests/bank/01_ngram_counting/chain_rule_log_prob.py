"""Answers to chain_rule_log_prob."""
from bank import right, wrong

GOOD = '''
def chain_rule_log_prob(conditional, tokens):
    total = 0.0
    for t in range(len(tokens)):
        p = conditional(tuple(tokens[:t])).get(tokens[t], 0.0)
        total += math.log(p) if p > 0 else -math.inf
    return total
'''

right("loop", GOOD)
right("numpy", '''
def chain_rule_log_prob(conditional, tokens):
    p = [conditional(tuple(tokens[:t])).get(w, 0) for t, w in enumerate(tokens)]
    with np.errstate(divide="ignore"):
        return np.log(np.array(p, dtype=float)).sum()
''')
right("recursion", '''
def chain_rule_log_prob(conditional, tokens):
    if not tokens:
        return 0.0
    *before, last = tokens
    p = conditional(tuple(before)).get(last, 0.0)
    return chain_rule_log_prob(conditional, before) + (np.log(p) if p else -np.inf)
''')
wrong("log2", "log base 2", GOOD.replace("math.log(p)", "math.log2(p)"), names="base 2")
wrong("log10", "log base 10", GOOD.replace("math.log(p)", "math.log10(p)"), names="base 10")
wrong("probability", "no logarithm", '''
def chain_rule_log_prob(conditional, tokens):
    product = 1.0
    for t in range(len(tokens)):
        product *= conditional(tuple(tokens[:t])).get(tokens[t], 0.0)
    return product
''', names="not its logarithm")
wrong("log_of_product", "underflows", '''
def chain_rule_log_prob(conditional, tokens):
    product = 1.0
    for t in range(len(tokens)):
        product *= conditional(tuple(tokens[:t])).get(tokens[t], 0.0)
    return math.log(product) if product > 0 else -math.inf
''', names="logarithm of the product")
wrong("mean", "divides by the number of tokens", GOOD.replace("return total", "return total / max(len(tokens), 1)"), names="divide by the number of words")
wrong("minus", "a loss and not a log probability", GOOD.replace("return total", "return -total"), names="sign")
wrong("bigram", "only the word before is the context", GOOD.replace("tokens[:t])", "tokens[max(t - 1, 0):t])"), names="only the word before")
wrong("backwards", "the context runs backwards", GOOD.replace("tuple(tokens[:t])", "tuple(tokens[:t][::-1])"), names="backwards")
wrong("skips_first", "leaves out the first factor", GOOD.replace("range(len(tokens))", "range(1, len(tokens))"), names="leave out the first word")
wrong("skips_last", "leaves out the last factor", GOOD.replace("range(len(tokens))", "range(len(tokens) - 1)"), names="leave out the last word")
wrong("includes_itself", "the context contains the word itself", GOOD.replace("tokens[:t])", "tokens[:t + 1])"), names="goes on after")
wrong("zero_passed_over", "an impossible word is passed over", GOOD.replace("if p > 0 else -math.inf", "if p > 0 else 0.0"))
wrong("zero_crashes", "log of zero raises", GOOD.replace("math.log(p) if p > 0 else -math.inf", "math.log(p)"), names="math domain error")
wrong("missing_crashes", "a missing word raises KeyError", GOOD.replace(".get(tokens[t], 0.0)", "[tokens[t]]"), names="KeyError: 'zebra'")
wrong("list_context", "the context is a list", GOOD.replace("tuple(tokens[:t])", "tokens[:t]"), names="must be a tuple")
