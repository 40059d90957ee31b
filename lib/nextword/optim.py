"""Optimizers with torch.optim's names and update rules, which change the parameters' arrays in place.

lr may be set between steps, as by a schedule: `optimizer.lr = ...`.
"""

import numpy as np


class Optimizer:
    """Holds the parameters; `step` updates each that has a gradient, `zero_grad` forgets the gradients."""

    def __init__(self, parameters, lr):
        self.parameters, self.lr = list(parameters), lr
        if not self.parameters:
            raise ValueError("there are no parameters to optimize")
        self.scratch = [np.empty_like(p.data) for p in self.parameters]

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None


class SGD(Optimizer):
    """p <- p - lr v, where v is the gradient or, with momentum, v <- momentum v + gradient."""

    def __init__(self, parameters, lr, momentum=0.0, weight_decay=0.0):
        super().__init__(parameters, lr)
        self.momentum, self.weight_decay = momentum, weight_decay
        self.velocity = [None] * len(self.parameters)

    def step(self):
        for i, p in enumerate(self.parameters):
            g, scratch = p.grad, self.scratch[i]
            if g is None:
                continue
            if self.weight_decay:
                g = g + self.weight_decay * p.data
            if self.momentum:
                v = self.velocity[i]
                if v is None:
                    v = self.velocity[i] = np.array(g)
                else:
                    v *= self.momentum
                    v += g
                g = v
            np.multiply(g, np.asarray(self.lr, g.dtype), scratch)
            np.subtract(p.data, scratch, p.data)


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015): steps of lr m / (sqrt(v) + eps), m and v the unbiased means of g and g^2.

    weight_decay is added to the gradient (L2 regularisation), as in torch.optim.Adam.
    """

    decoupled = False

    def __init__(self, parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(parameters, lr)
        self.betas, self.eps, self.weight_decay, self.steps = betas, eps, weight_decay, 0
        self.means = [np.zeros_like(p.data) for p in self.parameters]
        self.squares = [np.zeros_like(p.data) for p in self.parameters]

    def step(self):
        self.steps += 1
        (b1, b2), t = self.betas, self.steps
        step, root = self.lr / (1 - b1**t), (1 - b2**t) ** -0.5
        for p, m, v, scratch in zip(self.parameters, self.means, self.squares, self.scratch, strict=True):
            g = p.grad
            if g is None:
                continue
            if self.weight_decay and self.decoupled:
                p.data *= 1 - self.lr * self.weight_decay
            elif self.weight_decay:
                g = g + self.weight_decay * p.data
            m *= b1
            m += np.multiply(g, 1 - b1, out=scratch)
            v *= b2
            np.multiply(g, g, out=scratch)
            scratch *= 1 - b2
            v += scratch
            np.sqrt(v, out=scratch)
            scratch *= root
            scratch += self.eps
            np.divide(m, scratch, out=scratch)
            scratch *= step
            np.subtract(p.data, scratch, out=p.data)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019): first p <- (1 - lr weight_decay) p."""

    decoupled = True

    def __init__(self, parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(parameters, lr, betas, eps, weight_decay)


def clip_grad_norm(parameters, max_norm):
    """Scale all gradients so that their common Euclidean norm is at most max_norm; returns the old norm."""
    with_gradient = [p for p in parameters if p.grad is not None]
    norm = float(np.sqrt(sum(float(np.vdot(p.grad, p.grad)) for p in with_gradient)))
    if norm > max_norm:
        scale = max_norm / (norm + 1e-6)  # torch's guard against dividing by zero
        for p in with_gradient:
            p.grad = p.grad * np.asarray(scale, p.dtype)  # a new array: two parameters may share one gradient
    return norm
