"""Students' markdown as graders see it: what stays, what goes, what is shown as text. (test_browser_hostile.py: in a browser.)"""

import pytest
from test_feedback import Outline

from autograder.harmless import MOST_TAGS, harmless, markdown2html

PASTED = {"a.png": {"image/png": "iVBORw0KGgo="}}


def shown(text, **cell):
    return markdown2html({"cell": cell}, text)


@pytest.mark.parametrize(
    "text, kept",
    [
        ("# Why\n\n*a* and **b**", "<h1>Why</h1>\n<p><em>a</em> and <strong>b</strong></p>"),
        ("| a |\n|--:|\n| 1 |", '<td style="text-align:right;">1</td>'),
        ("[source](https://example.org/a?b=1)", '<a href="https://example.org/a?b=1">source</a>'),
        ("```python\nreturn 1\n```", '<span class="k">return</span>'),
        ("$p < 1$ and $$q \\& r$$", "$p &lt; 1$ and $$q \\&amp; r$$"),
        ("<details><summary>more</summary>b</details>", "<details><summary>more</summary>b</details>"),
    ],
)
def test_what_honest_answers_are_made_of_stays(text, kept):
    assert kept in shown(text)


def test_words_in_angle_brackets_are_words():
    assert "the word &lt;s&gt; comes first" in shown("the word <s> comes first")


def test_a_pasted_picture_stays_and_one_of_another_server_does_not():
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in shown("![a](attachment:a.png)", attachments=PASTED)
    outside = shown('![a](http://elsewhere.example/a.png) <img src="//elsewhere.example/b.png">')
    assert Outline(outside).loads == []


@pytest.mark.parametrize("address", ["javascript:x", "data:text/html,x", "jav&#x09;ascript:x", " javascript:x", "file:///x"])
def test_a_link_that_is_no_link_leads_nowhere(address):
    assert Outline(shown(f'<a href="{address}">a</a>')).loads == []


def test_ids_and_classes_of_the_formgrader_cannot_be_taken():
    text = '<span id="written-why" class="full-credit">a</span><div class="nbgrader_cell k">b</div>'
    assert harmless(text) == "<span>a</span><div>b</div>"


def test_what_cannot_be_rendered_is_shown_as_text():
    assert shown("<b>see</b> ![a](attachment:gone.png)") == "<pre>&lt;b&gt;see&lt;/b&gt; ![a](attachment:gone.png)</pre>"
    assert shown("<div>" * MOST_TAGS).startswith("<pre>&lt;div&gt;")
