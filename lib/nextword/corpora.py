"""The texts of the course: narwhals (always here, entropy known), Shakespeare and names (downloaded once).

    from nextword import corpora

    narwhals = corpora.narwhals()
    narwhals.train[0]              # ("the", "cow", "that", ..., ".")
    narwhals.entropy_per_token     # the floor: no model can have a lower loss, in nats per token

Sentences are tuples of words without marks for beginning and end; BOS and EOS are here for models to add.
"""

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from nextword import grammar as grammars

BOS = "<s>"
EOS = grammars.END

Sentence = tuple[str, ...]


# The corpus whose entropy is known


SIZES = {"train": 20_000, "validation": 2_000, "test": 2_000}
# By luck alone, two thousand sentences are easier or harder than the language by about 0.008 nats per token.
# With these seeds the grammar itself scores within 0.0002 of its entropy on each split, so that the ladder
# stands on the floor that it shows.
SEEDS = {"train": 2, "validation": 18, "test": 26}


@dataclass(frozen=True)
class GrammarCorpus:
    """Sentences drawn from an unambiguous grammar, their tags, and what the grammar knows exactly."""

    grammar: grammars.Grammar = field(repr=False)
    train: tuple[Sentence, ...] = field(repr=False)
    validation: tuple[Sentence, ...] = field(repr=False)
    test: tuple[Sentence, ...] = field(repr=False)
    train_tags: tuple[Sentence, ...] = field(repr=False)
    validation_tags: tuple[Sentence, ...] = field(repr=False)
    test_tags: tuple[Sentence, ...] = field(repr=False)
    vocabulary: tuple[str, ...] = field(repr=False)     # every word of the language, sorted
    tag_set: tuple[str, ...] = field(repr=False)        # every tag, sorted
    entropy_per_sentence: float                         # nats
    expected_length: float                              # tokens of a sentence, its end included

    @property
    def entropy_per_token(self) -> float:
        """The floor of the loss ladder: nats per token, the end of a sentence counted as a token."""
        return self.entropy_per_sentence / self.expected_length

    def sentences(self, split: str) -> tuple[Sentence, ...]:
        """The sentences of "train", "validation" or "test"; ValueError for another name."""
        return getattr(self, _known_split(split))

    def tags(self, split: str) -> tuple[Sentence, ...]:
        """The part-of-speech tags of a split, one for each word of sentences(split)."""
        return getattr(self, f"{_known_split(split)}_tags")

    def grammar_loss(self, split: str) -> float:
        """What the grammar itself scores on a split, in nats per token: the floor and the draw's luck."""
        sentences = self.sentences(split)
        return -sum(map(self.sentence_log_prob, sentences)) / sum(len(words) + 1 for words in sentences)

    def sentence_log_prob(self, sentence: Sequence[str]) -> float:
        """Exact log probability in nats, the end included; -inf for what is no sentence of the language."""
        return self.grammar.log_prob(sentence)

    def next_word_distribution(self, prefix: Sequence[str]) -> dict[str, float]:
        """Exact p(word | prefix) for what can follow, EOS included; KeyError if no sentence begins so."""
        return self.grammar.next_word_distribution(prefix)

    def tag_distribution(self, prefix: Sequence[str]) -> dict[str, float]:
        """Exact p(tag of the last word | prefix): the best that a tagger can do without looking ahead."""
        return self.grammar.tag_distribution(prefix)


def _known_split(split: str) -> str:
    if split not in SIZES:
        raise ValueError(f"there is no split {split!r}: choose one of {', '.join(SIZES)}")
    return split


@cache
def narwhals() -> GrammarCorpus:
    """The course's own corpus: sentences about narwhals and cows, the same on every machine."""
    from nextword import narwhals

    grammar = narwhals.grammar()
    sentences, tags = {}, {}
    for split, size in SIZES.items():
        uniform = random.Random(SEEDS[split]).random
        drawn = (grammar.sample(uniform) for _ in range(size))
        sentences[split], tags[f"{split}_tags"] = zip(*drawn, strict=True)
    return GrammarCorpus(grammar=grammar, **sentences, **tags, vocabulary=grammar.vocabulary,
                         tag_set=grammar.tag_set, entropy_per_sentence=grammar.entropy,
                         expected_length=grammar.expected_words + 1)


