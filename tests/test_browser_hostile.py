"""Nothing that a student writes runs in the browser of an instructor or another student. `make test-browser`."""

import json
import shutil
from pathlib import Path

import browsing
import class_of
import hostile_html
import pytest
from conftest import notebook

from autograder import desk

ROOT = Path(__file__).parent.parent
RIGHT = {"count_words": class_of.ANSWERS["right"]}
# What runs in a page that lets everything through: without these, silence would prove nothing.
LOUD = {"script", "handler", "svg", "frame", "toggle", "focus", "animation", "heading", "comment"}
LOUD |= {"output-html", "output-javascript", "output-markdown"}

pytest.importorskip("playwright")
pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def course(sample_course, sample_bundle, tmp_path_factory):
    """One submission as a student sends it, and one autograded notebook as if all of its outputs had been kept."""
    course = class_of.clone(sample_course, tmp_path_factory.mktemp("hostile"))
    shutil.copy(ROOT / "nbgrader_config.py", course.root)
    written = "\n\n".join([hostile_html.PICTURES, *hostile_html.markdown().values()])
    prints = {"count_words": f"print({written!r})\nraise ValueError({written!r})"}
    for student, answers in {"sends": prints, "rich": RIGHT}.items():
        data = json.loads(notebook(sample_bundle, answers, written, lambda cells: cells + hostile_html.cells()))
        data["metadata"] |= {"title": "</title><script>canary('title')</script>", "widgets": hostile_html.widgets()}
        class_of.hand_in(course, sample_bundle, student, data=json.dumps(data).encode())
    class_of.graded(course)
    _keep_everything(course.autograded / "rich" / "every_role" / "every_role.ipynb")
    return course


def _keep_everything(path):
    kept = json.loads(path.read_text())
    kept["metadata"]["widgets"] = hostile_html.widgets()
    kept["cells"] += [cell | {"id": f"kept-{cell['id']}"} for cell in hostile_html.cells()]
    path.write_text(json.dumps(kept))


@pytest.fixture
def sung(context):
    """The names of the canaries that were heard."""
    found = set()
    context.expose_binding("canary", lambda source, name: found.add(name))
    return found


def settle(page):
    """Gives what comes late (handlers, frames, redirects) its time."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)


def formgrader(visit, course, student):
    import sqlite3

    with sqlite3.connect(course.gradebook) as database:
        (found,) = database.execute(
            """select sn.id from submitted_notebook sn join submitted_assignment sa on sn.assignment_id = sa.id
            where sa.student_id = ?""",
            (student,),
        ).fetchone()
    page = visit(f"formgrader/submissions/{found}/")
    page.wait_for_function("window.formgrader?.loaded && formgrader.grades.loaded")
    settle(page)
    return page


def test_the_canaries_sing_where_nothing_stops_them(page, context, sung, tmp_path):
    from nbconvert.exporters import HTMLExporter
    from nbformat import from_dict

    context.route("http*://**", lambda route: route.abort())
    cells = [cell for cell in hostile_html.cells() if cell["id"] not in ("deep", "attachment")]
    loose = from_dict({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    exporter = HTMLExporter(template_name="basic")
    for number, cell in enumerate(loose.cells):  # a page for each: one may swallow the next
        alone = from_dict({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
        path = tmp_path / f"{number}.html"
        path.write_text("<script>$ = () => 0</script>" + exporter.from_notebook_node(alone)[0])
        page.goto(path.as_uri())
        page.wait_for_timeout(100)
    assert sung >= LOUD, LOUD - sung


@pytest.mark.parametrize("student", ["sends", "rich"])
def test_none_sings_in_the_formgrader(visit, course, sung, student):
    page = formgrader(visit, course, student)
    browsing.shot(page, f"hostile-formgrader-{student}", full_page=True)
    assert sung == set()
    schemes = page.evaluate("[...document.links].map(link => link.protocol)")
    assert set(schemes) <= {"http:", "https:", "mailto:"}


def test_no_student_makes_a_button_or_a_field_of_the_formgrader(visit, course):
    page = formgrader(visit, course, "rich")
    scores = page.locator("input.score").count()
    assert scores == page.locator(".full-credit").count() == page.locator(".mark-graded").count() > 0
    assert page.locator("#written-logarithms").count() == page.locator("#written-logarithms-comment").count() == 1
    assert page.locator("#notebook-container [style*=fixed]").count() == 0


def test_a_grader_sees_the_source_of_what_was_stopped(visit, course):
    page = formgrader(visit, course, "sends")
    answer = page.locator(".nbgrader_cell", has=page.locator("#written-logarithms")).locator(".panel-body")
    assert "<script>" in answer.inner_text() and "<svg onload=" in answer.inner_text()


@pytest.mark.parametrize("student", ["sends", "rich"])
def test_none_sings_in_an_autograded_notebook_that_is_opened_in_jupyterlab(visit, course, sung, student):
    path = course.autograded / student / "every_role" / "every_role.ipynb"
    kept = json.loads(path.read_text())  # JupyterLab does show pictures of other servers
    for cell in kept["cells"]:
        text = "".join(cell["source"]).replace(hostile_html.PICTURES, "")
        cell["source"] = "" if text == hostile_html.DEEP else text
    path.with_name("looked-at.ipynb").write_text(json.dumps(kept))
    page = visit(f"doc/tree/{path.with_name('looked-at.ipynb').relative_to(course.root)}")
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=120_000)
    outer = page.locator(".jp-WindowedPanel-outer")
    for _ in range(20):  # cells are drawn as they come into sight
        outer.evaluate("one => one.scrollBy(0, one.scrollHeight / 20)")
        page.wait_for_timeout(200)
    settle(page)
    browsing.shot(page, f"hostile-lab-{student}")
    assert sung == set()


def test_outputs_and_metadata_that_a_student_sends_are_not_kept(course):
    kept = json.loads((course.autograded / "sends" / "every_role" / "every_role.ipynb").read_text())
    assert "widgets" not in kept["metadata"] and kept["metadata"]["nextword"]["title"] == "Every role"
    for cell in kept["cells"]:
        assert set(cell["metadata"]) <= {"nbgrader", "nextword"}
        assert {output["output_type"] for output in cell.get("outputs", ())} <= {"stream", "error"}


def test_none_sings_in_feedback(page, refused, course, sung):
    for path in desk.write_feedback(course, "every_role"):
        page.goto(path.as_uri())
        page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        settle(page)
        browsing.shot(page, f"hostile-feedback-{path.parent.name}", full_page=True)
    assert sung == set()
    assert page.locator("main script, main img, main iframe, main svg").count() == 0
