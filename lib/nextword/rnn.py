"""Recurrent networks: the Elman cell over a whole sequence as one node, and two models made of it.

    model = RNNLM(len(vocab), 64, 128, rng)
    losses = train(model, batches, steps=1000)
    evaluate(model, held_out)                       # nats per token
    generate(model.step, model.start(), [vocab.bos], uniforms, eos=vocab.eos)

Sources: Elman (1990), "Finding structure in time"; the lectures' "Elman RNN + loss" and "RNN-LM".
"""

import sys

import numpy as np

from nextword import functional as F
from nextword.autodiff import concatenate, no_grad, swapaxes
from nextword.layers import Embedding, Linear, Module, uniform
from nextword.optim import Adam, clip_grad_norm
from nextword.tape import as_tensor, node


def elman(a, W_hh, h0=None, mask=None, reverse=False):
    """h_t = tanh(a_t + W_hh h_{t-1}) for t = 1..T, as one node whose vjp is backpropagation through time.

    a (T, B, H): W_xh x_t + b_h, time first. W_hh (H, H). h0 (B, H), zeros unless given. mask (T, B): where it
    is False the state is zero. reverse: from t = T down to 1, each step after the one for t + 1.
    Returns the states, (T, B, H).
    """
    a = as_tensor(a)
    h0 = as_tensor(np.zeros(a.shape[1:], a.dtype) if h0 is None else h0)
    steps, rows, size = a.shape
    # `states` also holds h0, at that end where the steps begin: h[t] follows from before[t]
    states = np.empty((steps + 1, rows, size), a.dtype)
    before, h = (states[1:], states[:-1]) if reverse else (states[:-1], states[1:])
    states[steps if reverse else 0] = h0.data
    order = range(steps)[::-1] if reverse else range(steps)
    kept = None if mask is None else np.asarray(mask, a.dtype)[:, :, None]
    for t in order:
        np.dot(before[t], W_hh.data.T, out=h[t])
        h[t] += a.data[t]
        np.tanh(h[t], out=h[t])
        if kept is not None:
            h[t] *= kept[t]

    def vjp(g):
        g_a = 1 - h * h
        if kept is not None:
            g_a *= kept
        g_next = np.zeros((rows, size), a.dtype)  # what comes back to h[t] from the step after it
        for t in reversed(order):
            g_next += g[t]
            g_a[t] *= g_next
            np.dot(g_a[t], W_hh.data, out=g_next)
        g_W_hh = g_a.reshape(-1, size).T.dot(before.reshape(-1, size))  # all steps in one product
        return g_a, g_W_hh, g_next

    return node(h, (a, W_hh, h0), vjp)


class Elman(Module):
    """x (B, T, D) -> states (B, T, H); W_xh (H, D), W_hh (H, H) and b_h (H) are drawn as in torch.nn.RNN.

    torch has two biases, which only ever occur as their sum: b_h = bias_ih + bias_hh.
    """

    def __init__(self, features, hidden, rng, dtype="float32"):
        bound = hidden**-0.5
        self.W_xh = uniform(rng, bound, hidden, features, dtype=dtype)
        self.W_hh = uniform(rng, bound, hidden, hidden, dtype=dtype)
        self.b_h = uniform(rng, bound, hidden, dtype=dtype)

    def forward(self, x, h0=None, mask=None, reverse=False):
        """h0 (B, H), mask (B, T) and reverse as in `elman`."""
        a = F.linear(swapaxes(as_tensor(x), 0, 1), self.W_xh, self.b_h)
        return swapaxes(elman(a, self.W_hh, h0, None if mask is None else mask.T, reverse), 0, 1)

    def of_words(self, ids, table, h0=None, mask=None, reverse=False):
        """The states for x = table[ids], time first: ids (B, T) and table (V, D) give (T, B, H).

        W_xh x + b_h is computed once for each of the V words instead of once for each of the B T tokens.
        """
        a = F.embedding(ids.T, F.linear(table, self.W_xh, self.b_h))
        return elman(a, self.W_hh, h0, None if mask is None else mask.T, reverse)


