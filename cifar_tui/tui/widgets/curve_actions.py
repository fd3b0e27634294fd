"""What the keys do with the curves of a screen."""

from textual.dom import DOMNode

from cifar_tui.tui.widgets.curves import Curves


class CurveActions(DOMNode):
    """For a pane or a screen that holds one `Curves`."""

    def action_smooth(self) -> None:
        """Show moving averages, or not."""
        self.query_one(Curves).toggle_smoothing()

    def action_log_scale(self) -> None:
        """Show the loss on a logarithmic scale, or not."""
        self.query_one(Curves).toggle_log()

    def action_zoom(self, direction: int) -> None:
        """Show fewer epochs (1) or more (-1)."""
        self.query_one(Curves).zoom(0.5 if direction > 0 else 2.0)

    def action_pan(self, direction: int) -> None:
        """Move the window to earlier (-1) or later (1) epochs."""
        self.query_one(Curves).pan(direction)

    def action_show_all(self) -> None:
        """Show the whole run."""
        self.query_one(Curves).show_all()

    def action_cursor(self, step: int) -> None:
        """Read the values of the epoch before (-1) or after (1)."""
        self.query_one(Curves).move_cursor(step)
