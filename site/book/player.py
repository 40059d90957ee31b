"""The directive `player`: a figure to play with, its data and its script in the page, for files may not be fetched."""

import json
from pathlib import Path

import nextword
from docutils import nodes
from figures import data
from sphinx.util.docutils import SphinxDirective

FIGURES = Path(data.__file__).parent


class Player(SphinxDirective):
    """`player` NAME: the custom element nextword-NAME of figures/NAME.js, with its prose and data.data(NAME)."""

    required_arguments = 1

    def run(self):
        name = self.arguments[0]
        self.env.metadata[self.env.docname].setdefault("players", []).append(name)
        for path in (*FIGURES.iterdir(), *Path(nextword.__file__).parent.glob("*.py")):
            self.env.note_dependency(str(path))
        prose = (FIGURES / f"{name}.md").read_text(encoding="utf-8")
        return [*self.parse_text_to_nodes(prose), nodes.raw("", element(name), format="html")]


def element(name):
    """The element, with its data, and a sentence for where scripts do not run."""
    # In a script element only "</" can end it.
    text = json.dumps(data.data(name), sort_keys=True, separators=(",", ":")).replace("</", "<\\/")
    return (f'<nextword-{name}><script type="application/json" class="data">{text}</script>'
            "<p>This figure moves where scripts are allowed.</p>"
            f"</nextword-{name}>")


def _scripts(app, page, template, context, doctree):
    """Only pages with a figure load its script."""
    names = app.env.metadata.get(page, {}).get("players", [])
    for name in dict.fromkeys(names):
        app.add_js_file(f"figures/{name}.js", loading_method="defer")
    if names:
        app.add_css_file("figures/figures.css")


def setup(app):
    app.add_directive("player", Player)
    app.connect("html-page-context", _scripts)
    return {"parallel_read_safe": True}
