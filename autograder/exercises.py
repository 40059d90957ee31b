"""Which cells make up an exercise, and what the text above them says about it."""

import re
from dataclasses import dataclass

from autograder.cells import GRADED, SCHEME, Cell, Exercise, Hint, hidden_words, inside

_HEADING = re.compile(r"## (?:(Exercise|Written question) (\d+[a-z]?)|(Bonus exercise)(?: (\d+))?): (\S.*)")
_NEAR_HEADING = re.compile(r"#+\s*(exercise|written)\s.*\d", re.IGNORECASE)
_FACTS = re.compile(r"\*.*\b(difficulty|minutes|points?)\b.*\*", re.IGNORECASE)
_DETAILS = re.compile(r"<details[^>]*>\s*<summary>(.*?)</summary>(.*?)</details>", re.DOTALL | re.IGNORECASE)


@dataclass
class Section:
    """What stands under one heading; `owner` is the answer or written cell of the exercise."""

    kind: str
    number: str
    title: str
    heading: Cell
    text: str = ""
    owner: Cell | None = None

    @property
    def label(self):
        return f"{self.kind} {self.number}".strip()


def sections(cells, report=None):
    """The exercises' headings, and for each cell the one that it stands under (or None).

    `report(cell, problem)` is told of headings that nearly are one.
    """
    found, of_cell, current = [], [], None
    for cell in cells:
        for line, in_fence in _with_fences(cell.source) if cell.role == "prose" else ():
            if in_fence:
                pass  # there, # begins a comment
            elif match := _HEADING.fullmatch(line.strip()):
                current = Section(match[1] or match[3], match[2] or match[4] or "", match[5].strip(), cell)
                found.append(current)
                if report and "$" in current.title:  # titles also stand in a terminal's table and in CSV
                    report(cell, f"a heading is plain text, without formulas: {line.strip()!r}.")
            elif report and _NEAR_HEADING.match(line):
                report(cell, f"write such a heading as ## Exercise 3: title, not {line.strip()!r}.")
            elif re.match(r"##? ", line):
                current = None
            if current:
                current.text += line + "\n"
        of_cell.append(current)
    return found, of_cell


def _with_fences(source):
    """The lines of a markdown text, each with whether it stands inside a code fence."""
    fenced = False
    for line in source.split("\n"):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        yield line, fenced


def exercise_of(section, cells, defines=()):
    """The exercise of a section whose `owner` is set; `cells` are all of the notebook."""
    owner = section.owner
    mine = [cell for cell in cells if cell.name == owner.name and cell.role in GRADED]
    points = {role: sum(c.points for c in mine if c.role == role and not c.bonus) for role in GRADED}
    facts = _facts_line(section.text)
    return Exercise(
        owner.name,
        section.number,
        section.label,
        section.title,
        "written" if owner.role == "written" else "code",
        difficulty=_number(r"difficulty\s+(\d)", facts),
        minutes=_number(r"(\d+)\s*minutes", facts),
        hints=tuple(Hint(title.strip(), body.strip("\n ")) for title, body in _DETAILS.findall(section.text)),
        covers=" ".join(hidden_words(cell.source) for cell in mine if cell.role == "hidden"),
        scheme="\n".join(inside(owner.source, SCHEME)).strip("\n"),
        points_visible=points["test"],
        points_hidden=points["hidden"],
        points_written=points["written"],
        points_bonus=sum(c.points for c in mine if c.bonus),
        torch=owner.torch,
        defines=tuple(defines),
    )


def misnumbered(owned):
    """The sections that are not numbered in order (1, 2a, 2b, 3), each with the number it should have."""
    last = {}
    for section in owned:
        digits, letter = re.fullmatch(r"(\d*)([a-z]?)", section.number or "1").groups()
        number, (before, before_letter) = int(digits), last.get(section.kind, (0, ""))
        continues = number == before and before_letter and letter == chr(ord(before_letter) + 1)
        if not continues and not (number == before + 1 and letter in ("", "a")):
            yield section, before + 1
        last[section.kind] = number, letter


def stated_points(text):
    """The points, bonus points among them, that the line below a heading states; None if it states none."""
    worth = re.findall(r"(\d+(?:\.\d+)?)\s*(?:bonus\s+)?points?\b", _facts_line(text), re.IGNORECASE)
    return sum(float(number) for number in worth) if worth else None


def _facts_line(text):
    """The line `*Difficulty 2 of 5 · about 15 minutes · 3 points*`, or an empty one."""
    return next((line for line in text.split("\n") if _FACTS.fullmatch(line.strip())), "")


def _number(pattern, text):
    match = re.search(pattern, text, re.IGNORECASE)
    return int(match[1]) if match else None
