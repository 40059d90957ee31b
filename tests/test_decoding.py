"""Decoding against torch's softmax, cumsum and searchsorted, and the loop that feeds tokens back."""

import numpy as np
import pytest
import torch
from nextword.decoding import distribution, generate, keep_top_k, keep_top_p, roll, sample

LOGITS = np.random.default_rng(5).standard_normal((6, 9)) * 3


@pytest.mark.parametrize("temperature", [0.1, 1.0, 2.5])
def test_distribution_is_torchs_softmax_of_the_scaled_logits(temperature):
    expected = torch.softmax(torch.tensor(LOGITS) / temperature, dim=-1)
    np.testing.assert_allclose(distribution(LOGITS, temperature), expected, rtol=1e-12)


def test_temperature_zero_is_argmax_and_the_limit_of_small_ones():
    np.testing.assert_array_equal(distribution(LOGITS, 0.0), np.eye(9)[LOGITS.argmax(axis=1)])
    np.testing.assert_array_equal(distribution(LOGITS, 1e-300), distribution(LOGITS, 0.0))
    assert distribution([1.0, 3.0, 3.0], 0).tolist() == [0, 1, 0]
    with pytest.raises(ValueError, match="negative"):
        distribution(LOGITS, -1.0)


def test_extreme_logits_do_not_overflow():
    np.testing.assert_allclose(distribution([1e4, 0.0, -np.inf], 0.5), [1, 0, 0])


@pytest.mark.parametrize("k", [1, 4, 9, 20])
def test_top_k_keeps_torchs_top_k(k):
    probs = distribution(LOGITS)
    places = torch.topk(torch.tensor(probs), min(k, 9)).indices
    kept = torch.tensor(probs).gather(1, places)
    expected = torch.zeros(6, 9, dtype=torch.float64).scatter(1, places, kept)
    np.testing.assert_allclose(keep_top_k(probs, k), expected / expected.sum(dim=1, keepdim=True), rtol=1e-12)


def test_top_k_keeps_exactly_k_of_equals():
    assert keep_top_k(np.full(4, 0.25), 2).tolist() == [0.5, 0.5, 0, 0]
    with pytest.raises(ValueError, match="at least one"):
        keep_top_k(np.ones(1), 0)


def test_top_p_keeps_the_fewest_that_suffice():
    probs = np.array([0.125, 0.5, 0.25, 0.125])
    cases = {0.4: [1], 0.5: [1], 0.51: [1, 2], 0.75: [1, 2], 0.8: [0, 1, 2], 1.0: [0, 1, 2, 3]}
    for p, kept in cases.items():
        expected = np.where(np.isin(np.arange(4), kept), probs, 0)
        np.testing.assert_allclose(keep_top_p(probs, p), expected / expected.sum(), err_msg=str(p))
    with pytest.raises(ValueError, match="above 0"):
        keep_top_p(probs, 0.0)


def test_top_k_comes_before_top_p():
    probs = distribution(np.log([0.4, 0.3, 0.2, 0.1]), top_k=2, top_p=0.55)
    np.testing.assert_allclose(probs, [1, 0, 0, 0])  # 4/7 > 0.55, while 0.4 < 0.55


def test_roll_is_torchs_searchsorted_of_the_running_sums():
    probs, u = distribution(LOGITS), np.random.default_rng(1).random(6)
    sums = torch.cumsum(torch.tensor(probs), dim=-1)
    expected = torch.searchsorted(sums, torch.tensor(u)[:, None], right=True)[:, 0]
    np.testing.assert_array_equal(roll(probs, u), expected)
    assert [roll(row, number) for row, number in zip(probs, u, strict=True)] == expected.tolist()


def test_a_face_of_probability_zero_is_never_up():
    below_one = np.nextafter(1.0, 0.0)
    assert roll(np.array([0.0, 0.5, 0.0, 0.5]), 0.0) == 1
    assert roll(np.array([0.0, 0.5, 0.0, 0.5]), 0.5) == 3
    assert roll(np.array([0.1] * 10 + [0.0]), below_one) == 9


def test_sample_frequencies_are_the_probabilities():
    u = (np.arange(10_000) + 0.5) / 10_000
    counts = np.bincount(sample(np.broadcast_to(LOGITS[0], (10_000, 9)), u, temperature=2.0), minlength=9)
    np.testing.assert_allclose(counts / 10_000, distribution(LOGITS[0], 2.0), atol=1.1e-4)


def test_logits_that_are_nan_are_refused():
    with pytest.raises(ValueError, match="nan"):
        sample(np.array([np.nan, 1.0]), 0.5)


def counting_step(state, token):
    """A model that remembers all it has read; the next token is surely the sum of the last two, mod 7."""
    state = (*state, token)
    logits = np.full(7, -np.inf)
    logits[sum(state[-2:]) % 7] = 0.0
    return logits, state


def test_generate_feeds_every_token_back_after_the_prompt():
    assert generate(counting_step, (), [1, 1], np.full(6, 0.3)) == [2, 3, 5, 1, 6, 0]


def test_generate_stops_after_eos_and_never_reads_more_than_it_must():
    read = []

    def step(state, token):
        read.append(token)
        return counting_step(state, token)

    assert generate(step, (), [1, 1], np.full(6, 0.3), eos=5) == [2, 3, 5]
    assert read == [1, 1, 2, 3]
    assert generate(step, (), [1], []) == []
    with pytest.raises(ValueError, match="prompt"):
        generate(step, (), [], [0.5])
