"""The numbers of the figures that one can play with, all from the library: data(name) is a dict for JSON.

The networks are trained when the site is built, which takes a minute; the numbers are kept in build/site/figures
until the library or this file changes.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

import numpy as np
from nextword import backprop, corpora, ladder, ngram, text
from nextword import functional as F
from nextword.attention import attend, causal_mask, split_heads
from nextword.decoding import generate
from nextword.tape import no_grad

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "site" / "figures"
SENTENCES = (
    "wanda asks otis if the narwhals swim , and otis answers wanda .",
    "the narwhals that the cow sees swim .",
)
SAMPLES, LONGEST = 5, 30


def data(name):
    """The numbers of one figure: "die", "graph", "heads" or "ladder"; KeyError for another name."""
    make = {"die": die, "graph": graph, "heads": heads, "ladder": rungs}[name]
    path = KEPT / f"{name}-{_version()}.json"
    if not path.exists():
        found = json.dumps(make(), sort_keys=True)
        KEPT.mkdir(parents=True, exist_ok=True)
        for old in KEPT.glob(f"{name}-*.json"):
            old.unlink()
        path.write_text(found)
    return json.loads(path.read_text())


@cache
def _version():
    """Changes with the library and with this file."""
    files = [Path(__file__), *sorted((ROOT / "lib" / "nextword").glob("*.py"))]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]


def _vocabulary():
    return text.Vocab(corpora.narwhals().vocabulary, specials=(text.BOS, text.EOS))


def die():
    """All trigrams of narwhals: {"words": [...], "after": {"i j": [[k, count], ...]}, "start": "i j", "end": k}."""
    vocab = _vocabulary()
    top = ngram.count(vocab.stream(corpora.narwhals().train, 3), 3, len(vocab), vocab.bos)
    pairs, triples = top.levels[1:]
    before = [divmod(int(key), top.width) for key in pairs.keys]   # the node of the first word, and the second
    first = [int(key) % top.width for key in top.levels[0].keys]
    after = {}
    for node, (one, two) in enumerate(before):
        low, high = triples.starts[node], triples.starts[node + 1]
        counted = [(int(key) % top.width, int(count)) for key, count in
                   zip(triples.keys[low:high], triples.counts[low:high], strict=True) if count]
        if counted:
            after[f"{first[one]} {two}"] = counted
    return {"words": list(vocab.tokens), "after": after, "start": f"{vocab.bos} {vocab.bos}", "end": vocab.eos}


# The network of the second notebook with two inputs, three hidden units and two classes, and one example
X, Y = np.array([[1.0, -0.5]]), np.array([[0.0, 1.0]])
ALPHA = np.array([[0.1, 0.8, -0.6], [-0.2, -0.4, 0.9], [0.3, 0.5, 0.7]])
BETA = np.array([[0.2, 0.6, -0.5, 0.1], [-0.1, -0.7, 0.4, 0.9]])


def graph():
    """Every quantity of `nn_forward` and `nn_backward` by name, and the loss before and after a step downhill."""
    values = backprop.nn_forward(X, Y, ALPHA, BETA)
    gradients = backprop.nn_backward(X, Y, ALPHA, BETA, values)
    rate = 0.5
    after = backprop.nn_forward(X, Y, ALPHA - rate * gradients["g_alpha"], BETA - rate * gradients["g_beta"])
    values = values | {"y": Y, "alpha": ALPHA, "beta": BETA}
    return {"values": {name: np.round(value, 4).tolist() for name, value in (values | gradients).items()},
            "rate": rate, "after": round(after["J"], 4)}


@cache
def _measured():
    return tuple(ladder.measure())


def rungs():
    """The ladder: {"floor": nats, "rungs": [{"name", "loss", "above", "samples": [sentence, ...]}, ...]}."""
    vocab, rng = _vocabulary(), np.random.default_rng(0)
    listed = [{"name": rung.name, "loss": round(rung.loss, 4), "above": round(rung.above, 4),
               "samples": [_sentence(vocab, rung.model, rng.random(LONGEST)) for _ in range(SAMPLES)]}
              for rung in _measured()]
    return {"floor": round(corpora.narwhals().entropy_per_token, 4), "rungs": listed}


def _sentence(vocab, model, uniforms):
    """One sentence that a model writes; without a model, words that are all equally likely."""
    if model is None:
        faces = [word for word in range(len(vocab)) if word != vocab.bos]
        ids = [faces[int(u * len(faces))] for u in uniforms]
        ids = ids[: ids.index(vocab.eos) + 1] if vocab.eos in ids else ids
    elif isinstance(model, ngram.Model):
        ids = model.sample(uniforms.tolist(), eos=vocab.eos)
    else:
        ids = generate(model.step, model.start(), [vocab.bos], uniforms, eos=vocab.eos)
    return " ".join(vocab.decode([i for i in ids if i != vocab.eos])) + ("" if vocab.eos in ids else " …")


def heads():
    """Weights of the ladder's transformer: [{"words", "weights": {"mask scale positions": [layer][head][T][T]}}]."""
    vocab = _vocabulary()
    (model,) = (rung.model for rung in _measured() if rung.name == "transformer")
    listed = []
    for sentence in SENTENCES:
        words = sentence.split()
        ids = np.array([[vocab.bos, *vocab.encode(words)]])
        weights = {f"{mask:d}{scale:d}{positions:d}": _weights(model, ids, mask, scale, positions)
                   for mask in (False, True) for scale in (False, True) for positions in (False, True)}
        listed.append({"words": [text.BOS, *words], "weights": weights})
    return {"sentences": listed, "d_k": model.layers[0].self_attn.d_k}


def _weights(model, ids, mask, scale, positions):
    """Who looks where, per thousand, with parts of the trained model switched off: [layer][head][T][T]."""
    T, found = ids.shape[1], []
    with no_grad():
        x = model.embedding(ids)
        if positions:
            x = x + model.positions.weight[:T]
        for layer in model.layers:
            inner = layer.self_attn
            projected = F.linear(layer.norm1(x), inner.in_proj_weight, inner.in_proj_bias)
            q, k, v = split_heads(projected.data, inner.heads)
            q = q if scale else q * np.float32(inner.d_k**0.5)  # attend() divides the scores by that
            attended, weights = attend(q, k, v, causal_mask(T, T) if mask else None)
            found.append(np.rint(1000 * weights.reshape(inner.heads, T, T)).astype(int).tolist())
            x = x + inner.out_proj(attended.transpose(0, 3, 1, 2, 4).reshape(1, T, -1))
            x = x + layer.feed_forward(layer.norm2(x))
    return found
