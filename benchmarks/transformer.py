"""One training step of a transformer language model, and writing with a cache: ours against PyTorch, on one thread.

    python benchmarks/transformer.py [ROUNDS]

A training step is: forget the gradients, forward, loss, backward. All sides start from the same weights and have the
same activation, and losses and gradients are compared before anything is measured. Writing is 64 tokens one by one,
with the keys and values of those before kept; that both write the same tokens is checked. How it is measured: `common`.
"""

import sys

import common
import numpy as np
import torch
from nextword import decoding
from nextword.batches import Batch
from nextword.transformer import Config, TransformerLM

VOCABULARY = 65     # the characters of tiny Shakespeare
F = torch.nn.functional


class Layer(torch.nn.Module):
    """A pre-norm layer as one writes it in PyTorch: with the attention of `scores`, or PyTorch's own."""

    def __init__(self, width, heads, activation, by_hand):
        super().__init__()
        self.heads, self.activation, self.by_hand = heads, activation, by_hand
        self.norm1, self.norm2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.project_in, self.project_out = torch.nn.Linear(width, 3 * width), torch.nn.Linear(width, width)
        self.linear1, self.linear2 = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)

    def forward(self, x, future, cache=None):
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
                   for part in self.project_in(self.norm1(x)).chunk(3, dim=-1))
        if cache is not None:
            place, keys, values = cache
            keys[:, :, place], values[:, :, place] = k[:, :, 0], v[:, :, 0]
            found = F.scaled_dot_product_attention(q, keys[:, :, : place + 1], values[:, :, : place + 1])
        elif self.by_hand:
            scores = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5).masked_fill(future, -torch.inf)
            found = scores.softmax(-1) @ v
        else:
            found = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.project_out(found.transpose(1, 2).flatten(2))
        return x + self.linear2(self.activation(self.linear1(self.norm2(x))))


class Peer(torch.nn.Module):
    def __init__(self, config, by_hand):
        super().__init__()
        self.config = config
        activation = {"relu": F.relu, "gelu": lambda x: F.gelu(x, approximate="tanh")}[config.activation]
        self.embedding = torch.nn.Embedding(config.vocabulary_size, config.width)
        self.positions = torch.nn.Embedding(config.context, config.width)
        self.layers = torch.nn.ModuleList(
            [Layer(config.width, config.heads, activation, by_hand) for _ in range(config.layers)])
        self.norm = torch.nn.LayerNorm(config.width)
        self.future = torch.ones(config.context, config.context, dtype=torch.bool).triu(1)

    def forward(self, ids, place=0, caches=None):
        count = ids.shape[1]
        x = self.embedding(ids) + self.positions.weight[place : place + count]
        for i, layer in enumerate(self.layers):
            x = layer(x, self.future[:count, :count], caches and (place, *caches[i]))
        return self.norm(x) @ self.embedding.weight.T

    def copy(self, model):
        """Take the parameters of ours. Returns (ours, theirs) pairs."""
        pairs = list(zip(model.parameters(), self.in_our_order(), strict=True))
        with torch.no_grad():
            for own, peer in pairs:
                peer.copy_(torch.tensor(own.data))
        return pairs

    def in_our_order(self):
        found = [self.embedding.weight, self.positions.weight]
        for layer in self.layers:
            for module in (layer.project_in, layer.project_out, layer.norm1, layer.linear1, layer.linear2, layer.norm2):
                found += [module.weight, module.bias]
        return [*found, self.norm.weight, self.norm.bias]


def training(activation, rows=16, steps=128, width=128):
    """{name: one training step}, for ours and both peers; checked to compute the same."""
    rng = np.random.default_rng(0)
    config = Config(VOCABULARY, width=width, layers=2, heads=4, context=steps, activation=activation)
    text = rng.integers(VOCABULARY, size=(rows, steps + 1))
    batch = Batch(text[:, :-1], text[:, 1:], np.ones((rows, steps), bool))
    inputs, targets = torch.tensor(batch.inputs), torch.tensor(batch.targets)
    model = TransformerLM(config, rng)

    def our_step():
        model.zero_grad()
        loss, _ = model.loss(batch)
        loss.backward()
        return loss.item()

    candidates = {"ours": our_step}
    for name, by_hand in (("by hand", True), ("SDPA", False)):
        peer = Peer(config, by_hand)
        pairs = peer.copy(model)

        def their_step(peer=peer):
            peer.zero_grad()
            loss = F.cross_entropy(peer(inputs).reshape(-1, VOCABULARY), targets.reshape(-1))
            loss.backward()
            return loss.item()

        assert abs(our_step() - their_step()) < 1e-5
        for own, other in pairs:
            np.testing.assert_allclose(own.grad, other.grad.numpy(), atol=2e-5)
        candidates[name] = their_step
    return candidates


def writing(tokens=64, width=64):
    """{name: write so many tokens one by one}, with a cache on either side."""
    rng = np.random.default_rng(0)
    config = Config(VOCABULARY, width=width, layers=2, heads=4, context=tokens)
    model, peer = TransformerLM(config, rng), Peer(config, by_hand=False)
    peer.copy(model)
    uniforms = rng.random(tokens)

    def ours():
        return decoding.generate(model.step, model.start(), [0], uniforms)

    @torch.inference_mode()
    def theirs():
        caches = [[torch.empty(1, 4, tokens, width // 4) for _ in range(2)] for _ in range(2)]
        text = [0]
        for place, u in enumerate(uniforms):
            probs = peer(torch.tensor([text[-1:]]), place, caches)[0, -1].double().softmax(0)
            text.append(min(int((probs.cumsum(0) <= u).sum()), VOCABULARY - 1))
        return text[1:]

    assert ours() == theirs()
    return {"ours": ours, "theirs": theirs}


def main(rounds=15):
    torch.set_num_threads(1)
    found = []
    for activation in ("gelu", "relu"):
        seconds = common.medians(training(activation), rounds, 1)
        for peer, goal in (("by hand", 0.9), ("SDPA", 1.0)):
            found.append({"work": f"transformer T128 B16 d128 {activation}", "peer": f"torch, {peer}",
                          "ours": seconds["ours"], "theirs": seconds[peer], "goal": goal})
    found.append({"work": "64 tokens with a cache, d64", "peer": "torch with a cache",
                  **common.medians(writing(), rounds, 3), "goal": 0.8})
    common.report("transformer", found)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
