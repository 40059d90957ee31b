"""The pages that students get back: what they say, what they never say, and how they are built."""

import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sample_course import SOURCE, bundle

from autograder import feedback, markup, record
from autograder.gradebook import Row
from autograder.late import Lateness

ROOT = Path(__file__).parent.parent
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'
SOLVED = {"test-count_words": "passed", "hidden-count_words": "passed", "test-entropy": "passed"}


def made(verdicts=SOLVED, written="Because.", printed="", source="def count_words(tokens): ...", **about):
    """A record of the sample assignment; verdicts maps cells to a verdict or to what is known of the test."""
    tests = []
    for cell in bundle().cells:
        if cell.role in ("test", "hidden"):
            known = verdicts.get(cell.id, "failed")
            known = known if isinstance(known, dict) else {"verdict": known}
            points = cell.points if known.get("verdict") == "passed" else 0
            tests.append(record.Test(cell.id, cell.exercise, cell.role, points=points, maximum=cell.points, bonus=cell.bonus, **known))
    return record.Record(
        "every_role", "0" * 64, "1" * 64, "rooms", {}, tests=tests,
        cells=[record.Ran("answer-count_words", "count_words", "ran", source, printed)],
        written=[record.Written("written-logarithms", "logarithms", 4, written, bool(written))], **about,
    )


FAILS = {
    "test-count_words": {
        "verdict": "failed",
        "reason": "`count_words(['a'])` returned {'a': 2}; it should return {'a': 1}. This is what you get when you count twice.",
        "public": "`count_words` returns a wrong value. This is what you get when you count twice.",
        "mistake": "you count twice",
    },
    "hidden-count_words": {
        "verdict": "failed",
        "reason": "`count_words(['solitary'])` returned 2; it should return 1. This is what you get when you count twice.",
        "public": "`count_words` returns a wrong value. This is what you get when you count twice.",
        "mistake": "you count twice",
    },
    "test-entropy": "not written",
}


def page(one=None, **options):
    return feedback.page("off-by-one", bundle(), one or made(), **options)


