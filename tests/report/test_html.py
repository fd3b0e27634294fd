"""The HTML report: one file that holds everything, and says what the run folders say."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from cifar_tui.paths import find_paths

from .pages import Page


@pytest.fixture(scope="session")
def page(mixed: Path) -> Page:
    return Page(mixed / "report.html")


def test_every_run_has_its_own_numbers(page: Page, mixed_home: Path) -> None:
    runs = find_paths(mixed_home).runs
    ids = [folder.name for folder in runs.iterdir()]
    assert len(ids) == 7
    for run_id in ids:
        results = json.loads((runs / run_id / "run.json").read_text())["results"]
        (row,) = page.rows(run_id)
        shown = [f"{100 * results[name]:.2f}" for name in ("test_accuracy", "val_accuracy", "macro_f1")]
        assert row[-3:] == shown


def test_seeds_are_one_row_of_means_and_deviations(page: Page) -> None:
    row = next(row for row in page.rows("SoftmaxRegression") if "±" in row[1])
    assert row[1:4] == ["8.20 ± 0.26", "8.60 ± 0.26", "7.10 ± 0.26"]
    assert row[4:] == ["307.3K", "26.7 ★", "0–2", "7.94", "+0.26"]


def test_parameters_are_exact(page: Page) -> None:
    paragraphs = " ".join(page.texts["p"])
    assert all(count in paragraphs for count in ("307,300", "1,731,940", "346,628", "820,964", "1,777,764"))


def test_a_gap_names_the_preset_and_the_command_that_fills_it(page: Page) -> None:
    gaps = page.texts["aside"]
    assert len(gaps) == 10
    (cnn,) = [gap for gap in gaps if "Figure 1c." in gap]
    assert "SimpleCNN is not trained yet" in cnn
    assert "cifar-tui train part1/simple_cnn --seeds 0..2" in cnn
    assert page.rows("SimpleCNN")[-1][1:4] == ["–", "–", "–"]


def test_the_summary_gives_medals_and_a_star(page: Page) -> None:
    (summary,) = [table for table in page.tables if table[0][0] == "#"]
    ranks = [row[0].strip() for row in summary[1:]]
    assert ranks == ["1", "2", "3", *["–"] * 10]
    assert [row[1] for row in summary[1:4]] == ["GRU-row", "MLP", "SoftmaxRegression"]
    assert [row[8].endswith("★") for row in summary[1:4]] == [False, False, True]
    assert [attributes["class"] for attributes in page.of("span") if "medal" in attributes.get("class", "")] == [
        "medal medal-1", "medal medal-2", "medal medal-3",
    ]  # fmt: skip


def test_figures_are_in_the_page_with_words_for_who_cannot_see_them(page: Page, mixed: Path) -> None:
    keys = [attributes["id"] for attributes in page.of("figure")]
    assert keys == [f"figure-{number}" for number in ("1a", "2", "8", "9", "10")]
    pictures = page.of("svg")
    assert len(pictures) == 2 * 2 + 3  # curves are two charts each
    assert all(picture["role"] == "img" and picture["aria-label"] for picture in pictures)
    assert "SoftmaxRegression after 30 epochs" in pictures[0]["aria-label"]
    assert "SoftmaxRegression 8.20 ± 0.26" in next(p["aria-label"] for p in pictures if "Bar chart" in p["aria-label"])
    assert len(page.texts["figcaption"]) == len(keys)


def test_figures_are_files_too(page: Page, mixed: Path) -> None:
    for figure in page.of("figure"):
        with Image.open(mixed / "figures" / f"{figure['id']}.png") as image:
            assert image.width > 700
        assert ElementTree.parse(mixed / "figures" / f"{figure['id']}.svg").getroot().tag.endswith("svg")


def test_the_page_asks_for_nothing_beside_it(page: Page) -> None:
    links = [value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "href")]
    assert links
    assert all(link.startswith("#") or link == "data:," for link in links)
    assert not re.search(r"https?:|@import|url\((?!#)", page.source)
    assert {"script", "iframe", "object", "img"}.isdisjoint(tag for tag, _ in page.tags)


def test_every_id_stands_once_and_every_link_leads_somewhere(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    wanted = [a["href"].removeprefix("#") for _, a in page.tags if a.get("href", "").startswith("#")]
    wanted += re.findall(r"url\(#([^)]+)\)", page.source)
    wanted += [attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes]
    assert set(wanted) <= set(ids)


def test_landmarks_and_headings(page: Page) -> None:
    assert page.of("html") == [{"lang": "en"}]
    assert [len(page.of(tag)) for tag in ("h1", "main", "nav", "header", "footer")] == [1] * 5
    assert all(table[0] for table in page.tables)
    assert len(page.of("caption")) == len(page.tables)
    assert "Further runs" in " ".join(page.texts["h2"])


def test_names_are_text_whatever_they_hold(page: Page) -> None:
    (row,) = [row for table in page.tables for row in table if "alert" in row[0] and row[1] == "CIFAR-100"]
    assert row[0].startswith("<script>alert(1)</script> [red]$x^2$ | `_*~ �[31m� &amp; {name} % lllll")
    assert "\x1b" not in page.source
    assert "\u202e" not in page.source
    assert any("<script>" in text for text in page.texts["text"])  # in the legend of its curves


def test_further_runs_tell_their_data(page: Page) -> None:
    row = next(row for row in page.rows("part1/simple_cnn") if row[1] == "synthetic")
    assert row[2] == "90.00"
