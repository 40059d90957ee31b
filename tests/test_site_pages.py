"""What the reading site's pages are made of: markdown, docstrings, cells. The site itself: tests/test_site.py."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "site"))

from book import executed, markdown, pages, reference  # noqa: E402

from autograder import source as sources  # noqa: E402
from autograder.cells import HIDDEN, SCHEME, SOLUTION, inside  # noqa: E402

SAMPLE = sources.read(ROOT / "tests" / "samples" / "every_role.py")
OUTPUTS = {cell.id: [] for cell in SAMPLE.cells if cell.type == "code" and cell.role != "hidden"}


# --- markdown ---


def test_a_displayed_formula_gets_a_paragraph_of_its_own():
    assert markdown.for_sphinx("as in\n$$a = b$$\nbelow") == "as in\n\n$$\na = b\n$$\n\nbelow"


def test_a_displayed_formula_stays_inside_of_its_list():
    assert markdown.for_sphinx("- as in\n  $$a$$") == "- as in\n\n  $$\n  a\n  $$\n"


def test_nothing_inside_of_a_fence_changes():
    text = "```python\n# a comment\n$$\n```"
    assert markdown.for_sphinx(text, demote=True) == text


def test_headings_are_demoted_but_comments_in_fences_are_not_counted():
    text = "# Part 1\n\n## Exercise\n\n```\n# no heading\n```\n"
    assert markdown.headings(text, 1) == 1
    assert markdown.for_sphinx(text, demote=True).startswith("## Part 1\n\n### Exercise")


def test_code_in_a_summary_is_marked_up():
    assert markdown.for_sphinx("<summary>If `a < b`</summary>") == "<summary>If <code>a &lt; b</code></summary>"


def test_the_description_of_a_picture_moves_out_of_the_text():
    text = "Before.\n\n*Alternative text: a line\nthat `falls`.*\n\nAfter."
    assert markdown.without_alternative(text) == ("Before.\n\nAfter.", "a line that falls.")


def test_without_one_the_paragraph_that_speaks_of_the_picture_describes_it():
    assert markdown.description("# Title\n\nThe picture shows $p(w \\mid h)$.\n\nOther.") == "The picture shows p(w given h)."
    assert markdown.description("# Title\n\nFirst.\n\nLast.") == "Last."


# --- docstrings ---


@pytest.mark.parametrize("docstring, rst", [
    ("Returns x*y and `a|b`.", ["Returns x\\*y and ``a|b``."]),
    ("First.\n\nx, y: two\n  numbers.\nz: one.", ["First.", "", "", "- ``x, y``: two", "  numbers.", "- ``z``: one."]),
    ("Some `Node`s.", ["Some ``Node``\\ s."]),
    ("Of `a\nb` all.", ["Of ``a b`` all."]),
    ("x: one.\nReturns two.", ["", "- ``x``: one.", "", "Returns two."]),
    ("So:\n\n    a = 1\n\n    b = 2\n\nEnd.", ["So:", "", "::", "", "    a = 1", "", "    b = 2", "", "End."]),
])  # fmt: skip
def test_docstrings_become_restructuredtext(docstring, rst):
    assert reference.as_rst(docstring.split("\n")) == rst


def test_every_public_module_of_the_library_has_a_page():
    found = {path.stem for path in (ROOT / "lib" / "nextword").iterdir() if not path.name.startswith(("_", "."))}
    assert {name for names in reference.GROUPS.values() for name in names} == found


# --- pages ---


def lines_inside(region):
    """The telling lines of a region, of all cells of the sample; a visible test may have some of a hidden one."""
    shown = {line for cell in SAMPLE.cells if cell.role == "test" for line in cell.source.split("\n")}
    lines = [line for cell in SAMPLE.cells for line in inside(cell.source, region)]
    found = [line for line in lines if len(line.strip()) > 16 and line not in shown]
    assert found
    return found


def texts(page):
    return "\n".join(cell["source"] for cell in page["cells"])


def test_a_page_has_solutions_and_model_answers_but_no_hidden_test():
    text = texts(pages.page(SAMPLE, OUTPUTS, "DOWNLOAD", solutions=True))
    assert all(line in text for line in lines_inside(SOLUTION) + lines_inside(SCHEME))
    assert not [line for line in lines_inside(HIDDEN) if line in text]
    assert "BEGIN" not in text and text.count("DOWNLOAD") == 1


def test_without_solutions_a_page_has_what_the_student_gets():
    text = texts(pages.page(SAMPLE, OUTPUTS, "DOWNLOAD", solutions=False))
    assert "raise NotImplementedError" in text and "BEGIN" not in text
    assert not [line for region in (SOLUTION, SCHEME, HIDDEN) for line in lines_inside(region) if line in text]


def test_every_figure_to_play_with_has_its_place():
    for notebook, cell in pages.PLAYERS:
        assert cell in {c.id for c in sources.read(ROOT / "solutions" / notebook / f"{notebook}.py").cells}
    placed = {*pages.PLAYERS.values(), *re.findall(r"{player} (\w+)", (ROOT / "site" / "index.md").read_text())}
    assert placed == {path.stem for path in (ROOT / "site" / "figures").glob("*.js")}


# --- runs ---


def test_outputs_are_kept_until_code_or_library_change(tmp_path, monkeypatch):
    """Pretends to run: what counts is when."""
    lib, runs = tmp_path / "lib", []
    (lib / "nextword").mkdir(parents=True)
    for name in ("__init__", "used", "by_used", "unused"):
        (lib / "nextword" / f"{name}.py").write_text("from nextword import by_used" if name == "used" else "x = 1")
    monkeypatch.setattr(executed, "_run", lambda path, cells: runs.append(path) or {c.id: [] for c in cells})

    def run(code="from nextword import used\nused"):
        source = sources.parse(f'# %% figure="one"\n{code}\n', "one.py")
        executed.outputs(source, lib, tmp_path / "cache")
        return len(runs)

    assert (run(), run()) == (1, 1)
    (lib / "nextword" / "unused.py").write_text("x = 2")
    assert run() == 1
    (lib / "nextword" / "by_used.py").write_text("x = 2")
    assert run() == 2
    assert run("from nextword import used\nused.x") == 3
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_outputs_are_what_the_cells_leave_behind(tmp_path):
    source = sources.parse('# %% figure="one"\nprint(6 * 7)\n\n# %% figure="two"\n"a" "b"\n', "one.py")
    found = executed.outputs(source, ROOT / "lib", tmp_path)
    assert found["figure-one"][0]["text"] == "42\n"
    assert found["figure-two"][0]["data"]["text/plain"] == "'ab'"


def test_a_notebook_that_fails_is_named(tmp_path):
    with pytest.raises(executed.RunError, match="one.py.*(?s:.*)ZeroDivisionError"):
        executed.outputs(sources.parse('# %% figure="one"\n1 / 0\n', "one.py"), ROOT / "lib", tmp_path)
