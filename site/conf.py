"""Sphinx's settings. `make site` calls it (site/book/__main__.py), which writes the pages first."""

import os
import sys
from pathlib import Path

SITE = Path(__file__).parent
sys.path[:0] = [str(SITE), str(SITE.parent / "lib")]

project = "nextword"
html_title = "nextword"
language = "en"
extensions = ["myst_nb", "sphinx.ext.autodoc", "book.formulas", "book.reference", "book.player"]
exclude_patterns = ["downloads"]

nb_execution_mode = "off"  # outputs are in the pages already
nb_render_markdown_format = "myst"
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_dmath_allow_labels = False
myst_heading_anchors = 3

katex_prerender = True
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
