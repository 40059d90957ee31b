"""The transformer against PyTorch in float64; sizes of the GPTs; the cache; the ladder."""

import math

import numpy as np
import pytest
import torch
from nextword import batches, corpora, decoding, ladder, text
from nextword import transformer as tr
from nextword.autodiff import Tensor
from nextword.rnn import evaluate, train

RNG = np.random.default_rng(6)
GELU = {"gelu": lambda x: torch.nn.functional.gelu(x, approximate="tanh"), "relu": torch.nn.functional.relu}


def random_parameters(peer):
    with torch.no_grad():
        for p in peer.parameters():
            p.copy_(torch.tensor(0.4 * RNG.standard_normal(p.shape)))
    return peer


def torch_layer(config):
    return random_parameters(torch.nn.TransformerEncoderLayer(
        config.width, config.heads, config.hidden, dropout=0.0, activation=GELU[config.activation],
        batch_first=True, norm_first=config.norm_first, dtype=torch.float64))


def assert_close(got, wanted, name=""):
    wanted = wanted.detach().numpy()
    np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-9 * np.abs(wanted).max(), err_msg=name)


@pytest.mark.parametrize("activation", ["gelu", "relu"])
@pytest.mark.parametrize("norm_first", [True, False])
def test_layer_agrees_with_torch(activation, norm_first):
    B, T = 3, 5
    config = tr.Config(9, width=12, heads=3, inner=14, activation=activation, norm_first=norm_first)
    layer, peer = tr.TransformerLayer(config, RNG, "float64"), torch_layer(config)
    layer.load_state_dict(peer.state_dict())
    x, cotangent = RNG.standard_normal((2, B, T, 12))
    ours, theirs = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    value = layer(ours)
    expected = peer(theirs, src_mask=torch.ones(T, T, dtype=torch.bool).triu(1))
    value.backward(cotangent)
    expected.backward(torch.tensor(cotangent))
    assert_close(value.data, expected)
    assert_close(ours.grad, theirs.grad)
    gradients = {name: p.grad for name, p in peer.named_parameters()}
    for name, p in layer.named_parameters():
        assert_close(p.grad, gradients[name], name)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("positions", ["learned", "sinusoidal", "none"])
def test_language_model_agrees_with_torch(positions, tied):
    B, T, V, d = 3, 5, 11, 8
    config = tr.Config(V, width=d, layers=2, heads=2, context=7, inner=10, positions=positions, tied=tied)
    model = tr.TransformerLM(config, RNG, "float64")
    peers = [torch_layer(config) for _ in range(2)]
    norm = random_parameters(torch.nn.LayerNorm(d, dtype=torch.float64))
    state = model.state_dict()
    for i, peer in enumerate(peers):
        state |= {f"layers.{i}.{name}": p.detach() for name, p in peer.state_dict().items()}
    model.load_state_dict(state | {f"norm.{name}": p for name, p in norm.state_dict().items()})
    leaves = {name: torch.tensor(p, requires_grad=True) for name, p in model.state_dict().items()
              if not name.startswith(("layers", "norm"))}
    ids, targets = RNG.integers(0, V, (2, B, T))

    x = leaves["embedding.weight"][torch.tensor(ids)]
    if positions == "learned":
        x = x + leaves["positions.weight"][:T]
    elif positions == "sinusoidal":
        angles = torch.arange(T)[:, None] * 10000.0 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
        x = x * math.sqrt(d) + torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)
    for peer in peers:
        x = peer(x, src_mask=torch.ones(T, T, dtype=torch.bool).triu(1))
    logits = norm(x) @ leaves["embedding.weight" if tied else "head.weight"].T
    torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten()).backward()

    value = model(ids)
    loss, _ = model.loss(batches.Batch(ids, targets, np.ones((B, T), bool)))
    loss.backward()
    assert_close(value.data, logits)
    theirs = {name: p.grad for name, p in leaves.items()} | {f"norm.{n}": p.grad for n, p in norm.named_parameters()}
    theirs |= {f"layers.{i}.{name}": p.grad for i, peer in enumerate(peers) for name, p in peer.named_parameters()}
    for name, p in model.named_parameters():
        assert_close(p.grad, theirs[name], name)


@pytest.mark.parametrize("options", [
    {}, {"positions": "rotary"}, {"kv_heads": 1}, {"tied": False}, {"inner": 0}, {"norm_first": False},
    {"positions": "none", "inner": 5, "kv_heads": 2, "activation": "relu"},
], ids=lambda options: ",".join(options) or "default")
def test_parameters_are_counted_right(options):
    config = tr.Config(23, width=16, layers=3, heads=4, context=9, **options)
    model = tr.TransformerLM(config, RNG)
    assert sum(p.data.size for p in model.parameters()) == sum(tr.parameter_counts(config).values())


