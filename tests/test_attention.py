"""Attention against PyTorch in float64, outputs and gradients; positions; the cache of keys and values."""

import numpy as np
import pytest
import torch
from nextword import attention as A
from nextword.autodiff import Tensor, no_grad

RNG = np.random.default_rng(5)


def normal(*shape, scale=1.0):
    return scale * RNG.standard_normal(shape)


def compare(ours, theirs, inputs, rtol=1e-9):
    """`ours` of tensors and `theirs` of torch's: the same value, and the same gradient for every input."""
    mine = [Tensor(x, requires_grad=True) for x in inputs]
    peers = [torch.tensor(x, requires_grad=True) for x in inputs]
    value, expected = ours(*mine), theirs(*peers)
    cotangent = normal(*value.shape)
    value.backward(cotangent)
    expected.backward(torch.tensor(cotangent))
    pairs = [(value.data, expected)] + [(x.grad, y.grad) for x, y in zip(mine, peers, strict=True)]
    for got, wanted in pairs:
        wanted = wanted.detach().numpy()
        np.testing.assert_allclose(got, wanted, rtol=rtol, atol=rtol * np.abs(wanted).max())


def copied(mine, peer):
    """torch's module with random parameters, in float64, and ours with the same."""
    with torch.no_grad():
        for p in peer.parameters():
            p.copy_(torch.tensor(normal(*p.shape, scale=0.3)))
    mine.load_state_dict(peer.state_dict())
    return mine, peer


@pytest.mark.parametrize("scale", [1, 9], ids=["small_scores", "scores_that_overflow_unless_shifted"])
@pytest.mark.parametrize("causal, masked", [(False, False), (True, False), (False, True), (True, True)])
def test_scaled_dot_product_attention_agrees_with_torch(causal, masked, scale):
    queries, keys, d_k, d_v = 5, 7, 4, 6
    q, k = normal(2, 3, queries, d_k, scale=scale), normal(2, 3, keys, d_k, scale=scale)
    mask = RNG.random((2, 3, queries, keys)) < 0.6
    mask[..., 0] = True
    seen = np.tri(queries, keys, 2, bool) if causal else np.ones((queries, keys), bool)
    seen = torch.tensor(seen & mask if masked else seen)
    compare(lambda q, k, v: A.scaled_dot_product_attention(q, k, v, causal, mask if masked else None),
            lambda q, k, v: torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=seen),
            [q, k, normal(2, 3, keys, d_v)])


def test_keys_are_broadcast_over_the_heads_that_share_them():
    inputs = [normal(2, 3, 4, 5, 6), normal(2, 3, 1, 7, 6), normal(2, 3, 1, 7, 8)]
    compare(A.scaled_dot_product_attention, torch.nn.functional.scaled_dot_product_attention, inputs)


def test_a_query_that_may_look_nowhere_gets_zeros():
    mask = np.array([[False, False, False], [True, False, True]])
    for scale in (1, 1000):
        q, k, v = (Tensor(normal(n, 2, scale=scale), requires_grad=True) for n in (2, 3, 3))
        value = A.scaled_dot_product_attention(q, k, v, mask=mask)
        value.backward(normal(2, 2))
        assert not value.data[0].any() and value.data[1].all()
        assert not q.grad[0].any() and np.isfinite(np.vstack([q.grad, k.grad, v.grad])).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_is_kept_and_large_scores_do_not_overflow(dtype):
    q, k, v = (Tensor(normal(2, 6, 4, scale=1e3).astype(dtype), requires_grad=True) for _ in range(3))
    with np.errstate(all="raise", under="ignore"):
        value = A.scaled_dot_product_attention(q, k, v, causal=True)
        value.backward(normal(2, 6, 4))
    assert value.dtype == q.grad.dtype == k.grad.dtype == v.grad.dtype == dtype
    assert np.isfinite(value.data).all()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("B, T, width, heads", [(3, 5, 12, 4), (2, 7, 6, 1), (1, 1, 8, 2)])
def test_multi_head_attention_agrees_with_torch(B, T, width, heads, causal):
    peer = torch.nn.MultiheadAttention(width, heads, batch_first=True, dtype=torch.float64)
    mine, peer = copied(A.MultiHeadAttention(width, heads, RNG, dtype="float64"), peer)
    mask = torch.ones(T, T, dtype=torch.bool).triu(1) if causal else None
    compare(lambda x: mine(x, causal), lambda x: peer(x, x, x, attn_mask=mask)[0], [normal(B, T, width)])
    for (name, p), q in zip(mine.named_parameters(), peer.parameters(), strict=True):
        np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-9, atol=1e-12, err_msg=name)


def test_weights_are_kept_to_look_at():
    peer = torch.nn.MultiheadAttention(12, 3, batch_first=True, dtype=torch.float64)
    mine, peer = copied(A.MultiHeadAttention(12, 3, RNG, dtype="float64"), peer)
    x = normal(2, 5, 12)
    mine(Tensor(x))
    _, weights = peer(*3 * [torch.tensor(x)], average_attn_weights=False)
    np.testing.assert_allclose(mine.weights, weights.detach().numpy(), rtol=1e-9)


@pytest.mark.parametrize("heads, kv_heads", [(6, 3), (6, 1), (4, 4)])
def test_grouped_queries_agree_with_torch(heads, kv_heads):
    B, T, d_k = 2, 5, 4
    sizes = [heads * d_k, kv_heads * d_k, kv_heads * d_k]

    def theirs(x):
        q, k, v = (part.view(B, T, -1, d_k).transpose(1, 2) for part in x.split(sizes, dim=-1))
        out = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return out.transpose(1, 2).reshape(B, T, heads * d_k)

    compare(lambda x: A.self_attention(x, heads, kv_heads, causal=True)[0], theirs,
            [normal(B, T, sum(sizes))])


