"""The reading site in a real browser with no way out: `make test-site`."""

import hashlib
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from autograder import source as sources
from autograder.build import _lines
from autograder.cells import HIDDEN, SCHEME, SOLUTION, inside
from autograder.course import Course

Axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe  # make test does without it
COURSE = Course.load(Path(__file__).parent.parent)
CHAPTERS = [assignment.name for assignment in COURSE.assignments]
SITES = {"reader": [], "course": ["--course"]}
# A word of each chapter, as a reader might look for it.
WORDS = dict(zip(CHAPTERS, ["broadcasting", "Shakespeare", "Jacobian", "tape", "tagger", "sinusoidal", "RoPE"], strict=True))

pytestmark = [pytest.mark.site, pytest.mark.timeout(900), pytest.mark.xdist_group("site")]


@pytest.fixture(scope="session")
def built():
    """Both sites: {name: the folder of its pages}. Little is done where they are up to date."""
    for options in SITES.values():
        subprocess.run([sys.executable, COURSE.root / "site" / "book", *options], check=True)
    return {name: COURSE.root / "build" / "site" / name / "html" for name in SITES}


@pytest.fixture(params=SITES)
def site(built, request):
    return built[request.param]


@pytest.fixture(scope="session")
def reader(built):
    return built["reader"]


@pytest.fixture
def heard(page, refused):
    """Every message of the console, every error, and every request beyond the file system, while a page is read."""
    found = []
    page.on("console", lambda message: found.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(("file:", "data:")) else found.append(request.url))
    page.on("requestfailed", lambda request: found.append(f"{request.url}: {request.failure}"))
    return found


def pages_of(folder):
    return sorted(folder.rglob("*.html"))