class Outline(HTMLParser):
    """What a page is made of: tags in order, headings, attributes, text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.headings, self.ids, self.loads, self.text = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        attributes = dict(attributes)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.loads += [value for key in ("src", "href") if (value := attributes.get(key))]
        assert not [key for key in attributes if key.startswith("on")], f"{tag} has a handler"
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_data(self, data):
        self.text.append(data)


def plain(text):
    return " ".join(" ".join(Outline(text.split("</style>")[1]).text).split())


# --- what it says ---


def test_a_failure_shows_the_message_with_values_and_the_mistake_set_apart():
    shown = page(made(FAILS))
    assert "it should return {&#39;a&#39;: 1}.</p>" in shown
    assert '<div class="notice"><p>This is what you get when you count twice.</p></div>' in shown


def test_the_same_mistake_in_the_hidden_test_is_said_once():
    shown = page(made(FAILS))
    assert shown.count("This is what you get when you count twice") == 1
    assert "It is the same mistake as above." in shown


def test_what_was_asked_is_the_exercises_text_without_hints_and_the_signature_without_solution():
    asked = feedback._section(bundle().exercise("count_words"), bundle(), made(), {}).asked
    assert asked == "How often does each word come? With $c(w)$ the count of $w$, $p(w) = c(w) / N$."
    shown = page()
    assert "Counts of the tokens, as a dict from token to int." in shown and "tally" not in shown


def test_every_exercise_of_every_notebook_says_what_was_asked():
    from autograder.bundle import Bundle
    from autograder.course import Course

    course = Course.load(ROOT)
    for assignment in course.assignments:
        whole = Bundle.from_source(course, assignment.name)
        for exercise in whole.exercises:
            assert feedback._asked(exercise, whole), f"{assignment.name}: {exercise.heading}"


def test_hints_are_there_for_what_is_not_solved_and_gone_for_what_is():
    assert "<summary>Hint 1" not in page()
    assert "<summary>Hint 1" in page(made(FAILS))


@pytest.mark.parametrize(
    "verdict, unfolded",
    [
        ({"verdict": "failed", "public": "Your code raised KeyError."}, 1),
        ({"verdict": "failed", "public": "wrong."}, 0),
        ({"verdict": "failed", "public": "wrong.", "mistake": "you count twice"}, None),
        ({"verdict": "not written"}, None),
        ({"verdict": "passed"}, None),
    ],
)
def test_the_hint_about_the_very_error_is_unfolded_else_the_first_where_no_mistake_has_a_name(verdict, unfolded):
    tests = [t for t in made({**SOLVED, "test-count_words": verdict}).tests if t.exercise == "count_words"]
    assert feedback._fitting(bundle().exercise("count_words").hints, tests, []) == unfolded


def test_the_summary_counts_exercises_by_their_state():
    assert "2 of 2 exercises solved, 1 written answer still to be marked." in page()
    assert "0 of 2 exercises solved, 1 not yet right, 1 not written yet" in page(made(FAILS))


def test_marks_and_comments_of_a_grader_are_shown():
    shown = page(marks={"written-logarithms": feedback.Marks(3, "Say <b>underflow</b>.")})
    assert "3 of 4 points" in shown and "Say &lt;b&gt;underflow&lt;/b&gt;." in shown


def test_a_graders_comment_is_markdown_without_html_pictures_and_scripts_in_links():
    shown = markup.comment("*Good*: $x < 1$, <b>bold</b>, [a](javascript:x), ![b](http://c/d.png), [e](https://f.org/)")
    assert "<em>Good</em>" in shown and "<mi>x</mi>" in shown and "&lt;b&gt;bold" in shown
    assert Outline(shown).loads == ["https://f.org/"] and "img" not in Outline(shown).tags


def test_lateness_says_why_and_what_it_cost():
    late = Lateness("every_role", None, None, 1, 0, 0, 0.8, "Handed in 1 day after Sunday. The score counts 80%.")
    row = Row("off-by-one", "every_role", 4.0, 7.0, 1.0, False)
    text = plain(page(row=row, lateness=late))
    assert "4 of 7 points" in text
    assert "The score counts 80%. You earned 5 points; 1 are taken off for lateness, which leaves 4." in text


def test_what_cannot_be_graded_says_why():
    text = plain(page(made({}, status=record.UNREADABLE, reason="The file is no notebook.")))
    assert "Not graded The file is no notebook. Nothing is lost" in text


# --- what it never says ---


def test_of_a_hidden_test_neither_source_nor_values_are_shown():
    shown = page(made(FAILS))
    assert "solitary" not in shown and "whale" not in shown and "HIDDEN" not in shown
    assert "No words at all, and words that come once." in shown


def test_no_solution_and_no_marking_scheme_is_shown():
    shown = page(made(FAILS))
    for line in re.findall(r"### BEGIN (?:SOLUTION|MARK SCHEME)\n(.*?)### END", SOURCE.read_text(), re.DOTALL):
        for piece in line.splitlines():
            words = piece.strip("# *")
            assert len(words) < 12 or words not in shown


@pytest.mark.parametrize(
    "one",
    [
        made(written=HOSTILE),
        made(printed=HOSTILE),
        made(source=HOSTILE),
        made(notes=[HOSTILE]),
        made(status=record.UNREADABLE, reason=HOSTILE),
        made({"test-count_words": {"verdict": "failed", "reason": HOSTILE, "mistake": HOSTILE}}),
        made({"hidden-count_words": {"verdict": "failed", "public": HOSTILE}}),
    ],
)
def test_what_students_write_is_text(one):
    tags = set(Outline(page(one)).tags)
    assert "script" not in tags and "img" not in tags
    assert "&lt;script&gt;" in page(one)


def test_a_students_id_and_a_graders_comment_are_text():
    shown = feedback.page(HOSTILE, bundle(), made(), marks={"written-logarithms": feedback.Marks(1, HOSTILE)})
    assert "script" not in Outline(shown).tags
    assert "script" not in Outline(feedback.index_page(HOSTILE, HOSTILE, [])).tags


# --- how it is built ---


@pytest.fixture(params=["page", "failing", "unreadable", "index"])
def shown(request):
    return {
        "page": lambda: page(index="index.html"),
        "failing": lambda: page(made(FAILS)),
        "unreadable": lambda: page(made({}, status=record.UNREADABLE, reason="It is empty.")),
        "index": lambda: feedback.index_page("off-by-one", "Course", [feedback.Entry("One", "one.html", made(), None, None)], (7, 8)),
    }[request.param]()


def test_nothing_is_loaded_and_no_script_may_run(shown):
    outline = Outline(shown)
    assert not [address for address in outline.loads if not re.fullmatch(r"#[\w-]+|\w+\.html", address)]
    assert "default-src 'none'" in shown and "script" not in outline.tags and "link" not in outline.tags


def test_headings_come_in_order_and_ids_once(shown):
    outline = Outline(shown)
    assert outline.headings.count(1) == 1 and outline.headings[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(outline.headings))
    assert len(outline.ids) == len(set(outline.ids))
    assert all(address[1:] in outline.ids for address in outline.loads if address.startswith("#"))


def test_language_viewport_landmark_and_captions_are_there(shown):
    assert '<html lang="en">' in shown and 'name="viewport"' in shown and "<main>" in shown
    assert shown.count("<table") == shown.count("<caption")


def test_links_to_exercises_and_to_the_index_lead_somewhere():
    assert '<a href="index.html">' in page(index="index.html")


def luminance(colour):
    colour = colour if len(colour) == 6 else "".join(2 * digit for digit in colour)
    channels = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_has_contrast_by_day_by_night_and_in_print():
    style = (feedback.TEMPLATES / "page.css").read_text()
    themes = [dict(re.findall(r"--([\w-]+): #([0-9a-f]{3,6})", part)) for part in style.split(":root {")[1:]]
    assert len(themes) == 3
    for theme in themes:
        for text in ("text", "muted", "good", "bad", "wait", "link"):
            for ground in {"page", "card", "notice"} & set(theme):
                if text in theme and (ground != "notice" or text == "text"):
                    light, dark = sorted([luminance(theme[text]), luminance(theme[ground])], reverse=True)
                    assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground, theme[text], theme[ground])


# --- markdown and formulas ---


def test_formulas_are_mathml_in_the_line_and_displayed():
    inline = markup.markdown(r"With $\frac{1}{2} < p_w$ this.")
    assert "<mfrac>" in inline and 'display="inline"' in inline and "$" not in inline
    shown = markup.markdown("So\n\n$$\\sum_i p_i\n= 1$$\n")
    assert 'class="display"' in shown and 'display="block"' in shown


def test_code_in_hints_is_code_and_no_formula():
    shown = markup.markdown("```python\nprice = '$5 and $6'  # <b>\n```\n\n`a$b$c`")
    assert "<math" not in shown and "$5 and $6" in shown and "&lt;b&gt;" in shown and "a$b$c" in shown


def test_headings_inside_of_hints_stay_below_the_pages():
    assert markup.markdown("# Aside") == "<h3>Aside</h3>\n"


def test_a_formula_that_cannot_be_converted_stays_readable():
    assert r"<code>\left( &lt;" in markup.markdown(r"See $\left( <$ there.")


def test_every_formula_of_every_notebook_can_be_converted():
    for source in sorted((ROOT / "solutions").glob("*/*.py")):
        lines = [line[2:] if line.startswith("# ") else "" if line == "#" else "\0" for line in source.read_text().split("\n")]
        for display, inline in re.findall(r"\$\$(.+?)\$\$|\$([^$\0]+?)\$", "\n".join(lines), re.DOTALL):
            shown = markup.formula(display or inline)
            assert shown.startswith("<math"), f"{source.name}: {display or inline}"
            assert not re.search(r"\\[a-zA-Z]", shown), f"{source.name}: {display or inline}"


# --- the index ---


def test_the_index_lists_every_assignment_with_state_points_and_grace_days():
    late = Lateness("two", None, None, 2, 2, 6, 1.0, "Handed in 2 days after Sunday; 2 grace days used, 6 left.")
    row = Row("off-by-one", "two", 30.0, 40.0, 0.0, False)
    entries = [feedback.Entry("One", None, None, None, None), feedback.Entry("Two", "two.html", made(), row, late)]
    text = plain(feedback.index_page("off-by-one", "Course", entries, (6, 8)))
    assert "6 of 8 grace days left" in text
    assert "One nothing graded yet" in text and "Two graded, 2 days late 30 of 40" in text
    assert "Two: Handed in 2 days after Sunday" in text


def test_without_a_late_policy_the_index_speaks_of_no_grace_days():
    assert "grace" not in plain(feedback.index_page("all-right", "Course", []))
