"""From logits to the next token: temperature, top-k, top-p, and one roll of the die.

No function here draws random numbers. They are handed in, uniform in [0, 1), so the same numbers give the
same text on every machine. All work on the last axis: logits (V,) with a number, or (B, V) with (B,) numbers.
"""

import numpy as np


def distribution(logits, temperature=1.0, top_k=None, top_p=None):
    """The probabilities of the die that decoding rolls, float64, in the shape of the logits.

    temperature: the logits are divided by it first; 0 gives all probability to the largest logit.
    top_k: only the k most likely tokens stay. top_p: only the fewest tokens stay that together have at least
    this probability (Holtzman et al., 2020), after top_k. Among equals the first stay.
    """
    logits = np.asarray(logits, np.float64)
    if temperature < 0:
        raise ValueError(f"the temperature must not be negative, got {temperature}")
    if temperature == 0:
        probs = np.zeros(logits.shape)
        np.put_along_axis(probs, logits.argmax(axis=-1, keepdims=True), 1.0, axis=-1)
        return probs
    # The largest is taken off before the division: a tiny temperature must not overflow.
    probs = np.exp((logits - logits.max(axis=-1, keepdims=True)) / temperature)
    probs /= probs.sum(axis=-1, keepdims=True)
    if top_k is not None:
        probs = keep_top_k(probs, top_k)
    return probs if top_p is None else keep_top_p(probs, top_p)


def keep_top_k(probs, k):
    """The k most likely tokens, scaled to add up to 1; all others get probability 0."""
    if k < 1:
        raise ValueError(f"top_k must keep at least one token, got {k}")
    return _kept(probs, lambda ordered: np.arange(ordered.shape[-1]) < k)


def keep_top_p(probs, p):
    """The fewest most likely tokens that together have probability p or more, scaled to add up to 1."""
    if not 0 < p <= 1:
        raise ValueError(f"top_p is a probability above 0, got {p}")
    # A token stays if those before it do not suffice.
    return _kept(probs, lambda ordered: _sums_before(ordered) < p)


def _sums_before(ordered):
    sums = np.zeros_like(ordered)
    np.cumsum(ordered[..., :-1], axis=-1, out=sums[..., 1:])
    return sums


def _kept(probs, choose):
    order = np.argsort(-probs, axis=-1, kind="stable")
    ordered = np.take_along_axis(probs, order, axis=-1)
    ordered = np.where(choose(ordered), ordered, 0.0)
    kept = np.empty_like(probs)
    np.put_along_axis(kept, order, ordered / ordered.sum(axis=-1, keepdims=True), axis=-1)
    return kept


def roll(probs, u):
    """The face that u in [0, 1) turns up: the first whose running sum is above u.

    probs (V,) and a number give an int, (B, V) and (B,) give (B,). A face of probability 0 is never up; where
    rounding leaves u above the whole sum, the last possible face is.
    """
    sums = np.cumsum(probs, axis=-1)
    if np.isnan(sums[..., -1]).any():
        raise ValueError("some probabilities are nan: were the logits nan, or all of them -inf?")
    last = probs.shape[-1] - 1 - np.argmax(probs[..., ::-1] > 0, axis=-1)
    face = np.minimum(np.count_nonzero(sums <= np.asarray(u)[..., None], axis=-1), last)
    return int(face) if probs.ndim == 1 else face


def sample(logits, u, temperature=1.0, top_k=None, top_p=None):
    """The next token, decided by u in [0, 1): an int for logits (V,), an array (B,) for (B, V) and u (B,)."""
    return roll(distribution(logits, temperature, top_k, top_p), u)


def generate(step, state, prompt, uniforms, eos=None, **options):
    """Write on after `prompt`, one token for each of `uniforms`, each fed back as the next input.

    step(state, token) -> (logits (V,), state): reads one token; the state is what the model remembers, such
    as a hidden vector or a cache of keys and values. prompt: at least one id; only the last one's logits are
    used. Returns the list of new ids; it ends early after `eos`, which it then includes. options: as for
    `sample`.
    """
    if not len(prompt):
        raise ValueError("the prompt must hold at least one token, such as the beginning of a sentence")
    for token in prompt:
        logits, state = step(state, token)
    text = []
    for u in uniforms:
        text.append(sample(logits, u, **options))
        if text[-1] == eos or len(text) == len(uniforms):
            break
        logits, state = step(state, text[-1])
    return text