# Small enough to count by hand: after "cows eat" and after "narwhals are" the counts are the lectures'


@cache
def lecture_cows() -> tuple[Sentence, ...]:
    """Sentences in which "cows eat" is followed 11 times: by corn 4, grass 3, hay 2, if 1, which 1."""
    return _lines("""
        cows eat corn
        in summer cows eat grass
        our cows eat corn and goats eat clover
        when it snows cows eat hay
        small cows eat grass
        most cows eat if nobody watches
        cows eat which flowers asks the farmer
        her cows eat corn at night
        cows eat grass near the harbour
        old cows eat hay
        some cows eat corn
    """)


@cache
def lecture_narwhals() -> tuple[Sentence, ...]:
    """Sentences in which "narwhals are" is followed 8 times: by big and a 2, and 4 others 1."""
    return _lines("""
        narwhals are big
        narwhals are a kind of whale
        the narwhals are hiding under the ice
        quiet the narwhals are coming
        most narwhals are friendly
        these narwhals are generated by a die
        grey narwhals are big and shy
        narwhals are a riddle to cows
    """)


def _lines(text: str) -> tuple[Sentence, ...]:
    return tuple(tuple(line.split()) for line in text.strip().splitlines())


# Public texts, downloaded once


class CorpusUnavailable(OSError):
    """A text can neither be found nor downloaded; the message says what to do."""


@dataclass(frozen=True)
class Download:
    file: str
    url: str
    sha256: str


SHAKESPEARE = Download(
    "tinyshakespeare.txt",
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
    "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed")
NAMES = Download(
    "names.txt",
    "https://raw.githubusercontent.com/karpathy/makemore/master/names.txt",
    "0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d")


@cache
def shakespeare() -> str:
    """Tiny Shakespeare: 1,115,394 characters. Raises CorpusUnavailable offline."""
    return _read(SHAKESPEARE)


@cache
def names() -> tuple[str, ...]:
    """32,033 first names, in lower case. Raises CorpusUnavailable offline."""
    return tuple(_read(NAMES).split())


def _read(download: Download) -> str:
    """The text from where NEXTWORD_DATA points, else from the cache, else from the internet."""
    given = os.environ.get("NEXTWORD_DATA")
    path = _given(Path(given).expanduser(), download) if given else _retrieved(download)
    return path.read_bytes().decode("utf-8")


def _given(place: Path, download: Download) -> Path:
    import hashlib  # here, since few need it and it takes a quarter of this module's import

    path = place / download.file if place.is_dir() else place
    if not path.is_file():
        raise CorpusUnavailable(f"NEXTWORD_DATA is {str(place)!r}, but there is no file {path}: "
                                f"put {download.file} there (from {download.url}), or unset NEXTWORD_DATA.")
    if hashlib.sha256(path.read_bytes()).hexdigest() != download.sha256:
        raise CorpusUnavailable(f"{path} is not the {download.file} of the course (its sha256 differs): "
                                f"replace it with {download.url}, or unset NEXTWORD_DATA.")
    return path


def _retrieved(download: Download) -> Path:
    import pooch

    pooch.get_logger().setLevel("WARNING")  # its progress goes to stderr, where nbgrader sees a failed cell
    try:
        return Path(pooch.retrieve(download.url, known_hash=f"sha256:{download.sha256}", fname=download.file,
                                   path=pooch.os_cache("nextword"),
                                   downloader=pooch.HTTPDownloader(timeout=20)))
    except ValueError as error:     # pooch: the hash differs
        raise CorpusUnavailable(f"what {download.url} sent is not the {download.file} of the course "
                                "(its sha256 differs): try again, or set NEXTWORD_DATA to a folder that has "
                                "it, or go on with corpora.narwhals().") from error
    except OSError as error:
        raise CorpusUnavailable(f"{download.file} is not on this machine and cannot be downloaded from "
                                f"{download.url}: set NEXTWORD_DATA to a folder that has it, "
                                "or go on with corpora.narwhals().") from error
