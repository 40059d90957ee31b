"""Honest students never lose by accident: what they do to a notebook, or their tools do, is graded as it was meant.

Each case is a submission of its own, all right unless it says so, graded with the others in one run. Where something
had to be repaired, the record says so in one sentence; where nothing had, it says nothing.
"""

import json
import re
from dataclasses import dataclass

import pytest
import sample_course as sample
from class_of import clone, hand_in, level

from autograder import desk
from autograder.bundle import Bundle
from autograder.ledger import Ledger

COUNT, ENTROPY = sample.RIGHT["count_words"], sample.RIGHT["entropy"]
BODY = "    return {token: tokens.count(token) for token in tokens}"
FULL = 5  # 3 for count_words, 2 bonus for entropy
TESTS_BOTH = ("test-count_words", "hidden-count_words")

pytestmark = [pytest.mark.xdist_group("honest"), pytest.mark.timeout(1800)]


@dataclass(frozen=True)
class Case:
    """One submission. make: the notebook, or its bytes, or file name -> bytes; score: what it must get;
    notes: pieces of the sentences about what was repaired; troubles: cells of the student's that may fail;
    says: a piece of a test's reason."""

    name: str
    make: object
    score: float = FULL
    notes: tuple = ()
    troubles: bool = False
    says: str = ""

    def __str__(self):
        return self.name


CASES = []


def case(name, *notes, score=FULL, troubles=False, says=""):
    """Registers a function that makes a submission."""

    def register(make):
        CASES.append(Case(name, make, score, notes, troubles, says))
        return make

    return register


def answers(family, sources, *notes, **about):
    """Cases that differ in the answer to count_words."""
    for name, source in sources.items():
        case(f"{family}: {name}", *notes, **about)(lambda source=source: sample.handed_in(count_words=source, entropy=ENTROPY))


def own_cells(family, sources, **about):
    """Cases with a cell of the student's own, just below the setup."""

    def with_cell(source):
        notebook = sample.handed_in()
        notebook["cells"].insert(sample.place(notebook, "given-setup") + 1, sample.own(source))
        return notebook

    for name, source in sources.items():
        case(f"{family}: {name}", **about)(lambda source=source: with_cell(source))


def edits(family, changes, *notes, **about):
    """Cases in which the right notebook, or its list of cells, is changed in place."""

    def changed(change):
        notebook = sample.handed_in()
        result = change(notebook)
        return notebook if result is None else result

    for name, change in changes.items():
        case(f"{family}: {name}", *notes, **about)(lambda change=change: changed(change))


# --- what code prints, shows and asks ---------------------------------------------------------------------

CHATTER = {
    "prints": "print('so far so good')\nprint(1, 2, 3)",
    "a value": "1 + 1",
    "warnings": "import warnings\nwarnings.warn('careful')\nimport numpy as np\nnp.log(np.zeros(3))",
    "errors on stderr": "import sys\nprint('Traceback: failed', file=sys.stderr)",
    "a log": "import logging\nlogging.basicConfig(level=0)\nlogging.error('wrong')",
    "a plot": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "a plot in a file": "import matplotlib.pyplot as plt\nplt.hist([1, 2])\nplt.savefig('plot.png')",
    "a progress bar": "from tqdm import tqdm\nfor _ in tqdm(range(1000)): pass",
    "a progress bar for notebooks": "from tqdm.auto import tqdm\nfor _ in tqdm(range(1000)): pass",
    "displays": "from IPython.display import HTML, Markdown, clear_output, display\ndisplay(HTML('<b>x</b>'), Markdown('x'))\nclear_output(wait=True)",
    "a question": "name = input('your name? ')",
    "a password": "import getpass, sys\nsys.stdin.readline()",
    "help": "help(len)",
}
MAGICS = {
    "%matplotlib inline": "%matplotlib inline", "%matplotlib notebook": "%matplotlib notebook", "%matplotlib widget": "%matplotlib widget", "%matplotlib qt": "%matplotlib qt",
    "%config": "%config InlineBackend.figure_format = 'retina'", "%autoreload": "%load_ext autoreload\n%autoreload 2", "%load_ext of what is not installed": "%load_ext line_profiler",
    "%timeit": "%timeit -n2 -r2 sum(range(10))", "%time": "%time x = sum(range(10))", "%prun": "%prun sum(range(10))", "%who": "%who", "%whos": "%whos", "%lsmagic": "%lsmagic",
    "%cd": "%cd .", "%pwd": "%pwd", "%env": "%env", "%history": "%history", "%xmode": "%xmode Verbose", "%pdb": "%pdb on", "%precision": "%precision 3", "%load": "# %load solution.py",
    "?": "?len", "??": "math.log??", "!ls": "!ls", "!ls in a value": "files = !ls", "!pip": "!pip install numpy", "%pip": "%pip install numpy", "%conda": "%conda list", "%ls": "%ls", "%run": "%run helper.py", "%store": "%store -r",
}  # fmt: skip
CELL_MAGICS = {
    "%%time": "%%time", "%%capture": "%%capture", "%%capture with a name": "%%capture output --no-stderr",
}  # fmt: skip

