"""The corpora are the same on every machine, keep their promises, and say clearly when they are not there."""

import dataclasses
import hashlib
import math
import os
import random
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from nextword import corpora
from nextword.narwhals import NAMES

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def narwhals():
    return corpora.narwhals()


@pytest.fixture(scope="module")
def sample(narwhals):
    """100,000 sentences that are in no split."""
    uniform = random.Random(1_000).random
    return [narwhals.grammar.sample(uniform)[0] for _ in range(100_000)]


def mean_and_error(values):
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, math.sqrt(variance / len(values))


# Narwhals: the splits


@pytest.mark.parametrize("split, words, tags", [
    ("train", "fdae34aa3ee31aac48c6719a360498eb851d765adaccd4b81e930df91443c4bb",
     "638785db9d43453219687313d3428d5a11b2b9104e37214c126d2eeeb62a3333"),
    ("validation", "8b20f1ee790773df01c5fe12e2180ed7a5029bdde384c05db545aded3e562cc2",
     "a9abf655b7344486de9a684f8e0c871f634d8441957ab587bbe86e7557deb0e1"),
    ("test", "1ed89fce061183ecaf4c4a909c429ecb3a5017376e3858905a76856eb0c9f073",
     "c6d7be7973587372002ae00467883113c9da976e84ab44945fb34efe7d0cd6c0"),
])
def test_splits_are_the_same_on_every_machine(narwhals, split, words, tags):
    def digest(sentences):
        return hashlib.sha256("\n".join(map(" ".join, sentences)).encode()).hexdigest()

    assert (digest(narwhals.sentences(split)), digest(narwhals.tags(split))) == (words, tags)


def test_splits_have_their_sizes_and_a_tag_for_every_word(narwhals):
    assert [len(narwhals.sentences(split)) for split in SPLITS] == [20_000, 2_000, 2_000]
    for split in SPLITS:
        for words, tags in zip(narwhals.sentences(split), narwhals.tags(split), strict=True):
            assert len(words) == len(tags)
            assert set(tags) <= set(narwhals.tag_set)


def test_splits_are_drawn_apart(narwhals):
    assert len(set(corpora.SEEDS.values())) == 3
    first = {split: narwhals.sentences(split)[:100] for split in SPLITS}
    assert len(set(first.values())) == 3
    # Short sentences come more than once, so some of the test is in the training set; most must not be.
    seen = set(narwhals.train)
    for split in ("validation", "test"):
        assert sum(sentence in seen for sentence in narwhals.sentences(split)) < 0.25 * 2_000


def test_a_split_of_another_name_is_an_error_that_lists_the_names(narwhals):
    for method in (narwhals.sentences, narwhals.tags, narwhals.grammar_loss):
        with pytest.raises(ValueError, match="'dev': choose one of train, validation, test"):
            method("dev")


def test_vocabulary_is_sorted_of_lower_case_words_and_each_comes_in_the_training_set(narwhals):
    assert 100 <= len(narwhals.vocabulary) <= 300
    assert list(narwhals.vocabulary) == sorted(set(narwhals.vocabulary))
    assert all(word in ".," or word.isalpha() and word.islower() for word in narwhals.vocabulary)
    assert {word for sentence in narwhals.train for word in sentence} == set(narwhals.vocabulary)


def test_narwhals_and_cows_are_the_animals_most_spoken_of(narwhals):
    counts = Counter(word for words, tags in zip(narwhals.train, narwhals.train_tags, strict=True)
                     for word, tag in zip(words, tags, strict=True) if tag == "NOUN")
    assert {"narwhal", "cow"} <= {word for word, _ in counts.most_common(5)}


def test_the_corpus_cannot_be_changed(narwhals):
    with pytest.raises(dataclasses.FrozenInstanceError):
        narwhals.train = ()
    assert corpora.narwhals() is narwhals


# Narwhals: what the grammar knows exactly


def test_no_sentence_of_the_language_has_two_derivations(narwhals):
    assert narwhals.grammar.ambiguous_prefix() is None


def test_the_parser_finds_one_derivation_of_each_sampled_sentence(narwhals, sample):
    assert {narwhals.grammar.count_derivations(sentence) for sentence in sample[:2_000]} == {1}


def test_entropy_and_length_agree_with_a_hundred_thousand_samples(narwhals, sample):
    mean, error = mean_and_error([-narwhals.sentence_log_prob(sentence) for sentence in sample])
    assert narwhals.entropy_per_sentence == pytest.approx(mean, abs=4 * error)
    mean, error = mean_and_error([len(sentence) + 1 for sentence in sample])
    assert narwhals.expected_length == pytest.approx(mean, abs=4 * error)
    assert narwhals.entropy_per_token == narwhals.entropy_per_sentence / narwhals.expected_length


@pytest.mark.parametrize("split", SPLITS)
def test_every_split_stands_on_the_floor(narwhals, split):
    assert narwhals.grammar_loss(split) == pytest.approx(narwhals.entropy_per_token, abs=2e-4)


