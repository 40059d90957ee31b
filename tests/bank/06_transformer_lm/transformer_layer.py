"""Answers to transformer_layer."""
from bank import right, wrong

ANSWER = '''
def transformer_layer(x, p, norm, attend, activation):
    attention = [p["self_attn.in_proj_weight"], p["self_attn.in_proj_bias"],
                 p["self_attn.out_proj.weight"], p["self_attn.out_proj.bias"]]
    y = x + attend(norm(x, p["norm1.weight"], p["norm1.bias"]), *attention)
    reads = norm(y, p["norm2.weight"], p["norm2.bias"])
    hidden = activation(reads @ p["linear1.weight"].T + p["linear1.bias"])
    z = y + hidden @ p["linear2.weight"].T + p["linear2.bias"]
    return z
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("formulas", ANSWER)
right("helpers", '''
def transformer_layer(x, p, norm, attend, activation):
    def linear(x, name):
        return np.dot(x, p[f"{name}.weight"].T) + p[f"{name}.bias"]

    def branch(x, name, f):
        return x + f(norm(x, p[name + ".weight"], p[name + ".bias"]))

    def look(x):
        names = "in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"
        return attend(x, *[p["self_attn." + name] for name in names])

    x = branch(x, "norm1", look)
    return branch(x, "norm2", lambda x: linear(activation(linear(x, "linear1")), "linear2"))
''')
right("steps", '''
def transformer_layer(x, p, norm, attend, activation):
    out = x.copy()
    out += attend(norm(out, p["norm1.weight"], p["norm1.bias"]), p["self_attn.in_proj_weight"],
                  p["self_attn.in_proj_bias"], p["self_attn.out_proj.weight"], p["self_attn.out_proj.bias"])
    h = np.einsum("btd,fd->btf", norm(out, p["norm2.weight"], p["norm2.bias"]), p["linear1.weight"])
    out += np.einsum("btf,df->btd", activation(h + p["linear1.bias"]), p["linear2.weight"]) + p["linear2.bias"]
    return out
''')
wrong("post_norm", "normalises after the sums", '''
def transformer_layer(x, p, norm, attend, activation):
    attention = [p["self_attn.in_proj_weight"], p["self_attn.in_proj_bias"],
                 p["self_attn.out_proj.weight"], p["self_attn.out_proj.bias"]]
    y = norm(x + attend(x, *attention), p["norm1.weight"], p["norm1.bias"])
    hidden = activation(y @ p["linear1.weight"].T + p["linear1.bias"])
    return norm(y + hidden @ p["linear2.weight"].T + p["linear2.bias"], p["norm2.weight"], p["norm2.bias"])
''', names="post-norm")
wrong("no_first_skip", "forgets the first residual connection", but("y = x + attend", "y = attend"),
      names="around attention is missing")
wrong("no_second_skip", "forgets the second residual connection", but("z = y + hidden", "z = hidden"),
      names="around the feed-forward network is missing")
wrong("adds_x", "adds x in the second block", but("z = y + hidden", "z = x + hidden"), names="adds to x")
wrong("reads_x", "reads x in the second block", but("reads = norm(y,", "reads = norm(x,"), names="reads x")
wrong("no_norm2", "forgets the second norm", but('norm(y, p["norm2.weight"], p["norm2.bias"])', "y"),
      names="norm2 is left out")
wrong("norm1_twice", "uses the first norm twice", but('p["norm2.weight"], p["norm2.bias"]', 'p["norm1.weight"], p["norm1.bias"]'),
      names="norm1 is used in both places")
wrong("norms_swapped", "exchanges the norms", but("norm1", "norm3").replace("norm2", "norm1").replace("norm3", "norm2"),
      names="changed places")
wrong("relu", "uses its own activation", but("activation(reads", "np.maximum(0, reads"), names="but ReLU")
wrong("no_activation", "forgets the activation", but("activation(reads", "(reads"), names="no activation")
wrong("skip_over_all", "adds x once more", but("return z", "return x + z"), names="once more")
wrong("adds_normalised", "adds what norm2 returns", but("z = y +", "z = reads +"), names="adds to what norm2 returns")
wrong("no_norm1", "lets attention read x", but("attend(norm(x, p[\"norm1.weight\"], p[\"norm1.bias\"]), *attention)", "attend(x, *attention)"),
      names="without norm1")
wrong("parallel", "lets both sublayers read x", but("reads = norm(y,", "reads = norm(x,").replace("z = y + hidden", "z = y + x * 0 + hidden"),
      names="reads x")
