"""One training step (forget gradients, forward, backward, SGD) of a network with one hidden layer, by several programs.

    python benchmarks/autodiff.py [ROUNDS]

Ours is the tape: layers, cross_entropy, backward, SGD. The peers: torch eager (nn, autograd, optim.SGD); HIPS autograd
and micrograd where they are installed; and our own procedural NumPy, the backward pass written out as in notebook 02.
All begin with the same parameters in float32 and are compared after three steps before anything is measured; only
micrograd, which has neither a sigmoid nor arrays, runs its own network of the same size, with a squared error.
"""

import sys

import common
import numpy as np
import torch
from nextword import functional as F
from nextword.layers import Linear, Sequential
from nextword.optim import SGD

RATE = 0.1


class Problem:
    """A batch and the parameters to begin with: linear (D, I), sigmoid, linear (K, D), softmax and cross-entropy."""

    def __init__(self, inputs, hidden, classes, batch):
        self.sizes, self.rng = (inputs, hidden, classes), np.random.default_rng(0)
        self.x = self.rng.standard_normal((batch, inputs)).astype(np.float32)
        self.y = self.rng.integers(0, classes, batch)
        layers = Linear(inputs, hidden, self.rng), Linear(hidden, classes, self.rng)
        self.start = [p.data for layer in layers for p in (layer.weight, layer.bias)]

    def parameters(self):
        return [p.copy() for p in self.start]


def tape(problem):
    inputs, hidden, classes = problem.sizes
    model = Sequential(Linear(inputs, hidden, problem.rng), F.sigmoid, Linear(hidden, classes, problem.rng))
    for p, start in zip(model.parameters(), problem.parameters(), strict=True):
        p.data[...] = start
    optimizer = SGD(model.parameters(), RATE)

    def step():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(problem.x), problem.y)
        loss.backward()
        optimizer.step()
        return loss

    return step, lambda: [p.data for p in model.parameters()]


def by_torch(problem):
    torch.set_num_threads(1)
    inputs, hidden, classes = problem.sizes
    model = torch.nn.Sequential(torch.nn.Linear(inputs, hidden), torch.nn.Sigmoid(), torch.nn.Linear(hidden, classes))
    with torch.no_grad():
        for p, start in zip(model.parameters(), problem.parameters(), strict=True):
            p.copy_(torch.tensor(start))
    optimizer, loss_fn = torch.optim.SGD(model.parameters(), lr=RATE), torch.nn.CrossEntropyLoss()
    x, y = torch.tensor(problem.x), torch.tensor(problem.y)

    def step():
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step, lambda: [p.detach().numpy() for p in model.parameters()]


def nn_forward(x, y, parameters):
    """The quantities of the forward pass by name, as in notebook 02, but with biases apart and labels as integers."""
    alpha, alpha_bias, beta, beta_bias = parameters
    a = x @ alpha.T + alpha_bias
    z = 0.5 * (1 + np.tanh(0.5 * a))
    b = z @ beta.T + beta_bias
    e = np.exp(b - b.max(axis=1, keepdims=True))
    y_hat = e / e.sum(axis=1, keepdims=True)
    J = -np.log(y_hat[np.arange(len(x)), y]).mean()
    return {"a": a, "z": z, "b": b, "y_hat": y_hat, "J": J}


def nn_backward(x, y, parameters, o):
    """The gradients of the parameters."""
    _, _, beta, _ = parameters
    g_b = o["y_hat"].copy()
    g_b[np.arange(len(x)), y] -= 1
    g_b /= len(x)
    g_z = g_b @ beta
    g_a = g_z * o["z"] * (1 - o["z"])
    return g_a.T @ x, g_a.sum(axis=0), g_b.T @ o["z"], g_b.sum(axis=0)


def procedural(problem):
    parameters = problem.parameters()

    def step():
        o = nn_forward(problem.x, problem.y, parameters)
        for p, g in zip(parameters, nn_backward(problem.x, problem.y, parameters, o), strict=True):
            p -= RATE * g
        return o["J"]

    return step, lambda: parameters


def by_hips_autograd(problem):
    import autograd.numpy as anp
    from autograd import value_and_grad

    parameters, rows = problem.parameters(), np.arange(len(problem.x))

    def loss(parameters):
        alpha, alpha_bias, beta, beta_bias = parameters
        z = 0.5 * (1 + anp.tanh(0.5 * (anp.dot(problem.x, alpha.T) + alpha_bias)))
        b = anp.dot(z, beta.T) + beta_bias
        b = b - anp.max(b, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(b), axis=1)) - b[rows, problem.y])

    both = value_and_grad(loss)

    def step():
        value, gradients = both(parameters)
        for p, g in zip(parameters, gradients, strict=True):
            p -= RATE * g
        return value

    return step, lambda: parameters


def by_micrograd(problem):
    from micrograd.nn import MLP

    inputs, hidden, classes = problem.sizes
    model, x = MLP(inputs, [hidden, classes]), problem.x[0].tolist()
    truth = np.eye(classes)[problem.y[0]].tolist()

    def step():
        model.zero_grad()
        loss = sum((output - t) ** 2 for output, t in zip(model(x), truth, strict=True))
        loss.backward()
        for p in model.parameters():
            p.data -= RATE * p.grad
        return loss

    return step, None


# work, sizes, batch, calls in a round, and for each peer the goal
WORK = [
    ("784-512-10, batch 64", (784, 512, 10, 64), 10, {by_torch: 0.8, procedural: 1.1, by_hips_autograd: None}),
    ("784-512-10, batch 1", (784, 512, 10, 1), 30, {by_torch: None, procedural: 1.1, by_hips_autograd: None}),
    ("4-8-3, batch 1", (4, 8, 3, 1), 200,
     {by_torch: 0.25, procedural: 1.4, by_hips_autograd: 0.07, by_micrograd: 0.1}),
]
NAMES = {by_torch: "torch eager", procedural: "procedural NumPy", by_hips_autograd: "HIPS autograd",
         by_micrograd: "micrograd"}


def contestants(problem, peers):
    """The peers that are installed, as {program: step}, checked to compute what ours does."""
    built, step_of, ours = {tape: tape(problem)}, {}, None
    for peer in peers:
        try:
            built[peer] = peer(problem)
        except ImportError as error:
            print(f"{NAMES[peer]} is left out: {error}. (pip install 'nextword[bench]')")
    for program, (step, parameters) in built.items():
        for _ in range(3):
            step()
        if program is tape:
            ours = parameters()
        elif parameters:
            for p, q in zip(ours, parameters(), strict=True):
                np.testing.assert_allclose(q, p, rtol=1e-4, atol=1e-5)
        step_of[program] = step
    return step_of


def main(rounds=40):
    rows = []
    for work, sizes, repeat, peers in WORK:
        seconds = common.medians(contestants(Problem(*sizes), peers), rounds, repeat)
        for peer, goal in peers.items():
            if peer in seconds:
                rows.append({"work": work, "peer": NAMES[peer], "ours": seconds[tape], "theirs": seconds[peer],
                             "goal": goal})
    common.report("autodiff", rows)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