def test_sentence_log_prob_is_the_chain_rule_over_next_word_distributions(narwhals):
    for sentence in narwhals.test[:20]:
        conditionals = [narwhals.next_word_distribution(sentence[:i])[word]
                        for i, word in enumerate([*sentence, corpora.EOS])]
        assert narwhals.sentence_log_prob(sentence) == pytest.approx(sum(map(math.log, conditionals)))


@pytest.mark.parametrize("sentence", ["", "cows", "cows eats hay .", "cows eat squid .", "cows eat hay . .",
                                      "<s> cows eat hay . </s>", "parrots eat hay ."])
def test_what_is_no_sentence_has_no_probability(narwhals, sentence):
    assert narwhals.sentence_log_prob(sentence.split()) == -math.inf


# Narwhals: what a model can learn from it


@pytest.mark.parametrize("subject, verb, other", [
    ("the cow", "sings", "sing"),
    ("the cows", "sing", "sings"),
    ("the cow that the sailors chase", "sings", "sing"),
    ("the cows that the captain chases", "sing", "sings"),
    ("the cow that chases the seals that fear the horses", "sings", "sing"),
    ("the cow near the whales", "sings", "sing"),
    ("the cow and the narwhal", "sing", "sings"),
    ("the brave", "sing", "sings"),
    ("the brave man", "sings", "sing"),
])
def test_the_verb_agrees_with_its_subject_and_not_with_the_last_noun(narwhals, subject, verb, other):
    following = narwhals.next_word_distribution(subject.split())
    assert following[verb] > 0
    assert other not in following


def test_agreement_is_often_further_away_than_an_n_gram_sees(narwhals):
    """Clauses alone in which two verbs follow a relative pronoun: its own, and that of the noun before."""
    alone = far = 0
    for words, tags in zip(narwhals.train, narwhals.train_tags, strict=True):
        if words[0] not in NAMES:
            alone += 1
            after = tags[words.index("that"):] if "that" in words else ()
            before = tags[:len(tags) - len(after)]
            far += "VERB" not in before and after.count("VERB") + after.count("AUX") > 1
    assert far > 0.15 * alone


def test_tastes_do_not_depend_on_who_stands_between(narwhals):
    def eaten(subject):
        return set(narwhals.next_word_distribution(f"{subject} eats".split()))

    assert eaten("the cow that the narwhals chase") == {"hay", "grass", "corn"} == eaten("the cow")
    assert eaten("the narwhal near the cow") == eaten("the narwhal") == {"squid", "shrimp", "kelp"}


@pytest.mark.parametrize("beginning, names", [
    ("nora and otis know that the cows that the old follow eat hay , and", {"nora"}),
    ("nora and otis know that the cows that the old follow eat hay , and nora tells", {"otis"}),
    ("nora asks otis if narwhals eat squid , and", {"otis"}),
    ("nora asks otis if narwhals eat squid , and otis answers", {"nora"}),
    ("mabel thinks that the cow near the sea sings , and so thinks", {"mabel"}),
])
def test_names_return_at_the_end(narwhals, beginning, names):
    assert set(narwhals.next_word_distribution(beginning.split())) == names


def test_half_of_the_sentences_name_someone_and_each_name_there_returns(narwhals):
    named = [Counter(word for word in sentence if word in NAMES) for sentence in narwhals.train]
    returning = [counts for counts in named if counts and sum(counts.values()) > 1]
    assert all(set(counts.values()) == {2} for counts in returning)
    assert 0.4 < len(returning) / len(named) < 0.6


@pytest.mark.parametrize("prefix", ["the old", "the brave man", "the cow sees her", "nora knows that"])
def test_the_left_context_alone_leaves_a_tag_open(narwhals, prefix):
    assert max(narwhals.tag_distribution(prefix.split()).values()) < 0.8


@pytest.mark.parametrize("word, tag_before", [
    ("old", {"sing": "NOUN", "cow": "ADJ"}),
    ("her", {".": "PRON", "cow": "DET"}),
    ("that", {"cow": "DET", "cows": "SCONJ"}),
    ("man", {"the": "VERB", "sings": "NOUN"}),
])
def test_the_next_word_settles_the_tag(narwhals, word, tag_before):
    seen = defaultdict(set)
    for words, tags in zip(narwhals.train, narwhals.train_tags, strict=True):
        for this, tag, after in zip(words, tags, words[1:], strict=False):
            if this == word:
                seen[after].add(tag)
    assert {after: seen[after] for after in tag_before} == {after: {tag} for after, tag in tag_before.items()}


def test_between_three_and_six_tags_in_a_hundred_need_a_look_ahead(narwhals):
    tokens = waiting = lost = 0
    for words in narwhals.test[:1_000]:
        for i in range(len(words)):
            likeliest = max(narwhals.tag_distribution(words[:i + 1]).values())
            tokens += 1
            waiting += likeliest < 1 - 1e-9
            lost += 1 - likeliest
    assert 0.03 < waiting / tokens < 0.06
    assert lost / tokens > 0.015


# The lectures' sentences


def followers(sentences, *context):
    n = len(context)
    return Counter(sentence[i + n] for sentence in sentences for i in range(len(sentence) - n)
                   if sentence[i:i + n] == context)


