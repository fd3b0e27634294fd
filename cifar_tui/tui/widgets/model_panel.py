"""The model that the form describes: what it costs here, its learning rate, and its layers with their output shapes."""

from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from cifar_tui.bench.probe import Answer, Cost, Layers
from cifar_tui.config import RunConfig
from cifar_tui.models.registry import MODELS
from cifar_tui.paths import Paths
from cifar_tui.runs.columns import duration
from cifar_tui.training.schedule import lr_factor
from cifar_tui.tui.plot import GREEN, ChartData, Series
from cifar_tui.tui.probe import Probe
from cifar_tui.tui.widgets.chart import Chart

_SECONDS_OF_REST = 0.3
"""While a person types or passes over presets nothing is drawn or asked for; only once they rest."""
_TRAIN_IMAGES = 45_000
_POINTS = 120


class ModelPanel(VerticalScroll, can_focus=False):
    """Follows the form. Torch is never imported here: a process of its own builds and tries the model."""

    DEFAULT_CSS = """
    ModelPanel { border: round $border-blurred; border-title-color: $text-muted; padding: 0 1; }
    ModelPanel { scrollbar-size-vertical: 1; }
    ModelPanel Static { height: auto; }
    ModelPanel Chart { height: 8; padding: 0; margin-top: 1; }
    """

    class Counted(Message):
        """The parameters of the model are known."""

        def __init__(self, parameters: int) -> None:
            super().__init__()
            self.parameters = parameters

    class Answered(Message):
        """The probe said something about a configuration."""

        def __init__(self, config: RunConfig, answer: Answer) -> None:
            super().__init__()
            self.config = config
            self.answer = answer

    def __init__(self, paths: Paths, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._probe = Probe(paths.data / "estimates.json", self._heard)
        self._config: RunConfig | None = None
        self._layers: Layers | None = None
        self._is_busy = False
        self._is_measuring = False
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay out the parts."""
        yield Static(id="model-summary")
        yield Static(id="model-cost")
        # Without the value at the curve's end, which is next to nothing: the schedule's name needs the room.
        yield Chart("Learning rate", lambda rate: "", lambda tick: f"{tick:g}", id="lr-chart")
        yield Static(id="model-layers")

    async def on_unmount(self) -> None:
        """Let the probe go."""
        await self._probe.close()

    def show_busy(self, *, busy: bool) -> None:
        """Say whether a run trains: then nothing is measured beside it."""
        if busy != self._is_busy:
            self._is_busy = busy
            if self._config is not None:
                self._show_cost()
                self._ask_soon()

    def show(self, config: RunConfig) -> None:
        """Show `config`, unless it is shown already."""
        if config == self._config:
            return
        before, self._config = self._config, config
        if before is None or before.model != config.model:
            self._layers = None
            spec = MODELS[config.model.name]
            self.border_title = spec.title
            self.query_one("#model-summary", Static).update(Text(spec.summary, style="italic"))
            self.query_one("#model-layers", Static).update(Text("counting parameters …", style="dim"))
        self._ask_soon()

    def _ask_soon(self) -> None:
        if self._timer:
            self._timer.stop()
        self._timer = self.set_timer(_SECONDS_OF_REST, self._ask)

    async def _ask(self) -> None:
        config = self._config
        if config is None:
            return
        self._show_cost()
        self._show_schedule(config)
        measure = not self._is_busy and self._probe.known_cost(config) is None
        # A question without measuring also ends the measurement under way, which a run that begins would spoil.
        if measure or self._is_measuring or self._layers is None:
            self._is_measuring = measure
            await self._probe.ask(config, measure=measure)

    def _heard(self, config: RunConfig, answer: Answer) -> None:
        self.post_message(self.Answered(config, answer))

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        message.stop()
        if isinstance(message.answer, Cost):
            self._is_measuring = False
            if message.config == self._config:
                self._show_cost(message.answer.error)
            return
        if self._config is None or message.config.model != self._config.model:
            return
        self._layers = message.answer
        table = self.query_one("#model-layers", Static)
        if message.answer.error is not None:
            table.update(Text(message.answer.error, style="red"))
            return
        table.update(_table(message.answer))
        self.post_message(self.Counted(message.answer.parameters))

    def _show_cost(self, error: str | None = None) -> None:
        assert self._config is not None
        line, text = self.query_one("#model-cost", Static), self._cost_text(self._config, error)
        if line.content != text:
            line.update(text)

    def _cost_text(self, config: RunConfig, error: str | None) -> Text:
        if error is not None:
            return Text(f"\nTried out: {error}", style="red")
        cost = self._probe.known_cost(config)
        if cost is None:
            waiting = "measured once no run trains" if self._is_busy else "trying a few batches …"
            return Text(f"\nTime and memory: {waiting}", style="dim")
        return Text.assemble(
            "\n≈ ", (duration(cost.seconds_per_epoch), "bold"), " an epoch, ",
            (duration(cost.seconds_per_epoch * config.training.epochs), "bold"), " in all, ",
            (_megabytes(cost.memory), "bold"), (f"\non {cost.device}", "dim"),
        )  # fmt: skip

    def _show_schedule(self, config: RunConfig) -> None:
        recipe = config.training
        steps_per_epoch = -(-_TRAIN_IMAGES // (recipe.batch_size * recipe.accumulation))
        steps = steps_per_epoch * recipe.epochs
        places = sorted({round(index * (steps - 1) / (_POINTS - 1)) for index in range(_POINTS)})
        points = tuple(
            ((step + 1) / steps_per_epoch, recipe.lr * lr_factor(recipe, step, steps_per_epoch)) for step in places
        )
        series = (Series(recipe.schedule.value, points, GREEN),)
        self.query_one("#lr-chart", Chart).show(ChartData(series, x_max=recipe.epochs, from_zero=True))


def _table(answer: Layers) -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_row(Text("layer", "dim"), Text("output", "dim"), Text("params", "dim"))
    table.add_row(Text("image"), "3×32×32", "")
    for layer in answer.layers:
        shape = "×".join(str(side) for side in layer.output_shape)
        table.add_row(Text(layer.name), shape, f"{layer.parameters:,}" if layer.parameters else "")
    table.add_row(Text("total", "bold"), "", Text(f"{answer.parameters:,}", "bold"))
    return table


def _megabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
