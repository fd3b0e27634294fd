"""Loss and accuracy side by side, with one window, one cursor and one way of drawing for both."""

from collections.abc import Callable
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal

from cifar_tui.events import BatchProgress, EpochFinished
from cifar_tui.tui.plot import BLUE, ORANGE, RUN_COLOURS, ChartData, Colour, Series, smoothed
from cifar_tui.tui.symbols import symbols
from cifar_tui.tui.widgets.chart import Chart

_LEAST_EPOCHS = 2.0
"""What a window shows at least."""


@dataclass(frozen=True)
class Overlay:
    """Another run's validation curves, laid over the shown one's."""

    name: str
    epochs: tuple[EpochFinished, ...]
    place: int
    """Of the run among the marked ones: its colour and sign, whatever else is shown."""

    @property
    def colour(self) -> Colour:
        """The run's own colour."""
        return RUN_COLOURS[self.place % len(RUN_COLOURS)]

    @property
    def sign(self) -> str:
        """The run's own sign."""
        signs = symbols().points
        return signs[(self.place + 2) % len(signs)]


@dataclass(frozen=True)
class Curve:
    """What one run's charts show."""

    epochs: tuple[EpochFinished, ...] = ()
    trace: tuple[BatchProgress, ...] = ()
    """The progress within the epoch after the last of `epochs`."""
    planned_epochs: int = 1
    reference: float | None = None
    """The report's test accuracy."""
    overlays: tuple[Overlay, ...] = ()
    is_own_shown: bool = True
    is_over: bool = False
    """Whether no more will come."""
    is_run: bool = True
    """Whether there is a run at all."""


class Curves(Horizontal):
    """Two charts that are looked at as one."""

    DEFAULT_CSS = """
    Curves { height: 1fr; visibility: hidden; }
    Curves Chart { width: 1fr; visibility: visible; }
    """

    def __init__(self, *, smoothing: bool = False, log_scale: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.smoothing = smoothing
        self.log_scale = log_scale
        self._curve = Curve(is_run=False)
        self._window: tuple[float, float] | None = None
        """In epochs; None shows all."""
        self._cursor: int | None = None

    def compose(self) -> ComposeResult:
        """Lay out the two charts."""
        yield Chart("Loss", lambda loss: f"{loss:.3g}", lambda tick: f"{tick:g}", id="loss-chart")
        yield Chart(
            "Accuracy", lambda share: f"{share * 100:.1f}%", lambda tick: f"{tick * 100:g}%", id="accuracy-chart"
        )

    def show(self, curve: Curve) -> None:
        """Draw `curve`; another run's window and cursor are not kept."""
        if curve.planned_epochs != self._curve.planned_epochs or curve.epochs[:1] != self._curve.epochs[:1]:
            self._window = self._cursor = None
        self._curve = curve
        self._draw()

    def toggle_smoothing(self) -> bool:
        """Show moving averages, with the raw curves faint behind them, or the raw curves alone."""
        self.smoothing = not self.smoothing
        self._draw()
        return self.smoothing

    def toggle_log(self) -> bool:
        """Show the loss on a logarithmic scale, or on a plain one."""
        self.log_scale = not self.log_scale
        self._draw()
        return self.log_scale

    def zoom(self, factor: float) -> None:
        """Show `factor` times as many epochs, around the cursor or up to the newest one."""
        low, high = self._limits()
        width = max((high - low) * factor, _LEAST_EPOCHS)
        done = float(self._newest or 1)
        centre = self._cursor if self._cursor is not None else min(high, done) - (high - low) / 2 * min(factor, 1.0)
        self._move_window(centre - width / 2, width)

    def pan(self, direction: int) -> None:
        """Move the window by a quarter of its width."""
        low, high = self._limits()
        self._move_window(low + direction * (high - low) / 4, high - low)

    def show_all(self) -> None:
        """Show the whole run, without a cursor."""
        self._window = self._cursor = None
        self._draw()

    def move_cursor(self, step: int) -> None:
        """Move the cursor by `step` epochs; the first step brings it to the newest epoch."""
        last = self._newest
        if not last:
            return
        self._cursor = last if self._cursor is None else min(max(self._cursor + step, 1), last)
        low, high = self._limits()
        if not low <= self._cursor <= high:
            self._move_window(self._cursor - (high - low) / 2, high - low)
        self._draw()

    def _limits(self) -> tuple[float, float]:
        return self._window or (0.0, float(self._whole))

    @property
    def _newest(self) -> int:
        """The last epoch of the shown run, or of those that are shown in its place; 0 before the first one."""
        curve = self._curve
        shown = [curve.epochs] if curve.is_own_shown else [overlay.epochs for overlay in curve.overlays]
        return max((epochs[-1].epoch for epochs in shown if epochs), default=0)

    @property
    def _whole(self) -> int:
        longest = max((len(overlay.epochs) for overlay in self._curve.overlays), default=0)
        return max(self._curve.planned_epochs, longest)

    def _move_window(self, low: float, width: float) -> None:
        low = min(max(low, 0.0), max(self._whole - width, 0.0))
        self._window = None if width >= self._whole else (low, low + width)
        self._draw()

    def _draw(self) -> None:
        loss = self._data(
            lambda epoch: epoch.train_loss, lambda epoch: epoch.val_loss, with_trace=True, log_scale=self.log_scale
        )
        self.query_one("#loss-chart", Chart).show(loss)
        accuracy = self._data(lambda epoch: epoch.train_accuracy, lambda epoch: epoch.val_accuracy, is_accuracy=True)
        self.query_one("#accuracy-chart", Chart).show(accuracy)

    def _data(
        self,
        train: Callable[[EpochFinished], float],
        validation: Callable[[EpochFinished], float | None],
        *,
        with_trace: bool = False,
        is_accuracy: bool = False,
        log_scale: bool = False,
    ) -> ChartData:
        curve, signs = self._curve, symbols().points
        if not curve.is_run:
            return ChartData(log_scale=log_scale)
        series: list[Series] = []
        if curve.is_own_shown:
            points = [(float(epoch.epoch), train(epoch)) for epoch in curve.epochs]
            if with_trace:
                points += [(part.epoch - 1 + part.batch / part.batches, part.train_loss) for part in curve.trace]
            series += self._drawn("train", points, BLUE, signs[0])
            series += self._drawn("val", _validated(curve.epochs, validation), ORANGE, signs[1])
        for overlay in curve.overlays:
            points = _validated(overlay.epochs, validation)
            series += self._drawn(overlay.name, points, overlay.colour, overlay.sign)
        low, high = self._limits()
        return ChartData(
            series=tuple(series),
            x_min=low,
            x_max=high,
            reference=curve.reference if is_accuracy else None,
            from_zero=is_accuracy and self._window is None,
            log_scale=log_scale,
            cursor=self._cursor,
            empty="No epoch was finished" if curve.is_over else "The first points come with the first epoch",
        )

    def _drawn(self, label: str, points: list[tuple[float, float]], colour: Colour, sign: str) -> list[Series]:
        if not self.smoothing:
            return [Series(label, tuple(points), colour, sign)]
        raw = Series(label, tuple(points), colour, is_faint=True)
        return [raw, Series(label, smoothed(points), colour, sign)]


def _validated(
    epochs: tuple[EpochFinished, ...], value: Callable[[EpochFinished], float | None]
) -> list[tuple[float, float]]:
    found = ((epoch.epoch, value(epoch)) for epoch in epochs)
    return [(float(place), share) for place, share in found if share is not None]
