"""A table whose cursor leaves everything readable."""

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable


class BrightTable(DataTable[Text]):
    """Draws no dim text under the cursor; home and end go to the first and the last row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("home", "scroll_top", "First", show=False),
        Binding("end", "scroll_bottom", "Last", show=False),
    ]

    def _render_cell(
        self,
        row_index: int,
        column_index: int,
        base_style: Style,
        width: int,
        cursor: bool = False,
        hover: bool = False,
    ) -> list[list[Segment]]:
        """Draw no dim text on the cursor's colour: it could hardly be read there."""
        lines = super()._render_cell(row_index, column_index, base_style, width, cursor, hover)
        bright = Style(dim=False)
        return [list(Segment.apply_style(line, post_style=bright)) for line in lines] if cursor else lines
