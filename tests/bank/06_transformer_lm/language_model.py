"""Answers to language_model."""
from bank import right, wrong

ANSWER = '''
def language_model(ids, p, layer, norm):
    B, T = ids.shape
    E, P = p["tokens"], p["positions"]
    x = E[ids] + P[:T]
    for parameters in p["layers"]:
        x = layer(x, parameters)
    x = norm(x, p["norm.weight"], p["norm.bias"])
    return x @ E.T
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("indexing", ANSWER)
right("one_hot", '''
from functools import reduce


def language_model(ids, p, layer, norm):
    one_hot = np.eye(len(p["tokens"]))[ids]
    where = np.arange(ids.shape[1])
    x = one_hot @ p["tokens"] + p["positions"][where][None]
    x = reduce(layer, p["layers"], x)
    return np.einsum("btd,vd->btv", norm(x, p["norm.weight"], p["norm.bias"]), p["tokens"])
''')
right("take", '''
def language_model(ids, p, layer, norm):
    x = np.take(p["tokens"], ids, axis=0)
    for t in range(ids.shape[1]):
        x[:, t] += p["positions"][t]
    layers = list(p["layers"])
    while layers:
        x = layer(x, layers.pop(0))
    return np.matmul(norm(x, p["norm.weight"], p["norm.bias"]), np.transpose(p["tokens"]))
''')
wrong("no_final_norm", "forgets the final norm", but('    x = norm(x, p["norm.weight"], p["norm.bias"])\n', ""),
      names="final norm is missing")
wrong("no_positions", "forgets the positions", but(" + P[:T]", ""), names="positions are missing")
wrong("uncut", "adds all positions", but("P[:T]", "P"))
wrong("last_positions", "adds the last positions", but("P[:T]", "P[-T:]"), names="the last T rows")
wrong("from_one", "counts positions from 1", but("P[:T]", "P[np.arange(1, T + 1) % len(P)]"), names="counted from 1")
wrong("at_ids", "takes positions at the ids", but("P[:T]", "P[ids % len(P)]"), names="at the ids of the words")
wrong("by_sentence", "gives a position to each sentence", but("P[:T]", "P[:B, None]"),
      names="to the sentences of the batch")
wrong("top_down", "goes through the layers from the top", but('in p["layers"]', 'in p["layers"][::-1]'),
      names="from the top to the bottom")
wrong("one_layer", "uses one layer", but('in p["layers"]', 'in p["layers"][:1]'), names="only the first layer")
wrong("same_layer", "uses the first layer's parameters everywhere", but("layer(x, parameters)", 'layer(x, p["layers"][0])'),
      names="parameters of the first")
wrong("scaled", "multiplies the embeddings by the root of D", but("E[ids]", "E[ids] * E.shape[1] ** 0.5"),
      names="root of D")
wrong("probabilities", "returns probabilities", but("return x @ E.T", "s = np.exp(x @ E.T)\n    return s / s.sum(axis=-1, keepdims=True)"),
      names="probabilities, not logits")
wrong("last_only", "returns the last position", but("return x @ E.T", "return x[:, -1] @ E.T"))
