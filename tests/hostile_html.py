"""Canaries: HTML, formulas and outputs that call `canary("name")` in the browser of whoever looks at a notebook."""

import base64

SING = "(window.canary || parent.canary)('{name}')"
ELSEWHERE = "http://elsewhere.example"

MARKDOWN = {
    "script": "<script>{sing}</script>",
    "handler": '<img src="x" onerror="{sing}">',
    "svg": '<svg onload="{sing}"><script>{sing}</script></svg>',
    "frame": '<iframe srcdoc="<script>{sing}</script>"></iframe>',
    "frame-address": '<iframe src="javascript:{sing}"></iframe>',
    "object": '<object data="data:text/html,<script>{sing}</script>"></object><embed src="javascript:{sing}">',
    "link": "[follow](<javascript:{sing}>)",
    "link-html": '<a href="javascript:{sing}">follow</a> <a href="jav&#x09;ascript:{sing}">follow</a>',
    "link-data": '<a href="data:text/html,<script>{sing}</script>">follow</a>',
    "link-auto": "<javascript:{sing}>",
    "toggle": '<details open ontoggle="{sing}"><summary>more</summary>text</details>',
    "focus": '<input autofocus onfocus="{sing}"><textarea autofocus onfocus="{sing}"></textarea>',
    "form": '<form action="javascript:{sing}"><button>Go</button></form>',
    "animation": '<style>@keyframes x {{}} b {{animation: x 1s}}</style><b onanimationstart="{sing}">bold</b>',
    "refresh": '<meta http-equiv="refresh" content="0;url=data:text/html,<script>{sing}</script>">',
    "picture": '![" onerror="{sing}](x) ![a](x "\\" onerror=\\"{sing}")',
    "fence": '```"><script>{sing}</script>\nx\n```',
    "fence-mermaid": '```mermaid\ngraph TD; A["<img src=x onerror={sing}>"]\nclick A call {sing}\n```',
    "heading": '# <img src=x onerror="{sing}">',
    "comment": '<!--><img src=x onerror="{sing}">-->',
    "noscript": '<noscript><p title="</noscript><img src=x onerror={sing}>"></noscript>',
    "formula-link": "$\\href{{javascript:{sing}}}{{follow}}$",
    "formula-html": '$<img src=x onerror="{sing}">$ and $\\text{{<img src=x onerror="{sing}">}}$',
    "formula-environment": '\\begin{{equation}}<img src=x onerror="{sing}">\\end{{equation}}',
    "formula-settings": '<script type="text/x-mathjax-config">{sing}</script>',
    "formula-script": '<script type="math/tex">\\href{{javascript:{sing}}}{{follow}}</script>',
    "formula-style": "$\\class{{full-credit}}{{x}} \\cssId{{written-logarithms}}{{y}} \\style{{position:fixed}}{{z}}$",
    "button": '<button class="full-credit" id="written-logarithms">Full credit</button>'
    '<span class="full-credit mark-graded" id="written-logarithms-comment">Full credit</span>',
    # Last: what follows it is taken for a comment.
    "mutation": "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror={sing}&gt;\">",
}
DEEP = "<div>" * 30_000 + "[" * 300 + "> " * 300 + "*a **b " * 300  # slow, and too deep for some
PICTURES = f'![a]({ELSEWHERE}/a.png) <img src="{ELSEWHERE}/b.png"> <link rel="stylesheet" href="{ELSEWHERE}/c.css">'
PICTURES += f' <style>@import "{ELSEWHERE}/d.css";</style> <b style="background: url({ELSEWHERE}/e.png)">b</b>'

