"""The report as a tree of sections and blocks, which HTML and Markdown then only write down."""

from dataclasses import dataclass
from typing import Literal

from cifar_tui.report.analysis import Finding
from cifar_tui.report.pictures import Picture

Align = Literal["left", "right"]


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str
    kind: str = "paragraph"


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str
    kind: str = "heading"


@dataclass(frozen=True)
class Table:
    """A table; its first column names the rows."""

    caption: str
    titles: tuple[str, ...]
    aligns: tuple[Align, ...]
    rows: tuple[tuple[str, ...], ...]
    missing: tuple[int, ...] = ()
    """Places of the rows that stand for a gap."""
    has_code: tuple[int, ...] = ()
    """Places of the columns whose cells are code."""
    kind: str = "table"


@dataclass(frozen=True)
class Figure:
    """A picture with its caption."""

    key: str
    """`figure-1a`: its anchor, and the name of its files."""
    picture: Picture
    label: str
    """Figure 1a."""
    caption: str
    alt: str
    """What it shows, for who cannot see it."""
    kind: str = "figure"


@dataclass(frozen=True)
class Gap:
    """A row or figure that no run fills yet."""

    label: str
    """What is missing."""
    text: str
    command: str
    """What fills it."""
    kind: str = "gap"


@dataclass(frozen=True)
class Code:
    """Text as it is typed or computed."""

    text: str
    language: str = ""
    """`toml`, `bash`, or none."""
    kind: str = "code"


@dataclass(frozen=True)
class Findings:
    """An analysis."""

    title: str
    findings: tuple[Finding, ...]
    kind: str = "findings"


@dataclass(frozen=True)
class Tiles:
    """The most important numbers, large: value and what it is."""

    tiles: tuple[tuple[str, str], ...]
    kind: str = "tiles"


Block = Paragraph | Heading | Table | Figure | Gap | Code | Findings | Tiles


@dataclass(frozen=True)
class Section:
    """A numbered chapter."""

    key: str
    """Its anchor."""
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """The whole report."""

    language: str
    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    """Below the title: what, and its value."""
    contents_title: str
    sections: tuple[Section, ...]
    footer: str

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All pictures, in their order."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Figure))
