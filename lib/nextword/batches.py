"""Mini-batches of sequences of different lengths: padding, masks, and the targets of a language model.

    ids = [vocab.encode(sentence) for sentence in narwhals.train]
    for batch in epoch(ids, 64, rng, make=lambda part: language_batch(part, vocab.bos, vocab.eos)):
        loss = F.cross_entropy(model(batch.inputs), batch.targets, batch.mask)

Rows are sequences. Padding stands at the end of a row, where nothing that reads from left to right ever meets
it, and the mask keeps it out of the loss.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Batch:
    """B sequences of at most T tokens; a row that is shorter ends in padding.

    inputs: int64 (B, T), what the model reads. targets: int64 (B, T), what it should say at each position.
    mask: bool (B, T), True where there is a token and False where there is padding.
    """

    inputs: np.ndarray
    targets: np.ndarray
    mask: np.ndarray

    @property
    def lengths(self):
        """How many tokens each row has: (B,)."""
        return self.mask.sum(axis=1)

    @property
    def tokens(self):
        """How many targets count: what a loss per token is divided by."""
        return int(np.count_nonzero(self.mask))


def pad(sequences, value=0):
    """B sequences of ids, each of its own length, as one array.

    Returns (array int64 (B, T), mask bool (B, T)), T the greatest length; `value` fills the ends of the rows.
    """
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    mask = np.arange(lengths.max(initial=0)) < lengths[:, None]
    array = np.full(mask.shape, value, np.int64)
    if len(lengths):
        array[mask] = np.concatenate([np.asarray(sequence, np.int64) for sequence in sequences])
    return array, mask


def language_batch(sentences, bos, eos, padding=0):
    """The batch of a language model: it reads bos w_1 ... w_n and should say w_1 ... w_n eos.

    sentences: B sequences of ids without marks; bos, eos, padding: ids. T is the greatest length plus one.
    """
    tokens, mask = pad([[bos, *sentence, eos] for sentence in sentences], padding)
    mask = mask[:, 1:]  # as many pairs (token, next token) as there are tokens after the first
    return Batch(np.where(mask, tokens[:, :-1], padding), tokens[:, 1:], mask)


def tagging_batch(sentences, tags, padding=0):
    """The batch of a tagger: it reads the words (as ids) and should say the tag (as an id) of each."""
    inputs, mask = pad(sentences, padding)
    targets, same = pad(tags, 0)
    if mask.shape != same.shape or (mask != same).any():
        raise ValueError("every sentence needs as many tags as it has words")
    return Batch(inputs, targets, mask)


def epoch(examples, size, rng=None, make=list):
    """Every example once, in batches of `size` (the last may be smaller): yields make([example, ...]).

    examples: a sequence. rng: a NumPy generator that shuffles; without it the examples come in their order.
    """
    order = np.arange(len(examples)) if rng is None else rng.permutation(len(examples))
    for start in range(0, len(order), size):
        yield make([examples[i] for i in order[start : start + size]])


def endless(examples, size, rng, make=list):
    """Epoch after epoch, each shuffled anew: batches of training for as long as they are asked for."""
    while True:
        yield from epoch(examples, size, rng, make)


def stream_batches(ids, rows, length):
    """Consecutive pieces of one long text for truncated backpropagation through time.

    ids: (N,), a text. It is cut into `rows` streams of equal length that are read side by side, `length`
    tokens at a time: row b of a batch goes on where row b of the last one stopped. What fills no batch is
    dropped. Yields Batches of shape (rows, length); targets are the inputs shifted by one, also from batch to
    batch.
    """
    ids = np.asarray(ids)
    steps = (len(ids) - 1) // rows
    if steps < length:
        raise ValueError(f"{len(ids)} tokens are too few for {rows} rows of {length} and their targets")
    inputs = ids[: rows * steps].reshape(rows, steps)
    targets = ids[1 : rows * steps + 1].reshape(rows, steps)
    mask = np.ones((rows, length), bool)
    for start in range(0, steps - length + 1, length):
        yield Batch(inputs[:, start : start + length], targets[:, start : start + length], mask)
