"""The transformer language model, as in GPT: p(next token | all tokens before), by attention to them.

    model = TransformerLM(Config(vocabulary_size=142, width=64, layers=2, heads=4, context=32), rng)
    logits = model(ids)                                     # (B, T) -> (B, T, V)
    loss = functional.cross_entropy(logits, targets)        # targets: the ids one step later

Names, shapes and order of computation are those of torch.nn.TransformerEncoderLayer(norm_first=True).
Sources: the lectures; Radford et al. (2018, 2019); Brown et al. (2020).
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from nextword import functional as F
from nextword.attention import Cache, MultiHeadAttention, sinusoidal_positions
from nextword.autodiff import as_tensor, no_grad, node
from nextword.layers import Embedding, LayerNorm, Linear, Module

POSITIONS = ("learned", "sinusoidal", "rotary", "none")

# glibc hands freed memory back to the system, and pays for it in page faults at the next step, until it has seen one
# large block come and go; from then on it keeps more. Nothing is touched here, so nothing is used. For models of some
# width this is a fifth of the training time.
np.empty((32 << 20) - (1 << 16), np.uint8)


@dataclass(frozen=True)
class Config:
    """The sizes of a transformer. `tied`: the embeddings' matrix is the head's, too. The head has no bias."""

    vocabulary_size: int
    width: int = 64             # features of a position between layers: d_model
    layers: int = 2
    heads: int = 4
    context: int = 64           # the longest sequence
    inner: int | None = None    # hidden units of the feed-forward networks: 4 width unless given, 0 for none
    kv_heads: int | None = None  # heads that have keys and values of their own: all unless given
    activation: str = "gelu"    # or "relu"
    positions: str = "learned"  # or "sinusoidal", "rotary", "none"
    norm_first: bool = True     # False: as in GPT-1, normalised after each sublayer, and no final norm
    tied: bool = True

    @property
    def hidden(self):
        """Hidden units of the feed-forward networks."""
        return 4 * self.width if self.inner is None else self.inner


GPT1 = Config(40_478, width=768, layers=12, heads=12, context=512, norm_first=False)
GPT2_SMALL = Config(50_257, width=768, layers=12, heads=12, context=1024)
GPT2_MEDIUM = replace(GPT2_SMALL, width=1024, layers=24, heads=16)
GPT2_LARGE = replace(GPT2_SMALL, width=1280, layers=36, heads=20)
GPT2_XL = replace(GPT2_SMALL, width=1600, layers=48, heads=25)
GPT3 = Config(50_257, width=12_288, layers=96, heads=96, context=2048)


def parameter_counts(config):
    """How many parameters each part has, all layers together; their sum is the size of the model.

    Returns {part: int} for "embedding", "positions", "attention", "feed_forward", "norms" and "head".
    """
    d, inner = config.width, config.hidden
    projected = d + 2 * (config.kv_heads or config.heads) * (d // config.heads)
    norms = 2 if inner else 1
    return {
        "embedding": config.vocabulary_size * d,
        "positions": config.context * d if config.positions == "learned" else 0,
        "attention": config.layers * ((d + 1) * projected + (d + 1) * d),
        "feed_forward": config.layers * ((d + 1) * inner + (inner + 1) * d) if inner else 0,
        "norms": (config.layers * norms + config.norm_first) * 2 * d,
        "head": 0 if config.tied else config.vocabulary_size * d,
    }


def gelu(x):
    """x times the probability that a standard normal number is below x, by the tanh formula of GPT-2."""
    x = as_tensor(x)
    square = x.data * x.data
    t = square * x.dtype.type(0.044715 * GELU)
    t += x.dtype.type(GELU)
    t *= x.data
    np.tanh(t, out=t)
    value = (t + 1) * x.data
    value *= x.dtype.type(0.5)

    def vjp(g):
        slope = 1 - t * t
        slope *= square * x.dtype.type(3 * 0.044715 * GELU) + x.dtype.type(GELU)
        slope *= x.data
        slope += t
        slope += 1
        slope *= g
        slope *= x.dtype.type(0.5)
        return (slope,)

    return node(value, (x,), vjp)


GELU = math.sqrt(2 / math.pi)
ACTIVATIONS = {"gelu": gelu, "relu": F.relu}


class TransformerLayer(Module):
    """Attention, then a feed-forward network; each reads a normalised copy of x and adds its result to x."""

    def __init__(self, config, rng, dtype="float32"):
        d = config.width
        self.norm_first, self.hidden = config.norm_first, config.hidden
        self.self_attn = MultiHeadAttention(d, config.heads, rng, config.kv_heads, config.positions, dtype)
        self.norm1 = LayerNorm(d, dtype=dtype)
        if self.hidden:
            self.linear1 = Linear(d, self.hidden, rng, dtype=dtype)
            self.linear2 = Linear(self.hidden, d, rng, dtype=dtype)
            self.norm2, self.activation = LayerNorm(d, dtype=dtype), ACTIVATIONS[config.activation]

    def forward(self, x, causal=True, cache=None):
        """x (B, T, width) -> (B, T, width)."""
        if self.norm_first:
            x = x + self.self_attn(self.norm1(x), causal, cache)
            return x + self.feed_forward(self.norm2(x)) if self.hidden else x
        x = self.norm1(x + self.self_attn(x, causal, cache))
        return self.norm2(x + self.feed_forward(x)) if self.hidden else x

    def feed_forward(self, x):
        return self.linear2(self.activation(self.linear1(x)))


class TransformerLM(Module):
    """ids (B, T) -> logits (B, T, V) of the token after each: embeddings, positions, layers, norm, head."""

    def __init__(self, config, rng, dtype="float32"):
        if config.positions not in POSITIONS:
            raise ValueError(f"positions are one of {', '.join(POSITIONS)}, not {config.positions!r}")
        self.config, self.dtype = config, dtype
        self.embedding = Embedding(config.vocabulary_size, config.width, rng, scale=config.width**-0.5, dtype=dtype)
        if config.positions == "learned":
            self.positions = Embedding(config.context, config.width, rng, scale=config.width**-0.5, dtype=dtype)
        self.layers = [TransformerLayer(config, rng, dtype) for _ in range(config.layers)]
        self.norm = LayerNorm(config.width, dtype=dtype) if config.norm_first else None
        self.head = None
        if not config.tied:
            self.head = Linear(config.width, config.vocabulary_size, rng, bias=False, dtype=dtype)

    def forward(self, ids, caches=None):
        """ids: integers (B, T). caches: from `start`; the tokens in them come before these.

        Returns logits (B, T, V). ValueError for more tokens than the context has positions.
        """
        x = self._embedded(np.asarray(ids), caches[0].length if caches else 0)
        for i, layer in enumerate(self.layers):
            x = layer(x, cache=caches[i] if caches else None)
        if self.norm:
            x = self.norm(x)
        return F.linear(x, self.embedding.weight) if self.config.tied else self.head(x)

    def _embedded(self, ids, start):
        end = start + ids.shape[1]
        if end > self.config.context:
            raise ValueError(f"{end} tokens do not fit into a context of {self.config.context}")
        x = self.embedding(ids)
        if self.config.positions == "learned":
            return x + self.positions.weight[start:end]
        if self.config.positions == "sinusoidal":
            x = x * self.config.width**0.5  # as large as sines are: Vaswani et al. (2017), section 3.4
            return x + sinusoidal_positions(end, self.config.width, self.dtype)[start:]
        return x

    def start(self):
        """What the model remembers before the first token: an empty cache of keys and values for every layer."""
        return [Cache(self.config.context) for _ in self.layers]

    def loss(self, batch, state=None):
        """The nats per token of a Batch, and None: no state goes on from one batch to another."""
        mask = None if batch.mask.all() else batch.mask
        return F.cross_entropy(self(batch.inputs), batch.targets, mask), None

    def step(self, caches, token):
        """Read one token: the logits (V,) of the next one, and the caches, which now hold it. For `generate`."""
        with no_grad():
            return self([[token]], caches).data[0, -1], caches