class RNNLM(Module):
    """p(w_t | w_1 ... w_{t-1}) = softmax(W_hy h + b_y), where the Elman state h has read w_1 ... w_{t-1}.

    vocabulary_size V, features D of the embedding, hidden H.
    """

    def __init__(self, vocabulary_size, features, hidden, rng, dtype="float32"):
        self.embedding = Embedding(vocabulary_size, features, rng, dtype=dtype)
        self.cell = Elman(features, hidden, rng, dtype=dtype)
        self.head = Linear(hidden, vocabulary_size, rng, dtype=dtype)

    def forward(self, ids, h0=None):
        """Logits (B, T, V) of what follows each of the ids (B, T)."""
        return swapaxes(self.head(self.cell.of_words(ids, self.embedding.weight, h0)), 0, 1)

    def loss(self, batch, h0=None):
        """The nats per token of a Batch, and the last states (B, H) as an array, without history."""
        states = self.cell.of_words(batch.inputs, self.embedding.weight, h0)
        mask = None if batch.mask.all() else batch.mask.T
        return F.cross_entropy(self.head(states), batch.targets.T, mask), states.data[-1]

    def start(self, rows=None):
        """The state before the first token: zeros, (H,) or (rows, H)."""
        b_h = self.cell.b_h
        return np.zeros(b_h.shape if rows is None else (rows, *b_h.shape), b_h.dtype)

    def step(self, state, token):
        """Read one token: the logits (V,) of the next one, and the state (H,) after it. Without gradients."""
        cell, head = self.cell, self.head
        a = cell.W_xh.data @ self.embedding.weight.data[token] + cell.b_h.data
        state = np.tanh(a + cell.W_hh.data @ state)
        return head.weight.data @ state + head.bias.data, state


class Tagger(Module):
    """The part of speech of each word: an Elman network that reads rightwards, or both ways."""

    def __init__(self, vocabulary_size, tags, features, hidden, rng, bidirectional=True, dtype="float32"):
        self.embedding = Embedding(vocabulary_size, features, rng, dtype=dtype)
        self.cells = [Elman(features, hidden, rng, dtype=dtype) for _ in range(1 + bidirectional)]
        self.head = Linear(hidden * len(self.cells), tags, rng, dtype=dtype)

    def forward(self, ids, mask=None):
        """Logits (B, T, K) of the tags of ids (B, T); mask (B, T) is False at padding, which is not read."""
        states = [cell.of_words(ids, self.embedding.weight, mask=mask, reverse=reverse)
                  for cell, reverse in zip(self.cells, (False, True), strict=False)]
        return swapaxes(self.head(concatenate(states, axis=-1)), 0, 1)

    def loss(self, batch, state=None):
        """The nats per word of a Batch, and None: no state goes on from one sentence to another."""
        return F.cross_entropy(self(batch.inputs, batch.mask), batch.targets, batch.mask), None

    def predict(self, batch):
        """The likeliest tag at each position, (B, T)."""
        with no_grad():
            return self(batch.inputs, batch.mask).data.argmax(axis=-1)


def train(model, batches, steps, optimizer=None, lr=2e-3, max_norm=1.0, carry=False, on_step=None,
          progress=True):
    """Mini-batch training: for each batch its loss and gradients, clipping by their global norm, and a step.

    model: has `parameters()` and `loss(batch, state) -> (loss, last state)`. batches: an iterable of `steps`
    batches or more. optimizer: Adam(lr) unless given; its rate falls to zero along half a cosine.
    carry: hand the last states of each batch to the next as arrays without history (truncated backpropagation
    through time). on_step(step, loss) is called after each step.
    Returns the losses, one for each step, in nats per token. Source: the lectures' mini-batch SGD.
    """
    from tqdm import tqdm

    optimizer = optimizer or Adam(model.parameters(), lr)
    parameters, top, losses, state = model.parameters(), optimizer.lr, [], None
    with tqdm(total=steps, desc="training", unit="batch", file=sys.stdout, disable=not progress) as bar:
        for step, batch in zip(range(steps), batches, strict=False):
            optimizer.lr = top * 0.5 * (1 + np.cos(np.pi * step / steps))
            optimizer.zero_grad()
            loss, last = model.loss(batch, state)
            loss.backward()
            clip_grad_norm(parameters, max_norm)
            optimizer.step()
            state = last if carry else None
            losses.append(loss.item())
            bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
            bar.update()
            if on_step is not None:
                on_step(step + 1, losses[-1])
    optimizer.lr = top
    return losses


def evaluate(model, batches):
    """Nats per token over all batches: a batch counts by its number of tokens."""
    nats = tokens = 0
    with no_grad():
        for batch in batches:
            nats += model.loss(batch)[0].item() * batch.tokens
            tokens += batch.tokens
    return nats / tokens