own_cells("prints", CHATTER)
answers("its answer prints", {name: f"{source}\n{COUNT}" for name, source in CHATTER.items()})
answers("its answer, when called,", {name: "def count_words(tokens):\n    " + source.replace("\n", "\n    ") + f"\n{BODY}" for name, source in CHATTER.items()})
own_cells("magic", MAGICS, troubles=True)
answers("its answer begins with", {name: f"{magic}\n{COUNT}" for name, magic in MAGICS.items()}, troubles=True)
answers("its answer is under", {name: f"{magic}\n{COUNT}" for name, magic in CELL_MAGICS.items()})
own_cells("cell magic", {m: f"%%{m}\nx" for m in ("bash", "html", "javascript", "latex", "markdown", "writefile notes.txt", "sh", "timeit -n1 -r1")}, troubles=True)


@case("a module of its own, by %%writefile")
def _():
    notebook = sample.handed_in(count_words=f"from mine import twice_nothing\n{COUNT}", entropy=ENTROPY)
    at = sample.place(notebook, "answer-count_words")
    notebook["cells"].insert(at, sample.own("%%writefile mine.py\ndef twice_nothing(): return 0"))
    return notebook


# --- ways to write Python ---------------------------------------------------------------------------------

STYLES = {
    "a lambda": "count_words = lambda tokens: {t: tokens.count(t) for t in tokens}",
    "a Counter": "from collections import Counter\ncount_words = lambda tokens: Counter(tokens)",
    "a class as function": "from collections import Counter\nclass count_words(Counter): pass",
    "a partial function": "from functools import partial\ndef count(tokens, start):\n    return {t: start + tokens.count(t) for t in tokens}\ncount_words = partial(count, start=0)",
    "a cached helper": "from functools import lru_cache\n@lru_cache(maxsize=None)\ndef count(tokens): return {t: tokens.count(t) for t in tokens}\ndef count_words(tokens): return count(tuple(tokens))",
    "a generator inside": "def pairs(tokens):\n    for t in tokens: yield t, tokens.count(t)\ndef count_words(tokens): return dict(pairs(tokens))",
    "a default dictionary": "from collections import defaultdict\ndef count_words(tokens):\n    counts = defaultdict(int)\n    for t in tokens: counts[t] += 1\n    return counts",
    "an ordered dictionary": "from collections import OrderedDict\ndef count_words(tokens): return OrderedDict((t, tokens.count(t)) for t in tokens)",
    "numbers of NumPy": "import numpy as np\ndef count_words(tokens): return dict(zip(*np.unique(tokens, return_counts=True))) if tokens else {}",
    "a class with slots": "class Tally:\n    __slots__ = ('counts',)\n    def __init__(self): self.counts = {}\n    def __call__(self, tokens): return {t: tokens.count(t) for t in tokens}\ncount_words = Tally()",
    "a dataclass": "from dataclasses import dataclass, field\n@dataclass\nclass Tally:\n    counts: dict = field(default_factory=dict)\ndef count_words(tokens):\n    tally = Tally()\n    for t in tokens: tally.counts[t] = tally.counts.get(t, 0) + 1\n    return tally.counts",
    "an enumeration": "from enum import Enum\nclass Kind(Enum):\n    WORD = 1\n" + COUNT,
    "a decorator": "import functools\ndef logged(f):\n    @functools.wraps(f)\n    def g(*a, **k): return f(*a, **k)\n    return g\n@logged\n" + COUNT,
    "type hints": "from __future__ import annotations\nfrom typing import Sequence\ndef count_words(tokens: Sequence[str]) -> dict[str, int]:\n" + BODY,
    "match": "def count_words(tokens):\n    match tokens:\n        case []: return {}\n        case _: return {t: tokens.count(t) for t in tokens}",
    "a walrus": "def count_words(tokens): return {t: n for t in tokens if (n := tokens.count(t))}",
    "names that are not English": "def zähle(wörter):\n    return {wort: wörter.count(wort) for wort in wörter}\nλ = zähle\ndef count_words(tokens): return λ(tokens)",
    "comments in another script": "# считаем слова 数える 🐄\n" + COUNT,
    "recursion": "def count_words(tokens):\n    if not tokens: return {}\n    counts = count_words(tokens[1:])\n    counts[tokens[0]] = counts.get(tokens[0], 0) + 1\n    return counts",
    "deep recursion": "def down(n): return n and down(n - 1)\ndef count_words(tokens):\n    down(900)\n" + BODY,
    "deeper recursion": "import sys\nsys.setrecursionlimit(20_000)\ndef down(n): return n and down(n - 1)\ndef count_words(tokens):\n    down(15_000)\n" + BODY,
    "global state": "calls = 0\ncounts = {}\ndef count_words(tokens):\n    global calls, counts\n    calls += 1\n    counts = {t: tokens.count(t) for t in tokens}\n    return counts",
    "a seeded generator": "import numpy as np, random\nnp.random.seed(0); random.seed(0)\nrng = np.random.default_rng(0)\ndef count_words(tokens):\n    rng.random(); np.random.rand()\n" + BODY,
    "threads": "from concurrent.futures import ThreadPoolExecutor\ndef count_words(tokens):\n    with ThreadPoolExecutor(4) as pool: return dict(zip(tokens, pool.map(tokens.count, tokens)))",
    "processes of the future": "from concurrent.futures import ProcessPoolExecutor\ndef count_words(tokens):\n    with ProcessPoolExecutor() as pool: return dict(zip(tokens, pool.map(tokens.count, tokens)))",
    "asyncio": "import asyncio\nawait asyncio.sleep(0)\nasync def count(t, tokens): return tokens.count(t)\n" + COUNT,
    "a file": "import json\ndef count_words(tokens):\n    with open('counts.json', 'w') as f: json.dump({t: tokens.count(t) for t in tokens}, f)\n    with open('counts.json') as f: return json.load(f)",
    "a folder for the time being": "import tempfile, pathlib\ndef count_words(tokens):\n    with tempfile.TemporaryDirectory() as d: (pathlib.Path(d) / 'x').write_text('x')\n" + BODY,
    "a database": "import sqlite3\ndef count_words(tokens):\n    sqlite3.connect(':memory:').execute('select 1')\n" + BODY,
    "errors of its own": "class Empty(ValueError): pass\ndef count_words(tokens):\n    try:\n        if not tokens: raise Empty('no tokens')\n    except Empty: return {}\n" + BODY,
    "NumPy that raises": "import numpy as np\nnp.seterr(all='raise')\n" + COUNT,
    "warnings as errors": "import warnings\nwarnings.simplefilter('error')\n" + COUNT,
    "redirected output": "import contextlib, io\ndef count_words(tokens):\n    with contextlib.redirect_stdout(io.StringIO()): print('hidden')\n" + BODY,
    "a main part": COUNT + "\nif __name__ == '__main__':\n    print(count_words(['a']))",
    "tests of its own": COUNT + "\nimport unittest\nassert count_words(['a']) == {'a': 1}\nimport doctest; doctest.testmod()",
    "tabs": COUNT.replace("    ", "\t"),
    "a semicolon": COUNT + ";",
    "what is left of the stub": COUNT + "\n    raise NotImplementedError",
    "the markers of a solution": "### BEGIN SOLUTION\n" + COUNT + "\n### END SOLUTION",
    "no line at its end, and many before": "\n\n\n" + COUNT,
    "a mark of UTF-8": "\ufeff" + COUNT,
    "line ends of Windows": COUNT.replace("\n", "\r\n"),
    "line ends of old": COUNT.replace("\n", "\r"),
    "a form feed": "\f\n" + COUNT,
    "a breakpoint": "def count_words(tokens):\n    breakpoint()\n" + BODY,
    "an unused torch": "import torch\n" + COUNT,
    "unused parts of torch": "import torch.nn as nn\nfrom torch import optim\nimport torch.nn.functional as F\nfrom torch.utils.data import DataLoader\n" + COUNT,
    "the library": "import nextword\nfrom nextword import corpora\nimport nextword.plots\n" + COUNT,
    "an unused module that is withheld": "import nextword.ngram\nfrom nextword import ngram\n" + COUNT,
    "other libraries": "import numpy as np, matplotlib.pyplot as plt, collections, itertools, re, string, typing, math, os, sys, time\n" + COUNT,
}
answers("written with", STYLES)

