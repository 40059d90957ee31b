"""The library's reference: one page per module, from docstrings, which are plain text."""

import ast
import re

# Modules of the library, in the order of the course; a test checks that none is forgotten.
GROUPS = {
    "Text and corpora": ["text", "corpora", "grammar", "narwhals"],
    "Counting": ["ngram", "rows"],
    "Gradients": ["backprop", "tape", "functional", "autodiff", "layers", "optim"],
    "Language models": ["batches", "rnn", "attention", "transformer", "decoding", "ladder"],
    "Pictures": ["plots", "plots_rnn", "plots_attention", "graph"],
    "Help for students": ["checks", "doctor"],
}
CODE = re.compile(r"(`[^`]+`)")
FIELD = re.compile(r"(?!Sources?:|Shapes?:)[A-Za-z_][\w.]*(, [A-Za-z_][\w.]*)*: ")
SENTENCE = re.compile(r"Returns|Raises|[A-Z]\w+Error|Sources?:|Shapes?:")
SPECIAL = re.compile(r"([\\*|_])")


def pages(lib):
    """{file name: text} of the reference: an overview, and one page for each module of the library in `lib`."""
    overview = ["# The library\n", "What the notebooks import, and the same ideas grown up, from its docstrings.\n"]
    listed, made = [], {}
    for group, modules in GROUPS.items():
        overview += [f"\n## {group}\n", "| module | what it holds |\n|---|---|"]
        for module in modules:
            overview.append(f"| [`nextword.{module}`]({_file(module)}) | {_first_sentence(_path(lib, module))} |")
            made[_file(module)] = _module_page(module)
            listed.append(_file(module))
    made["library.md"] = "\n".join(overview) + "\n\n```{toctree}\n:hidden:\n\n" + "\n".join(listed) + "\n```\n"
    return made


def _file(module):
    return f"nextword.{module}.md"


def _path(lib, module):
    file = lib / "nextword" / f"{module}.py"
    return file if file.exists() else file.with_suffix("") / "__init__.py"


def _first_sentence(path):
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))).split("\n\n")[0]
    return " ".join(text.split()).replace("|", "\\|")


def _module_page(module):
    return f"# nextword.{module}\n\n```{{eval-rst}}\n.. automodule:: nextword.{module}\n   :members:\n```\n"


# --- docstrings ---


def as_rst(lines):
    """The lines of a plain docstring as reStructuredText: code is indented, and `name: what it is` is a list's item."""
    made, code, listed, before = [], False, False, ""
    for line in _whole(lines):
        if not line.strip():
            made.append("")
            listed = False
        elif line.startswith("    ") and (code or not before.strip()):
            made += [line] if code else ["::", "", line]
            code = True
        elif FIELD.match(line):
            made += ["- " + _field(line)] if listed else ["", "- " + _field(line)]
            code, listed = False, True
        else:
            listed = listed and not SENTENCE.match(line)
            made += ["  " + _escaped(line.strip())] if listed else _paragraph(line, made)
            code = False
        before = line
    return made


def _whole(lines):
    """The lines, joined where `code` goes on in the next."""
    whole = ""
    for line in lines:
        whole = f"{whole} {line.strip()}" if whole else line
        if whole.count("`") % 2 == 0:
            yield whole
            whole = ""
    if whole:
        yield whole


def _paragraph(line, made):
    """A line outside of a list; right below one it begins a paragraph."""
    return ([""] if made and made[-1].startswith(("- ", "  ")) else []) + [_escaped(line.strip())]


def _field(line):
    names, _, rest = line.partition(": ")
    return f"``{names}``: {_escaped(rest)}"


def _escaped(text):
    """Text in which only `code` is markup; a letter right beside it is set off by an escaped, so invisible, space."""
    text = "".join(f"`{part}`" if part.startswith("`") else SPECIAL.sub(r"\\\1", part) for part in CODE.split(text))
    return re.sub(r"(``[^`]+``)(?=\w)", r"\1\\ ", text)


def _process(app, what, name, obj, options, lines):
    lines[:] = as_rst(list(lines))


def setup(app):
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True}
