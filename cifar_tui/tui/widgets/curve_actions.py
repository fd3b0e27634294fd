"""What the keys do with the curves of a screen."""

from textual.dom import DOMNode

from cifar_tui.tui.widgets.curves import Curves


class CurveActions:
    """For a pane or a screen that holds one `Curves`; stands behind it among the bases, or its style would be lost."""

    def _curves(self) -> Curves:
        assert isinstance(self, DOMNode)
        return self.query_one(Curves)

    def action_smooth(self) -> None:
        """Show moving averages, or not."""
        self._curves().toggle_smoothing()

    def action_log_scale(self) -> None:
        """Show the loss on a logarithmic scale, or not."""
        self._curves().toggle_log()

    def action_zoom(self, direction: int) -> None:
        """Show fewer epochs (1) or more (-1)."""
        self._curves().zoom(0.5 if direction > 0 else 2.0)

    def action_pan(self, direction: int) -> None:
        """Move the window to earlier (-1) or later (1) epochs."""
        self._curves().pan(direction)

    def action_show_all(self) -> None:
        """Show the whole run."""
        self._curves().show_all()

    def action_cursor(self, step: int) -> None:
        """Read the values of the epoch before (-1) or after (1)."""
        self._curves().move_cursor(step)