PROCESSES = {
    "a pool of processes": "import multiprocessing\ndef count_words(tokens):\n    with multiprocessing.Pool(2) as pool: return dict(zip(tokens, pool.map(tokens.count, tokens)))",
    "a process": "from multiprocessing import Process\ndef count_words(tokens):\n    Process(target=print).start()\n" + BODY,
}
answers("cannot be graded with", PROCESSES, score=FULL - 3, says="may not start processes")

# --- cells that were left, added and moved ----------------------------------------------------------------

LEFTOVERS = {
    "a loop": "while True: pass", "an error": "1 / 0", "a syntax error": "def f(:", "an assertion": "assert False", "a name that is gone": "print(gone)", "exit": "exit()", "sys.exit": "import sys; sys.exit(1)",
    "a question in a loop": "while input() != 'q': pass", "a debugger": "import pdb; pdb.set_trace()", "a breakpoint": "breakpoint()", "memory": "x = [0] * 10 ** 10", "printing for ever": "while True: print('x' * 1000)",
    "a process": "import subprocess; subprocess.run(['ls'])", "a download": "import urllib.request; urllib.request.urlopen('http://example.org')", "a call of an answer with nonsense": "count_words(5)", "a test of torch": "import torch; device = 'cuda' if torch.cuda.is_available() else 'cpu'", "os.system": "import os; os.system('clear')",
}  # fmt: skip
own_cells("left in a cell", LEFTOVERS, troubles=True)


