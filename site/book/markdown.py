"""The markdown of the notebooks, which Jupyter reads, as Sphinx's parser wants it."""

import re
from html import escape

FENCED = re.compile(r"(^```.*?^```[ ]*$)", re.MULTILINE | re.DOTALL)
DISPLAYED = re.compile(r"^([ ]*)\$\$(.+?)\$\$", re.MULTILINE | re.DOTALL)
SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL)
HEADING = re.compile(r"^(#+ )", re.MULTILINE)
ALTERNATIVE = re.compile(r"^\*Alternative text: (.+?)\*$\n*", re.MULTILINE | re.DOTALL)
MARKUP = re.compile(r"[`*$\\{}]|</?\w+[^>]*>")


def for_sphinx(text, demote=False):
    """The same text: formulas in paragraphs of their own, code in summaries marked up, `demote`d headings one lower."""
    return "".join(part if part.startswith("```") else _prose(part, demote) for part in FENCED.split(text))


def _prose(text, demote):
    text = DISPLAYED.sub(lambda m: f"\n{m[1]}$$\n{m[1]}{m[2].strip()}\n{m[1]}$$\n", text)
    text = SUMMARY.sub(lambda m: f"<summary>{_summary(m[1])}</summary>", text)
    return HEADING.sub(r"#\1", text) if demote else text


def _summary(text):
    """Markdown is not read inside of a summary: code there is HTML."""
    return re.sub(r"`([^`]+)`", lambda m: f"<code>{escape(m[1], quote=False)}</code>", text)


def headings(text, level):
    """How many headings of a level a text has."""
    return sum(len(re.findall(rf"^{'#' * level} ", part, re.MULTILINE))
               for part in FENCED.split(text) if not part.startswith("```"))


def without_alternative(text):
    """A text without the paragraph that says what a picture shows, for those who do not see it; and that, or None."""
    found = ALTERNATIVE.search(text)
    return (ALTERNATIVE.sub("", text), plain(found[1])) if found else (text, None)


def description(text):
    """What a text says about the picture below it: its last paragraph that speaks of one, else its last paragraph."""
    paragraphs = [p for p in FENCED.sub("", text).split("\n\n") if p.strip() and not p.startswith("#")]
    telling = [p for p in paragraphs if re.search(r"\b(picture|plot|chart|map|bars?)\b", p, re.IGNORECASE)]
    return plain((telling or paragraphs or [""])[-1])


def plain(text):
    """Markdown as one line of plain text."""
    return " ".join(MARKUP.sub("", text.replace("\\mid", "given")).split())


def folded(summary, text, kind):
    """Markdown below a line that opens and closes it."""
    return f'<details class="{kind}"><summary>{summary}</summary>\n\n{text}\n\n</details>'


def code(text):
    """A block of Python."""
    return f"```python\n{text}\n```"
