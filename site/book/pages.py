"""A notebook as a page to read: prose, pictures, results, and each exercise with its solution folded away."""

import re

from autograder.cells import SCHEME, SOLUTION, inside, student_version
from autograder.released import LANGUAGE
from book import markdown

# Which figure to play with stands below which cell: (notebook, id of the cell) -> name.
PLAYERS = {
    ("01_ngram_counting", "figure-die"): "die",
    ("02_procedural_backprop", "test-nn_backward"): "graph",
    ("05_attention", "figure-learned_heads"): "heads",
}
# A text that speaks of light and dark: in the dark its picture must not be turned round.
SHADES = re.compile(r"\b(dark|darker|black|white|pale|paler|light|lighter)\b", re.IGNORECASE)


def page(source, outputs, download, solutions):
    """The page of a source, as the plain data of a notebook that has its outputs ({cell id: outputs}).

    `download` is markdown for below the title. Without `solutions` an answer is what the student gets, and model
    answers are left out. Hidden tests are never there.
    """
    made, about, in_part = [], "", False
    for cell in source.cells:
        if cell.role == "prose":
            in_part |= bool(made) and markdown.headings(cell.source, 1) > 0
            made.append(_prose(cell, demote=in_part))
            about = cell.source
        elif cell.type == "code" and cell.role != "hidden":
            made += _code(cell, outputs[cell.id], about, solutions)
        elif cell.role == "written" and solutions:
            made.append(_written(cell))
        if player := PLAYERS.get((source.path.stem, cell.id)):
            made.append(_markdown(f"player-{player}", f"```{{player}} {player}\n```"))
    title, _, rest = made[0]["source"].partition("\n")
    made[0]["source"] = f"{title}\n\n{download}\n{rest}"
    return {"cells": made, "metadata": LANGUAGE, "nbformat": 4, "nbformat_minor": 5}


def _prose(cell, demote):
    text, _ = markdown.without_alternative(cell.source)
    return _markdown(cell.id, markdown.for_sphinx(text, demote))


def _code(cell, outputs, about, solutions):
    """The cells that stand for a code cell; `about` is the prose above it."""
    if cell.role == "answer":
        made = [_markdown(cell.id, markdown.code(student_version(cell)))]
        return made + [_markdown(f"solution-{cell.name}", _solution(cell))] if solutions else made
    shown = {"figure": ("hide-input", "The code"), "test": ("hide-cell", "The test")}.get(cell.role)
    image = {"alt": _alternative(about)}
    if SHADES.search(about):
        image["classes"] = "as-drawn"
    metadata = {"mystnb": {"image": image}}
    if shown:
        metadata["tags"] = [shown[0]]
        metadata["mystnb"] |= {f"code_prompt_{way}": shown[1] for way in ("show", "hide")}
    return [{"cell_type": "code", "id": cell.id, "metadata": metadata, "source": cell.source,
             "outputs": [_numbered(output) for output in outputs], "execution_count": None}]


def _alternative(about):
    return markdown.without_alternative(about)[1] or markdown.description(about)


def _numbered(output):
    """An output as nbformat wants it."""
    return output | {"execution_count": None} if output["output_type"] == "execute_result" else output


def _solution(cell):
    lines = [line for line in cell.source.split("\n") if SOLUTION not in line]
    return markdown.folded("Solution", markdown.code("\n".join(lines)), "solution")


def _written(cell):
    answer, scheme = ("\n".join(inside(cell.source, region)).strip() for region in (SOLUTION, SCHEME))
    texts = [markdown.folded("Model answer", markdown.for_sphinx(answer), "solution")]
    if scheme:
        texts.append(markdown.folded("How it is marked", markdown.for_sphinx(scheme), "scheme"))
    return _markdown(cell.id, "\n".join(texts))


def _markdown(cell_id, text):
    return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": text}