@cache
def parsed(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


# --- as files ---


def test_every_link_and_anchor_inside_resolves(site):
    missing = []
    for page in pages_of(site):
        for tag, name in (("a", "href"), ("link", "href"), ("img", "src"), ("script", "src")):
            for found in parsed(page).find_all(tag, {name: True}):
                url = urlsplit(found[name])
                if url.scheme not in ("http", "https", "data", "mailto") and not _resolves(page, url):
                    missing.append(f"{page.name}: {found[name]}")
    assert missing == []


def _resolves(page, url):
    target = (page.parent / unquote(url.path)).resolve() if url.path else page
    if not target.is_file():
        return False
    return target.suffix != ".html" or not url.fragment or parsed(target).find(id=unquote(url.fragment)) is not None


def test_nothing_is_loaded_from_elsewhere(site):
    for page in pages_of(site):
        loaded = parsed(page).select("script[src], img[src], iframe[src], link[rel=stylesheet], link[rel=preload]")
        assert [x for x in loaded if (x.get("src") or x.get("href")).startswith(("http", "//"))] == [], page


def test_previous_and_next_lead_through_the_whole_course(reader):
    at, seen = reader / "index.html", []
    while following := parsed(at).select_one("link[rel=next]"):
        at = (at.parent / following["href"]).resolve()
        seen.append(at.stem)
    assert seen[: len(CHAPTERS)] == CHAPTERS
    assert {"library", "glossary", "reading", "CONTRIBUTING"} <= set(seen)


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_offers_the_student_s_notebook(site, name):
    link = parsed(site / f"{name}.html").select_one("a.download[href$='.ipynb']")
    assert (site / link["href"]).read_bytes() == COURSE.notebook(name).read_bytes()


def test_no_markup_is_left_over(site):
    for page in pages_of(site):
        body = BeautifulSoup(str(parsed(page).find("article")), "html.parser")
        for skipped in body.select("pre, code, .sig, .katex, script, style"):
            skipped.decompose()
        text = body.get_text(" ")
        for mark in ("$$", "\\frac", "```", "{download}", "### BEGIN", "<summary>", "</details>", "**"):
            assert mark not in text, (page.name, mark, text[max(0, text.find(mark) - 80) :][:160])


def test_every_formula_could_be_set(site):
    for page in pages_of(site):
        assert parsed(page).select(".katex-error") == [], page.name


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_exercise_has_its_hints_and_its_solution_folded(reader, name):
    exercises, page = sources.read(COURSE.source(name)).exercises, parsed(reader / f"{name}.html")
    solutions = page.select("details.solution")
    assert len(solutions) == len(exercises)
    assert [fold for fold in page.select("article details") if fold.has_attr("open")] == []
    summaries = [summary.get_text() for summary in page.select("summary")]
    prose = "".join(cell.source for cell in sources.read(COURSE.source(name)).cells if cell.role == "prose")
    assert sum(text.startswith("Hint") for text in summaries) == prose.count("<summary>Hint") >= len(exercises)
    for exercise in exercises:
        assert page.find(lambda tag, e=exercise: tag.name in ("h2", "h3") and e.label in tag.get_text()), exercise.label


@pytest.fixture(scope="module")
def shown():
    """Lines that some notebook shows on purpose: the same line in a solution gives nothing away."""
    cells = [cell for name in CHAPTERS for cell in sources.read(COURSE.source(name)).cells]
    return {line for c in cells if c.role in ("given", "test", "figure") for line in _lines(c.source)}


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_course_s_site_has_no_solution_and_no_hidden_test(built, shown, name):
    _looked_for(name, (SOLUTION, SCHEME, HIDDEN), _told(built["course"]), shown)


def test_each_front_page_speaks_of_its_own_site(built):
    said = {name: parsed(folder / "index.html").find("article").get_text() for name, folder in built.items()}
    assert "solution" in said["reader"] and "solution" not in said["course"]
    links = {name: {a["href"] for a in parsed(folder / "index.html").select("a.reference")} for name, folder in built.items()}
    assert links["reader"] - links["course"] >= {"docs/instructors.html", "CONTRIBUTING.html"}


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_reader_s_site_has_no_hidden_test(reader, shown, name):
    answers = {line for c in sources.read(COURSE.source(name)).cells for line in _lines("\n".join(inside(c.source, SOLUTION)))}
    _looked_for(name, (HIDDEN,), _told(reader), shown | answers)


def _looked_for(name, regions, told, shown):
    for cell in sources.read(COURSE.source(name)).cells:
        for region in regions:
            for line in set(_lines("\n".join(inside(cell.source, region)))) - shown:
                assert line not in told, (cell.id, line)


@cache
def _told(folder):
    """Every line of every file of a site: pages as they are read, notebooks as they are opened."""
    told = set()
    for path in (path for path in folder.rglob("*") if path.suffix in (".html", ".txt", ".md", ".ipynb", ".py", ".json")):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            text = parsed(path).get_text() + "\n" + text
        elif path.suffix == ".ipynb":
            text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
        told.update(_lines(text))
    return told


def test_the_same_sources_make_the_same_bytes(built, tmp_path):
    """From the outputs of the same runs, in two folders that have never been built in."""
    first, second = (digests(fresh(tmp_path / name)) for name in ("one", "two"))
    assert {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)} == set()


def fresh(home):
    """The class's site, made from nothing but the outputs of the notebooks; the folder of its pages."""
    code = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[1]); from book import __main__ as book; from autograder.course import Course;"
        "book.build(Course.load(sys.argv[2]), solutions=False, home=pathlib.Path(sys.argv[3]))"
    )
    home.mkdir()
    for kept in ("outputs", "node_modules"):
        (home / kept).symlink_to(COURSE.root / "build" / "site" / kept)
    subprocess.run([sys.executable, "-c", code, COURSE.root / "site", COURSE.root, home], check=True)
    return home / "course" / "html"


