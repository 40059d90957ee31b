"""Every operation against torch and against finite differences, from one table; then the tape itself."""

import threading

import numpy as np
import pytest
import torch
import torch.nn.functional as T
from nextword import autodiff as ad
from nextword import functional as F
from nextword.autodiff import At, Tensor, gradients, no_grad, node, topological_order

IDS = np.array([[3, 0, 3], [1, 3, 4]])
TARGETS = np.array([2, 0, 2, 4])
WEIGHTS = np.array([1.0, 0.0, 3.0, 0.5])

# name, ours, torch's, shapes of the inputs. Where axes differ in meaning they differ in length.
OPERATIONS = [
    ("add", lambda x, y: x + y, lambda x, y: x + y, [(3, 4), (3, 4)]),
    ("add_broadcast_rows", lambda x, y: x + y, lambda x, y: x + y, [(2, 3, 4), (4,)]),
    ("add_broadcast_both", lambda x, y: x + y, lambda x, y: x + y, [(2, 1, 4), (3, 1)]),
    ("add_scalar", lambda x: 3 + x, lambda x: 3 + x, [(3, 4)]),
    ("add_array", lambda x: np.ones((2, 1, 4), x.dtype) + x, lambda x: x + torch.ones(2, 1, 4), [(3, 4)]),
    ("add_zero_dimensional", lambda x, y: x + y, lambda x, y: x + y, [(3, 4), ()]),
    ("subtract", lambda x, y: x - y, lambda x, y: x - y, [(3, 4), (4,)]),
    ("subtract_from_scalar", lambda x: 1 - x, lambda x: 1 - x, [(3, 4)]),
    ("multiply", lambda x, y: x * y, lambda x, y: x * y, [(3, 4), (3, 4)]),
    ("multiply_broadcast", lambda x, y: x * y, lambda x, y: x * y, [(2, 3, 4), (3, 1)]),
    ("multiply_scalar", lambda x: 2.5 * x, lambda x: 2.5 * x, [(3, 4)]),
    ("square_by_itself", lambda x: x * x, lambda x: x * x, [(3, 4)]),
    ("divide", lambda x, y: x / y, lambda x, y: x / y, [(3, 4), (3, 1)]),
    ("divide_scalar", lambda x: 2 / x, lambda x: 2 / x, [(3, 4)]),
    ("negate", lambda x: -x, lambda x: -x, [(3, 4)]),
    ("power", lambda x: x**3, lambda x: x**3, [(3, 4)]),
    ("root", lambda x: (x * x + 1) ** 0.5, lambda x: (x * x + 1) ** 0.5, [(3, 4)]),
    ("matmul", lambda x, y: x @ y, lambda x, y: x @ y, [(3, 4), (4, 5)]),
    ("matmul_batched", lambda x, y: x @ y, lambda x, y: x @ y, [(2, 3, 4), (2, 4, 5)]),
    ("matmul_broadcast", lambda x, y: x @ y, lambda x, y: x @ y, [(2, 1, 3, 4), (6, 4, 5)]),
    ("matmul_shared_right", lambda x, y: x @ y, lambda x, y: x @ y, [(2, 3, 4), (4, 5)]),
    ("exp", ad.exp, torch.exp, [(3, 4)]),
    ("log", lambda x: ad.log(x * x + 1), lambda x: torch.log(x * x + 1), [(3, 4)]),
    ("tanh", ad.tanh, torch.tanh, [(3, 4)]),
    ("sigmoid", F.sigmoid, torch.sigmoid, [(3, 4)]),
    ("sigmoid_zero_dimensional", F.sigmoid, torch.sigmoid, [()]),
    ("relu", F.relu, torch.relu, [(3, 4)]),
    ("sum", lambda x: x.sum(), torch.sum, [(3, 4)]),
    ("sum_axis", lambda x: x.sum(axis=1), lambda x: x.sum(dim=1), [(2, 3, 4)]),
    ("sum_axes", lambda x: x.sum(axis=(0, 2)), lambda x: x.sum((0, 2)), [(2, 3, 4)]),
    ("sum_kept", lambda x: x.sum(axis=1, keepdims=True), lambda x: x.sum(1, keepdim=True), [(2, 3, 4)]),
    ("mean", lambda x: x.mean(), torch.mean, [(3, 4)]),
    ("mean_axis", lambda x: x.mean(axis=-1), lambda x: x.mean(dim=-1), [(2, 3, 4)]),
    ("reshape", lambda x: x.reshape(4, -1), lambda x: x.reshape(4, -1), [(2, 3, 4)]),
    ("transpose", lambda x: x.T, lambda x: x.T, [(3, 4)]),
    ("transpose_axes", lambda x: x.transpose((2, 0, 1)), lambda x: x.permute(2, 0, 1), [(2, 3, 4)]),
    ("transpose_axes_unpacked", lambda x: x.transpose(2, 0, 1), lambda x: x.permute(2, 0, 1), [(2, 3, 4)]),
    ("swapaxes", lambda x: x.swapaxes(-1, 0), lambda x: x.transpose(-1, 0), [(2, 3, 4)]),
    ("index_number", lambda x: x[1], lambda x: x[1], [(3, 4)]),
    ("index_slice", lambda x: x[:, 1:3], lambda x: x[:, 1:3], [(3, 4)]),
    ("index_new_axis", lambda x: x[None, ..., 2], lambda x: x[None, ..., 2], [(3, 4)]),
    ("index_rows", lambda x: x[IDS], lambda x: x[IDS], [(5, 4)]),
    ("index_negative_rows", lambda x: x[[-1, 4, 0]], lambda x: x[[-1, 4, 0]], [(5, 4)]),
    ("index_pairs", lambda x: x[[0, 1, 1], [2, 3, 3]], lambda x: x[[0, 1, 1], [2, 3, 3]], [(3, 4)]),
    ("index_mask", lambda x: x[np.array([True, False, True])], lambda x: x[[0, 2]], [(3, 4)]),
    ("index_every_row", lambda x: x[0] * x[1] + x[2] + x[0], lambda x: x[0] * x[1] + x[2] + x[0], [(3, 4)]),
    ("index_and_whole", lambda x: x[0] * x, lambda x: x[0] * x, [(3, 4)]),
    ("whole_and_index", lambda x: x * x[0], lambda x: x * x[0], [(3, 4)]),
    ("concatenate", lambda *x: ad.concatenate(x, axis=1), lambda *x: torch.cat(x, 1), [(3, 4), (3, 2)]),
    ("stack", lambda x, y: ad.stack([x, y, x], 1), lambda x, y: torch.stack([x, y, x], 1), [(3, 4), (3, 4)]),
    ("softmax", F.softmax, lambda x: torch.softmax(x, -1), [(2, 3, 4)]),
    ("softmax_axis", lambda x: F.softmax(x, axis=0), lambda x: torch.softmax(x, 0), [(3, 4)]),
    ("log_softmax", F.log_softmax, lambda x: torch.log_softmax(x, -1), [(2, 3, 4)]),
    ("log_softmax_axis", lambda x: F.log_softmax(x, axis=1), lambda x: torch.log_softmax(x, 1), [(2, 3, 4)]),
    ("cross_entropy", lambda x: F.cross_entropy(x, TARGETS),
     lambda x: T.cross_entropy(x, torch.tensor(TARGETS)), [(4, 5)]),
    ("cross_entropy_sequences", lambda x: F.cross_entropy(x, IDS),
     lambda x: T.cross_entropy(x.reshape(-1, 5), torch.tensor(IDS).reshape(-1)), [(2, 3, 5)]),
    ("cross_entropy_weights", lambda x: F.cross_entropy(x, TARGETS, WEIGHTS),
     lambda x: T.cross_entropy(x, torch.tensor(TARGETS), reduction="none") @ torch.tensor(WEIGHTS / 4.5),
     [(4, 5)]),
    ("linear", F.linear, T.linear, [(3, 4), (5, 4), (5,)]),
    ("linear_without_bias", F.linear, T.linear, [(3, 4), (2, 4)]),
    ("linear_wide", F.linear, T.linear, [(2, 4), (7, 4), (7,)]),
    ("linear_sequences", F.linear, T.linear, [(2, 3, 4), (5, 4), (5,)]),
    ("linear_vector", F.linear, T.linear, [(4,), (5, 4), (5,)]),
    ("embedding", lambda w: F.embedding(IDS, w), lambda w: T.embedding(torch.tensor(IDS), w), [(5, 4)]),
    ("embedding_of_nothing", lambda w: F.embedding(IDS[:0], w), lambda w: w[IDS[:0]], [(5, 4)]),
    ("layer_norm", lambda x, w, b: F.layer_norm(x, w, b, 1e-3),
     lambda x, w, b: T.layer_norm(x, (4,), w, b, 1e-3), [(2, 3, 4), (4,), (4,)]),
    ("dropout", lambda x: F.dropout(x, 0.4, np.random.default_rng(7)),
     lambda x: x * torch.tensor((np.random.default_rng(7).random((3, 4)) >= 0.4) / 0.6), [(3, 4)]),
]
every_operation = pytest.mark.parametrize(
    "ours, theirs, shapes", [pytest.param(*row[1:], id=row[0]) for row in OPERATIONS])


