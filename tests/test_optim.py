"""Every optimizer against torch's with the same settings: 20 steps on gradients handed to both."""

import numpy as np
import pytest
import torch
from nextword.layers import Parameter
from nextword.optim import SGD, Adam, AdamW, clip_grad_norm

OPTIMIZERS = [
    ("sgd", SGD, torch.optim.SGD, dict(lr=0.1)),
    ("sgd_momentum", SGD, torch.optim.SGD, dict(lr=0.1, momentum=0.9)),
    ("sgd_weight_decay", SGD, torch.optim.SGD, dict(lr=0.1, weight_decay=0.3)),
    ("sgd_both", SGD, torch.optim.SGD, dict(lr=0.1, momentum=0.8, weight_decay=0.3)),
    ("adam", Adam, torch.optim.Adam, dict(lr=0.01)),
    ("adam_settings", Adam, torch.optim.Adam, dict(lr=0.01, betas=(0.8, 0.9), eps=1e-3)),
    ("adam_weight_decay", Adam, torch.optim.Adam, dict(lr=0.01, weight_decay=0.2)),
    ("adamw", AdamW, torch.optim.AdamW, dict(lr=0.01)),
    ("adamw_weight_decay", AdamW, torch.optim.AdamW, dict(lr=0.01, betas=(0.9, 0.95), weight_decay=0.2)),
]


@pytest.mark.parametrize("ours, theirs, settings", [pytest.param(*row[1:], id=row[0]) for row in OPTIMIZERS])
@pytest.mark.parametrize("dtype, rtol", [("float64", 1e-9), ("float32", 1e-4)])
def test_optimizer_agrees_with_torch(ours, theirs, settings, dtype, rtol):
    rng = np.random.default_rng(0)
    start = [rng.standard_normal(shape).astype(dtype) for shape in [(3, 4), (5,), (2,)]]
    parameters, peers = [Parameter(x) for x in start], [torch.tensor(x, requires_grad=True) for x in start]
    optimizer, peer = ours(parameters, **settings), theirs(peers, **settings)
    for t in range(20):
        for p, q in zip(parameters, peers, strict=True):
            p.grad = rng.standard_normal(p.shape).astype(dtype)
            q.grad = torch.tensor(p.grad)
        parameters[2].grad = peers[2].grad = None  # a parameter that was not used
        if t == 10:
            optimizer.lr = peer.param_groups[0]["lr"] = 0.003
        kept = parameters[0].grad.copy()
        optimizer.step()
        peer.step()
        assert np.array_equal(parameters[0].grad, kept)
    for p, q in zip(parameters, peers, strict=True):
        assert p.dtype == dtype
        np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=rtol, atol=rtol)


def test_zero_grad_forgets_and_nothing_to_optimize_is_an_error():
    p = Parameter(np.ones(2))
    p.grad = np.ones(2)
    SGD([p], lr=0.1).zero_grad()
    assert p.grad is None
    with pytest.raises(ValueError, match="no parameters"):
        SGD([], lr=0.1)


@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_clip_grad_norm_agrees_with_torch_also_where_two_parameters_share_a_gradient(max_norm):
    shared = np.arange(6.0).reshape(2, 3)
    parameters = [Parameter(np.ones((2, 3))) for _ in range(3)]
    peers = [torch.ones(2, 3, dtype=torch.float64) for _ in range(3)]
    for p, q in zip(parameters[:2], peers[:2], strict=True):
        p.grad, q.grad = shared, torch.tensor(shared)
    norm = clip_grad_norm(parameters, max_norm)
    assert norm == pytest.approx(torch.nn.utils.clip_grad_norm_(peers, max_norm).item(), rel=1e-12)
    for p, q in zip(parameters[:2], peers[:2], strict=True):
        np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-12)
    assert parameters[2].grad is None
