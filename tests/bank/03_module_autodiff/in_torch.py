"""Answers to in_torch."""

from bank import right, wrong

RIGHT = """
import torch

class Network(torch.nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.linear1 = torch.nn.Linear(sizes[0], sizes[1])
        self.linear2 = torch.nn.Linear(sizes[1], sizes[2])

    def forward(self, x):
        z = torch.sigmoid(self.linear1(x))
        return self.linear2(z)


def losses_in_torch(x, labels, alpha, beta, lr, steps):
    model = Network((x.shape[1], len(alpha), len(beta))).double()
    with torch.no_grad():
        model.linear1.weight.copy_(torch.tensor(alpha[:, 1:]))
        model.linear1.bias.copy_(torch.tensor(alpha[:, 0]))
        model.linear2.weight.copy_(torch.tensor(beta[:, 1:]))
        model.linear2.bias.copy_(torch.tensor(beta[:, 0]))
    x, labels = torch.tensor(x), torch.tensor(labels)
    loss_fn = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = []
    for step in range(steps):
        loss = loss_fn(model(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
"""


def changed(*pairs):
    text = RIGHT
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


right("class", RIGHT)
right("sequential", """
import torch
from torch import nn

def losses_in_torch(x, labels, alpha, beta, lr, steps):
    model = nn.Sequential(nn.Linear(x.shape[1], len(alpha)), nn.Sigmoid(), nn.Linear(len(alpha), len(beta)))
    model.double()
    for layer, omega in ((model[0], alpha), (model[2], beta)):
        layer.weight.data = torch.from_numpy(omega[:, 1:].copy())
        layer.bias.data = torch.from_numpy(omega[:, 0].copy())
    losses = []
    for _ in range(steps):
        model.zero_grad()
        loss = nn.functional.cross_entropy(model(torch.from_numpy(x)), torch.from_numpy(labels))
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= lr * p.grad
        losses.append(float(loss.detach()))
    return losses
""")
wrong("no_zero_grad", "the gradients pile up", changed(("        optimizer.zero_grad()\n", "")),
      names="call zero_grad in every step")
wrong("two_softmaxes", "a softmax before CrossEntropyLoss", changed(
    ("return self.linear2(z)", "return torch.softmax(self.linear2(z), dim=1)")), names="another one in CrossEntropyLoss")
wrong("after_the_step", "the loss is computed after the step", changed(
    ("losses.append(loss.item())", "losses.append(loss_fn(model(x), labels).item())")),
    names="each loss is computed after its step")
wrong("float32", "computes in float32", changed(
    (".double()", ""), ("torch.tensor(x)", "torch.tensor(x).float()")), names="float32")
wrong("random_start", "does not copy the parameters", changed(
    ("    with torch.no_grad():\n", "    with torch.no_grad():\n        alpha, beta = alpha * 0.5, beta * 0.5\n")))
wrong("no_biases", "the biases are not copied", changed(
    ("model.linear1.bias.copy_(torch.tensor(alpha[:, 0]))", "model.linear1.bias.zero_()")))
wrong("momentum", "another optimizer", changed(("lr=lr)", "lr=lr, momentum=0.9)")))
wrong("no_step", "never steps", changed(("        optimizer.step()\n", "")))
wrong("summed", "the loss is a sum", changed(("CrossEntropyLoss()", 'CrossEntropyLoss(reduction="sum")')))
wrong("tensors", "the losses are tensors", changed(("losses.append(loss.item())", "losses.append(loss.detach())")))
