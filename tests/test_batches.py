"""Padding, masks, shifted targets, and streams that go on from batch to batch."""

import numpy as np
import pytest
import torch
from nextword.batches import endless, epoch, language_batch, pad, stream_batches, tagging_batch

SENTENCES = [np.array([5, 6, 7]), np.array([], int), np.array([8])]


def test_pad_equals_torchs_pad_sequence():
    array, mask = pad(SENTENCES, value=9)
    expected = torch.nn.utils.rnn.pad_sequence([torch.tensor(s) for s in SENTENCES], True, 9)
    np.testing.assert_array_equal(array, expected)
    np.testing.assert_array_equal(mask.sum(axis=1), [3, 0, 1])
    assert not (np.diff(mask.astype(int), axis=1) > 0).any(), "padding stands at the end"


def test_pad_of_nothing_is_empty():
    assert pad([])[0].shape == (0, 0)


def test_language_batch_shifts_targets_by_one():
    batch = language_batch(SENTENCES, bos=1, eos=2, padding=0)
    np.testing.assert_array_equal(batch.inputs, [[1, 5, 6, 7], [1, 0, 0, 0], [1, 8, 0, 0]])
    np.testing.assert_array_equal(batch.targets, [[5, 6, 7, 2], [2, 0, 0, 0], [8, 2, 0, 0]])
    np.testing.assert_array_equal(batch.mask, batch.targets > 0)
    assert batch.tokens == 7 and batch.lengths.tolist() == [4, 1, 2]


@pytest.mark.parametrize("padding", [0, 1, 2])
def test_every_token_of_a_sentence_and_its_end_is_predicted_once_whatever_the_padding(padding):
    batch = language_batch(SENTENCES, bos=1, eos=2, padding=padding)
    for row, sentence in enumerate(SENTENCES):
        assert batch.targets[row][batch.mask[row]].tolist() == [*sentence, 2]
        assert batch.inputs[row][batch.mask[row]].tolist() == [1, *sentence]


def test_tagging_batch_keeps_words_and_tags_together():
    batch = tagging_batch([[4, 5], [6]], [[1, 0], [2]], padding=3)
    assert batch.inputs.tolist() == [[4, 5], [6, 3]] and batch.targets.tolist() == [[1, 0], [2, 0]]
    with pytest.raises(ValueError, match="as many tags"):
        tagging_batch([[4, 5], [6]], [[1], [2, 0]])


def test_an_epoch_has_every_example_once():
    batches = list(epoch(range(10), 4, np.random.default_rng(0)))
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert sorted(sum(batches, [])) == list(range(10)) != sum(batches, [])
    assert sum(epoch(range(10), 4), []) == list(range(10))


def test_endless_shuffles_every_epoch_anew():
    batches = endless(range(6), 3, np.random.default_rng(0), make=tuple)
    epochs = [next(batches) + next(batches) for _ in range(3)]
    assert all(sorted(one) == list(range(6)) for one in epochs)
    assert len(set(epochs)) == 3


def test_stream_batches_go_on_where_the_last_one_stopped():
    ids = np.arange(100, 130)
    batches = list(stream_batches(ids, rows=4, length=3))
    inputs = np.concatenate([batch.inputs for batch in batches], axis=1)
    assert inputs.tolist() == [list(range(100 + 7 * row, 106 + 7 * row)) for row in range(4)]
    for batch in batches:
        np.testing.assert_array_equal(batch.targets, batch.inputs + 1)
        assert batch.mask.all() and batch.inputs.shape == (4, 3)


def test_stream_batches_use_the_last_token_as_a_target():
    (batch,) = stream_batches(np.arange(7), rows=2, length=3)
    assert batch.targets.tolist() == [[1, 2, 3], [4, 5, 6]]


def test_a_stream_that_is_too_short_says_so():
    with pytest.raises(ValueError, match="too few"):
        next(stream_batches(np.arange(6), rows=2, length=3))
