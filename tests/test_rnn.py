"""The Elman network, the language model and the tagger against torch.nn.RNN with copied weights."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from nextword import batches, corpora, plots_rnn
from nextword.autodiff import Tensor, no_grad, topological_order
from nextword.batches import Batch, language_batch, stream_batches, tagging_batch
from nextword.decoding import generate
from nextword.optim import SGD
from nextword.rnn import RNNLM, Elman, Tagger, elman, evaluate, train
from nextword.text import Vocab

matplotlib.use("Agg")

B, T, D, H, V, K = 3, 5, 4, 6, 7, 2     # pairwise different: an axis in the wrong place cannot hide


def torch_rnn(cell, reverse_cell=None):
    """torch.nn.RNN with the weights of our cells."""
    bidirectional = reverse_cell is not None
    features = cell.W_xh.shape[1]
    peer = torch.nn.RNN(features, H, batch_first=True, bidirectional=bidirectional, dtype=torch.float64)
    state = {}
    for suffix, part in (("", cell), ("_reverse", reverse_cell))[: 1 + bidirectional]:
        state |= {f"weight_ih_l0{suffix}": part.W_xh.data, f"weight_hh_l0{suffix}": part.W_hh.data,
                  f"bias_ih_l0{suffix}": part.b_h.data, f"bias_hh_l0{suffix}": np.zeros(H)}
    peer.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
    return peer


def assert_same(pairs):
    for ours, theirs in pairs:
        assert ours.dtype == np.float64
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-9, atol=1e-12)


def cell_gradients(cell, peer, suffix=""):
    names = {"W_xh": "weight_ih_l0", "W_hh": "weight_hh_l0", "b_h": "bias_ih_l0"}
    return [(getattr(cell, ours).grad, getattr(peer, theirs + suffix).grad) for ours, theirs in names.items()]


@pytest.mark.parametrize("with_h0", [False, True])
def test_elman_equals_torch_rnn_with_all_gradients(with_h0):
    rng = np.random.default_rng(1)
    cell = Elman(D, H, rng, dtype="float64")
    peer = torch_rnn(cell)
    x, h0, g = (rng.standard_normal(shape) for shape in [(B, T, D), (B, H), (B, T, H)])
    x_ours, h_ours = Tensor(x, requires_grad=True), Tensor(h0, requires_grad=True)
    x_theirs, h_theirs = torch.tensor(x, requires_grad=True), torch.tensor(h0[None], requires_grad=True)
    ours = cell(x_ours, h_ours if with_h0 else None)
    theirs, _ = peer(x_theirs, h_theirs if with_h0 else None)
    ours.backward(g)
    theirs.backward(torch.tensor(g))
    pairs = [(ours.data, theirs), (x_ours.grad, x_theirs.grad), *cell_gradients(cell, peer)]
    assert_same(pairs + ([(h_ours.grad, h_theirs.grad[0])] if with_h0 else []))


def test_elman_is_one_node_for_all_steps():
    a, W_hh = Tensor(np.ones((T, B, H)), requires_grad=True), Tensor(np.eye(H), requires_grad=True)
    states = elman(a, W_hh)
    assert topological_order(states) == [states]


def test_elman_backward_twice_gives_the_same_gradients():
    rng = np.random.default_rng(2)
    a, W_hh = (Tensor(rng.standard_normal(shape), requires_grad=True) for shape in [(T, B, H), (H, H)])
    states, g = elman(a, W_hh), rng.standard_normal((T, B, H))
    states.backward(g)
    once = W_hh.grad.copy(), a.grad.copy()
    states.backward(g)
    np.testing.assert_array_equal(W_hh.grad, 2 * once[0])
    np.testing.assert_array_equal(a.grad, 2 * once[1])


def test_words_equal_their_embeddings():
    rng = np.random.default_rng(3)
    cell, ids = Elman(D, H, rng, dtype="float64"), rng.integers(V, size=(B, T))
    table, g = rng.standard_normal((V, D)), rng.standard_normal((T, B, H))
    grads = []
    for by_word in (False, True):
        leaf = Tensor(table, requires_grad=True)
        cell.zero_grad()
        if by_word:
            states = cell.of_words(ids, leaf)
            states.backward(g)
        else:
            states = cell(leaf[ids])
            states.backward(g.swapaxes(0, 1))
        grads.append([p.grad for p in [leaf, *cell.parameters()]])
    for one, other in zip(*grads, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


def test_language_model_equals_torch_modules():
    rng = np.random.default_rng(4)
    model = RNNLM(V, D, H, rng, dtype="float64")
    embedding = torch.nn.Embedding(V, D, dtype=torch.float64)
    head = torch.nn.Linear(H, V, dtype=torch.float64)
    embedding.load_state_dict({"weight": torch.tensor(model.embedding.weight.data)})
    head.load_state_dict({name: torch.tensor(p.data) for name, p in model.head.named_parameters()})
    peer = torch_rnn(model.cell)
    batch = language_batch([[3, 4, 3, 5], [6], [5, 5]], bos=1, eos=2, padding=0)
    logits = head(peer(embedding(torch.tensor(batch.inputs)))[0])
    targets = torch.tensor(np.where(batch.mask, batch.targets, -100))
    expected = torch.nn.functional.cross_entropy(logits.reshape(-1, V), targets.reshape(-1))
    expected.backward()
    loss, _ = model.loss(batch)
    loss.backward()
    assert_same([(model(batch.inputs).data, logits), (loss.data, expected)])
    assert_same(cell_gradients(model.cell, peer))
    assert_same([(model.embedding.weight.grad, embedding.weight.grad),
                 (model.head.weight.grad, head.weight.grad), (model.head.bias.grad, head.bias.grad)])


def test_padding_changes_neither_loss_nor_gradients():
    rng = np.random.default_rng(5)
    model = RNNLM(V, D, H, rng, dtype="float64")
    sentences = [[3, 4, 3, 5], [6], [5, 5]]
    gradients = []
    for padding in (0, 4):
        model.zero_grad()
        model.loss(language_batch(sentences, 1, 2, padding))[0].backward()
        gradients.append([p.grad for p in model.parameters()])
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)
    alone = [language_batch([sentence], 1, 2) for sentence in sentences]
    together = [language_batch(sentences, 1, 2)]
    assert evaluate(model, alone) == pytest.approx(evaluate(model, together), rel=1e-12)


def test_evaluate_weights_batches_by_their_tokens():
    model = RNNLM(V, D, H, np.random.default_rng(6), dtype="float64")
    long, short = language_batch([[3, 4, 3, 5]] * 3, 1, 2), language_batch([[6]], 1, 2)
    losses = [model.loss(batch)[0].item() for batch in (long, short)]
    assert evaluate(model, [long, short]) == pytest.approx((15 * losses[0] + 2 * losses[1]) / 17)


def test_one_step_at_a_time_gives_the_logits_of_the_whole():
    rng = np.random.default_rng(7)
    model, ids = RNNLM(V, D, H, rng, dtype="float64"), rng.integers(V, size=T)
    state, logits = model.start(), []
    for token in ids:
        one, state = model.step(state, token)
        logits.append(one)
    with no_grad():
        np.testing.assert_allclose(model(ids[None]).data[0], logits, rtol=1e-12)
    assert model.start(B).shape == (B, H)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_tagger_equals_torch_on_packed_sentences(bidirectional):
    rng = np.random.default_rng(8)
    model = Tagger(V, K, D, H, rng, bidirectional, dtype="float64")
    peer = torch_rnn(*model.cells)
    batch = tagging_batch([[3, 4, 3, 5], [6], [5, 5, 0]], [[1, 0, 0, 1], [1], [0, 1, 1]], padding=2)
    table = torch.tensor(model.embedding.weight.data, requires_grad=True)
    x, lengths = table[torch.tensor(batch.inputs)], torch.tensor(batch.lengths)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    states, _ = torch.nn.utils.rnn.pad_packed_sequence(peer(packed)[0], batch_first=True)
    logits = states @ torch.tensor(model.head.weight.data).T + torch.tensor(model.head.bias.data)
    targets = torch.tensor(np.where(batch.mask, batch.targets, -100))
    expected = torch.nn.functional.cross_entropy(logits.reshape(-1, K), targets.reshape(-1))
    expected.backward()
    loss, _ = model.loss(batch)
    loss.backward()
    assert_same([(model(batch.inputs, batch.mask).data, logits), (loss.data, expected),
                 (model.embedding.weight.grad, table.grad)])
    for cell, suffix in zip(model.cells, ["", "_reverse"], strict=False):
        assert_same(cell_gradients(cell, peer, suffix))
    np.testing.assert_array_equal(model.predict(batch), logits.argmax(dim=-1))


def test_training_on_one_batch_overfits_it():
    model = RNNLM(V, 8, 16, np.random.default_rng(9))
    batch = language_batch([[3, 4, 3, 5], [6, 6], [5, 4, 4]], 1, 2)
    losses = train(model, [batch] * 150, steps=150, lr=0.02, progress=False)
    assert losses[0] > 1.5
    assert losses[-1] < 0.36    # the first word of three is chance: ln 3 for 3 of 12 tokens is 0.27


def test_training_steps_are_sgd_on_the_gradient_scaled_to_the_maximal_norm():
    model, twin = (RNNLM(V, D, H, np.random.default_rng(10), dtype="float64") for _ in range(2))
    batch = language_batch([[3, 4, 3, 5], [6, 6]], 1, 2)
    train(model, [batch], steps=1, optimizer=SGD(model.parameters(), lr=0.5), max_norm=0.01, progress=False)
    twin.loss(batch)[0].backward()
    norm = np.sqrt(sum((p.grad**2).sum() for p in twin.parameters()))
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        np.testing.assert_allclose(p.data, q.data - 0.5 * 0.01 / norm * q.grad, rtol=1e-5, atol=1e-9)


def test_training_stops_with_the_batches_and_reports_every_step():
    model, seen = RNNLM(V, D, H, np.random.default_rng(11)), []
    batches = [language_batch([[3, 4]], 1, 2)] * 4
    losses = train(model, batches, steps=9, on_step=lambda *step: seen.append(step), progress=False)
    assert seen == list(enumerate(losses, start=1)) and len(losses) == 4


def test_state_is_carried_to_the_next_chunk_and_gradients_are_not():
    model = RNNLM(V, D, H, np.random.default_rng(12), dtype="float64")
    ids = np.random.default_rng(0).integers(V, size=2 * T * B + 2)
    first, second = stream_batches(ids, rows=B, length=T)
    whole = Batch(*(np.concatenate([getattr(first, name), getattr(second, name)], axis=1)
                    for name in ("inputs", "targets", "mask")))
    loss_1, state = model.loss(first)
    assert type(state) is np.ndarray and state.shape == (B, H)
    loss_2, _ = model.loss(second, state)
    assert (loss_1.item() + loss_2.item()) / 2 == pytest.approx(model.loss(whole)[0].item(), rel=1e-12)
    loss_2.backward()
    only_first = np.setdiff1d(first.inputs, second.inputs)
    assert len(only_first)
    np.testing.assert_array_equal(model.embedding.weight.grad[only_first], 0.0)


def test_samples_of_a_trained_model_are_sentences_it_has_seen():
    model = RNNLM(V, 8, 16, np.random.default_rng(13))
    train(model, [language_batch([[3, 4, 5], [6, 5]], 1, 2)] * 150, steps=150, lr=0.02, progress=False)
    texts = [generate(model.step, model.start(), [1], [u] * 9, eos=2) for u in np.linspace(0.05, 0.95, 8)]
    assert {tuple(text) for text in texts} == {(3, 4, 5, 2), (6, 5, 2)}


def test_training_curve_names_every_line_and_its_units():
    plots_rnn.training_curve([3.0, 2.0, 1.9], [(0, 5.0), (3, 1.8)], {"trigram": 1.77, "4-gram": 1.75}, floor=1.27)
    ax = plt.gca()
    texts = {text.get_text(): text.xy[1] for text in ax.texts}
    assert set(texts) == {"trigram, 1.77", "4-gram, 1.75", "entropy, 1.27"}
    assert texts["trigram, 1.77"] - texts["4-gram, 1.75"] > 0.05, "names of neighbouring lines are pushed apart"
    assert ax.get_ylabel() == "loss (nats per token)" and ax.get_xlabel() == "batches"
    plt.close()


def test_tag_accuracy_has_a_bar_for_each_word_and_tagger():
    shares = {"old": 0.6, "man": 0.9}
    plots_rnn.tag_accuracy({"one": shares, "other": shares}, ["man", "old"], best={"old": 0.7})
    ax = plt.gca()
    assert [bar.get_width() for bar in ax.patches] == [90, 60, 90, 60]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["man", "old"]
    assert "percent" in ax.get_xlabel()
    plt.close()


def test_reading_both_ways_wins_where_the_next_word_decides():
    """The tag of "old" (noun or adjective), "her" and "that" shows in the word after it."""
    narwhals = corpora.narwhals()
    vocab, tag_id = Vocab(narwhals.vocabulary), {tag: i for i, tag in enumerate(narwhals.tag_set)}

    def make(examples):
        sentences, tags = zip(*examples, strict=True)
        return batches.tagging_batch([vocab.encode(s) for s in sentences], [[tag_id[t] for t in row] for row in tags])

    def accuracy(bidirectional):
        rng = np.random.default_rng(0)
        model = Tagger(len(vocab), len(tag_id), 16, 32, rng, bidirectional)
        train(model, batches.endless(list(zip(narwhals.train, narwhals.train_tags, strict=True)), 32, rng, make), 400,
              lr=1e-2, progress=False)
        batch = make(zip(narwhals.test[:1000], narwhals.test_tags[:1000], strict=True))
        right = model.predict(batch) == batch.targets
        next_decides = np.isin(batch.inputs, vocab.encode(["old", "young", "her", "that"])) & batch.mask
        return right[next_decides].mean(), right[batch.mask & ~next_decides].mean()

    (one_way, elsewhere), (both_ways, elsewhere_too) = accuracy(False), accuracy(True)
    assert both_ways > 0.97 > 0.9 > one_way
    assert min(elsewhere, elsewhere_too) > 0.95