def test_lecture_sentences_count_to_the_tables_of_the_lectures():
    assert followers(corpora.lecture_cows(), "cows", "eat") == {
        "corn": 4, "grass": 3, "hay": 2, "if": 1, "which": 1}
    assert followers(corpora.lecture_narwhals(), "narwhals", "are") == {
        "big": 2, "a": 2, "hiding": 1, "coming": 1, "friendly": 1, "generated": 1}


# Texts that are downloaded

SMALL = b"emma\nolivia\nava\n"


@pytest.fixture
def downloads(monkeypatch, tmp_path):
    """A server here, an empty cache, no NEXTWORD_DATA; what it is called with is served from then on."""
    import pooch

    served = tmp_path / "served"
    served.mkdir()
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache" / project)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("NEXTWORD_DATA", raising=False)
    corpora.names.cache_clear()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *words):
            requested.append(self.path)

    requested = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=served))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setattr(corpora, "NAMES", corpora.Download(
        "names.txt", f"http://127.0.0.1:{server.server_port}/names.txt", hashlib.sha256(SMALL).hexdigest()))

    def serve(content):
        (served / "names.txt").write_bytes(content)
        return requested

    yield serve
    server.shutdown()
    thread.join()
    server.server_close()
    corpora.names.cache_clear()


def test_a_text_is_downloaded_once(downloads):
    requested = downloads(SMALL)
    assert corpora.names() == ("emma", "olivia", "ava")
    corpora.names.cache_clear()
    assert corpora.names() == ("emma", "olivia", "ava")
    assert requested == ["/names.txt"]


def test_a_download_with_another_hash_is_refused_and_not_kept(downloads):
    downloads(b"mallory\n")
    with pytest.raises(corpora.CorpusUnavailable, match="its sha256 differs"):
        corpora.names()
    downloads(SMALL)
    assert corpora.names() == ("emma", "olivia", "ava")


def test_offline_the_error_is_one_sentence_that_says_what_to_do(downloads):
    with pytest.raises(OSError) as raised:      # nothing is served: 404
        corpora.names()
    assert isinstance(raised.value, corpora.CorpusUnavailable)
    assert str(raised.value).count("\n") == 0
    for piece in ("names.txt", "NEXTWORD_DATA", "corpora.narwhals()"):
        assert piece in str(raised.value)


def test_no_server_at_all_gives_the_same_error(downloads, monkeypatch):
    closed = dataclasses.replace(corpora.NAMES, url="http://127.0.0.1:9/names.txt")
    monkeypatch.setattr(corpora, "NAMES", closed)
    with pytest.raises(corpora.CorpusUnavailable, match="cannot be downloaded"):
        corpora.names()


def test_a_cache_that_cannot_be_written_gives_the_same_error(downloads, tmp_path):
    downloads(SMALL)
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(corpora.CorpusUnavailable, match="NEXTWORD_DATA"):
        corpora.names()


@pytest.mark.parametrize("place", ["folder", "folder/names.txt"])
def test_nextword_data_is_used_instead_of_a_download(downloads, monkeypatch, tmp_path, place):
    requested = downloads(SMALL)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "names.txt").write_bytes(SMALL)
    monkeypatch.setenv("NEXTWORD_DATA", str(tmp_path / place))
    assert corpora.names() == ("emma", "olivia", "ava")
    assert requested == []


def test_nextword_data_without_the_file_is_an_error_that_names_both(downloads, monkeypatch, tmp_path):
    for place in (tmp_path, tmp_path / "nowhere"):
        monkeypatch.setenv("NEXTWORD_DATA", str(place))
        with pytest.raises(corpora.CorpusUnavailable) as raised:
            corpora.names()
        assert str(place) in str(raised.value) and "names.txt" in str(raised.value)


def test_nextword_data_with_another_text_is_refused(downloads, monkeypatch, tmp_path):
    (tmp_path / "names.txt").write_bytes(b"mallory\n")
    monkeypatch.setenv("NEXTWORD_DATA", str(tmp_path))
    with pytest.raises(corpora.CorpusUnavailable, match="is not the names.txt of the course"):
        corpora.names()


@pytest.fixture
def public_data(monkeypatch):
    folder = Path(os.environ.get("NEXTWORD_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not (folder / "tinyshakespeare.txt").is_file():
        pytest.skip(f"the public texts are not in {folder}: set NEXTWORD_DATA to a folder that has them")
    monkeypatch.setenv("NEXTWORD_DATA", str(folder))


def test_shakespeare_is_the_text_of_the_course(public_data):
    text = corpora.shakespeare()
    assert len(text) == 1_115_394
    assert len(set(text)) == 65
    assert text.startswith("First Citizen:\n")


def test_names_are_the_names_of_the_course(public_data):
    names = corpora.names()
    assert len(names) == 32_033
    assert names[:3] == ("emma", "olivia", "ava")
    assert all(name.isalpha() and name.islower() for name in names)


def test_importing_the_corpora_is_cheap():
    """A grading process starts for every answer: the import may not bring numpy, torch or pooch."""
    heavy = "torch matplotlib numpy pooch requests".split()
    program = f"import sys; from nextword import corpora; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
