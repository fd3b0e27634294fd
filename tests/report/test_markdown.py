"""The Markdown report: pipe tables, and figures beside it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cifar_tui.report.document import Align, Code, Document, Figure, Paragraph, Section, Table
from cifar_tui.report.markdown import as_markdown
from cifar_tui.report.pictures import BarsPicture

from .conftest import HOSTILE, call
from .homes import write_run


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Vietnamese report of part 3, and of a run with a hostile name."""
    home = tmp_path_factory.mktemp("markdown") / "home"
    write_run(home, "part3/simple_vit", epochs=2)
    write_run(home, "part3/custom_vit", 0.3, "training.lr=0.01", minute=1, epochs=2, name=HOSTILE)
    write_run(home, "part3/custom_vit", minute=2, epochs=2)
    result = call(home, "--part", "3", "--lang", "vi", "--format", "md", "--out", str(home / "out"))
    assert result.exit_code == 0, result.stderr
    return home / "out"


def _tables(text: str) -> list[list[str]]:
    blocks = (block.splitlines() for block in text.split("\n\n"))
    return [lines for lines in blocks if lines and lines[0].startswith("|")]


def test_every_row_of_a_table_has_as_many_cells(folder: Path) -> None:
    tables = _tables((folder / "report.md").read_text("utf-8"))
    assert len(tables) >= 6
    for table in tables:
        assert len(table) > 2
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table}) == 1
        assert re.fullmatch(r"\|( -{3}:? \|)+", table[1])


def test_figures_lie_where_it_says(folder: Path) -> None:
    text = (folder / "report.md").read_text("utf-8")
    figures = re.findall(r"^!\[.+\]\((.+)\)\\$", text, re.MULTILINE)
    assert figures == ["figures/figure-3.png", "figures/figure-4.png", "figures/figure-10.png"]
    assert all((folder / figure).is_file() for figure in figures)
    assert "**Hình 3.** Loss và accuracy qua các epoch: SimpleViT (Phần 3) và CustomViT." in text.replace("\\", "")


def test_names_start_nothing(folder: Path) -> None:
    text = (folder / "report.md").read_text("utf-8")
    outside_code = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    assert r"\<script\>alert(1)\</script\> \[red\]\$x\^2\$ \| \`\_\*\~ " in outside_code
    assert "<script>" not in outside_code
    assert all(character.isprintable() or character in "\n\u00a0" for character in text)


def _document(*blocks: Paragraph | Code | Table | Figure) -> Document:
    section = Section("key", "Section", blocks)
    return Document("en", "Title", "Subtitle", (("a", "b"),), "Contents", (section,), "End")


def test_code_keeps_its_ticks() -> None:
    sides: tuple[Align, ...] = ("left", "right")
    table = Table("Caption", ("x", "y"), sides, (("a`b|c", "1"),), has_code=(0,))
    text = as_markdown(_document(Code("echo ```", "bash"), table), "figures")
    assert "````bash\necho ```\n````\n" in text
    assert "| ``a`b\\|c`` | 1 |\n" in text


def test_the_words_of_a_figure_close_no_bracket() -> None:
    figure = Figure("figure-1", BarsPicture((), "", ""), "Figure 1", "x", "a](b) [c")
    assert "![a\\](b) \\[c](figures/figure-1.png)" in as_markdown(_document(figure), "figures")


@pytest.mark.skipif(shutil.which("pandoc") is None, reason="pandoc is not installed")
def test_pandoc_reads_all_of_it(folder: Path) -> None:
    command = ["pandoc", "--from", "markdown", "--to", "html", str(folder / "report.md")]
    html = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert html.count("<table") == len(_tables((folder / "report.md").read_text("utf-8")))
    assert html.count("<img") == 3
    assert "<script>" not in html
    assert "<h2" in html
    assert "<figcaption" not in html  # the words for who cannot see a figure are no second caption
