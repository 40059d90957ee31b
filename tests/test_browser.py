"""JupyterLab as a student meets it, in a real browser with no way out to the internet. `make test-browser`."""

import contextlib
import json
import re
import shutil
from pathlib import Path

import browsing
import pytest

expect = pytest.importorskip("playwright.sync_api").expect
ROOT = Path(__file__).parent.parent
NAME = "01_ngram_counting"
WRONG = "def tokenize(text):\n    return text.split()"
RIGHT = 'def tokenize(text):\n    return re.findall(r"\\w+(?:[\'-]\\w+)*|[^\\w\\s]", text.lower())'

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab on a copy of the notebooks, with the solved notebook beside them. Yields (url, folder)."""
    from autograder import build
    from autograder.course import Course

    course, home = Course.load(ROOT), tmp_path_factory.mktemp("lab")
    notebooks = home / "notebooks"
    shutil.copytree(course.notebooks, notebooks)
    build.build(course, NAME)
    solved = json.loads(course.source_notebook(NAME).read_text())
    for cell in solved["cells"]:
        if cell["id"].startswith("written-"):
            cell["source"] = "An answer."
    (notebooks / "solved.ipynb").write_text(json.dumps(solved))
    with browsing.lab(notebooks, home) as url:
        yield url, notebooks


@pytest.fixture
def open_notebook(lab, page, refused):
    """Opens a notebook of the lab and waits for its kernel; returns the locator of its panel."""

    def opened(path):
        page.set_viewport_size({"width": 1300, "height": 950})
        page.goto(f"{lab[0]}/doc/tree/{path}?token=t")
        panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        panel.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=120_000)
        return panel

    return opened


def run_cell(page, panel, has, source=None):
    """Clicks into the editor of the cell that has this text, replaces it if asked, and runs it; returns the cell.

    A page that is still settling may move under the pointer, or miss a key: each step is seen to have had its effect.
    """
    cell = panel.locator(".jp-CodeCell").filter(has=page.locator(".jp-InputArea-editor .cm-content", has_text=has)).first
    editor = cell.locator(".jp-InputArea-editor .cm-content")
    editor.scroll_into_view_if_needed()
    editor.click()
    cell.locator(".cm-editor.cm-focused").wait_for()
    if source is not None:
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")
        page.keyboard.insert_text(source)
        panel.locator(".cm-focused .cm-content", has_text=source.splitlines()[-1].strip()).wait_for()
    run_active(page, panel)
    return cell


def run_active(page, panel):
    """Runs the active cell and waits for its end. JupyterLab misses a key now and then: who sees no effect presses again."""
    active = panel.locator(".jp-CodeCell.jp-mod-active")
    prompt = active.locator(".jp-InputArea-prompt")
    before = prompt.inner_text()
    for _ in range(6):
        page.keyboard.press("Control+Enter")
        with contextlib.suppress(AssertionError):
            expect(prompt).not_to_have_text(before, timeout=10_000)
            break
        active.locator(".cm-content").click()
    expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=120_000)  # [*]: while it runs


def test_a_wrong_answer_shows_the_named_mistake_and_no_stack_and_a_right_one_passes(page, open_notebook):
    panel = open_notebook(f"{NAME}/{NAME}.ipynb")
    run_cell(page, panel, "import math")
    run_cell(page, panel, "def tokenize(text)", WRONG)
    test = run_cell(page, panel, "check = checks.of(tokenize)")
    error = test.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]')
    error.wait_for(timeout=120_000)
    browsing.shot(page, "failing-test")
    said = error.inner_text()
    assert "cut at white space only" in said and "Traceback" not in said and "checks/" not in said
    run_cell(page, panel, "return text.split()", RIGHT)
    test = run_cell(page, panel, "check = checks.of(tokenize)")
    test.get_by_text("checks passed").wait_for(timeout=120_000)
    browsing.shot(page, "passing-test")


def test_an_unwritten_exercise_says_so_in_one_sentence(page, open_notebook):
    panel = open_notebook(f"{NAME}/{NAME}.ipynb")
    run_cell(page, panel, "import math")
    run_cell(page, panel, "def count_ngrams(sentences")
    test = run_cell(page, panel, "check = checks.of(count_ngrams)")
    error = test.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]')
    error.wait_for(timeout=120_000)
    assert "not written yet" in error.inner_text() and "Traceback" not in error.inner_text()


def test_validate_passes_on_the_solved_notebook(page, open_notebook):
    panel = open_notebook("solved.ipynb")
    panel.get_by_text("Validate").click()
    message = page.locator("#validation-message")
    message.wait_for(timeout=180_000)
    browsing.shot(page, "validate")
    assert "validation-success" in message.get_attribute("class")


def test_test_cells_cannot_be_edited(page, open_notebook):
    panel = open_notebook(f"{NAME}/{NAME}.ipynb")
    cell = panel.locator(".jp-CodeCell").filter(has=page.locator(".cm-content", has_text="check = checks.of(tokenize)"))
    cell.first.scroll_into_view_if_needed()
    cell.first.locator(".cm-editor.jp-mod-readOnly").wait_for(timeout=20_000)
