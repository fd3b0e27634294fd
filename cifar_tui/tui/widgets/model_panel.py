"""What the model of the form looks like: its parameters, and the shape after each layer."""

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text
from textual import on, work
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from cifar_tui.config import ModelConfig
from cifar_tui.models.registry import MODELS

if TYPE_CHECKING:
    from cifar_tui.models.summary import ModelSummary


class ModelPanel(VerticalScroll, can_focus=False):
    """Follows the form; the summary is made in a thread, because the first one has to import torch."""

    DEFAULT_CSS = """
    ModelPanel { border: round $panel-lighten-2; padding: 0 1; scrollbar-size-vertical: 1; }
    ModelPanel Static { height: auto; }
    """

    class Counted(Message):
        """The parameters of the model are known."""

        def __init__(self, parameters: int) -> None:
            super().__init__()
            self.parameters = parameters

    class Summarised(Message):
        """The thread is done with a model."""

        def __init__(self, model: ModelConfig, outcome: "ModelSummary | str") -> None:
            super().__init__()
            self.model = model
            self.outcome = outcome
            """The summary, or why there is none."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(Static(id="model-text"), id=id)
        self._model: ModelConfig | None = None

    def show(self, model: ModelConfig) -> None:
        """Show `model`, unless it is shown already."""
        if model == self._model:
            return
        self._model = model
        spec = MODELS[model.name]
        self.border_title = spec.title
        self.query_one(Static).update(Text(f"{spec.summary}\n\ncounting parameters …", style="dim"))
        self._summarise(model)

    @work(thread=True, exclusive=True, group="summary")
    def _summarise(self, model: ModelConfig) -> None:
        from cifar_tui.models.summary import summarise

        try:
            outcome: ModelSummary | str = summarise(model)
        except Exception as error:  # any mistake of an architecture is a sentence, not the end of the app
            outcome = f"This model cannot be built: {error}"
        self.post_message(self.Summarised(model, outcome))

    @on(Summarised)
    def _show_summary(self, message: Summarised) -> None:
        message.stop()
        if message.model != self._model:
            return
        if isinstance(message.outcome, str):
            self.query_one(Static).update(Text(message.outcome, style="red"))
            return
        self.query_one(Static).update(_table(MODELS[message.model.name].summary, message.outcome))
        self.post_message(self.Counted(message.outcome.parameters))


def _table(sentence: str, summary: "ModelSummary") -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_row(Text("layer", "dim"), Text("output", "dim"), Text("params", "dim"))
    table.add_row(Text("image"), "3×32×32", "")
    for layer in summary.layers:
        shape = "×".join(str(side) for side in layer.output_shape)
        table.add_row(Text(layer.name), shape, f"{layer.parameters:,}" if layer.parameters else "")
    table.add_row(Text("total", "bold"), "", Text(f"{summary.parameters:,}", "bold"))
    whole = Table.grid(expand=True)
    whole.add_row(Text(sentence, style="italic"))
    whole.add_row("")
    whole.add_row(table)
    return whole