def arrays(shapes, dtype="float64"):
    rng = np.random.default_rng(0)
    return [np.asarray(rng.standard_normal(shape), dtype) for shape in shapes]


def value_and_gradients(function, inputs, cotangent):
    tensors = [Tensor(x, requires_grad=True) for x in inputs]
    value = function(*tensors)
    value.backward(cotangent(value))
    return value.data, [x.grad for x in tensors]


def random_like(value):
    return np.asarray(np.random.default_rng(1).standard_normal(value.shape), np.asarray(value.data).dtype)


def same(ours, theirs, rtol=1e-9):
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else theirs
    assert np.shape(ours) == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol)


@every_operation
def test_operation_agrees_with_torch(ours, theirs, shapes):
    inputs = arrays(shapes)
    value, grads = value_and_gradients(ours, inputs, random_like)
    tensors = [torch.tensor(x, requires_grad=True) for x in inputs]
    expected = theirs(*tensors)
    expected.backward(torch.tensor(random_like(value)))
    same(value, expected)
    for ours_, x in zip(grads, tensors, strict=True):
        same(ours_, x.grad)


@every_operation
def test_operation_agrees_with_finite_differences(ours, theirs, shapes):
    inputs = arrays(shapes)
    value, grads = value_and_gradients(ours, inputs, random_like)
    cotangent, eps = random_like(value), 1e-6
    for x, grad in zip(inputs, grads, strict=True):
        for i in np.ndindex(x.shape):
            center, ends = x[i], []
            for x[i] in (center + eps, center - eps):
                ends.append(np.sum(ours(*map(Tensor, inputs)).data * cotangent))
            x[i] = center
            assert grad[i] == pytest.approx((ends[0] - ends[1]) / (2 * eps), rel=1e-6, abs=1e-6)