SVG = "<svg xmlns='http://www.w3.org/2000/svg' onload=\"{sing}\"><script>{sing}</script></svg>"
PLOTLY = {"data": [], "layout": {"title": {"text": '<a href="javascript:{sing}">t</a><img src=x onerror="{sing}">'}}}
OUTPUTS = {
    "output-html": {"text/html": "<script>{sing}</script><img src=x onerror=\"{sing}\">"},
    "output-javascript": {"application/javascript": "{sing}", "text/plain": "x"},
    "output-svg": {"image/svg+xml": SVG},
    "output-markdown": {"text/markdown": '<img src=x onerror="{sing}"> [follow](<javascript:{sing}>)'},
    "output-latex": {"text/latex": '$\\href{{javascript:{sing}}}{{x}}$ <img src=x onerror="{sing}">'},
    "output-plotly": {"application/vnd.plotly.v1+json": PLOTLY, "text/html": "<div><script>{sing}</script></div>"},
    "output-widget": {"application/vnd.jupyter.widget-view+json": {"model_id": "m1", "version_major": 2, "version_minor": 0}},
    "output-png": {"image/png": '"><script>{sing}</script>'},
    "output-pdf": {"application/pdf": base64.b64encode(b"%PDF-1.4").decode()},
    "output-mermaid": {"text/vnd.mermaid": 'graph TD; A["<img src=x onerror={sing}>"]'},
    "output-plain": {"text/plain": "<script>{sing}</script>"},
    "output-unknown": {"application/x-own+json": {"x": "<script>{sing}</script>"}},
}
WIDGETS = {
    "m1": {
        "model_name": "HTMLModel",
        "model_module": "@jupyter-widgets/controls",
        "model_module_version": "2.0.0",
        "state": {"value": '<img src=x onerror="{sing}">', "layout": "IPY_MODEL_l1"},
    },
    "l1": {
        "model_name": "LayoutModel",
        "model_module": "@jupyter-widgets/base",
        "model_module_version": "2.0.0",
        "state": {},
    },
}


def singing(value, name):
    """The value with `{sing}` in every text of it replaced by a call of the canary."""
    if isinstance(value, dict):
        return {singing(key, name): singing(one, name) for key, one in value.items()}
    if isinstance(value, list):
        return [singing(one, name) for one in value]
    return value.format(sing=SING.format(name=name)) if isinstance(value, str) else value


def markdown():
    """Name -> text for a markdown cell."""
    return {name: singing(text, name) for name, text in MARKDOWN.items()}


def code_cells():
    """A code cell, as plain data, for each kind of output; its source and its metadata sing too."""
    found = []
    for name, data in OUTPUTS.items():
        about = singing({"tags": ['"><script>{sing}</script>'], "alt": '" onerror="{sing}'}, f"{name}-metadata")
        output = {"output_type": "display_data", "data": singing(data, name), "metadata": {"image/png": about}}
        isolated = {"output_type": "display_data", "data": output["data"], "metadata": {"text/html": {"isolated": True}}}
        printed = {"output_type": "stream", "name": "stderr", "text": singing("</pre><script>{sing}</script>", f"{name}-printed")}
        error = singing("\x1b[31m</pre><script>{sing}</script>", f"{name}-error")
        failed = {"output_type": "error", "ename": error, "evalue": error, "traceback": [error]}
        source = singing("</textarea></pre><script>{sing}</script>", f"{name}-source")
        found.append(
            {"cell_type": "code", "id": name, "execution_count": 1, "source": f"# {source}",
             "metadata": about, "outputs": [output, isolated, printed, failed]}
        )  # fmt: skip
    return found


def attachment():
    """A markdown cell with a pasted picture whose type sings."""
    pasted = {singing('image/png" onerror="{sing}" x="', "attachment"): "AAAA"}
    return {
        "cell_type": "markdown",
        "id": "attachment",
        "metadata": {},
        "source": "![a](attachment:a.png)",
        "attachments": {"a.png": pasted},
    }


def cells():
    """All of them as cells of a notebook."""
    prose = [
        {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}
        for name, text in [*markdown().items(), ("deep", DEEP)]
    ]
    return [*prose, attachment(), *code_cells()]


def widgets():
    """The state of the widget, for the metadata of a notebook."""
    state = {"state": singing(WIDGETS, "output-widget"), "version_major": 2, "version_minor": 0}
    return {"application/vnd.jupyter.widget-state+json": state}
