"""The pictures: labelled, complete, and drawn from plain data alone."""

import os
import subprocess
import sys

import matplotlib
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from nextword import plots  # noqa: E402


@pytest.fixture(autouse=True)
def closed():
    plt.close("all")
    yield
    plt.close("all")


def words_of(figure):
    """Every text of a figure that is not empty."""
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


PICTURES = {
    "heat_map": lambda: plots.heat_map([[0.2, 0.8], [1, 0]], ["the", "<s>"], ["cow", "</s>"], "p", "before", "next"),
    "die": lambda: plots.die(["corn", "hay"], [0.75, 0.25], [0.2, 0.9], [0, 1]),
    "loss_against_n": lambda: plots.loss_against_n([1, 2], {"add-k": [3.0, 2.0]}, {"add-k": [3.0, 1.0]}, 1.5),
    "curves": lambda: plots.curves([1, 10], {"one": [1, 2], "two": [2, 3]}, "tokens", "seconds", "xy"),
    "descent": lambda: plots.descent([3.0, 2.0, 1.9], [1.0, 0.1, 0.01], 1.8, "counted"),
    "loss_ladder": lambda: plots.loss_ladder({"uniform": 4.9, "bigram": 2.1}, 1.27),
}


@pytest.mark.parametrize("name", PICTURES)
def test_axes_are_labelled_and_one_figure_is_drawn(name):
    assert PICTURES[name]() is None
    assert len(plt.get_fignums()) == 1
    for ax in plt.gcf().axes:
        # a ladder's models, and a colour bar's missing x axis, say what they are themselves
        assert ax.get_ylabel() or name == "loss_ladder"
        assert ax.get_xlabel() or ax.get_label() == "<colorbar>"
    plt.gcf().canvas.draw()


@pytest.mark.parametrize("name", PICTURES)
def test_drawing_leaves_the_settings_of_matplotlib_alone(name):
    before = dict(matplotlib.rcParams)
    PICTURES[name]()
    assert dict(matplotlib.rcParams) == before


def test_a_heat_map_has_a_number_where_there_is_something_to_say():
    plots.heat_map([[0.25, 0.001], [0, 1]], ["a", "b"], ["c", "d"])
    shown = words_of(plt.gcf())
    assert {"25", "100", "a", "b", "c", "d"} <= set(shown)
    assert "0" not in shown


def test_losses_are_in_nats_and_infinite_ones_are_marked():
    plots.loss_against_n([1, 2, 3], {"counted": [3.0, np.inf, np.inf]}, {"counted": [3.0, 2.0, 1.0]}, floor=1.5)
    shown = words_of(plt.gcf())
    assert any("nats per token" in text for text in shown)
    assert "counted: \u221e on new sentences" in shown
    assert any("1.500" in text for text in shown)
    marks = [line for line in plt.gca().lines if line.get_marker() == "^"]
    assert [list(line.get_xdata()) for line in marks] == [[2, 3]]


def test_a_ladder_says_every_loss_and_the_floor():
    plots.loss_ladder({"uniform": 4.9, "bigram": 2.1234}, floor=1.2672)
    shown = words_of(plt.gcf())
    assert {"uniform", "bigram", "4.900", "2.123"} <= set(shown)
    assert any("1.267" in text for text in shown)


def test_samples_are_coloured_from_their_first_fault_on():
    whole, broken = (["cows", "eat", "."], 4), (["cows", "eats", "."], 1)
    plots.samples([("n = 1", [whole, broken], "50%")], note="sentences")
    drawn = [(t.get_text(), t.get_color()) for t in plt.gca().texts]
    assert [c for text, c in drawn if text == "cows"] == [plots.BLACK, plots.BLACK]
    assert ("eats", plots.RED) in drawn and ("eat", plots.BLACK) in drawn
    assert {"n = 1", "50%", "sentences"} <= {text for text, _ in drawn}


def test_a_sample_that_only_ends_too_early_says_so():
    plots.samples([("n = 1", [(["the", "cow"], 2)], "0%")])
    assert ("(end)", plots.RED) in [(t.get_text(), t.get_color()) for t in plt.gca().texts]


def test_long_samples_are_wrapped():
    plots.samples([("n = 1", [(["narwhal"] * 40, 41)], "0%")], width=60)
    columns = [t.get_position()[0] for t in plt.gca().texts if t.get_text() == "narwhal"]
    rows = {t.get_position()[1] for t in plt.gca().texts if t.get_text() == "narwhal"}
    assert len(columns) == 40 and max(columns) < 60 and len(rows) > 4


def test_losses_that_are_equal_do_not_hide_each_other():
    plots.loss_against_n([1, 2], {"a": [3.0, 2.0], "b": [3.0, 2.5]}, {"b": [3.0, 1.0]})
    marks = [(line.get_xdata()[0], line.get_markersize(), line.get_zorder()) for line in plt.gca().lines]
    (a, *_), (b, size, order), (open_b, open_size, open_order) = marks
    assert a < b == open_b and size < open_size and order > open_order


def test_every_number_has_an_arrow_to_its_step_of_the_die():
    plots.die(["corn", "hay"], [0.75, 0.25], [0.2, 0.9], [0, 1])
    arrows = [text for text in plt.gca().texts if getattr(text, "arrow_patch", None)]
    assert [arrow.xy[0] - arrow.xyann[0] > 0.2 for arrow in arrows] == [True, True]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("imported", ["nextword.plots", "nextword.plots_rnn, nextword.plots_attention, nextword.plots"])
def test_a_notebook_shows_every_figure_and_not_the_first_alone(imported):
    ladder = f"import {imported}\nnextword.plots.loss_ladder({{'uniform': 4.9}}, 1.27)"
    curve = "nextword.plots.curves([1, 2], {'loss': [2, 1]}, 'step', 'nats')"
    plain = "import matplotlib.pyplot as plt\nlines = plt.plot([1, 2])"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in (ladder, curve, plain)])
    environment = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"}  # a kernel sets its own
    NotebookClient(notebook, extra_arguments=["--log-level=ERROR"]).execute(env=environment)
    pictures = [["image/png" in output.get("data", {}) for output in cell.outputs] for cell in notebook.cells]
    assert pictures == [[True]] * 3


def test_a_figure_can_be_drawn_into_axes_that_are_there():
    _, ax = plt.subplots()
    plots.curves([1, 2], {"loss": [2, 1]}, "step", "nats", ax=ax)
    assert len(plt.get_fignums()) == 1 and ax.get_xlabel() == "step"


def test_plots_import_no_model():
    code = ("import sys, nextword.plots; mine = {m for m in sys.modules if m.startswith('nextword.')}; "
            "sys.exit(mine != {'nextword.plots'} or 'torch' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