def insert(where, *cells, after=True):
    def change(notebook):
        at = sample.place(notebook, where) + after
        notebook["cells"][at:at] = cells

    return change


def delete(*names):
    def change(notebook):
        notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] not in names]

    return change


def both(*changes):
    def change(notebook):
        for one in changes:
            one(notebook)

    return change


def write(cell_id, text):
    return lambda notebook: sample.cell(notebook, cell_id).update(source=text)


def append(cell_id, text, before=False):
    def change(notebook):
        cell = sample.cell(notebook, cell_id)
        cell["source"] = f"{text}\n{cell['source']}" if before else f"{cell['source']}\n{text}"

    return change


STUB = {cell["id"]: cell["source"] for cell in sample.student()["cells"]}
HELPED = "def count_words(tokens): return {t: how_often(t, tokens) for t in tokens}"
HELPER = "def how_often(t, tokens): return tokens.count(t)"
IMPORTED = "def count_words(tokens): return dict(Counter(tokens))"

edits("own cells", {
    "a helper above the answer": both(write("answer-count_words", HELPED), insert("answer-count_words", sample.own(HELPER), after=False)),
    "a helper at the top": both(write("answer-count_words", HELPED), lambda n: n["cells"].insert(0, sample.own(HELPER))),
    "a helper below the answer": both(write("answer-count_words", HELPED), insert("answer-count_words", sample.own(HELPER))),
    "an import in another cell": both(write("answer-count_words", IMPORTED), insert("given-setup", sample.own("from collections import Counter"))),
    "a helper in the scratch cell, used further down": both(write("code-723623d7", HELPER), write("answer-entropy", ENTROPY + "\nhow_often('a', ['a'])")),
    "empty cells everywhere": lambda n: n.update(cells=[c for cell in n["cells"] for c in (cell, sample.own("", f"e{len(cell['source'])}"))]),
    "notes and raw cells": both(insert("given-setup", sample.own("my *notes*", "n1", "markdown"), sample.own("raw", "n2", "raw"))),
})  # fmt: skip
edits("added to the setup", {
    "an import": both(write("answer-count_words", IMPORTED), append("given-setup", "from collections import Counter")),
    "an import above": both(write("answer-count_words", IMPORTED), append("given-setup", "from collections import Counter", before=True)),
    "a helper": both(write("answer-count_words", HELPED), append("given-setup", HELPER)),
    "an answer": both(write("answer-count_words", STUB["answer-count_words"]), append("given-setup", COUNT)),
}, "what you added to it")  # fmt: skip
edits("put elsewhere", {
    "an answer in a cell below": both(write("answer-count_words", STUB["answer-count_words"]), insert("test-entropy", sample.own(COUNT))),
    "an answer in another answer": both(write("answer-count_words", STUB["answer-count_words"]), write("answer-entropy", f"{COUNT}\n\n{ENTROPY}")),
    "an answer in the scratch cell": both(write("answer-count_words", STUB["answer-count_words"]), write("code-723623d7", COUNT)),
    "an answer in its test's cell": both(write("answer-count_words", STUB["answer-count_words"]), append("test-count_words", COUNT, before=True)),
    "an answer in place of its test": both(write("answer-count_words", STUB["answer-count_words"]), write("test-count_words", COUNT)),
    "an answer in the test of another": both(write("answer-entropy", STUB["answer-entropy"]), append("test-count_words", f"import math\n{ENTROPY}")),
    "an answer in a deleted one's place": both(delete("answer-count_words"), insert("given-setup", sample.own(COUNT))),
}, "in another cell")  # fmt: skip
edits("merged", {
    "answer and test": both(append("answer-count_words", STUB["test-count_words"]), delete("test-count_words")),
    "test and answer below": both(append("test-count_words", f"\n{ENTROPY}"), delete("answer-entropy")),
    "setup and answer": both(append("given-setup", f"\n{COUNT}"), delete("answer-count_words")),
    "everything": lambda n: merge_all(n),
}, "had been added to")  # fmt: skip
edits("merged", {"two answers": both(append("answer-count_words", f"\n{ENTROPY}"), delete("answer-entropy"))}, "in another cell")


