"""`python site/book`: the reading site, with solutions folded in; `--course`: the same without any solution."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SITE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SITE))

from autograder import source as sources  # noqa: E402
from autograder.course import Course  # noqa: E402
from book import executed, pages, reference  # noqa: E402

INSTRUCTORS = re.compile(r"```{toctree}\n[^`]*:caption: To teach it.*?```\n", re.DOTALL)
TEXTS = ("index.md", "glossary.md", "reading.md")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--course", action="store_true", help="no solution anywhere, and no instructor's guide")
    wanted = parser.parse_args(arguments)
    began, course = time.monotonic(), Course.load(SITE.parent)
    page = build(course, solutions=not wanted.course)
    size = sum(file.stat().st_size for file in page.parent.rglob("*") if file.is_file())
    print(f"{page}: {size / 1e6:.1f} MB, made in {time.monotonic() - began:.0f} s")


def build(course, solutions=True, home=None):
    """Builds one of the two sites, below build/site or another `home`; returns its front page."""
    home = home or course.root / "build" / "site"
    here = home / ("reader" if solutions else "course")
    write_sources(course, here / "source", home / "outputs", solutions)
    static = write_static(home)
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-c", str(SITE),
               "-t", here.name, "-d", str(here / "doctrees"), str(here / "source"), str(here / "html")]
    subprocess.run(command, check=True, env={**os.environ, "NEXTWORD_SITE_STATIC": str(static)})
    return here / "html" / "index.html"


def write_sources(course, folder, cache, solutions):
    """Writes what Sphinx reads into a folder; files that do not change keep their time, so Sphinx skips them."""
    parsed = {a.name: sources.read(course.source(a.name)) for a in course.assignments}
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each notebook runs in a process of its own
        outputs = dict(zip(parsed, pool.map(lambda s: executed.outputs(s, course.lib, cache), parsed.values())))
    files = {f"{name}.ipynb": _page(course, source, outputs[name], solutions) for name, source in parsed.items()}
    files |= {f"downloads/{name}.ipynb": course.notebook(name).read_text(encoding="utf-8") for name in parsed}
    files |= reference.pages(course.lib)
    files |= {name: (SITE / name).read_text(encoding="utf-8") for name in TEXTS}
    if solutions:
        files |= _for_instructors(course.root)
    else:
        files["index.md"] = INSTRUCTORS.sub("", files["index.md"])
    _sync(folder, {name: text if isinstance(text, bytes) else text.encode() for name, text in files.items()})


def _for_instructors(root):
    """The guides and their pictures, where they lie in the repository, so that links between them hold."""
    paths = [root / "README.md", root / "CONTRIBUTING.md", *root.glob("docs/*.*")]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def _page(course, source, outputs, solutions):
    download = f"{{download}}`Download this notebook <downloads/{source.path.stem}.ipynb>`"
    return json.dumps(pages.page(source, outputs, download, solutions), sort_keys=True, indent=1)


def _sync(folder, files):
    """Makes a folder hold these files and nothing else."""
    for old in [path for path in folder.rglob("*") if path.is_file()]:
        if old.relative_to(folder).as_posix() not in files:
            old.unlink()
    for name, contents in files.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != contents:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents)


def write_static(home):
    """Gathers what the pages load and Sphinx does not bring: KaTeX's fonts and style, and the figures' scripts."""
    katex, static = home / "node_modules" / "katex" / "dist", home / "static"
    if not katex.exists():
        raise SystemExit("The style of formulas (the npm package katex) is missing: run make site, which installs it.")
    shutil.rmtree(static, ignore_errors=True)
    (static / "katex" / "fonts").mkdir(parents=True)
    shutil.copy(katex / "katex.min.css", static / "katex")
    for font in (katex / "fonts").glob("*.woff2"):
        shutil.copy(font, static / "katex" / "fonts")
    figures = [*SITE.glob("figures/*.js"), *SITE.glob("figures/*.css")]
    (static / "figures").mkdir()
    for file in figures:
        shutil.copy(file, static / "figures")
    return static


if __name__ == "__main__":
    main()
