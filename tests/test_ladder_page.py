"""docs/ladder.md, which `make ladder` writes, says what the course says."""

from pathlib import Path

from nextword import ladder

DOCS = Path(__file__).resolve().parent.parent / "docs"


def rows():
    """{model: loss} from the page's table of narwhals."""
    lines = (DOCS / "ladder.md").read_text().split("\n## ")[1].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {name: float(loss) for name, loss, _ in cells if loss not in ("loss", "---")}


def test_the_page_has_every_rung_with_the_loss_that_notebooks_show():
    page = rows()
    for name, loss in ladder.LOSSES.items():
        assert abs(page[name] - loss) < 0.01, f"{name}: run make ladder, and correct nextword.ladder"


def test_the_readme_shows_its_picture():
    assert "(docs/ladder.png)" in (DOCS.parent / "README.md").read_text()
    assert (DOCS / "ladder.png").read_bytes().startswith(b"\x89PNG")