def merge_all(notebook):
    """All code in one cell."""
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    text = "\n\n".join(cell["source"] for cell in code)
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["cell_type"] != "code"] + [sample.own(text)]


def retype(cell_id, kind):
    def change(notebook):
        cell = sample.cell(notebook, cell_id)
        cell["cell_type"] = kind
        cell.pop("outputs", None), cell.pop("execution_count", None)

    return change


def split(cell_id, at, marked):
    def change(notebook):
        place, text = sample.place(notebook, cell_id), sample.cell(notebook, cell_id)["source"]
        second = sample.twin(notebook, cell_id, text[at:]) if marked else sample.own(text[at:])
        notebook["cells"][place]["source"] = text[:at]
        notebook["cells"].insert(place + 1, second)

    return change


def strip(notebook, ids=True):
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        if ids:
            del cell["id"]
    notebook["metadata"] = {}


edits("turned into", {f"{kind}: {cell_id}": retype(cell_id, kind) for kind in ("raw", "markdown") for cell_id in ("answer-count_words", "test-count_words", "given-setup")}, "kind of cell")
edits("split in two", {
    "between functions": split("answer-entropy", ENTROPY.index("\n\ndef twice") + 1, True),
    "in a function": split("answer-count_words", COUNT.index("\n") + 1, True),
}, "answer to")  # fmt: skip
edits("split in two without marks", {"between functions": split("answer-entropy", ENTROPY.index("\n\ndef twice") + 1, False)})
edits("split in two without marks", {"in a function": split("answer-count_words", COUNT.index("\n") + 1, False)}, "joined")
edits("cells moved", {
    "upside down": lambda n: n["cells"].reverse(),
    "tests first": lambda n: n["cells"].sort(key=lambda cell: not cell["id"].startswith("test")),
}, "moved")  # fmt: skip
edits("cells doubled", {
    "a test": lambda n: n["cells"].append(sample.twin(n, "test-count_words")),
    "the setup": lambda n: n["cells"].append(sample.twin(n, "given-setup")),
})  # fmt: skip
edits("cells doubled", {
    "an answer, the first one empty": lambda n: n["cells"].insert(0, sample.twin(n, "answer-count_words", STUB["answer-count_words"])),
    "an answer, the first one wrong": lambda n: n["cells"].insert(0, sample.twin(n, "answer-count_words", "def count_words(tokens): return 0")),
}, "several copies")  # fmt: skip
edits("cells deleted", {name: delete(name) for name in ("given-setup", "test-count_words", "test-entropy")}, "put back")
edits("cells deleted", {"prose": lambda n: n.update(cells=[c for c in n["cells"] if c["cell_type"] == "code"]), "the scratch cell": delete("code-723623d7"), "figures": lambda n: n.update(cells=[c for c in n["cells"] if not c["id"].startswith("figure")])})
edits("marks lost", {"metadata": lambda n: strip(n, ids=False)})
edits("marks lost", {"metadata and ids": strip}, "recognised by their text")


