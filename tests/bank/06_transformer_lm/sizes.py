"""Answers to the exercise on the sizes of the GPTs."""
from bank import right, wrong

ANSWER = '''
def parameter_count(V, D, layers, context, inner, final_norm):
    attention = 4 * D**2 + 4 * D
    feed_forward = 2 * D * inner + inner + D
    norms = 4 * D
    total = layers * (attention + feed_forward + norms)
    total += V * D
    total += context * D
    if final_norm:
        total += 2 * D
    return total


def memory_gib(parameters, bits):
    return parameters * bits / (8 * 1024**3)


def petaflop_days(parameters, tokens):
    return 6 * parameters * tokens / 8.64e19
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("formula", ANSWER)
right("shapes", '''
def parameter_count(V, D, layers, context, inner, final_norm):
    shapes = [(V, D), (context, D)] + [(D,)] * 2 * bool(final_norm)
    shapes += layers * [(3 * D, D), (3 * D,), (D, D), (D,), (inner, D), (inner,), (D, inner), (D,), (D,), (D,), (D,), (D,)]
    total = 0
    for shape in shapes:
        size = 1
        for n in shape:
            size *= n
        total += size
    return total


def memory_gib(parameters, bits):
    return parameters * (bits / 8) / 2**30


def petaflop_days(parameters, tokens):
    operations = (2 + 4) * parameters * tokens
    seconds = operations / 1e15
    return seconds / 60 / 60 / 24
''')
right("twelve_d_squared", '''
def parameter_count(V, D, layers, context, inner, final_norm):
    return (V + context + 2 * int(final_norm)) * D + layers * (4 * D * D + 2 * D * inner + 9 * D + inner)


def memory_gib(parameters, bits):
    return np.float64(parameters) * bits * 2.0**-33


def petaflop_days(parameters, tokens):
    return float(parameters) * float(tokens) * 6 / (24 * 3600) * 1e-15
''')
wrong("untied", "counts the head", but("total += V * D", "total += 2 * V * D"), names="second time")
wrong("no_positions", "forgets the positions", but("    total += context * D\n", ""), names="positions are missing")
wrong("no_biases", "forgets the biases", but("4 * D**2 + 4 * D", "4 * D**2").replace(" + inner + D", ""),
      names="biases of the linear layers")
wrong("no_norms", "forgets the norms", but("norms = 4 * D", "norms = 0"), names="lacks 4 D")
wrong("one_norm", "counts one norm per layer", but("norms = 4 * D", "norms = 2 * D"), names="lacks 2 D")
wrong("always_final", "always counts the final norm", but("if final_norm:", "if True:"), names="always counted")
wrong("never_final", "never counts the final norm", but("if final_norm:", "if False:"), names="never counted")
wrong("once", "counts the layers once", but("total = layers * (", "total = ("), names="only one layer")
wrong("four_d", "takes the inner size for 4 D", but("    feed_forward = ", "    inner = 4 * D\n    feed_forward = "),
      names="4 D")
wrong("bias_size", "gives both biases F entries", but("inner + D\n", "2 * inner\n"), names="with F entries")
wrong("no_feed_forward_biases", "forgets b_1 and b_2", but(" + inner + D\n", "\n"), names="biases of the feed-forward")
wrong("one_feed_forward_matrix", "forgets W_2", but("2 * D * inner", "D * inner"), names="one of the two matrices")
wrong("no_input_bias", "forgets the bias of W_in", but("4 * D**2 + 4 * D\n", "4 * D**2 + D\n"), names="bias of W_in")
wrong("no_output_matrix", "forgets W_out", but("4 * D**2 + 4 * D\n", "3 * D**2 + 3 * D\n"), names="W_out")
wrong("final_gain_only", "forgets the bias of the final norm", but("total += 2 * D", "total += D"),
      names="final norm has a gain")
wrong("gigabytes", "uses 10^9 bytes", but("(8 * 1024**3)", "8e9"), names="10^9")
wrong("bits", "forgets that a byte has 8 bits", but("(8 * 1024**3)", "1024**3"), names="bits, not bytes")
wrong("forward_only", "counts the forward pass", but("6 * parameters", "2 * parameters"), names="only the forward pass")
wrong("once_back", "counts the backward pass once", but("6 * parameters", "4 * parameters"),
      names="like one forward pass")
wrong("hours", "returns hours", but("8.64e19", "3.6e18"), names="hours, not days")
