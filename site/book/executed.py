"""The outputs of a solved notebook, kept until the code of the notebook, or of the library that it uses, changes."""

import hashlib
import json
import os
import tempfile
from modulefinder import ModuleFinder
from pathlib import Path

from autograder.static import without_magics

# Pictures as SVG, the same bytes from the same figure; a folder of its own, so that nothing is left behind.
PREAMBLE = """\
%config InlineBackend.figure_formats = ["svg"]
%config InlineBackend.print_figure_kwargs = {"metadata": {"Date": None}}
import matplotlib
matplotlib.rcParams["svg.hashsalt"] = "nextword"
"""
# One thread, as in the tests; a bar that moves is nothing to print.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
SECONDS = 600  # for one cell, by the clock, on a busy machine


class RunError(Exception):
    """A solved notebook does not run."""


def outputs(source, lib, cache):
    """What each code cell of a source leaves behind, as {cell id: nbformat outputs}; hidden tests are not run.

    `lib` is the library's folder, `cache` the folder where outputs are kept. Raises RunError.
    """
    cells = [cell for cell in source.cells if cell.type == "code" and cell.role != "hidden"]
    code = "\n\n".join(cell.source for cell in cells)
    kept = Path(cache) / f"{source.path.stem}-{_key(code, lib)}.json"
    if not kept.exists():
        found = _run(source.path, cells)
        kept.parent.mkdir(parents=True, exist_ok=True)
        for old in kept.parent.glob(f"{source.path.stem}-*.json"):
            old.unlink()
        kept.write_text(json.dumps(found, sort_keys=True), encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))


def _key(code, lib):
    """A hash of the code, of how it is run, and of every module of the library that it imports, however indirectly."""
    digest = hashlib.sha256("\0".join([code, PREAMBLE, *sorted(ENVIRONMENT)]).encode())
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        script.write(without_magics(code))
        script.flush()
        finder = ModuleFinder(path=[str(lib)])
        finder.run_script(script.name)
    for name, module in sorted(finder.modules.items()):
        if name != "__main__" and module.__file__:
            digest.update(Path(module.__file__).read_bytes())
    return digest.hexdigest()[:16]


def _run(path, cells):
    """Runs cells from top to bottom in a fresh kernel: {cell id: outputs}."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    v4 = nbformat.v4
    notebook = v4.new_notebook(cells=[v4.new_code_cell(text) for text in (PREAMBLE, *(c.source for c in cells))])
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(notebook, timeout=SECONDS, extra_arguments=["--log-level=ERROR"],
                                resources={"metadata": {"path": folder}})
        try:
            client.execute(env={**os.environ, **ENVIRONMENT})
        except CellExecutionError as error:
            raise RunError(f"{path}: {error}") from None
    return {cell.id: [_tidy(output) for output in ran.outputs]
            for cell, ran in zip(cells, notebook.cells[1:], strict=True)}


def _tidy(output):
    """An output as plain data, without the number of its execution."""
    return {key: value for key, value in output.items() if key != "execution_count"}