# --- what tools make of a notebook ------------------------------------------------------------------------


def colab(notebook):
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"]["id"] = f"{number:012x}"
        cell["metadata"]["colab"] = {"base_uri": "https://localhost:8080/"}
        del cell["id"]
        if cell["cell_type"] == "code":
            cell["metadata"]["outputId"] = "x"
        cell["source"] = cell["source"].splitlines(keepends=True)
    notebook["metadata"] = {"colab": {"provenance": [], "toc_visible": True}, "kernelspec": {"name": "python3", "display_name": "Python 3"}, "accelerator": "GPU"}
    notebook["nbformat_minor"] = 0


def colab_without_marks(notebook):
    strip(notebook, ids=False)
    colab(notebook)
    notebook["cells"].insert(0, sample.own("from google.colab import drive\ndrive.mount('/content/drive')"))


def vscode(notebook):
    for cell in notebook["cells"]:
        cell["metadata"]["vscode"] = {"languageId": "python"}
        cell["id"] = f"x{hash(cell['source'])}"
    notebook["metadata"] = {"kernelspec": {"display_name": ".venv", "language": "python", "name": "python3"}, "language_info": {"name": "python", "version": "3.11.2"}, "orig_nbformat": 4}


def kaggle(notebook):
    for cell in notebook["cells"]:
        cell["metadata"] |= {"trusted": True, "execution": {"iopub.status.busy": "2026-11-01T10:00:00Z"}, "_uuid": "x", "_kg_hide-input": False}
        del cell["id"]
    notebook["metadata"] = {"kaggle": {"accelerator": "none", "dataSources": []}, "papermill": {"duration": 1.5}}
    notebook["nbformat_minor"] = 4
    notebook["cells"].insert(0, sample.own("import os\nfor dirname, _, filenames in os.walk('/kaggle/input'):\n    print(filenames)"))


def jupytext(notebook):
    import jupytext as tool

    text = tool.writes(tool.reads(json.dumps(notebook), "ipynb"), "py:percent")
    return json.loads(tool.writes(tool.reads(text, "py:percent"), "ipynb"))


def jupytext_light(notebook):
    import jupytext as tool

    text = tool.writes(tool.reads(json.dumps(notebook), "ipynb"), "py:light")
    return json.loads(tool.writes(tool.reads(text, "py:light"), "ipynb"))


