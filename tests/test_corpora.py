"""The corpora are the same on every machine, and say clearly when they are not there."""

from collections import Counter

from nextword import corpora


def test_splits_have_their_sizes_and_a_tag_for_every_word():
    corpus = corpora.narwhals()
    assert [len(corpus.train), len(corpus.validation), len(corpus.test)] == [20_000, 2_000, 2_000]
    for split in ("train", "validation", "test"):
        for words, tags in zip(getattr(corpus, split), corpus.tags(split), strict=True):
            assert len(words) == len(tags)


def followers(sentences, *context):
    n = len(context)
    return Counter(sentence[i + n] for sentence in sentences for i in range(len(sentence) - n)
                   if sentence[i:i + n] == context)


def test_lecture_sentences_count_to_the_tables_of_the_lectures():
    assert followers(corpora.lecture_cows(), "cows", "eat") == {
        "corn": 4, "grass": 3, "hay": 2, "if": 1, "which": 1}
    assert followers(corpora.lecture_narwhals(), "narwhals", "are") == {
        "big": 2, "a": 2, "hiding": 1, "coming": 1, "friendly": 1, "generated": 1}
