"""Pages of students and graders as they are read: on a phone, at night, in print, by a screen reader. `make test-browser`."""

import browsing
import pytest
import test_feedback as pages

from autograder import feedback, marking, record
from autograder.gradebook import Question, Row
from autograder.late import Lateness

Axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe
pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
LATE = Lateness("every_role", None, None, 2, 2, 6, 1.0, "Handed in 2 days after Sunday; 2 grace days used, 6 left.")
ROW = Row("off-by-one", "every_role", 4.0, 7.0, 1.0, False)
MARKS = {"written-logarithms": feedback.Marks(3, "Say *why*: $x < 10^{-308}$.\n\n```python\nmath.exp(-1000)\n```")}
LONG = "a_name_without_any_space_that_is_much_longer_than_a_phone_is_wide_" * 3


def index():
    entries = [
        feedback.Entry("Counting n-grams", "one.html", pages.made(), ROW, LATE),
        feedback.Entry("Procedural backprop", None, None, None, None),
    ]
    return feedback.index_page("off-by-one", "nextword", entries, (6, 8))


PAGES = {
    "failing": lambda: pages.page(pages.made(pages.FAILS), row=ROW, lateness=LATE, index="index.html"),
    "marked": lambda: pages.page(pages.made(written=f"It underflows: {LONG}", printed=LONG), marks=MARKS),
    "unreadable": lambda: pages.page(pages.made({}, status=record.UNREADABLE, reason="The file is no notebook.")),
    "index": index,
}


@pytest.fixture(params=PAGES)
def name(request):
    return request.param


@pytest.fixture
def look(page, refused, tmp_path, name):
    """Opens the page on a screen of this width, with everything unfolded."""

    def opened(width, **media):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(**media)
        path = tmp_path / f"{name}.html"
        path.write_text(PAGES[name]())
        page.goto(path.as_uri())
        page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        return page

    return opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(look, name, scheme):
    page = look(390, color_scheme=scheme)
    browsing.shot(page, f"feedback-{name}-{scheme}", full_page=True)
    found = Axe().run(page, options=RULES).response
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found["violations"]] == []
    assert len(found["passes"]) > 10


@pytest.mark.parametrize("width", [320, 390, 1200])
def test_nothing_is_wider_than_the_screen(look, width):
    page = look(width)
    wide = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
        .filter(one => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest("math, .display, pre"))
        .map(one => one.outerHTML.slice(0, 120))"""
    )
    assert wide == [] and page.evaluate("document.documentElement.scrollWidth") <= width


def test_in_print_text_is_dark_on_white_and_what_was_unfolded_is_there(look, name):
    page = look(700, media="print", color_scheme="dark")
    browsing.shot(page, f"feedback-{name}-print", full_page=True)
    style = page.evaluate("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
    assert style == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    assert page.locator("main").is_visible() and page.locator("nav").count() == page.locator("nav:not(:visible)").count()


def test_formulas_are_drawn(page, refused, tmp_path):
    path = tmp_path / "marked.html"
    path.write_text(PAGES["marked"]())
    page.goto(path.as_uri())
    formula = page.locator("math", has_text="308")
    formula.scroll_into_view_if_needed()
    assert formula.locator("msup").bounding_box()["height"] > 5


def test_the_page_of_waiting_answers_is_accessible(page, refused, tmp_path):
    from sample_course import NAME, bundle

    questions = [Question(NAME, "written-logarithms", 70, {number: f"{number:032x}" for number in range(1, 61)})]
    path = tmp_path / "marking.html"
    path.write_text(marking.page({NAME: bundle()}, questions))
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path.as_uri())
    browsing.shot(page, "marking-phone")
    found = Axe().run(page, options=RULES).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found] == []
    assert page.locator("main a").count() == 50 and "and 10 more" in page.locator("main").inner_text()
    assert page.locator("main a").first.get_attribute("href") == f"/formgrader/submissions/{1:032x}/?index=9"