def formatted(notebook):
    """As black leaves it: other quotes, blank lines, trailing commas."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["source"] = re.sub(r"[ \t]+$", "", cell["source"].replace("\n\n", "\n\n\n"), flags=re.MULTILINE) + "\n"


def executed(notebook):
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code":
            cell["execution_count"] = number
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["x\n"]}, {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}]


def heavy(notebook, megabytes=40):
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * (megabytes * 1_000_000 // 6)}}]


def minor(number):
    def change(notebook):
        notebook["nbformat_minor"] = number
        for cell in notebook["cells"] if number < 5 else ():
            del cell["id"]

    return change


def version_3(notebook):
    import nbformat

    for cell in notebook["cells"]:
        del cell["id"]
    notebook["nbformat_minor"] = 4
    return json.loads(json.dumps(nbformat.convert(nbformat.from_dict(notebook), 3)))


edits("saved by", {"Colab": colab, "VS Code": vscode, "Kaggle": kaggle}, troubles=True)
edits("saved by", {"Colab, which dropped our marks": colab_without_marks}, "recognised by their text", troubles=True)
edits("saved by", {"Jupytext": jupytext, "Jupytext, lightly": jupytext_light})
edits("saved", {
    **{f"as format 4.{number}": minor(number) for number in range(6)},
    "with its outputs": executed,
    "with 40 MB of outputs": heavy,
    "formatted": formatted,
    "with texts as lists of lines": lambda n: [cell.update(source=cell["source"].splitlines(keepends=True)) for cell in n["cells"]] and None,
    "with tags and slides": lambda n: [cell["metadata"].update(tags=["hide-input", "skip-execution"], slideshow={"slide_type": "skip"}, editable=False, deletable=False, collapsed=True) for cell in n["cells"]] and None,
    "with widgets": lambda n: n["metadata"].update({"widgets": {"application/vnd.jupyter.widget-state+json": {"state": {"x": {"model_name": "x" * 1_000_000}}}}}),
    "for another kernel": lambda n: n["metadata"].update(kernelspec={"name": "ir", "display_name": "R", "language": "R"}, language_info={"name": "R"}),
})  # fmt: skip
edits("saved", {"as format 3": version_3})


def encoded(notebook, encoding="utf-8", indent=1, newline="\n"):
    return json.dumps(notebook, ensure_ascii=False, indent=indent).replace("\n", newline).encode(encoding)


edits("the file", {
    "has a mark of UTF-8": lambda n: encoded(n, "utf-8-sig"), "is UTF-16": lambda n: encoded(n, "utf-16"), "has the line ends of Windows": lambda n: encoded(n, newline="\r\n"),
    "is in one line": lambda n: encoded(n, indent=None), "ends in blank lines": lambda n: encoded(n) + b"\n\n\n",
})  # fmt: skip

NAMED = "every_role (1).ipynb|every_role-Copy1.ipynb|EVERY_ROLE.ipynb|every_role 2.ipynb|every_role-checkpoint.ipynb|my homework.ipynb|every_role (conflicted copy 2026-11-01).ipynb|Kopie von every_role.ipynb|every_role.ipynb.json|every_role.ipynb.txt|every_role_ü.ipynb"
for name in NAMED.split("|"):
    case(f"named {name}", "was named")(lambda name=name: {name: encoded(sample.handed_in())})

OLD = encoded(sample.student())
for name in ("every_role (1).ipynb", "every_role-checkpoint.ipynb", ".every_role.ipynb", "draft.ipynb", "every_role.ipynb.txt", ".~every_role.ipynb"):
    case(f"beside {name}")(lambda name=name: {"every_role.ipynb": encoded(sample.handed_in()), name: OLD})
case("renamed, beside a checkpoint", "was named")(lambda: {"every_role (1).ipynb": encoded(sample.handed_in()), "every_role-checkpoint.ipynb": OLD})
case("renamed, and handed in twice", "was named")(lambda: {"every_role (1).ipynb": encoded(sample.handed_in()), "every_role (2).ipynb": encoded(sample.handed_in())})

# --- what cannot be graded as it was meant, and says why --------------------------------------------------

edits("uses a name of a test's cell", {"": write("answer-count_words", f"def count_words(tokens):\n    check\n{BODY}")}, score=FULL - 3, says="test")
edits("uses a helper of a later cell", {"": both(write("answer-count_words", HELPED), insert("test-entropy", sample.own(HELPER)))}, score=FULL - 3, says="how_often")


# --- the run ----------------------------------------------------------------------------------------------

STUDENTS = {f"student-{number}": one for number, one in enumerate(CASES)}


@pytest.fixture(scope="module")
def graded(request, sample_course, tmp_path_factory):
    """Student -> record, of those cases that this run of pytest asks for."""
    course = clone(sample_course, tmp_path_factory.mktemp("honest"), memory_mb=1024, submission_seconds=300)
    bundle = Bundle.from_source(course, "every_role")
    asked = [item.callspec.params.get("case") for item in request.session.items if hasattr(item, "callspec")]
    for student, one in STUDENTS.items():
        if one in asked:
            made = one.make()
            if not isinstance(made, dict) or "cells" in made or "worksheets" in made:
                made = {"every_role.ipynb": made if isinstance(made, bytes) else json.dumps(made).encode()}
            for name, data in made.items():
                hand_in(course, bundle, student, name=name, data=data)
    desk.grade(course, "every_role", level(), jobs=2)
    ledger = Ledger(course.ledger)
    return {student: ledger.current("every_role", student) for student in STUDENTS}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_honest_notebook_is_graded_as_it_was_meant(graded, case):
    made = graded[next(student for student, one in STUDENTS.items() if one is case)]
    said = " ".join([*made.notes, made.reason])
    assert made.score == case.score, (said, [test.reason for test in made.tests], [cell.reason for cell in made.cells])
    assert all(note in said for note in case.notes), said
    if not case.notes:
        assert not made.notes
    if not case.troubles:
        assert not [cell.reason for cell in made.cells if cell.verdict != "ran"]
    if case.says:
        assert case.says in " ".join(test.reason for test in made.tests)
