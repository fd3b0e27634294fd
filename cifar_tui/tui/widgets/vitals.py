"""Small rows of bars: how the run's rate, gradients and speed went, and what the machine does."""

from rich.text import Text
from textual import work
from textual.message import Message
from textual.widgets import Static

from cifar_tui.events import BatchProgress, EpochFinished
from cifar_tui.tui.meters import GPUReading, Meters, Reading
from cifar_tui.tui.symbols import sparkline, symbols

_SECONDS_BETWEEN_READINGS = 2.0
_WIDTH = 12


class Vitals(Static):
    """One line of the run, one of the machine; the machine's meters are read only while the line can be seen."""

    DEFAULT_CSS = """
    Vitals { height: 2; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    class Read(Message):
        """The thread has read the meters."""

        def __init__(self, reading: Reading) -> None:
            super().__init__()
            self.reading = reading

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._meters = Meters()
        self._run = Text()
        self._machine = Text()
        self.is_measuring = False
        """Whether a run trains, so that the meters tell something."""

    def on_mount(self) -> None:
        """Look at the meters now and then."""
        self.set_interval(_SECONDS_BETWEEN_READINGS, self._read_soon)

    def show(self, epochs: tuple[EpochFinished, ...], trace: tuple[BatchProgress, ...]) -> None:
        """Show the run's rows."""
        parts: list[EpochFinished | BatchProgress] = [*epochs, *trace]
        rows: list[tuple[str, list[float], str]] = [
            ("lr", [part.lr for part in parts], "{:.2g}"),
            ("grad norm", [part.grad_norm for part in parts if part.grad_norm is not None], "{:.3g}"),
            ("img/s", [part.images_per_second for part in parts], "{:,.0f}"),
        ]
        run = Text()
        for title, values, form in rows:
            if values:
                run.append(f"{title} ", style="dim").append(sparkline(values, _WIDTH), style="cyan")
                run.append(f" {form.format(values[-1])}   ")
        self._run = run
        self._draw()

    def _read_soon(self) -> None:
        if self.is_measuring and self.is_on_screen and self.screen.is_active:
            self._read()

    @work(thread=True, exclusive=True, group="meters")
    def _read(self) -> None:
        self.post_message(self.Read(self._meters.read()))

    def on_vitals_read(self, message: Read) -> None:
        """Show the machine's row."""
        message.stop()
        self._machine = _machine_text(message.reading)
        self._draw()

    def _draw(self) -> None:
        text = Text("\n").join([self._run, self._machine])
        if text != self.content:
            self.update(text)


def _machine_text(reading: Reading) -> Text:
    text = Text()
    for index, gpu in enumerate(reading.gpus):
        text.append_text(_gpu_text(index, gpu)).append("   ")
    text.append("cpu ", style="dim").append(_gauge(reading.processor), style="cyan")
    text.append(f" {reading.processor:.0%}   ")
    text.append("memory ", style="dim").append(_gauge(reading.memory_used / reading.memory_total), style="cyan")
    return text.append(f" {_gigabytes(reading.memory_used)}/{_gigabytes(reading.memory_total)} GB")


def _gpu_text(index: int, gpu: GPUReading) -> Text:
    text = Text.assemble((f"gpu {index} ", "dim"))
    if gpu.utilisation is not None:
        text.append(_gauge(gpu.utilisation), style="cyan").append(f" {gpu.utilisation:.0%} ")
    text.append(f"{_gigabytes(gpu.memory_used)}/{_gigabytes(gpu.memory_total)} GB")
    if gpu.temperature is not None:
        text.append(f" {gpu.temperature} °C")
    if gpu.power is not None:
        text.append(f" {gpu.power:.0f} W")
    return text


def _gauge(share: float, width: int = 8) -> str:
    bars = symbols().bars
    filled = round(min(max(share, 0.0), 1.0) * width)
    return bars[-1] * filled + bars[0] * (width - filled)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f}"