def test_rotary_positions_turn_pairs_of_features_of_queries_and_keys_only():
    B, T, heads, d_k, turned, start = 2, 5, 4, 6, 3, 7

    def theirs(x):
        t = torch.arange(start, start + T, dtype=torch.float64)
        angles = t[:, None] * 10000 ** (-torch.arange(0, d_k, 2, dtype=torch.float64) / d_k)
        pairs = torch.view_as_complex(x[:, :, :turned].reshape(B, T, turned, d_k // 2, 2))
        pairs = pairs * torch.polar(torch.ones_like(angles), angles)[:, None]
        return torch.cat([torch.view_as_real(pairs).flatten(-2), x[:, :, turned:]], dim=2)

    compare(lambda x: A.rotary(x, turned, start), theirs, [normal(B, T, heads, d_k)])


def test_scores_after_rotary_positions_depend_on_the_distance_only():
    q, k = normal(1, 1, 1, 8), normal(1, 1, 1, 8)

    def score(t, j):
        return np.sum(A.rotary(q, 1, t).data * A.rotary(k, 1, j).data)

    assert score(9, 4) == pytest.approx(score(105, 100), rel=1e-12)
    assert score(9, 4) != pytest.approx(score(9, 5), rel=1e-3)


def test_rotary_positions_keep_float32():
    assert A.rotary(normal(1, 3, 2, 4).astype("float32"), 2).dtype == "float32"


def test_sinusoidal_positions():
    table = A.sinusoidal_positions(50, 6, "float64")
    for t, i in [(0, 0), (1, 0), (3, 1), (49, 2)]:
        angle = t / 10000 ** (2 * i / 6)
        assert table[t, 2 * i] == pytest.approx(np.sin(angle))
        assert table[t, 2 * i + 1] == pytest.approx(np.cos(angle))
    with pytest.raises(ValueError, match="even"):
        A.sinusoidal_positions(4, 3)


def test_without_positions_attention_is_permutation_equivariant():
    attention = A.MultiHeadAttention(8, 2, RNG, dtype="float64")
    x, order = normal(2, 6, 8), RNG.permutation(6)
    value, permuted = attention(Tensor(x)).data, attention(Tensor(x[:, order])).data
    np.testing.assert_allclose(permuted, value[:, order], rtol=1e-9)


@pytest.mark.parametrize("positions", [None, "rotary"])
def test_nothing_leaks_from_the_future(positions):
    attention = A.MultiHeadAttention(8, 2, RNG, positions=positions)
    x = Tensor(normal(2, 6, 8).astype("float32"), requires_grad=True)
    cotangent = np.zeros((2, 6, 8), "float32")
    cotangent[:, 3] = normal(2, 8)
    attention(x, causal=True).backward(cotangent)
    assert not x.grad[:, 4:].any() and x.grad[:, :4].all()


@pytest.mark.parametrize("positions", [None, "rotary"])
@pytest.mark.parametrize("kv_heads", [4, 2, 1])
def test_a_cache_changes_nothing(positions, kv_heads):
    attention = A.MultiHeadAttention(16, 4, RNG, kv_heads, positions, dtype="float64")
    x, cache = normal(3, 7, 16), A.Cache(capacity=9)
    with no_grad():
        expected = attention(Tensor(x), causal=True).data
        parts = [attention(Tensor(x[:, a:b]), causal=True, cache=cache).data
                 for a, b in [(0, 3), (3, 4), (4, 7)]]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), expected, rtol=1e-9, atol=1e-12)
    assert cache.length == 7 and attention.weights.shape == (3, 4, 3, 7)


def test_errors_say_what_does_not_fit():
    with pytest.raises(ValueError, match="width 10, 4 heads"):
        A.MultiHeadAttention(10, 4, RNG)
    with pytest.raises(ValueError, match="23 features do not divide into 2 heads"):
        A.self_attention(normal(1, 3, 23), 2)
    cache = A.Cache(capacity=4)
    with pytest.raises(ValueError, match="room for 4 tokens, this would be 5"):
        cache.extended(normal(1, 2, 1, 5, 3), normal(1, 2, 1, 5, 3))


def test_pictures_have_axes_that_say_what_they_show():
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    from nextword import plots_attention as pictures

    weights = np.tril(RNG.random((3, 4, 4)))
    draw = {
        "heads": lambda: pictures.heads(weights, "nora knows that nora".split(), asking=(2,)),
        "leaks": lambda: pictures.leaks({"causal": weights[0], "leaky": RNG.random((4, 4))}),
        "positions": lambda: pictures.positions(A.sinusoidal_positions(20, 6)),
        "costs": lambda: pictures.costs([1, 2], {"RNN": [1, 2], "attention": [2, 3]}, {"RNN": [1, 2], "attention": [3, 4]}),
        "saturation": lambda: pictures.saturation([1, 2], {"raw": [0.5, 0.1], "scaled": [0.5, 0.5]}),
        "shares": lambda: pictures.shares({"GPT": {"words": 3, "positions": 1, "attention": 4, "feed-forward": 8}}),
        "gaps": lambda: pictures.gaps({"3-gram": {"VERB": 0.2, "NOUN": 0.1}, "ours": {"VERB": 0.1, "NOUN": -0.1}}),
    }
    for name, picture in draw.items():
        picture()
        shown = [ax for ax in plt.gcf().axes if ax.axison]
        assert shown and all(ax.get_xlabel() or ax.get_ylabel() for ax in shown), name
        plt.close("all")
