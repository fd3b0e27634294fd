"""A line chart in a panel, with a legend in its title."""

from collections.abc import Callable, Sequence
from itertools import accumulate

from rich.cells import cell_len
from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget

from cifar_tui.tui.plot import GREY, ChartData, Colour, draw, style_of
from cifar_tui.tui.shorten import without_middle

_TITLE_EDGES = 2
"""The blanks around a border's title; its corners take as much as the padding of what is inside."""
_LEAST_NAME = 8
"""What a name is given at least before the value behind it is left out."""


class Chart(Widget):
    """Draws only what has changed: the data, the size, or the theme."""

    DEFAULT_CSS = """
    Chart { height: 1fr; border: round $border-blurred; border-title-color: $text-muted; padding: 0 1; }
    """

    def __init__(
        self, title: str, y_text: Callable[[float], str], tick_text: Callable[[float], str], *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._tick_text = tick_text
        self._title = title
        self._y_text = y_text
        self._data = ChartData()
        self._drawn: tuple[ChartData, Size, Text] | None = None
        self._title_width = 0

    @property
    def data(self) -> ChartData:
        """What the chart shows now."""
        return self._data

    def show(self, data: ChartData) -> None:
        """Draw `data` from now on."""
        if data != self._data:
            self._data = data
            self._write_title()
            self.refresh()

    def render(self) -> Text:
        """Return the chart as styled text, drawn anew only if data or size changed."""
        if self._drawn is None or self._drawn[:2] != (self._data, self.size):
            self._drawn = (self._data, self.size, draw(self._data, self.size, self._tick_text))
        return self._drawn[2]

    def on_resize(self) -> None:
        """Fit the title where the width is another one, not each time the tab is shown."""
        if self.size.width != self._title_width:
            self._write_title()

    def _write_title(self) -> None:
        data = self._data
        title = Text(self._title + (" (log)" if data.log_scale else ""))
        if data.cursor is not None:
            title.append(f" at {data.cursor:g}")
        entries = self._entries()
        names = [name for _, name, _, _ in entries]
        signs = sum(cell_len(f" {sign} ") for sign, _, _, _ in entries)
        self._title_width = self.size.width
        room = self._title_width - _TITLE_EDGES - title.cell_len - signs
        values = [0, *accumulate(cell_len(value) for _, _, value, _ in entries)]
        # The first ones keep their values longest: they are those of the run that the chart is about.
        with_values = next(
            (count for count in range(len(entries), 0, -1) if _least_share(names, room - values[count]) >= _LEAST_NAME),
            0,
        )
        widths = _fair_shares([cell_len(name) for name in names], room - values[with_values])
        for place, ((sign, name, value, colour), width) in enumerate(zip(entries, widths, strict=True)):
            title.append(" ").append(f"{sign} {without_middle(name, width)}".rstrip(), style=style_of(colour))
            title.append(value if place < with_values else "")
        self.border_title = title
        self.border_subtitle = _values(entries) if with_values < len(entries) else ""

    def _entries(self) -> list[tuple[str, str, str, Colour]]:
        """The sign, name, value and colour of all that the legend names."""
        data, entries = self._data, []
        for series in data.series:
            if series.is_faint:
                continue
            x = data.cursor if data.cursor is not None else series.points[-1][0] if series.points else 0.0
            value = series.at(x)
            value_text = "" if value is None else f" {self._y_text(value)}"
            entries.append((series.sign or "━", series.label, value_text, series.colour))
        if data.reference is not None:
            entries.append(("─", "report", f" {self._y_text(data.reference)}", GREY))
        return entries


def _values(entries: Sequence[tuple[str, str, str, Colour]]) -> Text:
    """The signs and values without the names, for the lower border."""
    parts = [Text(f"{sign}{value}", style=style_of(colour)) for sign, _, value, colour in entries if value]
    return Text("  ").join(parts)


def _fair_shares(wanted: list[int], room: int) -> list[int]:
    """Divide `room`: who wants less than an equal part leaves the rest of it to the others."""
    shares, left = [0] * len(wanted), max(room, 0)
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    for done, place in enumerate(order):
        shares[place] = min(wanted[place], left // (len(wanted) - done))
        left -= shares[place]
    return shares


def _least_share(names: list[str], room: int) -> float:
    """The cells of the name that is shortened most; no limit where none is shortened."""
    wanted = [cell_len(name) for name in names]
    shares = zip(_fair_shares(wanted, room), wanted, strict=True)
    return min((share for share, want in shares if share < want), default=float("inf"))
