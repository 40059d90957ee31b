"""One training step of an RNN language model: ours against PyTorch and NumPy by hand, on one thread.

    python benchmarks/rnn.py [ROUNDS]

A step is: forget the gradients, forward, loss, backward. Both start from the same weights, and the losses and
the gradients are compared before anything is measured. How it is measured: `common`.
"""

import sys

import common
import numpy as np
import torch
from nextword.batches import Batch
from nextword.rnn import RNNLM

VOCABULARY = 65     # the characters of tiny Shakespeare


class WholeSequence(torch.nn.Module):
    """Embedding, torch.nn.RNN over all steps, linear head."""

    def __init__(self, size, features, hidden):
        super().__init__()
        self.embedding = torch.nn.Embedding(size, features)
        self.rnn = torch.nn.RNN(features, hidden, batch_first=True)
        self.head = torch.nn.Linear(hidden, size)

    def forward(self, ids):
        return self.head(self.rnn(self.embedding(ids))[0])


class StepByStep(WholeSequence):
    """The same weights with a Python loop over the time steps, as one writes it in PyTorch by hand."""

    def forward(self, ids):
        rnn = self.rnn
        h, logits = torch.zeros(len(ids), rnn.hidden_size), []
        for x in self.embedding(ids).unbind(1):
            h = torch.tanh(x @ rnn.weight_ih_l0.T + h @ rnn.weight_hh_l0.T + rnn.bias_ih_l0)
            logits.append(self.head(h))
        return torch.stack(logits, dim=1)


def copy_weights(ours, theirs):
    """Our weights into the torch module, whose second bias becomes zero."""
    cell, rnn = ours.cell, theirs.rnn
    pairs = [(theirs.embedding.weight, ours.embedding.weight), (rnn.weight_ih_l0, cell.W_xh),
             (rnn.weight_hh_l0, cell.W_hh), (rnn.bias_ih_l0, cell.b_h),
             (theirs.head.weight, ours.head.weight), (theirs.head.bias, ours.head.bias)]
    with torch.no_grad():
        rnn.bias_hh_l0.zero_()
        for target, source in pairs:
            target.copy_(torch.tensor(source.data))
    return pairs


class MinCharRNN:
    """A step in the manner of Karpathy's min-char-rnn: NumPy columns, one time step after the other, by hand."""

    def __init__(self, model):
        cell, table = model.cell, model.embedding.weight.data.astype(np.float64)
        self.W_xh = cell.W_xh.data @ table.T          # a one-hot word picks a column: the embedding is within
        self.W_hh, self.W_hy = cell.W_hh.data.astype(np.float64), model.head.weight.data.astype(np.float64)
        self.b_h, self.b_y = cell.b_h.data[:, None], model.head.bias.data[:, None]

    def step(self, inputs, targets):
        """The mean loss of one text, after its gradients."""
        xs, hs, ps, loss = {}, {-1: np.zeros((len(self.W_hh), 1))}, {}, 0.0
        for t, (word, target) in enumerate(zip(inputs, targets, strict=True)):
            xs[t] = np.zeros((VOCABULARY, 1))
            xs[t][word] = 1
            hs[t] = np.tanh(self.W_xh @ xs[t] + self.W_hh @ hs[t - 1] + self.b_h)
            scores = np.exp(self.W_hy @ hs[t] + self.b_y)
            ps[t] = scores / scores.sum()
            loss -= np.log(ps[t][target, 0])
        self.grads = [np.zeros_like(w) for w in (self.W_xh, self.W_hh, self.W_hy, self.b_h, self.b_y)]
        W_xh, W_hh, W_hy, b_h, b_y = self.grads
        g_later = np.zeros_like(hs[0])
        for t in reversed(range(len(inputs))):
            g_y = np.copy(ps[t])
            g_y[targets[t]] -= 1
            W_hy += g_y @ hs[t].T
            b_y += g_y
            g_a = (1 - hs[t] * hs[t]) * (self.W_hy.T @ g_y + g_later)
            b_h += g_a
            W_xh += g_a @ xs[t].T
            W_hh += g_a @ hs[t - 1].T
            g_later = self.W_hh.T @ g_a
        return loss / len(inputs)


def race_by_hand(hidden, steps):
    """As `race`, for one row of text, against MinCharRNN."""
    rng = np.random.default_rng(0)
    text = rng.integers(VOCABULARY, size=(1, steps + 1))
    batch = Batch(text[:, :-1], text[:, 1:], np.ones((1, steps), bool))
    model = RNNLM(VOCABULARY, hidden, hidden, rng)
    by_hand = MinCharRNN(model)
    inputs, targets = text[0, :-1].tolist(), text[0, 1:].tolist()

    def our_step():
        model.zero_grad()
        loss, _ = model.loss(batch)
        loss.backward()
        return loss.item()

    assert abs(our_step() - by_hand.step(inputs, targets)) < 1e-5
    np.testing.assert_allclose(model.cell.W_hh.grad * steps, by_hand.grads[1], atol=2e-4)
    return our_step, lambda: by_hand.step(inputs, targets)


def race(peer, hidden, steps, rows):
    """Two functions, each of one training step: (ours, theirs); checked to compute the same."""
    rng = np.random.default_rng(0)
    text = rng.integers(VOCABULARY, size=(rows, steps + 1))
    batch = Batch(text[:, :-1], text[:, 1:], np.ones((rows, steps), bool))
    inputs, targets = torch.tensor(batch.inputs), torch.tensor(batch.targets)
    model = RNNLM(VOCABULARY, hidden, hidden, rng)
    theirs = peer(VOCABULARY, hidden, hidden)
    pairs = copy_weights(model, theirs)

    def our_step():
        model.zero_grad()
        loss, _ = model.loss(batch)
        loss.backward()
        return loss.item()

    def their_step():
        theirs.zero_grad()
        loss = torch.nn.functional.cross_entropy(theirs(inputs).reshape(-1, VOCABULARY), targets.reshape(-1))
        loss.backward()
        return loss.item()

    assert abs(our_step() - their_step()) < 1e-5
    for peers, own in pairs:
        np.testing.assert_allclose(own.grad, peers.grad.numpy(), atol=2e-5)
    return our_step, their_step


ROWS = [
    # work, peer, module of the peer, hidden, steps, rows, repeat, goal
    ("RNN-LM H128 T64 B32 float32", "torch.nn.RNN", WholeSequence, 128, 64, 32, 5, 0.5),
    ("RNN-LM H100 T25 B1 float32", "torch, step by step", StepByStep, 100, 25, 1, 40, 0.25),
    ("RNN-LM H100 T25 B1 float32", "torch.nn.RNN", WholeSequence, 100, 25, 1, 40, None),
]


def main(rounds=30):
    torch.set_num_threads(1)
    found = []
    for work, peer, module, hidden, steps, rows, repeat, goal in ROWS:
        ours, theirs = race(module, hidden, steps, rows)
        seconds = common.medians({"ours": ours, "theirs": theirs}, rounds, repeat)
        found.append({"work": work, "peer": peer, **seconds, "goal": goal})
    ours, theirs = race_by_hand(100, 25)
    seconds = common.medians({"ours": ours, "theirs": theirs}, rounds, 40)
    found.append({"work": ROWS[1][0], "peer": "min-char-rnn", **seconds, "goal": 0.33})
    common.report("rnn", found)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
