"""Tokens, vocabularies and streams."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nextword.text import BOS, EOS, UNK, Vocab, tokenize


@pytest.mark.parametrize("text, tokens", [
    ("Narwhals are way cooler than parrots.", "narwhals are way cooler than parrots ."),
    ("We know't, we know't!", "we know't , we know't !"),
    ("grant,--O Yead", "grant , - - o yead"),
    ("'Tis factory-farm_made", "' tis factory-farm_made"),
    (" \n\t ", ""),
])
def test_tokens_are_words_and_single_marks(text, tokens):
    assert tokenize(text) == tokens.split()


@given(st.text())
def test_tokenize_loses_nothing_but_white_space_and_case(text):
    assert "".join(tokenize(text)) == "".join(text.lower().split())


def test_ids_are_the_special_tokens_then_the_alphabet():
    vocab = Vocab(["hay", "cows", EOS, "eat", "cows"])
    assert vocab.tokens == (BOS, EOS, UNK, "cows", "eat", "hay")
    assert (vocab.bos, vocab.eos, vocab.unk) == (0, 1, 2)
    assert len(vocab) == 6 and "hay" in vocab and "corn" not in vocab


def test_encode_and_decode_undo_each_other():
    vocab = Vocab("abc")
    ids = vocab.encode("cabba")
    assert ids.dtype == np.int64 and ids.tolist() == [5, 3, 4, 4, 3]
    assert vocab.decode(ids) == list("cabba")


def test_an_unknown_token_becomes_unk_where_there_is_one():
    assert Vocab("ab").encode("az").tolist() == [3, 2]
    with pytest.raises(KeyError, match="'z' is not in the vocabulary"):
        Vocab("ab", specials=(BOS, EOS)).encode("az")


@pytest.mark.parametrize("i", [-1, 2])
def test_an_id_outside_the_vocabulary_is_an_error(i):
    with pytest.raises(IndexError, match="go from 0 to 1"):
        Vocab.characters("ab").decode([0, i])


def test_a_vocabulary_of_characters_has_nothing_else():
    vocab = Vocab.characters("to be or not")
    assert vocab.tokens == tuple(" benort")
    assert vocab.bos is vocab.eos is vocab.unk is None


def test_a_stream_pads_each_sentence():
    vocab = Vocab(["cows", "eat"], specials=(BOS, EOS))
    assert vocab.stream([["cows", "eat"], ["eat"]], n=3).tolist() == [0, 0, 2, 3, 1, 0, 0, 3, 1]
    assert vocab.stream([["cows"]], n=1).tolist() == [2, 1]


def test_importing_text_and_ngram_loads_neither_torch_nor_matplotlib():
    code = ("import sys, nextword.text, nextword.ngram; "
            "sys.exit(any(m in sys.modules for m in ('torch', 'matplotlib', 'pandas', 'scipy')))")
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