@every_operation
def test_operation_keeps_float32(ours, theirs, shapes):
    inputs = arrays(shapes, "float32")
    value, grads = value_and_gradients(ours, inputs, random_like)
    in_double, _ = value_and_gradients(ours, [x.astype("float64") for x in inputs], random_like)
    assert [g.dtype for g in grads] == ["float32"] * len(grads)
    assert value.dtype == "float32"
    np.testing.assert_allclose(value, in_double, rtol=1e-4, atol=1e-4)


@every_operation
def test_operation_changes_no_input_and_no_upstream_gradient(ours, theirs, shapes):
    tensors = [Tensor(x, requires_grad=True) for x in arrays(shapes)]
    value = ours(*tensors)
    upstream = random_like(value)
    before = upstream.copy()
    value.backward(upstream)
    assert np.array_equal(upstream, before)
    assert all(np.array_equal(x.data, original) for x, original in zip(tensors, arrays(shapes), strict=True))


@every_operation
def test_backward_twice_adds_the_same_again(ours, theirs, shapes):
    tensors = [Tensor(x, requires_grad=True) for x in arrays(shapes)]
    value = ours(*tensors)
    value.backward(random_like(value))
    once = [x.grad.copy() for x in tensors]
    value.backward(random_like(value))
    for x, g in zip(tensors, once, strict=True):
        np.testing.assert_allclose(x.grad, 2 * g)


@every_operation
def test_constant_inputs_get_no_gradient(ours, theirs, shapes):
    for wanted in range(len(shapes)):
        tensors = [Tensor(x, requires_grad=i == wanted) for i, x in enumerate(arrays(shapes))]
        value = ours(*tensors)
        value.backward(random_like(value))
        _, all_grads = value_and_gradients(ours, arrays(shapes), random_like)
        np.testing.assert_allclose(tensors[wanted].grad, all_grads[wanted])
        assert all(x.grad is None for x in tensors if x is not tensors[wanted])


# The tape

def leaf(*values):
    return Tensor(np.array(values, float), requires_grad=True)


def test_gradients_of_all_paths_add_up():
    x, w = leaf(2.0), leaf(5.0)
    left, right = x * w, x * x
    (left * right + w).sum().backward()  # x^3 w + w
    assert x.grad == 3 * 4 * 5 and w.grad == 8 + 1


def test_a_chain_of_a_hundred_thousand_nodes_needs_no_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.sum().backward()
    assert x.grad == 1
    del y


def test_topological_order_puts_inputs_before_users():
    x = leaf(2.0)
    a = x * 2.0
    b = a + x
    c = a * b
    d = c + a
    order = topological_order(d)
    assert len(order) == 4 and all(order.index(i) < order.index(n) for n in order for i in n.inputs if i.vjp)


def test_a_cycle_is_an_error():
    x = leaf(2.0)
    a = x * 2.0
    b = a * 3.0
    a.inputs = (x, b)
    with pytest.raises(ValueError, match="cycle"):
        b.sum().backward()