def digests(folder):
    """Of what a reader gets; Sphinx's note to itself has a hash of its settings, among them the folder."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".buildinfo")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


# --- in the browser ---


def test_every_page_opens_in_silence_and_fits_a_phone(site, page, heard):
    page.set_viewport_size({"width": 390, "height": 844})
    wide = []
    for path in pages_of(site):
        page.goto(path.as_uri())
        if page.evaluate("document.documentElement.scrollWidth") > 390:
            wide.append(path.name)
    assert heard == [] and wide == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_search_finds_a_word_of_every_chapter(reader, page, heard, name):
    page.goto(f"{(reader / 'search.html').as_uri()}?q={WORDS[name]}")
    page.locator(f"#search-results a[href^='{name}.html']").first.wait_for(timeout=60_000)
    assert heard == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_formulas_and_plots_are_there(reader, page, name):
    page.goto((reader / f"{name}.html").as_uri())
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px KaTeX_Main'))")
    images = page.evaluate(
        "[...document.querySelectorAll('.cell_output img')].map(i => ({alt: i.alt, wide: i.complete && i.naturalWidth}))"
    )
    (kept,) = (COURSE.root / "build" / "site" / "outputs").glob(f"{name}-*.json")
    drawn = [o for cell in json.loads(kept.read_text()).values() for o in cell if "image/svg+xml" in o.get("data", ())]
    assert len(images) == len(drawn)
    assert [image for image in images if image["wide"] < 100 or len(image["alt"]) < 20] == []
    formulas = page.locator(".katex")
    assert formulas.count() > 0 and formulas.first.bounding_box()["height"] > 5


# axe-core looks at every piece for seconds: formulas have thousands, which screen readers are told to pass over, and the
# colours of code are the same everywhere, so code is looked at where there is little of it.
SHORT = ["index", "search", "glossary", "library", "nextword.ngram", "00_start_here"]
TOLD_APART = {True: [".katex-html"], False: [".katex-html", ".highlight"]}


@pytest.mark.parametrize("name, scheme", [(name, "light") for name in [*SHORT, *CHAPTERS[1:]]]
                         + [(name, "dark") for name in [*SHORT, *CHAPTERS[1:3]]])
def test_nothing_shuts_anybody_out(reader, page, name, scheme):
    """No fault that axe-core calls serious or critical, with all that is folded unfolded."""
    page.emulate_media(color_scheme=scheme)
    page.goto((reader / f"{name}.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    found = Axe().run(page, context={"exclude": [[skipped] for skipped in TOLD_APART[name in SHORT]]}).response["violations"]
    grave = [fault for fault in found if fault["impact"] in ("serious", "critical")]
    assert [(f["id"], f["nodes"][0]["html"][:200], len(f["nodes"])) for f in grave] == []


def test_the_dark_is_dark_and_plots_with_it(reader, page):
    page.emulate_media(color_scheme="dark")
    page.goto((reader / "01_ngram_counting.html").as_uri())
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in colour.strip("rgb()").split(",")) < 64
    filters = page.eval_on_selector_all(".cell_output img", "images => images.map(i => getComputedStyle(i).filter)")
    assert all(value.startswith(("invert", "brightness")) for value in filters) and len(set(filters)) == 2


def test_a_solution_unfolds_with_the_keyboard(reader, page):
    page.goto((reader / "01_ngram_counting.html").as_uri())
    summary = page.locator("details.solution > summary").first
    body = page.locator("details.solution .highlight").first
    assert not body.is_visible()
    summary.focus()
    page.keyboard.press("Enter")
    assert body.is_visible() and "re.findall" in body.inner_text()


def test_arrow_keys_move_a_figure_and_not_the_page(reader, page):
    page.goto((reader / "01_ngram_counting.html").as_uri())
    slider = page.locator("nextword-die [role=slider]")
    before = slider.get_attribute("aria-valuenow")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    assert page.url.endswith("01_ngram_counting.html") and slider.get_attribute("aria-valuenow") != before


def test_it_can_be_read_in_print(reader, page):
    page.emulate_media(media="print", color_scheme="dark")
    page.goto((reader / "01_ngram_counting.html").as_uri())
    assert not page.locator(".sidebar-drawer").first.is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.cell_output img')).filter") == "none"
