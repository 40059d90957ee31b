"""The drawing of graphs: which nodes there are, where they stand, and which are marked."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
from nextword import functional as F
from nextword import graph
from nextword.autodiff import Tensor
from nextword.graph import Node


def network():
    rng = np.random.default_rng(0)
    x = Tensor(rng.standard_normal((4, 3)), name="x")
    weights = [Tensor(rng.standard_normal(shape), requires_grad=True) for shape in ((5, 3), (2, 5))]
    hidden = F.sigmoid(F.linear(x, weights[0]))
    return F.cross_entropy(F.linear(hidden, weights[1]), [0, 1, 1, 0]), dict(zip(weights, ("alpha", "beta"), strict=True))


def test_nodes_of_a_tensor_have_names_inputs_values_and_gradients():
    loss, names = network()
    nodes = {n.name: n for n in graph.of_tensor(loss, names=names)}
    assert list(nodes) == ["x", "alpha", "linear 1", "sigmoid", "beta", "linear 2", "cross_entropy"]
    assert nodes["linear 2"].inputs == ("sigmoid", "beta") and nodes["linear 2"].operation == "linear"
    assert nodes["x"].gradient is None and nodes["alpha"].gradient.shape == (5, 3) and nodes["cross_entropy"].gradient == 1
    assert all(tensor.grad is None for tensor in names)


class Applied:
    def __init__(self, value, *inputs):
        self.in_modules, self.out_tensor, self.out_gradient = inputs, np.asarray(value), np.ones_like(value)


class Add(Applied):
    pass


def test_nodes_of_modules_in_the_order_of_the_tape():
    x, w = Applied(1.0), Applied(2.0)
    first = Add(3.0, x, w)
    second = Add(4.0, first, x)
    nodes = graph.of_modules([first, second], names={x: "x", w: "w"})
    assert [(n.name, n.operation, n.inputs) for n in nodes] == [
        ("x", "", ()), ("w", "", ()), ("Add 1", "Add", ("x", "w")), ("Add 2", "Add", ("Add 1", "x"))]


@pytest.mark.parametrize("spoiled, first, following", [
    ((), None, 0), (("alpha",), "alpha", 0), (("alpha", "linear 1"), "linear 1", 1), (("cross_entropy", "beta"), "cross_entropy", 1),
])
def test_the_first_disagreement_on_the_way_back_comes_first(spoiled, first, following):
    loss, names = network()
    nodes = graph.of_tensor(loss, names=names)
    expected = {n.name: np.array(n.gradient) + (n.name in spoiled) for n in nodes if n.gradient is not None}
    wrong = graph.disagreements(nodes, expected)
    assert wrong[:1] == ([first] if first else []) and len(wrong[1:]) == following


def test_tiny_differences_are_no_disagreement_and_a_missing_gradient_is_one():
    nodes = [Node("a", gradient=np.array([1.0, 2.0])), Node("b", gradient=None)]
    assert graph.disagreements(nodes, {"a": np.array([1.0, 2.0 + 1e-9])}) == []
    assert graph.disagreements(nodes, {"b": np.zeros(2)}) == ["b"]
    assert graph.disagreements(nodes, {"a": np.zeros((2, 1))}) == ["a"]


DIAMOND = [Node("x"), Node("t", "tanh", ("x",)), Node("s", "add", ("x", "t")), Node("m", "multiply", ("s", "t"))]


@pytest.mark.parametrize("nodes", [DIAMOND, graph.of_tensor(*network()[:1])], ids=["diamond", "network"])
def test_inputs_stand_left_of_their_users_and_boxes_do_not_overlap(nodes):
    places, _ = graph._layout(nodes, (graph.WIDTH, graph.HEIGHT, graph.ACROSS, graph.DOWN))
    for node in nodes:
        assert all(places[v][0] < places[node.name][0] for v in node.inputs)
    spots = list(places.values())
    for i, (x, y) in enumerate(spots):
        assert all(abs(x - u) >= graph.WIDTH or abs(y - v) >= graph.HEIGHT for u, v in spots[:i])


def test_a_drawing_says_shapes_and_norms_and_names_the_first_disagreement():
    loss, names = network()
    nodes = graph.of_tensor(loss, names=names)
    expected = {n.name: np.array(n.gradient) for n in nodes if n.gradient is not None}
    axes = graph.draw(nodes, expected=expected, title="a network")
    texts = [t.get_text() for t in axes.texts]
    assert "a network" in texts and "4 x 5" in texts and f"all {len(expected)} gradients agree with the expected ones" in texts
    assert f"|gradient| {np.linalg.norm(expected['alpha']):.4g}" in texts
    axes = graph.draw(nodes, expected=expected | {"linear 1": expected["linear 1"] * 2, "alpha": 0 * expected["alpha"]})
    assert "first to differ on the way back: linear 1; 1 more follow" in [t.get_text() for t in axes.texts]


def test_a_compact_drawing_has_a_dot_for_every_use_of_a_shared_leaf():
    nodes = [Node("w"), Node("h0")]
    for t in range(5):
        nodes.append(Node(f"h{t + 1}", "step", (f"h{t}", "w")))
    axes = graph.draw(nodes, compact=True)
    assert len([p for p in axes.patches if type(p).__name__ == "Circle"]) == 1 + 5 + 5
