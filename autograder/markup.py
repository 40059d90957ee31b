"""Text as HTML for pages that need no network and no script: what others wrote is escaped, what the course wrote is
markdown as Jupyter reads it, with formulas as MathML."""

import functools
import re
from html import escape as escape_html

from markupsafe import Markup, escape

CODE = re.compile(r"`([^`]+)`")


def prose(text):
    """Escaped text of anybody, with `code` marked up and paragraphs kept."""
    marked = CODE.sub(r"<code>\1</code>", str(escape(text)))
    return Markup("".join(f"<p>{part}</p>" for part in marked.split("\n\n") if part.strip()))


@functools.lru_cache(maxsize=1024)  # the same exercises stand on every student's page
def markdown(text):
    """The course's own markdown (never a student's); its headings begin at level 3."""
    return Markup(_markdown().render(text))


def comment(text):
    """A grader's markdown, which the formgrader asks for: HTML in it is text, pictures are their description."""
    return Markup(_markdown(strict=True).render(text))


def markdown_line(text):
    """A line of the course's own markdown, without a paragraph around it."""
    return Markup(re.sub(r"\A<p>(.*)</p>\s*\Z", r"\1", markdown(text), flags=re.DOTALL))


def formula(tex, display="inline"):
    """A TeX formula as MathML; one that cannot be converted stays readable as it is written."""
    from latex2mathml.converter import convert

    try:
        return Markup(convert(tex.strip(), display=display))
    except Exception:  # the library has no common class for what it cannot read
        return Markup("<code>{}</code>").format(tex)


@functools.cache
def _markdown(strict=False):
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        """nbconvert's markdown, with formulas for browsers instead of for MathJax, and code without colours."""

        def inline_math(self, body):
            return formula(body)

        def block_math(self, body):
            return f'<span class="display">{formula(body, "block")}</span>'

        def latex_environment(self, name, body):
            return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")

        def block_code(self, code, info=None):
            return f"<pre><code>{escape_html(code)}</code></pre>\n"

        def heading(self, text, level, **attributes):
            level = min(6, max(3, level))
            return f"<h{level}>{text}</h{level}>\n"

    class Strict(Renderer):
        def link(self, text, url, title=None):
            return super().link(text, url, title) if url.startswith(("https://", "http://", "mailto:")) else text

        def image(self, text, url, title=None):
            return escape_html(text)

    return MarkdownWithMath(renderer=Strict(escape=True) if strict else Renderer(escape=False))
