"""From text to tokens to ids and back."""

import re

import numpy as np

BOS = "<s>"
EOS = "</s>"
UNK = "<unk>"

# A word keeps its inner apostrophes and hyphens (know't, factory-farm); other visible characters are tokens.
_TOKEN = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")


def tokenize(text):
    """Split `text` into lower-case words and single punctuation marks.

    text: str. Returns a list of str; white space separates tokens and is not one.
    """
    return _TOKEN.findall(text.lower())


class Vocab:
    """A fixed list of tokens and the number, the id, of each.

    tokens: any iterable of str (a string is one of its characters); repetitions and order do not matter.
    specials: tokens that come first, in the given order. The others follow in alphabetical order.
    Attributes: `tokens`, a tuple of str in the order of the ids; `bos`, `eos`, `unk`, their ids, or None.
    """

    def __init__(self, tokens, specials=(BOS, EOS, UNK)):
        self.tokens = (*specials, *sorted(set(tokens).difference(specials)))
        self._ids = {token: i for i, token in enumerate(self.tokens)}
        self.bos, self.eos, self.unk = (self._ids.get(token) for token in (BOS, EOS, UNK))

    @classmethod
    def characters(cls, text):
        """A vocabulary of the characters of `text`, without BOS, EOS or unknown."""
        return cls(text, specials=())

    def __len__(self):
        return len(self.tokens)

    def __contains__(self, token):
        return token in self._ids

    def __repr__(self):
        return f"Vocab({len(self)} tokens)"

    def encode(self, tokens):
        """The ids of `tokens`, an iterable of T str, as an int64 array (T,).

        A token outside the vocabulary becomes `unk`; KeyError where the vocabulary has no `unk`.
        """
        if self.unk is None:
            try:
                return np.fromiter(map(self._ids.__getitem__, tokens), np.int64)
            except KeyError as error:
                message = f"{error.args[0]!r} is not in the vocabulary, and the vocabulary has no {UNK}"
                raise KeyError(message) from None
        return np.fromiter((self._ids.get(token, self.unk) for token in tokens), np.int64)

    def decode(self, ids):
        """The tokens of `ids`, an iterable of T int in [0, V), as a list of T str; else IndexError."""
        return [self.tokens[i] for i in map(self._checked, ids)]

    def _checked(self, i):
        if not 0 <= i < len(self.tokens):
            raise IndexError(f"{i} is not an id of this vocabulary: its ids go from 0 to {len(self) - 1}")
        return i

    def stream(self, sentences, n):
        """All `sentences` as one int64 array: n - 1 times `bos`, the words, `eos`, sentence after sentence.

        sentences: an iterable of sequences of str. What `nextword.ngram.count` takes.
        """
        opening, closing = [BOS] * (n - 1), [EOS]
        parts = (part for sentence in sentences for part in (opening, sentence, closing))
        return self.encode(token for part in parts for token in part)