def test_two_graphs_do_not_meet():
    x = leaf(3.0)
    first, second = x * 2.0, x * x
    third = first * second
    second.sum().backward()
    assert x.grad == 6
    x.grad = None
    third.sum().backward()
    assert x.grad == 54


def test_no_grad_records_nothing_and_ends_with_its_block():
    x = leaf(3.0)
    with no_grad():
        y = x * 2.0
    assert y.inputs == () and not y.requires_grad and (x * 2.0).requires_grad
    with pytest.raises(ZeroDivisionError), no_grad():
        1 / 0  # noqa: B018
    assert (x * 2.0).requires_grad
    with pytest.raises(ValueError, match="nothing to differentiate"):
        y.backward(np.ones(1))


def test_no_grad_of_one_thread_is_not_that_of_another():
    x, seen = leaf(3.0), []
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append((x * 2.0).requires_grad))
        thread.start()
        thread.join()
    assert seen == [True]


def test_gradients_with_every_gives_those_in_between_too():
    x = leaf(3.0)
    y = x * x
    z = (y + y).sum()
    found = gradients(z, every=True)
    assert found[x] == 12 and found[y] == 2 and found[z] == 1 and x.grad is None


def test_a_graph_is_freed_without_the_garbage_collector():
    import gc
    import weakref

    class Watched(np.ndarray):
        pass

    gc.disable()
    try:
        x = leaf(1.0, 2.0)
        y = ad.tanh(x)
        y.data = y.data.view(Watched)
        watch = weakref.ref(y.data)
        z = F.softmax(y * y).sum()
        z.backward()
        del y, z
        assert watch() is None
    finally:
        gc.enable()


def test_a_new_operation_is_a_value_and_a_vjp():
    def cube(x):
        return node(x.data**3, (x,), lambda g: (3 * g * x.data**2,))

    x = leaf(2.0)
    cube(x).backward(np.ones(1))
    assert x.grad == 12 and cube(x).operation == "cube"


def test_an_operation_may_hand_back_part_of_a_gradient_or_none():
    x, y = leaf(2.0, 3.0), leaf(1.0)
    node(x.data[1:] + y.data, (x, y), lambda g: (At(slice(1, None), g), None)).backward(np.ones(1))
    assert x.grad.tolist() == [0, 1] and y.grad is None


MISTAKES = [
    ("too few gradients", lambda x, y: node(x.data, (x, y), lambda g: (g,)), "must return 2 gradients"),
    ("wrong shape", lambda x, y: node(x.data, (x,), lambda g: (g[:1],)), r"\(2, 3\) a gradient of \(1, 3\)"),
    ("matmul", lambda x, y: x @ y, r"got \(2, 3\) and \(2, 3\)"),
    ("linear", lambda x, y: F.linear(x, y.T), r"needs x \(\.\.\., 2\)"),
    ("not a scalar", lambda x, y: (x * y).backward(), "is no scalar"),
    ("another shape", lambda x, y: (x * y).backward(np.ones(3)), r"has shape \(3,\), the tensor \(2, 3\)"),
    ("targets of another shape", lambda x, y: F.cross_entropy(x, [1, 2, 0]), r"targets of shape \(2,\)"),
    ("targets out of range", lambda x, y: F.cross_entropy(x, [1, 3]), r"in 0\.\.2, got 1\.\.3"),
    ("only padding", lambda x, y: F.cross_entropy(x, [1, 2], [0, 0]), "padding"),
    ("token id out of range", lambda x, y: F.embedding([-1], x), r"in 0\.\.1, got -1"),
    ("ids that are not integers", lambda x, y: F.embedding([0.5], x), "ids are integers"),
    ("integers", lambda x, y: Tensor([1, 2], requires_grad=True), "only floats have gradients"),
]


@pytest.mark.parametrize("wrong, message", [pytest.param(*row[1:], id=row[0]) for row in MISTAKES])
def test_a_mistake_is_an_error_that_says_what_was_wrong(wrong, message):
    x, y = (Tensor(a, requires_grad=True) for a in arrays([(2, 3), (2, 3)]))
    with pytest.raises((ValueError, IndexError, TypeError), match=message):
        result = wrong(x, y)
        result.backward(np.ones(result.shape))


def test_saturated_functions_stay_finite_and_silent():
    x = leaf(-1000.0, 0.0, 1000.0)
    with np.errstate(all="raise", under="ignore"):
        for function in (F.sigmoid, F.softmax, F.log_softmax):
            assert np.isfinite(function(x).data).all()
        assert F.cross_entropy(Tensor([[1000.0, -1000.0]]), [1]).item() == 2000