@pytest.mark.parametrize("config, parameters", [
    (tr.GPT1, 116_534_784), (tr.GPT2_SMALL, 124_439_808), (tr.GPT2_MEDIUM, 354_823_168),
    (tr.GPT2_LARGE, 774_030_080), (tr.GPT2_XL, 1_557_611_200), (tr.GPT3, 174_604_259_328),
])
def test_the_gpts_have_the_published_sizes(config, parameters):
    assert sum(tr.parameter_counts(config).values()) == parameters


@pytest.mark.parametrize("positions", ["learned", "sinusoidal", "rotary", "none"])
@pytest.mark.parametrize("kv_heads", [None, 2])
def test_a_cache_changes_no_token(positions, kv_heads):
    config = tr.Config(13, width=16, layers=2, heads=4, context=20, positions=positions, kv_heads=kv_heads)
    model, uniforms = tr.TransformerLM(config, RNG), RNG.random(12)
    for p in model.parameters():
        p.data[...] = RNG.standard_normal(p.shape)
    cached = decoding.generate(model.step, model.start(), [1, 5, 2], uniforms, temperature=9.0)
    written = []
    for u in uniforms:
        written.append(decoding.sample(model([[1, 5, 2, *written]]).data[0, -1], u, temperature=9.0))
    assert cached == written and len(set(written)) > 3


def test_nothing_leaks_through_a_whole_model():
    model = tr.TransformerLM(tr.Config(13, width=16, layers=2, heads=4, context=8), RNG)
    ids = RNG.integers(0, 13, (2, 8))
    changed = ids.copy()
    changed[:, 5:] = (ids[:, 5:] + 1) % 13
    before, after = model(ids).data, model(changed).data
    assert np.array_equal(before[:, :5], after[:, :5]) and not np.allclose(before[:, 5:], after[:, 5:])


def test_padding_counts_neither_in_the_loss_nor_in_a_gradient():
    model = tr.TransformerLM(tr.Config(13, width=16, layers=1, heads=4, context=8), RNG, "float64")
    short, long = RNG.integers(2, 13, 3), RNG.integers(2, 13, 6)
    losses, gradients = [], []
    for padding in (0, 7):
        model.zero_grad()
        loss, _ = model.loss(batches.language_batch([short, long], 0, 1, padding))
        loss.backward()
        losses.append(loss.item())
        gradients.append([p.grad for p in model.parameters()])
    alone = [model.loss(batches.language_batch([s], 0, 1))[0].item() * (len(s) + 1) for s in (short, long)]
    assert losses == pytest.approx([sum(alone) / (len(short) + len(long) + 2)] * 2, rel=1e-12)
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-15)


def test_errors_say_what_does_not_fit():
    with pytest.raises(ValueError, match="positions are one of learned"):
        tr.TransformerLM(tr.Config(9, positions="relative"), RNG)
    with pytest.raises(ValueError, match="9 tokens do not fit into a context of 8"):
        tr.TransformerLM(tr.Config(9, context=8), RNG)(np.zeros((1, 9), int))


def test_it_learns_narwhals_past_every_counted_model():
    """Two hundred steps suffice to pass the best n-gram."""
    narwhals, rng = corpora.narwhals(), np.random.default_rng(0)
    vocab = text.Vocab(narwhals.vocabulary, specials=(text.BOS, text.EOS))

    def make(sentences):
        return batches.language_batch([vocab.encode(s) for s in sentences], vocab.bos, vocab.eos)

    model = tr.TransformerLM(tr.Config(len(vocab), width=48, layers=1, heads=4, context=32), rng)
    train(model, batches.endless(narwhals.train, 32, rng, make), 500, lr=5e-3, progress=False)
    rung = ladder.judge("a small transformer", model)
    assert rung.loss < ladder.LOSSES["4-gram, Witten-Bell"]
    assert rung.above > -rung.error, "nothing beats the language itself: this model saw what it should predict"
    assert rung.loss == pytest.approx(evaluate(model, batches.epoch(narwhals.test, 250, make=make)), rel=1e-5)


def test_the_counted_rungs_of_the_ladder_are_what_counting_gives():
    for _, rung in zip(range(7), ladder.measure(), strict=False):
        assert ladder.LOSSES[rung.name] == pytest.approx(rung.loss, abs=1e-4), "run make ladder, and correct LOSSES"
        assert rung.above > -rung.error


def test_a_model_that_cheats_is_seen_below_the_grammar():
    """Half a nat per sentence less than the grammar itself: more luck than 2,000 sentences allow."""
    data = ladder.Data()
    rung = data.rung("cheat", None, data.grammar - 0.5 * np.random.default_rng(0).random(len(data.grammar)))
    assert rung.above < -5 * rung.error


def test_the_ladder_goes_down_from_model_to_model():
    best = list(ladder.LOSSES.values())
    counted = min(best[:7])
    rnn, attention, transformer = best[7:]
    floor = corpora.narwhals().entropy_per_token
    assert counted > rnn + 0.1 and rnn > attention + 0.1 and attention > transformer > floor


def test_the_ladder_knows_its_rungs():
    with pytest.raises(KeyError, match="no rung 'LSTM' on the ladder: uniform, 1-gram"):
        ladder.show("LSTM")
