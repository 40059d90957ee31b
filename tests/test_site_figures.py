"""The four figures that one can play with, each alone in a page that is opened as a file: `make test-browser`.

What they must show is computed here, from the library or with PyTorch; nothing is trained for it.
"""

import ast
import json
import math
import re
import sys
from collections import Counter
from itertools import product
from pathlib import Path

import browsing
import numpy as np
import pytest
import torch
from nextword import corpora, ladder, ngram, text
from nextword.autodiff import no_grad
from nextword.transformer import Config, TransformerLM

Axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe  # make test does without it
ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "site"))

from figures import data  # noqa: E402

FIGURES = ROOT / "site" / "figures"
NAMES = ("die", "graph", "heads", "ladder")
VOCAB = text.Vocab(corpora.narwhals().vocabulary, specials=(text.BOS, text.EOS))
WIDE, PHONE = 760, 390
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{name}</title>
<style>body {{ margin: 1rem; font-family: Arial, sans-serif; color: var(--color-foreground-primary, #000);
  background: var(--color-background-primary, #fff); }}
@media screen and (prefers-color-scheme: dark) {{ body {{ --color-foreground-primary: #cfd0d0;
  --color-foreground-secondary: #9ca0a5; --color-background-primary: #131416; --color-background-secondary: #1a1c1e;
  --color-background-border: #303335; }} }}
{style}</style></head><body>
<main><h1>{name}</h1>
<nextword-{name}><script type="application/json" class="data">{data}</script></nextword-{name}></main>
<script>const escaped = []; document.addEventListener("keydown", (event) => escaped.push(event.key));</script>
<script>{script}</script></body></html>"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def transformer():
    """A small one that has learnt nothing, and has opinions all the same."""
    model = TransformerLM(Config(len(VOCAB), width=16, layers=2, heads=2, context=32), np.random.default_rng(0))
    for layer in model.layers:
        layer.self_attn.in_proj_weight.data *= 2
        layer.self_attn.in_proj_bias.data[:] = np.random.default_rng(1).normal(size=48)
    return model


@pytest.fixture(scope="session")
def numbers(transformer):
    """What the build computes for each figure, with models that are at hand at once."""
    trie = ngram.count(VOCAB.stream(corpora.narwhals().train, 2), 2, len(VOCAB), VOCAB.bos)
    models = {"uniform": None, "2-gram": ngram.add_k(trie, 0.1), "transformer": transformer}
    rungs = [ladder.Rung(name, model, ladder.LOSSES[name], 0.0, 0.0) for name, model in models.items()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "_measured", lambda: rungs)
        return {"die": data.die(), "graph": data.graph(), "heads": data.heads(), "ladder": data.rungs()}


@pytest.fixture
def figure(page, refused, tmp_path, numbers):
    """Opens a page with one figure alone: its element. Nothing may be asked for, and nothing said on the console."""
    heard = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: heard.append(request.url))

    def opened(name, width=WIDE, scheme="light"):
        style, script = ((FIGURES / file).read_text(encoding="utf-8") for file in ("figures.css", f"{name}.js"))
        given = json.dumps(numbers[name]).replace("</", "<\\/")
        path = tmp_path / f"{name}.html"
        path.write_text(PAGE.format(name=name, style=style, script=script, data=given), encoding="utf-8")
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.goto(path.as_uri())
        assert heard.pop(0) == path.as_uri()
        return page.locator(f"nextword-{name}")

    yield opened
    assert heard == []


def number(written):
    return float(written.replace("−", "-"))


# --- all of them ---


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("name", NAMES)
def test_a_figure_fits_its_page_and_shuts_nobody_out(page, figure, name, width, scheme):
    element = figure(name, width, scheme)
    assert element.bounding_box()["height"] > 200
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    browsing.shot(page, f"figure-{name}-{width}-{scheme}", full_page=True)
    grave = [fault for fault in Axe().run(page).response["violations"] if fault["impact"] in ("serious", "critical")]
    assert [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in grave] == []


@pytest.mark.parametrize("name", NAMES)
def test_in_print_a_figure_is_light_and_has_no_buttons(page, figure, name):
    element = figure(name, scheme="dark")
    page.emulate_media(media="print")
    browsing.shot(page, f"figure-{name}-print", full_page=True)
    assert element.evaluate("element => getComputedStyle(element).getPropertyValue('--blue')").strip() == "#0060a8"
    assert element.locator(".controls").is_hidden()


@pytest.mark.parametrize(("name", "focused"), [("die", ".stick"), ("graph", ".board"), ("heads", ".word[tabindex='0']")])
def test_the_arrow_keys_do_not_turn_the_pages_of_the_book(page, figure, name, focused):
    figure(name).locator(focused).focus()
    for key in ("ArrowLeft", "ArrowRight", "x"):
        page.keyboard.press(key)
    assert page.evaluate("escaped") == ["x"]


# --- the weighted die ---


def after(*before):
    """How often each word followed two others in the training text: {word: count}, in the order of the vocabulary."""
    counted = Counter()
    for sentence in corpora.narwhals().train:
        words = ["<s>", "<s>", *sentence, "</s>"]
        counted.update(c for a, b, c in zip(words, words[1:], words[2:], strict=False) if (a, b) == before)
    return dict(sorted(counted.items(), key=lambda item: VOCAB.tokens.index(item[0])))


def hit(counts, u):
    """The word on whose piece of the stick u falls, its count, and where the piece begins and ends."""
    total, low = sum(counts.values()), 0
    for word, count in counts.items():
        if u < (low + count) / total:
            return word, count, low / total, (low + count) / total
        low += count


def falls_on(element):
    """What the die says: u, the word, where its piece begins and ends, its count, all counts, the probability."""
    said = re.search(
        r"u = (\S+) falls on “(.+)”, the piece from (\S+) to (\S+)\. It came (\d+) times? in (\d+) .* of (\S+)\.$",
        element.locator(".says").inner_text())
    return [part if i == 1 else float(part) for i, part in enumerate(said.groups())]


def expected(counts, u):
    word, count, low, high = hit(counts, u)
    rounded = [pytest.approx(value, abs=5.1e-4) for value in (low, high, high - low)]
    return [u, word, *rounded[:2], count, sum(counts.values()), rounded[2]]


def test_the_die_falls_where_one_points(page, figure):
    element, counts = figure("die"), after("<s>", "<s>")
    stick = element.locator(".stick")
    box = stick.bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 20)
    page.mouse.down()
    for share in (0.2, 0.55, 0.93):  # pointed at, and dragged to
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 20)
        u = falls_on(element)[0]
        assert u == pytest.approx(share, abs=0.005) and falls_on(element) == expected(counts, u)
        assert stick.get_attribute("aria-valuetext") == f"{u:.3f}, {hit(counts, u)[0]}"
    page.mouse.up()
    page.mouse.move(box["x"], box["y"] + 20)
    assert falls_on(element)[0] == u  # let go of


def test_the_die_is_rolled_and_words_are_taken_with_keys(page, figure):
    element, counts = figure("die"), after("<s>", "<s>")
    element.locator(".stick").focus()
    for key, u in (("Home", 0), ("PageUp", 0.1), ("ArrowRight", 0.11), ("End", 0.999), ("Home", 0), ("ArrowUp", 0.01)):
        page.keyboard.press(key)
        assert falls_on(element) == expected(counts, u)
    first = hit(counts, 0.01)[0]
    page.keyboard.press("Enter")
    assert element.locator(".written").inner_text() == first
    assert falls_on(element) == expected(after("<s>", first), 0.01)


def test_the_die_writes_a_sentence_of_trigrams_that_were_seen_and_starts_again_with_keys(page, figure):
    element = figure("die")
    roll = element.get_by_text("Roll and take")
    roll.focus()
    for _ in range(200):
        if roll.is_disabled():
            break
        page.keyboard.press("Enter")
    written = ["<s>", "<s>", *element.locator(".written").inner_text().split()]
    assert written[-1] == "</s>" and all(after(a, b)[c] for a, b, c in zip(written, written[1:], written[2:], strict=False))
    assert page.locator(":focus").inner_text() == "Start again"
    page.keyboard.press("Enter")
    assert element.locator(".written").inner_text() == "…" and element.locator(".stick").is_visible()


# --- the computation graph ---

FORWARDS, BACKWARDS = ("a", "z", "b", "y_hat", "J"), ("g_J", "g_y_hat", "g_b", "g_beta", "g_z", "g_a", "g_alpha")
GIVEN = ("x", "y", "alpha", "beta")


@pytest.fixture(scope="session")
def computed():
    """Every quantity of the network and its gradient, by PyTorch, and the loss after a step of 0.5."""
    def forwards(x, y, alpha, beta):
        a = x @ alpha[:, 1:].T + alpha[:, 0]
        z = torch.sigmoid(a)
        b = z @ beta[:, 1:].T + beta[:, 0]
        y_hat = torch.softmax(b, dim=1)
        return {"a": a, "z": z, "b": b, "y_hat": y_hat, "J": -(y * torch.log(y_hat)).sum()}

    given = {name: torch.tensor(getattr(data, name.upper()), requires_grad=name in ("alpha", "beta")) for name in GIVEN}
    values = forwards(**given)
    of = [name.removeprefix("g_") for name in BACKWARDS]
    gradients = torch.autograd.grad(values["J"], [{**given, **values}[name] for name in of])
    moved = {name: given[name] - 0.5 * gradients[of.index(name)] for name in ("alpha", "beta")}
    values |= dict(zip(BACKWARDS, gradients, strict=True)) | {"after": forwards(**given | moved)["J"]}
    return {name: np.atleast_2d(value.detach().numpy()) for name, value in (given | values).items()}


def boxes(element, width=WIDE):
    """The boxes whose numbers can be seen: {name: array}."""
    picture = element.locator("svg.wide" if width == WIDE else "svg.narrow")
    seen = picture.locator(".box").evaluate_all("""found => found.map(box => [box.dataset.name,
        [...box.querySelectorAll(".cells text")].filter(cell => getComputedStyle(cell).visibility == "visible")
        .map(cell => cell.textContent)])""")
    return {name: np.array([number(written) for written in cells]) for name, cells in seen if cells}


def lit(element, mark):
    return set(element.locator(f"svg.wide .box.{mark}").evaluate_all("found => found.map(box => box.dataset.name)"))


def assert_shown(element, computed, names, width=WIDE):
    seen = boxes(element, width)
    assert set(seen) == set(names)
    for name in names:
        np.testing.assert_allclose(seen[name], computed[name].ravel(), atol=5.1e-3, err_msg=name)


def test_the_graph_is_stepped_forwards_and_backwards_with_keys(page, figure, computed):
    element = figure("graph")
    element.locator(".board").focus()
    assert_shown(element, computed, GIVEN)
    known = list(GIVEN)
    for name in FORWARDS + BACKWARDS:
        page.keyboard.press("ArrowRight")
        known.append(name)
        assert_shown(element, computed, known)
        assert lit(element, "now") == {name} and lit(element, "used") <= set(known) - {name}
        said = element.locator(".says .numbers").inner_text().split(" = ")[1]
        np.testing.assert_allclose(np.atleast_2d(ast.literal_eval(said.replace("−", "-"))), computed[name], atol=5.1e-5)
    page.keyboard.press("End")
    before, later = computed["J"].item(), computed["after"].item()
    assert element.locator(".says").inner_text().endswith(f"J from {before:.4f} to {later:.4f}.") and later < before
    assert_shown(element, computed, [*known, "after"])
    for key, names in (("ArrowLeft", known), ("ArrowLeft", known[:-1]), ("Home", GIVEN), ("ArrowLeft", GIVEN)):
        page.keyboard.press(key)
        assert_shown(element, computed, names)


def test_the_graph_is_stepped_with_the_pointer(page, figure, computed):
    element = figure("graph")
    for button, name in (("Back", "x"), ("Forward", "a"), ("Forward", "z"), ("Back", "a"), ("Restart", "x")):
        element.get_by_role("button", name=button).click(force=True)  # Back is there, but at the first step does nothing
        assert name in lit(element, "now")
    for name, count in (("g_b", 8), ("J", 5), ("beta", 0)):  # a box: the step that computes it
        element.locator(f"svg.wide .box[data-name={name}]").click()
        assert name in lit(element, "now")
        assert_shown(element, computed, (*GIVEN, *FORWARDS, *BACKWARDS)[: len(GIVEN) + count])
    element.get_by_role("button", name="Forward").focus()
    page.keyboard.press("ArrowRight")  # the arrows work from the buttons, too
    assert lit(element, "now") == {"a"}


@pytest.mark.parametrize(("name", "sources"), {
    "a": {"x", "alpha"}, "b": {"z", "beta"}, "J": {"y", "y_hat"}, "g_beta": {"g_b", "z"}, "g_z": {"g_b", "beta"},
    "g_a": {"g_z", "z"}, "g_alpha": {"g_a", "x"}, "after": {"alpha", "g_alpha", "beta", "g_beta"}}.items())
def test_what_a_box_is_computed_from_lights_up(figure, name, sources):
    element = figure("graph")
    element.locator(f"svg.wide .box[data-name={name}]").click()
    assert lit(element, "used") == sources


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_boxes_of_the_graph_say_their_shapes_and_do_not_overlap(page, figure, computed, width):
    element = figure("graph", width)
    element.locator(".board").focus()
    page.keyboard.press("End")
    assert_shown(element, computed, computed, width)
    places = {}
    for box in element.locator("svg.wide .box" if width == WIDE else "svg.narrow .box").all():
        name = box.get_attribute("data-name")
        places[name] = box.locator("> rect").bounding_box()
        shape = "" if computed[name].size == 1 else str(computed[name].shape)
        assert box.locator(".shape").text_content() == shape
        words = box.locator("text").evaluate_all("found => found.map(text => text.getBoundingClientRect().toJSON())")
        assert all(inside(word, places[name]) for word in words), name
    assert set(places) == set(computed)
    assert [(one, two) for one, two in product(places, repeat=2) if one < two and overlap(places[one], places[two])] == []


def overlap(one, two):
    return all(max(one[start], two[start]) < min(one[start] + one[size], two[start] + two[size])
               for start, size in (("x", "width"), ("y", "height")))


def inside(one, two):
    return all(two[start] <= one[start] and one[start] + one[size] <= two[start] + two[size]
               for start, size in (("x", "width"), ("y", "height")))


def test_in_print_the_graph_has_every_number_and_every_sentence(page, figure, computed):
    element = figure("graph")
    page.emulate_media(media="print")
    assert_shown(element, computed, computed)
    assert element.locator(".every li:visible").count() == 1 + len(FORWARDS) + len(BACKWARDS) + 1


# --- a head's attention ---


def weights_of(model, ids, mask, scale, positions):
    """[layer][head][T][T], by the layers themselves; without scale, the queries are as much larger."""
    found = []
    with no_grad():
        x = model.embedding(ids) + (model.positions.weight[: ids.shape[1]] if positions else 0.0)
        for layer in model.layers:
            inner = layer.self_attn
            queries, larger = slice(inner.heads * inner.d_k), 1 if scale else inner.d_k**0.5
            for parameter in (inner.in_proj_weight, inner.in_proj_bias):
                parameter.data[queries] *= larger
            x = layer(x, causal=mask)
            for parameter in (inner.in_proj_weight, inner.in_proj_bias):
                parameter.data[queries] /= larger
            found.append(inner.weights[0])
    return np.array(found)


@pytest.fixture(scope="session")
def attention(transformer):
    """{(sentence, mask, scale, positions): weights}, and the words of each sentence."""
    found, sentences = {}, [["<s>", *sentence.split()] for sentence in data.SENTENCES]
    for (i, words), *parts in product(enumerate(sentences), *[(False, True)] * 3):
        found[(i, *parts)] = weights_of(transformer, np.array([VOCAB.encode(words)]), *parts)
    return found, sentences


def press(element, name):
    element.get_by_role("button", name=name, exact=True).click()


def head_of(element, layer, head):
    """Presses the buttons of a layer and a head."""
    for group, i in (("Layer", layer), ("Head", head)):
        element.get_by_role("group", name=group).get_by_role("button", name=str(i + 1)).click()


def assert_map(element, weights):
    """The map shows these weights: the more opaque, the larger."""
    drawn = element.locator(".map rect[data-row]").evaluate_all("all => all.map(cell => +cell.getAttribute('fill-opacity'))")
    np.testing.assert_allclose(np.reshape(drawn, weights.shape), weights, atol=6e-4)


def assert_told(element, words, row, i):
    """The sentence, the percentages and the lines are those of word i, whose weights are `row`."""
    said = element.locator(".says").inner_text()
    largest = int(np.argmax(row))
    plain = re.sub("[₀-₉]+", "", said)
    assert f": “{words[i]}” looks at “{words[largest]}” ({shown(row[largest])}" in plain
    listed = element.locator(".keys li").all()
    assert [item.locator(".percent").inner_text() != "" for item in listed] == [bool(weight > 0.0495) for weight in row]
    assert shown(row[largest]) in listed[largest].inner_text()
    thickness = element.locator(".lines path").evaluate_all("all => all.map(line => +line.getAttribute('stroke-width'))")
    assert len(thickness) == sum(row > 0.0095) and np.argmax(thickness) == np.argmax(row[row > 0.0095])


def shown(weight):
    return f"{math.floor(100 * round(weight, 3) + 0.5 + 1e-9)} %"


def test_pointing_at_a_word_shows_where_it_looks(figure, attention):
    found, (words, _) = attention
    element, weights = figure("heads"), found[0, True, True, True]
    for layer, head in product(range(2), repeat=2):
        head_of(element, layer, head)
        assert_map(element, weights[layer, head])
        for i in (3, 0, 11, 13):
            element.locator(".word").nth(i).hover()
            assert element.locator(".says").inner_text().startswith(f"Layer {layer + 1}, head {head + 1}: “{words[i]}")
            assert_told(element, words, weights[layer, head, i], i)
    element.locator(".map rect[data-row='7']").nth(2).hover()
    assert_told(element, words, weights[1, 1, 7], 7)


def test_the_words_are_gone_through_with_keys(page, figure, attention):
    found, (words, _) = attention
    element = figure("heads")
    head_of(element, 0, 1)
    element.locator(".word").nth(5).click()
    for key, i in (("ArrowDown", 6), ("ArrowRight", 7), ("ArrowUp", 6), ("End", 13), ("ArrowDown", 13), ("Home", 0),
                   ("ArrowLeft", 0)):
        page.keyboard.press(key)
        assert_told(element, words, found[0, True, True, True][0, 1, i], i)
        focused = element.locator(".word[tabindex='0'][aria-selected=true]:focus")
        assert focused.inner_text().split() == [str(i), words[i]]
        assert element.locator(".word[tabindex='0']").count() == 1


def test_words_that_scroll_by_under_a_pointer_at_rest_are_not_pointed_at(page, figure):
    element = figure("heads", PHONE)
    page.set_viewport_size({"width": PHONE, "height": 400})
    element.locator(".word").nth(5).hover()
    said, at = element.locator(".says").inner_text(), page.evaluate("scrollY")
    entered = element.locator(".word").nth(7).evaluate_handle(
        "word => ({seen: new Promise(seen => word.addEventListener('pointerenter', seen, {once: true}))})")
    row = element.locator(".word").nth(1).bounding_box()["height"]
    page.mouse.wheel(0, 2 * row)
    entered.evaluate("entered => entered.seen.then(() => true)")
    assert page.evaluate("scrollY") > at and element.locator(".says").inner_text() == said


def test_every_part_of_the_model_can_be_switched_off_and_on(page, figure, attention):
    found, (words, _) = attention
    element = figure("heads")
    head_of(element, 1, 0)
    element.locator(".word").nth(4).click()
    state, buttons = [True, True, True], ("Causal mask", "Scale 1/√dk", "Positions")
    for turned in (0, 1, 0, 2, 0, 1, 0):  # all eight
        state[turned] = not state[turned]
        button = element.get_by_role("button", name=buttons[turned])
        button.focus()
        page.keyboard.press("Space")
        assert button.get_attribute("aria-pressed") == str(state[turned]).lower()
        weights = found[(0, *state)][1, 0]
        assert_map(element, weights)
        assert_told(element, words, weights[4], 4)
        said = element.locator(".says").inner_text()
        off = [name for name, on in zip(("mask", "scale", "positions"), state, strict=True) if not on]
        assert said.startswith(f"Layer 2, head 1, without {' and '.join(off)}: " if off else "Layer 2, head 1: ")
        told = re.search(r"(\d+) % of its attention goes to words that are still to come", said)
        assert bool(told) is not state[0]
        assert state[0] or float(told[1]) == pytest.approx(100 * weights[4, 5:].sum(), abs=1.2)


def test_another_sentence_can_be_chosen(page, figure, attention):
    found, (_, words) = attention
    element = figure("heads", PHONE)
    element.locator("select").focus()
    page.keyboard.press("ArrowDown")
    head_of(element, 0, 0)
    element.locator(".word").nth(5).click()
    assert [option.split()[1] for option in element.locator(".word").all_inner_texts()] == words
    assert_map(element, found[1, True, True, True][0, 0])
    assert_told(element, words, found[1, True, True, True][0, 0, 5], 5)


def test_without_mask_and_positions_the_same_word_looks_at_the_same_words(attention):
    """The text beside the figure says so."""
    found, (words, _) = attention
    for one, two in ((1, 12), (3, 10)):
        assert words[one] == words[two]
        for weights, same in ((found[0, False, True, False], True), (found[0, False, True, True], False)):
            assert np.allclose(weights[:, :, one], weights[:, :, two], atol=1e-5) is same


# --- the loss ladder ---


def assert_picked(element, names):
    assert {bar.get_attribute("data-name") for bar in element.locator(".bars [aria-pressed=true]").all()} == set(names)
    told = element.locator(".samples dt").all_inner_texts()
    assert len(told) == len(names)
    for name, said in zip(names, told, strict=True):
        loss = ladder.LOSSES[name]
        assert said.startswith(f"{name} {loss:.3f} nats") and f" {math.exp(loss):.1f} equally likely" in said
        assert f"{loss - corpora.narwhals().entropy_per_token:.3f} above the floor" in said


def test_models_are_picked_with_the_pointer(figure):
    element = figure("ladder")
    assert_picked(element, ["2-gram", "transformer"])
    element.locator("[data-name='2-gram']").click()
    assert_picked(element, ["transformer"])
    element.locator("[data-name=uniform]").click()
    assert_picked(element, ["uniform", "transformer"])
    widths = [element.locator(f"[data-name='{name}'] .floor").evaluate("floor => floor.getBoundingClientRect().left")
              for name in ("uniform", "2-gram", "transformer")]
    assert len(set(widths)) == 1  # one line, however long the bar


def test_models_are_picked_with_keys(page, figure):
    element = figure("ladder")
    element.locator(".bars button").first.focus()
    for key in ("ArrowDown", "Enter", "End", "Space", "ArrowDown", "Home", "Enter", "ArrowUp"):
        page.keyboard.press(key)
    assert_picked(element, ["uniform"])


def test_a_bar_is_as_long_as_its_loss(figure):
    element = figure("ladder")
    widest = ladder.LOSSES["uniform"]
    for name in ("uniform", "2-gram", "transformer"):
        track, known, unknown = (element.locator(f"[data-name='{name}'] .{part}").bounding_box()["width"]
                                 for part in ("track", "known", "unknown"))
        assert (known + unknown) / track == pytest.approx(ladder.LOSSES[name] / widest, abs=0.01)
        assert known / track == pytest.approx(corpora.narwhals().entropy_per_token / widest, abs=0.01)


def test_samples_are_sentences_of_the_language_s_words_and_there_are_others(figure, numbers):
    element, vocabulary = figure("ladder"), {*VOCAB.tokens, "…"}  # <s>, too: this transformer has not learnt better
    seen = []
    for _ in range(data.SAMPLES):
        seen.append(element.locator(".samples dd").all_inner_texts())
        element.get_by_text("Other sentences").click()
    words = {word for pair in seen for sample in pair for word in sample.removeprefix("(an empty sentence)").split()}
    assert words <= vocabulary
    assert len({tuple(pair) for pair in seen}) == data.SAMPLES
    assert element.locator(".samples dd").all_inner_texts() == seen[0]
